/* SPDX-License-Identifier: Apache-2.0
 *
 * A job whose state store is on PostgreSQL: the same life as with a file; two
 * runs at once; a run that was stopped and overtaken; a store that goes away
 * and comes back; the audit of it all; and back into a file.
 */
#include "tests/lib/sync_rig.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/lib/pg.h"

static struct rig rig;
static char *url;
static char database[32];
static const char *const run_words[] = {"run", "main", "--json", NULL};

/* A new and empty store; it is in every child's environment. */
static void new_store(void)
{
	static unsigned n;

	(void)snprintf(database, sizeof(database), "store_%u", n++);
	t_pg_sql("postgres", "CREATE DATABASE %s", database);
	free(url);
	url = mst_asprintf("postgresql:///%s?host=%s&port=%d&user=" T_PG_USER,
			   database, t_path("pg"), t_pg_port());
	assert_int_equal(setenv("MUSTER_STORE", url, 1), 0);
	rig_fresh(&rig);
}

static int64_t in_run(pid_t *pid_r)
{
	struct timespec pause = {0, 5000000};
	int64_t before = rig_sn_writes(&rig);

	rig_control(&rig, "POST", "/_sim/switches", "{\"latency_ms\":30}");
	*pid_r = rig_spawn(&rig, run_words);
	while (rig_sn_writes(&rig) == before)
		(void)nanosleep(&pause, NULL);
	return before;
}

static void fast_again(void)
{
	rig_control(&rig, "POST", "/_sim/switches", "{\"latency_ms\":0}");
}

static void life(void **state)
{
	new_store();
	assert_true(rig_sync(&rig, 0) > 0);
	rig_says(&rig, "RecVer of 'defender' is a file of this machine");
	rig_verify(&rig);
	rig_quiet(&rig);
	rig_control(&rig, "POST", "/_sim/day", "{\"day\":1}");
	assert_true(rig_sync(&rig, 0) > 0);
	rig_verify(&rig);
	rig_muster(&rig, "runs", "--json");
	rig_status(&rig, 0);
	assert_int_equal(mst_json_len(rig_json(&rig)), 3);
	rig_muster(&rig, "undo", "3", "--yes");
	rig_status(&rig, 0);
	rig_muster(&rig, "audit", "--kind", "run", "--json");
	rig_status(&rig, 0);
	assert_int_equal(mst_json_len(rig_json(&rig)), 1);
	rig_muster(&rig, "audit", "--name", "main", "--kind", "job", "--json");
	assert_int_equal(mst_json_len(rig_json(&rig)), 1 + 3);
	rig_muster(&rig, "store", "show", "--json");
	assert_int_equal(rig_num(rig_json(&rig), "runs"), 4);
	rig_muster(&rig, "audit", "verify");
	rig_status(&rig, 0);
	/* Into a file, which goes on where it was. */
	(void)rig_sync(&rig, 0);
	rig_muster(&rig, "store", "copy", "--to", "sqlite");
	rig_status(&rig, 0);
	assert_int_equal(setenv("MUSTER_STORE", "sqlite", 1), 0);
	rig_quiet(&rig);
	rig_muster(&rig, "audit", "verify");
	rig_status(&rig, 0);
}

static void one_at_a_time(void **state)
{
	pid_t pid;

	new_store();
	rig.output = "first";
	(void)in_run(&pid);
	rig.output = NULL;
	rig_muster(&rig, "run", "main");
	rig_status(&rig, 5);
	rig_says(&rig, "job 'main' is in use by process ");
	fast_again();
	(void)rig_wait(&rig, pid);
	rig_status(&rig, 0);
	rig_verify(&rig);
	rig_quiet(&rig);
}

/* Its lease went to another one while it stood still: it ends with one line,
 * and the next run finds everything as it is. */
static void stopped_and_overtaken(void **state)
{
	int status;
	pid_t pid;

	new_store();
	(void)in_run(&pid);
	assert_int_equal(kill(pid, SIGSTOP), 0);
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	assert_true(WIFSTOPPED(status));
	t_pg_sql(database, "UPDATE muster_state.lease SET token = token + 1,"
			   " until_us = 0");
	fast_again();
	assert_int_equal(kill(pid, SIGCONT), 0);
	(void)rig_wait(&rig, pid);
	assert_int_not_equal(rig.status, 0);
	rig_one_error(&rig);
	rig_says(&rig, "job 'main' went to another process");
	(void)rig_sync(&rig, 0);
	rig_verify(&rig);
	rig_quiet(&rig);
}

/* The store goes away for a moment while a run writes: the run fails with one
 * line, or does not even notice, and the next one is right. */
static void away_for_a_moment(void **state)
{
	pid_t pid;

	new_store();
	(void)in_run(&pid);
	t_pg_stop(true);
	t_pg_again();
	fast_again();
	(void)rig_wait(&rig, pid);
	if (rig.status != 0) {
		rig_one_error(&rig);
		rig_says(&rig, "state store 'postgresql://");
	}
	/* A lease that could not be given back runs out by itself. */
	while (rig_run(&rig, run_words) == 5)
		;
	rig_status(&rig, 0);
	rig_verify(&rig);
	rig_quiet(&rig);
	t_pg_stop(false);
	rig_muster(&rig, "run", "main");
	rig_status(&rig, 1);
	rig_one_error(&rig);
	t_pg_again();
	rig_quiet(&rig);
}

static int set_up(void **state)
{
	rig_start(&rig, NULL);
	t_pg_start();
	assert_int_equal(setenv("MUSTER_LEASE_MS", "1000", 1), 0);
	return 0;
}

static int tear_down(void **state)
{
	rig_stop(&rig);
	free(url);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(life),
	    cmocka_unit_test(one_at_a_time),
	    cmocka_unit_test(stopped_and_overtaken),
	    cmocka_unit_test(away_for_a_moment),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
