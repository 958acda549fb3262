/* SPDX-License-Identifier: Apache-2.0
 *
 * URLs: where they lead.
 */
#include "net/url.h"

#include <arpa/inet.h>
#include <curl/curl.h>

#include "base/limits.h"
#include "base/num.h"

static int check_text(const char *url, struct mst_err *err)
{
	size_t n = 0;

	for (; url[n]; n++) {
		unsigned char c = (unsigned char)url[n];

		if (c < 0x20 || c == 0x7f)
			return mst_err_set(err, MST_E_INVALID,
					   "the address has a control "
					   "character at position %zu",
					   n + 1);
		if (n >= MST_MAX_URL)
			return mst_err_set(
			    err, MST_E_INVALID,
			    "the address is longer than %d bytes", MST_MAX_URL);
	}
	return n ? 0 : mst_err_set(err, MST_E_INVALID, "the address is empty");
}

static char *part(CURLU *h, CURLUPart what, unsigned flags)
{
	char *text = NULL;

	return curl_url_get(h, what, &text, flags) == CURLUE_OK ? text : NULL;
}

/* -1 when it is none. */
static int port_of(const char *text)
{
	uint64_t n;

	if (!mst_num_u64(mst_slice_str(text), &n) || n > 65535)
		return -1;
	return (int)n;
}

static int take_parts(CURLU *h, struct mst_url *u_r, struct mst_err *err)
{
	char *scheme = part(h, CURLUPART_SCHEME, 0);
	char *host = part(h, CURLUPART_HOST, 0);
	char *port = part(h, CURLUPART_PORT, CURLU_DEFAULT_PORT);
	struct mst_url u = {0};
	int rc = 0;

	if (!scheme ||
	    (strcmp(scheme, "https") != 0 && strcmp(scheme, "http") != 0)) {
		rc = mst_err_set(err, MST_E_INVALID,
				 "the address is not https but '%.20s'",
				 scheme ? scheme : "");
	} else if (!host || !port || !*host || strlen(host) >= sizeof(u.host)) {
		rc = mst_err_set(err, MST_E_INVALID,
				 "the address has no usable host name");
	} else {
		u.https = strcmp(scheme, "https") == 0;
		u.port = port_of(port);
		for (size_t i = 0; host[i]; i++) {
			char c = host[i];

			u.host[i] = (char)(c >= 'A' && c <= 'Z' ? c | 32 : c);
			if ((unsigned char)c >= 0x80 && !rc)
				rc = mst_err_set(
				    err, MST_E_INVALID,
				    "the host name is not ASCII; write it in "
				    "its xn-- form");
		}
	}
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	if (!rc)
		*u_r = u;
	return rc;
}

int mst_url_read(const char *url, struct mst_url *u_r, struct mst_err *err)
{
	CURLU *h;
	CURLUcode uc;
	int rc = check_text(url, err);

	if (rc)
		return rc;
	h = curl_url();
	if (!h)
		mst_oom();
	/* User info could smuggle another host past a reader of the log, and
	 * our secrets never travel in it. */
	uc = curl_url_set(h, CURLUPART_URL, url,
			  CURLU_DISALLOW_USER | CURLU_ALLOW_SPACE |
			      CURLU_PATH_AS_IS | CURLU_NON_SUPPORT_SCHEME);
	if (uc == CURLUE_USER_NOT_ALLOWED)
		rc = mst_err_set(err, MST_E_INVALID,
				 "the address holds a user name; credentials "
				 "do not belong there");
	else if (uc != CURLUE_OK)
		rc = mst_err_set(err, MST_E_INVALID, "the address is wrong: %s",
				 curl_url_strerror(uc));
	else
		rc = take_parts(h, u_r, err);
	curl_url_cleanup(h);
	return rc;
}

bool mst_url_is_loopback(const struct mst_url *u)
{
	struct in_addr v4;

	if (strcmp(u->host, "localhost") == 0 || strcmp(u->host, "[::1]") == 0)
		return true;
	/* Only a full dotted address: "127.evil.example" is a name. */
	return inet_pton(AF_INET, u->host, &v4) == 1 &&
	       (ntohl(v4.s_addr) >> 24) == 127;
}

static bool entry_matches(const struct mst_url *u, const char *entry)
{
	struct mst_slice host = mst_slice_str(u->host);
	struct mst_slice e = mst_slice_str(entry);
	const char *bracket = strrchr(entry, ']');
	const char *colon = strrchr(entry, ':');

	if (colon && (!bracket || colon > bracket)) {
		if (port_of(colon + 1) != u->port)
			return false;
		e.n = (size_t)(colon - entry);
	}
	if (e.n > 1 && e.p[0] == '.')
		return host.n > e.n &&
		       mst_slice_ieq(mst_slice(host.p + host.n - e.n, e.n), e);
	return mst_slice_ieq(host, e);
}

bool mst_url_allowed(const struct mst_url *u, const char *const *hosts)
{
	for (; hosts && *hosts; hosts++)
		if (entry_matches(u, *hosts))
			return true;
	return false;
}

static bool needs_escape(unsigned char c)
{
	return c == ' ' || c >= 0x80;
}

const char *mst_url_wire(struct mst_arena *a, const char *url)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t n = 0, extra = 0;
	char *out, *w;

	for (; url[n]; n++)
		extra += needs_escape((unsigned char)url[n]) ? 2 : 0;
	if (!extra)
		return url;
	out = w = mst_arena_bytes(a, n + extra + 1);
	for (; *url; url++) {
		unsigned char c = (unsigned char)*url;

		if (needs_escape(c)) {
			*w++ = '%';
			*w++ = hex[c >> 4];
			*w++ = hex[c & 15];
		} else {
			*w++ = (char)c;
		}
	}
	*w = 0;
	return out;
}
