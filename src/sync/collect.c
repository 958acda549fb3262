/* SPDX-License-Identifier: Apache-2.0
 *
 * Pass 2: the members of the changed groups. Groups are taken in chunks whose
 * stored members and new entries fit a fixed memory; a row whose key and value
 * are stored already costs one look-up and leaves no trace.
 */
#include <stdlib.h>

#include "sync/delta_private.h"

#define FLUSH_BYTES  (1u << 20)
#define MEMBERS_ASK  500 /* groups asked of RecVer at once */
#define STORED_BYTES 17	 /* key, value, shown */
#define NO_SLOT	     UINT32_MAX

size_t mst_collect_bytes = 64u << 20;

/* A changed group of the chunk, with its stored members. */
struct slot {
	uint32_t group, n;
	size_t first;
};

/* A row that is not stored as it is. */
struct entry {
	uint64_t key, value, off;
	uint32_t slot, len;
};

struct chunk {
	struct mst_delta *d;
	struct mst_set_delta *sd;
	size_t set;
	struct slot *slots;
	size_t slots_n;
	uint32_t *slot_of; /* by group */
	uint64_t *keys, *values;
	uint8_t *shown;
	size_t members_n;
	struct entry *entries;
	size_t entries_n;
	uint8_t *written; /* by group: sets whose groups are records */
};

struct worker {
	struct chunk *ch;
	unsigned feed;
	bool enrich;
	unsigned maps[MST_MAX_SETS]; /* mappings of this feed and set */
	size_t maps_n;
	struct mst_rules *rules;
	struct mst_slice last; /* the last group's text, and its position */
	uint32_t last_at;
	struct entry *entries;
	size_t n, cap, flushed;
	struct mst_buf payload;
	struct mst_arena wanted_arena;
	struct mst_map wanted[MST_MAX_SETS];
	struct mst_desired desired;
	struct mst_value v[MST_MAX_FIELDS];
};

/* ---- one row --------------------------------------------------------------
 */

static int flush(struct worker *w, struct mst_err *err)
{
	uint64_t off;

	if (w->payload.n == 0)
		return 0;
	if (mst_changes_write(&w->ch->sd->changes, mst_buf_slice(&w->payload),
			      &off, err) < 0)
		return -(int)err->code;
	for (size_t i = w->flushed; i < w->n; i++)
		w->entries[i].off += off;
	w->flushed = w->n;
	mst_buf_reset(&w->payload);
	return 0;
}

static int add_entry(struct worker *w, uint32_t slot, uint64_t key,
		     uint64_t value, struct mst_err *err)
{
	size_t before = w->payload.n;

	if (!mst_payload_encode(&w->desired, &w->payload))
		return mst_err_set(err, MST_E_INVALID,
				   "a record of %s is too large",
				   w->ch->sd->set->title);
	if (w->n == w->cap) {
		w->cap = w->cap ? w->cap * 2 : 256;
		w->entries =
		    mst_realloc(w->entries, w->cap * sizeof(*w->entries));
	}
	w->entries[w->n++] = (struct entry){
	    .key = key,
	    .value = value,
	    .off = before,
	    .slot = slot,
	    .len = (uint32_t)(w->payload.n - before),
	};
	return w->payload.n >= FLUSH_BYTES ? flush(w, err) : 0;
}

/* Does the destination have it? A push that died leaves a row without a remote
 * id behind. */
static bool is_delivered(const struct mst_group *g)
{
	return (g->flags & MST_G_STORED) && !mst_sysid_is_zero(&g->remote);
}

/* Makes the payload of a record that a new entry refers to and that neither
 * RecVer nor, perhaps, its own feed has. */
