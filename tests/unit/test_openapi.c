/* SPDX-License-Identifier: Apache-2.0
 *
 * The tables of the API hold together: every type of a member is one, every
 * schema that is named is there, and nothing is called the same.
 */
#include "tests/lib/t.h"

#include <stdio.h>

#include "api/openapi.h"
#include "api/tables.h"
#include "base/map.h"

static struct mst_map names;

static void each_schema(void (*fn)(const struct mst_api_schema *s))
{
	for (size_t i = 0; mst_api_schemas[i]; i++)
		for (const struct mst_api_schema *s = mst_api_schemas[i];
		     s->name; s++)
			fn(s);
}

static void take(const struct mst_api_schema *s)
{
	if (mst_map_put(&names, mst_slice_str(s->name), &names))
		fail_msg("schema '%s' is there twice", s->name);
	assert_non_null(s->fields);
}

static bool there(const char *name, size_t n)
{
	return mst_map_has(&names, mst_slice(name, n));
}

static void look(const struct mst_api_schema *s)
{
	for (const struct mst_api_field *f = s->fields; f->name; f++) {
		const char *ref = strchr(f->type, '&');
		size_t n = ref ? strspn(ref + 1, "abcdefghijklmnopqrstuvwxyz_"
						 "0123456789")
			       : 0;

		if (ref && !there(ref + 1, n))
			fail_msg("%s.%s: there is no schema '%.*s'", s->name,
				 f->name, (int)n, ref + 1);
	}
}

static void schemas(void **state)
{
	struct mst_buf out = MST_BUF_INIT(8u << 20);
	const char *bad;

	(void)state;
	each_schema(take);
	each_schema(look);
	mst_api_openapi(&out);
	assert_false(out.overflow);
	bad = strstr(out.p, "x-unknown");
	if (bad)
		fail_msg("a type that is none behind %.200s", bad - 150);
	mst_buf_fini(&out);
}

static void route(const struct mst_http_route *r, struct mst_map *ids)
{
	if (mst_map_put(ids, mst_slice_str(r->id), ids))
		fail_msg("operation '%s' is there twice", r->id);
	if (r->body && !(r->flags & MST_ROUTE_TEXT) &&
	    !there(r->body, strlen(r->body)))
		fail_msg("%s: there is no schema '%s'", r->id, r->body);
	if (r->answer && !there(r->answer, strlen(r->answer)))
		fail_msg("%s: there is no schema '%s'", r->id, r->answer);
	if (r->flags & (MST_ROUTE_LIST | MST_ROUTE_TASK) && !r->answer)
		fail_msg("%s answers with nothing", r->id);
	if (!r->help || !*r->help ||
	    !strchr(".?", r->help[strlen(r->help) - 1]))
		fail_msg("%s: help is one sentence", r->id);
	if (!r->need && !(r->flags & MST_ROUTE_OPEN) &&
	    strncmp(r->path, "/me", 3) != 0 &&
	    strncmp(r->path, "/session", 8) != 0)
		fail_msg("%s needs nothing, and says not that it is open",
			 r->id);
	assert_non_null(r->run);
}

static void routes(void **state)
{
	struct mst_map ids = {0};

	(void)state;
	for (size_t i = 0; i < mst_api_tables_n; i++)
		for (const struct mst_http_route *r = mst_api_tables[i].routes;
		     r->path; r++)
			route(r, &ids);
	mst_map_fini(&ids);
	mst_map_fini(&names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(schemas, t_log_watch, t_log_check),
	    cmocka_unit_test_setup_teardown(routes, t_log_watch, t_log_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
