/* SPDX-License-Identifier: Apache-2.0
 *
 * What touches PROD may need a second person (option approval of the section
 * `service`).
 */
#ifndef MST_API_SECOND_H
#define MST_API_SECOND_H

#include "api/api.h"
#include "conf/conf.h"
#include "state/access.h"

/* Does it wait for a second person? change: of the configuration that PROD has;
 * else a run that writes there. */
bool mst_api_second_wanted(const struct mst_http_req *r, bool change);
/* The same of what would get round a second person: the section service, users,
 * tokens of others. Wanted as soon as anything is. */
bool mst_api_second_always(const struct mst_http_req *r);
/* May who asks apply this, and does it wait? The section service in it needs
 * the right to administer, as PUT /service does. *needs_r: of the second
 * person; NULL: it waits for nobody. */
int mst_api_second_apply(const struct mst_http_req *r,
			 const struct mst_conf *conf, const char **needs_r,
			 struct mst_err *err);
/* Keeps the request as it came and answers 202 with the approval. what: for
 * people; needs: "operate" or "configure"; task: that waits, or 0. */
int mst_api_second_ask(struct mst_http_req *r, struct mst_http_resp *resp,
		       const char *what, const char *needs, int64_t task,
		       struct mst_err *err);
/* One as an object, for who asks: what needs the right to administer shows its
 * request to those alone who have that, or asked for it. */
void mst_api_approval_json(const struct mst_http_req *r, struct mst_jout *j,
			   const struct mst_approval *a);
/* The same answer again: that of the approval which the task waits for.
 * *found_r false: it waits for none. */
int mst_api_second_again(struct mst_http_req *r, struct mst_http_resp *resp,
			 int64_t task, bool *found_r, struct mst_err *err);

#endif
