/* SPDX-License-Identifier: Apache-2.0
 *
 * A journal as items, and what has become of its records since.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/map.h"
#include "sync/journal.h"
#include "sync/undo_private.h"

#define LINE_MAX    (4u << 20)
#define JOURNAL_MAX (400u << 20)

struct loading {
	struct mst_undo *u;
	struct mst_map by_id; /* hex → item number + 1 */
	size_t cap;
};

/* ---- the file ----- */

static void take_pairs(struct mst_undo *u, struct mst_json columns,
		       struct mst_json_pair **v_r, size_t *n_r)
{
	size_t n = mst_json_len(columns);
	struct mst_json_pair *v =
	    mst_arena_alloc(&u->arena, (n + 1) * sizeof(*v));
	struct mst_json_iter it = mst_json_iter(columns);
	struct mst_slice key;
	struct mst_json value;

	*n_r = 0;
	while (mst_json_next(&it, &key, &value) && *n_r < n)
		v[(*n_r)++] = (struct mst_json_pair){
		    mst_arena_dup(&u->arena, key).p,
		    mst_arena_dup(&u->arena, mst_json_str(value))};
	*v_r = v;
}

static void add_item(struct loading *l, struct mst_json line, bool made)
{
	struct mst_undo *u = l->u;
	struct mst_slice name = mst_json_str(mst_json_get(line, "set"));
	struct mst_slice hex = mst_json_str(mst_json_get(line, "id"));
	char set[MST_MAX_NAME + 1];
	struct mst_json action = mst_json_get(line, "action");
	struct mst_undo_item it = {.made = made};
	struct mst_hash member;

	/* What held before the first change of a record counts. */
	if (mst_map_has(&l->by_id, hex))
		return;
	(void)snprintf(set, sizeof(set), "%.*s", MST_SLICE_ARG(name));
	it.set = mst_catalog_set(u->session.job.catalog, set);
	if (!it.set || !mst_sysid_parse(hex, &it.id) ||
	    !mst_hash_parse(mst_json_str(mst_json_get(line, "group_key")),
			    &it.group_key) ||
	    !mst_hash_parse(mst_json_str(mst_json_get(line, "log")), &it.log) ||
	    !mst_hash_parse(mst_json_str(mst_json_get(line, "member")),
			    &member))
		return;
	it.group =
	    mst_arena_dup(&u->arena, mst_json_str(mst_json_get(line, "group")));
	it.table =
	    mst_arena_dup(&u->arena, mst_json_str(mst_json_get(line, "table")));
	it.gone = !made && !mst_json_is_str(action, "update");
	it.deleted = !made && mst_json_is_str(action, "delete");
	(void)mst_json_bool(mst_json_get(line, "unread"), &it.unread);
	it.member = member.lo;
	if (!made)
		take_pairs(u, mst_json_get(line, "columns"), &it.before,
			   &it.before_n);
	if (u->items_n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 256;
		u->items = mst_realloc(u->items, l->cap * sizeof(it));
	}
	u->items[u->items_n++] = it;
	mst_map_put(&l->by_id, mst_arena_dup(&u->arena, hex),
		    (void *)(uintptr_t)u->items_n);
}

static void take_line(struct loading *l, struct mst_json line)
{
	struct mst_json is = mst_json_get(line, "is");
	struct mst_undo_item *it;
	uintptr_t at;

	if (mst_json_is_str(is, "before")) {
		add_item(l, line, false);
	} else if (mst_json_is_str(is, "made")) {
		add_item(l, line, true);
	} else if (mst_json_is_str(is, "end")) {
		l->u->whole = true;
	} else if (mst_json_is_str(is, "after")) {
		at = (uintptr_t)mst_map_get(
		    &l->by_id, mst_json_str(mst_json_get(line, "id")));
		if (at == 0)
			return;
		it = &l->u->items[at - 1];
		it->has_after = true;
		take_pairs(l->u, mst_json_get(line, "columns"), &it->after,
			   &it->after_n);
	}
}

static int no_journal(const struct mst_undo *u, struct mst_err *err)
{
	int64_t of = mst_journal_undo_of(u->session.state, u->run);

	if (of)
		return mst_err_set(err, MST_E_NOTFOUND,
				   "run %lld took run %lld back, and cannot be "
				   "undone itself: run the job, and it writes "
				   "what its rules say",
				   (long long)u->run, (long long)of);
	return mst_err_set(
	    err, MST_E_NOTFOUND,
	    "run %lld cannot be undone: it keeps no journal; it wrote nothing, "
	    "its job has undo_days 0, or it is older than that",
	    (long long)u->run);
}

