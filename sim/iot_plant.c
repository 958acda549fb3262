/* SPDX-License-Identifier: Apache-2.0
 *
 * The plant as it is made: sensors, their devices, which device talks to
 * which. What a device shows is in iot_facts.c.
 *
 * A device is seen by one sensor, every 25th by a second one, too. The console
 * numbers devices over all sensors, each sensor from 1, so the same id means
 * another device at each of them.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sim/iot.h"

#define DAY_MS INT64_C(86400000)

/* Later ids at a sensor stay clear of those of second sightings. */
#define MAX_DEVICES 900000

static const char *const sites[] = {"Linz", "Werk Süd", "Graz", "Steyr"};

const char *iot_site_name(unsigned site)
{
	return site ? sites[(site - 1) % MST_LEN(sites)] : "";
}

const char *iot_zone_name(unsigned zone)
{
	static const char *const zones[] = {"Assembly", "Paint shop",
					    "Power house", "Warehouse"};

	return zone ? zones[(zone - 1) % MST_LEN(zones)] : "";
}

/* ---- sensors ------------------------------------------------------------- */

static void make_sensor(struct sim_iot *iot, unsigned i)
{
	struct iot_sensor *s = &iot->sensors[i];
	uint64_t h = est_mix(iot->seed ^ 0x5e4502, i);

	s->n = i + 1;
	s->zone = i + 1;
	s->site = i / 2 + 1;
	(void)snprintf(s->name, sizeof(s->name), "ot-sensor-%02u", i + 1);
	(void)snprintf(s->version, sizeof(s->version), "22.2.5.7-r-2121448");
	(void)snprintf(s->intelligence, sizeof(s->intelligence),
		       "May 26, 2022");
	sim_guid(h, i, s->uid);
	s->activated = true;
	s->next_device = s->next_alert = 1;
	/* the newest one still learns, and nobody gave it a zone */
	if (i + 1 == iot->sensors_n && iot->sensors_n >= 4) {
		s->learning = true;
		s->site = s->zone = 0;
	}
}

/* ---- devices ------------------------------------------------------------- */

static unsigned type_of(uint64_t h)
{
	unsigned sum = 0, at;

	for (size_t i = 0; i < iot_types_n; i++)
		sum += iot_types[i].weight;
	at = (unsigned)(h % sum);
	for (unsigned i = 0; i < iot_types_n; i++) {
		if (at < iot_types[i].weight)
			return i;
		at -= iot_types[i].weight;
	}
	return 0;
}

struct iot_device *iot_device_add(struct sim_iot *iot, unsigned sensor,
				  int64_t id, int64_t at_us)
{
	struct iot_sensor *s = &iot->sensors[sensor - 1];
	struct iot_device *d;
	char *key;

	if (iot->devices_n >= MAX_DEVICES)
		return NULL;
	if (iot->devices_n == iot->devices_cap) {
		iot->devices_cap = iot->devices_cap ? iot->devices_cap * 2 : 64;
		iot->devices = mst_realloc(
		    iot->devices, iot->devices_cap * sizeof(*iot->devices));
	}
	d = &iot->devices[iot->devices_n];
	*d = (struct iot_device){.n = (uint32_t)iot->devices_n++,
				 .sensor = (uint8_t)sensor};
	d->h = est_mix(iot->seed ^ 0x107, d->n);
	d->id = id ? id : iot->next_id;
	iot->next_id = MST_MAX(iot->next_id, d->id + 1);
	d->sensor_id = s->next_device++;
	d->first_us = d->activity_us = d->update_us = d->links_us = at_us;
	d->rank = d->n / iot->sensors_n;
	d->type = (uint8_t)type_of(est_mix(d->h, 1));
	key = mst_arena_printf(&iot->keys, "%lld", (long long)d->id);
	(void)mst_map_put(&iot->by_id, mst_slice_str(key),
			  (void *)(uintptr_t)(d->n + 1));
	return d;
}

struct iot_device *iot_device_by_id(struct sim_iot *iot, int64_t id)
{
	char key[24];
	uintptr_t at;

	(void)snprintf(key, sizeof(key), "%lld", (long long)id);
	at = (uintptr_t)mst_map_get(&iot->by_id, mst_slice_str(key));
	return at ? &iot->devices[at - 1] : NULL;
}

bool iot_seen_by(const struct iot_device *d, unsigned sensor)
{
	return d->sensor == sensor || d->second == sensor;
}

int64_t iot_id_at(const struct iot_device *d, unsigned sensor)
{
	if (d->sensor == sensor)
		return d->sensor_id;
	return d->second == sensor ? IOT_SECOND + d->n : 0;
}

struct iot_device *iot_device_at(struct sim_iot *iot, unsigned sensor,
				 int64_t id)
{
	for (size_t i = 0; id > 0 && i < iot->devices_n; i++)
		if (!iot->devices[i].gone_us &&
		    iot_id_at(&iot->devices[i], sensor) == id)
			return &iot->devices[i];
	return NULL;
}

static void age(struct iot_device *d, int64_t now_us)
{
	uint64_t h = est_mix(d->h, 2);
	int64_t now = iot_ms(now_us);
	int64_t activity = now - (int64_t)(h % (2 * (uint64_t)DAY_MS)) - 1;
	int64_t update = activity - (int64_t)(h / 64 % 3600000);

	d->activity_us = activity * 1000;
	d->update_us = update * 1000;
	d->first_us = (update - (int64_t)(h / 4096 % 400) * DAY_MS) * 1000;
	d->links_us = d->first_us;
}

