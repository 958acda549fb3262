/* SPDX-License-Identifier: Apache-2.0
 *
 * The state as JSON: update sets imported later, switches, and every record of
 * every table with all of its columns. Loading makes a fresh instance, imports
 * those sets again and puts the records in.
 */
#include "sim/sn.h"

#define STATE_VERSION 1
#define MAX_STATE     (2048ull << 20)

static void save_table(const struct sim_sn *sn, struct mst_jout *j,
		       const struct sn_table *t)
{
	const struct sn_table *root = t->root;

	mst_jout_key(j, t->name);
	mst_jout_obj(j);
	mst_jout_kbool(j, "off", t->off);
	if (t->acl_set) {
		mst_jout_key(j, "access");
		sn_access_write(t, j);
	}
	mst_jout_key(j, "columns");
	mst_jout_arr(j);
	for (size_t i = 0; i < t->n; i++)
		mst_jout_str(j, t->cols[i]->name);
	mst_jout_end_arr(j);
	mst_jout_key(j, "rows");
	mst_jout_arr(j);
	for (size_t k = 0; k < root->rows_n; k++) {
		const struct sn_row *row = root->rows[k];

		if (row->dead || row->t != t)
			continue;
		mst_jout_arr(j);
		for (size_t i = 0; i < t->n; i++)
			mst_jout_slice(j, sn_get(row, i));
		mst_jout_end_arr(j);
	}
	mst_jout_end_arr(j);
	mst_jout_end_obj(j);
	(void)sn;
}

static void save_users(const struct sim_sn *sn, struct mst_jout *j)
{
	mst_jout_key(j, "users");
	mst_jout_obj(j);
	for (size_t i = 0; i < sn->users_n; i++) {
		const struct sn_user *u = sn->users[i];

		mst_jout_key(j, u->name);
		mst_jout_arr(j);
		for (size_t k = 0; k < u->roles_n; k++)
			mst_jout_str(j, u->roles[k]);
		mst_jout_end_arr(j);
	}
	mst_jout_end_obj(j);
}

bool sim_sn_save(struct sim_sn *sn, struct mst_buf *out)
{
	struct mst_jout j;

	mst_jout_init(&j, out);
	mst_jout_obj(&j);
	mst_jout_ki64(&j, "version", STATE_VERSION);
	mst_jout_ki64(&j, "counter", (int64_t)sn->counter);
	mst_jout_kbool(&j, "skip_options", sn->opt_skip_options);
	mst_jout_kbool(&j, "plain_numbers", sn->opt_plain_numbers);
	mst_jout_kbool(&j, "fold_queries", sn->opt_fold_queries);
	mst_jout_kbool(&j, "stats_off", sn->opt_stats_off);
	mst_jout_kbool(&j, "stats_row_rules", sn->opt_stats_row_rules);
	mst_jout_key(&j, "scopes");
	sn_scopes_write(sn, &j);
	mst_jout_key(&j, "imports");
	mst_jout_arr(&j);
	for (size_t i = 0; i < sn->imports_n; i++)
		mst_jout_str(&j, sn->imports[i]);
	mst_jout_end_arr(&j);
	save_users(sn, &j);
	mst_jout_key(&j, "tables");
	mst_jout_obj(&j);
	for (size_t i = 0; i < sn->order_n; i++)
		save_table(sn, &j, sn->order[i]);
	mst_jout_end_obj(&j);
	mst_jout_end_obj(&j);
	return !out->overflow;
}

static int load_imports(struct sim_sn *sn, struct mst_json root,
			struct mst_err *err)
{
	struct mst_json_iter all = mst_json_iter(mst_json_get(root, "imports"));
	struct mst_buf problems = MST_BUF_INIT(1u << 20);
	struct mst_json v;
	int r = 0;

	while (mst_json_next(&all, NULL, &v)) {
		struct mst_slice xml = mst_json_str(v);

		/* It was committed once. */
		r = sn_import(sn, xml, SN_RESOLVE_ACCEPT, &problems, err);
		if (r < 0)
			break;
		sn->imports = mst_realloc(sn->imports,
					  (sn->imports_n + 1) * sizeof(char *));
		sn->imports[sn->imports_n++] = mst_strndup(xml.p, xml.n);
	}
	mst_buf_fini(&problems);
	return MST_MIN(r, 0);
}

