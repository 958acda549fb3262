/* SPDX-License-Identifier: Apache-2.0
 *
 * Members of the overview that go over time.
 */
#ifndef MST_API_TRENDS_H
#define MST_API_TRENDS_H

#include "api/api.h"

/* "open_cves": of all jobs together, a point a day. */
int mst_api_cves_json(struct mst_http_req *r, struct mst_jout *j,
		      struct mst_err *err);
/* "changes_per_day": the last 30 days. */
int mst_api_days_json(struct mst_http_req *r, struct mst_jout *j,
		      struct mst_err *err);

#endif
