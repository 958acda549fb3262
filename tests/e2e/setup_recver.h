/* SPDX-License-Identifier: Apache-2.0
 *
 * The program against the simulators, with RecVer on a PostgreSQL: for the
 * tests of "connection test" and "setup".
 */
#ifndef MST_TESTS_SETUP_RECVER_H
#define MST_TESTS_SETUP_RECVER_H

#include "tests/e2e/setup_says.h"
#include "tests/lib/pg.h"

#define SR_LOGIN "muster_run" /* env:PG_PW is its password */
#define SR_ADMIN "dba"	      /* a superuser; env:PG_ADMIN */
/* Below recver, over TCP. */
#define SR_PASSWORD "      password: env:PG_PW\n      encrypt: off\n"

extern struct sr {
	struct rig rig;
	char name[40]; /* of the test's database */
} sr;

int sr_begin(void **state);
int sr_end(void **state);
/* A new database name; the login, its role and the last database are gone. */
void sr_fresh(void);
/* The source with its RecVer in the test's database; more lines below recver:
 * on a server as a login; over TCP as SR_LOGIN. */
void sr_source(const char *server, const char *user, const char *more);
void sr_over_tcp(const char *more);
/* "connection test --json", with this exit status. */
void sr_test(int status);
/* "connection setup --yes --json" as the administrator. */
void sr_set_up(int status);
/* Fresh, and as an administrator sets it up. */
void sr_made(void);
/* The last check of this name; see says_shows. */
void sr_shows(const char *id, const char *level, const char *text,
	      const char *remedy);
/* One thing is wrong, and one check says so. */
void sr_test_shows(int status, const char *id, const char *text,
		   const char *remedy);
/* How many of RecVer's checks are of a level, at their last. */
unsigned sr_counted(const char *level);
/* Rows of each table, as a text. */
const char *sr_rows(void);

#endif
