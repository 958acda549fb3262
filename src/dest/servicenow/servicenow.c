/* SPDX-License-Identifier: Apache-2.0
 *
 * The destination "servicenow": life of a push, and which request comes next.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/time.h"
#include "cred/cred.h"
#include "dest/servicenow/setup.h"

/* ---- open and close ---------------------------------------------------- */

static int make_auth(struct mst_dest *d, struct mst_err *err)
{
	static const char *const grants[] = {
	    [SN_PASSWORD] = "password",
	    [SN_CLIENT_CREDENTIALS] = "client_credentials",
	    [SN_REFRESH_TOKEN] = "refresh_token",
	};
	const struct sn_conf *c = d->conf;
	struct mst_cred_oauth o = {
	    .url = d->url,
	    .client_id = c->client_id,
	    .client_secret = c->client_secret,
	    .username = c->username,
	    .password = c->password,
	    .refresh_token = c->refresh_token,
	};

	if (c->auth == SN_BASIC)
		return mst_cred_basic(c->username, c->password, &d->auth, err);
	o.grant = grants[c->auth];
	return mst_cred_oauth(&o, &d->auth, err);
}

static void set_url(struct mst_dest *d)
{
	struct mst_slice url = mst_slice_str(d->conf->url);
	const char *host;
	size_t n;

	while (url.n && url.p[url.n - 1] == '/')
		url.n--;
	d->url = mst_arena_dup(&d->arena, url).p;
	host = strstr(d->url, "://");
	host = host ? host + 3 : d->url;
	n = strcspn(host, "/?#");
	d->hosts[0] = mst_arena_dup(&d->arena, mst_slice(host, n)).p;
}

static void sn_close(struct mst_dest **dp)
{
	struct mst_dest *d = *dp;
	size_t i = 0;
	void *it;

	if (!d)
		return;
	while (mst_map_next(&d->active, &i, NULL, &it)) {
		struct sn_item *item = it, *behind;

		for (; item; item = behind) {
			behind = item->behind;
			mst_sn_item_free(item);
		}
	}
	for (i = 0; i < MST_MAX_WORKERS; i++) {
		mst_sn_subs_free(&d->calls[i].subs);
		free(d->calls[i].items);
		mst_sn_owner_release(d, &d->calls[i]);
	}
	mst_map_fini(&d->owned_by);
	mst_sn_subs_free(&d->subs);
	mst_sn_look_fini(d);
	mst_sn_match_fini(d);
	mst_sn_guard_fini(d);
	mst_sn_verify_fini(d);
	mst_sn_owner_fini(d);
	mst_sn_read_fini(d);
	mst_sn_scan_fini(d);
	mst_sn_find_fini(d);
	mst_sn_children_fini(d);
	mst_sn_raw_fini(d);
	mst_sn_master_fini(d);
	mst_sn_sweep_fini(d);
	mst_sn_prepare_fini(d);
	mst_map_fini(&d->absent);
	mst_map_fini(&d->active);
	mst_map_fini(&d->busy);
	mst_map_fini(&d->classes);
	mst_map_fini(&d->words);
	mst_map_fini(&d->given);
	mst_json_parser_free(&d->outer);
	mst_json_parser_free(&d->inner);
	mst_buf_fini(&d->body);
	mst_buf_fini(&d->scratch);
	mst_buf_fini(&d->inflow);
	if (d->auth)
		mst_auth_free(&d->auth);
	mst_arena_fini(&d->arena);
	free(d);
	*dp = NULL;
}

static int sn_open(const struct mst_dest_env *env, const void *conf,
		   struct mst_dest **d_r, struct mst_err *err)
{
	struct mst_dest *d;
	int rc = mst_sn_conf_check(env->connection, conf, err);

