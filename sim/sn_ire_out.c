/* SPDX-License-Identifier: Apache-2.0
 *
 * The answer of identification and reconciliation. A result stands for every
 * input that was merged into it: inputIndices says which.
 */
#include "sim/sn_ire.h"

static const char *op_name(enum ire_op op)
{
	static const char *const names[] = {
	    [IRE_NONE] = "NO_CHANGE",
	    [IRE_INSERT] = "INSERT",
	    [IRE_UPDATE] = "UPDATE",
	    [IRE_NO_CHANGE] = "NO_CHANGE",
	    [IRE_UPGRADE] = "UPDATE_WITH_UPGRADE",
	    [IRE_DOWNGRADE] = "UPDATE_WITH_DOWNGRADE",
	    [IRE_SWITCH] = "UPDATE_WITH_SWITCH",
	    [IRE_PARTIAL] = "INSERT_AS_PARTIAL",
	    [IRE_INCOMPLETE] = "INSERT_AS_INCOMPLETE",
	};

	return names[op];
}

static void write_notes(struct mst_jout *j, const char *key, const char *name,
			const struct ire_note *notes, size_t n)
{
	mst_jout_key(j, key);
	mst_jout_arr(j);
	for (size_t i = 0; i < n; i++) {
		mst_jout_obj(j);
		mst_jout_kstr(j, name, notes[i].code);
		mst_jout_kstr(j, "message", notes[i].message);
		if (!strcmp(name, "code"))
			mst_jout_kstr(j, "ruleSysId", "");
		mst_jout_end_obj(j);
	}
	mst_jout_end_arr(j);
}

static void write_names(struct mst_jout *j, const char *csv)
{
	mst_jout_arr(j);
	while (*csv) {
		size_t n = strcspn(csv, ",");

		mst_jout_slice(j, mst_slice(csv, n));
		csv += n + (csv[n] == ',');
	}
	mst_jout_end_arr(j);
}

static void write_attempts(struct mst_jout *j, const struct ire_item *it)
{
	mst_jout_key(j, "identificationAttempts");
	mst_jout_arr(j);
	for (size_t i = 0; i < it->attempts_n; i++) {
		const struct ire_attempt *a = &it->attempts[i];

		mst_jout_obj(j);
		if (a->info)
			mst_jout_kstr(j, "info", a->info);
		mst_jout_kstr(j, "identifierName", a->identifier);
		mst_jout_kstr(j, "attemptResult", a->result);
		mst_jout_key(j, "attributes");
		write_names(j, a->attributes);
		if (!a->info) {
			mst_jout_kstr(j, "searchOnTable",
				      a->table ? a->table : it->t->name);
			mst_jout_key(j, "hybridEntryCiAttributes");
			write_names(j, "");
		}
		mst_jout_end_obj(j);
	}
	mst_jout_end_arr(j);
}

static void empty_list(struct mst_jout *j, const char *key)
{
	mst_jout_key(j, key);
	mst_jout_arr(j);
	mst_jout_end_arr(j);
}

static void write_child(struct mst_jout *j, const struct ire_child *c)
{
	mst_jout_obj(j);
	mst_jout_kslice(j, "className", c->class_name);
	mst_jout_kstr(j, "operation", op_name(c->op));
	mst_jout_kstr(j, "sysId", c->row ? c->row->id : "Unknown");
	mst_jout_key(j, "inputIndices");
	mst_jout_arr(j);
	mst_jout_obj(j);
	mst_jout_ki64(j, "mainIndex", (int64_t)c->main);
	mst_jout_ki64(j, "subIndex", (int64_t)c->sub);
	mst_jout_end_obj(j);
	mst_jout_end_arr(j);
	empty_list(j, "markers");
	empty_list(j, "mergedPayloadIds");
	mst_jout_end_obj(j);
}

static void write_children(struct mst_jout *j, const struct ire_item *it)
{
	mst_jout_key(j, "relatedSysIds");
	mst_jout_arr(j);
	for (const struct ire_child *c = it->children; c; c = c->next)
		mst_jout_str(j, c->row ? c->row->id : NULL);
	mst_jout_end_arr(j);
	mst_jout_key(j, "relatedItems");
	mst_jout_arr(j);
	for (const struct ire_child *c = it->children; c; c = c->next)
		write_child(j, c);
	mst_jout_end_arr(j);
	empty_list(j, "additionalRelatedItems");
}

static void write_indices(struct mst_jout *j, const struct ire_item *it)
{
	mst_jout_key(j, "inputIndices");
	mst_jout_arr(j);
	mst_jout_i64(j, (int64_t)it->input);
	for (const struct ire_item *d = it->merged; d; d = d->next_merged)
		mst_jout_i64(j, (int64_t)d->input);
	mst_jout_end_arr(j);
}

