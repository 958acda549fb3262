/* SPDX-License-Identifier: Apache-2.0
 *
 * One attempt with libcurl: options, callbacks, clean-up.
 *
 * What is deliberately not used: cookies (ServiceNow runs requests of one
 * session one after the other and drops the tenth), redirects (a token would
 * travel with them), HTTP/2, .netrc, Expect: 100-continue.
 */
#include <stdlib.h>

#include "base/limits.h"
#include "base/time.h"
#include "mst_config.h"
#include "net/private.h"

#define BUFFER_BYTES (512L << 10)
/* Idle connections older than this are not used again: far ends close theirs
 * at about the same time, and a write that meets the closing is uncertain. */
#define IDLE_S	   20L
#define SLOW_BYTES 1024 /* a second */

static size_t on_header(char *p, size_t size, size_t n, void *ctx)
{
	return mst_head_line(ctx, mst_slice(p, size * n)) ? size * n : 0;
}

static size_t on_body(char *p, size_t size, size_t n, void *ctx)
{
	/* Not the count itself as the sign of failure: an empty call is fine */
	return mst_sink_take(ctx, p, size * n) ? size * n
					       : CURL_WRITEFUNC_ERROR;
}

/* libcurl repeats a request by itself when a kept connection closes without
 * an answer, a POST too. The far end may have carried it out, so a write is
 * begun once only. */
static int on_send(void *ctx, char *remote_ip, char *local_ip, int remote_port,
		   int local_port)
{
	struct mst_transfer *t = ctx;

	if (t->sends++ && t->req.repeat == MST_REPEAT_UNSENT) {
		mst_err_set(&t->fault, MST_E_TRANSIENT,
			    "the kept connection closed without an answer");
		return CURL_PREREQFUNC_ABORT;
	}
	return CURL_PREREQFUNC_OK;
}

static int give_up(struct mst_transfer *t, const char *what)
{
	mst_err_set(&t->fault, MST_E_TRANSIENT, "%s after %llu bytes", what,
		    (unsigned long long)t->sink.wire);
	return 1;
}

/* A body that trickles is cut off; waiting for the first byte is not a stall,
 * the far end may work on it. The time-out bounds that; for files, whose
 * time-out is long, it counts up to the first byte. */
static int on_progress(void *ctx, curl_off_t dltotal, curl_off_t dlnow,
		       curl_off_t ultotal, curl_off_t ulnow)
{
	struct mst_transfer *t = ctx;
	struct mst_client *c = t->client;
	uint64_t want = (uint64_t)c->stall_ms * SLOW_BYTES / 1000;
	int64_t now = mst_mono_us();

	if (!t->sink.begun)
		return t->req.file && now - t->start_us > c->timeout_ms * 1000
			   ? give_up(t, "no answer came in time,")
			   : 0;
	if (t->sink.wire - t->mark_bytes >= MST_MAX(want, 1u)) {
		t->mark_bytes = t->sink.wire;
		t->mark_us = now;
		return 0;
	}
	return now - t->mark_us < c->stall_ms * 1000
		   ? 0
		   : give_up(t, "the body stalled");
}

static bool has_header(const struct mst_req *r, const char *prefix)
{
	for (size_t i = 0; i < MST_LEN(r->headers) && r->headers[i]; i++)
		if (mst_slice_istarts(mst_slice_str(r->headers[i]), prefix))
			return true;
	return false;
}

static void add_header(struct mst_transfer *t, const char *line)
{
	struct curl_slist *l = curl_slist_append(t->headers, line);

	if (!l)
		mst_oom();
	t->headers = l;
}

static int set_headers(struct mst_transfer *t, struct mst_err *err)
{
	struct mst_buf auth = MST_BUF_INIT(256u << 10);
	const struct mst_req *r = &t->req;
	int rc = 0;

	for (size_t i = 0; i < MST_LEN(r->headers) && r->headers[i]; i++)
		add_header(t, r->headers[i]);
	if (!has_header(r, "accept:"))
		add_header(t, r->file ? "Accept: */*"
				      : "Accept: application/json");
	/* A file is spooled as the far end keeps it. */
	add_header(t, r->file ? "Accept-Encoding: identity"
			      : "Accept-Encoding: gzip");
	add_header(t, "Expect:");
	if (r->body.p && !has_header(r, "content-type:"))
		add_header(t, "Content-Type: application/json");
	if (t->cred && !t->is_login) {
		rc = t->cred->auth->ops->header(t->cred->auth, &auth, err);
		if (!rc && auth.overflow)
			rc = mst_err_set(err, MST_E_INVALID,
					 "the token of '%s' is too large",
					 t->cred->name);
		if (!rc)
			add_header(t, auth.p ? auth.p : "");
	}
	mst_buf_wipe_fini(&auth);
	return rc;
}

static void set_method(struct mst_transfer *t)
{
	static const char *const names[] = {"GET", "POST", "PUT", "PATCH",
					    "DELETE"};
	const struct mst_req *r = &t->req;
	CURL *e = t->easy;

	if (r->method == MST_HTTP_GET)
		return;
	curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, names[r->method]);
	if (r->method == MST_HTTP_DELETE && !r->body.n)
		return;
	/* Not copied: the body lives in the request's arena. */
	curl_easy_setopt(e, CURLOPT_POSTFIELDS, r->body.p ? r->body.p : "");
	curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.n);
}

