/* SPDX-License-Identifier: Apache-2.0
 *
 * The ops that are particular to Defender: what the common ones (rules.h)
 * cannot say. The specification is docs/internals/rules.md; change it first.
 * Those for devices run once a device. Those for software and CVE rows run by
 * the million: no formatting there, and copies only where text changes.
 */
#include <math.h>

#include "base/hash.h"
#include "base/num.h"
#include "base/time.h"
#include "source/endpoint/endpoint_private.h"

static const struct ep_conf *conf_of(const struct mst_rule_ctx *ctx)
{
	return mst_rule_conf(ctx);
}

static int some(struct mst_slice s, struct mst_slice *out_r)
{
	*out_r = s;
	return s.n > 0;
}

/* Text of a field, trimmed; empty when it has none. */
static struct mst_slice text_of(struct mst_rule_ctx *ctx,
				const struct mst_value *v, unsigned field)
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

static char *put_lower(char *restrict to, struct mst_slice s)
{
	const char *restrict from = s.p;

	for (size_t i = 0; i < s.n; i++)
		to[i] = lower(from[i]);
	return to + s.n;
}

static struct mst_slice lowered(struct mst_rule_ctx *ctx, struct mst_slice s)
{
	char *p = mst_rule_scratch(ctx, s.n + 1);

	put_lower(p, s);
	return mst_slice(p, s.n);
}

/* ---- devices: class, identity, names ------------------------------------ */

static const char handheld[] = "cmdb_ci_handheld_computing";

static const char *class_of(struct mst_slice os)
{
	static const struct {
		const char *prefix, *table;
	} classes[] = {
	    {"WindowsServer", "cmdb_ci_win_server"},
	    {"Windows", "cmdb_ci_computer"},
	    {"macOS", "cmdb_ci_computer"},
	    {"Linux", "cmdb_ci_linux_server"},
	    {"Ubuntu", "cmdb_ci_linux_server"},
	    {"RedHatEnterpriseLinux", "cmdb_ci_linux_server"},
	    {"CentOS", "cmdb_ci_linux_server"},
	    {"Debian", "cmdb_ci_linux_server"},
	    {"SUSE", "cmdb_ci_linux_server"},
	    {"SLES", "cmdb_ci_linux_server"},
	    {"OracleLinux", "cmdb_ci_linux_server"},
	    {"AmazonLinux", "cmdb_ci_linux_server"},
	    {"Fedora", "cmdb_ci_linux_server"},
	    {"Rocky", "cmdb_ci_linux_server"},
	    {"AlmaLinux", "cmdb_ci_linux_server"},
	    {"RHEL", "cmdb_ci_linux_server"},
	    {"iOS", handheld},
	    {"iPadOS", handheld},
	    {"Android", handheld},
	};

	for (size_t i = 0; i < MST_LEN(classes); i++) {
		if (mst_slice_istarts(os, classes[i].prefix))
			return classes[i].table;
	}
	return NULL;
}

EP_OP(ep_op_class)
{
	const char *table = class_of(text_of(ctx, v, EM_OS_PLATFORM));

	return table ? some(mst_slice_str(table), out_r) : 0;
}

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

EP_OP(ep_op_name)
{
	struct mst_slice s = text_of(ctx, v, EM_NAME);
	const char *table = class_of(text_of(ctx, v, EM_OS_PLATFORM));
	size_t host = host_part(s);

	if (host && table != handheld)
		s.n = host;
	return some(s, out_r);
}

EP_OP(ep_op_fqdn)
{
	struct mst_slice s = text_of(ctx, v, EM_NAME);

	return host_part(s) ? some(lowered(ctx, s), out_r) : 0;
}

EP_OP(ep_op_domain)
{
	struct mst_slice s = text_of(ctx, v, EM_NAME);
	size_t host = host_part(s);

	if (!host)
		return 0;
	s = mst_slice(s.p + host + 1, s.n - host - 1);
	return some(lowered(ctx, s), out_r);
}

/* Class and folded name: what the destination would take for one computer. */
EP_OP(ep_op_identity)
{
	struct mst_slice table, name;
	char *p, *q;

	if (ep_op_class(ctx, v, 0, NULL, &table) != 1 ||
	    ep_op_name(ctx, v, 0, NULL, &name) != 1)
		return 0;
	p = q = mst_rule_scratch(ctx, table.n + 1 + name.n);
	memcpy(q, table.p, table.n);
	q += table.n;
	*q++ = '\n';
	q = put_lower(q, name);
	return some(mst_slice(p, (size_t)(q - p)), out_r);
}

static bool is_active(struct mst_rule_ctx *ctx, const struct mst_value *v)
{
	return mst_slice_iis(text_of(ctx, v, EM_HEALTH), "active");
}

