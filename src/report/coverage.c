/* SPDX-License-Identifier: Apache-2.0
 *
 * The report "coverage": devices of the source (or apps: what others of it hang
 * on) against the CIs of the classes that the job delivers to. A device belongs
 * to a CI when the instance has its native key there; else by its correlation
 * id, by what RecVer says was delivered, by serial number, MAC address or name,
 * the first that hits.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"
#include "base/time.h"
#include "report/report_private.h"
#include "sync/plan.h"

enum how {
	HOW_NATIVE,
	HOW_CORRELATION,
	HOW_DELIVERED,
	HOW_SERIAL,
	HOW_MAC,
	HOW_NAME,
	HOW__N
};

static const char *const how_names[HOW__N] = {
    "native key",    "correlation id", "delivered record",
    "serial number", "MAC address",    "name"};

static const struct mst_report_column item_columns[] = {
    {"found_in", "Found in", MST_REPORT_TEXT, .data = true},
    {"name", "Name", MST_REPORT_TEXT},
    {"class", "Class", MST_REPORT_TEXT},
    {"matched_by", "Matched by", MST_REPORT_TEXT},
    {"matches", "CIs that fit", MST_REPORT_NUMBER},
    {"defender_last_seen", "Seen by Defender", MST_REPORT_TIME},
    {"cmdb_last_discovered", "Discovered", MST_REPORT_TIME},
    {"stale_days", "Days ago", MST_REPORT_NUMBER},
    {"status", "Status", MST_REPORT_TEXT},
    {"discovery_source", "Source", MST_REPORT_TEXT},
    {"key", "Defender id", MST_REPORT_TEXT},
    {"sys_id", "sys_id", MST_REPORT_TEXT},
    {"reason", "Reason", MST_REPORT_TEXT},
};

enum {
	I_FOUND,
	I_NAME,
	I_CLASS,
	I_BY,
	I_MATCHES,
	I_SEEN,
	I_DISCOVERED,
	I_STALE,
	I_STATUS,
	I_SOURCE,
	I_KEY,
	I_ID,
	I_REASON,
	I__N
};

static const struct mst_report_column how_columns[] = {
    {"matched_by", "Matched by", MST_REPORT_TEXT},
    {"devices", "Devices", MST_REPORT_NUMBER},
    {"ambiguous", "Several CIs fit", MST_REPORT_NUMBER},
    {"retired", "CI is retired", MST_REPORT_NUMBER},
};

enum { H_RECORDS = 1 };

static const struct mst_report_column class_columns[] = {
    {"class", "Class", MST_REPORT_TEXT},
    {"cis", "CIs", MST_REPORT_NUMBER},
    {"in_defender", "In Defender", MST_REPORT_NUMBER},
    {"not_in_defender", "Not in it", MST_REPORT_NUMBER},
    {"retired", "Retired", MST_REPORT_NUMBER},
    {"seen_7_days", "Seen: 7 days", MST_REPORT_NUMBER},
    {"seen_30_days", "30 days", MST_REPORT_NUMBER},
    {"seen_90_days", "90 days", MST_REPORT_NUMBER},
    {"older", "Older", MST_REPORT_NUMBER},
    {"never", "Never", MST_REPORT_NUMBER},
};

/* The numbers of a class; those of staleness are of CIs that Defender does not
 * have and that are not retired. */
struct class_counts {
	const char *name;
	uint64_t cis, matched, retired, within[3], older, never;
};

struct covering {
	struct report *x;
	const struct mst_set *set;
	struct report_cis cis;
	struct mst_map natives; /* key → sys_id, 16 bytes in the arena */
	struct mst_arena arena;
	struct mst_map refused; /* key → reason, of the last run */
	struct mst_report_section *items, *only_cmdb, *both;
	int name, fqdn, serial, mac, correlation, seen; /* columns, or -1 */
	uint64_t how[HOW__N], ambiguous[HOW__N], retired[HOW__N];
};

/* ---- reading ------------------------------------------------------------- */

