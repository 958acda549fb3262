/* SPDX-License-Identifier: Apache-2.0
 *
 * muster undo: takes the writes of a run back.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/num.h"
#include "cli/audit.h"
#include "cli/cli.h"
#include "cli/worker.h"
#include "sync/undo.h"

static const struct cli_command undo_cmd = {
    "undo", "RUN",
    "Takes the writes of a run back: changed records get their values again, "
    "records that it\nmade are removed (configuration items: retired), deleted "
    "ones are made again. Shows what\nit would do and asks first. What others "
    "changed since stays as it is. Exit status 3 when\nsomething stays.",
    cmd_undo};

#define SHOWN 50

static void cut_text(struct mst_buf *out, struct mst_slice s)
{
	size_t n = MST_MIN(s.n, (size_t)60);

	while (n < s.n && n > 0 && ((unsigned char)s.p[n] & 0xc0) == 0x80)
		n--;
	for (size_t i = 0; i < n; i++)
		(void)mst_buf_addc(out,
				   (unsigned char)s.p[i] < ' ' ? ' ' : s.p[i]);
	if (n < s.n)
		(void)mst_buf_adds(out, "…");
	if (s.n == 0)
		(void)mst_buf_adds(out, "(empty)");
}

static void show_item(struct mst_buf *out, const struct mst_undo_item *it)
{
	char hex[33];

	mst_sysid_hex(&it->id, hex);
	(void)mst_buf_addf(out, "%-10s %-22s %.*s  %s%s%s\n",
			   mst_undo_kind_name(it->kind), it->set->name,
			   MST_SLICE_ARG(it->group), hex, it->why ? ": " : "",
			   it->why ? it->why : "");
	for (size_t i = 0; i < it->columns_n && it->kind == MST_UNDO_RESTORE;
	     i++) {
		(void)mst_buf_addf(out, "    %-26s ", it->columns[i].name);
		cut_text(out, it->columns[i].now);
		(void)mst_buf_adds(out, " -> ");
		cut_text(out, it->columns[i].then);
		(void)mst_buf_addc(out, '\n');
	}
}

static uint64_t to_write(const struct mst_undo *u)
{
	return u->counts[MST_UNDO_RESTORE] + u->counts[MST_UNDO_REMOVE] +
	       u->counts[MST_UNDO_RETIRE] + u->counts[MST_UNDO_MAKE];
}

/* What an undo leaves behind, whatever it does. */
static void show_limits(struct mst_buf *out, const struct mst_undo *u)
{
	bool stays = false;

	for (size_t i = 0; i < u->items_n; i++)
		stays = stays || (u->items[i].made &&
				  u->items[i].kind == MST_UNDO_NOTHING &&
				  u->items[i].set->missing == MST_MISSING_KEEP);
	if (u->counts[MST_UNDO_RETIRE])
		(void)mst_buf_adds(out, "Configuration items that the run made "
					"are retired, not deleted: what others "
					"hung on them stays.\n");
	if (stays || u->counts[MST_UNDO_RETIRE])
		(void)mst_buf_adds(out, "Companies, models and CVE definitions "
					"that it made stay.\n");
	if (!u->dead && !u->whole)
		(void)mst_buf_addf(
		    out,
		    "The journal of run %lld is not whole: records may be "
		    "missing in this list.\n",
		    (long long)u->run);
	if (u->dead)
		(void)mst_buf_addf(
		    out,
		    "Run %lld did not end: what it sent last and got no "
		    "answer for is not in this list; the next run of the "
		    "job looks for it.\n",
		    (long long)u->run);
}

static void show_sum(struct mst_buf *out, const struct mst_undo *u)
{
	(void)mst_buf_addf(out, "run %lld of job %s:", (long long)u->run,
			   u->session.job.name);
	for (int k = 0; k <= MST_UNDO_REFUSED; k++)
		(void)mst_buf_addf(out, "%s %llu %s", k ? "," : "",
				   (unsigned long long)u->counts[k],
				   mst_undo_kind_name((enum mst_undo_kind)k));
	(void)mst_buf_addc(out, '\n');
}

static void show(const struct mst_undo *u, bool all)
{
	struct mst_buf out = MST_BUF_INIT(1u << 30);
	size_t shown = 0, left = 0;

	for (size_t i = 0; i < u->items_n; i++) {
		if (u->items[i].kind == MST_UNDO_NOTHING && !all)
			continue;
		if (shown >= SHOWN && !all) {
			left++;
			continue;
		}
		show_item(&out, &u->items[i]);
		shown++;
	}
	if (left)
		(void)mst_buf_addf(&out, "… and %zu more (--all)\n", left);
	show_sum(&out, u);
	show_limits(&out, u);
	cli_print(&out);
	mst_buf_fini(&out);
}

