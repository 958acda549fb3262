/* SPDX-License-Identifier: Apache-2.0
 *
 * SQL Server's errors: each at every call in turn, and what they say. What one
 * may see in a connection string.
 */
#include "recver_suite.h"

#include <stdio.h>
#include <stdlib.h>

#include "recver/server/server.h"
#include "recver_sqlserver.h"

/* The driver for tests, without faults. */
static struct t_odbc *quiet(void)
{
	struct t_odbc *o = sqlserver_odbc;

	*o = (struct t_odbc){.folder = o->folder, .open = o->open};
	return o;
}

static void no_wait(int64_t ms)
{
}

static int set_up(void **state)
{
	(void)quiet();
	mst_server_pause(no_wait);
	rv.server = sqlserver_conf();
	return 0;
}

static int tear_down(void **state)
{
	(void)quiet();
	mst_server_pause(NULL);
	assert_int_equal(sqlserver_odbc->open, 0);
	return 0;
}

/* ---- a fault at every call ----------------------------------------------- */

static int look(const char *text)
{
	struct rv_seen s = {.want = rv_key_of(mst_slice_str(text))};
	struct mst_hash key = s.want;
	int rc = rv.ops->load(rv.r, "snow", "devices", rv_see_row, &s, &rv.err);

	if (rc == 0)
		assert_int_equal(s.rows, 2);
	s.found = 0;
	if (rc == 0)
		rc = rv.ops->members(rv.r, "snow", "devices", &key, 1,
				     rv_see_members, &s, &rv.err);
	if (rc == 0)
		assert_int_equal(s.members, 3);
	return rc;
}

static int put(const char *text, bool mark)
{
	struct mst_group_put g = rv_group(mst_slice_str(text), 3, true);
	int rc = mark
		     ? rv.ops->mark(rv.r, "snow", "devices", &g.row, 1, &rv.err)
		     : rv.ops->put(rv.r, "snow", "devices", &g, 1, &rv.err);

	rv_group_free(&g);
	return rc;
}

/* A run as the program does it: every kind of call once. */
static int run(const char *database)
{
	struct mst_hash gone = rv_key_of(MST_SLICE_LIT("gone"));
	struct mst_recver_stats st;
	int rc = rv_open(database, SOURCE, true, &rv.r, &rv.err);

	if (rc == 0)
		rc = rv.ops->begin(rv.r, &rv.err);
	if (rc == 0)
		rc = put("a", false);
	if (rc == 0)
		rc = put("gone", true);
	if (rc == 0)
		rc = rv.ops->meta_put(rv.r, "snow", "cursor",
				      MST_SLICE_LIT("x"), &rv.err);
	if (rc == 0)
		rc = rv.ops->commit(rv.r, &rv.err);
	if (rc == 0)
		rc = put("b", false);
	if (rc == 0)
		rc = rv.ops->del(rv.r, "snow", "devices", &gone, 1, &rv.err);
	if (rc == 0)
		rc = rv.ops->stats(rv.r, "snow", NULL, &st, &rv.err);
	if (rc == 0)
		rc = look("a");
	rv.ops->close(&rv.r);
	return rc;
}

static const struct fault {
	int native;
	const char *state;
	enum t_odbc_how how;
	enum mst_code code; /* TRANSIENT: the run does not see it */
	const char *text;
} faults[] = {
    {10054, "08S01", T_ODBC_LOST, MST_E_TRANSIENT, NULL},
    {10054, "08S01", T_ODBC_AFTER, MST_E_TRANSIENT, NULL},
    {20006, "08S01", T_ODBC_LOST, MST_E_TRANSIENT, NULL},
    {1205, "40001", T_ODBC_BEFORE, MST_E_TRANSIENT, NULL},
    {3960, "HY000", T_ODBC_BEFORE, MST_E_TRANSIENT, NULL},
    {1222, "HY000", T_ODBC_BEFORE, MST_E_TRANSIENT, NULL},
    {0, "HYT01", T_ODBC_LOST, MST_E_TRANSIENT, NULL},
    {0, "HYT00", T_ODBC_BEFORE, MST_E_TRANSIENT, NULL},
    {40613, "HY000", T_ODBC_LOST, MST_E_TRANSIENT, NULL},
    {3906, "25000", T_ODBC_BEFORE, MST_E_FORBIDDEN,
     "the database is read-only"},
    {9002, "42000", T_ODBC_BEFORE, MST_E_IO, "the database's log is full"},
    {1105, "42000", T_ODBC_BEFORE, MST_E_IO, "the database's files are full"},
    {229, "42000", T_ODBC_BEFORE, MST_E_FORBIDDEN, "role.sql"},
    {547, "23000", T_ODBC_BEFORE, MST_E_IO, "as the test says (23000, 547)"},
};

