/* SPDX-License-Identifier: Apache-2.0
 *
 * The sample and the counts.
 */
#include "sync/reasons.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "rules/canon.h"

#define HEAD   2 /* hashes in front of those of the columns: layout, table */
#define NO_KEY MST_SLICE_LIT("")

uint32_t mst_reasons_most = 4096;

struct entry {
	uint8_t key[16];
	bool dirty;
	uint32_t n;
	uint32_t h[]; /* layout, table, columns; 0: no value */
};

struct sample {
	const struct mst_set *set;
	struct mst_map entries; /* key → entry */
	struct mst_map gone;	/* key → key, to be removed from the store */
	uint32_t layout;
	unsigned shift; /* one record in 2^shift is in it */
	bool anew;	/* the store's rows all go first */
	bool dirty;
	uint64_t updates; /* all that were applied */
	uint64_t seen;	  /* of them in the sample */
	uint64_t columns[MST_MAX_COLUMNS];
	uint64_t again, table, unknown;
};

struct mst_reasons {
	struct mst_state *state;
	const char *job;
	struct sample v[MST_MAX_SETS];
	size_t n;
};

struct mst_reason {
	struct entry *now; /* NULL: the record goes */
	uint8_t key[16];
	bool known, table, any;
	bool differs[MST_MAX_COLUMNS];
};

/* ---- entries ------------------------------------------------------------- */

static void key_bytes(struct mst_hash key, uint8_t out[16])
{
	memcpy(out, &key.hi, 8);
	memcpy(out + 8, &key.lo, 8);
}

static struct mst_slice key_slice(const uint8_t key[16])
{
	return mst_slice((const char *)key, 16);
}

static uint32_t short_hash(struct mst_slice s)
{
	uint32_t h = (uint32_t)mst_hash64(s.p ? s.p : "", s.n, 0);

	return h ? h : 1;
}

/* Columns in another order are other columns. */
static uint32_t layout_of(const struct mst_set *set)
{
	uint64_t h = 0;

	for (size_t i = 0; i < set->columns_n; i++)
		h = mst_hash64(set->columns[i].name,
			       strlen(set->columns[i].name), h);
	return (uint32_t)h;
}

static struct entry *entry_new(const struct sample *s, const uint8_t key[16])
{
	uint32_t n = HEAD + (uint32_t)s->set->columns_n;
	struct entry *e = mst_alloc(sizeof(*e) + n * sizeof(e->h[0]));

	memcpy(e->key, key, 16);
	e->n = n;
	e->h[0] = s->layout;
	return e;
}

static void entry_free(struct sample *s, struct entry *e)
{
	if (!e)
		return;
	(void)mst_map_del(&s->entries, key_slice(e->key));
	free(e);
}

static bool sampled(const struct sample *s, const uint8_t key[16])
{
	uint64_t lo;

	memcpy(&lo, key + 8, 8);
	return (lo & ((UINT64_C(1) << s->shift) - 1)) == 0;
}

/* Half of the sample goes. */
static void thin_out(struct sample *s)
{
	struct entry **drop =
	    mst_alloc((s->entries.n + 1) * sizeof(struct entry *));
	size_t at = 0, n = 0;
	void *e;

	s->shift++;
	s->anew = s->dirty = true;
	while (mst_map_next(&s->entries, &at, NULL, &e)) {
		if (!sampled(s, ((struct entry *)e)->key))
			drop[n++] = e;
	}
	while (n > 0)
		entry_free(s, drop[--n]);
	free(drop);
}

/* Takes e over. */
static void put(struct sample *s, struct entry *e)
{
	entry_free(s, mst_map_get(&s->entries, key_slice(e->key)));
	e->dirty = s->dirty = true;
	(void)mst_map_put(&s->entries, key_slice(e->key), e);
	while (s->entries.n > mst_reasons_most && s->shift < 60)
		thin_out(s);
}

static void remove_entry(struct sample *s, const uint8_t key[16])
{
	uint8_t *copy;

	entry_free(s, mst_map_get(&s->entries, key_slice(key)));
	if (mst_map_has(&s->gone, key_slice(key)))
		return;
	copy = mst_alloc(16);
	memcpy(copy, key, 16);
	(void)mst_map_put(&s->gone, key_slice(copy), copy);
	s->dirty = true;
}

