/* SPDX-License-Identifier: Apache-2.0
 *
 * Cloud discovery of the simulated Graph: paths, pages, permissions, the odd
 * ones of the estate, days, apps by hand, faults.
 */
#include "sim_fixture.h"

#include <stdio.h>

#include "base/map.h"
#include "sim/apps.h"

#define BASE "/beta/security/dataDiscovery/cloudAppDiscovery/uploadedStreams"

static struct fx fx;

static int begin(void **state)
{
	static const struct mst_sim_conf conf = {
	    .devices = 20, .apps = 250, .people = 200};

	(void)state;
	fx_start(&fx, &conf);
	assert_int_equal(fx_token(&fx, FX_GRAPH, MST_SIM_SECRET), 200);
	return 0;
}

static int begin_empty(void **state)
{
	static const struct mst_sim_conf conf = {.empty = true};

	(void)state;
	fx_start(&fx, &conf);
	assert_int_equal(fx_token(&fx, FX_GRAPH, MST_SIM_SECRET), 200);
	return 0;
}

static int end(void **state)
{
	(void)state;
	fx_stop(&fx);
	return 0;
}

static struct mst_json get(const char *path)
{
	if (fx_get(&fx, MST_SIM_GRAPH, path) != 200)
		fail_msg("%s: %ld %s", path, fx.status, fx.body.p);
	return fx_json(&fx);
}

static long status(const char *path)
{
	return fx_get(&fx, MST_SIM_GRAPH, path);
}

/* Id of stream n; until the next call with the same n. */
static const char *stream(unsigned n)
{
	static char ids[4][64];
	struct mst_json_iter it =
	    mst_json_iter(mst_json_get(get(BASE), "value"));
	struct mst_json v;

	for (unsigned i = 0; i <= n; i++)
		assert_true(mst_json_next(&it, NULL, &v));
	(void)snprintf(ids[n], sizeof(ids[n]), "%.*s",
		       MST_SLICE_ARG(mst_json_str(mst_json_get(v, "id"))));
	return ids[n];
}

static const char *report(const char *id, const char *period, const char *rest)
{
	static char path[512];

	(void)snprintf(path, sizeof(path),
		       BASE "/%s/aggregatedAppsDetails(period=duration'%s')%s",
		       id, period, rest);
	return path;
}

struct seen {
	struct mst_arena arena;
	struct mst_map ids;
	size_t records, pages, empty_pages, numbers, ratings, no_scores, texts;
	size_t no_ids, no_names;
};

static void take(struct seen *s, struct mst_json v)
{
	struct mst_json id = mst_json_get(v, "id");
	struct mst_json score = mst_json_get(v, "riskScore");
	struct mst_slice name = mst_json_str(mst_json_get(v, "displayName"));
	struct mst_slice key = mst_json_str(id);
	int64_t n;

	s->records++;
	s->numbers += mst_json_type(id) == MST_JSON_INT;
	s->ratings +=
	    mst_json_type(mst_json_get(v, "riskRating")) == MST_JSON_INT;
	s->no_scores += mst_json_type(score) == MST_JSON_NULL;
	s->texts +=
	    mst_json_type(mst_json_get(v, "userCount")) == MST_JSON_STRING;
	s->no_names += !name.n;
	if (mst_json_type(id) == MST_JSON_NULL) {
		s->no_ids++;
		return;
	}
	if (mst_json_i64(id, &n) && !key.n)
		key = mst_slice_str(
		    mst_arena_printf(&s->arena, "%lld", (long long)n));
	assert_null(mst_map_put(&s->ids, mst_arena_dup(&s->arena, key), s));
}

/* Reads a list to its end, page by page. */
static void read_all(const char *path, struct seen *s)
{
	char url[2048];

	(void)snprintf(url, sizeof(url), "%s", path);
	*s = (struct seen){0};
	mst_arena_init(&s->arena, 16u << 20);
	for (;;) {
		struct mst_json root = get(url), v;
		struct mst_json list = mst_json_get(root, "value");
		struct mst_json_iter it = mst_json_iter(list);
		struct mst_slice next =
		    mst_json_str(mst_json_get(root, "@odata.nextLink"));

		s->pages++;
		s->empty_pages += !mst_json_len(list);
		while (mst_json_next(&it, NULL, &v))
			take(s, v);
		if (!next.n)
			return;
		assert_true(s->pages < 100);
		(void)snprintf(url, sizeof(url), "%.*s", MST_SLICE_ARG(next));
	}
}

