/* SPDX-License-Identifier: Apache-2.0
 *
 * The spool on disk and its manifest.
 */
#include "sync/spool.h"
#include "sync/spool_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/time.h"
#include "json/out.h"

#define MANIFEST	 MST_SPOOL_MANIFEST
#define MANIFEST_MAX	 (256u << 20)
#define MANIFEST_VERSION 1
#define SPOOL_TEXTS	 (256u << 20)

static void start(struct mst_spool *s, const struct mst_source_ops *ops,
		  const char *dir, bool owned)
{
	*s = (struct mst_spool){.ops = ops, .owned = owned};
	mst_arena_init(&s->arena, SPOOL_TEXTS);
	s->dir = mst_arena_strdup(&s->arena, dir);
}

int mst_spool_make(struct mst_spool *s, const struct mst_source_ops *ops,
		   const char *dir, bool owned, struct mst_err *err)
{
	char *manifest MST_CLEANUP(mst_freep) =
	    mst_asprintf("%s/%s", dir, MANIFEST);

	if (mst_file_exists(manifest))
		return mst_err_set(err, MST_E_CONFLICT,
				   "%s holds a saved source already; give "
				   "another folder or remove it",
				   dir);
	if (mst_dir_make(dir, err) < 0)
		return -(int)err->code;
	start(s, ops, dir, owned);
	for (size_t i = 0; i < ops->catalog->feeds_n; i++) {
		char *feed MST_CLEANUP(mst_freep) =
		    mst_asprintf("%s/%s", dir, ops->catalog->feeds[i].name);

		if (mst_dir_make(feed, err) < 0)
			return -(int)err->code;
	}
	return 0;
}

void mst_spool_fini(struct mst_spool *s)
{
	struct mst_err err = MST_ERR_INIT;

	if (!s->dir)
		return;
	if (s->owned && mst_dir_remove(s->dir, &err) < 0)
		mst_warn("spool not removed, ignoring: %s", err.msg);
	for (size_t i = 0; i < MST_MAX_FEEDS; i++)
		free(s->feeds[i].parts);
	mst_arena_fini(&s->arena);
	*s = (struct mst_spool){0};
}

const char *mst_spool_path(struct mst_spool *s, unsigned feed, const char *name)
{
	return mst_arena_printf(&s->arena, "%s/%s/%s", s->dir,
				s->ops->catalog->feeds[feed].name, name);
}

void mst_spool_add(struct mst_spool *s, unsigned feed, const char *path,
		   uint64_t bytes, enum mst_part_form form, bool gzip)
{
	struct mst_spool_feed *f = &s->feeds[feed];

	if (f->parts_n == f->parts_cap) {
		f->parts_cap = f->parts_cap ? f->parts_cap * 2 : 16;
		f->parts =
		    mst_realloc(f->parts, f->parts_cap * sizeof(*f->parts));
	}
	f->parts[f->parts_n++] = (struct mst_part){
	    .path = mst_arena_strdup(&s->arena, path),
	    .bytes = bytes,
	    .form = form,
	    .gzip = gzip,
	};
	f->present = true;
}

int mst_spool_add_body(struct mst_spool *s, unsigned feed, const char *name,
		       struct mst_slice body, struct mst_err *err)
{
	char file[256];
	const char *path;

	if (name)
		(void)snprintf(file, sizeof(file), "%.240s.json", name);
	else
		(void)snprintf(file, sizeof(file), "page-%05zu.json",
			       s->feeds[feed].parts_n + 1);
	path = mst_spool_path(s, feed, file);
	if (mst_file_write(path, body, 0600, err) < 0)
		return -(int)err->code;
	mst_spool_add(s, feed, path, body.n, MST_PART_PAGE, false);
	return 0;
}

void mst_spool_drop(struct mst_spool *s, unsigned feed)
{
	struct mst_spool_feed *f = &s->feeds[feed];

	for (size_t i = 0; i < f->parts_n; i++)
		(void)unlink(f->parts[i].path);
	f->parts_n = 0;
}

void mst_spool_nest(struct mst_spool *s)
{
	const struct mst_catalog *c = s->ops->catalog;

	for (size_t i = 0; i < c->feeds_n; i++) {
		const struct mst_spool_feed *outer =
		    &s->feeds[c->feeds[i].outer];
		struct mst_spool_feed *f = &s->feeds[i];

		if (!c->feeds[i].nested)
			continue;
		f->parts_n = 0;
		for (size_t k = 0; k < outer->parts_n; k++)
			mst_spool_add(s, (unsigned)i, outer->parts[k].path,
				      outer->parts[k].bytes,
				      outer->parts[k].form,
				      outer->parts[k].gzip);
		f->present = outer->present;
		f->proof = outer->proof;
		f->proof.records = 0; /* those are the outer ones */
	}
}

