/* SPDX-License-Identifier: Apache-2.0
 *
 * Between the parts of the OpenAPI document.
 */
#ifndef MST_API_OPENAPI_PRIVATE_H
#define MST_API_OPENAPI_PRIVATE_H

#include "json/out.h"

/* A type of schema.h. */
void mst_openapi_type(struct mst_jout *j, struct mst_slice t);
/* "a|b" as an enumeration. */
void mst_openapi_words(struct mst_jout *j, struct mst_slice t, bool null);
void mst_openapi_ref(struct mst_jout *j, struct mst_slice name);
/* All schemas by name, into an open object. */
void mst_openapi_schemas(struct mst_jout *j);

#endif
