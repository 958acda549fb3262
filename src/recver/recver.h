/* SPDX-License-Identifier: Apache-2.0
 *
 * RecVer: the checksum database of one source connection, per destination
 * ("target"): what was delivered. Two levels: a row per group with its digest,
 * and one blob per group with its members. Batched always: no statement per
 * row of a batch. All calls from one thread; callbacks do not call the store.
 *
 * The text of the rules that every store must keep is tests/contract/.
 */
#ifndef MST_RECVER_RECVER_H
#define MST_RECVER_RECVER_H

#include "base/err.h"
#include "model/model.h"
#include "model/recver_conf.h"

enum mst_group_state {
	MST_GROUP_CLEAN = 0,  /* digest is what the source showed */
	MST_GROUP_DIRTY = 1,  /* some member's verdict was not good */
	MST_GROUP_PENDING = 2 /* a push was begun and not committed: look
			       * records up before writing them again */
};

struct mst_group_row {
	struct mst_hash key;   /* hash of text, keyed by the RecVer's seed */
	struct mst_slice text; /* group key as the source writes it */
	struct mst_hash digest;
	uint32_t members;	 /* in its blob */
	struct mst_sysid remote; /* the record's, where a group is a record */
	int64_t first_delivered_us, last_changed_us;
	int64_t last_run;
	enum mst_group_state state;
};

/* A member of a group; sorted by key within its group, keys unique. */
struct mst_member {
	uint64_t key;
	uint64_t value;
	struct mst_sysid remote;
};

/* Value of a member that a push was about to insert: whether it exists is not
 * known, and remote is its parent's id. Only in PENDING groups. */
#define MST_MEMBER_INTENDED 1

/* Value of target "" that is not empty as long as a copy into the database is
 * under way: nobody but that copy may use it. */
#define MST_RECVER_UNFINISHED "unfinished"

/* A group to be stored. with_remote: the blob keeps remote ids (32 bytes a
 * member instead of 16). */
struct mst_group_put {
	struct mst_group_row row;
	const struct mst_member *members; /* row.members of them; NULL leaves
					   * the stored blob as it is */
	bool with_remote;
};

/* A group as it lies in the database, right or wrong. Numbers that are none are
 * INT64_MIN; what is not there has no bytes and p NULL. */
struct mst_recver_raw {
	int64_t set; /* its number */
	struct mst_slice key, text, digest, remote, list;
	bool has_list; /* its row says that there is one */
	int64_t members, run, state;
	int64_t first_us, changed_us; /* MST_TIME_NONE: not set */
	const char *wrong;	      /* what only the store can see, or NULL */
};

/* Everything in a database, for those who check it or move it. Texts are lent
 * for the call. A result that is not 0 ends the look with that value; calls do
 * not call the store. */
struct mst_recver_look {
	void *ctx;
	/* The connection was lost: all of it comes again from the start. */
	void (*again)(void *ctx);
	int (*set)(void *ctx, int64_t id, const char *target, const char *name);
	int (*meta)(void *ctx, const char *target, const char *name,
		    struct mst_slice value);
	/* Behind sets and values, in order of set and key, of sets without a
	 * name, too. NULL: groups are not read, nor what is stray. */
	int (*group)(void *ctx, const struct mst_recver_raw *g);
	/* What belongs to nothing; one line each. */
	int (*stray)(void *ctx, const char *what);
	/* Behind sets and values: the numbers above `after` that groups or
	 * lists have, in order, whether or not a set has them. NULL: they are
	 * not looked for. A store that is no server's need not know it. */
	int (*number)(void *ctx, int64_t set);
	int64_t after;
};

struct mst_recver; /* first member of every store's own struct */

struct mst_recver_stats {
	uint64_t groups, members, bytes;
	uint64_t dirty, pending;
};

struct mst_recver_driver;

struct mst_recver_ops {
	const char *type; /* "sqlite", "mem", … */
	/* Of a store on a server (server/server.h); else NULL. */
	const struct mst_recver_driver *driver;
	/* conf is not kept; source: the connection's name. Makes the database
	 * when create. A newer schema than ours is refused. Takes the store's
	 * lock (one run at a time): MST_E_CONFLICT names the holder. */
	int (*open)(const struct mst_recver_conf *conf, const char *source,
		    bool create, struct mst_recver **r_r, struct mst_err *err);
	void (*close)(struct mst_recver **r);

