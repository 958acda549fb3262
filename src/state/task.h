/* SPDX-License-Identifier: Apache-2.0
 *
 * Tasks: what the service was asked to do, by whom, and what became of it; and
 * what stands around them: nodes, pauses and next times of jobs, request
 * budgets, keys of requests that may come twice. Part of the state store; the
 * same rules of threads.
 */
#ifndef MST_STATE_TASK_H
#define MST_STATE_TASK_H

#include "state/state.h"

enum mst_task_state {
	MST_TASK_WAITING, /* for a second person */
	MST_TASK_QUEUED,
	MST_TASK_RUNNING,
	MST_TASK_DONE,	 /* whatever its exit status is */
	MST_TASK_FAILED, /* did not start, or ended without a status */
	MST_TASK_CANCELLED,
	MST_TASK__MAX
};

const char *mst_task_state_name(enum mst_task_state s); /* "queued" */
bool mst_task_state_parse(struct mst_slice word, enum mst_task_state *s_r);

struct mst_task {
	int64_t id;
	const char *kind;	/* "run", "plan" … */
	const char *job;	/* "" when it is about none */
	const char *connection; /* "" likewise */
	const char *argv;	/* JSON array of texts: words of the CLI */
	/* JSON object of files that the words name as "@NAME": name to text;
	 * "" when there are none. */
	const char *files;
	enum mst_task_state state;
	bool repeat;		 /* is queued again when its node is gone */
	const char *asked_by;	 /* user's name, "schedule", "ann (token ci)" */
	const char *asked_via;	 /* "console", "api", "schedule", "cli" */
	const char *approved_by; /* "" */
	const char *node;	 /* that has it; "" */
	/* MST_TIME_NONE: not yet. not_before_us: 0 at once. */
	int64_t created_us, not_before_us, started_us, ended_us;
	int64_t run;	 /* 0: none, or not yet */
	int exit_status; /* -1: none */
	bool cancel;	 /* somebody asked for it */
	const char *error, *progress /* JSON */;
	uint64_t output_n; /* bytes that are kept */
};

/* Queues it (or MST_TASK_WAITING); id, created_us are set by the store. What
 * was not asked for by the schedule and does more than look is in the audit. */
int mst_task_put(struct mst_state *s, const struct mst_task *t, int64_t *id_r,
		 struct mst_err *err);
/* Takes the oldest queued task whose time has come and that `fits` (NULL: any)
 * for this node, and makes it RUNNING, without progress. *got_r false: there is
 * none. fn gets what was taken. Never two nodes the same. */
int mst_task_claim(struct mst_state *s, const char *node, int64_t now_us,
		   bool (*fits)(void *ctx, const struct mst_task *t),
		   int (*fn)(void *ctx, const struct mst_task *t), void *ctx,
		   bool *got_r, struct mst_err *err);
/* What one that is QUEUED waits for; of another one nothing is changed. */
int mst_task_waits(struct mst_state *s, int64_t id, const char *progress,
		   struct mst_err *err);
/* Back to QUEUED, not before then. progress: what it waits for, "" when it is
 * only put back. */
int mst_task_defer(struct mst_state *s, int64_t id, const char *node,
		   int64_t not_before_us, const char *progress,
		   struct mst_err *err);
/* Of a running task of this node; MST_E_CONFLICT when it is not (any more).
 * Members that are NULL or 0 stay. The run gets the task's number, too. */
int mst_task_tell(struct mst_state *s, int64_t id, const char *node,
		  int64_t run, const char *progress, bool *cancel_r,
		  struct mst_err *err);
/* Its end by the node that has it (id, node): state, exit_status, error; with
 * what it printed. At most MST_TASK_OUTPUT of the output is kept, and the end
 * of the log. MST_E_CONFLICT as mst_task_tell. */
#define MST_TASK_OUTPUT (64u << 20)
#define MST_TASK_LOG	(64u << 10)
int mst_task_end(struct mst_state *s, const struct mst_task *t,
		 struct mst_slice output, struct mst_slice log,
		 struct mst_err *err);
