/* SPDX-License-Identifier: Apache-2.0
 *
 * A checkup under way, as its files see it.
 */
#ifndef MST_CHECKUP_PRIVATE_H
#define MST_CHECKUP_PRIVATE_H

#include "checkup/checkup.h"
#include "recver/setup.h"

#define MST_CHECKUP_ADDRESSES	   8
#define MST_CHECKUP_RETRY_TOTAL_MS 20000 /* somebody waits for the answer */

/* RecVer of a source connection. */
struct mst_checkup_recver {
	const struct mst_recver_setup_ops *ops; /* NULL: nothing to look at */
	struct mst_recver_conf conf, admin;
	const char *mends; /* the first check that was not as it should be */
	bool unreachable;  /* the check "recver:connect" failed */
	bool step_failed;  /* a step of making was reported as FAILED */
	struct mst_check_fix fix; /* table NULL */
	size_t steps;
};

struct mst_checkup {
	struct mst_checkup_conf conf;
	struct mst_state *state;
	struct mst_arena arena;
	struct mst_connection c;
	struct mst_checkup_jobs jobs;
	struct mst_source *source;
	struct mst_dest *dest;
	struct mst_client *client;
	struct mst_auth *admin;
	struct mst_checks *checks; /* the connector's */
	struct mst_address addresses[MST_CHECKUP_ADDRESSES];
	size_t addresses_n;
	/* of a source: what failed, for what stands on it */
	struct mst_check_gone gone[2 * MST_CHECKUP_ADDRESSES];
	size_t gone_n;
	struct mst_checkup_recver recver;
	size_t own_fixes; /* of the connector */
};

/* ---- checkup.c ----------------------------------------------------------- */

/* Reports one check: FAILED with the error's text, else OK with the text. */
void mst_checkup_say(struct mst_checkup *c, const char *name, const char *title,
		     const struct mst_err *err, const char *text);
/* Reports a check as SKIPPED: it needs the one with the title `broken`. */
void mst_checkup_skip(struct mst_checkup *c, const char *name,
		      const char *title, const char *broken);
bool mst_checkup_cancelled(const struct mst_checkup *c);
/* Looks at the way to address number i. *broken_r: the title of the check that
 * failed, else NULL. */
int mst_checkup_look_at_way(struct mst_checkup *c, size_t i,
			    const char **broken_r, struct mst_err *err);
/* The checks that the connector brings; broken: the title of the check that
 * all of them would need, NULL: there is none, or c->gone tells. */
int mst_checkup_own(struct mst_checkup *c, const char *broken,
		    struct mst_err *err);

/* ---- source.c ------------------------------------------------------------ */

/* All checks of a source connection, in their order. */
int mst_checkup_source(struct mst_checkup *c, struct mst_err *err);

/* ---- folder.c ------------------------------------------------------------ */

/* Those of a connection that reads a folder: the folder, and each list in it
 * that a job takes. */
void mst_checkup_folder(struct mst_checkup *c);

/* ---- recver.c ------------------------------------------------------------ */

/* Where RecVer of the source connection is, and as whom it would be made.
 * MST_E_INVALID: an administrator where there is no server. */
int mst_checkup_recver_open(struct mst_checkup *c, struct mst_err *err);
/* Its checks; what they find is no error. */
int mst_checkup_recver(struct mst_checkup *c, struct mst_err *err);
/* What setup would make, as one fix; false: nothing. */
bool mst_checkup_recver_plan(struct mst_checkup *c, struct mst_check_fix *out);
/* Makes it and looks again. A step that failed is a check, not an error. */
int mst_checkup_recver_make(struct mst_checkup *c, struct mst_err *err);

#endif
