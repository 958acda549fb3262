/* SPDX-License-Identifier: Apache-2.0
 *
 * The daemon: jobs that are due, its end in every way, what systemd hears.
 */
#include "tests/lib/sync_rig.h"

#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "state/task.h"

#define NAP_MS 10
#define LOOKS  6000 /* a minute: how long anything may take */

static struct rig rig;
static char notify[128], watchdog[] = "WATCHDOG_USEC=100000";
static const char *env[] = {notify, watchdog, NULL};
static int heard = -1; /* systemd's end */
static const char *const serve[] = {"serve",  "--listen", "127.0.0.1:0",
				    "--node", "n1",	  NULL};

static int begin(void **state)
{
	static const struct mst_sim_conf conf = {
	    .devices = 20, .cve_rows = 300, .apps = -1, .iot_devices = -1};
	struct sockaddr_un at = {.sun_family = AF_UNIX};

	(void)state;
	rig_start(&rig, &conf);
	(void)snprintf(at.sun_path, sizeof(at.sun_path), "%s",
		       t_path("notify"));
	heard = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(
	    bind(heard, (const struct sockaddr *)(const void *)&at, sizeof(at)),
	    0);
	(void)snprintf(notify, sizeof(notify), "NOTIFY_SOCKET=%s", at.sun_path);
	rig.env = env;
	return 0;
}

static int finish(void **state)
{
	(void)state;
	close(heard);
	rig_stop(&rig);
	return 0;
}

/* Returns when systemd has heard it. */
static void hears(const char *what)
{
	char got[500];

	for (int i = 0; i < LOOKS; i++) {
		ssize_t n = recv(heard, got, sizeof(got) - 1, MSG_DONTWAIT);

		if (n > 0) {
			got[n] = 0;
			if (strncmp(got, what, strlen(what)) == 0)
				return;
		} else {
			(void)poll(NULL, 0, NAP_MS);
		}
	}
	fail_msg("systemd does not hear %s", what);
}

static pid_t start(const char *const *words)
{
	pid_t pid;

	rig.output = "serve.";
	pid = rig_spawn(&rig, words);
	rig.output = NULL;
	hears("READY=1");
	return pid;
}

static void hear_out(void)
{
	char got[500];

	while (recv(heard, got, sizeof(got), MSG_DONTWAIT) > 0)
		;
}

static void ends(pid_t pid, int sig, int want)
{
	int status;

	hear_out();

	assert_int_equal(kill(pid, sig), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (want >= 0)
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == want);
}

/* ---- tasks --------------------------------------------------------------- */

/* Its texts live until the next one. */
static int take(void *ctx, const struct mst_task *t)
{
	static char progress[8000], error[1000], asked_by[100];
	struct mst_task *f = ctx;

	*f = *t;
	(void)snprintf(progress, sizeof(progress), "%s", t->progress);
	(void)snprintf(error, sizeof(error), "%s", t->error);
	(void)snprintf(asked_by, sizeof(asked_by), "%s", t->asked_by);
	f->progress = progress;
	f->error = error;
	f->asked_by = asked_by;
	return 0;
}

/* The newest of a kind. */
static struct mst_task task(const char *kind)
{
	const struct mst_task_filter f = {.kind = kind, .state = -1, .n = 1};
	struct mst_task t = {.id = 0};
	struct mst_err err = MST_ERR_INIT;
	struct mst_state *state;

	t_ok(mst_state_open(rig.state, &state, &err), &err);
	t_ok(mst_tasks(state, &f, take, &t, &err), &err);
	mst_state_close(&state);
	return t;
}

static struct mst_task wait_for(enum mst_task_state state, const char *progress)
{
	struct mst_task t = {.id = 0};

	for (int i = 0; i < LOOKS; i++) {
		t = task("run");
		if (t.id && t.state == state &&
		    (!progress || strstr(t.progress, progress)))
			return t;
		(void)poll(NULL, 0, NAP_MS);
	}
	fail_msg("the run does not come so far: %s", t.id ? t.error : "none");
	return t;
}

/* ---- tests --------------------------------------------------------------- */

