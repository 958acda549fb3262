/* SPDX-License-Identifier: Apache-2.0
 *
 * Items of forwarding in a configuration: what they name must be there and be
 * of the right kind; what does not go together is refused before it is stored.
 */
#include "tests/lib/t.h"

#include <stdio.h>

#include "base/limits.h"
#include "forwarder/conf.h"
#include "sync/config.h"

#define T0 1795168800000000ll

static struct mst_state *state;
static struct mst_arena arena;
static struct mst_err err = MST_ERR_INIT;

#define ENDS                                                                   \
	"connections:\n"                                                       \
	"  - {name: iot, type: iot, read: console,"                            \
	" url: \"https://console.example.com\", token: env:X}\n"               \
	"  - {name: cmdb, type: servicenow,"                                   \
	" url: \"https://example.service-now.com\", username: u,"              \
	" password: env:X}\n"
#define ACTIONS                                                                \
	"forward_actions:\n"                                                   \
	"  - {name: tickets, type: incident, connection: cmdb}\n"              \
	"  - {name: siem, type: syslog, address: \"siem.example.com:514\"}\n"
#define RULE(name, actions)                                                    \
	"  - {name: " name ", source: iot, actions: " actions "}\n"
#define RECEIVER(name, listen)                                                 \
	"  - {name: " name                                                     \
	", type: syslog, connection: iot, listen: \"" listen "\"}\n"

static int tear_down(void **unused)
{
	mst_state_close(&state);
	mst_arena_fini(&arena);
	t_clock_real();
	return t_log_check(unused);
}

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

static void store(const struct mst_config *c)
{
	size_t added, changed;

	t_ok(mst_config_put(state, c->front, c->front_n, NULL, NULL, &added,
			    &changed, &err),
	     &err);
}

static int set_up(void **unused)
{
	struct mst_config ends;

	static unsigned n;

	t_clock_set(T0);
	mst_arena_init(&arena, MST_MAX_ARENA);
	t_ok(mst_state_open(t_path("config-%u", n++), &state, &err), &err);
	ends = front(ENDS);
	store(&ends);
	return t_log_watch(unused);
}

static void apply(const char *yaml)
{
	struct mst_config c = front(yaml);

	t_ok(mst_config_check(&c, &err), &err);
	store(&c);
}

static void refuses(const char *yaml, const char *part)
{
	struct mst_config c = front(yaml);

	t_failed(mst_config_check(&c, &err), &err, MST_E_INVALID, part);
	if (strncmp(err.msg, "m.yaml:", 7) != 0)
		fail_msg("%s", err.msg);
	mst_err_clear(&err);
}

static void test_names(void **unused)
{
	(void)unused;
	apply(ACTIONS "forward_rules:\n" RULE(
	    "all", "[tickets, siem]") "forward_"
				      "receivers:"
				      "\n" RECEIVER("plant", "127.0.0.1:"
							     "514") "exclu"
								    "sion_"
								    "windo"
								    "ws:\n"
								    "  - "
								    "{name"
								    ": "
								    "works"
								    ", "
								    "senso"
								    "rs: "
								    "[nort"
								    "h]}\n"
								    "outbo"
								    "x:\n "
								    " max:"
								    " 2000"
								    "\n");
	refuses("forward_rules:\n" RULE("r", "[ticket]"),
		"\"actions\" is wrong: there is no forwarding action "
		"'ticket'; did you mean 'tickets'?");
	refuses("forward_rules:\n"
		"  - {name: r, source: iott, actions: [siem]}\n",
		"\"source\" is wrong: there is no connection 'iott'; did you "
		"mean 'iot'?");
	refuses("forward_rules:\n"
		"  - {name: r, source: cmdb, actions: [siem]}\n",
		"is of type servicenow, which has no alerts to forward");
	refuses("forward_actions:\n"
		"  - {name: a, type: incident, connection: iot}\n",
		"needs one of type servicenow");
	refuses("forward_actions:\n"
		"  - {name: a, type: incident, connection: cmbd}\n",
		"did you mean 'cmdb'?");
	refuses("forward_receivers:\n"
		"  - {name: p, type: syslog, connection: cmdb,"
		" listen: \"127.0.0.1:1\"}\n",
		"is of type servicenow, which has no alerts to forward");
	refuses("exclusion_windows:\n  - {name: w}\n",
		"every other condition is missing");
	refuses("outbox:\n  max: 5\n", "max");
	refuses("outbox:\n  maximum: 5000\n", "maximum");
}

