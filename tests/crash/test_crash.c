/* SPDX-License-Identifier: Apache-2.0
 *
 * The program dies at every numbered step of a run (src/sync/step.h). The next
 * run picks up what was left: the CMDB and RecVer end as if nothing had
 * happened, and a further run writes nothing. The argument says which run
 * dies: "first" (into an empty CMDB), "day1" (patch Tuesday), the same of cloud
 * apps with "apps_" in front and of a plant with "iot_", or a store other than
 * a file (as day1, with RecVer there).
 */
#include "tests/lib/sync_rig_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STOPPED	  100
#define STEPS_MAX 2000

static struct rig rig;
static bool day1;
static const char *store;

/* Up to the run that is to die. */
static void prepare(void)
{
	rig_fresh(&rig);
	if (!day1)
		return;
	(void)rig_sync(&rig, 0);
	(void)rig_differences(&rig); /* the truth takes this sync in */
	rig_control(&rig, "POST", "/_sim/day", "{\"day\":1}");
	rig_control(&rig, "POST", "/_sim/sn/users", "{\"seed\":7}");
}

/* False: the run came to its end before step n. */
static bool dies_at(unsigned n)
{
	char at[40];
	const char *env[] = {at, NULL};

	(void)snprintf(at, sizeof(at), "MUSTER_STOP_AT=%u", n);
	rig.env = env;
	rig_muster(&rig, "run", "main", "--json");
	rig.env = NULL;
	if (rig.status != 0)
		rig_status(&rig, STOPPED);
	return rig.status != 0;
}

/* Everything that a run leaves behind. */
static void check(const char *straight)
{
	char *recver;

	rig_verify(&rig);
	recver = rig_recver(&rig);
	assert_string_equal(recver, straight);
	free(recver);
	rig_quiet(&rig);
	if (store)
		return;
	rig_muster(&rig, "plan", "main", "--json");
	rig_status(&rig, 0);
}

/* Every sixth step; of a plant, which has the most sets, every ninth.
 * HACKING.md says how to have them all. */
#define STRIDE (t_all() ? 1 : rig.source == RIG_IOT ? 9 : 6)

static void kill_at_every_step(void **state)
{
	char *straight;
	unsigned n;

	(void)state;
	prepare();
	(void)rig_sync(&rig, 0);
	straight = rig_recver(&rig);
	for (n = 1; n < STEPS_MAX; n += STRIDE) {
		prepare();
		if (!dies_at(n))
			break;
		(void)rig_sync(&rig, 0);
		check(straight);
	}
	rig_quiet(&rig);
	print_message("stopped at %u steps\n", n - 1);
	assert_in_range(n, 20, STEPS_MAX - 1);
	free(straight);
}

/* Dies again and again, a step later each time: never back to the start. */
static void kill_in_a_row(void **state)
{
	unsigned n;

	(void)state;
	prepare();
	for (n = 1; n < STEPS_MAX; n++) {
		if (!dies_at(n))
			break;
	}
	assert_true(n < STEPS_MAX);
	rig_verify(&rig);
	rig_quiet(&rig);
}

static void compare_alive(const char *want, unsigned n)
{
	char *is = rig_alive(&rig, "name");
	char *left = rig_lines_without(is, want);
	char *lost = rig_lines_without(want, is);

	if (*left || *lost)
		fail_msg("stopped at step %u: left behind:\n%slost:\n%s", n,
			 left, lost);
	free(is);
	free(left);
	free(lost);
}

/* Where the step that it dies at is only the beginning of the story. */
#define STORY_STRIDE (t_all() ? 1 : 12)

/* The source moves on before the next run: what the dead run had written and
 * the source no longer shows must not stay alive. */
static void kill_then_move_on(void **state)
{
	int later = day1 ? 2 : 1;
	char *want;
	unsigned n;

	(void)state;
	rig_fresh(&rig);
	rig_control(&rig, "POST", "/_sim/day", "{\"day\":%d}", later);
	(void)rig_sync(&rig, 0);
	want = rig_alive(&rig, "name");
	for (n = 1; n < STEPS_MAX; n += STORY_STRIDE) {
		prepare();
		if (!dies_at(n))
			break;
		rig_control(&rig, "POST", "/_sim/day", "{\"day\":%d}", later);
		(void)rig_sync(&rig, 0);
		compare_alive(want, n);
		rig_quiet(&rig);
	}
	free(want);
}

