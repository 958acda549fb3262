/* SPDX-License-Identifier: Apache-2.0
 *
 * Custom mappings: from the keys of an item to the columns and rows of a
 * derived catalogue, and every way to write them wrong.
 */
#include "tests/lib/t.h"

#include <stdio.h>
#include <stdlib.h>

#include "rules/custom.h"
#include "rules/rules.h"

static const struct mst_field thing_fields[] = {{"id", ""}, {"a", ""}};
static const struct mst_field other_fields[] = {{"id", ""}, {"z", ""}};
static const struct mst_feed feeds[] = {
    {.name = "things",
     .title = "Things",
     .fields = thing_fields,
     .fields_n = 2},
    {.name = "others",
     .title = "Others",
     .fields = other_fields,
     .fields_n = 2},
};

static const struct mst_column columns[] = {
    {"name", 0, 40, NULL},
    {"os", 0, 10, NULL},
    {"on_insert", MST_COL_INSERT, 40, NULL},
    {"seen", MST_COL_VOLATILE, 40, NULL},
    {"split", MST_COL_INSERT, 40, NULL},
    {"split", MST_COL_UPDATE, 40, NULL},
    {"company", MST_COL_MASTER, 40, "company"},
    {"parent", MST_COL_PARENT | MST_COL_REQUIRED, 40, NULL},
    {"package", MST_COL_REF, 40, "packages"},
    {"number", MST_COL_KEY, 40, NULL},
};

static const struct mst_set sets[] = {
    {.name = "things",
     .title = "Things",
     .table = "u_thing",
     .writer = MST_WRITE_CI,
     .columns = columns,
     .columns_n = MST_LEN(columns)},
};

static int op_id(struct mst_rule_ctx *ctx, const struct mst_value *v,
		 unsigned field, const void *arg, struct mst_slice *out_r)
{
	return mst_op_text(ctx, v, 0, arg, out_r);
}

static const struct mst_map_row rows[] = {
    {"name", 1, mst_op_text, NULL, "r"},
    {"os", 1, mst_op_upper, NULL, "r"},
    {"os", 0, mst_op_text, NULL, "r"},
    {"on_insert", 1, mst_op_text, NULL, "r"},
    {"seen", 1, mst_op_text, NULL, "r"},
    {"split", 1, mst_op_text, NULL, "r", MST_COL_INSERT},
    {"split", 0, mst_op_text, NULL, "r", MST_COL_UPDATE},
    {"company", 1, mst_op_text, NULL, "r"},
};

static const struct mst_map_row fallback_rows[] = {
    {"os", 1, mst_op_lower, NULL, "r"},
};

static const struct mst_mapping mappings[] = {
    {.set = "things",
     .feeds = 1,
     .key = op_id,
     .rows = rows,
     .rows_n = MST_LEN(rows)},
    {.set = "things",
     .feeds = 2,
     .fallback = true,
     .key = op_id,
     .rows = fallback_rows,
     .rows_n = 1},
};

static const struct mst_catalog base = {
    .feeds = feeds,
    .feeds_n = 2,
    .sets = sets,
    .sets_n = 1,
    .mappings = mappings,
    .mappings_n = 2,
};

/* ---- driving ------------------------------------------------------------- */

static struct mst_arena arena;
static struct mst_derive *d;
static struct mst_conf conf;
static const struct mst_catalog *catalog;
static struct mst_rules *rules;
static struct mst_desired desired;

static int tear_down(void **state MST_UNUSED)
{
	mst_rules_free(&rules);
	if (conf.items)
		mst_conf_fini(&conf);
	mst_arena_fini(&arena);
	return 0;
}

static int set_up(void **state MST_UNUSED)
{
	mst_arena_init(&arena, 64u << 20);
	d = mst_derive_begin(&base, &arena);
	return 0;
}

