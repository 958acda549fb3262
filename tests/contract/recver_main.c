/* SPDX-License-Identifier: Apache-2.0
 *
 * The rules of RecVer over the stores that need nothing but this machine, and
 * over the server store with a driver in memory.
 */
#include "recver_upgrade.h"

#include "tests/contract/fake_server.h"

int main(void)
{
	const struct mst_recver_ops *const stores[] = {
	    mst_recver_find("mem"),
	    mst_recver_find("sqlite"),
	    &fake_store,
	};
	int failed = 0;

	for (size_t i = 0; i < MST_LEN(stores); i++) {
		rv.ops = stores[i];
		if (!rv.ops)
			return 1;
		failed += rv_every_store(rv.ops->type);
	}
	fake_reset();
	rv.ops = &mst_recver_sqlite;
	failed += rv_file_tests();
	failed += rv_sqlite_damages();
	failed += upgrade_tests(&upgrade_sqlite);
	return failed + (mst_recver_find("none") != NULL);
}
