/* SPDX-License-Identifier: Apache-2.0
 *
 * Credentials as functions from answers to tokens and advice: every sample of
 * Entra ID's answers, ServiceNow's grants, Basic.
 */
#include "tests/lib/t.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/b64.h"
#include "base/file.h"
#include "base/time.h"
#include "cred/cred.h"
#include "tests/lib/pki.h"

#define CLIENT "00000000-0000-4000-8000-00000000000b"
#define TENANT "00000000-0000-4000-8000-00000000000a"
#define SCOPE  "https://api.securitycenter.microsoft.com/.default"

static struct mst_cred_entra entra_conf(void)
{
	return (struct mst_cred_entra){
	    .login = "https://login.microsoftonline.com",
	    .tenant = TENANT,
	    .client_id = CLIENT,
	    .scope = SCOPE,
	    .client_secret = "env:MST_TEST_SECRET",
	};
}

static struct mst_auth *entra(void)
{
	struct mst_cred_entra conf = entra_conf();
	struct mst_err err = MST_ERR_INIT;
	struct mst_auth *a = NULL;

	t_ok(mst_cred_entra(&conf, &a, &err), &err);
	return a;
}

static struct mst_resp resp(int status, const char *body)
{
	return (struct mst_resp){
	    .outcome = MST_OUT_ANSWER,
	    .status = status,
	    .body = mst_slice_str(body),
	    .content_type = "application/json",
	    .request_id = "",
	    .total_count = -1,
	    .date_us = MST_TIME_NONE,
	    .retry_after_ms = -1,
	};
}

static int take(struct mst_auth *a, int status, const char *body,
		int64_t *ttl_ms, struct mst_err *err)
{
	struct mst_resp r = resp(status, body);

	return a->ops->accept(a, &r, ttl_ms, err);
}

static char *sample(const char *name)
{
	struct mst_buf b = MST_BUF_INIT(65536);
	struct mst_err err = MST_ERR_INIT;
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/microsoft/%s", t_samples(),
		       name);
	t_ok(mst_file_read(path, &b, &err), &err);
	return mst_buf_steal(&b);
}

static char *header_of(struct mst_auth *a)
{
	struct mst_buf b = MST_BUF_INIT(65536);
	struct mst_err err = MST_ERR_INIT;

	t_ok(a->ops->header(a, &b, &err), &err);
	return mst_buf_steal(&b);
}

/* ---- Entra ID ------------------------------------------------------------ */

static void test_entra_request(void **state)
{
	struct mst_auth *a = entra();
	struct mst_err err = MST_ERR_INIT;
	struct mst_req req;

	assert_int_equal(a->ops->begin(a, &req, &err), 1);
	assert_string_equal(req.url, "https://login.microsoftonline.com/" TENANT
				     "/oauth2/v2.0/token");
	assert_int_equal(req.method, MST_HTTP_POST);
	assert_int_equal(req.repeat, MST_REPEAT_SAFE);
	assert_null(req.auth);
	t_is(req.body, "client_id=" CLIENT
		       "&scope=https%3A%2F%2Fapi.securitycenter.microsoft.com"
		       "%2F.default&grant_type=client_credentials"
		       "&client_secret=a%26b%3Dc~%20%2B%2Fd");
	assert_string_equal(req.headers[0],
			    "Content-Type: application/x-www-form-urlencoded");
	assert_null(strstr(req.what, "a&b"));
	assert_null(mst_cred_entra_roles(a));
	assert_string_equal(mst_cred_warning(a), "");
	mst_req_fini(&req);
	mst_auth_free(&a);
	assert_null(a);
}

