/* SPDX-License-Identifier: Apache-2.0
 *
 * Member lists in SQLite. A list is cut into rows of at most half a page, and
 * while lists are appended the cuts are made where pages end: so a first load
 * fills its pages although pages are small, and small pages are what makes a
 * change cheap, because SQLite writes whole pages, twice. A list that changes
 * keeps its cuts; its last row grows or shrinks, then rows come or go.
 *
 * Where a page ends follows from the form of SQLite's files
 * (sqlite.org/fileformat2.html, "B-tree Pages") and from where the last page
 * began, which is seen by the number of pages. It is only about room: a wrong
 * guess wastes some.
 */
#include <sqlite3.h>

#include "recver/sqlite/private.h"

/* What a page has beside its cells. */
#define PAGE_HEAD 8
/* No rows for less. */
#define PART_MIN 64

static unsigned varint_len(uint64_t v)
{
	unsigned n = 1;

	while (v >>= 7)
		n++;
	return n;
}

/* What a row takes of its page: pointer, length, id; the record's head with
 * the types of both columns; the bytes. */
static size_t cell_bytes(int64_t id, size_t n)
{
	size_t record = 2 + varint_len(2 * n + 12) + n;

	return 2 + varint_len(record) + varint_len((uint64_t)id) + record;
}

static size_t page_room(const struct mst_sqlstore *s)
{
	return s->spec.page_bytes - PAGE_HEAD;
}

static size_t part_max(const struct mst_sqlstore *s)
{
	size_t half = page_room(s) / 2;

	return half - (cell_bytes(INT64_MAX, half) - half);
}

/* ---- the last page ------------------------------------------------------- */

void mst_sqlstore_list_forget(struct mst_sqlstore *s)
{
	s->tail = (struct mst_sqltail){0};
}

static int pages_used(struct mst_sqlstore *s, int64_t *n_r, struct mst_err *err)
{
	int64_t unused = 0;
	int rc = mst_db_number(&s->db, "PRAGMA page_count", n_r, err);

	if (rc == 0)
		rc = mst_db_number(&s->db, "PRAGMA freelist_count", &unused,
				   err);
	*n_r -= unused;
	return rc;
}

static void begin_page(struct mst_sqltail *t, int64_t list, size_t room)
{
	t->before = t->first;
	t->first = list;
	t->room = room;
}

static int put_part(struct mst_sqlstore *s, int64_t id, struct mst_slice part,
		    struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&s->db, Q_PART_PUT, &st, err);

	if (rc < 0)
		return rc;
	mst_db_bind_int(st, 1, id);
	mst_db_bind_blob(st, 2, part);
	return mst_db_run(&s->db, st, err);
}

/* The row behind all others; whether it began a page. */
static int append_part(struct mst_sqlstore *s, int64_t list, int64_t id,
		       struct mst_slice part, struct mst_err *err)
{
	struct mst_sqltail *t = &s->tail;
	size_t cell = cell_bytes(id, part.n);
	int64_t before = 0, after = 0;
	int rc = 0;

	if (t->known && cell > t->room)
		begin_page(t, list, page_room(s));
	if (!t->known)
		rc = pages_used(s, &before, err);
	if (rc == 0)
		rc = put_part(s, id, part, err);
	if (rc == 0 && !t->known)
		rc = pages_used(s, &after, err);
	if (!t->known && after != before) {
		begin_page(t, list, page_room(s));
		t->known = true;
	}
	t->room -= MST_MIN(cell, t->room);
	return rc;
}

/* How much of a list the row behind all others shall take. */
static size_t cut(const struct mst_sqlstore *s, int64_t id, size_t left)
{
	size_t n = MST_MIN(left, part_max(s));
	size_t room = s->tail.room, cell = cell_bytes(id, n);

	if (!s->tail.known || cell <= room)
		return n;
	if (room >= PART_MIN + (cell - n))
		return room - (cell - n);
	return n;
}

static int append(struct mst_sqlstore *s, int64_t list, struct mst_slice bytes,
		  struct mst_err *err)
{
	int rc = 0;

	for (int64_t id = list; bytes.n && rc == 0; id++) {
		size_t n = cut(s, id, bytes.n);

		rc = append_part(s, list, id, mst_slice(bytes.p, n), err);
		bytes = mst_slice(bytes.p + n, bytes.n - n);
	}
	return rc;
}

/* Another length near the end: the last page may have been rearranged. */
static void touch_tail(struct mst_sqlstore *s, int64_t list)
{
	if (list >= s->tail.before)
		s->tail.known = false;
}

/* ---- lists --------------------------------------------------------------- */

static int new_list(struct mst_sqlstore *s, int64_t *list_r,
		    struct mst_err *err)
{
	int64_t last = 0;
	int rc = 0;

