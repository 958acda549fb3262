/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading RecVer from PostgreSQL. A load is one COPY; where there is none
 * (recver.copy), one SELECT.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/time.h"
#include "recver/postgres/private.h"

#define ROW                                                                    \
	"SELECT key, text, digest, members, has_list, remote, first_us,"       \
	" changed_us, run, state FROM muster.grp WHERE set_id = "

enum {
	C_KEY,
	C_TEXT,
	C_DIGEST,
	C_MEMBERS,
	C_HAS_LIST,
	C_REMOTE,
	C_FIRST,
	C_CHANGED,
	C_RUN,
	C_STATE,
	C__MAX
};

int mst_pg_sets(void *p, int (*fn)(void *ctx, const struct mst_batch_set *s),
		void *ctx, struct mst_err *err)
{
	struct mst_pg *c = p;
	PGresult *res = NULL;
	int rc = mst_pg_exec(c,
			     "SELECT id, target, name FROM muster.record_set"
			     " ORDER BY id",
			     NULL, &res, err);

	for (int i = 0; rc == 0 && i < PQntuples(res); i++) {
		struct mst_batch_set s = {
		    mst_pg_value_int(mst_pg_value(res, i, 0), 0),
		    PQgetvalue(res, i, 1), PQgetvalue(res, i, 2)};

		rc = fn(ctx, &s);
	}
	PQclear(res);
	return rc;
}

int mst_pg_meta_get(void *p, const char *target, const char *name,
		    struct mst_buf *val, bool *found_r, struct mst_err *err)
{
	struct mst_pg_params params = {.n = 0};
	PGresult *res = NULL;
	int rc;

	mst_pg_text(&params, target);
	mst_pg_text(&params, name);
	rc = mst_pg_exec(p,
			 "SELECT value FROM muster.meta"
			 " WHERE target = $1 AND name = $2",
			 &params, &res, err);
	if (rc < 0)
		return rc;
	*found_r = PQntuples(res) > 0;
	if (*found_r)
		(void)mst_buf_add(val, PQgetvalue(res, 0, 0),
				  (size_t)PQgetlength(res, 0, 0));
	PQclear(res);
	return 0;
}

/* ---- groups -------------------------------------------------------------- */

static int row_of(const struct mst_pg_value v[C__MAX],
		  struct mst_group_row *row, struct mst_err *err)
{
	int64_t members = mst_pg_value_int(v[C_MEMBERS], -1);
	int64_t state = mst_pg_value_int(v[C_STATE], -1);

	*row = (struct mst_group_row){0};
	if (v[C_KEY].n == 16)
		row->key = mst_recver_hash_get((const uint8_t *)v[C_KEY].p);
	if (v[C_KEY].n != 16 || v[C_DIGEST].n != 16 || v[C_TEXT].n < 0 ||
	    (v[C_REMOTE].n != -1 && v[C_REMOTE].n != 16) || members < 0 ||
	    members > UINT32_MAX || state < 0 || state > MST_GROUP_PENDING)
		return mst_recver_corrupt(
		    &row->key, "its row holds impossible values", err);
	row->text = mst_slice(v[C_TEXT].p, (size_t)v[C_TEXT].n);
	row->digest = mst_recver_hash_get((const uint8_t *)v[C_DIGEST].p);
	row->members = (uint32_t)members;
	if (v[C_REMOTE].n == 16)
		memcpy(row->remote.b, v[C_REMOTE].p, 16);
	row->first_delivered_us = mst_pg_value_int(v[C_FIRST], MST_TIME_NONE);
	row->last_changed_us = mst_pg_value_int(v[C_CHANGED], MST_TIME_NONE);
	row->last_run = mst_pg_value_int(v[C_RUN], 0);
	row->state = (enum mst_group_state)state;
	return 0;
}

struct loading {
	struct mst_pg *c;
	int (*fn)(void *ctx, const struct mst_group_row *row, bool has_list);
	void *ctx;
};

