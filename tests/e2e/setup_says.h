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
/* The same of a warning; nothing fails. */
void says_warns(struct rig *r, const char *connection, const char *id,
		const char *text, const char *remedy);
/* rig_fresh, and the simulators of Microsoft as at the start. */
void says_fresh(struct rig *r);
/* Saves the source "defender" below the rig's folder, once in a state folder,
 * and lets the connection read it from there, with more lines. */
void says_from_folder(struct rig *r, const char *more);
/* A file of it; free(). */
char *says_saved(struct rig *r, const char *file);

#endif
