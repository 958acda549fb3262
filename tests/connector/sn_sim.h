/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulated instance for tests of the destination, whose own header names
 * things as the simulator's does: the calls of tests/unit/sn_fixture.h, and
 * what they have to know besides.
 */
#ifndef MST_TESTS_SN_SIM_H
#define MST_TESTS_SN_SIM_H

#include "tests/lib/t.h"

/* As in sn_fixture.h. */
int sn_up(void **state);
int sn_down(void **state);
extern struct mst_slice sn_text;
int ask(const char *method, const char *url, const char *body);
int askf(const char *method, const char *body, const char *fmt, ...)
    MST_PRINTF(3, 4);
int control(const char *method, const char *path, const char *body);
const char *at(const char *path);
size_t count_at(const char *path);
const char *make(const char *table, const char *body);

/* Deletes rows of a table, whatever refers to them: all of them, or those with
 * this value in a column. */
void sn_sim_clear(const char *table, const char *column, const char *value);

#endif
