/* SPDX-License-Identifier: Apache-2.0
 *
 * The one error type. It lives on the caller's stack, is always the last
 * parameter and may not be NULL. The place that knows the cause sets it once;
 * callers may put their context in front, never replace it.
 *
 * Messages: lower case, no full stop, values quoted, no secrets, no bodies;
 * they say what, where, why and what to do.
 */
#ifndef MST_BASE_ERR_H
#define MST_BASE_ERR_H

#include "base/defs.h"

enum mst_code {
	MST_OK = 0,
	MST_E_NOTFOUND,	   /* the thing asked for does not exist */
	MST_E_CONFLICT,	   /* somebody else holds or changed it */
	MST_E_INVALID,	   /* input is wrong or over a limit */
	MST_E_AUTH,	   /* who we are was not accepted (401, token) */
	MST_E_FORBIDDEN,   /* we are known but may not (403) */
	MST_E_THROTTLED,   /* 429; retry_after_ms may be set */
	MST_E_TRANSIENT,   /* the same request may work later */
	MST_E_UNCERTAIN,   /* a write may or may not have happened */
	MST_E_CANCELLED,   /* the user asked us to stop */
	MST_E_UNSUPPORTED, /* not offered by this end */
	MST_E_CORRUPT,	   /* data is damaged or truncated */
	MST_E_GUARD,	   /* the guard stopped the run; needs approval */
	MST_E_INCOMPLETE,  /* a read could not be proven complete */
	MST_E_IO,	   /* disk, file, socket of this machine */
	MST_E_INTERNAL,	   /* a bug of ours */
	MST_E__MAX
};

struct mst_err {
	enum mst_code code;
	int os_errno;		/* errno at the time, 0 if none */
	int status;		/* HTTP status, 0 if none */
	int64_t retry_after_ms; /* what the far end asked for, -1 if nothing */
	char msg[1024];
};

#define MST_ERR_INIT                                                           \
	{                                                                      \
		.code = MST_OK, .retry_after_ms = -1                           \
	}

/* Sets code and message, clears the rest. Returns -code, so that a function
 * can end with: return mst_err_set(err, MST_E_INVALID, "…"). */
int mst_err_set(struct mst_err *err, enum mst_code code, const char *fmt, ...)
    MST_PRINTF(3, 4);
/* As mst_err_set(MST_E_IO), with errno and its text appended. A full disk is
 * named as such, with what to do. */
int mst_err_os(struct mst_err *err, const char *fmt, ...) MST_PRINTF(2, 3);
/* Puts "context: " in front of the message; keeps the code. Returns -code. */
int mst_err_prefix(struct mst_err *err, const char *fmt, ...) MST_PRINTF(2, 3);
void mst_err_clear(struct mst_err *err);
/* "not found", "throttled", … for logs and JSON; never NULL. */
const char *mst_code_name(enum mst_code code);

/* Out of memory: our limits keep remote input from causing it, so this ends
 * the program with a static message. */
void mst_oom(void) __attribute__((noreturn));
void *mst_alloc(size_t n);	      /* zeroed, never NULL */
void *mst_realloc(void *p, size_t n); /* never NULL */
char *mst_strdup(const char *s);      /* NULL stays NULL */
char *mst_strndup(const char *s, size_t n);
char *mst_asprintf(const char *fmt, ...) MST_PRINTF(1, 2);
/* For MST_CLEANUP(mst_freep) on a char * or void *. */
void mst_freep(void *p);

#endif
