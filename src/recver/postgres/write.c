/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing RecVer to PostgreSQL: the lease, and a batch as one transaction. Rows
 * go as arrays that the server unnests: no statement per row, no temporary
 * table, and the same on servers that are only like PostgreSQL.
 */
#include <stdio.h>

#include "base/time.h"
#include "recver/postgres/private.h"

/* Rows and bytes of one statement. */
#define STATEMENT_ROWS	2000
#define STATEMENT_BYTES (16u << 20)
/* Of a list, in a row. */
#define PART_BYTES 1288

/* ---- lease --------------------------------------------------------------- */

int mst_pg_lease_read(void *c, struct mst_lease *l_r, struct mst_err *err)
{
	PGresult *res = NULL;
	int rc = mst_pg_exec(c,
			     "SELECT token, holder, ends_at < now()"
			     " FROM muster.lease WHERE name = 'writer'",
			     NULL, &res, err);

	if (rc < 0)
		return rc;
	*l_r = (struct mst_lease){0};
	if (PQntuples(res)) {
		(void)snprintf(l_r->token, sizeof(l_r->token), "%s",
			       PQgetvalue(res, 0, 0));
		(void)snprintf(l_r->holder, sizeof(l_r->holder), "%s",
			       PQgetvalue(res, 0, 1));
		l_r->expired = mst_pg_value_int(mst_pg_value(res, 0, 2), 0);
	}
	PQclear(res);
	return 0;
}

int mst_pg_lease_swap(void *c, const char *from, const struct mst_lease *to,
		      int64_t for_ms, bool *done_r, struct mst_err *err)
{
	struct mst_pg_params p = {.n = 0};
	int64_t n = 0;
	int rc;

	mst_pg_text(&p, to->token);
	mst_pg_text(&p, to->holder);
	mst_pg_int(&p, for_ms);
	mst_pg_text(&p, from);
	rc = mst_pg_do(c,
		       "UPDATE muster.lease SET token = $1, holder = $2,"
		       " ends_at = now() + $3 * interval '1 millisecond'"
		       " WHERE name = 'writer' AND token = $4",
		       &p, &n, err);
	p.n = 3;
	if (rc == 0 && n == 0 && !from[0])
		rc = mst_pg_do(c,
			       "INSERT INTO muster.lease (name, token, holder,"
			       " ends_at) VALUES ('writer', $1, $2,"
			       " now() + $3 * interval '1 millisecond')"
			       " ON CONFLICT (name) DO NOTHING",
			       &p, &n, err);
	*done_r = rc == 0 && n == 1;
	return rc;
}

/* ---- rows ---------------------------------------------------------------- */

enum {
	A_SET,
	A_KEY,
	A_TEXT,
	A_DIGEST,
	A_MEMBERS,
	A_HAS_LIST,
	A_REMOTE,
	A_FIRST,
	A_CHANGED,
	A_RUN,
	A_STATE,
	A_PART,
	A_LIST,
	A__MAX
};

static const char array_kinds[A__MAX + 1] = "ibbbiobiiisib";

struct rows {
	struct mst_pg *c;
	struct mst_pg_array a[A__MAX];
	size_t bytes;
};

#define GRP_INSERT                                                             \
	"INSERT INTO muster.grp AS g (set_id, key, text, digest, members,"     \
	" has_list, remote, first_us, changed_us, run, state)"                 \
	" SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bytea[],"        \
	" $4::bytea[], $5::bigint[], $6::boolean[], $7::bytea[],"              \
	" $8::bigint[], $9::bigint[], $10::bigint[], $11::smallint[])"         \
	" ON CONFLICT (set_id, key) DO UPDATE SET "

#define GRP_SET                                                                \
	"text = excluded.text, digest = excluded.digest,"                      \
	" remote = excluded.remote, first_us = excluded.first_us,"             \
	" changed_us = excluded.changed_us, run = excluded.run,"               \
	" state = excluded.state, "

static const char put_sql[] = GRP_INSERT GRP_SET
    "members = excluded.members, has_list = excluded.has_list";
static const char keep_sql[] = GRP_INSERT GRP_SET
    "members = CASE WHEN g.has_list THEN g.members ELSE excluded.members END";
static const char mark_sql[] = GRP_INSERT "state = excluded.state";
static const char list_sql[] =
    "INSERT INTO muster.members (set_id, key, part, list)"
    " SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bigint[],"
    " $4::bytea[])";
