/* SPDX-License-Identifier: Apache-2.0
 *
 * A datagram to $NOTIFY_SOCKET.
 */
#include "serve/systemd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/num.h"

void mst_systemd_notify(const char *lines)
{
	const char *path = getenv("NOTIFY_SOCKET");
	/* Who does not read must not stop us; a beat may get lost. */
	const struct timeval patience = {.tv_sec = 2};
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	size_t n = path ? strlen(path) : 0;
	int fd;

	if (n < 2 || n >= sizeof(to.sun_path) ||
	    (path[0] != '/' && path[0] != '@'))
		return;
	memcpy(to.sun_path, path, n);
	if (path[0] == '@')
		to.sun_path[0] = 0; /* of the abstract namespace */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience,
			 sizeof(patience));
	if (sendto(fd, lines, strlen(lines),
		   MSG_NOSIGNAL |
		       (strncmp(lines, "WATCHDOG", 8) == 0 ? MSG_DONTWAIT : 0),
		   (const struct sockaddr *)(const void *)&to,
		   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) < 0)
		mst_debug("systemd does not hear: %m");
	close(fd);
}

void mst_systemd_reloading(void)
{
	struct timespec t = {0};
	char lines[96];

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	(void)snprintf(lines, sizeof(lines), "RELOADING=1\nMONOTONIC_USEC=%lld",
		       (long long)t.tv_sec * 1000000 + t.tv_nsec / 1000);
	mst_systemd_notify(lines);
}

int64_t mst_systemd_watchdog_ms(void)
{
	const char *us = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	uint64_t n, p;

	if (!us || !mst_num_u64(mst_slice_str(us), &n))
		return 0;
	if (pid &&
	    (!mst_num_u64(mst_slice_str(pid), &p) || p != (uint64_t)getpid()))
		return 0;
	return (int64_t)MST_MAX(n / 2000, 1);
}
