/* SPDX-License-Identifier: Apache-2.0
 *
 * The HTTP server: libmicrohttpd behind a table of routes. It knows paths,
 * bodies, limits, entity tags, problems and event streams; what a route means,
 * who asks and what may be done is its users' matter.
 *
 * Requests are answered by several threads at once; each has a `local` of its
 * own (a handle of the state store). A handler runs to its end in one of them
 * and must not wait for anything but the store.
 */
#ifndef MST_HTTP_H
#define MST_HTTP_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "json/json.h"
#include "json/out.h"

enum mst_http_method {
	MST_ROUTE_GET = 1,
	MST_ROUTE_POST,
	MST_ROUTE_PUT,
	MST_ROUTE_DELETE,
	MST_HTTP_METHODS
};

struct mst_http;
struct mst_http_req;

/* ---- answers ------------------------------------------------------------- */

struct mst_http_feed; /* an event stream */

#define MST_HTTP_TYPE_JSON "application/json"
#define MST_HTTP_TYPE_TEXT "text/plain; charset=utf-8"
#define MST_HTTP_TYPE_YAML "application/yaml"

struct mst_http_resp {
	int status;	  /* 200 unless set */
	const char *type; /* application/json unless set */
	struct mst_buf body;
	const char *location;	 /* in the request's arena */
	const char *disposition; /* file name of a download */
	/* Further headers, "Name: value". */
	const char *headers[8];
	/* Bytes that live as long as the server, instead of body; may be gzip.
	 */
	struct mst_slice fixed;
	bool fixed_gzip;
	/* Else a GET of 200 has one, of its bytes; or its own among headers. */
	bool no_etag;
	bool cacheable;		    /* for good: its name changes with it */
	struct mst_http_feed *feed; /* an event stream instead; taken over */
};

/* A problem+json answer from an error: its code decides the status. Returns 0,
 * so that a handler can end with it. */
int mst_http_problem(struct mst_http_req *r, struct mst_http_resp *resp,
		     const struct mst_err *err);
int mst_http_problem_as(struct mst_http_req *r, struct mst_http_resp *resp,
			int status, const char *code, const char *fmt, ...)
    MST_PRINTF(5, 6);
/* Adds what is wrong with one member of the body ("/client_id") or parameter
 * ("?limit"); the problem that the request ends with lists them. At most 64. */
void mst_http_wrong(struct mst_http_req *r, const char *pointer,
		    const char *fmt, ...) MST_PRINTF(3, 4);

/* ---- routes -------------------------------------------------------------- */

/* A parameter of the query string, for checking and for the description. */
struct mst_http_query {
	const char *name, *help;
	const char *type;    /* "string", "integer", "boolean" */
	const char *choices; /* "a|b|c" or NULL */
};

#define MST_ROUTE_TASK	   1u	/* answers 202 with a task; Idempotency-Key */
#define MST_ROUTE_LIST	   2u	/* limit, after; {"items", "next"} */
#define MST_ROUTE_MATCH	   4u	/* takes If-Match */
#define MST_ROUTE_EVENTS   8u	/* an event stream */
#define MST_ROUTE_OPEN	   16u	/* nobody need have signed in */
#define MST_ROUTE_TEXT	   32u	/* the body is no JSON */
#define MST_ROUTE_PLAIN	   64u	/* the answer is no JSON */
#define MST_ROUTE_ACCEPTED 128u /* answers 202 */
#define MST_ROUTE_ANY                                                          \
	256u /* parameters that it does not name are passed over */

#define MST_ROUTE_CREATED 512u /* answers 201 */
/* May answer 202 with an approval instead: a second person is wanted. */
#define MST_ROUTE_SECOND 1024u
#define MST_ROUTE_LEADS	 2048u /* may answer 302: a browser goes on there */
/* Its handler waits for somebody else: a thread apart does it, one at a time,
 * with a local of its own; the gate is asked again there. */
#define MST_ROUTE_SLOW 4096u
/* May answer 202 with a task instead; Idempotency-Key. */
#define MST_ROUTE_OR_TASK 8192u

