/* SPDX-License-Identifier: Apache-2.0
 *
 * muster recver verify, copy and reset, with runs in between: a RecVer that was
 * moved is as good as before, wherever it was moved to.
 */
#include "tests/lib/sync_rig_pg.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "recver/recver.h"
#include "tests/lib/mongo.h"
#include "tests/lib/odbc.h"
#include "tests/lib/pg.h"

static struct rig rig;
static char recver_lines[1024];

/* ---- stores ---------------------------------------------------------------
 */

enum kind {
	SQLITE,
	POSTGRES,
	MONGODB,
	SQLSERVER /* the ODBC driver for tests */
};

/* A store that nobody has used: words for the command, lines for the
 * configuration. */
struct place {
	char words[1024], lines[1024];
	char name[600]; /* database or path */
};

static struct place fresh(enum kind kind)
{
	static unsigned n;
	struct mst_recver_conf mongo;
	struct place p;

	n++;
	switch (kind) {
	case SQLITE:
		(void)snprintf(p.name, sizeof(p.name), "%s/copy-%u.db", rig.dir,
			       n);
		(void)snprintf(p.words, sizeof(p.words), "sqlite:path=%s",
			       p.name);
		(void)snprintf(p.lines, sizeof(p.lines),
			       "    recver:\n      path: %s\n", p.name);
		break;
	case POSTGRES:
		(void)snprintf(p.name, sizeof(p.name), "copy_%u", n);
		(void)snprintf(p.words, sizeof(p.words),
			       "postgres:server=%s,database=%s,user=" T_PG_USER,
			       t_pg_socket(), p.name);
		(void)snprintf(p.lines, sizeof(p.lines),
			       "    recver:\n      type: postgres\n"
			       "      server: %s\n      database: %s\n"
			       "      user: " T_PG_USER "\n",
			       t_pg_socket(), p.name);
		break;
	case MONGODB:
		mongo = t_mongo_conf();
		(void)snprintf(p.name, sizeof(p.name), "%s", t_mongo_fresh());
		(void)snprintf(p.words, sizeof(p.words),
			       "mongodb:server=%s,database=%s,encrypt=%s",
			       mongo.server, p.name, mongo.encrypt);
		(void)snprintf(p.lines, sizeof(p.lines),
			       "    recver:\n      type: mongodb\n"
			       "      server: %s\n      database: %s\n"
			       "      encrypt: \"%s\"\n",
			       mongo.server, p.name, mongo.encrypt);
		break;
	case SQLSERVER:
		(void)snprintf(p.name, sizeof(p.name), "copy_%u", n);
		(void)snprintf(p.words, sizeof(p.words),
			       "sqlserver:server=db.test,1433,database=%s,"
			       "user=agent,password=env:RECVER_PASSWORD,"
			       "driver=" T_ODBC,
			       p.name);
		(void)snprintf(p.lines, sizeof(p.lines),
			       "    recver:\n      type: sqlserver\n"
			       "      server: db.test,1433\n"
			       "      database: %s\n      user: agent\n"
			       "      password: env:RECVER_PASSWORD\n"
			       "      driver: " T_ODBC "\n",
			       p.name);
		break;
	}
	return p;
}

static void use(const struct place *p)
{
	(void)snprintf(recver_lines, sizeof(recver_lines), "%s", p->lines);
	rig.recver = recver_lines;
	rig_apply(&rig, NULL, NULL, NULL);
}

static void move_to(const struct place *p)
{
	rig_muster(&rig, "recver", "copy", "defender", p->words);
	rig_status(&rig, 0);
	assert_non_null(strstr(rig.out.p, "both are equal"));
}

/* RecVer's counts, without what takes room differently everywhere. */
static char *counts(void)
{
	char *text = rig_recver(&rig), *at = text, *to;

	while ((at = strstr(at, "\"bytes\":")) != NULL) {
		at += strlen("\"bytes\":");
		to = at + strspn(at, "0123456789");
		memmove(at, to, strlen(to) + 1);
	}
	return text;
}

static void verify(void)
{
	rig_muster(&rig, "recver", "verify", "defender");
	rig_status(&rig, 0);
	assert_non_null(strstr(rig.out.p, "all is as it must be"));
	assert_null(strstr(rig.out.p, "Note"));
}

static void day(int n)
{
	rig_control(&rig, "POST", "/_sim/day", "{\"day\":%d}", n);
}

