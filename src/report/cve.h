/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by cve.c (the report) and cve_count.c (its numbers).
 */
#ifndef MST_REPORT_CVE_H
#define MST_REPORT_CVE_H

#include "report/report_private.h"

#define SEVERITIES   6 /* critical to none, and not given */
#define CVE_AGES     3
#define CVE_STATUSES 16
#define CVE_TEXTS    4
#define CVE_TOP_MOST 100

struct cve_counts {
	uint64_t open, reopened;
	uint64_t since[CVE_AGES]; /* of the open ones: known for so long */
};

struct cve_remedied {
	uint64_t n;
	double us; /* sum */
	int64_t longest;
};

/* One of the greatest. */
struct cve_top {
	struct mst_sysid id;
	uint64_t n;   /* open instances */
	uint64_t cis; /* of a CVE */
	struct mst_slice text[CVE_TEXTS];
};

struct cves {
	struct report *x;
	const struct mst_set *set;
	const char *definitions; /* the table of CVEs */
	const char *times_title;
	struct mst_cond source;
	char ages[CVE_AGES][20], since[20]; /* from when on */
	struct cve_counts counts[SEVERITIES];
	struct cve_remedied remedied[SEVERITIES];
	struct cve_status {
		struct mst_slice name;
		uint64_t n;
	} statuses[CVE_STATUSES];
	size_t statuses_n;
	struct cve_top *top_cves, *top_cis; /* the greatest first */
	size_t top_cves_n, top_cis_n;
};

size_t cve_severity(struct mst_slice s);
/* What counts as open: the source still shows it. */
#define CVE_OPEN "unresolved,resolved_pending"

/* By counts of the far end. *done_r false: it does not count for us, and
 * nothing is filled in. */
int cve_count_there(struct cves *c, bool *done_r, struct mst_err *err);
/* By reading all of them. */
int cve_count_here(struct cves *c, struct mst_err *err);

#endif
