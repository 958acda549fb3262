/* SPDX-License-Identifier: Apache-2.0
 *
 * RecVer of the sources: where each is and how much it holds. A file is looked
 * into here; a server is not, since it may keep a request waiting.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "api/api.h"
#include "api/tables.h"
#include "base/limits.h"
#include "recver/copy.h"
#include "sync/job.h"
#include "sync/store.h"

static const char file_type[] = "sqlite";

/* ---- what it holds ------------------------------------------------------- */

struct looking {
	struct mst_state *state;
	const struct mst_connection *c;
	struct mst_arena *arena;
	struct mst_jout *j;
};

static void jobs_json(struct looking *l, const char *target)
{
	const struct mst_config config = {.state = l->state};
	const struct mst_conf_item **items = NULL;
	struct mst_err err = MST_ERR_INIT;
	size_t n = 0;

	mst_jout_key(l->j, "jobs");
	mst_jout_arr(l->j);
	if (mst_config_items(&config, "job", l->arena, &items, &n, &err) < 0)
		n = 0;
	for (size_t i = 0; i < n; i++) {
		bool from = false, to = false;

		for (size_t k = 0; k < items[i]->values_n; k++) {
			const struct mst_conf_value *v = &items[i]->values[k];

			if (v->texts_n != 1)
				continue;
			from = from || (strcmp(v->key, "source") == 0 &&
					strcmp(v->texts[0], l->c->name) == 0);
			to = to || (strcmp(v->key, "destination") == 0 &&
				    strcmp(v->texts[0], target) == 0);
		}
		if (from && to)
			mst_jout_str(l->j, items[i]->name);
	}
	mst_jout_end_arr(l->j);
}

static int set_json(struct looking *l, struct mst_recver *r,
		    const struct mst_recver_set_name *set, struct mst_err *err)
{
	struct mst_recver_stats st = {0};
	int rc = r->ops->stats(r, set->target, set->name, &st, err);

	if (rc < 0)
		return rc;
	mst_jout_obj(l->j);
	mst_jout_kstr(l->j, "name", set->name);
	mst_jout_ki64(l->j, "groups", (int64_t)st.groups);
	mst_jout_ki64(l->j, "members", (int64_t)st.members);
	mst_jout_ki64(l->j, "bytes", (int64_t)st.bytes);
	mst_jout_ki64(l->j, "dirty", (int64_t)st.dirty);
	mst_jout_ki64(l->j, "pending", (int64_t)st.pending);
	mst_jout_end_obj(l->j);
	return 0;
}

static int targets_json(struct looking *l, struct mst_recver *r,
			struct mst_err *err)
{
	struct mst_recver_contents c = {.sets = NULL};
	int rc = mst_recver_contents(r, &c, err);

	for (size_t i = 0; rc == 0 && i < c.targets_n; i++) {
		mst_jout_obj(l->j);
		mst_jout_kstr(l->j, "destination", c.targets[i]);
		jobs_json(l, c.targets[i]);
		mst_jout_key(l->j, "record_sets");
		mst_jout_arr(l->j);
		for (size_t k = 0; rc == 0 && k < c.sets_n; k++) {
			if (strcmp(c.sets[k].target, c.targets[i]) == 0)
				rc = set_json(l, r, &c.sets[k], err);
		}
		mst_jout_end_arr(l->j);
		mst_jout_end_obj(l->j);
	}
	mst_recver_contents_fini(&c);
	return rc;
}

/* A file that no run made yet holds nothing, and that is no error. */
static int look_into(struct looking *l, const struct mst_recver_conf *conf,
		     struct mst_err *err)
{
	struct mst_recver *r = NULL;
	int rc = mst_store_open_any(l->state, l->c->name, conf, false, &r, err);

	if (rc == -MST_E_NOTFOUND) {
		mst_err_clear(err);
		return 0;
	}
	if (rc == 0)
		rc = targets_json(l, r, err);
	if (r)
		r->ops->close(&r);
	return rc;
}

/* ---- one ----------------------------------------------------------------- */

static const char *place_of(const struct mst_recver_conf *c, bool file,
			    struct mst_arena *arena)
{
	if (file)
		return c->path ? c->path : "";
	return mst_arena_printf(arena, "%s%s%s", c->server ? c->server : "",
				c->database ? "/" : "",
				c->database ? c->database : "");
}