	if (rc)
		return rc;
	d = mst_alloc(sizeof(*d));
	d->env = *env;
	d->conf = conf;
	mst_arena_init(&d->arena, 64u << 20);
	mst_buf_init(&d->body, 2 * MST_MAX_REQUEST_BODY);
	mst_buf_init(&d->scratch, 4 * MST_MAX_REQUEST_BODY);
	mst_buf_init(&d->inflow, SN_MAX_ANSWER);
	for (size_t i = 0; i < MST_MAX_WORKERS; i++)
		TAILQ_INIT(&d->calls[i].subs);
	TAILQ_INIT(&d->subs);
	TAILQ_INIT(&d->dry);
	TAILQ_INIT(&d->commit);
	TAILQ_INIT(&d->look);
	TAILQ_INIT(&d->match);
	TAILQ_INIT(&d->guard);
	TAILQ_INIT(&d->owner);
	TAILQ_INIT(&d->late);
	LIST_INIT(&d->owners);
	LIST_INIT(&d->matches);
	LIST_INIT(&d->guards);
	TAILQ_INIT(&d->verify);
	LIST_INIT(&d->verifies);
	TAILQ_INIT(&d->reads);
	TAILQ_INIT(&d->scans);
	LIST_INIT(&d->looks);
	LIST_INIT(&d->readings);
	LIST_INIT(&d->children);
	LIST_INIT(&d->raws);
	d->outer = mst_json_parser_new(SN_MAX_ANSWER);
	d->inner = mst_json_parser_new(SN_MAX_ANSWER);
	d->batch_size = (unsigned)MST_MIN(SN_BATCH_START, d->conf->batch_max);
	mst_time_sn(mst_now_us(), d->now);
	set_url(d);
	d->auth_name =
	    mst_arena_printf(&d->arena, "servicenow:%s", env->connection);
	rc = make_auth(d, err);
	if (rc) {
		mst_err_prefix(err, "connection \"%s\"", env->connection);
		sn_close(&d);
		return rc;
	}
	*d_r = d;
	return MST_OK;
}

static size_t sn_auths(struct mst_dest *d, struct mst_source_auth *out,
		       size_t max)
{
	if (!max)
		return 0;
	out[0] = (struct mst_source_auth){
	    .name = d->auth_name, .auth = d->auth, .hosts = d->hosts};
	return 1;
}

static unsigned sn_workers(const struct mst_dest *d)
{
	return (unsigned)d->conf->workers;
}

/* ---- the end of a run before its time ---------------------------------- */

void mst_sn_die(struct mst_dest *d, const struct mst_err *err)
{
	if (d->dead.code)
		return;
	d->dead = *err;
	if (!d->dead.code)
		d->dead.code = MST_E_TRANSIENT;
}

bool mst_sn_count_failure(struct mst_dest *d, const struct mst_resp *resp)
{
	struct mst_err err = MST_ERR_INIT;

	if (resp->err.code == MST_E_CANCELLED) {
		d->cancelled = true;
		return false;
	}
	d->failures++;
	/* The client already waited and tried for as long as it makes sense,
	 * so a few of these are enough; before the first write one is. */
	if (resp->outcome == MST_OUT_FAILED || resp->status == 429)
		d->failures += SN_FAILURES / 4;
	if (d->prepare &&
	    (resp->outcome != MST_OUT_ANSWER || resp->status >= 400))
		d->failures = SN_FAILURES;
	if (d->failures < SN_FAILURES)
		return false;
	if (resp->outcome == MST_OUT_ANSWER)
		mst_err_set(&err,
			    resp->status < 300 ? MST_E_TRANSIENT
					       : mst_status_code(resp->status),
			    "%s: gave up: ServiceNow keeps answering %d%s",
			    d->env.connection, resp->status,
			    resp->status == 200 ? " with a broken body" : "");
	else
		mst_err_set(&err, MST_E_TRANSIENT,
			    "%s: gave up: ServiceNow does not answer: %s",
			    d->env.connection, resp->err.msg);
	mst_sn_die(d, &err);
	return true;
}

/* Every item gets its verdict; lists and look-ups that still name one are only
 * freed from here on. */
static void bury(struct mst_dest *d)
{
	size_t n = d->active.n, i = 0, k = 0;
	struct sn_item **all = mst_alloc((n + 1) * sizeof(struct sn_item *));
	void *it;

	TAILQ_INIT(&d->dry);
	TAILQ_INIT(&d->commit);
	TAILQ_INIT(&d->look);
	TAILQ_INIT(&d->match);
	TAILQ_INIT(&d->guard);
	TAILQ_INIT(&d->owner);
	TAILQ_INIT(&d->late);
	TAILQ_INIT(&d->verify);
	d->owner_n = d->late_n = 0;
	d->dry_n = d->commit_n = d->look_n = 0;
	d->match_n = d->guard_n = d->verify_n = 0;
	while (mst_map_next(&d->active, &i, NULL, &it))
		all[k++] = it;
	for (i = 0; i < k; i++)
		mst_sn_settle(d, all[i], MST_VERDICT_FAILED, false,
			      d->dead.msg);
	free(all);
}

