/* SPDX-License-Identifier: Apache-2.0
 *
 * Pass 2: the members of the changed groups. Groups are taken in chunks whose
 * stored members and new entries fit a fixed memory; a row whose key and value
 * are stored already costs one look-up and leaves no trace.
 */
#include "sync/collect_private.h"

#include <stdlib.h>

#define FLUSH_BYTES  (1u << 20)
#define MEMBERS_ASK  500 /* groups asked of RecVer at once */
#define STORED_BYTES (3 * sizeof(uint64_t) + 1)
/* Lists grow twofold, and sorting wants as much again. */
#define ENTRY_BYTES (2 * sizeof(struct entry))
#define COUNT_EVERY 64 /* entries of a worker between looks at the memory */
#define NO_SLOT	    UINT32_MAX

size_t mst_collect_bytes = 64u << 20, mst_collect_most;

struct worker {
	struct chunk *ch;
	unsigned feed;
	bool enrich;
	unsigned maps[MST_MAX_SETS]; /* mappings of this feed and set */
	size_t maps_n;
	struct mst_rules *rules;
	struct mst_slice last; /* the last group's text, and its position */
	uint32_t last_at;
	uint32_t kept; /* the chunk's, as it was at the last look */
	struct entry *entries;
	size_t n, cap, flushed;
	size_t counted; /* entries that the chunk knows of */
	struct mst_buf payload;
	struct wants wants;
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

/* Drops the entries of slots that are left to the next chunk. */
static void shrink(struct worker *w)
{
	size_t n = 0, flushed = 0;

	w->kept = atomic_load(&w->ch->kept);
	for (size_t i = 0; i < w->n; i++) {
		if (w->entries[i].slot >= w->kept)
			continue;
		flushed += i < w->flushed;
		w->entries[n++] = w->entries[i];
	}
	w->n = n;
	w->flushed = flushed;
}

/* Tells the chunk how many entries there are; how many all workers have. */
static size_t tell_held(struct worker *w)
{
	struct chunk *ch = w->ch;
	size_t more = w->n - w->counted; /* or less, modulo its range */
	size_t held = atomic_fetch_add(&ch->held, more) + more;

	w->counted = w->n;
	if (held > atomic_load(&ch->held_most))
		atomic_store(&ch->held_most, held);
	return held;
}

/* With more entries than memory for them the chunk's upper half goes: what is
 * in the lower half is known from the first row on. */
static void count_entries(struct worker *w)
{
	struct chunk *ch = w->ch;

	if (w->kept != atomic_load(&ch->kept))
		shrink(w);
	while (tell_held(w) > ch->held_max && w->kept > 1) {
		uint32_t kept = w->kept;

		(void)atomic_compare_exchange_strong(&ch->kept, &kept,
						     kept / 2);
		shrink(w);
	}
}

static int add_entry(struct worker *w, struct entry e, struct mst_err *err)
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
	e.off = before;
	e.len = (uint32_t)(w->payload.n - before);
	w->entries[w->n++] = e;
	if (w->payload.n >= FLUSH_BYTES && flush(w, err) < 0)
		return -(int)err->code;
	if (w->n % COUNT_EVERY == 0)
		count_entries(w);
	return 0;
}

/* ---- rows of members and of records ---------------------------------------
 */

static int member(struct worker *w, unsigned m, uint32_t slot,
		  struct mst_err *err)
{
	struct chunk *ch = w->ch;
	struct entry e = {.slot = slot};
	struct mst_slice text;
	size_t at;

	if (slot >= w->kept || !mst_rules_key(w->rules, m, &text))
		return 0;
	e.key = mst_rules_member_hash(w->rules, text);
	e.value = mst_rules_hash(w->rules, m).lo;
	e.rank = mst_rules_rank(w->rules);
	at = mst_stored_at(ch, &ch->slots[slot], e.key);
	if (at != SIZE_MAX && ch->values[at] == e.value && !ch->d->full &&
	    !mst_is_unsure(ch, slot)) {
		__atomic_store_n(&ch->ranks[at], e.rank, __ATOMIC_RELAXED);
		__atomic_store_n(&ch->fates[at], FATE_SHOWN, __ATOMIC_RELAXED);
		return 0;
	}
	if (!mst_rules_apply(w->rules, m, &w->desired))
		return 0;
	if (add_entry(w, e, err) < 0)
		return -(int)err->code;
	mst_wants_note(&w->wants, w->rules, &w->desired);
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
	return add_entry(
	    w, (struct entry){.slot = group, .value = g->digest.lo}, err);
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
	at = mst_stored_at(ch, &ch->slots[slot],
			   mst_rules_member_hash(w->rules, text));
	if (at != SIZE_MAX)
		__atomic_store_n(&ch->fates[at], FATE_ANEW, __ATOMIC_RELAXED);
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
	ch->ranks = mst_alloc(ch->members_n * sizeof(*ch->ranks));
	ch->fates = mst_alloc(ch->members_n);
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
	w->kept = atomic_load(&ch->kept);
	mst_buf_init(&w->payload, FLUSH_BYTES + MST_MAX_REQUEST_BODY * 4);
	w->enrich = mst_enriches(ch->d, feed);
	for (unsigned m = 0; m < c->mappings_n; m++) {
		if (strcmp(c->mappings[m].set, ch->sd->set->name) == 0 &&
		    !c->mappings[m].fallback &&
		    (c->mappings[m].feeds & 1u << feed) &&
		    w->maps_n < MST_MAX_SETS)
			w->maps[w->maps_n++] = m;
	}
	mst_wants_init(&w->wants, ch->d, feed);
	return mst_rules_new(&ch->d->rules, &w->rules, err);
}

