/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the SQLite store share: the open store, the numbers of
 * its statements, the sets by number.
 */
#ifndef MST_RECVER_SQLITE_PRIVATE_H
#define MST_RECVER_SQLITE_PRIVATE_H

#include "base/limits.h"
#include "db/db.h"
#include "recver_private.h"

enum {
	Q_META_GET,
	Q_META_PUT,
	Q_META_RESET,
	Q_SET_GET,
	Q_SET_ADD,
	Q_SET_RESET,
	Q_LOAD,
	Q_LIST,
	Q_LIST_ID,
	Q_LIST_PUT,
	Q_LIST_DEL,
	Q_LIST_RESET,
	Q_PUT,
	Q_MARK,
	Q_DEL,
	Q_RESET,
	Q_RESET_TARGET,
	Q_LIST_RESET_TARGET,
	Q_STATS,
	Q_STATS_TEXT,
	Q__MAX
};

/* Marks a file as RecVer's: "MSRR". */
#define MST_SQLSTORE_APP_ID 0x4d535252

struct mst_sqlset {
	char *target, *name;
	int64_t id;
};

/* Versions of its tables that a file may be behind. */
#define MST_SQLSTORE_UPGRADES 32

struct mst_sqlstore {
	struct mst_recver base;
	struct mst_db_spec spec;
	const char *upgrades[MST_SQLSTORE_UPGRADES]; /* of spec */
	struct mst_db db;
	struct mst_lock lock;
	struct mst_sqlset sets[MST_MAX_SETS];
	unsigned sets_n;
	struct mst_buf list; /* a group's members, as they go in or came out */
};

static inline struct mst_sqlstore *mst_sqlstore_of(struct mst_recver *r)
{
	return mst_container_of(r, struct mst_sqlstore, base);
}

static inline struct mst_slice mst_bytes16(const uint8_t b[16])
{
	return mst_slice((const char *)b, 16);
}

/* The number of a set; 0 when it has none and make is false. */
int mst_sqlstore_set(struct mst_sqlstore *s, const char *target,
		     const char *set, bool make, int64_t *id_r,
		     struct mst_err *err);
/* When a transaction that may have made sets is undone. */
void mst_sqlstore_forget_sets(struct mst_sqlstore *s);

/* The writing members of the table; see recver.h. */
int mst_sqlstore_begin(struct mst_recver *r, struct mst_err *err);
int mst_sqlstore_commit(struct mst_recver *r, struct mst_err *err);
void mst_sqlstore_abort(struct mst_recver *r);
int mst_sqlstore_put(struct mst_recver *r, const char *target, const char *set,
		     const struct mst_group_put *g, size_t n,
		     struct mst_err *err);
int mst_sqlstore_mark(struct mst_recver *r, const char *target, const char *set,
		      const struct mst_group_row *rows, size_t n,
		      struct mst_err *err);
int mst_sqlstore_del(struct mst_recver *r, const char *target, const char *set,
		     const struct mst_hash *keys, size_t n,
		     struct mst_err *err);
int mst_sqlstore_reset(struct mst_recver *r, const char *target,
		       const char *set, struct mst_err *err);

/* sqlite_verify.c */
int mst_sqlstore_verify(struct mst_recver *r,
			const struct mst_recver_look *look,
			struct mst_err *err);
int mst_sqlstore_adopt(struct mst_recver *r, const uint8_t seed[8],
		       struct mst_err *err);

#endif
