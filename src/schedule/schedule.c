/* SPDX-License-Identifier: Apache-2.0
 *
 * The next time of a job.
 */
#include "schedule/schedule.h"

#include <stdio.h>

#include "base/hash.h"
#include "base/time.h"

/* A daemon that was restarted, or busy, has missed nothing. */
#define LATE_US (INT64_C(120) * 1000000)

static enum mst_schedule_kind kind_of(const struct mst_schedule_text *t)
{
	if (t->cron)
		return MST_SCHEDULE_CRON;
	if (t->every_ms)
		return MST_SCHEDULE_EVERY;
	return t->after ? MST_SCHEDULE_AFTER : MST_SCHEDULE_NONE;
}

/* "+01:00" is no name: it knows no summer. */
static int get_zone(const char *name, struct mst_zone **z_r,
		    struct mst_err *err)
{
	if (!name || !*name) {
		mst_zone_local(z_r);
		return 0;
	}
	if (!strchr("+-0123456789", name[0]) &&
	    mst_zone_find(name, z_r, err) == 0)
		return 0;
	return mst_err_set(err, MST_E_INVALID,
			   "there is no time zone '%.64s': wanted is an IANA "
			   "name such as Europe/Berlin or UTC",
			   name);
}

static int make(const struct mst_schedule_text *t, struct mst_schedule *s,
		const char **key_r, struct mst_err *err)
{
	*key_r = "time_zone";
	if (get_zone(t->time_zone, &s->zone, err) < 0)
		return -(int)err->code;
	*key_r = "cron";
	if (t->cron &&
	    mst_cron_parse(mst_slice_str(t->cron), &s->cron, err) < 0)
		return -(int)err->code;
	*key_r = "windows";
	if (t->windows_n > MST_WINDOWS_MAX)
		return mst_err_set(err, MST_E_INVALID,
				   "%zu windows are too many: at most %d",
				   t->windows_n, MST_WINDOWS_MAX);
	for (size_t i = 0; i < t->windows_n; i++) {
		if (mst_window_parse(mst_slice_str(t->windows[i]),
				     &s->windows[i], err) < 0)
			return -(int)err->code;
		s->windows_n++;
	}
	return 0;
}

int mst_schedule_make(const struct mst_schedule_text *t,
		      struct mst_schedule *s_r, const char **key_r,
		      struct mst_err *err)
{
	struct mst_schedule s = {.kind = kind_of(t),
				 .every_us = t->every_ms * 1000,
				 .jitter_us = t->jitter_ms * 1000,
				 .missed = t->missed,
				 .seed = mst_hash64(t->job, strlen(t->job), 0)};
	const char *key = NULL;

	if (make(t, &s, &key, err) < 0) {
		mst_schedule_fini(&s);
		*key_r = key;
		return -(int)err->code;
	}
	*s_r = s;
	return 0;
}

void mst_schedule_fini(struct mst_schedule *s)
{
	mst_zone_free(&s->zone);
	*s = (struct mst_schedule){.kind = MST_SCHEDULE_NONE};
}

/* Of one time: the same on every node. */
static int64_t with_jitter(const struct mst_schedule *s, int64_t us)
{
	if (s->jitter_us <= 0)
		return us;
	return us + (int64_t)(mst_hash64(&us, sizeof(us), s->seed) %
			      (uint64_t)s->jitter_us);
}

static int64_t in_window(const struct mst_schedule *s, int64_t us)
{
	return mst_window_begin(s->windows, s->windows_n, s->zone, us);
}

static int64_t next_cron(const struct mst_schedule *s, int64_t after_us)
{
	/* One whose jitter has not come yet may be before. */
	int64_t at = after_us - s->jitter_us;

	for (;;) {
		int64_t due;

		at = mst_cron_next(&s->cron, s->zone, at);
		if (at == MST_TIME_NONE)
			return MST_TIME_NONE;
		due = in_window(s, with_jitter(s, at));
		if (due == MST_TIME_NONE || due > after_us)
			return due;
	}
}

static int64_t next_every(const struct mst_schedule *s, int64_t after_us,
			  int64_t last_us)
{
	int64_t at;

	if (last_us == MST_TIME_NONE)
		return in_window(s, after_us);
	at = last_us + s->every_us;
	if (s->missed == MST_MISSED_SKIP && at < after_us - LATE_US)
		at += (after_us - at + s->every_us - 1) / s->every_us *
		      s->every_us;
	return in_window(s, with_jitter(s, at));
}

int64_t mst_schedule_next(const struct mst_schedule *s, int64_t after_us,
			  int64_t last_us)
{
	switch (s->kind) {
	case MST_SCHEDULE_CRON:
		return next_cron(s, after_us);
	case MST_SCHEDULE_EVERY:
		return next_every(s, after_us, last_us);
	case MST_SCHEDULE_NONE:
	case MST_SCHEDULE_AFTER:
		break;
	}
	return MST_TIME_NONE;
}

bool mst_schedule_runs(const struct mst_schedule *s, int64_t due_us,
		       int64_t now_us)
{
	return s->missed == MST_MISSED_ONCE || now_us - due_us <= LATE_US;
}

int64_t mst_schedule_may(const struct mst_schedule *s, int64_t now_us)
{
	return in_window(s, now_us);
}

int64_t mst_schedule_until(const struct mst_schedule *s, int64_t now_us)
{
	return mst_window_end(s->windows, s->windows_n, s->zone, now_us);
}

static void add(char *out, size_t out_n, const char *between, const char *text)
{
	size_t n = strlen(out);

	(void)snprintf(out + n, out_n - n, "%s%s", n ? between : "", text);
}

static void say_every(int64_t ms, char *out, size_t out_n)
{
	static const struct {
		int64_t ms;
		const char *one, *many;
	} units[] = {{86400000, "day", "days"},
		     {3600000, "hour", "hours"},
		     {60000, "minute", "minutes"},
		     {1000, "second", "seconds"}};

	for (size_t i = 0; i < MST_LEN(units); i++) {
		if (ms % units[i].ms)
			continue;
		if (ms == units[i].ms)
			(void)snprintf(out, out_n, "every %s", units[i].one);
		else
			(void)snprintf(out, out_n, "every %lld %s",
				       (long long)(ms / units[i].ms),
				       units[i].many);
		return;
	}
	(void)snprintf(out, out_n, "every %lld ms", (long long)ms);
}

void mst_schedule_say(const struct mst_schedule_text *t, char *out,
		      size_t out_n)
{
	char first[160] = "";

	if (t->cron)
		mst_cron_text(mst_slice_str(t->cron), first, sizeof(first));
	else if (t->every_ms)
		say_every(t->every_ms, first, sizeof(first));
	else if (t->after)
		(void)snprintf(first, sizeof(first), "after job %s", t->after);
	(void)snprintf(out, out_n, "%s", first);
	if (t->cron && t->time_zone)
		add(out, out_n, ", ", t->time_zone);
	for (size_t i = 0; i < t->windows_n; i++)
		add(out, out_n, i ? " and " : ", only ", t->windows[i]);
}