/* A queued or waiting one ends at once, a running one is marked; *state_r: what
 * it is now. */
int mst_task_cancel(struct mst_state *s, int64_t id,
		    enum mst_task_state *state_r, struct mst_err *err);
/* A waiting one may begin. */
int mst_task_approve(struct mst_state *s, int64_t id, const char *by,
		     struct mst_err *err);

struct mst_task_filter { /* NULL, -1, 0: any */
	const char *kind, *job, *connection;
	int state;	/* enum mst_task_state, or -1 */
	bool live;	/* waiting, queued and running alone */
	int64_t before; /* ids below; newest first */
	size_t n;	/* at most */
};
int mst_tasks(struct mst_state *s, const struct mst_task_filter *f,
	      int (*fn)(void *ctx, const struct mst_task *t), void *ctx,
	      struct mst_err *err);
/* MST_E_NOTFOUND. */
int mst_task(struct mst_state *s, int64_t id,
	     int (*fn)(void *ctx, const struct mst_task *t), void *ctx,
	     struct mst_err *err);
/* Appends what it printed (log: to standard error). */
int mst_task_output(struct mst_state *s, int64_t id, bool log,
		    struct mst_buf *out, struct mst_err *err);
/* What is older goes: output after days (and of all but the newest 1,000 of a
 * kind), rows and past notices after row_days. */
int mst_task_trim(struct mst_state *s, int64_t now_us, int days, int row_days,
		  struct mst_err *err);

/* ---- requests that may come twice ---------------------------------------- */

/* The key of a caller: new, or the task (or other id) of the first time.
 * body: a hash of the request; another one for the same key is
 * MST_E_CONFLICT. *first_r 0: it is new, and the caller says what became of it
 * with mst_request_key_done. MST_E_TRANSIENT: the first one has not said so yet
 * (for a minute). Keys go after 24 hours. */
int mst_request_key(struct mst_state *s, const char *caller, const char *key,
		    struct mst_hash body, int64_t now_us, int64_t *first_r,
		    struct mst_err *err);
/* id 0: nothing came of it; the key is free again. */
int mst_request_key_done(struct mst_state *s, const char *caller,
			 const char *key, int64_t id, struct mst_err *err);

/* ---- jobs as the service sees them --------------------------------------- */

struct mst_job_plan {
	const char *job;
	int64_t next_us; /* MST_TIME_NONE: not known */
	/* What next_us was worked out from (a hash of options): another one
	 * means it is to be worked out again. */
	uint64_t basis;
	int64_t last_due_us; /* of the last task made for it */
	bool paused;
	const char *by, *why; /* of the pause */
	int64_t paused_us;
};

/* All rows; a job without one was never looked at. */
int mst_job_plans(struct mst_state *s,
		  int (*fn)(void *ctx, const struct mst_job_plan *p), void *ctx,
		  struct mst_err *err);
/* Moves next_us on and queues the task, if next_us still is `was_us`: one node
 * wins. was_us MST_TIME_NONE: as of a job without a row. t NULL: only moves it.
 * due_us becomes last_due_us, and must be later than it is: what was due at a
 * time, or because something ended then, is answered once; 0 or MST_TIME_NONE
 * leaves it. *done_r false: another one did it. */
int mst_job_due(struct mst_state *s, const char *job, int64_t was_us,
		int64_t next_us, uint64_t basis, int64_t due_us,
		const struct mst_task *t, bool *done_r, struct mst_err *err);
int mst_job_pause(struct mst_state *s, const char *job, bool paused,
		  const char *by, const char *why, struct mst_err *err);

/* ---- nodes --------------------------------------------------------------- */

struct mst_node {
	const char *name, *version, *address;
	int64_t started_us, beat_us;
	bool alive; /* beat within mst_node_gone_us by the store's clock */
	int tasks;  /* running there */
};
#define MST_NODE_GONE_US 10000000
/* The same, or what $MUSTER_LEASE_MS says (at least 200): tests do not wait so
 * long. Leases are valid for as long; a fifth of it is between two beats. */
