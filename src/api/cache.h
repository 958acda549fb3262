/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers that depend on the state store and the address alone, kept until the
 * store changes. A cache of each thread of the server; bounded.
 */
#ifndef MST_API_CACHE_H
#define MST_API_CACHE_H

#include "api/api.h"
#include "state/version.h"

#define MST_API_CACHE_SLOTS 64u
#define MST_API_CACHE_MOST  (128u << 10) /* bytes of one answer */

struct mst_api_cache {
	struct {
		char *uri, *body;
		size_t n;
		struct mst_state_version version;
		int64_t until_us; /* 0: as long as the version is it */
	} slot[MST_API_CACHE_SLOTS];
	/* As it was when the request that is being answered asked. */
	struct mst_state_version now;
};

void mst_api_cache_fini(struct mst_api_cache *c);
/* True: the answer is there. Else the handler reads the store, and may put what
 * it made of it; most_us: for so long at most, 0: until the store changes. */
bool mst_api_cache_get(struct mst_http_req *r, struct mst_http_resp *resp);
void mst_api_cache_put(struct mst_http_req *r, const struct mst_http_resp *resp,
		       int64_t most_us);

#endif
