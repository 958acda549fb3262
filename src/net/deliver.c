/* SPDX-License-Identifier: Apache-2.0
 *
 * What became of an attempt: another one, or an answer with its outcome and
 * an error text that says what, where, why and how often.
 */
#include <stdio.h>

#include "base/time.h"
#include "net/private.h"

static const char *status_text(int status)
{
	static const struct {
		int status;
		const char *text;
	} texts[] = {
	    {400, "bad request"},
	    {401, "not authenticated"},
	    {403, "forbidden"},
	    {404, "not found"},
	    {405, "method not allowed"},
	    {407, "the proxy wants a log-in"},
	    {408, "request time-out"},
	    {409, "conflict"},
	    {410, "gone"},
	    {412, "precondition failed"},
	    {413, "body too large"},
	    {414, "address too long"},
	    {415, "media type not supported"},
	    {422, "not processable"},
	    {423, "locked"},
	    {429, "too many requests"},
	    {500, "internal server error"},
	    {501, "not implemented"},
	    {502, "bad gateway"},
	    {503, "service unavailable"},
	    {504, "gateway time-out"},
	    {509, "bandwidth limit exceeded"},
	};

	for (size_t i = 0; i < MST_LEN(texts); i++)
		if (texts[i].status == status)
			return texts[i].text;
	return status >= 300 && status < 400 ? "a redirect, not followed"
					     : "unexpected";
}

enum mst_code mst_status_code(int status)
{
	if (status >= 200 && status <= 299)
		return MST_OK;
	if (status >= 300 && status <= 399)
		return MST_E_UNSUPPORTED;
	switch (status) {
	case 401:
	case 407:
		return MST_E_AUTH;
	case 403:
		return MST_E_FORBIDDEN;
	case 404:
	case 410:
		return MST_E_NOTFOUND;
	case 405:
	case 406:
	case 501:
	case 505:
		return MST_E_UNSUPPORTED;
	case 408:
	case 425:
		return MST_E_TRANSIENT;
	case 409:
	case 412:
	case 423:
		return MST_E_CONFLICT;
	case 429:
		return MST_E_THROTTLED;
	default:
		return status >= 400 && status <= 499 ? MST_E_INVALID
						      : MST_E_TRANSIENT;
	}
}

/* Did it get no further than the proxy? */
static bool at_proxy(const struct mst_transfer *t, struct mst_proxy_look *l_r)
{
	/* What was sent had passed it. */
	if (t->answered || t->sends > 0 || t->fault.code != MST_OK)
		return false;
	mst_proxy_way_look(&t->client->proxy, &t->url, t->easy, t->code,
			   t->curl_text, l_r);
	return l_r->blame;
}

/* The same request would fail the same way. */
static bool is_hopeless(const struct mst_transfer *t)
{
	struct mst_proxy_look look;

	if (t->answered)
		return false;
	if (t->fault.code != MST_OK)
		return t->fault.code != MST_E_TRANSIENT;
	if (at_proxy(t, &look))
		return look.hopeless;
	switch ((int)t->code) {
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
	case CURLE_URL_MALFORMAT:
	case CURLE_BAD_FUNCTION_ARGUMENT:
		return true;
	default:
		return false;
	}
}

/* What a person can do about it. */
static const char *hint(CURLcode code)
{
	switch ((int)code) {
	case CURLE_COULDNT_RESOLVE_HOST:
		return "; check the host name and the network's name service";
	case CURLE_COULDNT_CONNECT:
		return "; check the address, the firewall and the proxy";
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_ISSUER_ERROR:
		return "; if a proxy or the server uses a private authority, "
		       "name its certificate in ca_file";
	case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
		return "; it has another key than the option pin says: either "
		       "its certificate was renewed with a new key, or "
		       "somebody is in between";
	default:
		return "";
	}
}

