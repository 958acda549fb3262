/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulated Defender, Graph and blob storage over HTTP: paging, filters,
 * export files, expiry, the changes feed, rate limits, the state file.
 */
#include "sim_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/gunzip.h"
#include "base/map.h"

static struct fx fx;

static size_t list_len(const char *path)
{
	assert_int_equal(fx_get(&fx, MST_SIM_API, path), 200);
	return mst_json_len(mst_json_get(fx_json(&fx), "value"));
}

static void machines(void **state)
{
	size_t all = list_len("/api/machines"), seen = 0, n;
	char path[128], id[64];
	struct mst_json first;
	struct mst_json_iter it;

	(void)state;
	assert_int_equal(all, 60);
	assert_true(mst_json_type(mst_json_get(
			fx_json(&fx), "@odata.nextLink")) == MST_JSON_NULL);
	for (;;) {
		snprintf(path, sizeof(path), "/api/machines?$top=25&$skip=%zu",
			 seen);
		n = list_len(path);
		seen += n;
		if (n < 25)
			break;
	}
	assert_int_equal(seen, all);
	assert_int_equal(fx_get(&fx, MST_SIM_API, "/api/machines?$top=10001"),
			 400);
	list_len("/API/MACHINES?$top=1");
	it = mst_json_iter(mst_json_get(fx_json(&fx), "value"));
	assert_true(mst_json_next(&it, NULL, &first));
	snprintf(id, sizeof(id), "%.*s",
		 MST_SLICE_ARG(mst_json_str(mst_json_get(first, "id"))));
	snprintf(path, sizeof(path), "/api/machines/%s", id);
	assert_int_equal(fx_get(&fx, MST_SIM_API, path), 200);
	assert_true(mst_json_is_str(mst_json_get(fx_json(&fx), "id"), id));
	snprintf(path, sizeof(path), "/api/machines/%s/logonusers", id);
	assert_true(list_len(path) > 0);
	assert_int_equal(fx_get(&fx, MST_SIM_API, "/api/machines/nobody"), 404);
	assert_true(mst_json_is_str(
	    mst_json_get(mst_json_get(fx_json(&fx), "error"), "code"),
	    "ResourceNotFound"));
}

static void next_links(void **state)
{
	struct mst_slice link;
	char url[1024];
	size_t n;

	(void)state;
	fx_control(&fx, "POST", "/_sim/switches",
		   "{\"machines_next_link\":true}");
	n = list_len("/api/machines?$top=40");
	link = mst_json_str(mst_json_get(fx_json(&fx), "@odata.nextLink"));
	assert_true(link.n > 0);
	snprintf(url, sizeof(url), "%.*s", MST_SLICE_ARG(link));
	n += list_len(url);
	assert_int_equal(n, 60);
	assert_null(
	    mst_json_str(mst_json_get(fx_json(&fx), "@odata.nextLink")).p);
	fx_control(&fx, "POST", "/_sim/switches",
		   "{\"machines_next_link\":false}");
}

static void filters(void **state)
{
	size_t active, other, windows;

	(void)state;
	active = list_len("/api/machines?$filter=healthStatus%20eq%20'Active'");
	other = list_len("/api/machines?$filter=healthStatus+ne+'active'");
	assert_int_equal(active + other, 60);
	assert_true(active && other);
	windows =
	    list_len("/api/machines?$filter=startswith(osPlatform,'windows')");
	assert_true(windows > 10 && windows < 60);
	assert_int_equal(
	    list_len("/api/machines?$filter=not%20startswith(osPlatform,"
		     "'windows')") +
		windows,
	    60);
	assert_int_equal(list_len("/api/machines?$filter=id%20eq%20'x'"), 0);
	assert_int_equal(
	    list_len("/api/machines?$filter=lastSeen%20gt%202018-08-01Z"), 60);
	assert_int_equal(
	    list_len("/api/machines?$filter=lastSeen%20gt%202018-08-01Z%20and"
		     "%20(healthStatus%20eq%20'Active'%20or%20id%20eq%20'x')"),
	    active);
	assert_int_equal(fx_get(&fx, MST_SIM_API,
				"/api/machines?$filter=agentVersion%20eq%201"),
			 400);
	assert_int_equal(
	    fx_get(&fx, MST_SIM_API, "/api/machines?$filter=id%20eq"), 400);
	assert_int_equal(
	    list_len("/api/vulnerabilities?$filter=id%20eq%20'CVE-2024-38063'"),
	    1);
}

