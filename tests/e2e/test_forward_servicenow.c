/* SPDX-License-Identifier: Apache-2.0
 *
 * Deliveries to the simulated ServiceNow, by the far ends alone: incidents,
 * rows of the application, events; what is in doubt, refused, hidden, lost.
 */
#include "tests/lib/sync_rig.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "forwarder/to.h"

#define MOST 32
/* 2026-11-20 10:00:00 */
#define NOW INT64_C(1795168800000000)

static struct rig rig;
static struct mst_arena arena;
static struct mst_conf_item *items;
static size_t items_n;
static struct mst_connection connection;
static struct mst_alert_action action;
static struct mst_to *to;
static atomic_bool stop;
static struct mst_err err;
static struct mst_delivery deliveries[MOST];
static struct mst_alert alerts[MOST];
static struct mst_sending sendings[MOST];

/* ---- what is sent -------------------------------------------------------- */

static void open_end(const char *type, const char *options)
{
	char *yaml = mst_asprintf(
	    "connections:\n  - name: cmdb\n    type: servicenow\n    url: %s\n"
	    "    username: " MST_SIM_USER "\n"
	    "    password: env:MUSTER_SIM_PASSWORD\n"
	    "forward_actions:\n  - name: x\n    type: %s\n"
	    "    connection: cmdb\n%s",
	    RIG_HOST(&rig, MST_SIM_SERVICENOW), type, options);
	struct mst_to_env env = {&action, &connection, NULL, &stop};
	struct mst_config config = {0};

	t_ok(mst_conf_read_in(mst_slice_str(yaml), "f.yaml", &arena, &items,
			      &items_n, &err),
	     &err);
	config.front = items;
	config.front_n = items_n;
	t_ok(mst_connection_get(&config, "cmdb", MST_ENV__MAX, &arena,
				&connection, &err),
	     &err);
	t_ok(mst_action_make(&items[1], &arena, &action, &err), &err);
	t_ok(mst_to_find(action.type)->open(&env, &to, &err), &err);
	free(yaml);
}

static int set_up(void **state)
{
	err = (struct mst_err)MST_ERR_INIT;
	mst_arena_init(&arena, 64u << 20);
	memset(sendings, 0, sizeof(sendings));
	atomic_store(&stop, false);
	rig_control(&rig, "DELETE", "/_sim/faults", "%s", "");
	rig_control(&rig, "POST", "/_sim/reset", "{}");
	return t_log_watch(state);
}

static int tear_down(void **state)
{
	if (to)
		to->ops->close(&to);
	mst_arena_fini(&arena);
	return t_log_check(state);
}

static struct mst_alert *alert(size_t i)
{
	char *uuid = mst_arena_printf(&arena, "1-159455%07zu", i);

	alerts[i] = (struct mst_alert){
	    .uuid = mst_slice_str(uuid),
	    .id = mst_slice_str(uuid + 2),
	    .time_us = NOW,
	    .severity = MST_SEVERITY_MAJOR,
	    .engine = MST_ENGINE_POLICY,
	    .title = MST_SLICE_LIT("PLC Program Update"),
	    .message = MST_SLICE_LIT("Program was changed."),
	    .sensor = MST_SLICE_LIT("north"),
	    .source = {.id = MST_SLICE_LIT("44"),
		       .name = MST_SLICE_LIT("ews-1"),
		       .address = MST_SLICE_LIT("10.0.0.9")},
	    .destination = {.address = MST_SLICE_LIT("10.0.0.7")},
	};
	return &alerts[i];
}

/* The i-th of what will be sent, about the i-th alert. */
static struct mst_delivery *put(size_t i, enum mst_delivery_op op,
				const char *remote)
{
	struct mst_alert *a = alert(i);

	deliveries[i] = (struct mst_delivery){
	    .id = (int64_t)i * 16,
	    .op = op,
	    .tries = 1,
	    .accepted_us = NOW,
	    .rule = "r",
	    .source = "plant",
	    .key = a->uuid,
	    .remote = mst_arena_strdup(&arena, remote),
	};
	sendings[i] = (struct mst_sending){
	    &deliveries[i], a, false, MST_DELIVERED_DONE, "", "", 0};
	return &deliveries[i];
}

static int deliver(size_t n)
{
	int rc;

	mst_err_clear(&err);
	rc = to->ops->send(to, sendings, n, &err);
	for (size_t i = 0; i < n; i++)
		assert_true(sendings[i].settled);
	return rc;
}

static void is(size_t i, enum mst_delivered what)
{
	if (sendings[i].what != what)
		fail_msg("%zu became %d: %s", i, (int)sendings[i].what,
			 sendings[i].why);
	if (what != MST_DELIVERED_DONE)
		assert_true(*sendings[i].why);
}

