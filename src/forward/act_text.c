/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts that several actions make of an alert.
 */
#include "forward/act_text.h"

#include <ctype.h>
#include <stdio.h>

#include "base/hash.h"
#include "base/time.h"

struct mst_slice mst_act_cut(struct mst_slice s, size_t max)
{
	size_t units = 0, i = 0;

	while (i < s.n) {
		unsigned char c = (unsigned char)s.p[i];
		size_t len = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
		size_t more = len == 4 ? 2 : 1;

		if (units + more > max || i + len > s.n)
			break;
		units += more;
		i += len;
	}
	return mst_slice(s.p, i);
}

void mst_act_journal(struct mst_slice s, struct mst_buf *out)
{
	size_t from = 0;

	for (size_t i = 0; i < s.n; i++) {
		size_t tag = i + 1;

		if (s.p[i] != '[')
			continue;
		tag += tag < s.n && s.p[tag] == '/';
		if (!mst_slice_istarts(mst_slice(s.p + tag, s.n - tag), "code"))
			continue;
		/* A blank breaks it, in front of a slash, too. */
		(void)mst_buf_add_slice(out,
					mst_slice(s.p + from, i + 1 - from));
		(void)mst_buf_adds(out, " ");
		from = i + 1;
	}
	(void)mst_buf_add_slice(out, mst_slice(s.p + from, s.n - from));
}

static bool is_plain(struct mst_slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c >= 0x80 || (!isalnum(c) && !strchr("._:-", c)) || c == 0)
			return false;
	}
	return s.n > 0;
}

void mst_act_correlation(const char *source, struct mst_slice key,
			 char out[MST_CORRELATION + 1])
{
	struct mst_slice from = mst_slice_str(source);
	char hex[33];

	if (is_plain(from) && is_plain(key) &&
	    from.n + key.n + 5 <= MST_CORRELATION) {
		(void)snprintf(out, MST_CORRELATION + 1, "iot/%s/%.*s", source,
			       MST_SLICE_ARG(key));
		return;
	}
	mst_hash_hex(mst_hash128(key.p, key.n, mst_hash64(from.p, from.n, 0)),
		     hex);
	(void)snprintf(out, MST_CORRELATION + 1, "iot/%s", hex);
}

void mst_act_party(const struct mst_party *p, const char *before,
		   struct mst_buf *out)
{
	struct mst_slice where = p->address.n ? p->address : p->mac;
	struct mst_slice first = p->name.n ? p->name : where;

	if (first.n || p->id.n)
		(void)mst_buf_adds(out, before);
	if (!first.n && p->id.n)
		(void)mst_buf_addf(out, "device %.*s", MST_SLICE_ARG(p->id));
	(void)mst_buf_add_slice(out, first);
	if (p->name.n && where.n && !mst_slice_eq(p->name, where))
		(void)mst_buf_addf(out, " (%.*s)", MST_SLICE_ARG(where));
}

void mst_act_headline(const struct mst_alert *a, struct mst_buf *out)
{
	size_t n;

	(void)mst_buf_add_slice(out, a->title);
	n = out->n;
	mst_act_party(&a->source, ": ", out);
	mst_act_party(&a->destination, out->n > n ? " -> " : ": ", out);
}

static void fact(struct mst_buf *out, const char *name, struct mst_slice v)
{
	if (v.n)
		(void)mst_buf_addf(out, "%s: %.*s\n", name, MST_SLICE_ARG(v));
}

static void party_fact(struct mst_buf *out, const char *name,
		       const struct mst_party *p)
{
	struct mst_buf text = MST_BUF_INIT(4096);

	mst_act_party(p, "", &text);
	fact(out, name, mst_buf_slice(&text));
	if (p->mac.n && p->address.n)
		(void)mst_buf_addf(out, "%s MAC: %.*s\n", name,
				   MST_SLICE_ARG(p->mac));
	mst_buf_fini(&text);
}

void mst_act_description(const struct mst_alert *a, struct mst_buf *out)
{
	char iso[21] = "";

	if (a->time_us != MST_TIME_NONE)
		mst_time_iso(a->time_us, iso);
	if (a->message.n)
		(void)mst_buf_addf(out, "%.*s\n\n", MST_SLICE_ARG(a->message));
	fact(out, "Severity", mst_slice_str(mst_severity_name(a->severity)));
	fact(out, "Engine", mst_slice_str(mst_engine_name(a->engine)));
	fact(out, "Category", a->category);
	fact(out, "Protocol", a->protocol);
	fact(out, "Time", mst_slice_str(iso));
	party_fact(out, "Source", &a->source);
	party_fact(out, "Destination", &a->destination);
	fact(out, "Sensor", a->sensor);
	fact(out, "Site", a->site);
	fact(out, "Zone", a->zone);
	fact(out, "Alert", a->uuid.n ? a->uuid : a->id);
	if (a->more.n)
		(void)mst_buf_addf(out, "\n%.*s\n", MST_SLICE_ARG(a->more));
	if (a->steps.n)
		(void)mst_buf_addf(out, "\nWhat to do:\n%.*s\n",
				   MST_SLICE_ARG(a->steps));
}
