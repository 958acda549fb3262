/* SPDX-License-Identifier: Apache-2.0
 *
 * The store's version is asked before it is read: what is kept is never older
 * than what its version says.
 */
#include "api/cache.h"

#include <stdlib.h>

#include "api/private.h"
#include "base/hash.h"
#include "base/time.h"

static struct mst_api_cache *of(const struct mst_http_req *r)
{
	return &((struct api_local *)r->local)->cache;
}

static size_t slot_of(const char *uri)
{
	return mst_hash64(uri, strlen(uri), 0) % MST_API_CACHE_SLOTS;
}

bool mst_api_cache_get(struct mst_http_req *r, struct mst_http_resp *resp)
{
	struct mst_api_cache *c = of(r);
	size_t i = slot_of(r->path);

	mst_state_version(mst_api_state(r), &c->now);
	if (!c->now.known || !c->slot[i].uri ||
	    strcmp(c->slot[i].uri, r->path) != 0 ||
	    !mst_state_version_eq(&c->slot[i].version, &c->now))
		return false;
	if (c->slot[i].until_us && mst_mono_us() > c->slot[i].until_us)
		return false;
	return mst_buf_add(&resp->body, c->slot[i].body, c->slot[i].n);
}

void mst_api_cache_put(struct mst_http_req *r, const struct mst_http_resp *resp,
		       int64_t most_us)
{
	struct mst_api_cache *c = of(r);
	size_t i = slot_of(r->path);

	if (!c->now.known || resp->body.n > MST_API_CACHE_MOST)
		return;
	free(c->slot[i].uri);
	free(c->slot[i].body);
	c->slot[i].uri = mst_strdup(r->path);
	c->slot[i].body = mst_strndup(resp->body.p, resp->body.n);
	c->slot[i].n = resp->body.n;
	c->slot[i].version = c->now;
	c->slot[i].until_us = most_us ? mst_mono_us() + most_us : 0;
}

void mst_api_cache_fini(struct mst_api_cache *c)
{
	for (size_t i = 0; i < MST_API_CACHE_SLOTS; i++) {
		free(c->slot[i].uri);
		free(c->slot[i].body);
	}
}
