/* SPDX-License-Identifier: Apache-2.0
 *
 * Do the tables have the columns that would be written? ServiceNow drops
 * values of unknown columns without a word, so whoever mapped something to
 * u_site must be told before the first write. Classes say it of themselves
 * (cmdb/meta lists what they inherit, too), other tables by the dictionary.
 */
#include <stdio.h>

#include "dest/servicenow/prepare.h"
#include "servicenow/tables.h"

void mst_sn_columns_init(struct sn_columns *c, const struct mst_set *set)
{
	*c = (struct sn_columns){.set = set, .partly = MST_BUF_INIT(4096)};
}

void mst_sn_columns_fini(struct sn_columns *c)
{
	mst_buf_fini(&c->partly);
}

/* Columns that only this customer's instance has. */
bool mst_sn_column_custom(const char *name)
{
	return strncmp(name, "u_", 2) == 0 || strncmp(name, "x_", 2) == 0;
}

bool mst_sn_column_ours(const char *table, const char *column)
{
	const struct mst_sn_table *t = mst_sn_table_find(table);

	return t && mst_sn_column_find(t, column);
}

/* Does any rule make a value for it that is ever sent? */
static bool is_written(const struct mst_catalog *cat, const struct mst_set *set,
		       const struct mst_column *col)
{
	if ((col->flags & MST_COL_INSERT) && (col->flags & MST_COL_UPDATE))
		return false;
	for (size_t i = 0; i < cat->mappings_n; i++) {
		const struct mst_mapping *m = &cat->mappings[i];

		if (strcmp(m->set, set->name) != 0)
			continue;
		for (size_t k = 0; k < m->rows_n; k++) {
			if (strcmp(m->rows[k].column, col->name) == 0)
				return true;
		}
	}
	return false;
}

bool mst_sn_columns_custom(const struct mst_catalog *cat,
			   const struct mst_set *set)
{
	for (size_t i = 0; i < set->columns_n; i++) {
		const struct mst_column *col = &set->columns[i];

		if (mst_sn_column_custom(col->name) &&
		    is_written(cat, set, col))
			return true;
	}
	return false;
}

static bool lists(struct mst_json attributes, const char *name)
{
	struct mst_json_iter it = mst_json_iter(attributes);
	struct mst_json a;

	while (mst_json_next(&it, NULL, &a)) {
		if (mst_slice_is(mst_sn_member(a, "element"), name))
			return true;
	}
	return false;
}

void mst_sn_columns_class(struct sn_columns *c, const struct mst_catalog *cat,
			  const char *klass, struct mst_json attributes)
{
	/* Every CI inherits this one: without it the list is not whole. */
	if (!lists(attributes, "name"))
		return;
	c->classes++;
	for (size_t i = 0; i < c->set->columns_n; i++) {
		const struct mst_column *col = &c->set->columns[i];

		if (!is_written(cat, c->set, col))
			continue;
		if (lists(attributes, col->name))
			c->found |= (uint64_t)1 << i;
		else if (mst_sn_column_custom(col->name))
			mst_buf_addf(&c->partly, "%s%s.%s",
				     c->partly.n ? ", " : "", klass, col->name);
	}
}

bool mst_sn_columns_next(const struct sn_columns *c,
			 const struct mst_catalog *cat, size_t *i,
			 const char **column_r)
{
	while (c->classes && *i < c->set->columns_n) {
		const struct mst_column *col = &c->set->columns[(*i)++];

		if (c->found & (uint64_t)1 << (*i - 1) ||
		    !is_written(cat, c->set, col))
			continue;
		*column_r = col->name;
		return true;
	}
	return false;
}

const char *mst_sn_column_theirs(const struct mst_set *set)
{
	const struct mst_sn_table *t = mst_sn_table_find(set->table);

	for (size_t i = 0; t && i < set->columns_n; i++) {
		const struct mst_sn_column *c =
		    mst_sn_column_find(t, set->columns[i].name);

		if (c && (c->writer == MST_SN_PEOPLE ||
			  c->writer == MST_SN_INSTANCE))
			return c->name;
	}
	return NULL;
}

bool mst_sn_column_counted(const struct mst_catalog *cat,
			   const struct mst_set *set)
{
	for (size_t i = 0; i < set->columns_n; i++) {
		if (mst_sn_is_package(set) &&
		    strcmp(set->columns[i].name, "install_count") == 0 &&
		    is_written(cat, set, &set->columns[i]))
			return true;
	}
	return false;
}
