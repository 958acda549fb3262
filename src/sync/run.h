/* SPDX-License-Identifier: Apache-2.0
 *
 * One execution of a job. A session opens both ends, reads the source and
 * computes the delta; what is done with it is the caller's choice: run pushes
 * it, plan shows it, check and explain read the destination back.
 */
#ifndef MST_SYNC_RUN_H
#define MST_SYNC_RUN_H

#include "sync/budget.h"
#include "sync/delta.h"
#include "sync/fetch.h"
#include "sync/push.h"

/* Among the proofs of a run: what the guard held back. */
#define MST_PROOF_HELD "(held)"

struct mst_run_conf {
	const char *job;
	struct mst_opt_list record_sets; /* instead of the job's; n 0: those */
	const char *one;		 /* --device */
	const char *read_from; /* a folder instead of the source; NULL: as the
				* connection has it */
	uint64_t limit;
	bool full;    /* send everything again */
	bool approve; /* the guard does not hold back */
	/* Nothing will be written, nor is it asked what a run would: no guard,
	 * no doubts told; skipped records are kept. */
	bool look;
	bool every_group; /* the delta keeps groups that did not change */
	/* The source is not read and counts as one that shows nothing: what
	 * its job delivered goes by the missing rules. */
	bool nothing;
	/* Sets (NULL ended) that somebody else makes anew: the guard holds
	 * them back only when it holds back another one. NULL: none. */
	const char *const *anew;
	const struct mst_hash *plan; /* only if the delta has this sum */
	/* Configuration that counts instead of what is stored, as if it were
	 * (config.h); outlives the session. */
	const struct mst_conf_item *front;
	size_t front_n;
	const struct mst_progress *progress;
	const atomic_bool *cancel;
};

struct mst_session {
	struct mst_run_conf conf;
	struct mst_state *state;
	struct mst_state_lock *lock;
	struct mst_job job;
	struct mst_recver *recver;
	struct mst_source *source;
	struct mst_client *source_client;
	struct mst_dest *dest;
	struct mst_client *dest_client;
	struct mst_spool spool;
	struct mst_delta delta;
	struct mst_push push;
	struct mst_run_counts counts[MST_MAX_SETS];
	char *dir;   /* of this session, for spool and change files */
	int64_t run; /* 0 unless it is recorded */
	char run_text[24];
	int64_t now_us;
	struct mst_run_budget budget; /* of the destination */
	int64_t until_us; /* end of the job's window; 0: it has none */
	bool guarded;	  /* the guard holds something back */
	struct mst_run_item *skips;
	size_t skips_n;
	struct mst_arena skips_arena;
};

/* Opens job, lock, RecVer. record: the run is noted in the state store. */
int mst_session_open(struct mst_session *s, struct mst_state *state,
		     const struct mst_run_conf *conf, bool record,
		     struct mst_err *err);
/* Instead: the job and its destination alone, without the job's lock, RecVer
 * or the source. */
int mst_session_look(struct mst_session *s, struct mst_state *state,
		     const struct mst_run_conf *conf, struct mst_err *err);
/* The destination alone: opened and asked what must be known. */
int mst_session_dest(struct mst_session *s, struct mst_err *err);
/* Opens both ends, asks the destination what must be known, reads the source
 * into the spool. */
int mst_session_read(struct mst_session *s, struct mst_err *err);
/* The delta, and the guard's word on it. */
int mst_session_compare(struct mst_session *s, struct mst_err *err);
int mst_session_push(struct mst_session *s, struct mst_err *err);
/* Ends the run (status and counts into the state store, when recorded) and
 * closes everything. failed: the error that ended it, or NULL. Returns the
 * status. */
enum mst_run_status mst_session_close(struct mst_session *s,
				      const struct mst_err *failed);
/* The status that close will give. */
enum mst_run_status mst_session_status(const struct mst_session *s,
				       const struct mst_err *failed);
/* Rules for one thread, made from the session (after mst_session_read). */
int mst_session_rules(struct mst_session *s, struct mst_rules **r_r,
		      struct mst_err *err);

/* Opens a source connection alone and reads it into a folder: `muster fetch`.
 * env: whose settings say what is read, MST_ENV__MAX as for
 * mst_connection_get. */
int mst_fetch_to(struct mst_state *state, const char *connection,
		 enum mst_env env, const char *dir,
		 const struct mst_progress *progress, const atomic_bool *cancel,
		 struct mst_err *err);

#endif