/* ---- life ---------------------------------------------------------------- */

static int take_row(void *ctx, struct mst_slice key, struct mst_slice bytes)
{
	struct sample *s = ctx;
	struct entry *e;

	if (key.n == 0 && bytes.n == 1)
		s->shift = (uint8_t)bytes.p[0] & 63;
	if (key.n != 16)
		return 0;
	e = entry_new(s, (const uint8_t *)key.p);
	/* What another version wrote is not understood. */
	if (bytes.n == e->n * sizeof(e->h[0])) {
		memcpy(e->h, bytes.p, bytes.n);
		(void)mst_map_put(&s->entries, key_slice(e->key), e);
	} else {
		free(e);
	}
	return 0;
}

static void sample_fini(struct sample *s)
{
	size_t at = 0;
	void *v;

	while (mst_map_next(&s->entries, &at, NULL, &v))
		free(v);
	at = 0;
	while (mst_map_next(&s->gone, &at, NULL, &v))
		free(v);
	mst_map_fini(&s->entries);
	mst_map_fini(&s->gone);
}

struct mst_reasons *mst_reasons_open(struct mst_state *state,
				     const struct mst_delta *d)
{
	struct mst_reasons *r = mst_alloc(sizeof(*r));
	struct mst_err err = MST_ERR_INIT;
	int rc = 0;

	r->state = state;
	r->job = d->job->name;
	for (; r->n < d->sets_n && rc == 0; r->n++) {
		struct sample *s = &r->v[r->n];

		s->set = d->sets[r->n].set;
		s->layout = layout_of(s->set);
		if (d->sets[r->n].selected && d->sets[r->n].changes.recs_n)
			rc = mst_state_sample(state, r->job, s->set->name,
					      take_row, s, &err);
	}
	if (rc == 0)
		return r;
	mst_warn("why records change is not noted: %s", err.msg);
	for (size_t i = 0; i < r->n; i++)
		sample_fini(&r->v[i]);
	free(r);
	return NULL;
}

/* ---- changes ------------------------------------------------------------- */

static void fill(struct entry *e, const struct mst_desired *d)
{
	if (d->table.n)
		e->h[1] = short_hash(d->table);
	for (size_t i = 0; i < d->cells_n; i++)
		e->h[HEAD + d->cells[i].column] = short_hash(d->cells[i].text);
}

static void compare(const struct sample *s, const struct entry *old,
		    struct mst_reason *why)
{
	const struct entry *now = why->now;

	why->known = old && old->h[0] == now->h[0];
	if (!why->known)
		return;
	why->table = old->h[1] != now->h[1];
	why->any = why->table;
	for (size_t i = 0; i < s->set->columns_n; i++) {
		/* What is not in the checksum is no reason. */
		if (!mst_col_hashed(s->set->columns[i].flags))
			continue;
		why->differs[i] = old->h[HEAD + i] != now->h[HEAD + i];
		why->any = why->any || why->differs[i];
	}
}

struct mst_reason *mst_reasons_offer(struct mst_reasons *r, size_t set,
				     struct mst_hash key,
				     const struct mst_desired *d)
{
	struct mst_reason *why;
	struct sample *s;
	uint8_t bytes[16];

	if (!r)
		return NULL;
	s = &r->v[set];
	key_bytes(key, bytes);
	if (!sampled(s, bytes))
		return NULL;
	why = mst_alloc(sizeof(*why));
	memcpy(why->key, bytes, 16);
	if (!d)
		return why;
	why->now = entry_new(s, bytes);
	fill(why->now, d);
	compare(s, mst_map_get(&s->entries, key_slice(bytes)), why);
	return why;
}

static void count(struct sample *s, const struct mst_reason *why)
{
	s->seen++;
	if (!why->known)
		s->unknown++;
	else if (!why->any)
		s->again++;
	else if (why->table)
		s->table++;
	for (size_t i = 0; i < s->set->columns_n; i++)
		s->columns[i] += why->differs[i];
}

