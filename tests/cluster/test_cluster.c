/* SPDX-License-Identifier: Apache-2.0
 *
 * Three nodes on one machine share the work of a job: state store and RecVer
 * are on PostgreSQL. While a run is under way they are killed, stopped and cut
 * off from the state store at random. In the end the CMDB is as the estate is:
 * nothing is lost, nothing is there twice.
 *
 *   test_cluster [SEED [ROUNDS]]
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/num.h"
#include "state/task.h"
#include "tests/cluster/gate.h"
#include "tests/lib/pg.h"
#include "tests/lib/sync_rig_pg.h"

#define NODES	 3
#define NAP_MS	 5
#define LOOKS	 12000 /* a minute: how long anything may take */
#define PASSWORD "not-a-real-password"

enum act { ACT_KILL, ACT_STOP, ACT_CUT, ACTS };
static const char *const act_names[] = {"killed", "stopped", "cut off"};

struct node {
	char name[8];
	char *dir;
	char env[4][256];
	const char *envp[5];
	pid_t pid; /* 0: it does not run */
	struct t_way_gate *gate;
};

static struct rig rig;
static struct mst_state *store;
static struct node nodes[NODES];
static uint64_t seed = 1, rounds = 3, dice;

static uint64_t roll(uint64_t below)
{
	dice = mst_hash64(&dice, sizeof(dice), seed);
	return dice % below;
}

/* ---- nodes --------------------------------------------------------------- */

static void node_start(struct node *n)
{
	const char *const words[] = {"serve",  "--listen", "127.0.0.1:0",
				     "--node", n->name,	   NULL};
	char *state = rig.state, output[32];
	const char *const *env = rig.env;

	(void)snprintf(output, sizeof(output), "%.8s.", n->name);
	rig.state = n->dir;
	rig.env = n->envp;
	rig.output = output;
	n->pid = rig_spawn(&rig, words);
	rig.state = state;
	rig.env = env;
	rig.output = NULL;
}

static void node_make(struct node *n, int i, const char *database)
{
	(void)snprintf(n->name, sizeof(n->name), "n%d", i + 1);
	n->dir = mst_asprintf("%s/%s", rig.dir, n->name);
	n->gate = t_way_gate_start(t_pg_port());
	(void)snprintf(n->env[0], sizeof(n->env[0]),
		       "MUSTER_STORE=postgresql://" T_PG_USER
		       "@127.0.0.1:%d/%s?sslmode=disable",
		       t_way_gate_port(n->gate), database);
	(void)snprintf(n->env[1], sizeof(n->env[1]), "PGPASSWORD=" PASSWORD);
	(void)snprintf(n->env[2], sizeof(n->env[2]), "MUSTER_LEASE_MS=1000");
	for (int k = 0; k < 3; k++)
		n->envp[k] = n->env[k];
	node_start(n);
}

/* The daemon and its workers, as a machine that stands still. */
static void node_signal(const struct node *n, int sig)
{
	char ask[64], line[32];
	FILE *f;

	(void)kill(n->pid, sig);
	(void)snprintf(ask, sizeof(ask), "pgrep -P %d", n->pid);
	f = popen(ask, "r");
	while (f && fgets(line, sizeof(line), f)) {
		int64_t pid;

		line[strcspn(line, "\n")] = 0;
		if (mst_num_i64(mst_slice_str(line), &pid))
			(void)kill((pid_t)pid, sig);
	}
	if (f)
		(void)pclose(f);
}

static void node_end(struct node *n, int sig)
{
	int status;

	if (!n->pid)
		return;
	(void)kill(n->pid, sig);
	assert_int_equal(waitpid(n->pid, &status, 0), n->pid);
	n->pid = 0;
	if (sig == SIGTERM && !(WIFEXITED(status) && WEXITSTATUS(status) == 0))
		fail_msg("node %s did not end well: %d", n->name, status);
}

static void do_act(struct node *n, enum act act)
{
	if (act == ACT_KILL)
		node_end(n, SIGKILL);
	else if (act == ACT_STOP)
		node_signal(n, SIGSTOP);
	else
		t_way_gate_cut(n->gate, true);
}

static void undo_act(struct node *n, enum act act)
{
	if (act == ACT_KILL)
		node_start(n);
	else if (act == ACT_STOP)
		node_signal(n, SIGCONT);
	else
		t_way_gate_cut(n->gate, false);
}

/* ---- tasks --------------------------------------------------------------- */

struct seen {
	enum mst_task_state state;
	int exit_status;
	int node; /* -1: none */
	int64_t run;
	char text[400];
};

static int take(void *ctx, const struct mst_task *t)
{
	struct seen *s = ctx;

	*s = (struct seen){t->state, t->exit_status, -1, t->run, ""};
	(void)snprintf(s->text, sizeof(s->text), "%s, status %d, run %lld: %s",
		       mst_task_state_name(t->state), t->exit_status,
		       (long long)t->run, t->error);
	for (int i = 0; i < NODES; i++) {
		if (strcmp(t->node, nodes[i].name) == 0)
			s->node = i;
	}
	return 0;
}

static struct seen look(int64_t id)
{
	struct mst_err err = MST_ERR_INIT;
	struct seen s = {.node = -1};

	t_ok(mst_task(store, id, take, &s, &err), &err);
	return s;
}

static bool is_over(const struct seen *s)
{
	return s->state != MST_TASK_QUEUED && s->state != MST_TASK_RUNNING;
}

/* A job that was busy waits for a minute; here nobody has the time. */
static struct seen nap(int64_t id)
{
	static unsigned n;

