/* SPDX-License-Identifier: Apache-2.0
 *
 * Which form it is, the syslog header, and the values by their names.
 */
#include "alert/form_private.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/num.h"

static const char *const form_names[] = {
    [MST_FORM_JSON] = "json",	  [MST_FORM_CEF] = "cef",
    [MST_FORM_LEEF] = "leef",	  [MST_FORM_TEXT] = "text",
    [MST_FORM_OBJECT] = "object",
};

const char *mst_form_name(enum mst_form f)
{
	return form_names[f];
}

/* ---- times --------------------------------------------------------------- */

static int64_t of_tm(struct tm *t, int zone_s)
{
	time_t s = timegm(t);

	return ((int64_t)s - zone_s) * 1000000;
}

int64_t mst_form_time(struct mst_slice s, int zone_s)
{
	static const char *const own[] = {
	    "%b %d %Y %H:%M:%S", "%d %b %Y %H:%M:%S", "%d/%m/%Y %H:%M:%S",
	    "%b %d, %Y %H:%M:%S"};
	char text[64];
	int64_t us;

	s = mst_slice_trim(s);
	if (s.n == 0 || s.n >= sizeof(text))
		return MST_TIME_NONE;
	if (mst_time_parse(s, &us)) {
		/* Without a zone it is the far end's. */
		bool zoned = memchr(s.p, 'Z', s.n) || memchr(s.p, '+', s.n) ||
			     !memchr(s.p, ':', s.n) ||
			     (s.n > 6 && s.p[s.n - 6] == '-');

		if (us == MST_TIME_NONE || zoned)
			return us;
		return us - zone_s * INT64_C(1000000);
	}
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	for (size_t i = 0; i < MST_LEN(own); i++) {
		struct tm t = {0};
		const char *end = strptime(text, own[i], &t);

		if (end && (*end == '\0' || *end == '.'))
			return of_tm(&t, zone_s);
	}
	return MST_TIME_NONE;
}

/* ---- the syslog header --------------------------------------------------- */

static struct mst_slice from(struct mst_slice s, size_t n)
{
	return mst_slice(s.p + n, s.n - n);
}

static struct mst_slice word(struct mst_slice *s)
{
	const char *blank = s->n ? memchr(s->p, ' ', s->n) : NULL;
	size_t n = blank ? (size_t)(blank - s->p) : s->n;
	struct mst_slice w = mst_slice(s->p, n);

	*s = from(*s, n);
	while (s->n && s->p[0] == ' ')
		*s = from(*s, 1);
	return w;
}

/* "<34>"; a number of at most three digits. */
static bool priority(struct mst_slice *s)
{
	size_t n = 1;

	if (s->n < 3 || s->p[0] != '<')
		return false;
	while (n < s->n && n < 5 && isdigit((unsigned char)s->p[n]))
		n++;
	if (n == 1 || n == s->n || s->p[n] != '>')
		return false;
	*s = from(*s, n + 1);
	return true;
}

/* RFC 5424: version, time, host, app, process, message id, data. */
static bool header_5424(struct mst_slice *s, struct mst_slice *host_r,
			int64_t *time_us_r)
{
	struct mst_slice at = *s, time, host;
	int64_t us = MST_TIME_NONE;

	if (!mst_slice_is(word(&at), "1"))
		return false;
	time = word(&at);
	host = word(&at);
	if (!mst_slice_is(time, "-") && !mst_time_parse(time, &us))
		return false;
	for (int i = 0; i < 3; i++)
		(void)word(&at);
	if (at.n && at.p[0] == '-') {
		(void)word(&at);
	} else {
		while (at.n && at.p[0] == '[') {
			const char *end = memchr(at.p, ']', at.n);

			if (!end)
				return false;
			at = from(at, (size_t)(end + 1 - at.p));
		}
		at = mst_slice_trim(at);
	}
	if (at.n >= 3 && memcmp(at.p, "\xef\xbb\xbf", 3) == 0)
		at = from(at, 3);
	*host_r = mst_slice_is(host, "-") ? mst_slice(NULL, 0) : host;
	*time_us_r = us;
	*s = at;
	return true;
}

