/* SPDX-License-Identifier: Apache-2.0
 *
 * The token end point: errors by their AADSTS code, roles, expiry, and client
 * assertions that are made here with OpenSSL and broken one by one.
 */
#include "sim_fixture.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/b64.h"
#include "base/time.h"

static struct fx fx;
static EVP_PKEY *key;
static X509 *cert;

static void make_cert(void)
{
	key = EVP_RSA_gen(2048);
	cert = X509_new();
	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
	X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
	X509_set_pubkey(cert, key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN",
				   MBSTRING_ASC, (const unsigned char *)"t", -1,
				   -1, 0);
	X509_set_issuer_name(cert, X509_get_subject_name(cert));
	X509_sign(cert, key, EVP_sha256());
}

static void register_cert(void)
{
	BIO *bio = BIO_new(BIO_s_mem());
	struct mst_buf json;
	char *pem;
	long n;

	PEM_write_bio_X509(bio, cert);
	n = BIO_get_mem_data(bio, &pem);
	mst_buf_init(&json, 65536);
	mst_buf_adds(&json, "{\"pem\":\"");
	for (long i = 0; i < n; i++)
		if (pem[i] == '\n')
			mst_buf_adds(&json, "\\n");
		else
			mst_buf_addc(&json, pem[i]);
	mst_buf_adds(&json, "\"}");
	fx_control(&fx, "POST", "/_sim/app", json.p);
	mst_buf_fini(&json);
	BIO_free(bio);
}

struct claim {
	const char *alg, *thumb; /* header */
	const char *aud, *iss, *jti;
	int64_t nbf, exp; /* seconds from now */
	bool break_signature;
};

static void add_thumb(struct mst_buf *b, const char *name)
{
	unsigned char sum[32];
	unsigned n = 0;

	X509_digest(cert, !strcmp(name, "x5t") ? EVP_sha1() : EVP_sha256(), sum,
		    &n);
	mst_b64url_add(b, mst_slice((const char *)sum, n));
}

static void sign(struct mst_buf *out, bool pss)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx;
	unsigned char sig[512];
	size_t n = sizeof(sig);

	EVP_DigestSignInit(ctx, &pctx, EVP_sha256(), NULL, key);
	if (pss) {
		EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING);
		EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, 32);
	}
	assert_int_equal(
	    EVP_DigestSign(ctx, sig, &n, (const unsigned char *)out->p, out->n),
	    1);
	mst_buf_addc(out, '.');
	mst_b64url_add(out, mst_slice((const char *)sig, n));
	EVP_MD_CTX_free(ctx);
}

/* Sends the assertion; the AADSTS code, 0 when a token came. */
static int64_t assertion(const struct claim *c)
{
	int64_t now = mst_now_us() / 1000000;
	struct mst_buf part, jwt, form;
	struct mst_json codes, v;
	struct mst_json_iter it;
	int64_t code = 0;

	mst_buf_init(&part, 8192);
	mst_buf_init(&jwt, 8192);
	mst_buf_init(&form, 16384);
	mst_buf_addf(&part, "{\"alg\":\"%s\",\"typ\":\"JWT\",\"%s\":\"", c->alg,
		     c->thumb);
	add_thumb(&part, c->thumb);
	mst_buf_adds(&part, "\"}");
	mst_b64url_add(&jwt, mst_buf_slice(&part));
	mst_buf_addc(&jwt, '.');
	mst_buf_reset(&part);
	mst_buf_addf(&part,
		     "{\"aud\":\"%s%s\",\"iss\":\"%s\",\"sub\":\"%s\","
		     "\"jti\":\"%s\",\"nbf\":%lld,\"exp\":%lld}",
		     mst_sim_url(fx.sim, MST_SIM_LOGIN), c->aud, c->iss, c->iss,
		     c->jti, (long long)(now + c->nbf),
		     (long long)(now + c->exp));
	mst_b64url_add(&jwt, mst_buf_slice(&part));
	sign(&jwt, !strcmp(c->alg, "PS256"));
	if (c->break_signature)
		jwt.p[jwt.n - 20] = jwt.p[jwt.n - 20] == 'A' ? 'B' : 'A';
	mst_buf_adds(&form,
		     "grant_type=client_credentials&client_id=" MST_SIM_CLIENT
		     "&scope=" FX_MDE "&client_assertion_type=urn%3Aietf%3A"
		     "params%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"
		     "&client_assertion=");
	mst_buf_add_slice(&form, mst_buf_slice(&jwt));
	fx_send(&fx, MST_SIM_LOGIN, "POST",
		"/" MST_SIM_TENANT "/oauth2/v2.0/token", form.p,
		"application/x-www-form-urlencoded");
	codes = mst_json_get(fx_json(&fx), "error_codes");
	it = mst_json_iter(codes);
	if (mst_json_next(&it, NULL, &v))
		mst_json_i64(v, &code);
	assert_int_equal(fx.status, code ? 401 : 200);
	mst_buf_fini(&part);
	mst_buf_fini(&jwt);
	mst_buf_fini(&form);
	return code;
}