/* Every row of a paged export, once. */
static uint64_t count_pages(const char *path)
{
	char url[4096];
	uint64_t n = 0;
	unsigned pages = 0;

	snprintf(url, sizeof(url), "%s", path);
	for (;;) {
		struct mst_slice link;

		n += list_len(url);
		link =
		    mst_json_str(mst_json_get(fx_json(&fx), "@odata.nextLink"));
		if (!link.n)
			return n;
		snprintf(url, sizeof(url), "%.*s", MST_SLICE_ARG(link));
		assert_non_null(strstr(url, "pagesize="));
		assert_true(++pages < 1000);
	}
}

static void pages(void **state)
{
	uint64_t all;

	(void)state;
	all = count_pages("/api/machines/SoftwareVulnerabilitiesByMachine");
	assert_true(all > 3000);
	assert_int_equal(
	    count_pages("/api/machines/softwarevulnerabilitiesbymachine?"
			"pageSize=333"),
	    all);
	assert_int_equal(
	    count_pages("/api/machines/SoftwareVulnerabilitiesByMachine?"
			"pageSize=333&$top=5"),
	    5);
	assert_true(count_pages("/api/machines/SoftwareInventoryByMachine?"
				"pageSize=100") > 300);
	assert_true(count_pages("/api/machines/"
				"SoftwareInventoryNoProductCodeByMachine?"
				"pageSize=100") > 20);
	assert_true(count_pages("/api/machines/"
				"HardwareFirmwareInventoryByMachine?"
				"pageSize=7") > 10);
	assert_int_equal(
	    fx_get(&fx, MST_SIM_API,
		   "/api/machines/SoftwareVulnerabilitiesByMachine?"
		   "$skiptoken=bm9wZQ=="),
	    410);
}

static uint64_t read_file(const char *url, struct mst_map *devices,
			  struct mst_arena *a)
{
	struct mst_gunzip *g = mst_gunzip_new();
	struct mst_err err = MST_ERR_INIT;
	struct mst_slice in;
	struct mst_buf out;
	uint64_t lines = 0;
	char chunk[65536];
	size_t n;

	assert_int_equal(fx_get(&fx, MST_SIM_BLOB, url), 200);
	in = mst_buf_slice(&fx.body);
	mst_buf_init(&out, 1u << 28);
	do {
		t_ok(mst_gunzip_step(g, &in, chunk, sizeof(chunk), &n, &err),
		     &err);
		mst_buf_add(&out, chunk, n);
	} while (in.n || n == sizeof(chunk));
	assert_true(mst_gunzip_whole(g));
	for (char *p = out.p; p && *p;) {
		char *end = strchr(p, '\n'), *id;

		assert_non_null(end);
		*end = '\0';
		id = strstr(p, "\"DeviceId\":\"");
		assert_non_null(id);
		assert_null(strstr(p, ":null"));
		id = mst_arena_printf(a, "%.40s", id + 12);
		mst_map_put(devices, mst_slice_str(id), a);
		p = end + 1;
		lines++;
	}
	mst_buf_fini(&out);
	mst_gunzip_free(&g);
	return lines;
}

static char *first_url(char *out, size_t n, size_t which)
{
	struct mst_json_iter it =
	    mst_json_iter(mst_json_get(fx_json(&fx), "exportFiles"));
	struct mst_json v = {0};

	for (size_t i = 0; i <= which; i++)
		if (!mst_json_next(&it, NULL, &v))
			return NULL;
	snprintf(out, n, "%.*s", MST_SLICE_ARG(mst_json_str(v)));
	return out;
}

static void files(void **state)
{
	uint64_t all =
	    count_pages("/api/machines/SoftwareVulnerabilitiesByMachine");
	struct mst_map devices = {0};
	char token[sizeof(fx.token)], url[1024];
	uint64_t lines = 0;
	struct mst_arena a;

	(void)state;
	mst_arena_init(&a, 1u << 24);
	memcpy(token, fx.token, sizeof(token));
	for (size_t i = 0;; i++) {
		memcpy(fx.token, token, sizeof(token));
		assert_int_equal(
		    fx_get(&fx, MST_SIM_API,
			   "/api/machines/SoftwareVulnerabilitiesExport?"
			   "sasValidHours=2"),
		    200);
		if (!first_url(url, sizeof(url), i))
			break;
		assert_non_null(strstr(url, "/_RbacGroupId="));
		assert_int_equal(fx_get(&fx, MST_SIM_BLOB, url), 400);
		fx.token[0] = '\0'; /* a token must not come here */
		lines += read_file(url, &devices, &a);
	}
	memcpy(fx.token, token, sizeof(token));
	assert_int_equal(lines, all);
	assert_true(devices.n > 40);
	mst_map_fini(&devices);
	mst_arena_fini(&a);
}

