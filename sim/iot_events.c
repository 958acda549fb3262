/* SPDX-License-Identifier: Apache-2.0
 *
 * The event timeline of a sensor: the last ones in a ring, and answers that
 * are the same for an hour when the same is asked again.
 */
#include "sim/iot.h"

#include <stdio.h>
#include <stdlib.h>

#define NEWEST	 100
#define HOUR_US	 INT64_C(3600000000)
#define LONGEST	 4320 /* minutes; more is taken as this */
#define MAX_KEPT 256  /* answers */

static const struct {
	const char *type, *title;
} types[] = {
    {"DEVICE_CREATE", "Device Detected"},
    {"DEVICE_UPDATE", "Device Updated"},
    {"ALERT_REPORTED", "Alert Detected"},
    {"ALERT_UPDATED", "Alert Updated"},
    {"SCAN", "Scan Device Detected"},
    {"PROGRAM_DEVICE", "PLC Programming"},
    {"MMS_PROGRAM_DEVICE", "PLC Program Update"},
    {"SCL_UPLOADED", "SCL Uploaded"},
    {"EXCLUSION_RULE_CREATED", "Exclusion Rule Created"},
    {"EXCLUSION_RULE_REMOVED", "Exclusion Rule Removed"},
    {"EXCLUSION_RULE_UPDATED", "Exclusion Rule Updated"},
    {"DEVICE_CONNECTION_CREATED", "Device Connection Detected"},
    {"USER_LOGIN", "User Login Attempt"},
    {"FILE_TRANSFER", "File Transfer Detected"},
    {"CUSTOM_EVENT", "User Defined Event"},
    {"REMOTE_ACCESS", "Remote Access Connection Established"},
    {"BACK_TO_NORMAL", "Back to Normal"},
    {"MMS_MEMORY_BLOCK_OPERATION", "MMS Memory Block Operation"},
    {"MMS_PROGRAM_OPERATION", "MMS Program Operation"},
    {"HTTP_BASIC_AUTHENTICATION", "HTTP Basic Authentication"},
    {"SIEMENS_S_7_MEMORY_BLOCK_OPERATION", "Siemens S7 Memory Block Operation"},
    {"SIEMENS_S_7_AUTHENTICATION", "Siemens S7 Authentication"},
    {"REPORT_CREATED", "Report Created"},
    {"SNMP_TRAP", "SNMP Trap detected"},
    {"DATABASE_ACTION", "Database Structure Manipulation"},
    {"PLC_MODULE_CHANGE", "PLC Module Change"},
    {"FIRMWARE_UPDATE", "Firmware Update"},
    {"PLC_START", "PLC Start"},
    {"SRTP_PLC_RESET", "PLC Reset"},
    {"SRTP_PLC_COPY_FIRMWARE", "Firmware Update"},
    {"SRTP_LOGIN_PROGRAMMING", "PLC Programming Mode Set"},
    {"SRTP_PLC_CHANGE_PASSWORD", "PLC Password Change"},
    {"OPC_DATA_ACCESS_GROUP_MANAGEMENT_OPERATION",
     "OPC Data Access Group Management Operation"},
    {"OPC_DATA_ACCESS_ITEM_MANAGEMENT_OPERATION",
     "OPC Data Access Item Management Operation"},
    {"OPC_DATA_ACCESS_IO_SUBSCRIPTION_MANAGEMENT_OPERATION",
     "OPC Data Access IO Subscription Management Operation"},
    {"OPC_AE_EVENT_SUBSCRIPTION", "OPC AE Event Subscription"},
    {"OPC_AE_EVENT_CONDITION_MANAGEMENT_OPERATION",
     "OPC AE Event Condition Management Operation"},
    {"OPC_AE_EVENT", "OPC AE Event"},
    {"SRTP_CHANGE_PRIVILEGE", "PLC Change access level"},
    {"SRTP_CHANGE_LEVEL_FAILED", "PLC Change access level failed"},
    {"SUITELINK_INIT_CONNECTION", "Wonderware session initialized"},
    {"USER_OPERATION", "User Operation"},
    {"DIP_UPLOADED", "Data Intelligence Package Uploaded"},
    {"FTP_AUTHENTICATION_FAILURE", "FTP Authentication Failure"},
    {"PROFINET_DPC_VALUE_SET", "Profinet SET operation"},
    {"S7PLUS_PLC_MODE_CHANGE", "PLC Mode Change"},
    {"S7_PLC_MODE_CHANGE", "PLC Mode Change"},
    {"DELETE_DEVICE", "Device Deleted"},
    {"S7PLUS_PROGRAMMING", "PLC Programming"},
    {"FIRMWARE_CHANGED", "PLC Firmware Changed"},
    {"DELTAV_PROGRAMMING", "DeltaV Install Script"},
    {"USER_DEFINED_RULE_CREATED", "User Defined Rule Created"},
    {"USER_DEFINED_RULE_EDITED", "User Defined Rule Edited"},
    {"USER_DEFINED_RULE_DELETED", "User Defined Rule Deleted"},
    {"USER_DEFINED_RULE_OPERATION", "User Defined Rule Operation"},
    {"REMOTE_PROCESS_EXECUTION", "Remote Process Execution"},
    {"DEVICE_UNIFICATION", "Device Updated"},
    {"NOTIFICATION", "Notification was resolved manually"},
    {"ENIP_CONTROLLER_PROGRAM_DELETE", "Controller Program Delete"},
    {"ENIP_CONTROLLER_PROGRAM_RESET", "Controller Program Reset"},
    {"ENIP_CONTROLLER_GENERIC_RESET", "Controller Reset"},
    {"ENIP_CONTROLLER_GENERIC_STOP", "Controller Stop"},
    {"ENIP_CONTROLLER_GENERIC_START", "Controller Start"},
    {"TELNET_AUTHENTICATION_FAILURE", "Telnet Authentication Failure"},
    {"CONFIGURATION_OF_CLEARTEXT_PASSWORD",
     "Configuration Of Cleartext Password"},
    {"CLEARTEXT_AUTHENTICATION", "Cleartext Authentication"},
    {"PROGRAM_UPLOAD_DEVICE", "PLC Program Upload"},
    {"CONFIGURATION_CHANGE", "PLC Configuration Write"},
    {"CONFIGURATION_READ", "PLC Configuration Read"},
    {"SYSLOG_MSG", "Syslog Message"},
    {"INTERNET_ACCESS", "Internet Access"},
    {"CAMP_MEMORY_WRITE_OPERATION",
     "Common ASCII Message Protocol Memory Write Operation"},
    {"MUTED_ALERT", "Event Detected and Muted"},
    {"DHCP_UPDATE", "Address Update"},
    {"DIP_FAILURE", "Data Intelligence Package Installation Failure"},
    {"DELETE_DEVICE_SCHEDULE", "Inactive Devices Scheduled for deletion"},
    {"PLC_OPERATING_MODE_CHANGED", "PLC Operating Mode Change Detected"},
    {"HARDWARE_UPDATE_BY_IDENTIFIER", "Address Update"},
};

