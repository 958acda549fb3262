/* SPDX-License-Identifier: Apache-2.0
 *
 * The OpenAPI document of all routes.
 */
#ifndef MST_API_OPENAPI_H
#define MST_API_OPENAPI_H

#include "base/buf.h"

/* Appends it (OpenAPI 3.1, JSON). */
void mst_api_openapi(struct mst_buf *out);

#endif
