/* SPDX-License-Identifier: Apache-2.0
 *
 * The set-up checks of the source against answers, without a network: which
 * requests they make, in which order they are told, and what each says.
 */
#include "cloudapps_drive.h"
#include "source_checks.h"

#include "base/time.h"

#define BASE                                                                   \
	"https://graph.microsoft.com/beta/security/dataDiscovery/"             \
	"cloudAppDiscovery/uploadedStreams"
#define USERS "allow_user_synchronization: yes\n"

static const char *usual(const char *url)
{
	if (strstr(url, "openid-configuration"))
		return "{\"tenant_region_scope\":\"EU\","
		       "\"cloud_instance_name\":\"microsoftonline.com\"}";
	if (strstr(url, "appInfo"))
		return "{\"value\":{\"vendor\":\"V\"}}";
	if (strstr(url, "/users"))
		return "{\"value\":[{\"userIdentifier\":\"a@b\"}]}";
	if (strstr(url, "aggregatedApps"))
		return "{\"value\":[{\"id\":7,\"displayName\":\"x\"}]}";
	return "{\"value\":[{\"id\":\"s1\",\"displayName\":\"Proxy\"},"
	       "{\"id\":\"s2\",\"displayName\":\"Endpoint\"}]}";
}

static void look(const char *options, const char *jobs, const struct say *says,
		 size_t says_n, const struct mst_check_gone *gone,
		 size_t gone_n)
{
	look_of(OPS, options, jobs, usual, says, says_n, gone, gone_n);
}

#define LOOK(options, ...)                                                     \
	look(options, "main", (const struct say[]){__VA_ARGS__},               \
	     MST_LEN(((const struct say[]){__VA_ARGS__})), NULL, 0)

/* ---- requests and order -------------------------------------------------- */

static void requests(void **state MST_UNUSED)
{
	look(USERS, "main", NULL, 0, NULL, 0);
	assert_string_equal(
	    told.asked,
	    "https://login.microsoftonline.com/contoso.example/v2.0/"
	    ".well-known/openid-configuration - -\n" BASE
	    " graph - Accept: application/json\n" BASE
	    "/s1/aggregatedAppsDetails(period=duration'P30D')?$top=1 graph - "
	    "Accept: application/json\n" BASE
	    "/s1/aggregatedAppsDetails(period=duration'P30D')/7/appInfo graph "
	    "- Accept: application/json\n" BASE
	    "/s1/aggregatedAppsDetails(period=duration'P30D')/7/users graph - "
	    "Accept: application/json\n");
	/* nobody needs users and attributes */
	look("app_info: no\n", "main", NULL, 0, NULL, 0);
	assert_null(strstr(told.asked, "appInfo"));
	assert_null(strstr(told.asked, "/users"));
	assert_null(check_of("feed:app_info"));
	assert_null(check_of("feed:app_users"));
	assert_null(check_of("anonymised"));
}

static void order(void **state MST_UNUSED)
{
	static const char *const names[] = {
	    "cloud",	  "read_only:graph", "feed:streams",
	    "feed:apps",  "feed:app_info",   "feed:app_users",
	    "anonymised", "clock",	     "rate_limits"};

	look(USERS, "main", NULL, 0, NULL, 0);
	assert_int_equal(told.found_n, MST_LEN(names));
	for (size_t i = 0; i < MST_LEN(names); i++) {
		assert_string_equal(told.found[i].name, names[i]);
		assert_int_equal(told.found[i].c.level, MST_CHECK_OK);
	}
	shows("feed:streams", MST_CHECK_OK,
	      "2 of 2 streams are read: Proxy, Endpoint", "");
	shows("rate_limits", MST_CHECK_OK, "none are documented", "");
}

static void skips(void **state MST_UNUSED)
{
	const struct mst_check_gone login = {"login:graph", "log-in graph"};
	const struct mst_check_gone all[] = {{"reach:login", "reach login"},
					     {"reach:graph", "reach graph"}};

	look(USERS, "main", NULL, 0, &login, 1);
	shows("cloud", MST_CHECK_OK, "commercial", "");
	shows("feed:apps", MST_CHECK_SKIPPED, "'log-in graph'", "");
	shows("anonymised", MST_CHECK_SKIPPED, "'log-in graph'", "");
	shows("clock", MST_CHECK_OK, "same time", "");
	assert_null(strstr(told.asked, "graph.microsoft"));
	look(USERS, "main", NULL, 0, all, 2);
	assert_string_equal(told.asked, "");
	for (size_t i = 0; i < told.found_n; i++)
		assert_true(told.found[i].c.level == MST_CHECK_SKIPPED ||
			    strcmp(told.found[i].name, "read_only:graph") == 0);
}

/* ---- streams ------------------------------------------------------------- */

