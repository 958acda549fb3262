/* SPDX-License-Identifier: Apache-2.0
 *
 * The preview of an update set: what an instance would complain about. Texts
 * are those of an instance where they are known; which are our own choice is
 * in docs/internals/update-set.md.
 */
#include <stdarg.h>
#include <stdio.h>

#include "base/num.h"
#include "base/time.h"
#include "sim/sn_import.h"

struct missing {
	const char *table, *item;
};

static void problem(struct sn_import *im, struct sn_upd *u, struct missing m,
		    const char *fmt, ...) MST_PRINTF(4, 5);

static void problem(struct sn_import *im, struct sn_upd *u, struct missing m,
		    const char *fmt, ...)
{
	struct sn_table *t = sn_table_any(im->sn, "sys_update_preview_problem");
	struct mst_slice vals[SN_MAX_COLUMNS] = {0};
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	mst_buf_addf(im->problems, "%s: %s", u->name, text);
	if (m.item)
		mst_buf_addf(im->problems, " (%s)", m.item);
	mst_buf_addc(im->problems, '\n');
	vals[sn_col_at(t, "description")] = mst_slice_str(text);
	vals[sn_col_at(t, "type")] = MST_SLICE_LIT("error");
	vals[sn_col_at(t, "remote_update")] = mst_slice_str(u->name);
	vals[sn_col_at(t, "remote_update_set")] = mst_slice_str(im->set_id);
	vals[sn_col_at(t, "missing_item_table")] =
	    mst_slice_str(m.table ? m.table : "");
	vals[sn_col_at(t, "missing_item")] =
	    mst_slice_str(m.item ? m.item : "");
	sn_insert(im->sn, t, vals, NULL, "admin");
	u->skip = true;
}

static void no_table(struct sn_import *im, struct sn_upd *u, const char *name)
{
	problem(im, u, (struct missing){"sys_db_object", name},
		"Could not find a table referenced in this update");
}

static void no_field(struct sn_import *im, struct sn_upd *u, const char *name)
{
	problem(im, u, (struct missing){"sys_dictionary", name},
		"Could not find a table field (%s) referenced in this update",
		name);
}

static void no_record(struct sn_import *im, struct sn_upd *u, const char *table,
		      const char *column, const char *item)
{
	problem(im, u, (struct missing){table, item},
		"Could not find a record in %s for column %s referenced in "
		"this update",
		table, column);
}

/* ---- what is there, here or in the set ----------------------------------- */

static bool set_has(const struct sn_import *im, enum sn_upd_kind kind,
		    const char *const *pairs)
{
	for (const struct sn_upd *u = im->updates; u; u = u->next) {
		bool same = u->kind == kind && u->record;

		for (const char *const *p = pairs; same && *p; p += 2)
			same = !strcmp(sn_xml_text(u->record, p[0]), p[1]);
		if (same)
			return true;
	}
	return false;
}

static bool has_table(const struct sn_import *im, const char *name)
{
	return sn_table(im->sn, name) ||
	       set_has(im, SN_UPD_TABLE,
		       (const char *const[]){"name", name, NULL});
}

static bool has_column(const struct sn_import *im, const char *table,
		       const char *element)
{
	const struct sn_table *t = sn_table(im->sn, table);

	return (t && sn_col_at(t, element) != SN_NONE) ||
	       set_has(im, SN_UPD_DICTIONARY,
		       (const char *const[]){"name", table, "element", element,
					     NULL});
}

static bool has_record(const struct sn_import *im, const char *table,
		       const char *id)
{
	const char *made = mst_map_get(&im->ids, mst_slice_str(id));

	return (made && !strcmp(made, table)) ||
	       sn_find(im->sn, table, mst_slice_str(id));
}

/* ---- by kind ------------------------------------------------------------- */

