/* SPDX-License-Identifier: Apache-2.0
 *
 * A report for people: what it may lack comes first, then one table after the
 * other, with columns as wide as what is shown.
 */
#include <stdio.h>

#include "base/time.h"
#include "report/report.h"

/* Characters of a cell, and of one in the last column; more are cut. */
#define WIDTH_MAX 44
#define LAST_MAX  110

static size_t chars(struct mst_slice s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

/* Times without their seconds' ado: the day is what one looks at. */
static struct mst_slice shown(const struct mst_report_column *c,
			      struct mst_slice s)
{
	if (c->type == MST_REPORT_TIME && s.n > 10)
		s.n = 10;
	return s;
}

/* At most `width` characters, control characters as blanks. */
static void add_cell(struct mst_buf *out, struct mst_slice s, size_t width,
		     bool right, bool last)
{
	size_t n = chars(s), fill = n < width ? width - n : 0;
	size_t k = 0;

	for (size_t i = 0; right && i < fill; i++)
		mst_buf_addc(out, ' ');
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		k += (c & 0xc0) != 0x80;
		if (n > width && k >= width) {
			mst_buf_adds(out, "…");
			break;
		}
		mst_buf_addc(out, c < 0x20 || c == 0x7f ? ' ' : s.p[i]);
	}
	for (size_t i = 0; !right && !last && i < fill; i++)
		mst_buf_addc(out, ' ');
}

/* How a section is laid out: columns that hold nothing in the rows that are
 * shown are left out. */
struct layout {
	size_t width[MST_REPORT_COLUMNS];
	bool used[MST_REPORT_COLUMNS];
	size_t last;
};

static void lay_out(const struct mst_report_section *s, size_t rows,
		    struct layout *l)
{
	*l = (struct layout){.last = 0};
	for (size_t i = 0; i < s->columns_n; i++) {
		l->width[i] = chars(mst_slice_str(s->columns[i].title));
		for (size_t k = 0; k < rows; k++) {
			struct mst_slice c = shown(
			    &s->columns[i], s->cells[k * s->columns_n + i]);

			l->used[i] = l->used[i] || (c.n && !s->columns[i].data);
			l->width[i] = MST_MAX(l->width[i], chars(c));
		}
		if (l->used[i])
			l->last = i;
	}
	for (size_t i = 0; i < s->columns_n; i++)
		l->width[i] =
		    MST_MIN(l->width[i], i == l->last ? (size_t)LAST_MAX
						      : (size_t)WIDTH_MAX);
}

/* cells NULL: the titles. */
static void add_row(const struct mst_report_section *s, const struct layout *l,
		    const struct mst_slice *cells, struct mst_buf *out)
{
	for (size_t i = 0; i < s->columns_n; i++) {
		const struct mst_report_column *c = &s->columns[i];

		if (!l->used[i])
			continue;
		mst_buf_adds(out, "  ");
		add_cell(
		    out, cells ? shown(c, cells[i]) : mst_slice_str(c->title),
		    l->width[i], c->type == MST_REPORT_NUMBER, i == l->last);
	}
	while (out->n && out->p[out->n - 1] == ' ')
		out->n--;
	mst_buf_addc(out, '\n');
}

static size_t shown_rows(const struct mst_report_section *s, uint64_t most)
{
	if (!s->list || most == UINT64_MAX)
		return s->rows;
	return s->brief ? 0 : (size_t)MST_MIN((uint64_t)s->rows, most);
}

static void add_section(const struct mst_report_section *s, uint64_t most,
			struct mst_buf *out)
{
	size_t rows = shown_rows(s, most);
	uint64_t all = s->rows + s->more;
	struct layout l;

	mst_buf_addf(out, "\n%s", s->title);
	if (s->list)
		mst_buf_addf(out, ": %llu", (unsigned long long)all);
	mst_buf_addc(out, '\n');
	if (!all && !s->list)
		mst_buf_adds(out, "  none\n");
	if (rows) {
		lay_out(s, rows, &l);
		add_row(s, &l, NULL, out);
	}
	for (size_t k = 0; k < rows; k++)
		add_row(s, &l, &s->cells[k * s->columns_n], out);
	if (all > rows)
		mst_buf_addf(out,
			     "  … %s%llu%s: --all, or --format csv "
			     "--section %s\n",
			     rows ? "and " : "",
			     (unsigned long long)(all - rows),
			     rows ? " more" : "", s->name);
}

void mst_report_text(const struct mst_report *r, uint64_t most,
		     struct mst_buf *out)
{
	char iso[21];

	mst_time_iso(r->made_us, iso);
	mst_buf_addf(out, "%s\njob %s, %.10s %.5s UTC\n", r->title, r->job, iso,
		     iso + 11);
	for (size_t i = 0; i < r->notes_n; i++)
		mst_buf_addf(out, "%s %s\n",
			     r->notes[i].lacks ? "May be incomplete:" : "Note:",
			     r->notes[i].text);
	for (size_t i = 0; i < r->sections_n; i++)
		add_section(&r->sections[i], most, out);
}