/* Hands the worker's entries over to the chunk. */
static int worker_close(struct worker *w, int rc, struct mst_err *err)
{
	struct chunk *ch = w->ch;

	if (rc == 0)
		rc = flush(w, err);
	count_entries(w);
	if (rc == 0 && w->n > 0) {
		ch->entries = mst_realloc(
		    ch->entries, (ch->entries_n + w->n) * sizeof(*ch->entries));
		memcpy(ch->entries + ch->entries_n, w->entries,
		       w->n * sizeof(*w->entries));
		ch->entries_n += w->n;
	}
	mst_wants_merge(&w->wants);
	mst_rules_free(&w->rules);
	mst_buf_fini(&w->payload);
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
	if (d->recver)
		rc = mst_recver_keep(d->recver, err);
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

/* ---- chunks ----- */

static void chunk_clear(struct chunk *ch)
{
	for (size_t i = 0; i < ch->slots_n; i++)
		ch->slot_of[ch->slots[i].group] = NO_SLOT;
	free(ch->keys);
	free(ch->values);
	free(ch->ranks);
	free(ch->fates);
	free(ch->entries);
	ch->keys = ch->values = ch->ranks = NULL;
	ch->fates = NULL;
	ch->entries = NULL;
	ch->slots_n = ch->members_n = ch->entries_n = 0;
}

/* How many rows of the group will be entries, as far as that is known: those
 * beyond the stored ones are probably new. */
static uint64_t expected(const struct chunk *ch, const struct mst_group *g)
{
	if (ch->dense || ch->d->full || g->state == MST_GROUP_PENDING)
		return g->count;
	return g->count > g->stored_n ? g->count - g->stored_n : 0;
}

/* Takes changed groups from `next` on, as many as fit. A quarter of the memory
 * is for entries that nobody expects. */
static void chunk_fill(struct chunk *ch)
{
	const struct mst_groups *groups = &ch->sd->groups;
	uint64_t most = mst_collect_bytes / 4 * 3, bytes = 0;
	bool members = ch->sd->set->parent != NULL;

	for (; ch->next < groups->n; ch->next++) {
		const struct mst_group *g = &groups->v[ch->next];
		uint64_t more = (uint64_t)g->stored_n * STORED_BYTES +
				expected(ch, g) * ENTRY_BYTES;

		if (!(g->flags & MST_G_CHANGED))
			continue;
		if (members && bytes + more > most && ch->slots_n > 0)
			break;
		bytes += more;
		ch->slot_of[ch->next] = (uint32_t)ch->slots_n;
		ch->slots[ch->slots_n++] = (struct slot){
		    .group = ch->next,
		    .n = g->stored_n,
		    .first = ch->members_n,
		};
		if (members)
			ch->members_n += g->stored_n;
	}
	ch->kept = members ? (uint32_t)ch->slots_n : UINT32_MAX;
	ch->held = ch->held_most = 0;
	bytes = ch->members_n * STORED_BYTES;
	ch->held_max = !members ? SIZE_MAX
		       : bytes < mst_collect_bytes
			   ? (mst_collect_bytes - bytes) / ENTRY_BYTES
			   : 0;
}

/* Sees to it that the next chunk begins behind what this one has done. */
static void chunk_end(struct chunk *ch)
{
	size_t bytes =
	    ch->members_n * STORED_BYTES + ch->held_most * ENTRY_BYTES;

	mst_collect_most = MST_MAX(mst_collect_most, bytes);
	if (ch->kept >= ch->slots_n)
		return;
	ch->dense = true;
	ch->next = ch->slots[ch->kept].group;
}

static int chunk_run(struct chunk *ch, struct mst_err *err)
{
	if (mst_delta_cancelled(ch->d, err) < 0)
		return -(int)err->code;
	if (!ch->sd->set->parent)
		return read_feeds(ch, err) < 0 || mst_diff_records(ch, err) < 0
			   ? -(int)err->code
			   : 0;
	if (load_members(ch, err) < 0 || read_feeds(ch, err) < 0 ||
	    mst_diff_members(ch, err) < 0)
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
	int rc = 0;

	if (sd->changed_groups == 0 && !wanted)
		return 0;
	mst_progress_tell(d->progress, &now);
	ch.slots = mst_alloc((sd->groups.n + 1) * sizeof(*ch.slots));
	ch.slot_of = mst_alloc((sd->groups.n + 1) * sizeof(*ch.slot_of));
	ch.written = mst_alloc(sd->groups.n + 1);
	memset(ch.slot_of, 0xff, (sd->groups.n + 1) * sizeof(*ch.slot_of));
	do {
		chunk_fill(&ch);
		rc = chunk_run(&ch, err);
		chunk_end(&ch);
		now.done += MST_MIN((size_t)ch.kept, ch.slots_n);
		chunk_clear(&ch);
		mst_progress_tell(d->progress, &now);
	} while (rc == 0 && ch.next < sd->groups.n);
	free(ch.slots);
	free(ch.slot_of);
	free(ch.written);
	mst_owners_free(&ch.owners);
	now.end = true;
	mst_progress_tell(d->progress, &now);
	return rc;
}
