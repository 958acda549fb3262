/* SPDX-License-Identifier: Apache-2.0
 *
 * The section `service`: its options, and whether they fit each other. Pure.
 */
#include "conf/service.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"

#define AT(member) offsetof(struct mst_service_conf, member)
#define MINUTE	   60e3
#define HOUR	   3600e3
#define DAY	   86400e3

const struct mst_opt mst_service_opts[] = {
    {"listen", MST_OPT_TEXT, AT(listen), .def = "127.0.0.1:8480",
     .help = "Address and port that the service listens on; without TLS only "
	     "addresses of this machine, unless a trusted proxy stands in "
	     "front."},
    {"public_url", MST_OPT_URL, AT(public_url),
     .help = "How browsers reach the service, when that is not the address it "
	     "listens on; where OpenID Connect comes back to."},
    {"proxies", MST_OPT_LIST, AT(proxies),
     .help = "Addresses and subnets of proxies in front, whose "
	     "X-Forwarded-For and X-Forwarded-Proto count."},
    {"tls.certificate", MST_OPT_TEXT, AT(tls.certificate),
     .help = "PEM file of the service's certificate with its chain."},
    {"tls.key", MST_OPT_TEXT, AT(tls.key),
     .help = "PEM file of the certificate's private key."},
    {"session.idle", MST_OPT_DURATION, AT(session.idle), .def = "1h",
     .min = 5 * MINUTE, .max = DAY,
     .help = "A session that asks for nothing so long ends."},
    {"session.absolute", MST_OPT_DURATION, AT(session.absolute), .def = "12h",
     .min = 5 * MINUTE, .max = 30 * DAY,
     .help = "A session ends so long after its sign-in, whatever it asks."},
    {"password.min_length", MST_OPT_INT, AT(password.min_length), .def = "12",
     .min = 12, .max = 128, .help = "Characters that a password has at least."},
    {"password.tries", MST_OPT_INT, AT(password.tries), .def = "5", .min = 3,
     .max = 100,
     .help = "Wrong passwords in a row before a user is locked for a while."},
    {"password.lock", MST_OPT_DURATION, AT(password.lock), .def = "1m",
     .min = 1e3, .max = HOUR,
     .help = "How long the first lock lasts; each further wrong password "
	     "doubles it, up to an hour."},
    {"oidc.issuer", MST_OPT_URL, AT(oidc.issuer),
     .help = "Issuer of OpenID Connect: of Entra ID "
	     "\"https://login.microsoftonline.com/TENANT-ID/v2.0\"."},
    {"oidc.client_id", MST_OPT_TEXT, AT(oidc.client_id),
     .help = "Application (client) id of the app registration for sign-in."},
    {"oidc.client_secret", MST_OPT_SECRET, AT(oidc.client_secret),
     .help = "Its client secret, as a reference; or oidc.certificate."},
    {"oidc.certificate", MST_OPT_TEXT, AT(oidc.certificate),
     .help = "PEM or PKCS#12 file with the certificate of the app "
	     "registration, instead of a secret."},
    {"oidc.certificate_key", MST_OPT_TEXT, AT(oidc.certificate_key),
     .help = "PEM file of its private key, when that is a file of its own."},
    {"oidc.certificate_password", MST_OPT_SECRET, AT(oidc.certificate_password),
     .help = "Password of the certificate's file or key, as a reference."},
    {"oidc.ca_file", MST_OPT_TEXT, AT(oidc.ca_file),
     .help = "PEM file of certificates to trust for TLS to the issuer, "
	     "besides the system's."},
    {"oidc.claim", MST_OPT_TEXT, AT(oidc.claim), .def = "roles",
     .help = "Claim of the id token that says which role somebody has: "
	     "roles, groups."},
    {"oidc.name_claim", MST_OPT_TEXT, AT(oidc.name_claim),
     .def = "preferred_username",
     .help = "Claim that names a user that is made at the first sign-in."},
    {"oidc.viewer", MST_OPT_LIST, AT(oidc.viewer), .def = "muster.viewer",
     .help = "Values of the claim that make a viewer."},
    {"oidc.operator", MST_OPT_LIST, AT(oidc.operator_),
     .def = "muster.operator",
     .help = "Values of the claim that make an operator."},
    {"oidc.administrator", MST_OPT_LIST, AT(oidc.administrator),
     .def = "muster.administrator",
     .help = "Values of the claim that make an administrator."},
    {"oidc.auditor", MST_OPT_LIST, AT(oidc.auditor), .def = "muster.auditor",
     .help = "Values of the claim that make an auditor."},
    {"rate_limit", MST_OPT_INT, AT(rate_limit), .def = "12000", .max = 10e6,
     .help = "Requests a minute that one caller of the API may make; 0: as "
	     "many as it likes."},
    {"approval", MST_OPT_CHOICE, AT(approval), .def = "none",
     .choices = "none|prod_changes|prod_runs|prod",
     .help = "What touches PROD waits for a second person: changes of the "
	     "configuration, runs, or both."},
    {"notify", MST_OPT_LIST, AT(notify),
     .help = "Forwarding actions of type mail or webhook that tell what needs "
	     "a person."},
    {"retention.runs_days", MST_OPT_INT, AT(retention.runs_days), .def = "730",
     .min = 1, .max = 36500,
     .help = "Days that runs with their counts are kept."},
    {"retention.tasks_days", MST_OPT_INT, AT(retention.tasks_days), .def = "90",
     .min = 1, .max = 3650,
     .help = "Days that tasks are kept; what they printed is kept for 7."},
    {"log", MST_OPT_CHOICE, AT(log), .def = "auto", .choices = "auto|text|json",
     .help = "Form of the service's log; auto is text on a terminal and json "
	     "elsewhere."},
    {NULL}};

