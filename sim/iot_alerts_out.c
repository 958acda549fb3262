/* SPDX-License-Identifier: Apache-2.0
 *
 * Alerts as the APIs and webhooks write them. Quirks of the documents that are
 * kept: a device that is not set is null at a sensor and 0 at the console; some
 * alerts of v1 at sensors spell "additionalinformation".
 */
#include <stdio.h>
#include <strings.h>

#include "base/num.h"
#include "sim/iot.h"

static const char *party(const struct sim_iot *iot, int32_t device,
			 struct mst_arena *arena)
{
	struct iot_facts f;

	if (device < 0)
		return NULL;
	iot_brief(&iot->devices[device], arena, &f);
	return f.ips_n ? f.ips[0] : f.macs_n ? f.macs[0] : NULL;
}

void iot_alert_message(const struct sim_iot *iot, const struct iot_alert *a,
		       struct mst_arena *arena, const char **message_r,
		       const char **protocol_r)
{
	const struct iot_title *t = iot_alert_title(a);
	const char *src = party(iot, a->src, arena);
	const char *dst = party(iot, a->dst, arena);
	struct iot_facts f = {0};

	if (a->src >= 0)
		iot_brief(&iot->devices[a->src], arena, &f);
	*protocol_r = a->own && a->own->protocol ? a->own->protocol
		      : f.protocols_n		 ? f.protocols[0]
						 : NULL;
	*message_r =
	    a->own && a->own->message
		? a->own->message
		: mst_arena_printf(
		      arena,
		      "%s: seen from %s to %s.\nIt is recommended to notify "
		      "the security officer of the incident.",
		      t->title, src ? src : "an unknown device",
		      dst ? dst : "the network");
}

static void information(const struct sim_iot *iot, const struct iot_alert *a,
			enum iot_form form, int version,
			struct mst_arena *arena, struct mst_jout *j)
{
	const char *dst = party(iot, a->dst, arena);
	bool odd = form == IOT_SENSOR_API && version == 1 && a->id % 3 == 1;

	mst_jout_key(j,
		     odd ? "additionalinformation" : "additionalInformation");
	if ((!a->own || !a->own->information_n) && (a->id % 3 == 2 || !dst)) {
		mst_jout_null(j);
		return;
	}
	mst_jout_obj(j);
	mst_jout_kstr(j, "description", "External Addresses");
	mst_jout_key(j, "information");
	mst_jout_arr(j);
	for (unsigned i = 0; a->own && i < a->own->information_n; i++)
		mst_jout_str(j, a->own->information[i]);
	if (!a->own || !a->own->information_n)
		mst_jout_str(j, mst_arena_printf(arena, "%s over port %u", dst,
						 (unsigned)(a->id % 60000)));
	mst_jout_end_arr(j);
	mst_jout_end_obj(j);
}

/* The id that this end knows the device by. */
static void device_id(const struct sim_iot *iot, const struct iot_alert *a,
		      int32_t device, enum iot_form form, const char *key,
		      struct mst_jout *j)
{
	const struct iot_device *d = device < 0 ? NULL : &iot->devices[device];
	bool sensor = form == IOT_SENSOR_API;

	mst_jout_key(j, key);
	if (!d && sensor)
		mst_jout_null(j);
	else
		mst_jout_i64(j, !d	 ? 0
				: sensor ? iot_id_at(d, a->sensor)
					 : d->id);
}

static void more(const struct sim_iot *iot, const struct iot_alert *a,
		 struct mst_arena *arena, struct mst_jout *j)
{
	mst_jout_kstr(j, "sourceDeviceAddress", party(iot, a->src, arena));
	mst_jout_kstr(j, "destinationDeviceAddress", party(iot, a->dst, arena));
	mst_jout_key(j, "remediationSteps");
	mst_jout_arr(j);
	mst_jout_str(j, "Investigate the source of the traffic");
	if (a->id % 2)
		mst_jout_str(j, "Isolate the device when nobody planned this");
	mst_jout_end_arr(j);
}

/* Where it was seen; webhooks spell their ids with capitals. */
static void place(const struct sim_iot *iot, const struct iot_alert *a,
		  bool names, bool capitals, struct mst_jout *j)
{
	const struct iot_sensor *s = &iot->sensors[a->sensor - 1];

	mst_jout_ki64(j, capitals ? "sensorID" : "sensorId", s->n);
	mst_jout_ki64(j, capitals ? "zoneID" : "zoneId", s->zone);
	mst_jout_ki64(j, capitals ? "siteID" : "siteId", s->site);
	if (!names)
		return;
	mst_jout_kstr(j, "sensorName", s->name);
	mst_jout_kstr(j, "zoneName", iot_zone_name(s->zone));
	mst_jout_kstr(j, "siteName", iot_site_name(s->site));
}