static void test_entra_certificate_request(void **state)
{
	struct t_pki p = t_pki_make("rsa2048", "x", -60, 99 * 86400L, NULL);
	char *both = mst_asprintf("%s%s", p.cert, p.key);
	struct mst_cred_entra conf = entra_conf();
	struct mst_err err = MST_ERR_INIT;
	struct mst_auth *a = NULL;
	struct mst_req req;

	t_write(t_path("both.pem"), mst_slice_str(both));
	conf.client_secret = NULL;
	conf.certificate = t_path("both.pem");
	conf.login = "https://login.microsoftonline.us/";
	t_ok(mst_cred_entra(&conf, &a, &err), &err);
	assert_string_equal(a->ops->name, "certificate");
	assert_int_equal(a->ops->begin(a, &req, &err), 1);
	assert_string_equal(req.url, "https://login.microsoftonline.us/" TENANT
				     "/oauth2/v2.0/token");
	assert_non_null(strstr(req.body.p,
			       "&client_assertion_type=urn%3Aietf%3Aparams%3A"
			       "oauth%3Aclient-assertion-type%3Ajwt-bearer"
			       "&client_assertion=eyJ"));
	assert_null(strstr(req.body.p, "client_secret"));
	mst_req_fini(&req);
	mst_auth_free(&a);
	t_pki_free(&p);
	free(both);
}

static void test_entra_wrong_settings(void **state)
{
	static const struct {
		const char *login, *tenant, *client, *scope, *secret, *cert,
		    *alg, *part;
	} rows[] = {
	    {"https://login.example", 0, 0, 0, 0, 0, 0, "not one of Microsoft"},
	    {"http://login.microsoftonline.com", 0, 0, 0, 0, 0, 0, "https"},
	    {"login.microsoftonline.com", 0, 0, 0, 0, 0, 0, "login host"},
	    {0, "common", 0, 0, 0, 0, 0, "is no tenant"},
	    {0, "../x", 0, 0, 0, 0, 0, "neither an ID nor"},
	    {0, "", 0, 0, 0, 0, 0, "tenant_id is missing"},
	    {0, 0, "", 0, 0, 0, 0, "client_id is missing"},
	    {0, 0, 0, "", 0, 0, 0, "scope is missing"},
	    {0, 0, 0, 0, "env:MST_TEST_NOT_SET", 0, 0, "client_secret"},
	    {0, 0, 0, 0, "plain secret", 0, 0, "client_secret"},
	    {0, 0, 0, 0, 0, "/x.pem", 0, "both client_secret"},
	    {0, 0, 0, 0, "", "/nowhere/x.pem", 0, "/nowhere/x.pem"},
	    {0, 0, 0, 0, "", "/nowhere/x.pem", "ES256", "neither PS256 nor"},
	    {0, 0, 0, 0, "", 0, 0, "neither client_secret nor certificate"},
	};
	struct mst_auth *a = NULL;

	for (size_t i = 0; i < MST_LEN(rows); i++) {
		struct mst_cred_entra c = entra_conf();
		struct mst_err err = MST_ERR_INIT;
		int rc;

		if (rows[i].login)
			c.login = rows[i].login;
		if (rows[i].tenant)
			c.tenant = rows[i].tenant;
		if (rows[i].client)
			c.client_id = rows[i].client;
		if (rows[i].scope)
			c.scope = rows[i].scope;
		if (rows[i].secret)
			c.client_secret =
			    *rows[i].secret ? rows[i].secret : NULL;
		c.certificate = rows[i].cert;
		c.assertion_alg = rows[i].alg;
		rc = mst_cred_entra(&c, &a, &err);
		t_failed(rc, &err, err.code, rows[i].part);
		assert_null(a);
		assert_null(strstr(err.msg, "plain secret"));
	}
}

static void check_token(const char *name)
{
	struct mst_auth *a = entra();
	struct mst_err err = MST_ERR_INIT;
	char *body = sample(name);
	int64_t ttl = 0;
	char *header;

	t_ok(take(a, 200, body, &ttl, &err), &err);
	assert_int_equal(ttl, 3599000);
	header = header_of(a);
	assert_memory_equal(header, "Authorization: Bearer eyJ0eXAi", 30);
	assert_string_equal(mst_cred_entra_roles(a), "");
	a->ops->forget(a);
	free(header);
	free(body);
	mst_auth_free(&a);
}

static void check_error(const char *name, int status, enum mst_code code,
			const char *const *parts)
{
	struct mst_auth *a = entra();
	struct mst_err err = MST_ERR_INIT;
	char *body = sample(name);
	int64_t ttl = -7;
	int rc = take(a, status, body, &ttl, &err);

	for (; *parts; parts++)
		t_failed(rc, &err, code, *parts);
	assert_int_equal(err.status, status);
	assert_int_equal(ttl, -7);
	assert_null(strchr(err.msg, '\n'));
	assert_null(strchr(err.msg, '\r'));
	free(body);
	mst_auth_free(&a);
}

