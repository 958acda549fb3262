/* SPDX-License-Identifier: Apache-2.0
 *
 * A report for programs: CSV and JSON.
 */
#include <stdio.h>

#include "base/num.h"
#include "base/time.h"
#include "conf/conf.h"
#include "report/report_private.h"
#include "json/out.h"

int report_find(const struct mst_report *r, const char *name,
		const struct mst_report_section **s_r, struct mst_err *err)
{
	const char *names[MST_REPORT_SECTIONS + 1];
	const char *near;
	char all[400] = "";

	for (size_t i = 0; i < r->sections_n; i++) {
		size_t at = strlen(all);

		*s_r = &r->sections[i];
		if (strcmp(r->sections[i].name, name) == 0)
			return 0;
		names[i] = r->sections[i].name;
		(void)snprintf(all + at, sizeof(all) - at, "%s%s",
			       i ? ", " : "", names[i]);
	}
	names[r->sections_n] = NULL;
	near = mst_nearest(name, names);
	return mst_err_set(err, MST_E_NOTFOUND,
			   "the report %s has no section '%s'%s%s%s; it has %s",
			   r->name, name, near ? "; did you mean '" : "",
			   near ? near : "", near ? "'?" : "", all);
}

/* ---- CSV ----------------------------------------------------------------- */

static void add_csv(struct mst_buf *out, struct mst_slice s, bool text)
{
	bool quote = s.n && (s.p[0] == ' ' || s.p[s.n - 1] == ' ');
	/* A spreadsheet runs what begins so, wherever the text came from. */
	bool formula = text && s.n && strchr("=+-@\t\r", s.p[0]);

	for (size_t i = 0; i < s.n; i++)
		quote = quote || strchr("\",\n\r", s.p[i]);
	if (quote)
		mst_buf_addc(out, '"');
	if (formula)
		mst_buf_addc(out, '\'');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			mst_buf_addc(out, '"');
		mst_buf_addc(out, s.p[i]);
	}
	if (quote)
		mst_buf_addc(out, '"');
}

static void csv_rows(const struct mst_report_section *s, struct mst_buf *out)
{
	for (size_t k = 0; k < s->rows; k++) {
		const struct mst_slice *row = &s->cells[k * s->columns_n];

		for (size_t i = 0; i < s->columns_n; i++) {
			if (i)
				mst_buf_addc(out, ',');
			add_csv(out, row[i],
				s->columns[i].type != MST_REPORT_NUMBER);
		}
		mst_buf_addc(out, '\n');
	}
}

static void csv_head(const struct mst_report_section *s, struct mst_buf *out)
{
	for (size_t i = 0; i < s->columns_n; i++)
		mst_buf_addf(out, "%s%s", i ? "," : "", s->columns[i].name);
	mst_buf_addc(out, '\n');
}

int mst_report_csv(const struct mst_report *r, const char *section,
		   struct mst_buf *out, struct mst_err *err)
{
	const struct mst_report_section *one = NULL;
	bool first = true;

	if (section && report_find(r, section, &one, err) < 0)
		return -(int)err->code;
	for (size_t i = 0; i < r->sections_n; i++) {
		const struct mst_report_section *s = &r->sections[i];

		if (one ? s != one : s->columns != r->main)
			continue;
		if (first)
			csv_head(s, out);
		first = false;
		csv_rows(s, out);
	}
	return 0;
}

/* ---- JSON ---------------------------------------------------------------- */

static void json_cell(struct mst_jout *j, const struct mst_report_column *c,
		      struct mst_slice s)
{
	double d;
	int64_t n;

	mst_jout_key(j, c->name);
	if (!s.n && c->type != MST_REPORT_TEXT)
		mst_jout_null(j);
	else if (c->type == MST_REPORT_NUMBER && mst_num_i64(s, &n))
		mst_jout_i64(j, n);
	else if (c->type == MST_REPORT_NUMBER && mst_num_dbl(s, &d))
		mst_jout_dbl(j, d);
	else
		mst_jout_slice(j, s);
}

static void json_columns(struct mst_jout *j, const struct mst_report_section *s)
{
	static const char *const types[] = {"text", "number", "time"};

	mst_jout_key(j, "columns");
	mst_jout_arr(j);
	for (size_t i = 0; i < s->columns_n; i++) {
		mst_jout_obj(j);
		mst_jout_kstr(j, "name", s->columns[i].name);
		mst_jout_kstr(j, "title", s->columns[i].title);
		mst_jout_kstr(j, "type", types[s->columns[i].type]);
		mst_jout_end_obj(j);
	}
	mst_jout_end_arr(j);
}

static void json_section(struct mst_jout *j, const struct mst_report *r,
			 const struct mst_report_section *s)
{
	mst_jout_key(j, s->name);
	mst_jout_obj(j);
	mst_jout_kstr(j, "title", s->title);
	mst_jout_kbool(j, "list", s->list);
	mst_jout_kbool(j, "main", s->columns == r->main);
	json_columns(j, s);
	mst_jout_ki64(j, "total", (int64_t)(s->rows + s->more));
	mst_jout_key(j, "rows");
	mst_jout_arr(j);
	for (size_t k = 0; k < s->rows; k++) {
		mst_jout_obj(j);
		for (size_t i = 0; i < s->columns_n; i++)
			json_cell(j, &s->columns[i],
				  s->cells[k * s->columns_n + i]);
		mst_jout_end_obj(j);
	}
	mst_jout_end_arr(j);
	mst_jout_end_obj(j);
}

int mst_report_json(const struct mst_report *r, const char *section,
		    struct mst_buf *out, struct mst_err *err)
{
	const struct mst_report_section *one = NULL;
	struct mst_jout j;
	char iso[21];

	if (section && report_find(r, section, &one, err) < 0)
		return -(int)err->code;
	mst_time_iso(r->made_us, iso);
	mst_jout_init(&j, out);
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "report", r->name);
	mst_jout_kstr(&j, "title", r->title);
	mst_jout_kstr(&j, "job", r->job);
	mst_jout_kstr(&j, "made_at", iso);
	mst_jout_kbool(&j, "complete", mst_report_complete(r));
	mst_jout_key(&j, "notes");
	mst_jout_arr(&j);
	for (size_t i = 0; i < r->notes_n; i++) {
		mst_jout_obj(&j);
		mst_jout_kstr(&j, "text", r->notes[i].text);
		mst_jout_kbool(&j, "incomplete", r->notes[i].lacks);
		mst_jout_end_obj(&j);
	}
	mst_jout_end_arr(&j);
	mst_jout_key(&j, "sections");
	mst_jout_obj(&j);
	for (size_t i = 0; i < r->sections_n; i++) {
		if (!one || one == &r->sections[i])
			json_section(&j, r, &r->sections[i]);
	}
	mst_jout_end_obj(&j);
	mst_jout_end_obj(&j);
	mst_buf_addc(out, '\n');
	return 0;
}
