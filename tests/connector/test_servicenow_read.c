/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading back, and what counts as the same value.
 */
#include "sn_fake.h"

#include <stdio.h>
#include <string.h>

static struct {
	unsigned n, found;
	uint64_t tag;
	struct mst_sysid id;
	char columns[MST_MAX_COLUMNS][64];
} got;

static void take(void *ctx, uint64_t tag, bool found,
		 const struct mst_sysid *id, const struct mst_slice *columns)
{
	const struct mst_set *set = ctx;

	got.n++;
	got.found += found;
	got.tag = tag;
	got.id = *id;
	for (size_t i = 0; i < set->columns_n; i++)
		snprintf(got.columns[i], 64, "%.*s", MST_SLICE_ARG(columns[i]));
}

static int setup(void **state)
{
	memset(&got, 0, sizeof(got));
	*state = fake_new();
	return t_log_watch(state);
}

static int teardown(void **state)
{
	fake_free(*state);
	return t_log_check(state);
}

static void ask(struct fake *f, const char *set, uint64_t tag, const char *id,
		const char *table, const char *key, const char *parent)
{
	struct mst_sysid i = {{0}}, p = {{0}};

	if (id)
		i = fake_id(id);
	if (parent)
		p = fake_id(parent);
	mst_dest_servicenow.on_row(f->d, take,
				   (void *)(uintptr_t)fake_set(set));
	assert_int_equal(mst_dest_servicenow.read(
			     f->d, fake_set(set), tag, &i, mst_slice_str(table),
			     mst_slice_str(key), &p, &f->err),
			 0);
}

static const char *column(const char *set, const char *name)
{
	const struct mst_set *s = fake_set(set);

	for (size_t i = 0; i < s->columns_n; i++) {
		if (strcmp(s->columns[i].name, name) == 0)
			return got.columns[i];
	}
	return NULL;
}

static void test_by_sys_id(void **state)
{
	struct fake *f = *state;
	const char *dell, *id;

	fake_open(f);
	dell = fake_add(f, "core_company", "name", "Dell", NULL);
	id = fake_add(f, "cmdb_ci_computer", "name", "PC-1", "manufacturer",
		      dell, NULL);
	ask(f, "devices", 7, id, "cmdb_ci_computer", "m1", NULL);
	t_ok(fake_pump(f), &f->err);
	assert_int_equal(got.n, 1);
	assert_int_equal(got.found, 1);
	assert_int_equal(got.tag, 7);
	t_is(mst_slice_str(column("devices", "name")), "PC-1");
	/* Master data reads as its name. */
	t_is(mst_slice_str(column("devices", "manufacturer")), "Dell");
	t_is(mst_slice_str(column("devices", "os")), "");
	assert_int_equal(f->requests_n, 1);
}

/* By native key; the class that holds it may be another. */
static void test_ci_by_native_key(void **state)
{
	struct fake *f = *state;
	const char *id;

	fake_open(f);
	id = fake_add(f, "cmdb_ci_win_server", "name", "SRV-1", NULL);
	fake_add(f, "sys_object_source", "name", "muster", "id", "m1",
		 "target_sys_id", id, "target_table", "cmdb_ci_win_server",
		 NULL);
	fake_add(f, "sys_object_source", "name", "other", "id", "m1",
		 "target_sys_id", "000000000000000000000000000000ff", NULL);
	ask(f, "devices", 1, NULL, "cmdb_ci_computer", "m1", NULL);
	ask(f, "devices", 2, "000000000000000000000000000000fe",
	    "cmdb_ci_computer", "m1", NULL);
	t_ok(fake_pump(f), &f->err);
	assert_int_equal(got.n, 2);
	assert_int_equal(got.found, 2);
	t_is(mst_slice_str(column("devices", "name")), "SRV-1");
}

static void test_key_with_a_comma(void **state)
{
	struct fake *f = *state;
	const char *id;

	fake_open(f);
	id = fake_add(f, "cmdb_ci_spkg", "name", "a, b", NULL);
	fake_add(f, "sys_object_source", "name", "muster", "id", "v|a, b|1",
		 "target_sys_id", id, "target_table", "cmdb_ci_spkg", NULL);
	ask(f, "software_packages", 1, NULL, "", "v|a, b|1", NULL);
	ask(f, "software_packages", 2, NULL, "", "^^", NULL);
	t_ok(fake_pump(f), &f->err);
	assert_int_equal(got.n, 2);
	/* "v|" has no safe part long enough to matter: found by its prefix. */
	assert_int_equal(got.found, 1);
}