/* As text that compares: active, first seen (20 digits), id. */
EP_OP(ep_op_rank)
{
	struct mst_slice id = text_of(ctx, v, EM_ID);
	struct mst_slice seen = text_of(ctx, v, EM_FIRST_SEEN);
	int64_t us = MST_TIME_NONE;
	uint64_t t = 0;
	char *p = mst_rule_scratch(ctx, 21 + id.n);

	if (seen.n && mst_time_parse(seen, &us) && us != MST_TIME_NONE)
		t = (uint64_t)us + ((uint64_t)1 << 63);
	p[0] = is_active(ctx, v) ? '1' : '0';
	for (int i = 20; i > 0; i--) {
		p[i] = (char)('0' + t % 10);
		t /= 10;
	}
	put_lower(p + 21, id);
	return some(mst_slice(p, 21 + id.n), out_r);
}

/* ---- devices: attributes ------------------------------------------------ */

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

static bool mac_usable(const char *hex)
{
	char c = hex[1];
	unsigned low = (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);

	/* The two lowest bits of the first byte: multicast, and assigned
	 * locally. All ones is both of them. */
	return (low & 3) == 0 && strspn(hex, "0") != 12;
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

EP_OP(ep_op_mac)
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
		    !mac_usable(m.hex))
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
	return some(mst_slice(p, 17), out_r);
}

EP_OP(ep_op_virtual)
{
	if (v[EM_VM].type != MST_JSON_OBJECT)
		return 0;
	return some(MST_SLICE_LIT("true"), out_r);
}

EP_OP(ep_op_model)
{
	/* A model without its maker would be looked up among all makers. */
	if (!text_of(ctx, v, EM_MANUFACTURER).n)
		return 0;
	return mst_op_text(ctx, v, EM_MODEL, NULL, out_r);
}

static bool is_junk_serial(struct mst_slice s)
{
	static const char *const words[] = {
	    "0",
	    "none",
	    "n/a",
	    "na",
	    "unknown",
	    "default string",
	    "to be filled by o.e.m.",
	    "system serial number",
	    "not specified",
	    "not available",
	    "invalid",
	    "xxxxxxx",
	    "123456789",
	    "0123456789",
	};
	size_t same = 0;

	for (size_t i = 0; i < MST_LEN(words); i++) {
		if (mst_slice_iis(s, words[i]))
			return true;
	}
	while (same < s.n && lower(s.p[same]) == lower(s.p[0]))
		same++;
	return same == s.n || mst_slice_istarts(s, "vmware-") ||
	       mst_slice_istarts(s, "parallels-");
}

/* additionalFields is a JSON object inside a text. */
EP_OP(ep_op_serial)
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
	if (is_junk_serial(s))
		return 0;
	p = mst_rule_scratch(ctx, s.n); /* outlives the parser's document */
	memcpy(p, s.p, s.n);
	return some(mst_slice(p, s.n), out_r);
}

EP_OP(ep_op_correlation)
{
	struct mst_slice prefix =
	    mst_slice_str(conf_of(ctx)->correlation_prefix);
	struct mst_slice id = text_of(ctx, v, EM_ID);
	char *p;

	if (!prefix.n)
		return some(id, out_r);
	p = mst_rule_scratch(ctx, prefix.n + id.n + 1);
	memcpy(p, prefix.p, prefix.n);
	if (id.n)
		memcpy(p + prefix.n, id.p, id.n);
	return some(mst_slice(p, prefix.n + id.n), out_r);
}

EP_OP(ep_op_operational)
{
	return some(is_active(ctx, v) ? MST_SLICE_LIT("1") : MST_SLICE_LIT("5"),
		    out_r);
}

/* ---- software ----------------------------------------------------------- */

/* The four leading fields are the same in software and in CVE rows. */
_Static_assert((int)ED_DEVICE == (int)ES_DEVICE &&
		   (int)ED_VENDOR == (int)ES_VENDOR &&
		   (int)ED_NAME == (int)ES_NAME &&
		   (int)ED_VERSION == (int)ES_VERSION,
	       "software keys are made from both kinds of rows");

static size_t put_product(struct mst_rule_ctx *ctx, const struct mst_value *v,
			  char between, struct mst_slice head, char **p_r)
{
	struct mst_slice vendor = text_of(ctx, v, ES_VENDOR);
	struct mst_slice name = text_of(ctx, v, ES_NAME);
	struct mst_slice version = text_of(ctx, v, ES_VERSION);
	size_t n = head.n + vendor.n + name.n + version.n + 2;
	char *p = mst_rule_scratch(ctx, n), *q = p;

	if (head.n)
		memcpy(q, head.p, head.n);
	q = put_lower(q + head.n, vendor);
	*q++ = between;
	q = put_lower(q, name);
	*q++ = between;
	put_lower(q, version);
	*p_r = p;
	return n;
}

