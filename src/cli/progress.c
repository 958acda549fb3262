/* SPDX-License-Identifier: Apache-2.0
 *
 * Progress on stderr: a bar that moves on a terminal, a line per finished
 * stage elsewhere.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "cli/cli.h"
#include "cli/worker.h"

#define EVERY_US 100000 /* repaint at most ten times a second */
#define BAR	 24

static struct {
	bool terminal, shown;
	char stage[96];
	int64_t began_us, painted_us;
} at;

static void amount(char *out, size_t n, uint64_t v, bool bytes)
{
	if (bytes && v >= 10u << 20)
		(void)snprintf(out, n, "%.1f MiB", (double)v / (1u << 20));
	else if (bytes)
		(void)snprintf(out, n, "%.0f KiB", (double)v / 1024);
	else
		(void)snprintf(out, n, "%llu", (unsigned long long)v);
}

static void bar(char *out, uint64_t done, uint64_t total)
{
	size_t full =
	    total ? (size_t)((double)BAR * (double)done / (double)total) : 0;

	for (size_t i = 0; i < BAR; i++)
		out[i] = i < full ? '#' : '.';
	out[BAR] = 0;
}

static void paint(const struct mst_progress_now *p, double seconds)
{
	char done[32], total[32], line[BAR + 1], left[48] = "";
	double rate = seconds > 0 ? (double)p->done / seconds : 0;

	amount(done, sizeof(done), p->done, p->bytes);
	amount(total, sizeof(total), p->total, p->bytes);
	if (p->total) {
		bar(line, p->done, p->total);
		if (rate > 0 && p->total >= p->done)
			(void)snprintf(left, sizeof(left), ", %.0f s left",
				       (double)(p->total - p->done) / rate);
		(void)fprintf(stderr, "\r\033[K%-8s %-24s [%s] %s/%s, %.0f/s%s",
			      p->stage, p->what, line, done, total, rate, left);
	} else {
		(void)fprintf(stderr, "\r\033[K%-8s %-24s %s", p->stage,
			      p->what, done);
	}
	if (p->waits)
		(void)fprintf(stderr, ", waits for %s: %lld s", p->waits,
			      (long long)(p->waits_ms / 1000));
	(void)fflush(stderr);
	at.shown = true;
}

static void line(const struct mst_progress_now *p, double seconds)
{
	char done[32];

	amount(done, sizeof(done), p->done, p->bytes);
	if (at.shown)
		(void)fprintf(stderr, "\r\033[K");
	at.shown = false;
	if (p->done == 0 && p->total == 0)
		return;
	(void)fprintf(stderr, "%-8s %-24s %s in %.1f s%s\n", p->stage, p->what,
		      done, seconds, p->bytes ? "" : "");
}

static void now(void *ctx, const struct mst_progress_now *p)
{
	char stage[sizeof(at.stage)];
	int64_t t = mst_mono_us();

	(void)ctx;
	(void)snprintf(stage, sizeof(stage), "%s %s", p->stage, p->what);
	if (strcmp(stage, at.stage) != 0) {
		memcpy(at.stage, stage, sizeof(stage));
		at.began_us = t;
		at.painted_us = 0;
	}
	if (p->end) {
		line(p, (double)(t - at.began_us) / 1e6);
		at.stage[0] = 0;
	} else if (at.terminal && t - at.painted_us >= EVERY_US) {
		at.painted_us = t;
		paint(p, (double)(t - at.began_us) / 1e6);
	}
}

const struct mst_progress *cli_progress(void)
{
	static const struct mst_progress progress = {now, NULL};

	if (cli_worker())
		return cli_worker_progress();
	at.terminal = isatty(STDERR_FILENO) == 1;
	return cli.quiet ? NULL : &progress;
}

void cli_progress_end(void)
{
	if (at.shown)
		(void)fprintf(stderr, "\r\033[K");
	at.shown = false;
}
