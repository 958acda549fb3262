/* SPDX-License-Identifier: Apache-2.0
 *
 * What a trial of rules found, printed.
 */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/rules_test_show.h"
#include "rules/custom.h"
#include "sync/setting_show.h"

#define OUT_MAX (256u << 20)

/* ---- printing: text ------------------------------------------------------ */

static void set_text(struct mst_buf *out, const struct cli_trial_set *set)
{
	(void)mst_buf_addf(out, "\n%s: %llu of %llu records differ",
			   set->set->name, (unsigned long long)set->differ,
			   (unsigned long long)set->records);
	if (set->gained)
		(void)mst_buf_addf(out, ", %llu are delivered from now on",
				   (unsigned long long)set->gained);
	if (set->lost)
		(void)mst_buf_addf(out, ", %llu are not delivered any more",
				   (unsigned long long)set->lost);
	if (set->left)
		(void)mst_buf_addf(out, ", %llu stay as they are",
				   (unsigned long long)set->left);
	(void)mst_buf_addc(out, '\n');
	for (size_t i = 0; i < set->columns_n; i++)
		(void)mst_buf_addf(out, "    %-26s %9llu   [%s%s]\n",
				   set->columns[i].name,
				   (unsigned long long)set->columns[i].records,
				   set->columns[i].rule,
				   cli_trial_flags(set->columns[i].flags));
	(void)mst_buf_add_slice(out, mst_buf_slice(&set->samples));
}

static void counts_row(struct mst_buf *out, const char *name, const char *rules,
		       const struct mst_set_delta *sd)
{
	(void)mst_buf_addf(
	    out, "%-24s %-6s %9llu %9llu %9llu %10llu %9llu\n", name, rules,
	    (unsigned long long)sd->inserts, (unsigned long long)sd->updates,
	    (unsigned long long)sd->missing, (unsigned long long)sd->unchanged,
	    (unsigned long long)sd->skipped);
}

static void counts_text(struct mst_buf *out, struct cli_trial_show *s)
{
	(void)mst_buf_addf(out,
			   "\nWhat the next run of job %s would write, now and "
			   "with these rules:\n%-24s %-6s %9s %9s %9s %10s "
			   "%9s\n",
			   s->trial->s->job.name, "record set", "rules",
			   "insert", "update", "missing", "unchanged",
			   "skipped");
	for (size_t i = 0; i < s->sets_n; i++) {
		const char *name = s->sets[i].set->name;
		const struct mst_set_delta *now =
		    mst_delta_set(&s->trial->before, name);

		if (now)
			counts_row(out, name, "now", now);
		counts_row(out, now ? "" : name, "these",
			   mst_delta_set(&s->trial->s->delta, name));
	}
}

/* More than the guard lets go at once? */
static bool guard_holds(const struct cli_trial_show *s,
			const struct mst_set_delta *sd)
{
	return (double)sd->missing >
	       mst_guard_limit(&s->trial->s->job.conf, sd->stored);
}

static void doubts_text(struct mst_buf *out, struct cli_trial_show *s)
{
	for (size_t i = 0; i < s->sets_n; i++) {
		const struct mst_set_delta *sd =
		    mst_delta_set(&s->trial->s->delta, s->sets[i].set->name);

		if (!sd->proven && sd->set->missing != MST_MISSING_KEEP)
			(void)mst_buf_addf(out,
					   "\n%s: nothing would be marked "
					   "missing, because the read is not "
					   "proven complete: %s\n",
					   sd->set->title, sd->why);
		if (guard_holds(s, sd))
			(void)mst_buf_addf(
			    out,
			    "\n%s: the guard would hold the %llu "
			    "missing records back until a run "
			    "with --approve\n",
			    sd->set->title, (unsigned long long)sd->missing);
	}
}

static void limited_text(void *ctx, const char *set, const char *column,
			 uint64_t values)
{
	struct mst_buf *out = ctx;

	(void)values; /* of several passes */
	(void)mst_buf_addf(out,
			   "\nSome values of %s.%s took more steps or memory "
			   "than an expression may; they count as none: make "
			   "its pattern simpler.\n",
			   set, column);
}

static void notes_text(struct mst_buf *out, struct cli_trial_show *s)
{
	const struct mst_trial *t = s->trial;

	doubts_text(out, s);
	for (size_t i = 0; i < t->fields_n; i++) {
		const struct mst_trial_field *f = &t->fields[i];

		if (f->records && !f->values)
			(void)mst_buf_addf(
			    out,
			    "\nNone of %llu %s has a field '%s': is it spelled "
			    "right?\n",
			    (unsigned long long)f->records, f->feed->title,
			    f->name);
	}
	mst_custom_limited(t->s->job.catalog, limited_text, out);
}

static void changes_text(struct mst_buf *out, struct cli_trial_show *s,
			 struct mst_arena *arena)
{
	const struct mst_job *now = &s->trial->present;
	const struct mst_connection *end =
	    strcmp(now->conf.source, s->connection) == 0 ? &now->source_end
							 : &now->dest_end;
	struct mst_override_change *list;
	size_t n =
	    mst_overrides_diff(end->overrides, s->settings, arena, &list);

