/* SPDX-License-Identifier: Apache-2.0
 *
 * forward.rate: alerts accepted and journaled, one core: a syslog line with CEF
 * is read, held against two windows and ten rules, and committed and synced in
 * groups of a thousand. forward.outbox: the same alerts given out and done, by
 * hundreds, without a far end. FORWARD_ALERTS in the environment sets how many.
 */
#include <stdio.h>
#include <sys/stat.h>

#include "bench/bench.h"
#include "forward/exclude.h"
#include "forward/outbox.h"
#include "forward/rule.h"

#define GROUP	1000
#define RULES	10
#define WINDOWS 2
#define BATCH	100
#define NOW	INT64_C(1795168800000000)

static const char items[] =
    "jobs:\n"
    "  - name: w0\n    days: [sat, sun]\n    zone: Europe/Berlin\n"
    "    times: [\"22:00-06:00\"]\n    addresses: [10.200.0.0/16]\n"
    "  - name: w1\n    sensors: [south*]\n    begins: 2026-01-01\n"
    "  - name: r0\n    source: iot\n    protocols: [s7]\n"
    "    actions: [incidents]\n"
    "  - name: r1\n    source: iot\n    severity: critical\n"
    "    actions: [incidents]\n"
    "  - name: r2\n    source: iot\n    engines: [malware]\n"
    "    actions: [incidents]\n"
    "  - name: r3\n    source: other\n    actions: [incidents]\n"
    "  - name: r4\n    source: iot\n    protocols: [bacnet, \"ether*\"]\n"
    "    actions: [incidents]\n"
    "  - name: r5\n    source: iot\n    alert_notifications: no\n"
    "    system_notifications: yes\n    actions: [incidents]\n"
    "  - name: r6\n    source: iot\n    enabled: no\n"
    "    actions: [incidents]\n"
    "  - name: r7\n    source: iot\n    engines: [anomaly, operational]\n"
    "    actions: [incidents]\n"
    "  - name: r8\n    source: iot\n    protocols: [dnp3]\n"
    "    actions: [incidents]\n"
    "  - name: r9\n    source: iot\n    severity: minor\n"
    "    protocols: [\"modbus*\"]\n    actions: [incidents]\n";

struct rig {
	struct mst_arena arena;
	struct mst_conf conf;
	struct mst_exclude windows[WINDOWS];
	struct mst_alert_rule rules[RULES];
	struct mst_outbox *outbox;
};

static int rig_open(struct rig *r, const char *path, struct mst_err *err)
{
	static const struct mst_outbox_conf conf = {
	    .max = 100000000,
	    .keep = 86400000,
	    .aside_retry = 3600000,
	    .retry_first = 5000,
	    .retry_most = 900000,
	};
	int rc = mst_conf_read(mst_slice_str(items), "bench", &r->conf, err);

	for (size_t i = 0; i < WINDOWS && rc == 0; i++)
		rc = mst_exclude_make(&r->conf.items[i], &r->arena,
				      &r->windows[i], err);
	for (size_t i = 0; i < RULES && rc == 0; i++)
		rc = mst_alert_rule_make(&r->conf.items[WINDOWS + i],
					 MST_TIME_NONE, &r->arena, &r->rules[i],
					 err);
	if (rc == 0)
		rc = mst_outbox_open(path, MST_OUTBOX_OWN, &conf, NOW,
				     &r->outbox, err);
	return rc;
}

static void rig_close(struct rig *r)
{
	mst_outbox_close(&r->outbox);
	for (size_t i = 0; i < WINDOWS; i++)
		mst_exclude_fini(&r->windows[i]);
	mst_conf_fini(&r->conf);
	mst_arena_fini(&r->arena);
}

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
	    "Communication Behavior",
	    (unsigned long long)i, 300,
	    "Device, vendor, model, firmware, slot, rack, zone, site and the "
	    "like are said here in words, once more, for people who read "
	    "lines and not columns. Device, vendor, model, firmware, slot, "
	    "rack, zone, site and the like are said here in words, once more, "
	    "for people who read lines and not columns, and so on.",
	    (unsigned long long)(1594550000000u + i), device >> 8,
	    device & 255u, device >> 8, device & 255u);
}

