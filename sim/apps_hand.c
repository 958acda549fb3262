/* SPDX-License-Identifier: Apache-2.0
 *
 * Streams and apps given by hand through the control API, for tests: exactly
 * what the caller says, whatever the period.
 */
#include <stdio.h>

#include "base/num.h"
#include "sim/apps.h"

static const char *keep(struct sim_apps *a, struct mst_slice s)
{
	return s.p ? mst_arena_dup(&a->arena, s).p : NULL;
}

static const char *text(struct sim_apps *a, struct mst_json o, const char *name)
{
	return keep(a, mst_json_str(mst_json_get(o, name)));
}

static bool flag(struct mst_json o, const char *name)
{
	bool b;

	return mst_json_bool(mst_json_get(o, name), &b) && b;
}

/* ---- streams ------------------------------------------------------------- */

static int add_stream(struct sim_apps *a, struct mst_json v,
		      struct mst_err *err)
{
	const char *id = text(a, v, "id");
	int at = id ? sim_apps_stream(a, id) : -1;
	struct sim_stream *s;

	if (!id || !*id)
		return mst_err_set(err, MST_E_INVALID,
				   "a stream needs an \"id\"");
	if (at < 0 && a->streams_n == APP_MAX_STREAMS)
		return mst_err_set(err, MST_E_INVALID, "more than %d streams",
				   APP_MAX_STREAMS);
	s = &a->streams[at >= 0 ? (unsigned)at : a->streams_n++];
	*s = (struct sim_stream){.id = id,
				 .name = text(a, v, "name"),
				 .anonymous = flag(v, "anonymous"),
				 .endpoint = flag(v, "endpoint"),
				 .snapshot = flag(v, "snapshot")};
	return 0;
}

/* ---- apps ---------------------------------------------------------------- */

static unsigned take_list(struct sim_apps *a, struct mst_json list,
			  const char **out, unsigned max)
{
	struct mst_json_iter it = mst_json_iter(list);
	struct mst_json v;
	unsigned n = 0;

	while (n < max && mst_json_next(&it, NULL, &v))
		out[n++] = keep(a, mst_json_str(v));
	return n;
}

static int take_streams(struct sim_apps *a, struct sim_app *app,
			struct mst_json list, struct mst_err *err)
{
	struct mst_json_iter it = mst_json_iter(list);
	struct mst_json v;

	app->streams = 0;
	while (mst_json_next(&it, NULL, &v)) {
		const char *id = keep(a, mst_json_str(v));
		int at = id ? sim_apps_stream(a, id) : -1;

		if (at < 0)
			return mst_err_set(err, MST_E_NOTFOUND,
					   "no stream \"%s\"", id ? id : "");
		app->streams |= 1u << at;
	}
	if (app->streams)
		return 0;
	if (!a->streams_n)
		a->streams[a->streams_n++] = (struct sim_stream){
		    .id = "11111111-2222-4333-8444-555555555555",
		    .name = "Global view"};
	app->streams = 1;
	return 0;
}

/* A value for all streams, or an object of them by stream. */
static struct mst_json of_stream(struct mst_json v, const char *id)
{
	return mst_json_type(v) == MST_JSON_OBJECT ? mst_json_get(v, id) : v;
}

static void take_users(struct sim_apps *a, struct app_hand *h,
		       struct mst_json list, struct mst_json count)
{
	size_t n = mst_json_len(list);

	h->count = -1;
	if (mst_json_type(list) == MST_JSON_ARRAY) {
		h->users =
		    mst_arena_alloc(&a->arena, (n + 1) * sizeof(*h->users));
		h->users_n = take_list(a, list, h->users, (unsigned)n);
	}
	(void)mst_json_i64(count, &h->count);
}

static void take_info(struct sim_apps *a, struct sim_app *app,
		      struct mst_json info)
{
	struct mst_buf out;

	app->info = NULL;
	if (mst_json_type(info) == MST_JSON_NULL)
		return;
	mst_buf_init(&out, 16u << 20);
	(void)mst_json_write(info, &out);
	app->info = keep(a, mst_buf_slice(&out));
	mst_buf_fini(&out);
}

