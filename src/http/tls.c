/* SPDX-License-Identifier: Apache-2.0
 *
 * The server's certificate. Each handshake is given what is in force then, so a
 * renewed certificate needs no restart.
 */
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/secret.h"
#include "http/private.h"

#define PEM_MAX	  (1u << 20)
#define CHAIN_MAX 8u

struct http_tls {
	char *cert_file, *key_file;
	pthread_mutex_t lock;		 /* of all below */
	gnutls_datum_t chain[CHAIN_MAX]; /* DER */
	unsigned chain_n;
	struct mst_buf key; /* PEM */
};

static void drop_chain(gnutls_datum_t *chain, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		gnutls_free(chain[i].data);
}

static int read_chain(const char *path, gnutls_datum_t *chain, unsigned *n_r,
		      struct mst_err *err)
{
	struct mst_buf pem = MST_BUF_INIT(PEM_MAX);
	gnutls_x509_crt_t crt[CHAIN_MAX];
	unsigned n = CHAIN_MAX, done = 0;
	int rc = mst_file_read(path, &pem, err);
	gnutls_datum_t in;

	if (rc < 0) {
		mst_buf_fini(&pem);
		return rc;
	}
	in = (gnutls_datum_t){(unsigned char *)pem.p, (unsigned)pem.n};
	rc = gnutls_x509_crt_list_import(crt, &n, &in, GNUTLS_X509_FMT_PEM, 0);
	mst_buf_fini(&pem);
	if (rc <= 0)
		return mst_err_set(err, MST_E_INVALID,
				   "certificate '%s' is no PEM file with a "
				   "certificate in it: %s",
				   path, rc ? gnutls_strerror(rc) : "empty");
	rc = 0;
	for (unsigned i = 0; i < n; i++) {
		if (rc == 0)
			rc = gnutls_x509_crt_export2(
			    crt[i], GNUTLS_X509_FMT_DER, &chain[i]);
		done += rc == 0;
		gnutls_x509_crt_deinit(crt[i]);
	}
	if (rc == 0) {
		*n_r = n;
		return 0;
	}
	drop_chain(chain, done);
	return mst_err_set(err, MST_E_INVALID, "certificate '%s': %s", path,
			   gnutls_strerror(rc));
}

/* One for a handshake, which frees it. */
static int make_key(const struct mst_buf *pem, gnutls_privkey_t *key_r)
{
	gnutls_datum_t in = {(unsigned char *)pem->p, (unsigned)pem->n};
	int rc = gnutls_privkey_init(key_r);

	if (rc < 0)
		return rc;
	rc = gnutls_privkey_import_x509_raw(*key_r, &in, GNUTLS_X509_FMT_PEM,
					    NULL, 0);
	if (rc < 0)
		gnutls_privkey_deinit(*key_r);
	return rc;
}

/* Do they belong together? */
static int check_pair(const gnutls_datum_t *leaf, const struct mst_buf *pem,
		      const struct http_tls *t, struct mst_err *err)
{
	unsigned char a[64], b[64];
	size_t a_n = sizeof(a), b_n = sizeof(b);
	gnutls_privkey_t key = NULL;
	gnutls_pubkey_t pub = NULL, own = NULL;
	gnutls_x509_crt_t crt = NULL;
	int rc = make_key(pem, &key);

	if (rc < 0)
		return mst_err_set(err, MST_E_INVALID,
				   "key '%s' is no PEM file with a key that "
				   "is not encrypted: %s",
				   t->key_file, gnutls_strerror(rc));
	(void)gnutls_x509_crt_init(&crt);
	(void)gnutls_pubkey_init(&pub);
	(void)gnutls_pubkey_init(&own);
	rc = gnutls_x509_crt_import(crt, leaf, GNUTLS_X509_FMT_DER);
	if (rc == 0)
		rc = gnutls_pubkey_import_x509(pub, crt, 0);
	if (rc == 0)
		rc = gnutls_pubkey_import_privkey(own, key, 0, 0);
	if (rc == 0)
		rc = gnutls_pubkey_get_key_id(pub, 0, a, &a_n);
	if (rc == 0)
		rc = gnutls_pubkey_get_key_id(own, 0, b, &b_n);
	gnutls_pubkey_deinit(own);
	gnutls_pubkey_deinit(pub);
	gnutls_x509_crt_deinit(crt);
	gnutls_privkey_deinit(key);
	if (rc < 0 || a_n != b_n || memcmp(a, b, a_n) != 0)
		return mst_err_set(err, MST_E_INVALID,
				   "key '%s' is not that of certificate '%s'",
				   t->key_file, t->cert_file);
	return 0;
}

