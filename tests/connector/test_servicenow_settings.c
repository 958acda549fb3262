/* SPDX-License-Identifier: Apache-2.0
 *
 * The settings of the destination, each in its default and overridden: what
 * they make of the catalogue, and what is written.
 */
#include "sn_apps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/rules.h"
#include "source/endpoint/endpoint.h"

#define CI "cmdb_ci_computer"
#define CO "core_company"
#define MO "cmdb_hardware_product_model"
#define PK "cmdb_ci_spkg"

static int setup(void **state)
{
	*state = fake_new();
	return t_log_watch(state);
}

static int teardown(void **state)
{
	fake_free(*state);
	return t_log_check(state);
}

static uint64_t device(struct fake *f, enum mst_action action, const char *key,
		       const char *maker, const char *model)
{
	struct fake_change c = {.action = action, .key = key};
	uint64_t n;

	fake_begin(f, "devices");
	n = fake_offer(f, "devices", c, "name", key, "os", "Windows 11",
		       "manufacturer", maker, "model_id", model,
		       "correlation_id", key, "discovery_source", "other",
		       "install_status", "1", NULL);
	fake_end(f);
	fake_is(f, n, MST_VERDICT_APPLIED, NULL);
	return n;
}

static uint64_t package(struct fake *f, enum mst_action action,
			const char *name, const char *version,
			const char *vendor)
{
	struct fake_change c = {
	    .action = action,
	    .key = mst_arena_printf(&f->arena, "%s|%s", name, version)};
	uint64_t n;

	fake_begin(f, "software_packages");
	n = fake_offer(f, "software_packages", c, "name", name, "version",
		       version, "vendor", vendor, "key", c.key, NULL);
	fake_end(f);
	return n;
}

static const char *of(struct fake *f, const char *table, const char *name,
		      const char *column)
{
	struct fake_row *row = fake_find(f, table, "name", name);

	assert_non_null(row);
	return fake_get(row, column);
}

static void is(struct fake *f, const char *table, const char *name,
	       const char *column, const char *want)
{
	t_is(mst_slice_str(of(f, table, name, column)), want);
}

/* How many rows of the set's mappings make the column? */
static size_t rows_of(const struct fake *f, const char *set, const char *column)
{
	size_t n = 0;

	for (size_t i = 0; i < f->catalog->mappings_n; i++) {
		const struct mst_mapping *m = &f->catalog->mappings[i];

		for (size_t k = 0; k < m->rows_n; k++)
			n += !strcmp(m->set, set) &&
			     !strcmp(m->rows[k].column, column);
	}
	return n;
}

static unsigned flags_of(const struct fake *f, const char *set,
			 const char *column)
{
	const struct mst_set *s = mst_catalog_set(f->catalog, set);

	for (size_t i = 0; i < s->columns_n; i++) {
		if (strcmp(s->columns[i].name, column) == 0)
			return s->columns[i].flags;
	}
	fail_msg("no column %s", column);
	return 0;
}

/* ---- the options --------------------------------------------------------- */

static bool is_rule(const char *id)
{
	for (size_t i = 0; i < mst_dest_servicenow.rules_n; i++) {
		if (strcmp(mst_dest_servicenow.rules[i].id, id) == 0)
			return true;
	}
	return false;
}

static void test_rules(void **state)
{
	const struct mst_rule *r = mst_dest_servicenow.rules;

	for (const struct mst_opt *o = mst_sn_opts; o->key; o++) {
		if (o->rule && !is_rule(o->rule))
			fail_msg("%s: no rule %s", o->key, o->rule);
	}
	for (size_t i = 0; i < mst_dest_servicenow.rules_n; i++) {
		assert_true(strncmp(r[i].id, "servicenow.", 11) == 0);
		assert_true(strlen(r[i].title) > 5);
		assert_true(strlen(r[i].text) > 20);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(r[i].id, r[k].id);
	}
}

