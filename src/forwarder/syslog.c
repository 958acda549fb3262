/* SPDX-License-Identifier: Apache-2.0
 *
 * The receiver "syslog": datagrams in one thread; streams in a thread each.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/time.h"
#include "forwarder/frame.h"
#include "forwarder/receivers.h"
#include "forwarder/stream.h"

#define ROOM	   (4 * MST_FORM_MAX) /* bytes of a stream at once */
#define UDP_BUFFER (8 << 20)	      /* asked of the kernel */
#define LAST_BYTES                                                             \
	(16u << 20) /* read at most of a stream once it is                     \
		     * to end */

struct syslog;

struct connection {
	struct connection *next;
	struct syslog *s;
	pthread_t thread;
	int fd;
	char peer[64];
	atomic_bool ended;
};

struct syslog {
	struct mst_receiving *v;
	int fd;
	pthread_t thread;
	struct mst_tls *tls;
	/* Of its thread. */
	struct connection *connections;
	int64_t n;
};

/* ---- streams ------------------------------------------------------------- */

struct reading {
	struct connection *c;
	struct mst_stream stream;
	struct mst_framer framer;
	struct mst_batch batch;
	char *bytes;
	size_t n;
	int64_t half_us; /* since when the first of them waits for the rest */
	bool ends;	 /* what is there is read, no more is waited for */
	size_t last;	 /* bytes since then */
};

/* False: it was stopped, and something is not stored. */
static bool put(struct reading *r)
{
	const struct mst_receiving *v = r->c->s->v;
	struct mst_err err = MST_ERR_INIT;
	uint64_t n = r->batch.received;

	if (mst_batch_put(&r->batch, true, &err) == 0)
		return true;
	mst_warn("receiver '%s': %llu messages of %s were not stored: %s",
		 v->r->name, (unsigned long long)n, r->c->peer, err.msg);
	return false;
}

/* All whole messages that are there. False: the stream is of no use, or it was
 * stopped. */
static bool take_messages(struct reading *r)
{
	struct mst_slice in = {r->bytes, r->n}, message;
	enum mst_frame what;
	bool ok = true;
	size_t used;

	do {
		what = mst_frame_next(&r->framer, in, MST_FORM_MAX, &message,
				      &used);
		if (what == MST_FRAME_MESSAGE && message.n)
			mst_batch_syslog(&r->batch, message, r->c->peer);
		else if (what == MST_FRAME_LONG)
			mst_batch_unread(&r->batch, message, r->c->peer,
					 "it is longer than 64 KiB");
		else if (what == MST_FRAME_LOST)
			mst_batch_unread(
			    &r->batch, message, r->c->peer,
			    "the count in front of it is no "
			    "message's: the connection was closed");
		in = mst_slice(in.p + used, in.n - used);
		if (mst_batch_full(&r->batch))
			ok = put(r);
	} while (ok && what != MST_FRAME_MORE && what != MST_FRAME_LOST);
	if (in.n < r->n)
		r->half_us = mst_mono_us();
	memmove(r->bytes, in.p, in.n);
	r->n = in.n;
	return ok && what != MST_FRAME_LOST;
}

/* What a stream that ends leaves. */
static void take_rest(struct reading *r, const char *why)
{
	struct mst_slice rest;

	if (mst_frame_rest(&r->framer, mst_slice(r->bytes, r->n), &rest))
		mst_batch_syslog(&r->batch, rest, r->c->peer);
	else if (rest.n)
		mst_batch_unread(&r->batch, rest, r->c->peer, why);
	r->n = 0;
}

/* Nothing is there: what came is stored, then it waits. False: no more is to
 * be read. */
static bool rest_a_while(struct reading *r)
{
	int64_t half_ms = r->c->s->v->r->half_ms, left = -1;

	if (!put(r))
		return false;
	if (r->ends) {
		take_rest(r, "muster was stopped before the rest had come");
		return false;
	}
	if (r->n)
		left = half_ms - (mst_mono_us() - r->half_us) / 1000;
	if (mst_stream_wait(&r->stream, r->n ? MST_MAX(left, 0) : -1))
		return true;
	r->ends = mst_stream_stopped(&r->stream);
	if (!r->ends)
		take_rest(r, "the rest of it did not come in time");
	return r->ends;
}

