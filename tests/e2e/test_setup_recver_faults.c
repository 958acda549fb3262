/* SPDX-License-Identifier: Apache-2.0
 *
 * muster connection test of a source whose RecVer is on PostgreSQL: each fault
 * that a DBA meets has a check of its own that says so, and a remedy.
 */
#include "tests/e2e/setup_recver.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/httpd.h"
#include "tests/lib/pki.h"

/* ---- the way there --------------------------------------------------------
 */

static void wrong_names(void **state)
{
	char server[40];

	(void)state;
	sr_fresh();
	sr_source("nowhere.invalid", SR_LOGIN,
		  SR_PASSWORD "      timeout: 5s\n");
	sr_test_shows(1, "recver:connect", "could not translate host name",
		      "check the host name in recver.server");
	(void)snprintf(server, sizeof(server), "127.0.0.1:%d", t_free_port());
	sr_source(server, SR_LOGIN, SR_PASSWORD);
	sr_test_shows(1, "recver:connect", "Connection refused",
		      "host and port in recver.server");
	sr_source("/nowhere", SR_LOGIN, SR_PASSWORD);
	sr_test_shows(1, "recver:connect", "No such file or directory",
		      "folder of the socket");
	/* a socket lets everybody in, who is known */
	sr_source(t_pg_socket(), "nobody_knows", SR_PASSWORD);
	sr_test_shows(4, "recver:connect",
		      "role \"nobody_knows\" does not exist", "--admin USER");
	sr_source(t_pg_host(), SR_ADMIN,
		  "      encrypt: off\n      password: env:PG_WRONG\n");
	sr_test_shows(4, "recver:connect", "password authentication failed",
		      "recver.password");
	sr_source(t_pg_host(), SR_ADMIN, "      encrypt: off\n");
	sr_test_shows(4, "recver:connect", "wants a password", "");
	sr_source(t_pg_host(), SR_ADMIN,
		  "      encrypt: off\n      password: env:PG_NOT_THERE\n");
	sr_test_shows(1, "recver:connect", "PG_NOT_THERE", "");
	t_pg_sql("postgres", "SELECT 1");
}

/* A server that takes the connection and says nothing. */
static void silent(void **state)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char server[40];

	(void)state;
	sr_fresh();
	assert_int_equal(bind(fd, (struct sockaddr *)&a, n), 0);
	assert_int_equal(listen(fd, 4), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	(void)snprintf(server, sizeof(server), "127.0.0.1:%d",
		       ntohs(a.sin_port));
	sr_source(server, SR_LOGIN, SR_PASSWORD "      timeout: 1s\n");
	sr_test_shows(1, "recver:connect", "no connection within 1 s", "");
	(void)close(fd);
}

static void tls(void **state)
{
	struct t_pki p = t_pki_make("ec", "IP:127.0.0.1", -60, 86400, NULL);
	struct t_pki other = t_pki_make("ec", "IP:127.0.0.1", -60, 86400, NULL);
	char more[300], local[32];

	(void)state;
	sr_made();
	t_write(t_path("ca.pem"), mst_slice_str(p.cert));
	t_write(t_path("other.pem"), mst_slice_str(other.cert));
	sr_source(t_pg_host(), SR_LOGIN, "      password: env:PG_PW\n");
	sr_test_shows(1, "recver:connect", "does not support SSL",
		      "switch ssl on");
	t_pg_tls(p.cert, p.key);
	(void)snprintf(more, sizeof(more),
		       "      password: env:PG_PW\n      ca_file: %s\n",
		       t_path("ca.pem"));
	sr_source(t_pg_host(), SR_LOGIN, more);
	sr_test(0);
	sr_shows("recver:connect", "Ok", "TLSv1.3 (", "");
	sr_shows("recver:connect", "Ok", "certificate checked", "");
	(void)snprintf(local, sizeof(local), "localhost:%d", t_pg_port());
	sr_source(local, SR_LOGIN, more);
	sr_test_shows(1, "recver:connect", "does not match host name",
		      "as its certificate does");
	(void)snprintf(more, sizeof(more),
		       "      password: env:PG_PW\n      ca_file: %s\n",
		       t_path("other.pem"));
	sr_source(t_pg_host(), SR_LOGIN, more);
	sr_test_shows(1, "recver:connect", "certificate verify failed",
		      "in recver.ca_file");
	(void)snprintf(more, sizeof(more),
		       "      password: env:PG_PW\n      ca_file: %s\n",
		       t_path("nowhere.pem"));
	sr_source(t_pg_host(), SR_LOGIN, more);
	sr_test_shows(1, "recver:connect", "does not exist", "recver.ca_file");
	sr_source(t_pg_host(), SR_LOGIN,
		  "      password: env:PG_PW\n      encrypt: trust\n");
	sr_test(0);
	sr_shows("recver:connect", "Warning", "certificate not checked",
		 "recver.encrypt to verify");
	t_pki_free(&p);
	t_pki_free(&other);
}

