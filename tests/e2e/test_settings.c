/* SPDX-License-Identifier: Apache-2.0
 *
 * Settings from end to end: one source, a TEST and a PROD instance, and what
 * each of them is given.
 */
#include "tests/lib/sync_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"

/* The second one is the PROD instance; its estate is the same. */
static struct rig rig, prod;

#define CVES "u_muster_cve_instance"

static const char *const seven = "settings:\n"
				 "  - connection: defender\n"
				 "    environment: test\n"
				 "    min_cvss:\n"
				 "      override: true\n"
				 "      value: 7\n";

static char *connections(const char *source)
{
	return mst_asprintf(
	    "connections:\n"
	    "  - name: defender\n"
	    "    type: endpoint\n"
	    "    tenant_id: %s\n"
	    "    client_id: %s\n"
	    "    client_secret: env:MUSTER_SIM_SECRET\n"
	    "    api_url: %s\n"
	    "    login_url: %s\n"
	    "    graph_url: %s\n"
	    "    hardware: true\n"
	    "%s"
	    "  - name: cmdb\n"
	    "    type: servicenow\n"
	    "    url: %s\n"
	    "    username: %s\n"
	    "    password: env:MUSTER_SIM_PASSWORD\n"
	    "  - name: cmdb-prod\n"
	    "    type: servicenow\n"
	    "    environment: prod\n"
	    "    url: %s\n"
	    "    username: %s\n"
	    "    password: env:MUSTER_SIM_PASSWORD\n",
	    MST_SIM_TENANT, MST_SIM_CLIENT, RIG_HOST(&rig, MST_SIM_API),
	    RIG_HOST(&rig, MST_SIM_LOGIN), RIG_HOST(&rig, MST_SIM_GRAPH),
	    source, RIG_HOST(&rig, MST_SIM_SERVICENOW), MST_SIM_USER,
	    RIG_HOST(&prod, MST_SIM_SERVICENOW), MST_SIM_USER);
}

static char *world(const char *source, const char *settings)
{
	static const char options[] = "    retry_base: 4ms\n"
				      "    retry_total: 1s\n"
				      "    source_limits: no\n"
				      "    guard:\n"
				      "      share: 90%\n"
				      "      count: 1000\n";
	char *head = connections(source);
	char *yaml = mst_asprintf("%sjobs:\n"
				  "  - name: trial\n"
				  "    source: defender\n"
				  "    destination: cmdb\n"
				  "%s"
				  "  - name: live\n"
				  "    source: defender\n"
				  "    destination: cmdb-prod\n"
				  "%s%s",
				  head, options, options, settings);

	free(head);
	return yaml;
}

/* "apply", with words behind it; the file is conf.yaml. */
static void apply(const char *yaml, const char *consent)
{
	char *path = mst_asprintf("%s/conf.yaml", rig.dir);

	t_write(path, mst_slice_str(yaml));
	rig_muster(&rig, "apply", "-f", path, consent);
	free(path);
}

/* Fresh instances, an empty state folder, and this configuration. */
static void begin(const char *settings)
{
	char *yaml;

	rig_control(&rig, "POST", "/_sim/reset", "{}");
	rig_control(&prod, "POST", "/_sim/reset", "{}");
	rig_new_state(&rig);
	yaml = world("", settings);
	apply(yaml, "--consent");
	rig_status(&rig, 0);
	free(yaml);
}

static void run_job(const char *job)
{
	rig_muster(&rig, "run", job, "--json");
	rig_status(&rig, 0);
	(void)rig_json(&rig);
}

/* CVE instances that are open: all, or those with a score below 7. */
static size_t open_cves(struct rig *r, bool low_only)
{
	struct mst_json_iter it = mst_json_iter(
	    rig_rows(r, CVES, "u_status!=resolved_confirmed", "u_cvss_score"));
	struct mst_json row;
	size_t n = 0;

	while (mst_json_next(&it, NULL, &row)) {
		struct mst_slice score =
		    mst_json_str(mst_json_get(row, "u_cvss_score"));
		double v = 0;

		n += !low_only || (score.n && mst_num_dbl(score, &v) && v < 7);
	}
	return n;
}

static void out_has(const char *part)
{
	if (!strstr(rig.out.p, part))
		fail_msg("\"%s\" is not in: %s; stderr: %s", part, rig.out.p,
			 rig.err.p);
}