struct mst_http_route {
	enum mst_http_method method;
	const char *path; /* "/runs/{id}", below the table's base */
	const char *id;	  /* operationId: "get_run" */
	const char *tag;  /* of the description: "runs" */
	const char *help; /* one sentence */
	unsigned need;	  /* what the caller must be able to; 0: nothing */
	unsigned flags;
	/* Names of schemas (the table's owner has them); NULL: no body. */
	const char *body, *answer;
	struct mst_http_query query[8];
	/* 0, or the negative enum mst_code with err: then it becomes a problem.
	 */
	int (*run)(struct mst_http_req *r, struct mst_http_resp *resp,
		   struct mst_err *err);
};

/* A table's end is n, or a route without a path. */
struct mst_http_table {
	const char *base; /* "/api/v1", "" */
	const struct mst_http_route *routes;
	size_t n; /* 0: up to the route without a path */
};

/* ---- a request ----------------------------------------------------------- */

struct mst_http_req {
	enum mst_http_method method;
	const struct mst_http_route *route;
	const char *path;
	struct mst_slice body;
	const char *peer; /* address of the caller (behind a trusted proxy: as
			   * that says) */
	bool tls;	  /* it came by https */
	char id[17];	  /* of the request; in problems and in the log */
	struct mst_arena arena; /* ends with the request */
	void *local;		/* of this thread */
	void *app;		/* the server's user's */
	const void *who;	/* set by the gate */
	/* Set by the gate: who is counted by the limit of requests; NULL: the
	 * address alone. */
	const char *caller;
	const char *detail; /* of the problem that it ended with, or NULL */
	/* The caller is at the other end of the socket: nothing says that
	 * somebody else stands between. */
	bool direct;
	struct mst_http *http;
	void *private_;
};

/* Part of the path, decoded: {id}. Never NULL for a name of the route. */
const char *mst_http_param(const struct mst_http_req *r, const char *name);
/* As a number; MST_E_NOTFOUND when it is none. */
int mst_http_param_id(const struct mst_http_req *r, const char *name,
		      int64_t *id_r, struct mst_err *err);
/* NULL: not given. A parameter that the route does not know is refused before
 * the handler. */
const char *mst_http_query(const struct mst_http_req *r, const char *name);
/* limit and after of a list; after is 0 when not given. */
int mst_http_page(const struct mst_http_req *r, size_t *limit_r,
		  int64_t *after_r, struct mst_err *err);
const char *mst_http_header(const struct mst_http_req *r, const char *name);
const char *mst_http_cookie(const struct mst_http_req *r, const char *name);
/* The body as a JSON object; it lives as long as the request. MST_E_INVALID. */
int mst_http_json(struct mst_http_req *r, struct mst_json *root_r,
		  struct mst_err *err);
/* Does If-Match (when given) fit the text that the thing has now? Else
 * MST_E_CONFLICT, which becomes 412. */
int mst_http_match(const struct mst_http_req *r, struct mst_slice now,
		   struct mst_err *err);

/* ---- event streams ------------------------------------------------------- */

/* Events of one kind, in memory: the last ones are kept for those who come
 * back with Last-Event-ID. From any thread. */
struct mst_http_hub;
struct mst_http_hub *mst_http_hub_new(size_t keep);
void mst_http_hub_free(struct mst_http_hub **h);
/* topic: "task/812", "all". Gives it the next id. data is one line of JSON. */
void mst_http_hub_put(struct mst_http_hub *h, const char *topic,
		      const char *event, struct mst_slice data);
/* Nothing more comes of the topic: its viewers are told "end" and let go. */
void mst_http_hub_end(struct mst_http_hub *h, const char *topic);
/* Makes the answer a stream of a topic: all that is put from now on. */
int mst_http_stream(struct mst_http_req *r, struct mst_http_resp *resp,
		    struct mst_http_hub *h, const char *topic,
		    struct mst_err *err);
/* Of a stream that was just made: what is sent before anything else; last: and
 * nothing behind it. Whoever looks how a thing stands between the two misses
 * nothing of it. */
void mst_http_stream_say(struct mst_http_resp *resp, struct mst_slice text,
			 bool last);

