/* SPDX-License-Identifier: Apache-2.0
 *
 * Drives the source "iot" (source_drive.h).
 */
#ifndef MST_TESTS_IOT_DRIVE_H
#define MST_TESTS_IOT_DRIVE_H

#include "source/iot/ops.h"

#define DRIVE_CONF struct ot_conf
#define OPS	   (&mst_source_iot)

#include "source_drive.h"

#endif
