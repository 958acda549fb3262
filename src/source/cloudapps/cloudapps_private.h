/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of this source share: the connection's settings, the numbers
 * of feeds and fields, the state of a read. See docs/internals/cloudapps.md.
 */
#ifndef MST_SOURCE_CLOUDAPPS_PRIVATE_H
#define MST_SOURCE_CLOUDAPPS_PRIVATE_H

#include "base/hash.h"
#include "base/map.h"
#include "rules/rules.h"
#include "source/cloudapps/cloudapps.h"
#include "source/microsoft/microsoft.h"

/* ---- options ------------------------------------------------------------ */

enum ca_period { CA_7, CA_30, CA_90 };
enum ca_user_count { CA_COUNT_YES, CA_COUNT_ALONG, CA_COUNT_NO };

/* Ways to find a person, in the order in which they are tried. */
enum ca_way { CA_EMAIL, CA_UPN, CA_USER_NAME, CA_DOMAIN, CA_ALIAS, CA__WAYS };
#define CA_WAY_CHOICES "email|upn|user_name|domain|alias"

#define CA_ANY_SCORE 10 /* max_risk_score that leaves nothing out */

/* Filled by ca_opts; the engine reads the first member. */
struct ca_conf {
	struct mst_source_common common;
	struct ms_conf ms;

	/* settings: each overrides a rule (rules.c) */
	bool users; /* allow_user_synchronization */
	int64_t max_risk_score;
	int report_time_frame; /* enum ca_period */
	struct mst_opt_list streams, tags, tags_not;
	struct mst_opt_list classes;
	const char *correlation_prefix;
	bool app_info;
	const char *description_column;
	int64_t description_max;
	struct mst_opt_list description_cleared;
	int user_count; /* enum ca_user_count */
	struct mst_opt_list user_match, user_domains;
	struct mst_opt_list user_domain_rewrite, user_aliases;
};

extern const struct mst_opt ca_opts[];

/* ---- feeds and their fields --------------------------------------------- */

enum ca_feed { CA_STREAMS, CA_APPS, CA_INFO, CA_USERS, CA__FEEDS };

#define CA_BIT(feed) (1u << (feed))

/* The first field of every feed is its id or its app: keys and groups are taken
 * from field 0. */
enum ca_stream_field { CS_ID, CS_NAME, CS_ANONYMOUS, CS__N };

enum ca_app_field {
	CF_ID,
	CF_NAME,
	CF_CATEGORY,
	CF_SCORE,
	CF_RATING,
	CF_TAGS,
	CF_USERS,
	CF_DOMAINS,
	CF_LAST_SEEN,
	CF_STREAM,
	CF_STREAM_NAME, /* these two come by joins */
	CF_INFO,
	CF__N
};

/* Behind these the attributes (ca_attributes), then their older names. */
enum ca_info_field { CI_APP, CI_VALUE, CI_ATTRIBUTES };

enum ca_user_field {
	CU_APP,
	CU_STREAM,
	CU_NAME,
	CU_ANONYMOUS, /* these two by a join */
	CU_STREAM_NAME,
	CU_PERSON, /* these two by the look-up */
	CU_WHY,
	CU__N
};

extern const struct mst_feed ca_feeds[CA__FEEDS];
extern const struct mst_catalog ca_catalog;
#define CA_RULES 14
extern const struct mst_rule ca_rules[CA_RULES];
extern const struct mst_ask ca_asks[CA__WAYS];

/* What the settings make of the catalogue. */
int ca_adapt(const void *conf, struct mst_derive *d, struct mst_err *err);

/* ---- names of parts (parts.c) ------------------------------------------- */

#define CA_ID_MAX 64 /* bytes of an id that is asked for by name */

/* "STREAM", "STREAM,APP", with ",PAGE" from the second page on. app NULL: of
 * the stream alone. */
void ca_part_name(struct mst_buf *out, const char *stream, const char *app,
		  unsigned page);
/* Element 0 or 1 of the name of a part, decoded into buf. False: it has none,
 * or it does not fit. */
bool ca_part_element(const char *name, unsigned at, char *buf, size_t buf_n,
		     struct mst_slice *out_r);
bool ca_given(unsigned feed, unsigned field, const char *name, char *buf,
	      size_t buf_n, struct mst_slice *out_r);

/* ---- reading ------------------------------------------------------------ */

#define CA_RESTARTS  3	 /* of one list, before its read has failed */
#define CA_TRIES     3	 /* of a page that came damaged */
#define CA_LAGS	     20	 /* lists of users that are asked for twice in vain */
#define CA_IN_FLIGHT 6	 /* lists under way side by side */
#define CA_PAGE	     100 /* sizes of pages are multiples of it */

extern const struct ms_need ca_need;

struct ca_stream {
	char *id, *name;
	bool anonymous;
	int64_t data_us; /* it received data last; MST_TIME_NONE: never */
};

/* An app that the settings do not leave out. */
struct ca_app {
	char *id;
	size_t first; /* number of its first showing, from 1 */
	bool wanted;  /* more of it is asked for */
};

/* A stream shows an app. */
struct ca_show {
	size_t stream, app; /* indexes */
	uint64_t users;	    /* userCount there */
	size_t next;	    /* number of the next one of this app, 0: none */
};

