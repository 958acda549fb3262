/* SPDX-License-Identifier: Apache-2.0
 *
 * RecVer stores that keep a file: size, crash, damage, other openers, full
 * and read-only places.
 */
#include "recver_suite.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "recver/setup.h"

/* What a first load of 5,000 devices with 40 CVEs each takes. */
static void test_size(void **state)
{
	struct mst_group_put *g;
	struct mst_group_row *rows;
	struct mst_recver_stats st;
	struct stat sb;
	double each;
	char text[41];

	g = mst_alloc(250 * sizeof(*g));
	rows = mst_alloc(250 * sizeof(*rows));
	for (int i = 0; i < 5000; i += 250) {
		for (int j = 0; j < 250; j++) {
			/* Machine ids have 40 hex digits. */
			(void)snprintf(text, sizeof(text), "%040x",
				       (unsigned)(i + j) * 2654435761u);
			g[j] = rv_group(mst_slice(mst_strndup(text, 40), 40),
					40, true);
			/* Has no record of its own in the destination. */
			memset(g[j].row.remote.b, 0, 16);
			rows[j] = g[j].row;
			rows[j].state = MST_GROUP_PENDING;
		}
		/* As a run does: marked, pushed, stored. */
		t_ok(rv.ops->mark(rv.r, "snow", "cves", rows, 250, &rv.err),
		     &rv.err);
		t_ok(rv.ops->begin(rv.r, &rv.err), &rv.err);
		t_ok(rv.ops->put(rv.r, "snow", "cves", g, 250, &rv.err),
		     &rv.err);
		t_ok(rv.ops->commit(rv.r, &rv.err), &rv.err);
		for (int j = 0; j < 250; j++) {
			free((void *)(uintptr_t)g[j].row.text.p);
			rv_group_free(&g[j]);
		}
	}
	t_ok(rv.ops->compact(rv.r, &rv.err), &rv.err);
	st = rv_stats("snow", NULL);
	assert_int_equal(st.members, 200000);
	assert_int_equal(stat(rv.where, &sb), 0);
	assert_int_equal(st.bytes, sb.st_size);
	each = (double)st.bytes / (double)st.members;
	print_message("%s: %.2f bytes a member\n", rv.ops->type, each);
	assert_true(each <= 40.0);
	rv.ops->close(&rv.r);
	assert_int_equal(stat(rv.where, &sb), 0);
	assert_true((uint64_t)sb.st_size <= st.bytes);
	free(g);
	free(rows);
}

static void test_compact_gives_back(void **state)
{
	struct mst_recver_stats before, after;
	struct mst_group_put g;
	char text[16];

	t_ok(rv.ops->begin(rv.r, &rv.err), &rv.err);
	for (int i = 0; i < 2000; i++) {
		(void)snprintf(text, sizeof(text), "pc-%d", i);
		rv_put_text(i % 10 ? "gone" : "snow", "cves", text, 60);
	}
	t_ok(rv.ops->commit(rv.r, &rv.err), &rv.err);
	t_ok(rv.ops->compact(rv.r, &rv.err), &rv.err);
	before = rv_stats(NULL, NULL);
	t_ok(rv.ops->reset(rv.r, "gone", NULL, &rv.err), &rv.err);
	t_ok(rv.ops->compact(rv.r, &rv.err), &rv.err);
	after = rv_stats(NULL, NULL);
	assert_true(after.bytes < before.bytes / 4);
	assert_int_equal(after.groups, 200);
	g = rv_group(MST_SLICE_LIT("pc-30"), 60, true);
	rv_assert_stored("snow", "cves", &g);
	rv_group_free(&g);
}

/* The room that is missing may be that of another disk. */
static void tidy_without_room(void)
{
	struct rlimit was, small;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	small = was;
	small.rlim_cur = 65536;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	t_failed(rv.ops->tidy(rv.r, &rv.err), &rv.err, MST_E_IO,
		 "the folder for temporary files (SQLITE_TMPDIR");
	assert_non_null(strstr(rv.err.msg, rv.where));
	mst_err_clear(&rv.err);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	signal(SIGXFSZ, SIG_DFL);
}

