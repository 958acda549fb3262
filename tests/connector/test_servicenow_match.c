/* SPDX-License-Identifier: Apache-2.0
 *
 * Which CI is meant, without IRE (write_mode: table) and beyond it (further
 * classes): the order of attributes, values that prove nothing, two CIs that
 * look alike, and writes whose answer was lost.
 */
#include "sn_fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CI  "cmdb_ci_computer"
#define SRV "cmdb_ci_win_server"
#define PK  "cmdb_ci_spkg"
#define MAC "54:BF:64:00:00:01"

static int setup(void **state)
{
	*state = fake_new();
	return t_log_watch(state);
}

static int teardown(void **state)
{
	fake_free(*state);
	return t_log_check(state);
}

static struct fake *table_mode(void **state)
{
	struct fake *f = *state;

	fake_setting(f, "write_mode", "table");
	return f;
}

struct dev {
	const char *name, *serial, *mac, *fqdn, *klass;
};

static uint64_t offer(struct fake *f, enum mst_action action, const char *key,
		      struct dev v, const struct mst_sysid *remote)
{
	struct fake_change c = {
	    .action = action, .key = key, .table = v.klass, .may_exist = true};

	if (remote)
		c.remote = *remote;
	if (action == MST_RETIRE)
		return fake_offer(f, "devices", c, NULL);
	return fake_offer(
	    f, "devices", c, "name", v.name ? v.name : "", "os", "Windows 11",
	    "serial_number", v.serial ? v.serial : "", "mac_address",
	    v.mac ? v.mac : "", "fqdn", v.fqdn ? v.fqdn : "",
	    "first_discovered", "2026-01-01 00:00:00", "correlation_id", key,
	    "discovery_source", "other", "install_status", "1", NULL);
}

static uint64_t run(struct fake *f, enum mst_action action, const char *key,
		    struct dev v, const struct mst_sysid *remote)
{
	uint64_t n;

	fake_begin(f, "devices");
	n = offer(f, action, key, v, remote);
	fake_end(f);
	return n;
}

/* The insert led to the CI that was there. */
static void leads_to(struct fake *f, const char *key, struct dev v,
		     const char *id)
{
	uint64_t n = run(f, MST_INSERT, key, v, NULL);
	struct mst_sysid want = fake_id(id);

	fake_is(f, n, MST_VERDICT_APPLIED, NULL);
	assert_false(fake_verdict(f, n)->v.inserted);
	assert_memory_equal(&fake_verdict(f, n)->v.remote, &want, sizeof(want));
}

static void is_new(struct fake *f, const char *key, struct dev v)
{
	uint64_t n = run(f, MST_INSERT, key, v, NULL);

	fake_is(f, n, MST_VERDICT_APPLIED, NULL);
	assert_true(fake_verdict(f, n)->v.inserted);
}

/* ---- the order ----------------------------------------------------------- */

static void test_new(void **state)
{
	struct fake *f = table_mode(state);
	struct fake_row *row;

	fake_open(f);
	is_new(f, "m1", (struct dev){.name = "PC-1"});
	assert_int_equal(fake_called(f, "/api/now/identify"), 0);
	row = fake_find(f, CI, "name", "PC-1");
	t_is(mst_slice_str(fake_get(row, "correlation_id")), "m1");
	t_is(mst_slice_str(fake_get(row, "discovery_source")), "muster");
	t_is(mst_slice_str(fake_get(row, "first_discovered")),
	     "2026-01-01 00:00:00");
	/* again: it is ours, whatever its name is now */
	fake_put(f, row, "os", "Windows 10");
	leads_to(f, "m1", (struct dev){.name = "PC-2"},
		 fake_get(row, "sys_id"));
	t_is(mst_slice_str(fake_get(row, "name")), "PC-2");
	t_is(mst_slice_str(fake_get(row, "os")), "Windows 11");
}

/* In any class; but only with our source. */
static void test_by_correlation(void **state)
{
	struct fake *f = table_mode(state);
	const char *id;

	fake_open(f);
	fake_add(f, CI, "name", "a", "correlation_id", "m1", "discovery_source",
		 "SCCM", NULL);
	id = fake_add(f, SRV, "name", "b", "correlation_id", "m1",
		      "discovery_source", "muster", NULL);
	leads_to(f, "m1", (struct dev){.name = "PC-1"}, id);
	assert_int_equal(fake_asked(f, "PUT /api/now/table/" SRV "/"), 1);
}

