/* SPDX-License-Identifier: Apache-2.0
 *
 * The common ops with all that a source may send, and the canonical form: what
 * changes a record's hash and what does not.
 */
#include "tests/lib/t.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"
#include "rules/rules.h"

/* ---- a catalogue of our own ----------------------------------------------
 */

enum { F_ID, F_A, F_B, F_C, F_GROUP, F_TABLE, F_N };

static const struct mst_field fields[] = {
    {"id", ""}, {"a", ""}, {"b", ""}, {"c", ""}, {"group", ""}, {"table", ""},
};

static const struct mst_feed feeds[] = {
    {"feed", "Feed", fields, MST_LEN(fields), false},
};

static const struct mst_column columns[] = {
    {"first", 0, 10, NULL},
    {"second", 0, 0, NULL},
    {"on_insert", MST_COL_INSERT, 0, NULL},
    {"volatile", MST_COL_VOLATILE, 0, NULL},
    {"parent", MST_COL_PARENT, 0, NULL},
};

static const struct mst_set sets[] = {
    {.name = "things",
     .title = "Things",
     .table = "u_thing",
     .columns = columns,
     .columns_n = MST_LEN(columns)},
};

static int op_id(struct mst_rule_ctx *ctx, const struct mst_value *v,
		 unsigned field, const void *arg, struct mst_slice *out_r)
{
	return mst_op_text(ctx, v, F_ID, arg, out_r);
}

static int op_group(struct mst_rule_ctx *ctx, const struct mst_value *v,
		    unsigned field, const void *arg, struct mst_slice *out_r)
{
	return mst_op_text(ctx, v, F_GROUP, arg, out_r);
}

static int op_table(struct mst_rule_ctx *ctx, const struct mst_value *v,
		    unsigned field, const void *arg, struct mst_slice *out_r)
{
	return mst_op_text(ctx, v, F_TABLE, arg, out_r);
}

static enum mst_keep filter(struct mst_rule_ctx *ctx, const struct mst_value *v,
			    struct mst_slice *why_r)
{
	*why_r = MST_SLICE_LIT("no b");
	return v[F_B].type == MST_JSON_NULL ? MST_SKIP : MST_KEEP;
}

static const struct mst_map_row rows[] = {
    {"first", F_A, mst_op_text, NULL, "r"},
    {"first", F_C, mst_op_upper, NULL, "r"},
    {"second", F_B, mst_op_text, NULL, "r"},
    {"on_insert", F_C, mst_op_text, NULL, "r"},
    {"volatile", F_C, mst_op_text, NULL, "r"},
    {"parent", F_GROUP, mst_op_text, NULL, "r"},
};

/* The same rows in another order. */
static const struct mst_map_row turned[] = {
    {"parent", F_GROUP, mst_op_text, NULL, "r"},
    {"volatile", F_C, mst_op_text, NULL, "r"},
    {"second", F_B, mst_op_text, NULL, "r"},
    {"first", F_A, mst_op_text, NULL, "r"},
    {"on_insert", F_C, mst_op_text, NULL, "r"},
    {"first", F_C, mst_op_upper, NULL, "r"},
};

enum { M_PLAIN, M_TURNED, M_TABLE };

static const struct mst_mapping mappings[] = {
    {.set = "things",
     .feeds = 1,
     .key = op_id,
     .group = op_group,
     .filter = filter,
     .rows = rows,
     .rows_n = MST_LEN(rows)},
    {.set = "things",
     .feeds = 1,
     .key = op_id,
     .identity = op_group,
     .rank = op_table,
     .rows = turned,
     .rows_n = MST_LEN(turned)},
    {.set = "things",
     .feeds = 1,
     .key = op_id,
     .table = op_table,
     .rows = rows,
     .rows_n = MST_LEN(rows)},
};

static const struct mst_catalog catalog = {
    .feeds = feeds,
    .feeds_n = 1,
    .sets = sets,
    .sets_n = 1,
    .mappings = mappings,
    .mappings_n = MST_LEN(mappings),
};

/* ---- driving -------------------------------------------------------------
 */

static struct mst_rules *rules;
static struct mst_json_parser *parser;
static struct mst_picker *picker;
static struct mst_value v[F_N];
static struct mst_desired d;
static struct mst_rules_env env = {
    .catalog = &catalog,
    .connection = "here",
    .now_us = 1732060800000000, /* 2024-11-20 00:00:00 */
    .seed = 11,
};

