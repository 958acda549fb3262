/* SPDX-License-Identifier: Apache-2.0
 *
 * What the verbs of `muster forward` share.
 */
#ifndef MST_CLI_FORWARD_H
#define MST_CLI_FORWARD_H

#include "cli/cli.h"
#include "forwarder/forwarder.h"

struct forward_opts {
	bool once, dry_run, all;
	const char *action, *to_state, *source;
	uint64_t count, before;
};

int forward_run(struct mst_state *state, const struct forward_opts *o,
		struct mst_err *err);
/* cmd_forward_look.c */
int forward_status(struct mst_state *state, struct mst_err *err);
int forward_list(struct mst_state *state, const struct forward_opts *o,
		 struct mst_err *err);
int forward_show(struct mst_state *state, const char *id, struct mst_err *err);
int forward_retry(struct mst_state *state, const struct forward_opts *o,
		  const char *id, struct mst_err *err);
int forward_drop(struct mst_state *state, const char *id, struct mst_err *err);
/* cmd_forward_beside.c */
int forward_unread(struct mst_state *state, const struct forward_opts *o,
		   struct mst_err *err);
int forward_owed(struct mst_state *state, const struct forward_opts *o,
		 struct mst_err *err);
/* cmd_forward_try.c */
int forward_test(struct mst_state *state, const struct forward_opts *o,
		 const char *rule, int *status, struct mst_err *err);
/* path NULL or "-": stdin. */
int forward_why(struct mst_state *state, const struct forward_opts *o,
		const char *path, struct mst_err *err);
/* A list or an object under way, as text or JSON; end prints it unless rc says
 * that it failed. */
struct forward_looking {
	struct mst_buf out;
	struct mst_jout j;
	size_t n;
	int64_t id; /* show: the one that is wanted */
	bool found;
};

#define FORWARD_COUNT 50 /* rows of a list, unless --count says more */

void forward_begin(struct forward_looking *l);
void forward_end(struct forward_looking *l, int rc);
/* "-" for none. */
void forward_time(int64_t us, char out[21]);
/* The outbox, to look at. MST_E_NOTFOUND says what to do. */
int forward_outbox(struct mst_state *state, struct mst_outbox **o_r,
		   struct mst_err *err);

#endif
