/* SPDX-License-Identifier: Apache-2.0
 *
 * api.list: a page of runs, asked with a token, from a server on one core; the
 * client is a process of its own on another one. Rows are requests.
 *
 * api.viewers: the memory of a server whose run has a thousand live viewers.
 * Rows are viewers, bytes_per_row what each of them added.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api/api.h"
#include "api/gate.h"
#include "auth/people.h"
#include "base/file.h"
#include "base/num.h"
#include "base/secret.h"
#include "base/time.h"
#include "bench/bench.h"

#define RUNS	    2000
#define CONNECTIONS 8
#define REQUESTS    40000
#define VIEWERS	    1000
#define EVENTS	    50
#define ANSWER_MAX  65536

/* ---- the server ---------------------------------------------------------- */

struct served {
	char *dir;
	struct mst_door *door;
	struct mst_http_hub *hub;
	struct mst_api *api;
	char token[MST_TOKEN_TEXT];
	int64_t live; /* a run that goes on */
	struct mst_state *state;
	struct mst_state_lock *lock;
};

static bool fail(const struct mst_err *err)
{
	(void)fprintf(stderr, "bench: %s\n", err->msg);
	return false;
}

static int put_run(struct mst_state *s, struct mst_err *err)
{
	struct mst_run run = {.status = MST_RUN_OK,
			      .error = "",
			      .read = 2000000,
			      .writes = 512,
			      .requests = 77,
			      .ended_us = MST_TIME_NONE,
			      .proof = "{}"};
	int rc = mst_state_run_begin(s, "main", &run.id, err);

	return rc < 0 ? rc : mst_state_run_end(s, &run, err);
}

static int fill(struct served *v, struct mst_err *err)
{
	const struct mst_person who = {
	    .name = "bench",
	    .full_name = "",
	    .role = MST_ROLE_VIEWER,
	    .password = MST_SLICE_LIT("fake-Password-of-nobody-17"),
	    .min_length = 12};
	char once[MST_PASSWORD_ONCE], id[MST_TOKEN_ID];
	int rc = mst_state_open(v->dir, &v->state, err);

	if (rc == 0)
		rc = mst_state_lock(v->state, "main", &v->lock, err);
	for (int i = 0; i < RUNS && rc == 0; i++)
		rc = put_run(v->state, err);
	if (rc == 0)
		rc = mst_state_run_begin(v->state, "main", &v->live, err);
	if (rc == 0)
		rc = mst_people_add(v->state, &who, once, err);
	if (rc == 0)
		rc = mst_people_token(v->state, "bench", "bench", 0, 1, id,
				      v->token, err);
	if (rc == 0)
		rc = mst_auth_load(v->door, v->state, err);
	return rc;
}

static int open_server(struct served *v, struct bench *b, const char *name,
		       struct mst_err *err)
{
	struct mst_api_conf conf = {.node = "bench",
				    .http = {.address = "127.0.0.1",
					     .threads = 1,
					     .connections = 2 * VIEWERS,
					     .per_address = 2 * VIEWERS,
					     .address_rate = MST_HTTP_ANY,
					     .caller_rate = MST_HTTP_ANY}};
	int rc = mst_secret_setup(err);

	v->dir = mst_asprintf("%s/%s", b->dir, name);
	v->door = mst_door_new();
	v->hub = mst_http_hub_new(4096);
	if (rc == 0)
		rc = fill(v, err);
	conf.state_dir = v->dir;
	conf.door = v->door;
	conf.hub = v->hub;
	return rc < 0 ? rc : mst_api_open(&conf, &v->api, err);
}

static void close_server(struct served *v)
{
	mst_api_close(&v->api, 1000);
	mst_state_unlock(&v->lock);
	mst_state_close(&v->state);
	mst_http_hub_free(&v->hub);
	mst_door_free(&v->door);
	free(v->dir);
}

/* ---- the client ---------------------------------------------------------- */

static int dial(int port)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_port = htons((uint16_t)port),
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0)
		return -1;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static cpu_set_t cores; /* that there were at first */

/* Another one than the server's, if there is one. */
static void other_core(void)
{
	cpu_set_t mine, rest = cores;

	if (sched_getaffinity(0, sizeof(mine), &mine) != 0)
		return;
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &mine))
			CPU_CLR(i, &rest);
	if (CPU_COUNT(&rest))
		(void)sched_setaffinity(0, sizeof(rest), &rest);
}

struct line {
	int fd;
	char buf[ANSWER_MAX];
	size_t n;
};

static bool send_all(int fd, const char *text, size_t n)
{
	while (n > 0) {
		ssize_t k = send(fd, text, n, MSG_NOSIGNAL);

		if (k <= 0)
			return false;
		text += k;
		n -= (size_t)k;
	}
	return true;
}

