/* SPDX-License-Identifier: Apache-2.0
 *
 * The folded form of a company's name: "Dell", "DELL INC." and "Dell, Inc" are
 * one maker (rules servicenow.company and endpoint.software_names).
 */
#ifndef MST_MODEL_MAKER_H
#define MST_MODEL_MAKER_H

#include "base/slice.h"

/* In ASCII lower case, letters, digits and bytes above 127 only, without legal
 * forms at the end as long as something is left. At most n bytes, in out. */
struct mst_slice mst_maker_fold(struct mst_slice name, char *out, size_t n);

#endif
