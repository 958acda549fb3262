/* SPDX-License-Identifier: Apache-2.0
 *
 * Settings of the source that choose among many: the class of each asset type,
 * the status of each onboarding state, and levels.
 */
#include "tests/e2e/sn_story.h"

#include <stdio.h>

#define CVE "u_muster_cve_instance"

static void tell(const char *devices)
{
	rig_control(&rig, "POST", "/_sim/devices", "{\"devices\":[%s]}",
		    devices);
}

static void is(const char *settings, const char *table, const char *query,
	       size_t n)
{
	size_t have = rig_count(&rig, table, query);

	if (have != n)
		fail_msg("%s: %s has %zu rows with %s, not %zu", settings,
			 table, have, query, n);
}

static void run(const char *settings)
{
	rig_apply(&rig, settings, NULL, NULL);
	(void)rig_sync(&rig, 0);
	rig_quiet(&rig);
}

/* ---- classes ------------------------------------------------------------- */

#define OS(platform) ",\"os_platform\":\"" platform "\""

static void classes(void **state MST_UNUSED)
{
	static const struct {
		const char *settings, *name, *class_name;
	} cases[] = {
	    {"", "SRV-1", "cmdb_ci_win_server"},
	    {"    class_windows_server: [cmdb_ci_server]\n", "SRV-1",
	     "cmdb_ci_server"},
	    {"", "MAC-2", "cmdb_ci_computer"},
	    {"    class_mac: [cmdb_ci_pc_hardware]\n", "MAC-2",
	     "cmdb_ci_pc_hardware"},
	    {"", "PHONE-3", "cmdb_ci_handheld_computing"},
	    {"    class_handheld: [cmdb_ci_pc_hardware]\n", "PHONE-3",
	     "cmdb_ci_pc_hardware"},
	    {"", "BOX-4", NULL},
	    {"    class_other: [cmdb_ci_computer]\n", "BOX-4",
	     "cmdb_ci_computer"},
	};
	char query[120];

	for (size_t i = 0; i < MST_LEN(cases); i++) {
		rig_fresh(&rig);
		tell(D("a1", "SRV-1", OS("WindowsServer2022")));
		tell(D("a2", "MAC-2", OS("macOS")));
		tell(D("a3", "PHONE-3", OS("iOS")));
		tell(D("a4", "BOX-4", OS("BoxOS")));
		run(cases[i].settings);
		(void)snprintf(query, sizeof(query), "name=%s%s%s",
			       cases[i].name,
			       cases[i].class_name ? "^sys_class_name=" : "",
			       cases[i].class_name ? cases[i].class_name : "");
		is(cases[i].settings, "cmdb_ci", query,
		   cases[i].class_name != NULL);
	}
}

/* ---- status -------------------------------------------------------------- */

#define ONBOARDING(word) ",\"onboarding\":\"" word "\""
#define BY		 "    status_by_onboarding: yes\n"
#define READY		 "^install_status=1^operational_status=5"

/* What each is by default, and in each of its other values. */
static void onboarding(void **state MST_UNUSED)
{
	static const struct {
		const char *settings, *query;
	} cases[] = {
	    {BY, "name=PC-1" ACTIVE},
	    {BY "    status_onboarded: ready\n", "name=PC-1" READY},
	    {BY "    status_onboarded: retired\n", "name=PC-1" RETIRED},
	    {BY "    status_onboarded: unchanged\n", "name=PC-1" ACTIVE},
	    {BY, "name=PC-2" READY},
	    {BY "    status_can_be_onboarded: active\n", "name=PC-2" ACTIVE},
	    {BY "    status_can_be_onboarded: retired\n", "name=PC-2" RETIRED},
	    {BY "    status_can_be_onboarded: unchanged\n", "name=PC-2" ACTIVE},
	    {BY, "name=PC-3" READY},
	    {BY "    status_unsupported: active\n", "name=PC-3" ACTIVE},
	    {BY "    status_unsupported: retired\n", "name=PC-3" RETIRED},
	    {BY "    status_unsupported: unchanged\n", "name=PC-3" ACTIVE},
	    {BY, "name=PC-4" READY},
	    {BY "    status_insufficient_info: active\n", "name=PC-4" ACTIVE},
	    {BY "    status_insufficient_info: retired\n", "name=PC-4" RETIRED},
	    {BY "    status_insufficient_info: unchanged\n",
	     "name=PC-4" ACTIVE},
	};

	rig_fresh(&rig);
	tell(D("a1", "PC-1", ONBOARDING("Onboarded")));
	tell(D("a2", "PC-2", ONBOARDING("CanBeOnboarded")));
	tell(D("a3", "PC-3", ONBOARDING("Unsupported")));
	tell(D("a4", "PC-4", ONBOARDING("InsufficientInfo")));
	for (size_t i = 0; i < MST_LEN(cases); i++) {
		run(""); /* by health: all of them are active */
		is("", PC, "nameSTARTSWITHPC-" ACTIVE, 4);
		run(cases[i].settings);
		is(cases[i].settings, PC, cases[i].query, 1);
	}
}

