/* SPDX-License-Identifier: Apache-2.0
 *
 * Tokens against far ends that misbehave: one fetch at a time, renewal, 401,
 * dead credentials; and that a token goes nowhere else.
 */
#include "tests/lib/t.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "cred/cred.h"
#include "tests/hostile/rig.h"

#define TOKEN(n)                                                               \
	"{\"token_type\":\"Bearer\",\"expires_in\":3599,\"access_token\":"     \
	"\"tok" #n "\"}"
#define PATH "/tenant/oauth2/v2.0/token"

static struct mst_auth *entra(struct rig *r)
{
	struct mst_cred_entra conf = {
	    .login = t_httpd_url(r->h, "%s", ""),
	    .tenant = "tenant",
	    .client_id = "client",
	    .scope = "api/.default",
	    .client_secret = "env:MST_TEST_SECRET",
	};
	struct mst_err err = MST_ERR_INIT;
	struct mst_auth *a = NULL;

	t_ok(mst_cred_entra(&conf, &a, &err), &err);
	return a;
}

/* Registers the credential "api" for the rig's own host only. */
static struct mst_auth *add_entra(struct rig *r)
{
	struct mst_auth *a = entra(r);
	char host[40];
	const char *hosts[] = {host, NULL};

	(void)snprintf(host, sizeof(host), "127.0.0.1:%d", t_httpd_port(r->h));
	mst_client_add_auth(r->c, "api", a, hosts);
	return a;
}

static void down(struct rig *r, struct mst_auth *a)
{
	rig_down(r);
	mst_auth_free(&a);
}

static int submit(struct rig *r, const char *url, const char *auth,
		  struct mst_err *err)
{
	struct mst_req req;

	mst_req_init(&req, MST_HTTP_GET);
	req.url = mst_arena_strdup(&req.arena, url);
	req.auth = auth;
	req.what = "page 1";
	return mst_client_submit(r->c, &req, err);
}

static void get(struct rig *r, const char *path)
{
	struct mst_err err = MST_ERR_INIT;

	t_ok(submit(r, t_httpd_url(r->h, "%s", path), "api", &err), &err);
	rig_wait(r);
}

static size_t count(struct rig *r, const char *path)
{
	size_t n = 0;

	for (size_t i = 0; i < t_httpd_count(r->h); i++)
		n += strncmp(t_httpd_request(r->h, i)->path, path,
			     strlen(path)) == 0;
	return n;
}

static const char *bearer(struct rig *r, size_t i)
{
	const char *h = t_header(t_httpd_request(r->h, i), "Authorization");

	return h ? h : "none";
}

/* ---- the token's life ---------------------------------------------------- */

static void test_one_fetch_for_many(void **state)
{
	const struct t_answer script[] = {
	    {.path = PATH, .body = TOKEN(1), .delay_ms = 50},
	    {.path = "/api", .body = "{}", .times = -1}};
	struct rig r = rig_up(script, 2, NULL);
	struct mst_auth *a = add_entra(&r);
	struct mst_err err = MST_ERR_INIT;

	for (int i = 0; i < 6; i++)
		t_ok(submit(&r, t_httpd_url(r.h, "/api/%d", i), "api", &err),
		     &err);
	for (int i = 0; i < 6; i++) {
		rig_wait(&r);
		expect(&r, MST_OUT_ANSWER, 200, 1, MST_OK);
	}
	assert_int_equal(count(&r, PATH), 1);
	assert_string_equal(t_httpd_request(r.h, 0)->path, PATH);
	assert_string_equal(bearer(&r, 0), "none");
	for (size_t i = 1; i < 7; i++)
		assert_string_equal(bearer(&r, i), "Bearer tok1");
	down(&r, a);
}

