/* SPDX-License-Identifier: Apache-2.0
 *
 * What the settings make of a job's catalogue: columns that are written at
 * another time or not at all, rows that give a value where there was none. All
 * that a setting changes here is part of the checksum, so that it re-sends
 * what it changes; settings that only look at the CI act in the flows.
 */
#include <stdio.h>

#include "dest/servicenow/sn.h"
#include "rules/rules.h"

/* Both flags: the value is there (a model needs its maker) and never goes. */
#define NEVER (MST_COL_INSERT | MST_COL_UPDATE)

struct adapt {
	const struct sn_conf *conf;
	struct mst_derive *d;
	struct mst_err *err;
};

bool mst_sn_is_package(const struct mst_set *set)
{
	return strcmp(set->table, "cmdb_ci_spkg") == 0;
}

bool mst_sn_is_status(const char *column)
{
	static const char *const names[] = {
	    "hardware_status", "hardware_substatus", "install_status",
	    "operational_status"};

	for (size_t i = 0; i < MST_LEN(names); i++) {
		if (strcmp(names[i], column) == 0)
			return true;
	}
	return false;
}

static bool is_kind(const struct mst_column *col, const char *kind)
{
	return (col->flags & MST_COL_MASTER) && col->ref_set &&
	       strcmp(col->ref_set, kind) == 0;
}

/* Flags of every column of the set that `is` says yes to. */
static void flag(struct adapt *a, const struct mst_set *set, uint16_t off,
		 uint16_t on, bool (*is)(const struct mst_column *col))
{
	for (size_t i = 0; i < set->columns_n; i++) {
		struct mst_column *col;

		if (!is(&set->columns[i]))
			continue;
		col = mst_derive_column(a->d, set->name, set->columns[i].name);
		col->flags = (uint16_t)((col->flags & ~off) | on);
	}
}

static bool is_correlation(const struct mst_column *col)
{
	return strcmp(col->name, "correlation_id") == 0 ||
	       strcmp(col->name, "discovery_source") == 0;
}

static bool is_status_column(const struct mst_column *col)
{
	return mst_sn_is_status(col->name);
}

static bool is_company(const struct mst_column *col)
{
	return is_kind(col, SN_KIND_COMPANY);
}

static bool is_model(const struct mst_column *col)
{
	return is_kind(col, SN_KIND_MODEL);
}

bool mst_sn_is_device(const struct mst_set *set)
{
	for (size_t i = 0; i < set->columns_n; i++) {
		if (is_model(&set->columns[i]))
			return true;
	}
	return false;
}

/* No row makes such a column any more. */
static void drop(struct adapt *a, const struct mst_set *set,
		 bool (*is)(const struct mst_column *col))
{
	for (size_t i = 0; i < set->columns_n; i++) {
		if (is(&set->columns[i]))
			mst_derive_drop(a->d, set->name, set->columns[i].name);
	}
}

/* ---- makers and models -------------------------------------------------- */

/* A further row for every mapping of the set. */
static int add_rows(struct adapt *a, const struct mst_set *set,
		    const struct mst_map_row *row)
{
	const struct mst_catalog *c = mst_derive_catalog(a->d);

	for (size_t i = 0; i < c->mappings_n; i++) {
		if (strcmp(c->mappings[i].set, set->name) == 0 &&
		    mst_derive_add_row(a->d, i, row, false, a->err) < 0)
			return -(int)a->err->code;
	}
	return 0;
}

/* Behind the rows that are there, so it counts where they have no value. */
static int clear_company(struct adapt *a, const struct mst_set *set)
{
	for (size_t i = 0; i < set->columns_n; i++) {
		struct mst_map_row row = {
		    set->columns[i].name,      0, mst_op_const, SN_CLEAR,
		    "servicenow.manufacturer", 0};

		if (is_company(&set->columns[i]) && add_rows(a, set, &row) < 0)
			return -(int)a->err->code;
	}
	return 0;
}

static int makers(struct adapt *a, const struct mst_set *set)
{
	bool package = mst_sn_is_package(set);
	bool wanted =
	    package ? a->conf->software_manufacturers : a->conf->manufacturers;
	bool models = package ? a->conf->software_models != SN_SOFTWARE_OFF
			      : a->conf->models && mst_sn_is_device(set);

	if (!models)
		drop(a, set, is_model);
	if (!wanted && models)
		flag(a, set, 0, NEVER, is_company);
	else if (!wanted)
		drop(a, set, is_company);
	else if (mst_sn_is_device(set) &&
		 a->conf->empty_manufacturer == SN_EMPTY_CLEAR)
		return clear_company(a, set);
	return 0;
}

/* ---- what becomes of names ----------------------------------------------- */

/* What master.c makes of a name is no part of the record, but settings decide
 * it: a column that never goes has them, so that a change of them sends what
 * has such a name once more. */
#define NAMES "master_data"

