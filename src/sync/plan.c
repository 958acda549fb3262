/* SPDX-License-Identifier: Apache-2.0
 *
 * Walks the change files in batches: decode, ask the destination, hand on.
 */
#include "sync/plan.h"

#include <stdlib.h>

#define BATCH	    400
#define PAYLOAD_MAX (4u << 20)

struct one {
	struct mst_change_rec rec;
	struct mst_desired desired;
	struct mst_sysid remote, parent;
	bool found;
	struct mst_slice before[MST_MAX_COLUMNS];
};

struct walk {
	struct mst_session *s;
	struct mst_set_delta *sd;
	struct mst_arena arena; /* of the batch */
	struct mst_buf payload;
	struct one *v;
	size_t n;
	bool read_before;
	mst_plan_fn fn;
	void *ctx;
};

static void take_row(void *ctx, uint64_t tag, bool found,
		     const struct mst_sysid *id,
		     const struct mst_slice *columns)
{
	struct walk *w = ctx;
	struct one *o;

	if (tag >= w->n)
		return;
	o = &w->v[tag];
	o->found = found;
	if (!found)
		return;
	o->remote = *id;
	for (size_t i = 0; i < w->sd->set->columns_n; i++) {
		if (columns[i].p)
			o->before[i] = mst_arena_dup(&w->arena, columns[i]);
	}
}

static int take_members(void *ctx, const struct mst_hash *key,
			const struct mst_member *m, size_t n)
{
	struct walk *w = ctx;

	for (size_t i = 0; i < w->n; i++) {
		struct one *o = &w->v[i];

		if (!mst_hash_eq(w->sd->groups.v[o->rec.group].key, *key))
			continue;
		for (size_t k = 0; k < n; k++) {
			if (m[k].key == o->rec.key &&
			    m[k].value != MST_MEMBER_INTENDED)
				o->remote = m[k].remote;
		}
	}
	return 0;
}

/* The sys_ids of the batch: of records from the groups, of members from
 * RecVer. */
static int find_ids(struct walk *w, struct mst_err *err)
{
	struct mst_recver *r = w->s->recver;
	const struct mst_set_delta *parent =
	    w->sd->set->parent ? mst_delta_set(&w->s->delta, w->sd->set->parent)
			       : NULL;
	struct mst_hash keys[BATCH];
	size_t n = 0;

	for (size_t i = 0; i < w->n; i++) {
		const struct mst_group *g = &w->sd->groups.v[w->v[i].rec.group];
		uint32_t at;

		if (!parent) {
			w->v[i].remote = g->remote;
			continue;
		}
		at = mst_groups_find_key(&parent->groups, g->key);
		if (at != UINT32_MAX)
			w->v[i].parent = parent->groups.v[at].remote;
		if (n == 0 || !mst_hash_eq(keys[n - 1], g->key))
			keys[n++] = g->key;
	}
	return n ? r->ops->members(r, w->s->delta.target, w->sd->set->name,
				   keys, n, take_members, w, err)
		 : 0;
}

static int read_before(struct walk *w, struct mst_err *err)
{
	const struct mst_dest_ops *ops = w->s->job.dest;

	ops->on_row(w->s->dest, take_row, w);
	for (size_t i = 0; i < w->n; i++) {
		struct one *o = &w->v[i];

		if (mst_sysid_is_zero(&o->remote) &&
		    w->sd->set->writer != MST_WRITE_ROW)
			continue;
		if (mst_sysid_is_zero(&o->remote) && !o->rec.len)
			continue;
		if (ops->read(w->s->dest, w->sd->set, i, &o->remote,
			      o->desired.table, o->desired.key,
			      mst_sysid_is_zero(&o->parent) ? NULL : &o->parent,
			      err) < 0)
			return -(int)err->code;
	}
	return mst_dest_pump(ops, w->s->dest, w->s->dest_client, err);
}

