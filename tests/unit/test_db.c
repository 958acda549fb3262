/* SPDX-License-Identifier: Apache-2.0
 *
 * SQLite behind db.h, and the file lock.
 */
#include "tests/lib/t.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "db/db.h"

enum { Q_PUT, Q_GET, Q_BAD, Q__MAX };

static const char *const sql[Q__MAX] = {
    [Q_PUT] = "INSERT INTO t(n, s, b) VALUES(?1, ?2, ?3)",
    [Q_GET] = "SELECT n, s, b FROM t ORDER BY rowid",
    [Q_BAD] = "SELECT nothing FROM t",
};

static const char *const upgrades[] = {
    "ALTER TABLE t ADD COLUMN b BLOB",
    "UPDATE t SET n=n+1; CREATE TABLE u(x INTEGER) STRICT",
};

static const struct mst_db_spec versions[] = {
    {.what = "thing",
     .remedy = "throw it away",
     .schema = "CREATE TABLE t(n INTEGER, s TEXT) STRICT",
     .version = 1,
     .app_id = 0x1234,
     .page_bytes = 4096,
     .cache_kib = 256,
     .log_kib = 8192,
     .sql = sql,
     .sql_n = Q__MAX},
    {.what = "thing",
     .remedy = "throw it away",
     .schema = "CREATE TABLE t(n INTEGER, s TEXT, b BLOB) STRICT;"
	       "CREATE TABLE u(x INTEGER) STRICT",
     .version = 3,
     .app_id = 0x1234,
     .upgrade = upgrades,
     .page_bytes = 4096,
     .cache_kib = 256,
     .log_kib = 8192,
     .durable = true,
     .sql = sql,
     .sql_n = Q__MAX},
};

static struct mst_err err = MST_ERR_INIT;

static void put(struct mst_db *db, int64_t n, const char *s, struct mst_slice b)
{
	struct sqlite3_stmt *st;

	t_ok(mst_db_stmt(db, Q_PUT, &st, &err), &err);
	mst_db_bind_time(st, 1, n);
	mst_db_bind_text(st, 2, s);
	mst_db_bind_blob(st, 3, b);
	t_ok(mst_db_run(db, st, &err), &err);
	assert_int_equal(mst_db_changes(db), 1);
}

static int64_t rows(struct mst_db *db)
{
	int64_t n = -1;

	t_ok(mst_db_number(db, "SELECT count(*) FROM t", &n, &err), &err);
	return n;
}

static void test_values(void **state)
{
	struct mst_db db;
	struct sqlite3_stmt *st;

	t_ok(mst_db_open(&db, &versions[1], t_path("values/x.db"), true, &err),
	     &err);
	assert_true(db.is_new);
	put(&db, INT64_MAX, "a", MST_SLICE_LIT("b\0c"));
	put(&db, MST_TIME_NONE, NULL, mst_slice(NULL, 0));
	assert_int_equal(mst_db_last_id(&db), 2);
	t_ok(mst_db_stmt(&db, Q_GET, &st, &err), &err);
	assert_int_equal(mst_db_step(&db, st, &err), 1);
	assert_true(mst_db_int(st, 0) == INT64_MAX);
	assert_string_equal(mst_db_text(st, 1), "a");
	assert_true(mst_slice_eq(mst_db_blob(st, 2), MST_SLICE_LIT("b\0c")));
	assert_int_equal(mst_db_step(&db, st, &err), 1);
	assert_true(mst_db_time(st, 0) == MST_TIME_NONE);
	assert_string_equal(mst_db_text(st, 1), "");
	assert_int_equal(mst_db_blob(st, 2).n, 0);
	assert_int_equal(mst_db_step(&db, st, &err), 0);
	t_failed(mst_db_stmt(&db, Q_BAD, &st, &err), &err, MST_E_INTERNAL,
		 "nothing");
	t_failed(mst_db_exec(&db, "SELEKT", &err), &err, MST_E_INTERNAL,
		 "SELEKT");
	mst_db_close(&db);
}

static void test_transactions(void **state)
{
	struct mst_db db, other;
	bool own;

	t_ok(mst_db_open(&db, &versions[1], t_path("tx.db"), true, &err), &err);
	t_ok(mst_db_own_begin(&db, &own, &err), &err);
	assert_true(own);
	put(&db, 1, "", MST_SLICE_LIT(""));
	assert_int_equal(mst_db_own_end(&db, own, -7, &err), -7);
	assert_int_equal(rows(&db), 0);
	t_ok(mst_db_begin(&db, &err), &err);
	t_ok(mst_db_own_begin(&db, &own, &err), &err);
	assert_false(own);
	put(&db, 1, "", MST_SLICE_LIT(""));
	assert_int_equal(mst_db_own_end(&db, own, -7, &err), -7);
	assert_int_equal(rows(&db), 1);
	t_ok(mst_db_commit(&db, &err), &err);
	t_ok(mst_db_sync(&db, &err), &err);
	/* Somebody else sees it. */
	t_ok(mst_db_open(&other, &versions[1], t_path("tx.db"), false, &err),
	     &err);
	assert_false(other.is_new);
	assert_int_equal(rows(&other), 1);
	mst_db_close(&other);
	t_ok(mst_db_begin(&db, &err), &err);
	put(&db, 2, "", MST_SLICE_LIT(""));
	mst_db_close(&db);
	t_ok(mst_db_open(&db, &versions[1], t_path("tx.db"), false, &err),
	     &err);
	assert_int_equal(rows(&db), 1);
	assert_true(mst_db_bytes(&db) >= 4096);
	mst_db_close(&db);
}

