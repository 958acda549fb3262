/* SPDX-License-Identifier: Apache-2.0
 *
 * Webhooks: a POST for each alert, several under way at once. Any 2xx says that
 * the far end has it, 202 too.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"
#include "base/secret.h"
#include "checkup/checkup.h"
#include "forwarder/to.h"
#include "net/auth.h"
#include "sync/step.h"

#define MOST	 64
#define AT_ONCE	 8
#define BODY_MAX (256u << 10)
#define WAIT_MS	 200

/* A header with a secret as the client knows credentials. */
struct header_auth {
	struct mst_auth base;
	const char *name;
	struct mst_secret *value;
};

struct to_http {
	struct mst_to base;
	const struct mst_webhook_conf *c;
	struct mst_arena arena;
	struct mst_client *client;
	struct header_auth auth;
	bool has_auth;
	const char *host; /* and port */
	char *url;	  /* with its query; wiped */
};

static struct to_http *of(struct mst_to *to)
{
	return mst_container_of(to, struct to_http, base);
}

/* ---- the secret header --------------------------------------------------- */

static int auth_header(struct mst_auth *a, struct mst_buf *out,
		       struct mst_err *err)
{
	const struct header_auth *h =
	    mst_container_of(a, struct header_auth, base);

	(void)mst_buf_addf(out, "%s: ", h->name);
	(void)mst_buf_add_slice(out, mst_secret_get(h->value));
	return 0;
}

static void auth_free(struct mst_auth *a)
{
}

static const struct mst_auth_ops auth_ops = {
    .name = "header",
    .begin = mst_auth_still_begin,
    .accept = mst_auth_still_accept,
    .header = auth_header,
    .forget = mst_auth_still_forget,
    .free = auth_free,
};

/* ---- open and close ------------------------------------------------------ */

static void close_http(struct mst_to **to)
{
	struct to_http *t = *to ? of(*to) : NULL;

	if (!t)
		return;
	mst_client_free(&t->client);
	mst_secret_free(&t->auth.value);
	if (t->url)
		mst_wipe(t->url, strlen(t->url));
	free(t->url);
	mst_arena_fini(&t->arena);
	free(t);
	*to = NULL;
}

/* A line end in a secret would begin another header, or end a URL. */
static int read_secret(const char *action, const char *key, const char *ref,
		       struct mst_secret **s_r, struct mst_err *err)
{
	struct mst_slice v;

	if (mst_secret_ref(ref, s_r, err) < 0)
		return mst_err_prefix(err, "action %s: %s", action, key);
	v = mst_secret_get(*s_r);
	for (size_t i = 0; i < v.n; i++) {
		unsigned char c = (unsigned char)v.p[i];

		if (c < ' ' || c >= 0x7f) {
			mst_secret_free(s_r);
			return mst_err_set(err, MST_E_INVALID,
					   "action %s: %s: the secret must be "
					   "one line of printable ASCII",
					   action, key);
		}
	}
	return 0;
}

static int make_url(struct to_http *t, struct mst_err *err)
{
	const char *name = t->base.env.action->name;
	struct mst_secret *query = NULL;
	struct mst_slice q;

	if (!t->c->query || !*t->c->query) {
		t->url = mst_strdup(t->c->url);
		return 0;
	}
	if (read_secret(name, "query", t->c->query, &query, err) < 0)
		return -(int)err->code;
	q = mst_secret_get(query);
	if (q.n && q.p[0] == '?')
		q = mst_slice(q.p + 1, q.n - 1);
	t->url = mst_asprintf("%s?%.*s", t->c->url, MST_SLICE_ARG(q));
	mst_secret_free(&query);
	return 0;
}

