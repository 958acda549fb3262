/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the MongoDB driver share: a connection, documents of
 * groups, bulks, lists that are too long for one document, errors by code.
 */
#ifndef MST_RECVER_MONGODB_PRIVATE_H
#define MST_RECVER_MONGODB_PRIVATE_H

#include <mongoc/mongoc.h>

#include "recver/mongodb/names.h"
#include "recver/mongodb/probe.h"
#include "recver/server/server.h"

struct mst_mongo {
	mongoc_client_t *h;
	const struct mst_recver_conf *conf; /* outlives the connection */
	char *database;
	mongoc_collection_t *grp, *parts, *sets, *meta, *lease;
	bool admin;	   /* conf's user is --admin's, not recver.user */
	bool alone;	   /* one server, no replica set and no router */
	bool parts_unseen; /* there may be parts that nobody has looked at */

	/* Rises with every holder of the lease. What is written carries it,
	 * and nothing replaces what carries a higher one. */
	int64_t term;

	/* Of the batch that is being written. */
	const char *token;
	int64_t for_ms, held_us;
};

/* ---- mongodb_error.c ----------------------------------------------------- */

/* reply may be NULL: its labels say what may be tried again. */
int mst_mongo_fail(const struct mst_mongo *c, const bson_t *reply,
		   const bson_error_t *e, struct mst_err *err);
bool mst_mongo_is(const bson_error_t *e, uint32_t code);

#define MST_MONGO_EXISTS     48
#define MST_MONGO_NO_COMMAND 59
#define MST_MONGO_DUPLICATE  11000

/* ---- mongodb_conn.c, mongodb_setup.c ------------------------------------- */

#define MST_MONGO_WIRE_5_0 13

/* What a server is. */
struct mst_mongo_kind {
	char set[100]; /* of which it is a member; "": of none */
	bool router;   /* of a sharded cluster */
	bool alone;    /* neither */
	bool writable;
	int64_t wire; /* version of the protocol */
};

/* MST_E_INVALID: a collection of RecVer's names holds what is not RecVer's. To
 * be asked where there is no version: behind it nobody else's can be there. */
int mst_mongo_own(struct mst_mongo *c, struct mst_err *err);
/* Connects, whoever answers. mst_mongo_shut in any case. */
int mst_mongo_dial(struct mst_mongo *c, struct mst_mongo_kind *k_r,
		   struct mst_err *err);
int mst_mongo_kind(struct mst_mongo *c, struct mst_mongo_kind *k_r,
		   struct mst_err *err);
/* The same, and refuses what cannot be used. */
int mst_mongo_open(struct mst_mongo *c, struct mst_err *err);
void mst_mongo_shut(struct mst_mongo *c);
/* What the server says of itself; bson_destroy reply_r in any case. */
int mst_mongo_hello(struct mst_mongo *c, bson_t *reply_r, struct mst_err *err);
/* Their names; NULL ended. */
extern const char *const mst_mongo_collections[];
/* Of the collections; 0: there are none, or not all of them. */
int mst_mongo_version(void *c, unsigned *version_r, struct mst_err *err);
/* Makes what is missing of them. */
int mst_mongo_make(void *c, struct mst_err *err);
/* The collections, made when create; refuses a newer version's. */
int mst_mongo_setup(struct mst_mongo *c, bool create, struct mst_err *err);
int mst_mongo_upgrade(void *c, struct mst_err *err);

/* ---- mongodb_script.c ---------------------------------------------------- */

/* Runs the commands of a script for mongosh whose statements are all of the
 * form recver.runCommand(EJSON.deserialize({...})); */
int mst_mongo_script(void *c, const char *script, struct mst_err *err);

/* ---- mongodb_doc.c ------------------------------------------------------- */

#define MST_MONGO_ID   24 /* number of the set and key, highest first */
#define MST_MONGO_GEN  12 /* of a list in parts */
#define MST_MONGO_PART 40 /* the two, and the part's number */

void mst_mongo_id(int64_t set, const uint8_t key[16], uint8_t id[MST_MONGO_ID]);
void mst_mongo_add_bytes(bson_t *b, const char *name, const void *p, size_t n);
/* {"_id": {"$gt" or "$gte": the set's first or after, "$lt": its end}} */
void mst_mongo_range(bson_t *filter, int64_t set, const uint8_t *after);
/* {"_id": …, "term": {"$lte": ours}} */
void mst_mongo_fence(const struct mst_mongo *c, bson_t *filter);

/* A group's document; what points into it is lent. */
struct mst_mongo_group {
	struct mst_group_row row;
	uint8_t id[MST_MONGO_ID];
	bool has_list;
	struct mst_slice list;
	uint8_t gen[MST_MONGO_GEN]; /* of the parts */
	int64_t parts, bytes;	    /* 0: the list is in the document */
};

