/* SPDX-License-Identifier: Apache-2.0
 *
 * Points of open CVEs.
 */
#include "serve/trends.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "json/json.h"
#include "json/out.h"

#define S_US	  INT64_C(1000000)
#define HOUR_US	  (3600 * S_US)
#define REPORT	  "report"
#define REPORT_OF "cve"
#define CVES	  "open_cves."

/* ---- wanting ------------------------------------------------------------- */

struct newest {
	int64_t at_us;
	int64_t n; /* numbers of a day; a point has four at most */
};

/* After a run that wrote, a point is wanted when the last one is so old: a line
 * that begins is seen soon, one that goes on has some fifty points a day. */
static int64_t pause_us(const struct newest *n)
{
	return MST_MIN(n->n * 10 * S_US, HOUR_US);
}

static int take_point(void *ctx, const char *job, const char *name,
		      int64_t at_us, double value)
{
	struct newest *n = ctx;

	(void)job;
	(void)name;
	(void)value;
	n->at_us = MST_MAX(n->at_us, at_us);
	n->n++;
	return 0;
}

struct delivers {
	bool cves;
	uint64_t writes;
};

static int take_set(void *ctx, const char *set, const struct mst_run_counts *c)
{
	struct delivers *d = ctx;

	d->cves = d->cves || strcmp(set, "device_vulnerabilities") == 0 ||
		  strcmp(set, "ot_device_cves") == 0;
	d->writes += c->new_ + c->changed + c->closed + c->retired +
		     c->deleted + c->reopened;
	return 0;
}

static int put(struct mst_state *state, const char *job, struct mst_err *err)
{
	struct mst_buf argv = MST_BUF_INIT(4096);
	struct mst_task t = {.kind = REPORT,
			     .job = job,
			     .connection = "",
			     .files = "",
			     .state = MST_TASK_QUEUED,
			     .repeat = true,
			     .asked_by = "service",
			     .asked_via = "schedule",
			     .approved_by = "",
			     .node = "",
			     .exit_status = -1,
			     .error = "",
			     .progress = ""};
	struct mst_jout j;
	int64_t id;
	int rc;

	mst_jout_init(&j, &argv);
	mst_jout_arr(&j);
	mst_jout_str(&j, REPORT);
	mst_jout_str(&j, REPORT_OF);
	mst_jout_str(&j, job);
	mst_jout_end_arr(&j);
	t.argv = argv.p;
	rc = mst_task_put(state, &t, &id, err);
	mst_buf_fini(&argv);
	return rc;
}

int mst_trends_want(struct mst_state *state, const char *job, int64_t run,
		    int64_t now_us, struct mst_err *err)
{
	struct delivers d = {false, 0};
	struct newest n = {0, 0};

	if (!run || mst_state_run_sets(state, run, take_set, &d, err) < 0)
		return run ? -(int)err->code : 0;
	if (!d.cves)
		return 0;
	if (mst_trend(state, job, CVES, now_us - 24 * HOUR_US, take_point, &n,
		      err) < 0)
		return -(int)err->code;
	if (n.at_us > now_us - (d.writes ? pause_us(&n) : 20 * HOUR_US))
		return 0;
	return put(state, job, err);
}

/* ---- taking -------------------------------------------------------------- */

static bool is_ours(const struct mst_task *t)
{
	return strcmp(t->kind, REPORT) == 0 && *t->job &&
	       t->state == MST_TASK_DONE && t->exit_status == 0;
}

static int put_row(struct mst_state *state, const char *job,
		   struct mst_json row, int64_t now_us, struct mst_err *err)
{
	static const char *const severities[] = {"critical", "high", "medium",
						 "low"};
	struct mst_json s = mst_json_get(row, "severity");
	char name[64];
	double n;

	for (size_t i = 0; i < MST_LEN(severities); i++) {
		if (!mst_json_is_str(s, severities[i]) ||
		    !mst_json_dbl(mst_json_get(row, "open"), &n))
			continue;
		(void)snprintf(name, sizeof(name), CVES "%s", severities[i]);
		return mst_trend_put(state, job, name, now_us, n, err);
	}
	return 0;
}

static int put_rows(struct mst_state *state, const char *job,
		    struct mst_json report, int64_t now_us, struct mst_err *err)
{
	struct mst_json open =
	    mst_json_get(mst_json_get(report, "sections"), "open");
	struct mst_json_iter it = mst_json_iter(mst_json_get(open, "rows"));
	struct mst_json row;

	/* Numbers that may lack something would draw a line that nobody can
	 * explain. */
	bool complete = false;

	if (!mst_json_is_str(mst_json_get(report, "report"), REPORT_OF) ||
	    !mst_json_bool(mst_json_get(report, "complete"), &complete) ||
	    !complete)
		return 0;
	while (mst_json_next(&it, NULL, &row)) {
		if (put_row(state, job, row, now_us, err) < 0)
			return -(int)err->code;
	}
	return 0;
}

int mst_trends_take(struct mst_state *state, const struct mst_task *t,
		    int64_t now_us, struct mst_err *err)
{
	struct mst_buf out = MST_BUF_INIT(MST_TASK_OUTPUT);
	struct mst_json_parser *p;
	struct mst_err ignored = MST_ERR_INIT;
	struct mst_json report;
	int rc;

	if (!is_ours(t))
		return 0;
	p = mst_json_parser_new(MST_TASK_OUTPUT);
	rc = mst_task_output(state, t->id, false, &out, err);
	/* Another report, or one that was asked for as text. */
	if (rc == 0 &&
	    mst_json_parse(p, mst_buf_slice(&out), &report, &ignored) == 0)
		rc = put_rows(state, t->job, report, now_us, err);
	mst_json_parser_free(&p);
	mst_buf_fini(&out);
	return rc;
}
