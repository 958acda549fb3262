/* SPDX-License-Identifier: Apache-2.0
 *
 * Committing what has handlers of its own: tables, dictionary entries, labels,
 * choice lists, access rules.
 */
#include "base/num.h"
#include "sim/sn_import.h"

static bool yes(const struct sn_xml *x, const char *name)
{
	return !strcmp(sn_xml_text(x, name), "true");
}

/* Zero when it is none. */
static uint32_t number(const struct sn_xml *x, const char *name)
{
	uint64_t n = 0;

	(void)mst_num_u64(mst_slice_str(sn_xml_text(x, name)), &n);
	return (uint32_t)MST_MIN(n, (uint64_t)INT32_MAX);
}

static void commit_table(struct sn_import *im, const struct sn_upd *u)
{
	const struct sn_xml *x = u->record;
	const char *name = sn_xml_text(x, "name");
	const char *super = sn_xml_attr(sn_xml_child(x, "super_class"), "name");
	struct mst_err err = MST_ERR_INIT;

	if (!sn_table_any(im->sn, name))
		(void)sn_table_add(im->sn, name, sn_xml_text(x, "label"),
				   *super ? super : NULL, &err);
}

static enum sn_cascade cascade_of(const char *rule)
{
	if (!strcmp(rule, "clear"))
		return SN_CLEAR;
	if (!strcmp(rule, "delete") || !strcmp(rule, "cascade"))
		return SN_DELETE;
	return strcmp(rule, "restrict") ? SN_KEEP : SN_RESTRICT;
}

/* The table's own entry, whose comments carry the set's version. */
static void commit_collection(struct sn_import *im, const struct sn_xml *x)
{
	struct sn_table *t = sn_table_any(im->sn, "sys_dictionary");
	struct mst_slice vals[SN_MAX_COLUMNS];
	const char *id = sn_xml_text(x, "sys_id");
	struct sn_row *row;

	sn_defaults(im->sn, t, vals);
	vals[sn_col_at(t, "name")] = mst_slice_str(sn_xml_text(x, "name"));
	vals[sn_col_at(t, "internal_type")] = MST_SLICE_LIT("collection");
	vals[sn_col_at(t, "active")] = MST_SLICE_LIT("true");
	vals[sn_col_at(t, "audit")] = mst_slice_str(sn_xml_text(x, "audit"));
	vals[sn_col_at(t, "comments")] =
	    mst_slice_str(sn_xml_text(x, "comments"));
	row = sn_coalesce(im->sn, x);
	if (row)
		sn_update(im->sn, row, vals, "admin");
	else if (sn_is_id(mst_slice_str(id)) && !sn_id_taken(im->sn, id))
		sn_insert(im->sn, t, vals, id, "admin");
}

static void commit_dictionary(struct sn_import *im, const struct sn_upd *u)
{
	const struct sn_xml *x = u->record;
	struct sn_table *t = sn_table_any(im->sn, sn_xml_text(x, "name"));
	const char *type = sn_xml_text(x, "internal_type");
	struct sn_col proto = {
	    .name = sn_xml_text(x, "element"),
	    .label = sn_xml_text(x, "column_label"),
	    .type = type,
	    .max_length = (unsigned)number(x, "max_length"),
	    .reference = sn_xml_text(x, "reference"),
	    .cascade = cascade_of(sn_xml_text(x, "reference_cascade_rule")),
	    .choice = (int)number(x, "choice"),
	    .mandatory = yes(x, "mandatory"),
	    .unique = yes(x, "unique"),
	    .display = yes(x, "display"),
	    .read_only = yes(x, "read_only"),
	    .dflt = sn_xml_text(x, "default_value"),
	    .attributes = sn_xml_text(x, "attributes"),
	};

	if (!t)
		return;
	if (!strcmp(type, "collection"))
		commit_collection(im, x);
	else
		(void)sn_col_add(im->sn, t, &proto);
}

static void commit_label(struct sn_import *im, const struct sn_upd *u)
{
	const struct sn_xml *x = u->record;
	struct sn_table *t = sn_table_any(im->sn, sn_xml_text(x, "name"));
	struct sn_table *d = sn_table_any(im->sn, "sys_documentation");
	const char *element = sn_xml_text(x, "element");
	const char *id = sn_xml_text(x, "sys_id");
	struct mst_slice vals[SN_MAX_COLUMNS] = {0};
	size_t at = t && *element ? sn_col_at(t, element) : SN_NONE;
	struct sn_row *row;

	if (!t || (*element && at == SN_NONE))
		return;
	sn_label_set(im->sn, t, *element ? t->cols[at] : NULL,
		     sn_xml_text(x, "label"));
	sn_xml_values(im->sn, d, x, vals);
	row = sn_coalesce(im->sn, x);
	if (row)
		sn_update(im->sn, row, vals, "admin");
	else if (sn_is_id(mst_slice_str(id)) && !sn_id_taken(im->sn, id))
		sn_insert(im->sn, d, vals, id, "admin");
}