/* With nothing set the catalogue stays as it is. */
static void test_default(void **state)
{
	struct fake *f = *state;
	const struct mst_catalog *before = f->catalog;

	fake_open(f);
	for (size_t i = 0; i < before->sets_n; i++) {
		assert_ptr_equal(f->catalog->sets[i].columns,
				 before->sets[i].columns);
		assert_int_equal(f->catalog->sets[i].missing,
				 before->sets[i].missing);
	}
	for (size_t i = 0; i < before->mappings_n; i++)
		assert_ptr_equal(f->catalog->mappings[i].rows,
				 before->mappings[i].rows);
}

/* ---- correlation, columns for inserts ------------------------------------ */

static void correlation(struct fake *f, const char *id, const char *source)
{
	fake_open(f);
	fake_add(f, CI, "name", "pc-1", "correlation_id", "theirs",
		 "discovery_source", "SCCM", NULL);
	device(f, MST_INSERT, "PC-1", "", "");
	is(f, CI, "PC-1", "correlation_id", id);
	is(f, CI, "PC-1", "discovery_source", source);
	device(f, MST_INSERT, "PC-2", "", "");
	is(f, CI, "PC-2", "correlation_id", "PC-2");
	is(f, CI, "PC-2", "discovery_source", "muster");
}

static void test_correlation(void **state)
{
	struct fake *f = *state;

	correlation(f, "theirs", "SCCM");
	assert_true(flags_of(f, "devices", "correlation_id") & MST_COL_INSERT);
}

static void test_correlation_overwritten(void **state)
{
	struct fake *f = *state;

	fake_setting(f, "overwrite_correlation", "yes");
	correlation(f, "PC-1", "muster");
	assert_false(flags_of(f, "devices", "correlation_id") & MST_COL_INSERT);
}

static void insert_only(struct fake *f, const char *os)
{
	fake_open(f);
	fake_add(f, CI, "name", "PC-1", "os", "Windows 10", NULL);
	device(f, MST_INSERT, "PC-1", "", "");
	device(f, MST_INSERT, "PC-2", "", "");
	is(f, CI, "PC-1", "os", os);
	is(f, CI, "PC-2", "os", "Windows 11");
}

static void test_all_columns(void **state)
{
	insert_only(*state, "Windows 11");
}

static void test_insert_only(void **state)
{
	fake_setting(*state, "insert_only", "devices.os|devices.fqdn");
	insert_only(*state, "Windows 10");
}

static void test_insert_only_of_nothing(void **state)
{
	static const char *const bad[] = {"os", "devices.oss", "things.os",
					  "device_vulnerabilities.u_key"};
	static const char *const says[] = {"RECORD_SET.COLUMN", "devices.oss",
					   "things.os", "tells the record"};
	struct fake *f = *state;

	for (size_t i = 0; i < MST_LEN(bad); i++) {
		struct mst_derive *d = mst_derive_begin(f->catalog, &f->arena);

		f->settings_n = 0;
		fake_setting(f, "insert_only", bad[i]);
		t_failed(mst_dest_servicenow.adapt(&f->conf, d, &f->err),
			 &f->err, MST_E_INVALID, says[i]);
	}
}

/* ---- makers -------------------------------------------------------------- */

static void test_manufacturers(void **state)
{
	struct fake *f = *state;

	fake_open(f);
	device(f, MST_INSERT, "PC-1", "Dell", "Latitude");
	is(f, CI, "PC-1", "manufacturer", of(f, CO, "Dell", "sys_id"));
	is(f, CI, "PC-1", "model_id", of(f, MO, "Latitude", "sys_id"));
	is(f, MO, "Latitude", "manufacturer", of(f, CO, "Dell", "sys_id"));
	device(f, MST_INSERT, "PC-2", "", "");
	is(f, CI, "PC-2", "manufacturer", "");
}

