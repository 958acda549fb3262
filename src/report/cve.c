/* SPDX-License-Identifier: Apache-2.0
 *
 * The report "cve": the CVE instances that this job's source delivered, as the
 * destination holds them.
 *
 * The far end counts where it can (a count a table); else all instances are
 * read and counted here. Only the time to remediate always takes rows: those
 * that were resolved in the last days.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/num.h"
#include "base/time.h"
#include "report/cve.h"

#define DAY_US INT64_C(86400000000)

static const struct mst_report_column open_columns[] = {
    {"severity", "Severity", MST_REPORT_TEXT},
    {"open", "Open", MST_REPORT_NUMBER},
    {"days_0_7", "Up to 7 days", MST_REPORT_NUMBER},
    {"days_8_30", "To 30 days", MST_REPORT_NUMBER},
    {"days_31_90", "To 90 days", MST_REPORT_NUMBER},
    {"older", "Longer", MST_REPORT_NUMBER},
    {"reopened", "Reopened", MST_REPORT_NUMBER},
};

static const struct mst_report_column status_columns[] = {
    {"status", "Status", MST_REPORT_TEXT},
    {"instances", "Instances", MST_REPORT_NUMBER},
};

static const struct mst_report_column time_columns[] = {
    {"severity", "Severity", MST_REPORT_TEXT},
    {"resolved", "Resolved", MST_REPORT_NUMBER},
    {"mean_days", "Mean days", MST_REPORT_NUMBER},
    {"longest_days", "Longest", MST_REPORT_NUMBER},
};

static const struct mst_report_column cve_columns[] = {
    {"cve", "CVE", MST_REPORT_TEXT},
    {"cis", "CIs", MST_REPORT_NUMBER},
    {"instances", "Instances", MST_REPORT_NUMBER},
    {"severity", "Severity", MST_REPORT_TEXT},
    {"cvss_score", "CVSS", MST_REPORT_NUMBER},
    {"name", "Name", MST_REPORT_TEXT},
};

static const struct mst_report_column ci_columns[] = {
    {"name", "CI", MST_REPORT_TEXT},
    {"instances", "Open instances", MST_REPORT_NUMBER},
    {"class", "Class", MST_REPORT_TEXT},
    {"sys_id", "sys_id", MST_REPORT_TEXT},
};

static const char *const severities[SEVERITIES] = {"critical", "high", "medium",
						   "low",      "none", ""};

size_t cve_severity(struct mst_slice s)
{
	for (size_t i = 0; i < SEVERITIES; i++) {
		if (mst_slice_iis(s, severities[i]))
			return i;
	}
	return SEVERITIES - 1;
}

/* ---- time to remediate --------------------------------------------------- */

static void take_resolved(void *ctx, const struct mst_sysid *id,
			  const struct mst_slice *v)
{
	struct cves *c = ctx;
	struct cve_remedied *k = &c->remedied[cve_severity(v[0])];
	int64_t from, to;

	(void)id;
	if (!mst_time_parse(v[1], &from) || !mst_time_parse(v[2], &to))
		return;
	to = MST_MAX(to - from, 0);
	k->n++;
	k->us += (double)to;
	k->longest = MST_MAX(k->longest, to);
}

static int remedied(struct cves *c, struct mst_err *err)
{
	static const char *const columns[] = {"u_severity", "u_first_seen",
					      "u_resolved_at"};
	struct mst_cond conds[] = {
	    c->source,
	    {"u_status", MST_COND_IS, "resolved_confirmed"},
	    {"u_resolved_at", MST_COND_FROM, c->since},
	};
	struct mst_scan scan = {.table = c->set->table,
				.columns = columns,
				.columns_n = MST_LEN(columns),
				.conds = conds,
				.conds_n = MST_LEN(conds),
				.row = take_resolved,
				.ctx = c};

	return report_scan(c->x, &scan, 1, "resolved CVE instances", err);
}

/* ---- names --------------------------------------------------------------- */

struct naming {
	struct cve_top *v;
	size_t n;
	struct mst_arena *arena;
};

static void take_name(void *ctx, const struct mst_sysid *id,
		      const struct mst_slice *v)
{
	struct naming *k = ctx;

	for (size_t i = 0; i < k->n; i++) {
		if (memcmp(&k->v[i].id, id, sizeof(*id)) != 0)
			continue;
		for (size_t t = 0; t < CVE_TEXTS; t++)
			k->v[i].text[t] = mst_arena_dup(k->arena, v[t]);
	}
}

