/* SPDX-License-Identifier: Apache-2.0
 *
 * A client's proxy. Everything but loopback is https, so every request through
 * a proxy begins with CONNECT: what fails before that was answered with 2xx is
 * the proxy's.
 */
#include "net/proxy_way.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "net/anchors.h"

/* ---- life ---------------------------------------------------------------- */

static const char *keep(struct mst_proxy_way *w, const char *s)
{
	return s && *s ? mst_arena_strdup(&w->arena, s) : NULL;
}

static void keep_conf(struct mst_proxy_way *w, const struct mst_proxy *conf)
{
	struct mst_opt_list *list = &w->conf.bypass;

	w->conf = (struct mst_proxy){
	    .url = keep(w, conf->url),
	    .user = keep(w, conf->user),
	    .bypass.n = conf->bypass.n,
	    .global = conf->global,
	};
	list->v = mst_arena_alloc(&w->arena, (list->n + 1) * sizeof(*list->v));
	for (size_t i = 0; i < list->n; i++)
		list->v[i] = mst_arena_strdup(&w->arena, conf->bypass.v[i]);
}

int mst_proxy_way_init(struct mst_proxy_way *w, const struct mst_proxy *conf,
		       struct mst_err *err)
{
	bool global = conf->global;

	*w = (struct mst_proxy_way){.password = NULL};
	mst_arena_init(&w->arena, MST_MAX_ARENA);
	keep_conf(w, conf);
	if (w->conf.user && conf->password &&
	    mst_secret_ref(conf->password, &w->password, err) < 0)
		return mst_err_prefix(err, global ? "section proxy: password"
						  : "proxy_password");
	if (conf->ca_file && *conf->ca_file &&
	    mst_anchors_read(conf->ca_file, &w->ca, err) < 0)
		return mst_err_prefix(err, global ? "section proxy: ca_file"
						  : "proxy_ca_file");
	return 0;
}

void mst_proxy_way_fini(struct mst_proxy_way *w)
{
	mst_secret_free(&w->password);
	free((void *)(uintptr_t)w->ca.p);
	mst_arena_fini(&w->arena);
	*w = (struct mst_proxy_way){.password = NULL};
}

/* ---- going ----------------------------------------------------------------
 */

enum mst_proxy_by mst_proxy_way_of(const struct mst_proxy_way *w,
				   const struct mst_url *u)
{
	const struct mst_proxy *p = &w->conf;

	if (mst_url_is_loopback(u))
		return MST_PROXY_LOOPBACK;
	if (p->url && strcmp(p->url, MST_PROXY_DIRECT) == 0)
		return MST_PROXY_NONE;
	if (mst_proxy_passes_by(&p->bypass, u->host))
		return MST_PROXY_PASSED_BY;
	if (!p->url)
		return MST_PROXY_ENVIRONMENT;
	return p->global ? MST_PROXY_SECTION : MST_PROXY_OPTION;
}

static void set_login(const struct mst_proxy_way *w, CURL *e)
{
	if (!w->password)
		return;
	curl_easy_setopt(e, CURLOPT_PROXYAUTH, (long)CURLAUTH_BASIC);
	curl_easy_setopt(e, CURLOPT_PROXYUSERNAME, w->conf.user);
	/* Secrets end with a NUL. */
	curl_easy_setopt(e, CURLOPT_PROXYPASSWORD,
			 mst_secret_get(w->password).p);
}

void mst_proxy_way_set(const struct mst_proxy_way *w, const struct mst_url *u,
		       CURL *e)
{
	struct curl_blob ca = {(void *)(uintptr_t)w->ca.p, w->ca.n,
			       CURL_BLOB_NOCOPY};
	enum mst_proxy_by by = mst_proxy_way_of(w, u);

	curl_easy_setopt(e, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(e, CURLOPT_PROXY_SSLVERSION,
			 (long)CURL_SSLVERSION_TLSv1_2);
	if (by == MST_PROXY_ENVIRONMENT)
		return;
	if (by < MST_PROXY_ENVIRONMENT) {
		curl_easy_setopt(e, CURLOPT_PROXY, "");
		return;
	}
	curl_easy_setopt(e, CURLOPT_PROXY, w->conf.url);
	/* Ours says which hosts go without it, not the environment's. */
	curl_easy_setopt(e, CURLOPT_NOPROXY, "");
	if (w->ca.n)
		curl_easy_setopt(e, CURLOPT_PROXY_CAINFO_BLOB, &ca);
	set_login(w, e);
}

/* ---- looking back -------------------------------------------------------- */

/* Bytes of a far end may be in what libcurl says. */
static void clean(char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || (unsigned char)*s == 0x7f)
			*s = '?';
}

