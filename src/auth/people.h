/* SPDX-License-Identifier: Apache-2.0
 *
 * Users and their tokens, as the API and the shell change them: names,
 * passwords, roles, and that somebody is always left who may administer.
 */
#ifndef MST_AUTH_PEOPLE_H
#define MST_AUTH_PEOPLE_H

#include "auth/auth.h"
#include "auth/password.h"
#include "auth/token.h"

#define MST_MAX_USER 128
#define MST_MAX_FULL 200

/* A user's name: letters, digits and . _ - @ + behind a letter or digit, in
 * lower case from here on. False: it is none, or one of those that the program
 * itself uses. */
bool mst_user_name_fold(struct mst_slice name, char out[MST_MAX_USER + 1]);

/* A new one. password empty: one is made up and given in once_r, to be shown
 * once (else once_r is ""); either has to be changed at the first sign-in when
 * must_change. MST_E_CONFLICT: the name is taken. */
struct mst_person {
	const char *name, *full_name;
	enum mst_role role;
	struct mst_slice password;
	bool must_change;
	int64_t min_length;
};
int mst_people_add(struct mst_state *s, const struct mst_person *p,
		   char once_r[MST_PASSWORD_ONCE], struct mst_err *err);
/* Changes what is given: full_name NULL, role MST_ROLE__MAX, disabled -1: as it
 * is. Whoever is disabled loses all sessions. MST_E_CONFLICT: the last
 * administrator. */
int mst_people_change(struct mst_state *s, const char *name,
		      const char *full_name, enum mst_role role, int disabled,
		      struct mst_err *err);
/* Another password; all sessions of the user end when an administrator does it
 * (must_change). MST_E_CONFLICT: the user signs in by OpenID Connect. */
int mst_people_password(struct mst_state *s, const char *name,
			struct mst_slice password, int64_t min_length,
			bool must_change, struct mst_err *err);
/* The same with one that is made up. */
int mst_people_password_once(struct mst_state *s, const char *name,
			     char once_r[MST_PASSWORD_ONCE],
			     struct mst_err *err);
/* "active", "locked", "disabled": as it is now. */
const char *mst_people_state(const struct mst_user *u);
/* All sessions of the user end. */
int mst_people_sign_out(struct mst_state *s, const char *name,
			struct mst_err *err);
int mst_people_unlock(struct mst_state *s, const char *name,
		      struct mst_err *err);
/* The same password, hashed by today's parameters. */
int mst_people_rehash(struct mst_state *s, const struct mst_user *u,
		      struct mst_slice password, struct mst_err *err);

/* Makes the first administrator, "admin", when there is no user at all:
 * *made_r, and the one-time password, which is kept nowhere. */
#define MST_FIRST_USER "admin"
int mst_auth_first(struct mst_state *s, char once_r[MST_PASSWORD_ONCE],
		   bool *made_r, struct mst_err *err);

/* A token of the user. scopes 0: all that the role may; more than it may is
 * MST_E_FORBIDDEN. days 1 to 3650. text_r is the token itself, shown once. */
#define MST_TOKEN_DAYS	    90
#define MST_TOKEN_DAYS_MOST 3650
int mst_people_token(struct mst_state *s, const char *user, const char *name,
		     unsigned scopes, int64_t days, char id_r[MST_TOKEN_ID],
		     char text_r[MST_TOKEN_TEXT], struct mst_err *err);

#endif
