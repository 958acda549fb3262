/* SPDX-License-Identifier: Apache-2.0
 *
 * Users. What is changed of them is in the audit as text; hashes never are.
 */
#include <stdlib.h>

#include "base/time.h"
#include "state/access.h"
#include "state_private.h"

static const char *const role_names[] = {
    [MST_ROLE_VIEWER] = "viewer",
    [MST_ROLE_OPERATOR] = "operator",
    [MST_ROLE_ADMINISTRATOR] = "administrator",
    [MST_ROLE_AUDITOR] = "auditor",
};

const char *mst_role_name(enum mst_role r)
{
	return (unsigned)r < MST_ROLE__MAX ? role_names[r] : "unknown";
}

bool mst_role_parse(struct mst_slice word, enum mst_role *r_r)
{
	for (unsigned i = 0; i < MST_ROLE__MAX; i++) {
		if (mst_slice_eq(word, mst_slice_str(role_names[i]))) {
			*r_r = (enum mst_role)i;
			return true;
		}
	}
	return false;
}

/* ---- rows ---------------------------------------------------------------- */

#define COLUMNS                                                                \
	"SELECT name, full_name, role, disabled, must_change, hash,"           \
	" oidc_issuer, oidc_subject, failures, locked_us, created_us,"         \
	" changed_us, seen_us FROM users"
static const char q_get[] = COLUMNS " WHERE name=?1";
static const char q_list[] = COLUMNS " ORDER BY name";
static const char q_subject[] =
    COLUMNS " WHERE oidc_issuer=?1 AND oidc_subject=?2";
static const char q_add[] =
    "INSERT INTO users(name, full_name, role, disabled, must_change, hash,"
    " oidc_issuer, oidc_subject, failures, locked_us, created_us, changed_us,"
    " seen_us) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?13, ?11, ?12)"
    " ON CONFLICT DO NOTHING";
#define PUT                                                                    \
	"UPDATE users SET full_name=?2, role=?3, disabled=?4, must_change=?5," \
	" hash=?6, oidc_issuer=?7, oidc_subject=?8, failures=?9,"              \
	" locked_us=?10, changed_us=?11, seen_us=?12 WHERE name=?1"
static const char q_put[] = PUT;
static const char q_put_if[] =
    PUT " AND full_name=?13 AND role=?14 AND disabled=?15 AND must_change=?16"
	" AND hash=?17";

static struct mst_user row_of(struct mst_sdb_st *st)
{
	return (struct mst_user){
	    .name = mst_sdb_text(st, 0),
	    .full_name = mst_sdb_text(st, 1),
	    .role = (enum mst_role)mst_sdb_int(st, 2),
	    .disabled = mst_sdb_int(st, 3) != 0,
	    .must_change = mst_sdb_int(st, 4) != 0,
	    .hash = mst_sdb_text(st, 5),
	    .oidc_issuer = mst_sdb_text(st, 6),
	    .oidc_subject = mst_sdb_text(st, 7),
	    .failures = (int)mst_sdb_int(st, 8),
	    .locked_us = mst_sdb_time(st, 9),
	    .created_us = mst_sdb_int(st, 10),
	    .changed_us = mst_sdb_time(st, 11),
	    .seen_us = mst_sdb_time(st, 12),
	};
}

