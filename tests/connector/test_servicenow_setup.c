/* SPDX-License-Identifier: Apache-2.0
 *
 * The set-up checks against recorded answers: all is well, then each check in
 * each of its levels, one answer changed at a time.
 */
#include "setup_fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "servicenow/tables.h"

#define MINUTE ((int64_t)60 * 1000000)

/* ---- all is well --------------------------------------------------------- */

static void test_all_is_well(void **state)
{
	static const char *const names[] = {
	    "instance",	 "clock",	   "login",	  "api.table",
	    "api.batch", "api.ire",	   "release",	  "tables",
	    "columns",	 "update_set",	   "choices",	  "discovery_source",
	    "classes",	 "identification", "batch_quota", "package_display",
	    "writing",	 "rate_limits"};

	(void)state;
	begin(NULL, 0);
	assert_int_equal(run.found_n, MST_LEN(names));
	for (size_t i = 0; i < MST_LEN(names); i++) {
		assert_string_equal(run.found[i].name, names[i]);
		if (run.found[i].c.level != MST_CHECK_OK)
			fail_msg("%s: %s", names[i], run.found[i].c.text);
	}
	shows("login", MST_CHECK_OK, "\"muster\" by Basic", "");
	shows("update_set", MST_CHECK_OK, MST_UPDATE_SET_VERSION, "");
	shows("identification", MST_CHECK_OK,
	      "cmdb_ci_computer by serial_number, name+version", "");
	/* Nothing that could write: one POST is a batch of reads, one a dry
	 * run. */
	assert_null(strstr(run.log.p, "\n2 "));
	assert_null(strstr(run.log.p, "\n4 "));
	assert_null(strstr(run.log.p, "identifyreconcile/enhanced"));
	assert_int_equal(run.checks->ops->fixes(run.checks, NULL, 0), 0);
	finish();
}

/* OAuth clients are asked method by method, without writing. */
static void test_all_is_well_by_oauth(void **state)
{
	(void)state;
	run.f->conf.auth = SN_CLIENT_CREDENTIALS;
	begin(NULL, 0);
	assert_int_equal(levels(MST_CHECK_OK), 18);
	shows("login", MST_CHECK_OK, "OAuth, client credentials", "");
	shows("api.table", MST_CHECK_OK, "in scope: GET, POST, PUT, DELETE",
	      "");
	shows("api.ire", MST_CHECK_OK, "in scope", "");
	finish();
}

/* Without IRE nothing is asked of it. */
static void test_by_table_api(void **state)
{
	(void)state;
	run.f->conf.write_mode = SN_WRITE_TABLE;
	begin(NULL, 0);
	assert_null(check_of("api.ire"));
	assert_null(check_of("identification"));
	shows("discovery_source", MST_CHECK_OK, "is a choice", "");
	assert_non_null(strstr(run.log.p, "/table/cmdb_ci_win_server?"));
	assert_null(strstr(run.log.p, "identifyreconcile"));
	finish();
}

/* The way there is broken: not one request. */
static void test_skipped(void **state)
{
	(void)state;
	run.skip = "needs the check 'TLS'";
	begin(NULL, 0);
	assert_int_equal(levels(MST_CHECK_SKIPPED), 18);
	assert_int_equal(run.log.n, 0);
	shows("columns", MST_CHECK_SKIPPED, "needs the check 'TLS'", "");
	finish();
}

/* ---- each check in each level -------------------------------------------- */

#define FORBIDDEN                                                              \
	"{\"error\":{\"message\":\"User Not Authorized\",\"detail\":\"Failed " \
	"API level ACL Validation\"},\"status\":\"failure\"}"
#define UNSCOPED                                                               \
	"{\"error\":{\"message\":\"User Not Authorized\",\"detail\":\"Access " \
	"to "                                                                  \
	"unscoped api is not allowed\"},\"status\":\"failure\"}"
#define INVALID	   "{\"error\":{\"message\":\"Invalid table x\",\"detail\":null}}"
#define ROWS(rows) "{\"result\":[" rows "]}"

struct one {
	struct say say[3];
	const char *name;
	enum mst_check_level level;
	const char *text, *remedy;
	enum mst_code code;  /* of FAILED; 0: any */
	const char *skipped; /* a check that then is */
	enum sn_auth auth;
};