static void test_entra_samples(void **state)
{
	if (!t_samples()) {
		print_message("skipped: no samples here\n");
		skip();
	}
	check_token("entra-token-success.json");
	check_token("entra-token-success-mde-curl.json");
	check_error("entra-token-error-7000215-observed.json", 401, MST_E_AUTH,
		    (const char *[]){
			"login.microsoftonline.com refused application "
			"'" CLIENT "' in tenant '" TENANT "': the client "
			"secret is wrong; often its ID was copied",
			"(AADSTS7000215 invalid_client)",
			"; trace id 6f6c4645-0202-4486-b625-fa957dfc4700",
			"; correlation id 5fc87507-4086-4e77-b415-cee677eb232e",
			NULL});
	check_error(
	    "entra-token-error-700016-observed.json", 400, MST_E_AUTH,
	    (const char *[]){"not in this tenant", "AADSTS700016", NULL});
	/* Two codes: the one that says more counts. */
	check_error("entra-token-error-50012-audience-observed.json", 401,
		    MST_E_AUTH,
		    (const char *[]){"AADSTS50012", "audience", NULL});
	check_error(
	    "entra-token-error-invalid_scope.json", 400, MST_E_AUTH,
	    (const char *[]){"AADSTS70011", "scope is not valid", NULL});
	check_error("entra-token-error-invalid_scope-flow-doc.json", 400,
		    MST_E_AUTH, (const char *[]){"AADSTS70011", NULL});
	check_error("synthetic/entra-token-error-700027.json", 401, MST_E_AUTH,
		    (const char *[]){"certificate is not registered", NULL});
	check_error("synthetic/entra-token-error-90002.json", 400, MST_E_AUTH,
		    (const char *[]){"the tenant was not found", NULL});
}

static void entra_says(int status, const char *body, enum mst_code code,
		       const char *part)
{
	struct mst_auth *a = entra();
	struct mst_err err = MST_ERR_INIT;
	int64_t ttl;
	int rc = take(a, status, body, &ttl, &err);

	t_failed(rc, &err, code, part);
	mst_auth_free(&a);
}

static void test_entra_other_errors(void **state)
{
	entra_says(400,
		   "{\"error\":\"temporarily_unavailable\",\"error_codes\":"
		   "[90033],\"error_description\":\"AADSTS90033: later\"}",
		   MST_E_TRANSIENT, "passing trouble");
	entra_says(400,
		   "{\"error\":\"invalid_request\",\"error_codes\":[90055]}",
		   MST_E_TRANSIENT, "throttled");
	entra_says(401,
		   "{\"error\":\"invalid_client\",\"error_description\":"
		   "\"AADSTS70002: x. AADSTS7000222: y\"}",
		   MST_E_AUTH, "has expired");
	entra_says(401,
		   "{\"error\":\"invalid_client\",\"error_description\":"
		   "\"AADSTS700024: x\"}",
		   MST_E_AUTH, "clock");
	entra_says(400, "{\"error\":\"invalid_grant\",\"error_codes\":[65001]}",
		   MST_E_AUTH, "grant consent");
	/* An unknown code comes with the host's words, without the tail. */
	entra_says(400,
		   "{\"error\":\"invalid_client\",\"error_codes\":[123456],"
		   "\"error_description\":\"AADSTS123456: New trouble.\\r\\n"
		   "Trace ID: x\"}",
		   MST_E_AUTH,
		   "(AADSTS123456 invalid_client): AADSTS123456: "
		   "New trouble.");
	entra_says(400, "{\"error\":\"invalid_client\"}", MST_E_AUTH,
		   "the secret or certificate is not accepted");
	entra_says(503, "{\"error\":\"server_error\"}", MST_E_TRANSIENT, "");
	entra_says(429, "{\"error\":\"x\"}", MST_E_TRANSIENT, "");
	entra_says(400, "{}", MST_E_AUTH, "the log-in was refused");
	entra_says(200, "<html>Sign in to the guest network</html>", MST_E_AUTH,
		   "a proxy");
	entra_says(200, "", MST_E_AUTH, "with nothing");
	entra_says(200, "[1]", MST_E_AUTH, "no JSON");
	entra_says(200, "{\"access_token\":\"eyJ0", MST_E_TRANSIENT,
		   "damaged JSON");
	entra_says(502, "<html>", MST_E_TRANSIENT, "502");
	entra_says(200, "{\"expires_in\":3599}", MST_E_AUTH, "access token");
	entra_says(200, "{\"access_token\":\"a\\r\\nX: y\",\"expires_in\":1}",
		   MST_E_AUTH, "access token");
	entra_says(200, "{\"access_token\":\"a\"}", MST_E_AUTH, "expires_in");
	entra_says(200,
		   "{\"access_token\":\"a\",\"expires_in\":9,\"token_type\":"
		   "\"MAC\"}",
		   MST_E_AUTH, "'MAC'");
	entra_says(200,
		   "{\"error\":\"invalid_client\",\"access_token\":\"a\","
		   "\"expires_in\":1}",
		   MST_E_AUTH, "");
}

