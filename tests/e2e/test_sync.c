/* SPDX-License-Identifier: Apache-2.0
 *
 * Jobs that run by themselves: sync, sync_frequency, and when the last one
 * was.
 */
#include "tests/lib/sync_rig.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct rig rig;
static const char *const env[] = {"MUSTER_TOKEN_1=" MST_SIM_SENSOR_TOKEN "-1",
				  NULL};

static int begin(void **state)
{
	static const struct mst_sim_conf conf = {.devices = 1,
						 .cve_rows = 1,
						 .apps = -1,
						 .iot_devices = 4,
						 .iot_alerts = -1,
						 .sensors = 1};

	(void)state;
	rig_start(&rig, &conf);
	rig.env = env;
	return 0;
}

static int finish(void **state)
{
	(void)state;
	rig_stop(&rig);
	return 0;
}

static void apply(const char *sync)
{
	char *yaml = mst_asprintf(
	    "connections:\n"
	    "  - name: s1\n    type: iot\n    read: sensor\n    url: %s\n"
	    "    token: env:MUSTER_TOKEN_1\n    %s\n"
	    "  - name: cmdb\n    type: servicenow\n    url: %s\n"
	    "    username: " MST_SIM_USER "\n"
	    "    password: env:MUSTER_SIM_PASSWORD\n"
	    "jobs:\n"
	    "  - name: plant\n    source: s1\n    destination: cmdb\n",
	    mst_sim_sensor_url(rig.sim, 1), sync,
	    RIG_HOST(&rig, MST_SIM_SERVICENOW));

	rig_apply_text(&rig, yaml);
	free(yaml);
}

static void shows(const char *part)
{
	rig_muster(&rig, "connection", "show", "s1");
	rig_status(&rig, 0);
	if (!strstr(rig.out.p, part))
		fail_msg("wanted \"%s\" in: %s", part, rig.out.p);
}

static size_t runs(void)
{
	size_t n = 0;

	rig_muster(&rig, "runs");
	rig_status(&rig, 0);
	for (const char *p = rig.out.p; p && (p = strstr(p, "plant")); p++)
		n++;
	return n;
}

static void once(void **state)
{
	(void)state;
	rig_fresh(&rig);
	apply("sync_frequency: 30");
	shows("reads          a sensor\n");
	shows("sync           every 30 minutes\n");
	shows("job plant      last sync never, next ");
	rig_muster(&rig, "sync", "--once");
	rig_status(&rig, 0);
	assert_int_equal(runs(), 1);
	shows(" (run 1, ok), next ");
	/* Not before half an hour has passed. */
	rig_muster(&rig, "sync", "--once");
	rig_status(&rig, 0);
	assert_int_equal(runs(), 1);
	/* By hand it runs whenever somebody wants it. */
	rig_muster(&rig, "run", "plant");
	rig_status(&rig, 0);
	shows(" (run 2, ok), next ");
	rig_muster(&rig, "connection", "show", "s1", "--json");
	assert_int_equal(rig_num(rig_json(&rig), "sync_frequency"), 30);
	rig_muster(&rig, "connection", "show", "cmdb");
	rig_status(&rig, 0);
	rig_muster(&rig, "connection", "show", "nobody");
	rig_status(&rig, 1);
	rig_one_error(&rig);
}

static void switched_off(void **state)
{
	(void)state;
	rig_fresh(&rig);
	apply("sync: no");
	shows("sync           no\n");
	rig_muster(&rig, "sync", "--once");
	rig_status(&rig, 0);
	assert_int_equal(runs(), 0);
	rig_muster(&rig, "run", "plant");
	rig_status(&rig, 0);
	assert_int_equal(runs(), 1);
}

static void apply_job(const char *schedule)
{
	char *yaml = mst_asprintf("jobs:\n"
				  "  - name: plant\n    source: s1\n"
				  "    destination: cmdb\n    schedule: {%s}\n",
				  schedule);

	rig_apply_text(&rig, yaml);
	free(yaml);
}

/* A schedule of the job counts instead of its source's options, and nothing is
 * written outside its windows. */
static void schedules(void **state)
{
	static const char *const days[] = {"Sun", "Mon", "Tue", "Wed",
					   "Thu", "Fri", "Sat"};
	time_t day = time(NULL) / 86400 + 4; /* 0: Sunday */
	char text[160];

	(void)state;
	rig_fresh(&rig);
	apply("sync_frequency: 5");
	apply_job("cron: '0 0 29 2 *', time_zone: UTC");
	rig_muster(&rig, "jobs", "--next", "2");
	rig_status(&rig, 0);
	assert_non_null(strstr(rig.out.p, "-02-29T00:00:00Z"));
	rig_muster(&rig, "sync", "--once");
	rig_status(&rig, 0);
	assert_int_equal(runs(), 0);
	/* three days away, whatever the zone */
	(void)snprintf(text, sizeof(text), "every: 1h, windows: %s",
		       days[(day + 3) % 7]);
	apply_job(text);
	rig_muster(&rig, "sync", "--once");
	rig_status(&rig, 0);
	assert_int_equal(runs(), 0);
	rig_muster(&rig, "run", "plant");
	rig_status(&rig, 5);
	rig_one_error(&rig);
	assert_non_null(strstr(rig.err.p, "its window (schedule.windows)"));
	rig_muster(&rig, "plan", "plant");
	rig_status(&rig, 7);
	rig_muster(&rig, "jobs", "nobody");
	rig_status(&rig, 1);
	rig_one_error(&rig);
}

/* It goes on until it is told to stop, which is no error. */
static void going_on(void **state)
{
	static const char *const words[] = {"sync", NULL};
	pid_t pid;

	(void)state;
	rig_fresh(&rig);
	apply("sync_frequency: 5");
	pid = rig_spawn(&rig, words);
	while (runs() == 0 || !strstr(rig.out.p, "ok"))
		;
	assert_int_equal(kill(pid, SIGTERM), 0);
	rig_wait(&rig, pid);
	rig_status(&rig, 0);
	assert_int_equal(runs(), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(once),
	    cmocka_unit_test(switched_off),
	    cmocka_unit_test(schedules),
	    cmocka_unit_test(going_on),
	};

	return cmocka_run_group_tests_name("sync", tests, begin, finish);
}
