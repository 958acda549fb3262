/* SPDX-License-Identifier: Apache-2.0
 *
 * Forwarding for tests of what comes in.
 */
#include "forward_fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/limits.h"
#include "sync/config.h"

static struct mst_err err = MST_ERR_INIT;

static const char base[] = "connections:\n"
			   "  - name: iot\n"
			   "    type: iot\n"
			   "    read: console\n"
			   "    url: http://127.0.0.1:1\n"
			   "    token: env:FF_TOKEN\n"
			   "forward_actions:\n"
			   "  - name: siem\n"
			   "    type: syslog\n"
			   "    address: 127.0.0.1:1\n"
			   "forward_rules:\n"
			   "  - name: all\n"
			   "    source: iot\n"
			   "    from: 2000-01-01\n"
			   "    system_notifications: yes\n"
			   "    actions: [siem]\n";

void ff_apply(struct ff *ff, const char *yaml)
{
	struct mst_conf conf;
	size_t added, changed;

	t_ok(mst_conf_read(mst_slice_str(yaml), "m.yaml", &conf, &err), &err);
	t_ok(mst_config_put(ff->state, conf.items, conf.items_n, NULL, NULL,
			    &added, &changed, &err),
	     &err);
	mst_conf_fini(&conf);
}

void ff_open(struct ff *ff, const char *yaml)
{
	static unsigned n;

	*ff = (struct ff){.dir = t_path("forward-%u", n++)};
	t_ok(mst_state_open(ff->dir, &ff->state, &err), &err);
	ff_apply(ff, base);
	if (*yaml)
		ff_apply(ff, yaml);
	t_ok(mst_forwarder_open(ff->state, &ff->f, &err), &err);
}

void ff_open_again(struct ff *ff)
{
	t_ok(mst_state_open(ff->dir, &ff->state, &err), &err);
	t_ok(mst_forwarder_open(ff->state, &ff->f, &err), &err);
}

void ff_receive(struct ff *ff)
{
	t_ok(mst_receivers_start(ff->f, &ff->f->receivers, &err), &err);
}

void ff_close(struct ff *ff)
{
	if (ff->f) {
		mst_intake_stop(ff->f->intake);
		mst_receivers_stop(&ff->f->receivers);
	}
	mst_forwarder_close(&ff->f);
	mst_state_close(&ff->state);
}

int ff_port(struct ff *ff, const char *receiver)
{
	int port = mst_receivers_port(ff->f->receivers, receiver);

	assert_true(port > 0);
	return port;
}

/* ---- looking ------------------------------------------------------------- */

static void keep_all(void *ctx, const char *action,
		     const struct mst_outbox_stats *s)
{
	if (!action)
		*(struct mst_outbox_stats *)ctx = *s;
}

uint64_t ff_waiting(struct ff *ff)
{
	struct mst_outbox_stats all = {.oldest_us = 0};

	mst_forwarder_lock(ff->f);
	t_ok(mst_outbox_stats(ff->f->outbox, keep_all, &all, &err), &err);
	mst_forwarder_unlock(ff->f);
	return all.n[MST_DELIVERY_WAITING];
}

uint64_t ff_looked(const struct ff *ff)
{
	static const struct mst_outbox_conf conf = {.max = 1000000};
	struct mst_outbox_stats all = {.oldest_us = 0};
	char *path = mst_asprintf("%s/outbox.db", ff->dir);
	struct mst_outbox *o = NULL;

	t_ok(mst_outbox_open(path, MST_OUTBOX_LOOK, &conf, 0, &o, &err), &err);
	t_ok(mst_outbox_stats(o, keep_all, &all, &err), &err);
	mst_outbox_close(&o);
	free(path);
	return all.n[MST_DELIVERY_WAITING];
}

void ff_until(struct ff *ff, uint64_t n)
{
	while (ff_waiting(ff) < n)
		(void)sched_yield();
	assert_int_equal(ff_waiting(ff), n);
}

struct unread {
	size_t n;
	struct mst_buf *body, *why;
};

