/* SPDX-License-Identifier: Apache-2.0
 *
 * A certificate and key on a PKCS#11 token, proven with SoftHSM: both ways to
 * sign verify, the key stays there, and each thing that may be wrong says so.
 * Skipped without SoftHSM (tools/install-deps check), but not with CI=true.
 */
#include "tests/lib/t.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <p11-kit/p11-kit.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "cred/certs.h"
#include "cred/pkcs11.h"
#include "cred/private.h"
#include "tests/lib/pki.h"

#define PIN "4321-not-a-real-pin"
#define DAY 86400L

static const char *const places[] = {
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so"};

static struct mst_err err;
static const char *mechanisms = "ALL";
static const char *module;
static CK_FUNCTION_LIST *m;
static struct t_pki good, other, old, ec;

/* ---- making a token ------------------------------------------------------ */

static CK_SESSION_HANDLE open_token(const char *label)
{
	CK_SLOT_ID slots[16];
	CK_ULONG n = 0;
	CK_SESSION_HANDLE s;
	CK_SLOT_ID free_slot;
	unsigned char padded[32];

	assert_int_equal(m->C_GetSlotList(CK_TRUE, NULL, &n), CKR_OK);
	n = 16;
	assert_int_equal(m->C_GetSlotList(CK_TRUE, slots, &n), CKR_OK);
	free_slot = slots[n - 1]; /* SoftHSM keeps one that is empty, last */
	memset(padded, ' ', sizeof(padded));
	memcpy(padded, label, strlen(label));
	assert_int_equal(
	    m->C_InitToken(free_slot, (unsigned char *)"so-pin", 6, padded),
	    CKR_OK);
	assert_int_equal(m->C_GetSlotList(CK_TRUE, NULL, &n), CKR_OK);
	n = 16;
	assert_int_equal(m->C_GetSlotList(CK_TRUE, slots, &n), CKR_OK);
	for (CK_ULONG i = 0; i < n; i++) {
		CK_TOKEN_INFO info;

		assert_int_equal(m->C_GetTokenInfo(slots[i], &info), CKR_OK);
		if (memcmp(info.label, padded, sizeof(padded)) == 0)
			free_slot = slots[i];
	}
	assert_int_equal(m->C_OpenSession(free_slot,
					  CKF_SERIAL_SESSION | CKF_RW_SESSION,
					  NULL, NULL, &s),
			 CKR_OK);
	assert_int_equal(m->C_Login(s, CKU_SO, (unsigned char *)"so-pin", 6),
			 CKR_OK);
	assert_int_equal(m->C_InitPIN(s, (unsigned char *)PIN, sizeof(PIN) - 1),
			 CKR_OK);
	assert_int_equal(m->C_Logout(s), CKR_OK);
	assert_int_equal(
	    m->C_Login(s, CKU_USER, (unsigned char *)PIN, sizeof(PIN) - 1),
	    CKR_OK);
	return s;
}

static X509 *cert_of(const struct t_pki *p)
{
	BIO *bio = BIO_new_mem_buf(p->cert, -1);
	X509 *x = PEM_read_bio_X509(bio, NULL, NULL, NULL);

	BIO_free(bio);
	assert_non_null(x);
	return x;
}

static void put_cert(CK_SESSION_HANDLE s, const struct t_pki *p,
		     const char *label, const char *id)
{
	CK_OBJECT_CLASS class = CKO_CERTIFICATE;
	CK_CERTIFICATE_TYPE type = CKC_X_509;
	unsigned char *der = NULL, *name = NULL;
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	X509 *x = cert_of(p);
	int n = i2d_X509(x, &der);
	int name_n = i2d_X509_NAME(X509_get_subject_name(x), &name);
	CK_ATTRIBUTE a[] = {
	    {CKA_CLASS, &class, sizeof(class)},
	    {CKA_CERTIFICATE_TYPE, &type, sizeof(type)},
	    {CKA_TOKEN, &yes, sizeof(yes)},
	    {CKA_PRIVATE, &no, sizeof(no)},
	    {CKA_SUBJECT, name, (CK_ULONG)name_n},
	    {CKA_LABEL, (void *)(uintptr_t)label, strlen(label)},
	    {CKA_ID, (void *)(uintptr_t)id, strlen(id)},
	    {CKA_VALUE, der, (CK_ULONG)n},
	};
	CK_OBJECT_HANDLE h;

	assert_int_equal(m->C_CreateObject(s, a, MST_LEN(a), &h), CKR_OK);
	OPENSSL_free(der);
	OPENSSL_free(name);
	X509_free(x);
}

struct number {
	unsigned char p[512];
	CK_ULONG n;
};

static struct number number_of(EVP_PKEY *key, const char *what)
{
	struct number v = {.n = 0};
	BIGNUM *bn = NULL;

	assert_int_equal(EVP_PKEY_get_bn_param(key, what, &bn), 1);
	v.n = (CK_ULONG)BN_bn2bin(bn, v.p);
	BN_free(bn);
	return v;
}

/* A key that can only sign, and cannot be taken out. */
static void put_key(CK_SESSION_HANDLE s, const struct t_pki *p, const char *id,
		    bool ask_always)
{
	static const char *const names[] = {"n",
					    "e",
					    "d",
					    "rsa-factor1",
					    "rsa-factor2",
					    "rsa-exponent1",
					    "rsa-exponent2",
					    "rsa-coefficient1"};
	static const CK_ATTRIBUTE_TYPE types[] = {
	    CKA_MODULUS,    CKA_PUBLIC_EXPONENT, CKA_PRIVATE_EXPONENT,
	    CKA_PRIME_1,    CKA_PRIME_2,	 CKA_EXPONENT_1,
	    CKA_EXPONENT_2, CKA_COEFFICIENT};
	BIO *bio = BIO_new_mem_buf(p->key, -1);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_KEY_TYPE type = CKK_RSA;
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE, always = ask_always;
	CK_ATTRIBUTE a[17] = {
	    {CKA_CLASS, &class, sizeof(class)},
	    {CKA_KEY_TYPE, &type, sizeof(type)},
	    {CKA_TOKEN, &yes, sizeof(yes)},
	    {CKA_PRIVATE, &yes, sizeof(yes)},
	    {CKA_SENSITIVE, &yes, sizeof(yes)},
	    {CKA_EXTRACTABLE, &no, sizeof(no)},
	    {CKA_SIGN, &yes, sizeof(yes)},
	    {CKA_ID, (void *)(uintptr_t)id, strlen(id)},
	    {CKA_ALWAYS_AUTHENTICATE, &always, sizeof(always)},
	};
	struct number v[8];
	CK_OBJECT_HANDLE h;

	BIO_free(bio);
	assert_non_null(key);
	for (size_t i = 0; i < 8; i++) {
		v[i] = number_of(key, names[i]);
		a[9 + i] = (CK_ATTRIBUTE){types[i], v[i].p, v[i].n};
	}
	assert_int_equal(m->C_CreateObject(s, a, 17, &h), CKR_OK);
	EVP_PKEY_free(key);
}

static void fill(void)
{
	CK_SESSION_HANDLE s = open_token("muster test");

	put_cert(s, &good, "good", "id-good");
	put_key(s, &good, "id-good", false);
	put_cert(s, &good, "careful", "id-careful");
	put_key(s, &good, "id-careful", true);
	put_cert(s, &other, "keyless", "id-keyless");
	put_cert(s, &other, "mixed", "id-mixed");
	put_key(s, &good, "id-mixed", false);
	put_cert(s, &other, "twin", "id-a");
	put_cert(s, &good, "twin", "id-b");
	put_cert(s, &old, "old", "id-old");
	put_key(s, &old, "id-old", false);
	put_cert(s, &ec, "ec", "id-ec");
	put_key(s, &good, "id-ec", false);
	(void)m->C_Logout(s);
	(void)m->C_CloseSession(s);
	s = open_token("second");
	(void)m->C_CloseSession(s);
}

static int set_up(void **state)
{
	const char *conf = t_path("softhsm2.conf"), *tokens = t_path("tokens");
	char *text = mst_asprintf("directories.tokendir = %s\n"
				  "objectstore.backend = file\n"
				  "log.level = ERROR\n"
				  "slots.mechanisms = %s\n",
				  tokens, mechanisms);

	err = (struct mst_err)MST_ERR_INIT;
	for (size_t i = 0; i < MST_LEN(places) && !module; i++)
		if (mst_file_exists(places[i]))
			module = places[i];
	if (!module)
		return 0;
	good = t_pki_make("rsa2048", "good", -DAY, 365 * DAY, NULL);
	other = t_pki_make("rsa2048", "other", -DAY, 365 * DAY, NULL);
	old = t_pki_make("rsa2048", "old", -9 * DAY, -2 * DAY, NULL);
	ec = t_pki_make("ec", "ec", -DAY, 365 * DAY, NULL);
	t_write(conf, mst_slice_str(text));
	free(text);
	assert_int_equal(mst_dir_make(tokens, &err), 0);
	assert_int_equal(setenv("SOFTHSM2_CONF", conf, 1), 0);
	m = p11_kit_module_load(module, 0);
	assert_non_null(m);
	assert_int_equal(p11_kit_module_initialize(m), CKR_OK);
	fill();
	return 0;
}

static int tear_down(void **state)
{
	if (!module)
		return 0;
	(void)p11_kit_module_finalize(m);
	p11_kit_module_release(m);
	t_pki_free(&good);
	t_pki_free(&other);
	t_pki_free(&old);
	t_pki_free(&ec);
	return 0;
}

/* ---- using it ------------------------------------------------------------ */

static const char *uri_of(const char *rest)
{
	static char uri[1024];

	(void)snprintf(uri, sizeof(uri), "pkcs11:%s?module-path=%s", rest,
		       module);
	return uri;
}

static int load_uri(const char *uri, const char *pin, struct mst_cert *c)
{
	struct mst_secret *s = pin ? mst_secret_new(mst_slice_str(pin)) : NULL;
	const struct mst_cert_conf conf = {
	    .path = uri, .password = s, .x5c = true};
	int rc;

	err = (struct mst_err)MST_ERR_INIT;
	rc = mst_cert_load(&conf, c, &err);
	mst_secret_free(&s);
	return rc;
}

static bool verifies(const struct mst_cert *c, bool pss)
{
	const struct mst_slice text = MST_SLICE_LIT("header.claims");
	struct mst_buf sig = MST_BUF_INIT(4096);
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *ctx;
	X509 *x = cert_of(&good);
	bool ok;

	t_ok(mst_cert_sign(c, pss, text, &sig, &err), &err);
	assert_int_equal(EVP_DigestVerifyInit(md, &ctx, EVP_sha256(), NULL,
					      X509_get0_pubkey(x)),
			 1);
	if (pss) {
		EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING);
		EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, 32);
		EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_sha256());
	}
	ok = EVP_DigestVerify(md, (const unsigned char *)sig.p, sig.n,
			      (const unsigned char *)text.p, text.n) == 1;
	EVP_MD_CTX_free(md);
	X509_free(x);
	mst_buf_fini(&sig);
	return ok;
}

