/* SPDX-License-Identifier: Apache-2.0
 *
 * The scripts for psql, run line by line: what they may hold is variables,
 * \connect, \gexec and \set ON_ERROR_STOP, and a statement ends at the end of a
 * line.
 */
#include <unistd.h>

#include "recver/postgres/private.h"

/* Of a statement that meets another set-up. */
#define TRIES 12

static const char *value_of(const struct mst_pg *c, const char *login,
			    struct mst_slice name)
{
	if (mst_slice_is(name, "recver_database_name"))
		return c->database;
	return mst_slice_is(name, "recver_login") ? login : NULL;
}

/* :'name' and :"name" at p become a text or a name. Returns how many bytes that
 * were; 0: it is something else. */
static size_t add_variable(struct mst_pg *c, const char *login,
			   struct mst_buf *sql, const char *p, size_t n)
{
	const char *value, *end;
	char *quoted;

	if (n < 4 || p[0] != ':' || (p[1] != '\'' && p[1] != '"'))
		return 0;
	end = memchr(p + 2, p[1], n - 2);
	value =
	    end ? value_of(c, login, mst_slice(p + 2, (size_t)(end - p) - 2))
		: NULL;
	if (!value)
		return 0;
	quoted = p[1] == '"' ? PQescapeIdentifier(c->h, value, strlen(value))
			     : PQescapeLiteral(c->h, value, strlen(value));
	(void)mst_buf_adds(sql, quoted ? quoted : "''");
	PQfreemem(quoted);
	return (size_t)(end - p) + 1;
}

static void add_line(struct mst_pg *c, const char *login, struct mst_buf *sql,
		     struct mst_slice line)
{
	for (size_t i = 0; i < line.n;) {
		size_t n = add_variable(c, login, sql, line.p + i, line.n - i);

		if (!n)
			(void)mst_buf_addc(sql, line.p[i]);
		i += n ? n : 1;
	}
	(void)mst_buf_addc(sql, '\n');
}

static bool ends_with(const struct mst_buf *b, const char *end)
{
	size_t n = strlen(end);

	return b->n > n && memcmp(b->p + b->n - 1 - n, end, n) == 0;
}

/* Like \gexec: what the rows say is run. */
static int run_rows(struct mst_pg *c, const char *sql, struct mst_err *err)
{
	PGresult *res = NULL;
	int rc = mst_pg_exec(c, sql, NULL, &res, err);

	for (int i = 0; rc == 0 && i < PQntuples(res); i++)
		rc = mst_pg_do(c, PQgetvalue(res, i, 0), NULL, NULL, err);
	PQclear(res);
	return rc;
}

/* Another session makes the same meanwhile, whatever IF NOT EXISTS said: unique
 * keys of catalogs, names that are taken, "tuple concurrently updated", what
 * is in use, rights of one role that both give in another order. */
static bool met_another(const struct mst_pg *c)
{
	static const char *const states[] = {"23505", "42710", "42P04",
					     "42P06", "42P07", "XX000",
					     "55006", "40P01", "40001"};

	for (size_t i = 0; i < MST_LEN(states); i++) {
		if (strcmp(c->state, states[i]) == 0)
			return true;
	}
	return false;
}

static int run_statement(struct mst_pg *c, struct mst_buf *sql,
			 struct mst_err *err)
{
	bool rows = ends_with(sql, "\\gexec");
	int rc = -1;

	if (rows) {
		sql->n -= strlen("\\gexec\n");
		sql->p[sql->n] = 0;
	}
	for (int i = 0; i < TRIES; i++) {
		rc = rows ? run_rows(c, sql->p, err)
			  : mst_pg_do(c, sql->p, NULL, NULL, err);
		if (rc == 0 || rc == -MST_E_TRANSIENT || !met_another(c))
			break;
		/* Not in step with the other one, who does the same. */
		(void)usleep((unsigned)(i * 5000 + getpid() % 7 * 1000));
	}
	if (rc == 0)
		mst_err_clear(err);
	return rc;
}

/* "-- step: …" begins a step. */
static void take_heading(struct mst_slice line, const char *step, bool *on)
{
	size_t n = 3;

	while (n < line.n && line.p[n] >= 'a' && line.p[n] <= 'z')
		n++;
	if (n > 3 && n < line.n && line.p[n] == ':')
		*on = mst_slice_is(mst_slice(line.p + 3, n - 3), step);
}

int mst_pg_script(struct mst_pg *c, const char *script, int part,
		  const char *step, const char *login, struct mst_err *err)
{
	struct mst_buf sql = MST_BUF_INIT(1u << 20);
	bool may_fail = false, on = !step;
	int at = 0, rc = 0;

	for (const char *p = script, *next; *p && rc == 0; p = next) {
		struct mst_slice line = mst_slice(p, strcspn(p, "\n"));

		next = p + line.n + (p[line.n] == '\n');
		if (line.n >= 8 && memcmp(p, "\\connect", 8) == 0)
			at++;
		else if (*p == '\\')
			may_fail =
			    strstr(p, "off") && strstr(p, "off") < p + line.n;
		else if (line.n >= 2 && memcmp(p, "--", 2) == 0 && step)
			take_heading(line, step, &on);
		else if (at == part && on && line.n && memcmp(p, "--", 2) != 0)
			add_line(c, login, &sql, line);
		if (!ends_with(&sql, "\\gexec") && !ends_with(&sql, ";"))
			continue;
		rc = run_statement(c, &sql, err);
		mst_buf_reset(&sql);
		if (may_fail && rc != -MST_E_TRANSIENT)
			rc = 0;
	}
	mst_buf_fini(&sql);
	return rc;
}
