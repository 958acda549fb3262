/* SPDX-License-Identifier: Apache-2.0
 *
 * What may be wrong with RecVer on SQL Server: each fault is told by its own
 * message, and what to do.
 */
#include "setup_sqlserver.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "recver/scripts.h"

static void test_certificate(void **state)
{
	(void)state;
	ms_use_freetds();
	ms_made();
	ms_all_good();
	ms.odbc->tls = T_ODBC_BAD_CHAIN;
	ms_fails("recver:connect", MST_E_AUTH, "is not trusted");
	ms_is("recver:connect", MST_CHECK_FAILED, "recver.ca_file");
	ms.odbc->tls = T_ODBC_BAD_NAME;
	ms_fails("recver:connect", MST_E_AUTH, "is for another name");
	ms.odbc->tls = T_ODBC_NO_TLS;
	ms_fails("recver:connect", MST_E_AUTH, "does not encrypt");
	ms.conf.encrypt = "off";
	ms_all_good();
	ms_is("recver:connect", MST_CHECK_OK, "encryption not asked for");
}

static void fail_once(const char *state, int native)
{
	ms.odbc->calls = 0;
	ms.odbc->fails_at = 1;
	ms.odbc->state = state;
	ms.odbc->native = native;
}

static void test_not_reached(void **state)
{
	(void)state;
	fail_once("08S01", 20009);
	ms_fails("recver:connect", MST_E_TRANSIENT, "are host and port right");
	ms_is("recver:server", MST_CHECK_SKIPPED, "RecVer connection");
	ms.conf.server = "db.test\\one";
	fail_once("08S01", 20009);
	ms_fails("recver:connect", MST_E_TRANSIENT, "name of the instance");
	fail_once("01000", 20013);
	ms_fails("recver:connect", MST_E_TRANSIENT, "name is not known here");
	fail_once("HYT00", 0);
	ms_fails("recver:connect", MST_E_TRANSIENT, "recver.timeout");
	ms.conf.driver = "No such driver";
	ms.odbc->fails_at = 0;
	ms_fails("recver:connect", MST_E_INVALID, "recver.driver");
}

/* What Microsoft's driver says, where FreeTDS is asked. */
static void test_microsoft(void **state)
{
	(void)state;
	ms.odbc->text = "SSL Provider: [error:0A000086:SSL routines::"
			"certificate verify failed:self-signed certificate]";
	fail_once("08001", -1);
	ms_fails("recver:connect", MST_E_AUTH, "authority to the system's");
	ms.odbc->text = "SSPI Provider: No Kerberos credentials available "
			"(default cache: KCM:0)";
	fail_once("HY000", 851968);
	ms_fails("recver:connect", MST_E_AUTH, "there is no Kerberos ticket");
	ms.odbc->text = "Cannot generate SSPI context";
	fail_once("HY000", 851968);
	ms_fails("recver:connect", MST_E_AUTH, "SPN");
}

/* The real driver, and somebody who listens and says nothing. */
static void test_silence(void **state)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(at);
	char server[40];
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 5), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
	(void)snprintf(server, sizeof(server), "127.0.0.1,%u",
		       ntohs(at.sin_port));
	ms.conf.driver = "FreeTDS";
	ms.conf.server = server;
	ms.conf.timeout_ms = 1000;
	ms_fails("recver:connect", MST_E_TRANSIENT, "recver.timeout");
	(void)close(fd);
}

static void test_refused(void **state)
{
	(void)state;
	ms_fails("recver:connect", MST_E_AUTH, "7: disabled");
	ms_look_as(true);
	ms_is("recver:connect", MST_CHECK_FAILED,
	      "the server has no such login");
	ms_made();
	ms.odbc->logins[1].disabled = true;
	ms_look_as(true);
	ms_is("recver:connect", MST_CHECK_FAILED, "the login is disabled");
	ms.odbc->logins[1].disabled = false;
	(void)strcpy(ms.odbc->logins[1].password, "another");
	ms.odbc->locked = true;
	ms_look_as(true);
	ms_is("recver:connect", MST_CHECK_FAILED, "is locked");
	ms.odbc->windows_only = true;
	ms_look_as(true);
	ms_is("recver:connect", MST_CHECK_FAILED, "takes no SQL logins");
	fail_once("42000", 18452);
	ms_fails("recver:connect", MST_E_AUTH, "Kerberos");
	fail_once("42000", 18470);
	ms_fails("recver:connect", MST_E_AUTH, "ENABLE");
	fail_once("42000", 18488);
	ms_fails("recver:connect", MST_E_AUTH, "must be changed");
}

static void test_server(void **state)
{
	(void)state;
	ms_made();
	ms.odbc->version = "12.0.6024.0";
	ms_fails("recver:server", MST_E_UNSUPPORTED, "13.0 (2016) or later");
}

