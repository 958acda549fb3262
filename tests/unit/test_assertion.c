/* SPDX-License-Identifier: Apache-2.0
 *
 * The client assertion, taken apart and verified by other code than made it:
 * RFC 7515 sections 3.1 and 7.1, RFC 7518 sections 3.3 and 3.5. And the
 * certificates that it is made with.
 */
#include "tests/lib/t.h"

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/b64.h"
#include "base/time.h"
#include "cred/private.h"
#include "tests/lib/pki.h"

#define DAY  86400L
#define AUD  "https://login.example/tenant/oauth2/v2.0/token"
#define NAME "00000000-0000-4000-8000-00000000000b"

static struct t_pki good, other, weak, ec, old, young, locked, soon;

static int make_keys(void **state)
{
	good = t_pki_make("rsa2048", "good", -DAY, 365 * DAY, NULL);
	other = t_pki_make("rsa2048", "other", -DAY, 365 * DAY, NULL);
	weak = t_pki_make("rsa1024", "weak", -DAY, 365 * DAY, NULL);
	ec = t_pki_make("ec", "ec", -DAY, 365 * DAY, NULL);
	old = t_pki_make("rsa2048", "old", -9 * DAY, -2 * DAY, NULL);
	young = t_pki_make("rsa2048", "young", DAY, 365 * DAY, NULL);
	locked = t_pki_make("rsa2048", "locked", -DAY, 365 * DAY, "word");
	soon = t_pki_make("rsa2048", "soon", -DAY, 10 * DAY, NULL);
	return 0;
}

static int drop_keys(void **state)
{
	t_pki_free(&good);
	t_pki_free(&other);
	t_pki_free(&weak);
	t_pki_free(&ec);
	t_pki_free(&old);
	t_pki_free(&young);
	t_pki_free(&locked);
	t_pki_free(&soon);
	return 0;
}

static const char *file(const char *name, const char *a, const char *b)
{
	char *text = mst_asprintf("%s%s", a, b);
	const char *path = t_path("%s", name);

	t_write(path, mst_slice_str(text));
	free(text);
	return path;
}

/* ---- taking a JWT apart -------------------------------------------------- */

struct jwt {
	struct mst_buf text; /* header.claims.signature */
	struct mst_slice signed_part;
	struct mst_buf header, claims, signature;
};

static void decode(struct mst_slice s, struct mst_buf *out)
{
	mst_buf_init(out, 65536);
	/* base64url without padding, nothing else */
	for (size_t i = 0; i < s.n; i++)
		assert_true((s.p[i] >= '0' && s.p[i] <= '9') ||
			    (s.p[i] >= 'a' && s.p[i] <= 'z') ||
			    (s.p[i] >= 'A' && s.p[i] <= 'Z') || s.p[i] == '-' ||
			    s.p[i] == '_');
	assert_true(mst_b64_decode(out, s));
}

static void take_apart(struct jwt *j)
{
	const char *a = strchr(j->text.p, '.');
	const char *b = a ? strchr(a + 1, '.') : NULL;

	assert_non_null(a);
	assert_non_null(b);
	assert_null(strchr(b + 1, '.'));
	j->signed_part = mst_slice(j->text.p, (size_t)(b - j->text.p));
	decode(mst_slice(j->text.p, (size_t)(a - j->text.p)), &j->header);
	decode(mst_slice(a + 1, (size_t)(b - a - 1)), &j->claims);
	decode(mst_slice_str(b + 1), &j->signature);
}

static void make(struct jwt *j, const char *alg)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_cert c = {0};

	t_ok(mst_cert_load(file("c.pem", good.cert, good.key), NULL, &c, &err),
	     &err);
	mst_buf_init(&j->text, 65536);
	t_ok(mst_assertion_make(&c, alg, AUD, NAME, &j->text, &err), &err);
	mst_cert_fini(&c);
	take_apart(j);
}

static void drop(struct jwt *j)
{
	mst_buf_fini(&j->text);
	mst_buf_fini(&j->header);
	mst_buf_fini(&j->claims);
	mst_buf_fini(&j->signature);
}

static X509 *cert_of(const struct t_pki *p)
{
	BIO *bio = BIO_new_mem_buf(p->cert, -1);
	X509 *x = PEM_read_bio_X509(bio, NULL, NULL, NULL);

	BIO_free(bio);
	assert_non_null(x);
	return x;
}

