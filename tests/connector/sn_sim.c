/* SPDX-License-Identifier: Apache-2.0
 *
 * See sn_sim.h.
 */
#include "sn_sim.h"

#include "tests/unit/sn_fixture.h"

void sn_sim_clear(const char *table, const char *column, const char *value)
{
	struct sn_table *t = sn_table_any(sn, table);

	for (size_t i = 0; i < t->root->rows_n; i++) {
		struct sn_row *row = t->root->rows[i];

		if (!row->dead && row->t == t &&
		    (!column || mst_slice_is(sn_get_named(row, column), value)))
			sn_delete(sn, row);
	}
}
