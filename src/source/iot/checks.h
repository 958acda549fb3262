/* SPDX-License-Identifier: Apache-2.0
 *
 * The list of set-up checks of this source: what its two files share. Probes
 * are numbered as feeds.
 */
#ifndef MST_SOURCE_IOT_CHECKS_H
#define MST_SOURCE_IOT_CHECKS_H

#include "source/iot/iot_private.h"
#include "source/microsoft/checks.h"

#define OT_FIRST_NESTED OT_FIRMWARES

/* In the order in which they are reported. */
enum ot_check {
	OT_CHECK_TOKEN,
	OT_CHECK_FEED, /* + enum ot_feed */
	OT_CHECK_SENSORS = OT_CHECK_FEED + OT_FIRST_NESTED,
	OT_CHECK_LEARNING,
	OT_CHECK_INACTIVE,
	OT_CHECK_AWAY,
	OT_CHECK_CLOCK,
	OT_CHECK_RATE,
	OT_CHECK__N
};

/* Names of sensors, as many as fit. */
struct ot_names {
	size_t n;
	char text[300];
};

struct ot_checks {
	struct ms_checks ms;
	struct mst_source *s;
	uint32_t feeds; /* that are looked at */
	bool idle;	/* no job takes any of them yet */
	size_t wanted;	/* sensors that are read */
	struct ot_names all, learning, inactive, away;
};

/* checks.c: 401, 403 */
bool ot_refused(const struct ms_probe *p);

/* checks_say.c */
void ot_add_name(struct ot_names *names, const char *name);
void ot_say_token(const struct ot_checks *k, struct mst_check *c);
void ot_say_feed(const struct ot_checks *k, unsigned feed, struct mst_check *c);
void ot_say_sensors(const struct ot_checks *k, struct mst_check *c);
void ot_say_learning(const struct ot_checks *k, struct mst_check *c);
void ot_say_inactive(const struct ot_checks *k, struct mst_check *c);
void ot_say_away(const struct ot_checks *k, struct mst_check *c);
void ot_say_clock(const struct ot_checks *k, struct mst_check *c);

#endif
