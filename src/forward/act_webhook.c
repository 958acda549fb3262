/* SPDX-License-Identifier: Apache-2.0
 *
 * Webhooks.
 */
#include "forward/act_webhook.h"

#include <ctype.h>
#include <stdio.h>

#include "base/num.h"
#include "base/time.h"
#include "forward/item.h"
#include "json/out.h"

#define HEADER_MAX 4096

/* What the HTTP client says itself. */
static const char *const taken[] = {
    "Host",	  "Content-Length",  "Content-Type", "Transfer-Encoding",
    "Connection", "Upgrade",	     "TE",	     "Trailer",
    "Expect",	  "Accept-Encoding", "Range",
};

#define AT(member) offsetof(struct mst_webhook_conf, member)

const struct mst_opt mst_webhook_opts[] = {
    {"url", MST_OPT_URL, AT(url), .flags = MST_OPT_REQUIRED,
     .help = "address that gets a POST for each alert"},
    {"query", MST_OPT_SECRET, AT(query),
     .help = "what stands behind the \"?\" of the address, where that is a "
	     "secret, as env:NAME, file:PATH or credential:NAME"},
    {"headers", MST_OPT_LIST, AT(header_texts),
     .help = "further headers, each \"Name: value\", at most six"},
    {"auth_header", MST_OPT_TEXT, AT(auth_header), "Authorization",
     .help = "the header that holds the secret"},
    {"auth_value", MST_OPT_SECRET, AT(auth_value),
     .help = "its whole value, as env:NAME, file:PATH or credential:NAME"},
    {"ca_file", MST_OPT_TEXT, AT(ca_file),
     .help = "PEM file with further trusted certificate authorities"},
    {"timeout", MST_OPT_DURATION, AT(timeout_ms), "30s", .min = 1000,
     .max = 600000, .help = "how long to wait for one answer"},
    {0},
};

static bool is_value(const char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if ((c < ' ' && c != '\t') || c == 0x7f || c >= 0x80)
			return false;
	}
	return true;
}

int mst_webhook_header(const struct mst_conf_item *item, const char *key,
		       const char *text, struct mst_arena *arena,
		       const char **line_r, struct mst_err *err)
{
	size_t n = 0;
	const char *value;

	while (isalnum((unsigned char)text[n]) || text[n] == '-' ||
	       text[n] == '_')
		n++;
	if (n == 0 || text[n] != ':' || strlen(text) > HEADER_MAX)
		return mst_item_fail(item, key, err,
				     "must be like X-Token: value, the name of "
				     "letters, digits, '-' and '_'");
	value = text + n + 1;
	if (!is_value(value))
		return mst_item_fail(item, key, err,
				     "has a value for %.*s that is no "
				     "printable ASCII in one line",
				     (int)MST_MIN(n, (size_t)64), text);
	for (size_t i = 0; i < MST_LEN(taken); i++) {
		if (mst_slice_iis(mst_slice(text, n), taken[i]))
			return mst_item_fail(item, key, err,
					     "may not set %s: muster does it",
					     taken[i]);
	}
	*line_r = mst_arena_strdup(arena, text);
	return 0;
}

int mst_webhook_make(const struct mst_conf_item *item, struct mst_arena *arena,
		     struct mst_webhook_conf *c_r, struct mst_err *err)
{
	struct mst_webhook_conf c = {0};
	int rc = mst_conf_apply(item, mst_webhook_opts, &c, arena, err);
	char probe[160];
	const char *line;

	if (rc == 0 && c.header_texts.n > MST_WEBHOOK_HEADERS)
		rc = mst_item_fail(item, "headers", err,
				   "may have %d headers at most",
				   MST_WEBHOOK_HEADERS);
	for (size_t i = 0; i < c.header_texts.n && rc == 0; i++) {
		const char *text = c.header_texts.v[i];

		rc = mst_webhook_header(item, "headers", text, arena,
					&c.headers[i], err);
		if (rc == 0 &&
		    (mst_slice_istarts(mst_slice_str(text), "authorization:") ||
		     mst_slice_istarts(mst_slice_str(text), "cookie:")))
			rc = mst_item_fail(
			    item, "headers", err,
			    "may not hold a secret: give the header's name as "
			    "auth_header and a reference to its value as "
			    "auth_value");
	}
	if (rc < 0)
		return rc;
	(void)snprintf(probe, sizeof(probe), "%.120s: x", c.auth_header);
	if (mst_webhook_header(item, "auth_header", probe, arena, &line, err) <
	    0)
		return mst_item_fail(item, "auth_header", err,
				     "must be the name of a header, of "
				     "letters, digits, '-' and '_', and none "
				     "that muster sets itself");
	*c_r = c;
	return 0;
}

/* ---- the body ------------------------------------------------------------ */

static void text(struct mst_jout *j, const char *key, struct mst_slice v)
{
	mst_jout_key(j, key);
	if (v.n)
		mst_jout_slice(j, v);
	else
		mst_jout_null(j);
}

/* The API has numbers; other forms may bring anything. */
static void number(struct mst_jout *j, const char *key, struct mst_slice v)
{
	int64_t i;

	if (v.n && mst_num_i64(v, &i))
		mst_jout_ki64(j, key, i);
	else
		text(j, key, v);
}

static void lines(struct mst_jout *j, const char *key, struct mst_slice v)
{
	mst_jout_key(j, key);
	mst_jout_arr(j);
	while (v.n) {
		const char *end = memchr(v.p, '\n', v.n);
		size_t n = end ? (size_t)(end - v.p) : v.n;

		mst_jout_slice(j, mst_slice(v.p, n));
		n += end != NULL;
		v = mst_slice(v.p + n, v.n - n);
	}
	mst_jout_end_arr(j);
}

void mst_webhook_body(const struct mst_alert *a, struct mst_buf *out)
{
	struct mst_jout j;

	mst_jout_init(&j, out);
	mst_jout_obj(&j);
	number(&j, "id", a->id);
	text(&j, "UUID", a->uuid);
	mst_jout_key(&j, "time");
	if (a->time_us == MST_TIME_NONE)
		mst_jout_null(&j);
	else
		mst_jout_i64(&j, a->time_us / 1000);
	text(&j, "title", a->title);
	text(&j, "message", a->message);
	text(&j, "severity", mst_slice_str(mst_severity_name(a->severity)));
	text(&j, "engine", mst_slice_str(mst_engine_name(a->engine)));
	text(&j, "protocol", a->protocol);
	text(&j, "category", a->category);
	number(&j, "sourceDevice", a->source.id);
	text(&j, "sourceName", a->source.name);
	text(&j, "sourceDeviceAddress", a->source.address);
	text(&j, "sourceMac", a->source.mac);
	number(&j, "destinationDevice", a->destination.id);
	text(&j, "destinationName", a->destination.name);
	text(&j, "destinationDeviceAddress", a->destination.address);
	text(&j, "destinationMac", a->destination.mac);
	number(&j, "sensorID", a->sensor_id);
	text(&j, "sensorName", a->sensor);
	text(&j, "zoneName", a->zone);
	text(&j, "siteName", a->site);
	lines(&j, "remediationSteps", a->steps);
	mst_jout_key(&j, "additionalInformation");
	mst_jout_obj(&j);
	lines(&j, "information", a->more);
	mst_jout_end_obj(&j);
	mst_jout_kbool(&j, "handled", a->handled);
	mst_jout_end_obj(&j);
}
