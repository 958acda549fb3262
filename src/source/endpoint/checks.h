/* SPDX-License-Identifier: Apache-2.0
 *
 * Between the list of set-up checks (checks.c), what the answers hold
 * (checks_read.c) and what is said of them (checks_say.c, checks_cloud.c).
 */
#ifndef MST_SOURCE_ENDPOINT_CHECKS_H
#define MST_SOURCE_ENDPOINT_CHECKS_H

#include "source/endpoint/endpoint_private.h"

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

enum ep_body {
	EP_BODY_FINE,
	EP_BODY_NOTHING, /* no byte */
	EP_BODY_WEB,	 /* a web page */
	EP_BODY_NO_JSON,
	EP_BODY_ERROR, /* an error object with status 200 */
	EP_BODY_OTHER  /* JSON of another shape */
};

/* A request and what became of it. */
struct ep_probe {
	bool wanted, sent, answered;
	int status, attempts;
	enum ep_body body;
	size_t records; /* of a list, files of an export */
	int64_t retry_after_ms;
	struct ep_told told;
	char why[400]; /* our own words for it, "" when fine */
};

/* The probes: the tenant, one of each feed, an export, one of its files. */
enum {
	EP_PROBE_TENANT,
	EP_PROBE_FEED, /* + enum ep_feed */
	EP_PROBE_EXPORT = EP_PROBE_FEED + EP__FEEDS,
	EP_PROBE_FILE,
	EP_PROBE__N
};

/* What the login host says of the tenant. */
struct ep_tenant {
	char instance[64]; /* "microsoftonline.us", "" when it does not say */
	char region[16];   /* "EU" */
	char sub[16];	   /* "DODCON", "" outside of government clouds */
};

struct ep_checks {
	struct mst_checks base;
	struct mst_checks_env env;
	struct mst_source *s;
	struct mst_arena arena;
	uint32_t feeds; /* that are looked at */
	bool idle;	/* no job takes any of them yet */
	struct ep_probe probes[EP_PROBE__N];
	size_t pending;
	unsigned at; /* the check that is reported next */
	struct ep_tenant tenant;
	unsigned export_feed; /* EP__FEEDS: none */
	char *file_url;	      /* of the arena */
	char storage[256];    /* its host */
	char made[32];	      /* when the export was made */
	int64_t skew_us;      /* the least of all answers */
	double share;	      /* of a limit that is used, -1: not said */
	const char *share_of;
	int64_t rate_limit; /* -1: not said */
};

/* checks_read.c: takes an answer in. */
void ep_take(struct ep_checks *k, unsigned probe, const struct mst_resp *resp);
/* Level, code, text and remedy of each. checks_cloud.c: */
void ep_say_cloud(const struct ep_checks *k, struct mst_check *c);
/* checks_say.c: */
void ep_say_writes(const struct ep_checks *k, bool graph, struct mst_check *c);
void ep_say_feed(const struct ep_checks *k, unsigned feed, struct mst_check *c);
void ep_say_storage(const struct ep_checks *k, struct mst_check *c);
void ep_say_clock(const struct ep_checks *k, struct mst_check *c);
void ep_say_rate(const struct ep_checks *k, struct mst_check *c);

#endif
