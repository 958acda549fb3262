/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of MongoDB's set-up share: a gate with an administrator, and
 * what was reported.
 */
#ifndef MST_TESTS_SETUP_MONGODB_H
#define MST_TESTS_SETUP_MONGODB_H

#include "tests/lib/mongo.h"

#include "recver/recver.h"
#include "recver/setup.h"
#include "tests/lib/mongo_gate.h"

#define SOURCE	 "defender"
#define PASSWORD "not-a-real-password"
#define ROOT	 "[{\"role\": \"root\", \"db\": \"admin\"}]"

struct sm_seen {
	char name[40];
	struct mst_check check;
};

extern struct t_gate sm_gate;
extern struct mst_recver_conf sm_conf, sm_admin;
extern struct sm_seen sm_seen[64]; /* the checks of the last call */
extern size_t sm_seen_n;

/* Opens sm_gate as it is filled in; sm_conf and sm_admin lead there. */
void sm_open_gate(void);
/* As cmocka wants them: two members that ask for a user; one server that does
 * not; the end of either. */
int sm_member(void **state);
int sm_alone(void **state);
int sm_close_gate(void **state);

/* Looks at all. */
void sm_look(void);
void sm_look_as(bool with_admin);
/* The check was made, with this level; the text has `part`. */
void sm_is(const char *name, enum mst_check_level level, const char *part);
/* Looks: all checks, all of them ok. */
void sm_all_good(void);
/* Looks: this one fails, and nothing behind it is looked at. */
void sm_fails(const char *name, enum mst_code code, const char *part);
/* The steps' names, until the next call. */
const char *sm_planned(bool with_admin);
int sm_make(bool with_admin, struct mst_err *err);
/* By the administrator, and without an error. */
void sm_made(void);

/* How many tests failed. */
int sm_faults(void);
int sm_others(void);

#endif
