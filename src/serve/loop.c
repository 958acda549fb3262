/* SPDX-License-Identifier: Apache-2.0
 *
 * epoll behind a small header.
 */
#include "serve/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define AT_ONCE 32

struct mst_loop {
	int epoll;
	struct mst_watch wake;
	bool woken;
	struct epoll_event got[AT_ONCE];
	int got_n;
};

static void on_wake(struct mst_watch *w)
{
	struct mst_loop *l = mst_container_of(w, struct mst_loop, wake);
	uint64_t n;

	while (read(w->fd, &n, sizeof(n)) < 0 && errno == EINTR)
		;
	l->woken = true;
}

int mst_loop_new(struct mst_loop **l_r, struct mst_err *err)
{
	struct mst_loop *l = mst_alloc(sizeof(*l));

	l->wake = (struct mst_watch){-1, on_wake};
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (l->epoll >= 0)
		l->wake.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (l->epoll < 0 || l->wake.fd < 0 ||
	    mst_loop_add(l, &l->wake, err) < 0) {
		int rc = mst_err_os(err, "the daemon's loop cannot be made");

		mst_loop_free(&l);
		return rc;
	}
	*l_r = l;
	return 0;
}

void mst_loop_free(struct mst_loop **l)
{
	if (!*l)
		return;
	if ((*l)->wake.fd >= 0)
		close((*l)->wake.fd);
	if ((*l)->epoll >= 0)
		close((*l)->epoll);
	free(*l);
	*l = NULL;
}

int mst_loop_add(struct mst_loop *l, struct mst_watch *w, struct mst_err *err)
{
	struct epoll_event e = {.events = EPOLLIN, .data.ptr = w};

	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, w->fd, &e) < 0)
		return mst_err_os(err, "descriptor cannot be watched");
	return 0;
}

void mst_loop_close(struct mst_loop *l, struct mst_watch *w)
{
	if (w->fd < 0)
		return;
	(void)epoll_ctl(l->epoll, EPOLL_CTL_DEL, w->fd, NULL);
	close(w->fd);
	w->fd = -1;
	/* It may be among those that are being gone through. */
	for (int i = 0; i < l->got_n; i++) {
		if (l->got[i].data.ptr == w)
			l->got[i].data.ptr = NULL;
	}
}

int mst_loop_wait(struct mst_loop *l, int64_t ms, bool *woken_r,
		  struct mst_err *err)
{
	int n;

	ms = MST_MIN(MST_MAX(ms, 0), 60000);
	n = epoll_wait(l->epoll, l->got, AT_ONCE, (int)ms);
	if (n < 0 && errno != EINTR)
		return mst_err_os(err, "the daemon's loop");
	l->got_n = MST_MAX(n, 0);
	for (int i = 0; i < l->got_n; i++) {
		struct mst_watch *w = l->got[i].data.ptr;

		if (w)
			w->ready(w);
	}
	l->got_n = 0;
	*woken_r = l->woken;
	l->woken = false;
	return 0;
}

void mst_loop_wake(struct mst_loop *l)
{
	const uint64_t one = 1;
	ssize_t n = write(l->wake.fd, &one, sizeof(one));

	(void)n;
}
