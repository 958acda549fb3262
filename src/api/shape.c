/* SPDX-License-Identifier: Apache-2.0
 *
 * What answers are made of: times, texts that may be missing, lists.
 */
#include <inttypes.h>
#include <stdio.h>

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
