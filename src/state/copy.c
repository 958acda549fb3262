/* SPDX-License-Identifier: Apache-2.0
 *
 * Copying a store: table by table, in order of its key, in pages, so that it
 * takes no more memory for a large one.
 */
#include "copy.h"

#include <stdlib.h>

#include "base/arena.h"
#include "pg.h"
#include "state/task.h"
#include "state_private.h"
#include "tables.h"

#define PAGE	1000
#define COLUMNS 24

struct column {
	char name[32];
	char type;
};

struct table {
	const struct mst_table *t;
	struct column c[COLUMNS];
	int n;
	/* A store knows statements by their address: they live as long as
	 * both are open. */
	const char *first, *next, *put;
	uint64_t rows;
};

struct copy {
	struct mst_state *from, *to;
	struct mst_arena arena;
	struct mst_buf key[COLUMNS]; /* of the last row */
};

/* ---- statements ---------------------------------------------------------- */

static void columns_of(struct table *t)
{
	const char *p = t->t->columns;

	while (*p) {
		size_t n = strcspn(p, ":");
		struct column *c = &t->c[t->n++];

		(void)snprintf(c->name, sizeof(c->name), "%.*s", (int)n, p);
		c->type = p[n + 1];
		p += n + 2;
		p += strspn(p, " ");
	}
}

static void add_names(struct mst_buf *b, const struct table *t, int n)
{
	for (int i = 0; i < n; i++)
		(void)mst_buf_addf(b, "%s\"%s\"", i ? ", " : "", t->c[i].name);
}

static void add_params(struct mst_buf *b, int n)
{
	for (int i = 1; i <= n; i++)
		(void)mst_buf_addf(b, "%s?%d", i > 1 ? ", " : "", i);
}

/* A server gives a page as a whole. */
static int page_of(const struct table *t)
{
	return t->t->page ? t->t->page : PAGE;
}

static const char *select_of(struct copy *c, const struct table *t, bool next)
{
	struct mst_buf b = MST_BUF_INIT(4096);
	const char *sql;

	(void)mst_buf_adds(&b, "SELECT ");
	add_names(&b, t, t->n);
	(void)mst_buf_addf(&b, " FROM %s", t->t->name);
	if (next) {
		(void)mst_buf_adds(&b, " WHERE (");
		add_names(&b, t, t->t->keys);
		(void)mst_buf_adds(&b, ") > (");
		add_params(&b, t->t->keys);
		(void)mst_buf_adds(&b, ")");
	}
	(void)mst_buf_adds(&b, " ORDER BY ");
	add_names(&b, t, t->t->keys);
	(void)mst_buf_addf(&b, " LIMIT %d", page_of(t));
	sql = mst_arena_strdup(&c->arena, b.p);
	mst_buf_fini(&b);
	return sql;
}

static const char *insert_of(struct copy *c, const struct table *t)
{
	struct mst_buf b = MST_BUF_INIT(4096);
	const char *sql;

	(void)mst_buf_addf(&b, "INSERT INTO %s(", t->t->name);
	add_names(&b, t, t->n);
	(void)mst_buf_adds(&b, ") VALUES(");
	add_params(&b, t->n);
	(void)mst_buf_adds(&b, ")");
	sql = mst_arena_strdup(&c->arena, b.p);
	mst_buf_fini(&b);
	return sql;
}

/* ---- rows ---------------------------------------------------------------- */

static void bind(struct mst_sdb_st *to, int i, char type, struct mst_sdb_st *st,
		 int col)
{
	if (mst_sdb_is_null(st, col))
		return;
	if (type == 'i')
		mst_sdb_bind_int(to, i, mst_sdb_int(st, col));
	else if (type == 'r')
		mst_sdb_bind_real(to, i, mst_sdb_real(st, col));
	else if (type == 't')
		mst_sdb_bind_text(to, i, mst_sdb_text(st, col));
	else
		mst_sdb_bind_blob(to, i, mst_sdb_blob(st, col));
}

static void keep_key(struct copy *c, const struct table *t,
		     struct mst_sdb_st *st)
{
	for (int i = 0; i < t->t->keys; i++) {
		struct mst_buf *b = &c->key[i];
		int64_t v;

		mst_buf_reset(b);
		if (t->c[i].type == 'i') {
			v = mst_sdb_int(st, i);
			(void)mst_buf_add(b, &v, sizeof(v));
		} else if (t->c[i].type == 't') {
			(void)mst_buf_adds(b, mst_sdb_text(st, i));
		} else {
			(void)mst_buf_add_slice(b, mst_sdb_blob(st, i));
		}
		(void)mst_buf_addc(b, 0);
	}
}

