/* SPDX-License-Identifier: Apache-2.0
 *
 * Merging and saving mirrors. Memory: the keys of what is new; records stream
 * from file to file.
 */
#include "sync/mirror.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/map.h"
#include "base/time.h"
#include "json/out.h"

#define NOTE	      "mirror.json"
#define VERSION	      2
#define OVERLAP_US    (10 * 60 * (int64_t)1000000) /* clocks, late rows */
#define STREAM_BUFFER (1u << 20)
#define KEY_MAX	      1024

/* One feed's files, by the note. */
struct copy {
	bool there;
	uint64_t generation, bytes, keys; /* sizes of both files */
	uint64_t records;
	int64_t cursor_us, full_us;
	int64_t scope; /* hash of what else decided what was read */
	bool complete; /* every read since the full one was */
};

struct mst_mirror {
	const struct mst_source_ops *ops;
	char *dir, *what;
	struct copy now[MST_MAX_FEEDS], next[MST_MAX_FEEDS];
	bool spoilt; /* one of them could not be read */
	struct {
		bool off; /* not mirrored in this run */
		int64_t scope;
	} wanted[MST_MAX_FEEDS];
};

/* A record in the file of keys. */
struct entry {
	struct mst_hash key;
	uint64_t bytes; /* of its line, with the end */
	uint64_t sum;	/* of both */
};

bool mst_mirror_wanted(const struct mst_source_ops *ops)
{
	for (size_t i = 0; i < ops->catalog->feeds_n; i++) {
		if (ops->catalog->feeds[i].key_n)
			return true;
	}
	return false;
}

static char *path_of(const struct mst_mirror *m, unsigned feed,
		     uint64_t generation, const char *ending)
{
	return mst_asprintf("%s/%s.%llu.%s", m->dir,
			    m->ops->catalog->feeds[feed].name,
			    (unsigned long long)generation, ending);
}

/* ---- the note ------------------------------------------------------------ */

static int64_t number(struct mst_json v, const char *key)
{
	int64_t n = -1;

	return mst_json_i64(mst_json_get(v, key), &n) ? n : -1;
}

static bool file_is(const struct mst_mirror *m, unsigned feed,
		    uint64_t generation, const char *ending, uint64_t bytes)
{
	char *path MST_CLEANUP(mst_freep) =
	    path_of(m, feed, generation, ending);
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	       (uint64_t)st.st_size == bytes;
}

static void read_copy(struct mst_mirror *m, unsigned feed, struct mst_json v)
{
	struct copy *c = &m->now[feed];

	if (mst_json_type(v) != MST_JSON_OBJECT)
		return;
	c->generation = (uint64_t)number(v, "generation");
	c->bytes = (uint64_t)number(v, "bytes");
	c->keys = (uint64_t)number(v, "keys");
	c->records = (uint64_t)number(v, "records");
	c->cursor_us = number(v, "cursor_us");
	c->full_us = number(v, "full_us");
	c->scope = number(v, "scope");
	(void)mst_json_bool(mst_json_get(v, "complete"), &c->complete);
	c->there = c->cursor_us > 0 && c->full_us > 0 &&
		   c->keys == c->records * sizeof(struct entry) &&
		   file_is(m, feed, c->generation, "ndjson", c->bytes) &&
		   file_is(m, feed, c->generation, "keys", c->keys);
	if (!c->there)
		mst_warn("the mirror of %s is not whole; everything is read "
			 "anew",
			 m->ops->catalog->feeds[feed].title);
}

