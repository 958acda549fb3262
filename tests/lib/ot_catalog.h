/* SPDX-License-Identifier: Apache-2.0
 *
 * A source of sensors and devices, for tests of a destination: CIs that other
 * CIs own, rows with a life cycle, rows of a table that an instance may lack,
 * relations between CIs. Just the tables; no rule of it is ever asked.
 */
#ifndef MST_TESTS_OT_CATALOG_H
#define MST_TESTS_OT_CATALOG_H

#include "model/model.h"

#define T_OT_SENSORS	"sensors"
#define T_OT_DEVICES	"devices"
#define T_OT_ROWS	"device_rows"
#define T_OT_ENTITIES	"entities"
#define T_OT_ADAPTERS	"adapters"
#define T_OT_ADDRESSES	"addresses"
#define T_OT_DETECTIONS "detections"

extern const struct mst_catalog t_ot_catalog;

#endif
