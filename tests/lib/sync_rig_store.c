/* SPDX-License-Identifier: Apache-2.0
 *
 * See sync_rig_store.h.
 */
#include "tests/lib/sync_rig_store.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "tests/lib/mongo.h"
#include "tests/lib/odbc.h"
#include "tests/lib/pg.h"

#define DATABASE "muster_recver_defender"
#define PASSWORD "not-a-real-password"
#define FOLDER	 "odbc"

static struct mst_recver_conf there;
static char lines[2048];

struct mst_recver_conf rig_store_conf(void)
{
	return there;
}

static void add_line(const char *name, const char *value)
{
	size_t n = strlen(lines);

	if (value)
		(void)snprintf(lines + n, sizeof(lines) - n,
			       "      %s: \"%s\"\n", name, value);
}

static void use(struct rig *r, const struct mst_recver_conf *conf,
		void (*empty)(void))
{
	there = *conf;
	there.timeout_ms = 20000;
	(void)snprintf(lines, sizeof(lines), "    recver:\n");
	add_line("type", conf->type);
	add_line("path", conf->path);
	add_line("server", conf->server);
	add_line("database", conf->database);
	add_line("user", conf->user);
	add_line("password", conf->password);
	add_line("encrypt", conf->encrypt);
	add_line("driver", conf->driver);
	add_line("replica_set", conf->replica_set);
	add_line("auth_source", conf->auth_source);
	if (strcmp(conf->type, "sqlite") != 0)
		add_line("timeout", "20s");
	r->recver = lines;
	r->recver_empty = empty;
}

/* ---- a file -------------------------------------------------------------- */

static void empty_file(void)
{
	static const char *const tails[] = {"", "-wal", "-shm", "-journal"};
	char path[600];

	for (size_t i = 0; i < MST_LEN(tails); i++) {
		(void)snprintf(path, sizeof(path), "%s%s", there.path,
			       tails[i]);
		(void)unlink(path);
	}
}

static void on_file(struct rig *r)
{
	const struct mst_recver_conf conf = {
	    .type = "sqlite", .path = t_path("recver-of-rig.db")};

	use(r, &conf, empty_file);
}

/* ---- PostgreSQL ---------------------------------------------------------- */

static void empty_postgres(void)
{
	if (*t_pg_ask("postgres", "SELECT 1 FROM pg_database"
				  " WHERE datname = '" DATABASE "'"))
		t_pg_sql(DATABASE, "SET client_min_messages = warning;"
				   "DROP SCHEMA IF EXISTS muster CASCADE");
}

static void on_postgres(struct rig *r, const char *server)
{
	const struct mst_recver_conf conf = {.type = "postgres",
					     .server = server,
					     .database = DATABASE,
					     .user = T_PG_USER,
					     .password = "env:RIG_PASSWORD",
					     .encrypt = "off",
					     .copy = true};

	use(r, &conf, empty_postgres);
}

/* ---- MongoDB ------------------------------------------------------------- */

static void empty_mongodb(void)
{
	(void)t_mongo_do(there.database, "{\"dropDatabase\": 1}");
}

static void on_mongodb(struct rig *r, const char *server, const char *set)
{
	static const char *database;
	struct mst_recver_conf conf = t_mongo_conf();

	if (!database)
		database = t_mongo_fresh();
	conf.database = database;
	if (server)
		conf.server = server;
	if (set)
		conf.replica_set = set;
	use(r, &conf, empty_mongodb);
}

void rig_on_servers(struct rig *r, const char *servers, const char *set)
{
	on_mongodb(r, servers, set);
}

/* ---- SQL Server ---------------------------------------------------------- */

static void empty_sqlserver(void)
{
	struct mst_err err = MST_ERR_INIT;

	t_ok(mst_dir_remove(t_path(FOLDER), &err), &err);
	assert_int_equal(mkdir(t_path(FOLDER), 0700), 0);
}

static void on_sqlserver(struct rig *r)
{
	const struct mst_recver_conf conf = {.type = "sqlserver",
					     .server = "db.test",
					     .database = DATABASE,
					     .user = "agent",
					     .password = "env:RIG_PASSWORD",
					     .encrypt = "verify",
					     .driver = T_ODBC};

	(void)setenv(T_ODBC_FOLDER, t_path(FOLDER), 1);
	(void)mkdir(t_path(FOLDER), 0700);
	use(r, &conf, empty_sqlserver);
}

/* ---- any ----------------------------------------------------------------- */

void rig_on(struct rig *r, const char *type)
{
	(void)setenv("RIG_PASSWORD", PASSWORD, 1);
	if (strcmp(type, "sqlite") == 0) {
		on_file(r);
	} else if (strcmp(type, "postgres") == 0) {
		t_pg_start();
		on_postgres(r, t_pg_socket());
	} else if (strcmp(type, "mongodb") == 0) {
		on_mongodb(r, NULL, NULL);
	} else if (strcmp(type, "sqlserver") == 0) {
		on_sqlserver(r);
	} else {
		fail_msg("no store of this type: %s", type);
	}
}

void rig_on_way(struct rig *r, const char *type, struct t_way *w)
{
	static char server[32];
	int port = 0;

	rig_on(r, type);
	if (strcmp(type, "postgres") == 0) {
		port = t_pg_port();
		t_pg_sql("postgres",
			 "ALTER ROLE " T_PG_USER " PASSWORD '" PASSWORD "'");
	} else if (sscanf(there.server, "127.0.0.1:%d", &port) != 1) {
		fail_msg("no way to '%s'", there.server);
	}
	t_way_open(w, port);
	(void)snprintf(server, sizeof(server), "127.0.0.1:%d", w->port);
	if (strcmp(type, "postgres") == 0)
		on_postgres(r, server);
	else
		on_mongodb(r, server, NULL);
}

/* ---- somebody else ------------------------------------------------------- */

#define ELSEWHERE "elsewhere.example, process 7"

static void lease_in_driver(const char *token)
{
	sqlite3 *db = NULL;
	char sql[200];

	assert_int_equal(sqlite3_open(t_path(FOLDER "/" DATABASE ".db"), &db),
			 SQLITE_OK);
	(void)sqlite3_busy_timeout(db, 10000);
	(void)sqlite3_snprintf(sizeof(sql), sql,
			       "UPDATE lease SET token = %Q, holder = %Q",
			       token, ELSEWHERE);
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK ||
	    sqlite3_changes(db) != 1)
		fail_msg("the lease cannot be taken: %s", sqlite3_errmsg(db));
	(void)sqlite3_close(db);
}

void rig_store_lease(const char *token)
{
	if (strcmp(there.type, "postgres") == 0)
		t_pg_sql(DATABASE,
			 "UPDATE muster.lease SET token = '%s',"
			 " holder = '" ELSEWHERE "'",
			 token);
	else if (strcmp(there.type, "mongodb") == 0)
		(void)t_mongo_do(
		    there.database,
		    "{\"update\": \"lease\", \"updates\": [{\"q\": "
		    "{\"_id\": \"writer\"}, \"u\": {\"$set\": "
		    "{\"token\": \"%s\", \"holder\": \"" ELSEWHERE "\"}}}]}",
		    token);
	else
		lease_in_driver(token);
}
