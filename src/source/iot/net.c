/* SPDX-License-Identifier: Apache-2.0
 *
 * Addresses of devices. Lists have any order, so the first of them is the one
 * that sorts first: a list that comes in another order is no change.
 */
#include <arpa/inet.h>
#include <stdlib.h>

#include "base/num.h"
#include "source/iot/ops.h"

/* ---- IP addresses -------------------------------------------------------- */

static bool all_zero(const uint8_t *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (b[i])
			return false;
	}
	return true;
}

static bool of_device(const struct ot_ip *ip)
{
	if (ip->v6)
		return ip->b[0] != 0xff && !all_zero(ip->b, 15);
	return ip->b[0] != 0 && ip->b[0] != 127 && ip->b[0] < 224;
}

bool ot_ip_parse(struct mst_slice s, struct ot_ip *ip_r)
{
	char text[INET6_ADDRSTRLEN];

	*ip_r = (struct ot_ip){.v6 = false};
	if (s.n == 0 || s.n >= sizeof(text))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	if (inet_pton(AF_INET, text, ip_r->b) == 1)
		return of_device(ip_r);
	ip_r->v6 = true;
	return inet_pton(AF_INET6, text, ip_r->b) == 1 && of_device(ip_r);
}

void ot_ip_text(const struct ot_ip *ip, char *out)
{
	if (!inet_ntop(ip->v6 ? AF_INET6 : AF_INET, ip->b, out,
		       INET6_ADDRSTRLEN))
		out[0] = '\0';
}

static int by_ip(const void *pa, const void *pb)
{
	const struct ot_ip *a = pa, *b = pb;

	if (a->v6 != b->v6)
		return a->v6 ? 1 : -1;
	return memcmp(a->b, b->b, sizeof(a->b));
}

size_t ot_ips(struct mst_rule_ctx *ctx, const struct mst_value *list,
	      struct ot_ip out[OT_ADDRESSES_MAX])
{
	struct ot_words w = {.n = 0};
	size_t n = 0, kept = 0;

	ot_words_of(ctx, list, "u_ip_address", NULL, &w);
	for (size_t i = 0; i < w.n && n < OT_ADDRESSES_MAX; i++) {
		if (ot_ip_parse(w.v[i], &out[n]))
			n++;
	}
	if (n > 1)
		qsort(out, n, sizeof(*out), by_ip);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || by_ip(&out[i], &out[kept - 1]) != 0)
			out[kept++] = out[i];
	}
	return kept;
}

static struct mst_slice ip_slice(struct mst_rule_ctx *ctx,
				 const struct ot_ip *ip)
{
	char *p = mst_rule_scratch(ctx, INET6_ADDRSTRLEN);

	ot_ip_text(ip, p);
	return mst_slice_str(p);
}

MS_OP(ot_op_ip)
{
	struct ot_ip ips[OT_ADDRESSES_MAX];

	if (ot_ips(ctx, &v[field], ips) == 0)
		return 0;
	return ms_some(ip_slice(ctx, &ips[0]), out_r);
}

#define LIST_MAX 1000 /* bytes of the columns that hold lists of addresses */

/* In their order, as many whole ones as fit. */
static int join(struct mst_rule_ctx *ctx, const struct mst_slice *v, size_t n,
		struct mst_slice *out_r)
{
	char *p = mst_rule_scratch(ctx, LIST_MAX);
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		size_t comma = at ? 2 : 0;

		if (at + comma + v[i].n > LIST_MAX)
			break;
		memcpy(p + at, ", ", comma);
		memcpy(p + at + comma, v[i].p, v[i].n);
		at += comma + v[i].n;
	}
	return ms_some(mst_slice(p, at), out_r);
}

MS_OP(ot_op_ips)
{
	struct ot_ip ips[OT_ADDRESSES_MAX];
	struct mst_slice texts[OT_ADDRESSES_MAX];
	size_t n = ot_ips(ctx, &v[field], ips);

	for (size_t i = 0; i < n; i++)
		texts[i] = ip_slice(ctx, &ips[i]);
	return join(ctx, texts, n, out_r);
}

/* ---- MAC addresses ------------------------------------------------------- */

bool ot_mac_parse(struct mst_slice s, char out[18])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t b[6] = {0};
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		int d = mst_num_hex(s.p[i]);

		if (d < 0 && strchr(":-.", s.p[i]) && s.p[i])
			continue;
		if (d < 0 || n == 12)
			return false;
		b[n / 2] = (uint8_t)(b[n / 2] << 4 | d);
		n++;
	}
	/* none, and those of groups, of which all ones is one */
	if (n != 12 || all_zero(b, 6) || (b[0] & 1))
		return false;
	for (size_t i = 0; i < 6; i++) {
		out[3 * i] = digits[b[i] >> 4];
		out[3 * i + 1] = digits[b[i] & 15];
		out[3 * i + 2] = i < 5 ? ':' : '\0';
	}
	return true;
}

static int by_mac(const void *a, const void *b)
{
	return memcmp(a, b, 17);
}

static size_t unique(char v[OT_ADDRESSES_MAX][18], size_t n)
{
	size_t kept = 0;

	if (n > 1)
		qsort(v, n, 18, by_mac);
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && by_mac(v[i], v[kept - 1]) == 0)
			continue;
		if (kept != i)
			memcpy(v[kept], v[i], 18);
		kept++;
	}
	return kept;
}