static void test_rows_by_key(void **state)
{
	struct fake *f = *state;
	char key[16];

	fake_open(f);
	for (unsigned i = 0; i < 500; i++) {
		snprintf(key, sizeof(key), "CVE-%u", i);
		if (i % 2)
			fake_add(f, "u_muster_cve", "u_cve_id", key, NULL);
		ask(f, "vulnerabilities", i, NULL, "", key, NULL);
	}
	t_ok(fake_pump(f), &f->err);
	assert_int_equal(got.n, 500);
	assert_int_equal(got.found, 250);
	assert_int_equal(fake_asked(f, "GET"), 10);
	assert_true(f->requests_n <= 2);
}

static void test_links_by_parent(void **state)
{
	struct fake *f = *state;
	const char *p1, *device;

	fake_open(f);
	device = fake_add(f, "cmdb_ci_computer", "name", "PC-1", NULL);
	p1 = fake_add(f, "cmdb_ci_spkg", "key", "v|a|1", NULL);
	fake_add(f, "cmdb_software_instance", "installed_on", device,
		 "software", p1, "name", "a 1", NULL);
	ask(f, "software_installs", 1, NULL, "", "v|b|1", device);
	ask(f, "software_installs", 2, NULL, "", "v|a|1", device);
	t_ok(fake_pump(f), &f->err);
	assert_int_equal(got.n, 2);
	assert_int_equal(got.found, 1);
}

/* ---- children ---- */

static struct {
	unsigned n, ends;
	uint64_t tag;
	char keys[256], why[256];
} kids;

static void take_child(void *ctx, uint64_t tag, const struct mst_sysid *id,
		       struct mst_slice key, const char *why)
{
	size_t n = strlen(kids.keys);

	(void)ctx;
	kids.tag = tag;
	if (!id) {
		kids.ends++;
		snprintf(kids.why, sizeof(kids.why), "%s", why ? why : "");
		return;
	}
	kids.n++;
	snprintf(kids.keys + n, sizeof(kids.keys) - n, "%.*s;",
		 MST_SLICE_ARG(key));
}

static void ask_children(struct fake *f, const char *set, const char *parent)
{
	struct mst_sysid p = fake_id(parent);

	memset(&kids, 0, sizeof(kids));
	t_ok(mst_dest_servicenow.children(f->d, fake_set(set), 9,
					  mst_slice(NULL, 0), &p, take_child,
					  NULL, &f->err),
	     &f->err);
	t_ok(fake_pump(f), &f->err);
	assert_int_equal(kids.ends, 1);
	assert_int_equal(kids.tag, 9);
}

/* Links tell their key through what they refer to, rows have it; what is
 * closed is none of them, nor what hangs elsewhere. */
static void test_children(void **state)
{
	struct fake *f = *state;
	const char *device, *other, *p1;

	fake_open(f);
	device = fake_add(f, "cmdb_ci_computer", "name", "PC-1", NULL);
	other = fake_add(f, "cmdb_ci_computer", "name", "PC-2", NULL);
	p1 = fake_add(f, "cmdb_ci_spkg", "key", "v|a|1", NULL);
	ask_children(f, "software_installs", device);
	assert_int_equal(kids.n, 0);
	fake_add(f, "cmdb_software_instance", "installed_on", device,
		 "software", p1, NULL);
	fake_add(f, "cmdb_software_instance", "installed_on", other, "software",
		 p1, NULL);
	ask_children(f, "software_installs", device);
	assert_string_equal(kids.keys, "v|a|1;");
	for (unsigned i = 0; i < 1200; i++)
		fake_add(f, "u_muster_cve_instance", "u_cmdb_ci", device,
			 "u_key", "k", "u_status",
			 i % 2 ? "unresolved" : "resolved_confirmed", NULL);
	ask_children(f, "device_vulnerabilities", device);
	assert_int_equal(kids.n, 600);
	assert_string_equal(kids.why, "");
}

static bool forbidden(struct fake *f, struct fake_sub *s)
{
	s->status = 403;
	mst_buf_adds(&s->out, "{\"error\":{\"message\":\"User Not "
			      "Authorized\",\"detail\":\"no\"}}");
	return true;
}

static void test_read_that_is_refused_is_no_empty_read(void **state)
{
	struct fake *f = *state;

	fake_open(f);
	f->on_sub = forbidden;
	ask(f, "vulnerabilities", 1, NULL, "", "CVE-1", NULL);
	t_failed(fake_pump(f), &f->err, MST_E_FORBIDDEN,
		 "cannot read u_muster_cve");
	assert_int_equal(got.n, 0);
}