static void take_fields(struct sim_apps *a, struct sim_app *app,
			struct mst_json v)
{
	int64_t score;

	app->gone = false;
	app->name = text(a, v, "name");
	app->category = text(a, v, "category");
	app->score = mst_json_i64(mst_json_get(v, "score"), &score)
			 ? (int)score
			 : APP_NO_SCORE;
	app->rating = flag(v, "rating");
	app->last_seen = text(a, v, "last_seen");
	app->tags_n =
	    take_list(a, mst_json_get(v, "tags"), app->tags, APP_MAX_TAGS);
	app->domains_n = take_list(a, mst_json_get(v, "domains"), app->domains,
				   APP_MAX_DOMAINS);
	take_info(a, app, mst_json_get(v, "info"));
	app->hand =
	    mst_arena_alloc(&a->arena, APP_MAX_STREAMS * sizeof(*app->hand));
	for (unsigned s = 0; s < a->streams_n; s++)
		take_users(
		    a, &app->hand[s],
		    of_stream(mst_json_get(v, "users"), a->streams[s].id),
		    of_stream(mst_json_get(v, "user_count"), a->streams[s].id));
}

static int add_app(struct sim_apps *a, struct mst_json v, struct mst_err *err)
{
	struct mst_json jid = mst_json_get(v, "id");
	bool number = mst_json_type(jid) == MST_JSON_INT;
	const char *id = text(a, v, "id");
	struct sim_app *app;
	int64_t n;

	if (number && mst_json_i64(jid, &n))
		id = mst_arena_printf(&a->arena, "%lld", (long long)n);
	if (!id || !*id || strlen(id) > 200)
		return mst_err_set(err, MST_E_INVALID,
				   "an app needs an \"id\" of 1 to 200 "
				   "characters, or a number");
	app = sim_apps_find(a, id);
	if (!app)
		app = sim_apps_add(a, id);
	/* of the estate it was, and is so no more */
	app->comes = app->goes = app->loses = app->changes = 0;
	app->renames = app->tagged = 0;
	app->age_days = 0;
	app->id = id;
	app->id_number = number;
	if (take_streams(a, app, mst_json_get(v, "streams"), err) < 0)
		return -(int)err->code;
	take_fields(a, app, v);
	return 0;
}

/* ---- requests ------------------------------------------------------------ */

typedef int (*each_fn)(struct sim_apps *a, struct mst_json v,
		       struct mst_err *err);

static int each(struct sim_apps *a, struct mst_json list, each_fn fn,
		struct mst_err *err)
{
	struct mst_json_iter it = mst_json_iter(list);
	struct mst_json v;
	int ret = 0;

	while (ret == 0 && mst_json_next(&it, NULL, &v))
		ret = fn(a, v, err);
	return ret;
}

int sim_apps_hand(struct sim_apps *a, struct mst_slice json,
		  struct mst_err *err)
{
	struct mst_json_parser *p = mst_json_parser_new(64u << 20);
	struct mst_json root;
	int ret = mst_json_parse(p, json, &root, err);

	if (ret == 0)
		ret = each(a, mst_json_get(root, "streams"), add_stream, err);
	if (ret == 0)
		ret = each(a, mst_json_get(root, "apps"), add_app, err);
	mst_json_parser_free(&p);
	return ret;
}

static int remove_app(struct sim_apps *a, struct mst_json v,
		      struct mst_err *err)
{
	const char *id = keep(a, mst_json_str(v));
	struct sim_app *app = id ? sim_apps_find(a, id) : NULL;

	if (!app)
		return mst_err_set(err, MST_E_NOTFOUND,
				   "no app \"%s\" in the estate", id ? id : "");
	app->gone = true;
	return 0;
}

int sim_apps_remove(struct sim_apps *a, struct mst_slice json,
		    struct mst_err *err)
{
	struct mst_json_parser *p = mst_json_parser_new(64u << 20);
	struct mst_json root;
	int ret = mst_json_parse(p, json, &root, err);

	if (ret == 0)
		ret = each(a, mst_json_get(root, "ids"), remove_app, err);
	mst_json_parser_free(&p);
	return ret;
}
