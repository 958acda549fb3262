/* SPDX-License-Identifier: Apache-2.0
 *
 * A source of applications and of the people who use them, for tests of a
 * destination: business applications, rows of cmdb_rel_person, and the look-up
 * of users. Just the tables; no rule of it is ever asked.
 */
#ifndef MST_TESTS_APPS_CATALOG_H
#define MST_TESTS_APPS_CATALOG_H

#include "model/model.h"

#define T_APPS	    "cloud_apps"
#define T_APP_USERS "cloud_app_users"
#define T_APP	    "cmdb_ci_business_app"
#define T_PERSON    "cmdb_rel_person"

extern const struct mst_catalog t_apps_catalog;

#endif
