/* SPDX-License-Identifier: Apache-2.0
 *
 * CIs that another CI owns, against the simulated instance: what is sent, what
 * becomes of it, and answers that are lost.
 */
#include "sn_ot.h"

#include <stdio.h>
#include <string.h>

#define MAC1 "02:00:00:00:00:01"
#define MAC2 "02:00:00:00:00:02"

static uint64_t offer(struct fake *f, enum mst_action action,
		      const char *device, const char *mac)
{
	char key[100];

	snprintf(key, sizeof(key), "plant/%s/%s", device, mac);
	return fake_offer(f, T_OT_ADAPTERS,
			  (struct fake_change){.action = action,
					       .key = key,
					       .parent = fake_id(device),
					       .may_exist = true},
			  "name", mac, "mac_address", mac, "install_status",
			  "1", NULL);
}

static uint64_t adapter(struct fake *f, enum mst_action action,
			const char *device, const char *mac)
{
	uint64_t c;

	fake_begin(f, T_OT_ADAPTERS);
	c = offer(f, action, device, mac);
	fake_end(f);
	return c;
}

static void another_run(struct fake *f)
{
	mst_dest_servicenow.close(&f->d);
	sn_ot_ready(f);
}

static const char *id_of(const struct fake *f, uint64_t change)
{
	static char hex[33];

	mst_sysid_hex(&fake_verdict(f, change)->v.remote, hex);
	return hex;
}

static void test_made_below_its_owner(void **state)
{
	struct fake *f = *state;
	const char *plc = sn_ot_ci("cmdb_ci_ot_plc", "plc-1");
	uint64_t c;

	sn_ot_ready(f);
	c = adapter(f, MST_INSERT, plc, MAC1);
	fake_is(f, c, MST_VERDICT_APPLIED, NULL);
	assert_true(fake_verdict(f, c)->v.inserted);
	assert_string_equal(
	    sn_ot_get("cmdb_ci_network_adapter", id_of(f, c), "mac_address"),
	    MAC1);
	assert_string_equal(
	    sn_ot_get("cmdb_ci_network_adapter", id_of(f, c), "cmdb_ci"), plc);
	assert_int_equal(sn_ot_owned(plc), 1);
	/* the owner is named by its sys_id and class, and stays as it is */
	assert_int_equal(
	    fake_asked(f, "GET /api/now/table/cmdb_ci?sysparm_query=sys_idIN"),
	    1);
	assert_non_null(strstr(sn_ot_last(f, "enhanced"),
			       "{\"className\":\"cmdb_ci_ot_plc\",\"values\":{"
			       "\"sys_id\":\""));
	assert_non_null(strstr(sn_ot_last(f, "enhanced"),
			       "\"relations\":[{\"parent\":1,\"child\":0,"
			       "\"type\":\"Owns::Owned by\"}]"));
	assert_string_equal(sn_ot_get("cmdb_ci", plc, "name"), "plc-1");
	assert_string_equal(sn_ot_get("cmdb_ci", plc, "sys_mod_count"), "0");
	/* the same again is nothing */
	c = adapter(f, MST_INSERT, plc, MAC1);
	fake_is(f, c, MST_VERDICT_UNCHANGED, NULL);
	assert_int_equal(sn_ot_owned(plc), 1);
}

/* Two devices have the same MAC and name, and one has several. */
static void test_several(void **state)
{
	struct fake *f = *state;
	const char *a = sn_ot_ci("cmdb_ci_ot_plc", "a");
	const char *b = sn_ot_ci("cmdb_ci_hardware", "b");
	uint64_t c[3];

	sn_ot_ready(f);
	fake_begin(f, T_OT_ADAPTERS);
	c[0] = offer(f, MST_INSERT, a, MAC1);
	c[1] = offer(f, MST_INSERT, a, MAC2);
	c[2] = offer(f, MST_INSERT, b, MAC1);
	fake_end(f);
	for (size_t i = 0; i < MST_LEN(c); i++)
		fake_is(f, c[i], MST_VERDICT_APPLIED, NULL);
	assert_int_equal(sn_ot_owned(a), 2);
	assert_int_equal(sn_ot_owned(b), 1);
	assert_int_equal(sn_ot_count("cmdb_ci_network_adapter", ""), 3);
}

