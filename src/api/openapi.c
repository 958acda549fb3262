/* SPDX-License-Identifier: Apache-2.0
 *
 * The OpenAPI document, out of the tables that the server routes by and the
 * tables of schemas beside them.
 */
#include "api/openapi.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/openapi_private.h"
#include "api/tables.h"
#include "auth/auth.h"
#include "mst_config.h"

#define DOCUMENT_MAX (8u << 20)

/* ---- answers ------------------------------------------------------------- */

static void content(struct mst_jout *j, const char *type)
{
	mst_jout_key(j, "content");
	mst_jout_obj(j);
	mst_jout_key(j, type);
	mst_jout_obj(j);
	mst_jout_key(j, "schema");
}

static void end_content(struct mst_jout *j)
{
	mst_jout_end_obj(j);
	mst_jout_end_obj(j);
}

static void list_json(struct mst_jout *j, const char *name)
{
	mst_jout_obj(j);
	mst_jout_kstr(j, "type", "object");
	mst_jout_key(j, "properties");
	mst_jout_obj(j);
	mst_jout_key(j, "items");
	mst_jout_obj(j);
	mst_jout_kstr(j, "type", "array");
	mst_jout_key(j, "items");
	mst_openapi_ref(j, mst_slice_str(name));
	mst_jout_end_obj(j);
	mst_jout_key(j, "next");
	mst_openapi_type(j, MST_SLICE_LIT("string?"));
	mst_jout_end_obj(j);
	mst_jout_key(j, "required");
	mst_jout_raw(j, MST_SLICE_LIT("[\"items\",\"next\"]"));
	mst_jout_kbool(j, "additionalProperties", false);
	mst_jout_end_obj(j);
}

static void answer_schema(struct mst_jout *j, const struct mst_http_route *r)
{
	if (r->flags & MST_ROUTE_LIST) {
		list_json(j, r->answer);
	} else if (r->flags & MST_ROUTE_TASK) {
		mst_jout_obj(j);
		mst_jout_key(j, "anyOf");
		mst_jout_arr(j);
		mst_openapi_ref(j, mst_slice_str(r->answer));
		mst_openapi_ref(j, MST_SLICE_LIT("approval"));
		mst_jout_end_arr(j);
		mst_jout_end_obj(j);
	} else {
		mst_openapi_ref(j, mst_slice_str(r->answer));
	}
}

static const char *success_status(const struct mst_http_route *r)
{
	if (r->flags & (MST_ROUTE_TASK | MST_ROUTE_ACCEPTED))
		return "202";
	if (r->flags & MST_ROUTE_CREATED)
		return "201";
	return r->answer || r->flags & (MST_ROUTE_PLAIN | MST_ROUTE_EVENTS)
		   ? "200"
		   : "204";
}

static void success(struct mst_jout *j, const struct mst_http_route *r,
		    const char *status, const char *help)
{
	bool body =
	    r->answer || r->flags & (MST_ROUTE_PLAIN | MST_ROUTE_EVENTS);

	mst_jout_key(j, status);
	mst_jout_obj(j);
	mst_jout_kstr(j, "description", help);
	if (r->flags & MST_ROUTE_EVENTS) {
		content(j, "text/event-stream");
		mst_openapi_type(j, MST_SLICE_LIT("string"));
		end_content(j);
	} else if (r->flags & MST_ROUTE_PLAIN) {
		content(j, "*/*");
		mst_jout_raw(j, MST_SLICE_LIT("{}"));
		end_content(j);
	} else if (body) {
		content(j, "application/json");
		answer_schema(j, r);
		end_content(j);
	}
	mst_jout_end_obj(j);
}

static void refer(struct mst_jout *j, const char *key, const char *where)
{
	mst_jout_key(j, key);
	mst_jout_obj(j);
	mst_jout_kstr(j, "$ref", where);
	mst_jout_end_obj(j);
}

/* 202 beside what else it answers. */
static void instead(struct mst_jout *j, const char *help, const char *schema)
{
	mst_jout_key(j, "202");
	mst_jout_obj(j);
	mst_jout_kstr(j, "description", help);
	content(j, "application/json");
	mst_openapi_ref(j, mst_slice_str(schema));
	end_content(j);
	mst_jout_end_obj(j);
}