/* What a person can do is told apart from what is wrong. */
static void test_entra_advice(void **state)
{
	static const struct {
		int code;
		const char *advice;
	} rows[] = {
	    {7000215, "often its ID was copied instead of its value"},
	    {7000222, "make a new one in the app registration"},
	    {700016, "check client_id and the tenant"},
	    {90002, "check tenant_id, and the option cloud"},
	    {900382, "set the option cloud"},
	    {700027, "upload exactly this certificate"},
	    {50012, "check the certificate, the tenant and the login host"},
	    {700024, "set this machine's clock"},
	    {70021, "compare its issuer, subject and audience"},
	    {7000112, "an administrator enables it"},
	    {53003, "let it leave out this application"},
	    {500011, "is there a subscription for it"},
	    {65001, "an administrator must grant consent"},
	    {90055, "try again later"},
	    {700030, ""},
	};

	for (size_t i = 0; i < MST_LEN(rows); i++) {
		struct mst_err err = MST_ERR_INIT;
		struct mst_auth *a = entra();
		char body[96], part[300];
		int64_t ttl;

		assert_string_equal(mst_cred_advice(a), "");
		(void)snprintf(body, sizeof(body),
			       "{\"error\":\"x\",\"error_codes\":[%d]}",
			       rows[i].code);
		assert_true(take(a, 400, body, &ttl, &err) < 0);
		assert_non_null(strstr(mst_cred_advice(a), rows[i].advice));
		(void)snprintf(part, sizeof(part), "; %s", mst_cred_advice(a));
		if (*rows[i].advice)
			assert_non_null(strstr(err.msg, part));
		else
			assert_string_equal(mst_cred_advice(a), "");
		mst_auth_free(&a);
	}
}

/* What is no answer of Entra ID's at all. */
static void test_entra_advice_of_a_proxy(void **state)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_auth *a = entra();
	int64_t ttl;

	assert_int_equal(take(a, 200, "<html>Sign in</html>", &ttl, &err),
			 -MST_E_AUTH);
	assert_non_null(strstr(mst_cred_advice(a), "whether a proxy answers"));
	assert_non_null(strstr(err.msg, mst_cred_advice(a)));
	/* it is not that of the next answer */
	assert_int_equal(take(a, 200,
			      "{\"access_token\":\"a\",\"expires_in\":9}", &ttl,
			      &err),
			 0);
	assert_string_equal(mst_cred_advice(a), "");
	mst_auth_free(&a);
}

static void test_entra_secret_that_is_an_id(void **state)
{
	struct mst_cred_entra conf = entra_conf();
	struct mst_err err = MST_ERR_INIT;
	struct mst_auth *a = NULL;
	int64_t ttl;
	int rc;

	conf.client_secret = "env:MST_TEST_GUID";
	t_ok(mst_cred_entra(&conf, &a, &err), &err);
	rc = take(a, 401,
		  "{\"error\":\"invalid_client\",\"error_codes\":[7000215]}",
		  &ttl, &err);
	t_failed(rc, &err, MST_E_AUTH, "the configured one looks like an ID");
	assert_null(strstr(err.msg, "ffff"));
	mst_auth_free(&a);
}

