/* SPDX-License-Identifier: Apache-2.0
 *
 * What a person closes in ServiceNow is acknowledged at the console: once, only
 * with a UUID, never what muster closed itself, and never what was closed
 * before this was switched on.
 */
#include "tests/lib/sync_rig.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/secret.h"
#include "base/time.h"
#include "forward/owed.h"
#include "forwarder/ack.h"
#include "sync/config.h"

static struct rig rig;
static struct mst_state *store;
static struct mst_forwarder *f;
static struct mst_err err;
static atomic_bool stop;
static const char *const uuids[] = {"1-1001", "1-1002", "1-1003"};

static void configure(const char *type, const char *more, const char *read)
{
	char *yaml = mst_asprintf(
	    "connections:\n"
	    "  - name: plant\n    type: iot\n    url: %s\n    read: %s\n"
	    "    token: env:T_TOKEN\n"
	    "  - name: cmdb\n    type: servicenow\n    url: %s\n"
	    "    username: " MST_SIM_USER "\n"
	    "    password: env:MUSTER_SIM_PASSWORD\n"
	    "forward_actions:\n"
	    "  - name: x\n    type: %s\n    connection: cmdb\n%s"
	    "forward_rules:\n"
	    "  - name: all\n    source: plant\n    actions: [x]\n"
	    "    poll: no\n"
	    "  - name: more\n    source: plant\n    actions: [x]\n"
	    "    poll: no\n",
	    RIG_HOST(&rig, MST_SIM_IOT), read,
	    RIG_HOST(&rig, MST_SIM_SERVICENOW), type, more);
	size_t added, changed;
	struct mst_conf conf;

	t_ok(mst_conf_read(mst_slice_str(yaml), "f.yaml", &conf, &err), &err);
	t_ok(mst_config_put(store, conf.items, conf.items_n, NULL, NULL, &added,
			    &changed, &err),
	     &err);
	mst_conf_fini(&conf);
	free(yaml);
	t_ok(mst_forwarder_open(store, &f, &err), &err);
}

static int set_up(void **state)
{
	static unsigned n;

	err = (struct mst_err)MST_ERR_INIT;
	rig_control(&rig, "DELETE", "/_sim/faults", "%s", "");
	rig_control(&rig, "POST", "/_sim/reset", "{}");
	for (size_t i = 0; i < MST_LEN(uuids); i++)
		rig_control(&rig, "POST", "/_sim/iot/alerts",
			    "{\"alerts\":[{\"title\":\"Device Failed to "
			    "Receive a Dynamic IP Address\",\"sensor\":1,"
			    "\"source\":%zu,\"destination\":%zu,"
			    "\"uuid\":\"%s\"}]}",
			    i + 1, i + 2, uuids[i]);
	t_ok(mst_state_open(t_path("state-%u", ++n), &store, &err), &err);
	return t_log_watch(state);
}

static int tear_down(void **state)
{
	mst_forwarder_close(&f);
	mst_state_close(&store);
	return t_log_check(state);
}

static void hear(const char *key, bool handled)
{
	static const struct mst_route route = {"all", "x", true};
	char body[300];
	struct mst_outbox_alert a = {
	    .source = "plant",
	    .key = mst_slice_str(key),
	    .device = MST_SLICE_LIT("10.0.0.1"),
	    .form = MST_FORM_JSON,
	    .digest = handled ? 2 : 1,
	    .handled = handled,
	    .routes = &route,
	    .routes_n = 1,
	};

	(void)snprintf(body, sizeof(body),
		       "{\"UUID\":\"%s\",\"title\":\"t\",\"severity\":"
		       "\"Major\",\"handled\":%s}",
		       key, handled ? "true" : "false");
	a.body = mst_slice_str(body);
	t_ok(mst_outbox_accept(f->outbox, &a, 1, mst_now_us(), &err), &err);
}

static void deliver(void)
{
	t_ok(mst_deliver_due(f, &stop, &err), &err);
}