/* The model keeps its maker: the switches are independent. */
static void test_manufacturers_off(void **state)
{
	struct fake *f = *state;

	fake_setting(f, "manufacturers", "no");
	fake_open(f);
	device(f, MST_INSERT, "PC-1", "Dell", "Latitude");
	is(f, CI, "PC-1", "manufacturer", "");
	is(f, CI, "PC-1", "model_id", of(f, MO, "Latitude", "sys_id"));
	is(f, MO, "Latitude", "manufacturer", of(f, CO, "Dell", "sys_id"));
	device(f, MST_UPDATE, "PC-1", "Lenovo", "X1");
	is(f, CI, "PC-1", "manufacturer", "");
	assert_int_equal(rows_of(f, "software_packages", "vendor"), 1);
}

static void test_neither_makers_nor_models(void **state)
{
	struct fake *f = *state;

	fake_setting(f, "manufacturers", "no");
	fake_setting(f, "models", "no");
	fake_open(f);
	assert_int_equal(rows_of(f, "devices", "manufacturer"), 0);
	assert_int_equal(rows_of(f, "devices", "model_id"), 0);
	assert_int_equal(rows_of(f, "software_packages", "vendor"), 1);
}

static void test_models_off(void **state)
{
	struct fake *f = *state;

	fake_setting(f, "models", "no");
	fake_open(f);
	assert_int_equal(rows_of(f, "devices", "manufacturer"), 1);
	assert_int_equal(rows_of(f, "devices", "model_id"), 0);
}

static void test_software_manufacturers_off(void **state)
{
	struct fake *f = *state;

	fake_setting(f, "software_manufacturers", "no");
	fake_open(f);
	assert_int_equal(rows_of(f, "devices", "manufacturer"), 1);
	assert_int_equal(rows_of(f, "software_packages", "vendor"), 0);
}

static void test_empty_manufacturer(void **state)
{
	struct fake *f = *state;

	fake_open(f);
	assert_int_equal(rows_of(f, "devices", "manufacturer"), 1);
	fake_add(f, CI, "name", "PC-1", "manufacturer", "x", NULL);
	device(f, MST_INSERT, "PC-1", "", "");
	is(f, CI, "PC-1", "manufacturer", "x");
}

static void test_empty_manufacturer_clears(void **state)
{
	struct fake *f = *state;
	struct mst_column col = {"manufacturer", MST_COL_MASTER, 80,
				 SN_KIND_COMPANY};

	fake_setting(f, "empty_manufacturer", "clear");
	fake_open(f);
	assert_int_equal(rows_of(f, "devices", "manufacturer"), 2);
	assert_int_equal(rows_of(f, "software_packages", "vendor"), 1);
	fake_add(f, CI, "name", "PC-1", "manufacturer", "x", NULL);
	device(f, MST_INSERT, "PC-1", SN_CLEAR, "Latitude");
	is(f, CI, "PC-1", "manufacturer", "");
	assert_int_equal(fake_count(f, CO), 0);
	assert_true(mst_dest_servicenow.same(
	    f->d, &col, mst_slice_str(SN_CLEAR), MST_SLICE_LIT("")));
	assert_false(mst_dest_servicenow.same(
	    f->d, &col, mst_slice_str(SN_CLEAR), MST_SLICE_LIT("Dell")));
}

static void test_no_companies_are_made(void **state)
{
	struct fake *f = *state;
	uint64_t c;

	fake_setting(f, "create_companies", "no");
	fake_open(f);
	fake_add(f, CO, "name", "Dell Inc.", NULL);
	device(f, MST_INSERT, "PC-1", "Dell", "Latitude");
	is(f, CI, "PC-1", "manufacturer", of(f, CO, "Dell Inc.", "sys_id"));
	is(f, CI, "PC-1", "model_id", of(f, MO, "Latitude", "sys_id"));
	c = device(f, MST_INSERT, "PC-2", "HP", "Elite");
	fake_is(f, c, MST_VERDICT_APPLIED, "create_companies is off");
	is(f, CI, "PC-2", "manufacturer", "");
	is(f, CI, "PC-2", "model_id", "");
	assert_int_equal(fake_count(f, CO), 1);
	assert_int_equal(fake_count(f, MO), 1);
}

