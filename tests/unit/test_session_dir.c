/* SPDX-License-Identifier: Apache-2.0
 *
 * Folders of sessions: old ones go, what is not muster's or is read from
 * stays.
 */
#include "tests/lib/t.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "sync/session_dir.h"

static struct mst_err err;

static char *make(const char *job, int64_t run, const char *read_from)
{
	char *dir = NULL;

	t_ok(mst_session_dir_make(t_dir(), job, run, read_from, &dir, &err),
	     &err);
	assert_true(mst_file_exists(dir));
	return dir;
}

static void test_old_ones_go(void **state MST_UNUSED)
{
	char *old = make("j", 1, NULL), *other = make("k", 1, NULL), *new;
	char *data = mst_asprintf("%s/source/machines", old);

	t_ok(mst_dir_make(data, &err), &err);
	new = make("j", 2, NULL);
	assert_false(mst_file_exists(old));
	assert_true(mst_file_exists(other)); /* another job's */
	assert_string_not_equal(old, new);
	free(data);
	free(old);
	free(other);
	free(new);
}

/* A folder that a person made, moved or named. */
static void test_others_stay(void **state MST_UNUSED)
{
	static const char *const stay[] = {"kept", "12-34", "12-", "-3",
					   "12-3x"};
	char *dir = make("p", 1, NULL), *moved = mst_asprintf("%s.kept", dir);

	assert_int_equal(rename(dir, moved), 0);
	free(dir);
	for (size_t i = 0; i < MST_LEN(stay); i++)
		t_ok(mst_dir_make(t_path("spool/p/%s", stay[i]), &err), &err);
	/* a link is not followed, and not removed */
	assert_int_equal(symlink("kept", t_path("spool/p/5-5")), 0);
	free(make("p", 2, NULL));
	for (size_t i = 0; i < MST_LEN(stay); i++)
		assert_true(mst_file_exists(t_path("spool/p/%s", stay[i])));
	assert_true(mst_file_exists(t_path("spool/p/5-5")));
	assert_true(mst_file_exists(moved));
	free(moved);
}

/* A spool that was kept and is now read from. */
static void test_read_from_stays(void **state MST_UNUSED)
{
	char *dir = make("r", 1, NULL), *below = mst_asprintf("%s/source", dir);
	char *beside = mst_asprintf("%s0", dir);

	t_ok(mst_dir_make(below, &err), &err);
	t_ok(mst_dir_make(beside, &err), &err);
	free(make("r", 2, below));
	assert_true(mst_file_exists(below));
	free(make("r", 3, dir));
	assert_true(mst_file_exists(dir));
	/* a longer name is another folder, and so is one that is not there */
	free(make("r", 4, beside));
	assert_false(mst_file_exists(dir));
	free(make("r", 5, "/nowhere/at/all"));
	free(dir);
	free(below);
	free(beside);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_old_ones_go),
	    cmocka_unit_test(test_others_stay),
	    cmocka_unit_test(test_read_from_stays),
	};

	return cmocka_run_group_tests(tests, t_log_watch, t_log_check);
}
