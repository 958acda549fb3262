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

/* ---- members ----- */

static int by_key(const void *a, const void *b)
{
	const struct mst_member *x = a, *y = b;

	return x->key < y->key ? -1 : x->key > y->key;
}

const struct mst_member *mst_push_stored(const struct mst_push_group *a,
					 uint64_t key)
{
	struct mst_member want = {.key = key};

	return a->stored_n ? bsearch(&want, a->stored, a->stored_n,
				     sizeof(want), by_key)
			   : NULL;
}

size_t mst_push_merge(const struct mst_push_group *a,
		      bool (*fate)(const struct mst_push_group *a,
				   const struct mst_push_change *c,
				   const struct mst_member *stored,
				   struct mst_member *out),
		      struct mst_member *out)
{
	size_t n = 0, i = 0, k = 0;

	while (i < a->stored_n || k < a->n) {
		const struct mst_member *m =
		    i < a->stored_n ? &a->stored[i] : NULL;

		if (k == a->n || (m && m->key < a->v[k].rec.key)) {
			out[n++] = *m;
			i++;
			continue;
		}
		if (m && m->key != a->v[k].rec.key)
			m = NULL;
		n += fate(a, &a->v[k++], m, &out[n]);
		i += m != NULL;
	}
	return n;
}

/* A record that lacks a reference is not as it should be: a value that no
 * record has makes the next run send it again. */
static uint64_t delivered_value(const struct mst_push_change *c)
{
	return c->lacking ? 0 : c->rec.value;
}

/* What is delivered now. */
static bool delivered(const struct mst_push_group *a,
		      const struct mst_push_change *c,
		      const struct mst_member *stored, struct mst_member *out)
{
	bool upsert =
	    c->rec.action == MST_INSERT || c->rec.action == MST_UPDATE;

	if (c->good && upsert) {
		*out = (struct mst_member){.key = c->rec.key,
					   .value = delivered_value(c),
					   .remote = c->remote};
		if (mst_sysid_is_zero(&c->remote) && stored &&
		    stored->value != MST_MEMBER_INTENDED)
			out->remote = stored->remote;
		return true;
	}
	if (c->good)
		return false;
	if (c->rec.action == MST_INSERT && c->unknown) {
		*out = (struct mst_member){.key = c->rec.key,
					   .value = MST_MEMBER_INTENDED,
					   .remote = a->parent};
		return true;
	}
	if (stored)
		*out = *stored;
	return stored != NULL;
}

static bool some_intended(const struct mst_member *m, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (m[i].value == MST_MEMBER_INTENDED)
			return true;
	}
	return false;
}

/* ---- committing ----- */

static struct mst_group_row row_of(const struct mst_push *p,
				   const struct mst_push_group *a, bool clean)
{
	const struct mst_group *g = &a->sd->groups.v[a->group];
	int64_t now = mst_now_us(), first = g->first_us;

	return (struct mst_group_row){
	    .key = g->key,
	    .text = g->text,
	    .digest = clean ? g->digest : (struct mst_hash){0, 0},
	    .remote = g->remote,
	    .first_delivered_us = first && first != MST_TIME_NONE ? first : now,
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
	size_t n = mst_push_merge(a, delivered, m);
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
		if (some_intended(m, n))
			put.row.state = MST_GROUP_PENDING;
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
	/* One that lacks a reference is looked at again. */
	struct mst_group_put put = {.row =
					row_of(p, a, c->good && !c->lacking)};

	return r->ops->put(r, p->delta->target, a->sd->set->name, &put, 1, err);
}

void mst_push_group_free(struct mst_push_group *a)
{
	for (uint32_t i = 0; i < a->n; i++)
		mst_reason_drop(&a->v[i].why);
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