void mst_spool_drop_named(struct mst_spool *s, unsigned feed, const char *name)
{
	struct mst_spool_feed *f = &s->feeds[feed];
	const char *path = mst_spool_path(s, feed, name);
	size_t n = strlen(path), kept = 0;

	for (size_t i = 0; i < f->parts_n; i++) {
		const char *part = f->parts[i].path;

		if (strncmp(part, path, n) == 0 &&
		    (part[n] == '.' || part[n] == ','))
			(void)unlink(part);
		else
			f->parts[kept++] = f->parts[i];
	}
	f->parts_n = kept;
}

/* ---- manifest ------------------------------------------------------------ */

static const char *const form_names[] = {
    [MST_PART_UNKNOWN] = "unknown",
    [MST_PART_LINES] = "lines",
    [MST_PART_PAGE] = "page",
};

static void write_feed(struct mst_spool *s, unsigned i, struct mst_jout *j)
{
	const struct mst_spool_feed *f = &s->feeds[i];
	size_t dir_n = strlen(s->dir) + 1;
	char as_of[21] = "";

	if (f->proof.as_of_us != MST_TIME_NONE)
		mst_time_iso(f->proof.as_of_us, as_of);
	mst_jout_key(j, s->ops->catalog->feeds[i].name);
	mst_jout_obj(j);
	mst_jout_kbool(j, "complete", f->proof.complete);
	mst_jout_kstr(j, "why", f->proof.why);
	mst_jout_ki64(j, "pages", (int64_t)f->proof.pages);
	mst_jout_ki64(j, "files", (int64_t)f->proof.files);
	mst_jout_ki64(j, "records", (int64_t)f->proof.records);
	mst_jout_kstr(j, "as_of", as_of);
	mst_jout_key(j, "parts");
	mst_jout_arr(j);
	for (size_t k = 0; k < f->parts_n; k++) {
		mst_jout_obj(j);
		mst_jout_kstr(j, "file", f->parts[k].path + dir_n);
		mst_jout_ki64(j, "bytes", (int64_t)f->parts[k].bytes);
		mst_jout_kstr(j, "form", form_names[f->parts[k].form]);
		mst_jout_kbool(j, "gzip", f->parts[k].gzip);
		mst_jout_end_obj(j);
	}
	mst_jout_end_arr(j);
	mst_jout_end_obj(j);
}

int mst_spool_write_manifest(struct mst_spool *s, const char *connection,
			     struct mst_err *err)
{
	char *path MST_CLEANUP(mst_freep) =
	    mst_asprintf("%s/%s", s->dir, MANIFEST);
	struct mst_buf buf = MST_BUF_INIT(MANIFEST_MAX);
	struct mst_jout j;
	char now[21];
	int rc;

	mst_time_iso(mst_now_us(), now);
	mst_jout_init(&j, &buf);
	mst_jout_obj(&j);
	mst_jout_ki64(&j, "manifest", MANIFEST_VERSION);
	mst_jout_kstr(&j, "source", s->ops->type);
	mst_jout_kstr(&j, "connection", connection);
	mst_jout_kstr(&j, "fetched", now);
	mst_jout_key(&j, "feeds");
	mst_jout_obj(&j);
	for (unsigned i = 0; i < s->ops->catalog->feeds_n; i++) {
		if (s->feeds[i].present)
			write_feed(s, i, &j);
	}
	mst_jout_end_obj(&j);
	mst_jout_end_obj(&j);
	(void)mst_buf_addc(&buf, '\n');
	rc = mst_file_write(path, mst_buf_slice(&buf), 0600, err);
	mst_buf_fini(&buf);
	return rc;
}

static enum mst_part_form form_of(struct mst_json v)
{
	for (size_t i = 0; i < MST_LEN(form_names); i++) {
		if (mst_json_is_str(v, form_names[i]))
			return (enum mst_part_form)i;
	}
	return MST_PART_UNKNOWN;
}

/* A name that stays below the folder. */
static bool safe_name(struct mst_slice name)
{
	return name.n > 0 && name.n < 1024 && name.p[0] != '/' &&
	       !memmem(name.p, name.n, "..", 2) && !memchr(name.p, 0, name.n);
}

static int open_part(struct mst_spool *s, unsigned feed, struct mst_json part,
		     struct mst_err *err)
{
	struct mst_slice name = mst_json_str(mst_json_get(part, "file"));
	struct mst_proof *proof = &s->feeds[feed].proof;
	int64_t bytes = -1;
	bool gzip = false;
	const char *path;
	struct stat st;

