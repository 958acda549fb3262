/* SPDX-License-Identifier: Apache-2.0
 *
 * Values that tell nothing about which device it is: MAC addresses that many
 * devices share, and serial numbers that nobody filled in. No CI is found by
 * them.
 */
#include <ctype.h>

#include "dest/servicenow/sn.h"

#define MAC_DIGITS 12

/* Adapters that have one address wherever they are installed. */
static const char *const shared_macs[] = {
    "00059a3c7800",		    /* Cisco AnyConnect */
    "00059a3c7a00", "00090faa0001", /* FortiClient */
    "00090ffe0001", "005056c00001", /* VMware host-only, NAT */
    "005056c00008", "505054503030", /* WAN miniports */
    "33506f453030", "204153594eff",
};

/* The digits alone, lower case; 0 when it is no address. */
static size_t digits(struct mst_slice s, char out[MAC_DIGITS])
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == ':' || c == '-' || c == '.')
			continue;
		if (!isxdigit(c) || n == MAC_DIGITS)
			return 0;
		out[n++] = (char)tolower(c);
	}
	return n;
}

bool mst_sn_same_mac(struct mst_slice a, struct mst_slice b)
{
	char x[MAC_DIGITS], y[MAC_DIGITS];

	return digits(a, x) == MAC_DIGITS && digits(b, y) == MAC_DIGITS &&
	       memcmp(x, y, MAC_DIGITS) == 0;
}

static bool begins(const char mac[MAC_DIGITS], const char *pattern)
{
	char want[MAC_DIGITS];
	size_t n = digits(mst_slice_str(pattern), want);

	return n && memcmp(mac, want, n) == 0;
}

bool mst_sn_shared_mac(const struct sn_conf *conf, struct mst_slice s)
{
	char mac[MAC_DIGITS];
	bool one_digit = true;

	if (digits(s, mac) != MAC_DIGITS)
		return true;
	/* Groups of adapters, and addresses that were assigned locally. */
	if (strchr("13579bdf", mac[1]) || strchr("2367abef", mac[1]))
		return true;
	for (size_t i = 1; i < MAC_DIGITS; i++)
		one_digit = one_digit && mac[i] == mac[0];
	if (one_digit)
		return true;
	for (size_t i = 0; i < MST_LEN(shared_macs); i++) {
		if (begins(mac, shared_macs[i]))
			return true;
	}
	for (size_t i = 0; i < conf->shared_macs.n; i++) {
		if (begins(mac, conf->shared_macs.v[i]))
			return true;
	}
	return false;
}

bool mst_sn_mac_pattern_ok(const char *pattern)
{
	char mac[MAC_DIGITS];

	return digits(mst_slice_str(pattern), mac) > 0;
}

bool mst_sn_junk_serial(struct mst_slice s)
{
	static const char *const junk[] = {
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
	    "123456789",
	    "0123456789",
	};
	bool one = true;

	s = mst_slice_trim(s);
	for (size_t i = 1; i < s.n; i++)
		one = one && s.p[i] == s.p[0];
	if (one || mst_slice_istarts(s, "vmware-") ||
	    mst_slice_istarts(s, "parallels-"))
		return true;
	for (size_t i = 0; i < MST_LEN(junk); i++) {
		if (mst_slice_iis(s, junk[i]))
			return true;
	}
	return false;
}
