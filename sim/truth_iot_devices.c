/* SPDX-License-Identifier: Apache-2.0
 *
 * Sections 1 and 2 of docs/internals/iot-rules.md, written a second time:
 * sensors; which CI each device is, and what both hold.
 */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "sim/truth_iot_private.h"

/* ---- sensors ------------------------------------------------------------- */

/* Of the devices that this sensor alone sees: does any tell? */
static bool tells_place(const struct truth_iot *t, unsigned sensor)
{
	for (size_t i = 0; i < t->iot->devices_n; i++) {
		const struct iot_device *d = &t->iot->devices[i];

		if (!d->gone_us && d->sensor == sensor && !d->second)
			return true;
	}
	return false;
}

static void status(struct truth_iot *t, struct truth_ot *r)
{
	tio_is(t, r, "install_status", "1");
	tio_is(t, r, "operational_status", "1");
	tio_is(t, r, "discovery_source", "muster");
}

static const char *sensor_key(struct truth_iot *t, unsigned n)
{
	return t->sensor ? tio_printf(t, "%s/sensor", t->conn)
			 : tio_printf(t, "%s/sensor/%u", t->conn, n);
}

/* A class that was not there is below the one that was taken for it; a CI is
 * raised, never switched. */
static void raise_class(struct truth_ot *ci, const char *class)
{
	if (!strcmp(ci->table, "cmdb_ci_hardware"))
		ci->table = class;
}

static void sensor(struct truth_iot *t, const struct iot_sensor *s)
{
	static const char *const states[] = {
	    "SYNCED", "OUT_OF_SYNC", "TIME_DIFF_OFFSET", "DISCONNECTED"};
	const char *key = sensor_key(t, s->n);
	const char *name = t->sensor ? t->conn : s->name;
	bool nids = t->has_class(t->ctx, "cmdb_ci_nids");
	struct truth_ot *ci = tio_show(t, TO_SENSOR_CI, key);
	struct truth_ot *r = tio_show(t, TO_SENSOR, key);

	if (!ci->n)
		ci->table = "cmdb_ci_hardware";
	raise_class(ci, nids ? "cmdb_ci_nids" : "cmdb_ci_hardware");
	tio_is(t, ci, "name", name);
	tio_is(t, ci, "correlation_id", key);
	status(t, ci);
	tio_is(t, r, "u_source", t->conn);
	tio_is(t, r, "u_name", name);
	tio_is(t, r, "u_state", "present");
	tio_has(r, "u_gone", false);
	tio_ref(r, "u_cmdb_ci", key);
	if (t->sensor)
		return;
	if (nids) {
		tio_is(t, ci, "firmware_version", s->version);
		tio_is(t, ci, "connection_state", states[s->state]);
	}
	tio_is(t, r, "u_appliance_id", tio_printf(t, "%u", s->n));
	tio_is(t, r, "u_uid", s->uid);
	tio_is(t, r, "u_version", s->version);
	tio_is(t, r, "u_connection_state", states[s->state]);
	tio_is(t, r, "u_is_activated", s->activated ? "true" : "false");
	tio_is(t, r, "u_is_in_learning_mode", s->learning ? "true" : "false");
	tio_is(t, r, "u_data_intelligence_version", s->intelligence);
	if (tells_place(t, s->n)) {
		tio_is(t, r, "u_site", iot_site_name(s->site));
		tio_is(t, r, "u_zone", iot_zone_name(s->zone));
	}
}

void tio_sensors(struct truth_iot *t)
{
	for (unsigned i = 0; i < t->iot->sensors_n; i++)
		if (!t->sensor || t->sensor == t->iot->sensors[i].n)
			sensor(t, &t->iot->sensors[i]);
}

/* ---- which CI ------------------------------------------------------------ */

int64_t tio_shown_id(const struct truth_iot *t, const struct iot_device *d)
{
	if (d->gone_us)
		return 0;
	return t->sensor ? iot_id_at(d, t->sensor) : d->id;
}

const char *tio_device_key(struct truth_iot *t, int64_t id)
{
	return tio_printf(t, "%s/%lld", t->conn, (long long)id);
}

const char *tio_ci_of(const struct truth_iot *t, const char *device)
{
	const struct truth_ot *ci =
	    mst_map_get(&t->devices, mst_slice_str(device));

	return ci && ci->seen == t->sync ? ci->key : NULL;
}

