/* SPDX-License-Identifier: Apache-2.0
 *
 * Looking at all of RecVer on PostgreSQL: groups in pages, each with its list
 * put together from its parts.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/time.h"
#include "recver/postgres/private.h"

#define PAGE	  500
#define PAGE_TEXT "500"
#define GROUPS                                                                 \
	"SELECT g.key, g.text, g.digest, g.members, g.has_list, g.remote,"     \
	" g.first_us, g.changed_us, g.run, g.state, m.list, m.n, m.low,"       \
	" m.high FROM muster.grp g LEFT JOIN LATERAL (SELECT string_agg(list," \
	" ''::bytea ORDER BY part) AS list, count(*) AS n, min(part) AS low,"  \
	" max(part) AS high FROM muster.members WHERE set_id = g.set_id"       \
	" AND key = g.key) m ON true WHERE g.set_id = "

static struct mst_slice bytes(const PGresult *res, int row, int col)
{
	struct mst_pg_value v = mst_pg_value(res, row, col);

	return v.n < 0 ? (struct mst_slice){0}
		       : mst_slice(v.n ? v.p : "", (size_t)v.n);
}

static int64_t number(const PGresult *res, int row, int col)
{
	return mst_pg_value_int(mst_pg_value(res, row, col), INT64_MIN);
}

static int64_t time_of(const PGresult *res, int row, int col)
{
	return mst_pg_value_int(mst_pg_value(res, row, col), MST_TIME_NONE);
}

/* Parts are numbered from 0 without gaps. */
static const char *wrong_parts(const PGresult *res, int row)
{
	int64_t n = number(res, row, 11);

	if (n <= 0)
		return NULL;
	return number(res, row, 12) == 0 && number(res, row, 13) == n - 1
		   ? NULL
		   : "the parts of its member list are not in sequence";
}

static int give(const struct mst_recver_look *look, int64_t set,
		const PGresult *res, int row)
{
	const struct mst_recver_raw g = {
	    .set = set,
	    .key = bytes(res, row, 0),
	    .text = bytes(res, row, 1),
	    .digest = bytes(res, row, 2),
	    .members = number(res, row, 3),
	    .has_list = number(res, row, 4) == 1,
	    .remote = bytes(res, row, 5),
	    .first_us = time_of(res, row, 6),
	    .changed_us = time_of(res, row, 7),
	    .run = number(res, row, 8),
	    .state = number(res, row, 9),
	    .list = bytes(res, row, 10),
	    .wrong = wrong_parts(res, row),
	};

	return look->group(look->ctx, &g);
}

/* *after: the last key, which may be of any length when the row is wrong. */
static int page(struct mst_pg *c, int64_t set, const struct mst_buf *after,
		bool begun, PGresult **res_r, struct mst_err *err)
{
	struct mst_pg_params p = {.n = 0};

	mst_pg_int(&p, set);
	mst_pg_bytes(&p, mst_buf_slice(after));
	return mst_pg_exec(
	    c,
	    begun ? GROUPS "$1 AND g.key > $2 ORDER BY g.key LIMIT " PAGE_TEXT
		  : GROUPS "$1 AND g.key >= $2 ORDER BY g.key LIMIT " PAGE_TEXT,
	    &p, res_r, err);
}

static int look_at_set(struct mst_pg *c, const struct mst_recver_look *look,
		       int64_t set, struct mst_err *err)
{
	struct mst_buf after = MST_BUF_INIT(1u << 20);
	bool begun = false;
	int rows = PAGE, rc = 0;

	while (rc == 0 && rows == PAGE) {
		PGresult *res = NULL;

		rc = page(c, set, &after, begun, &res, err);
		rows = rc == 0 ? PQntuples(res) : 0;
		for (int i = 0; i < rows && rc == 0; i++)
			rc = give(look, set, res, i);
		if (rows) {
			mst_buf_reset(&after);
			(void)mst_buf_add_slice(&after,
						bytes(res, rows - 1, 0));
		}
		begun = true;
		PQclear(res);
	}
	mst_buf_fini(&after);
	return rc;
}