/* "http://user:secret@host:port/" → "host:port" */
static void name_of(const char *proxy, char *out, size_t n)
{
	char *host = NULL, *port = NULL;
	CURLU *h = curl_url();

	if (!h)
		mst_oom();
	if (curl_url_set(h, CURLUPART_URL, proxy,
			 CURLU_GUESS_SCHEME | CURLU_NON_SUPPORT_SCHEME) ==
	    CURLUE_OK) {
		(void)curl_url_get(h, CURLUPART_HOST, &host, 0);
		(void)curl_url_get(h, CURLUPART_PORT, &port, 0);
	}
	/* 1080 is libcurl's own default for proxies. */
	(void)snprintf(out, n, "%s:%s", host ? host : "?",
		       port ? port : "1080");
	clean(out);
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(h);
}

/* As libcurl looks for it. */
static const char *of_environment(bool https)
{
	static const char *const names[] = {"https_proxy", "HTTPS_PROXY",
					    "all_proxy", "ALL_PROXY"};

	for (size_t i = https ? 0 : 2; i < MST_LEN(names); i++) {
		const char *v = getenv(names[i]);

		if (v && *v)
			return v;
	}
	return NULL;
}

static void find_name(const struct mst_proxy_way *w, const struct mst_url *u,
		      CURLcode code, const char *words,
		      struct mst_proxy_look *l)
{
	const char *env = of_environment(u->https);
	char host[sizeof(l->name)];

	if (l->by > MST_PROXY_ENVIRONMENT) {
		name_of(w->conf.url, l->name, sizeof(l->name));
		return;
	}
	if (l->by < MST_PROXY_ENVIRONMENT || !env)
		return;
	name_of(env, l->name, sizeof(l->name));
	(void)snprintf(host, sizeof(host), "%.*s", (int)strcspn(l->name, ":"),
		       l->name);
	if (!l->status && code != CURLE_COULDNT_RESOLVE_PROXY &&
	    code != CURLE_PROXY &&
	    !(code == CURLE_COULDNT_CONNECT && strstr(words, host)))
		l->name[0] = 0;
}

/* Where its name, and who logs in to it, is written. */
static const char *where(const struct mst_proxy_look *l)
{
	return l->by == MST_PROXY_OPTION    ? "the option proxy"
	       : l->by == MST_PROXY_SECTION ? "url in the section proxy"
					    : "https_proxy and no_proxy in the "
					      "environment";
}

static const char *login_where(const struct mst_proxy_look *l)
{
	return l->by == MST_PROXY_OPTION ? "proxy_user and proxy_password"
	       : l->by == MST_PROXY_SECTION
		   ? "user and password in the section proxy"
		   : "the user and password of https_proxy in the environment";
}

static void methods(long bits, char *out, size_t n)
{
	static const struct {
		unsigned long bit;
		const char *name;
	} all[] = {{CURLAUTH_NEGOTIATE, "Negotiate"},
		   {CURLAUTH_NTLM, "NTLM"},
		   {CURLAUTH_DIGEST, "Digest"},
		   {CURLAUTH_BEARER, "Bearer"}};

	out[0] = 0;
	for (size_t i = 0; i < MST_LEN(all); i++) {
		size_t at = strlen(out);

		if ((unsigned long)bits & all[i].bit)
			(void)snprintf(out + at, n - at, "%s%s", at ? ", " : "",
				       all[i].name);
	}
}

static void say(struct mst_proxy_look *l, enum mst_code code, bool hopeless,
		const char *why, const char *remedy)
{
	l->code = code;
	l->hopeless = hopeless;
	(void)snprintf(l->why, sizeof(l->why), "%.319s", why);
	(void)snprintf(l->remedy, sizeof(l->remedy), "%.319s", remedy);
	clean(l->why);
}

static void blame_login(const struct mst_proxy_way *w, CURL *e,
			struct mst_proxy_look *l)
{
	char text[160], names[64];
	long offered = 0;