static const struct one all[] = {
    /* instance */
    {{{"GET", "sys_user", 200, "<html>Your instance is hibernating</html>",
       "text/html"}},
     "instance",
     MST_CHECK_FAILED,
     "the instance sleeps",
     "wake it",
     0,
     "login"},
    {{{"GET", "sys_user", 200, "\n<!DOCTYPE html><title>Log in</title>", ""}},
     "instance",
     MST_CHECK_FAILED,
     "with a web page instead of JSON",
     "check the url",
     0,
     "clock"},
    {{{"GET", "sys_user", .lost = true, .body = "the body stalled"}},
     "instance",
     MST_CHECK_FAILED,
     "the body stalled",
     "firewall",
     MST_E_TRANSIENT,
     "login"},
    {{{"GET", "sys_user", 503, "{}"}},
     "instance",
     MST_CHECK_FAILED,
     "answered 503",
     "later",
     0,
     "login"},
    {{{"GET", "sys_user", 404, "{}"}},
     "instance",
     MST_CHECK_FAILED,
     "no ServiceNow: status 404",
     "NAME.service-now.com",
     0,
     "login"},
    {{{"GET", "sys_user", 200, "hello"}},
     "instance",
     MST_CHECK_FAILED,
     "no ServiceNow",
     "check the url",
     0,
     "login"},
    {{{"GET", "sys_user", 302, "{}"}},
     "instance",
     MST_CHECK_FAILED,
     "status 302",
     "",
     0,
     "login"},
    /* clock */
    {{{"GET", "sys_user", 200, NULL, NULL, 150 * MINUTE}},
     "clock",
     MST_CHECK_WARNING,
     "2 h ahead of the instance",
     "set this machine's clock"},
    {{{"GET", "sys_user", 200, NULL, NULL, -3 * MINUTE}},
     "clock",
     MST_CHECK_WARNING,
     "3 min behind",
     "timedatectl"},
    {{{"GET", "sys_user", 200, NULL, NULL, INT64_MAX}},
     "clock",
     MST_CHECK_WARNING,
     "does not say what time",
     "clock is right"},
    /* log-in */
    {{{"GET", "sys_user", 401,
       "{\"error\":{\"message\":\"User Not Authenticated\",\"detail\":\"\"}}"}},
     "login",
     MST_CHECK_FAILED,
     "does not let \"muster\" in: User Not",
     "check username and password",
     MST_E_AUTH,
     "api.ire"},
    {{{"GET", "sys_user", 401, "{}", .times = 1},
      {"GET", "sys_user", .lost = true, .code = MST_E_AUTH,
       .body = "log-in: credential 'servicenow:cmdb': h refused the log-in"}},
     "login",
     MST_CHECK_FAILED,
     "no token: h refused the log-in",
     "check client_id",
     MST_E_AUTH,
     "tables",
     SN_PASSWORD},
    {{{"GET", "sys_user", 401, "{}"}},
     "login",
     MST_CHECK_FAILED,
     "a token was issued, but the API refuses it",
     "OAuth Application User",
     MST_E_AUTH,
     "tables",
     SN_CLIENT_CREDENTIALS},
    {{{"GET", "sys_user", 401, "{}", .times = 1},
      {"GET", "sys_user", 500, "{}"}},
     "login",
     MST_CHECK_FAILED,
     "status 500",
     "later",
     MST_E_TRANSIENT,
     "rate_limits"},
    /* Table API */
    {{{"PUT", "no_such_table", 403, UNSCOPED},
      {"DELETE", "no_such_table", 403, UNSCOPED}},
     "api.table",
     MST_CHECK_FAILED,
     "no scope for PUT, DELETE of the Table API",
     "Application Registry",
     MST_E_FORBIDDEN,
     NULL,
     SN_PASSWORD},
    {{{"GET", "sys_user", 401, "{}", .times = 1},
      {"GET", "sys_user", 403, UNSCOPED}},
     "api.table",
     MST_CHECK_FAILED,
     "no scope for GET of the Table API",
     "no role helps",
     MST_E_FORBIDDEN,
     "columns",
     SN_PASSWORD},
    /* Batch API */
    {{{"POST", "/batch", 403, UNSCOPED}},
     "api.batch",
     MST_CHECK_FAILED,
     "no scope for POST of the Batch API",
     "Application Registry",
     MST_E_FORBIDDEN,
     NULL,
     SN_PASSWORD},
    {{{"POST", "/batch", 400,
       "{\"error\":{\"message\":\"Requested URI does not represent any "
       "resource\"}}"}},
     "api.batch",
     MST_CHECK_FAILED,
     "does not represent any resource",
     "com.glide.rest"},
    {{{"POST", "/batch", 200, "{}"}},
     "api.batch",
     MST_CHECK_FAILED,
     "no serviced requests",
     "System Logs"},
    /* IRE */
    {{{"POST", "queryEnhanced", 403, FORBIDDEN}},
     "api.ire",
     MST_CHECK_FAILED,
     "may not use the identification",
     "roles \"itil\" and \"asset\"",
     MST_E_FORBIDDEN},
    {{{"POST", "queryEnhanced", 403, UNSCOPED}},
     "api.ire",
     MST_CHECK_FAILED,
     "no scope for POST of the Identification and Reconciliation API",
     "no role helps",
     MST_E_FORBIDDEN,
     NULL,
     SN_PASSWORD},
    {{{"POST", "reconcile/enhanced", 403, UNSCOPED}},
     "api.ire",
     MST_CHECK_FAILED,
     "no scope for POST",
     "no role helps",
     MST_E_FORBIDDEN,
     NULL,
     SN_PASSWORD},
    {{{"POST", "queryEnhanced", 500, "{\"error\":{\"message\":\"boom\"}}"}},
     "api.ire",
     MST_CHECK_FAILED,
     "did not answer a dry run: boom",
     "later"},
    {{{"POST", "skip_updating", 500,
       "{\"error\":{\"message\":\"x\",\"detail\":\"Chunk [skip_updating_source_"
       "last_discovered_to_now:true] is not a valid entry\"}}"}},
     "api.ire",
     MST_CHECK_OK,
     "a dry run is allowed",
     ""},
    /* release */
    {{{"GET", "sys_properties", 403, FORBIDDEN}},
     "release",
     MST_CHECK_WARNING,
     "may not read sys_properties",
     "let the user read sys_properties"},
    {{{"GET", "sys_properties"}},
     "release",
     MST_CHECK_WARNING,
     "the release is not known",
     "administrator"},
    {{{"GET", "sys_properties", 200,
       ROWS("{\"name\":\"glide.buildname\",\"value\":\"Tokyo\"}")}},
     "release",
     MST_CHECK_WARNING,
     "Tokyo",
     "Xanadu and later"},
    {{{"GET", "sys_properties", 200,
       ROWS("{\"name\":\"glide.war\",\"value\":\"glide-canada-1.zip\"}")}},
     "release",
     MST_CHECK_NOTE,
     "glide-canada-1.zip",
     "does not know"},
    {{{"GET", "sys_properties", 200,
       ROWS("{\"name\":\"glide.war\",\"value\":\"glide-xanadu-1.zip\"}")}},
     "release",
     MST_CHECK_OK,
     "glide-xanadu-1.zip",
     ""},
    /* tables */
    {{{"GET", "/u_muster_cve_instance?", 400, INVALID}},
     "tables",
     MST_CHECK_FAILED,
     "lacks u_muster_cve_instance (device_vulnerabilities of job nightly)",
     "muster update-set muster-cve",
     MST_E_UNSUPPORTED},
    {{{"GET", "/u_muster_cve", 400, INVALID}},
     "tables",
     MST_CHECK_FAILED,
     "lacks u_muster_cve (vuln",
     "Preview > Commit",
     0,
     "columns"},
    {{{"GET", "/cmdb_software_instance?", 400, INVALID}},
     "tables",
     MST_CHECK_FAILED,
     "lacks cmdb_software_instance (software_installs",
     "plug-in"},
    {{{"GET", "/u_muster_cve?", 403, FORBIDDEN}},
     "tables",
     MST_CHECK_FAILED,
     "cannot be read: u_muster_cve (vuln",
     "role \"asset\"",
     MST_E_FORBIDDEN},
    {{{"GET", "/u_muster_cve?", 500, "{\"error\":{\"message\":\"slow\"}}"}},
     "tables",
     MST_CHECK_FAILED,
     "slow",
     "later",
     MST_E_TRANSIENT},
    {{{"GET", "/core_company?", 403, FORBIDDEN}},
     "tables",
     MST_CHECK_WARNING,
     "vendors will be left out",
     "let the user read core_company"},
    {{{"GET", "/sys_object_source?", 500, "{}"}},
     "tables",
     MST_CHECK_WARNING,
     "could not be read (status 500)",
     "later"},
    {{{"GET", "/u_muster_cve", 404,
       "{\"error\":{\"message\":\"No Record found\"}}"}},
     "tables",
     MST_CHECK_OK,
     "u_muster_cve",
     ""},
    /* columns */
    {{{"GET", "elementISNOTEMPTY", 200,
       ROWS("{\"name\":\"u_muster_cve\",\"element\":\"u_cve_id\"}")}},
     "columns",
     MST_CHECK_FAILED,
     "missing: u_muster_cve.u_cv",
     "commit this muster's update set"},
    {{{"GET", "elementISNOTEMPTY"}},
     "columns",
     MST_CHECK_WARNING,
     "may not read sys_dictionary",
     "let the user read"},
    {{{"GET", "elementISNOTEMPTY", 403, FORBIDDEN}},
     "columns",
     MST_CHECK_WARNING,
     "columns were not compared",
     "administrator"},
    /* update set */
    {{{"GET", "u_muster_cve^internal_type", 200,
       ROWS("{\"name\":\"u_muster_cve\",\"comments\":\"x; update set version "
	    "0.9.12\"}")}},
     "update_set",
     MST_CHECK_WARNING,
     "version 0.9.12 is committed; this muster brings",
     "commit the newer"},
    {{{"GET", "internal_type", 200,
       ROWS("{\"name\":\"u_muster_cve\",\"comments\":\"x; update set version "
	    "90.0.0\"},{\"name\":\"u_muster_cve_instance\",\"comments\":\"x; "
	    "update set version 90.1.0\"}")}},
     "update_set",
     MST_CHECK_WARNING,
     "version 90.0.0 is committed",
     "install the muster"},
    {{{"GET", "internal_type", 403, FORBIDDEN}},
     "update_set",
     MST_CHECK_WARNING,
     "version of the update set is not known",
     "let the user read sys_dictionary"},
    /* choices */
    {{{"GET", "name=u_muster_cve_instance&", 200,
       ROWS("{\"name\":\"u_muster_cve_instance\",\"element\":\"u_status\","
	    "\"value\":\"unresolved\",\"inactive\":\"true\"}")}},
     "choices",
     MST_CHECK_FAILED,
     "u_muster_cve_instance.u_status (unresolved, resolved_pending,",
     "update set"},
    {{{"GET", "name=u_muster_cve&", 403, FORBIDDEN}},
     "choices",
     MST_CHECK_WARNING,
     "may not read sys_choice",
     "let the user read sys_choice"},
    /* classes */
    {{{"GET", "/meta/cmdb_ci_win_server", 404, "{}"}},
     "classes",
     MST_CHECK_FAILED,
     "lacks cmdb_ci_win_server (devices of job nightly)",
     "plug-in"},
    {{{"GET", "/meta/cmdb_ci_handheld", 404, "{}"}},
     "classes",
     MST_CHECK_WARNING,
     "lacks cmdb_ci_handheld_computing",
     "CMDB CI Class Models"},
    {{{"GET", "/meta/", 403, FORBIDDEN}},
     "classes",
     MST_CHECK_WARNING,
     "may not read cmdb/meta",
     "role \"itil\"",
     0,
     "identification"},
    {{{"GET", "/meta/", 403, UNSCOPED}},
     "classes",
     MST_CHECK_FAILED,
     "no scope for GET of the CMDB Meta API",
     "no role helps",
     MST_E_FORBIDDEN,
     "identification",
     SN_PASSWORD},
    {{{"GET", "/meta/cmdb_ci_computer", 200,
       "{\"result\":{\"attributes\":[{\"element\":\"name\"}],"
       "\"identification_rules\":{\"identifiers\":[{\"attributes\":\"name\"}]}}"
       "}"}},
     "classes",
     MST_CHECK_WARNING,
     "not be written: cmdb_ci_computer.fqdn",
     "add the column"},
    /* identification */
    {{{"GET", "/meta/cmdb_ci_spkg", 200,
       "{\"result\":{\"identification_rules\":{\"active\":false,"
       "\"identifiers\":[{\"attributes\":\"key\"}]}}}"}},
     "identification",
     MST_CHECK_FAILED,
     "no active identification rule: "
     "cmdb_ci_spkg",
     "CI Class Manager"},
    {{{"GET", "/meta/cmdb_ci_linux", 200,
       "{\"result\":{\"identification_rules\":{\"identifiers\":[{"
       "\"attributes\":"
       "\"serial_number\"},{\"attributes\":\"name\",\"active\":\"false\"},"
       "{\"attributes\":\"name\",\"table\":\"cmdb_x\"}]}}}"}},
     "identification",
     MST_CHECK_WARNING,
     "does not look at the name: cmdb_ci_linux_server",
     "identifier entry"},
    {{{"GET", "/meta/", 200, "{\"result\":{\"name\":\"x\"}}"}},
     "identification",
     MST_CHECK_WARNING,
     "does not show",
     "CI Class Manager"},
    /* batch time quota */
    {{{"GET", "sysrule_quota", 200,
       ROWS("{\"name\":\"REST Batch API request timeout\",\"active\":\"true\","
	    "\"maximum_duration\":\"30\"}")}},
     "batch_quota",
     MST_CHECK_WARNING,
     "cut after 30 s",
     "Maximum Duration of \"REST Batch API request timeout\" to 60"},
    {{{"GET", "sysrule_quota", 200,
       ROWS("{\"name\":\"REST Batch API request timeout\",\"active\":\"true\","
	    "\"maximum_duration\":\"8\"}")}},
     "batch_quota",
     MST_CHECK_WARNING,
     "after 8 s, and muster fills it for 10 s",
     "lower batch_seconds"},
    {{{"GET", "sysrule_quota", 200,
       ROWS("{\"name\":\"REST Batch API request timeout\",\"active\":\"true\","
	    "\"maximum_duration\":\"1970-01-01 00:01:30\"}")}},
     "batch_quota",
     MST_CHECK_OK,
     "90 s",
     ""},
    {{{"GET", "sysrule_quota", 200,
       ROWS("{\"name\":\"REST Batch API request timeout\",\"active\":\"false\","
	    "\"maximum_duration\":\"1\"}")}},
     "batch_quota",
     MST_CHECK_OK,
     "switched off",
     ""},
    {{{"GET", "sysrule_quota", 200,
       ROWS("{\"name\":\"REST Batch API request timeout\",\"active\":\"true\","
	    "\"maximum_duration\":\"soon\"}")}},
     "batch_quota",
     MST_CHECK_WARNING,
     "cannot be read",
     ""},
    {{{"GET", "sysrule_quota"}},
     "batch_quota",
     MST_CHECK_WARNING,
     "no quota",
     "sysrule_quota"},
    {{{"GET", "sysrule_quota", 403, FORBIDDEN}},
     "batch_quota",
     MST_CHECK_WARNING,
     "may not read sysrule_quota",
     "let the user read sysrule_quota"},
    /* package display */
    {{{"GET", "element=package_name", 200,
       ROWS("{\"name\":\"cmdb_ci_spkg\",\"element\":\"package_name\","
	    "\"display\":\"true\"}")}},
     "package_display",
     MST_CHECK_WARNING,
     "ten times slower",
     "untick Display"},
    {{{"GET", "element=package_name", 200,
       ROWS("{\"name\":\"cmdb_ci\",\"element\":\"name\",\"display\":"
	    "\"true\"}")}},
     "package_display",
     MST_CHECK_WARNING,
     "may not read sys_dictionary",
     ""},
    {{{"GET", "element=package_name", 403, FORBIDDEN}},
     "package_display",
     MST_CHECK_WARNING,
     "may not read sys_dictionary",
     "let the user"},
    /* writing */
    {{{"GET", "sys_user_has_role", 403, FORBIDDEN}},
     "writing",
     MST_CHECK_NOTE,
     "not proven, because a check writes nothing: that the user may write "
     "cmdb_software_instance, u_muster_cve, u_muster_cve_instance",
     "run JOB --limit 1"},
    {{{"GET", "sys_user_has_role", 200,
       ROWS("{\"user.user_name\":\"muster\",\"role.name\":\"itil\"}")}},
     "writing",
     MST_CHECK_WARNING,
     "lacks the role \"asset\"",
     "give the user the role \"asset\""},
    {{{"GET", "sys_user_has_role", 200,
       ROWS("{\"user.user_name\":\"kim\",\"role.name\":\"asset\"}")}},
     "writing",
     MST_CHECK_NOTE,
     "not proven",
     ""},
    {{{"GET", "sys_user_has_role", 200,
       ROWS("{\"user.user_name\":\"muster\",\"role.name\":\"admin\"}")}},
     "writing",
     MST_CHECK_OK,
     "by its roles (admin)",
     ""},
};

