/* SPDX-License-Identifier: Apache-2.0
 *
 * The class map of docs/internals/iot-rules.md, read a second time.
 */
#include <strings.h>

#include "sim/truth_iot.h"

/* Types with '|' between them; so are classes. */
static const struct {
	const char *types, *category;
	unsigned level;
	const char *classes;
} map[] = {
    {"Actuator|Pneumatic Device|Servo Drive", "ICS", 0,
     "cmdb_ci_ot_industrial_actuator|cmdb_ci_ot|cmdb_ci_hardware"},
    {"Variable Frequency Drive", "ICS", 0,
     "cmdb_ci_ot_industrial_drive|cmdb_ci_ot|cmdb_ci_hardware"},
    {"Meter", "ICS", 0,
     "cmdb_ci_ot_industrial_sensor|cmdb_ci_ot|cmdb_ci_hardware"},
    {"Protocol Converter|Serial-to-Ethernet Converter", "ICS", 1,
     "cmdb_ci_netgear"},
    {"CNC", "ICS", 1, "cmdb_ci_ot_cnc|cmdb_ci_ot|cmdb_ci_hardware"},
    {"Slot", "ICS", 1, "cmdb_ci_ot_control_module|cmdb_ci_ot|cmdb_ci_hardware"},
    {"I/O Adapter|Programmable Board|Robot Controller", "ICS", 1,
     "cmdb_ci_ot_control|cmdb_ci_ot|cmdb_ci_hardware"},
    {"DCS Controller", "ICS", 1, "cmdb_ci_ot_dcs|cmdb_ci_ot|cmdb_ci_hardware"},
    {"Industrial Barcode Scanner|Industrial Packaging System|Industrial "
     "Printer|Industrial Scale|Slave",
     "ICS", 1, "cmdb_ci_ot_field_device|cmdb_ci_ot|cmdb_ci_hardware"},
    {"IED", "ICS", 1, "cmdb_ci_ot_ied|cmdb_ci_ot|cmdb_ci_hardware"},
    {"Industrial Robot", "ICS", 1,
     "cmdb_ci_ot_industrial_robot|cmdb_ci_ot|cmdb_ci_hardware"},
    {"Condition Monitoring Device", "ICS", 1,
     "cmdb_ci_ot_industrial_sensor|cmdb_ci_ot|cmdb_ci_hardware"},
    {"PLC", "ICS", 1, "cmdb_ci_ot_plc|cmdb_ci_ot|cmdb_ci_hardware"},
    {"RTU", "ICS", 1, "cmdb_ci_ot_rtu|cmdb_ci_ot|cmdb_ci_hardware"},
    {"Unclassified|Unknown", "ICS", 1, "cmdb_ci_ot|cmdb_ci_hardware"},
    {"Alarm System", "ICS", 2,
     "cmdb_ci_ot_control|cmdb_ci_ot|cmdb_ci_hardware"},
    {"Engineering Station", "ICS", 2,
     "cmdb_ci_ot_ews|cmdb_ci_ot|cmdb_ci_hardware"},
    {"HMI", "ICS", 2, "cmdb_ci_ot_hmi|cmdb_ci_ot|cmdb_ci_hardware"},
    {"Historian", "ICS", 3, "cmdb_ci_ot_historian|cmdb_ci_ot|cmdb_ci_hardware"},
    {"OPC Server", "ICS", 3,
     "cmdb_ci_ot_opc_server|cmdb_ci_ot|cmdb_ci_hardware"},
    {"Terminal Station|Virtual Machine", "IT", 3, "cmdb_ci_computer"},
    {"Backup Server|DB Server|Hypervisor|NTP Server|Server|Storage", "IT", 3,
     "cmdb_ci_server"},
    {"Desktop|Laptop|Workstation", "IT", 4, "cmdb_ci_computer"},
    {"Printer", "IT", 4, "cmdb_ci_printer"},
    {"Domain Controller", "IT", 4, "cmdb_ci_server"},
    {"Humidity Sensor", "IoT", 0, "cmdb_ci_iot|cmdb_ci_hardware"},
    {"Marquee", "IoT", 2, "cmdb_ci_iot|cmdb_ci_hardware"},
    {"HVAC", "IoT", 3, "cmdb_ci_hvac|cmdb_ci_hardware"},
    {"Alarm Siren|Barcode Scanner|Door Control Panel|Door "
     "Lock|DVR|Elevator|Fire Alarm|Fire Detector|Intercom|Motion "
     "Detector|People Counter System|Smart Light|Smart "
     "Switch|Thermostat|Turnstile",
     "IoT", 3, "cmdb_ci_iot|cmdb_ci_hardware"},
    {"IP Camera", "IoT", 3, "cmdb_ci_ip_camera|cmdb_ci_hardware"},
    {"Uninterruptable Power Supply|Uninterruptible Power Supply", "IoT", 3,
     "cmdb_ci_ups|cmdb_ci_hardware"},
    {"Game Console", "IoT", 4, "cmdb_ci_game_console|cmdb_ci_hardware"},
    {"Smart Phone|Tablet", "IoT", 4,
     "cmdb_ci_handheld_computing|cmdb_ci_computer"},
    {"ATM|Punch Clock|Video Conferencing", "IoT", 4,
     "cmdb_ci_iot|cmdb_ci_hardware"},
    {"IP Telephone", "IoT", 4, "cmdb_ci_ip_phone|cmdb_ci_hardware"},
    {"Smart TV", "IoT", 4, "cmdb_ci_stv|cmdb_ci_hardware"},
    {"Switch", "Network", 2, "cmdb_ci_ip_switch|cmdb_ci_netgear"},
    {"Firewall", "Network", 3, "cmdb_ci_ip_firewall|cmdb_ci_netgear"},
    {"Router", "Network", 3, "cmdb_ci_ip_router|cmdb_ci_netgear"},
    {"Load Balancer|Wifi Pineapple|Wireless Controller", "Network", 3,
     "cmdb_ci_netgear"},
    {"Wireless Access Point|WLAN Access Point", "Network", 3,
     "cmdb_ci_wap_network|cmdb_ci_netgear"},
    {"VPN Gateway", "Network", 4, "cmdb_ci_netgear"},
    {"Group|Multicast/Broadcast|Physical Location", "", 3, ""},
    {"Internet", "", 5, ""},
};

/* Is the word one of the list? */
static bool listed(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = list; n && *p;) {
		size_t m = strcspn(p, "|");

		if (m == n && strncasecmp(p, word, n) == 0)
			return true;
		p += m + (p[m] == '|');
	}
	return false;
}

static void split(const char *list, const char *classes[4])
{
	static _Thread_local char texts[4][64];
	unsigned k = 0;

	for (const char *p = list; *p && k < 3; k++) {
		size_t m = strcspn(p, "|");

		memcpy(texts[k], p, m);
		texts[k][m] = '\0';
		classes[k] = texts[k];
		p += m + (p[m] == '|');
	}
	classes[k] = NULL;
}

void truth_iot_type(const char *name, struct truth_ot_type *type_r)
{
	size_t i = 0;

	while (i < MST_LEN(map) && !listed(map[i].types, name))
		i++;
	*type_r = (struct truth_ot_type){.category = "ICS", .level = 1};
	if (i == MST_LEN(map)) {
		split("cmdb_ci_ot|cmdb_ci_hardware", type_r->classes);
		return;
	}
	type_r->category = map[i].category;
	type_r->level = map[i].level;
	split(map[i].classes, type_r->classes);
}
