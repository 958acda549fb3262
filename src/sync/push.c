/* SPDX-License-Identifier: Apache-2.0
 *
 * The push: a window of active groups, each with its changes and verdicts.
 */
#include "sync/push.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "base/log.h"
#include "base/time.h"
#include "sync/step.h"

#define BATCH_GROUPS  256 /* marked and loaded at once */
#define BATCH_CHANGES 20000
#define WINDOW	      40000 /* changes that may be active */
#define COMMIT_GROUPS 128
#define RECS	      4096 /* read from the change file at once */
#define LOG_ROWS      5000
#define PAYLOAD_MAX   (4u << 20)

struct active;

/* A change on its way. */
struct pending {
	struct mst_change_rec rec;
	struct active *group;
	struct mst_sysid remote;
	bool done, good;
	bool lacking; /* goes without a reference that is to come */
};

/* A group on its way. */
struct active {
	TAILQ_ENTRY(active) link;
	struct mst_set_delta *sd;
	uint32_t group;
	uint32_t open; /* changes without a verdict, and one while offering */
	bool bad;      /* some verdict was not good */
	bool held;     /* missing members were not offered */
	bool unsure;   /* what became of a change is not known */
	struct pending *v;
	uint32_t n;
	struct mst_member *stored;
	size_t stored_n;
};

TAILQ_HEAD(actives, active);

struct push_private {
	const struct mst_dest_ops *ops;
	struct actives flying; /* offered, verdicts are missing */
	struct actives done;   /* all verdicts in, to be committed */
	size_t done_n;
	uint64_t open;		  /* changes without a verdict */
	struct mst_set_delta *sd; /* the set that is pushed */
	struct mst_run_counts *c;
	struct mst_buf payload;
	struct mst_desired desired;
	struct mst_write_log log[LOG_ROWS];
	size_t log_n;
	struct mst_arena log_arena;
	struct actives batch; /* loading members */
	struct mst_progress_now now;
	uint64_t requests; /* of the client, when the set began */
	bool abort;
};

struct mst_hash mst_push_log_key(const char *set, struct mst_hash group,
				 uint64_t member)
{
	uint64_t parts[3] = {group.hi, group.lo, member};

	return mst_hash128(parts, sizeof(parts),
			   mst_hash64(set, strlen(set), 0));
}

/* ---- verdicts ---------------------------------------------------------------
 */

static void log_item(struct mst_push *p, const struct pending *c,
		     const char *what, const char *reason,
		     const char *request_id)
{
	const struct mst_group *g = &c->group->sd->groups.v[c->group->group];
	struct mst_err err = MST_ERR_INIT;
	char *key MST_CLEANUP(mst_freep) =
	    c->rec.key ? mst_asprintf("%.*s (%016llx)", MST_SLICE_ARG(g->text),
				      (unsigned long long)c->rec.key)
		       : mst_strndup(g->text.p, g->text.n);
	struct mst_run_item item = {
	    .set = c->group->sd->set->name,
	    .key = key,
	    .what = what,
	    .reason = reason,
	    .request_id = request_id ? request_id : "",
	};

	if (mst_state_item_log(p->state, p->run, &item, 1, &err) < 0)
		mst_warn("record not noted, ignoring: %s", err.msg);
}

static int flush_log(struct mst_push *p, struct mst_err *err)
{
	int rc = 0;

	if (p->p->log_n)
		rc = mst_state_write_log(p->state, p->delta->job->name,
					 p->p->log, p->p->log_n, err);
	p->p->log_n = 0;
	mst_arena_reset(&p->p->log_arena);
	return rc;
}

static void log_write(struct mst_push *p, const struct pending *c,
		      const struct mst_verdict *v)
{
	struct push_private *pp = p->p;
	const struct mst_set_delta *sd = c->group->sd;
	struct mst_err err = MST_ERR_INIT;

	if (pp->log_n == LOG_ROWS && flush_log(p, &err) < 0)
		mst_warn("log of writes: %s", err.msg);
	pp->log[pp->log_n++] = (struct mst_write_log){
	    .key = mst_push_log_key(
		sd->set->name, sd->groups.v[c->group->group].key, c->rec.key),
	    .run = p->run,
	    .action = c->rec.action,
	    .verdict = v->kind,
	    .at_us = mst_now_us(),
	    .request_id = mst_arena_strdup(&pp->log_arena,
					   v->request_id ? v->request_id : ""),
	    .remote = v->remote,
	};
}

