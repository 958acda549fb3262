/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing RecVer to SQL Server: the lease, and a batch as one transaction. Rows
 * are staged in #rows many at a time; what is there is updated from it, then
 * what is not is inserted. No MERGE, and the lease's row first: everyone who
 * writes waits there, so nobody meets anybody in another order.
 */
#include <stdio.h>

#include "base/time.h"
#include "recver/sqlserver/private.h"

/* Bytes of one statement, more or less: a list is not divided. */
#define STATEMENT_BYTES (16u << 20)

/* ---- lease --------------------------------------------------------------- */

static void copy_text(char *out, size_t n, const struct mst_buf *b)
{
	(void)snprintf(out, n, "%.*s", (int)b->n, b->n ? b->p : "");
}

int mst_ms_lease_read(void *p, struct mst_lease *l_r, struct mst_err *err)
{
	struct mst_buf token = MST_BUF_INIT(65536);
	struct mst_buf holder = MST_BUF_INIT(65536);
	struct mst_ms *c = p;
	bool rows = false;
	int64_t ended = 0;
	int rc = mst_ms_exec(c,
			     "SELECT CONVERT(varbinary(max), token),"
			     " CONVERT(varbinary(max), holder), CASE WHEN"
			     " ends_at < SYSUTCDATETIME() THEN 1 ELSE 0 END"
			     " FROM muster.lease WHERE name = N'writer'",
			     NULL, 0, &rows, NULL, err);

	if (rc == 0 && rows)
		rc = mst_ms_fetch(c, err);
	if (rc > 0) {
		rc = mst_ms_get_text(c, 1, &token, err);
		if (rc == 0)
			rc = mst_ms_get_text(c, 2, &holder, err);
		if (rc == 0)
			rc = mst_ms_get_int(c, 3, &ended, NULL, err);
	}
	if (rc == 0)
		rc = mst_ms_finish(c, err);
	else
		mst_ms_close(c);
	*l_r = (struct mst_lease){.expired = ended != 0};
	copy_text(l_r->token, sizeof(l_r->token), &token);
	copy_text(l_r->holder, sizeof(l_r->holder), &holder);
	mst_buf_fini(&token);
	mst_buf_fini(&holder);
	return rc;
}

#define ENDS "DATEADD(millisecond, CONVERT(int, @n), SYSUTCDATETIME())"

static int changed(struct mst_ms *c, const char *sql, struct mst_ms_pack *p,
		   int64_t for_ms, bool *done_r, struct mst_err *err)
{
	int64_t n = 0;
	bool found;
	int rc = mst_ms_number(c, sql, p, for_ms, &n, &found, err);

	*done_r = rc == 0 && n == 1;
	return rc;
}

int mst_ms_lease_swap(void *p, const char *from, const struct mst_lease *to,
		      int64_t for_ms, bool *done_r, struct mst_err *err)
{
	static const char update[] =
	    "UPDATE muster.lease SET token = " MST_MS_TEXT1(
		"0") ", holder = " MST_MS_TEXT1("8") ", ends_at = " ENDS
						     " WHERE name = N'writer'"
						     " AND token ="
						     " " MST_MS_TEXT1(
							 "16") "; SELECT "
							       "@@ROWCOUNT";
	static const char insert[] =
	    "INSERT INTO muster.lease (name, token, holder, ends_at) SELECT"
	    " N'writer', " MST_MS_TEXT1("0") ", " MST_MS_TEXT1(
		"8") ", " ENDS " WHERE NOT EXISTS (SELECT 1 FROM muster.lease"
		     " WITH (UPDLOCK, HOLDLOCK) WHERE name = N'writer');"
		     " SELECT @@ROWCOUNT";
	struct mst_ms_pack pack;
	int rc;

	mst_ms_pack_init(&pack);
	mst_ms_add_text(&pack, to->token);
	mst_ms_add_text(&pack, to->holder);
	mst_ms_add_text(&pack, from);
	rc = changed(p, update, &pack, for_ms, done_r, err);
	if (rc == 0 && !*done_r && !from[0]) {
		mst_ms_pack_reset(&pack);
		mst_ms_add_text(&pack, to->token);
		mst_ms_add_text(&pack, to->holder);
		rc = changed(p, insert, &pack, for_ms, done_r, err);
	}
	mst_ms_pack_fini(&pack);
	return rc;
}