static void out_lacks(const char *part)
{
	if (strstr(rig.out.p, part))
		fail_msg("\"%s\" is in: %s", part, rig.out.p);
}

/* The value of min_cvss that is in force, and where it comes from. */
static void in_force(const char *env, const char *value, const char *from)
{
	char *want = mst_asprintf("\"%s\":{\"value\":%s,\"from\":\"%s\"", env,
				  value, from);

	rig_muster(&rig, "settings", "get", "defender", "min_cvss", "--json");
	rig_status(&rig, 0);
	out_has(want);
	free(want);
}

/* ---- apply and export ---------------------------------------------------- */

static void apply_wants_consent(void **state)
{
	char *yaml, *plain;

	(void)state;
	rig_new_state(&rig);
	yaml = world("", seven);
	apply(yaml, NULL);
	rig_status(&rig, 7);
	rig_one_error(&rig);
	rig_says(&rig, "--consent");
	out_has("settings of defender for TEST:");
	out_has("- -> 7");
	rig_muster(&rig, "export");
	assert_string_equal(rig.out.p, "");
	apply(yaml, "--consent");
	rig_status(&rig, 0);
	out_has("6 added");
	/* what is there already needs none */
	apply(yaml, NULL);
	rig_status(&rig, 0);
	/* and what holds no settings neither; stored ones stay */
	plain = world("    alias: x\n", "");
	apply(plain, NULL);
	rig_status(&rig, 0);
	in_force("test", "7", "test");
	free(plain);
	free(yaml);
}

static void export_reads_back(void **state)
{
	char *first;

	(void)state;
	begin("settings:\n"
	      "  - connection: defender\n"
	      "    environment: test\n"
	      "    min_cvss: {override: true, value: 7}\n"
	      "    correlation_prefix: {override: no, value: \"a: b\"}\n"
	      "    lookup.sites: [\"A=Amsterdam\", \"B=Berlin\"]\n"
	      "    mappings:\n"
	      "      devices.short_description:\n"
	      "        value: lower(computerDnsName)\n"
	      "  - connection: cmdb-prod\n"
	      "    environment: prod\n"
	      "    create_companies: {override: true, value: no}\n");
	rig_muster(&rig, "export");
	rig_status(&rig, 0);
	first = mst_strndup(rig.out.p, rig.out.n);
	rig_new_state(&rig);
	rig_muster(&rig, "apply", "-f", "one.yaml", "-f", "two.yaml");
	rig_status(&rig, 2);
	rig_says(&rig, "one file at a time");
	/* export | apply */
	rig.input = first;
	rig_muster(&rig, "apply", "-f", "-", "--consent");
	rig.input = NULL;
	rig_status(&rig, 0);
	rig_muster(&rig, "export");
	assert_string_equal(rig.out.p, first);
	rig_muster(&rig, "export", "settings", "cmdb-prod/prod");
	rig_status(&rig, 0);
	assert_string_equal(rig.out.p, "settings:\n"
				       "  - connection: cmdb-prod\n"
				       "    environment: prod\n"
				       "    create_companies:\n"
				       "      override: true\n"
				       "      value: no\n");
	free(first);
}

static void wrong_settings_are_refused(void **state)
{
	static const struct {
		const char *lines, *want;
	} rows[] = {
	    {"    min_cvs: {override: true, value: 7}\n",
	     "unknown setting \"min_cvs\" of \"defender\"; did you mean "
	     "\"min_cvss\"?"},
	    {"    tenant_id: {override: true, value: x}\n",
	     "\"tenant_id\" is an option of the connection, not a setting"},
	    {"    min_cvss: {override: true, value: 70}\n",
	     "\"min_cvss\" must be from 0 to 10"},
	    {"    min_cvss: 7\n", "needs \"override\" and \"value\" below"},
	    {"    mappings: {devices.name: {value: \"lower(\"}}\n", ""},
	    {"    mappings: {devices.u_x: {value: name(}}\n", ""},
	    {"  - connection: defendre\n    environment: test\n",
	     "there is no connection 'defendre'; did you mean 'defender'?"},
	};

	(void)state;
	begin("");
	for (size_t i = 0; i < MST_LEN(rows); i++) {
		char *yaml =
		    mst_asprintf("settings:\n  - connection: defender\n"
				 "    environment: test\n%s",
				 rows[i].lines);

		apply(yaml, "--consent");
		rig_status(&rig, 1);
		rig_one_error(&rig);
		rig_says(&rig, "conf.yaml:4:");
		rig_says(&rig, rows[i].want);
		free(yaml);
	}
	rig_muster(&rig, "export", "settings");
	assert_string_equal(rig.out.p, "");
}

