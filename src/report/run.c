/* SPDX-License-Identifier: Apache-2.0
 *
 * Running a report: which there are, opening the job's ends, reading tables of
 * the destination.
 */
#include <stdlib.h>

#include "base/log.h"
#include "conf/conf.h"
#include "report/report_private.h"

#define TELL_ROWS 2000

const struct mst_report_kind mst_reports[] = {
    {"coverage", "Coverage: Defender and the CMDB",
     "which devices or apps only one side has, by what the others are matched, "
     "how "
     "stale they are"},
    {"cve", "CVEs in the CMDB",
     "open ones by severity and age, reopened ones, time to remediate, the "
     "CVEs and CIs with the most"},
    {"unmatched", "What found no target",
     "records that were refused or skipped, references that are empty, with "
     "reasons"},
    {"duplicates", "CIs that look like one",
     "same serial number, MAC address or name; records that others replaced"},
    {"noise", "What causes writes",
     "the columns that made the last runs update records"},
    {NULL, NULL, NULL},
};

static int (*const makers[])(struct report *x, struct mst_err *err) = {
    report_coverage, report_cve, report_unmatched, report_duplicates,
    report_noise};

/* ---- ends ---------------------------------------------------------------- */

static void run_conf(const struct report *x, struct mst_run_conf *c_r)
{
	*c_r = (struct mst_run_conf){
	    .job = x->conf->job,
	    .full = true,
	    .look = true,
	    .progress = x->conf->progress,
	    .cancel = x->conf->cancel,
	};
}

int report_look(struct report *x, struct mst_err *err)
{
	struct mst_run_conf conf;

	run_conf(x, &conf);
	x->open = true;
	return mst_session_look(x->s, x->state, &conf, err);
}

int report_read(struct report *x, const char *const *sets, size_t n,
		struct mst_err *err)
{
	struct mst_run_conf conf;

	run_conf(x, &conf);
	if (n) { /* as long as the session */
		conf.record_sets.v = mst_arena_alloc(
		    &x->r->arena, n * sizeof(*conf.record_sets.v));
		memcpy(conf.record_sets.v, sets, n * sizeof(*sets));
		conf.record_sets.n = n;
	}
	x->open = true;
	if (mst_session_open(x->s, x->state, &conf, false, err) < 0 ||
	    mst_session_read(x->s, err) < 0 ||
	    mst_session_compare(x->s, err) < 0)
		return -(int)err->code;
	for (size_t i = 0; i < x->s->delta.sets_n; i++) {
		const struct mst_set_delta *sd = &x->s->delta.sets[i];

		if (sd->selected && !sd->proven)
			mst_report_note(x->r, true,
					"the source was not read as a whole "
					"(%s: %s)",
					sd->set->title, sd->why);
	}
	return 0;
}

/* ---- tables -------------------------------------------------------------- */

/* What a row goes through on its way to the report. */
struct passing {
	struct report *x;
	void (*row)(void *ctx, const struct mst_sysid *id,
		    const struct mst_slice *values);
	void *ctx;
	const char *table;
};

static void tell(struct report *x, const char *table, bool end)
{
	struct mst_progress_now now = {
	    .stage = "report", .what = table, .done = x->scanned, .end = end};
	struct mst_client_stats stats;

	mst_client_stats(x->s->dest_client, &stats);
	now.requests = stats.requests;
	mst_progress_tell(x->conf->progress, &now);
}

static void pass_row(void *ctx, const struct mst_sysid *id,
		     const struct mst_slice *values)
{
	struct passing *p = ctx;
	struct report *x = p->x;

	if (++x->scanned % TELL_ROWS == 0)
		tell(x, p->table, false);
	if (x->conf->cancel && atomic_load(x->conf->cancel))
		mst_client_cancel(x->s->dest_client);
	p->row(p->ctx, id, values);
}

/* How a scan ended, for the report. */
static void note_end(struct report *x, const struct mst_scan *scan,
		     const char *what)
{
	bool lacks = scan->end != MST_SCAN_ABSENT;

	if (scan->end == MST_SCAN_WHOLE || scan->end == MST_SCAN_RUNNING ||
	    (scan->what == MST_SCAN_COUNT && scan->end == MST_SCAN_REFUSED))
		return;
	mst_report_note(x->r, lacks, "%s: %s", what, scan->why);
}

