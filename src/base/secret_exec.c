/* SPDX-License-Identifier: Apache-2.0
 *
 * A helper program that prints a secret: no shell, a process group of its own,
 * a time-out, bounded output. When it is over, for whatever reason, the whole
 * group is killed, so nothing that it started stays behind.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/num.h"
#include "base/secret_private.h"
#include "base/time.h"

#define TIMEOUT_MS     30000
#define TIMEOUT_MAX_MS 600000
#define COMPLAINT_MAX  4096 /* bytes of its standard error that are kept */
#define POLL_MS	       50

/* ---- the command --------------------------------------------------------- */

void mst_command_fini(struct mst_command *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->words[i]);
	c->n = 0;
}

/* One word, quoted or not. Returns what is behind it, NULL: a quote is open. */
static const char *next_word(const char *p, struct mst_buf *out)
{
	bool quoted = false;

	for (; *p && (quoted || *p != ' '); p++) {
		if (*p == '"')
			quoted = !quoted;
		else if (quoted && *p == '\\' && (p[1] == '"' || p[1] == '\\'))
			mst_buf_addc(out, *++p);
		else
			mst_buf_addc(out, *p);
	}
	return quoted ? NULL : p;
}

static int read_words(const char *p, struct mst_command *c, struct mst_err *err)
{
	while (*(p += strspn(p, " "))) {
		struct mst_buf word = MST_BUF_INIT(4096);

		if (c->n == MST_COMMAND_WORDS)
			return mst_err_set(
			    err, MST_E_INVALID,
			    "a secret's program has more than %d "
			    "arguments",
			    MST_COMMAND_WORDS);
		(void)mst_buf_reserve(&word, 1);
		word.p[0] = 0;
		p = next_word(p, &word);
		if (!p || word.overflow) {
			mst_buf_fini(&word);
			return mst_err_set(err, MST_E_INVALID,
					   "a secret's program has %s",
					   p ? "an argument that is too long"
					     : "a quote that does not end");
		}
		c->words[c->n++] = mst_buf_steal(&word);
	}
	return 0;
}

/* "timeout=5s" in front of the program. */
static int take_timeout(struct mst_command *c, struct mst_err *err)
{
	static const char key[] = "timeout=";
	const size_t n = sizeof(key) - 1;

	c->timeout_ms = TIMEOUT_MS;
	if (!c->n || strncmp(c->words[0], key, n) != 0)
		return 0;
	if (!mst_num_duration_ms(mst_slice_str(c->words[0] + n),
				 &c->timeout_ms) ||
	    c->timeout_ms < 1 || c->timeout_ms > TIMEOUT_MAX_MS)
		return mst_err_set(err, MST_E_INVALID,
				   "the time-out of a secret's program must be "
				   "a duration up to 10m, like timeout=30s");
	free(c->words[0]);
	memmove(c->words, c->words + 1, c->n * sizeof(*c->words));
	c->n--;
	return 0;
}

int mst_command_read(const char *text, struct mst_command *c_r,
		     struct mst_err *err)
{
	struct mst_command c = {.n = 0};
	int rc = read_words(text, &c, err);

	c.words[c.n] = NULL;
	if (!rc)
		rc = take_timeout(&c, err);
	if (!rc && (!c.n || c.words[0][0] != '/'))
		rc = mst_err_set(err, MST_E_INVALID,
				 "a secret's program must be named by its path "
				 "from the root: exec:/path/program ARGUMENTS");
	if (rc)
		mst_command_fini(&c);
	else
		*c_r = c;
	return rc;
}

/* ---- running it ---------------------------------------------------------- */

struct helper {
	const char *program;
	pid_t pid;
	int out, complaint, failed; /* our ends of the pipes */
	struct mst_buf text, words; /* of standard output and error */
	int status;
	int start_errno; /* it could not be started */
	bool is_over;
};

/* Only calls that are safe after fork in a program with threads. */
static _Noreturn void child(char *const *argv, int out, int complaint,
			    int failed)
{
	const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	sigset_t none;
	int e;

	(void)setpgid(0, 0);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)signal(SIGINT, SIG_DFL);
	(void)signal(SIGTERM, SIG_DFL);
	if (null >= 0 && dup2(null, 0) >= 0 && dup2(out, 1) >= 0 &&
	    dup2(complaint, 2) >= 0) {
		(void)close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
		(void)execv(argv[0], argv);
	}
	e = errno;
	(void)!write(failed, &e, sizeof(e));
	_exit(127);
}

