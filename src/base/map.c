/* SPDX-License-Identifier: Apache-2.0
 *
 * Linear probing, load at most 3/4, backward-shift deletion (no tombstones).
 */
#include "base/map.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/hash.h"

static uint64_t hash_key(struct mst_slice key)
{
	return mst_hash64(key.p, key.n, 0);
}

void mst_map_fini(struct mst_map *m)
{
	free(m->slots);
	*m = (struct mst_map){0};
}

void mst_map_clear(struct mst_map *m)
{
	if (m->slots)
		memset(m->slots, 0, m->cap * sizeof(*m->slots));
	m->n = 0;
}

/* The slot that holds the key, or the free one where it belongs. */
static struct mst_map_slot *find(const struct mst_map *m, uint64_t hash,
				 struct mst_slice key)
{
	size_t i = hash & (m->cap - 1);

	while (m->slots[i].key.p) {
		if (m->slots[i].hash == hash &&
		    mst_slice_eq(m->slots[i].key, key))
			break;
		i = (i + 1) & (m->cap - 1);
	}
	return &m->slots[i];
}

static void grow(struct mst_map *m)
{
	struct mst_map bigger = {.cap = m->cap ? m->cap * 2 : 16, .n = m->n};

	bigger.slots = mst_alloc(bigger.cap * sizeof(*bigger.slots));
	for (size_t i = 0; i < m->cap; i++) {
		if (m->slots[i].key.p)
			*find(&bigger, m->slots[i].hash, m->slots[i].key) =
			    m->slots[i];
	}
	free(m->slots);
	*m = bigger;
}

void *mst_map_get(const struct mst_map *m, struct mst_slice key)
{
	return m->n ? find(m, hash_key(key), key)->value : NULL;
}

bool mst_map_has(const struct mst_map *m, struct mst_slice key)
{
	return m->n && find(m, hash_key(key), key)->key.p;
}

void *mst_map_put(struct mst_map *m, struct mst_slice key, void *value)
{
	uint64_t hash = hash_key(key);
	struct mst_map_slot *s;
	void *old;

	if (!key.p)
		key.p = "";
	if ((m->n + 1) * 4 > m->cap * 3)
		grow(m);
	s = find(m, hash, key);
	old = s->value;
	if (!s->key.p) {
		m->n++;
		s->key = key;
		s->hash = hash;
	}
	s->value = value;
	return old;
}

void *mst_map_del(struct mst_map *m, struct mst_slice key)
{
	struct mst_map_slot *s;
	size_t hole, i;
	void *old;

	if (!m->n)
		return NULL;
	s = find(m, hash_key(key), key);
	if (!s->key.p)
		return NULL;
	old = s->value;
	hole = (size_t)(s - m->slots);
	for (i = (hole + 1) & (m->cap - 1); m->slots[i].key.p;
	     i = (i + 1) & (m->cap - 1)) {
		size_t home = m->slots[i].hash & (m->cap - 1);

		if (((i - home) & (m->cap - 1)) >=
		    ((i - hole) & (m->cap - 1))) {
			m->slots[hole] = m->slots[i];
			hole = i;
		}
	}
	m->slots[hole] = (struct mst_map_slot){0};
	m->n--;
	return old;
}

bool mst_map_next(const struct mst_map *m, size_t *i, struct mst_slice *key_r,
		  void **value_r)
{
	for (; *i < m->cap; (*i)++) {
		const struct mst_map_slot *s = &m->slots[*i];

		if (!s->key.p)
			continue;
		if (key_r)
			*key_r = s->key;
		if (value_r)
			*value_r = s->value;
		(*i)++;
		return true;
	}
	return false;
}