static bool run_row(struct mst_rule_ctx *ctx, const struct mst_value *v,
		    const struct mst_map_row *row, struct mst_slice *out_r)
{
	*out_r = mst_slice(NULL, 0);
	return row->op && row->op(ctx, v, row->field, row->arg, out_r) == 1 &&
	       out_r->n;
}

struct name_rows {
	const struct mst_map_row *v; /* that make the names */
	size_t n;
	const char *how;
};

static int op_names(struct mst_rule_ctx *ctx, const struct mst_value *v,
		    unsigned field, const void *arg, struct mst_slice *out_r)
{
	const struct name_rows *rows = arg;
	struct mst_slice name;

	(void)field;
	for (size_t i = 0; i < rows->n; i++) {
		if (run_row(ctx, v, &rows->v[i], &name)) {
			*out_r = mst_slice_str(rows->how);
			return 1;
		}
	}
	return 0;
}

/* NULL: as by default. */
static const char *how_names(const struct adapt *a, const struct mst_set *set)
{
	const struct sn_conf *conf = a->conf;
	bool models = mst_sn_is_device(set) && conf->models;
	bool by_name = conf->normalization && *conf->normalization;
	bool any = models && conf->model_table == SN_ANY_MODEL;
	bool makers = mst_sn_is_package(set) ? conf->software_manufacturers
					     : conf->manufacturers;

	if (makers && conf->create_companies && !by_name && !any &&
	    (conf->create_models || !models))
		return NULL;
	return mst_arena_printf(
	    mst_derive_arena(a->d), "%s%s%s%s%s", makers ? "" : "models only ",
	    conf->create_companies ? "" : "create_companies: no ",
	    conf->create_models || !models ? "" : "create_models: no ",
	    any ? "model_table: cmdb_model " : "",
	    by_name ? conf->normalization : "");
}

static struct name_rows *name_rows(struct adapt *a, const struct mst_set *set,
				   const struct mst_mapping *m)
{
	struct mst_arena *arena = mst_derive_arena(a->d);
	struct name_rows *rows = mst_arena_alloc(arena, sizeof(*rows));
	struct mst_map_row *v =
	    mst_arena_alloc(arena, (m->rows_n + 1) * sizeof(*v));

	for (size_t i = 0; i < m->rows_n; i++) {
		for (size_t k = 0; k < set->columns_n; k++) {
			if ((is_company(&set->columns[k]) ||
			     is_model(&set->columns[k])) &&
			    strcmp(set->columns[k].name, m->rows[i].column) ==
				0)
				v[rows->n++] = m->rows[i];
		}
	}
	rows->v = v;
	return rows;
}

static int names(struct adapt *a, const struct mst_set *set)
{
	static const struct mst_column col = {NAMES, NEVER, 255, NULL};
	const struct mst_catalog *c = mst_derive_catalog(a->d);
	const char *how = how_names(a, set);
	int rc = 0;

	if (!how)
		return 0;
	if (mst_derive_add_column(a->d, set->name, &col, a->err) < 0)
		return -(int)a->err->code;
	for (size_t i = 0; i < c->mappings_n && rc == 0; i++) {
		struct mst_map_row row = {.column = NAMES,
					  .op = op_names,
					  .rule = "servicenow.company"};
		struct name_rows *rows;

		if (strcmp(c->mappings[i].set, set->name) != 0)
			continue;
		rows = name_rows(a, set, &c->mappings[i]);
		rows->how = how;
		row.arg = rows;
		if (rows->n)
			rc = mst_derive_add_row(a->d, i, &row, false, a->err);
	}
	return rc;
}

/* ---- software product models --------------------------------------------- */

struct model_rows {
	struct mst_map_row name, version;
	int depth; /* enum sn_software_models */
};

/* So much of the version as tells models apart. */
static struct mst_slice cut_version(struct mst_slice v, int depth)
{
	int dots = depth - SN_SOFTWARE_IGNORE;

	if (depth == SN_SOFTWARE_ALL)
		return v;
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] == '.' && --dots == 0)
			return mst_slice(v.p, i);
	}
	return depth == SN_SOFTWARE_IGNORE ? mst_slice(NULL, 0) : v;
}

/* "7-Zip 22": the package's name and what counts of its version; see
 * split_version in master.c. */
static int op_software_model(struct mst_rule_ctx *ctx,
			     const struct mst_value *v, unsigned field,
			     const void *arg, struct mst_slice *out_r)
{
	const struct model_rows *rows = arg;
	struct mst_slice name, version;
	char *text;

	(void)field;
	if (!run_row(ctx, v, &rows->name, &name))
		return 0;
	(void)run_row(ctx, v, &rows->version, &version);
	version = mst_slice_trim(cut_version(version, rows->depth));
	text = mst_rule_scratch(ctx, name.n + 1 + version.n);
	memcpy(text, name.p, name.n);
	text[name.n] = ' ';
	if (version.n)
		memcpy(text + name.n + 1, version.p, version.n);
	*out_r = mst_slice(text, name.n + (version.n ? 1 + version.n : 0));
	return 1;
}