static void note_columns(struct report *x, const struct mst_scan *scan,
			 const char *what)
{
	for (size_t i = 0; i < scan->columns_n; i++) {
		if (scan->missing & UINT64_C(1) << i)
			mst_report_note(x->r, true,
					"%s: the column %s of %s is not there, "
					"or the user may not read it",
					what, scan->columns[i], scan->table);
	}
}

int report_scan(struct report *x, struct mst_scan *scans, size_t n,
		const char *what, struct mst_err *err)
{
	const struct mst_dest_ops *ops = x->s->job.dest;
	struct passing *passing = mst_alloc(n * sizeof(*passing));
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		passing[i] = (struct passing){
		    .x = x,
		    .row = scans[i].row,
		    .ctx = scans[i].ctx,
		    .table = scans[i].table ? scans[i].table : "native keys",
		};
		scans[i].row = pass_row;
		scans[i].ctx = &passing[i];
		rc = ops->scan(x->s->dest, &scans[i], err);
	}
	if (rc == 0)
		rc = mst_dest_pump(ops, x->s->dest, x->s->dest_client, err);
	for (size_t i = 0; i < n && rc == 0; i++) {
		note_end(x, &scans[i], what);
		note_columns(x, &scans[i], what);
	}
	if (rc == 0)
		tell(x, what, false);
	free(passing);
	return rc;
}

/* ---- the catalogue ------------------------------------------------------- */

const struct mst_set *report_primary(const struct mst_catalog *c)
{
	for (size_t i = 0; i < c->sets_n; i++) {
		for (size_t k = 0; k < c->sets_n; k++) {
			const char *parent = c->sets[k].parent;

			if (parent && strcmp(parent, c->sets[i].name) == 0 &&
			    c->sets[i].writer == MST_WRITE_CI)
				return &c->sets[i];
		}
	}
	return NULL;
}

int report_column(const struct mst_set *set, const char *name)
{
	for (size_t i = 0; i < set->columns_n; i++) {
		if (strcmp(set->columns[i].name, name) == 0)
			return (int)i;
	}
	return -1;
}

size_t report_tables(const struct mst_set *set, const char **out, size_t max)
{
	size_t n = 0;

	if (max)
		out[n++] = set->table;
	for (size_t i = 0; i < set->classes_n && n < max; i++) {
		bool known = false;

		for (size_t k = 0; k < n; k++)
			known =
			    known || strcmp(out[k], set->classes[i].table) == 0;
		if (!known)
			out[n++] = set->classes[i].table;
	}
	return n;
}

const struct mst_report_column *
report_titled(struct mst_report *r, const struct mst_report_column *columns,
	      size_t n, size_t at, const char *title)
{
	struct mst_report_column *out =
	    mst_arena_alloc(&r->arena, n * sizeof(*out));

	memcpy(out, columns, n * sizeof(*out));
	out[at].title = mst_arena_strdup(&r->arena, title);
	return out;
}

/* ---- running ------------------------------------------------------------- */

static int no_report(const char *name, struct mst_err *err)
{
	const char *names[MST_LEN(mst_reports)];
	const char *near;
	size_t n = 0;

	for (; mst_reports[n].name; n++)
		names[n] = mst_reports[n].name;
	names[n] = NULL;
	near = mst_nearest(name, names);
	return mst_err_set(err, MST_E_NOTFOUND,
			   "there is no report '%s'%s%s%s; 'muster report "
			   "--help' names those that there are",
			   name, near ? "; did you mean '" : "",
			   near ? near : "", near ? "'?" : "");
}

int mst_report_run(struct mst_state *state, const struct mst_report_conf *conf,
		   struct mst_report *r, struct mst_err *err)
{
	struct report x = {.conf = conf, .state = state, .r = r};
	size_t i = 0;
	int rc;

	while (mst_reports[i].name &&
	       strcmp(mst_reports[i].name, conf->name) != 0)
		i++;
	*r = (struct mst_report){.name = NULL};
	if (!mst_reports[i].name)
		return no_report(conf->name, err);
	mst_report_init(r, mst_reports[i].name, mst_reports[i].title,
			conf->job);
	x.s = mst_alloc(sizeof(*x.s));
	rc = makers[i](&x, err);
	if (x.open)
		(void)mst_session_close(x.s, rc < 0 ? err : NULL);
	free(x.s);
	return rc < 0 ? rc : 0;
}
