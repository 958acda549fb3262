/* SPDX-License-Identifier: Apache-2.0
 *
 * Options, credentials, and what is found out before the first write.
 */
#include "sn_fake.h"

#include <stdio.h>
#include <string.h>

static const char *const all_sets[] = {
    "devices",	       "software_packages",	 "software_installs",
    "vulnerabilities", "device_vulnerabilities", NULL};

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

static int prepare(struct fake *f, const char *const *sets)
{
	fake_open(f);
	t_ok(mst_dest_servicenow.prepare(f->d, sets, &f->err), &f->err);
	return fake_pump(f);
}

static void fails(struct fake *f, enum mst_code code, const char *text)
{
	t_failed(prepare(f, all_sets), &f->err, code, text);
}

static void test_all_is_well(void **state)
{
	struct fake *f = *state;

	t_ok(prepare(f, all_sets), &f->err);
	assert_int_equal(f->requests_n, 2); /* a batch and a dry run */
	assert_true(
	    mst_dest_servicenow.has_class(f->d, "cmdb_ci_handheld_computing"));
	assert_true(mst_dest_servicenow.has_class(f->d, "cmdb_ci_computer"));
	assert_int_equal(fake_count(f, "cmdb_ci_computer"), 0);
	assert_int_equal(fake_asked(f, "POST"), 0);
	assert_int_equal(fake_called(f, "/api/now/identifyreconcile/enhanced"),
			 0);
}

static void test_only_what_is_selected(void **state)
{
	static const char *const sets[] = {"vulnerabilities", NULL};
	struct fake *f = *state;

	f->absent[0] = "u_muster_cve_instance";
	t_ok(prepare(f, sets), &f->err);
	assert_int_equal(f->requests_n, 1);
}

static void test_connection_alone(void **state)
{
	static const char *const sets[] = {NULL};
	struct fake *f = *state;

	f->catalog = NULL;
	t_ok(prepare(f, sets), &f->err);
	assert_int_equal(f->requests_n, 2);
}

static void test_optional_class(void **state)
{
	struct fake *f = *state;

	f->absent[0] = "cmdb_ci_handheld_computing";
	t_ok(prepare(f, all_sets), &f->err);
	assert_false(
	    mst_dest_servicenow.has_class(f->d, "cmdb_ci_handheld_computing"));
}

static void test_missing_class(void **state)
{
	struct fake *f = *state;

	f->absent[0] = "cmdb_ci_win_server";
	fails(f, MST_E_UNSUPPORTED, "class cmdb_ci_win_server");
}

static void test_missing_tables(void **state)
{
	struct fake *f = *state;

	f->absent[0] = "u_muster_cve";
	f->absent[1] = "u_muster_cve_instance";
	fails(f, MST_E_UNSUPPORTED,
	      "table u_muster_cve, table u_muster_cve_instance: commit "
	      "muster's update set there (`muster update-set muster-cve "
	      "--out FILE`");
}

static void test_missing_columns(void **state)
{
	struct fake *f = *state;
	const struct mst_set *set = fake_set("vulnerabilities");

	for (size_t i = 0; i < set->columns_n; i++) {
		if (strcmp(set->columns[i].name, "u_description") != 0)
			fake_add(f, "sys_dictionary", "name", "u_muster_cve",
				 "element", set->columns[i].name, NULL);
	}
	fails(f, MST_E_UNSUPPORTED,
	      "column u_muster_cve.u_description: commit muster's update set");
}

/* ---- columns of custom mappings ------------------------------------------ */

static int nothing(struct mst_rule_ctx *ctx, const struct mst_value *v,
		   unsigned field, const void *arg, struct mst_slice *out_r)
{
	return 0;
}

/* As a custom mapping would: a column that the source does not know. */
static void map_to(struct fake *f, const char *set, const char *column)
{
	struct mst_derive *d = mst_derive_begin(f->catalog, &f->arena);
	struct mst_column col = {.name = column, .max = 40};
	struct mst_map_row row = {
	    .column = column, .op = nothing, .rule = "custom"};

	t_ok(mst_derive_add_column(d, set, &col, &f->err), &f->err);
	for (size_t i = 0; i < f->catalog->mappings_n; i++) {
		if (strcmp(f->catalog->mappings[i].set, set) == 0)
			t_ok(mst_derive_add_row(d, i, &row, false, &f->err),
			     &f->err);
	}
	f->catalog = mst_derive_end(d);
}