static void responses(struct mst_jout *j, const struct mst_http_route *r)
{
	static const struct {
		const char *status;
		unsigned flags; /* of routes that may answer so; 0: all */
		bool body;
	} problems[] = {
	    {"400", 0, false}, {"401", 0, false},
	    {"403", 0, false}, {"404", 0, false},
	    {"409", 0, false}, {"412", MST_ROUTE_MATCH, false},
	    {"413", 0, true},  {"415", 0, true},
	    {"422", 0, true},  {"429", 0, false},
	    {"500", 0, false}, {"503", 0, false},
	};

	mst_jout_key(j, "responses");
	mst_jout_obj(j);
	success(j, r, success_status(r), "As asked.");
	/* What was not there is made. */
	if (r->method == MST_ROUTE_PUT && r->flags & MST_ROUTE_MATCH &&
	    r->answer)
		success(j, r, "201", "It is new.");
	if (r->flags & MST_ROUTE_SECOND)
		instead(j, "Waits for a second person.", "approval");
	else if (r->flags & MST_ROUTE_OR_TASK)
		instead(j, "A task does it.", "task");
	if (r->flags & MST_ROUTE_LEADS) {
		mst_jout_key(j, "302");
		mst_jout_obj(j);
		mst_jout_kstr(j, "description", "Goes on at Location.");
		mst_jout_end_obj(j);
	}
	for (size_t i = 0; i < MST_LEN(problems); i++)
		if ((!problems[i].flags || r->flags & problems[i].flags) &&
		    (!problems[i].body || r->body ||
		     r->method != MST_ROUTE_GET))
			refer(j, problems[i].status,
			      "#/components/responses/problem");
	mst_jout_end_obj(j);
}

/* ---- parameters ---------------------------------------------------------- */

static void parameter(struct mst_jout *j, const char *in, struct mst_slice name,
		      const char *help, bool required, const char *type,
		      const char *choices)
{
	mst_jout_obj(j);
	mst_jout_kslice(j, "name", name);
	mst_jout_kstr(j, "in", in);
	if (help && *help)
		mst_jout_kstr(j, "description", help);
	mst_jout_kbool(j, "required", required);
	mst_jout_key(j, "schema");
	if (choices)
		mst_openapi_words(j, mst_slice_str(choices), false);
	else
		mst_openapi_type(j, mst_slice_str(type));
	mst_jout_end_obj(j);
}

static void path_parameters(struct mst_jout *j, const char *path)
{
	for (const char *p = strchr(path, '{'); p; p = strchr(p, '{')) {
		size_t n = strcspn(++p, "}");
		bool id = n == 2 && memcmp(p, "id", 2) == 0;

		parameter(j, "path", mst_slice(p, n),
			  id ? "as lists show it" : "", true, "string", NULL);
	}
}

static void parameters(struct mst_jout *j, const struct mst_http_route *r)
{
	mst_jout_key(j, "parameters");
	mst_jout_arr(j);
	path_parameters(j, r->path);
	for (size_t i = 0; i < MST_LEN(r->query) && r->query[i].name; i++)
		parameter(j, "query", mst_slice_str(r->query[i].name),
			  r->query[i].help, false, r->query[i].type,
			  r->query[i].choices);
	if (r->flags & MST_ROUTE_LIST) {
		parameter(j, "query", MST_SLICE_LIT("limit"),
			  "how many at most, 1 to 500 (50)", false, "integer",
			  NULL);
		parameter(j, "query", MST_SLICE_LIT("after"),
			  "next of the page before", false, "string", NULL);
	}
	if (r->flags & MST_ROUTE_MATCH)
		parameter(j, "header", MST_SLICE_LIT("If-Match"),
			  "ETag of what is to be changed", false, "string",
			  NULL);
	if (r->flags & (MST_ROUTE_TASK | MST_ROUTE_OR_TASK))
		parameter(j, "header", MST_SLICE_LIT("Idempotency-Key"),
			  "the same one within a day makes no second task",
			  false, "string", NULL);
	mst_jout_end_arr(j);
}

/* ---- operations ---------------------------------------------------------- */

static void body_json(struct mst_jout *j, const struct mst_http_route *r)
{
	if (!r->body && !(r->flags & MST_ROUTE_TEXT))
		return;
	mst_jout_key(j, "requestBody");
	mst_jout_obj(j);
	mst_jout_kbool(j, "required", !(r->flags & MST_ROUTE_TASK));
	if (r->flags & MST_ROUTE_TEXT) {
		content(j, "application/yaml");
		mst_openapi_type(j, MST_SLICE_LIT("string"));
	} else {
		content(j, "application/json");
		mst_openapi_ref(j, mst_slice_str(r->body));
	}
	end_content(j);
	mst_jout_end_obj(j);
}