static int set_up(void **state MST_UNUSED)
{
	struct mst_err err = MST_ERR_INIT;
	const char *names[F_N];

	for (size_t i = 0; i < F_N; i++)
		names[i] = fields[i].name;
	picker = mst_picker_new(names, F_N);
	parser = mst_json_parser_new(4u << 20);
	t_ok(mst_rules_new(&env, &rules, &err), &err);
	return 0;
}

static int tear_down(void **state MST_UNUSED)
{
	mst_rules_free(&rules);
	mst_picker_free(&picker);
	mst_json_parser_free(&parser);
	return 0;
}

static void record_text(struct mst_slice json)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_json root;

	t_ok(mst_json_parse(parser, json, &root, &err), &err);
	assert_true(mst_picker_pick(picker, root, v));
	mst_rules_record(rules, v);
}

/* ' stands for " */
static void record(const char *json)
{
	char *copy = mst_strdup(json);

	for (char *p = copy; *p; p++) {
		if (*p == '\'')
			*p = '"';
	}
	record_text(mst_slice_str(copy));
	free(copy);
}

static uint64_t ranked; /* of the last record that was hashed */

static struct mst_hash hash_of(unsigned m, const char *json)
{
	struct mst_hash h;

	record(json);
	h = mst_rules_hash(rules, m);
	ranked = mst_rules_rank(rules);
	/* the inner loop and the full way must agree, always */
	assert_true(mst_rules_apply(rules, m, &d));
	assert_true(mst_hash_eq(h, d.value));
	assert_true(mst_rules_rank(rules) == ranked);
	return h;
}

static void same(const char *a, const char *b, bool want)
{
	struct mst_hash x = hash_of(M_PLAIN, a), y = hash_of(M_PLAIN, b);

	if (mst_hash_eq(x, y) != want)
		fail_msg("%s and %s hash %s", a, b,
			 want ? "differently" : "the same");
}

static struct mst_slice column(const char *name)
{
	for (size_t i = 0; i < d.cells_n; i++) {
		if (strcmp(columns[d.cells[i].column].name, name) == 0)
			return d.cells[i].text;
	}
	return mst_slice(NULL, 0);
}

/* ---- ops ------------------------------------------------------------------
 */

/* A catalogue whose only row is the op under test. */
static void op_is(mst_op op, const void *arg, const char *json,
		  const char *want)
{
	struct mst_map_row row = {"second", F_A, op, arg, "r"};
	struct mst_mapping map = {.set = "things",
				  .feeds = 1,
				  .key = op_id,
				  .rows = &row,
				  .rows_n = 1};
	struct mst_catalog c = catalog;
	struct mst_rules_env e = env;
	struct mst_err err = MST_ERR_INIT;
	struct mst_rules *kept = rules;
	struct mst_buf text = MST_BUF_INIT(1u << 20);

	c.mappings = &map;
	c.mappings_n = 1;
	e.catalog = &c;
	t_ok(mst_rules_new(&e, &rules, &err), &err);
	mst_buf_addf(&text, "{'id':'1','a':%s}", json);
	(void)hash_of(0, text.p);
	if (!want && d.cells_n)
		fail_msg("%s has the value '%.*s'", json,
			 MST_SLICE_ARG(d.cells[0].text));
	if (want && !d.cells_n)
		fail_msg("%s has no value", json);
	if (want)
		t_is(d.cells[0].text, want);
	mst_rules_free(&rules);
	rules = kept;
	mst_buf_fini(&text);
}

static void test_text(void **state MST_UNUSED)
{
	op_is(mst_op_text, NULL, "'x'", "x");
	op_is(mst_op_text, NULL, "'  x y\\t\\r\\n'", "x y");
	op_is(mst_op_text, NULL, "'\\u0001x'", "\x01x");
	op_is(mst_op_text, NULL, "'Gr\xc3\xbc\xc3\x9f'", "Gr\xc3\xbc\xc3\x9f");
	op_is(mst_op_text, NULL, "''", NULL);
	op_is(mst_op_text, NULL, "'   '", NULL);
	op_is(mst_op_text, NULL, "null", NULL);
	op_is(mst_op_text, NULL, "['x']", NULL);
	op_is(mst_op_text, NULL, "{'x':1}", NULL);
	op_is(mst_op_text, NULL, "0", "0");
	op_is(mst_op_text, NULL, "-9223372036854775808",
	      "-9223372036854775808");
	op_is(mst_op_text, NULL, "128.0", "128");
	op_is(mst_op_text, NULL, "0.1", "0.1");
	op_is(mst_op_text, NULL, "true", "true");
	op_is(mst_op_text, NULL, "false", "false");
}

