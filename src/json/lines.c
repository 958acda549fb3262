/* SPDX-License-Identifier: Apache-2.0
 *
 * Records out of a window of NDJSON without building a document: simdjson's
 * first stage finds all structural characters (and checks UTF-8 and quotes),
 * then walk.c takes the fields of one record after the other. What it does not
 * understand goes through the full parser, line by line.
 */
#include <stdlib.h>

#include "base/cpu.h"
#include "mst_config.h"
#include "json/walk.h"

void mst_json_side_free(struct mst_json_side **s)
{
	if (!s || !*s)
		return;
	free((*s)->words);
	free((*s)->text);
	free(*s);
	*s = NULL;
}

static void side_make(struct mst_json_side *s, size_t bytes)
{
	if (bytes <= s->cap)
		return;
	s->cap = bytes;
	/* A token takes at most two words and stands for at least one byte; a
	 * text takes its length and five bytes for at least two, and copies
	 * run up to 16 bytes over. */
	s->words = mst_realloc(s->words, (bytes * 2 + 8) * sizeof(*s->words));
	s->text = mst_realloc(s->text, bytes * 4 + 128);
	s->tape.w = s->words;
	s->tape.s = s->text;
}

/* The full parser's word on one line. */
static int parse_line(struct mst_json_parser *p, struct mst_walk *w,
		      struct mst_slice line, struct mst_err *err)
{
	struct mst_json root;

	if (mst_json_parse(mst_json_parser_spare(p), line, &root, err) < 0)
		return -(int)err->code;
	if (!mst_picker_pick(w->k, root, w->v))
		return mst_err_set(err, MST_E_CORRUPT, "not a JSON object");
	return 0;
}

/* The first stage refused the window: find the line. */
static int bad_window(struct mst_json_parser *p, struct mst_walk *w, size_t n,
		      size_t *lines_r, struct mst_err *err)
{
	struct mst_err first = *err;
	size_t from = 0;

	*lines_r = 0;
	while (from < n) {
		const char *nl = memchr(w->data + from, '\n', n - from);
		size_t to = nl ? (size_t)(nl - w->data) : n;
		struct mst_slice line =
		    mst_slice_trim(mst_slice(w->data + from, to - from));

		if (line.n > 0) {
			++*lines_r;
			if (parse_line(p, w, line, err) < 0)
				return -(int)err->code;
		}
		from = to + 1;
	}
	*err = first;
	return -(int)err->code;
}

/* One record a line: between its end and the next token a line ends. */
static inline bool ends_line(const struct mst_walk *w, size_t next)
{
	size_t from = w->at[next - 1] + 1;

	if (next >= w->n || w->data[from] == '\n')
		return true;
	return memchr(w->data + from, '\n', w->at[next] - from) != NULL;
}

/* The line of token *i by the full parser; moves *i to the next line. */
static int whole_line(struct mst_json_parser *p, struct mst_walk *w, size_t *i,
		      size_t n, struct mst_err *err)
{
	size_t from = w->at[*i];
	const char *nl = memchr(w->data + from, '\n', n - from);
	size_t end = nl ? (size_t)(nl - w->data) : n;

	while (*i < w->n && w->at[*i] < end)
		++*i;
	return parse_line(p, w, mst_slice(w->data + from, end - from), err);
}

static struct mst_json_side *side_of(struct mst_json_parser *p)
{
	struct mst_json_side **side = mst_json_parser_side(p);

	if (!*side)
		*side = mst_alloc(sizeof(**side));
	return *side;
}

static mst_walk_fn which_walk(void)
{
#ifdef MST_HAVE_WIDE
	if (mst_cpu_wide())
		return mst_walk_record_wide;
#endif
	return mst_walk_record;
}

int mst_json_pick_lines(struct mst_json_parser *p, const char *data, size_t n,
			struct mst_picker *picker, struct mst_value *v,
			mst_json_record_fn fn, void *ctx, size_t *lines_r,
			struct mst_err *err)
{
	struct mst_walk w = {.k = picker, .data = data, .v = v};
	mst_walk_fn walk_record = which_walk();
	size_t lines = 0, i = 0;
	int rc;

	w.side = side_of(p);
	*lines_r = 0;
	if (mst_slice_trim(mst_slice(data, n)).n == 0)
		return 0;
	if (mst_json_stage1(p, data, n, &w.at, &w.n, err) < 0)
		return bad_window(p, &w, n, lines_r, err);
	side_make(w.side, n);
	while (i < w.n) {
		size_t next;

		lines++;
		w.side->words_n = w.side->text_n = 0;
		next = walk_record(&w, i);
		if (!next || !ends_line(&w, next)) {
			*lines_r = lines;
			next = i;
			if (whole_line(p, &w, &next, n, err) < 0)
				return -(int)err->code;
		}
		i = next;
		rc = fn(ctx, v, err);
		if (rc != 0) {
			*lines_r = 0;
			return rc;
		}
	}
	*lines_r = lines;
	return 0;
}
