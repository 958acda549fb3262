/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside the simulated Defender for Endpoint: rows as JSON, snapshots of the
 * assessment exports, the filter language.
 */
#ifndef MST_SIM_MDE_H
#define MST_SIM_MDE_H

#include "sim/estate.h"
#include "sim/private.h"

#define MDE_PART_ROWS 50000u

/* ---- mde_rows.c: one record as JSON ----------------------------------- */

enum mde_form {
	MDE_JSON, /* camelCase, nulls written */
	MDE_FILE  /* PascalCase, nulls left out */
};

void mde_write_machine(struct mst_buf *b, const struct est_device *d);
/* status and event: of the changes feed, else NULL. */
void mde_write_vuln(struct mst_buf *b, const struct est_vuln *row,
		    enum mde_form form, const char *status, const char *event);
void mde_write_soft(struct mst_buf *b, const struct est_soft *row,
		    enum est_kind kind, enum mde_form form);
void mde_write_hardware(struct mst_buf *b, const struct est_device *d,
			enum mde_form form);

/* ---- mde_snapshot.c: rows in the order of the exports ------------------ */

struct mde_blob {
	int refs; /* atomic: answers under way hold one each */
	struct mst_buf gz;
};

struct mde_part {
	int rbac;
	uint64_t from, to; /* rows */
	char path[256];
	struct mde_blob *blob; /* NULL until asked for */
};

struct mde_segment {
	uint32_t device;
	uint32_t pass;
	uint64_t start;
};

struct mde_snapshot {
	bool made;
	uint64_t generation;
	struct mde_segment *segments;
	size_t segments_n;
	uint64_t rows;
	struct mde_part *parts;
	size_t parts_n;
};

struct sim_mde {
	struct mde_snapshot snap[EST__KINDS];
	struct mst_json_parser *json;
	uint64_t count; /* for correlation ids */
	/* the changes feed, made for one sinceTime */
	struct mst_buf changes;
	size_t *change_at; /* offsets, changes_n + 1 of them */
	size_t changes_n, changes_cap;
	int64_t changes_since;
};

struct mde_snapshot *mde_snapshot_get(struct mst_sim *sim, enum est_kind kind);
/* Rows [from, to) with sep between them. */
void mde_snapshot_rows(const struct mst_sim *sim, enum est_kind kind,
		       uint64_t from, uint64_t to, enum mde_form form, char sep,
		       struct mst_buf *out);
/* "2026-11-09/0600/" */
void mde_time_path(const struct mst_sim *sim, char out[32]);

/* ---- mde_export.c ------------------------------------------------------ */
void mde_serve_pages(struct mst_sim *sim, const struct sim_request *r,
		     enum est_kind kind, struct sim_reply *reply);
void mde_serve_export(struct mst_sim *sim, const struct sim_request *r,
		      enum est_kind kind, struct sim_reply *reply);
/* The signature of a blob URL. */
void mde_sign(const char *path, const char *expiry, char out[65]);
/* ---- blob.c */
void mde_blob_drop(struct mde_blob *b);
/* The 403 of an expired URL. */
void sim_blob_expired(struct sim_reply *reply);
/* ---- mde_changes.c ----------------------------------------------------- */
void mde_serve_changes(struct mst_sim *sim, const struct sim_request *r,
		       struct sim_reply *reply);
void mde_changes_forget(struct sim_mde *m);

/* ---- mde_filter.c ------------------------------------------------------ */
struct mde_filter;

/* Looks a field up: 1 with text set, 0 null, -1 no such field. */
typedef int (*mde_lookup)(const void *record, struct mst_slice field,
			  char text[512]);
/* NULL and *why_r when the text is not understood. */
struct mde_filter *mde_filter_parse(const char *text, struct mst_arena *a,
				    const char **why_r);
/* 1 yes, 0 no, -1 a field that cannot be filtered on (*why_r). */
int mde_filter_match(const struct mde_filter *f, const void *record,
		     mde_lookup lookup, const char **why_r);

#endif
