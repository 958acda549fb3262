/* SPDX-License-Identifier: Apache-2.0
 *
 * Counts of requests by route and status, and how long they took. Written by
 * all threads, without a lock.
 */
#include "api/metrics.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "api/tables.h"
#include "base/err.h"

#define ROUTES_MAX 256u

static const int64_t bounds_us[] = {1000,   5000,   10000,  50000,
				    100000, 500000, 1000000};
#define BOUNDS MST_LEN(bounds_us)

struct route_count {
	const struct mst_http_route *_Atomic route;
	atomic_uint_fast64_t by_class[6]; /* 2xx at [2] */
	atomic_uint_fast64_t within[BOUNDS], n, sum_us;
};

struct mst_api_metrics {
	struct route_count route[ROUTES_MAX];
	atomic_uint_fast64_t other[6]; /* of no route */
};

struct mst_api_metrics *mst_api_metrics_new(void)
{
	return mst_alloc(sizeof(struct mst_api_metrics));
}

void mst_api_metrics_free(struct mst_api_metrics **m)
{
	free(*m);
	*m = NULL;
}

static struct route_count *count_of(struct mst_api_metrics *m,
				    const struct mst_http_route *route)
{
	size_t at = ((uintptr_t)route / sizeof(*route)) % ROUTES_MAX;

	for (size_t i = 0; i < ROUTES_MAX; i++) {
		struct route_count *c = &m->route[(at + i) % ROUTES_MAX];
		const struct mst_http_route *there = atomic_load(&c->route);

		if (there == route)
			return c;
		if (there)
			continue;
		if (atomic_compare_exchange_strong(&c->route, &there, route) ||
		    there == route)
			return c;
	}
	return NULL;
}

void mst_api_metrics_count(struct mst_api_metrics *m,
			   const struct mst_http_req *r, int status, int64_t us)
{
	unsigned class = (unsigned)MST_MIN(status / 100, 5);
	struct route_count *c = r->route ? count_of(m, r->route) : NULL;

	if (!c) {
		atomic_fetch_add(&m->other[class], 1);
		return;
	}
	atomic_fetch_add(&c->by_class[class], 1);
	atomic_fetch_add(&c->n, 1);
	atomic_fetch_add(&c->sum_us, (uint64_t)us);
	for (size_t i = 0; i < BOUNDS; i++)
		if (us <= bounds_us[i]) {
			atomic_fetch_add(&c->within[i], 1);
			break;
		}
}

static void write_requests(struct mst_api_metrics *m, struct mst_buf *out)
{
	mst_buf_adds(out, "# HELP muster_http_requests_total Requests that "
			  "were answered.\n"
			  "# TYPE muster_http_requests_total counter\n");
	for (size_t i = 0; i < ROUTES_MAX; i++) {
		struct route_count *c = &m->route[i];
		const struct mst_http_route *route = atomic_load(&c->route);

		for (unsigned k = 2; route && k < 6; k++)
			if (atomic_load(&c->by_class[k]))
				mst_buf_addf(
				    out,
				    "muster_http_requests_total{route=\"%s\","
				    "status=\"%uxx\"} %" PRIu64 "\n",
				    route->id, k,
				    (uint64_t)atomic_load(&c->by_class[k]));
	}
	for (unsigned k = 2; k < 6; k++)
		if (atomic_load(&m->other[k]))
			mst_buf_addf(out,
				     "muster_http_requests_total{route=\"\","
				     "status=\"%uxx\"} %" PRIu64 "\n",
				     k, (uint64_t)atomic_load(&m->other[k]));
}

static void write_times(struct mst_api_metrics *m, struct mst_buf *out)
{
	uint64_t n = 0, sum = 0, within[BOUNDS] = {0}, so_far = 0;

	for (size_t i = 0; i < ROUTES_MAX; i++) {
		n += atomic_load(&m->route[i].n);
		sum += atomic_load(&m->route[i].sum_us);
		for (size_t k = 0; k < BOUNDS; k++)
			within[k] += atomic_load(&m->route[i].within[k]);
	}
	mst_buf_adds(out, "# HELP muster_http_request_seconds How long "
			  "requests took.\n"
			  "# TYPE muster_http_request_seconds histogram\n");
	for (size_t k = 0; k < BOUNDS; k++) {
		so_far += within[k];
		mst_buf_addf(out,
			     "muster_http_request_seconds_bucket{le=\"%g\"} "
			     "%" PRIu64 "\n",
			     (double)bounds_us[k] / 1e6, so_far);
	}
	mst_buf_addf(out,
		     "muster_http_request_seconds_bucket{le=\"+Inf\"} %" PRIu64
		     "\nmuster_http_request_seconds_sum %.6f\n"
		     "muster_http_request_seconds_count %" PRIu64 "\n",
		     n, (double)sum / 1e6, n);
}

void mst_api_metrics_write(struct mst_api_metrics *m, struct mst_buf *out)
{
	write_requests(m, out);
	write_times(m, out);
}
