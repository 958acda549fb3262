/* SPDX-License-Identifier: Apache-2.0
 *
 * libmicrohttpd under the server: a pool of threads with epoll. What it is told
 * here is kept away from all other files.
 */
#include <gnutls/abstract.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/num.h"
#include "http/private.h"

/* Of libmicrohttpd for one connection: head of the request, head of the answer.
 * A larger head of a request is refused (431). */
#define MEMORY	    ((size_t)32 << 10)
#define MEMORY_STEP ((size_t)1 << 10)
#define ANSWER_MS   600000 /* for sending it */

/* Who is at the other end of a socket. */
struct conn {
	struct mst_http *h;
	struct http_place *place;
};

static struct conn *conn_of(struct MHD_Connection *c)
{
	return MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
	    ->socket_context;
}

/* ---- connections --------------------------------------------------------- */

static enum MHD_Result admit(void *ctx, const struct sockaddr *a, socklen_t n)
{
	struct mst_http *h = ctx;
	char peer[64];

	(void)n;
	if (atomic_load(&h->closing))
		return MHD_NO;
	mst_http_peer_text(a, peer);
	return mst_http_peers_come(h->peers, peer, h->conf.per_address)
		   ? MHD_YES
		   : MHD_NO;
}

static void comes_or_goes(void *ctx, struct MHD_Connection *c, void **own,
			  enum MHD_ConnectionNotificationCode what)
{
	struct mst_http *h = ctx;
	struct conn *k = *own;
	char peer[64];

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		k = mst_alloc(sizeof(*k));
		k->h = h;
		mst_http_peer_text(MHD_get_connection_info(
				       c, MHD_CONNECTION_INFO_CLIENT_ADDRESS)
				       ->client_addr,
				   peer);
		k->place = mst_http_place_take(
		    h->watch,
		    MHD_get_connection_info(c,
					    MHD_CONNECTION_INFO_CONNECTION_FD)
			->connect_fd,
		    peer, h->conf.head_ms);
		atomic_fetch_add(&h->connections, 1);
	} else if (k) {
		mst_http_peers_go(h->peers, mst_http_place_peer(k->place));
		mst_http_place_leave(h->watch, &k->place);
		atomic_fetch_sub(&h->connections, 1);
		free(k);
		k = NULL;
	}
	*own = k;
}

static int certificate_of(gnutls_session_t session,
			  const struct gnutls_cert_retr_st *info,
			  gnutls_pcert_st **certs, unsigned *certs_n,
			  gnutls_ocsp_data_st **ocsp, unsigned *ocsp_n,
			  gnutls_privkey_t *key, unsigned *flags)
{
	struct conn *k = conn_of(gnutls_session_get_ptr(session));

	(void)info;
	*ocsp = NULL;
	*ocsp_n = 0;
	*flags = GNUTLS_CERT_RETR_DEINIT_ALL;
	return mst_http_tls_give(k->h->tls, certs, certs_n, key) < 0 ? -1 : 0;
}

/* ---- requests ------------------------------------------------------------ */

static const char *header_of(const void *ctx, const char *name)
{
	return MHD_lookup_connection_value(
	    (struct MHD_Connection *)(uintptr_t)ctx, MHD_HEADER_KIND, name);
}

/* With the first line, as it came. */
static void *begins(void *ctx, const char *uri, struct MHD_Connection *c)
{
	struct mst_http *h = ctx;
	struct http_exchange *x = mst_http_exchange_new(h, uri);

	mst_http_place_until(h->watch, conn_of(c)->place, h->conf.head_ms);
	x->header = header_of;
	x->header_ctx = c;
	return x;
}

/* What is no header's name or value for others: "Content-Length : 7" tells them
 * of a body, and us of none. */
static bool is_odd(struct mst_slice key, struct mst_slice value)
{
	for (size_t i = 0; i < key.n; i++) {
		if (key.p[i] <= ' ' || key.p[i] == 127)
			return true;
	}
	for (size_t i = 0; i < value.n; i++) {
		if (((unsigned char)value.p[i] < ' ' && value.p[i] != '\t') ||
		    value.p[i] == 127)
			return true;
	}
	return false;
}

