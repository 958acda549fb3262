/* SPDX-License-Identifier: Apache-2.0
 *
 * A RecVer on PostgreSQL that was damaged by hand: each damage is found.
 */
#include "recver_tools.h"

#include "recver_postgres.h"
#include "tests/lib/pg.h"

static const struct tools_damage damages[] = {
    {"UPDATE muster.meta SET value = '\\x01020304050607' WHERE name = 'seed'",
     "its seed"},
    {"DELETE FROM muster.meta WHERE name = 'seed'", "its seed"},
    {"UPDATE muster.meta SET value = 'md5' WHERE name = 'hash'",
     "check sums of another kind"},
    {"UPDATE muster.meta SET value = 'someone' WHERE name = 'source'",
     "belongs to the connection 'someone'"},
    {"UPDATE muster.meta SET value = '9' WHERE name = 'schema'",
     "newer muster (version 9, this one knows 1)"},
    {"UPDATE muster.meta SET value = 'there', target = '', name = 'unfinished' "
     "WHERE name = 'feed.machines' AND target = 'other'",
     "a copy into it was not finished"},
    {"UPDATE muster.meta SET value = 'many' WHERE name = 'feed.machines' AND "
     "target = 'snow'",
     "its value 'feed.machines' is no number"},
    {"DELETE FROM muster.record_set WHERE id = 2",
     "groups are of set number 2, which is not there"},
    {"INSERT INTO muster.record_set (id, target, name) VALUES (8, 'snow', "
     "'devices')",
     "the record set is there twice"},
    {"INSERT INTO muster.record_set (id, target, name) VALUES (0, 'snow', "
     "'more')",
     "its number is not above 0"},
    {"UPDATE muster.grp SET key = substr(key, 1, 15) WHERE set_id = 1 AND text "
     "= 'd1'",
     "its key is not 16 bytes"},
    {"UPDATE muster.grp SET text = '\\x6439' WHERE set_id = 1 AND text = 'd1'",
     "wrong|snow|devices|d9|its key is not the hash of its text"},
    {"UPDATE muster.grp SET digest = '\\x00' WHERE set_id = 1 AND text = 'd1'",
     "its digest is not 16 bytes"},
    {"UPDATE muster.grp SET remote = '\\x00' WHERE set_id = 1 AND text = 'd1'",
     "its remote id is not 16 bytes"},
    {"UPDATE muster.grp SET remote = NULL WHERE set_id = 1 AND text = 'd1'",
     "it was delivered, and has no remote id"},
    {"UPDATE muster.grp SET state = 7 WHERE set_id = 1 AND text = 'd1'",
     "wrong|snow|devices|d1|its state is none that there is"},
    {"UPDATE muster.grp SET state = 0 WHERE set_id = 2 AND text = 'd2'",
     "is not marked as pending"},
    {"UPDATE muster.grp SET members = -1 WHERE set_id = 1 AND text = 'd1'",
     "its number of members or its run is wrong"},
    {"UPDATE muster.grp SET run = -1 WHERE set_id = 1 AND text = 'd1'",
     "its number of members or its run is wrong"},
    {"UPDATE muster.grp SET members = 99 WHERE set_id = 2 AND text = 'd1'",
     "the length of its member list is not that"},
    {"DELETE FROM muster.grp WHERE set_id = 1 AND text = 'd1'",
     "the group that it hangs on is not there"},
    {"UPDATE muster.grp SET has_list = true WHERE set_id = 1 AND text = 'd1'",
     "its member list is gone"},
    {"UPDATE muster.grp SET has_list = false WHERE set_id = 2 AND text = 'd1'",
     "it has a member list that its row does not know of"},
    {"DELETE FROM muster.members WHERE part = 1 AND set_id = 2 AND key = "
     "(SELECT key FROM muster.grp WHERE set_id = 2 AND text = 'd1')",
     "the parts of its member list are not in sequence"},
    {"DELETE FROM muster.members WHERE part = 0 AND set_id = 2 AND key = "
     "(SELECT key FROM muster.grp WHERE set_id = 2 AND text = 'd1')",
     "the parts of its member list are not in sequence"},
    {"DELETE FROM muster.members WHERE part = 2 AND set_id = 2 AND key = "
     "(SELECT key FROM muster.grp WHERE set_id = 2 AND text = 'd1')",
     "the length of its member list is not that"},
    {"DELETE FROM muster.members WHERE set_id = 2 AND key = (SELECT key FROM "
     "muster.grp WHERE set_id = 2 AND text = 'd1')",
     "its member list is gone"},
    {"INSERT INTO muster.members (set_id, key, part, list) VALUES (2, "
     "'\\x00000000000000000000000000000000', 0, '\\x00')",
     "is of no group"},
    {"UPDATE muster.members SET list = substring(list from 33) || "
     "substring(list from 1 for 32) WHERE set_id = 2 AND key = (SELECT key "
     "FROM muster.grp WHERE set_id = 2 AND text = 'gone')",
     "its members are out of order"},
    {"UPDATE muster.members SET list = substring(list from 2) WHERE set_id = 2 "
     "AND key = (SELECT key FROM muster.grp WHERE set_id = 2 AND text = "
     "'gone')",
     "the length of its member list"},
};

static void harm(const char *how)
{
	t_pg_sql(rv.where, "%s", how);
}

int rv_postgres_damages(void)
{
	return tools_damages("postgres: damage", harm, damages,
			     MST_LEN(damages));
}
