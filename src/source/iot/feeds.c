/* SPDX-License-Identifier: Apache-2.0
 *
 * The feeds of this source and the fields that are picked from their records.
 * One set for consoles (u_…, and v1 and v2 without) and sensors. Names are
 * matched without regard to ASCII case.
 */
#include "source/iot/iot_private.h"

static const struct mst_field sensor_fields[OS__N] = {
    [OS_ID] = {"u_id|id", "id at the console"},
    [OS_UID] = {"u_uid|uid", "unique everywhere"},
    [OS_NAME] = {"u_name|name", "name"},
    [OS_ADDRESS] = {"u_interface_address|interfaceAddress", "its web address"},
    [OS_STATE] = {"u_connection_state", "SYNCED, OUT_OF_SYNC …"},
    [OS_VERSION] = {"u_version|version", "of its software"},
    [OS_ALERTS] = {"u_alert_count|alertCount", "alerts"},
    [OS_DEVICES] = {"u_device_count|deviceCount", "devices"},
    [OS_UNHANDLED] = {"u_unhandled_alert_count|unhandledAlertsCount",
		      "alerts that nobody handled"},
    [OS_ACTIVATED] = {"u_is_activated|isActivated", "it is activated"},
    [OS_LEARNING] = {"u_is_in_learning_mode|isInLearningMode",
		     "it learns what is usual"},
    [OS_INTELLIGENCE] = {"u_data_intelligence_version|dataIntelligenceVersion",
			 "of its threat intelligence"},
    [OS_STAGE] = {"u_remote_upgrade_stage", "of an upgrade"},
    [OS_ZONE_ID] = {"u_zone_id|zoneId", "id of its zone"},
    [OS_ZONE] = {"zone", "from its devices", MST_FROM_ENGINE},
    [OS_SITE] = {"site", "from its devices", MST_FROM_ENGINE},
    [OS_CONNECTION] = {"connectionState", "from the appliances",
		       MST_FROM_ENGINE},
    [OS_UPGRADE] = {"upgradeStage", "from the appliances", MST_FROM_ENGINE},
};

static const struct mst_field appliance_fields[OP__N] = {
    [OP_ID] = {"id", "id of the sensor at the console"},
    [OP_STATE] = {"state", "state.connectionState.description"},
    [OP_UPGRADE] = {"upgradeStatus", "upgradeStatus.stage"},
};

static const struct mst_field device_fields[OD__N] = {
    [OD_ID] = {"u_id|id", "id at the console or sensor"},
    [OD_NAME] = {"u_name|name", "name"},
    [OD_VENDOR] = {"u_vendor|vendor", "vendor"},
    [OD_SYSTEM] = {"u_operating_system|operatingSystem", "operating system"},
    [OD_TYPE] = {"u_device_type|type",
		 "PLC …; at a console an object with u_name, u_category, "
		 "u_purdue_layer"},
    [OD_LAYER] = {"u_purdue_layer", "Purdue layer that a person set, or N/A"},
    [OD_APPLIANCE] = {"u_appliance", "may be the console's name"},
    [OD_SITE] = {"u_site", "name of the site"},
    [OD_ZONE] = {"u_zone", "name of the zone"},
    [OD_GROUPS] = {"u_groups", "list of texts"},
    [OD_FIRST] = {"u_first_discovered", "when it was discovered"},
    [OD_ACTIVITY] = {"u_last_activity", "when it was active last"},
    [OD_UPDATE] = {"u_last_update", "when it changed last"},
    [OD_IPS] = {"u_ip_address_objects|ipAddresses|ipAddress",
		"list of texts, or of objects with u_ip_address and "
		"u_guessed_mac_addresses"},
    [OD_MACS] = {"u_mac_address_objects|macAddresses",
		 "list of texts, or of objects with u_mac_address"},
    [OD_PROTOCOLS] = {"u_protocol_objects|protocols",
		      "list of objects with u_protocol or name"},
    [OD_VLANS] = {"u_vlans", "list of objects with u_vlan"},
    [OD_SENSORS] = {"u_sensor_ids", "list of objects with u_sensor_id"},
    [OD_URL] = {"u_cm_device_url", "the device at the console"},
    [OD_URLS] = {"u_device_urls", "list of objects with u_device_url"},
    [OD_AUTHORIZED] = {"authorized", "of a console: from device_flags"},
    [OD_SCANNER] = {"scanner", "of a console: from device_flags"},
    [OD_ENGINEERING] = {"engineeringStation",
			"of a console: from device_flags"},
    [OD_DYNAMIC] = {"hasDynamicAddress", "its address changes"},
    [OD_FIRMWARES] = {"u_firmwares|firmware",
		      "list of modules, for the device's own one"},
    [OD_SENSOR_1] = {"sensorName1", "from the sensors", MST_FROM_ENGINE},
    [OD_SENSOR_2] = {"sensorName2", "from the sensors", MST_FROM_ENGINE},
    [OD_SENSOR_3] = {"sensorName3", "from the sensors", MST_FROM_ENGINE},
    [OD_LEARNING_1] = {"learning1", "from the sensors", MST_FROM_ENGINE},
    [OD_LEARNING_2] = {"learning2", "from the sensors", MST_FROM_ENGINE},
    [OD_LEARNING_3] = {"learning3", "from the sensors", MST_FROM_ENGINE},
};