static void test_no_models_are_made(void **state)
{
	struct fake *f = *state;
	const char *dell;
	uint64_t c;

	fake_setting(f, "create_models", "no");
	fake_open(f);
	dell = fake_add(f, CO, "name", "Dell", NULL);
	fake_add(f, MO, "name", "Latitude", "manufacturer", dell, NULL);
	device(f, MST_INSERT, "PC-1", "Dell", "Latitude");
	is(f, CI, "PC-1", "model_id", of(f, MO, "Latitude", "sys_id"));
	c = device(f, MST_INSERT, "PC-2", "HP", "Elite");
	fake_is(f, c, MST_VERDICT_APPLIED, "create_models is off");
	is(f, CI, "PC-2", "manufacturer", of(f, CO, "HP", "sys_id"));
	is(f, CI, "PC-2", "model_id", "");
}

static void test_model_table(void **state)
{
	struct fake *f = *state;

	fake_setting(f, "model_table", "cmdb_model");
	fake_open(f);
	device(f, MST_INSERT, "PC-1", "Dell", "Latitude");
	is(f, CI, "PC-1", "model_id",
	   of(f, "cmdb_model", "Latitude", "sys_id"));
	assert_int_equal(fake_count(f, MO), 0);
}

/* Raw names go along; ServiceNow finds the company, and nobody makes one. */
static void test_normalization(void **state)
{
	struct fake *f = *state;
	uint64_t c;

	fake_setting(f, "normalization", "0123456789abcdef0123456789abcdef");
	fake_open(f);
	fake_add(f, CO, "name", "Dell Inc.", NULL);
	device(f, MST_INSERT, "PC-1", "DELL", "Latitude");
	assert_non_null(strstr(f->requests[f->requests_n - 1],
			       "\"display_values\":{\"manufacturer\":\"DELL\""
			       "}"));
	assert_null(
	    strstr(f->requests[f->requests_n - 1], "\"manufacturer\":\"0"));
	is(f, CI, "PC-1", "model_id", of(f, MO, "Latitude", "sys_id"));
	c = device(f, MST_INSERT, "PC-2", "Hewlett", "Elite");
	fake_is(f, c, MST_VERDICT_APPLIED, "");
	t_is(mst_slice_str(fake_verdict(f, c)->reason), "");
	assert_non_null(strstr(f->requests[f->requests_n - 1],
			       "{\"manufacturer\":\"Hewlett\"}"));
	assert_int_equal(fake_count(f, CO), 1);
}

static void test_normalization_is_a_sys_id(void **state)
{
	struct fake *f = *state;
	struct mst_dest_env env = {.connection = "cmdb", .source = "defender"};

	fake_setting(f, "normalization", "manufacturers");
	t_failed(mst_dest_servicenow.open(&env, &f->conf, &f->d, &f->err),
		 &f->err, MST_E_INVALID, "32 hex");
	assert_null(f->d);
	f->settings_n = 0;
	f->err = (struct mst_err)MST_ERR_INIT;
	fake_setting(f, "normalization", "");
	fake_open(f);
}

/* ---- different values for insert and update ------------------------------ */

/* The column gets a twin: the old one is for inserts, the new for updates. */
static void split_column(struct fake *f, const char *set, const char *column)
{
	struct mst_derive *d = mst_derive_begin(f->catalog, &f->arena);
	struct mst_column twin = {column, MST_COL_UPDATE, 255, NULL};

	mst_derive_column(d, set, column)->flags |= MST_COL_INSERT;
	t_ok(mst_derive_add_column(d, set, &twin, &f->err), &f->err);
	f->catalog = mst_derive_end(d);
}

