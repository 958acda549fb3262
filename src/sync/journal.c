/* SPDX-License-Identifier: Apache-2.0
 *
 * Records are read a hundred at a time, those of one class together.
 */
#include "sync/journal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "sync/plan.h"
#include "sync/push.h"
#include "json/out.h"

#define BUCKETS	 12 /* classes that are collected side by side */
#define LINE_MAX (4u << 20)
#define LINE_BUF (64u << 10)
#define DAY_S	 86400

/* A record that waits to be read. */
struct waiting {
	struct mst_sysid id;
	char *head; /* its line up to the columns; NULL behind the push */
};

struct bucket {
	const struct mst_set *set;
	char table[MST_MAX_NAME + 1];
	struct waiting v[MST_RAW_IDS];
	size_t n;
	const char *names[MST_MAX_COLUMNS];
	size_t names_n;
};

struct mst_journal {
	struct mst_session *s;
	char *path;
	FILE *file;
	bool failed; /* told once */
	struct bucket buckets[BUCKETS];
	size_t buckets_n;
	struct mst_buf line;
	struct bucket *reading;
	struct mst_err read_err; /* MST_OK, or why a read failed */
};

char *mst_journal_path(const struct mst_state *state, int64_t run)
{
	return mst_asprintf("%s/undo/%" PRId64 ".jsonl", mst_state_dir(state),
			    run);
}

int mst_journal_undo(const struct mst_state *state, int64_t run, int64_t of,
		     struct mst_err *err)
{
	char *path MST_CLEANUP(mst_freep) = mst_journal_path(state, run);
	char *dir MST_CLEANUP(mst_freep) =
	    mst_asprintf("%s/undo", mst_state_dir(state));
	char line[80];
	int n = snprintf(line, sizeof(line),
			 "{\"is\":\"undo\",\"run\":%" PRId64 "}\n", of);

	if (mst_dir_make(dir, err) < 0)
		return -(int)err->code;
	return mst_file_write(path, mst_slice(line, (size_t)n), 0600, err);
}

int64_t mst_journal_undo_of(const struct mst_state *state, int64_t run)
{
	char *path MST_CLEANUP(mst_freep) = mst_journal_path(state, run);
	struct mst_err ignored = MST_ERR_INIT;
	FILE *f = mst_file_stream(path, "r", &ignored);
	char line[80] = "";
	int64_t of = 0;

	if (f && fgets(line, sizeof(line), f) &&
	    sscanf(line, "{\"is\":\"undo\",\"run\":%" SCNd64 "}", &of) != 1)
		of = 0;
	if (f)
		(void)fclose(f);
	return of;
}

void mst_journal_columns(const struct mst_set *set,
			 const char *names[MST_MAX_COLUMNS], size_t *n_r)
{
	size_t n = 0;

	for (size_t i = 0; i < set->columns_n; i++) {
		bool known = false;

		for (size_t k = 0; k < n && !known; k++)
			known = strcmp(names[k], set->columns[i].name) == 0;
		if (!known)
			names[n++] = set->columns[i].name;
	}
	*n_r = n;
}

/* ---- writing lines ----- */

static void put_line(struct mst_journal *j)
{
	(void)mst_buf_addc(&j->line, '\n');
	if (fwrite(j->line.p, 1, j->line.n, j->file) != j->line.n &&
	    !j->failed) {
		j->failed = true;
		mst_warn("%s: cannot be written, so the run cannot be undone "
			 "as a whole; ignoring",
			 j->path);
	}
	mst_buf_reset(&j->line);
}

static void hash_member(struct mst_jout *o, const char *key, struct mst_hash h)
{
	char hex[33];

	mst_hash_hex(h, hex);
	mst_jout_kstr(o, key, hex);
}

/* {"is":…, to be ended by the caller. */
static void begin_line(struct mst_journal *j, struct mst_jout *o,
		       const char *is, const struct mst_set *set,
		       struct mst_slice group, struct mst_hash group_key,
		       uint64_t member, const struct mst_sysid *id)
{
	char hex[33];

	mst_sysid_hex(id, hex);
	mst_jout_init(o, &j->line);
	mst_jout_obj(o);
	mst_jout_kstr(o, "is", is);
	mst_jout_kstr(o, "set", set->name);
	mst_jout_kslice(o, "group", group);
	hash_member(o, "group_key", group_key);
	hash_member(o, "log", mst_push_log_key(set->name, group_key, member));
	hash_member(o, "member", (struct mst_hash){.lo = member});
	mst_jout_kstr(o, "id", hex);
}

