/* SPDX-License-Identifier: Apache-2.0
 *
 * Base64 (RFC 4648): standard with padding, and URL-safe without.
 */
#ifndef MST_BASE_B64_H
#define MST_BASE_B64_H

#include "base/buf.h"

bool mst_b64_add(struct mst_buf *out, struct mst_slice in);
bool mst_b64url_add(struct mst_buf *out, struct mst_slice in);
/* Accepts either alphabet, padded or not; false on anything else. */
bool mst_b64_decode(struct mst_buf *out, struct mst_slice in);

#endif
