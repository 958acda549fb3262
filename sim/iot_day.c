/* SPDX-License-Identifier: Apache-2.0
 *
 * Days of the plant. A step of a day happens when it is taken: what changes has
 * that time. Per day about: 1 % of the devices come, 0.5 % are deleted, 3 %
 * change (firmware, system, name), CVEs of 2 % are fixed and found, a
 * connection of 1 % changes its type, alerts are raised, a third of the open
 * ones handled.
 *
 *   day 1  sensor 1 is being upgraded        day 2  … has been; sensor 2 is
 *   day 3  sensor 2 is back, 3 out of sync          disconnected
 *   day 4  sensor 3 in sync; one device that was deleted comes back, new id
 */
#include <stdio.h>

#include "sim/iot.h"

static void touch(struct iot_device *d, int64_t at_us)
{
	d->update_us = d->activity_us = at_us;
}

static void come(struct sim_iot *iot, int64_t at_us)
{
	uint32_t n = iot->wanted ? MST_MAX(iot->wanted / 100, 1u) : 0;

	for (uint32_t i = 0; i < n; i++) {
		unsigned sensor =
		    (unsigned)(iot->devices_n % iot->sensors_n) + 1;
		struct iot_device *d = iot_device_add(iot, sensor, 0, at_us);

		if (!d)
			return;
		d->links = 2;
		iot_event(iot, sensor, at_us, "DEVICE_CREATE",
			  "A device was detected", NULL);
	}
}

static void change(struct sim_iot *iot, struct iot_device *d, int64_t at_us)
{
	uint64_t h = est_mix(d->h, 500 + iot->day) % 1000;

	if (d->gone_us || d->hand || d->first_us == at_us)
		return;
	if (h < 5) {
		d->gone_us = at_us;
		iot_event(iot, d->sensor, at_us, "DELETE_DEVICE",
			  "A device was deleted", "operator");
	} else if (h < 35) {
		d->changes++;
		touch(d, at_us);
	} else if (h < 55) {
		d->fixes++;
		touch(d, at_us);
	} else if (h < 65) {
		d->link_changed = !d->link_changed;
		d->links_us = at_us;
	} else if (h < 300) {
		d->activity_us = at_us;
	}
}

/* In a small plant chance may leave a day without: one device of each kind is
 * made sure of. */
static void make_sure(struct sim_iot *iot, int64_t at_us)
{
	size_t n = iot->wanted;
	size_t at = n ? (size_t)(est_mix(iot->seed, iot->day) % n) : 0;
	struct iot_device *d;

	if (n < 20)
		return;
	d = &iot->devices[at];
	if (!d->gone_us && !d->hand) {
		d->changes++;
		touch(d, at_us);
	}
	d = &iot->devices[(at + 7) % n];
	if (!d->hand && !d->gone_us)
		d->gone_us = at_us;
}

static void stage(struct iot_sensor *s, const char *text, int64_t at_us)
{
	(void)snprintf(s->stage, sizeof(s->stage), "%s", text);
	if (!strcmp(text, "SUCCESS")) {
		s->upgraded_us = at_us;
		(void)snprintf(s->version, sizeof(s->version),
			       "22.3.4.16-r-2250131");
		(void)snprintf(s->intelligence, sizeof(s->intelligence),
			       "Nov 10, 2022");
	} else {
		s->upgrade_us = at_us;
	}
}

static void sensors(struct sim_iot *iot, int64_t at_us)
{
	struct iot_sensor *two = iot_sensor(iot, 2);
	struct iot_sensor *three = iot_sensor(iot, 3);

	switch (iot->day) {
	case 1:
		stage(&iot->sensors[0], "UPDATING_LIBRARIES", at_us);
		break;
	case 2:
		stage(&iot->sensors[0], "SUCCESS", at_us);
		if (two)
			two->state = IOT_DISCONNECTED;
		break;
	case 3:
		iot->sensors[0].stage[0] = '\0';
		if (two)
			two->state = IOT_SYNCED;
		if (three)
			three->state = IOT_OUT_OF_SYNC;
		break;
	case 4:
		if (three)
			three->state = IOT_SYNCED;
		break;
	default:
		break;
	}
}

/* The same hardware under a new id. */
static void come_back(struct sim_iot *iot, int64_t at_us)
{
	for (size_t i = 0; i < iot->wanted; i++) {
		struct iot_device old = iot->devices[i], *d;

		if (!old.gone_us || old.hand || old.second)
			continue;
		d = iot_device_add(iot, old.sensor, 0, at_us);
		if (!d)
			return;
		d->hand = mst_arena_alloc(&iot->arena, sizeof(*d->hand));
		iot_facts(&old, &iot->arena, d->hand);
		return;
	}
}

static void handle(struct sim_iot *iot, int64_t at_us)
{
	for (size_t i = 0; i < iot->alerts_n; i++) {
		struct iot_alert *a = &iot->alerts[i];

		if (a->handled || a->own ||
		    est_mix(iot->seed + iot->day, (uint64_t)a->id) % 3)
			continue;
		a->handled = true;
		a->handled_us = at_us;
	}
}

static void one_day(struct sim_iot *iot, int64_t at_us)
{
	size_t n = iot->devices_n;

	for (size_t i = 0; i < n; i++)
		change(iot, &iot->devices[i], at_us);
	make_sure(iot, at_us);
	if (iot->day == 4)
		come_back(iot, at_us);
	come(iot, at_us);
	sensors(iot, at_us);
	handle(iot, at_us);
	for (unsigned i = 0; iot->devices_n && i < iot->per_day; i++)
		(void)iot_raise_any(iot, at_us);
}

void sim_iot_day(struct sim_iot *iot, unsigned day, int64_t at_us)
{
	at_us = iot_ms(at_us) * 1000;
	iot_catch_up(iot, at_us);
	while (iot->day < day) {
		iot->day++;
		one_day(iot, at_us);
	}
	iot->generation++;
}
