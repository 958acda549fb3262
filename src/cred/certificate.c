/* SPDX-License-Identifier: Apache-2.0
 *
 * A certificate with its key, from PEM files. Everything that would make the
 * login host refuse it is found here, before the first request.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/b64.h"
#include "base/file.h"
#include "base/time.h"
#include "cred/private.h"

#define PEM_MAX	 (1u << 20)
#define KEY_BITS 2048
#define SOON_US	 (30 * 24 * 3600 * (int64_t)1000000)

void mst_cert_fini(struct mst_cert *c)
{
	EVP_PKEY_free(c->key);
	*c = (struct mst_cert){0};
}

static int no_passphrase(char *buf, int n, int writing, void *asked)
{
	*(bool *)asked = true;
	return -1;
}

static int read_key(struct mst_slice pem, const char *path, EVP_PKEY **key_r,
		    struct mst_err *err)
{
	BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	bool asked = false;

	if (!bio)
		mst_oom();
	*key_r = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, &asked);
	BIO_free(bio);
	ERR_clear_error();
	if (*key_r)
		return 0;
	if (asked)
		return mst_err_set(err, MST_E_INVALID,
				   "the private key in '%s' is protected by a "
				   "passphrase; store it without one, readable "
				   "by muster only",
				   path);
	return mst_err_set(err, MST_E_INVALID,
			   "'%s' holds no private key in PEM form "
			   "(-----BEGIN PRIVATE KEY-----)%s",
			   path,
			   strstr(pem.p, "-----BEGIN CERTIFICATE-----")
			       ? "; name the key's file in certificate_key"
			       : "");
}

static int check_key(EVP_PKEY *key, const char *path, struct mst_err *err)
{
	if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA)
		return mst_err_set(err, MST_E_INVALID,
				   "the key in '%s' is not RSA; Entra ID takes "
				   "RSA keys only",
				   path);
	if (EVP_PKEY_get_bits(key) < KEY_BITS)
		return mst_err_set(err, MST_E_INVALID,
				   "the RSA key in '%s' has %d bits; use %d or "
				   "more",
				   path, EVP_PKEY_get_bits(key), KEY_BITS);
	return 0;
}

/* The file may hold a chain in any order: ours is the one of the key. */
static int find_cert(struct mst_slice pem, const char *path, EVP_PKEY *key,
		     X509 **cert_r, struct mst_err *err)
{
	BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	unsigned seen = 0;
	X509 *x;

	if (!bio)
		mst_oom();
	*cert_r = NULL;
	while ((x = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
		EVP_PKEY *pub = X509_get0_pubkey(x);

		seen++;
		if (pub && EVP_PKEY_eq(pub, key) == 1) {
			*cert_r = x;
			break;
		}
		X509_free(x);
	}
	BIO_free(bio);
	ERR_clear_error();
	if (*cert_r)
		return 0;
	if (!seen)
		return mst_err_set(err, MST_E_INVALID,
				   "'%s' holds no certificate in PEM form "
				   "(-----BEGIN CERTIFICATE-----)",
				   path);
	return mst_err_set(err, MST_E_INVALID,
			   "the private key does not belong to the "
			   "certificate in '%s'",
			   path);
}

static int64_t asn1_us(const ASN1_TIME *t)
{
	struct tm tm = {0};

	return ASN1_TIME_to_tm(t, &tm) ? (int64_t)timegm(&tm) * 1000000
				       : MST_TIME_NONE;
}

static int check_dates(struct mst_cert *c, const X509 *x, const char *path,
		       struct mst_err *err)
{
	int64_t from = asn1_us(X509_get0_notBefore(x));
	int64_t to = asn1_us(X509_get0_notAfter(x));
	int64_t now = mst_now_us();
	char text[21];

	if (from == MST_TIME_NONE || to == MST_TIME_NONE)
		return mst_err_set(err, MST_E_INVALID,
				   "the certificate in '%s' has unreadable "
				   "dates",
				   path);
	if (now < from) {
		mst_time_iso(from, text);
		return mst_err_set(err, MST_E_INVALID,
				   "the certificate in '%s' is not valid "
				   "before %s; check this machine's clock",
				   path, text);
	}
	mst_time_iso(to, text);
	if (now > to)
		return mst_err_set(
		    err, MST_E_INVALID,
		    "the certificate in '%s' expired on %s; make "
		    "a new one and upload it to the app "
		    "registration",
		    path, text);
	if (to - now < SOON_US)
		(void)snprintf(c->warning, sizeof(c->warning),
			       "the certificate in '%.150s' expires on %s",
			       path, text);
	return 0;
}

static void base64url(const unsigned char *p, unsigned n, char *out,
		      size_t out_n)
{
	struct mst_buf b = MST_BUF_INIT(128);

	mst_b64url_add(&b, mst_slice((const char *)p, n));
	(void)snprintf(out, out_n, "%s", b.p ? b.p : "");
	mst_buf_fini(&b);
}

static int take_thumbs(struct mst_cert *c, const X509 *x, struct mst_err *err)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (!X509_digest(x, EVP_sha256(), md, &n))
		return mst_err_set(err, MST_E_INTERNAL,
				   "cannot hash the certificate");
	base64url(md, n, c->x5t256, sizeof(c->x5t256));
	if (!X509_digest(x, EVP_sha1(), md, &n))
		return mst_err_set(err, MST_E_INTERNAL,
				   "cannot hash the certificate with SHA-1");
	base64url(md, n, c->x5t, sizeof(c->x5t));
	for (unsigned i = 0; i < n && i < 20; i++)
		(void)snprintf(c->thumb + 2 * i, 3, "%02X", md[i]);
	return 0;
}

