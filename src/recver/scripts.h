/* SPDX-License-Identifier: Apache-2.0
 *
 * The scripts in sql/, built in: what muster runs when it sets a RecVer
 * database up, and what a DBA runs instead. One text for both.
 */
#ifndef MST_RECVER_SCRIPTS_H
#define MST_RECVER_SCRIPTS_H

struct mst_recver_script {
	/* "postgres", "sqlserver", "mongodb"; "sqlite" has upgrades only */
	const char *type;
	/* "create" (or what is missing of it), "role", "check" (changes
	 * nothing), "upgrade" */
	const char *name;
	const char *file; /* below sql/TYPE: "create.sql", "upgrade-1.sql" */
	unsigned from;	  /* of an upgrade: the version that it starts at */
	const char *text;
};

/* All of them, NULL type ended; in the order in which a DBA runs them. */
const struct mst_recver_script *mst_recver_scripts(void);
/* Its text, or NULL. */
const char *mst_recver_script(const char *type, const char *name);
/* The version of the tables that this program reads and writes. */
unsigned mst_recver_schema(void);
/* What leads from a version of the tables to the next one, from 0: to the
 * first one that is there; NULL: nothing does. */
const char *mst_recver_upgrade(const char *type, unsigned from);
/* For tests: other scripts and another version; NULL puts the own ones back.
 * Outlives what is opened. */
void mst_recver_scripts_replace(const struct mst_recver_script *scripts,
				unsigned version);

#endif
