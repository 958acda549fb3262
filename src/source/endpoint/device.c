/* SPDX-License-Identifier: Apache-2.0
 *
 * The ops of machines: names, identity, addresses, what the hardware says.
 * They run once a machine. The specification is docs/internals/rules.md;
 * change it first.
 */
#include "base/time.h"
#include "source/endpoint/ops.h"

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* ---- names and identity ------------------------------------------------- */

static bool is_dns_name(struct mst_slice s)
{
	bool letter = false; /* an address is no name */

	for (size_t i = 0; i < s.n; i++) {
		char c = lower(s.p[i]);

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
		    c != '-' && c != '_' && c != '.')
			return false;
		letter = letter || (c >= 'a' && c <= 'z');
	}
	return letter && s.p[0] != '.';
}

/* Position of the first dot of a DNS name that has one; 0: it is none. */
static size_t host_part(struct mst_slice s)
{
	const char *dot;

	if (!is_dns_name(s))
		return 0;
	dot = memchr(s.p, '.', s.n);
	return dot ? (size_t)(dot - s.p) : 0;
}

static struct mst_slice raised(struct mst_rule_ctx *ctx, struct mst_slice s)
{
	char *p = mst_rule_scratch(ctx, s.n + 1);

	for (size_t i = 0; i < s.n; i++)
		p[i] = s.p[i] >= 'a' && s.p[i] <= 'z' ? (char)(s.p[i] - 0x20)
						      : s.p[i];
	return mst_slice(p, s.n);
}

MS_OP(ep_op_name)
{
	const struct ep_conf *conf = ep_conf_of(ctx);
	struct mst_slice s = ms_text(ctx, v, EM_NAME);
	size_t host = host_part(s);

	/* What a phone is called may look like a name of DNS. */
	if (host && conf->name_form == EP_SHORT &&
	    ep_asset_of(ctx, v) != EP_HANDHELD)
		s.n = host;
	if (s.n && conf->name_case == EP_LOWER)
		s = ms_lowered(ctx, s);
	else if (s.n && conf->name_case == EP_UPPER)
		s = raised(ctx, s);
	return ms_some(s, out_r);
}

MS_OP(ep_op_fqdn)
{
	struct mst_slice s = ms_text(ctx, v, EM_NAME);

	return host_part(s) ? ms_some(ms_lowered(ctx, s), out_r) : 0;
}

MS_OP(ep_op_domain)
{
	struct mst_slice s = ms_text(ctx, v, EM_NAME);
	size_t host = host_part(s);

	if (!host)
		return 0;
	s = mst_slice(s.p + host + 1, s.n - host - 1);
	return ms_some(ms_lowered(ctx, s), out_r);
}

/* Class and folded name: what the destination would take for one computer. */
MS_OP(ep_op_identity)
{
	struct mst_slice table, name;

	if (ep_op_class(ctx, v, 0, NULL, &table) != 1 ||
	    ep_op_name(ctx, v, 0, NULL, &name) != 1)
		return 0;
	return ms_identity(ctx, table, name, out_r);
}

/* As text that compares: active, first seen (20 digits), id. */
MS_OP(ep_op_rank)
{
	struct mst_slice id = ms_text(ctx, v, EM_ID);
	struct mst_slice seen = ms_text(ctx, v, EM_FIRST_SEEN);
	int64_t us = MST_TIME_NONE;
	uint64_t t = 0;
	char *p = mst_rule_scratch(ctx, 21 + id.n);

	if (seen.n && mst_time_parse(seen, &us) && us != MST_TIME_NONE)
		t = (uint64_t)us + ((uint64_t)1 << 63);
	p[0] = ep_is_healthy(ctx, v) ? '1' : '0';
	for (int i = 20; i > 0; i--) {
		p[i] = (char)('0' + t % 10);
		t /= 10;
	}
	ms_put_lower(p + 21, id);
	return ms_some(mst_slice(p, 21 + id.n), out_r);
}

/* ---- MAC addresses ------------------------------------------------------ */

struct mac {
	char hex[13];
	bool up, ethernet;
};

static bool mac_parse(struct mst_slice s, char out[13])
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = lower(s.p[i]);

		if (c == ':' || c == '-' || c == '.')
			continue;
		if (n == 12 ||
		    !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return false;
		out[n++] = c;
	}
	out[n] = 0;
	return n == 12;
}

#define PATTERN_MAX 64

/* A pattern without what stands between the digits; false: it is none. */
static bool plain_pattern(const char *pattern, char out[PATTERN_MAX])
{
	size_t n = 0;

	for (; *pattern; pattern++) {
		char c = lower(*pattern);

		if (c == ':' || c == '-' || c == '.')
			continue;
		if (n == PATTERN_MAX - 1 ||
		    !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
		      c == '*' || c == '?'))
			return false;
		out[n++] = c;
	}
	out[n] = '\0';
	return n > 0;
}

int ep_macs_check(const struct ep_conf *conf, struct mst_err *err)
{
	char plain[PATTERN_MAX];

	for (size_t i = 0; i < conf->mac_ignore.n; i++) {
		if (!plain_pattern(conf->mac_ignore.v[i], plain))
			return mst_err_set(
			    err, MST_E_INVALID,
			    "setting mac_ignore: '%.80s' is no pattern of a "
			    "MAC address; write hex digits, ? for any digit "
			    "and * for any rest, as in 00:09:0f:*",
			    conf->mac_ignore.v[i]);
	}
	return 0;
}

