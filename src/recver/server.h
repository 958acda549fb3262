/* SPDX-License-Identifier: Apache-2.0
 *
 * Stores on database servers. server.c does what all of them need: the lease,
 * transactions, batches, reading one's own writes, reconnecting. A driver only
 * knows its server's language.
 *
 * A transaction lives in memory until it is committed; then its batch goes to
 * the driver as a whole. A batch may be applied twice with the same result, so
 * one whose fate is not known (the connection died) is applied again.
 */
#ifndef MST_RECVER_SERVER_H
#define MST_RECVER_SERVER_H

#include "recver_private.h"

enum mst_batch_kind {
	MST_BATCH_PUT,	/* the row, with its list (none when list.n is 0) */
	MST_BATCH_KEEP, /* the row; a stored list and its number of members
			 * stay as they are */
	MST_BATCH_MARK, /* the state alone; makes a row without members and
			 * with digest 0 when there is none */
	MST_BATCH_DEL
};

struct mst_batch_row {
	int64_t set;
	uint8_t key[16];
	enum mst_batch_kind kind;
	struct mst_group_row row;
	struct mst_slice list; /* as at rest, mst_recver_list_put */
};

struct mst_batch_set {
	int64_t id;
	const char *target, *name;
};

struct mst_batch_meta {
	const char *target, *name;
	struct mst_slice value;
};

/* In this order: resets, new sets, rows, values. A reset forgets what was
 * stored before the transaction; every set and key is in rows once, in order
 * of both. */
struct mst_batch {
	const int64_t *reset_sets; /* groups and lists of these sets go */
	size_t reset_sets_n;
	const char *const *reset_targets; /* their values and sets go, too */
	size_t reset_targets_n;
	const struct mst_batch_set *sets;
	size_t sets_n;
	const struct mst_batch_row *rows;
	size_t rows_n;
	const struct mst_batch_meta *metas;
	size_t metas_n;
};

/* Who has the database: one row. Times are the server's. */
struct mst_lease {
	char token[33];	  /* hex; "": nobody */
	char holder[200]; /* "host, process 4711", for people */
	bool expired;
};

/* One connection. All calls from one thread. A driver's error is
 * MST_E_TRANSIENT when another connection may help: lost connections,
 * fail-overs, deadlocks, serialization failures. Any such error ends the
 * connection: server.c disconnects, waits, connects again and repeats the call.
 * What a DBA must mend (no such database, no right, read-only, full, older or
 * newer tables) is another error, one line with the remedy. */
struct mst_recver_driver {
	const char *type;
	/* database: its name. create: makes the database and its tables where
	 * they are missing, and upgrades older ones. Without it a missing one
	 * is MST_E_NOTFOUND. MST_E_UNSUPPORTED: newer tables than ours. */
	int (*connect)(const struct mst_recver_conf *conf, const char *database,
		       bool create, void **c_r, struct mst_err *err);
	void (*disconnect)(void *c);

	int (*lease_read)(void *c, struct mst_lease *l_r, struct mst_err *err);
	/* Puts `to` in the place of the lease whose token is `from` ("": of
	 * none), for so long; to->token "" gives it back. *done_r false: the
	 * token was another one. from may equal to->token (renewal). */
	int (*lease_swap)(void *c, const char *from, const struct mst_lease *to,
			  int64_t for_ms, bool *done_r, struct mst_err *err);

	int (*sets)(void *c,
		    int (*fn)(void *ctx, const struct mst_batch_set *s),
		    void *ctx, struct mst_err *err);
	/* Appends the value. */
	int (*meta_get)(void *c, const char *target, const char *name,
			struct mst_buf *val, bool *found_r,
			struct mst_err *err);
	/* In order of key, from behind `after` (16 bytes; NULL: all). fn
	 * non-zero: stop with that value. */
	int (*load)(void *c, int64_t set, const uint8_t *after,
		    int (*fn)(void *ctx, const struct mst_group_row *row),
		    void *ctx, struct mst_err *err);
	/* For every group of keys that exists, in any order: its list at rest
	 * (n 0: it has none) and its number of members. */
	int (*lists)(void *c, int64_t set, const struct mst_hash *keys,
		     size_t n,
		     int (*fn)(void *ctx, const struct mst_hash *key,
			       struct mst_slice list, uint32_t members),
		     void *ctx, struct mst_err *err);
	/* Of these sets; all when n is 0. bytes: of the whole database. */
	int (*stats)(void *c, const int64_t *sets, size_t n,
		     struct mst_recver_stats *s_r, struct mst_err *err);
	/* The whole batch in one transaction that fails with MST_E_CONFLICT
	 * when the lease's token is not `token`. A server without transactions
	 * over several documents checks the token first, and writes in an order
	 * that makes a stop in between harmless. */
	int (*apply)(void *c, const char *token, const struct mst_batch *b,
		     struct mst_err *err);
	/* May be NULL. */
	int (*compact)(void *c, struct mst_err *err);
};

/* The members of struct mst_recver_ops for a store on a server: each store's
 * table is MST_RECVER_SERVER_OPS with an open of its own that calls
 * mst_server_open with its driver. */
int mst_server_open(const struct mst_recver_driver *d,
		    const struct mst_recver_ops *ops,
		    const struct mst_recver_conf *conf, const char *source,
		    bool create, struct mst_recver **r_r, struct mst_err *err);

#endif