/* More than a payload takes; no two payloads have one owner at a time. */
static void test_many(void **state)
{
	struct fake *f = *state;
	const char *ids[6];
	char name[20], mac[32];

	for (size_t i = 0; i < MST_LEN(ids); i++) {
		snprintf(name, sizeof(name), "plc-%zu", i);
		ids[i] = sn_ot_ci("cmdb_ci_ot_plc", name);
	}
	f->conf.ire_items = 8;
	sn_ot_ready(f);
	fake_begin(f, T_OT_ADAPTERS);
	for (unsigned i = 0; i < 60; i++) {
		snprintf(mac, sizeof(mac), "02:00:00:00:01:%02x", i);
		offer(f, MST_INSERT, ids[i % MST_LEN(ids)], mac);
	}
	fake_end(f);
	assert_int_equal(f->verdicts_n, 60);
	for (size_t i = 0; i < f->verdicts_n; i++)
		assert_int_equal(f->verdicts[i].v.kind, MST_VERDICT_APPLIED);
	for (size_t i = 0; i < MST_LEN(ids); i++)
		assert_int_equal(sn_ot_owned(ids[i]), 10);
}

static void test_owner_is_gone(void **state)
{
	struct fake *f = *state;

	sn_ot_ready(f);
	fake_is(
	    f, adapter(f, MST_INSERT, "00000000000000000000000000000001", MAC1),
	    MST_VERDICT_REFUSED, "its owner is not in the CMDB any more");
	assert_int_equal(sn_ot_count("cmdb_ci_network_adapter", ""), 0);
}

static void test_changed(void **state)
{
	struct fake *f = *state;
	const char *plc = sn_ot_ci("cmdb_ci_ot_plc", "plc-1");
	char id[33], key[100];
	uint64_t c;

	sn_ot_ready(f);
	snprintf(id, sizeof(id), "%s",
		 id_of(f, adapter(f, MST_INSERT, plc, MAC1)));
	snprintf(key, sizeof(key), "plant/%s/" MAC1, plc);
	fake_begin(f, T_OT_ADAPTERS);
	c = fake_offer(f, T_OT_ADAPTERS,
		       (struct fake_change){.action = MST_UPDATE,
					    .key = key,
					    .parent = fake_id(plc),
					    .remote = fake_id(id)},
		       "name", "eth0", "mac_address", MAC1, NULL);
	fake_end(f);
	fake_is(f, c, MST_VERDICT_APPLIED, NULL);
	assert_string_equal(sn_ot_get("cmdb_ci_network_adapter", id, "name"),
			    "eth0");
	assert_int_equal(sn_ot_count("cmdb_ci_network_adapter", ""), 1);
}

/* Of what is not shown any more only the sys_id is known. */
static void test_retired(void **state)
{
	struct fake *f = *state;
	const char *plc = sn_ot_ci("cmdb_ci_ot_plc", "plc-1");
	struct fake_change gone = {.action = MST_RETIRE,
				   .parent = fake_id(plc)};
	char id[33];
	uint64_t c;

	sn_ot_ready(f);
	snprintf(id, sizeof(id), "%s",
		 id_of(f, adapter(f, MST_INSERT, plc, MAC1)));
	another_run(f);
	gone.remote = fake_id(id);
	fake_begin(f, T_OT_ADAPTERS);
	c = fake_offer(f, T_OT_ADAPTERS, gone, NULL);
	fake_end(f);
	fake_is(f, c, MST_VERDICT_APPLIED, NULL);
	assert_string_equal(
	    sn_ot_get("cmdb_ci_network_adapter", id, "install_status"), "7");
	/* and it stays there, owned, to be found again */
	c = adapter(f, MST_INSERT, plc, MAC1);
	fake_is(f, c, MST_VERDICT_APPLIED, NULL);
	assert_string_equal(id_of(f, c), id);
	assert_string_equal(
	    sn_ot_get("cmdb_ci_network_adapter", id, "install_status"), "1");
	/* one that a person deleted needs nothing */
	another_run(f);
	askf("DELETE", NULL, "/api/now/table/cmdb_ci_network_adapter/%s", id);
	fake_begin(f, T_OT_ADAPTERS);
	c = fake_offer(f, T_OT_ADAPTERS, gone, NULL);
	fake_end(f);
	fake_is(f, c, MST_VERDICT_UNCHANGED, NULL);
}