static const struct mst_map_row *row_of(const struct mst_mapping *m,
					const char *column)
{
	for (size_t i = 0; i < m->rows_n; i++) {
		if (strcmp(m->rows[i].column, column) == 0)
			return &m->rows[i];
	}
	return NULL;
}

static int software_models(struct adapt *a, const char *set)
{
	static const struct mst_column col = {"model_id", MST_COL_MASTER, 255,
					      SN_KIND_SOFTWARE};
	const struct mst_catalog *c = mst_derive_catalog(a->d);

	if (mst_derive_add_column(a->d, set, &col, a->err) < 0)
		return -(int)a->err->code;
	for (size_t i = 0; i < c->mappings_n; i++) {
		const struct mst_mapping *m = &c->mappings[i];
		const struct mst_map_row *name = row_of(m, "name"),
					 *version = row_of(m, "version");
		struct model_rows *rows;

		if (strcmp(m->set, set) != 0 || !name)
			continue;
		rows = mst_arena_alloc(mst_derive_arena(a->d), sizeof(*rows));
		rows->name = *name;
		if (version)
			rows->version = *version;
		rows->depth = a->conf->software_models;
		if (mst_derive_add_row(
			a->d, i,
			&(struct mst_map_row){.column = "model_id",
					      .op = op_software_model,
					      .arg = rows,
					      .rule = "servicenow.software_"
						      "models"},
			false, a->err) < 0)
			return -(int)a->err->code;
	}
	return 0;
}

/* ---- what people are to applications ------------------------------------- */

static int relation(struct adapt *a, const struct mst_set *set)
{
	const struct mst_column *col = mst_sn_relation_column(set);
	struct mst_map_row row = {.op = mst_op_const,
				  .arg = a->conf->user_relation_type,
				  .rule = "servicenow.user_relation"};

	if (!col || strcmp(col->ref_set, SN_KIND_USER_RELATION) != 0)
		return 0;
	row.column = col->name;
	return add_rows(a, set, &row);
}

/* ---- columns for inserts only ------------------------------------------- */

static int no_column(struct adapt *a, const char *word)
{
	return mst_err_set(a->err, MST_E_INVALID,
			   "insert_only: there is no column '%s'; write it as "
			   "RECORD_SET.COLUMN, like devices.os_version",
			   word);
}

static int insert_only(struct adapt *a, const char *word)
{
	const char *dot = strchr(word, '.');
	struct mst_column *col;
	char set[MST_MAX_NAME];

	if (!dot || (size_t)(dot - word) >= sizeof(set))
		return no_column(a, word);
	(void)snprintf(set, sizeof(set), "%.*s", (int)(dot - word), word);
	col = mst_derive_column(a->d, set, dot + 1);
	if (!col)
		return no_column(a, word);
	if (col->flags & (MST_COL_KEY | MST_COL_PARENT))
		return mst_err_set(a->err, MST_E_INVALID,
				   "insert_only: '%s' tells the record from "
				   "others and cannot be left out of updates",
				   word);
	col->flags |= MST_COL_INSERT;
	return 0;
}

/* ---- all of it ---------------------------------------------------------- */

static int adapt_ci(struct adapt *a, const char *name)
{
	struct mst_set *set = mst_derive_set(a->d, name);

	if (a->conf->overwrite_correlation)
		flag(a, set, MST_COL_INSERT, 0, is_correlation);
	if (a->conf->status_updates == SN_STATUS_NEVER &&
	    !mst_sn_is_package(set))
		flag(a, set, 0, MST_COL_INSERT, is_status_column);
	if (mst_sn_is_package(set) && !a->conf->retire_packages)
		set->missing = MST_MISSING_KEEP;
	if (makers(a, set) < 0 || names(a, set) < 0)
		return -(int)a->err->code;
	return mst_sn_is_package(set) &&
		       a->conf->software_models != SN_SOFTWARE_OFF
		   ? software_models(a, name)
		   : 0;
}

int mst_sn_adapt(const void *conf, struct mst_derive *d, struct mst_err *err)
{
	struct adapt a = {.conf = conf, .d = d, .err = err};
	const struct mst_catalog *c = mst_derive_catalog(d);

	for (size_t i = 0; i < c->sets_n; i++) {
		if (c->sets[i].writer == MST_WRITE_CI &&
		    adapt_ci(&a, c->sets[i].name) < 0)
			return -(int)err->code;
		if (relation(&a, &c->sets[i]) < 0)
			return -(int)err->code;
	}
	for (size_t i = 0; i < a.conf->insert_only.n; i++) {
		if (insert_only(&a, a.conf->insert_only.v[i]) < 0)
			return -(int)err->code;
	}
	return 0;
}
