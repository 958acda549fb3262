/* SPDX-License-Identifier: Apache-2.0
 *
 * One look at what a person must be told.
 */
#ifndef MST_SERVE_NOTICES_PRIVATE_H
#define MST_SERVE_NOTICES_PRIVATE_H

#include <stdarg.h>

#include "base/arena.h"
#include "base/map.h"
#include "serve/notices.h"

struct judging {
	const struct mst_notices_conf *c;
	struct mst_arena arena;
	struct mst_map on; /* kind and about → struct on */
};

int mst_judging_begin(struct judging *g, const struct mst_notices_conf *c,
		      struct mst_err *err);
void mst_judging_end(struct judging *g);
int mst_judging_on(struct judging *g, const char *kind, const char *about,
		   const char *level, struct mst_err *err, const char *fmt, ...)
    MST_PRINTF(6, 7);

#endif
