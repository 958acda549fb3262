/* SPDX-License-Identifier: Apache-2.0
 *
 * See sync_rig_pg.h.
 */
#include "tests/lib/sync_rig_pg.h"

#include <stdio.h>

#include "tests/lib/pg.h"

static void empty(void)
{
	if (*t_pg_ask("postgres", "SELECT 1 FROM pg_database"
				  " WHERE datname = '" RIG_PG_DATABASE "'"))
		t_pg_sql(RIG_PG_DATABASE,
			 "SET client_min_messages = warning;"
			 "DROP SCHEMA IF EXISTS muster CASCADE");
}

void rig_on_postgres(struct rig *r)
{
	static char lines[1024];

	t_pg_start();
	(void)snprintf(lines, sizeof(lines),
		       "    recver:\n"
		       "      type: postgres\n"
		       "      server: %s\n"
		       "      user: " T_PG_USER "\n",
		       t_pg_socket());
	r->recver = lines;
	r->recver_empty = empty;
}