/* Every third call, each fault from another one on: all of them meet most of
 * the calls. */
#define STRIDE (t_all() ? 1 : 3)

static void at_every_call(const struct fault *f, uint64_t first)
{
	struct t_odbc *o = quiet();
	uint64_t calls, tried = 0, seen = 0;

	t_ok(run(sqlserver_fresh()), &rv.err);
	calls = o->calls;
	assert_true(calls > 15);
	for (uint64_t at = first; at <= calls; at += STRIDE, tried++) {
		const char *database = sqlserver_fresh();
		int rc;

		(void)quiet();
		o->fails_at = at;
		o->how = f->how;
		o->native = f->native;
		o->state = f->state;
		rc = run(database);
		if (f->code == MST_E_TRANSIENT) {
			t_ok(rc, &rv.err);
		} else if (rc < 0) {
			t_failed(rc, &rv.err, f->code, f->text);
			seen++;
		}
		assert_int_equal(o->open, 0);
		/* What was there is whole: another run does it all. */
		(void)quiet();
		t_ok(run(database), &rv.err);
	}
	/* Only the way out does not care. */
	if (f->code != MST_E_TRANSIENT)
		assert_true(seen + 2 >= tried);
}

static void test_faults(void **state)
{
	for (size_t i = 0; i < MST_LEN(faults); i++)
		at_every_call(&faults[i], 1 + i % STRIDE);
}

/* ---- what a DBA must mend ------------------------------------------------ */

static void refuse(bool create, enum mst_code code, const char *text)
{
	t_failed(rv_open(sqlserver_fresh(), SOURCE, create, &rv.r, &rv.err),
		 &rv.err, code, text);
	assert_null(rv.r);
	assert_null(strstr(rv.err.msg, "not-a-real"));
}

static void test_login(void **state)
{
	struct t_odbc *o = quiet();

	o->fails_at = 1;
	o->state = "28000";
	o->native = 18456;
	refuse(true, MST_E_AUTH, "check recver.user and recver.password");
	assert_non_null(strstr(rv.err.msg, "7: disabled"));
	(void)quiet();
	o->fails_at = 1;
	o->state = "42000";
	o->native = 18452;
	refuse(true, MST_E_AUTH, "Kerberos");
	(void)quiet();
	o->fails_at = 1;
	o->fails_n = 1000;
	o->state = "HYT00";
	rv.server.timeout_ms = 1;
	refuse(true, MST_E_TRANSIENT, "recver.timeout");
}

static void test_database(void **state)
{
	struct t_odbc *o = quiet();
	const char *known = sqlserver_fresh();

	refuse(false, MST_E_NOTFOUND, "does not exist yet");
	rv.server.existing_database = true;
	refuse(true, MST_E_NOTFOUND, "run sql/sqlserver/create.sql");
	rv.server.existing_database = false;
	o->may_not_create = true;
	refuse(true, MST_E_FORBIDDEN,
	       "a DBA can, with sql/sqlserver/create.sql");
	o->may_not_create = false;

	t_ok(run(known), &rv.err);
	o->read_only = true;
	t_failed(rv_open(known, SOURCE, true, &rv.r, &rv.err), &rv.err,
		 MST_E_FORBIDDEN, "SET READ_WRITE");
	o->read_only = false;
	o->no_user = true;
	t_failed(rv_open(known, SOURCE, true, &rv.r, &rv.err), &rv.err,
		 MST_E_FORBIDDEN, "run sql/sqlserver/role.sql");
	o->no_user = false;
	o->offline = true;
	rv.server.timeout_ms = 1;
	t_failed(rv_open(known, SOURCE, true, &rv.r, &rv.err), &rv.err,
		 MST_E_TRANSIENT, "is not online");
}