/* What the greatest are called; those that are not found keep their sys_id. */
static int names(struct cves *c, struct cve_top *v, size_t n, const char *table,
		 const char *const *columns, struct mst_err *err)
{
	struct naming k = {v, n, &c->x->r->arena};
	struct mst_buf ids = MST_BUF_INIT(65536);
	struct mst_cond cond = {"sys_id", MST_COND_IN, NULL};
	struct mst_scan scan = {.table = table,
				.columns = columns,
				.columns_n = CVE_TEXTS,
				.conds = &cond,
				.conds_n = 1,
				.row = take_name,
				.ctx = &k};
	int rc;

	if (!n)
		return 0;
	for (size_t i = 0; i < n; i++) {
		char hex[33];

		mst_sysid_hex(&v[i].id, hex);
		mst_buf_addf(&ids, "%s%s", i ? "," : "", hex);
	}
	cond.value = ids.p;
	rc = report_scan(c->x, &scan, 1, "names", err);
	mst_buf_fini(&ids);
	return rc;
}

/* ---- rows ---------------------------------------------------------------- */

static struct mst_slice severity_name(size_t i)
{
	return mst_slice_str(severities[i][0] ? severities[i] : "not given");
}

static void add_open(struct cves *c, struct mst_report_section *s)
{
	struct mst_report *r = c->x->r;
	struct cve_counts all = {.open = 0};

	for (size_t i = 0; i <= SEVERITIES; i++) {
		const struct cve_counts *k =
		    i < SEVERITIES ? &c->counts[i] : &all;
		const struct mst_slice v[] = {
		    i < SEVERITIES ? severity_name(i) : MST_SLICE_LIT("all"),
		    mst_report_num(r, k->open),
		    mst_report_num(r, k->since[0]),
		    mst_report_num(r, k->since[1] - k->since[0]),
		    mst_report_num(r, k->since[2] - k->since[1]),
		    mst_report_num(r, k->open - k->since[2]),
		    mst_report_num(r, k->reopened),
		};

		if (k->open || i == SEVERITIES)
			mst_report_row(r, s, v);
		all.open += k->open;
		all.reopened += k->reopened;
		for (size_t t = 0; t < CVE_AGES; t++)
			all.since[t] += k->since[t];
	}
}

static int by_name(const void *a, const void *b)
{
	const struct cve_status *x = a, *y = b;

	return mst_slice_cmp(x->name, y->name);
}

/* They came in the order of whatever was counted. */
static void add_status(struct cves *c, struct mst_report_section *s)
{
	qsort(c->statuses, c->statuses_n, sizeof(*c->statuses), by_name);
	for (size_t i = 0; i < c->statuses_n; i++) {
		const struct mst_slice v[] = {
		    c->statuses[i].name,
		    mst_report_num(c->x->r, c->statuses[i].n)};

		mst_report_row(c->x->r, s, v);
	}
}

static void add_times(struct cves *c, struct mst_report_section *s)
{
	struct mst_report *r = c->x->r;
	struct cve_remedied all = {.n = 0};

	for (size_t i = 0; i <= SEVERITIES; i++) {
		const struct cve_remedied *k =
		    i < SEVERITIES ? &c->remedied[i] : &all;

		if (k->n) {
			const struct mst_slice v[] = {
			    i < SEVERITIES ? severity_name(i)
					   : MST_SLICE_LIT("all"),
			    mst_report_num(r, k->n),
			    mst_report_dec(r, k->us / (double)k->n /
						  (double)DAY_US),
			    mst_report_dec(r,
					   (double)k->longest / (double)DAY_US),
			};

			mst_report_row(r, s, v);
		}
		all.n += k->n;
		all.us += k->us;
		all.longest = MST_MAX(all.longest, k->longest);
	}
}

static struct mst_slice id_text(struct cves *c, const struct cve_top *t)
{
	char hex[33];

	mst_sysid_hex(&t->id, hex);
	return mst_arena_dup(&c->x->r->arena, mst_slice(hex, 32));
}

static int add_top_cves(struct cves *c, struct mst_report_section *s,
			struct mst_err *err)
{
	static const char *const columns[CVE_TEXTS] = {
	    "u_cve_id", "u_severity", "u_cvss_score", "u_name"};
	struct mst_report *r = c->x->r;

