/* SPDX-License-Identifier: Apache-2.0
 *
 * Forwarding rules: options, what a rule takes, and the reason when it does
 * not.
 */
#include "tests/lib/t.h"

#include <stdio.h>

#include "base/time.h"
#include "forward/rule.h"

/* 2026-11-20 10:00:00 */
#define NOW INT64_C(1795168800000000)

static struct mst_arena arena;
static struct mst_conf conf;
static struct mst_alert_rule rule;
static struct mst_err err;

static int set_up(void **state MST_UNUSED)
{
	err = (struct mst_err)MST_ERR_INIT;
	mst_arena_init(&arena, 1u << 20);
	return 0;
}

static int tear_down(void **state MST_UNUSED)
{
	mst_arena_fini(&arena);
	mst_conf_fini(&conf);
	return 0;
}

/* Options as lines of YAML, below an item that has a name. */
static int make(const char *options)
{
	char yaml[2048];

	mst_conf_fini(&conf);
	(void)snprintf(yaml, sizeof(yaml), "jobs:\n  - name: plant\n%s",
		       options);
	mst_err_clear(&err);
	t_ok(mst_conf_read(mst_slice_str(yaml), "f.yaml", &conf, &err), &err);
	return mst_alert_rule_make(&conf.items[0], NOW, &arena, &rule, &err);
}

static void makes(const char *options)
{
	char all[2000];

	(void)snprintf(all, sizeof(all),
		       "    source: iot\n    actions: [incidents]\n%s",
		       options);
	t_ok(make(all), &err);
}

static void refuses(const char *options, const char *part)
{
	t_failed(make(options), &err, MST_E_INVALID, part);
	assert_true(strncmp(err.msg, "f.yaml:", 7) == 0);
}

static struct mst_alert alert(void)
{
	return (struct mst_alert){
	    .time_us = NOW + 1,
	    .severity = MST_SEVERITY_MAJOR,
	    .engine = MST_ENGINE_MALWARE,
	    .title = MST_SLICE_LIT("Suspicion of Malicious Activity"),
	    .protocol = MST_SLICE_LIT("Modbus TCP"),
	};
}

static void check(struct mst_alert a, enum mst_alert_rule_no want,
		  const char *why)
{
	enum mst_alert_rule_no no = mst_alert_rule_match(&rule, "iot", &a, NOW);
	char text[256];

	(void)mst_alert_rule_why(no, &rule, "iot", &a, text);
	if (no != want)
		fail_msg("%u, not %u: %s", (unsigned)no, (unsigned)want, text);
	assert_string_equal(text, why);
}

static void takes(struct mst_alert a)
{
	check(a, MST_ALERT_RULE_TAKES, "all conditions fit");
}

static void test_defaults(void **state MST_UNUSED)
{
	struct mst_alert a = {.time_us = MST_TIME_NONE};

	makes("");
	takes(alert());
	/* What is not said fits where all are taken. */
	takes(a);
	assert_string_equal(rule.name, "plant");
	assert_int_equal(rule.actions.n, 1);
	assert_string_equal(rule.actions.v[0], "incidents");
	assert_true(rule.close_handled);
}

static void test_severity(void **state MST_UNUSED)
{
	static const char *const names[] = {"warning", "minor", "major",
					    "critical"};

	for (unsigned i = 0; i < MST_LEN(names); i++) {
		char option[64];

		(void)snprintf(option, sizeof(option), "    severity: %s\n",
			       names[i]);
		makes(option);
		for (unsigned s = 0; s <= MST_SEVERITY_CRITICAL; s++) {
			struct mst_alert a = alert();

			a.severity = (enum mst_severity)s;
			assert_int_equal(
			    mst_alert_rule_match(&rule, "iot", &a, NOW),
			    s > i || i == 0 ? MST_ALERT_RULE_TAKES
					    : MST_ALERT_RULE_SEVERITY);
		}
	}
	check(alert(), MST_ALERT_RULE_SEVERITY,
	      "its severity Major is below Critical");
}

static void test_engine_and_protocol(void **state MST_UNUSED)
{
	struct mst_alert a = alert();

	makes("    engines: [Anomaly, malware]\n"
	      "    protocols: [s7, \"modbus*\"]\n");
	takes(a);
	a.protocol = MST_SLICE_LIT("S7");
	takes(a);
	a.protocol = MST_SLICE_LIT("S7 Plus");
	check(a, MST_ALERT_RULE_PROTOCOL,
	      "its protocol S7 Plus is none of the rule's protocols");
	a.protocol = mst_slice(NULL, 0);
	check(a, MST_ALERT_RULE_PROTOCOL,
	      "its protocol that is not said is none of the rule's protocols");
	a = alert();
	a.engine = MST_ENGINE_POLICY;
	check(a, MST_ALERT_RULE_ENGINE,
	      "its engine Policy Violation is none of the rule's engines");
	a.engine = MST_ENGINE_NONE;
	check(a, MST_ALERT_RULE_ENGINE,
	      "its engine that is not said is none of the rule's engines");
}