/* ---- addresses ----------------------------------------------------------- */

bool mst_service_address(const char *listen, struct mst_arena *arena,
			 const char **host_r, int *port_r)
{
	const char *colon = strrchr(listen, ':');
	struct mst_slice host;
	unsigned char bytes[16];
	uint64_t port;
	const char *text;
	bool v6;

	if (!colon || !mst_num_u64(mst_slice_str(colon + 1), &port) ||
	    port > 65535)
		return false;
	host = mst_slice(listen, (size_t)(colon - listen));
	v6 = host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']';
	if (v6)
		host = mst_slice(host.p + 1, host.n - 2);
	text = mst_arena_dup(arena, host).p;
	if (inet_pton(v6 ? AF_INET6 : AF_INET, text, bytes) != 1)
		return false;
	*host_r = text;
	*port_r = (int)port;
	return true;
}

bool mst_service_is_loopback(const char *host)
{
	return strncmp(host, "127.", 4) == 0 || strcmp(host, "::1") == 0;
}

static bool is_subnet(const char *text)
{
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : strlen(text);
	char host[INET6_ADDRSTRLEN];
	unsigned char bytes[16];
	bool v6 = strchr(text, ':') != NULL;
	uint64_t bits = 0;

	if (n == 0 || n >= sizeof(host))
		return false;
	memcpy(host, text, n);
	host[n] = 0;
	if (slash && (!mst_num_u64(mst_slice_str(slash + 1), &bits) ||
		      bits > (v6 ? 128 : 32)))
		return false;
	return inet_pton(v6 ? AF_INET6 : AF_INET, host, bytes) == 1;
}

const char *mst_service_url(const struct mst_service_conf *s,
			    struct mst_arena *arena)
{
	struct mst_slice url = mst_slice_str(s->public_url);

	if (url.n)
		return mst_arena_dup(arena, url).p;
	return mst_arena_printf(
	    arena, "%s://%s", s->tls.certificate ? "https" : "http", s->listen);
}

const char *mst_service_callback(const struct mst_service_conf *s,
				 struct mst_arena *arena)
{
	return mst_arena_printf(arena, "%s/api/v1/oidc/callback",
				mst_service_url(s, arena));
}

/* ---- what fits ----------------------------------------------------------- */

static int wrong(const struct mst_conf_item *item, const char *key,
		 struct mst_err *err, const char *fmt, ...) MST_PRINTF(4, 5);
