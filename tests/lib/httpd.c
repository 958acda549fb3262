/* SPDX-License-Identifier: Apache-2.0
 *
 * The misbehaving web server.
 */
#include "tests/lib/httpd.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"

#define REQUESTS_MAX 4096
#define CONNS_MAX    256
#define URLS_MAX     256
#define TAKE_MAX     (64u << 20)

struct conn {
	struct t_httpd *h;
	pthread_t thread;
	int fd, number;
	SSL *ssl;
	struct mst_buf in;
};

struct t_httpd {
	pthread_mutex_t lock;
	pthread_t thread;
	int fd, port;
	int stop_pipe[2]; /* readable: stop */
	struct t_answer *answers;
	int *left; /* of each answer; -1: for ever */
	size_t answers_n;
	struct t_request requests[REQUESTS_MAX];
	size_t requests_n;
	struct conn conns[CONNS_MAX];
	int conns_n, closed_n;
	pthread_cond_t closed;
	char *urls[URLS_MAX];
	size_t urls_n;
	SSL_CTX *tls;
};

static int64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* True when the server is to stop (at once), false after ms. */
static bool pause_ms(struct t_httpd *h, int ms)
{
	struct pollfd p = {.fd = h->stop_pipe[0], .events = POLLIN};

	return poll(&p, 1, ms) != 0;
}

/* ---- bytes --------------------------------------------------------------- */

static bool send_all(struct conn *c, const char *p, size_t n)
{
	while (n) {
		ssize_t w;

		if (c->ssl)
			w = SSL_write(c->ssl, p, n > 16384 ? 16384 : (int)n);
		else
			w = send(c->fd, p, n, MSG_NOSIGNAL);
		if (w <= 0)
			return false;
		p += w;
		n -= (size_t)w;
	}
	return true;
}

static bool recv_more(struct conn *c)
{
	struct pollfd p[2] = {{.fd = c->fd, .events = POLLIN},
			      {.fd = c->h->stop_pipe[0], .events = POLLIN}};
	ssize_t n;

	if (!(c->ssl && SSL_pending(c->ssl)) &&
	    (poll(p, 2, -1) <= 0 || p[1].revents))
		return false;
	if (!mst_buf_reserve(&c->in, 65536))
		return false;
	if (c->ssl)
		n = SSL_read(c->ssl, c->in.p + c->in.n, 65536);
	else
		n = recv(c->fd, c->in.p + c->in.n, 65536, 0);
	if (n <= 0)
		return false;
	c->in.n += (size_t)n;
	c->in.p[c->in.n] = 0;
	return true;
}

static void reset(struct conn *c)
{
	struct linger l = {.l_onoff = 1, .l_linger = 0};

	setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
}

/* ---- requests ------------------------------------------------------------ */

const char *t_header(const struct t_request *r, const char *name)
{
	static _Thread_local char value[8192];
	size_t n = strlen(name);

	for (const char *p = r->headers; p && *p;) {
		const char *end = strstr(p, "\r\n");

		if (!end)
			break;
		if (strncasecmp(p, name, n) == 0 && p[n] == ':') {
			p += n + 1;
			while (*p == ' ')
				p++;
			(void)snprintf(value, sizeof(value), "%.*s",
				       (int)(end - p), p);
			return value;
		}
		p = end + 2;
	}
	return NULL;
}

static void parse_line(const char *line, struct t_request *r)
{
	const char *a = strchr(line, ' ');
	const char *b = a ? strchr(a + 1, ' ') : NULL;

	r->method = mst_strndup(line, a ? (size_t)(a - line) : 0);
	r->path = mst_strndup(a ? a + 1 : "", b ? (size_t)(b - a - 1) : 0);
}

/* Takes one request off the connection. */
static bool take_request(struct conn *c, struct t_request *r)
{
	const char *end, *len;
	size_t head;

	while (!c->in.p || !(end = strstr(c->in.p, "\r\n\r\n"))) {
		if (!recv_more(c))
			return false;
		/* A TLS hand-shake where none is spoken: as web servers do. */
		if (*c->in.p == 0x16) {
			send_all(c, "HTTP/1.1 400 No TLS here\r\n\r\n", 28);
			return false;
		}
	}
	head = (size_t)(end - c->in.p) + 4;
	*r = (struct t_request){.connection = c->number, .at_us = now_us()};
	parse_line(c->in.p, r);
	end = strstr(c->in.p, "\r\n") + 2;
	r->headers = mst_strndup(end, head - 2 - (size_t)(end - c->in.p));
	len = t_header(r, "Content-Length");
	r->body_n = len ? strtoul(len, NULL, 10) : 0;
	while (c->in.n < head + r->body_n)
		if (!recv_more(c))
			break;
	if (c->in.n < head + r->body_n)
		r->body_n = c->in.n - head;
	r->body = mst_strndup(c->in.p + head, r->body_n);
	memmove(c->in.p, c->in.p + head + r->body_n,
		c->in.n - head - r->body_n + 1);
	c->in.n -= head + r->body_n;
	return true;
}