static void make_device(struct sim_iot *iot, uint64_t mean, int64_t now_us)
{
	unsigned sensor = (unsigned)(iot->devices_n % iot->sensors_n) + 1;
	struct iot_device *d = iot_device_add(iot, sensor, 0, now_us);
	uint64_t h;

	if (!d)
		return;
	h = est_mix(d->h, 3);
	iot->sensors[sensor - 1].first_n++;
	age(d, now_us);
	if (iot->sensors_n > 1 && d->n % 25 == 24)
		d->second = (uint8_t)(sensor % iot->sensors_n + 1);
	d->links = (uint32_t)(mean / 2 + h % (mean + 1 + mean % 2));
}

void iot_plant_make(struct sim_iot *iot, const struct mst_sim_conf *conf,
		    int64_t now_us)
{
	uint64_t mean;

	iot->sensors_n = conf->sensors;
	iot->sensors = mst_alloc(iot->sensors_n * sizeof(*iot->sensors));
	for (unsigned i = 0; i < iot->sensors_n; i++)
		make_sensor(iot, i);
	iot->wanted = conf->iot_devices > 0 ? (uint32_t)conf->iot_devices : 0;
	iot->connections = (uint64_t)MST_MAX(conf->iot_connections, 0);
	mean = iot->wanted ? iot->connections / iot->wanted : 0;
	iot->next_id = 1;
	for (uint32_t i = 0; i < iot->wanted; i++)
		make_device(iot, mean, now_us);
	for (unsigned i = 1; i <= iot->sensors_n; i++)
		iot_events_make(iot, i, now_us);
}

/* ---- connections --------------------------------------------------------- */

static const struct {
	const char *name;
	int port;
} protocols[] = {{"modbus", 502}, {"s7comm", 102},     {"ams", 48898},
		 {"enip", 44818}, {"bacnet", 47808},   {"dnp3", 20000},
		 {"http", 80},	  {"profinet", 34964}, {"opcua", 4840},
		 {"iec104", 2404}};

/* The kth peer of a device: at the same sensor, never twice and never the
 * other way round, so that a pair has one connection. NULL: no more. */
static const struct iot_device *peer(const struct sim_iot *iot,
				     const struct iot_device *d, uint32_t k)
{
	uint32_t m = iot->sensors[d->sensor - 1].first_n;
	uint32_t most, at;

	if (m < 3 || !d->links)
		return NULL;
	most = d->n < iot->wanted ? (m - 1) / 2 : m;
	if (k >= d->links || k >= most)
		return NULL;
	at = d->n < iot->wanted ? d->rank + 1 : 0;
	at = (at + (uint32_t)((est_mix(d->h, 4) + k) % most)) % m;
	return &iot->devices[at * iot->sensors_n + d->sensor - 1];
}

static void fill_link(const struct iot_device *d, const struct iot_device *p,
		      uint32_t k, struct iot_connection *c)
{
	static const char *const types[] = {"One Way", "Two Way", "Two Way",
					    "Multicast"};
	uint64_t h = est_mix(d->h, 100 + k);
	unsigned proto = (unsigned)(h / 64 % MST_LEN(protocols));

	*c = (struct iot_connection){.src = d, .dst = p, .h = h};
	c->type = types[h % 4];
	if (k == 0 && d->link_changed)
		c->type = h % 4 == 0 ? "Two Way" : "One Way";
	c->discovered_us = MST_MAX(d->first_us, p->first_us);
	c->update_us = c->discovered_us;
	if (k == 0 && d->link_changed)
		c->update_us = MST_MAX(c->update_us, d->links_us);
	c->seen_us = MST_MAX(c->update_us, d->activity_us);
	/* as in the documents' example, some were last seen before */
	if (h / 1024 % 97 == 3)
		c->seen_us = c->discovered_us - INT64_C(600000000);
	c->protocol = protocols[proto].name;
	c->port = protocols[proto].port;
}

static bool fill_hand(struct sim_iot *iot, const struct iot_link *l,
		      struct iot_connection *c)
{
	const struct iot_device *s = iot_device_by_id(iot, l->src);
	const struct iot_device *d = iot_device_by_id(iot, l->dst);

	if (l->gone || !s || !d || s->gone_us || d->gone_us)
		return false;
	*c = (struct iot_connection){.src = s,
				     .dst = d,
				     .type = l->type,
				     .discovered_us = l->at_us,
				     .seen_us = l->at_us,
				     .update_us = l->at_us,
				     .protocol = l->protocol,
				     .port = l->port};
	return true;
}

void iot_connections(struct sim_iot *iot, uint32_t *device, uint32_t *k,
		     bool (*fn)(void *ctx, const struct iot_connection *c),
		     void *ctx)
{
	struct iot_connection c;

	for (; *device < iot->devices_n; ++*device, *k = 0) {
		const struct iot_device *d = &iot->devices[*device], *p;

		while (!d->gone_us && (p = peer(iot, d, *k)) != NULL) {
			uint32_t at = (*k)++;

			if (p->gone_us)
				continue;
			fill_link(d, p, at, &c);
			if (!fn(ctx, &c))
				return;
		}
	}
	while (*k < iot->links_n) {
		uint32_t at = (*k)++;

		if (fill_hand(iot, &iot->links[at], &c) && !fn(ctx, &c))
			return;
	}
}