static void too_many_connections(void **state)
{
	(void)state;
	sr_made();
	t_pg_sql("postgres", "ALTER ROLE " SR_LOGIN " CONNECTION LIMIT 0");
	sr_test_shows(1, "recver:connect", "too many connections for role",
		      "CONNECTION LIMIT");
	t_pg_sql("postgres", "ALTER ROLE " SR_LOGIN " CONNECTION LIMIT -1;");
	t_pg_sql("postgres", "ALTER DATABASE %s CONNECTION LIMIT 0", sr.name);
	sr_test_shows(1, "recver:connect", "too many connections for database",
		      "end idle sessions");
	t_pg_sql("postgres", "ALTER DATABASE %s ALLOW_CONNECTIONS false",
		 sr.name);
	sr_test_shows(4, "recver:database",
		      "not currently accepting connections",
		      "ALLOW_CONNECTIONS true");
	t_pg_sql("postgres",
		 "ALTER DATABASE %s ALLOW_CONNECTIONS true CONNECTION LIMIT -1",
		 sr.name);
	sr_test(0);
}

/* ---- server and database --------------------------------------------------
 */

static void read_only(void **state)
{
	(void)state;
	sr_made();
	t_pg_sql("postgres",
		 "ALTER DATABASE %s SET default_transaction_read_only = on",
		 sr.name);
	sr_test_shows(4, "recver:database", "is read-only",
		      "ALTER DATABASE \"recver_");
	t_pg_sql("postgres",
		 "ALTER DATABASE %s RESET default_transaction_read_only",
		 sr.name);
	t_pg_sql("postgres", "ALTER ROLE " SR_LOGIN
			     " SET default_transaction_read_only = on");
	sr_test_shows(4, "recver:database", "is read-only",
		      "ALTER ROLE \"" SR_LOGIN "\" RESET");
	t_pg_sql("postgres",
		 "ALTER ROLE " SR_LOGIN " RESET default_transaction_read_only");
	t_pg_standby(true);
	sr_test_shows(4, "recver:server", "a standby", "name the primary");
	sr_shows("recver:tables", "Skipped", "'RecVer server'", "");
	t_pg_standby(false);
	sr_test(0);
}

static void wrong_encoding(void **state)
{
	(void)state;
	sr_fresh();
	t_pg_sql("postgres", "CREATE ROLE " SR_LOGIN " LOGIN PASSWORD"
			     " 'fake-run-password'");
	t_pg_sql("postgres",
		 "CREATE DATABASE %s TEMPLATE template0 ENCODING 'LATIN1'"
		 " LC_COLLATE 'C' LC_CTYPE 'C'",
		 sr.name);
	sr_over_tcp("");
	sr_test_shows(1, "recver:database", "is LATIN1, not UTF8",
		      "muster recver script defender");
	sr_shows("recver:tables", "Skipped", "'RecVer database'", "");
}

/* ---- tables and rights ----------------------------------------------------
 */

static void tables(void **state)
{
	(void)state;
	sr_made();
	t_pg_sql(sr.name, "UPDATE muster.meta SET value = '99'"
			  " WHERE target = '' AND name = 'schema'");
	sr_test_shows(1, "recver:tables",
		      "made by a newer muster (version 99, this one knows 1)",
		      "update muster");
	sr_shows("recver:probe", "Skipped", "'RecVer tables'", "");
	sr_set_up(1);
	sr_shows("setup:plan", "Failed", "newer muster", "");
	t_pg_sql(sr.name, "UPDATE muster.meta SET value = 'x'"
			  " WHERE target = '' AND name = 'schema'");
	sr_test_shows(1, "recver:tables", "is no number", "");
	t_pg_sql(sr.name,
		 "DELETE FROM muster.meta WHERE target = '' AND name = "
		 "'schema'");
	sr_test_shows(1, "recver:tables",
		      "not finished: their version is missing",
		      "muster recver script");
	sr_set_up(0);
	t_pg_sql(sr.name, "DROP TABLE muster.members, muster.lease");
	sr_test_shows(1, "recver:tables", "damaged: members, lease missing",
		      "muster recver script");
	sr_set_up(0);
	sr_shows("setup:tables", "Ok",
		 "without the rows that were in members, lease", "");
	/* another connection's */
	t_pg_sql(sr.name, "UPDATE muster.meta SET value = 'other'"
			  " WHERE target = '' AND name = 'source'");
	sr_test_shows(1, "recver:tables", "other", "");
}

static void rights(void **state)
{
	(void)state;
	sr_made();
	t_pg_sql(sr.name,
		 "REVOKE INSERT, DELETE ON muster.grp FROM muster_agent");
	sr_test_shows(4, "recver:rights",
		      "'" SR_LOGIN "' lacks INSERT, DELETE on muster.grp",
		      "muster recver script");
	sr_shows("recver:probe", "Skipped", "'RecVer rights'", "");
	sr_set_up(0);
	/* the whole role: it may not even connect */
	t_pg_sql("postgres", "REVOKE muster_agent FROM " SR_LOGIN);
	sr_test_shows(4, "recver:database",
		      "does not let '" SR_LOGIN "' connect: permission denied",
		      "--admin USER");
	t_pg_sql("postgres", "GRANT CONNECT ON DATABASE %s TO PUBLIC", sr.name);
	sr_test_shows(4, "recver:rights", "USAGE of the schema muster",
		      "--admin USER");
	sr_shows("recver:tables", "Warning", "may not read muster.meta", "");
	sr_set_up(0);
}

