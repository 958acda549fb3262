/* SPDX-License-Identifier: Apache-2.0
 *
 * The report "unmatched": what found no target. Records that the last run
 * refused or skipped come from the state store, with its reasons. References
 * that are empty in the CMDB although the source has something for them come
 * from both ends: every record is made once more and held against the rows
 * that lack the reference.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "report/report_private.h"
#include "sync/plan.h"

#define TABLES_MAX 32
#define MASTER_MAX 8 /* references of one set */

static const struct mst_report_column reason_columns[] = {
    {"record_set", "Record set", MST_REPORT_TEXT},
    {"what", "What", MST_REPORT_TEXT},
    {"records", "Records", MST_REPORT_NUMBER},
    {"example", "For example", MST_REPORT_TEXT},
    {"reason", "Reason", MST_REPORT_TEXT},
};

static const struct mst_report_column item_columns[] = {
    {"record_set", "Record set", MST_REPORT_TEXT},
    {"what", "What", MST_REPORT_TEXT},
    {"key", "Key", MST_REPORT_TEXT},
    {"run", "Run", MST_REPORT_NUMBER},
    {"reason", "Reason", MST_REPORT_TEXT},
};

static const struct mst_report_column target_columns[] = {
    {"kind", "Kind", MST_REPORT_TEXT},
    {"name", "Name in the source", MST_REPORT_TEXT},
    {"records", "Records", MST_REPORT_NUMBER},
    {"reason", "Reason", MST_REPORT_TEXT},
};

static const struct mst_report_column empty_columns[] = {
    {"kind", "Kind", MST_REPORT_TEXT},
    {"name", "Name in the source", MST_REPORT_TEXT},
    {"column", "Column", MST_REPORT_TEXT},
    {"record_set", "Record set", MST_REPORT_TEXT},
    {"key", "Key", MST_REPORT_TEXT},
    {"sys_id", "sys_id", MST_REPORT_TEXT},
};

/* Same reasons, counted. */
struct reason {
	const char *set, *what, *text, *example;
	uint64_t n;
};

/* Something that references would point to. */
struct target {
	const char *kind, *name, *why;
	uint64_t n;
};

/* What a delivered record should refer to. */
struct wanted {
	const char *key;
	const char *name[MASTER_MAX]; /* by reference of the set */
};

struct unmatched {
	struct report *x;
	struct mst_arena arena;
	struct mst_map reasons, targets;
	struct mst_map by_record; /* "set\nkey" → reason */
	struct mst_report_section *items, *empty;
	int64_t run;
	/* of the set that is looked at */
	const struct mst_set *set;
	unsigned master[MASTER_MAX];
	size_t master_n, at;
	struct mst_map wanted; /* sys_id → struct wanted */
	bool full;
};

static struct mst_slice text(const char *s)
{
	return s ? mst_slice_str(s) : mst_slice("", 0);
}

static bool room(struct unmatched *u)
{
	if (u->arena.used < u->arena.max - (1u << 20))
		return true;
	u->full = true;
	return false;
}

/* ---- the last run -------------------------------------------------------- */

/* Is it quoted up to the next quote, with a digit in it? Those are keys and
 * values; words say what it is about. */
static const char *quoted_value(const char *p)
{
	const char *end = *p == '\'' || *p == '"' ? strchr(p + 1, *p) : NULL;

	return end && strcspn(p, "0123456789") < (size_t)(end - p) ? end : NULL;
}

/* A reason without the keys in it, so that equal ones meet. */
static const char *general(struct unmatched *u, const char *reason)
{
	struct mst_buf b = MST_BUF_INIT(4096);
	const char *copy, *which = strstr(reason, ", which ");

	if (strncmp(reason, "waits for ", 10) == 0 && which) {
		size_t n = 10 + strcspn(reason + 10, "|0123456789.");

		while (n > 10 && reason[n - 1] != ' ')
			n--;
		mst_buf_addf(&b, "%.*s…%s", (int)n, reason, which);
	} else if (strncmp(reason, "superseded by ", 14) == 0) {
		mst_buf_addf(&b, "superseded by …%s", which ? which : "");
	} else {
		for (const char *p = reason; *p; p++) {
			const char *end = quoted_value(p);

			if (!end) {
				mst_buf_addc(&b, *p);
				continue;
			}
			mst_buf_addf(&b, "%c…%c", *p, *p);
			p = end;
		}
	}
	copy = mst_arena_dup(&u->arena, mst_buf_slice(&b)).p;
	mst_buf_fini(&b);
	return copy;
}

