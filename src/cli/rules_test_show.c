/* SPDX-License-Identifier: Apache-2.0
 *
 * See rules_test_show.h.
 */
#include "cli/rules_test_show.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/settings.h"

#define SAMPLES_MAX (64u << 20)
#define VALUE_SHOWN 60

void cli_trial_begin(struct cli_trial_show *s)
{
	const struct mst_delta *d = &s->trial->s->delta;

	s->sets = mst_alloc(d->sets_n * sizeof(*s->sets));
	for (size_t i = 0; i < d->sets_n; i++) {
		const struct mst_set_delta *sd = &d->sets[d->order[i]];
		struct cli_trial_set *set = &s->sets[s->sets_n];

		if (!sd->selected)
			continue;
		s->sets_n++;
		set->set = sd->set;
		mst_buf_init(&set->samples, SAMPLES_MAX);
		mst_jout_init(&set->j, &set->samples);
		if (cli.json)
			mst_jout_arr(&set->j);
	}
}

void cli_trial_end(struct cli_trial_show *s)
{
	for (size_t i = 0; i < s->sets_n; i++)
		mst_buf_fini(&s->sets[i].samples);
	free(s->sets);
}

/* ---- fields -------------------------------------------------------------- */

/* A column on both sides. */
struct field {
	const struct mst_column *column;
	struct mst_slice before, after;
	const char *before_rule, *after_rule;
};

struct fields {
	struct field v[2 * MST_MAX_COLUMNS];
	size_t n;
};

/* The one of two columns for inserts is not the one for updates. */
static bool same_column(const struct mst_column *a, const struct mst_column *b)
{
	return strcmp(a->name, b->name) == 0 &&
	       !((a->flags & MST_COL_INSERT) && (b->flags & MST_COL_UPDATE)) &&
	       !((a->flags & MST_COL_UPDATE) && (b->flags & MST_COL_INSERT));
}

static struct field *find(struct fields *f, const struct mst_column *column)
{
	for (size_t i = 0; i < f->n; i++) {
		if (same_column(f->v[i].column, column))
			return &f->v[i];
	}
	f->v[f->n] = (struct field){.column = column};
	return &f->v[f->n++];
}

static void gather(struct fields *f, const struct mst_trial_record *r)
{
	f->n = 0;
	for (size_t i = 0; r->before && i < r->before->cells_n; i++) {
		const struct mst_cell *c = &r->before->cells[i];
		struct field *v = find(f, &r->before->set->columns[c->column]);

		v->before = c->text;
		v->before_rule = r->before_map->rows[r->before->rows[i]].rule;
	}
	for (size_t i = 0; r->after && i < r->after->cells_n; i++) {
		const struct mst_cell *c = &r->after->cells[i];
		struct field *v = find(f, &r->after->set->columns[c->column]);

		v->column = &r->after->set->columns[c->column];
		v->after = c->text;
		v->after_rule = r->after_map->rows[r->after->rows[i]].rule;
	}
}

/* Another key is another record: one goes, one comes. */
static bool other_key(const struct mst_trial_record *r)
{
	return r->before && r->after &&
	       !mst_slice_eq(r->before->key, r->after->key);
}

static bool differs(const struct field *f)
{
	return !mst_slice_eq(f->before, f->after);
}

/* ---- counting ------------------------------------------------------------ */

/* True when no sample showed this column yet. */
static bool count(struct cli_trial_set *set, const struct field *f)
{
	struct cli_trial_column *c;

	for (size_t i = 0; i < set->columns_n; i++) {
		c = &set->columns[i];
		if (strcmp(c->name, f->column->name) == 0) {
			if (f->after_rule)
				c->rule = f->after_rule;
			c->records++;
			return false;
		}
	}
	if (set->columns_n == MST_LEN(set->columns))
		return false;
	set->columns[set->columns_n++] = (struct cli_trial_column){
	    .name = f->column->name,
	    .rule = f->after_rule ? f->after_rule : f->before_rule,
	    .flags = f->column->flags,
	    .records = 1,
	};
	return true;
}

/* ---- samples ------------------------------------------------------------- */

static void put_value(struct mst_buf *out, struct mst_slice s)
{
	size_t n = MST_MIN(s.n, (size_t)VALUE_SHOWN);

	if (!s.n) {
		(void)mst_buf_adds(out, "(none)");
		return;
	}
	while (n < s.n && n > 0 && ((unsigned char)s.p[n] & 0xc0) == 0x80)
		n--;
	for (size_t i = 0; i < n; i++)
		(void)mst_buf_addc(out,
				   (unsigned char)s.p[i] < ' ' ? ' ' : s.p[i]);
	if (n < s.n)
		(void)mst_buf_adds(out, "...");
}

const char *cli_trial_flags(uint16_t flags)
{
	if (flags & MST_COL_INSERT)
		return ", on inserts only";
	if (flags & MST_COL_UPDATE)
		return ", on updates only";
	if (flags & MST_COL_VOLATILE)
		return ", never a reason to write";
	return "";
}