static void columns_member(struct mst_jout *o, const struct mst_raw *row)
{
	mst_jout_key(o, "columns");
	mst_jout_obj(o);
	for (size_t i = 0; i < row->n; i++) {
		if (!row->values[i].p)
			continue;
		mst_jout_key(o, row->names[i]);
		mst_jout_slice(o, row->values[i]);
	}
	mst_jout_end_obj(o);
}

/* ---- reading ----- */

static void write_before(struct mst_journal *j, const struct waiting *w,
			 const struct bucket *b, const struct mst_raw *row)
{
	struct mst_jout o;

	(void)mst_buf_adds(&j->line, w->head);
	/* goes on where the head ended: behind a member of the object */
	mst_jout_init(&o, &j->line);
	o.depth = 1;
	o.comma = true;
	mst_jout_kslice(&o, "table",
			row->table.n ? row->table
			: *b->table  ? mst_slice_str(b->table)
				     : mst_slice_str(b->set->table));
	columns_member(&o, row);
	mst_jout_end_obj(&o);
	put_line(j);
}

static void write_after(struct mst_journal *j, const struct mst_raw *row)
{
	struct mst_jout o;
	char hex[33];

	mst_sysid_hex(&row->id, hex);
	mst_jout_init(&o, &j->line);
	mst_jout_obj(&o);
	mst_jout_kstr(&o, "is", "after");
	mst_jout_kstr(&o, "id", hex);
	columns_member(&o, row);
	mst_jout_end_obj(&o);
	put_line(j);
}

static void take_row(void *ctx, uint64_t tag MST_UNUSED,
		     const struct mst_raw *row, const char *why)
{
	struct mst_journal *j = ctx;
	const struct bucket *b = j->reading;

	if (!row) {
		if (why)
			(void)mst_err_set(&j->read_err, MST_E_TRANSIENT, "%s",
					  why);
		return;
	}
	for (size_t i = 0; i < b->n; i++) {
		if (memcmp(&b->v[i].id, &row->id, sizeof(row->id)) != 0)
			continue;
		if (b->v[i].head)
			write_before(j, &b->v[i], b, row);
		else
			write_after(j, row);
		return;
	}
}

static void empty(struct bucket *b)
{
	for (size_t i = 0; i < b->n; i++)
		free(b->v[i].head);
	b->n = 0;
}

static int read_bucket(struct mst_journal *j, struct bucket *b,
		       struct mst_err *err)
{
	const struct mst_dest_ops *ops = j->s->job.dest;
	struct mst_sysid ids[MST_RAW_IDS];
	int rc;

	if (b->n == 0)
		return 0;
	for (size_t i = 0; i < b->n; i++)
		ids[i] = b->v[i].id;
	j->reading = b;
	j->read_err = (struct mst_err)MST_ERR_INIT;
	rc = ops->raw_read(j->s->dest, b->set, mst_slice_str(b->table), ids,
			   b->n, b->names, b->names_n, 0, take_row, j, err);
	if (rc == 0)
		rc = mst_dest_pump(ops, j->s->dest, j->s->dest_client, err);
	if (rc == 0 && j->read_err.code) {
		*err = j->read_err;
		rc = -(int)err->code;
	}
	empty(b);
	return rc;
}

static int read_all(struct mst_journal *j, struct mst_err *err)
{
	int rc = 0;

	for (size_t i = 0; i < j->buckets_n && rc == 0; i++)
		rc = read_bucket(j, &j->buckets[i], err);
	return rc;
}

static struct bucket *find_bucket(struct mst_journal *j,
				  const struct mst_set *set,
				  struct mst_slice table, struct mst_err *err)
{
	struct bucket *b;

	for (size_t i = 0; i < j->buckets_n; i++) {
		b = &j->buckets[i];
		if (b->set == set &&
		    mst_slice_eq(mst_slice_str(b->table), table))
			return b;
	}
	if (j->buckets_n == BUCKETS) {
		if (read_all(j, err) < 0)
			return NULL;
		j->buckets_n = 0;
	}
	b = &j->buckets[j->buckets_n++];
	*b = (struct bucket){.set = set};
	(void)snprintf(b->table, sizeof(b->table), "%.*s",
		       MST_SLICE_ARG(table));
	mst_journal_columns(set, b->names, &b->names_n);
	return b;
}

