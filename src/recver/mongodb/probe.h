/* SPDX-License-Identifier: Apache-2.0
 *
 * What a test may change of the MongoDB driver: stop it between two writes of a
 * batch, and let short lists be long ones.
 */
#ifndef MST_RECVER_MONGODB_PROBE_H
#define MST_RECVER_MONGODB_PROBE_H

#include <stddef.h>

#include "base/err.h"

struct mst_mongo_probe {
	/* Before every write of a batch; an error ends the batch there. NULL:
	 * nothing. */
	int (*before_write)(struct mst_err *err);
	size_t inline_max; /* 0: as built */
	size_t part_max;   /* 0: as built */
};

/* NULL: as built. */
void mst_mongo_probe(const struct mst_mongo_probe *p);
struct mst_mongo_probe mst_mongo_probed(void);

#endif
