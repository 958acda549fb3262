/* SPDX-License-Identifier: Apache-2.0
 *
 * The keeper and its workers. In the place of muster stands a script that does
 * what the first word says.
 */
#include "tests/lib/t.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/time.h"
#include "serve/busy.h"
#include "serve/keeper.h"
#include "serve/systemd.h"
#include "serve/words.h"
#include "state/task.h"
#include "sync/config.h"

static const char script[] =
    "#!/bin/sh\n"
    "ev() { printf '%s\\n' \"$1\" >&3; }\n"
    "case $1 in\n"
    "run)\n"
    "  ev '{\"event\":\"run\",\"id\":7}'\n"
    "  ev 'this is no event'\n"
    "  ev '{\"event\":\"progress\",\"stage\":\"push\",\"what\":\"devices\","
    "\"done\":5,\"total\":10,\"bytes\":false,\"requests\":2,\"end\":false}'\n"
    "  echo \"{\\\"job\\\":\\\"$2\\\",\\\"actor\\\":\\\"$MUSTER_ACTOR\\\"}\"\n"
    "  echo 'a line of the log' >&2\n"
    "  exit 3;;\n"
    "fails)\n"
    "  ev '{\"event\":\"error\",\"code\":\"auth\",\"text\":\"no access\"}'\n"
    "  exit 4;;\n"
    "busy)\n"
    "  ev '{\"event\":\"error\",\"code\":\"conflict\",\"text\":\"it is in "
    "use\"}'\n"
    "  exit 5;;\n"
    "crash) kill -9 $$;;\n"
    "cat) cat \"$2\"; exit 0;;\n"
    "words) shift; for w in \"$@\"; do echo \"[$w]\"; done; exit 0;;\n"
    "much) head -c 70000000 /dev/zero; exit 0;;\n"
    "hang)\n"
    "  trap 'echo stopped; exit 130' TERM\n"
    "  ev '{\"event\":\"check\",\"id\":\"up\"}'\n"
    "  while :; do sleep 100 & wait $!; done;;\n"
    "esac\n";

/* ---- what the keeper tells ----------------------------------------------- */

static struct {
	pthread_mutex_t lock;
	pthread_cond_t more;
	char text[1u << 16];
	size_t n;
} heard = {.lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER};

static void hear(void *ctx, const char *topic, const char *event,
		 struct mst_slice data)
{
	(void)ctx;
	(void)pthread_mutex_lock(&heard.lock);
	if (sizeof(heard.text) - heard.n > data.n + 200)
		heard.n += (size_t)snprintf(
		    heard.text + heard.n, sizeof(heard.text) - heard.n,
		    "%s %s %.*s\n", topic, event, MST_SLICE_ARG(data));
	(void)pthread_cond_broadcast(&heard.more);
	(void)pthread_mutex_unlock(&heard.lock);
}

static void forget(void)
{
	(void)pthread_mutex_lock(&heard.lock);
	heard.n = 0;
	heard.text[0] = 0;
	(void)pthread_mutex_unlock(&heard.lock);
}

/* Returns when a line with both was told. What never comes ends the test by its
 * alarm. */
static void wait_for(const char *topic, const char *part)
{
	char want[200];

	(void)snprintf(want, sizeof(want), "%s", part);
	(void)pthread_mutex_lock(&heard.lock);
	for (;;) {
		char *line = heard.text;

		while (line) {
			char *end = strchr(line, '\n');

			if (end)
				*end = 0;
			if (strncmp(line, topic, strlen(topic)) == 0 &&
			    strstr(line, want)) {
				if (end)
					*end = '\n';
				(void)pthread_mutex_unlock(&heard.lock);
				return;
			}
			if (end)
				*end = '\n';
			line = end ? end + 1 : NULL;
		}
		(void)pthread_cond_wait(&heard.more, &heard.lock);
	}
}

/* ---- a keeper ------------------------------------------------------------ */

struct rig {
	struct mst_state *state;
	struct mst_keeper *k;
	char program[4096];
};

static void rig_start(struct rig *r, const char *dir, const char *node)
{
	const struct mst_keeper_conf conf = {.state_dir = dir,
					     .node = node,
					     .address = "",
					     .version = "1",
					     .program = r->program,
					     .slots = 4,
					     .told = {.event = hear}};
	struct mst_err err = MST_ERR_INIT;

	t_ok(mst_keeper_start(&conf, &r->k, &err), &err);
}

