/* SPDX-License-Identifier: Apache-2.0
 *
 * Far ends that only take, on a loopback port, in a thread: a syslog server
 * (datagrams, a stream, a stream with TLS) and a mail server that says what it
 * is told to.
 */
#ifndef MST_TESTS_SINK_H
#define MST_TESTS_SINK_H

#include <stddef.h>

enum t_sink_kind { T_SINK_UDP, T_SINK_TCP, T_SINK_TLS, T_SINK_SMTP };

struct t_sink_conf {
	enum t_sink_kind kind;
	const char *cert, *key; /* TLS: PEM texts */
	const char *client_ca;	/* TLS: clients must have one of these */
	/* SMTP: its answers; NULL: what takes a mail. rcpt_of: only for an
	 * address that holds this. */
	const char *rcpt, *rcpt_of, *data_end;
	int hang_up_after; /* TCP: closes after so many bytes; 0: never */
};

struct t_sink;

struct t_sink *t_sink_start(const struct t_sink_conf *conf);
void t_sink_stop(struct t_sink **s);
int t_sink_port(const struct t_sink *s);
/* Waits until so many bytes have come in; then all of them, NUL-terminated,
 * valid until the next call. */
const char *t_sink_text(struct t_sink *s, size_t n);
/* Mails taken; connections so far. */
int t_sink_mails(struct t_sink *s);
int t_sink_connections(struct t_sink *s);

#endif
