/* SPDX-License-Identifier: Apache-2.0
 *
 * Within the HTTP server: a request on its way, and what its files owe each
 * other. A request belongs to the one thread that its connection belongs to.
 */
#ifndef MST_HTTP_PRIVATE_H
#define MST_HTTP_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "http/http.h"
#include "http/peers.h"
#include "http/watch.h"

#define HTTP_ARENA_MAX	((size_t)256 << 20)
#define HTTP_ANSWER_MAX ((size_t)128 << 20)
#define HTTP_SEGMENTS	16u
#define HTTP_PARAMS	8u
#define HTTP_QUERIES	24u
#define HTTP_HEADERS	32u
#define HTTP_WRONGS	64u
#define HTTP_GZIP_LEAST 1024u

struct http_pair {
	const char *name, *value;
};

/* A route, ready for finding. */
struct http_way {
	const struct mst_http_route *route;
	size_t n; /* segments */
	struct {
		struct mst_slice text; /* or the name of a parameter */
		bool param;
	} seg[HTTP_SEGMENTS];
};

struct http_exchange {
	struct mst_http_req r;
	struct mst_http *h;
	const char *method; /* as it came; "GET" for HEAD */
	bool head;	    /* HEAD: no body */
	char *uri;
	const char *(*header)(const void *ctx, const char *name);
	const void *header_ctx;
	struct mst_slice seg[HTTP_SEGMENTS]; /* of the path, raw */
	size_t segs;
	struct http_pair param[HTTP_PARAMS];
	size_t params;
	struct http_pair query[HTTP_QUERIES];
	size_t queries;
	struct http_pair wrong[HTTP_WRONGS];
	size_t wrongs;
	struct mst_buf body;
	size_t dropped; /* of a body that is not wanted */
	bool begun;	/* its head was looked at */
	bool decided;	/* resp is what it is answered with */
	bool changed;	/* If-Match did not fit */
	struct mst_http_resp resp;
	struct http_pair out[HTTP_HEADERS]; /* headers of the answer */
	size_t outs;
	struct mst_json_parser *parser;
	struct mst_json json;
	int64_t began_us;
};

struct http_locals {
	pthread_mutex_t lock;
	void **all;
	size_t n, taken;
};

struct mst_http {
	struct mst_http_conf conf; /* texts are copies, in arena */
	struct mst_arena arena;
	struct http_way *ways;
	size_t ways_n;
	struct http_locals locals;
	struct http_peers *peers;
	struct http_watch *watch;
	struct http_tls *tls;
	struct http_slow *slow; /* NULL: no route wants it */
	struct MHD_Daemon *daemon;
	int port;
	atomic_bool closing;
	atomic_uint connections, streams, busy;
	atomic_uint_fast64_t ids;
	uint64_t id_seed;
	/* Streams that are open. */
	pthread_mutex_t streams_lock;
	struct mst_http_feed *feeds;
};

/* ---- uri.c --------------------------------------------------------------- */

/* Takes x->uri apart: segments, and the query's parameters, decoded. */
int mst_http_uri_split(struct http_exchange *x, struct mst_err *err);
/* Percent-encoding taken off; '+' is a blank when `plus`. MST_E_INVALID for a
 * bad escape, a control character, or what is no UTF-8. */
int mst_http_uri_decode(struct mst_arena *a, struct mst_slice s, bool plus,
			const char **text_r, struct mst_err *err);

/* ---- route.c ------------------------------------------------------------- */

int mst_http_ways_make(struct mst_http *h, struct mst_err *err);
/* Sets route and parameters. MST_E_NOTFOUND; MST_E_UNSUPPORTED: another method
 * only, *allow_r has "GET, HEAD, POST". */
int mst_http_way_find(struct http_exchange *x, const char **allow_r,
		      struct mst_err *err);
/* Query against what the route says. */
int mst_http_query_check(struct http_exchange *x, struct mst_err *err);