static struct mst_json only(const char *table, const char *query,
			    const char *fields)
{
	struct mst_json rows = rig_rows(&rig, table, query, fields);
	struct mst_json_iter it = mst_json_iter(rows);
	struct mst_json row;

	assert_int_equal(mst_json_len(rows), 1);
	assert_true(mst_json_next(&it, NULL, &row));
	return row;
}

static void has(struct mst_json row, const char *column, const char *want)
{
	t_is(mst_json_str(mst_json_get(row, column)), want);
}

static size_t notes(void)
{
	return rig_count(&rig, "sys_journal_field", "element=work_notes");
}

/* ---- incidents ----------------------------------------------------------- */

static void test_incident(void **state MST_UNUSED)
{
	struct mst_json row;

	open_end("incident", "");
	put(0, MST_DELIVERY_OPEN, "");
	t_ok(deliver(1), &err);
	is(0, MST_DELIVERED_DONE);
	row = only("incident", "",
		   "sys_id,short_description,impact,urgency,"
		   "correlation_id,state,cmdb_ci");
	has(row, "sys_id", sendings[0].remote);
	has(row, "short_description",
	    "PLC Program Update: ews-1 (10.0.0.9) -> 10.0.0.7");
	has(row, "impact", "2");
	has(row, "correlation_id", "iot/plant/1-1594550000000");
	put(0, MST_DELIVERY_UPDATE, sendings[0].remote);
	t_ok(deliver(1), &err);
	is(0, MST_DELIVERED_DONE);
	assert_int_equal(notes(), 1);
	put(0, MST_DELIVERY_CLOSE, sendings[0].remote);
	t_ok(deliver(1), &err);
	is(0, MST_DELIVERED_DONE);
	row = only("incident", "", "state,close_code,close_notes");
	has(row, "state", "6");
	has(row, "close_notes",
	    "The alert was handled in Defender for IoT: PLC Program Update");
}

/* Whatever the answer to a first try was, there is one incident. */
static void test_doubt(void **state MST_UNUSED)
{
	char first[64];

	open_end("incident", "");
	rig_control(&rig, "POST", "/_sim/faults",
		    "{\"kind\":\"drop_after\",\"host\":\"servicenow\","
		    "\"path\":\"batch\",\"nth\":2,\"count\":1}");
	put(0, MST_DELIVERY_OPEN, "");
	assert_true(deliver(1) < 0);
	is(0, MST_DELIVERED_UNCERTAIN);
	assert_int_equal(rig_count(&rig, "incident", ""), 1);
	put(0, MST_DELIVERY_OPEN, "")->doubt = true;
	t_ok(deliver(1), &err);
	is(0, MST_DELIVERED_DONE);
	(void)snprintf(first, sizeof(first), "%s", sendings[0].remote);
	assert_int_equal(strlen(first), 32);
	/* One that has not arrived is made. */
	put(1, MST_DELIVERY_OPEN, "")->doubt = true;
	t_ok(deliver(2), &err);
	assert_int_equal(rig_count(&rig, "incident", ""), 2);
	/* Updates find theirs without its id, and write no note twice. */
	put(0, MST_DELIVERY_UPDATE, "")->doubt = true;
	t_ok(deliver(1), &err);
	assert_string_equal(sendings[0].remote, first);
	assert_int_equal(notes(), 1);
	put(0, MST_DELIVERY_UPDATE, first)->doubt = true;
	t_ok(deliver(1), &err);
	is(0, MST_DELIVERED_DONE);
	assert_int_equal(notes(), 1);
	/* What nobody has made need not be closed. */
	put(2, MST_DELIVERY_CLOSE, "");
	t_ok(deliver(3), &err);
	is(2, MST_DELIVERED_DONE);
	assert_int_equal(rig_count(&rig, "incident", ""), 2);
}

static void test_many(void **state MST_UNUSED)
{
	open_end("incident", "");
	for (size_t i = 0; i < MOST; i++)
		put(i, MST_DELIVERY_OPEN, "")->doubt = i % 3 == 0;
	t_ok(deliver(MOST), &err);
	for (size_t i = 0; i < MOST; i++)
		is(i, MST_DELIVERED_DONE);
	assert_int_equal(rig_count(&rig, "incident", ""), MOST);
}

/* One that is refused is put aside where others go through; when all are, it is
 * the account. */