/* Does the token hash by itself? */
static bool hashes(void)
{
	CK_MECHANISM_TYPE types[256];
	CK_SLOT_ID slots[16];
	CK_ULONG n = 16;

	assert_int_equal(m->C_GetSlotList(CK_TRUE, slots, &n), CKR_OK);
	n = MST_LEN(types);
	assert_int_equal(m->C_GetMechanismList(slots[0], types, &n), CKR_OK);
	for (CK_ULONG i = 0; i < n; i++)
		if (types[i] == CKM_SHA256_RSA_PKCS_PSS)
			return true;
	return false;
}

static void need_module(void)
{
	const char *ci = getenv("CI");

	if (module)
		return;
	if (ci && strcmp(ci, "true") == 0)
		fail_msg("SoftHSM is not there: tools/install-deps check");
	print_message("skipped: SoftHSM is not there\n");
	skip();
}

static void test_signs(void **state)
{
	static const char *const names[] = {
	    "token=muster%20test;object=good", "token=muster%20test;id=id-good",
	    "token=muster%20test;object=careful"};
	struct mst_cert c = {0};

	need_module();
	assert_int_equal(hashes(), strcmp(mechanisms, "ALL") == 0);
	for (size_t i = 0; i < MST_LEN(names); i++) {
		t_ok(load_uri(uri_of(names[i]), PIN, &c), &err);
		assert_null(c.key); /* it is not here */
		assert_int_equal(c.x5c_n, 1);
		assert_true(verifies(&c, true));
		assert_true(verifies(&c, false));
		assert_true(verifies(&c, true)); /* the session goes on */
		mst_cert_fini(&c);
	}
}

