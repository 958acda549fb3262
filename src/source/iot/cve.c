/* SPDX-License-Identifier: Apache-2.0
 *
 * The ops of CVEs of devices. Scores are texts; a severity is not told and
 * follows from the score, as CVSS 3 has it.
 */
#include "base/num.h"
#include "source/iot/ops.h"

MS_OP(ot_op_cve)
{
	return mst_op_upper(ctx, v, OC_CVE, NULL, out_r);
}

MS_OP(ot_op_cve_key)
{
	struct mst_slice parts[2] = {ot_id(ctx, v, OC_DEVICE)};

	if (!parts[0].n || ot_op_cve(ctx, v, field, arg, &parts[1]) != 1)
		return 0;
	return ms_some(ot_digest(ctx, parts, MST_LEN(parts)), out_r);
}

MS_OP(ot_op_severity)
{
	static const struct {
		double least;
		const char *name;
	} levels[] = {
	    {9.0, "critical"}, {7.0, "high"}, {4.0, "medium"}, {0.1, "low"}};
	struct mst_slice s;
	double d;

	if (mst_op_fixed1(ctx, v, OC_SCORE, NULL, &s) != 1 ||
	    !mst_num_dbl(s, &d))
		return 0;
	for (size_t i = 0; i < MST_LEN(levels); i++) {
		if (d >= levels[i].least)
			return ms_some(mst_slice_str(levels[i].name), out_r);
	}
	return ms_some(MST_SLICE_LIT("none"), out_r);
}

/* The one metric of the vector that is told. */
MS_OP(ot_op_vector)
{
	static const char *const vectors[][2] = {
	    {"network", "AV:N"},
	    {"adjacent_network", "AV:A"},
	    {"adjacent network", "AV:A"},
	    {"adjacent", "AV:A"},
	    {"local", "AV:L"},
	    {"physical", "AV:P"},
	    {NULL, NULL},
	};

	return mst_op_enum(ctx, v, OC_VECTOR, vectors, out_r);
}
