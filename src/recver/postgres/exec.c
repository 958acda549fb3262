/* SPDX-License-Identifier: Apache-2.0
 *
 * Statements with binary parameters and results. No prepared ones: a pooler
 * between us and the server may give every transaction another session.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <poll.h>

#include "base/num.h"
#include "base/time.h"
#include "recver/postgres/private.h"

/* pg_type.dat; they are fixed. */
#define OID_BOOL  16
#define OID_BYTEA 17
#define OID_INT8  20
#define OID_INT2  21
#define OID_TEXT  25

/* The server ends a statement by itself; this is for one that is silent. */
#define GRACE_MS 5000

static void add(struct mst_pg_params *p, Oid type, const void *v, size_t n)
{
	p->types[p->n] = type;
	p->v[p->n] = v;
	p->len[p->n] = (int)n;
	p->formats[p->n] = 1;
	p->n++;
}

void mst_pg_int(struct mst_pg_params *p, int64_t v)
{
	p->ints[p->n] = htobe64((uint64_t)v);
	add(p, OID_INT8, &p->ints[p->n], 8);
}

void mst_pg_text(struct mst_pg_params *p, const char *v)
{
	add(p, OID_TEXT, v, strlen(v));
}

void mst_pg_bytes(struct mst_pg_params *p, struct mst_slice v)
{
	add(p, OID_BYTEA, v.n ? v.p : "", v.n);
}

/* ---- arrays -------------------------------------------------------------- */

/* Dimensions, whether there are NULLs, type; length and first index. */
#define HEAD 20

static void add_be32(struct mst_buf *b, uint32_t v)
{
	v = htonl(v);
	(void)mst_buf_add(b, &v, 4);
}

void mst_pg_array_init(struct mst_pg_array *a, char kind)
{
	*a = (struct mst_pg_array){.type = kind == 'i'	 ? OID_INT8
					   : kind == 's' ? OID_INT2
					   : kind == 'o' ? OID_BOOL
					   : kind == 't' ? OID_TEXT
							 : OID_BYTEA};
	mst_buf_init(&a->b, (size_t)1 << 30);
	mst_pg_array_reset(a);
}

void mst_pg_array_fini(struct mst_pg_array *a)
{
	mst_buf_fini(&a->b);
}

void mst_pg_array_reset(struct mst_pg_array *a)
{
	static const char head[HEAD];

	a->n = 0;
	mst_buf_reset(&a->b);
	(void)mst_buf_add(&a->b, head, HEAD);
}

void mst_pg_add_int(struct mst_pg_array *a, int64_t v)
{
	uint64_t wide = htobe64((uint64_t)v);
	unsigned n = a->type == OID_INT8 ? 8 : a->type == OID_INT2 ? 2 : 1;

	add_be32(&a->b, n);
	(void)mst_buf_add(&a->b, (const char *)&wide + 8 - n, n);
	a->n++;
}

void mst_pg_add_bytes(struct mst_pg_array *a, struct mst_slice v)
{
	add_be32(&a->b, (uint32_t)v.n);
	(void)mst_buf_add_slice(&a->b, v);
	a->n++;
}

void mst_pg_add_null(struct mst_pg_array *a)
{
	add_be32(&a->b, UINT32_MAX);
	a->n++;
}

void mst_pg_array(struct mst_pg_params *p, struct mst_pg_array *a)
{
	static const struct {
		Oid element, array;
	} arrays[] = {{OID_BOOL, 1000},
		      {OID_BYTEA, 1001},
		      {OID_INT2, 1005},
		      {OID_TEXT, 1009},
		      {OID_INT8, 1016}};
	uint32_t head[5] = {htonl(1), htonl(1), htonl(a->type),
			    htonl((uint32_t)a->n), htonl(1)};
	Oid type = 0;

	for (size_t i = 0; i < MST_LEN(arrays); i++) {
		if (arrays[i].element == a->type)
			type = arrays[i].array;
	}
	if (!a->n)
		head[0] = head[1] = 0; /* no dimension: it ends there */
	memcpy(a->b.p, head, HEAD);
	add(p, type, a->b.p, a->n ? a->b.n : 12);
}

/* ---- statements ---------------------------------------------------------- */

