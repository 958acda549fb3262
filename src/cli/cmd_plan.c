/* SPDX-License-Identifier: Apache-2.0
 *
 * muster plan: what a run would write.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "cli/cli.h"
#include "cli/planfile.h"

static const struct cli_command plan_cmd = {
    "plan", "JOB",
    "Reads the source and shows what a run would write, field by field, with "
    "what the\ndestination holds now. Writes nothing. Exit status 7 when there "
    "is something to do.",
    cmd_plan};

#define SHOWN 50 /* changes in text, unless --all */

struct shower {
	struct cli_plan_writer *json;
	struct mst_buf text;
	uint64_t n, most;
	bool want_text;
};

static void one_line(struct mst_buf *out, struct mst_slice s)
{
	size_t n = MST_MIN(s.n, (size_t)70);

	for (size_t i = 0; i < n; i++)
		(void)mst_buf_addc(out,
				   (unsigned char)s.p[i] < ' ' ? ' ' : s.p[i]);
	if (n < s.n)
		(void)mst_buf_adds(out, "...");
}

static void show_fields(struct shower *w, const struct mst_plan_change *c)
{
	for (size_t i = 0; i < c->cells_n; i++) {
		unsigned col = c->cells[i].column;
		const struct mst_column *column = &c->set->columns[col];
		struct mst_slice before =
		    c->before ? c->before[col] : mst_slice(NULL, 0);

		if (c->before && mst_slice_eq(before, c->cells[i].text))
			continue;
		if (c->before && !mst_column_replaces(column, before))
			continue; /* a person has set it */
		if (!cli_plan_sends(c, column))
			continue;
		(void)mst_buf_addf(&w->text, "    %-26s ", column->name);
		if (c->before &&
		    !(column->flags & (MST_COL_REF | MST_COL_MASTER))) {
			one_line(&w->text, before);
			(void)mst_buf_adds(&w->text, before.n ? " -> " : "-> ");
		}
		one_line(&w->text, c->cells[i].text);
		(void)mst_buf_addc(&w->text, '\n');
	}
}

static int show(void *ctx, const struct mst_plan_change *c)
{
	struct shower *w = ctx;

	if (w->json)
		cli_plan_change(w->json, c);
	if (!w->want_text || ++w->n > w->most)
		return 0;
	(void)mst_buf_addf(&w->text, "%-7s %s ",
			   (int)c->action == (int)MST_FORGET
			       ? "forget"
			       : mst_action_name(c->action),
			   c->set->name);
	one_line(&w->text, c->key);
	if (c->set->parent) {
		(void)mst_buf_adds(&w->text, " of ");
		one_line(&w->text, c->group);
	}
	if (c->held)
		(void)mst_buf_adds(&w->text, "  (held back by the guard)");
	(void)mst_buf_addc(&w->text, '\n');
	show_fields(w, c);
	return 0;
}

uint64_t cli_plan_summary(const struct mst_session *s, struct mst_buf *out,
			  uint64_t requests, double seconds)
{
	uint64_t inserts = 0, updates = 0, missing = 0;

	(void)mst_buf_addf(out, "%-24s %9s %9s %9s %9s %10s %9s\n",
			   "record set", "read", "insert", "update", "missing",
			   "unchanged", "skipped");
	for (size_t i = 0; i < s->delta.sets_n; i++) {
		const struct mst_set_delta *sd =
		    &s->delta.sets[s->delta.order[i]];

		if (!sd->selected)
			continue;
		inserts += sd->inserts;
		updates += sd->updates;
		missing += sd->missing;
		(void)mst_buf_addf(out,
				   "%-24s %9llu %9llu %9llu %9llu %10llu "
				   "%9llu%s\n",
				   sd->set->name, (unsigned long long)sd->read,
				   (unsigned long long)sd->inserts,
				   (unsigned long long)sd->updates,
				   (unsigned long long)sd->missing,
				   (unsigned long long)sd->unchanged,
				   (unsigned long long)sd->skipped,
				   sd->held ? "  held by the guard" : "");
	}
	(void)mst_buf_addf(
	    out,
	    "Plan: %llu to insert, %llu to update, %llu to "
	    "retire, delete or close; about %llu requests, "
	    "%.0f s.\n",
	    (unsigned long long)inserts, (unsigned long long)updates,
	    (unsigned long long)missing, (unsigned long long)requests, seconds);
	return inserts + updates + missing;
}

