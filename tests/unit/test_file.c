/* SPDX-License-Identifier: Apache-2.0
 *
 * Files and folders.
 */
#include "tests/lib/t.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

static void test_write_read(void **state)
{
	const char *path = t_path("a");
	struct mst_buf b = MST_BUF_INIT(100);
	struct mst_err err = MST_ERR_INIT;
	struct stat st;

	t_ok(mst_file_write(path, MST_SLICE_LIT("old"), 0600, &err), &err);
	/* a left-over of a killed run is no hindrance */
	t_write(t_path("a.tmp"), MST_SLICE_LIT("half"));
	t_ok(mst_file_write(path, mst_slice("n\0w", 3), 0600, &err), &err);
	assert_false(mst_file_exists(t_path("a.tmp")));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	mst_buf_adds(&b, ">");
	t_ok(mst_file_read(path, &b, &err), &err);
	assert_int_equal(b.n, 4);
	assert_memory_equal(b.p, ">n\0w", 5);
	t_ok(mst_file_write(path, MST_SLICE_LIT(""), 0600, &err), &err);
	mst_buf_reset(&b);
	t_ok(mst_file_read(path, &b, &err), &err);
	t_is(mst_buf_slice(&b), "");
	mst_buf_fini(&b);
}

static void test_read_bounds(void **state)
{
	const char *path = t_path("large");
	struct mst_err err = MST_ERR_INIT;
	char data[100];

	memset(data, 'x', sizeof(data));
	t_write(path, mst_slice(data, sizeof(data)));
	for (size_t max = 0; max < 110; max++) {
		struct mst_buf b = MST_BUF_INIT(max);
		int ret = mst_file_read(path, &b, &err);

		if (max >= 100) {
			t_ok(ret, &err);
			assert_int_equal(b.n, 100);
		} else {
			t_failed(ret, &err, MST_E_INVALID, "too large");
			assert_int_equal(b.n, 0);
		}
		mst_buf_fini(&b);
	}
}

static void test_read_errors(void **state)
{
	struct mst_buf b = MST_BUF_INIT(100);
	struct mst_err err = MST_ERR_INIT;

	mst_buf_adds(&b, "kept");
	t_failed(mst_file_read(t_path("none"), &b, &err), &err, MST_E_NOTFOUND,
		 "none\" does not exist");
	t_failed(mst_file_read(t_dir(), &b, &err), &err, MST_E_IO, t_dir());
	t_is(mst_buf_slice(&b), "kept");
	t_failed(
	    mst_file_write(t_path("no/such"), MST_SLICE_LIT("x"), 0600, &err),
	    &err, MST_E_IO, "no/such.tmp");
	mst_buf_fini(&b);
}

