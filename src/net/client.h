/* SPDX-License-Identifier: Apache-2.0
 *
 * The one way to the network. Connectors describe requests (struct mst_req)
 * and read answers (struct mst_resp); this module owns libcurl, tokens, retry,
 * throttling, proxy and TLS, so that no connector does I/O.
 *
 * One client per run and per far end; one thread. Several requests are under
 * way at once (curl multi); answers come in the order they finish.
 */
#ifndef MST_NET_CLIENT_H
#define MST_NET_CLIENT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "net/proxy.h"

enum mst_method {
	MST_HTTP_GET,
	MST_HTTP_POST,
	MST_HTTP_PUT,
	MST_HTTP_PATCH,
	MST_HTTP_DELETE
};

/* How a request may be repeated by the client itself. */
enum mst_repeat {
	MST_REPEAT_SAFE,  /* reads, and writes that are idempotent: on any
			   * transient failure */
	MST_REPEAT_UNSENT /* writes: only when it surely was not carried out
			   * (429, refused connection, 503 before the body);
			   * else the answer is UNCERTAIN */
};

/* Made by a connector; strings live in the request's arena, which the client
 * takes over with the request and frees when the answer was taken. */
struct mst_req {
	struct mst_arena arena;
	uint64_t id; /* the connector's own number for it */
	enum mst_method method;
	enum mst_repeat repeat;
	const char *url;
	const char *headers[8]; /* "Name: value"; NULL ends */
	struct mst_slice body;
	const char *auth;   /* name of a registered credential; NULL sends
			     * none (SAS URLs, token requests) */
	const char *rate;   /* name of a rate class; NULL is unlimited */
	const char *file;   /* the body of a 2xx answer goes to this file
			     * (path); NULL keeps it in memory */
	const char *part;   /* what the caller will keep the answer as; of no
			     * concern here */
	bool anew;	    /* and in the place of what it kept as that */
	uint64_t max_bytes; /* of the answer; 0 is MST_MAX_BODY or _FILE */
	int64_t timeout_ms; /* of one attempt; 0 is the client's default */
	const char *what;   /* for errors and progress: "page 3 of …" */
};

enum mst_outcome {
	MST_OUT_ANSWER,	  /* an HTTP answer with a whole body; see status */
	MST_OUT_FAILED,	  /* no answer, and the request was not carried out */
	MST_OUT_UNCERTAIN /* sent, but what became of it is not known: time-out,
			   * reset, cut body of a write; 202 is an ANSWER */
};

struct mst_resp {
	enum mst_outcome outcome;
	int status;		  /* 0 unless ANSWER */
	struct mst_slice body;	  /* memory; empty when it went to a file */
	const char *file;	  /* or NULL */
	uint64_t bytes;		  /* body length as received (after transfer
				   * decoding) */
	const char *content_type; /* "" when absent */
	const char *request_id;	  /* X-Transaction-Id, request-id, x-ms-request
				   * -id …: first that is there, else "" */
	const char *location, *link;
	int64_t total_count;	/* X-Total-Count, -1 when absent */
	int64_t date_us;	/* Date header, MST_TIME_NONE when absent */
	int64_t retry_after_ms; /* -1 when absent */
	int64_t rate_limit;	/* X-RateLimit-Limit: requests an hour that a
				 * rule of the far end allows, -1 when absent */
	const char *rate_rule;	/* X-RateLimit-Rule: its id, or "" */
	double throttle_share;	/* x-ms-throttle-limit-percentage: the share of
				 * a limit that is used up, 0.8 and more, -1
				 * when absent */
	int64_t elapsed_us;	/* the last attempt */
	int attempts;
	struct mst_err err; /* why, unless ANSWER with 2xx */
};

/* A rate class: at most n requests in each window, 0 = no such window. */
struct mst_rate {
	const char *name;
	int per_minute, per_hour;
};

/* Requests that several clients, in several processes, may send together. They
 * are taken in pieces; what was not sent is given back at the end. */
struct mst_budget {
	/* Up to want of them: *got_r; 0: there are none until *until_us (wall
	 * clock). Asked again and again while there are none, so it must be
	 * cheap then. An error stops the client. */
	int (*take)(void *ctx, uint64_t want, uint64_t *got_r,
		    int64_t *until_us, struct mst_err *err);
	void (*give_back)(void *ctx, uint64_t n);
	void *ctx;
};

