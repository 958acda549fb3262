/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the server store share: the open store, its sets, the
 * transaction that is not written yet.
 */
#ifndef MST_RECVER_SERVER_PRIVATE_H
#define MST_RECVER_SERVER_PRIVATE_H

#include "base/map.h"
#include "recver/server/server.h"

struct mst_server_set {
	int64_t id;
	char *target, *name;
	/* of the open transaction */
	bool is_new; /* the server does not have it yet */
	bool gone;   /* its target is reset */
	bool reset;  /* what the server has of it counts no more */
};

/* A group of the open transaction, as the batch will have it. */
struct mst_pending {
	uint8_t id[24]; /* number of the set and key, highest first */
	struct mst_batch_row row;
	char *text, *list; /* of row */
};

struct mst_pending_meta {
	char *id; /* target, NUL, name */
	size_t id_n;
	char *value;
	struct mst_batch_meta meta;
};

struct mst_server_tx {
	bool open;
	size_t bytes;
	struct mst_map rows;  /* id → struct mst_pending */
	struct mst_map metas; /* id → struct mst_pending_meta */
	char **targets;	      /* that are reset */
	size_t targets_n;
	int64_t *strays; /* numbers of no set, whose groups go with them */
	size_t strays_n;
};

struct mst_server {
	struct mst_recver base;
	struct mst_server *next; /* of those that are open */
	const struct mst_recver_driver *d;
	void *c; /* NULL: not connected */
	struct mst_recver_conf conf;
	char *texts[16]; /* of conf; freed at the end */
	size_t texts_n;
	char *database;
	char *where; /* "RecVer 'name' on 'server'", for errors */

	char token[MST_LEASE_TOKEN]; /* "": not taken yet */
	char holder[MST_LEASE_HOLDER];
	int64_t renewed_us; /* when the lease was last known to be ours */
	int64_t keep_us;    /* no attempt of keep before */
	bool lost;	    /* somebody else has the lease */
	bool create;	    /* it is being opened, and may make or upgrade */

	struct mst_server_set *sets;
	size_t sets_n, sets_cap;
	int64_t last_set; /* the highest number that anything has */
	bool sets_stale;  /* a batch's fate is not known */
	struct mst_server_tx tx;
	bool busy; /* within a call: callbacks may not come back */
	struct mst_buf list, value;
};

static inline struct mst_server *mst_server_of(struct mst_recver *r)
{
	return mst_container_of(r, struct mst_server, base);
}

/* ---- server_call.c ------------------------------------------------------- */

/* fn on a connection, with another one when that may help, until the
 * connection's time-out has passed since the last thing that worked. fn says
 * with *moved_r that it got on. */
int mst_server_call(struct mst_server *s,
		    int (*fn)(struct mst_server *s, void *arg, bool *moved_r,
			      struct mst_err *err),
		    void *arg, struct mst_err *err);
/* The first connection. */
int mst_server_connect(struct mst_server *s, bool create, struct mst_err *err);
void mst_server_disconnect(struct mst_server *s);
/* Every public call starts with it: refuses calls from within a callback and
 * those on a store that somebody else has, and renews a lease that is due. */
int mst_server_enter(struct mst_server *s, struct mst_err *err);
/* Renews a lease that is due while s->c is in the middle of an answer, on a
 * connection of its own: *side, NULL at first; mst_server_side_end in any case.
 * Only MST_E_CONFLICT is an error: somebody else has it. */
int mst_server_keep_aside(struct mst_server *s, void **side,
			  struct mst_err *err);
void mst_server_side_end(struct mst_server *s, void **side);

/* ---- server_lease.c ------------------------------------------------------ */

int mst_server_lease_init(struct mst_server *s, struct mst_err *err);
void mst_server_lease_fini(struct mst_server *s);
/* Takes the lease; MST_E_CONFLICT names the holder. */
int mst_server_lease_take(struct mst_server *s, struct mst_err *err);
/* On a new connection: is it still ours? */
int mst_server_lease_confirm(struct mst_server *s, struct mst_err *err);
/* The same, on this connection. */
int mst_lease_confirm_on(struct mst_server *s, void *c, struct mst_err *err);
/* Best effort. */
void mst_lease_give_back(struct mst_server *s);
int mst_server_lease_lost(struct mst_server *s, struct mst_err *err);
/* The holder is a process of this machine that is no more. */
bool mst_lease_is_dead(const char *token);

/* ---- server_tx.c --------------------------------------------------------- */

struct mst_server_set *mst_server_set(struct mst_server *s, const char *target,
				      const char *name, bool make);
/* From the server, where that is needed. */
int mst_server_sets(struct mst_server *s, struct mst_err *err);
void mst_server_sets_forget(struct mst_server *s);
struct mst_pending *mst_tx_find(const struct mst_server *s, int64_t set,
				const uint8_t key[16]);
const struct mst_batch_meta *mst_tx_meta(const struct mst_server *s,
					 const char *target, const char *name);
/* Copies what they are given; the later one of a key counts. */
void mst_tx_put(struct mst_server *s, int64_t set,
		const struct mst_group_put *g);
void mst_tx_mark(struct mst_server *s, int64_t set,
		 const struct mst_group_row *row);
void mst_tx_del(struct mst_server *s, int64_t set, struct mst_hash key);
/* Forgets what it has of a set, or of all (0). */
void mst_tx_drop(struct mst_server *s, int64_t set);
void mst_tx_reset(struct mst_server *s, const char *target);
/* Groups and lists of numbers that no set has go with the transaction. */
int mst_tx_reset_strays(struct mst_server *s, struct mst_err *err);
void mst_tx_put_meta(struct mst_server *s, const char *target, const char *name,
		     struct mst_slice val);
/* MST_E_INVALID when the transaction is larger than one may be. */
int mst_tx_check(const struct mst_server *s, struct mst_err *err);
/* The transaction resets this target: what the server has counts no more. */
bool mst_tx_resets(const struct mst_server *s, const char *target);
/* What the transaction has of a set (0: all), in order; to be freed. */
struct mst_pending **mst_tx_sorted(const struct mst_server *s, int64_t set,
				   size_t *n_r);
/* The rows as they will be: of the transaction over the server's, which may be
 * NULL. False: there will be none. */
bool mst_tx_lay_over(const struct mst_pending *p,
		     const struct mst_group_row *stored, bool has_list,
		     struct mst_group_row *row_r);
bool mst_tx_empty(const struct mst_server *s);
void mst_tx_clear(struct mst_server *s);

#endif
