/* SPDX-License-Identifier: Apache-2.0
 *
 * The parts of a URL that decide where a request, and a token with it, may
 * go. Parsed by libcurl's own URL parser, so that what is checked here is what
 * libcurl connects to.
 */
#ifndef MST_NET_URL_H
#define MST_NET_URL_H

#include "base/arena.h"
#include "base/err.h"

struct mst_url {
	bool https;
	char host[256]; /* lower case; IPv6 in brackets */
	int port;	/* as given, else 443 or 80 */
};

/* MST_E_INVALID: not http(s), with user info, with control characters … */
int mst_url_read(const char *url, struct mst_url *u_r, struct mst_err *err);
/* 127.0.0.0/8, [::1], localhost */
bool mst_url_is_loopback(const struct mst_url *u);
/* Is the host on the list? Forms: "host" (any port), "host:port", "[::1]",
 * ".suffix" (subdomains of suffix, not suffix itself). NULL ends the list. */
bool mst_url_allowed(const struct mst_url *u, const char *const *hosts);
/* The URL as it goes out: the server's own text, but blanks and bytes above
 * 127 (seen in next links) percent-encoded. Returns url itself when there is
 * nothing to do. */
const char *mst_url_wire(struct mst_arena *a, const char *url);

#endif
