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
