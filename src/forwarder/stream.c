/* SPDX-License-Identifier: Apache-2.0
 *
 * Streams of senders, plain or with TLS by OpenSSL.
 */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/time.h"
#include "forwarder/stream.h"

struct mst_tls {
	SSL_CTX *ctx;
};

/* OpenSSL's own words for what went wrong last. */
static const char *why(char out[256])
{
	unsigned long e = ERR_peek_last_error();

	if (e)
		ERR_error_string_n(e, out, 256);
	else
		(void)snprintf(out, 256, "no reason given");
	ERR_clear_error();
	return out;
}

/* ---- listeners ----------------------------------------------------------- */

static int no_passphrase(char *buf, int n, int writing, void *ctx)
{
	(void)buf;
	(void)n;
	(void)writing;
	(void)ctx;
	return 0;
}

static int load(SSL_CTX *ctx, const struct mst_receiver *r, struct mst_err *err)
{
	char text[256];

	if (SSL_CTX_use_certificate_chain_file(ctx, r->certificate) != 1)
		return mst_err_set(err, MST_E_INVALID,
				   "receiver '%s': certificate '%s' cannot be "
				   "used: %s",
				   r->name, r->certificate, why(text));
	if (SSL_CTX_use_PrivateKey_file(ctx, r->key, SSL_FILETYPE_PEM) != 1)
		return mst_err_set(err, MST_E_INVALID,
				   "receiver '%s': key '%s' cannot be used: "
				   "%s; it must be a PEM file that is not "
				   "encrypted and fit the certificate",
				   r->name, r->key, why(text));
	if (!r->client_ca)
		return 0;
	if (SSL_CTX_load_verify_locations(ctx, r->client_ca, NULL) != 1)
		return mst_err_set(err, MST_E_INVALID,
				   "receiver '%s': client_ca '%s' cannot be "
				   "used: %s",
				   r->name, r->client_ca, why(text));
	SSL_CTX_set_verify(
	    ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	return 0;
}

int mst_tls_new(const struct mst_receiver *r, struct mst_tls **t_r,
		struct mst_err *err)
{
	struct mst_tls *t;
	int rc;

	*t_r = NULL;
	if (r->transport != MST_TRANSPORT_TLS)
		return 0;
	t = mst_alloc(sizeof(*t));
	t->ctx = SSL_CTX_new(TLS_server_method());
	if (!t->ctx)
		mst_oom();
	(void)SSL_CTX_set_min_proto_version(t->ctx, TLS1_2_VERSION);
	/* Many senders close without saying so; messages show where they end.
	 */
	(void)SSL_CTX_set_options(t->ctx, SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_default_passwd_cb(t->ctx, no_passphrase);
	/* Senders of syslog never read. What they had not read when they close
	 * would reset the connection, and what they sent last would be lost. */
	(void)SSL_CTX_set_num_tickets(t->ctx, 0);
	(void)SSL_CTX_set_session_cache_mode(t->ctx, SSL_SESS_CACHE_OFF);
	rc = load(t->ctx, r, err);
	if (rc < 0)
		mst_tls_free(&t);
	*t_r = t;
	return rc;
}

void mst_tls_free(struct mst_tls **t)
{
	if (!*t)
		return;
	SSL_CTX_free((*t)->ctx);
	free(*t);
	*t = NULL;
}

/* ---- waiting ------------------------------------------------------------- */

/* 1: ready, 0: too late, -1: stopped */
static int wait_for(const struct mst_stream *s, short events, int64_t wait_ms)
{
	struct pollfd p[2] = {{.fd = s->fd, .events = events},
			      {.fd = s->stop_fd, .events = POLLIN}};
	int64_t until = mst_mono_us() + wait_ms * 1000;

	for (;;) {
		int64_t left = (until - mst_mono_us() + 999) / 1000;
		int n = poll(
		    p, 2,
		    wait_ms < 0 ? -1 : (int)MST_MAX(0, MST_MIN(left, 3600000)));

		if (n < 0 && errno == EINTR)
			continue;
		if (p[1].revents)
			return -1;
		if (n != 0 || (wait_ms >= 0 && left <= 0))
			return n > 0;
	}
}

bool mst_stream_wait(struct mst_stream *s, int64_t wait_ms)
{
	if (s->ssl && SSL_pending(s->ssl) > 0)
		return true;
	return wait_for(s, POLLIN, wait_ms) > 0;
}

bool mst_stream_stopped(const struct mst_stream *s)
{
	struct pollfd p = {.fd = s->stop_fd, .events = POLLIN};

	return poll(&p, 1, 0) > 0;
}

/* ---- opening ------------------------------------------------------------- */

static int shake_hands(struct mst_stream *s, int64_t wait_ms,
		       struct mst_err *err)
{
	int64_t until = mst_mono_us() + wait_ms * 1000;
	char text[256];

	for (;;) {
		int rc = SSL_accept(s->ssl), what, ready;

		if (rc == 1)
			return 0;
		what = SSL_get_error(s->ssl, rc);
		if (what != SSL_ERROR_WANT_READ && what != SSL_ERROR_WANT_WRITE)
			return mst_err_set(err, MST_E_IO,
					   "TLS was not agreed on: %s",
					   why(text));
		ready =
		    wait_for(s, what == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT,
			     MST_MAX((until - mst_mono_us()) / 1000, 0));
		if (ready < 0)
			return mst_err_set(err, MST_E_CANCELLED, "stopped");
		if (ready == 0)
			return mst_err_set(err, MST_E_IO,
					   "TLS was not agreed on in time");
	}
}

int mst_stream_open(struct mst_stream *s, int fd, int stop_fd,
		    struct mst_tls *tls, int64_t wait_ms, struct mst_err *err)
{
	int rc;

	*s = (struct mst_stream){fd, stop_fd, NULL};
	if (!tls)
		return 0;
	s->ssl = SSL_new(tls->ctx);
	if (!s->ssl || SSL_set_fd(s->ssl, fd) != 1)
		mst_oom();
	rc = shake_hands(s, wait_ms, err);
	if (rc < 0)
		mst_stream_close(s);
	return rc;
}

void mst_stream_close(struct mst_stream *s)
{
	if (s->ssl) {
		(void)SSL_shutdown(s->ssl);
		SSL_free(s->ssl);
		ERR_clear_error();
	}
	if (s->fd >= 0)
		(void)close(s->fd);
	s->fd = -1;
	s->ssl = NULL;
}

/* ---- reading ------------------------------------------------------------- */

static enum mst_stream_got read_tls(struct mst_stream *s, char *to, size_t n,
				    size_t *got_r, struct mst_err *err)
{
	int rc = SSL_read(s->ssl, to, (int)MST_MIN(n, (size_t)1 << 20));
	char text[256];
	int saved = errno;

	if (rc > 0) {
		*got_r = (size_t)rc;
		return MST_STREAM_BYTES;
	}
	switch (SSL_get_error(s->ssl, rc)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		return MST_STREAM_LATER;
	case SSL_ERROR_ZERO_RETURN:
		return MST_STREAM_END;
	case SSL_ERROR_SYSCALL:
		if (saved == 0)
			return MST_STREAM_END;
		errno = saved;
		(void)mst_err_os(err, "reading");
		ERR_clear_error();
		return MST_STREAM_BROKEN;
	default:
		(void)mst_err_set(err, MST_E_IO, "TLS: %s", why(text));
		return MST_STREAM_BROKEN;
	}
}

enum mst_stream_got mst_stream_read(struct mst_stream *s, char *to, size_t n,
				    size_t *got_r, struct mst_err *err)
{
	ssize_t rc;

	*got_r = 0;
	errno = 0;
	if (s->ssl)
		return read_tls(s, to, n, got_r, err);
	do
		rc = recv(s->fd, to, n, MSG_DONTWAIT);
	while (rc < 0 && errno == EINTR);
	if (rc > 0) {
		*got_r = (size_t)rc;
		return MST_STREAM_BYTES;
	}
	if (rc == 0)
		return MST_STREAM_END;
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		return MST_STREAM_LATER;
	(void)mst_err_os(err, "reading");
	return MST_STREAM_BROKEN;
}
