/* SPDX-License-Identifier: Apache-2.0
 *
 * The set-up checks of the source against answers, without a network: which
 * requests they make, in which order they are told, and what each says.
 */
#include "endpoint_drive.h"
#include "source_checks.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"

static const char *usual(const char *url)
{
	if (strstr(url, "openid-configuration"))
		return "{\"tenant_region_scope\":\"EU\","
		       "\"cloud_instance_name\":\"microsoftonline.com\"}";
	if (strstr(url, "Export"))
		return "{\"exportFiles\":[\"https://a.blob.core.windows.net/"
		       "x?sig=fake-signature\"],\"generatedTime\":"
		       "\"2026-11-18T06:00:00Z\"}";
	return strstr(url, "blob") ? "x" : "{\"value\":[{\"id\":\"1\"}]}";
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

static void requests(void **state)
{
	(void)state;
	look("hardware: yes\n", "main", NULL, 0, NULL, 0);
	assert_string_equal(
	    told.asked,
	    "https://login.microsoftonline.com/contoso.example/v2.0/"
	    ".well-known/openid-configuration - -\n"
	    "https://api.security.microsoft.com/api/machines?$top=1 defender "
	    "machines Accept: application/json\n"
	    "https://graph.microsoft.com/v1.0/devices?$select=id&$top=1 graph "
	    "- Accept: application/json\n"
	    "https://api.security.microsoft.com/api/machines/"
	    "SoftwareInventoryByMachine?pageSize=1 defender assessments "
	    "Accept: application/json\n"
	    "https://api.security.microsoft.com/api/machines/"
	    "SoftwareInventoryNoProductCodeByMachine?pageSize=1 defender "
	    "assessments Accept: application/json\n"
	    "https://api.security.microsoft.com/api/machines/"
	    "SoftwareVulnerabilitiesByMachine?pageSize=1 defender assessments "
	    "Accept: application/json\n"
	    "https://api.security.microsoft.com/api/vulnerabilities?$top=1 "
	    "defender vulnerabilities Accept: application/json\n"
	    "https://api.security.microsoft.com/api/machines/"
	    "HardwareFirmwareInventoryByMachine?pageSize=1 defender "
	    "assessments Accept: application/json\n"
	    "https://api.security.microsoft.com/api/machines/"
	    "SoftwareInventoryExport?sasValidHours=1 defender exports "
	    "Accept: application/json\n"
	    "https://a.blob.core.windows.net/x?sig=fake-signature - - "
	    "x-ms-range: bytes=0-0\n");
	/* nobody needs Graph, files, hardware */
	look("enrich: no\nread_method: json\n", "main", NULL, 0, NULL, 0);
	assert_null(strstr(told.asked, "graph"));
	assert_null(strstr(told.asked, "Export"));
	assert_null(check_of("storage"));
	assert_null(check_of("read_only:graph"));
	assert_null(check_of("feed:entra_devices"));
	assert_null(check_of("feed:hardware"));
}

static void order(void **state)
{
	static const char *const names[] = {"cloud",
					    "read_only:defender",
					    "read_only:graph",
					    "feed:machines",
					    "feed:entra_devices",
					    "feed:software",
					    "feed:software_non_cpe",
					    "feed:device_vulnerabilities",
					    "feed:vulnerabilities",
					    "storage",
					    "clock",
					    "rate_limits"};

	(void)state;
	look("", "main", NULL, 0, NULL, 0);
	assert_int_equal(told.found_n, MST_LEN(names));
	for (size_t i = 0; i < MST_LEN(names); i++)
		assert_string_equal(told.found[i].name, names[i]);
}

static void skips(void **state)
{
	const struct mst_check_gone login = {"login:defender",
					     "log-in defender"};
	const struct mst_check_gone ways[] = {{"reach:login", "reach login"},
					      {"login:defender", "log-in d"},
					      {"login:graph", "log-in g"}};
	const struct mst_check_gone graph = {"reach:graph", "reach graph"};

	(void)state;
	look("", "main", NULL, 0, &login, 1);
	shows("feed:machines", MST_CHECK_SKIPPED, "'log-in defender'", "");
	shows("storage", MST_CHECK_SKIPPED, "'log-in defender'", "");
	shows("read_only:defender", MST_CHECK_SKIPPED, "'log-in defender'", "");
	shows("feed:entra_devices", MST_CHECK_OK, "answers", "");
	shows("cloud", MST_CHECK_OK, "commercial, tenant in region EU", "");
	shows("clock", MST_CHECK_OK, "same time", "");
	assert_null(strstr(told.asked, "api.security"));
	look("", "main", NULL, 0, ways, 3);
	assert_string_equal(told.asked, "");
	for (size_t i = 0; i < told.found_n; i++)
		assert_int_equal(told.found[i].c.level, MST_CHECK_SKIPPED);
	look("", "main", NULL, 0, &graph, 1);
	shows("feed:entra_devices", MST_CHECK_SKIPPED, "'reach graph'", "");
	shows("read_only:graph", MST_CHECK_OK, "no permission", "");
	shows("feed:machines", MST_CHECK_OK, "answers", "");
}

/* ---- lists --------------------------------------------------------------- */

static void lists(void **state)
{
	static const struct {
		struct say say;
		enum mst_check_level level;
		const char *text, *remedy;
	} rows[] = {
	    {{"top=1", 200, "{\"value\":[]}"},
	     MST_CHECK_WARNING,
	     "shows no device",
	     "onboard devices"},
	    {{"top=1", 200, "{\"value\":[3]}"},
	     MST_CHECK_FAILED,
	     "without the list",
	     "is it Microsoft"},
	    {{"top=1", 200, "[]"}, MST_CHECK_FAILED, "without the list", "is"},
	    {{"top=1", 200, "{\"error\":{\"code\":\"X\"}}"},
	     MST_CHECK_FAILED,
	     "an error with status 200",
	     "service health"},
	    {{"top=1", 200, "{\"value\":[{\"id\""},
	     MST_CHECK_FAILED,
	     "no JSON, or cut",
	     "test again"},
	    {{"top=1", 200, "{}", "text/html; charset=utf-8"},
	     MST_CHECK_FAILED,
	     "a web page",
	     "proxy"},
	    {{"top=1", 200, "\n <!doctype html>"},
	     MST_CHECK_FAILED,
	     "a web page",
	     "proxy"},
	    {{"top=1", 200, ""}, MST_CHECK_FAILED, "an empty body", "proxy"},
	    {{"top=1", 202, "{}"},
	     MST_CHECK_FAILED,
	     "answers 202",
	     "is it Microsoft"},
	    {{"top=1", 302, ""}, MST_CHECK_FAILED, "answers 302", "cloud"},
	    {{"top=1", 401,
	      "{\"error\":{\"code\":\"Unauthorized\",\"message\":\"Account "
	      "mode is inactive\"}}"},
	     MST_CHECK_FAILED,
	     "not active in this tenant",
	     "activate it"},
	    {{"top=1", 401, "{}"},
	     MST_CHECK_FAILED,
	     "/api/machines refuses (401)",
	     "'Machine.Read.All' of WindowsDefenderATP"},
	    {{"top=1", 403, "{\"error\":{\"code\":\"DisabledFeature\"}}"},
	     MST_CHECK_FAILED,
	     "licence does not include it",
	     "'devices'"},
	    {{"top=1", 404, "{\"error\":{\"code\":\"NotFound\"}}"},
	     MST_CHECK_FAILED,
	     "never used in this tenant",
	     "onboard a device"},
	    {{"top=1", 429, "{}"},
	     MST_CHECK_WARNING,
	     "takes no more requests (429)",
	     "the tenant's"},
	    {{"top=1", 500,
	      "{\"error\":{\"code\":\"Internal\\u0007\",\"message\":\"a\\nb"
	      "\"}}"},
	     MST_CHECK_FAILED,
	     "answers 500 Internal : 'a b'",
	     "service health"},
	    {{"top=1", 0}, MST_CHECK_FAILED, "no answer", "firewall"},
	};

	(void)state;
	for (size_t i = 0; i < MST_LEN(rows); i++) {
		struct say say = rows[i].say;

		say.part = "/api/machines?$top=1";
		look("", "main", &say, 1, NULL, 0);
		shows("feed:machines", rows[i].level, rows[i].text,
		      rows[i].remedy);
		shows("feed:vulnerabilities", MST_CHECK_OK, "answers", "");
		/* nobody takes it yet: nothing fails */
		look("", NULL, &say, 1, NULL, 0);
		shows("feed:machines", MST_CHECK_NOTE, rows[i].text,
		      rows[i].remedy);
		/* what only enriches, neither */
		say.part = "/v1.0/devices";
		look("", "main", &say, 1, NULL, 0);
		assert_true(check_of("feed:entra_devices")->level !=
			    MST_CHECK_FAILED);
	}
	LOOK("", {"ByMachine", 200, "{\"value\":[]}"});
	shows("feed:software", MST_CHECK_OK, "with nothing in it yet", "");
}

/* ---- storage ------------------------------------------------------------- */

static void storage(void **state)
{
	(void)state;
	LOOK("",
	     {"Export", 200, "{\"exportFiles\":[\"https://evil.example/x\"]}"});
	shows("storage", MST_CHECK_FAILED,
	      "leads to 'evil.example', which is no storage", "proxy");
	assert_null(strstr(told.asked, "evil"));
	LOOK("", {"Export", 200, "{\"exportFiles\":[\"ftp://x\"]}"});
	shows("storage", MST_CHECK_FAILED, "no storage", "nothing is fetched");
	LOOK("", {"Export", 200, "{\"exportFiles\":[]}"});
	shows("storage", MST_CHECK_OK, "the export of software is empty", "");
	LOOK("", {"Export", 200, "{\"exportFiles\":7}"});
	shows("storage", MST_CHECK_FAILED, "no list of files", "json");
	LOOK("", {"Export", 429, "{}"});
	shows("storage", MST_CHECK_NOTE, "for now (429)", "");
	LOOK("", {"Export", 404, "{}"});
	shows("storage", MST_CHECK_NOTE, "pages are read instead", "");
	LOOK("read_method: files\n", {"Export", 404, "{}"});
	shows("storage", MST_CHECK_FAILED, "is refused (404)", "json");
	LOOK("", {"Export", 0});
	shows("storage", MST_CHECK_FAILED, "no answer", "json");
	LOOK("", {"blob", 0});
	shows("storage", MST_CHECK_FAILED, "no answer",
	      "*.blob.core.windows.net port 443");
	LOOK("", {"blob", 403, "<Error/>"});
	shows("storage", MST_CHECK_FAILED,
	      "a.blob.core.windows.net refuses the file", "clock");
	LOOK("", {"blob", 206, "x"});
	shows("storage", MST_CHECK_OK,
	      "a.blob.core.windows.net gives the files (software: 1, made "
	      "2026-11-18T06:00:00Z)",
	      "");
	for (size_t i = 0; i < told.found_n; i++)
		assert_null(strstr(told.found[i].c.text, "fake-signature"));
}

/* ---- cloud --------------------------------------------------------------- */

#define TENANT(instance, sub)                                                  \
	{                                                                      \
		"openid", 200,                                                 \
		    "{\"cloud_instance_name\":\"" instance                     \
		    "\",\"tenant_region_sub_scope\":\"" sub "\"}"              \
	}

static void clouds(void **state)
{
	(void)state;
	LOOK("", TENANT("microsoftonline.us", "DODCON"));
	shows("cloud", MST_CHECK_WARNING, "of the cloud gcc-high",
	      "set cloud: gcc-high");
	LOOK("cloud: gcc-high\n", TENANT("microsoftonline.us", "DODCON"));
	shows("cloud", MST_CHECK_OK, "gcc-high", "");
	assert_non_null(
	    strstr(told.asked, "https://login.microsoftonline.us/"));
	assert_non_null(strstr(told.asked, "https://graph.microsoft.us/"));
	assert_non_null(strstr(told.asked, "https://api-gov."));
	LOOK("cloud: gcc-high\n", TENANT("microsoftonline.us", "DOD"));
	shows("cloud", MST_CHECK_WARNING, "of the cloud dod", "cloud: dod");
	LOOK("cloud: dod\n", TENANT("microsoftonline.us", "DOD"));
	shows("cloud", MST_CHECK_OK, "dod", "");
	/* the sub-scope alone tells one from the other */
	LOOK("cloud: dod\n", TENANT("microsoftonline.us", ""));
	shows("cloud", MST_CHECK_OK, "dod", "");
	LOOK("cloud: gcc-high\n", TENANT("microsoftonline.us", ""));
	shows("cloud", MST_CHECK_OK, "gcc-high", "");
	LOOK("cloud: gcc\n", TENANT("microsoftonline.com", "GCC"));
	shows("cloud", MST_CHECK_OK, "gcc", "");
	LOOK("cloud: gcc\n", TENANT("microsoftonline.com", ""));
	shows("cloud", MST_CHECK_WARNING, "of the cloud commercial",
	      "set cloud: commercial");
	LOOK("cloud: eu\n", TENANT("microsoftonline.com", ""));
	shows("cloud", MST_CHECK_OK, "eu", "");
	LOOK("", TENANT("partner.microsoftonline.cn", ""));
	shows("cloud", MST_CHECK_WARNING, "China (21Vianet)", "own");
	LOOK("", {"openid", 400, "{}"});
	shows("cloud", MST_CHECK_WARNING, "does not know the tenant 'contoso",
	      "login.microsoftonline.us");
	LOOK("", {"openid", 503, ""});
	shows("cloud", MST_CHECK_WARNING, "cannot be told", "make sure");
	LOOK("", {"openid", 200, "[]"});
	shows("cloud", MST_CHECK_OK, "commercial", "");
}

/* Addresses by hand that are another cloud's. */
static void mixed_clouds(void **state)
{
	(void)state;
	LOOK("api_url: https://api-gov.securitycenter.microsoft.us\n",
	     TENANT("microsoftonline.com", ""));
	shows("cloud", MST_CHECK_WARNING,
	      "api_url leads to the cloud gcc-high, the option cloud says "
	      "commercial",
	      "leave api_url out");
	LOOK("login_url: https://login.microsoftonline.us\n",
	     TENANT("microsoftonline.com", ""));
	shows("cloud", MST_CHECK_WARNING, "login_url leads to", "gcc-high");
	LOOK("graph_url: https://dod-graph.microsoft.us\n",
	     TENANT("microsoftonline.com", ""));
	shows("cloud", MST_CHECK_WARNING, "graph_url leads to the cloud dod",
	      "cloud: dod");
	/* a region of the same cloud is no other */
	LOOK("api_url: https://eu.api.security.microsoft.com\n",
	     TENANT("microsoftonline.com", ""));
	shows("cloud", MST_CHECK_OK, "some addresses are set by hand", "");
}

/* ---- clock and limits ---------------------------------------------------- */

static void clocks(void **state)
{
	static const struct {
		int64_t skew_us;
		enum mst_check_level level;
		const char *text;
	} rows[] = {
	    {0, MST_CHECK_OK, "same time"},
	    {MIN - 1, MST_CHECK_OK, "same time"},
	    {1 - MIN, MST_CHECK_OK, "same time"},
	    {MIN, MST_CHECK_WARNING, "1 min 0 s ahead of Microsoft's"},
	    {-90 * MIN / 60, MST_CHECK_WARNING, "1 min 30 s behind"},
	    {5 * MIN, MST_CHECK_WARNING, "5 min 0 s ahead"},
	    {5 * MIN + 1000000, MST_CHECK_FAILED, "5 min 1 s ahead"},
	    {-130 * MIN, MST_CHECK_FAILED, "130 min 0 s behind"},
	};

	(void)state;
	for (size_t i = 0; i < MST_LEN(rows); i++) {
		struct say all[] = {
		    {"openid", 200, .skew_us = rows[i].skew_us},
		    {"", 200, .skew_us = rows[i].skew_us * 2},
		};

		look("", "main", all, 2, NULL, 0);
		shows("clock", rows[i].level, rows[i].text,
		      rows[i].level == MST_CHECK_OK ? "" : "timedatectl");
	}
	LOOK("", {"", 200, .no_date = true});
	shows("clock", MST_CHECK_WARNING, "no answer says what time",
	      "clock is right");
	LOOK("", {"", 0});
	shows("clock", MST_CHECK_WARNING, "no answer says what time", "clock");
}

static void limits(void **state)
{
	(void)state;
	LOOK("", {"devices", 200, .share = 0.8});
	shows("rate_limits", MST_CHECK_WARNING,
	      "Microsoft Graph says that 80 %", "another time");
	LOOK("", {"vulnerabilities", 429, .share = 1.2});
	shows("rate_limits", MST_CHECK_WARNING,
	      "the Defender API says that 120 %", "own");
	LOOK("", {"devices", 200, .share = 0.5});
	shows("rate_limits", MST_CHECK_OK, "the documented ones", "");
}

static int set_up(void **state)
{
	(void)state;
	mst_clock_set(checks_now, NULL);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(requests),	    cmocka_unit_test(order),
	    cmocka_unit_test(skips),	    cmocka_unit_test(lists),
	    cmocka_unit_test(storage),	    cmocka_unit_test(clouds),
	    cmocka_unit_test(mixed_clouds), cmocka_unit_test(clocks),
	    cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests_name("endpoint-checks", tests, set_up,
					   NULL);
}