static void describe(struct mst_transfer *t)
{
	struct mst_err *err = &t->resp.err;
	const char *what = t->req.what ? t->req.what : "request";
	struct mst_proxy_look look;
	enum mst_code code;
	long began = 0;

	if (t->answered) {
		code = mst_status_code(t->resp.status);
		if (code == MST_OK) {
			mst_err_clear(err);
			return;
		}
		mst_err_set(err, code, "%.200s: %s answered %d (%s)%s%.80s",
			    what, t->url.host, t->resp.status,
			    status_text(t->resp.status),
			    *t->head.request_id ? ", request id " : "",
			    t->head.request_id);
	} else if (t->fault.code != MST_OK) {
		mst_err_set(err, t->fault.code, "%.200s: %s: %.500s", what,
			    t->url.host, t->fault.msg);
		err->os_errno = t->fault.os_errno;
	} else if (at_proxy(t, &look)) {
		mst_err_set(err, look.code, "%.200s: proxy %s: %s; %s", what,
			    look.name, look.why, look.remedy);
	} else {
		curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &began);
		mst_err_set(
		    err, is_hopeless(t) ? MST_E_INVALID : MST_E_TRANSIENT,
		    "%.200s: no %sanswer from %s:%d: %.250s%s", what,
		    began ? "whole " : "", t->url.host, t->url.port,
		    *t->curl_text ? t->curl_text : curl_easy_strerror(t->code),
		    hint(t->code));
	}
	err->status = t->resp.status;
	err->retry_after_ms = t->head.retry_after_ms;
}

/* Fills resp from the attempt that ended with t->code. */
static void read_attempt(struct mst_transfer *t)
{
	struct mst_resp *r = &t->resp;
	curl_off_t us = 0;
	long status = 0;

	t->answered = t->code == CURLE_OK && mst_sink_finish(t);
	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(t->easy, CURLINFO_TOTAL_TIME_T, &us);
	*r = (struct mst_resp){
	    .outcome = MST_OUT_ANSWER,
	    .status = t->answered ? (int)status : 0,
	    .bytes = t->sink.wire,
	    .content_type = t->head.content_type,
	    .request_id = t->head.request_id,
	    .location = t->head.location,
	    .link = t->head.link,
	    .total_count = t->head.total_count,
	    .date_us = t->head.date_us,
	    .retry_after_ms = t->head.retry_after_ms,
	    .rate_limit = t->head.rate_limit,
	    .rate_rule = t->head.rate_rule,
	    .throttle_share = t->head.throttle_share,
	    .elapsed_us = us,
	    .attempts = t->attempts,
	};
	if (t->answered && t->req.file && status >= 200 && status <= 299)
		r->file = t->req.file;
	else if (t->answered)
		r->body = mst_buf_slice(&t->sink.body);
	describe(t);
}

struct mst_try mst_transfer_try(const struct mst_transfer *t)
{
	return (struct mst_try){
	    .answered = t->answered,
	    .sent = t->sends > 0,
	    .hopeless = is_hopeless(t),
	    .status = t->resp.status,
	    .retry_after_ms = t->answered ? t->head.retry_after_ms : -1,
	    .attempts = t->attempts,
	    .asked = t->asked,
	    .first_us = t->first_us,
	    .now_us = mst_mono_us(),
	};
}

void mst_transfer_heed(struct mst_transfer *t)
{
	struct mst_client *c = t->client;
	int64_t ms = t->head.retry_after_ms;

	if (!t->answered || (t->resp.status != 429 && t->resp.status != 503))
		return;
	if (t->resp.status == 429) {
		c->stats.throttled++;
		t->asked += ms >= 0;
	}
	/* A time that nobody here would wait for stops nobody: the others
	 * fail as fast as this one does, and the run can end. */
	if (ms > 0 && ms <= c->retry.retry_after_max_ms && t->rate)
		mst_throttle_pause(t->rate, mst_mono_us() + ms * 1000);
}

void mst_transfer_again(struct mst_transfer *t, int64_t wait_ms)
{
	struct mst_client *c = t->client;

	t->not_before_us = mst_mono_us() + wait_ms * 1000;
	c->stats.retries++;
	c->again = true;
	/* In front: it was submitted before those that wait behind it. */
	TAILQ_INSERT_HEAD(&c->waiting, t, link);
}

