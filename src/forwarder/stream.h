/* SPDX-License-Identifier: Apache-2.0
 *
 * The connection of a sender: bytes of TCP, or of TLS over it. One thread;
 * nothing blocks but the waits, which a stop ends.
 */
#ifndef MST_FORWARDER_STREAM_H
#define MST_FORWARDER_STREAM_H

#include "base/err.h"
#include "forward/receiver.h"

struct mst_tls; /* what a listener has: certificate, key, who may connect */

/* NULL without an error: the receiver has no TLS. Reads its files. */
int mst_tls_new(const struct mst_receiver *r, struct mst_tls **t_r,
		struct mst_err *err);
void mst_tls_free(struct mst_tls **t);

struct mst_stream {
	int fd;	     /* non-blocking */
	int stop_fd; /* readable: stop */
	void *ssl;   /* NULL: plain */
};

enum mst_stream_got {
	MST_STREAM_BYTES,
	MST_STREAM_LATER, /* nothing is there now */
	MST_STREAM_END,	  /* the sender has closed it */
	MST_STREAM_BROKEN /* reset, not TLS, a certificate that is not good */
};

/* Takes fd over. TLS: the handshake, at most wait_ms. MST_E_IO with the reason;
 * MST_E_CANCELLED. */
int mst_stream_open(struct mst_stream *s, int fd, int stop_fd,
		    struct mst_tls *tls, int64_t wait_ms, struct mst_err *err);
void mst_stream_close(struct mst_stream *s);
/* What is there, without waiting. BROKEN: err says why. */
enum mst_stream_got mst_stream_read(struct mst_stream *s, char *to, size_t n,
				    size_t *got_r, struct mst_err *err);
/* Until there may be bytes: true; false: it was stopped, or wait_ms (-1: none)
 * have passed. */
bool mst_stream_wait(struct mst_stream *s, int64_t wait_ms);
bool mst_stream_stopped(const struct mst_stream *s);

#endif