static int add_unread(void *ctx, const struct mst_outbox_unread *u)
{
	struct unread *v = ctx;

	if (v->n++ > 0)
		return 0;
	if (v->body)
		(void)mst_buf_add_slice(v->body, u->body);
	if (v->why)
		(void)mst_buf_adds(v->why, u->why);
	return 0;
}

size_t ff_unread(struct ff *ff, struct mst_buf *body, struct mst_buf *why)
{
	struct unread v = {0, body, why};

	mst_forwarder_lock(ff->f);
	t_ok(mst_outbox_unread_page(ff->f->outbox, 0, 10000, add_unread, &v,
				    &err),
	     &err);
	mst_forwarder_unlock(ff->f);
	return v.n;
}

void ff_until_unread(struct ff *ff, size_t n)
{
	while (ff_unread(ff, NULL, NULL) < n)
		(void)sched_yield();
	assert_int_equal(ff_unread(ff, NULL, NULL), n);
}

struct counted {
	const char *door, *what;
	uint64_t n;
};

static void find_count(void *ctx, const struct mst_outbox_tally *t)
{
	struct counted *c = ctx;

	if (strcmp(t->door, c->door) == 0 && strcmp(t->what, c->what) == 0)
		c->n = t->n;
}

uint64_t ff_count(struct ff *ff, const char *door, const char *what)
{
	struct counted c = {door, what, 0};

	t_ok(mst_intake_flush(ff->f->intake, &err), &err);
	mst_forwarder_lock(ff->f);
	t_ok(mst_outbox_tallies(ff->f->outbox, find_count, &c, &err), &err);
	mst_forwarder_unlock(ff->f);
	return c.n;
}

/* ---- sending ------------------------------------------------------------- */

int ff_connect(int port, int type)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	int fd = socket(AF_INET, type, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	a.sin_port = htons((uint16_t)port);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

void ff_say(int fd, const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);

		assert_true(sent > 0);
		bytes += sent;
		n -= (size_t)sent;
	}
}

const char *ff_line(unsigned n)
{
	static char text[1024];

	(void)snprintf(
	    text, sizeof(text),
	    "<14>Nov 20 10:00:00 north CEF:0|Microsoft Defender for "
	    "IoT/CyberX|north|22.2.5|Microsoft Defender for IoT Alert|Modbus "
	    "Address Violation|8|msg=Number %u. protocol=Modbus TCP severity=8 "
	    "type=Policy Violation UUID=1-%u start=Nov 20 2026 10:00:00 "
	    "src_ip=10.1.0.%u dst_ip=10.2.0.7 cat=Scan",
	    n, n, n % 200);
	return text;
}

const char *ff_json(unsigned n)
{
	static char text[1024];

	(void)snprintf(text, sizeof(text),
		       "{\"id\":%u,\"uuid\":\"1-%u\",\"time\":1795168800000,"
		       "\"title\":\"Port Scan Detected\",\"message\":\"Number "
		       "%u\",\"severity\":\"Major\",\"engine\":\"Anomaly\","
		       "\"sourceDevice\":%u,\"destinationDevice\":7}",
		       n, n, n, n % 200);
	return text;
}

int ff_post(int port, const char *headers, const char *body, size_t n,
	    struct mst_buf *out)
{
	int fd = ff_connect(port, SOCK_STREAM), status;
	char head[1024], in[4096];
	ssize_t got;
	int len = snprintf(head, sizeof(head),
			   "POST /alerts HTTP/1.1\r\nHost: here\r\n%s"
			   "Connection: close\r\nContent-Length: %zu\r\n\r\n",
			   headers, n);

	ff_say(fd, head, (size_t)len);
	/* It may have been answered, and closed, before all is read. */
	if (n)
		(void)!send(fd, body, n, MSG_NOSIGNAL);
	mst_buf_init(out, 65536);
	while ((got = recv(fd, in, sizeof(in), 0)) > 0)
		(void)mst_buf_add(out, in, (size_t)got);
	(void)close(fd);
	status = out->n > 12 ? atoi(out->p + 9) : 0;
	return status;
}