/* Two APIs, two credentials, one token. */
static void test_twice(void **state)
{
	struct mst_cert a = {0}, b = {0};

	need_module();
	t_ok(load_uri(uri_of("token=muster%20test;object=good"), PIN, &a),
	     &err);
	t_ok(load_uri(uri_of("token=muster%20test;object=good"), PIN, &b),
	     &err);
	assert_true(verifies(&a, true));
	mst_cert_fini(&a);
	assert_true(verifies(&b, true));
	mst_cert_fini(&b);
}

static void test_listed(void **state)
{
	struct mst_secret *pin = mst_secret_new(MST_SLICE_LIT(PIN));
	struct mst_cert_entry e;

	need_module();
	mst_cert_look(uri_of("token=muster%20test;object=good"), NULL, pin, &e);
	assert_null(e.problem);
	assert_string_equal(e.subject, "CN=good");
	assert_true(e.has_key);
	mst_cert_entry_fini(&e);
	mst_cert_look(uri_of("token=muster%20test;object=old"), NULL, pin, &e);
	assert_non_null(strstr(e.problem, "expired on"));
	mst_cert_entry_fini(&e);
	mst_secret_free(&pin);
}

static void refused(const char *uri, const char *pin, enum mst_code code,
		    const char *part)
{
	struct mst_cert c = {0};

	t_failed(load_uri(uri, pin, &c), &err, code, part);
	assert_null(c.token);
	assert_null(strstr(err.msg, "4321"));
}

