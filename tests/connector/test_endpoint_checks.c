/* SPDX-License-Identifier: Apache-2.0
 *
 * The set-up checks of the source against answers, without a network: which
 * requests they make, in which order they are told, and what each says.
 */
#include "endpoint_drive.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"

#define NOW 1795000000000000 /* 2026-11-18 */
#define MIN ((int64_t)60 * 1000000)

/* An answer in front of the usual ones, to URLs that hold the part. */
struct say {
	const char *part;
	int status; /* 0: no answer */
	const char *body, *type;
	int64_t skew_us;
	bool no_date;
	double share;
};

struct found {
	struct mst_check c;
	char name[64], title[64];
};

static struct {
	struct drive d;
	struct mst_checks *checks;
	const struct say *says;
	size_t says_n;
	struct found found[32];
	size_t found_n;
	char asked[4096]; /* "URL auth rate\n" of each request */
} run;

static int64_t now(void)
{
	return NOW;
}

static void on_check(void *ctx, const struct mst_check *c)
{
	struct found *f = &run.found[run.found_n++];

	(void)ctx;
	assert_true(run.found_n <= MST_LEN(run.found));
	assert_true(*c->text);
	assert_true(c->level != MST_CHECK_FAILED || c->code != MST_OK);
	assert_true(c->level != MST_CHECK_OK || !*c->remedy);
	assert_true(c->level != MST_CHECK_WARNING || *c->remedy);
	f->c = *c;
	(void)snprintf(f->name, sizeof(f->name), "%s", c->name);
	(void)snprintf(f->title, sizeof(f->title), "%s", c->title);
}

static const struct mst_check *check_of(const char *name)
{
	for (size_t i = 0; i < run.found_n; i++) {
		if (strcmp(run.found[i].name, name) == 0)
			return &run.found[i].c;
	}
	return NULL;
}

static void shows(const char *name, enum mst_check_level level,
		  const char *text, const char *remedy)
{
	const struct mst_check *c = check_of(name);

	if (!c)
		fail_msg("there is no check %s", name);
	if (c->level != level || !strstr(c->text, text) ||
	    (*remedy ? !strstr(c->remedy, remedy) : *c->remedy))
		fail_msg("%s is not %s: %s -> %s, but %s: %s -> %s", name,
			 mst_check_level_name(level), text, remedy,
			 mst_check_level_name(c->level), c->text, c->remedy);
}

/* ---- answers ------------------------------------------------------------- */

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

static const struct say *said(const char *url)
{
	for (size_t i = 0; i < run.says_n; i++) {
		if (strstr(url, run.says[i].part))
			return &run.says[i];
	}
	return NULL;
}

static void answer(struct mst_req *req)
{
	const struct say *say = said(req->url);
	struct mst_err err = MST_ERR_INIT;
	const char *body = say && say->body ? say->body : usual(req->url);
	struct mst_resp resp = {
	    .outcome = MST_OUT_ANSWER,
	    .status = say ? say->status : 200,
	    .body = mst_slice_str(body),
	    .content_type = say && say->type ? say->type : "application/json",
	    .date_us = NOW - (say ? say->skew_us : 0),
	    .retry_after_ms = -1,
	    .rate_limit = -1,
	    .throttle_share = say && say->share > 0 ? say->share : -1,
	    .attempts = 1,
	};

	if (say && say->no_date)
		resp.date_us = MST_TIME_NONE;
	if (!resp.status) {
		resp.outcome = MST_OUT_FAILED;
		resp.date_us = MST_TIME_NONE;
		mst_err_set(&resp.err, MST_E_TRANSIENT, "no answer from there");
	}
	t_ok(run.checks->ops->accept(run.checks, req, &resp, &err), &err);
}

static void note(const struct mst_req *req)
{
	size_t n = strlen(run.asked);

	(void)snprintf(run.asked + n, sizeof(run.asked) - n, "%s %s %s%s%s\n",
		       req->url, req->auth ? req->auth : "-",
		       req->rate ? req->rate : "-", req->headers[0] ? " " : "",
		       req->headers[0] ? req->headers[0] : "");
	assert_int_equal(req->method, MST_HTTP_GET);
	assert_null(req->file);
}

static void pump(void)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_req req[16];
	size_t n = 0;
	int rc;

	while ((rc = run.checks->ops->next(run.checks, &req[n], &err)) !=
	       MST_CHECKS_END) {
		assert_true(rc >= 0);
		if (rc == MST_CHECKS_REQUEST) {
			note(&req[n]);
			assert_true(++n < MST_LEN(req));
			continue;
		}
		/* the latest first: the order of answers is nobody's */
		assert_true(n > 0);
		answer(&req[--n]);
		mst_req_fini(&req[n]);
	}
	assert_int_equal(n, 0);
}

static void finish(void)
{
	run.checks->ops->free(&run.checks);
	drive_close(&run.d);
}

/* jobs NULL: none of the sets is taken by a job. */
static void look(const char *options, const char *jobs, const struct say *says,
		 size_t says_n, const struct mst_check_gone *gone,
		 size_t gone_n)
{
	struct mst_check_use uses[8];
	struct mst_checks_env env = {
	    .report = on_check, .uses = uses, .gone = gone, .gone_n = gone_n};
	struct mst_err err = MST_ERR_INIT;

	drive_open(&run.d, options);
	for (size_t i = 0; i < OPS->catalog->sets_n; i++)
		uses[env.uses_n++] = (struct mst_check_use){
		    .set = &OPS->catalog->sets[i], .jobs = jobs ? jobs : ""};
	run.says = says;
	run.says_n = says_n;
	run.found_n = 0;
	run.asked[0] = 0;
	t_ok(OPS->checks(run.d.s, &env, &run.checks, &err), &err);
	pump();
	finish();
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
	    run.asked,
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
	assert_null(strstr(run.asked, "graph"));
	assert_null(strstr(run.asked, "Export"));
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
	assert_int_equal(run.found_n, MST_LEN(names));
	for (size_t i = 0; i < MST_LEN(names); i++)
		assert_string_equal(run.found[i].name, names[i]);
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
	assert_null(strstr(run.asked, "api.security"));
	look("", "main", NULL, 0, ways, 3);
	assert_string_equal(run.asked, "");
	for (size_t i = 0; i < run.found_n; i++)
		assert_int_equal(run.found[i].c.level, MST_CHECK_SKIPPED);
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
	assert_null(strstr(run.asked, "evil"));
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
	for (size_t i = 0; i < run.found_n; i++)
		assert_null(strstr(run.found[i].c.text, "fake-signature"));
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
	assert_non_null(strstr(run.asked, "https://login.microsoftonline.us/"));
	assert_non_null(strstr(run.asked, "https://graph.microsoft.us/"));
	assert_non_null(strstr(run.asked, "https://api-gov."));
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
	mst_clock_set(now, NULL);
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
