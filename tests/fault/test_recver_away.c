/* SPDX-License-Identifier: Apache-2.0
 *
 * RecVer's server goes away in the middle of a run: the connection is cut,
 * once, wherever it may be; another member becomes the primary. The run goes on
 * by itself and ends as if nothing had happened. And the store has one writer.
 * The argument says which store.
 */
#include "tests/lib/sync_rig_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "recver/recver.h"
#include "tests/lib/mongo_gate.h"
#include "tests/lib/odbc.h"

/* Of each run and direction. */
#define CUTS  (T_SANITIZED ? 2 : 5)
#define MOVES (T_SANITIZED ? 2 : 5)

static struct rig rig;
static const char *store;
static struct t_way way;
static bool day1; /* the run that is disturbed is that of patch Tuesday */

static void prepare(void)
{
	rig_fresh(&rig);
	if (!day1)
		return;
	(void)rig_sync(&rig, 0);
	rig_control(&rig, "POST", "/_sim/synced", "{}");
	rig_control(&rig, "POST", "/_sim/day", "{\"day\":1}");
	rig_control(&rig, "POST", "/_sim/sn/users", "{\"seed\":7}");
}

/* The run that was disturbed has ended well, and everything is as after one
 * that was not. */
static void check(const char *straight)
{
	char *recver;

	rig_status(&rig, 0);
	rig_verify(&rig);
	recver = rig_recver(&rig);
	assert_string_equal(recver, straight);
	free(recver);
	rig_quiet(&rig);
}

static char *go_straight(void)
{
	prepare();
	(void)rig_sync(&rig, 0);
	rig_verify(&rig);
	return rig_recver(&rig);
}

/* ---- by a way that is cut ------------------------------------------------ */

/* Bytes of the run that is to be disturbed. */
static long length(bool answers, char **straight_r)
{
	long was;

	prepare();
	was = atomic_load(answers ? &way.received : &way.sent);
	(void)rig_sync(&rig, 0);
	was = atomic_load(answers ? &way.received : &way.sent) - was;
	rig_verify(&rig);
	*straight_r = rig_recver(&rig);
	return was;
}

static void cut_everywhere(bool answers)
{
	char *straight;
	long n = length(answers, &straight);

	atomic_store(&way.answers, answers);
	for (int i = 0; i < CUTS; i++) {
		unsigned cuts = atomic_load(&way.cuts);

		prepare();
		atomic_store(&way.cut_after, n * (2 * i + 1) / (2 * CUTS));
		rig_muster(&rig, "run", "main", "--json");
		atomic_store(&way.cut_after, T_WAY_NEVER);
		assert_int_equal(atomic_load(&way.cuts), cuts + 1);
		check(straight);
	}
	free(straight);
}

static void cut_by_way(void **state)
{
	(void)state;
	rig_on_way(&rig, store, &way);
	for (int day = 0; day < 2; day++) {
		day1 = day;
		cut_everywhere(false);
		cut_everywhere(true);
	}
	print_message("cut %u times\n", atomic_load(&way.cuts));
	t_way_shut(&way);
}

/* ---- in the driver ------------------------------------------------------- */

/* False: the run made fewer calls. */
static bool cut_call(const char *when, unsigned n, const char *straight)
{
	char text[600];
	const char *hit = t_path("hit"), *env[] = {text, NULL};

	prepare();
	(void)unlink(hit);
	(void)snprintf(text, sizeof(text), T_ODBC_CUT "=%s:%u:%s", when, n,
		       hit);
	rig.env = env;
	rig_muster(&rig, "run", "main", "--json");
	rig.env = NULL;
	check(straight);
	return access(hit, F_OK) == 0;
}

static void cut_in_driver(void **state)
{
	unsigned n, cuts = 0;

	(void)state;
	rig_on(&rig, store);
	for (int day = 0; day < 2; day++) {
		char *straight;

		day1 = day;
		straight = go_straight();
		for (n = 1; cut_call(n % 2 ? "before" : "after", n, straight);
		     n += T_SANITIZED ? 29 : 9)
			cuts++;
		free(straight);
	}
	print_message("cut %u times\n", cuts);
	assert_in_range(cuts, 10, 200);
}

/* ---- another primary ----------------------------------------------------- */

