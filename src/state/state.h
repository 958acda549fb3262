/* SPDX-License-Identifier: Apache-2.0
 *
 * The state store: connections, jobs and settings as configured, runs with
 * their counts, refused and skipped records, the log of writes (for explain),
 * and the audit. One SQLite database "state.db" in the state folder, or a
 * database on PostgreSQL. All calls of a handle from one thread. What is called
 * for each row of a list changes nothing through the same handle.
 */
#ifndef MST_STATE_STATE_H
#define MST_STATE_STATE_H

#include <stdatomic.h>

#include "base/buf.h"
#include "base/err.h"
#include "model/model.h"

struct mst_state;

/* dir: the state folder, made when missing (mode 0700). NULL: the default,
 * $MUSTER_STATE, else $STATE_DIRECTORY (systemd), else /var/lib/muster for
 * root, else $XDG_STATE_HOME/muster or ~/.local/state/muster.
 *
 * The store is state.db there, or on PostgreSQL when $MUSTER_STORE, or else a
 * file "store" in the folder, names one: postgresql://… */
int mst_state_open(const char *dir, struct mst_state **s_r,
		   struct mst_err *err);
void mst_state_close(struct mst_state **s);
/* The same with a store that is named; NULL or "": as above; "sqlite": the file
 * in the folder whatever else is said. */
int mst_state_open_store(const char *dir, const char *store,
			 struct mst_state **s_r, struct mst_err *err);
const char *mst_state_dir(const struct mst_state *s);
/* MST_E_IO: the store's file was removed, or another one stands in its place:
 * what is written goes nowhere. A server's is always itself. */
int mst_state_is_there(const struct mst_state *s, struct mst_err *err);
/* The store may be shared with other nodes: it is no file of this machine. */
bool mst_state_is_shared(const struct mst_state *s);
/* Where it is, for people: a path, or the address without its password. */
const char *mst_state_store(const struct mst_state *s);

/* ---- configuration: YAML texts by kind ("connection", "job" …, conf.h) and
 * name ------------------------------------------------------------------- */

struct mst_state_item {
	/* For putting: yaml NULL takes the item out. */
	const char *kind, *name, *type, *yaml;
	/* For putting: what is done, for the audit ("promote"); NULL: it is
	 * simply applied. */
	const char *what;
	/* For putting: the text that must be there, "" for none; NULL: any. */
	const char *only_if;
	/* By reads: when the first one of this name was put. */
	int64_t created_us;
};

/* Puts several in one transaction, with an audit entry for each that changed.
 * Counts what happened. MST_E_CONFLICT, and nothing is put, when an item's
 * only_if does not hold. */

int mst_state_put_items(struct mst_state *s, const struct mst_state_item *items,
			size_t n, size_t *added_r, size_t *changed_r,
			struct mst_err *err);
/* In order of kind and name. Texts are lent for the call. kind NULL: all. */
int mst_state_items(struct mst_state *s, const char *kind,
		    int (*fn)(void *ctx, const struct mst_state_item *item),
		    void *ctx, struct mst_err *err);
/* Appends the YAML; MST_E_NOTFOUND names the nearest. */
int mst_state_item(struct mst_state *s, const char *kind, const char *name,
		   struct mst_buf *yaml, struct mst_err *err);

/* The same without an error when it is not there. */
int mst_state_find(struct mst_state *s, const char *kind, const char *name,
		   struct mst_buf *yaml, bool *found_r, struct mst_err *err);

/* ---- sealed secrets (base/seal.h) -----------------------------------------
 */

/* While a state store is open, "sealed:NAME" is read from it. */

struct mst_secret;
struct mst_state_secret {
	const char *name;
	int64_t changed_us; /* when it was set */
	bool opens;	    /* the key that sealed it is there */
};

/* Stores it, a new one or another value. key_r: the path of the key file when
 * the first secret made one, else NULL; free() it. MST_E_CONFLICT while
 * another process changes them. */
int mst_state_secret_set(struct mst_state *s, const char *name,
			 const struct mst_secret *value, char **key_r,
			 struct mst_err *err);
int mst_state_secret_remove(struct mst_state *s, const char *name,
			    struct mst_err *err);
/* By name. Texts are lent for the call; values are never shown. */
int mst_state_secrets(struct mst_state *s,
		      int (*fn)(void *ctx, const struct mst_state_secret *e),
		      void *ctx, struct mst_err *err);
/* "sealed:" references of this thread are read from this store from now on; of
 * the thread that opened it they are. */
void mst_state_secrets_offer(struct mst_state *s);
int mst_state_secret(struct mst_state *s, const char *name,
		     struct mst_secret **s_r, struct mst_err *err);
/* Makes a new key and seals all secrets with it. Ended at any moment it leaves
 * all of them readable, and the next one finishes it. */
int mst_state_secrets_rotate(struct mst_state *s, size_t *n_r,
			     struct mst_err *err);