static int give_row(struct loading *l, const struct mst_pg_value v[C__MAX],
		    struct mst_err *err)
{
	struct mst_group_row row;
	int rc = row_of(v, &row, err);

	if (rc < 0)
		return rc;
	return l->fn(l->ctx, &row, mst_pg_value_int(v[C_HAS_LIST], 0) != 0);
}

static int32_t be32(const char *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return (int32_t)ntohl(v);
}

static int bad_copy(struct mst_err *err)
{
	return mst_err_set(err, MST_E_UNSUPPORTED,
			   "its binary COPY is not PostgreSQL's: set "
			   "recver.copy to no");
}

/* A row of COPY's binary form: number of fields, then length and bytes of
 * each. *n: what is left of the message. */
static int take_tuple(struct loading *l, const char *p, size_t n,
		      struct mst_err *err)
{
	struct mst_pg_value v[C__MAX];

	for (int i = 0; i < C__MAX; i++) {
		if (n < 4)
			return bad_copy(err);
		v[i] = (struct mst_pg_value){p + 4, be32(p)};
		p += 4;
		n -= 4;
		if (v[i].n < -1 || (v[i].n > 0 && (size_t)v[i].n > n))
			return bad_copy(err);
		p += MST_MAX(v[i].n, 0);
		n -= (size_t)MST_MAX(v[i].n, 0);
	}
	return give_row(l, v, err);
}

/* A message: the head, or a row, or both; or the end. */
static int take_copy(struct loading *l, bool *begun, const char *p, size_t n,
		     struct mst_err *err)
{
	static const char head[11] = "PGCOPY\n\377\r\n";
	size_t ext;

	if (!*begun) {
		if (n < 19 || memcmp(p, head, sizeof(head)) != 0)
			return bad_copy(err);
		ext = (uint32_t)be32(p + 15);
		if (ext > n - 19)
			return bad_copy(err);
		p += 19 + ext;
		n -= 19 + ext;
		*begun = true;
	}
	if (n == 0 || (n == 2 && memcmp(p, "\377\377", 2) == 0))
		return 0;
	if (n < 2 || p[0] != 0 || p[1] != C__MAX)
		return bad_copy(err);
	return take_tuple(l, p + 2, n - 2, err);
}

static int copy_rows(struct loading *l, struct mst_err *err)
{
	bool begun = false;
	char *row = NULL;
	int n, rc;

	for (;;) {
		rc = mst_pg_copy_next(l->c, &row, &n, err);
		if (rc < 0 || n < 0)
			return rc;
		rc = take_copy(l, &begun, row, (size_t)n, err);
		PQfreemem(row);
		if (rc != 0)
			return rc;
	}
}

static int load_by_copy(struct loading *l, int64_t set, const uint8_t *after,
			struct mst_err *err)
{
	char hex[33] = "", sql[512];
	PGresult *res;
	int rc, end;

	if (after)
		mst_hash_hex(mst_recver_hash_get(after), hex);
	/* COPY takes no parameters; these are a number and hex digits. */
	(void)snprintf(sql, sizeof(sql),
		       "COPY (" ROW "%" PRId64
		       "%s%s%s ORDER BY key) TO STDOUT (FORMAT binary)",
		       set, after ? " AND key > decode('" : "", hex,
		       after ? "', 'hex')" : "");
	if (!PQsendQuery(l->c->h, sql))
		return mst_pg_fail(l->c, NULL, err);
	rc = mst_pg_wait(l->c, err);
	if (rc < 0)
		return rc;
	res = PQgetResult(l->c->h);
	if (PQresultStatus(res) == PGRES_COPY_OUT)
		rc = copy_rows(l, err);
	else
		rc = mst_pg_fail(l->c, res, err);
	PQclear(res);
	/* It may have ended with an error behind good rows. */
	while (rc == 0 && (end = mst_pg_wait(l->c, err)) <= 0) {
		if (end < 0)
			return end;
		res = PQgetResult(l->c->h);
		if (!res)
			return 0;
		if (PQresultStatus(res) != PGRES_COMMAND_OK)
			rc = mst_pg_fail(l->c, res, err);
		PQclear(res);
	}
	if (rc != -MST_E_TRANSIENT)
		mst_pg_drain(l->c);
	return rc;
}