static void fail_over(void **state)
{
	struct t_gate gate = {.set = "rs0", .wire = 17};
	char *straight;
	uint64_t n, moves = 0;

	(void)state;
	t_gate_start(&gate);
	rig_on_servers(&rig, t_gate_server(&gate), gate.set);
	for (int day = 0; day < 2; day++) {
		day1 = day;
		prepare();
		gate.passed = 0;
		(void)rig_sync(&rig, 0);
		n = gate.passed;
		straight = rig_recver(&rig);
		for (uint64_t i = 0; i < MOVES; i++) {
			prepare();
			gate.passed = 0;
			gate.moves_at = n * (2 * i + 1) / (2 * MOVES);
			/* Every other time the old one has died. */
			gate.elects = i % 2 ? 5 : 0;
			rig_muster(&rig, "run", "main", "--json");
			gate.moves_at = gate.elects = 0;
			assert_int_equal(gate.moves, ++moves);
			check(straight);
		}
		free(straight);
	}
	t_gate_stop(&gate);
}

/* ---- one writer ---------------------------------------------------------- */

/* Somebody else has the store: nothing is read, nothing is written. */
static void one_writer(void **state)
{
	struct mst_recver_conf conf;
	struct mst_recver *r = NULL;
	struct mst_err err = MST_ERR_INIT;
	int64_t writes;
	char *held;

	(void)state;
	day1 = true;
	rig_on(&rig, store);
	prepare();
	conf = rig_store_conf();
	t_ok(mst_recver_find(store)->open(&conf, "defender", true, &r, &err),
	     &err);
	writes = rig_sn_writes(&rig);
	rig_muster(&rig, "run", "main", "--json");
	rig_status(&rig, 5);
	rig_one_error(&rig);
	rig_says(&rig, "in use by");
	held = mst_asprintf("%d", (int)getpid());
	rig_says(&rig, held);
	free(held);
	assert_int_equal(rig_sn_writes(&rig), writes);
	r->ops->close(&r);
	assert_true(rig_sync(&rig, 0) > 0);
	rig_verify(&rig);
	rig_quiet(&rig);
}

/* The run's lease is taken in the middle of it. False: it was at its end. */
static bool robbed(int latency_ms)
{
	static const char *const words[] = {"run", "main", "--json", NULL};
	struct timespec pause = {0, 2000000};
	int64_t before;
	pid_t pid;

	prepare();
	rig_control(&rig, "POST", "/_sim/switches", "{\"latency_ms\":%d}",
		    latency_ms);
	before = rig_sn_writes(&rig);
	pid = rig_spawn(&rig, words);
	while (rig_sn_writes(&rig) == before)
		(void)nanosleep(&pause, NULL);
	rig_store_lease("other");
	(void)rig_wait(&rig, pid);
	rig_control(&rig, "POST", "/_sim/switches", "{\"latency_ms\":0}");
	return rig.status != 0;
}

/* It stops, and believes nothing that it could not store: the next run looks up
 * what was in flight, and nothing is there twice. */
static void lease_is_taken(void **state)
{
	char *straight;
	int ms = 20;

	(void)state;
	day1 = true;
	rig_on(&rig, store);
	straight = go_straight();
	while (!robbed(ms))
		assert_true((ms *= 3) < 2000);
	rig_status(&rig, 5);
	rig_one_error(&rig);
	rig_says(&rig, "taken over by elsewhere.example, process 7");
	rig_muster(&rig, "run", "main", "--json");
	rig_status(&rig, 5);
	rig_says(&rig, "in use by elsewhere.example, process 7");
	rig_store_lease("");
	rig_muster(&rig, "run", "main", "--json");
	check(straight);
	free(straight);
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

#define T(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(int argc, char **argv)
{
	const struct CMUnitTest on_sqlite[] = {T(one_writer)};
	const struct CMUnitTest on_postgres[] = {T(cut_by_way), T(one_writer),
						 T(lease_is_taken)};
	const struct CMUnitTest on_sqlserver[] = {
	    T(cut_in_driver), T(one_writer), T(lease_is_taken)};
	const struct CMUnitTest on_mongodb[] = {
	    T(cut_by_way), T(fail_over), T(one_writer), T(lease_is_taken)};

	store = argc > 1 ? argv[1] : "sqlite";
	if (strcmp(store, "postgres") == 0)
		return cmocka_run_group_tests_name(store, on_postgres, NULL,
						   NULL);
	if (strcmp(store, "sqlserver") == 0)
		return cmocka_run_group_tests_name(store, on_sqlserver, NULL,
						   NULL);
	if (strcmp(store, "mongodb") == 0)
		return cmocka_run_group_tests_name(store, on_mongodb, NULL,
						   NULL);
	return cmocka_run_group_tests_name(store, on_sqlite, NULL, NULL);
}
