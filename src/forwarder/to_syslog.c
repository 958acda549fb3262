/* SPDX-License-Identifier: Apache-2.0
 *
 * Syslog servers: a datagram each, or a stream with or without TLS. A stream's
 * server says nothing, so a message counts as delivered when its machine has
 * acknowledged the bytes.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/secret.h"
#include "base/time.h"
#include "forwarder/tls_out.h"
#include "forwarder/to.h"
#include "mst_config.h"
#include "sync/step.h"

#define MOST	    200
#define MESSAGE_MAX (128u << 10)
#define LOOK_MS	    5 /* between two looks at what is acknowledged */

struct to_syslog {
	struct mst_to base;
	const struct mst_syslog_conf *c;
	struct mst_tls_out *tls; /* NULL: none */
	struct mst_buf message;
	int fd; /* -1: not connected */
};

static struct to_syslog *of(struct mst_to *to)
{
	return mst_container_of(to, struct to_syslog, base);
}

/* ---- the socket ---------------------------------------------------------- */

static void hang_up(struct to_syslog *t)
{
	mst_tls_out_end(t->tls);
	if (t->fd >= 0)
		(void)close(t->fd);
	t->fd = -1;
}

static int wait_for(int fd, short events, int64_t until_us)
{
	struct pollfd p = {.fd = fd, .events = events};

	for (;;) {
		int64_t left = (until_us - mst_mono_us()) / 1000;
		int n = poll(&p, 1, left > 0 ? (int)left : 0);

		if (n != 0 || left <= 0)
			return n;
	}
}

static int fail(struct to_syslog *t, struct mst_err *err, const char *what)
{
	(void)mst_err_os(err, "action %s: %s: %s", t->base.env.action->name,
			 t->c->address, what);
	err->code = MST_E_TRANSIENT;
	return -MST_E_TRANSIENT;
}

static int connect_one(struct to_syslog *t, const struct addrinfo *a,
		       int64_t until_us)
{
	int error = 0, fd;
	socklen_t n = sizeof(error);

	fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
		    a->ai_protocol);
	if (fd < 0)
		return -1;
	if (connect(fd, a->ai_addr, a->ai_addrlen) == 0)
		return fd;
	if (errno == EINPROGRESS) {
		if (wait_for(fd, POLLOUT, until_us) <= 0)
			error = ETIMEDOUT;
		else
			(void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n);
		if (error == 0)
			return fd;
		errno = error;
	}
	error = errno;
	(void)close(fd);
	errno = error;
	return -1;
}

static int dial(struct to_syslog *t, struct mst_err *err)
{
	struct addrinfo hints = {
	    .ai_socktype =
		t->c->transport == MST_SYSLOG_UDP ? SOCK_DGRAM : SOCK_STREAM};
	int64_t until_us = mst_mono_us() + t->c->timeout_ms * 1000;
	struct addrinfo *all = NULL;
	int rc = getaddrinfo(t->c->host, t->c->port, &hints, &all);

	if (rc != 0)
		return mst_err_set(
		    err, MST_E_TRANSIENT, "action %s: no address of \"%s\": %s",
		    t->base.env.action->name, t->c->host, gai_strerror(rc));
	for (struct addrinfo *a = all; a && t->fd < 0; a = a->ai_next)
		t->fd = connect_one(t, a, until_us);
	rc = t->fd < 0 ? fail(t, err, "no connection") : 0;
	freeaddrinfo(all);
	if (rc == 0 && t->tls)
		rc = mst_tls_out_begin(t->tls, t->fd, until_us, err);
	if (rc < 0)
		hang_up(t);
	return rc;
}

/* A server that hung up while nothing was sent is noticed before the next
 * message would be lost. */
static bool is_gone(struct to_syslog *t)
{
	struct pollfd p = {.fd = t->fd, .events = POLLIN};
	char c;

	if (t->c->transport == MST_SYSLOG_UDP || poll(&p, 1, 0) <= 0)
		return false;
	if (t->tls)
		return !mst_tls_out_alive(t->tls);
	return recv(t->fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
}

/* ---- sending ------------------------------------------------------------- */

static int put(struct to_syslog *t, struct mst_slice m, int64_t until_us,
	       struct mst_err *err)
{
	if (t->tls)
		return mst_tls_out_write(t->tls, m, until_us, err);
	while (m.n) {
		ssize_t n = send(t->fd, m.p, m.n, MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN &&
		    wait_for(t->fd, POLLOUT, until_us) > 0)
			continue;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			if (errno == EAGAIN)
				errno = ETIMEDOUT;
			return fail(t, err, "not sent");
		}
		m = mst_slice(m.p + n, m.n - (size_t)n);
	}
	return 0;
}

