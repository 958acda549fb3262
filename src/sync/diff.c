/* SPDX-License-Identifier: Apache-2.0
 *
 * Pass 2, the difference: the rows of a chunk against what is stored. The
 * result is the set's change file.
 */
#include "sync/collect_private.h"

#include <stdlib.h>

size_t mst_stored_at(const struct chunk *ch, const struct slot *s, uint64_t key)
{
	size_t low = s->first, high = s->first + s->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (ch->keys[mid] < key)
			low = mid + 1;
		else
			high = mid;
	}
	return low < s->first + s->n && ch->keys[low] == key ? low : SIZE_MAX;
}

/* ---- changes ---------------------------------------------------------------
 */

static void count(struct mst_delta *d, struct mst_set_delta *sd,
		  const struct mst_change_rec *rec)
{
	const struct mst_group *g = &sd->groups.v[rec->group];
	uint64_t parts[4] = {g->key.lo, rec->key, rec->value, rec->action};

	mst_hash_add(&d->p->sum, mst_hash128(parts, sizeof(parts), g->key.hi));
	if (rec->action == MST_INSERT)
		sd->inserts++;
	else if (rec->action == MST_UPDATE)
		sd->updates++;
	else if (rec->action != MST_FORGET)
		sd->missing++;
}

static int emit(struct chunk *ch, const struct mst_change_rec *rec,
		struct mst_err *err)
{
	count(ch->d, ch->sd, rec);
	return mst_changes_add(&ch->sd->changes, rec, 1, err);
}

static uint8_t missing_action(const struct mst_set *set)
{
	switch (set->missing) {
	case MST_MISSING_RETIRE:
		return MST_RETIRE;
	case MST_MISSING_DELETE:
		return MST_DELETE;
	case MST_MISSING_CLOSE:
		return MST_CLOSE;
	case MST_MISSING_KEEP:
		break;
	}
	return MST_FORGET;
}

/* ---- records that two groups have ------------------------------------------
 */

/* Rows without a key of their own (links) belong to a parent's record. Two
 * groups whose parents are one record there (a device that was installed anew
 * and has another id now) may have the same rows: the later one found them.
 * What one of them drops may be the other's. */
struct sharing {
	struct chunk *ch;
	const struct slot *slot;
	const struct mst_owner *other; /* whose members come */
	struct mst_member *v;	       /* the slot's own */
	size_t n;
};

/* The owners by their parents' ids: as they are now, else as they were. */
static void find_owners(struct chunk *ch)
{
	struct mst_groups *groups = &ch->sd->groups;
	const struct mst_set_delta *parent =
	    mst_delta_set(ch->d, ch->sd->set->parent);

	if (ch->owners.v)
		return;
	for (uint32_t i = 0; i < groups->n; i++) {
		uint32_t at =
		    mst_groups_find_key(&parent->groups, groups->v[i].key);

		if (at != UINT32_MAX &&
		    !mst_sysid_is_zero(&parent->groups.v[at].remote))
			groups->v[i].remote = parent->groups.v[at].remote;
	}
	for (size_t i = 0; i < ch->sd->quiet_n; i++) {
		struct mst_quiet *q = &ch->sd->quiet[i];
		uint32_t at = mst_groups_find_key(&parent->groups, q->key);

		if (at != UINT32_MAX &&
		    !mst_sysid_is_zero(&parent->groups.v[at].remote))
			q->id = parent->groups.v[at].remote;
	}
	mst_owners_make(&ch->owners, groups, ch->sd->quiet, ch->sd->quiet_n);
}

static const struct mst_hash *owner_key(const struct mst_set_delta *sd,
					uint32_t group)
{
	return group < sd->groups.n ? &sd->groups.v[group].key
				    : &sd->quiet[group - sd->groups.n].key;
}

static int take_own(void *ctx, const struct mst_hash *key MST_UNUSED,
		    const struct mst_member *m, size_t n)
{
	struct sharing *s = ctx;

	s->n = MST_MIN(n, (size_t)s->slot->n);
	s->v = mst_alloc(n * sizeof(*m));
	if (n > 0)
		memcpy(s->v, m, n * sizeof(*m));
	return 0;
}

static bool one_record(const struct mst_member *a, const struct mst_member *b)
{
	return a->key == b->key &&
	       (a->value == MST_MEMBER_INTENDED ||
		b->value == MST_MEMBER_INTENDED ||
		memcmp(&a->remote, &b->remote, sizeof(a->remote)) == 0);
}

/* Another group keeps what it has in common with the slot: if it shows all
 * that it has, or comes later and decides then. Of two that change, the later
 * one waits for the next run: what the first one keeps is stored then. */