static void test_each_level(void **state)
{
	(void)state;
	for (size_t i = 0; i < MST_LEN(all); i++) {
		const struct one *o = &all[i];

		run.f->conf.auth = (int)o->auth;
		begin(o->say, o->say[1].part ? 2 : 1);
		shows(o->name, o->level, o->text, o->remedy);
		if (o->code)
			assert_int_equal(check_of(o->name)->code, o->code);
		if (o->skipped)
			shows(o->skipped, MST_CHECK_SKIPPED, "needs the check",
			      "");
		/* One cause, one failure. */
		if (o->level == MST_CHECK_FAILED)
			assert_int_equal(levels(MST_CHECK_FAILED), 1);
		else
			assert_int_equal(levels(MST_CHECK_FAILED), 0);
		if (o->level == MST_CHECK_OK)
			assert_int_equal(levels(MST_CHECK_OK), 18);
		assert_int_equal(run.found_n, 18);
		finish();
	}
}

/* Whoever may see nothing gets warnings, not failures. */
static void test_a_user_who_may_see_nothing(void **state)
{
	static const struct say says[] = {
	    {"GET", "/sys_", 403, FORBIDDEN},
	    {"GET", "/sysrule", 403, FORBIDDEN},
	    {"GET", "/meta/", 403, FORBIDDEN},
	};

	(void)state;
	begin(says, MST_LEN(says));
	assert_int_equal(levels(MST_CHECK_FAILED), 0);
	shows("discovery_source", MST_CHECK_OK, "is taken by IRE", "");
	shows("choices", MST_CHECK_WARNING, "may not read", "");
	assert_int_equal(levels(MST_CHECK_SKIPPED), 1); /* identification */
	finish();
}

