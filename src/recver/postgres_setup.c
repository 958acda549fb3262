/* SPDX-License-Identifier: Apache-2.0
 *
 * The database and its tables: made by the very scripts that a DBA would run,
 * brought up to this version, refused when they are newer.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"
#include "postgres_private.h"
#include "recver/scripts.h"
#include "recver/upgrade.h"

/* ---- scripts ------------------------------------------------------------- */

/* :'name' and :"name" become the database's name as a text or a name. */
static void add_line(struct mst_pg *c, struct mst_buf *sql,
		     struct mst_slice line)
{
	static const char variable[] = "recver_database_name";
	size_t n = sizeof(variable) - 1;

	for (size_t i = 0; i < line.n; i++) {
		char *quoted = NULL, q = line.p[i];

		if (q == ':' && line.n - i > n + 2 &&
		    (line.p[i + 1] == '\'' || line.p[i + 1] == '"') &&
		    memcmp(line.p + i + 2, variable, n) == 0) {
			quoted = line.p[i + 1] == '"'
				     ? PQescapeIdentifier(c->h, c->database,
							  strlen(c->database))
				     : PQescapeLiteral(c->h, c->database,
						       strlen(c->database));
			(void)mst_buf_adds(sql, quoted ? quoted : "''");
			PQfreemem(quoted);
			i += n + 2;
		} else {
			(void)mst_buf_addc(sql, q);
		}
	}
	(void)mst_buf_addc(sql, '\n');
}

static bool ends_with(const struct mst_buf *b, const char *end)
{
	size_t n = strlen(end);

	return b->n > n && memcmp(b->p + b->n - 1 - n, end, n) == 0;
}

/* Like \gexec: what the rows say is run. */
static int run_rows(struct mst_pg *c, struct mst_buf *sql, struct mst_err *err)
{
	PGresult *res = NULL;
	int rc;

	sql->n -= strlen("\\gexec\n");
	sql->p[sql->n] = 0;
	rc = mst_pg_exec(c, sql->p, NULL, &res, err);
	for (int i = 0; rc == 0 && i < PQntuples(res); i++)
		rc = mst_pg_do(c, PQgetvalue(res, i, 0), NULL, NULL, err);
	PQclear(res);
	return rc;
}

/* One part of a script: part 0 goes up to \connect, part 1 begins behind it.
 * Statements end at the end of a line. */
static int run_part(struct mst_pg *c, const char *script, int part,
		    struct mst_err *err)
{
	struct mst_buf sql = MST_BUF_INIT(1u << 20);
	bool may_fail = false;
	int at = 0, rc = 0;

	for (const char *p = script; *p && rc == 0; p += strcspn(p, "\n") + 1) {
		struct mst_slice line = mst_slice(p, strcspn(p, "\n"));

		if (line.n >= 8 && memcmp(p, "\\connect", 8) == 0)
			at++;
		else if (*p == '\\')
			may_fail =
			    strstr(p, "off") && strstr(p, "off") < p + line.n;
		else if (at == part && line.n && memcmp(p, "--", 2) != 0)
			add_line(c, &sql, line);
		if (ends_with(&sql, "\\gexec"))
			rc = run_rows(c, &sql, err);
		else if (ends_with(&sql, ";"))
			rc = mst_pg_do(c, sql.p, NULL, NULL, err);
		else
			continue;
		mst_buf_reset(&sql);
		if (may_fail && rc != -MST_E_TRANSIENT)
			rc = 0;
	}
	mst_buf_fini(&sql);
	return rc;
}

/* ---- the database -------------------------------------------------------- */

static int make_database(struct mst_pg *c, struct mst_err *err)
{
	struct mst_pg admin = {.conf = c->conf, .database = c->database};
	char state[6];
	int rc = mst_pg_open(&admin, "postgres", state, err);

	if (rc == 0)
		rc = run_part(&admin, mst_recver_script("postgres", "create"),
			      0, err);
	mst_pg_shut(&admin);
	if (rc == -MST_E_TRANSIENT || rc == 0)
		return rc;
	return mst_err_prefix(err,
			      "the database is not there and cannot be made; "
			      "a DBA can, with sql/postgres/create.sql and "
			      "role.sql");
}

static int open_or_make(struct mst_pg *c, bool create, struct mst_err *err)
{
	char state[6];
	int rc = mst_pg_open(c, c->database, state, err);

	if (rc != -MST_E_NOTFOUND || strcmp(state, "3D000") != 0)
		return rc;
	if (!mst_recver_may_make_database(c->conf))
		return mst_err_set(err, MST_E_NOTFOUND,
				   "the database '%s' does not exist yet, and "
				   "recver.%s says not to make it: run "
				   "sql/postgres/create.sql",
				   c->database,
				   c->conf->bypass_setup ? "bypass_setup"
							 : "existing_database");
	if (!create)
		return rc;
	rc = make_database(c, err);
	return rc < 0 ? rc : mst_pg_open(c, c->database, state, err);
}

static int check_encoding(struct mst_pg *c, struct mst_err *err)
{
	const char *is = PQparameterStatus(c->h, "server_encoding");

	if (!is || strcmp(is, "UTF8") == 0)
		return 0;
	return mst_err_set(err, MST_E_UNSUPPORTED,
			   "the database's encoding is %s, not UTF8: make it "
			   "anew with sql/postgres/create.sql",
			   is);
}

/* ---- versions ------------------------------------------------------------ */

/* 0: there are no tables, or not all of them. */
static int read_version(void *p, unsigned *version_r, struct mst_err *err)
{
	struct mst_pg *c = p;
	struct mst_buf text = MST_BUF_INIT(64);
	bool found = false;
	uint64_t n = 0;
	int rc = mst_pg_meta_get(c, "", "schema", &text, &found, err);

	*version_r = 0;
	if (rc == -MST_E_NOTFOUND) {
		mst_err_clear(err);
		rc = 0;
	} else if (rc == 0 && found) {
		if (mst_num_u64(mst_buf_slice(&text), &n) && n && n < 1000000)
			*version_r = (unsigned)n;
		else
			rc = mst_err_set(err, MST_E_CORRUPT,
					 "the version of its tables is no "
					 "number: put a backup back, or drop "
					 "the database; the next run then "
					 "looks every record up");
	}
	mst_buf_fini(&text);
	return rc;
}

static int make(void *c, struct mst_err *err)
{
	return run_part(c, mst_recver_script("postgres", "create"), 1, err);
}

static int run(void *c, const char *script, struct mst_err *err)
{
	return run_part(c, script, 1, err);
}

static const struct mst_recver_tables tables = {
    .type = "postgres",
    .what = "tables",
    .file = "sql/postgres/create.sql",
    .version = read_version,
    .make = make,
    .run = run,
};

int mst_pg_upgrade(void *p, struct mst_err *err)
{
	struct mst_pg *c = p;

	return mst_recver_upgrade_tables(&tables, c, c->database, err);
}

int mst_pg_setup(struct mst_pg *c, bool create, struct mst_err *err)
{
	int rc = open_or_make(c, create, err);

	if (rc == 0)
		rc = check_encoding(c, err);
	if (rc == 0)
		rc = mst_recver_bring_up(&tables, c, c->conf, c->database,
					 create, err);
	return rc;
}
