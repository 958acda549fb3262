/* SPDX-License-Identifier: Apache-2.0
 *
 * Update sets: the XML is read, previewed (what it refers to must be in the
 * instance or in the set, nobody may have changed the same record since) and
 * committed in the order of the kinds. Tables are added and changed, never
 * dropped. What was committed is remembered per update name in sys_update_xml,
 * as an instance does.
 */
#include "sim/sn_import.h"

#include <stdarg.h>
#include <stdio.h>

#include "servicenow/update_set.h"

int sn_import_own(struct sim_sn *sn, struct mst_buf *problems,
		  struct mst_err *err)
{
	static const char *const sets[] = {MST_UPDATE_SET_CVE,
					   MST_UPDATE_SET_OT};
	struct mst_buf xml = MST_BUF_INIT(8u << 20);
	int r = 0;

	for (size_t i = 0; i < MST_LEN(sets) && r >= 0; i++) {
		mst_buf_reset(&xml);
		r = mst_update_set_write(sets[i], &xml, err);
		if (!r)
			r = sn_import(sn, mst_buf_slice(&xml), SN_RESOLVE_STOP,
				      problems, err);
	}
	mst_buf_fini(&xml);
	return r;
}

/* ---- reading ------------------------------------------------------------- */

static enum sn_upd_kind kind_of(struct mst_slice name)
{
	static const struct {
		const char *name;
		enum sn_upd_kind kind;
	} kinds[] = {
	    {"sys_db_object", SN_UPD_TABLE},
	    {"sys_dictionary", SN_UPD_DICTIONARY},
	    {"sys_documentation", SN_UPD_LABEL},
	    {"sys_choice", SN_UPD_CHOICE},
	    {"sys_security_acl", SN_UPD_ACL},
	    {"sys_security_acl_role", SN_UPD_ACL_ROLE},
	    {"sys_number", SN_UPD_RECORD},
	    {"sys_ui_formatter", SN_UPD_RECORD},
	    {"sys_app_application", SN_UPD_RECORD},
	    {"sys_app_module", SN_UPD_RECORD},
	    {"sys_script_fix", SN_UPD_RECORD},
	    {"sys_user_role", SN_UPD_RECORD},
	    {"sys_ui_related_list", SN_UPD_RECORD},
	    {"sys_ui_related_list_entry", SN_UPD_RECORD},
	    {"ua_table_licensing_config", SN_UPD_IGNORED},
	};

	for (size_t i = 0; i < MST_LEN(kinds); i++) {
		if (mst_slice_is(name, kinds[i].name))
			return kinds[i].kind;
	}
	return sn_layout_kind_of(name) ? SN_UPD_LAYOUT : SN_UPD_UNKNOWN;
}

/* Labels and layouts are wrapped once more. */
static const struct sn_xml *record_of(const struct sn_upd *u)
{
	const struct sn_layout_kind *l = sn_layout_kind_of(u->outer->name);

	if (u->kind == SN_UPD_LABEL)
		return sn_xml_child(u->outer, "sys_documentation");
	return l ? sn_xml_child(u->outer, l->table) : u->outer;
}

/* Remembers which records the set brings. */
static void note_ids(struct sn_import *im, const struct sn_xml *x)
{
	const struct sn_xml *id = sn_xml_child(x, "sys_id");

	if (id && sn_is_id(id->text)) {
		char *name = mst_arena_bytes(&im->arena, x->name.n + 1);

		memcpy(name, x->name.p, x->name.n);
		name[x->name.n] = 0;
		mst_map_put(&im->ids, id->text, name);
	}
	for (x = x->child; x; x = x->next)
		note_ids(im, x);
}

static int read_update(struct sn_import *im, const struct sn_xml *x,
		       struct sn_upd ***tail, struct mst_err *err)
{
	struct sn_upd *u = mst_arena_alloc(&im->arena, sizeof(*u));
	const struct sn_xml *payload = sn_xml_child(x, "payload"), *doc;

	u->name = sn_xml_text(x, "name");
	u->update = x;
	if (!payload || !*u->name)
		return mst_err_set(err, MST_E_INVALID,
				   "update set: a sys_update_xml without name "
				   "or payload");
	doc = sn_xml_parse(&im->arena, payload->text, err);
	if (!doc)
		return mst_err_prefix(err, "update set: payload of %s",
				      u->name);
	if (!mst_slice_is(doc->name, "record_update") || !doc->child)
		return mst_err_set(err, MST_E_INVALID,
				   "update set: the payload of %s is no "
				   "record_update",
				   u->name);
	u->outer = doc->child;
	u->kind = kind_of(u->outer->name);
	u->record = record_of(u);
	note_ids(im, doc);
	**tail = u;
	*tail = &u->next;
	return 0;
}