/* ---- columns in detail --------------------------------------------------- */

/* The dictionary of one table, one entry changed. */
static char *dictionary(const char *table, const char *column,
			const char *instead)
{
	const struct mst_sn_table *t = mst_sn_table_find(table);
	struct mst_buf b = MST_BUF_INIT(1u << 20);
	const char *sep = "";

	mst_buf_adds(&b, "{\"result\":[");
	for (size_t i = 0; i < t->columns_n; i++) {
		const struct mst_sn_column *c = &t->columns[i];

		if (strcmp(c->name, column) == 0) {
			if (!instead)
				continue;
			mst_buf_addf(&b,
				     "%s{\"name\":\"%s\",\"element\":"
				     "\"%s\",%s}",
				     sep, table, column, instead);
		} else {
			mst_buf_addf(&b,
				     "%s{\"name\":\"%s\",\"element\":\"%s\","
				     "\"max_length\":\"%u\",\"unique\":\"%s\"}",
				     sep, table, c->name, c->max_length,
				     c->unique ? "true" : "false");
		}
		sep = ",";
	}
	mst_buf_adds(&b, "]}");
	return mst_buf_steal(&b);
}

static void test_columns(void **state)
{
	static const struct {
		const char *column, *instead;
		enum mst_check_level level;
		const char *text, *remedy;
	} cases[] = {
	    {"u_description", NULL, MST_CHECK_FAILED,
	     "missing: u_muster_cve.u_description", "update-set"},
	    {"u_notes", NULL, MST_CHECK_WARNING,
	     "not written by muster: u_muster_cve.u_notes", "update-set"},
	    {"u_description", "\"max_length\":\"1000\"", MST_CHECK_WARNING,
	     "too short, longer texts are cut: u_muster_cve.u_description",
	     "Max length"},
	    {"u_cve_id", "\"max_length\":\"40\",\"unique\":\"false\"",
	     MST_CHECK_WARNING, "not unique: u_muster_cve.u_cve_id",
	     "tick Unique"},
	};

	(void)state;
	for (size_t i = 0; i < MST_LEN(cases); i++) {
		char *body = dictionary("u_muster_cve", cases[i].column,
					cases[i].instead);
		struct say say = {"GET", "name=u_muster_cve^element", 200,
				  body};

		begin(&say, 1);
		shows("columns", cases[i].level, cases[i].text,
		      cases[i].remedy);
		finish();
		free(body);
	}
}

