/* SPDX-License-Identifier: Apache-2.0
 *
 * Drives a source of Microsoft's without a network: opens it from YAML options,
 * takes its requests, gives it answers; and runs its rules on JSON texts. Not
 * included by itself: a header of the source's own says in DRIVE_CONF what its
 * options fill, and in OPS which functions it has.
 */
#ifndef MST_TESTS_SOURCE_DRIVE_H
#define MST_TESTS_SOURCE_DRIVE_H

#include <stddef.h>

#include "../lib/t.h"
#include "rules/rules.h"
#include "source/source.h"

/* The options, as large for every source. */
struct drive_room {
	max_align_t at[512];
};
#ifdef DRIVE_CONF
_Static_assert(sizeof(DRIVE_CONF) <= sizeof(struct drive_room), "room");
#define DRIVE_CONF_UNION                                                       \
	union {                                                                \
		DRIVE_CONF conf;                                               \
		struct drive_room room;                                        \
	}
#else
#define DRIVE_CONF_UNION struct drive_room room
#endif

struct drive {
	const struct mst_source_ops *ops;
	struct mst_conf yaml;
	struct mst_arena arena;
	DRIVE_CONF_UNION;
	struct mst_source *s;
	struct mst_req req; /* the last one */
	bool has_req;
	struct mst_err err;
};

/* options: YAML lines "key: value\n" of the connection, "" for none. The
 * connection is named "defender"; tenant, client and secret are there. */
void drive_open_of(struct drive *d, const struct mst_source_ops *ops,
		   const char *options);
/* Only the options: what applying or opening says. */
int drive_try_of(struct drive *d, const struct mst_source_ops *ops,
		 const char *options);
void drive_close(struct drive *d);
void drive_begin(struct drive *d, unsigned feed, const char *one);
/* The next step; the request, if there is one, is in d->req. */
int drive_next(struct drive *d);
/* The next step must be a request with this URL. */
void drive_expect(struct drive *d, const char *url);
/* Answers d->req. Returns what accept() said. */
int drive_answer(struct drive *d, int status, struct mst_slice body);
int drive_text(struct drive *d, int status, const char *body);
/* As a file of so many bytes. */
int drive_file(struct drive *d, uint64_t bytes);
/* Any answer to any request. */
int drive_give(struct drive *d, const struct mst_req *req,
	       const struct mst_resp *resp);
struct mst_resp drive_resp(int status, struct mst_slice body);
/* END is due; the proof of the feed. */
struct mst_proof drive_end(struct drive *d, unsigned feed);

/* A list {"value":[{"id":"…"},…]} with n ids from first on, and a link. */
const char *page_of_ids(size_t first, size_t n, const char *link);

/* ---- rules ----------------------------------------------------------------
 */

struct ruled {
	const struct mst_source_ops *ops;
	DRIVE_CONF_UNION;
	struct mst_arena arena;
	const struct mst_catalog *catalog; /* as the settings make it */
	struct mst_rules *rules;
	struct mst_json_parser *parser;
	struct mst_picker *picker[MST_MAX_FEEDS];
	struct mst_value v[MST_MAX_FIELDS];
	struct mst_desired d;
	bool handheld;	   /* the destination has the class */
	const char *lacks; /* classes that fit this pattern are not there */
	unsigned feed;
};

#define RULES_NOW 1732060800000000 /* 2024-11-20 00:00:00 */

/* options: settings, as YAML lines "key: value\n". */
void ruled_open_of(struct ruled *r, const struct mst_source_ops *ops,
		   const char *options);
/* Closes and opens again. */
void ruled_again(struct ruled *r, const char *options);
/* Only the settings and the catalogue: what adapt says. Free r->arena. */
int ruled_try_of(struct ruled *r, const struct mst_source_ops *ops,
		 const char *options, struct mst_err *err);
void ruled_close(struct ruled *r);
/* Takes a record of a feed; quotes in the text are ' for readability. */
void ruled_record(struct ruled *r, unsigned feed, const char *json);
void ruled_pick(struct ruled *r, unsigned feed, struct mst_json record);
/* The filter of the mapping of this set for the feed. */
enum mst_keep ruled_keep(struct ruled *r, const char *set,
			 struct mst_slice *why_r);
/* Applies it; the record must be kept and have a key. */
void ruled_apply(struct ruled *r, const char *set);
/* Text of a column; {NULL,0} when it has no value. */
struct mst_slice ruled_col(const struct ruled *r, const char *column);
/* Applies the default device mapping and compares one column: want NULL is
 * "no value". */
void ruled_is(const struct ruled *r, const char *column, const char *want);
unsigned ruled_mapping(const struct ruled *r, const char *set);

#ifdef DRIVE_CONF
static inline void drive_open(struct drive *d, const char *options)
{
	drive_open_of(d, OPS, options);
}

static inline int drive_try(struct drive *d, const char *options)
{
	return drive_try_of(d, OPS, options);
}

static inline void ruled_open_with(struct ruled *r, const char *options)
{
	ruled_open_of(r, OPS, options);
}

static inline void ruled_open(struct ruled *r)
{
	ruled_open_of(r, OPS, "");
}

static inline int ruled_try(struct ruled *r, const char *options,
			    struct mst_err *err)
{
	return ruled_try_of(r, OPS, options, err);
}
#endif

#endif
