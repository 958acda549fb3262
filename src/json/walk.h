/* SPDX-License-Identifier: Apache-2.0
 *
 * One record out of a window of NDJSON whose tokens the first stage has found:
 * shared by the walk over a record (walk.c, compiled once more for wide
 * processors) and the reader of windows (lines.c).
 */
#ifndef MST_JSON_WALK_H
#define MST_JSON_WALK_H

#include "json/json_private.h"

/* Texts and tape words of one record: unescaped strings and small arrays. Both
 * have room for the whole window, so that nothing moves while values point here
 * (memory that is not touched costs nothing). */
struct mst_json_side {
	struct mst_tape tape;
	uint64_t *words;
	uint8_t *text;
	size_t words_n, text_n;
	size_t cap; /* bytes of a window that fit */
};

struct mst_walk {
	struct mst_picker *k;
	struct mst_json_side *side;
	const char *data;
	const uint32_t *at; /* positions; at[i] is token i */
	size_t n;	    /* tokens */
	struct mst_value *v;
};

/* Takes the fields that the picker wants from the record at token i into w->v.
 * Returns the token behind it, 0: not understood, which says nothing of
 * whether it is JSON. */
typedef size_t (*mst_walk_fn)(struct mst_walk *w, size_t i);

size_t mst_walk_record(struct mst_walk *w, size_t i);
/* The same for processors of mst_cpu_wide. */
size_t mst_walk_record_wide(struct mst_walk *w, size_t i);

#endif