static void sas(void **state)
{
	char token[sizeof(fx.token)], url[1024];
	char *sig;

	(void)state;
	assert_int_equal(fx_get(&fx, MST_SIM_API,
				"/api/machines/SoftwareInventoryExport?"
				"sasValidHours=7"),
			 400);
	assert_int_equal(
	    fx_get(&fx, MST_SIM_API, "/api/machines/SoftwareInventoryExport"),
	    200);
	first_url(url, sizeof(url), 0);
	memcpy(token, fx.token, sizeof(token));
	fx.token[0] = '\0';
	assert_int_equal(fx_get(&fx, MST_SIM_BLOB, url), 200);
	fx_control(&fx, "POST", "/_sim/time", "{\"advance_s\":3601}");
	assert_int_equal(fx_get(&fx, MST_SIM_BLOB, url), 403);
	assert_non_null(strstr(fx.body.p, "<Code>AuthenticationFailed</Code>"));
	assert_non_null(strstr(fx_header(&fx, "Content-Type"), "xml"));
	fx_control(&fx, "POST", "/_sim/time", "{\"advance_s\":-3601}");
	assert_int_equal(fx_get(&fx, MST_SIM_BLOB, url), 200);
	/* a new snapshot has other files */
	fx_control(&fx, "POST", "/_sim/estate", "{\"change_percent\":1}");
	assert_int_equal(fx_get(&fx, MST_SIM_BLOB, url), 404);
	sig = strstr(url, "sig=");
	sig[4] = sig[4] == 'a' ? 'b' : 'a';
	assert_int_equal(fx_get(&fx, MST_SIM_BLOB, url), 403);
	memcpy(fx.token, token, sizeof(token));
}

static void changes(void **state)
{
	static const char path[] =
	    "/api/machines/SoftwareVulnerabilityChangesByMachine";
	struct mst_json_iter it;
	struct mst_json v;
	size_t fresh = 0, fixed = 0, all;

	(void)state;
	assert_int_equal(fx_get(&fx, MST_SIM_API, path), 400);
	fx_control(&fx, "POST", "/_sim/day", "{\"day\":1}");
	all = list_len("/api/machines/SoftwareVulnerabilityChangesByMachine?"
		       "sinceTime=2026-11-10T00:00:00Z");
	it = mst_json_iter(mst_json_get(fx_json(&fx), "value"));
	while (mst_json_next(&it, NULL, &v)) {
		struct mst_json s = mst_json_get(v, "status");

		fresh += mst_json_is_str(s, "New");
		fixed += mst_json_is_str(s, "Fixed");
	}
	assert_true(fresh > 10 && fixed > 10);
	assert_true(fresh + fixed <= all);
	assert_int_equal(count_pages("/api/machines/"
				     "SoftwareVulnerabilityChangesByMachine?"
				     "sinceTime=2026-11-10&pageSize=50"),
			 all);
	assert_int_equal(
	    list_len("/api/machines/SoftwareVulnerabilityChangesByMachine?"
		     "sinceTime=2026-11-10T13:00:00Z"),
	    0);
	assert_int_equal(fx_get(&fx, MST_SIM_API,
				"/api/machines/"
				"SoftwareVulnerabilityChangesByMachine?"
				"sinceTime=2026-10-01"),
			 400);
}

