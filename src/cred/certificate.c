/* SPDX-License-Identifier: Apache-2.0
 *
 * A certificate with its key: everything that would make the login host refuse
 * it is found here, before the first request.
 */
#include <dirent.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/b64.h"
#include "base/time.h"
#include "cred/certfile.h"
#include "cred/certs.h"
#include "cred/pkcs11.h"
#include "cred/private.h"

#define KEY_BITS 2048
#define SALT_N	 32 /* as long as the hash: RFC 7518 section 3.5 */

void mst_cert_fini(struct mst_cert *c)
{
	EVP_PKEY_free(c->key);
	mst_token_key_free(&c->token);
	free(c->subject);
	for (size_t i = 0; i < c->x5c_n; i++)
		free(c->x5c[i]);
	*c = (struct mst_cert){0};
}

/* ---- what makes it usable ------------------------------------------------ */

static int check_key(EVP_PKEY *key, const char *path, struct mst_err *err)
{
	if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA)
		return mst_err_set(err, MST_E_INVALID,
				   "the key in '%s' is not RSA; Entra ID takes "
				   "RSA keys only: make a new one with openssl "
				   "req -newkey rsa:3072",
				   path);
	if (EVP_PKEY_get_bits(key) < KEY_BITS)
		return mst_err_set(
		    err, MST_E_INVALID,
		    "the RSA key in '%s' is weak: it has %d bits; "
		    "make a new one of %d or more",
		    path, EVP_PKEY_get_bits(key), KEY_BITS);
	return 0;
}

static int check_signature(const X509 *x, const char *path, struct mst_err *err)
{
	int nid = NID_undef;

	(void)X509_get_signature_info((X509 *)(uintptr_t)x, &nid, NULL, NULL,
				      NULL);
	if (nid != NID_sha1 && nid != NID_md5)
		return 0;
	return mst_err_set(err, MST_E_INVALID,
			   "the certificate in '%s' is weak: it is signed with "
			   "%s; make a new one with openssl req -sha256 and "
			   "upload it to the app registration",
			   path, nid == NID_sha1 ? "SHA-1" : "MD5");
}

static int64_t asn1_us(const ASN1_TIME *t)
{
	struct tm tm = {0};

	return ASN1_TIME_to_tm(t, &tm) ? (int64_t)timegm(&tm) * 1000000
				       : MST_TIME_NONE;
}

void mst_cert_dates(const X509 *x, int64_t *from_us_r, int64_t *to_us_r)
{
	*from_us_r = asn1_us(X509_get0_notBefore(x));
	*to_us_r = asn1_us(X509_get0_notAfter(x));
}

static int check_dates(struct mst_cert *c, const X509 *x, const char *path,
		       struct mst_err *err)
{
	int64_t from, to, now = mst_now_us();
	char text[21];

	mst_cert_dates(x, &from, &to);
	if (from == MST_TIME_NONE || to == MST_TIME_NONE)
		return mst_err_set(err, MST_E_INVALID,
				   "the certificate in '%s' has unreadable "
				   "dates; make a new one",
				   path);
	if (now < from) {
		mst_time_iso(from, text);
		return mst_err_set(err, MST_E_INVALID,
				   "the certificate in '%s' is not valid "
				   "before %s; check this machine's clock, or "
				   "use the one that is valid now",
				   path, text);
	}
	c->to_us = to;
	mst_time_iso(to, text);
	if (now > to)
		return mst_err_set(
		    err, MST_E_INVALID,
		    "the certificate in '%s' expired on %s; make "
		    "a new one and upload it to the app "
		    "registration",
		    path, text);
	if (to - now < MST_CERT_SOON_US)
		(void)snprintf(c->warning, sizeof(c->warning),
			       "the certificate in '%.120s' expires on %.10s; "
			       "make a new one, upload it to the app "
			       "registration and put it in its place",
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

void mst_cert_hex(const X509 *x, bool sha256, char *out)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	*out = 0;
	if (!X509_digest(x, sha256 ? EVP_sha256() : EVP_sha1(), md, &n))
		return;
	for (unsigned i = 0; i < n; i++)
		(void)snprintf(out + 2 * i, 3, "%02X", md[i]);
}

char *mst_cert_subject(const X509 *x)
{
	X509_NAME *n = X509_get_subject_name(x);
	BIO *bio = BIO_new(BIO_s_mem());
	char *text, *out;
	long len;

	if (!bio)
		mst_oom();
	(void)X509_NAME_print_ex(
	    bio, n, 0,
	    XN_FLAG_SEP_CPLUS_SPC | XN_FLAG_FN_SN | XN_FLAG_DN_REV |
		(ASN1_STRFLGS_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB));
	len = BIO_get_mem_data(bio, &text);
	out = mst_strndup(text, len > 0 ? (size_t)len : 0);
	BIO_free(bio);
	return out;
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
	mst_cert_hex(x, false, c->thumb);
	return 0;
}

static int check(struct mst_cert *c, const X509 *x, const char *path,
		 struct mst_err *err)
{
	int rc = check_signature(x, path, err);

