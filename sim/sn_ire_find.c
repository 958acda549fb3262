/* SPDX-License-Identifier: Apache-2.0
 *
 * Which CI an item means: its sys_id, its native key in sys_object_source,
 * then the identifier entries of its class in order.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sim/sn_ire.h"

/* identifierEntrySysId of the entries 100 to 400, and of a package's key. */
static const char entry_serial_lookup[] = "3c7eb250c3400200d8d4bea192d3ae61";
static const char entry_serial[] = "8f6eb250c3400200d8d4bea192d3ae74";
static const char entry_name[] = "556eb250c3400200d8d4bea192d3ae92";
static const char entry_adapter[] = "9a8eb250c3400200d8d4bea192d3aea5";
static const char entry_key[] = "1d9eb250c3400200d8d4bea192d3aec3";
static const char entry_other[] = "2eaeb250c3400200d8d4bea192d3aed8";

void ire_attempt(struct ire_item *it, const char *identifier, const char *info,
		 const char *result, const char *attributes, const char *table)
{
	if (it->attempts_n < IRE_MAX_ATTEMPTS)
		it->attempts[it->attempts_n++] = (struct ire_attempt){
		    identifier, info, result, attributes, table};
}

static bool matched(struct ire_item *it, struct sn_row *row, const char *entry)
{
	it->row = row;
	it->entry_id = entry;
	return true;
}

/* Rows that are no CI of this payload's class tree do not count. */
static bool usable(const struct ire_item *it, const struct sn_row *row)
{
	return row && !row->dead && row->t->root == it->t->root &&
	       row->t->depth >= 2 && it->t->depth >= 2 &&
	       row->t->anc[2] == it->t->anc[2];
}

static bool by_native_key(struct ire *ire, struct ire_item *it)
{
	struct sim_sn *sn = ire->sn;
	struct sn_table *t = sn_table_any(sn, "sys_object_source");
	bool known = false;

	if (!it->native_key.n || !it->source.n || sn->prop_skip_native)
		return false;
	sn_search(sn, t, "id", it->native_key, false);
	for (size_t i = 0; i < sn->found_n && !known; i++) {
		struct sn_row *s = sn->found[i], *ci;

		if (!mst_slice_eq(sn_get_named(s, "name"), it->source))
			continue;
		ci = mst_map_get(&sn->by_id, sn_get_named(s, "target_sys_id"));
		if (usable(it, ci))
			known = matched(it, ci, "Unknown");
	}
	ire_attempt(it, "",
		    known ? "sys_object_source MATCHED"
			  : "sys_object_source NO_MATCH",
		    known ? "MATCHED" : "NO_MATCH", "", NULL);
	return known;
}

/* Several CIs: the oldest is meant, the others are marked; with five or more
 * nobody can tell. */
static bool several(struct ire *ire, struct ire_item *it, struct sn_row **rows,
		    size_t n, const char *entry)
{
	struct sn_row *oldest = rows[0];

	for (size_t i = 1; i < n; i++) {
		int c = mst_slice_cmp(sn_get(rows[i], SN_C_CREATED_ON),
				      sn_get(oldest, SN_C_CREATED_ON));

		if (c < 0 || (c == 0 && strcmp(rows[i]->id, oldest->id) < 0))
			oldest = rows[i];
	}
	if (!ire->sn->prop_skip_dups || n >= 5) {
		ire_error(ire, it, "MULTIPLE_DUPLICATE_RECORDS",
			  "Found duplicate records in table [%s] using fields "
			  "[name]",
			  it->t->name);
		return true;
	}
	for (size_t i = 0; i < n && !ire->dry; i++) {
		if (rows[i] != oldest)
			sn_set(ire->sn, rows[i], "duplicate_of",
			       mst_slice(oldest->id, SN_ID), ire->user->name);
	}
	return matched(it, oldest, entry);
}

/* Hits of an attribute; those that are marked as duplicates are passed over,
 * and, with a second attribute, those that differ in it. */
static bool by_attribute(struct ire *ire, struct ire_item *it, const char *rule,
			 struct sn_table *on, const char *col, const char *col2,
			 const char *names, const char *entry)
{
	struct sim_sn *sn = ire->sn;
	struct mst_slice v = ire_value(ire, it, col);
	struct mst_slice w =
	    col2 ? ire_value(ire, it, col2) : mst_slice(NULL, 0);
	struct sn_row **rows;
	size_t n = 0;
	bool done = false;

	if (!v.n) {
		ire_attempt(it, rule, NULL, "SKIPPED", names, on->name);
		return false;
	}
	sn_search(sn, on, col, v, true);
	rows = mst_alloc((sn->found_n + 1) * sizeof(struct sn_row *));
	for (size_t i = 0; i < sn->found_n; i++) {
		struct sn_row *row = sn->found[i];

		if (sn_get_named(row, "duplicate_of").n ||
		    (col2 && !mst_slice_ieq(sn_get_named(row, col2), w)))
			continue;
		rows[n++] = row;
	}
	ire_attempt(it, rule, NULL,
		    n == 0   ? "NO_MATCH"
		    : n == 1 ? "MATCHED"
			     : "MULTI_MATCH",
		    names, on->name);
	if (n == 1)
		done = matched(it, rows[0], entry);
	else if (n > 1)
		done = several(ire, it, rows, n, entry);
	free(rows);
	return done;
}

