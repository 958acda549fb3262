/* SPDX-License-Identifier: Apache-2.0
 *
 * TLS as a client, by OpenSSL.
 */
#include "forwarder/tls_out.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdlib.h>

#include "base/secret.h"
#include "base/time.h"
#include "cred/certfile.h"

struct mst_tls_out {
	const char *action; /* lent */
	const struct mst_syslog_conf *c;
	SSL_CTX *ctx;
	SSL *ssl;
};

static int fail(struct mst_tls_out *t, enum mst_code code, struct mst_err *err,
		const char *what)
{
	unsigned long e = ERR_get_error();
	const char *why = e ? ERR_reason_error_string(e) : NULL;

	ERR_clear_error();
	return mst_err_set(err, code, "action %s: %s: %s%s%s", t->action,
			   t->c->address, what, why ? ": " : "",
			   why ? why : "");
}

/* ---- options ------------------------------------------------------------- */

static int use_files(struct mst_tls_out *t, const struct mst_certfile *certs,
		     const struct mst_certfile *key, struct mst_err *err)
{
	bool ok = certs->certs_n > 0 && key->key &&
		  SSL_CTX_use_certificate(t->ctx, certs->certs[0]) == 1 &&
		  SSL_CTX_use_PrivateKey(t->ctx, key->key) == 1;

	for (size_t i = 1; ok && i < certs->certs_n; i++)
		ok = SSL_CTX_add1_chain_cert(t->ctx, certs->certs[i]) == 1;
	if (ok && SSL_CTX_check_private_key(t->ctx) == 1)
		return 0;
	return fail(t, MST_E_INVALID, err,
		    certs->certs_n == 0 ? "certificate: there is none in it"
		    : !key->key		? "certificate_key: there is no key in "
					  "it"
					: "certificate and key do not belong "
					  "together");
}

static int read_files(struct mst_tls_out *t, const struct mst_secret *password,
		      struct mst_err *err)
{
	const struct mst_syslog_conf *c = t->c;
	bool apart = c->certificate_key && *c->certificate_key;
	struct mst_certfile certs = {0}, key = {0};
	int rc = mst_certfile_read(c->certificate, password, &certs, err);

	if (rc == 0 && apart)
		rc = mst_certfile_read(c->certificate_key, password, &key, err);
	if (rc < 0)
		(void)mst_err_prefix(err, "action %s: certificate", t->action);
	else
		rc = use_files(t, &certs, apart ? &key : &certs, err);
	mst_certfile_fini(&certs);
	mst_certfile_fini(&key);
	return rc;
}

static int use_certificate(struct mst_tls_out *t, struct mst_err *err)
{
	const struct mst_syslog_conf *c = t->c;
	struct mst_secret *password = NULL;
	int rc;

	if (!c->certificate || !*c->certificate)
		return 0;
	if (c->certificate_password && *c->certificate_password &&
	    mst_secret_ref(c->certificate_password, &password, err) < 0)
		return mst_err_prefix(err, "action %s: certificate_password",
				      t->action);
	rc = read_files(t, password, err);
	mst_secret_free(&password);
	return rc;
}

int mst_tls_out_new(const char *action, const struct mst_syslog_conf *c,
		    struct mst_tls_out **t_r, struct mst_err *err)
{
	struct mst_tls_out *t = mst_alloc(sizeof(*t));
	int rc = 0;