/* Applies what stands below an item, each line indented by four. */
static int apply(const char *yaml, struct mst_err *err)
{
	struct mst_buf b = MST_BUF_INIT(1u << 20);

	(void)tear_down(NULL);
	(void)set_up(NULL);
	(void)mst_buf_adds(&b, "connections:\n  - name: x\n    type: y\n");
	(void)mst_buf_adds(&b, yaml);
	t_ok(mst_conf_read(mst_buf_slice(&b), "f.yaml", &conf, err), err);
	mst_buf_fini(&b);
	return mst_custom_apply(d, &conf.items[0], err);
}

static void use(const char *yaml)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_rules_env env = {.seed = 1};

	t_ok(apply(yaml, &err), &err);
	catalog = env.catalog = mst_derive_end(d);
	t_ok(mst_rules_new(&env, &rules, &err), &err);
}

static void wrong(const char *yaml, const char *part)
{
	struct mst_err err = MST_ERR_INIT;

	t_failed(apply(yaml, &err), &err, MST_E_INVALID, part);
	if (strncmp(err.msg, "f.yaml:", 7) != 0)
		fail_msg("no place: %s", err.msg);
}

/* The text of a column by its number, on the record a='Alpha', id='1'. */
static struct mst_slice text(unsigned mapping, unsigned column)
{
	static const struct mst_value v[MST_MAX_FIELDS] = {
	    {.type = MST_JSON_STRING, .u.s = {"1", 1}},
	    {.type = MST_JSON_STRING, .u.s = {"Alpha", 5}},
	};

	mst_rules_record(rules, v);
	assert_true(mst_rules_apply(rules, mapping, &desired));
	for (size_t i = 0; i < desired.cells_n; i++) {
		if (desired.cells[i].column == column)
			return desired.cells[i].text;
	}
	return mst_slice(NULL, 0);
}

static const struct mst_column *column(size_t i)
{
	assert_true(i < catalog->sets[0].columns_n);
	return &catalog->sets[0].columns[i];
}

#define M "    mappings:\n"
#define N MST_LEN(columns)

/* ---- tests --------------------------------------------------------------- */

static void test_nothing(void **state MST_UNUSED)
{
	struct mst_err err = MST_ERR_INIT;

	t_ok(mst_custom_apply(d, NULL, &err), &err);
	use("    min_cvss: 7\n    other.mappings.x: 1\n");
	assert_ptr_equal(catalog->sets[0].columns, columns);
	assert_ptr_equal(catalog->mappings[0].rows, rows);
}

static void test_new_column(void **state MST_UNUSED)
{
	use(M "      things.u_site:\n"
	      "        value: upper(a)\n"
	      "      things.u_short: lower(a)\n"
	      "      things.u_first: {value: id, when: insert, max: 3}\n"
	      "      things.u_seen: {value: a, volatile: yes}\n"
	      "      things.u_later: {value: a, when: update}\n");
	assert_int_equal(catalog->sets[0].columns_n, N + 5);
	assert_string_equal(column(N)->name, "u_site");
	assert_int_equal(column(N)->max, 255);
	assert_int_equal(column(N)->flags, 0);
	assert_int_equal(column(N + 2)->flags, MST_COL_INSERT);
	assert_int_equal(column(N + 2)->max, 3);
	assert_int_equal(column(N + 3)->flags, MST_COL_VOLATILE);
	assert_int_equal(column(N + 4)->flags, MST_COL_UPDATE);
	t_is(text(0, N), "ALPHA");
	t_is(text(0, N + 1), "alpha");
	t_is(text(0, N + 2), "1");
	/* The fallback has the field id, but no a. */
	assert_null(text(1, N).p);
	t_is(text(1, N + 2), "1");
	/* The rules tell of it. */
	assert_int_equal(catalog->rules_n, 5);
	assert_string_equal(catalog->rules[0].id, "custom.things.u_site");
	assert_string_equal(catalog->rules[0].text, "upper(a)");
	assert_string_equal(catalog->mappings[0].rows[MST_LEN(rows)].rule,
			    "custom.things.u_site");
}

