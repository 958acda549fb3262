/* SPDX-License-Identifier: Apache-2.0
 *
 * Changing users and making tokens. A user is read, changed and put back; what
 * is no matter of this change stays.
 */
#include "auth/people.h"

#include <ctype.h>
#include <string.h>

#include "auth/door_private.h"
#include "base/time.h"

#define DAY_US 86400000000LL

/* ---- names --------------------------------------------------------------- */

static int bad_name(const char *name, struct mst_err *err)
{
	return mst_err_set(err, MST_E_INVALID,
			   "'%.64s' is no name for a user: 1 to %d letters, "
			   "digits and any of . _ - @ +, beginning with a "
			   "letter or digit; schedule, service and system are "
			   "taken",
			   name, MST_MAX_USER);
}

static int check_full(const char *full, struct mst_err *err)
{
	if (strlen(full) > MST_MAX_FULL)
		return mst_err_set(
		    err, MST_E_INVALID,
		    "the full name is too long: at most %d bytes",
		    MST_MAX_FULL);
	for (; *full; full++) {
		if ((unsigned char)*full < 0x20 || *full == 0x7f)
			return mst_err_set(err, MST_E_INVALID,
					   "the full name holds control "
					   "characters");
	}
	return 0;
}

static int get(struct mst_state *s, const char *name, struct mst_arena *arena,
	       struct mst_user *u_r, struct mst_err *err)
{
	char folded[MST_MAX_USER + 1];
	bool found = false;
	int rc = 0;

	if (mst_user_name_fold(mst_slice_str(name), folded))
		rc = mst_door_user(s, folded, arena, u_r, &found, err);
	if (rc == 0 && !found)
		rc = mst_err_set(err, MST_E_NOTFOUND,
				 "there is no user '%.64s'", name);
	return rc;
}

/* ---- new ones ------------------------------------------------------------ */

int mst_people_add(struct mst_state *s, const struct mst_person *p,
		   char once_r[MST_PASSWORD_ONCE], struct mst_err *err)
{
	char hash[MST_PASSWORD_HASH], folded[MST_MAX_USER + 1];
	struct mst_slice password = p->password;
	char made[MST_PASSWORD_ONCE] = "";
	struct mst_user u = {
	    .full_name = p->full_name ? p->full_name : "",
	    .role = p->role,
	    .must_change = p->must_change || !password.n,
	    .hash = hash,
	    .oidc_issuer = "",
	    .oidc_subject = "",
	    .locked_us = MST_TIME_NONE,
	    .seen_us = MST_TIME_NONE,
	};
	int rc = check_full(u.full_name, err);

	if (rc == 0 && !mst_user_name_fold(mst_slice_str(p->name), folded))
		rc = bad_name(p->name, err);
	if (rc == 0 && password.n)
		rc = mst_password_check(password, folded, u.full_name,
					p->min_length, err);
	if (rc < 0)
		return rc;
	if (!password.n) {
		mst_password_make(made);
		password = mst_slice_str(made);
	}
	u.name = folded;
	u.created_us = u.changed_us = mst_now_us();
	rc = mst_password_hash(password, hash, err);
	if (rc == 0)
		rc = mst_user_add(s, &u, err);
	if (rc == 0)
		memcpy(once_r, made, sizeof(made));
	mst_wipe(made, sizeof(made));
	return rc;
}

struct looking {
	bool any;
};

static int look(void *ctx, const struct mst_user *u)
{
	struct looking *l = ctx;

	(void)u;
	l->any = true;
	return 0;
}

int mst_auth_first(struct mst_state *s, char once_r[MST_PASSWORD_ONCE],
		   bool *made_r, struct mst_err *err)
{
	const struct mst_person first = {
	    .name = MST_FIRST_USER,
	    .full_name = "First administrator",
	    .role = MST_ROLE_ADMINISTRATOR,
	    .must_change = true,
	};
	struct looking l = {false};
	int rc = mst_users(s, look, &l, err);

	*made_r = false;
	if (rc < 0 || l.any)
		return rc;
	rc = mst_people_add(s, &first, once_r, err);
	if (rc == -MST_E_CONFLICT) /* another node was faster */
		return 0;
	*made_r = rc == 0;
	return rc;
}

const char *mst_people_state(const struct mst_user *u)
{
	if (u->disabled)
		return "disabled";
	return u->locked_us != MST_TIME_NONE && u->locked_us > mst_now_us()
		   ? "locked"
		   : "active";
}

/* ---- changes ------------------------------------------------------------- */

int mst_people_change(struct mst_state *s, const char *name,
		      const char *full_name, enum mst_role role, int disabled,
		      struct mst_err *err)
{
	struct mst_arena arena;
	struct mst_user u, was;
	int rc = full_name ? check_full(full_name, err) : 0;

	if (rc < 0)
		return rc;
	mst_arena_init(&arena, 1u << 20);
	rc = get(s, name, &arena, &u, err);
	if (rc == 0) {
		was = u;
		if (full_name)
			u.full_name = full_name;
		if (role != MST_ROLE__MAX)
			u.role = role;
		if (disabled >= 0)
			u.disabled = disabled > 0;
		rc = mst_user_put(s, &u, &was, err);
	}
	if (rc == 0 && u.disabled)
		rc = mst_session_remove(s, NULL, u.name, NULL, err);
	mst_arena_fini(&arena);
	return rc;
}

static int put_password(struct mst_state *s, struct mst_user *u,
			struct mst_slice password, bool must_change,
			struct mst_err *err)
{
	char hash[MST_PASSWORD_HASH];
	const struct mst_user was = *u;
	int rc = mst_password_hash(password, hash, err); /* takes its time */