/* ---- runs ---------------------------------------------------------------- */

enum mst_run_status {
	MST_RUN_RUNNING,
	MST_RUN_OK,
	MST_RUN_PARTIAL, /* done, with refused records or unproven reads */
	MST_RUN_FAILED,
	MST_RUN_CANCELLED,
	MST_RUN_GUARD, /* waits for --approve */
	MST_RUN_DEAD   /* RUNNING, but its process is gone */
};

const char *mst_run_status_name(enum mst_run_status s);
bool mst_run_status_parse(struct mst_slice word, enum mst_run_status *s_r);

struct mst_run_counts { /* one record set of a run */
	uint64_t read, new_, changed, retired, deleted, closed, reopened;
	uint64_t unchanged, refused, skipped, requests;
	int64_t us;
};

struct mst_run {
	int64_t id;
	const char *job;	      /* lent by reads; copied by writes */
	int64_t started_us, ended_us; /* ended: MST_TIME_NONE while running */
	enum mst_run_status status;
	const char *error; /* "" when none */
	uint64_t read, writes, requests;
	const char *proof; /* JSON text: proofs of the reads */
	/* By reads: the task that it is of (0: none), and who asked for it. */
	int64_t task;
	const char *asked_by;
};

/* Take the job's lock first: a run whose job is not locked by the process that
 * began it reads as MST_RUN_DEAD. Runs of the job that died before are marked
 * so for good, and what is older than the newest 100,000 runs (20 for refused
 * and skipped records) is removed. Who asked for it is mst_state_actor. */
int mst_state_run_begin(struct mst_state *s, const char *job, int64_t *id_r,
			struct mst_err *err);
/* By id: end (now, when not set), status, error, counts and proof. */
int mst_state_run_end(struct mst_state *s, const struct mst_run *run,
		      struct mst_err *err);
/* Runs that ended before then (died: began) go with all that is known of them,
 * up to the first one that did not; the newest of each job stays. */
int mst_state_runs_trim(struct mst_state *s, int64_t before_us,
			struct mst_err *err);
int mst_state_run_counts(struct mst_state *s, int64_t run, const char *set,
			 const struct mst_run_counts *c, struct mst_err *err);
struct mst_run_filter {
	const char *job; /* NULL: all */
	int status;	 /* enum mst_run_status; -1: any */
	int64_t before;	 /* ids below; 0: all */
	size_t n;	 /* at most */
};
/* Newest first. */
int mst_state_runs(struct mst_state *s, const struct mst_run_filter *f,
		   int (*fn)(void *ctx, const struct mst_run *run), void *ctx,
		   struct mst_err *err);
int mst_state_run(struct mst_state *s, int64_t id,
		  int (*fn)(void *ctx, const struct mst_run *run), void *ctx,
		  struct mst_err *err);
int mst_state_run_sets(struct mst_state *s, int64_t run,
		       int (*fn)(void *ctx, const char *set,
				 const struct mst_run_counts *c),
		       void *ctx, struct mst_err *err);

/* Refused and skipped records, and those delivered without something, with the
 * reason. At most 100,000 a run are kept; the counts stay right. */
struct mst_run_item {
	const char *set, *key, *what /* "refused", "skipped", "without" */,
	    *reason;
	const char *request_id;
	int64_t id; /* by reads */
};

int mst_state_item_log(struct mst_state *s, int64_t run,
		       const struct mst_run_item *items, size_t n,
		       struct mst_err *err);
struct mst_item_filter { /* NULL, 0: any */
	const char *what, *set;
	int64_t after; /* ids above */
	size_t n;      /* at most */
};
/* In the order in which they came. */
int mst_state_run_items(struct mst_state *s, int64_t run,
			const struct mst_item_filter *f,
			int (*fn)(void *ctx, const struct mst_run_item *i),
			void *ctx, struct mst_err *err);

/* The log of writes: last write of a record. Batched in one transaction. */
struct mst_write_log {
	struct mst_hash key; /* hash of set, group key and member key */
	int64_t run;
	enum mst_action action;
	enum mst_verdict_kind verdict;
	int64_t at_us;
	const char *request_id;
	struct mst_sysid remote;
};

int mst_state_write_log(struct mst_state *s, const char *job,
			const struct mst_write_log *w, size_t n,
			struct mst_err *err);
/* Before many are asked for: new entries are not in order of key until so many
 * have come together, and each question would go through all of them. */
int mst_state_merge_writes(struct mst_state *s, struct mst_err *err);
/* The newest write of a record; *found_r false when there is none.
 * request_id is copied into id_buf. */
int mst_state_last_write(struct mst_state *s, const char *job,
			 struct mst_hash key, struct mst_write_log *w_r,
			 struct mst_buf *id_buf, bool *found_r,
			 struct mst_err *err);

/* ---- why records were written -------------------------------------------- */