static void test_nested_keys(void **state MST_UNUSED)
{
	use(M "      things:\n"
	      "        u_site:\n"
	      "          value: \"'x'\"\n"
	      "        u_more: \"'y'\"\n");
	t_is(text(0, N), "x");
	t_is(text(0, N + 1), "y");
	t_is(text(1, N), "x");
}

static void test_override(void **state MST_UNUSED)
{
	use(M "      things.os: concat(a, '-', id)\n"
	      "      things.seen: lower(column(os))\n"
	      "      things.on_insert: {value: id, when: always}\n");
	assert_int_equal(catalog->sets[0].columns_n, N);
	t_is(text(0, 1), "Alpha-1");
	/* column() is what the rules made before. */
	t_is(text(0, 3), "alpha");
	assert_int_equal(column(3)->flags, MST_COL_VOLATILE);
	t_is(text(0, 2), "1");
	assert_int_equal(column(2)->flags, 0);
	/* The fallback keeps its own rule: its feed has no a. */
	t_is(text(1, 1), "alpha");
	assert_int_equal(columns[2].flags, MST_COL_INSERT);
}

static void test_split(void **state MST_UNUSED)
{
	use(M "      things.os:\n"
	      "        insert: \"'first'\"\n"
	      "        update: \"'later'\"\n"
	      "      things.u_new: {insert: a, update: id}\n"
	      "      things.split: {value: \"'both'\"}\n"
	      "      things.seen: {update: a}\n");
	assert_int_equal(column(1)->flags, MST_COL_INSERT);
	assert_int_equal(column(N)->flags, MST_COL_UPDATE);
	assert_string_equal(column(N)->name, "os");
	assert_int_equal(column(N)->max, 10);
	t_is(text(0, 1), "first");
	t_is(text(0, N), "later");
	t_is(text(0, N + 1), "Alpha");
	t_is(text(0, N + 2), "1");
	assert_int_equal(column(N + 2)->flags, MST_COL_UPDATE);
	/* Two columns become one again. */
	t_is(text(0, 4), "both");
	assert_null(text(0, 5).p);
	assert_int_equal(column(4)->flags, 0);
	assert_int_equal(column(3)->flags, MST_COL_VOLATILE | MST_COL_UPDATE);
	use(M "      things.split: {insert: \"'i'\", update: \"'u'\"}\n");
	assert_int_equal(catalog->sets[0].columns_n, N);
	t_is(text(0, 4), "i");
	t_is(text(0, 5), "u");
	assert_int_equal(column(4)->flags, MST_COL_INSERT);
	assert_int_equal(column(5)->flags, MST_COL_UPDATE);
}

static void test_drop(void **state MST_UNUSED)
{
	use(M "      things.os: {drop: true}\n"
	      "      things.company: {drop: yes}\n"
	      "      things.seen: {drop: no, value: id}\n");
	assert_null(text(0, 1).p);
	assert_null(text(1, 1).p);
	assert_null(text(0, 6).p);
	t_is(text(0, 3), "1");
	assert_string_equal(catalog->rules[0].id, "custom.things.os");
}

static void test_options(void **state MST_UNUSED)
{
	use(M "      things.seen: {value: a, volatile: no, max: 2}\n");
	assert_int_equal(column(3)->flags, 0);
	t_is(text(0, 3), "Al");
}

static void test_lookup(void **state MST_UNUSED)
{
	use("    lookup:\n"
	    "      names: [\"alpha=One\", \"b=Two\"]\n" M
	    "      things.u_x: lookup(names, a)\n");
	t_is(text(0, N), "One");
}

static void test_new_field(void **state MST_UNUSED)
{
	use(M "      things.u_tag: field('machineTags')\n");
	assert_int_equal(catalog->feeds[0].fields_n, 3);
	assert_int_equal(catalog->feeds[1].fields_n, 2);
	assert_string_equal(catalog->feeds[0].fields[2].name, "machineTags");
}