static int look_at_groups(struct mst_pg *c, const struct mst_recver_look *look,
			  struct mst_err *err)
{
	PGresult *res = NULL;
	int rc = mst_pg_exec(c,
			     "SELECT DISTINCT set_id FROM muster.grp"
			     " ORDER BY set_id",
			     NULL, &res, err);

	for (int i = 0; rc == 0 && i < PQntuples(res); i++)
		rc = look_at_set(c, look, number(res, i, 0), err);
	PQclear(res);
	return rc;
}

static int look_at_strays(struct mst_pg *c, const struct mst_recver_look *look,
			  struct mst_err *err)
{
	PGresult *res = NULL;
	char what[120];
	int rc = mst_pg_exec(
	    c,
	    "SELECT m.set_id, encode(m.key, 'hex') FROM muster.members m"
	    " WHERE NOT EXISTS (SELECT 1 FROM muster.grp g WHERE"
	    " g.set_id = m.set_id AND g.key = m.key)"
	    " GROUP BY m.set_id, m.key ORDER BY m.set_id, m.key",
	    NULL, &res, err);

	for (int i = 0; rc == 0 && i < PQntuples(res); i++) {
		(void)snprintf(what, sizeof(what),
			       "a member list of set number %" PRId64
			       " and key %.32s is of no group",
			       number(res, i, 0), PQgetvalue(res, i, 1));
		rc = look->stray(look->ctx, what);
	}
	PQclear(res);
	return rc;
}

static int look_at_values(struct mst_pg *c, const struct mst_recver_look *look,
			  struct mst_err *err)
{
	PGresult *res = NULL;
	int rc = mst_pg_exec(c,
			     "SELECT target, name, value FROM muster.meta"
			     " ORDER BY target, name",
			     NULL, &res, err);

	for (int i = 0; rc == 0 && i < PQntuples(res); i++)
		rc = look->meta(look->ctx, PQgetvalue(res, i, 0),
				PQgetvalue(res, i, 1), bytes(res, i, 2));
	PQclear(res);
	return rc;
}

static int look_at_numbers(struct mst_pg *c, const struct mst_recver_look *look,
			   struct mst_err *err)
{
	int64_t after = look->after;
	int rc = 0;

	while (rc == 0) {
		struct mst_pg_params p = {.n = 0};
		struct mst_pg_value v;
		PGresult *res = NULL;

		mst_pg_int(&p, after);
		rc = mst_pg_exec(
		    c,
		    "SELECT least((SELECT min(set_id)::bigint FROM muster.grp"
		    " WHERE set_id > $1), (SELECT min(set_id)::bigint"
		    " FROM muster.members WHERE set_id > $1))",
		    &p, &res, err);
		if (rc < 0)
			return rc;
		v = mst_pg_value(res, 0, 0);
		after = mst_pg_value_int(v, 0);
		PQclear(res);
		if (v.n < 0)
			return 0;
		rc = look->number(look->ctx, after);
	}
	return rc;
}

static int give_set(void *ctx, const struct mst_batch_set *s)
{
	const struct mst_recver_look *look = ctx;

	return look->set(look->ctx, s->id, s->target, s->name);
}

int mst_pg_verify(void *p, const struct mst_recver_look *look,
		  struct mst_err *err)
{
	struct mst_pg *c = p;
	int rc = 0;

	if (look->set)
		rc = mst_pg_sets(c, give_set, (void *)(uintptr_t)look, err);
	if (rc == 0 && look->meta)
		rc = look_at_values(c, look, err);
	if (rc == 0 && look->group)
		rc = look_at_groups(c, look, err);
	if (rc == 0 && look->group)
		rc = look_at_strays(c, look, err);
	if (rc == 0 && look->number)
		rc = look_at_numbers(c, look, err);
	return rc;
}