static void done(struct seen *s)
{
	mst_map_fini(&s->ids);
	mst_arena_fini(&s->arena);
}

static void paths(void **state)
{
	const char *id = stream(0);
	char path[512];

	(void)state;
	assert_int_equal(mst_json_len(mst_json_get(get(BASE), "value")), 4);
	assert_true(
	    mst_json_is_str(
		mst_json_get(
		    get("/BETA/Security/datadiscovery/CloudAppDiscovery/"
			"uploadedstreams?$top=1"),
		    "@odata.nextLink"),
		"") == false);
	(void)snprintf(path, sizeof(path), BASE "/%s", id);
	assert_true(mst_json_is_str(mst_json_get(get(path), "displayName"),
				    "Global view"));
	(void)get(report(id, "P7D", ""));
	(void)get(report(id, "P30D", "?$top=3&$skip=2&$select=id"));
	assert_int_equal(mst_json_len(mst_json_get(fx_json(&fx), "value")), 3);
	(void)snprintf(path, sizeof(path),
		       "/beta/dataDiscovery/cloudAppDiscovery/uploadedStreams/"
		       "%s/microsoft.graph.security.aggregatedAppsDetails("
		       "period=duration%%27P90D%%27)",
		       id);
	(void)get(path);
	assert_int_equal(status(report(id, "P1D", "")), 400);
	assert_int_equal(status(report(id, "P30D", "?$top=0")), 400);
	assert_int_equal(status(report(id, "P30D", "?$filter=x")), 400);
	assert_int_equal(status(report("nobody", "P30D", "")), 404);
	assert_int_equal(status(report(id, "P30D", "/1/users")), 404);
	assert_int_equal(status(report(id, "P30D", "/10000/what")), 400);
	fx_control(&fx, "POST", "/_sim/switches",
		   "{\"apps_namespace\":true,\"apps_old_path\":true}");
	assert_int_equal(status(BASE), 404);
	(void)get(path);
	(void)snprintf(path, sizeof(path),
		       "/beta/dataDiscovery/cloudAppDiscovery/uploadedStreams/"
		       "%s/aggregatedAppsDetails(period=duration'P90D')",
		       id);
	assert_int_equal(status(path), 400);
}

static void roles(void **state)
{
	(void)state;
	fx_control(&fx, "POST", "/_sim/app",
		   "{\"graph\":[\"Device.Read.All\"]}");
	assert_int_equal(fx_token(&fx, FX_GRAPH, MST_SIM_SECRET), 200);
	assert_int_equal(status(BASE), 403);
	fx_control(&fx, "POST", "/_sim/app",
		   "{\"graph\":[\"CloudApp-Discovery.Read.All\"]}");
	assert_int_equal(fx_token(&fx, FX_GRAPH, MST_SIM_SECRET), 200);
	assert_int_equal(status(BASE), 200);
	assert_int_equal(status("/v1.0/devices"), 403);
	fx.token[0] = '\0';
	assert_int_equal(status(BASE), 401);
}

static void pages(void **state)
{
	struct seen days7, days30, days90, few;

	(void)state;
	read_all(report(stream(0), "P7D", ""), &days7);
	read_all(report(stream(0), "P30D", ""), &days30);
	read_all(report(stream(0), "P90D", ""), &days90);
	assert_true(days7.records < days30.records);
	assert_true(days30.records < days90.records);
	assert_int_equal(days90.pages, days90.records / 100 + 1);
	assert_true(days90.numbers > 3 && days90.ratings > 3 &&
		    days90.no_scores > 3 && days90.texts > 3);
	assert_int_equal(days90.no_ids, 1);
	assert_int_equal(days90.no_names, 1);
	read_all(report(stream(0), "P90D", "?$top=20"), &few);
	assert_int_equal(few.records, days90.records);
	assert_true(few.empty_pages > 0);
	fx_control(&fx, "POST", "/_sim/switches",
		   "{\"foreign_next_link\":true}");
	(void)get(report(stream(0), "P90D", ""));
	assert_non_null(strstr(fx.body.p, "Link\":\"https://graph.example/"));
	done(&days7);
	done(&days30);
	done(&days90);
	done(&few);
}

static size_t users_of(const char *id, const char *period, const char *app)
{
	char rest[128];
	size_t n;

	(void)snprintf(rest, sizeof(rest), "/%.60s/users?$top=1000", app);
	if (status(report(id, period, rest)) == 404)
		return 0;
	n = mst_json_len(mst_json_get(fx_json(&fx), "value"));
	return n;
}

