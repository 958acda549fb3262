/* SPDX-License-Identifier: Apache-2.0
 *
 * The push: a window of active groups, each with its changes and verdicts.
 */
#include "sync/push_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/log.h"
#include "base/time.h"
#include "sync/step.h"

#define BATCH_CHANGES 20000
#define WINDOW	      40000 /* changes that may be active */
#define COMMIT_GROUPS 128
#define RECS	      4096 /* read from the change file at once */
#define PAYLOAD_MAX   (4u << 20)
#define WAITS_MS      5000 /* shorter pauses are not told */

/* ---- sending ----- */

static void tell(struct mst_push *p)
{
	struct mst_client_stats stats;

	if (!p->p->now.stage) /* no set has anything to push */
		return;
	mst_client_stats(p->client, &stats);
	p->p->now.requests = stats.requests;
	p->p->now.waits =
	    stats.pause_ms >= WAITS_MS ? stats.pause_reason : NULL;
	p->p->now.waits_ms = stats.pause_ms;
	mst_progress_tell(p->progress, &p->p->now);
}

static int take_answer(const struct mst_dest_ops *ops, struct mst_dest *dest,
		       struct mst_client *client, struct mst_err *err)
{
	const struct mst_resp *resp;
	const struct mst_req *req;
	int rc = mst_client_wait(client, 200, &req, &resp, err);

	if (rc <= 0)
		return rc;
	rc = ops->accept(dest, req, resp, err);
	mst_client_done(client);
	mst_step();
	return rc < 0 ? rc : 0;
}

/* One turn: send what there is, or wait for an answer. 1: the destination is
 * idle. */
static int turn(const struct mst_dest_ops *ops, struct mst_dest *dest,
		struct mst_client *client, struct mst_err *err)
{
	while (mst_client_pending(client) < ops->workers(dest)) {
		struct mst_req req = {0};
		int rc = ops->next(dest, &req, err);

		if (rc < 0)
			return rc;
		if (rc == MST_DEST_IDLE)
			return 1;
		if (rc == MST_DEST_WAIT)
			break;
		mst_step();
		if (mst_client_submit(client, &req, err) < 0)
			return -(int)err->code;
	}
	if (mst_client_pending(client) == 0)
		return mst_err_set(err, MST_E_INTERNAL,
				   "the destination waits for an answer to "
				   "nothing");
	return take_answer(ops, dest, client, err);
}

/* Only that it waits is told: what it does by then is nobody's count. */
static void tell_waits(const struct mst_progress *progress, const char *what,
		       const struct mst_client *client)
{
	struct mst_client_stats stats;
	struct mst_progress_now now = {.stage = "prepare", .what = what};

	mst_client_stats(client, &stats);
	if (!progress || stats.pause_ms < WAITS_MS)
		return;
	now.requests = stats.requests;
	now.waits = stats.pause_reason;
	now.waits_ms = stats.pause_ms;
	mst_progress_tell(progress, &now);
}

int mst_dest_pump_telling(const struct mst_dest_ops *ops, struct mst_dest *dest,
			  struct mst_client *client,
			  const struct mst_progress *progress, const char *what,
			  struct mst_err *err)
{
	int rc;

	do {
		rc = turn(ops, dest, client, err);
		tell_waits(progress, what, client);
	} while (rc == 0);
	return rc < 0 ? rc : 0;
}

int mst_dest_pump(const struct mst_dest_ops *ops, struct mst_dest *dest,
		  struct mst_client *client, struct mst_err *err)
{
	return mst_dest_pump_telling(ops, dest, client, NULL, "", err);
}

/* What is under way finishes; nothing new is sent. */
void mst_push_check_cancel(struct mst_push *p)
{
	bool over = p->until_us && mst_now_us() >= p->until_us;

	if (p->p->abort || !(over || (p->cancel && atomic_load(p->cancel))))
		return;
	p->p->abort = true;
	p->p->over = over;
	mst_client_cancel(p->client);
}

int mst_push_pump(struct mst_push *p, struct mst_err *err)
{
	int rc;

	mst_push_check_cancel(p);
	rc = turn(p->p->ops, p->dest, p->client, err);

	tell(p);
	if (rc >= 0 && mst_recver_keep(p->delta->recver, err) < 0)
		return -(int)err->code;
	if (rc >= 0 && p->p->done_n >= COMMIT_GROUPS &&
	    mst_push_commit(p, err) < 0)
		return -(int)err->code;
	return rc;
}

/* ---- batches of groups ----- */

static int offer_batch(struct mst_push *p, struct mst_err *err)
{
	struct push_private *pp = p->p;
	struct mst_push_group *a;
	int rc = mst_push_begin(p, err);

	while (rc == 0 && (a = TAILQ_FIRST(&pp->batch))) {
		TAILQ_REMOVE(&pp->batch, a, link);
		rc = mst_push_offer(p, a, err);
	}
	while (rc == 0 && pp->open > WINDOW)
		rc = mst_push_pump(p, err) < 0 ? -(int)err->code : 0;
	return rc;
}

