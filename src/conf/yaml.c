/* SPDX-License-Identifier: Apache-2.0
 *
 * YAML text to a tree, through libfyaml's events. Of YAML only what a
 * configuration needs is let in: one document of mappings, lists and texts.
 * Anchors, aliases and tags are refused (an alias can make a small file
 * large), and so are tabs in the indentation, which libfyaml reports less
 * clearly.
 */
#include <libfyaml.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/limits.h"
#include "base/map.h"
#include "conf/conf_private.h"

struct level {
	struct mst_node *node;
	struct mst_map keys; /* MAP: what was there already */
	bool want_key;
	/* MAP: the key whose value comes next */
	struct mst_slice key;
	int key_line, key_column;
};

struct reader {
	const char *file;
	struct mst_arena *arena;
	struct mst_err *err;
	struct level levels[MST_MAX_CONF_DEPTH];
	size_t depth;
	size_t nodes;
	struct mst_node *root;
	size_t documents;
	int line, column; /* of the last event */
};

int mst_conf_fail(struct mst_err *err, const char *file, int line, int column,
		  const char *fmt, ...)
{
	char text[sizeof(err->msg)];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (line <= 0)
		return mst_err_set(err, MST_E_INVALID, "%s", text);
	return mst_err_set(err, MST_E_INVALID, "%.200s:%d:%d: %.780s", file,
			   line, column, text);
}

const char *mst_conf_show(const char *text, char out[80])
{
	size_t n = 0;

	for (; text[n] && n < 60; n++)
		out[n] = (unsigned char)text[n] < 0x20 || text[n] == 0x7f
			     ? '?'
			     : text[n];
	/* not in the middle of a character */
	while (text[n] && n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
		n--;
	(void)snprintf(out + n, 80 - n, "%s", text[n] ? "…" : "");
	return out;
}

size_t mst_utf8_next(const char *p, size_t n, uint32_t *cp_r)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char c = (unsigned char)p[0];
	size_t len = c < 0x80		  ? 1
		     : (c & 0xe0) == 0xc0 ? 2
		     : (c & 0xf0) == 0xe0 ? 3
		     : (c & 0xf8) == 0xf0 ? 4
					  : 0;
	uint32_t cp;

	if (len == 0 || len > n)
		return 0;
	cp = len == 1 ? c : c & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if (((unsigned char)p[i] & 0xc0) != 0x80)
			return 0;
		cp = cp << 6 | ((unsigned char)p[i] & 0x3f);
	}
	if (cp < least[len] || cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
		return 0;
	*cp_r = cp;
	return len;
}

/* ---- the bytes --------------------------------------------------------- */

/* The first tab in the blanks that a line begins with, or NULL. libfyaml
 * refuses some of them, without naming the cure. */
static const char *find_tab(const char *p, const char *end)
{
	while (p < end && *p == ' ')
		p++;
	return p < end && *p == '\t' ? p : NULL;
}

static int check_bytes(struct mst_slice s, const char *file,
		       struct mst_err *err)
{
	const char *end = s.p + s.n, *line = s.p, *tab;
	int line_no = 1;

	for (const char *p = s.p; p < end;) {
		uint32_t cp = 0;
		size_t n = mst_utf8_next(p, (size_t)(end - p), &cp);

		if (n == 0)
			return mst_conf_fail(err, file, line_no,
					     (int)(p - line) + 1,
					     "the file is not UTF-8; save it "
					     "as UTF-8 text");
		if (cp == 0x7f || (cp < 0x20 && !strchr("\t\r\n", (int)cp)) ||
		    cp == 0)
			return mst_conf_fail(err, file, line_no,
					     (int)(p - line) + 1,
					     "the control character 0x%02x "
					     "may not stand in the file",
					     (unsigned)cp);
		tab = p == line ? find_tab(p, end) : NULL;
		if (tab)
			return mst_conf_fail(err, file, line_no,
					     (int)(tab - line) + 1,
					     "a tab in the indentation; YAML "
					     "wants spaces");
		p += n;
		if (cp == '\n') {
			line = p;
			line_no++;
		}
	}
	return 0;
}

/* ---- the tree ---------------------------------------------------------- */

static int fail(struct reader *r, const char *why)
{
	return mst_conf_fail(r->err, r->file, r->line, r->column, "%s", why);
}

static struct level *top(struct reader *r)
{
	return r->depth ? &r->levels[r->depth - 1] : NULL;
}

/* libfyaml's mark of a quoted text is behind the quote, that of an alias
 * behind the star: one back, to where a person would point. */