static int wrong(const struct mst_conf_item *item, const char *key,
		 struct mst_err *err, const char *fmt, ...)
{
	char why[400];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	(void)mst_err_set(err, MST_E_INVALID, "section service: \"%s\" %s", key,
			  why);
	for (size_t i = 0; i < item->values_n; i++) {
		const struct mst_conf_value *v = &item->values[i];

		if (strcmp(v->key, key) == 0 && v->line && item->file)
			return mst_err_prefix(err, "%s:%d:%d", item->file,
					      v->line, v->column);
	}
	return -MST_E_INVALID;
}

bool mst_service_has_oidc(const struct mst_service_conf *s)
{
	return s->oidc.issuer != NULL;
}

/* is_here: it listens for this machine alone. */
static int check_oidc(const struct mst_conf_item *item,
		      const struct mst_service_conf *s, bool is_here,
		      struct mst_err *err)
{
	static const char *const keys[] = {
	    "oidc.client_id", "oidc.client_secret", "oidc.certificate"};
	const char *const values[] = {s->oidc.client_id, s->oidc.client_secret,
				      s->oidc.certificate};

	for (size_t i = 0; i < MST_LEN(keys) && !s->oidc.issuer; i++) {
		if (values[i])
			return wrong(item, keys[i], err,
				     "means nothing without \"oidc.issuer\"");
	}
	if (!s->oidc.issuer)
		return 0;
	if (!s->oidc.client_id)
		return wrong(item, "oidc.issuer", err,
			     "needs \"oidc.client_id\", the app registration "
			     "for sign-in");
	if (!s->oidc.client_secret == !s->oidc.certificate)
		return wrong(item, "oidc.issuer", err,
			     "needs one of \"oidc.client_secret\" and "
			     "\"oidc.certificate\"");
	if (!s->public_url && !is_here)
		return wrong(item, "oidc.issuer", err,
			     "needs \"public_url\": where the browser comes "
			     "back to");
	if ((s->oidc.certificate_key || s->oidc.certificate_password) &&
	    !s->oidc.certificate)
		return wrong(item,
			     s->oidc.certificate_key
				 ? "oidc.certificate_key"
				 : "oidc.certificate_password",
			     err, "means nothing without \"oidc.certificate\"");
	return 0;
}

static int check_listen(const struct mst_conf_item *item,
			const struct mst_service_conf *s,
			struct mst_arena *arena, bool *is_here_r,
			struct mst_err *err)
{
	const char *host;
	int port;

	if (!mst_service_address(s->listen, arena, &host, &port))
		return wrong(item, "listen", err,
			     "must be an address and a port: 127.0.0.1:8480, "
			     "[::1]:8480, 0.0.0.0:443");
	if (!s->tls.certificate != !s->tls.key)
		return wrong(item, s->tls.key ? "tls.key" : "tls.certificate",
			     err, "needs \"%s\" too",
			     s->tls.key ? "tls.certificate" : "tls.key");
	*is_here_r = mst_service_is_loopback(host);
	for (size_t i = 0; i < s->proxies.n; i++) {
		if (!is_subnet(s->proxies.v[i]))
			return wrong(item, "proxies", err,
				     "takes addresses and subnets like "
				     "10.0.0.0/8, not \"%.60s\"",
				     s->proxies.v[i]);
	}
	if (!*is_here_r && !s->tls.certificate && s->proxies.n == 0)
		return wrong(item, "listen", err,
			     "is an address that others reach: give "
			     "\"tls.certificate\" and \"tls.key\", or name the "
			     "proxy in front in \"proxies\"; passwords would "
			     "travel in the clear");
	return 0;
}

int mst_service_check(const struct mst_conf_item *item,
		      const struct mst_service_conf *s, struct mst_err *err)
{
	struct mst_arena arena;
	bool is_here = false;
	int rc;

	mst_arena_init(&arena, 1u << 16);
	rc = check_listen(item, s, &arena, &is_here, err);
	mst_arena_fini(&arena);
	if (rc < 0)
		return rc;
	if (s->session.idle > s->session.absolute)
		return wrong(item, "session.idle", err,
			     "is longer than \"session.absolute\"");
	return check_oidc(item, s, is_here, err);
}
