/* SPDX-License-Identifier: Apache-2.0
 *
 * A RecVer in a SQLite file that was damaged by hand: each damage is found.
 */
#include "recver_tools.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

static const struct tools_damage damages[] = {
    {"UPDATE meta SET value = X'01020304050607' WHERE name = 'seed'",
     "its seed"},
    {"DELETE FROM meta WHERE name = 'seed'", "its seed"},
    {"UPDATE meta SET value = CAST('md5' AS BLOB) WHERE name = 'hash'",
     "check sums of another kind"},
    {"UPDATE meta SET value = CAST('someone' AS BLOB) WHERE name = 'source'",
     "belongs to the connection 'someone'"},
    {"PRAGMA user_version = 9", "newer muster"},
    {"UPDATE meta SET value = CAST('9' AS BLOB) WHERE name = 'schema'",
     "the version of its tables is wrong"},
    {"UPDATE meta SET value = CAST('there' AS BLOB), target = '', name = "
     "'unfinished' WHERE name = 'feed.machines' AND target = 'other'",
     "a copy into it was not finished"},
    {"UPDATE meta SET value = CAST('many' AS BLOB) WHERE name = "
     "'feed.machines' AND target = 'snow'",
     "its value 'feed.machines' is no number"},
    {"DELETE FROM sets WHERE id = 2",
     "groups are of set number 2, which is not there"},
    {"UPDATE sets SET id = 1 WHERE id = 2",
     "its number is not above 0, or another set's"},
    {"UPDATE grp SET key = substr(key, 1, 15) WHERE set_id = 1 AND text = "
     "X'6431'",
     "its key is not 16 bytes"},
    {"UPDATE grp SET text = X'6439' WHERE set_id = 1 AND text = X'6431'",
     "wrong|snow|devices|d9|its key is not the hash of its text"},
    {"UPDATE grp SET digest = X'00' WHERE set_id = 1 AND text = X'6431'",
     "its digest is not 16 bytes"},
    {"UPDATE grp SET remote = X'00' WHERE set_id = 1 AND text = X'6431'",
     "its remote id is not 16 bytes"},
    {"UPDATE grp SET remote = NULL WHERE set_id = 1 AND text = X'6431'",
     "it was delivered, and has no remote id"},
    {"UPDATE grp SET state = 7 WHERE set_id = 1 AND text = X'6431'",
     "wrong|snow|devices|d1|its state is none that there is"},
    {"UPDATE grp SET state = 0 WHERE set_id = 2 AND text = X'6432'",
     "is not marked as pending"},
    {"UPDATE grp SET members = -1 WHERE set_id = 1 AND text = X'6431'",
     "its number of members or its run is wrong"},
    {"UPDATE grp SET run = -1 WHERE set_id = 1 AND text = X'6431'",
     "its number of members or its run is wrong"},
    {"UPDATE grp SET members = 99 WHERE set_id = 2 AND text = X'6431'",
     "the length of its member list is not that"},
    {"DELETE FROM grp WHERE set_id = 1 AND text = X'6431'",
     "the group that it hangs on is not there"},
    {"DELETE FROM members WHERE id IN (SELECT list_id FROM grp WHERE set_id = "
     "2 AND text = X'6431')",
     "wrong|snow|installs|d1|"},
    {"UPDATE grp SET list_id = NULL WHERE set_id = 2 AND text = X'6431'",
     "is of no group"},
    {"UPDATE grp SET list_id = (SELECT list_id FROM grp WHERE set_id = 2 AND "
     "text = X'6431') WHERE set_id = 2 AND text = X'6432'",
     "another group has the same member list"},
    {"INSERT INTO members (id, list) VALUES (1048576 * 900, X'00')",
     "is of no group"},
    {"UPDATE members SET list = CAST(substr(list, 33) || substr(list, 1, 32) "
     "AS BLOB) WHERE id IN (SELECT list_id FROM grp WHERE set_id = 2 AND text "
     "= X'676f6e65')",
     "its members are out of order"},
    {"UPDATE members SET list = substr(list, 2) WHERE id IN (SELECT list_id "
     "FROM grp WHERE set_id = 2 AND text = X'676f6e65')",
     "the length of its member list"},
};

static void harm(const char *how)
{
	char *error = NULL;
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(rv.where, &db), SQLITE_OK);
	if (sqlite3_exec(db, how, NULL, NULL, &error) != SQLITE_OK)
		fail_msg("%s: %s", how, error);
	(void)sqlite3_close(db);
}

/* The head of a page. */
static void spoil(const char *how)
{
	int fd = open(rv.where, O_RDWR | O_CLOEXEC);
	uint8_t size[2];
	off_t page;

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, size, 2, 16), 2);
	page = size[0] << 8 | size[1];
	assert_int_equal(pwrite(fd, "spoilt", 6, page * atoi(how)), 6);
	(void)close(fd);
}

int rv_sqlite_damages(void)
{
	static const struct tools_damage pages[] = {
	    {"1", "is damaged (database disk image is malformed)"},
	    {"3", "the file's pages: "},
	    {"4", "the file's pages: "},
	};

	return tools_damages("sqlite: damage", harm, damages,
			     MST_LEN(damages)) +
	       tools_damages("sqlite: spoilt pages", spoil, pages,
			     MST_LEN(pages));
}