/* The version stands where the check looks for it. */
static void test_own_version(void **state)
{
	(void)state;
	for (size_t i = 0; i < mst_sn_tables_n; i++)
		assert_non_null(
		    strstr(mst_sn_tables[i]->comment,
			   "update set version " MST_UPDATE_SET_VERSION));
}

/* ---- the discovery source ------------------------------------------------ */

static const char bad_source[] =
    "{\"result\":{\"items\":[{\"sysId\":\"Unknown\",\"inputIndices\":[0,1,2,3,"
    "4]"
    ",\"errorCount\":1,\"errors\":[{\"error\":\"INVALID_INPUT_DATA\","
    "\"message\":"
    "\"In payload invalid data source [muster] exist.\"}]}]}}";
#define OTHER                                                                  \
	"{\"element\":\"discovery_source\",\"value\":\"ServiceNow\","          \
	"\"inactive\":\"false\"}"

static void test_discovery_source(void **state)
{
	static const struct {
		struct say say[2];
		const char *text, *remedy;
		size_t fixes;
	} cases[] = {
	    {{{"GET", "name=cmdb_ci^", 200, ROWS(OTHER)},
	      {"POST", "queryEnhanced", 200, bad_source}},
	     "\"muster\" is no choice of cmdb_ci.discovery_source",
	     "muster connection setup cmdb",
	     1},
	    {{{"GET", "name=cmdb_ci^", 200,
	       ROWS(OTHER ",{\"element\":\"discovery_source\",\"value\":"
			  "\"Muster\"}")},
	      {"POST", "queryEnhanced", 200, bad_source}},
	     "but \"Muster\" is: IRE wants the exact case",
	     "muster connection setup cmdb",
	     1},
	    {{{"GET", "name=cmdb_ci^", 200,
	       ROWS("{\"element\":\"discovery_source\",\"value\":\"muster\","
		    "\"inactive\":\"true\",\"sys_id\":\"abc123\"}")},
	      {"POST", "queryEnhanced", 200, bad_source}},
	     "an inactive one",
	     "record abc123 of sys_choice",
	     0},
	    {{{"POST", "queryEnhanced", 200, bad_source}},
	     "is a choice, but IRE does not take it",
	     "cache.do",
	     0},
	    {{{"GET", "name=cmdb_ci^", 403, FORBIDDEN},
	      {"POST", "queryEnhanced", 200, bad_source}},
	     "IRE does not take \"muster\": In payload",
	     "add a record to "
	     "sys_choice",
	     0},
	};

	(void)state;
	for (size_t i = 0; i < MST_LEN(cases); i++) {
		begin(cases[i].say, cases[i].say[1].part ? 2 : 1);
		shows("discovery_source", MST_CHECK_FAILED, cases[i].text,
		      cases[i].remedy);
		assert_int_equal(levels(MST_CHECK_FAILED), 1);
		assert_int_equal(run.checks->ops->fixes(run.checks, NULL, 0),
				 cases[i].fixes);
		assert_false(run.choice_added);
		finish();
	}
}

