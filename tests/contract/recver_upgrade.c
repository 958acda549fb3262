/* SPDX-License-Identifier: Apache-2.0
 *
 * See recver_upgrade.h.
 */
#include "recver_upgrade.h"

#include <sched.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- the made-up versions -------------------------------------------------
 */

static const char *const sqlite_first[] = {
    "CREATE TABLE note(id INTEGER PRIMARY KEY) STRICT;\n",
    "ALTER TABLE grp ADD COLUMN extra INTEGER NOT NULL DEFAULT 5;\n",
    "UPDATE meta SET value = CAST('2' AS BLOB) WHERE name = 'schema';\n",
    NULL,
};

static const char *const sqlite_second[] = {
    "DROP TABLE note;\n",
    "UPDATE meta SET value = CAST('3' AS BLOB) WHERE name = 'schema';\n",
    NULL,
};

const struct upgrade_case upgrade_sqlite = {
    .type = "sqlite",
    .head = "",
    .first = sqlite_first,
    .second = sqlite_second,
    .fails = "INSERT INTO nowhere VALUES (1);\n",
    .at_once = true,
    .may_fork = true,
};

static const char *const postgres_first[] = {
    "CREATE TABLE IF NOT EXISTS muster.note (id bigint PRIMARY KEY);\n",
    "ALTER TABLE muster.grp\n    ADD COLUMN IF NOT EXISTS extra bigint\n"
    "    NOT NULL DEFAULT 5;\n",
    "INSERT INTO muster.note VALUES (1) ON CONFLICT (id) DO NOTHING;\n",
    "-- Last, because it says that everything above is there.\n"
    "UPDATE muster.meta SET value = convert_to('2', 'UTF8') WHERE target = ''"
    " AND name = 'schema' AND value = convert_to('1', 'UTF8');\n",
    NULL,
};

static const char *const postgres_second[] = {
    "DROP TABLE IF EXISTS muster.note;\n",
    "UPDATE muster.meta SET value = convert_to('3', 'UTF8') WHERE target = ''"
    " AND name = 'schema' AND value = convert_to('2', 'UTF8');\n",
    NULL,
};

const struct upgrade_case upgrade_postgres = {
    .type = "postgres",
    .head = "\\set ON_ERROR_STOP on\n\n"
	    "\\connect :\"recver_database_name\"\n\n",
    .first = postgres_first,
    .second = postgres_second,
    .fails = "SELECT 1 / 0;\n",
    .may_fork = true,
};

#define COMMAND(x) "recver.runCommand(EJSON.deserialize(" x "));\n"
#define BYTE(b64)                                                              \
	"{\"$binary\": {\"base64\": \"" b64 "\", \"subType\": \"00\"}}"
#define VERSION(from, to)                                                      \
	COMMAND(                                                               \
	    "{\"update\": \"meta\", \"updates\": [{\"q\": {\"_id\": "          \
	    "{\"target\": \"\", \"name\": \"schema\"}, \"value\": " BYTE(      \
		from) "}, \"u\": {\"$set\": {\"value\": " BYTE(to) "}}}]}")

static const char *const mongodb_first[] = {
    COMMAND("{\"create\": \"note\"}"),
    COMMAND("{\"update\": \"grp\", \"updates\": [{\"q\": {\"extra\": "
	    "{\"$exists\": false}}, \"u\": {\"$set\": {\"extra\": 5}}, "
	    "\"multi\": true}]}"),
    VERSION("MQ==", "Mg=="),
    NULL,
};

static const char *const mongodb_second[] = {
    COMMAND("{\"delete\": \"note\", \"deletes\": [{\"q\": {}, \"limit\": 0}]}"),
    VERSION("Mg==", "Mw=="),
    NULL,
};

const struct upgrade_case upgrade_mongodb = {
    .type = "mongodb",
    .head = "const recver = db.getSiblingDB(recver_database_name);\n",
    .first = mongodb_first,
    .second = mongodb_second,
    .fails = COMMAND("{\"noSuchCommand\": 1}"),
};

