/* SPDX-License-Identifier: Apache-2.0
 *
 * Deliverers against a ServiceNow that is away for days, by a clock that the
 * test moves, and against one that misbehaves while thousands of alerts come
 * in: none is lost, none is doubled, the order of a device is kept, and what
 * is refused for good does not hold the others up.
 */
#include "tests/lib/sync_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/secret.h"
#include "base/time.h"
#include "forwarder/private.h"
#include "sync/config.h"

#define HOUR	INT64_C(3600000000)
#define DEVICES 40

static struct rig rig;
static struct mst_state *state_store;
static struct mst_forwarder *f;
static struct mst_err err;
static atomic_bool stop;
static int64_t now; /* of the outbox */
static const char *folder;

static int64_t clock_of_test(void)
{
	return now;
}

static void configure(const char *more)
{
	char *yaml = mst_asprintf(
	    "connections:\n"
	    "  - name: plant\n    type: iot\n    url: %s\n"
	    "    token: env:T_TOKEN\n"
	    "  - name: cmdb\n    type: servicenow\n    url: %s\n"
	    "    username: " MST_SIM_USER "\n"
	    "    password: env:MUSTER_SIM_PASSWORD\n"
	    "forward_actions:\n"
	    "  - name: tickets\n    type: incident\n    connection: cmdb\n%s"
	    "forward_rules:\n"
	    "  - name: all\n    source: plant\n    actions: [tickets]\n"
	    "    poll: no\n",
	    RIG_HOST(&rig, MST_SIM_IOT), RIG_HOST(&rig, MST_SIM_SERVICENOW),
	    more);
	size_t added, changed;
	struct mst_conf conf;

	t_ok(mst_conf_read(mst_slice_str(yaml), "f.yaml", &conf, &err), &err);
	t_ok(mst_config_put(state_store, conf.items, conf.items_n, NULL, NULL,
			    &added, &changed, &err),
	     &err);
	mst_conf_fini(&conf);
	free(yaml);
}

static void open_all(void)
{
	t_ok(mst_forwarder_open(state_store, &f, &err), &err);
	f->now_us = clock_of_test;
}

static int set_up(void **state)
{
	static unsigned n;

	err = (struct mst_err)MST_ERR_INIT;
	now = mst_now_us();
	folder = t_path("state-%u", ++n);
	rig_control(&rig, "DELETE", "/_sim/faults", "%s", "");
	rig_control(&rig, "POST", "/_sim/reset", "{}");
	t_ok(mst_state_open(folder, &state_store, &err), &err);
	return t_log_watch(state);
}

static int tear_down(void **state)
{
	mst_forwarder_close(&f);
	mst_state_close(&state_store);
	return t_log_check(state);
}

/* Alerts [from, to), said for the round-th time. */
static void hear(unsigned from, unsigned to, unsigned round, bool handled)
{
	static const struct mst_route route = {"all", "tickets", true};
	struct mst_outbox_alert *a = mst_alloc((to - from) * sizeof(*a));
	struct mst_arena arena;

	mst_arena_init(&arena, 64u << 20);
	for (unsigned i = from; i < to; i++) {
		const char *uuid = mst_arena_printf(&arena, "1-%06u", i);
		const char *ip =
		    mst_arena_printf(&arena, "10.0.0.%u", i % DEVICES);

		a[i - from] = (struct mst_outbox_alert){
		    .source = "plant",
		    .key = mst_slice_str(uuid),
		    .device = mst_slice_str(ip),
		    .form = MST_FORM_JSON,
		    .body = mst_slice_str(mst_arena_printf(
			&arena,
			"{\"UUID\":\"%s\",\"title\":\"PLC Stop\",\"message\":"
			"\"round %u\",\"severity\":\"Major\","
			"\"sourceDeviceAddress\":\"%s\",\"handled\":%s}",
			uuid, round, ip, handled ? "true" : "false")),
		    .digest = 2 * round + handled + 1,
		    .handled = handled,
		    .routes = &route,
		    .routes_n = 1};
	}
	mst_forwarder_lock(f);
	t_ok(mst_outbox_accept(f->outbox, a, to - from, now, &err), &err);
	mst_forwarder_changed(f);
	mst_forwarder_unlock(f);
	mst_arena_fini(&arena);
	free(a);
}

