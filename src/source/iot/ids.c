/* SPDX-License-Identifier: Apache-2.0
 *
 * Which ids a list has shown: millions of connections in a few bytes each. Two
 * ids with one hash make a list be read once more, nothing else.
 */
#include <stdlib.h>

#include "source/iot/iot_private.h"

#define FIRST 1024

/* The place of the id, or the empty one where it belongs. */
static size_t place(const struct ot_ids *ids, uint64_t id)
{
	size_t i = (size_t)id & (ids->cap - 1);

	while (ids->v[i] && ids->v[i] != id)
		i = (i + 1) & (ids->cap - 1);
	return i;
}

static void grow(struct ot_ids *ids)
{
	struct ot_ids to = {.n = ids->n,
			    .cap = ids->cap ? ids->cap * 2 : FIRST};

	to.v = mst_alloc(to.cap * sizeof(*to.v));
	for (size_t i = 0; i < ids->cap; i++) {
		if (ids->v[i])
			to.v[place(&to, ids->v[i])] = ids->v[i];
	}
	free(ids->v);
	*ids = to;
}

bool ot_ids_add(struct ot_ids *ids, uint64_t id)
{
	size_t i;

	id = id ? id : 1; /* 0 is an empty place */
	if (ids->n * 4 >= ids->cap * 3)
		grow(ids);
	i = place(ids, id);
	if (ids->v[i])
		return false;
	ids->v[i] = id;
	ids->n++;
	return true;
}

void ot_ids_fini(struct ot_ids *ids)
{
	free(ids->v);
	*ids = (struct ot_ids){.v = NULL};
}
