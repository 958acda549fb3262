/* SPDX-License-Identifier: Apache-2.0
 *
 * Addresses: which are trusted proxies, how many connections each has, and how
 * many requests an address or a caller may still make. Memory is bounded: a
 * table of fixed size, in which the one that was quiet longest makes room.
 * From any thread.
 */
#ifndef MST_HTTP_PEERS_H
#define MST_HTTP_PEERS_H

#include <sys/socket.h>

#include "base/arena.h"
#include "base/err.h"

struct http_peers;

/* proxies: "10.0.0.0/8", "::1", NULL at the end; may be NULL. */
int mst_http_peers_new(const char *const *proxies, struct http_peers **p_r,
		       struct mst_err *err);
void mst_http_peers_free(struct http_peers **p);

/* As text; an IPv4 address within IPv6 as IPv4. */
void mst_http_peer_text(const struct sockaddr *a, char out[64]);
/* Is it a proxy whose word counts? */
bool mst_http_peers_is_proxy(const struct http_peers *p, const char *address);
/* The nearest address in X-Forwarded-For that is no such proxy; `peer` when
 * there is none that is an address. */
const char *mst_http_peers_behind(const struct http_peers *p,
				  struct mst_arena *a, const char *forwarded,
				  const char *peer);

/* A connection comes or goes; false: the address has `most` already. A proxy
 * may have any number. */
bool mst_http_peers_come(struct http_peers *p, const char *address,
			 unsigned most);
void mst_http_peers_go(struct http_peers *p, const char *address);

/* One request of who (an address, a caller) with `rate` a minute, and what ten
 * seconds allow (20 at least) at once; false: *wait_ms_r until the next. */
bool mst_http_peers_ask(struct http_peers *p, const char *who, unsigned rate,
			int64_t *wait_ms_r);

#endif
