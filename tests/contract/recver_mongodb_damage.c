/* SPDX-License-Identifier: Apache-2.0
 *
 * A RecVer on MongoDB that was damaged by hand: each damage is found.
 */
#include "recver_tools.h"

#include "recver/mongodb/probe.h"
#include "recver_mongodb.h"
#include "tests/lib/mongo.h"

static const struct tools_damage damages[] = {
    {"{\"update\": \"meta\", \"updates\": [{\"q\": {\"_id\": {\"target\": "
     "\"\", \"name\": \"seed\"}}, \"u\": {\"$set\": {\"value\": {\"$binary\": "
     "{\"base64\": \"MTIzNDU2Nw==\", \"subType\": \"00\"}}}}}]}",
     "its seed"},
    {"{\"delete\": \"meta\", \"deletes\": [{\"q\": {\"_id\": {\"target\": "
     "\"\", \"name\": \"seed\"}}, \"limit\": 1}]}",
     "its seed"},
    {"{\"update\": \"meta\", \"updates\": [{\"q\": {\"_id\": {\"target\": "
     "\"\", \"name\": \"hash\"}}, \"u\": {\"$set\": {\"value\": {\"$binary\": "
     "{\"base64\": \"bWQ1\", \"subType\": \"00\"}}}}}]}",
     "check sums of another kind"},
    {"{\"update\": \"meta\", \"updates\": [{\"q\": {\"_id\": {\"target\": "
     "\"\", \"name\": \"source\"}}, \"u\": {\"$set\": {\"value\": "
     "{\"$binary\": {\"base64\": \"c29tZW9uZQ==\", \"subType\": \"00\"}}}}}]}",
     "belongs to the connection 'someone'"},
    {"{\"update\": \"meta\", \"updates\": [{\"q\": {\"_id\": {\"target\": "
     "\"\", \"name\": \"schema\"}}, \"u\": {\"$set\": {\"value\": "
     "{\"$binary\": {\"base64\": \"OQ==\", \"subType\": \"00\"}}}}}]}",
     "newer muster (version 9, this one knows 1)"},
    {"{\"insert\": \"meta\", \"documents\": [{\"_id\": {\"target\": \"\", "
     "\"name\": \"unfinished\"}, \"value\": {\"$binary\": {\"base64\": "
     "\"dGhlcmU=\", \"subType\": \"00\"}}}]}",
     "a copy into it was not finished"},
    {"{\"update\": \"meta\", \"updates\": [{\"q\": {\"_id\": {\"target\": "
     "\"snow\", \"name\": \"feed.machines\"}}, \"u\": {\"$set\": {\"value\": "
     "{\"$binary\": {\"base64\": \"bWFueQ==\", \"subType\": \"00\"}}}}}]}",
     "its value 'feed.machines' is no number"},
    {"{\"delete\": \"record_set\", \"deletes\": [{\"q\": {\"_id\": 2}, "
     "\"limit\": 1}]}",
     "groups are of set number 2, which is not there"},
    {"{\"insert\": \"record_set\", \"documents\": [{\"_id\": 8, \"target\": "
     "\"snow\", \"name\": \"devices\"}]}",
     "the record set is there twice"},
    {"{\"insert\": \"record_set\", \"documents\": [{\"_id\": 0, \"target\": "
     "\"snow\", \"name\": \"more\"}]}",
     "its number is not above 0"},
    {"{\"update\": \"grp\", \"updates\": [{\"q\": {\"text\": {\"$binary\": "
     "{\"base64\": \"ZDE=\", \"subType\": \"00\"}}, \"_id\": {\"$lt\": "
     "{\"$binary\": {\"base64\": \"AAAAAAAAAAIAAAAAAAAAAAAAAAAAAAAA\", "
     "\"subType\": \"00\"}}, \"$gte\": {\"$binary\": {\"base64\": "
     "\"AAAAAAAAAAEAAAAAAAAAAAAAAAAAAAAA\", \"subType\": \"00\"}}}}, \"u\": "
     "{\"$set\": {\"text\": {\"$binary\": {\"base64\": \"ZDk=\", \"subType\": "
     "\"00\"}}}}}]}",
     "wrong|snow|devices|d9|its key is not the hash of its text"},
    {"{\"update\": \"grp\", \"updates\": [{\"q\": {\"text\": {\"$binary\": "
     "{\"base64\": \"ZDE=\", \"subType\": \"00\"}}, \"_id\": {\"$lt\": "
     "{\"$binary\": {\"base64\": \"AAAAAAAAAAIAAAAAAAAAAAAAAAAAAAAA\", "
     "\"subType\": \"00\"}}, \"$gte\": {\"$binary\": {\"base64\": "
     "\"AAAAAAAAAAEAAAAAAAAAAAAAAAAAAAAA\", \"subType\": \"00\"}}}}, \"u\": "
     "{\"$set\": {\"digest\": {\"$binary\": {\"base64\": \"MQ==\", "
     "\"subType\": \"00\"}}}}}]}",
     "its digest is not 16 bytes"},
    {"{\"update\": \"grp\", \"updates\": [{\"q\": {\"text\": {\"$binary\": "
     "{\"base64\": \"ZDE=\", \"subType\": \"00\"}}, \"_id\": {\"$lt\": "
     "{\"$binary\": {\"base64\": \"AAAAAAAAAAIAAAAAAAAAAAAAAAAAAAAA\", "
     "\"subType\": \"00\"}}, \"$gte\": {\"$binary\": {\"base64\": "
     "\"AAAAAAAAAAEAAAAAAAAAAAAAAAAAAAAA\", \"subType\": \"00\"}}}}, \"u\": "
     "{\"$unset\": {\"digest\": 1}}}]}",
     "its digest is not 16 bytes"},
    {"{\"update\": \"grp\", \"updates\": [{\"q\": {\"text\": {\"$binary\": "
     "{\"base64\": \"ZDE=\", \"subType\": \"00\"}}, \"_id\": {\"$lt\": "
     "{\"$binary\": {\"base64\": \"AAAAAAAAAAIAAAAAAAAAAAAAAAAAAAAA\", "
     "\"subType\": \"00\"}}, \"$gte\": {\"$binary\": {\"base64\": "
     "\"AAAAAAAAAAEAAAAAAAAAAAAAAAAAAAAA\", \"subType\": \"00\"}}}}, \"u\": "
     "{\"$set\": {\"remote\": {\"$binary\": {\"base64\": \"MQ==\", "
     "\"subType\": \"00\"}}}}}]}",
     "its remote id is not 16 bytes"},
    {"{\"update\": \"grp\", \"updates\": [{\"q\": {\"text\": {\"$binary\": "
     "{\"base64\": \"ZDE=\", \"subType\": \"00\"}}, \"_id\": {\"$lt\": "
     "{\"$binary\": {\"base64\": \"AAAAAAAAAAIAAAAAAAAAAAAAAAAAAAAA\", "
     "\"subType\": \"00\"}}, \"$gte\": {\"$binary\": {\"base64\": "
     "\"AAAAAAAAAAEAAAAAAAAAAAAAAAAAAAAA\", \"subType\": \"00\"}}}}, \"u\": "
     "{\"$set\": {\"remote\": null}}}]}",
     "it was delivered, and has no remote id"},
    {"{\"update\": \"grp\", \"updates\": [{\"q\": {\"text\": {\"$binary\": "
     "{\"base64\": \"ZDE=\", \"subType\": \"00\"}}, \"_id\": {\"$lt\": "
     "{\"$binary\": {\"base64\": \"AAAAAAAAAAIAAAAAAAAAAAAAAAAAAAAA\", "
     "\"subType\": \"00\"}}, \"$gte\": {\"$binary\": {\"base64\": "
     "\"AAAAAAAAAAEAAAAAAAAAAAAAAAAAAAAA\", \"subType\": \"00\"}}}}, \"u\": "
     "{\"$set\": {\"state\": 7}}}]}",
     "wrong|snow|devices|d1|its state is none that there is"},
    {"{\"update\": \"grp\", \"updates\": [{\"q\": {\"text\": {\"$binary\": "
     "{\"base64\": \"ZDI=\", \"subType\": \"00\"}}, \"_id\": {\"$lt\": "
     "{\"$binary\": {\"base64\": \"AAAAAAAAAAMAAAAAAAAAAAAAAAAAAAAA\", "
     "\"subType\": \"00\"}}, \"$gte\": {\"$binary\": {\"base64\": "
     "\"AAAAAAAAAAIAAAAAAAAAAAAAAAAAAAAA\", \"subType\": \"00\"}}}}, \"u\": "
     "{\"$set\": {\"state\": 0}}}]}",
     "is not marked as pending"},
    {"{\"update\": \"grp\", \"updates\": [{\"q\": {\"text\": {\"$binary\": "
     "{\"base64\": \"ZDE=\", \"subType\": \"00\"}}, \"_id\": {\"$lt\": "
     "{\"$binary\": {\"base64\": \"AAAAAAAAAAIAAAAAAAAAAAAAAAAAAAAA\", "
     "\"subType\": \"00\"}}, \"$gte\": {\"$binary\": {\"base64\": "
     "\"AAAAAAAAAAEAAAAAAAAAAAAAAAAAAAAA\", \"subType\": \"00\"}}}}, \"u\": "
     "{\"$set\": {\"members\": -1}}}]}",
     "its number of members or its run is wrong"},
    {"{\"update\": \"grp\", \"updates\": [{\"q\": {\"text\": {\"$binary\": "
     "{\"base64\": \"ZDE=\", \"subType\": \"00\"}}, \"_id\": {\"$lt\": "
     "{\"$binary\": {\"base64\": \"AAAAAAAAAAIAAAAAAAAAAAAAAAAAAAAA\", "
     "\"subType\": \"00\"}}, \"$gte\": {\"$binary\": {\"base64\": "
     "\"AAAAAAAAAAEAAAAAAAAAAAAAAAAAAAAA\", \"subType\": \"00\"}}}}, \"u\": "
     "{\"$set\": {\"run\": -1}}}]}",
     "its number of members or its run is wrong"},
    {"{\"update\": \"grp\", \"updates\": [{\"q\": {\"text\": {\"$binary\": "
     "{\"base64\": \"ZDE=\", \"subType\": \"00\"}}, \"_id\": {\"$lt\": "
     "{\"$binary\": {\"base64\": \"AAAAAAAAAAIAAAAAAAAAAAAAAAAAAAAA\", "
     "\"subType\": \"00\"}}, \"$gte\": {\"$binary\": {\"base64\": "
     "\"AAAAAAAAAAEAAAAAAAAAAAAAAAAAAAAA\", \"subType\": \"00\"}}}}, \"u\": "
     "{\"$unset\": {\"term\": 1}}}]}",
     "it has no term"},
    {"{\"update\": \"grp\", \"updates\": [{\"q\": {\"text\": {\"$binary\": "
     "{\"base64\": \"ZDE=\", \"subType\": \"00\"}}, \"_id\": {\"$lt\": "
     "{\"$binary\": {\"base64\": \"AAAAAAAAAAMAAAAAAAAAAAAAAAAAAAAA\", "
     "\"subType\": \"00\"}}, \"$gte\": {\"$binary\": {\"base64\": "
     "\"AAAAAAAAAAIAAAAAAAAAAAAAAAAAAAAA\", \"subType\": \"00\"}}}}, \"u\": "
     "{\"$set\": {\"members\": 99}}}]}",
     "the length of its member list is not that"},
    {"{\"delete\": \"grp\", \"deletes\": [{\"q\": {\"text\": {\"$binary\": "
     "{\"base64\": \"ZDE=\", \"subType\": \"00\"}}, \"_id\": {\"$lt\": "
     "{\"$binary\": {\"base64\": \"AAAAAAAAAAIAAAAAAAAAAAAAAAAAAAAA\", "
     "\"subType\": \"00\"}}, \"$gte\": {\"$binary\": {\"base64\": "
     "\"AAAAAAAAAAEAAAAAAAAAAAAAAAAAAAAA\", \"subType\": \"00\"}}}}, "
     "\"limit\": 1}]}",
     "the group that it hangs on is not there"},
    {"{\"update\": \"grp\", \"updates\": [{\"q\": {\"text\": {\"$binary\": "
     "{\"base64\": \"ZDE=\", \"subType\": \"00\"}}, \"_id\": {\"$lt\": "
     "{\"$binary\": {\"base64\": \"AAAAAAAAAAIAAAAAAAAAAAAAAAAAAAAA\", "
     "\"subType\": \"00\"}}, \"$gte\": {\"$binary\": {\"base64\": "
     "\"AAAAAAAAAAEAAAAAAAAAAAAAAAAAAAAA\", \"subType\": \"00\"}}}}, \"u\": "
     "{\"$set\": {\"has_list\": true}}}]}",
     "its member list is gone"},
    {"{\"update\": \"grp\", \"updates\": [{\"q\": {\"text\": {\"$binary\": "
     "{\"base64\": \"ZDE=\", \"subType\": \"00\"}}, \"_id\": {\"$lt\": "
     "{\"$binary\": {\"base64\": \"AAAAAAAAAAMAAAAAAAAAAAAAAAAAAAAA\", "
     "\"subType\": \"00\"}}, \"$gte\": {\"$binary\": {\"base64\": "
     "\"AAAAAAAAAAIAAAAAAAAAAAAAAAAAAAAA\", \"subType\": \"00\"}}}}, \"u\": "
     "{\"$set\": {\"has_list\": false}}}]}",
     "it has a member list that its row does not know of"},
    {"{\"update\": \"grp\", \"updates\": [{\"q\": {\"text\": {\"$binary\": "
     "{\"base64\": \"ZDE=\", \"subType\": \"00\"}}, \"_id\": {\"$lt\": "
     "{\"$binary\": {\"base64\": \"AAAAAAAAAAMAAAAAAAAAAAAAAAAAAAAA\", "
     "\"subType\": \"00\"}}, \"$gte\": {\"$binary\": {\"base64\": "
     "\"AAAAAAAAAAIAAAAAAAAAAAAAAAAAAAAA\", \"subType\": \"00\"}}}}, \"u\": "
     "{\"$unset\": {\"list\": 1}}}]}",
     "its member list is gone"},
    {"{\"update\": \"grp\", \"updates\": [{\"q\": {\"text\": {\"$binary\": "
     "{\"base64\": \"Z29uZQ==\", \"subType\": \"00\"}}, \"_id\": {\"$lt\": "
     "{\"$binary\": {\"base64\": \"AAAAAAAAAAMAAAAAAAAAAAAAAAAAAAAA\", "
     "\"subType\": \"00\"}}, \"$gte\": {\"$binary\": {\"base64\": "
     "\"AAAAAAAAAAIAAAAAAAAAAAAAAAAAAAAA\", \"subType\": \"00\"}}}}, \"u\": "
     "{\"$set\": {\"list\": {\"$binary\": {\"base64\": "
     "\"eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh"
     "4eHh4eHh4eHh4\", \"subType\": \"00\"}}}}}]}",
     "the length of its member list"},
    {"{\"update\": \"grp\", \"updates\": [{\"q\": {\"text\": {\"$binary\": "
     "{\"base64\": \"Z29uZQ==\", \"subType\": \"00\"}}, \"_id\": {\"$lt\": "
     "{\"$binary\": {\"base64\": \"AAAAAAAAAAMAAAAAAAAAAAAAAAAAAAAA\", "
     "\"subType\": \"00\"}}, \"$gte\": {\"$binary\": {\"base64\": "
     "\"AAAAAAAAAAIAAAAAAAAAAAAAAAAAAAAA\", \"subType\": \"00\"}}}}, \"u\": "
     "{\"$set\": {\"list\": {\"$binary\": {\"base64\": "
     "\"eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh"
     "4eHh4eHh4eHh4eA==\", \"subType\": \"00\"}}}}}]}",
     "its members are out of order"},
    {"{\"insert\": \"grp\", \"documents\": [{\"_id\": {\"$binary\": "
     "{\"base64\": \"c2hvcnQ=\", \"subType\": \"00\"}}, \"text\": "
     "{\"$binary\": {\"base64\": \"ZDc=\", \"subType\": \"00\"}}}]}",
     "has an _id that is not a set"},
    {"{\"insert\": \"parts\", \"documents\": [{\"_id\": {\"$binary\": "
     "{\"base64\": "
     "\"cHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcA==\", "
     "\"subType\": \"00\"}}, \"list\": {\"$binary\": {\"base64\": \"ZDc=\", "
     "\"subType\": \"00\"}}}]}",
     "a part of a member list is of no group"},
    {"{\"insert\": \"parts\", \"documents\": [{\"_id\": 7}]}",
     "has an _id that is none"},
};

static void harm(const char *how)
{
	(void)t_mongo_do(rv.where, "%s", how);
}

int rv_mongodb_damages(void)
{
	static const struct tools_damage parts[] = {
	    {"{\"delete\": \"parts\", \"deletes\": [{\"q\": {}, \"limit\": "
	     "1}]}",
	     "a part of its member list is gone"},
	};
	const struct mst_mongo_probe tiny = {.inline_max = 50, .part_max = 33};
	int failed =
	    tools_damages("mongodb: damage", harm, damages, MST_LEN(damages));

	mst_mongo_probe(&tiny);
	failed += tools_damages("mongodb: parts", harm, parts, MST_LEN(parts));
	mst_mongo_probe(NULL);
	return failed;
}
