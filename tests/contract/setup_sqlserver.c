/* SPDX-License-Identifier: Apache-2.0
 *
 * Looking at RecVer on SQL Server and setting it up, on the ODBC driver for
 * tests: every fault has a message of its own; a set-up that stopped anywhere
 * goes on. With the argument "statements" it prints those of a set-up instead,
 * for the grammar of T-SQL.
 */
#include "setup_sqlserver.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct mst_recver_setup_ops *const ops =
    &mst_recver_setup_sqlserver;
struct ms ms;
static char freetds[300]; /* the driver under a name of FreeTDS */

/* ---- what was reported --------------------------------------------------- */

static char plan[2000];

void ms_take(void *ctx, const struct mst_check *c)
{
	(void)ctx;
	assert_true(ms.seen_n < MST_LEN(ms.seen));
	assert_null(strstr(c->text, PASSWORD));
	assert_null(strstr(c->text, ROOT));
	assert_null(strstr(c->remedy, PASSWORD));
	(void)snprintf(ms.seen[ms.seen_n].name, sizeof(ms.seen[0].name), "%s",
		       c->name);
	ms.seen[ms.seen_n++].check = *c;
}

static void show(void)
{
	for (size_t i = 0; i < ms.seen_n; i++)
		print_message("%-8s %-16s %s\n         -> %s\n",
			      mst_check_level_name(ms.seen[i].check.level),
			      ms.seen[i].name, ms.seen[i].check.text,
			      ms.seen[i].check.remedy);
}

/* The check was made, with this level; text or remedy has `part`. */
void ms_is(const char *name, enum mst_check_level level, const char *part)
{
	for (size_t i = 0; i < ms.seen_n; i++)
		if (strcmp(ms.seen[i].name, name) == 0 &&
		    ms.seen[i].check.level == level &&
		    (strstr(ms.seen[i].check.text, part) ||
		     strstr(ms.seen[i].check.remedy, part)))
			return;
	show();
	fail_msg("wanted %s, \"%s\" of %s", mst_check_level_name(level), part,
		 name);
}

static struct mst_recver_setup_env env(bool with_admin)
{
	return (struct mst_recver_setup_env){.conf = &ms.conf,
					     .source = SOURCE,
					     .admin =
						 with_admin ? &ms.admin : NULL,
					     .report = ms_take};
}

void ms_look_as(bool with_admin)
{
	const struct mst_recver_setup_env e = env(with_admin);
	struct mst_err err = MST_ERR_INIT;

	ms.seen_n = 0;
	t_ok(ops->check(&e, &err), &err);
	assert_int_equal(ms.odbc->open, 0);
}

void ms_look(void)
{
	ms_look_as(false);
}

void ms_all_good(void)
{
	static const char *const names[] = {"recver:connect",  "recver:server",
					    "recver:database", "recver:tables",
					    "recver:rights",   "recver:probe",
					    "recver:use"};

	ms_look();
	assert_int_equal(ms.seen_n, MST_LEN(names));
	for (size_t i = 0; i < ms.seen_n; i++)
		ms_is(names[i], MST_CHECK_OK, "");
}

/* It fails, and what needs it is not looked at. */
void ms_fails(const char *name, enum mst_code code, const char *part)
{
	ms_look();
	ms_is(name, MST_CHECK_FAILED, part);
	for (size_t i = 0; i < ms.seen_n; i++)
		if (strcmp(ms.seen[i].name, name) == 0)
			assert_int_equal(ms.seen[i].check.code, code);
}

static void note(void *ctx, const char *what, const char *how)
{
	(void)ctx;
	assert_non_null(how);
	assert_null(strstr(how, PASSWORD));
	(void)strcat(strcat(plan, plan[0] ? " " : ""), what);
}

const char *ms_planned(bool with_admin)
{
	const struct mst_recver_setup_env e = env(with_admin);
	struct mst_err err = MST_ERR_INIT;

	plan[0] = 0;
	t_ok(ops->plan(&e, note, NULL, &err), &err);
	assert_int_equal(ms.odbc->open, 0);
	return plan;
}

void ms_no_plan(enum mst_code code, const char *part)
{
	const struct mst_recver_setup_env e = env(true);
	struct mst_err err = MST_ERR_INIT;

	plan[0] = 0;
	t_failed(ops->plan(&e, note, NULL, &err), &err, code, part);
	assert_string_equal(plan, "");
}

