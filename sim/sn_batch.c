/* SPDX-License-Identifier: Apache-2.0
 *
 * The Batch API: requests run one after the other, each with a simulated cost;
 * when the sum passes the quota, the rest is returned as unserviced.
 */
#include <stdio.h>

#include "base/b64.h"
#include "base/num.h"
#include "sim/sn.h"

static const char *status_text(int status)
{
	static const struct {
		int status;
		const char *text;
	} texts[] = {
	    {200, "OK"},
	    {201, "Created"},
	    {204, "No Content"},
	    {400, "Bad Request"},
	    {401, "Unauthorized"},
	    {403, "Forbidden"},
	    {404, "Not Found"},
	    {405, "Method Not Allowed"},
	    {406, "Not Acceptable"},
	    {415, "Unsupported Media Type"},
	    {429, "Too Many Requests"},
	};

	for (size_t i = 0; i < MST_LEN(texts); i++) {
		if (texts[i].status == status)
			return texts[i].text;
	}
	return "Internal Server Error";
}

struct item {
	struct mst_json j;
	struct sn_req r;
	struct mst_buf body;	/* decoded */
	struct sim_reply reply; /* of this item; reused */
};

static const char *item_str(struct sim_sn *sn, struct mst_json j,
			    const char *key)
{
	struct mst_slice s = mst_json_str(mst_json_get(j, key));

	return s.p ? mst_arena_dup(&sn->scratch, s).p : "";
}

static void read_headers(struct sim_sn *sn, struct item *it)
{
	struct mst_json_iter h = mst_json_iter(mst_json_get(it->j, "headers"));
	struct mst_json v;

	while (mst_json_next(&h, NULL, &v)) {
		const char *name = item_str(sn, v, "name");
		const char *value = item_str(sn, v, "value");

		if (!strcasecmp(name, "Accept"))
			it->r.accept = value;
		else if (!strcasecmp(name, "Content-Type"))
			it->r.content_type = value;
		else if (!strcasecmp(name, "X-no-response-body"))
			it->r.no_body = value;
	}
}

/* What the item asks for. False: it cannot be read. */
static bool read_item(struct sim_sn *sn, const struct sn_req *outer,
		      struct item *it)
{
	struct mst_slice body = mst_json_str(mst_json_get(it->j, "body"));
	const char *url = item_str(sn, it->j, "url");
	const char *mark = strchr(url, '?');
	size_t n = mark ? (size_t)(mark - url) : strlen(url);
	char *path = mst_arena_bytes(&sn->scratch, n + 1);

	sn_decode(mst_slice(url, n), false, path);
	it->r = (struct sn_req){.method = item_str(sn, it->j, "method"),
				.path = path,
				.query = mark ? mark + 1 : "",
				.base = outer->base,
				.url = url,
				.user = outer->user,
				.bearer = outer->bearer,
				.in_batch = true};
	read_headers(sn, it);
	mst_buf_reset(&it->body);
	if (body.n && !mst_b64_decode(&it->body, body))
		return false;
	it->r.body = mst_buf_slice(&it->body);
	return true;
}

static double cost_of(const struct sim_sn *sn, const struct item *it,
		      uint64_t ire_items)
{
	const char *m = it->r.method;

	if (ire_items)
		return sn->batch.cost_ire_ms * (double)ire_items;
	if (!strcmp(m, "POST"))
		return sn->batch.cost_post_ms;
	if (!strcmp(m, "DELETE"))
		return sn->batch.cost_delete_ms;
	return strcmp(m, "GET") ? sn->batch.cost_patch_ms
				: sn->batch.cost_get_ms;
}

static void write_headers(struct mst_jout *j, const struct item *it)
{
	bool without = false;

	(void)mst_json_bool(mst_json_get(it->j, "exclude_response_headers"),
			    &without);
	mst_jout_key(j, "headers");
	mst_jout_arr(j);
	for (size_t i = 0; !without && i < it->reply.headers_n; i++) {
		mst_jout_obj(j);
		mst_jout_kstr(j, "name", it->reply.headers[i].name);
		mst_jout_kstr(j, "value", it->reply.headers[i].value);
		mst_jout_end_obj(j);
	}
	if (!without && it->reply.body.n) {
		mst_jout_obj(j);
		mst_jout_kstr(j, "name", "Content-Type");
		mst_jout_kstr(j, "value", "application/json;charset=UTF-8");
		mst_jout_end_obj(j);
	}
	mst_jout_end_arr(j);
}

/* Base64 has nothing to escape: it goes straight into the answer. */
static void write_body(struct mst_jout *j, struct mst_slice body)
{
	mst_jout_key(j, "body");
	mst_jout_raw(j, MST_SLICE_LIT("\""));
	mst_b64_add(j->buf, body);
	mst_buf_addc(j->buf, '"');
}

