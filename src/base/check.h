/* SPDX-License-Identifier: Apache-2.0
 *
 * A set-up check: a named thing that was looked at, what was found, and what to
 * do about it. Connections, RecVer databases and the way there are looked at in
 * these words, and shown in one list.
 *
 * A check whose ground is gone (no log-in, no table) is reported as SKIPPED
 * with the name of what it waits for, never as a failure of its own. What the
 * account may not look at is a WARNING that says so.
 */
#ifndef MST_BASE_CHECK_H
#define MST_BASE_CHECK_H

#include "base/err.h"

enum mst_check_level {
	MST_CHECK_OK,
	MST_CHECK_WARNING, /* works, but … */
	MST_CHECK_FAILED,  /* a run would fail, or miss what it is for */
	MST_CHECK_SKIPPED, /* not looked at, because another one failed */
	MST_CHECK_NOTE	   /* good to know */
};

/* "Ok", "Warning", … */
const char *mst_check_level_name(enum mst_check_level level);

struct mst_check {
	const char *name;  /* stable: "tls", "permission:Machine.Read.All" */
	const char *title; /* for people: "TLS"; NULL: the name */
	enum mst_check_level level;
	/* FAILED: the kind of failure; AUTH and FORBIDDEN are a matter of
	 * credentials and permissions. */
	enum mst_code code;
	char text[768];	  /* what was found, one line */
	char remedy[512]; /* what to do, one line; "" when there is nothing */
};

/* Level and text; the remedy is emptied. */
void mst_check_say(struct mst_check *c, enum mst_check_level level,
		   const char *fmt, ...) MST_PRINTF(3, 4);
void mst_check_remedy(struct mst_check *c, const char *fmt, ...)
    MST_PRINTF(2, 3);

/* What could be written so that a check passes: a record, or (table NULL) what
 * is made in the RecVer database's server. Nothing is written before a person
 * has seen exactly this and said yes. Texts live as long as the list of
 * checks. */
struct mst_check_fix {
	const char *check; /* name of the check that it mends */
	const char *what;  /* "add the choice …" */
	const char *table;
	/* Column and value; of a RecVer database: what, and what is done with
	 * it ("login", "make muster"). {NULL} ended. */
	const char *values[12][2];
};

#endif
