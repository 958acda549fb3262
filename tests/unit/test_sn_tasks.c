/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulated instance's incidents, security incidents and events: what
 * writing one brings, and what closing one asks for.
 */
#include "sn_fixture.h"

#include <stdio.h>
#include <string.h>

#define T  "/api/now/table/"
#define EM "/api/global/em/jsonv2"

static void test_incident(void **state MST_UNUSED)
{
	char id[33];

	assert_int_equal(
	    ask("POST", T "incident",
		"{\"short_description\":\"x\",\"impact\":\"1\","
		"\"urgency\":\"2\",\"correlation_id\":\"iot/a/1\"}"),
	    201);
	assert_string_equal(at("result.number"), "INC0010001");
	assert_string_equal(at("result.priority"), "2");
	assert_string_equal(at("result.state"), "1");
	assert_string_equal(at("result.active"), "true");
	snprintf(id, sizeof(id), "%s", at("result.sys_id"));
	ask("GET", T "incident?sysparm_query=correlation_id=iot/a/1", NULL);
	assert_int_equal(count_at("result"), 1);
	/* work notes are a journal */
	assert_int_equal(
	    askf("PATCH", "{\"work_notes\":\"again\"}", T "incident/%s", id),
	    200);
	ask("GET", T "sys_journal_field?sysparm_query=element=work_notes",
	    NULL);
	assert_string_equal(at("result.0.value"), "again");
}

static void test_short_description_is_cut(void **state MST_UNUSED)
{
	char body[400];

	snprintf(body, sizeof(body), "{\"short_description\":\"%0200d\"}", 7);
	ask("POST", T "incident", body);
	assert_int_equal(strlen(at("result.short_description")), 160);
}

static void test_closing(void **state MST_UNUSED)
{
	char id[33];

	snprintf(id, sizeof(id), "%s",
		 make("incident", "{\"short_description\":\"x\"}"));
	assert_int_equal(
	    askf("PATCH", "{\"state\":\"6\"}", T "incident/%s", id), 403);
	assert_string_equal(at("error.detail"),
			    "Data Policy Exception: The following fields are "
			    "mandatory: Resolution code, Close notes");
	/* a code that is no choice is passed over, and so it is missing */
	assert_int_equal(askf("PATCH",
			      "{\"state\":\"6\",\"close_code\":\"Solved\","
			      "\"close_notes\":\"n\"}",
			      T "incident/%s", id),
			 403);
	assert_non_null(strstr(at("error.detail"), ": Resolution code"));
	assert_int_equal(
	    askf("PATCH",
		 "{\"state\":\"6\",\"close_code\":\"Solution provided\","
		 "\"close_notes\":\"n\"}",
		 T "incident/%s", id),
	    200);
	assert_string_equal(at("result.active"), "true");
	askf("PATCH", "{\"state\":\"7\"}", T "incident/%s", id);
	assert_string_equal(at("result.active"), "false");
	askf("PATCH", "{\"state\":\"2\"}", T "incident/%s", id);
	assert_string_equal(at("result.active"), "true");
}

static void test_security_incident(void **state MST_UNUSED)
{
	/* a role of its own, and a plug-in that may be absent */
	assert_int_equal(ask("POST", T "sn_si_incident", "{}"), 403);
	control(
	    "POST", "/_sim/sn/roles",
	    "{\"user\":\"muster.integration\",\"roles\":[\"sn_si.basic\"]}");
	assert_int_equal(
	    ask("POST", T "sn_si_incident", "{\"short_description\":\"x\"}"),
	    201);
	assert_string_equal(at("result.number"), "SIR0010001");
	control("POST", "/_sim/sn/classes", "{\"sn_si_incident\":false}");
	assert_int_equal(ask("POST", T "sn_si_incident", "{}"), 400);
	assert_string_equal(at("error.message"),
			    "Invalid table sn_si_incident");
}

static int event(const char *key, int severity, const char *more)
{
	char body[400];

	snprintf(body, sizeof(body),
		 "{\"records\":[{\"source\":\"s\",\"node\":\"plc-1\",\"type\":"
		 "\"t\",\"severity\":\"%d\",\"time_of_event\":"
		 "\"2026-01-02 03:04:05\",\"message_key\":\"%s\"}%s]}",
		 severity, key, more);
	return ask("POST", EM, body);
}

static void may_send(void)
{
	control("POST", "/_sim/sn/roles",
		"{\"user\":\"muster.integration\",\"roles\":[\"itil\","
		"\"evt_mgmt_integration\"]}");
}

static void test_events(void **state MST_UNUSED)
{
	char ci[33];

	assert_int_equal(event("k1", 1, ""), 403);
	may_send();
	snprintf(ci, sizeof(ci), "%s",
		 make("cmdb_ci_computer", "{\"name\":\"plc-1\"}"));
	assert_int_equal(event("k1", 1, ",{\"message_key\":\"k2\"},7"), 200);
	assert_string_equal(at("result.Default Bulk Endpoint"),
			    "2 events were inserted");
	/* one key is one alert, however often it comes */
	event("k1", 2, "");
	ask("GET", T "em_alert?sysparm_query=message_key=k1", NULL);
	assert_int_equal(count_at("result"), 1);
	assert_string_equal(at("result.0.severity"), "2");
	assert_string_equal(at("result.0.state"), "Open");
	assert_string_equal(at("result.0.event_count"), "2");
	assert_string_equal(at("result.0.cmdb_ci.value"), ci);
	assert_string_equal(at("result.0.number"), "Alert0010001");
	event("k1", 0, "");
	ask("GET", T "em_alert?sysparm_query=message_key=k1", NULL);
	assert_string_equal(at("result.0.state"), "Closed");
	assert_string_equal(at("result.0.severity"), "2");
	event("k1", 1, "");
	ask("GET", T "em_alert?sysparm_query=message_key=k1", NULL);
	assert_string_equal(at("result.0.state"), "Reopen");
	event("k9", 0, ""); /* clears nothing */
	ask("GET", T "em_alert", NULL);
	assert_int_equal(count_at("result"), 2);
	ask("GET", T "em_event", NULL);
	assert_int_equal(count_at("result"), 6);
}

static void test_events_refused(void **state MST_UNUSED)
{
	may_send();
	assert_int_equal(ask("POST", EM, "{\"event\":[]}"), 400);
	assert_int_equal(ask("POST", EM, "nonsense"), 400);
	assert_int_equal(ask("GET", EM, NULL), 405);
	control("POST", "/_sim/sn/classes", "{\"em_event\":false}");
	assert_int_equal(event("k1", 1, ""), 400);
	assert_int_equal(ask("POST", "/api/global/em/other", "{}"), 400);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_incident, sn_up, sn_down),
	    cmocka_unit_test_setup_teardown(test_short_description_is_cut,
					    sn_up, sn_down),
	    cmocka_unit_test_setup_teardown(test_closing, sn_up, sn_down),
	    cmocka_unit_test_setup_teardown(test_security_incident, sn_up,
					    sn_down),
	    cmocka_unit_test_setup_teardown(test_events, sn_up, sn_down),
	    cmocka_unit_test_setup_teardown(test_events_refused, sn_up,
					    sn_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
