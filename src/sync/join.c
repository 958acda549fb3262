/* SPDX-License-Identifier: Apache-2.0
 *
 * Joined feeds in memory. A list that is looked up may have a record for every
 * device, and little in it (three flags), so records are packed: the length of
 * the key, the key, then each value with a byte for its type. An index of
 * offsets finds them. What was packed stays; a record that learns more is
 * packed anew.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "sync/delta_private.h"

#define KEY_MAX	  256
#define WIDTH_MAX 13 /* of a join's values: what is copied, what is made */

struct join_reader {
	const struct mst_join *join;
	struct joined *joined;
	const char *title; /* of the joined feed */
	struct mst_buf made;
};

/* ---- keys ---------------------------------------------------------------- */

/* Key of a joined record, folded, in buf; empty when it has none. A zero GUID
 * means "none" in these systems. */
static struct mst_slice join_key(const struct mst_value *v, char buf[KEY_MAX])
{
	struct mst_slice s;
	bool zero = true;
	int n;

	if (v->type == MST_JSON_INT) {
		n = snprintf(buf, KEY_MAX, "%" PRId64, v->u.i);
		return mst_slice(buf, (size_t)n);
	}
	if (v->type != MST_JSON_STRING)
		return mst_slice(NULL, 0);
	s = mst_slice_trim(mst_slice(v->u.s.p, v->u.s.n));
	if (s.n == 0 || s.n > KEY_MAX)
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
				   char buf[KEY_MAX])
{
	struct mst_buf made = MST_BUF_INIT(MST_MAX_TEXT);
	struct mst_value one = {.type = MST_JSON_STRING};
	struct mst_slice key;

	if (!text)
		return join_key(&v[field], buf);
	text(v, &made);
	one.u.s.p = made.p;
	one.u.s.n = made.n;
	key = made.n ? join_key(&one, buf) : mst_slice(NULL, 0);
	mst_buf_fini(&made);
	return key;
}

/* ---- packed records ------------------------------------------------------ */

static void pack_value(struct mst_buf *b, const struct mst_value *v)
{
	uint32_t n;

	mst_buf_addc(b, (char)v->type);
	if (v->type == MST_JSON_BOOL) {
		mst_buf_addc(b, (char)v->u.b);
	} else if (v->type == MST_JSON_INT) {
		mst_buf_add(b, &v->u.i, sizeof(v->u.i));
	} else if (v->type == MST_JSON_STRING) {
		n = (uint32_t)v->u.s.n;
		mst_buf_add(b, &n, sizeof(n));
		mst_buf_add(b, v->u.s.p, v->u.s.n);
	}
}

/* Texts are those of the packed record. Returns what is behind it. */
static const char *unpack_value(const char *p, struct mst_value *v_r)
{
	uint32_t n;

	*v_r = (struct mst_value){.type = (enum mst_json_type) * p++};
	if (v_r->type == MST_JSON_BOOL) {
		v_r->u.b = *p++;
	} else if (v_r->type == MST_JSON_INT) {
		memcpy(&v_r->u.i, p, sizeof(v_r->u.i));
		p += sizeof(v_r->u.i);
	} else if (v_r->type == MST_JSON_STRING) {
		memcpy(&n, p, sizeof(n));
		v_r->u.s.p = p + sizeof(n);
		v_r->u.s.n = n;
		p += sizeof(n) + n;
	}
	return p;
}

static struct mst_slice key_at(const struct joined *j, uint32_t at)
{
	const unsigned char *p = (const unsigned char *)j->rows.p + at;

	return mst_slice((const char *)p + 1, *p + 1u);
}

/* Slot of a key: its own, or the free one where it would go. */
static uint32_t slot_of(const struct joined *j, struct mst_slice key)
{
	uint32_t mask = j->slots_n - 1;
	uint32_t i = (uint32_t)mst_hash64(key.p, key.n, 0) & mask;

	while (j->slots[i] && !mst_slice_eq(key_at(j, j->slots[i] - 1), key))
		i = (i + 1) & mask;
	return i;
}

static void grow(struct joined *j)
{
	uint32_t *old = j->slots, old_n = j->slots_n;

	j->slots_n = old_n ? old_n * 2 : 64;
	j->slots = mst_alloc(j->slots_n * sizeof(*j->slots));
	for (uint32_t i = 0; i < old_n; i++) {
		if (old[i])
			j->slots[slot_of(j, key_at(j, old[i] - 1))] = old[i];
	}
	free(old);
}

/* The record with the key into v, or false: NULLs. */
static bool get(const struct joined *j, struct mst_slice key, unsigned width,
		struct mst_value *v)
{
	uint32_t slot = j->slots_n && key.n ? slot_of(j, key) : 0;
	bool found = j->slots_n && key.n && j->slots[slot];
	const char *p = NULL;

	if (found) {
		key = key_at(j, j->slots[slot] - 1);
		p = key.p + key.n;
	}
	for (unsigned i = 0; i < width; i++) {
		if (found)
			p = unpack_value(p, &v[i]);
		else
			v[i] = (struct mst_value){.type = MST_JSON_NULL};
	}
	return found;
}