/* head is taken over. */
static int wait_for(struct mst_journal *j, const struct mst_set *set,
		    struct mst_slice table, const struct mst_sysid *id,
		    char *head, struct mst_err *err)
{
	struct bucket *b = find_bucket(j, set, table, err);

	if (!b) {
		free(head);
		return -(int)err->code;
	}
	b->v[b->n++] = (struct waiting){*id, head};
	return b->n == MST_RAW_IDS ? read_bucket(j, b, err) : 0;
}

/* ---- before ----- */

struct noting {
	struct mst_journal *j;
	struct mst_err *err;
};

static int note(void *ctx, const struct mst_plan_change *c)
{
	struct noting *n = ctx;
	struct mst_jout o;
	char *head;

	if (c->action == MST_INSERT ||
	    c->action == (enum mst_action)MST_FORGET || c->held ||
	    mst_sysid_is_zero(&c->remote))
		return 0;
	begin_line(n->j, &o, "before", c->set, c->group, c->group_key,
		   c->member, &c->remote);
	mst_jout_kstr(&o, "action", mst_action_name(c->action));
	head = mst_asprintf("%.*s", (int)n->j->line.n, n->j->line.p);
	mst_buf_reset(&n->j->line);
	return wait_for(n->j, c->set, c->table, &c->remote, head, n->err);
}

static int remove_old(const char *dir, int64_t days, struct mst_err *err);

static int open_file(struct mst_journal *j, struct mst_err *err)
{
	char *dir MST_CLEANUP(mst_freep) =
	    mst_asprintf("%s/undo", mst_state_dir(j->s->state));
	struct mst_jout o;

	if (mst_dir_make(dir, err) < 0 ||
	    remove_old(dir, j->s->job.conf.undo_days, err) < 0)
		return -(int)err->code;
	j->path = mst_journal_path(j->s->state, j->s->run);
	j->file = mst_file_stream(j->path, "w", err);
	if (!j->file)
		return -(int)err->code;
	/* What a run made is known even when it is killed. */
	(void)setvbuf(j->file, NULL, _IOLBF, LINE_BUF);
	mst_jout_init(&o, &j->line);
	mst_jout_obj(&o);
	mst_jout_kstr(&o, "is", "job");
	mst_jout_kstr(&o, "job", j->s->job.name);
	mst_jout_ki64(&o, "run", j->s->run);
	mst_jout_end_obj(&o);
	put_line(j);
	return 0;
}

static void journal_free(struct mst_journal **j)
{
	for (size_t i = 0; i < (*j)->buckets_n; i++)
		empty(&(*j)->buckets[i]);
	if ((*j)->file)
		(void)fclose((*j)->file);
	mst_buf_fini(&(*j)->line);
	free((*j)->path);
	free(*j);
	*j = NULL;
}

static bool anything(const struct mst_delta *d)
{
	for (size_t i = 0; i < d->sets_n; i++) {
		if (d->sets[i].selected && d->sets[i].changes.recs_n)
			return true;
	}
	return false;
}

int mst_journal_begin(struct mst_session *s, struct mst_journal **j_r,
		      struct mst_err *err)
{
	struct mst_journal *j;
	struct noting n;
	int rc;

	*j_r = NULL;
	if (!s->run || s->job.conf.undo_days == 0 || !s->job.dest->raw_read ||
	    !anything(&s->delta))
		return 0;
	j = mst_alloc(sizeof(*j));
	j->s = s;
	mst_buf_init(&j->line, LINE_MAX);
	n = (struct noting){j, err};
	rc = open_file(j, err);
	if (rc == 0)
		rc = mst_plan_each(s, false, note, &n, err);
	if (rc == 0)
		rc = read_all(j, err);
	if (rc == 0 && fflush(j->file) != 0)
		rc = mst_err_os(err, "%s", j->path);
	if (rc < 0) {
		journal_free(&j);
		return mst_err_prefix(err, "reading what will be changed, for "
					   "muster undo");
	}
	if (s->job.dest->on_found)
		s->job.dest->on_found(s->dest, mst_push_found, &s->push);
	*j_r = j;
	return 0;
}

