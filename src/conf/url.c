/* SPDX-License-Identifier: Apache-2.0
 *
 * The form of a base URL: where requests with credentials go. The texts of
 * the errors never repeat the URL: it may hold a password or a signature.
 */
#include "conf/url.h"
#include "base/limits.h"
#include "base/num.h"

static bool host_ok(struct mst_slice host)
{
	static const char others[] = "-._";

	if (host.n == 0 || host.n > 253 || host.p[0] == '.' || host.p[0] == '-')
		return false;
	for (size_t i = 0; i < host.n; i++) {
		char c = host.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		      (c >= '0' && c <= '9') || strchr(others, c)))
			return false;
	}
	return true;
}

/* [::1] and the like; curl checks the address itself. */
static bool ip6_ok(struct mst_slice host)
{
	if (host.n < 4 || host.n > 47 || host.p[0] != '[' ||
	    host.p[host.n - 1] != ']')
		return false;
	for (size_t i = 1; i + 1 < host.n; i++) {
		if (!strchr("0123456789abcdefABCDEF:.", host.p[i]))
			return false;
	}
	return true;
}

static bool is_loopback(struct mst_slice host)
{
	size_t dots = 0;

	if (mst_slice_iis(host, "localhost") || mst_slice_is(host, "[::1]"))
		return true;
	if (!mst_slice_istarts(host, "127."))
		return false;
	/* 127.0.0.1, never the name 127.0.0.1.example.com */
	for (size_t i = 0; i < host.n; i++) {
		if (host.p[i] == '.')
			dots++;
		else if (host.p[i] < '0' || host.p[i] > '9')
			return false;
	}
	return dots == 3;
}

static bool port_ok(struct mst_slice port)
{
	uint64_t v;

	return mst_num_u64(port, &v) && v >= 1 && v <= 65535 && port.n <= 5;
}

/* host and :port; false when one of them is wrong. */
static bool split_host(struct mst_slice authority, struct mst_slice *host_r)
{
	const char *colon = NULL, *from = authority.p;
	const char *end = authority.p + authority.n;
	bool ip6 = authority.n > 0 && authority.p[0] == '[';

	if (ip6) {
		from = memchr(authority.p, ']', authority.n);
		if (!from)
			return false;
		from++;
	}
	colon = from < end ? memchr(from, ':', (size_t)(end - from)) : NULL;
	if (ip6 && from < end && colon != from)
		return false;
	*host_r = mst_slice(authority.p,
			    (size_t)((colon ? colon : end) - authority.p));
	if (colon && !port_ok(mst_slice(colon + 1, (size_t)(end - colon - 1))))
		return false;
	return ip6 ? ip6_ok(*host_r) : host_ok(*host_r);
}

static const char *check_rest(struct mst_slice rest, bool plain)
{
	const char *slash = memchr(rest.p, '/', rest.n);
	size_t n = slash ? (size_t)(slash - rest.p) : rest.n;
	struct mst_slice host;

	for (size_t i = 0; i < rest.n; i++) {
		unsigned char c = (unsigned char)rest.p[i];

		if (c <= 0x20 || c >= 0x7f || strchr("\"<>\\^`{|}", c))
			return "holds a character that no URL may have";
	}
	if (memchr(rest.p, '@', rest.n))
		return "must not hold a user or password; there are options "
		       "for them";
	if (memchr(rest.p, '?', rest.n) || memchr(rest.p, '#', rest.n))
		return "must end with the host or a path, without \"?\" or "
		       "\"#\"";
	if (!split_host(mst_slice(rest.p, n), &host))
		return "has no valid host or port";
	if (plain && !is_loopback(host))
		return "must begin with https://; http:// goes to this "
		       "machine (127.0.0.1) only";
	return NULL;
}

const char *mst_url_check(struct mst_slice url, struct mst_slice *clean_r)
{
	bool plain = mst_slice_istarts(url, "http://");
	size_t scheme = plain ? 7 : 8;
	const char *why;

	if (url.n > MST_MAX_URL)
		return "is too long";
	if (!plain && !mst_slice_istarts(url, "https://"))
		return "must begin with https://";
	why = check_rest(mst_slice(url.p + scheme, url.n - scheme), plain);
	if (why)
		return why;
	while (url.n > scheme && url.p[url.n - 1] == '/')
		url.n--;
	*clean_r = url;
	return NULL;
}
