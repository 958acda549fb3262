/* SPDX-License-Identifier: Apache-2.0
 *
 * Letting a request in: by a token, or by the session of a browser. A session's
 * cookie is sent by the browser whoever asks for it, so what changes anything
 * must also bring the session's CSRF token and come from our own pages.
 */
#include <string.h>

#include "auth/door_private.h"
#include "base/time.h"

#define SEEN_US (60 * 1000000LL) /* often enough to say when it was used */

/* ---- tokens -------------------------------------------------------------- */

struct found_token {
	struct mst_arena *arena;
	struct mst_token t;
};

static int copy_token(void *ctx, const struct mst_token *t)
{
	struct found_token *f = ctx;

	f->t = *t;
	f->t.id = mst_arena_strdup(f->arena, t->id);
	f->t.name = mst_arena_strdup(f->arena, t->name);
	f->t.user = mst_arena_strdup(f->arena, t->user);
	return 0;
}

/* A right one is let in whatever else comes from its address (a program with
 * a token that has ended must not lock out others behind the same gateway):
 * nobody guesses one, so only those who are wrong need to wait. */
static int bad_token(struct mst_door *d, const struct mst_door_ask *a,
		     struct mst_err *err)
{
	int64_t now = mst_now_us();

	if (mst_tries_ask(d->tries, a->address, now, err) < 0)
		return -(int)err->code;
	mst_tries_wrong(d->tries, a->address, now);
	return mst_err_set(err, MST_E_AUTH,
			   "the token is not known, has ended or was revoked");
}

static int by_token(struct mst_door *d, struct mst_state *s,
		    const struct mst_door_ask *a, struct mst_slice text,
		    struct mst_arena *arena, struct mst_who *w,
		    struct mst_err *err)
{
	struct found_token f = {.arena = arena};
	int64_t now = mst_now_us();
	unsigned char hash[32];
	struct mst_user u;
	bool found = false;
	int rc;

	if (!mst_token_ok(text))
		return bad_token(d, a, err);
	mst_token_hash(text, hash);
	rc = mst_token_find(s, hash, copy_token, &f, &found, err);
	if (rc == 0 && found && f.t.ends_us != MST_TIME_NONE &&
	    f.t.ends_us <= now)
		found = false;
	if (rc == 0 && found)
		rc = mst_door_user(s, f.t.user, arena, &u, &found, err);
	if (rc < 0)
		return rc;
	if (!found || u.disabled)
		return bad_token(d, a, err);
	if (f.t.seen_us == MST_TIME_NONE || now - f.t.seen_us > SEEN_US)
		rc = mst_token_seen(s, f.t.id, now, err);
	w->user = u.name;
	w->token = f.t.name;
	w->actor = mst_arena_printf(arena, "%s (token %s)", u.name, f.t.name);
	w->role = u.role;
	w->may = f.t.scopes & mst_role_may(u.role);
	return rc;
}

/* ---- sessions ------------------------------------------------------------ */

struct found_session {
	struct mst_arena *arena;
	struct mst_user_session v;
};

static int copy_session(void *ctx, const struct mst_user_session *v)
{
	struct found_session *f = ctx;

	f->v = *v;
	f->v.user = mst_arena_strdup(f->arena, v->user);
	f->v.csrf = mst_arena_strdup(f->arena, v->csrf);
	return 0;
}

/* Still good by what the section says today; moves its end on. */
static int keep_on(struct mst_door *d, struct mst_state *s,
		   const struct mst_user_session *v, bool *good_r,
		   struct mst_err *err)
{
	const struct mst_door_conf *c = mst_door_hold(d);
	int64_t idle = c->service.session.idle * 1000,
		last = v->created_us + c->service.session.absolute * 1000,
		now = mst_now_us(),
		ends = now + idle < last ? now + idle : last;

	mst_door_release(d, c);
	*good_r = now < v->ends_us && now < last && now - v->seen_us < idle;
	if (!*good_r)
		return mst_session_remove(s, v->id, NULL, NULL, err);
	if (now - v->seen_us > SEEN_US)
		return mst_session_seen(s, v->id, now, ends, err);
	return 0;
}

static int by_session(struct mst_door *d, struct mst_state *s,
		      const struct mst_door_ask *a, struct mst_arena *arena,
		      struct mst_who *w, bool *known_r, struct mst_err *err)
{
	struct found_session f = {.arena = arena};
	bool found = false;
	struct mst_user u;
	int rc;

	*known_r = false;
	mst_token_hash(mst_slice_str(a->cookie), w->session);
	rc = mst_session_find(s, w->session, copy_session, &f, &found, err);
	if (rc == 0 && found)
		rc = keep_on(d, s, &f.v, &found, err);
	if (rc == 0 && found)
		rc = mst_door_user(s, f.v.user, arena, &u, &found, err);
	if (rc < 0 || !found || u.disabled)
		return rc;
	w->user = w->actor = u.name;
	w->role = u.role;
	w->may = mst_role_may(u.role);
	w->must_change = u.must_change;
	w->csrf = f.v.csrf;
	*known_r = true;
	return 0;
}