void iot_alert_json(const struct sim_iot *iot, const struct iot_alert *a,
		    enum iot_form form, int version, struct mst_arena *arena,
		    struct mst_jout *j)
{
	const struct iot_title *t = iot_alert_title(a);
	const char *message, *protocol;
	char uuid[80];

	iot_alert_message(iot, a, arena, &message, &protocol);
	mst_jout_obj(j);
	mst_jout_ki64(j, "id", form == IOT_SENSOR_API ? a->sensor_id : a->id);
	mst_jout_ki64(j, "time", iot_ms(a->time_us));
	mst_jout_kstr(j, "title", t->title);
	mst_jout_kstr(j, "message", message);
	mst_jout_kstr(j, "severity", t->severity);
	mst_jout_kstr(j, "engine", t->engine);
	device_id(iot, a, a->src, form, "sourceDevice", j);
	device_id(iot, a, a->dst, form, "destinationDevice", j);
	information(iot, a, form, version, arena, j);
	if (form == IOT_CONSOLE_API) {
		place(iot, a, version >= 2, false, j);
		mst_jout_kbool(j, "handled", a->handled);
	}
	if (form == IOT_WEBHOOK_EXT) {
		place(iot, a, true, true, j);
		mst_jout_kbool(j, "handled", a->handled);
	}
	if (form != IOT_SENSOR_API && iot->uuids) {
		iot_alert_uuid(iot, a, uuid);
		mst_jout_kstr(j, "uuid", uuid);
	}
	if (version >= 2 || form == IOT_WEBHOOK_EXT)
		more(iot, a, arena, j);
	mst_jout_end_obj(j);
}

/* ---- lists --------------------------------------------------------------- */

static bool of_type(const struct iot_alert *a, const char *type)
{
	const char *title = iot_alert_title(a)->title;

	if (type && !strcasecmp(type, "unexpected new devices"))
		return !strcmp(title, "New Asset Detected") ||
		       !strcmp(title, "Field Device Discovered Unexpectedly");
	if (type && !strcasecmp(type, "disconnections"))
		return strstr(title, "Disconnected") != NULL ||
		       strstr(title, "Unresponsive") != NULL;
	return true; /* what is not known filters nothing */
}

static bool of_state(const struct iot_alert *a, const char *state)
{
	if (state && !strcasecmp(state, "handled"))
		return a->handled;
	if (state && !strcasecmp(state, "unhandled"))
		return !a->handled;
	return true;
}

static bool wanted(const struct sim_iot *iot, const struct sim_request *r,
		   const struct iot_alert *a, unsigned sensor)
{
	const struct iot_sensor *s = &iot->sensors[a->sensor - 1];
	int64_t ms = iot_ms(a->time_us);

	if (!of_state(a, sim_query(r, "state")) ||
	    ms < iot_query(r, "fromTime", INT64_MIN) ||
	    ms > iot_query(r, "toTime", INT64_MAX))
		return false;
	if (sensor)
		return a->sensor == sensor && of_type(a, sim_query(r, "type"));
	return iot_listed(r, "sensorId", s->n) &&
	       iot_listed(r, "sensor", s->n) &&
	       iot_listed(r, "zoneId", s->zone) &&
	       iot_listed(r, "siteId", s->site);
}

void iot_alerts_serve(struct sim_iot *iot, const struct sim_request *r,
		      unsigned sensor, int version, struct sim_reply *reply)
{
	enum iot_form form = sensor ? IOT_SENSOR_API : IOT_CONSOLE_API;
	struct mst_arena arena;
	struct mst_jout j;

	mst_arena_init(&arena, 1u << 20);
	mst_jout_init(&j, &reply->body);
	mst_jout_arr(&j);
	for (size_t i = 0; i < iot->alerts_n; i++) {
		if (!wanted(iot, r, &iot->alerts[i], sensor))
			continue;
		iot_alert_json(iot, &iot->alerts[i], form, version, &arena, &j);
		mst_arena_reset(&arena);
	}
	mst_jout_end_arr(&j);
	mst_arena_fini(&arena);
}