static void two_values(struct fake *f, enum mst_action action, const char *key,
		       const struct mst_sysid *remote)
{
	struct fake_change c = {
	    .action = action, .key = key, .table = CI, .may_exist = true};
	uint64_t n;

	if (remote)
		c.remote = *remote;
	fake_begin(f, "devices");
	n = fake_offer(f, "devices", c, "name", key, "os", "made", "os~",
		       "found", "correlation_id", key, NULL);
	fake_end(f);
	fake_is(f, n, MST_VERDICT_APPLIED, NULL);
}

static void split_ci(struct fake *f)
{
	struct mst_sysid id, gone = fake_nr(0xdead);

	split_column(f, "devices", "os");
	fake_open(f);
	fake_add(f, CI, "name", "PC-1", NULL);
	two_values(f, MST_INSERT, "PC-1", NULL);
	is(f, CI, "PC-1", "os", "found");
	two_values(f, MST_INSERT, "PC-2", NULL);
	is(f, CI, "PC-2", "os", "made");
	id = fake_id(of(f, CI, "PC-2", "sys_id"));
	two_values(f, MST_UPDATE, "PC-2", &id);
	is(f, CI, "PC-2", "os", "found");
	/* a person deleted it: it is made again */
	two_values(f, MST_UPDATE, "PC-3", &gone);
	is(f, CI, "PC-3", "os", "made");
}

static void test_split_by_ire(void **state)
{
	split_ci(*state);
}

static void test_split_by_table(void **state)
{
	fake_setting(*state, "write_mode", "table");
	split_ci(*state);
}

static void test_split_of_a_row(void **state)
{
	struct fake *f = *state;

	split_column(f, "vulnerabilities", "u_name");
	fake_open(f);
	fake_add(f, "u_muster_cve", "u_cve_id", "CVE-1", "u_name", "x", NULL);
	fake_begin(f, "vulnerabilities");
	for (int i = 1; i <= 2; i++) {
		char *key = mst_arena_printf(&f->arena, "CVE-%d", i);

		fake_offer(f, "vulnerabilities",
			   (struct fake_change){.action = MST_INSERT,
						.key = key,
						.may_exist = true},
			   "u_cve_id", key, "u_name", "made", "u_name~",
			   "found", NULL);
	}
	fake_end(f);
	t_is(mst_slice_str(fake_get(
		 fake_find(f, "u_muster_cve", "u_cve_id", "CVE-1"), "u_name")),
	     "found");
	t_is(mst_slice_str(fake_get(
		 fake_find(f, "u_muster_cve", "u_cve_id", "CVE-2"), "u_name")),
	     "made");
}

/* ---- packages ------------------------------------------------------------ */

static void test_retire_packages(void **state)
{
	struct fake *f = *state;

	fake_open(f);
	assert_int_equal(
	    mst_catalog_set(f->catalog, "software_packages")->missing,
	    MST_MISSING_RETIRE);
}

static void test_packages_stay(void **state)
{
	struct fake *f = *state;

	fake_setting(f, "retire_packages", "no");
	fake_open(f);
	assert_int_equal(
	    mst_catalog_set(f->catalog, "software_packages")->missing,
	    MST_MISSING_KEEP);
	assert_int_equal(mst_catalog_set(f->catalog, "devices")->missing,
			 MST_MISSING_RETIRE);
	package(f, MST_INSERT, "7-Zip", "22.01", "Igor Pavlov");
	is(f, PK, "7-Zip", "vendor", of(f, CO, "Igor Pavlov", "sys_id"));
}

/* ---- software product models --------------------------------------------- */

