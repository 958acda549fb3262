/* SPDX-License-Identifier: Apache-2.0
 *
 * A folder that a person put together. Whatever is in it is read, or refused,
 * or spoken of: a file that is passed over in silence would make devices look
 * as if they were gone.
 */
#include "sync/spool_private.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/gunzip.h"
#include "base/log.h"
#include "base/map.h"
#include "base/time.h"

#define HEAD_MAX (64u << 10) /* of a file, to see what it holds */

#define DOUBTS_TOLD 10 /* one by one; a folder may hold thousands */

struct folder {
	struct mst_spool *s;
	size_t doubts;
	const char *saved; /* a saved source below the folder, the first */
	size_t saved_n;
	bool doubt[MST_MAX_FEEDS];
};

struct head {
	char *p; /* HEAD_MAX bytes */
	size_t n;
	bool gzip, damaged;
};

static int fill_head(int fd, struct head *h)
{
	struct mst_gunzip *gunzip = NULL;
	struct mst_err err = MST_ERR_INIT;
	char raw[8192];
	ssize_t r = 0;

	while (h->n < HEAD_MAX && (r = read(fd, raw, sizeof(raw))) != 0) {
		struct mst_slice in = mst_slice(raw, (size_t)r);
		size_t n = 0;

		if (r < 0)
			break;
		if (h->n == 0 && r > 2 && (unsigned char)raw[0] == 0x1f &&
		    (unsigned char)raw[1] == 0x8b) {
			h->gzip = true;
			if (!gunzip)
				gunzip = mst_gunzip_new();
		}
		if (!gunzip) {
			n = MST_MIN((size_t)r, HEAD_MAX - h->n);
			memcpy(h->p + h->n, raw, n);
		} else if (mst_gunzip_step(gunzip, &in, h->p + h->n,
					   HEAD_MAX - h->n, &n, &err) < 0) {
			h->damaged = true;
			break;
		}
		h->n += n;
	}
	mst_gunzip_free(&gunzip);
	return r < 0 ? -1 : 0;
}

static int read_head(const char *path, struct head *h, struct mst_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc = fd < 0 ? -1 : fill_head(fd, h);

	if (rc < 0)
		rc = mst_err_os(err, "%s", path);
	if (fd >= 0)
		(void)close(fd);
	return rc;
}

/* feed -1: it might have been of any. */
static void doubt(struct folder *f, int feed, const char *rel, const char *what)
{
	const struct mst_catalog *c = f->s->ops->catalog;

	for (size_t i = 0; i < c->feeds_n; i++) {
		struct mst_proof *proof = &f->s->feeds[i].proof;

		if (f->doubt[i] || (feed >= 0 && (size_t)feed != i))
			continue;
		f->doubt[i] = true;
		(void)snprintf(proof->why, sizeof(proof->why), "%.120s %s", rel,
			       what);
	}
	if (f->doubts++ < DOUBTS_TOLD)
		mst_warn("%s %s: passed over, and nothing will be taken for "
			 "missing in %s",
			 rel, what,
			 feed < 0 ? "this folder" : c->feeds[feed].title);
}

static int refuse(const char *path, const char *what, struct mst_err *err)
{
	return mst_err_set(err, MST_E_CORRUPT,
			   "%s %s, or take it out of the folder", path, what);
}

static int spoilt(struct folder *f, const char *path, const char *rel,
		  const struct mst_spoilt *sp, struct mst_err *err)
{
	if (sp->feed >= 0 && sp->damaged)
		return refuse(path, sp->what, err);
	doubt(f, sp->feed, rel, sp->what);
	return 0;
}

/* Editors, archivers and file systems leave such files; none is a download. */
static bool hidden(const char *rel)
{
	return rel[0] == '.' || strstr(rel, "/.") != NULL;
}

static bool is_manifest(const char *rel, struct mst_slice head)
{
	const char *slash = strrchr(rel, '/');

	return slash && strcmp(slash + 1, MST_SPOOL_MANIFEST) == 0 &&
	       mst_slice_ifind(head, "\"manifest\"") &&
	       mst_slice_ifind(head, "\"source\"");
}

