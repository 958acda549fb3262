/* SPDX-License-Identifier: Apache-2.0
 *
 * Set-up checks: named things that were looked at, what was found, and what to
 * do about it. What every connection has (settings, proxy, name, connection,
 * TLS) is looked at by the engine. What only one kind of connection has comes
 * from its connector as a list of its own, in the style of everything else
 * that a connector does: it says which request comes next and reads answers,
 * and does no I/O.
 *
 *   checks(env) → next/accept until END; each check is reported once, in
 *   order → [ fixes → fix(i) → next/accept until END; what it mends is
 *   reported again ]* → free
 *
 * A check whose ground is gone (no log-in, no table) is reported as SKIPPED
 * with the name of what it waits for, never as a failure of its own. What the
 * account may not look at is a WARNING that says so.
 */
#ifndef MST_NET_CHECKS_H
#define MST_NET_CHECKS_H

#include "net/client.h"

enum mst_check_level {
	MST_CHECK_OK,
	MST_CHECK_WARNING, /* works, but … */
	MST_CHECK_FAILED,  /* a run would fail, or miss what it is for */
	MST_CHECK_SKIPPED, /* not looked at, because another one failed */
	MST_CHECK_NOTE	   /* good to know */
};

/* "Ok", "Warning", … */
const char *mst_check_level_name(enum mst_check_level level);

struct mst_check {
	const char *name;  /* stable: "tls", "permission:Machine.Read.All" */
	const char *title; /* for people: "TLS"; NULL: the name */
	enum mst_check_level level;
	/* FAILED: the kind of failure; AUTH and FORBIDDEN are a matter of
	 * credentials and permissions. */
	enum mst_code code;
	char text[768];	  /* what was found, one line */
	char remedy[512]; /* what to do, one line; "" when there is nothing */
};

/* Level and text; the remedy is emptied. */
void mst_check_say(struct mst_check *c, enum mst_check_level level,
		   const char *fmt, ...) MST_PRINTF(3, 4);
void mst_check_remedy(struct mst_check *c, const char *fmt, ...)
    MST_PRINTF(2, 3);

/* A record that could be written so that a check passes. Nothing is written
 * before a person has seen exactly this and said yes. Texts live as long as
 * the list of checks. */
struct mst_check_fix {
	const char *check; /* name of the check that it mends */
	const char *what;  /* "add the choice …" */
	const char *table;
	const char *values[12][2]; /* column, value; {NULL} ended */
};

struct mst_set;

/* A record set that is wanted from this connection. */
struct mst_check_use {
	const struct mst_set *set;
	const char *jobs; /* "main, weekly"; "" when no job takes it yet */
};

/* Where a connection goes; the way there is looked at first. */
struct mst_address {
	const char *name; /* "login"; "" for the only one */
	const char *url;
};

/* Lent for the life of the list. */
struct mst_checks_env {
	const struct mst_check_use *uses;
	size_t uses_n;
	/* Called inside next() and accept(); c is lent for the call. */
	void (*report)(void *ctx, const struct mst_check *c);
	void *ctx;
	/* Ask nothing: all checks are SKIPPED, and this is why. NULL: ask. */
	const char *skip;
	/* The registered credential that fixes are sent with. NULL: the
	 * connection's own. */
	const char *writer;
};

enum mst_checks_next {
	MST_CHECKS_REQUEST, /* *req_r is to be sent */
	MST_CHECKS_WAIT,    /* answers are outstanding */
	MST_CHECKS_END
};

struct mst_checks;

struct mst_checks_ops {
	/* >=0: enum mst_checks_next. Errors are bugs; what is wrong at the far
	 * end is a check. */
	int (*next)(struct mst_checks *c, struct mst_req *req_r,
		    struct mst_err *err);
	int (*accept)(struct mst_checks *c, const struct mst_req *req,
		      const struct mst_resp *resp, struct mst_err *err);
	/* After END: what could be written. Returns how many; writes at most
	 * max. */
	size_t (*fixes)(struct mst_checks *c, struct mst_check_fix *out,
			size_t max);
	/* Carries out number i of these, by next and accept. A write whose
	 * outcome is not known is looked up, as always. */
	int (*fix)(struct mst_checks *c, size_t i, struct mst_err *err);
	void (*free)(struct mst_checks **c);
};

/* First member of every list. */
struct mst_checks {
	const struct mst_checks_ops *ops;
};

#endif
