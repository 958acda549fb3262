/* SPDX-License-Identifier: Apache-2.0
 *
 * What answers are made of: times, texts that may be missing, lists.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api/api.h"
#include "base/limits.h"
#include "base/time.h"

void mst_api_time(struct mst_jout *j, const char *key, int64_t us)
{
	char second[21], text[32];

	mst_jout_key(j, key);
	if (us == MST_TIME_NONE || us == 0) {
		mst_jout_null(j);
		return;
	}
	mst_time_iso(us, second);
	second[19] = 0;
	(void)snprintf(text, sizeof(text), "%s.%03dZ", second,
		       (int)(((us % 1000000 + 1000000) % 1000000) / 1000));
	mst_jout_str(j, text);
}

void mst_api_text(struct mst_jout *j, const char *key, const char *text)
{
	mst_jout_kstr(j, key, text && *text ? text : NULL);
}

int mst_api_write(struct mst_http_req *r, struct mst_http_resp *resp,
		  int (*fn)(struct mst_http_req *r, struct mst_jout *j,
			    struct mst_arena *arena, struct mst_err *err),
		  struct mst_err *err)
{
	struct mst_arena arena;
	struct mst_jout j;
	int rc;

	mst_arena_init(&arena, MST_MAX_ARENA);
	mst_jout_init(&j, &resp->body);
	rc = fn(r, &j, &arena, err);
	mst_arena_fini(&arena);
	return rc;
}

void mst_api_all_begin(struct mst_jout *j)
{
	mst_jout_obj(j);
	mst_jout_key(j, "items");
	mst_jout_arr(j);
}

void mst_api_all_end(struct mst_jout *j)
{
	mst_jout_end_arr(j);
	mst_jout_key(j, "next");
	mst_jout_null(j);
	mst_jout_end_obj(j);
}

struct names {
	struct mst_arena *arena;
	const char **v;
	size_t n, cap;
};

static int take_name(void *ctx, const struct mst_state_item *item)
{
	struct names *l = ctx;

	if (l->n == l->cap) {
		const char **v;

		l->cap = l->cap ? l->cap * 2 : 64;
		v = mst_arena_alloc(l->arena, l->cap * sizeof(*v));
		if (l->n)
			memcpy(v, l->v, l->n * sizeof(*v));
		l->v = v;
	}
	l->v[l->n++] = mst_arena_strdup(l->arena, item->name);
	return 0;
}

int mst_api_names(struct mst_http_req *r, const char *kind,
		  const char *const **names_r, size_t *n_r, struct mst_err *err)
{
	struct names l = {.arena = &r->arena};
	int rc = mst_state_items(mst_api_state(r), kind, take_name, &l, err);

	*names_r = l.v;
	*n_r = l.n;
	return rc;
}

void mst_api_list_begin(struct mst_api_list *l, struct mst_http_resp *resp,
			size_t limit)
{
	*l = (struct mst_api_list){.limit = limit};
	mst_jout_init(&l->j, &resp->body);
	mst_jout_obj(&l->j);
	mst_jout_key(&l->j, "items");
	mst_jout_arr(&l->j);
}

bool mst_api_list_room(struct mst_api_list *l, int64_t id)
{
	if (l->n == l->limit) {
		l->more = true;
		return false;
	}
	l->n++;
	l->last = id;
	return true;
}

void mst_api_list_end(struct mst_api_list *l)
{
	char next[24];

	mst_jout_end_arr(&l->j);
	(void)snprintf(next, sizeof(next), "%" PRId64, l->last);
	mst_jout_kstr(&l->j, "next", l->more ? next : NULL);
	mst_jout_end_obj(&l->j);
}
