/* SPDX-License-Identifier: Apache-2.0
 *
 * Which text goes into a column.
 */
#include "dest/servicenow/sn.h"

/* Columns that the source leaves to the destination, on insert only. */
enum fill { FILL_SOURCE, FILL_CONNECTION, FILL_NOW };

static const struct {
	const char *table; /* NULL: any */
	const char *column;
	enum fill fill;
} fills[] = {
    {NULL, "discovery_source", FILL_SOURCE},
    {NULL, "u_source_connection", FILL_CONNECTION},
    {"u_muster_cve", "u_first_seen", FILL_NOW},
};

/* The name of our source is a setting of this side: it replaces what the
 * rules gave, and CIs always have it. The others only fill gaps. */
static bool wanted(enum fill fill, const struct mst_set *set, bool has_cell)
{
	if (fill == FILL_SOURCE)
		return has_cell || set->writer == MST_WRITE_CI;
	return !has_cell;
}

const struct mst_cell *mst_sn_cell_at(const struct sn_item *it, size_t i)
{
	for (size_t k = 0; k < it->c.cells_n; k++) {
		if (it->cells[k].column == i)
			return &it->cells[k];
	}
	return NULL;
}

static struct mst_slice fill(const struct mst_dest *d,
			     const struct mst_set *set,
			     const struct mst_column *col, bool has_cell)
{
	for (size_t i = 0; i < MST_LEN(fills); i++) {
		if (strcmp(fills[i].column, col->name) != 0 ||
		    (fills[i].table &&
		     strcmp(fills[i].table, set->table) != 0) ||
		    !wanted(fills[i].fill, set, has_cell))
			continue;
		switch (fills[i].fill) {
		case FILL_SOURCE:
			return mst_slice_str(d->conf->discovery_source);
		case FILL_CONNECTION:
			return mst_slice_str(d->env.source);
		case FILL_NOW:
			return mst_slice_str(d->now);
		}
	}
	return mst_slice(NULL, 0);
}

static bool reference(const struct sn_item *it, const struct mst_column *col,
		      const struct mst_cell *cell, char hex[33],
		      struct mst_slice *out_r)
{
	const struct mst_sysid *id = NULL;

	if (cell && !mst_sysid_is_zero(&cell->ref))
		id = &cell->ref;
	else if ((col->flags & MST_COL_PARENT) &&
		 !mst_sysid_is_zero(&it->c.parent))
		id = &it->c.parent;
	if (!id)
		return false;
	mst_sysid_hex(id, hex);
	*out_r = mst_slice(hex, 32);
	return true;
}

bool mst_sn_by_name(const struct mst_dest *d)
{
	return d->conf->normalization && *d->conf->normalization;
}

static bool is_company(const struct mst_column *col)
{
	return (col->flags & MST_COL_MASTER) && col->ref_set &&
	       strcmp(col->ref_set, SN_KIND_COMPANY) == 0;
}

/* Of columns for inserts and columns for updates, the others. */
static bool not_now(const struct mst_column *col, bool insert)
{
	return col->flags & (insert ? MST_COL_UPDATE : MST_COL_INSERT);
}

bool mst_sn_name_value(const struct mst_dest *d, const struct sn_item *it,
		       size_t i, bool insert, struct mst_slice *out_r)
{
	const struct mst_column *col = &it->c.set->columns[i];
	const struct mst_cell *cell = mst_sn_cell_at(it, i);

	if (!mst_sn_by_name(d) || !is_company(col) || !cell ||
	    not_now(col, insert) || mst_slice_is(cell->text, SN_CLEAR))
		return false;
	*out_r = mst_sn_cut(mst_slice_trim(cell->text), col->max);
	return out_r->n > 0;
}

bool mst_sn_value(const struct mst_dest *d, const struct sn_item *it, size_t i,
		  bool insert, char hex[33], struct mst_slice *out_r)
{
	const struct mst_column *col = &it->c.set->columns[i];
	const struct mst_cell *cell = mst_sn_cell_at(it, i);
	struct mst_slice s;

	if (not_now(col, insert) ||
	    (it->keep_status && mst_sn_is_status(col->name)))
		return false;
	if (cell && is_company(col) && mst_slice_is(cell->text, SN_CLEAR)) {
		*out_r = MST_SLICE_LIT("");
		return true;
	}
	if (is_company(col) && mst_sn_by_name(d))
		return false;
	if (col->flags & (MST_COL_REF | MST_COL_PARENT | MST_COL_MASTER))
		return reference(it, col, cell, hex, out_r);
	s = fill(d, it->c.set, col, cell && cell->text.n);
	if (!s.n && cell)
		s = cell->text;
	if (!s.n && (col->flags & MST_COL_KEY))
		s = it->c.key;
	/* The rules cut too; this holds for whatever else offers changes. */
	s = mst_sn_cut(s, col->max ? col->max : MST_MAX_TEXT);
	if (!s.n)
		return false;
	*out_r = s;
	return true;
}