static void take_native(void *ctx, const struct mst_sysid *id,
			const struct mst_slice *v)
{
	struct covering *c = ctx;
	struct mst_sysid *target;

	(void)id;
	/* Beside the devices only packages have some: bounded by those. */
	if (!v[0].n || c->arena.used > c->arena.max - (1u << 20))
		return;
	target = mst_arena_alloc(&c->arena, sizeof(*target));
	if (mst_sysid_parse(v[1], target))
		(void)mst_map_put(&c->natives, mst_arena_dup(&c->arena, v[0]),
				  target);
}

static int take_refused(void *ctx, const struct mst_run_item *i)
{
	struct covering *c = ctx;

	if (strcmp(i->set, c->set->name) == 0 &&
	    c->arena.used < c->arena.max - (1u << 20))
		(void)mst_map_put(
		    &c->refused,
		    mst_arena_dup(&c->arena, mst_slice_str(i->key)),
		    mst_arena_strdup(&c->arena, i->reason));
	return 0;
}

static int last_run(void *ctx, const struct mst_run *run)
{
	int64_t *id = ctx;

	*id = run->id;
	return 0;
}

static int read_all(struct covering *c, struct mst_err *err)
{
	struct report *x = c->x;
	struct mst_scan natives = {
	    .what = MST_SCAN_NATIVE, .row = take_native, .ctx = c};
	int64_t run = 0;

	if (report_cis_read(x, c->set, &c->cis, err) < 0 ||
	    report_scan(x, &natives, 1, "native keys", err) < 0 ||
	    mst_state_runs(x->state,
			   &(struct mst_run_filter){
			       .job = x->conf->job, .status = -1, .n = 1},
			   last_run, &run, err) < 0)
		return -(int)err->code;
	return run ? mst_state_run_items(
			 x->state, run,
			 &(struct mst_item_filter){.n = SIZE_MAX}, take_refused,
			 c, err)
		   : 0;
}

/* ---- one device ---------------------------------------------------------- */

static struct mst_slice cell(const struct mst_plan_change *ch, int column)
{
	for (size_t i = 0; column >= 0 && i < ch->cells_n; i++) {
		if (ch->cells[i].column == (unsigned)column)
			return ch->cells[i].text;
	}
	return mst_slice("", 0);
}

static struct report_ci *by_native(struct covering *c,
				   const struct mst_plan_change *ch)
{
	const struct mst_sysid *id = mst_map_get(&c->natives, ch->key);

	return id ? report_cis_id(&c->cis, id) : NULL;
}

static struct report_ci *by_delivery(struct covering *c,
				     const struct mst_plan_change *ch)
{
	struct mst_set_delta *sd = mst_delta_set(&c->x->s->delta, c->set->name);
	uint32_t at = mst_groups_find(&sd->groups, ch->group);

	if (at == UINT32_MAX || mst_sysid_is_zero(&sd->groups.v[at].remote))
		return NULL;
	return report_cis_id(&c->cis, &sd->groups.v[at].remote);
}

static struct report_ci *by_value(struct covering *c, enum report_by by,
				  struct mst_slice value, uint32_t *n_r)
{
	return report_cis_find(c->x, &c->cis, by, value, n_r);
}

/* The CI of a device, or NULL. *n_r: how many fit that are not retired. */
static struct report_ci *match(struct covering *c,
			       const struct mst_plan_change *ch,
			       enum how *how_r, uint32_t *n_r)
{
	struct report_ci *ci;

	*n_r = 1;
	*how_r = HOW_NATIVE;
	if ((ci = by_native(c, ch)))
		return ci;
	*how_r = HOW_CORRELATION;
	if ((ci = by_value(c, BY_CORRELATION, cell(ch, c->correlation), n_r)))
		return ci;
	*how_r = HOW_DELIVERED;
	*n_r = 1;
	if ((ci = by_delivery(c, ch)))
		return ci;
	*how_r = HOW_SERIAL;
	if ((ci = by_value(c, BY_SERIAL, cell(ch, c->serial), n_r)))
		return ci;
	*how_r = HOW_MAC;
	if ((ci = by_value(c, BY_MAC, cell(ch, c->mac), n_r)))
		return ci;
	*how_r = HOW_NAME;
	if ((ci = by_value(c, BY_NAME, cell(ch, c->name), n_r)))
		return ci;
	return by_value(c, BY_NAME, cell(ch, c->fqdn), n_r);
}

