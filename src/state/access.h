/* SPDX-License-Identifier: Apache-2.0
 *
 * Who may come in: users, sessions, tokens, and approvals. Rows only: what a
 * password or a token is worth is judged in src/auth. Part of the state store.
 * Every change of them is in the audit, sign-in, sign-out and wrong passwords
 * too; a name that no user has is mst_audit_put's, by whoever refuses it.
 */
#ifndef MST_STATE_ACCESS_H
#define MST_STATE_ACCESS_H

#include "state/state.h"

enum mst_role {
	MST_ROLE_VIEWER,
	MST_ROLE_OPERATOR,
	MST_ROLE_ADMINISTRATOR,
	MST_ROLE_AUDITOR,
	MST_ROLE__MAX
};
const char *mst_role_name(enum mst_role r);
bool mst_role_parse(struct mst_slice word, enum mst_role *r_r);

struct mst_user {
	const char *name, *full_name;
	enum mst_role role;
	bool disabled, must_change;
	const char *hash; /* of the password; "" none (OpenID Connect) */
	const char *oidc_issuer, *oidc_subject; /* "" */
	int failures;				/* in a row */
	int64_t locked_us; /* locked until then, MST_TIME_NONE */
	int64_t created_us, changed_us /* of the password */, seen_us;
};

/* A new one: MST_E_CONFLICT when the name is taken. */
int mst_user_add(struct mst_state *s, const struct mst_user *u,
		 struct mst_err *err);
/* All columns but name and created_us. was: as u was read, or NULL; what
 * somebody else changed since is not undone by it. MST_E_NOTFOUND;
 * MST_E_CONFLICT: it was changed since, or it was the last administrator that
 * can sign in. Changes are in the audit, when somebody was seen is not. */
int mst_user_put(struct mst_state *s, const struct mst_user *u,
		 const struct mst_user *was, struct mst_err *err);
/* With its sessions and tokens. MST_E_CONFLICT: it is the last administrator
 * that can sign in. */
int mst_user_remove(struct mst_state *s, const char *name, struct mst_err *err);
int mst_users(struct mst_state *s,
	      int (*fn)(void *ctx, const struct mst_user *u), void *ctx,
	      struct mst_err *err);
/* *found_r false: there is none; no error. */
int mst_user_find(struct mst_state *s, const char *name,
		  int (*fn)(void *ctx, const struct mst_user *u), void *ctx,
		  bool *found_r, struct mst_err *err);
int mst_user_find_subject(struct mst_state *s, const char *issuer,
			  const char *subject,
			  int (*fn)(void *ctx, const struct mst_user *u),
			  void *ctx, bool *found_r, struct mst_err *err);
/* How many administrators that are not disabled there are. */
int mst_user_administrators(struct mst_state *s, int *n_r, struct mst_err *err);
/* Counts a wrong password (ok false) or clears the count, atomically, and locks
 * until then; only these columns. */
int mst_user_tried(struct mst_state *s, const char *name, bool ok,
		   int64_t now_us, int most, int64_t lock_us,
		   struct mst_err *err);

struct mst_user_session {
	unsigned char id[32]; /* hash of what the browser has */
	const char *user, *csrf, *address, *agent;
	int64_t created_us, seen_us, ends_us;
};
int mst_session_put(struct mst_state *s, const struct mst_user_session *v,
		    struct mst_err *err);
int mst_session_find(struct mst_state *s, const unsigned char id[32],
		     int (*fn)(void *ctx, const struct mst_user_session *v),
		     void *ctx, bool *found_r, struct mst_err *err);
/* Moves seen_us and ends_us on; at most once a minute is enough. */
int mst_session_seen(struct mst_state *s, const unsigned char id[32],
		     int64_t seen_us, int64_t ends_us, struct mst_err *err);
/* id NULL: all of the user but `keep` (NULL: none is kept). */
int mst_session_remove(struct mst_state *s, const unsigned char *id,
		       const char *user, const unsigned char *keep,
		       struct mst_err *err);
int mst_sessions(struct mst_state *s, const char *user,
		 int (*fn)(void *ctx, const struct mst_user_session *v),
		 void *ctx, struct mst_err *err);

struct mst_token {
	const char *id, *name, *user;
	unsigned char hash[32];
	unsigned scopes;
	int64_t created_us, ends_us /* MST_TIME_NONE: never */, seen_us;
};
int mst_token_add(struct mst_state *s, const struct mst_token *t,
		  struct mst_err *err);
int mst_token_find(struct mst_state *s, const unsigned char hash[32],
		   int (*fn)(void *ctx, const struct mst_token *t), void *ctx,
		   bool *found_r, struct mst_err *err);
int mst_token_seen(struct mst_state *s, const char *id, int64_t at_us,
		   struct mst_err *err);
int mst_token_remove(struct mst_state *s, const char *id, struct mst_err *err);
/* user NULL: all. */
int mst_tokens(struct mst_state *s, const char *user,
	       int (*fn)(void *ctx, const struct mst_token *t), void *ctx,
	       struct mst_err *err);

struct mst_approval {
	int64_t id;
	const char *state;   /* "waiting", "approved", "rejected", "expired" */
	const char *what;    /* for people */
	const char *needs;   /* permission that the second person must have */
	const char *request; /* JSON: method, path, body */
	const char *asked_by, *decided_by, *why;
	int64_t task; /* that waits for it; 0 */
	int64_t asked_us, decided_us, ends_us;
};
int mst_approval_add(struct mst_state *s, const struct mst_approval *a,
		     int64_t *id_r, struct mst_err *err);
/* From waiting to `state`; MST_E_CONFLICT when it is not waiting, or who asked
 * for it would approve it (they may reject it). */
int mst_approval_decide(struct mst_state *s, int64_t id, const char *state,
			const char *by, const char *why, int64_t now_us,
			struct mst_err *err);
/* The task was cancelled: nothing waits for a decision any more. */
int mst_approval_gone(struct mst_state *s, int64_t task, struct mst_err *err);
int mst_approvals(struct mst_state *s, const char *state, int64_t before,
		  size_t n, int (*fn)(void *ctx, const struct mst_approval *a),
		  void *ctx, struct mst_err *err);
int mst_approval(struct mst_state *s, int64_t id,
		 int (*fn)(void *ctx, const struct mst_approval *a), void *ctx,
		 struct mst_err *err);

#endif
