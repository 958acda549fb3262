/* SPDX-License-Identifier: Apache-2.0
 *
 * forward.rate: alerts accepted and journaled, muster on one core: syslog lines
 * with CEF come over TCP from another process, each is read, held against two
 * windows and ten rules, and committed and synced with others. forward.outbox:
 * the same alerts given out and done, by hundreds, without a far end.
 * FORWARD_ALERTS in the environment sets how many.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/time.h"
#include "bench/bench.h"
#include "forwarder/intake.h"
#include "forwarder/receivers.h"
#include "sync/config.h"

#define BATCH 100

static const char yaml[] =
    "connections:\n"
    "  - name: iot\n    type: iot\n    url: https://127.0.0.1:1\n"
    "    token: env:X\n"
    "  - name: other\n    type: iot\n    url: https://127.0.0.1:2\n"
    "    token: env:X\n"
    "forward_actions:\n"
    "  - name: siem\n    type: syslog\n    address: 127.0.0.1:1\n"
    "forward_receivers:\n"
    "  - name: plant\n    type: syslog\n    transport: tcp\n"
    "    connection: iot\n    listen: 127.0.0.1:0\n"
    "exclusion_windows:\n"
    "  - name: w0\n    days: [sat, sun]\n    zone: Europe/Berlin\n"
    "    times: [\"22:00-06:00\"]\n    addresses: [10.200.0.0/16]\n"
    "  - name: w1\n    sensors: [south*]\n    begins: 2026-01-01\n"
    "outbox:\n  max: 100000000\n"
    "forward_rules:\n"
    "  - {name: r0, source: iot, protocols: [s7], actions: [siem]}\n"
    "  - {name: r1, source: iot, severity: critical, actions: [siem]}\n"
    "  - {name: r2, source: iot, engines: [malware], actions: [siem]}\n"
    "  - {name: r3, source: other, actions: [siem]}\n"
    "  - {name: r4, source: iot, protocols: [bacnet, \"ether*\"],"
    " actions: [siem]}\n"
    "  - {name: r5, source: iot, alert_notifications: no,"
    " system_notifications: yes, actions: [siem]}\n"
    "  - {name: r6, source: iot, enabled: no, actions: [siem]}\n"
    "  - {name: r7, source: iot, engines: [anomaly, operational],"
    " actions: [siem]}\n"
    "  - {name: r8, source: iot, protocols: [dnp3], actions: [siem]}\n"
    "  - {name: r9, source: iot, severity: minor, protocols: [\"modbus*\"],"
    " from: 2020-01-01, actions: [siem]}\n";

/* ---- the sender ---------------------------------------------------------- */

/* About a kilobyte, as sensors send them. */
static size_t line_of(uint64_t i, char out[2048])
{
	unsigned device = (unsigned)(i * 2654435761u % 2000);

	return (size_t)snprintf(
	    out, 2048,
	    "<9>Nov 20 10:00:00 north CEF:0|Microsoft Defender for "
	    "IoT/CyberX|north|22.2.5|Microsoft Defender for IoT Alert|Modbus "
	    "Address Violation|8|msg=A client tried to reach an address that "
	    "is not in its baseline: function 16\\, register %llu\\, unit 3. "
	    "This was first seen now and may be a change of the program or "
	    "somebody who looks around. %.*s protocol=Modbus TCP severity=8 "
	    "type=Policy Violation UUID=1-%llu start=Nov 20 2026 10:00:00 "
	    "src_ip=10.1.%u.%u src_mac=00:1b:1b:00:%02x:%02x "
	    "dst_ip=10.2.0.7 dst_mac=00:1b:1b:01:00:07 cat=Unauthorized "
	    "Communication Behavior\n",
	    (unsigned long long)i, 300,
	    "Device, vendor, model, firmware, slot, rack, zone, site and the "
	    "like are said here in words, once more, for people who read "
	    "lines and not columns. Device, vendor, model, firmware, slot, "
	    "rack, zone, site and the like are said here in words, once more, "
	    "for people who read lines and not columns, and so on.",
	    (unsigned long long)(1594550000000u + i), device >> 8,
	    device & 255u, device >> 8, device & 255u);
}

static int connect_to(int port)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	a.sin_port = htons((uint16_t)port);
	return connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0 ? fd : -1;
}

/* Reads the port, sends all lines, and is gone. */
_Noreturn static void sender(int port_fd, uint64_t rows)
{
	static char out[65536];
	size_t n = 0;
	int port = 0, fd = -1;

	if (read(port_fd, &port, sizeof(port)) == sizeof(port) && port)
		fd = connect_to(port);
	for (uint64_t i = 0; fd >= 0 && i < rows; i++) {
		n += line_of(i, out + n);
		if (n < sizeof(out) - 2048 && i + 1 < rows)
			continue;
		for (size_t at = 0; at < n;) {
			ssize_t sent = send(fd, out + at, n - at, MSG_NOSIGNAL);

			if (sent <= 0)
				_exit(1);
			at += (size_t)sent;
		}
		n = 0;
	}
	_exit(0);
}

