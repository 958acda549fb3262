/* SPDX-License-Identifier: Apache-2.0
 *
 * Drives the source "endpoint" (source_drive.h).
 */
#ifndef MST_TESTS_ENDPOINT_DRIVE_H
#define MST_TESTS_ENDPOINT_DRIVE_H

#include "source/endpoint/ops.h"

#define DRIVE_CONF struct ep_conf
#define OPS	   (&mst_source_endpoint)

#include "source_drive.h"

#endif
