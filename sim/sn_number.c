/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers of records. A table has them when sys_number names it and a column
 * has the script as its default. The counter is not stored: it goes on behind
 * the highest number that is there.
 */
#include <stdio.h>

#include "base/num.h"
#include "sim/sn.h"

static const char script[] = "getNextObjNumberPadded()";

static struct sn_row *rule_of(struct sim_sn *sn, const struct sn_table *t)
{
	struct sn_table *d = sn_table_any(sn, "sys_number");

	for (size_t i = 0; d && i < d->rows_n; i++) {
		if (!d->rows[i]->dead &&
		    mst_slice_is(sn_get_named(d->rows[i], "category"), t->name))
			return d->rows[i];
	}
	return NULL;
}

/* The digits behind the prefix; 0 when it is no number of this kind. */
static uint64_t number_in(struct mst_slice v, struct mst_slice prefix)
{
	uint64_t n = 0;

	if (v.n > prefix.n && !memcmp(v.p, prefix.p, prefix.n))
		(void)mst_num_u64(mst_slice(v.p + prefix.n, v.n - prefix.n),
				  &n);
	return n;
}

static uint64_t highest(const struct sn_table *t, size_t col,
			struct mst_slice prefix)
{
	uint64_t max = 0;

	for (size_t i = 0; i < t->root->rows_n; i++) {
		const struct sn_row *row = t->root->rows[i];

		if (!row->dead && row->t == t)
			max = MST_MAX(max, number_in(sn_get(row, col), prefix));
	}
	return max;
}

static struct mst_slice next_number(struct sim_sn *sn, struct sn_table *t,
				    size_t col)
{
	struct sn_row *rule = rule_of(sn, t);
	uint64_t first = 0, digits = 0;
	struct mst_slice prefix;

	if (!rule)
		return MST_SLICE_LIT("");
	prefix = sn_get_named(rule, "prefix");
	(void)mst_num_u64(sn_get_named(rule, "maximum_digits"), &digits);
	if (!t->next_number) {
		(void)mst_num_u64(sn_get_named(rule, "number"), &first);
		t->next_number = MST_MAX(first, highest(t, col, prefix));
	}
	t->next_number++;
	return mst_slice_str(
	    mst_arena_printf(&sn->scratch, "%.*s%0*llu", MST_SLICE_ARG(prefix),
			     (int)MST_MIN(digits, (uint64_t)20),
			     (unsigned long long)t->next_number));
}

struct mst_slice sn_default_value(struct sim_sn *sn, struct sn_table *t,
				  size_t col)
{
	const char *dflt = t->cols[col]->dflt;

	if (strncmp(dflt, "javascript:", 11))
		return mst_slice_str(dflt);
	return strstr(dflt, script) ? next_number(sn, t, col)
				    : MST_SLICE_LIT("");
}