static int type_of(const char *name)
{
	for (size_t i = 0; i < MST_LEN(types); i++)
		if (!strcmp(types[i].type, name))
			return (int)i;
	return -1;
}

void iot_event(struct sim_iot *iot, unsigned sensor, int64_t time_us,
	       const char *type, const char *content, const char *owner)
{
	struct iot_sensor *s = &iot->sensors[sensor - 1];
	int t = type_of(type);

	if (t < 0)
		return;
	s->events[s->events_n++ % IOT_EVENTS] =
	    (struct iot_event){.time_us = time_us,
			       .type = (uint16_t)t,
			       .content = content,
			       .owner = owner};
}

void iot_events_make(struct sim_iot *iot, unsigned sensor, int64_t now_us)
{
	for (size_t i = 0; i < MST_LEN(types); i++)
		iot_event(
		    iot, sensor,
		    now_us - 3 * EST_DAY_US + (int64_t)(i + 1) * HOUR_US / 2,
		    types[i].type, types[i].title,
		    !strcmp(types[i].type, "CUSTOM_EVENT") ? "operator" : NULL);
}

/* ---- answers ------------------------------------------------------------- */

static const char *severity(const char *type)
{
	if (!strncmp(type, "ALERT_", 6))
		return "ALERT";
	return strstr(type, "PLC") || strstr(type, "PROGRAM") ||
		       strstr(type, "FAIL")
		   ? "NOTICE"
		   : "INFO";
}

