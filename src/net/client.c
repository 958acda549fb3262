/* SPDX-License-Identifier: Apache-2.0
 *
 * The client: requests come in, begin when their time, their rate class and
 * their token allow it, and go out as answers. One thread drives it from
 * mst_client_wait; all clocks are base/time.h's.
 */
#include "net/client.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/time.h"
#include "net/anchors.h"
#include "net/pin.h"
#include "net/private.h"

#define BUDGET_PIECE  20
#define POLL_MAX_MS   250 /* also how late a stall is seen */
#define GET_GRACE_US  (5 * (int64_t)1000000)
#define FILE_LEAST_MS (3600 * (int64_t)1000)
#define REQ_ARENA     (8u << 20)

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

static void setup_curl(void)
{
	struct sigaction old;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		mst_oom();
	/* libcurl leaves SIGPIPE to us; a closed connection must not end the
	 * program. Somebody else's handler stays. */
	if (!sigaction(SIGPIPE, NULL, &old) && old.sa_handler == SIG_DFL)
		(void)signal(SIGPIPE, SIG_IGN);
}

/* What is read once: secrets and trust anchors of the way. */
static int read_way(struct mst_client *c, const struct mst_client_conf *conf,
		    struct mst_err *err)
{
	if (mst_proxy_way_init(&c->proxy, &conf->proxy, err) < 0)
		return mst_err_prefix(err, "%s", c->name);
	if (conf->ca_file && *conf->ca_file &&
	    mst_anchors_read(conf->ca_file, &c->ca, err) < 0)
		return mst_err_prefix(err, "%s: ca_file", c->name);
	if (c->pin && mst_pin_check(c->pin, err) < 0)
		return mst_err_prefix(err, "%s", c->name);
	return 0;
}

static int64_t or_default(int64_t v, int64_t def)
{
	return v > 0 ? v : def;
}

static void take_conf(struct mst_client *c, const struct mst_client_conf *conf)
{
	c->name = mst_strdup(conf->name ? conf->name : "");
	c->insecure_loopback = conf->insecure_loopback;
	c->insecure_tls = conf->insecure_tls;
	c->pin = conf->pin && *conf->pin ? mst_strdup(conf->pin) : NULL;
	c->connect_timeout_ms = or_default(conf->connect_timeout_ms, 15000);
	c->timeout_ms = or_default(conf->timeout_ms, 300000);
	/* Large files take long on slow lines; the limits for the first byte
	 * and for stalls guard them. */
	c->file_timeout_ms = MST_MAX(c->timeout_ms, FILE_LEAST_MS);
	c->stall_ms = or_default(conf->stall_ms, 60000);
	c->seed = conf->seed;
	c->retry = (struct mst_retry_policy){
	    .max = conf->retry_max > 0 ? conf->retry_max : 8,
	    .total_ms = or_default(conf->retry_total_ms, 15 * 60000),
	    .base_ms = or_default(conf->retry_base_ms, 1000),
	    .cap_ms = or_default(conf->retry_cap_ms, 60000),
	    .retry_after_max_ms =
		or_default(conf->retry_after_max_ms, 10 * 60000),
	};
	c->budget = conf->budget;
	for (size_t i = 0; i < conf->rates_n && i < MST_NET_CLASSES; i++)
		mst_throttle_init(&c->classes[c->classes_n++], &conf->rates[i]);
	c->named_n = c->classes_n;
}

struct mst_client *mst_client_new(const struct mst_client_conf *conf,
				  struct mst_err *err)
{
	struct mst_client *c;

	(void)pthread_once(&curl_once, setup_curl);
	c = mst_alloc(sizeof(*c));
	TAILQ_INIT(&c->waiting);
	TAILQ_INIT(&c->active);
	TAILQ_INIT(&c->answered);
	c->wake_fd = -1;
	take_conf(c, conf);
	if (conf->rates_n > MST_NET_CLASSES / 2) {
		mst_err_set(err, MST_E_INVALID, "too many rate classes (%zu)",
			    conf->rates_n);
		mst_client_free(&c);
		return NULL;
	}
	if (read_way(c, conf, err) < 0) {
		mst_client_free(&c);
		return NULL;
	}
	c->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (c->wake_fd < 0) {
		mst_err_os(err, "cannot make an event descriptor");
		mst_client_free(&c);
		return NULL;
	}
	c->multi = curl_multi_init();
	if (!c->multi)
		mst_oom();
	curl_multi_setopt(c->multi, CURLMOPT_PIPELINING,
			  (long)CURLPIPE_NOTHING);
	return c;
}