int ms_make(bool with_admin, struct mst_err *err)
{
	const struct mst_recver_setup_env e = env(with_admin);
	int rc;

	ms.seen_n = 0;
	rc = ops->make(&e, err);
	assert_int_equal(ms.odbc->open, 0);
	return rc;
}

void ms_made(void)
{
	struct mst_err err = MST_ERR_INIT;
	int rc = ms_make(true, &err);

	if (rc < 0)
		show();
	t_ok(rc, &err);
}

/* ---- the server ---------------------------------------------------------- */

struct t_odbc_login *ms_login(const char *name, const char *password,
			      const char *roles)
{
	struct t_odbc_login *l = &ms.odbc->logins[ms.odbc->logins_n++];

	*l = (struct t_odbc_login){.disabled = false};
	(void)snprintf(l->name, sizeof(l->name), "%s", name);
	(void)snprintf(l->password, sizeof(l->password), "%s", password);
	(void)snprintf(l->roles, sizeof(l->roles), "%s", roles);
	return l;
}

int ms_set_up(void **state)
{
	static char names[1000][40];
	static unsigned n;

	(void)state;
	*ms.odbc = (struct t_odbc){.folder = ms.odbc->folder};
	(void)setenv("SQLSERVER_PASSWORD", PASSWORD, 1);
	(void)ms_login("root", ROOT, "sysadmin");
	assert_true(n < MST_LEN(names));
	(void)snprintf(names[n], sizeof(names[n]), "it's [%u]", n);
	ms.conf = (struct mst_recver_conf){
	    .type = "sqlserver",
	    .server = "db.test",
	    .database = names[n++],
	    .user = "DOM\\o'neil ]x",
	    .password = "env:SQLSERVER_PASSWORD",
	    .encrypt = "verify",
	    .driver = T_ODBC,
	    .timeout_ms = 60000,
	};
	ms.admin = ms.conf;
	ms.admin.user = "root";
	ms.admin.password = "env:SQLSERVER_ROOT";
	return 0;
}

void ms_use_freetds(void)
{
	ms.conf.driver = ms.admin.driver = freetds;
}

/* ---- making -------------------------------------------------------------- */

#define ALL "login database tables role user membership"

static void test_make(void **state)
{
	(void)state;
	assert_string_equal(ms_planned(true), ALL);
	ms_made();
	for (size_t i = 0; i < ms.seen_n; i++)
		assert_int_equal(ms.seen[i].check.level, MST_CHECK_OK);
	assert_int_equal(ms.seen_n, 6);
	ms_is("setup:login", MST_CHECK_OK, "was made");
	ms_is("setup:membership", MST_CHECK_OK, "muster_agent");
	ms_all_good();
	ms_is("recver:connect", MST_CHECK_OK, "13.0");
	ms_is("recver:connect", MST_CHECK_OK, "certificate and name verified");
	ms_is("recver:use", MST_CHECK_OK, "by nobody");
	assert_string_equal(ms_planned(true), "");
	ms_made();
	assert_int_equal(ms.seen_n, 0);
}

/* Refused at any call, it goes on where it was. */
static void test_stops(void **state)
{
	struct mst_err err = MST_ERR_INIT;
	uint64_t calls;

	ms.odbc->calls = 0;
	ms_made();
	calls = ms.odbc->calls;
	assert_true(calls > 20);
	for (uint64_t at = 1; at <= calls; at++) {
		(void)ms_set_up(state);
		ms.odbc->fails_at = at;
		ms.odbc->native = 547;
		ms.odbc->state = "42000";
		(void)ms_make(true, &err);
		ms.odbc->fails_at = 0;
		mst_err_clear(&err);
		ms_made();
		assert_string_equal(ms_planned(true), "");
		/* The lease may be this program's still. */
		ms_look();
		ms_is("recver:probe", MST_CHECK_OK, "");
		ms_is("recver:rights", MST_CHECK_OK, "");
	}
}

/* One that is there is mapped; a user of an older login of the name is given
 * to it; its password stays. */
static void test_existing(void **state)
{
	(void)state;
	ms_made();
	ms.odbc->users_n = 1; /* dbo */
	ms_fails("recver:database", MST_E_FORBIDDEN, "is no user of it");
	assert_string_equal(ms_planned(true), "role user membership");
	ms_made();
	ms_all_good();
	(void)strcpy(ms.odbc->users[2].login, "gone");
	(void)strcpy(ms.odbc->users[2].roles, "");
	ms_made();
	ms_all_good();
	ms.odbc->revoked = "DELETE";
	ms_fails("recver:rights", MST_E_FORBIDDEN, "lacks DELETE");
	ms_is("recver:probe", MST_CHECK_SKIPPED, "RecVer rights");
	assert_string_equal(ms_planned(true), "role user membership");
	ms_made();
	ms_all_good();
	(void)strcpy(ms.odbc->logins[1].password, "another");
	ms_made();
	ms_look_as(true);
	ms_is("recver:connect", MST_CHECK_FAILED,
	      "its password is another one");
}