static void environments_must_match(void **state)
{
	char *yaml;

	(void)state;
	rig_new_state(&rig);
	/* in one file */
	yaml = world("    environments: [test]\n", "");
	apply(yaml, NULL);
	rig_status(&rig, 1);
	rig_one_error(&rig);
	rig_says(&rig, "conf.yaml:");
	rig_says(&rig, "job live: the destination 'cmdb-prod' is for prod, but "
		       "the source 'defender' may only be used in test");
	free(yaml);
	/* when only the connection changes: the stored job would be wrong */
	begin("");
	yaml = connections("    environments: [prod]\n");
	apply(yaml, NULL);
	rig_status(&rig, 1);
	rig_says(&rig, "job trial: the destination 'cmdb' is for test");
	free(yaml);
	rig_muster(&rig, "settings", "get", "defender", "--env", "prod");
	rig_status(&rig, 0);
	/* a destination has one */
	rig_muster(&rig, "settings", "set", "cmdb", "create_companies", "no",
		   "--env", "prod", "--consent");
	rig_status(&rig, 1);
	rig_says(&rig, "connection 'cmdb' is for test; settings for prod would "
		       "never be in force");
}

/* ---- in force ------------------------------------------------------------ */

static void test_and_prod_get_what_is_theirs(void **state)
{
	size_t all;

	(void)state;
	begin(seven);
	run_job("trial");
	run_job("live");
	rig_verify(&prod);
	all = open_cves(&prod, false);
	assert_true(open_cves(&prod, true) > 0);
	assert_int_equal(open_cves(&rig, true), 0);
	assert_int_equal(open_cves(&rig, false), all - open_cves(&prod, true));
	/* a changed setting is a change like any other */
	rig_muster(&rig, "settings", "set", "defender", "min_cvss", "0",
		   "--env", "test", "--plan", "--consent");
	rig_status(&rig, 0);
	out_has("The next run of job trial would write:");
	out_lacks("job live");
	run_job("trial");
	assert_int_equal(open_cves(&rig, false), all);
	run_job("trial");
	assert_int_equal(rig_num(rig.root, "writes"), 0);
	rig_verify(&rig);
}

static void out_of_force(void **state)
{
	(void)state;
	begin("");
	rig_muster(&rig, "settings", "set", "defender", "min_cvss", "7",
		   "--env", "test", "--no-override", "--consent");
	rig_status(&rig, 0);
	rig_muster(&rig, "settings", "get", "defender", "min_cvss", "--json");
	out_has("\"test\":{\"value\":0,\"from\":\"default\",\"kept\":7}");
	run_job("trial");
	rig_verify(&rig);
	rig_muster(&rig, "settings", "unset", "defender", "min_cvss", "--env",
		   "test", "--consent");
	rig_status(&rig, 0);
	rig_muster(&rig, "settings", "unset", "defender", "min_cvss", "--env",
		   "test", "--consent");
	rig_status(&rig, 1);
	rig_says(&rig, "is not set for test");
}

/* Settings that this muster cannot use: here, because the connection was of
 * another type when they were stored. */
static void store_unknown(void)
{
	static const char *const other = "connections:\n"
					 "  - name: defender\n"
					 "    type: servicenow\n"
					 "    url: http://127.0.0.1:9\n"
					 "    username: nobody\n"
					 "    password: env:NONE\n"
					 "settings:\n"
					 "  - connection: defender\n"
					 "    environment: test\n"
					 "    status_keep:\n"
					 "      override: true\n"
					 "      value: [6]\n"
					 "    create_models:\n"
					 "      override: false\n"
					 "      value: no\n";
	char *yaml;

	rig_new_state(&rig);
	apply(other, "--consent");
	rig_status(&rig, 0);
	yaml = connections("");
	apply(yaml, "--consent");
	free(yaml);
	rig_status(&rig, 0);
}

