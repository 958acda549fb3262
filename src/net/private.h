/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of src/net share and nobody else sees: a request on its way
 * (struct mst_transfer) and the client that owns it.
 *
 *   client.c    what callers see; which request begins next
 *   check.c     what we send, and where to
 *   deliver.c   what became of an attempt; the answer and its error text
 *   login.c     fetching tokens
 *   transfer.c  one attempt with libcurl
 *   sink.c      where the bytes of a body go
 *   answer.c    response headers
 *   way.c       the way there, looked at before anything is sent
 *   proxy_way.c the proxy on it
 */
#ifndef MST_NET_PRIVATE_H
#define MST_NET_PRIVATE_H

#include <curl/curl.h>
#include <stdatomic.h>
#include <sys/queue.h>

#include "base/gunzip.h"
#include "net/auth.h"
#include "net/client.h"
#include "net/proxy_way.h"
#include "net/retry.h"
#include "net/throttle.h"
#include "net/token.h"
#include "net/url.h"

/* Bounds of the client itself. */
#define MST_NET_ACTIVE	  64	       /* attempts under way */
#define MST_NET_PENDING	  10000	       /* requests of a client */
#define MST_NET_CREDS	  16	       /* registered credentials */
#define MST_NET_CLASSES	  64	       /* rate classes and hosts with a pause */
#define MST_NET_HEADERS	  (256u << 10) /* bytes of headers of an answer */
#define MST_NET_LINK	  (32u << 10)  /* bytes of all Link headers */
#define MST_NET_ERROR_MAX (1u << 20)   /* kept of a body that is not 2xx */

/* A registered credential. */
struct mst_cred {
	char *name;
	struct mst_auth *auth; /* borrowed */
	char **hosts;	       /* copies, NULL ended */
	struct mst_token token;
};

/* Where a body goes. */
struct mst_sink {
	uint64_t max;	/* of the wire and of the decoded text */
	uint64_t wire;	/* bytes received */
	bool begun;	/* the first byte is there */
	bool cut;	/* an error text is kept up to its bound only */
	bool is_gzip;	/* decoded on the way to memory */
	bool is_secret; /* holds a token: wiped */
	int fd;		/* -1: memory */
	char *part;	/* path of the unfinished file */
	struct mst_buf body;
	struct mst_gunzip *gz;
};

/* What the headers of an answer said; texts in the transfer's arena. */
struct mst_head {
	size_t bytes; /* of all headers, for the bound */
	size_t request_id_rank, links;
	const char *content_type, *request_id, *location, *link, *encoding;
	const char *rate_rule;
	int64_t total_count, date_us, retry_after_ms, rate_limit;
	double throttle_share;
};

struct mst_transfer {
	TAILQ_ENTRY(mst_transfer) link;
	struct mst_client *client;
	struct mst_req req;
	struct mst_url url;
	struct mst_cred *cred;	   /* NULL: sends none */
	bool is_login;		   /* fetches cred's token */
	int logins;		   /* requests that one login has taken */
	struct mst_throttle *rate; /* NULL: none */

	/* over all attempts */
	int attempts, asked;
	bool reauthed;	 /* had its one retry after 401 */
	bool maybe_done; /* an earlier attempt may have been carried out */
	int64_t first_us, not_before_us;
	int64_t blocked_us;  /* waits for its rate class since; 0: no */
	uint64_t generation; /* of the token that it was sent with */

	/* this attempt */
	CURL *easy;
	struct curl_slist *headers;
	char curl_text[CURL_ERROR_SIZE];
	int sends;     /* how often libcurl began to send the request */
	bool is_stuck; /* body: too few bytes for too long */
	int64_t start_us;
	int64_t mark_us;
	uint64_t mark_bytes;
	struct mst_err fault; /* why we ended it ourselves */
	struct mst_sink sink;
	struct mst_arena texts;
	struct mst_head head;

	CURLcode code;
	bool answered; /* with a whole body */
	struct mst_resp resp;
};

TAILQ_HEAD(mst_transfers, mst_transfer);

