/* SPDX-License-Identifier: Apache-2.0
 *
 * muster runs: history; and the table of counts that other commands print too.
 */
#include <stdio.h>

#include "base/num.h"
#include "base/time.h"
#include "cli/cli.h"
#include "sync/journal.h"
#include "sync/run_show.h"

static const struct cli_command runs_cmd = {
    "runs", "[ID]",
    "Lists past runs, newest first, or shows one with its counts per record "
    "set,\nits refused and skipped records and the proof of its reads.",
    cmd_runs};

void cli_counts_head(struct mst_buf *out)
{
	(void)mst_buf_addf(
	    out, "%-22s %8s %7s %8s %8s %7s %9s %8s %8s %8s %8s\n",
	    "record set", "read", "new", "changed", "retired", "closed",
	    "unchanged", "refused", "skipped", "requests", "seconds");
}

void cli_counts_row(struct mst_buf *out, const char *set,
		    const struct mst_run_counts *c)
{
	(void)mst_buf_addf(
	    out,
	    "%-22s %8llu %7llu %8llu %8llu %7llu %9llu %8llu %8llu %8llu "
	    "%8.1f\n",
	    set, (unsigned long long)c->read, (unsigned long long)c->new_,
	    (unsigned long long)(c->changed + c->reopened),
	    (unsigned long long)(c->retired + c->deleted),
	    (unsigned long long)c->closed, (unsigned long long)c->unchanged,
	    (unsigned long long)c->refused, (unsigned long long)c->skipped,
	    (unsigned long long)c->requests, (double)c->us / 1e6);
}

void cli_counts_json(struct mst_jout *j, const struct mst_run_counts *c)
{
	mst_jout_obj(j);
	mst_run_counts_json(j, c);
	mst_jout_kdbl(j, "seconds", (double)c->us / 1e6);
	mst_jout_end_obj(j);
}

struct printing {
	const struct mst_state *state;
	struct mst_buf out;
	struct mst_jout j;
	bool json;
	size_t n;
};

static double seconds_of(const struct mst_run *r)
{
	return r->ended_us == MST_TIME_NONE
		   ? 0
		   : (double)(r->ended_us - r->started_us) / 1e6;
}

static void run_json(struct printing *p, const struct mst_run *r)
{
	int64_t undo_of = mst_journal_undo_of(p->state, r->id);
	struct mst_jout *j = &p->j;
	char at[21];

	mst_time_iso(r->started_us, at);
	mst_jout_ki64(j, "run", r->id);
	mst_jout_kstr(j, "job", r->job);
	mst_jout_kstr(j, "started", at);
	mst_jout_kdbl(j, "seconds", seconds_of(r));
	mst_jout_kstr(j, "status", mst_run_status_name(r->status));
	mst_jout_kstr(j, "error", r->error);
	mst_jout_ki64(j, "read", (int64_t)r->read);
	mst_jout_ki64(j, "writes", (int64_t)r->writes);
	mst_jout_ki64(j, "requests", (int64_t)r->requests);
	if (undo_of)
		mst_jout_ki64(j, "undo_of", undo_of);
}

static int list_run(void *ctx, const struct mst_run *r)
{
	struct printing *p = ctx;
	char at[21];
	int64_t undo_of;

	p->n++;
	if (p->json) {
		mst_jout_obj(&p->j);
		run_json(p, r);
		mst_jout_end_obj(&p->j);
		return 0;
	}
	mst_time_iso(r->started_us, at);
	undo_of = mst_journal_undo_of(p->state, r->id);
	(void)mst_buf_addf(
	    &p->out,
	    "%6lld  %-16s %s %8.1f s  %-9s %9llu read %8llu written%s%s",
	    (long long)r->id, r->job, at, seconds_of(r),
	    mst_run_status_name(r->status), (unsigned long long)r->read,
	    (unsigned long long)r->writes, *r->error ? "  " : "", r->error);
	if (undo_of)
		(void)mst_buf_addf(&p->out, "  took run %lld back",
				   (long long)undo_of);
	(void)mst_buf_addc(&p->out, '\n');
	return 0;
}