static int take_other(void *ctx, const struct mst_hash *key MST_UNUSED,
		      const struct mst_member *m, size_t n)
{
	struct sharing *s = ctx;
	struct chunk *ch = s->ch;
	struct mst_group *mine = &ch->sd->groups.v[s->slot->group];
	bool decided =
	    !(mine->flags & MST_G_SEEN) || s->other->group > s->slot->group ||
	    !(ch->sd->groups.v[s->other->group].flags & MST_G_CHANGED);
	size_t k = 0;

	for (size_t i = 0; i < s->n; i++) {
		uint8_t *fate = &ch->fates[s->slot->first + i];

		while (k < n && m[k].key < s->v[i].key)
			k++;
		if (k == n)
			break;
		if (*fate == FATE_GONE && one_record(&s->v[i], &m[k]))
			*fate = decided ? FATE_OTHERS : FATE_WAITS;
		else if (*fate == FATE_WAITS && decided &&
			 one_record(&s->v[i], &m[k]))
			*fate = FATE_OTHERS;
	}
	return 0;
}

static bool lacks_some(const struct chunk *ch, const struct slot *s)
{
	for (size_t i = s->first; i < s->first + s->n; i++) {
		if (ch->fates[i] == FATE_GONE)
			return true;
	}
	return false;
}

/* Finds the members of a slot that are gone, but another group's too. */
static int find_shared(struct chunk *ch, const struct slot *slot,
		       struct mst_err *err)
{
	struct mst_recver *r = ch->d->recver;
	const char *target = ch->d->target, *set = ch->sd->set->name;
	const struct mst_group *g = &ch->sd->groups.v[slot->group];
	struct sharing s = {.ch = ch, .slot = slot};
	const struct mst_owner *own;
	size_t n;
	int rc;

	if (ch->sd->set->writer != MST_WRITE_LINK || !lacks_some(ch, slot))
		return 0;
	find_owners(ch);
	if (!mst_owners_other(&ch->owners, &ch->sd->groups, slot->group))
		return 0;
	own = mst_owners_find(&ch->owners, &g->remote, &n);
	rc = r->ops->members(r, target, set, &g->key, 1, take_own, &s, err);
	for (size_t i = 0; i < n && rc == 0; i++) {
		s.other = &own[i];
		if (own[i].group != slot->group)
			rc = r->ops->members(r, target, set,
					     owner_key(ch->sd, own[i].group), 1,
					     take_other, &s, err);
	}
	free(s.v);
	return rc;
}

/* ---- groups of members -----------------------------------------------------
 */

static int by_slot_key_rank(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->slot != y->slot)
		return x->slot < y->slot ? -1 : 1;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return x->off < y->off ? -1 : x->off > y->off;
}

/* What rows say that is not stored so. Of several rows with one key the
 * smallest rank counts, so that neither order nor RecVer's seed matters. */
static int diff_shown(struct chunk *ch, uint32_t slot, const struct entry *e,
		      size_t n, struct mst_err *err)
{
	const struct slot *s = &ch->slots[slot];

	for (size_t i = 0; i < n; i++) {
		struct mst_change_rec rec = {
		    .group = s->group,
		    .len = e[i].len,
		    .off = e[i].off,
		    .key = e[i].key,
		    .value = e[i].value,
		    .action = MST_INSERT,
		};
		size_t at;

		if (i > 0 && e[i - 1].key == e[i].key)
			continue;
		at = mst_stored_at(ch, s, e[i].key);
		if (at != SIZE_MAX) {
			if (ch->fates[at] == FATE_SHOWN &&
			    ch->ranks[at] < e[i].rank)
				continue;
			ch->fates[at] = FATE_ANEW;
			/* An insert looks for the record and revives it. */
			if (!mst_is_unsure(ch, slot))
				rec.action = MST_UPDATE;
		}
		if (emit(ch, &rec, err) < 0)
			return -(int)err->code;
	}
	return 0;
}

/* What is stored and not shown. */
static int diff_gone(struct chunk *ch, const struct slot *s,
		     struct mst_err *err)
{
	struct mst_group *g = &ch->sd->groups.v[s->group];
	bool proven = ch->sd->proven || !(g->flags & MST_G_SEEN);

	if (proven && find_shared(ch, s, err) < 0)
		return -(int)err->code;
	for (size_t i = s->first; i < s->first + s->n; i++) {
		struct mst_change_rec rec = {
		    .group = s->group,
		    .key = ch->keys[i],
		    .value = ch->values[i],
		    .action = missing_action(ch->sd->set),
		};

		ch->sd->unchanged += ch->fates[i] == FATE_SHOWN;
		if (ch->fates[i] == FATE_SHOWN || ch->fates[i] == FATE_ANEW)
			continue;
		if (!proven || ch->fates[i] == FATE_WAITS) {
			g->flags |= MST_G_DOUBT;
			continue;
		}
		if (ch->fates[i] == FATE_OTHERS)
			rec.action = MST_FORGET;
		/* A set that keeps what is missing has no doubts about what
		 * it may have made. */
		if (ch->sd->set->missing == MST_MISSING_KEEP &&
		    ch->values[i] != MST_MEMBER_INTENDED)
			continue;
		if (emit(ch, &rec, err) < 0)
			return -(int)err->code;
	}
	return 0;
}

