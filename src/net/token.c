/* SPDX-License-Identifier: Apache-2.0
 *
 * The life of a token.
 */
#include "net/token.h"

#define EARLY_US      (60 * (int64_t)1000000)
#define AGAIN_US      (10 * (int64_t)1000000)
#define TTL_MAX_MS    (24 * 3600 * (int64_t)1000)
#define DROPS_FREE    5
#define DROP_EVERY_US (60 * (int64_t)1000000)

enum mst_token_do mst_token_need(const struct mst_token *t, int64_t now_us)
{
	if (t->dead)
		return MST_TOKEN_DEAD;
	if (t->fixed)
		return MST_TOKEN_USE;
	if (t->have && now_us < t->expires_us)
		return now_us >= t->renew_us && !t->fetching ? MST_TOKEN_RENEW
							     : MST_TOKEN_USE;
	return t->fetching ? MST_TOKEN_WAIT : MST_TOKEN_FETCH;
}

void mst_token_fetching(struct mst_token *t)
{
	t->fetching = true;
}

void mst_token_fetched(struct mst_token *t, int64_t ttl_ms, int64_t now_us)
{
	int64_t ttl_us = MST_MIN(MST_MAX(ttl_ms, 0), TTL_MAX_MS) * 1000;

	/* A server may hand out the same token again near its end, with little
	 * life left. At least a second, so that this cannot spin. */
	ttl_us = MST_MAX(ttl_us, 1000000);
	t->fetching = false;
	t->have = true;
	t->proven = false;
	t->generation++;
	t->expires_us = now_us + ttl_us;
	t->renew_us = t->expires_us - MST_MIN(EARLY_US, ttl_us / 10);
}

void mst_token_is_fixed(struct mst_token *t)
{
	t->fetching = false;
	t->fixed = true;
	t->have = true;
	t->generation++;
}

void mst_token_failed(struct mst_token *t, const struct mst_err *err,
		      int64_t now_us)
{
	t->fetching = false;
	t->err = *err;
	if (t->have && now_us < t->expires_us) {
		t->renew_us = now_us + AGAIN_US;
		return;
	}
	t->have = false;
	if (err->code != MST_E_TRANSIENT && err->code != MST_E_THROTTLED &&
	    err->code != MST_E_CANCELLED)
		t->dead = true;
}

void mst_token_accepted(struct mst_token *t, uint64_t generation)
{
	if (generation != t->generation || !t->have)
		return;
	t->proven = true;
	t->refused = 0;
}

bool mst_token_refused(struct mst_token *t, uint64_t generation, int64_t now_us,
		       bool *dropped_r)
{
	*dropped_r = false;
	if (t->fixed)
		return false;
	if (generation != t->generation || !t->have)
		return true; /* another request's 401 dropped it already */
	if (!t->proven && t->refused > 0)
		return false; /* the second new one that nobody takes */
	/* A path that says 401 for other reasons, next to paths that take the
	 * token, must not become a flood of log-ins. */
	if (t->drops >= DROPS_FREE && now_us - t->drop_us < DROP_EVERY_US)
		return false;
	t->have = false;
	t->proven = false;
	t->refused++;
	t->drops++;
	t->drop_us = now_us;
	*dropped_r = true;
	return true;
}
