/* SPDX-License-Identifier: Apache-2.0
 *
 * What a person is to a CI: rows of cmdb_rel_person have a type, one that the
 * setting user_relation_type names. It is found before the first write and
 * never made by a run; rows of another type are another one's.
 */
#include <stdio.h>

#include "dest/servicenow/prepare.h"

#define TABLE "cmdb_rel_user_type"

static bool is_relation(const struct mst_column *col)
{
	return (col->flags & MST_COL_MASTER) && col->ref_set &&
	       strcmp(col->ref_set, SN_KIND_RELATION) == 0;
}

const struct mst_column *mst_sn_relation_column(const struct mst_set *set)
{
	for (size_t i = 0; i < set->columns_n; i++) {
		if (is_relation(&set->columns[i]))
			return &set->columns[i];
	}
	return NULL;
}

void mst_sn_relation_fill(const struct mst_dest *d, struct sn_item *it)
{
	for (size_t i = 0; i < it->c.cells_n; i++) {
		struct mst_cell *cell = &it->cells[i];

		/* A mapping of somebody's own may say another name. */
		if (is_relation(&it->c.set->columns[cell->column]) &&
		    mst_slice_iis(mst_slice_trim(cell->text),
				  d->conf->user_relation_type))
			cell->ref = d->relation;
	}
}

/* ---- whose row is it? ---------------------------------------------------- */

bool mst_sn_relation_ours(const struct mst_dest *d, const struct mst_set *set,
			  struct mst_json row)
{
	struct mst_sysid id;

	for (size_t i = 0; i < set->columns_n; i++) {
		const struct mst_column *col = &set->columns[i];

		if (!(col->flags & MST_COL_KIND))
			continue;
		if (!is_relation(col) || mst_sysid_is_zero(&d->relation) ||
		    !mst_sysid_parse(mst_sn_member(row, col->name), &id) ||
		    memcmp(&id, &d->relation, sizeof(id)) != 0)
			return false;
	}
	return true;
}

bool mst_sn_relation_shown(const struct mst_set *set, struct mst_json row)
{
	bool kinds = mst_sn_column(set, MST_COL_KIND) != NULL;

	for (size_t i = 0; kinds && i < set->columns_n; i++) {
		const struct mst_column *col = &set->columns[i];

		if ((col->flags & (MST_COL_KIND | MST_COL_KEY)) &&
		    !mst_sn_member(row, col->name).p)
			return false;
	}
	return true;
}

/* ---- before the first write ---------------------------------------------- */

void mst_sn_relation_url(const struct sn_conf *conf, struct mst_buf *url)
{
	struct mst_buf q = MST_BUF_INIT(2048);

	mst_buf_adds(&q, "nameIN");
	mst_sn_query_cases(&q, mst_slice_str(conf->user_relation_type));
	mst_buf_adds(&q, "^ORDERBYsys_id");
	mst_sn_list_url(url, MST_SLICE_LIT(TABLE), mst_buf_slice(&q),
			"sys_id,name,sys_created_on", 50);
	mst_buf_fini(&q);
}

/* Exact before another case, then the oldest, then the least sys_id. */
static bool is_better(const struct sn_relation *r, bool exact,
		      struct mst_slice made, const struct mst_sysid *id)
{
	int c = mst_slice_cmp(made, mst_slice_str(r->made));

	if (!r->n || exact != r->exact)
		return !r->n || exact;
	return c < 0 || (c == 0 && memcmp(id, &r->id, sizeof(*id)) < 0);
}

bool mst_sn_relation_read(const struct sn_conf *conf, struct mst_json result,
			  struct sn_relation *r)
{
	const char *want = conf->user_relation_type;
	struct mst_json_iter it = mst_json_iter(result);
	struct mst_json row;
	struct mst_sysid id;

	*r = (struct sn_relation){.n = 0};
	while (mst_json_next(&it, NULL, &row)) {
		struct mst_slice name =
		    mst_slice_trim(mst_sn_member(row, "name"));
		struct mst_slice made = mst_sn_member(row, "sys_created_on");
		bool exact = mst_slice_is(name, want);

		if (!mst_sn_row_id(row, &id) || !mst_slice_iis(name, want))
			return false;
		if (is_better(r, exact, made, &id)) {
			r->id = id;
			r->exact = exact;
			(void)snprintf(r->made, sizeof(r->made), "%.*s",
				       MST_SLICE_ARG(mst_sn_cut(made, 31)));
		}
		r->n++;
	}
	return true;
}

static void none(struct mst_dest *d)
{
	struct mst_err err = MST_ERR_INIT;

	mst_err_set(&err, MST_E_UNSUPPORTED,
		    "%s: there is no user relationship type \"%s\" in " TABLE
		    ", or the user may not read it: `muster connection setup "
		    "%s` adds it; or set user_relation_type to the name of one "
		    "that is there",
		    d->env.connection, d->conf->user_relation_type,
		    d->env.connection);
	mst_sn_die(d, &err);
}

void mst_sn_relation_found(struct mst_dest *d, struct mst_json result)
{
	struct mst_err err = MST_ERR_INIT;
	struct sn_relation r;
	char hex[33];

	if (!mst_sn_relation_read(d->conf, result, &r)) {
		mst_err_set(&err, MST_E_FORBIDDEN,
			    "%s: " TABLE " cannot be asked for a name: let the "
			    "user read its column name (an access rule hides "
			    "it)",
			    d->env.connection);
		mst_sn_die(d, &err);
		return;
	}
	if (!r.n) {
		none(d);
		return;
	}
	d->relation = r.id;
	mst_sysid_hex(&r.id, hex);
	if (r.n > 1)
		mst_sn_tell(d,
			    TABLE " has %u records for \"%s\": %s is taken; "
				  "delete the others",
			    r.n, d->conf->user_relation_type, hex);
}