static void deliver(struct mst_transfer *t)
{
	struct mst_resp *r = &t->resp;
	bool is_write = t->req.method != MST_HTTP_GET;

	if (t->answered)
		r->outcome = MST_OUT_ANSWER;
	else if (is_write && (t->sends > 0 || t->maybe_done))
		r->outcome = MST_OUT_UNCERTAIN;
	else
		r->outcome = MST_OUT_FAILED;
	if (r->outcome == MST_OUT_UNCERTAIN)
		r->err.code = MST_E_UNCERTAIN;
	if (r->err.code != MST_OK && t->attempts > 1) {
		size_t n = strlen(r->err.msg);

		(void)snprintf(
		    r->err.msg + n, sizeof(r->err.msg) - n,
		    "; given up after %d attempts in %lld s", t->attempts,
		    (long long)((mst_mono_us() - t->first_us) / 1000000));
	}
	TAILQ_INSERT_TAIL(&t->client->answered, t, link);
}

void mst_transfer_give_up(struct mst_transfer *t, const struct mst_err *why)
{
	mst_head_init(&t->head);
	t->resp = (struct mst_resp){
	    .outcome = t->maybe_done ? MST_OUT_UNCERTAIN : MST_OUT_FAILED,
	    .content_type = "",
	    .request_id = "",
	    .total_count = -1,
	    .date_us = MST_TIME_NONE,
	    .retry_after_ms = -1,
	    .rate_limit = -1,
	    .rate_rule = "",
	    .throttle_share = -1,
	    .attempts = t->attempts,
	    .err = *why,
	};
	mst_err_prefix(&t->resp.err, "%.200s",
		       t->req.what ? t->req.what : "request");
	if (t->maybe_done)
		t->resp.err.code = MST_E_UNCERTAIN;
	TAILQ_INSERT_TAIL(&t->client->answered, t, link);
}

/* 401: once with another token. True: it waits for that. */
static bool reauthenticate(struct mst_transfer *t)
{
	struct mst_cred *cred = t->cred;
	bool dropped;

	if (!t->answered || !cred)
		return false;
	if (t->resp.status != 401) {
		mst_token_accepted(&cred->token, t->generation);
		return false;
	}
	if (t->reauthed || t->client->stopped ||
	    !mst_token_refused(&cred->token, t->generation, mst_mono_us(),
			       &dropped))
		return false;
	if (dropped)
		cred->auth->ops->forget(cred->auth);
	t->reauthed = true;
	return true;
}

/* Could this attempt have changed something there? Refusals could not. */
static bool may_have_acted(const struct mst_transfer *t)
{
	if (t->req.method == MST_HTTP_GET || t->sends == 0)
		return false;
	return !t->answered ||
	       (t->resp.status >= 500 &&
		!(t->resp.status == 503 && t->head.retry_after_ms >= 0));
}

static void request_over(struct mst_transfer *t)
{
	struct mst_client *c = t->client;
	bool again = reauthenticate(t);
	int64_t wait_ms = 0;
	struct mst_try try;

	if (!again) {
		mst_transfer_heed(t);
		try = mst_transfer_try(t);
		t->maybe_done |= may_have_acted(t);
		/* Our own disk: the next file would fail as well. */
		if (t->fault.code == MST_E_IO)
			mst_client_stop(c, &t->fault);
		again = !c->stopped && mst_retry_next(&c->retry, t->req.repeat,
						      &try, &c->seed, &wait_ms);
	}
	mst_transfer_stop(t);
	if (again)
		mst_transfer_again(t, wait_ms);
	else
		deliver(t);
}

void mst_attempt_over(struct mst_transfer *t, CURLcode code)
{
	TAILQ_REMOVE(&t->client->active, t, link);
	t->client->active_n--;
	t->code = code;
	read_attempt(t);
	if (t->is_login)
		mst_login_over(t);
	else
		request_over(t);
}
