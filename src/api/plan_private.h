/* SPDX-License-Identifier: Apache-2.0
 *
 * What plan.c keeps of a plan or an undo, for plan_page.c, which shows it.
 */
#ifndef MST_API_PLAN_PRIVATE_H
#define MST_API_PLAN_PRIVATE_H

#include "api/plan.h"
#include "api/tables.h"
#include "state/task.h"

#define MST_API_PLAN_MOST  ((size_t)MST_TASK_OUTPUT + 65536)
#define MST_API_PLAN_NAMES 64u

enum mst_api_plan_kind { MST_API_PLAN, MST_API_UNDO };

struct mst_api_change_at {
	uint32_t at, n;
	uint8_t set, action; /* in names */
	bool held;
};

struct mst_api_tally {
	uint8_t set, action;
	uint64_t n, held;
};

struct mst_api_plan {
	const void *owner; /* whose tasks they are */
	int64_t task;
	enum mst_api_plan_kind kind;
	unsigned users;
	int64_t used_us;
	struct mst_buf text;
	size_t head_n;
	struct mst_api_change_at *v;
	size_t n, cap;
	char *name[MST_API_PLAN_NAMES];
	size_t names;
	struct mst_api_tally tally[256];
	size_t tallies;
	bool whole;				 /* to its end */
	int64_t requests, estimated_ms, made_us; /* of a plan */
	/* Of an undo: the run that it takes back, whether that ended and is
	 * known whole, and how many records. */
	int64_t run, undone, to_undo, refused;
	bool run_whole, run_ended;
	char *job;
};

/* Finds it, or looks it through; MST_E_CONFLICT: the task is of another kind,
 * or has not made one. put it. */
int mst_api_plan_get(struct mst_http_req *r, int64_t task,
		     enum mst_api_plan_kind kind, struct mst_api_plan **p_r,
		     struct mst_err *err);
void mst_api_plan_put(struct mst_api_plan *p);

#endif
