/* SPDX-License-Identifier: Apache-2.0
 *
 * The small proxy: a thread for each connection, which reads one CONNECT and
 * then hands bytes to and fro.
 */
#include "tests/lib/proxyd.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/b64.h"
#include "base/err.h"

#define CONNS_MAX 64
#define HEAD_MAX  8192

struct conn {
	struct t_proxyd *p;
	pthread_t thread;
	int fd;
	SSL *ssl;
};

struct t_proxyd {
	struct t_proxyd_conf conf;
	pthread_mutex_t lock;
	pthread_t thread;
	int fd, port, stop_pipe[2];
	SSL_CTX *tls;
	char wants[256]; /* the header line's value, "" for none */
	struct conn conns[CONNS_MAX];
	size_t conns_n;
	char *heads[CONNS_MAX];
	size_t heads_n;
};

static ssize_t get(struct conn *c, char *out, size_t n)
{
	return c->ssl ? SSL_read(c->ssl, out, (int)n) : recv(c->fd, out, n, 0);
}

static bool put(struct conn *c, const char *s, size_t n)
{
	if (c->ssl)
		return n == 0 || SSL_write(c->ssl, s, (int)n) == (int)n;
	return send(c->fd, s, n, MSG_NOSIGNAL) == (ssize_t)n;
}

static bool put_all(int fd, const char *s, size_t n)
{
	return send(fd, s, n, MSG_NOSIGNAL) == (ssize_t)n;
}

/* Waits for bytes from the client, or from there. Bits: 1 the client, 2 there;
 * 0: stop. */
static int await(struct conn *c, int there)
{
	struct pollfd p[3] = {{.fd = c->p->stop_pipe[0], .events = POLLIN},
			      {.fd = c->fd, .events = POLLIN},
			      {.fd = there, .events = POLLIN}};

	if (c->ssl && SSL_pending(c->ssl))
		return 1;
	if (poll(p, there < 0 ? 2 : 3, -1) <= 0 || p[0].revents)
		return 0;
	return (p[1].revents ? 1 : 0) | (there >= 0 && p[2].revents ? 2 : 0);
}

static void answer(struct conn *c, int status, const char *header)
{
	char text[512];
	int n = snprintf(text, sizeof(text),
			 "HTTP/1.1 %d Answer\r\n%sContent-Length: 0\r\n"
			 "Connection: close\r\n\r\n",
			 status, header);

	(void)put(c, text, (size_t)n);
}

static bool read_head(struct conn *c, char *head)
{
	size_t n = 0;

	head[0] = 0;
	while (!strstr(head, "\r\n\r\n")) {
		ssize_t got;

		if (n + 1 >= HEAD_MAX || !await(c, -1))
			return false;
		got = get(c, head + n, HEAD_MAX - 1 - n);
		if (got <= 0)
			return false;
		n += (size_t)got;
		head[n] = 0;
		if (head[0] != 'C') { /* a hand-shake of TLS */
			answer(c, 400, "");
			return false;
		}
	}
	return true;
}

static void keep(struct t_proxyd *p, const char *head)
{
	pthread_mutex_lock(&p->lock);
	if (p->heads_n == CONNS_MAX)
		abort();
	p->heads[p->heads_n++] = mst_strdup(head);
	pthread_mutex_unlock(&p->lock);
}

static int connect_to(int port)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_port = htons((uint16_t)port),
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static void hand_over(struct conn *c, int there)
{
	char buf[16384];

	for (;;) {
		int who = await(c, there);
		ssize_t n;

		if (!who)
			return;
		if (who & 1) {
			n = get(c, buf, sizeof(buf));
			if (n <= 0 || !put_all(there, buf, (size_t)n))
				return;
		}
		if (who & 2) {
			n = recv(there, buf, sizeof(buf), 0);
			if (n <= 0 || !put(c, buf, (size_t)n))
				return;
		}
	}
}

static void lead(struct conn *c)
{
	static const char go[] = "HTTP/1.1 200 Go on\r\n\r\n";
	int there = c->p->conf.to ? connect_to(c->p->conf.to) : -1;

	if (there < 0) {
		answer(c, 502, "");
		return;
	}
	if (put(c, go, sizeof(go) - 1))
		hand_over(c, there);
	close(there);
}

static void take(struct conn *c)
{
	const struct t_proxyd_conf *conf = &c->p->conf;
	char head[HEAD_MAX], header[128];

	if (!read_head(c, head))
		return;
	keep(c->p, head);
	(void)snprintf(header, sizeof(header), "Proxy-Authenticate: %s\r\n",
		       conf->offers ? conf->offers : "Basic realm=\"t\"");
	if (*c->p->wants && !strstr(head, c->p->wants))
		answer(c, 407, header);
	else if (conf->refuse)
		answer(c, conf->refuse, "");
	else
		lead(c);
}

