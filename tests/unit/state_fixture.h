/* SPDX-License-Identifier: Apache-2.0
 *
 * A state store for each test, in whichever database the program is linked
 * with: state_sqlite.c, ../contract/state_postgres.c.
 */
#ifndef MST_TESTS_STATE_FIXTURE_H
#define MST_TESTS_STATE_FIXTURE_H

#include "tests/lib/t.h"

#include "base/time.h"
#include "state/access.h"
#include "state/task.h"

#define T0 1760000000000000ll

extern struct mst_state *s;
extern struct mst_err err;

/* Per test: an empty store, the clock at T0. */
int state_set_up(void **state);
int state_tear_down(void **state);
/* Another handle of the same store. */
void state_other(struct mst_state **other_r);
/* Of the server; NULL: it is a file. */
const char *state_database(void);
/* Statements behind muster's back. */
void state_sql(const char *text);
/* The database refuses it, with this in its words. */
void state_sql_refused(const char *text, const char *part);
/* How the database answers a statement of the module, in its own words: for
 * lists, with ?1 a number in the middle, ?2 a page, ?3 a job, ?4 and ?5 a
 * status. *slow_r: it goes through a whole table, or sorts much. */
void state_plan(const char *sql, struct mst_buf *out, bool *slow_r);
/* Statement after which the audit may be tampered with. */
extern const char state_unlock_audit[];

#endif
