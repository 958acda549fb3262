/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files that look at a MongoDB and set it up share.
 */
#ifndef MST_RECVER_MONGODB_DBA_H
#define MST_RECVER_MONGODB_DBA_H

#include "recver/mongodb/private.h"
#include "recver/setup.h"

#define MST_MONGO_AGENT "muster_agent"

/* ---- mongodb_rights.c ---------------------------------------------------- */

/* What a user may do. Texts are to be freed. */
struct mst_mongo_rights {
	bool exists;
	/* What it cannot do of what a run needs: "insert on grp; dbStats";
	 * NULL: nothing. */
	char *lacks;
	/* Its roles that go beyond that, and the list of them for
	 * revokeRolesFromUser; NULL: none. */
	char *more, *take;
	bool may_find; /* in all collections; else what is there is unseen */
	bool may_make; /* the collections that are missing */
	bool agent;    /* has MST_MONGO_AGENT */
};

/* Of the connection's own user. exists false: nobody has logged in. */
int mst_mongo_rights(struct mst_mongo *c, struct mst_mongo_rights *r_r,
		     struct mst_err *err);
/* Of a user that is known to the database `knows`. exists false: it is not. */
int mst_mongo_rights_of(struct mst_mongo *c, const char *user,
			const char *knows, struct mst_mongo_rights *r_r,
			struct mst_err *err);
/* Appends a text as mongosh has it, in quotes. */
void mst_mongo_add_text(struct mst_buf *b, const char *text);
/* Is there such a user? As an administrator sees it, whose options these are.
 */
int mst_mongo_knows(const struct mst_recver_conf *admin, const char *database,
		    const char *user, const char *knows, bool *is_r,
		    struct mst_err *err);
void mst_mongo_rights_fini(struct mst_mongo_rights *r);
/* Appends the privileges of MST_MONGO_AGENT: the least, as role.js has them. */
void mst_mongo_add_privileges(bson_t *b, const char *database);

/* ---- mongodb_dba.c ------------------------------------------------------- */

/* A copy of the options with what they leave out. */
struct mst_recver_conf mst_mongo_conf(const struct mst_recver_conf *conf);

/* ---- mongodb_trial.c ----------------------------------------------------- */

/* Writes, reads and deletes a document, and those of a program that died in
 * between. *found_r: it was read again. */
int mst_mongo_trial(struct mst_mongo *c, bool *found_r, struct mst_err *err);

/* ---- mongodb_setup.c ----------------------------------------------------- */

/* Runs a command; reply_r is to be destroyed in any case. */
int mst_mongo_run(struct mst_mongo *c, const char *database, const bson_t *ask,
		  bson_t *reply_r, struct mst_err *err);
/* Which of the collections are missing, with commas; NULL: none is. */
int mst_mongo_missing(struct mst_mongo *c, char **missing_r, bool *any_r,
		      struct mst_err *err);
/* Is grp spread over a cluster's shards? */
int mst_mongo_sharded(struct mst_mongo *c, bool *is_r, struct mst_err *err);

/* ---- mongodb_make.c ------------------------------------------------------ */

int mst_mongo_setup_plan(const struct mst_recver_setup_env *env,
			 mst_recver_step_fn *step, void *ctx,
			 struct mst_err *err);
int mst_mongo_setup_make(const struct mst_recver_setup_env *env,
			 struct mst_err *err);

#endif
