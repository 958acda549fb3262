/* SPDX-License-Identifier: Apache-2.0
 *
 * The tables of a fresh instance as data (sn_base_data.c).
 */
#ifndef MST_SIM_SN_BASE_H
#define MST_SIM_SN_BASE_H

#include "sim/sn.h"

struct sn_base_table {
	const char *name, *label, *super;
};

struct sn_base_col {
	const char *table, *name, *label, *type;
	unsigned max_length; /* 0: as the type has it */
	const char *reference;
	int choice;
	bool display;
	const char *dflt;
};

struct sn_base_choice {
	const char *table, *element, *value, *label;
};

extern const struct sn_base_table sn_base_tables[];
extern const size_t sn_base_tables_n;
extern const struct sn_base_col sn_base_cols[];
extern const size_t sn_base_cols_n;
extern const struct sn_base_choice sn_base_choices[];
extern const size_t sn_base_choices_n;
extern const char *const sn_base_rel_types[];
extern const size_t sn_base_rel_types_n;

/* Adds a record: column names and values in turn, NULL ended. */
struct sn_row *sn_base_row(struct sim_sn *sn, const char *table,
			   const char *const *pairs);

#endif