/* ---- rows ---------------------------------------------------------------- */

/* A record: set 0, key 8, digest 24, members 40, first 48, changed 56, run 64,
 * remote 72, state 88, has_list 89, has_remote 90, has_first 91, has_changed
 * 92, places of text 93 and list 101. */
#define W "109"

/* Of a record, which is cut out of @data once: each look into that costs far
 * more than one into a row. */
#define INT8(at)  "CONVERT(bigint, SUBSTRING(r, " at " + 1, 8))"
#define BYTES(at) "SUBSTRING(r, " at " + 1, 16)"
#define BYTE(at)  "CONVERT(int, SUBSTRING(r, " at " + 1, 1))"
#define INT4(at)  "CONVERT(int, SUBSTRING(r, " at " + 1, 4))"
#define PLACE(at) "SUBSTRING(@data, " INT4(at) ", " INT4(at " + 4") ")"
#define WHEN(at)  "CASE WHEN " BYTE(at) " = 1 THEN "

#define FROM_RAW " FROM #raw; "

static const char stage_sql[] =
    "TRUNCATE TABLE #raw; TRUNCATE TABLE #rows; "
    "INSERT INTO #raw (i, r) SELECT i, SUBSTRING(@data, i * " W " + 1, " W ")"
    " FROM #n WHERE i < @n; "
    "INSERT INTO #rows (set_id, [key], digest, members, first_us, changed_us,"
    " run, remote, state, has_list, text, list) SELECT " INT8("0") ", " BYTES(
	"8") ", " BYTES("24") ", " INT8("40") ", " WHEN("91")
	INT8("48") " END, " WHEN("92")
	    INT8("56") " END, " INT8("64") ", " WHEN("90")
		BYTES("72") " END, " BYTE("88") ", " BYTE("89") ", " PLACE(
		    "93") ", " PLACE("101") FROM_RAW;

/* A row is looked up by its key each time. EXISTS leaves a server free to read
 * the whole table instead; one that knows no hash of a varbinary then compares
 * each row with each. */
#define ON_M "ON r.set_id = m.set_id AND r.[key] = m.[key]"
#define ON_G "ON r.set_id = g.set_id AND r.[key] = g.[key]"
#define NOT_IN(table, a)                                                       \
	"(SELECT " a ".set_id FROM muster." table " AS " a " WHERE " a         \
	".set_id = r.set_id AND " a ".[key] = r.[key]) IS NULL"

#define SET_ROW                                                                \
	"UPDATE g SET text = r.text, digest = r.digest, remote = r.remote,"    \
	" first_us = r.first_us, changed_us = r.changed_us, run = r.run,"      \
	" state = r.state, "
#define FROM_G " FROM muster.grp AS g JOIN #rows AS r " ON_G "; "
#define INSERT_ROW                                                             \
	"INSERT INTO muster.grp (set_id, [key], text, digest, members,"        \
	" has_list, remote, first_us, changed_us, run, state) SELECT"          \
	" r.set_id, r.[key], r.text, r.digest, r.members, r.has_list,"         \
	" r.remote, r.first_us, r.changed_us, r.run, r.state FROM #rows AS r"  \
	" WHERE " NOT_IN("grp", "g") "; "

static const char put_sql[] =
    SET_ROW "members = r.members, has_list = r.has_list" FROM_G INSERT_ROW
	    "UPDATE m SET list = r.list FROM muster.members AS m"
	    " JOIN #rows AS r " ON_M " AND r.has_list = 1; "
	    "INSERT INTO muster.members (set_id, [key], list) SELECT r.set_id,"
	    " r.[key], r.list FROM #rows AS r WHERE r.has_list = 1 AND " NOT_IN(
		"members",
		"m") "; "
		     "DELETE m FROM muster.members AS m JOIN #rows AS r " ON_M
		     " AND r.has_list = 0; ";
