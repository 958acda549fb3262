/* SPDX-License-Identifier: Apache-2.0
 *
 * api.list: a page of runs, asked with a token, from a server on one core; the
 * client is a process of its own on another one. Rows are requests.
 *
 * api.viewers: the memory of a server whose run has a thousand live viewers.
 * Rows are viewers, bytes_per_row what each of them added.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/num.h"
#include "bench/served.h"

#define RUNS	 2000
#define REQUESTS 40000
#define VIEWERS	 1000
#define EVENTS	 50

/* ---- api.list ------------------------------------------------------------ */

static bool ask_pages(const struct served *v, void *n)
{
	char request[1][512];

	served_get(v, "/api/v1/runs?limit=50", request[0]);
	return served_ask(mst_api_port(v->api), request, 1, *(uint64_t *)n);
}

static bool list_case(struct bench *b, void *arg, double out[8])
{
	struct mst_err err = MST_ERR_INIT;
	struct served v = {0};
	uint64_t first = REQUESTS / 10, all = REQUESTS;
	double from;
	bool ok;

	(void)arg;
	served_cores();
	bench_one_core();
	if (served_open(&v, b, "list", RUNS, 1000, &err) < 0)
		return served_fail(&err);
	ok = served_child(ask_pages, &v, &first);
	from = bench_now();
	ok = ok && served_child(ask_pages, &v, &all);
	out[0] = bench_now() - from;
	out[1] = (double)bench_rss();
	served_close(&v);
	return ok;
}

static bool list(struct bench *b)
{
	struct bench_line l = BENCH_LINE_INIT;
	double out[8];

	if (!bench_child(list_case, b, NULL, out))
		return false;
	l.name = "api.list";
	l.rows = REQUESTS;
	l.seconds = out[0];
	l.rss = (uint64_t)out[1];
	bench_print(&l);
	return true;
}

/* ---- api.viewers --------------------------------------------------------- */

static uint64_t resident(void)
{
	struct mst_buf b = MST_BUF_INIT(4096);
	struct mst_err err = MST_ERR_INIT;
	uint64_t pages = 0;
	const char *at;

	if (mst_file_read("/proc/self/statm", &b, &err) == 0) {
		at = strchr(b.p, ' ');
		if (at)
			(void)mst_num_u64(
			    mst_slice(at + 1, strcspn(at + 1, " ")), &pages);
	}
	mst_buf_fini(&b);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void many_files(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == 0) {
		r.rlim_cur = r.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &r);
	}
}

/* Reads until it has this text, or the end. */
static bool hear(int fd, const char *part)
{
	char buf[8192];
	size_t n = 0;

	while (n < sizeof(buf) - 1) {
		ssize_t k = recv(fd, buf + n, sizeof(buf) - 1 - n, 0);

		if (k <= 0)
			return false;
		n += (size_t)k;
		buf[n] = 0;
		if (strstr(buf, part))
			return true;
		if (n > sizeof(buf) / 2) {
			memmove(buf, buf + n - 256, 256);
			n = 256;
		}
	}
	return false;
}

/* Everybody is there; then everybody has the last event. */
static bool view(const struct served *v, int ready, int go)
{
	int *fd = mst_alloc(VIEWERS * sizeof(*fd));
	char request[512], path[64], last[64], c = 0;
	bool ok = true;

	(void)snprintf(path, sizeof(path), "/api/v1/runs/%lld/events",
		       (long long)v->live);
	served_get(v, path, request);
	(void)snprintf(last, sizeof(last), "{\"done\":%d}", EVENTS - 1);
	for (int i = 0; i < VIEWERS && ok; i++) {
		fd[i] = served_dial(mst_api_port(v->api));
		ok = fd[i] >= 0 &&
		     served_send(fd[i], request, strlen(request)) &&
		     hear(fd[i], "event: run");
	}
	ok = ok && write(ready, &c, 1) == 1;
	for (int i = 0; i < VIEWERS && ok; i++)
		ok = hear(fd[i], last);
	ok = ok && write(ready, &c, 1) == 1 && read(go, &c, 1) == 1;
	for (int i = 0; i < VIEWERS; i++)
		(void)close(fd[i]);
	return ok;
}

static bool viewers_case(struct bench *b, void *arg, double out[8])
{
	struct mst_err err = MST_ERR_INIT;
	struct served v = {0};
	int up[2], down[2], status = -1;
	char topic[40], c = 0;
	double from;
	pid_t pid;
	bool ok;

	(void)arg;
	many_files();
	if (served_open(&v, b, "viewers", RUNS, VIEWERS, &err) < 0 ||
	    pipe(up) != 0 || pipe(down) != 0)
		return served_fail(&err);
	out[2] = (double)resident();
	pid = fork();
	if (pid == 0)
		_exit(view(&v, up[1], down[0]) ? 0 : 1);
	(void)close(up[1]);
	ok = read(up[0], &c, 1) == 1;
	(void)snprintf(topic, sizeof(topic), "run/%lld", (long long)v.live);
	from = bench_now();
	for (int i = 0; i < EVENTS && ok; i++) {
		char text[64];

		(void)snprintf(text, sizeof(text), "{\"done\":%d}", i);
		mst_http_hub_put(v.hub, topic, "progress", mst_slice_str(text));
	}
	ok = ok && read(up[0], &c, 1) == 1;
	out[0] = bench_now() - from;
	out[1] = (double)resident();
	ok = ok && write(down[1], &c, 1) == 1;
	if (pid > 0)
		(void)waitpid(pid, &status, 0);
	served_close(&v);
	return ok && status == 0;
}

static bool viewers(struct bench *b)
{
	struct bench_line l = BENCH_LINE_INIT;
	double out[8];

	if (!bench_child(viewers_case, b, NULL, out))
		return false;
	l.name = "api.viewers";
	l.rows = VIEWERS;
	l.seconds = out[0];
	l.rss = (uint64_t)out[1];
	l.bytes_per_row = (out[1] - out[2]) / VIEWERS;
	bench_print(&l);
	return true;
}

bool bench_api(struct bench *b)
{
	return list(b) && viewers(b);
}
