/* SPDX-License-Identifier: Apache-2.0
 *
 * The record sets of this source: numbers, for what settings change of them.
 * catalog.c has their columns, mappings.c what becomes of each feed.
 */
#ifndef MST_SOURCE_IOT_SETS_H
#define MST_SOURCE_IOT_SETS_H

#include "source/iot/ops.h"

extern const struct mst_set ot_sets[];
extern const size_t ot_sets_n;

/* What a console and a sensor tell in ways of their own has a mapping for
 * each. */
enum ot_map {
	OT_MAP_SENSOR_CIS, /* console */
	OT_MAP_SENSORS,	   /* console */
	OT_MAP_SELF_CIS,   /* sensor */
	OT_MAP_SELF,	   /* sensor */
	OT_MAP_DEVICE_CIS,
	OT_MAP_DEVICES,
	OT_MAP_ENTITIES,
	OT_MAP_ADAPTERS,
	OT_MAP_ADDRESSES,
	OT_MAP_FIRMWARES,
	OT_MAP_SEEN,	  /* console */
	OT_MAP_SELF_SEEN, /* sensor */
	OT_MAP_CONNECTIONS,
	OT_MAP_CVES,
	OT_MAP_DEVICE_CVES,
	OT_MAP_ALERTS,
	OT_MAPPINGS
};

extern const struct mst_mapping ot_mappings[OT_MAPPINGS];

/* Of a console (the last: device_flags), of a sensor. */
#define OT_CONSOLE_JOINS 8
#define OT_SENSOR_JOINS	 3
extern const struct mst_join ot_console_joins[OT_CONSOLE_JOINS];
extern const struct mst_join ot_sensor_joins[OT_SENSOR_JOINS];

#define OT_RULES 19
extern const struct mst_rule ot_rules[OT_RULES];

#endif