/* The device has another id: what it owns is found again under the new one, and
 * not retired for the old one. */
static void test_taken_over(void **state)
{
	struct fake *f = *state;
	const char *plc = sn_ot_ci("cmdb_ci_ot_plc", "plc-1");
	struct fake_change gone = {.action = MST_RETIRE,
				   .parent = fake_id(plc)};
	uint64_t old, new;
	char id[33];

	sn_ot_ready(f);
	snprintf(id, sizeof(id), "%s",
		 id_of(f, adapter(f, MST_INSERT, plc, MAC1)));
	another_run(f);
	gone.remote = fake_id(id);
	fake_begin(f, T_OT_ADAPTERS);
	old = fake_offer(f, T_OT_ADAPTERS, gone, NULL);
	new = fake_offer(f, T_OT_ADAPTERS,
			 (struct fake_change){.action = MST_INSERT,
					      .key = "plant/2/" MAC1,
					      .parent = fake_id(plc),
					      .may_exist = true},
			 "name", MAC1, "mac_address", MAC1, "install_status",
			 "1", NULL);
	fake_end(f);
	fake_is(f, new, MST_VERDICT_UNCHANGED, NULL);
	assert_string_equal(id_of(f, new), id);
	fake_is(f, old, MST_VERDICT_UNCHANGED, "another record has it now");
	assert_string_equal(
	    sn_ot_get("cmdb_ci_network_adapter", id, "install_status"), "1");
}

/* A person took the relation away: it is made again, and that is a write. */
static void test_relation_is_gone(void **state)
{
	struct fake *f = *state;
	const char *plc = sn_ot_ci("cmdb_ci_ot_plc", "plc-1");
	uint64_t c;

	sn_ot_ready(f);
	adapter(f, MST_INSERT, plc, MAC1);
	sn_sim_clear("cmdb_rel_ci", NULL, NULL);
	assert_int_equal(sn_ot_owned(plc), 0);
	c = adapter(f, MST_INSERT, plc, MAC1);
	fake_is(f, c, MST_VERDICT_APPLIED, NULL);
	assert_false(fake_verdict(f, c)->v.inserted);
	assert_int_equal(sn_ot_owned(plc), 1);
}

static void test_relation_is_refused(void **state)
{
	struct fake *f = *state;
	const char *plc = sn_ot_ci("cmdb_ci_ot_plc", "plc-1");

	sn_ot_ready(f);
	sn_sim_clear("cmdb_rel_type", NULL, NULL);
	fake_is(f, adapter(f, MST_INSERT, plc, MAC1), MST_VERDICT_REFUSED,
		"unknown relation type [Owns::Owned by]");
}