struct mst_client_conf {
	const char *name;	/* for errors: the connection's name */
	struct mst_proxy proxy; /* all zero: the environment's */
	const char *ca_file;	/* extra trust anchors, PEM, or NULL */
	/* The far end's public key (net/pin.h): who has it is trusted, whoever
	 * issued its certificate; with ca_file both must hold. NULL: any. */
	const char *pin;
	bool insecure_tls;	    /* trust whoever answers */
	bool insecure_loopback;	    /* plain http is allowed to 127.0.0.0/8,
				     * [::1] and localhost only */
	int64_t connect_timeout_ms; /* 0: 15 s */
	int64_t timeout_ms;	    /* 0: 300 s */
	int64_t retry_total_ms;	    /* give up after; 0: 15 min */
	int retry_max;		    /* attempts of one request; 0: 8 */
	uint64_t seed;		    /* of the jitter */
	const struct mst_rate *rates;
	size_t rates_n;
	const struct mst_budget *budget; /* outlives the client; NULL: none */
	int64_t retry_base_ms;		 /* first wait is 0 to this; 0: 1 s */
	int64_t retry_cap_ms;		 /* longest wait of ours; 0: 60 s */
	int64_t retry_after_max_ms; /* a longer Retry-After ends the retries;
				     * 0: 10 min */
	int64_t stall_ms;	    /* a body that brings less than 1 KiB/s for
				     * so long is cut off; 0: 60 s */
};

struct mst_client;
struct mst_auth; /* net/auth.h */

struct mst_client *mst_client_new(const struct mst_client_conf *conf,
				  struct mst_err *err);
void mst_client_free(struct mst_client **c);
/* auth is borrowed and outlives the client. Its token goes only to `hosts`
 * ("api.security.microsoft.com", a leading dot allows subdomains, "127.0.0.1:
 * 8080" with a port only that port); NULL ends. */
void mst_client_add_auth(struct mst_client *c, const char *name,
			 struct mst_auth *auth, const char *const *hosts);
/* Takes the request over (zeroes *req), also when it fails. Only a wrong
 * request fails here: an address that is no https, a credential whose token
 * may not go to that host, an unknown rate class, headers that are ours. */
int mst_client_submit(struct mst_client *c, struct mst_req *req,
		      struct mst_err *err);
size_t mst_client_pending(const struct mst_client *c);
/* Waits until an answer is there, at most timeout_ms (-1: as long as it
 * takes). 1: *req_r and *resp_r are lent until mst_client_done; 0: none yet.
 * <0: the client cannot go on (authentication failed for good, cancelled, the
 * disk is full). That comes last: what was submitted is handed out first, as
 * FAILED with the reason unless it was under way. Nothing pending: 0 at once.
 */
int mst_client_wait(struct mst_client *c, int64_t timeout_ms,
		    const struct mst_req **req_r,
		    const struct mst_resp **resp_r, struct mst_err *err);
void mst_client_done(struct mst_client *c);
/* From any thread or a signal handler: mst_client_wait stops starting new
 * attempts; requests under way finish (a GET has 5 s for it); those not yet
 * sent come back FAILED with MST_E_CANCELLED. */
void mst_client_cancel(struct mst_client *c);

struct mst_client_stats {
	uint64_t requests; /* attempts sent, tokens included */
	uint64_t retries, throttled;
	uint64_t bytes_in, bytes_out;
	int64_t throttle_wait_us;
	int64_t pause_ms;	  /* nothing under way, the next may begin in */
	const char *pause_reason; /* for progress: why; "" when no pause */
};
void mst_client_stats(const struct mst_client *c, struct mst_client_stats *s_r);

/* Fetches the token of a registered credential now, unless it is there; for
 * checks that want to see it before the first request. May block as long as
 * the retries take. */
int mst_client_login(struct mst_client *c, const char *auth,
		     struct mst_err *err);

/* Helpers for connectors. init: GET is SAFE, all others UNSENT until said
 * otherwise; the arena is ready. */
void mst_req_init(struct mst_req *req, enum mst_method method);
void mst_req_fini(struct mst_req *req);
void mst_req_header(struct mst_req *req, const char *name, const char *value);
/* The class of a final answer: 401 → AUTH, 403 → FORBIDDEN, 404 → NOTFOUND,
 * 409 → CONFLICT, 429 → THROTTLED, 400 → INVALID, 5xx → TRANSIENT … */
enum mst_code mst_status_code(int status);

#endif
