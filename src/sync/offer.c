/* SPDX-License-Identifier: Apache-2.0
 *
 * Offering the changes of a group to the destination: references by key become
 * sys_ids, and what must wait is refused at once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/push_private.h"

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

static struct mst_sysid stored_remote(const struct mst_push_group *a,
				      uint64_t key)
{
	const struct mst_member *m = mst_push_stored(a, key);

	return m && m->value != MST_MEMBER_INTENDED ? m->remote
						    : (struct mst_sysid){{0}};
}

static int offer(struct mst_push *p, struct mst_change *ch, struct mst_err *err)
{
	for (;;) {
		int rc = p->p->ops->offer(p->dest, ch, err);

		if (rc <= 0)
			return rc;
		rc = mst_push_pump(p, err);
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
	    .unsure = g->state == MST_GROUP_PENDING,
	};
	char why[640];

	if (a->sd->set->parent) {
		ch.key = mst_slice(NULL, 0);
		ch.parent = a->parent;
		ch.remote =
		    c->leftover ? c->remote : stored_remote(a, c->rec.key);
		if (mst_sysid_is_zero(&a->parent) && upsert) {
			(void)snprintf(why, sizeof(why),
				       "waits for its parent %.*s, which is "
				       "not delivered",
				       MST_SLICE_ARG(g->text));
			mst_push_refuse(p, c, why);
			return 0;
		}
	}
	ch.may_exist = c->rec.action == MST_INSERT &&
		       (!a->parent_new || g->state != MST_GROUP_CLEAN);
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
	c->why = mst_reasons_offer(
	    pp->reasons, (size_t)(a->sd - p->delta->sets),
	    mst_push_log_key(a->sd->set->name, g->key, c->rec.key),
	    c->rec.len ? &pp->desired : NULL);
	return offer(p, &ch, err);
}

/* Nothing is written: another group owns what this one had made, or there is
 * nothing. */
static void forget(struct mst_push *p, struct mst_push_change *c)
{
	c->good = true;
	mst_push_settle(p, c);
}

/* Not decided in this run: the record stays as it is stored, to be looked at
 * again. */
static void leave(struct mst_push *p, struct mst_push_change *c)
{
	mst_push_settle(p, c);
}

/* Cancelled: the change was never offered and stays different. */
static void skip(struct mst_push *p, struct mst_push_change *c)
{
	p->failed++;
	mst_push_settle(p, c);
}

/* A record that a dead run may have made, and that nobody wants now. */
static int offer_leftover(struct mst_push *p, struct mst_push_group *a,
			  struct mst_push_change *c, struct mst_err *err)
{
	char why[600];

	if (a->unread[0]) {
		(void)snprintf(why, sizeof(why),
			       "a run that died may have made it; it cannot be "
			       "looked up: %s",
			       a->unread);
		mst_push_refuse(p, c, why);
	} else if (mst_sysid_is_zero(&c->remote)) {
		forget(p, c);
	} else {
		return offer_change(p, a, c, err);
	}
	return 0;
}

/* Does another group that the source shows own the same record? Then this one
 * must not be retired (a re-imaged device keeps its CI). */
static bool taken_over(struct mst_push *p, const struct mst_push_group *a)
{
	if (a->sd->set->parent)
		return false;
	if (!p->p->owners.v)
		mst_owners_make(&p->p->owners, &a->sd->groups, NULL, 0);
	return mst_owners_other(&p->p->owners, &a->sd->groups, a->group);
}

/* A device that another one superseded in this run is forgotten, because both
 * are one record; only now is known whether they are. */
static bool is_orphan(struct mst_push *p, const struct mst_push_group *a,
		      const struct mst_push_change *c)
{
	return c->rec.action == MST_FORGET && !a->sd->set->parent &&
	       a->sd->set->missing == MST_MISSING_RETIRE &&
	       mst_group_orphaned(&a->sd->groups, a->group) &&
	       !taken_over(p, a);
}

/* Retires it, unless the guard holds what is missing or the run only sees a
 * part. */
static int offer_orphan(struct mst_push *p, struct mst_push_group *a,
			struct mst_push_change *c, struct mst_err *err)
{
	if (a->sd->held || !a->sd->proven) {
		leave(p, c);
		return 0;
	}
	c->rec.action = MST_RETIRE;
	return offer_change(p, a, c, err);
}

int mst_push_offer(struct mst_push *p, struct mst_push_group *a,
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

		mst_push_check_cancel(p);
		if (p->p->abort)
			skip(p, c);
		else if (is_orphan(p, a, c))
			rc = offer_orphan(p, a, c, err);
		else if (missing && taken_over(p, a))
			forget(p, c);
		else if (c->rec.action == MST_FORGET && !a->sd->set->parent &&
			 !a->absent)
			leave(p, c); /* the winner has no record yet */
		else if (c->rec.action == MST_FORGET)
			forget(p, c);
		else if (c->leftover)
			rc = offer_leftover(p, a, c, err);
		else
			rc = offer_change(p, a, c, err);
	}
	if (rc == 0)
		mst_push_leave(p, a);
	return rc;
}
