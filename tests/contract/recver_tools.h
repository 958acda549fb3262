/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of checking and moving share: a RecVer with a bit of
 * everything, the catalogue that it belongs to, and what a verification says.
 */
#ifndef MST_TESTS_RECVER_TOOLS_H
#define MST_TESTS_RECVER_TOOLS_H

#include "recver_suite.h"

#include "recver/copy.h"
#include "recver/verify.h"

/* Target "snow" is a destination, any other is none. Sets: devices; installs,
 * which hang on devices. */
extern const struct mst_catalog tools_catalog;

/* Fills r: of "snow" three devices, lists on two of them, one of them long, a
 * group that is DIRTY and one that is PENDING with an intended member; values;
 * and a set of target "other". */
void tools_fill(struct mst_recver *r);
/* A group of the text, with its key, as the store's seed makes it. */
struct mst_group_put tools_group(struct mst_recver *r, const char *text,
				 uint32_t members);

/* What was found, a line each; the sum. */
struct tools_found {
	char *text; /* free() it */
	struct mst_recver_verify_sum sum;
};

struct tools_found tools_verify(struct mst_recver *r);

/* Each is done to a database of its own, past the store; then a verification
 * (or opening it) says this. */
struct tools_damage {
	const char *how; /* for `harm` */
	const char *says;
};

/* How many failed. harm: does it to the closed database rv.where. */
int tools_damages(const char *name, void (*harm)(const char *how),
		  const struct tools_damage *all, size_t n);

/* Over rv.ops, for every store; how many failed. */
int tools_tests(const char *name);

/* Rows and bytes of a file that were changed by hand. */
int rv_sqlite_damages(void);

#endif