static void write_item(struct sim_sn *sn, struct mst_jout *j, struct item *it,
		       double cost)
{
	struct sim_reply *reply = &it->reply;

	if (reply->body.n > sn->batch.max_response)
		sn_error(reply, 500, "Response too large",
			 "The response is over %zu bytes",
			 sn->batch.max_response);
	mst_jout_obj(j);
	mst_jout_kslice(j, "id", mst_json_str(mst_json_get(it->j, "id")));
	write_body(j, mst_buf_slice(&reply->body));
	mst_jout_ki64(j, "status_code", reply->status);
	mst_jout_kstr(j, "status_text", status_text(reply->status));
	write_headers(j, it);
	mst_jout_ki64(j, "execution_time", (int64_t)(cost + 0.5));
	if (reply->status >= 500)
		mst_jout_kstr(j, "error_message", "Error while processing");
	mst_jout_end_obj(j);
}

static double run_item(struct sim_sn *sn, const struct sn_req *outer,
		       struct item *it)
{
	uint64_t ire = sn->stats.ire_items;

	/* Nothing of the batch itself lives in scratch. */
	mst_arena_reset(&sn->scratch);
	mst_arena_reset(&it->reply.arena);
	mst_buf_reset(&it->reply.body);
	it->reply.headers_n = 0;
	it->reply.status = 200;
	sn->stats.batch_items++;
	if (read_item(sn, outer, it))
		sn_route(sn, &it->r, &it->reply);
	else
		sn_error(&it->reply, 400, "Exception while reading request",
			 "The body is not Base64");
	return cost_of(sn, it, sn->stats.ire_items - ire);
}

/* As long as an administrator says, unless a test said otherwise. */
static double quota_ms(struct sim_sn *sn)
{
	struct sn_row *row =
	    sn_first(sn, "sysrule_quota", "name",
		     MST_SLICE_LIT("REST Batch API request timeout"));
	int64_t s = 0;

	if (sn->batch.quota_ms >= 0)
		return (double)sn->batch.quota_ms;
	if (row && mst_slice_is(sn_get_named(row, "active"), "true"))
		(void)mst_num_i64(sn_get_named(row, "maximum_duration"), &s);
	return s > 0 ? (double)s * 1000 : 1e12;
}

static void run_all(struct sim_sn *sn, const struct sn_req *r,
		    struct mst_json requests, struct mst_jout *j,
		    struct mst_buf *unserviced)
{
	struct mst_json_iter all = mst_json_iter(requests);
	struct item it = {0};
	struct mst_jout u;
	double spent = 0, quota = quota_ms(sn);

	mst_buf_init(&it.body, 64u << 20);
	mst_buf_init(&it.reply.body, 256u << 20);
	mst_arena_init(&it.reply.arena, 1u << 20);
	mst_jout_init(&u, unserviced);
	mst_jout_arr(&u);
	while (mst_json_next(&all, NULL, &it.j)) {
		double cost;

		if (spent >= quota) {
			sn->stats.unserviced++;
			mst_jout_slice(&u,
				       mst_json_str(mst_json_get(it.j, "id")));
			continue;
		}
		cost = run_item(sn, r, &it);
		spent += cost;
		write_item(sn, j, &it, cost);
	}
	mst_jout_end_arr(&u);
	mst_buf_fini(&it.body);
	mst_buf_fini(&it.reply.body);
	mst_arena_fini(&it.reply.arena);
}

void sn_batch_api(struct sim_sn *sn, const struct sn_req *r,
		  struct sim_reply *reply)
{
	struct mst_buf unserviced = MST_BUF_INIT(16u << 20);
	struct mst_err err = MST_ERR_INIT;
	struct mst_json root, requests;
	struct mst_jout j;

	if (mst_json_parse(sn->json_batch, r->body, &root, &err)) {
		sn_error(reply, 400, "Exception while reading request",
			 "The payload is not valid JSON");
		return;
	}
	requests = mst_json_get(root, "rest_requests");
	if (mst_json_type(requests) != MST_JSON_ARRAY) {
		sn_error(reply, 400, "Invalid batch request",
			 "rest_requests is missing");
		return;
	}
	sn->stats.batches++;
	mst_jout_init(&j, &reply->body);
	mst_jout_obj(&j);
	mst_jout_kslice(&j, "batch_request_id",
			mst_json_str(mst_json_get(root, "batch_request_id")));
	mst_jout_key(&j, "serviced_requests");
	mst_jout_arr(&j);
	run_all(sn, r, requests, &j, &unserviced);
	mst_jout_end_arr(&j);
	mst_jout_key(&j, "unserviced_requests");
	mst_jout_raw(&j, mst_buf_slice(&unserviced));
	mst_jout_end_obj(&j);
	mst_buf_fini(&unserviced);
}
