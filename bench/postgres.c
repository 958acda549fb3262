/* SPDX-License-Identifier: Apache-2.0
 *
 * The PostgreSQL of the benchmarks: one of their own, where the tests' helpers
 * are built.
 */
#include "bench/bench.h"

#ifdef BENCH_POSTGRES

#include "tests/lib/pg.h"

bool bench_postgres(const char *database, struct mst_recver_conf *conf_r)
{
	t_pg_start();
	*conf_r = (struct mst_recver_conf){
	    .type = "postgres",
	    .server = t_pg_socket(),
	    .database = database,
	    .user = T_PG_USER,
	    .timeout_ms = 600000,
	    .copy = true,
	};
	return true;
}

#else

bool bench_postgres(const char *database, struct mst_recver_conf *conf_r)
{
	(void)database;
	(void)conf_r;
	return false;
}

#endif