static void test_renewed_before_its_end(void **state)
{
	const struct t_answer script[] = {
	    {.path = PATH, .body = TOKEN(1)},
	    {.path = PATH, .body = TOKEN(2)},
	    {.path = PATH, .body = TOKEN(3)},
	    {.path = "/api", .body = "{}", .times = -1}};
	struct rig r = rig_up(script, 4, NULL);
	struct mst_auth *a = add_entra(&r);
	const char *last = "";

	t_clock_set(1000000000);
	get(&r, "/api/1");
	t_clock_add(3530 * 1000000LL);
	get(&r, "/api/2");
	assert_int_equal(count(&r, PATH), 1);
	/* 60 s before the end: goes on with the old one, asks for a new. */
	t_clock_add(10 * 1000000LL);
	get(&r, "/api/3");
	while (count(&r, PATH) < 2)
		assert_false(rig_step(&r));
	/* The server has the request; the client gets the answer soon. */
	while (strcmp(last, "Bearer tok2") != 0) {
		get(&r, "/api/4");
		last = bearer(&r, t_httpd_count(r.h) - 1);
	}
	/* Slept over the end: waits for the third. */
	t_clock_add(7200 * 1000000LL);
	get(&r, "/api/5");
	assert_string_equal(bearer(&r, t_httpd_count(r.h) - 1), "Bearer tok3");
	assert_int_equal(count(&r, PATH), 3);
	t_clock_real();
	down(&r, a);
}

/* Many requests while the new one is fetched: it is fetched once, and none of
 * them waits. */
static void test_renewed_once_for_many(void **state)
{
	const struct t_answer script[] = {
	    {.path = PATH, .body = TOKEN(1)},
	    {.path = PATH, .body = TOKEN(2)},
	    {.path = "/api", .body = "{}", .times = -1}};
	struct rig r = rig_up(script, 3, NULL);
	struct mst_auth *a = add_entra(&r);
	struct mst_err err = MST_ERR_INIT;
	const char *last = "";

	t_clock_set(1000000000);
	get(&r, "/api/0");
	t_clock_add(3545 * 1000000LL);
	for (int i = 1; i < 7; i++)
		t_ok(submit(&r, t_httpd_url(r.h, "/api/%d", i), "api", &err),
		     &err);
	for (int i = 1; i < 7; i++) {
		rig_wait(&r);
		expect(&r, MST_OUT_ANSWER, 200, 1, MST_OK);
	}
	while (strcmp(last, "Bearer tok2") != 0) {
		get(&r, "/api/7");
		last = bearer(&r, t_httpd_count(r.h) - 1);
	}
	assert_int_equal(count(&r, PATH), 2);
	t_clock_real();
	down(&r, a);
}

/* A refused renewal is no reason to stop as long as the old token is good. */
static void test_renewal_that_fails(void **state)
{
	const struct t_answer script[] = {
	    {.path = PATH, .body = TOKEN(1)},
	    {.path = PATH,
	     .status = 401,
	     .body = "{\"error\":\"invalid_client\",\"error_codes\":"
		     "[7000222]}"},
	    {.path = PATH, .body = TOKEN(2)},
	    {.path = "/api", .body = "{}", .times = -1}};
	struct rig r = rig_up(script, 4, NULL);
	struct mst_auth *a = add_entra(&r);
	const char *last = "";

	t_clock_set(1000000000);
	get(&r, "/api/1");
	t_clock_add(3545 * 1000000LL);
	for (int i = 0; count(&r, PATH) < 2; i++) {
		get(&r, "/api/2");
		expect(&r, MST_OUT_ANSWER, 200, 1, MST_OK);
	}
	/* asked again a little later, not at once */
	for (int i = 0; i < 5; i++) {
		get(&r, "/api/3");
		assert_string_equal(bearer(&r, t_httpd_count(r.h) - 1),
				    "Bearer tok1");
	}
	assert_int_equal(count(&r, PATH), 2);
	t_clock_add(11 * 1000000LL);
	while (strcmp(last, "Bearer tok2") != 0) {
		get(&r, "/api/4");
		expect(&r, MST_OUT_ANSWER, 200, 1, MST_OK);
		last = bearer(&r, t_httpd_count(r.h) - 1);
	}
	assert_int_equal(count(&r, PATH), 3);
	t_clock_real();
	down(&r, a);
}

