/* SPDX-License-Identifier: Apache-2.0
 *
 * Connections: GET, PUT, DELETE, and the types that there are.
 */
#include <string.h>

#include "api/configure.h"
#include "api/tables.h"
#include "base/limits.h"
#include "base/time.h"
#include "state/task.h"
#include "sync/connection.h"

/* ---- types --------------------------------------------------------------- */

static void type_json(struct mst_jout *j, const char *type, const char *role,
		      const char *title, const struct mst_opt *opts)
{
	mst_jout_obj(j);
	mst_jout_kstr(j, "type", type);
	mst_jout_kstr(j, "role", role);
	mst_jout_kstr(j, "title", title);
	mst_jout_key(j, "options");
	mst_api_form_json(j, opts);
	mst_jout_end_obj(j);
}

static int get_types(struct mst_http_req *r, struct mst_http_resp *resp,
		     struct mst_err *err)
{
	struct mst_jout j;

	(void)r;
	(void)err;
	mst_jout_init(&j, &resp->body);
	mst_api_all_begin(&j);
	for (size_t i = 0; mst_sources[i]; i++)
		type_json(&j, mst_sources[i]->type, "source",
			  mst_sources[i]->title, mst_sources[i]->opts);
	for (size_t i = 0; mst_dests[i]; i++)
		type_json(&j, mst_dests[i]->type, "destination",
			  mst_dests[i]->title, mst_dests[i]->opts);
	mst_api_all_end(&j);
	return 0;
}

/* ---- one ----------------------------------------------------------------- */

static void role_json(struct mst_jout *j, const char *type)
{
	const struct mst_source_ops *source = mst_source_find(type);
	const struct mst_dest_ops *dest = mst_dest_find(type);

	mst_jout_kstr(j, "role",
		      source ? "source"
		      : dest ? "destination"
			     : NULL);
	mst_jout_kstr(j, "title",
		      source ? source->title
		      : dest ? dest->title
			     : NULL);
}

static const char *text_of(const struct mst_conf_item *item, const char *key)
{
	for (size_t i = 0; i < item->values_n; i++) {
		if (strcmp(item->values[i].key, key) == 0 &&
		    item->values[i].texts_n == 1)
			return item->values[i].texts[0];
	}
	return NULL;
}

/* What cannot be read (any more) serves none; problem says why. */
static void envs_json(struct mst_http_req *r, const char *name,
		      struct mst_arena *arena, struct mst_jout *j)
{
	const struct mst_config config = {.state = mst_api_state(r)};
	struct mst_err err = MST_ERR_INIT;
	struct mst_connection c = {.envs = 0};
	int rc =
	    mst_connection_get(&config, name, MST_ENV__MAX, arena, &c, &err);

	mst_jout_key(j, "environments");
	mst_jout_arr(j);
	for (unsigned i = 0; rc == 0 && i < MST_ENV__MAX; i++) {
		if (mst_connection_serves(&c, (enum mst_env)i))
			mst_jout_str(j, mst_env_name((enum mst_env)i));
	}
	mst_jout_end_arr(j);
	mst_jout_kstr(j, "problem", rc < 0 ? err.msg : NULL);
}

/* Jobs, read once for a list. */
static _Thread_local struct {
	const struct mst_http_req *r;
	const struct mst_conf_item **v;
	size_t n;
} jobs;

static int find_jobs(struct mst_http_req *r, struct mst_arena *arena,
		     struct mst_err *err)
{
	const struct mst_config config = {.state = mst_api_state(r)};

	if (jobs.r == r)
		return 0;
	jobs.r = r;
	return mst_config_items(&config, "job", arena, &jobs.v, &jobs.n, err);
}

static int jobs_json(struct mst_http_req *r, const char *name,
		     struct mst_arena *arena, struct mst_jout *j,
		     struct mst_err *err)
{
	int rc = find_jobs(r, arena, err);