int mst_undo_load(struct mst_undo *u, struct mst_err *err)
{
	char *path MST_CLEANUP(mst_freep) =
	    mst_journal_path(u->session.state, u->run);
	struct mst_json_parser *parser;
	struct loading l = {.u = u};
	struct mst_json root;
	struct stat st;
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	unsigned lines = 0;
	int rc = 0;
	FILE *in;

	if (!mst_file_exists(path) ||
	    mst_journal_undo_of(u->session.state, u->run))
		return no_journal(u, err);
	in = mst_file_stream(path, "r", err);
	if (!in)
		return -(int)err->code;
	if (fstat(fileno(in), &st) == 0 && st.st_size > (off_t)JOURNAL_MAX) {
		(void)fclose(in);
		return mst_err_set(err, MST_E_INVALID,
				   "run %lld wrote too much to be undone at "
				   "once: its journal %s is over %u MiB",
				   (long long)u->run, path, JOURNAL_MAX >> 20);
	}
	parser = mst_json_parser_new(LINE_MAX);
	while (rc == 0 && (n = getline(&line, &cap, in)) > 0) {
		/* The last line may be half: the program was killed. */
		if (line[n - 1] != '\n')
			break;
		rc = mst_json_parse(parser, mst_slice(line, (size_t)n), &root,
				    err);
		lines++;
		if (rc == 0)
			take_line(&l, root);
		else
			rc =
			    mst_err_set(err, MST_E_INVALID,
					"run %lld cannot be undone: line %u of "
					"its journal %s is damaged; 'muster "
					"check %s' and 'muster runs %lld' show "
					"what it wrote",
					(long long)u->run, lines, path,
					u->session.job.name, (long long)u->run);
	}
	free(line);
	mst_json_parser_free(&parser);
	mst_map_fini(&l.by_id);
	(void)fclose(in);
	return rc;
}

/* ---- what has become of them ----- */

static const struct mst_json_pair *pair(const struct mst_json_pair *v, size_t n,
					const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(v[i].name, name) == 0)
			return &v[i];
	}
	return NULL;
}

static void decide(struct mst_undo_item *it, enum mst_undo_kind kind,
		   const char *why)
{
	it->kind = kind;
	it->why = why;
}

static struct mst_undo_column *add_column(struct mst_undo_item *it,
					  const char *name,
					  struct mst_slice now,
					  struct mst_slice then)
{
	struct mst_undo_column *c = &it->columns[it->columns_n++];

	*c = (struct mst_undo_column){name, now, then};
	return c;
}

static void decide_made(struct mst_undo *u, struct mst_undo_item *it,
			const struct mst_raw *row)
{
	const char *const *values = it->set->retire_values;

	if (!mst_slice_eq(row->made_by, row->changed_by)) {
		decide(it, MST_UNDO_REFUSED,
		       mst_arena_printf(&u->arena, "changed by %.*s since",
					MST_SLICE_ARG(row->changed_by)));
		return;
	}
	if (it->set->missing == MST_MISSING_KEEP) {
		decide(it, MST_UNDO_NOTHING,
		       "records of this kind are never removed");
		return;
	}
	if (it->set->missing != MST_MISSING_RETIRE) {
		decide(it, MST_UNDO_REMOVE, NULL);
		return;
	}
	decide(it, MST_UNDO_RETIRE, NULL);
	it->columns =
	    mst_arena_alloc(&u->arena, MST_MAX_COLUMNS * sizeof(*it->columns));
	for (; values && *values; values++) {
		const char *eq = strchr(*values, '=');
		struct mst_slice name = {*values, (size_t)(eq - *values)};

		(void)add_column(it, mst_arena_dup(&u->arena, name).p,
				 mst_slice(NULL, 0), mst_slice_str(eq + 1));
	}
}

/* "name, os" of columns that do not hold what the run left. */
static void add_name(char *list, size_t n, const char *name)
{
	size_t at = strlen(list);

	(void)snprintf(list + at, n - at, "%s%s", at ? ", " : "", name);
}

static struct mst_slice held(const struct mst_raw *row, const char *name)
{
	for (size_t i = 0; i < row->n; i++) {
		if (strcmp(row->names[i], name) == 0)
			return row->values[i];
	}
	return mst_slice(NULL, 0);
}