static void rig_open(struct rig *r, const char *name)
{
	struct mst_err err = MST_ERR_INIT;

	(void)alarm(120);
	forget();
	(void)snprintf(r->program, sizeof(r->program), "%s",
		       t_path("%s.sh", name));
	t_write(r->program, mst_slice_str(script));
	assert_int_equal(chmod(r->program, 0700), 0);
	t_ok(mst_state_open(t_path("%s", name), &r->state, &err), &err);
	rig_start(r, mst_state_dir(r->state), "n1");
}

static void rig_close(struct rig *r)
{
	mst_keeper_free(&r->k);
	mst_state_close(&r->state);
	(void)alarm(0);
}

static int64_t put(struct rig *r, const char *kind, const char *argv,
		   const char *files, bool repeat)
{
	const struct mst_task t = {.kind = kind,
				   .job = repeat ? "main" : "",
				   .connection = "",
				   .argv = argv,
				   .files = files,
				   .state = MST_TASK_QUEUED,
				   .repeat = repeat,
				   .asked_by = "ann",
				   .asked_via = "api",
				   .approved_by = "",
				   .node = "",
				   .exit_status = -1,
				   .error = "",
				   .progress = ""};
	struct mst_err err = MST_ERR_INIT;
	int64_t id = 0;

	t_ok(mst_task_put(r->state, &t, &id, &err), &err);
	mst_keeper_wake(r->k);
	return id;
}

struct found {
	struct mst_task t;
	char error[300], progress[600];
};

static int take(void *ctx, const struct mst_task *t)
{
	struct found *f = ctx;

	f->t = *t;
	(void)snprintf(f->error, sizeof(f->error), "%s", t->error);
	(void)snprintf(f->progress, sizeof(f->progress), "%s", t->progress);
	return 0;
}

static struct found look(struct rig *r, int64_t id)
{
	struct mst_err err = MST_ERR_INIT;
	struct found f;

	t_ok(mst_task(r->state, id, take, &f, &err), &err);
	return f;
}

static void ends(int64_t id)
{
	char topic[32];

	(void)snprintf(topic, sizeof(topic), "task/%lld ", (long long)id);
	wait_for(topic, " exit ");
}

static void output_is(struct rig *r, int64_t id, bool log, const char *want)
{
	struct mst_buf out = MST_BUF_INIT(1u << 20);
	struct mst_err err = MST_ERR_INIT;

	t_ok(mst_task_output(r->state, id, log, &out, &err), &err);
	t_is(mst_buf_slice(&out), want);
	mst_buf_fini(&out);
}

/* ---- tests --------------------------------------------------------------- */

static void runs(void **unused)
{
	struct rig r;
	struct found f;
	int64_t id;

	(void)unused;
	rig_open(&r, "runs");
	id = put(&r, "run", "[\"run\",\"main\"]", "", true);
	ends(id);
	f = look(&r, id);
	assert_int_equal(f.t.state, MST_TASK_DONE);
	assert_int_equal(f.t.exit_status, 3);
	assert_int_equal(f.t.run, 7);
	assert_non_null(strstr(f.progress, "\"what\":\"devices\""));
	output_is(&r, id, false, "{\"job\":\"main\",\"actor\":\"ann\"}\n");
	output_is(&r, id, true, "a line of the log\n");
	wait_for("task/1 progress", "\"done\":5,\"total\":10");
	wait_for("task/1 stderr", "a line of the log");
	wait_for("all task", "\"state\":\"running\"");
	wait_for("all task", "\"state\":\"done\"");
	wait_for("all run", "\"id\":7,\"task\":1,\"job\":\"main\"");
	rig_close(&r);
}