size_t ot_macs(struct mst_rule_ctx *ctx, const struct mst_value *list,
	       char out[OT_ADDRESSES_MAX][18])
{
	struct ot_words w = {.n = 0};
	size_t n = 0;

	ot_words_of(ctx, list, "u_mac_address", NULL, &w);
	for (size_t i = 0; i < w.n && n < OT_ADDRESSES_MAX; i++) {
		if (ot_mac_parse(w.v[i], out[n]))
			n++;
	}
	return unique(out, n);
}

static struct mst_slice copied(struct mst_rule_ctx *ctx, const char *text)
{
	size_t n = strlen(text);
	char *p = mst_rule_scratch(ctx, n + 1);

	memcpy(p, text, n + 1);
	return mst_slice(p, n);
}

static int join_macs(struct mst_rule_ctx *ctx, char v[OT_ADDRESSES_MAX][18],
		     size_t n, struct mst_slice *out_r)
{
	struct mst_slice texts[OT_ADDRESSES_MAX];

	for (size_t i = 0; i < n; i++)
		texts[i] = mst_slice(v[i], 17);
	return join(ctx, texts, n, out_r);
}

MS_OP(ot_op_mac)
{
	char macs[OT_ADDRESSES_MAX][18];

	if (ot_macs(ctx, &v[field], macs) == 0)
		return 0;
	return ms_some(copied(ctx, macs[0]), out_r);
}

MS_OP(ot_op_macs)
{
	char macs[OT_ADDRESSES_MAX][18];

	return join_macs(ctx, macs, ot_macs(ctx, &v[field], macs), out_r);
}

static bool has_mac(char v[OT_ADDRESSES_MAX][18], size_t n, const char *mac)
{
	for (size_t i = 0; i < n; i++) {
		if (by_mac(v[i], mac) == 0)
			return true;
	}
	return false;
}

/* Of the addresses in OD_IPS; what is sure (OD_MACS) is no guess. */
MS_OP(ot_op_guessed_macs)
{
	char sure[OT_ADDRESSES_MAX][18], out[OT_ADDRESSES_MAX][18];
	size_t sure_n = ot_macs(ctx, &v[OD_MACS], sure), n = 0;
	struct mst_json_iter ips, macs;
	struct mst_json ip, mac;

	if (v[OD_IPS].type != MST_JSON_ARRAY)
		return 0;
	ips = mst_json_iter(v[OD_IPS].u.j);
	while (mst_json_next(&ips, NULL, &ip)) {
		struct mst_json list =
		    mst_json_iget(ip, "u_guessed_mac_addresses");

		if (!list.doc)
			list = mst_json_iget(ip, "u_guessed_mac_address");
		if (mst_json_type(list) != MST_JSON_ARRAY)
			continue;
		macs = mst_json_iter(list);
		while (n < OT_ADDRESSES_MAX && mst_json_next(&macs, NULL, &mac))
			if (ot_mac_parse(
				ot_element(ctx, mac, "u_mac_address", NULL),
				out[n]) &&
			    !has_mac(sure, sure_n, out[n]))
				n++;
	}
	return join_macs(ctx, out, unique(out, n), out_r);
}

/* ---- addresses and adapters of their own --------------------------------- */

static bool address_of(struct mst_rule_ctx *ctx, const struct mst_value *v,
		       struct ot_ip *ip_r)
{
	return ot_ip_parse(ot_clean(ctx, v, OA_IP), ip_r) ||
	       ot_ip_parse(ot_clean(ctx, v, OA_TEXT), ip_r);
}

MS_OP(ot_op_address)
{
	struct ot_ip ip;

	return address_of(ctx, v, &ip) ? ms_some(ip_slice(ctx, &ip), out_r) : 0;
}

MS_OP(ot_op_ip_version)
{
	struct ot_ip ip;

	if (!address_of(ctx, v, &ip))
		return 0;
	return ms_some(ip.v6 ? MST_SLICE_LIT("6") : MST_SLICE_LIT("4"), out_r);
}

MS_OP(ot_op_address_key)
{
	struct mst_slice id = ot_id(ctx, v, OA_DEVICE), ip;

	if (!id.n || ot_op_address(ctx, v, field, arg, &ip) != 1)
		return 0;
	return ms_some(ot_key(ctx, id, ip), out_r);
}

MS_OP(ot_op_adapter)
{
	char mac[18];

	if (!ot_mac_parse(ot_clean(ctx, v, OM_MAC), mac) &&
	    !ot_mac_parse(ot_clean(ctx, v, OM_TEXT), mac))
		return 0;
	return ms_some(copied(ctx, mac), out_r);
}

MS_OP(ot_op_adapter_key)
{
	struct mst_slice id = ot_id(ctx, v, OM_DEVICE), mac;

	if (!id.n || ot_op_adapter(ctx, v, field, arg, &mac) != 1)
		return 0;
	return ms_some(ot_key(ctx, id, mac), out_r);
}

/* Which address is whose says nobody, unless there is one of each. */
MS_OP(ot_op_adapter_ip)
{
	char macs[OT_ADDRESSES_MAX][18];
	struct ot_ip ips[OT_ADDRESSES_MAX];

	if (ot_macs(ctx, &v[OM_MACS], macs) != 1 ||
	    ot_ips(ctx, &v[OM_IPS], ips) != 1)
		return 0;
	return ms_some(ip_slice(ctx, &ips[0]), out_r);
}
