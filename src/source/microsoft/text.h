/* SPDX-License-Identifier: Apache-2.0
 *
 * What the rules of these sources are made of: the forms of their ops and
 * filters, texts as they compare them, the classes of a setting.
 */
#ifndef MST_SOURCE_MICROSOFT_TEXT_H
#define MST_SOURCE_MICROSOFT_TEXT_H

#include "conf/conf.h"
#include "rules/rules.h"

#define MS_OP(name)                                                            \
	int name(struct mst_rule_ctx *ctx, const struct mst_value *v,          \
		 unsigned field, const void *arg, struct mst_slice *out_r)

#define MS_FILTER(name)                                                        \
	enum mst_keep name(struct mst_rule_ctx *ctx,                           \
			   const struct mst_value *v, struct mst_slice *why_r)

/* Text of a field, trimmed; empty when it has none. */
struct mst_slice ms_text(struct mst_rule_ctx *ctx, const struct mst_value *v,
			 unsigned field);
static inline int ms_some(struct mst_slice s, struct mst_slice *out_r)
{
	*out_r = s;
	return s.n > 0;
}
char *ms_put_lower(char *restrict to, struct mst_slice s);
struct mst_slice ms_lowered(struct mst_rule_ctx *ctx, struct mst_slice s);
/* The id with the prefix in front of it; prefix NULL or "": as it is. */
int ms_prefixed(struct mst_rule_ctx *ctx, const char *prefix,
		struct mst_slice id, struct mst_slice *out_r);
/* What the destination would take for one record: class and folded name. */
int ms_identity(struct mst_rule_ctx *ctx, struct mst_slice table,
		struct mst_slice name, struct mst_slice *out_r);
/* Does one of the patterns fit (mst_slice_fits)? */
bool ms_fits_one(const struct mst_opt_list *patterns, struct mst_slice s);
/* Does a text of the list in the field fit one of the patterns? */
bool ms_fits_tag(const struct mst_value *tags,
		 const struct mst_opt_list *patterns);
bool ms_in_list(const struct mst_opt_list *words, const char *word);
/* Skips with a literal for the reason. */
enum mst_keep ms_skip(const char *why, struct mst_slice *why_r);
/* Skips with the reason: head 'what'. */
enum mst_keep ms_skip_about(struct mst_rule_ctx *ctx, const char *head,
			    struct mst_slice what, struct mst_slice *why_r);

/* Could this be the name of a table? */
bool ms_is_table(const char *name);
/* Adds what stands behind the first of the setting's list to the classes that c
 * is searched in, each once. */
void ms_class_search(struct mst_class *c, const struct mst_opt_list *list,
		     struct mst_arena *arena);

#endif
