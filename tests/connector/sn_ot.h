/* SPDX-License-Identifier: Apache-2.0
 *
 * The destination with the catalogue of sensors and devices (ot_catalog.h) and
 * the simulated instance behind it: its identification and its dictionary
 * matter here.
 */
#ifndef MST_TESTS_SN_OT_H
#define MST_TESTS_SN_OT_H

#include "sn_fake.h"
#include "sn_sim.h"
#include "tests/lib/ot_catalog.h"

int sn_ot_setup(void **state);
int sn_ot_teardown(void **state);

/* Opens the destination and prepares all sets; what was asked is forgotten. */
void sn_ot_ready(struct fake *f);
/* The same, but 0 or the error in f->err. */
int sn_ot_prepare(struct fake *f);
/* Loses the answers of the next n commits; they are carried out. */
void sn_ot_lose(int n);
/* A CI by an administrator's hand; its sys_id. */
const char *sn_ot_ci(const char *table, const char *name);
/* A value of a record; a reference by its sys_id. Lives until a few more. */
const char *sn_ot_get(const char *table, const char *id, const char *column);
size_t sn_ot_count(const char *table, const char *query);
/* How many CIs does it own? */
size_t sn_ot_owned(const char *id);
/* The last call to an address with this in it. */
const char *sn_ot_last(const struct fake *f, const char *part);

#endif