/* What the rules make of a package's row for a column; "" when nothing. */
static void by_rules(struct fake *f, const char *name, const char *version,
		     const char *column, char *out, size_t n)
{
	static const char conf[4096]; /* the source's: all off */
	struct mst_rules_env env = {
	    .catalog = f->catalog, .conf = conf, .connection = "defender"};
	struct mst_value v[MST_MAX_FIELDS] = {{0}};
	struct mst_rules *rules;
	struct mst_desired d;
	unsigned m = 0;

	while (strcmp(f->catalog->mappings[m].set, "software_packages") != 0)
		m++;
	for (size_t i = 0; i < f->catalog->mappings[m].rows_n; i++) {
		const struct mst_map_row *row =
		    &f->catalog->mappings[m].rows[i];
		const char *text = !strcmp(row->column, "name")	     ? name
				   : !strcmp(row->column, "version") ? version
				   : !strcmp(row->column, "vendor")  ? "Igor"
								     : NULL;

		if (!text)
			continue;
		v[row->field].type = MST_JSON_STRING;
		v[row->field].u.s.p = text;
		v[row->field].u.s.n = strlen(text);
	}
	t_ok(mst_rules_new(&env, &rules, &f->err), &f->err);
	mst_rules_record(rules, v);
	assert_true(mst_rules_apply(rules, m, &d));
	*out = 0;
	for (size_t i = 0; i < d.cells_n; i++) {
		if (!strcmp(d.set->columns[d.cells[i].column].name, column))
			snprintf(out, n, "%.*s",
				 MST_SLICE_ARG(d.cells[i].text));
	}
	mst_rules_free(&rules);
}

static void test_software_models_off(void **state)
{
	struct fake *f = *state;

	fake_open(f);
	assert_int_equal(rows_of(f, "software_packages", "model_id"), 0);
}

static void test_software_model_depths(void **state)
{
	static const char *const cases[][3] = {
	    {"ignore", "7-Zip", "7-Zip"},
	    {"major", "7-Zip 22", "7-Zip 22"},
	    {"major_minor", "7-Zip 22.1", "7-Zip 22.1"},
	    {"major_minor_revision", "7-Zip 22.1.7", "7-Zip 22.1"},
	    {"all", "7-Zip 22.1.7.0", "7-Zip 22.1"},
	};
	struct fake *f = *state;
	char got[100];

	for (size_t i = 0; i < MST_LEN(cases); i++) {
		fake_setting(f, "software_models", cases[i][0]);
		fake_open(f);
		by_rules(f, "7-Zip", "22.1.7.0", "model_id", got, sizeof(got));
		t_is(mst_slice_str(got), cases[i][1]);
		by_rules(f, "7-Zip", "22.1", "model_id", got, sizeof(got));
		t_is(mst_slice_str(got), cases[i][2]);
		by_rules(f, "7-Zip", "", "model_id", got, sizeof(got));
		t_is(mst_slice_str(got), "7-Zip");
		fake_free(f);
		*state = f = fake_new();
	}
}

#define SW "cmdb_software_product_model"

static uint64_t modelled(struct fake *f, const char *key, const char *vendor,
			 const char *model)
{
	uint64_t n;

	fake_begin(f, "software_packages");
	n = fake_offer(f, "software_packages",
		       (struct fake_change){.action = MST_INSERT, .key = key},
		       "name", "7-Zip", "version", key, "vendor", vendor, "key",
		       key, "model_id", model, NULL);
	fake_end(f);
	fake_is(f, n, MST_VERDICT_APPLIED, NULL);
	return n;
}