static void add(void *ctx, const char *action, const struct mst_outbox_stats *s)
{
	if (!action)
		memcpy(ctx, s->n, sizeof(s->n));
}

static uint64_t left(enum mst_delivery_state state)
{
	uint64_t n[MST_DELIVERY_DONE] = {0}, all = 0;

	t_ok(mst_outbox_stats(f->outbox, add, n, &err), &err);
	if (state != MST_DELIVERY_DONE)
		return n[state];
	for (size_t i = 0; i < MST_DELIVERY_DONE; i++)
		all += n[i];
	return all;
}

static void deliver(void)
{
	t_ok(mst_deliver_due(f, &stop, &err), &err);
}

struct order {
	unsigned last[DEVICES], seen, n;
	bool *is;
};

/* Ten thousand alerts at most: as many rows as an answer has. */
static void look_at(struct order *o, unsigned part)
{
	struct mst_json_iter it;
	struct mst_json row;
	char query[100];

	(void)snprintf(query, sizeof(query),
		       "correlation_idSTARTSWITHiot/plant/1-%02u^ORDERBYnumber",
		       part);
	it = mst_json_iter(
	    rig_rows(&rig, "incident", query, "correlation_id,number"));
	while (mst_json_next(&it, NULL, &row)) {
		struct mst_slice id =
		    mst_json_str(mst_json_get(row, "correlation_id"));
		unsigned i = (unsigned)atoi(id.p + strlen("iot/plant/1-"));

		assert_true(i < o->n);
		if (o->is[i])
			fail_msg("two incidents of alert %u", i);
		o->is[i] = true;
		if (o->last[i % DEVICES] > i)
			fail_msg("alert %u came behind %u", i,
				 o->last[i % DEVICES]);
		o->last[i % DEVICES] = i;
		o->seen++;
	}
}

/* Each alert has one incident; those of a device are in their order. */
static void each_once(unsigned n)
{
	struct order o = {.n = n, .is = mst_alloc(n)};

	for (unsigned part = 0; part * 10000 < n; part++)
		look_at(&o, part);
	free(o.is);
	assert_int_equal(o.seen, n);
}

/* ---- days ---------------------------------------------------------------- */

static void test_days(void **state MST_UNUSED)
{
	configure("");
	open_all();
	rig_control(&rig, "POST", "/_sim/faults",
		    "{\"kind\":\"status_before\",\"host\":\"servicenow\"}");
	/* Three days, in which ServiceNow is asked now and then. */
	for (unsigned day = 0; day < 3; day++) {
		t_log_expect(MST_WARN, "action tickets waits: cmdb:", 8);
		hear(day * 100, day * 100 + 100, 0, false);
		for (unsigned i = 0; i < 8; i++) {
			deliver();
			now += 3 * HOUR;
		}
	}
	assert_int_equal(left(MST_DELIVERY_DONE), 300);
	rig_control(&rig, "DELETE", "/_sim/faults", "%s", "");
	deliver();
	assert_int_equal(left(MST_DELIVERY_DONE), 0);
	each_once(300);
	/* All of it once more says nothing new. */
	hear(0, 300, 0, false);
	assert_int_equal(left(MST_DELIVERY_DONE), 0);
}

/* What is said of alerts while they wait comes behind them. */
static void test_updates_wait(void **state MST_UNUSED)
{
	configure("");
	open_all();
	hear(0, 10, 0, false);
	hear(0, 10, 1, false);
	hear(0, 5, 2, true);
	deliver();
	assert_int_equal(left(MST_DELIVERY_DONE), 0);
	each_once(10);
	assert_int_equal(
	    rig_count(&rig, "sys_journal_field", "element=work_notes"), 10);
	assert_int_equal(rig_count(&rig, "incident", "state=6"), 5);
}

/* ---- refused for good ---------------------------------------------------- */