static void test_fold(void **state MST_UNUSED)
{
	/* every length around the word that is looked at, every position */
	for (size_t n = 1; n <= 20; n++) {
		for (size_t at = 0; at < n; at++) {
			char in[32] = "'", want[32] = "";

			memset(in + 1, 'a', n);
			in[1 + at] = 'Z';
			in[1 + n] = '\'';
			memset(want, 'a', n);
			want[at] = 'z';
			op_is(mst_op_lower, NULL, in, want);
			memset(in + 1, 'A', n);
			in[1 + at] = 'z';
			memset(want, 'A', n);
			want[at] = 'Z';
			op_is(mst_op_upper, NULL, in, want);
		}
	}
	/* only letters, only ASCII */
	op_is(mst_op_lower, NULL, "'@[`{AZaz09\xc3\x84'", "@[`{azaz09\xc3\x84");
	op_is(mst_op_upper, NULL, "'@[`{AZaz09\xc3\xa4'", "@[`{AZAZ09\xc3\xa4");
	op_is(mst_op_lower, NULL, "true", "true");
	op_is(mst_op_upper, NULL, "null", NULL);
}

static void test_time(void **state MST_UNUSED)
{
	static const char *const none[] = {
	    "null",
	    "''",
	    "'soon'",
	    "true",
	    "1.5",
	    "[]",
	    "'2024-02-30 10:00:00'",
	    "'2024-13-01T00:00:00Z'",
	    "'2024-01-01 24:00:00'",
	    "'2024-01-01 00:60:00'",
	    "'0001-01-01T00:00:00Z'",
	    "9223372036854775807",
	    "-9223372036854775808",
	    "9223372036854775",
	    "-9223372036854776",
	    "253402300800000",
	    "'9999-12-31T23:59:59-02:00'",
	};

	op_is(mst_op_time, NULL, "'2024-05-06T07:08:09.1234567Z'",
	      "2024-05-06 07:08:09");
	op_is(mst_op_time, NULL, "'2024-05-06 07:08:09'",
	      "2024-05-06 07:08:09");
	op_is(mst_op_time, NULL, "' 2024-05-06 07:08:09 '",
	      "2024-05-06 07:08:09");
	op_is(mst_op_time, NULL, "'2024-05-06T07:08:09+02:00'",
	      "2024-05-06 05:08:09");
	op_is(mst_op_time, NULL, "'2024-12-31 23:59:59'",
	      "2024-12-31 23:59:59");
	op_is(mst_op_time, NULL, "1732060800000", "2024-11-20 00:00:00");
	for (size_t i = 0; i < MST_LEN(none); i++)
		op_is(mst_op_time, NULL, none[i], NULL);
}

static void test_numbers(void **state MST_UNUSED)
{
	char in[32], want[32];

	op_is(mst_op_fixed1, NULL, "7", "7.0");
	op_is(mst_op_fixed1, NULL, "' 9.75 '", "9.8");
	op_is(mst_op_fixed1, NULL, "0", "0.0");
	op_is(mst_op_fixed1, NULL, "-0.0", "0.0");
	op_is(mst_op_fixed1, NULL, "-3.25", "-3.3");
	op_is(mst_op_fixed1, NULL, "1e14", "100000000000000.0");
	op_is(mst_op_fixed1, NULL, "'NaN'", NULL);
	op_is(mst_op_fixed1, NULL, "'inf'", NULL);
	op_is(mst_op_fixed1, NULL, "'7,5'", NULL);
	op_is(mst_op_fixed1, NULL, "''", NULL);
	op_is(mst_op_fixed1, NULL, "true", NULL);
	op_is(mst_op_fixed1, NULL, "[7]", NULL);
	/* the fast way for small numbers says the same as the other */
	for (int i = 0; i <= 9950; i++) {
		(void)snprintf(in, sizeof(in), "%d.%02d", i / 100, i % 100);
		if (i % 100 % 10 == 5)
			continue; /* halves have no exact double */
		mst_num_fixed1(i / 100.0, want);
		op_is(mst_op_fixed1, NULL, in, want);
	}
	op_is(mst_op_number, NULL, "12", "12");
	op_is(mst_op_number, NULL, "-9223372036854775808",
	      "-9223372036854775808");
	op_is(mst_op_number, NULL, "'12.50'", "12.5");
	op_is(mst_op_number, NULL, "12.0", "12");
	op_is(mst_op_number, NULL, "'x'", NULL);
	op_is(mst_op_number, NULL, "false", NULL);
	op_is(mst_op_number, NULL, "null", NULL);
}