static bool mac_usable(const struct ep_conf *conf, const char *hex)
{
	const struct mst_opt_list *ignore = &conf->mac_ignore;
	char c = hex[1], plain[PATTERN_MAX];

	/* Multicast is the lowest bit of the first byte; all ones has it. */
	if (strspn(hex, "0") == 12 ||
	    ((unsigned)(c <= '9' ? c - '0' : c - 'a' + 10) & 1))
		return false;
	if (!conf->mac_unique_only)
		return true;
	for (size_t i = 0; i < ignore->n; i++) {
		if (plain_pattern(ignore->v[i], plain) &&
		    mst_slice_fits(mst_slice(hex, 12), plain))
			return false;
	}
	return true;
}

static bool mac_better(const struct mac *a, const struct mac *b)
{
	if (a->up != b->up)
		return a->up;
	if (a->ethernet != b->ethernet)
		return a->ethernet;
	return strcmp(a->hex, b->hex) < 0;
}

static bool member_is(struct mst_json obj, const char *key, const char *word)
{
	struct mst_slice s = mst_json_str(mst_json_iget(obj, key));

	return mst_slice_iis(mst_slice_trim(s), word);
}

MS_OP(ep_op_mac)
{
	const struct mst_value *ips = &v[EM_IPS];
	struct mac best = {.hex = ""}, m;
	struct mst_json_iter it;
	struct mst_json e;
	char *p;

	if (ips->type != MST_JSON_ARRAY)
		return 0;
	it = mst_json_iter(ips->u.j);
	while (mst_json_next(&it, NULL, &e)) {
		if (mst_json_type(e) != MST_JSON_OBJECT ||
		    member_is(e, "type", "SoftwareLoopback"))
			continue;
		if (!mac_parse(mst_json_str(mst_json_iget(e, "macAddress")),
			       m.hex) ||
		    !mac_usable(ep_conf_of(ctx), m.hex))
			continue;
		m.up = member_is(e, "operationalStatus", "Up");
		m.ethernet = member_is(e, "type", "Ethernet");
		if (!best.hex[0] || mac_better(&m, &best))
			best = m;
	}
	if (!best.hex[0])
		return 0;
	p = mst_rule_scratch(ctx, 17);
	for (size_t i = 0; i < 6; i++) {
		memcpy(p + 3 * i, best.hex + 2 * i, 2);
		if (i < 5)
			p[3 * i + 2] = ':';
	}
	return ms_some(mst_slice(p, 17), out_r);
}

/* ---- others ------------------------------------------------------------- */

MS_OP(ep_op_virtual)
{
	if (v[EM_VM].type != MST_JSON_OBJECT)
		return 0;
	return ms_some(MST_SLICE_LIT("true"), out_r);
}

MS_OP(ep_op_model)
{
	/* A model without its maker would be looked up among all makers. */
	if (!ms_text(ctx, v, EM_MANUFACTURER).n)
		return 0;
	return mst_op_text(ctx, v, EM_MODEL, NULL, out_r);
}

static bool is_junk_serial(const struct ep_conf *conf, struct mst_slice s)
{
	size_t same = 0;

	if (!conf->serial_check)
		return s.n == 0;
	while (same < s.n && lower(s.p[same]) == lower(s.p[0]))
		same++;
	return same == s.n || ms_fits_one(&conf->serial_ignore, s);
}

/* additionalFields is a JSON object inside a text. */
MS_OP(ep_op_serial)
{
	const struct mst_value *add = &v[EM_ADDITIONAL];
	struct mst_err err = MST_ERR_INIT;
	struct mst_json root;
	struct mst_slice s;
	char *p;

	if (add->type == MST_JSON_OBJECT)
		root = add->u.j;
	else if (add->type != MST_JSON_STRING ||
		 mst_json_parse(mst_rule_parser(ctx),
				mst_slice(add->u.s.p, add->u.s.n), &root,
				&err) < 0)
		return 0; /* damaged text: as if there were none */
	s = mst_slice_trim(mst_json_str(mst_json_iget(root, "SerialNumber")));
	if (is_junk_serial(ep_conf_of(ctx), s))
		return 0;
	p = mst_rule_scratch(ctx, s.n); /* outlives the parser's document */
	memcpy(p, s.p, s.n);
	return ms_some(mst_slice(p, s.n), out_r);
}

MS_OP(ep_op_correlation)
{
	return ms_prefixed(ctx, ep_conf_of(ctx)->correlation_prefix,
			   ms_text(ctx, v, EM_ID), out_r);
}

MS_OP(ep_op_address_width)
{
	/* Only computers and servers have such a column. */
	if (ep_asset_of(ctx, v) > EP_LINUX_SERVER)
		return 0;
	return mst_op_enum(ctx, v, field, arg, out_r);
}

/* Of several rows of one machine the latest report counts. */
MS_OP(ep_op_last_seen)
{
	return mst_op_time(ctx, v, EM_LAST_SEEN, NULL, out_r);
}