static void begin(void)
{
	rig.recver = NULL;
	rig_fresh(&rig);
	assert_true(rig_sync(&rig, 0) > 0);
	rig_verify(&rig);
}

/* ---- tests ----------------------------------------------------------------
 */

/* From each to each, with what happened meanwhile: the run behind a move sends
 * nothing, and the day behind it is right. */
static void every_direction(void **state)
{
	static const enum kind way[] = {POSTGRES,  MONGODB, SQLITE,    MONGODB,
					POSTGRES,  SQLITE,  SQLSERVER, POSTGRES,
					SQLSERVER, MONGODB, SQLSERVER, SQLITE};

	(void)state;
	begin();
	verify();
	for (size_t i = 0; i < MST_LEN(way); i++) {
		struct place p = fresh(way[i]);
		char *before = counts(), *after;

		move_to(&p);
		use(&p);
		verify();
		after = counts();
		assert_string_equal(before, after);
		rig_quiet(&rig);
		day((int)i + 1);
		(void)rig_sync(&rig, 0);
		rig_verify(&rig);
		rig_quiet(&rig);
		verify();
		free(before);
		free(after);
	}
}

/* A store in words is the original, the connection's own is where it goes. */
static void to_the_connection(void **state)
{
	struct place old, new = fresh(POSTGRES);
	char *own = mst_asprintf("%s/recver/defender.db", rig.state);

	(void)state;
	begin();
	free(own);
	own = mst_asprintf("%s/recver/defender.db", rig.state);
	use(&new);
	(void)snprintf(old.words, sizeof(old.words), "sqlite:path=%s", own);
	rig_muster(&rig, "recver", "copy", old.words, "defender");
	rig_status(&rig, 0);
	assert_non_null(strstr(
	    rig.out.p, "connection 'defender' has it from the next run"));
	rig_quiet(&rig);
	free(own);
}

/* What a first load leaves that is guarded, pending or of another target. */
static void not_empty(void **state)
{
	struct place p = fresh(POSTGRES);

	(void)state;
	begin();
	move_to(&p);
	rig_muster(&rig, "recver", "copy", "defender", p.words);
	rig_status(&rig, 5);
	rig_one_error(&rig);
	rig_says(&rig, "it holds what was delivered to cmdb");
	/* Nobody says yes. */
	rig_muster(&rig, "recver", "copy", "defender", p.words, "--force");
	rig_status(&rig, 130);
	rig_says(&rig, "it will be emptied");
	rig_says(&rig, "nothing was copied");
	t_pg_sql(p.name, "UPDATE muster.grp SET digest = '\\x00'");
	rig_muster(&rig, "recver", "copy", "defender", p.words, "--force",
		   "--yes");
	rig_status(&rig, 0);
	use(&p);
	verify();
	rig_quiet(&rig);
}

/* A copy that was stopped: no run takes it, the same command makes it whole. */
static void unfinished(void **state)
{
	struct place p = fresh(POSTGRES);
	char *lines = mst_strdup(p.lines);

	(void)state;
	begin();
	move_to(&p);
	t_pg_sql(p.name, "UPDATE muster.meta SET value = 'the file'"
			 " WHERE name = 'unfinished';"
			 "DELETE FROM muster.grp WHERE set_id = 1;"
			 "INSERT INTO muster.record_set"
			 " VALUES (77, 'elsewhere', 'devices')");
	use(&p);
	rig_muster(&rig, "run", "main");
	rig_status(&rig, 5);
	rig_one_error(&rig);
	rig_says(&rig, "is a copy of the file that was not finished");
	rig_muster(&rig, "recver", "verify", "defender");
	rig_status(&rig, 1);
	assert_non_null(strstr(rig.out.p, "a copy into it was not finished"));
	rig.recver = NULL;
	rig_apply(&rig, NULL, NULL, NULL);
	move_to(&p);
	(void)snprintf(p.lines, sizeof(p.lines), "%s", lines);
	use(&p);
	verify();
	rig_quiet(&rig);
	free(lines);
}

