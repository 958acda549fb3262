/* SPDX-License-Identifier: Apache-2.0
 *
 * A bundle: some table requests to ServiceNow as the body of one
 * POST to MST_BUNDLE_PATH, and what its answer says of each.
 */
#ifndef MST_FORWARD_BUNDLE_H
#define MST_FORWARD_BUNDLE_H

#include "base/buf.h"
#include "base/err.h"
#include "net/client.h"
#include "json/json.h"

#define MST_BUNDLE_PATH	  "/api/now/v1/batch"
#define MST_BUNDLE_ANSWER (32u << 20) /* bytes of an answer */

struct mst_bundle_req {
	enum mst_method method;
	struct mst_slice url;  /* "/api/now/table/…" */
	struct mst_slice body; /* JSON; empty for none */
};

/* Bytes that it adds to a body, no less. */
size_t mst_bundle_bytes(const struct mst_bundle_req *r);
/* id: of the batch, for ServiceNow's log. */
void mst_bundle_body(const char *id, const struct mst_bundle_req *r, size_t n,
		     struct mst_buf *out);

struct mst_bundle_answer {
	/* 0: ServiceNow did not get to it; -1: the answer does not mention it,
	 * so nobody knows */
	int status;
	struct mst_json root; /* NULL value when there is no JSON */
	char why[400];	      /* unless 2xx: its error text as one line */
};

struct mst_bundle_reader; /* parsers; one thread */

struct mst_bundle_reader *mst_bundle_reader_new(void);
void mst_bundle_reader_free(struct mst_bundle_reader **r);
/* Calls fn exactly once for each of the n requests; the answer is lent for the
 * call. MST_E_CORRUPT, and no call: the body is no batch answer. */
int mst_bundle_read(struct mst_bundle_reader *r, struct mst_slice body,
		    size_t n,
		    void (*fn)(void *ctx, size_t i,
			       const struct mst_bundle_answer *a),
		    void *ctx, struct mst_err *err);
/* "message: detail" of an error body as one line; false: there is none. */
bool mst_bundle_error(struct mst_json root, char *out, size_t n);

#endif
