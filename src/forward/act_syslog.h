/* SPDX-License-Identifier: Apache-2.0
 *
 * The action "syslog": CEF, as the product writes it, in a message of RFC 5424
 * with the priority User.Alert. What is made here, form.h reads.
 */
#ifndef MST_FORWARD_ACT_SYSLOG_H
#define MST_FORWARD_ACT_SYSLOG_H

#include "alert/alert.h"
#include "base/buf.h"
#include "forward/zone.h"

/* How messages are told apart on their way. */
enum mst_syslog_frame {
	MST_SYSLOG_PLAIN,  /* UDP: a datagram each */
	MST_SYSLOG_OCTETS, /* TCP, TLS: length in front (RFC 5425, RFC 6587) */
	MST_SYSLOG_LINES   /* TCP: a line end behind it (RFC 6587) */
};

/* The CEF text alone, one line. version: of muster. zone: of "start". */
void mst_cef(const struct mst_alert *a, const char *version,
	     const struct mst_zone *zone, struct mst_buf *out);
/* The whole message. sent_us: when; the header's time is UTC. */
void mst_syslog(const struct mst_alert *a, const char *version,
		const struct mst_zone *zone, int64_t sent_us,
		enum mst_syslog_frame frame, struct mst_buf *out);

#endif
