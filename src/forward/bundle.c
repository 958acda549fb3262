/* SPDX-License-Identifier: Apache-2.0
 *
 * Bundles of table requests.
 */
#include "forward/bundle.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/b64.h"
#include "base/num.h"
#include "forward/act_text.h"
#include "json/out.h"

#define ENVELOPE 240 /* of a request, without url and body */

struct mst_bundle_reader {
	struct mst_json_parser *outer, *inner;
	struct mst_buf text;
};

static const char *const methods[] = {
    [MST_HTTP_GET] = "GET",	  [MST_HTTP_POST] = "POST",
    [MST_HTTP_PUT] = "PUT",	  [MST_HTTP_PATCH] = "PATCH",
    [MST_HTTP_DELETE] = "DELETE",
};

size_t mst_bundle_bytes(const struct mst_bundle_req *r)
{
	return ENVELOPE + r->url.n + (r->body.n + 2) / 3 * 4;
}

/* ---- writing ------------------------------------------------------------- */

static void header(struct mst_jout *j, const char *name)
{
	mst_jout_obj(j);
	mst_jout_kstr(j, "name", name);
	mst_jout_kstr(j, "value", "application/json");
	mst_jout_end_obj(j);
}

static void request(struct mst_jout *j, size_t i,
		    const struct mst_bundle_req *r, struct mst_buf *b64)
{
	char id[24];

	(void)snprintf(id, sizeof(id), "%zu", i);
	mst_jout_obj(j);
	mst_jout_kstr(j, "id", id);
	mst_jout_kstr(j, "method", methods[r->method]);
	mst_jout_kslice(j, "url", r->url);
	mst_jout_kbool(j, "exclude_response_headers", true);
	mst_jout_key(j, "headers");
	mst_jout_arr(j);
	if (r->body.n)
		header(j, "Content-Type");
	header(j, "Accept");
	mst_jout_end_arr(j);
	if (r->body.n) {
		mst_buf_reset(b64);
		(void)mst_b64_add(b64, r->body);
		mst_jout_kslice(j, "body", mst_buf_slice(b64));
	}
	mst_jout_end_obj(j);
}

void mst_bundle_body(const char *id, const struct mst_bundle_req *r, size_t n,
		     struct mst_buf *out)
{
	struct mst_buf b64 = MST_BUF_INIT(4u << 20);
	struct mst_jout j;

	mst_jout_init(&j, out);
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "batch_request_id", id);
	mst_jout_key(&j, "rest_requests");
	mst_jout_arr(&j);
	for (size_t i = 0; i < n; i++)
		request(&j, i, &r[i], &b64);
	mst_jout_end_arr(&j);
	mst_jout_end_obj(&j);
	mst_buf_fini(&b64);
}

/* ---- reading ------------------------------------------------------------- */

struct mst_bundle_reader *mst_bundle_reader_new(void)
{
	struct mst_bundle_reader *r = mst_alloc(sizeof(*r));

	r->outer = mst_json_parser_new(MST_BUNDLE_ANSWER);
	r->inner = mst_json_parser_new(MST_BUNDLE_ANSWER);
	mst_buf_init(&r->text, MST_BUNDLE_ANSWER);
	return r;
}

void mst_bundle_reader_free(struct mst_bundle_reader **rp)
{
	struct mst_bundle_reader *r = *rp;

	if (!r)
		return;
	mst_json_parser_free(&r->outer);
	mst_json_parser_free(&r->inner);
	mst_buf_fini(&r->text);
	free(r);
	*rp = NULL;
}

static void one_line(char *out, size_t n, struct mst_slice s)
{
	s = mst_act_cut(mst_slice_trim(s), n - 1);
	while (s.n >= n)
		s = mst_act_cut(s, s.n - n);
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		out[i] = c < ' ' || c == 0x7f ? ' ' : (char)c;
	}
	out[s.n] = 0;
}

bool mst_bundle_error(struct mst_json root, char *out, size_t n)
{
	struct mst_json e = mst_json_get(root, "error");
	struct mst_slice message = mst_json_str(e), detail;
	char a[200], b[200];

	/* Some gateways write a plain text. */
	if (!message.p)
		message = mst_json_str(mst_json_get(e, "message"));
	detail = mst_json_str(mst_json_get(e, "detail"));
	if (!message.n && !detail.n)
		return false;
	one_line(a, sizeof(a), message);
	one_line(b, sizeof(b), detail);
	if (*a && *b && strcmp(a, b) != 0)
		(void)snprintf(out, n, "%s: %s", a, b);
	else
		(void)snprintf(out, n, "%s", *a ? a : b);
	return true;
}

static void serviced(struct mst_bundle_reader *r, struct mst_json v,
		     struct mst_bundle_answer *a)
{
	struct mst_err err = MST_ERR_INIT;
	int64_t status = 0;

	(void)mst_json_i64(mst_json_get(v, "status_code"), &status);
	a->status = status > 0 && status < 1000 ? (int)status : -1;
	mst_buf_reset(&r->text);
	if (!mst_b64_decode(&r->text, mst_json_str(mst_json_get(v, "body"))) ||
	    !r->text.n ||
	    mst_json_parse(r->inner, mst_buf_slice(&r->text), &a->root, &err) <
		0)
		a->root = (struct mst_json){0};
	if (a->status >= 200 && a->status < 300)
		return;
	if (!mst_bundle_error(a->root, a->why, sizeof(a->why)))
		one_line(a->why, sizeof(a->why),
			 mst_json_str(mst_json_get(v, "error_message")));
	if (!*a->why)
		(void)snprintf(a->why, sizeof(a->why), "status %d", a->status);
}

static bool index_of(struct mst_json id, size_t n, const bool *seen,
		     size_t *i_r)
{
	int64_t i;

	if (!mst_json_i64(id, &i) || i < 0 || (uint64_t)i >= n || seen[i])
		return false;
	*i_r = (size_t)i;
	return true;
}

int mst_bundle_read(struct mst_bundle_reader *r, struct mst_slice body,
		    size_t n,
		    void (*fn)(void *ctx, size_t i,
			       const struct mst_bundle_answer *a),
		    void *ctx, struct mst_err *err)
{
	struct mst_json root, v;
	struct mst_json_iter it;
	bool *seen;
	size_t i;

	if (mst_json_parse(r->outer, body, &root, err) < 0)
		return -(int)err->code;
	if (mst_json_type(mst_json_get(root, "serviced_requests")) !=
	    MST_JSON_ARRAY)
		return mst_err_set(err, MST_E_CORRUPT,
				   "it is no answer to a batch");
	seen = mst_alloc(n + 1);
	it = mst_json_iter(mst_json_get(root, "serviced_requests"));
	while (mst_json_next(&it, NULL, &v)) {
		struct mst_bundle_answer a = {.status = -1};

		if (!index_of(mst_json_get(v, "id"), n, seen, &i))
			continue;
		seen[i] = true;
		serviced(r, v, &a);
		fn(ctx, i, &a);
	}
	it = mst_json_iter(mst_json_get(root, "unserviced_requests"));
	while (mst_json_next(&it, NULL, &v)) {
		struct mst_bundle_answer a = {
		    .why = "ServiceNow did not get to it within its time"};

		if (!index_of(v, n, seen, &i))
			continue;
		seen[i] = true;
		fn(ctx, i, &a);
	}
	for (i = 0; i < n; i++) {
		struct mst_bundle_answer a = {
		    .status = -1,
		    .why = "the batch answer does not mention it"};

		if (!seen[i])
			fn(ctx, i, &a);
	}
	free(seen);
	return 0;
}
