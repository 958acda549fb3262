/* SPDX-License-Identifier: Apache-2.0
 *
 * The options of a proxy: what may be written, and what the list of hosts
 * without it says. Pure.
 */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/limits.h"
#include "base/num.h"
#include "net/proxy.h"

#define AT(member) offsetof(struct mst_proxy, member)

const struct mst_opt mst_proxy_opts[] = {
    {"url", MST_OPT_TEXT, AT(url), .flags = MST_OPT_REQUIRED,
     .help = "The proxy of all connections without one of their own: "
	     "\"http://host:port\" or \"https://host:port\"; \"direct\" for "
	     "none, whatever the environment names."},
    {"user", MST_OPT_TEXT, AT(user),
     .help = "Who logs in to the proxy, by Basic."},
    {"password", MST_OPT_SECRET, AT(password),
     .help = "Password of user, as a reference."},
    {"ca_file", MST_OPT_TEXT, AT(ca_file),
     .help = "PEM file of certificates to trust for TLS to the proxy, "
	     "besides the system's."},
    {"no_proxy", MST_OPT_LIST, AT(bypass),
     .help = "Hosts that are gone to without the proxy: names, .domains, "
	     "addresses, subnets."},
    {NULL}};

/* ---- hosts without it ---------------------------------------------------- */

struct net {
	bool v6;
	unsigned char bytes[16];
	unsigned bits;
};

/* "10.1.2.3", "fd00::1", "[fd00::1]" */
static bool read_address(struct mst_slice s, struct net *n_r)
{
	char text[INET6_ADDRSTRLEN + 2];
	struct net n = {0};

	if (s.n > 2 && s.p[0] == '[' && s.p[s.n - 1] == ']')
		s = mst_slice(s.p + 1, s.n - 2);
	if (s.n == 0 || s.n >= sizeof(text))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = 0;
	n.v6 = strchr(text, ':') != NULL;
	n.bits = n.v6 ? 128 : 32;
	if (inet_pton(n.v6 ? AF_INET6 : AF_INET, text, n.bytes) != 1)
		return false;
	*n_r = n;
	return true;
}

/* The same with "/bits" behind it. */
static bool read_net(struct mst_slice s, struct net *n_r)
{
	const char *slash = memchr(s.p, '/', s.n);
	uint64_t bits;

	if (!slash)
		return read_address(s, n_r);
	if (!read_address(mst_slice(s.p, (size_t)(slash - s.p)), n_r) ||
	    !mst_num_u64(mst_slice(slash + 1, s.n - (size_t)(slash + 1 - s.p)),
			 &bits) ||
	    bits > n_r->bits)
		return false;
	n_r->bits = (unsigned)bits;
	return true;
}

static bool holds(const struct net *n, const struct net *address)
{
	unsigned whole = n->bits / 8, rest = n->bits % 8;

	if (n->v6 != address->v6 ||
	    memcmp(n->bytes, address->bytes, whole) != 0)
		return false;
	return !rest ||
	       ((n->bytes[whole] ^ address->bytes[whole]) >> (8 - rest)) == 0;
}

static bool is_name(struct mst_slice s)
{
	bool letter = false;

	if (s.n > 1 && s.p[0] == '.')
		s = mst_slice(s.p + 1, s.n - 1);
	if (s.n == 0 || s.n > 253)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool alpha = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		letter = letter || alpha;
		if (!alpha && !(c >= '0' && c <= '9') && !strchr("-_.", c))
			return false;
		if (c == '.' && (i == 0 || i + 1 == s.n || s.p[i - 1] == '.'))
			return false;
	}
	/* "10.1" is a slip, not a name. */
	return letter;
}

static bool fits(struct mst_slice entry, struct mst_slice host)
{
	struct net n, address;

	if (read_net(entry, &n))
		return read_address(host, &address) && holds(&n, &address);
	if (entry.p[0] != '.')
		return mst_slice_ieq(entry, host);
	return mst_slice_ieq(mst_slice(entry.p + 1, entry.n - 1), host) ||
	       (host.n > entry.n &&
		mst_slice_ieq(mst_slice(host.p + host.n - entry.n, entry.n),
			      entry));
}

bool mst_proxy_passes_by(const struct mst_opt_list *bypass, const char *host)
{
	for (size_t i = 0; i < bypass->n; i++) {
		if (*bypass->v[i] &&
		    fits(mst_slice_str(bypass->v[i]), mst_slice_str(host)))
			return true;
	}
	return false;
}

/* ---- what may be written ------------------------------------------------- */

static bool is_section(const struct mst_conf_item *item)
{
	return strcmp(item->kind, "connection") != 0;
}

/* The key of an option, in a connection or in the section. */
static const char *key(const struct mst_conf_item *item, const char *name)
{
	static const char *const own[][2] = {{"url", "proxy"},
					     {"user", "proxy_user"},
					     {"password", "proxy_password"},
					     {"ca_file", "proxy_ca_file"}};

	for (size_t i = 0; i < MST_LEN(own) && !is_section(item); i++) {
		if (strcmp(own[i][0], name) == 0)
			return own[i][1];
	}
	return name;
}

static int wrong(const struct mst_conf_item *item, const char *name,
		 struct mst_err *err, const char *fmt, ...) MST_PRINTF(4, 5);
