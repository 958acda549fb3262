/* SPDX-License-Identifier: Apache-2.0
 *
 * The report "noise": which columns made the last runs update records
 * (sync/reasons.h).
 */
#include <stdio.h>

#include "sync/report_private.h"

static const struct mst_report_column columns[] = {
    {"record_set", "Record set", MST_REPORT_TEXT},
    {"column", "Column", MST_REPORT_TEXT},
    {"updates", "Updates", MST_REPORT_NUMBER},
    {"share", "Share %", MST_REPORT_NUMBER},
    {"runs", "Runs", MST_REPORT_NUMBER},
    {"looked_at", "Looked at", MST_REPORT_NUMBER},
};

static const struct mst_report_column set_columns[] = {
    {"record_set", "Record set", MST_REPORT_TEXT},
    {"updates", "Updates", MST_REPORT_NUMBER},
    {"looked_at", "Looked at", MST_REPORT_NUMBER},
    {"runs", "Runs", MST_REPORT_NUMBER},
};

struct counting {
	struct report *x;
	struct mst_report_section *sets, *columns;
	struct {
		char name[64];
		uint64_t writes, seen;
	} all[MST_MAX_SETS];
	size_t n;
};

/* All updates of a set come with the column "". */
static int take_set(void *ctx, const struct mst_field_count *f)
{
	struct counting *c = ctx;
	struct mst_report *r = c->x->r;
	const struct mst_slice v[] = {
	    mst_slice_str(f->set),
	    mst_report_num(r, f->writes),
	    mst_report_num(r, f->seen),
	    mst_report_num(r, f->runs),
	};

	if (f->column[0] || c->n == MST_MAX_SETS)
		return 0;
	(void)snprintf(c->all[c->n].name, sizeof(c->all[0].name), "%s", f->set);
	c->all[c->n].writes = f->writes;
	c->all[c->n++].seen = f->seen;
	mst_report_row(r, c->sets, v);
	if (f->seen < f->writes)
		mst_report_note(r, false,
				"%s: the columns are an estimate, from %llu of "
				"%llu updates",
				f->set, (unsigned long long)f->seen,
				(unsigned long long)f->writes);
	return 0;
}

static int take_column(void *ctx, const struct mst_field_count *f)
{
	struct counting *c = ctx;
	struct mst_report *r = c->x->r;
	uint64_t all = 0;

	if (!f->column[0])
		return 0;
	for (size_t i = 0; i < c->n; i++) {
		if (strcmp(c->all[i].name, f->set) == 0)
			all = c->all[i].writes;
	}
	const struct mst_slice v[] = {
	    mst_slice_str(f->set),
	    mst_slice_str(f->column),
	    mst_report_num(r, f->writes),
	    all ? mst_report_dec(r, 100.0 * (double)f->writes / (double)all)
		: mst_slice("", 0),
	    mst_report_num(r, f->runs),
	    mst_report_num(r, f->seen),
	};

	mst_report_row(r, c->columns, v);
	return 0;
}

int report_noise(struct report *x, struct mst_err *err)
{
	struct counting c = {.x = x};
	struct mst_job job;

	/* Only to say that there is no such job. */
	if (mst_job_load(x->state, x->conf->job, &job, err) < 0)
		return -(int)err->code;
	mst_job_fini(&job);
	x->r->main = columns;
	c.sets = MST_REPORT_TABLE(x->r, "record_sets", "Updates by record set",
				  set_columns, false);
	c.columns = MST_REPORT_TABLE(
	    x->r, "columns",
	    "Columns that were reasons; an update may have several", columns,
	    false);
	if (mst_state_fields(x->state, x->conf->job, x->conf->runs, take_set,
			     &c, err) < 0 ||
	    mst_state_fields(x->state, x->conf->job, x->conf->runs, take_column,
			     &c, err) < 0)
		return -(int)err->code;
	if (!c.sets->rows)
		mst_report_note(x->r, false,
				"no run has updated a record since reasons are "
				"noted");
	return 0;
}
