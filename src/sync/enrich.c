/* SPDX-License-Identifier: Apache-2.0
 *
 * What one record needs to know of others: the joined feeds (O(records of the
 * joined feed) memory) and the winners of identities (O(records of the set)).
 */
#include "sync/delta_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"

size_t mst_enrich_bytes = MST_MAX_ARENA;

/* Will so many more bytes fit? What is kept for look-ups has no bound but
 * this, because it grows with the source's lists. */
static int check_room(const struct mst_arena *a, size_t more, const char *what,
		      const char *title, struct mst_err *err)
{
	if (more <= mst_enrich_bytes && a->used <= mst_enrich_bytes - more)
		return 0;
	return mst_err_set(err, MST_E_INVALID,
			   "%s: %s would take more than %zu bytes of memory; "
			   "read less of it by the options of the source "
			   "connection (see muster.yaml(5))",
			   title, what, mst_enrich_bytes);
}

/* ---- joins --------------------------------------------------------------- */

struct join_reader {
	const struct mst_join *join;
	struct joined *joined;
	const char *title; /* of the joined feed */
	struct mst_buf made;
};

/* Key of a joined record, folded, in buf; empty when it has none. A zero GUID
 * means "none" in these systems. */
static struct mst_slice join_key(const struct mst_value *v, char *buf,
				 size_t buf_n)
{
	struct mst_slice s;
	bool zero = true;
	int n;

	if (v->type == MST_JSON_INT) {
		n = snprintf(buf, buf_n, "%" PRId64, v->u.i);
		return mst_slice(buf, (size_t)n);
	}
	if (v->type != MST_JSON_STRING)
		return mst_slice(NULL, 0);
	s = mst_slice_trim(mst_slice(v->u.s.p, v->u.s.n));
	if (s.n == 0 || s.n > buf_n)
		return mst_slice(NULL, 0);
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		buf[i] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
		zero = zero && (c == '0' || c == '-');
	}
	return zero ? mst_slice(NULL, 0) : mst_slice(buf, s.n);
}

/* As above, of a record: its field, or what makes its key. */
static struct mst_slice record_key(const struct mst_value *v, unsigned field,
				   void (*text)(const struct mst_value *v,
						struct mst_buf *out),
				   char *buf, size_t buf_n)
{
	struct mst_buf made = MST_BUF_INIT(MST_MAX_TEXT);
	struct mst_value one = {.type = MST_JSON_STRING};
	struct mst_slice key;

	if (!text)
		return join_key(&v[field], buf, buf_n);
	text(v, &made);
	one.u.s.p = made.p;
	one.u.s.n = made.n;
	key = made.n ? join_key(&one, buf, buf_n) : mst_slice(NULL, 0);
	mst_buf_fini(&made);
	return key;
}

/* What is copied, and behind it what is made. */
static unsigned join_width(const struct mst_join *j)
{
	return j->copy_n + (j->make ? 1 : 0);
}

/* The most that one joined record takes. */
static size_t join_bytes(const struct mst_join *j, const struct mst_value *v,
			 struct mst_slice key)
{
	size_t n = join_width(j) * (sizeof(*v) + 1) + key.n + 17;

	for (unsigned i = 0; i < j->copy_n; i++) {
		if (v[j->copy[i].from].type == MST_JSON_STRING)
			n += v[j->copy[i].from].u.s.n;
	}
	return n;
}

static void keep_text(struct joined *j, struct mst_value *v, struct mst_slice s)
{
	s = mst_arena_dup(&j->arena, s);
	v->type = MST_JSON_STRING;
	v->u.s.p = s.p;
	v->u.s.n = s.n;
}

static bool same_value(const struct mst_value *a, const struct mst_value *b)
{
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case MST_JSON_STRING:
		return mst_slice_eq(mst_slice(a->u.s.p, a->u.s.n),
				    mst_slice(b->u.s.p, b->u.s.n));
	case MST_JSON_INT:
		return a->u.i == b->u.i;
	case MST_JSON_BOOL:
		return a->u.b == b->u.b;
	case MST_JSON_NULL:
	case MST_JSON_DOUBLE:
	case MST_JSON_ARRAY:
	case MST_JSON_OBJECT:
		break;
	}
	return false;
}

static int join_record(void *worker, const struct mst_value *v,
		       struct mst_err *err)
{
	struct join_reader *r = worker;
	const struct mst_join *j = r->join;
	char buf[256];
	struct mst_slice key =
	    record_key(v, j->from_key, j->from_key_text, buf, sizeof(buf));
	struct mst_value *row;

