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

struct mst_hash mst_canon_hash(struct mst_rules *r, unsigned m)
{
	const struct mst_compiled *map = &r->maps[m];
	char *at = r->canon;
	struct mst_slice s;
	int done = -1;

	if (map->decl->table)
		at = mst_canon_add(r, at, 0xff, mst_table_of(r, map));
	for (size_t i = 0; i < map->hashed_n; i++) {
		const struct mst_row *row = &map->hashed[i];

		if (row->column == done || !mst_value_of(r, row, &s))
			continue;
		at = mst_canon_add(r, at, row->column, s);
		done = row->column;
	}
	r->canon_n = (size_t)(at - r->canon);
	return mst_hasher_128(&r->hasher, r->canon, r->canon_n);
}
