/* SPDX-License-Identifier: Apache-2.0
 *
 * What the destination said: counts, the log of writes, and when a group has
 * all of its verdicts.
 */
#include <assert.h>
#include <string.h>

#include "base/log.h"
#include "base/time.h"
#include "sync/journal.h"
#include "sync/push_private.h"

struct mst_hash mst_push_log_key(const char *set, struct mst_hash group,
				 uint64_t member)
{
	uint64_t parts[3] = {group.hi, group.lo, member};

	return mst_hash128(parts, sizeof(parts),
			   mst_hash64(set, strlen(set), 0));
}

/* ---- verdicts ---------------------------------------------------------------
 */

int mst_push_flush_log(struct mst_push *p, struct mst_err *err)
{
	struct push_private *pp = p->p;
	struct mst_err more = MST_ERR_INIT;
	int rc = 0;

	if (pp->items_n && mst_state_item_log(p->state, p->run, pp->items,
					      pp->items_n, &more) < 0)
		mst_warn("%zu refused records not noted, ignoring: %s",
			 pp->items_n, more.msg);
	if (pp->log_n)
		rc = mst_state_write_log(p->state, p->delta->job->name, pp->log,
					 pp->log_n, err);
	pp->items_n = pp->log_n = 0;
	mst_arena_reset(&pp->log_arena);
	return rc;
}

/* Room for one more of both logs. */
static void log_room(struct mst_push *p)
{
	struct mst_err err = MST_ERR_INIT;

	if ((p->p->log_n == MST_PUSH_LOG_ROWS ||
	     p->p->items_n == MST_PUSH_LOG_ITEMS) &&
	    mst_push_flush_log(p, &err) < 0)
		mst_warn("log of writes: %s", err.msg);
}

static void log_item(struct mst_push *p, const struct mst_push_change *c,
		     const char *what, const struct mst_verdict *v)
{
	struct push_private *pp = p->p;
	struct mst_arena *a = &pp->log_arena;
	const struct mst_group *g = &c->group->sd->groups.v[c->group->group];

	log_room(p);
	pp->items[pp->items_n++] = (struct mst_run_item){
	    .set = c->group->sd->set->name,
	    .key = c->rec.key ? mst_arena_printf(a, "%.*s (%016llx)",
						 MST_SLICE_ARG(g->text),
						 (unsigned long long)c->rec.key)
			      : mst_arena_dup(a, g->text).p,
	    .what = what,
	    .reason = mst_arena_strdup(a, v->reason ? v->reason : ""),
	    .request_id =
		mst_arena_strdup(a, v->request_id ? v->request_id : ""),
	};
}