/* ---- choices ------------------------------------------------------------- */

static bool is_choice_of(const struct sn_row *row, const char *table,
			 const char *element)
{
	return !row->dead && mst_slice_is(sn_get_named(row, "name"), table) &&
	       mst_slice_is(sn_get_named(row, "element"), element);
}

struct sn_row *sn_newest_choice(struct sim_sn *sn, const char *table,
				const char *element)
{
	struct sn_table *d = sn_table_any(sn, "sys_choice");
	struct sn_row *newest = NULL;

	for (size_t i = 0; i < d->root->rows_n; i++) {
		struct sn_row *row = d->root->rows[i];

		if (is_choice_of(row, table, element) &&
		    (!newest ||
		     memcmp(sn_get(row, SN_C_UPDATED_ON).p,
			    sn_get(newest, SN_C_UPDATED_ON).p, 19) > 0))
			newest = row;
	}
	return newest;
}

/* The handler of choice lists replaces: what was there goes. */
static void commit_choices(struct sn_import *im, const struct sn_upd *u)
{
	const char *table = sn_xml_attr(u->outer, "table");
	const char *field = sn_xml_attr(u->outer, "field");
	struct sn_table *d = sn_table_any(im->sn, "sys_choice");
	int sequence = 0;

	for (size_t i = 0; i < d->root->rows_n; i++) {
		if (is_choice_of(d->root->rows[i], table, field))
			sn_delete(im->sn, d->root->rows[i]);
	}
	for (const struct sn_xml *x = u->outer->child; x; x = x->next) {
		if (mst_slice_is(x->name, "sys_choice"))
			sn_choice_add(im->sn, table, field,
				      sn_xml_text(x, "value"),
				      sn_xml_text(x, "label"), sequence++);
	}
}

/* ---- access -------------------------------------------------------------- */

static void commit_acl_role(struct sn_import *im, const struct sn_upd *u)
{
	static const char *const ops[SN_OPS] = {"read", "write", "create",
						"delete"};
	const char *role =
	    sn_xml_attr(sn_xml_child(u->record, "sys_user_role"), "name");
	struct sn_row *acl =
	    sn_find(im->sn, "sys_security_acl",
		    mst_slice_str(sn_xml_text(u->record, "sys_security_acl")));
	struct sn_row *at =
	    sn_first(im->sn, "sys_user_role", "name", mst_slice_str(role));
	struct sn_table *d = sn_table_any(im->sn, "sys_security_acl_role");
	const char *id = sn_xml_text(u->record, "sys_id");
	struct mst_slice vals[SN_MAX_COLUMNS] = {0};
	struct sn_table *t;

	if (!acl || !at)
		return;
	vals[sn_col_at(d, "sys_security_acl")] = mst_slice(acl->id, SN_ID);
	vals[sn_col_at(d, "sys_user_role")] = mst_slice(at->id, SN_ID);
	if (sn_is_id(mst_slice_str(id)) && !sn_id_taken(im->sn, id))
		sn_insert(im->sn, d, vals, id, "admin");
	/* Rules of fields ("table.*") are kept as records only. */
	t = mst_map_get(&im->sn->tables, sn_get_named(acl, "name"));
	for (int i = 0; t && i < SN_OPS; i++) {
		if (mst_slice_is(sn_get_named(acl, "operation"), ops[i]))
			sn_allow(im->sn, t, (enum sn_op)i, role);
	}
}

void sn_commit_update(struct sn_import *im, const struct sn_upd *u)
{
	static void (*const fns[SN_UPD__N])(struct sn_import *,
					    const struct sn_upd *) = {
	    [SN_UPD_TABLE] = commit_table,
	    [SN_UPD_DICTIONARY] = commit_dictionary,
	    [SN_UPD_LABEL] = commit_label,
	    [SN_UPD_CHOICE] = commit_choices,
	    [SN_UPD_ACL] = sn_commit_record,
	    [SN_UPD_ACL_ROLE] = commit_acl_role,
	    [SN_UPD_RECORD] = sn_commit_record,
	    [SN_UPD_LAYOUT] = sn_commit_layout,
	};

	if (fns[u->kind])
		fns[u->kind](im, u);
}