static void test_entra_roles(void **state)
{
	static const struct {
		const char *claims, *want;
	} rows[] = {
	    {"{\"aud\":\"x\",\"roles\":[\"Machine.Read.All\","
	     "\"Software.Read.All\"]}",
	     "Machine.Read.All Software.Read.All"},
	    {"{\"roles\":[]}", ""},
	    {"{\"aud\":\"x\"}", ""},
	    {"{\"roles\":\"text\"}", ""},
	    {"no json", ""},
	};
	struct mst_err err = MST_ERR_INIT;
	int64_t ttl;

	for (size_t i = 0; i < MST_LEN(rows); i++) {
		struct mst_buf b = MST_BUF_INIT(4096);
		struct mst_auth *a = entra();
		char *body;

		mst_b64url_add(&b, mst_slice_str(rows[i].claims));
		body = mst_asprintf("{\"access_token\":\"e30.%s.c2ln\","
				    "\"expires_in\":\"3599\"}",
				    b.p);
		t_ok(take(a, 200, body, &ttl, &err), &err);
		assert_int_equal(ttl, 3599000); /* from a text */
		assert_string_equal(mst_cred_entra_roles(a), rows[i].want);
		free(body);
		mst_buf_fini(&b);
		mst_auth_free(&a);
	}
}

static void test_entra_clock_skew(void **state)
{
	struct t_pki p = t_pki_make("rsa2048", "x", -60, 99 * 86400L, NULL);
	char *both = mst_asprintf("%s%s", p.cert, p.key);
	struct mst_cred_entra conf = entra_conf();
	struct mst_err err = MST_ERR_INIT;
	struct mst_auth *a = NULL;
	struct mst_resp r = resp(
	    401, "{\"error\":\"invalid_client\",\"error_codes\":[700024]}");
	int64_t ttl;

	t_write(t_path("skew.pem"), mst_slice_str(both));
	conf.client_secret = NULL;
	conf.certificate = t_path("skew.pem");
	t_ok(mst_cred_entra(&conf, &a, &err), &err);
	r.date_us = mst_now_us() - 3600 * (int64_t)1000000;
	t_failed(a->ops->accept(a, &r, &ttl, &err), &err, MST_E_AUTH,
		 "s ahead of the login host's");
	mst_auth_free(&a);
	t_pki_free(&p);
	free(both);
}

/* ---- ServiceNow ---------------------------------------------------------- */

static struct mst_auth *oauth(const char *grant)
{
	struct mst_cred_oauth conf = {
	    .url = "https://dev.service-now.com/",
	    .grant = grant,
	    .client_id = "cid",
	    .client_secret = "env:MST_TEST_SECRET",
	    .username = "bot",
	    .password = "env:MST_TEST_PASSWORD",
	    .refresh_token = "env:MST_TEST_REFRESH",
	};
	struct mst_err err = MST_ERR_INIT;
	struct mst_auth *a = NULL;

	if (strcmp(grant, "refresh only") == 0) {
		conf.grant = "refresh_token";
		conf.password = NULL;
	}
	t_ok(mst_cred_oauth(&conf, &a, &err), &err);
	return a;
}

static void sends(struct mst_auth *a, const char *body)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_req req;

	if (a->ops->begin(a, &req, &err) != 1)
		fail_msg("%s", err.msg);
	assert_string_equal(req.url,
			    "https://dev.service-now.com/oauth_token.do");
	t_is(req.body, body);
	mst_req_fini(&req);
}

#define ID	    "&client_id=cid&client_secret=a%26b%3Dc~%20%2B%2Fd"
#define BY_PASSWORD "grant_type=password" ID "&username=bot&password=pw%21"
#define TOKEN                                                                  \
	"{\"access_token\":\"t1\",\"refresh_token\":\"r 2\",\"scope\":"        \
	"\"useraccount\",\"token_type\":\"Bearer\",\"expires_in\":1799}"
#define DENIED                                                                 \
	"{\"error\":\"server_error\",\"error_description\":\"access_denied\"}"