/* A note that cannot be read is no note: everything is read then. */
static void read_note(struct mst_mirror *m)
{
	char *path MST_CLEANUP(mst_freep) = mst_asprintf("%s/" NOTE, m->dir);
	struct mst_json_parser *p = mst_json_parser_new(1u << 20);
	struct mst_buf text = MST_BUF_INIT(1u << 20);
	struct mst_err err = MST_ERR_INIT;
	struct mst_json root, feeds;

	if (mst_file_read(path, &text, &err) == 0 &&
	    mst_json_parse(p, mst_buf_slice(&text), &root, &err) == 0 &&
	    number(root, "mirror") == VERSION &&
	    mst_json_is_str(mst_json_get(root, "what"), m->what)) {
		feeds = mst_json_get(root, "feeds");
		for (unsigned i = 0; i < m->ops->catalog->feeds_n; i++) {
			const struct mst_feed *f = &m->ops->catalog->feeds[i];

			if (f->key_n)
				read_copy(m, i, mst_json_get(feeds, f->name));
		}
	}
	mst_buf_fini(&text);
	mst_json_parser_free(&p);
	memcpy(m->next, m->now, sizeof(m->next));
}

static int write_note(const struct mst_mirror *m, struct mst_err *err)
{
	char *path MST_CLEANUP(mst_freep) = mst_asprintf("%s/" NOTE, m->dir);
	struct mst_buf out = MST_BUF_INIT(1u << 20);
	struct mst_jout j;
	int rc;

	mst_jout_init(&j, &out);
	mst_jout_obj(&j);
	mst_jout_ki64(&j, "mirror", VERSION);
	mst_jout_kstr(&j, "what", m->what);
	mst_jout_key(&j, "feeds");
	mst_jout_obj(&j);
	for (unsigned i = 0; i < m->ops->catalog->feeds_n; i++) {
		const struct copy *c = &m->next[i];

		if (!c->there)
			continue;
		mst_jout_key(&j, m->ops->catalog->feeds[i].name);
		mst_jout_obj(&j);
		mst_jout_ki64(&j, "generation", (int64_t)c->generation);
		mst_jout_ki64(&j, "bytes", (int64_t)c->bytes);
		mst_jout_ki64(&j, "keys", (int64_t)c->keys);
		mst_jout_ki64(&j, "records", (int64_t)c->records);
		mst_jout_ki64(&j, "cursor_us", c->cursor_us);
		mst_jout_ki64(&j, "full_us", c->full_us);
		mst_jout_ki64(&j, "scope", c->scope);
		mst_jout_kbool(&j, "complete", c->complete);
		mst_jout_end_obj(&j);
	}
	mst_jout_end_obj(&j);
	mst_jout_end_obj(&j);
	(void)mst_buf_addc(&out, '\n');
	rc = mst_file_write(path, mst_buf_slice(&out), 0600, err);
	mst_buf_fini(&out);
	return rc;
}

/* Is it a file that the next note names? */
static bool is_named(const struct mst_mirror *m, const char *name)
{
	if (strcmp(name, NOTE) == 0)
		return true;
	for (unsigned i = 0; i < m->ops->catalog->feeds_n; i++) {
		static const char *const endings[] = {"ndjson", "keys"};

		for (size_t k = 0; m->next[i].there && k < MST_LEN(endings);
		     k++) {
			char *path MST_CLEANUP(mst_freep) =
			    path_of(m, i, m->next[i].generation, endings[k]);

			if (strcmp(strrchr(path, '/') + 1, name) == 0)
				return true;
		}
	}
	return false;
}

/* What an interrupted run made, and what was replaced. */
static void sweep(const struct mst_mirror *m)
{
	DIR *d = opendir(m->dir);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		if (e->d_name[0] != '.' && !is_named(m, e->d_name))
			(void)unlinkat(dirfd(d), e->d_name, 0);
	}
	if (d)
		(void)closedir(d);
}

int mst_mirror_open(const char *state_dir, const char *connection,
		    const struct mst_source_ops *ops, const char *what,
		    struct mst_mirror **m_r, struct mst_err *err)
{
	struct mst_mirror *m = mst_alloc(sizeof(*m));

	m->ops = ops;
	m->dir = mst_asprintf("%s/mirror/%s", state_dir, connection);
	m->what = mst_strdup(what);
	for (unsigned i = 0; i < ops->catalog->feeds_n; i++)
		mst_mirror_scope(m, i, "");
	if (mst_dir_make(m->dir, err) < 0) {
		mst_mirror_close(&m);
		return -(int)err->code;
	}
	read_note(m);
	sweep(m);
	*m_r = m;
	return 0;
}