/* Behind a run: nothing for little, all of it when half is free. */
static void test_tidy(void **state)
{
	struct mst_recver_stats before, after;
	struct mst_group_put g;
	char text[16];

	t_ok(rv.ops->begin(rv.r, &rv.err), &rv.err);
	for (int i = 0; i < 16000; i++) {
		(void)snprintf(text, sizeof(text), "pc-%d", i);
		rv_put_text(i % 8 ? "gone" : "snow", "cves", text, 60);
	}
	t_ok(rv.ops->commit(rv.r, &rv.err), &rv.err);
	t_ok(rv.ops->compact(rv.r, &rv.err), &rv.err);
	before = rv_stats(NULL, NULL);
	t_ok(rv.ops->tidy(rv.r, &rv.err), &rv.err);
	assert_int_equal(rv_stats(NULL, NULL).bytes, before.bytes);
	t_ok(rv.ops->reset(rv.r, "gone", NULL, &rv.err), &rv.err);
	/* Whoever only looks rewrites nothing. */
	rv.ops->close(&rv.r);
	rv_open_again();
	before = rv_stats(NULL, NULL);
	t_ok(rv.ops->tidy(rv.r, &rv.err), &rv.err);
	assert_int_equal(rv_stats(NULL, NULL).bytes, before.bytes);
	rv_put_text("snow", "cves", "one more", 1);
	tidy_without_room();
	t_ok(rv.ops->tidy(rv.r, &rv.err), &rv.err);
	after = rv_stats(NULL, NULL);
	assert_true(after.bytes < before.bytes / 4);
	assert_int_equal(after.groups, 2001);
	g = rv_group(MST_SLICE_LIT("pc-800"), 60, true);
	rv_assert_stored("snow", "cves", &g);
	rv_group_free(&g);
}

/* ---- looking at it while runs want it -------------------------------------
 */

static char use_said[768], copy_said[768];

static void hear(void *ctx, const struct mst_check *c)
{
	if (strcmp(c->name, MST_RECVER_CHECK_USE) == 0)
		(void)snprintf(use_said, sizeof(use_said), "%s", c->text);
	if (strcmp(c->name, MST_RECVER_CHECK_COPY) == 0)
		(void)snprintf(copy_said, sizeof(copy_said), "%s", c->text);
}

static void look_at_file(void)
{
	const struct mst_recver_conf conf = {.type = "sqlite",
					     .path = rv.where};
	const struct mst_recver_setup_env env = {
	    .conf = &conf, .source = SOURCE, .report = hear};

	use_said[0] = copy_said[0] = 0;
	t_ok(mst_recver_setup_sqlite.check(&env, &rv.err), &rv.err);
}

/* Each look at the clock is a minute later. */
static int64_t hurries(void)
{
	static int64_t now;

	return now += 60000000;
}

static void test_short_look(void **state)
{
	char text[16];

	t_ok(rv.ops->begin(rv.r, &rv.err), &rv.err);
	for (int i = 0; i < 5000; i++) {
		(void)snprintf(text, sizeof(text), "pc-%d", i);
		rv_put_text("snow", "cves", text, 0);
	}
	t_ok(rv.ops->commit(rv.r, &rv.err), &rv.err);
	rv.ops->close(&rv.r);
	look_at_file();
	assert_non_null(strstr(use_said, "5000 groups with 0 members; "));
	/* What takes too long is left out, and nothing else is. */
	mst_clock_set(NULL, hurries);
	look_at_file();
	mst_clock_set(NULL, NULL);
	assert_null(strstr(use_said, "group"));
	assert_non_null(strstr(use_said, " of the disk are free"));
	assert_string_equal(copy_said, "");
	rv_open_again();
	t_ok(rv.ops->meta_put(rv.r, "", MST_RECVER_UNFINISHED,
			      MST_SLICE_LIT("the other file"), &rv.err),
	     &rv.err);
	rv.ops->close(&rv.r);
	look_at_file();
	assert_non_null(strstr(copy_said, "a copy of the other file into it "));
	rv_open_again();
}

