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

#include "recver/recver_private.h"

#define MST_LEASE_TOKEN	 80
#define MST_LEASE_HOLDER 200
/* How long a lease is valid, and when it is renewed. The loops of a run call
 * `keep`, so it may end long before a run does. */
#define MST_LEASE_MS	   300000
#define MST_LEASE_RENEW_MS 60000
/* Keys of one question for lists. */
#define MST_SERVER_KEYS 1000

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
	char token[MST_LEASE_TOKEN];   /* hex and '-'; "": nobody */
	char holder[MST_LEASE_HOLDER]; /* "host, process 4711", for people */
	bool expired;
};

/* One connection. All calls from one thread. A driver's error is
 * MST_E_TRANSIENT when another connection may help: lost connections,
 * fail-overs, deadlocks, serialization failures. Any such error ends the
 * connection: server.c disconnects, waits, connects again and repeats the call.
 * What a DBA must mend (no such database, no right, read-only, full, older or
 * newer tables) is another error, one line with the remedy. server.c puts
 * server and database in front of every error's text.
 *
 * A callback's result that is not 0 ends the call with that value; callbacks
 * do not call the driver. */
struct mst_recver_driver {
	const char *type;
	/* database: its name. create: makes the database and its tables where
	 * they are missing, and lets older ones through. Without it a missing
	 * one is MST_E_NOTFOUND, "… does not exist yet …". MST_E_UNSUPPORTED:
	 * newer tables than ours. The value "schema" of target "" is written
	 * with the tables; server.c only reads it. */
	int (*connect)(const struct mst_recver_conf *conf, const char *database,
		       bool create, void **c_r, struct mst_err *err);
	void (*disconnect)(void *c);
	/* Brings older tables up to this version; the caller has the lease.
	 * NULL: there are no versions. */
	int (*upgrade)(void *c, struct mst_err *err);

	int (*lease_read)(void *c, struct mst_lease *l_r, struct mst_err *err);
	/* Puts `to` in the place of the lease whose token is `from` ("": of
	 * none), for so long; to->token "" gives it back. *done_r false: the
	 * token was another one. from may equal to->token (renewal). Whether
	 * the old one has ended is not asked. */
	int (*lease_swap)(void *c, const char *from, const struct mst_lease *to,
			  int64_t for_ms, bool *done_r, struct mst_err *err);

	int (*sets)(void *c,
		    int (*fn)(void *ctx, const struct mst_batch_set *s),
		    void *ctx, struct mst_err *err);
	/* Appends the value, of any length that was stored. */
	int (*meta_get)(void *c, const char *target, const char *name,
			struct mst_buf *val, bool *found_r,
			struct mst_err *err);
	/* In order of key, from behind `after` (16 bytes; NULL: all).
	 * has_list: there is a list behind the row. */
	int (*load)(void *c, int64_t set, const uint8_t *after,
		    int (*fn)(void *ctx, const struct mst_group_row *row,
			      bool has_list),
		    void *ctx, struct mst_err *err);
	/* For every group of keys that exists, in any order: its list at rest
	 * (n 0: it has none) and its number of members. Keys are unique and
	 * sorted, at most MST_SERVER_KEYS. */
	int (*lists)(void *c, int64_t set, const struct mst_hash *keys,
		     size_t n,
		     int (*fn)(void *ctx, const struct mst_hash *key,
			       struct mst_slice list, uint32_t members),
		     void *ctx, struct mst_err *err);
	/* Of these sets; all when n is 0. bytes: of the whole database. */
	int (*stats)(void *c, const int64_t *sets, size_t n,
		     struct mst_recver_stats *s_r, struct mst_err *err);
	/* The whole batch in one transaction that renews the lease first, and
	 * fails with MST_E_CONFLICT when its token is not `token`. A server
	 * without transactions over several documents checks the token first,
	 * and writes in an order that makes a stop in between harmless. */
	int (*apply)(void *c, const char *token, int64_t for_ms,
		     const struct mst_batch *b, struct mst_err *err);
	/* As mst_recver_ops.verify, without `again`; any of look's other calls
	 * may be NULL. */
	int (*verify)(void *c, const struct mst_recver_look *look,
		      struct mst_err *err);
	/* May be NULL. */
	int (*compact)(void *c, struct mst_err *err);
};