static void test_insert_only_columns_stay(void **state)
{
	struct fake *f = table_mode(state);
	struct fake_row *row;

	fake_open(f);
	fake_add(f, CI, "name", "pc-1", "correlation_id", "theirs",
		 "discovery_source", "SCCM", "first_discovered", "2020", NULL);
	row = fake_find(f, CI, "name", "pc-1");
	leads_to(f, "m1", (struct dev){.name = "PC-1"},
		 fake_get(row, "sys_id"));
	t_is(mst_slice_str(fake_get(row, "correlation_id")), "theirs");
	t_is(mst_slice_str(fake_get(row, "discovery_source")), "SCCM");
	t_is(mst_slice_str(fake_get(row, "first_discovered")), "2020");
}

static void test_serial_before_mac_before_name(void **state)
{
	struct fake *f = table_mode(state);
	const char *by_serial, *by_mac, *by_name, *by_fqdn;

	fake_open(f);
	by_fqdn =
	    fake_add(f, CI, "name", "x", "fqdn", "pc-1.example.com", NULL);
	by_name = fake_add(f, CI, "name", "pc-1", NULL);
	by_mac = fake_add(f, CI, "name", "y", "mac_address", MAC, NULL);
	by_serial = fake_add(f, CI, "name", "z", "serial_number", "abc1", NULL);
	leads_to(f, "m1",
		 (struct dev){.name = "PC-1",
			      .serial = "ABC1",
			      .mac = "54:bf:64:00:00:01",
			      .fqdn = "pc-1.example.com"},
		 by_serial);
	/* it has all the rest by now */
	fake_put(f, fake_find(f, CI, "sys_id", by_serial), "mac_address", "");
	leads_to(f, "m2",
		 (struct dev){.name = "PC-1",
			      .serial = "ABC2",
			      .mac = "54:bf:64:00:00:01"},
		 by_mac);
	fake_put(f, fake_find(f, CI, "sys_id", by_serial), "name", "z");
	fake_put(f, fake_find(f, CI, "sys_id", by_serial), "fqdn", "");
	fake_put(f, fake_find(f, CI, "sys_id", by_mac), "name", "y");
	leads_to(f, "m3", (struct dev){.name = "PC-1", .serial = "ABC3"},
		 by_name);
	fake_put(f, fake_find(f, CI, "sys_id", by_name), "name", "w");
	leads_to(f, "m4",
		 (struct dev){.name = "PC-4", .fqdn = "pc-1.example.com"},
		 by_fqdn);
}

static void test_junk_serials(void **state)
{
	struct fake *f = table_mode(state);

	fake_open(f);
	fake_add(f, CI, "name", "x", "serial_number", "To be filled by O.E.M.",
		 NULL);
	fake_add(f, CI, "name", "y", "serial_number", "0000000", NULL);
	is_new(
	    f, "m1",
	    (struct dev){.name = "PC-1", .serial = "To be filled by O.E.M."});
	is_new(f, "m2", (struct dev){.name = "PC-2", .serial = "0000000"});
}

static void shared_mac(struct fake *f, const char *mac, bool found)
{
	const char *id;

	fake_open(f);
	id = fake_add(f, CI, "name", "x", "mac_address", mac, NULL);
	if (found)
		leads_to(f, "m1", (struct dev){.name = "PC-1", .mac = mac}, id);
	else
		is_new(f, "m1", (struct dev){.name = "PC-1", .mac = mac});
}

static void test_local_mac(void **state)
{
	shared_mac(table_mode(state), "02:00:4c:4f:4f:50", false);
}

static void test_vpn_mac(void **state)
{
	shared_mac(table_mode(state), "00:09:0f:fe:00:01", false);
}

static void test_own_list_of_macs(void **state)
{
	fake_setting(*state, "shared_macs", "00:11|54-bf-64");
	shared_mac(table_mode(state), "54:bf:64:00:00:01", false);
}

static void test_shared_macs_count(void **state)
{
	fake_setting(*state, "ignore_shared_macs", "no");
	shared_mac(table_mode(state), "00:09:0f:fe:00:01", true);
}

static void test_mac_patterns(void **state)
{
	struct fake *f = *state;
	struct mst_dest_env env = {.connection = "cmdb", .source = "defender"};

	fake_setting(f, "shared_macs", "00:11|Fortinet");
	t_failed(mst_dest_servicenow.open(&env, &f->conf, &f->d, &f->err),
		 &f->err, MST_E_INVALID, "Fortinet");
	f->settings_n = 0;
	f->err = (struct mst_err)MST_ERR_INIT;
	fake_setting(f, "shared_macs", "00:11");
	fake_open(f);
}

