/* SPDX-License-Identifier: Apache-2.0
 *
 * model/derive: a catalogue is changed without touching the one that it was
 * made from.
 */
#include "tests/lib/t.h"

#include <stdio.h>

#include "base/limits.h"
#include "model/derive.h"

static const struct mst_field fields[] = {{"id", ""}, {"name|Name", ""}};
static const struct mst_feed feeds[] = {
    {.name = "things", .title = "Things", .fields = fields, .fields_n = 2}};
static const struct mst_column columns[] = {
    {"name", 0, 40, NULL},
    {"status", 0, 40, NULL},
};
static const struct mst_set sets[] = {
    {.name = "things", .columns = columns, .columns_n = 2}};
static const struct mst_map_row rows[] = {
    {"name", 1, NULL, NULL, "r"},
    {"status", 0, NULL, NULL, "r"},
    {"status", 1, NULL, NULL, "r"},
};
static const struct mst_mapping mappings[] = {
    {.set = "things", .rows = rows, .rows_n = 3}};
static const struct mst_catalog base = {
    .feeds = feeds,
    .feeds_n = 1,
    .sets = sets,
    .sets_n = 1,
    .mappings = mappings,
    .mappings_n = 1,
};

static struct mst_arena arena;
static struct mst_derive *d;

static int setup(void **state MST_UNUSED)
{
	mst_arena_init(&arena, 1u << 20);
	d = mst_derive_begin(&base, &arena);
	return 0;
}

static int teardown(void **state MST_UNUSED)
{
	mst_arena_fini(&arena);
	return 0;
}

static void test_untouched_is_shared(void **state MST_UNUSED)
{
	const struct mst_catalog *c = mst_derive_end(d);

	assert_ptr_equal(c->sets[0].columns, columns);
	assert_ptr_equal(c->mappings[0].rows, rows);
	assert_ptr_equal(c->feeds[0].fields, fields);
}

static void test_columns(void **state MST_UNUSED)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_column more = {"u_site", 0, 80, NULL};
	const struct mst_catalog *c;

	mst_derive_column(d, "things", "status")->flags = MST_COL_INSERT;
	t_ok(mst_derive_add_column(d, "things", &more, &err), &err);
	t_failed(mst_derive_add_column(d, "things", &more, &err), &err,
		 MST_E_CONFLICT, "u_site");
	t_failed(mst_derive_add_column(d, "others", &more, &err), &err,
		 MST_E_INVALID, "others");
	more = (struct mst_column){"status", MST_COL_UPDATE, 40, NULL};
	t_ok(mst_derive_add_column(d, "things", &more, &err), &err);
	c = mst_derive_end(d);
	assert_int_equal(c->sets[0].columns_n, 4);
	assert_string_equal(c->sets[0].columns[2].name, "u_site");
	assert_int_equal(c->sets[0].columns[1].flags, MST_COL_INSERT);
	assert_int_equal(columns[1].flags, 0);
	assert_null(mst_derive_column(d, "things", "nothing"));
	assert_null(mst_derive_column(d, "nothing", "name"));
}

static void test_too_many_columns(void **state MST_UNUSED)
{
	struct mst_err err = MST_ERR_INIT;
	char name[16];
	struct mst_column c = {name, 0, 0, NULL};

	for (int i = 2; i < MST_MAX_COLUMNS; i++) {
		(void)snprintf(name, sizeof(name), "u_%d", i);
		t_ok(mst_derive_add_column(d, "things", &c, &err), &err);
	}
	(void)snprintf(name, sizeof(name), "u_last");
	t_failed(mst_derive_add_column(d, "things", &c, &err), &err,
		 MST_E_INVALID, "columns");
}

static void test_rows(void **state MST_UNUSED)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_map_row row = {"name", 0, NULL, NULL, "mine"};
	const struct mst_catalog *c;

	assert_int_equal(mst_derive_drop(d, "things", "status"), 2);
	assert_int_equal(mst_derive_drop(d, "things", "status"), 0);
	t_ok(mst_derive_add_row(d, 0, &row, true, &err), &err);
	c = mst_derive_end(d);
	assert_int_equal(c->mappings[0].rows_n, 2);
	assert_string_equal(c->mappings[0].rows[0].rule, "mine");
	assert_string_equal(c->mappings[0].rows[1].rule, "r");
	assert_int_equal(mappings[0].rows_n, 3);
}

static void test_fields(void **state MST_UNUSED)
{
	struct mst_err err = MST_ERR_INIT;
	unsigned field;

	t_ok(mst_derive_field(d, 0, "machineTags", &field, &err), &err);
	assert_int_equal(field, 2);
	t_ok(mst_derive_field(d, 0, "id", &field, &err), &err);
	assert_int_equal(field, 0);
	assert_int_equal(mst_derive_end(d)->feeds[0].fields_n, 3);
}

static void test_joins(void **state MST_UNUSED)
{
	static const struct mst_join joins[] = {{.from = 1}, {.from = 2}};
	const struct mst_catalog *c;

	mst_derive_joins(d, joins, MST_LEN(joins));
	c = mst_derive_end(d);
	assert_int_equal(c->joins_n, 2);
	assert_ptr_equal(c->joins, joins);
}

static void test_replaces(void **state MST_UNUSED)
{
	const struct mst_column any = {.name = "a"};
	const struct mst_column some = {.name = "b", .only_over = "one|two"};

	assert_true(mst_column_replaces(&any, MST_SLICE_LIT("x")));
	assert_true(mst_column_replaces(&some, MST_SLICE_LIT("one")));
	assert_true(mst_column_replaces(&some, MST_SLICE_LIT("two")));
	assert_false(mst_column_replaces(&some, MST_SLICE_LIT("on")));
	assert_false(mst_column_replaces(&some, MST_SLICE_LIT("")));
	assert_false(mst_column_replaces(&some, MST_SLICE_LIT("one|two")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_untouched_is_shared, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(test_columns, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_too_many_columns, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(test_rows, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_fields, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_joins, setup, teardown),
	    cmocka_unit_test(test_replaces),
	};

	return cmocka_run_group_tests(tests, t_log_watch, t_log_check);
}
