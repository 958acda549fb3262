/* SPDX-License-Identifier: Apache-2.0
 *
 * Mails, by libcurl's SMTP and MIME. One connection is used for as many as it
 * lasts. Never by a proxy of HTTP.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/secret.h"
#include "base/time.h"
#include "forwarder/to.h"
#include "sync/step.h"

#define MOST	 20
#define TEXT_MAX (256u << 10)
#define REFUSED	 "the mail server refused it, %ld: %.300s"

struct to_mail {
	struct mst_to base;
	const struct mst_mail_conf *c;
	struct mst_secret *password;
	CURL *curl;
	struct curl_slist *to;
	char error[CURL_ERROR_SIZE];
};

static struct to_mail *of(struct mst_to *to)
{
	return mst_container_of(to, struct to_mail, base);
}

/* ---- open and close ------------------------------------------------------ */

static void close_mail(struct mst_to **to)
{
	struct to_mail *t = *to ? of(*to) : NULL;

	if (!t)
		return;
	curl_easy_cleanup(t->curl);
	curl_slist_free_all(t->to);
	mst_secret_free(&t->password);
	free(t);
	*to = NULL;
}

static void add_line(struct curl_slist **list, const char *line)
{
	struct curl_slist *l = curl_slist_append(*list, line);

	if (!l)
		mst_oom();
	*list = l;
}

/* What a server must offer before anything is said to it. */
static long tls_of(const struct mst_mail_conf *c)
{
	return c->tls == MST_MAIL_TLS_OPTIONAL || c->loopback ? CURLUSESSL_TRY
							      : CURLUSESSL_ALL;
}

static void login(struct to_mail *t, CURL *e)
{
	struct mst_slice s;
	char *copy;

	if (!t->password)
		return;
	s = mst_secret_get(t->password);
	copy = mst_strndup(s.p, s.n);
	curl_easy_setopt(e, CURLOPT_USERNAME, t->c->username);
	curl_easy_setopt(e, CURLOPT_PASSWORD, copy);
	mst_wipe(copy, s.n);
	free(copy);
}

static void set_up(struct to_mail *t, CURL *e)
{
	curl_easy_setopt(e, CURLOPT_URL, t->c->url);
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(e, CURLOPT_PROXY, "");
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->error);
	curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)t->c->timeout_ms);
	curl_easy_setopt(e, CURLOPT_USE_SSL, tls_of(t->c));
	curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (t->c->ca_file && *t->c->ca_file)
		curl_easy_setopt(e, CURLOPT_CAINFO, t->c->ca_file);
	login(t, e);
}

static int open_mail(const struct mst_to_env *env, struct mst_to **to_r,
		     struct mst_err *err)
{
	struct to_mail *t = mst_alloc(sizeof(*t));
	struct mst_to *to = &t->base;
	char address[300];
	int rc = 0;

	t->base = (struct mst_to){&mst_to_mail, *env};
	t->c = &env->action->u.mail;
	if (t->c->password && *t->c->password)
		rc = mst_secret_ref(t->c->password, &t->password, err);
	if (rc < 0) {
		(void)mst_err_prefix(err, "action %s: password",
				     env->action->name);
		close_mail(&to);
		return rc;
	}
	t->curl = curl_easy_init();
	if (!t->curl)
		mst_oom();
	set_up(t, t->curl);
	for (size_t i = 0; i < t->c->to.n; i++) {
		(void)snprintf(address, sizeof(address), "<%s>", t->c->to.v[i]);
		add_line(&t->to, address);
	}
	(void)snprintf(address, sizeof(address), "<%s>", t->c->from);
	curl_easy_setopt(t->curl, CURLOPT_MAIL_FROM, address);
	curl_easy_setopt(t->curl, CURLOPT_MAIL_RCPT, t->to);
	*to_r = to;
	return 0;
}

/* ---- sending ------------------------------------------------------------- */

/* Lines that begin with a blank belong to the one before. */
static struct curl_slist *headers_of(struct to_mail *t,
				     const struct mst_sending *s)
{
	struct mst_buf text = MST_BUF_INIT(TEXT_MAX);
	struct curl_slist *list = NULL;
	char *line, *end;

	mst_mail_headers(t->c, s->d->source, s->d->key, s->d->op, s->d->id,
			 s->alert, mst_now_us(), &text);
	for (line = text.p; line && *line; line = end) {
		end = strstr(line, "\r\n");
		while (end && end[2] == ' ')
			end = strstr(end + 2, "\r\n");
		if (!end)
			break;
		*end = 0;
		end += 2;
		add_line(&list, line);
	}
	mst_buf_fini(&text);
	return list;
}

static curl_mime *mime_of(struct to_mail *t, const struct mst_sending *s)
{
	struct mst_buf text = MST_BUF_INIT(TEXT_MAX);
	curl_mime *mime = curl_mime_init(t->curl);
	curl_mimepart *part = mime ? curl_mime_addpart(mime) : NULL;

	if (!part)
		mst_oom();
	mst_mail_text(t->c, s->d->op, s->alert, &text);
	if (curl_mime_data(part, text.p ? text.p : "", text.n) != CURLE_OK ||
	    curl_mime_type(part, "text/plain; charset=utf-8") != CURLE_OK ||
	    curl_mime_encoder(part, "quoted-printable") != CURLE_OK)
		mst_oom();
	mst_buf_fini(&text);
	return mime;
}