static const char keep_sql[] =
    SET_ROW "members = CASE WHEN g.has_list = 1 THEN g.members ELSE r.members "
	    "END" FROM_G INSERT_ROW;
static const char mark_sql[] = "UPDATE g SET state = r.state" FROM_G INSERT_ROW;
static const char del_sql[] =
    "DELETE m FROM muster.members AS m JOIN #rows AS r " ON_M "; "
    "DELETE m FROM muster.grp AS m JOIN #rows AS r " ON_M "; ";

static void add_row(struct mst_ms_pack *p, const struct mst_batch_row *b)
{
	const struct mst_group_row *row = &b->row;
	uint8_t digest[16];

	mst_recver_hash_put(row->digest, digest);
	mst_ms_add_int8(p, b->set);
	mst_ms_add_raw(p, b->key, 16);
	mst_ms_add_raw(p, digest, 16);
	mst_ms_add_int8(p, row->members);
	mst_ms_add_int8(p, row->first_delivered_us);
	mst_ms_add_int8(p, row->last_changed_us);
	mst_ms_add_int8(p, row->last_run);
	mst_ms_add_raw(p, row->remote.b, 16);
	mst_ms_add_byte(p, row->state);
	mst_ms_add_byte(p, b->kind == MST_BATCH_PUT && b->list.n != 0);
	mst_ms_add_byte(p, !mst_sysid_is_zero(&row->remote));
	mst_ms_add_byte(p, row->first_delivered_us != MST_TIME_NONE);
	mst_ms_add_byte(p, row->last_changed_us != MST_TIME_NONE);
	mst_ms_add_place(p, row->text);
	mst_ms_add_place(p, b->kind == MST_BATCH_PUT ? b->list
						     : (struct mst_slice){0});
	p->n++;
}

static int send(struct mst_ms *c, struct mst_ms_pack *p, const char *sql,
		struct mst_err *err)
{
	char text[sizeof(stage_sql) + sizeof(put_sql)];
	int rc = 0;

	(void)snprintf(text, sizeof(text), "%s%s", stage_sql, sql);
	if (p->n)
		rc = mst_ms_do(c, text, p, (int64_t)p->n, err);
	mst_ms_pack_reset(p);
	return rc;
}

/* Rows of a kind; they are in order of their keys. */
static int write_kind(struct mst_ms *c, struct mst_ms_pack *p,
		      const struct mst_batch *b, enum mst_batch_kind kind,
		      const char *sql, struct mst_err *err)
{
	int rc = 0;

	for (size_t i = 0; i < b->rows_n && rc == 0; i++) {
		const struct mst_batch_row *row = &b->rows[i];

		if (row->kind != kind)
			continue;
		if (p->n == MST_MS_ROWS ||
		    p->tail.n + row->list.n > STATEMENT_BYTES)
			rc = send(c, p, sql, err);
		add_row(p, row);
	}
	return rc < 0 ? rc : send(c, p, sql, err);
}

static int write_rows(struct mst_ms *c, const struct mst_batch *b,
		      struct mst_err *err)
{
	struct mst_ms_pack p;
	int rc;

	mst_ms_pack_init(&p);
	rc = write_kind(c, &p, b, MST_BATCH_DEL, del_sql, err);
	if (rc == 0)
		rc = write_kind(c, &p, b, MST_BATCH_PUT, put_sql, err);
	if (rc == 0)
		rc = write_kind(c, &p, b, MST_BATCH_KEEP, keep_sql, err);
	if (rc == 0)
		rc = write_kind(c, &p, b, MST_BATCH_MARK, mark_sql, err);
	mst_ms_pack_fini(&p);
	return rc;
}

/* ---- the rest of a batch ------------------------------------------------- */

