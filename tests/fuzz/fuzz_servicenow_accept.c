/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as answers to the ServiceNow connector. The first byte chooses
 * what it is doing; then each answer is a byte (status, and whether the body
 * is that of the call or of each of its sub-requests), two bytes of length,
 * and the body. Whatever comes: one verdict for each change, requests that end,
 * and no address but the connection's.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/b64.h"
#include "dest/servicenow/sn.h"
#include "source/source.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/apps_catalog.h"
#include "tests/lib/ot_catalog.h"

#define STEPS_MAX 400
#define CHANGES	  6

static unsigned verdicts[CHANGES + 1];

static void take_verdict(void *ctx, const struct mst_verdict *v)
{
	(void)ctx;
	assert(v->change >= 1 && v->change <= CHANGES);
	assert(++verdicts[v->change] == 1);
	assert(v->request_id);
	if (v->kind == MST_VERDICT_REFUSED || v->kind == MST_VERDICT_FAILED)
		assert(v->reason && *v->reason && !strchr(v->reason, '\n'));
	if (v->inserted)
		assert(!mst_sysid_is_zero(&v->remote));
}

static void take_row(void *ctx, uint64_t tag, bool found,
		     const struct mst_sysid *id,
		     const struct mst_slice *columns)
{
	unsigned *rows = ctx;

	(void)columns;
	assert(tag < 4 && (!found || !mst_sysid_is_zero(id)));
	++*rows;
}

/* The upper half of what is pushed goes by the Table API; settings that look at
 * CIs first, and those that tidy up, by the last bits. */
static void settings(struct sn_conf *conf, uint8_t how)
{
	static const char *kept[] = {"6"};

	conf->write_mode = how >= 144 ? SN_WRITE_TABLE : SN_WRITE_IRE;
	conf->create_companies = conf->create_models = true;
	conf->cross_class = conf->status_keep_retire = true;
	if (how & 1)
		conf->status_keep = (struct mst_opt_list){kept, 1};
	conf->delete_companies = conf->delete_models = how % 3 == 0;
	if (how % 7 == 0)
		conf->normalization = "0123456789abcdef0123456789abcdef";
}

/* Applications and people, sensors and devices: what is found out before,
 * looked up, pushed and read back. */
static const struct mst_catalog *catalog(uint8_t how)
{
	if (how == 5 || (how >= 20 && how < 24) || (how >= 192 && how < 224))
		return &t_ot_catalog;
	return how == 6 || how == 7 || (how >= 24 && how < 32) || how >= 224
		   ? &t_apps_catalog
		   : mst_sources[0]->catalog;
}

static struct mst_dest *open_dest(struct sn_conf *conf, uint8_t how)
{
	struct mst_dest_env env = {
	    .connection = "fuzz",
	    .source = "defender",
	    .catalog = catalog(how),
	    .run = "1",
	    .verdict = take_verdict,
	};
	static const struct sn_type types[] = {
	    {"cmdb_rel_user_type", "Uses"},
	    {"cmdb_rel_type", "Owns::Owned by"},
	    {"cmdb_rel_type", "Detects::Detected by"},
	};
	struct mst_err err = MST_ERR_INIT;
	struct mst_dest *d = NULL;

	(void)setenv("MUSTER_FUZZ_SECRET", "not-a-real-secret", 1);
	if (mst_secret_setup(&err) < 0)
		abort();
	*conf = (struct sn_conf){
	    .url = "https://dev.example.com",
	    .username = "u",
	    .password = "env:MUSTER_FUZZ_SECRET",
	    .discovery_source = "muster",
	    .user_relation_type = "Uses",
	    .workers = 2,
	    .batch_seconds = 10,
	    .batch_max = 4,
	    .ire_items = 3,
	    .body_max = 65536,
	    .timeout_ms = 1000,
	};
	settings(conf, how);
	if (mst_dest_servicenow.open(&env, conf, &d, &err) < 0)
		abort();
	for (size_t i = 0; i < MST_LEN(types); i++)
		mst_sn_relation_need(d, &types[i])->id.b[15] = 0xa1;
	return d;
}

/* ---- answers ----------------------------------------------------------- */

struct input {
	const uint8_t *p;
	size_t left;
	struct mst_json_parser *parser;
	struct mst_buf body;
	unsigned silent; /* calls after the input ended */
};

static int status_of(uint8_t byte)
{
	static const int statuses[] = {200, 200, 201, 200, 202, 400, 401, 403,
				       404, 409, 429, 500, 204, 503, 200, 413};

	return statuses[byte % MST_LEN(statuses)];
}