static void end_changed(struct mst_undo_item *it)
{
	if (it->columns_n)
		decide(it, MST_UNDO_RESTORE, NULL);
	else
		decide(it, MST_UNDO_NOTHING, "it is as it was before the run");
}

static void decide_changed(struct mst_undo *u, struct mst_undo_item *it,
			   const struct mst_raw *row)
{
	char others[300] = "";

	it->columns = mst_arena_alloc(&u->arena, (it->before_n + 1) *
						     sizeof(*it->columns));
	for (size_t i = 0; i < it->before_n; i++) {
		const char *name = it->before[i].name;
		const struct mst_json_pair *after =
		    pair(it->after, it->after_n, name);
		struct mst_slice now = held(row, name);

		if (!after || mst_slice_eq(after->value, it->before[i].value) ||
		    mst_slice_eq(now, it->before[i].value))
			continue;
		if (mst_slice_eq(now, after->value))
			(void)add_column(it, name, after->value,
					 it->before[i].value);
		else
			add_name(others, sizeof(others), name);
	}
	if (*others)
		decide(it, MST_UNDO_REFUSED,
		       mst_arena_printf(
			   &u->arena, "%s changed since, last by %.*s", others,
			   MST_SLICE_ARG(row->changed_by)));
	else
		end_changed(it);
}

/* The run did not live to see how it left the record. If our own account
 * changed it last, that was this run: a later one would be in the log. */
static void decide_unseen(struct mst_undo *u, struct mst_undo_item *it,
			  const struct mst_raw *row)
{
	const struct mst_session *s = &u->session;
	const char *account =
	    s->job.dest->account ? s->job.dest->account(s->dest) : NULL;

	it->columns = mst_arena_alloc(&u->arena, (it->before_n + 1) *
						     sizeof(*it->columns));
	for (size_t i = 0; i < it->before_n; i++) {
		struct mst_slice now = held(row, it->before[i].name);

		if (!mst_slice_eq(now, it->before[i].value))
			(void)add_column(it, it->before[i].name,
					 mst_arena_dup(&u->arena, now),
					 it->before[i].value);
	}
	if (it->columns_n &&
	    (!account || !*account || !mst_slice_is(row->changed_by, account)))
		decide(it, MST_UNDO_REFUSED,
		       mst_arena_printf(&u->arena,
					"how the run left it is not known: it "
					"did not end, and %.*s changed it last",
					MST_SLICE_ARG(row->changed_by)));
	else
		end_changed(it);
}

/* row NULL: the destination has it no more. */
static void decide_item(struct mst_undo *u, struct mst_undo_item *it,
			const struct mst_raw *row)
{
	if (row && row->table.n)
		it->table = mst_arena_dup(&u->arena, row->table);
	if (!it->table.n)
		it->table = mst_slice_str(it->set->table);
	if (it->made && !row)
		decide(it, MST_UNDO_NOTHING, "is gone already");
	else if (it->made)
		decide_made(u, it, row);
	else if (it->unread)
		decide(it, MST_UNDO_REFUSED,
		       "what it held before the run could not be read");
	else if (row && it->has_after)
		decide_changed(u, it, row);
	else if (row)
		decide_unseen(u, it, row);
	else if (it->has_after || !it->deleted)
		decide(it, MST_UNDO_REFUSED, "was deleted since");
	else
		mst_undo_make(u, it);
}

void mst_undo_make(struct mst_undo *u, struct mst_undo_item *it)
{
	it->columns = mst_arena_alloc(&u->arena, (it->before_n + 1) *
						     sizeof(*it->columns));
	for (size_t i = 0; i < it->before_n; i++) {
		if (it->before[i].value.n)
			(void)add_column(it, it->before[i].name,
					 mst_slice(NULL, 0),
					 it->before[i].value);
	}
	if (it->columns_n)
		decide(it, MST_UNDO_MAKE, NULL);
	else
		decide(it, MST_UNDO_REFUSED, "nothing is known of it");
}

/* ---- reading what is there now ----- */

struct chunk {
	struct mst_undo *u;
	struct mst_undo_item *items;
	size_t n;
	bool seen[MST_RAW_IDS];
	struct mst_err err;
};

