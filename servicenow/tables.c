/* SPDX-License-Identifier: Apache-2.0
 *
 * The tables of all update sets.
 */
#include <string.h>

#include "servicenow/columns.h"

const struct mst_sn_table *const mst_sn_tables[] = {
    &mst_sn_cve_table,		&mst_sn_cve_instance_table,
    &mst_sn_ot_appliance_table, &mst_sn_ot_device_table,
    &mst_sn_ot_firmware_table,	&mst_sn_ot_connection_table,
    &mst_sn_ot_alert_table,
};
const size_t mst_sn_tables_n = MST_LEN(mst_sn_tables);

const struct mst_sn_table *mst_sn_table_find(const char *name)
{
	for (size_t i = 0; i < mst_sn_tables_n; i++) {
		if (!strcmp(mst_sn_tables[i]->name, name))
			return mst_sn_tables[i];
	}
	return NULL;
}

const struct mst_sn_column *mst_sn_column_find(const struct mst_sn_table *t,
					       const char *name)
{
	for (size_t i = 0; i < t->columns_n; i++) {
		if (!strcmp(t->columns[i].name, name))
			return &t->columns[i];
	}
	return NULL;
}

const char *mst_sn_writer_name(enum mst_sn_writer w)
{
	switch (w) {
	case MST_SN_BOTH:
		return "muster, people";
	case MST_SN_PEOPLE:
		return "people";
	case MST_SN_INSTANCE:
		return "ServiceNow";
	case MST_SN_MUSTER:
	default:
		return "muster";
	}
}