static const struct mst_field gone_fields[OG__N] = {
    [OG_ID] = {"u_id|id", "id of the device at the console"},
};

static const struct mst_field flag_fields[OF__N] = {
    [OF_ID] = {"id", "id of the device at the console"},
    [OF_AUTHORIZED] = {"authorized", "it is authorized"},
    [OF_SCANNER] = {"scanner", "it is a known scanner"},
    [OF_ENGINEERING] = {"engineeringStation", "it programs others"},
    [OF_SENSOR] = {"sensorId", "id of its sensor"},
    [OF_ZONE] = {"zoneId", "id of its zone"},
    [OF_SITE] = {"siteId", "id of its site"},
};

static const struct mst_field firmware_fields[OW__N] = {
    [OW_DEVICE] = {"u_id|id", "the device", MST_FROM_OUTER},
    [OW_DEVICE_NAME] = {"u_name|name", "its name", MST_FROM_OUTER},
    [OW_APPLIANCE] = {"u_appliance", "may be the console's name"},
    [OW_ADDRESS] = {"u_address|address", "IP address, or N/A"},
    [OW_MODULE] = {"u_module_address|moduleAddress", "model and slot"},
    [OW_SERIAL] = {"u_serial|serial", "serial number"},
    [OW_MODEL] = {"u_model|model", "model"},
    [OW_VERSION] = {"u_version|firmwareVersion", "version"},
    [OW_MORE] = {"u_additional_data|additionalData", "what else"},
    [OW_RACK] = {"rack", "of a sensor"},
    [OW_SLOT] = {"slot", "of a sensor"},
};

static const struct mst_field address_fields[OA__N] = {
    [OA_DEVICE] = {"u_id|id", "the device", MST_FROM_OUTER},
    [OA_IP] = {"u_ip_address", "of a console"},
    [OA_TEXT] = {".", "of a sensor: the address itself"},
    [OA_GUESSED] = {"u_guessed_mac_addresses|u_guessed_mac_address",
		    "list of objects with u_mac_address"},
};

static const struct mst_field adapter_fields[OM__N] = {
    [OM_DEVICE] = {"u_id|id", "the device", MST_FROM_OUTER},
    [OM_MAC] = {"u_mac_address", "of a console"},
    [OM_TEXT] = {".", "of a sensor: the address itself"},
    [OM_IPS] = {"u_ip_address_objects|ipAddresses|ipAddress",
		"addresses of the device", MST_FROM_OUTER},
    [OM_MACS] = {"u_mac_address_objects|macAddresses", "all of the device",
		 MST_FROM_OUTER},
};

static const struct mst_field seen_fields[OE__N] = {
    [OE_DEVICE] = {"u_id", "the device", MST_FROM_OUTER},
    [OE_SENSOR] = {"u_sensor_id", "id of the sensor"},
    [OE_ZONE] = {"u_zone", "zone of the device", MST_FROM_OUTER},
    [OE_SITE] = {"u_site", "site of the device", MST_FROM_OUTER},
    [OE_NAME] = {"name", "from the sensors", MST_FROM_ENGINE},
    [OE_UID] = {"uid", "from the sensors", MST_FROM_ENGINE},
    [OE_LEARNING] = {"learning", "from the sensors", MST_FROM_ENGINE},
};

static const struct mst_field connection_fields[ON__N] = {
    [ON_SRC] = {"u_src_device_id|firstDeviceId", "source device"},
    [ON_DEST] = {"u_dest_device_id|secondDeviceId", "destination device"},
    [ON_TYPE] = {"u_connection_type", "One Way, Two Way, Multicast"},
    [ON_SRC_NAME] = {"u_src_device_name", "of a sensor: from the devices"},
    [ON_DEST_NAME] = {"u_dest_device_name", "of a sensor: from the devices"},
    [ON_APPLIANCE] = {"u_appliance", "may be the console's name"},
    [ON_DISCOVERED] = {"discovered", "of a sensor: when it was discovered"},
    [ON_SEEN] = {"lastSeen", "of a sensor: may be before discovered"},
    [ON_PORTS] = {"ports", "of a sensor: list of numbers"},
    [ON_PROTOCOLS] = {"protocols",
		      "of a sensor: list of objects with name and commands"},
};

/* Of both feeds of CVEs: a row's fields. */
#define CVE_FIELDS                                                             \
	[OC_CVE] = {"u_cve_id|cveId", "CVE id"},                               \
	[OC_IP] = {"u_ip_address|u_address|ipAddress", "address of the "       \
						       "device"},              \
	[OC_SCORE] = {"u_score|score", "text of a number"},                    \
	[OC_VECTOR] = {"u_attack_vector|attackVector",                         \
		       "NETWORK, Network, ADJACENT_NETWORK …"},                \
	[OC_TEXT] = {"u_description|description", "description"}