EP_OP(ep_op_software_key)
{
	size_t n;
	char *p;

	if (!text_of(ctx, v, ES_NAME).n)
		return 0;
	n = put_product(ctx, v, '|', mst_slice("", 0), &p);
	return some(mst_slice(p, n), out_r);
}

/* There are no packages when software goes to the SAM table. */
EP_OP(ep_op_package_ref)
{
	if (conf_of(ctx)->software_table == EP_SAM)
		return 0;
	return ep_op_software_key(ctx, v, field, arg, out_r);
}

EP_OP(ep_op_install_table)
{
	if (conf_of(ctx)->software_table != EP_SAM)
		return 0; /* the set's own */
	return some(MST_SLICE_LIT("cmdb_sam_sw_install"), out_r);
}

EP_OP(ep_op_install_name)
{
	struct mst_slice name, version;
	char *p;

	if (conf_of(ctx)->software_table == EP_SAM)
		return 0;
	name = text_of(ctx, v, ES_NAME);
	version = text_of(ctx, v, ES_VERSION);
	if (!name.n || !version.n)
		return some(name.n ? name : version, out_r);
	p = mst_rule_scratch(ctx, name.n + 1 + version.n);
	memcpy(p, name.p, name.n);
	p[name.n] = ' ';
	memcpy(p + name.n + 1, version.p, version.n);
	return some(mst_slice(p, name.n + 1 + version.n), out_r);
}

EP_OP(ep_op_sam_text)
{
	if (conf_of(ctx)->software_table != EP_SAM)
		return 0;
	return mst_op_text(ctx, v, field, arg, out_r);
}

EP_OP(ep_op_sam_key)
{
	if (conf_of(ctx)->software_table != EP_SAM)
		return 0;
	return ep_op_software_key(ctx, v, field, arg, out_r);
}

EP_OP(ep_op_sam_const)
{
	if (conf_of(ctx)->software_table != EP_SAM)
		return 0;
	return mst_op_const(ctx, v, field, arg, out_r);
}

/* ---- CVEs --------------------------------------------------------------- */

/* Not in the way of the first pass: only members of changed groups have their
 * key made. */
EP_OP(ep_op_cve_key)
{
	struct mst_slice conn = mst_slice_str(mst_rule_connection(ctx));
	struct mst_slice device, cve, head;
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
	n = put_product(ctx, v, '\n', head, &text);
	p = mst_rule_scratch(ctx, n + 1 + cve.n);
	memcpy(p, text, n);
	p[n] = '\n';
	memcpy(p + n + 1, cve.p, cve.n);
	text = mst_rule_scratch(ctx, 33);
	mst_hash_hex(mst_hash128(p, n + 1 + cve.n, 0), text);
	return some(mst_slice(text, 32), out_r);
}

/* The key of a definition that only instances know. */
EP_OP(ep_op_cve)
{
	return mst_op_upper(ctx, v, ED_CVE, NULL, out_r);
}

EP_OP(ep_op_connection)
{
	return some(mst_slice_str(mst_rule_connection(ctx)), out_r);
}

EP_OP(ep_op_epss)
{
	struct mst_slice s;
	double d;
	char *p;

	if (mst_op_number(ctx, v, field, arg, &s) != 1 || !mst_num_dbl(s, &d) ||
	    fabs(d) > 1e9)
		return 0;
	p = mst_rule_scratch(ctx, 32);
	mst_num_text(round(d * 1e5) / 1e5, p);
	return some(mst_slice_str(p), out_r);
}

EP_OP(ep_op_lower_lines)
{
	struct mst_slice s;

	if (mst_op_lines(ctx, v, field, arg, &s) != 1)
		return 0;
	return some(lowered(ctx, s), out_r);
}

/* ---- filters ------------------------------------------------------------ */

static enum mst_keep skip(const char *why, struct mst_slice *why_r)
{
	*why_r = mst_slice_str(why);
	return MST_SKIP;
}

static enum mst_keep skip_os(struct mst_rule_ctx *ctx, struct mst_slice os,
			     struct mst_slice *why_r)
{
	static const char head[] = "no class for the operating system '";
	size_t n = sizeof(head) - 1, m = MST_MIN(os.n, (size_t)100);
	char *p;

	if (!os.n)
		return skip("no operating system", why_r);
	p = mst_rule_scratch(ctx, n + m + 1);
	memcpy(p, head, n);
	memcpy(p + n, os.p, m);
	p[n + m] = '\'';
	*why_r = mst_slice(p, n + m + 1);
	return MST_SKIP;
}

