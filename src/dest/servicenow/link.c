/* SPDX-License-Identifier: Apache-2.0
 *
 * Links: rows without any key of their own (software on a device, a person and
 * what he uses). They are told from their siblings below one parent by what
 * they refer to, so an uncertain POST is always looked up before it is sent
 * again.
 */
#include "dest/servicenow/sn.h"

/* The two tables that installed software may be in, and by which member of
 * the row, dot-walked, its key can be read back. */
static const struct {
	const char *table, *member;
} keys[] = {
    {"cmdb_software_instance", "software.key"},
    {"cmdb_sam_sw_install", "prod_id"},
};

/* Keys that refer to a CI, which has the key as its correlation id. */
static const struct {
	const char *table, *column, *member;
} refs[] = {
    {"cmdb_rel_ci", "parent", "parent.correlation_id"},
    {"cmdb_rel_ci", "child", "child.correlation_id"},
};

static bool is_ref(const struct mst_column *col)
{
	return col->flags & MST_COL_REF;
}

/* Is it a column that refers to another record than the parent? */
static bool refers(const struct mst_set *set, const char *column)
{
	for (size_t i = 0; i < set->columns_n; i++) {
		const struct mst_column *col = &set->columns[i];

		if (is_ref(col) && !(col->flags & MST_COL_PARENT) &&
		    strcmp(col->name, column) == 0)
			return true;
	}
	return false;
}

static const char *software_key(struct mst_slice table)
{
	for (size_t i = 0; i < MST_LEN(keys); i++) {
		if (mst_slice_is(table, keys[i].table))
			return keys[i].member;
	}
	return NULL;
}

const char *mst_sn_link_key(const struct mst_set *set, struct mst_slice table)
{
	const struct mst_column *col = mst_sn_column(set, MST_COL_KEY);

	if (col && !is_ref(col))
		return col->name;
	for (size_t i = 0; i < MST_LEN(refs); i++) {
		if (mst_slice_is(table, refs[i].table) &&
		    refers(set, refs[i].column))
			return refs[i].member;
	}
	if (mst_sn_owned(set, NULL))
		return "correlation_id";
	return col ? col->name : software_key(table);
}

const char *mst_sn_link_other(struct mst_slice table)
{
	if (!software_key(table))
		return NULL;
	return keys[mst_slice_is(table, keys[0].table) ? 1 : 0].table;
}

void mst_sn_link_fill(struct sn_item *it)
{
	const struct mst_set *set = it->c.set;

	for (size_t i = 0; i < set->columns_n; i++) {
		const struct mst_column *col = &set->columns[i];
		const struct mst_cell *cell = mst_sn_cell_at(it, i);

		if ((col->flags & MST_COL_KEY) && is_ref(col) && cell &&
		    !mst_sysid_is_zero(&cell->ref))
			mst_sysid_hex(&cell->ref, it->key_hex);
	}
}

static bool same_ref(const struct sn_item *it, size_t i, struct mst_json row,
		     bool *known_r)
{
	const struct mst_cell *cell = mst_sn_cell_at(it, i);
	struct mst_sysid id;

	*known_r = cell && !mst_sysid_is_zero(&cell->ref);
	return *known_r &&
	       mst_sysid_parse(mst_sn_member(row, it->c.set->columns[i].name),
			       &id) &&
	       memcmp(&id, &cell->ref, sizeof(id)) == 0;
}

/* Of the right kind; then a key column first, then the reference, then the
 * name. */
bool mst_sn_link_matches(const struct mst_dest *d, const struct sn_item *it,
			 struct mst_json row)
{
	const struct mst_set *set = it->c.set;
	const char *key = software_key(it->c.table);
	const struct mst_cell *name;
	bool known;

	if (!mst_sn_relation_ours(d, set, row))
		return false;
	for (size_t i = 0; i < set->columns_n; i++) {
		const struct mst_column *col = &set->columns[i];
		struct mst_slice text = it->c.key;

		if (!(col->flags & MST_COL_KEY) &&
		    (!key || strcmp(col->name, key) != 0))
			continue;
		if (*it->key_hex)
			text = mst_slice_str(it->key_hex);
		else if (mst_sn_cell_at(it, i))
			text = mst_sn_cell_at(it, i)->text;
		text = mst_sn_cut(text, col->max ? col->max : text.n);
		return text.n &&
		       mst_slice_eq(text, mst_sn_member(row, col->name));
	}
	for (size_t i = 0; i < set->columns_n; i++) {
		const struct mst_column *col = &set->columns[i];

		if (!(col->flags & MST_COL_REF) ||
		    (col->flags & MST_COL_PARENT))
			continue;
		if (same_ref(it, i, row, &known))
			return true;
		if (known)
			return false;
	}
	name = mst_sn_cell(it, "name");
	return name && mst_slice_eq(mst_slice_trim(name->text),
				    mst_sn_member(row, "name"));
}