#define AUD "/" MST_SIM_TENANT "/oauth2/v2.0/token"
#define GOOD                                                                   \
	{                                                                      \
		"PS256", "x5t#S256", AUD, MST_SIM_CLIENT, "j0", -10, 600,      \
		    false                                                      \
	}

static void assertions(void **state)
{
	struct claim c = GOOD;

	(void)state;
	fx_control(&fx, "DELETE", "/_sim/app", NULL);
	assert_int_equal(assertion(&c), 700027); /* not registered */
	register_cert();
	assert_int_equal(assertion(&c), 0);
	assert_int_equal(assertion(&c), 50012); /* jti used */
	c.jti = "j1";
	c.alg = "RS256";
	c.thumb = "x5t";
	assert_int_equal(assertion(&c), 0);
	c = (struct claim)GOOD;
	c.jti = "j2";
	c.break_signature = true;
	assert_int_equal(assertion(&c), 700027);
	c.break_signature = false;
	c.aud = "/other/oauth2/v2.0/token";
	assert_int_equal(assertion(&c), 50012);
	c.aud = AUD;
	c.iss = "somebody";
	assert_int_equal(assertion(&c), 700021);
	c.iss = MST_SIM_CLIENT;
	c.exp = -301;
	assert_int_equal(assertion(&c), 700024);
	c.exp = -200; /* within the skew */
	assert_int_equal(assertion(&c), 0);
	c.jti = "j3";
	c.exp = 900;
	c.nbf = 400;
	assert_int_equal(assertion(&c), 700024);
	c.alg = "none";
	assert_int_equal(assertion(&c), 50012);
}

static int64_t code_of(const char *path, const char *form)
{
	struct mst_json v = {0};
	struct mst_json_iter it;
	int64_t code = 0;

	fx_send(&fx, MST_SIM_LOGIN, "POST", path, form,
		"application/x-www-form-urlencoded");
	it = mst_json_iter(mst_json_get(fx_json(&fx), "error_codes"));
	if (mst_json_next(&it, NULL, &v))
		mst_json_i64(v, &code);
	return code;
}

static void refusals(void **state)
{
	static const char good[] = AUD;

	(void)state;
	assert_int_equal(fx_token(&fx, FX_MDE, "wrong"), 401);
	assert_true(mst_json_is_str(mst_json_get(fx_json(&fx), "error"),
				    "invalid_client"));
	assert_non_null(strstr(fx.body.p, "AADSTS7000215"));
	assert_int_equal(fx_token(&fx, "https://foo.example/x", "s"), 400);
	assert_non_null(strstr(fx.body.p, "AADSTS70011"));
	assert_int_equal(
	    fx_token(&fx, "https://foo.example/.default", MST_SIM_SECRET), 400);
	assert_non_null(strstr(fx.body.p, "AADSTS500011"));
	assert_int_equal(code_of(good, "client_id=x&scope=y"), 900144);
	assert_int_equal(code_of(good, "grant_type=client_credentials&"
				       "client_id=x&scope=y"),
			 700016);
	assert_int_equal(code_of("/00000000-0000-0000-0000-000000000000/oauth2/"
				 "v2.0/token",
				 ""),
			 90002);
	assert_int_equal(code_of("/common/oauth2/v2.0/token", ""), 9001023);
	fx_control(&fx, "POST", "/_sim/app", "{\"secret_expired\":true}");
	assert_int_equal(fx_token(&fx, FX_MDE, MST_SIM_SECRET), 401);
	assert_non_null(strstr(fx.body.p, "AADSTS7000222"));
	fx_control(&fx, "DELETE", "/_sim/app", NULL);
}

/* What no request brings about by itself is asked for by its code. */
static void asked_refusals(void **state)
{
	static const struct {
		int code;
		long status;
	} rows[] = {{53003, 400}, {900382, 400}, {65001, 400}, {90033, 503}};

	(void)state;
	for (size_t i = 0; i < MST_LEN(rows); i++) {
		char text[48];

		(void)snprintf(text, sizeof(text), "{\"refuse\":%d}",
			       rows[i].code);
		assert_int_equal(
		    fx_int(fx_control(&fx, "POST", "/_sim/app", text),
			   "refuse"),
		    rows[i].code);
		assert_int_equal(fx_token(&fx, FX_MDE, MST_SIM_SECRET),
				 rows[i].status);
		(void)snprintf(text, sizeof(text), "AADSTS%d: ", rows[i].code);
		assert_non_null(strstr(fx.body.p, text));
	}
	/* 0, or one that is not known, lets in again */
	fx_control(&fx, "POST", "/_sim/app", "{\"refuse\":0}");
	assert_int_equal(fx_token(&fx, FX_MDE, MST_SIM_SECRET), 200);
	fx_control(&fx, "DELETE", "/_sim/app", NULL);
}