/* "delivered from now on; so far: min_cvss" */
static void fate_text(struct mst_buf *out, const struct mst_trial_record *r)
{
	(void)mst_buf_adds(out, r->after  ? ": delivered from now on"
				: r->left ? ": stays as it is from now on"
					  : ": not delivered any more");
	if (r->why.n)
		(void)mst_buf_addf(out, "%s%.*s",
				   r->after ? "; so far not: " : ": ",
				   MST_SLICE_ARG(r->why));
}

static void sample_text(struct mst_buf *out, const struct mst_trial_record *r,
			const struct fields *f)
{
	const struct mst_desired *d = r->after ? r->after : r->before;

	(void)mst_buf_adds(out, "  ");
	if (other_key(r))
		(void)mst_buf_addf(out, "%.*s -> ",
				   MST_SLICE_ARG(r->before->key));
	(void)mst_buf_addf(out, "%.*s", MST_SLICE_ARG(d->key));
	if (r->set->parent)
		(void)mst_buf_addf(out, " of %.*s", MST_SLICE_ARG(d->group));
	if (r->before && r->after &&
	    !mst_slice_eq(r->before->table, r->after->table))
		(void)mst_buf_addf(out, ", %.*s -> %.*s",
				   MST_SLICE_ARG(r->before->table),
				   MST_SLICE_ARG(r->after->table));
	if (!r->before || !r->after)
		fate_text(out, r);
	(void)mst_buf_addc(out, '\n');
	for (size_t i = 0; r->before && r->after && i < f->n; i++) {
		const struct field *v = &f->v[i];

		if (!differs(v))
			continue;
		(void)mst_buf_addf(out, "    %-26s ", v->column->name);
		put_value(out, v->before);
		(void)mst_buf_adds(out, " -> ");
		put_value(out, v->after);
		(void)mst_buf_addf(
		    out, "   [%s%s%s]\n", v->after_rule ? "" : "was ",
		    v->after_rule ? v->after_rule : v->before_rule,
		    cli_trial_flags(v->column->flags));
	}
}

static void value_json(struct mst_jout *j, const char *key, struct mst_slice s,
		       const char *rule_key, const char *rule)
{
	mst_jout_key(j, key);
	if (s.p)
		mst_jout_slice(j, s);
	else
		mst_jout_null(j);
	mst_jout_key(j, rule_key);
	if (rule)
		mst_jout_str(j, rule);
	else
		mst_jout_null(j);
}

static void sample_json(struct mst_jout *j, const struct mst_trial_record *r,
			const struct fields *f)
{
	const struct mst_desired *d = r->after ? r->after : r->before;

	mst_jout_obj(j);
	mst_jout_kslice(j, "key", d->key);
	if (other_key(r))
		mst_jout_kslice(j, "key_before", r->before->key);
	mst_jout_kslice(j, "group", d->group);
	mst_jout_kslice(j, "table", d->table);
	mst_jout_kbool(j, "before", r->before != NULL);
	mst_jout_kbool(j, "after", r->after != NULL);
	mst_jout_kbool(j, "left", r->left);
	mst_jout_kslice(j, "why", r->why);
	mst_jout_key(j, "fields");
	mst_jout_arr(j);
	for (size_t i = 0; i < f->n; i++) {
		const struct field *v = &f->v[i];

		if (!differs(v))
			continue;
		mst_jout_obj(j);
		mst_jout_kstr(j, "column", v->column->name);
		value_json(j, "before", v->before, "rule_before",
			   v->before_rule);
		value_json(j, "after", v->after, "rule_after", v->after_rule);
		mst_jout_end_obj(j);
	}
	mst_jout_end_arr(j);
	mst_jout_end_obj(j);
}

static struct cli_trial_set *set_of(struct cli_trial_show *s,
				    const struct mst_trial_record *r)
{
	for (size_t i = 0; i < s->sets_n; i++) {
		if (strcmp(s->sets[i].set->name, r->set->name) == 0)
			return &s->sets[i];
	}
	return NULL;
}

/* Counts the columns that differ; *fresh_r: one of them is in no sample yet. */
static bool columns_differ(struct cli_trial_set *set,
			   const struct mst_trial_record *r,
			   const struct fields *f, bool *fresh_r)
{
	bool any = false;

	for (size_t i = 0; r->before && r->after && i < f->n; i++) {
		if (!differs(&f->v[i]))
			continue;
		any = true;
		*fresh_r = count(set, &f->v[i]) || *fresh_r;
	}
	return any;
}

int cli_trial_record(void *show, const struct mst_trial_record *r)
{
	struct cli_trial_show *s = show;
	struct cli_trial_set *set = set_of(s, r);
	bool differ, fresh = false;
	struct fields f;

	if (!set)
		return 0;
	set->records++;
	gather(&f, r);
	differ = columns_differ(set, r, &f, &fresh) || !r->before ||
		 !r->after || other_key(r) ||
		 !mst_slice_eq(r->before->table, r->after->table);
	if (!differ)
		return 0;
	set->differ++;
	set->gained += !r->before;
	set->lost += !r->after && !r->left;
	set->left += !r->after && r->left;
	/* Some records, and for every column one that shows it. */
	if (s->samples == 0 || (set->shown >= s->samples && !fresh))
		return 0;
	set->shown++;
	if (cli.json)
		sample_json(&set->j, r, &f);
	else
		sample_text(&set->samples, r, &f);
	return 0;
}