static void streams(void **state MST_UNUSED)
{
	LOOK("streams: [endp*]\n", {"nothing", 200});
	shows("feed:streams", MST_CHECK_OK, "1 of 2 streams", "");
	assert_non_null(strstr(told.asked, "/s2/aggregated"));
	LOOK("streams: [other]\n", {"nothing", 200});
	shows("feed:streams", MST_CHECK_FAILED,
	      "fits the setting streams; there are Proxy, Endpoint",
	      "change the setting");
	shows("feed:apps", MST_CHECK_SKIPPED, "'streams'", "");
	LOOK("", {"uploadedStreams", 200, "{\"value\":[]}"});
	shows("feed:streams", MST_CHECK_WARNING, "shows no stream",
	      "set up Cloud Discovery");
	shows("feed:apps", MST_CHECK_SKIPPED, "'streams'", "");
	LOOK("", {"uploadedStreams", 403, "{\"error\":{\"code\":\"X\"}}"});
	shows("feed:streams", MST_CHECK_FAILED,
	      "uploadedStreams refuses (403 X)", "CloudApp-Discovery.Read.All");
	shows("feed:app_info", MST_CHECK_SKIPPED, "'streams'", "");
	LOOK("", {"uploadedStreams", 429});
	shows("feed:streams", MST_CHECK_WARNING, "no more requests", "wait");
	LOOK("", {"uploadedStreams", 200, "{\"value\":7}"});
	shows("feed:streams", MST_CHECK_FAILED, "without the list 'value'",
	      "check graph_url");
	/* no job takes it yet */
	look("", NULL, (const struct say[]){{"uploadedStreams", 403, ""}}, 1,
	     NULL, 0);
	shows("feed:streams", MST_CHECK_NOTE, "refuses", "grant");
}

static void anonymised(void **state MST_UNUSED)
{
	LOOK(USERS, {"aggregated", 200, "{\"value\":[{\"id\":\"7\"}]}"},
	     {"uploadedStreams", 200,
	      "{\"value\":[{\"id\":\"a\",\"displayName\":\"Hidden\","
	      "\"anonymizeUserData\":1},{\"id\":\"b\",\"displayName\":"
	      "\"Open\"}]}"});
	shows("anonymised", MST_CHECK_WARNING,
	      "1 of 2 streams hide who people are: Hidden", "anonymisation");
	LOOK(USERS "streams: [open]\n",
	     {"aggregated", 200, "{\"value\":[{\"id\":\"7\"}]}"},
	     {"uploadedStreams", 200,
	      "{\"value\":[{\"id\":\"a\",\"displayName\":\"Hidden\","
	      "\"anonymizeUserData\":true},{\"id\":\"b\",\"displayName\":"
	      "\"Open\"}]}"});
	shows("anonymised", MST_CHECK_OK, "no stream that is read", "");
}

/* ---- apps and what hangs on them ----------------------------------------- */

static void other_names(void **state MST_UNUSED)
{
	LOOK(USERS, {"beta/security", 404, ""}, {"/aggregatedApps", 400, ""});
	shows("feed:streams", MST_CHECK_OK, "2 of 2", "");
	shows("feed:apps", MST_CHECK_OK, "answers", "");
	shows("feed:app_users", MST_CHECK_OK, "answers", "");
	assert_non_null(strstr(told.asked,
			       "/beta/dataDiscovery/cloudAppDiscovery/"
			       "uploadedStreams/s1/microsoft.graph.security."
			       "aggregatedAppsDetails"));
	LOOK("", {"aggregatedApps", 404, ""});
	shows("feed:apps", MST_CHECK_FAILED, "is not found (404)",
	      "check the option cloud");
	shows("feed:app_info", MST_CHECK_SKIPPED, "'apps'", "");
}

static void apps(void **state MST_UNUSED)
{
	LOOK(USERS, {"aggregatedApps", 200, "{\"value\":[]}"});
	shows("feed:apps", MST_CHECK_OK, "with nothing in it yet", "");
	shows("feed:app_info", MST_CHECK_NOTE, "shows no app", "");
	shows("feed:app_users", MST_CHECK_NOTE, "shows no app", "");
	/* a run does without */
	LOOK(USERS, {"appInfo", 403, ""}, {"/users", 500, ""});
	shows("feed:app_info", MST_CHECK_WARNING, "refuses", "grant");
	shows("feed:app_users", MST_CHECK_FAILED, "answers 500",
	      "service health");
	LOOK("", {"appInfo", 200, "{\"error\":{\"code\":\"X\"}}"});
	shows("feed:app_info", MST_CHECK_WARNING, "an error with status 200",
	      "test again");
}

static void tenant(void **state MST_UNUSED)
{
	LOOK("cloud: gcc-high\n", {"nothing", 200});
	shows("cloud", MST_CHECK_WARNING, "the tenant is of the cloud",
	      "set cloud: commercial");
	LOOK("graph_url: https://graph.microsoft.us\n", {"nothing", 200});
	shows("cloud", MST_CHECK_WARNING, "graph_url leads to the cloud",
	      "set cloud: gcc-high");
	LOOK("", {"microsoft", 200, .skew_us = 6 * MIN});
	shows("clock", MST_CHECK_FAILED, "6 min 0 s ahead", "time service");
}

static int set_up(void **state MST_UNUSED)
{
	mst_clock_set(checks_now, NULL);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(requests),	  cmocka_unit_test(order),
	    cmocka_unit_test(skips),	  cmocka_unit_test(streams),
	    cmocka_unit_test(anonymised), cmocka_unit_test(other_names),
	    cmocka_unit_test(apps),	  cmocka_unit_test(tenant),
	};

	return cmocka_run_group_tests_name("cloudapps-checks", tests, set_up,
					   NULL);
}