/* They block what they are part of, and say how to get rid of them. */
static void of_another_version(void **state)
{
	(void)state;
	store_unknown();
	rig_muster(&rig, "settings", "get", "defender", "--env", "test");
	rig_status(&rig, 1);
	rig_one_error(&rig);
	rig_says(&rig, "'muster settings unset defender status_keep "
		       "create_models --env test --consent' takes it away");
	rig_muster(&rig, "settings", "log", "defender");
	rig_status(&rig, 0);
	rig_muster(&rig, "settings", "unset", "defender", "create_models",
		   "status_keep", "--env", "test", "--consent");
	rig_status(&rig, 0);
	rig_muster(&rig, "settings", "get", "defender", "--env", "test");
	rig_status(&rig, 0);
	store_unknown();
	apply(seven, "--consent");
	rig_status(&rig, 0);
	rig_muster(&rig, "settings", "get", "defender", "min_cvss");
	rig_status(&rig, 0);
}

static void explain_names_the_setting(void **state)
{
	(void)state;
	begin("settings:\n"
	      "  - connection: defender\n"
	      "    environment: test\n"
	      "    correlation_prefix: {override: true, value: \"T-\"}\n");
	run_job("trial");
	rig_muster(&rig, "settings", "get", "defender", "correlation_prefix");
	out_has("TEST: T- (test)");
	out_has("overrides endpoint.correlation (");
	/* by what the record is called */
	{
		struct mst_json_iter it = mst_json_iter(
		    rig_rows(&rig, "cmdb_ci_computer",
			     "correlation_idSTARTSWITHT-", "name"));
		struct mst_json row;
		char name[80];

		assert_true(mst_json_next(&it, NULL, &row));
		(void)snprintf(
		    name, sizeof(name), "%.*s",
		    MST_SLICE_ARG(mst_json_str(mst_json_get(row, "name"))));
		rig_muster(&rig, "explain", "trial", name, "--record-set",
			   "devices");
		rig_status(&rig, 0);
		out_has("[endpoint.correlation, correlation_prefix T- "
			"(test)]");
		rig_muster(&rig, "explain", "live", name, "--record-set",
			   "devices");
		rig_status(&rig, 0);
		out_lacks("correlation_prefix");
	}
}

/* ---- promotion ----------------------------------------------------------- */

/* Closes that the plan of job live showed. */
static int64_t planned_closes(void)
{
	struct mst_json plans = mst_json_get(rig_json(&rig), "plans");
	struct mst_json_iter it = mst_json_iter(plans);
	struct mst_json plan;

	assert_int_equal(mst_json_len(plans), 1);
	assert_true(mst_json_next(&it, NULL, &plan));
	assert_true(mst_json_is_str(mst_json_get(plan, "job"), "live"));
	return rig_num(plan, "counts.device_vulnerabilities.missing");
}

static void promote_and_undo(void **state)
{
	size_t low;
	int64_t writes;

	(void)state;
	begin(seven);
	run_job("live");
	low = open_cves(&prod, true);
	rig_muster(&rig, "settings", "diff", "defender");
	rig_status(&rig, 7);
	out_has("7 -> -");
	/* shown, with the plan, and not saved */
	writes = rig_sn_writes(&prod);
	rig_muster(&rig, "settings", "promote", "defender", "--json");
	rig_status(&rig, 7);
	rig_says(&rig, "--consent");
	assert_int_equal(planned_closes(), low);
	out_has("\"saved\":false");
	assert_int_equal(rig_sn_writes(&prod), writes);
	in_force("prod", "0", "default");
	/* saved */
	rig_muster(&rig, "settings", "promote", "defender", "--consent");
	rig_status(&rig, 0);
	out_has("The next run of job live would write:");
	out_has("saved");
	in_force("prod", "7", "prod");
	rig_muster(&rig, "settings", "diff", "defender");
	rig_status(&rig, 0);
	run_job("live");
	assert_int_equal(open_cves(&prod, true), 0);
	/* nothing to promote is no error */
	rig_muster(&rig, "settings", "promote", "defender");
	rig_status(&rig, 0);
	/* taken back */
	rig_muster(&rig, "settings", "undo", "defender", "--json");
	rig_status(&rig, 7);
	in_force("prod", "7", "prod");
	rig_muster(&rig, "settings", "undo", "defender", "--consent");
	rig_status(&rig, 0);
	in_force("prod", "0", "default");
	run_job("live");
	assert_int_equal(open_cves(&prod, true), low);
	rig_muster(&rig, "settings", "undo", "defender", "--consent");
	rig_status(&rig, 1);
	rig_says(&rig, "no promotion of 'defender' to take back");
}