static int dead(const struct mst_dest *d, struct mst_err *err)
{
	*err = d->dead;
	return -(int)err->code;
}

/* ---- offering ---------------------------------------------------------- */

static int sn_begin(struct mst_dest *d, const struct mst_set *set,
		    struct mst_err *err)
{
	const struct mst_column *kind;
	struct sn_type t;

	if (d->dead.code)
		return dead(d, err);
	if (d->items_n)
		return mst_err_set(
		    err, MST_E_INTERNAL,
		    "set \"%s\" begins before the last one ended", set->name);
	if (set->writer == MST_WRITE_ROW && !mst_sn_column(set, MST_COL_KEY))
		return mst_err_set(err, MST_E_INTERNAL,
				   "set \"%s\" has no key column", set->name);
	kind = mst_sn_column(set, MST_COL_KIND);
	if (kind && (kind != mst_sn_relation_column(set) ||
		     !mst_sn_relation_type(d->conf, d->env.catalog, set, &t)))
		return mst_err_set(err, MST_E_INTERNAL,
				   "set \"%s\" has kinds that ServiceNow does "
				   "not know",
				   set->name);
	d->set = set;
	d->ended = false;
	return MST_OK;
}

static int sn_offer(struct mst_dest *d, const struct mst_change *c,
		    struct mst_err *err)
{
	struct sn_item *it, *first;

	if (d->dead.code)
		return dead(d, err);
	if (d->items_n >= SN_QUEUE_ITEMS || d->items_bytes >= SN_QUEUE_BYTES) {
		d->full = true;
		return 1;
	}
	it = mst_sn_item_new(c);
	d->items_n++;
	d->items_bytes += it->bytes;
	first = mst_map_get(&d->active, it->identity);
	if (first) {
		while (first->behind)
			first = first->behind;
		first->behind = it;
		return MST_OK;
	}
	mst_map_put(&d->active, it->identity, it);
	if (mst_sn_master_need(d, it))
		mst_sn_start(d, it);
	return MST_OK;
}

static void sn_end(struct mst_dest *d)
{
	d->ended = true;
}

void mst_sn_start(struct mst_dest *d, struct sn_item *it)
{
	struct mst_slice table = it->c.table;
	char why[SN_REASON];

	it->no_class = !table.n && it->c.action == MST_RETIRE;
	if (!table.n)
		it->c.table = table = mst_slice_str(mst_sn_usual(d, it->c.set));
	mst_sn_relation_fill(d, it);
	mst_sn_link_fill(it);
	if (!mst_sn_name_ok(table))
		mst_sn_refuse(d, it, "\"%.*s\" is no name of a table",
			      MST_SLICE_ARG(mst_sn_cut(table, 80)));
	else if (mst_sn_row_blocked(d, it, why, sizeof(why)))
		mst_sn_refuse(d, it, "%s", why);
	else if (it->c.set->writer != MST_WRITE_CI)
		mst_sn_record_start(d, it);
	else if (!mst_sn_ci_admit(d, it))
		;
	else if (d->conf->write_mode == SN_WRITE_TABLE)
		mst_sn_record_start(d, it);
	else
		mst_sn_ci_start(d, it);
}

static const char *sn_account(const struct mst_dest *d)
{
	return d->conf->username;
}

static void sn_on_found(struct mst_dest *d, mst_found_fn fn, void *ctx)
{
	d->found = fn;
	d->found_ctx = ctx;
}

static void sn_on_row(struct mst_dest *d, mst_row_fn fn, void *ctx)
{
	d->row = fn;
	d->row_ctx = ctx;
}

/* ---- requests and answers ---------------------------------------------- */

void mst_sn_call_prepare(struct mst_dest *d, struct sn_call *call,
			 enum mst_method method, const char *path,
			 enum mst_repeat repeat, struct mst_req *req_r,
			 const char *what)
{
	call->busy = true;
	call->id = ++d->last_id;
	d->calls_n++;
	mst_req_init(req_r, method);
	req_r->id = call->id;
	req_r->repeat = repeat;
	req_r->url = mst_arena_printf(&req_r->arena, "%s%s", d->url, path);
	req_r->auth = d->auth_name;
	req_r->timeout_ms = d->conf->timeout_ms;
	req_r->max_bytes = SN_MAX_ANSWER;
	req_r->what = mst_arena_strdup(&req_r->arena, what);
	mst_req_header(req_r, "Accept", "application/json");
}

