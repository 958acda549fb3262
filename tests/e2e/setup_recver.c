/* SPDX-License-Identifier: Apache-2.0
 *
 * The helpers of setup_recver.h.
 */
#include "tests/e2e/setup_recver.h"

#include <stdio.h>
#include <string.h>

struct sr sr;

static const char *const env[] = {"PG_PW=fake-run-password",
				  "PG_WRONG=fake-wrong-password",
				  "PG_ADMIN=fake-admin-password", NULL};

/* The source with its RecVer in the test's database; more lines below recver.
 */
void sr_source(const char *server, const char *user, const char *more)
{
	static char lines[2048];

	(void)snprintf(lines, sizeof(lines),
		       "    recver:\n"
		       "      type: postgres\n"
		       "      server: %s\n"
		       "      database: %s\n"
		       "      user: %s\n%s",
		       server, sr.name, user, more);
	sr.rig.recver = lines;
	rig_apply(&sr.rig, NULL, NULL, NULL);
}

void sr_over_tcp(const char *more)
{
	char all[600];

	(void)snprintf(all, sizeof(all), SR_PASSWORD "%s", more);
	sr_source(t_pg_host(), SR_LOGIN, all);
}

/* A new database sr.name; the login, its role and last databases are gone. */
void sr_fresh(void)
{
	static unsigned n;

	if (n)
		t_pg_sql("postgres", "DROP DATABASE IF EXISTS %s", sr.name);
	t_pg_sql("postgres", "DROP ROLE IF EXISTS " SR_LOGIN ";");
	t_pg_sql("postgres", "DROP ROLE IF EXISTS muster_agent");
	(void)snprintf(sr.name, sizeof(sr.name), "recver_%u", n++);
	sr.rig.recver = NULL;
	rig_fresh(&sr.rig);
}

/* Of RecVer's checks, at their last. */
unsigned sr_counted(const char *level)
{
	static const char *const ids[] = {
	    "recver:connect",	"recver:server", "recver:database",
	    "recver:tables",	"recver:rights", "recver:probe",
	    "recver:use",	"setup:login",	 "setup:database",
	    "setup:tables",	"setup:role",	 "setup:access",
	    "setup:membership", "setup:plan",
	};
	unsigned n = 0;

	for (size_t i = 0; i < MST_LEN(ids); i++)
		n += mst_json_is_str(
		    mst_json_get(says_check(&sr.rig, ids[i]), "level"), level);
	return n;
}

void sr_test(int status)
{
	rig_muster(&sr.rig, "connection", "test", "defender", "--json");
	rig_status(&sr.rig, status);
	assert_null(strstr(sr.rig.out.p, "fake-"));
	assert_null(strstr(sr.rig.err.p, "fake-"));
}

/* One thing is wrong, and one check says so. */
void sr_test_shows(int status, const char *id, const char *text,
		   const char *remedy)
{
	sr_test(status);
	sr_shows(id, "Failed", text, remedy);
	assert_int_equal(sr_counted("Failed"), 1);
}

void sr_set_up(int status)
{
	rig_muster(&sr.rig, "connection", "setup", "defender", "--yes",
		   "--json", "--admin", SR_ADMIN, "--admin-password",
		   "env:PG_ADMIN");
	rig_status(&sr.rig, status);
	assert_null(strstr(sr.rig.out.p, "fake-"));
	assert_null(strstr(sr.rig.err.p, "fake-"));
}

/* As an administrator sets it up. */
void sr_made(void)
{
	sr_fresh();
	sr_over_tcp("");
	sr_set_up(0);
}

const char *sr_rows(void)
{
	return t_pg_ask(sr.name,
			"SELECT (SELECT count(*) FROM muster.meta)"
			" || ' ' || (SELECT count(*) FROM muster.record_set)"
			" || ' ' || (SELECT count(*) FROM muster.grp)"
			" || ' ' || (SELECT count(*) FROM muster.members)"
			" || ' ' || (SELECT count(*) FROM muster.lease)");
}

void sr_shows(const char *id, const char *level, const char *text,
	      const char *remedy)
{
	says_shows(&sr.rig, id, level, text, remedy);
}

int sr_begin(void **state)
{
	(void)state;
	rig_start(&sr.rig, NULL);
	t_pg_start();
	t_pg_sql("postgres", "CREATE ROLE " SR_ADMIN " SUPERUSER LOGIN PASSWORD"
			     " 'fake-admin-password'");
	sr.rig.env = env;
	return 0;
}

int sr_end(void **state)
{
	(void)state;
	rig_stop(&sr.rig);
	return 0;
}