/* The old token is refused while the new one is on its way: no third one. */
static void test_refused_while_renewed(void **state)
{
	const struct t_answer script[] = {
	    {.path = PATH, .body = TOKEN(1)},
	    {.path = PATH, .body = TOKEN(2)},
	    {.path = "/api/1", .body = "{}"},
	    {.path = "/api/2", .status = 401},
	    {.path = "/api/2", .body = "{\"good\":1}"}};
	struct rig r = rig_up(script, 5, NULL);
	struct mst_auth *a = add_entra(&r);

	t_clock_set(1000000000);
	get(&r, "/api/1");
	t_clock_add(3545 * 1000000LL);
	get(&r, "/api/2");
	expect(&r, MST_OUT_ANSWER, 200, 2, MST_OK);
	t_is(r.resp->body, "{\"good\":1}");
	assert_string_equal(bearer(&r, t_httpd_count(r.h) - 1), "Bearer tok2");
	assert_int_equal(count(&r, PATH), 2);
	t_clock_real();
	down(&r, a);
}

static void test_expired_in_the_middle(void **state)
{
	const struct t_answer script[] = {
	    {.path = PATH, .body = TOKEN(1)},
	    {.path = PATH, .body = TOKEN(2)},
	    {.path = "/api/1", .body = "{}"},
	    {.path = "/api/2", .status = 401},
	    {.path = "/api/2", .body = "{\"good\":1}"},
	    {.path = "/api/3", .body = "{}"}};
	struct rig r = rig_up(script, 6, NULL);
	struct mst_auth *a = add_entra(&r);

	get(&r, "/api/1");
	get(&r, "/api/2");
	expect(&r, MST_OUT_ANSWER, 200, 2, MST_OK);
	t_is(r.resp->body, "{\"good\":1}");
	get(&r, "/api/3");
	expect(&r, MST_OUT_ANSWER, 200, 1, MST_OK);
	assert_int_equal(count(&r, PATH), 2);
	assert_string_equal(bearer(&r, 5), "Bearer tok2");
	down(&r, a);
}

static void test_many_expired_at_once(void **state)
{
	const struct t_answer script[] = {
	    {.path = PATH, .body = TOKEN(1)},
	    {.path = PATH, .body = TOKEN(2)},
	    {.path = "/api/0", .body = "{}"},
	    {.path = "/api/1", .status = 401},
	    {.path = "/api/2", .status = 401},
	    {.path = "/api/3", .status = 401},
	    {.path = "/api/4", .status = 401},
	    {.path = "/api", .body = "{}", .times = -1}};
	struct rig r = rig_up(script, MST_LEN(script), NULL);
	struct mst_auth *a = add_entra(&r);
	struct mst_err err = MST_ERR_INIT;

	get(&r, "/api/0");
	for (int i = 1; i < 5; i++)
		t_ok(submit(&r, t_httpd_url(r.h, "/api/%d", i), "api", &err),
		     &err);
	for (int i = 1; i < 5; i++) {
		rig_wait(&r);
		expect(&r, MST_OUT_ANSWER, 200, 2, MST_OK);
	}
	assert_int_equal(count(&r, PATH), 2); /* one new token for all */
	down(&r, a);
}

static void test_refused_for_good(void **state)
{
	const struct t_answer script[] = {
	    {.path = PATH, .body = TOKEN(1)},
	    {.path = PATH, .body = TOKEN(2)},
	    {.path = "/api",
	     .status = 401,
	     .body = "{\"error\":{\"code\":\"Unauthorized\"}}",
	     .times = -1}};
	struct rig r = rig_up(script, 3, NULL);
	struct mst_auth *a = add_entra(&r);

	get(&r, "/api/1");
	expect(&r, MST_OUT_ANSWER, 401, 2, MST_E_AUTH);
	assert_non_null(strstr(r.resp->body.p, "Unauthorized"));
	/* The next ones do not ask for a third token. */
	get(&r, "/api/2");
	expect(&r, MST_OUT_ANSWER, 401, 1, MST_E_AUTH);
	assert_int_equal(count(&r, PATH), 2);
	down(&r, a);
}

static void test_write_is_repeated_after_401(void **state)
{
	const struct t_answer script[] = {{.path = PATH, .body = TOKEN(1)},
					  {.path = PATH, .body = TOKEN(2)},
					  {.path = "/w", .status = 401},
					  {.path = "/w", .status = 201}};
	struct rig r = rig_up(script, 4, NULL);
	struct mst_auth *a = add_entra(&r);
	struct mst_req req;

	mst_req_init(&req, MST_HTTP_POST);
	req.body = MST_SLICE_LIT("{\"a\":1}");
	req.auth = "api";
	rig_send(&r, &req, "/w");
	expect(&r, MST_OUT_ANSWER, 201, 2, MST_OK);
	assert_string_equal(t_httpd_request(r.h, 3)->body, "{\"a\":1}");
	down(&r, a);
}

