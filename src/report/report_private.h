/* SPDX-License-Identifier: Apache-2.0
 *
 * What the reports share: the job's ends, tables of the destination, the CIs
 * of the classes that a job delivers to.
 */
#ifndef MST_REPORT_PRIVATE_H
#define MST_REPORT_PRIVATE_H

#include "base/map.h"
#include "report/report.h"
#include "sync/run.h"

struct report {
	const struct mst_report_conf *conf;
	struct mst_state *state;
	struct mst_report *r;
	struct mst_session *s;
	bool open; /* the session, so that it is to be closed */
	uint64_t scanned;
};

/* The destination alone, or also the source, read and compared in full:
 * every record of the sets (names, NULL: of the job) is then a change of the
 * delta. */
int report_look(struct report *x, struct mst_err *err);
int report_read(struct report *x, const char *const *sets, size_t n,
		struct mst_err *err);

/* Reads tables side by side; only rows, ctx, columns and conditions are to be
 * set. What is refused or cut short becomes a note; what: what is lacking
 * then. A count that is refused is left to the caller. */
int report_scan(struct report *x, struct mst_scan *scans, size_t n,
		const char *what, struct mst_err *err);

/* A section by its name; MST_E_NOTFOUND names the nearest. */
int report_find(const struct mst_report *r, const char *name,
		const struct mst_report_section **s_r, struct mst_err *err);

/* A copy of the columns, the report's, with another title for one of them. */
const struct mst_report_column *
report_titled(struct mst_report *r, const struct mst_report_column *columns,
	      size_t n, size_t at, const char *title);

/* The set of the catalogue that others hang on: devices, apps. NULL: none. */
const struct mst_set *report_primary(const struct mst_catalog *c);
int report_column(const struct mst_set *set, const char *name); /* or -1 */
/* "cmdb_ci_computer" and further classes, each once, as table names. */
size_t report_tables(const struct mst_set *set, const char **out, size_t max);

/* ---- CIs (cis.c) -------------------------------------------------- */

/* By what a device is recognised. */
enum report_by { BY_CORRELATION, BY_SERIAL, BY_MAC, BY_NAME, BY__N };

/* One CI, in short. Texts are in the arena of the list; empty ones NULL. */
struct report_ci {
	struct mst_sysid id;
	const char *name, *class, *serial, *mac, *source;
	char seen[20]; /* last_discovered, "" when never */
	bool retired;
	bool duplicate; /* duplicate_of is set */
	bool matched;
	/* Of a further serial number or address of a CI, from a table of its
	 * own: the CI, plus 1. */
	uint32_t alias;
	uint32_t next[BY__N]; /* the next CI with the same value, plus 1 */
};

struct report_cis {
	struct mst_arena arena;
	struct report_ci *v;
	uint32_t n, cap;		 /* n: of CIs */
	uint32_t all;			 /* with their aliases behind them */
	struct mst_map by[BY__N];	 /* folded value → first CI, plus 1 */
	struct mst_map by_id;		 /* 16 bytes → CI, plus 1 */
	struct mst_map classes, sources; /* texts that many share */
};

/* All CIs of the tables that the set is delivered to. */
int report_cis_read(struct report *x, const struct mst_set *set,
		    struct report_cis *c, struct mst_err *err);
void report_cis_fini(struct report_cis *c);
struct report_ci *report_cis_id(const struct report_cis *c,
				const struct mst_sysid *id);
/* The first CI with this value, NULL when there is none, or when the value
 * says nothing (a serial number that many have). *n_r: how many there are that
 * are not retired; the first is one of them, if there is any. */
struct report_ci *report_cis_find(const struct report *x,
				  const struct report_cis *c, enum report_by by,
				  struct mst_slice value, uint32_t *n_r);
/* The value as it is compared, in buf; {NULL,0} when it says nothing. */
struct mst_slice report_fold(const struct report *x, enum report_by by,
			     struct mst_slice value, char *buf, size_t n);

/* ---- the reports --------------------------------------------------------- */

int report_coverage(struct report *x, struct mst_err *err);
int report_cve(struct report *x, struct mst_err *err);
int report_duplicates(struct report *x, struct mst_err *err);
int report_noise(struct report *x, struct mst_err *err);
int report_unmatched(struct report *x, struct mst_err *err);

#endif