/* Every count is that of its list. */
static void counts(void **state)
{
	struct mst_json root, v;
	struct mst_json_iter it;
	struct {
		char id[16];
		int64_t users;
	} all[40] = {0};
	size_t n = 0;
	const char *id = stream(1);

	(void)state;
	root = get(report(id, "P30D", "?$top=40"));
	it = mst_json_iter(mst_json_get(root, "value"));
	while (mst_json_next(&it, NULL, &v)) {
		struct mst_slice s = mst_json_str(mst_json_get(v, "id"));

		if (!s.n)
			continue;
		(void)snprintf(all[n].id, sizeof(all[n].id), "%.*s",
			       MST_SLICE_ARG(s));
		assert_true(
		    mst_json_i64(mst_json_get(v, "userCount"), &all[n].users));
		n++;
	}
	assert_true(n > 20);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(users_of(id, "P30D", all[i].id),
				 (size_t)all[i].users);
	}
}

static bool body_has(const char *text)
{
	return strstr(fx.body.p, text) != NULL;
}

static void forms(void **state)
{
	struct sim_apps *a = sim_apps_new(1, 300, 500, 12000);
	static const char *const named[] = {
	    "@corp.example.com\"", "@CORP.EXAMPLE.COM\"",
	    "\\\\DESKTOP-",	   "CORP\\\\",
	    "\\\\CORP\"",	   "AnonymousUser",
	    "@old.example.com",	   "@partner.example.net",
	    "@id.example.com"};
	struct mst_buf all, info;
	struct app_page p = {.top = 100000, .no_next = true};

	(void)state;
	mst_buf_init(&all, 64u << 20);
	mst_buf_init(&info, 64u << 20);
	for (size_t i = 0; i < a->apps_n; i++) {
		if (!a->apps[i]->id)
			continue;
		for (unsigned s = 0; s < 3; s++)
			sim_apps_page_users(a, a->apps[i], s, 90, &p, &all);
		sim_apps_page_info(a, a->apps[i], &info);
	}
	for (size_t i = 0; i < MST_LEN(named); i++)
		if (!strstr(all.p, named[i]))
			fail_msg("nobody is named like %s", named[i]);
	assert_non_null(strstr(info.p, "\"unknown\""));
	assert_non_null(strstr(info.p, ":null"));
	assert_non_null(strstr(info.p, "{\"value\":[{"));
	assert_non_null(strstr(info.p, "isGdprRightToDataPortability\""));
	assert_non_null(strstr(info.p, "\"0001-01-01T00:00:00Z\""));
	mst_buf_reset(&all);
	sim_apps_page_users(a, a->apps[0], 3, 90, &p, &all);
	assert_null(strchr(all.p, '@') ? strstr(all.p, "example.com") : NULL);
	mst_buf_fini(&all);
	mst_buf_fini(&info);
	sim_apps_free(&a);
}

static void days(void **state)
{
	const char *id = stream(0);
	struct seen before, after;

	(void)state;
	read_all(report(id, "P30D", ""), &before);
	assert_false(mst_map_has(&before.ids, MST_SLICE_LIT("10035")));
	assert_true(mst_map_has(&before.ids, MST_SLICE_LIT("10042")));
	(void)get(report(id, "P30D", "/10049"));
	assert_false(body_has("\"riskScore\":null"));
	fx_control(&fx, "POST", "/_sim/day", "{\"day\":1}");
	read_all(report(id, "P30D", ""), &after);
	assert_true(mst_map_has(&after.ids, MST_SLICE_LIT("10035")));
	assert_false(mst_map_has(&after.ids, MST_SLICE_LIT("10042")));
	(void)get(report(id, "P30D", "/10049"));
	assert_true(body_has("\"riskScore\":null"));
	(void)get(report(id, "P30D", "/10091/users?$top=1000"));
	assert_true(body_has("lena.fischer@corp.example.com"));
	assert_int_equal(status(report(id, "P30D", "/10042")), 404);
	done(&before);
	done(&after);
}

