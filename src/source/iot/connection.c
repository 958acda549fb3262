/* SPDX-License-Identifier: Apache-2.0
 *
 * The ops of connections, which run by the million: their names and references
 * are no part of the checksum, as the columns beside them say the same.
 */
#include "source/iot/ops.h"

/* Of two numbers as texts. */
static bool is_less(struct mst_slice a, struct mst_slice b)
{
	return a.n != b.n ? a.n < b.n : mst_slice_cmp(a, b) < 0;
}

/* A sensor names a pair in any order, which may be another one the next time:
 * the smaller id is taken for the source. Which field to read for that of the
 * source or destination. */
static unsigned end_field(struct mst_rule_ctx *ctx, const struct mst_value *v,
			  unsigned field)
{
	static const unsigned others[] = {[ON_SRC] = ON_DEST,
					  [ON_DEST] = ON_SRC,
					  [ON_SRC_NAME] = ON_DEST_NAME,
					  [ON_DEST_NAME] = ON_SRC_NAME};

	if (ot_conf_of(ctx)->read != OT_SENSOR ||
	    !is_less(ot_id(ctx, v, ON_DEST), ot_id(ctx, v, ON_SRC)))
		return field;
	return others[field];
}

MS_OP(ot_op_end_key)
{
	return ot_op_key(ctx, v, end_field(ctx, v, field), arg, out_r);
}

MS_OP(ot_op_end_id)
{
	return ot_op_id(ctx, v, end_field(ctx, v, field), arg, out_r);
}

MS_OP(ot_op_end_name)
{
	return ot_op_text(ctx, v, end_field(ctx, v, field), arg, out_r);
}

MS_OP(ot_op_connection_key)
{
	const struct mst_slice parts[] = {
	    ot_id(ctx, v, end_field(ctx, v, ON_SRC)),
	    ot_id(ctx, v, end_field(ctx, v, ON_DEST)),
	    ot_clean(ctx, v, ON_TYPE),
	};

	if (!parts[0].n || !parts[1].n)
		return 0;
	return ms_some(ot_digest(ctx, parts, MST_LEN(parts)), out_r);
}

static struct mst_slice end_of(struct mst_rule_ctx *ctx,
			       const struct mst_value *v, unsigned name,
			       unsigned id)
{
	struct mst_slice s = ot_clean(ctx, v, end_field(ctx, v, name));

	return s.n ? s : ot_id(ctx, v, end_field(ctx, v, id));
}

/* "PLC #7 - HMI #2" */
MS_OP(ot_op_connection_name)
{
	static const char between[] = " - ";
	const size_t gap = sizeof(between) - 1;
	struct mst_slice a = end_of(ctx, v, ON_SRC_NAME, ON_SRC);
	struct mst_slice b = end_of(ctx, v, ON_DEST_NAME, ON_DEST);
	char *p = mst_rule_scratch(ctx, a.n + b.n + gap);

	if (!a.n || !b.n)
		return 0;
	memcpy(p, a.p, a.n);
	memcpy(p + a.n, between, gap);
	memcpy(p + a.n + gap, b.p, b.n);
	return ms_some(mst_slice(p, a.n + b.n + gap), out_r);
}