static void want(struct worker *w, size_t ref_set, struct mst_slice key)
{
	const struct mst_delta *d = w->ch->d;
	const struct mst_catalog *c = d->job->catalog;
	const struct mst_groups *groups = &d->sets[ref_set].groups;
	struct mst_hash h = mst_hash128(key.p, key.n, groups->seed);
	uint32_t at = mst_groups_find_key(groups, h);
	struct mst_slice *stash;
	struct mst_desired *made;
	struct mst_buf buf = MST_BUF_INIT(MST_MAX_REQUEST_BODY);

	if ((at != UINT32_MAX && is_delivered(&groups->v[at])) ||
	    mst_map_has(&w->wanted[ref_set], key))
		return;
	stash = mst_arena_alloc(&w->wanted_arena, sizeof(*stash));
	(void)mst_map_put(&w->wanted[ref_set],
			  mst_arena_dup(&w->wanted_arena, key), stash);
	made = mst_alloc(sizeof(*made));
	for (unsigned m = 0; m < c->mappings_n; m++) {
		if (!c->mappings[m].fallback ||
		    !(c->mappings[m].feeds & 1u << w->feed) ||
		    strcmp(c->mappings[m].set, d->sets[ref_set].set->name) != 0)
			continue;
		/* The hash goes in front: the comparison wants it. */
		if (mst_rules_apply(w->rules, m, made) &&
		    mst_buf_add(&buf, &made->value, sizeof(made->value)) &&
		    mst_payload_encode(made, &buf))
			*stash = mst_arena_dup(&w->wanted_arena,
					       mst_buf_slice(&buf));
		break;
	}
	free(made);
	mst_buf_fini(&buf);
}

static void want_refs(struct worker *w)
{
	const struct mst_delta *d = w->ch->d;
	const struct mst_set *set = w->ch->sd->set;

	for (size_t i = 0; i < w->desired.cells_n; i++) {
		const struct mst_column *col =
		    &set->columns[w->desired.cells[i].column];
		size_t ref;

		if (!(col->flags & MST_COL_REF) || !col->ref_set)
			continue;
		ref = mst_delta_index(d, col->ref_set);
		if (ref == SIZE_MAX || !d->sets[ref].set->referenced_by ||
		    strcmp(d->sets[ref].set->referenced_by, set->name) != 0)
			continue;
		want(w, ref, w->desired.cells[i].text);
	}
}

/* Position of key among a slot's stored members, or SIZE_MAX. */
static size_t stored_at(const struct chunk *ch, const struct slot *s,
			uint64_t key)
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

/* A run died, or an answer was lost, between a write to the group and its
 * verdict: what is stored of it may have been closed or deleted since. */
static bool unsure(const struct chunk *ch, uint32_t slot)
{
	return ch->sd->groups.v[ch->slots[slot].group].state ==
	       MST_GROUP_PENDING;
}

static int member(struct worker *w, unsigned m, uint32_t slot,
		  struct mst_err *err)
{
	struct chunk *ch = w->ch;
	struct mst_slice text;
	uint64_t key, value;
	size_t at;

	if (!mst_rules_key(w->rules, m, &text))
		return 0;
	key = mst_rules_member_hash(w->rules, text);
	value = mst_rules_hash(w->rules, m).lo;
	at = stored_at(ch, &ch->slots[slot], key);
	if (at != SIZE_MAX && ch->values[at] == value && !ch->d->full &&
	    !unsure(ch, slot)) {
		__atomic_store_n(&ch->shown[at], 1, __ATOMIC_RELAXED);
		return 0;
	}
	if (!mst_rules_apply(w->rules, m, &w->desired))
		return 0;
	if (add_entry(w, slot, key, value, err) < 0)
		return -(int)err->code;
	want_refs(w);
	return 0;
}

/* A set whose groups are records: the one that pass 1 chose. */
static int whole(struct worker *w, unsigned m, uint32_t group,
		 struct mst_err *err)
{
	struct chunk *ch = w->ch;
	const struct mst_group *g = &ch->sd->groups.v[group];

	if (!mst_hash_eq(mst_rules_hash(w->rules, m), g->digest) ||
	    __atomic_exchange_n(&ch->written[group], 1, __ATOMIC_RELAXED))
		return 0;
	if (!mst_rules_apply(w->rules, m, &w->desired))
		return 0;
	return add_entry(w, group, 0, g->digest.lo, err);
}

static uint32_t find_group(struct worker *w, struct mst_slice text)
{
	struct mst_groups *groups = &w->ch->sd->groups;

	if (w->last.p && mst_slice_eq(w->last, text))
		return w->last_at;
	w->last_at = mst_groups_find_key(
	    groups, mst_hash128(text.p, text.n, groups->seed));
	w->last = w->last_at == UINT32_MAX ? mst_slice(NULL, 0)
					   : groups->v[w->last_at].text;
	return w->last_at;
}

/* A row that a rule leaves as it was delivered is not missing, whatever is
 * stored of it, and never new. */