static void free_all(struct mst_transfers *list)
{
	struct mst_transfer *t;

	while ((t = TAILQ_FIRST(list))) {
		TAILQ_REMOVE(list, t, link);
		mst_transfer_free(t);
	}
}

static void free_creds(struct mst_client *c)
{
	for (size_t i = 0; i < c->creds_n; i++) {
		for (char **h = c->creds[i].hosts; *h; h++)
			free(*h);
		free(c->creds[i].hosts);
		free(c->creds[i].name);
	}
}

void mst_client_free(struct mst_client **cp)
{
	struct mst_client *c = *cp;

	*cp = NULL;
	if (!c)
		return;
	mst_client_done(c);
	if (c->budget && c->budget_left && mst_now_us() < c->budget_until_us)
		c->budget->give_back(c->budget->ctx, c->budget_left);
	free_all(&c->answered);
	free_all(&c->waiting);
	free_all(&c->active);
	while (c->idle_n)
		curl_easy_cleanup(c->idle[--c->idle_n]);
	if (c->multi)
		curl_multi_cleanup(c->multi);
	free_creds(c);
	for (size_t i = 0; i < c->classes_n; i++)
		mst_throttle_fini(&c->classes[i]);
	if (c->wake_fd >= 0)
		(void)close(c->wake_fd);
	free((void *)(uintptr_t)c->ca.p);
	mst_proxy_way_fini(&c->proxy);
	free(c->pin);
	free(c->name);
	free(c);
}

void mst_client_add_auth(struct mst_client *c, const char *name,
			 struct mst_auth *auth, const char *const *hosts)
{
	struct mst_cred *cred;
	size_t n = 0;

	if (c->creds_n == MST_NET_CREDS)
		abort(); /* a programmer's error */
	while (hosts && hosts[n])
		n++;
	cred = &c->creds[c->creds_n++];
	cred->name = mst_strdup(name);
	cred->auth = auth;
	cred->hosts = mst_alloc((n + 1) * sizeof(*cred->hosts));
	for (size_t i = 0; i < n; i++)
		cred->hosts[i] = mst_strdup(hosts[i]);
}

int mst_client_submit(struct mst_client *c, struct mst_req *req,
		      struct mst_err *err)
{
	struct mst_transfer *t = mst_transfer_new(c, req);
	int rc = 0;

	if (c->pending >= MST_NET_PENDING)
		rc = mst_err_set(err, MST_E_INVALID,
				 "more than %d requests are waiting",
				 MST_NET_PENDING);
	if (!rc)
		rc = mst_transfer_check(t, err);
	if (rc) {
		mst_transfer_free(t);
		return rc;
	}
	TAILQ_INSERT_TAIL(&c->waiting, t, link);
	c->pending++;
	return 0;
}

size_t mst_client_pending(const struct mst_client *c)
{
	return c->pending;
}

void mst_client_stop(struct mst_client *c, const struct mst_err *why)
{
	if (c->stopped)
		return;
	c->stopped = true;
	c->stop = *why;
	c->again = true;
}

/* ---- what may begin ------------------------------------------------------ */

static void wake_at(struct mst_client *c, int64_t us, const char *why,
		    const char *of)
{
	if (us >= c->wake_us)
		return;
	c->wake_us = us;
	(void)snprintf(c->wake_why, sizeof(c->wake_why), "%s %.100s", why, of);
}

static void take_out(struct mst_client *c, struct mst_transfer *t,
		     const struct mst_err *why)
{
	TAILQ_REMOVE(&c->waiting, t, link);
	if (t->is_login)
		mst_login_give_up(t, why);
	else
		mst_transfer_give_up(t, why);
}

static void begin(struct mst_client *c, struct mst_transfer *t, int64_t now)
{
	struct mst_err err = MST_ERR_INIT;
	int rc = 0;

	if (t->blocked_us)
		c->stats.throttle_wait_us += now - t->blocked_us;
	t->blocked_us = 0;
	if (t->cred)
		t->generation = t->cred->token.generation;
	if (t->is_login && t->attempts)
		rc = mst_login_renew(t, &err);
	if (!rc)
		rc = mst_transfer_start(t, &err);
	if (rc) {
		take_out(c, t, &err);
		return;
	}
	if (t->rate)
		mst_throttle_start(t->rate, now);
	if (c->budget_left)
		c->budget_left--;
	TAILQ_REMOVE(&c->waiting, t, link);
	TAILQ_INSERT_TAIL(&c->active, t, link);
	c->active_n++;
}