static void mark(struct reader *r, struct fy_event *e)
{
	const struct fy_mark *m = fy_event_start_mark(e);
	bool behind = e->type == FYET_ALIAS;

	if (!m)
		return;
	if (e->type == FYET_SCALAR && e->scalar.value) {
		enum fy_scalar_style style =
		    fy_token_scalar_style(e->scalar.value);

		behind =
		    style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
	}
	r->line = m->line + 1;
	r->column = m->column + 1 - (behind && m->column > 0);
}

/* Hangs a node below the open list or mapping. */
static int add_node(struct reader *r, enum mst_node_kind kind,
		    struct mst_node **node_r)
{
	struct level *l = top(r);
	struct mst_node *n;

	if (++r->nodes > MST_MAX_CONF_NODES)
		return fail(r, "the file has too many values");
	if (l && l->node->kind == MST_NODE_MAP && l->want_key)
		return fail(r, "a key must be a plain word");
	n = mst_arena_alloc(r->arena, sizeof(*n));
	*n = (struct mst_node){
	    .kind = kind, .line = r->line, .column = r->column};
	*node_r = n;
	if (!l) {
		r->root = n;
		return 0;
	}
	if (l->node->kind == MST_NODE_MAP) {
		n->key = l->key;
		n->key_line = l->key_line;
		n->key_column = l->key_column;
		l->want_key = true;
	}
	if (l->node->last)
		l->node->last->next = n;
	else
		l->node->first = n;
	l->node->last = n;
	l->node->n++;
	return 0;
}

static int open_node(struct reader *r, enum mst_node_kind kind)
{
	struct mst_node *n = NULL;
	int ret;

	if (r->depth == MST_MAX_CONF_DEPTH)
		return fail(r, "lists and mappings are nested too deeply");
	ret = add_node(r, kind, &n);
	if (ret < 0)
		return ret;
	r->levels[r->depth++] =
	    (struct level){.node = n, .want_key = kind == MST_NODE_MAP};
	return 0;
}

static void close_node(struct reader *r)
{
	if (r->depth > 0)
		mst_map_fini(&r->levels[--r->depth].keys);
}

static int take_key(struct reader *r, struct level *l, struct mst_slice text)
{
	struct mst_node *pos;
	char shown[80];

	if (text.n == 0)
		return fail(r, "a key is missing in front of the \":\"");
	if (text.n > MST_MAX_CONF_KEY)
		return fail(r, "a key is too long; is the \": \" at the right "
			       "place?");
	text = mst_arena_dup(r->arena, text);
	pos = mst_map_get(&l->keys, text);
	if (pos)
		return mst_conf_fail(r->err, r->file, r->line, r->column,
				     "the key \"%s\" is given twice; first in "
				     "line %d",
				     mst_conf_show(text.p, shown), pos->line);
	pos = mst_arena_alloc(r->arena, sizeof(*pos));
	pos->line = r->line;
	(void)mst_map_put(&l->keys, text, pos);
	l->key = text;
	l->key_line = r->line;
	l->key_column = r->column;
	l->want_key = false;
	return 0;
}

/* The file was checked, what libfyaml made of it was not: "\0" is no text. */
static int check_text(struct reader *r, struct mst_slice s)
{
	while (s.n > 0) {
		uint32_t cp = 0;
		size_t n = mst_utf8_next(s.p, s.n, &cp);

		if (n == 0)
			return fail(r, "a text holds what is no character");
		if (cp == 0)
			return fail(r, "a text may not hold a zero byte");
		s = mst_slice(s.p + n, s.n - n);
	}
	return 0;
}

static int take_scalar(struct reader *r, struct fy_token *token)
{
	struct level *l = top(r);
	size_t n = 0;
	const char *p = token ? fy_token_get_text(token, &n) : "";
	struct mst_slice text = mst_slice(p ? p : "", p ? n : 0);
	struct mst_node *node = NULL;
	int ret;

	/* libfyaml 0.7.12 gives bytes of its own for some of them */
	if (token && fy_token_scalar_style(token) == FYSS_FOLDED)
		return fail(r, "folded texts (\">\") are not used here; write "
			       "the text in one line, or with \"|\"");
	if (text.n > MST_MAX_TEXT)
		return fail(r, "a value is too long");
	ret = check_text(r, text);
	if (ret < 0)
		return ret;
	if (l && l->node->kind == MST_NODE_MAP && l->want_key)
		return take_key(r, l, text);
	ret = add_node(r, MST_NODE_TEXT, &node);
	if (ret < 0)
		return ret;
	node->text = mst_arena_dup(r->arena, text);
	node->is_blank = text.n == 0 &&
			 (!token || fy_token_scalar_style(token) == FYSS_PLAIN);
	return 0;
}