static enum mst_code code_of(CURLcode rc, long status)
{
	if (rc == CURLE_LOGIN_DENIED || rc == CURLE_PEER_FAILED_VERIFICATION ||
	    rc == CURLE_SSL_CACERT_BADFILE || rc == CURLE_USE_SSL_FAILED ||
	    status == 530 || status == 535)
		return MST_E_AUTH;
	return MST_E_TRANSIENT;
}

struct turn {
	struct to_mail *t;
	size_t went;
	bool held; /* some were refused for what may be everybody's reason */
	struct mst_err away;
};

static void judge(struct turn *u, struct mst_sending *s, CURLcode rc)
{
	struct to_mail *t = u->t;
	const char *said = *t->error ? t->error : curl_easy_strerror(rc);
	enum mst_code code;
	curl_off_t up = 0;
	long status = 0;

	if (rc == CURLE_OK) {
		u->went++;
		mst_to_done(s, NULL);
		return;
	}
	(void)curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(t->curl, CURLINFO_SIZE_UPLOAD_T, &up);
	code = code_of(rc, status);
	if (code != MST_E_AUTH && status >= 550 && status < 600) {
		/* Behind the text of the mail: it was this one. */
		if (up > 0) {
			mst_to_settle(s, MST_DELIVERED_ASIDE, REFUSED, status,
				      said);
			return;
		}
		(void)snprintf(s->why, sizeof(s->why), REFUSED, status, said);
		u->held = true;
		return;
	}
	(void)mst_err_set(&u->away, code, "action %s: %s: %s%s",
			  t->base.env.action->name, t->c->url, said,
			  code == MST_E_AUTH
			      ? ": check tls, ca_file, username and password "
				"of the action"
			      : "");
	mst_to_settle(s,
		      up > 0 && status < 400 ? MST_DELIVERED_UNCERTAIN
					     : MST_DELIVERED_LATER,
		      "%.470s", u->away.msg);
}

static void send_one(struct turn *u, struct mst_sending *s)
{
	struct to_mail *t = u->t;
	struct curl_slist *headers = headers_of(t, s);
	curl_mime *mime = mime_of(t, s);

	t->error[0] = 0;
	curl_easy_setopt(t->curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(t->curl, CURLOPT_MIMEPOST, mime);
	mst_step();
	judge(u, s, curl_easy_perform(t->curl));
	mst_step();
	curl_easy_setopt(t->curl, CURLOPT_MIMEPOST, NULL);
	curl_easy_setopt(t->curl, CURLOPT_HTTPHEADER, NULL);
	curl_mime_free(mime);
	curl_slist_free_all(headers);
}

/* Refused by its sender or receivers: that of one mail, where others went
 * through. */
static void judge_held(struct turn *u, struct mst_sending *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char why[480];

		if (s[i].settled || !*s[i].why)
			continue;
		(void)snprintf(why, sizeof(why), "%s", s[i].why);
		if (!u->went && !u->away.code)
			(void)mst_err_set(&u->away, MST_E_FORBIDDEN,
					  "action %s: %s: %s: check from and "
					  "to of the action",
					  u->t->base.env.action->name,
					  u->t->c->url, why);
		mst_to_settle(
		    &s[i], u->went ? MST_DELIVERED_ASIDE : MST_DELIVERED_LATER,
		    "%s", why);
	}
}

static int send_mail(struct mst_to *to, struct mst_sending *s, size_t n,
		     struct mst_err *err)
{
	struct turn u = {.t = of(to), .away = MST_ERR_INIT};

	for (size_t i = 0; i < n && !u.away.code; i++) {
		if (atomic_load(to->env.stop))
			break;
		send_one(&u, &s[i]);
	}
	if (u.held)
		judge_held(&u, s, n);
	return mst_to_end(s, n, &u.away, err);
}

/* ---- set-up checks ------------------------------------------------------- */

static int check_mail(struct mst_to *to,
		      void (*report)(void *ctx, const struct mst_check *c),
		      void *ctx, struct mst_err *err)
{
	struct mst_check c = {.name = "mail", .title = "mail server"};
	struct to_mail *t = of(to);
	CURL *e = curl_easy_init();
	CURLcode rc;
	long status = 0;

	if (!e)
		mst_oom();
	t->error[0] = 0;
	set_up(t, e);
	/* Greeting, TLS and log-in, but no mail. */
	curl_easy_setopt(e, CURLOPT_CONNECT_ONLY, 1L);
	rc = curl_easy_perform(e);
	(void)curl_easy_getinfo(e, CURLINFO_RESPONSE_CODE, &status);
	if (rc == CURLE_OK) {
		mst_check_say(&c, MST_CHECK_OK, "%s answers%s", t->c->url,
			      t->password ? " and takes the log-in" : "");
	} else {
		c.code = code_of(rc, status);
		mst_check_say(&c, MST_CHECK_FAILED, "%s: %.600s", t->c->url,
			      *t->error ? t->error : curl_easy_strerror(rc));
		mst_check_remedy(&c, "%s",
				 c.code == MST_E_AUTH
				     ? "check tls, ca_file, username and "
				       "password of the action"
				     : "check url of the action, and the "
				       "firewall in between");
	}
	curl_easy_cleanup(e);
	report(ctx, &c);
	return 0;
}

const struct mst_to_ops mst_to_mail = {
    .most = MOST,
    .open = open_mail,
    .close = close_mail,
    .send = send_mail,
    .check = check_mail,
};