	(void)curl_easy_getinfo(e, CURLINFO_PROXYAUTH_AVAIL, &offered);
	methods(offered, names, sizeof(names));
	if (*names && !((unsigned long)offered & CURLAUTH_BASIC)) {
		(void)snprintf(text, sizeof(text),
			       "wants a log-in by %s; muster's is Basic",
			       names);
		say(l, MST_E_AUTH, true, text,
		    "let the proxy take Basic, or this machine without a "
		    "log-in");
		return;
	}
	(void)snprintf(text, sizeof(text), "%s %s",
		       w->password ? "check" : "set", login_where(l));
	say(l, MST_E_AUTH, true,
	    w->password ? "refuses the log-in" : "wants a log-in", text);
}

static void blame_answer(const struct mst_url *u, struct mst_proxy_look *l)
{
	bool policy = l->status >= 400 && l->status <= 499 &&
		      l->status != 408 && l->status != 429;
	char why[400], todo[400];

	(void)snprintf(why, sizeof(why), "%s %.200s port %d: it answered %d",
		       policy ? "refuses the way to" : "finds no way to",
		       u->host, u->port, l->status);
	(void)snprintf(
	    todo, sizeof(todo), "let the proxy through to %.200s port %d%s",
	    u->host, u->port,
	    l->by == MST_PROXY_ENVIRONMENT ? ""
					   : ", or name the host in no_proxy");
	say(l, policy ? MST_E_FORBIDDEN : MST_E_TRANSIENT, policy, why, todo);
}

static void blame_tls(CURLcode code, const char *words,
		      struct mst_proxy_look *l)
{
	bool cert = code != CURLE_SSL_CONNECT_ERROR;
	char why[400];

	(void)snprintf(why, sizeof(why), "%s: %.280s",
		       cert ? "its certificate is not accepted"
			    : "TLS to it fails",
		       words);
	say(l, cert ? MST_E_INVALID : MST_E_TRANSIENT, cert, why,
	    !cert ? "does it speak TLS at this port? if not, begin its address "
		    "with http://"
	    : l->by == MST_PROXY_SECTION
		? "name the certificate of its authority in ca_file of the "
		  "section proxy, and call the proxy by the certificate's name"
		: "name the certificate of its authority in proxy_ca_file, and "
		  "call the proxy by the certificate's name");
}

static void blame(const struct mst_proxy_way *w, const struct mst_url *u,
		  CURL *e, CURLcode code, const char *words,
		  struct mst_proxy_look *l)
{
	char why[400], todo[160];

	(void)snprintf(todo, sizeof(todo), "check %s", where(l));
	(void)snprintf(why, sizeof(why), "cannot be reached: %.280s", words);
	if (l->status == 407) {
		blame_login(w, e, l);
	} else if (l->status) {
		blame_answer(u, l);
	} else if (code == CURLE_COULDNT_RESOLVE_PROXY) {
		say(l, MST_E_TRANSIENT, false,
		    "no address is known for its name", todo);
	} else if (code == CURLE_PEER_FAILED_VERIFICATION ||
		   code == CURLE_SSL_ISSUER_ERROR ||
		   code == CURLE_SSL_CACERT_BADFILE ||
		   code == CURLE_SSL_CONNECT_ERROR) {
		blame_tls(code, words, l);
	} else if (code == CURLE_COULDNT_CONNECT) {
		say(l, MST_E_TRANSIENT, false, why, todo);
	} else {
		(void)snprintf(why, sizeof(why), "leads no further: %.280s",
			       words);
		say(l, MST_E_TRANSIENT, false, why, todo);
	}
}

void mst_proxy_way_look(const struct mst_proxy_way *w, const struct mst_url *u,
			CURL *e, CURLcode code, const char *words,
			struct mst_proxy_look *look_r)
{
	struct mst_proxy_look l = {.by = mst_proxy_way_of(w, u)};
	long status = 0;

	if (!*words)
		words = curl_easy_strerror(code);
	(void)curl_easy_getinfo(e, CURLINFO_HTTP_CONNECTCODE, &status);
	l.status = l.by < MST_PROXY_ENVIRONMENT ? 0 : (int)status;
	find_name(w, u, code, words, &l);
	l.blame = l.name[0] && code != CURLE_OK && l.status / 100 != 2;
	if (l.blame)
		blame(w, u, e, code, words, &l);
	*look_r = l;
}