	if (!rc)
		rc = check_dates(c, x, path, err);
	if (!rc)
		rc = take_thumbs(c, x, err);
	if (!rc)
		c->subject = mst_cert_subject(x);
	return rc;
}

/* ---- the chain ----------------------------------------------------------- */

static void add_x5c(struct mst_cert *c, X509 *x)
{
	struct mst_buf b = MST_BUF_INIT(64u << 10);
	unsigned char *der = NULL;
	int n = i2d_X509(x, &der);

	if (n > 0 && c->x5c_n < MST_X5C_MAX) {
		mst_b64_add(&b, mst_slice((const char *)der, (size_t)n));
		c->x5c[c->x5c_n++] = mst_buf_steal(&b);
	}
	OPENSSL_free(der);
	mst_buf_fini(&b);
}

static bool is_self_signed(X509 *x)
{
	return X509_check_issued(x, x) == X509_V_OK;
}

static X509 *issuer_in(const struct mst_certfile *f, X509 *x)
{
	for (size_t i = 0; i < f->certs_n; i++)
		if (X509_check_issued(f->certs[i], x) == X509_V_OK)
			return f->certs[i];
	return NULL;
}

/* All certificates of a folder; what cannot be read is not an issuer. */
static void read_issuers(const char *dir, struct mst_certfile *all)
{
	DIR *d = dir ? opendir(dir) : NULL;
	struct dirent *e;

	while (d && (e = readdir(d))) {
		struct mst_err ignored = MST_ERR_INIT;
		struct mst_certfile f;
		char *path;

		if (e->d_name[0] == '.')
			continue;
		path = mst_asprintf("%s/%s", dir, e->d_name);
		if (mst_certfile_read(path, NULL, &f, &ignored) == 0) {
			for (size_t i = 0;
			     i < f.certs_n && all->certs_n < MST_CERTFILE_CERTS;
			     i++) {
				all->certs[all->certs_n++] = f.certs[i];
				f.certs[i] = NULL;
			}
			mst_certfile_fini(&f);
		}
		free(path);
	}
	if (d)
		(void)closedir(d);
}

/* Leaf first, then who issued it; a root is known to the far end or is of no
 * use to it. */
static void take_chain(struct mst_cert *c, X509 *leaf,
		       const struct mst_certfile *f, const char *dir)
{
	struct mst_certfile more = {.certs_n = 0};
	X509 *x = leaf;

	read_issuers(dir, &more);
	add_x5c(c, leaf);
	while (!is_self_signed(x) && c->x5c_n < MST_X5C_MAX) {
		X509 *up = issuer_in(f, x);

		x = up ? up : issuer_in(&more, x);
		if (!x || is_self_signed(x))
			break;
		add_x5c(c, x);
	}
	mst_certfile_fini(&more);
}

/* ---- from files ---------------------------------------------------------- */

/* The file may hold a chain in any order: ours is the one of the key. */
static int find_cert(const struct mst_certfile *f, const char *path,
		     EVP_PKEY *key, X509 **cert_r, struct mst_err *err)
{
	for (size_t i = 0; i < f->certs_n; i++) {
		EVP_PKEY *pub = X509_get0_pubkey(f->certs[i]);

		*cert_r = f->certs[i];
		if (pub && EVP_PKEY_eq(pub, key) == 1)
			return 0;
	}
	ERR_clear_error();
	*cert_r = NULL;
	if (!f->certs_n)
		return mst_err_set(err, MST_E_INVALID,
				   "'%s' holds no certificate "
				   "(-----BEGIN CERTIFICATE-----)",
				   path);
	return mst_err_set(err, MST_E_INVALID,
			   "the private key does not belong to the "
			   "certificate in '%s'; put the key there that the "
			   "certificate was made with",
			   path);
}

static int no_key(const struct mst_certfile *f, const char *path, bool in_store,
		  struct mst_err *err)
{
	const char *remedy = "";

