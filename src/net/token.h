/* SPDX-License-Identifier: Apache-2.0
 *
 * When a credential's token is good, due or refused. The token itself stays
 * in the credential; this is the clockwork around it: one fetch at a time,
 * renewal ahead of the end, one renewal after a 401. Pure: the caller brings
 * the clock and does the fetching.
 */
#ifndef MST_NET_TOKEN_H
#define MST_NET_TOKEN_H

#include "base/err.h"

struct mst_token {
	bool have;     /* good until expires_us */
	bool fixed;    /* needs no fetch (Basic) */
	bool fetching; /* a request for it is under way */
	bool dead;     /* refused for good; why is in err */
	bool proven;   /* the far end took this one at least once */
	int refused;   /* tokens in a row that were never taken */
	int drops;     /* after 401, with drop_us for the limit */
	int64_t expires_us, renew_us, drop_us;
	uint64_t generation; /* of the token; rises with each fetch */
	struct mst_err err;
};

enum mst_token_do {
	MST_TOKEN_USE,	 /* good */
	MST_TOKEN_RENEW, /* good, but ask for a new one now */
	MST_TOKEN_FETCH, /* ask for one now, then wait */
	MST_TOKEN_WAIT,	 /* being fetched */
	MST_TOKEN_DEAD
};

enum mst_token_do mst_token_need(const struct mst_token *t, int64_t now_us);
void mst_token_fetching(struct mst_token *t);
void mst_token_fetched(struct mst_token *t, int64_t ttl_ms, int64_t now_us);
/* It needs no fetching: the header can be made at once. */
void mst_token_is_fixed(struct mst_token *t);
/* The fetch failed after its own retries. A token that is still good is used
 * up to its end. MST_E_TRANSIENT, _THROTTLED and _CANCELLED do not make it
 * dead. */
void mst_token_failed(struct mst_token *t, const struct mst_err *err,
		      int64_t now_us);
/* The far end answered something else than 401 to this generation. */
void mst_token_accepted(struct mst_token *t, uint64_t generation);
/* 401 to this generation. True: worth one more try with another token (this
 * one was dropped now or earlier); false: a new one would not help. */
bool mst_token_refused(struct mst_token *t, uint64_t generation, int64_t now_us,
		       bool *dropped_r);

#endif
