/* SPDX-License-Identifier: Apache-2.0
 *
 * Addresses and subnets of exclusion windows.
 */
#include <arpa/inet.h>
#include <ctype.h>

#include "base/num.h"
#include "forward/exclude.h"

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* 00:1b:1b:00:00:01, 00-1b-…, 001b.1b00.0001, 001b1b000001 */
static bool parse_mac(struct mst_slice s, struct mst_net *net)
{
	size_t digits = 0, marks = 0;
	char mark = 0;

	if (s.n != 12 && s.n != 14 && s.n != 17)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		int v = hex(s.p[i]);
		size_t every = s.n == 17 ? 2 : 4;

		if (v < 0) {
			bool is_mark = s.n == 17
					   ? s.p[i] == ':' || s.p[i] == '-'
					   : s.p[i] == '.';

			if (!is_mark || (mark && s.p[i] != mark) ||
			    digits != every * (marks + 1))
				return false;
			mark = s.p[i];
			marks++;
			continue;
		}
		if (digits == 12)
			return false;
		net->b[digits / 2] =
		    (uint8_t)(net->b[digits / 2] << 4 | (unsigned)v);
		digits++;
	}
	net->is_mac = true;
	net->bits = 48;
	return digits == 12 && marks == (s.n == 17 ? 5 : s.n == 14 ? 2u : 0u);
}

static bool parse_ip(struct mst_slice s, struct mst_net *net, unsigned *base_r)
{
	char text[64];

	if (s.n == 0 || s.n >= sizeof(text) || memchr(s.p, 0, s.n))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	*base_r = 0;
	if (inet_pton(AF_INET6, text, net->b) == 1)
		return true;
	memset(net->b, 0, 10);
	net->b[10] = net->b[11] = 0xff;
	*base_r = 96;
	return inet_pton(AF_INET, text, net->b + 12) == 1;
}

bool mst_net_parse(struct mst_slice s, struct mst_net *net_r)
{
	struct mst_net net = {.bits = 128};
	const char *slash;
	uint64_t bits = 128;
	unsigned base;

	s = mst_slice_trim(s);
	if (parse_mac(s, &net)) {
		*net_r = net;
		return true;
	}
	net = (struct mst_net){.bits = 128};
	slash = s.n ? memchr(s.p, '/', s.n) : NULL;
	if (slash) {
		size_t n = (size_t)(slash - s.p);

		if (!mst_num_u64(mst_slice(slash + 1, s.n - n - 1), &bits))
			return false;
		s.n = n;
	}
	if (!parse_ip(s, &net, &base) || (slash && bits > 128 - base))
		return false;
	if (slash)
		net.bits = base + (unsigned)bits;
	*net_r = net;
	return true;
}

bool mst_net_has(const struct mst_net *net, const struct mst_net *address)
{
	unsigned whole = net->bits / 8, rest = net->bits % 8;

	if (net->is_mac != address->is_mac || address->bits < net->bits ||
	    memcmp(net->b, address->b, whole) != 0)
		return false;
	return rest == 0 ||
	       (net->b[whole] ^ address->b[whole]) >> (8 - rest) == 0;
}
