/* SPDX-License-Identifier: Apache-2.0
 *
 * The cloud apps of the simulated organisation: streams of traffic logs, the
 * apps that they show, who uses them. Everything of the estate follows from
 * the seed and the day; who uses an app is not stored, it is worked out each
 * time it is asked for. Apps and streams by hand come by the control API.
 *
 * Texts live as long as the apps.
 */
#ifndef MST_SIM_APPS_H
#define MST_SIM_APPS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "json/json.h"

#define APP_MAX_STREAMS 32
#define APP_MAX_TAGS	8
#define APP_MAX_DOMAINS 8
#define APP_NO_SCORE	(-1)

struct sim_stream {
	const char *id, *name;
	bool anonymous; /* what users are called is encrypted */
	bool endpoint;	/* of Defender for Endpoint: knows devices */
	bool snapshot;	/* an uploaded report */
};

/* Users of an app by hand in one stream. */
struct app_hand {
	const char **users;
	size_t users_n;
	int64_t count; /* userCount; <0: that of users */
};

struct sim_app {
	uint32_t n;
	uint64_t h; /* its own random */
	const char *id, *name, *category;
	const char *renamed; /* its name from that day on */
	int score;	     /* APP_NO_SCORE: null */
	const char *tags[APP_MAX_TAGS], *domains[APP_MAX_DOMAINS];
	unsigned tags_n, domains_n;
	uint32_t streams;    /* bits */
	uint32_t age_days;   /* since it was seen */
	uint32_t links;	     /* people who use it */
	uint32_t at, stride; /* which */
	bool id_number;	     /* the id comes as a number */
	bool rating;	     /* riskRating instead of riskScore */
	bool gone;	     /* taken away by hand */
	/* days of change, 0: none */
	uint16_t comes, goes, loses, changes, renames, tagged;
	struct app_hand *hand; /* by stream; NULL: of the estate */
	const char *info;      /* appInfo by hand; NULL: 404 */
	const char *last_seen; /* by hand */
};

struct sim_apps {
	uint64_t seed;
	unsigned day;
	uint32_t people;
	const char **names; /* two a person: see apps_users.c */
	struct mst_arena arena;
	struct sim_stream streams[APP_MAX_STREAMS];
	unsigned streams_n;
	struct sim_app **apps;
	size_t apps_n, apps_cap;
	struct mst_map by_id; /* lower case */
};

/* links: users of all apps together, about. apps 0: no streams either. */
struct sim_apps *sim_apps_new(uint64_t seed, uint32_t apps, uint32_t people,
			      uint64_t links);
void sim_apps_free(struct sim_apps **a);
void sim_apps_day(struct sim_apps *a, unsigned day);
/* Adds or replaces streams and apps: {"streams":[…],"apps":[…]}, see sim.md. */
int sim_apps_hand(struct sim_apps *a, struct mst_slice json,
		  struct mst_err *err);
/* {"ids":[…]}: no stream shows them any more. */
int sim_apps_remove(struct sim_apps *a, struct mst_slice json,
		    struct mst_err *err);
/* Adds an app without anything but its id, NULL: none. */
struct sim_app *sim_apps_add(struct sim_apps *a, const char *id);
/* NULL when there is none; ASCII case folded. */
struct sim_app *sim_apps_find(const struct sim_apps *a, const char *id);
/* Index, or -1. */
int sim_apps_stream(const struct sim_apps *a, const char *id);

/* An app as it is today. */
struct app_now {
	const char *name, *category;
	int score;
	const char *tags[APP_MAX_TAGS];
	unsigned tags_n;
};

void sim_app_now(const struct sim_apps *a, const struct sim_app *app,
		 struct app_now *now_r);
/* Is it in the stream's report over the last `period` days? */
bool sim_app_shown(const struct sim_apps *a, const struct sim_app *app,
		   unsigned stream, unsigned period);
/* Does any stream show it within 90 days? */
bool sim_app_alive(const struct sim_apps *a, const struct sim_app *app);

/* ---- apps_users.c ------------------------------------------------------- */

/* Fills a->names. */
void sim_apps_people(struct sim_apps *a);

/* What the stream calls the app's users of the period; fn returns false to
 * stop. Returns how many it was given. */
uint64_t sim_app_users(const struct sim_apps *a, const struct sim_app *app,
		       unsigned stream, unsigned period,
		       bool (*fn)(void *ctx, const char *identifier),
		       void *ctx);
/* userCount, as the report says it. */
uint64_t sim_app_user_count(const struct sim_apps *a, const struct sim_app *app,
			    unsigned stream, unsigned period);

/* ---- apps_info.c -------------------------------------------------------- */

/* The app's appInfo as a JSON object, without an envelope. False: none. */
bool sim_app_info(const struct sim_apps *a, const struct sim_app *app,
		  struct mst_buf *out);

/* ---- apps_page.c: answers ----------------------------------------------- */

struct app_page {
	const char *base, *url; /* of the request, for the next link */
	const char *select;	/* names with commas, or NULL */
	uint64_t skip;
	uint64_t top;
	uint64_t page;	/* its number, for the next link */
	bool hold_back; /* no record, and a next link if there are any */
	bool no_next;	/* the page says nothing of a next one */
};

bool sim_apps_page_streams(const struct sim_apps *a, const struct app_page *p,
			   struct mst_buf *out);
void sim_apps_page_stream(const struct sim_apps *a, unsigned stream,
			  struct mst_buf *out);
/* True: there are more. */
bool sim_apps_page_apps(const struct sim_apps *a, unsigned stream,
			unsigned period, const struct app_page *p,
			struct mst_buf *out);
bool sim_apps_page_users(const struct sim_apps *a, const struct sim_app *app,
			 unsigned stream, unsigned period,
			 const struct app_page *p, struct mst_buf *out);
/* With the envelope that this app's answer has. False: 404. */
bool sim_apps_page_info(const struct sim_apps *a, const struct sim_app *app,
			struct mst_buf *out);
/* One record of a stream's report. */
struct mst_jout;
void sim_apps_page_app(const struct sim_apps *a, const struct sim_app *app,
		       unsigned stream, unsigned period, const char *select,
		       struct mst_jout *j);

#endif