static void keep(struct t_httpd *h, const struct t_request *r)
{
	pthread_mutex_lock(&h->lock);
	if (h->requests_n == REQUESTS_MAX)
		abort();
	h->requests[h->requests_n++] = *r;
	pthread_mutex_unlock(&h->lock);
}

static struct t_answer choose(struct t_httpd *h, const char *path)
{
	struct t_answer a = {.status = 599, .body = "not in the script"};

	pthread_mutex_lock(&h->lock);
	for (size_t i = 0; i < h->answers_n; i++) {
		const char *want = h->answers[i].path;

		if (!h->left[i] ||
		    (want && strncmp(path, want, strlen(want)) != 0))
			continue;
		if (h->left[i] > 0)
			h->left[i]--;
		a = h->answers[i];
		break;
	}
	pthread_mutex_unlock(&h->lock);
	return a;
}

/* ---- answers ------------------------------------------------------------- */

static bool send_head(struct conn *c, const struct t_answer *a, size_t n)
{
	struct mst_buf b = MST_BUF_INIT(1u << 20);
	bool ok;

	mst_buf_addf(&b, "HTTP/1.1 %d Scripted\r\n",
		     a->status ? a->status : 200);
	if (a->headers)
		mst_buf_adds(&b, a->headers);
	if (a->way == T_CHUNKED || a->way == T_CHUNKED_CUT)
		mst_buf_adds(&b, "Transfer-Encoding: chunked\r\n");
	else if (a->way != T_UNTIL_CLOSE)
		mst_buf_addf(&b, "Content-Length: %zu\r\n",
			     n + (a->way == T_SHORT ? a->extra : 0));
	mst_buf_adds(&b, "\r\n");
	ok = send_all(c, b.p, b.n);
	mst_buf_fini(&b);
	return ok;
}

static bool send_chunks(struct conn *c, const char *p, size_t n, bool whole)
{
	size_t half = n / 2;
	char line[32];

	(void)snprintf(line, sizeof(line), "%zx\r\n", half);
	if (half && (!send_all(c, line, strlen(line)) ||
		     !send_all(c, p, half) || !send_all(c, "\r\n", 2)))
		return false;
	(void)snprintf(line, sizeof(line), "%zx\r\n", n - half);
	if (!whole)
		return send_all(c, line, strlen(line)) && false;
	if (n - half &&
	    (!send_all(c, line, strlen(line)) ||
	     !send_all(c, p + half, n - half) || !send_all(c, "\r\n", 2)))
		return false;
	return send_all(c, "0\r\n\r\n", 5);
}

static bool send_drip(struct conn *c, const char *p, size_t n, int ms)
{
	for (size_t i = 0; i < n; i++)
		if (!send_all(c, p + i, 1) || pause_ms(c->h, ms))
			return false;
	return true;
}

/* False: the connection is over. */
static bool answer(struct conn *c, const struct t_answer *a)
{
	const char *p = a->body ? a->body : "";
	size_t n = a->body_n ? a->body_n : strlen(p);

	if (a->delay_ms && a->way != T_DRIP && pause_ms(c->h, a->delay_ms))
		return false;
	switch (a->way) {
	case T_CLOSE:
		return false;
	case T_RESET_FIRST:
		reset(c);
		return false;
	case T_NEVER:
		(void)pause_ms(c->h, -1);
		return false;
	case T_RAW:
		return send_all(c, p, n) && !a->close;
	case T_WHOLE:
	case T_CHUNKED:
	case T_CHUNKED_CUT:
	case T_SHORT:
	case T_RESET_MIDDLE:
	case T_DRIP:
	case T_STALL:
	case T_UNTIL_CLOSE:
		break;
	}
	if (!send_head(c, a, n))
		return false;
	if (a->way == T_CHUNKED || a->way == T_CHUNKED_CUT)
		return send_chunks(c, p, n, a->way == T_CHUNKED) && !a->close;
	if (a->way == T_DRIP)
		return send_drip(c, p, n, a->delay_ms) && !a->close;
	if (a->way == T_RESET_MIDDLE || a->way == T_STALL) {
		(void)send_all(c, p, n / 2);
		/* Let the client read its half before the reset drops it. */
		(void)pause_ms(c->h, a->way == T_STALL ? -1 : 20);
		reset(c);
		return false;
	}
	return send_all(c, p, n) && a->way == T_WHOLE && !a->close;
}

static void *serve(void *ctx)
{
	struct conn *c = ctx;
	struct t_request r;
	bool open = true;

	if (c->h->tls) {
		c->ssl = SSL_new(c->h->tls);
		SSL_set_fd(c->ssl, c->fd);
		open = SSL_accept(c->ssl) == 1;
	}
	while (open && take_request(c, &r)) {
		struct t_answer a = choose(c->h, r.path);

		keep(c->h, &r);
		open = answer(c, &a);
	}
	if (c->ssl) {
		(void)SSL_shutdown(c->ssl);
		SSL_free(c->ssl);
	}
	close(c->fd);
	mst_buf_fini(&c->in);
	pthread_mutex_lock(&c->h->lock);
	c->h->closed_n++;
	pthread_cond_broadcast(&c->h->closed);
	pthread_mutex_unlock(&c->h->lock);
	return NULL;
}