void mst_mirror_close(struct mst_mirror **m)
{
	if (!*m)
		return;
	free((*m)->dir);
	free((*m)->what);
	free(*m);
	*m = NULL;
}

int mst_mirror_save(struct mst_mirror *m, struct mst_err *err)
{
	if (write_note(m, err) < 0)
		return -(int)err->code;
	memcpy(m->now, m->next, sizeof(m->now));
	sweep(m);
	return 0;
}

void mst_mirror_scope(struct mst_mirror *m, unsigned feed, const char *scope)
{
	uint64_t h = scope ? mst_hash64(scope, strlen(scope), 0) : 0;

	m->wanted[feed].off = !scope;
	m->wanted[feed].scope = (int64_t)(h & INT64_MAX);
}

int64_t mst_mirror_since(const struct mst_mirror *m, unsigned feed,
			 int64_t now_us, int64_t full_read_ms)
{
	const struct mst_catalog *cat = m->ops->catalog;
	const struct copy *c;

	for (unsigned i = 0; feed && !cat->feeds[feed].key_n; i++) {
		if (i == cat->feeds_n)
			return MST_TIME_NONE; /* nobody's */
		if (cat->feeds[i].key_n && cat->feeds[i].gone == feed)
			feed = i;
	}
	c = &m->now[feed];
	if (m->wanted[feed].off || c->scope != m->wanted[feed].scope)
		return MST_TIME_NONE;
	/* A clock that was set back must not keep a mirror for ever. */
	if (!c->there || c->full_us > now_us || c->cursor_us > now_us ||
	    now_us - c->full_us >= full_read_ms * 1000)
		return MST_TIME_NONE;
	return c->cursor_us - OVERLAP_US;
}

/* ---- merging ------------------------------------------------------------- */

struct merge {
	const struct mst_mirror *m;
	unsigned feed;
	struct mst_json_parser *parser;
	struct mst_picker *picker;
	struct mst_value v[MST_LEN(((struct mst_feed *)0)->key)];
	struct mst_arena arena;
	struct mst_map fresh; /* key → how often it is still to come */
	struct mst_map gone;
	char *data_path, *keys_path;
	FILE *data, *keys;
	char *buf[2];
	struct copy out;
	struct mst_buf line;
	bool spoilt; /* the older records cannot be read */
};

static bool add_text(struct mst_buf *b, const struct mst_value *v)
{
	if (v->type == MST_JSON_STRING)
		return mst_buf_add(b, v->u.s.p, v->u.s.n);
	if (v->type == MST_JSON_INT)
		return mst_buf_addf(b, "%lld", (long long)v->u.i);
	return false;
}

/* The key of values; false when it lacks a part. */
static bool key_of(const struct mst_value *v, size_t n, struct mst_hash *key_r)
{
	struct mst_buf b = MST_BUF_INIT(KEY_MAX);
	bool ok = true;

	for (size_t i = 0; i < n && ok; i++)
		ok = (i == 0 || mst_buf_addc(&b, '\n')) && add_text(&b, &v[i]);
	if (ok)
		*key_r = mst_hash128(b.p, b.n, 0);
	mst_buf_fini(&b);
	return ok;
}

typedef int (*record_fn)(struct merge *g, struct mst_json record,
			 struct mst_err *err);

static int each_in(struct merge *g, struct mst_json root, const char *envelope,
		   record_fn fn, struct mst_err *err)
{
	struct mst_json list = root, e;
	struct mst_json_iter it;
	int rc = 0;

	if (mst_json_type(root) == MST_JSON_OBJECT) {
		list = mst_json_iget(root, envelope);
		if (mst_json_type(list) != MST_JSON_ARRAY)
			return fn(g, root, err);
	}
	it = mst_json_iter(list);
	while (rc == 0 && mst_json_next(&it, NULL, &e))
		rc = fn(g, e, err);
	return rc;
}

