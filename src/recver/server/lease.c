/* SPDX-License-Identifier: Apache-2.0
 *
 * Who may write: the lease of a store on a server. Its token is random and
 * says which process of which running system holds it, so that the lease of a
 * process of this machine that died need not be waited for.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/num.h"
#include "base/time.h"
#include "recver/server/private.h"

/* The stores of this process that are open: what else says that it is of this
 * process was not given back. */
static pthread_mutex_t live_lock = PTHREAD_MUTEX_INITIALIZER;
static struct mst_server *live;

static void enlist(struct mst_server *s)
{
	(void)pthread_mutex_lock(&live_lock);
	s->next = live;
	live = s;
	(void)pthread_mutex_unlock(&live_lock);
}

void mst_server_lease_fini(struct mst_server *s)
{
	(void)pthread_mutex_lock(&live_lock);
	for (struct mst_server **at = &live; *at; at = &(*at)->next) {
		if (*at == s) {
			*at = s->next;
			break;
		}
	}
	(void)pthread_mutex_unlock(&live_lock);
}

static bool is_live(const char *token)
{
	const struct mst_server *s;

	(void)pthread_mutex_lock(&live_lock);
	for (s = live; s && strcmp(s->token, token) != 0;)
		s = s->next;
	(void)pthread_mutex_unlock(&live_lock);
	return s != NULL;
}

/* This boot of this machine, and this space of process numbers. */
static uint64_t machine(void)
{
	struct mst_buf id = MST_BUF_INIT(4096);
	struct mst_err err = MST_ERR_INIT;
	char space[64];
	ssize_t n = readlink("/proc/self/ns/pid", space, sizeof(space));
	uint64_t h = 0;

	if (mst_file_read("/proc/sys/kernel/random/boot_id", &id, &err) == 0 &&
	    n > 0 && mst_buf_add(&id, space, (size_t)n))
		h = mst_hash64(id.p, id.n, 0);
	mst_buf_fini(&id);
	return h; /* 0: not known */
}

/* When a process began, in the kernel's ticks; 0: not known. Process numbers
 * are given out again. *over_r: it has ended, but its parent has not asked how,
 * and may never do so (a container without an init). */
static uint64_t began(uint64_t pid, bool *over_r)
{
	struct mst_buf stat = MST_BUF_INIT(4096);
	struct mst_err err = MST_ERR_INIT;
	char path[40];
	const char *p = NULL;
	uint64_t ticks = 0;

	(void)snprintf(path, sizeof(path), "/proc/%" PRIu64 "/stat", pid);
	if (mst_file_read(path, &stat, &err) == 0 && stat.n)
		p = strrchr(stat.p, ')'); /* ends the name, field 2 */
	*over_r = p && (strncmp(p, ") Z", 3) == 0 || strncmp(p, ") X", 3) == 0);
	for (int field = 2; p && field < 22; field++) {
		p = strchr(p, ' ');
		p = p ? p + 1 : NULL;
	}
	if (p && !mst_num_u64(mst_slice(p, strcspn(p, " ")), &ticks))
		ticks = 0;
	mst_buf_fini(&stat);
	return ticks;
}

int mst_server_lease_init(struct mst_server *s, struct mst_err *err)
{
	uint64_t random[2];
	bool over;
	char host[128] = "?";
	uint64_t pid = (uint64_t)getpid();

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return mst_err_os(err, "no random bytes for RecVer's lease");
	(void)gethostname(host, sizeof(host) - 1);
	(void)snprintf(s->token, sizeof(s->token),
		       "%016" PRIx64 "%016" PRIx64 "-%016" PRIx64 "-%" PRIx64
		       "-%" PRIx64,
		       random[0], random[1], machine(), pid, began(pid, &over));
	(void)snprintf(s->holder, sizeof(s->holder), "%s, process %" PRIu64,
		       host, pid);
	enlist(s);
	return 0;
}