/* salt 0: PKCS #1 v1.5 */
static bool verifies(const struct jwt *j, const struct t_pki *p, int salt)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *ctx;
	X509 *x = cert_of(p);
	bool ok;

	assert_int_equal(EVP_DigestVerifyInit(md, &ctx, EVP_sha256(), NULL,
					      X509_get0_pubkey(x)),
			 1);
	if (salt) {
		EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING);
		EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, salt);
		EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_sha256());
	}
	ok = EVP_DigestVerify(md, (const unsigned char *)j->signature.p,
			      j->signature.n,
			      (const unsigned char *)j->signed_part.p,
			      j->signed_part.n) == 1;
	EVP_MD_CTX_free(md);
	X509_free(x);
	return ok;
}

static void check_thumb(const struct jwt *j, const char *key, const EVP_MD *md,
			size_t text_n)
{
	struct mst_json_parser *p = mst_json_parser_new(65536);
	struct mst_err err = MST_ERR_INIT;
	unsigned char hash[64];
	unsigned n;
	struct mst_buf raw = MST_BUF_INIT(100);
	struct mst_json root;
	struct mst_slice thumb;
	X509 *x = cert_of(&good);

	t_ok(mst_json_parse(p, mst_buf_slice(&j->header), &root, &err), &err);
	thumb = mst_json_str(mst_json_get(root, key));
	assert_int_equal(thumb.n, text_n); /* no padding */
	assert_true(mst_b64_decode(&raw, thumb));
	X509_digest(x, md, hash, &n);
	assert_int_equal(raw.n, n);
	assert_memory_equal(raw.p, hash, n);
	assert_int_equal(mst_json_len(root), 3);
	assert_true(mst_json_is_str(mst_json_get(root, "typ"), "JWT"));
	X509_free(x);
	mst_buf_fini(&raw);
	mst_json_parser_free(&p);
}

static void test_ps256(void **state)
{
	struct jwt j;

	make(&j, "PS256");
	assert_true(verifies(&j, &good, 32));
	assert_false(verifies(&j, &good, 20));
	assert_false(verifies(&j, &good, 0));
	assert_false(verifies(&j, &other, 32));
	assert_non_null(strstr(j.header.p, "\"alg\":\"PS256\""));
	assert_null(strstr(j.header.p, "\"x5t\""));
	check_thumb(&j, "x5t#S256", EVP_sha256(), 43);
	drop(&j);
}

static void test_rs256(void **state)
{
	struct jwt j;

	make(&j, "RS256");
	assert_true(verifies(&j, &good, 0));
	assert_false(verifies(&j, &good, 32));
	assert_non_null(strstr(j.header.p, "\"alg\":\"RS256\""));
	assert_null(strstr(j.header.p, "x5t#S256"));
	check_thumb(&j, "x5t", EVP_sha1(), 27);
	drop(&j);
}

static void test_changed_text_does_not_verify(void **state)
{
	struct jwt j;

	make(&j, "PS256");
	j.text.p[10] ^= 1;
	assert_false(verifies(&j, &good, 32));
	drop(&j);
}

static void test_claims(void **state)
{
	struct mst_json_parser *p = mst_json_parser_new(65536);
	struct mst_err err = MST_ERR_INIT;
	struct mst_json root;
	struct jwt a, b;
	char jti[64];
	int64_t now = mst_now_us() / 1000000, nbf, iat, exp;

	make(&a, "PS256");
	make(&b, "PS256");
	t_ok(mst_json_parse(p, mst_buf_slice(&a.claims), &root, &err), &err);
	t_is(mst_json_str(mst_json_get(root, "aud")), AUD);
	t_is(mst_json_str(mst_json_get(root, "iss")), NAME);
	t_is(mst_json_str(mst_json_get(root, "sub")), NAME);
	assert_true(mst_json_i64(mst_json_get(root, "nbf"), &nbf));
	assert_true(mst_json_i64(mst_json_get(root, "iat"), &iat));
	assert_true(mst_json_i64(mst_json_get(root, "exp"), &exp));
	assert_in_range(nbf, now - 2, now + 2);
	assert_int_equal(nbf, iat);
	assert_int_equal(exp - nbf, 600);
	assert_int_equal(mst_json_str(mst_json_get(root, "jti")).n, 36);
	(void)snprintf(jti, sizeof(jti), "%.*s",
		       MST_SLICE_ARG(mst_json_str(mst_json_get(root, "jti"))));
	t_ok(mst_json_parse(p, mst_buf_slice(&b.claims), &root, &err), &err);
	assert_false(mst_json_is_str(mst_json_get(root, "jti"), jti));
	drop(&a);
	drop(&b);
	mst_json_parser_free(&p);
}

