/* SPDX-License-Identifier: Apache-2.0
 *
 * The worker's end of the pipe to the daemon.
 */
#include "cli/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/log.h"
#include "base/num.h"
#include "base/time.h"
#include "cli/cli.h"
#include "json/out.h"

#define EVERY_US  100000
#define EVENT_MAX (64u << 10)

static struct {
	int fd; /* 0: this is no worker */
	bool orphan;
	int64_t told_us;
	char stage[160];
	struct mst_buf line;
} at = {.line = MST_BUF_INIT(EVENT_MAX)};

bool cli_worker(void)
{
	return at.fd != 0;
}

const char *cli_worker_state(void)
{
	return at.fd ? getenv("MUSTER_STATE") : NULL;
}

/* Nobody reads it any more: the daemon is gone. */
static void orphaned(void)
{
	at.orphan = true;
	atomic_store(&cli_cancel, true);
}

void cli_worker_begin(void)
{
	const char *fd = getenv("MUSTER_WORKER"), *task = getenv("MUSTER_TASK");
	const char *form = getenv("MUSTER_LOG");
	struct pollfd reader = {.events = POLLOUT};
	uint64_t n;

	if (!fd || !mst_num_u64(mst_slice_str(fd), &n) || n < 3 || n > 1000 ||
	    fcntl((int)n, F_SETFD, FD_CLOEXEC) < 0)
		return;
	at.fd = (int)n;
	(void)unsetenv("MUSTER_WORKER");
	if (task)
		mst_log_field("task", task);
	mst_log_json(form && strcmp(form, "json") == 0);
	/* SIGKILL of the daemon leaves it no time to say so. It may have come
	 * before the call: then the pipe is broken already. */
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	reader.fd = at.fd;
	if (poll(&reader, 1, 0) > 0 && (reader.revents & POLLERR))
		orphaned();
}

static void begin(struct mst_jout *j, const char *event)
{
	mst_buf_reset(&at.line);
	mst_jout_init(j, &at.line);
	mst_jout_obj(j);
	mst_jout_kstr(j, "event", event);
}

static void end(struct mst_jout *j)
{
	const char *p;
	size_t n;

	mst_jout_end_obj(j);
	(void)mst_buf_addc(&at.line, '\n');
	if (at.line.overflow)
		return;
	p = at.line.p;
	n = at.line.n;
	while (n) {
		ssize_t w = write(at.fd, p, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0) {
			orphaned();
			return;
		}
		p += w;
		n -= (size_t)w;
	}
}

static void progress(void *ctx, const struct mst_progress_now *p)
{
	int64_t t = mst_mono_us();
	char stage[sizeof(at.stage)];
	struct mst_jout j;

	(void)ctx;
	(void)snprintf(stage, sizeof(stage), "%s %s", p->stage, p->what);
	if (!p->end && t - at.told_us < EVERY_US &&
	    strcmp(stage, at.stage) == 0)
		return;
	memcpy(at.stage, stage, sizeof(stage));
	at.told_us = t;
	begin(&j, "progress");
	mst_jout_kstr(&j, "stage", p->stage);
	mst_jout_kstr(&j, "what", p->what);
	mst_jout_ki64(&j, "done", (int64_t)p->done);
	mst_jout_ki64(&j, "total", (int64_t)p->total);
	mst_jout_kbool(&j, "bytes", p->bytes);
	mst_jout_ki64(&j, "requests", (int64_t)p->requests);
	if (p->waits) {
		mst_jout_kstr(&j, "waits", p->waits);
		mst_jout_ki64(&j, "waits_ms", p->waits_ms);
	}
	mst_jout_kbool(&j, "end", p->end);
	end(&j);
}

const struct mst_progress *cli_worker_progress(void)
{
	static const struct mst_progress p = {progress, NULL};

	return &p;
}

void cli_worker_run(int64_t run)
{
	struct mst_jout j;

	if (!at.fd || !run)
		return;
	begin(&j, "run");
	mst_jout_ki64(&j, "id", run);
	end(&j);
}

void cli_worker_check(const struct mst_check *c)
{
	struct mst_jout j;

	if (!at.fd)
		return;
	begin(&j, "check");
	mst_jout_kstr(&j, "id", c->name);
	mst_jout_kstr(&j, "title", c->title ? c->title : c->name);
	mst_jout_kstr(&j, "level", mst_check_level_name(c->level));
	mst_jout_kstr(&j, "text", c->text);
	mst_jout_kstr(&j, "remedy", c->remedy);
	end(&j);
}

void cli_worker_error(const struct mst_err *err, const char *text)
{
	struct mst_jout j;

	if (!at.fd)
		return;
	begin(&j, "error");
	mst_jout_kstr(&j, "code", mst_code_name(err->code));
	mst_jout_kstr(&j, "text", text);
	end(&j);
}

void cli_worker_end(bool signalled)
{
	struct mst_jout j;

	if (!at.fd || at.orphan || signalled || !atomic_load(&cli_cancel))
		return;
	begin(&j, "lost");
	end(&j);
}