static void preview_table(struct sn_import *im, struct sn_upd *u)
{
	const char *name = sn_xml_text(u->record, "name");
	const char *super =
	    sn_xml_attr(sn_xml_child(u->record, "super_class"), "name");

	if (strncmp(name, "u_", 2) && strncmp(name, "x_", 2) &&
	    !sn_table(im->sn, name))
		problem(im, u, (struct missing){NULL, name},
			"Table name must start with u_ or x_");
	if (*super && !has_table(im, super))
		no_record(im, u, "sys_db_object", "super_class", super);
}

static void preview_dictionary(struct sn_import *im, struct sn_upd *u)
{
	const char *table = sn_xml_text(u->record, "name");
	const char *ref = sn_xml_text(u->record, "reference");

	if (!has_table(im, table))
		no_table(im, u, table);
	if (*ref && !has_table(im, ref))
		no_record(im, u, "sys_db_object", "reference", ref);
}

static void preview_role(struct sn_import *im, struct sn_upd *u)
{
	const struct sn_xml *role = sn_xml_child(u->record, "sys_user_role");
	const char *acl = sn_xml_text(u->record, "sys_security_acl");
	const char *name = sn_xml_attr(role, "name");

	if (!sn_first(im->sn, "sys_user_role", "name", mst_slice_str(name)))
		no_record(im, u, "sys_user_role", "sys_user_role", name);
	if (!has_record(im, "sys_security_acl", acl))
		no_record(im, u, "sys_security_acl", "sys_security_acl", acl);
}

/* Names of elements that are no columns: splits, formatters. */
static bool is_column_name(const char *element)
{
	return *element && *element != '.' && !strchr(element, '.');
}

static void preview_layout(struct sn_import *im, struct sn_upd *u)
{
	const struct sn_layout_kind *l = sn_layout_kind_of(u->outer->name);
	const char *table = sn_xml_attr(u->outer, "table");

	if (!u->record || !has_table(im, table)) {
		no_table(im, u, table);
		return;
	}
	for (const struct sn_xml *x = u->outer->child; x; x = x->next) {
		const char *element =
		    l->column ? sn_xml_text(x, l->column) : "";
		const char *format = sn_xml_text(x, "sys_ui_formatter");

		if (!mst_slice_is(x->name, l->elements))
			continue;
		if (is_column_name(element) && !has_column(im, table, element))
			no_field(im, u, element);
		if (*format && !has_record(im, "sys_ui_formatter", format))
			no_record(im, u, "sys_ui_formatter", "sys_ui_formatter",
				  format);
	}
}

/* References of a record to records by sys_id; those that carry a name of
 * their own are resolved by it. */
static void preview_record(struct sn_import *im, struct sn_upd *u)
{
	struct sn_table *t = mst_map_get(&im->sn->tables, u->record->name);

	for (const struct sn_xml *x = u->record->child; t && x; x = x->next) {
		uintptr_t at = (uintptr_t)mst_map_get(&t->by_name, x->name);
		const struct sn_col *c = at ? t->cols[at - 1] : NULL;

		if (!c || c->system || !x->text.n)
			continue;
		if (c->kind == SN_REFERENCE && c->reference &&
		    sn_table(im->sn, c->reference) &&
		    !has_record(im, c->reference, x->text.p))
			no_record(im, u, c->reference, c->name, x->text.p);
		if (!strcmp(c->type, "table_name") && !has_table(im, x->text.p))
			no_table(im, u, x->text.p);
	}
}

static void preview_kind(struct sn_import *im, struct sn_upd *u)
{
	switch (u->kind) {
	case SN_UPD_TABLE:
		preview_table(im, u);
		break;
	case SN_UPD_DICTIONARY:
		preview_dictionary(im, u);
		break;
	case SN_UPD_LABEL:
		if (!u->record ||
		    !has_table(im, sn_xml_text(u->record, "name")))
			no_table(im, u, sn_xml_attr(u->outer, "table"));
		break;
	case SN_UPD_CHOICE:
		if (!has_column(im, sn_xml_attr(u->outer, "table"),
				sn_xml_attr(u->outer, "field")))
			no_field(im, u, sn_xml_attr(u->outer, "field"));
		break;
	case SN_UPD_ACL_ROLE:
		preview_role(im, u);
		break;
	case SN_UPD_RECORD:
		preview_record(im, u);
		break;
	case SN_UPD_LAYOUT:
		preview_layout(im, u);
		break;
	case SN_UPD_UNKNOWN:
		no_table(im, u, mst_arena_dup(&im->arena, u->outer->name).p);
		break;
	case SN_UPD_ACL:
	case SN_UPD_IGNORED:
	case SN_UPD__N:
	default:
		break;
	}
}

