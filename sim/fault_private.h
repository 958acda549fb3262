/* SPDX-License-Identifier: Apache-2.0
 *
 * Between fault.c (which request) and fault_body.c (what happens to the
 * answer).
 */
#ifndef MST_SIM_FAULT_PRIVATE_H
#define MST_SIM_FAULT_PRIVATE_H

#include "sim/fault.h"

#define MAX_FAULTS 64

struct fault {
	uint64_t id;
	enum sim_fault_kind kind;
	int host; /* -1: any */
	char method[12], path[256];
	uint64_t nth, count; /* count 0: no end */
	double probability;
	uint64_t random; /* state of its generator */
	int status, retry_after, delay_ms;
	int64_t skew_s;
	uint64_t matched, hits;
};

struct sim_faults {
	struct fault v[MAX_FAULTS];
	size_t n;
	uint64_t ids;
	struct mst_json_parser *json;
	/* the last list of each host, for REPEAT_PAGE */
	struct mst_buf last[MST_SIM__HOSTS];
};

/* A hibernating instance's page. */
void sim_fault_html(struct sim_reply *reply);

#endif
