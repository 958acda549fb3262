/* SPDX-License-Identifier: Apache-2.0
 *
 * Statements with one packed parameter, and their answers.
 */
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/secret.h"
#include "recver/sqlserver/private.h"

#define PACK_MAX ((size_t)1 << 30)
#define PIECE	 65536

/* ---- parameters ---------------------------------------------------------- */

void mst_ms_pack_init(struct mst_ms_pack *p)
{
	*p = (struct mst_ms_pack){0};
	mst_buf_init(&p->head, PACK_MAX);
	mst_buf_init(&p->tail, PACK_MAX);
	mst_buf_init(&p->places, PACK_MAX);
}

void mst_ms_pack_fini(struct mst_ms_pack *p)
{
	mst_buf_fini(&p->head);
	mst_buf_fini(&p->tail);
	mst_buf_fini(&p->places);
}

void mst_ms_pack_reset(struct mst_ms_pack *p)
{
	mst_buf_reset(&p->head);
	mst_buf_reset(&p->tail);
	mst_buf_reset(&p->places);
	p->n = 0;
}

void mst_ms_add_raw(struct mst_ms_pack *p, const void *raw, size_t n)
{
	(void)mst_buf_add(&p->head, raw, n);
}

static void add_be32(struct mst_ms_pack *p, size_t v)
{
	uint32_t be = htobe32((uint32_t)v);

	mst_ms_add_raw(p, &be, 4);
}

void mst_ms_add_int8(struct mst_ms_pack *p, int64_t v)
{
	uint64_t be = htobe64((uint64_t)v);

	mst_ms_add_raw(p, &be, 8);
}

void mst_ms_add_byte(struct mst_ms_pack *p, unsigned v)
{
	(void)mst_buf_addc(&p->head, (char)v);
}

/* From the tail's beginning until join() knows how long the head is. */
static void add_place(struct mst_ms_pack *p, size_t from)
{
	(void)mst_buf_add(&p->places, &p->head.n, sizeof(p->head.n));
	add_be32(p, from + 1);
	add_be32(p, p->tail.n - from);
}

void mst_ms_add_place(struct mst_ms_pack *p, struct mst_slice bytes)
{
	size_t from = p->tail.n;

	(void)mst_buf_add_slice(&p->tail, bytes);
	add_place(p, from);
}

void mst_ms_add_text(struct mst_ms_pack *p, const char *text)
{
	size_t from = p->tail.n;

	mst_ms_wide(&p->tail, mst_slice_str(text));
	add_place(p, from);
}

/* The tail goes behind the head. */
static int join(struct mst_ms_pack *p, struct mst_err *err)
{
	size_t at, head = p->head.n;
	uint32_t be;

	for (size_t i = 0; i < p->places.n; i += sizeof(at)) {
		memcpy(&at, p->places.p + i, sizeof(at));
		memcpy(&be, p->head.p + at, 4);
		be = htobe32((uint32_t)(be32toh(be) + head));
		memcpy(p->head.p + at, &be, 4);
	}
	(void)mst_buf_add_slice(&p->head, mst_buf_slice(&p->tail));
	mst_buf_reset(&p->tail);
	mst_buf_reset(&p->places);
	if (p->head.overflow || p->tail.overflow)
		return mst_err_set(err, MST_E_INVALID,
				   "a group's members take more than one "
				   "statement can carry");
	return 0;
}

/* ---- statements ---------------------------------------------------------- */

static int failed(struct mst_ms *c, int *native_r, struct mst_err *err)
{
	return mst_ms_fail(SQL_HANDLE_STMT, c->stmt, native_r, err);
}

void mst_ms_close(struct mst_ms *c)
{
	(void)SQLFreeStmt(c->stmt, SQL_CLOSE);
	(void)SQLFreeStmt(c->stmt, SQL_RESET_PARAMS);
}

/* To the first result with columns, or to the end. */
static int to_rows(struct mst_ms *c, SQLRETURN rc, bool *rows_r, int *native_r,
		   struct mst_err *err)
{
	SQLSMALLINT cols;

	*rows_r = false;
	do {
		/* A statement that changed no row says "no data", too. */
		if (!SQL_SUCCEEDED(rc) && rc != SQL_NO_DATA)
			return failed(c, native_r, err);
		cols = 0;
		(void)SQLNumResultCols(c->stmt, &cols);
		if (cols > 0) {
			*rows_r = true;
			return 0;
		}
		rc = SQLMoreResults(c->stmt);
	} while (rc != SQL_NO_DATA);
	return 0;
}

/* What a statement begins with that has a parameter. The image of old is what
 * FreeTDS calls a long one. */
#define HEAD                                                                   \
	"SET NOCOUNT ON; DECLARE @data varbinary(max) = "                      \
	"CONVERT(varbinary(max), ?); DECLARE @n bigint = ?; "

