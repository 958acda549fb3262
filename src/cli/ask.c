/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading secrets, and the terminal without echo.
 */
#include "cli/ask.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* Waits for input. Signals come in only while it waits, so that none is missed
 * between the look at cli_cancel and the read. */
static int await_input(struct mst_err *err)
{
	struct pollfd p = {.fd = 0, .events = POLLIN};
	sigset_t stop, before;
	int n;

	(void)sigemptyset(&stop);
	(void)sigaddset(&stop, SIGINT);
	(void)sigaddset(&stop, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &stop, &before);
	do
		n = atomic_load(&cli_cancel) ? -1 : ppoll(&p, 1, NULL, &before);
	while (n < 0 && errno == EINTR && !atomic_load(&cli_cancel));
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	if (atomic_load(&cli_cancel))
		return mst_err_set(err, MST_E_CANCELLED,
				   "cancelled; nothing was stored");
	return n < 0 ? mst_err_os(err, "cannot wait for standard input") : 0;
}

int cli_read_value(struct mst_buf *b, bool one_line, struct mst_err *err)
{
	const char *end;

	for (;;) {
		ssize_t n;

		if (await_input(err) < 0)
			return -(int)err->code;
		n = read(0, b->p + b->n, CLI_VALUE_MAX + 2 - b->n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return mst_err_os(err, "cannot read standard input");
		b->n += (size_t)n;
		if (b->n > CLI_VALUE_MAX + 1)
			return mst_err_set(err, MST_E_INVALID,
					   "the secret is longer than %d bytes",
					   CLI_VALUE_MAX);
		if (n == 0 || (one_line && memchr(b->p, '\n', b->n)))
			break;
	}
	/* A file or a pipe gives more at once than the line. */
	end = one_line ? memchr(b->p, '\n', b->n) : NULL;
	if (end)
		b->n = (size_t)(end - b->p) + 1;
	if (b->n && b->p[b->n - 1] == '\n')
		b->n--;
	if (b->n && b->p[b->n - 1] == '\r')
		b->n--;
	return 0;
}

int cli_ask(const char *prompt, struct mst_buf *b, struct mst_err *err)
{
	struct termios before, quiet;
	int rc;

	if (tcgetattr(0, &before) < 0)
		return mst_err_os(err, "cannot look at the terminal");
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK);
	if (tcsetattr(0, TCSAFLUSH, &quiet) < 0)
		return mst_err_os(err, "cannot switch the echo off");
	(void)fputs(prompt, stderr);
	rc = cli_read_value(b, true, err);
	(void)tcsetattr(0, TCSAFLUSH, &before);
	(void)fputs("\n", stderr);
	return rc;
}

int cli_ask_twice(const char *prompt, struct mst_buf *b, struct mst_err *err)
{
	struct mst_buf again = MST_BUF_INIT(CLI_VALUE_MAX + 2);
	int rc = cli_ask(prompt, b, err);

	(void)mst_buf_reserve(&again, CLI_VALUE_MAX + 2);
	if (rc == 0)
		rc = cli_ask("Once more: ", &again, err);
	if (rc == 0 && (again.n != b->n || memcmp(again.p, b->p, b->n) != 0))
		rc = mst_err_set(err, MST_E_INVALID,
				 "the two are not the same; nothing was "
				 "changed");
	mst_buf_wipe_fini(&again);
	return rc;
}

int cli_ask_secret(struct mst_secret **s_r, struct mst_err *err)
{
	struct mst_buf b = MST_BUF_INIT(CLI_VALUE_MAX + 2);
	int rc;

	(void)mst_buf_reserve(&b, CLI_VALUE_MAX + 2);
	rc = isatty(0) ? cli_ask_twice("Value (not shown): ", &b, err)
		       : cli_read_value(&b, false, err);
	if (rc == 0 && b.n == 0)
		rc = mst_err_set(err, MST_E_INVALID,
				 "the secret is empty; nothing was stored");
	if (rc == 0 && memchr(b.p, 0, b.n))
		rc = mst_err_set(err, MST_E_INVALID,
				 "the secret holds a zero byte; it must be "
				 "text");
	if (rc == 0)
		*s_r = mst_secret_new(mst_buf_slice(&b));
	mst_buf_wipe_fini(&b);
	return rc;
}