static void *serve(void *ctx)
{
	struct conn *c = ctx;

	if (c->p->tls) {
		c->ssl = SSL_new(c->p->tls);
		SSL_set_fd(c->ssl, c->fd);
	}
	if (!c->ssl || SSL_accept(c->ssl) == 1)
		take(c);
	if (c->ssl) {
		(void)SSL_shutdown(c->ssl);
		SSL_free(c->ssl);
	}
	close(c->fd);
	return NULL;
}

static void *accept_all(void *ctx)
{
	struct t_proxyd *p = ctx;
	struct pollfd fds[2] = {{.fd = p->fd, .events = POLLIN},
				{.fd = p->stop_pipe[0], .events = POLLIN}};

	while (poll(fds, 2, -1) > 0 && !fds[1].revents) {
		int fd = accept(p->fd, NULL, NULL);
		struct conn *c;

		if (fd < 0)
			continue;
		if (p->conns_n == CONNS_MAX)
			abort();
		c = &p->conns[p->conns_n++];
		*c = (struct conn){.p = p, .fd = fd};
		if (pthread_create(&c->thread, NULL, serve, c))
			abort();
	}
	return NULL;
}

/* ---- life ---------------------------------------------------------------- */

static SSL_CTX *make_tls(const char *cert, const char *key)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	BIO *cb = BIO_new_mem_buf(cert, -1), *kb = BIO_new_mem_buf(key, -1);
	X509 *x = PEM_read_bio_X509(cb, NULL, NULL, NULL);
	EVP_PKEY *k = PEM_read_bio_PrivateKey(kb, NULL, NULL, NULL);

	if (!ctx || SSL_CTX_use_certificate(ctx, x) != 1 ||
	    SSL_CTX_use_PrivateKey(ctx, k) != 1)
		abort();
	X509_free(x);
	EVP_PKEY_free(k);
	BIO_free(cb);
	BIO_free(kb);
	return ctx;
}

static void make_wants(struct t_proxyd *p)
{
	struct mst_buf b = MST_BUF_INIT(sizeof(p->wants));

	if (!p->conf.login)
		return;
	(void)mst_b64_add(&b, mst_slice_str(p->conf.login));
	(void)snprintf(p->wants, sizeof(p->wants),
		       "\r\nProxy-Authorization: Basic %.*s\r\n", (int)b.n,
		       b.p);
	mst_buf_fini(&b);
}

struct t_proxyd *t_proxyd_start(const struct t_proxyd_conf *conf)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct t_proxyd *p = mst_alloc(sizeof(*p));
	socklen_t n = sizeof(a);

	p->conf = *conf;
	make_wants(p);
	if (conf->cert)
		p->tls = make_tls(conf->cert, conf->key);
	pthread_mutex_init(&p->lock, NULL);
	p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (p->fd < 0 || bind(p->fd, (struct sockaddr *)&a, sizeof(a)) ||
	    getsockname(p->fd, (struct sockaddr *)&a, &n) ||
	    listen(p->fd, 16) || pipe(p->stop_pipe))
		abort();
	p->port = ntohs(a.sin_port);
	if (pthread_create(&p->thread, NULL, accept_all, p))
		abort();
	return p;
}

void t_proxyd_stop(struct t_proxyd **pp)
{
	struct t_proxyd *p = *pp;

	*pp = NULL;
	if (!p)
		return;
	if (write(p->stop_pipe[1], "x", 1) != 1)
		abort();
	pthread_join(p->thread, NULL);
	for (size_t i = 0; i < p->conns_n; i++)
		pthread_join(p->conns[i].thread, NULL);
	for (size_t i = 0; i < p->heads_n; i++)
		free(p->heads[i]);
	close(p->fd);
	close(p->stop_pipe[0]);
	close(p->stop_pipe[1]);
	SSL_CTX_free(p->tls);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

int t_proxyd_port(const struct t_proxyd *p)
{
	return p->port;
}

size_t t_proxyd_count(struct t_proxyd *p)
{
	size_t n;

	pthread_mutex_lock(&p->lock);
	n = p->heads_n;
	pthread_mutex_unlock(&p->lock);
	return n;
}

const char *t_proxyd_last(struct t_proxyd *p)
{
	const char *last;

	pthread_mutex_lock(&p->lock);
	last = p->heads_n ? p->heads[p->heads_n - 1] : "";
	pthread_mutex_unlock(&p->lock);
	return last;
}
