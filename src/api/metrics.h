/* SPDX-License-Identifier: Apache-2.0
 *
 * Counts of the server's own requests, and the page that Prometheus reads.
 */
#ifndef MST_API_METRICS_H
#define MST_API_METRICS_H

#include "http/http.h"

struct mst_api_metrics;

struct mst_api_metrics *mst_api_metrics_new(void);
void mst_api_metrics_free(struct mst_api_metrics **m);
/* After each request; from any thread. */
void mst_api_metrics_count(struct mst_api_metrics *m,
			   const struct mst_http_req *r, int status,
			   int64_t us);
void mst_api_metrics_write(struct mst_api_metrics *m, struct mst_buf *out);

#endif
