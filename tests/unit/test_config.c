/* SPDX-License-Identifier: Apache-2.0
 *
 * The configuration as jobs see it: items in front of stored ones, checks
 * before anything is stored, environments, and what every connector owes to
 * settings.
 */
#include "tests/lib/t.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "sync/job.h"

static struct mst_state *state;
static struct mst_arena arena;
static struct mst_err err = MST_ERR_INIT;

#define SOURCE                                                                 \
	"  - name: defender\n"                                                 \
	"    type: endpoint\n"                                                 \
	"    tenant_id: t\n"                                                   \
	"    client_id: c\n"                                                   \
	"    client_secret: env:X\n"
#define DEST(name)                                                             \
	"  - name: " name "\n"                                                 \
	"    type: servicenow\n"                                               \
	"    url: https://example.service-now.com\n"                           \
	"    username: u\n"                                                    \
	"    password: env:X\n"
#define JOB(name, dest)                                                        \
	"  - name: " name "\n"                                                 \
	"    source: defender\n"                                               \
	"    destination: " dest "\n"

static int set_up(void **unused)
{
	static unsigned n;

	mst_arena_init(&arena, MST_MAX_ARENA);
	t_ok(mst_state_open(t_path("config-%u", n++), &state, &err), &err);
	return t_log_watch(unused);
}

static int tear_down(void **unused)
{
	mst_state_close(&state);
	mst_arena_fini(&arena);
	return t_log_check(unused);
}

/* The document in front of what is stored. */
static struct mst_config front(const char *yaml)
{
	struct mst_config c = {.state = state};
	struct mst_conf_item *items;

	t_ok(mst_conf_read_in(mst_slice_str(yaml), "m.yaml", &arena, &items,
			      &c.front_n, &err),
	     &err);
	c.front = items;
	return c;
}

/* Stored without any check. */
static void store(const char *yaml)
{
	struct mst_config c = front(yaml);
	size_t added, changed;

	t_ok(mst_config_put(state, c.front, c.front_n, NULL, NULL, &added,
			    &changed, &err),
	     &err);
}

static const char *const world = "connections:\n" SOURCE DEST("cmdb")
    DEST("cmdb-prod") "    environment: prod\n"
		      "jobs:\n" JOB("trial", "cmdb") JOB("live", "cmdb-prod");

static double min_cvss(const struct mst_connection *c)
{
	for (size_t i = 0; i < c->settings_n; i++) {
		const struct mst_setting *s = &c->settings[i];

		if (strcmp(s->opt->key, "min_cvss") == 0)
			return *(const double *)((const char *)c->source_conf +
						 s->opt->offset);
	}
	return -1;
}

/* ---- finding ------------------------------------------------------------- */

static void items_in_front(void **unused)
{
	const struct mst_conf_item *item = NULL;
	struct mst_config c;

	store(world);
	c = front("jobs:\n" JOB("extra", "cmdb") "connections:\n" DEST(
	    "cmdb") "    alias: new\n");
	t_ok(mst_config_get(&c, "connection", "cmdb", &arena, &item, &err),
	     &err);
	assert_true(mst_config_is_front(&c, item));
	t_ok(mst_config_get(&c, "connection", "defender", &arena, &item, &err),
	     &err);
	assert_false(mst_config_is_front(&c, item));
	assert_string_equal(item->file, "connection defender");
	t_ok(mst_config_find(&c, "job", "none", &arena, &item, &err), &err);
	assert_null(item);
	t_failed(mst_config_get(&c, "job", "extr", &arena, &item, &err), &err,
		 MST_E_NOTFOUND, "no job 'extr'; did you mean 'extra'?");
	t_failed(mst_config_get(&c, "job", "liev", &arena, &item, &err), &err,
		 MST_E_NOTFOUND, "did you mean 'live'?");
	c = (struct mst_config){.state = NULL};
	t_failed(mst_config_get(&c, "job", "a", &arena, &item, &err), &err,
		 MST_E_NOTFOUND, "and no other either");
}

