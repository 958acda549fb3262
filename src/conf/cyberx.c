/* SPDX-License-Identifier: Apache-2.0
 *
 * The legacy integration's properties.
 */
#include "conf/cyberx.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "base/num.h"
#include "conf/conf_private.h"
#include "conf/properties.h"

#define OURS  "servicenow."
#define PROXY OURS "http_proxy."

enum { ENABLED, IP, PORT, KEYS };

static const char *const keys[KEYS] = {PROXY "enabled", PROXY "ip",
				       PROXY "port"};

struct reading {
	void (*report)(void *ctx, const struct mst_cyberx_line *l);
	void *ctx;
	struct mst_cyberx out;
	int seen[KEYS]; /* the line that counts: the last one; 0: none */
	bool good[KEYS];
	bool on;
	char host[256];
	char port[8];
};

static void say(struct reading *r, int line, const char *key,
		enum mst_cyberx_what what, const char *text)
{
	const struct mst_cyberx_line l = {line, key, what, text};

	r->out.understood += what == MST_CYBERX_UNDERSTOOD;
	r->out.ignored += what == MST_CYBERX_IGNORED;
	r->out.wrong += what == MST_CYBERX_WRONG;
	r->report(r->ctx, &l);
}

/* ---- the proxy ----------------------------------------------------------- */

static bool take_switch(struct reading *r, struct mst_slice v, char *why,
			size_t n)
{
	bool on = false;
	char text[8];

	if (v.n >= sizeof(text))
		return false;
	memcpy(text, v.p, v.n);
	text[v.n] = 0;
	if (strcmp(text, "1") == 0 || strcmp(text, "0") == 0)
		on = text[0] == '1';
	else if (!mst_conf_bool(text, &on))
		return false;
	r->on = on;
	(void)snprintf(why, n, "the proxy is switched %s", on ? "on" : "off");
	return true;
}

static bool take_host(struct reading *r, struct mst_slice v, char *why,
		      size_t n)
{
	unsigned char bytes[16];
	bool letter = false;
	char text[254];

	if (v.n == 0 || v.n >= sizeof(text))
		return false;
	memcpy(text, v.p, v.n);
	text[v.n] = 0;
	if (inet_pton(AF_INET6, text, bytes) == 1) {
		(void)snprintf(r->host, sizeof(r->host), "[%s]", text);
	} else {
		for (size_t i = 0; i < v.n; i++) {
			char c = text[i];
			bool alpha = (c | 32) >= 'a' && (c | 32) <= 'z';

			letter = letter || alpha;
			if (!alpha && !(c >= '0' && c <= '9') &&
			    (i == 0 || !strchr("-.", c)))
				return false;
		}
		if (!letter && inet_pton(AF_INET, text, bytes) != 1)
			return false;
		(void)snprintf(r->host, sizeof(r->host), "%s", text);
	}
	(void)snprintf(why, n, "the host of the proxy is %s", r->host);
	return true;
}

static bool take_port(struct reading *r, struct mst_slice v, char *why,
		      size_t n)
{
	uint64_t port;

	if (!mst_num_u64(v, &port) || port == 0 || port > 65535)
		return false;
	(void)snprintf(r->port, sizeof(r->port), "%u", (unsigned)port);
	(void)snprintf(why, n, "the port of the proxy is %s", r->port);
	return true;
}

static void take_proxy(struct reading *r, int which,
		       const struct mst_property *p)
{
	static bool (*const take[KEYS])(struct reading *, struct mst_slice,
					char *, size_t) = {
	    take_switch, take_host, take_port};
	static const char *const wanted[KEYS] = {
	    "must be 1 or 0", "must be an address or a host name",
	    "must be a port from 1 to 65535"};
	char why[320], text[400];
	int before = r->seen[which];

	r->seen[which] = p->line;
	r->good[which] = !p->wrong && take[which](r, mst_slice_trim(p->value),
						  why, sizeof(why));
	if (!r->good[which])
		(void)snprintf(text, sizeof(text), "%s",
			       p->wrong ? p->wrong : wanted[which]);
	else if (before)
		(void)snprintf(text, sizeof(text),
			       "%s, and not what line %d "
			       "says: the last one counts",
			       why, before);
	else
		(void)snprintf(text, sizeof(text), "%s", why);
	say(r, p->line, keys[which],
	    r->good[which] ? MST_CYBERX_UNDERSTOOD : MST_CYBERX_WRONG, text);
}