void mst_transfer_way(CURL *e, const struct mst_client *c,
		      const struct mst_url *u)
{
	struct curl_blob ca = {(void *)(uintptr_t)c->ca.p, c->ca.n,
			       CURL_BLOB_NOCOPY};
	bool loopback = mst_url_is_loopback(u);

	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR,
			 loopback && c->insecure_loopback ? "http,https"
							  : "https");
	curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(e, CURLOPT_MAXAGE_CONN, IDLE_S);
	curl_easy_setopt(e, CURLOPT_PATH_AS_IS, 1L);
	mst_proxy_way_set(&c->proxy, u, e);
	if (c->ca.n)
		curl_easy_setopt(e, CURLOPT_CAINFO_BLOB, &ca);
	if (c->pin)
		curl_easy_setopt(e, CURLOPT_PINNEDPUBLICKEY, c->pin);
	/* A pinned key is proof enough: consoles sign their own certificates
	 * for names that nobody calls them by. */
	if (c->insecure_tls || (c->pin && !c->ca.n)) {
		curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 0L);
	}
}

static void set_limits(struct mst_transfer *t)
{
	struct mst_client *c = t->client;
	int64_t ms = t->req.timeout_ms;
	CURL *e = t->easy;

	if (ms <= 0)
		ms = t->req.file ? c->file_timeout_ms : c->timeout_ms;
	curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)ms);
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS,
			 (long)c->connect_timeout_ms);
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_BUFFERSIZE, BUFFER_BYTES);
	curl_easy_setopt(e, CURLOPT_HTTP_CONTENT_DECODING, 0L);
}

static void set_callbacks(struct mst_transfer *t)
{
	CURL *e = t->easy;

	curl_easy_setopt(e, CURLOPT_PRIVATE, t);
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->curl_text);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, on_send);
	curl_easy_setopt(e, CURLOPT_PREREQDATA, t);
	curl_easy_setopt(e, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(e, CURLOPT_XFERINFODATA, t);
	curl_easy_setopt(e, CURLOPT_NOPROGRESS, 0L);
}

static void reset_attempt(struct mst_transfer *t)
{
	uint64_t max = t->req.max_bytes;

	if (!max)
		max = t->req.file ? MST_MAX_FILE : MST_MAX_BODY;
	if (!t->req.file)
		max = MST_MIN(max, (uint64_t)MST_MAX_BODY);
	mst_sink_fini(&t->sink);
	mst_sink_init(&t->sink, max);
	t->sink.is_secret = t->is_login;
	mst_arena_reset(&t->texts);
	mst_head_init(&t->head);
	mst_err_clear(&t->fault);
	t->curl_text[0] = 0;
	t->sends = 0;
	t->mark_bytes = 0;
	t->start_us = mst_mono_us();
}

int mst_transfer_start(struct mst_transfer *t, struct mst_err *err)
{
	struct mst_client *c = t->client;
	int rc;

	reset_attempt(t);
	rc = set_headers(t, err);
	if (rc)
		return rc;
	t->easy = c->idle_n ? c->idle[--c->idle_n] : curl_easy_init();
	if (!t->easy)
		mst_oom();
	curl_easy_setopt(t->easy, CURLOPT_URL, t->req.url);
	curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers);
	curl_easy_setopt(t->easy, CURLOPT_USERAGENT, "muster/" MST_VERSION);
	set_method(t);
	mst_transfer_way(t->easy, c, &t->url);
	set_limits(t);
	set_callbacks(t);
	t->attempts++;
	if (!t->first_us)
		t->first_us = t->start_us;
	c->stats.requests++;
	c->stats.bytes_out += t->req.body.n;
	if (curl_multi_add_handle(c->multi, t->easy) != CURLM_OK)
		mst_oom();
	return 0;
}

static void wipe_headers(struct mst_transfer *t)
{
	for (struct curl_slist *l = t->headers; l; l = l->next)
		mst_wipe(l->data, strlen(l->data));
	curl_slist_free_all(t->headers);
	t->headers = NULL;
}

void mst_transfer_stop(struct mst_transfer *t)
{
	struct mst_client *c = t->client;

	if (t->easy) {
		curl_multi_remove_handle(c->multi, t->easy);
		curl_easy_reset(t->easy);
		if (c->idle_n < MST_LEN(c->idle))
			c->idle[c->idle_n++] = t->easy;
		else
			curl_easy_cleanup(t->easy);
		t->easy = NULL;
	}
	wipe_headers(t);
}

void mst_transfer_free(struct mst_transfer *t)
{
	mst_transfer_stop(t);
	mst_sink_fini(&t->sink);
	mst_arena_fini(&t->texts);
	/* Log-ins carry the secret in their body. */
	if (t->is_login && t->req.body.n)
		mst_wipe((void *)(uintptr_t)t->req.body.p, t->req.body.n);
	mst_req_fini(&t->req);
	free(t);
}
