/* SPDX-License-Identifier: Apache-2.0
 *
 * muster run: one execution of a job.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "cli/audit.h"
#include "cli/cli.h"
#include "cli/planfile.h"
#include "cli/worker.h"

static const struct cli_command run_cmd = {
    "run", "JOB",
    "Reads the source, finds what changed, writes exactly that to the "
    "destination.\nA run with nothing changed writes nothing. Interrupting is "
    "safe at any time.",
    cmd_run};

static void print_text(const struct mst_session *s, enum mst_run_status status,
		       double seconds)
{
	struct mst_buf out = MST_BUF_INIT(1u << 20);

	cli_counts_head(&out);
	for (size_t i = 0; i < s->delta.sets_n; i++) {
		size_t at = s->delta.order[i];

		if (s->delta.sets[at].selected)
			cli_counts_row(&out, s->delta.sets[at].set->name,
				       &s->counts[at]);
	}
	(void)mst_buf_addf(&out,
			   "run %lld: %s, %llu written, %llu refused, %.1f s\n",
			   (long long)s->run, mst_run_status_name(status),
			   (unsigned long long)s->push.applied,
			   (unsigned long long)s->push.refused, seconds);
	cli_print(&out);
	mst_buf_fini(&out);
}

static void print_json(const struct mst_session *s, enum mst_run_status status,
		       double seconds, const struct mst_err *err)
{
	struct mst_buf out = MST_BUF_INIT(1u << 20);
	struct mst_jout j;

	mst_jout_init(&j, &out);
	mst_jout_obj(&j);
	mst_jout_ki64(&j, "run", s->run);
	mst_jout_kstr(&j, "job", s->conf.job);
	mst_jout_kstr(&j, "status", mst_run_status_name(status));
	if (err->code)
		mst_jout_kstr(&j, "error", err->msg);
	mst_jout_ki64(&j, "writes", (int64_t)s->push.applied);
	mst_jout_ki64(&j, "refused", (int64_t)s->push.refused);
	mst_jout_kdbl(&j, "seconds", seconds);
	mst_jout_key(&j, "record_sets");
	mst_jout_obj(&j);
	for (size_t i = 0; i < s->delta.sets_n; i++) {
		size_t at = s->delta.order[i];

		if (!s->delta.sets[at].selected)
			continue;
		mst_jout_key(&j, s->delta.sets[at].set->name);
		cli_counts_json(&j, &s->counts[at]);
	}
	mst_jout_end_obj(&j);
	mst_jout_end_obj(&j);
	(void)mst_buf_addc(&out, '\n');
	cli_print(&out);
	mst_buf_fini(&out);
}

static int exit_of(enum mst_run_status status, const struct mst_err *err)
{
	switch (status) {
	case MST_RUN_OK:
		return CLI_OK;
	case MST_RUN_PARTIAL:
		return CLI_PARTIAL;
	case MST_RUN_GUARD:
		return CLI_GUARD;
	case MST_RUN_CANCELLED:
		return CLI_CANCELLED;
	case MST_RUN_FAILED:
	case MST_RUN_RUNNING:
	case MST_RUN_DEAD:
		break;
	}
	return cli_status(err);
}

int cli_run(struct mst_state *state, const struct mst_run_conf *conf)
{
	struct mst_session *s = mst_alloc(sizeof(*s));
	struct mst_err err = MST_ERR_INIT;
	enum mst_run_status status;
	int64_t from = mst_mono_us();
	double seconds;
	int rc, code;

	rc = mst_session_open(s, state, conf, true, &err);
	cli_worker_run(s->run);
	if (rc == 0)
		rc = mst_session_read(s, &err);
	if (rc == 0)
		rc = mst_session_compare(s, &err);
	if (rc == 0)
		rc = mst_session_push(s, &err);
	cli_progress_end();
	seconds = (double)(mst_mono_us() - from) / 1e6;
	/* Printing needs the sets, which closing takes away. */
	status = mst_session_status(s, rc < 0 ? &err : NULL);
	if (s->run && cli.json)
		print_json(s, status, seconds, &err);
	else if (s->run && s->delta.sets_n)
		print_text(s, status, seconds);
	(void)mst_session_close(s, rc < 0 ? &err : NULL);
	code = rc < 0 ? cli_fail(&err) : exit_of(status, &err);
	free(s);
	return code;
}

/* What is asked for is in the audit before it begins. */
static int audit(struct mst_state *state, const struct mst_run_conf *conf,
		 struct mst_err *err)
{
	struct mst_buf yaml = MST_BUF_INIT(MST_MAX_CONF);
	bool found = false;
	int rc = mst_state_find(state, "job", conf->job, &yaml, &found, err);

	mst_buf_fini(&yaml);
	if (rc < 0 || !found)
		return rc;
	return cli_audit(state, conf->approve ? "run --approve" : "run", "job",
			 conf->job, conf->full ? "full" : conf->one, err);
}

int cmd_run(int argc, char **argv)
{
	struct mst_run_conf conf = {.cancel = &cli_cancel};
	const char *plan = NULL, *sets = NULL;
	const struct cli_opt opts[] = {
	    {"plan", "FILE", "write exactly this saved plan, or refuse", NULL,
	     &plan, NULL},
	    {"full", NULL, "send every record, changed or not", &conf.full,
	     NULL, NULL},
	    {"approve", NULL, "the guard does not hold anything back",
	     &conf.approve, NULL, NULL},
	    {"record", "ID",
	     "only this device or app (id or name), and what hangs on it; "
	     "marks nothing missing",
	     NULL, &conf.one, NULL},
	    {"device", "ID", "the same", NULL, &conf.one, NULL},
	    {"record-set", "A,B", "only these record sets", NULL, &sets, NULL},
	    {"limit", "N", "at most N devices or apps; marks nothing missing",
	     NULL, NULL, &conf.limit},
	    {0},
	};
	struct mst_err err = MST_ERR_INIT;
	struct mst_state *state = NULL;
	struct mst_arena arena;
	struct mst_hash sum;
	int status;

	if (!cli_parse(&run_cmd, opts, &argc, &argv, 1, 1, &status))
		return status;
	mst_arena_init(&arena, 1u << 20);
	conf.job = argv[0];
	conf.progress = cli_progress();
	if (sets)
		cli_split(sets, &arena, &conf.record_sets);
	if (plan) {
		if (cli_plan_read(plan, &conf, &sum, &arena, &err) < 0) {
			mst_arena_fini(&arena);
			return cli_fail(&err);
		}
		conf.plan = &sum;
	}
	if (cli_open_state(&state, &err) < 0 || audit(state, &conf, &err) < 0)
		status = cli_fail(&err);
	else
		status = cli_run(state, &conf);
	mst_state_close(&state);
	mst_arena_fini(&arena);
	return status;
}
