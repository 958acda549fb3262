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
 */
#ifndef MST_NET_CHECKS_H
#define MST_NET_CHECKS_H

#include "base/check.h"
#include "net/client.h"

struct mst_catalog;
struct mst_set;

/* A record set that is wanted from this connection. */
struct mst_check_use {
	const struct mst_set *set;
	const char *jobs; /* "main, weekly"; "" when no job takes it yet */
	const struct mst_catalog *catalog; /* that the set is of */
};

/* Where a connection goes; the way there is looked at first. */
struct mst_address {
	const char *name; /* "login"; "" for the only one */
	const char *url;
};

/* A check that failed. */
struct mst_check_gone {
	const char *name, *title;
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
	/* What failed before: a check that stands on one of these is SKIPPED.
	 * For lists of which some do not need it. */
	const struct mst_check_gone *gone;
	size_t gone_n;
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
