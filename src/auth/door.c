/* SPDX-License-Identifier: Apache-2.0
 *
 * Sign-in, sessions, and what the door itself holds.
 */
#include "auth/door.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth/door_private.h"
#include "auth/password.h"
#include "auth/people.h"
#include "base/time.h"

#define LOCK_MOST_MS 3600000LL
#define AGENT_MOST   200
#define REREAD_US    5000000LL

/* ---- the door itself ----------------------------------------------------- */

struct mst_door *mst_door_new(void)
{
	struct mst_door *d = mst_alloc(sizeof(*d));
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	(void)pthread_mutex_init(&d->lock, NULL);
	d->tries = mst_tries_new();
	mst_issuer_init(&d->issuer);
	/* Each takes a core and 64 MiB; others must get on meanwhile. */
	d->hashing_most = cores < 4 ? 1 : cores < 8 ? 2 : 4;
	return d;
}

static void conf_free(struct mst_door_conf *c)
{
	if (!c)
		return;
	mst_arena_fini(&c->arena);
	free(c);
}

void mst_door_free(struct mst_door **d)
{
	if (!*d)
		return;
	conf_free((*d)->conf);
	mst_tries_free(&(*d)->tries);
	mst_issuer_fini(&(*d)->issuer);
	(void)pthread_mutex_destroy(&(*d)->lock);
	free(*d);
	*d = NULL;
}

bool mst_door_is_set(struct mst_door *d)
{
	bool is;

	pthread_mutex_lock(&d->lock);
	is = d->conf != NULL;
	pthread_mutex_unlock(&d->lock);
	return is;
}

bool mst_door_is_due(struct mst_door *d, int64_t mono_us)
{
	bool due;

	pthread_mutex_lock(&d->lock);
	due = !d->conf || mono_us - d->set_us >= REREAD_US;
	if (due)
		d->set_us = mono_us;
	pthread_mutex_unlock(&d->lock);
	return due;
}

void mst_door_set(struct mst_door *d, const struct mst_service_conf *conf,
		  const struct mst_proxy *proxy, struct mst_arena *arena)
{
	struct mst_door_conf *c = mst_alloc(sizeof(*c)), *old;

	c->service = *conf;
	c->proxy = *proxy;
	c->arena = *arena;
	c->users = 1; /* the door */
	*arena = (struct mst_arena){0};
	pthread_mutex_lock(&d->lock);
	old = d->conf;
	d->conf = c;
	d->set_us = mst_mono_us();
	pthread_mutex_unlock(&d->lock);
	if (old)
		mst_door_release(d, old);
}

const struct mst_door_conf *mst_door_hold(struct mst_door *d)
{
	struct mst_door_conf *c;

	pthread_mutex_lock(&d->lock);
	c = d->conf;
	assert(c); /* set before anybody is let in */
	c->users++;
	pthread_mutex_unlock(&d->lock);
	return c;
}

void mst_door_release(struct mst_door *d, const struct mst_door_conf *held)
{
	struct mst_door_conf *c = (struct mst_door_conf *)(uintptr_t)held;
	unsigned left;

	pthread_mutex_lock(&d->lock);
	left = --c->users;
	pthread_mutex_unlock(&d->lock);
	if (!left)
		conf_free(c);
}

/* ---- users --------------------------------------------------------------- */

struct copying {
	struct mst_arena *arena;
	struct mst_user *u;
};

static int copy_user(void *ctx, const struct mst_user *u)
{
	const struct copying *k = ctx;

	*k->u = *u;
	k->u->name = mst_arena_strdup(k->arena, u->name);
	k->u->full_name = mst_arena_strdup(k->arena, u->full_name);
	k->u->hash = mst_arena_strdup(k->arena, u->hash);
	k->u->oidc_issuer = mst_arena_strdup(k->arena, u->oidc_issuer);
	k->u->oidc_subject = mst_arena_strdup(k->arena, u->oidc_subject);
	return 0;
}

int mst_door_user(struct mst_state *s, const char *name,
		  struct mst_arena *arena, struct mst_user *u_r, bool *found_r,
		  struct mst_err *err)
{
	struct copying k = {arena, u_r};

	return mst_user_find(s, name, copy_user, &k, found_r, err);
}

/* ---- sessions ------------------------------------------------------------ */

int mst_door_end(struct mst_state *s, const char *cookie, struct mst_err *err)
{
	unsigned char id[32];

	mst_token_hash(mst_slice_str(cookie), id);
	return mst_session_remove(s, id, NULL, NULL, err);
}

int mst_door_begin(struct mst_door *d, struct mst_state *s, const char *user,
		   const struct mst_caller *from, const char *old,
		   struct mst_door_session *out_r, struct mst_err *err)
{
	const struct mst_door_conf *c = mst_door_hold(d);
	int64_t idle = c->service.session.idle * 1000,
		absolute = c->service.session.absolute * 1000;
	struct mst_user_session v = {.user = user, .address = from->address};
	char agent[AGENT_MOST + 1];
	int rc;

	mst_door_release(d, c);
	if (old && (rc = mst_door_end(s, old, err)) < 0)
		return rc;
	mst_random_text(out_r->cookie);
	mst_random_text(out_r->csrf);
	mst_token_hash(mst_slice_str(out_r->cookie), v.id);
	(void)snprintf(agent, sizeof(agent), "%s",
		       from->agent ? from->agent : "");
	v.agent = agent;
	v.csrf = out_r->csrf;
	v.created_us = v.seen_us = mst_now_us();
	v.ends_us = v.created_us + (idle < absolute ? idle : absolute);
	out_r->ends_us = v.created_us + absolute;
	return mst_session_put(s, &v, err);
}

