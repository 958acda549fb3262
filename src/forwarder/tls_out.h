/* SPDX-License-Identifier: Apache-2.0
 *
 * TLS to a server that muster connects to itself: the certificate is always
 * verified, with its name. Over a socket that does not block.
 */
#ifndef MST_FORWARDER_TLS_OUT_H
#define MST_FORWARDER_TLS_OUT_H

#include "forward/act_syslog.h"

struct mst_tls_out;

/* Reads the files and the secret that the options name. action: for errors. */
int mst_tls_out_new(const char *action, const struct mst_syslog_conf *c,
		    struct mst_tls_out **t_r, struct mst_err *err);
void mst_tls_out_free(struct mst_tls_out **t);
/* The hand-shake; times by mst_mono_us. */
int mst_tls_out_begin(struct mst_tls_out *t, int fd, int64_t until_us,
		      struct mst_err *err);
/* All of it. */
int mst_tls_out_write(struct mst_tls_out *t, struct mst_slice s,
		      int64_t until_us, struct mst_err *err);
/* Nothing was read, or nothing of weight: is the peer still there? */
bool mst_tls_out_alive(struct mst_tls_out *t);
/* Says farewell; the socket is the caller's to close. NULL is fine. */
void mst_tls_out_end(struct mst_tls_out *t);

#endif