/* A person does this to the record of the alert. */
static void edit(const char *table, const char *column, const char *key,
		 const char *values)
{
	char query[200], path[100];
	struct mst_json rows;
	struct mst_json_iter it;
	struct mst_json row;

	(void)snprintf(query, sizeof(query), "%s=iot/plant/%s", column, key);
	rows = rig_rows(&rig, table, query, "sys_id");
	it = mst_json_iter(rows);
	assert_true(mst_json_next(&it, NULL, &row));
	(void)snprintf(path, sizeof(path), "/_sim/sn/rows/%.32s",
		       mst_json_str(mst_json_get(row, "sys_id")).p);
	rig_control(&rig, "PATCH", path, "{%s}", values);
}

static bool handled(const char *uuid)
{
	struct mst_json root;
	struct mst_json_iter it;
	struct mst_json a;
	bool is = false;

	mst_buf_reset(&rig.body);
	rig_control(&rig, "GET", "/_sim/iot/alerts", "%s", "");
	t_ok(mst_json_parse(rig.json, mst_buf_slice(&rig.body), &root, &err),
	     &err);
	it = mst_json_iter(mst_json_get(root, "raised"));
	while (mst_json_next(&it, NULL, &a)) {
		if (mst_json_is_str(mst_json_iget(a, "uuid"), uuid)) {
			(void)mst_json_bool(mst_json_get(a, "handled"), &is);
			return is;
		}
	}
	fail_msg("the console has no alert %s", uuid);
	return false;
}

struct owed {
	enum mst_owed_state state[8];
	int64_t tries;
	size_t n;
};

static int add(void *ctx, const struct mst_owed *o)
{
	struct owed *all = ctx;

	assert_true(all->n < 8);
	all->state[all->n++] = o->state;
	all->tries += o->tries;
	return 0;
}

static struct owed owed(void)
{
	struct owed all = {.n = 0};

	t_ok(mst_owed_page(f->outbox, 0, 8, add, &all, &err), &err);
	return all;
}

#define RESOLVED                                                               \
	"\"state\":\"6\",\"close_code\":\"Solution provided\","                \
	"\"close_notes\":\"Mended.\""

static void test_incidents(void **state MST_UNUSED)
{
	configure("incident", "    acknowledge: handle\n", "console");
	for (size_t i = 0; i < 3; i++)
		hear(uuids[i], false);
	deliver(); /* and from now on it counts */
	assert_int_equal(owed().n, 0);
	edit("incident", "correlation_id", uuids[0], RESOLVED);
	hear(uuids[1], true); /* muster closes this one */
	deliver();
	assert_true(handled(uuids[0]));
	assert_false(handled(uuids[1]));
	assert_false(handled(uuids[2]));
	assert_int_equal(owed().n, 1);
	assert_int_equal(owed().state[0], MST_OWED_DONE);
	/* Once. */
	edit("incident", "correlation_id", uuids[0], "\"state\":\"7\"");
	deliver();
	assert_int_equal(owed().tries, 1);
}

static void test_rows(void **state MST_UNUSED)
{
	configure("application", "    acknowledge: learn\n", "console");
	hear(uuids[0], false);
	hear(uuids[1], false);
	deliver();
	edit("u_muster_ot_alert", "u_key", uuids[0], "\"u_handled\":\"true\"");
	deliver();
	assert_true(handled(uuids[0]));
	assert_false(handled(uuids[1]));
}

/* Handled at the console, so muster has written it: who edits the row later has
 * not closed it, and nothing is learned. */
static void test_edited(void **state MST_UNUSED)
{
	configure("application", "    acknowledge: learn\n", "console");
	hear(uuids[0], false);
	deliver();
	hear(uuids[0], true);
	deliver();
	edit("u_muster_ot_alert", "u_key", uuids[0], "\"u_title\":\"x\"");
	deliver();
	assert_int_equal(owed().n, 0);
	assert_false(handled(uuids[0]));
}

/* Muster has closed it, and somebody writes other notes. */
static void test_noted(void **state MST_UNUSED)
{
	configure("incident", "    acknowledge: learn\n", "console");
	hear(uuids[0], false);
	deliver();
	hear(uuids[0], true);
	deliver();
	edit("incident", "correlation_id", uuids[0], RESOLVED);
	deliver();
	assert_int_equal(owed().n, 0);
}

