/* SPDX-License-Identifier: Apache-2.0
 *
 * Questions to a PostgreSQL that a look and a set-up have in common.
 */
#include <stdlib.h>

#include "recver/postgres/dba.h"

#define TIMEOUT_MS 60000

struct mst_recver_conf mst_pg_conf(const struct mst_recver_conf *conf)
{
	struct mst_recver_conf mine = *conf;

	if (mine.timeout_ms <= 0)
		mine.timeout_ms = TIMEOUT_MS;
	return mine;
}

char *mst_pg_login(const struct mst_recver_conf *conf)
{
	PQconninfoOption *all, *o;
	char *login = mst_strdup(conf->user);

	if (login)
		return login;
	all = PQconndefaults();
	for (o = all; o && o->keyword; o++) {
		if (strcmp(o->keyword, "user") == 0 && o->val)
			login = mst_strdup(o->val);
	}
	PQconninfoFree(all);
	return login ? login : mst_strdup("");
}

char *mst_pg_quoted(const char *name)
{
	struct mst_buf b = MST_BUF_INIT(1024);
	char *text;

	(void)mst_buf_addc(&b, '"');
	for (; *name; name++) {
		if (*name == '"')
			(void)mst_buf_addc(&b, '"');
		(void)mst_buf_addc(&b, *name);
	}
	(void)mst_buf_addc(&b, '"');
	text = mst_buf_steal(&b);
	mst_buf_fini(&b);
	return text;
}

int mst_pg_ask(struct mst_pg *c, const char *sql, const char *param,
	       char **text_r, struct mst_err *err)
{
	struct mst_pg_params p = {.n = 0};
	PGresult *res = NULL;
	struct mst_pg_value v;
	int rc;

	*text_r = NULL;
	if (param)
		mst_pg_text(&p, param);
	rc = mst_pg_exec(c, sql, &p, &res, err);
	if (rc < 0)
		return rc;
	if (PQntuples(res) > 0) {
		v = mst_pg_value(res, 0, 0);
		if (v.n >= 0)
			*text_r = mst_strndup(v.p, (size_t)v.n);
	}
	PQclear(res);
	return 0;
}

int mst_pg_ask_int(struct mst_pg *c, const char *sql, const char *param,
		   int64_t *n_r, struct mst_err *err)
{
	struct mst_pg_params p = {.n = 0};
	PGresult *res = NULL;
	int rc;

	*n_r = 0;
	if (param)
		mst_pg_text(&p, param);
	rc = mst_pg_exec(c, sql, &p, &res, err);
	if (rc < 0)
		return rc;
	if (PQntuples(res) > 0)
		*n_r = mst_pg_value_int(mst_pg_value(res, 0, 0), 0);
	PQclear(res);
	return 0;
}

int mst_pg_missing(struct mst_pg *c, int64_t *there_r, char **text_r,
		   struct mst_err *err)
{
	int rc = mst_pg_ask_int(
	    c,
	    "SELECT count(*) FROM pg_catalog.pg_class t"
	    " JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace"
	    " WHERE n.nspname = 'muster' AND t.relname IN (" MST_PG_TABLES ")",
	    NULL, there_r, err);

	*text_r = NULL;
	if (rc < 0 || *there_r == MST_PG_TABLES_N)
		return rc;
	return mst_pg_ask(
	    c,
	    "SELECT string_agg(w, ', ') FROM unnest(ARRAY[" MST_PG_TABLES
	    "]) AS w WHERE NOT EXISTS (SELECT 1 FROM pg_catalog.pg_class t"
	    " JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace"
	    " WHERE n.nspname = 'muster' AND t.relname = w)",
	    NULL, text_r, err);
}
