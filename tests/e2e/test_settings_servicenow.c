/* SPDX-License-Identifier: Apache-2.0
 *
 * The settings of a ServiceNow connection, each in its default and overridden,
 * from the file to what the instance holds; and both ways to write CIs.
 */
#include "tests/lib/sync_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct rig rig;

static void day(int n)
{
	rig_control(&rig, "POST", "/_sim/day", "{\"day\":%d}", n);
}

static void users(int seed)
{
	rig_control(&rig, "POST", "/_sim/sn/users", "{\"seed\":%d}", seed);
}

/* ---- both ways to write CIs ---------------------------------------------- */

/* Three days with people who edit; the instance is what it should be after
 * each, and a further run writes nothing. */
static void days(const char *dest)
{
	rig_fresh(&rig);
	rig_apply(&rig, NULL, dest, NULL);
	for (int d = 0; d <= 2; d++) {
		if (d) {
			day(d);
			users(d);
		}
		(void)rig_sync(&rig, 0);
		rig_verify(&rig);
		rig_quiet(&rig);
	}
}

static void by_ire(void **state)
{
	(void)state;
	days("    write_mode: ire\n");
	assert_true(rig_count(&rig, "sys_object_source", "") > 10);
}

static void by_table(void **state)
{
	(void)state;
	days("    write_mode: table\n");
	assert_int_equal(rig_count(&rig, "sys_object_source", ""), 0);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(by_ire),
	    cmocka_unit_test(by_table),
	};

	return cmocka_run_group_tests_name("settings_servicenow", tests,
					   set_up, tear_down);
}
