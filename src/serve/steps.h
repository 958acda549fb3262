/* SPDX-License-Identifier: Apache-2.0
 *
 * What a worker did so far, stage by stage: who begins to watch in the middle
 * of a run sees what was before.
 */
#ifndef MST_SERVE_STEPS_H
#define MST_SERVE_STEPS_H

#include "base/defs.h"
#include "json/out.h"

/* Stages times record sets of the largest job, and more. */
#define MST_STEPS 48

struct mst_step {
	char stage[64], what[96];
	int64_t done, total, requests;
	bool bytes, end;
};

struct mst_steps {
	struct mst_step v[MST_STEPS];
	int64_t began_us[MST_STEPS], us[MST_STEPS]; /* mono; how long */
	size_t n;
};

/* The step that is told now, by stage and what; the one before has ended.
 * Returns how long it has taken, in µs. What there is no room for is left out.
 */
int64_t mst_steps_take(struct mst_steps *s, const struct mst_step *now,
		       int64_t mono_us);
/* All, as an array of api.md's steps. */
void mst_steps_json(const struct mst_steps *s, struct mst_jout *j);

#endif