/* ---- log-ins that fail --------------------------------------------------- */

static void test_wrong_secret(void **state)
{
	const struct t_answer script[] = {
	    {.path = PATH,
	     .status = 401,
	     .body = "{\"error\":\"invalid_client\",\"error_codes\":[7000215],"
		     "\"trace_id\":\"tr1\"}",
	     .times = -1}};
	struct rig r = rig_up(script, 1, NULL);
	struct mst_auth *a = add_entra(&r);
	struct mst_err err = MST_ERR_INIT;

	t_ok(submit(&r, t_httpd_url(r.h, "/api/1"), "api", &err), &err);
	t_ok(submit(&r, t_httpd_url(r.h, "/api/2"), "api", &err), &err);
	for (int i = 0; i < 2; i++) {
		rig_wait(&r);
		expect(&r, MST_OUT_FAILED, 0, 0, MST_E_AUTH);
		says(&r, "page 1: credential 'api': 127.0.0.1 refused "
			 "application 'client' in tenant 'tenant': the client "
			 "secret is wrong");
		says(&r, "trace id tr1");
	}
	/* Not asked again: accounts get locked by that. */
	t_ok(submit(&r, t_httpd_url(r.h, "/api/3"), "api", &err), &err);
	rig_wait(&r);
	expect(&r, MST_OUT_FAILED, 0, 0, MST_E_AUTH);
	assert_int_equal(t_httpd_count(r.h), 1);
	t_failed(mst_client_wait(r.c, 0, &r.req, &r.resp, &err), &err,
		 MST_E_AUTH, "the client secret is wrong");
	t_failed(mst_client_login(r.c, "api", &err), &err, MST_E_AUTH,
		 "the client secret is wrong");
	down(&r, a);
}

static void test_login_host_has_trouble(void **state)
{
	const struct t_answer script[] = {
	    {.path = PATH, .status = 503},
	    {.path = PATH, .way = T_RESET_FIRST},
	    {.path = PATH, .status = 429, .headers = "Retry-After: 0\r\n"},
	    /* a status that is final, with a code that is not */
	    {.path = PATH,
	     .status = 400,
	     .body = "{\"error\":\"x\",\"error_codes\":[90033]}"},
	    {.path = PATH, .body = "{\"access_token\":\"cut"},
	    {.path = PATH, .body = TOKEN(1)},
	    {.path = "/api", .body = "{}"}};
	struct rig r = rig_up(script, 7, NULL);
	struct mst_auth *a = add_entra(&r);

	get(&r, "/api/1");
	expect(&r, MST_OUT_ANSWER, 200, 1, MST_OK);
	assert_int_equal(count(&r, PATH), 6);
	down(&r, a);
}

static void test_login_host_stays_down(void **state)
{
	const struct t_answer script[] = {
	    {.path = PATH, .status = 503, .times = -1}};
	struct mst_client_conf conf = {.retry_max = 3};
	struct rig r = rig_up(script, 1, &conf);
	struct mst_auth *a = add_entra(&r);
	struct mst_err err = MST_ERR_INIT;

	get(&r, "/api/1");
	expect(&r, MST_OUT_FAILED, 0, 0, MST_E_TRANSIENT);
	says(&r, "503");
	says(&r, "given up after 3 attempts");
	assert_int_equal(count(&r, PATH), 3);
	t_failed(mst_client_login(r.c, "api", &err), &err, MST_E_TRANSIENT,
		 "503");
	assert_int_equal(count(&r, PATH), 6);
	down(&r, a);
}