static const char unlist_sql[] =
    "DELETE FROM muster.members m"
    " USING unnest($1::bigint[], $2::bytea[]) AS d(set_id, key)"
    " WHERE m.set_id = d.set_id AND m.key = d.key";
static const char del_sql[] =
    "DELETE FROM muster.grp m"
    " USING unnest($1::bigint[], $2::bytea[]) AS d(set_id, key)"
    " WHERE m.set_id = d.set_id AND m.key = d.key";

static int send(struct rows *r, const char *sql, const int *cols, int n,
		struct mst_err *err)
{
	struct mst_pg_params p = {.n = 0};
	int rc = 0;

	for (int i = 0; i < n; i++)
		mst_pg_array(&p, &r->a[cols[i]]);
	if (r->a[A_SET].n)
		rc = mst_pg_do(r->c, sql, &p, NULL, err);
	for (int i = 0; i < A__MAX; i++)
		mst_pg_array_reset(&r->a[i]);
	r->bytes = 0;
	return rc;
}

static int send_groups(struct rows *r, const char *sql, struct mst_err *err)
{
	static const int all[] = {A_SET,     A_KEY,	 A_TEXT,   A_DIGEST,
				  A_MEMBERS, A_HAS_LIST, A_REMOTE, A_FIRST,
				  A_CHANGED, A_RUN,	 A_STATE};

	return send(r, sql, all, MST_LEN(all), err);
}

static void add_key(struct rows *r, const struct mst_batch_row *b)
{
	mst_pg_add_int(&r->a[A_SET], b->set);
	mst_pg_add_bytes(&r->a[A_KEY], mst_slice((const char *)b->key, 16));
	r->bytes += 64;
}

static void add_time(struct mst_pg_array *a, int64_t us)
{
	if (us == MST_TIME_NONE)
		mst_pg_add_null(a);
	else
		mst_pg_add_int(a, us);
}

static void add_group(struct rows *r, const struct mst_batch_row *b)
{
	const struct mst_group_row *row = &b->row;
	uint8_t digest[16];

	mst_recver_hash_put(row->digest, digest);
	add_key(r, b);
	mst_pg_add_bytes(&r->a[A_TEXT], row->text);
	mst_pg_add_bytes(&r->a[A_DIGEST], mst_slice((char *)digest, 16));
	mst_pg_add_int(&r->a[A_MEMBERS], row->members);
	mst_pg_add_int(&r->a[A_HAS_LIST], b->list.n != 0);
	if (mst_sysid_is_zero(&row->remote))
		mst_pg_add_null(&r->a[A_REMOTE]);
	else
		mst_pg_add_bytes(&r->a[A_REMOTE],
				 mst_slice((const char *)row->remote.b, 16));
	add_time(&r->a[A_FIRST], row->first_delivered_us);
	add_time(&r->a[A_CHANGED], row->last_changed_us);
	mst_pg_add_int(&r->a[A_RUN], row->last_run);
	mst_pg_add_int(&r->a[A_STATE], row->state);
	r->bytes += row->text.n + 96;
}

static bool is_full(const struct rows *r)
{
	return r->a[A_SET].n >= STATEMENT_ROWS || r->bytes >= STATEMENT_BYTES;
}

/* Rows of a kind. */
static int write_groups(struct rows *r, const struct mst_batch *b,
			enum mst_batch_kind kind, const char *sql,
			struct mst_err *err)
{
	int rc = 0;

	for (size_t i = 0; i < b->rows_n && rc == 0; i++) {
		if (b->rows[i].kind != kind)
			continue;
		add_group(r, &b->rows[i]);
		if (is_full(r))
			rc = send_groups(r, sql, err);
	}
	return rc < 0 ? rc : send_groups(r, sql, err);
}

/* Equal parts, as few as possible; see create.sql. */
static int write_list(struct rows *r, const struct mst_batch_row *b,
		      struct mst_err *err)
{
	static const int cols[] = {A_SET, A_KEY, A_PART, A_LIST};
	size_t parts = (b->list.n + PART_BYTES - 1) / PART_BYTES;
	size_t size = parts ? (b->list.n + parts - 1) / parts : 0;
	int rc = 0;

	for (size_t i = 0; i < parts && rc == 0; i++) {
		size_t at = i * size;

		add_key(r, b);
		mst_pg_add_int(&r->a[A_PART], (int64_t)i);
		mst_pg_add_bytes(
		    &r->a[A_LIST],
		    mst_slice(b->list.p + at, MST_MIN(size, b->list.n - at)));
		r->bytes += size;
		if (is_full(r))
			rc = send(r, list_sql, cols, MST_LEN(cols), err);
	}
	return rc;
}

