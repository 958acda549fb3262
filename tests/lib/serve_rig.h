/* SPDX-License-Identifier: Apache-2.0
 *
 * `muster serve` beside the simulators of a rig, on a free port of loopback:
 * its API asked with tokens of users that are made for it, and commands of the
 * CLI at it. Everything here fails the test when it cannot do its work.
 */
#ifndef MST_TESTS_SERVE_RIG_H
#define MST_TESTS_SERVE_RIG_H

#include "tests/lib/sync_rig.h"

#include "auth/auth.h"

#define SERVE_SECOND ((unsigned)MST_ROLE__MAX)

struct serve {
	struct rig *rig;
	pid_t pid;
	char url[64]; /* "http://127.0.0.1:40321"; https:// behind TLS */
	/* Of a user of each role, named like it, and of a second administrator,
	 * "second". */
	char token[MST_ROLE__MAX + 1][96];
	unsigned as; /* who asks; administrator to begin with */
	/* of the last answer */
	int status;
	struct mst_buf head, body;
	struct mst_json_parser *parser;
	struct mst_json root;
	char tag[80]; /* "If-Match: …", "" when it had none */
};

/* The rig's state folder must be there. */
void serve_start(struct serve *s, struct rig *r);
/* Stops it in its own way and fails when it does not end well. */
void serve_stop(struct serve *s);

/* path: below /api/v1. header: "Name: value" or NULL. body NULL: none. The
 * answer must have this status; returns its body. */
const char *serve_ask(struct serve *s, const char *method, const char *path,
		      const char *header, const char *body, int status);
/* The last answer as JSON, in s->root. */
struct mst_json serve_json(struct serve *s);
/* POSTs what becomes a task and waits for its end; then its output is the last
 * answer. Returns its exit status, -1 when it has none. */
int serve_task(struct serve *s, const char *path, const char *body);

/* A command at the server, by MUSTER_SERVER and MUSTER_TOKEN; what it printed
 * is in the rig. Returns its exit status. */
#define serve_muster(s, ...)                                                   \
	serve_run((s), (const char *const[]){__VA_ARGS__, NULL})
int serve_run(struct serve *s, const char *const *words);
/* The same without waiting, as rig_spawn. */
pid_t serve_spawn(struct serve *s, const char *const *words);

#endif