static void test_bool(void **state MST_UNUSED)
{
	op_is(mst_op_bool, NULL, "true", "true");
	op_is(mst_op_bool, NULL, "' TRUE '", "true");
	op_is(mst_op_bool, NULL, "1", "true");
	op_is(mst_op_bool, NULL, "false", "false");
	op_is(mst_op_bool, NULL, "'False'", "false");
	op_is(mst_op_bool, NULL, "0", "false");
	op_is(mst_op_bool, NULL, "2", NULL);
	op_is(mst_op_bool, NULL, "'yes'", NULL);
	op_is(mst_op_bool, NULL, "1.0", NULL);
	op_is(mst_op_bool, NULL, "null", NULL);
	op_is(mst_op_bool, NULL, "[true]", NULL);
}

static void test_lines(void **state MST_UNUSED)
{
	struct mst_buf b = MST_BUF_INIT(1u << 20),
		       want = MST_BUF_INIT(1u << 20);

	op_is(mst_op_lines, NULL, "['b','a','b',' ','','a ','c']", "a\nb\nc");
	op_is(mst_op_lines, NULL, "['b']", "b");
	op_is(mst_op_lines, NULL, "[' b ']", "b");
	op_is(mst_op_lines, NULL, "['']", NULL);
	op_is(mst_op_lines, NULL, "[]", NULL);
	op_is(mst_op_lines, NULL, "' one '", "one");
	op_is(mst_op_lines, NULL, "''", NULL);
	op_is(mst_op_lines, NULL, "[1,null,{'a':'x'},['y'],'z']", "z");
	op_is(mst_op_lines, NULL, "{'a':'x'}", NULL);
	op_is(mst_op_lines, NULL, "7", NULL);
	op_is(mst_op_lines, NULL, "null", NULL);
	/* by bytes: capitals first, letters of other scripts last */
	op_is(mst_op_lines, NULL, "['\xc3\xa4','b','B','ba']",
	      "B\nb\nba\n\xc3\xa4");
	/* more than fit the first array */
	mst_buf_addc(&b, '[');
	for (int i = 99; i >= 0; i--)
		mst_buf_addf(&b, "'p%02d'%s", i, i ? "," : "]");
	for (int i = 0; i < 100; i++)
		mst_buf_addf(&want, "p%02d%s", i, i < 99 ? "\n" : "");
	op_is(mst_op_lines, NULL, b.p, want.p);
	mst_buf_fini(&b);
	mst_buf_fini(&want);
}

static void test_rest(void **state MST_UNUSED)
{
	static const char *const map[][2] = {
	    {"Active", "1"}, {"64-bit", "64"}, {"None", ""}, {NULL, NULL}};

	op_is(mst_op_enum, map, "'active'", "1");
	op_is(mst_op_enum, map, "' ACTIVE '", "1");
	op_is(mst_op_enum, map, "'64-BIT'", "64");
	op_is(mst_op_enum, map, "'activ'", NULL);
	op_is(mst_op_enum, map, "'actives'", NULL);
	op_is(mst_op_enum, map, "'none'", NULL);
	op_is(mst_op_enum, map, "''", NULL);
	op_is(mst_op_enum, map, "null", NULL);
	op_is(mst_op_enum, map, "['Active']", NULL);
	op_is(mst_op_const, "muster", "null", "muster");
	op_is(mst_op_const, "", "'x'", NULL);
	op_is(mst_op_now, NULL, "null", "2024-11-20 00:00:00");
}