static void leave(struct worker *w, unsigned m, uint32_t slot)
{
	struct chunk *ch = w->ch;
	struct mst_slice text;
	size_t at;

	if (!ch->sd->set->parent || !mst_rules_key(w->rules, m, &text))
		return;
	at = stored_at(ch, &ch->slots[slot],
		       mst_rules_member_hash(w->rules, text));
	if (at != SIZE_MAX)
		__atomic_store_n(&ch->shown[at], 2, __ATOMIC_RELAXED);
}

/* Do the rules take the row? */
static bool taken(struct worker *w, unsigned m, uint32_t slot)
{
	struct mst_slice why;
	enum mst_keep keep =
	    mst_delta_keep(w->ch->d, w->ch->set, w->rules, m, &why);

	if (MST_UNLIKELY(keep == MST_LEAVE))
		leave(w, m, slot);
	return keep == MST_KEEP;
}

static int record(void *worker, const struct mst_value *v, struct mst_err *err)
{
	struct worker *w = worker;
	struct chunk *ch = w->ch;
	const struct mst_catalog *c = ch->d->job->catalog;
	struct mst_slice text;
	uint32_t at;

	if (w->enrich) {
		memcpy(w->v, v, c->feeds[w->feed].fields_n * sizeof(*v));
		mst_enrich(ch->d, w->feed, w->v);
		v = w->v;
	}
	mst_rules_record(w->rules, v);
	for (size_t k = 0; k < w->maps_n; k++) {
		unsigned m = w->maps[k];

		if (!mst_rules_group(w->rules, m, &text))
			continue;
		at = find_group(w, text);
		/* A group that is not shown (its device is superseded) is in
		 * the chunk to go missing: its rows do not count. */
		if (at == UINT32_MAX || ch->slot_of[at] == NO_SLOT ||
		    !(ch->sd->groups.v[at].flags & MST_G_SEEN) ||
		    !taken(w, m, ch->slot_of[at]))
			continue;
		if ((ch->sd->set->parent ? member(w, m, ch->slot_of[at], err)
					 : whole(w, m, at, err)) < 0)
			return -(int)err->code;
	}
	return 0;
}

/* ---- the chunk's stored members -------------------------------------------
 */

static int take_members(void *ctx, const struct mst_hash *key,
			const struct mst_member *m, size_t n)
{
	struct chunk *ch = ctx;
	uint32_t at = mst_groups_find_key(&ch->sd->groups, *key);
	struct slot *s;

	if (at == UINT32_MAX || ch->slot_of[at] == NO_SLOT)
		return 0;
	s = &ch->slots[ch->slot_of[at]];
	n = MST_MIN(n, (size_t)s->n);
	for (size_t i = 0; i < n; i++) {
		ch->keys[s->first + i] = m[i].key;
		ch->values[s->first + i] = m[i].value;
	}
	s->n = (uint32_t)n;
	return 0;
}

static int load_members(struct chunk *ch, struct mst_err *err)
{
	struct mst_recver *r = ch->d->recver;
	struct mst_hash keys[MEMBERS_ASK];
	size_t n = 0;

	ch->keys = mst_alloc(ch->members_n * sizeof(*ch->keys));
	ch->values = mst_alloc(ch->members_n * sizeof(*ch->values));
	ch->shown = mst_alloc(ch->members_n);
	for (size_t i = 0; i < ch->slots_n; i++) {
		if (ch->slots[i].n > 0)
			keys[n++] = ch->sd->groups.v[ch->slots[i].group].key;
		if (n < MEMBERS_ASK && i + 1 < ch->slots_n)
			continue;
		if (n > 0 &&
		    r->ops->members(r, ch->d->target, ch->sd->set->name, keys,
				    n, take_members, ch, err) < 0)
			return -(int)err->code;
		n = 0;
	}
	return 0;
}

/* ---- reading ---------------------------------------------------------------
 */

static int worker_open(struct worker *w, struct chunk *ch, unsigned feed,
		       struct mst_err *err)
{
	const struct mst_catalog *c = ch->d->job->catalog;

