/* SPDX-License-Identifier: Apache-2.0
 *
 * Certificate files by their content, not by their name.
 */
#include "cred/certfile.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>
#include <openssl/x509.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

#define FILE_MAX (1u << 20)

void mst_certfile_fini(struct mst_certfile *f)
{
	for (size_t i = 0; i < f->certs_n; i++)
		X509_free(f->certs[i]);
	EVP_PKEY_free(f->key);
	*f = (struct mst_certfile){.certs_n = 0};
}

static void keep(struct mst_certfile *f, X509 *x)
{
	if (f->certs_n < MST_CERTFILE_CERTS)
		f->certs[f->certs_n++] = x;
	else
		X509_free(x);
}

/* ---- PEM ----------------------------------------------------------------- */

struct asked {
	const struct mst_secret *password;
	bool asked;
};

static int give_password(char *out, int n, int writing, void *ctx)
{
	struct asked *a = ctx;
	struct mst_slice s;

	a->asked = true;
	if (!a->password)
		return -1;
	s = mst_secret_get(a->password);
	if (s.n > (size_t)n)
		return -1;
	memcpy(out, s.p, s.n);
	return (int)s.n;
}

static BIO *open_bio(struct mst_slice s)
{
	BIO *bio = BIO_new_mem_buf(s.p, (int)s.n);

	if (!bio)
		mst_oom();
	return bio;
}

static int no_password(const char *path, const struct mst_secret *password,
		       struct mst_err *err)
{
	if (password)
		return mst_err_set(err, MST_E_AUTH,
				   "the password does not open '%s'; check "
				   "certificate_password",
				   path);
	return mst_err_set(err, MST_E_AUTH,
			   "'%s' is protected by a passphrase; name it in "
			   "certificate_password, as a reference",
			   path);
}

static int read_pem(struct mst_slice text, const char *path,
		    const struct mst_secret *password, struct mst_certfile *f,
		    struct mst_err *err)
{
	struct asked a = {.password = password};
	BIO *bio = open_bio(text);
	X509 *x;

	while ((x = PEM_read_bio_X509(bio, NULL, NULL, NULL)))
		keep(f, x);
	BIO_free(bio);
	bio = open_bio(text);
	f->key = PEM_read_bio_PrivateKey(bio, NULL, give_password, &a);
	BIO_free(bio);
	ERR_clear_error();
	if (!f->key && a.asked)
		return no_password(path, password, err);
	return 0;
}

/* ---- DER and PKCS#12 ----------------------------------------------------- */

static bool read_der(struct mst_slice s, struct mst_certfile *f)
{
	const unsigned char *p = (const unsigned char *)s.p;
	X509 *x = d2i_X509(NULL, &p, (long)s.n);

	if (x)
		keep(f, x);
	ERR_clear_error();
	return x != NULL;
}

/* Without a password there are two ways to write that down. */
static bool mac_fits(PKCS12 *p, const char *password)
{
	return PKCS12_verify_mac(p, password, -1) == 1;
}

static bool parse(PKCS12 *p, const char *password, struct mst_certfile *f)
{
	STACK_OF(X509) *more = NULL;
	X509 *leaf = NULL;

	if (PKCS12_parse(p, password, &f->key, &leaf, &more) != 1)
		return false;
	if (leaf)
		keep(f, leaf);
	while (more && sk_X509_num(more) > 0)
		keep(f, sk_X509_shift(more));
	sk_X509_free(more);
	return true;
}

static int take_p12(PKCS12 *p, const char *path,
		    const struct mst_secret *password, struct mst_certfile *f,
		    struct mst_err *err)
{
	const char *text = password ? mst_secret_get(password).p : NULL;
	OSSL_PROVIDER *legacy;
	bool ok;

	if (!mac_fits(p, text)) {
		text = "";
		if (password || !mac_fits(p, text))
			return no_password(path, password, err);
	}
	if (parse(p, text, f))
		return 0;
	/* Files of older Windows and OpenSSL: 40 bits of RC2. */
	legacy = OSSL_PROVIDER_try_load(NULL, "legacy", 1);
	ok = parse(p, text, f);
	if (legacy)
		(void)OSSL_PROVIDER_unload(legacy);
	if (ok)
		return 0;
	return mst_err_set(err, MST_E_INVALID,
			   "'%s' is encrypted in a way that OpenSSL does not "
			   "know here; export it again with AES-256",
			   path);
}

static int read_binary(struct mst_slice s, const char *path,
		       const struct mst_secret *password,
		       struct mst_certfile *f, struct mst_err *err)
{
	const unsigned char *p = (const unsigned char *)s.p;
	PKCS12 *p12;
	int rc;

	if (read_der(s, f))
		return 0;
	p12 = d2i_PKCS12(NULL, &p, (long)s.n);
	rc = p12 ? take_p12(p12, path, password, f, err)
		 : mst_err_set(err, MST_E_INVALID,
			       "'%s' is binary, but neither a certificate in "
			       "DER form nor PKCS#12; export it again",
			       path);
	PKCS12_free(p12);
	ERR_clear_error();
	return rc;
}

/* ---- the file ------------------------------------------------------------ */

static int may_not(const char *path, struct mst_err *err)
{
	const struct passwd *pw = getpwuid(geteuid());

	return mst_err_set(
	    err, MST_E_FORBIDDEN,
	    "'%s' cannot be read by the account '%s'; give it to "
	    "that account with chown, mode 0600",
	    path, pw ? pw->pw_name : "?");
}

/* Whoever may read a key is the application. */
static int check_mode(const char *path, struct mst_err *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return mst_err_os(err, "cannot look at '%s'", path);
	if (!(st.st_mode & (S_IROTH | S_IWOTH | S_IWGRP)))
		return 0;
	return mst_err_set(
	    err, MST_E_INVALID,
	    "'%s' holds a private key and may be read or written "
	    "by others (mode %04o); take that away with: chmod "
	    "0600",
	    path, (unsigned)(st.st_mode & 07777));
}

static int sort_out(struct mst_slice s, const char *path,
		    const struct mst_secret *password, struct mst_certfile *f,
		    struct mst_err *err)
{
	if (s.n == 0)
		return mst_err_set(err, MST_E_INVALID, "'%s' is empty", path);
	if (memchr(s.p, 0, s.n))
		return read_binary(s, path, password, f, err);
	return read_pem(s, path, password, f, err);
}

int mst_certfile_read(const char *path, const struct mst_secret *password,
		      struct mst_certfile *f_r, struct mst_err *err)
{
	struct mst_buf b = MST_BUF_INIT(FILE_MAX);
	struct mst_certfile f = {.certs_n = 0};
	int rc;

	/* One allocation: growing leaves copies of a key behind. */
	(void)mst_buf_reserve(&b, 64u << 10);
	rc = mst_file_read(path, &b, err);
	if (rc < 0 && (err->os_errno == EACCES || err->os_errno == EPERM))
		rc = may_not(path, err);
	if (rc == 0)
		rc = sort_out(mst_buf_slice(&b), path, password, &f, err);
	if (rc == 0 && f.key)
		rc = check_mode(path, err);
	mst_buf_wipe_fini(&b);
	if (rc < 0)
		mst_certfile_fini(&f);
	else
		*f_r = f;
	return rc;
}
