/* SPDX-License-Identifier: Apache-2.0
 *
 * Errors, and the allocation calls that cannot fail.
 */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int mst_err_set(struct mst_err *err, enum mst_code code, const char *fmt, ...)
{
	va_list ap;

	err->code = code;
	err->os_errno = 0;
	err->status = 0;
	err->retry_after_ms = -1;
	va_start(ap, fmt);
	(void)vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	return -(int)code;
}

int mst_err_os(struct mst_err *err, const char *fmt, ...)
{
	int saved = errno;
	const char *hint = "";
	char text[sizeof(err->msg)];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (saved == ENOSPC || saved == EDQUOT)
		hint = "; free disk space there and run again, nothing is lost";
	else if (saved == EACCES || saved == EPERM || saved == EROFS)
		hint = "; give the user that runs muster access to it";
	err->code = MST_E_IO;
	err->os_errno = saved;
	err->status = 0;
	err->retry_after_ms = -1;
	(void)snprintf(err->msg, sizeof(err->msg), "%.700s: %s%s", text,
		       strerror(saved), hint);
	return -MST_E_IO;
}

int mst_err_prefix(struct mst_err *err, const char *fmt, ...)
{
	char text[sizeof(err->msg)];
	char old[sizeof(err->msg)];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	memcpy(old, err->msg, sizeof(old));
	old[sizeof(old) - 1] = 0;
	(void)snprintf(err->msg, sizeof(err->msg), "%.300s: %.700s", text, old);
	return -(int)err->code;
}

void mst_err_clear(struct mst_err *err)
{
	err->code = MST_OK;
	err->os_errno = 0;
	err->status = 0;
	err->retry_after_ms = -1;
	err->msg[0] = 0;
}

const char *mst_code_name(enum mst_code code)
{
	static const char *const names[MST_E__MAX] = {
	    [MST_OK] = "ok",
	    [MST_E_NOTFOUND] = "not found",
	    [MST_E_CONFLICT] = "conflict",
	    [MST_E_INVALID] = "invalid",
	    [MST_E_AUTH] = "not authenticated",
	    [MST_E_FORBIDDEN] = "forbidden",
	    [MST_E_THROTTLED] = "throttled",
	    [MST_E_TRANSIENT] = "transient",
	    [MST_E_UNCERTAIN] = "uncertain",
	    [MST_E_CANCELLED] = "cancelled",
	    [MST_E_UNSUPPORTED] = "unsupported",
	    [MST_E_CORRUPT] = "corrupt",
	    [MST_E_GUARD] = "guard",
	    [MST_E_INCOMPLETE] = "incomplete",
	    [MST_E_IO] = "input/output",
	    [MST_E_INTERNAL] = "internal",
	};

	if ((unsigned)code >= MST_E__MAX || !names[code])
		return "unknown";
	return names[code];
}

void mst_oom(void)
{
	static const char text[] = "muster: out of memory\n";
	ssize_t n = write(STDERR_FILENO, text, sizeof(text) - 1);

	(void)n;
	abort();
}

void *mst_alloc(size_t n)
{
	void *p = calloc(1, n ? n : 1);

	if (!p)
		mst_oom();
	return p;
}

void *mst_realloc(void *p, size_t n)
{
	void *q = realloc(p, n ? n : 1);

	if (!q)
		mst_oom();
	return q;
}

char *mst_strndup(const char *s, size_t n)
{
	char *p = mst_alloc(n + 1);

	if (n)
		memcpy(p, s, n);
	return p;
}

char *mst_strdup(const char *s)
{
	return s ? mst_strndup(s, strlen(s)) : NULL;
}

char *mst_asprintf(const char *fmt, ...)
{
	va_list ap;
	char *p = NULL;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&p, fmt, ap);
	va_end(ap);
	if (n < 0)
		mst_oom();
	return p;
}

void mst_freep(void *p)
{
	void **pp = p;

	free(*pp);
	*pp = NULL;
}