static int take_item(void *ctx, const struct mst_run_item *i)
{
	struct unmatched *u = ctx;
	struct mst_report *r = u->x->r;
	const struct mst_slice v[] = {text(i->set), text(i->what), text(i->key),
				      mst_report_num(r, (uint64_t)u->run),
				      text(i->reason)};
	struct reason *k;
	const char *key, *why;

	mst_report_row(r, u->items, v);
	if (!room(u))
		return 0;
	why = general(u, i->reason);
	key = mst_arena_printf(&u->arena, "%s\n%s\n%s", i->set, i->what, why);
	k = mst_map_get(&u->reasons, mst_slice_str(key));
	if (!k) {
		k = mst_arena_alloc(&u->arena, sizeof(*k));
		*k = (struct reason){
		    .set = mst_arena_strdup(&u->arena, i->set),
		    .what = mst_arena_strdup(&u->arena, i->what),
		    .text = why,
		    .example = mst_arena_strdup(&u->arena, i->key),
		};
		(void)mst_map_put(&u->reasons, mst_slice_str(key), k);
	}
	k->n++;
	key = mst_arena_printf(&u->arena, "%s\n%s", i->set, i->key);
	(void)mst_map_put(&u->by_record, mst_slice_str(key),
			  mst_arena_strdup(&u->arena, i->reason));
	return 0;
}

static int pick_run(void *ctx, const struct mst_run *run)
{
	struct unmatched *u = ctx;

	if (!u->run && run->status != MST_RUN_RUNNING)
		u->run = run->id;
	return 0;
}

static int most_first(const void *a, const void *b)
{
	const struct reason *x = *(struct reason *const *)a;
	const struct reason *y = *(struct reason *const *)b;

	if (x->n != y->n)
		return x->n < y->n ? 1 : -1;
	return strcmp(x->text, y->text);
}

static void add_reasons(struct unmatched *u, struct mst_report_section *s)
{
	struct reason **all =
	    mst_alloc((u->reasons.n + 1) * sizeof(struct reason *));
	size_t n = 0, at = 0;
	void *v;

	while (mst_map_next(&u->reasons, &at, NULL, &v))
		all[n++] = v;
	if (n > 1)
		qsort(all, n, sizeof(*all), most_first);
	for (size_t i = 0; i < n; i++) {
		const struct mst_slice row[] = {
		    text(all[i]->set), text(all[i]->what),
		    mst_report_num(u->x->r, all[i]->n), text(all[i]->example),
		    text(all[i]->text)};

		mst_report_row(u->x->r, s, row);
	}
	free(all);
}

static int from_runs(struct unmatched *u, struct mst_report_section *reasons,
		     struct mst_err *err)
{
	struct report *x = u->x;

	if (mst_state_runs(x->state,
			   &(struct mst_run_filter){
			       .job = x->conf->job, .status = -1, .n = 10},
			   pick_run, u, err) < 0)
		return -(int)err->code;
	if (!u->run)
		mst_report_note(x->r, true,
				"the job has not run yet: nothing is known of "
				"refused and skipped records");
	else if (mst_state_run_items(x->state, u->run,
				     &(struct mst_item_filter){.n = 1000000},
				     take_item, u, err) < 0)
		return -(int)err->code;
	add_reasons(u, reasons);
	return 0;
}

/* ---- references ---------------------------------------------------------- */

