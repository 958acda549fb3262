/* SPDX-License-Identifier: Apache-2.0
 *
 * The storage that export files are fetched from: which hosts it may be, and
 * when an address of it expires.
 */
#include "base/num.h"
#include "base/time.h"
#include "source/endpoint/endpoint_private.h"

static const char *const blob_hosts[] = {
    ".blob.core.windows.net",	    ".blob.storage.azure.net",
    ".blob.core.usgovcloudapi.net", ".blob.storage.azure.us",
    ".blob.core.chinacloudapi.cn",  NULL,
};

bool ep_blob_allowed(const struct ms_sites *s, const char *url)
{
	struct mst_slice host;
	bool https;

	if (!ms_url_host(url, &host, &https))
		return false;
	if (s->api_loopback && ms_is_loopback(host))
		return true;
	return https && ms_host_in(blob_hosts, host);
}

static size_t decode(const char *s, char *out, size_t max)
{
	size_t n = 0;

	for (; *s && *s != '&' && *s != '#' && n < max; s++) {
		if (s[0] == '%' && mst_num_hex(s[1]) >= 0 &&
		    mst_num_hex(s[2]) >= 0) {
			out[n++] =
			    (char)(mst_num_hex(s[1]) * 16 + mst_num_hex(s[2]));
			s += 2;
		} else {
			out[n++] = *s;
		}
	}
	return n;
}

int64_t ep_sas_expiry(const char *url)
{
	const char *q = strchr(url, '?');
	char text[64];
	int64_t us;
	size_t n;

	while (q) {
		q++;
		if (strncmp(q, "se=", 3) == 0) {
			n = decode(q + 3, text, sizeof(text));
			if (mst_time_parse(mst_slice(text, n), &us))
				return us;
			return MST_TIME_NONE;
		}
		q = strchr(q, '&');
	}
	return MST_TIME_NONE;
}