/* cmdb/meta of the classes: what the rules write, and more for some. */
static bool meta(struct fake *f, struct fake_sub *s)
{
	const struct mst_set *set = mst_catalog_set(f->catalog, "devices");
	bool phone = mst_slice_ifind(s->url, "handheld");

	if (!mst_slice_istarts(s->url, "/api/now/cmdb/meta/"))
		return false;
	s->status = 200;
	mst_buf_adds(&s->out, "{\"result\":{\"attributes\":["
			      "{\"element\":\"sys_id\"}");
	for (size_t i = 0; i < set->columns_n && f->n != 1; i++) {
		const char *name = set->columns[i].name;

		if (!strcmp(name, "u_nowhere") || !strcmp(name, "asset_tagg") ||
		    (phone && !strcmp(name, "u_site")))
			continue;
		mst_buf_addf(&s->out, ",{\"element\":\"%s\"}", name);
	}
	mst_buf_adds(&s->out, ",{\"element\":\"version\"},"
			      "{\"element\":\"vendor\"},"
			      "{\"element\":\"key\"}]}}");
	return true;
}

static void test_custom_column(void **state)
{
	struct fake *f = *state;

	map_to(f, "devices", "u_floor");
	f->on_sub = meta;
	t_ok(prepare(f, all_sets), &f->err);
	t_is(mst_slice_str(f->notes), "");
}

static void test_custom_column_nowhere(void **state)
{
	struct fake *f = *state;

	map_to(f, "devices", "u_nowhere");
	f->on_sub = meta;
	fails(f, MST_E_UNSUPPORTED,
	      "the instance lacks column cmdb_ci_computer.u_nowhere: "
	      "ServiceNow would drop its values without a word: add the "
	      "column, or take it out of the mappings");
}

/* A list that lacks what every CI has is no list. */
static void test_custom_column_of_an_odd_list(void **state)
{
	struct fake *f = *state;

	map_to(f, "devices", "u_nowhere");
	f->on_sub = meta;
	f->n = 1;
	t_ok(prepare(f, all_sets), &f->err);
}

static void test_custom_column_in_some_classes(void **state)
{
	struct fake *f = *state;

	map_to(f, "devices", "u_site");
	map_to(f, "devices", "asset_tagg");
	f->on_sub = meta;
	t_ok(prepare(f, all_sets), &f->err);
	assert_non_null(strstr(f->notes, "asset_tagg is not there"));
	assert_non_null(strstr(f->notes, "cmdb_ci_handheld_computing.u_site"));
}

static void test_custom_column_of_a_table(void **state)
{
	struct fake *f = *state;

	map_to(f, "software_installs", "u_seat");
	fake_add(f, "sys_dictionary", "name", "cmdb_software_instance",
		 "element", "name", NULL);
	fails(f, MST_E_UNSUPPORTED, "column cmdb_software_instance.u_seat");
}

static void test_install_count(void **state)
{
	struct fake *f = *state;
	struct mst_err err = MST_ERR_INIT;

	map_to(f, "software_packages", "install_count");
	fake_open(f);
	t_failed(mst_dest_servicenow.prepare(f->d, all_sets, &err), &err,
		 MST_E_INVALID, "install_count");
}

/* ---- without IRE --------------------------------------------------------- */

static void test_table_mode(void **state)
{
	struct fake *f = *state;

	fake_setting(f, "write_mode", "table");
	t_ok(prepare(f, all_sets), &f->err);
	assert_int_equal(f->requests_n, 1);
	assert_int_equal(fake_called(f, "/api/now/identify"), 0);
	assert_int_equal(
	    fake_asked(f, "GET /api/now/table/cmdb_ci_win_server?"), 1);
}

static bool no_rights_on_ci(struct fake *f, struct fake_sub *s)
{
	if (!mst_slice_istarts(s->url, "/api/now/table/cmdb_ci_computer"))
		return false;
	s->status = 403;
	mst_buf_adds(&s->out, "{\"error\":{\"message\":\"User Not "
			      "Authorized\",\"detail\":\"Failed API level "
			      "ACL Validation\"},\"status\":\"failure\"}");
	return true;
}

