/* SPDX-License-Identifier: Apache-2.0
 *
 * A process with an outbox is killed at every write that it makes, the write
 * itself whole, half or not begun. The next one goes on: what was accepted is
 * delivered, once; what was on its way is looked up first.
 */
#include "tests/lib/t.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/time.h"
#include "forward/outbox.h"

#define T0     INT64_C(1795168800000000)
#define ALERTS 24
#define BATCH  4

static const struct mst_outbox_conf conf = {
    .max = 1000,
    .keep = 86400000,
    .aside_retry = 3600000,
    .retry_first = 5000,
    .retry_most = 900000,
};

static const struct mst_route route = {"rule", "incident:cmdb", true};
static struct mst_err err = MST_ERR_INIT;

/* A process that is killed loses nothing that it has written: the disk need not
 * be waited for, which takes most of the time. SQLite calls these. */
int fsync(int fd MST_UNUSED)
{
	return 0;
}

int fdatasync(int fd MST_UNUSED)
{
	return 0;
}

/* ---- the killing --------------------------------------------------------- */

static unsigned writes, die_at;
static enum { WHOLE, HALF, NOTHING } how;

/* The write that the process does not survive. */
static bool dies(size_t *len)
{
	if (++writes != die_at)
		return false;
	if (how == NOTHING)
		*len = 0;
	else if (how == HALF)
		*len /= 2;
	return true;
}

static ssize_t deadly_pwrite(int fd, const void *p, size_t len, off_t at)
{
	bool now = dies(&len);
	ssize_t rc = len ? pwrite(fd, p, len, at) : 0;

	if (now)
		(void)raise(SIGKILL);
	return rc;
}

static ssize_t deadly_write(int fd, const void *p, size_t len)
{
	bool now = dies(&len);
	ssize_t rc = len ? write(fd, p, len) : 0;

	if (now)
		(void)raise(SIGKILL);
	return rc;
}

static void be_deadly(void)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);

	(void)vfs->xSetSystemCall(
	    vfs, "pwrite", (sqlite3_syscall_ptr)(void (*)(void))deadly_pwrite);
	(void)vfs->xSetSystemCall(
	    vfs, "pwrite64",
	    (sqlite3_syscall_ptr)(void (*)(void))deadly_pwrite);
	(void)vfs->xSetSystemCall(
	    vfs, "write", (sqlite3_syscall_ptr)(void (*)(void))deadly_write);
}

/* ---- the far end --------------------------------------------------------- */

/* What the process told us: 'A': accepted, 'P': posted; then a number. */
struct told {
	unsigned accepted[ALERTS], posted[ALERTS];
};

static int pipe_fd = -1;

static void tell(char what, unsigned number)
{
	unsigned char b[2] = {(unsigned char)what, (unsigned char)number};

	if (write(pipe_fd, b, sizeof(b)) != sizeof(b))
		_exit(3);
}

static void hear(int fd, struct told *t)
{
	unsigned char b[2];

	while (read(fd, b, sizeof(b)) == sizeof(b)) {
		if (b[0] == 'A')
			t->accepted[b[1]]++;
		else
			t->posted[b[1]]++;
	}
}

/* ---- the process --------------------------------------------------------- */

static bool accept_batch(struct mst_outbox *o, unsigned from)
{
	struct mst_outbox_alert a[BATCH];
	char keys[BATCH][16], devices[BATCH][16];

	for (unsigned i = 0; i < BATCH; i++) {
		(void)snprintf(keys[i], 16, "%u", from + i);
		(void)snprintf(devices[i], 16, "d%u", (from + i) % 3);
		a[i] = (struct mst_outbox_alert){
		    .source = "iot",
		    .key = mst_slice_str(keys[i]),
		    .device = mst_slice_str(devices[i]),
		    .body = MST_SLICE_LIT("CEF:0|some|alert|that|is|longer|8|"),
		    .digest = 1,
		    .routes = &route,
		    .routes_n = 1,
		};
	}
	return mst_outbox_accept(o, a, BATCH, T0, &err) == 0;
}

