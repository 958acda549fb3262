/* SPDX-License-Identifier: Apache-2.0
 *
 * See gate.h. One thread; a few connections, each with a buffer a direction.
 */
#include "tests/cluster/gate.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/lib/t.h"

#define MOST   64
#define BUFFER 65536
#define NAP_MS 10

struct pair {
	int fd[2]; /* who asked, where it leads */
	char buf[2][BUFFER];
	size_t n[2]; /* from fd[i], to be written to the other */
};

struct t_way_gate {
	int listener, port, to;
	pthread_t thread;
	atomic_bool stop, cut;
	bool was_cut;
	struct pair *v[MOST];
	size_t n;
};

static struct sockaddr_in loopback(int port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
				    .sin_port = htons((uint16_t)port),
				    .sin_addr = {htonl(INADDR_LOOPBACK)}};
}

static void drop(struct t_way_gate *g, size_t i)
{
	static const struct linger reset = {1, 0};

	for (int k = 0; k < 2; k++) {
		(void)setsockopt(g->v[i]->fd[k], SOL_SOCKET, SO_LINGER, &reset,
				 sizeof(reset));
		close(g->v[i]->fd[k]);
	}
	free(g->v[i]);
	g->v[i] = g->v[--g->n];
}

static void take(struct t_way_gate *g)
{
	const struct sockaddr_in to = loopback(g->to);
	int a = accept4(g->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	int b;

	if (a < 0)
		return;
	b = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (g->n == MOST || b < 0 ||
	    connect(b, (const struct sockaddr *)(const void *)&to, sizeof(to)) <
		0) {
		close(a);
		if (b >= 0)
			close(b);
		return;
	}
	g->v[g->n] = mst_alloc(sizeof(struct pair));
	g->v[g->n]->fd[0] = a;
	g->v[g->n++]->fd[1] = b;
}

/* False: one end is gone. */
static bool move(struct pair *p, int from)
{
	ssize_t n;

	if (p->n[from] == 0) {
		n = recv(p->fd[from], p->buf[from], BUFFER, MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			return false;
		p->n[from] = n > 0 ? (size_t)n : 0;
	}
	if (p->n[from] == 0)
		return true;
	n = send(p->fd[!from], p->buf[from], p->n[from],
		 MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	memmove(p->buf[from], p->buf[from] + n, p->n[from] - (size_t)n);
	p->n[from] -= (size_t)n;
	return true;
}

static void turn(struct t_way_gate *g)
{
	struct pollfd f[2 * MOST + 1] = {{g->listener, POLLIN, 0}};

	for (size_t i = 0; i < g->n; i++) {
		for (int k = 0; k < 2; k++)
			f[1 + 2 * i + (size_t)k] = (struct pollfd){
			    g->v[i]->fd[k],
			    (short)((g->v[i]->n[k] ? 0 : POLLIN) |
				    (g->v[i]->n[!k] ? POLLOUT : 0)),
			    0};
	}
	(void)poll(f, 1 + 2 * g->n, NAP_MS);
	for (size_t i = g->n; i-- > 0;) {
		if (!move(g->v[i], 0) || !move(g->v[i], 1))
			drop(g, i);
	}
	if (f[0].revents)
		take(g);
}

static void *serve(void *arg)
{
	struct t_way_gate *g = arg;

	while (!atomic_load(&g->stop)) {
		bool cut = atomic_load(&g->cut);

		if (g->was_cut && !cut) {
			while (g->n)
				drop(g, 0);
		}
		g->was_cut = cut;
		if (cut)
			(void)poll(NULL, 0, NAP_MS);
		else
			turn(g);
	}
	while (g->n)
		drop(g, 0);
	return NULL;
}

struct t_way_gate *t_way_gate_start(int to_port)
{
	struct t_way_gate *g = mst_alloc(sizeof(*g));
	struct sockaddr_in at = loopback(0);
	socklen_t n = sizeof(at);

	g->to = to_port;
	g->listener =
	    socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_true(g->listener >= 0);
	assert_int_equal(bind(g->listener,
			      (const struct sockaddr *)(const void *)&at,
			      sizeof(at)),
			 0);
	assert_int_equal(listen(g->listener, MOST), 0);
	assert_int_equal(
	    getsockname(g->listener, (struct sockaddr *)(void *)&at, &n), 0);
	g->port = ntohs(at.sin_port);
	assert_int_equal(pthread_create(&g->thread, NULL, serve, g), 0);
	return g;
}

void t_way_gate_stop(struct t_way_gate **g)
{
	if (!*g)
		return;
	atomic_store(&(*g)->stop, true);
	(void)pthread_join((*g)->thread, NULL);
	close((*g)->listener);
	free(*g);
	*g = NULL;
}

int t_way_gate_port(const struct t_way_gate *g)
{
	return g->port;
}

void t_way_gate_cut(struct t_way_gate *g, bool cut)
{
	atomic_store(&g->cut, cut);
}