static int write_lists(struct rows *r, const struct mst_batch *b,
		       struct mst_err *err)
{
	static const int cols[] = {A_SET, A_KEY, A_PART, A_LIST};
	int rc = 0;

	for (size_t i = 0; i < b->rows_n && rc == 0; i++) {
		if (b->rows[i].kind == MST_BATCH_PUT)
			rc = write_list(r, &b->rows[i], err);
	}
	return rc < 0 ? rc : send(r, list_sql, cols, MST_LEN(cols), err);
}

/* Lists that go: of groups that go, and of those that get another one. */
static int drop_keys(struct rows *r, const struct mst_batch *b, bool only_del,
		     const char *sql, struct mst_err *err)
{
	static const int cols[] = {A_SET, A_KEY};
	int rc = 0;

	for (size_t i = 0; i < b->rows_n && rc == 0; i++) {
		const struct mst_batch_row *row = &b->rows[i];

		if (row->kind != MST_BATCH_DEL &&
		    (only_del || row->kind != MST_BATCH_PUT))
			continue;
		add_key(r, row);
		if (is_full(r))
			rc = send(r, sql, cols, 2, err);
	}
	return rc < 0 ? rc : send(r, sql, cols, 2, err);
}

static int write_rows(struct mst_pg *c, const struct mst_batch *b,
		      struct mst_err *err)
{
	struct rows r = {.c = c};
	int rc;

	for (int i = 0; i < A__MAX; i++)
		mst_pg_array_init(&r.a[i], array_kinds[i]);
	rc = drop_keys(&r, b, false, unlist_sql, err);
	if (rc == 0)
		rc = drop_keys(&r, b, true, del_sql, err);
	if (rc == 0)
		rc = write_groups(&r, b, MST_BATCH_PUT, put_sql, err);
	if (rc == 0)
		rc = write_groups(&r, b, MST_BATCH_KEEP, keep_sql, err);
	if (rc == 0)
		rc = write_groups(&r, b, MST_BATCH_MARK, mark_sql, err);
	if (rc == 0)
		rc = write_lists(&r, b, err);
	for (int i = 0; i < A__MAX; i++)
		mst_pg_array_fini(&r.a[i]);
	return rc;
}

/* ---- the rest of a batch ------------------------------------------------- */

static int with_array(struct mst_pg *c, const char *sql, struct mst_pg_array *a,
		      struct mst_err *err)
{
	struct mst_pg_params p = {.n = 0};

	mst_pg_array(&p, a);
	return mst_pg_do(c, sql, &p, NULL, err);
}

static int reset_sets(struct mst_pg *c, const struct mst_batch *b,
		      struct mst_err *err)
{
	struct mst_pg_array a;
	int rc = 0;

	if (!b->reset_sets_n)
		return 0;
	mst_pg_array_init(&a, 'i');
	for (size_t i = 0; i < b->reset_sets_n; i++)
		mst_pg_add_int(&a, b->reset_sets[i]);
	rc = with_array(c, "DELETE FROM muster.members WHERE set_id = ANY($1)",
			&a, err);
	if (rc == 0)
		rc = with_array(c,
				"DELETE FROM muster.grp WHERE set_id = ANY($1)",
				&a, err);
	mst_pg_array_fini(&a);
	return rc;
}

static int reset_targets(struct mst_pg *c, const struct mst_batch *b,
			 struct mst_err *err)
{
	struct mst_pg_array a;
	int rc;

	if (!b->reset_targets_n)
		return 0;
	mst_pg_array_init(&a, 't');
	for (size_t i = 0; i < b->reset_targets_n; i++)
		mst_pg_add_bytes(&a, mst_slice_str(b->reset_targets[i]));
	rc = with_array(
	    c, "DELETE FROM muster.record_set WHERE target = ANY($1)", &a, err);
	if (rc == 0)
		rc = with_array(
		    c, "DELETE FROM muster.meta WHERE target = ANY($1)", &a,
		    err);
	mst_pg_array_fini(&a);
	return rc;
}

static int write_sets(struct mst_pg *c, const struct mst_batch *b,
		      struct mst_err *err)
{
	int rc = 0;