static const struct mst_field device_cve_fields[OC__N] = {
    [OC_DEVICE] = {"u_id", "the device; of a sensor: by its address"},
    CVE_FIELDS,
};

static const struct mst_field cve_fields[OC__N] = {
    [OC_DEVICE] = {"u_id", "the device", MST_FROM_OUTER},
    CVE_FIELDS,
};

static const struct mst_field alert_fields[OL__N] = {
    [OL_ID] = {"id", "id at the console or sensor"},
    [OL_UUID] = {"uuid|alertUuid", "unique at a console"},
    [OL_TIME] = {"time", "when it was raised"},
    [OL_TITLE] = {"title", "title"},
    [OL_MESSAGE] = {"message", "message"},
    [OL_SEVERITY] = {"severity", "Warning, Minor, Major, Critical"},
    [OL_ENGINE] = {"engine", "Policy Violation …"},
    [OL_PROTOCOL] = {"protocol", "where it is told"},
    [OL_CATEGORY] = {"category|alertGroup|alert_group|cat", "where it is told"},
    [OL_SOURCE] = {"sourceDevice", "device id; 0 and null: none"},
    [OL_DESTINATION] = {"destinationDevice", "device id; 0 and null: none"},
    [OL_SOURCE_ADDRESS] = {"sourceDeviceAddress", "IP or MAC"},
    [OL_DESTINATION_ADDRESS] = {"destinationDeviceAddress", "IP or MAC"},
    [OL_MORE] = {"additionalInformation",
		 "object with description and information, a list of texts"},
    [OL_STEPS] = {"remediationSteps", "list of texts"},
    [OL_HANDLED] = {"handled", "somebody handled it"},
    [OL_SENSOR_ID] = {"sensorId|xsenseId", "id of the sensor"},
    [OL_SENSOR] = {"sensorName", "name of the sensor"},
    [OL_ZONE_ID] = {"zoneId", "id of the zone"},
    [OL_ZONE] = {"zoneName", "name of the zone"},
    [OL_SITE_ID] = {"siteId", "id of the site"},
    [OL_SITE] = {"siteName", "name of the site"},
};

#define FIELDS(f) .fields = (f), .fields_n = MST_LEN(f)

const struct mst_feed ot_feeds[OT__FEEDS] = {
    [OT_SENSORS] = {.name = "sensors",
		    .title = "sensors",
		    FIELDS(sensor_fields)},
    [OT_APPLIANCES] = {.name = "appliances",
		       .title = "states of sensors",
		       FIELDS(appliance_fields),
		       .optional = true},
    [OT_DELETED_DEVICES] = {.name = "deleted_devices",
			    .title = "deleted devices",
			    FIELDS(gone_fields)},
    [OT_DEVICES] = {.name = "devices",
		    .title = "OT devices",
		    FIELDS(device_fields),
		    .envelope = "u_devices",
		    .key = {OD_ID},
		    .key_n = 1,
		    .gone = OT_DELETED_DEVICES},
    [OT_DEVICE_FLAGS] = {.name = "device_flags",
			 .title = "flags of OT devices",
			 FIELDS(flag_fields),
			 .optional = true},
    [OT_CONNECTIONS] = {.name = "connections",
			.title = "connections of OT devices",
			FIELDS(connection_fields),
			.envelope = "u_connections",
			.key = {ON_SRC, ON_DEST, ON_TYPE},
			.key_n = 3},
    [OT_DEVICE_CVES] = {.name = "device_cves",
			.title = "CVEs of OT devices",
			FIELDS(device_cve_fields),
			.envelope = "u_device_cves",
			.key = {OC_DEVICE},
			.key_n = 1},
    [OT_ALERTS] = {.name = "alerts", .title = "alerts", FIELDS(alert_fields)},
    [OT_FIRMWARES] = {.name = "firmwares",
		      .title = "firmware of OT devices",
		      FIELDS(firmware_fields),
		      .nested = "u_firmwares|firmware",
		      .outer = OT_DEVICES},
    [OT_ADDRESSES] = {.name = "addresses",
		      .title = "IP addresses of OT devices",
		      FIELDS(address_fields),
		      .nested = "u_ip_address_objects|ipAddresses|ipAddress",
		      .outer = OT_DEVICES},
    [OT_ADAPTERS] = {.name = "adapters",
		     .title = "MAC addresses of OT devices",
		     FIELDS(adapter_fields),
		     .nested = "u_mac_address_objects|macAddresses",
		     .outer = OT_DEVICES},
    [OT_SEEN] = {.name = "device_sensors",
		 .title = "sensors that see OT devices",
		 FIELDS(seen_fields),
		 .nested = "u_sensor_ids",
		 .outer = OT_DEVICES},
    [OT_CVES] = {.name = "cves",
		 .title = "CVEs of OT devices, one by one",
		 FIELDS(cve_fields),
		 .nested = "u_cves",
		 .outer = OT_DEVICE_CVES},
};
