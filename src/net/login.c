/* SPDX-License-Identifier: Apache-2.0
 *
 * Fetching tokens. A log-in is a request like any other, made by the
 * credential, one at a time for each; it is made anew for every attempt, so
 * that an assertion is never older than its retry.
 */
#include <stdio.h>

#include "base/time.h"
#include "net/private.h"

#define LOGIN_WAYS 4 /* grants that a credential may fall back on */

/* Nobody gets a token: those that wait for it are told why. */
static void fail(struct mst_client *c, struct mst_cred *cred,
		 const struct mst_err *why)
{
	struct mst_transfer *t, *next;

	mst_token_failed(&cred->token, why, mst_mono_us());
	if (cred->token.have)
		return;
	for (t = TAILQ_FIRST(&c->waiting); t; t = next) {
		next = TAILQ_NEXT(t, link);
		if (t->cred != cred || t->is_login)
			continue;
		TAILQ_REMOVE(&c->waiting, t, link);
		mst_transfer_give_up(t, &cred->token.err);
	}
	c->again = true;
}

static void end(struct mst_transfer *t)
{
	t->client->again = true;
	mst_transfer_free(t);
}

void mst_login_give_up(struct mst_transfer *t, const struct mst_err *why)
{
	struct mst_client *c = t->client;
	struct mst_cred *cred = t->cred;

	end(t);
	fail(c, cred, why);
}

/* Asks the credential for its request. 1: there is one; 0: none is needed. */
static int ask(struct mst_cred *cred, struct mst_req *req_r,
	       struct mst_err *err)
{
	int rc = cred->auth->ops->begin(cred->auth, req_r, err);

	return rc < 0 ? mst_err_prefix(err, "credential '%s'", cred->name) : rc;
}

void mst_login_begin(struct mst_client *c, struct mst_cred *cred)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_req req = {0};
	struct mst_transfer *t;
	int rc;

	mst_token_fetching(&cred->token);
	rc = ask(cred, &req, &err);
	if (rc == 0) {
		mst_token_is_fixed(&cred->token);
		c->again = true;
		return;
	}
	if (rc < 0) {
		fail(c, cred, &err);
		return;
	}
	t = mst_transfer_new(c, &req);
	t->is_login = true;
	t->cred = cred;
	if (mst_transfer_check(t, &err)) {
		mst_login_give_up(t, &err);
		return;
	}
	TAILQ_INSERT_HEAD(&c->waiting, t, link);
	c->again = true;
}

int mst_login_renew(struct mst_transfer *t, struct mst_err *err)
{
	struct mst_req req = {0};
	int rc = ask(t->cred, &req, err);

	if (rc == 0)
		return mst_err_set(err, MST_E_INTERNAL,
				   "credential '%s' lost its request",
				   t->cred->name);
	if (rc < 0)
		return rc;
	if (t->req.body.n)
		mst_wipe((void *)(uintptr_t)t->req.body.p, t->req.body.n);
	mst_req_fini(&t->req);
	t->req = req;
	return mst_transfer_check(t, err);
}

/* Lets the credential read the answer. True: it is over, with or without a
 * token; false: *err is transient, or another way is tried (again_r). */
static bool read_answer(struct mst_transfer *t, bool *again_r,
			struct mst_err *err)
{
	struct mst_cred *cred = t->cred;
	int64_t ttl_ms = 0;
	int rc = cred->auth->ops->accept(cred->auth, &t->resp, &ttl_ms, err);

	*again_r = rc == 1 && ++t->logins < LOGIN_WAYS;
	if (*again_r)
		return false;
	if (rc == 0) {
		mst_token_fetched(&cred->token, ttl_ms, mst_mono_us());
		return true;
	}
	if (rc == 1)
		mst_err_set(err, MST_E_AUTH, "no way to log in is left");
	mst_err_prefix(err, "credential '%s'", cred->name);
	if (err->code == MST_E_TRANSIENT || err->code == MST_E_THROTTLED)
		return false;
	fail(t->client, cred, err);
	return true;
}

void mst_login_over(struct mst_transfer *t)
{
	struct mst_client *c = t->client;
	struct mst_err err = t->resp.err;
	bool again = false;
	int64_t wait_ms = 0;
	struct mst_try try;

	mst_transfer_heed(t);
	try = mst_transfer_try(t);
	if (t->answered && read_answer(t, &again, &err)) {
		mst_transfer_stop(t);
		end(t);
		return;
	}
	/* What the credential calls transient is so whatever the status. */
	if (t->answered && !mst_retry_status(try.status))
		try.status = 503;
	if (!again && !c->stopped)
		again = mst_retry_next(&c->retry, MST_REPEAT_SAFE, &try,
				       &c->seed, &wait_ms);
	mst_transfer_stop(t);
	if (again && !c->stopped) {
		mst_transfer_again(t, wait_ms);
		return;
	}
	if (t->attempts > 1) {
		size_t n = strlen(err.msg);

		(void)snprintf(err.msg + n, sizeof(err.msg) - n,
			       "; given up after %d attempts", t->attempts);
	}
	mst_login_give_up(t, &err);
}
