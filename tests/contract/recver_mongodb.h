/* SPDX-License-Identifier: Apache-2.0
 *
 * The parts of the tests of RecVer on MongoDB.
 */
#ifndef MST_TESTS_RECVER_MONGODB_H
#define MST_TESTS_RECVER_MONGODB_H

/* A batch that is stopped between any two writes; how many tests failed. */
int rv_mongodb_stops(void);
/* A server that goes away or refuses. */
int rv_mongodb_faults(void);
/* Documents that were changed by hand. */
int rv_mongodb_damages(void);

#endif