static void test_login_first(void **state)
{
	const struct t_answer script[] = {
	    /* {"roles":["A.Read","B.Read"]} */
	    {.path = PATH,
	     .body = "{\"expires_in\":\"3599\",\"access_token\":\"e30."
		     "eyJyb2xlcyI6WyJBLlJlYWQiLCJCLlJlYWQiXX0.c2ln\"}"},
	    {.path = "/api", .body = "{}"}};
	struct rig r = rig_up(script, 2, NULL);
	struct mst_auth *a = add_entra(&r);
	struct mst_err err = MST_ERR_INIT;

	t_ok(mst_client_login(r.c, "api", &err), &err);
	assert_string_equal(mst_cred_entra_roles(a), "A.Read B.Read");
	t_ok(mst_client_login(r.c, "api", &err), &err);
	get(&r, "/api/1");
	assert_int_equal(count(&r, PATH), 1);
	t_failed(mst_client_login(r.c, "nobody", &err), &err, MST_E_INVALID,
		 "'nobody'");
	down(&r, a);
}

static struct mst_auth *add_oauth(struct rig *r)
{
	struct mst_cred_oauth conf = {
	    .url = t_httpd_url(r->h, "%s", ""),
	    .grant = "password",
	    .client_id = "cid",
	    .client_secret = "env:MST_TEST_SECRET",
	    .username = "bot",
	    .password = "env:MST_TEST_SECRET",
	};
	static const char *const hosts[] = {"127.0.0.1", NULL};
	struct mst_err err = MST_ERR_INIT;
	struct mst_auth *a = NULL;

	t_ok(mst_cred_oauth(&conf, &a, &err), &err);
	mst_client_add_auth(r->c, "api", a, hosts);
	return a;
}

static void test_dead_refresh_token(void **state)
{
	const struct t_answer script[] = {
	    {.path = "/oauth_token.do",
	     .body = "{\"access_token\":\"tok1\",\"refresh_token\":\"ref1\","
		     "\"expires_in\":1799}"},
	    {.path = "/oauth_token.do",
	     .status = 401,
	     .body = "{\"error\":\"invalid_grant\"}"},
	    {.path = "/oauth_token.do",
	     .body = "{\"access_token\":\"tok2\",\"expires_in\":1799}"},
	    {.path = "/api", .status = 401},
	    {.path = "/api", .body = "{}"}};
	struct rig r = rig_up(script, 5, NULL);
	struct mst_auth *a = add_oauth(&r);

	get(&r, "/api/1");
	expect(&r, MST_OUT_ANSWER, 200, 2, MST_OK);
	assert_int_equal(count(&r, "/oauth_token.do"), 3);
	assert_non_null(
	    strstr(t_httpd_request(r.h, 2)->body, "grant_type=refresh_token"));
	assert_non_null(
	    strstr(t_httpd_request(r.h, 3)->body, "grant_type=password"));
	assert_string_equal(bearer(&r, 4), "Bearer tok2");
	down(&r, a);
}

static void test_basic_is_not_repeated(void **state)
{
	const struct t_answer script[] = {{.status = 401, .times = -1}};
	struct rig r = rig_up(script, 1, NULL);
	static const char *const hosts[] = {"127.0.0.1", NULL};
	struct mst_err err = MST_ERR_INIT;
	struct mst_auth *a = NULL;

	t_ok(mst_cred_basic("bot", "env:MST_TEST_SECRET", &a, &err), &err);
	mst_client_add_auth(r.c, "api", a, hosts);
	get(&r, "/api/1");
	expect(&r, MST_OUT_ANSWER, 401, 1, MST_E_AUTH);
	assert_int_equal(t_httpd_count(r.h), 1);
	assert_memory_equal(bearer(&r, 0), "Basic ", 6);
	down(&r, a);
}

/* ---- several credentials ------------------------------------------------- */

static struct mst_auth *add_named(struct rig *r, const char *name,
				  const char *tenant, const char *file)
{
	struct mst_cred_entra conf = {
	    .login = t_httpd_url(r->h, "%s", ""),
	    .tenant = tenant,
	    .client_id = "client",
	    .scope = "api/.default",
	    .client_secret = file ? NULL : "env:MST_TEST_SECRET",
	    .federated_token_file = file,
	};
	struct mst_err err = MST_ERR_INIT;
	struct mst_auth *a = NULL;
	char host[40];
	const char *hosts[] = {host, NULL};

	t_ok(mst_cred_entra(&conf, &a, &err), &err);
	(void)snprintf(host, sizeof(host), "127.0.0.1:%d", t_httpd_port(r->h));
	mst_client_add_auth(r->c, name, a, hosts);
	return a;
}

