/* SPDX-License-Identifier: Apache-2.0
 *
 * Within the API: what belongs to the server, what to a thread of it.
 */
#ifndef MST_API_PRIVATE_H
#define MST_API_PRIVATE_H

#include <stdatomic.h>

#include "api/api.h"
#include "api/cache.h"
#include "api/metrics.h"

/* Of one thread of the server. */
struct api_local {
	struct mst_state *state;
	struct mst_api_cache cache;
};

struct mst_api {
	struct mst_api_conf conf; /* texts in arena */
	struct mst_arena arena;
	struct mst_http *http;
	struct mst_api_metrics *metrics;
	int64_t started_us;
};

struct mst_api *mst_api_of(const struct mst_http_req *r);

/* What no table has: console.c. */
int mst_api_console(struct mst_http_req *r, struct mst_http_resp *resp,
		    struct mst_err *err);

#endif
