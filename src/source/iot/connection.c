/* SPDX-License-Identifier: Apache-2.0
 *
 * The ops of connections, which run by the million: their names and references
 * are no part of the checksum, as the columns beside them say the same.
 */
#include "source/iot/ops.h"

MS_OP(ot_op_connection_key)
{
	const struct mst_slice parts[] = {
	    ot_id(ctx, v, ON_SRC),
	    ot_id(ctx, v, ON_DEST),
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
	struct mst_slice s = ot_clean(ctx, v, name);

	return s.n ? s : ot_id(ctx, v, id);
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