/* RFC 3164 has no year: the newest one that does not lie in the future, but for
 * a day that clocks and zones may differ. */
static int64_t with_year(struct tm t, int64_t now_us)
{
	time_t now = (time_t)(now_us / 1000000);
	struct tm today;
	int64_t us;

	(void)gmtime_r(&now, &today);
	t.tm_year = today.tm_year;
	us = of_tm(&t, 0);
	if (us > now_us + INT64_C(86400) * 1000000) {
		t.tm_year--;
		us = of_tm(&t, 0);
	}
	return us;
}

/* "May 5 12:29:23 host …"; the host may be missing in front of CEF or LEEF. */
static void header_3164(struct mst_slice *s, int64_t now_us,
			struct mst_slice *host_r, int64_t *time_us_r)
{
	char text[32];
	struct tm t = {0};
	const char *end;
	size_t n = MST_MIN(s->n, sizeof(text) - 1);

	if (n == 0)
		return;
	memcpy(text, s->p, n);
	text[n] = '\0';
	end = strptime(text, "%b %d %H:%M:%S", &t);
	if (!end)
		return;
	*time_us_r = with_year(t, now_us);
	*s = mst_slice_trim(from(*s, (size_t)(end - text)));
	if (mst_slice_istarts(*s, "CEF:") || mst_slice_istarts(*s, "LEEF:"))
		return;
	*host_r = word(s);
}

struct mst_slice mst_form_syslog(struct mst_slice s, int64_t now_us,
				 struct mst_slice *host_r, int64_t *time_us_r)
{
	*host_r = mst_slice(NULL, 0);
	*time_us_r = MST_TIME_NONE;
	s = mst_slice_trim(s);
	if (priority(&s) && header_5424(&s, host_r, time_us_r))
		return s;
	header_3164(&s, now_us, host_r, time_us_r);
	return s;
}

enum mst_form mst_form_of(struct mst_slice body)
{
	body = mst_slice_trim(body);
	if (body.n && body.p[0] == '{')
		return MST_FORM_JSON;
	if (mst_slice_ifind(body, "CEF:0|") || mst_slice_ifind(body, "CEF:1|"))
		return MST_FORM_CEF;
	if (mst_slice_ifind(body, "LEEF:1.0|") ||
	    mst_slice_ifind(body, "LEEF:2.0|"))
		return MST_FORM_LEEF;
	return mst_slice_ifind(body, "title=") ||
		       mst_slice_ifind(body, "severity=")
		   ? MST_FORM_OBJECT
		   : MST_FORM_TEXT;
}

/* ---- values by their names ----------------------------------------------- */

enum part {
	P_UUID,
	P_ID,
	P_TIME,
	P_SEVERITY,
	P_ENGINE,
	P_TITLE,
	P_MESSAGE,
	P_PROTOCOL,
	P_CATEGORY,
	P_SENSOR,
	P_SENSOR_ID,
	P_ZONE,
	P_SITE,
	P_SRC_ID,
	P_SRC_NAME,
	P_SRC_ADDRESS,
	P_SRC_MAC,
	P_DST_ID,
	P_DST_NAME,
	P_DST_ADDRESS,
	P_DST_MAC,
	P_HANDLED
};

