/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs the set-up checks of a source of Microsoft's against answers, without a
 * network: what was asked, what was told, in which order. Included behind the
 * header that drives the source.
 */
#ifndef MST_TESTS_SOURCE_CHECKS_H
#define MST_TESTS_SOURCE_CHECKS_H

#include "source_drive.h"

#define NOW 1795000000000000 /* 2026-11-18 */
#define MIN ((int64_t)60 * 1000000)

/* An answer in front of the usual ones, to URLs that hold the part. */
struct say {
	const char *part;
	int status; /* 0: no answer */
	const char *body, *type;
	int64_t skew_us;
	bool no_date;
	double share;
};

/* A check as it was told. */
struct found {
	struct mst_check c;
	char name[64], title[64];
};

struct checks_told {
	struct found found[32];
	size_t found_n;
	char asked[4096]; /* "URL auth rate\n" of each request */
};

extern struct checks_told told;

int64_t checks_now(void);
/* NULL: it was not told. */
const struct mst_check *check_of(const char *name);
/* The check has this level, and texts with these parts; remedy "": none. */
void shows(const char *name, enum mst_check_level level, const char *text,
	   const char *remedy);
/* Makes the checks of all sets of the source. usual gives the bodies that no
 * say gives. jobs NULL: none of the sets is taken by a job. */
void look_of(const struct mst_source_ops *ops, const char *options,
	     const char *jobs, const char *(*usual)(const char *url),
	     const struct say *says, size_t says_n,
	     const struct mst_check_gone *gone, size_t gone_n);

#endif
