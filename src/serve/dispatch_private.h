/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the dispatch share.
 */
#ifndef MST_SERVE_DISPATCH_PRIVATE_H
#define MST_SERVE_DISPATCH_PRIVATE_H

#include "base/limits.h"
#include "serve/busy.h"
#include "serve/dispatch.h"
#include "serve/steps.h"
#include "serve/words.h"
#include "serve/worker.h"
#include "json/json.h"

/* Why a worker was told to stop. */
enum doing_why { DOING_GOES_ON, DOING_CANCELLED, DOING_DAEMON, DOING_WINDOW };

struct doing { /* one task that runs here */
	struct doing *next;
	struct mst_dispatch *d;
	struct mst_worker *worker; /* NULL: it has ended */
	struct mst_words words;
	int64_t id;
	char *kind, *job, *argv, *files, *asked_by, *asked_via;
	bool repeat;
	int64_t tries; /* that found its job busy */
	bool lost;     /* its lease: another process may have gone past it */
	char topic[32];

	/* what it printed */
	int out_fd;
	uint64_t out_n;
	bool cut; /* more than is kept */
	struct mst_buf log;
	struct mst_buf echo; /* of the log: a line that is not whole yet */
	char tail[2][4];     /* of a character that is cut, by log */
	size_t tail_n[2];

	/* what it told */
	int64_t run;
	char *error;
	struct mst_buf progress;
	struct mst_steps steps;

	enum doing_why why;
	int64_t stop_us; /* when it was told first */
	int stops;
	int64_t until_us; /* its window's end, MST_TIME_NONE */

	int status, sig; /* once it has ended */
};

struct mst_dispatch {
	struct mst_dispatch_conf conf;
	struct doing *doing;
	size_t running;
	bool ended, stopping;
	int64_t stop_us; /* when it was told first */
	struct mst_json_parser *parser;
	struct mst_buf text; /* of the event that is being told */
};

/* dispatch_told.c */
extern const struct mst_worker_ops mst_doing_ops;
/* Its new state, to whoever watches all of them. */
void mst_doing_tell(struct doing *w, enum mst_task_state state);

/* dispatch_end.c: writes its end. 0: it is done with; else it is tried again.
 */
int mst_doing_finish(struct doing *w, int64_t now_us, struct mst_err *err);
void mst_doing_free(struct doing *w);

/* dispatch_fit.c: may it begin now? */
#define FITTING_WAITS 32 /* told at a time */
struct fitting_wait {
	int64_t id, tries;
	char job[MST_MAX_NAME + 1];
	char what[2 * MST_MAX_NAME + 64]; /* "task 7 of the same job" */
	int64_t until_us;		  /* MST_TIME_NONE: nobody knows */
};
struct fitting {
	const struct mst_dispatch *d;
	int64_t now_us;
	/* Those that do not fit and do not say so yet. */
	struct fitting_wait waits[FITTING_WAITS];
	size_t waits_n;
	struct fitting_task {
		int64_t id;
		char *job;
		bool report;
	} * v; /* that run, on any node */
	size_t n, cap;
};
int mst_fitting_begin(struct fitting *f, struct mst_dispatch *d, int64_t now_us,
		      struct mst_err *err);
void mst_fitting_end(struct fitting *f);
void mst_fitting_add(struct fitting *f, const struct mst_task *t);
/* Of one that does not: f->waits has what it waits for. */
bool mst_fitting_fits(struct fitting *f, const struct mst_task *t);
/* To the state store. */
int mst_fitting_tell(struct fitting *f, struct mst_err *err);
/* Does it still, now that others may have begun at the same time? */
bool mst_fitting_held(const struct fitting *f, const struct doing *w);

#endif