int64_t mst_node_gone_us(void);

/* Begins or goes on; MST_E_CONFLICT when another living process has the name
 * (incarnation: a random number of the process). When it begins, tasks that a
 * process of this name left behind are rescued. */
int mst_node_beat(struct mst_state *s, const char *name, uint64_t incarnation,
		  const char *version, const char *address,
		  struct mst_err *err);
int mst_node_leave(struct mst_state *s, const char *name, uint64_t incarnation,
		   struct mst_err *err);
int mst_nodes(struct mst_state *s,
	      int (*fn)(void *ctx, const struct mst_node *n), void *ctx,
	      struct mst_err *err);

struct mst_node_lease {
	const char *name; /* a job, or what else one node alone does */
	int64_t token;	  /* one higher with each that takes it */
	int64_t until_us; /* by the store's clock; it is renewed before */
	int64_t run;	  /* 0: none, or not yet */
};
/* What the processes of a node hold now, by name. Where the store is not shared
 * there are no leases. */
int mst_node_leases(struct mst_state *s, const char *node,
		    int (*fn)(void *ctx, const struct mst_node_lease *l),
		    void *ctx, struct mst_err *err);
/* Tasks of nodes that are gone: queued again or failed, by `repeat`. Returns
 * in *n_r how many. */
int mst_task_rescue(struct mst_state *s, size_t *n_r, struct mst_err *err);

/* ---- request budgets ----------------------------------------------------- */

/* Takes up to `want` requests of a connection's hour out of `per_hour`:
 * *got_r of them, 0 when it is used up; *until_us when the hour ends. */
int mst_budget_take(struct mst_state *s, const char *connection,
		    uint64_t per_hour, uint64_t want, int64_t now_us,
		    uint64_t *got_r, int64_t *until_us, struct mst_err *err);
int mst_budget_give_back(struct mst_state *s, const char *connection,
			 uint64_t n, int64_t now_us, struct mst_err *err);
int mst_budget_used(struct mst_state *s, const char *connection, int64_t now_us,
		    uint64_t *used_r, struct mst_err *err);

/* ---- what is drawn over time --------------------------------------------- */

/* One number of a job at a time: "open_cves.critical". Points older than two
 * years go; older than two days the last one of each day stays. */
int mst_trend_put(struct mst_state *s, const char *job, const char *name,
		  int64_t at_us, double value, struct mst_err *err);
int mst_trend(struct mst_state *s, const char *job, const char *prefix,
	      int64_t from_us,
	      int (*fn)(void *ctx, const char *job, const char *name,
			int64_t at_us, double value),
	      void *ctx, struct mst_err *err);

/* ---- what a person must be told ------------------------------------------ */

struct mst_notice {
	int64_t id;
	const char *kind;  /* "run_failed", "guard", "secret_expires" … */
	const char *about; /* job, connection, node … */
	const char *level; /* "warning", "error" */
	const char *text;
	int64_t since_us, told_us, over_us;
};

/* Begins (or goes on, with a new text); *fresh_r: it was not there. */
int mst_notice_on(struct mst_state *s, const char *kind, const char *about,
		  const char *level, const char *text, bool *fresh_r,
		  struct mst_err *err);
/* Is over; *was_r: it was on. */
int mst_notice_off(struct mst_state *s, const char *kind, const char *about,
		   bool *was_r, struct mst_err *err);
/* What was told counts for nothing any more: it is told again. */
int mst_notice_again(struct mst_state *s, const char *kind, const char *about,
		     struct mst_err *err);
int mst_notice_told(struct mst_state *s, int64_t id, struct mst_err *err);
/* Those that are on (all: also past ones, newest first, at most n). */
int mst_notices(struct mst_state *s, bool all, size_t n,
		int (*fn)(void *ctx, const struct mst_notice *v), void *ctx,
		struct mst_err *err);

#endif
