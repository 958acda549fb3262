/* SPDX-License-Identifier: Apache-2.0
 *
 * A sender and its wire: iot_send.c says what is sent, iot_wire.c how.
 */
#ifndef MST_SIM_IOT_SEND_H
#define MST_SIM_IOT_SEND_H

#include <stdatomic.h>

#include "sim/iot.h"

enum iot_send_source {
	IOT_SEND_NEW,	 /* raises its own */
	IOT_SEND_FOLLOW, /* what is raised from now on, by whatever */
	IOT_SEND_OLD	 /* what is there, the oldest first */
};

struct iot_sender {
	struct mst_sim *sim;
	pthread_t thread;
	unsigned id;
	/* as asked for */
	char form[24], transport[8], host[64], url[512];
	char *ca; /* PEM, or NULL: the system's */
	struct curl_slist *headers;
	int port, severity;
	unsigned sensor; /* 0: all */
	uint64_t count;
	double rate; /* a second; 0: as fast as it goes */
	enum iot_send_source source;
	bool webhook, extended, octets, retry, verify;
	/* on the way; of the thread */
	int64_t began_us;
	uint64_t taken;
	size_t next;
	struct mst_buf out; /* a batch; message i ends at ends[i] */
	size_t ends[256], n;
	struct mst_buf wire; /* of streams: what was not sent yet */
	size_t wire_n;	     /* messages in it */
	void *curl;
	int fd;
	/* read by others */
	atomic_bool stop, ended;
	_Atomic uint64_t sent, failed, bytes;
	_Atomic(const char *) error; /* static, or NULL */
};

/* NULL: the settings are good, and the address is on this machine. */
const char *iot_wire_check(const struct iot_sender *s);
/* One message; streams keep it until the flush. False: it may be tried
 * again. */
bool iot_wire_send(struct iot_sender *s, struct mst_slice message);
void iot_wire_flush(struct iot_sender *s);
void iot_wire_close(struct iot_sender *s);

#endif
