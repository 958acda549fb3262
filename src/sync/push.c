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

#define BATCH_GROUPS  256 /* marked and loaded at once */
#define BATCH_CHANGES 20000
#define WINDOW	      40000 /* changes that may be active */
#define COMMIT_GROUPS 128
#define RECS	      4096 /* read from the change file at once */
#define PAYLOAD_MAX   (4u << 20)

/* ---- sending ----- */

static void tell(struct mst_push *p)
{
	struct mst_client_stats stats;

	mst_client_stats(p->client, &stats);
	p->p->now.requests = stats.requests;
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

int mst_dest_pump(const struct mst_dest_ops *ops, struct mst_dest *dest,
		  struct mst_client *client, struct mst_err *err)
{
	int rc;

	do {
		rc = turn(ops, dest, client, err);
	} while (rc == 0);
	return rc < 0 ? rc : 0;
}

/* What is under way finishes; nothing new is sent. */
static void check_cancel(struct mst_push *p)
{
	if (p->p->abort || !p->cancel || !atomic_load(p->cancel))
		return;
	p->p->abort = true;
	mst_client_cancel(p->client);
}

static int pump_once(struct mst_push *p, struct mst_err *err)
{
	int rc;

	check_cancel(p);
	rc = turn(p->p->ops, p->dest, p->client, err);

	tell(p);
	if (rc >= 0 && p->p->done_n >= COMMIT_GROUPS &&
	    mst_push_commit(p, err) < 0)
		return -(int)err->code;
	return rc;
}

/* ---- offering ----- */

/* References by key become sys_ids. A required one that is not delivered
 * makes the record wait. */
static bool resolve(struct mst_push *p, struct mst_change *ch,
		    struct mst_cell *cells, bool *lacking_r, char *why,
		    size_t why_n)
{
	const struct mst_set *set = ch->set;

	for (size_t i = 0; i < ch->cells_n; i++) {
		const struct mst_column *col = &set->columns[cells[i].column];
		struct mst_set_delta *ref;
		uint32_t at;

		if (col->flags & MST_COL_PARENT) {
			cells[i].ref = ch->parent;
			continue;
		}
		if (!(col->flags & MST_COL_REF))
			continue;
		ref = mst_delta_set(p->delta, col->ref_set);
		at = ref ? mst_groups_find(&ref->groups, cells[i].text)
			 : UINT32_MAX;
		if (at != UINT32_MAX)
			cells[i].ref = ref->groups.v[at].remote;
		*lacking_r =
		    *lacking_r || (at != UINT32_MAX &&
				   (ref->groups.v[at].flags & MST_G_SEEN) &&
				   mst_sysid_is_zero(&cells[i].ref));
		if (!mst_sysid_is_zero(&cells[i].ref) ||
		    !(col->flags & MST_COL_REQUIRED))
			continue;
		(void)snprintf(why, why_n, "waits for %s %.*s, which %s",
			       ref ? ref->set->title : col->ref_set,
			       MST_SLICE_ARG(cells[i].text),
			       at != UINT32_MAX &&
				       (ref->groups.v[at].flags & MST_G_REFUSED)
				   ? "was refused"
				   : "is not delivered");
		return false;
	}
	return true;
}

static bool parent_of(struct mst_push *p, const struct mst_push_group *a,
		      struct mst_sysid *id_r, bool *inserted_r)
{
	const struct mst_set_delta *parent =
	    mst_delta_set(p->delta, a->sd->set->parent);
	uint32_t at =
	    mst_groups_find_key(&parent->groups, a->sd->groups.v[a->group].key);

	if (at == UINT32_MAX)
		return false;
	*id_r = parent->groups.v[at].remote;
	*inserted_r = parent->groups.v[at].flags & MST_G_INSERTED;
	return !mst_sysid_is_zero(id_r);
}

static struct mst_sysid stored_remote(const struct mst_push_group *a,
				      uint64_t key)
{
	struct mst_member want = {.key = key};
	const struct mst_member *m =
	    a->stored_n ? bsearch(&want, a->stored, a->stored_n, sizeof(want),
				  mst_push_by_key)
			: NULL;

	return m ? m->remote : (struct mst_sysid){{0}};
}

static int offer(struct mst_push *p, struct mst_change *ch, struct mst_err *err)
{
	for (;;) {
		int rc = p->p->ops->offer(p->dest, ch, err);

		if (rc <= 0)
			return rc;
		rc = pump_once(p, err);
		if (rc < 0)
			return rc;
	}
}

static int offer_change(struct mst_push *p, struct mst_push_group *a,
			struct mst_push_change *c, struct mst_err *err)
{
	struct push_private *pp = p->p;
	const struct mst_group *g = &a->sd->groups.v[a->group];
	bool upsert =
	    c->rec.action == MST_INSERT || c->rec.action == MST_UPDATE;
	struct mst_change ch = {
	    .id = (uint64_t)(uintptr_t)c,
	    .set = a->sd->set,
	    .action = (enum mst_action)c->rec.action,
	    .group = g->text,
	    .key = g->text,
	    .remote = g->remote,
	    .table = pp->missing_table,
	};
	bool inserted = false;
	char why[640];

	if (a->sd->set->parent) {
		bool found = parent_of(p, a, &ch.parent, &inserted);

		ch.key = mst_slice(NULL, 0);
		ch.remote = stored_remote(a, c->rec.key);
		if (!found && upsert) {
			(void)snprintf(why, sizeof(why),
				       "waits for its parent %.*s, which is "
				       "not delivered",
				       MST_SLICE_ARG(g->text));
			mst_push_refuse(p, c, why);
			return 0;
		}
	}
	ch.may_exist = c->rec.action == MST_INSERT &&
		       (!inserted || g->state != MST_GROUP_CLEAN);
	if (c->rec.len) {
		if (mst_payload_read(&a->sd->changes, &c->rec, &pp->payload,
				     &pp->desired, err) < 0)
			return -(int)err->code;
		ch.key = pp->desired.key;
		ch.table = pp->desired.table;
		ch.cells = pp->desired.cells;
		ch.cells_n = pp->desired.cells_n;
		if (!resolve(p, &ch, pp->desired.cells, &c->lacking, why,
			     sizeof(why))) {
			mst_push_refuse(p, c, why);
			return 0;
		}
	}
	return offer(p, &ch, err);
}

/* A group that leaves RecVer without a write: another owns what it had made. */
static void forget(struct mst_push *p, struct mst_push_change *c)
{
	c->good = true;
	mst_push_settle(p, c);
}

/* Cancelled: the change was never offered and stays different. */
static void skip(struct mst_push *p, struct mst_push_change *c)
{
	p->failed++;
	mst_push_settle(p, c);
}

/* Does another group that the source shows own the same record? Then this one
 * must not be retired (a re-imaged device keeps its CI). */
static bool taken_over(struct mst_push *p, const struct mst_push_group *a)
{
	if (a->sd->set->parent)
		return false;
	if (!p->p->owners.v)
		mst_owners_make(&p->p->owners, &a->sd->groups);
	return mst_owners_other(&p->p->owners, &a->sd->groups, a->group);
}

static int offer_group(struct mst_push *p, struct mst_push_group *a,
		       struct mst_err *err)
{
	int rc = 0;

	/* Verdicts may come while offering: the group stays open until the
	 * last change was offered. */
	TAILQ_INSERT_TAIL(&p->p->flying, a, link);
	for (uint32_t i = 0; i < a->n && rc == 0; i++) {
		struct mst_push_change *c = &a->v[i];
		bool missing =
		    c->rec.action != MST_INSERT && c->rec.action != MST_UPDATE;

		check_cancel(p);
		if (p->p->abort)
			skip(p, c);
		else if (c->rec.action == MST_FORGET ||
			 (missing && taken_over(p, a)))
			forget(p, c);
		else
			rc = offer_change(p, a, c, err);
	}
	if (rc == 0)
		mst_push_leave(p, a);
	return rc;
}

/* ---- batches of groups ----- */

static int take_stored(void *ctx, const struct mst_hash *key,
		       const struct mst_member *m, size_t n)
{
	struct push_private *pp = ctx;
	struct mst_push_group *a;

	TAILQ_FOREACH(a, &pp->batch, link)
	{
		if (!mst_hash_eq(a->sd->groups.v[a->group].key, *key))
			continue;
		a->stored = mst_alloc(n * sizeof(*a->stored));
		if (n > 0) /* m may be NULL then */
			memcpy(a->stored, m, n * sizeof(*m));
		a->stored_n = n;
		break;
	}
	return 0;
}

/* Marks the batch PENDING and loads its stored members. */
static int start_batch(struct mst_push *p, struct mst_err *err)
{
	struct push_private *pp = p->p;
	struct mst_recver *r = p->delta->recver;
	struct mst_group_row rows[BATCH_GROUPS];
	struct mst_hash keys[BATCH_GROUPS];
	struct mst_push_group *a;
	size_t n = 0;

	TAILQ_FOREACH(a, &pp->batch, link)
	{
		const struct mst_group *g = &a->sd->groups.v[a->group];

		keys[n] = g->key;
		rows[n++] = (struct mst_group_row){
		    .key = g->key, .text = g->text, .state = MST_GROUP_PENDING};
	}
	if (r->ops->mark(r, p->delta->target, pp->sd->set->name, rows, n, err) <
	    0)
		return -(int)err->code;
	mst_step();
	if (pp->sd->set->parent &&
	    r->ops->members(r, p->delta->target, pp->sd->set->name, keys, n,
			    take_stored, pp, err) < 0)
		return -(int)err->code;
	return 0;
}

static int offer_batch(struct mst_push *p, struct mst_err *err)
{
	struct push_private *pp = p->p;
	struct mst_push_group *a;
	int rc = start_batch(p, err);

	while (rc == 0 && (a = TAILQ_FIRST(&pp->batch))) {
		TAILQ_REMOVE(&pp->batch, a, link);
		rc = offer_group(p, a, err);
	}
	while (rc == 0 && pp->open > WINDOW)
		rc = pump_once(p, err) < 0 ? -(int)err->code : 0;
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
				if (groups == BATCH_GROUPS ||
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
			if (!a->v[i].done)
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
static int find_missing_table(struct mst_push *p, struct mst_err *err)
{
	const struct mst_catalog *c = p->delta->job->catalog;
	const struct mst_set *set = p->p->sd->set;
	struct mst_value none[MST_MAX_FIELDS];
	struct mst_rules *rules;
	struct mst_slice table;

	p->p->missing_table = mst_slice(NULL, 0);
	if (set->writer == MST_WRITE_CI)
		return 0;
	memset(none, 0, sizeof(none));
	if (mst_rules_new(&p->delta->rules, &rules, err) < 0)
		return -(int)err->code;
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
	mst_rules_free(&rules);
	return 0;
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
					    .total = pp->sd->changes.recs_n};
	rc = find_missing_table(p, err);
	if (rc == 0)
		rc = pp->ops->begin(p->dest, pp->sd->set, err);
	if (rc == 0)
		rc = push_groups(p, round, err);
	pp->ops->end(p->dest);
	/* Also when cancelled: what is under way is waited for. */
	while (rc == 0 || (rc < 0 && err->code == MST_E_CANCELLED)) {
		struct mst_err more = MST_ERR_INIT;

		rc = pump_once(p, &more);
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
	if (pp->now.done)
		tell(p);
	if (rc >= 0 && pp->abort)
		return mst_err_set(err, MST_E_CANCELLED,
				   "cancelled; what was under way is finished "
				   "and stored");
	return rc < 0 ? rc : 0;
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
	for (size_t i = 0; i < d->sets_n && rc == 0; i++) {
		rc = push_set(p, d->order[i], ROUND_GONE, err);
		if (rc == 0)
			rc = push_set(p, d->order[i], ROUND_MAIN, err);
	}
	for (size_t i = d->sets_n; i-- > 0 && rc == 0;)
		rc = push_set(p, d->order[i], ROUND_LAST, err);
	mst_buf_fini(&p->p->payload);
	mst_arena_fini(&p->p->log_arena);
	free(p->p);
	p->p = NULL;
	return rc;
}