static void write_event(const struct iot_event *e, size_t n, struct mst_jout *j)
{
	const char *type = types[e->type].type;
	const char *title = types[e->type].title;

	/* the table says one, the example another */
	if (!strcmp(type, "PROGRAM_DEVICE") && n % 2)
		title = "PLC Program Update";
	mst_jout_obj(j);
	mst_jout_kstr(j, "severity", severity(type));
	mst_jout_kstr(j, "title", title);
	mst_jout_ki64(j, "timestamp", iot_ms(e->time_us));
	mst_jout_kstr(j, "content", e->content);
	mst_jout_kstr(j, "owner", e->owner);
	mst_jout_kstr(j, "type", type);
	mst_jout_end_obj(j);
}

/* The newest first: alerts by hand may have any time, so they are sorted. */
static int newest(const void *pa, const void *pb)
{
	const struct iot_event *a = pa, *b = pb;

	return a->time_us > b->time_us ? -1 : a->time_us < b->time_us;
}

static void write_events(const struct iot_sensor *s,
			 const struct sim_request *r, struct mst_buf *out)
{
	size_t n = MST_MIN(s->events_n, (size_t)IOT_EVENTS), given = 0;
	int64_t minutes = iot_query(r, "minutesTimeFrame", LONGEST);
	const char *type = sim_query(r, "type");
	int only = type ? type_of(type) : -1;
	struct iot_event *list = mst_alloc(sizeof(s->events));
	int64_t from;
	struct mst_jout j;

	memcpy(list, s->events, sizeof(s->events));
	qsort(list, n, sizeof(*list), newest);
	minutes = minutes < 0 ? LONGEST : MST_MIN(minutes, LONGEST);
	from = r->now_us - minutes * 60000000;
	mst_jout_init(&j, out);
	mst_jout_arr(&j);
	for (size_t i = 0; i < n && given < NEWEST; i++) {
		if (list[i].time_us < from ||
		    (only >= 0 && list[i].type != only))
			continue;
		write_event(&list[i], given++ + s->n, &j);
	}
	mst_jout_end_arr(&j);
	free(list);
}

void iot_events_serve(struct sim_iot *iot, const struct sim_request *r,
		      unsigned sensor, struct sim_reply *reply)
{
	const char *q = strchr(r->url, '?');
	struct iot_cached *c;
	char key[512];

	(void)snprintf(key, sizeof(key), "%u%s", sensor, q ? q : "");
	c = mst_map_get(&iot->cache, mst_slice_str(key));
	if (c && r->now_us - c->at_us >= 0 && r->now_us - c->at_us < HOUR_US) {
		mst_buf_adds(&reply->body, c->body);
		return;
	}
	write_events(&iot->sensors[sensor - 1], r, &reply->body);
	if (!c && iot->cache.n == MAX_KEPT)
		return;
	if (!c) {
		c = mst_alloc(sizeof(*c));
		(void)mst_map_put(
		    &iot->cache,
		    mst_slice_str(mst_arena_strdup(&iot->keys, key)), c);
	}
	free(c->body);
	c->body = mst_strndup(reply->body.p, reply->body.n);
	c->at_us = r->now_us;
}