static void recver_json(struct looking *l)
{
	const struct mst_recver_conf *own = &l->c->source_conf->recver;
	struct mst_err err = MST_ERR_INIT;
	struct mst_recver_conf conf;
	struct stat st;
	bool file;

	mst_store_conf(l->state, l->c->name, own, l->arena, &conf);
	file = conf.type && strcmp(conf.type, file_type) == 0;
	mst_jout_obj(l->j);
	mst_jout_kstr(l->j, "connection", l->c->name);
	mst_jout_kstr(l->j, "type", conf.type);
	mst_jout_kstr(l->j, "place", place_of(&conf, file, l->arena));
	mst_jout_key(l->j, "bytes");
	if (file && conf.path && stat(conf.path, &st) == 0)
		mst_jout_i64(l->j, (int64_t)st.st_size);
	else
		mst_jout_null(l->j);
	mst_jout_key(l->j, "targets");
	mst_jout_arr(l->j);
	if (!file)
		(void)mst_err_set(&err, MST_E_UNSUPPORTED,
				  "what a server holds is shown by 'muster "
				  "recver stats JOB'");
	else
		(void)look_into(l, own, &err);
	mst_jout_end_arr(l->j);
	mst_jout_kstr(l->j, "error", err.code ? err.msg : NULL);
	mst_jout_end_obj(l->j);
}

static int load(struct mst_http_req *r, const char *name,
		struct mst_arena *arena, struct mst_connection *c_r,
		struct mst_err *err)
{
	return mst_connection_load(mst_api_state(r), name, arena, c_r, err);
}

static int get(struct mst_http_req *r, struct mst_http_resp *resp,
	       struct mst_err *err)
{
	const char *name = mst_http_param(r, "connection");
	struct mst_connection c;
	struct mst_arena arena;
	struct mst_jout j;
	struct looking l = {
	    .state = mst_api_state(r), .c = &c, .arena = &arena, .j = &j};
	int rc;

	mst_arena_init(&arena, MST_MAX_ARENA);
	mst_jout_init(&j, &resp->body);
	rc = load(r, name, &arena, &c, err);
	if (rc == 0 && !c.source)
		rc = mst_err_set(err, MST_E_NOTFOUND,
				 "connection '%s' is a destination: a RecVer "
				 "belongs to a source",
				 name);
	if (rc == 0)
		recver_json(&l);
	mst_arena_fini(&arena);
	return rc;
}

/* ---- all ----------------------------------------------------------------- */

struct names {
	struct mst_arena *arena;
	const char *v[1024];
	size_t n;
};

static int add_name(void *ctx, const struct mst_state_item *item)
{
	struct names *names = ctx;

	if (mst_source_find(item->type) && names->n < MST_LEN(names->v))
		names->v[names->n++] =
		    mst_arena_strdup(names->arena, item->name);
	return 0;
}

static int list(struct mst_http_req *r, struct mst_http_resp *resp,
		struct mst_err *err)
{
	struct mst_arena arena;
	struct names names = {.arena = &arena};
	struct mst_jout j;
	int rc;

	mst_arena_init(&arena, MST_MAX_ARENA);
	mst_jout_init(&j, &resp->body);
	rc = mst_state_items(mst_api_state(r), "connection", add_name, &names,
			     err);
	mst_jout_obj(&j);
	mst_jout_key(&j, "items");
	mst_jout_arr(&j);
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		struct mst_err wrong = MST_ERR_INIT;
		struct mst_connection c;
		struct looking l = {.state = mst_api_state(r),
				    .c = &c,
				    .arena = &arena,
				    .j = &j};

		/* One that is wrong is told by its own page. */
		if (load(r, names.v[i], &arena, &c, &wrong) == 0)
			recver_json(&l);
	}
	mst_jout_end_arr(&j);
	mst_jout_key(&j, "next");
	mst_jout_null(&j);
	mst_jout_end_obj(&j);
	mst_arena_fini(&arena);
	return rc;
}

const struct mst_http_route mst_api_recver[] = {
    {MST_ROUTE_GET, "/recver", "list_recver", "recver",
     "RecVer of all sources.", MST_MAY_READ, 0, NULL, "recver_list",
     .run = list},
    {MST_ROUTE_GET, "/recver/{connection}", "get_recver", "recver",
     "RecVer of a source.", MST_MAY_READ, 0, NULL, "recver", .run = get},
    {0},
};

static const struct mst_api_field set_fields[] = {
    {"name", "string", ""},
    {"groups", "integer", ""},
    {"members", "integer", ""},
    {"bytes", "integer", ""},
    {"dirty", "integer", ""},
    {"pending", "integer", ""},
    {0},
};

static const struct mst_api_field target_fields[] = {
    {"destination", "string", ""},
    {"jobs", "string[]", "that deliver there"},
    {"record_sets", "&recver_set[]", ""},
    {0},
};

static const struct mst_api_field recver_fields[] = {
    {"connection", "string", ""},
    {"type", "string?", ""},
    {"place", "string", "a file, or a server and its database"},
    {"bytes", "integer?", "of the file"},
    {"targets", "&recver_target[]", ""},
    {"error", "string?", "why it could not be looked into"},
    {0},
};

static const struct mst_api_field list_fields[] = {
    {"items", "&recver[]", ""},
    {"next", "string?", ""},
    {0},
};

const struct mst_api_schema mst_api_recver_schemas[] = {
    {"recver_set", "A record set in RecVer.", set_fields},
    {"recver_target", "What was delivered to a destination.", target_fields},
    {"recver", "RecVer of a source.", recver_fields},
    {"recver_list", "", list_fields},
    {0},
};
