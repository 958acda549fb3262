/* SPDX-License-Identifier: Apache-2.0
 *
 * A RecVer on SQL Server, as the driver for tests keeps it, that was damaged by
 * hand: each damage is found.
 */
#include "recver_tools.h"

#include "recver_sqlserver.h"
#include <sqlite3.h>

static const struct tools_damage damages[] = {
    {"UPDATE meta SET value = X'01020304050607' WHERE name = 'seed'",
     "its seed"},
    {"DELETE FROM meta WHERE name = 'seed'", "its seed"},
    {"UPDATE meta SET value = CAST('md5' AS BLOB) WHERE name = 'hash'",
     "check sums of another kind"},
    {"UPDATE meta SET value = CAST('someone' AS BLOB) WHERE name = 'source'",
     "belongs to the connection 'someone'"},
    {"UPDATE meta SET value = CAST('9' AS BLOB) WHERE name = 'schema'",
     "newer muster (version 9, this one knows 1)"},
    {"UPDATE meta SET value = CAST('there' AS BLOB), target = '', name = "
     "'unfinished' WHERE name = 'feed.machines' AND target = 'other'",
     "a copy into it was not finished"},
    {"UPDATE meta SET value = CAST('many' AS BLOB) WHERE name = "
     "'feed.machines' AND target = 'snow'",
     "its value 'feed.machines' is no number"},
    {"DELETE FROM record_set WHERE id = 2",
     "groups are of set number 2, which is not there"},
    {"INSERT INTO record_set (id, target, name) VALUES (8, 'snow', 'devices')",
     "the record set is there twice"},
    {"INSERT INTO record_set (id, target, name) VALUES (0, 'snow', 'more')",
     "its number is not above 0"},
    {"UPDATE grp SET \"key\" = substr(\"key\", 1, 15) WHERE set_id = 1 AND "
     "text = X'6431'",
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
    {"UPDATE grp SET has_list = 1 WHERE set_id = 1 AND text = X'6431'",
     "its member list is gone"},
    {"UPDATE grp SET has_list = 0 WHERE set_id = 2 AND text = X'6431'",
     "it has a member list that its row does not know of"},
    {"DELETE FROM members WHERE set_id = 2 AND \"key\" = (SELECT \"key\" FROM "
     "grp WHERE set_id = 2 AND text = X'6431')",
     "its member list is gone"},
    {"INSERT INTO members (set_id, \"key\", list) VALUES (2, "
     "X'00000000000000000000000000000000', X'00')",
     "is of no group"},
    {"UPDATE members SET list = CAST(substr(list, 33) || substr(list, 1, 32) "
     "AS BLOB) WHERE set_id = 2 AND \"key\" = (SELECT \"key\" FROM grp WHERE "
     "set_id = 2 AND text = X'676f6e65')",
     "its members are out of order"},
    {"UPDATE members SET list = substr(list, 2) WHERE set_id = 2 AND \"key\" = "
     "(SELECT \"key\" FROM grp WHERE set_id = 2 AND text = X'676f6e65')",
     "the length of its member list"},
};

static void harm(const char *how)
{
	char *error = NULL;
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(t_path("databases/%s.db", rv.where), &db),
			 SQLITE_OK);
	if (sqlite3_exec(db, how, NULL, NULL, &error) != SQLITE_OK)
		fail_msg("%s: %s", how, error);
	(void)sqlite3_close(db);
}

int sqlserver_damages(void)
{
	return tools_damages("sqlserver: damage", harm, damages,
			     MST_LEN(damages));
}