static void close_all(const int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
}

static int start(struct helper *h, const struct mst_command *c,
		 struct mst_err *err)
{
	int fd[6] = {-1, -1, -1, -1, -1, -1};

	if (pipe2(fd, O_CLOEXEC) < 0 || pipe2(fd + 2, O_CLOEXEC) < 0 ||
	    pipe2(fd + 4, O_CLOEXEC) < 0 || (h->pid = fork()) < 0) {
		(void)mst_err_os(err, "cannot start \"%s\"", h->program);
		close_all(fd, 6);
		return -(int)err->code;
	}
	if (h->pid == 0)
		child(c->words, fd[1], fd[3], fd[5]);
	(void)setpgid(h->pid, h->pid); /* whoever comes first */
	(void)close(fd[1]);
	(void)close(fd[3]);
	(void)close(fd[5]);
	h->out = fd[0];
	h->complaint = fd[2];
	h->failed = fd[4];
	(void)fcntl(h->out, F_SETFL, O_NONBLOCK);
	(void)fcntl(h->complaint, F_SETFL, O_NONBLOCK);
	return 0;
}

/* Reads what is there. False: the other end is closed, or it is too much. */
static bool take(int fd, struct mst_buf *b, size_t max)
{
	char spare[512];

	for (;;) {
		size_t room = max - b->n;
		ssize_t n = room ? read(fd, b->p + b->n, room)
				 : read(fd, spare, sizeof(spare));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN;
		if (n == 0)
			return false;
		if (room)
			b->n += (size_t)n;
	}
}

/* It stays a zombie, so that its number and group are still its own. */
static void look_whether_over(struct helper *h)
{
	siginfo_t who = {.si_pid = 0};

	h->is_over = waitid(P_PID, (id_t)h->pid, &who,
			    WEXITED | WNOHANG | WNOWAIT) == 0 &&
		     who.si_pid == h->pid;
}

/* Until it is over and said all, or the time is up. A child of its own that
 * holds the pipes open does not make us wait. */
static bool listen_to(struct helper *h, int64_t timeout_ms)
{
	const int64_t end_us = mst_mono_us() + timeout_ms * 1000;
	struct pollfd p[2] = {{.fd = h->out, .events = POLLIN},
			      {.fd = h->complaint, .events = POLLIN}};

	while (!h->is_over) {
		int64_t left_ms = (end_us - mst_mono_us()) / 1000;

		if (left_ms <= 0 || h->text.n > MST_SECRET_MAX)
			return false;
		(void)poll(p, 2, (int)MST_MIN(left_ms, POLL_MS));
		look_whether_over(h);
		if (p[0].fd >= 0 && !take(h->out, &h->text, MST_SECRET_MAX + 1))
			p[0].fd = -1;
		if (p[1].fd >= 0 &&
		    !take(h->complaint, &h->words, COMPLAINT_MAX))
			p[1].fd = -1;
	}
	return h->text.n <= MST_SECRET_MAX;
}

static void stop(struct helper *h)
{
	(void)kill(-h->pid, SIGKILL);
	(void)kill(h->pid, SIGKILL); /* if it has no group yet */
	while (waitpid(h->pid, &h->status, 0) < 0)
		if (errno != EINTR)
			break;
	if (read(h->failed, &h->start_errno, sizeof(int)) != sizeof(int))
		h->start_errno = 0;
	(void)close(h->out);
	(void)close(h->complaint);
	(void)close(h->failed);
}

/* ---- what became of it --------------------------------------------------- */

