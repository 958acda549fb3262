/* SPDX-License-Identifier: Apache-2.0
 *
 * posix_spawn, four pipes, a pidfd. The process is reaped by its pidfd, so no
 * signal of ours is needed and no number can be mistaken for another process.
 */
#include "serve/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHUNK	  (64u << 10)
#define EVENTS_FD 3
#define ENV_MAX	  4096

extern char **environ;

struct mst_worker {
	struct mst_loop *loop;
	const struct mst_worker_ops *ops;
	void *ctx;
	pid_t pid;
	struct mst_watch exit, out, log, events;
	struct mst_buf line;
	bool skip_line; /* of an event that is too long */
};

/* ---- what it says -------------------------------------------------------- */

static void take_events(struct mst_worker *w, struct mst_slice s)
{
	while (s.n) {
		const char *nl = memchr(s.p, '\n', s.n);
		size_t n = nl ? (size_t)(nl - s.p) : s.n;

		if (!mst_buf_add(&w->line, s.p, n))
			w->skip_line = true;
		if (nl && !w->skip_line && w->line.n)
			w->ops->event(w->ctx, mst_buf_slice(&w->line));
		if (nl) {
			mst_buf_reset(&w->line);
			w->skip_line = false;
			n++;
		}
		s = mst_slice(s.p + n, s.n - n);
	}
}

static void take(struct mst_worker *w, const struct mst_watch *from,
		 struct mst_slice s)
{
	if (from == &w->events)
		take_events(w, s);
	else
		w->ops->printed(w->ctx, from == &w->log, s);
}

/* Once. False: there is nothing more, now or ever. */
static bool read_some(struct mst_worker *w, struct mst_watch *from)
{
	static _Thread_local char chunk[CHUNK];
	ssize_t n;

	if (from->fd < 0)
		return false;
	do
		n = read(from->fd, chunk, sizeof(chunk));
	while (n < 0 && errno == EINTR);
	if (n > 0)
		take(w, from, mst_slice(chunk, (size_t)n));
	else if (n == 0 || errno != EAGAIN)
		mst_loop_close(w->loop, from);
	return n > 0;
}

static void on_out(struct mst_watch *x)
{
	(void)read_some(mst_container_of(x, struct mst_worker, out), x);
}

static void on_log(struct mst_watch *x)
{
	(void)read_some(mst_container_of(x, struct mst_worker, log), x);
}

static void on_events(struct mst_watch *x)
{
	(void)read_some(mst_container_of(x, struct mst_worker, events), x);
}

/* ---- its end ------------------------------------------------------------- */

static void release(struct mst_worker *w)
{
	mst_loop_close(w->loop, &w->exit);
	mst_loop_close(w->loop, &w->out);
	mst_loop_close(w->loop, &w->log);
	mst_loop_close(w->loop, &w->events);
	mst_buf_fini(&w->line);
	free(w);
}

static void on_exit_(struct mst_watch *x)
{
	struct mst_worker *w = mst_container_of(x, struct mst_worker, exit);
	const struct mst_worker_ops *ops = w->ops;
	void *ctx = w->ctx;
	siginfo_t info = {.si_pid = 0};
	bool exited;

	if (waitid(P_PIDFD, (id_t)x->fd, &info, WEXITED | WNOHANG) < 0 ||
	    info.si_pid == 0)
		return;
	/* What a child of its own still prints is not waited for. */
	while (read_some(w, &w->events))
		;
	while (read_some(w, &w->out))
		;
	while (read_some(w, &w->log))
		;
	exited = info.si_code == CLD_EXITED;
	release(w);
	ops->ended(ctx, exited ? info.si_status : -1,
		   exited ? 0 : info.si_status);
}

void mst_worker_stop(struct mst_worker *w)
{
	(void)pidfd_send_signal(w->exit.fd, SIGTERM, NULL, 0);
}

void mst_worker_signal(struct mst_worker *w, int sig)
{
	(void)pidfd_send_signal(w->exit.fd, sig, NULL, 0);
}

void mst_worker_kill(struct mst_worker *w)
{
	/* Not reaped yet, so the number is still its own. */
	(void)kill(-w->pid, SIGKILL);
	(void)pidfd_send_signal(w->exit.fd, SIGKILL, NULL, 0);
}

int64_t mst_worker_pid(const struct mst_worker *w)
{
	return w->pid;
}

/* ---- its start ----------------------------------------------------------- */

static bool named(const char *entry, const char *const *env)
{
	size_t n = strcspn(entry, "=") + 1;

	for (; *env; env++) {
		if (strncmp(*env, entry, n) == 0)
			return true;
	}
	return false;
}

/* Where systemd is told how the daemon goes on is none of a worker's. */
static bool ours(const char *entry)
{
	return strncmp(entry, "NOTIFY_SOCKET=", 14) == 0 ||
	       strncmp(entry, "WATCHDOG_", 9) == 0;
}

static char **environment(const char *const *more)
{
	char **all = mst_alloc(ENV_MAX * sizeof(*all));
	size_t n = 0;

	for (size_t i = 0; more[i] && n < ENV_MAX - 1; i++)
		all[n++] = mst_strdup(more[i]);
	for (char **e = environ; *e && n < ENV_MAX - 1; e++) {
		if (!named(*e, more) && !ours(*e))
			all[n++] = mst_strdup(*e);
	}
	return all;
}

