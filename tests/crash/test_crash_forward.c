/* SPDX-License-Identifier: Apache-2.0
 *
 * `muster forward run --once` dies at every numbered step, with an outbox that
 * was filled before. The next one goes on: in the end each alert has one
 * incident (row, event), each update one note, whatever had reached ServiceNow
 * when it died. The argument is the type of the action; "ack": what people
 * have closed is told to the console, whenever that dies.
 */
#include "tests/lib/sync_rig.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "forward/outbox.h"

#define STOPPED	  100
#define STEPS_MAX 400
#define ALERTS	  12
#define DEVICES	  5

static struct rig rig;
static const char *type;
static bool acks;

static void configure(void)
{
	char *yaml = mst_asprintf(
	    "connections:\n"
	    "  - name: plant\n    type: iot\n    url: %s\n"
	    "    token: env:T_TOKEN\n"
	    "  - name: cmdb\n    type: servicenow\n    url: %s\n"
	    "    username: " MST_SIM_USER "\n"
	    "    password: env:MUSTER_SIM_PASSWORD\n"
	    "forward_actions:\n"
	    "  - name: x\n    type: %s\n    connection: cmdb\n%s"
	    "forward_rules:\n"
	    "  - name: all\n    source: plant\n    actions: [x]\n"
	    "    poll: no\n"
	    "outbox:\n  retry_first: 100ms\n  retry_most: 100ms\n",
	    RIG_HOST(&rig, MST_SIM_IOT), RIG_HOST(&rig, MST_SIM_SERVICENOW),
	    acks ? "incident" : type, acks ? "    acknowledge: handle\n" : "");

	rig_apply_text(&rig, yaml);
	free(yaml);
}

/* As the intake would: opened, then some of it again, then handled. */
static void accept(struct mst_outbox *o, uint64_t round)
{
	static const struct mst_route route = {"all", "x", true};
	struct mst_outbox_alert a[ALERTS] = {0};
	struct mst_err err = MST_ERR_INIT;
	struct mst_arena arena;
	size_t n = 0;

	mst_arena_init(&arena, 1u << 20);
	for (unsigned i = 0; i < ALERTS; i++) {
		const char *uuid = mst_arena_printf(&arena, "1-%u", 1000 + i);
		const char *body = mst_arena_printf(
		    &arena,
		    "{\"UUID\":\"%s\",\"title\":\"PLC Stop\",\"message\":"
		    "\"round %llu\",\"severity\":\"Major\","
		    "\"sourceDeviceAddress\":\"10.0.0.%u\",\"handled\":%s}",
		    uuid, (unsigned long long)round, i % DEVICES,
		    round == 2 ? "true" : "false");

		if (i % 3 < round)
			continue;
		a[n++] = (struct mst_outbox_alert){
		    .source = "plant",
		    .key = mst_slice_str(uuid),
		    .device = mst_slice_str(
			mst_arena_printf(&arena, "10.0.0.%u", i % DEVICES)),
		    .form = MST_FORM_JSON,
		    .body = mst_slice_str(body),
		    .digest = 100 * round + i + 1,
		    .handled = round == 2,
		    .routes = &route,
		    .routes_n = 1};
	}
	t_ok(mst_outbox_accept(o, a, n, mst_now_us(), &err), &err);
	mst_arena_fini(&arena);
}

/* Round 0 opens 12, round 1 updates 8 of them, round 2 closes 4. */
static void fill(void)
{
	static const struct mst_outbox_conf conf = {.max = 1000,
						    .keep = 86400000,
						    .aside_retry = 3600000,
						    .retry_first = 100,
						    .retry_most = 100};
	char *path = mst_asprintf("%s/outbox.db", rig.state);
	struct mst_err err = MST_ERR_INIT;
	struct mst_outbox *o;

	t_ok(mst_outbox_open(path, MST_OUTBOX_OWN, &conf, mst_now_us(), &o,
			     &err),
	     &err);
	for (uint64_t round = 0; round < (acks ? 1 : 3); round++)
		accept(o, round);
	mst_outbox_close(&o);
	free(path);
}

/* False: it came to its end before step n. */
static bool dies_at(unsigned n)
{
	char at[40], token[] = "T_TOKEN=" MST_SIM_IOT_TOKEN;
	const char *env[] = {token, at, NULL};

	(void)snprintf(at, sizeof(at), "MUSTER_STOP_AT=%u", n);
	rig.env = env;
	rig_muster(&rig, "forward", "run", "--once", "--json");
	rig.env = NULL;
	if (rig.status != 0)
		rig_status(&rig, STOPPED);
	return rig.status != 0;
}

/* ---- acknowledgements ---------------------------------------------------- */

#define CLOSED 3

