/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys and certificates by OpenSSL.
 */
#include "tests/lib/pki.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
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

static X509 *make_cert(EVP_PKEY *key, const char *host, long from_s, long to_s)
{
	X509 *x = X509_new();
	X509_NAME *name;
	char san[200];

	if (!x)
		abort();
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), from_s);
	X509_gmtime_adj(X509_getm_notAfter(x), to_s);
	X509_set_pubkey(x, key);
	name = X509_get_subject_name(x);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
				   (const unsigned char *)host, -1, -1, 0);
	X509_set_issuer_name(x, name);
	(void)snprintf(san, sizeof(san), "%s%s",
		       strncmp(host, "IP:", 3) == 0 ? "" : "DNS:", host);
	add_extension(x, NID_subject_alt_name, san);
	add_extension(x, NID_basic_constraints, "critical,CA:TRUE");
	if (!X509_sign(x, key, EVP_sha256()))
		abort();
	return x;
}

struct t_pki t_pki_make(const char *kind, const char *host, long from_s,
			long to_s, const char *passphrase)
{
	EVP_PKEY *key = strcmp(kind, "ec") == 0
			    ? EVP_EC_gen("P-256")
			    : EVP_RSA_gen((unsigned)atoi(kind + 3));
	BIO *cb = BIO_new(BIO_s_mem()), *kb = BIO_new(BIO_s_mem());
	struct t_pki p;
	X509 *x;

	if (!key || !cb || !kb)
		abort();
	x = make_cert(key, host, from_s, to_s);
	PEM_write_bio_X509(cb, x);
	PEM_write_bio_PrivateKey(kb, key, passphrase ? EVP_aes_128_cbc() : NULL,
				 (const unsigned char *)passphrase,
				 passphrase ? (int)strlen(passphrase) : 0, NULL,
				 NULL);
	p.cert = text_of(cb);
	p.key = text_of(kb);
	X509_free(x);
	EVP_PKEY_free(key);
	return p;
}

void t_pki_free(struct t_pki *p)
{
	free(p->cert);
	free(p->key);
	p->cert = p->key = NULL;
}