static const char *const sqlserver_first[] = {
    "IF OBJECT_ID(N'muster.note', N'U') IS NULL\n"
    "CREATE TABLE muster.note (\n    id bigint NOT NULL\n);\nGO\n",
    "DELETE FROM muster.note WHERE id = 7;\nGO\n",
    "UPDATE muster.meta SET value = 0x32 WHERE target = N''"
    " AND name = N'schema' AND value = 0x31;\nGO\n",
    NULL,
};

static const char *const sqlserver_second[] = {
    "DELETE FROM muster.note;\nGO\n",
    "UPDATE muster.meta SET value = 0x33 WHERE target = N''"
    " AND name = N'schema' AND value = 0x32;\nGO\n",
    NULL,
};

const struct upgrade_case upgrade_sqlserver = {
    .type = "sqlserver",
    .head = "USE [$(recver_database_name)];\nGO\n\n",
    .first = sqlserver_first,
    .second = sqlserver_second,
    .fails = "DELETE FROM muster.nowhere;\nGO\n",
};

/* ---- putting them in place ------------------------------------------------
 */

static struct mst_recver_script table[32];
static char *texts[2];

static char *text_of(const struct upgrade_case *c, const char *const *all,
		     size_t statements)
{
	struct mst_buf out = MST_BUF_INIT(1u << 20);
	char *text;

	(void)mst_buf_adds(&out, c->head);
	for (size_t i = 0; all[i] && i < statements; i++)
		(void)mst_buf_adds(&out, all[i]);
	if (statements != SIZE_MAX)
		(void)mst_buf_adds(&out, c->fails);
	text = mst_strdup(out.p);
	mst_buf_fini(&out);
	return text;
}

static void take_away(void)
{
	mst_recver_scripts_replace(NULL, 0);
	for (size_t i = 0; i < MST_LEN(texts); i++) {
		free(texts[i]);
		texts[i] = NULL;
	}
}

void upgrade_put(const struct upgrade_case *c, size_t statements)
{
	const struct mst_recver_script *own;
	size_t n = 0;

	take_away();
	if (!c)
		return;
	texts[0] = text_of(c, c->first, statements);
	texts[1] = text_of(c, c->second, SIZE_MAX);
	for (own = mst_recver_scripts(); own->type; own++)
		table[n++] = *own;
	for (unsigned i = 0; i < 2; i++)
		table[n++] = (struct mst_recver_script){.type = c->type,
							.name = "upgrade",
							.from = i + 1,
							.text = texts[i]};
	table[n] = (struct mst_recver_script){.type = NULL};
	mst_recver_scripts_replace(table, 3);
}

/* ---- tests ----------------------------------------------------------------
 */

static const struct upgrade_case *uc;

static int begin(void **state)
{
	take_away();
	(void)rv_set_up(state);
	tools_fill(rv.r);
	return 0;
}

static int end(void **state)
{
	if (rv.r)
		rv.ops->close(&rv.r);
	take_away();
	return 0;
}

static void has_version(const char *want)
{
	struct mst_buf val = MST_BUF_INIT(64);
	bool found = false;

	t_ok(rv.ops->meta_get(rv.r, "", "schema", &val, &found, &rv.err),
	     &rv.err);
	assert_true(found);
	t_is(mst_buf_slice(&val), want);
	mst_buf_fini(&val);
}

/* All that was there is there, and it can be written to. */
static void is_whole(const char *version)
{
	struct tools_found f = tools_verify(rv.r);

	assert_string_equal(f.text, "");
	assert_int_equal(f.sum.members, 106);
	free(f.text);
	has_version(version);
	rv_put_text("more", "devices", "a", 3);
	t_ok(rv.ops->reset(rv.r, "more", NULL, &rv.err), &rv.err);
}

static int again(bool create)
{
	return rv_open(rv.where, SOURCE, create, &rv.r, &rv.err);
}

static void test_two_steps(void **state)
{
	rv.ops->close(&rv.r);
	upgrade_put(uc, SIZE_MAX);
	t_ok(again(true), &rv.err);
	is_whole("3");
	/* Done once. */
	rv.ops->close(&rv.r);
	t_ok(again(false), &rv.err);
	is_whole("3");
}

