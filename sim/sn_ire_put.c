/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing what was identified: attributes, class changes, sources, children,
 * references and relations. In a dry run only the outcome is worked out.
 */
#include <stdio.h>

#include "sim/sn_ire.h"

/* Attributes that every payload refreshes; they make no difference between
 * UPDATE and NO_CHANGE. */
static bool is_fresh(const char *col)
{
	return !strcmp(col, "last_discovered") ||
	       !strcmp(col, "discovery_source") ||
	       !strcmp(col, "first_discovered");
}

/* The values of one input into vals. Empty ones never overwrite; an older
 * last_discovered is ignored. False: a value was refused. */
static bool take_values(struct ire *ire, struct ire_item *it,
			const struct ire_item *from, struct sn_table *t,
			struct mst_slice *vals, bool insert)
{
	struct mst_json_iter all = mst_json_iter(from->values);
	struct mst_slice key, v;
	struct mst_json j;
	char why[512];

	while (mst_json_next(&all, &key, &j)) {
		uintptr_t at = (uintptr_t)mst_map_get(&t->by_name, key);
		const char *col;

		if (!at) {
			ire->sn->stats.ire_unknown_attributes++;
			continue;
		}
		col = t->cols[at - 1]->name;
		v = sn_json_text(ire->sn, j);
		if (!v.n || (!insert && !strcmp(col, "first_discovered")))
			continue;
		if (!strcmp(col, "last_discovered") &&
		    mst_slice_cmp(v, vals[at - 1]) < 0)
			continue;
		if (sn_take(ire->sn, t, at - 1, v, false, vals, why,
			    sizeof(why))) {
			ire_error(ire, it, "INVALID_INPUT_DATA", "%s", why);
			return false;
		}
	}
	all = mst_json_iter(from->display_values);
	while (mst_json_next(&all, &key, &j)) {
		uintptr_t at = (uintptr_t)mst_map_get(&t->by_name, key);

		v = sn_json_text(ire->sn, j);
		if (at && v.n)
			(void)sn_take(ire->sn, t, at - 1, v, true, vals, why,
				      sizeof(why));
	}
	return true;
}

/* Doubles first, in the order of the payload; the item itself wins. */
static bool take_all(struct ire *ire, struct ire_item *it, struct sn_table *t,
		     struct mst_slice *vals, bool insert)
{
	for (struct ire_item *d = it->merged; d; d = d->next_merged) {
		if (!take_values(ire, it, d, t, vals, insert))
			return false;
	}
	return take_values(ire, it, it, t, vals, insert);
}

static const char *skip_note(struct ire *ire, const char *what,
			     const struct ire_item *it)
{
	return mst_arena_printf(&ire->sn->scratch,
				"Skipped class %s from [%s] to [%s]", what,
				it->row->t->name, it->t->name);
}

/* The class that the row shall have, and the operation that goes with it. */
static struct sn_table *class_for(struct ire *ire, struct ire_item *it,
				  enum ire_op *op_r, struct ire_note *note_r)
{
	struct sn_table *have = it->row->t;

	*op_r = IRE_NONE;
	if (have == it->t)
		return have;
	if (sn_is_a(it->t, have)) {
		if (it->no_upgrade) {
			*note_r =
			    (struct ire_note){"SKIPPED_CLASS_UPGRADE",
					      skip_note(ire, "upgrade", it)};
			return have;
		}
		*op_r = IRE_UPGRADE;
	} else if (sn_is_a(have, it->t)) {
		if (it->no_downgrade) {
			*note_r =
			    (struct ire_note){"SKIPPED_CLASS_DOWNGRADE",
					      skip_note(ire, "downgrade", it)};
			return have;
		}
		*op_r = IRE_DOWNGRADE;
	} else {
		if (it->no_switch) {
			*note_r =
			    (struct ire_note){"SKIPPED_CLASS_SWITCH",
					      skip_note(ire, "switch", it)};
			return have;
		}
		*op_r = IRE_SWITCH;
	}
	return it->t;
}

