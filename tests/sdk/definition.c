/* SPDX-License-Identifier: Apache-2.0
 *
 * Prints the definition behind the update sets as JSON, for readback.js to
 * compare with what the SDK makes of their payloads.
 */
#include <stdio.h>

#include "servicenow/layout.h"
#include "servicenow/tables.h"
#include "json/out.h"

static void opt(struct mst_jout *j, const char *key, const char *value)
{
	if (value)
		mst_jout_kstr(j, key, value);
}

static void put_column(struct mst_jout *j, const struct mst_sn_table *t,
		       const struct mst_sn_column *c)
{
	mst_jout_obj(j);
	mst_jout_kstr(j, "name", c->name);
	mst_jout_kstr(j, "label", c->label);
	mst_jout_kstr(j, "type", c->type);
	mst_jout_ki64(j, "max_length", c->max_length);
	opt(j, "reference", c->reference);
	opt(j, "cascade", c->cascade);
	opt(j, "default", c->dflt);
	opt(j, "hint", c->hint);
	mst_jout_kbool(j, "display", c->display);
	mst_jout_kbool(j, "unique", c->unique);
	mst_jout_kbool(j, "mandatory", c->mandatory);
	mst_jout_kbool(j, "read_only", c->read_only);
	mst_jout_kbool(j, "no_audit", t->audited && !c->audited);
	mst_jout_key(j, "choices");
	mst_jout_arr(j);
	for (const struct mst_sn_choice *ch = c->choices; ch && ch->value;
	     ch++) {
		mst_jout_arr(j);
		mst_jout_str(j, ch->value);
		mst_jout_str(j, ch->label);
		mst_jout_end_arr(j);
	}
	mst_jout_end_arr(j);
	mst_jout_end_obj(j);
}

static void put_table(struct mst_jout *j, const struct mst_sn_table *t)
{
	mst_jout_obj(j);
	mst_jout_kstr(j, "name", t->name);
	mst_jout_kstr(j, "label", t->label);
	opt(j, "prefix", t->prefix);
	mst_jout_kbool(j, "audit", t->audited);
	mst_jout_key(j, "columns");
	mst_jout_arr(j);
	for (size_t i = 0; i < t->columns_n; i++)
		put_column(j, t, &t->columns[i]);
	mst_jout_end_arr(j);
	mst_jout_end_obj(j);
}

static void put_names(struct mst_jout *j, const char *key,
		      const char *const *names)
{
	mst_jout_key(j, key);
	mst_jout_arr(j);
	for (; names && *names; names++)
		mst_jout_str(j, *names);
	mst_jout_end_arr(j);
}

static void put_layout(struct mst_jout *j, const struct mst_sn_layout *l)
{
	mst_jout_obj(j);
	mst_jout_kstr(j, "table", l->table);
	put_names(j, "list", l->list);
	mst_jout_key(j, "sections");
	mst_jout_arr(j);
	for (size_t i = 0; i < l->sections_n; i++) {
		const struct mst_sn_section *sec = &l->sections[i];

		mst_jout_obj(j);
		mst_jout_kstr(j, "caption", sec->caption);
		put_names(j, "left", sec->left);
		put_names(j, "right", sec->right);
		put_names(j, "full", sec->full);
		mst_jout_end_obj(j);
	}
	mst_jout_end_arr(j);
	put_names(j, "below", l->related);
	mst_jout_end_obj(j);
}

static void put_menu(struct mst_jout *j, const struct mst_sn_menu *m)
{
	mst_jout_obj(j);
	mst_jout_kstr(j, "title", m->title);
	mst_jout_key(j, "modules");
	mst_jout_arr(j);
	for (size_t i = 0; i < m->modules_n; i++) {
		mst_jout_obj(j);
		mst_jout_kstr(j, "title", m->modules[i].title);
		mst_jout_kstr(j, "name", m->modules[i].table);
		mst_jout_kstr(j, "filter", m->modules[i].filter);
		mst_jout_kstr(j, "hint", m->modules[i].hint);
		mst_jout_end_obj(j);
	}
	mst_jout_end_arr(j);
	mst_jout_end_obj(j);
}

/* On the forms of other tables, by a fix script. */
static void put_related(struct mst_jout *j)
{
	mst_jout_key(j, "related");
	mst_jout_arr(j);
	for (size_t i = 0; i < mst_sn_related_n; i++) {
		mst_jout_arr(j);
		mst_jout_str(j, mst_sn_related[i].table);
		mst_jout_str(j, mst_sn_related[i].list);
		mst_jout_end_arr(j);
	}
	mst_jout_end_arr(j);
}

int main(void)
{
	struct mst_buf out = MST_BUF_INIT(1u << 20);
	struct mst_jout j;

	mst_jout_init(&j, &out);
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "role", MST_UPDATE_SET_ROLE);
	mst_jout_key(&j, "tables");
	mst_jout_arr(&j);
	for (size_t i = 0; i < mst_sn_tables_n; i++)
		put_table(&j, mst_sn_tables[i]);
	mst_jout_end_arr(&j);
	mst_jout_key(&j, "layouts");
	mst_jout_arr(&j);
	for (size_t i = 0; i < mst_sn_layouts_n; i++)
		put_layout(&j, mst_sn_layouts[i]);
	mst_jout_end_arr(&j);
	mst_jout_key(&j, "menus");
	mst_jout_arr(&j);
	for (size_t i = 0; i < mst_sn_menus_n; i++)
		put_menu(&j, mst_sn_menus[i]);
	mst_jout_end_arr(&j);
	put_related(&j);
	mst_jout_end_obj(&j);
	(void)puts(out.p);
	mst_buf_fini(&out);
	return 0;
}
