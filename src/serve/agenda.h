/* SPDX-License-Identifier: Apache-2.0
 *
 * All jobs with what makes them due: schedules as they are configured, and the
 * rows that say when each is next (state/task.h). Several nodes have one each
 * and the rows in common: a row is moved on by one of them only. One owner, one
 * thread.
 */
#ifndef MST_SERVE_AGENDA_H
#define MST_SERVE_AGENDA_H

#include "schedule/schedule.h"
#include "state/task.h"

struct mst_agenda;

struct mst_agenda_job { /* lent until the next refresh */
	const char *name, *source, *destination;
	/* How many runs may use each at once; 0: any number. */
	int64_t source_runs, destination_runs;
	const struct mst_schedule *schedule;
	const char *after;   /* the job that it comes after, or NULL */
	const char *problem; /* why it cannot run; NULL: it can */
	bool prod, paused;
	int64_t due_us; /* MST_TIME_NONE: nobody can say */
};

/* state is borrowed. look: nothing is written, rows that are missing are made
 * up; for showing alone. */
struct mst_agenda *mst_agenda_new(struct mst_state *state, bool look);
void mst_agenda_free(struct mst_agenda **a);

/* Reads what changed: jobs and connections when the configuration did, the rows
 * always. Jobs that are new, or whose schedule is another one, get a row. */
int mst_agenda_refresh(struct mst_agenda *a, int64_t now_us,
		       struct mst_err *err);
/* When the next job is due that is not paused; MST_TIME_NONE. */
int64_t mst_agenda_next(const struct mst_agenda *a);
size_t mst_agenda_count(const struct mst_agenda *a);
/* NULL: there is none of this name. */
const struct mst_agenda_job *mst_agenda_job(const struct mst_agenda *a,
					    const char *name);
/* In order of their names. */
void mst_agenda_jobs(const struct mst_agenda *a,
		     void (*fn)(void *ctx, const struct mst_agenda_job *j),
		     void *ctx);

enum mst_agenda_say {
	MST_AGENDA_RUN,	 /* *t_r is put, when no other node was first */
	MST_AGENDA_SKIP, /* it runs already: this time is left out */
	MST_AGENDA_LATER /* asked again with the next look */
};

struct mst_agenda_ops {
	/* The job is due. t_r: filled but for argv; may stay as it is when the
	 * caller runs the job itself (own). */
	enum mst_agenda_say (*due)(void *ctx, const struct mst_agenda_job *j,
				   struct mst_task *t_r);
	/* Its row was moved on by us. May be NULL. */
	void (*won)(void *ctx, const struct mst_agenda_job *j, int64_t due_us);
	bool own; /* no task is made */
};

/* Every job that is due now, and, with `after`, those whose job before them
 * has ended well. */
int mst_agenda_due(struct mst_agenda *a, int64_t now_us, bool after,
		   const struct mst_agenda_ops *ops, void *ctx,
		   struct mst_err *err);

/* The next times of a job by its schedule alone, at most n; returns how many.
 */
size_t mst_agenda_times(const struct mst_agenda_job *j, int64_t now_us,
			int64_t *v, size_t n);

#endif
