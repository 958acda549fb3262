/* SPDX-License-Identifier: Apache-2.0
 *
 * Conditions of a list: in the words of an encoded query, and held against
 * every row that came. A condition that ServiceNow does not like it drops
 * without a word, and the list is wider than was asked.
 */
#include "base/num.h"
#include "dest/servicenow/sn.h"

bool mst_sn_path_ok(const char *column)
{
	const char *p = column;

	while (p) {
		size_t n = strcspn(p, ".");

		if (!mst_sn_name_ok(mst_slice(p, n)))
			return false;
		p = p[n] ? p + n + 1 : NULL;
	}
	return true;
}

bool mst_sn_cond_ok(const struct mst_cond *c)
{
	const char *p = c->value;

	if (!mst_sn_path_ok(c->column))
		return false;
	if (c->op == MST_COND_EMPTY || c->op == MST_COND_FILLED)
		return true;
	if (c->op != MST_COND_IN)
		return mst_sn_query_safe(mst_slice_str(c->value));
	while (p) {
		size_t n = strcspn(p, ",");

		if (!mst_sn_query_safe(mst_slice(p, n)))
			return false;
		p = p[n] ? p + n + 1 : NULL;
	}
	return true;
}

void mst_sn_cond_add(const struct mst_cond *c, struct mst_buf *q)
{
	static const char *const ops[] = {
	    [MST_COND_IS] = "=",
	    [MST_COND_IN] = "IN",
	    [MST_COND_NOT] = "!=",
	    [MST_COND_EMPTY] = "ISEMPTY",
	    [MST_COND_FILLED] = "ISNOTEMPTY",
	    [MST_COND_BELOW] = "<",
	    [MST_COND_FROM] = ">=",
	};

	if (q->n)
		mst_buf_addc(q, '^');
	mst_buf_adds(q, c->column);
	mst_buf_adds(q, ops[c->op]);
	if (c->op != MST_COND_EMPTY && c->op != MST_COND_FILLED)
		mst_buf_adds(q, c->value);
	if (c->op == MST_COND_NOT)
		mst_buf_addf(q, "^%sISNOTEMPTY", c->column);
}

static bool in_list(struct mst_slice v, const char *list)
{
	for (const char *p = list; p;) {
		size_t n = strcspn(p, ",");

		if (mst_slice_ieq(v, mst_slice(p, n)))
			return true;
		p = p[n] ? p + n + 1 : NULL;
	}
	return false;
}

/* Numbers as numbers; texts of times are in their own order. */
static int order(struct mst_slice a, struct mst_slice b)
{
	double x, y;

	if (mst_num_dbl(a, &x) && mst_num_dbl(b, &y))
		return x < y ? -1 : x > y;
	return mst_slice_cmp(a, b);
}

bool mst_sn_cond_holds(const struct mst_cond *c, struct mst_slice v)
{
	struct mst_slice want = mst_slice_str(c->value ? c->value : "");

	switch (c->op) {
	case MST_COND_IS:
		return mst_slice_ieq(v, want);
	case MST_COND_IN:
		return in_list(v, c->value);
	case MST_COND_NOT:
		return v.n && !mst_slice_ieq(v, want);
	case MST_COND_EMPTY:
		return !v.n;
	case MST_COND_FILLED:
		return v.n > 0;
	case MST_COND_BELOW:
		return v.n && order(v, want) < 0;
	case MST_COND_FROM:
		return v.n && order(v, want) >= 0;
	}
	return false;
}
