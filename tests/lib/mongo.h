/* SPDX-License-Identifier: Apache-2.0
 *
 * The server of MongoDB's protocol that MUSTER_TEST_MONGODB names (started by
 * tests/lib/mongodb/run.sh), as a test sees it: past the driver.
 */
#ifndef MST_TESTS_MONGO_H
#define MST_TESTS_MONGO_H

#include "tests/lib/t.h"

#include <mongoc/mongoc.h>

#include "model/recver_conf.h"

/* How the driver gets there. */
struct mst_recver_conf t_mongo_conf(void);
/* Runs a command, as JSON; fails the test when that fails. The answer, as
 * JSON, until the next. */
const char *t_mongo_do(const char *database, const char *fmt, ...)
    MST_PRINTF(2, 3);
/* How many documents a collection has. */
unsigned t_mongo_count(const char *database, const char *collection);
/* A database's name that nobody has used; removed when the program ends. */
const char *t_mongo_fresh(void);

#endif
