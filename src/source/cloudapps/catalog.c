/* SPDX-License-Identifier: Apache-2.0
 *
 * What this source delivers by default: the desired sets with their columns,
 * and how records become members of them. Settings change it (adapt.c). The
 * specification is docs/internals/cloudapps.md; change it first.
 */
#include "source/cloudapps/ops.h"

/* ---- apps ---------------------------------------------------------------- */

static const struct mst_column app_columns[] = {
    {"name", MST_COL_NAME, CA_NAME_MAX, NULL},
    {"vendor", MST_COL_MASTER, 80, "company"},
    {"category", 0, 40, NULL},
    {"url", 0, 1024, NULL},
    {"active_user_count", 0, 0, NULL},
    {"platform", 0, 40, NULL},
    {"short_description", 0, 1000, NULL},
    {"attributes", 0, CA_RISK_MAX, NULL},
    {"last_discovered", MST_COL_VOLATILE, 0, NULL},
    {"correlation_id", MST_COL_INSERT | MST_COL_NAME, 512, NULL},
    {"discovery_source", MST_COL_INSERT, 40, NULL},
    {"install_status", 0, 40, NULL},
    {"operational_status", 0, 40, NULL},
};

static const char *const app_retired[] = {
    "install_status=7",
    "operational_status=6",
    NULL,
};

static const char attributes[] = "cloudapps.attributes";
static const char status[] = "cloudapps.status";
static const char correlation[] = "cloudapps.correlation";
static const char users[] = "cloudapps.users";

static const struct mst_map_row app_rows[] = {
    {"name", CF_NAME, mst_op_text, NULL, attributes},
    {"vendor", CF_INFO, ca_op_line, "vendor", "servicenow.company"},
    {"category", CF_CATEGORY, ca_op_category, NULL, attributes},
    {"url", CF_DOMAINS, ca_op_url, NULL, attributes},
    {"active_user_count", CF_USERS, mst_op_number, NULL,
     "cloudapps.user_count"},
    {"platform", CF_INFO, ca_op_line, "hostingCompany", attributes},
    {"short_description", CF_INFO, ca_op_description, NULL,
     "cloudapps.description"},
    {"attributes", CF_DOMAINS, ca_op_risk_data, NULL, "cloudapps.risk_data"},
    {"last_discovered", CF_LAST_SEEN, mst_op_time, NULL, attributes},
    {"correlation_id", CF_ID, ca_op_correlation, NULL, correlation},
    {"discovery_source", CF_ID, mst_op_const, "muster", correlation},
    {"install_status", CF_ID, mst_op_const, "1", status},
    {"operational_status", CF_ID, mst_op_const, "1", status},
};

/* ---- users --------------------------------------------------------------- */

/* What kind of relation it is says the destination. */
static const struct mst_column user_columns[] = {
    {"ci", MST_COL_PARENT | MST_COL_REQUIRED, 0, NULL},
    {"user", MST_COL_KEY, 32, NULL},
    {"type", MST_COL_MASTER | MST_COL_KIND, 0, "user_relation_type"},
};

static const struct mst_map_row user_rows[] = {
    {"ci", CU_APP, mst_op_lower, NULL, users},
    {"user", CU_PERSON, mst_op_text, NULL, "cloudapps.user_match"},
};

/* ---- sets, mappings, joins ----------------------------------------------- */

#define COLUMNS(c) .columns = (c), .columns_n = MST_LEN(c)
#define ROWS(r)	   .rows = (r), .rows_n = MST_LEN(r)

static const struct mst_class app_classes[] = {
    {.table = "cmdb_ci_business_app"},
};

static const struct mst_set sets[] = {
    {.name = "cloud_apps",
     .title = "Cloud apps",
     .order = 10,
     .missing = MST_MISSING_RETIRE,
     .writer = MST_WRITE_CI,
     .table = "cmdb_ci_business_app",
     .classes = app_classes,
     .classes_n = MST_LEN(app_classes),
     COLUMNS(app_columns),
     .retire_values = app_retired},
    {.name = "cloud_app_users",
     .title = "Users of cloud apps",
     .parent = "cloud_apps",
     .order = 20,
     .missing = MST_MISSING_DELETE,
     .writer = MST_WRITE_LINK,
     .table = "cmdb_rel_person",
     COLUMNS(user_columns),
     .relationship = true,
     .off = "its setting allow_user_synchronization is off"},
};

static const struct mst_mapping mappings[] = {
    {.set = "cloud_apps",
     .feeds = CA_BIT(CA_APPS),
     .key_rule = "cloudapps.identity",
     .key = mst_op_lower,
     .table = ca_op_class,
     .filter = ca_keep_app,
     .identity = ca_op_identity,
     .rank = ca_op_rank,
     .identity_column = "name",
     .newest = ca_op_newest,
     ROWS(app_rows)},
    {.set = "cloud_app_users",
     .feeds = CA_BIT(CA_USERS),
     .key_rule = users,
     .key = ca_op_person,
     .group = mst_op_lower,
     .filter = ca_keep_user,
     ROWS(user_rows)},
};

/* The one of app_info last: without it the others stay (adapt.c). */
static const struct mst_join joins[] = {
    {.feed = CA_APPS,
     .from = CA_STREAMS,
     .key = CF_STREAM,
     .from_key = CS_ID,
     .copy = {{CF_STREAM_NAME, CS_NAME}},
     .copy_n = 1},
    {.feed = CA_USERS,
     .from = CA_STREAMS,
     .key = CU_STREAM,
     .from_key = CS_ID,
     .copy = {{CU_ANONYMOUS, CS_ANONYMOUS}, {CU_STREAM_NAME, CS_NAME}},
     .copy_n = 2},
    {.feed = CA_APPS,
     .from = CA_INFO,
     .key = CF_ID,
     .from_key = CI_APP,
     .make = ca_make_lines,
     .make_to = CF_INFO},
};

static const struct mst_lookup lookups[] = {
    {.set = "cloud_app_users",
     .what = "user",
     .feed = CA_USERS,
     .field = CU_NAME,
     .to = CU_PERSON,
     .why = CU_WHY,
     .table = "sys_user",
     .active = "active",
     .asks = ca_asks,
     .asks_n = 1,
     .refuse = ca_refuse_user},
};

const struct mst_catalog ca_catalog = {
    .feeds = ca_feeds,
    .feeds_n = CA__FEEDS,
    .sets = sets,
    .sets_n = MST_LEN(sets),
    .mappings = mappings,
    .mappings_n = MST_LEN(mappings),
    .joins = joins,
    .joins_n = MST_LEN(joins),
    .lookups = lookups,
    .lookups_n = MST_LEN(lookups),
    .rules = ca_rules,
    .rules_n = MST_LEN(ca_rules),
};
