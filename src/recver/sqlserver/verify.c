/* SPDX-License-Identifier: Apache-2.0
 *
 * Looking at all of RecVer on SQL Server.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/time.h"
#include "recver/sqlserver/private.h"

#define TEXT_MAX ((size_t)64 << 20)

struct looking {
	struct mst_ms *c;
	const struct mst_recver_look *look;
	struct mst_buf key, text, digest, remote, list;
	int64_t number;
	bool has_number;
};

static void looking_fini(struct looking *l)
{
	mst_buf_fini(&l->key);
	mst_buf_fini(&l->text);
	mst_buf_fini(&l->digest);
	mst_buf_fini(&l->remote);
	mst_buf_fini(&l->list);
}

static int bytes(struct looking *l, int col, struct mst_buf *b,
		 struct mst_slice *s_r, struct mst_err *err)
{
	bool null = false;
	int rc;

	mst_buf_reset(b);
	rc = mst_ms_get_bytes(l->c, col, b, &null, err);
	*s_r = null ? (struct mst_slice){0} : mst_slice(b->n ? b->p : "", b->n);
	return rc;
}

static int number(struct looking *l, int col, int64_t *v_r, int64_t or_else,
		  struct mst_err *err)
{
	bool null = false;
	int rc = mst_ms_get_int(l->c, col, v_r, &null, err);

	if (null)
		*v_r = or_else;
	return rc;
}

static int take_group(struct looking *l, struct mst_err *err)
{
	struct mst_recver_raw g = {.set = 0};
	int64_t has_list = 0;
	int rc = number(l, 1, &g.set, 0, err);

	if (rc == 0)
		rc = bytes(l, 2, &l->key, &g.key, err);
	if (rc == 0)
		rc = bytes(l, 3, &l->digest, &g.digest, err);
	if (rc == 0)
		rc = number(l, 4, &g.members, INT64_MIN, err);
	if (rc == 0)
		rc = number(l, 5, &has_list, 0, err);
	if (rc == 0)
		rc = bytes(l, 6, &l->remote, &g.remote, err);
	if (rc == 0)
		rc = number(l, 7, &g.first_us, MST_TIME_NONE, err);
	if (rc == 0)
		rc = number(l, 8, &g.changed_us, MST_TIME_NONE, err);
	if (rc == 0)
		rc = number(l, 9, &g.run, INT64_MIN, err);
	if (rc == 0)
		rc = number(l, 10, &g.state, INT64_MIN, err);
	if (rc == 0)
		rc = bytes(l, 11, &l->text, &g.text, err);
	if (rc == 0)
		rc = bytes(l, 12, &l->list, &g.list, err);
	g.has_list = has_list == 1;
	return rc < 0 ? rc : l->look->group(l->look->ctx, &g);
}

static int take_stray(struct looking *l, struct mst_err *err)
{
	struct mst_slice key = {0};
	char hex[33] = "?", what[120];
	int64_t set = 0;
	int rc = number(l, 1, &set, 0, err);

	if (rc == 0)
		rc = bytes(l, 2, &l->key, &key, err);
	if (rc < 0)
		return rc;
	if (key.n == 16)
		mst_hash_hex(mst_recver_hash_get((const uint8_t *)key.p), hex);
	(void)snprintf(what, sizeof(what),
		       "the member list of set number %" PRId64
		       " and key %s is of no group",
		       set, hex);
	return l->look->stray(l->look->ctx, what);
}

static int take_meta(struct looking *l, struct mst_err *err)
{
	struct mst_slice value = {0};
	int rc;

	mst_buf_reset(&l->key);
	mst_buf_reset(&l->text);
	rc = mst_ms_get_text(l->c, 1, &l->key, err);
	if (rc == 0)
		rc = mst_ms_get_text(l->c, 2, &l->text, err);
	if (rc == 0)
		rc = bytes(l, 3, &l->list, &value, err);
	return rc < 0 ? rc
		      : l->look->meta(l->look->ctx, l->key.n ? l->key.p : "",
				      l->text.n ? l->text.p : "", value);
}

/* Every row of a statement to fn. */
static int each(struct looking *l, const char *sql,
		int (*fn)(struct looking *l, struct mst_err *err),
		struct mst_err *err)
{
	bool rows = false;
	int rc = mst_ms_exec(l->c, sql, NULL, 0, &rows, NULL, err);

