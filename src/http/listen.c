/* SPDX-License-Identifier: Apache-2.0
 *
 * The socket that is listened on.
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <unistd.h>

#include "http/private.h"

static int port_of(int fd)
{
	struct sockaddr_storage a = {0};
	socklen_t n = sizeof(a);

	if (getsockname(fd, (struct sockaddr *)&a, &n) != 0)
		return 0;
	if (a.ss_family == AF_INET6)
		return ntohs(((struct sockaddr_in6 *)&a)->sin6_port);
	return ntohs(((struct sockaddr_in *)&a)->sin_port);
}

static int open_one(const struct addrinfo *a)
{
	int fd =
	    socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1, off = 0;

	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	/* "::" is everything, as people expect. */
	if (a->ai_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off,
				 sizeof(off));
	if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, 1024) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

int mst_http_listen(const char *address, int port, int *fd_r, int *port_r,
		    struct mst_err *err)
{
	struct addrinfo want = {.ai_socktype = SOCK_STREAM,
				.ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	struct addrinfo *found = NULL;
	char service[12];
	int fd = -1, rc;

	(void)snprintf(service, sizeof(service), "%d", port);
	rc = getaddrinfo(address && *address ? address : NULL, service, &want,
			 &found);
	if (rc != 0)
		return mst_err_set(err, MST_E_INVALID,
				   "listen: '%s' is no address of this "
				   "machine: %s",
				   address, gai_strerror(rc));
	for (struct addrinfo *a = found; a && fd < 0; a = a->ai_next)
		fd = open_one(a);
	freeaddrinfo(found);
	if (fd < 0)
		return mst_err_os(err, "listen: %s port %d cannot be had",
				  address, port);
	*fd_r = fd;
	*port_r = port_of(fd);
	return 0;
}
