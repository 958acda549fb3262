/* SPDX-License-Identifier: Apache-2.0
 *
 * Signing in with OpenID Connect: authorization code with PKCE, state and
 * nonce. The three are in a cookie of the browser, so any node can finish what
 * another one began. What the issuer publishes is kept for an hour.
 *
 * These calls ask the issuer, one at a time and each for at most some seconds;
 * the caller waits for that long, and for those before it: no thread that has
 * others to serve may call them.
 */
#ifndef MST_AUTH_OIDC_H
#define MST_AUTH_OIDC_H

#include "auth/door.h"

#define MST_OIDC_COOKIE_S 600

struct mst_oidc_start {
	const char *url;    /* where the browser goes */
	const char *cookie; /* value of the cookie that it has to bring back */
};
/* to: the page of the console to end at, "/runs/7"; anything else is "/". Texts
 * live in arena. MST_E_NOTFOUND: not configured; MST_E_TRANSIENT: the issuer
 * does not answer; else why it could not be asked. */
int mst_oidc_start(struct mst_door *d, const char *to, struct mst_arena *arena,
		   struct mst_oidc_start *out_r, struct mst_err *err);

struct mst_oidc_back { /* parameters of the answer; NULL: not there */
	const char *code, *state, *iss, *error, *error_description;
	const char *cookie;
	const char *address; /* of the caller */
};
struct mst_oidc_person {
	const char *issuer, *subject; /* who it is for good */
	const char *name, *full_name; /* what to call a new user */
	enum mst_role role;
	const char *to;
};
/* MST_E_CANCELLED: the person or the issuer refused; MST_E_NOTFOUND: this
 * browser did not begin it, or too long ago; MST_E_FORBIDDEN: no role;
 * MST_E_THROTTLED: too many wrong ones from this address; nothing was used up;
 * MST_E_TRANSIENT, MST_E_UNCERTAIN: the issuer does not answer; all others: the
 * reason. */
int mst_oidc_finish(struct mst_door *d, struct mst_state *s,
		    const struct mst_oidc_back *back, struct mst_arena *arena,
		    struct mst_oidc_person *p_r, struct mst_err *err);
/* Where the browser may go to sign out of the issuer, too; NULL: not known. */
const char *mst_oidc_end_url(struct mst_door *d, struct mst_arena *arena);

/* The user that this person is: the one of issuer and subject, whose role
 * becomes the person's; a new one when there is none. MST_E_CONFLICT: the name
 * belongs to somebody else; MST_E_FORBIDDEN: disabled. */
int mst_people_oidc(struct mst_state *s, const struct mst_oidc_person *p,
		    struct mst_arena *arena, const char **user_r,
		    struct mst_err *err);
/* Ends the sessions of somebody who has no role any more. */
int mst_people_oidc_out(struct mst_state *s, const char *issuer,
			const char *subject, struct mst_err *err);

#endif