static bool read_more(struct reading *r)
{
	struct mst_err err = MST_ERR_INIT;
	size_t got;

	switch (mst_stream_read(&r->stream, r->bytes + r->n, ROOM - r->n, &got,
				&err)) {
	case MST_STREAM_BYTES:
		if (r->n == 0)
			r->half_us = mst_mono_us();
		r->n += got;
		r->last += r->ends ? got : 0;
		return take_messages(r) && r->last < LAST_BYTES;
	case MST_STREAM_LATER:
		return rest_a_while(r);
	case MST_STREAM_END:
		take_rest(r, "the sender closed the connection within it");
		return false;
	case MST_STREAM_BROKEN:
		mst_debug("receiver '%s': %s: %s", r->c->s->v->r->name,
			  r->c->peer, err.msg);
		take_rest(r, "the connection broke within it");
		return false;
	}
	return false;
}

static void *serve(void *ctx)
{
	struct connection *c = ctx;
	struct mst_receiving *v = c->s->v;
	struct mst_err err = MST_ERR_INIT;
	struct reading r = {.c = c};

	if (mst_stream_open(&r.stream, c->fd, v->stop_fd, c->s->tls,
			    v->r->half_ms, &err) < 0) {
		mst_warn("receiver '%s': %s: %s", v->r->name, c->peer, err.msg);
		mst_intake_count(v->intake, v->door.name, "no TLS", 1);
	} else {
		r.bytes = mst_alloc(ROOM);
		mst_batch_init(&r.batch, v->intake, &v->door);
		r.batch.stop = &v->stopped;
		while (read_more(&r))
			;
		(void)put(&r);
		mst_batch_fini(&r.batch);
		free(r.bytes);
		mst_stream_close(&r.stream);
	}
	atomic_store(&c->ended, true);
	return NULL;
}

/* ---- accepting ----------------------------------------------------------- */

/* Threads that have ended; all: waits for them. */
static void reap(struct syslog *s, bool all)
{
	struct connection **at = &s->connections, *c;

	while ((c = *at)) {
		if (!all && !atomic_load(&c->ended)) {
			at = &c->next;
			continue;
		}
		(void)pthread_join(c->thread, NULL);
		*at = c->next;
		s->n--;
		free(c);
	}
}

static void serve_one(struct syslog *s, int fd, const struct sockaddr *peer)
{
	struct connection *c = mst_alloc(sizeof(*c));
	int on = 1;

	c->s = s;
	c->fd = fd;
	(void)mst_peer_text(peer, c->peer);
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	if (pthread_create(&c->thread, NULL, serve, c) != 0) {
		mst_warn("receiver '%s': no thread for %s", s->v->r->name,
			 c->peer);
		(void)close(fd);
		free(c);
		return;
	}
	c->next = s->connections;
	s->connections = c;
	s->n++;
}

static void accept_one(struct syslog *s)
{
	struct sockaddr_storage from;
	socklen_t n = sizeof(from);
	struct sockaddr *peer = (struct sockaddr *)&from;
	int fd = accept4(s->fd, peer, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return;
	reap(s, false);
	if (!mst_receiving_admits(s->v, peer)) {
		(void)close(fd);
	} else if (s->n >= s->v->r->max_connections) {
		mst_receiving_crowded(s->v);
		(void)close(fd);
	} else {
		serve_one(s, fd, peer);
	}
}

/* False: it was stopped. */
static bool wait_for(const struct syslog *s)
{
	struct pollfd p[2] = {{.fd = s->fd, .events = POLLIN},
			      {.fd = s->v->stop_fd, .events = POLLIN}};

	while (poll(p, 2, -1) < 0 && errno == EINTR)
		;
	return !p[1].revents;
}

static void *accept_all(void *ctx)
{
	struct syslog *s = ctx;

	while (wait_for(s))
		accept_one(s);
	reap(s, true);
	return NULL;
}

/* ---- datagrams ----------------------------------------------------------- */

/* Datagrams that the kernel had no room for, as it counts them. */
static uint32_t lost(struct msghdr *m, uint32_t before)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL)
			memcpy(&before, CMSG_DATA(c), sizeof(before));
	}
	return before;
}