static const char *class_of(struct truth_iot *t,
			    const struct truth_ot_type *type)
{
	for (int i = 0; type->classes[i]; i++)
		if (t->has_class(t->ctx, type->classes[i]))
			return tio_keep(t, type->classes[i]);
	return NULL;
}

static const char *slot_of(struct truth_iot *t, const struct ot_device *o)
{
	char text[700];
	int n = snprintf(text, sizeof(text), "%s\x1f%s", o->class, o->name);

	for (int i = 0; i < n; i++)
		if (text[i] >= 'A' && text[i] <= 'Z')
			text[i] = (char)(text[i] + 32);
	return tio_keep(t, text);
}

/* The one that was discovered last, then the greatest id. */
static bool beats(const struct truth_iot *t, const struct ot_device *a,
		  const struct ot_device *b)
{
	int64_t x = t->sensor ? 0 : iot_ms(a->d->first_us);
	int64_t y = t->sensor ? 0 : iot_ms(b->d->first_us);

	return x != y ? x > y : a->id > b->id;
}

/* As ServiceNow identifies: native key, then class and name. */
static struct truth_ot *identify(struct truth_iot *t, const struct ot_device *o)
{
	const char *slot = slot_of(t, o);
	struct truth_ot *ci = mst_map_get(&t->devices, mst_slice_str(o->key));

	if (!ci)
		ci = mst_map_get(&t->slots, mst_slice_str(slot));
	if (ci) {
		ci->seen = t->sync;
		raise_class(ci, o->class);
	} else {
		ci = tio_show(t, TO_CI, o->key);
		ci->table = o->class;
		tio_is(t, ci, "correlation_id", o->key);
		if (!t->sensor)
			tio_is(t, ci, "first_discovered",
			       tio_time(t, o->d->first_us));
	}
	mst_map_put(&t->devices, mst_slice_str(o->key), ci);
	mst_map_put(&t->slots, mst_slice_str(slot), ci);
	return ci;
}

/* ---- what it holds ------------------------------------------------------- */

static const struct {
	const char *layer;
	unsigned low, high;
} layers[] = {{"Process Control", 0, 1},
	      {"Supervisory", 2, 2},
	      {"Site Operations", 3, 3},
	      {"Enterprise", 4, 5}};

static const char *layer_of(const struct truth_iot *t,
			    const struct ot_device *o)
{
	if (!t->sensor && o->f->own_layer && strcmp(o->f->own_layer, "N/A"))
		return o->f->own_layer;
	if (!t->sensor && o->f->layer && *o->f->layer)
		return o->f->layer;
	for (size_t i = 0; i < MST_LEN(layers); i++)
		if (o->type.level <= layers[i].high)
			return layers[i].layer;
	return NULL;
}

static unsigned level_of(const struct truth_iot *t, const struct ot_device *o)
{
	const char *layer = layer_of(t, o);

	for (size_t i = 0; layer && i < MST_LEN(layers); i++)
		if (!strcasecmp(layer, layers[i].layer) &&
		    (o->type.level < layers[i].low ||
		     o->type.level > layers[i].high))
			return layers[i].low;
	return o->type.level;
}

static const char *category_of(const struct truth_iot *t,
			       const struct ot_device *o)
{
	return t->sensor ? o->type.category : o->f->category;
}

static bool says(const char *text)
{
	return text && *text && strcasecmp(text, "N/A") != 0;
}