static int make_client(struct to_http *t, struct mst_err *err)
{
	struct mst_client_conf conf = {
	    .name = t->base.env.action->name,
	    .ca_file = t->c->ca_file,
	    .insecure_loopback = true,
	    .timeout_ms = t->c->timeout_ms,
	    .retry_max = 1,
	    .retry_total_ms = 1000,
	    .retry_after_max_ms = 1,
	};
	const char *hosts[] = {t->host, NULL};

	if (t->base.env.proxy)
		conf.proxy = *t->base.env.proxy;
	t->client = mst_client_new(&conf, err);
	if (!t->client)
		return -(int)err->code;
	if (t->has_auth)
		mst_client_add_auth(t->client, "header", &t->auth.base, hosts);
	return 0;
}

static int open_http(const struct mst_to_env *env, struct mst_to **to_r,
		     struct mst_err *err)
{
	struct to_http *t = mst_alloc(sizeof(*t));
	struct mst_to *to = &t->base;
	const char *host;
	int rc = 0;

	t->base = (struct mst_to){&mst_to_http, *env};
	t->c = &env->action->u.webhook;
	mst_arena_init(&t->arena, 1u << 20);
	host = strstr(t->c->url, "://") + 3;
	t->host =
	    mst_arena_dup(&t->arena, mst_slice(host, strcspn(host, "/?"))).p;
	t->auth.base.ops = &auth_ops;
	t->auth.name = t->c->auth_header;
	t->has_auth = t->c->auth_value && *t->c->auth_value;
	if (t->has_auth)
		rc = read_secret(env->action->name, "auth_value",
				 t->c->auth_value, &t->auth.value, err);
	if (rc == 0)
		rc = make_url(t, err);
	if (rc == 0)
		rc = make_client(t, err);
	if (rc < 0)
		close_http(&to);
	else
		*to_r = to;
	return rc;
}

/* ---- sending ------------------------------------------------------------- */

struct turn {
	struct to_http *t;
	struct mst_sending *s;
	size_t n, next;
	size_t went;
	struct mst_err away;
	bool held; /* some were refused for what may be everybody's reason */
};

static int submit(struct turn *u, size_t i, struct mst_err *err)
{
	struct to_http *t = u->t;
	struct mst_buf body = MST_BUF_INIT(BODY_MAX);
	const struct mst_delivery *d = u->s[i].d;
	char id[MST_CORRELATION + 1], key[160];
	struct mst_req req;

	mst_webhook_body(u->s[i].alert, &body);
	mst_req_init(&req, MST_HTTP_POST);
	req.id = i;
	req.url = mst_arena_strdup(&req.arena, t->url);
	req.auth = t->has_auth ? "header" : NULL;
	req.what = "alert";
	req.body = mst_arena_dup(&req.arena, mst_buf_slice(&body));
	mst_req_header(&req, "Content-Type", "application/json");
	/* What is sent again, because its answer was lost, has the same. */
	mst_act_correlation(d->source, d->key, id);
	(void)snprintf(key, sizeof(key), "%s/%lld", id, (long long)d->id);
	mst_req_header(&req, "Idempotency-Key", key);
	for (size_t k = 0; t->c->headers[k]; k++)
		req.headers[2 + k] =
		    mst_arena_strdup(&req.arena, t->c->headers[k]);
	mst_buf_fini(&body);
	mst_step();
	return mst_client_submit(t->client, &req, err);
}