static int diff_slot(struct chunk *ch, uint32_t slot, const struct entry *e,
		     size_t n, struct mst_err *err)
{
	const struct slot *s = &ch->slots[slot];
	const struct mst_group *g = &ch->sd->groups.v[s->group];
	uint64_t before = ch->sd->changes.recs_n;

	if (diff_shown(ch, slot, e, n, err) < 0 || diff_gone(ch, s, err) < 0)
		return -(int)err->code;
	/* Nothing to write, but the digest is another (repeated rows, a refused
	 * row that is gone): noted, or every run would look again. */
	if (ch->sd->changes.recs_n == before && !(g->flags & MST_G_DOUBT)) {
		struct mst_change_rec rec = {.group = s->group,
					     .action = MST_FORGET};

		return emit(ch, &rec, err);
	}
	return 0;
}

int mst_diff_members(struct chunk *ch, struct mst_err *err)
{
	size_t from = 0;

	if (ch->entries_n)
		qsort(ch->entries, ch->entries_n, sizeof(*ch->entries),
		      by_slot_key_rank);
	for (uint32_t slot = 0; slot < ch->kept; slot++) {
		size_t to = from;

		while (to < ch->entries_n && ch->entries[to].slot == slot)
			to++;
		if (diff_slot(ch, slot, to > from ? ch->entries + from : NULL,
			      to - from, err) < 0)
			return -(int)err->code;
		from = to;
	}
	return 0;
}

/* ---- sets whose groups are records ------------------------------------------
 */

static int put_wanted(struct chunk *ch, uint32_t group,
		      struct mst_change_rec *rec, struct mst_err *err)
{
	struct mst_group *g = &ch->sd->groups.v[group];
	const struct mst_wanted *wanted =
	    mst_map_get(&ch->d->p->wanted[ch->set], g->text);

	rec->len = 0;
	if (!wanted || !wanted->payload.n)
		return 0;
	g->digest = wanted->value;
	g->flags |= MST_G_SEEN;
	rec->value = g->digest.lo;
	rec->len = (uint32_t)wanted->payload.n;
	return mst_changes_write(&ch->sd->changes, wanted->payload, &rec->off,
				 err);
}

/* A record that is not shown is not retired when it is another group's too, or
 * is about to be. */
static uint8_t gone_action(struct chunk *ch, uint32_t group)
{
	const struct mst_groups *groups = &ch->sd->groups;

	if ((groups->v[group].flags & MST_G_SUPERSEDED) &&
	    !(ch->sd->proven && mst_group_orphaned(groups, group)))
		return MST_FORGET;
	if (!ch->owners.v)
		mst_owners_make(&ch->owners, groups, NULL, 0);
	return mst_owners_other(&ch->owners, groups, group)
		   ? MST_FORGET
		   : missing_action(ch->sd->set);
}

int mst_diff_records(struct chunk *ch, struct mst_err *err)
{
	struct mst_groups *groups = &ch->sd->groups;
	const struct entry **of = mst_alloc((groups->n + 1) * sizeof(*of));
	int rc = 0;

	for (size_t i = 0; i < ch->entries_n; i++)
		of[ch->entries[i].slot] = &ch->entries[i];
	for (uint32_t i = 0; i < groups->n && rc == 0; i++) {
		struct mst_group *g = &groups->v[i];
		bool stored = mst_is_delivered(g);
		struct mst_change_rec rec = {
		    .group = i,
		    .value = g->digest.lo,
		    .action = stored ? MST_UPDATE : MST_INSERT,
		};

		if (of[i]) {
			rec.len = of[i]->len;
			rec.off = of[i]->off;
			rc = emit(ch, &rec, err);
		} else if ((g->flags & MST_G_WANTED) &&
			   !(g->flags & MST_G_SEEN) &&
			   (!stored || ch->d->full)) {
			rc = put_wanted(ch, i, &rec, err);
			if (rc == 0 && rec.len)
				rc = emit(ch, &rec, err);
		} else if ((g->flags & MST_G_CHANGED) &&
			   !(g->flags & MST_G_SEEN)) {
			rec.action = gone_action(ch, i);
			rc = emit(ch, &rec, err);
		}
	}
	free(of);
	return rc;
}
