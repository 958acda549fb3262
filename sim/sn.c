/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulated ServiceNow's front: life, routing, error bodies.
 */
#include "sim/sn.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"
#include "base/time.h"

#define MAX_SCRATCH (512u << 20)
#define MAX_DICT    (64u << 20)

void sn_error(struct sim_reply *reply, int status, const char *message,
	      const char *fmt, ...)
{
	struct mst_jout j;
	char detail[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(detail, sizeof(detail), fmt, ap);
	va_end(ap);
	reply->status = status;
	mst_buf_reset(&reply->body);
	mst_jout_init(&j, &reply->body);
	mst_jout_obj(&j);
	mst_jout_key(&j, "error");
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "message", message);
	mst_jout_kstr(&j, "detail", detail);
	mst_jout_end_obj(&j);
	mst_jout_kstr(&j, "status", "failure");
	mst_jout_end_obj(&j);
}

/* ---- parameters ---------------------------------------------------------- */

void sn_decode(struct mst_slice s, bool plus, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '%' && i + 2 < s.n &&
		    mst_num_hex(s.p[i + 1]) >= 0 &&
		    mst_num_hex(s.p[i + 2]) >= 0) {
			out[n++] = (char)(mst_num_hex(s.p[i + 1]) * 16 +
					  mst_num_hex(s.p[i + 2]));
			i += 2;
		} else {
			out[n++] = plus && s.p[i] == '+' ? ' ' : s.p[i];
		}
	}
	out[n] = 0;
}

const char *sn_param(struct sim_sn *sn, const char *query, const char *name)
{
	size_t name_n = strlen(name);

	while (query && *query) {
		size_t n = strcspn(query, "&");
		const char *eq = memchr(query, '=', n);
		size_t k = eq ? (size_t)(eq - query) : n;

		if (k == name_n && !memcmp(query, name, k)) {
			struct mst_slice raw = eq ? mst_slice(eq + 1, n - k - 1)
						  : mst_slice("", 0);
			char *out = mst_arena_bytes(&sn->scratch, raw.n + 1);

			sn_decode(raw, true, out);
			return out;
		}
		query += n + (query[n] == '&');
	}
	return NULL;
}

bool sn_param_true(struct sim_sn *sn, const struct sn_req *r, const char *name)
{
	const char *v = sn_param(sn, r->query, name);

	return v && !strcmp(v, "true");
}

void sn_set_now(struct sim_sn *sn, int64_t now_us)
{
	if (now_us == sn->now_us && sn->now[0])
		return;
	sn->now_us = now_us;
	mst_time_sn(now_us, sn->now);
}

/* ---- rate limits --------------------------------------------------------- */

/* Active rules of sys_rate_limit_rules, one counter for all of them: requests
 * of the current hour. False: refused. */
static bool rate_allows(struct sim_sn *sn, const char *api,
			struct sim_reply *reply)
{
	struct sn_table *t = sn_table(sn, "sys_rate_limit_rules");
	int64_t hour_us = (int64_t)3600 * 1000000;
	int64_t end_s = (sn->now_us / hour_us + 1) * 3600;
	char hour[16];

	if (!t || !t->live)
		return true;
	(void)snprintf(hour, sizeof(hour), "%.13s", sn->now);
	if (strcmp(hour, sn->rate.hour)) {
		memcpy(sn->rate.hour, hour, sizeof(hour));
		sn->rate.used = 0;
	}
	sn->rate.used++;
	for (size_t i = 0; i < t->rows_n; i++) {
		struct sn_row *row = t->rows[i];
		uint64_t limit = 0;

		if (row->dead ||
		    !mst_slice_is(sn_get_named(row, "active"), "true"))
			continue;
		(void)mst_num_u64(sn_get_named(row, "request_limit"), &limit);
		sim_reply_header(reply, "X-RateLimit-Limit", "%llu",
				 (unsigned long long)limit);
		sim_reply_header(reply, "X-RateLimit-Reset", "%lld",
				 (long long)end_s);
		sim_reply_header(reply, "X-RateLimit-Rule", "%s", row->id);
		if (sn->rate.used <= limit)
			return true;
		sim_reply_header(reply, "Retry-After", "%lld",
				 (long long)(end_s - sn->now_us / 1000000));
		sn_error(reply, 429, "Rate limit exceeded",
			 "Rate limit of %lu requests per hour for %s exceeded",
			 limit, api);
		return false;
	}
	return true;
}