	mst_jout_key(j, "jobs");
	mst_jout_arr(j);
	for (size_t i = 0; rc == 0 && i < jobs.n; i++) {
		const char *source = text_of(jobs.v[i], "source");
		const char *dest = text_of(jobs.v[i], "destination");

		if ((source && strcmp(source, name) == 0) ||
		    (dest && strcmp(dest, name) == 0))
			mst_jout_str(j, jobs.v[i]->name);
	}
	mst_jout_end_arr(j);
	return rc;
}

/* ---- its last test ------------------------------------------------------- */

/* So many trials are looked beyond for the last test. */
#define TRIALS_MOST 20

struct last {
	int64_t id, at_us;
};

static int take_task(void *ctx, const struct mst_task *t)
{
	struct last *l = ctx;

	/* A trial of what is not stored is no test of what is. */
	if (l->id || strstr(t->argv, "\"--file\""))
		return 0;
	l->id = t->id;
	l->at_us = t->ended_us;
	return 0;
}

static void count_checks(struct mst_slice output, int64_t *failed_r,
			 int64_t *warned_r)
{
	struct mst_json_parser *p = mst_json_parser_new(output.n + 1);
	struct mst_err err = MST_ERR_INIT;
	struct mst_json root, check;

	if (mst_json_parse(p, output, &root, &err) == 0) {
		struct mst_json_iter it =
		    mst_json_iter(mst_json_get(root, "checks"));

		while (mst_json_next(&it, NULL, &check)) {
			struct mst_json level = mst_json_get(check, "level");

			*failed_r +=
			    mst_slice_iis(mst_json_str(level), "failed");
			*warned_r +=
			    mst_slice_iis(mst_json_str(level), "warning");
		}
	}
	mst_json_parser_free(&p);
}

static int test_json(struct mst_http_req *r, const char *name,
		     struct mst_jout *j, struct mst_err *err)
{
	const struct mst_task_filter f = {.kind = "test",
					  .connection = name,
					  .state = MST_TASK_DONE,
					  .n = TRIALS_MOST};
	struct mst_state *state = mst_api_state(r);
	struct mst_buf output = MST_BUF_INIT(MST_TASK_OUTPUT);
	struct last last = {0};
	int64_t failed = 0, warned = 0;
	int rc = mst_tasks(state, &f, take_task, &last, err);

	if (rc >= 0 && last.id)
		rc = mst_task_output(state, last.id, false, &output, err);
	mst_jout_key(j, "last_test");
	if (rc < 0 || !last.id) {
		mst_jout_null(j);
	} else {
		count_checks(mst_buf_slice(&output), &failed, &warned);
		mst_jout_obj(j);
		mst_api_time(j, "at", last.at_us);
		mst_jout_ki64(j, "failed", failed);
		mst_jout_ki64(j, "warned", warned);
		mst_jout_ki64(j, "task", last.id);
		mst_jout_end_obj(j);
	}
	mst_buf_fini(&output);
	return rc < 0 ? rc : 0;
}

static int show(struct mst_http_req *r, const struct mst_conf_item *item,
		struct mst_arena *arena, struct mst_jout *j,
		struct mst_err *err)
{
	int rc = mst_api_show_item(r, item, arena, j, err);

	role_json(j, item->type);
	mst_jout_kstr(j, "alias", text_of(item, "alias"));
	envs_json(r, item->name, arena, j);
	if (rc == 0)
		rc = jobs_json(r, item->name, arena, j, err);
	return rc == 0 ? test_json(r, item->name, j, err) : rc;
}

/* ---- handlers ------------------------------------------------------------ */

static int list(struct mst_http_req *r, struct mst_http_resp *resp,
		struct mst_err *err)
{
	jobs.r = NULL;
	return mst_api_list_items(r, resp, "connection", show, err);
}

static int get(struct mst_http_req *r, struct mst_http_resp *resp,
	       struct mst_err *err)
{
	jobs.r = NULL;
	return mst_api_get_item(r, resp, "connection",
				mst_http_param(r, "name"), show, err);
}

static int put(struct mst_http_req *r, struct mst_http_resp *resp,
	       struct mst_err *err)
{
	jobs.r = NULL;
	return mst_api_put_item(r, resp, "connection",
				mst_http_param(r, "name"), show, err);
}