static void write_item(struct mst_jout *j, const struct ire_item *it)
{
	bool bad = it->errors_n && it->op != IRE_PARTIAL;

	mst_jout_obj(j);
	mst_jout_kslice(j, "className", it->class_name);
	if (!bad)
		mst_jout_kstr(j, "operation", op_name(it->op));
	mst_jout_kstr(j, "sysId", !bad && it->row ? it->row->id : "Unknown");
	mst_jout_kstr(j, "identifierEntrySysId",
		      bad ? "Unknown" : it->entry_id);
	write_children(j, it);
	write_attempts(j, it);
	empty_list(j, "markers");
	write_indices(j, it);
	empty_list(j, "mergedPayloadIds");
	if (it->errors_n)
		write_notes(j, "errors", "error", it->errors, it->errors_n);
	mst_jout_ki64(j, "errorCount", (int64_t)it->errors_n);
	write_notes(j, "info", "code", it->infos, it->infos_n);
	mst_jout_ki64(j, "warningCount", (int64_t)it->warnings_n);
	mst_jout_end_obj(j);
}

static void write_relation(struct mst_jout *j, const struct ire_relation *r,
			   size_t i)
{
	mst_jout_obj(j);
	mst_jout_kstr(j, "className", "cmdb_rel_ci");
	if (!r->error.code)
		mst_jout_kstr(j, "operation", op_name(r->op));
	empty_list(j, "markers");
	mst_jout_key(j, "inputIndices");
	mst_jout_arr(j);
	mst_jout_i64(j, (int64_t)i);
	mst_jout_end_arr(j);
	empty_list(j, "mergedPayloadIds");
	if (r->error.code)
		write_notes(j, "errors", "error", &r->error, 1);
	mst_jout_ki64(j, "errorCount", r->error.code ? 1 : 0);
	mst_jout_end_obj(j);
}

/* Counts of one class. */
static void summary_class(struct ire *ire, struct mst_jout *j,
			  struct mst_slice class_name)
{
	int64_t inserted = 0, updated = 0, unchanged = 0, partial = 0, bad = 0;
	static const char *const zeros[] = {"skipped", "incomplete", "warnings",
					    "mergedPartialPayloads",
					    "additionalInserted"};

	for (size_t i = 0; i < ire->items_n; i++) {
		const struct ire_item *it = &ire->items[i];

		if (it->into || !mst_slice_eq(it->class_name, class_name))
			continue;
		if (it->op == IRE_PARTIAL)
			partial++;
		else if (it->errors_n)
			bad++;
		else if (it->op == IRE_INSERT)
			inserted++;
		else if (it->op == IRE_NO_CHANGE)
			unchanged++;
		else
			updated++;
	}
	mst_jout_key_slice(j, class_name);
	mst_jout_obj(j);
	mst_jout_ki64(j, "inserted", inserted);
	mst_jout_ki64(j, "updated", updated);
	mst_jout_ki64(j, "unchanged", unchanged);
	mst_jout_ki64(j, "partial", partial);
	mst_jout_ki64(j, "errors", bad);
	for (size_t i = 0; i < MST_LEN(zeros); i++)
		mst_jout_ki64(j, zeros[i], 0);
	mst_jout_end_obj(j);
}

static void write_summary(struct ire *ire, struct mst_jout *j)
{
	struct mst_map seen = {0};
	bool bad = false;

	for (size_t i = 0; i < ire->items_n; i++)
		bad |= ire->items[i].errors_n > 0;
	mst_jout_kbool(j, "hasError", bad);
	mst_jout_kbool(j, "hasWarning", false);
	mst_jout_key(j, "summary");
	mst_jout_obj(j);
	for (size_t i = 0; i < ire->items_n; i++) {
		struct mst_slice name = ire->items[i].class_name;

		if (name.n && !mst_map_put(&seen, name, ire))
			summary_class(ire, j, name);
	}
	mst_jout_end_obj(j);
	mst_map_fini(&seen);
}

void ire_write(struct ire *ire, struct mst_jout *j)
{
	mst_jout_obj(j);
	mst_jout_key(j, "result");
	mst_jout_obj(j);
	mst_jout_key(j, "items");
	mst_jout_arr(j);
	for (size_t i = 0; i < ire->items_n; i++) {
		if (!ire->items[i].into)
			write_item(j, &ire->items[i]);
	}
	mst_jout_end_arr(j);
	empty_list(j, "additionalCommittedItems");
	mst_jout_key(j, "relations");
	mst_jout_arr(j);
	for (size_t i = 0; i < ire->relations_n; i++)
		write_relation(j, &ire->relations[i], i);
	mst_jout_end_arr(j);
	empty_list(j, "additionalCommittedRelations");
	if (ire->summary)
		write_summary(ire, j);
	mst_jout_end_obj(j);
	mst_jout_end_obj(j);
}
