/* SPDX-License-Identifier: Apache-2.0
 *
 * Menus, list layouts and forms as the instance has them, on the page for
 * people: what an update set brought can be looked at.
 */
#include <stdlib.h>

#include "base/num.h"
#include "sim/sn_web.h"

#define MAX_PARTS 128

/* What refers to one record by a column, in the order of another column. */
struct parts {
	struct sn_row *rows[MAX_PARTS];
	size_t n;
};

static int64_t place(const struct sn_row *row)
{
	struct mst_slice v = sn_get_named(row, "position");
	int64_t n = 0;

	if (!v.n)
		v = sn_get_named(row, "order");
	(void)mst_num_i64(v, &n);
	return n;
}

static int by_place(const void *a, const void *b)
{
	int64_t x = place(*(struct sn_row *const *)a);
	int64_t y = place(*(struct sn_row *const *)b);

	return (x > y) - (x < y);
}

static void find_parts(struct sim_sn *sn, const char *table, const char *col,
		       const char *id, struct parts *p)
{
	size_t n = sn_search(sn, sn_table_any(sn, table), col,
			     mst_slice_str(id), false);

	p->n = MST_MIN(n, (size_t)MAX_PARTS);
	memcpy(p->rows, sn->found, p->n * sizeof(p->rows[0]));
	qsort(p->rows, p->n, sizeof(p->rows[0]), by_place);
}

/* The layout of the table in the default view that is nobody's own. */
static struct sn_row *layout_of(struct sim_sn *sn, const char *layouts,
				const struct sn_table *t)
{
	for (; t; t = t->super) {
		sn_search(sn, sn_table_any(sn, layouts), "name",
			  mst_slice_str(t->name), false);
		for (size_t i = 0; i < sn->found_n; i++) {
			struct sn_row *row = sn->found[i];

			if (!sn_get_named(row, "sys_user").n &&
			    mst_slice_is(sn_get_named(row, "view"),
					 "Default view"))
				return row;
		}
	}
	return NULL;
}

size_t sn_list_columns(struct sim_sn *sn, const struct sn_table *t,
		       size_t *cols, size_t max)
{
	struct sn_row *list = layout_of(sn, "sys_ui_list", t);
	struct parts p = {.n = 0};
	size_t n = 0;

	if (list)
		find_parts(sn, "sys_ui_list_element", "list_id", list->id, &p);
	for (size_t i = 0; i < p.n && n < max; i++) {
		uintptr_t at = (uintptr_t)mst_map_get(
		    &t->by_name, sn_get_named(p.rows[i], "element"));

		if (at)
			cols[n++] = at - 1;
	}
	return n;
}

/* ---- menus --------------------------------------------------------------- */

static void module_line(struct mst_buf *b, const struct sn_row *m)
{
	if (!mst_slice_is(sn_get_named(m, "active"), "true"))
		return;
	mst_buf_adds(b, "<li><a href=\"/table/");
	mst_buf_add_uri(b, sn_get_named(m, "name"));
	mst_buf_adds(b, "?q=");
	mst_buf_add_uri(b, sn_get_named(m, "filter"));
	mst_buf_adds(b, "\">");
	sn_web_text(b, sn_get_named(m, "title"));
	mst_buf_adds(b, "</a> <span class=\"m\">");
	sn_web_text(b, sn_get_named(m, "hint"));
	mst_buf_adds(b, "</span></li>");
}

void sn_web_menus(struct sim_sn *sn, struct mst_buf *b)
{
	const struct sn_table *t = sn_table_any(sn, "sys_app_application");
	struct parts p;

	for (size_t i = 0; i < t->rows_n; i++) {
		const struct sn_row *menu = t->rows[i];

		if (menu->dead ||
		    !mst_slice_is(sn_get_named(menu, "active"), "true"))
			continue;
		mst_buf_adds(b, "<h2>");
		sn_web_text(b, sn_get_named(menu, "title"));
		mst_buf_adds(b, "</h2><ul>");
		find_parts(sn, "sys_app_module", "application", menu->id, &p);
		for (size_t k = 0; k < p.n; k++)
			module_line(b, p.rows[k]);
		mst_buf_adds(b, "</ul>");
	}
}

/* ---- forms --------------------------------------------------------------- */

static void field_line(struct sim_sn *sn, struct mst_buf *b,
		       const struct sn_row *row, struct mst_slice element)
{
	uintptr_t at = (uintptr_t)mst_map_get(&row->t->by_name, element);
	const struct sn_col *c = at ? row->t->cols[at - 1] : NULL;

	if (!c)
		return;
	mst_buf_adds(b, "<tr><th>");
	sn_web_text(b, mst_slice_str(c->label));
	mst_buf_addf(b, "</th><td class=\"m\">%s</td><td>", c->name);
	sn_web_cell(sn, b, row, at - 1);
	mst_buf_adds(b, "</td></tr>");
}

/* Journal entries of the record, the newest first. */
static void activity(struct sim_sn *sn, struct mst_buf *b,
		     const struct sn_row *row)
{
	size_t n = sn_search(sn, sn_table_any(sn, "sys_journal_field"),
			     "element_id", mst_slice(row->id, SN_ID), false);

	while (n-- > 0) {
		const struct sn_row *j = sn->found[n];

		mst_buf_adds(b, "<tr><th>");
		sn_web_text(b, sn_get(j, SN_C_CREATED_BY));
		mst_buf_adds(b, "</th><td class=\"m\">");
		sn_web_text(b, sn_get(j, SN_C_CREATED_ON));
		mst_buf_adds(b, "</td><td><pre>");
		sn_web_text(b, sn_get_named(j, "value"));
		mst_buf_adds(b, "</pre></td></tr>");
	}
}

static void section(struct sim_sn *sn, struct mst_buf *b,
		    const struct sn_row *row, const struct sn_row *sec)
{
	static const struct {
		const char *element, *html;
	} marks[] = {
	    {".begin_split", "</table><div class=\"f\"><table>"},
	    {".split", "</table><table>"},
	    {".end_split", "</table></div><table>"},
	};
	struct parts p;

	if (sn_get_named(sec, "caption").n) {
		mst_buf_adds(b, "<h2>");
		sn_web_text(b, sn_get_named(sec, "caption"));
		mst_buf_adds(b, "</h2>");
	}
	mst_buf_adds(b, "<table>");
	find_parts(sn, "sys_ui_element", "sys_ui_section", sec->id, &p);
	for (size_t i = 0; i < p.n; i++) {
		struct mst_slice e = sn_get_named(p.rows[i], "element");
		size_t k = 0;

		while (k < MST_LEN(marks) && !mst_slice_is(e, marks[k].element))
			k++;
		if (k < MST_LEN(marks))
			mst_buf_adds(b, marks[k].html);
		else if (mst_slice_is(e, "activity.xml"))
			activity(sn, b, row);
		else
			field_line(sn, b, row, e);
	}
	mst_buf_adds(b, "</table>");
}

bool sn_web_form(struct sim_sn *sn, struct mst_buf *b, const struct sn_row *row)
{
	struct sn_row *form = layout_of(sn, "sys_ui_form", row->t);
	struct parts p = {.n = 0};

	if (form)
		find_parts(sn, "sys_ui_form_section", "sys_ui_form", form->id,
			   &p);
	for (size_t i = 0; i < p.n; i++) {
		struct sn_row *sec =
		    sn_find(sn, "sys_ui_section",
			    sn_get_named(p.rows[i], "sys_ui_section"));

		if (sec)
			section(sn, b, row, sec);
	}
	return p.n > 0;
}
