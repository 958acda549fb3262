/* SPDX-License-Identifier: Apache-2.0
 *
 * A report out of its JSON: what a task made is kept so, and a person may want
 * it as CSV or as a workbook later.
 */
#include "base/time.h"
#include "report/report_private.h"
#include "json/json.h"

#define WORD_MAX 200

static int damaged(struct mst_err *err)
{
	return mst_err_set(err, MST_E_CORRUPT,
			   "this is not the JSON of a report");
}

static const char *text_of(struct mst_report *r, struct mst_json v,
			   const char *key)
{
	struct mst_slice s = mst_json_str(mst_json_get(v, key));

	return mst_arena_dup(&r->arena, mst_slice(s.p ? s.p : "", s.n)).p;
}

static bool flag_of(struct mst_json v, const char *key)
{
	bool b = false;

	return mst_json_bool(mst_json_get(v, key), &b) && b;
}

static enum mst_report_type type_of(struct mst_json column)
{
	struct mst_json t = mst_json_get(column, "type");

	return mst_json_is_str(t, "number") ? MST_REPORT_NUMBER
	       : mst_json_is_str(t, "time") ? MST_REPORT_TIME
					    : MST_REPORT_TEXT;
}

static const struct mst_report_column *
take_columns(struct mst_report *r, struct mst_json list, size_t *n_r)
{
	size_t n = MST_MIN(mst_json_len(list), (size_t)MST_REPORT_COLUMNS);
	struct mst_report_column *v =
	    mst_arena_alloc(&r->arena, (n + 1) * sizeof(*v));
	struct mst_json_iter it = mst_json_iter(list);
	struct mst_json one;

	for (size_t i = 0; i < n && mst_json_next(&it, NULL, &one); i++) {
		v[i].name = text_of(r, one, "name");
		v[i].title = text_of(r, one, "title");
		v[i].type = type_of(one);
	}
	*n_r = n;
	return v;
}

/* A cell as it was before it was JSON. */
static struct mst_slice cell_of(struct mst_report *r, struct mst_json v)
{
	struct mst_buf b = MST_BUF_INIT(WORD_MAX);
	struct mst_slice s = mst_json_str(v);

	if (s.p || mst_json_type(v) == MST_JSON_NULL)
		return mst_slice(s.p ? s.p : "", s.n);
	(void)mst_json_write(v, &b);
	s = mst_arena_dup(&r->arena, mst_buf_slice(&b));
	mst_buf_fini(&b);
	return s;
}

/* The columns that the main sections share. */
struct shared {
	const struct mst_report_column *v;
	size_t n;
};

static int take_section(struct mst_report *r, const char *name,
			struct mst_json v, struct shared *shared,
			struct mst_err *err)
{
	struct mst_slice cells[MST_REPORT_COLUMNS];
	struct mst_json rows = mst_json_get(v, "rows"), row;
	struct mst_json_iter it = mst_json_iter(rows);
	const struct mst_report_column *columns;
	struct mst_report_section *s;
	int64_t total = 0;
	size_t n = 0;

	columns = take_columns(r, mst_json_get(v, "columns"), &n);
	if (n == 0 || r->sections_n == MST_REPORT_SECTIONS)
		return damaged(err);
	if (flag_of(v, "main")) {
		if (!shared->v)
			*shared = (struct shared){columns, n};
		if (shared->n != n)
			return damaged(err);
		columns = shared->v;
	}
	s = mst_report_section(r, name, text_of(r, v, "title"), columns, n,
			       flag_of(v, "list"));
	while (mst_json_next(&it, NULL, &row)) {
		for (size_t i = 0; i < n; i++)
			cells[i] =
			    cell_of(r, mst_json_get(row, columns[i].name));
		mst_report_row(r, s, cells);
	}
	if (mst_json_i64(mst_json_get(v, "total"), &total) &&
	    (uint64_t)total > s->rows)
		s->more = (uint64_t)total - s->rows;
	return 0;
}

static int take(struct mst_json root, struct mst_report *r, struct mst_err *err)
{
	struct mst_json_iter notes = mst_json_iter(mst_json_get(root, "notes"));
	struct mst_json_iter sections =
	    mst_json_iter(mst_json_get(root, "sections"));
	struct shared shared = {NULL, 0};
	struct mst_slice name;
	struct mst_json one;
	int rc = 0;

	r->name = text_of(r, root, "report");
	r->title = text_of(r, root, "title");
	r->job = text_of(r, root, "job");
	if (!*r->name ||
	    !mst_time_parse(mst_json_str(mst_json_get(root, "made_at")),
			    &r->made_us))
		return damaged(err);
	while (mst_json_next(&notes, NULL, &one))
		mst_report_note(r, flag_of(one, "incomplete"), "%s",
				text_of(r, one, "text"));
	while (rc == 0 && mst_json_next(&sections, &name, &one))
		rc = take_section(r, mst_arena_dup(&r->arena, name).p, one,
				  &shared, err);
	/* Not what the first section made it. */
	if (shared.v)
		r->main = shared.v;
	return rc;
}

int mst_report_read(struct mst_slice json, struct mst_report *r,
		    struct mst_err *err)
{
	struct mst_json_parser *p = mst_json_parser_new(json.n + 1);
	struct mst_json root;
	int rc;

	mst_report_init(r, "", "", "");
	rc = mst_json_parse(p, json, &root, err);
	if (rc == 0)
		rc = take(root, r, err);
	mst_json_parser_free(&p);
	return rc < 0 ? damaged(err) : 0;
}