/* was: for q_put_if */
static int write_row(struct mst_state *s, const char *q,
		     const struct mst_user *u, const struct mst_user *was,
		     int64_t *n_r, struct mst_err *err)
{
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_text(st, 1, u->name);
	mst_sdb_bind_text(st, 2, u->full_name);
	mst_sdb_bind_int(st, 3, u->role);
	mst_sdb_bind_int(st, 4, u->disabled);
	mst_sdb_bind_int(st, 5, u->must_change);
	mst_sdb_bind_text(st, 6, u->hash);
	mst_sdb_bind_text(st, 7, u->oidc_issuer);
	mst_sdb_bind_text(st, 8, u->oidc_subject);
	mst_sdb_bind_int(st, 9, u->failures);
	mst_sdb_bind_time(st, 10, u->locked_us);
	mst_sdb_bind_time(st, 11, u->changed_us);
	mst_sdb_bind_time(st, 12, u->seen_us);
	if (q == q_add)
		mst_sdb_bind_int(st, 13, u->created_us);
	if (was) {
		mst_sdb_bind_text(st, 13, was->full_name);
		mst_sdb_bind_int(st, 14, was->role);
		mst_sdb_bind_int(st, 15, was->disabled);
		mst_sdb_bind_int(st, 16, was->must_change);
		mst_sdb_bind_text(st, 17, was->hash);
	}
	return mst_sdb_run(st, n_r, err);
}

static int no_user(const char *name, struct mst_err *err)
{
	return mst_err_set(err, MST_E_NOTFOUND,
			   "there is no user '%s'; 'muster user list' shows "
			   "who there is",
			   name);
}

/* ---- what the audit says ------------------------------------------------- */

struct summary {
	char *text;
	char *hash;
	bool administers;
};

static bool administers(const struct mst_user *u)
{
	return u->role == MST_ROLE_ADMINISTRATOR && !u->disabled;
}

static bool is_set(const char *v)
{
	return v && *v;
}

static char *text_of(const struct mst_user *u)
{
	const char *issuer = is_set(u->oidc_issuer) ? u->oidc_issuer : NULL;

	return mst_asprintf(
	    "full_name: %s\nrole: %s\nstate: %s\nsign_in: %s%s%s\n"
	    "must_change: %s\n",
	    u->full_name ? u->full_name : "", mst_role_name(u->role),
	    u->disabled ? "disabled" : "active",
	    is_set(u->hash) ? "password" : "", issuer ? " " : "",
	    issuer ? issuer : "", u->must_change ? "yes" : "no");
}

static int summarise(void *ctx, const struct mst_user *u)
{
	struct summary *m = ctx;

	m->text = text_of(u);
	m->hash = mst_strdup(u->hash);
	m->administers = administers(u);
	return 0;
}

/* When somebody was seen is no change. */
static int audit_put(struct mst_state *s, const struct mst_user *u,
		     const struct summary *was, struct mst_err *err)
{
	struct mst_audit_entry e = {.kind = "user", .name = u->name};
	char *now = text_of(u);
	bool password =
	    was->hash && strcmp(was->hash, u->hash ? u->hash : "") != 0;
	int rc = 0;

	e.before = was->text;
	e.after = now;
	e.what = !was->text ? "add" : password ? "password" : "set";
	if (!was->text || password || strcmp(was->text, now) != 0)
		rc = mst_audit_put(s, &e, err);
	free(now);
	return rc;
}

/* ---- changes ------------------------------------------------------------- */

int mst_user_add(struct mst_state *s, const struct mst_user *u,
		 struct mst_err *err)
{
	const struct summary none = {.text = NULL};
	struct mst_user v = *u;
	int64_t n = 0;
	bool own;
	int rc = mst_sdb_own_begin(s->db, &own, err);

	if (rc < 0)
		return rc;
	v.created_us = mst_now_us();
	rc = write_row(s, q_add, &v, NULL, &n, err);
	if (rc == 0 && n == 0)
		rc = mst_err_set(err, MST_E_CONFLICT,
				 "there is a user '%s' already", u->name);
	if (rc == 0)
		rc = audit_put(s, &v, &none, err);
	return mst_sdb_own_end(s->db, own, rc, err);
}

/* Behind the change, which has locked the user's row as every change does
 * before it adds to the audit. Of two that lower each other the second sees
 * what the first did. */
static int need_administrator(struct mst_state *s, const char *name,
			      struct mst_err *err)
{
	int n = 0;
	int rc = mst_audit_lock(s, err);