/* ---- levels -------------------------------------------------------------- */

#define EXPOSED(level) ",\"exposure\":\"" level "\""
#define RISKY(level)   ",\"risk\":\"" level "\""

static void levels_of_devices(void **state MST_UNUSED)
{
	static const struct {
		const char *settings;
		size_t n;
	} cases[] = {
	    {"", 9},
	    {"    filter_exposure: low\n", 3},
	    {"    filter_exposure: medium\n", 2},
	    {"    filter_exposure: high\n", 1},
	    {"    filter_risk: informational\n", 4},
	    {"    filter_risk: low\n", 3},
	    {"    filter_risk: medium\n", 2},
	    {"    filter_risk: high\n", 1},
	};

	rig_fresh(&rig);
	tell(D("a0", "PC-0", EXPOSED("None") RISKY("None")));
	tell(D("a1", "PC-1", EXPOSED("Low") RISKY("None")));
	tell(D("a2", "PC-2", EXPOSED("Medium") RISKY("None")));
	tell(D("a3", "PC-3", EXPOSED("High") RISKY("None")));
	tell(D("b1", "PC-4", EXPOSED("None") RISKY("Informational")));
	tell(D("b2", "PC-5", EXPOSED("None") RISKY("Low")));
	tell(D("b3", "PC-6", EXPOSED("None") RISKY("Medium")));
	tell(D("b4", "PC-7", EXPOSED("None") RISKY("High")));
	tell(D("b5", "PC-8", ""));
	for (size_t i = 0; i < MST_LEN(cases); i++) {
		run(cases[i].settings);
		is(cases[i].settings, PC, "nameSTARTSWITHPC-" ACTIVE,
		   cases[i].n);
	}
}

#define ROW(n, severity)                                                       \
	"{\"id\":\"CVE-2026-100" n "\",\"cvss\":5,\"severity\":\"" severity    \
	"\"}"

#define CVES                                                                   \
	",\"software\":[{\"vendor\":\"v\",\"name\":\"tool\",\"version\":"      \
	"\"1\",\"cves\":[" ROW("1", "None") "," ROW("2", "Low") "," ROW(       \
	    "3", "Medium") "," ROW("4", "High") "," ROW("5", "Critical") "]}]"

static void levels_of_cves(void **state MST_UNUSED)
{
	static const struct {
		const char *settings;
		size_t n;
	} cases[] = {
	    {"", 5},
	    {"    min_severity: low\n", 4},
	    {"    min_severity: medium\n", 3},
	    {"    min_severity: high\n", 2},
	    {"    min_severity: critical\n", 1},
	};

	rig_fresh(&rig);
	tell(D("a1", "PC-1", CVES));
	for (size_t i = 0; i < MST_LEN(cases); i++) {
		run(cases[i].settings);
		is(cases[i].settings, CVE, "u_status=unresolved", cases[i].n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(classes),
	    cmocka_unit_test(onboarding),
	    cmocka_unit_test(levels_of_devices),
	    cmocka_unit_test(levels_of_cves),
	};

	return cmocka_run_group_tests_name("settings_choices", tests,
					   story_set_up, story_tear_down);
}