static int del(struct mst_http_req *r, struct mst_http_resp *resp,
	       struct mst_err *err)
{
	return mst_api_delete_item(r, resp, "connection",
				   mst_http_param(r, "name"), err);
}

const struct mst_http_route mst_api_connections[] = {
    {MST_ROUTE_GET, "/connection-types", "list_connection_types", "connections",
     "Types of connections, each with the form of its options.", MST_MAY_READ,
     0, NULL, "connection_type_list", .run = get_types},
    {MST_ROUTE_GET, "/connections", "list_connections", "connections",
     "All connections.", MST_MAY_READ, 0, NULL, "connection_list", .run = list},
    {MST_ROUTE_GET, "/connections/{name}", "get_connection", "connections",
     "One connection.", MST_MAY_READ, 0, NULL, "connection", .run = get},
    {MST_ROUTE_PUT, "/connections/{name}", "put_connection", "connections",
     "Makes or changes a connection.", MST_MAY_CONFIGURE,
     MST_ROUTE_MATCH | MST_ROUTE_SECOND, "connection_body", "connection",
     .run = put},
    {MST_ROUTE_DELETE, "/connections/{name}", "delete_connection",
     "connections",
     "Removes a connection with its settings; refused while something uses "
     "it.",
     MST_MAY_CONFIGURE, MST_ROUTE_MATCH | MST_ROUTE_SECOND, NULL, NULL,
     .run = del},
    {0},
};

static const struct mst_api_field option_fields[] = {
    {"key", "string", "as in YAML: \"recver.type\""},
    {"kind",
     "text|secret|bool|int|decimal|percent|duration|size|choice|list|url", ""},
    {"required", "boolean", ""},
    {"default", "any", "a text, a list of texts, or null"},
    {"choices", "string[]", "empty: any"},
    {"min", "number?", "of a duration in ms, of a size in bytes"},
    {"max", "number?", ""},
    {"help", "string?", ""},
    {"setting", "boolean", "has values of its own for TEST and PROD"},
    {"rule", "string?", "that the setting overrides"},
    {0},
};

static const struct mst_api_field type_fields[] = {
    {"type", "string", ""},
    {"role", "source|destination", ""},
    {"title", "string", ""},
    {"options", "&option[]", ""},
    {0},
};

static const struct mst_api_field type_list_fields[] = {
    {"items", "&connection_type[]", ""},
    {"next", "string?", ""},
    {0},
};

static const struct mst_api_field last_test_fields[] = {
    {"at", "time?", ""},
    {"failed", "integer", "checks"},
    {"warned", "integer", "checks"},
    {"task", "integer", "whose output has the checks"},
    {0},
};

static const struct mst_api_field connection_fields[] = {
    {"name", "string", ""},
    {"type", "string", ""},
    {"values", "object",
     "by the keys of its options; a secret is {\"set\", \"ref\"}"},
    {"role", "source|destination?", ""},
    {"title", "string?", ""},
    {"alias", "string?", ""},
    {"environments", "test|prod[]", ""},
    {"problem", "string?", "what is wrong with it as it is stored"},
    {"jobs", "string[]", "that use it"},
    {"last_test", "&last_test?", ""},
    {0},
};

static const struct mst_api_field list_fields[] = {
    {"items", "&connection[]", ""},
    {"next", "string?", ""},
    {0},
};

static const struct mst_api_field body_fields[] = {
    {"type?", "string", "needed for a new one"},
    {"values", "object",
     "all of it: what is left out has its default. A secret is the text of a "
     "reference, {\"keep\": true}, or {\"value\"}, which is sealed"},
    {0},
};

const struct mst_api_schema mst_api_connection_schemas[] = {
    {"option", "An option, as its form shows it.", option_fields},
    {"connection_type", "A type of connections.", type_fields},
    {"connection_type_list", "", type_list_fields},
    {"last_test", "The last test of a connection.", last_test_fields},
    {"connection", "A source or a destination.", connection_fields},
    {"connection_list", "", list_fields},
    {"connection_body", "What a connection is to be.", body_fields},
    {0},
};