/* The answer to a commit is lost behind the write, twice. */
static void test_lost(void **state)
{
	struct fake *f = *state;
	const char *plc = sn_ot_ci("cmdb_ci_ot_plc", "plc-1");
	uint64_t c[2];

	sn_ot_ready(f);
	sn_ot_lose(2);
	fake_begin(f, T_OT_ADAPTERS);
	c[0] = offer(f, MST_INSERT, plc, MAC1);
	c[1] = offer(f, MST_INSERT, plc, MAC2);
	fake_end(f);
	for (size_t i = 0; i < MST_LEN(c); i++) {
		fake_is(f, c[i], MST_VERDICT_APPLIED, NULL);
		assert_true(fake_verdict(f, c[i])->v.inserted);
	}
	assert_int_equal(sn_ot_owned(plc), 2);
	assert_int_equal(sn_ot_count("cmdb_ci_network_adapter", ""), 2);
}

static void test_cancelled(void **state)
{
	struct fake *f = *state;
	const char *plc = sn_ot_ci("cmdb_ci_ot_plc", "plc-1");
	uint64_t c;

	sn_ot_ready(f);
	fake_begin(f, T_OT_ADAPTERS);
	c = offer(f, MST_INSERT, plc, MAC1);
	f->d->cancelled = true;
	fake_end(f);
	fake_is(f, c, MST_VERDICT_FAILED, "cancelled");
}

/* Without IRE the relation is a row of its own. */
static void test_by_the_table_api(void **state)
{
	struct fake *f = *state;
	const char *plc = sn_ot_ci("cmdb_ci_ot_plc", "plc-1");
	const char *other = sn_ot_ci("cmdb_ci_ot_plc", "plc-2");
	uint64_t c;

	fake_setting(f, "write_mode", "table");
	sn_ot_ready(f);
	c = adapter(f, MST_INSERT, plc, MAC1);
	fake_is(f, c, MST_VERDICT_APPLIED, NULL);
	assert_int_equal(sn_ot_owned(plc), 1);
	assert_int_equal(fake_called(f, "/api/now/identifyreconcile"), 0);
	/* there by its correlation id, not by its name */
	c = adapter(f, MST_INSERT, plc, MAC1);
	fake_is(f, c, MST_VERDICT_UNCHANGED, NULL);
	c = adapter(f, MST_INSERT, other, MAC1);
	fake_is(f, c, MST_VERDICT_APPLIED, NULL);
	assert_int_equal(sn_ot_count("cmdb_ci_network_adapter", ""), 2);
	assert_int_equal(sn_ot_owned(other), 1);
	sn_sim_clear("cmdb_rel_ci", NULL, NULL);
	c = adapter(f, MST_INSERT, plc, MAC1);
	fake_is(f, c, MST_VERDICT_APPLIED, NULL);
	assert_int_equal(sn_ot_owned(plc), 1);
}

static void take_child(void *ctx, uint64_t tag, const struct mst_sysid *id,
		       struct mst_slice key, const char *why)
{
	struct fake *f = ctx;

	assert_int_equal(tag, 9);
	assert_null(why);
	if (!id)
		return;
	f->n++;
	assert_true(mst_slice_istarts(key, "plant/"));
}

/* What a dead run left is found below the owner, by its key. */
static void test_children(void **state)
{
	struct fake *f = *state;
	const char *plc = sn_ot_ci("cmdb_ci_ot_plc", "plc-1");
	struct mst_sysid id = fake_id(plc);

	sn_ot_ready(f);
	adapter(f, MST_INSERT, plc, MAC1);
	t_ok(mst_dest_servicenow.children(
		 f->d, mst_catalog_set(f->catalog, T_OT_ADAPTERS), 9,
		 mst_slice(NULL, 0), &id, take_child, f, &f->err),
	     &f->err);
	t_ok(fake_pump(f), &f->err);
	assert_int_equal(f->n, 1);
}

#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, sn_ot_setup, sn_ot_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_made_below_its_owner),
	    T(test_several),
	    T(test_many),
	    T(test_owner_is_gone),
	    T(test_changed),
	    T(test_retired),
	    T(test_taken_over),
	    T(test_relation_is_gone),
	    T(test_relation_is_refused),
	    T(test_lost),
	    T(test_cancelled),
	    T(test_by_the_table_api),
	    T(test_children),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
