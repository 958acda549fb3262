/* SPDX-License-Identifier: Apache-2.0
 *
 * Who somebody is, and what they may. Passwords are argon2id (libsodium),
 * sessions and tokens are kept as hashes only. No I/O but the state store's
 * and, for OpenID Connect, net/client's.
 */
#ifndef MST_AUTH_AUTH_H
#define MST_AUTH_AUTH_H

#include "base/secret.h"
#include "state/access.h"

/* What a request needs, and what tokens are given: bits. */
#define MST_MAY_READ	   1u
#define MST_MAY_OPERATE	   2u
#define MST_MAY_CONFIGURE  4u
#define MST_MAY_ADMINISTER 8u
#define MST_MAY_AUDIT	   16u

unsigned mst_role_may(enum mst_role role);
/* "read, operate"; and back. */
void mst_may_text(unsigned may, struct mst_buf *out);
bool mst_may_parse(struct mst_slice words, unsigned *may_r);

/* Somebody who was let in. Texts live in the arena of the one who asked. */
struct mst_who {
	const char *user;
	const char *token; /* name of the token, or NULL: a session */
	const char *actor; /* "ann", "ann (token ci)": for the audit */
	enum mst_role role;
	unsigned may;
	bool must_change; /* the password, before anything else */
	const char *csrf; /* of the session; NULL for a token */
	unsigned char session[32];
};

#endif
