/* SPDX-License-Identifier: Apache-2.0
 *
 * What a person asks about cloud apps and their users: reports, explanations,
 * relations whose setting was switched off, users whom an access rule hides.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/sync_rig.h"

static struct rig rig;

#define USERS "    allow_user_synchronization: true\n"

static void apply(const char *source)
{
	char *yaml = mst_asprintf(
	    "connections:\n"
	    "  - name: apps\n"
	    "    type: cloudapps\n"
	    "    tenant_id: %s\n"
	    "    client_id: %s\n"
	    "    client_secret: env:MUSTER_SIM_SECRET\n"
	    "    login_url: %s\n"
	    "    graph_url: %s\n"
	    "%s"
	    "  - name: cmdb\n"
	    "    type: servicenow\n"
	    "    url: %s\n"
	    "    auth: basic\n"
	    "    username: %s\n"
	    "    password: env:MUSTER_SIM_PASSWORD\n"
	    "jobs:\n"
	    "  - name: main\n"
	    "    source: apps\n"
	    "    destination: cmdb\n",
	    MST_SIM_TENANT, MST_SIM_CLIENT, RIG_HOST(&rig, MST_SIM_LOGIN),
	    RIG_HOST(&rig, MST_SIM_GRAPH), source,
	    RIG_HOST(&rig, MST_SIM_SERVICENOW), MST_SIM_USER);

	rig_apply_text(&rig, yaml);
	free(yaml);
}

/* Two streams that show the same two apps of one name. */
static void fresh(void)
{
	rig_fresh(&rig);
	rig_control(&rig, "POST", "/_sim/apps",
		    "{\"streams\":[{\"id\":\"s1\",\"name\":\"One\"},"
		    "{\"id\":\"s2\",\"name\":\"Two\"}],\"apps\":["
		    "{\"id\":\"a1\",\"name\":\"Ledger\",\"score\":5,"
		    "\"streams\":[\"s1\",\"s2\"],\"users\":{"
		    "\"s1\":[\"ann@example.test\",\"who@example.test\"],"
		    "\"s2\":[\"ann@example.test\"]}},"
		    "{\"id\":\"a2\",\"name\":\"ledger\",\"score\":5,"
		    "\"streams\":[\"s1\",\"s2\"],\"users\":[]}]}");
	rig_control(&rig, "POST", "/_sim/sn/insert",
		    "{\"table\":\"sys_user\",\"values\":{\"user_name\":\"ann\","
		    "\"email\":\"ann@example.test\",\"active\":\"true\"}}");
	apply(USERS);
	(void)rig_sync(&rig, 0);
}

static void holds(const char *text)
{
	if (!strstr(rig.out.p, text))
		fail_msg("\"%s\" is not in: %s", text, rig.out.p);
}

static void lacks(const char *text)
{
	if (strstr(rig.out.p, text))
		fail_msg("\"%s\" is in: %s", text, rig.out.p);
}

static void reports(void **state)
{
	const char *first;

	(void)state;
	fresh();
	rig_muster(&rig, "report", "coverage", "main", "--quiet");
	rig_status(&rig, 0);
	holds("Cloud apps");
	lacks("evices");
	lacks("incomplete");
	holds("In Defender, not in the CMDB: 1\n"); /* a2, of two streams */
	rig_muster(&rig, "report", "duplicates", "main", "--quiet");
	rig_status(&rig, 0);
	holds("Cloud apps in Defender that another one replaced: 1\n");
	lacks("evice");
	lacks("serial");
	first = strstr(rig.out.p, "a2 ");
	assert_non_null(first);
	assert_null(strstr(first + 1, "a2 "));
}

static void explanations(void **state)
{
	(void)state;
	fresh();
	rig_muster(&rig, "explain", "main", "ANN@example.test", "--quiet");
	rig_status(&rig, 0);
	holds("desired record (cmdb_rel_person)");
	holds("next run: nothing: the destination was given exactly this");
	rig_muster(&rig, "explain", "main", "who@example.test", "--quiet");
	rig_status(&rig, 0);
	holds("no user has it");
	holds("next run: not delivered: nobody is meant by it");
	lacks("desired record");
	rig_muster(&rig, "explain", "main", "who@example.test", "--quiet",
		   "--json");
	rig_status(&rig, 0);
	(void)rig_json(&rig);
	/* of two streams one counts, and neither is an update to come */
	rig_muster(&rig, "explain", "main", "a1", "--quiet", "--record-set",
		   "cloud_apps");
	rig_status(&rig, 0);
	holds("nothing: the destination was given exactly this");
	holds("nothing by this one");
	lacks("update: ");
	/* what devices alone have */
	rig_muster(&rig, "rules", "names", "apps");
	rig_status(&rig, 1);
	rig_one_error(&rig);
	rig_says(&rig, "delivers no software");
}

/* What was delivered before stays, and is told. */
static void switched_off(void **state)
{
	(void)state;
	fresh();
	apply("");
	assert_int_equal(rig_sync(&rig, 0), 0);
	rig_says(&rig, "Users of cloud apps: 1 records that were delivered "
		       "stay as they are");
	rig_says(&rig, "allow_user_synchronization is off");
	apply(USERS);
	rig_quiet(&rig);
}

/* Who is hidden by an access rule did not stop using the app. */
static void hidden(void **state)
{
	char id[33], *at;

	(void)state;
	fresh();
	rig_muster(&rig, "explain", "main", "ann@example.test", "--quiet");
	at = strstr(rig.out.p, "cloud_app_users ");
	assert_non_null(at);
	(void)snprintf(id, sizeof(id), "%.32s", at + 16);
	rig_control(&rig, "POST", "/_sim/sn/hide",
		    "{\"sys_id\":\"%s\",\"hidden\":true}", id);
	assert_int_equal(rig_sync(&rig, 0), 0);
	rig_says(&rig, "1 records of sys_user that fit by email are hidden");
	rig_control(&rig, "POST", "/_sim/sn/hide",
		    "{\"sys_id\":\"%s\",\"hidden\":false}", id);
	rig_quiet(&rig);
}

/* A list of another length than its app says is read twice, and proven. */
static void leaves(void **state)
{
	(void)state;
	fresh();
	rig_control(&rig, "POST", "/_sim/apps",
		    "{\"apps\":[{\"id\":\"a1\",\"name\":\"Ledger\",\"score\":5,"
		    "\"streams\":[\"s1\",\"s2\"],\"user_count\":7,"
		    "\"users\":[\"who@example.test\"]}]}");
	assert_int_equal(rig_sync(&rig, 0), 2); /* the count, the relation */
	rig_quiet(&rig);
}

static int set_up(void **state)
{
	static const struct mst_sim_conf conf = {
	    .devices = 1, .cve_rows = 1, .apps = -1, .people = 15};

	(void)state;
	rig_start_source(&rig, RIG_CLOUDAPPS, &conf);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	rig_stop(&rig);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reports),	    cmocka_unit_test(explanations),
	    cmocka_unit_test(switched_off), cmocka_unit_test(hidden),
	    cmocka_unit_test(leaves),
	};

	return cmocka_run_group_tests_name("look_apps", tests, set_up,
					   tear_down);
}