static void bind_key(struct copy *c, const struct table *t,
		     struct mst_sdb_st *st)
{
	for (int i = 0; i < t->t->keys; i++) {
		const struct mst_buf *b = &c->key[i];
		int64_t v;

		if (t->c[i].type == 'i') {
			memcpy(&v, b->p, sizeof(v));
			mst_sdb_bind_int(st, i + 1, v);
		} else if (t->c[i].type == 't') {
			mst_sdb_bind_text(st, i + 1, b->p);
		} else {
			mst_sdb_bind_blob(st, i + 1, mst_slice(b->p, b->n - 1));
		}
	}
}

/* *n_r: how many there were. */
static int copy_page(struct copy *c, struct table *t, int *n_r,
		     struct mst_err *err)
{
	struct mst_sdb_st *st, *to;
	int rc =
	    mst_sdb_stmt(c->from->db, t->rows ? t->next : t->first, &st, err);

	*n_r = 0;
	if (rc < 0)
		return rc;
	if (t->rows)
		bind_key(c, t, st);
	while ((rc = mst_sdb_step(st, err)) > 0) {
		rc = mst_sdb_stmt(c->to->db, t->put, &to, err);
		if (rc < 0)
			break;
		for (int i = 0; i < t->n; i++)
			bind(to, i + 1, t->c[i].type, st, i);
		rc = mst_sdb_queue(to, err);
		if (rc < 0)
			break;
		keep_key(c, t, st);
		++*n_r;
	}
	mst_sdb_reset(st);
	t->rows += (uint64_t)*n_r;
	return rc;
}

/* The next id that the store gives is behind those that were copied. */
static int go_on_counting(struct copy *c, const struct table *t,
			  struct mst_err *err)
{
	char *sql;
	int rc;

	if (c->to->db->ops->local || !t->t->numbered || !t->rows)
		return 0;
	sql =
	    mst_asprintf("SELECT setval(pg_get_serial_sequence("
			 "'muster_state.%s', 'id'), (SELECT max(id) FROM %s))",
			 t->t->name, t->t->name);
	rc = mst_sdb_exec(c->to->db, sql, err);
	free(sql);
	return rc;
}

static int copy_table(struct copy *c, struct table *t, struct mst_err *err)
{
	int n, rc;

	columns_of(t);
	t->first = select_of(c, t, false);
	t->next = select_of(c, t, true);
	t->put = insert_of(c, t);
	do
		rc = copy_page(c, t, &n, err);
	while (rc == 0 && n == page_of(t));
	if (rc == 0)
		rc = go_on_counting(c, t, err);
	return rc < 0 ? mst_err_prefix(err, "table %s", t->t->name) : 0;
}

/* ---- what must be so before ---------------------------------------------- */

static const char q_items[] = "SELECT count(*) FROM item";
static const char q_runs[] = "SELECT count(*) FROM run";
static const char q_tasks[] = "SELECT count(*) FROM task";
static const char q_entries[] = "SELECT count(*) FROM audit";
static const char q_users[] = "SELECT count(*) FROM users";
static const char q_secrets[] = "SELECT count(*) FROM secret";

static int check_empty(struct mst_state *to, struct mst_err *err)
{
	const char *const all[] = {q_items,   q_runs,  q_tasks,
				   q_entries, q_users, q_secrets};
	int64_t n = 0;
	int rc = 0;

	for (size_t i = 0; i < MST_LEN(all) && rc == 0 && n == 0; i++)
		rc = mst_sdb_ask(to->db, all[i], &n, err);
	if (rc == 0 && n)
		rc = mst_err_set(err, MST_E_CONFLICT,
				 "the store '%s' has something in it already: "
				 "name one that is empty",
				 to->store);
	return rc;
}

static int found_run(void *ctx, const struct mst_run *run)
{
	return mst_err_set(ctx, MST_E_CONFLICT,
			   "run %lld of job '%s' is under way: wait for its "
			   "end, or stop it",
			   (long long)run->id, run->job);
}

static int found_node(void *ctx, const struct mst_node *n)
{
	if (!n->alive)
		return 0;
	return mst_err_set(ctx, MST_E_CONFLICT,
			   "node '%s' works with this store: stop 'muster "
			   "serve' there",
			   n->name);
}