static void *accept_all(void *ctx)
{
	struct t_httpd *h = ctx;
	struct pollfd p[2] = {{.fd = h->fd, .events = POLLIN},
			      {.fd = h->stop_pipe[0], .events = POLLIN}};

	while (poll(p, 2, -1) > 0 && !p[1].revents) {
		int fd = accept(h->fd, NULL, NULL), one = 1;
		struct conn *c;

		if (fd < 0)
			continue;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		pthread_mutex_lock(&h->lock);
		if (h->conns_n == CONNS_MAX)
			abort();
		c = &h->conns[h->conns_n++];
		*c = (struct conn){.h = h, .fd = fd, .number = h->conns_n};
		mst_buf_init(&c->in, TAKE_MAX);
		if (pthread_create(&c->thread, NULL, serve, c))
			abort();
		pthread_mutex_unlock(&h->lock);
	}
	return NULL;
}

/* ---- life ---------------------------------------------------------------- */

static int listen_any(int *port_r)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) ||
	    getsockname(fd, (struct sockaddr *)&a, &n) || listen(fd, 64))
		abort();
	*port_r = ntohs(a.sin_port);
	return fd;
}

int t_free_port(void)
{
	int port, fd = listen_any(&port);

	close(fd);
	return port;
}

struct t_httpd *t_httpd_start(const struct t_answer *answers, size_t n)
{
	return t_httpd_start_tls(answers, n, NULL, NULL);
}

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

struct t_httpd *t_httpd_start_tls(const struct t_answer *answers, size_t n,
				  const char *cert, const char *key)
{
	struct t_httpd *h = mst_alloc(sizeof(*h));

	pthread_mutex_init(&h->lock, NULL);
	pthread_cond_init(&h->closed, NULL);
	h->answers = mst_alloc(n * sizeof(*answers));
	h->left = mst_alloc(n * sizeof(*h->left));
	h->answers_n = n;
	for (size_t i = 0; i < n; i++) {
		h->answers[i] = answers[i];
		h->left[i] = answers[i].times ? answers[i].times : 1;
	}
	if (cert)
		h->tls = make_tls(cert, key);
	h->fd = listen_any(&h->port);
	if (pipe(h->stop_pipe) ||
	    pthread_create(&h->thread, NULL, accept_all, h))
		abort();
	return h;
}

void t_httpd_stop(struct t_httpd **hp)
{
	struct t_httpd *h = *hp;

	*hp = NULL;
	if (!h)
		return;
	if (write(h->stop_pipe[1], "x", 1) != 1)
		abort();
	pthread_join(h->thread, NULL);
	for (int i = 0; i < h->conns_n; i++)
		pthread_join(h->conns[i].thread, NULL);
	close(h->fd);
	close(h->stop_pipe[0]);
	close(h->stop_pipe[1]);
	for (size_t i = 0; i < h->requests_n; i++) {
		free(h->requests[i].method);
		free(h->requests[i].path);
		free(h->requests[i].headers);
		free(h->requests[i].body);
	}
	for (size_t i = 0; i < h->urls_n; i++)
		free(h->urls[i]);
	SSL_CTX_free(h->tls);
	pthread_cond_destroy(&h->closed);
	pthread_mutex_destroy(&h->lock);
	free(h->answers);
	free(h->left);
	free(h);
}

int t_httpd_port(const struct t_httpd *h)
{
	return h->port;
}

const char *t_httpd_url(struct t_httpd *h, const char *fmt, ...)
{
	char rest[4096];
	va_list ap;

	if (h->urls_n == URLS_MAX)
		abort();
	va_start(ap, fmt);
	(void)vsnprintf(rest, sizeof(rest), fmt, ap);
	va_end(ap);
	h->urls[h->urls_n] = mst_asprintf(
	    "%s://127.0.0.1:%d%s", h->tls ? "https" : "http", h->port, rest);
	return h->urls[h->urls_n++];
}

size_t t_httpd_count(struct t_httpd *h)
{
	size_t n;

	pthread_mutex_lock(&h->lock);
	n = h->requests_n;
	pthread_mutex_unlock(&h->lock);
	return n;
}

const struct t_request *t_httpd_request(struct t_httpd *h, size_t i)
{
	return i < t_httpd_count(h) ? &h->requests[i] : NULL;
}

int t_httpd_connections(struct t_httpd *h)
{
	int n;

	pthread_mutex_lock(&h->lock);
	n = h->conns_n;
	pthread_mutex_unlock(&h->lock);
	return n;
}

void t_httpd_await_closed(struct t_httpd *h, int n)
{
	pthread_mutex_lock(&h->lock);
	while (h->closed_n < n)
		pthread_cond_wait(&h->closed, &h->lock);
	pthread_mutex_unlock(&h->lock);
}