	if (rc < 0)
		return rc;
	u->hash = hash;
	u->must_change = must_change;
	u->changed_us = mst_now_us();
	u->failures = 0;
	u->locked_us = MST_TIME_NONE;
	rc = mst_user_put(s, u, &was, err);
	if (rc == 0 && must_change)
		rc = mst_session_remove(s, NULL, u->name, NULL, err);
	return rc;
}

int mst_people_password(struct mst_state *s, const char *name,
			struct mst_slice password, int64_t min_length,
			bool must_change, struct mst_err *err)
{
	struct mst_arena arena;
	struct mst_user u;
	int rc;

	mst_arena_init(&arena, 1u << 20);
	rc = get(s, name, &arena, &u, err);
	if (rc == 0 && *u.oidc_issuer)
		rc = mst_err_set(err, MST_E_CONFLICT,
				 "the user '%s' signs in by OpenID Connect and "
				 "has no password here",
				 u.name);
	if (rc == 0)
		rc = mst_password_check(password, u.name, u.full_name,
					min_length, err);
	if (rc == 0)
		rc = put_password(s, &u, password, must_change, err);
	mst_arena_fini(&arena);
	return rc;
}

int mst_people_password_once(struct mst_state *s, const char *name,
			     char once_r[MST_PASSWORD_ONCE],
			     struct mst_err *err)
{
	char made[MST_PASSWORD_ONCE];
	int rc;

	mst_password_make(made);
	rc = mst_people_password(s, name, mst_slice_str(made), 12, true, err);
	if (rc == 0)
		memcpy(once_r, made, sizeof(made));
	mst_wipe(made, sizeof(made));
	return rc;
}

int mst_people_sign_out(struct mst_state *s, const char *name,
			struct mst_err *err)
{
	char folded[MST_MAX_USER + 1];

	if (!mst_user_name_fold(mst_slice_str(name), folded))
		return bad_name(name, err);
	return mst_session_remove(s, NULL, folded, NULL, err);
}

int mst_people_unlock(struct mst_state *s, const char *name,
		      struct mst_err *err)
{
	struct mst_arena arena;
	struct mst_user u, was;
	int rc;

	mst_arena_init(&arena, 1u << 20);
	rc = get(s, name, &arena, &u, err);
	if (rc == 0) {
		was = u;
		u.failures = 0;
		u.locked_us = MST_TIME_NONE;
		rc = mst_user_put(s, &u, &was, err);
	}
	mst_arena_fini(&arena);
	return rc;
}

int mst_people_rehash(struct mst_state *s, const struct mst_user *u,
		      struct mst_slice password, struct mst_err *err)
{
	char hash[MST_PASSWORD_HASH];
	struct mst_user with = *u;
	int rc = mst_password_hash(password, hash, err);

	with.hash = hash;
	with.failures = 0;
	with.locked_us = MST_TIME_NONE;
	if (rc == 0)
		rc = mst_user_put(s, &with, u, err);
	/* Changed since: the next sign-in does it. */
	return rc == -MST_E_CONFLICT ? 0 : rc;
}

/* ---- tokens -------------------------------------------------------------- */

static int check_token(const char *name, int64_t days, struct mst_err *err)
{
	size_t n = strlen(name);

	for (const char *p = name; *p; p++) {
		if (!isalnum((unsigned char)*p) && !strchr("._-", *p))
			n = 0;
	}
	if (n == 0 || n > 64)
		return mst_err_set(err, MST_E_INVALID,
				   "a token's name is 1 to 64 letters, digits "
				   "and any of . _ -");
	if (days < 1 || days > MST_TOKEN_DAYS_MOST)
		return mst_err_set(err, MST_E_INVALID,
				   "a token lives 1 to %d days",
				   MST_TOKEN_DAYS_MOST);
	return 0;
}

static int check_scopes(const struct mst_user *u, unsigned scopes,
			struct mst_err *err)
{
	unsigned more = scopes & ~mst_role_may(u->role);
	struct mst_buf text = MST_BUF_INIT(256);

	if (!more)
		return 0;
	mst_may_text(more, &text);
	(void)mst_err_set(err, MST_E_FORBIDDEN,
			  "a token of '%s', who is %s, cannot have the scope "
			  "%s: it never has more than its owner",
			  u->name, mst_role_name(u->role), text.p);
	mst_buf_fini(&text);
	return -MST_E_FORBIDDEN;
}

int mst_people_token(struct mst_state *s, const char *user, const char *name,
		     unsigned scopes, int64_t days, char id_r[MST_TOKEN_ID],
		     char text_r[MST_TOKEN_TEXT], struct mst_err *err)
{
	struct mst_token t = {.id = id_r, .name = name};
	struct mst_arena arena;
	struct mst_user u;
	int rc = check_token(name, days, err);

	if (rc < 0)
		return rc;
	mst_arena_init(&arena, 1u << 20);
	rc = get(s, user, &arena, &u, err);
	if (rc == 0)
		rc = check_scopes(&u, scopes, err);
	if (rc == 0) {
		mst_token_id(id_r);
		mst_token_make(text_r);
		mst_token_hash(mst_slice_str(text_r), t.hash);
		t.user = u.name;
		t.scopes = scopes ? scopes : mst_role_may(u.role);
		t.created_us = mst_now_us();
		t.ends_us = t.created_us + days * DAY_US;
		t.seen_us = MST_TIME_NONE;
		rc = mst_token_add(s, &t, err);
	}
	mst_arena_fini(&arena);
	return rc;
}
