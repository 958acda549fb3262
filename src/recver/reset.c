/* SPDX-License-Identifier: Apache-2.0
 *
 * Forgetting a record set. Its records alone would not always come back: CVE
 * definitions are only asked for by rows that are new or looked up, and rows
 * that hang on a record which is made anew would still refer to the old one.
 */
#include "recver/reset.h"

#include "copy_private.h"

bool mst_recver_refers(const struct mst_set *set, const char *name)
{
	if (strcmp(set->name, name) == 0)
		return false;
	if (set->parent && strcmp(set->parent, name) == 0)
		return true;
	for (size_t i = 0; i < set->columns_n; i++) {
		const struct mst_column *col = &set->columns[i];

		/* One that is never a reason to write is not written anew. */
		if ((col->flags & MST_COL_REF) &&
		    !(col->flags & MST_COL_VOLATILE) && col->ref_set &&
		    strcmp(col->ref_set, name) == 0)
			return true;
	}
	return false;
}

/* Of the rows from there on those that are not marked yet, in transactions of
 * a limited size. */
static int mark_rows(struct mst_recver *r,
		     const struct mst_recver_set_name *set,
		     struct copy_rows *rows, struct mst_err *err)
{
	size_t n = 0;
	int rc = 0;

	for (size_t i = 0; i < rows->n; i++) {
		if (rows->v[i].state == MST_GROUP_PENDING)
			continue;
		rows->v[n] = rows->v[i];
		rows->v[n++].state = MST_GROUP_PENDING;
	}
	for (size_t at = 0; at < n && rc == 0; at += COPY_GROUPS)
		rc = r->ops->mark(r, set->target, set->name, rows->v + at,
				  MST_MIN(n - at, (size_t)COPY_GROUPS), err);
	return rc;
}

static int mark_set(struct mst_recver *r, const char *target, const char *name,
		    struct mst_err *err)
{
	const struct mst_recver_set_name set = {
	    .target = (char *)(uintptr_t)target,
	    .name = (char *)(uintptr_t)name,
	};
	struct copy_rows rows;
	int rc = mst_copy_rows(r, &set, &rows, err);

	if (rc == 0)
		rc = mark_rows(r, &set, &rows, err);
	mst_copy_rows_fini(&rows);
	return rc;
}

int mst_recver_reset(struct mst_recver *r, const char *target,
		     const struct mst_catalog *catalog, const char *set,
		     struct mst_err *err)
{
	int rc = 0;

	/* First: marks without the reset only cost a look. */
	for (size_t i = 0; set && i < catalog->sets_n && rc == 0; i++)
		if (mst_recver_refers(&catalog->sets[i], set))
			rc = mark_set(r, target, catalog->sets[i].name, err);
	return rc < 0 ? rc : r->ops->reset(r, target, set, err);
}