static void check_mode(struct mst_cert *c, const char *path)
{
	struct stat st;

	if (stat(path, &st) || !(st.st_mode & (S_IRGRP | S_IROTH)))
		return;
	(void)snprintf(c->warning, sizeof(c->warning),
		       "the key file '%.150s' can be read by other users "
		       "(mode %o); chmod 600 it",
		       path, (unsigned)(st.st_mode & 0777));
}

/* PEM is text: what is not is better said than searched. */
static int read_pem(const char *path, struct mst_buf *out, struct mst_err *err)
{
	int rc = mst_file_read(path, out, err);

	if (!rc && (!out->n || memchr(out->p, 0, out->n)))
		rc = mst_err_set(err, MST_E_INVALID,
				 "'%s' is %s, not PEM text%s", path,
				 out->n ? "binary" : "empty",
				 out->n ? "; convert it with openssl x509, "
					  "pkey or pkcs12"
					: "");
	return rc;
}

static int load(struct mst_slice cert_pem, const char *path,
		struct mst_slice key_pem, const char *key_path,
		struct mst_cert *c, struct mst_err *err)
{
	X509 *x = NULL;
	int rc = read_key(key_pem, key_path, &c->key, err);

	if (!rc)
		rc = check_key(c->key, key_path, err);
	if (!rc)
		rc = find_cert(cert_pem, path, c->key, &x, err);
	if (!rc)
		rc = check_dates(c, x, path, err);
	if (!rc)
		rc = take_thumbs(c, x, err);
	X509_free(x);
	return rc;
}

int mst_cert_load(const char *path, const char *key_path, struct mst_cert *c_r,
		  struct mst_err *err)
{
	struct mst_buf cert = MST_BUF_INIT(PEM_MAX);
	struct mst_buf key = MST_BUF_INIT(PEM_MAX);
	struct mst_cert c = {0};
	int rc;

	(void)mst_buf_reserve(&cert, 64u << 10);
	(void)mst_buf_reserve(&key, 64u << 10);
	rc = read_pem(path, &cert, err);
	if (!rc && key_path)
		rc = read_pem(key_path, &key, err);
	if (!rc)
		rc = load(mst_buf_slice(&cert), path,
			  mst_buf_slice(key_path ? &key : &cert),
			  key_path ? key_path : path, &c, err);
	mst_buf_wipe_fini(&cert);
	mst_buf_wipe_fini(&key);
	if (rc) {
		mst_cert_fini(&c);
		return mst_err_prefix(err, "certificate");
	}
	check_mode(&c, key_path ? key_path : path);
	*c_r = c;
	return 0;
}