static int order(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

/* The device's own module: by rack, slot, module address, serial number. */
static const struct iot_firmware *own_module(const struct iot_facts *f)
{
	const struct iot_firmware *best = NULL;

	for (unsigned i = 0; i < f->firmwares_n; i++) {
		const struct iot_firmware *w = &f->firmwares[i];
		bool here = f->ips_n == 0 || !says(w->address);

		for (unsigned k = 0; k < f->ips_n && says(w->address); k++)
			here = here || !strcmp(f->ips[k], w->address);
		if (!here ||
		    (!says(w->serial) && !says(w->model) && !says(w->version)))
			continue;
		if (!best || order(w->module, best->module) < 0 ||
		    (order(w->module, best->module) == 0 &&
		     order(w->serial, best->serial) < 0))
			best = w;
	}
	return best;
}

/* Classes whose names tell that they have an operating system. */
static bool is_computer(const char *class)
{
	size_t n = strlen(class);

	return !strcmp(class, "cmdb_ci_computer") ||
	       !strcmp(class, "cmdb_ci_handheld_computing") ||
	       (strncmp(class, "cmdb_ci_ot", 10) != 0 && n > 7 &&
		!strcmp(class + n - 7, "_server"));
}

static void fill_ci(struct truth_iot *t, const struct ot_device *o,
		    struct truth_ot *ci)
{
	const struct iot_firmware *own = own_module(o->f);
	const char *ips[IOT_MAX_IPS], *macs[IOT_MAX_IPS];

	tio_is(t, ci, "name", o->name);
	if (is_computer(ci->table))
		tio_is(t, ci, "os", o->f->os);
	if (tio_ips_of(o->f, ips))
		tio_is(t, ci, "ip_address", ips[0]);
	if (tio_macs_of(t, o->f, macs))
		tio_is(t, ci, "mac_address", macs[0]);
	tio_company(t, ci, "manufacturer", o->f->vendor);
	if (own && says(own->model))
		tio_model(t, ci, own->model, o->f->vendor);
	if (own && says(own->serial))
		tio_is(t, ci, "serial_number", own->serial);
	if (own && says(own->version) && !strncmp(ci->table, "cmdb_ci_ot", 10))
		tio_is(t, ci, "firmware_version", own->version);
	status(t, ci);
}

static void fill_places(struct truth_iot *t, const struct ot_device *o,
			struct truth_ot *r)
{
	const struct iot_device *d = o->d;
	const struct iot_sensor *s = &t->iot->sensors[d->sensor - 1];
	const char *names[2] = {s->name};

	if (t->sensor) {
		tio_is(t, r, "u_appliance_names", t->conn);
		tio_ref(r, "u_appliance", sensor_key(t, 0));
		return;
	}
	if (d->second)
		names[1] = t->iot->sensors[d->second - 1].name;
	tio_is(t, r, "u_appliance_names",
	       tio_list(t, names, d->second ? 2 : 1));
	tio_ref(r, "u_appliance", sensor_key(t, d->sensor));
	tio_is(t, r, "u_site", iot_site_name(s->site));
	tio_is(t, r, "u_zone", iot_zone_name(s->zone));
	tio_is(t, r, "u_first_discovered", tio_time(t, d->first_us));
	tio_has(r, "u_device_url", true);
	tio_is(t, r, "u_vlans", tio_list(t, o->f->vlans, o->f->vlans_n));
	tio_is(t, r, "u_groups", tio_list(t, o->f->groups, o->f->groups_n));
}

static const char *guessed(struct truth_iot *t, const struct iot_facts *f)
{
	const char *out[IOT_MAX_IPS];
	unsigned n = 0;

	for (unsigned i = 0; i < f->ips_n; i++) {
		bool sure = false;

		for (unsigned k = 0; f->guessed[i] && k < f->macs_n; k++)
			sure = sure || !strcasecmp(f->guessed[i], f->macs[k]);
		if (f->guessed[i] && !sure)
			out[n++] = f->guessed[i];
	}
	return tio_list(t, out, n);
}

/* ci: of the device that its CI is of, which may have its name alone. */
static void fill_row(struct truth_iot *t, const struct ot_device *o,
		     const char *ci)
{
	struct truth_ot *r = tio_show(t, TO_DEVICE, o->key);
	const char *ips[IOT_MAX_IPS], *macs[IOT_MAX_IPS];
	unsigned ips_n = tio_ips_of(o->f, ips);
	unsigned macs_n = tio_macs_of(t, o->f, macs);

	tio_is(t, r, "u_source", t->conn);
	tio_is(t, r, "u_name", o->name);
	tio_is(t, r, "u_device_id", tio_printf(t, "%lld", (long long)o->id));
	tio_is(t, r, "u_device_type", o->f->type);
	tio_is(t, r, "u_category", category_of(t, o));
	tio_is(t, r, "u_purdue_layer", layer_of(t, o));
	tio_is(t, r, "u_vendor", o->f->vendor);
	tio_is(t, r, "u_operating_system", o->f->os);
	tio_is(t, r, "u_ip_address", ips_n ? ips[0] : NULL);
	tio_is(t, r, "u_ip_addresses", tio_join(t, ips, ips_n));
	tio_is(t, r, "u_mac_address", macs_n ? macs[0] : NULL);
	tio_is(t, r, "u_mac_addresses", tio_join(t, macs, macs_n));
	if (!t->sensor)
		tio_is(t, r, "u_guessed_mac_addresses", guessed(t, o->f));
	tio_is(t, r, "u_protocols",
	       tio_list(t, o->f->protocols, o->f->protocols_n));
	tio_is(t, r, "u_authorized", o->f->authorized ? "true" : "false");
	tio_is(t, r, "u_scanner", o->f->scanner ? "true" : "false");
	tio_is(t, r, "u_engineering_station",
	       o->f->engineering ? "true" : "false");
	fill_places(t, o, r);
	tio_is(t, r, "u_state", "present");
	tio_has(r, "u_gone", false);
	tio_ref(r, "u_cmdb_ci", ci);
}

static void fill_entity(struct truth_iot *t, const struct ot_device *o)
{
	const struct iot_sensor *s = &t->iot->sensors[o->d->sensor - 1];
	struct truth_ot *r;
	char level[2] = {(char)('0' + level_of(t, o)), '\0'};

	if (!o->ci || strcmp(category_of(t, o), "ICS") != 0 ||
	    !t->has_class(t->ctx, "cmdb_ot_entity"))
		return;
	r = tio_show(t, TO_ENTITY, o->key);
	tio_ref(r, "cmdb_ci", o->ci);
	tio_is(t, r, "purdue_level", level);
	tio_is(t, r, "ot_asset_type", o->f->type);
	if (t->sensor)
		return;
	tio_is(t, r, "zone", iot_zone_name(s->zone));
	tio_is(t, r, "isa_entity_site", iot_site_name(s->site));
}

/* ---- all of them --------------------------------------------------------- */

static bool look(struct truth_iot *t, const struct iot_device *d,
		 struct ot_device *o)
{
	struct iot_facts *f;
	const char *ips[IOT_MAX_IPS], *macs[IOT_MAX_IPS];
	int64_t id = tio_shown_id(t, d);

	if (!id)
		return false;
	f = mst_arena_alloc(&t->facts, sizeof(*f));
	iot_facts(d, &t->facts, f);
	*o = (struct ot_device){
	    .d = d, .f = f, .id = id, .key = tio_device_key(t, id)};
	truth_iot_type(f->type, &o->type);
	o->class = class_of(t, &o->type);
	if (says(f->name))
		o->name = f->name;
	else if (tio_ips_of(f, ips))
		o->name = ips[0];
	else if (tio_macs_of(t, f, macs))
		o->name = macs[0];
	else
		o->name = tio_printf(t, "Device %lld", (long long)id);
	return true;
}

void tio_devices(struct truth_iot *t)
{
	struct ot_device *all =
	    mst_alloc((t->iot->devices_n + 1) * sizeof(*all));
	struct mst_map best = {0};
	size_t n = 0;

	for (size_t i = 0; i < t->iot->devices_n; i++) {
		struct ot_device *o = &all[n], *other;
		const char *slot;

		if (!look(t, &t->iot->devices[i], o))
			continue;
		n++;
		if (!o->class)
			continue;
		slot = slot_of(t, o);
		other = mst_map_get(&best, mst_slice_str(slot));
		if (!other || beats(t, o, other))
			mst_map_put(&best, mst_slice_str(slot), o);
	}
	for (size_t i = 0; i < n; i++) {
		struct ot_device *o = &all[i];
		struct truth_ot *ci;

		if (!o->class ||
		    mst_map_get(&best, mst_slice_str(slot_of(t, o))) != o)
			continue;
		ci = identify(t, o);
		o->ci = ci->key;
		fill_ci(t, o, ci);
	}
	for (size_t i = 0; i < n; i++) {
		struct ot_device *o = &all[i];
		const struct ot_device *winner =
		    o->class ? mst_map_get(&best, mst_slice_str(slot_of(t, o)))
			     : NULL;

		fill_row(t, o, winner ? winner->ci : NULL);
		fill_entity(t, o);
		tio_rows(t, o);
	}
	mst_map_fini(&best);
	free(all);
}