static void test_every_engine(void **state MST_UNUSED)
{
	struct mst_alert a = alert();

	makes("    engines: [protocol_violation, policy_violation, malware, "
	      "anomaly, operational]\n");
	for (unsigned e = MST_ENGINE_PROTOCOL; e <= MST_ENGINE_OPERATIONAL;
	     e++) {
		a.engine = (enum mst_engine)e;
		takes(a);
	}
}

static void test_notifications(void **state MST_UNUSED)
{
	struct mst_alert a = alert();

	a.system = true;
	makes("");
	check(a, MST_ALERT_RULE_SYSTEM,
	      "it is a system notification, and system_notifications is off");
	makes("    system_notifications: yes\n    engines: [anomaly]\n"
	      "    protocols: [s7]\n");
	takes(a);
	makes("    system_notifications: yes\n    alert_notifications: no\n"
	      "    severity: critical\n");
	check(a, MST_ALERT_RULE_SEVERITY,
	      "its severity Major is below Critical");
	a.system = false;
	check(a, MST_ALERT_RULE_ALERT,
	      "it is an alert, and alert_notifications is off");
}

static void test_from(void **state MST_UNUSED)
{
	struct mst_alert a = alert();

	makes("");
	a.time_us = NOW - 1;
	check(a, MST_ALERT_RULE_BEFORE,
	      "it was raised before 2026-11-20T10:00:00Z; `from` takes older "
	      "ones");
	a.time_us = NOW;
	takes(a);
	makes("    from: 2026-11-01\n");
	a.time_us = NOW - 1;
	takes(a);
	a.time_us = NOW - INT64_C(20) * 86400 * 1000000;
	check(a, MST_ALERT_RULE_BEFORE,
	      "it was raised before 2026-11-01T00:00:00Z; `from` takes older "
	      "ones");
}

static void test_source_and_switch(void **state MST_UNUSED)
{
	struct mst_alert a = alert();
	char text[256];

	makes("");
	assert_int_equal(mst_alert_rule_match(&rule, "other", &a, NOW),
			 MST_ALERT_RULE_SOURCE);
	assert_string_equal(
	    mst_alert_rule_why(MST_ALERT_RULE_SOURCE, &rule, "other", &a, text),
	    "it comes from other, not from iot");
	makes("    enabled: no\n");
	check(a, MST_ALERT_RULE_DISABLED, "the rule is disabled");
}

static void test_actions(void **state MST_UNUSED)
{
	t_ok(make("    source: iot\n    actions: [incidents, events, siem]\n"),
	     &err);
	assert_int_equal(rule.actions.n, 3);
	assert_string_equal(rule.actions.v[0], "incidents");
	assert_string_equal(rule.actions.v[2], "siem");
	assert_int_equal(rule.poll, MST_POLL_AUTO);
	assert_int_equal(rule.poll_every, 60000);
}

static void test_refused(void **state MST_UNUSED)
{
	refuses("    actions: [incidents]\n", "source");
	refuses("    source: iot\n", "actions");
	refuses("    source: iot\n    actions: []\n", "\"actions\"");
	refuses(
	    "    source: iot\n    actions: [a, b, c, d, e, f, g, h, i, j, k, "
	    "l, m, n, o, p, q]\n",
	    "has 17 actions, the most is 16");
	refuses("    source: iot\n    actions: [siem, siem]\n",
		"names \"siem\" twice");
	refuses("    source: iot\n    actions: [siem]\n    from: soon\n",
		"\"from\" must be a time like 2026-11-01");
	refuses("    source: iot\n    actions: [siem]\n"
		"    alert_notifications: no\n",
		"are both off");
	refuses("    source: iot\n    actions: [siem]\n"
		"    severity: grave\n",
		"severity");
	refuses("    source: iot\n    actions: [siem]\n"
		"    engines: [steam]\n",
		"engines");
	refuses("    source: iot\n    actions: [siem]\n    poll_every: 1s\n",
		"poll_every");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_defaults, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_severity, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_engine_and_protocol, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(test_every_engine, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(test_notifications, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(test_from, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_source_and_switch, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(test_actions, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("forward_rule", tests, NULL, NULL);
}
