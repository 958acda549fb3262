/* SPDX-License-Identifier: Apache-2.0
 *
 * A report as an Office Open XML workbook: a sheet that says what it is and
 * what it may lack, then one per section. Texts are texts: nothing in a
 * workbook of ours is a formula.
 */
#include <stdlib.h>
#include <unistd.h>
#include <xlsxwriter.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/num.h"
#include "base/time.h"
#include "report/report_private.h"

#define SHEET_NAME 31
#define WIDTH_MAX  60
#define WIDTH_ROWS 200 /* that decide how wide a column is */

struct book {
	lxw_workbook *book;
	lxw_format *head, *title, *time, *wrap;
};

static lxw_error put_text(lxw_worksheet *sheet, lxw_row_t row, size_t column,
			  struct mst_slice s, lxw_format *format)
{
	char *text = mst_strndup(s.p, s.n);
	lxw_error rc =
	    worksheet_write_string(sheet, row, (lxw_col_t)column, text, format);

	free(text);
	return rc;
}

/* "2026-11-20T10:00:00Z" as a day and time of the calendar. */
static bool is_time(struct mst_slice s, lxw_datetime *t_r)
{
	static const struct {
		size_t at, n;
	} parts[] = {{0, 4}, {5, 2}, {8, 2}, {11, 2}, {14, 2}, {17, 2}};
	uint64_t v[MST_LEN(parts)];

	if (s.n < 19)
		return false;
	for (size_t i = 0; i < MST_LEN(parts); i++) {
		if (!mst_num_u64(mst_slice(s.p + parts[i].at, parts[i].n),
				 &v[i]))
			return false;
	}
	*t_r = (lxw_datetime){(int)v[0], (int)v[1], (int)v[2],
			      (int)v[3], (int)v[4], (double)v[5]};
	return v[0] >= 1900;
}

static lxw_error put_cell(const struct book *b, lxw_worksheet *sheet,
			  lxw_row_t row, size_t column,
			  enum mst_report_type type, struct mst_slice s)
{
	lxw_datetime t;
	double d;

	if (!s.n)
		return LXW_NO_ERROR;
	if (type == MST_REPORT_NUMBER && mst_num_dbl(s, &d))
		return worksheet_write_number(sheet, row, (lxw_col_t)column, d,
					      NULL);
	if (type == MST_REPORT_TIME && is_time(s, &t))
		return worksheet_write_datetime(sheet, row, (lxw_col_t)column,
						&t, b->time);
	return put_text(sheet, row, column, s, NULL);
}

/* A column that people's text does not show has no title. */
static const char *title_of(const struct mst_report_column *c)
{
	return c->title && *c->title ? c->title : c->name;
}

static void set_width(lxw_worksheet *sheet, const struct mst_report_section *s,
		      size_t column)
{
	const struct mst_report_column *c = &s->columns[column];
	size_t width = strlen(title_of(c));

	for (size_t k = 0; k < MST_MIN(s->rows, (size_t)WIDTH_ROWS); k++)
		width = MST_MAX(width, s->cells[k * s->columns_n + column].n);
	(void)worksheet_set_column(
	    sheet, (lxw_col_t)column, (lxw_col_t)column,
	    (double)MST_MIN(width, (size_t)WIDTH_MAX) + 3, NULL);
}

static lxw_error put_section(const struct book *b,
			     const struct mst_report_section *s)
{
	lxw_error rc = LXW_NO_ERROR;
	char name[SHEET_NAME + 1];
	lxw_worksheet *sheet;

	(void)snprintf(name, sizeof(name), "%s", s->name);
	sheet = workbook_add_worksheet(b->book, name);
	if (!sheet)
		return LXW_ERROR_SHEETNAME_ALREADY_USED;
	worksheet_freeze_panes(sheet, 1, 0);
	for (size_t i = 0; i < s->columns_n; i++)
		set_width(sheet, s, i);
	if (s->rows && s->columns_n)
		(void)worksheet_autofilter(sheet, 0, 0, (lxw_row_t)s->rows,
					   (lxw_col_t)(s->columns_n - 1));
	/* In constant memory a row is written when the next one begins. */
	for (size_t i = 0; i < s->columns_n && !rc; i++)
		rc = put_text(sheet, 0, i,
			      mst_slice_str(title_of(&s->columns[i])), b->head);
	for (size_t k = 0; k < s->rows && !rc; k++) {
		for (size_t i = 0; i < s->columns_n && !rc; i++)
			rc = put_cell(b, sheet, (lxw_row_t)(k + 1), i,
				      s->columns[i].type,
				      s->cells[k * s->columns_n + i]);
	}
	return rc;
}

