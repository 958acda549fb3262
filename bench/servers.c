/* SPDX-License-Identifier: Apache-2.0
 *
 * Servers that the environment names, as the tests do: MUSTER_TEST_MONGODB,
 * mongodb://host:port/, and MUSTER_TEST_SQLSERVER, an ODBC connection string.
 * Both are for tests: what the benchmarks leave there is a database
 * muster_bench_NUMBER.
 */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "bench/bench.h"

static char *database(void)
{
	return mst_asprintf("muster_bench_%d", (int)getpid());
}

bool bench_mongodb(struct mst_recver_conf *conf_r)
{
	static const char scheme[] = "mongodb://";
	const char *text = getenv("MUSTER_TEST_MONGODB");

	if (!text || strncmp(text, scheme, sizeof(scheme) - 1) != 0)
		return false;
	text += sizeof(scheme) - 1;
	*conf_r = (struct mst_recver_conf){
	    .type = "mongodb",
	    .server = mst_strndup(text, strcspn(text, "/")),
	    .database = database(),
	    .encrypt = "off",
	    .timeout_ms = 600000,
	};
	return true;
}

/* A value of "KEY=value;…", with or without braces; NULL: not there. */
static char *word(const char *string, const char *key)
{
	size_t n = strlen(key);

	while (*string &&
	       (strncasecmp(string, key, n) != 0 || string[n] != '=')) {
		string += strcspn(string, ";");
		string += strspn(string, "; ");
	}
	if (!*string)
		return NULL;
	string += n + 1;
	if (*string == '{')
		return mst_strndup(string + 1, strcspn(string + 1, "}"));
	return mst_strndup(string, strcspn(string, ";"));
}

bool bench_sqlserver(struct mst_recver_conf *conf_r)
{
	const char *text = getenv("MUSTER_TEST_SQLSERVER");
	char *server, *port, *encrypt, *password;

	if (!text || !*text)
		return false;
	server = word(text, "SERVER");
	port = word(text, "PORT");
	encrypt = word(text, "Encrypt");
	password = word(text, "PWD");
	*conf_r = (struct mst_recver_conf){
	    .type = "sqlserver",
	    .server = port ? mst_asprintf("%s,%s", server, port) : server,
	    .database = database(),
	    .user = word(text, "UID"),
	    .driver = word(text, "DRIVER"),
	    .encrypt =
		encrypt && strcasecmp(encrypt, "no") == 0 ? "off" : "trust",
	    .timeout_ms = 600000,
	};
	conf_r->integrated_security = !conf_r->user;
	if (conf_r->user) {
		(void)setenv("MUSTER_BENCH_PASSWORD", password ? password : "",
			     1);
		conf_r->password = "env:MUSTER_BENCH_PASSWORD";
	}
	free(port);
	free(encrypt);
	free(password);
	return true;
}
