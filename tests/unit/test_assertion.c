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
#include <unistd.h>

#include "base/b64.h"
#include "base/time.h"
#include "cred/private.h"
#include "tests/lib/pki.h"

#define DAY  86400L
#define AUD  "https://login.example/tenant/oauth2/v2.0/token"
#define NAME "00000000-0000-4000-8000-00000000000b"

static struct t_pki top, middle, leaf, sha1, good, other, weak, ec, old, young,
    locked, soon;

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
	sha1 = t_pki_make_as(&(struct t_pki_conf){.kind = "rsa2048",
						  .host = "sha1",
						  .from_s = -DAY,
						  .to_s = 365 * DAY,
						  .digest = "sha1"});
	top = t_pki_make("rsa2048", "root", -DAY, 365 * DAY, NULL);
	middle = t_pki_make_as(&(struct t_pki_conf){.kind = "rsa2048",
						    .host = "middle",
						    .from_s = -DAY,
						    .to_s = 365 * DAY,
						    .issuer = &top});
	leaf = t_pki_make_as(&(struct t_pki_conf){.kind = "rsa2048",
						  .host = "leaf",
						  .from_s = -DAY,
						  .to_s = 365 * DAY,
						  .issuer = &middle});
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
	t_pki_free(&sha1);
	t_pki_free(&top);
	t_pki_free(&middle);
	t_pki_free(&leaf);
	return 0;
}

static int load_with(const char *path, const char *key, const char *password,
		     struct mst_cert *c, struct mst_err *err)
{
	struct mst_secret *s =
	    password ? mst_secret_new(mst_slice_str(password)) : NULL;
	const struct mst_cert_conf conf = {
	    .path = path, .key_path = key, .password = s, .x5c = true};
	int rc = mst_cert_load(&conf, c, err);

	mst_secret_free(&s);
	return rc;
}

static int load(const char *path, const char *key, struct mst_cert *c,
		struct mst_err *err)
{
	const struct mst_cert_conf conf = {.path = path, .key_path = key};

	return mst_cert_load(&conf, c, err);
}

static const char *file(const char *name, const char *a, const char *b)
{
	char *text = mst_asprintf("%s%s", a, b);
	const char *path = t_path("%s", name);

	t_write(path, mst_slice_str(text));
	chmod(path, 0600);
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

	t_ok(load(file("c.pem", good.cert, good.key), NULL, &c, &err), &err);
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
	int rc = load(cert, key, &c, &err);

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
	refused(t_path("bin.pfx"), NULL, "neither a certificate in DER");
	refused(file("sha1.pem", sha1.cert, sha1.key), NULL,
		"signed with SHA-1");
}

static void test_two_files_and_chains(void **state)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_cert one = {0}, two = {0};
	char *chain = mst_asprintf("%s%s%s", other.cert, good.key, good.cert);

	t_ok(load(file("g.crt", good.cert, ""), file("g.key", good.key, ""),
		  &one, &err),
	     &err);
	/* Another certificate first: ours is the one of the key. */
	t_ok(load(file("chain.pem", chain, ""), NULL, &two, &err), &err);
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

	t_ok(load(file("soon.pem", soon.cert, soon.key), NULL, &c, &err), &err);
	assert_non_null(strstr(c.warning, "expires on"));
	mst_cert_fini(&c);
}

/* Nobody else may read a key; a group may, for a service account. */
static void test_modes(void **state)
{
	static const unsigned bad[] = {0604, 0644, 0602, 0620, 0666};
	const char *path = file("open.pem", good.cert, good.key);
	const char *cert = file("open.crt", good.cert, "");
	const char *key = file("open.key", good.key, "");
	struct mst_err err = MST_ERR_INIT;
	struct mst_cert c = {0};
	size_t n;
	char *p12 = t_pki_p12(&good, "word", NULL, false, &n);

	for (size_t i = 0; i < MST_LEN(bad); i++) {
		chmod(path, bad[i]);
		refused(path, NULL, "chmod 0600");
	}
	chmod(path, 0640);
	t_ok(load(path, NULL, &c, &err), &err);
	mst_cert_fini(&c);
	chmod(cert, 0644); /* a certificate is for everyone */
	t_ok(load(cert, key, &c, &err), &err);
	mst_cert_fini(&c);
	chmod(key, 0644);
	refused(cert, key, "open.key' holds a private key and may be read");
	t_write(t_path("open.p12"), mst_slice(p12, n));
	chmod(t_path("open.p12"), 0644);
	t_failed(load_with(t_path("open.p12"), NULL, "word", &c, &err), &err,
		 MST_E_INVALID, "chmod 0600");
	free(p12);
}

/* As an account that may not read it. */
static void test_unreadable(void **state)
{
	const char *path = file("mine.pem", good.cert, good.key);
	struct mst_err err = MST_ERR_INIT;
	struct mst_cert c = {0};
	int rc;

	if (geteuid() != 0)
		skip();
	assert_int_equal(chmod(t_dir(), 0755), 0);
	assert_int_equal(seteuid(65534), 0);
	rc = load(path, NULL, &c, &err);
	assert_int_equal(seteuid(0), 0);
	t_failed(rc, &err, MST_E_FORBIDDEN, "cannot be read by the account");
}