static int decode(struct walk *w, struct one *o, struct mst_err *err)
{
	const struct mst_group *g = &w->sd->groups.v[o->rec.group];

	o->desired = (struct mst_desired){0};
	o->desired.key = o->desired.group = g->text;
	if (!o->rec.len)
		return 0;
	if (mst_payload_read(&w->sd->changes, &o->rec, &w->payload, &o->desired,
			     err) < 0)
		return -(int)err->code;
	/* The payload buffer is one for all: keep the texts. */
	o->desired.key = mst_arena_dup(&w->arena, o->desired.key);
	o->desired.group = mst_arena_dup(&w->arena, o->desired.group);
	o->desired.table = mst_arena_dup(&w->arena, o->desired.table);
	for (size_t i = 0; i < o->desired.cells_n; i++)
		o->desired.cells[i].text =
		    mst_arena_dup(&w->arena, o->desired.cells[i].text);
	return 0;
}

static int hand_on(struct walk *w)
{
	int rc = 0;

	for (size_t i = 0; i < w->n && rc == 0; i++) {
		struct one *o = &w->v[i];
		bool missing =
		    o->rec.action != MST_INSERT && o->rec.action != MST_UPDATE;
		struct mst_plan_change c = {
		    .set = w->sd->set,
		    .action = (enum mst_action)o->rec.action,
		    .held = missing && w->sd->held,
		    .key = o->desired.key,
		    .group = w->sd->groups.v[o->rec.group].text,
		    .table = o->desired.table,
		    .group_key = w->sd->groups.v[o->rec.group].key,
		    .member = o->rec.key,
		    .remote = o->remote,
		    .cells = o->desired.cells,
		    .cells_n = o->desired.cells_n,
		    .found = o->found,
		    .before = o->found ? o->before : NULL,
		};

		/* Nothing that the destination would notice. */
		if (o->rec.action == MST_FORGET && w->sd->set->parent)
			continue;
		rc = w->fn(w->ctx, &c);
	}
	return rc;
}

static int walk_set(struct walk *w, struct mst_err *err)
{
	struct mst_change_rec recs[BATCH];
	uint64_t at = 0;
	size_t n;
	int rc = 0;

	do {
		if (mst_changes_get(&w->sd->changes, at, recs, BATCH, &n, err) <
		    0)
			return -(int)err->code;
		at += n;
		w->n = n;
		mst_arena_reset(&w->arena);
		for (size_t i = 0; i < n && rc == 0; i++) {
			memset(&w->v[i], 0, sizeof(w->v[i]));
			w->v[i].rec = recs[i];
			rc = decode(w, &w->v[i], err);
		}
		if (rc == 0 && n)
			rc = find_ids(w, err);
		if (rc == 0 && n && w->read_before)
			rc = read_before(w, err);
		if (rc == 0)
			rc = hand_on(w);
	} while (rc == 0 && n == BATCH);
	return rc;
}

int mst_plan_each(struct mst_session *s, bool before, mst_plan_fn fn, void *ctx,
		  struct mst_err *err)
{
	struct walk w = {.s = s,
			 .read_before = before,
			 .fn = fn,
			 .ctx = ctx,
			 .payload = MST_BUF_INIT(PAYLOAD_MAX)};
	int rc = 0;

	mst_arena_init(&w.arena, MST_MAX_ARENA);
	w.v = mst_alloc(BATCH * sizeof(*w.v));
	for (size_t i = 0; i < s->delta.sets_n && rc == 0; i++) {
		w.sd = &s->delta.sets[s->delta.order[i]];
		if (!w.sd->selected || w.sd->changes.recs_n == 0)
			continue;
		rc = walk_set(&w, err);
	}
	free(w.v);
	mst_buf_fini(&w.payload);
	mst_arena_fini(&w.arena);
	return rc;
}

uint64_t mst_plan_requests(const struct mst_session *s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s->delta.sets_n; i++) {
		const struct mst_set_delta *sd = &s->delta.sets[i];
		uint64_t changes =
		    sd->inserts + sd->updates + (sd->held ? 0 : sd->missing);

		if (sd->selected && changes)
			n += s->job.dest->estimate(s->dest, sd->set, changes);
	}
	return n;
}