void mst_reasons_settle(struct mst_reasons *r, size_t set,
			enum mst_action action, enum mst_verdict_kind kind,
			struct mst_reason **whyp)
{
	struct mst_reason *why = *whyp;
	struct sample *s;

	if (!r)
		return;
	s = &r->v[set];
	if (action == MST_UPDATE && kind == MST_VERDICT_APPLIED) {
		s->updates++;
		if (why && why->now)
			count(s, why);
	}
	if (why &&
	    (kind == MST_VERDICT_APPLIED || kind == MST_VERDICT_UNCHANGED)) {
		/* It may have left the sample meanwhile. */
		if (!why->now)
			remove_entry(s, why->key);
		else if (sampled(s, why->key))
			put(s, why->now);
		else
			free(why->now);
		why->now = NULL;
	}
	mst_reason_drop(whyp);
}

void mst_reason_drop(struct mst_reason **why)
{
	if (!*why)
		return;
	free((*why)->now);
	free(*why);
	*why = NULL;
}

/* ---- storing ------------------------------------------------------------- */

static int store_sample(struct mst_reasons *r, struct sample *s,
			struct mst_err *err)
{
	size_t most = s->entries.n + s->gone.n + 1, n = 0, at = 0;
	struct mst_sample_row *rows = mst_alloc(most * sizeof(*rows));
	const char shift = (char)s->shift;
	struct mst_slice key;
	void *v;
	int rc;

	rows[n++] = (struct mst_sample_row){NO_KEY, mst_slice(&shift, 1)};
	while (mst_map_next(&s->gone, &at, &key, NULL))
		rows[n++] = (struct mst_sample_row){key, mst_slice(NULL, 0)};
	at = 0;
	while (mst_map_next(&s->entries, &at, &key, &v)) {
		const struct entry *e = v;

		if (e->dirty || s->anew)
			rows[n++] = (struct mst_sample_row){
			    key, mst_slice((const char *)e->h,
					   e->n * sizeof(e->h[0]))};
	}
	rc = mst_state_sample_put(r->state, r->job, s->set->name, s->anew, rows,
				  n, err);
	free(rows);
	return rc;
}

static void add_count(struct mst_field_count *v, size_t *n,
		      const struct sample *s, const char *column, uint64_t seen)
{
	if (!seen)
		return;
	v[(*n)++] = (struct mst_field_count){
	    .set = s->set->name,
	    .column = column,
	    .seen = seen,
	    .writes =
		(uint64_t)((double)seen * (double)s->updates / (double)s->seen +
			   0.5),
	};
}

static int store_counts(struct mst_reasons *r, const struct sample *s,
			int64_t run, struct mst_err *err)
{
	struct mst_field_count v[MST_MAX_COLUMNS + 4];
	size_t n = 0;

	v[n++] = (struct mst_field_count){.set = s->set->name,
					  .column = "",
					  .seen = s->seen,
					  .writes = s->updates};
	for (size_t i = 0; i < s->set->columns_n; i++)
		add_count(v, &n, s, s->set->columns[i].name, s->columns[i]);
	add_count(v, &n, s, MST_REASON_TABLE, s->table);
	add_count(v, &n, s, MST_REASON_AGAIN, s->again);
	add_count(v, &n, s, MST_REASON_UNKNOWN, s->unknown);
	return mst_state_fields_add(r->state, run, v, n, err);
}

void mst_reasons_close(struct mst_reasons **rp, int64_t run)
{
	struct mst_reasons *r = *rp;
	struct mst_err err = MST_ERR_INIT;
	int rc = 0;

	*rp = NULL;
	for (size_t i = 0; r && i < r->n; i++) {
		struct sample *s = &r->v[i];

		if (rc == 0 && s->updates)
			rc = store_counts(r, s, run, &err);
		if (rc == 0 && s->dirty)
			rc = store_sample(r, s, &err);
		sample_fini(s);
	}
	if (rc < 0)
		mst_warn("why records changed is not noted, ignoring: %s",
			 err.msg);
	free(r);
}
