/* SPDX-License-Identifier: Apache-2.0
 *
 * The spool: the source's bytes of one run on disk, as received. A folder per
 * feed, a file per page or export file ("part"), and manifest.json with the
 * counts, times and proofs. The same layout is what `muster fetch` saves and
 * what `read_from` reads.
 */
#ifndef MST_SYNC_SPOOL_H
#define MST_SYNC_SPOOL_H

#include "base/arena.h"
#include "base/limits.h"
#include "source/source.h"

enum mst_part_form {
	MST_PART_UNKNOWN, /* looked at when read */
	MST_PART_LINES,	  /* one JSON object a line */
	MST_PART_PAGE	  /* one document: an envelope, an array, an object */
};

struct mst_part {
	const char *path;
	uint64_t bytes;
	enum mst_part_form form;
	bool gzip;
};

struct mst_spool_feed {
	struct mst_part *parts;
	size_t parts_n, parts_cap;
	bool present; /* was read (or is in the folder) */
	struct mst_proof proof;
};

struct mst_spool {
	struct mst_arena arena;
	const char *dir;
	const struct mst_source_ops *ops;
	struct mst_spool_feed feeds[MST_MAX_FEEDS];
	bool owned; /* removed at the end */
};

/* Makes dir (it must not hold a spool yet). */
int mst_spool_make(struct mst_spool *s, const struct mst_source_ops *ops,
		   const char *dir, bool owned, struct mst_err *err);
/* Opens a folder to read from: by its manifest when it has one, else by
 * looking at every file (source ops->classify). assume_complete: a person says
 * that a folder without a manifest holds everything. */
int mst_spool_open(struct mst_spool *s, const struct mst_source_ops *ops,
		   const char *dir, bool assume_complete, struct mst_err *err);
void mst_spool_fini(struct mst_spool *s);
/* The path of a file of a feed; lent until fini. */
const char *mst_spool_path(struct mst_spool *s, unsigned feed,
			   const char *name);
void mst_spool_add(struct mst_spool *s, unsigned feed, const char *path,
		   uint64_t bytes, enum mst_part_form form, bool gzip);
/* A page whose body is in memory. name: of its file without the ending, or
 * NULL: it gets a number. */
int mst_spool_add_body(struct mst_spool *s, unsigned feed, const char *name,
		       struct mst_slice body, struct mst_err *err);
/* Drops those that have this name, or this name with "," behind it. */
void mst_spool_drop_named(struct mst_spool *s, unsigned feed, const char *name);
/* Drops the parts of a feed (a page chain died). */
void mst_spool_drop(struct mst_spool *s, unsigned feed);
/* Nested feeds have the parts and the proof of the feed that they are in: once
 * everything was read. */
void mst_spool_nest(struct mst_spool *s);
int mst_spool_write_manifest(struct mst_spool *s, const char *connection,
			     struct mst_err *err);

#endif