static int run(struct mst_ms *c, const char *sql, struct mst_ms_pack *pack,
	       SQLBIGINT *n, SQLLEN *len, bool *rows_r, int *native_r,
	       struct mst_err *err)
{
	struct mst_buf text = MST_BUF_INIT(1u << 20);
	struct mst_buf wide = MST_BUF_INIT(4u << 20);
	SQLRETURN rc = SQL_SUCCESS;

	if (pack) {
		*len = (SQLLEN)pack->head.n;
		rc = SQLBindParameter(c->stmt, 1, SQL_PARAM_INPUT, SQL_C_BINARY,
				      SQL_LONGVARBINARY, 0x7fffffff, 0,
				      pack->head.n ? pack->head.p : (char *)"",
				      *len, len);
		if (SQL_SUCCEEDED(rc))
			rc = SQLBindParameter(c->stmt, 2, SQL_PARAM_INPUT,
					      SQL_C_SBIGINT, SQL_BIGINT, 19, 0,
					      n, 8, NULL);
	}
	/* One may make a login with its password: no copies are left behind. */
	(void)mst_buf_reserve(&text, sizeof(HEAD) + strlen(sql));
	(void)mst_buf_adds(&text, pack ? HEAD : "");
	(void)mst_buf_adds(&text, sql);
	(void)mst_buf_reserve(&wide, text.n * 2);
	mst_ms_wide(&wide, mst_buf_slice(&text));
	if (SQL_SUCCEEDED(rc))
		rc = SQLExecDirectW(c->stmt, (SQLWCHAR *)(void *)wide.p,
				    (SQLINTEGER)(wide.n / 2));
	mst_buf_wipe_fini(&text);
	mst_buf_wipe_fini(&wide);
	return to_rows(c, rc, rows_r, native_r, err);
}

int mst_ms_exec(struct mst_ms *c, const char *sql, struct mst_ms_pack *pack,
		int64_t n, bool *rows_r, int *native_r, struct mst_err *err)
{
	SQLBIGINT number = n;
	SQLLEN len = 0;
	int rc = 0;

	mst_ms_close(c);
	if (pack)
		rc = join(pack, err);
	if (rc == 0)
		rc = run(c, sql, pack, &number, &len, rows_r, native_r, err);
	(void)SQLFreeStmt(c->stmt, SQL_RESET_PARAMS);
	if (rc < 0)
		mst_ms_close(c);
	return rc;
}

int mst_ms_finish(struct mst_ms *c, struct mst_err *err)
{
	SQLRETURN rc;
	int r = 0;

	while ((rc = SQLMoreResults(c->stmt)) != SQL_NO_DATA) {
		if (SQL_SUCCEEDED(rc))
			continue;
		r = failed(c, NULL, err);
		break;
	}
	mst_ms_close(c);
	return r;
}

int mst_ms_do(struct mst_ms *c, const char *sql, struct mst_ms_pack *pack,
	      int64_t n, struct mst_err *err)
{
	bool rows;
	int rc = mst_ms_exec(c, sql, pack, n, &rows, NULL, err);

	return rc < 0 ? rc : mst_ms_finish(c, err);
}

/* Whoever makes the same at this moment may be between two steps. */
#define MAKES 3

int mst_ms_make_it(struct mst_ms *c, const char *sql, struct mst_err *err)
{
	int rc = 0;

	for (int i = 0; i < MAKES; i++) {
		int native = 0;
		bool rows;

		mst_err_clear(err);
		rc = mst_ms_exec(c, sql, NULL, 0, &rows, &native, err);
		if (rc == 0)
			return mst_ms_finish(c, err);
		if (!mst_ms_is_there(native))
			break;
	}
	return rc;
}

int mst_ms_number(struct mst_ms *c, const char *sql, struct mst_ms_pack *pack,
		  int64_t n, int64_t *v_r, bool *found_r, struct mst_err *err)
{
	bool rows, null = false;
	int end, rc = mst_ms_exec(c, sql, pack, n, &rows, NULL, err);

	*found_r = false;
	if (rc == 0 && rows)
		rc = mst_ms_fetch(c, err);
	if (rc > 0) {
		rc = mst_ms_get_int(c, 1, v_r, &null, err);
		*found_r = rc == 0 && !null;
	}
	if (rc < 0) {
		mst_ms_close(c);
		return rc;
	}
	end = mst_ms_finish(c, err);
	return end < 0 ? end : 0;
}

bool mst_ms_absent(struct mst_ms *c, const char *object, int rc)
{
	struct mst_err mine = MST_ERR_INIT;
	bool answered;
	char sql[200];
	int64_t is = 1;

	if (rc != -MST_E_IO)
		return rc == -MST_E_NOTFOUND;
	(void)snprintf(sql, sizeof(sql),
		       "SELECT CASE WHEN OBJECT_ID(%s) IS NULL THEN 0 ELSE 1 "
		       "END",
		       object);
	return mst_ms_number(c, sql, NULL, 0, &is, &answered, &mine) == 0 &&
	       is == 0;
}