static int take_row(void *arg, const PGresult *res, struct mst_err *err)
{
	struct mst_pg_value v[C__MAX];

	for (int i = 0; i < C__MAX; i++)
		v[i] = mst_pg_value(res, 0, i);
	return give_row(arg, v, err);
}

/* Rows as they come, not all of them at once. */
static int each_result(struct mst_pg *c,
		       int (*fn)(void *arg, const PGresult *res,
				 struct mst_err *err),
		       void *arg, struct mst_err *err)
{
	PGresult *res;
	int rc = 0;

	(void)PQsetSingleRowMode(c->h);
	while (rc == 0) {
		rc = mst_pg_wait(c, err);
		if (rc < 0)
			break;
		res = PQgetResult(c->h);
		if (!res)
			return 0;
		if (PQresultStatus(res) == PGRES_SINGLE_TUPLE)
			rc = fn(arg, res, err);
		else if (PQresultStatus(res) != PGRES_TUPLES_OK)
			rc = mst_pg_fail(c, res, err);
		PQclear(res);
	}
	if (rc != -MST_E_TRANSIENT)
		mst_pg_drain(c);
	return rc;
}

static int load_by_rows(struct loading *l, int64_t set, const uint8_t *after,
			struct mst_err *err)
{
	struct mst_pg_params p = {.n = 0};

	mst_pg_int(&p, set);
	mst_pg_bytes(&p, mst_slice((const char *)after, after ? 16 : 0));
	if (!PQsendQueryParams(l->c->h,
			       after ? ROW "$1 AND key > $2 ORDER BY key"
				     : ROW "$1 AND key >= $2 ORDER BY key",
			       p.n, p.types, p.v, p.len, p.formats, 1))
		return mst_pg_fail(l->c, NULL, err);
	return each_result(l->c, take_row, l, err);
}

int mst_pg_load(void *p, int64_t set, const uint8_t *after,
		int (*fn)(void *ctx, const struct mst_group_row *row,
			  bool has_list),
		void *ctx, struct mst_err *err)
{
	struct loading l = {.c = p, .fn = fn, .ctx = ctx};

	return l.c->conf->copy ? load_by_copy(&l, set, after, err)
			       : load_by_rows(&l, set, after, err);
}

/* ---- lists --------------------------------------------------------------- */

struct asking {
	int (*fn)(void *ctx, const struct mst_hash *key, struct mst_slice list,
		  uint32_t members);
	void *ctx;
};

static int give_list(void *arg, const PGresult *res, struct mst_err *err)
{
	const struct asking *a = arg;
	struct mst_pg_value key = mst_pg_value(res, 0, 0);
	struct mst_pg_value list = mst_pg_value(res, 0, 3);
	int64_t members = mst_pg_value_int(mst_pg_value(res, 0, 1), -1);
	struct mst_hash h = {0};

	if (key.n == 16)
		h = mst_recver_hash_get((const uint8_t *)key.p);
	if (key.n != 16 || members < 0 || members > UINT32_MAX)
		return mst_recver_corrupt(&h, "its row holds impossible values",
					  err);
	if (!mst_pg_value_int(mst_pg_value(res, 0, 2), 0))
		return a->fn(a->ctx, &h, (struct mst_slice){0},
			     (uint32_t)members);
	if (list.n < 0)
		return mst_recver_corrupt(&h, "its member list is gone", err);
	return a->fn(a->ctx, &h, mst_slice(list.p, (size_t)list.n),
		     (uint32_t)members);
}