int mst_pg_read(struct mst_pg *c, int64_t until_ms, struct mst_err *err)
{
	struct pollfd fd = {.fd = PQsocket(c->h), .events = POLLIN};
	int64_t left;

	do {
		left = until_ms - mst_mono_us() / 1000;
		if (left <= 0)
			return mst_err_set(
			    err, MST_E_TRANSIENT, "no answer for %lld s",
			    (long long)(c->conf->timeout_ms + GRACE_MS) / 1000);
	} while (poll(&fd, 1, (int)MST_MIN(left, 60000)) <= 0);
	return PQconsumeInput(c->h) ? 0 : mst_pg_fail(c, NULL, err);
}

int64_t mst_pg_until(const struct mst_pg *c)
{
	/* One that is gone is told by keepalives. */
	if (c->patient)
		return INT64_MAX;
	return mst_mono_us() / 1000 + c->conf->timeout_ms + GRACE_MS;
}

int mst_pg_wait(struct mst_pg *c, struct mst_err *err)
{
	int64_t until = mst_pg_until(c);
	int rc = 0;

	while (rc == 0 && PQisBusy(c->h))
		rc = mst_pg_read(c, until, err);
	return rc;
}

int mst_pg_copy_next(struct mst_pg *c, char **row_r, int *n_r,
		     struct mst_err *err)
{
	int rc;

	while ((*n_r = PQgetCopyData(c->h, row_r, 1)) == 0) {
		rc = mst_pg_read(c, mst_pg_until(c), err);
		if (rc < 0)
			return rc;
	}
	return *n_r == -2 ? mst_pg_fail(c, NULL, err) : 0;
}

void mst_pg_drain(struct mst_pg *c)
{
	struct mst_err err = MST_ERR_INIT;
	PGresult *res;
	char *row;
	int n, rc = 0;

	while (rc == 0 && mst_pg_wait(c, &err) == 0 &&
	       (res = PQgetResult(c->h)) != NULL) {
		n = PQresultStatus(res) == PGRES_COPY_OUT ? 0 : -1;
		while (rc == 0 && n >= 0) {
			rc = mst_pg_copy_next(c, &row, &n, &err);
			if (rc == 0 && n > 0)
				PQfreemem(row);
		}
		PQclear(res);
	}
}

int mst_pg_exec(struct mst_pg *c, const char *sql,
		const struct mst_pg_params *p, PGresult **res_r,
		struct mst_err *err)
{
	PGresult *res = NULL, *next;
	ExecStatusType status;
	int rc = 0;

	if (!PQsendQueryParams(c->h, sql, p ? p->n : 0, p ? p->types : NULL,
			       p ? p->v : NULL, p ? p->len : NULL,
			       p ? p->formats : NULL, 1))
		return mst_pg_fail(c, NULL, err);
	while ((rc = mst_pg_wait(c, err)) == 0 &&
	       (next = PQgetResult(c->h)) != NULL) {
		PQclear(res);
		res = next;
	}
	status = PQresultStatus(res);
	if (rc == 0 && status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		rc = mst_pg_fail(c, res, err);
	if (rc < 0)
		PQclear(res);
	else
		*res_r = res;
	return rc;
}

int mst_pg_do(struct mst_pg *c, const char *sql, const struct mst_pg_params *p,
	      int64_t *n_r, struct mst_err *err)
{
	PGresult *res = NULL;
	uint64_t n = 0;
	int rc = mst_pg_exec(c, sql, p, &res, err);

	if (rc < 0)
		return rc;
	if (n_r && !mst_num_u64(mst_slice_str(PQcmdTuples(res)), &n))
		n = 0;
	if (n_r)
		*n_r = (int64_t)n;
	PQclear(res);
	return 0;
}

struct mst_pg_value mst_pg_value(const PGresult *res, int row, int col)
{
	struct mst_pg_value v = {PQgetvalue(res, row, col),
				 PQgetlength(res, row, col)};

	if (PQgetisnull(res, row, col))
		v = (struct mst_pg_value){NULL, -1};
	return v;
}

int64_t mst_pg_value_int(struct mst_pg_value v, int64_t or_else)
{
	int64_t n;

	if (v.n < 1 || v.n > 8)
		return or_else;
	n = (int8_t)v.p[0];
	for (int i = 1; i < v.n; i++)
		n = (int64_t)((uint64_t)n << 8 | (uint8_t)v.p[i]);
	return n;
}
