/* SPDX-License-Identifier: Apache-2.0
 *
 * The report "noise": which columns made the last runs update records
 * (sync/reasons.h), and which then held something else in the destination, from
 * what the journals for undo say of before and after (sync/journal.h).
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "report/report_private.h"
#include "sync/journal.h"

static const struct mst_report_column columns[] = {
    {"record_set", "Record set", MST_REPORT_TEXT},
    {"column", "Column", MST_REPORT_TEXT},
    {"updates", "Updates", MST_REPORT_NUMBER},
    {"share", "Share %", MST_REPORT_NUMBER},
    {"runs", "Runs", MST_REPORT_NUMBER},
    {"looked_at", "Looked at", MST_REPORT_NUMBER},
};

static const struct mst_report_column set_columns[] = {
    {"record_set", "Record set", MST_REPORT_TEXT},
    {"updates", "Updates", MST_REPORT_NUMBER},
    {"looked_at", "Looked at", MST_REPORT_NUMBER},
    {"runs", "Runs", MST_REPORT_NUMBER},
};

static const struct mst_report_column changed_columns[] = {
    {"record_set", "Record set", MST_REPORT_TEXT},
    {"column", "Column", MST_REPORT_TEXT},
    {"records", "Records", MST_REPORT_NUMBER},
    {"runs", "Runs", MST_REPORT_NUMBER},
};

struct counting {
	struct report *x;
	struct mst_report_section *sets, *columns;
	struct {
		char name[64];
		uint64_t writes, seen;
	} all[MST_MAX_SETS];
	size_t n;
};

/* All updates of a set come with the column "". */
static int take_set(void *ctx, const struct mst_field_count *f)
{
	struct counting *c = ctx;
	struct mst_report *r = c->x->r;
	const struct mst_slice v[] = {
	    mst_slice_str(f->set),
	    mst_report_num(r, f->writes),
	    mst_report_num(r, f->seen),
	    mst_report_num(r, f->runs),
	};

	if (f->column[0] || c->n == MST_MAX_SETS)
		return 0;
	(void)snprintf(c->all[c->n].name, sizeof(c->all[0].name), "%s", f->set);
	c->all[c->n].writes = f->writes;
	c->all[c->n++].seen = f->seen;
	mst_report_row(r, c->sets, v);
	if (f->seen < f->writes)
		mst_report_note(r, false,
				"%s: the columns are an estimate, from %llu of "
				"%llu updates",
				f->set, (unsigned long long)f->seen,
				(unsigned long long)f->writes);
	return 0;
}

static int take_column(void *ctx, const struct mst_field_count *f)
{
	struct counting *c = ctx;
	struct mst_report *r = c->x->r;
	uint64_t all = 0;

	if (!f->column[0])
		return 0;
	for (size_t i = 0; i < c->n; i++) {
		if (strcmp(c->all[i].name, f->set) == 0)
			all = c->all[i].writes;
	}
	const struct mst_slice v[] = {
	    mst_slice_str(f->set),
	    mst_slice_str(f->column),
	    mst_report_num(r, f->writes),
	    all ? mst_report_dec(r, 100.0 * (double)f->writes / (double)all)
		: mst_slice("", 0),
	    mst_report_num(r, f->runs),
	    mst_report_num(r, f->seen),
	};

	mst_report_row(r, c->columns, v);
	return 0;
}

/* ---- before and after ---------------------------------------------------- */

#define LINE_MAX    (4u << 20)
#define COLUMNS_MAX 512
#define HELD_MAX    (256u << 20) /* bytes of one run's records */

struct changed {
	char set[64], column[MST_MAX_NAME + 1];
	uint64_t records, runs;
	int64_t run; /* counted last */
};

/* What a run changed, as its journal says. */
struct comparing {
	struct report *x;
	struct changed v[COLUMNS_MAX];
	size_t n;
	struct mst_arena arena; /* of one journal */
	struct mst_map before;	/* id → line of the record before */
	struct mst_json_parser *parser, *second;
	int64_t run;
	size_t left; /* runs to look at */
	bool cut;    /* not all was looked at */
};

static void count_change(struct comparing *c, struct mst_slice set,
			 struct mst_slice column)
{
	struct changed *k = c->v;

	while (k < c->v + c->n &&
	       !(mst_slice_is(set, k->set) && mst_slice_is(column, k->column)))
		k++;
	if (k == c->v + COLUMNS_MAX) {
		c->cut = true;
		return;
	}
	if (k == c->v + c->n) {
		c->n++;
		*k = (struct changed){.run = 0};
		(void)snprintf(k->set, sizeof(k->set), "%.*s",
			       MST_SLICE_ARG(set));
		(void)snprintf(k->column, sizeof(k->column), "%.*s",
			       MST_SLICE_ARG(column));
	}
	k->records++;
	k->runs += k->run != c->run;
	k->run = c->run;
}

static void compare_record(struct comparing *c, const char *before,
			   struct mst_json after)
{
	struct mst_err ignored = MST_ERR_INIT;
	struct mst_json was, value;
	struct mst_json_iter it;
	struct mst_slice key, set;

