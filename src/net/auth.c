/* SPDX-License-Identifier: Apache-2.0
 *
 * What all credentials share.
 */
#include "net/auth.h"

void mst_auth_free(struct mst_auth **a)
{
	if (*a)
		(*a)->ops->free(*a);
	*a = NULL;
}

int mst_auth_still_begin(struct mst_auth *a MST_UNUSED,
			 struct mst_req *req_r MST_UNUSED,
			 struct mst_err *err MST_UNUSED)
{
	return 0;
}

int mst_auth_still_accept(struct mst_auth *a MST_UNUSED,
			  const struct mst_resp *resp MST_UNUSED,
			  int64_t *ttl_ms_r MST_UNUSED, struct mst_err *err)
{
	return mst_err_set(err, MST_E_INTERNAL, "there is no token to read");
}

void mst_auth_still_forget(struct mst_auth *a MST_UNUSED)
{
}