static int read_set(struct sn_import *im, struct mst_slice xml,
		    struct mst_err *err)
{
	struct sn_xml *root = sn_xml_parse(&im->arena, xml, err);
	struct sn_upd **tail = &im->updates;
	int r;

	if (!root)
		return mst_err_prefix(err, "update set");
	im->set = sn_xml_child(root, "sys_remote_update_set");
	if (!mst_slice_is(root->name, "unload") || !im->set)
		return mst_err_set(err, MST_E_INVALID,
				   "update set: this is no <unload> with a "
				   "sys_remote_update_set");
	im->set_id = sn_xml_text(im->set, "sys_id");
	if (!sn_is_id(mst_slice_str(im->set_id)))
		return mst_err_set(err, MST_E_INVALID,
				   "update set: its sys_id is not 32 hex "
				   "digits");
	if (!sn_find(im->sn, "sys_remote_update_set",
		     mst_slice_str(im->set_id)) &&
	    sn_id_taken(im->sn, im->set_id))
		return mst_err_set(err, MST_E_INVALID,
				   "update set: its sys_id is that of another "
				   "record");
	for (const struct sn_xml *x = root->child; x; x = x->next) {
		if (!mst_slice_is(x->name, "sys_update_xml"))
			continue;
		r = read_update(im, x, &tail, err);
		if (r)
			return r;
	}
	return 0;
}

/* ---- records as XML ------------------------------------------------------ */

void sn_xml_values(struct sim_sn *sn, const struct sn_table *t,
		   const struct sn_xml *x, struct mst_slice *vals)
{
	(void)sn;
	for (x = x->child; x; x = x->next) {
		uintptr_t at = (uintptr_t)mst_map_get(&t->by_name, x->name);

		if (at > SN_C__N)
			vals[at - 1] = x->text;
	}
}

bool sn_id_taken(struct sim_sn *sn, const char *id)
{
	return mst_map_has(&sn->by_id, mst_slice_str(id));
}

/* Which columns make a record the same one on another instance. */
static const char *const *coalesced_on(struct mst_slice table)
{
	static const struct {
		const char *table;
		const char *columns[6];
	} keys[] = {
	    {"sys_db_object", {"name"}},
	    {"sys_dictionary", {"name", "element"}},
	    {"sys_documentation", {"name", "element", "language"}},
	    {"sys_user_role", {"name"}},
	    {"sys_ui_list",
	     {"name", "view", "element", "parent", "relationship"}},
	    {"sys_ui_related_list", {"name", "view", "related_list"}},
	    {"sys_ui_section", {"name", "view", "caption"}},
	    {"sys_ui_form", {"name", "view"}},
	};

	for (size_t i = 0; i < MST_LEN(keys); i++) {
		if (mst_slice_is(table, keys[i].table))
			return keys[i].columns;
	}
	return NULL;
}

/* Personal layouts (sys_user) are nobody else's. */
static bool same_keys(const struct sn_row *row, const struct sn_xml *x,
		      const char *const *columns)
{
	for (; *columns; columns++) {
		if (!mst_slice_is(sn_get_named(row, *columns),
				  sn_xml_text(x, *columns)))
			return false;
	}
	return !sn_get_named(row, "sys_user").n;
}

struct sn_row *sn_coalesce(struct sim_sn *sn, const struct sn_xml *x)
{
	const char *const *columns = coalesced_on(x->name);
	struct sn_table *t = mst_map_get(&sn->tables, x->name);
	struct mst_slice id = mst_slice_str(sn_xml_text(x, "sys_id"));
	struct sn_row *row = t ? sn_find(sn, t->name, id) : NULL;

	if (row || !t || !columns)
		return row;
	sn_search(sn, t, columns[0], mst_slice_str(sn_xml_text(x, columns[0])),
		  false);
	for (size_t i = 0; i < sn->found_n; i++) {
		if (same_keys(sn->found[i], x, columns))
			return sn->found[i];
	}
	return NULL;
}

/* ---- the books ----------------------------------------------------------- */

static void put(const struct sn_table *t, struct mst_slice *vals,
		const char *col, const char *text)
{
	vals[sn_col_at(t, col)] = mst_slice_str(text);
}

