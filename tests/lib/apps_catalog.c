/* SPDX-License-Identifier: Apache-2.0
 *
 * See apps_catalog.h.
 */
#include "tests/lib/apps_catalog.h"

#include "base/limits.h"
#include "rules/rules.h"

static const struct mst_field app_fields[] = {{.name = "id"}};
static const struct mst_field user_fields[] = {
    {.name = "userIdentifier"},
    {.name = "user", .from = MST_FROM_ENGINE},
    {.name = "why", .from = MST_FROM_ENGINE},
};

static const struct mst_feed feeds[] = {
    {.name = "apps",
     .title = "applications",
     .fields = app_fields,
     .fields_n = MST_LEN(app_fields)},
    {.name = "app_users",
     .title = "users",
     .fields = user_fields,
     .fields_n = MST_LEN(user_fields)},
};

static const struct mst_column apps[] = {
    {"name", MST_COL_NAME, 255, NULL},
    {"vendor", MST_COL_MASTER, 80, "company"},
    {"url", 0, 1024, NULL},
    {"active_user_count", 0, 0, NULL},
    {"short_description", 0, 1000, NULL},
    {"last_discovered", MST_COL_VOLATILE, 0, NULL},
    {"correlation_id", MST_COL_INSERT, 512, NULL},
    {"discovery_source", MST_COL_INSERT, 40, NULL},
    {"install_status", 0, 0, NULL},
    {"operational_status", 0, 0, NULL},
};

static const struct mst_column users[] = {
    {"ci", MST_COL_PARENT, 0, T_APPS},
    {"user", MST_COL_KEY, 32, NULL},
    {"type", MST_COL_MASTER | MST_COL_KIND, 0, "user_relation_type"},
};

static const char *const retired[] = {"install_status=7",
				      "operational_status=6", NULL};
static const struct mst_class classes[] = {{.table = T_APP}};

static const struct mst_set sets[] = {
    {.name = T_APPS,
     .title = "Applications",
     .order = 10,
     .missing = MST_MISSING_RETIRE,
     .writer = MST_WRITE_CI,
     .table = T_APP,
     .classes = classes,
     .classes_n = MST_LEN(classes),
     .columns = apps,
     .columns_n = MST_LEN(apps),
     .retire_values = retired},
    {.name = T_APP_USERS,
     .title = "Users of applications",
     .parent = T_APPS,
     .order = 20,
     .missing = MST_MISSING_DELETE,
     .writer = MST_WRITE_LINK,
     .table = T_PERSON,
     .columns = users,
     .columns_n = MST_LEN(users),
     .relationship = true},
};

static const struct mst_map_row app_rows[] = {
    {"name", 0, mst_op_const, "x", "test.rule", 0},
    {"vendor", 0, mst_op_const, "x", "test.rule", 0},
    {"install_status", 0, mst_op_const, "1", "test.rule", 0},
};
static const struct mst_map_row user_rows[] = {
    {"user", 1, mst_op_const, "x", "test.rule", 0},
};

static const struct mst_mapping mappings[] = {
    {.set = T_APPS, .feeds = 1, .rows = app_rows, .rows_n = MST_LEN(app_rows)},
    {.set = T_APP_USERS,
     .feeds = 2,
     .rows = user_rows,
     .rows_n = MST_LEN(user_rows)},
};

static const struct mst_ask asks[] = {
    {.name = "email", .column = "email"},
    {.name = "user name", .column = "user_name"},
};

static const struct mst_lookup lookups[] = {
    {.set = T_APP_USERS,
     .what = "user",
     .feed = 1,
     .field = 0,
     .to = 1,
     .why = 2,
     .table = "sys_user",
     .active = "active",
     .asks = asks,
     .asks_n = MST_LEN(asks)},
};

const struct mst_catalog t_apps_catalog = {
    .feeds = feeds,
    .feeds_n = MST_LEN(feeds),
    .sets = sets,
    .sets_n = MST_LEN(sets),
    .mappings = mappings,
    .mappings_n = MST_LEN(mappings),
    .lookups = lookups,
    .lookups_n = MST_LEN(lookups),
};
