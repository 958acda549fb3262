/* SPDX-License-Identifier: Apache-2.0
 *
 * The way from version to version, with made-up versions 2 and 3 in the place
 * of those that will come.
 */
#ifndef MST_TESTS_RECVER_UPGRADE_H
#define MST_TESTS_RECVER_UPGRADE_H

#include "recver_tools.h"

#include "recver/scripts.h"

struct upgrade_case {
	const char *type;
	const char *head;	   /* of both scripts */
	const char *const *first;  /* statements, NULL ended */
	const char *const *second; /* the same */
	const char *fails;	   /* a statement that does */
	bool at_once;		   /* a script is all or nothing */
	bool may_fork;		   /* two processes may try */
};

/* How many tests failed; rv is set up for the store. */
int upgrade_tests(const struct upgrade_case *c);
/* Puts the made-up versions in place, for more tests; the first script ends
 * behind `statements` of its statements with one that fails (SIZE_MAX: it is
 * whole). NULL: takes them away. */
void upgrade_put(const struct upgrade_case *c, size_t statements);

extern const struct upgrade_case upgrade_sqlite, upgrade_postgres,
    upgrade_mongodb, upgrade_sqlserver;

#endif