static int64_t number(const char *query)
{
	sqlite3_stmt *st = NULL;
	sqlite3 *h = NULL;
	int64_t n;

	assert_int_equal(sqlite3_open(rv.where, &h), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(h, query, -1, &st, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	sqlite3_close(h);
	return n;
}

/* Lists of one and of many rows that grow, shrink and go, with others behind
 * them. */
static int see_same(void *ctx, const struct mst_hash *key,
		    const struct mst_member *m, size_t n)
{
	const struct mst_group_put *want = ctx;

	assert_true(mst_hash_eq(*key, want->row.key));
	assert_int_equal(n, want->row.members);
	if (n)
		assert_memory_equal(m, want->members, n * sizeof(*m));
	return 0;
}

static void assert_same(struct mst_group_put *g)
{
	t_ok(rv.ops->members(rv.r, "snow", "cves", &g->row.key, 1, see_same, g,
			     &rv.err),
	     &rv.err);
}

static void test_lengths(void **state)
{
	static const uint32_t n[] = {1,	  127, 128, 129, 500, 5,    0,
				     700, 600, 601, 255, 256, 2000, 1};
	struct mst_group_put g, after = rv_group(MST_SLICE_LIT("b"), 300, true);

	for (size_t i = 0; i < MST_LEN(n); i++) {
		g = rv_group(MST_SLICE_LIT("a"), n[i], true);
		t_ok(rv.ops->put(rv.r, "snow", "cves", &g, 1, &rv.err),
		     &rv.err);
		if (i % 3 == 0)
			t_ok(rv.ops->put(rv.r, "snow", "cves", &after, 1,
					 &rv.err),
			     &rv.err);
		assert_same(&g);
		assert_same(&after);
		rv_group_free(&g);
		if (i == 4 || i == 9) {
			rv.ops->close(&rv.r);
			rv_open_again();
		}
	}
	t_ok(rv.ops->del(rv.r, "snow", "cves", &after.row.key, 1, &rv.err),
	     &rv.err);
	rv_group_free(&after);
	rv.ops->close(&rv.r);
	assert_int_equal(number("SELECT count(*) FROM members"), 1);
	assert_int_equal(number("SELECT sum(length(list)) FROM members"), 32);
}

/* Lists that are appended fill their pages, whoever began the last one. */
static void test_full_pages(void **state)
{
	int64_t bytes, pages;
	char text[16];

	for (int i = 0; i < 600; i++) {
		(void)snprintf(text, sizeof(text), "pc-%d", i);
		rv_put_text("snow", "cves", text, 20 + (uint32_t)i * 7 % 300);
		if (i % 97 == 0) {
			rv.ops->close(&rv.r);
			rv_open_again();
		}
	}
	rv.ops->close(&rv.r);
	bytes = number("SELECT sum(length(list)) FROM members");
	pages = number("SELECT count(*) FROM dbstat WHERE name='members'");
	assert_true(pages * 8192 < bytes + bytes / 25);
}

/* Writes in a child that dies without closing; what it committed is there,
 * what it had not is not, and its lock is gone. */
static void test_crash(void **state)
{
	rv_put_text("snow", "cves", "parent", 3);
	rv.ops->close(&rv.r);
	for (int step = 0; step < 4; step++) {
		int status;
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0) {
			struct mst_group_put g =
			    rv_group(MST_SLICE_LIT("child"), 60, true);
			struct mst_group_row row = g.row;
			bool ok;

			row.state = MST_GROUP_PENDING;
			ok = rv_open(rv.where, SOURCE, false, &rv.r, &rv.err) ==
			     0;
			if (ok && step >= 1)
				ok = rv.ops->mark(rv.r, "snow", "cves", &row, 1,
						  &rv.err) == 0;
			if (ok && step >= 2)
				ok = rv.ops->begin(rv.r, &rv.err) == 0 &&
				     rv.ops->put(rv.r, "snow", "cves", &g, 1,
						 &rv.err) == 0;
			if (ok && step >= 3)
				ok = rv.ops->commit(rv.r, &rv.err) == 0;
			_exit(ok ? 0 : 1);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
		rv_open_again();
		assert_int_equal(rv_count("snow", "cves"), step >= 1 ? 2 : 1);
		assert_int_equal(
		    rv_look("snow", "cves", MST_SLICE_LIT("parent")).members,
		    3);
		if (step >= 1) {
			struct rv_seen s =
			    rv_look("snow", "cves", MST_SLICE_LIT("child"));

			assert_int_equal(s.members, step == 3 ? 60 : 0);
			assert_int_equal(s.row.state, step == 3
							  ? MST_GROUP_CLEAN
							  : MST_GROUP_PENDING);
		}
		rv.ops->close(&rv.r);
	}
}

static void test_second_process(void **state)
{
	char part[64];
	int status;
	pid_t pid;

	(void)snprintf(part, sizeof(part), "process %ld", (long)getpid());
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct mst_recver *mine = NULL;
		int rc = rv_open(rv.where, SOURCE, true, &mine, &rv.err);

		_exit(rc == -MST_E_CONFLICT && strstr(rv.err.msg, part) ? 0
									: 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void sql(const char *text)
{
	sqlite3 *h = NULL;

	assert_int_equal(sqlite3_open(rv.where, &h), SQLITE_OK);
	assert_int_equal(sqlite3_exec(h, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(h);
}

static void test_damage(void **state)
{
	static const struct {
		const char *sql, *part;
	} damage[] = {
	    {"UPDATE members SET list=substr(list, 1, 33)", "member list"},
	    {"UPDATE members SET list=zeroblob(96)", "out of order"},
	    {"DELETE FROM members", "member list is gone"},
	    {"UPDATE grp SET members=2", "member list"},
	    {"UPDATE grp SET members=-1", "impossible"},
	    {"UPDATE grp SET state=9", "impossible"},
	    {"UPDATE grp SET digest=x'00'", "impossible"},
	};
	struct mst_hash key = rv_key_of(MST_SLICE_LIT("pc-1"));

	for (size_t i = 0; i < MST_LEN(damage); i++) {
		struct rv_seen s = {0};
		char hex[33];
		int rc;

		t_ok(rv.ops->reset(rv.r, "snow", NULL, &rv.err), &rv.err);
		rv_put_text("snow", "cves", "pc-1", 3);
		rv.ops->close(&rv.r);
		sql(damage[i].sql);
		rv_open_again();
		rc =
		    rv.ops->load(rv.r, "snow", "cves", rv_see_row, &s, &rv.err);
		if (rc == 0)
			rc = rv.ops->members(rv.r, "snow", "cves", &key, 1,
					     rv_see_members, &s, &rv.err);
		t_failed(rc, &rv.err, MST_E_CORRUPT, damage[i].part);
		mst_hash_hex(key, hex);
		assert_non_null(strstr(rv.err.msg, hex));
		assert_non_null(strstr(rv.err.msg, "recver reset"));
		/* The remedy works. */
		t_ok(rv.ops->reset(rv.r, "snow", NULL, &rv.err), &rv.err);
		assert_int_equal(rv_count("snow", "cves"), 0);
	}
}

static void test_refused_files(void **state)
{
	struct mst_buf before = MST_BUF_INIT(1u << 20);
	struct mst_buf after = MST_BUF_INIT(1u << 20);
	char *noise = mst_alloc(100000);

	rv_put_text("snow", "cves", "pc-1", 3);
	rv.ops->close(&rv.r);
	sql("PRAGMA user_version=7");
	t_failed(rv_open(rv.where, SOURCE, true, &rv.r, &rv.err), &rv.err,
		 MST_E_UNSUPPORTED, "newer muster (schema 7");
	sql("PRAGMA user_version=1; UPDATE meta SET value=x'35'"
	    " WHERE name='hash'");
	t_failed(rv_open(rv.where, SOURCE, true, &rv.r, &rv.err), &rv.err,
		 MST_E_UNSUPPORTED, "another kind");

	rv.where = rv_fresh_place();
	memset(noise, 'n', 100000);
	t_write(rv.where, mst_slice(noise, 100000));
	t_failed(rv_open(rv.where, SOURCE, true, &rv.r, &rv.err), &rv.err,
		 MST_E_CORRUPT, "is damaged");
	rv.where = rv_fresh_place();
	sql("CREATE TABLE somebodys(x)");
	t_ok(mst_file_read(rv.where, &before, &rv.err), &rv.err);
	t_failed(rv_open(rv.where, SOURCE, true, &rv.r, &rv.err), &rv.err,
		 MST_E_CORRUPT, "some other database");
	t_ok(mst_file_read(rv.where, &after, &rv.err), &rv.err);
	assert_int_equal(before.n, after.n);
	assert_memory_equal(before.p, after.p, before.n);
	mst_buf_fini(&before);
	mst_buf_fini(&after);
	t_failed(rv_open(t_dir(), SOURCE, true, &rv.r, &rv.err), &rv.err,
		 MST_E_INVALID, "not a file");
	assert_null(rv.r);
	free(noise);
}

/* As a user who may not write there; in a child, for root may everywhere. */
static void test_no_access(void **state)
{
	const char *dir = t_path("locked"), *path = t_path("locked/x.recver");
	int status;
	pid_t pid;

	assert_int_equal(mkdir(dir, 0755), 0);
	if (geteuid() == 0)
		assert_int_equal(chmod(t_dir(), 0755), 0);
	else
		assert_int_equal(chmod(dir, 0555), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct mst_recver *mine = NULL;

		if (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0)
			_exit(1);
		if (rv_open(path, SOURCE, true, &mine, &rv.err) != -MST_E_IO)
			_exit(2);
		if (!strstr(rv.err.msg, path) ||
		    !strstr(rv.err.msg,
			    "give the user that runs muster access"))
			_exit(3);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* In a child, because the limit and the signal are the whole process's. */
static void test_full_disk(void **state)
{
	int status;
	pid_t pid;

	rv_put_text("snow", "cves", "parent", 3);
	rv.ops->close(&rv.r);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct rlimit small = {1u << 20, 1u << 20};
		struct mst_group_put g;
		char text[16];
		int rc;

		signal(SIGXFSZ, SIG_IGN);
		if (rv_open(rv.where, SOURCE, false, &rv.r, &rv.err) < 0)
			_exit(1);
		setrlimit(RLIMIT_FSIZE, &small);
		if (rv.ops->begin(rv.r, &rv.err) < 0)
			_exit(2);
		rc = 0;
		for (int i = 0; i < 4000 && rc == 0; i++) {
			(void)snprintf(text, sizeof(text), "pc-%d", i);
			g = rv_group(mst_slice_str(text), 60, true);
			rc = rv.ops->put(rv.r, "snow", "cves", &g, 1, &rv.err);
		}
		if (rc == 0)
			rc = rv.ops->commit(rv.r, &rv.err);
		else
			rv.ops->abort(rv.r);
		if (rc != -MST_E_IO || !strstr(rv.err.msg, rv.where))
			_exit(3);
		/* What was there can still be read. */
		_exit(rv_count("snow", "cves") == 1 ? 0 : 4);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	rv_open_again();
	assert_int_equal(rv_count("snow", "cves"), 1);
}

int rv_file_tests(void)
{
	const struct CMUnitTest with_file[] = {
	    T(test_size),	T(test_compact_gives_back),
	    T(test_lengths),	T(test_full_pages),
	    T(test_crash),	T(test_second_process),
	    T(test_damage),	T(test_refused_files),
	    T(test_no_access),	T(test_full_disk),
	    T(test_short_look), T(test_tidy),
	};

	return cmocka_run_group_tests_name("sqlite: file", with_file, NULL,
					   NULL);
}
