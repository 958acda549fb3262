/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of this source share: the connection's settings, the numbers
 * of feeds and fields, the state of a read. See docs/internals/iot.md.
 */
#ifndef MST_SOURCE_IOT_PRIVATE_H
#define MST_SOURCE_IOT_PRIVATE_H

#include "base/map.h"
#include "rules/rules.h"
#include "source/iot/iot.h"
#include "source/iot/settings.h"

/* ---- options ------------------------------------------------------------ */

enum ot_way { OT_CONSOLE, OT_SENSOR };
#define OT_WAY_CHOICES "console|sensor"

enum ot_learning { OT_LEARNING_READ, OT_LEARNING_SKIP };
#define OT_LEARNING_CHOICES "read|skip"

/* Filled by ot_opts; the engine reads the first member. */
struct ot_conf {
	struct mst_source_common common;
	int read; /* enum ot_way */
	const char *url, *token;
	bool device_flags;
	int64_t alerts_days;
	/* Sensors whose devices and alerts are as if they were not there. */
	struct mst_opt_list sensors; /* none: all are wanted */
	int learning_sensors;	     /* enum ot_learning */
	const char *alias;
	struct mst_opt_list environments;
	struct ot_settings set; /* each overrides a rule (settings.h) */
};

extern const struct mst_opt ot_opts[];

/* ---- feeds and their fields --------------------------------------------- */

/* Sensors come first: they say which devices are asked for. */
enum ot_feed {
	OT_SENSORS,	    /* console only */
	OT_APPLIANCES,	    /* console only: joined to sensors */
	OT_DELETED_DEVICES, /* console only */
	OT_DEVICES,
	OT_DEVICE_FLAGS, /* console only: v1, joined to devices */
	OT_CONNECTIONS,
	OT_DEVICE_CVES, /* console: devices around OT_CVES; sensor: the rows */
	OT_ALERTS,
	OT_FIRMWARES, /* from here on in the lists of others */
	OT_ADDRESSES,
	OT_ADAPTERS,
	OT_SEEN, /* console only: a device and a sensor that sees it */
	OT_CVES, /* console only */
	OT__FEEDS
};

#define OT_BIT(feed) (1u << (feed))

/* The first field of every feed is its id, or the device that it is of: keys
 * and groups are taken from field 0. */
enum ot_sensor_field {
	OS_ID,
	OS_UID,
	OS_NAME,
	OS_ADDRESS,
	OS_STATE,
	OS_VERSION,
	OS_ALERTS,
	OS_DEVICES,
	OS_UNHANDLED,
	OS_ACTIVATED,
	OS_LEARNING,
	OS_INTELLIGENCE,
	OS_STAGE,
	OS_ZONE_ID,
	OS_ZONE, /* these two from OT_SEEN */
	OS_SITE,
	OS_CONNECTION, /* these two from OT_APPLIANCES */
	OS_UPGRADE,
	OS__N
};

enum ot_appliance_field { OP_ID, OP_STATE, OP_UPGRADE, OP__N };

enum ot_device_field {
	OD_ID,
	OD_NAME,
	OD_VENDOR,
	OD_SYSTEM,
	OD_TYPE, /* a text, or an object */
	OD_LAYER,
	OD_APPLIANCE,
	OD_SITE,
	OD_ZONE,
	OD_GROUPS,
	OD_FIRST,
	OD_ACTIVITY,
	OD_UPDATE,
	OD_IPS,
	OD_MACS,
	OD_PROTOCOLS,
	OD_VLANS,
	OD_SENSORS,
	OD_URL,
	OD_URLS,
	OD_AUTHORIZED, /* a sensor tells these; a console by OT_DEVICE_FLAGS */
	OD_SCANNER,
	OD_ENGINEERING,
	OD_DYNAMIC,
	OD_FIRMWARES,
	OD_SENSOR_1, /* names of the sensors that see it, from OT_SENSORS */
	OD_SENSOR_2,
	OD_SENSOR_3,
	OD__N
};

enum ot_gone_field { OG_ID, OG__N };

enum ot_flag_field {
	OF_ID,
	OF_AUTHORIZED,
	OF_SCANNER,
	OF_ENGINEERING,
	OF_SENSOR,
	OF_ZONE,
	OF_SITE,
	OF__N
};

enum ot_firmware_field {
	OW_DEVICE,
	OW_DEVICE_NAME,
	OW_APPLIANCE,
	OW_ADDRESS,
	OW_MODULE,
	OW_SERIAL,
	OW_MODEL,
	OW_VERSION,
	OW_MORE,
	OW_RACK,
	OW_SLOT,
	OW__N
};

/* Of a console's address OA_IP, of a sensor's OA_TEXT has the text. */
enum ot_address_field { OA_DEVICE, OA_IP, OA_TEXT, OA_GUESSED, OA__N };

enum ot_adapter_field {
	OM_DEVICE,
	OM_MAC,
	OM_TEXT,
	OM_IPS, /* these two are the device's lists */
	OM_MACS,
	OM__N
};

enum ot_seen_field {
	OE_DEVICE,
	OE_SENSOR,
	OE_ZONE,
	OE_SITE,
	OE_NAME, /* these three from OT_SENSORS */
	OE_UID,
	OE_LEARNING,
	OE__N
};

enum ot_connection_field {
	ON_SRC,
	ON_DEST,
	ON_TYPE,
	ON_SRC_NAME, /* of a sensor: these two from OT_DEVICES */
	ON_DEST_NAME,
	ON_APPLIANCE,
	ON_DISCOVERED,
	ON_SEEN,
	ON_PORTS,
	ON_PROTOCOLS,
	ON__N
};

/* Of OT_CVES, and of OT_DEVICE_CVES. A sensor's rows have no device: it comes
 * by a join of OC_IP with OT_ADDRESSES. */
enum ot_cve_field {
	OC_DEVICE,
	OC_CVE,
	OC_IP,
	OC_SCORE,
	OC_VECTOR,
	OC_TEXT,
	OC__N
};

enum ot_alert_field {
	OL_ID,
	OL_UUID,
	OL_TIME,
	OL_TITLE,
	OL_MESSAGE,
	OL_SEVERITY,
	OL_ENGINE,
	OL_PROTOCOL,
	OL_CATEGORY,
	OL_SOURCE,
	OL_DESTINATION,
	OL_SOURCE_ADDRESS,
	OL_DESTINATION_ADDRESS,
	OL_MORE,
	OL_STEPS,
	OL_HANDLED,
	OL_SENSOR_ID,
	OL_SENSOR,
	OL_ZONE_ID,
	OL_ZONE,
	OL_SITE_ID,
	OL_SITE,
	OL__N
};

extern const struct mst_feed ot_feeds[OT__FEEDS];
extern const struct mst_catalog ot_catalog;

/* What the settings and the way of reading make of the catalogue. */
int ot_adapt(const void *conf, struct mst_derive *d, struct mst_err *err);

#endif
