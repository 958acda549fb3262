/* SPDX-License-Identifier: Apache-2.0
 *
 * The settings of a ServiceNow connection from end to end, each in its default
 * and overridden: how CIs are found and written, their status, columns of the
 * customer; and both ways to write CIs, over days of a whole estate. Master
 * data and software are in test_settings_master.c.
 */
#include "tests/e2e/sn_story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- how CIs are found and written --------------------------------------- */

static void their_pc(void)
{
	story_insert(
	    PC,
	    "\"name\":\"pc-1\",\"correlation_id\":\"theirs\","
	    "\"discovery_source\":\"Manual Entry\",\"os_version\":\"1\"",
	    "");
}

static void correlation(void **state MST_UNUSED)
{
	static const struct step steps[] = {
	    {D("a1", "PC-1", V("10")) "," D("a2", "PC-2", ""),
	     .people = their_pc,
	     .looks = {{PC, "name=PC-1^correlation_id=theirs^os_version=10", 1},
		       {PC, "correlation_id=a2^discovery_source=muster", 1},
		       {PC, "", 2}}},
	    {.dest = "    overwrite_correlation: yes\n",
	     .looks = {{PC, "correlation_id=a1^discovery_source=muster", 1},
		       {PC, "", 2}}},
	};

	STORY(steps);
}

static void source_name(void **state MST_UNUSED)
{
	static const struct step steps[] = {
	    {D("a1", "PC-1", ""),
	     .dest = "    discovery_source: Manual Entry\n",
	     .looks = {{PC, "discovery_source=Manual Entry", 1}}},
	};

	STORY(steps);
}

static void no_choice(void)
{
	rig_control(&rig, "POST", "/_sim/sn/choices",
		    "{\"remove\":[{\"table\":\"cmdb_ci\",\"element\":"
		    "\"discovery_source\",\"value\":\"muster\"}]}");
}

static void source_name_is_no_choice(void **state MST_UNUSED)
{
	static const struct step steps[] = {
	    {D("a1", "PC-1", ""), .people = no_choice, .status = 1,
	     .says = "connection setup", .looks = {{PC, "", 0}}},
	};

	STORY(steps);
}

static void insert_only(void **state MST_UNUSED)
{
	static const struct step steps[] = {
	    {D("a1", "PC-1", V("10")), .looks = {{PC, "os_version=10", 1}}},
	    {D("a1", "PC-1", V("11")) "," D("a2", "PC-2", V("12")),
	     .dest = "    insert_only: [devices.os_version]\n",
	     .looks = {{PC, "name=PC-1^os_version=10", 1},
		       {PC, "name=PC-2^os_version=12", 1}}},
	    {.looks = {{PC, "name=PC-1^os_version=11", 1}}},
	};

	STORY(steps);
}

static void two_of_a_name(void)
{
	story_insert(PC, "\"name\":\"PC-1\"", "");
	story_insert("cmdb_ci_win_server", "\"name\":\"PC-1\"", "");
}

/* IRE takes the oldest; muster by itself asks. */
static void never_guessed(void **state MST_UNUSED)
{
	static const struct step steps[] = {
	    {D("a1", "PC-1", ""), .people = two_of_a_name,
	     .dest = "    write_mode: table\n", .status = 3,
	     .says = "2 CIs have the name \"PC-1\": ",
	     .looks = {{PC, "", 2}, {PC, "correlation_idISNOTEMPTY", 0}}},
	};

	story_run(steps, MST_LEN(steps), "");
}

static void pc_by_mac(void)
{
	story_insert(
	    PC, "\"name\":\"other\",\"mac_address\":\"54:bf:64:00:00:01\"", "");
	story_insert(
	    PC, "\"name\":\"vpn\",\"mac_address\":\"00:09:0f:fe:00:01\"", "");
}

/* The source would pass over them, too. */
#define ALL_MACS "    mac_unique_only: no\n"
#define MAC(mac) ",\"mac\":\"" mac "\""