/* Off: nobody asks. */
static void test_off(void **state MST_UNUSED)
{
	configure("incident", "", "console");
	hear(uuids[0], false);
	deliver();
	edit("incident", "correlation_id", uuids[0], RESOLVED);
	deliver();
	assert_false(handled(uuids[0]));
	assert_int_equal(owed().n, 0);
}

/* One that was closed before is nobody's business. */
static void test_before(void **state MST_UNUSED)
{
	configure("incident", "", "console");
	hear(uuids[0], false);
	deliver();
	rig_control(&rig, "POST", "/_sim/time", "{\"advance_s\":-7200}");
	edit("incident", "correlation_id", uuids[0], RESOLVED);
	rig_control(&rig, "POST", "/_sim/time", "{\"advance_s\":7200}");
	mst_forwarder_close(&f);
	configure("incident", "    acknowledge: handle\n", "console");
	deliver();
	deliver();
	assert_int_equal(owed().n, 0);
}

static int64_t later_us;

static int64_t later(void)
{
	return mst_now_us() + later_us;
}

/* On, off and on again: what was closed meanwhile is not told either. */
static void test_off_meanwhile(void **state MST_UNUSED)
{
	configure("incident", "    acknowledge: handle\n", "console");
	hear(uuids[0], false);
	deliver();
	mst_forwarder_close(&f);
	configure("incident", "    acknowledge: off\n", "console");
	deliver();
	edit("incident", "correlation_id", uuids[0], RESOLVED);
	mst_forwarder_close(&f);
	configure("incident", "    acknowledge: handle\n", "console");
	f->now_us = later;
	later_us = INT64_C(7200) * 1000000;
	deliver();
	deliver();
	assert_int_equal(owed().n, 0);
}

#define NO_UUID "0123456789abcdef0123456789abcdef"

static void test_cannot(void **state MST_UNUSED)
{
	configure("incident", "    acknowledge: handle\n", "console");
	hear(NO_UUID, false);
	hear("9-9999", false);
	deliver();
	edit("incident", "correlation_id", NO_UUID, RESOLVED);
	edit("incident", "correlation_id", "9-9999", RESOLVED);
	t_log_expect(MST_WARN, "the alert has no UUID", 1);
	t_log_expect(MST_WARN, "no alert was found for this UUID", 1);
	deliver();
	assert_int_equal(owed().n, 2);
	assert_int_equal(owed().state[0], MST_OWED_NEVER);
	assert_int_equal(owed().state[1], MST_OWED_NEVER);
	deliver();
	assert_int_equal(owed().tries, 2);
}

/* The console is away: it hears of it when it is back. */
static void test_away(void **state MST_UNUSED)
{
	configure("incident", "    acknowledge: handle\n", "console");
	hear(uuids[0], false);
	deliver();
	edit("incident", "correlation_id", uuids[0], RESOLVED);
	rig_control(&rig, "POST", "/_sim/faults",
		    "{\"kind\":\"status_before\",\"host\":\"iot\"}");
	t_log_expect(MST_WARN, "action x: acknowledgements wait:", 1);
	deliver();
	assert_int_equal(owed().state[0], MST_OWED_WAITS);
	rig_control(&rig, "DELETE", "/_sim/faults", "%s", "");
	deliver(); /* too early */
	assert_int_equal(owed().state[0], MST_OWED_WAITS);
	f->now_us = later;
	later_us = 60000000;
	deliver();
	assert_int_equal(owed().state[0], MST_OWED_DONE);
	assert_true(handled(uuids[0]));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_incidents), TEST(test_rows),	    TEST(test_edited),
	    TEST(test_noted),	  TEST(test_off_meanwhile), TEST(test_off),
	    TEST(test_before),	  TEST(test_cannot),	    TEST(test_away),
	};
	struct mst_sim_conf conf = {
	    .devices = 1, .apps = -1, .iot_devices = 20, .empty = true};
	int failed;

	(void)setenv("MUSTER_SIM_PASSWORD", MST_SIM_PASSWORD, 1);
	(void)setenv("T_TOKEN", MST_SIM_IOT_TOKEN, 1);
	(void)mst_secret_setup(&err);
	rig_start(&rig, &conf);
	failed = cmocka_run_group_tests_name("forward_ack", tests, NULL, NULL);
	rig_stop(&rig);
	return failed;
}
