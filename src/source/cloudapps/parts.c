/* SPDX-License-Identifier: Apache-2.0
 *
 * Names of parts: records of an app's users do not say whose they are, so the
 * name of what they are kept in does.
 */
#include "base/num.h"
#include "source/cloudapps/cloudapps_private.h"

static bool plain(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

static void add_id(struct mst_buf *out, const char *id)
{
	for (; *id; id++) {
		if (plain(*id))
			mst_buf_addc(out, *id);
		else
			mst_buf_addf(out, "%%%02x", (unsigned char)*id);
	}
}

void ca_part_name(struct mst_buf *out, const char *stream, const char *app,
		  unsigned page)
{
	add_id(out, stream);
	if (app) {
		mst_buf_addc(out, ',');
		add_id(out, app);
	}
	if (page > 1)
		mst_buf_addf(out, ",%u", page);
}

bool ca_part_element(const char *name, unsigned at, char *buf, size_t buf_n,
		     struct mst_slice *out_r)
{
	size_t n = 0;

	for (; at > 0; at--) {
		name = strchr(name, ',');
		if (!name)
			return false;
		name++;
	}
	for (; *name && *name != ','; name++) {
		int hi = *name == '%' ? mst_num_hex(name[1]) : -1;
		int lo = hi >= 0 ? mst_num_hex(name[2]) : -1;

		if (n == buf_n)
			return false;
		buf[n++] = lo >= 0 ? (char)(hi * 16 + lo) : *name;
		name += lo >= 0 ? 2 : 0;
	}
	*out_r = mst_slice(buf, n);
	return n > 0;
}

bool ca_given(unsigned feed, unsigned field, const char *name, char *buf,
	      size_t buf_n, struct mst_slice *out_r)
{
	bool stream = (feed == CA_APPS && field == CF_STREAM) ||
		      (feed == CA_USERS && field == CU_STREAM);
	bool app = (feed == CA_INFO && field == CI_APP) ||
		   (feed == CA_USERS && field == CU_APP);

	return (stream || app) &&
	       ca_part_element(name, app ? 1 : 0, buf, buf_n, out_r);
}