static struct mst_push_group *open_group(struct mst_push *p, uint32_t group)
{
	struct mst_push_group *a = mst_alloc(sizeof(*a));

	a->sd = p->p->sd;
	a->group = group;
	a->open = 1;
	TAILQ_INSERT_TAIL(&p->p->batch, a, link);
	return a;
}

static void add_change(struct mst_push *p, struct mst_push_group *a,
		       uint32_t *cap, const struct mst_change_rec *rec)
{
	bool missing = rec->action != MST_INSERT && rec->action != MST_UPDATE;

	if (missing && rec->action != MST_FORGET && a->sd->held) {
		a->held = true;
		return;
	}
	if (a->n == *cap) {
		*cap = *cap ? *cap * 2 : 8;
		a->v = mst_realloc(a->v, *cap * sizeof(*a->v));
	}
	a->v[a->n++] = (struct mst_push_change){.rec = *rec, .group = a};
	a->open++;
	p->p->open++;
}

/* The rounds of a push. Rows without a key of their own (links) of groups that
 * are gone are deleted first: a group that takes over the same parent record
 * (a re-imaged device) would else adopt a row that is about to go. Parents are
 * retired last, behind their children's changes. */
enum round { ROUND_GONE, ROUND_MAIN, ROUND_LAST };

static bool in_round(const struct mst_set_delta *sd,
		     const struct mst_change_rec *rec, enum round round)
{
	bool upsert = rec->action == MST_INSERT || rec->action == MST_UPDATE;
	bool gone = sd->set->writer == MST_WRITE_LINK &&
		    !(sd->groups.v[rec->group].flags & MST_G_SEEN);

	if (!sd->set->parent)
		return round == (upsert ? ROUND_MAIN : ROUND_LAST);
	return round == (gone ? ROUND_GONE : ROUND_MAIN);
}

static int push_groups(struct mst_push *p, enum round round,
		       struct mst_err *err)
{
	struct push_private *pp = p->p;
	struct mst_change_rec *recs = mst_alloc(RECS * sizeof(*recs));
	struct mst_push_group *a = NULL;
	uint64_t at = 0, batch_changes = 0;
	uint32_t cap = 0;
	size_t n = 0, groups = 0;
	int rc = 0;

	do {
		rc = mst_changes_get(&pp->sd->changes, at, recs, RECS, &n, err);
		at += n;
		for (size_t i = 0; i < n && rc == 0 && !pp->abort; i++) {
			if (!in_round(pp->sd, &recs[i], round) ||
			    (round == ROUND_LAST && pp->sd->held &&
			     recs[i].action != MST_FORGET))
				continue;
			if (!a || a->group != recs[i].group) {
				if (groups == MST_PUSH_BATCH ||
				    batch_changes >= BATCH_CHANGES) {
					rc = offer_batch(p, err);
					groups = batch_changes = 0;
					if (rc < 0 || pp->abort)
						break;
				}
				a = open_group(p, recs[i].group);
				cap = 0;
				groups++;
			}
			add_change(p, a, &cap, &recs[i]);
			batch_changes++;
		}
	} while (rc == 0 && n == RECS && !pp->abort);
	if (rc == 0 && groups && !pp->abort)
		rc = offer_batch(p, err);
	free(recs);
	return rc;
}

/* On an error or cancellation: groups that never started are as they were. */
static void drop_batch(struct mst_push *p)
{
	struct mst_push_group *a;

	while ((a = TAILQ_FIRST(&p->p->batch))) {
		TAILQ_REMOVE(&p->p->batch, a, link);
		p->p->open -= a->n;
		mst_push_group_free(a);
	}
}

/* Groups that the push ends without all of their verdicts: what has none was
 * not delivered as far as we know; the next run looks it up first. */
static void land(struct mst_push *p)
{
	struct mst_push_group *a;

	while ((a = TAILQ_FIRST(&p->p->flying))) {
		for (uint32_t i = 0; i < a->n; i++) {
			if (a->v[i].done)
				continue;
			a->v[i].unknown = true;
			p->p->open--;
		}
		a->bad = a->unsure = true;
		a->open = 1;
		mst_push_leave(p, a);
	}
}

/* The table of a record that is not shown any more. Where the rules choose a
 * class by the record it is not known (the destination asks); where a setting
 * chooses the table, an empty record tells. */