static void operation(struct mst_jout *j, const struct mst_http_route *r)
{
	static const char *const methods[] = {"", "get", "post", "put",
					      "delete"};
	struct mst_buf need = MST_BUF_INIT(256);

	mst_may_text(r->need, &need);
	mst_jout_key(j, methods[r->method]);
	mst_jout_obj(j);
	mst_jout_kstr(j, "operationId", r->id);
	mst_jout_key(j, "tags");
	mst_jout_arr(j);
	mst_jout_str(j, r->tag);
	mst_jout_end_arr(j);
	mst_jout_kstr(j, "summary", r->help);
	mst_jout_kslice(j, "x-needs", mst_buf_slice(&need));
	if (r->flags & MST_ROUTE_OPEN) {
		mst_jout_key(j, "security");
		mst_jout_raw(j, MST_SLICE_LIT("[]"));
	}
	parameters(j, r);
	body_json(j, r);
	responses(j, r);
	mst_jout_end_obj(j);
	mst_buf_fini(&need);
}

/* The i-th route of all tables; NULL behind the last. */
static const struct mst_http_route *route_at(size_t i, const char **base_r)
{
	for (size_t t = 0; t < mst_api_tables_n; t++) {
		const struct mst_http_route *r = mst_api_tables[t].routes;

		for (; r->path; r++)
			if (i-- == 0) {
				*base_r = mst_api_tables[t].base;
				return r;
			}
	}
	return NULL;
}

static bool same_path(const char *base, const struct mst_http_route *a,
		      const char *other, const struct mst_http_route *b)
{
	return strcmp(base, other) == 0 && strcmp(a->path, b->path) == 0;
}

/* Once for each path, with all its methods. */
static void paths(struct mst_jout *j)
{
	const struct mst_http_route *r, *o;
	const char *base, *other;

	mst_jout_key(j, "paths");
	mst_jout_obj(j);
	for (size_t i = 0; (r = route_at(i, &base)); i++) {
		char path[256];
		size_t k = 0;

		while (k < i && (o = route_at(k, &other)) &&
		       !same_path(base, r, other, o))
			k++;
		if (k < i)
			continue;
		(void)snprintf(path, sizeof(path), "%s%s", base, r->path);
		mst_jout_key(j, path);
		mst_jout_obj(j);
		for (k = i; (o = route_at(k, &other)); k++)
			if (same_path(base, r, other, o))
				operation(j, o);
		mst_jout_end_obj(j);
	}
	mst_jout_end_obj(j);
}

/* ---- the document -------------------------------------------------------- */

static void components(struct mst_jout *j)
{
	mst_jout_key(j, "components");
	mst_jout_obj(j);
	mst_jout_key(j, "schemas");
	mst_jout_obj(j);
	mst_openapi_schemas(j);
	mst_jout_end_obj(j);
	mst_jout_key(j, "responses");
	mst_jout_raw(
	    j, MST_SLICE_LIT(
		   "{\"problem\":{\"description\":\"An error.\",\"content\":{"
		   "\"application/problem+json\":{\"schema\":{\"$ref\":"
		   "\"#/components/schemas/problem\"}}}}}"));
	mst_jout_key(j, "securitySchemes");
	mst_jout_raw(
	    j,
	    MST_SLICE_LIT(
		"{\"token\":{\"type\":\"http\",\"scheme\":\"bearer\","
		"\"description\":\"an API token (mst_…)\"},"
		"\"session\":{\"type\":\"apiKey\",\"in\":\"cookie\",\"name\":"
		"\"__Host-muster\",\"description\":\"the console's session; "
		"all but GET also need the header X-CSRF-Token\"}}"));
	mst_jout_end_obj(j);
}

void mst_api_openapi(struct mst_buf *out)
{
	struct mst_jout j;

	mst_jout_init(&j, out);
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "openapi", "3.1.0");
	mst_jout_key(&j, "info");
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "title", "muster");
	mst_jout_kstr(&j, "version", MST_VERSION);
	mst_jout_kstr(&j, "description",
		      "Keeps a ServiceNow CMDB true to what Microsoft "
		      "Defender sees.");
	mst_jout_end_obj(&j);
	mst_jout_key(&j, "security");
	mst_jout_raw(&j, MST_SLICE_LIT("[{\"token\":[]},{\"session\":[]}]"));
	paths(&j);
	components(&j);
	mst_jout_end_obj(&j);
}

static struct mst_buf document = MST_BUF_INIT(DOCUMENT_MAX);
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void forget(void)
{
	mst_buf_fini(&document);
}

static void make(void)
{
	mst_api_openapi(&document);
	(void)atexit(forget);
}

static int get_openapi(struct mst_http_req *r, struct mst_http_resp *resp,
		       struct mst_err *err)
{
	(void)r;
	(void)err;
	(void)pthread_once(&once, make);
	resp->fixed = mst_buf_slice(&document);
	return 0;
}

const struct mst_http_route mst_api_openapi_routes[] = {
    {MST_ROUTE_GET, "/openapi.json", "get_openapi", "service", "This document.",
     0, MST_ROUTE_OPEN | MST_ROUTE_PLAIN, NULL, NULL, .run = get_openapi},
    {0},
};
