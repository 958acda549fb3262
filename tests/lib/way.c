/* SPDX-License-Identifier: Apache-2.0
 *
 * See way.h.
 */
#include "tests/lib/way.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/lib/t.h"

static struct sockaddr_in loopback(int port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
				    .sin_port = htons((uint16_t)port),
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int to_server(const struct t_way *w)
{
	struct sockaddr_in a = loopback(w->server_port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

static bool send_all(int to, const char *p, ssize_t n)
{
	for (ssize_t sent; n > 0; p += sent, n -= sent) {
		sent = send(to, p, (size_t)n, MSG_NOSIGNAL);
		if (sent <= 0)
			return false;
	}
	return true;
}

/* Bytes from one end to the other; false: that was the end. */
static bool pass(struct t_way *w, int from, int to, bool answer)
{
	char part[16384];
	ssize_t n = read(from, part, sizeof(part));
	long left = atomic_load(&w->cut_after);

	if (n <= 0)
		return false;
	atomic_fetch_add(answer ? &w->received : &w->sent, n);
	if (left == T_WAY_NEVER || answer != atomic_load(&w->answers))
		return send_all(to, part, n);
	if (left < n) {
		(void)send_all(to, part, left);
		atomic_store(&w->cut_after, T_WAY_NEVER);
		atomic_fetch_add(&w->cuts, 1);
		return false;
	}
	atomic_store(&w->cut_after, left - n);
	return send_all(to, part, n);
}

static void shut_link(struct t_way *w, int i)
{
	(void)close(w->links[i].client);
	(void)close(w->links[i].server);
	w->links[i].client = w->links[i].server = -1;
}

static void take(struct t_way *w)
{
	int i = 0, fd = accept(w->listener, NULL, NULL);

	while (i < T_WAY_LINKS && w->links[i].client >= 0)
		i++;
	if (fd < 0 || i == T_WAY_LINKS) {
		(void)close(fd);
		return;
	}
	w->links[i].client = fd;
	w->links[i].server = to_server(w);
	if (w->links[i].server < 0)
		shut_link(w, i);
}

static void *carry(void *arg)
{
	struct t_way *w = arg;

	while (!atomic_load(&w->stop)) {
		struct pollfd fds[2 * T_WAY_LINKS + 1];

		for (int i = 0; i < T_WAY_LINKS; i++) {
			fds[2 * i] =
			    (struct pollfd){w->links[i].client, POLLIN, 0};
			fds[2 * i + 1] =
			    (struct pollfd){w->links[i].server, POLLIN, 0};
		}
		fds[2 * T_WAY_LINKS] = (struct pollfd){w->listener, POLLIN, 0};
		if (poll(fds, 2 * T_WAY_LINKS + 1, 20) <= 0)
			continue;
		for (int i = 0; i < T_WAY_LINKS; i++) {
			int client = w->links[i].client;
			int server = w->links[i].server;

			if ((fds[2 * i].revents &&
			     !pass(w, client, server, false)) ||
			    (fds[2 * i + 1].revents &&
			     !pass(w, server, client, true)))
				shut_link(w, i);
		}
		if (fds[2 * T_WAY_LINKS].revents)
			take(w);
	}
	for (int i = 0; i < T_WAY_LINKS; i++)
		shut_link(w, i);
	return NULL;
}

void t_way_open(struct t_way *w, int server_port)
{
	struct sockaddr_in a = loopback(0);
	socklen_t n = sizeof(a);

	*w = (struct t_way){.server_port = server_port};
	for (int i = 0; i < T_WAY_LINKS; i++)
		w->links[i].client = w->links[i].server = -1;
	atomic_store(&w->cut_after, T_WAY_NEVER);
	w->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(w->listener, (struct sockaddr *)&a, n), 0);
	assert_int_equal(listen(w->listener, 16), 0);
	assert_int_equal(getsockname(w->listener, (struct sockaddr *)&a, &n),
			 0);
	w->port = ntohs(a.sin_port);
	assert_int_equal(pthread_create(&w->thread, NULL, carry, w), 0);
}

void t_way_shut(struct t_way *w)
{
	atomic_store(&w->stop, true);
	(void)pthread_join(w->thread, NULL);
	(void)close(w->listener);
}