/* Each store's table: its type, MST_RECVER_SERVER_OPS with its driver, and an
 * open of its own that calls mst_server_open with it. */
int mst_server_open(const struct mst_recver_driver *d,
		    const struct mst_recver_ops *ops,
		    const struct mst_recver_conf *conf, const char *source,
		    bool create, struct mst_recver **r_r, struct mst_err *err);

#define MST_RECVER_SERVER_OPS(d)                                               \
	.driver = (d), .close = mst_server_close,                              \
	.meta_get = mst_server_meta_get, .meta_put = mst_server_meta_put,      \
	.load = mst_server_load, .members = mst_server_members,                \
	.begin = mst_server_begin, .commit = mst_server_commit,                \
	.abort = mst_server_abort, .put = mst_server_put,                      \
	.mark = mst_server_mark, .del = mst_server_del,                        \
	.reset = mst_server_reset, .stats = mst_server_stats,                  \
	.verify = mst_server_verify, .adopt = mst_server_adopt,                \
	.compact = mst_server_compact, .keep = mst_server_keep

void mst_server_close(struct mst_recver **r);
int mst_server_meta_get(struct mst_recver *r, const char *target,
			const char *name, struct mst_buf *val, bool *found_r,
			struct mst_err *err);
int mst_server_meta_put(struct mst_recver *r, const char *target,
			const char *name, struct mst_slice val,
			struct mst_err *err);
int mst_server_load(struct mst_recver *r, const char *target, const char *set,
		    int (*fn)(void *ctx, const struct mst_group_row *row),
		    void *ctx, struct mst_err *err);
int mst_server_members(struct mst_recver *r, const char *target,
		       const char *set, const struct mst_hash *keys, size_t n,
		       int (*fn)(void *ctx, const struct mst_hash *key,
				 const struct mst_member *m, size_t m_n),
		       void *ctx, struct mst_err *err);
int mst_server_begin(struct mst_recver *r, struct mst_err *err);
int mst_server_commit(struct mst_recver *r, struct mst_err *err);
void mst_server_abort(struct mst_recver *r);
int mst_server_put(struct mst_recver *r, const char *target, const char *set,
		   const struct mst_group_put *g, size_t n,
		   struct mst_err *err);
int mst_server_mark(struct mst_recver *r, const char *target, const char *set,
		    const struct mst_group_row *rows, size_t n,
		    struct mst_err *err);
int mst_server_del(struct mst_recver *r, const char *target, const char *set,
		   const struct mst_hash *keys, size_t n, struct mst_err *err);
int mst_server_reset(struct mst_recver *r, const char *target, const char *set,
		     struct mst_err *err);
int mst_server_stats(struct mst_recver *r, const char *target, const char *set,
		     struct mst_recver_stats *s_r, struct mst_err *err);
int mst_server_verify(struct mst_recver *r, const struct mst_recver_look *look,
		      struct mst_err *err);
int mst_server_adopt(struct mst_recver *r, const uint8_t seed[8],
		     struct mst_err *err);
int mst_server_compact(struct mst_recver *r, struct mst_err *err);
int mst_server_keep(struct mst_recver *r, struct mst_err *err);

/* Appends what a copy into the database is of, when it was not finished (the
 * value MST_RECVER_UNFINISHED). Takes no lease. Errors are the driver's. */
int mst_server_unfinished(const struct mst_recver_ops *ops,
			  const struct mst_recver_conf *conf,
			  const char *source, struct mst_buf *from,
			  struct mst_err *err);

/* Takes the place of the pause between two attempts to connect, so that tests
 * need not wait; NULL puts the real one back. */
void mst_server_pause(void (*fn)(int64_t ms));

#endif