/* ---- whose page sent it -------------------------------------------------- */

/* "https://host" of the address that browsers use is ours, and so is what the
 * request itself was sent to. */
static bool is_our_origin(struct mst_door *d, const struct mst_door_ask *a,
			  struct mst_arena *arena)
{
	const struct mst_door_conf *c;
	const char *own;
	bool ours;

	if (a->host && *a->host) {
		own = mst_arena_printf(arena, "%s://%s",
				       a->tls ? "https" : "http", a->host);
		if (mst_slice_iis(mst_slice_str(a->origin), own))
			return true;
	}
	c = mst_door_hold(d);
	ours = c->service.public_url &&
	       mst_slice_iis(mst_slice_str(a->origin), c->service.public_url);
	mst_door_release(d, c);
	return ours;
}

/* What browsers say themselves; programs say nothing. */
static bool from_elsewhere(struct mst_door *d, const struct mst_door_ask *a,
			   struct mst_arena *arena)
{
	if (a->fetch_site && strcmp(a->fetch_site, "same-origin") != 0)
		return true;
	return a->origin && !is_our_origin(d, a, arena);
}

static int elsewhere(struct mst_err *err)
{
	return mst_err_set(err, MST_E_FORBIDDEN,
			   "the request comes from another page than the "
			   "console's; reach the console by the address in "
			   "service.public_url");
}

/* ---- all ----------------------------------------------------------------- */

static int may(const struct mst_door_ask *a, const struct mst_who *w,
	       struct mst_err *err)
{
	struct mst_buf text = MST_BUF_INIT(256);

	if (w->must_change && a->need)
		return mst_err_set(err, MST_E_FORBIDDEN,
				   "the password must be changed before "
				   "anything else (PUT /me/password)");
	if ((w->may & a->need) == a->need)
		return 0;
	mst_may_text(a->need & ~w->may, &text);
	(void)mst_err_set(
	    err, MST_E_FORBIDDEN, "%s may not do this: it needs the right %s%s",
	    w->actor, text.p,
	    w->token ? ", which the token or its owner lacks" : "");
	mst_buf_fini(&text);
	return -MST_E_FORBIDDEN;
}

static int ask_session(struct mst_door *d, struct mst_state *s,
		       const struct mst_door_ask *a, struct mst_arena *arena,
		       struct mst_who *w, bool *known_r, struct mst_err *err)
{
	int rc = 0;

	*known_r = false;
	if (!a->safe && from_elsewhere(d, a, arena))
		return elsewhere(err);
	if (a->cookie && *a->cookie)
		rc = by_session(d, s, a, arena, w, known_r, err);
	if (rc == 0 && *known_r && !a->safe && !a->is_open &&
	    !mst_text_same(a->csrf, w->csrf))
		rc = mst_err_set(err, MST_E_FORBIDDEN,
				 "the header X-CSRF-Token is missing or not "
				 "the session's (GET /me has it)");
	return rc;
}

int mst_door_ask(struct mst_door *d, struct mst_state *s,
		 const struct mst_door_ask *a, struct mst_arena *arena,
		 struct mst_who *who_r, bool *known_r, struct mst_err *err)
{
	struct mst_who w = {.user = ""};
	bool known = true;
	int rc;

	if (a->authorization) {
		struct mst_slice t = mst_slice_str(a->authorization);

		if (!mst_slice_istarts(t, "bearer "))
			return mst_err_set(err, MST_E_AUTH,
					   "the header Authorization must be "
					   "\"Bearer \" and a token");
		rc = by_token(d, s, a,
			      mst_slice_trim(mst_slice(t.p + 7, t.n - 7)),
			      arena, &w, err);
	} else
		rc = ask_session(d, s, a, arena, &w, &known, err);
	if (rc == 0 && !known && !a->is_open)
		rc = mst_err_set(err, MST_E_AUTH,
				 "sign in, or send a token (Authorization: "
				 "Bearer)");
	if (rc == 0 && known)
		rc = may(a, &w, err);
	if (rc == 0) {
		*who_r = w;
		*known_r = known;
	}
	return rc;
}

const char *mst_door_cookie_name(bool tls)
{
	return tls ? "__Host-muster" : "muster";
}

const char *mst_door_set_cookie(const char *cookie, bool tls,
				struct mst_arena *arena)
{
	return mst_arena_printf(
	    arena, "Set-Cookie: %s=%s; Path=/; HttpOnly; SameSite=Strict%s%s",
	    mst_door_cookie_name(tls), cookie ? cookie : "",
	    tls ? "; Secure" : "", cookie ? "" : "; Max-Age=0");
}
