/* SPDX-License-Identifier: Apache-2.0
 *
 * Between prepare.c (tables, classes, choices), columns.c (their columns) and
 * probe.c (the dry run).
 */
#ifndef MST_DEST_SN_PREPARE_H
#define MST_DEST_SN_PREPARE_H

#include "dest/servicenow/sn.h"

_Static_assert(MST_MAX_COLUMNS <= 64, "one bit for each column");

/* What the classes of a set said. */
struct sn_columns {
	const struct mst_set *set;
	uint64_t found;	       /* bit i: column i is in one of them */
	unsigned classes;      /* that could be asked */
	struct mst_buf partly; /* "CLASS.u_site, …": not in this class */
};

void mst_sn_columns_init(struct sn_columns *c, const struct mst_set *set);
void mst_sn_columns_fini(struct sn_columns *c);
/* attributes: of cmdb/meta of the class. */
void mst_sn_columns_class(struct sn_columns *c, const struct mst_catalog *cat,
			  const char *klass, struct mst_json attributes);
/* The next written column that none of the classes has; *i is 0 at first.
 * Nothing when no class could be asked. */
bool mst_sn_columns_next(const struct sn_columns *c,
			 const struct mst_catalog *cat, size_t *i,
			 const char **column_r);
/* A name that only one customer's instance has: u_…, x_… */
bool mst_sn_column_custom(const char *name);
/* Is a column written that only a customer's instance can have? */
bool mst_sn_columns_custom(const struct mst_catalog *cat,
			   const struct mst_set *set);
/* Does muster's update set bring it? */
bool mst_sn_column_ours(const char *table, const char *column);
/* A column of muster's tables that the set would write and that is people's or
 * the instance's own; NULL: none. */
const char *mst_sn_column_theirs(const struct mst_set *set);
/* Would the install count of a package be written, which ServiceNow counts? */
bool mst_sn_column_counted(const struct mst_catalog *cat,
			   const struct mst_set *set);

#define SN_CHECKS_MAX 160

enum sn_check_what {
	SN_CHECK_TABLE,
	SN_CHECK_COLUMNS,
	SN_CHECK_CHOICE,
	SN_CHECK_CLASS,
	SN_CHECK_RELATION
};

struct sn_check {
	struct mst_dest *d;
	enum sn_check_what what;
	const struct mst_set *set;
	const char *name;	/* of the table or class */
	struct sn_needed *type; /* RELATION */
	bool optional;
	bool also; /* CLASS: only searched, never written to */
};

struct sn_prepare {
	struct sn_check checks[SN_CHECKS_MAX];
	size_t checks_n, left;
	const char *klass; /* of the dry run; NULL: none is needed */
	bool probe_sent;
	unsigned probe_tries;
	struct mst_buf missing; /* "table a, column b.c" */
	const char *ours;	/* the update set of something missing */
	bool theirs;		/* a column that the rules write is missing */
	struct sn_columns columns[MST_MAX_SETS]; /* of CI sets */
	size_t columns_n;
};

/* A type of relations, as the answer says, or the end (relation.c). */
void mst_sn_relation_found(struct mst_dest *d, struct sn_needed *n,
			   struct mst_json result);

/* Everything is asked: what is missing ends the run. */
void mst_sn_prepare_finish(struct mst_dest *d);

#endif