static void names_of_jobs(void **unused)
{
	const char *const *names;
	struct mst_config c;

	store(world);
	c = front("jobs:\n" JOB("extra", "cmdb") JOB("live", "cmdb"));
	t_ok(mst_config_jobs(&c, &arena, &names, &err), &err);
	assert_string_equal(names[0], "extra");
	assert_string_equal(names[1], "live");
	assert_string_equal(names[2], "trial");
	assert_null(names[3]);
}

/* ---- environments -------------------------------------------------------- */

static void a_job_takes_its_environment(void **unused)
{
	struct mst_job j;

	store(world);
	store("settings:\n"
	      "  - connection: defender\n"
	      "    environment: test\n"
	      "    min_cvss: {override: true, value: 7}\n"
	      "  - connection: defender\n"
	      "    environment: prod\n"
	      "    min_cvss: {override: false, value: 9}\n");
	t_ok(mst_job_load(state, "trial", &j, &err), &err);
	assert_int_equal(j.env, MST_ENV_TEST);
	assert_true(min_cvss(&j.source_end) == 7);
	assert_ptr_equal(j.source_conf, j.source_end.source_conf);
	mst_job_fini(&j);
	t_ok(mst_job_load(state, "live", &j, &err), &err);
	assert_int_equal(j.env, MST_ENV_PROD);
	assert_true(min_cvss(&j.source_end) == 0);
	mst_job_fini(&j);
}

static void mismatch_is_refused_at_load(void **unused)
{
	struct mst_job j;

	store(world);
	store("connections:\n" SOURCE "    environments: [test]\n");
	t_ok(mst_job_load(state, "trial", &j, &err), &err);
	mst_job_fini(&j);
	t_failed(mst_job_load(state, "live", &j, &err), &err, MST_E_INVALID,
		 "job live: the destination 'cmdb-prod' is for prod, but the "
		 "source 'defender' may only be used in test: take another "
		 "connection, or add prod to the environments of 'defender'");
}

static void mismatch_is_refused_before_it_is_stored(void **unused)
{
	struct mst_config c =
	    front("connections:\n" SOURCE "    environments: prod\n" DEST(
		"cmdb") "jobs:\n" JOB("main", "cmdb"));

	t_failed(mst_config_check(&c, &err), &err, MST_E_INVALID,
		 "m.yaml:15:13: job main: the destination 'cmdb' is for test, "
		 "but the source 'defender' may only be used in prod");
	/* a stored job that would be wrong then */
	store(world);
	c = front("connections:\n" DEST("cmdb-prod"));
	t_ok(mst_config_check(&c, &err), &err);
	c = front("connections:\n" SOURCE "    environments: test\n");
	t_failed(mst_config_check(&c, &err), &err, MST_E_INVALID,
		 "job live: the destination");
	/* one that is wrong already does not stand in the way */
	store("connections:\n" SOURCE "    environments: test\n");
	c = front("connections:\n" DEST("cmdb-prod") "    environment: prod\n"
						     "    alias: x\n");
	t_ok(mst_config_check(&c, &err), &err);
}

static void one_environment_is_enough_to_know(void **unused)
{
	struct mst_connection c;

	store(world);
	store("settings:\n"
	      "  - connection: defender\n"
	      "    environment: prod\n"
	      "    min_cvss: {override: true, value: 3}\n");
	t_ok(mst_connection_load(state, "defender", &arena, &c, &err), &err);
	assert_int_equal(c.env, MST_ENV__MAX);
	assert_true(min_cvss(&c) == 0);
	assert_string_equal(mst_connection_envs(&c), "test and prod");
	store("connections:\n" SOURCE "    environments: prod\n");
	t_ok(mst_connection_load(state, "defender", &arena, &c, &err), &err);
	assert_int_equal(c.env, MST_ENV_PROD);
	assert_true(min_cvss(&c) == 3);
	assert_string_equal(mst_connection_envs(&c), "prod");
	t_ok(mst_connection_load(state, "cmdb", &arena, &c, &err), &err);
	assert_int_equal(c.env, MST_ENV_TEST);
	assert_string_equal(mst_connection_envs(&c), "test");
}