/* *fd_r is to be told the port. */
static pid_t start_sender(uint64_t rows, int *fd_r)
{
	int fds[2];
	pid_t pid;

	if (pipe(fds) != 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		(void)close(fds[1]);
		sender(fds[0], rows);
	}
	(void)close(fds[0]);
	*fd_r = fds[1];
	return pid;
}

/* ---- muster -------------------------------------------------------------- */

static int open_all(const char *dir, struct mst_state **state_r,
		    struct mst_forwarder **f_r, struct mst_err *err)
{
	size_t added, changed;
	struct mst_conf conf;
	int rc = mst_state_open(dir, state_r, err);

	if (rc == 0)
		rc = mst_conf_read(mst_slice_str(yaml), "bench", &conf, err);
	if (rc < 0)
		return rc;
	rc = mst_config_put(*state_r, conf.items, conf.items_n, NULL, NULL,
			    &added, &changed, err);
	mst_conf_fini(&conf);
	if (rc == 0)
		rc = mst_forwarder_open(*state_r, f_r, err);
	if (rc == 0)
		rc = mst_receivers_start(*f_r, &(*f_r)->receivers, err);
	return rc;
}

static void add_waiting(void *ctx, const char *action,
			const struct mst_outbox_stats *s)
{
	if (!action)
		*(uint64_t *)ctx = s->n[MST_DELIVERY_WAITING];
}

/* Until the sender is gone and its connection read to the end. */
static int receive_all(struct mst_forwarder *f, pid_t pid, int fd,
		       uint64_t *taken, struct mst_err *err)
{
	int port = mst_receivers_port(f->receivers, "plant"), status;
	int rc;

	if (write(fd, &port, sizeof(port)) != sizeof(port) ||
	    waitpid(pid, &status, 0) != pid || status != 0)
		return mst_err_set(err, MST_E_IO, "the sender failed");
	/* Stopping reads what is there. */
	mst_receivers_stop(&f->receivers);
	rc = mst_outbox_stats(f->outbox, add_waiting, taken, err);
	return rc;
}

/* What a far end that answers at once would leave to do: given out by hundreds,
 * each marked before and done after, both committed. */
static int deliver(struct mst_outbox *o, double *n_r, struct mst_err *err)
{
	struct mst_outbox_verdict v[BATCH];
	struct mst_delivery *d = NULL;
	struct mst_arena arena;
	int64_t now_us = mst_now_us();
	size_t n = 0;
	int rc;

	mst_arena_init(&arena, 16u << 20);
	do {
		mst_arena_reset(&arena);
		rc = mst_outbox_take(o, "siem", now_us, BATCH, &arena, &d, &n,
				     err);
		for (size_t i = 0; i < n && rc == 0; i++)
			v[i] = (struct mst_outbox_verdict){
			    .id = d[i].id,
			    .what = MST_DELIVERED_DONE,
			    .remote = "0123456789abcdef0123456789abcdef"};
		if (rc == 0)
			rc = mst_outbox_verdicts(o, v, n, now_us, err);
		*n_r += (double)n;
	} while (rc == 0 && n > 0);
	mst_arena_fini(&arena);
	return rc;
}

/* out: alerts accepted, seconds, bytes on disk, peak memory, delivered,
 * seconds */
static bool run(struct bench *b, void *arg, double out[8])
{
	uint64_t rows = *(const uint64_t *)arg, taken = 0;
	char *dir MST_CLEANUP(mst_freep) = mst_asprintf("%s/forward", b->dir);
	char *path MST_CLEANUP(mst_freep) = mst_asprintf("%s/outbox.db", dir);
	struct mst_err err = MST_ERR_INIT;
	struct mst_forwarder *f = NULL;
	struct mst_state *state = NULL;
	int fd = -1, rc = -1;
	pid_t pid = start_sender(rows, &fd);
	struct stat sb;
	double from;

	bench_one_core();
	if (pid > 0)
		rc = open_all(dir, &state, &f, &err);
	from = bench_now();
	if (rc == 0)
		rc = receive_all(f, pid, fd, &taken, &err);
	out[1] = bench_now() - from;
	from = bench_now();
	if (rc == 0)
		rc = deliver(f->outbox, &out[4], &err);
	out[5] = bench_now() - from;
	mst_forwarder_close(&f);
	mst_state_close(&state);
	out[0] = (double)taken;
	out[2] = stat(path, &sb) == 0 ? (double)sb.st_size : 0;
	out[3] = (double)bench_rss();
	if (rc < 0)
		(void)fprintf(stderr, "bench: %s\n", err.msg);
	return rc == 0 && taken == rows;
}

bool bench_forward(struct bench *b)
{
	uint64_t rows = bench_env("FORWARD_ALERTS", 200000);
	struct bench_line l = BENCH_LINE_INIT;
	double out[8];

	if (!bench_child(run, b, &rows, out))
		return false;
	l.name = "forward.rate";
	l.rows = (uint64_t)out[0];
	l.seconds = out[1];
	l.bytes_per_row = out[2] / out[0];
	l.rss = (uint64_t)out[3];
	bench_print(&l);
	l.name = "forward.outbox";
	l.rows = (uint64_t)out[4];
	l.seconds = out[5];
	l.bytes_per_row = -1;
	bench_print(&l);
	return out[4] == out[0];
}
