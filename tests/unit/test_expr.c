/* SPDX-License-Identifier: Apache-2.0
 *
 * The expression language: every function with what a source may send, no
 * value, limits, errors with their place, and that what is remembered between
 * records is never taken for something else.
 */
#include "tests/lib/t.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "rules/expr.h"

enum { F_ID, F_A, F_B, F_N, F_LIST, F_OBJ, F_TEXT, F_TIME, F__N };

static const struct mst_field fields[] = {
    {"id", ""},	      {"a", ""},    {"b|otherB", ""},
    {"n", ""},	      {"list", ""}, {"vmMetadata|vm_md", ""},
    {"someText", ""}, {"time", ""},
};

static const struct mst_feed feeds[] = {
    {.name = "things", .title = "Things", .fields = fields, .fields_n = F__N},
    {.name = "others", .title = "Others", .fields = fields, .fields_n = 3},
};

static const struct mst_column columns[] = {
    {"name", 0, 40, NULL},
    {"out", 0, 0, NULL},
};

static const struct mst_set sets[] = {
    {.name = "things",
     .title = "Things",
     .table = "u_thing",
     .columns = columns,
     .columns_n = 2},
};

static int op_id(struct mst_rule_ctx *ctx, const struct mst_value *v,
		 unsigned field, const void *arg, struct mst_slice *out_r)
{
	return mst_op_text(ctx, v, F_ID, arg, out_r);
}

static const struct mst_map_row rows[] = {
    {"name", F_A, mst_op_upper, NULL, "r"},
    {"name", F_B, mst_op_text, NULL, "r"},
};

