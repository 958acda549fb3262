/* SPDX-License-Identifier: Apache-2.0
 *
 * Recursive descent; every slice of the result lies in the arena.
 */
#include "sim/sn_xml.h"

#include "base/buf.h"

#define MAX_DEPTH 32

struct reader {
	struct mst_arena *a;
	const char *start, *p, *end;
	struct mst_err *err;
};

static void *fail(struct reader *r, const char *what)
{
	mst_err_set(r->err, MST_E_CORRUPT, "XML: %s at byte %zu", what,
		    (size_t)(r->p - r->start));
	return NULL;
}

static bool at(const struct reader *r, const char *s)
{
	size_t n = strlen(s);

	return (size_t)(r->end - r->p) >= n && !memcmp(r->p, s, n);
}

static bool skip_to(struct reader *r, const char *s)
{
	size_t n = strlen(s);
	const char *f = memmem(r->p, (size_t)(r->end - r->p), s, n);

	if (!f)
		return false;
	r->p = f + n;
	return true;
}

static void blanks(struct reader *r)
{
	while (r->p < r->end && strchr(" \t\r\n", *r->p) && *r->p)
		r->p++;
}

static struct mst_slice name(struct reader *r)
{
	const char *from = r->p;

	while (r->p < r->end &&
	       ((*r->p >= 'a' && *r->p <= 'z') ||
		(*r->p >= 'A' && *r->p <= 'Z') ||
		(*r->p >= '0' && *r->p <= '9') || *r->p == '_' ||
		*r->p == '-' || *r->p == '.' || *r->p == ':'))
		r->p++;
	return mst_slice(from, (size_t)(r->p - from));
}

static void add_utf8(struct mst_buf *b, unsigned long cp)
{
	char c[4];
	size_t n = 0;

	if (cp < 0x80) {
		c[n++] = (char)cp;
	} else if (cp < 0x800) {
		c[n++] = (char)(0xc0 | cp >> 6);
		c[n++] = (char)(0x80 | (cp & 0x3f));
	} else if (cp < 0x10000) {
		c[n++] = (char)(0xe0 | cp >> 12);
		c[n++] = (char)(0x80 | (cp >> 6 & 0x3f));
		c[n++] = (char)(0x80 | (cp & 0x3f));
	} else {
		c[n++] = (char)(0xf0 | cp >> 18);
		c[n++] = (char)(0x80 | (cp >> 12 & 0x3f));
		c[n++] = (char)(0x80 | (cp >> 6 & 0x3f));
		c[n++] = (char)(0x80 | (cp & 0x3f));
	}
	mst_buf_add(b, c, n);
}

/* "#65" or "#x41" */
static bool char_ref(struct mst_slice s, unsigned long *cp_r)
{
	unsigned base = s.n > 1 && s.p[1] == 'x' ? 16 : 10;
	unsigned long cp = 0;
	size_t i = base == 16 ? 2 : 1;

	if (i >= s.n || s.n > 9)
		return false;
	for (; i < s.n; i++) {
		char c = s.p[i];
		unsigned d = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
			     : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
			     : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10)
						    : 99;

		if (d >= base)
			return false;
		cp = cp * base + d;
	}
	*cp_r = cp;
	return cp && cp <= 0x10ffff;
}

static bool entity(struct reader *r, struct mst_buf *b)
{
	static const struct {
		const char *name;
		char c;
	} known[] = {{"lt", '<'},
		     {"gt", '>'},
		     {"amp", '&'},
		     {"quot", '"'},
		     {"apos", '\''}};
	const char *semi = memchr(r->p, ';', (size_t)(r->end - r->p));
	struct mst_slice s;
	unsigned long cp;

	if (!semi || semi - r->p > 12)
		return false;
	s = mst_slice(r->p + 1, (size_t)(semi - r->p) - 1);
	r->p = semi + 1;
	if (s.n && s.p[0] == '#') {
		if (!char_ref(s, &cp))
			return false;
		add_utf8(b, cp);
		return true;
	}
	for (size_t i = 0; i < MST_LEN(known); i++) {
		if (mst_slice_is(s, known[i].name))
			return mst_buf_addc(b, known[i].c);
	}
	return false;
}

