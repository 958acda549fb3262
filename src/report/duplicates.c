/* SPDX-License-Identifier: Apache-2.0
 *
 * The report "duplicates": CIs that look like one, and devices (or apps) of
 * the source that others replaced. Retired CIs and those that are marked as
 * duplicates already make no group, but are shown in one.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "report/report_private.h"

static const struct mst_report_column kind_columns[] = {
    {"same", "Same", MST_REPORT_TEXT},
    {"groups", "Groups", MST_REPORT_NUMBER},
    {"cis", "CIs", MST_REPORT_NUMBER},
    {"across_classes", "Across classes", MST_REPORT_NUMBER},
};

static const struct mst_report_column ci_columns[] = {
    {"group", "Group", MST_REPORT_NUMBER},
    {"same", "Same", MST_REPORT_TEXT},
    {"value", "Value", MST_REPORT_TEXT},
    {"name", "Name", MST_REPORT_TEXT},
    {"class", "Class", MST_REPORT_TEXT},
    {"serial_number", "Serial number", MST_REPORT_TEXT},
    {"mac_address", "MAC address", MST_REPORT_TEXT},
    {"discovery_source", "Source", MST_REPORT_TEXT},
    {"last_discovered", "Discovered", MST_REPORT_TIME},
    {"status", "Status", MST_REPORT_TEXT},
    {"sys_id", "sys_id", MST_REPORT_TEXT},
};

static const struct mst_report_column device_columns[] = {
    {"key", "Defender id", MST_REPORT_TEXT},
    {"reason", "Reason", MST_REPORT_TEXT},
    {"run", "Run", MST_REPORT_NUMBER},
};

static const struct {
	enum report_by by;
	const char *name, *column;
} kinds[] = {
    {BY_SERIAL, "serial number", "serial_number"},
    {BY_MAC, "MAC address", "mac_address"},
    {BY_NAME, "name", "name"},
};

struct looking {
	struct report *x;
	struct report_cis cis;
	struct mst_report_section *cis_s, *devices_s;
	struct mst_map told; /* keys of devices_s */
	uint64_t groups;
	int64_t run;
};

static struct mst_slice text(const char *s)
{
	return s ? mst_slice_str(s) : mst_slice("", 0);
}

static void add_ci(struct looking *l, const struct report_ci *ci, size_t kind,
		   struct mst_slice value)
{
	struct mst_report *r = l->x->r;
	char hex[33];

	mst_sysid_hex(&ci->id, hex);
	const struct mst_slice v[] = {
	    mst_report_num(r, l->groups),
	    text(kinds[kind].name),
	    value,
	    text(ci->name),
	    text(ci->class),
	    text(ci->serial),
	    text(ci->mac),
	    text(ci->source),
	    mst_report_time(r, text(ci->seen)),
	    text(ci->retired	 ? "retired"
		 : ci->duplicate ? "marked as a duplicate"
				 : ""),
	    mst_slice(hex, 32),
	};

	mst_report_row(r, l->cis_s, v);
}

/* How many CIs of a group count, and are they of several classes? */
static uint32_t alive(const struct looking *l, uintptr_t first,
		      enum report_by by, bool *across_r)
{
	const char *class = NULL;
	uint32_t n = 0;

	*across_r = false;
	for (uintptr_t at = first; at; at = l->cis.v[at - 1].next[by]) {
		const struct report_ci *ci = &l->cis.v[at - 1];

		if (ci->retired || ci->duplicate)
			continue;
		if (n++ && class != ci->class)
			*across_r = true;
		class = ci->class;
	}
	return n;
}

struct group {
	struct mst_slice value;
	uintptr_t first;
};

static int by_value(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	return mst_slice_cmp(x->value, y->value);
}

