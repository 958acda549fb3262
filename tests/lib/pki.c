/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys and certificates by OpenSSL.
 */
#include "tests/lib/pki.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *text_of(BIO *bio)
{
	char *p, *out;
	long n = BIO_get_mem_data(bio, &p);

	out = calloc(1, (size_t)n + 1);
	if (!out)
		abort();
	memcpy(out, p, (size_t)n);
	BIO_free(bio);
	return out;
}

static void add_extension(X509 *x, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *e;

	X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	if (!e || !X509_add_ext(x, e, -1))
		abort();
	X509_EXTENSION_free(e);
}

static EVP_PKEY *key_of(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);

	BIO_free(bio);
	if (!key)
		abort();
	return key;
}

static X509 *cert_of(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *x = PEM_read_bio_X509(bio, NULL, NULL, NULL);

	BIO_free(bio);
	if (!x)
		abort();
	return x;
}

static void sign_by(X509 *x, EVP_PKEY *key, const struct t_pki_conf *c)
{
	const EVP_MD *md =
	    EVP_get_digestbyname(c->digest ? c->digest : "sha256");
	EVP_PKEY *by = c->issuer ? key_of(c->issuer->key) : key;
	X509 *above = c->issuer ? cert_of(c->issuer->cert) : NULL;

	X509_set_issuer_name(x, X509_get_subject_name(above ? above : x));
	if (!X509_sign(x, by, md))
		abort();
	X509_free(above);
	if (by != key)
		EVP_PKEY_free(by);
}

static X509 *make_cert(EVP_PKEY *key, const struct t_pki_conf *c)
{
	static long serial;
	X509 *x = X509_new();
	X509_NAME *name;
	char san[200];

	if (!x)
		abort();
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), ++serial);
	X509_gmtime_adj(X509_getm_notBefore(x), c->from_s);
	X509_gmtime_adj(X509_getm_notAfter(x), c->to_s);
	X509_set_pubkey(x, key);
	name = X509_get_subject_name(x);
	if (c->organization)
		X509_NAME_add_entry_by_txt(
		    name, "O", MBSTRING_UTF8,
		    (const unsigned char *)c->organization, -1, -1, 0);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
				   (const unsigned char *)c->host, -1, -1, 0);
	(void)snprintf(san, sizeof(san), "%s%s",
		       strncmp(c->host, "IP:", 3) == 0 ? "" : "DNS:", c->host);
	add_extension(x, NID_subject_alt_name, san);
	add_extension(x, NID_basic_constraints, "critical,CA:TRUE");
	sign_by(x, key, c);
	return x;
}

struct t_pki t_pki_make_as(const struct t_pki_conf *c)
{
	EVP_PKEY *key = strcmp(c->kind, "ec") == 0
			    ? EVP_EC_gen("P-256")
			    : EVP_RSA_gen((unsigned)atoi(c->kind + 3));
	BIO *cb = BIO_new(BIO_s_mem()), *kb = BIO_new(BIO_s_mem());
	const char *pass = c->passphrase;
	struct t_pki p;
	X509 *x;

	if (!key || !cb || !kb)
		abort();
	x = make_cert(key, c);
	PEM_write_bio_X509(cb, x);
	PEM_write_bio_PrivateKey(kb, key, pass ? EVP_aes_128_cbc() : NULL,
				 (const unsigned char *)pass,
				 pass ? (int)strlen(pass) : 0, NULL, NULL);
	p.cert = text_of(cb);
	p.key = text_of(kb);
	X509_free(x);
	EVP_PKEY_free(key);
	return p;
}

struct t_pki t_pki_make(const char *kind, const char *host, long from_s,
			long to_s, const char *passphrase)
{
	return t_pki_make_as(&(struct t_pki_conf){.kind = kind,
						  .host = host,
						  .from_s = from_s,
						  .to_s = to_s,
						  .passphrase = passphrase});
}

char *t_pki_p12(const struct t_pki *p, const char *password, const char *more,
		bool legacy, size_t *n_r)
{
	EVP_PKEY *key = key_of(p->key);
	X509 *x = cert_of(p->cert);
	STACK_OF(X509) *ca = NULL;
	BIO *bio = BIO_new(BIO_s_mem());
	OSSL_PROVIDER *old = NULL;
	PKCS12 *p12;
	char *mem, *out;

	if (more) {
		ca = sk_X509_new_null();
		sk_X509_push(ca, cert_of(more));
	}
	if (legacy)
		old = OSSL_PROVIDER_try_load(NULL, "legacy", 1);
	p12 = PKCS12_create(password, "test", key, x, ca,
			    legacy ? NID_pbe_WithSHA1And3_Key_TripleDES_CBC : 0,
			    legacy ? NID_pbe_WithSHA1And40BitRC2_CBC : 0, 0, 0,
			    0);
	if (!p12 || !bio || !i2d_PKCS12_bio(bio, p12))
		abort();
	*n_r = (size_t)BIO_get_mem_data(bio, &mem);
	out = malloc(*n_r);
	if (!out)
		abort();
	memcpy(out, mem, *n_r);
	BIO_free(bio);
	PKCS12_free(p12);
	sk_X509_pop_free(ca, X509_free);
	X509_free(x);
	EVP_PKEY_free(key);
	if (old)
		(void)OSSL_PROVIDER_unload(old);
	return out;
}

void t_pki_free(struct t_pki *p)
{
	free(p->cert);
	free(p->key);
	p->cert = p->key = NULL;
}