/* A copy that nobody wants any more. */
static void given_up(void **state)
{
	struct place p = fresh(POSTGRES);

	(void)state;
	begin();
	move_to(&p);
	t_pg_sql(p.name, "UPDATE muster.meta SET value = 'the file'"
			 " WHERE name = 'unfinished'");
	use(&p);
	rig_muster(&rig, "connection", "test", "defender");
	rig_status(&rig, 1);
	assert_non_null(
	    strstr(rig.out.p, "a copy of the file into it was not finished"));
	assert_non_null(
	    strstr(rig.out.p, "with 'muster recver reset defender'"));
	rig_muster(&rig, "recver", "reset", "main", "--yes");
	rig_status(&rig, 5);
	rig_one_error(&rig);
	rig_says(&rig, "give it up with 'muster recver reset defender'");
	rig_muster(&rig, "recver", "reset", "defender", "--target", "cmdb",
		   "--yes");
	rig_status(&rig, 5);
	rig_one_error(&rig);
	rig_says(&rig, "give all of it up with 'muster recver reset defender'");
	rig_muster(&rig, "recver", "reset", "defender");
	rig_status(&rig, 130);
	rig_says(&rig, "It is a copy of the file that was not finished, and is "
		       "given up.");
	rig_muster(&rig, "recver", "reset", "defender", "--yes");
	rig_status(&rig, 0);
	rig_says(&rig, "RecVer of 'defender' was a copy that was not finished");
	(void)rig_sync(&rig, 0);
	rig_verify(&rig);
	verify();
}

/* A path that leads on from here is a whole one in the configuration. */
static void from_here(void **state)
{
	char *was = getcwd(NULL, 0), *line;

	(void)state;
	begin();
	assert_int_equal(chdir(t_dir()), 0);
	rig_muster(&rig, "recver", "copy", "defender", "sqlite:path=here.db");
	rig_status(&rig, 0);
	line = mst_asprintf("path: %s/here.db\n", t_dir());
	assert_non_null(strstr(rig.out.p, line));
	free(line);
	assert_int_equal(chdir(was), 0);
	free(was);
}

/* One line each, and what is copied stays as it was. */
static void refused(void **state)
{
	struct place p = fresh(POSTGRES), file = fresh(SQLITE);

	(void)state;
	begin();
	rig.file_max = 40000;
	rig_muster(&rig, "recver", "copy", "defender", file.words);
	rig.file_max = 0;
	rig_status(&rig, 1);
	rig_one_error(&rig);
	t_pg_sql("postgres", "CREATE ROLE reader LOGIN");
	(void)snprintf(p.words, sizeof(p.words),
		       "postgres:server=%s,database=never,user=reader",
		       t_pg_socket());
	rig_muster(&rig, "recver", "copy", "defender", p.words);
	rig_status(&rig, 4);
	rig_one_error(&rig);
	rig_says(&rig, "permission denied");
	t_pg_stop(false);
	rig_muster(&rig, "recver", "copy", "defender", p.words);
	rig_status(&rig, 1);
	rig_one_error(&rig);
	rig_says(&rig, "RecVer 'never' on '");
	t_pg_again();
	/* The file that was too large is gone on with. */
	move_to(&file);
	verify();
	rig_quiet(&rig);
	use(&file);
	verify();
	rig_quiet(&rig);
}

