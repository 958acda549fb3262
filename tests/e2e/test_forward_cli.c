/* SPDX-License-Identifier: Apache-2.0
 *
 * muster forward as a person types it: test, why, run --once, status, list,
 * show, retry, drop; and what `connection test` says of actions.
 */
#include "tests/lib/sync_rig.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "forward/outbox.h"

static struct rig rig;
static const char *const env[] = {"T_TOKEN=" MST_SIM_IOT_TOKEN,
				  "MUSTER_SIM_PASSWORD=" MST_SIM_PASSWORD,
				  NULL};

static void configure(const char *actions, const char *names)
{
	char *yaml = mst_asprintf(
	    "connections:\n"
	    "  - name: plant\n    type: iot\n    url: %s\n"
	    "    token: env:T_TOKEN\n"
	    "  - name: cmdb\n    type: servicenow\n    url: %s\n"
	    "    username: " MST_SIM_USER "\n"
	    "    password: env:MUSTER_SIM_PASSWORD\n"
	    "forward_actions:\n%s"
	    "forward_rules:\n"
	    "  - name: all\n    source: plant\n    actions: [%s]\n"
	    "    severity: major\n    poll: no\n"
	    "  - name: modbus\n    source: plant\n    actions: [%s]\n"
	    "    protocols: [modbus]\n    poll: no\n"
	    "exclusion_windows:\n"
	    "  - name: south\n    sensors: [south]\n",
	    RIG_HOST(&rig, MST_SIM_IOT), RIG_HOST(&rig, MST_SIM_SERVICENOW),
	    actions, names, names);

	rig_control(&rig, "DELETE", "/_sim/faults", "%s", "");
	rig_control(&rig, "POST", "/_sim/reset", "{}");
	rig_new_state(&rig);
	rig.env = env;
	rig_apply_text(&rig, yaml);
	free(yaml);
}

#define TICKETS "  - name: tickets\n    type: incident\n    connection: cmdb\n"

static void says(const char *part)
{
	if (!strstr(rig.out.p ? rig.out.p : "", part))
		fail_msg("no \"%s\" in:\n%s", part, rig.out.p);
}

static void test_test(void **state MST_UNUSED)
{
	configure(TICKETS, "tickets");
	rig_muster(&rig, "forward", "test", "all", "--dry-run");
	rig_status(&rig, 0);
	assert_int_equal(rig_count(&rig, "incident", ""), 0);
	rig_muster(&rig, "forward", "test", "all");
	rig_status(&rig, 0);
	says("tickets: test alert closed");
	assert_int_equal(
	    rig_count(&rig, "incident",
		      "short_descriptionSTARTSWITHTEST of the forwarding rule "
		      "all^state=6"),
	    1);
	rig_muster(&rig, "forward", "test", "nothing");
	rig_status(&rig, 1);
	rig_one_error(&rig);
	configure("  - name: soc\n    type: webhook\n"
		  "    url: https://127.0.0.1:1/\n",
		  "soc");
	rig_muster(&rig, "forward", "test", "all", "--json");
	rig_status(&rig, 1);
	assert_int_equal(rig_num(rig_json(&rig), "counts.failed"), 1);
}

static void test_connection(void **state MST_UNUSED)
{
	configure(TICKETS, "tickets");
	rig_muster(&rig, "connection", "test", "cmdb");
	says("tickets: incident");
	says("the table of incidents can be read");
}

static void test_why(void **state MST_UNUSED)
{
	const char *path = t_path("alert.json");

	configure(TICKETS, "tickets");
	t_write(path, MST_SLICE_LIT("{\"title\":\"PLC Stop\",\"severity\":"
				    "\"Minor\",\"protocol\":\"modbus\","
				    "\"sensorName\":\"north\"}"));
	rig_muster(&rig, "forward", "why", path);
	rig_status(&rig, 0);
	says("rule   all                  does not take it: its severity");
	says("rule   modbus               takes it: tickets");
	t_write(path, MST_SLICE_LIT(
			  "<9>Nov 20 10:00:00 south CEF:0|Microsoft Defender "
			  "for IoT/CyberX|south|22|Microsoft Defender for IoT "
			  "Alert|PLC Stop|10|msg=x severity=Critical\n"));
	rig_muster(&rig, "forward", "why", path, "--json");
	rig_status(&rig, 0);
	assert_int_equal(
	    mst_json_len(mst_json_get(rig_json(&rig), "excluded_by")), 1);
	t_write(path, MST_SLICE_LIT("{\"no\":\"alert\"}"));
	rig_muster(&rig, "forward", "why", path);
	rig_status(&rig, 1);
	rig_one_error(&rig);
}

