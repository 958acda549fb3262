/* SPDX-License-Identifier: Apache-2.0
 *
 * Which feed does a file hold that a person put into a folder? The members of
 * its first record, or of the page around it, decide; for an empty list the
 * name and the folders above it.
 */
#include "source/microsoft/folder.h"
#include "source/iot/iot_private.h"
#include "source/microsoft/head.h"

static const struct ms_word file_words[] = {
    {"manifest", MST_FILE_OTHER},
    {"report", MST_FILE_OTHER},
    {"event", MST_FILE_OTHER},
    {"maintenance", MST_FILE_OTHER},
    {"pcap", MST_FILE_OTHER},
    {"auth", MST_FILE_OTHER},
    {"deleteddevice", OT_DELETED_DEVICES},
    {"deviceflag", OT_DEVICE_FLAGS},
    {"connection", OT_CONNECTIONS},
    {"cves", OT_DEVICE_CVES},
    {"appliance", OT_APPLIANCES},
    {"alert", OT_ALERTS},
    {"device", OT_DEVICES},
    {"sensors", OT_SENSORS},
    {NULL, 0},
};

static bool all_of(const struct ms_keys *k, const char *const *names)
{
	for (; *names; names++) {
		if (!ms_keys_have(k, *names))
			return false;
	}
	return true;
}

/* The first line that fits counts. */
static int by_members(const struct ms_keys *k)
{
	static const struct {
		const char *names[4];
		int feed;
	} known[] = {
	    {{"u_devices"}, OT_DEVICES},
	    {{"u_connections"}, OT_CONNECTIONS},
	    {{"u_device_cves"}, OT_DEVICE_CVES},
	    {{"u_cves"}, OT_DEVICE_CVES},
	    {{"u_src_device_id"}, OT_CONNECTIONS},
	    {{"u_device_type", "u_id"}, OT_DEVICES},
	    {{"u_ip_address_objects", "u_id"}, OT_DEVICES},
	    {{"u_connection_state", "u_id"}, OT_SENSORS},
	    {{"u_interface_address", "u_id"}, OT_SENSORS},
	    {{"interfaceAddress", "isActivated"}, OT_APPLIANCES},
	    {{"firstDeviceId", "secondDeviceId"}, OT_CONNECTIONS},
	    {{"cveId", "ipAddress"}, OT_DEVICE_CVES},
	    {{"title", "severity", "engine"}, OT_ALERTS},
	    {{"title", "severity", "message"}, OT_ALERTS},
	    {{"sensorId", "authorized", "scanner"}, OT_DEVICE_FLAGS},
	    {{"id", "macAddresses", "type"}, OT_DEVICES},
	    {{"id", "authorized", "scanner"}, OT_DEVICES},
	};

	for (size_t i = 0; i < MST_LEN(known); i++) {
		if (all_of(k, known[i].names))
			return known[i].feed;
	}
	/* who is deleted has an id and nothing else */
	return k->n == 1 && ms_keys_have(k, "u_id") ? OT_DELETED_DEVICES
						    : MS_UNKNOWN;
}

int ot_classify(const char *rel, struct mst_slice head, struct mst_spoilt *sp)
{
	int named = ms_feed_by_name(rel, file_words), feed;
	struct ms_head h;

	ms_head_look(&h, head);
	if (named == MST_FILE_OTHER)
		return MST_FILE_OTHER;
	if (h.damage)
		return ms_json_name(rel) ? ms_spoilt(sp, named, true, h.damage)
					 : MST_FILE_OTHER;
	if (!h.list && ms_keys_have(&h.top, "error"))
		return ms_spoilt(sp, named, false,
				 "is an error that was answered, not records");
	feed = h.rec.n ? by_members(&h.rec) : MS_UNKNOWN;
	if (feed == MS_UNKNOWN && (!h.rec.n || h.cut))
		feed = named;
	if (feed == MS_UNKNOWN && named >= 0 && ms_json_name(rel))
		return ms_spoilt(sp, named, false,
				 "holds other records than its name says");
	return feed < 0 ? MST_FILE_OTHER : feed;
}