/* One round; t: what the far end has already, NULL within the process that is
 * to die. False at the end or on an error. */
static bool deliver(struct mst_outbox *o, struct told *t)
{
	struct mst_outbox_verdict v[8];
	struct mst_delivery *d;
	struct mst_arena arena;
	size_t n = 0;
	bool ok;

	mst_arena_init(&arena, 1u << 20);
	ok = mst_outbox_take(o, route.action, T0, 8, &arena, &d, &n, &err) == 0;
	for (size_t i = 0; ok && i < n; i++) {
		char key[16];
		unsigned k;

		(void)snprintf(key, sizeof(key), "%.*s",
			       MST_SLICE_ARG(d[i].key));
		k = (unsigned)strtoul(key, NULL, 10);
		v[i] = (struct mst_outbox_verdict){
		    .id = d[i].id, .what = MST_DELIVERED_DONE, .remote = "s"};
		if (!t)
			tell('P', k);
		else if (!d[i].doubt || !t->posted[k])
			t->posted[k]++;
	}
	ok = ok && n && mst_outbox_verdicts(o, v, n, T0, &err) == 0;
	mst_arena_fini(&arena);
	return ok;
}

static void live(const char *path)
{
	struct mst_outbox *o;
	bool more;

	be_deadly();
	if (mst_outbox_open(path, MST_OUTBOX_OWN, &conf, T0, &o, &err) < 0)
		_exit(2);
	for (unsigned i = 0; i < ALERTS; i += BATCH) {
		if (!accept_batch(o, i))
			_exit(2);
		for (unsigned k = 0; k < BATCH; k++)
			tell('A', i + k);
		(void)deliver(o, NULL);
	}
	while (deliver(o, NULL))
		;
	if (mst_outbox_clean(o, T0 + INT64_C(90000000000), 100, &more, &err) <
	    0)
		_exit(2);
	mst_outbox_close(&o);
	_exit(0);
}

/* ---- the one after it ---------------------------------------------------- */

static void take_over(const char *path, struct told *t)
{
	struct mst_outbox *o;

	t_ok(mst_outbox_open(path, MST_OUTBOX_OWN, &conf, T0, &o, &err), &err);
	mst_err_clear(&err);
	while (deliver(o, t))
		;
	assert_int_equal(err.code, MST_OK);
	assert_int_equal(mst_outbox_room(o), conf.max);
	mst_outbox_close(&o);
	for (unsigned i = 0; i < ALERTS; i++) {
		if (t->accepted[i] && t->posted[i] != 1)
			fail_msg("write %u: alert %u was accepted and posted "
				 "%u times",
				 die_at, i, t->posted[i]);
		assert_true(t->posted[i] <= 1);
	}
}

/* False: it lived to its end. */
static bool dies_once(void)
{
	const char *path = t_path("crash-%u-%u.db", (unsigned)how, die_at);
	struct told t = {0};
	int fds[2], status;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)close(fds[0]);
		pipe_fd = fds[1];
		live(path);
	}
	(void)close(fds[1]);
	hear(fds[0], &t);
	(void)close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status))
		assert_int_equal(WEXITSTATUS(status), 0);
	take_over(path, &t);
	(void)remove(path);
	return WIFSIGNALED(status);
}

static void kill_at_every_write(void **state MST_UNUSED)
{
	unsigned total = 0;

	for (how = WHOLE; how <= NOTHING; how++) {
		die_at = 1;
		while (dies_once())
			die_at += T_SANITIZED ? 5 : 1;
		total += die_at;
	}
	print_message("%u deaths\n", total);
	assert_in_range(total, 100, 100000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(kill_at_every_write),
	};

	return cmocka_run_group_tests_name("outbox_crash", tests, NULL, NULL);
}