static void test_table_mode_without_rights(void **state)
{
	struct fake *f = *state;

	fake_setting(f, "write_mode", "table");
	f->on_sub = no_rights_on_ci;
	fails(f, MST_E_FORBIDDEN, "table \"cmdb_ci_computer\" cannot be read");
}

static void test_discovery_source_is_no_choice(void **state)
{
	struct fake *f = *state;

	f->no_choice = true;
	fails(f, MST_E_UNSUPPORTED,
	      "\"muster\" is no active choice of cmdb_ci.discovery_source: "
	      "`muster connection setup` offers to add it; or add a record to "
	      "sys_choice");
}

static void test_discovery_source_in_another_case(void **state)
{
	struct fake *f = *state;

	f->no_choice = true;
	f->case_blind = true;
	fake_add(f, "sys_choice", "name", "cmdb_ci", "element",
		 "discovery_source", "value", "Muster", NULL);
	fails(f, MST_E_UNSUPPORTED, "(there is \"Muster\")");
}

static void test_option_that_the_release_lacks(void **state)
{
	struct fake *f = *state;
	uint64_t c;

	f->no_skip_option = true;
	t_ok(prepare(f, all_sets), &f->err);
	assert_int_equal(f->requests_n, 3);
	fake_begin(f, "devices");
	c = fake_offer(f, "devices",
		       (struct fake_change){.action = MST_INSERT, .key = "m"},
		       "name", "m", NULL);
	fake_end(f);
	fake_is(f, c, MST_VERDICT_APPLIED, NULL);
	assert_null(strstr(f->requests[f->requests_n - 1], "skip_updating"));
}

/* ---- answers ----------------------------------------------------------- */

static struct {
	int status;
	const char *type, *body;
} says;

static bool say(struct fake *f, unsigned call, const struct mst_req *q,
		struct mst_resp *r, struct mst_buf *out)
{
	r->status = says.status;
	r->content_type = says.type;
	mst_buf_adds(out, says.body);
	if (says.status >= 300)
		mst_err_set(&r->err, mst_status_code(says.status),
			    "answered %d", says.status);
	return true;
}

static void test_answers_and_remedies(void **state)
{
	static const struct {
		int status;
		const char *type, *body;
		enum mst_code code;
		const char *text;
	} cases[] = {
	    {200, "text/html", "<html>Hibernating</html>", MST_E_UNSUPPORTED,
	     "may be asleep"},
	    {200, "", "\n <!DOCTYPE html>", MST_E_UNSUPPORTED, "may be asleep"},
	    {401, "application/json",
	     "{\"error\":{\"message\":\"User Not Authenticated\",\"detail\":"
	     "\"Required to provide Auth information\"}}",
	     MST_E_AUTH, "User Not Authenticated: Required to provide"},
	    {403, "application/json",
	     "{\"error\":{\"message\":\"User Not Authorized\",\"detail\":"
	     "\"Access to unscoped api is not allowed\"}}",
	     MST_E_FORBIDDEN, "lacks a REST API auth scope"},
	    {403, "application/json",
	     "{\"error\":{\"message\":\"User Not Authorized\",\"detail\":"
	     "\"Failed API level ACL Validation\"}}",
	     MST_E_FORBIDDEN, "roles \"itil\" and \"asset\""},
	    {404, "application/json",
	     "{\"error\":{\"message\":\"Requested URI does not represent any "
	     "resource\",\"detail\":null}}",
	     MST_E_NOTFOUND, "does not represent any resource"},
	};

	for (size_t i = 0; i < MST_LEN(cases); i++) {
		struct fake *f = fake_new();

		says.status = cases[i].status;
		says.type = cases[i].type;
		says.body = cases[i].body;
		f->on_call = say;
		fails(f, cases[i].code, cases[i].text);
		fake_free(f);
	}
	(void)state;
}

/* 202, then half of a body, then well; or never well. */
static bool bad_probe(struct fake *f, unsigned call, const struct mst_req *q,
		      struct mst_resp *r, struct mst_buf *out)
{
	if (!strstr(q->url, "queryEnhanced") || f->n-- <= 0)
		return false;
	if (f->n % 2)
		r->status = 202;
	else
		mst_buf_adds(out, "{\"result\":{\"items\":[{");
	return true;
}