static void test_oauth_password(void **state)
{
	struct mst_auth *a = oauth("password");
	struct mst_err err = MST_ERR_INIT;
	int64_t ttl;
	char *h;

	sends(a, BY_PASSWORD);
	t_ok(take(a, 200, TOKEN, &ttl, &err), &err);
	assert_int_equal(ttl, 1799000);
	h = header_of(a);
	assert_string_equal(h, "Authorization: Bearer t1");
	free(h);
	/* Renewal by the refresh token; a dead one falls back. */
	sends(a, "grant_type=refresh_token" ID "&refresh_token=r%202");
	assert_int_equal(
	    take(a, 401, "{\"error\":\"invalid_grant\"}", &ttl, &err), 1);
	sends(a, BY_PASSWORD);
	t_failed(take(a, 401, DENIED, &ttl, &err), &err, MST_E_AUTH,
		 "user name or password is wrong");
	assert_non_null(strstr(err.msg, "of user bot"));
	assert_null(strstr(err.msg, "pw!"));
	mst_auth_free(&a);
}

static void test_oauth_transient_keeps_refresh(void **state)
{
	struct mst_auth *a = oauth("password");
	struct mst_err err = MST_ERR_INIT;
	int64_t ttl;

	t_ok(take(a, 200, TOKEN, &ttl, &err), &err);
	sends(a, "grant_type=refresh_token" ID "&refresh_token=r%202");
	t_failed(take(a, 500, "{\"error\":\"server_error\"}", &ttl, &err), &err,
		 MST_E_TRANSIENT, "answered 500");
	t_failed(take(a, 503, "<html>maintenance", &ttl, &err), &err,
		 MST_E_TRANSIENT, "maintenance");
	sends(a, "grant_type=refresh_token" ID "&refresh_token=r%202");
	mst_auth_free(&a);
}

static void test_oauth_client_credentials(void **state)
{
	struct mst_auth *a = oauth("client_credentials");
	struct mst_err err = MST_ERR_INIT;
	int64_t ttl;

	sends(a, "grant_type=client_credentials" ID);
	t_failed(take(a, 401, DENIED, &ttl, &err), &err, MST_E_AUTH,
		 "glide.oauth.inbound.client.credential.grant_type.enabled");
	t_failed(take(a, 401, "{\"error\":\"invalid_client\"}", &ttl, &err),
		 &err, MST_E_AUTH, "client_id or client_secret is wrong");
	t_ok(take(a, 200, TOKEN, &ttl, &err), &err);
	sends(a, "grant_type=client_credentials" ID);
	t_failed(take(a, 200, "<html>Your instance is hibernating</html>", &ttl,
		      &err),
		 &err, MST_E_AUTH, "asleep");
	mst_auth_free(&a);
}

static void test_oauth_refresh(void **state)
{
	struct mst_auth *a = oauth("refresh_token");
	struct mst_err err = MST_ERR_INIT;
	struct mst_req req;
	int64_t ttl;

	sends(a, "grant_type=refresh_token" ID "&refresh_token=r1");
	assert_int_equal(take(a, 401, DENIED, &ttl, &err), 1);
	sends(a, BY_PASSWORD);
	mst_auth_free(&a);

	a = oauth("refresh only");
	t_failed(take(a, 401, "{\"error\":\"x\"}", &ttl, &err), &err,
		 MST_E_AUTH, "x");
	sends(a, "grant_type=refresh_token" ID "&refresh_token=r1");
	t_failed(take(a, 401, "{\"error\":\"invalid_grant\"}", &ttl, &err),
		 &err, MST_E_AUTH, "refresh token is dead");
	assert_int_equal(a->ops->begin(a, &req, &err), -MST_E_AUTH);
	mst_auth_free(&a);
}