/* ---- collisions ---------------------------------------------------------- */

/* "19bbef3b0000000001": milliseconds in hex, then seven digits of a counter.
 * The time as the columns have it; "" when it is none. */
static const char *recorded_at(struct sn_import *im, const char *text)
{
	size_t n = strlen(text);
	int64_t ms = 0;
	char *out;

	if (n <= 7 || n > 18)
		return "";
	for (size_t i = 0; i < n - 7; i++) {
		const char *digits = "0123456789abcdef";
		const char *d = text[i] ? strchr(digits, text[i]) : NULL;

		if (!d)
			return "";
		ms = ms * 16 + (d - digits);
	}
	out = mst_arena_bytes(&im->arena, 20);
	mst_time_sn(ms * 1000, out);
	return out;
}

static bool later(struct mst_slice a, struct mst_slice b)
{
	return a.n == 19 && b.n == 19 && memcmp(a.p, b.p, 19) > 0;
}

/* The record itself, or what belongs to it, whatever was written last. */
static struct sn_row *newest_of_layout(struct sn_import *im,
				       const struct sn_upd *u,
				       struct sn_row *newest)
{
	const struct sn_layout_kind *l = sn_layout_kind_of(u->outer->name);
	size_t n = newest
		       ? sn_search(im->sn, sn_table_any(im->sn, l->elements),
				   l->ref, mst_slice(newest->id, SN_ID), false)
		       : 0;

	while (n-- > 0) {
		struct sn_row *row = im->sn->found[n];

		if (later(sn_get(row, SN_C_UPDATED_ON),
			  sn_get(newest, SN_C_UPDATED_ON)))
			newest = row;
	}
	return newest;
}

/* Changed here, after the update was recorded where it comes from? The last
 * commit of the same name is no change of anybody. */
static bool newer_here(struct sn_import *im, const struct sn_upd *u)
{
	struct mst_slice theirs = mst_slice_str(
	    recorded_at(im, sn_xml_text(u->update, "sys_recorded_at")));
	struct sn_row *last =
	    sn_first(im->sn, "sys_update_xml", "name", mst_slice_str(u->name));
	struct sn_row *row;
	struct mst_slice ours;

	row = u->kind == SN_UPD_CHOICE
		  ? sn_newest_choice(im->sn, sn_xml_attr(u->outer, "table"),
				     sn_xml_attr(u->outer, "field"))
	      : u->record ? sn_coalesce(im->sn, u->record)
			  : NULL;
	if (u->kind == SN_UPD_LAYOUT)
		row = newest_of_layout(im, u, row);
	if (!row)
		return false;
	ours = sn_get(row, SN_C_UPDATED_ON);
	if (last && !later(ours, sn_get(last, SN_C_UPDATED_ON)))
		return false;
	return later(ours, theirs);
}

void sn_preview(struct sn_import *im)
{
	const char *scope = sn_xml_text(im->set, "application");

	for (struct sn_upd *u = im->updates; u; u = u->next) {
		const char *own = sn_xml_text(u->update, "application");

		if (strcmp(own, scope))
			problem(im, u, (struct missing){NULL, NULL},
				"Cannot commit Update Set '%s' because: Update "
				"scope id '%s' is different than update set "
				"scope id '%s'. Resolve the problem before "
				"committing.",
				sn_xml_text(im->set, "name"), own, scope);
		preview_kind(im, u);
		if (newer_here(im, u))
			problem(im, u, (struct missing){NULL, NULL},
				"Found a local update that is newer than this "
				"one");
	}
}