/* What is added to a pack one by one, and sent when it is full. */
static int flush(struct mst_ms *c, struct mst_ms_pack *p, const char *sql,
		 bool last, struct mst_err *err)
{
	int rc = 0;

	if (!p->n ||
	    (!last && p->n < MST_MS_ROWS && p->tail.n < STATEMENT_BYTES))
		return 0;
	rc = mst_ms_do(c, sql, p, (int64_t)p->n, err);
	mst_ms_pack_reset(p);
	return rc;
}

static int reset(struct mst_ms *c, struct mst_ms_pack *p,
		 const struct mst_batch *b, struct mst_err *err)
{
#define SETS	" IN (SELECT " MST_MS_INT8("8", "0") " FROM #n WHERE i < @n); "
#define TARGETS " IN (SELECT " MST_MS_TEXT("8", "0") " FROM #n WHERE i < @n); "
	static const char sets[] =
	    "DELETE FROM muster.members WHERE set_id" SETS
	    "DELETE FROM muster.grp WHERE set_id" SETS;
	static const char targets[] =
	    "DELETE FROM muster.record_set WHERE target" TARGETS
	    "DELETE FROM muster.meta WHERE target" TARGETS;
	int rc = 0;

	for (size_t i = 0; i < b->reset_sets_n && rc == 0; i++) {
		mst_ms_add_int8(p, b->reset_sets[i]);
		p->n++;
		rc = flush(c, p, sets, false, err);
	}
	if (rc == 0)
		rc = flush(c, p, sets, true, err);
	for (size_t i = 0; i < b->reset_targets_n && rc == 0; i++) {
		mst_ms_add_text(p, b->reset_targets[i]);
		p->n++;
		rc = flush(c, p, targets, false, err);
	}
	return rc < 0 ? rc : flush(c, p, targets, true, err);
}

/* Rows of these two tables are replaced: they are few and short. */
static int write_sets(struct mst_ms *c, struct mst_ms_pack *p,
		      const struct mst_batch *b, struct mst_err *err)
{
	static const char sql[] =
	    "DELETE FROM muster.record_set WHERE id IN (SELECT " MST_MS_INT8(
		"24",
		"0") " FROM #n WHERE i < @n); "
		     "INSERT INTO muster.record_set (id, target, name)"
		     " SELECT " MST_MS_INT8("24", "0") ", " MST_MS_TEXT(
			 "24",
			 "8") ", " MST_MS_TEXT("24",
					       "16") " FROM #n WHERE i < @n; ";
	int rc = 0;

	for (size_t i = 0; i < b->sets_n && rc == 0; i++) {
		mst_ms_add_int8(p, b->sets[i].id);
		mst_ms_add_text(p, b->sets[i].target);
		mst_ms_add_text(p, b->sets[i].name);
		p->n++;
		rc = flush(c, p, sql, false, err);
	}
	return rc < 0 ? rc : flush(c, p, sql, true, err);
}

static int write_metas(struct mst_ms *c, struct mst_ms_pack *p,
		       const struct mst_batch *b, struct mst_err *err)
{
	static const char sql[] =
	    "DELETE m FROM muster.meta AS m WHERE EXISTS (SELECT 1 FROM #n"
	    " WHERE i < @n AND m.target = " MST_MS_TEXT(
		"24",
		"0") " AND m.name = " MST_MS_TEXT("24",
						  "8") "); "
						       "INSERT INTO "
						       "muster.meta (target, "
						       "name, value)"
						       " SELECT " MST_MS_TEXT("24", "0") ", " MST_MS_TEXT(
							   "24",
							   "8") ","
								" " MST_MS_PLACE(
								    "24",
								    "16") " FRO"
									  "M "
									  "#n "
									  "WHER"
									  "E i "
									  "< "
									  "@n;"
									  " ";
	int rc = 0;

	for (size_t i = 0; i < b->metas_n && rc == 0; i++) {
		mst_ms_add_text(p, b->metas[i].target);
		mst_ms_add_text(p, b->metas[i].name);
		mst_ms_add_place(p, b->metas[i].value);
		p->n++;
		rc = flush(c, p, sql, false, err);
	}
	return rc < 0 ? rc : flush(c, p, sql, true, err);
}