static void life(void **state)
{
	struct mst_task t;
	pid_t pid;

	(void)state;
	rig_fresh(&rig);
	rig_apply(&rig, NULL, NULL, "    schedule: {every: 1h}\n");
	pid = start(serve);
	t = wait_for(MST_TASK_DONE, NULL);
	assert_int_equal(t.exit_status, 0);
	assert_string_equal(t.asked_by, "schedule");
	/* all that a set had to push was pushed, in whichever round */
	assert_non_null(strstr(t.progress, "{\"stage\":\"push\""));
	assert_null(
	    strstr(t.progress, "\"push\",\"what\":\"devices\",\"done\":0"));
	assert_null(strstr(t.progress, "\"stage\":\"\""));
	rig_verify(&rig);
	hears("WATCHDOG=1");
	/* one of a state folder */
	rig_run(&rig, serve);
	rig_status(&rig, 5);
	rig_one_error(&rig);
	rig_says(&rig, ", http://127.0.0.1:");
	rig_muster(&rig, "sync", "--once");
	rig_status(&rig, 5);
	rig_says(&rig, "the service runs what is due already");
	assert_int_equal(kill(pid, SIGHUP), 0);
	hears("RELOADING=1");
	hears("READY=1");
	ends(pid, SIGTERM, 0);
	hears("STOPPING=1");
}

/* Killed, its worker ends; the next daemon takes the task up at once. */
static void killed(void **state)
{
	struct mst_task t;
	pid_t pid;

	(void)state;
	rig_fresh(&rig);
	rig_apply(&rig, NULL, NULL, "    schedule: {every: 1h}\n");
	/* long enough to be seen at it on a busy machine, too */
	rig_control(&rig, "POST", "/_sim/switches", "{\"latency_ms\":150}");
	pid = start(serve);
	(void)wait_for(MST_TASK_RUNNING, "push");
	ends(pid, SIGKILL, -1);
	rig_control(&rig, "POST", "/_sim/switches", "{\"latency_ms\":0}");
	pid = start(serve);
	t = wait_for(MST_TASK_DONE, NULL);
	assert_int_equal(t.id, 1);
	assert_int_equal(t.exit_status, 0);
	rig_verify(&rig);
	ends(pid, SIGTERM, 0);
}

/* A run that waits for requests says so, and stops when it is told. */
static void budget(void **state)
{
	struct mst_task t;
	pid_t pid;

	(void)state;
	rig_fresh(&rig);
	rig_apply(&rig, NULL, "    requests_per_hour: 25\n",
		  "    schedule: {every: 1h}\n");
	pid = start(serve);
	t = wait_for(MST_TASK_RUNNING, "request budget of cmdb");
	assert_non_null(strstr(t.progress, "\"waits_until\":\"20"));
	ends(pid, SIGTERM, 0);
	t = task("run");
	assert_int_equal(t.state, MST_TASK_QUEUED);
}

static int take_address(void *ctx, const struct mst_node *n)
{
	assert_string_equal(n->address, "127.0.0.1:0");
	++*(int *)ctx;
	return 0;
}

/* What it is called by others outlives a reload. */
static void is_known(void)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_state *state;
	int n = 0;

	t_ok(mst_state_open(rig.state, &state, &err), &err);
	t_ok(mst_nodes(state, take_address, &n, &err), &err);
	assert_int_equal(n, 1);
	mst_state_close(&state);
}

/* The watchdog hears of work that moves, not of a process that lives. */
static void stands_still(void **state)
{
	static const char *const words[] = {"serve", "--node", "n1", NULL};
	/* it writes five times a second */
	const char *quick[] = {notify, watchdog, "MUSTER_LEASE_MS=1000", NULL};
	char *path, got[100];
	sqlite3 *db;
	pid_t pid;

	(void)state;
	rig_fresh(&rig);
	rig_apply_text(&rig, "service:\n  listen: 127.0.0.1:0\n");
	path = mst_asprintf("%s/state.db", rig.state);
	rig.env = quick;
	pid = start(words);
	hears("WATCHDOG=1");
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	(void)sqlite3_busy_timeout(db, 10000);
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL),
			 SQLITE_OK);
	(void)poll(NULL, 0, 700);
	hear_out();
	(void)poll(NULL, 0, 500);
	assert_true(recv(heard, got, sizeof(got), MSG_DONTWAIT) < 0);
	assert_int_equal(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL),
			 SQLITE_OK);
	hears("WATCHDOG=1");
	assert_int_equal(kill(pid, SIGHUP), 0);
	hears("READY=1");
	/* another one took the name, and left */
	assert_int_equal(sqlite3_exec(db, "DELETE FROM node", NULL, NULL, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	for (int i = 0; i < 20; i++)
		hears("WATCHDOG=1");
	is_known();
	ends(pid, SIGTERM, 0);
	rig.env = env;
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(life),
	    cmocka_unit_test(stands_still),
	    cmocka_unit_test(killed),
	    cmocka_unit_test(budget),
	};

	return cmocka_run_group_tests_name("serve", tests, begin, finish);
}
