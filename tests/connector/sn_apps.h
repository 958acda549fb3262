/* SPDX-License-Identifier: Apache-2.0
 *
 * The fake ServiceNow with a job of applications and of the people who use them
 * (tests/lib/apps_catalog.h).
 */
#ifndef MST_TESTS_SN_APPS_H
#define MST_TESTS_SN_APPS_H

#include "sn_fake.h"

#include "tests/lib/apps_catalog.h"

#define APPS	 T_APPS
#define USERS	 T_APP_USERS
#define APP	 T_APP
#define PERSON	 T_PERSON
#define RELATION "cmdb_rel_user_type"

/* For cmocka: a fake with this catalogue, not open yet. */
int sn_apps_setup(void **state);
int sn_apps_teardown(void **state);
/* Everything that a run of these sets asks first; the error of it. */
int sn_apps_prepare(struct fake *f);
/* Open and prepared, with two types of relations; nothing is logged as asked
 * yet. */
void sn_apps_ready(struct fake *f);
/* A type of user relations, and its sys_id. */
const char *sn_apps_type(struct fake *f, const char *name);

#endif