static int hold_lease(struct mst_ms *c, struct mst_ms_pack *p,
		      const char *token, int64_t for_ms, struct mst_err *err)
{
	bool done;
	int rc;

	mst_ms_add_text(p, token);
	rc = changed(c,
		     "UPDATE muster.lease SET ends_at = " ENDS
		     " WHERE name = N'writer' AND token = " MST_MS_TEXT1(
			 "0") "; SELECT @@ROWCOUNT",
		     p, for_ms, &done, err);
	mst_ms_pack_reset(p);
	if (rc == 0 && !done)
		return mst_err_set(err, MST_E_CONFLICT,
				   "somebody else has the lease");
	return rc;
}

int mst_ms_write(struct mst_ms *c, const struct mst_batch *b,
		 struct mst_err *err)
{
	struct mst_ms_pack p;
	int rc;

	mst_ms_pack_init(&p);
	rc = reset(c, &p, b, err);
	if (rc == 0)
		rc = write_sets(c, &p, b, err);
	if (rc == 0)
		rc = write_rows(c, b, err);
	if (rc == 0)
		rc = write_metas(c, &p, b, err);
	mst_ms_pack_fini(&p);
	return rc;
}

struct applying {
	const char *token;
	int64_t for_ms;
	const struct mst_batch *b;
};

static int apply(struct mst_ms *c, const void *ctx, struct mst_err *err)
{
	const struct applying *a = ctx;
	struct mst_ms_pack p;
	int rc;

	mst_ms_pack_init(&p);
	rc = hold_lease(c, &p, a->token, a->for_ms, err);
	mst_ms_pack_fini(&p);
	return rc < 0 ? rc : mst_ms_write(c, a->b, err);
}

/* A transaction that a driver cannot begin or end, and no word of the server:
 * FreeTDS says so of a connection that is gone. Doing it again is harmless. */
static int dbc_failed(struct mst_ms *c, struct mst_err *err)
{
	struct mst_err said = MST_ERR_INIT;
	int native = 0;
	int rc = mst_ms_fail(SQL_HANDLE_DBC, c->dbc, &native, &said);

	return mst_err_set(err,
			   rc == -MST_E_IO && !native ? MST_E_TRANSIENT : -rc,
			   "%s", said.msg);
}

/* By the driver, not by statements: it keeps account of transactions. */
static SQLRETURN autocommit(struct mst_ms *c, bool on)
{
	uintptr_t v = on ? SQL_AUTOCOMMIT_ON : SQL_AUTOCOMMIT_OFF;

	return SQLSetConnectAttrW(c->dbc, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)v,
				  SQL_IS_UINTEGER);
}

int mst_ms_transaction(struct mst_ms *c,
		       int (*fn)(struct mst_ms *c, const void *ctx,
				 struct mst_err *err),
		       const void *ctx, struct mst_err *err)
{
	int rc;

	mst_ms_close(c);
	if (!SQL_SUCCEEDED(autocommit(c, false)))
		return dbc_failed(c, err);
	c->in_transaction = true;
	rc = fn(c, ctx, err);
	if (rc == 0 &&
	    !SQL_SUCCEEDED(SQLEndTran(SQL_HANDLE_DBC, c->dbc, SQL_COMMIT)))
		rc = dbc_failed(c, err);
	/* It ends the connection anyway. */
	if (rc == -MST_E_TRANSIENT)
		return rc;
	if (rc < 0)
		(void)SQLEndTran(SQL_HANDLE_DBC, c->dbc, SQL_ROLLBACK);
	c->in_transaction = false;
	if (!SQL_SUCCEEDED(autocommit(c, true)) && rc == 0)
		rc = dbc_failed(c, err);
	return rc;
}

int mst_ms_apply(void *c, const char *token, int64_t for_ms,
		 const struct mst_batch *b, struct mst_err *err)
{
	const struct applying a = {.token = token, .for_ms = for_ms, .b = b};

	return mst_ms_transaction(c, apply, &a, err);
}