/* Attributes up to '>' or '/'. */
static bool attributes(struct reader *r, struct sn_xml *x)
{
	struct sn_xml_attr **tail = &x->attrs;
	struct mst_buf b = MST_BUF_INIT(1u << 20);
	bool ok = true;

	for (;;) {
		struct sn_xml_attr *a;
		char quote;

		blanks(r);
		if (r->p == r->end || *r->p == '>' || *r->p == '/' ||
		    *r->p == '?')
			break;
		a = mst_arena_alloc(r->a, sizeof(*a));
		a->name = name(r);
		blanks(r);
		ok = a->name.n && r->p < r->end && *r->p++ == '=';
		if (ok)
			blanks(r);
		ok = ok && r->p < r->end && (*r->p == '"' || *r->p == '\'');
		if (!ok)
			break;
		quote = *r->p++;
		mst_buf_reset(&b);
		while (ok && r->p < r->end && *r->p != quote) {
			if (*r->p == '&')
				ok = entity(r, &b);
			else
				ok = *r->p != '<' && mst_buf_addc(&b, *r->p++);
		}
		ok = ok && r->p < r->end;
		if (!ok)
			break;
		r->p++;
		a->value = mst_arena_dup(r->a, mst_buf_slice(&b));
		*tail = a;
		tail = &a->next;
	}
	mst_buf_fini(&b);
	return ok;
}

static struct sn_xml *element(struct reader *r, unsigned depth);

/* Everything up to the end tag. */
static bool content(struct reader *r, struct sn_xml *x, struct mst_buf *text,
		    unsigned depth)
{
	struct sn_xml **tail = &x->child;

	while (r->p < r->end) {
		const char *from = r->p;

		if (at(r, "</"))
			return true;
		if (at(r, "<![CDATA[")) {
			r->p += 9;
			from = r->p;
			if (!skip_to(r, "]]>"))
				return false;
			mst_buf_add(text, from, (size_t)(r->p - from) - 3);
		} else if (at(r, "<!--")) {
			if (!skip_to(r, "-->"))
				return false;
		} else if (at(r, "<?")) {
			if (!skip_to(r, "?>"))
				return false;
		} else if (*r->p == '<') {
			*tail = element(r, depth + 1);
			if (!*tail)
				return false;
			tail = &(*tail)->next;
		} else if (*r->p == '&') {
			if (!entity(r, text))
				return false;
		} else {
			while (r->p < r->end && *r->p != '<' && *r->p != '&')
				r->p++;
			mst_buf_add(text, from, (size_t)(r->p - from));
		}
	}
	return false;
}

static struct sn_xml *element(struct reader *r, unsigned depth)
{
	struct sn_xml *x = mst_arena_alloc(r->a, sizeof(*x));
	struct mst_buf text = MST_BUF_INIT(64u << 20);
	struct mst_slice close;
	bool ok;

	if (depth > MAX_DEPTH)
		return fail(r, "too deep");
	r->p++; /* '<' */
	x->name = name(r);
	x->text = MST_SLICE_LIT("");
	if (!x->name.n || !attributes(r, x))
		return fail(r, "a tag that is not well formed");
	if (at(r, "/>")) {
		r->p += 2;
		return x;
	}
	if (!at(r, ">"))
		return fail(r, "a tag without an end");
	r->p++;
	ok = content(r, x, &text, depth);
	x->text = mst_arena_dup(r->a, mst_buf_slice(&text));
	mst_buf_fini(&text);
	if (!ok)
		return r->err->code ? NULL
				    : fail(r, "an element without an end");
	r->p += 2;
	close = name(r);
	blanks(r);
	if (!mst_slice_eq(close, x->name) || !at(r, ">"))
		return fail(r, "an end tag that does not match");
	r->p++;
	return x;
}

/* Declaration, comments and blanks around the document's element. */
static bool misc(struct reader *r)
{
	for (;;) {
		blanks(r);
		if (at(r, "<?")) {
			if (!skip_to(r, "?>"))
				return false;
		} else if (at(r, "<!--")) {
			if (!skip_to(r, "-->"))
				return false;
		} else {
			return true;
		}
	}
}

struct sn_xml *sn_xml_parse(struct mst_arena *a, struct mst_slice s,
			    struct mst_err *err)
{
	struct reader r = {
	    .a = a, .start = s.p, .p = s.p, .end = s.p + s.n, .err = err};
	struct sn_xml *x;

	mst_err_clear(err);
	if (!misc(&r) || !at(&r, "<"))
		return fail(&r, "no element");
	x = element(&r, 0);
	if (x && (!misc(&r) || r.p != r.end))
		return fail(&r, "text behind the document");
	return x;
}

const struct sn_xml *sn_xml_child(const struct sn_xml *x, const char *wanted)
{
	const struct sn_xml *c = x ? x->child : NULL;

	while (c && !mst_slice_is(c->name, wanted))
		c = c->next;
	return c;
}

const char *sn_xml_text(const struct sn_xml *x, const char *wanted)
{
	const struct sn_xml *c = sn_xml_child(x, wanted);

	return c ? c->text.p : "";
}

const char *sn_xml_attr(const struct sn_xml *x, const char *wanted)
{
	for (const struct sn_xml_attr *a = x ? x->attrs : NULL; a;
	     a = a->next) {
		if (mst_slice_is(a->name, wanted))
			return a->value.p;
	}
	return "";
}
