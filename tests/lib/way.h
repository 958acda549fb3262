/* SPDX-License-Identifier: Apache-2.0
 *
 * A way to a server of loopback that is cut where a test says so.
 */
#ifndef MST_TESTS_WAY_H
#define MST_TESTS_WAY_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#define T_WAY_NEVER -1
#define T_WAY_LINKS 8

struct t_way {
	int port; /* where it begins */
	/* The connection is cut once when so many bytes have gone to the server
	 * (or have come from it), and what came last goes in part. */
	atomic_long cut_after;
	atomic_bool answers;	    /* count those that come from it */
	atomic_long sent, received; /* bytes, ever */
	atomic_uint cuts;

	int listener, server_port;
	pthread_t thread;
	atomic_bool stop;
	struct {
		int client, server; /* -1: free */
	} links[T_WAY_LINKS];
};

void t_way_open(struct t_way *w, int server_port);
void t_way_shut(struct t_way *w);

#endif
