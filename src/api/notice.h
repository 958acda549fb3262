/* SPDX-License-Identifier: Apache-2.0
 *
 * What a person must be told, as the API shows it.
 */
#ifndef MST_API_NOTICE_H
#define MST_API_NOTICE_H

#include "api/api.h"

/* Objects into an open list. all: also what is over. */
int mst_api_notices_json(struct mst_http_req *r, struct mst_jout *j, bool all,
			 struct mst_err *err);

#endif