static void count_applied(struct mst_push *p, const struct pending *c,
			  const struct mst_verdict *v)
{
	struct mst_run_counts *n = &p->counts[c->group->sd - p->delta->sets];

	p->applied++;
	switch ((enum mst_action)c->rec.action) {
	case MST_INSERT:
		if (v->reopened)
			n->reopened++;
		else if (v->inserted)
			n->new_++;
		else
			n->changed++;
		break;
	case MST_UPDATE:
		n->changed++;
		break;
	case MST_RETIRE:
		n->retired++;
		break;
	case MST_DELETE:
		n->deleted++;
		break;
	case MST_CLOSE:
		n->closed++;
		break;
	case MST_ACTION__MAX:
		break;
	}
}

/* One reason less for the group to stay open. */
static void leave(struct mst_push *p, struct active *a)
{
	if (--a->open > 0)
		return;
	TAILQ_REMOVE(&p->p->flying, a, link);
	TAILQ_INSERT_TAIL(&p->p->done, a, link);
	p->p->done_n++;
}

static void settle(struct mst_push *p, struct pending *c)
{
	struct active *a = c->group;

	c->done = true;
	a->bad = a->bad || !c->good || c->lacking;
	p->p->open--;
	p->p->now.done++;
	leave(p, a);
}

void mst_push_verdict(void *push, const struct mst_verdict *v)
{
	struct mst_push *p = push;
	struct pending *c = (struct pending *)(uintptr_t)v->change;
	struct mst_group *g = &c->group->sd->groups.v[c->group->group];
	struct mst_run_counts *n = &p->counts[c->group->sd - p->delta->sets];

	assert(!c->done); /* one verdict for a change, never two */
	c->good =
	    v->kind == MST_VERDICT_APPLIED || v->kind == MST_VERDICT_UNCHANGED;
	c->remote = v->remote;
	switch (v->kind) {
	case MST_VERDICT_APPLIED:
		count_applied(p, c, v);
		log_write(p, c, v);
		break;
	case MST_VERDICT_UNCHANGED:
		n->unchanged++;
		break;
	case MST_VERDICT_REFUSED:
		p->refused++;
		n->refused++;
		log_item(p, c, "refused", v->reason, v->request_id);
		break;
	case MST_VERDICT_FAILED:
		c->group->unsure = true;
		p->failed++;
		n->refused++;
		log_item(p, c, "not sent", v->reason, v->request_id);
		break;
	}
	if (c->group->sd->set->parent == NULL) {
		if (c->good && !mst_sysid_is_zero(&v->remote))
			g->remote = v->remote;
		if (v->inserted)
			g->flags |= MST_G_INSERTED;
		if (!c->good)
			g->flags |= MST_G_REFUSED;
	}
	settle(p, c);
}

static void refuse(struct mst_push *p, struct pending *c, const char *reason)
{
	struct mst_verdict v = {
	    .change = (uint64_t)(uintptr_t)c,
	    .kind = MST_VERDICT_REFUSED,
	    .reason = reason,
	    .request_id = "",
	};

	mst_push_verdict(p, &v);
}

/* ---- committing
 * -------------------------------------------------------------- */

static int by_key(const void *a, const void *b)
{
	const struct mst_member *x = a, *y = b;

	return x->key < y->key ? -1 : x->key > y->key;
}

static int pending_by_key(const void *a, const void *b)
{
	const struct pending *x = a, *y = b;

	return x->rec.key < y->rec.key ? -1 : x->rec.key > y->rec.key;
}

/* A record that lacks a reference is not as it should be: a value that no
 * record has makes the next run send it again. */
static uint64_t delivered_value(const struct pending *c)
{
	return c->lacking ? 0 : c->rec.value;
}

/* What is delivered now: the stored members with the good verdicts applied. */
static size_t new_members(struct active *a, struct mst_member *out)
{
	size_t n = 0, k = 0;

	/* Both lists in order of key: one walk. */
	qsort(a->v, a->n, sizeof(*a->v), pending_by_key);
	for (size_t i = 0; i < a->stored_n; i++) {
		const struct mst_member *m = &a->stored[i];
		const struct pending *c;

		while (k < a->n && a->v[k].rec.key < m->key)
			k++;
		c = k < a->n && a->v[k].rec.key == m->key ? &a->v[k] : NULL;
		if (!c || !c->good) {
			out[n++] = *m;
		} else if (c->rec.action == MST_UPDATE ||
			   c->rec.action == MST_INSERT) {
			out[n] = *m;
			out[n].value = delivered_value(c);
			if (!mst_sysid_is_zero(&c->remote))
				out[n].remote = c->remote;
			n++;
		}
	}
	k = n;
	for (uint32_t i = 0; i < a->n; i++) {
		const struct pending *c = &a->v[i];
		struct mst_member want = {.key = c->rec.key};

		if (!c->good || c->rec.action != MST_INSERT ||
		    bsearch(&want, out, k, sizeof(*out), by_key))
			continue;
		out[n++] = (struct mst_member){.key = c->rec.key,
					       .value = delivered_value(c),
					       .remote = c->remote};
	}
	if (n)
		qsort(out, n, sizeof(*out), by_key);
	return n;
}