/* ---- the server ---------------------------------------------------------- */

#define MST_HTTP_ANY UINT32_MAX

struct mst_http_conf {
	const char *address;		  /* "127.0.0.1", "::" */
	int port;			  /* 0: a free one */
	const char *cert_file, *key_file; /* PEM; NULL: no TLS */
	unsigned threads;		  /* 0: one per core, at most 4 */
	unsigned connections;		  /* at once; 0: 2048 */
	unsigned per_address; /* of these from one address; 0: 1024 */
	/* Requests a minute of one address, of one caller; what ten seconds
	 * allow may come at once. 0: 12,000; MST_HTTP_ANY: no limit. */
	unsigned address_rate, caller_rate;
	size_t body_max; /* 0: 16 MiB */
	/* How long a request's head, all of it, and a connection without one
	 * may take; between two signs of life on a stream. 0: 20 s, 120 s,
	 * 75 s, 15 s. */
	int64_t head_ms, whole_ms, idle_ms, alive_ms;
	/* Addresses ("10.0.0.0/8") whose X-Forwarded-For and -Proto count. */
	const char *const *proxies;
	const struct mst_http_table *tables;
	size_t tables_n;
	void *app;
	int (*local_open)(void *app, void **local_r, struct mst_err *err);
	void (*local_close)(void *app, void *local);
	/* In each thread, before its first request; may be NULL. */
	void (*local_here)(void *app, void *local);
	/* Before every handler: who asks, may they; sets r->who. Not 0: the
	 * answer is a problem (MST_E_AUTH 401, MST_E_FORBIDDEN 403,
	 * MST_E_THROTTLED 429). */
	int (*gate)(struct mst_http_req *r, struct mst_http_resp *resp,
		    struct mst_err *err);
	/* After it, for logs and metrics; r->route may be NULL. */
	void (*done)(const struct mst_http_req *r, int status, int64_t us);
	/* What no table has: the console. NULL: 404. */
	int (*fallback)(struct mst_http_req *r, struct mst_http_resp *resp,
			struct mst_err *err);
};

int mst_http_open(const struct mst_http_conf *conf, struct mst_http **h_r,
		  struct mst_err *err);
int mst_http_port(const struct mst_http *h);
/* Connections that are open, and streams among them. */
void mst_http_counts(struct mst_http *h, unsigned *connections_r,
		     unsigned *streams_r);
/* Certificate and key are read again. */
int mst_http_reload(struct mst_http *h, struct mst_err *err);
/* No new connections; streams end; what is under way gets up to so long. */
void mst_http_close(struct mst_http **h, int64_t grace_ms);

/* ---- without a socket ---------------------------------------------------- */

/* The same way through routes, checks, gate and handler, in the caller's
 * thread, of a server that was made by mst_http_open_none: for tests, fuzzing
 * and whoever has the program itself at hand. headers: "Name: value" texts,
 * NULL at the end. */
int mst_http_open_none(const struct mst_http_conf *conf, struct mst_http **h_r,
		       struct mst_err *err);
struct mst_http_direct {
	const char *method, *uri; /* "GET", "/api/v1/runs?limit=2" */
	const char *const *headers;
	struct mst_slice body;
	const char *peer; /* NULL: "127.0.0.1" */
};
/* Within a handler: another request, one that was kept, in the name of who.
 * Routes, parameters and body are looked at, the gate is not asked. Status,
 * type, body and location of its answer become those of resp, without headers;
 * r->detail is the text of its problem, or NULL. An error: there is no such
 * route (any more). */
int mst_http_again(struct mst_http_req *r, const struct mst_http_direct *q,
		   const void *who, const char *caller,
		   struct mst_http_resp *resp, struct mst_err *err);
/* What it was answered with: head has a line for each header. */
struct mst_http_said {
	int status;
	struct mst_buf head, body;
};
void mst_http_said_fini(struct mst_http_said *s);
/* Streams are not followed: body is what is sent first. */
void mst_http_ask(struct mst_http *h, const struct mst_http_direct *q,
		  struct mst_http_said *s_r);

#endif