struct mst_client {
	char *name;
	struct mst_proxy_way proxy;
	struct mst_slice ca; /* default and extra anchors, PEM; n 0: default */
	char *pin;	     /* or NULL */
	bool insecure_tls, insecure_loopback;
	int64_t connect_timeout_ms, timeout_ms, file_timeout_ms, stall_ms;
	struct mst_retry_policy retry;
	uint64_t seed;

	CURLM *multi;
	CURL *idle[MST_NET_ACTIVE]; /* handles to use again */
	size_t idle_n;
	int wake_fd;
	atomic_bool cancelled;
	int64_t cancelled_us; /* when the loop saw it; 0: not */
	bool stopped;	      /* starts nothing any more; why is in stop */
	struct mst_err stop;

	struct mst_cred creds[MST_NET_CREDS];
	size_t creds_n;
	struct mst_throttle classes[MST_NET_CLASSES];
	size_t classes_n, named_n; /* the first named_n came from the conf */
	const struct mst_budget *budget;
	uint64_t budget_left;
	int64_t budget_until_us; /* wall: then what is left is void */

	/* waiting: for its time, its class or its token */
	struct mst_transfers waiting, active, answered;
	size_t active_n, pending;
	struct mst_transfer *lent;
	int64_t wake_us; /* the next time that something may begin */
	char wake_why[160];
	bool again; /* look through waiting once more */
	struct mst_client_stats stats;
};

/* transfer.c */
int mst_transfer_start(struct mst_transfer *t, struct mst_err *err);
/* Takes the handle out of the multi and closes what the attempt held. */
void mst_transfer_stop(struct mst_transfer *t);
void mst_transfer_free(struct mst_transfer *t);

/* Proxy, protocols, TLS and trust anchors of a way to there. */
void mst_transfer_way(CURL *e, const struct mst_client *c,
		      const struct mst_url *u);

/* sink.c */
void mst_sink_init(struct mst_sink *s, uint64_t max);
void mst_sink_fini(struct mst_sink *s); /* removes an unfinished file */
/* False: *fault says why. */
bool mst_sink_take(struct mst_transfer *t, const char *p, size_t n);
/* The body is over: check it, name the file. False: t->fault. */
bool mst_sink_finish(struct mst_transfer *t);

/* answer.c */
void mst_head_init(struct mst_head *h);
/* One header line. False: too many bytes. */
bool mst_head_line(struct mst_transfer *t, struct mst_slice line);

/* deliver.c */
/* libcurl is done with the attempt: deliver, retry, or hand to login.c. */
void mst_attempt_over(struct mst_transfer *t, CURLcode code);
/* It will not be tried (again): cancelled, or no token. */
void mst_transfer_give_up(struct mst_transfer *t, const struct mst_err *why);
/* The attempt as the policy wants to see it. */
struct mst_try mst_transfer_try(const struct mst_transfer *t);
/* A server that asks for quiet gets it from the whole class. */
void mst_transfer_heed(struct mst_transfer *t);
/* Back to the waiting ones; 0: at once. */
void mst_transfer_again(struct mst_transfer *t, int64_t wait_ms);

/* client.c */
/* Nothing new begins from here on. The first reason stays. */
void mst_client_stop(struct mst_client *c, const struct mst_err *why);

/* check.c */
/* Https, or plain http to this machine where that is allowed. */
int mst_url_check_way(const struct mst_client *c, const struct mst_url *u,
		      struct mst_err *err);
/* Is the request one that we send? Finds its credential and class. */
int mst_transfer_check(struct mst_transfer *t, struct mst_err *err);
struct mst_transfer *mst_transfer_new(struct mst_client *c,
				      struct mst_req *req);

/* login.c */
void mst_login_begin(struct mst_client *c, struct mst_cred *cred);
/* Before each further attempt: a new request (a new assertion). */
int mst_login_renew(struct mst_transfer *t, struct mst_err *err);
void mst_login_over(struct mst_transfer *t);
void mst_login_give_up(struct mst_transfer *t, const struct mst_err *why);

#endif
