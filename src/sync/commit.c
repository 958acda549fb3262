/* SPDX-License-Identifier: Apache-2.0
 *
 * What is stored of a push: a group's new members and digest, once all of its
 * verdicts are in. RecVer never says more than the destination confirmed.
 */
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "sync/push_private.h"
#include "sync/step.h"

/* ---- committing ----- */

int mst_push_by_key(const void *a, const void *b)
{
	const struct mst_member *x = a, *y = b;

	return x->key < y->key ? -1 : x->key > y->key;
}

static int pending_by_key(const void *a, const void *b)
{
	const struct mst_push_change *x = a, *y = b;

	return x->rec.key < y->rec.key ? -1 : x->rec.key > y->rec.key;
}

/* A record that lacks a reference is not as it should be: a value that no
 * record has makes the next run send it again. */
static uint64_t delivered_value(const struct mst_push_change *c)
{
	return c->lacking ? 0 : c->rec.value;
}

/* What is delivered now: the stored members with the good verdicts applied. */
static size_t new_members(struct mst_push_group *a, struct mst_member *out)
{
	size_t n = 0, k = 0;

	/* Both lists in order of key: one walk. */
	if (a->n)
		qsort(a->v, a->n, sizeof(*a->v), pending_by_key);
	for (size_t i = 0; i < a->stored_n; i++) {
		const struct mst_member *m = &a->stored[i];
		const struct mst_push_change *c;

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
		const struct mst_push_change *c = &a->v[i];
		struct mst_member want = {.key = c->rec.key};

		if (!c->good || c->rec.action != MST_INSERT ||
		    bsearch(&want, out, k, sizeof(*out), mst_push_by_key))
			continue;
		out[n++] = (struct mst_member){.key = c->rec.key,
					       .value = delivered_value(c),
					       .remote = c->remote};
	}
	if (n)
		qsort(out, n, sizeof(*out), mst_push_by_key);
	return n;
}

static struct mst_group_row row_of(const struct mst_push *p,
				   const struct mst_push_group *a, bool clean)
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
	    .state = clean ? MST_GROUP_CLEAN
		     : a->unsure || g->state == MST_GROUP_PENDING
			 ? MST_GROUP_PENDING
			 : MST_GROUP_DIRTY,
	};
}

static int commit_members(struct mst_push *p, struct mst_push_group *a,
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

static int commit_record(struct mst_push *p, struct mst_push_group *a,
			 struct mst_err *err)
{
	struct mst_recver *r = p->delta->recver;
	const struct mst_group *g = &a->sd->groups.v[a->group];
	const struct mst_push_change *c = &a->v[0];
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

void mst_push_group_free(struct mst_push_group *a)
{
	free(a->v);
	free(a->stored);
	free(a);
}

/* One transaction for the groups that are done. */
int mst_push_commit(struct mst_push *p, struct mst_err *err)
{
	struct push_private *pp = p->p;
	struct mst_recver *r = p->delta->recver;
	struct mst_push_group *a;
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
		mst_push_group_free(a);
	}
	pp->done_n = 0;
	if (rc == 0)
		rc = mst_push_flush_log(p, err);
	return rc < 0 ? mst_err_prefix(err, "storing what was delivered") : 0;
}
