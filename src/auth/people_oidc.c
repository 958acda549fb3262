/* SPDX-License-Identifier: Apache-2.0
 *
 * Users who sign in by OpenID Connect: made at their first sign-in, known by
 * issuer and subject ever after, with the role that the issuer says now.
 */
#include <string.h>

#include "auth/door_private.h"
#include "auth/oidc.h"
#include "auth/people.h"
#include "base/time.h"

struct known {
	struct mst_arena *arena;
	struct mst_user u;
};

static int copy(void *ctx, const struct mst_user *u)
{
	struct known *k = ctx;

	k->u = *u;
	k->u.name = mst_arena_strdup(k->arena, u->name);
	k->u.full_name = mst_arena_strdup(k->arena, u->full_name);
	k->u.hash = mst_arena_strdup(k->arena, u->hash);
	k->u.oidc_issuer = mst_arena_strdup(k->arena, u->oidc_issuer);
	k->u.oidc_subject = mst_arena_strdup(k->arena, u->oidc_subject);
	return 0;
}

static const char *full_name(const struct mst_oidc_person *p,
			     struct mst_arena *arena)
{
	struct mst_slice s = mst_slice_str(p->full_name);
	char *text;

	if (s.n > MST_MAX_FULL)
		s.n = MST_MAX_FULL;
	text = mst_arena_strdup(arena, s.n ? mst_arena_dup(arena, s).p : "");
	for (char *t = text; *t; t++) {
		if ((unsigned char)*t < 0x20 || *t == 0x7f)
			*t = ' ';
	}
	return text;
}

static int make(struct mst_state *s, const struct mst_oidc_person *p,
		struct mst_arena *arena, const char **user_r,
		struct mst_err *err)
{
	char name[MST_MAX_USER + 1];
	struct mst_user u = {
	    .name = name,
	    .full_name = full_name(p, arena),
	    .role = p->role,
	    .hash = "",
	    .oidc_issuer = p->issuer,
	    .oidc_subject = p->subject,
	    .locked_us = MST_TIME_NONE,
	    .created_us = mst_now_us(),
	    .changed_us = MST_TIME_NONE,
	    .seen_us = mst_now_us(),
	};
	int rc;

	if (!p->name || !mst_user_name_fold(mst_slice_str(p->name), name))
		return mst_err_set(err, MST_E_INVALID,
				   "the id token has no name that a user can "
				   "have (oidc.name_claim)");
	rc = mst_user_add(s, &u, err);
	if (rc == -MST_E_CONFLICT)
		rc = mst_err_set(err, MST_E_CONFLICT,
				 "there is another user '%s' already, who does "
				 "not sign in by this account; an "
				 "administrator has to remove one of them",
				 name);
	if (rc == 0)
		*user_r = mst_arena_strdup(arena, name);
	return rc;
}

int mst_people_oidc(struct mst_state *s, const struct mst_oidc_person *p,
		    struct mst_arena *arena, const char **user_r,
		    struct mst_err *err)
{
	struct known k = {.arena = arena};
	bool found = false;
	int rc = mst_user_find_subject(s, p->issuer, p->subject, copy, &k,
				       &found, err);

	if (rc == 0 && !found)
		return make(s, p, arena, user_r, err);
	if (rc == 0 && k.u.disabled)
		rc = mst_err_set(err, MST_E_FORBIDDEN,
				 "the user '%s' is disabled", k.u.name);
	if (rc < 0)
		return rc;
	if (k.u.role != p->role) {
		rc = mst_people_change(s, k.u.name, NULL, p->role, -1, err);
		if (rc < 0)
			return rc;
	}
	*user_r = k.u.name;
	return mst_user_tried(s, k.u.name, true, mst_now_us(), 0, MST_TIME_NONE,
			      err);
}

int mst_people_oidc_out(struct mst_state *s, const char *issuer,
			const char *subject, struct mst_err *err)
{
	struct mst_arena arena;
	struct known k = {.arena = &arena};
	bool found = false;
	int rc;

	mst_arena_init(&arena, 1u << 20);
	rc = mst_user_find_subject(s, issuer, subject, copy, &k, &found, err);
	if (rc == 0 && found)
		rc = mst_session_remove(s, NULL, k.u.name, NULL, err);
	mst_arena_fini(&arena);
	return rc;
}