static void test_database(void **state)
{
	(void)state;
	ms_made();
	ms.odbc->read_only = true;
	ms_fails("recver:database", MST_E_FORBIDDEN, "SET READ_WRITE");
	ms_is("recver:probe", MST_CHECK_SKIPPED, "RecVer database");
	ms.odbc->read_only = false;
	ms.odbc->offline = true;
	ms_fails("recver:database", MST_E_TRANSIENT, "SET ONLINE");
	ms.odbc->state_desc = "RESTORING";
	ms_fails("recver:database", MST_E_TRANSIENT, "WITH RECOVERY");
	ms.odbc->state_desc = "SUSPECT";
	ms_fails("recver:database", MST_E_TRANSIENT, "not online: SUSPECT");
	ms.odbc->offline = false;
	ms.odbc->no_user = ms.odbc->single_user = true;
	ms_fails("recver:database", MST_E_TRANSIENT, "SET MULTI_USER");
	ms.odbc->no_user = ms.odbc->single_user = false;
	ms_all_good();
}

/* A server that tells upper from lower case: everything works, and a name that
 * is written in another way is told. */
static void test_case(void **state)
{
	char *other = mst_strdup(ms.conf.database);

	(void)state;
	ms.odbc->collation = "Latin1_General_CS_AS";
	ms_made();
	ms_all_good();
	ms_is("recver:server", MST_CHECK_OK, "Latin1_General_CS_AS");
	other[0] = 'I';
	ms.conf.database = other;
	ms_fails("recver:database", MST_E_NOTFOUND,
		 "tells upper from lower case");
	ms_is("recver:database", MST_CHECK_FAILED,
	      "set recver.database to 'it");
	free(other);
}

/* A full log or disk at each call of a look: some check says so. */
static void test_full(void **state)
{
	static const struct {
		int native;
		const char *text;
	} full[] = {{9002, "log is full"}, {1105, "files are full"}};
	uint64_t calls;

	(void)state;
	ms_made();
	ms.odbc->calls = 0;
	ms_all_good();
	calls = ms.odbc->calls;
	for (size_t i = 0; i < MST_LEN(full); i++) {
		unsigned told = 0;

		for (uint64_t at = 2; at <= calls; at++) {
			ms.odbc->calls = 0;
			ms.odbc->fails_at = at;
			ms.odbc->native = full[i].native;
			ms.odbc->state = "42000";
			ms_look();
			for (size_t k = 0; k < ms.seen_n; k++)
				told += strstr(ms.seen[k].check.text,
					       full[i].text) != NULL;
		}
		assert_true(told >= 10);
		ms.odbc->fails_at = 0;
		ms_all_good();
	}
}

static void test_use(void **state)
{
	struct mst_recver *r = NULL;
	struct mst_err err = MST_ERR_INIT;

	(void)state;
	ms_made();
	ms.odbc->log_used = 127;
	ms.odbc->log_wait = "LOG_BACKUP";
	ms_look();
	ms_is("recver:use", MST_CHECK_WARNING, "waits for LOG_BACKUP");
	ms_is("recver:use", MST_CHECK_WARNING, "may not grow");
	ms.odbc->log_used = 1;
	t_ok(mst_recver_sqlserver.open(&ms.conf, SOURCE, false, &r, &err),
	     &err);
	ms.seen_n = 0;
	{
		const struct mst_recver_setup_env e = {
		    .conf = &ms.conf, .source = SOURCE, .report = ms_take};

		t_ok(mst_recver_setup_sqlserver.check(&e, &err), &err);
	}
	ms_is("recver:use", MST_CHECK_NOTE, "process");
	ms_is("recver:probe", MST_CHECK_OK, "");
	mst_recver_sqlserver.close(&r);
}

static void test_tables(void **state)
{
	struct mst_recver_conf other = ms.conf;
	const struct mst_recver_setup_env e = {
	    .conf = &other, .source = "another", .report = ms_take};
	struct mst_err err = MST_ERR_INIT;

	(void)state;
	ms_made();
	ms.seen_n = 0;
	t_ok(mst_recver_setup_sqlserver.check(&e, &err), &err);
	ms_is("recver:tables", MST_CHECK_FAILED, "defender");
	mst_recver_scripts_replace(mst_recver_scripts(), 2);
	ms_fails("recver:tables", MST_E_NOTFOUND, "this muster needs 2");
	ms_is("recver:tables", MST_CHECK_FAILED, "--upgrade-from 1");
	mst_recver_scripts_replace(NULL, 0);
}

int ms_fault_tests(void)
{
#define S(fn) cmocka_unit_test_setup(fn, ms_set_up)
	const struct CMUnitTest tests[] = {
	    S(test_certificate), S(test_not_reached), S(test_silence),
	    S(test_microsoft),	 S(test_refused),     S(test_server),
	    S(test_database),	 S(test_case),	      S(test_full),
	    S(test_use),	 S(test_tables),
	};

	return cmocka_run_group_tests_name("faults", tests, NULL, NULL);
}