/* Every record of a feed's pages. */
static int each_record(struct merge *g, const struct mst_spool *s,
		       unsigned feed, record_fn fn, struct mst_err *err)
{
	const struct mst_feed *f = &g->m->ops->catalog->feeds[feed];
	const char *envelope = f->envelope ? f->envelope : g->m->ops->envelope;
	int rc = 0;

	for (size_t i = 0; i < s->feeds[feed].parts_n && rc == 0; i++) {
		const char *path = s->feeds[feed].parts[i].path;
		struct mst_buf text = MST_BUF_INIT(MST_MAX_BODY);
		struct mst_json root;

		rc = mst_file_read(path, &text, err);
		if (rc == 0)
			rc = mst_json_parse(g->parser, mst_buf_slice(&text),
					    &root, err);
		if (rc == 0)
			rc = each_in(g, root, envelope, fn, err);
		if (rc < 0)
			(void)mst_err_prefix(err, "%s", path);
		mst_buf_fini(&text);
	}
	return rc;
}

static struct mst_slice hash_key(struct merge *g, const struct mst_hash *h)
{
	return mst_arena_dup(&g->arena, mst_slice((const char *)h, sizeof(*h)));
}

static bool record_key(struct merge *g, struct mst_json record,
		       struct mst_hash *key_r)
{
	const struct mst_feed *f = &g->m->ops->catalog->feeds[g->feed];

	return mst_picker_pick(g->picker, record, g->v) &&
	       key_of(g->v, f->key_n, key_r);
}

/* Of several records with one key the last counts. */
static int count_fresh(struct merge *g, struct mst_json record,
		       struct mst_err *err MST_UNUSED)
{
	struct mst_slice at;
	struct mst_hash key;
	uintptr_t n;

	if (!record_key(g, record, &key))
		return 0;
	at = mst_slice((const char *)&key, sizeof(key));
	n = (uintptr_t)mst_map_get(&g->fresh, at);
	if (n == 0)
		at = hash_key(g, &key);
	(void)mst_map_put(&g->fresh, at, (void *)(n + 1));
	return 0;
}

static int note_gone(struct merge *g, struct mst_json record,
		     struct mst_err *err MST_UNUSED)
{
	const struct mst_catalog *c = g->m->ops->catalog;
	const struct mst_feed *f = &c->feeds[c->feeds[g->feed].gone];
	struct mst_picker *p = mst_picker_new(&f->fields[0].name, 1);
	struct mst_value v;
	struct mst_hash key;

	if (mst_picker_pick(p, record, &v) && key_of(&v, 1, &key))
		(void)mst_map_put(&g->gone, hash_key(g, &key), g);
	mst_picker_free(&p);
	return 0;
}

static uint64_t sum_of(const struct mst_hash *key, struct mst_slice line)
{
	return mst_hash64(line.p, line.n, mst_hash64(key, sizeof(*key), 0));
}

static int put(struct merge *g, const struct mst_hash *key, struct mst_slice s,
	       struct mst_err *err)
{
	struct entry e = {.key = *key, .bytes = s.n, .sum = sum_of(key, s)};

	if (fwrite(s.p, 1, s.n, g->data) != s.n)
		return mst_err_os(err, "%s", g->data_path);
	if (fwrite(&e, sizeof(e), 1, g->keys) != 1)
		return mst_err_os(err, "%s", g->keys_path);
	g->out.bytes += s.n;
	g->out.keys += sizeof(e);
	g->out.records++;
	return 0;
}

static int put_fresh(struct merge *g, struct mst_json record,
		     struct mst_err *err)
{
	struct mst_hash key = {0, 0};
	bool has = record_key(g, record, &key);
	struct mst_slice at = {(const char *)&key, sizeof(key)};

	if (has && g->fresh.n) {
		uintptr_t left = (uintptr_t)mst_map_get(&g->fresh, at) - 1;

		(void)mst_map_put(&g->fresh, at, (void *)left);
		if (left)
			return 0;
	}
	mst_buf_reset(&g->line);
	if (!mst_json_write(record, &g->line) || !mst_buf_addc(&g->line, '\n'))
		return mst_err_set(err, MST_E_INVALID,
				   "a record is over %u MiB",
				   MST_MAX_LINE >> 20);
	return put(g, &key, mst_buf_slice(&g->line), err);
}

