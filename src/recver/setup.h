/* SPDX-License-Identifier: Apache-2.0
 *
 * Is a RecVer database ready for use, and making it so: behind `muster
 * connection test` and `setup`. Each store fills a table; it knows its server,
 * these calls know nothing of connections, terminals or consent.
 *
 *   check → [ plan → a person agrees → make → check ]
 *
 * All calls from one thread. They connect by themselves, take no lease and
 * disturb no run that is under way.
 */
#ifndef MST_RECVER_SETUP_H
#define MST_RECVER_SETUP_H

#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/slice.h"
#include "model/recver_conf.h"

/* The names of the checks, in this order; a store has those that mean something
 * for it. Behind one that failed, those that need it are SKIPPED. */
#define MST_RECVER_CHECK_CONNECT  "recver:connect"  /* there, and lets us in */
#define MST_RECVER_CHECK_SERVER	  "recver:server"   /* version, writable */
#define MST_RECVER_CHECK_DATABASE "recver:database" /* exists, is writable */
#define MST_RECVER_CHECK_TABLES	  "recver:tables"   /* all, of this version */
#define MST_RECVER_CHECK_RIGHTS	  "recver:rights"   /* enough; not too many */
#define MST_RECVER_CHECK_PROBE	  "recver:probe"    /* writes, reads, deletes */
#define MST_RECVER_CHECK_USE	  "recver:use"	/* whose lease; size; growth */
#define MST_RECVER_CHECK_COPY	  "recver:copy" /* only of one that is half */

struct mst_recver_setup_env {
	const struct mst_recver_conf *conf; /* path is filled in */
	const char *source;		    /* the connection's name */
	/* The same place with an administrator's login, for what conf's own
	 * may not do. NULL: there is none, conf's login tries. */
	const struct mst_recver_conf *admin;
	/* Each check as soon as it is made, lent for the call. */
	void (*report)(void *ctx, const struct mst_check *c);
	void *ctx;
};

/* One step of making: "login", "make muster, with the password of the
 * connection". Texts live until the call returns. */
typedef void mst_recver_step_fn(void *ctx, const char *what, const char *how);

struct mst_recver_setup_ops {
	const char *type;
	/* Reports every check. What is wrong is a check, not an error. The
	 * probe leaves nothing behind. Conf says that nothing is made
	 * (bypass_setup, existing_database): what is missing is FAILED, with
	 * the script to run as its remedy. Else what the first run makes by
	 * itself is a NOTE, when the login may make it. */
	int (*check)(const struct mst_recver_setup_env *env,
		     struct mst_err *err);
	/* What make would do, in order; none when nothing is missing. At most
	 * eleven steps. Writes nothing. Errors: the server cannot be asked. */
	int (*plan)(const struct mst_recver_setup_env *env,
		    mst_recver_step_fn *step, void *ctx, struct mst_err *err);
	/* Does it by the texts in recver/scripts.h; each step is reported as a
	 * check "setup:WHAT". May be done again after it was stopped. A login
	 * that has more rights than it needs is told of and left alone.
	 * Returns an error when a step failed. */
	int (*make)(const struct mst_recver_setup_env *env,
		    struct mst_err *err);
};

extern const struct mst_recver_setup_ops mst_recver_setup_sqlite;
extern const struct mst_recver_setup_ops mst_recver_setup_postgres;
extern const struct mst_recver_setup_ops mst_recver_setup_sqlserver;
extern const struct mst_recver_setup_ops mst_recver_setup_mongodb;
/* NULL: there is nothing to set up ("mem"). */
const struct mst_recver_setup_ops *mst_recver_setup_find(const char *type);

/* Reports the check "recver:copy" when a copy into a database on a server was
 * begun and not finished: no run takes it then. A file's own check does. */
void mst_recver_check_unfinished(const struct mst_recver_setup_env *env);

/* The name of a server's database: conf's, or muster_recver_SOURCE. The caller
 * frees it. */
char *mst_recver_database(const struct mst_recver_conf *conf,
			  const char *source);

/* ---- for the stores ------------------------------------------------------ */

/* One of the checks above, with its title for people ("RecVer tables"). */
struct mst_check mst_recver_check(const char *name);
/* Says it, as FAILED with err's code and text when there is one. */
void mst_recver_check_fail(struct mst_check *c, const struct mst_err *err);
/* The remedy of what muster may make with an administrator's login, and a DBA
 * with a script: "`muster connection setup …` makes it; or …". */
void mst_recver_check_script(const struct mst_recver_setup_env *env,
			     struct mst_check *c);
void mst_recver_check_report(const struct mst_recver_setup_env *env,
			     const struct mst_check *c);
/* Reports "recver:copy" as FAILED; from: what it is a copy of, nothing when
 * it was finished. */
void mst_recver_check_copy(const struct mst_recver_setup_env *env,
			   struct mst_slice from);
/* Reports the check `name` as SKIPPED, because of the check `failed`. */
void mst_recver_check_skip(const struct mst_recver_setup_env *env,
			   const char *name, const char *failed);
/* Reports `name` and every check behind it as SKIPPED. */
void mst_recver_check_skip_from(const struct mst_recver_setup_env *env,
				const char *name, const char *failed);
/* What the check "recver:use" says: whose lease, how large. NOTE while a run
 * has it. */
struct mst_lease;
struct mst_recver_stats;
void mst_recver_say_use(struct mst_check *c, const struct mst_lease *lease,
			const struct mst_recver_stats *s);
/* Reports a step of make: done as `how` says when rc is 0, else FAILED with
 * err. Returns rc. */
int mst_recver_made(const struct mst_recver_setup_env *env, const char *what,
		    const char *how, int rc, const struct mst_err *err);
/* "41.2 MB" */
void mst_recver_size_text(uint64_t bytes, char *out, size_t n);

#endif