/* A lookup row that carries the same values and belongs to a CI. */
static struct sn_row *lookup_ci(struct ire *ire, const struct ire_item *it,
				const struct ire_child *c, const char *col,
				const char *col2)
{
	struct sim_sn *sn = ire->sn;
	struct mst_slice v = sn_json_text(sn, mst_json_get(c->values, col));
	struct mst_slice w = sn_json_text(sn, mst_json_get(c->values, col2));

	if (!v.n)
		return NULL;
	sn_search(sn, c->t, col, v, true);
	for (size_t i = 0; i < sn->found_n; i++) {
		struct sn_row *row = sn->found[i], *ci;

		if (!mst_slice_ieq(sn_get_named(row, col2), w) ||
		    mst_slice_is(sn_get_named(row, "valid"), "false") ||
		    mst_slice_is(sn_get_named(row, "absent"), "true") ||
		    mst_slice_is(sn_get_named(row, "install_status"), "100"))
			continue;
		ci = mst_map_get(&sn->by_id, sn_get(row, c->parent_col));
		if (usable(it, ci))
			return ci;
	}
	return NULL;
}

/* Exact count match: all rows of the payload must lead to one CI. */
static bool by_lookup(struct ire *ire, struct ire_item *it, const char *table,
		      const char *col, const char *col2, const char *names,
		      const char *entry)
{
	struct sn_row *ci = NULL;
	size_t n = 0;

	for (const struct ire_child *c = it->children; c; c = c->next) {
		struct sn_row *hit;

		if (!c->lookup || !c->t || strcmp(c->t->name, table))
			continue;
		hit = lookup_ci(ire, it, c, col, col2);
		if (!hit || (ci && hit != ci)) {
			ire_attempt(it, "Hardware Rule", NULL, "NO_MATCH",
				    names, table);
			return false;
		}
		ci = hit;
		n++;
	}
	ire_attempt(it, "Hardware Rule", NULL, n ? "MATCHED" : "SKIPPED", names,
		    table);
	return ci && matched(it, ci, entry);
}

static bool has_lookup(const struct ire_item *it)
{
	for (const struct ire_child *c = it->children; c; c = c->next) {
		if (c->lookup)
			return true;
	}
	return false;
}

static void identify_hardware(struct ire *ire, struct ire_item *it)
{
	struct sn_table *hw = sn_table_any(ire->sn, "cmdb_ci_hardware");

	if (by_lookup(ire, it, "cmdb_serial_number", "serial_number",
		      "serial_number_type", "serial_number,serial_number_type",
		      entry_serial_lookup) ||
	    by_attribute(ire, it, "Hardware Rule", hw, "serial_number", NULL,
			 "serial_number", entry_serial) ||
	    by_attribute(ire, it, "Hardware Rule", hw, "name", NULL, "name",
			 entry_name) ||
	    by_lookup(ire, it, "cmdb_ci_network_adapter", "mac_address",
		      "ip_address", "ip_address,mac_address", entry_adapter))
		return;
	if (!ire_value(ire, it, "name").n &&
	    !ire_value(ire, it, "serial_number").n && !has_lookup(it))
		ire_error(ire, it, "MISSING_MATCHING_ATTRIBUTES",
			  "In payload no match could be done for table [%s]: "
			  "add at least one of [serial_number] [name]",
			  it->t->name);
}

static void identify_package(struct ire *ire, struct ire_item *it)
{
	if (by_attribute(ire, it, "Software Rule", it->t, "key", NULL, "key",
			 entry_key))
		return;
	if (ire_value(ire, it, "key").n)
		return;
	if (by_attribute(ire, it, "Software Rule", it->t, "name", "version",
			 "name,version", entry_other))
		return;
	if (!ire_value(ire, it, "name").n)
		ire_error(ire, it, "MISSING_MATCHING_ATTRIBUTES",
			  "In payload no match could be done for table [%s]: "
			  "add at least one of [key] [name,version]",
			  it->t->name);
}

void ire_identify(struct ire *ire, struct ire_item *it)
{
	struct mst_slice id = ire_value(ire, it, "sys_id");

	if (id.n) {
		struct sn_row *row = mst_map_get(&ire->sn->by_id, id);

		if (usable(it, row))
			matched(it, row, "Unknown");
		else
			ire_error(ire, it, "INVALID_INPUT_DATA",
				  "In payload invalid sys_id [%.*s] exist",
				  (int)MST_MIN(id.n, (size_t)64), id.p);
		return;
	}
	if (by_native_key(ire, it))
		return;
	if (ire_is_owned(it))
		ire_identify_owned(ire, it);
	else if (ire_is_hardware(ire, it))
		identify_hardware(ire, it);
	else if (!strcmp(it->t->name, "cmdb_ci_spkg"))
		identify_package(ire, it);
	else if (!by_attribute(ire, it, "Default Rule", it->t, "name", NULL,
			       "name", entry_other) &&
		 !it->errors_n && !ire_value(ire, it, "name").n)
		ire_error(ire, it, "MISSING_MATCHING_ATTRIBUTES",
			  "In payload no match could be done for table [%s]: "
			  "add [name]",
			  it->t->name);
}