static void roles_and_expiry(void **state)
{
	(void)state;
	assert_int_equal(fx_token(&fx, FX_GRAPH, MST_SIM_SECRET), 200);
	assert_int_equal(fx_get(&fx, MST_SIM_GRAPH, "/v1.0/devices"), 200);
	assert_int_equal(fx_get(&fx, MST_SIM_API, "/api/machines"), 401);
	fx_control(&fx, "POST", "/_sim/app",
		   "{\"mde\":[\"Machine.Read.All\"]}");
	assert_int_equal(fx_token(&fx, FX_MDE, MST_SIM_SECRET), 200);
	assert_int_equal(fx_get(&fx, MST_SIM_GRAPH, "/v1.0/devices"), 401);
	assert_int_equal(fx_get(&fx, MST_SIM_API, "/api/Machines?$top=1"), 200);
	assert_int_equal(fx_get(&fx, MST_SIM_API, "/api/vulnerabilities"), 403);
	assert_non_null(strstr(fx.body.p, "Vulnerability.Read.All"));
	fx_control(&fx, "POST", "/_sim/time", "{\"advance_s\":3600}");
	assert_int_equal(fx_get(&fx, MST_SIM_API, "/api/machines"), 401);
	fx_control(&fx, "POST", "/_sim/time", "{\"advance_s\":-3600}");
	fx.token[10] ^= 1; /* a forged one */
	assert_int_equal(fx_get(&fx, MST_SIM_API, "/api/machines"), 401);
	fx.token[0] = '\0';
	assert_int_equal(fx_get(&fx, MST_SIM_API, "/api/machines"), 401);
	fx_control(&fx, "DELETE", "/_sim/app", NULL);
}

static int setup(void **state)
{
	struct mst_sim_conf conf = {.devices = 5};

	(void)state;
	make_cert();
	fx_start(&fx, &conf);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fx_stop(&fx);
	X509_free(cert);
	EVP_PKEY_free(key);
	return 0;
}

/* ---- what client libraries ask for first --------------------------------- */

static void discovery(void **state)
{
	static const char path[] =
	    "/" MST_SIM_TENANT "/v2.0/.well-known/openid-configuration";
	const char *base = mst_sim_url(fx.sim, MST_SIM_LOGIN);
	struct mst_slice token, more;
	struct mst_json root;

	assert_int_equal(fx_get(&fx, MST_SIM_LOGIN, path), 200);
	root = fx_json(&fx);
	token = mst_json_str(mst_json_get(root, "token_endpoint"));
	assert_true(token.n > strlen(base) &&
		    memcmp(token.p, base, strlen(base)) == 0);
	t_is(mst_slice(token.p + strlen(base), token.n - strlen(base)),
	     "/" MST_SIM_TENANT "/oauth2/v2.0/token");
	t_is(mst_json_str(mst_json_get(root, "issuer")),
	     "https://login.microsoftonline.com/" MST_SIM_TENANT "/v2.0");
	assert_int_equal(fx_get(&fx, MST_SIM_LOGIN,
				"/common/discovery/instance?api-version=1.1"),
			 200);
	more = mst_json_str(
	    mst_json_get(fx_json(&fx), "tenant_discovery_endpoint"));
	assert_int_equal(more.n, strlen(base) + strlen(path));
	assert_int_equal(fx_get(&fx, MST_SIM_LOGIN,
				"/" MST_SIM_TENANT "/discovery/v2.0/keys"),
			 200);
	/* another tenant is not here */
	assert_int_equal(
	    fx_get(&fx, MST_SIM_LOGIN,
		   "/other.example.com/v2.0/.well-known/openid-configuration"),
	    400);
	assert_non_null(strstr(fx.body.p, "AADSTS90002"));
	assert_int_equal(fx_get(&fx, MST_SIM_LOGIN, "/other.example.com/x"),
			 404);
}

/* Where the tenant is. */
static void clouds(void **state)
{
	static const char path[] =
	    "/" MST_SIM_TENANT "/v2.0/.well-known/openid-configuration";
	struct mst_json root;

	(void)state;
	assert_int_equal(fx_get(&fx, MST_SIM_LOGIN, path), 200);
	root = fx_json(&fx);
	t_is(mst_json_str(mst_json_get(root, "cloud_instance_name")),
	     "microsoftonline.com");
	assert_int_equal(
	    mst_json_type(mst_json_get(root, "tenant_region_sub_scope")),
	    MST_JSON_NULL);
	fx_control(&fx, "POST", "/_sim/app", "{\"cloud\":\"gcc-high\"}");
	assert_int_equal(fx_get(&fx, MST_SIM_LOGIN, path), 200);
	root = fx_json(&fx);
	t_is(mst_json_str(mst_json_get(root, "cloud_instance_name")),
	     "microsoftonline.us");
	t_is(mst_json_str(mst_json_get(root, "tenant_region_sub_scope")),
	     "DODCON");
	fx_control(&fx, "DELETE", "/_sim/app", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(refusals),	  cmocka_unit_test(asked_refusals),
	    cmocka_unit_test(assertions), cmocka_unit_test(roles_and_expiry),
	    cmocka_unit_test(discovery),  cmocka_unit_test(clouds),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
