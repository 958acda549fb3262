/* SPDX-License-Identifier: Apache-2.0
 *
 * Committing records as they are, and layouts. The handlers of layouts
 * replace: what belonged to the layout before goes, whoever put it there.
 */
#include "sim/sn_import.h"

const struct sn_layout_kind *sn_layout_kind_of(struct mst_slice outer)
{
	static const struct sn_layout_kind kinds[] = {
	    {"sys_ui_list", "sys_ui_list", "sys_ui_list_element", "list_id",
	     "element"},
	    {"sys_ui_section", "sys_ui_section", "sys_ui_element",
	     "sys_ui_section", "element"},
	    {"sys_ui_form_sections", "sys_ui_form", "sys_ui_form_section",
	     "sys_ui_form", NULL},
	    {"sys_ui_related", "sys_ui_related_list",
	     "sys_ui_related_list_entry", "list_id", NULL},
	};

	for (size_t i = 0; i < MST_LEN(kinds); i++) {
		if (mst_slice_is(outer, kinds[i].outer))
			return &kinds[i];
	}
	return NULL;
}

/* The row, new or as it now is; NULL when it cannot be. */
static struct sn_row *write_record(struct sim_sn *sn, const struct sn_xml *x)
{
	struct sn_table *t = mst_map_get(&sn->tables, x->name);
	struct mst_slice vals[SN_MAX_COLUMNS];
	const char *id = sn_xml_text(x, "sys_id");
	struct sn_row *row = sn_coalesce(sn, x);

	if (!t || !sn_is_id(mst_slice_str(id)))
		return NULL;
	if (row && row->t == t) {
		sn_values(row, vals);
		sn_xml_values(sn, t, x, vals);
		sn_update(sn, row, vals, "admin");
		return row;
	}
	if (sn_id_taken(sn, id))
		return NULL;
	sn_defaults(sn, t, vals);
	sn_xml_values(sn, t, x, vals);
	return sn_insert(sn, t, vals, id, "admin");
}

void sn_commit_record(struct sn_import *im, const struct sn_upd *u)
{
	(void)write_record(im->sn, u->record);
}

static void drop_elements(struct sim_sn *sn, const struct sn_layout_kind *l,
			  const struct sn_row *layout)
{
	struct sn_table *t = sn_table_any(sn, l->elements);
	size_t n =
	    sn_search(sn, t, l->ref, mst_slice(layout->id, SN_ID), false);

	while (n-- > 0)
		sn_delete(sn, sn->found[n]);
}

/* A section that is here under another sys_id is found by what it is. */
static void resolve_section(struct sim_sn *sn, const struct sn_xml *x,
			    struct mst_slice *ref)
{
	const struct sn_xml *to = sn_xml_child(x, "sys_ui_section");
	const char *caption = sn_xml_attr(to, "caption");

	if (!to || sn_find(sn, "sys_ui_section", to->text))
		return;
	if (!strcmp(caption, "NULL"))
		caption = "";
	sn_search(sn, sn_table_any(sn, "sys_ui_section"), "name",
		  mst_slice_str(sn_xml_attr(to, "name")), false);
	for (size_t i = 0; i < sn->found_n; i++) {
		if (mst_slice_is(sn_get_named(sn->found[i], "caption"),
				 caption))
			*ref = mst_slice(sn->found[i]->id, SN_ID);
	}
}

void sn_commit_layout(struct sn_import *im, const struct sn_upd *u)
{
	const struct sn_layout_kind *l = sn_layout_kind_of(u->outer->name);
	struct sn_table *t = sn_table_any(im->sn, l->elements);
	struct sn_row *layout = write_record(im->sn, u->record);
	struct mst_slice vals[SN_MAX_COLUMNS];

	if (!layout)
		return;
	drop_elements(im->sn, l, layout);
	for (const struct sn_xml *x = u->outer->child; x; x = x->next) {
		const char *id = sn_xml_text(x, "sys_id");

		if (!mst_slice_is(x->name, l->elements))
			continue;
		sn_defaults(im->sn, t, vals);
		sn_xml_values(im->sn, t, x, vals);
		if (!strcmp(l->elements, "sys_ui_form_section"))
			resolve_section(im->sn, x,
					&vals[sn_col_at(t, "sys_ui_section")]);
		vals[sn_col_at(t, l->ref)] = mst_slice(layout->id, SN_ID);
		if (!sn_is_id(mst_slice_str(id)) || sn_id_taken(im->sn, id))
			id = NULL;
		sn_insert(im->sn, t, vals, id, "admin");
	}
}