	while (rc == 0 && rows && (rc = mst_ms_fetch(l->c, err)) > 0) {
		rc = fn(l, err);
		if (rc != 0)
			break;
	}
	if (rc == 0)
		return mst_ms_finish(l->c, err);
	mst_ms_close(l->c);
	return rc;
}

static int give_set(void *ctx, const struct mst_batch_set *s)
{
	const struct mst_recver_look *look = ctx;

	return look->set(look->ctx, s->id, s->target, s->name);
}

static int look_at_groups(struct looking *l, struct mst_err *err)
{
	int rc = each(l,
		      "SELECT g.set_id, g.[key], g.digest, g.members,"
		      " g.has_list, g.remote, g.first_us, g.changed_us, g.run,"
		      " g.state, g.text, m.list FROM muster.grp AS g"
		      " LEFT JOIN muster.members AS m"
		      " ON m.set_id = g.set_id AND m.[key] = g.[key]"
		      " ORDER BY g.set_id, g.[key]",
		      take_group, err);

	return rc ? rc
		  : each(l,
			 "SELECT m.set_id, m.[key] FROM muster.members AS m"
			 " WHERE NOT EXISTS (SELECT 1 FROM muster.grp AS g"
			 " WHERE g.set_id = m.set_id AND g.[key] = m.[key])"
			 " ORDER BY m.set_id, m.[key]",
			 take_stray, err);
}

static int take_number(struct looking *l, struct mst_err *err)
{
	bool null = false;
	int rc = mst_ms_get_int(l->c, 1, &l->number, &null, err);

	l->has_number = rc == 0 && !null;
	return rc;
}

/* The statement is read to its end before the number is given. */
static int look_at_numbers(struct looking *l, struct mst_err *err)
{
	char sql[240];
	int rc = 0;

	l->number = l->look->after;
	while (rc == 0) {
		(void)snprintf(sql, sizeof(sql),
			       "SELECT MIN(n) FROM (SELECT MIN(set_id) AS n"
			       " FROM muster.grp WHERE set_id > %" PRId64
			       " UNION ALL SELECT MIN(set_id) AS n"
			       " FROM muster.members WHERE set_id > %" PRId64
			       ") AS x",
			       l->number, l->number);
		l->has_number = false;
		rc = each(l, sql, take_number, err);
		if (rc < 0 || !l->has_number)
			return rc;
		rc = l->look->number(l->look->ctx, l->number);
	}
	return rc;
}

int mst_ms_verify(void *p, const struct mst_recver_look *look,
		  struct mst_err *err)
{
	struct looking l = {.c = p, .look = look};
	int rc = 0;

	mst_buf_init(&l.key, TEXT_MAX);
	mst_buf_init(&l.text, TEXT_MAX);
	mst_buf_init(&l.digest, TEXT_MAX);
	mst_buf_init(&l.remote, TEXT_MAX);
	mst_buf_init(&l.list, MST_RECVER_MAX_LIST + 64);
	if (look->set)
		rc = mst_ms_sets(p, give_set, (void *)(uintptr_t)look, err);
	if (rc == 0 && look->meta)
		rc = each(&l,
			  "SELECT CONVERT(varbinary(max), target),"
			  " CONVERT(varbinary(max), name), value"
			  " FROM muster.meta ORDER BY target, name",
			  take_meta, err);
	if (rc == 0 && look->group)
		rc = look_at_groups(&l, err);
	if (rc == 0 && look->number)
		rc = look_at_numbers(&l, err);
	looking_fini(&l);
	return rc;
}
