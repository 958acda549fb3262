/* SPDX-License-Identifier: Apache-2.0
 *
 * The state store: configuration with its audit, runs, locks, the log of
 * writes.
 */
#include "tests/lib/t.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "state/state.h"

#define T0 1760000000000000ll

static struct mst_state *s;
static struct mst_err err = MST_ERR_INIT;
static const char *dir;

static int set_up(void **state)
{
	static unsigned n;

	t_clock_set(T0);
	dir = t_path("state-%u/deeper", n++);
	t_ok(mst_state_open(dir, &s, &err), &err);
	return 0;
}

static int tear_down(void **state)
{
	mst_state_close(&s);
	assert_null(s);
	t_clock_real();
	return 0;
}

static void open_again(void)
{
	mst_state_close(&s);
	t_ok(mst_state_open(dir, &s, &err), &err);
}

static void sql(const char *text)
{
	const char *path = t_path("%s", dir + strlen(t_dir()) + 1);
	char *file = mst_asprintf("%s/state.db", path);
	sqlite3 *h = NULL;

	assert_int_equal(sqlite3_open(file, &h), SQLITE_OK);
	assert_int_equal(sqlite3_exec(h, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(h);
	free(file);
}

/* ---- where --------------------------------------------------------------- */

static void test_open(void **state)
{
	struct mst_state *other = NULL;
	sqlite3 *h = NULL;
	struct stat sb;
	char *file;

	assert_string_equal(mst_state_dir(s), dir);
	assert_int_equal(stat(dir, &sb), 0);
	assert_int_equal(sb.st_mode & 0777, 0700);
	assert_int_equal(
	    stat(t_path("%s/state.db", dir + strlen(t_dir()) + 1), &sb), 0);
	assert_int_equal(sb.st_mode & 0777, 0600);
	/* Several may look at it at once, also while one writes. */
	file = mst_asprintf("%s/state.db", dir);
	assert_int_equal(sqlite3_open(file, &h), SQLITE_OK);
	assert_int_equal(sqlite3_exec(h, "BEGIN IMMEDIATE", NULL, NULL, NULL),
			 SQLITE_OK);
	t_ok(mst_state_open(dir, &other, &err), &err);
	mst_state_close(&other);
	sqlite3_close(h);
	free(file);
	mst_state_close(&s);
	mst_state_close(&s);
	sql("PRAGMA user_version=9");
	t_failed(mst_state_open(dir, &s, &err), &err, MST_E_UNSUPPORTED,
		 "newer muster");
	assert_null(s);
}

/* A command of root before the service's first start would lock it out. */
static void test_folder_of_others(void **state)
{
	const char *theirs = t_path("theirs");
	struct mst_state *other = NULL;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(mkdir(theirs, 0700), 0);
	assert_int_equal(chown(theirs, 65534, 65534), 0);
	t_failed(mst_state_open(theirs, &other, &err), &err, MST_E_FORBIDDEN,
		 "sudo -u 'nobody' muster");
	assert_null(other);
	assert_false(mst_file_exists(t_path("theirs/state.db")));
	err = (struct mst_err)MST_ERR_INIT;
}

static void test_default_dir(void **state)
{
	const char *a = t_path("by-env"), *b = t_path("by-systemd");

	mst_state_close(&s);
	setenv("MUSTER_STATE", a, 1);
	setenv("STATE_DIRECTORY", b, 1);
	t_ok(mst_state_open(NULL, &s, &err), &err);
	assert_string_equal(mst_state_dir(s), a);
	mst_state_close(&s);
	unsetenv("MUSTER_STATE");
	setenv("STATE_DIRECTORY", t_path("by-systemd:%s", a), 1);
	t_ok(mst_state_open(NULL, &s, &err), &err);
	assert_string_equal(mst_state_dir(s), b);
	unsetenv("STATE_DIRECTORY");
}

/* ---- configuration ------------------------------------------------------- */

struct list {
	char text[4096];
	unsigned n, stop;
};

static int add_item(void *ctx, const struct mst_state_item *it)
{
	struct list *l = ctx;
	size_t n = strlen(l->text);

	(void)snprintf(l->text + n, sizeof(l->text) - n, "%s/%s/%s=%s;",
		       it->kind, it->name, it->type, it->yaml);
	return ++l->n == l->stop ? 9 : 0;
}

static int add_audit(void *ctx, const struct mst_audit_entry *e)
{
	struct list *l = ctx;
	size_t n = strlen(l->text);

	assert_int_equal(e->uid, getuid());
	(void)snprintf(l->text + n, sizeof(l->text) - n, "%lld %s %s:%s>%s;",
		       (long long)(e->at_us - T0), e->kind, e->name, e->before,
		       e->after);
	l->n++;
	return 0;
}

static void test_items(void **state)
{
	const struct mst_state_item first[] = {
	    {"job", "main", "", "a: 1\n"},
	    {"connection", "snow", "servicenow", "url: x\n"},
	    {"connection", "defender", "endpoint", "tenant: y\n"},
	};
	const struct mst_state_item second[] = {
	    {"job", "main", "", "a: 2\n"},
	    {"connection", "snow", "servicenow", "url: x\n"},
	    {"connection", "snow2", "servicenow", "url: z\n"},
	};
	struct mst_buf yaml = MST_BUF_INIT(100), tiny = MST_BUF_INIT(2);
	struct list l = {.stop = 0};
	size_t added = 9, changed = 9;

	t_failed(mst_state_item(s, "job", "main", &yaml, &err), &err,
		 MST_E_NOTFOUND, "no other either");
	t_ok(mst_state_put_items(s, first, 3, &added, &changed, &err), &err);
	assert_int_equal(added, 3);
	assert_int_equal(changed, 0);
	t_clock_add(5);
	t_ok(mst_state_put_items(s, second, 3, &added, &changed, &err), &err);
	assert_int_equal(added, 1);
	assert_int_equal(changed, 1);
	open_again();
	t_ok(mst_state_items(s, NULL, add_item, &l, &err), &err);
	assert_string_equal(l.text, "connection/defender/endpoint=tenant: y\n;"
				    "connection/snow/servicenow=url: x\n;"
				    "connection/snow2/servicenow=url: z\n;"
				    "job/main/=a: 2\n;");
	l = (struct list){.stop = 2};
	assert_int_equal(mst_state_items(s, "connection", add_item, &l, &err),
			 9);
	assert_int_equal(l.n, 2);
	t_ok(mst_state_item(s, "job", "main", &yaml, &err), &err);
	t_is(mst_buf_slice(&yaml), "a: 2\n");
	t_failed(mst_state_item(s, "job", "main", &tiny, &err), &err,
		 MST_E_INVALID, "longer than the 2 bytes");
	t_failed(mst_state_item(s, "connection", "defendr", &yaml, &err), &err,
		 MST_E_NOTFOUND, "did you mean 'defender'?");
	t_failed(mst_state_item(s, "connection", "zzzzzzzzzz", &yaml, &err),
		 &err, MST_E_NOTFOUND, "there are: defender and others");

	l = (struct list){.stop = 0};
	t_ok(mst_state_audit(s, &(struct mst_audit_filter){.n = 100}, add_audit,
			     &l, &err),
	     &err);
	assert_string_equal(l.text, "5 connection snow2:>url: z\n;"
				    "5 job main:a: 1\n>a: 2\n;"
				    "0 connection defender:>tenant: y\n;"
				    "0 connection snow:>url: x\n;"
				    "0 job main:>a: 1\n;");
	l = (struct list){.stop = 0};
	t_ok(mst_state_audit(s, &(struct mst_audit_filter){.before = 4, .n = 1},
			     add_audit, &l, &err),
	     &err);
	assert_string_equal(l.text, "0 connection defender:>tenant: y\n;");
	mst_buf_fini(&yaml);
	mst_buf_fini(&tiny);
}

static int add_what(void *ctx, const struct mst_audit_entry *e)
{
	struct list *l = ctx;
	size_t n = strlen(l->text);

	(void)snprintf(l->text + n, sizeof(l->text) - n, "%s(%s);", e->what,
		       e->after);
	return 0;
}

static void test_items_only_if(void **state)
{
	struct mst_state_item it = {"settings", "a/prod",  "",
				    "1",	"promote", ""};
	struct mst_buf yaml = MST_BUF_INIT(100);
	struct list l = {.stop = 0};
	size_t added, changed;
	bool found = true;

	t_ok(mst_state_find(s, "settings", "a/prod", &yaml, &found, &err),
	     &err);
	assert_false(found);
	t_ok(mst_state_put_items(s, &it, 1, &added, &changed, &err), &err);
	it.yaml = "2";
	t_failed(mst_state_put_items(s, &it, 1, &added, &changed, &err), &err,
		 MST_E_CONFLICT, "settings 'a/prod' was changed by somebody");
	it.only_if = "1";
	it.what = "undo";
	t_ok(mst_state_put_items(s, &it, 1, &added, &changed, &err), &err);
	t_failed(mst_state_put_items(s, &it, 1, &added, &changed, &err), &err,
		 MST_E_CONFLICT, "nothing was saved");
	it.only_if = it.what = NULL;
	it.yaml = "3";
	t_ok(mst_state_put_items(s, &it, 1, &added, &changed, &err), &err);
	t_ok(mst_state_find(s, "settings", "a/prod", &yaml, &found, &err),
	     &err);
	assert_true(found);
	t_is(mst_buf_slice(&yaml), "3");
	t_ok(mst_state_audit(s, &(struct mst_audit_filter){.n = 100}, add_what,
			     &l, &err),
	     &err);
	assert_string_equal(l.text, "(3);undo(2);promote(1);");
	mst_buf_fini(&yaml);
}

/* Without a text the item goes, if it is what was looked at. */
static void test_items_removed(void **state)
{
	struct mst_state_item it = {"job", "a", "", "1", NULL, NULL};
	struct mst_buf yaml = MST_BUF_INIT(100);
	struct list l = {.stop = 0};
	size_t added = 0, changed = 0;
	bool found = true;

	t_ok(mst_state_put_items(s, &it, 1, &added, &changed, &err), &err);
	it.yaml = NULL;
	it.what = "remove";
	it.only_if = "2";
	t_failed(mst_state_put_items(s, &it, 1, &added, &changed, &err), &err,
		 MST_E_CONFLICT, "job 'a' was changed by somebody");
	it.only_if = "1";
	t_ok(mst_state_put_items(s, &it, 1, &added, &changed, &err), &err);
	assert_int_equal(changed, 1);
	t_ok(mst_state_find(s, "job", "a", &yaml, &found, &err), &err);
	assert_false(found);
	it.only_if = NULL;
	t_ok(mst_state_put_items(s, &it, 1, &added, &changed, &err), &err);
	assert_int_equal(added + changed, 0);
	t_ok(mst_state_audit(s, &(struct mst_audit_filter){.n = 100}, add_what,
			     &l, &err),
	     &err);
	assert_string_equal(l.text, "remove();(1);");
	mst_buf_fini(&yaml);
}

struct creation {
	const char *name;
	int64_t us;
};

static int find_created(void *ctx, const struct mst_state_item *item)
{
	struct creation *c = ctx;

	if (strcmp(item->name, c->name) == 0)
		c->us = item->created_us;
	return 0;
}

static int64_t created(const char *name)
{
	struct creation c = {name, -1};

	t_ok(mst_state_items(s, NULL, find_created, &c, &err), &err);
	return c.us;
}

/* Changing an item does not make it a new one. */
static void test_created(void **state)
{
	struct mst_state_item it = {"forward_rule", "r", "", "1"};
	size_t added, changed;

	t_ok(mst_state_put_items(s, &it, 1, &added, &changed, &err), &err);
	t_clock_set(T0 + 5000000);
	it.yaml = "2";
	t_ok(mst_state_put_items(s, &it, 1, &added, &changed, &err), &err);
	assert_int_equal(changed, 1);
	open_again();
	assert_true(created("r") == T0);
	assert_true(created("other") == -1);
}

/* ---- runs ---------------------------------------------------------------- */

static int add_run(void *ctx, const struct mst_run *run)
{
	struct list *l = ctx;
	size_t n = strlen(l->text);

	(void)snprintf(l->text + n, sizeof(l->text) - n, "%lld %s %s %s;",
		       (long long)run->id, run->job,
		       mst_run_status_name(run->status), run->error);
	return ++l->n == l->stop ? 9 : 0;
}

static void assert_runs(const char *job, int64_t before, size_t n,
			const char *want)
{
	struct list l = {.stop = 0};

	t_ok(mst_state_runs(
		 s,
		 &(struct mst_run_filter){
		     .job = job, .status = -1, .before = before, .n = n},
		 add_run, &l, &err),
	     &err);
	assert_string_equal(l.text, want);
}

static int64_t begin(const char *job)
{
	int64_t id = 0;

	t_ok(mst_state_run_begin(s, job, &id, &err), &err);
	return id;
}

static void end(int64_t id, enum mst_run_status status, const char *error)
{
	const struct mst_run run = {.id = id,
				    .ended_us = MST_TIME_NONE,
				    .status = status,
				    .error = error};

	t_ok(mst_state_run_end(s, &run, &err), &err);
}

static int see_run(void *ctx, const struct mst_run *run)
{
	assert_int_equal(run->id, 1);
	assert_string_equal(run->job, "a");
	assert_true(run->started_us == T0);
	assert_true(run->ended_us == T0 + 7);
	assert_int_equal(run->status, MST_RUN_PARTIAL);
	assert_string_equal(run->error, "three refused");
	assert_true(run->read == 10000000000ull);
	assert_int_equal(run->writes, 11);
	assert_int_equal(run->requests, 12);
	assert_string_equal(run->proof, "{\"pages\":3}");
	return 5;
}

/* What is older than the time goes, but the newest of each job. */
static void test_runs_trim(void **state)
{
	const struct mst_run_counts c = {.read = 1};

	(void)state;
	for (int i = 0; i < 4; i++) {
		int64_t id = begin(i == 3 ? "b" : "a");

		t_ok(mst_state_run_counts(s, id, "devices", &c, &err), &err);
		end(id, MST_RUN_OK, "");
		t_clock_add(1000);
	}
	(void)begin("a"); /* runs still */
	t_ok(mst_state_runs_trim(s, T0 + 1000, &err), &err);
	assert_runs(NULL, 0, 9, "5 a dead ;4 b ok ;3 a ok ;2 a ok ;");
	t_ok(mst_state_runs_trim(s, T0 + 1000000, &err), &err);
	assert_runs(NULL, 0, 9, "5 a dead ;4 b ok ;");
}

static void test_runs(void **state)
{
	struct mst_state_lock *a = NULL, *b = NULL;
	struct mst_run run = {.id = 1,
			      .status = MST_RUN_PARTIAL,
			      .ended_us = T0 + 7,
			      .error = "three refused",
			      .read = 10000000000ull,
			      .writes = 11,
			      .requests = 12,
			      .proof = "{\"pages\":3}"};

	t_ok(mst_state_lock(s, "a", &a, &err), &err);
	t_ok(mst_state_lock(s, "b", &b, &err), &err);
	assert_int_equal(begin("a"), 1);
	assert_int_equal(begin("b"), 2);
	assert_runs(NULL, 0, 10, "2 b running ;1 a running ;");
	t_ok(mst_state_run_end(s, &run, &err), &err);
	assert_int_equal(begin("a"), 3);
	assert_runs(NULL, 0, 10,
		    "3 a running ;2 b running ;1 a partial three refused;");
	assert_runs("a", 0, 1, "3 a running ;");
	assert_runs("a", 3, 10, "1 a partial three refused;");
	assert_runs("c", 0, 10, "");
	assert_int_equal(mst_state_run(s, 1, see_run, NULL, &err), 5);
	t_failed(mst_state_run(s, 77, see_run, NULL, &err), &err,
		 MST_E_NOTFOUND, "run 77 does not exist");
	run.id = 77;
	t_failed(mst_state_run_end(s, &run, &err), &err, MST_E_NOTFOUND,
		 "run 77 does not exist");
	end(3, MST_RUN_CANCELLED, NULL);
	mst_state_unlock(&a);
	mst_state_unlock(&a);
	/* b was left to be unlocked by closing. */
	open_again();
	assert_runs(NULL, 0, 10,
		    "3 a cancelled ;2 b dead ;1 a partial three refused;");
}

static void test_status_names(void **state)
{
	assert_string_equal(mst_run_status_name(MST_RUN_OK), "ok");
	assert_string_equal(mst_run_status_name(MST_RUN_GUARD), "guard");
	assert_string_equal(mst_run_status_name((enum mst_run_status)99),
			    "unknown");
}

static void test_lock(void **state)
{
	struct mst_state_lock *l = NULL, *other = NULL;
	struct mst_state *s2 = NULL;
	const char *odd = "../x/\xc3\xa4 .";

	t_ok(mst_state_lock(s, "a", &l, &err), &err);
	(void)begin("a");
	t_ok(mst_state_open(dir, &s2, &err), &err);
	t_failed(mst_state_lock(s2, "a", &other, &err), &err, MST_E_CONFLICT,
		 ", run 1: wait for it");
	assert_null(other);
	t_ok(mst_state_lock(s2, odd, &other, &err), &err);
	assert_false(mst_file_exists(t_path("x")));
	mst_state_unlock(&other);
	mst_state_unlock(&l);
	t_ok(mst_state_lock(s2, "a", &other, &err), &err);
	mst_state_close(&s2);
}

/* A process that is killed while it runs a job. */
static void test_dead_run(void **state)
{
	struct mst_state_lock *l = NULL;
	int fd[2], status;
	char part[64];
	pid_t pid;

	mst_state_close(&s);
	assert_int_equal(pipe(fd), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		int64_t id;

		if (mst_state_open(dir, &s, &err) < 0 ||
		    mst_state_lock(s, "a", &l, &err) < 0 ||
		    mst_state_run_begin(s, "a", &id, &err) < 0 ||
		    write(fd[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(fd[1]);
	assert_int_equal(read(fd[0], part, 1), 1);
	close(fd[0]);
	t_ok(mst_state_open(dir, &s, &err), &err);
	assert_runs("a", 0, 10, "1 a running ;");
	(void)snprintf(part, sizeof(part),
		       "job 'a' is in use by process %ld, run 1", (long)pid);
	t_failed(mst_state_lock(s, "a", &l, &err), &err, MST_E_CONFLICT, part);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_runs("a", 0, 10, "1 a dead ;");
	/* Locked again, but for no run yet: still dead. */
	t_ok(mst_state_lock(s, "a", &l, &err), &err);
	assert_runs("a", 0, 10, "1 a dead ;");
	(void)begin("a");
	assert_runs("a", 0, 10, "2 a running ;1 a dead ;");
	mst_state_unlock(&l);
}

/* The first version of the file, with an item and its audit. */
static const char first_version[] =
    "CREATE TABLE item(kind TEXT NOT NULL, name TEXT NOT NULL,"
    " type TEXT NOT NULL, yaml TEXT NOT NULL, changed_us INTEGER NOT NULL,"
    " PRIMARY KEY(kind, name)) STRICT;"
    "CREATE TABLE audit(id INTEGER PRIMARY KEY, at_us INTEGER NOT NULL,"
    " uid INTEGER NOT NULL, user TEXT NOT NULL, kind TEXT NOT NULL,"
    " name TEXT NOT NULL, before TEXT, after TEXT NOT NULL) STRICT;"
    "CREATE TABLE run(id INTEGER PRIMARY KEY, job TEXT NOT NULL,"
    " started_us INTEGER NOT NULL, ended_us INTEGER, status INTEGER NOT NULL,"
    " error TEXT, read INTEGER, writes INTEGER, requests INTEGER, proof TEXT)"
    " STRICT; CREATE INDEX run_job ON run(job, id);"
    "INSERT INTO item VALUES('job', 'main', '', 'a: 1', 1760000000000000);"
    "INSERT INTO audit VALUES(1, 5, 0, 'ann', 'job', 'main', NULL, 'a: 0');"
    "INSERT INTO audit VALUES(2, 6, 0, 'ann', 'job', 'main', 'a: 0', 'a: 1');"
    "INSERT INTO run VALUES(7, 'main', 8, 9, 1, '', 1, 2, 3, '');"
    "PRAGMA application_id=1297306452; PRAGMA user_version=1";

static void test_upgrade(void **state)
{
	struct list l = {.stop = 0};
	struct mst_audit_check c;
	char *file = mst_asprintf("%s/state.db", dir);
	char *log = mst_asprintf("%s-wal", file);

	mst_state_close(&s);
	assert_int_equal(unlink(file), 0);
	(void)unlink(log);
	free(file);
	free(log);
	sql(first_version);
	t_ok(mst_state_open(dir, &s, &err), &err);
	t_ok(mst_state_audit(s, &(struct mst_audit_filter){.n = 100}, add_what,
			     &l, &err),
	     &err);
	assert_string_equal(l.text, "(a: 1);(a: 0);");
	/* Nobody knows when it came to be: when it was changed last. */
	assert_true(created("main") == T0);
	assert_runs("main", 0, 10, "7 main ok ;");
	/* What was there is in the chain from now on. */
	t_ok(mst_audit_verify(s, NULL, &c, &err), &err);
	assert_int_equal(c.entries, 2);
	assert_int_equal(c.bad_id, 0);
}

static int add_counts(void *ctx, const char *set,
		      const struct mst_run_counts *c)
{
	struct list *l = ctx;
	size_t n = strlen(l->text);

	(void)snprintf(
	    l->text + n, sizeof(l->text) - n,
	    "%s %llu %llu %llu %llu %llu %llu %llu %llu %llu %llu %llu %lld;",
	    set, (unsigned long long)c->read, (unsigned long long)c->new_,
	    (unsigned long long)c->changed, (unsigned long long)c->retired,
	    (unsigned long long)c->deleted, (unsigned long long)c->closed,
	    (unsigned long long)c->reopened, (unsigned long long)c->unchanged,
	    (unsigned long long)c->refused, (unsigned long long)c->skipped,
	    (unsigned long long)c->requests, (long long)c->us);
	l->n++;
	return 0;
}

static void test_counts(void **state)
{
	struct mst_run_counts c = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
	int64_t id = begin("a");
	struct list l = {.stop = 0};

	t_ok(mst_state_run_counts(s, id, "software", &c, &err), &err);
	t_ok(mst_state_run_counts(s, id, "devices", &c, &err), &err);
	c.read = 100;
	t_ok(mst_state_run_counts(s, id, "software", &c, &err), &err);
	t_ok(mst_state_run_counts(s, id + 1, "software", &c, &err), &err);
	t_ok(mst_state_run_sets(s, id, add_counts, &l, &err), &err);
	assert_string_equal(l.text, "software 100 2 3 4 5 6 7 8 9 10 11 12;"
				    "devices 1 2 3 4 5 6 7 8 9 10 11 12;");
}

/* ---- refused and skipped ------------------------------------------------- */

static int add_refused(void *ctx, const struct mst_run_item *i)
{
	struct list *l = ctx;
	size_t n = strlen(l->text);

	if (l->n++ < 2)
		(void)snprintf(l->text + n, sizeof(l->text) - n,
			       "%s %s %s %s %s;", i->set, i->key, i->what,
			       i->reason, i->request_id);
	return 0;
}

static void test_run_items(void **state)
{
	struct mst_run_item one[] = {
	    {"devices", "pc-1", "refused", "no such class", "req-1"},
	    {"devices", "pc-2", "skipped", "no name", NULL},
	};
	struct mst_run_item *many = mst_alloc(70000 * sizeof(*many));
	int64_t id = begin("a");
	struct list l = {.stop = 0};

	for (int i = 0; i < 70000; i++)
		many[i] = one[1];
	t_ok(mst_state_item_log(s, id, one, 2, &err), &err);
	t_ok(mst_state_item_log(s, id + 1, one, 1, &err), &err);
	t_ok(mst_state_run_items(s, id, &(struct mst_item_filter){.n = 100},
				 add_refused, &l, &err),
	     &err);
	assert_int_equal(l.n, 2);
	assert_string_equal(l.text, "devices pc-1 refused no such class req-1;"
				    "devices pc-2 skipped no name ;");
	/* Bounded. */
	t_ok(mst_state_item_log(s, id, many, 70000, &err), &err);
	t_ok(mst_state_item_log(s, id, many, 70000, &err), &err);
	/* The count is remembered; it is each run's own. */
	t_ok(mst_state_item_log(s, id + 1, one, 1, &err), &err);
	t_ok(mst_state_item_log(s, id, one, 1, &err), &err);
	l.n = 2;
	t_ok(mst_state_run_items(s, id, &(struct mst_item_filter){.n = 1000000},
				 add_refused, &l, &err),
	     &err);
	assert_int_equal(l.n, 2 + 100000);
	l.n = 2;
	t_ok(mst_state_run_items(s, id + 1, &(struct mst_item_filter){.n = 9},
				 add_refused, &l, &err),
	     &err);
	assert_int_equal(l.n, 2 + 2);
	l.n = 2;
	t_ok(mst_state_run_items(s, id, &(struct mst_item_filter){.n = 10},
				 add_refused, &l, &err),
	     &err);
	assert_int_equal(l.n, 2 + 10);
	free(many);
}

static void test_old_runs_go(void **state)
{
	const struct mst_run_item item = {"devices", "x", "skipped", "y", ""};
	const struct mst_run_counts c = {.read = 1};
	struct list l = {.stop = 0};
	int64_t first = begin("a"), id = first, other;

	t_ok(mst_state_item_log(s, first, &item, 1, &err), &err);
	t_ok(mst_state_run_counts(s, first, "devices", &c, &err), &err);
	other = begin("b");
	t_ok(mst_state_item_log(s, other, &item, 1, &err), &err);
	for (int i = 1; i < 20; i++)
		id = begin("a");
	t_ok(mst_state_run_items(s, first, &(struct mst_item_filter){.n = 9},
				 add_refused, &l, &err),
	     &err);
	assert_int_equal(l.n, 1);
	id = begin("a");
	l.n = 0;
	t_ok(mst_state_run_items(s, first, &(struct mst_item_filter){.n = 9},
				 add_refused, &l, &err),
	     &err);
	assert_int_equal(l.n, 0);
	t_ok(mst_state_run_items(s, other, &(struct mst_item_filter){.n = 9},
				 add_refused, &l, &err),
	     &err);
	assert_int_equal(l.n, 1);
	l.n = 0;
	t_ok(mst_state_run_sets(s, first, add_counts, &l, &err), &err);
	assert_int_equal(l.n, 1);
	mst_state_close(&s);
	sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n"
	    " WHERE i<99979) INSERT INTO run(job, started_us, status)"
	    " SELECT 'a', 1, 1 FROM n");
	t_ok(mst_state_open(dir, &s, &err), &err);
	id = begin("a");
	assert_int_equal(id, first + 100001);
	l.n = 0;
	t_ok(mst_state_run_sets(s, first, add_counts, &l, &err), &err);
	assert_int_equal(l.n, 0);
	t_failed(mst_state_run(s, first, add_run, &l, &err), &err,
		 MST_E_NOTFOUND, "does not exist");
	assert_runs("b", 0, 9, "2 b dead ;");
}

/* ---- writes -------------------------------------------------------------- */

static struct mst_write_log entry(uint64_t i, int64_t run)
{
	return (struct mst_write_log){
	    .key = {.lo = i * 0x9e3779b97f4a7c15ull,
		    .hi = i * 0xc2b2ae3d27d4eb4full},
	    .run = run,
	    .action = MST_UPDATE,
	    .verdict = MST_VERDICT_REFUSED,
	    .at_us = T0 + (int64_t)i,
	    .request_id = "0123456789abcdef0123456789abcdef",
	    .remote = {{(uint8_t)i, [15] = 1}},
	};
}

static void assert_written(const char *job, uint64_t i, int64_t run)
{
	struct mst_buf id = MST_BUF_INIT(100);
	struct mst_write_log want = entry(i, run), w;
	bool found = false;

	t_ok(mst_state_last_write(s, job, want.key, &w, &id, &found, &err),
	     &err);
	assert_int_equal(found, run != 0);
	if (found) {
		assert_true(mst_hash_eq(w.key, want.key));
		assert_true(w.run == run);
		assert_int_equal(w.action, want.action);
		assert_int_equal(w.verdict, want.verdict);
		assert_true(w.at_us == want.at_us);
		assert_string_equal(w.request_id, want.request_id);
		assert_memory_equal(w.remote.b, want.remote.b, 16);
	}
	mst_buf_fini(&id);
}

static void test_writes(void **state)
{
	struct mst_write_log *w = mst_alloc(1000 * sizeof(*w));
	int64_t t0, t1;

	assert_written("a", 1, 0);
	for (int64_t run = 1; run <= 2; run++) {
		t_clock_real();
		t0 = mst_mono_us();
		for (uint64_t i = 0; i < 200000; i += 1000) {
			for (uint64_t j = 0; j < 1000; j++)
				w[j] = entry(i + j, run);
			t_ok(mst_state_write_log(s, "a", w, 1000, &err), &err);
		}
		t1 = mst_mono_us();
		print_message("200,000 writes logged in %.3f s\n",
			      (double)(t1 - t0) / 1e6);
		assert_true(t1 - t0 < 10000000);
		assert_written("a", 0, run);
		assert_written("a", 199999, run);
		assert_written("b", 7, 0);
	}
	/* In the part that is not merged yet, several times. */
	for (int64_t run = 3; run <= 4; run++) {
		w[0] = entry(5, run);
		w[1] = entry(300000, run);
		t_ok(mst_state_write_log(s, "a", w, 2, &err), &err);
		t_ok(mst_state_write_log(s, "b", w, 2, &err), &err);
	}
	open_again();
	assert_written("a", 5, 4);
	assert_written("a", 6, 2);
	assert_written("a", 300000, 4);
	assert_written("b", 5, 4);
	assert_written("b", 6, 0);
	/* One row a record, but for those that are not merged. */
	sql("CREATE TABLE n(x CHECK (x <= 250000));"
	    "INSERT INTO n SELECT (SELECT count(*) FROM write) +"
	    " (SELECT count(*) FROM write_new); DROP TABLE n");
	free(w);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_open),
	    T(test_default_dir),
	    T(test_folder_of_others),
	    T(test_items),
	    T(test_items_only_if),
	    T(test_items_removed),
	    T(test_upgrade),
	    T(test_created),
	    T(test_runs),
	    T(test_runs_trim),
	    T(test_status_names),
	    T(test_lock),
	    T(test_dead_run),
	    T(test_counts),
	    T(test_run_items),
	    T(test_old_runs_go),
	    T(test_writes),
	};

	return cmocka_run_group_tests_name("state", tests, NULL, NULL);
}
