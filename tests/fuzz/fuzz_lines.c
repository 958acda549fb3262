/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as a window of lines, three ways: each line alone through the full
 * parser (which is right by definition), the window as one document, and the
 * window picked without a document. They must agree on every good window, and
 * whatever one of them calls bad must be bad.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/cpu.h"
#include "tests/fuzz/fuzz.h"
#include "json/json.h"

#define TEXT_MAX  65536u
#define LINES_MAX 2048u
#define NAMES	  6

static const char *const names[NAMES] = {
    "id", "a|b", "cveId", "diskPaths", "osPlatform|os_platform", "n"};

static struct mst_json_parser *alone, *window;
static struct mst_picker *picker, *other;

struct line {
	struct mst_slice text;
	bool good;
};

static struct line lines[LINES_MAX];
static size_t lines_n, good_n; /* good_n: those before the first bad one */

static bool blank(struct mst_slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != ' ' && s.p[i] != '\t' && s.p[i] != '\r')
			return false;
	}
	return true;
}

static bool parse_line(size_t i, struct mst_json *root_r)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_slice s = lines[i].text;

	/* Only a document may begin with a byte order mark. */
	if (s.n >= 3 && memcmp(s.p, "\xef\xbb\xbf", 3) == 0)
		return false;
	return mst_json_parse(alone, s, root_r, &err) == 0 &&
	       mst_json_type(*root_r) == MST_JSON_OBJECT;
}

/* False: more lines than we look at. */
static bool split(struct mst_slice in)
{
	struct mst_json root;

	lines_n = 0;
	good_n = SIZE_MAX;
	while (in.n > 0) {
		const char *nl = memchr(in.p, '\n', in.n);
		size_t n = nl ? (size_t)(nl - in.p) : in.n;
		struct mst_slice s = {in.p, n};

		if (!blank(s)) {
			if (lines_n == LINES_MAX)
				return false;
			lines[lines_n].text = s;
			lines[lines_n].good = parse_line(lines_n, &root);
			if (!lines[lines_n].good && good_n == SIZE_MAX)
				good_n = lines_n;
			lines_n++;
		}
		n += nl != NULL;
		in = mst_slice(in.p + n, in.n - n);
	}
	good_n = MST_MIN(good_n, lines_n);
	return true;
}

static bool braced(struct mst_slice s)
{
	s = mst_slice_trim(s);
	return s.n > 1 && s.p[0] == '{' && s.p[s.n - 1] == '}';
}

static void same_text(struct mst_json a, struct mst_json b)
{
	struct mst_buf x = MST_BUF_INIT(TEXT_MAX * 8);
	struct mst_buf y = MST_BUF_INIT(TEXT_MAX * 8);

	assert(mst_json_write(a, &x) && mst_json_write(b, &y));
	assert(mst_slice_eq(mst_buf_slice(&x), mst_buf_slice(&y)));
	mst_buf_fini(&x);
	mst_buf_fini(&y);
}

/* ---- as one document ------------------------------------------------------
 */

static void as_document(struct mst_slice in)
{
	char *copy = malloc(1 + in.n + MST_JSON_PADDING);
	struct mst_err err = MST_ERR_INIT;
	struct mst_json_iter it;
	struct mst_json root, e, want;
	size_t n = 0, i = 0;

	if (!copy)
		mst_oom();
	if (in.n)
		memcpy(copy + 1, in.p, in.n);
	if (mst_json_parse_lines(window, copy + 1, in.n, &root, &n, &err) < 0) {
		assert(good_n < lines_n && n == good_n + 1);
	} else {
		assert(n == lines_n);
		for (it = mst_json_iter(root); mst_json_next(&it, NULL, &e);
		     i++) {
			assert(i < lines_n);
			/* Two faults that undo each other may slip through:
			 * not one that shows at a line's ends. */
			assert(braced(lines[i].text));
			if (good_n == lines_n) {
				assert(parse_line(i, &want));
				same_text(e, want);
			}
		}
		assert(i == lines_n);
	}
	free(copy);
}

/* ---- picked -----------------------------------------------------------------
 */

static void same_value(const struct mst_value *a, const struct mst_value *b)
{
	assert(a->type == b->type);
	switch (a->type) {
	case MST_JSON_STRING:
		assert(mst_slice_eq(mst_slice(a->u.s.p, a->u.s.n),
				    mst_slice(b->u.s.p, b->u.s.n)));
		break;
	case MST_JSON_INT:
		assert(a->u.i == b->u.i);
		break;
	case MST_JSON_DOUBLE:
		assert(memcmp(&a->u.d, &b->u.d, sizeof(a->u.d)) == 0);
		break;
	case MST_JSON_BOOL:
		assert(a->u.b == b->u.b);
		break;
	case MST_JSON_ARRAY:
	case MST_JSON_OBJECT:
		assert(mst_json_len(a->u.j) == mst_json_len(b->u.j));
		same_text(a->u.j, b->u.j);
		break;
	case MST_JSON_NULL:
		break;
	}
}

static int take(void *ctx, const struct mst_value *v,
		struct mst_err *err MST_UNUSED)
{
	size_t i = (*(size_t *)ctx)++;
	struct mst_value want[NAMES];
	struct mst_json root;

	assert(i < lines_n);
	if (i >= good_n) /* see json.h: what it lets pass */
		return 0;
	assert(parse_line(i, &root));
	assert(mst_picker_pick(other, root, want));
	for (size_t k = 0; k < NAMES; k++)
		same_value(&v[k], &want[k]);
	return 0;
}

static void as_picked(struct mst_slice in)
{
	char *copy = malloc(in.n + MST_JSON_PADDING);
	struct mst_err err = MST_ERR_INIT;
	struct mst_value v[NAMES];
	size_t n = 0, taken = 0;

	if (!copy)
		mst_oom();
	if (in.n)
		memcpy(copy, in.p, in.n);
	memset(copy + in.n, 0, MST_JSON_PADDING);
	if (mst_json_pick_lines(window, copy, in.n, picker, v, take, &taken, &n,
				&err) < 0) {
		assert(n > good_n && n <= lines_n && taken <= n - 1);
	} else {
		assert(n == taken && n >= good_n && n <= lines_n);
		assert(n == lines_n || good_n < lines_n);
	}
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mst_slice in = {(const char *)data, size};

	if (!alone) {
		alone = mst_json_parser_new(TEXT_MAX + 64);
		window = mst_json_parser_new(TEXT_MAX + 64);
		picker = mst_picker_new(names, NAMES);
		other = mst_picker_new(names, NAMES);
	}
	if (size > TEXT_MAX || !split(in))
		return 0;
	as_document(in);
	/* as this processor does it, and as any other */
	mst_cpu_narrow(false);
	as_picked(in);
	mst_cpu_narrow(true);
	as_picked(in);
	return 0;
}