static void wrong_words(void **state)
{
	static const struct {
		const char *from, *to, *says;
		int status;
	} all[] = {
	    {"defender", "sqlite", "sqlite", 1},
	    {"defender", "defender", "are the same store", 1},
	    {"sqlite:path=/a", "sqlite:path=/b", "whose RecVer is it?", 1},
	    {"cmdb", "sqlite:path=/b", "is a destination", 1},
	    {"defender", "sqlite:pth=/b", "did you mean \"recver.path\"", 1},
	    {"defender", "sqlite:pth=/b,password=geheim", "recver.pth", 1},
	    {"defender", "sqlite:/b", "'/b' is no option of a store", 1},
	    {"defender", "postgres:path=/b", "recver.path means nothing", 1},
	    {"defender", "postgres:user=a,password=geheim",
	     "must be a reference", 1},
	    {"defender", "sqlite:path=/dev/null/x.db", "/dev/null", 1},
	    {"defender", "sqlite:path=/never/made/x.db",
	     "no folder '/never/made' for the file", 1},
	    {"defender", "sqlite:path=/tmp/", "'/tmp' is a folder", 1},
	    {"defender", "sqlite:path=/a,path=/b", "'path' of sqlite is given",
	     1},
	    {"defender", "sqlite:type=mem", "'type' of sqlite is given", 1},
	    {"defender", "sqlite:path=", "'path' of sqlite has no value", 1},
	    {"defender", "sqlite:path=/b,", "ends with a comma", 1},
	    {"defender", "mem:path=x", "no connection 'mem:path=x'", 1},
	};

	(void)state;
	begin();
	for (size_t i = 0; i < MST_LEN(all); i++) {
		rig_muster(&rig, "recver", "copy", all[i].from, all[i].to);
		rig_status(&rig, all[i].status);
		rig_one_error(&rig);
		rig_says(&rig, all[i].says);
		assert_null(strstr(rig.err.p, "geheim"));
	}
	rig_muster(&rig, "recver", "verify", "nobody");
	rig_status(&rig, 1);
	rig_one_error(&rig);
	rig_says(&rig, "neither a job nor a source connection 'nobody'");
	rig_muster(&rig, "recver", "reset", "nobody");
	rig_status(&rig, 1);
	rig_says(&rig, "neither a job nor a source connection 'nobody'");
	rig_muster(&rig, "recver", "verfy", "main");
	rig_status(&rig, 2);
	rig_says(&rig, "did you mean 'verify'?");
	rig_muster(&rig, "recver", "copy", "defender");
	rig_status(&rig, 2);
	rig_says(&rig, "wants FROM TO");
	rig_muster(&rig, "recver", "stats", "main", "--force");
	rig_status(&rig, 2);
	rig_says(&rig, "--force means nothing with that");
}

/* All destinations of a connection, one of them, one of its sets. */
static void reset_connection(void **state)
{
	(void)state;
	begin();
	rig_muster(&rig, "recver", "reset", "defender");
	rig_status(&rig, 130);
	rig_says(&rig, "for all its destinations will be emptied");
	rig_muster(&rig, "recver", "reset", "defender", "--target", "none",
		   "--yes");
	rig_status(&rig, 1);
	rig_says(&rig, "holds nothing for 'none'");
	rig_muster(&rig, "recver", "reset", "defender", "--target", "cmdb",
		   "--record-set", "software_installs", "--yes");
	rig_status(&rig, 0);
	rig_muster(&rig, "recver", "stats", "main");
	assert_non_null(
	    strstr(rig.out.p, "software_installs                0"));
	assert_null(strstr(rig.out.p, "devices                          0"));
	rig_muster(&rig, "recver", "stats", "defender");
	rig_status(&rig, 0);
	assert_non_null(strstr(rig.out.p, "to cmdb by main\nrecord set "));
	rig_muster(&rig, "recver", "reset", "defender", "--yes");
	rig_status(&rig, 0);
	rig_muster(&rig, "recver", "stats", "main");
	assert_non_null(
	    strstr(rig.out.p, "devices                          0"));
	verify();
	/* Everything is looked up, nothing is written twice. */
	(void)rig_sync(&rig, 0);
	rig_verify(&rig);
	rig_quiet(&rig);
	verify();
}

/* Somebody empties a table of the instance. */
static void delete_all(const char *table)
{
	struct mst_json row = {0};
	struct mst_json_iter it;
	char path[80];

	for (;;) {
		it = mst_json_iter(rig_rows(&rig, table, "", "sys_id"));
		if (!mst_json_next(&it, NULL, &row))
			return;
		(void)snprintf(
		    path, sizeof(path), "/_sim/sn/rows/%.*s",
		    MST_SLICE_ARG(mst_json_str(mst_json_get(row, "sys_id"))));
		rig_control(&rig, "DELETE", path, "%s", "");
	}
}

/* One record set is forgotten and nothing else changes: its records come back,
 * and what refers to them finds them, although they are others now. */