static void find_missing_table(struct mst_push *p)
{
	const struct mst_catalog *c = p->delta->job->catalog;
	const struct mst_set *set = p->p->sd->set;
	struct mst_rules *rules = p->p->rules;
	struct mst_value none[MST_MAX_FIELDS];
	struct mst_slice table;

	p->p->missing_table = mst_slice(NULL, 0);
	if (set->writer == MST_WRITE_CI)
		return;
	memset(none, 0, sizeof(none));
	mst_rules_record(rules, none);
	for (unsigned m = 0; m < c->mappings_n; m++) {
		if (c->mappings[m].fallback ||
		    strcmp(c->mappings[m].set, set->name) != 0)
			continue;
		table = mst_rules_table(rules, m);
		table.n = MST_MIN(table.n, sizeof(p->p->missing_text));
		memcpy(p->p->missing_text, table.p, table.n);
		p->p->missing_table = mst_slice(p->p->missing_text, table.n);
		break;
	}
}

static int push_set(struct mst_push *p, size_t set, enum round round,
		    struct mst_err *err)
{
	struct push_private *pp = p->p;
	struct mst_client_stats stats;
	int64_t from = mst_mono_us();
	int rc;

	pp->sd = &p->delta->sets[set];
	pp->c = &p->counts[set];
	if (!pp->sd->selected || pp->sd->changes.recs_n == 0)
		return 0;
	mst_client_stats(p->client, &stats);
	pp->requests = stats.requests;
	pp->now = (struct mst_progress_now){.stage = "push",
					    .what = pp->sd->set->name,
					    .done = pp->told[set],
					    .total = pp->sd->changes.recs_n};
	find_missing_table(p);
	rc = pp->ops->begin(p->dest, pp->sd->set, err);
	if (rc == 0)
		rc = push_groups(p, round, err);
	pp->ops->end(p->dest);
	/* Also when cancelled: what is under way is waited for. */
	while (rc == 0 || (rc < 0 && err->code == MST_E_CANCELLED)) {
		struct mst_err more = MST_ERR_INIT;

		rc = mst_push_pump(p, &more);
		if (rc < 0)
			*err = more;
		if (rc != 0)
			break;
	}
	drop_batch(p);
	land(p);
	mst_owners_free(&pp->owners);
	if (pp->done_n > 0) {
		struct mst_err more = MST_ERR_INIT;

		if (mst_push_commit(p, &more) < 0 && rc >= 0) {
			*err = more;
			rc = -(int)more.code;
		}
	}
	mst_client_stats(p->client, &stats);
	pp->c->requests += stats.requests - pp->requests;
	pp->c->us += mst_mono_us() - from;
	pp->now.end = true;
	if (pp->now.done > pp->told[set])
		tell(p);
	pp->told[set] = pp->now.done;
	pp->now.end = false; /* what is told from here on ends nothing */
	if (rc >= 0 && pp->abort)
		return mst_err_set(err, MST_E_CANCELLED,
				   "%s; what was under way is finished and "
				   "stored",
				   pp->over ? "the window of the job has ended"
					    : "cancelled");
	return rc < 0 ? rc : 0;
}

/* All is delivered: what goes wrong now is no fault of the run. */
static void tidy_up(struct mst_push *p)
{
	struct mst_err err = MST_ERR_INIT;
	int rc = 0;

	if (!p->p->ops->finish)
		return;
	p->p->ops->finish(p->dest);
	while (rc == 0)
		rc = mst_push_pump(p, &err);
	if (rc < 0)
		mst_warn("tidying up: %s", err.msg);
}

int mst_push_run(struct mst_push *p, struct mst_err *err)
{
	struct mst_delta *d = p->delta;
	int rc = 0;

	p->p = mst_alloc(sizeof(*p->p));
	p->p->ops = d->job->dest;
	TAILQ_INIT(&p->p->flying);
	TAILQ_INIT(&p->p->done);
	TAILQ_INIT(&p->p->batch);
	mst_buf_init(&p->p->payload, PAYLOAD_MAX);
	mst_arena_init(&p->p->log_arena, 64u << 20);
	rc = mst_rules_new(&d->rules, &p->p->rules, err);
	p->p->reasons = mst_reasons_open(p->state, d);
	for (size_t i = 0; i < d->sets_n && rc == 0; i++) {
		rc = push_set(p, d->order[i], ROUND_GONE, err);
		if (rc == 0)
			rc = push_set(p, d->order[i], ROUND_MAIN, err);
	}
	for (size_t i = d->sets_n; i-- > 0 && rc == 0;)
		rc = push_set(p, d->order[i], ROUND_LAST, err);
	if (rc == 0)
		tidy_up(p);
	mst_rules_free(&p->p->rules);
	mst_reasons_close(&p->p->reasons, p->run);
	mst_buf_fini(&p->p->payload);
	mst_arena_fini(&p->p->log_arena);
	free(p->p);
	p->p = NULL;
	return rc;
}