	t->action = action;
	t->c = c;
	t->ctx = SSL_CTX_new(TLS_client_method());
	if (!t->ctx ||
	    SSL_CTX_set_min_proto_version(t->ctx, TLS1_2_VERSION) != 1)
		rc = fail(t, MST_E_INTERNAL, err, "no TLS");
	if (rc == 0) {
		SSL_CTX_set_verify(t->ctx, SSL_VERIFY_PEER, NULL);
		(void)SSL_CTX_set_mode(t->ctx,
				       SSL_MODE_ENABLE_PARTIAL_WRITE |
					   SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
		if (SSL_CTX_set_default_verify_paths(t->ctx) != 1)
			rc = fail(t, MST_E_INTERNAL, err, "no trust anchors");
	}
	if (rc == 0 && c->ca_file && *c->ca_file &&
	    SSL_CTX_load_verify_locations(t->ctx, c->ca_file, NULL) != 1)
		rc = fail(t, MST_E_INVALID, err,
			  "ca_file: no certificate in PEM form can be read");
	if (rc == 0)
		rc = use_certificate(t, err);
	if (rc < 0)
		mst_tls_out_free(&t);
	else
		*t_r = t;
	return rc;
}

void mst_tls_out_free(struct mst_tls_out **tp)
{
	struct mst_tls_out *t = *tp;

	if (!t)
		return;
	SSL_free(t->ssl);
	SSL_CTX_free(t->ctx);
	free(t);
	*tp = NULL;
}

/* ---- talking ------------------------------------------------------------- */

/* After a call that came to nothing: true when it may be tried again. */
static bool wait_more(struct mst_tls_out *t, int n, int64_t until_us)
{
	struct pollfd p = {.fd = SSL_get_fd(t->ssl)};
	int64_t left = (until_us - mst_mono_us()) / 1000;

	switch (SSL_get_error(t->ssl, n)) {
	case SSL_ERROR_WANT_READ:
		p.events = POLLIN;
		break;
	case SSL_ERROR_WANT_WRITE:
		p.events = POLLOUT;
		break;
	default:
		return false;
	}
	return left > 0 && poll(&p, 1, (int)left) > 0;
}

static int name_of(struct mst_tls_out *t, struct mst_err *err)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(t->ssl);
	/* OpenSSL's macro wants it writable. */
	char *host MST_CLEANUP(mst_freep) = mst_strdup(t->c->host);

	if (X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1)
		return 0;
	ERR_clear_error();
	if (SSL_set1_host(t->ssl, host) != 1 ||
	    SSL_set_tlsext_host_name(t->ssl, host) != 1)
		return fail(t, MST_E_INTERNAL, err, "no name to verify");
	return 0;
}

int mst_tls_out_begin(struct mst_tls_out *t, int fd, int64_t until_us,
		      struct mst_err *err)
{
	long verdict;
	int n;

	ERR_clear_error();
	t->ssl = SSL_new(t->ctx);
	if (!t->ssl || SSL_set_fd(t->ssl, fd) != 1)
		return fail(t, MST_E_INTERNAL, err, "no TLS");
	if (name_of(t, err) < 0)
		return -(int)err->code;
	while ((n = SSL_connect(t->ssl)) != 1) {
		if (wait_more(t, n, until_us))
			continue;
		verdict = SSL_get_verify_result(t->ssl);
		if (verdict == X509_V_OK)
			return fail(t, MST_E_TRANSIENT, err,
				    "the TLS hand-shake failed");
		ERR_clear_error();
		return mst_err_set(
		    err, MST_E_AUTH,
		    "action %s: %s: its certificate is not trusted: %s: give "
		    "the authority that issued it as ca_file, and an address "
		    "that the certificate names",
		    t->action, t->c->address,
		    X509_verify_cert_error_string(verdict));
	}
	return 0;
}

int mst_tls_out_write(struct mst_tls_out *t, struct mst_slice s,
		      int64_t until_us, struct mst_err *err)
{
	while (s.n) {
		int n;

		ERR_clear_error();
		n = SSL_write(t->ssl, s.p, (int)s.n);
		if (n > 0)
			s = mst_slice(s.p + n, s.n - (size_t)n);
		else if (!wait_more(t, n, until_us))
			return fail(t, MST_E_TRANSIENT, err, "not sent");
	}
	return 0;
}

bool mst_tls_out_alive(struct mst_tls_out *t)
{
	char c;
	int n;

	ERR_clear_error();
	n = SSL_read(t->ssl, &c, 1);
	return n > 0 || SSL_get_error(t->ssl, n) == SSL_ERROR_WANT_READ;
}

void mst_tls_out_end(struct mst_tls_out *t)
{
	if (!t || !t->ssl)
		return;
	ERR_clear_error();
	(void)SSL_shutdown(t->ssl);
	ERR_clear_error();
	SSL_free(t->ssl);
	t->ssl = NULL;
}