void ire_check(struct ire *ire, struct ire_item *it)
{
	struct mst_slice vals[SN_MAX_COLUMNS];
	struct sn_table *t = it->row ? it->row->t : it->t;

	if (it->row)
		sn_values(it->row, vals);
	else
		sn_defaults(ire->sn, t, vals);
	(void)take_all(ire, it, t, vals, !it->row);
}

static void set_val(struct sn_table *t, struct mst_slice *vals, const char *col,
		    struct mst_slice v)
{
	size_t at = sn_col_at(t, col);

	if (at != SN_NONE)
		vals[at] = v;
}

/* discovery_source and last_discovered follow every payload, unless the
 * option says to leave them to what was sent. */
static void stamp(struct ire *ire, struct ire_item *it, struct sn_table *t,
		  struct mst_slice *vals, bool insert)
{
	struct mst_slice now = mst_slice_str(ire->sn->now);
	bool sent_last = ire_value(ire, it, "last_discovered").n;

	if (insert && !ire_value(ire, it, "first_discovered").n)
		set_val(t, vals, "first_discovered", now);
	if (ire->keep_discovered && !insert)
		return;
	if (!ire->keep_discovered || !ire_value(ire, it, "discovery_source").n)
		set_val(t, vals, "discovery_source",
			mst_slice_str(ire->source));
	if (!sent_last)
		set_val(t, vals, "last_discovered", now);
}

static bool differs(const struct sn_row *row, const struct mst_slice *vals)
{
	for (size_t i = SN_C__N; i < row->t->n; i++) {
		if (i != row->t->class_col &&
		    !is_fresh(row->t->cols[i]->name) &&
		    !mst_slice_eq(vals[i], sn_get(row, i)))
			return true;
	}
	return false;
}

static void put_source(struct ire *ire, const struct ire_item *it)
{
	struct sim_sn *sn = ire->sn;
	struct sn_table *t = sn_table_any(sn, "sys_object_source");
	struct mst_slice vals[SN_MAX_COLUMNS];
	struct sn_row *s = NULL;

	if (!it->native_key.n || !it->source.n)
		return;
	sn_search(sn, t, "id", it->native_key, false);
	for (size_t i = 0; i < sn->found_n && !s; i++) {
		if (mst_slice_eq(sn_get_named(sn->found[i], "name"),
				 it->source))
			s = sn->found[i];
	}
	if (s)
		sn_values(s, vals);
	else
		sn_defaults(sn, t, vals);
	set_val(t, vals, "name", it->source);
	set_val(t, vals, "id", it->native_key);
	set_val(t, vals, "target_table", mst_slice_str(it->row->t->name));
	set_val(t, vals, "target_sys_id", mst_slice(it->row->id, SN_ID));
	if (it->feed.n)
		set_val(t, vals, "source_feed", it->feed);
	if (it->recency.n)
		set_val(t, vals, "last_scan", it->recency);
	else if (!ire->keep_scan || !s)
		set_val(t, vals, "last_scan", mst_slice_str(sn->now));
	if (s)
		sn_update(sn, s, vals, ire->user->name);
	else
		sn_insert(sn, t, vals, NULL, ire->user->name);
}

static void put_new(struct ire *ire, struct ire_item *it)
{
	struct mst_slice vals[SN_MAX_COLUMNS];

	it->op = IRE_INSERT;
	if (ire->dry)
		return;
	sn_defaults(ire->sn, it->t, vals);
	(void)take_all(ire, it, it->t, vals, true);
	stamp(ire, it, it->t, vals, true);
	it->row = sn_insert(ire->sn, it->t, vals, NULL, ire->user->name);
	it->new_row = true;
}