static struct mst_group_row row_of(const struct mst_push *p,
				   const struct active *a, bool clean)
{
	const struct mst_group *g = &a->sd->groups.v[a->group];
	int64_t now = mst_now_us();

	return (struct mst_group_row){
	    .key = g->key,
	    .text = g->text,
	    .digest = clean ? g->digest : (struct mst_hash){0, 0},
	    .remote = g->remote,
	    .first_delivered_us = g->first_us ? g->first_us : now,
	    .last_changed_us = now,
	    .last_run = p->run,
	    .state = clean	 ? MST_GROUP_CLEAN
		     : a->unsure ? MST_GROUP_PENDING
				 : MST_GROUP_DIRTY,
	};
}

static int commit_members(struct mst_push *p, struct active *a,
			  struct mst_err *err)
{
	struct mst_recver *r = p->delta->recver;
	const struct mst_group *g = &a->sd->groups.v[a->group];
	bool clean = !a->bad && !a->held && !(g->flags & MST_G_DOUBT);
	struct mst_member *m = mst_alloc((a->stored_n + a->n) * sizeof(*m));
	size_t n = new_members(a, m);
	int rc;

	if (n == 0 && (!(g->flags & MST_G_SEEN) || !clean)) {
		rc = r->ops->del(r, p->delta->target, a->sd->set->name, &g->key,
				 1, err);
	} else {
		struct mst_group_put put = {
		    .row = row_of(p, a, clean),
		    .members = m,
		    .with_remote = true,
		};

		put.row.members = (uint32_t)n;
		rc = r->ops->put(r, p->delta->target, a->sd->set->name, &put, 1,
				 err);
	}
	free(m);
	return rc;
}

static int commit_record(struct mst_push *p, struct active *a,
			 struct mst_err *err)
{
	struct mst_recver *r = p->delta->recver;
	const struct mst_group *g = &a->sd->groups.v[a->group];
	const struct pending *c = &a->v[0];
	bool upsert =
	    c->rec.action == MST_INSERT || c->rec.action == MST_UPDATE;
	bool delivered =
	    (g->flags & MST_G_STORED) && !mst_sysid_is_zero(&g->remote);

	if (c->good ? !upsert : !delivered && !a->unsure)
		return r->ops->del(r, p->delta->target, a->sd->set->name,
				   &g->key, 1, err);
	struct mst_group_put put = {.row = row_of(p, a, c->good)};

	return r->ops->put(r, p->delta->target, a->sd->set->name, &put, 1, err);
}

static void active_free(struct active *a)
{
	free(a->v);
	free(a->stored);
	free(a);
}

/* One transaction for the groups that are done. */
static int commit(struct mst_push *p, struct mst_err *err)
{
	struct push_private *pp = p->p;
	struct mst_recver *r = p->delta->recver;
	struct active *a;
	int rc;

	if (pp->done_n == 0)
		return 0;
	rc = r->ops->begin(r, err);
	TAILQ_FOREACH(a, &pp->done, link)
	{
		if (rc == 0)
			rc = a->sd->set->parent ? commit_members(p, a, err)
						: commit_record(p, a, err);
	}
	if (rc == 0)
		rc = r->ops->commit(r, err);
	else
		r->ops->abort(r);
	mst_step();
	while ((a = TAILQ_FIRST(&pp->done))) {
		TAILQ_REMOVE(&pp->done, a, link);
		active_free(a);
	}
	pp->done_n = 0;
	if (rc == 0)
		rc = flush_log(p, err);
	return rc < 0 ? mst_err_prefix(err, "storing what was delivered") : 0;
}

/* ---- sending
 * ------------------------------------------------------------------ */

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
	if (rc >= 0 && p->p->done_n >= COMMIT_GROUPS && commit(p, err) < 0)
		return -(int)err->code;
	return rc;
}

/* ---- offering
 * ------------------------------------------------------------------ */

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

static bool parent_of(struct mst_push *p, const struct active *a,
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

static struct mst_sysid stored_remote(const struct active *a, uint64_t key)
{
	struct mst_member want = {.key = key};
	const struct mst_member *m =
	    a->stored_n
		? bsearch(&want, a->stored, a->stored_n, sizeof(want), by_key)
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

static int offer_change(struct mst_push *p, struct active *a, struct pending *c,
			struct mst_err *err)
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
			refuse(p, c, why);
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
			refuse(p, c, why);
			return 0;
		}
	}
	return offer(p, &ch, err);
}

