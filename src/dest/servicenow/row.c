/* SPDX-License-Identifier: Apache-2.0
 *
 * What goes into a table row, and whether a row that is there already says the
 * same. The life cycle of tables that have one is a table here.
 */
#include <stdio.h>

#include "base/num.h"
#include "base/time.h"
#include "dest/servicenow/sn.h"

/* Rows that are opened, closed and opened again (rules.md section 6). People
 * may set other values meanwhile; updates only carry the status where a rule
 * makes one, and then never over what a person has set. */
struct life {
	const char *table;
	const char *status, *open, *closed;
	const char *closed_at;
	const char *reopened; /* counts; NULL: nobody does */
};

static const struct life lives[] = {
    {"u_muster_cve_instance", "u_status", "unresolved", "resolved_confirmed",
     "u_resolved_at", "u_reopened_count"},
    {"u_muster_ot_appliance", "u_state", "present", "gone", "u_gone", NULL},
    {"u_muster_ot_device", "u_state", "present", "gone", "u_gone", NULL},
};

static const struct life *life_of(const struct mst_set *set)
{
	for (size_t i = 0; i < MST_LEN(lives); i++) {
		if (strcmp(lives[i].table, set->table) == 0)
			return &lives[i];
	}
	return NULL;
}

static bool of_life(const struct life *life, const char *column)
{
	return life &&
	       (strcmp(column, life->status) == 0 ||
		strcmp(column, life->closed_at) == 0 ||
		(life->reopened && strcmp(column, life->reopened) == 0));
}

const char *mst_sn_row_blocked(const struct mst_dest *d,
			       const struct sn_item *it, char *out, size_t n)
{
	const uint16_t needed = MST_COL_PARENT | MST_COL_KIND;
	const struct mst_set *set = it->c.set;
	struct mst_slice text, part;
	char hex[33];

	if (it->c.action != MST_INSERT && it->c.action != MST_UPDATE)
		return NULL;
	for (size_t i = 0; i < set->columns_n; i++) {
		const struct mst_column *col = &set->columns[i];
		const struct mst_cell *cell = mst_sn_cell_at(it, i);

		if (!(col->flags & (MST_COL_REQUIRED | needed)) ||
		    mst_sn_value(d, it, i, true, hex, &text))
			continue;
		/* A column that the record does not have at all is none of
		 * this variant's. */
		if (!(col->flags & needed) && !(cell && cell->text.n))
			continue;
		part = mst_sn_cut(cell ? cell->text : it->c.group, 120);
		snprintf(out, n, "waits for %s \"%.*s\"",
			 col->ref_set ? col->ref_set : "its parent",
			 MST_SLICE_ARG(part));
		return out;
	}
	return NULL;
}

/* The status that an update may carry: only where a rule makes one. */
static const struct mst_cell *status_cell(const struct sn_item *it,
					  const struct mst_column **col_r)
{
	const struct life *life = life_of(it->c.set);

	for (size_t i = 0; life && i < it->c.set->columns_n; i++) {
		const struct mst_column *col = &it->c.set->columns[i];
		const struct mst_cell *cell;

		if (!col->only_over || strcmp(col->name, life->status) != 0)
			continue;
		cell = mst_sn_cell_at(it, i);
		*col_r = col;
		return cell && cell->text.n ? cell : NULL;
	}
	return NULL;
}

bool mst_sn_row_asks(const struct sn_item *it)
{
	const struct mst_column *col;

	return status_cell(it, &col) != NULL;
}

bool mst_sn_row_ages(const struct sn_item *it, struct mst_json row)
{
	const struct mst_column *col = NULL;
	const struct mst_cell *cell = status_cell(it, &col);
	struct mst_slice held;

	if (!cell)
		return false;
	held = mst_sn_member(row, col->name);
	return !mst_slice_eq(held, cell->text) &&
	       mst_column_replaces(col, held);
}

/* The status of a row that is opened: open, unless a rule says otherwise. */
static void opened(const struct sn_item *it, const struct life *life,
		   struct mst_jout *j)
{
	const struct mst_column *col;
	const struct mst_cell *cell = status_cell(it, &col);

	if (cell)
		mst_jout_kslice(j, life->status, cell->text);
	else
		mst_jout_kstr(j, life->status, life->open);
}

static void back_again(const struct life *life, int64_t reopened,
		       struct mst_jout *j)
{
	char n[24];

	snprintf(n, sizeof(n), "%lld", (long long)reopened);
	mst_jout_kstr(j, life->closed_at, "");
	if (life->reopened)
		mst_jout_kstr(j, life->reopened, n);
}