static void test_dry_run_that_is_not_answered(void **state)
{
	struct fake *f = *state;

	f->on_call = bad_probe;
	f->n = 2;
	t_ok(prepare(f, all_sets), &f->err);
	mst_dest_servicenow.close(&f->d);
	f->n = 100;
	fails(f, MST_E_TRANSIENT, "dry run of the identification");
}

static bool no_network(struct fake *f, unsigned call, const struct mst_req *q,
		       struct mst_resp *r, struct mst_buf *out)
{
	r->outcome = MST_OUT_FAILED;
	r->status = 0;
	mst_err_set(&r->err, MST_E_TRANSIENT,
		    "no answer from dev.example.com:443");
	return true;
}

/* The client has tried for long enough by then. */
static void test_no_network(void **state)
{
	struct fake *f = *state;

	f->on_call = no_network;
	fails(f, MST_E_TRANSIENT, "no answer from dev.example.com:443");
	assert_true(f->requests_n <= 2);
}

static bool table_forbidden(struct fake *f, struct fake_sub *s)
{
	if (!memmem(s->url.p, s->url.n, "/u_muster_cve?", 14))
		return false;
	s->status = 403;
	mst_buf_adds(&s->out, "{\"error\":{\"message\":\"User Not "
			      "Authorized\",\"detail\":\"Failed API level "
			      "ACL Validation\"}}");
	return true;
}

static void test_table_without_rights(void **state)
{
	struct fake *f = *state;

	f->on_sub = table_forbidden;
	fails(f, MST_E_FORBIDDEN, "role \"asset\"");
}

static bool lists_of_version_one(struct fake *f, struct fake_sub *s)
{
	if (!memmem(s->url.p, s->url.n, "/u_muster", 9))
		return false;
	s->status = 404;
	mst_buf_adds(&s->out, "{\"error\":{\"message\":\"No Record found\","
			      "\"detail\":\"Record doesn't exist or ACL "
			      "restricts the record retrieval\"}}");
	return true;
}

static void test_empty_table_as_404(void **state)
{
	struct fake *f = *state;

	f->on_sub = lists_of_version_one;
	t_ok(prepare(f, all_sets), &f->err);
}

static const char *bad_source(struct fake *f, bool dry, struct mst_json item,
			      const char **message_r)
{
	*message_r = "In payload invalid data source [muster] exist. You need "
		     "to provide a valid choice value";
	return "INVALID_INPUT_DATA";
}

static bool no_choices(struct fake *f, struct fake_sub *s)
{
	if (!memmem(s->url.p, s->url.n, "sys_choice", 10))
		return false;
	s->status = 403;
	return true;
}

static void test_dry_run_tells_what_choices_do_not(void **state)
{
	struct fake *f = *state;

	f->on_sub = no_choices;
	f->on_item = bad_source;
	fails(f, MST_E_UNSUPPORTED,
	      "add \"muster\" to the choices of cmdb_ci.discovery_source");
}

/* ---- options ----------------------------------------------------------- */

static int apply(const char *yaml, struct sn_conf *conf, struct mst_conf *doc,
		 struct mst_err *err)
{
	int rc;

	memset(conf, 0, sizeof(*conf));
	rc = mst_conf_read(mst_slice_str(yaml), "muster.yaml", doc, err);
	if (rc < 0)
		return rc;
	return mst_conf_apply(&doc->items[0], mst_dest_servicenow.opts, conf,
			      &doc->arena, err);
}

static void test_defaults(void **state)
{
	struct mst_conf doc = {0};
	struct mst_err err = MST_ERR_INIT;
	struct sn_conf conf;

	t_ok(apply("connections:\n  - name: cmdb\n    type: servicenow\n"
		   "    url: https://dev.example.com/\n"
		   "    username: u\n    password: env:SN_TEST_PASSWORD\n",
		   &conf, &doc, &err),
	     &err);
	t_is(mst_slice_str(conf.discovery_source), "muster");
	assert_int_equal(conf.workers, 4);
	assert_int_equal(conf.batch_max, MST_MAX_BATCH_OPS);
	assert_int_equal(conf.ire_items, MST_MAX_IRE_ITEMS);
	assert_true(conf.body_max < 1000000);
	assert_int_equal(conf.auth, SN_BASIC);
	t_ok(mst_sn_conf_check("cmdb", &conf, &err), &err);
	mst_conf_fini(&doc);
	(void)state;
}