/* Folded, without "_", "-" and blanks. */
static const struct {
	const char *name;
	enum part part;
} parts[] = {
    {"uuid", P_UUID},
    {"alertuuid", P_UUID},
    {"id", P_ID},
    {"alertid", P_ID},
    {"time", P_TIME},
    {"alerttime", P_TIME},
    {"start", P_TIME},
    {"devtime", P_TIME},
    {"severity", P_SEVERITY},
    {"sev", P_SEVERITY},
    {"engine", P_ENGINE},
    {"type", P_ENGINE},
    {"alertengine", P_ENGINE},
    {"title", P_TITLE},
    {"alerttitle", P_TITLE},
    {"name", P_TITLE},
    {"message", P_MESSAGE},
    {"msg", P_MESSAGE},
    {"description", P_MESSAGE},
    {"protocol", P_PROTOCOL},
    {"proto", P_PROTOCOL},
    {"cat", P_CATEGORY},
    {"category", P_CATEGORY},
    {"alertgroup", P_CATEGORY},
    {"group", P_CATEGORY},
    {"sensor", P_SENSOR},
    {"sensorname", P_SENSOR},
    {"platformname", P_SENSOR},
    {"sendername", P_SENSOR},
    {"appliance", P_SENSOR},
    {"sensorid", P_SENSOR_ID},
    {"zone", P_ZONE},
    {"zonename", P_ZONE},
    {"site", P_SITE},
    {"sitename", P_SITE},
    {"sourcedevice", P_SRC_ID},
    {"source", P_SRC_NAME},
    {"sourcename", P_SRC_NAME},
    {"srcname", P_SRC_NAME},
    {"sourcedeviceaddress", P_SRC_ADDRESS},
    {"sourceip", P_SRC_ADDRESS},
    {"srcip", P_SRC_ADDRESS},
    {"src", P_SRC_ADDRESS},
    {"sourcemac", P_SRC_MAC},
    {"srcmac", P_SRC_MAC},
    {"destinationdevice", P_DST_ID},
    {"destination", P_DST_NAME},
    {"destinationname", P_DST_NAME},
    {"dstname", P_DST_NAME},
    {"destinationdeviceaddress", P_DST_ADDRESS},
    {"destinationip", P_DST_ADDRESS},
    {"dstip", P_DST_ADDRESS},
    {"dst", P_DST_ADDRESS},
    {"destinationmac", P_DST_MAC},
    {"dstmac", P_DST_MAC},
    {"handled", P_HANDLED},
};

static bool part_of(struct mst_slice name, enum part *part_r)
{
	char folded[40];
	size_t n = 0;

	name = mst_slice_trim(name);
	for (size_t i = 0; i < name.n; i++) {
		char c = (char)tolower((unsigned char)name.p[i]);

		if (c == '_' || c == '-' || c == ' ')
			continue;
		if (n == sizeof(folded) - 1)
			return false;
		folded[n++] = c;
	}
	folded[n] = '\0';
	for (size_t i = 0; i < MST_LEN(parts); i++) {
		if (strcmp(parts[i].name, folded) == 0) {
			*part_r = parts[i].part;
			return true;
		}
	}
	return false;
}

static struct mst_slice *text_of(struct mst_alert *a, enum part p)
{
	switch (p) {
	case P_UUID:
		return &a->uuid;
	case P_ID:
		return &a->id;
	case P_TITLE:
		return &a->title;
	case P_MESSAGE:
		return &a->message;
	case P_PROTOCOL:
		return &a->protocol;
	case P_CATEGORY:
		return &a->category;
	case P_SENSOR:
		return &a->sensor;
	case P_SENSOR_ID:
		return &a->sensor_id;
	case P_ZONE:
		return &a->zone;
	case P_SITE:
		return &a->site;
	case P_SRC_ID:
		return &a->source.id;
	case P_SRC_NAME:
		return &a->source.name;
	case P_SRC_ADDRESS:
		return &a->source.address;
	case P_SRC_MAC:
		return &a->source.mac;
	case P_DST_ID:
		return &a->destination.id;
	case P_DST_NAME:
		return &a->destination.name;
	case P_DST_ADDRESS:
		return &a->destination.address;
	case P_DST_MAC:
		return &a->destination.mac;
	case P_TIME:
	case P_SEVERITY:
	case P_ENGINE:
	case P_HANDLED:
		break;
	}
	return NULL;
}

/* CEF has numbers: 1 Warning, 4 Minor, 8 Major, 10 Critical. */
static enum mst_severity severity_of(struct mst_slice v)
{
	uint64_t n;

	if (!mst_num_u64(v, &n))
		return mst_severity_parse(v);
	if (n > 10)
		return MST_SEVERITY_NONE;
	return n >= 9	? MST_SEVERITY_CRITICAL
	       : n >= 7 ? MST_SEVERITY_MAJOR
	       : n >= 3 ? MST_SEVERITY_MINOR
			: MST_SEVERITY_WARNING;
}