static int check_still(struct mst_state *from, struct mst_err *err)
{
	const struct mst_run_filter running = {.status = MST_RUN_RUNNING,
					       .n = 1};
	int rc = mst_state_runs(from, &running, found_run, err, err);

	return rc < 0 ? rc : mst_nodes(from, found_node, err, err);
}

/* ---- all of it ----------------------------------------------------------- */

static int copy_all(struct copy *c,
		    void (*fn)(void *ctx, const char *table, uint64_t rows),
		    void *ctx, struct mst_err *err)
{
	/* Copied like the others; the one that a new store begins with goes. */
	int rc = mst_sdb_exec(c->to->db, "DELETE FROM audit_head", err);

	for (const struct mst_table *d = mst_state_tables; d->name && rc == 0;
	     d++) {
		struct table t = {.t = d};

		rc = copy_table(c, &t, err);
		if (rc == 0)
			fn(ctx, d->name, t.rows);
	}
	return rc;
}

static int verify(struct mst_state *to, struct mst_err *err)
{
	struct mst_audit_check check;
	int rc = mst_audit_verify(to, NULL, &check, err);

	if (rc == 0 && check.bad_id)
		rc =
		    mst_err_set(err, MST_E_CORRUPT,
				"the audit is broken at entry %lld: %s; it was "
				"so before, or the copy is wrong: 'muster "
				"audit verify' tells",
				(long long)check.bad_id, check.why);
	return rc;
}

static int run_copy(struct copy *c,
		    void (*fn)(void *ctx, const char *table, uint64_t rows),
		    void *ctx, struct mst_err *err)
{
	bool own, to_own;
	int rc = check_still(c->from, err);

	if (rc == 0)
		rc = check_empty(c->to, err);
	/* The pages are of one moment. */
	if (rc == 0)
		rc = mst_sdb_own_begin(c->from->db, &own, err);
	if (rc < 0)
		return rc;
	if (!c->from->db->ops->local)
		rc = mst_sdb_exec(
		    c->from->db,
		    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", err);
	if (rc == 0)
		rc = mst_sdb_own_begin(c->to->db, &to_own, err);
	if (rc == 0) {
		rc = copy_all(c, fn, ctx, err);
		if (rc == 0)
			rc = verify(c->to, err);
		rc = mst_sdb_own_end(c->to->db, to_own, rc, err);
	}
	rc = mst_sdb_own_end(c->from->db, own, rc, err);
	return rc == 0 ? mst_sdb_sync(c->to->db, err) : rc;
}

int mst_store_copy(const char *dir, const char *store, const char *to,
		   void (*fn)(void *ctx, const char *table, uint64_t rows),
		   void *ctx, struct mst_err *err)
{
	struct copy c = {.from = NULL};
	int rc = mst_state_open_store(dir, store, &c.from, err);

	if (rc == 0)
		rc = mst_state_open_store(dir, to, &c.to, err);
	if (rc == 0 && strcmp(c.from->store, c.to->store) == 0)
		rc = mst_err_set(err, MST_E_INVALID,
				 "'%s' is the store that is in use: name "
				 "another one with --to",
				 c.to->store);
	mst_arena_init(&c.arena, 1u << 20);
	for (int i = 0; i < COLUMNS; i++)
		mst_buf_init(&c.key[i], 1u << 20);
	if (rc == 0)
		rc = run_copy(&c, fn, ctx, err);
	mst_state_close(&c.to);
	mst_state_close(&c.from);
	for (int i = 0; i < COLUMNS; i++)
		mst_buf_fini(&c.key[i]);
	mst_arena_fini(&c.arena);
	return rc;
}

int mst_store_look(struct mst_state *s, struct mst_store_look *l_r,
		   struct mst_err *err)
{
	const char *const sql[] = {q_items, q_runs, q_tasks, q_entries,
				   q_users};
	struct mst_store_look l = {.shared = !s->db->ops->local,
				   .place = s->store};
	uint64_t *const to[] = {&l.items, &l.runs, &l.tasks, &l.entries,
				&l.users};
	int64_t n = 0;
	int rc = 0;

	for (size_t i = 0; i < MST_LEN(sql) && rc == 0; i++) {
		rc = mst_sdb_ask(s->db, sql[i], &n, err);
		*to[i] = (uint64_t)n;
	}
	if (rc == 0)
		*l_r = l;
	return rc;
}

const char *mst_store_script(void)
{
	return mst_pgc_create;
}

const char *mst_store_role_script(void)
{
	return mst_pgc_role;
}