static const char *sent_to(struct rig *r, const char *path)
{
	for (size_t i = t_httpd_count(r->h); i-- > 0;)
		if (strcmp(t_httpd_request(r->h, i)->path, path) == 0)
			return bearer(r, i);
	return "nothing";
}

/* Each has a token of its own, and loses its own. */
static void test_two_credentials(void **state)
{
	const struct t_answer script[] = {
	    {.path = "/one/", .body = TOKEN(1)},
	    {.path = "/one/", .body = TOKEN(3)},
	    {.path = "/two/", .body = TOKEN(2), .delay_ms = 20},
	    {.path = "/api/1", .body = "{}"},
	    {.path = "/api/2", .body = "{}"},
	    {.path = "/api/3", .status = 401},
	    {.path = "/api", .body = "{}", .times = -1}};
	struct rig r = rig_up(script, MST_LEN(script), NULL);
	struct mst_auth *one = add_named(&r, "one", "one", NULL);
	struct mst_auth *two = add_named(&r, "two", "two", NULL);
	static const struct {
		const char *path, *auth, *want;
	} rows[] = {
	    {"/api/1", "one", "Bearer tok1"}, {"/api/2", "two", "Bearer tok2"},
	    {"/api/3", "one", "Bearer tok3"}, {"/api/4", "two", "Bearer tok2"},
	    {"/api/5", "one", "Bearer tok3"},
	};
	struct mst_err err = MST_ERR_INIT;

	for (size_t i = 0; i < MST_LEN(rows); i++) {
		t_ok(submit(&r, t_httpd_url(r.h, "%s", rows[i].path),
			    rows[i].auth, &err),
		     &err);
		/* the first two at once */
		if (i == 0)
			continue;
		rig_wait(&r);
		if (i == 1)
			rig_wait(&r);
		assert_string_equal(sent_to(&r, rows[i].path), rows[i].want);
	}
	assert_string_equal(sent_to(&r, "/api/1"), "Bearer tok1");
	assert_int_equal(count(&r, "/one"), 2);
	assert_int_equal(count(&r, "/two"), 1);
	rig_down(&r);
	mst_auth_free(&one);
	mst_auth_free(&two);
}

/* What a renewal is made of went away: the token is used up to its end. */
static void test_token_file_is_lost(void **state)
{
	const struct t_answer script[] = {
	    {.path = PATH, .body = TOKEN(1)},
	    {.path = "/api", .body = "{}", .times = -1}};
	struct rig r = rig_up(script, MST_LEN(script), NULL);
	const char *file = t_path("federated");
	struct mst_auth *a;

	t_write(file, MST_SLICE_LIT("e30.e30.c2ln"));
	a = add_named(&r, "api", "tenant", file);
	t_clock_set(1000000000);
	get(&r, "/api/1");
	assert_int_equal(remove(file), 0);
	t_clock_add(3550 * 1000000LL);
	get(&r, "/api/2");
	expect(&r, MST_OUT_ANSWER, 200, 1, MST_OK);
	t_clock_add(100 * 1000000LL);
	get(&r, "/api/3");
	expect(&r, MST_OUT_FAILED, 0, 0, MST_E_NOTFOUND);
	says(&r, "federated_token_file");
	assert_int_equal(count(&r, PATH), 1);
	t_clock_real();
	down(&r, a);
}

/* ---- where a token goes -------------------------------------------------- */