/* Is there no room for it? Values may be texts of older records. */
static bool put(struct joined *j, struct mst_slice key, unsigned width,
		const struct mst_value *v)
{
	struct mst_buf row = MST_BUF_INIT(mst_enrich_bytes);
	uint32_t slot;
	bool ok;

	if (j->slots_n == 0 || (j->n + 1) * 4 > j->slots_n * (size_t)3)
		grow(j);
	mst_buf_addc(&row, (char)(key.n - 1));
	mst_buf_add_slice(&row, key);
	for (unsigned i = 0; i < width; i++)
		pack_value(&row, &v[i]);
	ok = !row.overflow && j->rows.n + row.n <= mst_enrich_bytes &&
	     j->rows.n + row.n < UINT32_MAX;
	if (ok) {
		slot = slot_of(j, key);
		j->n += !j->slots[slot];
		j->slots[slot] = (uint32_t)j->rows.n + 1;
		ok = mst_buf_add(&j->rows, row.p, row.n);
	}
	mst_buf_fini(&row);
	return ok;
}

/* ---- loading ------------------------------------------------------------- */

/* What is copied, and behind it what is made. */
static unsigned join_width(const struct mst_join *j)
{
	return j->copy_n + (j->make ? 1 : 0);
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

/* The first record that has something counts. Lists and objects would not
 * outlive their document. Gives whether row says more now. */
static bool learn(const struct mst_join *j, const struct mst_value *from,
		  struct mst_value *row)
{
	if (row->type != MST_JSON_NULL) {
		if (!j->only_one || same_value(row, from) ||
		    row->type == MST_JSON_BOOL)
			return false;
		*row = (struct mst_value){.type = MST_JSON_BOOL};
		return true;
	}
	if ((from->type != MST_JSON_STRING || !from->u.s.n) &&
	    from->type != MST_JSON_BOOL && from->type != MST_JSON_INT)
		return false;
	*row = *from;
	return true;
}

static int join_record(void *worker, const struct mst_value *v,
		       struct mst_err *err)
{
	struct join_reader *r = worker;
	const struct mst_join *j = r->join;
	unsigned width = join_width(j);
	struct mst_value row[WIDTH_MAX], made = {.type = MST_JSON_STRING};
	char buf[KEY_MAX];
	struct mst_slice key =
	    record_key(v, j->from_key, j->from_key_text, buf);
	bool more;

	if (!key.n || (j->keep && !j->keep(v)))
		return 0;
	more = !get(r->joined, key, width, row);
	for (unsigned i = 0; i < j->copy_n; i++)
		more = learn(j, &v[j->copy[i].from], &row[i]) || more;
	if (j->make && row[j->copy_n].type == MST_JSON_NULL) {
		mst_buf_reset(&r->made);
		j->make(v, &r->made);
		made.u.s.p = r->made.p;
		made.u.s.n = r->made.n;
		more = learn(j, &made, &row[j->copy_n]) || more;
	}
	if (!more || put(r->joined, key, width, row))
		return 0;
	return mst_enrich_full("joining it to other records", r->title, err);
}

int mst_join_load(struct mst_delta *d, struct mst_err *err)
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

		mst_buf_init(&joined->rows, mst_enrich_bytes);
		joined->on = d->spool->feeds[c->joins[i].from].present;
		if (joined->on)
			rc = mst_read_feed(&read, &stats, err);
		mst_buf_fini(&worker.made);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* ---- looking up ---------------------------------------------------------- */

bool mst_joins(const struct mst_delta *d, unsigned feed)
{
	const struct mst_catalog *c = d->job->catalog;

	for (size_t i = 0; i < c->joins_n; i++) {
		if (c->joins[i].feed == feed)
			return true;
	}
	return false;
}

void mst_join_fill(const struct mst_delta *d, unsigned feed,
		   struct mst_value *v)
{
	const struct mst_catalog *c = d->job->catalog;

	for (size_t i = 0; i < c->joins_n && i < MST_LEN(d->p->joins); i++) {
		const struct mst_join *j = &c->joins[i];
		struct mst_value row[WIDTH_MAX];
		struct mst_slice key;
		char buf[KEY_MAX];

		if (j->feed != feed || !d->p->joins[i].on)
			continue;
		key = record_key(v, j->key, j->key_text, buf);
		if (!get(&d->p->joins[i], key, join_width(j), row))
			continue;
		for (unsigned k = 0; k < j->copy_n; k++) {
			if (v[j->copy[k].to].type == MST_JSON_NULL)
				v[j->copy[k].to] = row[k];
		}
		if (j->make && v[j->make_to].type == MST_JSON_NULL)
			v[j->make_to] = row[j->copy_n];
	}
}

void mst_join_fini(struct mst_delta *d)
{
	for (size_t i = 0; i < MST_LEN(d->p->joins); i++) {
		mst_buf_fini(&d->p->joins[i].rows);
		free(d->p->joins[i].slots);
	}
}