/* ---- request.c ----------------------------------------------------------- */

/* uri is copied. */
struct http_exchange *mst_http_exchange_new(struct mst_http *h,
					    const char *uri);
void mst_http_exchange_free(struct http_exchange **x);
/* With the head: everything that can be said without the body. length: of the
 * body, -1 when only its end will tell. */
void mst_http_exchange_begin(struct http_exchange *x, int64_t length);
/* A piece of the body. False: the connection is to be closed. */
bool mst_http_exchange_body(struct http_exchange *x, struct mst_slice data);
/* Before it begins: the handle of this thread. */
void mst_http_exchange_local(struct http_exchange *x);
/* Its handler, in another thread than that of its head: with that one's
 * handle. Decides it. */
void mst_http_exchange_apart(struct http_exchange *x);
/* With its end: x->resp is what is to be sent, x->out its headers. */
void mst_http_exchange_end(struct http_exchange *x);

/* ---- answer.c ------------------------------------------------------------ */

/* Entity tag, encoding, and all headers. */
void mst_http_answer_finish(struct http_exchange *x);
void mst_http_answer_header(struct http_exchange *x, const char *name,
			    const char *value);
void mst_http_answer_reset(struct mst_http_resp *resp);
/* "\"…\"" of bytes, in the arena. */
const char *mst_http_etag(struct mst_arena *a, struct mst_slice bytes,
			  bool gzip);
/* Does a list of tags ("\"a\", W/\"b\"") name it? Encodings are passed over.
 * core: what stands behind a '.', too. */
bool mst_http_etag_in(const char *list, const char *tag, bool core);

/* ---- stream.c ------------------------------------------------------------ */

struct MHD_Connection;
struct MHD_Response;
struct MHD_Response *mst_http_feed_response(struct mst_http_feed *f,
					    struct MHD_Connection *c);
/* Never sent. */
void mst_http_feed_free(struct mst_http_feed *f);
struct mst_slice mst_http_feed_first(const struct mst_http_feed *f);
/* Signs of life; all: they end. */
void mst_http_feeds_tick(struct mst_http *h, int64_t now_us, bool all);

/* ---- slow.c -------------------------------------------------------------- */

int mst_http_slow_new(struct http_slow **s_r, struct mst_err *err);
/* Suspends the connection until x is decided. False: it is decided already,
 * since too many wait. */
bool mst_http_slow_give(struct http_slow *s, struct http_exchange *x,
			struct MHD_Connection *c);
/* Waits for the one that is under way; no connection is suspended behind it,
 * and none will be. */
void mst_http_slow_stop(struct http_slow *s);
void mst_http_slow_free(struct http_slow **s);

/* ---- tls.c --------------------------------------------------------------- */

struct http_tls;
int mst_http_tls_new(const char *cert_file, const char *key_file,
		     struct http_tls **t_r, struct mst_err *err);
void mst_http_tls_free(struct http_tls **t);
int mst_http_tls_reload(struct http_tls *t, struct mst_err *err);
/* Copies for one handshake, which GnuTLS frees. Its codes. */
struct gnutls_pcert_st;
struct gnutls_privkey_st;
int mst_http_tls_give(struct http_tls *t, struct gnutls_pcert_st **chain_r,
		      unsigned *n_r, struct gnutls_privkey_st **key_r);

/* ---- server.c ------------------------------------------------------------ */

/* Everything but the daemon. */
int mst_http_server_new(const struct mst_http_conf *conf, struct mst_http **h_r,
			struct mst_err *err);
void mst_http_server_free(struct mst_http **h);

/* ---- daemon.c: libmicrohttpd --------------------------------------------- */

int mst_http_daemon_start(struct mst_http *h, int fd, struct mst_err *err);

/* ---- listen.c ------------------------------------------------------------ */

int mst_http_listen(const char *address, int port, int *fd_r, int *port_r,
		    struct mst_err *err);

#endif