static struct mst_slice text(const char *s)
{
	return s ? mst_slice_str(s) : mst_slice("", 0);
}

static void fill_ci(struct covering *c, const struct report_ci *ci,
		    struct mst_slice *v)
{
	char hex[33];

	mst_sysid_hex(&ci->id, hex);
	v[I_ID] = mst_arena_dup(&c->x->r->arena, mst_slice(hex, 32));
	v[I_CLASS] = text(ci->class);
	v[I_DISCOVERED] = mst_report_time(c->x->r, text(ci->seen));
	v[I_STATUS] = text(ci->retired ? "retired" : "");
	v[I_SOURCE] = text(ci->source);
}

/* Why a device has no CI. */
static const char *no_ci(struct covering *c, const struct mst_plan_change *ch)
{
	struct mst_set_delta *sd = mst_delta_set(&c->x->s->delta, c->set->name);
	uint32_t at = mst_groups_find(&sd->groups, ch->group);
	const char *refused = mst_map_get(&c->refused, ch->key);

	if (refused)
		return refused;
	if (mst_map_get(&c->natives, ch->key))
		return "its native key leads to a CI that is gone, hidden from "
		       "the user, or of another class";
	if (at != UINT32_MAX && !mst_sysid_is_zero(&sd->groups.v[at].remote))
		return "delivered, but the CI is gone or hidden from the user";
	return "not delivered yet: the next run makes it";
}

static int device(void *ctx, const struct mst_plan_change *ch)
{
	struct covering *c = ctx;
	struct mst_slice v[I__N] = {{0}};
	struct report_ci *ci;
	enum how how;
	uint32_t n;

	/* what is chosen with the devices is read with them */
	if (strcmp(ch->set->name, c->set->name) != 0 ||
	    (ch->action != MST_INSERT && ch->action != MST_UPDATE))
		return 0;
	ci = match(c, ch, &how, &n);
	v[I_NAME] = cell(ch, c->name);
	v[I_CLASS] = ch->table;
	v[I_SEEN] = mst_report_time(c->x->r, cell(ch, c->seen));
	v[I_STALE] = mst_report_days(c->x->r, cell(ch, c->seen));
	v[I_KEY] = ch->key;
	if (!ci) {
		v[I_FOUND] = text("Defender");
		v[I_REASON] = text(no_ci(c, ch));
		mst_report_row(c->x->r, c->items, v);
		return 0;
	}
	c->how[how]++;
	c->ambiguous[how] += n > 1;
	c->retired[how] += ci->retired;
	ci->matched = true;
	fill_ci(c, ci, v);
	v[I_FOUND] = text("both");
	v[I_BY] = text(how_names[how]);
	v[I_MATCHES] = mst_report_num(c->x->r, MST_MAX(n, 1));
	mst_report_row(c->x->r, c->both, v);
	return 0;
}

/* ---- the rest ------------------------------------------------------------ */

/* A record may come several times: an app in several streams. */
static bool is_new(struct mst_map *told, struct mst_arena *a, const char *key,
		   const char *reason)
{
	const char *both = mst_arena_printf(a, "%s\n%s", key, reason);

	if (mst_map_has(told, mst_slice_str(both)))
		return false;
	(void)mst_map_put(told, mst_slice_str(both), (void *)1);
	return true;
}