static void log_write(struct mst_push *p, const struct mst_push_change *c,
		      const struct mst_verdict *v)
{
	struct push_private *pp = p->p;
	const struct mst_set_delta *sd = c->group->sd;

	log_room(p);
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

static void count_applied(struct mst_push *p, const struct mst_push_change *c,
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
void mst_push_leave(struct mst_push *p, struct mst_push_group *a)
{
	if (--a->open > 0)
		return;
	TAILQ_REMOVE(&p->p->flying, a, link);
	TAILQ_INSERT_TAIL(&p->p->done, a, link);
	p->p->done_n++;
}

void mst_push_settle(struct mst_push *p, struct mst_push_change *c)
{
	struct mst_push_group *a = c->group;

	c->done = true;
	a->bad = a->bad || !c->good || c->lacking;
	p->p->open--;
	p->p->now.done++;
	mst_push_leave(p, a);
}

static int take_stored(void *ctx, const struct mst_hash *key MST_UNUSED,
		       const struct mst_member *m MST_UNUSED,
		       size_t n MST_UNUSED)
{
	bool *stored = ctx;

	*stored = true;
	return 0;
}

/* Groups that are as they were are not in memory. When RecVer cannot say, it
 * cannot be marked either. */
static bool is_stored(const struct mst_push *p,
		      const struct mst_set_delta *child,
		      const struct mst_hash *key, struct mst_err *err)
{
	struct mst_recver *r = p->delta->recver;
	uint32_t at = mst_groups_find_key(&child->groups, *key);
	bool stored = false;

	if (at != UINT32_MAX)
		return child->groups.v[at].flags & MST_G_STORED;
	if (r->ops->members(r, p->delta->target, child->set->name, key, 1,
			    take_stored, &stored, err) < 0)
		mst_warn("%s: %s", child->set->title, err->msg);
	return stored;
}

/* The destination made the record anew (somebody had deleted it): what hung on
 * the old one hangs on nothing. The next run looks all of it up again. */
static void parent_moved(struct mst_push *p, const struct mst_set_delta *sd,
			 const struct mst_group *g)
{
	struct mst_recver *r = p->delta->recver;
	struct mst_group_row row = {
	    .key = g->key, .text = g->text, .state = MST_GROUP_PENDING};
	struct mst_err err = MST_ERR_INIT;

	for (size_t i = 0; i < p->delta->sets_n; i++) {
		const struct mst_set_delta *child = &p->delta->sets[i];
		uint32_t at;

		if (!child->set->parent ||
		    strcmp(child->set->parent, sd->set->name) != 0)
			continue;
		if (!is_stored(p, child, &g->key, &err))
			continue;
		at = mst_groups_find_key(&child->groups, g->key);
		if (at != UINT32_MAX) {
			child->groups.v[at].state = MST_GROUP_PENDING;
			child->groups.v[at].flags |= MST_G_DOUBT; /* not CLEAN
								   * now */
		}
		if (r->ops->mark(r, p->delta->target, child->set->name, &row, 1,
				 &err) < 0)
			mst_warn("%s: %s", child->set->title, err.msg);
	}
}

/* Is anything that refers to records of the set still to be taken away? Then a
 * record that was left alone for a reference is looked at again next time. */
static bool owed(const struct mst_push *p, const struct mst_set *set)
{
	for (size_t i = 0; i < p->delta->sets_n; i++) {
		const struct mst_set_delta *sd = &p->delta->sets[i];
		bool refers = false;

		for (size_t k = 0; k < sd->set->columns_n; k++) {
			const struct mst_column *col = &sd->set->columns[k];

			refers =
			    refers || ((col->flags & MST_COL_REF) &&
				       strcmp(col->ref_set, set->name) == 0);
		}
		if (refers && (sd->held || p->counts[i].refused))
			return true;
	}
	return false;
}

void mst_push_verdict(void *push, const struct mst_verdict *v)
{
	struct mst_push *p = push;
	struct mst_push_change *c =
	    (struct mst_push_change *)(uintptr_t)v->change;
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
		if (v->inserted)
			mst_journal_made(p->journal, c->group->sd->set, g,
					 c->rec.key, &v->remote);
		if (v->reason && *v->reason)
			log_item(p, c, "without", v);
		break;
	case MST_VERDICT_UNCHANGED:
		c->good = !v->left_alone || !owed(p, c->group->sd->set);
		n->unchanged++;
		break;
	case MST_VERDICT_REFUSED:
		p->refused++;
		n->refused++;
		log_item(p, c, "refused", v);
		break;
	case MST_VERDICT_FAILED:
		c->unknown = true;
		c->group->unsure = true;
		p->failed++;
		n->refused++;
		log_item(p, c, "not sent", v);
		break;
	}
	mst_reasons_settle(p->p->reasons,
			   (size_t)(c->group->sd - p->delta->sets),
			   (enum mst_action)c->rec.action, v->kind, &c->why);
	if (c->group->sd->set->parent == NULL) {
		if (c->good && !mst_sysid_is_zero(&v->remote)) {
			if (!mst_sysid_is_zero(&g->remote) &&
			    memcmp(&g->remote, &v->remote, sizeof(g->remote)) !=
				0)
				parent_moved(p, c->group->sd, g);
			g->remote = v->remote;
		}
		if (v->inserted)
			g->flags |= MST_G_INSERTED;
		if (!c->good)
			g->flags |= MST_G_REFUSED;
	}
	mst_push_settle(p, c);
}

void mst_push_found(void *push, uint64_t change, const struct mst_sysid *id,
		    const struct mst_raw *row)
{
	struct mst_push *p = push;
	struct mst_push_change *c = (struct mst_push_change *)(uintptr_t)change;
	const struct mst_set_delta *sd = c->group->sd;

	mst_journal_found(p->journal, sd->set, &sd->groups.v[c->group->group],
			  c->rec.key, id, row);
}

void mst_push_refuse(struct mst_push *p, struct mst_push_change *c,
		     const char *reason)
{
	struct mst_verdict v = {
	    .change = (uint64_t)(uintptr_t)c,
	    .kind = MST_VERDICT_REFUSED,
	    .reason = reason,
	    .request_id = "",
	};

	mst_push_verdict(p, &v);
}
