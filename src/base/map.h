/* SPDX-License-Identifier: Apache-2.0
 *
 * Open-addressing hash map from bytes to a pointer. Keys are borrowed: they
 * must live as long as the map (put them in an arena). Not for many threads.
 */
#ifndef MST_BASE_MAP_H
#define MST_BASE_MAP_H

#include "base/slice.h"

struct mst_map_slot {
	uint64_t hash;
	struct mst_slice key;
	void *value;
};

struct mst_map {
	struct mst_map_slot *slots;
	size_t cap; /* power of two, 0 before the first put */
	size_t n;
};

void mst_map_fini(struct mst_map *m);
void mst_map_clear(struct mst_map *m);
void *mst_map_get(const struct mst_map *m, struct mst_slice key);
bool mst_map_has(const struct mst_map *m, struct mst_slice key);
/* Adds or replaces; returns the old value or NULL. */
void *mst_map_put(struct mst_map *m, struct mst_slice key, void *value);
/* Removes; returns the value or NULL. */
void *mst_map_del(struct mst_map *m, struct mst_slice key);
/* Iterates in no order: start with *i = 0; false at the end. Do not change
 * the map meanwhile. */
bool mst_map_next(const struct mst_map *m, size_t *i, struct mst_slice *key_r,
		  void **value_r);

#endif