/* ---- routing ------------------------------------------------------------- */

static bool has_body_verb(const char *method)
{
	return !strcmp(method, "POST") || !strcmp(method, "PUT") ||
	       !strcmp(method, "PATCH");
}

static bool accepts_json(const char *accept)
{
	return strstr(accept, "application/json") || strstr(accept, "*/*") ||
	       strstr(accept, "application/*");
}

/* Accept and Content-Type; XML is not simulated. */
static bool headers_ok(const struct sn_req *r, struct sim_reply *reply)
{
	if (!r->accept || (has_body_verb(r->method) && !r->content_type)) {
		sn_error(reply, 400, "Invalid request headers",
			 "Missing %s header",
			 r->accept ? "Content-Type" : "Accept");
		return false;
	}
	if (!accepts_json(r->accept)) {
		sn_error(reply, 406, "Not acceptable",
			 "Cannot produce the requested media type: %s",
			 r->accept);
		return false;
	}
	if (has_body_verb(r->method) &&
	    strncasecmp(r->content_type, "application/json", 16)) {
		sn_error(reply, 415, "Unsupported media type",
			 "The media type %s is not supported", r->content_type);
		return false;
	}
	return true;
}

static void no_resource(const struct sn_req *r, struct sim_reply *reply)
{
	sn_error(reply, 400, "Requested URI does not represent any resource",
		 "%s", r->path);
}

static void route_table(struct sim_sn *sn, struct sn_req *r, const char *rest,
			struct sim_reply *reply)
{
	char *table = mst_arena_strdup(&sn->scratch, rest);
	char *id = strchr(table, '/');

	if (id)
		*id++ = 0;
	if (id && !*id)
		id = NULL;
	if (!*table || (id && strchr(id, '/'))) {
		no_resource(r, reply);
		return;
	}
	sn_table_api(sn, r, table, id, reply);
}

static void route_ire(struct sim_sn *sn, const struct sn_req *r,
		      const char *rest, struct sim_reply *reply)
{
	static const struct {
		const char *path;
		bool enhanced, dry;
	} ends[] = {
	    {"", false, false},
	    {"/enhanced", true, false},
	    {"/query", false, true},
	    {"/queryEnhanced", true, true},
	};

	for (size_t i = 0; i < MST_LEN(ends); i++) {
		if (strcmp(rest, ends[i].path))
			continue;
		if (strcmp(r->method, "POST"))
			sn_error(reply, 405, "Method not supported",
				 "%s is not supported here", r->method);
		else
			sn_ire_api(sn, r, ends[i].enhanced, ends[i].dry, reply);
		return;
	}
	no_resource(r, reply);
}

static const char *after(const char *s, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(s, prefix, n) ? NULL : s + n;
}

/* Event Management's own API. */
static void route_global(struct sim_sn *sn, struct sn_req *r,
			 struct sim_reply *reply)
{
	const char *p = after(r->path, "/api/global/");

	if (!p || strcmp(p, "em/jsonv2") || !sn_table(sn, "em_event"))
		no_resource(r, reply);
	else if (headers_ok(r, reply) && sn_scope_allows(sn, r, p, reply))
		sn_event_api(sn, r, reply);
}

