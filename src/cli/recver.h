/* SPDX-License-Identifier: Apache-2.0
 *
 * What the commands on RecVer share: a store by the name of a connection or in
 * words, its place for people, and consent.
 */
#ifndef MST_CLI_RECVER_H
#define MST_CLI_RECVER_H

#include "cli/cli.h"
#include "recver/copy.h"
#include "recver/verify.h"
#include "sync/connection.h"
#include "sync/job.h"

struct recver_opts {
	bool yes, force;
	const char *record_set, *target;
	/* script */
	const char *type, *database, *login, *script, *tool, *output;
	const char *from; /* --upgrade-from */
};

/* A store, named by a connection or in words: "postgres:server=db1,user=x". */
struct recver_place {
	const char *words;  /* as they were given */
	const char *source; /* the connection's name; NULL: in words */
	const char *type;   /* the connection's type */
	struct mst_recver_conf conf;
	const struct mst_conf_value *values; /* recver.* */
	size_t values_n;
};

/* Texts live in arena. MST_E_NOTFOUND: no such connection; MST_E_INVALID: a
 * destination, or words that are wrong. */
int recver_place_get(struct mst_state *state, const char *words,
		     struct mst_arena *arena, struct recver_place *p_r,
		     struct mst_err *err);
/* Path and database filled in, as the connection `source` has them. */
void recver_place_fill(struct mst_state *state, struct recver_place *p,
		       const char *source, struct mst_arena *arena);
/* "PostgreSQL …" for people, in arena. */
const char *recver_place_name(const struct recver_place *p,
			      struct mst_arena *arena);
/* Its options as lines of the connection `source`. */
void recver_place_lines(const struct recver_place *p, const char *source,
			const char *type, struct mst_buf *out);

/* The jobs that read a connection; those that cannot be loaded left out. */
struct recver_jobs {
	struct mst_state *state;
	const struct mst_connection *connection;
	struct mst_arena *arena; /* outlives it */
	struct mst_job *v;
	size_t n;
};

/* recver_jobs_fini in any case. */
int recver_jobs_load(struct recver_jobs *jobs, struct mst_state *state,
		     const struct mst_connection *connection,
		     struct mst_arena *arena, struct mst_err *err);
void recver_jobs_fini(struct recver_jobs *jobs);
/* What is known of a target: its record sets are those of the job that delivers
 * there, else those that the source has. */
void recver_jobs_target(const struct recver_jobs *jobs, const char *name,
			struct mst_recver_target *t_r);

/* Is there a job of this name? */
bool recver_is_job(struct mst_state *state, const char *name,
		   struct mst_arena *arena);
/* The source connection of a name that no job has. MST_E_NOTFOUND;
 * MST_E_INVALID: it is a destination. */
int recver_source(struct mst_state *state, const char *name,
		  struct mst_arena *arena, struct mst_connection *c_r,
		  struct mst_err *err);
/* Prints the question and reads "yes". */
bool recver_agreed(const char *question);

/* name: a job or a source connection. */
int recver_stats(struct mst_state *state, const char *name,
		 struct mst_err *err);
/* The same. Asks, unless --yes: MST_E_CANCELLED. */
int recver_reset(struct mst_state *state, const char *name,
		 const struct recver_opts *o, struct mst_err *err);
/* name may be NULL: --type and --database. */
int recver_script(const char *name, const struct recver_opts *o,
		  struct mst_err *err);
/* *status_r: CLI_OK, or CLI_FAILED when there are findings. */
int recver_verify(struct mst_state *state, const char *name, int *status_r,
		  struct mst_err *err);
int recver_copy(struct mst_state *state, const char *from, const char *to,
		const struct recver_opts *o, struct mst_err *err);

#endif