static void test_aside(void **state MST_UNUSED)
{
	configure("    close_code: Made up\n");
	open_all();
	hear(0, 10, 0, false);
	deliver();
	/* Among others that go through one is refused; those behind it go on.
	 */
	hear(3, 4, 1, true);
	hear(10, 20, 0, false);
	hear(43, 44, 0, false);
	deliver();
	assert_int_equal(left(MST_DELIVERY_ASIDE), 1);
	assert_int_equal(left(MST_DELIVERY_DONE), 1);
	assert_int_equal(rig_count(&rig, "incident", ""), 21);
	/* By its own clock; meanwhile the instance has got that choice. */
	rig_control(&rig, "POST", "/_sim/sn/choices",
		    "{\"add\":[{\"table\":\"incident\",\"element\":"
		    "\"close_code\",\"value\":\"Made up\",\"label\":\"Made "
		    "up\"}]}");
	deliver();
	assert_int_equal(left(MST_DELIVERY_ASIDE), 1);
	now += 2 * HOUR;
	deliver();
	assert_int_equal(left(MST_DELIVERY_DONE), 0);
	assert_int_equal(rig_count(&rig, "incident", "state=6"), 1);
}

/* ---- threads ------------------------------------------------------------- */

/* More of them by FORWARD_ALERTS in the environment. */
static unsigned many(void)
{
	const char *text = getenv("FORWARD_ALERTS");
	unsigned n = text ? (unsigned)atoi(text) / 500 * 500 : 0;

	return n ? n : T_SANITIZED ? 1500 : 6000;
}

/* The test's clock goes on with the real one, but twenty thousand times as
 * fast. */
static int64_t begun, begun_mono;

static int64_t fast_clock(void)
{
	return begun + (mst_mono_us() - begun_mono) * 20000;
}

static void wait_done(void)
{
	mst_forwarder_lock(f);
	while (left(MST_DELIVERY_DONE) > 0) {
		mst_forwarder_wait(f, f->changes, 5);
		/* Who sleeps counts real milliseconds. */
		mst_forwarder_changed(f);
	}
	mst_forwarder_unlock(f);
}

static void test_misbehaving(void **state MST_UNUSED)
{
	static const char *const kinds[] = {
	    "\"kind\":\"status_before\"", "\"kind\":\"status_after\"",
	    "\"kind\":\"drop_after\"",	  "\"kind\":\"drop_before\"",
	    "\"kind\":\"reset\"",	  "\"kind\":\"429_bare\"",
	    "\"kind\":\"truncated\"",	  "\"kind\":\"202\"",
	};
	struct mst_deliverers *d = NULL;
	unsigned n = many();

	mst_log_level(MST_ERROR);
	begun = now;
	begun_mono = mst_mono_us();
	configure("");
	open_all();
	f->now_us = fast_clock;
	for (size_t i = 0; i < MST_LEN(kinds); i++)
		rig_control(&rig, "POST", "/_sim/faults",
			    "{%s,\"host\":\"servicenow\",\"probability\":0.03,"
			    "\"seed\":%zu}",
			    kinds[i], i + 1);
	t_ok(mst_deliverers_start(f, &d, &err), &err);
	for (unsigned i = 0; i < n; i += 500) {
		now = fast_clock();
		hear(i, i + 500, 0, false);
	}
	wait_done();
	mst_deliverers_stop(&d);
	rig_control(&rig, "DELETE", "/_sim/faults", "%s", "");
	each_once(n);
	mst_log_level(MST_INFO);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_days),
	    TEST(test_updates_wait),
	    TEST(test_aside),
	    TEST(test_misbehaving),
	};
	struct mst_sim_conf conf = {
	    .devices = 1, .apps = -1, .iot_devices = -1, .empty = true};
	int failed;

	(void)setenv("MUSTER_SIM_PASSWORD", MST_SIM_PASSWORD, 1);
	(void)setenv("T_TOKEN", MST_SIM_IOT_TOKEN, 1);
	(void)mst_secret_setup(&err);
	rig_start(&rig, &conf);
	failed =
	    cmocka_run_group_tests_name("forward_outage", tests, NULL, NULL);
	rig_stop(&rig);
	return failed;
}