/* ---- never guessed ------------------------------------------------------- */

static void test_two_of_a_name(void **state)
{
	struct fake *f = table_mode(state);
	const char *a, *b;
	uint64_t n;

	fake_open(f);
	a = fake_add(f, CI, "name", "PC-1", NULL);
	b = fake_add(f, SRV, "name", "pc-1", NULL);
	n = run(f, MST_INSERT, "m1", (struct dev){.name = "PC-1"}, NULL);
	fake_is(f, n, MST_VERDICT_REFUSED, "2 CIs have the name \"PC-1\"");
	fake_is(f, n, MST_VERDICT_REFUSED, a);
	fake_is(f, n, MST_VERDICT_REFUSED, b);
	assert_int_equal(fake_asked(f, "PUT "), 0);
	assert_int_equal(fake_asked(f, "POST "), 0);
	/* a duplicate that is known as one does not count */
	fake_put(f, fake_find(f, NULL, "sys_id", b), "duplicate_of", a);
	leads_to(f, "m1", (struct dev){.name = "PC-1"}, a);
}

static void test_ignored_query(void **state)
{
	struct fake *f = table_mode(state);
	uint64_t n;

	fake_open(f);
	for (int i = 0; i < 3; i++)
		fake_add(f, CI, "name", "other", NULL);
	f->drop_clauses = true;
	n = run(f, MST_INSERT, "m1", (struct dev){.name = "PC-1"}, NULL);
	fake_is(f, n, MST_VERDICT_REFUSED, "ignores the query");
	assert_int_equal(fake_asked(f, "POST "), 0);
}

static void test_names_that_are_syntax(void **state)
{
	struct fake *f = table_mode(state);
	const char *id;
	uint64_t n;

	fake_open(f);
	id = fake_add(f, CI, "name", "Anna, tablet", NULL);
	fake_add(f, CI, "name", "Anna", NULL);
	leads_to(f, "m1", (struct dev){.name = "Anna, Tablet"}, id);
	n = run(f, MST_INSERT, "m2", (struct dev){.name = "^^"}, NULL);
	fake_is(f, n, MST_VERDICT_REFUSED, "cannot be looked for");
}

/* ---- the other changes --------------------------------------------------- */

static void test_update(void **state)
{
	struct fake *f = table_mode(state);
	struct mst_sysid id, gone = fake_nr(77);
	uint64_t n;

	fake_open(f);
	id = fake_id(
	    fake_add(f, CI, "name", "PC-1", "correlation_id", "x", NULL));
	n = run(f, MST_UPDATE, "m1", (struct dev){.name = "PC-2"}, &id);
	fake_is(f, n, MST_VERDICT_APPLIED, NULL);
	assert_int_equal(f->subs_n, 1);
	assert_null(strstr(f->subs[0], "correlation_id"));
	t_is(mst_slice_str(
		 fake_get(fake_find(f, CI, "name", "PC-2"), "correlation_id")),
	     "x");
	/* A person deleted it: made again, whole. */
	n = run(f, MST_UPDATE, "m3", (struct dev){.name = "PC-3"}, &gone);
	fake_is(f, n, MST_VERDICT_APPLIED, NULL);
	t_is(mst_slice_str(
		 fake_get(fake_find(f, CI, "name", "PC-3"), "correlation_id")),
	     "m3");
}

static void test_retire(void **state)
{
	struct fake *f = table_mode(state);
	struct mst_sysid id, gone = fake_nr(77);
	struct dev none = {0};

	fake_open(f);
	id = fake_id(fake_add(f, CI, "name", "PC-1", NULL));
	fake_is(f, run(f, MST_RETIRE, "m1", none, &id), MST_VERDICT_APPLIED,
		NULL);
	t_is(mst_slice_str(
		 fake_get(fake_find(f, CI, "name", "PC-1"), "install_status")),
	     "7");
	fake_is(f, run(f, MST_RETIRE, "m2", none, &gone), MST_VERDICT_UNCHANGED,
		NULL);
	assert_int_equal(fake_count(f, CI), 1);
	fake_begin(f, "devices");
	fake_is(f, offer(f, MST_DELETE, "m1", none, &id), MST_VERDICT_REFUSED,
		"never deleted");
	fake_end(f);
}