	w->ch = ch;
	w->feed = feed;
	mst_buf_init(&w->payload, FLUSH_BYTES + MST_MAX_REQUEST_BODY * 4);
	mst_arena_init(&w->wanted_arena, MST_MAX_ARENA);
	for (size_t i = 0; i < c->joins_n; i++)
		w->enrich = w->enrich || c->joins[i].feed == feed;
	for (unsigned m = 0; m < c->mappings_n; m++) {
		if (strcmp(c->mappings[m].set, ch->sd->set->name) == 0 &&
		    !c->mappings[m].fallback &&
		    (c->mappings[m].feeds & 1u << feed) &&
		    w->maps_n < MST_MAX_SETS)
			w->maps[w->maps_n++] = m;
	}
	return mst_rules_new(&ch->d->rules, &w->rules, err);
}

/* Of several fallback payloads for one key the smallest counts, so that threads
 * and order do not matter. */
static void merge_wanted(struct worker *w)
{
	struct delta_private *p = w->ch->d->p;

	for (size_t i = 0; i < MST_MAX_SETS; i++) {
		struct mst_slice key, *copy, *mine;
		size_t at = 0;
		void *stash;

		while (mst_map_next(&w->wanted[i], &at, &key, &stash)) {
			mine = stash;
			copy = mst_map_get(&p->wanted[i], key);
			if (copy &&
			    (mine->n == 0 ||
			     (copy->n && mst_slice_cmp(*copy, *mine) <= 0)))
				continue;
			if (!copy) {
				copy = mst_arena_alloc(&p->wanted_arena,
						       sizeof(*copy));
				(void)mst_map_put(
				    &p->wanted[i],
				    mst_arena_dup(&p->wanted_arena, key), copy);
			}
			*copy = mst_arena_dup(&p->wanted_arena, *mine);
		}
		mst_map_fini(&w->wanted[i]);
	}
}

/* Hands the worker's entries over to the chunk. */
static int worker_close(struct worker *w, int rc, struct mst_err *err)
{
	struct chunk *ch = w->ch;

	if (rc == 0)
		rc = flush(w, err);
	if (rc == 0 && w->n > 0) {
		ch->entries = mst_realloc(
		    ch->entries, (ch->entries_n + w->n) * sizeof(*ch->entries));
		memcpy(ch->entries + ch->entries_n, w->entries,
		       w->n * sizeof(*w->entries));
		ch->entries_n += w->n;
	}
	merge_wanted(w);
	mst_rules_free(&w->rules);
	mst_buf_fini(&w->payload);
	mst_arena_fini(&w->wanted_arena);
	free(w->entries);
	free(w);
	return rc;
}

static int read_feed(struct chunk *ch, unsigned feed, struct mst_err *err)
{
	struct mst_delta *d = ch->d;
	struct worker *workers[MST_MAX_THREADS] = {0};
	unsigned n = MST_MIN(MST_MAX(d->threads, 1u), MST_MAX_THREADS);
	struct mst_read read = {
	    .spool = d->spool,
	    .catalog = d->job->catalog,
	    .feed = feed,
	    .workers = (void *const *)workers,
	    .record = record,
	    .cancel = d->cancel,
	};
	struct mst_read_stats stats;
	int rc = 0;

	n = (unsigned)MST_MIN(
	    (size_t)n, MST_MAX(d->spool->feeds[feed].parts_n, (size_t)1));
	read.threads = n;
	for (unsigned i = 0; i < n && rc == 0; i++) {
		workers[i] = mst_alloc(sizeof(*workers[i]));
		rc = worker_open(workers[i], ch, feed, err);
	}
	if (rc == 0)
		rc = mst_read_feed(&read, &stats, err);
	for (unsigned i = 0; i < n; i++) {
		if (workers[i])
			rc = worker_close(workers[i], rc, err);
	}
	return rc;
}

static int read_feeds(struct chunk *ch, struct mst_err *err)
{
	const struct mst_catalog *c = ch->d->job->catalog;
	uint32_t feeds = 0;

	for (size_t m = 0; m < c->mappings_n; m++) {
		if (!c->mappings[m].fallback &&
		    strcmp(c->mappings[m].set, ch->sd->set->name) == 0)
			feeds |= c->mappings[m].feeds;
	}
	for (unsigned f = 0; f < c->feeds_n; f++) {
		if ((feeds & 1u << f) && ch->d->spool->feeds[f].present &&
		    read_feed(ch, f, err) < 0)
			return -(int)err->code;
	}
	return 0;
}

/* ---- the difference ---------------------------------------------------------
 */