void sn_route(struct sim_sn *sn, struct sn_req *r, struct sim_reply *reply)
{
	const char *p = after(r->path, "/api/now/"), *rest;

	if (!p) {
		route_global(sn, r, reply);
		return;
	}
	if (!strncmp(p, "v1/", 3) || !strncmp(p, "v2/", 3)) {
		r->version = p[1] - '0';
		p += 3;
	}
	if (!headers_ok(r, reply) || !sn_scope_allows(sn, r, p, reply))
		return;
	if ((rest = after(p, "table/"))) {
		route_table(sn, r, rest, reply);
	} else if ((rest = after(p, "identifyreconcile"))) {
		route_ire(sn, r, rest, reply);
	} else if ((rest = after(p, "cmdb/meta/")) && *rest) {
		sn_meta_api(sn, r, rest, reply);
	} else if ((rest = after(p, "stats/")) && *rest &&
		   !strcmp(r->method, "GET")) {
		sn_stats_api(sn, r, rest, reply);
	} else if (!strcmp(p, "batch") && r->version == 1 && !r->in_batch) {
		if (strcmp(r->method, "POST"))
			sn_error(reply, 405, "Method not supported",
				 "%s is not supported here", r->method);
		else
			sn_batch_api(sn, r, reply);
	} else {
		no_resource(r, reply);
	}
}

static const char *api_name(const char *path)
{
	if (strstr(path, "/table/"))
		return "Table API";
	if (strstr(path, "/stats/"))
		return "Aggregate API";
	if (strstr(path, "/identifyreconcile"))
		return "Identification and Reconciliation API";
	if (strstr(path, "/em/"))
		return "Event Management API";
	return strstr(path, "/batch") ? "Batch API" : "CMDB Meta API";
}

static void serve_api(struct sim_sn *sn, const struct sim_request *r,
		      struct sim_reply *reply)
{
	const char *over = sim_header(r, "X-HTTP-Method-Override");
	const char *query = strchr(r->url, '?');
	struct sn_req q = {
	    .method = over && !strcmp(r->method, "POST") ? over : r->method,
	    .path = r->path,
	    .query = query ? query + 1 : "",
	    .base = r->base,
	    .url = r->url,
	    .body = r->body,
	    .accept = sim_header(r, "Accept"),
	    .content_type = sim_header(r, "Content-Type"),
	    .no_body = sim_header(r, "X-no-response-body"),
	};
	const char *auth = sim_header(r, "Authorization");
	bool head = !strcmp(q.method, "HEAD");

	if (head)
		q.method = "GET";
	q.user = sn_authenticate(sn, auth);
	q.bearer = auth && !strncasecmp(auth, "Bearer ", 7);
	if (!q.user) {
		sn->stats.unauthorized++;
		sim_reply_header(reply, "WWW-Authenticate",
				 "BASIC realm=\"Service-now\"");
		sn_error(reply, 401, "User Not Authenticated",
			 "Required to provide Auth information");
		return;
	}
	if (!rate_allows(sn, api_name(r->path), reply))
		return;
	sn_route(sn, &q, reply);
	if (head)
		mst_buf_reset(&reply->body);
}

void sim_sn_serve(struct sim_sn *sn, const struct sim_request *r,
		  struct sim_reply *reply)
{
	const char *cookie = sim_header(r, "Cookie");

	sn_set_now(sn, r->now_us);
	mst_arena_reset(&sn->scratch);
	reply->status = 200;
	if (!reply->body.max)
		reply->body.max = 256u << 20;
	if (!reply->arena.max)
		reply->arena.max = 1u << 20;
	sn->stats.requests++;
	/* A real instance offers a session; who keeps it is counted. */
	if (cookie && strstr(cookie, "JSESSIONID"))
		sn->stats.jsessionid++;
	if (!strcmp(r->path, "/oauth_token.do")) {
		sn_token_api(sn, r, reply);
	} else if (!strncmp(r->path, "/api/", 5)) {
		sim_reply_header(reply, "Set-Cookie",
				 "JSESSIONID=%016llX; Path=/; HttpOnly",
				 (unsigned long long)sn->stats.requests);
		serve_api(sn, r, reply);
	} else {
		sn_web(sn, r, reply);
	}
}