static void ends_badly(void **unused)
{
	struct rig r;
	struct found f;
	int64_t id;

	(void)unused;
	rig_open(&r, "badly");
	id = put(&r, "check", "[\"fails\"]", "", true);
	ends(id);
	f = look(&r, id);
	assert_int_equal(f.t.state, MST_TASK_DONE);
	assert_int_equal(f.t.exit_status, 4);
	assert_string_equal(f.error, "no access");
	id = put(&r, "check", "[\"crash\"]", "", true);
	ends(id);
	f = look(&r, id);
	assert_int_equal(f.t.state, MST_TASK_FAILED);
	assert_non_null(strstr(f.error, "signal 9"));
	t_log_expect(MST_ERROR, "words of the task", 1);
	id = put(&r, "check", "[]", "", true);
	ends(id);
	f = look(&r, id);
	assert_int_equal(f.t.state, MST_TASK_FAILED);
	rig_close(&r);
}

/* The task as it is after so many tries, its time having come. */
static void put_back(struct rig *r, int64_t id, int64_t tries)
{
	struct mst_buf progress = MST_BUF_INIT(4096);
	struct mst_err err = MST_ERR_INIT;
	struct found f;
	bool got;

	mst_busy_json(&progress, "main", tries, "it was in use", mst_now_us());
	t_ok(mst_task_claim(r->state, "n1", mst_now_us() + 2 * MST_BUSY_US,
			    NULL, take, &f, &got, &err),
	     &err);
	assert_true(got);
	assert_int_equal(f.t.id, id);
	t_ok(mst_task_defer(r->state, id, "n1", 0, progress.p, &err), &err);
	mst_buf_fini(&progress);
	mst_keeper_wake(r->k);
}

/* Its job is busy: it waits and says for what, but not without end. */
static void busy(void **unused)
{
	struct rig r;
	struct found f;
	int64_t id;

	(void)unused;
	rig_open(&r, "busy");
	id = put(&r, "run", "[\"busy\"]", "", true);
	wait_for("all task", "\"job\":\"main\",\"state\":\"queued\"");
	f = look(&r, id);
	assert_int_equal(f.t.state, MST_TASK_QUEUED);
	assert_true(f.t.not_before_us > mst_now_us());
	assert_non_null(strstr(f.progress, "\"stage\":\"busy\""));
	assert_non_null(strstr(f.progress, "\"done\":1,"));
	assert_non_null(strstr(f.progress, "\"waits\":\"it is in use\""));
	assert_non_null(strstr(f.progress, "\"waits_until\":\"20"));
	forget();
	put_back(&r, id, 30);
	wait_for("all task", "\"job\":\"main\",\"state\":\"queued\"");
	f = look(&r, id);
	assert_non_null(strstr(f.progress, "\"done\":31,"));
	put_back(&r, id, MST_BUSY_TRIES - 1);
	ends(id);
	f = look(&r, id);
	assert_int_equal(f.t.state, MST_TASK_DONE);
	assert_int_equal(f.t.exit_status, 5);
	assert_string_equal(f.error, "it is in use");
	rig_close(&r);
}

static void files(void **unused)
{
	struct rig r;
	int64_t id;

	(void)unused;
	rig_open(&r, "files");
	id = put(&r, "command", "[\"cat\",\"@m.yaml\"]",
		 "{\"m.yaml\":\"jobs:\\n\"}", false);
	ends(id);
	output_is(&r, id, false, "jobs:\n");
	wait_for("task/1 stdout", "jobs:");
	rig_close(&r);
	/* nothing of it is left */
	assert_int_equal(rmdir(t_path("files/tasks")), 0);
}

static void bounded(void **unused)
{
	struct rig r;
	struct found f;
	int64_t id;

	(void)unused;
	rig_open(&r, "bounded");
	id = put(&r, "report", "[\"much\"]", "", false);
	ends(id);
	f = look(&r, id);
	assert_int_equal(f.t.state, MST_TASK_DONE);
	assert_int_equal(f.t.output_n, MST_TASK_OUTPUT);
	assert_non_null(strstr(f.error, "more than is kept"));
	rig_close(&r);
}

static void cancel(void **unused)
{
	struct mst_err err = MST_ERR_INIT;
	enum mst_task_state state;
	struct rig r;
	struct found f;
	int64_t id;

	(void)unused;
	rig_open(&r, "cancel");
	id = put(&r, "run", "[\"hang\"]", "", true);
	wait_for("task/1 check", "up");
	t_ok(mst_task_cancel(r.state, id, &state, &err), &err);
	assert_int_equal(state, MST_TASK_RUNNING);
	mst_keeper_wake(r.k);
	ends(id);
	f = look(&r, id);
	assert_int_equal(f.t.state, MST_TASK_CANCELLED);
	assert_int_equal(f.t.exit_status, 130);
	output_is(&r, id, false, "stopped\n");
	rig_close(&r);
}

