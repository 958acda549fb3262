/* SPDX-License-Identifier: Apache-2.0
 *
 * Forgetting what was delivered, so that it comes back: a record set, and with
 * it what was known of records that refer to it.
 */
#ifndef MST_RECVER_RESET_H
#define MST_RECVER_RESET_H

#include "recver/recver.h"

/* Do records of the set hang on records of the set `name`, or refer to them in
 * a column that is a reason to write? */
bool mst_recver_refers(const struct mst_set *set, const char *name);

/* Forgets a set of a target, or all of the target when set is NULL. Groups of
 * the sets of the catalogue that refer to it are marked PENDING first: the next
 * run looks their records up, asks again for those that only come because
 * somebody refers to them, and writes references that lead nowhere now. May be
 * stopped and done again. Errors are the store's. */
int mst_recver_reset(struct mst_recver *r, const char *target,
		     const struct mst_catalog *catalog, const char *set,
		     struct mst_err *err);

#endif