	if (!key.n || (j->keep && !j->keep(v)))
		return 0;
	mst_buf_reset(&r->made);
	if (j->make)
		j->make(v, &r->made);
	if (check_room(&r->joined->arena, join_bytes(j, v, key) + r->made.n,
		       "joining it to other records", r->title, err) < 0)
		return -(int)err->code;
	row = mst_map_get(&r->joined->rows, key);
	if (!row) {
		row = mst_arena_alloc(&r->joined->arena,
				      join_width(j) * sizeof(*row));
		key = mst_arena_dup(&r->joined->arena, key);
		(void)mst_map_put(&r->joined->rows, key, row);
	}
	for (unsigned i = 0; i < j->copy_n; i++) {
		const struct mst_value *from = &v[j->copy[i].from];

		/* The first record that has something counts. Lists and objects
		 * would not outlive their document. */
		if (row[i].type != MST_JSON_NULL) {
			if (j->only_one && !same_value(&row[i], from))
				row[i] =
				    (struct mst_value){.type = MST_JSON_BOOL};
			continue;
		}
		if (from->type == MST_JSON_STRING && from->u.s.n > 0)
			keep_text(r->joined, &row[i],
				  mst_slice(from->u.s.p, from->u.s.n));
		else if (from->type == MST_JSON_BOOL ||
			 from->type == MST_JSON_INT)
			row[i] = *from;
	}
	if (r->made.n > 0 && row[j->copy_n].type == MST_JSON_NULL)
		keep_text(r->joined, &row[j->copy_n], mst_buf_slice(&r->made));
	return 0;
}

int mst_enrich_load(struct mst_delta *d, struct mst_err *err)
{
	const struct mst_catalog *c = d->job->catalog;

	for (size_t i = 0; i < c->joins_n && i < MST_LEN(d->p->joins); i++) {
		struct joined *joined = &d->p->joins[i];
		struct join_reader worker = {&c->joins[i], joined,
					     c->feeds[c->joins[i].from].title,
					     MST_BUF_INIT(MST_MAX_TEXT * 4)};
		void *workers[1] = {&worker};
		struct mst_read read = {
		    .spool = d->spool,
		    .catalog = c,
		    .feed = c->joins[i].from,
		    .threads = 1,
		    .workers = workers,
		    .record = join_record,
		    .cancel = d->cancel,
		};
		struct mst_read_stats stats;
		int rc = 0;

		mst_arena_init(&joined->arena, MST_MAX_ARENA);
		joined->on = d->spool->feeds[c->joins[i].from].present;
		if (joined->on)
			rc = mst_read_feed(&read, &stats, err);
		mst_buf_fini(&worker.made);
		if (rc < 0)
			return rc;
	}
	return 0;
}

bool mst_enriches(const struct mst_delta *d, unsigned feed)
{
	const struct mst_catalog *c = d->job->catalog;

	for (size_t i = 0; i < c->joins_n; i++) {
		if (c->joins[i].feed == feed)
			return true;
	}
	return mst_lookup_fills(d, feed);
}

void mst_enrich(const struct mst_delta *d, unsigned feed, struct mst_value *v)
{
	const struct mst_catalog *c = d->job->catalog;

	for (size_t i = 0; i < c->joins_n && i < MST_LEN(d->p->joins); i++) {
		const struct mst_join *j = &c->joins[i];
		const struct mst_value *row;
		struct mst_slice key;
		char buf[256];

		if (j->feed != feed || !d->p->joins[i].on)
			continue;
		key = record_key(v, j->key, j->key_text, buf, sizeof(buf));
		row = key.n ? mst_map_get(&d->p->joins[i].rows, key) : NULL;
		for (unsigned k = 0; row && k < j->copy_n; k++) {
			if (v[j->copy[k].to].type == MST_JSON_NULL)
				v[j->copy[k].to] = row[k];
		}
		if (row && j->make && v[j->make_to].type == MST_JSON_NULL)
			v[j->make_to] = row[j->copy_n];
	}
	mst_lookup_fill(d, feed, v);
}

void mst_enrich_fini(struct mst_delta *d)
{
	for (size_t i = 0; i < MST_LEN(d->p->joins); i++) {
		mst_map_fini(&d->p->joins[i].rows);
		if (d->p->joins[i].arena.max)
			mst_arena_fini(&d->p->joins[i].arena);
	}
	for (size_t i = 0; i < MST_MAX_SETS; i++) {
		mst_map_fini(&d->p->identities[i]);
		mst_map_fini(&d->p->wanted[i]);
	}
	mst_lookup_fini(d);
	mst_arena_fini(&d->p->identity_arena);
	mst_arena_fini(&d->p->wanted_arena);
}

/* ---- identities ---------------------------------------------------------- */

struct identity_reader {
	struct mst_delta *d;
	struct mst_rules *rules;
	size_t set;
	unsigned m, feed;
	struct mst_value v[MST_MAX_FIELDS];
};

