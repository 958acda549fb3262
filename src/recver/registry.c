/* SPDX-License-Identifier: Apache-2.0
 *
 * The stores by name.
 */
#include "recver/recver.h"

static const struct mst_recver_ops *const stores[] = {
    &mst_recver_sqlite,	 &mst_recver_postgres, &mst_recver_sqlserver,
    &mst_recver_mongodb, &mst_recver_mem,
};

const struct mst_recver_ops *mst_recver_find(const char *type)
{
	for (size_t i = 0; i < MST_LEN(stores); i++) {
		if (type && strcmp(stores[i]->type, type) == 0)
			return stores[i];
	}
	return NULL;
}
