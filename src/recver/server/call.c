/* SPDX-License-Identifier: Apache-2.0
 *
 * Calls to a server that may go away: connecting, and doing a call again.
 */
#include <sys/random.h>
#include <time.h>

#include "base/time.h"
#include "recver/server/private.h"

#define PAUSE_MS     100
#define PAUSE_MAX_MS 5000
/* A server that was never there is more likely a wrong name. */
#define FIRST_MS 5000
/* Between two attempts of keep while the server is away. */
#define KEEP_AGAIN_MS 5000

static void (*pause_fn)(int64_t ms);

void mst_server_pause(void (*fn)(int64_t ms))
{
	pause_fn = fn;
}

/* Between half of it and all of it, so that programs that were cut off
 * together do not come back together. */
static void wait_about(int64_t ms)
{
	uint32_t random = 0;
	struct timespec t;

	(void)!getrandom(&random, sizeof(random), GRND_NONBLOCK);
	ms = ms / 2 + random % (ms / 2 + 1);
	if (pause_fn) {
		pause_fn(ms);
		return;
	}
	t = (struct timespec){ms / 1000, ms % 1000 * 1000000};
	(void)nanosleep(&t, NULL);
}

static int named(struct mst_server *s, int rc, struct mst_err *err)
{
	if (rc < 0 && !strstr(err->msg, s->where))
		(void)mst_err_prefix(err, "%s", s->where);
	return rc;
}

void mst_server_disconnect(struct mst_server *s)
{
	if (s->c)
		s->d->disconnect(s->c);
	s->c = NULL;
}

static int reconnect(struct mst_server *s, struct mst_err *err)
{
	int rc;

	if (s->c)
		return 0;
	rc = s->d->connect(&s->conf, s->database, s->create, &s->c, err);
	/* While it is taken the lease is looked at anyway. */
	if (rc == 0 && s->renewed_us)
		rc = mst_server_lease_confirm(s, err);
	return rc;
}

/* Connect, do; once. What fails for now leaves no connection. */
static int attempt(struct mst_server *s,
		   int (*fn)(struct mst_server *s, void *arg, bool *moved_r,
			     struct mst_err *err),
		   void *arg, bool *moved_r, struct mst_err *err)
{
	int rc = reconnect(s, err);

	if (rc == 0 && fn)
		rc = fn(s, arg, moved_r, err);
	if (rc == -MST_E_TRANSIENT)
		mst_server_disconnect(s);
	return rc;
}

int mst_server_call(struct mst_server *s,
		    int (*fn)(struct mst_server *s, void *arg, bool *moved_r,
			      struct mst_err *err),
		    void *arg, struct mst_err *err)
{
	int64_t since = 0, pause = PAUSE_MS, left;
	bool moved = false;
	int rc;

	for (;;) {
		rc = attempt(s, fn, arg, &moved, err);
		if (rc != -MST_E_TRANSIENT)
			return named(s, rc, err);
		if (moved || !since) {
			since = mst_mono_us();
			pause = PAUSE_MS;
			moved = false;
		}
		left = s->conf.timeout_ms - (mst_mono_us() - since) / 1000;
		if (left <= 0)
			return named(s, rc, err);
		wait_about(MST_MIN(pause, MST_MAX(left, 2)));
		pause = MST_MIN(pause * 2, PAUSE_MAX_MS);
	}
}

int mst_server_connect(struct mst_server *s, bool create, struct mst_err *err)
{
	int64_t since = mst_mono_us(), pause = PAUSE_MS, left;
	int rc;

	for (;;) {
		rc = s->d->connect(&s->conf, s->database, create, &s->c, err);
		left = MST_MIN(s->conf.timeout_ms, FIRST_MS) -
		       (mst_mono_us() - since) / 1000;
		if (rc != -MST_E_TRANSIENT || left <= 0)
			return named(s, rc, err);
		wait_about(MST_MIN(pause, MST_MAX(left, 2)));
		pause = MST_MIN(pause * 2, PAUSE_MAX_MS);
	}
}

/* The lease is to be renewed now; the next attempt is a while after this one.
 */
static bool is_due(struct mst_server *s)
{
	int64_t now = mst_mono_us();

	if (now - s->renewed_us < MST_LEASE_RENEW_MS * 1000LL ||
	    now < s->keep_us)
		return false;
	s->keep_us = now + KEEP_AGAIN_MS * 1000LL;
	return true;
}

static int keep(struct mst_server *s, struct mst_err *err)
{
	int rc;

	if (!is_due(s))
		return 0;
	/* A new connection confirms the lease by itself. */
	rc = s->c ? mst_server_lease_confirm(s, err)
		  : attempt(s, NULL, NULL, NULL, err);
	if (rc != -MST_E_TRANSIENT)
		return named(s, rc, err);
	/* A server that is away for a while stops no one who does not need it
	 * now. */
	mst_server_disconnect(s);
	mst_err_clear(err);
	return 0;
}

void mst_server_side_end(struct mst_server *s, void **side)
{
	if (*side)
		s->d->disconnect(*side);
	*side = NULL;
}

int mst_server_keep_aside(struct mst_server *s, void **side,
			  struct mst_err *err)
{
	int rc = 0;

	if (!is_due(s))
		return 0;
	if (!*side)
		rc = s->d->connect(&s->conf, s->database, false, side, err);
	if (rc == 0)
		rc = mst_lease_confirm_on(s, *side, err);
	if (rc == -MST_E_CONFLICT)
		return named(s, rc, err);
	if (rc < 0) {
		mst_server_side_end(s, side);
		mst_err_clear(err);
	}
	return 0;
}

int mst_server_enter(struct mst_server *s, struct mst_err *err)
{
	if (s->busy)
		return mst_err_set(err, MST_E_INTERNAL,
				   "%s is called from within its own callback",
				   s->where);
	if (s->lost)
		return mst_server_lease_lost(s, err);
	return keep(s, err);
}

int mst_server_keep(struct mst_recver *r, struct mst_err *err)
{
	struct mst_server *s = mst_server_of(r);

	return s->busy ? 0 : mst_server_enter(s, err);
}