static void macs(void **state MST_UNUSED)
{
	static const struct step by_default[] = {
	    {D("a1", "PC-1", MAC("54:bf:64:00:00:01")) "," D(
		 "a2", "PC-2", MAC("00:09:0f:fe:00:01")),
	     .people = pc_by_mac, .source = ALL_MACS,
	     .looks = {{PC, "", 3},
		       {PC, "name=other", 0},
		       {PC, "name=vpn", 1}}},
	};
	static const struct step all_count[] = {
	    {D("a2", "PC-2", MAC("00:09:0f:fe:00:01")), .people = pc_by_mac,
	     .source = ALL_MACS, .dest = "    ignore_shared_macs: no\n",
	     .looks = {{PC, "", 2}, {PC, "name=vpn", 0}}},
	};
	static const struct step own_list[] = {
	    {D("a1", "PC-1", MAC("54:bf:64:00:00:01")), .people = pc_by_mac,
	     .dest = "    shared_macs: [\"54:bf:64\"]\n",
	     .looks = {{PC, "", 3}, {PC, "name=other", 1}}},
	};
	static const char mode[] = "    write_mode: table\n";

	story_run(by_default, 1, mode);
	story_run(all_count, 1, mode);
	story_run(own_list, 1, mode);
}

/* A class that identification does not look into by itself. */
static void app(void)
{
	story_insert(APP, "\"name\":\"PC-1\"", "");
}

#define ALSO_APP "    class_windows_pc: [" PC ", " APP "]\n"

static void further_classes(void **state MST_UNUSED)
{
	static const struct step on[] = {
	    {D("a1", "PC-1", "") "," D("a2", "PC-2", ""), .people = app,
	     .source = ALSO_APP,
	     .looks = {{APP, "name=PC-1^last_discoveredISNOTEMPTY", 1},
		       {PC, "name=PC-1", 0},
		       {PC, "name=PC-2", 1}}},
	    {D("a1", "PC-1", ",\"ip\":\"10.0.0.9\""), .source = ALSO_APP,
	     .looks = {{APP, "ip_address=10.0.0.9", 1}, {PC, "", 1}}},
	    {.gone = "\"a1\"",
	     .source = ALSO_APP,
	     .looks = {{APP, "install_status=7", 1}, {PC, "", 1}}},
	};
	static const struct step off[] = {
	    {D("a1", "PC-1", ""), .people = app, .source = ALSO_APP,
	     .dest = "    cross_class: no\n",
	     .looks = {{APP, "last_discoveredISNOTEMPTY", 0},
		       {PC, "name=PC-1", 1}}},
	};

	STORY(on);
	STORY(off);
}

/* ---- status -------------------------------------------------------------- */

static void in_stock(void)
{
	story_edit(PC, "name=PC-1",
		   "\"install_status\":\"6\",\"operational_status\":\"2\"");
}

#define STOCK "^install_status=6^operational_status=2"

static void status_always(void **state MST_UNUSED)
{
	static const struct step steps[] = {
	    {D("a1", "PC-1", V("1")), .looks = {{PC, "name=PC-1" ACTIVE, 1}}},
	    {D("a1", "PC-1", V("2")), .people = in_stock,
	     .looks = {{PC, "os_version=2" ACTIVE, 1}}},
	    {.gone = "\"a1\"", .looks = {{PC, "name=PC-1" RETIRED, 1}}},
	};

	STORY(steps);
}

static void status_protected(void **state MST_UNUSED)
{
	static const char *const settings[] = {
	    "    status_keep: [\"6\", \"8\"]\n",
	    "    status_updates: newer_than_update\n",
	    "    status_updates: newer_than_discovery\n",
	    "    status_updates: never\n",
	};

	for (size_t i = 0; i < MST_LEN(settings); i++) {
		struct step steps[] = {
		    {D("a1", "PC-1", V("1")), .dest = settings[i],
		     .looks = {{PC, "name=PC-1" ACTIVE, 1}}},
		    {D("a1", "PC-1", V("2")), .people = in_stock,
		     .dest = settings[i],
		     .looks = {{PC, "os_version=2" STOCK, 1}}},
		};

		STORY(steps);
	}
}

static void status_and_retiring(void **state MST_UNUSED)
{
	static const struct {
		const char *settings, *status;
	} cases[] = {
	    {"    status_keep: [\"6\"]\n", "name=PC-1" STOCK},
	    {"    status_keep: [\"8\"]\n", "name=PC-1" RETIRED},
	    {"    status_keep: [\"6\"]\n    status_keep_retire: no\n",
	     "name=PC-1" RETIRED},
	    {"    status_updates: never\n", "name=PC-1" STOCK},
	    {"    status_updates: never\n    status_keep_retire: no\n",
	     "name=PC-1" RETIRED},
	};

	for (size_t i = 0; i < MST_LEN(cases); i++) {
		struct step steps[] = {
		    {D("a1", "PC-1", ""), .dest = cases[i].settings},
		    {.gone = "\"a1\"",
		     .people = in_stock,
		     .dest = cases[i].settings,
		     .looks = {{PC, cases[i].status, 1}}},
		};

		STORY(steps);
	}
}