static void put_known(struct ire *ire, struct ire_item *it)
{
	struct mst_slice vals[SN_MAX_COLUMNS];
	struct ire_note note = {0};
	struct sn_table *t = class_for(ire, it, &it->op, &note);
	bool changed;

	if (note.code)
		it->infos[it->infos_n++] = note;
	if (t != it->row->t && !ire->dry)
		sn_reclass(ire->sn, it->row, t);
	sn_values(it->row, vals);
	(void)take_all(ire, it, it->row->t, vals, false);
	changed = differs(it->row, vals);
	if (it->op == IRE_NONE)
		it->op = changed ? IRE_UPDATE : IRE_NO_CHANGE;
	if (ire->dry)
		return;
	stamp(ire, it, it->row->t, vals, false);
	sn_update(ire->sn, it->row, vals, ire->user->name);
}

void ire_put(struct ire *ire, struct ire_item *it)
{
	if (it->row)
		put_known(ire, it);
	else
		put_new(ire, it);
	if (ire->dry)
		return;
	put_source(ire, it);
	for (struct ire_item *d = it->merged; d; d = d->next_merged) {
		d->row = it->row;
		put_source(ire, d);
	}
}

/* ---- children ------------------------------------------------------------ */

/* What tells the children of one CI apart. */
static const char *child_key(const struct sn_table *t)
{
	if (!strcmp(t->name, "cmdb_serial_number"))
		return "serial_number";
	if (!strcmp(t->name, "cmdb_ci_network_adapter"))
		return "mac_address";
	if (!strcmp(t->name, "cmdb_sam_sw_install"))
		return "display_name";
	return strcmp(t->name, "cmdb_key_value") ? "name" : "key";
}

static void put_child(struct ire *ire, struct ire_item *it, struct ire_child *c)
{
	struct sim_sn *sn = ire->sn;
	struct mst_slice vals[SN_MAX_COLUMNS], key, id, v;
	struct mst_json_iter all = mst_json_iter(c->values);
	const char *col = child_key(c->t);
	struct mst_json j;
	char why[512];

	if (!it->row) {
		c->op = IRE_INSERT;
		return;
	}
	id = mst_slice(it->row->id, SN_ID);
	v = sn_json_text(sn, mst_json_get(c->values, col));
	sn_search(sn, c->t, c->t->cols[c->parent_col]->name, id, false);
	for (size_t i = 0; i < sn->found_n && !c->row; i++) {
		if (mst_slice_ieq(sn_get_named(sn->found[i], col), v))
			c->row = sn->found[i];
	}
	if (c->row)
		sn_values(c->row, vals);
	else
		sn_defaults(sn, c->t, vals);
	while (mst_json_next(&all, &key, &j)) {
		uintptr_t at = (uintptr_t)mst_map_get(&c->t->by_name, key);
		struct mst_slice s = sn_json_text(sn, j);

		if (at && s.n)
			(void)sn_take(sn, c->t, at - 1, s, false, vals, why,
				      sizeof(why));
	}
	vals[c->parent_col] = id;
	if (ire->dry) {
		c->op = c->row ? IRE_UPDATE : IRE_INSERT;
	} else if (!c->row) {
		c->row = sn_insert(sn, c->t, vals, NULL, ire->user->name);
		c->op = IRE_INSERT;
	} else {
		c->op = sn_update(sn, c->row, vals, ire->user->name)
			    ? IRE_UPDATE
			    : IRE_NO_CHANGE;
	}
}

void ire_put_children(struct ire *ire, struct ire_item *it)
{
	for (struct ire_child *c = it->children; c; c = c->next)
		put_child(ire, it, c);
	for (struct ire_item *d = it->merged; d; d = d->next_merged) {
		for (struct ire_child *c = d->children; c; c = c->next)
			put_child(ire, it, c);
	}
}

/* ---- references and relations -------------------------------------------- */

static struct sn_row *row_by_internal(struct ire *ire, struct mst_slice id)
{
	struct ire_item *it = mst_map_get(&ire->by_internal, id);
	struct ire_child *c = mst_map_get(&ire->child_by_internal, id);

	while (it && it->into)
		it = it->into;
	return it ? it->row : c ? c->row : NULL;
}