static bool lose_first_post(struct fake *f, struct fake_sub *s)
{
	if (strcmp(s->method, "POST") != 0 || f->n++)
		return false;
	f->on_sub = NULL;
	fake_serve_sub(f, s);
	mst_buf_reset(&s->out);
	s->status = 500;
	return true;
}

static void test_lost_post(void **state)
{
	struct fake *f = table_mode(state);

	fake_open(f);
	f->on_sub = lose_first_post;
	is_new(f, "m1", (struct dev){.name = "PC-1"});
	assert_int_equal(fake_count(f, CI), 1);
	assert_int_equal(fake_asked(f, "POST "), 1);
}

/* Both look for the name before either is made: never together. */
static void test_one_name_in_one_batch(void **state)
{
	struct fake *f = table_mode(state);
	uint64_t a, b;

	fake_open(f);
	fake_begin(f, "devices");
	a = offer(f, MST_INSERT, "m1", (struct dev){.name = "PC-1"}, NULL);
	b = offer(f, MST_INSERT, "m2", (struct dev){.name = "pc-1"}, NULL);
	fake_end(f);
	fake_is(f, a, MST_VERDICT_APPLIED, NULL);
	fake_is(f, b, MST_VERDICT_APPLIED, NULL);
	assert_int_equal(fake_count(f, CI), 1);
	assert_memory_equal(&fake_verdict(f, a)->v.remote,
			    &fake_verdict(f, b)->v.remote,
			    sizeof(struct mst_sysid));
}

static void test_many(void **state)
{
	struct fake *f = table_mode(state);
	uint64_t n[300];
	char key[16], name[16];

	fake_open(f);
	for (int i = 0; i < 300; i += 2) {
		snprintf(name, sizeof(name), "PC-%d", i);
		fake_add(f, CI, "name", mst_arena_strdup(&f->arena, name),
			 NULL);
	}
	fake_begin(f, "devices");
	for (int i = 0; i < 300; i++) {
		snprintf(key, sizeof(key), "m%d", i);
		snprintf(name, sizeof(name), "PC-%d", i);
		n[i] =
		    offer(f, MST_INSERT, key, (struct dev){.name = name}, NULL);
	}
	fake_end(f);
	for (int i = 0; i < 300; i++) {
		fake_is(f, n[i], MST_VERDICT_APPLIED, NULL);
		assert_int_equal(fake_verdict(f, n[i])->v.inserted, i % 2);
	}
	assert_int_equal(fake_count(f, CI), 300);
	/* fifty in a list: correlation, name */
	assert_true(fake_asked(f, "GET ") <= 20);
}

static void test_makers_by_name(void **state)
{
	struct fake *f = table_mode(state);
	uint64_t n;

	fake_setting(f, "normalization", "0123456789abcdef0123456789abcdef");
	fake_open(f);
	fake_begin(f, "devices");
	n = fake_offer(f, "devices",
		       (struct fake_change){.action = MST_INSERT,
					    .key = "m1",
					    .may_exist = true},
		       "name", "PC-1", "manufacturer", "DELL", NULL);
	fake_end(f);
	fake_is(f, n, MST_VERDICT_APPLIED, NULL);
	assert_true(fake_verdict(f, n)->v.inserted);
	assert_non_null(strstr(f->subs[f->subs_n - 1],
			       "sysparm_input_display_value=true "
			       "{\"manufacturer\":\"DELL\"}"));
}

/* ---- packages ------------------------------------------------------------ */

static uint64_t package(struct fake *f, const char *key, const char *name,
			const char *version)
{
	struct fake_change c = {
	    .action = MST_INSERT, .key = "7|1", .may_exist = true};
	uint64_t n;

	fake_begin(f, "software_packages");
	n = fake_offer(f, "software_packages", c, "name", name, "version",
		       version, "key", key, NULL);
	fake_end(f);
	assert_true(fake_verdict(f, n)->v.kind <= MST_VERDICT_UNCHANGED);
	return n;
}