	(void)poll(NULL, 0, NAP_MS);
	if (++n % 20 == 0)
		t_pg_sql("cluster", "UPDATE muster_state.task SET"
				    " not_before_us = 0 WHERE state = 1");
	return look(id);
}

static int64_t put_run(void)
{
	const struct mst_task t = {.kind = "run",
				   .job = "main",
				   .connection = "",
				   .argv = "[\"run\",\"main\",\"--approve\"]",
				   .files = "",
				   .state = MST_TASK_QUEUED,
				   .repeat = true,
				   .asked_by = "test",
				   .asked_via = "api",
				   .approved_by = "",
				   .node = "",
				   .exit_status = -1,
				   .error = "",
				   .progress = ""};
	struct mst_err err = MST_ERR_INIT;
	int64_t id = 0;

	t_ok(mst_task_put(store, &t, &id, &err), &err);
	return id;
}

static struct seen wait_over(int64_t id)
{
	struct seen s = look(id);

	for (int i = 0; i < LOOKS && !is_over(&s); i++)
		s = nap(id);
	if (!is_over(&s))
		fail_msg("seed %llu: the task does not end: %s",
			 (unsigned long long)seed, s.text);
	return s;
}

static int take_writes(void *ctx, const struct mst_run *r)
{
	*(uint64_t *)ctx = r->writes;
	return 0;
}

/* Runs until one ends well; returns what that one wrote. */
static uint64_t settle(void)
{
	struct mst_err err = MST_ERR_INIT;
	uint64_t writes = 0;
	struct seen s;

	for (int i = 0; i < 5; i++) {
		s = wait_over(put_run());
		if (s.state != MST_TASK_DONE || s.exit_status != 0)
			continue;
		t_ok(mst_state_run(store, s.run, take_writes, &writes, &err),
		     &err);
		return writes;
	}
	fail_msg("seed %llu: no run ends well: %s", (unsigned long long)seed,
		 s.text);
	return 0;
}

/* ---- the test ------------------------------------------------------------ */

/* Something happens to a node while the run is under way, mostly to the one
 * that has it, and is over when another has gone on, or after a while. */
static void disturb(int64_t id)
{
	struct seen s = look(id);
	enum act act = (enum act)roll(ACTS);
	uint64_t when = roll(150);
	int victim, i;

	for (i = 0; i < LOOKS && s.node < 0 && !is_over(&s); i++)
		s = nap(id);
	for (uint64_t k = 0; k < when && !is_over(&s); k++)
		s = nap(id);
	victim = s.node >= 0 && roll(3) ? s.node : (int)roll(NODES);
	if (getenv("MUSTER_TEST_SAY"))
		(void)fprintf(stderr, "node %d %s, the run is at %d: %s\n",
			      victim + 1, act_names[act], s.node + 1, s.text);
	do_act(&nodes[victim], act);
	for (i = 0; i < 600 && !is_over(&s) && (s.node == victim || s.node < 0);
	     i++)
		s = nap(id);
	/* … or before anybody noticed it. */
	undo_act(&nodes[victim], act);
}

static void disturbed(void **unused)
{
	(void)unused;
	for (uint64_t r = 0; r < rounds; r++) {
		int64_t id;

		if (r)
			rig_control(&rig, "POST", "/_sim/day", "{\"day\":%d}",
				    (int)r);
		id = put_run();
		disturb(id);
		disturb(id);
		(void)wait_over(id);
		(void)settle();
		rig_verify(&rig);
	}
	assert_int_equal(settle(), 0);
	for (int i = 0; i < NODES; i++)
		node_end(&nodes[i], SIGTERM);
}

static int begin(void **state)
{
	static const struct mst_sim_conf conf = {
	    .devices = 40, .cve_rows = 800, .apps = -1, .iot_devices = -1};
	static char direct[256];
	static const char *env[] = {direct, NULL};
	struct mst_err err = MST_ERR_INIT;

	(void)state;
	dice = seed;
	rig_start(&rig, &conf);
	rig_on_postgres(&rig);
	t_pg_sql("postgres", "CREATE DATABASE cluster");
	t_pg_sql("postgres",
		 "ALTER ROLE " T_PG_USER " PASSWORD '" PASSWORD "'");
	(void)snprintf(direct, sizeof(direct),
		       "MUSTER_STORE=postgresql:///cluster?host=%s&port=%d"
		       "&user=" T_PG_USER,
		       t_path("pg"), t_pg_port());
	rig.env = env;
	t_ok(mst_state_open_store(t_path("looker"),
				  direct + strlen("MUSTER_STORE="), &store,
				  &err),
	     &err);
	rig_fresh(&rig);
	rig_apply(&rig, NULL, "    batch_max: 10\n", NULL);
	rig_control(&rig, "POST", "/_sim/switches", "{\"latency_ms\":10}");
	for (int i = 0; i < NODES; i++)
		node_make(&nodes[i], i, "cluster");
	return 0;
}

static int finish(void **state)
{
	(void)state;
	for (int i = 0; i < NODES; i++) {
		if (nodes[i].pid)
			node_signal(&nodes[i], SIGKILL);
		node_end(&nodes[i], SIGKILL);
		t_way_gate_stop(&nodes[i].gate);
		free(nodes[i].dir);
	}
	mst_state_close(&store);
	rig_stop(&rig);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(disturbed),
	};

	if (argc > 1)
		(void)mst_num_u64(mst_slice_str(argv[1]), &seed);
	if (argc > 2)
		(void)mst_num_u64(mst_slice_str(argv[2]), &rounds);
	(void)setenv("MUSTER_LEASE_MS", "1000", 1);
	return cmocka_run_group_tests_name("cluster", tests, begin, finish);
}
