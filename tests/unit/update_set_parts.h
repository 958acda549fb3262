/* SPDX-License-Identifier: Apache-2.0
 *
 * Update sets for tests: muster's own and the sample, and a reader of their
 * XML that shares nothing with the writer.
 */
#ifndef MST_TESTS_UPDATE_SET_PARTS_H
#define MST_TESTS_UPDATE_SET_PARTS_H

#include "tests/lib/t.h"

/* Empty when there are no samples here. */
extern struct mst_buf set, related, ot, sample;

/* Group set-up and tear-down. */
int sets_up(void **state);
int sets_down(void **state);

/* NULL when well formed, else where it is not. */
const char *malformed(const char *p);
/* Text between <name> and </name> behind p; to be freed. */
char *text_of(const char *p, const char *name);
/* The payload of an update: in CDATA, or escaped when it holds some itself; to
 * be freed. */
char *payload_of(const char *update);
/* Calls fn for each update of a set; returns how many. */
size_t each(const char *xml, void (*fn)(const char *update));

#endif
