/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as answers to the endpoint source. The first byte chooses the feed
 * and the way of reading; then each answer is a status byte, two bytes of
 * length, and the body. Requests never lead to hosts that are not the
 * connection's, and the token never to a storage address.
 */
#include <assert.h>
#include <stdlib.h>

#include "source/endpoint/endpoint_private.h"
#include "tests/fuzz/fuzz.h"

#define STEPS_MAX 256

static struct mst_source *open_source(struct ep_conf *conf, int method)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_source *s = NULL;

	(void)setenv("MUSTER_FUZZ_SECRET", "not-a-real-secret", 1);
	if (mst_secret_setup(&err) < 0)
		abort();
	*conf = (struct ep_conf){
	    .ms.tenant_id = "contoso.example",
	    .ms.client_id = "00000000-0000-4000-8000-00000000000b",
	    .ms.client_secret = "env:MUSTER_FUZZ_SECRET",
	    .enrich = true,
	    .read_method = method,
	    .page_size = 3,
	    .sas_valid_hours = 6,
	};
	if (mst_source_endpoint.open("fuzz", conf, &s, &err) < 0)
		abort();
	return s;
}

static void check_request(const struct mst_source *s, const struct mst_req *req)
{
	bool graph = req->auth && strcmp(req->auth, MS_AUTH_GRAPH) == 0;

	if (req->auth)
		assert(ms_link_allowed(&s->sites, graph, req->url));
	else
		assert(req->file && ep_blob_allowed(&s->sites, req->url));
}

static int status_of(uint8_t byte)
{
	static const int statuses[] = {200, 200, 200, 200, 400, 401,
				       403, 404, 410, 429, 500, 204};

	return statuses[byte % MST_LEN(statuses)];
}

static int answer(struct mst_source *s, const struct mst_req *req,
		  const uint8_t **p, size_t *left, struct mst_err *err)
{
	size_t n = MST_MIN((size_t)((*p)[1] << 8 | (*p)[2]), *left - 3);
	struct mst_resp resp = {
	    .outcome = MST_OUT_ANSWER,
	    .status = status_of((*p)[0]),
	    .body = {(const char *)*p + 3, n},
	    .file = req->file,
	    .bytes = n,
	    .content_type = (*p)[0] & 0x80 ? "text/html" : "application/json",
	    .request_id = "",
	    .total_count = -1,
	    .retry_after_ms = -1,
	    .err = MST_ERR_INIT,
	};

	*p += 3 + n;
	*left -= 3 + n;
	return mst_source_endpoint.accept(s, req, &resp, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_proof proof;
	struct mst_source *s;
	struct ep_conf conf;
	unsigned feed;
	int rc;

	if (size < 1)
		return 0;
	feed = data[0] % EP__FEEDS;
	s = open_source(&conf, data[0] / EP__FEEDS % 3);
	data++;
	size--;
	rc = mst_source_endpoint.begin(s, feed, NULL, &err);
	for (int i = 0; i < STEPS_MAX && rc >= 0 && size >= 3; i++) {
		struct mst_req req = {0};

		rc = mst_source_endpoint.next(s, &req, &err);
		if (rc != MST_NEXT_REQUEST)
			break;
		check_request(s, &req);
		rc = answer(s, &req, &data, &size, &err);
		assert(rc >= 0 || (err.code != MST_OK && err.msg[0]));
		mst_req_fini(&req);
	}
	mst_source_endpoint.proof(s, feed, &proof);
	assert(proof.complete == !proof.why[0]);
	mst_source_endpoint.close(&s);
	return 0;
}
