/* SPDX-License-Identifier: Apache-2.0
 *
 * The tables of a fresh instance as data (sn_base_meta.c, sn_base_data.c).
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

/* Rows of those two, shorter. */
#define SN_BASE_TEXT(t, n, l, len)                                             \
	{                                                                      \
		(t), (n), (l), "string", (len), NULL, 0, false, NULL           \
	}
#define SN_BASE_NAME(t, n, l, len)                                             \
	{                                                                      \
		(t), (n), (l), "string", (len), NULL, 0, true, NULL            \
	}
#define SN_BASE_COL(t, n, l, type)                                             \
	{                                                                      \
		(t), (n), (l), (type), 0, NULL, 0, false, NULL                 \
	}
#define SN_BASE_REF(t, n, l, to)                                               \
	{                                                                      \
		(t), (n), (l), "reference", 32, (to), 0, false, NULL           \
	}

struct sn_base_choice {
	const char *table, *element, *value, *label;
};

/* Some of the tables with their columns, in the order of inheritance. */
struct sn_base_part {
	const struct sn_base_table *tables;
	size_t tables_n;
	const struct sn_base_col *cols;
	size_t cols_n;
	const struct sn_base_choice *choices;
	size_t choices_n;
};

extern const struct sn_base_part sn_base_meta; /* what describes the instance */
extern const struct sn_base_part sn_base_cis;  /* what it is for */
extern const struct sn_base_part sn_base_tasks; /* incidents, events */
extern const struct sn_base_part sn_base_ot;	/* the apps for OT */
extern const char *const sn_base_rel_types[];
extern const size_t sn_base_rel_types_n;

/* Adds a record: column names and values in turn, NULL ended. */
struct sn_row *sn_base_row(struct sim_sn *sn, const char *table,
			   const char *const *pairs);

#endif