	if (mst_json_parse(c->second, mst_slice_str(before), &was, &ignored) <
	    0)
		return;
	set = mst_json_str(mst_json_get(was, "set"));
	it = mst_json_iter(mst_json_get(was, "columns"));
	while (mst_json_next(&it, &key, &value)) {
		char name[MST_MAX_NAME + 1];
		struct mst_json now;

		(void)snprintf(name, sizeof(name), "%.*s", MST_SLICE_ARG(key));
		now = mst_json_get(mst_json_get(after, "columns"), name);
		if (mst_json_type(now) == MST_JSON_STRING &&
		    !mst_slice_eq(mst_json_str(now), mst_json_str(value)))
			count_change(c, set, key);
	}
}

static void take_line(struct comparing *c, struct mst_slice line,
		      struct mst_json v)
{
	struct mst_json is = mst_json_get(v, "is");
	struct mst_slice id = mst_json_str(mst_json_get(v, "id"));
	const char *before;

	if (mst_json_is_str(is, "after")) {
		before = mst_map_get(&c->before, id);
		if (before)
			compare_record(c, before, v);
		return;
	}
	if (!mst_json_is_str(is, "before") ||
	    !mst_json_is_str(mst_json_get(v, "action"), "update") ||
	    mst_map_has(&c->before, id))
		return;
	if (c->arena.used + line.n > HELD_MAX) {
		c->cut = true;
		return;
	}
	id = mst_arena_dup(&c->arena, id);
	(void)mst_map_put(&c->before, id,
			  (void *)(uintptr_t)mst_arena_dup(&c->arena, line).p);
}

static void read_journal(struct comparing *c, FILE *f)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	while ((n = getline(&line, &cap, f)) > 0) {
		struct mst_slice text = {line, (size_t)n};
		struct mst_err ignored = MST_ERR_INIT;
		struct mst_json v;

		if (mst_json_parse(c->parser, text, &v, &ignored) == MST_OK)
			take_line(c, text, v);
		else
			c->cut = true;
	}
	free(line);
	mst_map_fini(&c->before);
	mst_arena_reset(&c->arena);
}

/* Runs that changed nothing have no journal. */
static int take_run(void *ctx, const struct mst_run *run)
{
	struct comparing *c = ctx;
	char *path MST_CLEANUP(mst_freep) =
	    mst_journal_path(c->x->state, run->id);
	struct mst_err ignored = MST_ERR_INIT;
	FILE *f =
	    mst_file_exists(path) && !mst_journal_undo_of(c->x->state, run->id)
		? mst_file_stream(path, "r", &ignored)
		: NULL;

	if (!f)
		return 0;
	c->run = run->id;
	read_journal(c, f);
	(void)fclose(f);
	return --c->left == 0;
}

static int by_records(const void *a, const void *b)
{
	const struct changed *x = a, *y = b;
	int diff = strcmp(x->set, y->set);

	if (diff)
		return diff;
	if (x->records != y->records)
		return x->records > y->records ? -1 : 1;
	return strcmp(x->column, y->column);
}

static int changed(struct report *x, struct mst_err *err)
{
	struct comparing *c = mst_alloc(sizeof(*c));
	struct mst_report_section *s = MST_REPORT_TABLE(
	    x->r, "changed",
	    "Columns that then held something else in the CMDB, last seen "
	    "times too",
	    changed_columns, false);
	int rc;

	c->x = x;
	c->left = x->conf->runs;
	mst_arena_init(&c->arena, HELD_MAX + LINE_MAX);
	c->parser = mst_json_parser_new(LINE_MAX);
	c->second = mst_json_parser_new(LINE_MAX);
	rc = mst_state_runs(x->state,
			    &(struct mst_run_filter){
				.job = x->conf->job, .status = -1, .n = 1000},
			    take_run, c, err);
	if (c->n > 1)
		qsort(c->v, c->n, sizeof(*c->v), by_records);
	for (size_t i = 0; i < c->n; i++) {
		const struct mst_slice v[] = {
		    mst_slice_str(c->v[i].set),
		    mst_slice_str(c->v[i].column),
		    mst_report_num(x->r, c->v[i].records),
		    mst_report_num(x->r, c->v[i].runs),
		};

		mst_report_row(x->r, s, v);
	}
	if (c->cut)
		mst_report_note(x->r, true,
				"not every line of the journals was looked at");
	mst_json_parser_free(&c->second);
	mst_json_parser_free(&c->parser);
	mst_arena_fini(&c->arena);
	free(c);
	return rc < 0 ? rc : 0;
}

int report_noise(struct report *x, struct mst_err *err)
{
	struct counting c = {.x = x};
	struct mst_job job;

	/* Only to say that there is no such job. */
	if (mst_job_load(x->state, x->conf->job, &job, err) < 0)
		return -(int)err->code;
	mst_job_fini(&job);
	x->r->main = columns;
	c.sets = MST_REPORT_TABLE(x->r, "record_sets", "Updates by record set",
				  set_columns, false);
	c.columns = MST_REPORT_TABLE(
	    x->r, "columns",
	    "Columns that were reasons; an update may have several", columns,
	    false);
	if (mst_state_fields(x->state, x->conf->job, x->conf->runs, take_set,
			     &c, err) < 0 ||
	    mst_state_fields(x->state, x->conf->job, x->conf->runs, take_column,
			     &c, err) < 0)
		return -(int)err->code;
	if (!c.sets->rows)
		mst_report_note(x->r, false,
				"no run has updated a record since reasons are "
				"noted");
	return changed(x, err);
}