/* A text of any length at the end of an object: nothing behind it is read. */
static void test_lengths(void **state MST_UNUSED)
{
	struct mst_buf in = MST_BUF_INIT(1u << 20);

	for (size_t n = 1; n < 80; n++) {
		char text[128] = "";

		memset(text, 'x', n);
		mst_buf_reset(&in);
		mst_buf_addf(&in, "'%s'", text);
		op_is(mst_op_text, NULL, in.p, text);
	}
	/* longer than the canonical form's first buffer, cut at the maximum */
	mst_buf_reset(&in);
	mst_buf_adds(&in, "{\"id\":\"1\",\"b\":\"");
	for (size_t i = 0; i < 100000; i++)
		mst_buf_addc(&in, 'y');
	mst_buf_adds(&in, "\"}");
	record_text(mst_buf_slice(&in));
	assert_true(mst_rules_apply(rules, M_TURNED, &d));
	assert_int_equal(column("second").n, MST_MAX_TEXT);
	assert_true(mst_hash_eq(d.value, mst_rules_hash(rules, M_TURNED)));
	mst_buf_fini(&in);
}

/* ---- the canonical form --------------------------------------------------
 */

#define REC(rest) "{'id':'1','group':'g'," rest "}"

static void test_hashed(void **state MST_UNUSED)
{
	/* what is compared */
	same(REC("'a':'x','b':'y'"), REC("'b':'y','a':'x'"), true);
	same(REC("'a':'x','b':'y'"), REC("'a':' x ','b':'y'"), true);
	same(REC("'a':'x','b':'y'"), REC("'a':'x','b':'z'"), false);
	same(REC("'a':'x','b':'y'"), REC("'a':'xy','b':''"), false);
	same(REC("'a':'xy'"), REC("'b':'xy'"), false);
	same(REC("'a':'x'"), REC("'a':'x','b':'  '"), true);
	same(REC("'a':'x'"), REC("'a':'x','b':null"), true);
	same(REC("'a':1"), REC("'a':'1'"), true);
	/* what is sent on insert only, what is volatile, the parent */
	same(REC("'a':'x','c':'1'"), REC("'a':'x','c':'2'"), true);
	same(REC("'a':'x','c':'1'"), REC("'a':'x'"), true);
	same("{'id':'1','group':'g','a':'x'}", "{'id':'1','group':'h','a':'x'}",
	     true);
	/* the key is no part of the value */
	same("{'id':'1','group':'g','a':'x'}", "{'id':'2','group':'g','a':'x'}",
	     true);
	/* the length stands before the text: borders do not move */
	same(REC("'a':'x\\u0001','b':'y'"), REC("'a':'x','b':'\\u0001y'"),
	     false);
}

static void test_rows(void **state MST_UNUSED)
{
	struct mst_hash x, y;

	/* the first row with a value counts */
	(void)hash_of(M_PLAIN, REC("'a':'x','c':'second'"));
	t_is(column("first"), "x");
	assert_int_equal(d.rows[0], 0);
	(void)hash_of(M_PLAIN, REC("'a':' ','c':'second'"));
	t_is(column("first"), "SECOND");
	assert_int_equal(d.rows[0], 1);
	(void)hash_of(M_PLAIN, REC("'b':'only'"));
	assert_null(column("first").p);
	/* the order of the rows does not matter, only within a column */
	x = hash_of(M_PLAIN, REC("'a':'x','b':'y','c':'z'"));
	y = hash_of(M_TURNED, REC("'a':'x','b':'y','c':'z'"));
	assert_true(mst_hash_eq(x, y));
	for (size_t i = 1; i < d.cells_n; i++)
		assert_true(d.cells[i - 1].column < d.cells[i].column);
	assert_int_equal(d.cells_n, 5);
}

static void test_cut(void **state MST_UNUSED)
{
	(void)hash_of(M_PLAIN, REC("'a':'0123456789'"));
	t_is(column("first"), "0123456789");
	(void)hash_of(M_PLAIN, REC("'a':'0123456789x'"));
	t_is(column("first"), "0123456789");
	/* never within a character: two, three, four bytes */
	(void)hash_of(M_PLAIN, REC("'a':'012345678\xc3\xa4'"));
	t_is(column("first"), "012345678");
	(void)hash_of(M_PLAIN, REC("'a':'01234567\xc3\xa4'"));
	t_is(column("first"), "01234567\xc3\xa4");
	(void)hash_of(M_PLAIN, REC("'a':'01234567\xe2\x82\xac'"));
	t_is(column("first"), "01234567");
	(void)hash_of(M_PLAIN, REC("'a':'0123456\xf0\x9f\x98\x80'"));
	t_is(column("first"), "0123456");
	/* what is cut off is no reason to write */
	same(REC("'a':'0123456789x'"), REC("'a':'0123456789y'"), true);
}

