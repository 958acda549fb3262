/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as an expression, and as the record that it runs on: read or
 * refused with a place; what runs ends, stays within its bounds, and gives the
 * same text for the same record, whatever came in between.
 *
 * The first line is the expression, the rest a record.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "rules/expr.h"
#include "tests/fuzz/fuzz.h"

static const struct mst_field fields[] = {
    {"id", ""}, {"a", ""},    {"b|otherB", ""}, {"n", ""},
    {"t", ""},	{"list", ""}, {"obj", ""},
};

static const struct mst_feed feeds[] = {
    {.name = "things",
     .title = "Things",
     .fields = fields,
     .fields_n = MST_LEN(fields)},
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
	return mst_op_const(ctx, v, field, "1", out_r);
}

static const struct mst_map_row rows[] = {
    {"name", 1, mst_op_upper, NULL, "r"},
};

static const struct mst_mapping mappings[] = {
    {.set = "things", .feeds = 1, .key = op_id, .rows = rows, .rows_n = 1},
};

static const struct mst_catalog base = {
    .feeds = feeds,
    .feeds_n = 1,
    .sets = sets,
    .sets_n = 1,
    .mappings = mappings,
    .mappings_n = 1,
};

static const char *const table[] = {"x=one", "y = two", "z="};
static const char other[] =
    "{\"id\":\"2\",\"a\":\"Alpha 1.2.3\",\"b\":\"\xc3\xa4\",\"n\":7.5,"
    "\"t\":\"2024-05-06T07:08:09Z\",\"list\":[\"z\",\"y\"],"
    "\"obj\":{\"a\":[{\"b\":\"c\"}]}}";

struct rig {
	struct mst_rules *rules;
	struct mst_json_parser *parser;
	struct mst_picker *picker;
	struct mst_value v[MST_MAX_FIELDS];
	struct mst_desired desired;
};

/* The column's text, copied; false when the record is none. */
static bool run(struct rig *r, struct mst_slice record, struct mst_buf *out)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_json root;

	mst_buf_reset(out);
	if (mst_json_parse(r->parser, record, &root, &err) < 0 ||
	    !mst_picker_pick(r->picker, root, r->v))
		return false;
	mst_rules_record(r->rules, r->v);
	assert(mst_rules_apply(r->rules, 0, &r->desired));
	for (size_t i = 0; i < r->desired.cells_n; i++) {
		if (r->desired.cells[i].column != 1)
			continue;
		assert(r->desired.cells[i].text.n > 0);
		assert(r->desired.cells[i].text.n <= MST_MAX_TEXT);
		(void)mst_buf_add_slice(out, r->desired.cells[i].text);
	}
	return true;
}

/* Once more behind another record, and by the way of the first pass. */
static void run_twice(struct rig *r, struct mst_slice record)
{
	struct mst_buf first = MST_BUF_INIT(MST_MAX_TEXT + 1);
	struct mst_buf again = MST_BUF_INIT(MST_MAX_TEXT + 1);

	if (run(r, record, &first)) {
		assert(run(r, mst_slice_str(other), &again));
		assert(run(r, record, &again));
		assert(
		    mst_slice_eq(mst_buf_slice(&first), mst_buf_slice(&again)));
		assert(
		    mst_hash_eq(mst_rules_hash(r->rules, 0), r->desired.value));
	} else {
		assert(run(r, mst_slice_str(other), &again));
	}
	mst_buf_fini(&first);
	mst_buf_fini(&again);
}

static void use(struct mst_derive *d, const struct mst_expr *e,
		struct mst_slice record)
{
	struct mst_map_row row = {"out", 0, mst_op_expr, e, "custom", 0};
	struct mst_rules_env env = {.seed = 1};
	const char *names[MST_MAX_FIELDS];
	struct mst_err err = MST_ERR_INIT;
	struct rig *r = mst_alloc(sizeof(*r));
	const struct mst_feed *feed;

	assert(mst_derive_add_row(d, 0, &row, false, &err) == 0);
	env.catalog = mst_derive_end(d);
	feed = &env.catalog->feeds[0];
	for (size_t i = 0; i < feed->fields_n; i++)
		names[i] = feed->fields[i].name;
	assert(mst_rules_new(&env, &r->rules, &err) == 0);
	r->picker = mst_picker_new(names, feed->fields_n);
	r->parser = mst_json_parser_new(1u << 20);
	run_twice(r, record);
	mst_json_parser_free(&r->parser);
	mst_picker_free(&r->picker);
	mst_rules_free(&r->rules);
	free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data;
	const char *nl = size ? memchr(p, '\n', size) : NULL;
	size_t head = nl ? (size_t)(nl - p) : size;
	char *text = mst_strndup(size ? p : "", head);
	struct mst_err err = MST_ERR_INIT;
	const struct mst_expr *e;
	struct mst_exprs *exprs;
	struct mst_arena arena;
	struct mst_derive *d;

	mst_arena_init(&arena, 64u << 20);
	d = mst_derive_begin(&base, &arena);
	exprs = mst_exprs_new(d);
	assert(mst_exprs_table(exprs, "t", table, MST_LEN(table), &err) == 0);
	if (mst_expr_compile(exprs, 0, text, &e, &err) == 0)
		use(d, e,
		    nl ? mst_slice(nl + 1, size - head - 1)
		       : mst_slice_str(other));
	else
		assert(err.code == MST_E_INVALID && err.msg[0]);
	mst_arena_fini(&arena);
	free(text);
	return 0;
}
