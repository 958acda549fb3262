/* SPDX-License-Identifier: Apache-2.0
 *
 * The console's files, as they were built in. Addresses of its pages are all
 * answered with the one page, whose script knows them.
 */
#include "api/console_files.h"
#include "api/private.h"

static const struct mst_console_file *find(const char *path, size_t n)
{
	for (size_t i = 0; i < mst_console_files_n; i++) {
		const struct mst_console_file *f = &mst_console_files[i];

		if (strlen(f->path) == n && memcmp(f->path, path, n) == 0)
			return f;
	}
	return NULL;
}

static bool begins(const char *path, const char *head)
{
	return strncmp(path, head, strlen(head)) == 0;
}

int mst_api_console(struct mst_http_req *r, struct mst_http_resp *resp,
		    struct mst_err *err)
{
	bool asset = begins(r->path, "/assets/");
	const struct mst_console_file *f = find(r->path, strcspn(r->path, "?"));

	if (begins(r->path, "/api/") || (asset && !f))
		return mst_err_set(err, MST_E_NOTFOUND,
				   "there is nothing at this address");
	if (!f)
		f = find("/", 1);
	if (!f)
		return mst_err_set(err, MST_E_NOTFOUND,
				   "this muster was built without its console; "
				   "the API is below /api/v1");
	resp->type = f->type;
	resp->fixed = mst_slice((const char *)f->bytes, f->n);
	resp->fixed_gzip = f->gzip;
	resp->cacheable = asset;
	return 0;
}