/* A group that leaves RecVer without a write: another owns what it had made. */
static void forget(struct mst_push *p, struct pending *c)
{
	c->good = true;
	settle(p, c);
}

/* Cancelled: the change was never offered and stays different. */
static void skip(struct mst_push *p, struct pending *c)
{
	p->failed++;
	settle(p, c);
}

/* Does another group that the source shows own the same record? Then this one
 * must not be retired (a re-imaged device keeps its CI). */
static bool taken_over(const struct active *a)
{
	const struct mst_groups *groups = &a->sd->groups;
	const struct mst_group *g = &groups->v[a->group];

	if (a->sd->set->parent || mst_sysid_is_zero(&g->remote))
		return false;
	for (uint32_t i = 0; i < groups->n; i++) {
		if (i != a->group && (groups->v[i].flags & MST_G_SEEN) &&
		    memcmp(&groups->v[i].remote, &g->remote,
			   sizeof(g->remote)) == 0)
			return true;
	}
	return false;
}

static int offer_group(struct mst_push *p, struct active *a,
		       struct mst_err *err)
{
	int rc = 0;

	/* Verdicts may come while offering: the group stays open until the
	 * last change was offered. */
	TAILQ_INSERT_TAIL(&p->p->flying, a, link);
	for (uint32_t i = 0; i < a->n && rc == 0; i++) {
		struct pending *c = &a->v[i];
		bool missing =
		    c->rec.action != MST_INSERT && c->rec.action != MST_UPDATE;

		check_cancel(p);
		if (p->p->abort)
			skip(p, c);
		else if (c->rec.action == MST_FORGET ||
			 (missing && taken_over(a)))
			forget(p, c);
		else
			rc = offer_change(p, a, c, err);
	}
	if (rc == 0)
		leave(p, a);
	return rc;
}

/* ---- batches of groups
 * ------------------------------------------------------------ */

static int take_stored(void *ctx, const struct mst_hash *key,
		       const struct mst_member *m, size_t n)
{
	struct push_private *pp = ctx;
	struct active *a;

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
	struct active *a;
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
	struct active *a;
	int rc = start_batch(p, err);

	while (rc == 0 && (a = TAILQ_FIRST(&pp->batch))) {
		TAILQ_REMOVE(&pp->batch, a, link);
		rc = offer_group(p, a, err);
	}
	while (rc == 0 && pp->open > WINDOW)
		rc = pump_once(p, err) < 0 ? -(int)err->code : 0;
	return rc;
}

static struct active *open_group(struct mst_push *p, uint32_t group)
{
	struct active *a = mst_alloc(sizeof(*a));

	a->sd = p->p->sd;
	a->group = group;
	a->open = 1;
	TAILQ_INSERT_TAIL(&p->p->batch, a, link);
	return a;
}

static void add_change(struct mst_push *p, struct active *a, uint32_t *cap,
		       const struct mst_change_rec *rec)
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
	a->v[a->n++] = (struct pending){.rec = *rec, .group = a};
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
	struct active *a = NULL;
	uint64_t at = 0, batch_changes = 0;
	uint32_t cap = 0;
	size_t n = 0, groups = 0;
	int rc = 0;

	do {
		rc = mst_changes_get(&pp->sd->changes, at, recs, RECS, &n, err);
		at += n;
		for (size_t i = 0; i < n && rc == 0 && !pp->abort; i++) {
			if (!in_round(pp->sd, &recs[i], round) ||
			    (round == ROUND_LAST && pp->sd->held))
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
	struct active *a;

	while ((a = TAILQ_FIRST(&p->p->batch))) {
		TAILQ_REMOVE(&p->p->batch, a, link);
		p->p->open -= a->n;
		active_free(a);
	}
}

/* Groups that the push ends without all of their verdicts: what has none was
 * not delivered as far as we know; the next run looks it up first. */
static void land(struct mst_push *p)
{
	struct active *a;

	while ((a = TAILQ_FIRST(&p->p->flying))) {
		for (uint32_t i = 0; i < a->n; i++) {
			if (!a->v[i].done)
				p->p->open--;
		}
		a->bad = a->unsure = true;
		a->open = 1;
		leave(p, a);
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
					    .total = pp->sd->changes.recs_n};
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
	if (pp->done_n > 0) {
		struct mst_err more = MST_ERR_INIT;

		if (commit(p, &more) < 0 && rc >= 0) {
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