static enum MHD_Result count_header(void *ctx, enum MHD_ValueKind kind,
				    const char *key, size_t key_n,
				    const char *value, size_t value_n)
{
	const struct mst_slice k = {key, key_n};
	unsigned *n = ctx;

	(void)kind;
	n[0] += mst_slice_iis(k, "Content-Length");
	n[1] += mst_slice_iis(k, "Transfer-Encoding");
	n[2] += mst_slice_iis(k, "Host");
	n[3] += mst_slice_iis(k, "Authorization");
	n[4] += is_odd(k, (struct mst_slice){value, value_n});
	return MHD_YES;
}

/* The length of the body, -1 for chunks, -2 when it is told in two ways, or a
 * header is odd: then a proxy in front may see another request than we do. */
static int64_t length_of(struct MHD_Connection *c)
{
	const char *text = header_of(c, "Content-Length");
	unsigned n[5] = {0};
	int64_t length = 0;

	(void)MHD_get_connection_values_n(c, MHD_HEADER_KIND, count_header, n);
	if (n[0] + n[1] > 1 || n[2] > 1 || n[3] > 1 || n[4])
		return -2;
	if (n[1])
		return -1;
	if (text && !mst_num_i64(mst_slice_str(text), &length))
		return -2;
	return length;
}

static void add_headers(struct MHD_Response *r, const struct http_exchange *x)
{
	for (size_t i = 0; i < x->outs; i++)
		(void)MHD_add_response_header(r, x->out[i].name,
					      x->out[i].value);
}

static struct MHD_Response *make_response(struct http_exchange *x,
					  struct MHD_Connection *c)
{
	struct mst_http_resp *resp = &x->resp;
	struct mst_http_feed *f = resp->feed;
	size_t n = resp->body.n;

	if (f && x->head) {
		mst_http_feed_free(f);
		resp->feed = f = NULL;
	}
	if (f) {
		resp->feed = NULL;
		return mst_http_feed_response(f, c);
	}
	if (resp->fixed.p)
		return MHD_create_response_from_buffer(
		    resp->fixed.n, (void *)(uintptr_t)resp->fixed.p,
		    MHD_RESPMEM_PERSISTENT);
	if (n == 0)
		return MHD_create_response_from_buffer(
		    0, (void *)(uintptr_t) "", MHD_RESPMEM_PERSISTENT);
	return MHD_create_response_from_buffer(n, mst_buf_steal(&resp->body),
					       MHD_RESPMEM_MUST_FREE);
}

static enum MHD_Result send_it(struct http_exchange *x,
			       struct MHD_Connection *c)
{
	struct MHD_Response *r;
	enum MHD_Result rc;
	bool stream;

	/* It comes here again when that is done. */
	if (!x->decided && x->r.route && x->r.route->flags & MST_ROUTE_SLOW &&
	    mst_http_slow_give(x->h->slow, x, c))
		return MHD_YES;
	mst_http_exchange_end(x);
	stream = x->resp.feed && !x->head;
	mst_http_place_until(x->h->watch, conn_of(c)->place,
			     stream ? 0 : ANSWER_MS);
	r = make_response(x, c);
	if (!r)
		return MHD_NO;
	add_headers(r, x);
	rc = MHD_queue_response(c, (unsigned)x->resp.status, r);
	MHD_destroy_response(r);
	return rc;
}

