/* SPDX-License-Identifier: Apache-2.0
 *
 * muster recver copy: a RecVer from one store to another.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/audit.h"
#include "cli/recver.h"
#include "sync/store.h"

struct copying {
	struct mst_state *state;
	struct mst_arena arena;
	struct recver_place from, to;
	const char *source, *type; /* the connection that it is the RecVer of */
	struct mst_recver *r_from, *r_to;
};

static bool same_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

static bool is_same(const struct recver_place *a, const struct recver_place *b)
{
	return strcmp(a->conf.type, b->conf.type) == 0 &&
	       same_text(a->conf.path, b->conf.path) &&
	       same_text(a->conf.server, b->conf.server) &&
	       same_text(a->conf.database, b->conf.database);
}

static int resolve(struct copying *c, const char *from, const char *to,
		   struct mst_err *err)
{
	int rc = recver_place_get(c->state, from, &c->arena, &c->from, err);

	if (rc == 0)
		rc = recver_place_get(c->state, to, &c->arena, &c->to, err);
	if (rc < 0)
		return rc;
	if (!c->from.source && !c->to.source)
		return mst_err_set(err, MST_E_INVALID,
				   "whose RecVer is it? one of the two must be "
				   "the name of a source connection");
	c->source = c->from.source ? c->from.source : c->to.source;
	c->type = c->from.source ? c->from.type : c->to.type;
	recver_place_fill(c->state, &c->from, c->source, &c->arena);
	recver_place_fill(c->state, &c->to, c->source, &c->arena);
	if (is_same(&c->from, &c->to))
		return mst_err_set(err, MST_E_INVALID,
				   "'%s' and '%s' are the same store: %s", from,
				   to, recver_place_name(&c->to, &c->arena));
	return 0;
}

/* What is there goes, unless nobody would miss it. */
static int consent(struct copying *c, const struct recver_opts *o,
		   struct mst_err *err)
{
	struct mst_recver_contents has;
	const char *question;
	bool ask;
	int rc;

	if (!o->force)
		return 0;
	rc = mst_recver_contents(c->r_to, &has, err);
	if (rc < 0)
		return rc;
	ask = has.targets_n > 0 && !mst_recver_is_unfinished(&has) && !o->yes;
	question = mst_arena_printf(
	    &c->arena,
	    "%s holds what was delivered to %s%s: it will be emptied.",
	    recver_place_name(&c->to, &c->arena),
	    has.targets_n ? has.targets[0] : "nobody",
	    has.targets_n > 1 ? " and others" : "");
	mst_recver_contents_fini(&has);
	if (ask && !recver_agreed(question))
		return mst_err_set(err, MST_E_CANCELLED, "nothing was copied");
	return 0;
}

static void tell(void *ctx, const char *stage, const char *set, uint64_t done,
		 uint64_t total)
{
	const struct mst_progress_now now = {
	    .stage = stage, .what = set, .done = done, .total = total};

	(void)ctx;
	mst_progress_tell(cli_progress(), &now);
}

static void report(struct copying *c, const struct mst_recver_copy_sum *sum)
{
	const char *name = recver_place_name(&c->to, &c->arena);
	bool done = c->to.source && strcmp(c->to.source, c->source) == 0;
	struct mst_buf out = MST_BUF_INIT(1u << 20);

	(void)mst_buf_addf(
	    &out,
	    "RecVer of '%s' is copied to %s, and both are equal: %" PRIu64
	    " record sets, %" PRIu64 " groups, %" PRIu64 " members\n",
	    c->source, name, sum->sets, sum->groups, sum->members);
	if (done) {
		(void)mst_buf_addf(&out,
				   "connection '%s' has it from the next run "
				   "on\n",
				   c->source);
	} else {
		(void)mst_buf_adds(&out,
				   "put these lines into the connection in the "
				   "place of its recver, and apply them before "
				   "the next run:\n\n");
		recver_place_lines(&c->to, c->source, c->type, &out);
	}
	cli_print(&out);
	mst_buf_fini(&out);
}

static void report_json(struct copying *c,
			const struct mst_recver_copy_sum *sum)
{
	struct mst_buf out = MST_BUF_INIT(1u << 20);
	struct mst_jout j;

	mst_jout_init(&j, &out);
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "connection", c->source);
	mst_jout_ki64(&j, "destinations", (int64_t)sum->targets);
	mst_jout_ki64(&j, "record_sets", (int64_t)sum->sets);
	mst_jout_ki64(&j, "groups", (int64_t)sum->groups);
	mst_jout_ki64(&j, "members", (int64_t)sum->members);
	mst_jout_key(&j, "recver");
	mst_jout_obj(&j);
	for (size_t i = 0; i < c->to.values_n; i++)
		mst_jout_kstr(&j, c->to.values[i].key + strlen("recver."),
			      c->to.values[i].texts[0]);
	mst_jout_end_obj(&j);
	mst_jout_end_obj(&j);
	(void)mst_buf_addc(&out, '\n');
	cli_print(&out);
	mst_buf_fini(&out);
}

static int copy(struct copying *c, const struct recver_opts *o,
		struct mst_err *err)
{
	struct mst_recver_copy_sum sum;
	const struct mst_recver_copy how = {
	    .from = c->r_from,
	    .to = c->r_to,
	    .name = recver_place_name(&c->from, &c->arena),
	    .force = o->force,
	    .cancel = &cli_cancel,
	    .progress = tell,
	    .ctx = c,
	};
	int rc = consent(c, o, err);

	if (rc == 0)
		rc = mst_recver_copy(&how, &sum, err);
	cli_progress_end();
	if (rc == 0 && cli.json)
		report_json(c, &sum);
	else if (rc == 0)
		report(c, &sum);
	return rc;
}

int recver_copy(struct mst_state *state, const char *from, const char *to,
		const struct recver_opts *o, struct mst_err *err)
{
	struct copying c = {.state = state};
	int rc;

	mst_arena_init(&c.arena, MST_MAX_ARENA);
	rc = resolve(&c, from, to, err);
	if (rc == 0)
		rc = mst_store_open(state, c.source, &c.from.conf, false,
				    &c.r_from, err);
	if (rc == 0)
		rc = mst_store_open_any(state, c.source, &c.to.conf, true,
					&c.r_to, err);
	if (rc == 0)
		rc = copy(&c, o, err);
	if (rc == 0)
		rc = cli_audit(state, "copy", "recver", c.source, to, err);
	if (c.r_to)
		c.r_to->ops->close(&c.r_to);
	if (c.r_from)
		c.r_from->ops->close(&c.r_from);
	mst_arena_fini(&c.arena);
	return rc;
}