static int wrong(const struct mst_conf_item *item, const char *name,
		 struct mst_err *err, const char *fmt, ...)
{
	const struct mst_conf_value *v = NULL;
	char why[400];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	(void)mst_err_set(err, MST_E_INVALID, "\"%s\" %s", key(item, name),
			  why);
	for (size_t i = 0; i < item->values_n && !v; i++) {
		if (strcmp(item->values[i].key, key(item, name)) == 0)
			v = &item->values[i];
	}
	if (is_section(item))
		(void)mst_err_prefix(err, "section proxy");
	else
		(void)mst_err_prefix(err, "connection '%s'", item->name);
	return v && v->line && item->file
		   ? mst_err_prefix(err, "%s:%d:%d", item->file, v->line,
				    v->column)
		   : -MST_E_INVALID;
}

static bool has_part(CURLU *h, CURLUPart what)
{
	char *text = NULL;
	bool has = curl_url_get(h, what, &text, 0) == CURLUE_OK;

	curl_free(text);
	return has;
}

/* What is wrong with it, to follow the option's name; NULL: nothing. */
static const char *check_parts(CURLU *h, const char *url)
{
	char *path = NULL;
	bool plain;

	if (curl_url_set(h, CURLUPART_URL, url, 0) != CURLUE_OK)
		return "has no valid host or port";
	if (has_part(h, CURLUPART_USER) || has_part(h, CURLUPART_PASSWORD))
		return "must not hold a user or password; there are options "
		       "for them";
	if (!has_part(h, CURLUPART_PORT))
		return "must end with the port of the proxy: "
		       "http://proxy.example:3128";
	plain = curl_url_get(h, CURLUPART_PATH, &path, 0) == CURLUE_OK &&
		strcmp(path, "/") == 0;
	curl_free(path);
	if (!plain || has_part(h, CURLUPART_QUERY) ||
	    has_part(h, CURLUPART_FRAGMENT))
		return "must end with the port, without a path";
	return NULL;
}

static const char *check_url(const char *url)
{
	struct mst_slice s = mst_slice_str(url);
	const char *why;
	CURLU *h;

	if (strcmp(url, MST_PROXY_DIRECT) == 0)
		return NULL;
	if (s.n > MST_MAX_URL)
		return "is too long";
	if (!mst_slice_istarts(s, "http://") &&
	    !mst_slice_istarts(s, "https://"))
		return "must be http://HOST:PORT, https://HOST:PORT or direct";
	h = curl_url();
	if (!h)
		mst_oom();
	why = check_parts(h, url);
	curl_url_cleanup(h);
	return why;
}

/* Options of a proxy that is not named here. */
static int check_alone(const struct mst_conf_item *item,
		       const struct mst_proxy *p, struct mst_err *err)
{
	const char *name = p->user	 ? "user"
			   : p->password ? "password"
			   : p->ca_file	 ? "ca_file"
					 : NULL;

	if (name)
		return wrong(item, name, err,
			     "needs a proxy to be used for: set \"%s\" too, "
			     "or take it out",
			     key(item, "url"));
	if (p->url && p->bypass.n)
		return wrong(item, "no_proxy", err,
			     "means nothing without a proxy: take it out, or "
			     "name a proxy in the place of direct");
	return 0;
}

static int check_login(const struct mst_conf_item *item,
		       const struct mst_proxy *p, struct mst_err *err)
{
	if (p->user && !p->password)
		return wrong(item, "user", err, "needs \"%s\"",
			     key(item, "password"));
	if (p->password && !p->user)
		return wrong(item, "password", err, "needs \"%s\"",
			     key(item, "user"));
	if (p->user && strchr(p->user, ':'))
		return wrong(item, "user", err,
			     "must not hold a colon: a log-in by Basic ends "
			     "the name there");
	if (p->ca_file && !mst_slice_istarts(mst_slice_str(p->url), "https:"))
		return wrong(item, "ca_file", err,
			     "is for TLS to the proxy, whose \"%s\" begins "
			     "with https:// then",
			     key(item, "url"));
	return 0;
}

int mst_proxy_check(const struct mst_conf_item *item, const struct mst_proxy *p,
		    struct mst_err *err)
{
	const char *why = p->url ? check_url(p->url) : NULL;
	struct net n;

	if (why)
		return wrong(item, "url", err, "%s", why);
	for (size_t i = 0; i < p->bypass.n; i++) {
		struct mst_slice s = mst_slice_str(p->bypass.v[i]);

		if (!read_net(s, &n) && !is_name(s))
			return wrong(item, "no_proxy", err,
				     "takes names, .domains, addresses and "
				     "subnets like 10.0.0.0/8, not \"%.60s\"",
				     p->bypass.v[i]);
	}
	if (!p->url || strcmp(p->url, MST_PROXY_DIRECT) == 0)
		return check_alone(item, p, err);
	return check_login(item, p, err);
}

void mst_proxy_inherit(struct mst_proxy *p, const struct mst_proxy *section,
		       struct mst_arena *arena)
{
	const struct mst_opt_list *own = &p->bypass, *more = &section->bypass;
	struct mst_opt_list both;

	if (p->url || !section->url)
		return;
	both.n = own->n + more->n;
	both.v = mst_arena_alloc(arena, (both.n + 1) * sizeof(*both.v));
	for (size_t i = 0; i < both.n; i++)
		both.v[i] = i < own->n ? own->v[i] : more->v[i - own->n];
	*p = *section;
	p->bypass = both;
	p->global = true;
}