/* ---- drift ----- */

struct drifting {
	mst_drift_fn fn;
	void *ctx;
	struct mst_session *s;
	uint64_t checked;
	struct mst_drift drift;
};

/* What a reference should be, as hex; empty when it is not delivered. */
static struct mst_slice want_text(struct drifting *w,
				  const struct mst_column *col,
				  const struct mst_cell *cell, char hex[33])
{
	struct mst_set_delta *ref;
	uint32_t at;

	if (!(col->flags & MST_COL_REF))
		return cell->text;
	ref = mst_delta_set(&w->s->delta, col->ref_set);
	at = ref ? mst_groups_find(&ref->groups, cell->text) : UINT32_MAX;
	if (at == UINT32_MAX || mst_sysid_is_zero(&ref->groups.v[at].remote))
		return mst_slice(NULL, 0);
	mst_sysid_hex(&ref->groups.v[at].remote, hex);
	return mst_slice(hex, 32);
}

/* Does the destination hold what it should? It knows its own forms of numbers,
 * references and line ends. */
static bool same_text(const struct drifting *w, const struct mst_column *col,
		      struct mst_slice want, struct mst_slice have)
{
	const struct mst_dest_ops *ops = w->s->job.dest;

	return ops->same ? ops->same(w->s->dest, col, want, have)
			 : mst_slice_eq(want, have);
}

/* Insert-only columns may have been changed since; people own them, as they do
 * those that are written over some values only. */
#define NOT_CHECKED (MST_COL_INSERT | MST_COL_VOLATILE | MST_COL_PARENT)

/* A column for updates, in a record that may not have had an update since it
 * was made: then it holds the value for inserts, and without one whatever the
 * destination put there. */
static bool as_made(struct drifting *w, const struct mst_plan_change *c,
		    const struct mst_column *col, struct mst_slice have)
{
	bool twin = false;

	if (!(col->flags & MST_COL_UPDATE))
		return false;
	for (size_t i = 0; i < c->cells_n; i++) {
		const struct mst_column *other =
		    &c->set->columns[c->cells[i].column];
		char hex[33];

		if (!(other->flags & MST_COL_INSERT) ||
		    strcmp(other->name, col->name) != 0)
			continue;
		twin = true;
		if (same_text(w, other, want_text(w, other, &c->cells[i], hex),
			      have))
			return true;
	}
	return !twin;
}

static int drift_one(void *ctx, const struct mst_plan_change *c)
{
	struct drifting *w = ctx;
	char hex[MST_MAX_COLUMNS][33];

	if ((c->action != MST_INSERT && c->action != MST_UPDATE) ||
	    mst_sysid_is_zero(&c->remote))
		return 0; /* not delivered yet, or not shown any more */
	w->checked++;
	w->drift = (struct mst_drift){.set = c->set,
				      .key = c->key,
				      .group = c->group,
				      .remote = c->remote,
				      .gone = !c->found};
	for (size_t i = 0; i < c->cells_n && c->found; i++) {
		const struct mst_column *col =
		    &c->set->columns[c->cells[i].column];
		struct mst_slice want, have = c->before[c->cells[i].column];

		if ((col->flags & NOT_CHECKED) || col->only_over)
			continue;
		want = want_text(w, col, &c->cells[i], hex[i]);
		if (!want.n || same_text(w, col, want, have) ||
		    as_made(w, c, col, have))
			continue;
		w->drift.columns[w->drift.n].column = col->name;
		w->drift.columns[w->drift.n].want = want;
		w->drift.columns[w->drift.n++].have = have;
	}
	return w->drift.gone || w->drift.n ? w->fn(w->ctx, &w->drift) : 0;
}

int mst_drift_each(struct mst_session *s, mst_drift_fn fn, void *ctx,
		   uint64_t *checked_r, struct mst_err *err)
{
	struct drifting w = {.fn = fn, .ctx = ctx, .s = s};
	int rc = mst_plan_each(s, true, drift_one, &w, err);

	*checked_r = w.checked;
	return rc;
}
