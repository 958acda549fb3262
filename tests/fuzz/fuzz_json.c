/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as JSON: what is taken can be walked, written, and read again as
 * the same; the picker finds what a plain search finds.
 */
#include <assert.h>

#include "tests/fuzz/fuzz.h"
#include "json/json.h"

#define TEXT_MAX (1u << 20)
#define NAMES	 5

static const char *const names[NAMES] = {"id", "a|b", "value", "CveId",
					 "osPlatform|os_platform"};

/* Looks at every value; the number of them. */
static size_t walk(struct mst_json v, unsigned depth)
{
	struct mst_json_iter it = mst_json_iter(v);
	struct mst_slice s = mst_json_str(v);
	struct mst_json e;
	size_t n = 1;
	int64_t i;
	double d;
	bool b;

	assert(depth < 2000);
	assert(!s.p || mst_json_type(v) == MST_JSON_STRING);
	if (mst_json_type(v) == MST_JSON_INT)
		assert(mst_json_i64(v, &i) && mst_json_dbl(v, &d));
	if (mst_json_type(v) == MST_JSON_BOOL)
		assert(mst_json_bool(v, &b));
	if (mst_json_lone_str(v, &s))
		assert(mst_json_len(v) == 1);
	for (size_t k = 0; mst_json_next(&it, &s, &e); k++) {
		assert(it.is_object == (s.p != NULL));
		n += walk(e, depth + 1);
	}
	return n;
}

/* Reads the text and writes it; false when it is refused. */
static bool again(struct mst_json_parser *p, struct mst_slice in,
		  struct mst_buf *out)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_json root;

	mst_buf_reset(out);
	return mst_json_parse(p, in, &root, &err) == 0 &&
	       mst_json_write(root, out);
}

static bool is_name(struct mst_slice key, const char *name)
{
	for (;;) {
		size_t n = strcspn(name, "|");

		if (mst_slice_ieq(key, mst_slice(name, n)))
			return true;
		if (!name[n])
			return false;
		name += n + 1;
	}
}

/* The first member of the name that is not null. */
static struct mst_json search(struct mst_json v, const char *name)
{
	struct mst_json_iter it = mst_json_iter(v);
	struct mst_json e, none = {NULL, 0};
	struct mst_slice key;

	while (mst_json_next(&it, &key, &e)) {
		if (mst_json_type(e) != MST_JSON_NULL && is_name(key, name))
			return e;
	}
	return none;
}

static void check_value(const struct mst_value *v, struct mst_json want)
{
	struct mst_slice s = mst_json_str(want);
	int64_t i;
	double d;
	bool b;

	assert(v->type == mst_json_type(want));
	switch (v->type) {
	case MST_JSON_STRING:
		assert(mst_slice_eq(mst_slice(v->u.s.p, v->u.s.n), s));
		break;
	case MST_JSON_INT:
		assert(mst_json_i64(want, &i) && i == v->u.i);
		break;
	case MST_JSON_DOUBLE:
		assert(mst_json_dbl(want, &d) && d == v->u.d);
		break;
	case MST_JSON_BOOL:
		assert(mst_json_bool(want, &b) && b == v->u.b);
		break;
	case MST_JSON_ARRAY:
	case MST_JSON_OBJECT:
		assert(v->u.j.doc == want.doc && v->u.j.at == want.at);
		break;
	case MST_JSON_NULL:
		break;
	}
}

static void pick(struct mst_json root)
{
	static struct mst_picker *picker;
	struct mst_value v[NAMES];
	bool object = mst_json_type(root) == MST_JSON_OBJECT;

	/* One for all inputs: what it remembers must not matter. */
	if (!picker)
		picker = mst_picker_new(names, NAMES);
	assert(mst_picker_pick(picker, root, v) == object);
	for (size_t i = 0; object && i < NAMES; i++)
		check_value(&v[i], search(root, names[i]));
}

/* Spans move on and stay within the text; what parses is one of them. */
static void check_spans(struct mst_slice in, bool whole)
{
	size_t span = mst_json_span(in), left = in.n;
	const char *at = in.p;

	if (whole && !(in.n >= 3 && memcmp(in.p, "\xef\xbb\xbf", 3) == 0)) {
		assert(span > 0);
		assert(!mst_slice_trim(mst_slice(in.p + span, in.n - span)).n);
	}
	while ((span = mst_json_span(mst_slice(at, left))) > 0) {
		assert(span <= left);
		at += span;
		left -= span;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct mst_json_parser *p, *other;
	struct mst_buf a = MST_BUF_INIT(8 * TEXT_MAX);
	struct mst_buf b = MST_BUF_INIT(8 * TEXT_MAX);
	struct mst_slice in = {(const char *)data, size};
	struct mst_err err = MST_ERR_INIT;
	struct mst_json root;

	if (!p) {
		p = mst_json_parser_new(8 * TEXT_MAX);
		other = mst_json_parser_new(8 * TEXT_MAX);
	}
	if (size > TEXT_MAX)
		return 0;
	if (mst_json_parse(p, in, &root, &err) < 0) {
		check_spans(in, false);
		return 0;
	}
	check_spans(in, true);
	assert(walk(root, 0) >= 1);
	pick(root);
	assert(mst_json_write(root, &a));
	/* -0.0 is written as -0, which reads as the integer 0: from then on
	 * nothing changes any more. */
	assert(again(other, mst_buf_slice(&a), &b));
	assert(again(other, mst_buf_slice(&b), &a));
	assert(mst_slice_eq(mst_buf_slice(&a), mst_buf_slice(&b)));
	mst_buf_fini(&a);
	mst_buf_fini(&b);
	return 0;
}
