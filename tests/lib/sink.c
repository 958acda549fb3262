/* SPDX-License-Identifier: Apache-2.0
 *
 * One thread, one connection at a time.
 */
#include "tests/lib/sink.h"

#include <arpa/inet.h>
#include <assert.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct t_sink {
	struct t_sink_conf conf;
	int fd, port, wake[2];
	pthread_t thread;
	SSL_CTX *tls;
	/* of the connection */
	int peer;
	SSL *ssl;
	/* with the lock */
	pthread_mutex_t lock;
	pthread_cond_t more;
	char *text, *shown;
	size_t n;
	int mails, connections;
};

static void keep(struct t_sink *s, const char *p, size_t n)
{
	pthread_mutex_lock(&s->lock);
	s->text = realloc(s->text, s->n + n + 1);
	memcpy(s->text + s->n, p, n);
	s->n += n;
	s->text[s->n] = 0;
	pthread_cond_broadcast(&s->more);
	pthread_mutex_unlock(&s->lock);
}

/* False: nothing more comes, or it is to stop. */
static bool ready(struct t_sink *s, int fd)
{
	struct pollfd p[] = {{.fd = fd, .events = POLLIN},
			     {.fd = s->wake[0], .events = POLLIN}};

	if (s->ssl && SSL_pending(s->ssl))
		return true;
	return poll(p, 2, -1) > 0 && !p[1].revents;
}

static ssize_t take(struct t_sink *s, char *p, size_t n)
{
	if (!ready(s, s->peer))
		return 0;
	if (s->ssl)
		return SSL_read(s->ssl, p, (int)n);
	return recv(s->peer, p, n, 0);
}

static void say(struct t_sink *s, const char *text)
{
	ssize_t n = send(s->peer, text, strlen(text), MSG_NOSIGNAL);

	(void)n;
}

static void stream(struct t_sink *s)
{
	char chunk[4096];
	size_t all = 0;
	ssize_t n;

	while ((n = take(s, chunk, sizeof(chunk))) > 0) {
		keep(s, chunk, (size_t)n);
		all += (size_t)n;
		if (s->conf.hang_up_after &&
		    all >= (size_t)s->conf.hang_up_after)
			return;
	}
}

/* ---- mail ---------------------------------------------------------------- */

static bool line(struct t_sink *s, char *out, size_t max)
{
	size_t n = 0;

	while (n + 1 < max && take(s, out + n, 1) == 1) {
		if (out[n++] == '\n') {
			out[n] = 0;
			keep(s, out, n);
			return true;
		}
	}
	return false;
}

static void answer_rcpt(struct t_sink *s, const char *text)
{
	bool meant = !s->conf.rcpt_of || strstr(text, s->conf.rcpt_of);

	say(s, s->conf.rcpt && meant ? s->conf.rcpt : "250 ok\r\n");
}

static void mail(struct t_sink *s)
{
	char text[2048];
	bool data = false;

	say(s, "220 sink\r\n");
	while (line(s, text, sizeof(text))) {
		if (data && strcmp(text, ".\r\n") == 0) {
			data = false;
			pthread_mutex_lock(&s->lock);
			s->mails += !s->conf.data_end;
			pthread_mutex_unlock(&s->lock);
			say(s,
			    s->conf.data_end ? s->conf.data_end : "250 ok\r\n");
		} else if (data) {
			continue;
		} else if (strncmp(text, "RCPT", 4) == 0) {
			answer_rcpt(s, text);
		} else if (strncmp(text, "DATA", 4) == 0) {
			data = true;
			say(s, "354 go on\r\n");
		} else if (strncmp(text, "QUIT", 4) == 0) {
			say(s, "221 bye\r\n");
			return;
		} else {
			say(s, "250 ok\r\n");
		}
	}
}

/* ---- the thread ---------------------------------------------------------- */

static bool greet(struct t_sink *s)
{
	if (s->conf.kind != T_SINK_TLS)
		return true;
	s->ssl = SSL_new(s->tls);
	SSL_set_fd(s->ssl, s->peer);
	return SSL_accept(s->ssl) == 1;
}

static void datagrams(struct t_sink *s)
{
	char chunk[65536];

	while (ready(s, s->fd)) {
		ssize_t n = recv(s->fd, chunk, sizeof(chunk) - 1, 0);

		if (n < 0)
			continue;
		chunk[n++] = '\n';
		keep(s, chunk, (size_t)n);
	}
}