static void test_too_much(void **state)
{
	struct t_odbc_login *l;

	(void)state;
	l = ms_login(ms.conf.user, PASSWORD, "sysadmin");
	assert_string_equal(ms_planned(true),
			    "database tables role user membership");
	ms_made();
	ms_is("setup:login", MST_CHECK_WARNING,
	      "sysadmin), and was left alone");
	assert_string_equal(ms.odbc->users[0].name, "dbo");
	ms_look();
	ms_is("recver:rights", MST_CHECK_WARNING,
	      "more than it needs: sysadmin");
	ms_is("recver:rights", MST_CHECK_WARNING,
	      "ALTER SERVER ROLE sysadmin DROP MEMBER [DOM\\o'neil ]]x]");
	assert_string_equal(ms_planned(true), "");
	/* As it stays when that is done; and before it was set up. */
	(void)strcpy(l->roles, "");
	ms_all_good();
	(void)strcpy(l->roles, "sysadmin");
	(void)strcpy(ms.odbc->users[2].roles, "");
	ms_look();
	ms_is("recver:rights", MST_CHECK_WARNING,
	      "first `muster connection setup defender --admin USER`");
	assert_string_equal(ms_planned(true), "role user membership");
	ms_made();
	ms_look();
	ms_is("recver:probe", MST_CHECK_OK, "");
	(void)strcpy(l->roles, "dbcreator");
	ms_made();
	ms_is("setup:login", MST_CHECK_WARNING, "dbcreator");
	ms_look();
	ms_is("recver:rights", MST_CHECK_WARNING,
	      "more than it needs: dbcreator");
	(void)strcpy(l->roles, "");
	ms_all_good();
	(void)strcat(ms.odbc->users[2].roles, " db_owner db_ddladmin");
	ms_look();
	ms_is("recver:rights", MST_CHECK_WARNING,
	      "more than it needs: db_owner");
	ms_is("recver:rights", MST_CHECK_WARNING, "ALTER ROLE db_owner");
	(void)strcpy(ms.odbc->users[2].roles, "muster_agent");
	ms.odbc->granted = "CONTROL SERVER";
	ms_look();
	ms_is("recver:rights", MST_CHECK_WARNING, "needs: CONTROL SERVER");
	ms_is("recver:rights", MST_CHECK_WARNING,
	      "REVOKE CONTROL SERVER FROM [DOM\\o'neil ]]x]");
	ms.odbc->granted = "CONTROL";
	(void)strcpy(l->roles, "dbcreator");
	ms_look();
	ms_is("recver:rights", MST_CHECK_WARNING, "needs: dbcreator, CONTROL");
}

/* What the login itself may make. */
static void test_own(void **state)
{
	struct mst_err err = MST_ERR_INIT;

	(void)state;
	(void)ms_login(ms.conf.user, PASSWORD, "dbcreator");
	ms_look();
	ms_is("recver:database", MST_CHECK_NOTE, "the first run makes it");
	assert_string_equal(ms_planned(false), "database tables");
	t_ok(ms_make(false, &err), &err);
	ms_look();
	ms_is("recver:tables", MST_CHECK_OK, "all 5, version 1");
	ms_is("recver:rights", MST_CHECK_WARNING, "owner of the database");
	ms_is("recver:probe", MST_CHECK_OK, "");
	assert_string_equal(ms_planned(false), "");
}

/* An administrator with no more than it takes. */
static void test_less(void **state)
{
	(void)state;
	(void)strcpy(ms.odbc->logins[0].roles, "securityadmin dbcreator");
	ms_made();
	ms_all_good();
	assert_string_equal(ms_planned(true), "");
}