static void test_settings(void **state)
{
	rv.server.driver = "No such driver";
	refuse(true, MST_E_INVALID, "recver.driver");
	rv.server = sqlserver_conf();
	rv.server.ca_file = "/etc/ssl/own.pem";
	refuse(true, MST_E_INVALID, "recver.ca_file is for FreeTDS");
	rv.server = sqlserver_conf();
	rv.server.integrated_security = true;
	refuse(true, MST_E_INVALID, "takes no recver.user");
	rv.server = sqlserver_conf();
	rv.server.user = NULL;
	refuse(true, MST_E_INVALID, "set recver.user");
	rv.server = sqlserver_conf();
	t_failed(rv_open("a;b", SOURCE, true, &rv.r, &rv.err), &rv.err,
		 MST_E_INVALID, "no brace, parenthesis");
}

/* ---- connection strings -------------------------------------------------- */

static void says(const char *part)
{
	const char *is = sqlserver_odbc->connection;

	t_ok(run(sqlserver_fresh()), &rv.err);
	if (!strstr(is, part))
		fail_msg("%s is not in %s", part, is);
}

static void test_connection_string(void **state)
{
	says("SERVER={db.test\\one};Encrypt=yes;TrustServerCertificate=no;");
	says("UID={agent};PWD={not-a-real}}secret;};");
	rv.server.encrypt = "trust";
	rv.server.server = "tcp:db.test,1444";
	says("SERVER={db.test,1444};Encrypt=yes;TrustServerCertificate=yes;");
	rv.server.encrypt = "off";
	rv.server.server = "db.test:1444";
	says("SERVER={db.test,1444};Encrypt=no;");
	rv.server.server = "[::1]:1444";
	says("SERVER={::1,1444};");
	rv.server.server = "::1";
	says("SERVER={::1};");
	rv.server.user = NULL;
	rv.server.password = NULL;
	rv.server.integrated_security = true;
	says("Trusted_Connection=yes;");
	assert_null(strstr(sqlserver_odbc->connection, "UID"));
	assert_null(strstr(sqlserver_odbc->connection, "PWD"));
}

/* The real driver, which takes its settings from a file in memory. */
static void test_freetds(void **state)
{
	static const char *const encrypt[] = {"verify", "trust", "off"};

	rv.server.driver = "FreeTDS";
	rv.server.server = "127.0.0.1,1";
	rv.server.timeout_ms = 1000;
	(void)setenv("SQLSERVER_BRACE_PASSWORD", "not-a-real}secret", 1);
	rv.server.password = "env:SQLSERVER_BRACE_PASSWORD";
	for (size_t i = 0; i < MST_LEN(encrypt); i++) {
		rv.server.encrypt = encrypt[i];
		refuse(true, MST_E_TRANSIENT, "cannot be reached");
	}
	rv.server.password = sqlserver_conf().password;
	refuse(true, MST_E_INVALID, "FreeTDS takes no password");
	rv.server = sqlserver_conf();
	rv.server.driver = "FreeTDS";
	rv.server.password = "env:SQLSERVER_BRACE_PASSWORD";
	rv.server.server = "one;two";
	refuse(true, MST_E_INVALID, "recver.server");
}

static void print(const char *sql)
{
	(void)printf("%s\nGO\n", sql);
}

int sqlserver_statements(void)
{
	const char *database = sqlserver_fresh();

	quiet()->log = print;
	if (run(database) < 0 || run(database) < 0) {
		(void)fprintf(stderr, "%s\n", rv.err.msg);
		return 1;
	}
	return 0;
}

int sqlserver_tests(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_login, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_database, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_settings, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_connection_string, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(test_freetds, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_faults, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("sqlserver", tests, NULL, NULL);
}