void mst_fill(struct mst_filling *f, struct mst_slice name,
	      struct mst_slice value)
{
	struct mst_alert *a = f->a;
	struct mst_slice *to;
	enum part p;

	value = mst_slice_trim(value);
	if (!part_of(name, &p) || mst_alert_nothing(value))
		return;
	to = text_of(a, p);
	if ((p == P_SRC_ID || p == P_DST_ID) && mst_slice_is(value, "0"))
		return;
	if (to && !to->n)
		*to = mst_alert_text(f->arena, value,
				     p == P_MESSAGE ? MST_ALERT_MESSAGE
						    : MST_ALERT_TEXT,
				     p != P_MESSAGE);
	else if (p == P_TIME && a->time_us == MST_TIME_NONE)
		a->time_us = mst_form_time(value, f->zone_s);
	else if (p == P_SEVERITY && a->severity == MST_SEVERITY_NONE)
		a->severity = severity_of(value);
	else if (p == P_ENGINE && a->engine == MST_ENGINE_NONE)
		a->engine = mst_engine_parse(value);
	else if (p == P_HANDLED)
		a->handled =
		    mst_slice_iis(value, "true") || mst_slice_is(value, "1");
}

int mst_fill_end(struct mst_filling *f, struct mst_err *err)
{
	if (!f->a->title.n && !f->a->message.n)
		return mst_err_set(err, MST_E_CORRUPT,
				   "it has neither a title nor a message");
	if (!f->a->title.n)
		f->a->title = mst_alert_text(f->arena, f->a->message,
					     MST_ALERT_TEXT, true);
	mst_alert_judge(f->a);
	return 0;
}

/* ---- lists of names and values ------------------------------------------- */

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

/* Where the next "name=" begins at or behind i, in front of which is a blank;
 * *eq_r is its "=". s.n when there is none. */
static size_t next_name(struct mst_slice s, size_t i, size_t *eq_r)
{
	for (; i < s.n; i++) {
		size_t k = i;

		if (i > 0 && !isspace((unsigned char)s.p[i - 1]))
			continue;
		while (k < s.n && is_name(s.p[k]))
			k++;
		if (k > i && k < s.n && s.p[k] == '=') {
			*eq_r = k;
			return i;
		}
	}
	return s.n;
}

static void undo(struct mst_slice s, struct mst_buf *out)
{
	mst_buf_reset(out);
	while (s.n) {
		const char *mark = memchr(s.p, '\\', s.n);
		size_t n = mark ? (size_t)(mark - s.p) : s.n;

		(void)mst_buf_add(out, s.p, n);
		s = from(s, n);
		if (s.n > 1 && strchr("=\\|nr", s.p[1])) {
			bool end = s.p[1] == 'n' || s.p[1] == 'r';

			(void)mst_buf_addc(out, end ? '\n' : s.p[1]);
			s = from(s, 2);
		} else if (s.n) {
			(void)mst_buf_addc(out, '\\');
			s = from(s, 1);
		}
	}
}

static void blank_pairs(struct mst_slice s,
			void (*fn)(void *, struct mst_slice, struct mst_slice),
			void *ctx)
{
	struct mst_buf value = MST_BUF_INIT(MST_FORM_MAX + 1);
	size_t eq = 0, at = next_name(s, 0, &eq);

	while (at < s.n) {
		size_t next_eq = 0, next = next_name(s, eq + 1, &next_eq);

		undo(mst_slice(s.p + eq + 1, next - eq - 1), &value);
		fn(ctx, mst_slice(s.p + at, eq - at), mst_buf_slice(&value));
		at = next;
		eq = next_eq;
	}
	mst_buf_fini(&value);
}