static void look(struct looking *l, size_t kind, struct mst_report_section *sum)
{
	const enum report_by by = kinds[kind].by;
	const struct mst_map *m = &l->cis.by[by];
	struct group *g = mst_alloc((m->n + 1) * sizeof(*g));
	struct mst_report *r = l->x->r;
	uint64_t groups = 0, cis = 0, across = 0;
	size_t n = 0, i = 0;
	struct mst_slice key;
	void *v;
	bool wide;

	while (mst_map_next(m, &i, &key, &v)) {
		if (alive(l, (uintptr_t)v, by, &wide) > 1)
			g[n++] = (struct group){key, (uintptr_t)v};
	}
	if (n > 1) /* the same order each time */
		qsort(g, n, sizeof(*g), by_value);
	for (i = 0; i < n; i++) {
		cis += alive(l, g[i].first, by, &wide);
		groups++;
		across += wide;
		l->groups++;
		for (uintptr_t at = g[i].first; at;
		     at = l->cis.v[at - 1].next[by])
			add_ci(l, &l->cis.v[at - 1], kind, g[i].value);
	}
	free(g);
	const struct mst_slice row[] = {
	    text(kinds[kind].name), mst_report_num(r, groups),
	    mst_report_num(r, cis), mst_report_num(r, across)};

	mst_report_row(r, sum, row);
}

static int take_item(void *ctx, const struct mst_run_item *i)
{
	struct looking *l = ctx;
	const struct mst_slice v[] = {
	    mst_slice_str(i->key), mst_slice_str(i->reason),
	    mst_report_num(l->x->r, (uint64_t)l->run)};

	/* An app comes with each stream that shows it. */
	if (!mst_slice_istarts(mst_slice_str(i->reason), "superseded") ||
	    mst_map_has(&l->told, v[0]))
		return 0;
	(void)mst_map_put(&l->told, mst_arena_dup(&l->x->r->arena, v[0]),
			  (void *)1);
	mst_report_row(l->x->r, l->devices_s, v);
	return 0;
}

/* The newest run that ended as a run over everything may. */
static int pick_run(void *ctx, const struct mst_run *run)
{
	struct looking *l = ctx;

	if (!l->run &&
	    (run->status == MST_RUN_OK || run->status == MST_RUN_PARTIAL ||
	     run->status == MST_RUN_GUARD))
		l->run = run->id;
	return 0;
}

static int superseded(struct looking *l, struct mst_err *err)
{
	struct report *x = l->x;

	if (mst_state_runs(x->state,
			   &(struct mst_run_filter){
			       .job = x->conf->job, .status = -1, .n = 20},
			   pick_run, l, err) < 0)
		return -(int)err->code;
	if (!l->run) {
		mst_report_note(x->r, true,
				"no run has ended yet that would know of "
				"replaced records");
		return 0;
	}
	return mst_state_run_items(x->state, l->run,
				   &(struct mst_item_filter){.n = SIZE_MAX},
				   take_item, l, err);
}

int report_duplicates(struct report *x, struct mst_err *err)
{
	struct looking l = {.x = x};
	struct mst_report_section *sum;
	const struct mst_set *set;
	int rc;

	if (report_look(x, err) < 0)
		return -(int)err->code;
	set = report_primary(x->s->job.catalog);
	if (!set)
		return mst_err_set(
		    err, MST_E_UNSUPPORTED,
		    "the source of job '%s' has no record set that "
		    "others hang on",
		    x->conf->job);
	sum = MST_REPORT_TABLE(x->r, "summary", "CIs that share a value",
			       kind_columns, false);
	x->r->main = ci_columns;
	l.cis_s = MST_REPORT_TABLE(x->r, "cis", "CIs in these groups",
				   ci_columns, true);
	l.devices_s = MST_REPORT_TABLE(
	    x->r, "superseded",
	    mst_arena_printf(&x->r->arena,
			     "%s in Defender that another one replaced",
			     set->title),
	    device_columns, true);
	rc = report_cis_read(x, set, &l.cis, err);
	for (size_t i = 0; rc == 0 && i < MST_LEN(kinds); i++) {
		if (report_column(set, kinds[i].column) >= 0)
			look(&l, i, sum);
	}
	if (rc == 0)
		rc = superseded(&l, err);
	report_cis_fini(&l.cis);
	mst_map_fini(&l.told);
	return rc;
}