int mst_mongo_group(const bson_t *doc, struct mst_mongo_group *g,
		    struct mst_err *err);
/* The row's fields, without the list and its number of members. */
void mst_mongo_add_row(const struct mst_mongo *c, bson_t *b,
		       const struct mst_group_row *row);

/* ---- mongodb_read.c, mongodb_parts.c ------------------------------------- */

/* Every document to fn; a result that is not 0 ends it. Destroys the cursor. */
int mst_mongo_each(struct mst_mongo *c, mongoc_cursor_t *cursor,
		   int (*fn)(void *ctx, const bson_t *doc, struct mst_err *err),
		   void *ctx, struct mst_err *err);

/* Writes a list as parts of a new generation. */
int mst_mongo_parts_write(struct mst_mongo *c, const uint8_t id[MST_MONGO_ID],
			  struct mst_slice list, uint8_t gen_r[MST_MONGO_GEN],
			  int64_t *parts_r, struct mst_err *err);
/* Appends the list; MST_E_CORRUPT when a part is missing. */
int mst_mongo_parts_read(struct mst_mongo *c, const struct mst_mongo_group *g,
			 struct mst_buf *out, struct mst_err *err);
/* Deletes the parts that no group's document names. */
int mst_mongo_parts_tidy(struct mst_mongo *c, struct mst_err *err);
/* The longest list that is kept in its group's document. */
size_t mst_mongo_inline_max(void);

/* ---- mongodb_write.c, mongodb_rows.c ------------------------------------- */

/* Before every write of a batch: is the lease still ours? Asks the server when
 * it has not been asked for a while. */
int mst_mongo_step(struct mst_mongo *c, struct mst_err *err);
/* Deletes what the filter matches and nobody later has written; destroys the
 * filter. */
int mst_mongo_delete(struct mst_mongo *c, mongoc_collection_t *from,
		     bson_t *filter, struct mst_err *err);

/* Writes of one collection, in any order, that go out together. */
struct mst_mongo_bulk {
	struct mst_mongo *c;
	mongoc_collection_t *to;
	mongoc_bulk_operation_t *b;
	size_t n, bytes;
	bool refused; /* the library takes one of the writes not */
	bson_error_t e;
};

/* Sends what is there when another write of so many bytes is too much. */
int mst_mongo_bulk_room(struct mst_mongo_bulk *k, size_t bytes,
			struct mst_err *err);
/* Destroys both documents. Both calls need room before. */
void mst_mongo_bulk_update(struct mst_mongo_bulk *k, bson_t *filter,
			   bson_t *update, bool whole, bool upsert);
void mst_mongo_bulk_delete(struct mst_mongo_bulk *k, bson_t *filter);
int mst_mongo_bulk_send(struct mst_mongo_bulk *k, struct mst_err *err);
/* After an error: nothing more of it is sent. */
void mst_mongo_bulk_drop(struct mst_mongo_bulk *k);

/* The groups of a batch, lists first. */
int mst_mongo_rows(struct mst_mongo *c, const struct mst_batch *b,
		   struct mst_err *err);

/* ---- the driver's calls -------------------------------------------------- */

int mst_mongo_lease_read(void *c, struct mst_lease *l_r, struct mst_err *err);
int mst_mongo_lease_swap(void *c, const char *from, const struct mst_lease *to,
			 int64_t for_ms, bool *done_r, struct mst_err *err);
/* Renews it; MST_E_CONFLICT when the token is another one. */
int mst_mongo_lease_hold(struct mst_mongo *c, const char *token, int64_t for_ms,
			 struct mst_err *err);
int mst_mongo_sets(void *c, int (*fn)(void *ctx, const struct mst_batch_set *s),
		   void *ctx, struct mst_err *err);
int mst_mongo_meta_get(void *c, const char *target, const char *name,
		       struct mst_buf *val, bool *found_r, struct mst_err *err);
int mst_mongo_load(void *c, int64_t set, const uint8_t *after,
		   int (*fn)(void *ctx, const struct mst_group_row *row,
			     bool has_list),
		   void *ctx, struct mst_err *err);
int mst_mongo_lists(void *c, int64_t set, const struct mst_hash *keys, size_t n,
		    int (*fn)(void *ctx, const struct mst_hash *key,
			      struct mst_slice list, uint32_t members),
		    void *ctx, struct mst_err *err);
int mst_mongo_stats(void *c, const int64_t *sets, size_t n,
		    struct mst_recver_stats *s_r, struct mst_err *err);
int mst_mongo_apply(void *c, const char *token, int64_t for_ms,
		    const struct mst_batch *b, struct mst_err *err);
/* mongodb_verify.c */
int mst_mongo_verify(void *c, const struct mst_recver_look *look,
		     struct mst_err *err);

#endif