static char **words(const char *const *argv)
{
	size_t n = 0;
	char **all;

	while (argv[n])
		n++;
	all = mst_alloc((n + 2) * sizeof(*all));
	all[0] = mst_strdup("muster");
	for (size_t i = 0; i < n; i++)
		all[i + 1] = mst_strdup(argv[i]);
	return all;
}

static void free_all(char **v)
{
	for (size_t i = 0; v[i]; i++)
		free(v[i]);
	free(v);
}

static int spawn(const struct mst_worker_conf *conf, const int ends[3],
		 pid_t *pid)
{
	posix_spawn_file_actions_t fds;
	posix_spawnattr_t attr;
	char **env = environment(conf->env), **argv = words(conf->argv);
	sigset_t none, defaults;
	int rc;

	(void)sigemptyset(&none);
	(void)sigemptyset(&defaults);
	(void)sigaddset(&defaults, SIGTERM);
	(void)sigaddset(&defaults, SIGINT);
	(void)sigaddset(&defaults, SIGHUP);
	(void)sigaddset(&defaults, SIGPIPE);
	(void)posix_spawnattr_init(&attr);
	(void)posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP |
						  POSIX_SPAWN_SETSIGMASK |
						  POSIX_SPAWN_SETSIGDEF);
	(void)posix_spawnattr_setpgroup(&attr, 0);
	(void)posix_spawnattr_setsigmask(&attr, &none);
	(void)posix_spawnattr_setsigdefault(&attr, &defaults);
	(void)posix_spawn_file_actions_init(&fds);
	(void)posix_spawn_file_actions_addopen(&fds, 0, "/dev/null", O_RDONLY,
					       0);
	(void)posix_spawn_file_actions_adddup2(&fds, ends[0], 1);
	(void)posix_spawn_file_actions_adddup2(&fds, ends[1], 2);
	(void)posix_spawn_file_actions_adddup2(&fds, ends[2], EVENTS_FD);
	(void)posix_spawn_file_actions_addclosefrom_np(&fds, EVENTS_FD + 1);
	rc = posix_spawn(pid, conf->program ? conf->program : "/proc/self/exe",
			 &fds, &attr, argv, env);
	(void)posix_spawn_file_actions_destroy(&fds);
	(void)posix_spawnattr_destroy(&attr);
	free_all(env);
	free_all(argv);
	return rc;
}

/* Our end of each does not wait, theirs does. No end is below 4: they are
 * moved to 1, 2 and 3 one after the other. */
static int pipe_make(struct mst_watch *ours_, int *theirs, struct mst_err *err)
{
	int p[2], high[2];

	if (pipe2(p, O_CLOEXEC) < 0)
		return mst_err_os(err, "no pipe for a worker");
	for (int i = 0; i < 2; i++) {
		high[i] = fcntl(p[i], F_DUPFD_CLOEXEC, EVENTS_FD + 1);
		close(p[i]);
	}
	ours_->fd = high[0];
	*theirs = high[1];
	if (high[0] < 0 || high[1] < 0 ||
	    fcntl(high[0], F_SETFL, O_NONBLOCK) < 0)
		return mst_err_os(err, "no pipe for a worker");
	return 0;
}

static int watch_all(struct mst_worker *w, struct mst_err *err)
{
	struct mst_watch *const all[] = {&w->exit, &w->out, &w->log,
					 &w->events};

	for (size_t i = 0; i < MST_LEN(all); i++) {
		if (mst_loop_add(w->loop, all[i], err) < 0)
			return -(int)err->code;
	}
	return 0;
}

static int start(struct mst_worker *w, const struct mst_worker_conf *conf,
		 int ends[3], struct mst_err *err)
{
	int rc;

	if (pipe_make(&w->out, &ends[0], err) < 0 ||
	    pipe_make(&w->log, &ends[1], err) < 0 ||
	    pipe_make(&w->events, &ends[2], err) < 0)
		return -(int)err->code;
	rc = spawn(conf, ends, &w->pid);
	if (rc) {
		errno = rc;
		return mst_err_os(err, "a worker cannot be started");
	}
	w->exit.fd = pidfd_open(w->pid, 0);
	if (w->exit.fd >= 0 && watch_all(w, err) == 0)
		return 0;
	rc = mst_err_os(err, "a worker cannot be watched");
	(void)kill(-w->pid, SIGKILL);
	(void)waitpid(w->pid, NULL, 0);
	return rc;
}

int mst_worker_start(struct mst_loop *loop, const struct mst_worker_conf *conf,
		     struct mst_worker **w_r, struct mst_err *err)
{
	struct mst_worker *w = mst_alloc(sizeof(*w));
	int ends[3] = {-1, -1, -1};
	int rc;

	w->loop = loop;
	w->ops = conf->ops;
	w->ctx = conf->ctx;
	w->exit = (struct mst_watch){-1, on_exit_};
	w->out = (struct mst_watch){-1, on_out};
	w->log = (struct mst_watch){-1, on_log};
	w->events = (struct mst_watch){-1, on_events};
	mst_buf_init(&w->line, MST_WORKER_LINE);
	rc = start(w, conf, ends, err);
	for (int i = 0; i < 3; i++) {
		if (ends[i] >= 0)
			close(ends[i]);
	}
	if (rc < 0)
		release(w);
	else
		*w_r = w;
	return rc;
}