int mst_http_tls_reload(struct http_tls *t, struct mst_err *err)
{
	struct mst_buf key = MST_BUF_INIT(PEM_MAX);
	gnutls_datum_t chain[CHAIN_MAX];
	unsigned n = 0;
	int rc = read_chain(t->cert_file, chain, &n, err);

	if (rc < 0)
		return rc;
	if (mst_file_is_open(t->key_file))
		rc = mst_err_set(err, MST_E_INVALID,
				 "key '%s' may be read or written by others; "
				 "take that away with: chmod 0600",
				 t->key_file);
	if (rc == 0)
		rc = mst_file_read(t->key_file, &key, err);
	if (rc == 0)
		rc = check_pair(&chain[0], &key, t, err);
	if (rc < 0) {
		drop_chain(chain, n);
		mst_buf_wipe_fini(&key);
		return rc;
	}
	(void)pthread_mutex_lock(&t->lock);
	drop_chain(t->chain, t->chain_n);
	mst_buf_wipe_fini(&t->key);
	memcpy(t->chain, chain, sizeof(chain));
	t->chain_n = n;
	t->key = key;
	(void)pthread_mutex_unlock(&t->lock);
	return 0;
}

int mst_http_tls_new(const char *cert_file, const char *key_file,
		     struct http_tls **t_r, struct mst_err *err)
{
	struct http_tls *t = mst_alloc(sizeof(*t));
	int rc;

	(void)pthread_mutex_init(&t->lock, NULL);
	t->cert_file = mst_strdup(cert_file);
	t->key_file = mst_strdup(key_file ? key_file : cert_file);
	mst_buf_init(&t->key, PEM_MAX);
	rc = mst_http_tls_reload(t, err);
	if (rc < 0)
		mst_http_tls_free(&t);
	else
		*t_r = t;
	return rc;
}

void mst_http_tls_free(struct http_tls **t)
{
	if (!*t)
		return;
	drop_chain((*t)->chain, (*t)->chain_n);
	mst_buf_wipe_fini(&(*t)->key);
	(void)pthread_mutex_destroy(&(*t)->lock);
	free((*t)->cert_file);
	free((*t)->key_file);
	free(*t);
	*t = NULL;
}

static int copy_chain(const struct http_tls *t, gnutls_pcert_st *out)
{
	int rc = 0;
	unsigned i;

	for (i = 0; i < t->chain_n && rc == 0; i++)
		rc = gnutls_pcert_import_x509_raw(&out[i], &t->chain[i],
						  GNUTLS_X509_FMT_DER, 0);
	if (rc < 0)
		while (i-- > 1)
			gnutls_pcert_deinit(&out[i - 1]);
	return rc;
}

int mst_http_tls_give(struct http_tls *t, gnutls_pcert_st **chain_r,
		      unsigned *n_r, gnutls_privkey_t *key_r)
{
	gnutls_pcert_st *out = gnutls_calloc(CHAIN_MAX, sizeof(*out));
	int rc;

	if (!out)
		return GNUTLS_E_MEMORY_ERROR;
	(void)pthread_mutex_lock(&t->lock);
	rc = make_key(&t->key, key_r);
	if (rc == 0) {
		rc = copy_chain(t, out);
		if (rc < 0)
			gnutls_privkey_deinit(*key_r);
	}
	*n_r = t->chain_n;
	(void)pthread_mutex_unlock(&t->lock);
	if (rc < 0)
		gnutls_free(out);
	else
		*chain_r = out;
	return rc;
}
