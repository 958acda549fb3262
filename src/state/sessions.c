/* SPDX-License-Identifier: Apache-2.0
 *
 * Sessions and tokens: hashes of what a browser or a program has.
 */
#include <stdlib.h>

#include "base/time.h"
#include "state/access.h"
#include "state_private.h"

static struct mst_slice id_slice(const unsigned char id[32])
{
	return mst_slice((const char *)id, 32);
}

static void take_id(struct mst_sdb_st *st, int col, unsigned char id[32])
{
	struct mst_slice v = mst_sdb_blob(st, col);

	memset(id, 0, 32);
	if (v.n == 32)
		memcpy(id, v.p, 32);
}

static int audit(struct mst_state *s, const char *kind, const char *name,
		 const char *what, const char *user, const char *address,
		 const char *after, struct mst_err *err)
{
	const struct mst_audit_entry e = {.kind = kind,
					  .name = name,
					  .what = what,
					  .user = user,
					  .address = address,
					  .after = after};

	return mst_audit_put(s, &e, err);
}

/* ---- sessions ------------------------------------------------------------ */

#define SESSION                                                                \
	"SELECT id, owner, csrf, address, agent, created_us, seen_us, ends_us" \
	" FROM session"

static struct mst_user_session session_of(struct mst_sdb_st *st)
{
	struct mst_user_session v = {
	    .user = mst_sdb_text(st, 1),
	    .csrf = mst_sdb_text(st, 2),
	    .address = mst_sdb_text(st, 3),
	    .agent = mst_sdb_text(st, 4),
	    .created_us = mst_sdb_int(st, 5),
	    .seen_us = mst_sdb_int(st, 6),
	    .ends_us = mst_sdb_int(st, 7),
	};

	take_id(st, 0, v.id);
	return v;
}

/* Those that have ended go with each new one. */
static int drop_ended(struct mst_state *s, int64_t now_us, struct mst_err *err)
{
	static const char q[] = "DELETE FROM session WHERE ends_us<?1";
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_int(st, 1, now_us);
	return mst_sdb_run(st, NULL, err);
}

static int insert_session(struct mst_state *s, const struct mst_user_session *v,
			  struct mst_err *err)
{
	static const char q[] =
	    "INSERT INTO session(id, owner, csrf, address, agent, created_us,"
	    " seen_us, ends_us) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_blob(st, 1, id_slice(v->id));
	mst_sdb_bind_text(st, 2, v->user);
	mst_sdb_bind_text(st, 3, v->csrf);
	mst_sdb_bind_text(st, 4, v->address);
	mst_sdb_bind_text(st, 5, v->agent);
	mst_sdb_bind_int(st, 6, v->created_us);
	mst_sdb_bind_int(st, 7, v->seen_us);
	mst_sdb_bind_int(st, 8, v->ends_us);
	return mst_sdb_run(st, NULL, err);
}

int mst_session_put(struct mst_state *s, const struct mst_user_session *v,
		    struct mst_err *err)
{
	bool own;
	int rc = mst_sdb_own_begin(s->db, &own, err);

	if (rc < 0)
		return rc;
	rc = drop_ended(s, v->created_us, err);
	if (rc == 0)
		rc = insert_session(s, v, err);
	if (rc == 0)
		rc = audit(s, "session", v->user, "sign-in", v->user,
			   v->address, v->agent, err);
	return mst_sdb_own_end(s->db, own, rc, err);
}

int mst_session_find(struct mst_state *s, const unsigned char id[32],
		     int (*fn)(void *ctx, const struct mst_user_session *v),
		     void *ctx, bool *found_r, struct mst_err *err)
{
	static const char q[] = SESSION " WHERE id=?1";
	struct mst_user_session v;
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_blob(st, 1, id_slice(id));
	rc = mst_sdb_step(st, err);
	if (rc >= 0)
		*found_r = rc > 0;
	if (rc > 0) {
		v = session_of(st);
		rc = fn(ctx, &v);
	}
	mst_sdb_reset(st);
	return rc;
}

