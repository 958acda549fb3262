/* SPDX-License-Identifier: Apache-2.0
 *
 * A job whose RecVer is on PostgreSQL: from the first run to a reset, with a
 * server that is restarted in the middle, gone, and not to be written to.
 */
#include "tests/lib/sync_rig_pg.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/lib/pg.h"

static struct rig rig;

static void day(int n)
{
	rig_control(&rig, "POST", "/_sim/day", "{\"day\":%d}", n);
}

static void life(void **state)
{
	char *first, *again;

	(void)state;
	rig_fresh(&rig);
	assert_true(rig_sync(&rig, 0) > 0);
	rig_verify(&rig);
	rig_quiet(&rig);
	first = rig_recver(&rig);
	assert_string_not_equal(
	    t_pg_ask(RIG_PG_DATABASE, "SELECT count(*) FROM muster.grp"), "0");
	assert_string_equal(
	    t_pg_ask(RIG_PG_DATABASE, "SELECT token FROM muster.lease"), "");
	day(1);
	assert_true(rig_sync(&rig, 0) > 0);
	rig_verify(&rig);
	rig_quiet(&rig);
	again = rig_recver(&rig);
	assert_string_not_equal(again, first);
	free(first);
	/* Forgotten: everything is looked up, nothing is written twice. */
	rig_muster(&rig, "recver", "reset", "main", "--yes");
	rig_status(&rig, 0);
	(void)rig_sync(&rig, 0);
	rig_verify(&rig);
	free(again);
	rig_quiet(&rig);
}

/* The server goes and comes back while a run writes. */
static void restarted_in_the_middle(void **state)
{
	static const char *const words[] = {"run", "main", "--json", NULL};
	struct timespec pause = {0, 5000000};
	int64_t before;
	pid_t pid;

	(void)state;
	rig_fresh(&rig);
	rig_control(&rig, "POST", "/_sim/switches", "{\"latency_ms\":30}");
	before = rig_sn_writes(&rig);
	pid = rig_spawn(&rig, words);
	while (rig_sn_writes(&rig) == before)
		(void)nanosleep(&pause, NULL);
	t_pg_stop(true);
	t_pg_again();
	(void)rig_wait(&rig, pid);
	rig_status(&rig, 0);
	rig_control(&rig, "POST", "/_sim/switches", "{\"latency_ms\":0}");
	rig_verify(&rig);
	rig_quiet(&rig);
}

/* One line of error, and the next run is right. */
static void refused(void **state)
{
	(void)state;
	rig_fresh(&rig);
	(void)rig_sync(&rig, 0);
	rig_verify(&rig);
	day(1);
	t_pg_sql("postgres", "ALTER DATABASE " RIG_PG_DATABASE
			     " SET default_transaction_read_only = on");
	rig_muster(&rig, "run", "main");
	rig_status(&rig, 4);
	rig_one_error(&rig);
	rig_says(&rig, "RecVer '" RIG_PG_DATABASE "' on '");
	rig_says(&rig, "read-only");
	t_pg_sql("postgres", "SET default_transaction_read_only = off;"
			     "ALTER DATABASE " RIG_PG_DATABASE
			     " RESET default_transaction_read_only");
	t_pg_stop(false);
	rig_muster(&rig, "run", "main");
	rig_status(&rig, 1);
	rig_one_error(&rig);
	rig_says(&rig, "RecVer '" RIG_PG_DATABASE "' on '");
	t_pg_again();
	(void)rig_sync(&rig, 0);
	rig_verify(&rig);
}

static void wrong_options(void **state)
{
	static const struct {
		const char *lines, *says;
	} wrong[] = {
	    {"    recver:\n      type: postgre\n",
	     "conf.yaml:10:13: connection 'defender': unknown recver.type "
	     "'postgre'; did you mean 'postgres'?"},
	    {"    recver:\n      server: db.example\n",
	     "conf.yaml:10:15: connection 'defender': recver.server means "
	     "nothing with recver.type 'sqlite'"},
	    {"    recver:\n      type: postgres\n      path: /x\n",
	     "recver.path means nothing with recver.type 'postgres'"},
	    {"    recver:\n      type: postgres\n      encrypt: maybe\n",
	     "recver.encrypt is verify, trust or off"},
	    {"    recver:\n      type: postgres\n      server: db\n"
	     "      encrypt: off\n      ca_file: /x\n",
	     "recver.ca_file is looked at with recver.encrypt 'verify' only"},
	    {"    recver:\n      type: postgres\n      ca_file: /x\n",
	     "recver.ca_file needs recver.server"},
	    {"    recver:\n      type: postgres\n      password: geheim\n",
	     "must be a reference"},
	};

	(void)state;
	for (size_t i = 0; i < MST_LEN(wrong); i++) {
		char *path = mst_asprintf("%s/conf.yaml", rig.dir);
		char *yaml = mst_asprintf("connections:\n"
					  "  - name: defender\n"
					  "    type: endpoint\n"
					  "    tenant_id: t.example.com\n"
					  "    client_id: c\n"
					  "    client_secret: env:X\n"
					  "    enrich: no\n"
					  "    hardware: no\n"
					  "%s",
					  wrong[i].lines);

		t_write(path, mst_slice_str(yaml));
		rig_muster(&rig, "apply", "-f", path);
		rig_status(&rig, 1);
		rig_one_error(&rig);
		rig_says(&rig, wrong[i].says);
		assert_null(strstr(rig.err.p, "geheim"));
		free(path);
		free(yaml);
	}
}

static int set_up(void **state)
{
	(void)state;
	rig_start(&rig, NULL);
	rig_on_postgres(&rig);
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
	    cmocka_unit_test(life),
	    cmocka_unit_test(restarted_in_the_middle),
	    cmocka_unit_test(refused),
	    cmocka_unit_test(wrong_options),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