static void test_seed_and_table(void **state MST_UNUSED)
{
	struct mst_rules_env other = env;
	struct mst_rules *kept = rules;
	struct mst_err err = MST_ERR_INIT;
	struct mst_hash x = hash_of(M_PLAIN, REC("'a':'x'")), y;
	struct mst_slice key = MST_SLICE_LIT("key");
	uint64_t plain = ranked;

	y = hash_of(M_TABLE, REC("'a':'x','table':'one'"));
	assert_false(mst_hash_eq(x, y));
	t_is(d.table, "one");
	assert_false(
	    mst_hash_eq(y, hash_of(M_TABLE, REC("'a':'x','table':'two'"))));
	(void)hash_of(M_TABLE, REC("'a':'x'"));
	t_is(d.table, "u_thing");
	other.seed = 12;
	t_ok(mst_rules_new(&other, &rules, &err), &err);
	assert_false(mst_hash_eq(x, hash_of(M_PLAIN, REC("'a':'x'"))));
	assert_true(ranked == plain); /* the seed has no part in it */
	(void)hash_of(M_PLAIN, REC("'a':'y'"));
	assert_true(ranked != plain);
	assert_false(mst_hash_eq(mst_rules_group_hash(rules, key),
				 mst_rules_group_hash(kept, key)));
	assert_true(mst_rules_member_hash(rules, key) !=
		    mst_rules_member_hash(kept, key));
	mst_rules_free(&rules);
	rules = kept;
}

static void test_keys(void **state MST_UNUSED)
{
	struct mst_slice s, rank;

	record("{'id':' ','group':'g','b':1}");
	assert_false(mst_rules_key(rules, M_PLAIN, &s));
	assert_true(mst_rules_group(rules, M_PLAIN, &s));
	t_is(s, "g");
	assert_false(mst_rules_apply(rules, M_PLAIN, &d));
	record("{'id':'1','b':1}");
	assert_false(mst_rules_group(rules, M_PLAIN, &s));
	assert_false(mst_rules_apply(rules, M_PLAIN, &d));
	assert_true(mst_rules_group(rules, M_TURNED, &s)); /* is the key */
	t_is(s, "1");
	assert_int_equal(mst_rules_keep(rules, M_PLAIN, &s), MST_KEEP);
	assert_int_equal(mst_rules_keep(rules, M_TURNED, &s), MST_KEEP);
	assert_false(mst_rules_identity(rules, M_TURNED, &s, &rank));
	record("{'id':'1','group':'g','table':'5'}");
	assert_int_equal(mst_rules_keep(rules, M_PLAIN, &s), MST_SKIP);
	t_is(s, "no b");
	assert_true(mst_rules_identity(rules, M_TURNED, &s, &rank));
	t_is(s, "g");
	t_is(rank, "5");
	assert_false(mst_rules_identity(rules, M_PLAIN, &s, &rank));
}

static void test_not_well_made(void **state MST_UNUSED)
{
	struct mst_map_row row = {"nothing", F_A, mst_op_text, NULL, "r"};
	struct mst_mapping map = mappings[0];
	struct mst_catalog c = catalog;
	struct mst_rules_env e = env;
	struct mst_err err = MST_ERR_INIT;
	struct mst_rules *r = NULL;

	c.mappings = &map;
	c.mappings_n = 1;
	e.catalog = &c;
	map.set = "others";
	t_failed(mst_rules_new(&e, &r, &err), &err, MST_E_INTERNAL, "others");
	map = mappings[0];
	map.rows = &row;
	map.rows_n = 1;
	t_failed(mst_rules_new(&e, &r, &err), &err, MST_E_INTERNAL, "nothing");
	map = mappings[0];
	map.key = NULL;
	t_failed(mst_rules_new(&e, &r, &err), &err, MST_E_INTERNAL, "things");
	assert_null(r);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    T(test_text),    T(test_fold),	    T(test_time),
	    T(test_numbers), T(test_bool),	    T(test_lines),
	    T(test_rest),    T(test_lengths),	    T(test_hashed),
	    T(test_rows),    T(test_cut),	    T(test_seed_and_table),
	    T(test_keys),    T(test_not_well_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