static enum MHD_Result begin(struct http_exchange *x, struct MHD_Connection *c,
			     const char *method)
{
	int64_t length = length_of(c);

	x->head = strcmp(method, "HEAD") == 0;
	x->method = x->head ? "GET" : mst_arena_strdup(&x->r.arena, method);
	x->r.peer = mst_arena_strdup(&x->r.arena,
				     mst_http_place_peer(conn_of(c)->place));
	x->r.tls = x->h->tls != NULL;
	mst_http_exchange_local(x);
	mst_http_place_until(x->h->watch, conn_of(c)->place,
			     x->h->conf.whole_ms);
	if (length == -2) {
		x->begun = true;
		x->decided = true;
		(void)mst_http_problem_as(
		    &x->r, &x->resp, 400, "invalid",
		    "a header that may come once came twice or is no header, "
		    "or the length of the body is told in two ways");
		return send_it(x, c);
	}
	mst_http_exchange_begin(x, length);
	/* Who is refused need not send the body. */
	return x->decided && length != 0 ? send_it(x, c) : MHD_YES;
}

static enum MHD_Result handle(void *ctx, struct MHD_Connection *c,
			      const char *url, const char *method,
			      const char *version, const char *data,
			      size_t *data_n, void **req)
{
	struct http_exchange *x = *req;

	(void)ctx;
	(void)url;
	(void)version;
	if (!x)
		return MHD_NO;
	if (!x->begun)
		return begin(x, c, method);
	if (*data_n) {
		bool more = mst_http_exchange_body(x, mst_slice(data, *data_n));

		*data_n = 0;
		return more ? MHD_YES : MHD_NO;
	}
	return send_it(x, c);
}

static void ended(void *ctx, struct MHD_Connection *c, void **req,
		  enum MHD_RequestTerminationCode how)
{
	struct mst_http *h = ctx;
	struct http_exchange *x = *req;

	(void)how;
	if (conn_of(c))
		mst_http_place_until(h->watch, conn_of(c)->place,
				     h->conf.idle_ms);
	mst_http_exchange_free(&x);
	*req = NULL;
}

/* ---- starting ------------------------------------------------------------ */

MST_PRINTF(2, 0) static void log_to(void *ctx, const char *fmt, va_list ap)
{
	char text[512];

	(void)ctx;
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	text[strcspn(text, "\n")] = 0;
	mst_debug("HTTP server: %s", text);
}

int mst_http_daemon_start(struct mst_http *h, int fd, struct mst_err *err)
{
	const struct mst_http_conf *c = &h->conf;
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD |
			 MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
			 (h->tls ? MHD_USE_TLS : 0);
	struct MHD_OptionItem tls[] = {
	    {MHD_OPTION_HTTPS_CERT_CALLBACK2, (intptr_t)certificate_of, NULL},
	    {MHD_OPTION_HTTPS_PRIORITIES, 0,
	     (void *)(uintptr_t) "SECURE128:-VERS-ALL:+VERS-TLS1.3:"
				 "+VERS-TLS1.2:-RSA:%SERVER_PRECEDENCE"},
	    {MHD_OPTION_END, 0, NULL},
	};

	tls[0].ptr_value = (void *)(uintptr_t)certificate_of;
	if (!h->tls)
		tls[0].option = MHD_OPTION_END;
	h->daemon = MHD_start_daemon(
	    flags, 0, admit, h, handle, h, MHD_OPTION_EXTERNAL_LOGGER, log_to,
	    h, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_URI_LOG_CALLBACK,
	    begins, h, MHD_OPTION_NOTIFY_COMPLETED, ended, h,
	    MHD_OPTION_NOTIFY_CONNECTION, comes_or_goes, h,
	    MHD_OPTION_CONNECTION_LIMIT, MST_MAX(c->connections, c->threads),
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, MEMORY,
	    MHD_OPTION_CONNECTION_MEMORY_INCREMENT, MEMORY_STEP,
	    MHD_OPTION_CONNECTION_TIMEOUT,
	    (unsigned)MST_MAX((c->idle_ms + 999) / 1000, 1),
	    MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_THREAD_POOL_SIZE,
	    c->threads > 1 ? c->threads : 0, MHD_OPTION_ARRAY, tls,
	    MHD_OPTION_END);
	if (h->daemon)
		return 0;
	return mst_err_set(
	    err, MST_E_IO,
	    "the HTTP server does not start: no memory, "
	    "threads or descriptors (see the log at level debug)");
}