static void test_oauth_wrong_settings(void **state)
{
	static const struct {
		const char *url, *grant, *id, *secret, *user, *pw, *part;
	} rows[] = {
	    {"http://dev.service-now.com", "password", "c",
	     "env:MST_TEST_SECRET", "u", "env:MST_TEST_PASSWORD", "https"},
	    {"https://x", "implicit", "c", "env:MST_TEST_SECRET", "u",
	     "env:MST_TEST_PASSWORD", "'implicit'"},
	    {"https://x", "password", "", "env:MST_TEST_SECRET", "u",
	     "env:MST_TEST_PASSWORD", "client_id"},
	    {"https://x", "password", "c", NULL, "u", "env:MST_TEST_PASSWORD",
	     "client_secret is missing"},
	    {"https://x", "password", "c", "env:MST_TEST_SECRET", NULL,
	     "env:MST_TEST_PASSWORD", "username is missing"},
	    {"https://x", "password", "c", "env:MST_TEST_SECRET", "u", NULL,
	     "password is missing"},
	    {"https://x", "refresh_token", "c", "env:MST_TEST_SECRET", "u",
	     NULL, "refresh_token is missing"},
	    {NULL, "password", "c", "env:MST_TEST_SECRET", "u",
	     "env:MST_TEST_PASSWORD", "url is missing"},
	};
	struct mst_auth *a = NULL;

	for (size_t i = 0; i < MST_LEN(rows); i++) {
		struct mst_err err = MST_ERR_INIT;
		struct mst_cred_oauth conf = {
		    .url = rows[i].url,
		    .grant = rows[i].grant,
		    .client_id = rows[i].id,
		    .client_secret = rows[i].secret,
		    .username = rows[i].user,
		    .password = rows[i].pw,
		};

		t_failed(mst_cred_oauth(&conf, &a, &err), &err, MST_E_INVALID,
			 rows[i].part);
		assert_null(a);
	}
}

static void test_basic(void **state)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_auth *a = NULL;
	struct mst_req req = {0};
	char *h;

	t_ok(mst_cred_basic("Aladdin", "env:MST_TEST_SESAME", &a, &err), &err);
	assert_int_equal(a->ops->begin(a, &req, &err), 0);
	h = header_of(a);
	/* RFC 7617 section 2 */
	assert_string_equal(h, "Authorization: Basic "
			       "QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
	free(h);
	assert_null(mst_cred_entra_roles(a));
	assert_string_equal(mst_cred_warning(a), "");
	mst_auth_free(&a);
	t_failed(mst_cred_basic("a:b", "env:MST_TEST_SESAME", &a, &err), &err,
		 MST_E_INVALID, "colon");
	t_failed(mst_cred_basic("", "env:MST_TEST_SESAME", &a, &err), &err,
		 MST_E_INVALID, "username");
	t_failed(mst_cred_basic("a", NULL, &a, &err), &err, MST_E_INVALID,
		 "password");
	mst_auth_free(&a); /* NULL is fine */
}

static int set_env(void **state)
{
	struct mst_err err = MST_ERR_INIT;

	setenv("MST_TEST_SECRET", "a&b=c~ +/d", 1);
	setenv("MST_TEST_GUID", "ffffffff-0000-4000-8000-00000000000b", 1);
	setenv("MST_TEST_PASSWORD", "pw!", 1);
	setenv("MST_TEST_REFRESH", "r1", 1);
	setenv("MST_TEST_SESAME", "open sesame", 1);
	return mst_secret_setup(&err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_entra_request),
	    cmocka_unit_test(test_entra_certificate_request),
	    cmocka_unit_test(test_entra_wrong_settings),
	    cmocka_unit_test(test_entra_samples),
	    cmocka_unit_test(test_entra_other_errors),
	    cmocka_unit_test(test_entra_advice),
	    cmocka_unit_test(test_entra_advice_of_a_proxy),
	    cmocka_unit_test(test_entra_secret_that_is_an_id),
	    cmocka_unit_test(test_entra_roles),
	    cmocka_unit_test(test_entra_clock_skew),
	    cmocka_unit_test(test_oauth_password),
	    cmocka_unit_test(test_oauth_transient_keeps_refresh),
	    cmocka_unit_test(test_oauth_client_credentials),
	    cmocka_unit_test(test_oauth_refresh),
	    cmocka_unit_test(test_oauth_wrong_settings),
	    cmocka_unit_test(test_basic),
	};

	return cmocka_run_group_tests_name("cred", tests, set_env, NULL);
}