static bool truncated_once(struct fake *f, struct fake_sub *s)
{
	if (f->n++)
		return false;
	s->status = 200;
	mst_buf_add_slice(&s->out, t_data("servicenow/list-cut-short.txt"));
	return true;
}

static void test_truncated_list(void **state)
{
	struct fake *f = *state;

	fake_open(f);
	f->on_sub = truncated_once;
	fake_add(f, "u_muster_cve", "u_cve_id", "CVE-1", NULL);
	ask(f, "vulnerabilities", 1, NULL, "", "CVE-1", NULL);
	t_ok(fake_pump(f), &f->err);
	assert_int_equal(got.found, 1);
}

static bool whole_table(struct fake *f, struct fake_sub *s)
{
	(void)f;
	s->status = 200;
	mst_buf_adds(&s->out, "{\"result\":[{\"sys_id\":"
			      "\"000000000000000000000000000000aa\"}]}");
	return true;
}

/* A list that cannot be believed says so. */
static void test_children_unread(void **state)
{
	static const char device[] = "00000000000000000000000000000001";
	struct fake *f = *state;

	fake_open(f);
	f->on_sub = forbidden;
	ask_children(f, "device_vulnerabilities", device);
	assert_non_null(strstr(kids.why, "Not Authorized"));
	f->on_sub = whole_table;
	ask_children(f, "device_vulnerabilities", device);
	assert_int_equal(kids.n, 0);
	assert_non_null(strstr(kids.why, "ignores the query"));
	f->on_sub = truncated_once;
	ask_children(f, "device_vulnerabilities", device);
	assert_string_equal(kids.why, "");
}

static void test_same(void **state)
{
	static const struct {
		const char *set, *column, *desired, *held;
		bool same;
	} cases[] = {
	    {"vulnerabilities", "u_cvss_score", "7.0", "7", true},
	    {"vulnerabilities", "u_cvss_score", "7.0", "7.1", false},
	    {"vulnerabilities", "u_public_exploit", "true", "TRUE", true},
	    {"vulnerabilities", "u_public_exploit", "true", "false", false},
	    {"vulnerabilities", "u_name", "1.10", "1.1", false},
	    {"vulnerabilities", "u_description", "a\nb", "a\r\nb ", true},
	    {"devices", "os_version", "10.0", "10", false},
	    {"devices", "virtual", "true", "true", true},
	    {"devices", "manufacturer", "Dell", "DELL INC.", true},
	    {"devices", "manufacturer", "Dell", "HP", false},
	    {"devices", "model_id", "X1", "X1 Inc", false},
	};
	struct fake *f = *state;

	fake_open(f);
	for (size_t i = 0; i < MST_LEN(cases); i++) {
		const struct mst_set *set = fake_set(cases[i].set);
		const struct mst_column *col = NULL;

		for (size_t k = 0; k < set->columns_n; k++) {
			if (!strcmp(set->columns[k].name, cases[i].column))
				col = &set->columns[k];
		}
		assert_non_null(col);
		if (mst_dest_servicenow.same(
			f->d, col, mst_slice_str(cases[i].desired),
			mst_slice_str(cases[i].held)) != cases[i].same)
			fail_msg("case %zu", i);
	}
}

static void test_query_values(void **state)
{
	static const char *const bad[] = {"",	  "a,b",  "a^b",
					  " a",	  "a ",	  "a\nb",
					  "NULL", "null", "x javascript:gs",
					  "a@b",  "\x7f"};

	for (size_t i = 0; i < MST_LEN(bad); i++)
		assert_false(mst_sn_query_safe(mst_slice_str(bad[i])));
	assert_true(mst_sn_query_safe(mst_slice_str("Dell Inc. (EMEA)")));
	t_is(mst_sn_query_prefix(mst_slice_str("Acme, Inc.")), "Acme");
	t_is(mst_sn_query_prefix(mst_slice_str("M\xc3\xbc^")), "M\xc3\xbc");
	assert_null(mst_sn_query_prefix(mst_slice_str("^a")).p);
	t_is(mst_sn_cut(mst_slice_str("M\xc3\xbc"), 2), "M");
	(void)state;
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_by_sys_id),
	    T(test_ci_by_native_key),
	    T(test_key_with_a_comma),
	    T(test_rows_by_key),
	    T(test_links_by_parent),
	    T(test_read_that_is_refused_is_no_empty_read),
	    T(test_truncated_list),
	    T(test_children),
	    T(test_children_unread),
	    T(test_same),
	    T(test_query_values),
	};

	return cmocka_run_group_tests_name("servicenow read", tests, NULL,
					   NULL);
}
