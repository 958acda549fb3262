/* SPDX-License-Identifier: Apache-2.0
 *
 * An item back to YAML. Dotted keys become nested mappings where their order
 * lets them; else they are written with their dots, which reads the same.
 */
#include "conf/conf_private.h"
#include "conf/settings.h"

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9');
}

/* A text that every YAML reader takes as it stands. */
static bool is_plain(struct mst_slice s)
{
	static const char inner[] = "_-./+%@=,()*$^~:";
	bool minus = s.n > 1 && s.p[0] == '-' && is_alnum(s.p[1]);

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool last = i + 1 == s.n;

		if (is_alnum(c))
			continue;
		if (i == 0 && (c == '/' || c == '_' || minus))
			continue;
		if (i > 0 && c == ' ' && !last && s.p[i - 1] != ':')
			continue;
		if (i == 0 || c == 0 || !strchr(inner, c) || (c == ':' && last))
			return false;
	}
	return s.n > 0;
}

/* Characters that a double-quoted text cannot hold as they are. */
static bool put_char(struct mst_buf *out, uint32_t cp, const char *p, size_t n)
{
	switch (cp) {
	case '"':
		return mst_buf_adds(out, "\\\"");
	case '\\':
		return mst_buf_adds(out, "\\\\");
	case '\n':
		return mst_buf_adds(out, "\\n");
	case '\r':
		return mst_buf_adds(out, "\\r");
	case '\t':
		return mst_buf_adds(out, "\\t");
	default:
		break;
	}
	if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
		return mst_buf_addf(out, "\\x%02x", (unsigned)cp);
	if (cp == 0x2028 || cp == 0x2029 || cp == 0xfeff || cp >= 0xfffe)
		return mst_buf_addf(out, "\\U%08x", (unsigned)cp);
	return mst_buf_add(out, p, n);
}

static bool put_slice(struct mst_buf *out, struct mst_slice s)
{
	size_t step;

	if (is_plain(s))
		return mst_buf_add_slice(out, s);
	if (!mst_buf_addc(out, '"'))
		return false;
	for (; s.n > 0; s = mst_slice(s.p + step, s.n - step)) {
		uint32_t cp = 0;

		step = mst_utf8_next(s.p, s.n, &cp);
		if (step == 0 || !put_char(out, cp, s.p, step))
			return false;
	}
	return mst_buf_addc(out, '"');
}

static bool put_text(struct mst_buf *out, const char *s)
{
	return put_slice(out, mst_slice_str(s));
}

static bool indent(struct mst_buf *out, size_t level)
{
	return mst_buf_addf(out, "%*s", (int)(level * 2 + 2), "");
}

static bool put_value(struct mst_buf *out, const char *key, size_t level,
		      const struct mst_conf_value *v)
{
	bool ok =
	    indent(out, level) && put_text(out, key) && mst_buf_addc(out, ':');

	if (!v->is_list)
		return ok && mst_buf_addc(out, ' ') &&
		       put_text(out, v->texts_n ? v->texts[0] : "") &&
		       mst_buf_addc(out, '\n');
	ok = ok && mst_buf_adds(out, v->texts_n ? "\n" : " []\n");
	for (size_t i = 0; ok && i < v->texts_n; i++)
		ok = indent(out, level + 1) && mst_buf_adds(out, "- ") &&
		     put_text(out, v->texts[i]) && mst_buf_addc(out, '\n');
	return ok;
}

/* Whether key i lies below the mapping whose path is the first n bytes of
 * path; "a." does not lie below "a": no key can be empty. */
static bool is_below(const struct mst_conf_item *item, size_t i,
		     const char *path, size_t n)
{
	const char *key = item->values[i].key;

	return strncmp(key, path, n) == 0 && key[n] == '.' && key[n + 1];
}

/* What says which item it is stands beside the values. */
static bool is_taken(const struct mst_conf_item *item, const char *key,
		     size_t n)
{
	static const char *const of_settings[] = {"connection", "environment"};
	static const char *const of_others[] = {"name", "type"};
	const char *const *words =
	    mst_is_settings(item) ? of_settings : of_others;

	return mst_slice_is(mst_slice(key, n), words[0]) ||
	       mst_slice_is(mst_slice(key, n), words[1]);
}

/* Whether the mapping can be opened at key i: its members must follow each
 * other, and nothing else may have its name. */
static bool may_open(const struct mst_conf_item *item, size_t i,
		     const char *path, size_t n)
{
	const char *dot = memrchr(path, '.', n);
	const char *start = dot ? dot + 1 : path;

	if (start == path + n) /* "a..b" */
		return false;
	if (!dot && is_taken(item, path, n))
		return false;
	for (size_t k = 0; k < item->values_n; k++) {
		const char *key = item->values[k].key;

		if (strncmp(key, path, n) == 0 && key[n] == 0)
			return false;
		if (k < i && is_below(item, k, path, n))
			return false;
	}
	return true;
}

#define LEVELS 24 /* below what mst_conf_read takes */

struct writer {
	const struct mst_conf_item *item;
	struct mst_buf *out;
	size_t level; /* mappings that are open */
	/* where each one's path ends in the last key: at its dot */
	size_t ends[LEVELS];
};

/* Closes the mappings that key i does not lie in. */
static void close_for(struct writer *w, size_t i)
{
	while (w->level > 0 && !is_below(w->item, i, w->item->values[i - 1].key,
					 w->ends[w->level - 1]))
		w->level--;
}

static bool put_item_value(struct writer *w, size_t i)
{
	const char *key = w->item->values[i].key;

	close_for(w, i);
	for (;;) {
		size_t from = w->level ? w->ends[w->level - 1] + 1 : 0;
		const char *dot = strchr(key + from, '.');
		size_t end = dot ? (size_t)(dot - key) : 0;

		if (!dot || !dot[1] || w->level == LEVELS ||
		    !may_open(w->item, i, key, end))
			return put_value(w->out, key + from, w->level + 1,
					 &w->item->values[i]);
		if (!indent(w->out, w->level + 1) ||
		    !put_slice(w->out, mst_slice(key + from, end - from)) ||
		    !mst_buf_adds(w->out, ":\n"))
			return false;
		w->ends[w->level++] = end;
	}
}

static bool put_head(const struct mst_conf_item *item, struct mst_buf *out)
{
	const char *slash = strchr(item->name, '/');

	if (mst_conf_is_single(item->kind))
		return item->values_n ? true : mst_buf_adds(out, "    {}\n");
	if (mst_is_settings(item) && slash)
		return mst_buf_adds(out, "  - connection: ") &&
		       put_slice(out,
				 mst_slice(item->name,
					   (size_t)(slash - item->name))) &&
		       mst_buf_adds(out, "\n    environment: ") &&
		       put_text(out, slash + 1) && mst_buf_addc(out, '\n');
	if (!mst_buf_adds(out, "  - name: ") || !put_text(out, item->name) ||
	    !mst_buf_addc(out, '\n'))
		return false;
	return !item->type || !*item->type ||
	       (mst_buf_adds(out, "    type: ") && put_text(out, item->type) &&
		mst_buf_addc(out, '\n'));
}

bool mst_conf_write(const struct mst_conf_item *item, struct mst_buf *out)
{
	struct writer w = {.item = item, .out = out};
	bool ok = put_head(item, out);

	for (size_t i = 0; ok && i < item->values_n; i++)
		ok = put_item_value(&w, i);
	return ok;
}
