/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the agenda share.
 */
#ifndef MST_SERVE_AGENDA_PRIVATE_H
#define MST_SERVE_AGENDA_PRIVATE_H

#include "base/map.h"
#include "serve/agenda.h"
#include "sync/job_schedule.h"

#define MST_HEAP_OUT SIZE_MAX

struct agenda_job {
	struct mst_agenda_job v;
	struct mst_arena arena; /* of its texts */
	struct mst_schedule schedule;
	uint64_t text;	/* hash of its item and of its connections */
	uint64_t basis; /* of what its row was worked out from */
	int64_t last_due_us;
	bool has_row, seen, paused_here;
	size_t at; /* in the heap, or MST_HEAP_OUT */
};

struct mst_agenda {
	struct mst_state *state;
	bool look;
	int64_t version; /* of the configuration that was read; -1: none */
	struct agenda_job **v;
	size_t n, cap;
	struct mst_map by_name;
	struct agenda_job **heap;
	size_t heap_n, heap_cap;
};

/* agenda_heap.c */
void mst_heap_put(struct mst_agenda *a, struct agenda_job *j);
void mst_heap_del(struct mst_agenda *a, struct agenda_job *j);

/* agenda_read.c: jobs as they are configured now. */
int mst_agenda_read(struct mst_agenda *a, struct mst_err *err);
void mst_agenda_job_free(struct agenda_job *j);

#endif