/* The same body for every sub-request of a batch. */
static void wrap(struct input *in, const struct mst_req *req,
		 struct mst_slice body, int status)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_json root, v;
	struct mst_json_iter it;
	const char *sep = "";

	if (mst_json_parse(in->parser, req->body, &root, &err) < 0)
		abort(); /* what we send is JSON */
	it = mst_json_iter(mst_json_get(root, "rest_requests"));
	mst_buf_adds(&in->body, "{\"serviced_requests\":[");
	while (mst_json_next(&it, NULL, &v)) {
		struct mst_slice url = mst_json_str(mst_json_get(v, "url"));

		assert(mst_slice_istarts(url, "/api/now/"));
		assert(!memchr(url.p, ' ', url.n) && url.n < 65536);
		mst_buf_addf(
		    &in->body, "%s{\"id\":\"%.*s\",\"status_code\":%d,", sep,
		    MST_SLICE_ARG(mst_json_str(mst_json_get(v, "id"))), status);
		mst_buf_adds(&in->body, "\"body\":\"");
		mst_b64_add(&in->body, body);
		mst_buf_adds(&in->body, "\"}");
		sep = ",";
	}
	mst_buf_adds(&in->body, "],\"unserviced_requests\":[]}");
}

static void answer(struct input *in, const struct mst_req *req,
		   struct mst_resp *r)
{
	struct mst_slice body;
	uint8_t mode;
	size_t n;

	*r = (struct mst_resp){.outcome = MST_OUT_ANSWER,
			       .status = 200,
			       .content_type = "application/json",
			       .request_id = "x",
			       .total_count = -1,
			       .date_us = 0,
			       .retry_after_ms = -1,
			       .elapsed_us = 1000,
			       .err = MST_ERR_INIT};
	if (in->left < 3) {
		bool lost = in->silent++ < 6;

		r->outcome = lost ? MST_OUT_UNCERTAIN : MST_OUT_FAILED;
		r->status = 0;
		mst_err_set(&r->err, lost ? MST_E_UNCERTAIN : MST_E_CANCELLED,
			    "nothing came");
		return;
	}
	mode = in->p[0];
	n = MST_MIN((size_t)(in->p[1] << 8 | in->p[2]), in->left - 3);
	body = mst_slice((const char *)in->p + 3, n);
	in->p += 3 + n;
	in->left -= 3 + n;
	mst_buf_reset(&in->body);
	if ((mode & 0x80) && strstr(req->url, "/v1/batch")) {
		wrap(in, req, body, status_of(mode));
	} else {
		mst_buf_add_slice(&in->body, body);
		r->status = status_of(mode);
		if (r->status > 299)
			mst_err_set(&r->err, mst_status_code(r->status),
				    "answered %d", r->status);
	}
	r->body = mst_buf_slice(&in->body);
}

static int pump(struct mst_dest *d, struct input *in)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_req req;
	struct mst_resp resp;

	for (int step = 0;; step++) {
		int rc = mst_dest_servicenow.next(d, &req, &err);

		assert(step < STEPS_MAX);
		if (rc < 0)
			assert(err.code != MST_E_INTERNAL && err.msg[0]);
		if (rc != MST_DEST_REQUEST)
			return rc;
		assert(req.body.n <= 65536);
		assert(strncmp(req.url, "https://dev.example.com/api/now/",
			       32) == 0);
		answer(in, &req, &resp);
		rc = mst_dest_servicenow.accept(d, &req, &resp, &err);
		mst_req_fini(&req);
		if (rc < 0) {
			assert(err.code != MST_E_INTERNAL && err.msg[0]);
			return rc;
		}
	}
}

/* ---- what it is doing -------------------------------------------------- */

static void fill_cells(const struct mst_set *set, unsigned i,
		       struct mst_cell *cells, char texts[][40], size_t *n_r)
{
	size_t n = 0;

	for (unsigned k = 0; k < set->columns_n; k++) {
		const struct mst_column *col = &set->columns[k];

		snprintf(texts[k], 40, "%.20s,%u", col->name,
			 col->flags & MST_COL_MASTER ? i % 2 : i);
		if (col->flags & MST_COL_KIND)
			snprintf(texts[k], 40, "%s",
				 strcmp(set->table, "cmdb_rel_ci") == 0
				     ? "Detects::Detected by"
				     : "Uses");
		cells[n] = (struct mst_cell){.column = k,
					     .text = mst_slice_str(texts[k])};
		if (col->flags & (MST_COL_REF | MST_COL_PARENT))
			cells[n].ref.b[15] = (uint8_t)(i + 1);
		n++;
	}
	*n_r = n;
}

static bool offer(struct mst_dest *d, const struct mst_set *set, unsigned i,
		  enum mst_action action)
{
	struct mst_cell cells[MST_MAX_COLUMNS] = {{0}};
	char texts[MST_MAX_COLUMNS][40], key[24];
	struct mst_err err = MST_ERR_INIT;
	struct mst_change c = {
	    .id = i, .set = set, .action = action, .cells = cells};