static int load_rows(struct sim_sn *sn, struct sn_table *t, struct mst_json o,
		     struct mst_err *err)
{
	struct mst_json_iter cols = mst_json_iter(mst_json_get(o, "columns"));
	struct mst_json_iter rows = mst_json_iter(mst_json_get(o, "rows"));
	size_t at[SN_MAX_COLUMNS], n = 0;
	struct mst_json v, cell;

	while (n < SN_MAX_COLUMNS && mst_json_next(&cols, NULL, &v)) {
		uintptr_t k =
		    (uintptr_t)mst_map_get(&t->by_name, mst_json_str(v));

		at[n++] = k ? k - 1 : SN_NONE;
	}
	while (mst_json_next(&rows, NULL, &v)) {
		struct mst_json_iter cells = mst_json_iter(v);
		struct mst_slice vals[SN_MAX_COLUMNS] = {0};

		for (size_t i = 0; i < n && mst_json_next(&cells, NULL, &cell);
		     i++) {
			if (at[i] != SN_NONE)
				vals[at[i]] = mst_json_str(cell);
		}
		if (!sn_is_id(vals[SN_C_ID]))
			return mst_err_set(err, MST_E_CORRUPT,
					   "state of the simulator: a record "
					   "of %s has no sys_id",
					   t->name);
		sn_restore(sn, t, vals);
	}
	return 0;
}

static void load_users(struct sim_sn *sn, struct mst_json root)
{
	struct mst_json_iter all = mst_json_iter(mst_json_get(root, "users"));
	struct mst_slice name;
	struct mst_json v, role;

	while (mst_json_next(&all, &name, &v)) {
		struct mst_json_iter roles = mst_json_iter(v);
		struct sn_user *u = sn_user_find(sn, name);

		if (!u)
			continue;
		u->roles_n = 0;
		while (mst_json_next(&roles, NULL, &role))
			sn_user_role(
			    sn, u,
			    mst_arena_dup(&sn->dict, mst_json_str(role)).p);
	}
}

static int load_all(struct sim_sn *sn, struct mst_json root,
		    struct mst_err *err)
{
	struct mst_json_iter tables;
	struct mst_slice name;
	struct mst_json o;
	int64_t counter = 0;
	int r;

	sim_sn_reset(sn);
	r = load_imports(sn, root, err);
	if (r)
		return r;
	sn_clear_rows(sn);
	(void)mst_json_i64(mst_json_get(root, "counter"), &counter);
	sn->counter = (uint64_t)counter;
	(void)mst_json_bool(mst_json_get(root, "skip_options"),
			    &sn->opt_skip_options);
	(void)mst_json_bool(mst_json_get(root, "plain_numbers"),
			    &sn->opt_plain_numbers);
	(void)mst_json_bool(mst_json_get(root, "fold_queries"),
			    &sn->opt_fold_queries);
	(void)mst_json_bool(mst_json_get(root, "stats_off"),
			    &sn->opt_stats_off);
	(void)mst_json_bool(mst_json_get(root, "stats_row_rules"),
			    &sn->opt_stats_row_rules);
	(void)sn_scopes_set(sn, mst_json_get(root, "scopes"));
	load_users(sn, root);
	tables = mst_json_iter(mst_json_get(root, "tables"));
	while (mst_json_next(&tables, &name, &o)) {
		struct sn_table *t = mst_map_get(&sn->tables, name);

		if (!t)
			continue;
		(void)mst_json_bool(mst_json_get(o, "off"), &t->off);
		(void)sn_access_set(sn, t, mst_json_get(o, "access"));
		r = load_rows(sn, t, o, err);
		if (r)
			return r;
	}
	return 0;
}

int sim_sn_load(struct sim_sn *sn, struct mst_slice json, struct mst_err *err)
{
	struct mst_json_parser *p = mst_json_parser_new(MAX_STATE);
	struct mst_json root;
	int64_t version = 0;
	int r = mst_json_parse(p, json, &root, err);

	if (!r && (!mst_json_i64(mst_json_get(root, "version"), &version) ||
		   version != STATE_VERSION))
		r = mst_err_set(err, MST_E_INVALID,
				"state of the simulator: version %lld is not "
				"known",
				(long long)version);
	if (!r)
		r = load_all(sn, root, err);
	mst_json_parser_free(&p);
	return r;
}