/* All are delivered, and then people close some of them. */
static void prepare_acks(void)
{
	for (unsigned i = 0; i < ALERTS; i++)
		rig_control(&rig, "POST", "/_sim/iot/alerts",
			    "{\"alerts\":[{\"title\":\"Device Failed to "
			    "Receive a Dynamic IP Address\",\"sensor\":1,"
			    "\"source\":1,\"destination\":2,\"uuid\":"
			    "\"1-%u\"}]}",
			    1000 + i);
	assert_false(dies_at(0));
	for (unsigned i = 0; i < CLOSED; i++) {
		struct mst_json_iter it;
		struct mst_json row;
		char query[80], path[80];

		(void)snprintf(query, sizeof(query),
			       "correlation_id=iot/plant/1-%u", 1000 + i);
		it = mst_json_iter(rig_rows(&rig, "incident", query, "sys_id"));
		assert_true(mst_json_next(&it, NULL, &row));
		(void)snprintf(path, sizeof(path), "/_sim/sn/rows/%.32s",
			       mst_json_str(mst_json_get(row, "sys_id")).p);
		rig_control(&rig, "PATCH", path,
			    "{\"state\":\"6\",\"close_notes\":\"Mended.\"}");
	}
}

static void check_acks(unsigned n)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_json_iter it;
	struct mst_json root, a;
	unsigned handled = 0;

	mst_buf_reset(&rig.body);
	rig_control(&rig, "GET", "/_sim/iot/alerts", "%s", "");
	t_ok(mst_json_parse(rig.json, mst_buf_slice(&rig.body), &root, &err),
	     &err);
	it = mst_json_iter(mst_json_get(root, "raised"));
	while (mst_json_next(&it, NULL, &a)) {
		bool is = false;

		(void)mst_json_bool(mst_json_get(a, "handled"), &is);
		handled += is;
	}
	if (handled != CLOSED)
		fail_msg("stopped at %u: %u handled", n, handled);
	rig_muster(&rig, "forward", "owed", "--json");
	assert_int_equal(mst_json_len(rig_json(&rig)), CLOSED);
	it = mst_json_iter(rig.root);
	while (mst_json_next(&it, NULL, &a))
		assert_true(mst_json_is_str(mst_json_get(a, "state"), "done"));
}

/* ---- preparing, ending, looking ------------------------------------------ */

static void prepare(void)
{
	rig_control(&rig, "POST", "/_sim/reset", "{}");
	rig_control(&rig, "POST", "/_sim/sn/roles",
		    "{\"user\":\"" MST_SIM_USER "\",\"roles\":[\"itil\","
		    "\"asset\",\"evt_mgmt_integration\"]}");
	rig_new_state(&rig);
	configure();
	fill();
	if (acks)
		prepare_acks();
}

/* Until nothing waits any more: what was in doubt has a time. */
static void finish(void)
{
	int64_t left = 1;

	for (unsigned i = 0; i < 200 && left > 0; i++) {
		struct mst_json all, action;
		struct mst_json_iter it;

		(void)dies_at(0);
		all = mst_json_get(rig_json(&rig), "actions");
		it = mst_json_iter(all);
		left = 0;
		while (mst_json_next(&it, NULL, &action))
			left += rig_num(action, "waiting") +
				rig_num(action, "sent") +
				rig_num(action, "later") +
				rig_num(action, "aside");
	}
	assert_int_equal(left, 0);
}

static void check(unsigned n)
{
	if (acks) {
		check_acks(n);
	} else if (strcmp(type, "incident") == 0) {
		size_t all = rig_count(&rig, "incident", "");
		size_t notes =
		    rig_count(&rig, "sys_journal_field", "element=work_notes");
		size_t closed = rig_count(&rig, "incident", "state=6");

		if (all != ALERTS || notes != 8 || closed != 4)
			fail_msg("stopped at %u: %zu incidents, %zu notes, "
				 "%zu closed",
				 n, all, notes, closed);
	} else if (strcmp(type, "application") == 0) {
		assert_int_equal(rig_count(&rig, "u_muster_ot_alert", ""),
				 ALERTS);
		assert_int_equal(
		    rig_count(&rig, "u_muster_ot_alert", "u_handled=true"), 4);
	} else {
		assert_int_equal(rig_count(&rig, "em_alert", ""), ALERTS);
	}
}

static void kill_at_every_step(void **state)
{
	unsigned n;

	(void)state;
	for (n = 1; n < STEPS_MAX; n += T_SANITIZED ? 3 : 1) {
		prepare();
		if (!dies_at(n))
			break;
		finish();
		check(n);
	}
	print_message("stopped at %u steps\n", n - 1);
	assert_in_range(n, 8, STEPS_MAX - 1);
}

/* Dies again and again, never back to the start. */
static void kill_in_a_row(void **state)
{
	unsigned n;

	(void)state;
	prepare();
	for (n = 1; n < STEPS_MAX; n++) {
		if (!dies_at(n))
			break;
	}
	finish();
	check(n);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(kill_at_every_step),
	    cmocka_unit_test(kill_in_a_row),
	};
	struct mst_sim_conf conf = {
	    .devices = 1, .apps = -1, .iot_devices = 20, .empty = true};
	int failed;

	type = argc > 1 ? argv[1] : "incident";
	acks = strcmp(type, "ack") == 0;
	rig_start(&rig, &conf);
	failed = cmocka_run_group_tests_name(type, tests, NULL, NULL);
	rig_stop(&rig);
	return failed;
}
