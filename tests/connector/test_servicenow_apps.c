/* SPDX-License-Identifier: Apache-2.0
 *
 * Business applications, by IRE and by the Table API, and settings that are
 * about devices.
 */
#include "sn_apps.h"

#include <stdio.h>
#include <string.h>

/* ---- applications -------------------------------------------------------- */

static uint64_t app(struct fake *f, enum mst_action action, const char *name)
{
	struct fake_change c = {.action = action,
				.key =
				    mst_arena_printf(&f->arena, "id-%s", name),
				.may_exist = true};
	uint64_t n;

	fake_begin(f, APPS);
	n = action == MST_RETIRE
		? fake_offer(f, APPS, c, NULL)
		: fake_offer(
		      f, APPS, c, "name", name, "vendor", "Dropbox, Inc.",
		      "active_user_count", "12", "short_description",
		      "founded: 2007\nholding: private", "correlation_id",
		      c.key, "discovery_source", "x", "install_status", "1",
		      "operational_status", "1", NULL);
	fake_end(f);
	return n;
}

static void is(struct fake *f, const char *name, const char *column,
	       const char *want)
{
	struct fake_row *r = fake_find(f, APP, "name", name);

	assert_non_null(r);
	t_is(mst_slice_str(fake_get(r, column)), want);
}

static const char *maker(struct fake *f)
{
	struct fake_row *r =
	    fake_find(f, "core_company", "name", "Dropbox, Inc.");

	return r ? fake_get(r, "sys_id") : "";
}

static void test_by_ire(void **state)
{
	struct fake *f = *state;
	uint64_t c;

	sn_apps_ready(f);
	c = app(f, MST_INSERT, "Dropbox");
	fake_is(f, c, MST_VERDICT_APPLIED, NULL);
	assert_true(fake_verdict(f, c)->v.inserted);
	is(f, "Dropbox", "vendor", maker(f));
	is(f, "Dropbox", "correlation_id", "id-Dropbox");
	is(f, "Dropbox", "discovery_source", "muster");
	fake_golden(f->requests[f->requests_n - 1], "app-insert.txt");
	c = app(f, MST_UPDATE, "Dropbox");
	fake_is(f, c, MST_VERDICT_UNCHANGED, NULL);
	c = app(f, MST_RETIRE, "Dropbox");
	fake_is(f, c, MST_VERDICT_APPLIED, NULL);
	is(f, "Dropbox", "install_status", "7");
	is(f, "Dropbox", "operational_status", "6");
	is(f, "Dropbox", "hardware_status", "");
	/* No package, whose installations are looked at first. */
	assert_int_equal(fake_asked(f, "GET /api/now/table/cmdb_software"), 0);
	assert_int_equal(fake_asked(f, "POST /api/now/table/cmdb_ci"), 0);
}

static void test_by_table(void **state)
{
	struct fake *f = *state;
	uint64_t c;

	fake_setting(f, "write_mode", "table");
	sn_apps_ready(f);
	fake_add(f, APP, "name", "DROPBOX", "url", "https://theirs.example.com",
		 NULL);
	fake_add(f, APP, "name", "was Box", "correlation_id", "id-Box",
		 "discovery_source", "muster", NULL);
	fake_add(f, APP, "name", "Box", NULL);
	fake_add(f, APP, "name", "Twin", NULL);
	fake_add(f, APP, "name", "Twin", NULL);
	/* found by its name */
	c = app(f, MST_INSERT, "Dropbox");
	fake_is(f, c, MST_VERDICT_APPLIED, NULL);
	assert_false(fake_verdict(f, c)->v.inserted);
	is(f, "Dropbox", "url", "https://theirs.example.com");
	is(f, "Dropbox", "vendor", maker(f));
	is(f, "Dropbox", "correlation_id", "");
	/* ours by its correlation id, whatever it is called by now */
	c = app(f, MST_INSERT, "Box");
	fake_is(f, c, MST_VERDICT_APPLIED, NULL);
	assert_null(fake_find(f, APP, "name", "was Box"));
	/* nothing is guessed */
	c = app(f, MST_INSERT, "Twin");
	fake_is(f, c, MST_VERDICT_REFUSED, "2 CIs have the name \"Twin\"");
	/* new */
	c = app(f, MST_INSERT, "Slack");
	fake_is(f, c, MST_VERDICT_APPLIED, NULL);
	assert_true(fake_verdict(f, c)->v.inserted);
	is(f, "Slack", "correlation_id", "id-Slack");
	is(f, "Slack", "discovery_source", "muster");
	/* and again: it holds all of it */
	c = app(f, MST_INSERT, "Slack");
	fake_is(f, c, MST_VERDICT_UNCHANGED, NULL);
	fake_begin(f, APPS);
	c = fake_offer(f, APPS,
		       (struct fake_change){
			   .action = MST_RETIRE,
			   .key = "id-Slack",
			   .table = APP,
			   .remote = fake_id(fake_get(
			       fake_find(f, APP, "name", "Slack"), "sys_id"))},
		       NULL);
	fake_end(f);
	fake_is(f, c, MST_VERDICT_APPLIED, NULL);
	is(f, "Slack", "operational_status", "6");
	assert_int_equal(fake_called(f, "/api/now/identifyreconcile"), 0);
	for (size_t i = 0; i < f->subs_n; i++) {
		assert_null(strstr(f->subs[i], "serial_numberIN"));
		assert_null(strstr(f->subs[i], "mac_addressIN"));
	}
}

