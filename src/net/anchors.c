/* SPDX-License-Identifier: Apache-2.0
 *
 * Trust anchors: a file's and the system's.
 */
#include "net/anchors.h"

#include <curl/curl.h>

#include "base/file.h"

#define PEM_MAX (8u << 20)

int mst_anchors_read(const char *path, struct mst_slice *pem_r,
		     struct mst_err *err)
{
	const char *def = curl_version_info(CURLVERSION_NOW)->cainfo;
	struct mst_buf all = MST_BUF_INIT(PEM_MAX);
	struct mst_err ignored = MST_ERR_INIT;
	int rc = mst_file_read(path, &all, err);

	if (!rc && !strstr(all.p ? all.p : "", "-----BEGIN CERTIFICATE-----"))
		rc = mst_err_set(err, MST_E_INVALID,
				 "'%s' holds no certificate in PEM form", path);
	if (rc) {
		mst_buf_fini(&all);
		return rc;
	}
	mst_buf_addc(&all, '\n');
	if (def)
		(void)mst_file_read(def, &all, &ignored);
	pem_r->n = all.n;
	pem_r->p = mst_buf_steal(&all);
	return 0;
}
