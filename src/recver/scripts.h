/* SPDX-License-Identifier: Apache-2.0
 *
 * The scripts in sql/, built in: what muster runs when it sets a RecVer
 * database up, and what a DBA runs instead. One text for both.
 */
#ifndef MST_RECVER_SCRIPTS_H
#define MST_RECVER_SCRIPTS_H

struct mst_recver_script {
	const char *type; /* "postgres", "sqlserver", "mongodb" */
	/* "create" (or what is missing of it), "role", "check" (changes
	 * nothing), "upgrade" */
	const char *name;
	const char *file; /* below sql/TYPE: "create.sql" */
	unsigned from;	  /* of an upgrade: the version that it starts at */
	const char *text;
};

/* All of them, NULL type ended; in the order in which a DBA runs them. */
extern const struct mst_recver_script mst_recver_scripts[];
/* Its text, or NULL. */
const char *mst_recver_script(const char *type, const char *name);

#endif