static void test_discovery_source_that_nobody_can_see(void **state)
{
	static const struct say says[] = {
	    {"GET", "name=cmdb_ci^", 403, FORBIDDEN},
	    {"POST", "queryEnhanced", 500, "{}"},
	};

	(void)state;
	begin(says, MST_LEN(says));
	shows("discovery_source", MST_CHECK_WARNING, "may not read sys_choice",
	      "let the user read");
	finish();
}

/* ---- the fix ------------------------------------------------------------- */

#define MISSING                                                                \
	{"GET", "name=cmdb_ci^", 200, ROWS(OTHER), .times = 1},                \
	{                                                                      \
		"POST", "queryEnhanced", 200, bad_source, .times = 1           \
	}

static void test_fix(void **state)
{
	static const struct say says[] = {MISSING};
	struct mst_check_fix f[2];
	size_t before;

	(void)state;
	run.writer = "administrator";
	begin(says, MST_LEN(says));
	assert_int_equal(run.checks->ops->fixes(run.checks, f, 2), 1);
	assert_string_equal(f[0].check, "discovery_source");
	assert_string_equal(f[0].table, "sys_choice");
	before = run.found_n;
	t_failed(run.checks->ops->fix(run.checks, 1, &run.f->err), &run.f->err,
		 MST_E_NOTFOUND, "no such fix");
	t_ok(run.checks->ops->fix(run.checks, 0, &run.f->err), &run.f->err);
	pump();
	/* Exactly what was shown, and only what it mends is told again. */
	assert_true(run.choice_added);
	assert_string_equal(
	    run.fixed, "{\"name\":\"cmdb_ci\",\"element\":\"discovery_"
		       "source\",\"value\":\"muster\",\"label\":\"muster\","
		       "\"language\":\"en\",\"inactive\":\"false\"}");
	assert_int_equal(run.found_n, before + 1);
	shows("discovery_source", MST_CHECK_OK, "is taken by IRE", "");
	assert_int_equal(run.checks->ops->fixes(run.checks, NULL, 0), 0);
	finish();
}

