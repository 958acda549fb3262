/* SPDX-License-Identifier: Apache-2.0
 *
 * Update sets: the XML is read, previewed (what it refers to must be in the
 * instance or in the set) and committed: tables first, then columns, labels,
 * choices, access rules. Layouts, menus and modules are accepted and have no
 * effect here. Tables are added and changed, never dropped.
 */
#include <stdarg.h>
#include <stdio.h>

#include "base/num.h"
#include "servicenow/update_set.h"
#include "sim/sn.h"
#include "sim/sn_xml.h"

enum kind {
	K_TABLE,
	K_DICTIONARY,
	K_LABEL,
	K_CHOICE,
	K_ACL,
	K_ACL_ROLE,
	K_OTHER,
	K__N
};

struct update {
	const char *name;
	enum kind kind;
	const struct sn_xml *record; /* the record itself */
	const struct sn_xml *outer;  /* its wrapper */
	struct update *next;
};

struct import {
	struct sim_sn *sn;
	struct mst_arena arena;
	const struct sn_xml *set;
	struct update *updates;
	struct mst_buf *problems;
	const char *set_id;
};

int sn_main_set(struct mst_buf *out, struct mst_err *err)
{
	return mst_update_set_write("muster-cve", out, err);
}

static void problem(struct import *im, const struct update *u, const char *fmt,
		    ...) MST_PRINTF(3, 4);

static void problem(struct import *im, const struct update *u, const char *fmt,
		    ...)
{
	struct sn_table *t = sn_table_any(im->sn, "sys_update_preview_problem");
	struct mst_slice vals[SN_MAX_COLUMNS] = {0};
	char text[512];
	va_list ap;
	int n;

	n = snprintf(text, sizeof(text), "%s: ", u->name);
	if (n < 0 || (size_t)n >= sizeof(text))
		n = 0;
	va_start(ap, fmt);
	(void)vsnprintf(text + n, sizeof(text) - (size_t)n, fmt, ap);
	va_end(ap);
	mst_buf_addf(im->problems, "%s\n", text);
	vals[sn_col_at(t, "description")] = mst_slice_str(text);
	vals[sn_col_at(t, "type")] = MST_SLICE_LIT("error");
	vals[sn_col_at(t, "remote_update_set")] = mst_slice_str(im->set_id);
	sn_insert(im->sn, t, vals, NULL, "admin");
}

/* ---- reading ------------------------------------------------------------- */

static enum kind kind_of(const struct sn_xml *outer)
{
	static const struct {
		const char *name;
		enum kind kind;
	} kinds[] = {
	    {"sys_db_object", K_TABLE},
	    {"sys_dictionary", K_DICTIONARY},
	    {"sys_documentation", K_LABEL},
	    {"sys_choice", K_CHOICE},
	    {"sys_security_acl", K_ACL},
	    {"sys_security_acl_role", K_ACL_ROLE},
	    {"sys_app_application", K_OTHER},
	    {"sys_app_module", K_OTHER},
	    {"sys_ui_list", K_OTHER},
	    {"sys_ui_related", K_OTHER},
	    {"sys_ui_section", K_OTHER},
	    {"sys_ui_form_sections", K_OTHER},
	    {"sys_script_fix", K_OTHER},
	    {"sys_number", K_OTHER},
	    {"sys_user_role", K_OTHER},
	    {"ua_table_licensing_config", K_OTHER},
	};

	for (size_t i = 0; outer && i < MST_LEN(kinds); i++) {
		if (mst_slice_is(outer->name, kinds[i].name))
			return kinds[i].kind;
	}
	return K__N;
}

static int read_update(struct import *im, const struct sn_xml *x,
		       struct update ***tail, struct mst_err *err)
{
	struct update *u = mst_arena_alloc(&im->arena, sizeof(*u));
	const struct sn_xml *payload = sn_xml_child(x, "payload"), *doc;

	u->name = sn_xml_text(x, "name");
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
	u->kind = kind_of(u->outer);
	/* Labels are wrapped once more. */
	u->record = u->kind == K_LABEL
			? sn_xml_child(u->outer, "sys_documentation")
			: u->outer;
	**tail = u;
	*tail = &u->next;
	return 0;
}

