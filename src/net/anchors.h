/* SPDX-License-Identifier: Apache-2.0
 *
 * Certificates to trust besides the system's.
 */
#ifndef MST_NET_ANCHORS_H
#define MST_NET_ANCHORS_H

#include "base/err.h"
#include "base/slice.h"

/* libcurl replaces its trust anchors by those it is given: the file's and the
 * system's as one PEM text, which the caller frees. MST_E_INVALID: no
 * certificate is in the file. */
int mst_anchors_read(const char *path, struct mst_slice *pem_r,
		     struct mst_err *err);

#endif