static void test_refused(void **state)
{
#define OF(object) uri_of("token=muster%20test;object=" object)
	need_module();
	refused(OF("good"), NULL, MST_E_AUTH, "needs a PIN");
	refused(OF("keyless"), PIN, MST_E_NOTFOUND,
		"has no private key with the id");
	refused(OF("mixed"), PIN, MST_E_INVALID, "does not belong");
	refused(OF("twin"), PIN, MST_E_CONFLICT,
		"several certificates on token 'muster test'");
	refused(OF("nobody"), PIN, MST_E_NOTFOUND, "has no certificate");
	refused(OF("old"), PIN, MST_E_INVALID, "expired on");
	refused(OF("ec"), PIN, MST_E_INVALID, "is not RSA");
	refused(uri_of("token=elsewhere"), PIN, MST_E_NOTFOUND, "plugged in");
	refused(uri_of("manufacturer=SoftHSM%20project"), PIN, MST_E_CONFLICT,
		"2 PKCS#11 tokens fit");
	refused("pkcs11:token=a?module-path=/nowhere.so", PIN, MST_E_NOTFOUND,
		"cannot be loaded");
	refused("pkcs11:token=a?pin-value=4321", NULL, MST_E_INVALID,
		"take pin-value or pin-source out");
	refused("pkcs11:token=%zz", NULL, MST_E_INVALID, "cannot be read");
	refused("pkcs11:tokn=a", NULL, MST_E_INVALID, "is not known");
}

static void test_wrong_pin(void **state)
{
	need_module();
	refused(OF("good"), "4321", MST_E_AUTH, "is wrong; it was tried once");
}

/* With an argument: a token that leaves the hashing to others. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_signs),     cmocka_unit_test(test_twice),
	    cmocka_unit_test(test_listed),    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_wrong_pin),
	};

	if (argc > 1)
		mechanisms = "-CKM_SHA256_RSA_PKCS,CKM_SHA256_RSA_PKCS_PSS";
	if (mst_secret_setup(&err) < 0)
		return 1;
	return cmocka_run_group_tests_name("pkcs11", tests, set_up, tear_down);
}