/* Not all of a flood are kept one by one. */
static void skipped(struct covering *c)
{
	const struct mst_session *s = c->x->s;
	uint64_t all = mst_delta_set(&c->x->s->delta, c->set->name)->skipped;
	struct mst_map told = {0};

	for (size_t i = 0; i < s->skips_n; i++) {
		struct mst_slice v[I__N] = {{0}};

		if (strcmp(s->skips[i].set, c->set->name) != 0)
			continue;
		all -= all > 0;
		if (!is_new(&told, &c->arena, s->skips[i].key,
			    s->skips[i].reason))
			continue;
		v[I_FOUND] = text("Defender");
		v[I_KEY] = text(s->skips[i].key);
		v[I_REASON] = text(s->skips[i].reason);
		mst_report_row(c->x->r, c->items, v);
	}
	mst_map_fini(&told);
	c->items->more += all;
}

static struct class_counts *counts_of(struct class_counts *v, size_t *n,
				      size_t max, const char *name)
{
	for (size_t i = 0; i < *n; i++) {
		if (v[i].name == name)
			return &v[i];
	}
	if (*n == max)
		return &v[max - 1];
	v[*n] = (struct class_counts){.name = name};
	return &v[(*n)++];
}

static void count_stale(const struct covering *c, const struct report_ci *ci,
			struct class_counts *k)
{
	static const int64_t days[] = {7, 30, 90};
	int64_t us, age;

	if (!ci->seen[0] || !mst_time_parse(mst_slice_str(ci->seen), &us)) {
		k->never++;
		return;
	}
	age = (c->x->r->made_us - us) / INT64_C(86400000000);
	for (size_t i = 0; i < MST_LEN(days); i++) {
		if (age < days[i]) {
			k->within[i]++;
			return;
		}
	}
	k->older++;
}

static int stalest_first(const void *a, const void *b)
{
	const struct report_ci *x = *(struct report_ci *const *)a;
	const struct report_ci *y = *(struct report_ci *const *)b;
	int c = x->retired - y->retired;

	if (c == 0)
		c = strcmp(x->seen, y->seen);
	return c ? c : memcmp(&x->id, &y->id, sizeof(x->id));
}

static int most_cis(const void *a, const void *b)
{
	const struct class_counts *x = a, *y = b;

	if (x->cis != y->cis)
		return x->cis < y->cis ? 1 : -1;
	return strcmp(x->name ? x->name : "", y->name ? y->name : "");
}

static void only_in_cmdb(struct covering *c)
{
	struct report_ci **left =
	    mst_alloc((c->cis.n + 1) * sizeof(struct report_ci *));
	size_t n = 0;

	for (uint32_t i = 0; i < c->cis.n; i++) {
		if (!c->cis.v[i].matched)
			left[n++] = &c->cis.v[i];
	}
	if (n > 1)
		qsort(left, n, sizeof(*left), stalest_first);
	for (size_t i = 0; i < n; i++) {
		struct mst_slice v[I__N] = {{0}};

		v[I_FOUND] = text("CMDB");
		v[I_NAME] = text(left[i]->name);
		v[I_STALE] = mst_report_days(c->x->r, text(left[i]->seen));
		fill_ci(c, left[i], v);
		mst_report_row(c->x->r, c->only_cmdb, v);
	}
	free(left);
}

static void classes(struct covering *c, struct mst_report_section *s)
{
	struct class_counts k[100];
	struct mst_report *r = c->x->r;
	size_t n = 0;

	for (uint32_t i = 0; i < c->cis.n; i++) {
		const struct report_ci *ci = &c->cis.v[i];
		struct class_counts *one =
		    counts_of(k, &n, MST_LEN(k), ci->class);

		one->cis++;
		one->matched += ci->matched;
		one->retired += ci->retired;
		if (!ci->matched && !ci->retired)
			count_stale(c, ci, one);
	}
	if (n > 1)
		qsort(k, n, sizeof(k[0]), most_cis);
	for (size_t i = 0; i < n; i++) {
		const struct mst_slice v[] = {
		    text(k[i].name),
		    mst_report_num(r, k[i].cis),
		    mst_report_num(r, k[i].matched),
		    mst_report_num(r, k[i].cis - k[i].matched),
		    mst_report_num(r, k[i].retired),
		    mst_report_num(r, k[i].within[0]),
		    mst_report_num(r, k[i].within[1]),
		    mst_report_num(r, k[i].within[2]),
		    mst_report_num(r, k[i].older),
		    mst_report_num(r, k[i].never),
		};

		mst_report_row(r, s, v);
	}
}

