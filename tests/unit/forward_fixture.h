/* SPDX-License-Identifier: Apache-2.0
 *
 * Forwarding without its deliverers, for tests of what comes in: a state folder
 * with a configuration, the outbox, receivers at free ports, and senders by
 * hand.
 */
#ifndef MST_TESTS_FORWARD_FIXTURE_H
#define MST_TESTS_FORWARD_FIXTURE_H

#include "lib/t.h"

#include "forwarder/intake.h"
#include "forwarder/poller.h"
#include "forwarder/receivers.h"

struct ff {
	const char *dir;
	struct mst_state *state;
	struct mst_forwarder *f;
};

/* A connection "iot", a rule "all" that takes everything since 2000, with the
 * action "siem"; then `yaml`. */
void ff_open(struct ff *ff, const char *yaml);
/* The same folder again. */
void ff_open_again(struct ff *ff);
/* Stores the document over what is there. */
void ff_apply(struct ff *ff, const char *yaml);
void ff_receive(struct ff *ff);
void ff_close(struct ff *ff);
int ff_port(struct ff *ff, const char *receiver);
/* Deliveries that wait; waits until there are so many. */
uint64_t ff_waiting(struct ff *ff);
void ff_until(struct ff *ff, uint64_t n);
/* The same by looking into the file beside its owner, which may be another
 * process. */
uint64_t ff_looked(const struct ff *ff);
/* Of what could not be read: how many, and the newest. */
size_t ff_unread(struct ff *ff, struct mst_buf *body, struct mst_buf *why);
void ff_until_unread(struct ff *ff, size_t n);
/* What was counted: "accepted" of the door. */
uint64_t ff_count(struct ff *ff, const char *door, const char *what);

/* A socket to a port of this machine. */
int ff_connect(int port, int type);
void ff_say(int fd, const char *bytes, size_t n);
/* A CEF line without its end; n tells it from others. Lent until the next
 * call. */
const char *ff_line(unsigned n);
/* An alert of the API as JSON, likewise. */
const char *ff_json(unsigned n);
/* POST by hand; the status, the answer's headers and body in out. headers:
 * lines with CRLF behind each, or "". */
int ff_post(int port, const char *headers, const char *body, size_t n,
	    struct mst_buf *out);

#endif
