/* SPDX-License-Identifier: Apache-2.0
 *
 * The scripts of sql/ as a DBA runs them, with the names put in: what `muster
 * recver script` prints.
 */
#ifndef MST_RECVER_SCRIPT_TEXT_H
#define MST_RECVER_SCRIPT_TEXT_H

#include "base/buf.h"
#include "base/err.h"

struct mst_recver_script_ask {
	const char *type; /* "postgres", "sqlserver", "mongodb" */
	/* "psql", "sqlcmd", "ssms", "mongosh"; NULL: the type's first */
	const char *tool;
	const char *database;
	const char *login;	 /* NULL: none, for create and upgrade */
	const char *auth_source; /* of MongoDB's user; NULL: admin */
	/* "create", "role", "check", "upgrade" or "all": the first three */
	const char *which;
	unsigned from; /* upgrade: the version that is there */
};

/* Appends it. MST_E_INVALID: a name that cannot be one there, an unknown word,
 * no login where one is needed, a version that is newer than ours. */
int mst_recver_script_text(const struct mst_recver_script_ask *ask,
			   struct mst_buf *out, struct mst_err *err);

#endif