/* ---- everything else ----------------------------------------------------- */

/* Where a field of the legacy dialogs is set now, by what its key ends with.
 * The longer ones come first. */
static const char *place_of(struct mst_slice key)
{
	static const struct {
		const char *end, *place;
	} places[] = {
	    {"secret", "option client_secret of a connection of type "
		       "servicenow; keep it with 'muster secret set'"},
	    {"password", "option password of a connection of type servicenow, "
			 "or password of the section proxy; keep it with "
			 "'muster secret set'"},
	    {"client_id", "option client_id of a connection of type "
			  "servicenow"},
	    {"clientid", "option client_id of a connection of type servicenow"},
	    {"username", "option username of a connection of type servicenow, "
			 "or user of the section proxy"},
	    {"user", "option username of a connection of type servicenow, or "
		     "user of the section proxy"},
	    {"url", "option url of a connection of type servicenow"},
	    {"instance", "option url of a connection of type servicenow"},
	    {"domain", "option url of a connection of type servicenow"},
	    {"frequency", "option sync_frequency of a connection of type iot"},
	    {"interval", "option sync_frequency of a connection of type iot"},
	};

	for (size_t i = 0; i < MST_LEN(places); i++) {
		size_t n = strlen(places[i].end);

		if (key.n >= n && mst_slice_iis(mst_slice(key.p + key.n - n, n),
						places[i].end))
			return places[i].place;
	}
	return NULL;
}

static void take_other(struct reading *r, const struct mst_property *p)
{
	char shown[80], text[320], key[200] = "";
	const char *place;

	if (p->key.n) /* shown cuts it anyway */
		(void)snprintf(key, sizeof(key), "%.*s",
			       (int)MST_MIN(p->key.n, sizeof(key) - 1),
			       p->key.p);
	(void)mst_conf_show(*key ? key : "(no key)", shown);
	if (!mst_slice_istarts(p->key, OURS)) {
		say(r, p->line, shown, MST_CYBERX_IGNORED,
		    "not of the integration with ServiceNow");
		return;
	}
	place = place_of(p->key);
	if (place)
		(void)snprintf(text, sizeof(text),
			       "not documented, nothing is made of it; if it "
			       "is what it is called, its place is the %s",
			       place);
	else
		(void)snprintf(text, sizeof(text),
			       "not documented, nothing is made of it");
	say(r, p->line, shown, MST_CYBERX_IGNORED, text);
}

/* ---- the file ------------------------------------------------------------ */

static void conclude(struct reading *r)
{
	bool whole = r->good[IP] && r->good[PORT];

	for (int i = IP; i < KEYS; i++) {
		if (r->seen[ENABLED] && r->good[ENABLED] && r->on &&
		    !r->seen[i])
			say(r, 0, keys[i], MST_CYBERX_WRONG,
			    "is missing, though the proxy is switched on");
	}
	if (!r->seen[ENABLED] && (r->seen[IP] || r->seen[PORT]))
		say(r, 0, keys[ENABLED], MST_CYBERX_UNDERSTOOD,
		    "is missing: the proxy is switched off");
	if (r->good[ENABLED] && r->on && whole && !r->out.wrong)
		(void)snprintf(r->out.url, sizeof(r->out.url), "http://%s:%s",
			       r->host, r->port);
}

void mst_cyberx_read(struct mst_slice text,
		     void (*report)(void *ctx, const struct mst_cyberx_line *l),
		     void *ctx, struct mst_cyberx *out_r)
{
	struct reading r = {.report = report, .ctx = ctx};
	struct mst_properties props;
	struct mst_property p;

	mst_properties_init(&props, text);
	while (mst_properties_next(&props, &p)) {
		int which = 0;

		r.out.ours += mst_slice_istarts(p.key, OURS);
		while (which < KEYS && !mst_slice_is(p.key, keys[which]))
			which++;
		if (which < KEYS)
			take_proxy(&r, which, &p);
		else
			take_other(&r, &p);
	}
	mst_properties_fini(&props);
	conclude(&r);
	*out_r = r.out;
}
