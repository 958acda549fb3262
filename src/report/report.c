/* SPDX-License-Identifier: Apache-2.0
 *
 * A report in memory: sections, rows, notes.
 */
#include "report/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/num.h"
#include "base/time.h"

#define CELL_MAX 300	     /* bytes of a cell */
#define ROOM	 (64u << 20) /* of the arena, kept for small things */
#define DAY_US	 INT64_C(86400000000)

void mst_report_init(struct mst_report *r, const char *name, const char *title,
		     const char *job)
{
	*r = (struct mst_report){.name = name, .title = title};
	mst_arena_init(&r->arena, MST_MAX_ARENA);
	r->job = mst_arena_strdup(&r->arena, job);
	r->made_us = mst_now_us();
}

void mst_report_fini(struct mst_report *r)
{
	for (size_t i = 0; i < r->sections_n; i++)
		free(r->sections[i].cells);
	mst_arena_fini(&r->arena);
	*r = (struct mst_report){.name = NULL};
}

bool mst_report_complete(const struct mst_report *r)
{
	for (size_t i = 0; i < r->notes_n; i++) {
		if (r->notes[i].lacks)
			return false;
	}
	for (size_t i = 0; i < r->sections_n; i++) {
		if (r->sections[i].more)
			return false;
	}
	return true;
}

void mst_report_note(struct mst_report *r, bool lacks, const char *fmt, ...)
{
	char text[800];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (size_t i = 0; i < r->notes_n; i++) {
		if (strcmp(r->notes[i].text, text) == 0)
			return;
	}
	/* The last place is for what matters most. */
	if (r->notes_n == MST_REPORT_NOTES && !lacks)
		return;
	if (r->notes_n == MST_REPORT_NOTES)
		r->notes_n--;
	r->notes[r->notes_n++] = (struct mst_report_note){
	    .text = mst_arena_strdup(&r->arena, text), .lacks = lacks};
}

struct mst_report_section *
mst_report_section(struct mst_report *r, const char *name, const char *title,
		   const struct mst_report_column *columns, size_t columns_n,
		   bool list)
{
	struct mst_report_section *s;

	s = &r->sections[MST_MIN(r->sections_n,
				 (size_t)MST_REPORT_SECTIONS - 1)];
	if (r->sections_n < MST_REPORT_SECTIONS)
		r->sections_n++;
	*s = (struct mst_report_section){.name = name,
					 .title = title,
					 .columns = columns,
					 .columns_n = columns_n,
					 .list = list};
	if (!r->main)
		r->main = columns;
	return s;
}

/* The longest prefix of whole characters. */
static struct mst_slice cut(struct mst_slice s)
{
	if (s.n <= CELL_MAX)
		return s;
	s.n = CELL_MAX;
	while (s.n && ((unsigned char)s.p[s.n] & 0xc0) == 0x80)
		s.n--;
	return s;
}

void mst_report_row(struct mst_report *r, struct mst_report_section *s,
		    const struct mst_slice *cells)
{
	size_t at = s->rows * s->columns_n;

	if (s->rows >= MST_REPORT_ROWS || r->arena.used > r->arena.max - ROOM) {
		s->more++;
		return;
	}
	if (at + s->columns_n > s->cap) {
		s->cap = MST_MAX(s->cap * 2, 64 * s->columns_n);
		s->cells = mst_realloc(s->cells, s->cap * sizeof(*s->cells));
	}
	for (size_t i = 0; i < s->columns_n; i++)
		s->cells[at + i] = cells[i].n
				       ? mst_arena_dup(&r->arena, cut(cells[i]))
				       : mst_slice("", 0);
	s->rows++;
}

/* ---- cells --------------------------------------------------------------- */

struct mst_slice mst_report_num(struct mst_report *r, uint64_t n)
{
	return mst_slice_str(
	    mst_arena_printf(&r->arena, "%llu", (unsigned long long)n));
}

struct mst_slice mst_report_dec(struct mst_report *r, double d)
{
	char text[32];

	mst_num_fixed1(d, text);
	return mst_slice_str(mst_arena_strdup(&r->arena, text));
}

struct mst_slice mst_report_time(struct mst_report *r, struct mst_slice text)
{
	char iso[21];
	int64_t us;

	if (!text.n || !mst_time_parse(text, &us))
		return mst_slice("", 0);
	mst_time_iso(us, iso);
	return mst_slice_str(mst_arena_strdup(&r->arena, iso));
}

struct mst_slice mst_report_days(struct mst_report *r, struct mst_slice text)
{
	int64_t us;

	if (!text.n || !mst_time_parse(text, &us))
		return mst_slice("", 0);
	us = MST_MAX(r->made_us - us, 0);
	return mst_report_num(r, (uint64_t)(us / DAY_US));
}