/* Until the peer's machine has everything that was written. */
static int drain(struct to_syslog *t, int64_t until_us, struct mst_err *err)
{
	int left = 0;

	while (t->c->transport != MST_SYSLOG_UDP) {
		int error = 0;
		socklen_t n = sizeof(error);

		if (getsockopt(t->fd, SOL_SOCKET, SO_ERROR, &error, &n) == 0 &&
		    error) {
			errno = error;
			return fail(t, err, "not acknowledged");
		}
		if (ioctl(t->fd, SIOCOUTQ, &left) < 0 || left == 0)
			return 0;
		if (mst_mono_us() >= until_us) {
			errno = ETIMEDOUT;
			return fail(t, err, "not acknowledged");
		}
		(void)poll(NULL, 0, LOOK_MS);
	}
	return 0;
}

/* A datagram has a size that the network can carry. */
static bool too_large(struct to_syslog *t, struct mst_sending *s)
{
	if (t->c->transport != MST_SYSLOG_UDP || t->message.n <= 65000)
		return false;
	mst_to_settle(s, MST_DELIVERED_ASIDE,
		      "%zu bytes do not fit a datagram: use transport tcp or "
		      "tls",
		      t->message.n);
	return true;
}

static int send_all(struct to_syslog *t, struct mst_sending *s, size_t n,
		    size_t *sent_r, struct mst_err *err)
{
	int64_t until_us = mst_mono_us() + t->c->timeout_ms * 1000;
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		if (atomic_load(t->base.env.stop))
			break;
		mst_buf_reset(&t->message);
		mst_syslog(s[i].alert, MST_VERSION, t->c->zone, mst_now_us(),
			   t->c->frame, &t->message);
		*sent_r = i + 1;
		if (too_large(t, &s[i]))
			continue;
		mst_step();
		rc = put(t, mst_buf_slice(&t->message), until_us, err);
	}
	if (rc == 0)
		rc = drain(t, until_us, err);
	/* By TLS 1.3 a server refuses muster's certificate only now. */
	if (rc == 0 && is_gone(t)) {
		errno = ECONNRESET;
		rc = fail(t, err, "the server hung up");
	}
	return rc;
}

static int send_syslog(struct mst_to *to, struct mst_sending *s, size_t n,
		       struct mst_err *err)
{
	struct to_syslog *t = of(to);
	size_t sent = 0;
	int rc = 0;

	if (t->fd >= 0 && is_gone(t))
		hang_up(t);
	if (t->fd < 0)
		rc = dial(t, err);
	if (rc == 0)
		rc = send_all(t, s, n, &sent, err);
	if (rc < 0) {
		hang_up(t);
		mst_to_settle_rest(s, sent, MST_DELIVERED_UNCERTAIN, err->msg);
		mst_to_settle_rest(s, n, MST_DELIVERED_LATER, err->msg);
		return rc;
	}
	for (size_t i = 0; i < sent; i++)
		mst_to_done(&s[i], NULL);
	mst_to_settle_rest(s, n, MST_DELIVERED_LATER,
			   "muster was told to stop");
	return 0;
}

/* ---- open and close ------------------------------------------------------ */

static void close_syslog(struct mst_to **to)
{
	struct to_syslog *t = *to ? of(*to) : NULL;

	if (!t)
		return;
	hang_up(t);
	mst_tls_out_free(&t->tls);
	mst_buf_fini(&t->message);
	free(t);
	*to = NULL;
}

static int open_syslog(const struct mst_to_env *env, struct mst_to **to_r,
		       struct mst_err *err)
{
	struct to_syslog *t = mst_alloc(sizeof(*t));
	struct mst_to *to = &t->base;

	t->base = (struct mst_to){&mst_to_syslog, *env};
	t->c = &env->action->u.syslog;
	t->fd = -1;
	mst_buf_init(&t->message, MESSAGE_MAX);
	if (t->c->transport == MST_SYSLOG_TLS &&
	    mst_tls_out_new(env->action->name, t->c, &t->tls, err) < 0) {
		close_syslog(&to);
		return -(int)err->code;
	}
	*to_r = to;
	return 0;
}

/* A connection shows it, but of a datagram nobody hears. */
static int check_syslog(struct mst_to *to,
			void (*report)(void *ctx, const struct mst_check *c),
			void *ctx, struct mst_err *err)
{
	struct to_syslog *t = of(to);
	struct mst_check c = {.name = "syslog", .title = "syslog server"};
	struct mst_err why = MST_ERR_INIT;

	if (t->fd < 0 && dial(t, &why) < 0) {
		c.code = why.code;
		mst_check_say(&c, MST_CHECK_FAILED, "%.760s", why.msg);
		mst_check_remedy(&c, "check address and transport, and the "
				     "firewall in between");
	} else if (t->c->transport == MST_SYSLOG_UDP) {
		mst_check_say(&c, MST_CHECK_NOTE,
			      "%s by UDP: whether anybody listens cannot be "
			      "seen, and what is lost on the way is lost",
			      t->c->address);
	} else {
		mst_check_say(&c, MST_CHECK_OK, "%s answers%s", t->c->address,
			      t->tls ? ", its certificate is trusted" : "");
	}
	report(ctx, &c);
	return 0;
}

const struct mst_to_ops mst_to_syslog = {
    .most = MOST,
    .open = open_syslog,
    .close = close_syslog,
    .send = send_syslog,
    .check = check_syslog,
};