static void test_addresses(void **unused)
{
	(void)unused;
	apply("forward_receivers:\n" RECEIVER("plant", "127.0.0.1:514"));
	refuses("forward_receivers:\n" RECEIVER("more", "127.0.0.1:514"),
		"127.0.0.1:514 is the address of receiver \"plant\", too");
	apply("forward_receivers:\n" RECEIVER("more", "127.0.0.1:515"));
	/* A stream's port is another one. */
	apply("forward_receivers:\n"
	      "  - {name: tcp, type: syslog, transport: tcp, connection: iot,"
	      " listen: \"127.0.0.1:514\"}\n");
	refuses("forward_receivers:\n"
		"  - {name: hook, type: webhook, connection: iot,"
		" listen: \"127.0.0.1:514\"}\n",
		"of receiver \"tcp\"");
	apply("forward_receivers:\n"
	      "  - {name: off, type: syslog, enabled: no, connection: iot,"
	      " listen: \"127.0.0.1:514\"}\n");
}

/* An alert that all rules of its source take has a bounded number of
 * deliveries. */
static void test_too_many_actions(void **unused)
{
	char yaml[8192];
	size_t n = (size_t)snprintf(yaml, sizeof(yaml), "forward_actions:\n");

	(void)unused;
	for (int i = 0; i < 17; i++)
		n += (size_t)snprintf(yaml + n, sizeof(yaml) - n,
				      "  - {name: a%d, type: syslog,"
				      " address: \"127.0.0.1:514\"}\n",
				      i);
	(void)snprintf(
	    yaml + n, sizeof(yaml) - n,
	    "forward_rules:\n" RULE("one", "[a0, a1, a2, a3, a4, a5, a6, a7]"));
	apply(yaml);
	refuses("forward_rules:\n" RULE(
		    "two", "[a8, a9, a10, a11, a12, a13, a14, a15, a16]"),
		"makes 17 actions of all rules with source iot; the most is "
		"16");
	apply("forward_rules:\n" RULE("two", "[a0, a8, a9, a10]"));
}

/* A rule is as old as its first version. */
static void test_load(void **unused)
{
	struct mst_forward_conf *c = NULL;
	const struct mst_alert_rule *r;

	(void)unused;
	apply(ACTIONS "forward_rules:\n" RULE(
	    "all", "[tickets]") "  - {name: late, source: iot, actions: [siem],"
				" from: 2020-01-01, poll_every: 20s}\n"
				"  - {name: off, enabled: no, source: iot, "
				"actions: [siem],"
				" poll_every: 10s}\n");
	t_clock_set(T0 + 1000000);
	apply("forward_rules:\n" RULE(
	    "all", "[tickets, siem]") "exclusion_windows:\n  - {name: works, "
				      "sensors: [north]}\n");
	t_ok(mst_forward_conf_load(state, &c, &err), &err);
	assert_int_equal(c->rules_n, 3);
	assert_int_equal(c->windows_n, 1);
	assert_int_equal(c->actions_n, 2);
	assert_int_equal(c->outbox.max, 1000000);
	r = mst_forward_conf_rule(c, "all");
	assert_true(r && r->from_us == T0);
	assert_int_equal(r->actions.n, 2);
	assert_non_null(mst_forward_conf_action(c, "siem"));
	assert_null(mst_forward_conf_action(c, "none"));
	assert_int_equal(c->polls_n, 1);
	assert_string_equal(c->polls[0].connection, "iot");
	assert_int_equal(c->polls[0].every_ms, 20000);
	r = mst_forward_conf_rule(c, "late");
	assert_true(r && r->from_us == INT64_C(1577836800000000));
	mst_forward_conf_free(&c);
}

/* What a receiver gets is not asked for as well, unless the rule says so. */
static void test_received(void **unused)
{
	static const char *const polls[] = {"auto", "yes", "no"};
	struct mst_forward_conf *c = NULL;
	char rule[256];

	(void)unused;
	for (size_t i = 0; i < MST_LEN(polls); i++) {
		for (int enabled = 0; enabled < 2; enabled++) {
			(void)snprintf(
			    rule, sizeof(rule),
			    "forward_rules:\n  - {name: all, source: iot, "
			    "actions: [siem], poll: %s}\n"
			    "forward_receivers:\n  - {name: r, type: syslog, "
			    "connection: iot, listen: \"127.0.0.1:0\", "
			    "enabled: %s}\n",
			    polls[i], enabled ? "yes" : "no");
			apply(ACTIONS);
			apply(rule);
			t_ok(mst_forward_conf_load(state, &c, &err), &err);
			assert_int_equal(c->polls_n,
					 i == 1 || (i == 0 && !enabled));
			mst_forward_conf_free(&c);
		}
	}
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_names), TEST(test_addresses), TEST(test_too_many_actions),
	    TEST(test_load),  TEST(test_received),
	};

	return cmocka_run_group_tests_name("config_forward", tests, NULL, NULL);
}
