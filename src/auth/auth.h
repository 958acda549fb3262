/* SPDX-License-Identifier: Apache-2.0
 *
 * What somebody may: roles as bits, and somebody who was let in. Who they are
 * is found out in door.h.
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
#define MST_MAY_ALL	   31u

unsigned mst_role_may(enum mst_role role);
/* Appends "read, operate"; mst_may_parse takes these words with commas or
 * blanks between them. False: a word that is none, or no word at all. */
void mst_may_text(unsigned may, struct mst_buf *out);
bool mst_may_parse(struct mst_slice words, unsigned *may_r);
/* The word of one bit: "read"; NULL when it is none. */
const char *mst_may_word(unsigned bit);

/* Somebody who was let in. Texts live in the arena of the one who asked. */
struct mst_who {
	const char *user;
	const char *token; /* name of the token, or NULL: a session */
	const char *actor; /* "ann", "ann (token ci)": for the audit */
	enum mst_role role;
	unsigned may;
	bool must_change; /* the password, before anything else */
	bool approved;	  /* a second person said yes to this request */
	const char *csrf; /* of the session; NULL for a token */
	unsigned char session[32];
};

#endif
