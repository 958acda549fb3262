/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as a list behind its opening bracket, looked at in odd steps. What
 * the full parser takes for a list of objects must come out as lines, one for
 * each; whatever comes out, steps do not matter. The first byte chooses them.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/buf.h"
#include "tests/fuzz/fuzz.h"
#include "json/json.h"

#define TEXT_MAX 65536u

/* The lines of a list; *bad_r: it is none. */
static void cut(struct mst_slice in, size_t step, struct mst_buf *out,
		bool *bad_r, size_t *end_r)
{
	struct mst_json_cut c = {0};
	char *data = mst_alloc(in.n + 1);
	size_t have = 0, from = 0;

	memcpy(data, in.p, in.n);
	while (have < in.n && !c.ended && !c.bad) {
		size_t whole;

		have = MST_MIN(in.n, have + step);
		whole = mst_json_cut(&c, data + from, have - from);
		assert(whole <= have - from && c.at <= have - from);
		mst_buf_add(out, data + from, whole);
		from += whole;
		c.at -= whole;
	}
	*bad_r = c.bad || !c.ended;
	*end_r = from + c.at;
	free(data);
}

static size_t count_objects(struct mst_json list)
{
	struct mst_json_iter it = mst_json_iter(list);
	struct mst_json e;
	size_t n = 0;

	while (mst_json_next(&it, NULL, &e)) {
		if (mst_json_type(e) != MST_JSON_OBJECT)
			return SIZE_MAX;
		n++;
	}
	return n;
}

static size_t count_lines(struct mst_slice s, struct mst_json_parser *p)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_json root;
	size_t n = 0;

	while (s.n) {
		const char *nl = memchr(s.p, '\n', s.n);
		size_t len = nl ? (size_t)(nl - s.p) : s.n;

		if (mst_slice_trim(mst_slice(s.p, len)).n) {
			assert(mst_json_parse(p, mst_slice(s.p, len), &root,
					      &err) == 0);
			n++;
		}
		len += nl != NULL;
		s = mst_slice(s.p + len, s.n - len);
	}
	return n;
}

static void check(struct mst_slice in, struct mst_slice out, bool bad,
		  size_t end)
{
	struct mst_json_parser *p = mst_json_parser_new(1u << 20);
	struct mst_buf text = MST_BUF_INIT(1u << 20);
	struct mst_err err = MST_ERR_INIT;
	struct mst_json root;
	size_t n;

	mst_buf_addc(&text, '[');
	mst_buf_add(&text, in.p, bad ? in.n : end);
	if (mst_json_parse(p, mst_buf_slice(&text), &root, &err) == 0 &&
	    (n = count_objects(root)) != SIZE_MAX) {
		assert(!bad);
		assert(count_lines(out, p) == n);
	}
	mst_buf_fini(&text);
	mst_json_parser_free(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mst_slice in = {(const char *)data + 1, size ? size - 1 : 0};
	struct mst_buf whole = MST_BUF_INIT(1u << 20);
	struct mst_buf steps = MST_BUF_INIT(1u << 20);
	bool bad, bad_steps;
	size_t end, end_steps;

	if (size < 2 || size > TEXT_MAX)
		return 0;
	cut(in, in.n, &whole, &bad, &end);
	cut(in, 1 + data[0] % 40, &steps, &bad_steps, &end_steps);
	assert(bad == bad_steps);
	if (!bad) {
		assert(end == end_steps);
		assert(
		    mst_slice_eq(mst_buf_slice(&whole), mst_buf_slice(&steps)));
	}
	check(in, mst_buf_slice(&whole), bad, end);
	mst_buf_fini(&whole);
	mst_buf_fini(&steps);
	return 0;
}
