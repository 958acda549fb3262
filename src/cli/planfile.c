/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing and reading saved plans.
 */
#include "cli/planfile.h"

#include "base/file.h"
#include "base/time.h"
#include "cli/cli.h"

#define PLAN_MAX (1u << 30)

static const char *action_of(const struct mst_plan_change *c)
{
	return (int)c->action == (int)MST_FORGET ? "forget"
						 : mst_action_name(c->action);
}

void cli_plan_counts(struct mst_jout *j, const struct mst_session *s)
{
	mst_jout_obj(j);
	for (size_t i = 0; i < s->delta.sets_n; i++) {
		const struct mst_set_delta *sd =
		    &s->delta.sets[s->delta.order[i]];

		if (!sd->selected)
			continue;
		mst_jout_key(j, sd->set->name);
		mst_jout_obj(j);
		mst_jout_ki64(j, "read", (int64_t)sd->read);
		mst_jout_ki64(j, "insert", (int64_t)sd->inserts);
		mst_jout_ki64(j, "update", (int64_t)sd->updates);
		mst_jout_ki64(j, "missing", (int64_t)sd->missing);
		mst_jout_ki64(j, "unchanged", (int64_t)sd->unchanged);
		mst_jout_ki64(j, "skipped", (int64_t)sd->skipped);
		mst_jout_kbool(j, "proven", sd->proven);
		mst_jout_kbool(j, "held", sd->held);
		mst_jout_end_obj(j);
	}
	mst_jout_end_obj(j);
}

void cli_plan_begin(struct cli_plan_writer *w, const struct mst_session *s,
		    uint64_t requests, double seconds)
{
	char hex[33], now[21];

	mst_buf_init(&w->buf, PLAN_MAX);
	mst_jout_init(&w->j, &w->buf);
	mst_hash_hex(mst_delta_sum(&s->delta), hex);
	mst_time_iso(mst_now_us(), now);
	mst_jout_obj(&w->j);
	mst_jout_ki64(&w->j, "muster_plan", 1);
	mst_jout_kstr(&w->j, "job", s->conf.job);
	mst_jout_kstr(&w->j, "sum", hex);
	mst_jout_kstr(&w->j, "made", now);
	mst_jout_kbool(&w->j, "full", s->conf.full);
	mst_jout_kstr(&w->j, "device", s->conf.one);
	mst_jout_ki64(&w->j, "limit", (int64_t)s->conf.limit);
	mst_jout_key(&w->j, "record_sets");
	mst_jout_arr(&w->j);
	for (size_t i = 0; i < s->conf.record_sets.n; i++)
		mst_jout_str(&w->j, s->conf.record_sets.v[i]);
	mst_jout_end_arr(&w->j);
	mst_jout_kbool(&w->j, "guard", s->guarded);
	mst_jout_ki64(&w->j, "requests", (int64_t)requests);
	mst_jout_kdbl(&w->j, "estimated_seconds", seconds);
	mst_jout_key(&w->j, "counts");
	cli_plan_counts(&w->j, s);
	mst_jout_key(&w->j, "changes");
	mst_jout_arr(&w->j);
}

bool cli_plan_sends(const struct mst_plan_change *c,
		    const struct mst_column *col)
{
	return !(col->flags &
		 (c->action == MST_UPDATE ? MST_COL_INSERT : MST_COL_UPDATE));
}

void cli_plan_change(struct cli_plan_writer *w, const struct mst_plan_change *c)
{
	char hex[33];

	mst_jout_obj(&w->j);
	mst_jout_kstr(&w->j, "record_set", c->set->name);
	mst_jout_kstr(&w->j, "action", action_of(c));
	mst_jout_kslice(&w->j, "key", c->key);
	if (c->set->parent)
		mst_jout_kslice(&w->j, "group", c->group);
	if (c->table.n)
		mst_jout_kslice(&w->j, "table", c->table);
	if (!mst_sysid_is_zero(&c->remote)) {
		mst_sysid_hex(&c->remote, hex);
		mst_jout_kstr(&w->j, "sys_id", hex);
	}
	if (c->held)
		mst_jout_kbool(&w->j, "held", true);
	mst_jout_key(&w->j, "fields");
	mst_jout_arr(&w->j);
	for (size_t i = 0; i < c->cells_n; i++) {
		unsigned col = c->cells[i].column;

		if (!cli_plan_sends(c, &c->set->columns[col]))
			continue;
		mst_jout_obj(&w->j);
		mst_jout_kstr(&w->j, "column", c->set->columns[col].name);
		mst_jout_key(&w->j, "before");
		if (c->before && c->before[col].p)
			mst_jout_slice(&w->j, c->before[col]);
		else
			mst_jout_null(&w->j);
		mst_jout_kslice(&w->j, "after", c->cells[i].text);
		mst_jout_end_obj(&w->j);
	}
	mst_jout_end_arr(&w->j);
	mst_jout_end_obj(&w->j);
	w->changes++;
}

void cli_plan_end(struct cli_plan_writer *w)
{
	mst_jout_end_arr(&w->j);
	mst_jout_end_obj(&w->j);
	(void)mst_buf_addc(&w->buf, '\n');
}

static void read_sets(struct mst_json root, struct mst_run_conf *conf,
		      struct mst_arena *arena)
{
	struct mst_json list = mst_json_get(root, "record_sets"), e;
	struct mst_json_iter it = mst_json_iter(list);
	size_t n = MST_MIN(mst_json_len(list), (size_t)MST_MAX_SETS);

	if (!n)
		return;
	conf->record_sets.v = mst_arena_alloc(arena, n * sizeof(char *));
	while (mst_json_next(&it, NULL, &e) && conf->record_sets.n < n)
		conf->record_sets.v[conf->record_sets.n++] =
		    mst_arena_dup(arena, mst_json_str(e)).p;
}

int cli_plan_read(const char *path, struct mst_run_conf *conf,
		  struct mst_hash *sum_r, struct mst_arena *arena,
		  struct mst_err *err)
{
	struct mst_buf buf = MST_BUF_INIT(PLAN_MAX);
	struct mst_json_parser *parser = mst_json_parser_new(PLAN_MAX);
	struct mst_json root;
	struct mst_slice device;
	int64_t version = 0, limit = 0;
	int rc = mst_file_read(path, &buf, err);

	if (rc == 0)
		rc = mst_json_parse(parser, mst_buf_slice(&buf), &root, err);
	if (rc == 0 &&
	    (!mst_json_i64(mst_json_get(root, "muster_plan"), &version) ||
	     version != 1 ||
	     !mst_hash_parse(mst_json_str(mst_json_get(root, "sum")), sum_r)))
		rc = mst_err_set(err, MST_E_INVALID,
				 "%s is not a plan that 'muster plan --out' "
				 "saved",
				 path);
	if (rc == 0 && !mst_json_is_str(mst_json_get(root, "job"), conf->job))
		rc = mst_err_set(
		    err, MST_E_INVALID,
		    "%s is a plan of job '%.*s', not of '%s'", path,
		    MST_SLICE_ARG(mst_json_str(mst_json_get(root, "job"))),
		    conf->job);
	if (rc == 0) {
		device = mst_json_str(mst_json_get(root, "device"));
		if (device.n)
			conf->one = mst_arena_dup(arena, device).p;
		(void)mst_json_bool(mst_json_get(root, "full"), &conf->full);
		if (mst_json_i64(mst_json_get(root, "limit"), &limit))
			conf->limit = (uint64_t)limit;
		read_sets(root, conf, arena);
	}
	mst_json_parser_free(&parser);
	mst_buf_fini(&buf);
	return rc;
}