	if (f->certs_n)
		remedy = in_store ? "; put it there too, or beside it with the "
				    "ending .key"
				  : "; put it there too, or name its file in "
				    "certificate_key";
	return mst_err_set(err, MST_E_INVALID,
			   "'%s' holds no private key "
			   "(-----BEGIN PRIVATE KEY-----)%s",
			   path, remedy);
}

static int from_files(const struct mst_cert_conf *conf, struct mst_cert *c,
		      struct mst_err *err)
{
	const char *key_path = conf->key_path ? conf->key_path : conf->path;
	struct mst_certfile f = {.certs_n = 0}, k = {.certs_n = 0};
	X509 *x = NULL;
	int rc = mst_certfile_read(conf->path, conf->password, &f, err);

	if (!rc && conf->key_path)
		rc = mst_certfile_read(key_path, conf->password, &k, err);
	if (!rc) {
		EVP_PKEY **key = conf->key_path ? &k.key : &f.key;

		c->key = *key;
		*key = NULL;
		if (!c->key)
			rc = no_key(conf->key_path ? &k : &f, key_path,
				    conf->in_store, err);
	}
	if (!rc)
		rc = check_key(c->key, key_path, err);
	if (!rc)
		rc = find_cert(&f, conf->path, c->key, &x, err);
	if (!rc)
		rc = check(c, x, conf->path, err);
	if (!rc && conf->x5c)
		take_chain(c, x, &f, conf->chain_dir);
	mst_certfile_fini(&f);
	mst_certfile_fini(&k);
	return rc;
}

/* ---- from a token -------------------------------------------------------- */

static int from_token(const struct mst_cert_conf *conf, struct mst_cert *c,
		      struct mst_err *err)
{
	struct mst_certfile none = {.certs_n = 0};
	X509 *x = NULL;
	int rc =
	    mst_token_key_open(conf->path, conf->password, &c->token, &x, err);

	if (!rc)
		rc = check_key(X509_get0_pubkey(x), conf->path, err);
	if (!rc)
		rc = check(c, x, conf->path, err);
	if (!rc && conf->x5c)
		take_chain(c, x, &none, conf->chain_dir);
	X509_free(x);
	return rc;
}

int mst_cert_load(const struct mst_cert_conf *conf, struct mst_cert *c_r,
		  struct mst_err *err)
{
	struct mst_cert c = {0};
	int rc = mst_is_token_uri(conf->path) ? from_token(conf, &c, err)
					      : from_files(conf, &c, err);

	if (rc) {
		mst_cert_fini(&c);
		return mst_err_prefix(err, "certificate");
	}
	*c_r = c;
	return 0;
}

/* ---- signing ------------------------------------------------------------- */

static bool set_pss(EVP_PKEY_CTX *p)
{
	return EVP_PKEY_CTX_set_rsa_padding(p, RSA_PKCS1_PSS_PADDING) > 0 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(p, SALT_N) > 0 &&
	       EVP_PKEY_CTX_set_rsa_mgf1_md(p, EVP_sha256()) > 0;
}

static bool sign(EVP_PKEY *key, bool is_pss, struct mst_slice text,
		 struct mst_buf *out)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *p = NULL; /* md's */
	const unsigned char *in = (const unsigned char *)text.p;
	size_t n = 0;
	bool ok;

	if (!md)
		mst_oom();
	ok = EVP_DigestSignInit(md, &p, EVP_sha256(), NULL, key) > 0 &&
	     (!is_pss || set_pss(p)) &&
	     EVP_DigestSign(md, NULL, &n, in, text.n) > 0 &&
	     mst_buf_reserve(out, n) &&
	     EVP_DigestSign(md, (unsigned char *)out->p + out->n, &n, in,
			    text.n) > 0;
	if (ok)
		out->n += n;
	EVP_MD_CTX_free(md);
	return ok;
}

int mst_cert_sign(const struct mst_cert *c, bool is_pss, struct mst_slice text,
		  struct mst_buf *out, struct mst_err *err)
{
	if (c->token)
		return mst_token_key_sign(c->token, is_pss, text, out, err);
	if (sign(c->key, is_pss, text, out))
		return 0;
	return mst_err_set(err, MST_E_INTERNAL,
			   "OpenSSL cannot sign with the certificate's key");
}