/* n alerts of one device into the outbox. */
static void fill(unsigned n, unsigned round)
{
	static const struct mst_outbox_conf conf = {.max = 1000,
						    .keep = 86400000,
						    .aside_retry = 3600000,
						    .retry_first = 5000,
						    .retry_most = 5000};
	static const struct mst_route route = {"all", "tickets", true};
	char *path = mst_asprintf("%s/outbox.db", rig.state);
	struct mst_err err = MST_ERR_INIT;
	struct mst_outbox *o;

	t_ok(mst_outbox_open(path, MST_OUTBOX_OWN, &conf, mst_now_us(), &o,
			     &err),
	     &err);
	for (unsigned i = 0; i < n; i++) {
		char key[16];
		struct mst_outbox_alert a = {
		    .source = "plant",
		    .device = MST_SLICE_LIT("10.0.0.1"),
		    .form = MST_FORM_JSON,
		    .body = MST_SLICE_LIT("{\"title\":\"PLC Stop\","
					  "\"severity\":\"Major\"}"),
		    .digest = round + 1,
		    .handled = round > 0,
		    .routes = &route,
		    .routes_n = 1};

		(void)snprintf(key, sizeof(key), "1-%u", i);
		a.key = mst_slice_str(key);
		t_ok(mst_outbox_accept(o, &a, 1, mst_now_us(), &err), &err);
	}
	mst_outbox_close(&o);
	free(path);
}

static void test_look(void **state MST_UNUSED)
{
	struct mst_json_iter it;
	struct mst_json row;
	char id[24];

	configure(TICKETS "    close_code: Made up\n", "tickets");
	rig_muster(&rig, "forward", "status");
	rig_status(&rig, 1);
	rig_says(&rig, "nothing was forwarded from this state folder yet");
	fill(3, 0);
	rig_muster(&rig, "forward", "run", "--once");
	rig_status(&rig, 0);
	fill(1, 1);
	rig_muster(&rig, "forward", "run", "--once", "--json");
	rig_status(&rig, 0);
	assert_int_equal(rig_count(&rig, "incident", ""), 3);
	rig_muster(&rig, "forward", "list", "--in", "aside", "--json");
	it = mst_json_iter(rig_json(&rig));
	assert_int_equal(mst_json_len(rig.root), 1);
	assert_true(mst_json_next(&it, NULL, &row));
	assert_true(mst_json_is_str(mst_json_get(row, "op"), "close"));
	(void)snprintf(id, sizeof(id), "%lld", (long long)rig_num(row, "id"));
	rig_muster(&rig, "forward", "show", id);
	rig_status(&rig, 0);
	says("state      aside, tries 1: ServiceNow refused it, 403");
	says("{\"title\":\"PLC Stop\"");
	rig_muster(&rig, "forward", "retry", "--all");
	says("due now: 1");
	rig_muster(&rig, "forward", "run", "--once");
	rig_status(&rig, 0);
	rig_muster(&rig, "forward", "drop", id);
	rig_status(&rig, 0);
	rig_muster(&rig, "forward", "list", "--in", "dropped");
	says("close   dropped");
	rig_muster(&rig, "forward", "list", "--in", "somewhere");
	rig_status(&rig, 1);
	rig_muster(&rig, "forward", "drop", "999999");
	rig_status(&rig, 1);
	rig_muster(&rig, "forward", "unread", "--json");
	rig_status(&rig, 0);
	rig_muster(&rig, "forward", "owed", "--json");
	rig_status(&rig, 0);
}

static void test_words(void **state MST_UNUSED)
{
	static const char *const wrong[][5] = {
	    {"forward", "statsu"},	   {"forward", "show"},
	    {"forward", "retry"},	   {"forward", "retry", "1", "--all"},
	    {"forward", "list", "--once"}, {"forward", "why", "a", "b"},
	};

	configure(TICKETS, "tickets");
	for (size_t i = 0; i < MST_LEN(wrong); i++) {
		rig_run(&rig, wrong[i]);
		rig_status(&rig, 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_test),  cmocka_unit_test(test_connection),
	    cmocka_unit_test(test_why),	  cmocka_unit_test(test_look),
	    cmocka_unit_test(test_words),
	};
	struct mst_sim_conf conf = {
	    .devices = 1, .apps = -1, .iot_devices = 5, .empty = true};
	int failed;

	rig_start(&rig, &conf);
	failed = cmocka_run_group_tests_name("forward_cli", tests, NULL, NULL);
	rig_stop(&rig);
	return failed;
}