/* One of a job at a time: the second waits for the first. */
static void one_at_a_time(void **unused)
{
	struct mst_err err = MST_ERR_INIT;
	enum mst_task_state state;
	struct found f;
	struct rig r;
	int64_t a, b, c;

	(void)unused;
	rig_open(&r, "one");
	a = put(&r, "run", "[\"hang\"]", "", true);
	wait_for("task/1 check", "up");
	b = put(&r, "run", "[\"run\",\"main\"]", "", true);
	c = put(&r, "report", "[\"words\",\"x\"]", "", true);
	ends(c);
	f = look(&r, b);
	assert_int_equal(f.t.state, MST_TASK_QUEUED);
	assert_non_null(
	    strstr(f.progress, "\"waits\":\"task 1 of the same job\""));
	t_ok(mst_task_cancel(r.state, a, &state, &err), &err);
	mst_keeper_wake(r.k);
	ends(a);
	ends(b);
	f = look(&r, b);
	assert_int_equal(f.t.exit_status, 3);
	assert_non_null(strstr(f.progress, "\"waits\":null"));
	rig_close(&r);
}

static void until_ready(const struct rig *r, bool ready)
{
	const struct timespec nap = {0, 10000000};
	const char *why = "";

	while (mst_keeper_ready(r->k, &why) != ready) {
		mst_keeper_wake(r->k);
		(void)nanosleep(&nap, NULL);
	}
	if (!ready)
		assert_string_equal(why, "the state store");
}

/* What is written to a file that is removed goes nowhere. */
static void store_gone(void **unused)
{
	const char *away = t_path("away.db");
	struct rig r;

	(void)unused;
	rig_open(&r, "gone");
	until_ready(&r, true);
	t_log_expect(MST_ERROR, "it was removed or replaced", 1);
	assert_int_equal(rename(mst_state_store(r.state), away), 0);
	until_ready(&r, false);
	assert_int_equal(rename(away, mst_state_store(r.state)), 0);
	until_ready(&r, true);
	rig_close(&r);
}

/* The daemon is stopped: what may be repeated is the next one's. */
static void stops(void **unused)
{
	struct rig r;
	struct found f;
	int64_t a, b;

	(void)unused;
	rig_open(&r, "stops");
	a = put(&r, "run", "[\"hang\"]", "", true);
	b = put(&r, "undo", "[\"hang\"]", "", false);
	wait_for("task/1 check", "up");
	wait_for("task/2 check", "up");
	mst_keeper_free(&r.k);
	assert_int_equal(look(&r, a).t.state, MST_TASK_QUEUED);
	f = look(&r, b);
	assert_int_equal(f.t.state, MST_TASK_FAILED);
	assert_non_null(strstr(f.error, "the service was stopped"));
	forget();
	rig_start(&r, mst_state_dir(r.state), "n1");
	wait_for("task/1 check", "up");
	rig_close(&r);
}

static void node_names(void **unused)
{
	const struct mst_keeper_conf conf = {
	    .node = "n1", .address = "", .version = "1"};
	struct mst_keeper_conf other = conf;
	struct mst_err err = MST_ERR_INIT;
	struct mst_keeper *k;
	struct rig r;

	(void)unused;
	rig_open(&r, "names");
	other.state_dir = mst_state_dir(r.state);
	t_failed(mst_keeper_start(&other, &k, &err), &err, MST_E_CONFLICT,
		 "n1");
	rig_close(&r);
}

/* ---- words --------------------------------------------------------------- */