	if (!s->tail.next) {
		rc = mst_db_number(&s->db, "SELECT max(id) FROM members", &last,
				   err);
		s->tail.next = last / MST_SQLSTORE_PARTS + 1;
	}
	*list_r = s->tail.next++ * MST_SQLSTORE_PARTS;
	return rc;
}

static int drop_parts(struct mst_sqlstore *s, int64_t from, int64_t list,
		      struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&s->db, Q_PARTS_DEL, &st, err);

	touch_tail(s, list);
	if (rc < 0)
		return rc;
	mst_db_bind_int(st, 1, from);
	mst_db_bind_int(st, 2, list + MST_SQLSTORE_PARTS - 1);
	return mst_db_run(&s->db, st, err);
}

/* The lengths of its rows into s->cuts; their sum. */
static int read_cuts(struct mst_sqlstore *s, int64_t list, size_t *sum_r,
		     struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&s->db, Q_PART_SIZES, &st, err);
	size_t n;

	mst_buf_reset(&s->cuts);
	*sum_r = 0;
	if (rc < 0)
		return rc;
	mst_db_bind_int(st, 1, list);
	mst_db_bind_int(st, 2, list + MST_SQLSTORE_PARTS - 1);
	while ((rc = mst_db_step(&s->db, st, err)) > 0) {
		n = (size_t)mst_db_int(st, 0);
		*sum_r += n;
		(void)mst_buf_add(&s->cuts, &n, sizeof(n));
	}
	return rc;
}

static int replace(struct mst_sqlstore *s, int64_t list, struct mst_slice bytes,
		   struct mst_err *err)
{
	size_t old, n, cuts_n, i = 0;
	const size_t *cuts;
	bool same;
	int rc = read_cuts(s, list, &old, err);

	same = old == bytes.n;
	if (!same)
		touch_tail(s, list);
	cuts = (const size_t *)(void *)s->cuts.p;
	cuts_n = s->cuts.n / sizeof(*cuts);
	for (; bytes.n && rc == 0; i++) {
		n = i + 1 < cuts_n + same ? cuts[i] : part_max(s);
		n = MST_MIN(n, bytes.n);
		rc = put_part(s, list + (int64_t)i, mst_slice(bytes.p, n), err);
		bytes = mst_slice(bytes.p + n, bytes.n - n);
	}
	/* Also what a list with a gap in it has behind its number of parts. */
	if (rc == 0 && (i < cuts_n || !same))
		rc = drop_parts(s, list + (int64_t)i, list, err);
	return rc;
}

int mst_sqlstore_list_put(struct mst_sqlstore *s, const struct mst_group_put *g,
			  int64_t *list, struct mst_err *err)
{
	int rc;

	if (g->row.members == 0)
		return mst_sqlstore_list_del(s, list, err);
	mst_buf_reset(&s->list);
	mst_recver_list_put(g, &s->list);
	if (*list)
		return replace(s, *list, mst_buf_slice(&s->list), err);
	rc = new_list(s, list, err);
	return rc < 0 ? rc : append(s, *list, mst_buf_slice(&s->list), err);
}

int mst_sqlstore_list_del(struct mst_sqlstore *s, int64_t *list,
			  struct mst_err *err)
{
	int rc = *list ? drop_parts(s, *list, *list, err) : 0;

	*list = 0;
	return rc;
}

int mst_sqlstore_list_of(struct mst_sqlstore *s, int64_t set,
			 const struct mst_hash *key, bool *found_r,
			 int64_t *list_r, int64_t *members_r,
			 struct mst_err *err)
{
	struct sqlite3_stmt *st;
	uint8_t raw[16];
	int rc = mst_db_stmt(&s->db, Q_LIST_OF, &st, err);

	*found_r = false;
	*list_r = *members_r = 0;
	if (rc < 0)
		return rc;
	mst_recver_hash_put(*key, raw);
	mst_db_bind_int(st, 1, set);
	mst_db_bind_blob(st, 2, mst_bytes16(raw));
	rc = mst_db_step(&s->db, st, err);
	if (rc <= 0)
		return rc;
	*found_r = true;
	*list_r = mst_db_int(st, 0);
	*members_r = mst_db_int(st, 1);
	mst_db_reset(st);
	return 0;
}

int mst_sqlstore_list_get(struct mst_sqlstore *s, int64_t list,
			  struct mst_slice *bytes_r, struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&s->db, Q_PARTS, &st, err);

	mst_buf_reset(&s->raw);
	if (rc < 0)
		return rc;
	mst_db_bind_int(st, 1, list);
	mst_db_bind_int(st, 2, list + MST_SQLSTORE_PARTS - 1);
	while ((rc = mst_db_step(&s->db, st, err)) > 0)
		(void)mst_buf_add_slice(&s->raw, mst_db_blob(st, 0));
	*bytes_r = mst_buf_slice(&s->raw);
	return rc;
}
