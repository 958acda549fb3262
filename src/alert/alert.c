/* SPDX-License-Identifier: Apache-2.0
 *
 * Words and texts of alerts.
 */
#include "alert/alert.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/time.h"

static const char *const severities[] = {
    [MST_SEVERITY_NONE] = "",
    [MST_SEVERITY_WARNING] = "Warning",
    [MST_SEVERITY_MINOR] = "Minor",
    [MST_SEVERITY_MAJOR] = "Major",
    [MST_SEVERITY_CRITICAL] = "Critical",
};

static const char *const engines[] = {
    [MST_ENGINE_NONE] = "",
    [MST_ENGINE_PROTOCOL] = "Protocol Violation",
    [MST_ENGINE_POLICY] = "Policy Violation",
    [MST_ENGINE_MALWARE] = "Malware",
    [MST_ENGINE_ANOMALY] = "Anomaly",
    [MST_ENGINE_OPERATIONAL] = "Operational",
};

const char *mst_severity_name(enum mst_severity s)
{
	return severities[s];
}

const char *mst_engine_name(enum mst_engine e)
{
	return engines[e];
}

enum mst_severity mst_severity_parse(struct mst_slice s)
{
	s = mst_slice_trim(s);
	for (unsigned i = 1; i < MST_LEN(severities); i++) {
		if (mst_slice_iis(s, severities[i]))
			return (enum mst_severity)i;
	}
	return MST_SEVERITY_NONE;
}

/* One word is enough: "Policy", "POLICY_VIOLATION". */
enum mst_engine mst_engine_parse(struct mst_slice s)
{
	s = mst_slice_trim(s);
	for (unsigned i = 1; i < MST_LEN(engines); i++) {
		size_t word = strcspn(engines[i], " ");

		if (s.n >= word &&
		    mst_slice_ieq(mst_slice(s.p, word),
				  mst_slice(engines[i], word)) &&
		    (s.n == word || s.p[word] == ' ' || s.p[word] == '_'))
			return (enum mst_engine)i;
	}
	return MST_ENGINE_NONE;
}

/* ---- texts --------------------------------------------------------------- */

/* Bytes of the character at p, 0 when it is none (RFC 3629). */
static size_t utf8(const unsigned char *p, size_t n)
{
	size_t len = p[0] < 0x80		   ? 1
		     : p[0] >= 0xc2 && p[0] < 0xe0 ? 2
		     : (p[0] & 0xf0) == 0xe0	   ? 3
		     : p[0] >= 0xf0 && p[0] < 0xf5 ? 4
						   : 0;

	if (len == 0 || len > n)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return len;
}

static bool is_control(unsigned char c)
{
	return c < 0x20 || c == 0x7f;
}

struct mst_slice mst_alert_text(struct mst_arena *arena, struct mst_slice s,
				size_t max, bool blank)
{
	const unsigned char *p;
	char *out;
	size_t n = 0;

	s = mst_slice_trim(s);
	if (s.n == 0)
		return mst_slice(NULL, 0);
	out = mst_arena_bytes(arena, max + 1);
	p = (const unsigned char *)s.p;
	for (size_t i = 0; i < s.n;) {
		size_t len = utf8(p + i, s.n - i);
		const void *from = len ? (const void *)(p + i) : "\xef\xbf\xbd";
		size_t add = len ? len : 3;

		if (len == 1 && is_control(p[i]))
			from = p[i] == '\n' && !blank ? "\n" : " ";
		if (n + add > max)
			break;
		memcpy(out + n, from, add);
		n += add;
		i += len ? len : 1;
	}
	out[n] = '\0';
	return mst_slice_trim(mst_slice(out, n));
}

bool mst_alert_nothing(struct mst_slice s)
{
	return s.n == 0 || mst_slice_iis(s, "N/A") ||
	       mst_slice_iis(s, "null") || mst_slice_iis(s, "none") ||
	       mst_slice_is(s, "-");
}

/* ---- what an alert is ---------------------------------------------------- */

struct mst_slice mst_alert_key(const struct mst_alert *a,
			       struct mst_arena *arena)
{
	const struct mst_slice parts[] = {
	    a->sensor,	       a->id,	     a->title,
	    a->source.address, a->source.id, a->destination.address,
	    a->destination.id,
	};
	struct mst_buf b = MST_BUF_INIT(1u << 16);
	char hex[33];

	if (a->uuid.n)
		return a->uuid;
	for (size_t i = 0; i < MST_LEN(parts); i++) {
		(void)mst_buf_add_slice(&b, parts[i]);
		(void)mst_buf_addc(&b, '\n');
	}
	if (!a->id.n) {
		(void)mst_buf_add_slice(&b, a->message);
		(void)mst_buf_addf(&b, "\n%lld", (long long)a->time_us);
	}
	mst_hash_hex(mst_hash128(b.p, b.n, 0), hex);
	mst_buf_fini(&b);
	return mst_slice_str(mst_arena_strdup(arena, hex));
}

uint64_t mst_alert_digest(const struct mst_alert *a)
{
	const int64_t numbers[] = {a->time_us, a->severity, a->handled};
	uint64_t h = mst_hash64(numbers, sizeof(numbers), 0);

	h = mst_hash64(a->title.p, a->title.n, h);
	h = mst_hash64(a->message.p, a->message.n, h);
	return mst_hash64(a->more.p, a->more.n, h);
}

struct mst_slice mst_alert_device(const struct mst_alert *a)
{
	const struct mst_slice first[] = {
	    a->source.id,	    a->source.address,
	    a->source.name,	    a->destination.id,
	    a->destination.address, a->destination.name,
	    a->sensor_id,	    a->sensor,
	};

	for (size_t i = 0; i < MST_LEN(first); i++) {
		if (first[i].n)
			return first[i];
	}
	return MST_SLICE_LIT("?");
}

/* Titles of what a console or sensor tells of itself. */
static const char *const of_itself[] = {
    "No Traffic Detected on Sensor Interface",
    "Traffic Detected on Sensor Interface",
    "*Sensor*Disconnected*",
    "*Sensor*Connected*",
    "*Sensor*Offline*",
    "*Sensor*Online*",
    "*Backup*Fail*",
    "*Failed*Backup*",
};

void mst_alert_judge(struct mst_alert *a)
{
	for (size_t i = 0; i < MST_LEN(of_itself) && !a->system; i++)
		a->system = mst_slice_fits(a->title, of_itself[i]);
}
