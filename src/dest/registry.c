/* SPDX-License-Identifier: Apache-2.0
 *
 * The destinations that are built in.
 */
#include <string.h>

#include "dest/dest.h"
#include "dest/servicenow/servicenow.h"

const struct mst_dest_ops *const mst_dests[] = {
    &mst_dest_servicenow,
    NULL,
};

const struct mst_dest_ops *mst_dest_find(const char *type)
{
	for (size_t i = 0; mst_dests[i]; i++) {
		if (strcmp(mst_dests[i]->type, type) == 0)
			return mst_dests[i];
	}
	return NULL;
}
