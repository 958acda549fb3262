/* SPDX-License-Identifier: Apache-2.0
 *
 * The sources that are built in.
 */
#include "source/source.h"

#include <string.h>

#include "source/cloudapps/cloudapps.h"
#include "source/endpoint/endpoint.h"
#include "source/iot/iot.h"

const struct mst_source_ops *const mst_sources[] = {
    &mst_source_endpoint,
    &mst_source_cloudapps,
    &mst_source_iot,
    NULL,
};

const struct mst_source_ops *mst_source_find(const char *type)
{
	for (size_t i = 0; mst_sources[i]; i++) {
		if (strcmp(mst_sources[i]->type, type) == 0)
			return mst_sources[i];
	}
	return NULL;
}