static int send_lists(struct mst_pg *c, int64_t set,
		      const struct mst_hash *keys, size_t n,
		      struct mst_err *err)
{
	struct mst_pg_params params = {.n = 0};
	struct mst_pg_array a;
	uint8_t raw[16];
	bool sent;

	mst_pg_array_init(&a, 'b');
	for (size_t i = 0; i < n; i++) {
		mst_recver_hash_put(keys[i], raw);
		mst_pg_add_bytes(&a, mst_slice((char *)raw, 16));
	}
	mst_pg_int(&params, set);
	mst_pg_array(&params, &a);
	sent = PQsendQueryParams(
	    c->h,
	    "SELECT g.key, g.members, g.has_list,"
	    " (SELECT string_agg(m.list, ''::bytea ORDER BY m.part)"
	    " FROM muster.members m"
	    " WHERE m.set_id = g.set_id AND m.key = g.key)"
	    " FROM muster.grp g WHERE g.set_id = $1 AND g.key = ANY($2)",
	    params.n, params.types, params.v, params.len, params.formats, 1);
	mst_pg_array_fini(&a);
	return sent ? 0 : mst_pg_fail(c, NULL, err);
}

int mst_pg_lists(void *p, int64_t set, const struct mst_hash *keys, size_t n,
		 int (*fn)(void *ctx, const struct mst_hash *key,
			   struct mst_slice list, uint32_t members),
		 void *ctx, struct mst_err *err)
{
	struct asking a = {fn, ctx};
	int rc = send_lists(p, set, keys, n, err);

	return rc < 0 ? rc : each_result(p, give_list, &a, err);
}

/* ---- statistics ---------------------------------------------------------- */

static int read_bytes(struct mst_pg *c, uint64_t *bytes_r, struct mst_err *err)
{
	static const char *const ways[] = {
	    "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint"
	    " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n"
	    " ON n.oid = c.relnamespace"
	    " WHERE n.nspname = 'muster' AND c.relkind = 'r'",
	    /* Servers that keep their tables in another way. */
	    "SELECT coalesce((SELECT sum(octet_length(list) + 60)"
	    " FROM muster.members), 0)::bigint"
	    " + coalesce((SELECT sum(octet_length(text) + 120)"
	    " FROM muster.grp), 0)::bigint",
	};
	PGresult *res = NULL;
	int rc = mst_pg_exec(c, ways[0], NULL, &res, err);

	if (rc < 0 && rc != -MST_E_TRANSIENT)
		rc = mst_pg_exec(c, ways[1], NULL, &res, err);
	if (rc < 0)
		return rc;
	*bytes_r = (uint64_t)mst_pg_value_int(mst_pg_value(res, 0, 0), 0);
	PQclear(res);
	return 0;
}

int mst_pg_stats(void *p, const int64_t *sets, size_t n,
		 struct mst_recver_stats *s_r, struct mst_err *err)
{
	struct mst_pg_params params = {.n = 0};
	struct mst_pg_array a;
	uint64_t *out[] = {&s_r->groups, &s_r->members, &s_r->dirty,
			   &s_r->pending};
	PGresult *res = NULL;
	int rc;

	mst_pg_array_init(&a, 'i');
	for (size_t i = 0; i < n; i++)
		mst_pg_add_int(&a, sets[i]);
	mst_pg_int(&params, n == 0);
	mst_pg_array(&params, &a);
	rc = mst_pg_exec(p,
			 "SELECT count(*), coalesce(sum(members), 0)::bigint,"
			 " count(*) FILTER (WHERE state = 1),"
			 " count(*) FILTER (WHERE state = 2)"
			 " FROM muster.grp WHERE $1 = 1 OR set_id = ANY($2)",
			 &params, &res, err);
	mst_pg_array_fini(&a);
	if (rc < 0)
		return rc;
	for (int i = 0; i < 4; i++)
		*out[i] =
		    (uint64_t)mst_pg_value_int(mst_pg_value(res, 0, i), 0);
	PQclear(res);
	return read_bytes(p, &s_r->bytes, err);
}
