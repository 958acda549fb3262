/* SPDX-License-Identifier: Apache-2.0
 *
 * The rules of RecVer over PostgreSQL: a real server, with COPY and without.
 */
#include "recver_upgrade.h"

#include <stdio.h>

#include "tests/contract/recver_postgres.h"
#include "tests/lib/pg.h"

static const char *fresh(void)
{
	static char names[1000][40];
	static unsigned n;

	assert_true(n < MST_LEN(names));
	(void)snprintf(names[n], sizeof(names[n]), "muster_recver_%u", n);
	return names[n++];
}

int main(void)
{
	int failed = 0;

	t_pg_start();
	rv.ops = mst_recver_find("postgres");
	rv.fresh = fresh;
	rv.server = (struct mst_recver_conf){.server = t_pg_socket(),
					     .user = T_PG_USER,
					     .timeout_ms = 60000,
					     .copy = true};
	failed += rv_every_store("postgres");
	failed += rv_postgres_setup();
	failed += rv_postgres_lost();
	failed += rv_postgres_faults();
	failed += rv_postgres_damages();
	failed += upgrade_tests(&upgrade_postgres);
	rv.server.copy = false;
	rv.many = 20000;
	failed += rv_every_store("postgres without COPY");
	return failed;
}