static void judge(struct turn *u, struct mst_sending *s,
		  const struct mst_resp *resp)
{
	const char *name = u->t->base.env.action->name;
	struct mst_err e = MST_ERR_INIT;
	int status = resp->status;

	if (resp->outcome != MST_OUT_ANSWER) {
		e = resp->err;
		if (!e.code)
			e.code = MST_E_TRANSIENT;
		(void)mst_err_prefix(&e, "action %s", name);
		mst_to_settle(s,
			      resp->outcome == MST_OUT_UNCERTAIN
				  ? MST_DELIVERED_UNCERTAIN
				  : MST_DELIVERED_LATER,
			      "%.470s", e.msg);
	} else if (status >= 200 && status < 300) {
		u->went++;
		mst_to_done(s, NULL);
	} else if (status >= 500 || status == 408 || status == 429) {
		(void)mst_err_set(&e, mst_status_code(status),
				  "action %s: %s answered %d", name, u->t->host,
				  status);
		e.retry_after_ms = resp->retry_after_ms;
		mst_to_settle(s,
			      status == 429 || status == 503
				  ? MST_DELIVERED_LATER
				  : MST_DELIVERED_UNCERTAIN,
			      "%.470s", e.msg);
		s->retry_after_ms = MST_MAX(resp->retry_after_ms, (int64_t)0);
	} else if (status == 400 || status == 413 || status == 422) {
		mst_to_settle(s, MST_DELIVERED_ASIDE, "%s refused it with %d",
			      u->t->host, status);
	} else {
		u->held = true;
		(void)snprintf(s->why, sizeof(s->why), "%d", status);
	}
	if (e.code && !u->away.code)
		u->away = e;
}

static int pump(struct turn *u, struct mst_err *err)
{
	const struct mst_resp *resp;
	const struct mst_req *req;
	int rc;

	while (!u->away.code && u->next < u->n &&
	       !atomic_load(u->t->base.env.stop) &&
	       mst_client_pending(u->t->client) < AT_ONCE) {
		rc = submit(u, u->next, err);
		if (rc < 0)
			return rc;
		u->next++;
	}
	if (!mst_client_pending(u->t->client))
		return 1;
	rc = mst_client_wait(u->t->client, WAIT_MS, &req, &resp, err);
	if (rc <= 0)
		return rc;
	mst_step();
	judge(u, &u->s[req->id], resp);
	mst_client_done(u->t->client);
	return 0;
}

/* 401, 403, 404 and the like: of one alert, where others went through. */
static void judge_held(struct turn *u)
{
	for (size_t i = 0; i < u->next; i++) {
		struct mst_sending *s = &u->s[i];
		int64_t told = 0;
		int status;

		if (s->settled)
			continue;
		(void)mst_num_i64(mst_slice_str(s->why), &told);
		status = (int)told;
		if (!u->went && !u->away.code)
			(void)mst_err_set(
			    &u->away, mst_status_code(status),
			    "action %s: %s answered %d: check url, query and "
			    "auth_value of the action",
			    u->t->base.env.action->name, u->t->host, status);
		mst_to_settle(
		    s, u->went ? MST_DELIVERED_ASIDE : MST_DELIVERED_LATER,
		    "%s refused it with %d", u->t->host, status);
	}
}

static int send_http(struct mst_to *to, struct mst_sending *s, size_t n,
		     struct mst_err *err)
{
	struct turn u = {.t = of(to), .s = s, .n = n, .away = MST_ERR_INIT};
	int rc = 0;

	while (rc == 0)
		rc = pump(&u, err);
	if (rc < 0) {
		/* What was under way may have arrived. */
		mst_to_settle_rest(s, u.next, MST_DELIVERED_UNCERTAIN,
				   err->msg);
		mst_to_settle_rest(s, n, MST_DELIVERED_LATER, err->msg);
		return rc;
	}
	if (u.held)
		judge_held(&u);
	return mst_to_end(s, n, &u.away, err);
}

/* The way there is looked at by whoever asks; a POST would be an alert. */
static int check_http(struct mst_to *to,
		      void (*report)(void *ctx, const struct mst_check *c),
		      void *ctx, struct mst_err *err)
{
	const struct mst_checkup_conf conf = {
	    .report = report, .ctx = ctx, .cancel = to->env.stop};
	const struct mst_address address = {.name = "", .url = of(to)->c->url};
	struct mst_way w;

	if (mst_client_way(of(to)->client, address.url, to->env.stop, &w, err) <
	    0)
		return -(int)err->code;
	(void)mst_checkup_way(&conf, &address, false, &w);
	return 0;
}

const struct mst_to_ops mst_to_http = {
    .most = MOST,
    .open = open_http,
    .close = close_http,
    .send = send_http,
    .check = check_http,
};