static int show_run(void *ctx, const struct mst_run *r)
{
	struct printing *p = ctx;

	p->n++;
	if (p->json) {
		run_json(p, r);
		mst_jout_key(&p->j, "proof");
		mst_jout_raw(&p->j, mst_slice_str(*r->proof ? r->proof : "{}"));
		return 0;
	}
	(void)list_run(ctx, r);
	(void)mst_buf_addf(&p->out, "proof of the reads: %s\n\n", r->proof);
	return 0;
}

static int show_set(void *ctx, const char *set, const struct mst_run_counts *c)
{
	struct printing *p = ctx;

	if (p->json) {
		mst_jout_key(&p->j, set);
		cli_counts_json(&p->j, c);
	} else {
		cli_counts_row(&p->out, set, c);
	}
	return 0;
}

static int show_item(void *ctx, const struct mst_run_item *i)
{
	struct printing *p = ctx;

	if (p->json) {
		mst_jout_obj(&p->j);
		mst_jout_kstr(&p->j, "record_set", i->set);
		mst_jout_kstr(&p->j, "key", i->key);
		mst_jout_kstr(&p->j, "what", i->what);
		mst_jout_kstr(&p->j, "reason", i->reason);
		mst_jout_kstr(&p->j, "request_id", i->request_id);
		mst_jout_end_obj(&p->j);
	} else {
		(void)mst_buf_addf(&p->out, "%-8s %-22s %s: %s%s%s\n", i->what,
				   i->set, i->key, i->reason,
				   *i->request_id ? "  request " : "",
				   i->request_id);
	}
	return 0;
}

static int show(struct mst_state *state, int64_t id, uint64_t items,
		struct printing *p, struct mst_err *err)
{
	if (p->json)
		mst_jout_obj(&p->j);
	if (mst_state_run(state, id, show_run, p, err) < 0)
		return -(int)err->code;
	if (p->json) {
		mst_jout_key(&p->j, "record_sets");
		mst_jout_obj(&p->j);
	} else {
		cli_counts_head(&p->out);
	}
	if (mst_state_run_sets(state, id, show_set, p, err) < 0)
		return -(int)err->code;
	if (p->json) {
		mst_jout_end_obj(&p->j);
		mst_jout_key(&p->j, "items");
		mst_jout_arr(&p->j);
	} else {
		(void)mst_buf_addc(&p->out, '\n');
	}
	if (mst_state_run_items(state, id,
				&(struct mst_item_filter){.n = items},
				show_item, p, err) < 0)
		return -(int)err->code;
	if (p->json) {
		mst_jout_end_arr(&p->j);
		mst_jout_end_obj(&p->j);
	}
	return 0;
}

int cmd_runs(int argc, char **argv)
{
	const char *job = NULL;
	uint64_t count = 20, items = 100;
	const struct cli_opt opts[] = {
	    {"job", "JOB", "only runs of this job", NULL, &job, NULL},
	    {"count", "N", "how many (20)", NULL, NULL, &count},
	    {"items", "N", "refused and skipped records to show (100)", NULL,
	     NULL, &items},
	    {0},
	};
	struct printing p = {.out = MST_BUF_INIT(256u << 20)};
	struct mst_err err = MST_ERR_INIT;
	struct mst_state *state = NULL;
	int64_t id = 0;
	int status, rc;

	if (!cli_parse(&runs_cmd, opts, &argc, &argv, 0, 1, &status))
		return status;
	if (argc == 1 && !mst_num_i64(mst_slice_str(argv[0]), &id)) {
		(void)fprintf(stderr, "muster: '%s' is no run number\n",
			      argv[0]);
		return CLI_USAGE;
	}
	p.json = cli.json;
	mst_jout_init(&p.j, &p.out);
	rc = cli_open_state(&state, &err);
	p.state = state;
	if (rc == 0 && argc == 1) {
		rc = show(state, id, items, &p, &err);
	} else if (rc == 0) {
		if (p.json)
			mst_jout_arr(&p.j);
		rc = mst_state_runs(state,
				    &(struct mst_run_filter){
					.job = job, .status = -1, .n = count},
				    list_run, &p, &err);
		if (p.json)
			mst_jout_end_arr(&p.j);
	}
	if (p.json)
		(void)mst_buf_addc(&p.out, '\n');
	if (rc >= 0)
		cli_print(&p.out);
	mst_buf_fini(&p.out);
	mst_state_close(&state);
	return rc < 0 ? cli_fail(&err) : CLI_OK;
}