/* ---- checks -------------------------------------------------------------- */

static void check_says_where(void **unused)
{
	static const struct {
		const char *yaml, *want;
	} rows[] = {
	    {"connections:\n  - name: x\n    type: endpont\n",
	     "m.yaml:2: connection 'x' has the unknown type 'endpont'; did "
	     "you mean 'endpoint'?"},
	    {"jobs:\n" JOB("a", "cmdc"),
	     "m.yaml:4:18: job a: there is no connection 'cmdc'; did you mean "
	     "'cmdb'?"},
	    {"jobs:\n" JOB("a", "defender"),
	     "m.yaml:4:18: job a: connection 'defender' is a source, not a "
	     "destination"},
	    {"jobs:\n  - {name: a, source: cmdb, destination: cmdb}\n",
	     "job a: connection 'cmdb' is a destination, not a source"},
	    {"jobs:\n" JOB("a", "cmdb") "    record_sets: [device]\n",
	     "m.yaml:5:18: job a: the source 'defender' has no record set "
	     "'device'; did you mean 'devices'?"},
	    {"settings:\n  - {connection: nobody, environment: test}\n",
	     "m.yaml:2:5: there is no connection 'nobody'"},
	    {"settings:\n  - {connection: cmdb, environment: test, "
	     "min_cvss: {override: true, value: 1}}\n",
	     "unknown setting \"min_cvss\" of \"cmdb\""},
	    {"settings:\n  - {connection: defender, environment: test, "
	     "mappings: {nothing.name: {value: \"'x'\"}}}\n",
	     "m.yaml:2:"},
	};

	store(world);
	for (size_t i = 0; i < MST_LEN(rows); i++) {
		struct mst_config c = front(rows[i].yaml);

		if (mst_config_check(&c, &err) == 0)
			fail_msg("not refused: %s", rows[i].yaml);
		if (!strstr(err.msg, rows[i].want))
			fail_msg("wanted %s in %s", rows[i].want, err.msg);
	}
}

static void settings_that_never_count(void **unused)
{
	struct mst_config c;

	store(world);
	c = front("settings:\n  - {connection: cmdb, environment: prod}\n");
	t_log_expect(MST_WARN, "settings of 'cmdb' for prod are never in force",
		     1);
	t_ok(mst_config_check(&c, &err), &err);
}

/* A source without any job is looked at alone. */
static void mappings_without_a_job(void **unused)
{
	struct mst_config c = front("connections:\n" SOURCE "settings:\n"
				    "  - connection: defender\n"
				    "    environment: test\n"
				    "    mappings:\n"
				    "      devices.name:\n"
				    "        value: lower(\n");

	assert_true(mst_config_check(&c, &err) < 0);
	assert_non_null(strstr(err.msg, "m.yaml:12:"));
}

/* ---- what connectors owe ------------------------------------------------- */

static bool has_rule(const char *id)
{
	for (size_t i = 0; mst_sources[i]; i++) {
		const struct mst_catalog *c = mst_sources[i]->catalog;

		for (size_t k = 0; k < c->rules_n; k++) {
			if (strcmp(c->rules[k].id, id) == 0)
				return true;
		}
	}
	for (size_t i = 0; mst_dests[i]; i++) {
		for (size_t k = 0; k < mst_dests[i]->rules_n; k++) {
			if (strcmp(mst_dests[i]->rules[k].id, id) == 0)
				return true;
		}
	}
	return false;
}

static void check_table(const char *type, const struct mst_opt *opts)
{
	for (; opts->key; opts++) {
		if (!opts->rule)
			continue;
		if (!has_rule(opts->rule))
			fail_msg("%s: %s overrides %s, which is no rule", type,
				 opts->key, opts->rule);
		if (!opts->help)
			fail_msg("%s: %s has no description", type, opts->key);
		if ((opts->flags & MST_OPT_REQUIRED) ||
		    opts->type == MST_OPT_SECRET || opts->type == MST_OPT_URL ||
		    mst_is_custom_key(opts->key))
			fail_msg("%s: %s cannot be a setting", type, opts->key);
	}
}

