/* SPDX-License-Identifier: Apache-2.0
 *
 * Reports that a person asks for: what a job's two ends and the history of its
 * runs say together. A report is tables (sections) of cells and notes on what
 * it may lack; how it is printed is another matter (text, CSV, JSON).
 *
 *   init → run → [ text | csv | json ] → fini
 *
 * A report writes nothing anywhere. Memory grows with the devices and CIs that
 * it compares, in short entries.
 */
#ifndef MST_REPORT_REPORT_H
#define MST_REPORT_REPORT_H

#include <stdatomic.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "state/state.h"
#include "sync/progress.h"

#define MST_REPORT_SECTIONS 10
#define MST_REPORT_NOTES    32
#define MST_REPORT_COLUMNS  16
#define MST_REPORT_ROWS	    1000000 /* of a section; more are only counted */

enum mst_report_type {
	MST_REPORT_TEXT,
	MST_REPORT_NUMBER, /* decimal digits, maybe with a point; or none */
	MST_REPORT_TIME	   /* "2026-11-20T10:00:00Z"; or none */
};

struct mst_report_column {
	const char *name;  /* in CSV and JSON; stays */
	const char *title; /* for people */
	enum mst_report_type type;
	bool data; /* not in text: the section's title says it */
};

struct mst_report_section {
	const char *name, *title;
	const struct mst_report_column *columns;
	size_t columns_n;
	/* A list of single things: in text only its first rows are shown. */
	bool list;
	bool brief; /* a list of what is as it should be: only its length */
	struct mst_slice *cells; /* row by row */
	size_t rows, cap;
	uint64_t more; /* rows that are counted only */
};

struct mst_report_note {
	const char *text;
	bool lacks; /* something may be missing for this reason */
};

struct mst_report {
	const char *name, *title, *job;
	int64_t made_us;
	/* What CSV holds unless a section is named: this one and all others
	 * with the same columns. */
	const struct mst_report_column *main;
	struct mst_report_note notes[MST_REPORT_NOTES];
	size_t notes_n;
	struct mst_report_section sections[MST_REPORT_SECTIONS];
	size_t sections_n;
	struct mst_arena arena;
};

struct mst_report_conf {
	const char *name, *job;
	uint64_t days; /* how far back cve looks for resolved ones */
	uint64_t runs; /* how many runs noise and unmatched look at */
	uint64_t top;  /* length of lists of the greatest */
	const struct mst_progress *progress;
	const atomic_bool *cancel;
};

/* What there is, for usage and manual; name NULL ends. */
struct mst_report_kind {
	const char *name, *title, *help;
};
extern const struct mst_report_kind mst_reports[];

/* Makes the report; r need not be initialised, and is to be finished also
 * after an error. MST_E_NOTFOUND: there is no such report, or job. */
int mst_report_run(struct mst_state *state, const struct mst_report_conf *conf,
		   struct mst_report *r, struct mst_err *err);
void mst_report_fini(struct mst_report *r);
/* Is everything there as far as is known? */
bool mst_report_complete(const struct mst_report *r);

/* ---- printing; appended to out ------------------------------------------- */

/* For people: rows of lists at most `most`. */
void mst_report_text(const struct mst_report *r, uint64_t most,
		     struct mst_buf *out);
/* One table with a header, RFC 4180 but for single newlines. A cell that a
 * spreadsheet would take for a formula gets a ' in front. section NULL: the
 * main one. MST_E_NOTFOUND: there is no such section. */
int mst_report_csv(const struct mst_report *r, const char *section,
		   struct mst_buf *out, struct mst_err *err);
/* An Office Open XML workbook (.xlsx) with a sheet per section and one that
 * says what it may lack; section NULL: all of them. Goes through a file in
 * $TMPDIR. */
int mst_report_xlsx(const struct mst_report *r, const char *section,
		    struct mst_buf *out, struct mst_err *err);
/* The report that this is the JSON of, for other forms of it. MST_E_CORRUPT:
 * it is none. To be finished, also after an error. */
int mst_report_read(struct mst_slice json, struct mst_report *r,
		    struct mst_err *err);
/* section NULL: all of them. */
int mst_report_json(const struct mst_report *r, const char *section,
		    struct mst_buf *out, struct mst_err *err);

/* ---- making -------------------------------------------------------------- */

void mst_report_init(struct mst_report *r, const char *name, const char *title,
		     const char *job);
/* Says something of the report as a whole; lacks: that it may be incomplete.
 * The same text twice is said once. */
void mst_report_note(struct mst_report *r, bool lacks, const char *fmt, ...)
    MST_PRINTF(3, 4);
/* name and title are static; so are the columns. */
struct mst_report_section *
mst_report_section(struct mst_report *r, const char *name, const char *title,
		   const struct mst_report_column *columns, size_t columns_n,
		   bool list);
#define MST_REPORT_TABLE(r, name, title, columns, list)                        \
	mst_report_section((r), (name), (title), (columns), MST_LEN(columns),  \
			   (list))
/* One row: as many cells as the section has columns; copied, long ones cut. */
void mst_report_row(struct mst_report *r, struct mst_report_section *s,
		    const struct mst_slice *cells);
/* Cells; texts live in the report. */
struct mst_slice mst_report_num(struct mst_report *r, uint64_t n);
/* With one decimal. */
struct mst_slice mst_report_dec(struct mst_report *r, double d);
/* A time of the destination or the source as ISO; empty when it is none. */
struct mst_slice mst_report_time(struct mst_report *r, struct mst_slice text);
/* Whole days from then to the report; empty when it is no time. */
struct mst_slice mst_report_days(struct mst_report *r, struct mst_slice text);

#endif