int mst_session_seen(struct mst_state *s, const unsigned char id[32],
		     int64_t seen_us, int64_t ends_us, struct mst_err *err)
{
	static const char q[] =
	    "UPDATE session SET seen_us=?2, ends_us=?3 WHERE id=?1";
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_blob(st, 1, id_slice(id));
	mst_sdb_bind_int(st, 2, seen_us);
	mst_sdb_bind_int(st, 3, ends_us);
	return mst_sdb_run(st, NULL, err);
}

static int remove_sessions(struct mst_state *s, const unsigned char *id,
			   const char *user, const unsigned char *keep,
			   int64_t *n_r, struct mst_err *err)
{
	static const char q_one[] = "DELETE FROM session WHERE id=?1";
	static const char q_user[] =
	    "DELETE FROM session WHERE owner=?2 AND id<>?1";
	static const unsigned char none[32];
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, id ? q_one : q_user, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_blob(st, 1, id_slice(id ? id : keep ? keep : none));
	if (!id)
		mst_sdb_bind_text(st, 2, user);
	return mst_sdb_run(st, n_r, err);
}

int mst_session_remove(struct mst_state *s, const unsigned char *id,
		       const char *user, const unsigned char *keep,
		       struct mst_err *err)
{
	int64_t n = 0;
	bool own;
	int rc = mst_sdb_own_begin(s->db, &own, err);

	if (rc < 0)
		return rc;
	rc = remove_sessions(s, id, user, keep, &n, err);
	if (rc == 0 && n)
		rc = audit(s, "session", user,
			   id ? "sign-out" : "sign-out others", NULL, NULL, "",
			   err);
	return mst_sdb_own_end(s->db, own, rc, err);
}

int mst_sessions(struct mst_state *s, const char *user,
		 int (*fn)(void *ctx, const struct mst_user_session *v),
		 void *ctx, struct mst_err *err)
{
	static const char q[] =
	    SESSION " WHERE owner=?1 ORDER BY created_us DESC, id";
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_text(st, 1, user);
	while ((rc = mst_sdb_step(st, err)) > 0) {
		const struct mst_user_session v = session_of(st);

		rc = fn(ctx, &v);
		if (rc)
			break;
	}
	mst_sdb_reset(st);
	return rc;
}

/* ---- tokens -------------------------------------------------------------- */

#define TOKEN                                                                  \
	"SELECT id, name, owner, hash, scopes, created_us, ends_us, seen_us"   \
	" FROM token"

static struct mst_token token_of(struct mst_sdb_st *st)
{
	struct mst_token t = {
	    .id = mst_sdb_text(st, 0),
	    .name = mst_sdb_text(st, 1),
	    .user = mst_sdb_text(st, 2),
	    .scopes = (unsigned)mst_sdb_int(st, 4),
	    .created_us = mst_sdb_int(st, 5),
	    .ends_us = mst_sdb_time(st, 6),
	    .seen_us = mst_sdb_time(st, 7),
	};

	take_id(st, 3, t.hash);
	return t;
}

static int insert_token(struct mst_state *s, const struct mst_token *t,
			int64_t *n_r, struct mst_err *err)
{
	static const char q[] =
	    "INSERT INTO token(id, name, owner, hash, scopes, created_us,"
	    " ends_us, seen_us) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
	    " ON CONFLICT(owner, name) DO NOTHING";
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_text(st, 1, t->id);
	mst_sdb_bind_text(st, 2, t->name);
	mst_sdb_bind_text(st, 3, t->user);
	mst_sdb_bind_blob(st, 4, id_slice(t->hash));
	mst_sdb_bind_int(st, 5, t->scopes);
	mst_sdb_bind_int(st, 6, mst_now_us());
	mst_sdb_bind_time(st, 7, t->ends_us);
	mst_sdb_bind_time(st, 8, t->seen_us);
	return mst_sdb_run(st, n_r, err);
}

