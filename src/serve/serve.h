/* SPDX-License-Identifier: Apache-2.0
 *
 * muster serve: the life of the daemon. service.md.
 */
#ifndef MST_SERVE_SERVE_H
#define MST_SERVE_SERVE_H

#include "base/err.h"

struct mst_serve_conf {
	const char *state_dir; /* as mst_state_open */
	const char *listen;    /* "ADDRESS:PORT"; NULL: the section service */
	const char *node;      /* NULL: the machine's name */
	const char *version;
	const char *program; /* of workers; NULL: this one */
	uint64_t slots;	     /* workers at once; 0: by the cores */
	int log_form; /* enum mst_log_form; -1: as the section service says */
	/* Told when it answers; url as browsers on this machine reach it. May
	 * be NULL. */
	void (*ready)(void *ctx, const char *url);
	/* Told once in the life of a state store: the first administrator and
	 * the one-time password. May be NULL. */
	void (*first)(void *ctx, const char *user, const char *password);
	void *ctx;
};

/* Runs until SIGTERM or SIGINT; a second one ends the process at once. SIGHUP
 * reads the configuration, certificate and key again. The signals must be
 * blocked in every thread that the process has: mst_serve_block.
 * MST_E_CONFLICT: another daemon has the state folder or the node's name. */
void mst_serve_block(void);
int mst_serve(const struct mst_serve_conf *conf, struct mst_err *err);

#endif