static void test_packages(void **state)
{
	struct fake *f = table_mode(state);

	fake_open(f);
	fake_add(f, PK, "name", "7-Zip", "version", "1", "key", "other", NULL);
	fake_add(f, PK, "name", "7-Zip", "version", "2", NULL);
	/* the key counts, and nothing else when there is one */
	assert_true(
	    fake_verdict(f, package(f, "7|1", "7-Zip", "1"))->v.inserted);
	assert_false(
	    fake_verdict(f, package(f, "7|1", "7 Zip", "1"))->v.inserted);
	/* without: name and version */
	assert_false(fake_verdict(f, package(f, "", "7-Zip", "2"))->v.inserted);
	assert_true(fake_verdict(f, package(f, "", "7-Zip", "3"))->v.inserted);
}

/* ---- further classes ----------------------------------------------------- */

static void also_in(struct fake *f, const char *klass)
{
	static struct mst_class classes[1];
	static const char *also[2];
	struct mst_derive *d = mst_derive_begin(f->catalog, &f->arena);
	struct mst_set *set = mst_derive_set(d, "devices");

	also[0] = klass;
	classes[0] = (struct mst_class){.table = CI, .also_search = also};
	set->classes = classes;
	set->classes_n = 1;
	f->catalog = mst_derive_end(d);
	fake_open(f);
}

static void cross_class(struct fake *f)
{
	const char *id;

	also_in(f, "cmdb_ci_comm");
	/* the fake's IRE would find it by name */
	id = fake_add(f, "cmdb_ci_comm", "name", "other", "serial_number",
		      "ABC1", NULL);
	leads_to(f, "m1", (struct dev){.name = "PC-1", .serial = "ABC1"}, id);
	t_is(mst_slice_str(fake_find(f, NULL, "sys_id", id)->table),
	     "cmdb_ci_comm");
	is_new(f, "m2", (struct dev){.name = "PC-2", .serial = "ABC2"});
	assert_non_null(fake_find(f, CI, "name", "PC-2"));
}

static void test_cross_class(void **state)
{
	struct fake *f = *state;
	unsigned named = 0;

	cross_class(f);
	/* its class is named, so that nothing switches it */
	for (size_t i = 0; i < f->requests_n; i++)
		named +=
		    strstr(f->requests[i], "\"className\":\"cmdb_ci_comm\"") &&
		    strstr(f->requests[i], "\"sys_id\":\"");
	assert_int_equal(named, 1);
}

static void test_cross_class_by_table(void **state)
{
	cross_class(table_mode(state));
}

static void test_cross_class_off(void **state)
{
	struct fake *f = *state;

	fake_setting(f, "cross_class", "no");
	also_in(f, "cmdb_ci_comm");
	fake_add(f, "cmdb_ci_comm", "name", "other", "serial_number", "ABC1",
		 NULL);
	is_new(f, "m1", (struct dev){.name = "PC-1", .serial = "ABC1"});
}

static void test_cross_class_twice(void **state)
{
	struct fake *f = *state;
	uint64_t n;

	also_in(f, "cmdb_ci_comm");
	for (int i = 0; i < 7; i++)
		fake_add(f, "cmdb_ci_comm", "name", "other", "serial_number",
			 "ABC1", NULL);
	n = run(f, MST_INSERT, "m1",
		(struct dev){.name = "PC-1", .serial = "ABC1"}, NULL);
	fake_is(f, n, MST_VERDICT_REFUSED,
		"5 or more CIs have the serial_number");
	assert_int_equal(fake_count(f, CI), 0);
}

/* A further class that the instance lacks has no CIs. */
static void test_cross_class_absent(void **state)
{
	struct fake *f = *state;

	f->absent[0] = "cmdb_ci_comm";
	also_in(f, "cmdb_ci_comm");
	is_new(f, "m1", (struct dev){.name = "PC-1", .serial = "ABC1"});
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_new),
	    T(test_by_correlation),
	    T(test_insert_only_columns_stay),
	    T(test_serial_before_mac_before_name),
	    T(test_junk_serials),
	    T(test_local_mac),
	    T(test_vpn_mac),
	    T(test_own_list_of_macs),
	    T(test_shared_macs_count),
	    T(test_mac_patterns),
	    T(test_two_of_a_name),
	    T(test_ignored_query),
	    T(test_names_that_are_syntax),
	    T(test_update),
	    T(test_retire),
	    T(test_lost_post),
	    T(test_one_name_in_one_batch),
	    T(test_many),
	    T(test_makers_by_name),
	    T(test_packages),
	    T(test_cross_class),
	    T(test_cross_class_by_table),
	    T(test_cross_class_off),
	    T(test_cross_class_twice),
	    T(test_cross_class_absent),
	};

	return cmocka_run_group_tests_name("match", tests, NULL, NULL);
}
