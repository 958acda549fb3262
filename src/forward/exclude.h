/* SPDX-License-Identifier: Apache-2.0
 *
 * Exclusion windows: alerts that are not forwarded, because somebody works on
 * the plant. Conditions are joined by AND, the values of one by OR; what is
 * not given fits every alert. Windows win over rules. Matching is pure.
 *
 *   name: line-3-maintenance
 *   zone: Europe/Berlin
 *   days: [sat, sun]
 *   times: ["22:00-06:00"]      # belongs to the day on which it begins
 *   begins: 2026-11-01
 *   ends: 2026-12-01 06:00
 *   addresses: [10.1.2.0/24, "00:1b:1b:00:00:01"]
 *   direction: source
 *   titles: ["*PLC*"]
 *   sensors: [north]
 */
#ifndef MST_FORWARD_EXCLUDE_H
#define MST_FORWARD_EXCLUDE_H

#include "alert/alert.h"
#include "base/zone.h"
#include "conf/conf.h"

enum mst_direction {
	MST_DIRECTION_ANY,
	MST_DIRECTION_SOURCE,
	MST_DIRECTION_DESTINATION
};

/* An IP, a subnet or a MAC. */
struct mst_net {
	bool is_mac;
	uint8_t b[16]; /* IPv4 as ::ffff:a.b.c.d; of a MAC six bytes */
	unsigned bits; /* that count */
};

/* Minutes of a day; to < from: until the next day. */
struct mst_minutes {
	int from, to;
};

struct mst_exclude {
	const char *name;
	/* Options. */
	bool enabled;
	const char *zone_name;
	struct mst_opt_list day_texts, time_texts, address_texts;
	const char *begins_text, *ends_text;
	struct mst_opt_list titles, sensors; /* patterns */
	int direction;			     /* enum mst_direction */
	/* Made of them. */
	struct mst_zone *zone;
	unsigned day_bits; /* 1u << weekday; 0: all */
	const struct mst_minutes *times;
	size_t times_n;
	int64_t begins, ends; /* YYYYMMDDhhmm on the zone's clock; 0: none */
	const struct mst_net *nets;
	size_t nets_n;
};

extern const struct mst_opt mst_exclude_opts[];

/* A window out of its item; texts live in arena, the zone until the fini.
 * MST_E_INVALID with the place; also for a window without any condition. */
int mst_exclude_make(const struct mst_conf_item *item, struct mst_arena *arena,
		     struct mst_exclude *x_r, struct mst_err *err);
void mst_exclude_fini(struct mst_exclude *x);
/* Is the alert excluded? One without a time was raised now. */
bool mst_exclude_fits(const struct mst_exclude *x, const struct mst_alert *a,
		      int64_t now_us);
/* "10.1.2.3", "10.1.2.0/24", "2001:db8::/32", a MAC in any of its forms. False:
 * it is none. */
bool mst_net_parse(struct mst_slice s, struct mst_net *net_r);
/* Is the address in the subnet, or the same? */
bool mst_net_has(const struct mst_net *net, const struct mst_net *address);

#endif
