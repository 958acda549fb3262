/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of looking at RecVer on SQL Server and setting it up share: a
 * server with the login root, a connection whose names hold quotes and
 * brackets, and what was reported.
 */
#ifndef MST_TESTS_SETUP_SQLSERVER_H
#define MST_TESTS_SETUP_SQLSERVER_H

#include "tests/lib/t.h"

#include "recver/recver.h"
#include "recver/setup.h"
#include "tests/lib/odbc.h"

#define SOURCE	 "defender"
#define PASSWORD "Not-a'real]pass;1"
#define ROOT	 "not-a-real-root"

struct ms_seen {
	char name[40];
	struct mst_check check;
};

struct ms {
	struct t_odbc *odbc;
	struct mst_recver_conf conf, admin;
	struct ms_seen seen[64]; /* what was reported, in this order */
	size_t seen_n;
};

extern struct ms ms;

int ms_set_up(void **state);
/* One more on the server; its roles with blanks between them. */
struct t_odbc_login *ms_login(const char *name, const char *password,
			      const char *roles);
/* The driver under a name of FreeTDS. */
void ms_use_freetds(void);
/* Takes a report; fails the test when a password is in it. */
void ms_take(void *ctx, const struct mst_check *c);
/* The check was made, with this level; text or remedy has `part`. */
void ms_is(const char *name, enum mst_check_level level, const char *part);
void ms_look_as(bool with_admin);
void ms_look(void);
void ms_all_good(void);
/* A look: the check fails with this code. */
void ms_fails(const char *name, enum mst_code code, const char *part);
/* What would be made, the steps with blanks between them. */
const char *ms_planned(bool with_admin);
/* The administrator's plan is refused. */
void ms_no_plan(enum mst_code code, const char *part);
int ms_make(bool with_admin, struct mst_err *err);
/* Makes it, as the administrator. */
void ms_made(void);

/* How many failed. */
int ms_fault_tests(void);
int ms_others_tests(void);

#endif
