/* SPDX-License-Identifier: Apache-2.0
 *
 * What an issuer publishes, and asking it.
 */
#ifndef MST_AUTH_OIDC_ISSUER_H
#define MST_AUTH_OIDC_ISSUER_H

#include <pthread.h>

#include "auth/door.h"
#include "auth/jwt.h"

struct mst_issuer {
	pthread_mutex_t busy; /* held while it is asked */
	pthread_mutex_t lock; /* of what follows */
	char *issuer;	      /* whose it is; NULL: nothing yet */
	char *authorize, *token, *keys_url, *end_session;
	struct mst_jwks *keys;
	int64_t read_us, keys_us; /* monotonic */
	/* With busy held: why it could not be asked, and until when nobody asks
	 * again. */
	struct {
		char *issuer;
		struct mst_err why;
		int64_t until_us;
	} away;
};

void mst_issuer_init(struct mst_issuer *i);
void mst_issuer_fini(struct mst_issuer *i);

/* One request; form NULL: GET. out is appended to. What is no answer of 200 (or
 * 400, 401 for a form) is an error. */
int mst_issuer_ask(const struct mst_door_conf *c, const char *url,
		   const struct mst_buf *form, const char *what, int *status_r,
		   struct mst_buf *out, struct mst_err *err);
/* With busy held: what it publishes is there, and not older than an hour. Who
 * comes behind a failure is told the same for as long as that one took: of ten
 * who wait for an issuer that hangs, nine need not wait for it again. */
int mst_issuer_need(struct mst_issuer *i, const struct mst_door_conf *c,
		    struct mst_err *err);
/* With busy held: the keys anew, if they are older than a minute. */
int mst_issuer_keys(struct mst_issuer *i, const struct mst_door_conf *c,
		    struct mst_err *err);

#endif