void ire_put_references(struct ire *ire)
{
	for (size_t i = 0; i < ire->references_n && !ire->dry; i++) {
		const struct ire_reference *r = &ire->references[i];
		struct sn_row *to = row_by_internal(ire, r->referenced);
		struct sn_row *by = row_by_internal(ire, r->by);
		uintptr_t at;

		if (!to || !by)
			continue;
		at = (uintptr_t)mst_map_get(&by->t->by_name, r->field);
		if (at && by->t->cols[at - 1]->kind == SN_REFERENCE)
			sn_set(ire->sn, by, by->t->cols[at - 1]->name,
			       mst_slice(to->id, SN_ID), ire->user->name);
	}
}

bool ire_relation_end(struct ire *ire, struct mst_json j, const char *index,
		      const char *id, struct ire_item **item_r,
		      struct ire_child **child_r)
{
	struct mst_slice s = mst_json_str(mst_json_get(j, id));
	int64_t n;

	if (s.n) {
		*item_r = mst_map_get(&ire->by_internal, s);
		*child_r = mst_map_get(&ire->child_by_internal, s);
	} else if (mst_json_i64(mst_json_get(j, index), &n) && n >= 0 &&
		   (uint64_t)n < ire->items_n) {
		*item_r = &ire->items[n];
	}
	while (*item_r && (*item_r)->into)
		*item_r = (*item_r)->into;
	return *item_r || *child_r;
}

void ire_check_relation(struct ire *ire, struct ire_relation *r)
{
	struct mst_slice type = mst_json_str(mst_json_get(r->j, "type"));

	if (!ire_relation_end(ire, r->j, "parent", "parent_id", &r->parent_item,
			      &r->parent_child) ||
	    !ire_relation_end(ire, r->j, "child", "child_id", &r->child_item,
			      &r->child_child)) {
		r->error = (struct ire_note){
		    "INVALID_INPUT_DATA",
		    "In payload invalid parent or child index exist"};
		return;
	}
	r->type =
	    type.n ? sn_first(ire->sn, "cmdb_rel_type", "name", type) : NULL;
	if (!r->type)
		r->error = (struct ire_note){
		    "INVALID_INPUT_DATA",
		    mst_arena_printf(&ire->sn->scratch,
				     "In payload unknown relation type [%.*s] "
				     "exist",
				     (int)MST_MIN(type.n, (size_t)100),
				     type.n ? type.p : "")};
}

void ire_put_relation(struct ire *ire, struct ire_relation *r)
{
	struct sim_sn *sn = ire->sn;
	struct sn_table *t = sn_table_any(sn, "cmdb_rel_ci");
	struct sn_row *parent, *child;
	struct mst_slice vals[SN_MAX_COLUMNS];

	if (r->error.code)
		return;
	parent = r->parent_item ? r->parent_item->row : r->parent_child->row;
	child = r->child_item ? r->child_item->row : r->child_child->row;
	if (!parent || !child) {
		if (ire->dry)
			r->op = IRE_INSERT;
		else
			r->error = (struct ire_note){"ABANDONED",
						     "Too many other errors"};
		return;
	}
	r->op = IRE_INSERT;
	sn_search(sn, t, "parent", mst_slice(parent->id, SN_ID), false);
	for (size_t i = 0; i < sn->found_n; i++) {
		if (mst_slice_is(sn_get_named(sn->found[i], "child"),
				 child->id) &&
		    mst_slice_is(sn_get_named(sn->found[i], "type"),
				 r->type->id))
			r->op = IRE_NO_CHANGE;
	}
	if (ire->dry || r->op == IRE_NO_CHANGE)
		return;
	sn_defaults(sn, t, vals);
	set_val(t, vals, "parent", mst_slice(parent->id, SN_ID));
	set_val(t, vals, "child", mst_slice(child->id, SN_ID));
	set_val(t, vals, "type", mst_slice(r->type->id, SN_ID));
	sn_insert(sn, t, vals, NULL, ire->user->name);
}