/* Every member of the documented example stands in ours. */
static void check_members(const char *sample, const struct mst_buf *ours)
{
	struct mst_json_parser *p = mst_json_parser_new(65536);
	struct mst_json_parser *q = mst_json_parser_new(65536);
	struct mst_err err = MST_ERR_INIT;
	struct mst_buf text = MST_BUF_INIT(65536);
	struct mst_json want, have, v;
	struct mst_json_iter it;
	struct mst_slice key;
	char path[4096], name[64];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/microsoft/%s", t_samples(),
		       sample);
	f = fopen(path, "r");
	assert_non_null(f);
	mst_buf_reserve(&text, 60000);
	text.n = fread(text.p, 1, 60000, f);
	fclose(f);
	t_ok(mst_json_parse(p, mst_buf_slice(&text), &want, &err), &err);
	t_ok(mst_json_parse(q, mst_buf_slice(ours), &have, &err), &err);
	it = mst_json_iter(want);
	while (mst_json_next(&it, &key, &v)) {
		(void)snprintf(name, sizeof(name), "%.*s", MST_SLICE_ARG(key));
		assert_int_equal(mst_json_type(mst_json_get(have, name)),
				 mst_json_type(v));
	}
	mst_buf_fini(&text);
	mst_json_parser_free(&p);
	mst_json_parser_free(&q);
}

static void test_documented_members(void **state)
{
	struct jwt j;

	if (!t_samples()) {
		print_message("skipped: no samples here\n");
		skip();
	}
	make(&j, "PS256");
	check_members("entra-client-assertion-header.json", &j.header);
	check_members("entra-client-assertion-claims.json", &j.claims);
	drop(&j);
}

/* ---- certificates -------------------------------------------------------- */

static void refused(const char *cert, const char *key, const char *part)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_cert c = {0};
	int rc = mst_cert_load(cert, key, &c, &err);

	t_failed(rc, &err, err.code, part);
	assert_null(c.key);
	assert_null(strstr(err.msg, "PRIVATE KEY-----\n"));
}

static void test_wrong_certificates(void **state)
{
	const char *c = file("good.crt", good.cert, "");
	const char *k = file("good.key", good.key, "");

	refused(c, NULL, "holds no private key");
	refused(c, NULL, "certificate_key");
	refused(k, NULL, "holds no certificate");
	refused(c, file("other.key", other.key, ""), "does not belong");
	refused(file("weak.pem", weak.cert, weak.key), NULL, "1024 bits");
	refused(file("ec.pem", ec.cert, ec.key), NULL, "not RSA");
	refused(file("old.pem", old.cert, old.key), NULL, "expired on");
	refused(file("young.pem", young.cert, young.key), NULL,
		"is not valid before");
	refused(file("locked.pem", locked.cert, locked.key), NULL,
		"passphrase");
	refused(t_path("absent.pem"), NULL, "absent.pem");
	refused(c, t_path("absent.key"), "absent.key");
	refused(file("text.pem", "hello", ""), NULL, "holds no private key");
	refused(file("empty.pem", "", ""), NULL, "empty");
	t_write(t_path("bin.pfx"), mst_slice("\x30\x82\0\0\1", 5));
	refused(t_path("bin.pfx"), NULL, "binary");
}

static void test_two_files_and_chains(void **state)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_cert one = {0}, two = {0};
	char *chain = mst_asprintf("%s%s%s", other.cert, good.key, good.cert);

	t_ok(mst_cert_load(file("g.crt", good.cert, ""),
			   file("g.key", good.key, ""), &one, &err),
	     &err);
	/* Another certificate first: ours is the one of the key. */
	t_ok(mst_cert_load(file("chain.pem", chain, ""), NULL, &two, &err),
	     &err);
	assert_string_equal(one.x5t256, two.x5t256);
	assert_int_equal(strlen(one.thumb), 40);
	assert_string_equal(one.warning, "");
	mst_cert_fini(&one);
	mst_cert_fini(&two);
	free(chain);
}

static void test_warnings(void **state)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_cert c = {0};
	const char *path = file("open.pem", good.cert, good.key);

	chmod(path, 0644);
	t_ok(mst_cert_load(path, NULL, &c, &err), &err);
	assert_non_null(strstr(c.warning, "can be read by other users"));
	mst_cert_fini(&c);
	t_ok(mst_cert_load(file("soon.pem", soon.cert, soon.key), NULL, &c,
			   &err),
	     &err);
	assert_non_null(strstr(c.warning, "expires on"));
	mst_cert_fini(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_ps256),
	    cmocka_unit_test(test_rs256),
	    cmocka_unit_test(test_changed_text_does_not_verify),
	    cmocka_unit_test(test_claims),
	    cmocka_unit_test(test_documented_members),
	    cmocka_unit_test(test_wrong_certificates),
	    cmocka_unit_test(test_two_files_and_chains),
	    cmocka_unit_test(test_warnings),
	};

	return cmocka_run_group_tests_name("assertion", tests, make_keys,
					   drop_keys);
}
