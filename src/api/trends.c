/* SPDX-License-Identifier: Apache-2.0
 *
 * What the first page draws over time: open CVEs, changes a day.
 */
#include "api/trends.h"

#include <stdio.h>

#include "base/limits.h"
#include "base/time.h"
#include "state/days.h"
#include "state/task.h"

#define DAY_US 86400000000LL
#define DAYS   30
#define POINTS 90 /* of a day each, as a rule */
#define CVES   "open_cves."

/* ---- open CVEs ----------------------------------------------------------- */

enum severity { CRITICAL, HIGH, MEDIUM, LOW, SEVERITIES };
static const char *const severities[] = {"critical", "high", "medium", "low"};

/* Time is cut into steps of a day; a step's last value of each job is carried
 * on until its next one. A line that began less than two days ago, of which the
 * state store still has every point, has shorter steps: else it would be one
 * point for a day. */
struct cves {
	double sum[POINTS + 1][SEVERITIES];
	bool some[POINTS + 1];
	int64_t first_us, step_us;
	/* of the series that is being read */
	char series[MST_MAX_NAME * 2 + 64];
	double value[POINTS + 1];
	bool there[POINTS + 1];
	int which;
};

static int oldest(void *ctx, const char *job, const char *name, int64_t at_us,
		  double value)
{
	int64_t *oldest_us = ctx;

	(void)job;
	(void)name;
	(void)value;
	*oldest_us = MST_MIN(*oldest_us, at_us);
	return 0;
}

static void cut_time(struct cves *c, int64_t oldest_us, int64_t now_us)
{
	if (oldest_us <= now_us - 2 * DAY_US) {
		c->step_us = DAY_US;
		c->first_us = (now_us / DAY_US - POINTS) * DAY_US;
		return;
	}
	c->step_us = MST_MAX((now_us - oldest_us) / POINTS, INT64_C(1000000));
	c->first_us = now_us - POINTS * c->step_us;
}

static void end_series(struct cves *c)
{
	double last = 0;
	bool any = false;

	if (c->which < 0)
		return;
	for (int i = 0; i <= POINTS; i++) {
		if (c->there[i]) {
			last = c->value[i];
			any = true;
		}
		if (any) {
			c->sum[i][c->which] += last;
			c->some[i] = true;
		}
	}
	memset(c->there, 0, sizeof(c->there));
	c->which = -1;
}

static int add_point(void *ctx, const char *job, const char *name,
		     int64_t at_us, double value)
{
	struct cves *c = ctx;
	char series[sizeof(c->series)];
	int64_t step = MST_MAX((at_us - c->first_us) / c->step_us, 0);

	(void)snprintf(series, sizeof(series), "%s/%s", job, name);
	if (strcmp(series, c->series) != 0) {
		end_series(c);
		memcpy(c->series, series, sizeof(series));
		for (int i = 0; i < SEVERITIES; i++)
			if (strcmp(name + sizeof(CVES) - 1, severities[i]) == 0)
				c->which = i;
	}
	if (step <= POINTS) {
		c->value[step] = value;
		c->there[step] = true;
	}
	return 0;
}

static void write_counts(struct mst_jout *j, const double v[SEVERITIES])
{
	for (int i = 0; i < SEVERITIES; i++)
		mst_jout_ki64(j, severities[i], (int64_t)v[i]);
}

int mst_api_cves_json(struct mst_http_req *r, struct mst_jout *j,
		      struct mst_err *err)
{
	struct cves *c = mst_arena_alloc(&r->arena, sizeof(*c));
	int64_t now_us = mst_now_us(), oldest_us = now_us;
	int64_t from_us = (now_us / DAY_US - POINTS) * DAY_US;
	int rc;

	c->which = -1;
	rc = mst_trend(mst_api_state(r), NULL, CVES, from_us, oldest,
		       &oldest_us, err);
	cut_time(c, oldest_us, now_us);
	if (rc == 0)
		rc = mst_trend(mst_api_state(r), NULL, CVES, from_us, add_point,
			       c, err);
	end_series(c);
	mst_jout_key(j, "open_cves");
	mst_jout_obj(j);
	mst_jout_key(j, "by_severity");
	mst_jout_obj(j);
	if (c->some[POINTS])
		write_counts(j, c->sum[POINTS]);
	mst_jout_end_obj(j);
	mst_jout_key(j, "over_time");
	mst_jout_arr(j);
	for (int i = 0; i <= POINTS; i++) {
		if (!c->some[i])
			continue;
		mst_jout_obj(j);
		mst_api_time(j, "at", c->first_us + i * c->step_us);
		write_counts(j, c->sum[i]);
		mst_jout_end_obj(j);
	}
	mst_jout_end_arr(j);
	mst_jout_end_obj(j);
	return rc;
}

/* ---- changes a day ------------------------------------------------------- */

struct days {
	struct mst_jout *j;
	int64_t next_us;
};

static void write_day(struct days *d, const struct mst_run_counts *c)
{
	char at[21];

	mst_time_iso(d->next_us, at);
	mst_jout_obj(d->j);
	mst_jout_kslice(d->j, "day", mst_slice(at, 10));
	mst_jout_ki64(d->j, "new", (int64_t)c->new_);
	mst_jout_ki64(d->j, "changed", (int64_t)(c->changed + c->reopened));
	mst_jout_ki64(d->j, "closed", (int64_t)c->closed);
	mst_jout_ki64(d->j, "retired", (int64_t)(c->retired + c->deleted));
	mst_jout_ki64(d->j, "refused", (int64_t)c->refused);
	mst_jout_end_obj(d->j);
	d->next_us += DAY_US;
}

/* Days on which nothing ran are there, too. */
static int add_day(void *ctx, int64_t day_us, const struct mst_run_counts *c)
{
	static const struct mst_run_counts none;
	struct days *d = ctx;

	while (d->next_us < day_us)
		write_day(d, &none);
	if (d->next_us == day_us)
		write_day(d, c);
	return 0;
}

int mst_api_days_json(struct mst_http_req *r, struct mst_jout *j,
		      struct mst_err *err)
{
	static const struct mst_run_counts none;
	int64_t today_us = mst_now_us() / DAY_US * DAY_US;
	int64_t first_us = today_us - (DAYS - 1) * DAY_US;
	struct days d = {j, first_us};
	int rc;

	mst_jout_key(j, "changes_per_day");
	mst_jout_arr(j);
	rc = mst_state_days(mst_api_state(r), first_us, add_day, &d, err);
	while (d.next_us > first_us && d.next_us <= today_us)
		write_day(&d, &none);
	mst_jout_end_arr(j);
	return rc;
}
