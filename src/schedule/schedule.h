/* SPDX-License-Identifier: Apache-2.0
 *
 * When a job is due: a cron expression, an interval, or the end of another job;
 * in windows, with a jitter. Pure: the caller brings the clock and knows what
 * ran.
 */
#ifndef MST_SCHEDULE_SCHEDULE_H
#define MST_SCHEDULE_SCHEDULE_H

#include "schedule/cron.h"
#include "schedule/window.h"

#define MST_WINDOWS_MAX 32

enum mst_schedule_kind {
	MST_SCHEDULE_NONE, /* only when somebody asks */
	MST_SCHEDULE_CRON,
	MST_SCHEDULE_EVERY,
	MST_SCHEDULE_AFTER /* the caller knows when */
};

enum mst_missed { MST_MISSED_ONCE, MST_MISSED_SKIP };

struct mst_schedule {
	enum mst_schedule_kind kind;
	struct mst_cron cron;
	int64_t every_us;
	struct mst_zone *zone;
	struct mst_window windows[MST_WINDOWS_MAX];
	size_t windows_n;
	int64_t jitter_us;
	enum mst_missed missed;
	uint64_t seed; /* of the jitter: a hash of the job's name */
};

/* What it is made of, as texts; NULL or 0: not given. */
struct mst_schedule_text {
	const char *job;
	const char *cron;
	int64_t every_ms;
	const char *after;
	const char *time_zone;
	const char *const *windows;
	size_t windows_n;
	int64_t jitter_ms;
	enum mst_missed missed;
};

/* key_r: what is wrong: "cron", "windows" …. End
 * with mst_schedule_fini. */
int mst_schedule_make(const struct mst_schedule_text *t,
		      struct mst_schedule *s_r, const char **key_r,
		      struct mst_err *err);
void mst_schedule_fini(struct mst_schedule *s);

/* The first time that is due behind after_us. last_us: when the last run began,
 * or MST_TIME_NONE; an interval is counted from it, and what comes of it may
 * lie before after_us: the run is late already. One that never ran is due at
 * after_us. MST_TIME_NONE: never, or nobody can say (AFTER). */
int64_t mst_schedule_next(const struct mst_schedule *s, int64_t after_us,
			  int64_t last_us);
/* It was due then and it is now: is it to run (once, late or not), or was it
 * missed and is left out? */
bool mst_schedule_runs(const struct mst_schedule *s, int64_t due_us,
		       int64_t now_us);
/* When a run that somebody asks for now may begin: now, or when the next window
 * does. */
int64_t mst_schedule_may(const struct mst_schedule *s, int64_t now_us);
/* When a run that goes on now must stop; MST_TIME_NONE: no window ends. */
int64_t mst_schedule_until(const struct mst_schedule *s, int64_t now_us);
/* For people: "every day at 02:00, Europe/Berlin". */
void mst_schedule_say(const struct mst_schedule_text *t, char *out,
		      size_t out_n);

#endif
