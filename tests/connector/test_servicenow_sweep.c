/* SPDX-License-Identifier: Apache-2.0
 *
 * Companies and models that nothing refers to: deleted only when the settings
 * say so, only when muster made them, and only when all could be asked.
 */
#include "sn_fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CI "cmdb_ci_computer"
#define CO "core_company"
#define MO "cmdb_hardware_product_model"
#define US "muster" /* the user */

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

static void column(struct fake *f, const char *table, const char *element,
		   const char *type, const char *to)
{
	fake_add(f, "sys_dictionary", "name", table, "element", element,
		 "internal_type", type, "reference", to, NULL);
}

static const char *company(struct fake *f, const char *name, const char *by)
{
	return fake_add(f, CO, "name", name, "sys_created_by", by, NULL);
}

static void instance(struct fake *f)
{
	const char *used, *listed, *x;

	fake_open(f);
	column(f, "cmdb_ci", "manufacturer", "reference", CO);
	column(f, "cmdb_ci", "model_id", "reference", "cmdb_model");
	column(f, "cmdb_model", "manufacturer", "reference", CO);
	column(f, "ast_contract", "vendors", "glide_list", CO);
	column(f, "no_such_table", "vendor", "reference", CO);
	f->absent[0] = "no_such_table";
	used = company(f, "Used", US);
	listed = company(f, "Listed", US);
	x = company(f, "Of a model", US);
	company(f, "Free", US);
	company(f, "Theirs", "kim.example");
	for (int i = 0; i < 900; i++)
		fake_add(f, CI, "name", "c", "manufacturer", used, NULL);
	fake_add(f, "ast_contract", "vendors",
		 mst_arena_printf(&f->arena, "%s,%s", used, listed), NULL);
	fake_add(f, "cmdb_model", "name", "free model", "manufacturer", x,
		 "sys_class_name", MO, "sys_created_by", US, NULL);
	fake_add(f, "cmdb_model", "name", "a service", "manufacturer", used,
		 "sys_class_name", "cmdb_service_model", "sys_created_by", US,
		 NULL);
}

/* A run that writes a CI, with a maker that is new, and what follows. */
static void run(struct fake *f)
{
	fake_begin(f, "devices");
	fake_offer(f, "devices",
		   (struct fake_change){.action = MST_INSERT, .key = "m1"},
		   "name", "PC-1", "manufacturer", "New", NULL);
	fake_end(f);
	mst_dest_servicenow.finish(f->d);
	t_ok(fake_pump(f), &f->err);
}

static void is_there(struct fake *f, const char *name, bool want)
{
	if ((fake_find(f, NULL, "name", name) != NULL) != want)
		fail_msg("%s: %s", name, want ? "is gone" : "is there");
}

static void test_off(void **state)
{
	struct fake *f = *state;

	instance(f);
	run(f);
	is_there(f, "Free", true);
	is_there(f, "free model", true);
	assert_int_equal(fake_asked(f, "DELETE"), 0);
	assert_int_equal(fake_asked(f, "GET /api/now/table/sys_dictionary"), 0);
}

static void test_companies(void **state)
{
	struct fake *f = *state;

	fake_setting(f, "delete_companies", "yes");
	instance(f);
	run(f);
	is_there(f, "Free", false);
	is_there(f, "Used", true);
	is_there(f, "Listed", true);
	is_there(f, "Of a model", true);
	is_there(f, "Theirs", true);
	is_there(f, "New", true);
	is_there(f, "free model", true);
	t_is(mst_slice_str(f->notes),
	     "cmdb: companies that nothing refers to: 1 deleted\n");
}

/* Models first: their makers may be free then. */
static void test_both(void **state)
{
	struct fake *f = *state;

	fake_setting(f, "delete_companies", "yes");
	fake_setting(f, "delete_models", "yes");
	instance(f);
	run(f);
	is_there(f, "free model", false);
	is_there(f, "a service", true);
	is_there(f, "Of a model", false);
	is_there(f, "Free", false);
	is_there(f, "Used", true);
}

static bool hidden(struct fake *f, struct fake_sub *s)
{
	if (!mst_slice_istarts(s->url, "/api/now/table/ast_contract"))
		return false;
	s->status = 403;
	mst_buf_adds(&s->out, "{\"error\":{\"message\":\"User Not Authorized\","
			      "\"detail\":\"no\"},\"status\":\"failure\"}");
	return true;
}

/* What cannot be asked may refer to any of them. */
static void test_a_table_that_is_hidden(void **state)
{
	struct fake *f = *state;

	fake_setting(f, "delete_companies", "yes");
	instance(f);
	f->on_sub = hidden;
	run(f);
	is_there(f, "Free", true);
	assert_non_null(strstr(f->notes, "no companies are deleted: "
					 "ast_contract: User Not Authorized"));
	assert_int_equal(fake_asked(f, "DELETE"), 0);
}

static bool no_dictionary(struct fake *f, struct fake_sub *s)
{
	if (!mst_slice_istarts(s->url, "/api/now/table/sys_dictionary"))
		return false;
	s->status = 200;
	mst_buf_adds(&s->out, "{\"result\":[]}");
	return true;
}

static void test_no_dictionary(void **state)
{
	struct fake *f = *state;

	fake_setting(f, "delete_companies", "yes");
	instance(f);
	f->on_sub = no_dictionary;
	run(f);
	is_there(f, "Free", true);
	assert_non_null(strstr(f->notes, "sys_dictionary"));
}

static void test_no_user(void **state)
{
	struct fake *f = *state;

	fake_setting(f, "delete_companies", "yes");
	instance(f);
	f->conf.username = NULL;
	run(f);
	is_there(f, "Free", true);
	assert_non_null(strstr(f->notes, "\"username\""));
}

/* Nothing was written: nothing can have become free. */
static void test_nothing_written(void **state)
{
	struct fake *f = *state;
	size_t asked;

	fake_setting(f, "delete_companies", "yes");
	instance(f);
	asked = f->subs_n;
	mst_dest_servicenow.finish(f->d);
	t_ok(fake_pump(f), &f->err);
	assert_int_equal(f->subs_n, asked);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_off),
	    T(test_companies),
	    T(test_both),
	    T(test_a_table_that_is_hidden),
	    T(test_no_dictionary),
	    T(test_no_user),
	    T(test_nothing_written),
	};

	return cmocka_run_group_tests_name("sweep", tests, NULL, NULL);
}
