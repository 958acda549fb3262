/* SPDX-License-Identifier: Apache-2.0
 *
 * Records as JSON, in the shapes of the Table API: every scalar is a string;
 * references are objects with link and value, unless the request says
 * otherwise.
 */
#include "sim/sn.h"

void sn_view_read(struct sim_sn *sn, const struct sn_req *r,
		  struct sn_view *view_r)
{
	const char *d = sn_param(sn, r->query, "sysparm_display_value");

	*view_r = (struct sn_view){
	    .fields = sn_param(sn, r->query, "sysparm_fields"),
	    .display = !d		    ? 0
		       : !strcmp(d, "all")  ? 2
		       : !strcmp(d, "true") ? 1
					    : 0,
	    .no_link = sn_param_true(sn, r, "sysparm_exclude_reference_link"),
	    .base = r->base,
	};
	if (view_r->fields && !*view_r->fields)
		view_r->fields = NULL;
}

static void write_link(struct mst_jout *j, const struct sn_col *c,
		       struct mst_slice v, const struct sn_view *view)
{
	char url[512];
	struct mst_buf b = {.p = url, .cap = sizeof(url), .max = 400};

	mst_buf_addf(&b, "%s/api/now/table/%s/%.*s", view->base, c->reference,
		     MST_SLICE_ARG(v));
	mst_jout_kslice(j, "link", mst_buf_slice(&b));
}

/* Entries of a journal, the newest first, as an instance shows them where it is
 * asked for display values. */
static void write_journal(struct sim_sn *sn, struct mst_jout *j,
			  const struct sn_row *row, const struct sn_col *c)
{
	size_t n = sn_search(sn, sn_table_any(sn, "sys_journal_field"),
			     "element_id", mst_slice(row->id, SN_ID), false);
	struct mst_buf text = MST_BUF_INIT(1u << 20);

	while (n-- > 0) {
		const struct sn_row *e = sn->found[n];

		if (!mst_slice_is(sn_get_named(e, "element"), c->name))
			continue;
		mst_buf_addf(&text, "%.*s - %.*s (%s)\n%.*s\n\n",
			     MST_SLICE_ARG(sn_get(e, SN_C_CREATED_ON)),
			     MST_SLICE_ARG(sn_get(e, SN_C_CREATED_BY)),
			     c->label, MST_SLICE_ARG(sn_get_named(e, "value")));
	}
	mst_jout_slice(j, mst_buf_slice(&text));
	mst_buf_fini(&text);
}

static void write_value(struct sim_sn *sn, struct mst_jout *j,
			const struct sn_row *row, size_t col,
			const struct sn_view *view)
{
	const struct sn_col *c = row->t->cols[col];
	struct mst_slice v = sn_get(row, col);
	bool ref = c->kind == SN_REFERENCE && v.n;

	if (view->display == 0 && (!ref || view->no_link)) {
		mst_jout_slice(j, v);
		return;
	}
	if (view->display == 1 && c->kind == SN_JOURNAL) {
		write_journal(sn, j, row, c);
		return;
	}
	if (view->display == 1 && (!ref || view->no_link)) {
		mst_jout_slice(j, sn_display(sn, row, col));
		return;
	}
	mst_jout_obj(j);
	if (view->display)
		mst_jout_kslice(j, "display_value", sn_display(sn, row, col));
	if (ref && !view->no_link)
		write_link(j, c, v, view);
	if (view->display != 1)
		mst_jout_kslice(j, "value", v);
	mst_jout_end_obj(j);
}

static void write_fields(struct sim_sn *sn, struct mst_jout *j,
			 struct sn_table *t, struct sn_row *row,
			 const struct sn_view *view)
{
	const char *p = view->fields;

	while (p) {
		const char *comma = strchr(p, ',');
		struct mst_slice f =
		    mst_slice_trim(comma ? mst_slice(p, (size_t)(comma - p))
					 : mst_slice_str(p));
		struct sn_row *last;
		size_t col;

		p = comma ? comma + 1 : NULL;
		if (!f.n || !sn_walk(sn, t, row, f, &last, &col))
			continue;
		mst_jout_key_slice(j, f);
		if (last)
			write_value(sn, j, last, col, view);
		else
			mst_jout_str(j, "");
	}
}

void sn_write_row(struct sim_sn *sn, struct mst_jout *j, struct sn_table *t,
		  struct sn_row *row, const struct sn_view *view)
{
	mst_jout_obj(j);
	if (view->fields) {
		write_fields(sn, j, t, row, view);
	} else {
		for (size_t i = 0; i < t->n; i++) {
			mst_jout_key(j, t->cols[i]->name);
			write_value(sn, j, row, sn_col_in(row->t, t->cols[i]),
				    view);
		}
	}
	mst_jout_end_obj(j);
}
