/* SPDX-License-Identifier: Apache-2.0
 *
 * Which request a fault hits, and the answers that replace the system's. What
 * changes an answer is in fault_body.c; resets, drips and false lengths are
 * made by the server.
 */
#include "sim/fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/num.h"
#include "sim/fault_private.h"
#include "sim/mde.h"

static const struct {
	const char *name;
	int status; /* default */
} kinds[SIM_FAULT__MAX] = {
    [SIM_FAULT_NONE] = {"none", 0},
    [SIM_FAULT_429] = {"429", 429},
    [SIM_FAULT_429_BARE] = {"429_bare", 429},
    [SIM_FAULT_STATUS_BEFORE] = {"status_before", 503},
    [SIM_FAULT_STATUS_AFTER] = {"status_after", 500},
    [SIM_FAULT_DROP_BEFORE] = {"drop_before", 0},
    [SIM_FAULT_DROP_AFTER] = {"drop_after", 0},
    [SIM_FAULT_202] = {"202", 202},
    [SIM_FAULT_TRUNCATED] = {"truncated", 200},
    [SIM_FAULT_HTML] = {"html", 200},
    [SIM_FAULT_RESET] = {"reset", 0},
    [SIM_FAULT_WRONG_LENGTH] = {"wrong_length", 0},
    [SIM_FAULT_BAD_GZIP] = {"bad_gzip", 200},
    [SIM_FAULT_SHORT_GZIP] = {"short_gzip", 200},
    [SIM_FAULT_EMPTY_BODY] = {"empty_body", 200},
    [SIM_FAULT_ODD_JSON] = {"odd_json", 200},
    [SIM_FAULT_EMPTY_PAGE] = {"empty_page", 200},
    [SIM_FAULT_REPEAT_PAGE] = {"repeat_page", 200},
    [SIM_FAULT_SHORT_PAGE] = {"short_page", 200},
    [SIM_FAULT_EXPIRED_SAS] = {"expired_sas", 403},
    [SIM_FAULT_EXPIRED_TOKEN] = {"expired_token", 401},
    [SIM_FAULT_REVOKED] = {"revoked", 403},
    [SIM_FAULT_FALSE_404] = {"false_404", 404},
    [SIM_FAULT_SLOW] = {"slow", 200},
    [SIM_FAULT_CLOCK_SKEW] = {"clock_skew", 0},
    [SIM_FAULT_SKIPTOKEN_DEATH] = {"skiptoken_death", 410},
};

const char *sim_fault_name(enum sim_fault_kind k)
{
	return k < SIM_FAULT__MAX ? kinds[k].name : "?";
}

struct sim_faults *sim_faults_new(void)
{
	struct sim_faults *f = mst_alloc(sizeof(*f));

	f->json = mst_json_parser_new(1u << 20);
	for (int h = 0; h < MST_SIM__HOSTS; h++)
		mst_buf_init(&f->last[h], SIM_MAX_REPLY);
	return f;
}

void sim_faults_clear(struct sim_faults *f)
{
	f->n = 0;
	for (int h = 0; h < MST_SIM__HOSTS; h++)
		mst_buf_fini(&f->last[h]);
}

void sim_faults_free(struct sim_faults **f)
{
	if (!*f)
		return;
	sim_faults_clear(*f);
	mst_json_parser_free(&(*f)->json);
	free(*f);
	*f = NULL;
}