void mst_sn_call_begin(struct mst_dest *d, struct sn_call *call,
		       const char *path, enum mst_repeat repeat,
		       struct mst_req *req_r, const char *what)
{
	mst_sn_call_prepare(d, call, MST_HTTP_POST, path, repeat, req_r, what);
	req_r->body = mst_arena_dup(&req_r->arena, mst_buf_slice(&d->body));
	mst_req_header(req_r, "Content-Type", "application/json");
}

static struct sn_call *free_call(struct mst_dest *d)
{
	for (size_t i = 0; i < (size_t)d->conf->workers; i++) {
		if (!d->calls[i].busy)
			return &d->calls[i];
	}
	return NULL;
}

/* After a cancel only what is under way still counts. Giving one thing up may
 * put its record, or the next change of it, back into a list. */
static void drain(struct mst_dest *d)
{
	do {
		mst_sn_batch_cancel(d);
		mst_sn_master_cancel(d);
		mst_sn_ci_cancel(d);
		mst_sn_look_cancel(d);
		mst_sn_match_cancel(d);
		mst_sn_guard_cancel(d);
		mst_sn_owner_cancel(d);
		mst_sn_verify_cancel(d);
		mst_sn_read_cancel(d);
		mst_sn_scan_cancel(d);
		mst_sn_find_cancel(d);
	} while (!d->dead.code && d->subs_n + d->dry_n + d->commit_n +
				      d->look_n + d->match_n + d->guard_n +
				      d->owner_n + d->late_n + d->verify_n);
}

static bool send(struct mst_dest *d, struct mst_req *req_r)
{
	struct sn_call *call = free_call(d);
	/* Small packets only when there is no reason to wait for more. */
	bool flush = d->ended || d->full || d->calls_n == 0 || d->prepare;

	if (!call)
		return false;
	if (flush || d->look_n >= SN_QUEUE_ITEMS / 4)
		mst_sn_look_pump(d);
	if (flush || d->match_n >= SN_QUEUE_ITEMS / 4)
		mst_sn_match_pump(d);
	if (flush || d->guard_n >= SN_QUEUE_ITEMS / 4)
		mst_sn_guard_pump(d);
	if (flush || d->owner_n >= SN_QUEUE_ITEMS / 4)
		mst_sn_owner_pump(d);
	if (flush)
		mst_sn_owned_late_pump(d);
	mst_sn_verify_pump(d);
	mst_sn_master_pump(d);
	mst_sn_read_pump(d);
	mst_sn_find_pump(d);
	if (mst_sn_probe_request(d, call, req_r))
		return true;
	if (mst_sn_ci_request(d, call, flush, req_r) ||
	    mst_sn_scan_request(d, call, req_r))
		return true;
	if (!mst_sn_batch_ready(d, flush || d->reads_n || d->find))
		return false;
	mst_sn_batch_request(d, call, req_r);
	return true;
}

static int sn_next(struct mst_dest *d, struct mst_req *req_r,
		   struct mst_err *err)
{
	if (d->dead.code)
		return dead(d, err);
	if (d->cancelled)
		drain(d);
	if (d->dead.code) {
		bury(d);
		return dead(d, err);
	}
	if (send(d, req_r))
		return MST_DEST_REQUEST;
	if (d->calls_n)
		return MST_DEST_WAIT;
	/* Filling the look-ups may have settled the last of them. */
	if (!d->items_n && !d->reads_n && !d->subs_n && !d->prepare &&
	    TAILQ_EMPTY(&d->scans) && !d->find)
		return MST_DEST_IDLE;
	if (d->prepare)
		mst_err_set(&d->dead, MST_E_TRANSIENT,
			    "%s: ServiceNow's answers do not fit the questions "
			    "before the first write; nothing was written; run "
			    "it again, and look for a proxy in between when it "
			    "stays so",
			    d->env.connection);
	else
		mst_err_set(&d->dead, MST_E_INTERNAL,
			    "%s: %zu changes and %zu reads wait for nothing",
			    d->env.connection, d->items_n, d->reads_n);
	bury(d);
	return dead(d, err);
}

/* Times of muster (closed at, first seen) are this machine's. */
static void compare_clocks(const struct mst_dest *d,
			   const struct mst_resp *resp)
{
	int64_t us;

	if (!d->prepare || resp->date_us == MST_TIME_NONE)
		return;
	us = mst_now_us() - resp->date_us;
	if (us > 300000000 || us < -300000000)
		mst_debug("%s: the clock of this machine differs from the "
			  "instance's by %lld s",
			  d->env.connection, (long long)(us / 1000000));
}