static int want(void *ctx, const struct mst_plan_change *ch)
{
	struct unmatched *u = ctx;
	struct mst_set_delta *sd;
	struct mst_sysid *id;
	struct wanted *w;
	uint32_t at;

	if (ch->set != u->set ||
	    (ch->action != MST_INSERT && ch->action != MST_UPDATE) || !room(u))
		return 0;
	sd = mst_delta_set(&u->x->s->delta, u->set->name);
	at = mst_groups_find(&sd->groups, ch->group);
	if (at == UINT32_MAX || mst_sysid_is_zero(&sd->groups.v[at].remote))
		return 0; /* not delivered: "coverage" tells of it */
	w = mst_arena_alloc(&u->arena, sizeof(*w));
	for (size_t i = 0; i < ch->cells_n; i++) {
		for (size_t k = 0; k < u->master_n; k++) {
			if (ch->cells[i].column == u->master[k] &&
			    ch->cells[i].text.n)
				w->name[k] =
				    mst_arena_dup(&u->arena, ch->cells[i].text)
					.p;
		}
	}
	w->key = mst_arena_dup(&u->arena, ch->key).p;
	id = mst_arena_alloc(&u->arena, sizeof(*id));
	*id = sd->groups.v[at].remote;
	(void)mst_map_put(&u->wanted, mst_slice((const char *)id->b, 16), w);
	return 0;
}

static const struct mst_column *column_at(const struct unmatched *u)
{
	return &u->set->columns[u->master[u->at]];
}

static void count_target(struct unmatched *u, const char *name,
			 const char *record)
{
	const char *kind = column_at(u)->ref_set;
	const char *key =
	    mst_arena_printf(&u->arena, "%s\n%s", kind ? kind : "", name);
	struct target *t = mst_map_get(&u->targets, mst_slice_str(key));

	if (!t) {
		t = mst_arena_alloc(&u->arena, sizeof(*t));
		*t = (struct target){.kind = kind, .name = name};
		(void)mst_map_put(&u->targets, mst_slice_str(key), t);
	}
	t->n++;
	key = mst_arena_printf(&u->arena, "%s\n%s", u->set->name, record);
	if (!t->why)
		t->why = mst_map_get(&u->by_record, mst_slice_str(key));
}

/* A row that lacks the reference. Rows of a class come with those of a class
 * above it: what was told is taken out. */
static void take_empty(void *ctx, const struct mst_sysid *id,
		       const struct mst_slice *v)
{
	struct unmatched *u = ctx;
	struct wanted *w =
	    mst_map_get(&u->wanted, mst_slice((const char *)id->b, 16));
	const char *name = w ? w->name[u->at] : NULL;
	char hex[33];

	(void)v;
	if (!name || !room(u))
		return;
	count_target(u, name, w->key);
	mst_sysid_hex(id, hex);
	const struct mst_slice row[] = {
	    text(column_at(u)->ref_set), text(name),   text(column_at(u)->name),
	    text(u->set->name),		 text(w->key), mst_slice(hex, 32),
	};

	mst_report_row(u->x->r, u->empty, row);
	w->name[u->at] = NULL;
}

static int read_empty(struct unmatched *u, struct mst_err *err)
{
	const char *tables[TABLES_MAX];
	size_t n = report_tables(u->set, tables, MST_LEN(tables));
	int rc = 0;

	for (u->at = 0; u->at < u->master_n; u->at++) {
		const char *column = column_at(u)->name;
		struct mst_cond cond = {column, MST_COND_EMPTY, NULL};

		for (size_t i = 0; i < n && rc == 0; i++) {
			struct mst_scan scan = {.table = tables[i],
						.columns = &column,
						.columns_n = 1,
						.conds = &cond,
						.conds_n = 1,
						.row = take_empty,
						.ctx = u};

			rc = report_scan(u->x, &scan, 1, "empty references",
					 err);
		}
	}
	return rc;
}

/* Of the set; those that have some and hang on nothing are looked at. */
static bool find_masters(struct unmatched *u, const struct mst_set *set)
{
	u->set = set;
	u->master_n = 0;
	for (unsigned i = 0; i < set->columns_n; i++) {
		if ((set->columns[i].flags & MST_COL_MASTER) &&
		    u->master_n < MASTER_MAX)
			u->master[u->master_n++] = i;
	}
	return !set->parent && u->master_n;
}