/* ---- older records ------------------------------------------------------- */

static int next_entry(FILE *keys, const char *path, struct entry *e,
		      struct mst_err *err)
{
	if (fread(e, sizeof(*e), 1, keys) == 1)
		return 1;
	return ferror(keys) ? mst_err_os(err, "%s", path) : 0;
}

/* The entry's line into g->line; false: it is not what was written. */
static bool next_line(struct merge *g, FILE *data, const struct entry *e)
{
	size_t n = (size_t)e->bytes;

	mst_buf_reset(&g->line);
	return e->bytes <= MST_MAX_LINE && mst_buf_reserve(&g->line, n) &&
	       fread(g->line.p, 1, n, data) == n &&
	       sum_of(&e->key, mst_slice(g->line.p, n)) == e->sum;
}

/* What is neither new nor gone is taken over, byte by byte. */
static int take_over(struct merge *g, FILE *data, FILE *keys, const char *path,
		     struct mst_err *err)
{
	struct entry e;
	int rc;

	while ((rc = next_entry(keys, path, &e, err)) == 1) {
		struct mst_slice at = {(const char *)&e.key, sizeof(e.key)};

		if (!next_line(g, data, &e)) {
			g->spoilt = true;
			return mst_err_set(err, MST_E_CORRUPT,
					   "%s: it is damaged", path);
		}
		if (mst_map_has(&g->fresh, at) || mst_map_has(&g->gone, at))
			continue;
		rc = put(g, &e.key, mst_slice(g->line.p, (size_t)e.bytes), err);
		if (rc < 0)
			return rc;
	}
	g->spoilt = rc < 0;
	return rc;
}

static int put_older(struct merge *g, struct mst_err *err)
{
	const struct copy *c = &g->m->now[g->feed];
	char *data_path MST_CLEANUP(mst_freep) =
	    path_of(g->m, g->feed, c->generation, "ndjson");
	char *keys_path MST_CLEANUP(mst_freep) =
	    path_of(g->m, g->feed, c->generation, "keys");
	FILE *data = mst_file_stream(data_path, "r", err);
	FILE *keys = data ? mst_file_stream(keys_path, "r", err) : NULL;
	int rc =
	    keys ? take_over(g, data, keys, data_path, err) : -(int)err->code;

	g->spoilt = g->spoilt || !keys;
	if (keys)
		(void)fclose(keys);
	if (data)
		(void)fclose(data);
	return rc;
}

/* ---- the new files ------------------------------------------------------- */

static FILE *make(char **path, char **buf, struct mst_err *err)
{
	FILE *f = mst_file_stream(*path, "w", err);

	*buf = mst_alloc(STREAM_BUFFER);
	if (f)
		(void)setvbuf(f, *buf, _IOFBF, STREAM_BUFFER);
	return f;
}

static int merge_open(struct merge *g, const struct mst_mirror *m,
		      unsigned feed, struct mst_err *err)
{
	const struct mst_feed *f = &m->ops->catalog->feeds[feed];
	const char *names[MST_LEN(f->key)];

	*g = (struct merge){.m = m, .feed = feed};
	for (size_t i = 0; i < f->key_n; i++)
		names[i] = f->fields[f->key[i]].name;
	g->picker = mst_picker_new(names, f->key_n);
	g->parser = mst_json_parser_new(MST_MAX_BODY);
	mst_arena_init(&g->arena, MST_MAX_ARENA);
	mst_buf_init(&g->line, MST_MAX_LINE);
	g->out.generation = m->now[feed].generation + 1;
	g->data_path = path_of(m, feed, g->out.generation, "ndjson");
	g->keys_path = path_of(m, feed, g->out.generation, "keys");
	g->data = make(&g->data_path, &g->buf[0], err);
	if (g->data)
		g->keys = make(&g->keys_path, &g->buf[1], err);
	return g->keys ? 0 : -(int)err->code;
}

