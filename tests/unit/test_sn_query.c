/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulated encoded queries.
 */
#include "tests/unit/sn_fixture.h"

#include <stdio.h>
#include <string.h>

static int up(void **state)
{
	static const struct {
		const char *name, *os, *ram, *comments;
	} rows[] = {
	    {"alpha", "Windows 11", "512", "x"},
	    {"beta", "Windows 10", "2048", ""},
	    {"gamma", "Ubuntu", "16384", "y,z"},
	    {"Delta", "Ubuntu", "", "x"},
	};
	char body[300];
	int r = sn_up(state);

	for (size_t i = 0; i < MST_LEN(rows); i++) {
		snprintf(body, sizeof(body),
			 "{\"name\":\"%s\",\"os\":\"%s\",\"ram\":\"%s\","
			 "\"comments\":\"%s\"}",
			 rows[i].name, rows[i].os, rows[i].ram,
			 rows[i].comments);
		make("cmdb_ci_computer", body);
	}
	return r;
}

/* Names that a query finds, in order, with blanks between. */
static const char *find(const char *query)
{
	static char names[400];
	struct mst_buf url = MST_BUF_INIT(4096);
	size_t n;

	mst_buf_adds(&url, "/api/now/table/cmdb_ci_computer?sysparm_query=");
	mst_buf_add_uri(&url, mst_slice_str(query));
	assert_int_equal(ask("GET", url.p, NULL), 200);
	mst_buf_fini(&url);
	names[0] = 0;
	n = count_at("result");
	for (size_t i = 0; i < n; i++) {
		char path[40];

		snprintf(path, sizeof(path), "result.%zu.name", i);
		if (i)
			strcat(names, " ");
		strcat(names, at(path));
	}
	return names;
}

static void test_operators(void **state)
{
	static const struct {
		const char *query, *want;
	} rows[] = {
	    {"", "alpha beta gamma Delta"},
	    {"name=alpha", "alpha"},
	    {"name=Alpha", ""},
	    {"name!=alpha", "beta gamma Delta"},
	    {"osLIKE10", "beta"},
	    {"osNOT LIKEWindows", "gamma Delta"},
	    {"osSTARTSWITHWin", "alpha beta"},
	    {"osENDSWITH11", "alpha"},
	    {"nameINgamma,alpha,gamma", "gamma alpha"},
	    {"nameNOT INgamma,alpha", "beta Delta"},
	    {"commentsISEMPTY", "beta"},
	    {"commentsISNOTEMPTY", "alpha gamma Delta"},
	    {"ram>600", "beta gamma"},
	    {"ram>=2048", "beta gamma"},
	    {"ram<2048", "alpha"},
	    {"ram<=2048", "alpha beta"},
	    {"ram=2048.0", "beta"},
	    {"os=Ubuntu^comments=x", "Delta"},
	    {"os=Ubuntu^ORname=alpha", "alpha gamma Delta"},
	    {"os=Ubuntu^ORos=Windows 10^commentsISEMPTY", "beta"},
	    {"os=Ubuntu^comments=x^NQname=beta", "beta Delta"},
	    {"ORDERBYname", "Delta alpha beta gamma"},
	    {"ORDERBYDESCram", "gamma beta alpha Delta"},
	    {"os=Ubuntu^ORDERBYname", "Delta gamma"},
	    {"install_status=1^os=Ubuntu", "gamma Delta"},
	    {"sys_class_name=cmdb_ci_computer^name=beta", "beta"},
	    {"sys_class_name=cmdb_ci_server", ""},
	};

	for (size_t i = 0; i < MST_LEN(rows); i++) {
		const char *got = find(rows[i].query);

		if (strcmp(got, rows[i].want))
			fail_msg("%s: \"%s\", not \"%s\"", rows[i].query, got,
				 rows[i].want);
	}
	(void)state;
}

static void test_invalid(void **state)
{
	/* dropped; the rest runs */
	assert_string_equal(find("nam=alpha"), "alpha beta gamma Delta");
	assert_string_equal(find("nam=alpha^os=Ubuntu"), "gamma Delta");
	assert_string_equal(find("nameRESEMBLESx"), "alpha beta gamma Delta");
	assert_string_equal(find("no_such=1^ORname=beta"), "beta");
	control("POST", "/_sim/sn/options",
		"{\"glide.invalid_query.returns_no_rows\":true}");
	assert_string_equal(find("nam=alpha"), "");
	assert_string_equal(find("name=alpha"), "alpha");
	(void)state;
}

static void test_dot_walk(void **state)
{
	char body[200];

	snprintf(body, sizeof(body), "{\"name\":\"e\",\"manufacturer\":\"%s\"}",
		 make("core_company", "{\"name\":\"Contoso\"}"));
	make("cmdb_ci_computer", body);
	assert_string_equal(find("manufacturer.name=Contoso"), "e");
	assert_string_equal(find("manufacturer.nameSTARTSWITHCon^name=e"), "e");
	assert_string_equal(find("manufacturer.nonsense=1^name=e"), "e");
	assert_string_equal(find("manufacturer.=1^name=e"), "e");
	assert_string_equal(find("manufacturerISNOTEMPTY"), "e");
	ask("GET",
	    "/api/now/table/cmdb_ci_computer?sysparm_query=name=e"
	    "&sysparm_fields=manufacturer.name,vendor.name",
	    NULL);
	assert_non_null(strstr(sn_text.p, "\"manufacturer.name\":\"Contoso\""));
	(void)state;
}

static void test_after_changes(void **state)
{
	char id[40];

	/* the index of a column follows updates and deletions */
	assert_string_equal(find("name=alpha"), "alpha");
	snprintf(id, sizeof(id), "%s", at("result.0.sys_id"));
	askf("PATCH", "{\"name\":\"omega\"}",
	     "/api/now/table/cmdb_ci_computer/%s", id);
	assert_string_equal(find("name=alpha"), "");
	assert_string_equal(find("name=omega"), "omega");
	askf("PATCH", "{\"name\":\"alpha\"}",
	     "/api/now/table/cmdb_ci_computer/%s", id);
	assert_string_equal(find("name=alpha"), "alpha");
	askf("DELETE", NULL, "/api/now/table/cmdb_ci_computer/%s", id);
	assert_string_equal(find("name=alpha"), "");
	assert_string_equal(find("ORDERBYsys_id^nameINalpha,omega"), "");
	(void)state;
}

/* As it is where the database folds case. */
static void test_folded(void **state)
{
	assert_string_equal(find("name=DELTA"), "");
	control("POST", "/_sim/sn/options", "{\"fold_queries\":true}");
	assert_string_equal(find("name=DELTA"), "Delta");
	assert_string_equal(find("nameINdelta,DELTA,Beta^ORDERBYname"),
			    "Delta beta");
	assert_string_equal(find("name!=DELTA^nameNOT INalpha,BETA"), "gamma");
	control("POST", "/_sim/sn/options", "{\"fold_queries\":false}");
	assert_string_equal(find("nameINdelta,Beta"), "");
	(void)state;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, up, sn_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_operators),     TEST(test_invalid), TEST(test_dot_walk),
	    TEST(test_after_changes), TEST(test_folded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