static void test_credentials_that_are_missing(void **state)
{
	struct fake *f = *state;
	struct mst_dest_env env = {.connection = "cmdb"};
	struct mst_dest *d = NULL;

	f->conf.username = NULL;
	t_failed(mst_dest_servicenow.open(&env, &f->conf, &d, &f->err), &f->err,
		 MST_E_INVALID,
		 "connection \"cmdb\": auth \"basic\" needs \"username\"");
	f->conf.auth = SN_CLIENT_CREDENTIALS;
	f->conf.client_id = "c";
	t_failed(mst_dest_servicenow.open(&env, &f->conf, &d, &f->err), &f->err,
		 MST_E_INVALID, "needs \"client_secret\"");
	f->conf.client_secret = "env:SN_TEST_PASSWORD";
	f->conf.auth = SN_REFRESH_TOKEN;
	t_failed(mst_dest_servicenow.open(&env, &f->conf, &d, &f->err), &f->err,
		 MST_E_INVALID, "needs \"refresh_token\"");
	f->conf.auth = SN_CLIENT_CREDENTIALS;
	f->conf.discovery_source = "a^b";
	t_failed(mst_dest_servicenow.open(&env, &f->conf, &d, &f->err), &f->err,
		 MST_E_INVALID, "discovery_source");
	f->conf.discovery_source = "muster";
	t_ok(mst_dest_servicenow.open(&env, &f->conf, &d, &f->err), &f->err);
	mst_dest_servicenow.close(&d);
}

static void test_where_the_token_may_go(void **state)
{
	struct fake *f = *state;
	struct mst_source_auth a[1];
	struct mst_client_conf c = {0};

	f->conf.url = "http://127.0.0.1:8080/";
	f->conf.proxy.url = "http://proxy:3128";
	fake_open(f);
	assert_int_equal(mst_dest_servicenow.auths(f->d, a, 1), 1);
	t_is(mst_slice_str(a[0].hosts[0]), "127.0.0.1:8080");
	assert_null(a[0].hosts[1]);
	mst_dest_servicenow.client(&f->conf, &c);
	t_is(mst_slice_str(c.proxy.url), "http://proxy:3128");
}

static void test_estimate(void **state)
{
	struct fake *f = *state;

	fake_open(f);
	assert_int_equal(
	    mst_dest_servicenow.estimate(f->d, fake_set("devices"), 1), 5);
	assert_int_equal(
	    mst_dest_servicenow.estimate(f->d, fake_set("devices"), 501), 16);
	assert_int_equal(
	    mst_dest_servicenow.estimate(f->d, fake_set("vulnerabilities"), 0),
	    0);
	assert_int_equal(mst_dest_servicenow.estimate(
			     f->d, fake_set("vulnerabilities"), 401),
			 3);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_all_is_well),
	    T(test_only_what_is_selected),
	    T(test_connection_alone),
	    T(test_optional_class),
	    T(test_missing_class),
	    T(test_missing_tables),
	    T(test_missing_columns),
	    T(test_discovery_source_is_no_choice),
	    T(test_discovery_source_in_another_case),
	    T(test_option_that_the_release_lacks),
	    T(test_answers_and_remedies),
	    T(test_dry_run_that_is_not_answered),
	    T(test_no_network),
	    T(test_table_without_rights),
	    T(test_empty_table_as_404),
	    T(test_dry_run_tells_what_choices_do_not),
	    T(test_defaults),
	    T(test_credentials_that_are_missing),
	    T(test_where_the_token_may_go),
	    T(test_estimate),
	    T(test_custom_column),
	    T(test_custom_column_nowhere),
	    T(test_custom_column_of_an_odd_list),
	    T(test_custom_column_in_some_classes),
	    T(test_custom_column_of_a_table),
	    T(test_install_count),
	    T(test_table_mode),
	    T(test_table_mode_without_rights),
	};

	return cmocka_run_group_tests_name("servicenow prepare", tests, NULL,
					   NULL);
}
