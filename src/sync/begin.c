/* SPDX-License-Identifier: Apache-2.0
 *
 * What comes before a batch of groups is offered: their stored members are
 * loaded, the groups are marked PENDING and what is about to be inserted is
 * written down, all in one transaction; and what a run that died may have made
 * and nobody wants any more is looked for.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/push_private.h"
#include "sync/step.h"

/* ---- what is known of the groups ----- */

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

static void find_parent(struct mst_push *p, struct mst_push_group *a)
{
	const struct mst_set_delta *parent =
	    mst_delta_set(p->delta, a->sd->set->parent);
	struct mst_group *g = &a->sd->groups.v[a->group];
	uint32_t at = mst_groups_find_key(&parent->groups, g->key);

	if (at == UINT32_MAX)
		return;
	a->parent = parent->groups.v[at].remote;
	a->parent_new = parent->groups.v[at].flags & MST_G_INSERTED;
	/* Whose rows these are must be known when the parent is forgotten. */
	if (a->sd->set->writer == MST_WRITE_LINK &&
	    !mst_sysid_is_zero(&a->parent))
		g->remote = a->parent;
}

static int by_key(const void *a, const void *b)
{
	const struct mst_push_change *x = a, *y = b;

	return x->rec.key < y->rec.key ? -1 : x->rec.key > y->rec.key;
}

static int load(struct mst_push *p, const struct mst_hash *keys, size_t n,
		struct mst_err *err)
{
	struct mst_recver *r = p->delta->recver;
	struct push_private *pp = p->p;
	struct mst_push_group *a;

	if (!pp->sd->set->parent)
		return 0;
	TAILQ_FOREACH(a, &pp->batch, link)
	{
		find_parent(p, a);
		if (a->n)
			qsort(a->v, a->n, sizeof(*a->v), by_key);
	}
	return r->ops->members(r, p->delta->target, pp->sd->set->name, keys, n,
			       take_stored, pp, err);
}

/* ---- the mark ----- */

/* What may be there when this run dies: all that is stored, and what is to be
 * inserted. An insert may also revive a stored member as another record. */
static bool intended(const struct mst_push_group *a,
		     const struct mst_push_change *c,
		     const struct mst_member *stored, struct mst_member *out)
{
	if (c->rec.action == MST_INSERT)
		*out = (struct mst_member){.key = c->rec.key,
					   .value = MST_MEMBER_INTENDED,
					   .remote = a->parent};
	else if (stored)
		*out = *stored;
	return c->rec.action == MST_INSERT || stored;
}

static bool inserts(const struct mst_push_group *a)
{
	/* Without a parent nothing of it will be sent. */
	if (!a->sd->set->parent || mst_sysid_is_zero(&a->parent))
		return false;
	for (uint32_t i = 0; i < a->n; i++) {
		if (a->v[i].rec.action == MST_INSERT)
			return true;
	}
	return false;
}

static int mark_group(struct mst_push *p, struct mst_push_group *a,
		      struct mst_err *err)
{
	struct mst_recver *r = p->delta->recver;
	const struct mst_group *g = &a->sd->groups.v[a->group];
	struct mst_group_put put = {.row = {.key = g->key,
					    .text = g->text,
					    .digest = g->stored,
					    .remote = g->remote,
					    .first_delivered_us = g->first_us,
					    .last_changed_us = g->changed_us,
					    .last_run = g->last_run,
					    .state = MST_GROUP_PENDING},
				    .with_remote = true};
	struct mst_member *m;
	int rc;

	if (!inserts(a))
		return r->ops->mark(r, p->delta->target, a->sd->set->name,
				    &put.row, 1, err);
	m = mst_alloc((a->stored_n + a->n) * sizeof(*m));
	put.row.members = (uint32_t)mst_push_merge(a, intended, m);
	put.members = m;
	rc = r->ops->put(r, p->delta->target, a->sd->set->name, &put, 1, err);
	free(m);
	return rc;
}

static int mark(struct mst_push *p, struct mst_err *err)
{
	struct mst_recver *r = p->delta->recver;
	struct mst_push_group *a;
	int rc = r->ops->begin(r, err);

	TAILQ_FOREACH(a, &p->p->batch, link)
	{
		if (rc == 0)
			rc = mark_group(p, a, err);
	}
	if (rc == 0)
		return r->ops->commit(r, err);
	r->ops->abort(r);
	return rc;
}

/* ---- leftovers ----- */

/* What was intended and is not shown any more: only the destination knows
 * whether it is there. */