/* Refused, or lost and not there: it says so. Lost, and there: fine. */
static void test_fix_that_fails(void **state)
{
	static const struct say refused[] = {
	    {"POST", "/table/sys_choice", 403,
	     "{\"error\":{\"message\":\"Operation Failed\",\"detail\":\"ACL "
	     "Exception Insert Failed due to security constraints\"}}"},
	    {"GET", "name=cmdb_ci^", 200, ROWS(OTHER)},
	    {"POST", "queryEnhanced", 200, bad_source},
	};
	static const struct say lost[] = {
	    MISSING,
	    {"POST", "/table/sys_choice", .lost = true,
	     .body = "the connection closed"},
	};

	(void)state;
	begin(refused, MST_LEN(refused));
	t_ok(run.checks->ops->fix(run.checks, 0, &run.f->err), &run.f->err);
	pump();
	shows("discovery_source", MST_CHECK_FAILED,
	      "could not be added: Operation Failed: ACL Exception Insert",
	      "--admin USER --admin-password");
	assert_int_equal(run.checks->ops->fixes(run.checks, NULL, 0), 1);
	finish();
	begin(lost, MST_LEN(lost));
	t_ok(run.checks->ops->fix(run.checks, 0, &run.f->err), &run.f->err);
	pump();
	shows("discovery_source", MST_CHECK_OK, "is taken by IRE", "");
	finish();
}

