/* SPDX-License-Identifier: Apache-2.0
 *
 * The API's beginning and end, who may come in, and what handlers share.
 */
#include "api/api.h"

#include <stdlib.h>

#include "api/gate.h"
#include "api/plan.h"
#include "api/private.h"
#include "api/tables.h"
#include "base/log.h"
#include "base/time.h"

/* ---- a thread of the server ---------------------------------------------- */

static int local_open(void *app, void **local_r, struct mst_err *err)
{
	struct mst_api *a = app;
	struct api_local *l = mst_alloc(sizeof(*l));
	int rc = mst_state_open(a->conf.state_dir, &l->state, err);

	if (rc < 0)
		free(l);
	else
		*local_r = l;
	return rc;
}

/* Opened by the thread that opened the API, used by one of the server's: sealed
 * secrets are read through it there. */
static void local_here(void *app, void *local)
{
	(void)app;
	mst_state_secrets_offer(((struct api_local *)local)->state);
}

static void local_close(void *app, void *local)
{
	struct api_local *l = local;

	(void)app;
	mst_api_cache_fini(&l->cache);
	mst_state_close(&l->state);
	free(l);
}

/* ---- who may come in ----------------------------------------------------- */

static int gate(struct mst_http_req *r, struct mst_http_resp *resp,
		struct mst_err *err)
{
	struct mst_api *a = mst_api_of(r);
	unsigned need = r->route ? r->route->need : 0;

	if (a->conf.anybody) {
		r->who = a->conf.anybody;
		r->caller = a->conf.anybody->user;
		if ((a->conf.anybody->may & need) != need)
			return mst_err_set(err, MST_E_FORBIDDEN,
					   "'%s' may not do this",
					   a->conf.anybody->user);
		return 0;
	}
	return mst_auth_gate(r, resp, err);
}

static void done(const struct mst_http_req *r, int status, int64_t us)
{
	struct mst_api *a = mst_api_of(r);
	const char *name = r->route ? r->route->id : "-";

	mst_api_metrics_count(a->metrics, r, status, us);
	if (status >= 500 && status != 503)
		mst_error("request %s, %s: %s", r->id, name,
			  r->detail ? r->detail : "failed");
	else
		mst_debug("request %s, %s from %s: %d, %lld us", r->id, name,
			  r->peer, status, (long long)us);
}

/* ---- beginning and end --------------------------------------------------- */

static const char *copy(struct mst_api *a, const char *s)
{
	return s ? mst_arena_strdup(&a->arena, s) : NULL;
}

static struct mst_api *make(const struct mst_api_conf *conf,
			    struct mst_http_conf *h)
{
	struct mst_api *a = mst_alloc(sizeof(*a));

	mst_arena_init(&a->arena, 1u << 20);
	a->conf = *conf;
	a->conf.state_dir = copy(a, conf->state_dir);
	a->conf.node = copy(a, conf->node ? conf->node : "muster");
	a->metrics = mst_api_metrics_new();
	a->started_us = mst_now_us();
	*h = conf->http;
	h->tables = mst_api_tables;
	h->tables_n = mst_api_tables_n;
	h->app = a;
	h->local_open = local_open;
	h->local_close = local_close;
	h->local_here = local_here;
	h->gate = gate;
	h->done = done;
	h->fallback = mst_api_console;
	return a;
}

static int finish(struct mst_api *a, int rc, struct mst_api **a_r)
{
	if (rc < 0)
		mst_api_close(&a, 0);
	else
		*a_r = a;
	return rc;
}

int mst_api_open(const struct mst_api_conf *conf, struct mst_api **a_r,
		 struct mst_err *err)
{
	struct mst_http_conf h;
	struct mst_api *a = make(conf, &h);

	return finish(a, mst_http_open(&h, &a->http, err), a_r);
}

int mst_api_open_none(const struct mst_api_conf *conf, struct mst_api **a_r,
		      struct mst_err *err)
{
	struct mst_http_conf h;
	struct mst_api *a = make(conf, &h);

	return finish(a, mst_http_open_none(&h, &a->http, err), a_r);
}

struct mst_http *mst_api_http(struct mst_api *a)
{
	return a->http;
}

int mst_api_port(const struct mst_api *a)
{
	return mst_http_port(a->http);
}

int mst_api_reload(struct mst_api *a, struct mst_err *err)
{
	return mst_http_reload(a->http, err);
}

void mst_api_close(struct mst_api **api, int64_t grace_ms)
{
	struct mst_api *a = *api;

	*api = NULL;
	if (!a)
		return;
	mst_http_close(&a->http, grace_ms);
	mst_api_plans_drop(a);
	mst_api_metrics_free(&a->metrics);
	mst_arena_fini(&a->arena);
	free(a);
}

/* ---- for handlers -------------------------------------------------------- */

struct mst_api *mst_api_of(const struct mst_http_req *r)
{
	return r->app;
}

struct mst_state *mst_api_state(const struct mst_http_req *r)
{
	return ((struct api_local *)r->local)->state;
}

const struct mst_who *mst_api_who(const struct mst_http_req *r)
{
	return r->who;
}

struct mst_door *mst_api_door(const struct mst_http_req *r)
{
	return mst_api_of(r)->conf.door;
}

struct mst_http_hub *mst_api_hub(const struct mst_http_req *r)
{
	return mst_api_of(r)->conf.hub;
}

const char *mst_api_node(const struct mst_http_req *r)
{
	return mst_api_of(r)->conf.node;
}

void mst_api_wake(const struct mst_http_req *r)
{
	const struct mst_api_keeper *k = mst_api_of(r)->conf.keeper;

	if (k && k->wake)
		k->wake(k->ctx);
}

const char *mst_api_via(const struct mst_http_req *r)
{
	const struct mst_who *who = mst_api_who(r);
	const char *agent = mst_http_header(r, "User-Agent");

	if (who && !who->token)
		return "console";
	return agent && strncmp(agent, "muster/", 7) == 0 ? "cli" : "api";
}

void mst_api_changed(const struct mst_http_req *r, const char *kind,
		     const char *name)
{
	struct mst_http_hub *hub = mst_api_hub(r);
	struct mst_buf b = MST_BUF_INIT(4096);
	struct mst_jout j;

	if (!hub)
		return;
	mst_jout_init(&j, &b);
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "kind", kind);
	mst_jout_kstr(&j, "name", name);
	mst_jout_end_obj(&j);
	if (!b.overflow)
		mst_http_hub_put(hub, "all", kind, mst_buf_slice(&b));
	mst_buf_fini(&b);
}