/* What a list is of: a stream, an app or a showing, by feed. */
struct ca_chain {
	bool used, waiting;
	size_t at;	/* index of what it is of */
	uint64_t seq;	/* of the request under way */
	char *link;	/* of the next page, as it came */
	unsigned parts; /* that were kept */
	unsigned tries, restarts;
	bool linked; /* the page asked for came from a link */
	bool other;  /* the other name of the function is tried */
	bool again;  /* a doubtful list is being read once more */
	bool twin;   /* because another one said the same */
	bool anew;   /* what was kept of it is to be replaced */
	struct mst_hash said, before; /* users it names; named then */
	uint64_t records, doubles;
	struct mst_arena arena; /* keys of seen */
	struct mst_map seen;	/* ids and links of this list */
};

/* A list of users that was whole, until another one said the same. */
struct ca_twin {
	size_t at;
	struct mst_hash said;
	uint64_t records;
};

struct ca_read {
	unsigned feed;
	bool active, ended;
	size_t next; /* what is read next */
	uint64_t pages, records;
	uint64_t missing; /* lists that are not there */
	uint64_t doubles;
	bool one;      /* only one app was asked for */
	bool reread;   /* streams, apps: all of it is read once more */
	bool repeated; /* a page said what another list had said */
	/* lists of users that were asked for twice in vain: of another length
	 * than told; that said what another one did */
	unsigned lags, alike;
	struct ca_twin twins[CA_LAGS]; /* to be read once more */
	unsigned twins_n;
	char doubt[200]; /* "" while there is none */
	struct ca_chain chain[CA_IN_FLIGHT];
};

struct mst_source {
	char *connection;
	const struct ca_conf *conf;
	struct ms_sites sites;
	struct mst_auth *auth; /* NULL: a folder */
	struct mst_json_parser *parser;
	struct mst_picker *picker; /* of apps */
	uint64_t seq;
	bool no_security; /* the path without "/security" */
	bool named;	  /* it is known what the function is called: */
	bool namespaced;  /* with its namespace */
	struct ca_read read;
	struct mst_proof proofs[CA__FEEDS];
	/* what the lists said, for those behind them */
	struct mst_arena arena;
	struct ca_stream *streams;
	size_t streams_n, streams_cap;
	size_t all_streams; /* also those that `streams` leaves out */
	int64_t newest_us;  /* any of them received data last */
	/* what pages of streams and apps, and lists of users, showed: hashes
	 * of their ids */
	struct mst_hash streams_page;
	struct mst_map pages;
	struct mst_arena pages_arena;
	struct ca_app *apps;
	size_t apps_n, apps_cap;
	struct ca_show *shows;
	size_t shows_n, shows_cap;
	struct mst_map by_id; /* lower case → index of apps + 1 */
	char *one;	      /* the app that is asked for, or NULL */
};

/* read.c: which request comes next */
int ca_begin(struct mst_source *s, unsigned feed, const char *one,
	     struct mst_err *err);
int ca_next(struct mst_source *s, struct mst_req *req_r, struct mst_err *err);
void ca_read_clear(struct ca_read *r);
void ca_chain_clear(struct ca_chain *c);
/* The list from its first page on. */
void ca_chain_again(struct ca_read *r, struct ca_chain *c);
/* The first doubt is the one that is told. */
void ca_doubt(struct ca_read *r, const char *fmt, ...) MST_PRINTF(2, 3);
/* The address of the path that all others hang on: no trailing slash. */
void ca_base_url(const struct mst_source *s, bool no_security,
		 struct mst_buf *url);
/* Behind it: "/STREAM/aggregatedAppsDetails(period=…)". */
void ca_apps_path(const struct ca_conf *conf, bool namespaced,
		  const char *stream, struct mst_buf *url);
/* The stream and the app that a list is of, NULL: of none. */
void ca_chain_of(const struct mst_source *s, const struct ca_chain *c,
		 const struct ca_stream **stream_r,
		 const struct ca_app **app_r);

/* Streams, apps: from the first list on; what came so far does not count. */
void ca_read_again(struct mst_source *s);

/* answer.c: pages */
int ca_accept(struct mst_source *s, const struct mst_req *req,
	      const struct mst_resp *resp, struct mst_err *err);

/* found.c: what streams and apps say, for the lists behind them */
void ca_found_clear(struct mst_source *s);
/* The apps alone: they are read once more. */
void ca_found_apps_clear(struct mst_source *s);
/* Which list showed what. */
void ca_found_pages_clear(struct mst_source *s);
void ca_found_page(struct mst_source *s, struct mst_hash ids, uintptr_t list);
void ca_found_stream(struct mst_source *s, struct mst_json record);
/* Did it receive data in the days that the reports cover? As far as the streams
 * themselves know: no clock of ours is asked. */
bool ca_stream_alive(const struct mst_source *s, size_t stream);
/* A record of the list of the stream (index). */
void ca_found_app(struct mst_source *s, size_t stream, struct mst_json record);
/* Does the setting `streams` choose it? name NULL: it is not known. */
bool ca_stream_chosen(const struct ca_conf *conf, struct mst_slice id,
		      struct mst_slice name);
bool ca_is_true(const struct mst_value *v);

/* filter.c: the setting that leaves the app out, or NULL; *unknown_r: because
 * it has no score. v: the fields that a record has itself. */
const char *ca_left_out_by(const struct ca_conf *conf,
			   const struct mst_value *v, bool *unknown_r);

/* checks.c */
size_t ca_permissions(struct mst_source *s, uint32_t feeds,
		      struct mst_check *out, size_t max);
int ca_checks(struct mst_source *s, const struct mst_checks_env *env,
	      struct mst_checks **c_r, struct mst_err *err);

/* folder.c */
int ca_classify(const char *rel, struct mst_slice head, struct mst_spoilt *sp);

#endif