/* True when the token can be sent now. */
static bool has_token(struct mst_client *c, struct mst_transfer *t, int64_t now)
{
	struct mst_token *token;

	if (!t->cred || t->is_login)
		return true;
	token = &t->cred->token;
	switch (mst_token_need(token, now)) {
	case MST_TOKEN_USE:
		return true;
	case MST_TOKEN_RENEW:
		mst_login_begin(c, t->cred);
		return true;
	case MST_TOKEN_FETCH:
		/* May give up all that wait for it, this one included. */
		mst_login_begin(c, t->cred);
		return false;
	case MST_TOKEN_WAIT:
		return false;
	case MST_TOKEN_DEAD:
		take_out(c, t, &token->err);
		return false;
	}
	return false;
}

/* True when the budget has one for it. */
static bool has_budget(struct mst_client *c, int64_t now)
{
	struct mst_err err = MST_ERR_INIT;
	int64_t wall;

	if (!c->budget)
		return true;
	wall = mst_now_us();
	if (wall >= c->budget_until_us)
		c->budget_left = 0;
	if (c->budget_left)
		return true;
	if (c->budget->take(c->budget->ctx, BUDGET_PIECE, &c->budget_left,
			    &c->budget_until_us, &err) < 0) {
		mst_client_stop(c, &err);
		return false;
	}
	if (c->budget_left)
		return true;
	wake_at(c, now + MST_MAX(c->budget_until_us - wall, 1000),
		"the hour's request budget of", c->name);
	return false;
}

static void consider(struct mst_client *c, struct mst_transfer *t, int64_t now)
{
	int64_t ready;

	if (c->stopped) {
		take_out(c, t, &c->stop);
		return;
	}
	if (t->not_before_us > now) {
		wake_at(c, t->not_before_us, "to retry",
			t->req.what ? t->req.what : t->url.host);
		return;
	}
	if (c->active_n >= MST_NET_ACTIVE)
		return;
	ready = t->rate ? mst_throttle_ready_us(t->rate, now) : now;
	if (ready > now) {
		if (!t->blocked_us)
			t->blocked_us = now;
		wake_at(c, ready, "rate limit of", t->rate->name);
		return;
	}
	if (!has_budget(c, now)) {
		if (!t->blocked_us)
			t->blocked_us = now;
		return;
	}
	if (has_token(c, t, now))
		begin(c, t, now);
}

/* A log-in that begins or fails changes the list: then it is looked through
 * from the front again. */
static void begin_ready(struct mst_client *c)
{
	struct mst_transfer *t, *next;

	do {
		int64_t now = mst_mono_us();

		c->again = false;
		c->wake_us = INT64_MAX;
		c->wake_why[0] = 0;
		for (t = TAILQ_FIRST(&c->waiting); t && !c->again; t = next) {
			next = TAILQ_NEXT(t, link);
			consider(c, t, now);
		}
	} while (c->again);
}

/* ---- the loop ------------------------------------------------------------ */

static void end_slow_reads(struct mst_client *c)
{
	struct mst_transfer *t, *next;

	for (t = TAILQ_FIRST(&c->active); t; t = next) {
		next = TAILQ_NEXT(t, link);
		if (t->req.method != MST_HTTP_GET && !t->is_login)
			continue;
		t->fault = c->stop;
		mst_attempt_over(t, CURLE_ABORTED_BY_CALLBACK);
	}
}

static void notice_cancel(struct mst_client *c)
{
	struct mst_err why = MST_ERR_INIT;
	uint64_t n;
	ssize_t got;

	if (!atomic_load(&c->cancelled))
		return;
	if (!c->cancelled_us) {
		c->cancelled_us = mst_mono_us();
		got = read(c->wake_fd, &n, sizeof(n));
		(void)got;
		mst_err_set(&why, MST_E_CANCELLED, "cancelled");
		mst_client_stop(c, &why);
	} else if (mst_mono_us() - c->cancelled_us > GET_GRACE_US) {
		end_slow_reads(c);
	}
}

static void turn(struct mst_client *c)
{
	struct mst_transfer *t;
	CURLMsg *msg;
	int running, left;

	notice_cancel(c);
	begin_ready(c);
	(void)curl_multi_perform(c->multi, &running);
	while ((msg = curl_multi_info_read(c->multi, &left))) {
		CURLcode code = msg->data.result;
		char *ctx = NULL;

		if (msg->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &ctx);
		t = (struct mst_transfer *)(void *)ctx;
		/* Room for one more to begin. */
		c->again = true;
		mst_attempt_over(t, code);
	}
}

/* Sleeps until something happens, at most until `until_us`. */
static void sleep_until(struct mst_client *c, int64_t until_us)
{
	struct curl_waitfd wake = {.fd = c->wake_fd,
				   .events = CURL_WAIT_POLLIN};
	int64_t us = MST_MIN(until_us, c->wake_us);
	int64_t now = mst_mono_us();
	int64_t ms;

	if (c->again || us <= now)
		return;
	ms = us - now > POLL_MAX_MS * 1000 ? POLL_MAX_MS
					   : (us - now + 999) / 1000;
	(void)curl_multi_poll(c->multi, &wake, 1, (int)ms, NULL);
}