static void test_software_models(void **state)
{
	struct fake *f = *state;
	const struct mst_set *set;
	const char *igor;

	fake_setting(f, "software_models", "major");
	fake_open(f);
	igor = fake_add(f, CO, "name", "Igor", NULL);
	fake_add(f, SW, "name", "7-Zip", "version", "21", "manufacturer", igor,
		 NULL);
	modelled(f, "21.0", "Igor", "7-Zip 21");
	modelled(f, "22.0", "Igor", "7-Zip 22");
	modelled(f, "22.1", "Igor", "7-Zip 22");
	modelled(f, "no version", "Igor", "7-Zip");
	/* a model without a maker is none */
	modelled(f, "23.0", "", "7-Zip 23");
	assert_int_equal(fake_count(f, SW), 3);
	t_is(mst_slice_str(fake_get(fake_find(f, SW, "version", "22"), "name")),
	     "7-Zip");
	t_is(mst_slice_str(
		 fake_get(fake_find(f, PK, "key", "22.0"), "model_id")),
	     fake_get(fake_find(f, SW, "version", "22"), "sys_id"));
	t_is(mst_slice_str(
		 fake_get(fake_find(f, PK, "key", "22.1"), "model_id")),
	     fake_get(fake_find(f, SW, "version", "22"), "sys_id"));
	t_is(mst_slice_str(
		 fake_get(fake_find(f, PK, "key", "21.0"), "model_id")),
	     fake_get(fake_find(f, SW, "version", "21"), "sys_id"));
	t_is(mst_slice_str(
		 fake_get(fake_find(f, PK, "key", "23.0"), "model_id")),
	     "");
	/* read by name, it is the same */
	set = mst_catalog_set(f->catalog, "software_packages");
	assert_true(mst_dest_servicenow.same(
	    f->d, &set->columns[set->columns_n - 1], MST_SLICE_LIT("7-Zip 22"),
	    MST_SLICE_LIT("7-Zip")));
	assert_false(mst_dest_servicenow.same(
	    f->d, &set->columns[set->columns_n - 1], MST_SLICE_LIT("7-Zip 22"),
	    MST_SLICE_LIT("7-Zi")));
}

/* ---- what people are to applications ------------------------------------- */

static void relation(struct fake *f, const char *want)
{
	const char *type;

	f->catalog = &t_apps_catalog;
	fake_open(f);
	type = sn_apps_type(f, "Owns");
	if (strcmp(want, "Owns") != 0)
		type = sn_apps_type(f, want);
	t_ok(sn_apps_prepare(f), &f->err);
	assert_int_equal(rows_of(f, USERS, "type"), 1);
	assert_string_equal(f->catalog->mappings[1].rows[1].arg, want);
	fake_begin(f, USERS);
	(void)fake_offer(f, USERS,
			 (struct fake_change){.action = MST_INSERT,
					      .key = type,
					      .parent = fake_nr(1)},
			 "user", type, "type", want, NULL);
	fake_end(f);
	t_is(
	    mst_slice_str(fake_get(fake_find(f, PERSON, "user", type), "type")),
	    type);
}

static void test_user_relation_type(void **state)
{
	relation(*state, "Uses");
}

static void test_user_relation_type_of_another_name(void **state)
{
	fake_setting(*state, "user_relation_type", "Owns");
	relation(*state, "Owns");
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_rules),
	    T(test_default),
	    T(test_correlation),
	    T(test_correlation_overwritten),
	    T(test_all_columns),
	    T(test_insert_only),
	    T(test_insert_only_of_nothing),
	    T(test_manufacturers),
	    T(test_manufacturers_off),
	    T(test_neither_makers_nor_models),
	    T(test_models_off),
	    T(test_software_manufacturers_off),
	    T(test_empty_manufacturer),
	    T(test_empty_manufacturer_clears),
	    T(test_no_companies_are_made),
	    T(test_no_models_are_made),
	    T(test_model_table),
	    T(test_normalization),
	    T(test_normalization_is_a_sys_id),
	    T(test_split_by_ire),
	    T(test_split_by_table),
	    T(test_split_of_a_row),
	    T(test_retire_packages),
	    T(test_packages_stay),
	    T(test_software_models_off),
	    T(test_software_model_depths),
	    T(test_software_models),
	    T(test_user_relation_type),
	    T(test_user_relation_type_of_another_name),
	};

	return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
