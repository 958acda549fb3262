/* SPDX-License-Identifier: Apache-2.0
 *
 * The state store: connections, jobs and settings as configured, runs with
 * their counts, refused and skipped records, the log of writes (for explain),
 * and the audit of configuration changes. One SQLite database "state.db" in the
 * state folder. All calls from one thread.
 */
#ifndef MST_STATE_STATE_H
#define MST_STATE_STATE_H

#include "base/buf.h"
#include "base/err.h"
#include "model/model.h"

struct mst_state;

/* dir: the state folder, made when missing (mode 0700). NULL: the default,
 * $MUSTER_STATE, else $STATE_DIRECTORY (systemd), else /var/lib/muster for
 * root, else $XDG_STATE_HOME/muster or ~/.local/state/muster. */
int mst_state_open(const char *dir, struct mst_state **s_r,
		   struct mst_err *err);
void mst_state_close(struct mst_state **s);
const char *mst_state_dir(const struct mst_state *s);

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
};

/* Take the job's lock first: a run whose job is not locked by the process that
 * began it reads as MST_RUN_DEAD. Runs of the job that died before are marked
 * so for good, and what is older than the newest 1,000 runs (20 for refused
 * and skipped records) is removed. */
int mst_state_run_begin(struct mst_state *s, const char *job, int64_t *id_r,
			struct mst_err *err);
/* By id: end (now, when not set), status, error, counts and proof. */
int mst_state_run_end(struct mst_state *s, const struct mst_run *run,
		      struct mst_err *err);
int mst_state_run_counts(struct mst_state *s, int64_t run, const char *set,
			 const struct mst_run_counts *c, struct mst_err *err);
/* Newest first, at most n, ids below `before` (0: all); job NULL: all. */
int mst_state_runs(struct mst_state *s, const char *job, int64_t before,
		   size_t n, int (*fn)(void *ctx, const struct mst_run *run),
		   void *ctx, struct mst_err *err);
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
};

int mst_state_item_log(struct mst_state *s, int64_t run,
		       const struct mst_run_item *items, size_t n,
		       struct mst_err *err);
int mst_state_run_items(struct mst_state *s, int64_t run, size_t max,
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

/* Takes the job's lock (a file lock that dies with the process):
 * MST_E_CONFLICT names the holder's process and run. */
struct mst_state_lock;
int mst_state_lock(struct mst_state *s, const char *job,
		   struct mst_state_lock **l_r, struct mst_err *err);
void mst_state_unlock(struct mst_state_lock **l);

/* ---- audit --------------------------------------------------------------- */

struct mst_audit_entry {
	int64_t id, at_us, uid;
	const char *user; /* name; "ann (sudo)" when root by sudo */
	const char *kind, *name;
	const char *before; /* "" when the item is new */
	const char *after;
	const char *what; /* "set", "promote" …; "" when it was applied */
};

/* Changes of the configuration, newest first, at most max, ids below `before`
 * (0: all). Texts are lent for the call. */
int mst_state_audit(struct mst_state *s, int64_t before, size_t max,
		    int (*fn)(void *ctx, const struct mst_audit_entry *e),
		    void *ctx, struct mst_err *err);

#endif
