/* SPDX-License-Identifier: Apache-2.0
 *
 * What other people do to what muster delivered: they delete it, or there are
 * several of it. No run is refused for that, and none guesses without a word.
 */
#include "tests/e2e/sn_story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEF "u_muster_cve"
#define ROW "u_muster_cve_instance"

static const char *const modes[] = {"    write_mode: ire\n",
				    "    write_mode: table\n"};

/* ---- deleted ------------------------------------------------------------- */

#define TOOL(version, score)                                                   \
	",\"version\":\"" version "\",\"software\":[{\"vendor\":\"Vendor\","   \
	"\"name\":\"tool\",\"version\":\"1\",\"cves\":[{\"id\":"               \
	"\"CVE-2026-1001\",\"cvss\":" score "}]}]"

/* It stays, with one of everything: a list that comes empty proves nothing. */
#define BASE                                                                   \
	",\"os_platform\":\"iOS\",\"software\":[{\"vendor\":\"Base\","         \
	"\"name\":\"base\",\"version\":\"0\",\"cves\":[{\"id\":"               \
	"\"CVE-2026-1000\",\"cvss\":5}]}]"

static const char *const theirs[][2] = {
    {PC, "name=PC-1^install_status!=7"},
    {PKG, "name=tool^install_status!=7"},
    {INST, "software.name=tool^installed_on.name=PC-1"},
    {DEF, "u_cve_id=CVE-2026-1001"},
    {ROW, "u_cve.u_cve_id=CVE-2026-1001^u_status!=resolved_confirmed"},
};

static void delete_row(const char *const what[2])
{
	struct mst_json row = {0};
	struct mst_json_iter it =
	    mst_json_iter(rig_rows(&rig, what[0], what[1], "sys_id"));
	char path[80];

	assert_true(mst_json_next(&it, NULL, &row));
	(void)snprintf(
	    path, sizeof(path), "/_sim/sn/rows/%.*s",
	    MST_SLICE_ARG(mst_json_str(mst_json_get(row, "sys_id"))));
	rig_control(&rig, "DELETE", path, "%s", "");
}

/* A definition cannot be deleted while an instance refers to it. */
static void delete_with_rows(size_t i)
{
	if (strcmp(theirs[i][0], DEF) == 0)
		delete_row(theirs[i + 1]);
	delete_row(theirs[i]);
}

static void tell(const char *devices)
{
	rig_control(&rig, "POST", "/_sim/devices", "{\"devices\":[%s]}",
		    devices);
}

static void deliver(const char *mode)
{
	rig_fresh(&rig);
	rig_apply(&rig, NULL, mode, NULL);
	tell(D("z9", "phone", BASE) "," D("a1", "PC-1", TOOL("1", "1")));
	(void)rig_sync(&rig, 0);
	for (size_t i = 0; i < MST_LEN(theirs); i++)
		assert_int_equal(rig_count(&rig, theirs[i][0], theirs[i][1]),
				 1);
}

/* Runs as planned, or straight. */
static void run(bool planned)
{
	char *plan = mst_asprintf("%s/others.plan", rig.dir);

	if (planned) {
		rig_muster(&rig, "plan", "main", "--out", plan);
		rig_status(&rig, 7);
		rig_muster(&rig, "run", "main", "--plan", plan);
		rig_status(&rig, 0);
	} else {
		(void)rig_sync(&rig, 0);
	}
	rig_quiet(&rig);
	free(plan);
}

static void all_there(const char *when, size_t deleted)
{
	for (size_t i = 0; i < MST_LEN(theirs); i++) {
		size_t n = rig_count(&rig, theirs[i][0], theirs[i][1]);

		if (n != 1)
			fail_msg("%s, %s deleted: %zu of %s", when,
				 theirs[deleted][0], n, theirs[i][0]);
	}
}

/* The source does not show it any more either. */
static void deleted_and_gone(void **state MST_UNUSED)
{
	for (size_t i = 0; i < MST_LEN(theirs) * 4; i++) {
		deliver(modes[i % 2]);
		delete_with_rows(i / 4);
		rig_control(&rig, "DELETE", "/_sim/devices",
			    "{\"ids\":[\"a1\"]}");
		run(i & 2);
		for (size_t k = 0; k < MST_LEN(theirs); k++) {
			size_t n = rig_count(&rig, theirs[k][0], theirs[k][1]);

			if (n && strcmp(theirs[k][0], DEF) != 0)
				fail_msg("%zu, %s deleted: %zu of %s", i,
					 theirs[i / 4][0], n, theirs[k][0]);
		}
	}
}