static void write_row(struct sim_sn *sn, struct sn_table *t, struct sn_row *row,
		      const struct mst_slice *vals, const char *id)
{
	if (row)
		sn_update(sn, row, vals, "admin");
	else
		sn_insert(sn, t, vals, id, "admin");
}

/* The newest update of that name on this instance is this one now. */
static void note_update(struct sn_import *im, const struct sn_upd *u)
{
	static const char *const cols[] = {
	    "name",	   "type",	   "target_name",    "action",
	    "update_guid", "payload_hash", "sys_recorded_at"};
	struct sn_table *t = sn_table_any(im->sn, "sys_update_xml");
	struct mst_slice vals[SN_MAX_COLUMNS] = {0};
	struct sn_row *row =
	    sn_first(im->sn, "sys_update_xml", "name", mst_slice_str(u->name));

	for (size_t i = 0; i < MST_LEN(cols); i++)
		put(t, vals, cols[i], sn_xml_text(u->update, cols[i]));
	vals[sn_col_at(t, "update_set")] = mst_slice(im->local_id, SN_ID);
	/* Written even when nothing differs: its time says when. */
	if (row)
		sn_delete(im->sn, row);
	sn_insert(im->sn, t, vals, NULL, "admin");
}

static void note_set(struct sn_import *im, const char *state)
{
	struct sn_table *t = sn_table_any(im->sn, "sys_remote_update_set");
	struct mst_slice vals[SN_MAX_COLUMNS] = {0};

	put(t, vals, "name", sn_xml_text(im->set, "name"));
	put(t, vals, "description", sn_xml_text(im->set, "description"));
	put(t, vals, "remote_sys_id", sn_xml_text(im->set, "remote_sys_id"));
	put(t, vals, "state", state);
	write_row(im->sn, t,
		  sn_find(im->sn, t->name, mst_slice_str(im->set_id)), vals,
		  im->set_id);
}

static void forget_problems(struct sn_import *im)
{
	struct sn_table *t = sn_table_any(im->sn, "sys_update_preview_problem");
	size_t n = sn_search(im->sn, t, "remote_update_set",
			     mst_slice_str(im->set_id), false);

	while (n-- > 0)
		sn_delete(im->sn, im->sn->found[n]);
}

/* The set as it lies among the instance's own ones afterwards. */
static void note_local_set(struct sn_import *im)
{
	struct sn_table *t = sn_table_any(im->sn, "sys_update_set");
	const char *name = sn_xml_text(im->set, "name");
	struct mst_slice vals[SN_MAX_COLUMNS] = {0};
	struct sn_row *row =
	    sn_first(im->sn, t->name, "name", mst_slice_str(name));

	put(t, vals, "name", name);
	put(t, vals, "description", sn_xml_text(im->set, "description"));
	put(t, vals, "state", "complete");
	if (!row)
		row = sn_insert(im->sn, t, vals, NULL, "admin");
	memcpy(im->local_id, row->id, sizeof(im->local_id));
}

static void commit(struct sn_import *im)
{
	note_local_set(im);
	for (int k = 0; k < SN_UPD_IGNORED; k++) {
		for (const struct sn_upd *u = im->updates; u; u = u->next) {
			if ((int)u->kind == k && !u->skip && u->record)
				sn_commit_update(im, u);
		}
	}
	for (const struct sn_upd *u = im->updates; u; u = u->next) {
		if (!u->skip)
			note_update(im, u);
	}
}

int sn_import(struct sim_sn *sn, struct mst_slice xml, enum sn_resolve how,
	      struct mst_buf *problems, struct mst_err *err)
{
	struct sn_import im = {.sn = sn, .problems = problems};
	size_t before = problems->n;
	int r;

	mst_arena_init(&im.arena, 256u << 20);
	r = read_set(&im, xml, err);
	if (!r) {
		forget_problems(&im);
		sn_preview(&im);
		for (struct sn_upd *u = im.updates; u; u = u->next)
			u->skip = u->skip && how != SN_RESOLVE_ACCEPT;
		r = problems->n == before || how != SN_RESOLVE_STOP;
		/* First, so that no record of the set takes its sys_id. */
		note_set(&im, "previewed");
		if (r) {
			commit(&im);
			note_set(&im, "committed");
		}
	}
	mst_map_fini(&im.ids);
	mst_arena_fini(&im.arena);
	return r;
}