static void by_hand(void **state)
{
	const char *id = "s-1";

	(void)state;
	assert_int_equal(mst_json_len(mst_json_get(get(BASE), "value")), 0);
	fx_control(&fx, "POST", "/_sim/apps",
		   "{\"streams\":[{\"id\":\"s-1\",\"name\":\"One\"},{\"id\":"
		   "\"s-2\",\"name\":\"Two\",\"anonymous\":true}],\"apps\":["
		   "{\"id\":7,\"name\":\"Box\",\"score\":3,\"category\":"
		   "\"cloudStorage\",\"streams\":[\"s-1\",\"s-2\"],\"users\":"
		   "{\"s-1\":[\"a@x.example\",\"b\"],\"s-2\":[\"zz\"]},"
		   "\"user_count\":{\"s-2\":9},\"info\":{\"vendor\":\"V\"}},"
		   "{\"id\":\"8\",\"name\":\"Empty\",\"users\":[]},"
		   "{\"id\":\"9\",\"name\":\"None\",\"rating\":true}]}");
	(void)get(report(id, "P7D", "/7"));
	assert_true(body_has("\"id\":7,") && body_has("\"userCount\":2"));
	(void)get(report("s-2", "P7D", "/7"));
	assert_true(body_has("\"userCount\":9"));
	(void)get(report("s-2", "P7D", "/7/users"));
	assert_true(body_has("\"zz\""));
	(void)get(report(id, "P90D", "/7/appInfo"));
	assert_string_equal(fx.body.p, "{\"vendor\":\"V\"}");
	assert_int_equal(users_of(id, "P7D", "8"), 0);
	assert_int_equal(fx.status, 200);
	assert_int_equal(users_of(id, "P7D", "9"), 0);
	assert_int_equal(fx.status, 404);
	assert_int_equal(status(report(id, "P7D", "/9/appInfo")), 404);
	(void)get(report(id, "P7D", "/9"));
	assert_true(body_has("\"riskRating\":null"));
	fx_control(&fx, "DELETE", "/_sim/apps", "{\"ids\":[\"7\"]}");
	assert_int_equal(status(report(id, "P7D", "/7")), 404);
	mst_buf_reset(&fx.body);
	assert_int_equal(mst_sim_control(fx.sim, "DELETE", "/_sim/apps",
					 mst_slice_str("{\"ids\":[\"no\"]}"),
					 &fx.body),
			 404);
	assert_int_equal(
	    mst_sim_control(fx.sim, "POST", "/_sim/apps",
			    mst_slice_str("{\"apps\":[{\"id\":\"1\","
					  "\"streams\":[\"what\"]}]}"),
			    &fx.body),
	    404);
}

/* Faults know nothing of the path. */
static void faults(void **state)
{
	char path[512];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s",
		       report(stream(0), "P30D", "?$top=20"));
	fx_control(&fx, "POST", "/_sim/faults",
		   "{\"kind\":\"429\",\"path\":\"aggregatedapps\",\"count\":1,"
		   "\"retry_after\":\"3\"}");
	assert_int_equal(status(path), 429);
	assert_string_equal(fx_header(&fx, "Retry-After"), "3");
	fx_control(&fx, "POST", "/_sim/faults",
		   "{\"kind\":\"429_bare\",\"path\":\"aggregatedapps\","
		   "\"count\":1}");
	assert_int_equal(status(path), 429);
	assert_string_equal(fx_header(&fx, "Retry-After"), "");
	fx_control(&fx, "POST", "/_sim/faults",
		   "{\"kind\":\"short_page\",\"path\":\"aggregatedapps\","
		   "\"count\":1}");
	assert_int_equal(mst_json_len(mst_json_get(get(path), "value")), 19);
	fx_control(&fx, "POST", "/_sim/faults",
		   "{\"kind\":\"skiptoken_death\",\"count\":1}");
	(void)get(path);
	{
		char next[1024];

		(void)snprintf(next, sizeof(next), "%.*s",
			       MST_SLICE_ARG(mst_json_str(mst_json_get(
				   fx_json(&fx), "@odata.nextLink"))));
		assert_int_equal(status(next), 410);
		assert_int_equal(status(next), 200);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(paths, begin, end),
	    cmocka_unit_test_setup_teardown(roles, begin, end),
	    cmocka_unit_test_setup_teardown(pages, begin, end),
	    cmocka_unit_test_setup_teardown(counts, begin, end),
	    cmocka_unit_test(forms),
	    cmocka_unit_test_setup_teardown(days, begin, end),
	    cmocka_unit_test_setup_teardown(by_hand, begin_empty, end),
	    cmocka_unit_test_setup_teardown(faults, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