static const struct mst_mapping mappings[] = {
    {.set = "things", .feeds = 1, .key = op_id, .rows = rows, .rows_n = 2},
    {.set = "things",
     .feeds = 2,
     .fallback = true,
     .key = op_id,
     .rows = rows,
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
static struct mst_exprs *exprs;
static const struct mst_expr *expr;
static struct mst_rules *rules;
static struct mst_json_parser *parser;
static struct mst_picker *picker;
static struct mst_value v[MST_MAX_FIELDS];
static struct mst_desired desired;

static const char *const sites[] = {"AMS=Amsterdam", " ber = Berlin ",
				    "NIX=", "eq=a=b"};

static int set_up(void **state MST_UNUSED)
{
	struct mst_err err = MST_ERR_INIT;

	mst_arena_init(&arena, 64u << 20);
	d = mst_derive_begin(&base, &arena);
	exprs = mst_exprs_new(d);
	parser = mst_json_parser_new(1u << 20);
	t_ok(mst_exprs_table(exprs, "sites", sites, MST_LEN(sites), &err),
	     &err);
	return 0;
}

static int tear_down(void **state MST_UNUSED)
{
	mst_rules_free(&rules);
	mst_picker_free(&picker);
	mst_json_parser_free(&parser);
	mst_arena_fini(&arena);
	return 0;
}

/* Compiles it into column "out". */
static void use(const char *text)
{
	struct mst_map_row row = {"out", 0, mst_op_expr, NULL, "custom", 0};
	const char *names[MST_MAX_FIELDS];
	struct mst_err err = MST_ERR_INIT;
	struct mst_rules_env env = {.seed = 1};
	const struct mst_catalog *c;

	(void)tear_down(NULL);
	(void)set_up(NULL);
	if (mst_expr_compile(exprs, 0, text, &expr, &err) < 0)
		fail_msg("%s: %s", text, err.msg);
	row.arg = expr;
	t_ok(mst_derive_add_row(d, 0, &row, false, &err), &err);
	c = mst_derive_end(d);
	env.catalog = c;
	t_ok(mst_rules_new(&env, &rules, &err), &err);
	for (size_t i = 0; i < c->feeds[0].fields_n; i++)
		names[i] = c->feeds[0].fields[i].name;
	picker = mst_picker_new(names, c->feeds[0].fields_n);
}

/* The expression's result on a record; single quotes stand for double ones. */
static struct mst_slice result(const char *record)
{
	struct mst_err err = MST_ERR_INIT;
	char *json = mst_strdup(record);
	struct mst_json root;

	for (char *p = json; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	t_ok(mst_json_parse(parser, mst_slice_str(json), &root, &err), &err);
	free(json);
	assert_true(mst_picker_pick(picker, root, v));
	mst_rules_record(rules, v);
	assert_true(mst_rules_apply(rules, 0, &desired));
	for (size_t i = 0; i < desired.cells_n; i++) {
		if (desired.cells[i].column == 1)
			return desired.cells[i].text;
	}
	return mst_slice(NULL, 0);
}

/* want NULL: no value. */
static void is(const char *text, const char *record, const char *want)
{
	struct mst_slice s;

	use(text);
	s = result(record);
	if (want ? !mst_slice_is(s, want) : s.p != NULL)
		fail_msg("%s of %s is '%.*s', not '%s'", text, record,
			 MST_SLICE_ARG(s), want ? want : "(no value)");
}

static void wrong(const char *text, const char *part)
{
	struct mst_err err = MST_ERR_INIT;

	t_failed(mst_expr_compile(exprs, 0, text, &expr, &err), &err,
		 MST_E_INVALID, part);
	assert_non_null(strstr(err.msg, "character"));
}

#define REC                                                                    \
	"{'id':'1','a':'Alpha','b':'beta','n':7.5,'list':['z','a','z',' '],"   \
	"'vmMetadata':{'cloud':'Azure','tags':['t2','t1'],"                    \
	"'disks':[{'size':3},{'size':10},{'x':1}]},"                           \
	"'someText':'{\\'serial\\':\\'S-1\\'}',"                               \
	"'time':'2024-05-06T07:08:09.5+02:00'}"

/* ---- tests --------------------------------------------------------------- */

static void test_values(void **state MST_UNUSED)
{
	is("'text'", REC, "text");
	is("\"it's\"", REC, "it's");
	is("'it''s'", REC, "it's");
	is("'say \"x\"'", REC, "say \"x\"");
	is("''", REC, NULL);
	is("12", REC, "12");
	is("-1.50", REC, "-1.50");
	is("true", REC, "true");
	is(" a ", REC, "Alpha");
	is("A", REC, "Alpha");
	is("otherB", REC, "beta");
	is("n", REC, "7.5");
	is("list", REC, "a\nz");
	is("vm_md.cloud", REC, "Azure");
	is("vmMetadata.CLOUD", REC, "Azure");
	is("vmMetadata.tags", REC, "t1\nt2");
	is("vmMetadata.disks.size", REC, "10\n3");
	is("vmMetadata.nothing", REC, NULL);
	is("vmMetadata.cloud.deeper", REC, NULL);
	is("vmMetadata", REC, NULL);
	is("a.b", REC, NULL);
	is("a", "{'id':'1'}", NULL);
	is("a", "{'id':'1','a':'  '}", NULL);
	is("a", "{'id':'1','a':' x '}", "x");
	is("a", "{'id':'1','a':false}", "false");
	is("field(a)", REC, "Alpha");
	is("field('@odata.type')", "{'id':'1','@odata.type':'x'}", "x");
	is("field('new')", "{'id':'1','NEW':['b','a']}", "a\nb");
	is("column(name)", REC, "ALPHA");
	is("lower(column('name'))", "{'id':'1','b':'Only'}", "only");
}

static void test_json_in_text(void **state MST_UNUSED)
{
	use("someText.Serial");
	t_is(result("{\"id\":\"1\",\"someText\":\"{\\\"serial\\\":"
		    "\\\"S-1\\\",\\\"n\\\":5}\"}"),
	     "S-1");
	assert_null(result("{\"id\":\"1\",\"someText\":\"{broken\"}").p);
	assert_null(result("{\"id\":\"1\",\"someText\":\"plain\"}").p);
	use("concat(someText.n, someText.serial)");
	t_is(result("{\"id\":\"1\",\"someText\":\"{\\\"serial\\\":"
		    "\\\"S-1\\\",\\\"n\\\":5}\"}"),
	     "5S-1");
}

static void test_case(void **state MST_UNUSED)
{
	is("lower(a)", REC, "alpha");
	is("upper(b)", REC, "BETA");
	is("lower(a)", "{'id':'1','a':'already'}", "already");
	is("upper('stra\xc3\x9f"
	   "e')",
	   REC,
	   "STRA\xc3\x9f"
	   "E");
	is("lower('\xc3\x84\xc3\x96\xc3\x9c \xc3\x89 \xc5\x98 \xc5\xb8')", REC,
	   "\xc3\xa4\xc3\xb6\xc3\xbc \xc3\xa9 \xc5\x99 \xc3\xbf");
	is("upper('\xc3\xa4\xc3\xb6\xc3\xbc \xc3\xa9 \xc5\x99 \xc3\xbf')", REC,
	   "\xc3\x84\xc3\x96\xc3\x9c \xc3\x89 \xc5\x98 \xc5\xb8");
	is("upper('\xce\xb1\xcf\x82 \xd0\xb6\xd1\x91')", REC,
	   "\xce\x91\xce\xa3 \xd0\x96\xd0\x81");
	is("lower('\xce\x91\xce\x86 \xd0\x96\xd0\x81')", REC,
	   "\xce\xb1\xce\xac \xd0\xb6\xd1\x91");
	is("lower('\xe6\xbc\xa2 \xf0\x9f\x98\x80 \xc3\x97')", REC,
	   "\xe6\xbc\xa2 \xf0\x9f\x98\x80 \xc3\x97");
	is("lower(field(x))", REC, NULL);
}

static void test_parts(void **state MST_UNUSED)
{
	is("trim(' a b ')", REC, "a b");
	is("trim('  ')", REC, NULL);
	is("length(a)", REC, "5");
	is("length('\xc3\xa4\xe6\xbc\xa2\xf0\x9f\x98\x80')", REC, "3");
	is("length('')", REC, NULL);
	is("substr(a, 1, 2)", REC, "Al");
	is("substr(a, 2)", REC, "lpha");
	is("substr(a, -2)", REC, "ha");
	is("substr(a, -9, 2)", REC, "Al");
	is("substr(a, 3, 100)", REC, "pha");
	is("substr(a, 6)", REC, NULL);
	is("substr(a, 0)", REC, NULL);
	is("substr(a, 1, 0)", REC, NULL);
	is("substr(a, 1.5)", REC, NULL);
	is("substr(a, 'x')", REC, NULL);
	is("substr('\xc3\xa4\xe6\xbc\xa2\xf0\x9f\x98\x80x', 2, 2)", REC,
	   "\xe6\xbc\xa2\xf0\x9f\x98\x80");
	is("substr('\xc3\xa4\xe6\xbc\xa2', -1)", REC, "\xe6\xbc\xa2");
	is("replace('a-b-c', '-', '.')", REC, "a.b.c");
	is("replace('a-b-c', '-', '')", REC, "abc");
	is("replace('aaa', 'aa', 'b')", REC, "ba");
	is("replace('---', '-', '')", REC, NULL);
	is("replace(a, 'x', 'y')", REC, "Alpha");
	is("replace(a, '', 'y')", REC, "Alpha");
	is("replace(a, 'lph', '')", REC, "Aa");
	is("split(a, 'l')", REC, "A\npha");
	is("nth(split('a, b,, d', ','), 2)", REC, "b");
	is("nth(split('a, b,, d', ','), 3)", REC, NULL);
	is("nth(split('a, b,, d', ','), -1)", REC, "d");
	is("nth(split('a,b', ','), 3)", REC, NULL);
	is("nth(split('a,b', ','), 0)", REC, NULL);
	is("nth(split('a,b', ','), -3)", REC, NULL);
	is("nth(split('a,b', ''), 1)", REC, "a,b");
	is("nth(list, 2)", REC, "z");
	is("nth(a, 1)", REC, "Alpha");
	is("count(list)", REC, "2");
	is("count(vmMetadata.disks.size)", REC, "2");
	is("count(field(x))", REC, "0");
	is("count(split('a,b,c', ','))", REC, "3");
}

static void test_wholes(void **state MST_UNUSED)
{
	is("concat(a, ' ', b)", REC, "Alpha beta");
	is("concat(a, '-', field(x))", REC, NULL);
	is("concat(a, '')", REC, NULL);
	is("join(' ', a, field(x), b)", REC, "Alpha beta");
	is("join(', ', list)", REC, "a, z");
	is("join('; ', vmMetadata.tags, a, list)", REC, "t1; t2; Alpha; a; z");
	is("join('', a, b)", REC, "Alphabeta");
	is("join('-', field(x), field(y))", REC, NULL);
	is("join('-', split('a,,b', ','))", REC, "a-b");
}

static void test_choices(void **state MST_UNUSED)
{
	is("coalesce(field(x), '', a, b)", REC, "Alpha");
	is("coalesce(field(x), '')", REC, NULL);
	is("default(a, 'none')", REC, "Alpha");
	is("default(field(x), 'none')", REC, "none");
	is("if(eq(b, 'beta'), 'yes', 'no')", REC, "yes");
	is("if(eq(b, 'Beta'), 'yes', 'no')", REC, "no");
	is("if(eq(b, 'Beta'), 'yes')", REC, NULL);
	is("if(field(x), 'yes', 'no')", REC, "no");
	is("if(TRUE, 'yes', 'no')", REC, "yes");
	is("if(' x', 'yes', 'no')", REC, "no");
	is("if(a, 'yes', 'no')", "{'id':'1','a':true}", "yes");
	is("if(a, 'yes', 'no')", "{'id':'1','a':'True'}", "yes");
	is("lookup(sites, 'ams')", REC, "Amsterdam");
	is("lookup(SITES, ' Ber')", REC, "Berlin");
	is("lookup('sites', b)", REC, NULL);
	is("lookup(sites, b, 'elsewhere')", REC, "elsewhere");
	is("lookup(sites, field(x), concat('no ', 'site'))", REC, "no site");
	is("lookup(sites, 'nix')", REC, NULL);
	is("lookup(sites, 'nix', '-')", REC, "-");
	is("lookup(sites, 'eq')", REC, "a=b");
}

static void test_questions(void **state MST_UNUSED)
{
	is("has(a)", REC, "true");
	is("has(field(x))", REC, "false");
	is("not(has(a))", REC, "false");
	is("not(field(x))", REC, "true");
	is("and(true, has(a))", REC, "true");
	is("and(true, field(x))", REC, "false");
	is("or(false, has(a))", REC, "true");
	is("or(false, '')", REC, "false");
	is("eq(n, 7.50)", REC, "true");
	is("eq(n, '7.50')", REC, "false");
	is("eq('1.1', '1.10')", REC, "false");
	is("eq(a, 7)", REC, "false");
	is("eq('', '')", REC, "false");
	is("ne(field(x), 'a')", REC, "true");
	is("ne(a, 'Alpha')", REC, "false");
	is("lt(n, 8)", REC, "true");
	is("lt('9', '10')", REC, "true");
	is("le(n, 7.5)", REC, "true");
	is("gt(n, 7.5)", REC, "false");
	is("ge(n, '7.5')", REC, "true");
	is("ge(a, 1)", REC, "false");
	is("lt(field(x), 1)", REC, "false");
	is("contains(a, 'lph')", REC, "true");
	is("contains(a, 'LPH')", REC, "false");
	is("contains(list, 'z')", REC, "true");
	is("contains(list, 'zz')", REC, "false");
	is("contains(vmMetadata.tags, 't1')", REC, "true");
	is("contains(split('ab,c', ','), 'a')", REC, "false");
	is("contains(a, '')", REC, "false");
	is("starts(a, 'Al')", REC, "true");
	is("starts(a, 'Alphabet')", REC, "false");
	is("ends(a, 'pha')", REC, "true");
	is("ends(a, 'Alphabet')", REC, "false");
}

static void test_numbers(void **state MST_UNUSED)
{
	is("number(n, 2)", REC, "7.50");
	is("number('9.75', 1)", REC, "9.8");
	is("number('-0.04', 1)", REC, "0.0");
	is("number('7', 0)", REC, "7");
	is("number('07.10')", REC, "7.1");
	is("number('7,1')", REC, NULL);
	is("number('1e300', 2)", REC, "1e+300");
	is("number(a)", REC, NULL);
	is("number(field(x), 1)", REC, NULL);
	is("add(n, 1)", REC, "8.5");
	is("sub(1, n)", REC, "-6.5");
	is("mul('3', '4')", REC, "12");
	is("div(1, 8)", REC, "0.125");
	is("div(1, 0)", REC, NULL);
	is("mul('1e308', '1e308')", REC, NULL);
	is("add(a, 1)", REC, NULL);
	is("number(div(4096, 1024), 0)", REC, "4");
}

static void test_dates(void **state MST_UNUSED)
{
	is("date(time)", REC, "2024-05-06 05:08:09");
	is("date(time, '%d.%m.%Y')", REC, "06.05.2024");
	is("date(time, '%F')", REC, "2024-05-06");
	is("date(time, '%H%M%S %y %j %T 100%%')", REC,
	   "050809 24 127 05:08:09 100%");
	is("date('2023-12-31', '%j')", REC, "365");
	is("date('2024-12-31', '%j')", REC, "366");
	is("date('2024-02-29', '%j')", REC, "060");
	is("date(n)", "{'id':'1','n':1732060800000}", "2024-11-20 00:00:00");
	is("date('soon')", REC, NULL);
	is("date('0001-01-01T00:00:00Z')", REC, NULL);
	is("date(field(x), '%Y')", REC, NULL);
}

static void test_patterns(void **state MST_UNUSED)
{
	is("capture(a, '^(.)l')", REC, "A");
	is("capture(a, 'ph.')", REC, "pha");
	is("capture(a, '^(.)(.)', 2)", REC, "l");
	is("capture(a, '^(.)(.)', 0)", REC, "Al");
	is("capture(a, 'x')", REC, NULL);
	is("capture(a, '(x)?Al')", REC, NULL);
	is("capture(a, '(x*)Al')", REC, NULL);
	is("capture(a, '(?i)^AL')", REC, "Al");
	is("capture(field(x), '.')", REC, NULL);
	is("capture('\xc3\xa4\xe6\xbc\xa2x', '^..')", REC,
	   "\xc3\xa4\xe6\xbc\xa2");
	is("capture(a, 'Al\\Kph')", REC, "ph");
	is("matches(a, '^[A-Z][a-z]+$')", REC, "true");
	is("matches(b, '^[A-Z]')", REC, "false");
	is("matches(field(x), '.')", REC, "false");
	is("capture('const', '(n.)')", REC, "ns");
}

/* A pattern that would take for ever has no value, and that is counted. */
static void test_pattern_limit(void **state MST_UNUSED)
{
	use("capture(a, '^(a+)+$')");
	assert_null(
	    result("{'id':'1','a':'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab'}")
		.p);
	assert_int_equal(mst_expr_limited(expr), 1);
	t_is(result("{'id':'1','a':'aaa'}"), "aaa");
	assert_int_equal(mst_expr_limited(expr), 1);
}

static void test_long(void **state MST_UNUSED)
{
	struct mst_buf b = MST_BUF_INIT(1u << 20);
	struct mst_slice s;

	(void)mst_buf_adds(&b, "{'id':'1','a':'");
	for (int i = 0; i < 30000; i++)
		(void)mst_buf_adds(&b, "x\xc3\xa4");
	(void)mst_buf_adds(&b, "'}");
	use("concat('q', a)");
	s = result(b.p);
	assert_int_equal(s.n, MST_MAX_TEXT); /* one, then threes */
	use("concat('qq', a)");
	s = result(b.p);
	assert_int_equal(s.n, MST_MAX_TEXT - 1); /* not within a character */
	use("replace(a, 'x', 'xxxxxxxxxx')");
	assert_in_range(result(b.p).n, MST_MAX_TEXT - 1, MST_MAX_TEXT);
	use("replace(a, 'x', replace(a, 'x', a))");
	assert_in_range(result(b.p).n, MST_MAX_TEXT - 1, MST_MAX_TEXT);
	use("length(concat(a, a))");
	t_is(result(b.p), "43691");
	/* What one run may use is bounded, however it is nested. */
	mst_buf_reset(&b);
	(void)mst_buf_adds(&b, "a");
	for (int i = 0; i < 5; i++) {
		char *inner = mst_strdup(b.p);

		mst_buf_reset(&b);
		(void)mst_buf_addf(&b, "join('', %s, %s, %s)", inner, inner,
				   i < 3 ? inner : "b");
		free(inner);
	}
	use(b.p);
	mst_buf_reset(&b);
	(void)mst_buf_adds(&b, "{'id':'1','a':'");
	for (int i = 0; i < 65000; i++)
		(void)mst_buf_addc(&b, 'y');
	(void)mst_buf_adds(&b, "'}");
	assert_true(result(b.p).n <= MST_MAX_TEXT);
	assert_int_equal(mst_expr_limited(expr), 1);
	mst_buf_fini(&b);
}

/* Results are remembered by what their fields held; nothing else may come
 * back, whatever the rows are and in whatever order. */
static void test_memory(void **state MST_UNUSED)
{
	char record[200], want[200];
	uint32_t x = 1;

	use("concat(default(a, 'none'), '/', default(n, 'none'), '/', "
	    "upper(default(b, 'none')))");
	for (int i = 0; i < 20000; i++) {
		static const char *const as[] = {"null",  "'x'",   "'xy'",
						 "1",	  "'1'",   "true",
						 "false", "'true'"};
		static const char *const a_texts[] = {
		    "none", "x", "xy", "1", "1", "true", "false", "true"};
		unsigned a, n, b;

		x = x * 1664525 + 1013904223;
		a = x >> 24 & 7;
		n = x >> 16 & (i & 1024 ? 0xff : 3);
		b = x >> 8 & (i & 4096 ? 0xff : 1);
		(void)snprintf(record, sizeof(record),
			       "{'id':'1','a':%s,'n':%u,'b':'b%u'}", as[a], n,
			       b);
		(void)snprintf(want, sizeof(want), "%s/%u/B%u", a_texts[a], n,
			       b);
		t_is(result(record), want);
	}
	/* Long values are not remembered; none is not "". */
	use("if(has(a), substr(a, 1, 1), 'none')");
	for (int i = 0; i < 300; i++) {
		t_is(result("{'id':'1'}"), "none");
		t_is(result("{'id':'1','a':'"
			    "y0123456789012345678901234567890123456789"
			    "01234567890123456789'}"),
		     "y");
		t_is(result("{'id':'1','a':''}"), "none");
		t_is(result("{'id':'1','a':['z']}"), "z");
		t_is(result("{'id':'1','a':['q','r']}"), "q");
	}
}

static void test_errors(void **state MST_UNUSED)
{
	char text[MST_MAX_EXPR + 8];

	wrong("", "something is missing here (character 1)");
	wrong("a b", "ended before this (character 3)");
	wrong("captur(a, '.')", "did you mean 'capture'? (character 1)");
	wrong("xyzzy(a)", "muster-mappings(7) lists them");
	wrong("concat(a, upperr(b))", "'upperr'; did you mean 'upper'? "
				      "(character 11)");
	wrong("lst", "Things have no field 'lst' that muster reads; did you "
		     "mean 'list'?");
	wrong("concat('\xc3\xa4\xc3\xa4', nope)", "(character 14)");
	wrong("lst.b", "'lst'");
	wrong("lower()", "at least 1 argument: lower(text)");
	wrong("lower(a, b)", "takes 1 argument: lower(text)");
	wrong("lower(a", "not closed (character 6)");
	wrong("lower(a b)", "a comma or ')'");
	wrong("lower(a,)", "missing behind the comma");
	wrong("lower(,a)", "must stand here (character 7)");
	wrong("'abc", "has no end");
	wrong("1.2.3", "is no number");
	wrong("12abc", "is no number");
	wrong("a + b", "ended before this");
	wrong("#", "must stand here");
	wrong("lookup(site, a)", "did you mean 'sites'?");
	wrong("lookup(zzz, a)", "below \"lookup:\"");
	wrong("lookup(, a)", "a name is missing");
	wrong("capture(a, b)", "constant in quotes");
	wrong("capture(a, '(')", "missing closing parenthesis");
	wrong("capture(a, '(.)', 2)", "1 group, there is no group 2");
	wrong("capture(a, '(.)', 'x')", "a group is a number");
	wrong("capture(a, '')", "1 to 1024 bytes");
	wrong("capture(a, '\\C')", "(character 12)");
	wrong("number(a, 10)", "0 to 9 decimals");
	wrong("number(a, n)", "constant in quotes");
	wrong("date(a, '%Q')", "does not know '%Q'");
	wrong("date(a, '100%')", "does not know '%'");
	wrong("column(nam)", "did you mean 'name'?");
	wrong("field('a|b')", "cannot be the name");
	memset(text, 0, sizeof(text));
	for (int i = 0; i < 40; i++)
		(void)memcpy(text + 6 * i, "lower(", 6);
	wrong(text, "nested deeper");
	(void)snprintf(text, sizeof(text), "join('', join('', 1, 2)");
	for (int i = 0; i < 30; i++)
		(void)strcat(text, ", concat(1,2,3,4,5,6,7,8,9,0)");
	(void)strcat(text, ")");
	wrong(text, "more than 256 parts");
}

static void test_too_long(void **state MST_UNUSED)
{
	char text[MST_MAX_EXPR + 8] = "'";
	struct mst_err err = MST_ERR_INIT;

	memset(text + 1, 'x', MST_MAX_EXPR);
	t_failed(mst_expr_compile(exprs, 0, text, &expr, &err), &err,
		 MST_E_INVALID, "longer than");
}

static void test_tables(void **state MST_UNUSED)
{
	static const char *const none[] = {"AMS"}, *const blank[] = {"=x"};
	static const char *const twice[] = {"a=1", "b=2", " A =3"};
	struct mst_err err = MST_ERR_INIT;

	t_failed(mst_exprs_table(exprs, "t", none, 1, &err), &err,
		 MST_E_INVALID, "has no '='");
	t_failed(mst_exprs_table(exprs, "t", blank, 1, &err), &err,
		 MST_E_INVALID, "1 to 256 bytes");
	t_failed(mst_exprs_table(exprs, "t", twice, 3, &err), &err,
		 MST_E_INVALID, "given twice");
	t_ok(mst_exprs_table(exprs, "t", NULL, 0, &err), &err);
}

/* A fallback reads another feed: what that lacks has no value there. */
static void test_fallback(void **state MST_UNUSED)
{
	struct mst_err err = MST_ERR_INIT;

	t_ok(mst_expr_compile(exprs, 1, "coalesce(list, a)", &expr, &err),
	     &err);
	assert_true(mst_expr_lacks_field(expr));
	t_ok(mst_expr_compile(exprs, 1, "concat(a, b, 'x')", &expr, &err),
	     &err);
	assert_false(mst_expr_lacks_field(expr));
	t_ok(mst_expr_compile(exprs, 1, "field(new)", &expr, &err), &err);
	assert_true(mst_expr_lacks_field(expr));
	assert_int_equal(mst_derive_end(d)->feeds[1].fields_n, 3);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    T(test_values),    T(test_json_in_text),  T(test_case),
	    T(test_parts),     T(test_wholes),	      T(test_choices),
	    T(test_questions), T(test_numbers),	      T(test_dates),
	    T(test_patterns),  T(test_pattern_limit), T(test_long),
	    T(test_memory),    T(test_errors),	      T(test_too_long),
	    T(test_tables),    T(test_fallback),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