/* 1: a whole answer of 200 is there, and gone from the buffer; 0: not yet. */
static int whole(struct line *l)
{
	struct mst_slice s = mst_slice(l->buf, l->n);
	const char *end = memmem(s.p, s.n, "\r\n\r\n", 4);
	const char *length = mst_slice_ifind(s, "content-length: ");
	int64_t body = 0;
	size_t head;

	if (!end || !length)
		return 0;
	length += 16;
	if (!mst_num_i64(mst_slice(length, strspn(length, "0123456789")),
			 &body))
		return -1;
	head = (size_t)(end - l->buf) + 4;
	if (l->n < head + (size_t)body)
		return 0;
	if (memcmp(l->buf, "HTTP/1.1 200", 12) != 0)
		return -1;
	memmove(l->buf, l->buf + head + body, l->n - head - (size_t)body);
	l->n -= head + (size_t)body;
	return 1;
}

static bool ask_all(int port, const char *request, uint64_t count)
{
	struct line *v = mst_alloc(CONNECTIONS * sizeof(*v));
	struct pollfd w[CONNECTIONS];
	size_t n = strlen(request);
	uint64_t sent = 0, done = 0;
	bool ok = true;

	for (int i = 0; i < CONNECTIONS && ok; i++) {
		v[i].fd = dial(port);
		w[i] = (struct pollfd){.fd = v[i].fd, .events = POLLIN};
		ok = v[i].fd >= 0 && send_all(v[i].fd, request, n);
		sent++;
	}
	while (ok && done < count) {
		ok = poll(w, CONNECTIONS, 10000) > 0;
		for (int i = 0; i < CONNECTIONS && ok; i++) {
			ssize_t k;
			int got;

			if (!w[i].revents)
				continue;
			k = recv(v[i].fd, v[i].buf + v[i].n,
				 ANSWER_MAX - 1 - v[i].n, 0);
			ok = k > 0;
			v[i].n += ok ? (size_t)k : 0;
			v[i].buf[v[i].n] = 0;
			got = ok ? whole(&v[i]) : 0;
			ok = ok && got >= 0;
			done += got > 0;
			if (got > 0 && sent < count) {
				sent++;
				ok = send_all(v[i].fd, request, n);
			}
		}
	}
	for (int i = 0; i < CONNECTIONS; i++)
		(void)close(v[i].fd);
	free(v);
	return ok;
}

static bool in_child(bool (*fn)(const struct served *v, uint64_t n),
		     const struct served *v, uint64_t n)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		other_core();
		_exit(fn(v, n) ? 0 : 1);
	}
	if (pid > 0)
		(void)waitpid(pid, &status, 0);
	return status == 0;
}

/* ---- api.list ------------------------------------------------------------ */

static bool ask_pages(const struct served *v, uint64_t n)
{
	char request[512];

	(void)snprintf(request, sizeof(request),
		       "GET /api/v1/runs?limit=50 HTTP/1.1\r\nHost: b\r\n"
		       "Authorization: Bearer %s\r\n\r\n",
		       v->token);
	return ask_all(mst_api_port(v->api), request, n);
}

static bool list_case(struct bench *b, void *arg, double out[8])
{
	struct mst_err err = MST_ERR_INIT;
	struct served v = {0};
	double from;
	bool ok;

	(void)arg;
	(void)sched_getaffinity(0, sizeof(cores), &cores);
	bench_one_core();
	if (open_server(&v, b, "list", &err) < 0)
		return fail(&err);
	ok = in_child(ask_pages, &v, REQUESTS / 10);
	from = bench_now();
	ok = ok && in_child(ask_pages, &v, REQUESTS);
	out[0] = bench_now() - from;
	out[1] = (double)bench_rss();
	close_server(&v);
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
	char request[512], last[64], c = 0;
	bool ok = true;

	(void)snprintf(request, sizeof(request),
		       "GET /api/v1/runs/%lld/events HTTP/1.1\r\nHost: b\r\n"
		       "Authorization: Bearer %s\r\n\r\n",
		       (long long)v->live, v->token);
	(void)snprintf(last, sizeof(last), "{\"done\":%d}", EVENTS - 1);
	for (int i = 0; i < VIEWERS && ok; i++) {
		fd[i] = dial(mst_api_port(v->api));
		ok = fd[i] >= 0 && send_all(fd[i], request, strlen(request)) &&
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
	if (open_server(&v, b, "viewers", &err) < 0 || pipe(up) != 0 ||
	    pipe(down) != 0)
		return fail(&err);
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
	close_server(&v);
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