/* A table whose trigger keeps nothing. */
static void probe(void **state)
{
	(void)state;
	sr_made();
	t_pg_sql(sr.name, "CREATE FUNCTION public.nothing() RETURNS trigger AS"
			  " $$ BEGIN RETURN NULL; END $$ LANGUAGE plpgsql;"
			  "CREATE TRIGGER nothing BEFORE INSERT ON muster.grp"
			  " FOR EACH ROW EXECUTE FUNCTION public.nothing()");
	sr_test_shows(1, "recver:probe", "4 of 5 rows were read back", "");
	t_pg_sql(sr.name, "DROP TRIGGER nothing ON muster.grp");
	sr_test(0);
}

/* Somebody has locked a table for longer than recver.timeout. */
static void locked(void **state)
{
	char *where;
	PGconn *h;

	(void)state;
	sr_made();
	sr_over_tcp("      timeout: 1s\n");
	where = mst_asprintf("host=%.*s port=%d user=" T_PG_USER " dbname=%s",
			     (int)strcspn(t_pg_socket(), ":"), t_pg_socket(),
			     t_pg_port(), sr.name);
	h = PQconnectdb(where);
	free(where);
	PQclear(PQexec(h, "BEGIN"));
	PQclear(PQexec(h, "LOCK TABLE muster.grp"));
	assert_int_equal(PQtransactionStatus(h), PQTRANS_INTRANS);
	sr_test_shows(1, "recver:probe", "longer than recver.timeout", "");
	sr_shows("recver:use", "Skipped", "'RecVer probe'", "");
	PQfinish(h);
	sr_test(0);
}

/* A run that is under way is told of and not disturbed. */
static void in_use(void **state)
{
	(void)state;
	sr_made();
	(void)rig_sync(&sr.rig, 0);
	t_pg_sql(sr.name, "UPDATE muster.lease SET token = 'not-a-token',"
			  " holder = 'elsewhere, process 4711',"
			  " ends_at = now() + interval '1 hour'");
	sr_test(0);
	sr_shows("recver:use", "Note", "by elsewhere, process 4711", "");
	sr_shows("recver:probe", "Ok", "into each table", "");
	assert_string_equal(t_pg_ask(sr.name, "SELECT token FROM muster.lease"),
			    "not-a-token");
	t_pg_sql(sr.name, "UPDATE muster.lease SET ends_at = now() - interval"
			  " '1 hour'");
	sr_test(0);
	sr_shows("recver:use", "Ok",
		 "the lease of elsewhere, process 4711 has "
		 "ended",
		 "");
}

/* The tables lie on a disk of 1 MB that is full. */
static void full_disk(void **state)
{
	const char *disk = t_path("disk");
	static const char block[512];
	char *file = mst_asprintf("%s/fill", disk);
	int fd;

	(void)state;
	sr_made();
	(void)mkdir(disk, 0700);
	if (mount("none", disk, "tmpfs", 0,
		  "size=1m,mode=700,uid=65534,gid=65534") < 0) {
		print_message("no disk of its own may be mounted here\n");
		free(file);
		skip();
	}
	t_pg_sql("postgres", "CREATE TABLESPACE tiny LOCATION '%s'", disk);
	t_pg_sql(sr.name, "TRUNCATE muster.grp");
	t_pg_sql(sr.name, "ALTER TABLE muster.grp SET TABLESPACE tiny");
	fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	while (write(fd, block, sizeof(block)) > 0)
		;
	(void)close(fd);
	rig_muster(&sr.rig, "connection", "test", "defender", "--json");
	sr_shows("recver:probe", "Failed", "disk is full", "");
	(void)unlink(file);
	sr_test(0);
	t_pg_sql(sr.name, "ALTER TABLE muster.grp SET TABLESPACE pg_default");
	t_pg_sql("postgres", "DROP TABLESPACE tiny");
	assert_int_equal(umount(disk), 0);
	free(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(wrong_names),
	    cmocka_unit_test(silent),
	    cmocka_unit_test(tls),
	    cmocka_unit_test(too_many_connections),
	    cmocka_unit_test(read_only),
	    cmocka_unit_test(wrong_encoding),
	    cmocka_unit_test(tables),
	    cmocka_unit_test(rights),
	    cmocka_unit_test(probe),
	    cmocka_unit_test(locked),
	    cmocka_unit_test(in_use),
	    cmocka_unit_test(full_disk),
	};

	return cmocka_run_group_tests_name("faults of RecVer", tests, sr_begin,
					   sr_end);
}