/* Nothing is pending: can it go on? */
static int check_end(struct mst_client *c, struct mst_err *err)
{
	size_t dead = 0;

	if (c->stopped) {
		*err = c->stop;
		return -(int)err->code;
	}
	for (size_t i = 0; i < c->creds_n; i++)
		dead += c->creds[i].token.dead;
	if (!dead || dead < c->creds_n)
		return 0;
	*err = c->creds[0].token.err;
	return -(int)err->code;
}

int mst_client_wait(struct mst_client *c, int64_t timeout_ms,
		    const struct mst_req **req_r,
		    const struct mst_resp **resp_r, struct mst_err *err)
{
	int64_t until =
	    timeout_ms < 0 ? INT64_MAX : mst_mono_us() + timeout_ms * 1000;

	mst_client_done(c);
	for (;;) {
		turn(c);
		c->lent = TAILQ_FIRST(&c->answered);
		if (c->lent)
			break;
		if (!c->pending)
			return check_end(c, err);
		if (mst_mono_us() >= until)
			return 0;
		sleep_until(c, until);
	}
	TAILQ_REMOVE(&c->answered, c->lent, link);
	c->pending--;
	*req_r = &c->lent->req;
	*resp_r = &c->lent->resp;
	return 1;
}

void mst_client_done(struct mst_client *c)
{
	if (c->lent)
		mst_transfer_free(c->lent);
	c->lent = NULL;
}

int mst_client_login(struct mst_client *c, const char *auth,
		     struct mst_err *err)
{
	struct mst_cred *cred = NULL;
	bool begun = false;

	for (size_t i = 0; i < c->creds_n && !cred; i++)
		if (strcmp(c->creds[i].name, auth) == 0)
			cred = &c->creds[i];
	if (!cred)
		return mst_err_set(err, MST_E_INVALID,
				   "there is no credential '%s'", auth);
	for (;;) {
		enum mst_token_do need =
		    mst_token_need(&cred->token, mst_mono_us());

		if (need == MST_TOKEN_USE || need == MST_TOKEN_RENEW)
			return 0;
		if (need == MST_TOKEN_DEAD ||
		    (need == MST_TOKEN_FETCH && begun)) {
			*err = cred->token.err;
			return -(int)err->code;
		}
		if (need == MST_TOKEN_FETCH && c->stopped) {
			*err = c->stop;
			return -(int)err->code;
		}
		if (need == MST_TOKEN_FETCH)
			mst_login_begin(c, cred);
		begun = true;
		turn(c);
		if (mst_token_need(&cred->token, mst_mono_us()) ==
		    MST_TOKEN_WAIT)
			sleep_until(c, INT64_MAX);
	}
}

void mst_client_cancel(struct mst_client *c)
{
	int saved = errno;
	uint64_t one = 1;
	ssize_t n;

	/* write() is all that a signal handler may do here. */
	atomic_store(&c->cancelled, true);
	n = write(c->wake_fd, &one, sizeof(one));
	(void)n;
	errno = saved;
}

void mst_client_stats(const struct mst_client *c, struct mst_client_stats *s_r)
{
	int64_t now = mst_mono_us();

	*s_r = c->stats;
	s_r->pause_ms = 0;
	s_r->pause_reason = "";
	if (c->active_n || c->wake_us == INT64_MAX || c->wake_us <= now)
		return;
	s_r->pause_ms = (c->wake_us - now) / 1000;
	s_r->pause_reason = c->wake_why;
}

/* ---- requests ------------------------------------------------------------ */

void mst_req_init(struct mst_req *req, enum mst_method method)
{
	*req = (struct mst_req){
	    .method = method,
	    .repeat =
		method == MST_HTTP_GET ? MST_REPEAT_SAFE : MST_REPEAT_UNSENT,
	};
	mst_arena_init(&req->arena, REQ_ARENA);
}

void mst_req_fini(struct mst_req *req)
{
	mst_arena_fini(&req->arena);
	*req = (struct mst_req){0};
}

void mst_req_header(struct mst_req *req, const char *name, const char *value)
{
	for (size_t i = 0; i < MST_LEN(req->headers); i++) {
		if (req->headers[i])
			continue;
		req->headers[i] =
		    mst_arena_printf(&req->arena, "%s: %s", name, value);
		return;
	}
	abort(); /* more headers than a request has room for */
}