static int no_extras(struct reader *r, struct fy_token *anchor,
		     struct fy_token *tag)
{
	if (anchor)
		return fail(r, "anchors (\"&\") and aliases (\"*\") are not "
			       "used here; a text that starts with one of "
			       "these signs needs quotes");
	if (tag)
		return fail(r, "tags (\"!\") are not used here; a text that "
			       "starts with this sign needs quotes");
	return 0;
}

static int take_event(struct reader *r, struct fy_event *e)
{
	int ret = 0;

	mark(r, e);
	switch (e->type) {
	case FYET_DOCUMENT_START:
		if (++r->documents > 1)
			return fail(r, "a second document begins here; put "
				       "it into a file of its own");
		return 0;
	case FYET_MAPPING_START:
		ret =
		    no_extras(r, e->mapping_start.anchor, e->mapping_start.tag);
		return ret < 0 ? ret : open_node(r, MST_NODE_MAP);
	case FYET_SEQUENCE_START:
		ret = no_extras(r, e->sequence_start.anchor,
				e->sequence_start.tag);
		return ret < 0 ? ret : open_node(r, MST_NODE_LIST);
	case FYET_MAPPING_END:
	case FYET_SEQUENCE_END:
		close_node(r);
		return 0;
	case FYET_SCALAR:
		ret = no_extras(r, e->scalar.anchor, e->scalar.tag);
		return ret < 0 ? ret : take_scalar(r, e->scalar.value);
	case FYET_ALIAS:
		return no_extras(r, e->alias.anchor, NULL);
	case FYET_NONE:
	case FYET_STREAM_START:
	case FYET_STREAM_END:
	case FYET_DOCUMENT_END:
		break;
	}
	return 0;
}

/* ---- the parser -------------------------------------------------------- */

/* The first thing that libfyaml found wrong. Its messages name signs and
 * places, not contents. */
static int parser_error(struct reader *r, struct fy_diag *diag)
{
	void *iter = NULL;
	struct fy_diag_error *e = fy_diag_errors_iterate(diag, &iter);
	char shown[80];

	if (!e || !e->msg)
		return fail(r, "this is not valid YAML");
	if (e->line > 0) {
		r->line = e->line;
		r->column = MST_MAX(e->column, 1);
	}
	return mst_conf_fail(r->err, r->file, r->line, r->column,
			     "this is not valid YAML: %s",
			     mst_conf_show(e->msg, shown));
}

static void drop_output(struct fy_diag *diag, void *user, const char *text,
			size_t n)
{
	(void)diag;
	(void)user;
	(void)text;
	(void)n;
}

static int parse(struct reader *r, struct mst_slice yaml, struct fy_diag *diag)
{
	struct fy_parse_cfg cfg = {
	    .flags = FYPCF_QUIET | FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE,
	    .diag = diag,
	};
	struct fy_parser *parser = fy_parser_create(&cfg);
	struct fy_event *e;
	int ret = 0;

	if (!parser)
		mst_oom();
	if (fy_parser_set_string(parser, yaml.p, yaml.n) != 0)
		ret = fail(r, "libfyaml does not take the file");
	while (ret == 0 && (e = fy_parser_parse(parser))) {
		ret = take_event(r, e);
		fy_parser_event_free(parser, e);
	}
	if (ret == 0 && fy_parser_get_stream_error(parser))
		ret = parser_error(r, diag);
	fy_parser_destroy(parser);
	return ret;
}

int mst_yaml_read(struct mst_slice yaml, const char *file,
		  struct mst_arena *arena, struct mst_node **root_r,
		  struct mst_err *err)
{
	struct reader r = {
	    .file = file, .arena = arena, .err = err, .line = 1, .column = 1};
	struct fy_diag_cfg cfg;
	struct fy_diag *diag;
	int ret;

	if (yaml.n > MST_MAX_CONF)
		return mst_conf_fail(err, file, 1, 1,
				     "the file is larger than %u bytes",
				     MST_MAX_CONF);
	if (yaml.n >= 3 && memcmp(yaml.p, "\xef\xbb\xbf", 3) == 0)
		yaml = mst_slice(yaml.p + 3, yaml.n - 3);
	ret = check_bytes(yaml, file, err);
	if (ret < 0)
		return ret;
	*root_r = NULL;
	if (yaml.n == 0)
		return 0;
	fy_diag_cfg_default(&cfg);
	/* what is not collected must not go to stderr either */
	cfg.fp = NULL;
	cfg.output_fn = drop_output;
	diag = fy_diag_create(&cfg);
	if (!diag)
		mst_oom();
	fy_diag_set_collect_errors(diag, true);
	ret = parse(&r, yaml, diag);
	fy_diag_destroy(diag);
	while (r.depth > 0)
		close_node(&r);
	if (ret == 0)
		*root_r = r.root;
	return ret;
}
