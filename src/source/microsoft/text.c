/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts as the rules and settings of these sources compare them.
 */
#include "source/microsoft/text.h"

struct mst_slice ms_text(struct mst_rule_ctx *ctx, const struct mst_value *v,
			 unsigned field)
{
	struct mst_slice s = {NULL, 0};

	if (mst_op_text(ctx, v, field, NULL, &s) != 1)
		return (struct mst_slice){NULL, 0};
	return s;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

char *ms_put_lower(char *restrict to, struct mst_slice s)
{
	const char *restrict from = s.p;

	for (size_t i = 0; i < s.n; i++)
		to[i] = lower(from[i]);
	return to + s.n;
}

struct mst_slice ms_lowered(struct mst_rule_ctx *ctx, struct mst_slice s)
{
	char *p = mst_rule_scratch(ctx, s.n + 1);

	ms_put_lower(p, s);
	return mst_slice(p, s.n);
}

int ms_prefixed(struct mst_rule_ctx *ctx, const char *prefix,
		struct mst_slice id, struct mst_slice *out_r)
{
	struct mst_slice head = mst_slice_str(prefix);
	char *p;

	if (!head.n)
		return ms_some(id, out_r);
	p = mst_rule_scratch(ctx, head.n + id.n + 1);
	memcpy(p, head.p, head.n);
	if (id.n)
		memcpy(p + head.n, id.p, id.n);
	return ms_some(mst_slice(p, head.n + id.n), out_r);
}

int ms_identity(struct mst_rule_ctx *ctx, struct mst_slice table,
		struct mst_slice name, struct mst_slice *out_r)
{
	char *p, *q;

	p = q = mst_rule_scratch(ctx, table.n + 1 + name.n);
	memcpy(q, table.p, table.n);
	q += table.n;
	*q++ = '\n';
	q = ms_put_lower(q, name);
	return ms_some(mst_slice(p, (size_t)(q - p)), out_r);
}

/* ---- lists of settings --------------------------------------------------- */

bool ms_fits_one(const struct mst_opt_list *patterns, struct mst_slice s)
{
	for (size_t i = 0; i < patterns->n; i++) {
		if (mst_slice_fits(s, patterns->v[i]))
			return true;
	}
	return false;
}

bool ms_fits_tag(const struct mst_value *tags,
		 const struct mst_opt_list *patterns)
{
	struct mst_json_iter it;
	struct mst_json e;

	if (!patterns->n || tags->type != MST_JSON_ARRAY)
		return false;
	it = mst_json_iter(tags->u.j);
	while (mst_json_next(&it, NULL, &e)) {
		if (ms_fits_one(patterns, mst_slice_trim(mst_json_str(e))))
			return true;
	}
	return false;
}

bool ms_in_list(const struct mst_opt_list *words, const char *word)
{
	for (size_t i = 0; i < words->n; i++) {
		if (strcmp(words->v[i], word) == 0)
			return true;
	}
	return false;
}

/* ---- reasons ------------------------------------------------------------- */

enum mst_keep ms_skip(const char *why, struct mst_slice *why_r)
{
	*why_r = mst_slice_str(why);
	return MST_SKIP;
}

enum mst_keep ms_skip_about(struct mst_rule_ctx *ctx, const char *head,
			    struct mst_slice what, struct mst_slice *why_r)
{
	size_t n = strlen(head), m = MST_MIN(what.n, (size_t)100);
	char *p = mst_rule_scratch(ctx, n + m + 3);

	memcpy(p, head, n);
	p[n] = '\'';
	if (m)
		memcpy(p + n + 1, what.p, m);
	p[n + 1 + m] = '\'';
	*why_r = mst_slice(p, n + m + 2);
	return MST_SKIP;
}

/* ---- classes ------------------------------------------------------------- */

bool ms_is_table(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && n <= 80 &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == n;
}

void ms_class_search(struct mst_class *c, const struct mst_opt_list *list,
		     struct mst_arena *arena)
{
	const char **all;
	size_t had = 0, n = 0;

	while (c->also_search && c->also_search[had])
		had++;
	all = mst_arena_alloc(arena, (had + list->n + 1) * sizeof(*all));
	for (; n < had; n++)
		all[n] = c->also_search[n];
	for (size_t i = 1; i < list->n; i++) {
		bool known = strcmp(list->v[i], c->table) == 0;

		for (size_t k = 0; k < n; k++)
			known = known || strcmp(all[k], list->v[i]) == 0;
		if (!known)
			all[n++] = list->v[i];
	}
	all[n] = NULL;
	if (n > had)
		c->also_search = all;
}