/* What it is, when it was made, what it may lack, how long its parts are. */
static lxw_error put_front(const struct book *b, const struct mst_report *r)
{
	lxw_worksheet *sheet = workbook_add_worksheet(b->book, "report");
	char iso[21], text[128];
	lxw_row_t row = 0;
	lxw_error rc;

	if (!sheet)
		return LXW_ERROR_SHEETNAME_ALREADY_USED;
	mst_time_iso(r->made_us, iso);
	(void)snprintf(text, sizeof(text), "%.10s %.5s UTC", iso, iso + 11);
	(void)worksheet_set_column(sheet, 0, 0, 28, NULL);
	(void)worksheet_set_column(sheet, 1, 1, 90, b->wrap);
	rc = put_text(sheet, row++, 0, mst_slice_str(r->title), b->title);
	if (!rc)
		rc = put_text(sheet, row, 0, mst_slice_str("Job"), NULL);
	if (!rc)
		rc = put_text(sheet, row++, 1, mst_slice_str(r->job), b->wrap);
	if (!rc)
		rc = put_text(sheet, row, 0, mst_slice_str("Made"), NULL);
	if (!rc)
		rc = put_text(sheet, row++, 1, mst_slice_str(text), b->wrap);
	for (size_t i = 0; i < r->notes_n && !rc; i++) {
		rc = put_text(sheet, row, 0,
			      mst_slice_str(r->notes[i].lacks
						? "May be incomplete"
						: "Note"),
			      NULL);
		if (!rc)
			rc = put_text(sheet, row++, 1,
				      mst_slice_str(r->notes[i].text), b->wrap);
	}
	for (size_t i = 0; i < r->sections_n && !rc; i++) {
		const struct mst_report_section *s = &r->sections[i];

		rc = put_text(sheet, row, 0, mst_slice_str(s->name), NULL);
		(void)snprintf(text, sizeof(text), "%.80s: %llu%s", s->title,
			       (unsigned long long)(s->rows + s->more),
			       s->more ? ", the first of them here" : "");
		if (!rc)
			rc = put_text(sheet, row++, 1, mst_slice_str(text),
				      b->wrap);
	}
	return rc;
}

static lxw_error write_book(const struct mst_report *r,
			    const struct mst_report_section *one,
			    const char *path, const char *tmp)
{
	char folder[512];
	lxw_workbook_options options = {.constant_memory = LXW_TRUE,
					.tmpdir = folder};
	struct book b = {.book = NULL};
	lxw_error rc, closed;

	(void)snprintf(folder, sizeof(folder), "%s", tmp);
	b.book = workbook_new_opt(path, &options);
	if (!b.book)
		return LXW_ERROR_MEMORY_MALLOC_FAILED;
	b.head = workbook_add_format(b.book);
	b.title = workbook_add_format(b.book);
	b.time = workbook_add_format(b.book);
	b.wrap = workbook_add_format(b.book);
	format_set_bold(b.head);
	format_set_bold(b.title);
	format_set_font_size(b.title, 14);
	format_set_num_format(b.time, "yyyy-mm-dd hh:mm");
	format_set_text_wrap(b.wrap);
	format_set_align(b.wrap, LXW_ALIGN_LEFT);
	rc = one ? LXW_NO_ERROR : put_front(&b, r);
	for (size_t i = 0; i < r->sections_n && !rc; i++) {
		if (!one || one == &r->sections[i])
			rc = put_section(&b, &r->sections[i]);
	}
	closed = workbook_close(b.book);
	return rc ? rc : closed;
}

int mst_report_xlsx(const struct mst_report *r, const char *section,
		    struct mst_buf *out, struct mst_err *err)
{
	const char *base = getenv("TMPDIR");
	const struct mst_report_section *one = NULL;
	struct mst_err ignored = MST_ERR_INIT;
	char folder[400], path[440];
	lxw_error failed;
	int rc = 0;

	if (section && report_find(r, section, &one, err) < 0)
		return -(int)err->code;
	(void)snprintf(folder, sizeof(folder), "%.300s/muster-xlsx-XXXXXX",
		       base && *base ? base : "/tmp");
	if (!mkdtemp(folder))
		return mst_err_os(err, "cannot make the folder \"%s\"", folder);
	(void)snprintf(path, sizeof(path), "%s/report.xlsx", folder);
	failed = write_book(r, one, path, folder);
	if (failed)
		rc = mst_err_set(err, MST_E_IO,
				 "the workbook could not be written in \"%s\": "
				 "%s",
				 folder, lxw_strerror(failed));
	else
		rc = mst_file_read(path, out, err);
	(void)mst_dir_remove(folder, &ignored);
	return rc;
}
