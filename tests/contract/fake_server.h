/* SPDX-License-Identifier: Apache-2.0
 *
 * A database server in memory, as a driver of recver/server.h: it fails where
 * a test says so. Databases live until the process ends.
 */
#ifndef MST_TESTS_FAKE_SERVER_H
#define MST_TESTS_FAKE_SERVER_H

#include "recver/server/server.h"

enum fake_how {
	FAKE_WORKS,
	FAKE_BEFORE, /* the connection is lost before the call had an effect */
	FAKE_AFTER,  /* after it; of reads: in the middle of the answer */
	FAKE_REFUSED /* MST_E_FORBIDDEN: nothing helps but a DBA */
};

struct fake {
	uint64_t calls;	   /* that the driver has had */
	uint64_t fails_at; /* this one fails; 0: none */
	uint64_t fails_n;  /* so many in a row */
	enum fake_how how;
	uint64_t connects, applies;
	int open; /* connections */
};

extern struct fake fake;
extern const struct mst_recver_ops fake_store; /* conf.path: the name */

/* Everything as before, without faults. */
void fake_reset(void);
/* The lease of a database: looked at, put in its place, made to end. */
struct mst_lease fake_lease(const char *database);
void fake_steal(const char *database, const struct mst_lease *l);
void fake_expire(const char *database);

#endif