/* On the disk before the note says so. */
static int flush(FILE **f, const char *path, struct mst_err *err)
{
	bool ok = fflush(*f) == 0 && fsync(fileno(*f)) == 0;
	int rc = ok ? 0 : mst_err_os(err, "%s", path);

	if (fclose(*f) != 0 && rc == 0)
		rc = mst_err_os(err, "%s", path);
	*f = NULL;
	return rc;
}

static void merge_close(struct merge *g)
{
	if (g->data)
		(void)fclose(g->data);
	if (g->keys)
		(void)fclose(g->keys);
	free(g->buf[0]);
	free(g->buf[1]);
	free(g->data_path);
	free(g->keys_path);
	mst_map_fini(&g->fresh);
	mst_map_fini(&g->gone);
	mst_arena_fini(&g->arena);
	mst_buf_fini(&g->line);
	mst_picker_free(&g->picker);
	mst_json_parser_free(&g->parser);
}

/* The mirror as a part of the spool: a link, so that the spool may be kept or
 * removed like any other. */
static int give(const struct merge *g, struct mst_spool *s, struct mst_err *err)
{
	const char *path = mst_spool_path(s, g->feed, "mirror.ndjson");

	mst_spool_drop(s, g->feed);
	(void)unlink(path);
	if (link(g->data_path, path) != 0)
		return mst_err_os(err, "%s", path);
	mst_spool_add(s, g->feed, path, g->out.bytes, MST_PART_LINES, false);
	return 0;
}

static void prove(const struct merge *g, struct mst_proof *p, bool full)
{
	const struct copy *old = &g->m->now[g->feed];

	if (p->complete && !full && !old->complete) {
		p->complete = false;
		(void)snprintf(p->why, sizeof(p->why),
			       "an earlier read of what changed was not "
			       "complete; the next full read heals it");
	}
	p->records = g->out.records;
}

static bool was_read(const struct mst_spool_feed *f)
{
	return f->present && f->proof.complete;
}

int mst_mirror_merge(struct mst_mirror *m, struct mst_spool *s, unsigned feed,
		     int64_t since_us, int64_t now_us, struct mst_err *err)
{
	const struct mst_feed *f = &m->ops->catalog->feeds[feed];
	struct mst_proof *proof = &s->feeds[feed].proof;
	bool full = since_us == MST_TIME_NONE;
	bool whole = proof->complete;
	struct merge g;
	int rc;

	/* Half of everything is no mirror: this run compares what came. */
	if (m->wanted[feed].off || (full && !whole))
		return 0;
	if (!full && f->gone && !was_read(&s->feeds[f->gone])) {
		whole = proof->complete = false;
		(void)snprintf(proof->why, sizeof(proof->why),
			       "%s: not read to the end",
			       m->ops->catalog->feeds[f->gone].title);
	}
	rc = merge_open(&g, m, feed, err);
	if (rc == 0 && !full)
		rc = each_record(&g, s, feed, count_fresh, err);
	if (rc == 0 && !full && f->gone)
		rc = each_record(&g, s, f->gone, note_gone, err);
	if (rc == 0 && !full)
		rc = put_older(&g, err);
	if (rc == 0)
		rc = each_record(&g, s, feed, put_fresh, err);
	if (rc == 0)
		rc = flush(&g.data, g.data_path, err);
	if (rc == 0)
		rc = flush(&g.keys, g.keys_path, err);
	if (rc == 0)
		rc = give(&g, s, err);
	if (rc == 0) {
		prove(&g, proof, full);
		g.out.there = true;
		g.out.complete = proof->complete;
		g.out.scope = m->wanted[feed].scope;
		g.out.full_us = full ? now_us : m->now[feed].full_us;
		/* What was missed is asked for again. */
		g.out.cursor_us = whole ? now_us : m->now[feed].cursor_us;
		m->next[feed] = g.out;
	}
	if (g.spoilt) {
		m->spoilt = true;
		m->now[feed].there = m->next[feed].there = false;
	}
	merge_close(&g);
	return rc;
}

bool mst_mirror_spoilt(struct mst_mirror *m)
{
	bool spoilt = m->spoilt;

	m->spoilt = false;
	return spoilt;
}
