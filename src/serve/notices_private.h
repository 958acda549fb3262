/* SPDX-License-Identifier: Apache-2.0
 *
 * One look at what a person must be told.
 */
#ifndef MST_SERVE_NOTICES_PRIVATE_H
#define MST_SERVE_NOTICES_PRIVATE_H

#include <stdarg.h>

#include "base/arena.h"
#include "base/map.h"
#include "serve/notices.h"
#include "json/json.h"

struct on {
	char *words; /* level, blank, text */
	bool seen;
};

struct judging {
	const struct mst_notices_conf *c;
	struct mst_json_parser *parser;
	struct mst_arena arena;
	struct mst_map on; /* kind and about → struct on */
};

int mst_judging_begin(struct judging *g, const struct mst_notices_conf *c,
		      struct mst_err *err);
void mst_judging_end(struct judging *g);
int mst_judging_on(struct judging *g, const char *kind, const char *about,
		   const char *level, struct mst_err *err, const char *fmt, ...)
    MST_PRINTF(6, 7);
/* Those of a kind that are on and were not judged so again are over; about
 * NULL: of anything. */
int mst_judging_sweep(struct judging *g, const char *kind, const char *about,
		      struct mst_err *err);

/* notices_jobs.c */
int mst_judge_jobs(struct judging *g, struct mst_err *err);
int mst_judge_busy(struct judging *g, struct mst_err *err);

#endif
