/* SPDX-License-Identifier: Apache-2.0
 *
 * Custom mappings: what a person says of single columns, as part of the
 * settings of a connection and environment. They change the job's catalogue
 * (model/derive.h) before anything is read.
 *
 *   lookup.<table>:              a list of "key=value"
 *   mappings.<set>.<column>:     an expression, or
 *     value, when, insert, update, max, volatile, drop
 *
 * The language is in expr.h and muster-mappings(7).
 */
#ifndef MST_RULES_CUSTOM_H
#define MST_RULES_CUSTOM_H

#include "conf/conf.h"
#include "model/derive.h"

/* Takes the item's keys below "mappings." and "lookup.", no others. item may
 * be NULL: nothing to do. MST_E_INVALID: "file:line:column: …" with what is
 * wrong and what to do; d is then of no use any more. */
int mst_custom_apply(struct mst_derive *d, const struct mst_conf_item *item,
		     struct mst_err *err);

/* What custom mappings of the catalogue gave up on: patterns that took too
 * many steps; such a value counted as none. Counts come from all threads. */
typedef void (*mst_custom_limited_fn)(void *ctx, const char *set,
				      const char *column, uint64_t values);
void mst_custom_limited(const struct mst_catalog *c, mst_custom_limited_fn fn,
			void *ctx);

#endif