static void test_upgrade(void **state)
{
	const char *path = t_path("upgrade.db");
	struct mst_db db;
	int64_t n = 0;

	t_ok(mst_db_open(&db, &versions[0], path, true, &err), &err);
	t_ok(mst_db_exec(&db, "INSERT INTO t VALUES(41, 'kept')", &err), &err);
	mst_db_close(&db);
	for (int i = 0; i < 2; i++) {
		t_ok(mst_db_open(&db, &versions[1], path, false, &err), &err);
		assert_false(db.is_new);
		t_ok(mst_db_number(&db, "SELECT n FROM t WHERE s='kept'", &n,
				   &err),
		     &err);
		assert_int_equal(n, 42);
		put(&db, 1, "", MST_SLICE_LIT("new column"));
		mst_db_close(&db);
	}
	t_failed(mst_db_open(&db, &versions[0], path, true, &err), &err,
		 MST_E_UNSUPPORTED,
		 "newer muster (schema 3, this one knows 1)");
}

/* As another process sees it: is SQLite's lock on the file held? While it is,
 * nobody takes its log away. */
static bool is_held(const char *path)
{
	struct flock shared = {.l_type = F_WRLCK,
			       .l_whence = SEEK_SET,
			       .l_start = 0x40000002,
			       .l_len = 510};
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		int fd = open(path, O_RDWR | O_CLOEXEC);

		_exit(fd < 0 || fcntl(fd, F_GETLK, &shared) < 0
			  ? 2
			  : shared.l_type != F_UNLCK);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
	return WEXITSTATUS(status) == 1;
}

/* Several handles of one process, as the threads of the daemon have them: what
 * one of them opens and closes takes nothing from the others. */
static void test_handles(void **state)
{
	const char *path = t_path("handles.db");
	struct mst_db a, b;

	(void)state;
	t_ok(mst_db_open(&a, &versions[0], path, true, &err), &err);
	assert_true(is_held(path));
	t_ok(mst_db_open(&b, &versions[0], path, true, &err), &err);
	assert_true(is_held(path));
	assert_false(mst_db_is_foreign(path, 1));
	assert_true(is_held(path));
	mst_db_close(&b);
	/* Nor does it wait for one that writes. */
	t_ok(mst_db_begin(&a, &err), &err);
	t_ok(mst_db_open(&b, &versions[0], path, true, &err), &err);
	mst_db_close(&b);
	mst_db_abort(&a);
	assert_true(is_held(path));
	t_ok(mst_db_find(&versions[0], path, true, &err), &err);
	assert_true(is_held(path));
	mst_db_close(&a);
	assert_false(is_held(path));
	assert_true(mst_db_is_foreign(path, 1));
}

static void test_lock(void **state)
{
	const char *path = t_path("lock");
	struct mst_lock a = MST_LOCK_INIT, b = MST_LOCK_INIT;
	struct mst_buf note = MST_BUF_INIT(64);
	bool held = true;
	int status;
	pid_t pid;

	t_ok(mst_lock_peek(path, &held, &note, &err), &err);
	assert_false(held);
	t_ok(mst_lock_take(&a, path, "the thing", "ann", &err), &err);
	t_failed(mst_lock_take(&b, path, "the thing", NULL, &err), &err,
		 MST_E_CONFLICT, "the thing is in use by ann: wait");
	assert_int_equal(b.fd, -1);
	t_ok(mst_lock_note(&a, "a longer note", &err), &err);
	t_ok(mst_lock_note(&a, "bob", &err), &err);
	t_ok(mst_lock_peek(path, &held, &note, &err), &err);
	assert_true(held);
	t_is(mst_buf_slice(&note), "bob");
	mst_lock_drop(&a);
	mst_lock_drop(&a);
	assert_true(mst_file_exists(path));
	t_ok(mst_lock_peek(path, &held, NULL, &err), &err);
	assert_false(held);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(mst_lock_take(&b, path, "x", NULL, &err) == 0 ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	/* Died without dropping it. */
	t_ok(mst_lock_take(&a, path, "x", NULL, &err), &err);
	mst_lock_drop(&a);
	t_failed(mst_lock_take(&a, t_path("no/such"), "x", NULL, &err), &err,
		 MST_E_IO, "cannot be opened");
	mst_buf_fini(&note);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_values),  cmocka_unit_test(test_transactions),
	    cmocka_unit_test(test_upgrade), cmocka_unit_test(test_handles),
	    cmocka_unit_test(test_lock),
	};

	return cmocka_run_group_tests_name("db", tests, NULL, NULL);
}