void mst_journal_made(struct mst_journal *j, const struct mst_set *set,
		      const struct mst_group *g, uint64_t member,
		      const struct mst_sysid *id)
{
	struct mst_jout o;

	if (!j)
		return;
	begin_line(j, &o, "made", set, g->text, g->key, member, id);
	mst_jout_end_obj(&o);
	put_line(j);
}

void mst_journal_found(struct mst_journal *j, const struct mst_set *set,
		       const struct mst_group *g, uint64_t member,
		       const struct mst_sysid *id, const struct mst_raw *row)
{
	const struct mst_raw none = {.n = 0};
	struct mst_jout o;

	if (!j)
		return;
	begin_line(j, &o, "before", set, g->text, g->key, member, id);
	mst_jout_kstr(&o, "action", mst_action_name(MST_UPDATE));
	if (!row)
		mst_jout_kbool(&o, "unread", true);
	mst_jout_kslice(&o, "table",
			row && row->table.n ? row->table
					    : mst_slice_str(set->table));
	columns_member(&o, row ? row : &none);
	mst_jout_end_obj(&o);
	put_line(j);
}

/* ---- after ----- */

static int again(struct mst_journal *j, struct mst_json line,
		 struct mst_err *err)
{
	struct mst_slice name = mst_json_str(mst_json_get(line, "set"));
	char set_name[MST_MAX_NAME + 1];
	const struct mst_set *set;
	struct mst_sysid id;

	(void)snprintf(set_name, sizeof(set_name), "%.*s", MST_SLICE_ARG(name));
	set = mst_catalog_set(j->s->job.catalog, set_name);
	if (!mst_json_is_str(mst_json_get(line, "is"), "before") || !set ||
	    !mst_sysid_parse(mst_json_str(mst_json_get(line, "id")), &id))
		return 0;
	return wait_for(j, set, mst_json_str(mst_json_get(line, "table")), &id,
			NULL, err);
}

/* Every record of the file once more; "after" lines go to its end. */
static int read_after(struct mst_journal *j, struct mst_err *err)
{
	struct mst_json_parser *parser = mst_json_parser_new(LINE_MAX);
	FILE *in = mst_file_stream(j->path, "r", err);
	off_t end = ftello(j->file);
	struct mst_json root;
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	int rc = in ? 0 : -(int)err->code;

	while (rc == 0 && ftello(in) < end &&
	       (n = getline(&line, &cap, in)) > 0) {
		rc = mst_json_parse(parser, mst_slice(line, (size_t)n), &root,
				    err);
		if (rc == 0)
			rc = again(j, root, err);
	}
	if (rc == 0)
		rc = read_all(j, err);
	if (in)
		(void)fclose(in);
	free(line);
	mst_json_parser_free(&parser);
	return rc;
}

void mst_journal_end(struct mst_journal **j)
{
	struct mst_err err = MST_ERR_INIT;
	int rc;

	if (!*j)
		return;
	rc = fflush((*j)->file) == 0 ? read_after(*j, &err)
				     : mst_err_os(&err, "%s", (*j)->path);
	if (rc == 0 && !(*j)->failed) {
		(void)mst_buf_adds(&(*j)->line, "{\"is\":\"end\"}");
		put_line(*j);
	}
	if (rc == 0 && fflush((*j)->file) != 0)
		rc = mst_err_os(&err, "%s", (*j)->path);
	if (rc < 0)
		mst_warn("run %lld cannot be undone as a whole, ignoring: %s",
			 (long long)(*j)->s->run, err.msg);
	journal_free(j);
}

/* ---- old ones ----- */

static int remove_one(void *ctx, const char *path, const char *rel MST_UNUSED,
		      uint64_t size MST_UNUSED, struct mst_err *err MST_UNUSED)
{
	const time_t *least = ctx;
	struct stat st;

	if (stat(path, &st) == 0 && st.st_mtime < *least)
		(void)unlink(path);
	return 0;
}

static int remove_old(const char *dir, int64_t days, struct mst_err *err)
{
	time_t least = time(NULL) - (time_t)(days * DAY_S);

	return mst_dir_walk(dir, remove_one, &least, err);
}
