/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading Java's properties files. A logical line is a stream of characters:
 * continuation is taken out below it, escapes are marked, so that key and value
 * are only cut where an unescaped character says so.
 */
#include "conf/properties.h"

#include "base/limits.h"
#include "conf/conf_private.h"

/* Latin-1 may double a byte. */
#define TEXT_MAX (2 * (size_t)MST_MAX_CONF + 16)

/* One character of a logical line. */
struct unit {
	char bytes[4];
	size_t n;
	char plain; /* the character when no backslash stood before it; 0 */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\f';
}

void mst_properties_init(struct mst_properties *p, struct mst_slice text)
{
	size_t at = 0, n;
	uint32_t cp;

	text.n = MST_MIN(text.n, (size_t)MST_MAX_CONF);
	*p = (struct mst_properties){
	    .p = text.p, .end = text.p + text.n, .line = 1};
	mst_buf_init(&p->key, TEXT_MAX);
	mst_buf_init(&p->value, TEXT_MAX);
	while (at < text.n && !p->latin1) {
		n = mst_utf8_next(text.p + at, text.n - at, &cp);
		p->latin1 = n == 0;
		at += n;
	}
}

void mst_properties_fini(struct mst_properties *p)
{
	mst_buf_fini(&p->key);
	mst_buf_fini(&p->value);
}

/* Takes a line's end; false when there is none here. */
static bool take_end(struct mst_properties *p)
{
	if (p->p == p->end || (*p->p != '\r' && *p->p != '\n'))
		return false;
	if (*p->p == '\r' && p->p + 1 < p->end && p->p[1] == '\n')
		p->p++;
	p->p++;
	p->line++;
	return true;
}

static void skip_blanks(struct mst_properties *p)
{
	while (p->p < p->end && is_blank(*p->p))
		p->p++;
}

/* ---- characters ---------------------------------------------------------- */

static void put_code(struct unit *u, uint32_t cp)
{
	char *b = u->bytes;

	if (cp < 0x80) {
		b[0] = (char)cp;
		u->n = 1;
	} else if (cp < 0x800) {
		b[0] = (char)(0xc0 | cp >> 6);
		b[1] = (char)(0x80 | (cp & 0x3f));
		u->n = 2;
	} else if (cp < 0x10000) {
		b[0] = (char)(0xe0 | cp >> 12);
		b[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		b[2] = (char)(0x80 | (cp & 0x3f));
		u->n = 3;
	} else {
		b[0] = (char)(0xf0 | cp >> 18);
		b[1] = (char)(0x80 | (cp >> 12 & 0x3f));
		b[2] = (char)(0x80 | (cp >> 6 & 0x3f));
		b[3] = (char)(0x80 | (cp & 0x3f));
		u->n = 4;
	}
}

/* Four digits behind "\u"; false when they are none. */
static bool take_hex(struct mst_properties *p, uint32_t *cp_r)
{
	uint32_t cp = 0;

	if (p->end - p->p < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		char c = p->p[i];

		if (c >= '0' && c <= '9')
			cp = cp << 4 | (uint32_t)(c - '0');
		else if ((c | 32) >= 'a' && (c | 32) <= 'f')
			cp = cp << 4 | (uint32_t)((c | 32) - 'a' + 10);
		else
			return false;
	}
	p->p += 4;
	*cp_r = cp;
	return true;
}

/* Behind "\u". Java keeps halves of characters; no text of ours can. */
static void take_code(struct mst_properties *p, struct unit *u,
		      const char **wrong)
{
	uint32_t cp = 0, low = 0;
	const char *back;

	put_code(u, 0xfffd);
	if (!take_hex(p, &cp)) {
		*wrong = "\\u must be followed by four hex digits";
		return;
	}
	back = p->p;
	if (cp >= 0xd800 && cp <= 0xdbff && p->end - p->p >= 6 &&
	    p->p[0] == '\\' && p->p[1] == 'u') {
		p->p += 2;
		if (take_hex(p, &low) && low >= 0xdc00 && low <= 0xdfff)
			cp = 0x10000 + ((cp - 0xd800) << 10) + (low - 0xdc00);
		else
			p->p = back;
	}
	if (cp == 0 || (cp >= 0xd800 && cp <= 0xdfff))
		*wrong = "a \\u escape stands for no character";
	else
		put_code(u, cp);
}

static void take_escape(struct mst_properties *p, struct unit *u,
			const char **wrong)
{
	static const char from[] = "tnrf", to[] = "\t\n\r\f";
	const char *known;
	char c = *p->p;

	if (c == 'u') {
		p->p++;
		take_code(p, u, wrong);
		return;
	}
	known = c ? strchr(from, c) : NULL;
	if (known) {
		p->p++;
		put_code(u, (uint32_t)to[known - from]);
		return;
	}
	/* Of any other character the backslash is dropped. */
	u->plain = 1;
}

static void take_byte(struct mst_properties *p, struct unit *u)
{
	unsigned char c = (unsigned char)*p->p;
	uint32_t cp = c;
	size_t n = 1;

	if (!p->latin1)
		n = mst_utf8_next(p->p, (size_t)(p->end - p->p), &cp);
	/* A NUL ends texts; the other cannot be, the whole text was looked at.
	 */
	put_code(u, cp && n ? cp : 0xfffd);
	p->p += n ? n : 1;
}

/* The next character of the logical line; false at its end, which is left. */
static bool next_unit(struct mst_properties *p, struct unit *u,
		      const char **wrong)
{
	*u = (struct unit){.n = 0};
	while (p->p < p->end && *p->p == '\\') {
		p->p++;
		if (p->p == p->end)
			return false;
		if (take_end(p)) {
			skip_blanks(p);
			continue;
		}
		take_escape(p, u, wrong);
		if (u->plain) {
			take_byte(p, u);
			u->plain = 0;
		}
		return true;
	}
	if (p->p == p->end || *p->p == '\r' || *p->p == '\n')
		return false;
	u->plain = *p->p;
	take_byte(p, u);
	return true;
}

/* ---- lines --------------------------------------------------------------- */

/* To the first character of the next logical line; false: there is none. */
static bool find_line(struct mst_properties *p)
{
	for (;;) {
		skip_blanks(p);
		if (p->p == p->end)
			return false;
		if (take_end(p))
			continue;
		if (*p->p != '#' && *p->p != '!')
			return true;
		while (p->p < p->end && *p->p != '\r' && *p->p != '\n')
			p->p++;
	}
}

bool mst_properties_next(struct mst_properties *p, struct mst_property *out_r)
{
	struct mst_property out = {.wrong = NULL};
	bool in_key = true, between = false, parted = false;
	struct unit u;

	if (!find_line(p))
		return false;
	out.line = p->line;
	mst_buf_reset(&p->key);
	mst_buf_reset(&p->value);
	while (next_unit(p, &u, &out.wrong)) {
		bool blank = is_blank(u.plain);
		bool parts = u.plain == '=' || u.plain == ':';

		if (in_key && !blank && !parts) {
			(void)mst_buf_add(&p->key, u.bytes, u.n);
			continue;
		}
		if (in_key) {
			in_key = false;
			between = true;
		}
		/* Blanks, and one "=" or ":". */
		if (between && (blank || (parts && !parted))) {
			parted = parted || parts;
			continue;
		}
		between = false;
		(void)mst_buf_add(&p->value, u.bytes, u.n);
	}
	(void)take_end(p);
	out.key = mst_buf_slice(&p->key);
	out.value = mst_buf_slice(&p->value);
	*out_r = out;
	return true;
}
