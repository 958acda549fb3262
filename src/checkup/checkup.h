/* SPDX-License-Identifier: Apache-2.0
 *
 * The set-up checks of a connection (net/checks.h), all of them, in order: its
 * settings, what the jobs want of it, the way there, log-in, permissions, and
 * what its connector adds. For `muster connection test` and `setup`.
 *
 *   open → run → [ fixes → fix ]* → close
 */
#ifndef MST_CHECKUP_H
#define MST_CHECKUP_H

#include <stdatomic.h>

#include "net/way.h"
#include "sync/job.h"

struct mst_checkup;

struct mst_checkup_conf {
	/* Each check, as soon as it is made; lent for the call. */
	void (*report)(void *ctx, const struct mst_check *c);
	void *ctx;
	/* Who fixes are written as: a user and a reference to the password, by
	 * Basic. NULL: the connection's own credential. Used for nothing else,
	 * and stored nowhere. */
	const char *admin, *admin_password;
	const atomic_bool *cancel;
	/* Items that count as if they were stored (sync/config.h); they outlive
	 * it. */
	const struct mst_conf_item *front;
	size_t front_n;
};

/* MST_E_NOTFOUND: there is no such connection; errors of its options. */
int mst_checkup_open(struct mst_state *state, const char *connection,
		     const struct mst_checkup_conf *conf,
		     struct mst_checkup **c_r, struct mst_err *err);
void mst_checkup_close(struct mst_checkup **c);
/* What a check finds is no error. MST_E_CANCELLED when it was. */
int mst_checkup_run(struct mst_checkup *c, struct mst_err *err);
/* What could be written so that more checks pass; after run. Lent until
 * close. Returns how many there are. */
size_t mst_checkup_fixes(struct mst_checkup *c, struct mst_check_fix *out,
			 size_t max);
/* Writes number i of them and reports again what it mends. */
int mst_checkup_fix(struct mst_checkup *c, size_t i, struct mst_err *err);
/* "servicenow", and where it leads ("" when the settings are wrong); lent
 * until close. */
const char *mst_checkup_type(const struct mst_checkup *c);
const char *mst_checkup_address(const struct mst_checkup *c);

/* ---- between the files of it --------------------------------------------- */

/* What the way to the one address of a connection, or to one of several, says.
 * Returns the title of the check that failed, or NULL. */
const char *mst_checkup_way(const struct mst_checkup_conf *conf,
			    const struct mst_address *address, bool several,
			    const struct mst_way *w);

/* The jobs that use the connection, and the record sets that they take. */
struct mst_checkup_jobs {
	struct mst_arena arena;
	struct mst_job *jobs; /* loaded; freed by fini */
	size_t jobs_n;
	struct mst_check_use *uses;
	size_t uses_n;
	struct mst_check_use *unused; /* sets that none of them takes */
	size_t unused_n;
};

/* Reports the check "jobs". Jobs that cannot be loaded are part of what it
 * says. */
int mst_checkup_jobs(struct mst_state *state, const struct mst_connection *c,
		     const struct mst_checkup_conf *conf,
		     struct mst_checkup_jobs *j_r, struct mst_err *err);
void mst_checkup_jobs_fini(struct mst_checkup_jobs *j);
/* Reports one check per permission: those that the uses need, then, as notes,
 * those that only record sets need which no job takes. */
void mst_checkup_permissions(const struct mst_source_ops *ops,
			     struct mst_source *source,
			     const struct mst_checkup_jobs *jobs,
			     const struct mst_checkup_conf *conf);

#endif
