/* SPDX-License-Identifier: Apache-2.0
 *
 * See members.h.
 */
#include "api/members.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/time.h"

#define TEXT_MOST 4096u

int mst_api_members_begin(struct mst_api_members *b, struct mst_http_req *r,
			  struct mst_err *err)
{
	*b = (struct mst_api_members){.r = r};
	return mst_http_json(r, &b->root, err);
}

int mst_api_members_maybe(struct mst_api_members *b, struct mst_http_req *r,
			  struct mst_err *err)
{
	*b = (struct mst_api_members){.r = r};
	return r->body.n ? mst_http_json(r, &b->root, err) : 0;
}

void mst_api_members_wrong(struct mst_api_members *b, const char *key,
			   const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	b->bad = true;
	mst_http_wrong(b->r, mst_arena_printf(&b->r->arena, "/%s", key), "%s",
		       text);
}

static struct mst_json get(struct mst_api_members *b, const char *key)
{
	assert(b->n < MST_LEN(b->asked));
	b->asked[b->n++] = key;
	return b->root.doc ? mst_json_get(b->root, key) : b->root;
}

/* Also of an empty body. */
static enum mst_json_type type_of(struct mst_json v)
{
	return v.doc ? mst_json_type(v) : MST_JSON_NULL;
}

const char *mst_api_members_text(struct mst_api_members *b, const char *key,
				 bool need)
{
	struct mst_json v = get(b, key);
	struct mst_slice s = {NULL, 0};

	if (v.doc)
		s = mst_json_str(v);

	if (type_of(v) == MST_JSON_NULL) {
		if (need)
			mst_api_members_wrong(b, key, "is missing");
		return NULL;
	}
	if (type_of(v) != MST_JSON_STRING)
		mst_api_members_wrong(b, key, "must be a text");
	else if (s.n && memchr(s.p, 0, s.n))
		mst_api_members_wrong(b, key, "holds a zero byte");
	else if (s.n > TEXT_MOST)
		mst_api_members_wrong(b, key, "is longer than %u bytes",
				      TEXT_MOST);
	else
		return mst_arena_dup(&b->r->arena, s).p;
	return NULL;
}

int mst_api_members_bool(struct mst_api_members *b, const char *key)
{
	struct mst_json v = get(b, key);
	bool is = false;

	if (type_of(v) == MST_JSON_NULL)
		return -1;
	if (type_of(v) != MST_JSON_BOOL || !mst_json_bool(v, &is)) {
		mst_api_members_wrong(b, key, "must be true or false");
		return -1;
	}
	return is;
}

const char *mst_api_members_words(struct mst_api_members *b, const char *key)
{
	struct mst_buf text = MST_BUF_INIT(4096);
	struct mst_json v = get(b, key), item;
	struct mst_json_iter it = {0};
	const char *words = NULL;

	if (v.doc)
		it = mst_json_iter(v);

	if (type_of(v) == MST_JSON_NULL)
		return NULL;
	if (type_of(v) != MST_JSON_ARRAY)
		mst_api_members_wrong(b, key, "must be a list of texts");
	while (type_of(v) == MST_JSON_ARRAY &&
	       mst_json_next(&it, NULL, &item)) {
		if (mst_json_type(item) != MST_JSON_STRING)
			mst_api_members_wrong(b, key,
					      "must be a list of texts");
		(void)mst_buf_addc(&text, ' ');
		(void)mst_buf_add_slice(&text, mst_json_str(item));
	}
	if (text.overflow)
		mst_api_members_wrong(b, key, "is too long");
	words =
	    mst_arena_dup(&b->r->arena, mst_slice_trim(mst_buf_slice(&text))).p;
	mst_buf_fini(&text);
	return words;
}

const char *mst_api_members_list(struct mst_api_members *b, const char *key,
				 size_t *n_r)
{
	struct mst_buf text = MST_BUF_INIT(1u << 20);
	struct mst_json v = get(b, key), item;
	enum mst_json_type type = type_of(v);
	struct mst_json_iter it;
	const char *list = NULL;
	bool ok = type == MST_JSON_ARRAY || type == MST_JSON_NULL;

	*n_r = 0;
	it = type == MST_JSON_ARRAY ? mst_json_iter(v)
				    : (struct mst_json_iter){0};
	while (ok && type == MST_JSON_ARRAY &&
	       mst_json_next(&it, NULL, &item)) {
		struct mst_slice s = mst_json_str(item);

		ok = s.n && !memchr(s.p, ',', s.n) && !memchr(s.p, 0, s.n);
		(void)mst_buf_adds(&text, (*n_r)++ ? "," : "");
		(void)mst_buf_add_slice(&text, s);
	}
	if (!ok || text.overflow)
		mst_api_members_wrong(b, key,
				      "must be a list of texts without commas");
	else if (*n_r)
		list = mst_arena_dup(&b->r->arena, mst_buf_slice(&text)).p;
	mst_buf_fini(&text);
	return list;
}

int64_t mst_api_members_number(struct mst_api_members *b, const char *key,
			       int64_t least, int64_t most)
{
	struct mst_json v = get(b, key);
	int64_t n = 0;

	if (type_of(v) == MST_JSON_NULL)
		return 0;
	if (type_of(v) == MST_JSON_INT && mst_json_i64(v, &n) && n >= least &&
	    n <= most)
		return n;
	mst_api_members_wrong(b, key,
			      "must be a whole number from %lld to %lld",
			      (long long)least, (long long)most);
	return 0;
}

int64_t mst_api_members_time(struct mst_api_members *b, const char *key)
{
	const char *text = mst_api_members_text(b, key, false);
	int64_t us;

	if (!text)
		return MST_TIME_NONE;
	if (mst_time_parse(mst_slice_str(text), &us) && us != MST_TIME_NONE)
		return us;
	mst_api_members_wrong(b, key,
			      "must be a time such as 2026-11-21T19:45:00Z");
	return MST_TIME_NONE;
}

static bool was_asked(const struct mst_api_members *b, struct mst_slice key)
{
	for (size_t i = 0; i < b->n; i++) {
		if (mst_slice_is(key, b->asked[i]))
			return true;
	}
	return false;
}

bool mst_api_members_ok(struct mst_api_members *b, struct mst_http_resp *resp)
{
	struct mst_json_iter it = {0};
	struct mst_slice key;
	struct mst_json v;

	if (b->root.doc)
		it = mst_json_iter(b->root);
	while (b->root.doc && mst_json_next(&it, &key, &v)) {
		if (!was_asked(b, key))
			mst_api_members_wrong(
			    b, mst_arena_dup(&b->r->arena, key).p,
			    "is not known here");
	}
	if (b->bad)
		(void)mst_http_problem_as(b->r, resp, 422, "unprocessable",
					  "the body is not as it has to be");
	return !b->bad;
}