static void graph(void **state)
{
	char token[sizeof(fx.token)], url[2048];
	size_t n = 0, empty = 0, requests = 0;

	(void)state;
	memcpy(token, fx.token, sizeof(token));
	assert_int_equal(fx_token(&fx, FX_GRAPH, MST_SIM_SECRET), 200);
	snprintf(url, sizeof(url),
		 "/v1.0/devices?$select=deviceId,manufacturer&$top=5");
	for (;;) {
		struct mst_slice link;
		size_t got;

		assert_int_equal(fx_get(&fx, MST_SIM_GRAPH, url), 200);
		got = mst_json_len(mst_json_get(fx_json(&fx), "value"));
		n += got;
		empty += !got;
		link =
		    mst_json_str(mst_json_get(fx_json(&fx), "@odata.nextLink"));
		if (!link.n)
			break;
		snprintf(url, sizeof(url), "%.*s", MST_SLICE_ARG(link));
		assert_true(++requests < 100);
	}
	assert_true(n > 25 && empty > 0);
	assert_int_equal(fx_get(&fx, MST_SIM_GRAPH, "/v1.0/devices?$top=1000"),
			 400);
	assert_int_equal(fx_get(&fx, MST_SIM_GRAPH, "/v1.0/users"), 404);
	assert_string_equal(fx_header(&fx, "x-ms-throttle-limit-percentage"),
			    "");
	fx_control(&fx, "POST", "/_sim/switches", "{\"throttle_share\":0.9}");
	assert_int_equal(fx_get(&fx, MST_SIM_GRAPH, "/v1.0/devices"), 200);
	assert_string_equal(fx_header(&fx, "x-ms-throttle-limit-percentage"),
			    "0.90");
	fx_control(&fx, "POST", "/_sim/switches", "{\"throttle_share\":0}");
	memcpy(fx.token, token, sizeof(token));
}

static void limits(void **state)
{
	unsigned ok = 0;

	(void)state;
	fx_control(&fx, "POST", "/_sim/switches", "{\"rate_limits\":true}");
	while (fx_get(&fx, MST_SIM_API,
		      "/api/machines/SoftwareInventoryExport") == 200)
		assert_true(++ok < 10);
	assert_int_equal(ok, 5);
	assert_int_equal(fx.status, 429);
	assert_in_range(atoi(fx_header(&fx, "Retry-After")), 1, 61);
	assert_non_null(strstr(fx.body.p, "TooManyRequests"));
	fx_control(&fx, "POST", "/_sim/time", "{\"advance_s\":61}");
	assert_int_equal(
	    fx_get(&fx, MST_SIM_API, "/api/machines/SoftwareInventoryExport"),
	    200);
	fx_control(&fx, "POST", "/_sim/time", "{\"advance_s\":-61}");
	fx_control(&fx, "POST", "/_sim/switches", "{\"rate_limits\":false}");
}

static void state_file(void **state)
{
	struct mst_sim_conf conf = {.devices = 20,
				    .state_file = t_path("sim-state.json")};
	struct fx one;
	char before[512];
	struct mst_buf expected;

	(void)state;
	mst_buf_init(&expected, 1u << 28);
	fx_start(&one, &conf);
	fx_control(&one, "POST", "/_sim/synced", NULL);
	fx_control(&one, "POST", "/_sim/day", "{\"day\":2}");
	fx_control(&one, "POST", "/_sim/estate", "{\"change_percent\":3}");
	fx_control(&one, "POST", "/_sim/synced", NULL);
	fx_control(&one, "POST", "/_sim/time", "{\"advance_s\":0}");
	fx_control(&one, "GET", "/_sim/estate", NULL);
	snprintf(before, sizeof(before), "%.*s",
		 (int)(strstr(one.body.p, "\"now\"") - one.body.p), one.body.p);
	assert_int_equal(mst_sim_control(one.sim, "GET", "/_sim/expected",
					 mst_slice(NULL, 0), &expected),
			 200);
	fx_stop(&one);
	conf.devices = 0; /* the file says it */
	fx_start(&one, &conf);
	fx_control(&one, "GET", "/_sim/estate", NULL);
	assert_memory_equal(before, one.body.p, strlen(before));
	mst_buf_reset(&one.body);
	mst_sim_control(one.sim, "GET", "/_sim/expected", mst_slice(NULL, 0),
			&one.body);
	assert_int_equal(one.body.n, expected.n);
	assert_memory_equal(one.body.p, expected.p, expected.n);
	fx_stop(&one);
	mst_buf_fini(&expected);
}

static int setup(void **state)
{
	struct mst_sim_conf conf = {.devices = 60, .cve_rows = 4000};

	(void)state;
	fx_start(&fx, &conf);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fx_stop(&fx);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(machines), cmocka_unit_test(next_links),
	    cmocka_unit_test(filters),	cmocka_unit_test(pages),
	    cmocka_unit_test(files),	cmocka_unit_test(sas),
	    cmocka_unit_test(graph),	cmocka_unit_test(limits),
	    cmocka_unit_test(changes),	cmocka_unit_test(state_file),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
