/* SPDX-License-Identifier: Apache-2.0
 *
 * The source "endpoint": Microsoft Defender for Endpoint, enriched from Entra
 * ID. See docs/internals/endpoint.md.
 */
#ifndef MST_SOURCE_ENDPOINT_H
#define MST_SOURCE_ENDPOINT_H

#include "source/source.h"

extern const struct mst_source_ops mst_source_endpoint;

#endif