static void test_refused(void **state MST_UNUSED)
{
	open_end("incident", "    close_code: No such choice\n");
	put(0, MST_DELIVERY_OPEN, "");
	t_ok(deliver(1), &err);
	put(0, MST_DELIVERY_CLOSE, sendings[0].remote);
	put(1, MST_DELIVERY_OPEN, "");
	put(2, MST_DELIVERY_UPDATE, "0123456789abcdef0123456789abcdef");
	t_ok(deliver(3), &err);
	is(0, MST_DELIVERED_ASIDE);
	assert_non_null(strstr(sendings[0].why, "Data Policy Exception"));
	is(1, MST_DELIVERED_DONE);
	is(2, MST_DELIVERED_ASIDE);
	assert_non_null(strstr(sendings[2].why, "not there any more"));
	rig_control(&rig, "POST", "/_sim/sn/access",
		    "{\"table\":\"incident\",\"access\":{\"read\":[\"itil\"],"
		    "\"create\":[\"nobody\"],\"write\":[\"itil\"]}}");
	put(0, MST_DELIVERY_OPEN, "");
	put(1, MST_DELIVERY_OPEN, "");
	assert_int_equal(deliver(2), -MST_E_FORBIDDEN);
	is(0, MST_DELIVERED_LATER);
	is(1, MST_DELIVERED_LATER);
	assert_non_null(strstr(err.msg, "cmdb: table incident: "));
	assert_non_null(strstr(err.msg, "give the user"));
}

static void test_security_incident(void **state MST_UNUSED)
{
	open_end("incident", "    table: sn_si_incident\n");
	put(0, MST_DELIVERY_OPEN, "");
	assert_int_equal(deliver(1), -MST_E_FORBIDDEN);
	rig_control(&rig, "POST", "/_sim/sn/roles",
		    "{\"user\":\"" MST_SIM_USER "\",\"roles\":[\"itil\","
		    "\"sn_si.basic\"]}");
	put(0, MST_DELIVERY_OPEN, "");
	t_ok(deliver(1), &err);
	is(0, MST_DELIVERED_DONE);
	put(0, MST_DELIVERY_CLOSE, sendings[0].remote);
	t_ok(deliver(1), &err);
	is(0, MST_DELIVERED_DONE);
	has(only("sn_si_incident", "", "state"), "state", "3");
}

/* ---- outages ------------------------------------------------------------- */

static void test_away(void **state MST_UNUSED)
{
	static const struct {
		const char *fault;
		enum mst_delivered what;
		enum mst_code code;
	} all[] = {
	    {"\"kind\":\"status_before\"", MST_DELIVERED_UNCERTAIN,
	     MST_E_TRANSIENT},
	    {"\"kind\":\"429\",\"retry_after\":40", MST_DELIVERED_LATER,
	     MST_E_THROTTLED},
	    {"\"kind\":\"html\"", MST_DELIVERED_UNCERTAIN, MST_E_UNSUPPORTED},
	    {"\"kind\":\"expired_token\"", MST_DELIVERED_LATER, MST_E_AUTH},
	    {"\"kind\":\"drop_before\"", MST_DELIVERED_UNCERTAIN,
	     MST_E_TRANSIENT},
	    {"\"kind\":\"truncated\"", MST_DELIVERED_UNCERTAIN,
	     MST_E_TRANSIENT},
	};

	open_end("incident", "");
	/* Its device is known to be unknown: the next request is the one. */
	put(0, MST_DELIVERY_OPEN, "");
	t_ok(deliver(1), &err);
	for (size_t i = 0; i < MST_LEN(all); i++) {
		rig_control(&rig, "POST", "/_sim/faults",
			    "{%s,\"host\":\"servicenow\"}", all[i].fault);
		put(0, MST_DELIVERY_OPEN, "");
		put(1, MST_DELIVERY_OPEN, "");
		assert_true(deliver(2) < 0);
		if (all[i].code != MST_E_TRANSIENT)
			assert_int_equal(err.code, all[i].code);
		if (all[i].code == MST_E_THROTTLED)
			assert_int_equal(err.retry_after_ms, 40000);
		is(0, all[i].what);
		is(1, all[i].what);
		rig_control(&rig, "DELETE", "/_sim/faults", "%s", "");
		to->ops->close(&to);
		open_end("incident", "");
		put(0, MST_DELIVERY_OPEN, "");
		t_ok(deliver(1), &err);
	}
}

static void test_stop(void **state MST_UNUSED)
{
	open_end("incident", "");
	atomic_store(&stop, true);
	put(0, MST_DELIVERY_OPEN, "");
	(void)deliver(1);
	is(0, MST_DELIVERED_LATER);
	assert_int_equal(rig_count(&rig, "incident", ""), 0);
}

/* ---- links to the CMDB --------------------------------------------------- */