static uint64_t draw(struct fault *f)
{
	uint64_t z = f->random += 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

static bool has_token(const struct sim_request *r)
{
	return sim_iquery(r, "$skiptoken") != NULL;
}

static bool matches(const struct fault *f, const struct sim_request *r)
{
	if (f->host >= 0 && f->host != (int)r->host)
		return false;
	if (f->method[0] && strcasecmp(f->method, r->method) != 0)
		return false;
	if (f->kind == SIM_FAULT_SKIPTOKEN_DEATH && !has_token(r))
		return false;
	return !f->path[0] ||
	       mst_slice_ifind(mst_slice_str(r->url), f->path) != NULL;
}

struct sim_plan sim_faults_plan(struct sim_faults *f,
				const struct sim_request *r)
{
	struct sim_plan plan = {.kind = SIM_FAULT_NONE};

	for (size_t i = 0; i < f->n; i++) {
		struct fault *x = &f->v[i];

		if (!matches(x, r))
			continue;
		x->matched++;
		if (x->matched < x->nth || (x->count && x->hits >= x->count))
			continue;
		if ((double)(draw(x) >> 11) / 9007199254740992.0 >=
		    x->probability)
			continue;
		x->hits++;
		plan.kind = x->kind;
		plan.status = x->status ? x->status : kinds[x->kind].status;
		plan.retry_after = x->retry_after;
		plan.skew_s = x->kind == SIM_FAULT_CLOCK_SKEW ? x->skew_s : 0;
		plan.delay_ms = x->delay_ms;
		plan.random = draw(x);
		return plan;
	}
	return plan;
}

/* An error body as the host writes it. */
static void host_error(const struct sim_request *r, struct sim_reply *reply,
		       int status, const char *code, const char *text)
{
	reply->status = status;
	switch (r->host) {
	case MST_SIM_GRAPH:
		sim_graph_error(r, reply, status, code, text);
		break;
	case MST_SIM_SERVICENOW:
		mst_buf_reset(&reply->body);
		mst_buf_adds(&reply->body, "{\"error\":{\"message\":");
		sim_json_text(&reply->body, mst_slice_str(text));
		mst_buf_adds(&reply->body,
			     ",\"detail\":\"\"},\"status\":\"failure\"}");
		break;
	case MST_SIM_LOGIN:
		mst_buf_reset(&reply->body);
		mst_buf_addf(&reply->body,
			     "{\"error\":\"%s\",\"error_description\":"
			     "\"AADSTS90033: A transient error has "
			     "occurred. Please try again.\","
			     "\"error_codes\":[90033]}",
			     status >= 500 ? "temporarily_unavailable"
					   : "invalid_request");
		break;
	case MST_SIM_BLOB:
		mst_buf_reset(&reply->body);
		reply->content_type = "application/xml";
		mst_buf_addf(&reply->body,
			     "<?xml version=\"1.0\" encoding=\"utf-8\"?>"
			     "<Error><Code>%s</Code><Message>%s</Message>"
			     "</Error>",
			     code, text);
		break;
	case MST_SIM_IOT:
	case MST_SIM_SENSOR:
		sim_control_error(reply, status, "%s", text);
		break;
	case MST_SIM_API:
	case MST_SIM__HOSTS:
		sim_mde_error(reply, status, code, "%s", text);
		break;
	}
}

/* What each host says when it is fine and does not let us in. */
static void refuse(const struct sim_request *r, struct sim_reply *reply,
		   bool token)
{
	bool sn = r->host == MST_SIM_SERVICENOW;

	if (r->host == MST_SIM_IOT || r->host == MST_SIM_SENSOR) {
		host_error(r, reply, token ? 401 : 403, "",
			   "Authorization token is not valid");
		return;
	}
	if (r->host == MST_SIM_BLOB) {
		sim_blob_expired(reply);
		return;
	}
	if (token)
		host_error(r, reply, 401,
			   r->host == MST_SIM_GRAPH
			       ? "InvalidAuthenticationToken"
			       : "Unauthorized",
			   sn ? "User Not Authenticated"
			      : "Lifetime validation failed, the token is "
				"expired.");
	else
		host_error(r, reply, 403,
			   r->host == MST_SIM_GRAPH
			       ? "Authorization_RequestDenied"
			       : "Forbidden",
			   sn ? "User Not Authorized"
			      : "The application does not have any of the "
				"required application permissions to access "
				"the resource.");
}

static void too_many(const struct sim_plan *p, const struct sim_request *r,
		     struct sim_reply *reply)
{
	if (p->kind == SIM_FAULT_429)
		sim_reply_header(reply, "Retry-After", "%d", p->retry_after);
	host_error(r, reply, 429, "TooManyRequests",
		   r->host == MST_SIM_SERVICENOW ? "Rate limit exceeded"
						 : "Too many requests");
}

bool sim_fault_before(const struct sim_plan *p, const struct sim_request *r,
		      struct sim_reply *reply)
{
	switch ((int)p->kind) {
	case SIM_FAULT_429:
	case SIM_FAULT_429_BARE:
		too_many(p, r, reply);
		return true;
	case SIM_FAULT_STATUS_BEFORE:
	case SIM_FAULT_SKIPTOKEN_DEATH:
		if (p->retry_after)
			sim_reply_header(reply, "Retry-After", "%d",
					 p->retry_after);
		host_error(r, reply, p->status,
			   p->status >= 500 ? "InternalServerError"
					    : "BadRequest",
			   "The request could not be answered");
		return true;
	case SIM_FAULT_202:
		reply->status = 202;
		return true;
	case SIM_FAULT_HTML:
		sim_fault_html(reply);
		return true;
	case SIM_FAULT_EMPTY_BODY:
		return true;
	case SIM_FAULT_ODD_JSON:
		mst_buf_adds(&reply->body, "{\"status\":\"ok\"}");
		return true;
	case SIM_FAULT_EXPIRED_SAS:
		sim_blob_expired(reply);
		return true;
	case SIM_FAULT_EXPIRED_TOKEN:
		refuse(r, reply, true);
		return true;
	case SIM_FAULT_REVOKED:
		refuse(r, reply, false);
		return true;
	case SIM_FAULT_FALSE_404:
		host_error(r, reply, 404, "ResourceNotFound",
			   r->host == MST_SIM_SERVICENOW ? "No Record found"
							 : "Not found");
		return true;
	case SIM_FAULT_DROP_BEFORE:
		return true;
	default:
		return false;
	}
}

/* ---- control ------------------------------------------------------------ */

static void copy_text(char *out, size_t n, struct mst_json v)
{
	snprintf(out, n, "%.*s", MST_SLICE_ARG(mst_json_str(v)));
}

static int kind_of(struct mst_json v)
{
	for (int k = 1; k < SIM_FAULT__MAX; k++)
		if (mst_json_is_str(v, kinds[k].name))
			return k;
	return -1;
}

static int host_of(struct mst_json v)
{
	for (int h = 0; h < MST_SIM__HOSTS; h++)
		if (mst_json_is_str(v, sim_host_name((enum mst_sim_host)h)))
			return h;
	return mst_json_type(v) == MST_JSON_NULL || mst_json_is_str(v, "*")
		   ? -1
		   : -2;
}

static void read_numbers(struct fault *f, struct mst_json v)
{
	int64_t n;

	if (mst_json_i64(mst_json_get(v, "nth"), &n) && n > 0)
		f->nth = (uint64_t)n;
	if (mst_json_i64(mst_json_get(v, "count"), &n) && n > 0)
		f->count = (uint64_t)n;
	if (mst_json_i64(mst_json_get(v, "seed"), &n))
		f->random = (uint64_t)n;
	if (mst_json_i64(mst_json_get(v, "status"), &n) && n >= 200 && n < 600)
		f->status = (int)n;
	if (mst_json_i64(mst_json_get(v, "retry_after"), &n) && n >= 0)
		f->retry_after = (int)MST_MIN(n, 86400);
	if (mst_json_i64(mst_json_get(v, "delay_ms"), &n) && n >= 0)
		f->delay_ms = (int)MST_MIN(n, 10000);
	mst_json_i64(mst_json_get(v, "skew_s"), &f->skew_s);
	mst_json_dbl(mst_json_get(v, "probability"), &f->probability);
}

static void add_fault(struct sim_faults *f, const struct sim_request *r,
		      struct sim_reply *reply)
{
	struct fault x = {.probability = 1, .nth = 1, .delay_ms = 5};
	struct mst_err err = MST_ERR_INIT;
	struct mst_json root;
	int kind;

	if (mst_json_parse(f->json, r->body, &root, &err) < 0) {
		sim_control_error(reply, 400, "%s", err.msg);
		return;
	}
	kind = kind_of(mst_json_get(root, "kind"));
	x.host = host_of(mst_json_get(root, "host"));
	if (kind < 0 || x.host == -2 || f->n == MAX_FAULTS) {
		sim_control_error(reply, 400,
				  "needs a known \"kind\" and \"host\", and "
				  "there are at most %d faults at once",
				  MAX_FAULTS);
		return;
	}
	x.kind = (enum sim_fault_kind)kind;
	x.retry_after = kind == SIM_FAULT_429 ? 1 : 0;
	x.skew_s = 3600;
	copy_text(x.method, sizeof(x.method), mst_json_get(root, "method"));
	copy_text(x.path, sizeof(x.path), mst_json_get(root, "path"));
	read_numbers(&x, root);
	x.id = ++f->ids;
	f->v[f->n++] = x;
	mst_buf_addf(&reply->body, "{\"id\":%llu}", (unsigned long long)x.id);
}

static void list_faults(const struct sim_faults *f, struct sim_reply *reply)
{
	struct mst_jout j;

	mst_jout_init(&j, &reply->body);
	mst_jout_obj(&j);
	mst_jout_key(&j, "faults");
	mst_jout_arr(&j);
	for (size_t i = 0; i < f->n; i++) {
		const struct fault *x = &f->v[i];

		mst_jout_obj(&j);
		mst_jout_ki64(&j, "id", (int64_t)x->id);
		mst_jout_kstr(&j, "kind", sim_fault_name(x->kind));
		mst_jout_kstr(&j, "host",
			      x->host < 0
				  ? "*"
				  : sim_host_name((enum mst_sim_host)x->host));
		mst_jout_kstr(&j, "method", x->method);
		mst_jout_kstr(&j, "path", x->path);
		mst_jout_ki64(&j, "nth", (int64_t)x->nth);
		mst_jout_ki64(&j, "count", (int64_t)x->count);
		mst_jout_kdbl(&j, "probability", x->probability);
		mst_jout_ki64(&j, "matched", (int64_t)x->matched);
		mst_jout_ki64(&j, "hits", (int64_t)x->hits);
		mst_jout_end_obj(&j);
	}
	mst_jout_end_arr(&j);
	mst_jout_end_obj(&j);
}

void sim_faults_control(struct sim_faults *f, const struct sim_request *r,
			struct sim_reply *reply)
{
	if (!strcmp(r->method, "POST")) {
		add_fault(f, r, reply);
		return;
	}
	if (!strcmp(r->method, "DELETE")) {
		const char *id = sim_query(r, "id");
		int64_t n;

		if (!id) {
			f->n = 0;
		} else if (mst_num_i64(mst_slice_str(id), &n)) {
			for (size_t i = 0; i < f->n; i++)
				if (f->v[i].id == (uint64_t)n) {
					memmove(&f->v[i], &f->v[i + 1],
						(f->n - i - 1) *
						    sizeof(f->v[0]));
					f->n--;
				}
		}
	}
	list_faults(f, reply);
}