static void test_may_not(void **state)
{
	struct mst_err err = MST_ERR_INIT;

	(void)state;
	(void)strcpy(ms.odbc->logins[0].roles, "");
	t_failed(ms_make(true, &err), &err, MST_E_FORBIDDEN,
		 "may not make this");
	ms_is("setup:login", MST_CHECK_FAILED,
	      "'root' may not do this, which takes sysadmin");
	(void)strcpy(ms.odbc->logins[0].roles, "sysadmin");
	(void)setenv("SQLSERVER_PASSWORD", "short", 1);
	ms.odbc->echoes = true;
	t_failed(ms_make(true, &err), &err, MST_E_INVALID, "password policy");
	assert_null(strstr(err.msg, "short"));
	(void)setenv("SQLSERVER_PASSWORD", PASSWORD, 1);
	ms.conf.password = NULL;
	ms_no_plan(MST_E_INVALID, "cannot be made without a password");
	t_failed(ms_make(true, &err), &err, MST_E_INVALID,
		 "set recver.password");
	ms.admin.password = "env:SQLSERVER_PASSWORD";
	t_failed(ms_make(true, &err), &err, MST_E_AUTH,
		 "as 'root': the server does not let this administrator in");
	assert_null(strstr(err.msg, "recver.user"));
	mst_err_clear(&err);
	ms.admin.password = "env:SQLSERVER_NONE";
	ms_no_plan(MST_E_NOTFOUND, "--admin-password");
}

static void test_a_dba_makes_it(void **state)
{
	(void)state;
	ms.conf.existing_database = true;
	(void)ms_login(ms.conf.user, PASSWORD, "dbcreator");
	ms_fails("recver:database", MST_E_NOTFOUND, "recver.existing_database");
	assert_string_equal(ms_planned(true), "");
	ms.conf.bypass_setup = true;
	ms_fails("recver:database", MST_E_NOTFOUND, "muster recver script");
	assert_string_equal(ms_planned(true), "");
	ms.conf.bypass_setup = ms.conf.existing_database = false;
	ms_made();
	ms.conf.bypass_setup = true;
	assert_string_equal(ms_planned(true), "");
}

/* ---- integrated security ------------------------------------------------- */

static void test_integrated(void **state)
{
	const struct mst_recver_setup_env e = env(true);
	struct mst_err err = MST_ERR_INIT;

	(void)state;
	ms_use_freetds();
	ms.conf.user = NULL;
	ms.conf.password = NULL;
	ms.conf.integrated_security = true;
	ms_fails("recver:connect", MST_E_AUTH, "no Kerberos ticket");
	t_failed(ops->plan(&e, note, NULL, &err), &err, MST_E_AUTH,
		 "CREATE LOGIN [DOMAIN\\account] FROM WINDOWS");
	ms.odbc->ticket = "DOM\\muster$";
	(void)ms_login(ms.odbc->ticket, "", "");
	assert_string_equal(ms_planned(true),
			    "database tables role user membership");
	ms_made();
	ms_all_good();
	ms_is("recver:connect", MST_CHECK_OK, "as 'DOM\\muster$' by Kerberos");
}

/* ---- all of it ----------------------------------------------------------- */

static void print(const char *sql)
{
	(void)printf("%s\nGO\n", sql);
}

static int statements(void)
{
	struct mst_err err = MST_ERR_INIT;

	(void)ms_set_up(NULL);
	ms.odbc->log = print;
	if (ms_make(true, &err) < 0)
		return 1;
	ms_look_as(true);
	(void)strcpy(ms.odbc->logins[1].password, "another");
	ms_look_as(true);
	return 0;
}

static void load_driver(void)
{
	void *lib = dlopen(T_ODBC, RTLD_NOW | RTLD_LOCAL);
	t_odbc_get_fn *get;

	if (!lib) {
		(void)fprintf(stderr, "%s\n", dlerror());
		exit(1);
	}
	get = (t_odbc_get_fn *)dlsym(lib, "t_odbc_get");
	ms.odbc = get();
	ms.odbc->folder = t_path("databases");
	(void)mkdir(ms.odbc->folder, 0700);
	(void)snprintf(freetds, sizeof(freetds), "%s", t_path("libtds.so"));
	(void)symlink(T_ODBC, freetds);
	(void)setenv("SQLSERVER_ROOT", ROOT, 1);
}

int main(int argc, char **argv)
{
#define S(fn) cmocka_unit_test_setup(fn, ms_set_up)
	const struct CMUnitTest tests[] = {
	    S(test_make),	S(test_stops),
	    S(test_existing),	S(test_too_much),
	    S(test_own),	S(test_less),
	    S(test_may_not),	S(test_a_dba_makes_it),
	    S(test_integrated),
	};
	int failed;

	(void)argv;
	load_driver();
	if (argc > 1)
		return statements();
	failed = cmocka_run_group_tests_name("making", tests, NULL, NULL);
	return failed + ms_fault_tests() + ms_others_tests();
}