/* It dies on two days in a row, each time somewhere else. */
static void kill_twice(void **state)
{
	int later = day1 ? 2 : 1;
	char *want;
	unsigned n;

	(void)state;
	/* From day 1 on it also meets a device that was renamed and
	 * installed anew while no run ended. */
	rig_fresh(&rig);
	rig_control(&rig, "POST", "/_sim/day", "{\"day\":%d}", later + 1);
	(void)rig_sync(&rig, 0);
	want = rig_alive(&rig, "name");
	for (n = 1; n < STEPS_MAX; n += 2 * STORY_STRIDE) {
		prepare();
		if (!dies_at(n))
			break;
		rig_control(&rig, "POST", "/_sim/day", "{\"day\":%d}", later);
		(void)dies_at(1 + n * 7 % 60);
		rig_control(&rig, "POST", "/_sim/day", "{\"day\":%d}",
			    later + 1);
		(void)rig_sync(&rig, 0);
		compare_alive(want, n);
		rig_quiet(&rig);
	}
	free(want);
}

/* The device that the dead run was about to deliver is installed anew and has
 * another id, and the old id is gone: whatever the dead run has made is the new
 * one's, and is never retired. */
static void kill_then_install_anew(void **state)
{
	static const char device[] =
	    "{\"devices\":[{\"id\":\"%040d\",\"name\":\"PC-ANEW\"}]}";
	unsigned n;

	(void)state;
	for (n = 1; n < STEPS_MAX; n++) {
		rig_fresh(&rig);
		rig_control(&rig, "POST", "/_sim/devices", device, 1);
		if (!dies_at(n))
			break;
		rig_control(&rig, "DELETE", "/_sim/devices",
			    "{\"ids\":[\"%040d\"]}", 1);
		rig_control(&rig, "POST", "/_sim/devices", device, 2);
		(void)rig_sync(&rig, 0);
		if (rig_count(&rig, "cmdb_ci_computer",
			      "name=PC-ANEW^install_status=1") != 1)
			fail_msg("stopped at step %u: the device is not alive",
				 n);
		rig_quiet(&rig);
	}
}

static int set_up(void **state)
{
	(void)state;
	rig_start(&rig, NULL);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	rig_stop(&rig);
	return 0;
}

static int set_up_server(void **state)
{
	(void)set_up(state);
	rig_on(&rig, store);
	return 0;
}

static int set_up_apps(void **state)
{
	(void)state;
	rig_start_source(&rig, RIG_CLOUDAPPS, NULL);
	return 0;
}

static int set_up_iot(void **state)
{
	(void)state;
	rig_start_source(&rig, RIG_IOT, NULL);
	/* what ended is only seen by a full read */
	rig.recver = "    full_read: 0s\n";
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest on_server[] = {
	    cmocka_unit_test(kill_at_every_step),
	};
	const struct CMUnitTest apps[] = {
	    cmocka_unit_test(kill_at_every_step),
	    cmocka_unit_test(kill_in_a_row),
	    cmocka_unit_test(kill_then_move_on),
	};
	const struct CMUnitTest iot[] = {
	    cmocka_unit_test(kill_at_every_step),
	    cmocka_unit_test(kill_in_a_row),
	};
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(kill_at_every_step),
	    cmocka_unit_test(kill_in_a_row),
	    cmocka_unit_test(kill_then_move_on),
	    cmocka_unit_test(kill_twice),
	    cmocka_unit_test(kill_then_install_anew),
	};
	const char *run = argc > 1 ? argv[1] : "first";

	day1 = strstr(run, "first") == NULL;
	if (strncmp(run, "apps_", 5) == 0)
		return cmocka_run_group_tests_name(run, apps, set_up_apps,
						   tear_down);
	if (strncmp(run, "iot_", 4) == 0)
		return cmocka_run_group_tests_name(run, iot, set_up_iot,
						   tear_down);
	if (strcmp(run, "first") == 0 || strcmp(run, "day1") == 0)
		return cmocka_run_group_tests_name(run, tests, set_up,
						   tear_down);
	store = run;
	return cmocka_run_group_tests_name(store, on_server, set_up_server,
					   tear_down);
}
