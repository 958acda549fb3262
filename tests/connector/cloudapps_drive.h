/* SPDX-License-Identifier: Apache-2.0
 *
 * Drives the source "cloudapps" (source_drive.h).
 */
#ifndef MST_TESTS_CLOUDAPPS_DRIVE_H
#define MST_TESTS_CLOUDAPPS_DRIVE_H

#include "source/cloudapps/ops.h"

#define DRIVE_CONF struct ca_conf
#define OPS	   (&mst_source_cloudapps)

#include "source_drive.h"

#endif
