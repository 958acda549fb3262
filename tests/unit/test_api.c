/* SPDX-License-Identifier: Apache-2.0
 *
 * The API asked without a socket: every resource that needs the state store
 * alone.
 */
#include "tests/lib/t.h"

#include "api/api.h"

static struct mst_api *api;
static const struct mst_who *who;

static const struct mst_who administrator = {
    .user = "ann",
    .actor = "ann",
    .role = MST_ROLE_ADMINISTRATOR,
    .may = MST_MAY_READ | MST_MAY_OPERATE | MST_MAY_CONFIGURE |
	   MST_MAY_ADMINISTER | MST_MAY_AUDIT,
};

static int open_api(void **state)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_api_conf conf = {
	    .state_dir = t_path("state"), .node = "n1", .anybody = who};

	(void)t_log_watch(state);
	t_ok(mst_api_open_none(&conf, &api, &err), &err);
	return 0;
}

static int close_api(void **state)
{
	mst_api_close(&api, 0);
	return t_log_check(state);
}

static void get(const char *uri, int status, struct mst_http_said *s)
{
	struct mst_http_direct q = {.method = "GET", .uri = uri};

	mst_http_ask(mst_api_http(api), &q, s);
	if (s->status != status)
		fail_msg("%s: %d: %s", uri, s->status,
			 s->body.p ? s->body.p : "");
}

static void has(const char *uri, int status, const char *part)
{
	struct mst_http_said s;

	get(uri, status, &s);
	if (!strstr(s.body.p ? s.body.p : "", part))
		fail_msg("%s: no %s in %s", uri, part, s.body.p);
	mst_http_said_fini(&s);
}

static void root_and_health(void **state)
{
	(void)state;
	has("/api/v1", 200, "\"node\":\"n1\"");
	has("/api/v1/", 200, "\"sign_in\":[\"password\"");
	has("/healthz", 200, "alive");
	has("/readyz", 200, "ready");
	has("/api/v1/nothing", 404, "urn:muster:error:not_found");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(root_and_health, open_api,
					    close_api),
	};

	who = &administrator;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