static void take(struct mst_dest *d, struct sn_call *call,
		 const struct mst_resp *resp)
{
	compare_clocks(d, resp);
	switch (call->kind) {
	case SN_CALL_BATCH:
		mst_sn_batch_accept(d, call, resp);
		break;
	case SN_CALL_DRY:
	case SN_CALL_COMMIT:
		mst_sn_ci_accept(d, call, resp);
		break;
	case SN_CALL_PROBE:
		mst_sn_probe_accept(d, call, resp);
		break;
	case SN_CALL_SCAN:
		mst_sn_scan_accept(d, call, resp);
		break;
	}
}

static int sn_accept(struct mst_dest *d, const struct mst_req *req,
		     const struct mst_resp *resp, struct mst_err *err)
{
	struct sn_call *call = NULL;

	for (size_t i = 0; i < MST_MAX_WORKERS; i++) {
		if (d->calls[i].busy && d->calls[i].id == req->id)
			call = &d->calls[i];
	}
	if (!call)
		return mst_err_set(err, MST_E_INTERNAL,
				   "an answer to no request of \"%s\"",
				   d->env.connection);
	call->busy = false;
	d->calls_n--;
	d->full = false;
	d->request_id = resp->request_id;
	if (!d->dead.code)
		take(d, call, resp);
	d->request_id = NULL;
	mst_sn_subs_free(&call->subs);
	free(call->items);
	call->items = NULL;
	if (!d->dead.code)
		return MST_OK;
	bury(d);
	return dead(d, err);
}

static uint64_t sn_estimate(const struct mst_dest *d, const struct mst_set *set,
			    uint64_t changes)
{
	/* By experience: a batch is filled to seven eighths; every other record
	 * is looked up; makers, models and what two CIs share make the way of a
	 * few CIs as long as that of many. */
	uint64_t a_batch = (uint64_t)MST_MAX(d->conf->batch_max * 7 / 8, 1);
	uint64_t items = (uint64_t)d->conf->ire_items;
	uint64_t steps = MST_MIN(changes + 2, (uint64_t)10);

	if (!changes)
		return 0;
	if (set->writer != MST_WRITE_CI)
		return 2 + (changes * 3 / 2 + a_batch - 1) / a_batch;
	if (d->conf->write_mode == SN_WRITE_TABLE)
		return steps + changes / 100;
	/* a dry run and a commit */
	return steps + 2 * ((changes + items - 1) / items) + changes / 200;
}

static void sn_client(const void *conf, struct mst_client_conf *c_r)
{
	const struct sn_conf *c = conf;

	c_r->proxy = c->proxy;
	c_r->ca_file = c->ca_file;
	c_r->timeout_ms = c->timeout_ms;
}

static size_t sn_addresses(struct mst_dest *d, struct mst_address *out,
			   size_t max)
{
	if (max)
		out[0] = (struct mst_address){.name = "", .url = d->url};
	return 1;
}

const struct mst_dest_ops mst_dest_servicenow = {
    .type = "servicenow",
    .title = "ServiceNow",
    .opts = mst_sn_opts,
    .conf_size = sizeof(struct sn_conf),
    .rules = mst_sn_rules,
    .rules_n = SN_RULES,
    .adapt = mst_sn_adapt,
    .open = sn_open,
    .close = sn_close,
    .auths = sn_auths,
    .workers = sn_workers,
    .prepare = mst_sn_prepare,
    .has_class = mst_sn_has_class,
    .begin = sn_begin,
    .offer = sn_offer,
    .end = sn_end,
    .finish = mst_sn_sweep,
    .find = mst_sn_find_add,
    .read = mst_sn_read_add,
    .on_row = sn_on_row,
    .scan = mst_sn_scan_add,
    .children = mst_sn_children_add,
    .raw_read = mst_sn_raw_read,
    .raw_write = mst_sn_raw_write,
    .claim = mst_sn_claim,
    .account = sn_account,
    .on_found = sn_on_found,
    .next = sn_next,
    .accept = sn_accept,
    .estimate = sn_estimate,
    .client = sn_client,
    .addresses = sn_addresses,
    .checks = mst_sn_checks,
    .identifies = mst_sn_identifies,
    .same = mst_sn_same,
};
