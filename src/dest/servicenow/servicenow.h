/* SPDX-License-Identifier: Apache-2.0
 *
 * The destination "servicenow". See docs/internals/servicenow.md.
 */
#ifndef MST_DEST_SERVICENOW_H
#define MST_DEST_SERVICENOW_H

#include "dest/dest.h"

extern const struct mst_dest_ops mst_dest_servicenow;

#endif
