/* SPDX-License-Identifier: Apache-2.0
 *
 * The expressions of custom mappings, as muster-mappings(7) has them: texts,
 * numbers, fields of the source record and calls of functions, nothing else.
 * No loops and no variables, so every expression ends; results are bounded by
 * MST_MAX_TEXT; nothing but the record is looked at, so the same record gives
 * the same text.
 *
 * An expression is compiled once for a mapping of a catalogue and then runs as
 * the op of a row, on any number of threads.
 */
#ifndef MST_RULES_EXPR_H
#define MST_RULES_EXPR_H

#include "model/derive.h"
#include "rules/rules.h"

struct mst_exprs; /* what the expressions of one catalogue share */
struct mst_expr;

/* column() sees the rows as they are now. Lives in the arena of d. */
struct mst_exprs *mst_exprs_new(struct mst_derive *d);
/* A table for lookup(): texts "key=value", names and keys without regard to
 * ASCII case. MST_E_INVALID says which text is wrong. */
int mst_exprs_table(struct mst_exprs *x, const char *name,
		    const char *const *texts, size_t n, struct mst_err *err);
/* Compiles for a mapping of the catalogue; may add fields to its feeds.
 * MST_E_INVALID: what is wrong, "(character 12)", what to do. */
int mst_expr_compile(struct mst_exprs *x, size_t mapping, const char *text,
		     const struct mst_expr **e_r, struct mst_err *err);
/* Does it name a field that the mapping's feed lacks? Only in a fallback,
 * which reads another feed than the mapping that it stands in for: such a
 * field has no value there. */
bool mst_expr_lacks_field(const struct mst_expr *e);
/* How often a pattern took too many steps. */
uint64_t mst_expr_limited(const struct mst_expr *e);

/* arg: struct mst_expr. */
int mst_op_expr(struct mst_rule_ctx *ctx, const struct mst_value *v,
		unsigned field, const void *arg, struct mst_slice *out_r);

#endif