static int by_slot_key_value(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->slot != y->slot)
		return x->slot < y->slot ? -1 : 1;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	if (x->value != y->value)
		return x->value < y->value ? -1 : 1;
	return x->off < y->off ? -1 : x->off > y->off;
}

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

static enum mst_action missing_action(const struct mst_set *set)
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
	return MST_ACTION__MAX;
}

static int emit(struct chunk *ch, const struct mst_change_rec *rec,
		struct mst_err *err)
{
	count(ch->d, ch->sd, rec);
	return mst_changes_add(&ch->sd->changes, rec, 1, err);
}

/* The entries of one slot against its stored members. Of several rows with one
 * key the smallest value counts, so that order does not matter. */
static int diff_slot(struct chunk *ch, uint32_t slot, const struct entry *e,
		     size_t n, struct mst_err *err)
{
	const struct slot *s = &ch->slots[slot];
	struct mst_group *g = &ch->sd->groups.v[s->group];
	bool gone = !(g->flags & MST_G_SEEN);
	uint64_t before = ch->sd->changes.recs_n;

	for (size_t i = 0; i < n; i++) {
		struct mst_change_rec rec = {
		    .group = s->group,
		    .len = e[i].len,
		    .off = e[i].off,
		    .key = e[i].key,
		    .value = e[i].value,
		    .action = MST_INSERT,
		};
		size_t at = stored_at(ch, s, e[i].key);

		if (i > 0 && e[i - 1].key == e[i].key)
			continue;
		if (at != SIZE_MAX) {
			bool same =
			    ch->shown[at] && ch->values[at] < e[i].value;

			ch->shown[at] = same ? 1 : 2; /* 2: written anew */
			if (same)
				continue;
			/* An insert looks for the record and revives it. */
			if (!unsure(ch, slot))
				rec.action = MST_UPDATE;
		}
		if (emit(ch, &rec, err) < 0)
			return -(int)err->code;
	}
	for (size_t i = s->first; i < s->first + s->n; i++) {
		struct mst_change_rec rec = {
		    .group = s->group,
		    .key = ch->keys[i],
		    .value = ch->values[i],
		    .action = (uint8_t)missing_action(ch->sd->set),
		};

		if (ch->shown[i]) {
			ch->sd->unchanged += ch->shown[i] == 1;
			continue;
		}
		if (!ch->sd->proven && !gone) {
			g->flags |= MST_G_DOUBT;
			continue;
		}
		if (ch->sd->set->missing != MST_MISSING_KEEP &&
		    emit(ch, &rec, err) < 0)
			return -(int)err->code;
	}
	/* Nothing to write, but the digest is another (repeated rows, a refused
	 * row that is gone): noted, or every run would look again. */
	if (ch->sd->changes.recs_n == before && !(g->flags & MST_G_DOUBT)) {
		struct mst_change_rec rec = {.group = s->group,
					     .action = MST_FORGET};

		return emit(ch, &rec, err);
	}
	return 0;
}

static int diff_members(struct chunk *ch, struct mst_err *err)
{
	size_t from = 0;

	if (ch->entries_n)
		qsort(ch->entries, ch->entries_n, sizeof(*ch->entries),
		      by_slot_key_value);
	for (uint32_t slot = 0; slot < ch->slots_n; slot++) {
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
	const struct mst_slice *stash =
	    mst_map_get(&ch->d->p->wanted[ch->set], g->text);
	struct mst_slice payload;

	rec->len = 0;
	if (!stash || stash->n <= sizeof(g->digest))
		return 0;
	memcpy(&g->digest, stash->p, sizeof(g->digest));
	g->flags |= MST_G_SEEN;
	payload = mst_slice(stash->p + sizeof(g->digest),
			    stash->n - sizeof(g->digest));
	rec->len = (uint32_t)payload.n;
	/* Which row made it depends on the threads: no part of a plan's sum. */
	rec->value = 0;
	return mst_changes_write(&ch->sd->changes, payload, &rec->off, err);
}

static int diff_records(struct chunk *ch, struct mst_err *err)
{
	struct mst_groups *groups = &ch->sd->groups;
	const struct entry **of = mst_alloc((groups->n + 1) * sizeof(*of));
	int rc = 0;

	for (size_t i = 0; i < ch->entries_n; i++)
		of[ch->entries[i].slot] = &ch->entries[i];
	for (uint32_t i = 0; i < groups->n && rc == 0; i++) {
		struct mst_group *g = &groups->v[i];
		bool stored = is_delivered(g);
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
			   !(g->flags & MST_G_SEEN) && !stored) {
			rc = put_wanted(ch, i, &rec, err);
			if (rc == 0 && rec.len)
				rc = emit(ch, &rec, err);
		} else if ((g->flags & MST_G_CHANGED) &&
			   !(g->flags & MST_G_SEEN)) {
			rec.action = g->flags & MST_G_SUPERSEDED
					 ? MST_FORGET
					 : (uint8_t)missing_action(ch->sd->set);
			rc = emit(ch, &rec, err);
		}
	}
	free(of);
	return rc;
}

