/* SPDX-License-Identifier: Apache-2.0
 *
 * The rules of RecVer over MongoDB's protocol; and again with every list in
 * parts.
 */
#include "recver_upgrade.h"

#include "recver/mongodb/probe.h"
#include "tests/contract/recver_mongodb.h"
#include "tests/lib/mongo.h"

int main(void)
{
	const struct mst_mongo_probe tiny = {.inline_max = 50, .part_max = 33};
	int failed = 0;

	rv.ops = mst_recver_find("mongodb");
	rv.fresh = t_mongo_fresh;
	rv.server = t_mongo_conf();
	/* The server of `make check` looks at every document of a set for each
	 * write. */
	rv.many = 2000;
	failed += rv_every_store("mongodb");
	rv.many = 1000;
	mst_mongo_probe(&tiny);
	failed += rv_every_store("mongodb, lists in parts");
	mst_mongo_probe(NULL);
	failed += rv_mongodb_stops();
	failed += rv_mongodb_faults();
	failed += rv_mongodb_damages();
	failed += upgrade_tests(&upgrade_mongodb);
	return failed;
}