static int read_set(struct import *im, struct mst_slice xml,
		    struct mst_err *err)
{
	struct sn_xml *root = sn_xml_parse(&im->arena, xml, err);
	struct update **tail = &im->updates;
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
	for (const struct sn_xml *x = root->child; x; x = x->next) {
		if (!mst_slice_is(x->name, "sys_update_xml"))
			continue;
		r = read_update(im, x, &tail, err);
		if (r)
			return r;
	}
	return 0;
}

/* ---- preview ------------------------------------------------------------- */

static bool set_makes(const struct import *im, enum kind kind,
		      const char *field, const char *value)
{
	for (const struct update *u = im->updates; u; u = u->next) {
		if (u->kind == kind &&
		    !strcmp(sn_xml_text(u->record, field), value))
			return true;
	}
	return false;
}

static bool has_table(const struct import *im, const char *name)
{
	return sn_table(im->sn, name) || set_makes(im, K_TABLE, "name", name);
}

static bool has_column(const struct import *im, const char *table,
		       const char *element)
{
	const struct sn_table *t = sn_table(im->sn, table);

	if (t && sn_col_at(t, element) != SN_NONE)
		return true;
	for (const struct update *u = im->updates; u; u = u->next) {
		if (u->kind == K_DICTIONARY &&
		    !strcmp(sn_xml_text(u->record, "name"), table) &&
		    !strcmp(sn_xml_text(u->record, "element"), element))
			return true;
	}
	return false;
}

static void preview_table(struct import *im, const struct update *u)
{
	const char *name = sn_xml_text(u->record, "name");
	const char *super =
	    sn_xml_attr(sn_xml_child(u->record, "super_class"), "name");

	if (strncmp(name, "u_", 2) && strncmp(name, "x_", 2) &&
	    !sn_table(im->sn, name))
		problem(im, u, "Table '%s' must start with u_ or x_", name);
	if (*super && !has_table(im, super))
		problem(im, u, "Could not find table '%s' to extend", super);
}

static void preview_dictionary(struct import *im, const struct update *u)
{
	const char *table = sn_xml_text(u->record, "name");
	const char *ref = sn_xml_text(u->record, "reference");

	if (!has_table(im, table))
		problem(im, u, "Table '%s' does not exist", table);
	if (*ref && !has_table(im, ref))
		problem(im, u,
			"Could not find table '%s' referenced by "
			"sys_dictionary.reference",
			ref);
}

static void preview_role(struct import *im, const struct update *u)
{
	const struct sn_xml *role = sn_xml_child(u->record, "sys_user_role");
	const char *acl = sn_xml_text(u->record, "sys_security_acl");
	const char *name = sn_xml_attr(role, "name");

	if (!sn_first(im->sn, "sys_user_role", "name", mst_slice_str(name)))
		problem(im, u,
			"Could not find a record in sys_user_role for column "
			"sys_user_role referenced in this update: '%s'",
			name);
	if (!set_makes(im, K_ACL, "sys_id", acl) &&
	    !sn_find(im->sn, "sys_security_acl", mst_slice_str(acl)))
		problem(im, u,
			"Could not find a record in sys_security_acl for "
			"column sys_security_acl referenced in this update");
}

static void preview(struct import *im)
{
	for (const struct update *u = im->updates; u; u = u->next) {
		const struct sn_xml *r = u->record;

		switch (u->kind) {
		case K_TABLE:
			preview_table(im, u);
			break;
		case K_DICTIONARY:
			preview_dictionary(im, u);
			break;
		case K_LABEL:
			if (!r || !has_table(im, sn_xml_text(r, "name")))
				problem(im, u, "Label of a missing table");
			break;
		case K_CHOICE:
			if (!has_column(im, sn_xml_attr(u->outer, "table"),
					sn_xml_attr(u->outer, "field")))
				problem(im, u, "Choices of a missing column");
			break;
		case K_ACL_ROLE:
			preview_role(im, u);
			break;
		case K__N:
			problem(im, u, "Unknown record type '%.*s'",
				MST_SLICE_ARG(u->outer->name));
			break;
		case K_ACL:
		case K_OTHER:
		default:
			break;
		}
	}
}