static void words(void **unused)
{
	static const struct {
		const char *argv, *files, *part; /* NULL: it works */
	} rows[] = {
	    {"[\"run\",\"main\"]", "", NULL},
	    {"[\"apply\",\"-f\",\"@a.yaml\"]", "{\"a.yaml\":\"x\"}", NULL},
	    {"{}", "", "1 to 256"},
	    {"[]", "", "1 to 256"},
	    {"[1]", "", "no text"},
	    {"[\"a\\u0000b\"]", "", "no text"},
	    {"[\"a\"", "", "words of the task"},
	    {"[\"a\"]", "{\"../x\":\"y\"}", "no name of a file"},
	    {"[\"a\"]", "{\".x\":\"y\"}", "no name of a file"},
	    {"[\"a\"]", "{\"x\":1}", "no name of a file"},
	};

	(void)unused;
	for (size_t i = 0; i < MST_LEN(rows); i++) {
		struct mst_err err = MST_ERR_INIT;
		struct mst_words w;
		int rc = mst_words_read(rows[i].argv, rows[i].files,
					t_path("words"), true, &w, &err);

		if (rows[i].part) {
			t_failed(rc, &err,
				 MST_E_INVALID == err.code ? MST_E_INVALID
							   : MST_E_CORRUPT,
				 rows[i].part);
			continue;
		}
		t_ok(rc, &err);
		mst_words_fini(&w);
	}
}

static void words_of_files(void **unused)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_words w;
	char path[4096];

	(void)unused;
	t_ok(mst_words_read("[\"apply\",\"-f\",\"@a\",\"@b\",\"--json\"]",
			    "{\"a\":\"x\"}", t_path("words"), true, &w, &err),
	     &err);
	(void)snprintf(path, sizeof(path), "%s", w.argv[2]);
	assert_true(mst_file_exists(path));
	assert_string_equal(w.argv[3], "@b");
	assert_string_equal(w.argv[4], "--json");
	assert_null(w.argv[5]);
	mst_words_fini(&w);
	assert_false(mst_file_exists(path));
}

/* ---- systemd ------------------------------------------------------------- */

static void notifies(void **unused)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	char got[200];
	ssize_t n;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)unused;
	mst_systemd_notify("READY=1"); /* nobody is there */
	(void)snprintf(at.sun_path, sizeof(at.sun_path), "%s",
		       t_path("notify"));
	assert_int_equal(
	    bind(fd, (const struct sockaddr *)(const void *)&at, sizeof(at)),
	    0);
	assert_int_equal(setenv("NOTIFY_SOCKET", at.sun_path, 1), 0);
	mst_systemd_notify("READY=1\nSTATUS=up");
	n = recv(fd, got, sizeof(got) - 1, 0);
	assert_true(n > 0);
	got[n] = 0;
	assert_string_equal(got, "READY=1\nSTATUS=up");
	mst_systemd_reloading();
	n = recv(fd, got, sizeof(got) - 1, 0);
	assert_true(n > 0);
	got[n] = 0;
	assert_ptr_equal(strstr(got, "RELOADING=1\nMONOTONIC_USEC="), got);
	(void)unsetenv("NOTIFY_SOCKET");
	close(fd);

	assert_int_equal(mst_systemd_watchdog_ms(), 0);
	(void)setenv("WATCHDOG_USEC", "60000000", 1);
	assert_int_equal(mst_systemd_watchdog_ms(), 30000);
	(void)setenv("WATCHDOG_PID", "1", 1);
	assert_int_equal(mst_systemd_watchdog_ms(), 0);
	(void)unsetenv("WATCHDOG_USEC");
	(void)unsetenv("WATCHDOG_PID");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(runs, t_log_watch, t_log_check),
	    cmocka_unit_test_setup_teardown(ends_badly, t_log_watch,
					    t_log_check),
	    cmocka_unit_test_setup_teardown(busy, t_log_watch, t_log_check),
	    cmocka_unit_test_setup_teardown(files, t_log_watch, t_log_check),
	    cmocka_unit_test_setup_teardown(bounded, t_log_watch, t_log_check),
	    cmocka_unit_test_setup_teardown(cancel, t_log_watch, t_log_check),
	    cmocka_unit_test_setup_teardown(one_at_a_time, t_log_watch,
					    t_log_check),
	    cmocka_unit_test_setup_teardown(store_gone, t_log_watch,
					    t_log_check),
	    cmocka_unit_test_setup_teardown(stops, t_log_watch, t_log_check),
	    cmocka_unit_test_setup_teardown(node_names, t_log_watch,
					    t_log_check),
	    cmocka_unit_test(words),
	    cmocka_unit_test(words_of_files),
	    cmocka_unit_test(notifies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
