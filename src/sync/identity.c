/* SPDX-License-Identifier: Apache-2.0
 *
 * Which of several records of one identity (the name of a device) counts. The
 * feeds are read for the hashes of all identities, 8 bytes each; nearly all
 * come once and are done with. Only for those that come again the feeds are
 * read once more, and the winner is remembered.
 */
#include <stdlib.h>

#include "base/hash.h"
#include "sync/delta_private.h"

struct hashes {
	uint64_t *v;
	size_t n, cap;
};

struct identity_reader {
	struct mst_delta *d;
	struct mst_rules *rules;
	size_t set;
	unsigned m, feed;
	struct hashes *hashes; /* to gather, or sorted: those that come again */
	bool gather;
	struct mst_value v[MST_MAX_FIELDS];
};

static int full(const struct identity_reader *r, struct mst_err *err)
{
	return mst_enrich_full("finding records of one name",
			       r->d->sets[r->set].set->title, err);
}

/* ---- identities that come again ------------------------------------------ */

static int by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static int note(struct identity_reader *r, uint64_t hash, struct mst_err *err)
{
	struct hashes *h = r->hashes;

	if ((h->n + 1) * sizeof(*h->v) > mst_enrich_bytes)
		return full(r, err);
	if (h->n == h->cap) {
		h->cap = h->cap ? h->cap * 2 : 256;
		h->v = mst_realloc(h->v, h->cap * sizeof(*h->v));
	}
	h->v[h->n++] = hash;
	return 0;
}

static void keep_repeated(struct hashes *h)
{
	size_t n = 0;

	if (h->n)
		qsort(h->v, h->n, sizeof(*h->v), by_value);
	for (size_t i = 1; i < h->n; i++) {
		if (h->v[i] == h->v[i - 1] && (!n || h->v[n - 1] != h->v[i]))
			h->v[n++] = h->v[i];
	}
	h->n = n;
}

/* ---- the winner ---------------------------------------------------------- */

static bool wins(const struct identity *old, struct mst_slice key,
		 struct mst_slice rank)
{
	int c = mst_slice_cmp(rank, old->rank);

	return c > 0 || (c == 0 && mst_slice_cmp(key, old->key) > 0);
}

static int compete(struct identity_reader *r, struct mst_slice text,
		   struct mst_slice key, struct mst_slice rank,
		   struct mst_err *err)
{
	struct mst_arena *arena = &r->d->p->identity_arena;
	struct mst_map *map = &r->d->p->identities[r->set];
	struct identity *id;

	if (arena->used + sizeof(*id) + text.n + key.n + rank.n + 19 >
	    mst_enrich_bytes)
		return full(r, err);
	id = mst_map_get(map, text);
	if (!id) {
		id = mst_arena_alloc(arena, sizeof(*id));
		(void)mst_map_put(map, mst_arena_dup(arena, text), id);
	} else if (!wins(id, key, rank)) {
		return 0;
	}
	if (!mst_slice_eq(id->key, key))
		id->key = mst_arena_dup(arena, key);
	if (!mst_slice_eq(id->rank, rank))
		id->rank = mst_arena_dup(arena, rank);
	return 0;
}

static int identity_record(void *worker, const struct mst_value *v,
			   struct mst_err *err)
{
	struct identity_reader *r = worker;
	const struct mst_catalog *c = r->d->job->catalog;
	struct mst_slice text, rank, key, why;
	uint64_t hash;

	memcpy(r->v, v, c->feeds[r->feed].fields_n * sizeof(*v));
	mst_enrich(r->d, r->feed, r->v);
	mst_rules_record(r->rules, r->v);
	if (!mst_rules_identity(r->rules, r->m, &text, &rank))
		return 0;
	hash = mst_hash64(text.p, text.n, 0);
	/* Those that are not delivered, too: rules may ask for the winner of
	 * their identity. */
	if (r->gather)
		return note(r, hash, err);
	if (!bsearch(&hash, r->hashes->v, r->hashes->n, sizeof(hash),
		     by_value) ||
	    mst_delta_keep(r->d, r->set, r->rules, r->m, &why) != MST_KEEP ||
	    !mst_rules_key(r->rules, r->m, &key))
		return 0;
	return compete(r, text, key, rank, err);
}

/* ---- reading ------------------------------------------------------------- */

static int read_mapping(struct identity_reader *r, struct mst_err *err)
{
	const struct mst_catalog *c = r->d->job->catalog;
	void *workers[1] = {r};
	int rc = mst_rules_new(&r->d->rules, &r->rules, err);

	for (unsigned f = 0; f < c->feeds_n && rc == 0; f++) {
		struct mst_read read = {
		    .spool = r->d->spool,
		    .catalog = c,
		    .feed = f,
		    .threads = 1,
		    .workers = workers,
		    .record = identity_record,
		    .cancel = r->d->cancel,
		};
		struct mst_read_stats stats;

		if (!(c->mappings[r->m].feeds & 1u << f))
			continue;
		r->feed = f;
		rc = mst_read_feed(&read, &stats, err);
	}
	mst_rules_free(&r->rules);
	return rc;
}

static int read_set(struct mst_delta *d, size_t set, struct hashes *hashes,
		    bool gather, struct mst_err *err)
{
	const struct mst_catalog *c = d->job->catalog;
	struct identity_reader *r = mst_alloc(sizeof(*r));
	int rc = 0;

	r->d = d;
	r->set = set;
	r->hashes = hashes;
	r->gather = gather;
	for (size_t m = 0; m < c->mappings_n && rc == 0; m++) {
		r->m = (unsigned)m;
		if (c->mappings[m].identity &&
		    mst_delta_index(d, c->mappings[m].set) == set)
			rc = read_mapping(r, err);
	}
	free(r);
	return rc;
}

int mst_identity_load(struct mst_delta *d, size_t set, struct mst_err *err)
{
	struct hashes hashes = {0};
	int rc = read_set(d, set, &hashes, true, err);

	keep_repeated(&hashes);
	if (rc == 0 && hashes.n)
		rc = read_set(d, set, &hashes, false, err);
	free(hashes.v);
	return rc;
}

struct mst_slice mst_identity_winner(const struct mst_delta *d, size_t set,
				     struct mst_rules *rules, unsigned m,
				     struct mst_slice key)
{
	struct mst_slice text, rank;
	const struct identity *id;

	if (!mst_rules_identity(rules, m, &text, &rank))
		return mst_slice(NULL, 0);
	id = mst_map_get(&d->p->identities[set], text);
	if (!id || mst_slice_eq(id->key, key))
		return mst_slice(NULL, 0);
	return id->key;
}

struct mst_slice mst_identity_key(void *delta, const char *set,
				  struct mst_slice identity)
{
	const struct mst_delta *d = delta;
	size_t at = mst_delta_index(d, set);
	const struct identity *id;

	if (!d->p || at == SIZE_MAX)
		return mst_slice(NULL, 0);
	id = mst_map_get(&d->p->identities[at], identity);
	return id ? id->key : mst_slice(NULL, 0);
}