static void set(const char *env, const char *value)
{
	rig_muster(&rig, "settings", "set", "defender", "min_cvss", value,
		   "--env", env, "--consent");
	rig_status(&rig, 0);
}

static void promote(int status)
{
	rig_muster(&rig, "settings", "promote", "defender", "--no-plan",
		   "--consent");
	rig_status(&rig, status);
}

static void undo(int status)
{
	rig_muster(&rig, "settings", "undo", "defender", "--no-plan",
		   "--consent");
	rig_status(&rig, status);
}

static void undo_in_steps(void **state)
{
	(void)state;
	begin("");
	set("prod", "1");
	set("test", "2");
	promote(0);
	set("test", "3");
	promote(0);
	in_force("prod", "3", "prod");
	undo(0);
	in_force("prod", "2", "prod");
	undo(0);
	in_force("prod", "1", "prod");
	undo(1);
	/* later changes are not lost */
	promote(0);
	set("prod", "9");
	undo(5);
	rig_says(&rig, "were changed since the promotion");
	in_force("prod", "9", "prod");
	set("prod", "3");
	undo(0);
	in_force("prod", "1", "prod");
}

static void to_another_destination(void **state)
{
	(void)state;
	begin("");
	rig_muster(&rig, "settings", "set", "cmdb", "create_companies", "no",
		   "--consent");
	rig_status(&rig, 0);
	rig_muster(&rig, "settings", "promote", "cmdb", "--consent");
	rig_status(&rig, 1);
	rig_says(&rig, "--to names the PROD destination");
	rig_muster(&rig, "settings", "promote", "cmdb", "--to", "defender");
	rig_status(&rig, 1);
	rig_says(&rig, "different settings");
	rig_muster(&rig, "settings", "promote", "cmdb", "--to", "cmdb-prod",
		   "--consent");
	rig_status(&rig, 0);
	out_has("job live");
	rig_muster(&rig, "settings", "get", "cmdb-prod", "create_companies");
	out_has("PROD: no (prod)");
	rig_muster(&rig, "settings", "diff", "cmdb", "--to", "cmdb-prod");
	rig_status(&rig, 0);
	rig_muster(&rig, "settings", "undo", "cmdb-prod", "--no-plan",
		   "--consent");
	rig_status(&rig, 0);
	rig_muster(&rig, "settings", "get", "cmdb-prod", "create_companies");
	out_has("(default)");
}

/* ---- looking ------------------------------------------------------------- */

static void the_log_tells(void **state)
{
	static const char *const what[] = {"undo", "promote", "unset",
					   "set",  "set",     "apply"};
	struct mst_json_iter it;
	struct mst_json e;
	size_t n = 0;

	(void)state;
	begin(seven);
	set("test", "8");
	set("prod", "5");
	rig_muster(&rig, "settings", "unset", "defender", "min_cvss", "--env",
		   "prod", "--consent");
	promote(0);
	undo(0);
	rig_muster(&rig, "settings", "log", "defender", "--json");
	rig_status(&rig, 0);
	it = mst_json_iter(rig_json(&rig));
	while (mst_json_next(&it, NULL, &e)) {
		assert_true(n < MST_LEN(what));
		assert_true(mst_json_is_str(mst_json_get(e, "what"), what[n]));
		assert_int_equal(mst_json_len(mst_json_get(e, "changes")), 1);
		n++;
	}
	assert_int_equal(n, MST_LEN(what));
	rig_muster(&rig, "settings", "log", "defender", "--count", "2");
	out_has("undo     PROD by ");
	out_has("8 -> -");
	out_lacks("unset");
}