static void *run(void *arg)
{
	struct t_sink *s = arg;

	if (s->conf.kind == T_SINK_UDP) {
		datagrams(s);
		return NULL;
	}
	while (ready(s, s->fd)) {
		s->peer = accept(s->fd, NULL, NULL);
		if (s->peer < 0)
			continue;
		pthread_mutex_lock(&s->lock);
		s->connections++;
		pthread_mutex_unlock(&s->lock);
		if (greet(s) && s->conf.kind == T_SINK_SMTP)
			mail(s);
		else if (!s->tls || SSL_is_init_finished(s->ssl))
			stream(s);
		SSL_free(s->ssl);
		s->ssl = NULL;
		close(s->peer);
	}
	return NULL;
}

/* ---- starting ------------------------------------------------------------ */

static X509 *read_cert(const char *pem)
{
	BIO *b = BIO_new_mem_buf(pem, -1);
	X509 *c = PEM_read_bio_X509(b, NULL, NULL, NULL);

	assert(c);
	BIO_free(b);
	return c;
}

static void make_tls(struct t_sink *s)
{
	X509 *cert = read_cert(s->conf.cert);
	BIO *b = BIO_new_mem_buf(s->conf.key, -1);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(b, NULL, NULL, NULL);

	s->tls = SSL_CTX_new(TLS_server_method());
	assert(s->tls && key);
	SSL_CTX_use_certificate(s->tls, cert);
	SSL_CTX_use_PrivateKey(s->tls, key);
	if (s->conf.client_ca) {
		X509 *ca = read_cert(s->conf.client_ca);

		X509_STORE_add_cert(SSL_CTX_get_cert_store(s->tls), ca);
		SSL_CTX_set_verify(
		    s->tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
		    NULL);
		X509_free(ca);
	}
	BIO_free(b);
	EVP_PKEY_free(key);
	X509_free(cert);
}

struct t_sink *t_sink_start(const struct t_sink_conf *conf)
{
	struct t_sink *s = calloc(1, sizeof(*s));
	struct sockaddr_in at = {.sin_family = AF_INET};
	socklen_t n = sizeof(at);
	int rc;

	assert(s);
	s->conf = *conf;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->more, NULL);
	if (conf->kind == T_SINK_TLS)
		make_tls(s);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s->fd = socket(AF_INET,
		       conf->kind == T_SINK_UDP ? SOCK_DGRAM : SOCK_STREAM, 0);
	rc = bind(s->fd, (struct sockaddr *)&at, sizeof(at));
	assert(rc == 0);
	rc = getsockname(s->fd, (struct sockaddr *)&at, &n);
	assert(rc == 0);
	s->port = ntohs(at.sin_port);
	if (conf->kind != T_SINK_UDP)
		rc = listen(s->fd, 8);
	assert(rc == 0);
	rc = pipe(s->wake);
	assert(rc == 0);
	rc = pthread_create(&s->thread, NULL, run, s);
	assert(rc == 0);
	return s;
}

void t_sink_stop(struct t_sink **sp)
{
	struct t_sink *s = *sp;

	if (!s)
		return;
	close(s->wake[1]);
	pthread_join(s->thread, NULL);
	close(s->wake[0]);
	close(s->fd);
	SSL_CTX_free(s->tls);
	pthread_cond_destroy(&s->more);
	pthread_mutex_destroy(&s->lock);
	free(s->text);
	free(s->shown);
	free(s);
	*sp = NULL;
}

int t_sink_port(const struct t_sink *s)
{
	return s->port;
}

const char *t_sink_text(struct t_sink *s, size_t n)
{
	pthread_mutex_lock(&s->lock);
	while (s->n < n)
		pthread_cond_wait(&s->more, &s->lock);
	free(s->shown);
	s->shown = strdup(s->text ? s->text : "");
	pthread_mutex_unlock(&s->lock);
	return s->shown;
}

int t_sink_mails(struct t_sink *s)
{
	int n;

	pthread_mutex_lock(&s->lock);
	n = s->mails;
	pthread_mutex_unlock(&s->lock);
	return n;
}

int t_sink_connections(struct t_sink *s)
{
	int n;

	pthread_mutex_lock(&s->lock);
	n = s->connections;
	pthread_mutex_unlock(&s->lock);
	return n;
}