	/* Small values by name: seed, fingerprints, cursors, proofs. A missing
	 * one is not an error: *found_r false. val is appended.
	 * Target "" (or NULL) is the database itself: there "seed" (8 random
	 * bytes, lowest first, made with the database), "schema" and "hash"
	 * (texts) and "source" are read-only. */
	int (*meta_get)(struct mst_recver *r, const char *target,
			const char *name, struct mst_buf *val, bool *found_r,
			struct mst_err *err);
	int (*meta_put)(struct mst_recver *r, const char *target,
			const char *name, struct mst_slice val,
			struct mst_err *err);

	/* All groups of a set, in order of key. fn's row.text is lent for the
	 * call. fn returns non-zero to stop with that value. */
	int (*load)(struct mst_recver *r, const char *target, const char *set,
		    int (*fn)(void *ctx, const struct mst_group_row *row),
		    void *ctx, struct mst_err *err);
	/* Members of some groups (keys sorted or not); fn once per group that
	 * exists, members lent for the call. */
	int (*members)(struct mst_recver *r, const char *target,
		       const char *set, const struct mst_hash *keys, size_t n,
		       int (*fn)(void *ctx, const struct mst_hash *key,
				 const struct mst_member *m, size_t m_n),
		       void *ctx, struct mst_err *err);

	/* One transaction at a time. put, state, del and meta_put outside of
	 * one are their own. */
	int (*begin)(struct mst_recver *r, struct mst_err *err);
	int (*commit)(struct mst_recver *r, struct mst_err *err);
	void (*abort)(struct mst_recver *r);
	int (*put)(struct mst_recver *r, const char *target, const char *set,
		   const struct mst_group_put *g, size_t n,
		   struct mst_err *err);
	/* Marks groups; makes a row (digest zero, no members) for a group that
	 * is not there yet. rows: key, text, state are read. */
	int (*mark)(struct mst_recver *r, const char *target, const char *set,
		    const struct mst_group_row *rows, size_t n,
		    struct mst_err *err);
	int (*del)(struct mst_recver *r, const char *target, const char *set,
		   const struct mst_hash *keys, size_t n, struct mst_err *err);
	/* set NULL: all sets of the target, with its meta, and whatever
	 * belongs to no set of any target. Target "" is refused. */
	int (*reset)(struct mst_recver *r, const char *target, const char *set,
		     struct mst_err *err);
	/* target NULL: all targets; set NULL: all sets. bytes is always what
	 * the whole database takes. */
	int (*stats)(struct mst_recver *r, const char *target, const char *set,
		     struct mst_recver_stats *s_r, struct mst_err *err);
	/* Shows everything that is committed; reads only. */
	int (*verify)(struct mst_recver *r, const struct mst_recver_look *look,
		      struct mst_err *err);
	/* Takes over the seed of another database, so that its groups may be
	 * put here. MST_E_INVALID when there is a set already. */
	int (*adopt)(struct mst_recver *r, const uint8_t seed[8],
		     struct mst_err *err);
	/* Gives freed space back and writes the log into the database, so that
	 * the file's size is the true one. */
	int (*compact)(struct mst_recver *r, struct mst_err *err);
	/* Behind a run: as compact, when anything was written and more than a
	 * third of the database is free. What it finds to do takes about a
	 * second for 200 MB. NULL: the server sees to it. */
	int (*tidy)(struct mst_recver *r, struct mst_err *err);
	/* The lock of a store on a server ends by itself when nothing is heard
	 * of its holder for minutes: loops that take long without reading or
	 * writing here call this, as often as they like. MST_E_CONFLICT:
	 * another run has taken the store over. NULL: nothing is needed. */
	int (*keep)(struct mst_recver *r, struct mst_err *err);
};

struct mst_recver {
	const struct mst_recver_ops *ops;
};

static inline int mst_recver_keep(struct mst_recver *r, struct mst_err *err)
{
	return r->ops->keep ? r->ops->keep(r, err) : 0;
}

static inline int mst_recver_tidy(struct mst_recver *r, struct mst_err *err)
{
	return r->ops->tidy ? r->ops->tidy(r, err) : 0;
}

extern const struct mst_recver_ops mst_recver_mem;
extern const struct mst_recver_ops mst_recver_sqlite;
extern const struct mst_recver_ops mst_recver_postgres;
extern const struct mst_recver_ops mst_recver_sqlserver;
extern const struct mst_recver_ops mst_recver_mongodb;
const struct mst_recver_ops *mst_recver_find(const char *type); /* or NULL */

#endif
