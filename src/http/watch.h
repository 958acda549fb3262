/* SPDX-License-Identifier: Apache-2.0
 *
 * Connections and by when each must have come further: who drips a request byte
 * by byte, or reads its answer so, is shut down. One thread looks. From any
 * thread.
 */
#ifndef MST_HTTP_WATCH_H
#define MST_HTTP_WATCH_H

#include "base/err.h"

struct http_watch;
struct http_place;

/* tick is called now and then by the watching thread, without a lock. */
int mst_http_watch_new(int64_t every_ms,
		       void (*tick)(void *ctx, int64_t now_us), void *ctx,
		       struct http_watch **w_r, struct mst_err *err);
/* The thread has ended when this returns; places may still leave. */
void mst_http_watch_stop(struct http_watch *w);
void mst_http_watch_free(struct http_watch **w);

/* A connection; `limit_ms` for its first step. peer is copied. */
struct http_place *mst_http_place_take(struct http_watch *w, int fd,
				       const char *peer, int64_t limit_ms);
const char *mst_http_place_peer(const struct http_place *p);
void mst_http_place_leave(struct http_watch *w, struct http_place **p);
/* So long from now on for what is next; 0: any time. */
void mst_http_place_until(struct http_watch *w, struct http_place *p,
			  int64_t limit_ms);

#endif