/* Identities are kept as their hashes: there is one for each record. */
static struct mst_slice hashed(struct mst_slice text, struct mst_hash *room)
{
	*room = mst_hash128(text.p, text.n, 0);
	return mst_slice((const char *)room, sizeof(*room));
}

static bool wins(const struct identity *old, struct mst_slice key,
		 struct mst_slice rank)
{
	int c = mst_slice_cmp(rank, old->rank);

	return c > 0 || (c == 0 && mst_slice_cmp(key, old->key) > 0);
}

static int identity_record(void *worker, const struct mst_value *v,
			   struct mst_err *err)
{
	struct identity_reader *r = worker;
	const struct mst_catalog *c = r->d->job->catalog;
	struct mst_arena *arena = &r->d->p->identity_arena;
	struct mst_map *map = &r->d->p->identities[r->set];
	struct mst_slice text, rank, key, why;
	struct mst_hash room;
	struct identity *id;

	memcpy(r->v, v, c->feeds[r->feed].fields_n * sizeof(*v));
	mst_enrich(r->d, r->feed, r->v);
	mst_rules_record(r->rules, r->v);
	if (mst_delta_keep(r->d, r->set, r->rules, r->m, &why) != MST_KEEP ||
	    !mst_rules_key(r->rules, r->m, &key) ||
	    !mst_rules_identity(r->rules, r->m, &text, &rank))
		return 0;
	text = hashed(text, &room);
	if (check_room(arena, sizeof(*id) + text.n + key.n + rank.n + 19,
		       "finding records of one name",
		       r->d->sets[r->set].set->title, err) < 0)
		return -(int)err->code;
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

int mst_identity_load(struct mst_delta *d, size_t set, struct mst_err *err)
{
	const struct mst_catalog *c = d->job->catalog;
	int rc = 0;

	for (size_t m = 0; m < c->mappings_n && rc == 0; m++) {
		struct identity_reader *worker;
		void *workers[1];

		if (!c->mappings[m].identity ||
		    mst_delta_index(d, c->mappings[m].set) != set)
			continue;
		worker = mst_alloc(sizeof(*worker));
		workers[0] = worker;
		worker->d = d;
		worker->set = set;
		worker->m = (unsigned)m;
		rc = mst_rules_new(&d->rules, &worker->rules, err);
		for (unsigned f = 0; f < c->feeds_n && rc == 0; f++) {
			struct mst_read read = {
			    .spool = d->spool,
			    .catalog = c,
			    .feed = f,
			    .threads = 1,
			    .workers = workers,
			    .record = identity_record,
			    .cancel = d->cancel,
			};
			struct mst_read_stats stats;

			if (!(c->mappings[m].feeds & 1u << f))
				continue;
			worker->feed = f;
			rc = mst_read_feed(&read, &stats, err);
		}
		mst_rules_free(&worker->rules);
		free(worker);
	}
	return rc;
}

struct mst_slice mst_identity_winner(const struct mst_delta *d, size_t set,
				     struct mst_rules *rules, unsigned m,
				     struct mst_slice key)
{
	struct mst_slice text, rank;
	const struct identity *id;
	struct mst_hash room;

	if (!mst_rules_identity(rules, m, &text, &rank))
		return mst_slice(NULL, 0);
	id = mst_map_get(&d->p->identities[set], hashed(text, &room));
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
	struct mst_hash room;

	if (!d->p || at == SIZE_MAX)
		return mst_slice(NULL, 0);
	id = mst_map_get(&d->p->identities[at], hashed(identity, &room));
	return id ? id->key : mst_slice(NULL, 0);
}

/* ---- reported records ---------------------------------------------------- */

void mst_skips_add(struct skips *s, const char *set, struct mst_slice key,
		   struct mst_slice why)
{
	if (s->n >= SKIPS_MAX)
		return;
	if (!s->arena.max)
		mst_arena_init(&s->arena, 64u << 20);
	if (s->n == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 64;
		s->v = mst_realloc(s->v, s->cap * sizeof(*s->v));
	}
	key.n = MST_MIN(key.n, (size_t)512);
	why.n = MST_MIN(why.n, (size_t)512);
	s->v[s->n++] = (struct skip){
	    .set = set,
	    .key = mst_arena_dup(&s->arena, key),
	    .why = mst_arena_dup(&s->arena, why),
	};
}

void mst_skips_flush(struct skips *s, const struct mst_delta *d)
{
	for (size_t i = 0; i < s->n && d->skip; i++)
		d->skip(d->skip_ctx, s->v[i].set, s->v[i].key, s->v[i].why);
	free(s->v);
	if (s->arena.max)
		mst_arena_fini(&s->arena);
	*s = (struct skips){0};
}