static void insert(const char *table, const char *values, char id_r[33])
{
	struct mst_json root;

	mst_buf_reset(&rig.body);
	rig_control(&rig, "POST", "/_sim/sn/insert",
		    "{\"table\":\"%s\",\"values\":{%s},\"by\":\"admin\"}",
		    table, values);
	t_ok(mst_json_parse(rig.json, mst_buf_slice(&rig.body), &root, &err),
	     &err);
	(void)snprintf(id_r, 33, "%.32s",
		       mst_json_str(mst_json_get(root, "sys_id")).p);
}

static void insert_device(const char *key, const char *ip, const char *ci,
			  char id_r[33])
{
	char values[400];

	(void)snprintf(values, sizeof(values),
		       "\"u_key\":\"%s\",\"u_source\":\"plant\",\"u_state\":"
		       "\"present\",\"u_ip_address\":\"%s\",\"u_cmdb_ci\":"
		       "\"%s\"",
		       key, ip, ci);
	insert("u_muster_ot_device", values, id_r);
}

static void test_links(void **state MST_UNUSED)
{
	char a[33], b[33], one[33], two[33];
	struct mst_json row;

	insert("cmdb_ci_computer", "\"name\":\"ews-1\"", a);
	insert("cmdb_ci_computer", "\"name\":\"plc-7\"", b);
	insert_device("plant/44", "10.0.0.1", a, one);
	insert_device("plant/7", "10.0.0.7", b, two);
	open_end("application", "");
	put(0, MST_DELIVERY_OPEN, "");
	t_ok(deliver(1), &err);
	row = only("u_muster_ot_alert", "",
		   "u_key,u_source_device,u_destination_device,u_cmdb_ci,"
		   "u_severity,u_created,u_handled");
	has(row, "u_key", "iot/plant/1-1594550000000");
	has(row, "u_source_device", one);
	has(row, "u_destination_device", two);
	has(row, "u_cmdb_ci", a);
	has(row, "u_severity", "Major");
	to->ops->close(&to);
	open_end("incident", "");
	put(0, MST_DELIVERY_OPEN, "");
	t_ok(deliver(1), &err);
	has(only("incident", "", "cmdb_ci"), "cmdb_ci", a);
}

/* Two devices with one address, one of another connection, one that is gone:
 * none is linked. */
static void test_no_wrong_link(void **state MST_UNUSED)
{
	char a[33], x[33];

	insert("cmdb_ci_computer", "\"name\":\"ews-1\"", a);
	insert_device("plant/1", "10.0.0.9", a, x);
	insert_device("plant/2", "10.0.0.9", a, x);
	insert("u_muster_ot_device",
	       "\"u_key\":\"other/44\",\"u_source\":\"other\",\"u_state\":"
	       "\"present\",\"u_ip_address\":\"10.0.0.7\"",
	       x);
	insert("u_muster_ot_device",
	       "\"u_key\":\"plant/3\",\"u_source\":\"plant\",\"u_state\":"
	       "\"gone\",\"u_ip_address\":\"10.0.0.7\"",
	       x);
	open_end("incident", "");
	put(0, MST_DELIVERY_OPEN, "");
	t_ok(deliver(1), &err);
	has(only("incident", "", "cmdb_ci"), "cmdb_ci", "");
}

/* ---- the application's table --------------------------------------------- */

/* A run has read the alert before: one row. */
static void test_row_is_there(void **state MST_UNUSED)
{
	char id[33];

	insert("u_muster_ot_alert",
	       "\"u_key\":\"iot/plant/1-1594550000000\",\"u_source\":"
	       "\"plant\",\"u_title\":\"old\",\"u_assigned_to\":\"\"",
	       id);
	open_end("application", "");
	put(0, MST_DELIVERY_OPEN, "");
	put(1, MST_DELIVERY_OPEN, "");
	t_ok(deliver(2), &err);
	is(0, MST_DELIVERED_DONE);
	is(1, MST_DELIVERED_DONE);
	assert_string_equal(sendings[0].remote, id);
	assert_int_equal(rig_count(&rig, "u_muster_ot_alert", ""), 2);
	alerts[0].handled = true;
	put(0, MST_DELIVERY_CLOSE, id);
	alerts[0].handled = true;
	t_ok(deliver(1), &err);
	has(only("u_muster_ot_alert", "u_key=iot/plant/1-1594550000000",
		 "u_handled"),
	    "u_handled", "true");
	/* Somebody has deleted it: it is made again. */
	put(0, MST_DELIVERY_UPDATE, "0123456789abcdef0123456789abcdef");
	t_ok(deliver(1), &err);
	is(0, MST_DELIVERED_DONE);
	assert_string_equal(sendings[0].remote, id);
}

