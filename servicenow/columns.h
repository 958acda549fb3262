/* SPDX-License-Identifier: Apache-2.0
 *
 * Columns of the usual kinds, and the tables of each update set; between
 * tables.c and the tables_*.c only.
 */
#ifndef MST_SERVICENOW_COLUMNS_H
#define MST_SERVICENOW_COLUMNS_H

#include "servicenow/tables.h"

#define TEXT(n, l, len)                                                        \
	{                                                                      \
		.name = (n), .label = (l), .type = "string",                   \
		.max_length = (len)                                            \
	}
#define TIME(n, l)                                                             \
	{                                                                      \
		.name = (n), .label = (l), .type = "glide_date_time",          \
		.max_length = 40                                               \
	}
#define FLAG(n, l)                                                             \
	{                                                                      \
		.name = (n), .label = (l), .type = "boolean", .max_length = 40 \
	}
/* The life cycle's columns are audited: what became of a finding is asked. */
#define LIFE_TIME(n, l)                                                        \
	{                                                                      \
		.name = (n), .label = (l), .type = "glide_date_time",          \
		.max_length = 40, .audited = true                              \
	}
#define CHOICE(n, l, c)                                                        \
	{                                                                      \
		.name = (n), .label = (l), .type = "string", .max_length = 40, \
		.choices = (c)                                                 \
	}
#define REF(n, l, t, c)                                                        \
	{                                                                      \
		.name = (n), .label = (l), .type = "reference",                \
		.max_length = 32, .reference = (t), .cascade = (c)             \
	}
/* What people fill in; muster never writes these. */
#define PEOPLE_REF(n, l, t)                                                    \
	{                                                                      \
		.name = (n), .label = (l), .type = "reference",                \
		.max_length = 32, .reference = (t), .cascade = "clear",        \
		.writer = MST_SN_PEOPLE, .audited = true                       \
	}
#define PEOPLE_TEXT(n, l, len)                                                 \
	{                                                                      \
		.name = (n), .label = (l), .type = "string",                   \
		.max_length = (len), .writer = MST_SN_PEOPLE, .audited = true  \
	}

extern const struct mst_sn_table mst_sn_cve_table, mst_sn_cve_instance_table;
extern const struct mst_sn_table mst_sn_ot_appliance_table,
    mst_sn_ot_device_table, mst_sn_ot_firmware_table,
    mst_sn_ot_connection_table, mst_sn_ot_alert_table;

#endif