static void check_p12(const char *password, const char *give, bool legacy,
		      enum mst_code code, const char *part)
{
	const char *path = t_path("any name at all");
	struct mst_err err = MST_ERR_INIT;
	struct mst_cert c = {0}, want = {0};
	size_t n;
	char *p12 = t_pki_p12(&leaf, password, middle.cert, legacy, &n);
	int rc;

	t_write(path, mst_slice(p12, n));
	chmod(path, 0600);
	rc = load_with(path, NULL, give, &c, &err);
	if (code) {
		t_failed(rc, &err, code, part);
		assert_null(strstr(err.msg, "not-the-word"));
	} else {
		t_ok(rc, &err);
		t_ok(
		    load(file("l.pem", leaf.cert, leaf.key), NULL, &want, &err),
		    &err);
		assert_string_equal(c.x5t256, want.x5t256);
		assert_int_equal(c.x5c_n, 2); /* leaf and middle */
	}
	mst_cert_fini(&c);
	mst_cert_fini(&want);
	free(p12);
}

static void test_pkcs12(void **state)
{
	check_p12("the-word", "the-word", false, MST_OK, "");
	check_p12("the-word", "the-word", true, MST_OK, "");
	check_p12("the-word", NULL, false, MST_E_AUTH,
		  "name it in certificate_password");
	check_p12("the-word", "not-the-word", false, MST_E_AUTH,
		  "check certificate_password");
	check_p12("", NULL, false, MST_OK, "");
	check_p12("", "not-the-word", false, MST_E_AUTH, "does not open");
}

static void test_locked_keys(void **state)
{
	const char *path = file("locked.pem", locked.cert, locked.key);
	struct mst_err err = MST_ERR_INIT;
	struct mst_cert c = {0};

	t_ok(load_with(path, NULL, "word", &c, &err), &err);
	mst_cert_fini(&c);
	t_failed(load_with(path, NULL, "not-the-word", &c, &err), &err,
		 MST_E_AUTH, "does not open");
	assert_null(strstr(err.msg, "not-the-word"));
}

static void test_der(void **state)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_cert c = {0};
	unsigned char *der = NULL;
	X509 *x = cert_of(&good);
	int n = i2d_X509(x, &der);

	t_write(t_path("c.cer"), mst_slice((char *)der, (size_t)n));
	t_ok(load(t_path("c.cer"), file("k.key", good.key, ""), &c, &err),
	     &err);
	mst_cert_fini(&c);
	refused(t_path("c.cer"), NULL, "holds no private key");
	OPENSSL_free(der);
	X509_free(x);
}

/* Leaf first, standard base64, no root, whatever the order of the file. */
static void test_x5c(void **state)
{
	struct mst_json_parser *p = mst_json_parser_new(65536);
	char *all = mst_asprintf("%s%s%s%s", top.cert, middle.cert, leaf.key,
				 leaf.cert);
	struct mst_err err = MST_ERR_INIT;
	struct mst_cert c = {0};
	struct mst_json j, v;
	struct mst_json_iter it;
	const struct t_pki *want[] = {&leaf, &middle};
	struct jwt jwt;
	size_t n = 0;

	t_ok(load_with(file("all.pem", all, ""), NULL, NULL, &c, &err), &err);
	mst_buf_init(&jwt.text, 65536);
	t_ok(mst_assertion_make(&c, "PS256", AUD, NAME, &jwt.text, &err), &err);
	take_apart(&jwt);
	t_ok(mst_json_parse(p, mst_buf_slice(&jwt.header), &j, &err), &err);
	it = mst_json_iter(mst_json_get(j, "x5c"));
	while (mst_json_next(&it, NULL, &v)) {
		struct mst_slice s = mst_json_str(v);
		unsigned char *der = NULL;
		struct mst_buf raw = MST_BUF_INIT(65536);
		X509 *x = cert_of(want[n++]);
		int len = i2d_X509(x, &der);

		assert_null(memchr(s.p, '-', s.n));
		assert_null(memchr(s.p, '_', s.n));
		assert_int_equal(s.n % 4, 0);
		assert_true(mst_b64_decode(&raw, s));
		assert_int_equal(raw.n, len);
		assert_memory_equal(raw.p, der, raw.n);
		mst_buf_fini(&raw);
		OPENSSL_free(der);
		X509_free(x);
	}
	assert_int_equal(n, 2);
	assert_true(verifies(&jwt, &leaf, 32));
	drop(&jwt);
	mst_cert_fini(&c);
	mst_json_parser_free(&p);
	free(all);
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
	    cmocka_unit_test(test_modes),
	    cmocka_unit_test(test_unreadable),
	    cmocka_unit_test(test_pkcs12),
	    cmocka_unit_test(test_locked_keys),
	    cmocka_unit_test(test_der),
	    cmocka_unit_test(test_x5c),
	};

	return cmocka_run_group_tests_name("assertion", tests, make_keys,
					   drop_keys);
}
