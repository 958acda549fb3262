/* SPDX-License-Identifier: Apache-2.0
 *
 * What the daemon answers: the REST API, health, metrics, the console. Each
 * resource is a file with a table of routes (tables.h) and one of schemas
 * (schema.h). A handler looks at the state store and answers; what takes longer
 * becomes a task (ask.h).
 */
#ifndef MST_API_API_H
#define MST_API_API_H

#include "auth/auth.h"
#include "http/http.h"
#include "state/state.h"

struct mst_api;
struct mst_door;

/* What the daemon around it does; all from any thread, any may be NULL. */
struct mst_api_keeper {
	/* A task was queued, or something that the keeper acts on changed. */
	void (*wake)(void *ctx);
	/* Is it working? Else *why_r says what it waits for (static text). */
	bool (*ready)(void *ctx, const char **why_r);
	/* Appends metrics of its own (Prometheus text). */
	void (*metrics)(void *ctx, struct mst_buf *out);
	void *ctx;
};

struct mst_api_conf {
	const char *state_dir; /* as mst_state_open */
	const char *node;      /* its name */
	/* Of the server: address, port, certificate, threads, limits, proxies.
	 * What the API sets itself is passed over. */
	struct mst_http_conf http;
	struct mst_http_hub *hub; /* of events; NULL: none are sent */
	struct mst_door *door;	  /* NULL: nobody can sign in */
	const struct mst_api_keeper *keeper; /* NULL: none */
	/* For tests: everybody is this user, whose role says what may be done.
	 */
	const struct mst_who *anybody;
};

/* Listens when it returns. Texts are copied; hub, door and keeper must outlive
 * it. */
int mst_api_open(const struct mst_api_conf *conf, struct mst_api **a_r,
		 struct mst_err *err);
/* The same without a socket, to be asked by mst_http_ask. */
int mst_api_open_none(const struct mst_api_conf *conf, struct mst_api **a_r,
		      struct mst_err *err);
struct mst_http *mst_api_http(struct mst_api *a);
int mst_api_port(const struct mst_api *a);
/* Certificate and key are read again. */
int mst_api_reload(struct mst_api *a, struct mst_err *err);
void mst_api_close(struct mst_api **a, int64_t grace_ms);

/* ---- for handlers -------------------------------------------------------- */

/* This thread's handle of the state store. */
struct mst_state *mst_api_state(const struct mst_http_req *r);
/* Who asks; NULL on a route that needs nobody when nobody signed in. */
const struct mst_who *mst_api_who(const struct mst_http_req *r);
struct mst_door *mst_api_door(const struct mst_http_req *r);
struct mst_http_hub *mst_api_hub(const struct mst_http_req *r);
const char *mst_api_node(const struct mst_http_req *r);
/* Tells the keeper to look. */
void mst_api_wake(const struct mst_http_req *r);
/* "console", "api", "cli": by how who asks came in. */
const char *mst_api_via(const struct mst_http_req *r);
/* Tells every page that a thing changed: "job", "connection" …, and its name.
 */
void mst_api_changed(const struct mst_http_req *r, const char *kind,
		     const char *name);

/* ---- what answers are made of -------------------------------------------- */

/* "2026-11-21T19:45:00.000Z", or null for MST_TIME_NONE and 0. */
void mst_api_time(struct mst_jout *j, const char *key, int64_t us);
/* null instead of "". */
void mst_api_text(struct mst_jout *j, const char *key, const char *text);

/* The whole of a handler that writes one JSON value: fn writes it; what it has
 * in arena (MST_MAX_ARENA) ends with it. */
int mst_api_write(struct mst_http_req *r, struct mst_http_resp *resp,
		  int (*fn)(struct mst_http_req *r, struct mst_jout *j,
			    struct mst_arena *arena, struct mst_err *err),
		  struct mst_err *err);

/* Names of all items of a kind, in order, in the request's arena. */
int mst_api_names(struct mst_http_req *r, const char *kind,
		  const char *const **names_r, size_t *n_r,
		  struct mst_err *err);

/* A list that is whole: {"items": [ … ], "next": null}. */
void mst_api_all_begin(struct mst_jout *j);
void mst_api_all_end(struct mst_jout *j);

/* A list page by page: items are written as objects between begin and end. More
 * than `limit` may be offered: the first one too many is not written and makes
 * `next`. */
struct mst_api_list {
	struct mst_jout j;
	size_t limit, n;
	int64_t last; /* id of the last one that was written */
	bool more;
};
void mst_api_list_begin(struct mst_api_list *l, struct mst_http_resp *resp,
			size_t limit);
/* False: the page is full; write nothing. */
bool mst_api_list_room(struct mst_api_list *l, int64_t id);
void mst_api_list_end(struct mst_api_list *l);

#endif