EP_FILTER(ep_keep_machine)
{
	struct mst_slice os, excluded;
	const char *table;

	if (mst_op_bool(ctx, v, EM_EXCLUDED, NULL, &excluded) == 1 &&
	    mst_slice_is(excluded, "true"))
		return MST_DROP;
	if (text_of(ctx, v, EM_MERGED).n)
		return MST_DROP;
	if (!text_of(ctx, v, EM_ID).n)
		return skip("no id", why_r);
	if (!text_of(ctx, v, EM_NAME).n)
		return skip("no name (computerDnsName is empty)", why_r);
	os = text_of(ctx, v, EM_OS_PLATFORM);
	table = class_of(os);
	if (!table)
		return skip_os(ctx, os, why_r);
	if (table == handheld && !mst_rule_has_class(ctx, handheld))
		return skip("the destination has no class "
			    "cmdb_ci_handheld_computing",
			    why_r);
	return MST_KEEP;
}

EP_FILTER(ep_keep_install)
{
	if (!text_of(ctx, v, ES_DEVICE).n)
		return skip("software row without a device id", why_r);
	if (!text_of(ctx, v, ES_NAME).n)
		return skip("software row without a name", why_r);
	return MST_KEEP;
}

EP_FILTER(ep_keep_package)
{
	if (conf_of(ctx)->software_table == EP_SAM)
		return MST_DROP;
	return ep_keep_install(ctx, v, why_r);
}

/* A row without a score is kept: unknown is not low. */
static bool below_minimum(const struct mst_value *score, double least)
{
	double d;

	switch (score->type) {
	case MST_JSON_INT:
		return (double)score->u.i < least;
	case MST_JSON_DOUBLE:
		return score->u.d < least;
	case MST_JSON_STRING:
		return mst_num_dbl(mst_slice_trim(
				       mst_slice(score->u.s.p, score->u.s.n)),
				   &d) &&
		       d < least;
	case MST_JSON_NULL:
	case MST_JSON_BOOL:
	case MST_JSON_ARRAY:
	case MST_JSON_OBJECT:
		break;
	}
	return false;
}

/* A text that is not blank, without the way over the op: asked for every CVE
 * row. */
static inline bool has_text(struct mst_rule_ctx *ctx, const struct mst_value *v,
			    unsigned field)
{
	const struct mst_value *f = v + field;

	if (f->type == MST_JSON_STRING && f->u.s.n > 0 &&
	    (unsigned char)f->u.s.p[0] > ' ')
		return true;
	return f->type != MST_JSON_NULL && text_of(ctx, v, field).n > 0;
}

EP_FILTER(ep_keep_device_cve)
{
	double least = conf_of(ctx)->min_cvss;

	if (!has_text(ctx, v, ED_CVE))
		return MST_DROP; /* a plain inventory row */
	if (v[ED_STATUS].type == MST_JSON_STRING &&
	    mst_slice_iis(text_of(ctx, v, ED_STATUS), "fixed"))
		return MST_DROP;
	if (least > 0 && below_minimum(&v[ED_CVSS], least))
		return MST_DROP;
	if (!has_text(ctx, v, ED_DEVICE))
		return skip("CVE row without a device id", why_r);
	return MST_KEEP;
}

EP_FILTER(ep_keep_cve)
{
	if (!text_of(ctx, v, EC_ID).n)
		return skip("vulnerability without an id", why_r);
	return MST_KEEP;
}

/* ---- joins -------------------------------------------------------------- */

/* The all-zero id stands for "not registered". */
bool ep_join_entra(const struct mst_value *v)
{
	struct mst_slice s = {v[EE_DEVICE].u.s.p, v[EE_DEVICE].u.s.n};
	size_t zeros = 0;

	if (v[EE_DEVICE].type != MST_JSON_STRING || !s.n)
		return false;
	while (zeros < s.n && (s.p[zeros] == '0' || s.p[zeros] == '-'))
		zeros++;
	return zeros < s.n;
}

/* The inventory also lists processors and firmware; the device itself is the
 * part of type "Hardware". */
bool ep_join_hardware(const struct mst_value *v)
{
	struct mst_slice s = {v[EH_TYPE].u.s.p, v[EH_TYPE].u.s.n};

	return v[EH_TYPE].type != MST_JSON_STRING ||
	       mst_slice_iis(mst_slice_trim(s), "hardware");
}

EP_OP(ep_op_address_width)
{
	struct mst_slice table;

	/* Handhelds have no such column. */
	if (ep_op_class(ctx, v, 0, NULL, &table) != 1 ||
	    mst_slice_is(table, "cmdb_ci_handheld_computing"))
		return 0;
	return mst_op_enum(ctx, v, field, arg, out_r);
}

/* Of several rows of one machine the latest report counts. */
EP_OP(ep_op_last_seen)
{
	return mst_op_time(ctx, v, EM_LAST_SEEN, NULL, out_r);
}