static void test_errors(void **state MST_UNUSED)
{
	wrong(M "      thing.u_x: a\n",
	      "f.yaml:5:18: thing.u_x: there is no record set 'thing'; did you "
	      "mean 'things'?");
	wrong(M "      things: a\n", "named <record set>.<column>");
	wrong(M "      things.u_x: b\n",
	      "f.yaml:5:19: things.u_x: Things have no field 'b'");
	wrong(M "      things.u_x: {value: lowr(a)}\n",
	      "f.yaml:5:27: things.u_x: there is no function 'lowr'; did you "
	      "mean 'lower'? (character 1)");
	wrong(M "      things.u_x: {valu: a}\n",
	      "unknown key \"valu\" in mapping \"things.u_x\"; did you mean "
	      "\"value\"?");
	wrong(M "      things.u_x: {value: a, when: sometimes}\n",
	      "\"when\" cannot be \"sometimes\"");
	wrong(M "      things.u_x: {value: a, max: 0x}\n", "whole number");
	wrong(M "      things.u_x: {value: a, max: 70000}\n", "0 to 65535");
	wrong(M "      things.u_x: {when: insert}\n", "no expression");
	wrong(M "      things.u_x: {value: a, drop: yes}\n", "nothing else");
	wrong(M "      things.u_x: {value: a, insert: a}\n", "stands for both");
	wrong(M "      things.u_x: {insert: a, when: always}\n",
	      "\"value\" only");
	wrong(M "      things.u_x: {value: a, when: insert, volatile: yes}\n",
	      "\"volatile\"");
	wrong(M "      things.u_x: {drop: yes}\n", "nothing to drop");
	wrong(M "      things.oss: {drop: yes}\n", "did you mean 'os'?");
	wrong(M "      things.U_x: a\n", "cannot be a column");
	wrong(M "      things.1x: a\n", "cannot be a column");
	wrong(M "      things.sys_id: a\n", "ServiceNow keeps itself");
	wrong(M "      things.company: a\n", "a reference to master data");
	wrong(M "      things.parent: a\n", "the reference to its device");
	wrong(M "      things.package: a\n", "a reference to another record");
	wrong(M "      things.number: a\n", "the key of the record");
	wrong(M "      things.number: {drop: yes}\n", "cannot be dropped");
	wrong(M "      things.parent: {drop: yes}\n", "cannot be dropped");
	wrong(M "      things.name: {drop: yes}\n", "identifies");
	wrong("    lookup:\n      t: [a]\n", "f.yaml:5:10: lookup.t: lookup");
	wrong("    lookup:\n      sites: [\"a=1\"]\n" M
	      "      things.u_x: lookup(site, a)\n",
	      "did you mean 'sites'?");
}

static void test_too_many(void **state MST_UNUSED)
{
	struct mst_buf b = MST_BUF_INIT(1u << 20);

	(void)mst_buf_adds(&b, M);
	for (int i = 0; i < 60; i++)
		(void)mst_buf_addf(&b, "      things.u_%d: id\n", i);
	wrong(b.p, "columns");
	mst_buf_reset(&b);
	(void)mst_buf_adds(&b, M "      things.u_a: concat(id");
	for (int i = 0; i < 2 * MST_MAX_FIELDS; i++) {
		(void)mst_buf_addf(&b, ", field('f%d')", i);
		if (i % 30 == 29)
			(void)mst_buf_addf(
			    &b, ")\n      things.u_b%d: concat(id", i);
	}
	(void)mst_buf_adds(&b, ")\n");
	wrong(b.p, "fields");
	mst_buf_fini(&b);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    T(test_nothing),  T(test_new_column), T(test_nested_keys),
	    T(test_override), T(test_split),	  T(test_drop),
	    T(test_options),  T(test_lookup),	  T(test_new_field),
	    T(test_errors),   T(test_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
