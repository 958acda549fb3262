/* SPDX-License-Identifier: Apache-2.0
 *
 * muster check: has anybody changed or deleted what was delivered?
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "sync/plan.h"

static const struct cli_command check_cmd = {
    "check", "JOB",
    "Reads the source and the destination and reports drift: delivered "
    "records that were\ndeleted or changed by others. Writes nothing. Exit "
    "status 7 when there is drift.",
    cmd_check};

#define SHOWN 200

struct checking {
	struct mst_buf out;
	struct mst_jout j;
	uint64_t gone, differ, most;
};

static void check_json(struct mst_jout *j, const struct mst_drift *d)
{
	char hex[33];

	mst_sysid_hex(&d->remote, hex);
	mst_jout_obj(j);
	mst_jout_kstr(j, "record_set", d->set->name);
	mst_jout_kslice(j, "key", d->key);
	mst_jout_kslice(j, "group", d->group);
	mst_jout_kstr(j, "sys_id", hex);
	mst_jout_kstr(j, "drift", d->gone ? "deleted" : "changed");
	mst_jout_key(j, "columns");
	mst_jout_arr(j);
	for (size_t i = 0; i < d->n; i++) {
		mst_jout_obj(j);
		mst_jout_kstr(j, "column", d->columns[i].column);
		mst_jout_kslice(j, "delivered", d->columns[i].want);
		mst_jout_kslice(j, "holds", d->columns[i].have);
		mst_jout_end_obj(j);
	}
	mst_jout_end_arr(j);
	mst_jout_end_obj(j);
}

static int drift(void *ctx, const struct mst_drift *d)
{
	struct checking *c = ctx;

	if (d->gone)
		c->gone++;
	else
		c->differ++;
	if (cli.json) {
		check_json(&c->j, d);
		return 0;
	}
	if (c->gone + c->differ > c->most)
		return 0;
	(void)mst_buf_addf(&c->out, "%-8s %-22s %.*s\n",
			   d->gone ? "deleted" : "changed", d->set->name,
			   MST_SLICE_ARG(d->key));
	for (size_t i = 0; i < d->n; i++)
		(void)mst_buf_addf(
		    &c->out, "    %-26s %.*s (delivered: %.*s)\n",
		    d->columns[i].column, MST_SLICE_ARG(d->columns[i].have),
		    MST_SLICE_ARG(d->columns[i].want));
	return 0;
}

static void print(struct checking *c, uint64_t checked)
{
	if (cli.json) {
		mst_jout_end_arr(&c->j);
		mst_jout_ki64(&c->j, "checked", (int64_t)checked);
		mst_jout_ki64(&c->j, "deleted", (int64_t)c->gone);
		mst_jout_ki64(&c->j, "changed", (int64_t)c->differ);
		mst_jout_end_obj(&c->j);
		(void)mst_buf_addc(&c->out, '\n');
	} else {
		(void)mst_buf_addf(&c->out,
				   "%llu delivered records looked at: %llu "
				   "deleted, %llu changed by others\n",
				   (unsigned long long)checked,
				   (unsigned long long)c->gone,
				   (unsigned long long)c->differ);
	}
	cli_print(&c->out);
}

int cmd_check(int argc, char **argv)
{
	struct mst_run_conf conf = {.cancel = &cli_cancel, .full = true};
	const char *sets = NULL;
	bool all = false;
	const struct cli_opt opts[] = {
	    {"record-set", "A,B", "only these record sets", NULL, &sets, NULL},
	    {"record", "ID", "only this device or app", NULL, &conf.one, NULL},
	    {"device", "ID", "the same", NULL, &conf.one, NULL},
	    {"all", NULL, "show every drifted record", &all, NULL, NULL},
	    {0},
	};
	struct checking c = {.out = MST_BUF_INIT(1u << 30)};
	struct mst_err err = MST_ERR_INIT;
	struct mst_state *state = NULL;
	struct mst_session *s;
	struct mst_arena arena;
	uint64_t checked = 0;
	int status, rc;

	if (!cli_parse(&check_cmd, opts, &argc, &argv, 1, 1, &status))
		return status;
	mst_arena_init(&arena, 1u << 20);
	if (sets)
		cli_split(sets, &arena, &conf.record_sets);
	conf.job = argv[0];
	conf.progress = cli_progress();
	c.most = all ? UINT64_MAX : SHOWN;
	mst_jout_init(&c.j, &c.out);
	if (cli.json) {
		mst_jout_obj(&c.j);
		mst_jout_key(&c.j, "drift");
		mst_jout_arr(&c.j);
	}
	s = mst_alloc(sizeof(*s));
	rc = cli_open_state(&state, &err);
	if (rc == 0) {
		rc = mst_session_open(s, state, &conf, false, &err);
		if (rc == 0)
			rc = mst_session_read(s, &err);
		if (rc == 0)
			rc = mst_session_compare(s, &err);
		if (rc == 0)
			rc = mst_drift_each(s, drift, &c, &checked, &err);
		(void)mst_session_close(s, rc < 0 ? &err : NULL);
	}
	cli_progress_end();
	if (rc >= 0)
		print(&c, checked);
	free(s);
	mst_buf_fini(&c.out);
	mst_state_close(&state);
	mst_arena_fini(&arena);
	if (rc < 0)
		return cli_fail(&err);
	return c.gone + c.differ ? CLI_DRIFT : CLI_OK;
}