static char *full_name(const char *user, const char *name)
{
	return mst_asprintf("%s/%s", user, name);
}

static int add_token(struct mst_state *s, const struct mst_token *t,
		     struct mst_err *err)
{
	char *name = full_name(t->user, t->name);
	char *after = mst_asprintf("id: %s\nscopes: %u\n", t->id, t->scopes);
	int64_t n = 0;
	int rc = insert_token(s, t, &n, err);

	if (rc == 0 && n == 0)
		rc = mst_err_set(err, MST_E_CONFLICT,
				 "'%s' has a token '%s' already: remove it, or "
				 "take another name",
				 t->user, t->name);
	if (rc == 0)
		rc = audit(s, "token", name, "add", NULL, NULL, after, err);
	free(name);
	free(after);
	return rc;
}

int mst_token_add(struct mst_state *s, const struct mst_token *t,
		  struct mst_err *err)
{
	bool own;
	int rc = mst_sdb_own_begin(s->db, &own, err);

	if (rc < 0)
		return rc;
	return mst_sdb_own_end(s->db, own, add_token(s, t, err), err);
}

int mst_token_find(struct mst_state *s, const unsigned char hash[32],
		   int (*fn)(void *ctx, const struct mst_token *t), void *ctx,
		   bool *found_r, struct mst_err *err)
{
	static const char q[] = TOKEN " WHERE hash=?1";
	struct mst_sdb_st *st;
	struct mst_token t;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_blob(st, 1, id_slice(hash));
	rc = mst_sdb_step(st, err);
	if (rc >= 0)
		*found_r = rc > 0;
	if (rc > 0) {
		t = token_of(st);
		rc = fn(ctx, &t);
	}
	mst_sdb_reset(st);
	return rc;
}

int mst_token_seen(struct mst_state *s, const char *id, int64_t at_us,
		   struct mst_err *err)
{
	static const char q[] = "UPDATE token SET seen_us=?2 WHERE id=?1";
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_text(st, 1, id);
	mst_sdb_bind_int(st, 2, at_us);
	return mst_sdb_run(st, NULL, err);
}

static int remove_token(struct mst_state *s, const char *id,
			struct mst_err *err)
{
	static const char q[] =
	    "DELETE FROM token WHERE id=?1 RETURNING owner, name";
	struct mst_sdb_st *st;
	char *name;
	int rc = mst_sdb_stmt(s->db, q, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_text(st, 1, id);
	rc = mst_sdb_step(st, err);
	if (rc == 0)
		return mst_err_set(err, MST_E_NOTFOUND,
				   "there is no token '%s'; 'muster token "
				   "list' shows them",
				   id);
	if (rc < 0)
		return rc;
	name = full_name(mst_sdb_text(st, 0), mst_sdb_text(st, 1));
	rc = mst_sdb_run(st, NULL, err);
	if (rc == 0)
		rc = audit(s, "token", name, "remove", NULL, NULL, "", err);
	free(name);
	return rc;
}

int mst_token_remove(struct mst_state *s, const char *id, struct mst_err *err)
{
	bool own;
	int rc = mst_sdb_own_begin(s->db, &own, err);

	if (rc < 0)
		return rc;
	return mst_sdb_own_end(s->db, own, remove_token(s, id, err), err);
}

int mst_tokens(struct mst_state *s, const char *user,
	       int (*fn)(void *ctx, const struct mst_token *t), void *ctx,
	       struct mst_err *err)
{
	static const char q_all[] = TOKEN " ORDER BY owner, name";
	static const char q_user[] = TOKEN " WHERE owner=?1 ORDER BY name";
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, user ? q_user : q_all, &st, err);

	if (rc < 0)
		return rc;
	if (user)
		mst_sdb_bind_text(st, 1, user);
	while ((rc = mst_sdb_step(st, err)) > 0) {
		const struct mst_token t = token_of(st);

		rc = fn(ctx, &t);
		if (rc)
			break;
	}
	mst_sdb_reset(st);
	return rc;
}