/* How often a column was a reason to update records of a set. column "": all
 * updates; "(…)": reasons that are no column. */
struct mst_field_count {
	const char *set, *column;
	uint64_t seen;	 /* updates that were looked at */
	uint64_t writes; /* all of them, estimated from those */
	uint64_t runs;	 /* by reads: how many runs had some */
};

/* Adds to what the run has. */
int mst_state_fields_add(struct mst_state *s, int64_t run,
			 const struct mst_field_count *v, size_t n,
			 struct mst_err *err);
/* Sums over the newest runs of the job that updated anything, the greatest
 * first. Texts are lent for the call. */
int mst_state_fields(struct mst_state *s, const char *job, size_t runs,
		     int (*fn)(void *ctx, const struct mst_field_count *c),
		     void *ctx, struct mst_err *err);

/* The sample of a set's records by which reasons are told (sync/reasons.h):
 * small values by key. */
struct mst_sample_row {
	struct mst_slice key;
	struct mst_slice bytes; /* {NULL,0}: the row goes */
};

int mst_state_sample(struct mst_state *s, const char *job, const char *set,
		     int (*fn)(void *ctx, struct mst_slice key,
			       struct mst_slice bytes),
		     void *ctx, struct mst_err *err);
/* anew: what was there goes first. */
int mst_state_sample_put(struct mst_state *s, const char *job, const char *set,
			 bool anew, const struct mst_sample_row *rows, size_t n,
			 struct mst_err *err);

/* ---- one run of a job at a time ------------------------------------------ */

/* Takes the job's lock (a file lock that dies with the process; a lease where
 * the store is shared): MST_E_CONFLICT names the holder's process and run.
 *
 * A lease is lost when the process stood still or was cut off for longer than
 * it is valid. Then every transaction through this handle is refused with
 * MST_E_CONFLICT, in the transaction itself: what is stored after the loss
 * never counts. */
struct mst_state_lock;
int mst_state_lock(struct mst_state *s, const char *job,
		   struct mst_state_lock **l_r, struct mst_err *err);
void mst_state_unlock(struct mst_state_lock **l);
/* The node that locks of this handle are taken for from now on. Without it it
 * is $MUSTER_NODE (as the daemon sets it for a worker), else none. Copied. */
void mst_state_node_set(struct mst_state *s, const char *name);
/* Set when a lease of this process is lost; for cancelling what it does. */
void mst_state_lost_set(atomic_bool *flag);

/* ---- audit --------------------------------------------------------------- */

/* Who changes things through this handle from now on: a request of the API sets
 * it, NULL takes it away. Without it it is $MUSTER_ACTOR via $MUSTER_ACTOR_VIA
 * (as the daemon sets them for a worker), else the user of the process via
 * "cli". Copied. */
void mst_state_actor_set(struct mst_state *s, const char *name, const char *via,
			 const char *address);
/* Who that is; until it is set again. */
const char *mst_state_actor(struct mst_state *s);

#define MST_AUDIT_HASH 32
struct mst_audit_entry {
	int64_t id, at_us, uid;
	/* Name; "ann (sudo)" when root by sudo. For putting, these three: NULL
	 * takes those of mst_state_actor_set. */
	const char *user, *via, *address;
	const char *kind, *name;
	const char *before; /* "" when there was none; for putting: NULL */
	const char *after;
	const char *what; /* "set", "promote" …; "" when it was applied */
	const unsigned char *hash; /* by reads: MST_AUDIT_HASH bytes */
};

/* Adds an entry: user, via, address, kind, name, before, after, what. What the
 * functions of the store change they put themselves. */
int mst_audit_put(struct mst_state *s, const struct mst_audit_entry *e,
		  struct mst_err *err);

struct mst_audit_filter { /* NULL, 0: any */
	const char *kind, *name, *user;
	int64_t before; /* ids below */
	size_t n;	/* at most */
};
/* Newest first. Texts are lent for the call. */
int mst_state_audit(struct mst_state *s, const struct mst_audit_filter *f,
		    int (*fn)(void *ctx, const struct mst_audit_entry *e),
		    void *ctx, struct mst_err *err);

/* The newest entry; id 0 and a hash of zeroes when there is none. */
int mst_audit_head(struct mst_state *s, int64_t *id_r,
		   unsigned char hash_r[MST_AUDIT_HASH], struct mst_err *err);

struct mst_audit_check {
	uint64_t entries;		    /* that fit */
	int64_t bad_id;			    /* the first that does not; 0 */
	const char *why;		    /* "" */
	unsigned char head[MST_AUDIT_HASH]; /* newest hash */
};
/* Goes through all of them. want: a hash that was the head once and must be in
 * the chain; NULL: none. Returns 0 for a chain that is broken, too: c_r says
 * so. */
int mst_audit_verify(struct mst_state *s, const unsigned char *want,
		     struct mst_audit_check *c_r, struct mst_err *err);

#endif
