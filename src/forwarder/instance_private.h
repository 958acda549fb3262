/* SPDX-License-Identifier: Apache-2.0
 *
 * An instance, as its files see it.
 */
#ifndef MST_FORWARDER_INSTANCE_PRIVATE_H
#define MST_FORWARDER_INSTANCE_PRIVATE_H

#include "forwarder/instance.h"

#define MST_INSTANCE_AT_ONCE 4	 /* bundles under way */
#define MST_INSTANCE_FIRST   100 /* requests of the first bundle */

/* A batch under way: some of the requests of an ask, by their numbers. */
struct flight {
	bool busy;
	uint64_t id;
	size_t *which, n;
};

struct mst_instance {
	const struct mst_connection *c;
	struct mst_dest *dest;
	struct mst_client *client;
	const char *url, *auth;
	struct mst_address address;
	struct mst_bundle_reader *reader;
	struct mst_json_parser *parser;
	struct mst_buf body;
	size_t size; /* requests of the next batch */
	uint64_t last_id;
	struct flight flights[MST_INSTANCE_AT_ONCE];
	/* The last answer of get and post. */
	bool lent;
};

/* A request that is to be filled; what: for errors. */
void mst_instance_prepare(struct mst_instance *i, enum mst_method method,
			  const char *path, const char *what,
			  struct mst_req *req_r);
void mst_instance_answer(struct mst_instance *i, const struct mst_resp *resp,
			 struct mst_bundle_answer *a_r);
/* The error of an answer that says something of all requests; 0: it does
 * not. */
int mst_instance_whole(struct mst_instance *i, const struct mst_resp *resp,
		       const struct mst_bundle_answer *a, const char *what,
		       struct mst_err *err);

#endif
