/* SPDX-License-Identifier: Apache-2.0
 *
 * The rules of RecVer over SQL Server: with MUSTER_TEST_SQLSERVER, an ODBC
 * connection string, on that server; else on the ODBC driver for tests.
 */
#include "recver_upgrade.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recver_sqlserver.h"

struct t_odbc *sqlserver_odbc;
static struct mst_recver_conf conf;

const char *sqlserver_fresh(void)
{
	static char names[5000][60];
	static unsigned n;

	assert_true(n < MST_LEN(names));
	(void)snprintf(names[n], sizeof(names[n]), "muster_test_%d_%u",
		       (int)getpid(), n);
	return names[n++];
}

struct mst_recver_conf sqlserver_conf(void)
{
	return conf;
}

/* A value of "KEY=value;…", with or without braces; NULL: not there. */
static const char *word(const char *string, const char *key)
{
	size_t n = strlen(key), len;
	const char *p = string;

	while (*p && (strncasecmp(p, key, n) != 0 || p[n] != '=')) {
		p += strcspn(p, ";");
		p += strspn(p, "; ");
	}
	if (!*p)
		return NULL;
	p += n + 1;
	len = *p == '{' ? strcspn(++p, "}") : strcspn(p, ";");
	return mst_strndup(p, len);
}

/* The program makes its connection strings itself, so this one is taken
 * apart. */
static void use_real(const char *string)
{
	const char *port = word(string, "PORT");
	const char *encrypt = word(string, "Encrypt");

	conf.server = word(string, "SERVER");
	if (port && conf.server) {
		char *both = mst_alloc(strlen(conf.server) + strlen(port) + 2);

		(void)sprintf(both, "%s,%s", conf.server, port);
		conf.server = both;
	}
	conf.user = word(string, "UID");
	conf.driver = word(string, "DRIVER");
	conf.integrated_security = !conf.user;
	conf.encrypt =
	    encrypt && strcasecmp(encrypt, "no") == 0 ? "off" : "trust";
	if (conf.user) {
		const char *pwd = word(string, "PWD");

		(void)setenv("MUSTER_TEST_SQLSERVER_PWD", pwd ? pwd : "", 1);
		conf.password = "env:MUSTER_TEST_SQLSERVER_PWD";
	}
}

static void use_test_driver(void)
{
	void *lib = dlopen(T_ODBC, RTLD_NOW | RTLD_LOCAL);
	t_odbc_get_fn *get;

	if (!lib) {
		(void)fprintf(stderr, "%s\n", dlerror());
		exit(1);
	}
	get = (t_odbc_get_fn *)dlsym(lib, "t_odbc_get");
	sqlserver_odbc = get();
	sqlserver_odbc->folder = t_path("databases");
	(void)mkdir(sqlserver_odbc->folder, 0700);
	(void)setenv("SQLSERVER_PASSWORD", "not-a-real}secret;", 1);
	conf = (struct mst_recver_conf){
	    .server = "db.test\\one",
	    .user = "agent",
	    .password = "env:SQLSERVER_PASSWORD",
	    .encrypt = "verify",
	    .driver = T_ODBC,
	};
}

int main(int argc, char **argv)
{
	const char *real = getenv("MUSTER_TEST_SQLSERVER");
	int failed = 0;

	if (real && *real)
		use_real(real);
	else
		use_test_driver();
	conf.timeout_ms = 60000;
	rv.ops = mst_recver_find("sqlserver");
	rv.fresh = sqlserver_fresh;
	rv.server = conf;
	if (argc > 1 && sqlserver_odbc)
		return sqlserver_statements();
	failed += rv_every_store("sqlserver");
	if (sqlserver_odbc)
		failed += sqlserver_tests() + sqlserver_damages() +
			  upgrade_tests(&upgrade_sqlserver);
	return failed;
}
