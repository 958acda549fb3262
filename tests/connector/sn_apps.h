/* SPDX-License-Identifier: Apache-2.0
 *
 * A source of applications and of the people who use them: business
 * applications, rows of cmdb_rel_person, and the look-up of users. Just the
 * tables; no rule of it is ever asked.
 */
#ifndef MST_TESTS_SN_APPS_H
#define MST_TESTS_SN_APPS_H

#include "sn_fake.h"

#define APPS	 "cloud_apps"
#define USERS	 "cloud_app_users"
#define APP	 "cmdb_ci_business_app"
#define PERSON	 "cmdb_rel_person"
#define RELATION "cmdb_rel_user_type"

extern const struct mst_catalog sn_apps;

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