static void over(const struct life *life, struct mst_jout *j)
{
	char now[20];

	mst_time_sn(mst_now_us(), now);
	mst_jout_kstr(j, life->status, life->closed);
	mst_jout_kstr(j, life->closed_at, now);
}

static void pairs(const struct mst_set *set, struct mst_jout *j)
{
	for (const char *const *v = set->retire_values; v && *v; v++) {
		const char *eq = strchr(*v, '=');

		if (!eq)
			continue;
		mst_jout_key_slice(j, mst_slice(*v, (size_t)(eq - *v)));
		mst_jout_str(j, eq + 1);
	}
}

static void columns(const struct mst_dest *d, const struct sn_item *it,
		    bool insert, struct mst_jout *j)
{
	const struct life *life = life_of(it->c.set);

	for (size_t i = 0; i < it->c.set->columns_n; i++) {
		const char *name = it->c.set->columns[i].name;
		struct mst_slice text;
		char hex[33];

		/* No value is left out and never clears anything. */
		if (!of_life(life, name) &&
		    mst_sn_value(d, it, i, insert, hex, &text))
			mst_jout_kslice(j, name, text);
	}
}

void mst_sn_row_body(const struct mst_dest *d, const struct sn_item *it,
		     enum sn_mode mode, struct mst_buf *out)
{
	const struct life *life = life_of(it->c.set);
	struct mst_jout j;

	mst_jout_init(&j, out);
	mst_jout_obj(&j);
	switch (mode) {
	case SN_INSERT:
		columns(d, it, true, &j);
		if (life) {
			opened(it, life, &j);
			if (life->reopened)
				mst_jout_kstr(&j, life->reopened, "0");
		}
		break;
	case SN_UPDATE:
		columns(d, it, false, &j);
		if (life && it->ages)
			opened(it, life, &j);
		break;
	case SN_REOPEN:
		columns(d, it, false, &j);
		if (life) {
			opened(it, life, &j);
			back_again(life, it->reopened, &j);
		}
		break;
	case SN_CLOSE:
		if (life)
			over(life, &j);
		else
			pairs(it->c.set, &j);
		break;
	case SN_RETIRE:
		pairs(it->c.set, &j);
		break;
	}
	mst_jout_end_obj(&j);
}

/* ---- what is there already --------------------------------------------- */

bool mst_sn_row_differs(const struct mst_dest *d, const struct sn_item *it,
			struct mst_json row)
{
	const struct life *life = life_of(it->c.set);

	for (size_t i = 0; i < it->c.set->columns_n; i++) {
		const struct mst_column *col = &it->c.set->columns[i];
		struct mst_slice text;
		char hex[33];

		if ((col->flags & MST_COL_VOLATILE) || of_life(life, col->name))
			continue;
		if (mst_sn_value(d, it, i, false, hex, &text) &&
		    !mst_sn_same_text(col, text, mst_sn_member(row, col->name)))
			return true;
	}
	return false;
}

bool mst_sn_row_is_closed(const struct mst_set *set, struct mst_json row)
{
	const struct life *life = life_of(set);

	return life &&
	       mst_slice_is(mst_sn_member(row, life->status), life->closed);
}

const char *mst_sn_row_status(const struct mst_set *set)
{
	const struct life *life = life_of(set);

	return life ? life->status : NULL;
}

int64_t mst_sn_row_reopened(const struct mst_set *set, struct mst_json row)
{
	const struct life *life = life_of(set);
	int64_t n = 0;

	if (!life || !life->reopened ||
	    !mst_num_i64(mst_slice_trim(mst_sn_member(row, life->reopened)),
			 &n) ||
	    n < 0 || n > 1000000000)
		return 0;
	return n;
}

void mst_sn_row_fields(const struct mst_set *set, struct mst_buf *out)
{
	const struct life *life = life_of(set);

	mst_buf_adds(out, "sys_id");
	for (size_t i = 0; i < set->columns_n; i++) {
		const struct mst_column *col = &set->columns[i];

		/* Only what is matched and compared. */
		if (!(col->flags & (MST_COL_KEY | MST_COL_KIND)) &&
		    (of_life(life, col->name) ||
		     (col->flags & (MST_COL_VOLATILE | MST_COL_INSERT))))
			continue;
		mst_buf_addf(out, ",%s", col->name);
	}
	if (life)
		mst_buf_addf(out, ",%s", life->status);
	if (life && life->reopened)
		mst_buf_addf(out, ",%s", life->reopened);
}