/* What a person set in between counts for applications, too. */
static void test_status_is_kept(void **state)
{
	struct fake *f = *state;
	uint64_t c;

	fake_setting(f, "status_keep", "3");
	sn_apps_ready(f);
	(void)app(f, MST_INSERT, "Dropbox");
	fake_put(f, fake_find(f, APP, "name", "Dropbox"), "install_status",
		 "3");
	c = app(f, MST_RETIRE, "Dropbox");
	fake_is(f, c, MST_VERDICT_UNCHANGED, "left alone");
	is(f, "Dropbox", "install_status", "3");
}

/* A retirement does not say the class. */
static void on_raw(void *ctx, uint64_t tag, const struct mst_raw *raw,
		   const char *why)
{
	char *status = ctx;

	(void)tag;
	assert_null(why);
	if (!raw)
		return;
	assert_int_equal(raw->n, 1);
	snprintf(status, 8, "%.*s", MST_SLICE_ARG(raw->values[0]));
	t_is(raw->table, APP);
}

static void test_what_a_retirement_takes(void **state)
{
	static const char *const names[] = {"install_status"};
	struct fake *f = *state;
	struct mst_sysid id;
	char status[8] = "";

	sn_apps_ready(f);
	(void)app(f, MST_INSERT, "Dropbox");
	id = fake_id(fake_get(fake_find(f, APP, "name", "Dropbox"), "sys_id"));
	t_ok(mst_dest_servicenow.raw_read(
		 f->d, mst_catalog_set(f->catalog, APPS), mst_slice(NULL, 0),
		 &id, 1, names, 1, 1, on_raw, status, &f->err),
	     &f->err);
	t_ok(fake_pump(f), &f->err);
	assert_string_equal(status, "1");
}

/* ---- settings that are about devices ------------------------------------- */

static size_t rows_of(const struct fake *f, const char *column)
{
	const struct mst_mapping *m = &f->catalog->mappings[0];
	size_t n = 0;

	for (size_t i = 0; i < m->rows_n; i++)
		n += strcmp(m->rows[i].column, column) == 0;
	return n;
}

/* A change of these sends no application once more. */
static void test_settings_of_devices(void **state)
{
	struct fake *f = *state;

	fake_setting(f, "model_table", "cmdb_model");
	fake_setting(f, "create_models", "no");
	fake_setting(f, "models", "no");
	fake_setting(f, "empty_manufacturer", "clear");
	fake_setting(f, "software_manufacturers", "no");
	fake_setting(f, "retire_packages", "no");
	fake_setting(f, "software_models", "all");
	fake_open(f);
	assert_ptr_equal(f->catalog->sets[0].columns,
			 t_apps_catalog.sets[0].columns);
	assert_ptr_equal(f->catalog->mappings[0].rows,
			 t_apps_catalog.mappings[0].rows);
	assert_int_equal(f->catalog->sets[0].missing, MST_MISSING_RETIRE);
}

static void test_makers_of_applications(void **state)
{
	struct fake *f = *state;

	fake_setting(f, "manufacturers", "no");
	fake_open(f);
	assert_int_equal(rows_of(f, "vendor"), 0);
	assert_int_equal(rows_of(f, "name"), 1);
}

static void test_companies_of_applications(void **state)
{
	struct fake *f = *state;

	fake_setting(f, "create_companies", "no");
	fake_open(f);
	assert_int_equal(rows_of(f, "vendor"), 1);
	assert_int_equal(rows_of(f, "master_data"), 1);
}

#define T(fn)                                                                  \
	cmocka_unit_test_setup_teardown(fn, sn_apps_setup, sn_apps_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_by_ire),
	    T(test_by_table),
	    T(test_status_is_kept),
	    T(test_what_a_retirement_takes),
	    T(test_settings_of_devices),
	    T(test_makers_of_applications),
	    T(test_companies_of_applications),
	};

	return cmocka_run_group_tests_name("servicenow apps", tests, NULL,
					   NULL);
}