/* ---- chunks ----- */

static void chunk_clear(struct chunk *ch)
{
	for (size_t i = 0; i < ch->slots_n; i++)
		ch->slot_of[ch->slots[i].group] = NO_SLOT;
	free(ch->keys);
	free(ch->values);
	free(ch->shown);
	free(ch->entries);
	ch->keys = ch->values = NULL;
	ch->shown = NULL;
	ch->entries = NULL;
	ch->slots_n = ch->members_n = ch->entries_n = 0;
}

/* Takes changed groups from *next on, as many as fit. */
static void chunk_fill(struct chunk *ch, uint32_t *next)
{
	const struct mst_groups *groups = &ch->sd->groups;
	uint64_t bytes = 0;

	for (; *next < groups->n; (*next)++) {
		const struct mst_group *g = &groups->v[*next];
		uint64_t more = (uint64_t)g->stored_n * STORED_BYTES;

		if (!(g->flags & MST_G_CHANGED))
			continue;
		/* Rows beyond the stored ones are probably new. */
		if (g->count > g->stored_n)
			more += (uint64_t)(g->count - g->stored_n) *
				sizeof(struct entry) * 2;
		if (ch->sd->set->parent && bytes + more > mst_collect_bytes &&
		    ch->slots_n > 0)
			return;
		bytes += more;
		ch->slot_of[*next] = (uint32_t)ch->slots_n;
		ch->slots[ch->slots_n++] = (struct slot){
		    .group = *next,
		    .n = g->stored_n,
		    .first = ch->members_n,
		};
		if (ch->sd->set->parent)
			ch->members_n += g->stored_n;
	}
}

static int chunk_run(struct chunk *ch, struct mst_err *err)
{
	if (mst_delta_cancelled(ch->d, err) < 0)
		return -(int)err->code;
	if (!ch->sd->set->parent)
		return read_feeds(ch, err) < 0 || diff_records(ch, err) < 0
			   ? -(int)err->code
			   : 0;
	if (load_members(ch, err) < 0 || read_feeds(ch, err) < 0 ||
	    diff_members(ch, err) < 0)
		return -(int)err->code;
	return 0;
}

int mst_collect(struct mst_delta *d, size_t set, struct mst_err *err)
{
	struct mst_set_delta *sd = &d->sets[set];
	struct mst_progress_now now = {.stage = "collect",
				       .what = sd->set->name,
				       .total = sd->changed_groups};
	struct chunk ch = {.d = d, .sd = sd, .set = set};
	bool wanted = d->p->wanted[set].n > 0;
	uint32_t next = 0;
	int rc = 0;

	if (sd->changed_groups == 0 && !wanted)
		return 0;
	mst_progress_tell(d->progress, &now);
	ch.slots = mst_alloc((sd->groups.n + 1) * sizeof(*ch.slots));
	ch.slot_of = mst_alloc((sd->groups.n + 1) * sizeof(*ch.slot_of));
	ch.written = mst_alloc(sd->groups.n + 1);
	memset(ch.slot_of, 0xff, (sd->groups.n + 1) * sizeof(*ch.slot_of));
	do {
		chunk_fill(&ch, &next);
		rc = chunk_run(&ch, err);
		now.done += ch.slots_n;
		chunk_clear(&ch);
		mst_progress_tell(d->progress, &now);
	} while (rc == 0 && next < sd->groups.n);
	free(ch.slots);
	free(ch.slot_of);
	free(ch.written);
	now.end = true;
	mst_progress_tell(d->progress, &now);
	return rc;
}