	for (size_t i = 0; i < b->sets_n && rc == 0; i++) {
		struct mst_pg_params p = {.n = 0};

		mst_pg_int(&p, b->sets[i].id);
		mst_pg_text(&p, b->sets[i].target);
		mst_pg_text(&p, b->sets[i].name);
		rc = mst_pg_do(c,
			       "INSERT INTO muster.record_set (id, target,"
			       " name) VALUES ($1, $2, $3)"
			       " ON CONFLICT (id) DO UPDATE SET"
			       " target = excluded.target,"
			       " name = excluded.name",
			       &p, NULL, err);
	}
	return rc;
}

static int write_metas(struct mst_pg *c, const struct mst_batch *b,
		       struct mst_err *err)
{
	struct mst_pg_array target, name, value;
	struct mst_pg_params p = {.n = 0};
	int rc = 0;

	if (!b->metas_n)
		return 0;
	mst_pg_array_init(&target, 't');
	mst_pg_array_init(&name, 't');
	mst_pg_array_init(&value, 'b');
	for (size_t i = 0; i < b->metas_n; i++) {
		mst_pg_add_bytes(&target, mst_slice_str(b->metas[i].target));
		mst_pg_add_bytes(&name, mst_slice_str(b->metas[i].name));
		mst_pg_add_bytes(&value, b->metas[i].value);
	}
	mst_pg_array(&p, &target);
	mst_pg_array(&p, &name);
	mst_pg_array(&p, &value);
	rc = mst_pg_do(c,
		       "INSERT INTO muster.meta (target, name, value)"
		       " SELECT * FROM unnest($1::text[], $2::text[],"
		       " $3::bytea[]) ON CONFLICT (target, name)"
		       " DO UPDATE SET value = excluded.value",
		       &p, NULL, err);
	mst_pg_array_fini(&target);
	mst_pg_array_fini(&name);
	mst_pg_array_fini(&value);
	return rc;
}

/* Locks the lease's row, so that nobody takes it over before the commit. */
static int hold_lease(struct mst_pg *c, const char *token, int64_t for_ms,
		      struct mst_err *err)
{
	struct mst_pg_params p = {.n = 0};
	int64_t n = 0;
	int rc;

	mst_pg_int(&p, for_ms);
	mst_pg_text(&p, token);
	rc = mst_pg_do(c,
		       "UPDATE muster.lease SET ends_at ="
		       " now() + $1 * interval '1 millisecond'"
		       " WHERE name = 'writer' AND token = $2",
		       &p, &n, err);
	if (rc == 0 && n != 1)
		return mst_err_set(err, MST_E_CONFLICT,
				   "somebody else has the lease");
	return rc;
}

int mst_pg_apply(void *p, const char *token, int64_t for_ms,
		 const struct mst_batch *b, struct mst_err *err)
{
	struct mst_err other = MST_ERR_INIT;
	struct mst_pg *c = p;
	int rc = mst_pg_do(c, "BEGIN", NULL, NULL, err);

	if (rc == 0)
		rc = hold_lease(c, token, for_ms, err);
	if (rc == 0)
		rc = reset_sets(c, b, err);
	if (rc == 0)
		rc = reset_targets(c, b, err);
	if (rc == 0)
		rc = write_sets(c, b, err);
	if (rc == 0)
		rc = write_rows(c, b, err);
	if (rc == 0)
		rc = write_metas(c, b, err);
	if (rc == 0)
		return mst_pg_do(c, "COMMIT", NULL, NULL, err);
	/* A transient error ends the connection anyway. */
	if (rc != -MST_E_TRANSIENT)
		(void)mst_pg_do(c, "ROLLBACK", NULL, NULL, &other);
	return rc;
}

/* ---- room ---------------------------------------------------------------- */

/* Best effort: only the tables' owner may, and not every server knows it. */
int mst_pg_compact(void *p, struct mst_err *err)
{
	static const char *const steps[] = {
	    "SET statement_timeout = 0",
	    "VACUUM (FULL, ANALYZE) muster.members",
	    "VACUUM (FULL, ANALYZE) muster.grp",
	};
	struct mst_pg *c = p;
	char text[64];
	int rc = 0;

	c->patient = true;
	for (size_t i = 0; i < MST_LEN(steps) && rc != -MST_E_TRANSIENT; i++)
		rc = mst_pg_do(c, steps[i], NULL, NULL, err);
	c->patient = false;
	if (rc == -MST_E_TRANSIENT)
		return rc;
	mst_err_clear(err);
	(void)snprintf(text, sizeof(text), "SET statement_timeout = %lld",
		       (long long)c->conf->timeout_ms);
	return mst_pg_do(c, text, NULL, NULL, err);
}