/* ---- commit -------------------------------------------------------------- */

static bool yes(const struct sn_xml *x, const char *name)
{
	return !strcmp(sn_xml_text(x, name), "true");
}

static void commit_table(struct import *im, const struct update *u)
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
static void commit_collection(struct import *im, const struct sn_xml *x)
{
	struct sn_table *t = sn_table_any(im->sn, "sys_dictionary");
	struct mst_slice vals[SN_MAX_COLUMNS];
	const char *id = sn_xml_text(x, "sys_id");
	struct sn_row *row;

	sn_defaults(im->sn, t, vals);
	vals[sn_col_at(t, "name")] = mst_slice_str(sn_xml_text(x, "name"));
	vals[sn_col_at(t, "internal_type")] = MST_SLICE_LIT("collection");
	vals[sn_col_at(t, "active")] = MST_SLICE_LIT("true");
	vals[sn_col_at(t, "comments")] =
	    mst_slice_str(sn_xml_text(x, "comments"));
	row = sn_find(im->sn, "sys_dictionary", mst_slice_str(id));
	if (row)
		sn_update(im->sn, row, vals, "admin");
	else if (sn_is_id(mst_slice_str(id)))
		sn_insert(im->sn, t, vals, id, "admin");
}

/* Zero when it is none. */
static uint32_t number(const struct sn_xml *x, const char *name)
{
	uint64_t n = 0;

	(void)mst_num_u64(mst_slice_str(sn_xml_text(x, name)), &n);
	return (uint32_t)MST_MIN(n, (uint64_t)INT32_MAX);
}

static void commit_dictionary(struct import *im, const struct update *u)
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
	    .dflt = sn_xml_text(x, "default_value"),
	};

	if (!t)
		return;
	if (!strcmp(type, "collection"))
		commit_collection(im, x);
	else
		(void)sn_col_add(im->sn, t, &proto);
}

static void commit_label(struct import *im, const struct update *u)
{
	const struct sn_xml *x = u->record;
	struct sn_table *t = sn_table_any(im->sn, sn_xml_text(x, "name"));
	struct sn_table *d = sn_table_any(im->sn, "sys_documentation");
	const char *element = sn_xml_text(x, "element");
	const char *id = sn_xml_text(x, "sys_id");
	struct mst_slice vals[SN_MAX_COLUMNS] = {0};
	size_t at = t && *element ? sn_col_at(t, element) : SN_NONE;

	if (!t || (*element && at == SN_NONE))
		return;
	sn_label_set(im->sn, t, *element ? t->cols[at] : NULL,
		     sn_xml_text(x, "label"));
	vals[sn_col_at(d, "name")] = mst_slice_str(t->name);
	vals[sn_col_at(d, "element")] = mst_slice_str(element);
	vals[sn_col_at(d, "label")] = mst_slice_str(sn_xml_text(x, "label"));
	vals[sn_col_at(d, "language")] = MST_SLICE_LIT("en");
	if (sn_is_id(mst_slice_str(id)) &&
	    !sn_find(im->sn, "sys_documentation", mst_slice_str(id)))
		sn_insert(im->sn, d, vals, id, "admin");
}

/* The handler of choice lists replaces: what was there goes. */
static void commit_choices(struct import *im, const struct update *u)
{
	const char *table = sn_xml_attr(u->outer, "table");
	const char *field = sn_xml_attr(u->outer, "field");
	struct sn_table *d = sn_table_any(im->sn, "sys_choice");
	int sequence = 0;

	for (size_t i = 0; i < d->root->rows_n; i++) {
		struct sn_row *row = d->root->rows[i];

		if (!row->dead &&
		    mst_slice_is(sn_get_named(row, "name"), table) &&
		    mst_slice_is(sn_get_named(row, "element"), field))
			sn_delete(im->sn, row);
	}
	for (const struct sn_xml *x = u->outer->child; x; x = x->next) {
		if (mst_slice_is(x->name, "sys_choice"))
			sn_choice_add(im->sn, table, field,
				      sn_xml_text(x, "value"),
				      sn_xml_text(x, "label"), sequence++);
	}
}