/* ---- columns of the customer --------------------------------------------- */

static void site_column(void)
{
	rig_control(&rig, "POST", "/_sim/sn/columns",
		    "{\"table\":\"cmdb_ci\",\"column\":\"u_site\"}");
}

/* A custom mapping; lines below its column. */
static void map(const char *column, const char *lines)
{
	char *path = mst_asprintf("%s/map.yaml", rig.dir);
	char *yaml = mst_asprintf("settings:\n"
				  "  - connection: defender\n"
				  "    environment: test\n"
				  "    mappings:\n"
				  "      %s:\n%s",
				  column, lines);

	t_write(path, mst_slice_str(yaml));
	free(yaml);
	rig_muster(&rig, "apply", "-f", path, "--consent");
	rig_status(&rig, 0);
	free(path);
}

static void custom_column(void **state MST_UNUSED)
{
	static const char *const modes[] = {"    write_mode: ire\n",
					    "    write_mode: table\n"};
	static const struct step lacking = {
	    D("a1", "PC-1", ""), .status = 1,
	    .says = "the instance lacks column cmdb_ci_computer.u_site: "
		    "ServiceNow would drop its values",
	    .looks = {{PC, "", 0}}};
	static const struct step there = {.people = site_column,
					  .looks = {{PC, "u_site=pc-1", 1}}};

	for (size_t i = 0; i < MST_LEN(modes); i++) {
		rig_fresh(&rig);
		rig_apply(&rig, NULL, modes[i], NULL);
		map("devices.u_site",
		    "        value: lower(computerDnsName)\n");
		story_take(&lacking, 0, modes[i]);
		story_take(&there, 1, modes[i]);
	}
}

/* One value when a CI is made, another one when it is there. */
static void split(void **state MST_UNUSED)
{
	static const char *const modes[] = {"    write_mode: ire\n",
					    "    write_mode: table\n"};
	static const struct step first = {
	    D("a1", "PC-1", V("1")) "," D("a2", "PC-2", V("1")),
	    .people = their_pc,
	    .looks = {{PC, "name=PC-1^short_description=found", 1},
		      {PC, "name=PC-2^short_description=made", 1}}};
	static const struct step second = {
	    D("a2", "PC-2", V("2")),
	    .looks = {{PC, "name=PC-2^short_description=found", 1}}};

	for (size_t i = 0; i < MST_LEN(modes); i++) {
		rig_fresh(&rig);
		rig_apply(&rig, NULL, modes[i], NULL);
		map("devices.short_description",
		    "        insert: \"'made'\"\n"
		    "        update: \"'found'\"\n");
		story_take(&first, 0, modes[i]);
		story_take(&second, 1, modes[i]);
	}
}

/* ---- days of an estate --------------------------------------------------- */

/* Three days with people who edit; the instance is what it should be after
 * each, and a further run writes nothing. */
static void days(const char *dest)
{
	static const struct mst_sim_conf some = {.devices = 6, .cve_rows = 60};
	struct rig r;

	rig_start(&r, &some);
	rig_apply(&r, NULL, dest, NULL);
	for (int d = 0; d <= 2; d++) {
		if (d) {
			rig_control(&r, "POST", "/_sim/day", "{\"day\":%d}", d);
			rig_control(&r, "POST", "/_sim/sn/users",
				    "{\"seed\":%d}", d);
		}
		(void)rig_sync(&r, 0);
		rig_verify(&r);
		rig_quiet(&r);
	}
	assert_int_equal(rig_count(&r, "sys_object_source", "") > 0,
			 strstr(dest, "ire") != NULL);
	rig_stop(&r);
}

static void days_by_ire(void **state MST_UNUSED)
{
	days("    write_mode: ire\n");
}

static void days_by_table(void **state MST_UNUSED)
{
	days("    write_mode: table\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(correlation),
	    cmocka_unit_test(source_name),
	    cmocka_unit_test(source_name_is_no_choice),
	    cmocka_unit_test(insert_only),
	    cmocka_unit_test(never_guessed),
	    cmocka_unit_test(macs),
	    cmocka_unit_test(further_classes),
	    cmocka_unit_test(status_always),
	    cmocka_unit_test(status_protected),
	    cmocka_unit_test(status_and_retiring),
	    cmocka_unit_test(custom_column),
	    cmocka_unit_test(split),
	    cmocka_unit_test(days_by_ire),
	    cmocka_unit_test(days_by_table),
	};

	return cmocka_run_group_tests_name("settings_servicenow", tests,
					   story_set_up, story_tear_down);
}