	if (rc == 0)
		rc = mst_user_administrators(s, &n, err);
	if (rc == 0 && n == 0)
		rc = mst_err_set(err, MST_E_CONFLICT,
				 "'%s' is the last administrator that can sign "
				 "in: make another one first",
				 name);
	return rc;
}

static int put(struct mst_state *s, const struct mst_user *u,
	       const struct mst_user *read, struct mst_err *err)
{
	struct summary was = {.text = NULL};
	bool found = false;
	int64_t n = 0;
	int rc = mst_user_find(s, u->name, summarise, &was, &found, err);

	if (rc == 0 && !found)
		return no_user(u->name, err);
	if (rc == 0)
		rc = write_row(s, read ? q_put_if : q_put, u, read, &n, err);
	if (rc == 0 && n == 0)
		rc = mst_err_set(err, MST_E_CONFLICT,
				 "the user '%s' was changed meanwhile; look "
				 "again",
				 u->name);
	if (rc == 0 && was.administers && !administers(u))
		rc = need_administrator(s, u->name, err);
	if (rc == 0)
		rc = audit_put(s, u, &was, err);
	free(was.text);
	free(was.hash);
	return rc;
}

int mst_user_put(struct mst_state *s, const struct mst_user *u,
		 const struct mst_user *was, struct mst_err *err)
{
	bool own;
	int rc = mst_sdb_own_begin(s->db, &own, err);

	return rc < 0 ? rc
		      : mst_sdb_own_end(s->db, own, put(s, u, was, err), err);
}

static int drop(struct mst_state *s, const char *q, const char *name,
		int64_t *n_r, struct mst_err *err)
{
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_text(st, 1, name);
	return mst_sdb_run(st, n_r, err);
}

static int remove_user(struct mst_state *s, const char *name,
		       struct mst_err *err)
{
	static const char q_user[] = "DELETE FROM users WHERE name=?1";
	static const char q_sessions[] = "DELETE FROM session WHERE owner=?1";
	static const char q_tokens[] = "DELETE FROM token WHERE owner=?1";
	struct summary was = {.text = NULL};
	struct mst_audit_entry e = {
	    .kind = "user", .name = name, .what = "remove"};
	bool found = false;
	int64_t n;
	int rc = mst_user_find(s, name, summarise, &was, &found, err);

	if (rc == 0 && !found)
		return no_user(name, err);
	e.before = was.text;
	if (rc == 0)
		rc = drop(s, q_user, name, &n, err);
	if (rc == 0 && was.administers)
		rc = need_administrator(s, name, err);
	if (rc == 0)
		rc = drop(s, q_sessions, name, &n, err);
	if (rc == 0)
		rc = drop(s, q_tokens, name, &n, err);
	if (rc == 0)
		rc = mst_audit_put(s, &e, err);
	free(was.text);
	free(was.hash);
	return rc;
}

int mst_user_remove(struct mst_state *s, const char *name, struct mst_err *err)
{
	bool own;
	int rc = mst_sdb_own_begin(s->db, &own, err);

	if (rc < 0)
		return rc;
	return mst_sdb_own_end(s->db, own, remove_user(s, name, err), err);
}

static int audit_tried(struct mst_state *s, const char *name, int failures,
		       bool locked, struct mst_err *err)
{
	char *after = mst_asprintf("failures: %d\nlocked: %s\n", failures,
				   locked ? "yes" : "no");
	const struct mst_audit_entry e = {.kind = "session",
					  .name = name,
					  .user = name,
					  .what = "refused",
					  .after = after};
	int rc = mst_audit_put(s, &e, err);

	free(after);
	return rc;
}