static void matches(struct covering *c, struct mst_report_section *s)
{
	for (int i = 0; i < HOW__N; i++) {
		const struct mst_slice v[] = {
		    text(how_names[i]),
		    mst_report_num(c->x->r, c->how[i]),
		    mst_report_num(c->x->r, c->ambiguous[i]),
		    mst_report_num(c->x->r, c->retired[i]),
		};

		if (c->how[i])
			mst_report_row(c->x->r, s, v);
	}
}

static void find_columns(struct covering *c)
{
	c->name = report_column(c->set, "name");
	c->fqdn = report_column(c->set, "fqdn");
	c->serial = report_column(c->set, "serial_number");
	c->mac = report_column(c->set, "mac_address");
	c->correlation = report_column(c->set, "correlation_id");
	c->seen = report_column(c->set, "last_discovered");
}

static int cover(struct covering *c, struct mst_err *err)
{
	struct mst_report *r = c->x->r;
	const struct mst_set_delta *sd;
	struct mst_report_section *by, *class;

	find_columns(c);
	by = mst_report_section(r, "matched", "In both, matched by",
				report_titled(r, how_columns,
					      MST_LEN(how_columns), H_RECORDS,
					      c->set->title),
				MST_LEN(how_columns), false);
	class = MST_REPORT_TABLE(r, "classes",
				 "CIs by class; those that Defender does not "
				 "have, by when they were last discovered",
				 class_columns, false);
	r->main = item_columns;
	c->items =
	    MST_REPORT_TABLE(r, "only_defender", "In Defender, not in the CMDB",
			     item_columns, true);
	c->only_cmdb = MST_REPORT_TABLE(
	    r, "only_cmdb", "In the CMDB, not in Defender, the stalest first",
	    item_columns, true);
	c->both = MST_REPORT_TABLE(r, "both", "In both", item_columns, true);
	c->both->brief = true;
	if (read_all(c, err) < 0 ||
	    mst_plan_each(c->x->s, false, device, c, err) < 0)
		return -(int)err->code;
	skipped(c);
	sd = mst_delta_set(&c->x->s->delta, c->set->name);
	if (sd->dropped)
		mst_report_note(r, false,
				"%s: the filters of the source leave out %llu; "
				"they count as not in Defender",
				sd->set->title,
				(unsigned long long)sd->dropped);
	only_in_cmdb(c);
	matches(c, by);
	classes(c, class);
	return 0;
}

int report_coverage(struct report *x, struct mst_err *err)
{
	struct covering c = {.x = x};
	const char *name, *chosen = NULL;
	struct mst_job job;
	int rc;

	/* Which set are the devices? The catalogue is the job's. */
	if (mst_job_load(x->state, x->conf->job, &job, err) < 0)
		return -(int)err->code;
	c.set = report_primary(job.catalog);
	name = c.set ? mst_arena_strdup(&x->r->arena, c.set->name) : NULL;
	if (c.set && c.set->selected_by) /* it is no choice of its own */
		chosen = mst_arena_strdup(&x->r->arena, c.set->selected_by);
	mst_job_fini(&job);
	if (!name)
		return mst_err_set(
		    err, MST_E_UNSUPPORTED,
		    "the source of job '%s' has no record set that "
		    "others hang on",
		    x->conf->job);
	if (report_read(x, chosen ? &chosen : &name, 1, err) < 0)
		return -(int)err->code;
	c.set = mst_catalog_set(x->s->job.catalog, name);
	mst_arena_init(&c.arena, MST_MAX_ARENA);
	rc = cover(&c, err);
	report_cis_fini(&c.cis);
	mst_map_fini(&c.natives);
	mst_map_fini(&c.refused);
	mst_arena_fini(&c.arena);
	return rc;
}
