/* SPDX-License-Identifier: Apache-2.0
 *
 * A catalogue as one job sees it: the source's own, which is const, changed by
 * the settings and custom mappings in force. The engine, the rules and the
 * destination work on the result and cannot tell it from a built-in one, so a
 * changed rule re-sends exactly the records that it changes.
 *
 *   begin → [ source's adapt, destination's adapt, custom mappings ] → end
 *
 * What is not touched stays shared with the source's tables. Columns and rows
 * are only added at the end or emptied, never moved: their numbers are part
 * of the checksum, and records that a change does not concern keep theirs.
 * Everything lives in the arena given to begin. One thread.
 */
#ifndef MST_MODEL_DERIVE_H
#define MST_MODEL_DERIVE_H

#include "base/arena.h"
#include "base/err.h"
#include "model/model.h"

struct mst_derive;

struct mst_derive *mst_derive_begin(const struct mst_catalog *base,
				    struct mst_arena *arena);
/* The result; d is done with. */
const struct mst_catalog *mst_derive_end(struct mst_derive *d);
/* For allocations that live as long as the result. */
struct mst_arena *mst_derive_arena(struct mst_derive *d);
/* As it stands: for looking. */
const struct mst_catalog *mst_derive_catalog(const struct mst_derive *d);

/* The record set or column to change; NULL when there is none of that name.
 * The pointers die with the next mst_derive_add_column of the same set. */
struct mst_set *mst_derive_set(struct mst_derive *d, const char *set);
struct mst_column *mst_derive_column(struct mst_derive *d, const char *set,
				     const char *column);
/* Adds a column at the end; its texts are copied. A column of this name
 * may exist when one of both has MST_COL_INSERT and the other MST_COL_UPDATE
 * (different values for insert and update). MST_E_INVALID: no such set, too
 * many columns; MST_E_CONFLICT: the column is there. */
int mst_derive_add_column(struct mst_derive *d, const char *set,
			  const struct mst_column *column, struct mst_err *err);
/* No rule of the set's mappings makes this column any more. Returns how many
 * rows were taken out. */
size_t mst_derive_drop(struct mst_derive *d, const char *set,
		       const char *column);
/* One more row for the column, in the mapping (index in the catalogue); it
 * counts before (first) or behind the rows that are there. Its texts and arg
 * must live as long as the arena. MST_E_INVALID: too many. */
int mst_derive_add_row(struct mst_derive *d, size_t mapping,
		       const struct mst_map_row *row, bool first,
		       struct mst_err *err);
/* The mapping to change (table, filter, …); the pointer stays. */
struct mst_mapping *mst_derive_mapping(struct mst_derive *d, size_t mapping);
/* One more rule in the catalogue of texts; its texts must live as long as the
 * arena. */
void mst_derive_add_rule(struct mst_derive *d, const struct mst_rule *rule);
/* Other joins in the place of all that are there; they must live as long as the
 * arena. */
void mst_derive_joins(struct mst_derive *d, const struct mst_join *joins,
		      size_t n);
/* Other look-ups in the place of all that are there, as for joins. */
void mst_derive_lookups(struct mst_derive *d, const struct mst_lookup *lookups,
			size_t n);
/* The table of names that the ops use; it must live as long as the arena. */
void mst_derive_names(struct mst_derive *d, const struct mst_names *names);
/* One more field of a feed that is to be read; *field_r is its number, also
 * when a field of that name is there already. MST_E_INVALID: too many. */
int mst_derive_field(struct mst_derive *d, unsigned feed, const char *name,
		     unsigned *field_r, struct mst_err *err);

#endif
