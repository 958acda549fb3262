/* SPDX-License-Identifier: Apache-2.0
 *
 * Between the set-up checks that only this source has (checks.c) and what is
 * said of them (checks_say.c).
 */
#ifndef MST_SOURCE_ENDPOINT_CHECKS_H
#define MST_SOURCE_ENDPOINT_CHECKS_H

#include "source/endpoint/endpoint_private.h"
#include "source/microsoft/checks.h"

/* In the order in which they are reported. */
enum ep_check {
	EP_CHECK_CLOUD,
	EP_CHECK_WRITES_API,
	EP_CHECK_WRITES_GRAPH,
	EP_CHECK_FEED, /* + enum ep_feed */
	EP_CHECK_STORAGE = EP_CHECK_FEED + EP__FEEDS,
	EP_CHECK_CLOCK,
	EP_CHECK_RATE,
	EP_CHECK__N
};

/* The probes: the tenant, one of each feed, an export, one of its files. */
enum {
	EP_PROBE_TENANT,
	EP_PROBE_FEED, /* + enum ep_feed */
	EP_PROBE_EXPORT = EP_PROBE_FEED + EP__FEEDS,
	EP_PROBE_FILE,
	EP_PROBE__N
};

struct ep_checks {
	struct ms_checks ms;
	struct mst_source *s;
	struct mst_arena arena;
	uint32_t feeds;	      /* that are looked at */
	bool idle;	      /* no job takes any of them yet */
	unsigned export_feed; /* EP__FEEDS: none */
	char *file_url;	      /* of the arena */
	char storage[256];    /* its host */
	char made[32];	      /* when the export was made */
};

/* checks_say.c: level, code, text and remedy of each. */
void ep_say_feed(const struct ep_checks *k, unsigned feed, struct mst_check *c);
void ep_say_storage(const struct ep_checks *k, struct mst_check *c);

#endif