static int refused(struct mst_state *s, const char *name, int64_t now_us,
		   int most, int64_t lock_us, struct mst_err *err)
{
	static const char q[] =
	    "UPDATE users SET failures=failures+1,"
	    " locked_us=CASE WHEN failures+1>=?2 THEN ?3 ELSE locked_us END"
	    " WHERE name=?1 RETURNING failures, locked_us";
	struct mst_sdb_st *st;
	int failures;
	bool locked;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_text(st, 1, name);
	mst_sdb_bind_int(st, 2, most);
	mst_sdb_bind_int(st, 3, now_us + lock_us);
	rc = mst_sdb_step(st, err);
	if (rc <= 0)
		return rc < 0 ? rc : no_user(name, err);
	failures = (int)mst_sdb_int(st, 0);
	locked = !mst_sdb_is_null(st, 1) && mst_sdb_int(st, 1) > now_us;
	rc = mst_sdb_run(st, NULL, err);
	return rc ? rc : audit_tried(s, name, failures, locked, err);
}

int mst_user_tried(struct mst_state *s, const char *name, bool ok,
		   int64_t now_us, int most, int64_t lock_us,
		   struct mst_err *err)
{
	static const char q_ok[] =
	    "UPDATE users SET failures=0, locked_us=NULL, seen_us=?2"
	    " WHERE name=?1";
	struct mst_sdb_st *st;
	int64_t n = 0;
	bool own;
	int rc = mst_sdb_own_begin(s->db, &own, err);

	if (rc < 0)
		return rc;
	if (!ok) {
		rc = refused(s, name, now_us, most, lock_us, err);
		return mst_sdb_own_end(s->db, own, rc, err);
	}
	rc = mst_sdb_stmt(s->db, q_ok, &st, err);
	if (rc == 0) {
		mst_sdb_bind_text(st, 1, name);
		mst_sdb_bind_int(st, 2, now_us);
		rc = mst_sdb_run(st, &n, err);
	}
	if (rc == 0 && n == 0)
		rc = no_user(name, err);
	return mst_sdb_own_end(s->db, own, rc, err);
}

/* ---- reading ------------------------------------------------------------- */

int mst_users(struct mst_state *s,
	      int (*fn)(void *ctx, const struct mst_user *u), void *ctx,
	      struct mst_err *err)
{
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q_list, &st, err);

	if (rc < 0)
		return rc;
	while ((rc = mst_sdb_step(st, err)) > 0) {
		const struct mst_user u = row_of(st);

		rc = fn(ctx, &u);
		if (rc)
			break;
	}
	mst_sdb_reset(st);
	return rc;
}

static int give_one(struct mst_sdb_st *st,
		    int (*fn)(void *ctx, const struct mst_user *u), void *ctx,
		    bool *found_r, struct mst_err *err)
{
	struct mst_user u;
	int rc = mst_sdb_step(st, err);

	if (rc >= 0)
		*found_r = rc > 0;
	if (rc > 0) {
		u = row_of(st);
		rc = fn(ctx, &u);
	}
	mst_sdb_reset(st);
	return rc;
}

int mst_user_find(struct mst_state *s, const char *name,
		  int (*fn)(void *ctx, const struct mst_user *u), void *ctx,
		  bool *found_r, struct mst_err *err)
{
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q_get, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_text(st, 1, name);
	return give_one(st, fn, ctx, found_r, err);
}

int mst_user_find_subject(struct mst_state *s, const char *issuer,
			  const char *subject,
			  int (*fn)(void *ctx, const struct mst_user *u),
			  void *ctx, bool *found_r, struct mst_err *err)
{
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q_subject, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_text(st, 1, issuer);
	mst_sdb_bind_text(st, 2, subject);
	return give_one(st, fn, ctx, found_r, err);
}

int mst_user_administrators(struct mst_state *s, int *n_r, struct mst_err *err)
{
	static const char q[] =
	    "SELECT count(*) FROM users WHERE role=?1 AND disabled=0";
	struct mst_sdb_st *st;
	int64_t n = 0;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_int(st, 1, MST_ROLE_ADMINISTRATOR);
	rc = mst_sdb_number(st, &n, err);
	if (rc == 0)
		*n_r = (int)n;
	return rc;
}