	fill_cells(set, i, cells, texts, &c.cells_n);
	snprintf(key, sizeof(key), "k%u", i % 5); /* one of them twice */
	c.key = mst_slice_str(key);
	c.may_exist = i % 2;
	c.parent.b[0] = 1;
	if (action != MST_INSERT)
		c.remote.b[15] = (uint8_t)i;
	return mst_dest_servicenow.offer(d, &c, &err) == 0;
}

static void push(struct mst_dest *d, struct input *in, uint8_t how)
{
	static const char *const names[] = {
	    "devices", "software_packages", "software_installs",
	    "vulnerabilities", "device_vulnerabilities"};
	static const enum mst_action actions[] = {
	    MST_INSERT, MST_INSERT, MST_UPDATE, MST_RETIRE,
	    MST_DELETE, MST_CLOSE,  MST_INSERT};
	const struct mst_catalog *cat = catalog(how);
	const struct mst_set *set =
	    how >= 192 ? &cat->sets[how % cat->sets_n]
		       : mst_catalog_set(cat, names[how % MST_LEN(names)]);
	struct mst_err err = MST_ERR_INIT;
	bool offered[CHANGES + 1];

	memset(verdicts, 0, sizeof(verdicts));
	if (mst_dest_servicenow.begin(d, set, &err) < 0)
		return;
	for (unsigned i = 1; i <= CHANGES; i++)
		offered[i] = offer(d, set, i, actions[(how / 5 + i) % 7]);
	mst_dest_servicenow.end(d);
	if (pump(d, in) == MST_DEST_IDLE) {
		mst_dest_servicenow.finish(d);
		(void)pump(d, in);
	}
	for (unsigned i = 1; i <= CHANGES; i++)
		assert(verdicts[i] == offered[i]);
}

static void read_back(struct mst_dest *d, struct input *in, uint8_t how)
{
	const struct mst_catalog *cat = catalog(how);
	const struct mst_set *set = &cat->sets[how % cat->sets_n];
	struct mst_sysid id = {{1}}, none = {{0}};
	struct mst_err err = MST_ERR_INIT;
	unsigned rows = 0;

	mst_dest_servicenow.on_row(d, take_row, &rows);
	for (unsigned i = 0; i < 4; i++) {
		id.b[15] = (uint8_t)i;
		(void)mst_dest_servicenow.read(
		    d, set, i, i % 2 ? &id : &none, mst_slice(NULL, 0),
		    i == 2 ? MST_SLICE_LIT("a,b") : MST_SLICE_LIT("k1"), &id,
		    &err);
	}
	if (pump(d, in) == MST_DEST_IDLE)
		assert(rows == 4);
}

static void take_hit(void *ctx, size_t value, const struct mst_sysid *id,
		     bool active, struct mst_slice made)
{
	(void)ctx;
	(void)active;
	(void)made;
	assert(value < 2 && !mst_sysid_is_zero(id));
}

static void take_odd(void *ctx, size_t value, const char *why)
{
	(void)ctx;
	assert(value == 2 && *why);
}

static void find(struct mst_dest *d, struct input *in)
{
	struct mst_slice values[] = {MST_SLICE_LIT("a@example.com"),
				     MST_SLICE_LIT("B"), MST_SLICE_LIT("a,b")};
	struct mst_find f = {.table = "sys_user",
			     .column = "email",
			     .active = "active",
			     .values = values,
			     .values_n = MST_LEN(values),
			     .hit = take_hit,
			     .odd = take_odd};
	struct mst_err err = MST_ERR_INIT;

	if (mst_dest_servicenow.find(d, &f, &err) < 0)
		abort();
	if (pump(d, in) == MST_DEST_IDLE)
		assert(f.whole == !*f.why && !strchr(f.why, '\n'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {.body = MST_BUF_INIT(4u << 20)};
	struct mst_err err = MST_ERR_INIT;
	struct sn_conf conf;
	struct mst_dest *d;

	if (size < 1)
		return 0;
	in.p = data + 1;
	in.left = size - 1;
	in.parser = mst_json_parser_new(1u << 20);
	d = open_dest(&conf, data[0]);
	if (data[0] < 8) {
		if (mst_dest_servicenow.prepare(d, NULL, &err) == 0)
			(void)pump(d, &in);
	} else if (data[0] >= 28 && data[0] < 32) {
		find(d, &in);
	} else if (data[0] < 32) {
		read_back(d, &in, data[0]);
	} else {
		push(d, &in, data[0]);
	}
	mst_dest_servicenow.close(&d);
	mst_json_parser_free(&in.parser);
	mst_buf_fini(&in.body);
	return 0;
}