/* ---- life ---------------------------------------------------------------- */

int sn_build(struct sim_sn *sn, struct mst_err *err)
{
	int64_t epoch = (int64_t)1577836800 * 1000000; /* 2020-01-01 */
	struct mst_buf problems = MST_BUF_INIT(1u << 20);
	int r;

	mst_arena_init(&sn->dict, MAX_DICT);
	sn->booting = true;
	sn->counter = 0;
	sn_set_now(sn, epoch);
	sn_base(sn);
	sn_dict_rows(sn);
	sn->booting = false;
	sn->batch = (struct sn_batch_conf){.quota_ms = -1,
					   .cost_get_ms = 2,
					   .cost_post_ms = 4,
					   .cost_patch_ms = 3,
					   .cost_delete_ms = 3,
					   .cost_ire_ms = 6,
					   .max_response = 10u << 20};
	sn->opt_skip_options = true;
	sn->opt_stats_off = sn->opt_stats_row_rules = false;
	sn->opt_plain_numbers = sn->opt_fold_queries = false;
	sn_scopes_clear(sn);
	if (sn->update_set)
		r = sn_import(sn, mst_slice_str(sn->update_set),
			      SN_RESOLVE_STOP, &problems, err);
	else
		r = sn_import_own(sn, &problems, err);
	r = MST_MIN(r, 0);
	if (!r && problems.n)
		r = mst_err_set(err, MST_E_INVALID,
				"update set: preview found problems: %.*s",
				(int)MST_MIN(problems.n, (size_t)600),
				problems.p);
	mst_buf_fini(&problems);
	sn_people(sn);
	sn->stats = (struct sn_stats){0};
	for (size_t i = 0; i < sn->order_n; i++) {
		struct sn_table *t = sn->order[i];

		t->inserts = t->updates = t->deletes = t->reads = 0;
	}
	return r;
}

void sn_wipe(struct sim_sn *sn)
{
	sn_dict_free(sn);
	sn_auth_reset(sn);
	sn->choice_gen++;
	sn->property_gen++;
}

struct sim_sn *sim_sn_new(const struct mst_sim_conf *conf, struct mst_err *err)
{
	struct sim_sn *sn = mst_alloc(sizeof(*sn));

	sn->conf = *conf;
	if (!sn->conf.seed)
		sn->conf.seed = 1;
	sn->update_set = mst_strdup(conf->update_set);
	sn->conf.update_set = sn->update_set;
	mst_arena_init(&sn->scratch, MAX_SCRATCH);
	sn->json = mst_json_parser_new(64u << 20);
	sn->json_batch = mst_json_parser_new(64u << 20);
	if (sn_build(sn, err))
		sim_sn_free(&sn);
	return sn;
}

static void drop_imports(struct sim_sn *sn)
{
	for (size_t i = 0; i < sn->imports_n; i++)
		free(sn->imports[i]);
	free(sn->imports);
	sn->imports = NULL;
	sn->imports_n = 0;
}

void sim_sn_free(struct sim_sn **sn)
{
	if (!*sn)
		return;
	sn_wipe(*sn);
	drop_imports(*sn);
	mst_arena_fini(&(*sn)->scratch);
	mst_json_parser_free(&(*sn)->json);
	mst_json_parser_free(&(*sn)->json_batch);
	free((*sn)->update_set);
	free((*sn)->found);
	free(*sn);
	*sn = NULL;
}

void sim_sn_reset(struct sim_sn *sn)
{
	struct mst_err err = MST_ERR_INIT;

	sn_wipe(sn);
	drop_imports(sn);
	/* The same update set was imported once before. */
	(void)sn_build(sn, &err);
}
