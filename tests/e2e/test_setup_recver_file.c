/* SPDX-License-Identifier: Apache-2.0
 *
 * muster connection test and setup of a source whose RecVer is a file.
 */
#include "tests/e2e/setup_says.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct rig rig;

static void test_shows(int status, const char *id, const char *text,
		       const char *remedy)
{
	rig_muster(&rig, "connection", "test", "defender", "--json");
	rig_status(&rig, status);
	says_shows(&rig, id, "Failed", text, remedy);
	assert_int_equal(says_counted(&rig, "failed"), 1);
}

static void at_path(const char *path)
{
	static char lines[600];

	(void)snprintf(lines, sizeof(lines), "    recver:\n      path: %s\n",
		       path);
	rig.recver = lines;
	rig_apply(&rig, NULL, NULL, NULL);
}

static void in_a_file(void **state)
{
	const char *path = t_path("own/r.db");
	int64_t n;

	(void)state;
	rig.recver = NULL;
	rig_fresh(&rig);
	at_path(path);
	rig_muster(&rig, "connection", "test", "defender", "--json");
	rig_status(&rig, 0);
	says_shows(&rig, "recver:connect", "Ok", "made by the first run", "");
	says_shows(&rig, "recver:database", "Note", "does not exist yet", "");
	rig_muster(&rig, "connection", "setup", "defender", "--yes", "--json");
	rig_status(&rig, 0);
	says_shows(&rig, "setup:file", "Ok", "was made", "");
	says_shows(&rig, "recver:database", "Ok", "own/r.db", "");
	says_shows(&rig, "recver:tables", "Ok", "all 4, version 1", "");
	says_shows(&rig, "recver:probe", "Ok", "into each table", "");
	says_shows(&rig, "recver:use", "Ok", "are free", "");
	n = rig_sync(&rig, 0);
	assert_true(n > 0);
	rig_quiet(&rig);
	rig_muster(&rig, "connection", "test", "defender", "--json");
	rig_status(&rig, 0);
	rig_quiet(&rig);
}

static void write_file(const char *path, size_t at, const char *bytes, size_t n)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, n, (off_t)at), (ssize_t)n);
	(void)close(fd);
}

static void a_wrong_file(void **state)
{
	const char *path = t_path("wrong.db");
	static const char noise[30000] = {1};

	(void)state;
	rig.recver = NULL;
	rig_fresh(&rig);
	at_path("/etc/passwd/r.db");
	test_shows(1, "recver:connect", "nothing can be made in '/etc/passwd",
		   "recver.path");
	at_path(t_dir());
	test_shows(1, "recver:database", "is not a file", "recver.path");
	at_path(path);
	rig_muster(&rig, "connection", "setup", "defender", "--yes");
	rig_status(&rig, 0);
	(void)rig_sync(&rig, 0);
	write_file(path, 60, "\0\0\0\143", 4);
	test_shows(1, "recver:tables", "newer muster (version 99,",
		   "use that version");
	write_file(path, 60, "\0\0\0\1", 4);
	write_file(path, 9000, noise, sizeof(noise));
	test_shows(1, "recver:database", "damaged", "put a backup back");
	write_file(path, 68, "abcd", 4);
	test_shows(1, "recver:database", "other program's",
		   "another file in recver.path");
	write_file(path, 0, "nothing of a database", 21);
	test_shows(1, "recver:database", "is damaged", "put a backup back");
}

static void a_held_file(void **state)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	char *lock;
	int fd;

	(void)state;
	rig.recver = NULL;
	rig_fresh(&rig);
	at_path(t_path("held.db"));
	(void)rig_sync(&rig, 0);
	lock = mst_asprintf("%s.lock", t_path("held.db"));
	fd = open(lock, O_RDWR | O_CLOEXEC);
	free(lock);
	assert_int_equal(fcntl(fd, F_OFD_SETLK, &whole), 0);
	assert_int_equal(pwrite(fd, "process 4711\n", 13, 0), 13);
	rig_muster(&rig, "connection", "test", "defender", "--json");
	rig_status(&rig, 0);
	says_shows(&rig, "recver:database", "Note", "in use by process 4711",
		   "");
	assert_false(mst_json_is_str(
	    mst_json_get(says_check(&rig, "recver:probe"), "id"),
	    "recver:probe"));
	(void)close(fd);
	rig_muster(&rig, "connection", "test", "defender", "--json");
	rig_status(&rig, 0);
	says_shows(&rig, "recver:probe", "Ok", "into each table", "");
}

static int begin(void **state)
{
	(void)state;
	rig_start(&rig, NULL);
	return 0;
}

static int finish(void **state)
{
	(void)state;
	rig_stop(&rig);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(in_a_file),
	    cmocka_unit_test(a_wrong_file),
	    cmocka_unit_test(a_held_file),
	};

	return cmocka_run_group_tests_name("RecVer in a file", tests, begin,
					   finish);
}
