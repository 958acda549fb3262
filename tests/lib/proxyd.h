/* SPDX-License-Identifier: Apache-2.0
 *
 * A small HTTP proxy on a loopback port: CONNECT only, with or without a
 * log-in by Basic, with or without TLS to itself. Whatever host is asked for,
 * it leads to one port of this machine.
 */
#ifndef MST_TESTS_PROXYD_H
#define MST_TESTS_PROXYD_H

#include <stddef.h>

struct t_proxyd_conf {
	int to; /* port that every way leads to; 0: nothing is there (502) */
	const char *login;	/* "user:password" that it wants, NULL: none */
	const char *offers;	/* its Proxy-Authenticate; NULL: Basic */
	int refuse;		/* a status for every CONNECT; 0: none */
	const char *cert, *key; /* PEM texts: TLS to it; NULL: plain */
};

struct t_proxyd;

/* The texts are borrowed. */
struct t_proxyd *t_proxyd_start(const struct t_proxyd_conf *conf);
void t_proxyd_stop(struct t_proxyd **p);
int t_proxyd_port(const struct t_proxyd *p);
/* How many CONNECTs came, and what the last one said, headers and all; ""
 * when there was none. Lives as long as p. */
size_t t_proxyd_count(struct t_proxyd *p);
const char *t_proxyd_last(struct t_proxyd *p);

#endif
