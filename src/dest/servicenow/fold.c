/* SPDX-License-Identifier: Apache-2.0
 *
 * Names of companies as rule servicenow.company compares them.
 */
#include "dest/servicenow/sn.h"
#include "model/maker.h"

struct mst_slice mst_sn_fold(struct mst_slice name, char *out, size_t n)
{
	return mst_maker_fold(name, out, n);
}
