/* SPDX-License-Identifier: Apache-2.0
 *
 * What a person or a CI is to a CI: rows of cmdb_rel_person and cmdb_rel_ci
 * have a type, which a setting or the mapping names. It is found before the
 * first write and never made by a run; rows of another type are another one's.
 */
#include <stdio.h>

#include "dest/servicenow/prepare.h"
#include "rules/rules.h"

#define USER_TYPES "cmdb_rel_user_type"
#define CI_TYPES   "cmdb_rel_type"

static bool is_kind(const struct mst_column *col, const char *kind)
{
	return (col->flags & MST_COL_MASTER) && col->ref_set &&
	       strcmp(col->ref_set, kind) == 0;
}

static bool is_relation(const struct mst_column *col)
{
	return is_kind(col, SN_KIND_USER_RELATION) ||
	       is_kind(col, SN_KIND_RELATION);
}

const struct mst_column *mst_sn_relation_column(const struct mst_set *set)
{
	for (size_t i = 0; i < set->columns_n; i++) {
		if (is_relation(&set->columns[i]))
			return &set->columns[i];
	}
	return NULL;
}

/* ---- which type ---------------------------------------------------------- */

/* What the mappings of the set always say of the column. */
static const char *constant(const struct mst_catalog *cat,
			    const struct mst_set *set, const char *column)
{
	for (size_t i = 0; cat && i < cat->mappings_n; i++) {
		const struct mst_mapping *m = &cat->mappings[i];

		for (size_t k = 0;
		     strcmp(m->set, set->name) == 0 && k < m->rows_n; k++) {
			if (m->rows[k].op == mst_op_const &&
			    strcmp(m->rows[k].column, column) == 0)
				return m->rows[k].arg;
		}
	}
	return NULL;
}

bool mst_sn_relation_type(const struct sn_conf *conf,
			  const struct mst_catalog *cat,
			  const struct mst_set *set, struct sn_type *t_r)
{
	const struct mst_column *col = mst_sn_relation_column(set);
	struct sn_type t;

	if (!col)
		return false;
	if (is_kind(col, SN_KIND_USER_RELATION))
		t = (struct sn_type){USER_TYPES, conf->user_relation_type};
	else
		t = (struct sn_type){CI_TYPES, constant(cat, set, col->name)};
	if (!t.name)
		return false;
	*t_r = t;
	return true;
}

static struct sn_needed *find(const struct mst_dest *d, const struct sn_type *t)
{
	for (size_t i = 0; i < d->types_n; i++) {
		const struct sn_needed *n = &d->types[i];

		if (strcmp(n->type.table, t->table) == 0 &&
		    strcmp(n->type.name, t->name) == 0)
			return (struct sn_needed *)(uintptr_t)n;
	}
	return NULL;
}

struct sn_needed *mst_sn_relation_need(struct mst_dest *d,
				       const struct sn_type *t)
{
	struct sn_needed *n = find(d, t);

	if (n || d->types_n == SN_TYPES_MAX)
		return n;
	n = &d->types[d->types_n++];
	*n = (struct sn_needed){.type = *t};
	return n;
}

struct mst_sysid mst_sn_relation_id(const struct mst_dest *d,
				    const struct sn_type *t)
{
	const struct sn_needed *n = find(d, t);

	return n ? n->id : (struct mst_sysid){{0}};
}

void mst_sn_relation_fill(const struct mst_dest *d, struct sn_item *it)
{
	struct sn_type t;

	if (!mst_sn_relation_type(d->conf, d->env.catalog, it->c.set, &t))
		return;
	for (size_t i = 0; i < it->c.cells_n; i++) {
		struct mst_cell *cell = &it->cells[i];

		/* A mapping of somebody's own may say another name. */
		if (is_relation(&it->c.set->columns[cell->column]) &&
		    mst_slice_iis(mst_slice_trim(cell->text), t.name))
			cell->ref = mst_sn_relation_id(d, &t);
	}
}

/* ---- whose row is it? ---------------------------------------------------- */

bool mst_sn_relation_ours(const struct mst_dest *d, const struct mst_set *set,
			  struct mst_json row)
{
	const struct mst_column *kind = mst_sn_column(set, MST_COL_KIND);
	struct mst_sysid id, want;
	struct sn_type t;

	if (!kind)
		return true;
	if (!is_relation(kind) ||
	    !mst_sn_relation_type(d->conf, d->env.catalog, set, &t))
		return false;
	want = mst_sn_relation_id(d, &t);
	return !mst_sysid_is_zero(&want) &&
	       mst_sysid_parse(mst_sn_member(row, kind->name), &id) &&
	       memcmp(&id, &want, sizeof(id)) == 0;
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

void mst_sn_relation_url(const struct sn_type *t, struct mst_buf *url)
{
	struct mst_buf q = MST_BUF_INIT(2048);

	mst_buf_adds(&q, "nameIN");
	mst_sn_query_cases(&q, mst_slice_str(t->name));
	mst_buf_adds(&q, "^ORDERBYsys_id");
	mst_sn_list_url(url, mst_slice_str(t->table), mst_buf_slice(&q),
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

bool mst_sn_relation_read(const struct sn_type *t, struct mst_json result,
			  struct sn_relation *r)
{
	const char *want = t->name;
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

static void none(struct mst_dest *d, const struct sn_type *t)
{
	bool user = strcmp(t->table, USER_TYPES) == 0;
	struct mst_err err = MST_ERR_INIT;

	mst_err_set(&err, MST_E_UNSUPPORTED,
		    "%s: there is no %s type \"%s\" in %s, or the user may not "
		    "read it: `muster connection setup %s` adds it%s",
		    d->env.connection, user ? "user relationship" : "relation",
		    t->name, t->table, d->env.connection,
		    user ? "; or set user_relation_type to the name of one "
			   "that is there"
			 : "");
	mst_sn_die(d, &err);
}

void mst_sn_relation_found(struct mst_dest *d, struct sn_needed *n,
			   struct mst_json result)
{
	struct mst_err err = MST_ERR_INIT;
	struct sn_relation r;
	char hex[33];

	if (!mst_sn_relation_read(&n->type, result, &r)) {
		mst_err_set(&err, MST_E_FORBIDDEN,
			    "%s: %s cannot be asked for a name: let the user "
			    "read its column name (an access rule hides it)",
			    d->env.connection, n->type.table);
		mst_sn_die(d, &err);
		return;
	}
	if (!r.n) {
		none(d, &n->type);
		return;
	}
	n->id = r.id;
	mst_sysid_hex(&r.id, hex);
	if (r.n > 1)
		mst_sn_tell(d,
			    "%s has %u records for \"%s\": %s is taken; "
			    "delete the others",
			    n->type.table, r.n, n->type.name, hex);
}