static void rules_are_shown(void **state)
{
	(void)state;
	begin("settings:\n"
	      "  - connection: defender\n"
	      "    environment: test\n"
	      "    min_cvss: {override: true, value: 7}\n"
	      "    hardware: {override: true, value: On}\n"
	      "    mappings:\n"
	      "      devices.short_description:\n"
	      "        value: lower(computerDnsName)\n");
	rig_muster(&rig, "rules");
	rig_status(&rig, 0);
	out_has("endpoint.cve_threshold  Minimum CVSS");
	out_has("min_cvss: number from 0 to 10, default 0");
	out_has("enrich: slider, default yes");
	out_has("create_companies: slider, default yes");
	out_lacks("slider, default true");
	out_lacks("slider, default false");
	out_has("servicenow.company  ");
	out_lacks("7 (test)");
	rig_muster(&rig, "rules", "defender");
	rig_status(&rig, 0);
	out_has("TEST  7 (test)");
	out_has("PROD  0 (default)");
	out_has("TEST  yes (test)");
	out_has("custom mappings, TEST\n"
		"    mappings.devices.short_description.value: "
		"lower(computerDnsName)");
	out_lacks("servicenow.company  ");
	rig_muster(&rig, "rules", "defender", "--env", "prod");
	out_lacks("TEST  ");
	rig_muster(&rig, "rules", "--json");
	assert_int_equal(mst_json_len(rig_json(&rig)), 4);
	rig_muster(&rig, "rules", "defender", "--json");
	out_has("\"test\":{\"value\":7,\"from\":\"test\",\"kept\":null}");
	out_has("\"test\":{\"value\":true,\"from\":\"test\",\"kept\":null}");
	out_has("\"key\":\"enrich\",\"type\":\"slider\",\"default\":true");
	(void)rig_json(&rig);
	rig_muster(&rig, "rules", "defendr");
	rig_status(&rig, 1);
	rig_says(&rig, "did you mean 'defender'?");
}

static void slips_are_named(void **state)
{
	(void)state;
	begin("");
	rig_muster(&rig, "settings", "promot", "defender");
	rig_status(&rig, 2);
	rig_says(&rig, "did you mean 'promote'?");
	rig_muster(&rig, "settings", "get", "defender", "min_cvs");
	rig_status(&rig, 1);
	rig_says(&rig, "did you mean 'min_cvss'?");
	rig_muster(&rig, "settings", "set", "defender", "tenant_id", "x",
		   "--env", "test", "--consent");
	rig_status(&rig, 1);
	rig_says(&rig, "is an option of the connection, not a setting");
	rig_muster(&rig, "settings", "set", "defender", "min_cvss", "5",
		   "--consent");
	rig_status(&rig, 1);
	rig_says(&rig, "say --env test or --env prod");
	rig_muster(&rig, "settings", "set", "defender", "min_cvss", "50",
		   "--env", "test", "--consent");
	rig_status(&rig, 1);
	rig_says(&rig, "muster: \"min_cvss\" must be from 0 to 10");
	rig_muster(&rig, "settings", "set", "defender", "min_cvss", "5", "6",
		   "--env", "test", "--consent");
	rig_status(&rig, 1);
	rig_says(&rig, "takes one value, not 2");
	rig_muster(&rig, "settings", "set", "defender",
		   "mappings.devices.short_description", "nonsense(", "--env",
		   "test", "--consent");
	rig_status(&rig, 1);
	rig_one_error(&rig);
	rig_muster(&rig, "settings", "get", "nobody");
	rig_status(&rig, 1);
	rig_muster(&rig, "export", "setting");
	rig_status(&rig, 2);
}

static int set_up(void **state)
{
	(void)state;
	rig_start(&rig, NULL);
	rig_start(&prod, NULL);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	rig_stop(&prod);
	rig_stop(&rig);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(apply_wants_consent),
	    cmocka_unit_test(export_reads_back),
	    cmocka_unit_test(wrong_settings_are_refused),
	    cmocka_unit_test(environments_must_match),
	    cmocka_unit_test(test_and_prod_get_what_is_theirs),
	    cmocka_unit_test(out_of_force),
	    cmocka_unit_test(of_another_version),
	    cmocka_unit_test(explain_names_the_setting),
	    cmocka_unit_test(promote_and_undo),
	    cmocka_unit_test(undo_in_steps),
	    cmocka_unit_test(to_another_destination),
	    cmocka_unit_test(the_log_tells),
	    cmocka_unit_test(rules_are_shown),
	    cmocka_unit_test(slips_are_named),
	};

	return cmocka_run_group_tests_name("settings", tests, set_up,
					   tear_down);
}
