/* SPDX-License-Identifier: Apache-2.0
 *
 * The action "syslog": CEF, as the product writes it, in a message of RFC 5424
 * with the priority User.Alert. What is made here, form.h reads.
 */
#ifndef MST_FORWARD_ACT_SYSLOG_H
#define MST_FORWARD_ACT_SYSLOG_H

#include "alert/alert.h"
#include "base/buf.h"
#include "base/zone.h"
#include "conf/conf.h"

/* How messages are told apart on their way. */
enum mst_syslog_frame {
	MST_SYSLOG_PLAIN,  /* UDP: a datagram each */
	MST_SYSLOG_OCTETS, /* TCP, TLS: length in front (RFC 5425, RFC 6587) */
	MST_SYSLOG_LINES   /* TCP: a line end behind it (RFC 6587) */
};

enum mst_syslog_transport { MST_SYSLOG_UDP, MST_SYSLOG_TCP, MST_SYSLOG_TLS };

struct mst_syslog_conf {
	/* Options. */
	const char *address;
	int transport; /* enum mst_syslog_transport */
	int framing;   /* of streams: 0 octets, 1 lines */
	const char *zone_name;
	const char *ca_file;
	const char *certificate, *certificate_key;
	const char *certificate_password; /* a reference, or NULL */
	int64_t timeout_ms;
	/* Made of them. */
	const char *host, *port;
	enum mst_syslog_frame frame;
	struct mst_zone *zone;
};

extern const struct mst_opt mst_syslog_opts[];

/* Out of an item; texts live in arena, the zone until fini. MST_E_INVALID with
 * the place. */
int mst_syslog_make(const struct mst_conf_item *item, struct mst_arena *arena,
		    struct mst_syslog_conf *c_r, struct mst_err *err);
void mst_syslog_fini(struct mst_syslog_conf *c);
/* "host:port", "[::1]:514" in two, in arena. False: it is none. */
bool mst_syslog_address(const char *text, struct mst_arena *arena,
			const char **host_r, const char **port_r);

/* The CEF text alone, one line. version: of muster. zone: of "start". */
void mst_cef(const struct mst_alert *a, const char *version,
	     const struct mst_zone *zone, struct mst_buf *out);
/* The whole message. sent_us: when; the header's time is UTC. */
void mst_syslog(const struct mst_alert *a, const char *version,
		const struct mst_zone *zone, int64_t sent_us,
		enum mst_syslog_frame frame, struct mst_buf *out);

#endif