/* A text goes as UTF-16 in bytes, so that no driver converts it. */
static void question(struct mst_buf *sql, const char *const *columns, size_t n,
		     const char *from)
{
	for (size_t i = 0; i < n; i++)
		(void)mst_buf_addf(sql,
				   "%sCONVERT(varbinary(max), "
				   "CONVERT(nvarchar(400), %s))",
				   i ? ", " : "SELECT ", columns[i]);
	(void)mst_buf_adds(sql, from ? from : "");
}

static int take_texts(struct mst_ms *c, char **out, size_t n,
		      struct mst_err *err)
{
	struct mst_buf wide = MST_BUF_INIT(1u << 20);
	struct mst_buf text = MST_BUF_INIT(1u << 20);
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		bool null;

		mst_buf_reset(&wide);
		mst_buf_reset(&text);
		rc = mst_ms_get_bytes(c, (int)i + 1, &wide, &null, err);
		mst_ms_narrow(&text, wide.p, wide.n);
		if (rc == 0 && text.n) {
			free(out[i]);
			out[i] = mst_strndup(text.p, text.n);
		}
	}
	mst_buf_fini(&wide);
	mst_buf_fini(&text);
	return rc;
}

int mst_ms_ask(struct mst_ms *c, const char *const *columns, size_t n,
	       const char *from, struct mst_ms_pack *pack, char **out,
	       bool *found_r, struct mst_err *err)
{
	struct mst_buf sql = MST_BUF_INIT(65536);
	bool rows;
	int rc;

	for (size_t i = 0; i < n; i++)
		out[i] = mst_strdup("");
	question(&sql, columns, n, from);
	*found_r = false;
	rc = mst_ms_exec(c, sql.p, pack, 0, &rows, NULL, err);
	mst_buf_fini(&sql);
	if (rc == 0 && rows)
		rc = mst_ms_fetch(c, err);
	if (rc > 0) {
		*found_r = true;
		rc = take_texts(c, out, n, err);
	}
	if (rc < 0) {
		mst_ms_close(c);
		return rc;
	}
	return mst_ms_finish(c, err);
}

/* ---- answers ------------------------------------------------------------- */

int mst_ms_fetch(struct mst_ms *c, struct mst_err *err)
{
	SQLRETURN rc = SQLFetch(c->stmt);

	if (rc == SQL_NO_DATA)
		return 0;
	return SQL_SUCCEEDED(rc) ? 1 : failed(c, NULL, err);
}

static int is_null(int col, struct mst_err *err)
{
	return mst_err_set(err, MST_E_CORRUPT,
			   "column %d of an answer is NULL where it cannot be",
			   col);
}

int mst_ms_get_int(struct mst_ms *c, int col, int64_t *v_r, bool *null_r,
		   struct mst_err *err)
{
	SQLBIGINT v = 0;
	SQLLEN ind = 0;

	if (!SQL_SUCCEEDED(SQLGetData(c->stmt, (SQLUSMALLINT)col, SQL_C_SBIGINT,
				      &v, sizeof(v), &ind)))
		return failed(c, NULL, err);
	if (ind == SQL_NULL_DATA && !null_r)
		return is_null(col, err);
	if (null_r)
		*null_r = ind == SQL_NULL_DATA;
	*v_r = ind == SQL_NULL_DATA ? 0 : v;
	return 0;
}

int mst_ms_get_bytes(struct mst_ms *c, int col, struct mst_buf *out,
		     bool *null_r, struct mst_err *err)
{
	bool any = false;
	size_t room = 256;
	SQLRETURN rc;
	SQLLEN ind;

	if (null_r)
		*null_r = false;
	/* Piece by piece: what is left is known after the first, if at all. */
	for (;; any = true) {
		ind = 0;
		if (!mst_buf_reserve(out, room))
			return mst_err_set(err, MST_E_INVALID,
					   "a stored value is longer than "
					   "%zu bytes",
					   out->max);
		rc = SQLGetData(c->stmt, (SQLUSMALLINT)col, SQL_C_BINARY,
				out->p + out->n, (SQLLEN)room, &ind);
		if (rc == SQL_NO_DATA && any)
			return 0;
		if (!SQL_SUCCEEDED(rc))
			return failed(c, NULL, err);
		if (ind == SQL_NULL_DATA) {
			if (!null_r)
				return is_null(col, err);
			*null_r = true;
			return 0;
		}
		if (ind != SQL_NO_TOTAL && (size_t)ind <= room) {
			out->n += (size_t)ind;
			break;
		}
		out->n += room;
		room = ind == SQL_NO_TOTAL ? PIECE : (size_t)ind - room;
	}
	if (out->p)
		out->p[out->n] = 0;
	return 0;
}

int mst_ms_get_text(struct mst_ms *c, int col, struct mst_buf *out,
		    struct mst_err *err)
{
	struct mst_buf wide = MST_BUF_INIT(65536);
	int rc = mst_ms_get_bytes(c, col, &wide, NULL, err);

	if (rc == 0)
		mst_ms_narrow(out, wide.p, wide.n);
	mst_buf_fini(&wide);
	return rc;
}