	(void)mst_json_i64(mst_json_get(part, "bytes"), &bytes);
	(void)mst_json_bool(mst_json_get(part, "gzip"), &gzip);
	if (!safe_name(name))
		return mst_err_set(err, MST_E_INVALID,
				   "%s/" MANIFEST ": a part has no usable "
				   "file name",
				   s->dir);
	path =
	    mst_arena_printf(&s->arena, "%s/%.*s", s->dir, MST_SLICE_ARG(name));
	if (stat(path, &st) != 0)
		return mst_err_os(err, "%s (named in " MANIFEST ")", path);
	if (st.st_size != bytes) {
		proof->complete = false;
		(void)snprintf(proof->why, sizeof(proof->why),
			       "%.*s has another size than when it was saved",
			       MST_SLICE_ARG(name));
	}
	mst_spool_add(s, feed, path, (uint64_t)st.st_size,
		      form_of(mst_json_get(part, "form")), gzip);
	return 0;
}

static int open_feed(struct mst_spool *s, unsigned feed, struct mst_json f,
		     struct mst_err *err)
{
	struct mst_proof *proof = &s->feeds[feed].proof;
	struct mst_slice why = mst_json_str(mst_json_get(f, "why"));
	struct mst_slice as_of = mst_json_str(mst_json_get(f, "as_of"));
	struct mst_json_iter it = mst_json_iter(mst_json_get(f, "parts"));
	struct mst_json part;
	int64_t n = 0;

	s->feeds[feed].present = true;
	proof->as_of_us = MST_TIME_NONE;
	(void)mst_json_bool(mst_json_get(f, "complete"), &proof->complete);
	if (mst_json_i64(mst_json_get(f, "pages"), &n))
		proof->pages = (uint64_t)n;
	if (mst_json_i64(mst_json_get(f, "files"), &n))
		proof->files = (uint64_t)n;
	if (mst_json_i64(mst_json_get(f, "records"), &n))
		proof->records = (uint64_t)n;
	(void)snprintf(proof->why, sizeof(proof->why), "%.*s",
		       MST_SLICE_ARG(why));
	if (as_of.n && !mst_time_parse(as_of, &proof->as_of_us))
		proof->as_of_us = MST_TIME_NONE;
	while (mst_json_next(&it, NULL, &part)) {
		if (open_part(s, feed, part, err) < 0)
			return -(int)err->code;
	}
	return 0;
}

static int open_manifest(struct mst_spool *s, const char *path,
			 struct mst_err *err)
{
	struct mst_json_parser *parser = mst_json_parser_new(MANIFEST_MAX);
	struct mst_buf buf = MST_BUF_INIT(MANIFEST_MAX);
	struct mst_json_iter it;
	struct mst_json root, f;
	struct mst_slice name;
	int64_t version = 0;
	int rc = mst_file_read(path, &buf, err);

	if (rc == 0 &&
	    mst_json_parse(parser, mst_buf_slice(&buf), &root, err) < 0)
		rc = mst_err_prefix(err, "%s", path);
	if (rc == 0 && mst_json_i64(mst_json_get(root, "manifest"), &version) &&
	    version > MANIFEST_VERSION)
		rc = mst_err_set(err, MST_E_UNSUPPORTED,
				 "%s was written by a later version of muster",
				 path);
	if (rc == 0 &&
	    !mst_json_is_str(mst_json_get(root, "source"), s->ops->type))
		rc = mst_err_set(err, MST_E_INVALID,
				 "%s is not a saved source of type '%s'", path,
				 s->ops->type);
	if (rc == 0) {
		it = mst_json_iter(mst_json_get(root, "feeds"));
		while (rc == 0 && mst_json_next(&it, &name, &f)) {
			char text[MST_MAX_NAME];
			int feed;

			(void)snprintf(text, sizeof(text), "%.*s",
				       MST_SLICE_ARG(name));
			feed = mst_catalog_feed(s->ops->catalog, text);
			if (feed >= 0)
				rc = open_feed(s, (unsigned)feed, f, err);
		}
	}
	mst_buf_fini(&buf);
	mst_json_parser_free(&parser);
	return rc;
}

int mst_spool_open(struct mst_spool *s, const struct mst_source_ops *ops,
		   const char *dir, bool assume_complete, struct mst_err *err)
{
	char *path MST_CLEANUP(mst_freep) =
	    mst_asprintf("%s/%s", dir, MST_SPOOL_MANIFEST);
	int rc;

	start(s, ops, dir, false);
	if (mst_file_exists(path)) {
		rc = open_manifest(s, path, err);
		if (rc == 0)
			rc = mst_spool_strangers(s, err);
	} else {
		rc = mst_spool_folder(s, assume_complete, err);
	}
	if (rc < 0)
		mst_spool_fini(s);
	return rc;
}