	if (names(c, c->top_cves, c->top_cves_n, c->definitions, columns, err) <
	    0)
		return -(int)err->code;
	for (size_t i = 0; i < c->top_cves_n; i++) {
		const struct cve_top *t = &c->top_cves[i];
		const struct mst_slice v[] = {
		    t->text[0].n ? t->text[0] : id_text(c, t),
		    mst_report_num(r, t->cis),
		    mst_report_num(r, t->n),
		    t->text[1],
		    t->text[2],
		    t->text[3],
		};

		mst_report_row(r, s, v);
	}
	return 0;
}

static int add_top_cis(struct cves *c, struct mst_report_section *s,
		       struct mst_err *err)
{
	static const char *const columns[CVE_TEXTS] = {
	    "name", "sys_class_name", "sys_updated_on", "sys_created_on"};
	struct mst_report *r = c->x->r;

	if (names(c, c->top_cis, c->top_cis_n, "cmdb_ci", columns, err) < 0)
		return -(int)err->code;
	for (size_t i = 0; i < c->top_cis_n; i++) {
		const struct cve_top *t = &c->top_cis[i];
		const struct mst_slice v[] = {t->text[0],
					      mst_report_num(r, t->n),
					      t->text[1], id_text(c, t)};

		mst_report_row(r, s, v);
	}
	return 0;
}

/* ---- the report ---------------------------------------------------------- */

static int make(struct cves *c, struct mst_err *err)
{
	struct mst_report *r = c->x->r;
	struct mst_report_section *open, *status, *times, *cves, *cis;
	bool counted = false;

	open = MST_REPORT_TABLE(r, "open",
				"Open CVE instances by severity and by how "
				"long they are known",
				open_columns, false);
	status = MST_REPORT_TABLE(r, "status", "All CVE instances by status",
				  status_columns, false);
	times = MST_REPORT_TABLE(r, "time_to_remediate", c->times_title,
				 time_columns, false);
	cves = MST_REPORT_TABLE(r, "top_cves", "CVEs on the most CIs",
				cve_columns, false);
	cis = MST_REPORT_TABLE(r, "top_cis", "CIs with the most open instances",
			       ci_columns, false);
	if (cve_count_there(c, &counted, err) < 0 ||
	    (!counted && cve_count_here(c, err) < 0) || remedied(c, err) < 0)
		return -(int)err->code;
	add_open(c, open);
	add_status(c, status);
	add_times(c, times);
	return add_top_cves(c, cves, err) < 0 || add_top_cis(c, cis, err) < 0
		   ? -(int)err->code
		   : 0;
}

/* The record set of CVE instances: those that refer to definitions, and have a
 * status. */
static const struct mst_set *instances_of(const struct mst_catalog *cat,
					  const char **definitions_r)
{
	for (size_t i = 0; i < cat->sets_n; i++) {
		const struct mst_set *set = &cat->sets[i];
		int cve = report_column(set, "u_cve");

		if (cve < 0 || report_column(set, "u_status") < 0)
			continue;
		*definitions_r =
		    mst_catalog_set(cat, set->columns[cve].ref_set)->table;
		return set;
	}
	return NULL;
}

int report_cve(struct report *x, struct mst_err *err)
{
	static const int64_t days[CVE_AGES] = {7, 30, 90};
	struct cves *c;
	int rc;

	if (report_look(x, err) < 0)
		return -(int)err->code;
	c = mst_alloc(sizeof(*c));
	c->x = x;
	c->set = instances_of(x->s->job.catalog, &c->definitions);
	if (!c->set) {
		free(c);
		return mst_err_set(err, MST_E_UNSUPPORTED,
				   "the source of job '%s' delivers no CVE "
				   "instances",
				   x->conf->job);
	}
	c->source = (struct mst_cond){"u_source_connection", MST_COND_IS,
				      x->s->job.conf.source};
	for (size_t i = 0; i < CVE_AGES; i++)
		mst_time_sn(x->r->made_us - days[i] * DAY_US, c->ages[i]);
	mst_time_sn(x->r->made_us - (int64_t)x->conf->days * DAY_US, c->since);
	c->times_title = mst_arena_printf(
	    &x->r->arena,
	    "Time to remediate, of what was resolved in the last %llu days",
	    (unsigned long long)x->conf->days);
	rc = make(c, err);
	free(c->top_cves);
	free(c->top_cis);
	free(c);
	return rc;
}
