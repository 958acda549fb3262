/* SPDX-License-Identifier: Apache-2.0
 *
 * Dependent CIs: network adapters and IP addresses exist only with the CI that
 * owns them, so they are told apart below it and a payload has to name it by a
 * relation.
 */
#include "sim/sn_ire.h"

#define OWNS "Owns::Owned by"

/* By which attribute they are told apart below their owner. */
static const struct {
	const char *table, *attribute, *other;
} owned[] = {
    {"cmdb_ci_network_adapter", "mac_address", "name"},
    {"cmdb_ci_ip_address", "ip_address", "name"},
};

static size_t rule_of(const struct sn_table *t)
{
	size_t i = 0;

	while (i < MST_LEN(owned) &&
	       (!t || strcmp(t->name, owned[i].table) != 0))
		i++;
	return i;
}

bool ire_is_owned(const struct ire_item *it)
{
	return sn_owned_by(it->t) != NULL;
}

const char *sn_owned_by(const struct sn_table *t)
{
	size_t i = rule_of(t);

	return i < MST_LEN(owned) ? owned[i].attribute : NULL;
}

void ire_find_owners(struct ire *ire)
{
	for (size_t i = 0; i < ire->relations_n; i++) {
		struct mst_json j = ire->relations[i].j;
		struct ire_item *parent = NULL, *child = NULL;
		struct ire_child *none = NULL;

		if (mst_slice_is(mst_json_str(mst_json_get(j, "type")), OWNS) &&
		    ire_relation_end(ire, j, "parent", "parent_id", &parent,
				     &none) &&
		    ire_relation_end(ire, j, "child", "child_id", &child,
				     &none) &&
		    parent && child && parent != child)
			child->owner = parent;
	}
}

static bool same(const struct sn_row *row, const char *column,
		 struct mst_slice v)
{
	return v.n && mst_slice_ieq(sn_get_named(row, column), v);
}

/* A CI of the class that the owner has, with this value. */
static struct sn_row *below(struct ire *ire, const struct ire_item *it,
			    const char *column)
{
	struct sim_sn *sn = ire->sn;
	struct mst_slice v = ire_value(ire, it, column);
	struct sn_table *t = sn_table_any(sn, "cmdb_rel_ci");
	struct sn_row *type =
	    sn_first(sn, "cmdb_rel_type", "name", MST_SLICE_LIT(OWNS));

	if (!type || !v.n)
		return NULL;
	sn_search(sn, t, "parent", mst_slice(it->owner->row->id, SN_ID), false);
	for (size_t i = 0; i < sn->found_n; i++) {
		struct sn_row *ci = mst_map_get(
		    &sn->by_id, sn_get_named(sn->found[i], "child"));

		if (ci && !ci->dead && ci->t == it->t &&
		    mst_slice_is(sn_get_named(sn->found[i], "type"),
				 type->id) &&
		    same(ci, column, v))
			return ci;
	}
	return NULL;
}

void ire_identify_owned(struct ire *ire, struct ire_item *it)
{
	const char *const columns[] = {owned[rule_of(it->t)].attribute,
				       owned[rule_of(it->t)].other};

	if (!it->owner) {
		ire_error(ire, it, "MISSING_DEPENDENCY",
			  "In payload missing dependency for table [%s]: no "
			  "relation [%s] with the CI that it depends on",
			  it->t->name, OWNS);
		return;
	}
	while (it->owner->into)
		it->owner = it->owner->into;
	if (it->owner->errors_n) {
		ire_error(ire, it, "ABANDONED", "Too many other errors");
		return;
	}
	for (size_t i = 0; i < MST_LEN(columns); i++) {
		if (!ire_value(ire, it, columns[i]).n) {
			ire_attempt(it, "Dependent Rule", NULL, "SKIPPED",
				    columns[i], it->t->name);
			continue;
		}
		/* Below an owner that is new there is nothing yet. */
		it->row = it->owner->row ? below(ire, it, columns[i]) : NULL;
		ire_attempt(it, "Dependent Rule", NULL,
			    it->row ? "MATCHED" : "NO_MATCH", columns[i],
			    it->t->name);
		return;
	}
	ire_error(ire, it, "MISSING_MATCHING_ATTRIBUTES",
		  "In payload no match could be done for table [%s]: add at "
		  "least one of [%s] [%s]",
		  it->t->name, columns[0], columns[1]);
}