static void commit_acl(struct import *im, const struct update *u)
{
	static const char *const cols[] = {"name", "operation", "type",
					   "description", "active"};
	struct sn_table *t = sn_table_any(im->sn, "sys_security_acl");
	const char *id = sn_xml_text(u->record, "sys_id");
	struct mst_slice vals[SN_MAX_COLUMNS] = {0};

	for (size_t i = 0; i < MST_LEN(cols); i++)
		vals[sn_col_at(t, cols[i])] =
		    mst_slice_str(sn_xml_text(u->record, cols[i]));
	if (sn_is_id(mst_slice_str(id)) &&
	    !sn_find(im->sn, "sys_security_acl", mst_slice_str(id)))
		sn_insert(im->sn, t, vals, id, "admin");
}

static void commit_acl_role(struct import *im, const struct update *u)
{
	static const char *const ops[SN_OPS] = {"read", "write", "create",
						"delete"};
	const char *role =
	    sn_xml_attr(sn_xml_child(u->record, "sys_user_role"), "name");
	struct sn_row *acl =
	    sn_find(im->sn, "sys_security_acl",
		    mst_slice_str(sn_xml_text(u->record, "sys_security_acl")));
	struct mst_slice object, op;
	struct sn_table *t;

	if (!acl)
		return;
	object = sn_get_named(acl, "name");
	op = sn_get_named(acl, "operation");
	/* Rules of fields ("table.*") are kept as records only. */
	t = mst_map_get(&im->sn->tables, object);
	for (int i = 0; t && i < SN_OPS; i++) {
		if (mst_slice_is(op, ops[i]))
			sn_allow(im->sn, t, (enum sn_op)i, role);
	}
}

static void commit_set(struct import *im)
{
	struct sn_table *t = sn_table_any(im->sn, "sys_remote_update_set");
	struct mst_slice vals[SN_MAX_COLUMNS] = {0};
	struct sn_row *row;

	vals[sn_col_at(t, "name")] =
	    mst_slice_str(sn_xml_text(im->set, "name"));
	vals[sn_col_at(t, "description")] =
	    mst_slice_str(sn_xml_text(im->set, "description"));
	vals[sn_col_at(t, "remote_sys_id")] =
	    mst_slice_str(sn_xml_text(im->set, "remote_sys_id"));
	vals[sn_col_at(t, "state")] = MST_SLICE_LIT("committed");
	row =
	    sn_find(im->sn, "sys_remote_update_set", mst_slice_str(im->set_id));
	if (row)
		sn_update(im->sn, row, vals, "admin");
	else
		sn_insert(im->sn, t, vals, im->set_id, "admin");
}

static void commit(struct import *im)
{
	static void (*const fns[K__N])(struct import *,
				       const struct update *) = {
	    [K_TABLE] = commit_table, [K_DICTIONARY] = commit_dictionary,
	    [K_LABEL] = commit_label, [K_CHOICE] = commit_choices,
	    [K_ACL] = commit_acl,     [K_ACL_ROLE] = commit_acl_role,
	};

	for (int k = 0; k < K__N; k++) {
		for (const struct update *u = im->updates; u; u = u->next) {
			if ((int)u->kind == k && fns[k] && u->record)
				fns[k](im, u);
		}
	}
	commit_set(im);
}

int sn_import(struct sim_sn *sn, struct mst_slice xml, bool force,
	      struct mst_buf *problems, struct mst_err *err)
{
	struct import im = {.sn = sn, .problems = problems};
	size_t before = problems->n;
	int r;

	mst_arena_init(&im.arena, 256u << 20);
	r = read_set(&im, xml, err);
	if (!r) {
		preview(&im);
		if (force || problems->n == before)
			commit(&im);
	}
	mst_arena_fini(&im.arena);
	return r;
}