static void test_token_stays_home(void **state)
{
	const struct t_answer script[] = {
	    {.path = PATH, .body = TOKEN(1)},
	    {.path = "/api", .body = "{}", .times = -1}};
	const struct t_answer evil[] = {{.body = "{}", .times = -1}};
	struct rig r = rig_up(script, 2, NULL);
	struct t_httpd *other = t_httpd_start(evil, 1);
	struct mst_auth *a = add_entra(&r);
	struct mst_err err = MST_ERR_INIT;
	char text[100];

	/* A next link that leads elsewhere: an error, and nothing is sent. */
	t_failed(submit(&r, t_httpd_url(other, "/next"), "api", &err), &err,
		 MST_E_INVALID,
		 "page 1: the token of 'api' is not sent to "
		 "'127.0.0.1:");
	t_failed(submit(&r, "https://evil.example/next", "api", &err), &err,
		 MST_E_INVALID, "'evil.example:443'");
	(void)snprintf(text, sizeof(text), "http://localhost:%d/",
		       t_httpd_port(r.h));
	t_failed(submit(&r, text, "api", &err), &err, MST_E_INVALID,
		 "'localhost:");
	assert_int_equal(mst_client_pending(r.c), 0);
	assert_int_equal(t_httpd_count(other), 0);
	assert_int_equal(t_httpd_count(r.h), 0);
	/* Without a credential (SAS) it may go there, and carries none. */
	t_ok(submit(&r, t_httpd_url(other, "/blob?sig=x"), NULL, &err), &err);
	rig_wait(&r);
	assert_null(t_header(t_httpd_request(other, 0), "Authorization"));
	assert_null(t_header(t_httpd_request(other, 0), "Cookie"));
	t_httpd_stop(&other);
	down(&r, a);
}

static void test_redirect_takes_no_token(void **state)
{
	const struct t_answer evil[] = {{.body = "{}", .times = -1}};
	struct t_httpd *other = t_httpd_start(evil, 1);
	char *location =
	    mst_asprintf("Location: %s\r\n", t_httpd_url(other, "/catch"));
	const struct t_answer script[] = {
	    {.path = PATH, .body = TOKEN(1)},
	    {.path = "/api", .status = 307, .headers = location}};
	struct rig r = rig_up(script, 2, NULL);
	struct mst_auth *a = add_entra(&r);

	get(&r, "/api/1");
	expect(&r, MST_OUT_ANSWER, 307, 1, MST_E_UNSUPPORTED);
	says(&r, "a redirect, not followed");
	assert_int_equal(t_httpd_count(other), 0);
	t_httpd_stop(&other);
	free(location);
	down(&r, a);
}

static void test_login_is_not_redirected(void **state)
{
	const struct t_answer evil[] = {{.body = TOKEN(9), .times = -1}};
	struct t_httpd *other = t_httpd_start(evil, 1);
	char *location =
	    mst_asprintf("Location: %s\r\n", t_httpd_url(other, "/catch"));
	const struct t_answer script[] = {
	    {.path = PATH, .status = 307, .headers = location}};
	struct rig r = rig_up(script, 1, NULL);
	struct mst_auth *a = add_entra(&r);

	get(&r, "/api/1");
	expect(&r, MST_OUT_FAILED, 0, 0, MST_E_AUTH);
	assert_int_equal(t_httpd_count(other), 0); /* the secret stayed */
	t_httpd_stop(&other);
	free(location);
	down(&r, a);
}

static int set_env(void **state)
{
	struct mst_err err = MST_ERR_INIT;

	setenv("MST_TEST_SECRET", "sesame", 1);
	return mst_secret_setup(&err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one_fetch_for_many),
	    cmocka_unit_test(test_renewed_before_its_end),
	    cmocka_unit_test(test_renewed_once_for_many),
	    cmocka_unit_test(test_renewal_that_fails),
	    cmocka_unit_test(test_refused_while_renewed),
	    cmocka_unit_test(test_expired_in_the_middle),
	    cmocka_unit_test(test_many_expired_at_once),
	    cmocka_unit_test(test_refused_for_good),
	    cmocka_unit_test(test_write_is_repeated_after_401),
	    cmocka_unit_test(test_wrong_secret),
	    cmocka_unit_test(test_login_host_has_trouble),
	    cmocka_unit_test(test_login_host_stays_down),
	    cmocka_unit_test(test_login_first),
	    cmocka_unit_test(test_dead_refresh_token),
	    cmocka_unit_test(test_basic_is_not_repeated),
	    cmocka_unit_test(test_two_credentials),
	    cmocka_unit_test(test_token_file_is_lost),
	    cmocka_unit_test(test_token_stays_home),
	    cmocka_unit_test(test_redirect_takes_no_token),
	    cmocka_unit_test(test_login_is_not_redirected),
	};

	return cmocka_run_group_tests_name("login", tests, set_env, NULL);
}
