/* SPDX-License-Identifier: Apache-2.0
 *
 * The source "iot": Microsoft Defender for IoT, read from its management
 * console or from one OT sensor. See docs/internals/iot.md.
 */
#ifndef MST_SOURCE_IOT_H
#define MST_SOURCE_IOT_H

#include "source/source.h"

extern const struct mst_source_ops mst_source_iot;

#endif