bool mst_lease_is_dead(const char *token)
{
	const char *at = strchr(token, '-');
	uint64_t part[3], now;
	bool over;
	char *end;

	for (int i = 0; i < 3; i++) {
		if (!at || *at != '-')
			return false;
		part[i] = strtoumax(at + 1, &end, 16);
		at = end;
	}
	if (!part[0] || part[0] != machine() || !part[1])
		return false;
	now = began(part[1], &over);
	if (part[1] == (uint64_t)getpid() && part[2] == now)
		return !is_live(token);
	if (kill((pid_t)part[1], 0) < 0 && errno == ESRCH)
		return true;
	return part[2] && now && (over || now != part[2]);
}

static void is_ours(struct mst_server *s)
{
	s->renewed_us = mst_mono_us();
	s->lost = false;
}

/* *done_r: the lease is ours. */
static int try_take(struct mst_server *s, bool *done_r, struct mst_lease *have,
		    struct mst_err *err)
{
	struct mst_lease mine = {0};
	int rc;

	memcpy(mine.token, s->token, sizeof(mine.token));
	memcpy(mine.holder, s->holder, sizeof(mine.holder));
	*have = (struct mst_lease){0};
	rc = s->d->lease_read(s->c, have, err);
	/* It is, when an earlier attempt lost its connection too late. */
	*done_r = rc == 0 && strcmp(have->token, s->token) == 0;
	if (rc < 0 || *done_r)
		return rc;
	if (have->token[0] && !have->expired && !mst_lease_is_dead(have->token))
		return 0;
	return s->d->lease_swap(s->c, have->token, &mine, MST_LEASE_MS, done_r,
				err);
}

static int take(struct mst_server *s, void *arg, bool *moved_r,
		struct mst_err *err)
{
	struct mst_lease have;
	bool done = false;

	/* Twice: a lease may be given back between the look and the grip. */
	for (int i = 0; i < 2 && !done; i++) {
		int rc = try_take(s, &done, &have, err);

		if (rc < 0)
			return rc;
	}
	if (done) {
		is_ours(s);
		return 0;
	}
	return mst_err_set(err, MST_E_CONFLICT,
			   "%s is in use by %s: wait for it to end, or stop "
			   "it; the lease of one that died ends by itself "
			   "after %d minutes",
			   s->where,
			   have.token[0] ? have.holder : "another run",
			   MST_LEASE_MS / 60000);
}

int mst_server_lease_take(struct mst_server *s, struct mst_err *err)
{
	return mst_server_call(s, take, NULL, err);
}

static int lost(struct mst_server *s, void *c, struct mst_err *err)
{
	struct mst_err other = MST_ERR_INIT;
	struct mst_lease l = {0};
	const char *who = "another run";

	s->lost = true;
	if (c && s->d->lease_read(c, &l, &other) == 0 && l.token[0])
		who = l.holder;
	return mst_err_set(err, MST_E_CONFLICT,
			   "%s was taken over by %s, because nothing was heard "
			   "of this run for too long: this run writes nothing "
			   "more; let the other one end and start again",
			   s->where, who);
}

int mst_server_lease_lost(struct mst_server *s, struct mst_err *err)
{
	return lost(s, s->c, err);
}

int mst_lease_confirm_on(struct mst_server *s, void *c, struct mst_err *err)
{
	struct mst_lease mine = {0};
	bool done = false;
	int rc;

	memcpy(mine.token, s->token, sizeof(mine.token));
	memcpy(mine.holder, s->holder, sizeof(mine.holder));
	rc = s->d->lease_swap(c, s->token, &mine, MST_LEASE_MS, &done, err);
	if (rc == 0 && !done)
		return lost(s, c, err);
	if (rc == 0)
		is_ours(s);
	return rc;
}

int mst_server_lease_confirm(struct mst_server *s, struct mst_err *err)
{
	return mst_lease_confirm_on(s, s->c, err);
}

void mst_lease_give_back(struct mst_server *s)
{
	const struct mst_lease none = {0};
	struct mst_err err = MST_ERR_INIT;
	bool done;

	/* One that cannot be given back ends by itself. */
	if (s->c && !s->lost)
		(void)s->d->lease_swap(s->c, s->token, &none, 0, &done, &err);
}