double cli_plan_seconds(uint64_t requests, uint64_t asked, double took,
			unsigned workers)
{
	double each = asked > 4 ? took / (double)asked : 0.5 / workers;

	return (double)requests * each;
}

static int plan(struct mst_session *s, const char *out_file, bool all,
		uint64_t *changes_r, struct mst_err *err)
{
	struct mst_client_stats before, after;
	struct cli_plan_writer writer;
	struct shower w = {.text = MST_BUF_INIT(1u << 30)};
	struct mst_buf head = MST_BUF_INIT(1u << 20);
	int64_t from = mst_mono_us();
	uint64_t requests = mst_plan_requests(s);
	double seconds =
	    cli_plan_seconds(requests, 0, 0, s->job.dest->workers(s->dest));
	bool json = cli.json || out_file;
	int rc;

	mst_client_stats(s->dest_client, &before);
	if (json) {
		cli_plan_begin(&writer, s, requests, seconds);
		w.json = &writer;
	}
	w.want_text = !cli.json;
	w.most = all ? UINT64_MAX : SHOWN;
	rc = mst_plan_each(s, true, show, &w, err);
	mst_client_stats(s->dest_client, &after);
	seconds = cli_plan_seconds(requests, after.requests - before.requests,
				   (double)(mst_mono_us() - from) / 1e6,
				   s->job.dest->workers(s->dest));
	*changes_r = cli_plan_summary(s, &head, requests, seconds);
	if (rc == 0 && json)
		cli_plan_end(&writer);
	cli_progress_end();
	if (rc == 0 && out_file)
		rc = cli_write_file(out_file, mst_buf_slice(&writer.buf), 0600,
				    err);
	if (rc == 0 && cli.json) {
		cli_print(&writer.buf);
	} else if (rc == 0) {
		cli_print(&w.text);
		if (w.n > w.most)
			(void)printf("... and %llu more (--all shows them)\n",
				     (unsigned long long)(w.n - w.most));
		cli_print(&head);
	}
	if (json)
		mst_buf_fini(&writer.buf);
	mst_buf_fini(&w.text);
	mst_buf_fini(&head);
	return rc;
}

int cmd_plan(int argc, char **argv)
{
	struct mst_run_conf conf = {.cancel = &cli_cancel};
	const char *out_file = NULL, *sets = NULL;
	bool all = false;
	const struct cli_opt opts[] = {
	    {"out", "FILE", "save the plan for 'muster run --plan'", NULL,
	     &out_file, NULL},
	    {"all", NULL, "show every change", &all, NULL, NULL},
	    {"full", NULL, "as for run", &conf.full, NULL, NULL},
	    {"record", "ID", "as for run", NULL, &conf.one, NULL},
	    {"device", "ID", "the same", NULL, &conf.one, NULL},
	    {"record-set", "A,B", "as for run", NULL, &sets, NULL},
	    {"limit", "N", "as for run", NULL, NULL, &conf.limit},
	    {0},
	};
	struct mst_err err = MST_ERR_INIT;
	struct mst_state *state = NULL;
	struct mst_session *s;
	struct mst_arena arena;
	uint64_t changes = 0;
	int status, rc;

	if (!cli_parse(&plan_cmd, opts, &argc, &argv, 1, 1, &status))
		return status;
	mst_arena_init(&arena, 1u << 20);
	if (sets)
		cli_split(sets, &arena, &conf.record_sets);
	conf.job = argv[0];
	conf.progress = cli_progress();
	s = mst_alloc(sizeof(*s));
	rc = cli_open_state(&state, &err);
	if (rc == 0) {
		rc = mst_session_open(s, state, &conf, false, &err);
		if (rc == 0)
			rc = mst_session_read(s, &err);
		if (rc == 0)
			rc = mst_session_compare(s, &err);
		if (rc == 0)
			rc = plan(s, out_file, all, &changes, &err);
		(void)mst_session_close(s, rc < 0 ? &err : NULL);
	}
	free(s);
	mst_state_close(&state);
	mst_arena_fini(&arena);
	if (rc < 0)
		return cli_fail(&err);
	return changes ? CLI_DRIFT : CLI_OK;
}