/* Nobody who only looks changes the tables of a server. */
static void test_not_asked_for(void **state)
{
	rv.ops->close(&rv.r);
	upgrade_put(uc, SIZE_MAX);
	if (!uc->at_once)
		t_failed(again(false), &rv.err, MST_E_NOTFOUND,
			 "are of version 1, this muster needs 3: the next run "
			 "brings them up, or a DBA with what is printed by "
			 "'muster recver script --type ");
	take_away();
	t_ok(again(false), &rv.err);
	is_whole("1");
}

static void test_bypass(void **state)
{
	rv.ops->close(&rv.r);
	upgrade_put(uc, SIZE_MAX);
	rv.server.bypass_setup = true;
	if (!uc->at_once)
		t_failed(again(true), &rv.err, MST_E_NOTFOUND,
			 "let a DBA run what is printed by 'muster recver "
			 "script --type ");
	rv.server.bypass_setup = false;
}

/* Stopped behind each statement, with the first program or the next. */
static void test_stopped(void **state)
{
	size_t n = 0;

	while (uc->first[n])
		n++;
	for (size_t i = 0; i <= n; i++) {
		if (i) {
			rv.ops->close(&rv.r);
			rv.where = rv_fresh_place();
			take_away();
			t_ok(again(true), &rv.err);
			tools_fill(rv.r);
		}
		rv.ops->close(&rv.r);
		upgrade_put(uc, i);
		assert_true(again(true) < 0);
		if (!uc->at_once)
			assert_non_null(strstr(
			    rv.err.msg, "cannot be brought up to version 2; a "
					"DBA can, with what 'muster recver "
					"script --type "));
		/* Once more the same, then all of it. Behind its last
		 * statement the first step is done. */
		if (i < n)
			assert_true(again(true) < 0);
		upgrade_put(uc, SIZE_MAX);
		t_ok(again(true), &rv.err);
		is_whole("3");
	}
}

/* While a run of an older program has it, it stays as it is. */
static void test_in_use(void **state)
{
	struct mst_recver *other = NULL;

	upgrade_put(uc, SIZE_MAX);
	t_failed(rv_open(rv.where, SOURCE, true, &other, &rv.err), &rv.err,
		 MST_E_CONFLICT, "is in use by ");
	assert_null(other);
	take_away();
	is_whole("1");
	rv.ops->close(&rv.r);
	upgrade_put(uc, SIZE_MAX);
	t_ok(again(true), &rv.err);
	is_whole("3");
}

/* The first that comes does it; the others wait for it, or try again, as long
 * as it takes: how often does not say for how long. */
static int try_until(void)
{
	for (;; (void)sched_yield()) {
		int rc = again(true);

		if (rc == 0) {
			rv.ops->close(&rv.r);
			return 0;
		}
		if (rc != -MST_E_CONFLICT)
			return 1;
	}
}

static void test_at_once(void **state)
{
	pid_t pids[3];
	int status;

	rv.ops->close(&rv.r);
	upgrade_put(uc, SIZE_MAX);
	for (size_t i = 0; i < MST_LEN(pids) && uc->may_fork; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0)
			_exit(try_until());
	}
	for (size_t i = 0; i < MST_LEN(pids) && uc->may_fork; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	t_ok(again(true), &rv.err);
	is_whole("3");
}

static void test_newer(void **state)
{
	rv.ops->close(&rv.r);
	upgrade_put(uc, SIZE_MAX);
	t_ok(again(true), &rv.err);
	rv.ops->close(&rv.r);
	take_away();
	t_failed(again(true), &rv.err, MST_E_UNSUPPORTED, "newer");
	t_failed(again(false), &rv.err, MST_E_UNSUPPORTED, "newer");
	/* And nothing was done to it. */
	upgrade_put(uc, SIZE_MAX);
	t_ok(again(false), &rv.err);
	is_whole("3");
}

int upgrade_tests(const struct upgrade_case *c)
{
#define U(fn) cmocka_unit_test_setup_teardown(fn, begin, end)
	const struct CMUnitTest all[] = {
	    U(test_two_steps), U(test_not_asked_for), U(test_bypass),
	    U(test_stopped),   U(test_in_use),	      U(test_at_once),
	    U(test_newer),
	};

	uc = c;
	return cmocka_run_group_tests_name("upgrades", all, NULL, NULL);
}