/* ---- passwords ----------------------------------------------------------- */

int mst_door_fits(struct mst_door *d, const char *hash,
		  struct mst_slice password, bool *fits_r, bool *anew_r,
		  struct mst_err *err)
{
	if (atomic_fetch_add(&d->hashing, 1) >= d->hashing_most) {
		(void)atomic_fetch_sub(&d->hashing, 1);
		(void)mst_err_set(err, MST_E_THROTTLED,
				  "too many sign-ins at once; try again in a "
				  "second");
		err->retry_after_ms = 1000;
		return -MST_E_THROTTLED;
	}
	*fits_r = mst_password_fits(hash, password, anew_r);
	(void)atomic_fetch_sub(&d->hashing, 1);
	return 0;
}

static int refused(struct mst_err *err)
{
	return mst_err_set(err, MST_E_AUTH,
			   "user name or password is wrong, or the user is "
			   "locked for a while after wrong ones");
}

static int count_wrong(struct mst_door *d, struct mst_state *s,
		       const struct mst_user *u, struct mst_err *err)
{
	const struct mst_door_conf *c = mst_door_hold(d);
	int64_t tries = c->service.password.tries,
		lock_ms = c->service.password.lock;
	int64_t over = u->failures + 1 - tries;

	mst_door_release(d, c);
	for (; over > 0 && lock_ms < LOCK_MOST_MS; over--)
		lock_ms *= 2;
	if (lock_ms > LOCK_MOST_MS)
		lock_ms = LOCK_MOST_MS;
	return mst_user_tried(s, u->name, false, mst_now_us(), (int)tries,
			      lock_ms * 1000, err);
}

/* Of those that count for nothing, the audit says so: of a name that nobody
 * has, too. How many there can be is bounded by the waits of the address. */
static int audit_refused(struct mst_state *s, const char *name,
			 const struct mst_user *u, struct mst_err *err)
{
	const struct mst_audit_entry e = {
	    .kind = "session",
	    .name = name,
	    .user = name,
	    .what = "refused",
	    .after = !u		   ? "there is no such user\n"
		     : u->disabled ? "the user is disabled\n"
		     : !*u->hash   ? "the user has no password\n"
				   : "the user is locked\n"};

	return mst_audit_put(s, &e, err);
}

/* The user of a name and password. */
static int know(struct mst_door *d, struct mst_state *s, const char *name,
		struct mst_slice password, const char *address,
		struct mst_arena *arena, struct mst_user *u_r,
		struct mst_err *err)
{
	char folded[MST_MAX_USER + 1] = "";
	bool found = false, fits = false, anew = false, may;
	int64_t now = mst_now_us();
	int rc = mst_tries_ask(d->tries, address, now, err);

	*u_r = (struct mst_user){.hash = ""};
	if (rc == 0 && !mst_user_name_fold(mst_slice_str(name), folded))
		*folded = 0;
	else if (rc == 0)
		rc = mst_door_user(s, folded, arena, u_r, &found, err);
	if (rc < 0)
		return rc;
	may = found && !u_r->disabled &&
	      (u_r->locked_us == MST_TIME_NONE || u_r->locked_us <= now);
	rc = mst_door_fits(d, found ? u_r->hash : "", password, &fits, &anew,
			   err);
	if (rc < 0)
		return rc;
	if (!may || !fits) {
		mst_tries_wrong(d->tries, address, now);
		if (may && *u_r->hash)
			rc = count_wrong(d, s, u_r, err);
		else if (*folded)
			rc = audit_refused(s, folded, found ? u_r : NULL, err);
		return rc < 0 ? rc : refused(err);
	}
	rc = mst_user_tried(s, u_r->name, true, now, 0, MST_TIME_NONE, err);
	if (rc == 0 && anew)
		rc = mst_people_rehash(s, u_r, password, err);
	return rc;
}

int mst_door_sign_in(struct mst_door *d, struct mst_state *s, const char *user,
		     struct mst_slice password, const struct mst_caller *from,
		     const char *old, struct mst_door_session *out_r,
		     struct mst_err *err)
{
	struct mst_arena arena;
	struct mst_user u;
	int rc;

	mst_arena_init(&arena, 1u << 20);
	rc = know(d, s, user, password, from->address, &arena, &u, err);
	if (rc == 0)
		rc = mst_door_begin(d, s, u.name, from, old, out_r, err);
	mst_arena_fini(&arena);
	return rc;
}

int mst_door_password(struct mst_door *d, struct mst_state *s,
		      const struct mst_who *who, struct mst_slice old,
		      struct mst_slice password, const struct mst_caller *from,
		      struct mst_door_session *out_r, struct mst_err *err)
{
	const struct mst_door_conf *c = mst_door_hold(d);
	int64_t least = c->service.password.min_length;
	struct mst_arena arena;
	struct mst_user u;
	int rc;

	mst_door_release(d, c);
	mst_arena_init(&arena, 1u << 20);
	rc = know(d, s, who->user, old, from->address, &arena, &u, err);
	if (rc == -MST_E_AUTH)
		rc = mst_err_set(err, MST_E_AUTH,
				 "the old password is wrong, or the user is "
				 "locked for a while after wrong ones");
	if (rc == 0 && mst_slice_eq(old, password))
		rc = mst_err_set(err, MST_E_INVALID,
				 "the new password is the old one");
	if (rc == 0)
		rc =
		    mst_people_password(s, u.name, password, least, false, err);
	if (rc == 0)
		rc = mst_session_remove(s, NULL, u.name, NULL, err);
	if (rc == 0)
		rc = mst_door_begin(d, s, u.name, from, NULL, out_r, err);
	mst_arena_fini(&arena);
	return rc;
}
