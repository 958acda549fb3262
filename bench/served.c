/* SPDX-License-Identifier: Apache-2.0
 *
 * See served.h.
 */
#include "bench/served.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/num.h"
#include "base/secret.h"
#include "base/time.h"

#define CONNECTIONS 8
#define ANSWER_MAX  65536

/* ---- the server ---------------------------------------------------------- */

bool served_fail(const struct mst_err *err)
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

static int fill(struct served *v, unsigned runs, struct mst_err *err)
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
	for (unsigned i = 0; i < runs && rc == 0; i++)
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

int served_open(struct served *v, struct bench *b, const char *name,
		unsigned runs, unsigned clients, struct mst_err *err)
{
	struct mst_api_conf conf = {.node = "bench",
				    .http = {.address = "127.0.0.1",
					     .threads = 1,
					     .connections = 2 * clients,
					     .per_address = 2 * clients,
					     .address_rate = MST_HTTP_ANY,
					     .caller_rate = MST_HTTP_ANY}};
	int rc = mst_secret_setup(err);

	v->dir = mst_asprintf("%s/%s", b->dir, name);
	v->door = mst_door_new();
	v->hub = mst_http_hub_new(4096);
	if (rc == 0)
		rc = fill(v, runs, err);
	conf.state_dir = v->dir;
	conf.door = v->door;
	conf.hub = v->hub;
	return rc < 0 ? rc : mst_api_open(&conf, &v->api, err);
}

void served_close(struct served *v)
{
	mst_api_close(&v->api, 1000);
	mst_state_unlock(&v->lock);
	mst_state_close(&v->state);
	mst_http_hub_free(&v->hub);
	mst_door_free(&v->door);
	free(v->dir);
}

/* ---- the client ---------------------------------------------------------- */

int served_dial(int port)
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

void served_cores(void)
{
	(void)sched_getaffinity(0, sizeof(cores), &cores);
}

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

bool served_send(int fd, const char *text, size_t n)
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

static bool next(int fd, const char (*requests)[512], size_t n, uint64_t *sent)
{
	const char *one = requests[(*sent)++ % n];

	return served_send(fd, one, strlen(one));
}

void served_get(const struct served *v, const char *path, char out[512])
{
	(void)snprintf(out, 512,
		       "GET %s HTTP/1.1\r\nHost: b\r\n"
		       "Authorization: Bearer %s\r\n\r\n",
		       path, v->token);
}

bool served_ask(int port, const char (*requests)[512], size_t requests_n,
		uint64_t count)
{
	struct line *v = mst_alloc(CONNECTIONS * sizeof(*v));
	struct pollfd w[CONNECTIONS];
	uint64_t sent = 0, done = 0;
	bool ok = true;

	for (int i = 0; i < CONNECTIONS && ok; i++) {
		v[i].fd = served_dial(port);
		w[i] = (struct pollfd){.fd = v[i].fd, .events = POLLIN};
		ok = v[i].fd >= 0 && next(v[i].fd, requests, requests_n, &sent);
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
			if (got > 0 && sent < count)
				ok = next(v[i].fd, requests, requests_n, &sent);
		}
	}
	for (int i = 0; i < CONNECTIONS; i++)
		(void)close(v[i].fd);
	free(v);
	return ok;
}

bool served_child(bool (*fn)(const struct served *v, void *arg),
		  const struct served *v, void *arg)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		other_core();
		_exit(fn(v, arg) ? 0 : 1);
	}
	if (pid > 0)
		(void)waitpid(pid, &status, 0);
	return status == 0;
}
