/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the SQLite store share: the open store, the numbers of
 * its statements, the sets by number.
 */
#ifndef MST_RECVER_SQLITE_PRIVATE_H
#define MST_RECVER_SQLITE_PRIVATE_H

#include "base/limits.h"
#include "db/db.h"
#include "recver/recver_private.h"

enum {
	Q_META_GET,
	Q_META_PUT,
	Q_META_RESET,
	Q_SET_GET,
	Q_SET_ADD,
	Q_SET_RESET,
	Q_LOAD,
	Q_LIST_OF,
	Q_PARTS,
	Q_PART_SIZES,
	Q_PART_PUT,
	Q_PARTS_DEL,
	Q_LIST_RESET,
	Q_PUT,
	Q_MARK,
	Q_DEL,
	Q_RESET,
	Q_RESET_STRAYS,
	Q_LIST_RESET_STRAYS,
	Q_STATS,
	Q_STATS_TEXT,
	Q_STATS_ROUGH,
	Q__MAX
};

/* Marks a file as RecVer's: "MSRR". */
#define MST_SQLSTORE_APP_ID 0x4d535252

struct mst_sqlset {
	char *target, *name;
	int64_t id;
};

/* Most rows of a list: the first one's id is a multiple of it. */
#define MST_SQLSTORE_PARTS	1048576
#define MST_SQLSTORE_PARTS_TEXT "1048576"

/* The last page of the lists. */
struct mst_sqltail {
	int64_t next; /* list that is new; 0: to be asked for */
	bool known;   /* room is what the page has left */
	size_t room;
	int64_t first, before; /* lists with which it and the one before it
				* began */
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
	struct mst_sqltail tail;
	struct mst_buf list; /* a group's members, as they go in or came out */
	struct mst_buf raw;  /* a list at rest, as it came out */
	struct mst_buf cuts; /* lengths of a list's rows */
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

/* sqlite_list.c. A list is named by the id of its first row; 0: none. */

/* Stores the members of g, which may be none: in place of *list, or as a new
 * one. */
int mst_sqlstore_list_put(struct mst_sqlstore *s, const struct mst_group_put *g,
			  int64_t *list, struct mst_err *err);
int mst_sqlstore_list_del(struct mst_sqlstore *s, int64_t *list,
			  struct mst_err *err);
/* What is stored of a group: its list and the number of its members. */
int mst_sqlstore_list_of(struct mst_sqlstore *s, int64_t set,
			 const struct mst_hash *key, bool *found_r,
			 int64_t *list_r, int64_t *members_r,
			 struct mst_err *err);
/* As at rest, lent until the next one. Without bytes when it is not there. */
int mst_sqlstore_list_get(struct mst_sqlstore *s, int64_t list,
			  struct mst_slice *bytes_r, struct mst_err *err);
/* When the file was changed in another way. */
void mst_sqlstore_list_forget(struct mst_sqlstore *s);

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

/* room.c */
int mst_sqlstore_compact(struct mst_recver *r, struct mst_err *err);
int mst_sqlstore_tidy(struct mst_recver *r, struct mst_err *err);

/* sqlite_verify.c */
int mst_sqlstore_verify(struct mst_recver *r,
			const struct mst_recver_look *look,
			struct mst_err *err);
int mst_sqlstore_adopt(struct mst_recver *r, const uint8_t seed[8],
		       struct mst_err *err);

#endif
