/* SPDX-License-Identifier: Apache-2.0
 *
 * The source "cloudapps": Microsoft Defender for Cloud Apps, read from
 * Microsoft Graph's cloud discovery. See docs/internals/cloudapps.md.
 */
#ifndef MST_SOURCE_CLOUDAPPS_H
#define MST_SOURCE_CLOUDAPPS_H

#include "source/source.h"

extern const struct mst_source_ops mst_source_cloudapps;

#endif