static void reset_set(void **state)
{
	/* A definition cannot be deleted while an instance refers to it. */
	static const struct {
		const char *set, *deleted[2];
	} all[] = {
	    {"vulnerabilities", {NULL}},
	    {"vulnerabilities", {"u_muster_cve_instance", "u_muster_cve"}},
	    {"software_packages", {"cmdb_software_instance"}},
	    {"devices", {NULL}},
	    {"software_installs", {"cmdb_software_instance"}},
	    {"device_vulnerabilities", {NULL}},
	};
	char *before, *after;

	(void)state;
	begin();
	before = counts();
	for (size_t i = 0; i < MST_LEN(all); i++) {
		for (size_t k = 0; k < 2 && all[i].deleted[k]; k++)
			delete_all(all[i].deleted[k]);
		if (i % 2)
			rig_muster(&rig, "recver", "reset", "defender",
				   "--record-set", all[i].set, "--yes");
		else
			rig_muster(&rig, "recver", "reset", "main",
				   "--record-set", all[i].set, "--yes");
		rig_status(&rig, 0);
		(void)rig_sync(&rig, 0);
		rig_verify(&rig);
		after = counts();
		assert_string_equal(before, after);
		free(after);
		rig_quiet(&rig);
		verify();
	}
	free(before);
}

/* Much of another destination's, and then none of it. */
static void swell(const char *path)
{
	const struct mst_recver_conf conf = {.path = path};
	struct mst_member m[60] = {{0}};
	struct mst_recver *r = NULL;
	struct mst_err err = MST_ERR_INIT;

	for (size_t i = 0; i < MST_LEN(m); i++)
		m[i].key = i;
	t_ok(mst_recver_sqlite.open(&conf, "defender", false, &r, &err), &err);
	t_ok(r->ops->begin(r, &err), &err);
	for (uint32_t i = 0; i < 12000; i++) {
		const struct mst_group_put g = {
		    .row = {.key = mst_hash128(&i, sizeof(i), 0),
			    .text = mst_slice((const char *)&i, sizeof(i)),
			    .members = MST_LEN(m)},
		    .members = m,
		    .with_remote = true};

		t_ok(r->ops->put(r, "other", "rows", &g, 1, &err), &err);
	}
	t_ok(r->ops->commit(r, &err), &err);
	t_ok(r->ops->reset(r, "other", NULL, &err), &err);
	r->ops->close(&r);
}

/* A run gives back what is free, although it has nothing to deliver. */
static void room_comes_back(void **state)
{
	struct stat was, is;
	char *path;

	(void)state;
	begin();
	path = mst_asprintf("%s/recver/defender.db", rig.state);
	swell(path);
	assert_int_equal(stat(path, &was), 0);
	assert_true(was.st_size > 20000000);
	rig_quiet(&rig);
	assert_int_equal(stat(path, &is), 0);
	assert_true(is.st_size < 2000000);
	verify();
	day(1);
	assert_true(rig_sync(&rig, 0) > 0);
	rig_verify(&rig);
	verify();
	free(path);
}

/* A destination that is none any more is told of, and can be forgotten. */
static void old_destination(void **state)
{
	struct place p = fresh(POSTGRES);

	(void)state;
	begin();
	move_to(&p);
	use(&p);
	t_pg_sql(p.name, "INSERT INTO muster.record_set"
			 " VALUES (77, 'old', 'devices');"
			 "INSERT INTO muster.meta"
			 " VALUES ('old', 'feed.machines', '12')");
	rig_muster(&rig, "recver", "verify", "defender", "--json");
	rig_status(&rig, 0);
	assert_non_null(strstr(rig.out.p, "\"level\":\"note\""));
	assert_non_null(strstr(rig.out.p, "is no destination any more"));
	rig_muster(&rig, "recver", "verify", "main");
	rig_status(&rig, 0);
	assert_null(strstr(rig.out.p, "Note"));
	rig_muster(&rig, "recver", "reset", "defender", "--target", "old",
		   "--yes");
	rig_status(&rig, 0);
	verify();
	rig_quiet(&rig);
}

static int set_up(void **state)
{
	(void)state;
	t_pg_start();
	(void)setenv(T_ODBC_FOLDER, t_path("databases"), 1);
	(void)setenv("RECVER_PASSWORD", "not-a-real-one", 1);
	assert_int_equal(mkdir(t_path("databases"), 0700), 0);
	rig_start(&rig, NULL);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	rig_stop(&rig);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_direction),
	    cmocka_unit_test(to_the_connection),
	    cmocka_unit_test(not_empty),
	    cmocka_unit_test(unfinished),
	    cmocka_unit_test(given_up),
	    cmocka_unit_test(from_here),
	    cmocka_unit_test(refused),
	    cmocka_unit_test(wrong_words),
	    cmocka_unit_test(reset_connection),
	    cmocka_unit_test(reset_set),
	    cmocka_unit_test(room_comes_back),
	    cmocka_unit_test(old_destination),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