static int references(struct unmatched *u, struct mst_err *err)
{
	const struct mst_catalog *c = u->x->s->job.catalog;
	int rc = 0;

	for (size_t i = 0; i < c->sets_n && rc == 0; i++) {
		if (!find_masters(u, &c->sets[i]) ||
		    !mst_job_wants(&u->x->s->job, u->set))
			continue;
		rc = mst_plan_each(u->x->s, false, want, u, err);
		if (rc == 0)
			rc = read_empty(u, err);
		mst_map_clear(&u->wanted);
	}
	return rc;
}

/* Only what has references is read; derived sets come with their origin. */
static int read_sets(struct unmatched *u, const struct mst_job *job,
		     struct mst_err *err)
{
	const struct mst_catalog *c = job->catalog;
	const char *names[MST_MAX_SETS];
	size_t n = 0;

	for (size_t i = 0; i < c->sets_n && n < MST_LEN(names); i++) {
		const struct mst_set *s = &c->sets[i];

		if (find_masters(u, s) && mst_job_wants(job, s))
			names[n++] = mst_arena_strdup(
			    &u->arena,
			    s->selected_by ? s->selected_by : s->name);
	}
	return n ? report_read(u->x, names, n, err) : 0;
}

static int most_wanted(const void *a, const void *b)
{
	const struct target *x = *(struct target *const *)a;
	const struct target *y = *(struct target *const *)b;

	if (x->n != y->n)
		return x->n < y->n ? 1 : -1;
	return strcmp(x->name, y->name);
}

static void add_targets(struct unmatched *u, struct mst_report_section *s)
{
	struct target **all =
	    mst_alloc((u->targets.n + 1) * sizeof(struct target *));
	size_t n = 0, at = 0;
	void *v;

	while (mst_map_next(&u->targets, &at, NULL, &v))
		all[n++] = v;
	if (n > 1)
		qsort(all, n, sizeof(*all), most_wanted);
	for (size_t i = 0; i < n; i++) {
		const struct mst_slice row[] = {
		    text(all[i]->kind), text(all[i]->name),
		    mst_report_num(u->x->r, all[i]->n),
		    text(all[i]->why ? all[i]->why
				     : "empty in the CMDB: cleared there, or "
				       "not delivered again since the source "
				       "has it")};

		mst_report_row(u->x->r, s, row);
	}
	free(all);
}

/* ---- the report ---------------------------------------------------------- */

static int make(struct unmatched *u, const struct mst_job *job,
		struct mst_err *err)
{
	struct mst_report *r = u->x->r;
	struct mst_report_section *reasons, *targets;

	reasons = MST_REPORT_TABLE(
	    r, "reasons",
	    "Records of the last run that were not delivered, or "
	    "not as a whole, by reason",
	    reason_columns, false);
	targets = MST_REPORT_TABLE(
	    r, "targets", "References that are empty in the CMDB, by target",
	    target_columns, false);
	r->main = item_columns;
	u->items = MST_REPORT_TABLE(r, "records", "Records of the last run",
				    item_columns, true);
	u->empty = MST_REPORT_TABLE(r, "references", "Empty references",
				    empty_columns, true);
	if (from_runs(u, reasons, err) < 0 || read_sets(u, job, err) < 0 ||
	    (u->x->open && references(u, err) < 0))
		return -(int)err->code;
	add_targets(u, targets);
	if (u->full)
		mst_report_note(r, true, "there is more than fits a report");
	return 0;
}

int report_unmatched(struct report *x, struct mst_err *err)
{
	struct unmatched u = {.x = x};
	struct mst_job job;
	int rc;

	if (mst_job_load(x->state, x->conf->job, &job, err) < 0)
		return -(int)err->code;
	mst_arena_init(&u.arena, MST_MAX_ARENA);
	rc = make(&u, &job, err);
	mst_job_fini(&job);
	mst_map_fini(&u.reasons);
	mst_map_fini(&u.targets);
	mst_map_fini(&u.by_record);
	mst_map_fini(&u.wanted);
	mst_arena_fini(&u.arena);
	return rc;
}
