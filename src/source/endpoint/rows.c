/* SPDX-License-Identifier: Apache-2.0
 *
 * The ops of software and CVE rows, which run by the million: no formatting
 * here, copies only where text changes, and no look at a setting where the
 * catalogue can be another instead (adapt.c).
 */
#include <math.h>

#include "base/hash.h"
#include "base/num.h"
#include "source/endpoint/ops.h"

/* ---- software ----------------------------------------------------------- */

/* The four leading fields are the same in software and in CVE rows. */
_Static_assert((int)ED_DEVICE == (int)ES_DEVICE &&
		   (int)ED_VENDOR == (int)ES_VENDOR &&
		   (int)ED_NAME == (int)ES_NAME &&
		   (int)ED_VERSION == (int)ES_VERSION,
	       "software keys are made from both kinds of rows");

/* As the table of names has it; the version stays as it is. */
struct product {
	struct mst_slice vendor, name, version;
};

static struct product product_of(struct mst_rule_ctx *ctx,
				 const struct mst_value *v)
{
	struct product p = {ms_text(ctx, v, ES_VENDOR),
			    ms_text(ctx, v, ES_NAME),
			    ms_text(ctx, v, ES_VERSION)};

	mst_rule_product(ctx, &p.vendor, &p.name);
	return p;
}

static size_t put_product(struct mst_rule_ctx *ctx, const struct product *x,
			  char between, struct mst_slice head, char **p_r)
{
	struct mst_slice vendor = x->vendor, name = x->name;
	struct mst_slice version = x->version;
	size_t n = head.n + vendor.n + name.n + version.n + 2;
	char *p = mst_rule_scratch(ctx, n), *q = p;

	if (head.n)
		memcpy(q, head.p, head.n);
	q = ms_put_lower(q + head.n, vendor);
	*q++ = between;
	q = ms_put_lower(q, name);
	*q++ = between;
	ms_put_lower(q, version);
	*p_r = p;
	return n;
}

MS_OP(ep_op_software_key)
{
	struct product x = product_of(ctx, v);
	size_t n;
	char *p;

	if (!x.name.n)
		return 0;
	n = put_product(ctx, &x, '|', mst_slice("", 0), &p);
	return ms_some(mst_slice(p, n), out_r);
}

MS_OP(ep_op_product_name)
{
	return ms_some(product_of(ctx, v).name, out_r);
}

MS_OP(ep_op_product_vendor)
{
	return ms_some(product_of(ctx, v).vendor, out_r);
}

MS_OP(ep_op_install_name)
{
	struct product x = product_of(ctx, v);
	struct mst_slice name = x.name, version = x.version;
	char *p;

	if (!name.n || !version.n)
		return ms_some(name.n ? name : version, out_r);
	p = mst_rule_scratch(ctx, name.n + 1 + version.n);
	memcpy(p, name.p, name.n);
	p[name.n] = ' ';
	memcpy(p + name.n + 1, version.p, version.n);
	return ms_some(mst_slice(p, name.n + 1 + version.n), out_r);
}

/* ---- CVEs --------------------------------------------------------------- */

/* Not in the way of the first pass: only members of changed groups have their
 * key made. */
MS_OP(ep_op_cve_key)
{
	struct mst_slice conn = mst_slice_str(mst_rule_connection(ctx));
	struct mst_slice device, cve, head;
	/* as the source has it: a changed table is no reason to close one */
	struct product x = {ms_text(ctx, v, ES_VENDOR),
			    ms_text(ctx, v, ES_NAME),
			    ms_text(ctx, v, ES_VERSION)};
	char *p, *text;
	size_t n;

	if (mst_op_lower(ctx, v, ED_DEVICE, NULL, &device) != 1 ||
	    mst_op_upper(ctx, v, ED_CVE, NULL, &cve) != 1)
		return 0;
	p = mst_rule_scratch(ctx, conn.n + device.n + 2);
	head = mst_slice(p, conn.n + device.n + 2);
	if (conn.n)
		memcpy(p, conn.p, conn.n);
	p[conn.n] = '\n';
	memcpy(p + conn.n + 1, device.p, device.n);
	p[head.n - 1] = '\n';
	n = put_product(ctx, &x, '\n', head, &text);
	p = mst_rule_scratch(ctx, n + 1 + cve.n);
	memcpy(p, text, n);
	p[n] = '\n';
	memcpy(p + n + 1, cve.p, cve.n);
	text = mst_rule_scratch(ctx, 33);
	mst_hash_hex(mst_hash128(p, n + 1 + cve.n, 0), text);
	return ms_some(mst_slice(text, 32), out_r);
}

/* The key of a definition that only instances know. */
MS_OP(ep_op_cve)
{
	return mst_op_upper(ctx, v, ED_CVE, NULL, out_r);
}

/* Only there when rows grow stale. */
MS_OP(ep_op_cve_status)
{
	return ms_some(
	    ep_older(ctx, v, ED_LAST_SEEN, ep_conf_of(ctx)->stale_after_days)
		? MST_SLICE_LIT("stale")
		: MST_SLICE_LIT("unresolved"),
	    out_r);
}

MS_OP(ep_op_connection)
{
	return ms_some(mst_slice_str(mst_rule_connection(ctx)), out_r);
}

MS_OP(ep_op_epss)
{
	struct mst_slice s;
	double d;
	char *p;

	if (mst_op_number(ctx, v, field, arg, &s) != 1 || !mst_num_dbl(s, &d) ||
	    fabs(d) > 1e9)
		return 0;
	p = mst_rule_scratch(ctx, 32);
	mst_num_text(round(d * 1e5) / 1e5, p);
	return ms_some(mst_slice_str(p), out_r);
}

MS_OP(ep_op_lower_lines)
{
	struct mst_slice s;

	if (mst_op_lines(ctx, v, field, arg, &s) != 1)
		return 0;
	return ms_some(ms_lowered(ctx, s), out_r);
}