static void tables_of_connectors(void **unused)
{
	for (size_t i = 0; mst_sources[i]; i++) {
		const struct mst_opt *o =
		    mst_opt_find(mst_sources[i]->opts, "environments");

		check_table(mst_sources[i]->type, mst_sources[i]->opts);
		assert_non_null(o);
		assert_int_equal(o->type, MST_OPT_LIST);
		assert_string_equal(o->choices, "test|prod");
		assert_null(o->rule);
	}
	for (size_t i = 0; mst_dests[i]; i++) {
		const struct mst_opt *o =
		    mst_opt_find(mst_dests[i]->opts, "environment");

		check_table(mst_dests[i]->type, mst_dests[i]->opts);
		assert_non_null(o);
		assert_int_equal(o->type, MST_OPT_CHOICE);
		assert_string_equal(o->choices, "test|prod");
		assert_null(o->rule);
	}
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

/* ---- schedules ----------------------------------------------------------- */

static void schedules(void **unused)
{
	static const struct {
		const char *schedule, *part; /* NULL: it is right */
	} rows[] = {
	    {"{cron: '0 2 * * *', time_zone: Europe/Berlin}", NULL},
	    {"{every: 30m, windows: [Mon-Fri 22:00-06:00, Sat]}", NULL},
	    {"{after: other}", NULL},
	    {"{cron: '0 25 * * *'}",
	     "m.yaml:16:22: job main: schedule.cron: field 2 of the cron "
	     "expression (hour): '25'"},
	    {"{cron: '@daily', every: 1h}",
	     "m.yaml:16:39: job main: only one of"},
	    {"{windows: 22-06}", "m.yaml:16:25: job main: schedule.windows"},
	    {"{cron: '@daily', time_zone: Berlin}",
	     "m.yaml:16:43: job main: schedule.time_zone: there is no time "
	     "zone 'Berlin'"},
	    {"{after: main}",
	     "m.yaml:16:23: job main: schedule.after: job 'main' cannot run "
	     "after 'main'"},
	    {"{after: othre}",
	     "m.yaml:16:23: job main: schedule.after: there is no job 'othre'"},
	    {"{after: back}",
	     "m.yaml:16:23: job main: schedule.after: job 'back' comes after "
	     "'main' itself"},
	    {"{every: 500ms}", "schedule.every"},
	};
	struct mst_conf_item *items;
	size_t n, added, changed;

	(void)unused;
	t_ok(mst_conf_read_in(
		 mst_slice_str(
		     "connections:\n" SOURCE DEST("cmdb") "jobs:\n" JOB("other",
									"cmdb")
			 JOB("back", "cmdb") "    schedule: {after: main}\n"),
		 "s.yaml", &arena, &items, &n, &err),
	     &err);
	t_ok(
	    mst_config_put(state, items, n, NULL, NULL, &added, &changed, &err),
	    &err);
	for (size_t i = 0; i < MST_LEN(rows); i++) {
		char yaml[1000];
		struct mst_config c;
		int rc;

		(void)snprintf(
		    yaml, sizeof(yaml),
		    "connections:\n" SOURCE DEST("cmdb") "jobs:\n" JOB(
			"main", "cmdb") "    schedule: %s\n",
		    rows[i].schedule);
		c = front(yaml);
		rc = mst_config_check(&c, &err);
		if (rows[i].part)
			t_failed(rc, &err, MST_E_INVALID, rows[i].part);
		else
			t_ok(rc, &err);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(items_in_front),
	    T(names_of_jobs),
	    T(a_job_takes_its_environment),
	    T(mismatch_is_refused_at_load),
	    T(mismatch_is_refused_before_it_is_stored),
	    T(one_environment_is_enough_to_know),
	    T(check_says_where),
	    T(settings_that_never_count),
	    T(mappings_without_a_job),
	    T(tables_of_connectors),
	    cmocka_unit_test_setup_teardown(schedules, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
