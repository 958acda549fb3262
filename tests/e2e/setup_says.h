/* SPDX-License-Identifier: Apache-2.0
 *
 * What "connection test --json" and "setup --json" said, for their tests.
 */
#ifndef MST_TESTS_SETUP_SAYS_H
#define MST_TESTS_SETUP_SAYS_H

#include "tests/lib/sync_rig.h"

/* The last one with this id: a fix reports again what it mended. */
struct mst_json says_check(struct rig *r, const char *id);
/* Its level, a part of its text, and a part of its remedy ("": it has none). */
void says_shows(struct rig *r, const char *id, const char *level,
		const char *text, const char *remedy);
/* How many are "ok", "warnings", "failed", "skipped", "notes". */
int64_t says_counted(struct rig *r, const char *what);
/* Tests the connection: this check alone failed, with this exit status, and
 * nothing was written to the instance. */
void says_fails(struct rig *r, const char *connection, int status,
		const char *id, const char *text, const char *remedy);

#endif