/* The source still shows it: a run leaves it, `check` says so, and a full run
 * makes it again, with all that hung on it. */
static void deleted_and_shown(void **state MST_UNUSED)
{
	for (size_t i = 0; i < MST_LEN(theirs) * 2; i++) {
		deliver(modes[i % 2]);
		delete_with_rows(i / 2);
		rig_quiet(&rig);
		rig_muster(&rig, "check", "main");
		rig_status(&rig, 7);
		assert_non_null(strstr(rig.out.p, "deleted "));
		for (unsigned k = 0; k < 2; k++) {
			rig_muster(&rig, "run", "main", "--full");
			rig_status(&rig, 0);
			(void)rig_sync(&rig, 0);
		}
		all_there("full run", i / 2);
		rig_quiet(&rig);
		rig_muster(&rig, "check", "main");
		rig_status(&rig, 0);
	}
}

/* It changes in the source: it is made again. */
static void deleted_and_changed(void **state MST_UNUSED)
{
	for (size_t i = 0; i < 4; i++) {
		size_t what = i < 2 ? 0 : 4;

		deliver(modes[i % 2]);
		delete_with_rows(what);
		tell(D("a1", "PC-1", TOOL("2", "2")));
		for (unsigned k = 0; k < 2; k++)
			(void)rig_sync(&rig, 0);
		all_there("changed", what);
		rig_quiet(&rig);
	}
}

/* ---- several ------------------------------------------------------------- */

static void two_pcs(void)
{
	story_insert(PC, "\"name\":\"PC-1\"", "");
	story_insert(PC, "\"name\":\"pc-1\"", "");
}

static void two_makers(void)
{
	story_insert(CO, "\"name\":\"Acme\"", "");
	story_insert(CO, "\"name\":\"Acme\"", "");
}

/* ServiceNow takes one of them; the run says so. */
static void several_cis(void **state MST_UNUSED)
{
	char id[24];

	rig_fresh(&rig);
	two_pcs();
	tell(D("a1", "PC-1", ""));
	rig_apply(&rig, NULL, modes[0], NULL);
	(void)rig_sync(&rig, 0);
	(void)snprintf(id, sizeof(id), "%lld",
		       (long long)rig_num(rig.root, "run"));
	rig_muster(&rig, "runs", id);
	rig_status(&rig, 0);
	assert_non_null(strstr(rig.out.p, "several CIs are identified"));
	assert_int_equal(rig_count(&rig, PC, ""), 2);
	rig_quiet(&rig);
}

static void several_makers(void **state MST_UNUSED)
{
	for (size_t i = 0; i < MST_LEN(modes); i++) {
		rig_fresh(&rig);
		two_makers();
		tell(D("a1", "PC-1", MAKER("Acme", "Roadrunner")));
		rig_apply(&rig, NULL, modes[i], NULL);
		(void)rig_sync(&rig, 0);
		rig_says(&rig, "core_company has 2 records for \"Acme\": the "
			       "oldest is taken");
		assert_int_equal(rig_count(&rig, CO, "name=Acme"), 2);
		rig_quiet(&rig);
	}
}

static void two_packages(void)
{
	story_insert(PKG, "\"name\":\"tool\",\"key\":\"vendor|tool|1\"", "");
	story_insert(PKG, "\"name\":\"tool\",\"key\":\"vendor|tool|1\"", "");
}

static void several_packages(void **state MST_UNUSED)
{
	static const struct step steps[] = {
	    {D("a1", "PC-1", SOFT("tool", "1")), .people = two_packages,
	     .status = 3, .says = "2 CIs have the key \"vendor|tool|1\": ",
	     .looks = {{PKG, "name=tool", 2}}},
	};

	story_run(steps, 1, modes[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(deleted_and_gone),
	    cmocka_unit_test(deleted_and_shown),
	    cmocka_unit_test(deleted_and_changed),
	    cmocka_unit_test(several_cis),
	    cmocka_unit_test(several_makers),
	    cmocka_unit_test(several_packages),
	};

	return cmocka_run_group_tests_name("others", tests, story_set_up,
					   story_tear_down);
}