static void test_dirs(void **state)
{
	const char *deep = t_path("d/e/f"), *file = t_path("d/e/file");
	struct mst_err err = MST_ERR_INIT;
	char *slash = mst_asprintf("%s//g/", deep);
	struct stat st;

	t_ok(mst_dir_make(deep, &err), &err);
	t_ok(mst_dir_make(deep, &err), &err); /* again is fine */
	t_ok(mst_dir_make(slash, &err), &err);
	assert_int_equal(stat(deep, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	t_write(file, MST_SLICE_LIT("x"));
	t_failed(mst_dir_make(file, &err), &err, MST_E_CONFLICT,
		 "not a folder");
	t_failed(mst_dir_make(t_path("d/e/file/x"), &err), &err, MST_E_IO,
		 "cannot make");
	t_failed(mst_dir_make("", &err), &err, MST_E_INVALID, "empty");
	t_ok(mst_dir_remove(t_path("d"), &err), &err);
	assert_false(mst_file_exists(t_path("d")));
	t_ok(mst_dir_remove(t_path("d"), &err), &err);
	free(slash);
}

/* Removing a folder never reaches through a link. */
static void test_remove_links(void **state)
{
	struct mst_err err = MST_ERR_INIT;

	t_ok(mst_dir_make(t_path("keep"), &err), &err);
	t_ok(mst_dir_make(t_path("gone/sub"), &err), &err);
	t_write(t_path("keep/file"), MST_SLICE_LIT("x"));
	assert_int_equal(symlink(t_path("keep"), t_path("gone/sub/l")), 0);
	assert_int_equal(symlink(t_path("keep"), t_path("link")), 0);
	t_failed(mst_dir_remove(t_path("link"), &err), &err, MST_E_INVALID,
		 "left alone");
	t_failed(mst_dir_remove(t_path("keep/file"), &err), &err, MST_E_INVALID,
		 "left alone");
	t_ok(mst_dir_remove(t_path("gone"), &err), &err);
	assert_true(mst_file_exists(t_path("keep/file")));
}

struct seen {
	char text[1000];
	uint64_t size;
	int stop_after;
};

static int note(void *ctx, const char *path, const char *rel, uint64_t size,
		struct mst_err *err)
{
	struct seen *s = ctx;

	(void)err;
	assert_true(mst_file_exists(path));
	strcat(s->text, rel);
	strcat(s->text, " ");
	s->size += size;
	return --s->stop_after == 0 ? 7 : 0;
}

static void test_walk(void **state)
{
	struct mst_err err = MST_ERR_INIT;
	struct seen s = {.text = ""}, stop = {.text = "", .stop_after = 2};
	char *slash = mst_asprintf("%s/", t_path("w"));

	t_ok(mst_dir_make(t_path("w/b/c"), &err), &err);
	t_ok(mst_dir_make(t_path("w/empty"), &err), &err);
	t_write(t_path("w/z"), MST_SLICE_LIT("1"));
	t_write(t_path("w/a"), MST_SLICE_LIT("22"));
	t_write(t_path("w/b/c/x.json"), MST_SLICE_LIT("333"));
	t_write(t_path("w/b/y"), MST_SLICE_LIT(""));
	t_write(t_path("w/.hidden"), MST_SLICE_LIT("4444"));
	assert_int_equal(symlink("z", t_path("w/link")), 0);
	t_ok(mst_dir_walk(t_path("w"), note, &s, &err), &err);
	assert_string_equal(s.text, ".hidden a b/c/x.json b/y link z ");
	assert_int_equal(s.size, 11);
	assert_int_equal(mst_dir_walk(slash, note, &stop, &err), 7);
	assert_string_equal(stop.text, ".hidden a ");
	free(slash);
}

static void test_stream(void **state)
{
	const char *path = t_path("stream");
	struct mst_err err = MST_ERR_INIT;
	char line[16];
	struct stat st;
	FILE *f;

	(void)state;
	assert_null(mst_file_stream(path, "r", &err));
	assert_int_equal(err.code, MST_E_IO);
	err = (struct mst_err)MST_ERR_INIT;
	for (int i = 0; i < 2; i++) {
		f = mst_file_stream(path, i ? "a" : "w", &err);
		assert_non_null(f);
		assert_true(fputs(i ? "b" : "a", f) >= 0);
		assert_int_equal(fclose(f), 0);
	}
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	f = mst_file_stream(path, "r", &err);
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	assert_string_equal(line, "ab");
	assert_int_equal(fclose(f), 0);
}

static void test_walk_errors(void **state)
{
	struct mst_err err = MST_ERR_INIT;
	struct seen s = {.text = ""};

	t_failed(mst_dir_walk(t_path("nowhere"), note, &s, &err), &err,
		 MST_E_NOTFOUND, "nowhere");
	t_failed(mst_dir_walk("", note, &s, &err), &err, MST_E_INVALID,
		 "empty");
	t_ok(mst_dir_make(t_path("deep/2/3/4/5/6/7/8"), &err), &err);
	t_write(t_path("deep/2/3/4/5/6/7/8/f"), MST_SLICE_LIT("x"));
	t_ok(mst_dir_walk(t_path("deep"), note, &s, &err), &err);
	t_ok(mst_dir_make(t_path("deep/2/3/4/5/6/7/8/9"), &err), &err);
	t_failed(mst_dir_walk(t_path("deep"), note, &s, &err), &err,
		 MST_E_INVALID, "more than 8");
	/* a link to its own folder ends, a dangling one is named */
	t_ok(mst_dir_make(t_path("loop"), &err), &err);
	assert_int_equal(symlink(".", t_path("loop/l")), 0);
	t_failed(mst_dir_walk(t_path("loop"), note, &s, &err), &err,
		 MST_E_INVALID, "more than 8");
	t_ok(mst_dir_make(t_path("dangling"), &err), &err);
	assert_int_equal(symlink("none", t_path("dangling/l")), 0);
	t_failed(mst_dir_walk(t_path("dangling"), note, &s, &err), &err,
		 MST_E_IO, "dangling/l");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_write_read),
	    cmocka_unit_test(test_read_bounds),
	    cmocka_unit_test(test_read_errors),
	    cmocka_unit_test(test_dirs),
	    cmocka_unit_test(test_remove_links),
	    cmocka_unit_test(test_walk),
	    cmocka_unit_test(test_stream),
	    cmocka_unit_test(test_walk_errors),
	};

	return cmocka_run_group_tests(tests, t_log_watch, t_log_check);
}