/* Its last line, unless that repeats what it printed as the secret. */
static void complaint_of(const struct helper *h, char *out, size_t out_n)
{
	struct mst_slice s = mst_slice_trim(mst_buf_slice(&h->words));
	struct mst_slice secret = mst_slice_trim(mst_buf_slice(&h->text));
	const char *nl;
	size_t n = 0;

	*out = 0;
	if (secret.n && memmem(h->words.p, h->words.n, secret.p, secret.n)) {
		(void)snprintf(out, out_n,
			       ": its complaint repeats its output and is not "
			       "shown");
		return;
	}
	while ((nl = memchr(s.p, '\n', s.n)))
		s = mst_slice(nl + 1, (size_t)(s.p + s.n - nl - 1));
	if (!s.n)
		return;
	n = (size_t)snprintf(out, out_n, ": ");
	for (size_t i = 0; i < s.n && n + 1 < out_n && i < 300; i++) {
		unsigned char c = (unsigned char)s.p[i];

		out[n++] = (char)(c < 0x20 || c == 0x7f ? '?' : c);
	}
	out[n] = 0;
}

static int not_started(const struct helper *h, struct mst_err *err)
{
	errno = h->start_errno;
	if (h->start_errno == ENOENT)
		return mst_err_set(err, MST_E_NOTFOUND,
				   "the program \"%s\" that prints a secret "
				   "does not exist",
				   h->program);
	return mst_err_os(err,
			  "the program \"%s\" that prints a secret cannot "
			  "be started",
			  h->program);
}

static int judge(const struct helper *h, const struct mst_command *c,
		 bool in_time, struct mst_err *err)
{
	char complaint[400];

	if (h->start_errno)
		return not_started(h, err);
	complaint_of(h, complaint, sizeof(complaint));
	if (h->text.n > MST_SECRET_MAX)
		return mst_err_set(err, MST_E_INVALID,
				   "the program \"%s\" printed more than %d "
				   "bytes; a secret is shorter",
				   h->program, MST_SECRET_MAX);
	if (!in_time)
		return mst_err_set(
		    err, MST_E_TRANSIENT,
		    "the program \"%s\" printed no secret within "
		    "%g s and was ended%s",
		    h->program, (double)c->timeout_ms / 1000, complaint);
	if (WIFSIGNALED(h->status))
		return mst_err_set(
		    err, MST_E_INVALID,
		    "the program \"%s\" that prints a secret was "
		    "ended by signal %d%s",
		    h->program, WTERMSIG(h->status), complaint);
	if (WEXITSTATUS(h->status))
		return mst_err_set(err, MST_E_INVALID,
				   "the program \"%s\" that prints a secret "
				   "failed with status %d%s",
				   h->program, WEXITSTATUS(h->status),
				   complaint);
	return 0;
}

/* Whoever may change the program decides what is run as us. */
static int check_program(const char *path, struct mst_err *err)
{
	struct stat st;

	if (stat(path, &st) == 0 && (st.st_mode & S_IWOTH))
		return mst_err_set(
		    err, MST_E_INVALID,
		    "the program \"%s\" that prints a secret may "
		    "be changed by everybody; take that away "
		    "with: chmod o-w",
		    path);
	return 0;
}

static int run(struct helper *h, const struct mst_command *c,
	       struct mst_secret **s_r, struct mst_err *err)
{
	char where[4200];
	bool in_time;
	int rc = check_program(h->program, err);

	if (!rc)
		rc = start(h, c, err);
	if (rc)
		return rc;
	in_time = listen_to(h, c->timeout_ms);
	stop(h);
	rc = judge(h, c, in_time, err);
	if (rc)
		return rc;
	(void)snprintf(where, sizeof(where), "the output of \"%s\"",
		       h->program);
	return mst_secret_take(mst_secret_line(mst_buf_slice(&h->text)), where,
			       s_r, err);
}

int mst_secret_exec(const char *command, struct mst_secret **s_r,
		    struct mst_err *err)
{
	struct helper h = {.pid = -1};
	struct mst_command c;
	int rc = mst_command_read(command, &c, err);

	if (rc)
		return rc;
	h.program = c.words[0];
	mst_buf_init(&h.text, MST_SECRET_MAX + 1);
	mst_buf_init(&h.words, COMPLAINT_MAX);
	/* one allocation, so that no copy of it stays behind */
	(void)mst_buf_reserve(&h.text, MST_SECRET_MAX + 1);
	(void)mst_buf_reserve(&h.words, COMPLAINT_MAX);
	rc = run(&h, &c, s_r, err);
	mst_buf_wipe_fini(&h.text);
	mst_buf_wipe_fini(&h.words);
	mst_command_fini(&c);
	return rc;
}
