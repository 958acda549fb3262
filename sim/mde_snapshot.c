/* SPDX-License-Identifier: Apache-2.0
 *
 * The rows of an assessment in the order in which exports list them: by
 * device group, and within a group first one half of every device's rows,
 * then the other, so that a device's rows lie apart. Only where each device
 * starts is kept; rows and files are made when they are asked for.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "sim/mde.h"

static int group_of(const struct est_device *d)
{
	return d->rbac < 0 ? 0 : d->rbac;
}

void mde_time_path(const struct mst_sim *sim, char out[32])
{
	time_t t = (time_t)(sim_estate_now_us(sim->estate) / 1000000);
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(out, 32, "%Y-%m-%d/%H%M/", &tm);
}

static void name_part(const struct mst_sim *sim, enum est_kind kind,
		      struct mde_part *p, unsigned number)
{
	static const char *const folders[] = {"VaExport", "SoftwareInventory",
					      "NonCpeSoftwareInventory",
					      "FirmwareHardwareExport"};
	char guid[37], when[32];

	mde_time_path(sim, when);
	sim_guid(sim->estate->generation ^ sim->estate->seed << 20, kind, guid);
	snprintf(p->path, sizeof(p->path),
		 "/tvm-export/%s%s/json/OrgId=%s/_RbacGroupId=%d/"
		 "part-%05u-%s.c000.json.gz",
		 when, folders[kind], MST_SIM_TENANT, p->rbac, number, guid);
}

static void add_part(const struct mst_sim *sim, enum est_kind kind,
		     struct mde_snapshot *s, int rbac, uint64_t from,
		     uint64_t to)
{
	struct mde_part *p;

	s->parts = mst_realloc(s->parts, (s->parts_n + 1) * sizeof(*s->parts));
	p = &s->parts[s->parts_n];
	*p = (struct mde_part){.rbac = rbac, .from = from, .to = to};
	name_part(sim, kind, p, (unsigned)s->parts_n);
	s->parts_n++;
}

static void add_group(const struct mst_sim *sim, enum est_kind kind,
		      struct mde_snapshot *s, int rbac)
{
	const struct sim_estate *e = sim->estate;
	uint64_t first = s->rows;

	for (unsigned pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < e->devices_n; i++) {
			const struct est_device *d = &e->devices[i];
			uint64_t n;

			if (d->gone || group_of(d) != rbac)
				continue;
			n = sim_estate_count(e, d, kind, pass);
			if (!n)
				continue;
			s->segments[s->segments_n++] =
			    (struct mde_segment){(uint32_t)i, pass, s->rows};
			s->rows += n;
		}
	for (uint64_t at = first; at < s->rows; at += MDE_PART_ROWS)
		add_part(sim, kind, s, rbac, at,
			 MST_MIN(at + MDE_PART_ROWS, s->rows));
}

/* All groups, each once, ascending. */
static void add_groups(const struct mst_sim *sim, enum est_kind kind,
		       struct mde_snapshot *s)
{
	const struct sim_estate *e = sim->estate;
	int last = -1;

	for (;;) {
		int next = INT32_MAX;

		for (size_t i = 0; i < e->devices_n; i++) {
			int g = group_of(&e->devices[i]);

			if (g > last && g < next)
				next = g;
		}
		if (next == INT32_MAX)
			return;
		add_group(sim, kind, s, next);
		last = next;
	}
}

struct mde_snapshot *mde_snapshot_get(struct mst_sim *sim, enum est_kind kind)
{
	struct mde_snapshot *s = &sim->mde->snap[kind];

	if (s->made)
		return s;
	s->made = true;
	s->generation = sim->estate->generation;
	s->segments =
	    mst_alloc((sim->estate->devices_n * 2 + 1) * sizeof(*s->segments));
	add_groups(sim, kind, s);
	return s;
}

struct writing {
	struct mst_buf *out;
	uint64_t left;
	enum mde_form form;
	enum est_kind kind;
	char sep;
	bool some;
};

static void between(struct writing *w)
{
	/* lines end with the newline, elements are parted by the comma */
	if (w->some && w->sep == ',')
		mst_buf_addc(w->out, ',');
	w->some = true;
}

static bool after(struct writing *w)
{
	if (w->sep == '\n')
		mst_buf_addc(w->out, '\n');
	return --w->left > 0;
}

static bool write_vuln(void *ctx, const struct est_vuln *row)
{
	struct writing *w = ctx;

	between(w);
	mde_write_vuln(w->out, row, w->form, NULL, NULL);
	return after(w);
}

static bool write_soft(void *ctx, const struct est_soft *row)
{
	struct writing *w = ctx;

	between(w);
	mde_write_soft(w->out, row, w->kind, w->form);
	return after(w);
}

static void write_segment(const struct sim_estate *e,
			  const struct mde_segment *seg, uint64_t skip,
			  struct writing *w)
{
	const struct est_device *d = &e->devices[seg->device];

	if (w->kind == EST_VULN) {
		sim_estate_vulns(e, d, seg->pass, skip, write_vuln, w);
	} else if (w->kind == EST_HARDWARE) {
		between(w);
		mde_write_hardware(w->out, d, w->form);
		after(w);
	} else {
		sim_estate_softs(e, d, w->kind, seg->pass, skip, write_soft, w);
	}
}

void mde_snapshot_rows(const struct mst_sim *sim, enum est_kind kind,
		       uint64_t from, uint64_t to, enum mde_form form, char sep,
		       struct mst_buf *out)
{
	const struct mde_snapshot *s = &sim->mde->snap[kind];
	struct writing w = {out, to - from, form, kind, sep, false};
	size_t lo = 0, hi = s->segments_n;

	if (from >= to || to > s->rows)
		return;
	while (lo + 1 < hi) { /* the last segment that starts at or before */
		size_t mid = (lo + hi) / 2;

		if (s->segments[mid].start <= from)
			lo = mid;
		else
			hi = mid;
	}
	for (; lo < s->segments_n && w.left; lo++) {
		const struct mde_segment *seg = &s->segments[lo];

		write_segment(sim->estate, seg,
			      from > seg->start ? from - seg->start : 0, &w);
	}
}