/* A UUID that would be a condition of its own. */
static void test_row_of_odd_key(void **state MST_UNUSED)
{
	char id[33], odd[254];

	insert("u_muster_ot_alert",
	       "\"u_key\":\"iot/plant/1-1\",\"u_source\":\"plant\","
	       "\"u_title\":\"another\"",
	       id);
	open_end("application", "");
	put(0, MST_DELIVERY_OPEN, "")->doubt = true;
	deliveries[0].key = MST_SLICE_LIT("x^ORu_keyISNOTEMPTY");
	t_ok(to->ops->send(to, sendings, 1, &err), &err);
	is(0, MST_DELIVERED_DONE);
	assert_int_equal(rig_count(&rig, "u_muster_ot_alert", ""), 2);
	/* It is there: whatever it is, nothing else is changed. */
	sendings[0].settled = false;
	t_ok(to->ops->send(to, sendings, 1, &err), &err);
	is(0, MST_DELIVERED_ASIDE);
	has(only("u_muster_ot_alert", "u_key=iot/plant/1-1", "u_title"),
	    "u_title", "another");
	assert_int_equal(rig_count(&rig, "u_muster_ot_alert", ""), 2);
	/* One that the column cuts is made once, and never found again. */
	put(0, MST_DELIVERY_OPEN, "");
	deliveries[0].key =
	    mst_slice(memset(odd, 'x', sizeof(odd)), sizeof(odd));
	t_ok(to->ops->send(to, sendings, 1, &err), &err);
	is(0, MST_DELIVERED_DONE);
	sendings[0].settled = false;
	t_ok(to->ops->send(to, sendings, 1, &err), &err);
	is(0, MST_DELIVERED_ASIDE);
	assert_int_equal(rig_count(&rig, "u_muster_ot_alert", ""), 3);
}

/* ---- events -------------------------------------------------------------- */

static void test_event(void **state MST_UNUSED)
{
	open_end("event", "");
	put(0, MST_DELIVERY_OPEN, "");
	put(1, MST_DELIVERY_OPEN, "");
	assert_true(deliver(2) < 0);
	is(0, MST_DELIVERED_LATER);
	rig_control(&rig, "POST", "/_sim/sn/roles",
		    "{\"user\":\"" MST_SIM_USER "\",\"roles\":[\"itil\","
		    "\"evt_mgmt_integration\"]}");
	put(0, MST_DELIVERY_OPEN, "");
	put(1, MST_DELIVERY_OPEN, "");
	t_ok(deliver(2), &err);
	is(0, MST_DELIVERED_DONE);
	put(0, MST_DELIVERY_OPEN, "")->doubt = true;
	t_ok(deliver(1), &err);
	assert_int_equal(rig_count(&rig, "em_alert", ""), 2);
}

/* ---- set-up checks ------------------------------------------------------- */

static unsigned levels[8];

static void count(void *ctx MST_UNUSED, const struct mst_check *c)
{
	levels[c->level]++;
}

static void test_checks(void **state MST_UNUSED)
{
	memset(levels, 0, sizeof(levels));
	open_end("incident", "");
	t_ok(to->ops->check(to, count, NULL, &err), &err);
	assert_int_equal(levels[MST_CHECK_OK], 2);
	to->ops->close(&to);
	open_end("incident", "    table: u_no_such\n");
	t_ok(to->ops->check(to, count, NULL, &err), &err);
	assert_int_equal(levels[MST_CHECK_FAILED], 1);
	to->ops->close(&to);
	open_end("event", "");
	t_ok(to->ops->check(to, count, NULL, &err), &err);
	assert_int_equal(levels[MST_CHECK_FAILED], 2);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_incident),
	    TEST(test_doubt),
	    TEST(test_many),
	    TEST(test_refused),
	    TEST(test_security_incident),
	    TEST(test_away),
	    TEST(test_stop),
	    TEST(test_links),
	    TEST(test_no_wrong_link),
	    TEST(test_row_is_there),
	    TEST(test_row_of_odd_key),
	    TEST(test_event),
	    TEST(test_checks),
	};
	struct mst_sim_conf conf = {
	    .devices = 1, .apps = -1, .iot_devices = -1, .empty = true};
	int failed;

	(void)setenv("MUSTER_SIM_PASSWORD", MST_SIM_PASSWORD, 1);
	rig_start(&rig, &conf);
	failed = cmocka_run_group_tests_name("forward_servicenow", tests, NULL,
					     NULL);
	rig_stop(&rig);
	return failed;
}