static void tab_pairs(struct mst_slice s,
		      void (*fn)(void *, struct mst_slice, struct mst_slice),
		      void *ctx)
{
	struct mst_buf value = MST_BUF_INIT(MST_FORM_MAX + 1);

	while (s.n) {
		const char *tab = memchr(s.p, '\t', s.n);
		struct mst_slice one =
		    mst_slice(s.p, tab ? (size_t)(tab - s.p) : s.n);
		const char *eq = one.n ? memchr(one.p, '=', one.n) : NULL;

		if (eq) {
			size_t n = (size_t)(eq - one.p);

			undo(from(one, n + 1), &value);
			fn(ctx, mst_slice(one.p, n), mst_buf_slice(&value));
		}
		s = from(s, MST_MIN(one.n + 1, s.n));
	}
	mst_buf_fini(&value);
}

/* "Name: value"; a comma only ends a value when a known name follows. */
static size_t colon_end(struct mst_slice s, size_t i)
{
	for (; i < s.n; i++) {
		size_t k = i + 1;
		enum part p;

		if (s.p[i] == '\n' || s.p[i] == ';')
			return i;
		if (s.p[i] != ',')
			continue;
		while (k < s.n && s.p[k] != ':' && s.p[k] != ',' &&
		       s.p[k] != '\n')
			k++;
		if (k < s.n && s.p[k] == ':' &&
		    part_of(mst_slice(s.p + i + 1, k - i - 1), &p))
			return i;
	}
	return s.n;
}

static void colon_pairs(struct mst_slice s,
			void (*fn)(void *, struct mst_slice, struct mst_slice),
			void *ctx)
{
	while (s.n) {
		size_t end = colon_end(s, 0);
		struct mst_slice one = mst_slice(s.p, end);
		const char *colon = one.n ? memchr(one.p, ':', one.n) : NULL;

		if (colon) {
			size_t n = (size_t)(colon - one.p);

			fn(ctx, mst_slice(one.p, n), from(one, n + 1));
		}
		s = from(s, MST_MIN(end + 1, s.n));
	}
}

void mst_pairs(struct mst_slice s, enum mst_pairs how,
	       void (*fn)(void *ctx, struct mst_slice name,
			  struct mst_slice value),
	       void *ctx)
{
	if (how == MST_PAIRS_COLON)
		colon_pairs(s, fn, ctx);
	else if (how == MST_PAIRS_TAB)
		tab_pairs(s, fn, ctx);
	else
		blank_pairs(s, fn, ctx);
}

/* ---- all of them --------------------------------------------------------- */

static void fill_pair(void *ctx, struct mst_slice name, struct mst_slice value)
{
	mst_fill(ctx, name, value);
}

static int read_json(struct mst_slice body, struct mst_filling *f,
		     struct mst_err *err)
{
	struct mst_json_parser *p = mst_json_parser_new(MST_FORM_MAX);
	struct mst_json root;
	int rc = mst_json_parse(p, body, &root, err);

	if (rc == 0)
		rc = mst_form_json(root, f->arena, f->a, err);
	mst_json_parser_free(&p);
	return rc;
}

int mst_form_read(enum mst_form form, struct mst_slice body, int zone_s,
		  struct mst_arena *arena, struct mst_alert *a_r,
		  struct mst_err *err)
{
	struct mst_filling f = {a_r, arena, zone_s};

	*a_r = (struct mst_alert){.time_us = MST_TIME_NONE};
	body = mst_slice_trim(body);
	if (body.n > MST_FORM_MAX)
		return mst_err_set(err, MST_E_CORRUPT,
				   "it is longer than %d bytes", MST_FORM_MAX);
	switch (form) {
	case MST_FORM_JSON:
		return read_json(body, &f, err);
	case MST_FORM_CEF:
		return mst_form_cef(body, &f, err);
	case MST_FORM_LEEF:
		return mst_form_leef(body, &f, err);
	case MST_FORM_TEXT:
		mst_pairs(body, MST_PAIRS_COLON, fill_pair, &f);
		break;
	case MST_FORM_OBJECT:
		mst_pairs(body, MST_PAIRS_BLANK, fill_pair, &f);
		break;
	}
	return mst_fill_end(&f, err);
}