static bool receive(struct syslog *s, struct mst_batch *b, char *bytes,
		    uint32_t *lost_n)
{
	struct sockaddr_storage from;
	struct iovec io = {bytes, MST_FORM_MAX};
	char control[CMSG_SPACE(sizeof(uint32_t))] = {0}, peer[64];
	struct msghdr m = {
	    .msg_name = &from,
	    .msg_namelen = sizeof(from),
	    .msg_iov = &io,
	    .msg_iovlen = 1,
	    .msg_control = control,
	    .msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(s->fd, &m, MSG_DONTWAIT);
	uint32_t gone;

	if (n < 0)
		return false;
	gone = lost(&m, *lost_n);
	mst_intake_count(s->v->intake, s->v->door.name,
			 "lost by the kernel: too many datagrams",
			 gone - *lost_n);
	*lost_n = gone;
	while (n > 0 && (bytes[n - 1] == '\n' || bytes[n - 1] == '\r' ||
			 bytes[n - 1] == 0))
		n--;
	if (n > 0 && mst_receiving_admits(s->v, (const struct sockaddr *)&from))
		mst_batch_syslog(
		    b, mst_slice(bytes, (size_t)n),
		    mst_peer_text((const struct sockaddr *)&from, peer));
	return true;
}

static void put_datagrams(struct syslog *s, struct mst_batch *b)
{
	struct mst_err err = MST_ERR_INIT;
	uint64_t n = b->received;

	if (mst_batch_put(b, true, &err) < 0)
		mst_warn("receiver '%s': %llu messages were not stored: %s",
			 s->v->r->name, (unsigned long long)n, err.msg);
}

static void *receive_all(void *ctx)
{
	struct syslog *s = ctx;
	char *bytes = mst_alloc(MST_FORM_MAX);
	struct mst_batch b;
	uint32_t lost_n = 0;
	bool more;

	mst_batch_init(&b, s->v->intake, &s->v->door);
	b.stop = &s->v->stopped;
	do {
		more = wait_for(s);
		while (receive(s, &b, bytes, &lost_n)) {
			if (mst_batch_full(&b))
				put_datagrams(s, &b);
		}
		put_datagrams(s, &b);
	} while (more);
	mst_batch_fini(&b);
	free(bytes);
	return NULL;
}

/* ---- both ---------------------------------------------------------------- */

static void stop(struct mst_receiving *v)
{
	struct syslog *s = v->own;

	(void)pthread_join(s->thread, NULL);
	(void)close(s->fd);
	mst_tls_free(&s->tls);
	free(s);
}

int mst_syslog_start(struct mst_receiving *v, struct mst_err *err)
{
	bool udp = v->r->transport == MST_TRANSPORT_UDP;
	struct syslog *s = mst_alloc(sizeof(*s));
	int size = UDP_BUFFER, on = 1, rc;

	s->v = v;
	s->fd = -1;
	rc = mst_tls_new(v->r, &s->tls, err);
	if (rc == 0)
		rc = mst_receiver_listen(v->r, udp ? SOCK_DGRAM : SOCK_STREAM,
					 &s->fd, err);
	if (rc == 0 && udp) {
		(void)setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &size,
				 sizeof(size));
		(void)setsockopt(s->fd, SOL_SOCKET, SO_RXQ_OVFL, &on,
				 sizeof(on));
	}
	if (rc == 0 && pthread_create(&s->thread, NULL,
				      udp ? receive_all : accept_all, s) != 0)
		rc = mst_err_os(err, "receiver '%s': no thread", v->r->name);
	if (rc < 0) {
		if (s->fd >= 0)
			(void)close(s->fd);
		mst_tls_free(&s->tls);
		free(s);
		return rc;
	}
	v->own = s;
	v->fd = s->fd;
	v->stop = stop;
	return 0;
}