/* ---- rate limits --------------------------------------------------------- */

static void test_normalization(void **state)
{
	static const char *const id = "0123456789abcdef0123456789abcdef";
	static const struct say none[] = {
	    {"GET", "/table/fn_b", 200, ROWS("")}};
	static const struct say hidden[] = {
	    {"GET", "/table/fn_b", 403, FORBIDDEN}};
	static const struct say absent[] = {
	    {"GET", "sys_db_object", 200, ROWS("{\"name\":\"task\"}")}};

	(void)state;
	begin(NULL, 0);
	assert_null(check_of("normalization"));
	finish();
	run.f->conf.normalization = id;
	begin(NULL, 0);
	shows("normalization", MST_CHECK_OK, "\"Company\" in fn_b", "");
	finish();
	begin(none, 1);
	shows("normalization", MST_CHECK_WARNING, "there is no record 0123",
	      "copy the sys_id");
	finish();
	begin(hidden, 1);
	shows("normalization", MST_CHECK_WARNING, "that this user may see",
	      "copy the sys_id");
	finish();
	begin(absent, 1);
	shows("normalization", MST_CHECK_WARNING, "not looked up",
	      "activate the plug-in");
	finish();
}

static void test_rate_limits(void **state)
{
	static const struct say named[] = {
	    {"GET", "sys_rate_limit_rules", 200,
	     ROWS("{\"sys_id\":\"other\",\"name\":\"not this\"},"
		  "{\"sys_id\":\"r1\",\"name\":\"Integrations\"}")}};

	(void)state;
	run.rate = 100;
	begin(named, 1);
	shows("rate_limits", MST_CHECK_WARNING,
	      "100 requests an hour (rule \"Integrations\")",
	      "raise the limit");
	finish();
	run.rate = 50000;
	begin(NULL, 0);
	shows("rate_limits", MST_CHECK_OK,
	      "50000 requests an hour (rule "
	      "\"r1\")",
	      "");
	finish();
}

/* ---- hostile answers ----------------------------------------------------- */

/* Whatever comes back, each check says one thing and the list ends. */
static void test_strange_answers(void **state)
{
	static const struct say strange[] = {
	    {"GET", "", 200, "{\"result\":null}"},
	    {"GET", "", 200, "{\"result\":{\"a\":[1,2,{}]}}"},
	    {"GET", "", 200, "{\"result\":[null,1,\"x\",[],{\"name\":{}}]}"},
	    {"GET", "", 200, "[]"},
	    {"GET", "", 202, ""},
	    {"", "", 429, "{}"},
	    {"", "api/now/table", 200,
	     "{\"result\":[{\"name\":\"\\u0007\\n\","
	     "\"value\":\"\\u001b[31m\"}]}"},
	    {"POST", "", 200,
	     "{\"result\":{\"items\":[{\"inputIndices\":[-1,99]}"
	     "]}}"},
	};

	(void)state;
	for (size_t i = 0; i < MST_LEN(strange); i++) {
		begin(&strange[i], 1);
		assert_int_equal(run.found_n, 18);
		finish();
	}
}

static void test_an_answer_to_nothing(void **state)
{
	struct mst_req req;
	struct mst_resp resp = {.outcome = MST_OUT_ANSWER, .status = 200};

	(void)state;
	begin(NULL, 0);
	mst_req_init(&req, MST_HTTP_GET);
	req.id = 4711;
	t_failed(run.checks->ops->accept(run.checks, &req, &resp, &run.f->err),
		 &run.f->err, MST_E_INTERNAL, "an answer to no check");
	mst_req_fini(&req);
	finish();
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_all_is_well),
	    T(test_all_is_well_by_oauth),
	    T(test_by_table_api),
	    T(test_skipped),
	    T(test_each_level),
	    T(test_a_user_who_may_see_nothing),
	    T(test_columns),
	    T(test_own_version),
	    T(test_discovery_source),
	    T(test_discovery_source_that_nobody_can_see),
	    T(test_fix),
	    T(test_fix_that_fails),
	    T(test_normalization),
	    T(test_rate_limits),
	    T(test_strange_answers),
	    T(test_an_answer_to_nothing),
	};

	return cmocka_run_group_tests_name("servicenow setup", tests, NULL,
					   NULL);
}