	(void)mst_buf_addf(out, "settings of %s for %s%s\n", s->connection,
			   mst_env_title(s->env),
			   n ? ":" : ": the same as those in force");
	mst_overrides_text(out, list, n);
}

static void print_text(struct cli_trial_show *s)
{
	struct mst_buf out = MST_BUF_INIT(OUT_MAX);
	struct mst_arena arena;

	mst_arena_init(&arena, MST_MAX_ARENA);
	changes_text(&out, s, &arena);
	for (size_t i = 0; i < s->sets_n; i++)
		set_text(&out, &s->sets[i]);
	counts_text(&out, s);
	notes_text(&out, s);
	cli_print(&out);
	mst_buf_fini(&out);
	mst_arena_fini(&arena);
}

/* ---- printing: JSON ------------------------------------------------------ */

static void counts_json(struct mst_jout *j, const char *key,
			const struct mst_set_delta *sd)
{
	mst_jout_key(j, key);
	if (!sd) {
		mst_jout_null(j);
		return;
	}
	mst_jout_obj(j);
	mst_jout_ki64(j, "insert", (int64_t)sd->inserts);
	mst_jout_ki64(j, "update", (int64_t)sd->updates);
	mst_jout_ki64(j, "missing", (int64_t)sd->missing);
	mst_jout_ki64(j, "unchanged", (int64_t)sd->unchanged);
	mst_jout_ki64(j, "skipped", (int64_t)sd->skipped);
	mst_jout_end_obj(j);
}

static void set_json(struct mst_jout *j, struct cli_trial_show *s,
		     struct cli_trial_set *set)
{
	const struct mst_set_delta *then =
	    mst_delta_set(&s->trial->s->delta, set->set->name);

	mst_jout_obj(j);
	mst_jout_kstr(j, "record_set", set->set->name);
	mst_jout_ki64(j, "records", (int64_t)set->records);
	mst_jout_ki64(j, "differ", (int64_t)set->differ);
	mst_jout_ki64(j, "gained", (int64_t)set->gained);
	mst_jout_ki64(j, "lost", (int64_t)set->lost);
	mst_jout_ki64(j, "left", (int64_t)set->left);
	counts_json(j, "now", mst_delta_set(&s->trial->before, set->set->name));
	counts_json(j, "then", then);
	mst_jout_kbool(j, "proven", then->proven);
	mst_jout_kstr(j, "why_not", then->proven ? "" : then->why);
	mst_jout_kbool(j, "guard", guard_holds(s, then));
	mst_jout_key(j, "columns");
	mst_jout_arr(j);
	for (size_t i = 0; i < set->columns_n; i++) {
		mst_jout_obj(j);
		mst_jout_kstr(j, "column", set->columns[i].name);
		mst_jout_kstr(j, "rule", set->columns[i].rule);
		mst_jout_ki64(j, "records", (int64_t)set->columns[i].records);
		mst_jout_end_obj(j);
	}
	mst_jout_end_arr(j);
	mst_jout_end_arr(&set->j);
	mst_jout_key(j, "samples");
	mst_jout_raw(j, mst_buf_slice(&set->samples));
	mst_jout_end_obj(j);
}

static void fields_json(struct mst_jout *j, const struct mst_trial *t)
{
	mst_jout_key(j, "fields");
	mst_jout_arr(j);
	for (size_t i = 0; i < t->fields_n; i++) {
		mst_jout_obj(j);
		mst_jout_kstr(j, "feed", t->fields[i].feed->name);
		mst_jout_kstr(j, "field", t->fields[i].name);
		mst_jout_ki64(j, "records", (int64_t)t->fields[i].records);
		mst_jout_ki64(j, "values", (int64_t)t->fields[i].values);
		mst_jout_end_obj(j);
	}
	mst_jout_end_arr(j);
}

static void limited_json(void *ctx, const char *set, const char *column,
			 uint64_t values)
{
	struct mst_jout *j = ctx;

	(void)values;
	mst_jout_obj(j);
	mst_jout_kstr(j, "record_set", set);
	mst_jout_kstr(j, "column", column);
	mst_jout_end_obj(j);
}

static void print_json(struct cli_trial_show *s)
{
	struct mst_buf out = MST_BUF_INIT(OUT_MAX);
	struct mst_jout j;

	mst_jout_init(&j, &out);
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "connection", s->connection);
	mst_jout_kstr(&j, "environment", mst_env_name(s->env));
	mst_jout_kstr(&j, "job", s->trial->s->job.name);
	mst_jout_key(&j, "record_sets");
	mst_jout_arr(&j);
	for (size_t i = 0; i < s->sets_n; i++)
		set_json(&j, s, &s->sets[i]);
	mst_jout_end_arr(&j);
	fields_json(&j, s->trial);
	mst_jout_key(&j, "limited");
	mst_jout_arr(&j);
	mst_custom_limited(s->trial->s->job.catalog, limited_json, &j);
	mst_jout_end_arr(&j);
	mst_jout_end_obj(&j);
	(void)mst_buf_addc(&out, '\n');
	cli_print(&out);
	mst_buf_fini(&out);
}

void cli_trial_print(struct cli_trial_show *s)
{
	if (cli.json)
		print_json(s);
	else
		print_text(s);
}
