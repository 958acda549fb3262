/* SPDX-License-Identifier: Apache-2.0
 *
 * muster recver stats: how much is remembered, of a job's destination or of all
 * of a connection.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "cli/recver.h"
#include "sync/store_show.h"

static void head(struct mst_buf *out)
{
	(void)mst_buf_addf(out, "%-24s %9s %10s %12s %7s %8s\n", "record set",
			   "groups", "members", "bytes", "dirty", "pending");
}

static void row(struct mst_buf *out, const char *set,
		const struct mst_recver_stats *st)
{
	(void)mst_buf_addf(out,
			   "%-24s %9" PRIu64 " %10" PRIu64 " %12" PRIu64
			   " %7" PRIu64 " %8" PRIu64 "\n",
			   set, st->groups, st->members, st->bytes, st->dirty,
			   st->pending);
}

/* ---- of a job ------------------------------------------------------------ */

static int stats(struct mst_session *s, struct mst_buf *out,
		 struct mst_err *err)
{
	const struct mst_catalog *c = s->job.catalog;
	struct mst_jout j;
	int rc = 0;

	mst_jout_init(&j, out);
	if (cli.json)
		mst_jout_obj(&j);
	else
		head(out);
	for (size_t i = 0; i < c->sets_n && rc == 0; i++) {
		struct mst_recver_stats st = {0};

		rc = s->recver->ops->stats(s->recver, s->job.conf.destination,
					   c->sets[i].name, &st, err);
		if (rc == 0 && cli.json) {
			mst_jout_key(&j, c->sets[i].name);
			mst_jout_obj(&j);
			mst_store_stats_json(&st, &j);
			mst_jout_end_obj(&j);
		} else if (rc == 0) {
			row(out, c->sets[i].name, &st);
		}
	}
	if (cli.json)
		mst_jout_end_obj(&j);
	return rc;
}

static int of_job(struct mst_state *state, const char *job, struct mst_buf *out,
		  struct mst_err *err)
{
	struct mst_run_conf conf = {.job = job};
	struct mst_session *s = mst_alloc(sizeof(*s));
	int rc = mst_session_open(s, state, &conf, false, err);

	if (rc == 0)
		rc = stats(s, out, err);
	(void)mst_session_close(s, rc < 0 ? err : NULL);
	free(s);
	return rc;
}

/* ---- of a connection ----------------------------------------------------- */

static void print_text(const struct mst_store_held *h, struct mst_buf *out)
{
	if (!h->n)
		(void)mst_buf_adds(out, "nothing was delivered yet\n");
	for (size_t i = 0; i < h->n; i++) {
		const struct mst_store_target *t = &h->targets[i];

		(void)mst_buf_addf(out, "%sto %s%s", i ? "\n" : "", t->name,
				   t->jobs[0] ? " by" : "");
		for (size_t k = 0; t->jobs[k]; k++)
			(void)mst_buf_addf(out, " %s", t->jobs[k]);
		(void)mst_buf_addc(out, '\n');
		head(out);
		for (size_t k = 0; k < t->sets_n; k++)
			row(out, t->sets[k].name, &t->sets[k].stats);
	}
}

static int of_connection(struct mst_state *state, const char *name,
			 struct mst_arena *arena, struct mst_buf *out,
			 struct mst_err *err)
{
	struct mst_connection c;
	struct mst_store_held h;
	struct mst_jout j;
	int rc = recver_source(state, name, arena, &c, err);

	if (rc == 0)
		rc = mst_store_held(state, &c, arena, &h, err);
	if (rc < 0)
		return rc;
	if (!cli.json) {
		print_text(&h, out);
		return 0;
	}
	mst_jout_init(&j, out);
	mst_jout_obj(&j);
	mst_store_place_json(state, &c, arena, &j);
	mst_jout_ki64(&j, "bytes", (int64_t)h.bytes);
	mst_store_targets_json(&h, &j);
	mst_jout_end_obj(&j);
	return 0;
}

int recver_stats(struct mst_state *state, const char *name, struct mst_err *err)
{
	struct mst_buf out = MST_BUF_INIT(16u << 20);
	struct mst_arena arena;
	int rc;

	mst_arena_init(&arena, MST_MAX_ARENA);
	rc = recver_is_job(state, name, &arena)
		 ? of_job(state, name, &out, err)
		 : of_connection(state, name, &arena, &out, err);
	if (rc == 0) {
		if (cli.json)
			(void)mst_buf_addc(&out, '\n');
		cli_print(&out);
	}
	mst_buf_fini(&out);
	mst_arena_fini(&arena);
	return rc;
}
