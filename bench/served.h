/* SPDX-License-Identifier: Apache-2.0
 *
 * An API with a token for it, and a client that is a process of its own on
 * another core: for api.*.
 */
#ifndef MST_BENCH_SERVED_H
#define MST_BENCH_SERVED_H

#include "api/api.h"
#include "api/gate.h"
#include "auth/people.h"
#include "bench/bench.h"

struct served {
	char *dir;
	struct mst_door *door;
	struct mst_http_hub *hub;
	struct mst_api *api;
	char token[MST_TOKEN_TEXT];
	int64_t live; /* a run that goes on */
	struct mst_state *state;
	struct mst_state_lock *lock;
};

/* Says what failed; false. */
bool served_fail(const struct mst_err *err);
/* In a folder of this name, with so many runs that are over; clients: at
 * once. */
int served_open(struct served *v, struct bench *b, const char *name,
		unsigned runs, unsigned clients, struct mst_err *err);
void served_close(struct served *v);
/* A connection to it, or -1. */
int served_dial(int port);
bool served_send(int fd, const char *text, size_t n);
/* "GET PATH" with the token. */
void served_get(const struct served *v, const char *path, char out[512]);
/* Asks them by turns, `count` times in all, on eight kept connections; every
 * answer must be 200. */
bool served_ask(int port, const char (*requests)[512], size_t requests_n,
		uint64_t count);
/* fn in a process of its own, on another core than this one if there is one,
 * and if served_cores was called before this one was bound to its. */
bool served_child(bool (*fn)(const struct served *v, void *arg),
		  const struct served *v, void *arg);
void served_cores(void);

#endif