static void item_json(struct mst_jout *j, const struct mst_undo_item *it)
{
	char hex[33];

	mst_sysid_hex(&it->id, hex);
	mst_jout_obj(j);
	mst_jout_kstr(j, "action", mst_undo_kind_name(it->kind));
	mst_jout_kstr(j, "record_set", it->set->name);
	mst_jout_kslice(j, "group", it->group);
	mst_jout_kslice(j, "table", it->table);
	mst_jout_kstr(j, "sys_id", hex);
	mst_jout_kbool(j, "done", it->done);
	if (it->why)
		mst_jout_kstr(j, "why", it->why);
	mst_jout_key(j, "columns");
	mst_jout_arr(j);
	for (size_t i = 0; i < it->columns_n; i++) {
		mst_jout_obj(j);
		mst_jout_kstr(j, "column", it->columns[i].name);
		mst_jout_kslice(j, "now", it->columns[i].now);
		mst_jout_kslice(j, "then", it->columns[i].then);
		mst_jout_end_obj(j);
	}
	mst_jout_end_arr(j);
	mst_jout_end_obj(j);
}

static void print_json(const struct mst_undo *u)
{
	struct mst_buf out = MST_BUF_INIT(1u << 30);
	struct mst_jout j;

	mst_jout_init(&j, &out);
	mst_jout_obj(&j);
	mst_jout_ki64(&j, "run", u->run);
	mst_jout_kstr(&j, "job", u->session.job.name);
	mst_jout_kbool(&j, "ended", !u->dead);
	mst_jout_kbool(&j, "whole", u->whole);
	mst_jout_ki64(&j, "undone", (int64_t)u->done);
	mst_jout_ki64(&j, "to_undo", (int64_t)(to_write(u) - u->done));
	mst_jout_ki64(&j, "refused", (int64_t)u->counts[MST_UNDO_REFUSED]);
	mst_jout_key(&j, "records");
	mst_jout_arr(&j);
	for (size_t i = 0; i < u->items_n; i++)
		item_json(&j, &u->items[i]);
	mst_jout_end_arr(&j);
	mst_jout_end_obj(&j);
	(void)mst_buf_addc(&out, '\n');
	cli_print(&out);
	mst_buf_fini(&out);
}

static bool agreed(void)
{
	char answer[16];

	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
		(void)fprintf(stderr, "muster: nothing was written; to do it, "
				      "run again with --yes\n");
		return false;
	}
	(void)fprintf(stderr, "Write this? The next run of the job will look "
			      "at these records again. [y/N] ");
	return fgets(answer, sizeof(answer), stdin) &&
	       (answer[0] == 'y' || answer[0] == 'Y');
}

static int undo(struct mst_undo *u, bool yes, bool all, struct mst_err *err)
{
	char run[24];
	int rc;

	if (!cli.json)
		show(u, all);
	if (to_write(u) == 0 || !(yes || agreed())) {
		if (cli.json)
			print_json(u);
		return 0;
	}
	(void)snprintf(run, sizeof(run), "%lld", (long long)u->run);
	rc = cli_audit(u->session.state, "undo", "run", run, NULL, err);
	if (rc == 0)
		rc = mst_undo_run(u, err);
	cli_worker_run(u->session.run);
	if (cli.json)
		print_json(u);
	else
		(void)fprintf(stderr,
			      "muster: run %lld: %llu records undone "
			      "of run %lld\n",
			      (long long)u->session.run,
			      (unsigned long long)u->done, (long long)u->run);
	return rc;
}

int cmd_undo(int argc, char **argv)
{
	bool yes = false, all = false;
	const struct cli_opt opts[] = {
	    {"yes", NULL, "do not ask", &yes, NULL, NULL},
	    {"all", NULL, "show every record", &all, NULL, NULL},
	    {0},
	};
	struct mst_err err = MST_ERR_INIT;
	struct mst_state *state = NULL;
	struct mst_undo *u;
	uint64_t run = 0;
	int status, rc;

	if (!cli_parse(&undo_cmd, opts, &argc, &argv, 1, 1, &status))
		return status;
	if (!mst_num_u64(mst_slice_str(argv[0]), &run) || run > INT64_MAX) {
		(void)fprintf(stderr,
			      "muster: '%s' is no number of a run; "
			      "`muster runs` lists them\n",
			      argv[0]);
		return CLI_USAGE;
	}
	u = mst_alloc(sizeof(*u));
	rc = cli_open_state(&state, &err);
	if (rc == 0) {
		rc = mst_undo_open(u, state, (int64_t)run, &cli_cancel, &err);
		if (rc == 0)
			rc = undo(u, yes, all, &err);
		status = u->counts[MST_UNDO_REFUSED] ? CLI_PARTIAL : CLI_OK;
		mst_undo_close(u, rc < 0 ? &err : NULL);
	}
	free(u);
	mst_state_close(&state);
	return rc < 0 ? cli_fail(&err) : status;
}
