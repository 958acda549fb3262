/* SPDX-License-Identifier: Apache-2.0
 *
 * Modules of a device: rows of their own, and the one that is the device
 * itself.
 */
#include "base/num.h"
#include "source/iot/ops.h"

/* ---- rows ---------------------------------------------------------------- */

MS_OP(ot_op_firmware_key)
{
	const struct mst_slice parts[] = {
	    ot_id(ctx, v, OW_DEVICE),	 ot_clean(ctx, v, OW_ADDRESS),
	    ot_clean(ctx, v, OW_MODULE), ot_clean(ctx, v, OW_RACK),
	    ot_clean(ctx, v, OW_SLOT),
	};

	return parts[0].n
		   ? ms_some(ot_digest(ctx, parts, MST_LEN(parts)), out_r)
		   : 0;
}

/* "CPU 315-2 PN/DP 2.07" */
MS_OP(ot_op_firmware_name)
{
	struct mst_slice model = ot_clean(ctx, v, OW_MODEL);
	struct mst_slice version = ot_clean(ctx, v, OW_VERSION);
	char *p;

	if (!model.n || !version.n)
		return ms_some(model.n ? model : version, out_r);
	p = mst_rule_scratch(ctx, model.n + version.n + 1);
	memcpy(p, model.p, model.n);
	p[model.n] = ' ';
	memcpy(p + model.n + 1, version.p, version.n);
	return ms_some(mst_slice(p, model.n + version.n + 1), out_r);
}

/* ---- the device's own ---------------------------------------------------- */

struct candidate {
	struct ot_module m;
	struct mst_slice module;
	uint64_t rack, slot;
};

static struct mst_slice member(struct mst_rule_ctx *ctx, struct mst_json e,
			       const char *name, const char *other)
{
	return ot_element(ctx, e, name, other);
}

static uint64_t place(struct mst_slice s)
{
	uint64_t n;

	return mst_num_u64(s, &n) ? n : UINT64_MAX;
}

/* A module at an address that the device does not have is another device's,
 * seen through this one. */
static bool is_elsewhere(struct mst_slice address, const struct ot_ip *ips,
			 size_t n)
{
	struct ot_ip ip;

	if (n == 0 || !ot_ip_parse(address, &ip))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (ip.v6 == ips[i].v6 &&
		    memcmp(ip.b, ips[i].b, sizeof(ip.b)) == 0)
			return false;
	}
	return true;
}

/* By rack, slot, module address, serial number: lists have any order. */
static bool before(const struct candidate *a, const struct candidate *b)
{
	int d;

	if (a->rack != b->rack)
		return a->rack < b->rack;
	if (a->slot != b->slot)
		return a->slot < b->slot;
	d = mst_slice_cmp(a->module, b->module);
	if (d == 0)
		d = mst_slice_cmp(a->m.serial, b->m.serial);
	return d < 0;
}

static bool read_one(struct mst_rule_ctx *ctx, struct mst_json e,
		     const struct ot_ip *ips, size_t ips_n, struct candidate *c)
{
	c->m.serial = member(ctx, e, "u_serial", "serial");
	c->m.model = member(ctx, e, "u_model", "model");
	c->m.version = member(ctx, e, "u_version", "firmwareVersion");
	c->module = member(ctx, e, "u_module_address", "moduleAddress");
	c->rack = place(member(ctx, e, "rack", NULL));
	c->slot = place(member(ctx, e, "slot", NULL));
	if (!c->m.serial.n && !c->m.model.n && !c->m.version.n)
		return false;
	return !is_elsewhere(member(ctx, e, "u_address", "address"), ips,
			     ips_n);
}

bool ot_own_module(struct mst_rule_ctx *ctx, const struct mst_value *v,
		   struct ot_module *m_r)
{
	struct ot_ip ips[OT_ADDRESSES_MAX];
	size_t ips_n = ot_ips(ctx, &v[OD_IPS], ips);
	struct candidate best = {.rack = 0}, c;
	struct mst_json_iter it;
	struct mst_json e;
	bool any = false;

	if (v[OD_FIRMWARES].type != MST_JSON_ARRAY)
		return false;
	it = mst_json_iter(v[OD_FIRMWARES].u.j);
	while (mst_json_next(&it, NULL, &e)) {
		if (!read_one(ctx, e, ips, ips_n, &c) ||
		    (any && !before(&c, &best)))
			continue;
		best = c;
		any = true;
	}
	*m_r = best.m;
	return any;
}
