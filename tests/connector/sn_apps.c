/* SPDX-License-Identifier: Apache-2.0
 *
 * See sn_apps.h.
 */
#include "sn_apps.h"

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
    {"vendor", MST_COL_MASTER, 80, SN_KIND_COMPANY},
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
    {"ci", MST_COL_PARENT, 0, APPS},
    {"user", MST_COL_KEY, 32, NULL},
    {"type", MST_COL_MASTER | MST_COL_KIND, 0, SN_KIND_RELATION},
};

static const char *const retired[] = {"install_status=7",
				      "operational_status=6", NULL};
static const struct mst_class classes[] = {{.table = APP}};

static const struct mst_set sets[] = {
    {.name = APPS,
     .title = "Applications",
     .order = 10,
     .missing = MST_MISSING_RETIRE,
     .writer = MST_WRITE_CI,
     .table = APP,
     .classes = classes,
     .classes_n = MST_LEN(classes),
     .columns = apps,
     .columns_n = MST_LEN(apps),
     .retire_values = retired},
    {.name = USERS,
     .title = "Users of applications",
     .parent = APPS,
     .order = 20,
     .missing = MST_MISSING_DELETE,
     .writer = MST_WRITE_LINK,
     .table = PERSON,
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
    {.set = APPS, .feeds = 1, .rows = app_rows, .rows_n = MST_LEN(app_rows)},
    {.set = USERS, .feeds = 2, .rows = user_rows, .rows_n = MST_LEN(user_rows)},
};

static const struct mst_ask asks[] = {
    {.name = "email", .column = "email"},
    {.name = "user name", .column = "user_name"},
};

static const struct mst_lookup lookups[] = {
    {.set = USERS,
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

const struct mst_catalog sn_apps = {
    .feeds = feeds,
    .feeds_n = MST_LEN(feeds),
    .sets = sets,
    .sets_n = MST_LEN(sets),
    .mappings = mappings,
    .mappings_n = MST_LEN(mappings),
    .lookups = lookups,
    .lookups_n = MST_LEN(lookups),
};

int sn_apps_setup(void **state)
{
	struct fake *f = fake_new();

	f->catalog = &sn_apps;
	*state = f;
	return t_log_watch(state);
}

int sn_apps_teardown(void **state)
{
	fake_free(*state);
	return t_log_check(state);
}

int sn_apps_prepare(struct fake *f)
{
	static const char *const names[] = {APPS, USERS, NULL};
	int rc = mst_dest_servicenow.prepare(f->d, names, &f->err);

	return rc < 0 ? rc : fake_pump(f);
}

const char *sn_apps_type(struct fake *f, const char *name)
{
	return fake_add(f, RELATION, "name", name, NULL);
}

void sn_apps_ready(struct fake *f)
{
	fake_open(f);
	sn_apps_type(f, "Uses");
	sn_apps_type(f, "Owns");
	t_ok(sn_apps_prepare(f), &f->err);
	f->subs_n = f->requests_n = 0;
}