static void take_row(void *ctx, uint64_t tag MST_UNUSED,
		     const struct mst_raw *row, const char *why)
{
	struct chunk *c = ctx;

	if (!row) {
		if (why)
			(void)mst_err_set(&c->err, MST_E_TRANSIENT, "%s", why);
		return;
	}
	for (size_t i = 0; i < c->n; i++) {
		if (memcmp(&c->items[i].id, &row->id, sizeof(row->id)) != 0)
			continue;
		c->seen[i] = true;
		decide_item(c->u, &c->items[i], row);
	}
}

static int read_chunk(struct mst_undo *u, struct mst_undo_item *items, size_t n,
		      struct mst_err *err)
{
	struct mst_session *s = &u->session;
	struct chunk c = {.u = u, .items = items, .n = n, .err = MST_ERR_INIT};
	const char *names[MST_MAX_COLUMNS];
	struct mst_sysid ids[MST_RAW_IDS];
	size_t names_n;
	int rc;

	for (size_t i = 0; i < n; i++)
		ids[i] = items[i].id;
	mst_journal_columns(items->set, names, &names_n);
	rc = s->job.dest->raw_read(s->dest, items->set, items->table, ids, n,
				   names, names_n, 0, take_row, &c, err);
	if (rc == 0)
		rc = mst_dest_pump(s->job.dest, s->dest, s->dest_client, err);
	if (rc == 0 && c.err.code) {
		*err = c.err;
		rc = -(int)err->code;
	}
	for (size_t i = 0; i < n && rc == 0; i++) {
		if (!c.seen[i])
			decide_item(u, &items[i], NULL);
	}
	return rc;
}

/* By another run, that took this one back? */
static bool taken_back(struct mst_undo *u, int64_t by)
{
	if (u->later != by) {
		u->later = by;
		u->later_of = mst_journal_undo_of(u->session.state, by);
	}
	return u->later_of == u->run;
}

/* Did a later run write it too, or this one not at all? Then it is decided.
 * What a run did last before it was killed is not in the log. */
static int ask_log(struct mst_undo *u, struct mst_undo_item *it,
		   struct mst_err *err)
{
	struct mst_buf id = MST_BUF_INIT(4096);
	struct mst_write_log w = {0};
	bool found = false;
	int rc = mst_state_last_write(u->session.state, u->session.job.name,
				      it->log, &w, &id, &found, err);

	mst_buf_fini(&id);
	it->kind = MST_UNDO_RESTORE;
	if (rc < 0)
		return rc;
	if (found && w.run > u->run) {
		bool back = taken_back(u, w.run);

		decide(it, back ? MST_UNDO_NOTHING : MST_UNDO_REFUSED,
		       mst_arena_printf(
			   &u->arena, "run %lld %s", (long long)w.run,
			   back		 ? "took it back"
			   : u->later_of ? "wrote it since, taking another "
					   "run back"
					 : "wrote it since; undo that one "
					   "first"));
	} else if ((!found || w.run < u->run) && (it->has_after || !u->dead)) {
		decide(it, MST_UNDO_NOTHING, "the run did not write it");
	}
	return 0;
}

static int by_table(const void *a, const void *b)
{
	const struct mst_undo_item *x = a, *y = b;
	int diff;

	if (x->set != y->set) /* children first */
		return x->set->order > y->set->order ? -1 : 1;
	diff = mst_slice_cmp(x->table, y->table);
	return diff ? diff : memcmp(&x->id, &y->id, sizeof(x->id));
}

int mst_undo_look(struct mst_undo *u, struct mst_err *err)
{
	const atomic_bool *cancel = u->session.conf.cancel;
	size_t to;
	int rc = mst_state_merge_writes(u->session.state, err);

	if (u->items_n)
		qsort(u->items, u->items_n, sizeof(*u->items), by_table);
	for (size_t i = 0; i < u->items_n && rc == 0; i++)
		rc = ask_log(u, &u->items[i], err);
	for (size_t i = 0; i < u->items_n && rc == 0; i = to) {
		to = i + 1;
		if (u->items[i].why)
			continue;
		while (to < u->items_n && to - i < MST_RAW_IDS &&
		       !u->items[to].why &&
		       u->items[to].set == u->items[i].set &&
		       mst_slice_eq(u->items[to].table, u->items[i].table))
			to++;
		rc = read_chunk(u, &u->items[i], to - i, err);
		if (rc == 0 && cancel && atomic_load(cancel))
			rc = mst_err_set(err, MST_E_CANCELLED,
					 "cancelled; nothing was written");
	}
	for (size_t i = 0; i < u->items_n; i++)
		u->counts[u->items[i].kind]++;
	return rc;
}
