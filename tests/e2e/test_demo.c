/* SPDX-License-Identifier: Apache-2.0
 *
 * The demo as a person or a script starts it: its JSON, small estates, wrong
 * options.
 */
#include "tests/lib/sync_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct rig rig;

/* Four runs of each source; source NULL: of all. */
static void four_runs(const char *source)
{
	static const char *const labels[] = {"day 0", "day 0 again", "day 1",
					     "day 1 again"};
	static const char *const all[] = {"endpoint", "cloudapps", "iot"};
	struct mst_json runs = mst_json_get(rig_json(&rig), "runs"), run;
	struct mst_json_iter it = mst_json_iter(runs);
	size_t each = source ? 1 : MST_LEN(all);

	assert_int_equal(mst_json_len(runs), MST_LEN(labels) * each);
	for (size_t k = 0; mst_json_next(&it, NULL, &run); k++) {
		size_t i = k / each;
		double seconds;

		assert_true(
		    mst_json_is_str(mst_json_get(run, "label"), labels[i]));
		assert_true(mst_json_is_str(mst_json_get(run, "source"),
					    source ? source : all[k % each]));
		assert_int_equal(rig_num(run, "differences"), 0);
		assert_int_equal(rig_num(run, "refused"), 0);
		assert_true(rig_num(run, "read") > 0);
		assert_true(rig_num(run, "requests") > 0);
		assert_true(rig_num(run, "skipped") >= 0);
		assert_true(
		    mst_json_dbl(mst_json_get(run, "seconds"), &seconds));
		assert_int_equal(rig_num(run, "applied") > 0, i % 2 == 0);
		assert_int_equal(rig_num(run, "writes") > 0, i % 2 == 0);
	}
}

static void small_estates(void **state)
{
	static const char *const devices[] = {"1", "2", "7", "19"};

	(void)state;
	for (size_t i = 0; i < MST_LEN(devices); i++) {
		rig_muster(&rig, "demo", "--json", "--devices", devices[i],
			   "--seed", "5", "--source", "endpoint");
		rig_status(&rig, 0);
		four_runs("endpoint");
	}
}

/* Its own folder is made where there is room, and its simulators are its own:
 * it needs no home. */
static void no_home(void **state)
{
	static const char *const env[] = {"HOME=", "XDG_STATE_HOME=", NULL};

	(void)state;
	rig.env = env;
	rig_muster(&rig, "demo", "--json", "--devices", "3");
	rig.env = NULL;
	rig_status(&rig, 0);
	four_runs(NULL);
}

static void cloud_apps_alone(void **state)
{
	(void)state;
	rig_muster(&rig, "demo", "--json", "--devices", "30", "--source",
		   "cloudapps");
	rig_status(&rig, 0);
	four_runs("cloudapps");
}

/* The plant is attacked at the end, and each alert is one incident. */
static void plant_alone(void **state)
{
	struct mst_json attack;

	(void)state;
	rig_muster(&rig, "demo", "--json", "--devices", "1", "--source", "iot");
	rig_status(&rig, 0);
	four_runs("iot");
	attack = mst_json_get(rig_json(&rig), "attack");
	assert_int_equal(rig_num(attack, "alerts"), 50);
	assert_int_equal(rig_num(attack, "wanted"), 40);
	assert_int_equal(rig_num(attack, "incidents"), 40);
	assert_int_equal(rig_num(attack, "doubled"), 0);
	assert_int_equal(rig_num(attack, "with_ci"), 40);
}

static void wrong_options(void **state)
{
	(void)state;
	rig_muster(&rig, "demo", "--devices", "0");
	rig_status(&rig, 2);
	rig_muster(&rig, "demo", "--devices", "many");
	rig_status(&rig, 2);
	rig_says(&rig, "wants a number, not 'many'");
	rig_muster(&rig, "demo", "--devicse", "5");
	rig_status(&rig, 2);
	rig_one_error(&rig);
	rig_says(&rig, "did you mean '--devices'?");
	rig_muster(&rig, "demo", "--source", "ot");
	rig_status(&rig, 2);
	rig_says(&rig, "--source is endpoint, cloudapps or iot");
	rig_muster(&rig, "demo", "-f", "5");
	rig_status(&rig, 2);
	rig_says(&rig, "demo knows no option '-f'");
	rig_muster(&rig, "demo", "--json=yes");
	rig_status(&rig, 2);
	rig_says(&rig, "--json takes no value");
	rig_muster(&rig, "demo", "now");
	rig_status(&rig, 2);
	rig_one_error(&rig);
	rig_says(&rig, "muster demo --help");
	assert_int_equal(rig.out.n, 0);
}

static int set_up(void **state)
{
	const struct mst_sim_conf conf = {.empty = true};

	(void)state;
	rig_start(&rig, &conf);
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
	    cmocka_unit_test(small_estates),	cmocka_unit_test(no_home),
	    cmocka_unit_test(cloud_apps_alone), cmocka_unit_test(plant_alone),
	    cmocka_unit_test(wrong_options),
	};

	return cmocka_run_group_tests_name("demo", tests, set_up, tear_down);
}