static bool is_leftover(const struct mst_push_group *a,
			const struct mst_push_change *c)
{
	const struct mst_member *m = mst_push_stored(a, c->rec.key);

	return c->rec.action != MST_INSERT && c->rec.action != MST_UPDATE &&
	       c->rec.action != MST_FORGET && m &&
	       m->value == MST_MEMBER_INTENDED;
}

static void take_child(void *ctx, uint64_t tag, const struct mst_sysid *id,
		       struct mst_slice key, const char *why)
{
	struct mst_push *p = ctx;
	struct mst_push_group *a = (struct mst_push_group *)(uintptr_t)tag;
	struct mst_push_change want = {0}, *c;

	if (!id) {
		p->p->looking--;
		if (why)
			(void)snprintf(a->unread, sizeof(a->unread), "%s", why);
		return;
	}
	want.rec.key = mst_rules_member_hash(p->p->rules, key);
	c = bsearch(&want, a->v, a->n, sizeof(*a->v), by_key);
	if (c && c->leftover)
		c->remote = *id;
}

/* Asks once for the records of each parent that leftovers may hang on. */
static int look_for(struct mst_push *p, struct mst_push_group *a,
		    struct mst_err *err)
{
	const struct mst_dest_ops *ops = p->p->ops;
	struct mst_sysid asked = {{0}};

	for (uint32_t i = 0; i < a->n; i++) {
		const struct mst_member *m;

		if (!is_leftover(a, &a->v[i]))
			continue;
		a->v[i].leftover = true;
		m = mst_push_stored(a, a->v[i].rec.key);
		if (mst_sysid_is_zero(&m->remote) ||
		    memcmp(&asked, &m->remote, sizeof(asked)) == 0)
			continue;
		asked = m->remote;
		if (ops->children(p->dest, a->sd->set, (uint64_t)(uintptr_t)a,
				  p->p->missing_table, &asked, take_child, p,
				  err) < 0)
			return -(int)err->code;
		p->p->looking++;
	}
	return 0;
}

static void take_record(void *ctx, uint64_t tag, bool found,
			const struct mst_sysid *id,
			const struct mst_slice *columns MST_UNUSED)
{
	struct mst_push *p = ctx;
	struct mst_push_group *a = (struct mst_push_group *)(uintptr_t)tag;

	p->p->looking--;
	a->absent = !found;
	if (found)
		a->sd->groups.v[a->group].remote = *id;
}

/* A record that a dead run may have made, and that is to go: its id tells
 * whether it is another group's too. */
static int look_up(struct mst_push *p, struct mst_push_group *a,
		   struct mst_err *err)
{
	const struct mst_dest_ops *ops = p->p->ops;
	const struct mst_group *g = &a->sd->groups.v[a->group];
	int rc;

	if (a->n == 0 || !mst_sysid_is_zero(&g->remote) ||
	    a->v[0].rec.action == MST_INSERT ||
	    a->v[0].rec.action == MST_UPDATE)
		return 0;
	ops->on_row(p->dest, take_record, p);
	while ((rc = ops->read(p->dest, a->sd->set, (uint64_t)(uintptr_t)a,
			       NULL, mst_slice(NULL, 0), g->text, NULL, err)) >
	       0) {
		rc = mst_push_pump(p, err);
		if (rc < 0)
			break;
	}
	p->p->looking += rc == 0;
	return rc < 0 ? rc : 0;
}

static int find_leftovers(struct mst_push *p, struct mst_err *err)
{
	bool members = p->p->sd->set->parent != NULL;
	struct mst_push_group *a;

	TAILQ_FOREACH(a, &p->p->batch, link)
	{
		if ((members ? look_for(p, a, err) : look_up(p, a, err)) < 0)
			return -(int)err->code;
	}
	while (p->p->looking) {
		int rc = mst_push_pump(p, err);

		if (rc < 0)
			return rc;
		if (rc > 0 && p->p->looking)
			return mst_err_set(err, MST_E_INTERNAL,
					   "the destination did not answer "
					   "what it has");
	}
	return 0;
}

int mst_push_begin(struct mst_push *p, struct mst_err *err)
{
	struct mst_hash keys[MST_PUSH_BATCH];
	struct mst_push_group *a;
	size_t n = 0;

	TAILQ_FOREACH(a, &p->p->batch, link)
	keys[n++] = a->sd->groups.v[a->group].key;
	if (load(p, keys, n, err) < 0 || mark(p, err) < 0)
		return -(int)err->code;
	mst_step();
	return find_leftovers(p, err);
}