static int put(struct folder *f, const char *path, const char *rel,
	       uint64_t size, const struct head *h, struct mst_err *err)
{
	struct mst_slice head = mst_slice(h->p, h->n);
	struct mst_spoilt sp = {0};
	int feed = f->s->ops->classify(rel, head, &sp);

	if (is_manifest(rel, head)) {
		if (f->saved_n++ == 0)
			f->saved = mst_arena_strdup(&f->s->arena, rel);
	} else if (feed >= 0 && size == 0) {
		doubt(f, feed, rel, "is empty");
	} else if (feed >= 0) {
		mst_spool_add(f->s, (unsigned)feed, path, size,
			      MST_PART_UNKNOWN, h->gzip);
	} else if (feed == MST_FILE_SPOILT) {
		return spoilt(f, path, rel, &sp, err);
	} else if (h->damaged) {
		doubt(f, -1, rel, "is damaged gzip data");
	} else if (feed == MST_FILE_ADDRESSES) {
		mst_info("%s lists file addresses, not records: passed over",
			 rel);
	} else {
		mst_info("%s is nothing that this source reads: passed over",
			 rel);
	}
	return 0;
}

static int look_at(void *ctx, const char *path, const char *rel, uint64_t size,
		   struct mst_err *err)
{
	struct head h = {.p = mst_alloc(HEAD_MAX)};
	int rc = 0;

	if (hidden(rel)) {
		mst_debug("%s is hidden: passed over", rel);
	} else {
		rc = read_head(path, &h, err);
		if (rc == 0)
			rc = put(ctx, path, rel, size, &h, err);
	}
	free(h.p);
	return rc;
}

static void prove(struct folder *f, bool assume_complete)
{
	for (size_t i = 0; i < f->s->ops->catalog->feeds_n; i++) {
		struct mst_spool_feed *feed = &f->s->feeds[i];
		struct mst_proof *proof = &feed->proof;

		proof->as_of_us = MST_TIME_NONE;
		proof->files = feed->parts_n;
		proof->complete =
		    assume_complete && feed->present && !f->doubt[i];
		if (!proof->complete && !f->doubt[i])
			(void)snprintf(proof->why, sizeof(proof->why),
				       "a folder without a manifest does not "
				       "prove that it is whole (see the "
				       "option assume_complete)");
	}
}

int mst_spool_folder(struct mst_spool *s, bool assume_complete,
		     struct mst_err *err)
{
	struct folder f = {.s = s};
	bool any = false;

	if (mst_dir_walk(s->dir, look_at, &f, err) < 0)
		return -(int)err->code;
	if (f.saved_n)
		return mst_err_set(
		    err, MST_E_INVALID,
		    "%s holds %zu saved source%s, not their files: let "
		    "read_from name one folder, such as %s/%.*s",
		    s->dir, f.saved_n, f.saved_n == 1 ? "" : "s", s->dir,
		    (int)(strlen(f.saved) - strlen("/" MST_SPOOL_MANIFEST)),
		    f.saved);
	if (f.doubts > DOUBTS_TOLD)
		mst_warn("%zu more files of %s were passed over for such "
			 "reasons",
			 f.doubts - DOUBTS_TOLD, s->dir);
	prove(&f, assume_complete);
	for (size_t i = 0; i < s->ops->catalog->feeds_n; i++)
		any = any || s->feeds[i].present;
	if (!any)
		return mst_err_set(err, MST_E_NOTFOUND,
				   "%s holds no file that this source reads",
				   s->dir);
	return 0;
}

/* ---- beside a manifest --------------------------------------------------- */

struct strangers {
	struct mst_map named;
	char first[256];
	size_t n;
};

static int compare(void *ctx, const char *path MST_UNUSED, const char *rel,
		   uint64_t size MST_UNUSED, struct mst_err *err MST_UNUSED)
{
	struct strangers *st = ctx;

	if (hidden(rel) || strcmp(rel, MST_SPOOL_MANIFEST) == 0 ||
	    mst_map_has(&st->named, mst_slice_str(rel)))
		return 0;
	if (st->n++ == 0)
		(void)snprintf(st->first, sizeof(st->first), "%s", rel);
	return 0;
}

int mst_spool_strangers(struct mst_spool *s, struct mst_err *err)
{
	struct strangers st = {0};
	size_t dir_n = strlen(s->dir) + 1;
	int rc;

	for (size_t i = 0; i < s->ops->catalog->feeds_n; i++) {
		for (size_t k = 0; k < s->feeds[i].parts_n; k++)
			(void)mst_map_put(
			    &st.named,
			    mst_slice_str(s->feeds[i].parts[k].path + dir_n),
			    s);
	}
	rc = mst_dir_walk(s->dir, compare, &st, err);
	if (st.n)
		mst_warn("%s/" MST_SPOOL_MANIFEST " does not name %zu of the "
			 "files beside it, which are not read: %s%s",
			 s->dir, st.n, st.first, st.n > 1 ? ", ..." : "");
	mst_map_fini(&st.named);
	return rc;
}