/* What a receiver does with a line. Texts live in arena. */
static int receive(struct rig *r, struct mst_slice line,
		   struct mst_arena *arena, struct mst_route *route,
		   struct mst_outbox_alert *out, struct mst_err *err)
{
	struct mst_slice host, body;
	struct mst_alert a;
	int64_t at;
	int rc;

	body = mst_form_syslog(line, NOW, &host, &at);
	out->form = mst_form_of(body);
	rc = mst_form_read(out->form, body, 0, arena, &a, err);
	if (rc < 0)
		return rc;
	out->source = "iot";
	out->body = body;
	out->key = mst_alert_key(&a, arena);
	out->device = mst_alert_device(&a);
	out->digest = mst_alert_digest(&a);
	out->routes = route;
	for (size_t i = 0; i < WINDOWS; i++) {
		if (mst_exclude_fits(&r->windows[i], &a, NOW))
			return 0;
	}
	for (size_t i = 0; i < RULES; i++) {
		const struct mst_alert_rule *rule = &r->rules[i];

		if (mst_alert_rule_match(rule, "iot", &a, NOW) !=
		    MST_ALERT_RULE_TAKES)
			continue;
		*route = (struct mst_route){rule->name, rule->actions.v[0],
					    rule->close_handled};
		out->routes_n = 1;
	}
	return 0;
}

static int group(struct rig *r, uint64_t from, uint64_t n,
		 struct mst_arena *arena, uint64_t *taken, struct mst_err *err)
{
	struct mst_outbox_alert a[GROUP] = {0};
	struct mst_route routes[GROUP];
	int rc = 0;

	mst_arena_reset(arena);
	for (uint64_t i = 0; i < n && rc == 0; i++) {
		char line[2048];
		size_t len = line_of(from + i, line);

		rc = receive(r, mst_arena_dup(arena, mst_slice(line, len)),
			     arena, &routes[i], &a[i], err);
	}
	if (rc == 0)
		rc = mst_outbox_accept(r->outbox, a, n, NOW, err);
	for (uint64_t i = 0; i < n && rc == 0; i++)
		*taken += a[i].accepted == MST_ACCEPTED_NEW;
	return rc;
}

/* What a far end that answers at once would leave to do: given out by hundreds,
 * each marked before and done after, both committed. */
static int deliver(struct rig *r, double *n_r, struct mst_err *err)
{
	struct mst_outbox_verdict v[BATCH];
	struct mst_delivery *d = NULL;
	struct mst_arena arena;
	size_t n = 0;
	int rc;

	mst_arena_init(&arena, 16u << 20);
	do {
		mst_arena_reset(&arena);
		rc = mst_outbox_take(r->outbox, "incidents", NOW, BATCH, &arena,
				     &d, &n, err);
		for (size_t i = 0; i < n && rc == 0; i++)
			v[i] = (struct mst_outbox_verdict){
			    .id = d[i].id,
			    .what = MST_DELIVERED_DONE,
			    .remote = "0123456789abcdef0123456789abcdef"};
		if (rc == 0)
			rc = mst_outbox_verdicts(r->outbox, v, n, NOW, err);
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
	char *path MST_CLEANUP(mst_freep) =
	    mst_asprintf("%s/outbox.db", b->dir);
	struct mst_err err = MST_ERR_INIT;
	struct rig r = {0};
	struct mst_arena arena;
	struct stat sb;
	double from;
	int rc;

	mst_arena_init(&r.arena, 1u << 20);
	mst_arena_init(&arena, 64u << 20);
	rc = rig_open(&r, path, &err);
	from = bench_now();
	for (uint64_t i = 0; i < rows && rc == 0; i += GROUP)
		rc = group(&r, i, MST_MIN((uint64_t)GROUP, rows - i), &arena,
			   &taken, &err);
	out[1] = bench_now() - from;
	from = bench_now();
	if (rc == 0)
		rc = deliver(&r, &out[4], &err);
	out[5] = bench_now() - from;
	rig_close(&r);
	mst_arena_fini(&arena);
	out[0] = (double)taken;
	out[2] = stat(path, &sb) == 0 ? (double)sb.st_size : 0;
	out[3] = (double)bench_rss();
	if (rc < 0)
		(void)fprintf(stderr, "bench: %s\n", err.msg);
	(void)remove(path);
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
