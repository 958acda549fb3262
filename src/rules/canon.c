/* SPDX-License-Identifier: Apache-2.0
 *
 * The inner loop of a run: the canonical form of a desired record in one
 * buffer, and its hash. This file is compiled twice; the build for wide
 * processors defines MST_WIDE_BUILD.
 */
#include "rules/canon.h"

#ifdef MST_WIDE_BUILD
#define mst_canon_hash mst_canon_hash_wide
#define mst_hasher_128 mst_hasher_128_wide
#endif

/* The rows of custom mappings behind all others: first every text, then the
 * form, so that no text waits for the length of the one before. */
static inline char *add_custom(struct mst_rules *r,
			       const struct mst_compiled *map, char *at)
{
	const struct mst_row *rows = map->hashed + map->custom_from;
	size_t n = map->hashed_n - map->custom_from;
	struct mst_slice texts[MST_MAX_COLUMNS];
	int done = -1;

	for (size_t i = 0; i < n; i++) {
		if (expr_value(&r->ctx, &r->ctx.own, r->v, rows[i].arg,
			       &texts[i]) != 1)
			texts[i].n = 0;
	}
	for (size_t i = 0; i < n; i++) {
		struct mst_slice s = texts[i];

		if (MST_UNLIKELY(s.n > rows[i].max))
			s.n = cut_at(s, rows[i].max);
		if (s.n == 0 || rows[i].column == done)
			continue;
		at = mst_canon_add(r, at, rows[i].column, s);
		done = rows[i].column;
	}
	return at;
}

struct mst_hash mst_canon_hash(struct mst_rules *r, unsigned m)
{
	const struct mst_compiled *map = &r->maps[m];
	char *at = r->canon;
	struct mst_slice s;
	int done = -1;

	if (map->decl->table)
		at = mst_canon_add(r, at, 0xff, mst_table_of(r, map));
	for (size_t i = 0; i < map->custom_from; i++) {
		const struct mst_row *row = &map->hashed[i];

		if (row->column == done || !mst_value_of(r, row, &s))
			continue;
		at = mst_canon_add(r, at, row->column, s);
		done = row->column;
	}
	if (map->custom_from < map->hashed_n)
		at = add_custom(r, map, at);
	r->canon_n = (size_t)(at - r->canon);
	return mst_hasher_128(&r->hasher, r->canon, r->canon_n);
}
