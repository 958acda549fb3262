/* SPDX-License-Identifier: Apache-2.0
 *
 * Blob storage: the export files behind their signed URLs, gzip, one record a
 * line. A file is made when it is first asked for and lent to the answers; a
 * request that carries a token is refused, so that a leak is found.
 */
#include <stdlib.h>

#include "base/gunzip.h"
#include "base/time.h"
#include "sim/mde.h"

#define MAX_PART (256u << 20) /* of JSON; 50,000 rows are about 50 MB */

static void blob_error(struct sim_reply *reply, int status, const char *code,
		       const char *message, const char *detail)
{
	reply->status = status;
	reply->content_type = "application/xml";
	sim_reply_header(reply, "x-ms-error-code", "%s", code);
	mst_buf_addf(&reply->body,
		     "\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"utf-8\"?>"
		     "<Error><Code>%s</Code><Message>%s\n"
		     "RequestId:00000000-0000-4000-8000-000000000403\n"
		     "Time:2026-11-09T06:00:00.0000000Z</Message>",
		     code, message);
	if (detail)
		mst_buf_addf(&reply->body,
			     "<AuthenticationErrorDetail>%s"
			     "</AuthenticationErrorDetail>",
			     detail);
	mst_buf_adds(&reply->body, "</Error>");
}

void sim_blob_expired(struct sim_reply *reply)
{
	blob_error(reply, 403, "AuthenticationFailed",
		   "Server failed to authenticate the request. Make sure the "
		   "value of Authorization header is formed correctly "
		   "including the signature.",
		   "Signed expiry time is before the current time");
}

static bool check_signature(const struct sim_request *r,
			    struct sim_reply *reply)
{
	const char *se = sim_query(r, "se"), *sig = sim_query(r, "sig");
	char want[65];
	int64_t end;

	if (!se || !sig || !mst_time_parse(mst_slice_str(se), &end)) {
		blob_error(reply, 404, "ResourceNotFound",
			   "The specified resource does not exist.", NULL);
		return false;
	}
	mde_sign(r->path, se, want);
	if (strcmp(sig, want) != 0) {
		blob_error(reply, 403, "AuthenticationFailed",
			   "Server failed to authenticate the request.",
			   "Signature did not match");
		return false;
	}
	if (end <= r->now_us) {
		sim_blob_expired(reply);
		return false;
	}
	return true;
}

static void drop_ref(void *ctx)
{
	struct mde_blob *b = ctx;

	if (__atomic_sub_fetch(&b->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	mst_buf_fini(&b->gz);
	free(b);
}

void mde_blob_drop(struct mde_blob *b)
{
	if (b)
		drop_ref(b);
}

static struct mde_part *find_part(struct mst_sim *sim, const char *path,
				  enum est_kind *kind_r)
{
	for (int k = 0; k < EST__KINDS; k++)
		for (size_t i = 0; i < sim->mde->snap[k].parts_n; i++)
			if (!strcmp(sim->mde->snap[k].parts[i].path, path)) {
				*kind_r = (enum est_kind)k;
				return &sim->mde->snap[k].parts[i];
			}
	return NULL;
}

static int make_blob(struct mst_sim *sim, enum est_kind kind,
		     struct mde_part *p, struct mst_err *err)
{
	struct mde_blob *b = mst_alloc(sizeof(*b));
	struct mst_buf json;
	int ret;

	mst_buf_init(&json, MAX_PART);
	mst_buf_init(&b->gz, MAX_PART);
	b->refs = 1;
	mde_snapshot_rows(sim, kind, p->from, p->to, MDE_FILE, '\n', &json);
	ret = json.overflow ? mst_err_set(err, MST_E_INVALID,
					  "a part is over %u bytes", MAX_PART)
			    : mst_gzip(mst_buf_slice(&json), 1, &b->gz, err);
	mst_buf_fini(&json);
	if (ret < 0) {
		drop_ref(b);
		return ret;
	}
	p->blob = b;
	return 0;
}

/* "bytes=0-0": what the first byte alone is asked for with. Others are not
 * used, and get the whole blob, as servers may. */
static bool first_byte_only(const struct sim_request *r)
{
	const char *range = sim_header(r, "x-ms-range");

	range = range ? range : sim_header(r, "Range");
	return range && strcmp(range, "bytes=0-0") == 0;
}

void sim_blob_serve(struct mst_sim *sim, const struct sim_request *r,
		    struct sim_reply *reply)
{
	struct mst_err err = MST_ERR_INIT;
	enum est_kind kind;
	struct mde_part *p;

	if (sim_header(r, "Authorization")) {
		blob_error(reply, 400, "InvalidAuthenticationInfo",
			   "Authentication information is not given in the "
			   "correct format. Check the value of Authorization "
			   "header.",
			   NULL);
		return;
	}
	if (strcmp(r->method, "GET") != 0 && strcmp(r->method, "HEAD") != 0) {
		blob_error(reply, 405, "UnsupportedHttpVerb",
			   "The resource doesn't support specified Http Verb.",
			   NULL);
		return;
	}
	if (!check_signature(r, reply))
		return;
	p = find_part(sim, r->path, &kind);
	if (!p) {
		blob_error(reply, 404, "BlobNotFound",
			   "The specified blob does not exist.", NULL);
		return;
	}
	if (!p->blob && make_blob(sim, kind, p, &err) < 0) {
		blob_error(reply, 500, "InternalError", err.msg, NULL);
		return;
	}
	reply->content_type = "application/octet-stream";
	reply->lent = mst_buf_slice(&p->blob->gz);
	if (first_byte_only(r) && reply->lent.n) {
		reply->status = 206;
		sim_reply_header(reply, "Content-Range", "bytes 0-0/%zu",
				 reply->lent.n);
		reply->lent.n = 1;
	}
	__atomic_add_fetch(&p->blob->refs, 1, __ATOMIC_ACQ_REL);
	reply->release = drop_ref;
	reply->release_ctx = p->blob;
}
