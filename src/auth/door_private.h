/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the door share.
 */
#ifndef MST_AUTH_DOOR_PRIVATE_H
#define MST_AUTH_DOOR_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "auth/door.h"
#include "auth/oidc_issuer.h"
#include "auth/tries.h"

struct mst_door {
	pthread_mutex_t lock; /* of conf */
	struct mst_door_conf *conf;
	int64_t set_us; /* when, monotonic */
	struct mst_tries *tries;
	struct mst_issuer issuer; /* of OpenID Connect */
	atomic_int hashing;	  /* passwords that are being hashed now */
	int hashing_most;
};

/* A user as the state store has it, its texts in arena. */
int mst_door_user(struct mst_state *s, const char *name,
		  struct mst_arena *arena, struct mst_user *u_r, bool *found_r,
		  struct mst_err *err);
/* Is a password one of the user's? Bounded in how many at once:
 * MST_E_THROTTLED. */
int mst_door_fits(struct mst_door *d, const char *hash,
		  struct mst_slice password, bool *fits_r, bool *anew_r,
		  struct mst_err *err);

#endif
