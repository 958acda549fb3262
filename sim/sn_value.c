/* SPDX-License-Identifier: Apache-2.0
 *
 * How values get in: what the column's type makes of a text, what is cut,
 * ignored or refused; and what people see of a stored value.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"
#include "base/time.h"
#include "sim/sn.h"

bool sn_is_id(struct mst_slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (!((s.p[i] >= '0' && s.p[i] <= '9') ||
		      (s.p[i] >= 'a' && s.p[i] <= 'f')))
			return false;
	}
	return s.n == SN_ID;
}

struct mst_slice sn_json_text(struct sim_sn *sn, struct mst_json v)
{
	struct mst_buf b = MST_BUF_INIT(1u << 20);
	struct mst_slice s;
	struct mst_json inner;

	switch (mst_json_type(v)) {
	case MST_JSON_STRING:
		return mst_json_str(v);
	case MST_JSON_NULL:
		return MST_SLICE_LIT("");
	case MST_JSON_OBJECT:
		inner = mst_json_get(v, "value");
		if (mst_json_type(inner) != MST_JSON_STRING)
			inner = mst_json_get(v, "display_value");
		return mst_json_type(inner) == MST_JSON_STRING
			   ? mst_json_str(inner)
			   : MST_SLICE_LIT("");
	case MST_JSON_BOOL:
	case MST_JSON_INT:
	case MST_JSON_DOUBLE:
	case MST_JSON_ARRAY:
	default:
		(void)mst_json_write(v, &b);
		s = mst_arena_dup(&sn->scratch, mst_buf_slice(&b));
		mst_buf_fini(&b);
		return s;
	}
}

/* Cuts behind the n-th character; lengths count characters, not bytes. */
static struct mst_slice cut(struct sim_sn *sn, struct mst_slice s, unsigned max)
{
	size_t chars = 0;

	if (s.n <= max)
		return s;
	for (size_t i = 0; i < s.n; i++) {
		if (((unsigned char)s.p[i] & 0xc0) == 0x80)
			continue;
		if (chars++ == max) {
			sn->stats.cut_texts++;
			return mst_slice(s.p, i);
		}
	}
	return s;
}

static bool take_time(struct sim_sn *sn, struct mst_slice *v, bool date)
{
	int64_t us;

	if (v->n != 19 && v->n != 10)
		return false;
	if (v->n == 19 && v->p[10] != ' ')
		return false;
	if (!mst_time_parse(*v, &us) || us == MST_TIME_NONE)
		return false;
	if (date)
		v->n = 10;
	else if (v->n == 10)
		*v = mst_slice_str(mst_arena_printf(
		    &sn->scratch, "%.*s 00:00:00", MST_SLICE_ARG(*v)));
	return true;
}

static bool take_number(struct sim_sn *sn, struct mst_slice *v, bool whole)
{
	char text[32];
	int64_t i;
	double d;

	if (whole && mst_num_i64(*v, &i))
		return true;
	if (!mst_num_dbl(*v, &d))
		return false;
	if (!whole && !sn->opt_plain_numbers)
		return true;
	if (whole && (d > 9e15 || d < -9e15))
		return false;
	if (whole)
		d = (double)(int64_t)d;
	mst_num_text(d, text);
	*v = mst_slice_str(mst_arena_strdup(&sn->scratch, text));
	return true;
}

static enum sn_refusal take_reference(struct sim_sn *sn, struct sn_col *c,
				      struct mst_slice *v, bool display,
				      char *why, size_t why_n)
{
	struct sn_table *ref = sn_table(sn, c->reference ? c->reference : "");
	struct sn_row *row;

	/* Tables that are not simulated cannot be looked into. */
	if (!ref)
		return SN_FINE;
	row = sn_is_id(*v) ? mst_map_get(&sn->by_id, *v) : NULL;
	if (row && sn_is_a(row->t, ref))
		return SN_FINE;
	if (display && ref->display != SN_NONE &&
	    sn_search(sn, ref, ref->cols[ref->display]->name, *v, false)) {
		*v = mst_slice(sn->found[0]->id, SN_ID);
		return SN_FINE;
	}
	sn->stats.reference_refused++;
	(void)snprintf(why, why_n,
		       "Invalid reference in field %s: no record of %s has the "
		       "sys_id '%.*s'",
		       c->name, ref->name, (int)MST_MIN(v->n, (size_t)64),
		       v->n ? v->p : "");
	return SN_BAD_REFERENCE;
}

/* true: *v is (now) a value of the choice list. */
static bool take_choice(struct sim_sn *sn, struct sn_col *c,
			struct mst_slice *v, bool display)
{
	const struct sn_choice *ch = sn_choice_find(sn, c, *v);

	if (!ch && display)
		ch = sn_choice_label(sn, c, *v);
	if (ch)
		*v = ch->value;
	sn_props(sn);
	if (!ch && !(sn->prop_any_choice && v->n)) {
		sn->stats.ignored_choices++;
		return false;
	}
	return true;
}

enum sn_refusal sn_take(struct sim_sn *sn, struct sn_table *t, size_t col,
			struct mst_slice value, bool display,
			struct mst_slice *vals, char *why, size_t why_n)
{
	struct sn_col *c = t->cols[col];
	enum sn_refusal bad;
	bool ok = true;

	if (c->system || c->kind == SN_CLASS || c->kind == SN_JOURNAL)
		return SN_FINE;
	if (sn_has_choices(sn, c)) {
		if (take_choice(sn, c, &value, display))
			vals[col] = value;
		return SN_FINE;
	}
	switch (c->kind) {
	case SN_BOOLEAN:
		value = mst_slice_iis(value, "true") || mst_slice_is(value, "1")
			    ? MST_SLICE_LIT("true")
			    : MST_SLICE_LIT("false");
		break;
	case SN_INTEGER:
	case SN_DECIMAL:
		ok = !value.n || take_number(sn, &value, c->kind == SN_INTEGER);
		break;
	case SN_DATETIME:
	case SN_DATE:
		ok = !value.n || take_time(sn, &value, c->kind == SN_DATE);
		break;
	case SN_REFERENCE:
		bad = value.n
			  ? take_reference(sn, c, &value, display, why, why_n)
			  : SN_FINE;
		if (bad)
			return bad;
		break;
	case SN_STRING:
	case SN_JOURNAL:
	case SN_CLASS:
	default:
		value = cut(sn, value, c->max_length);
	}
	if (!ok) {
		sn->stats.ignored_values++;
		return SN_FINE;
	}
	vals[col] = value;
	return SN_FINE;
}

static bool taken(struct sim_sn *sn, struct sn_table *t, size_t col,
		  struct mst_slice value, const struct sn_row *self)
{
	struct sn_col *c = t->cols[col];

	sn_search(sn, c->owner, c->name, value, false);
	for (size_t i = 0; i < sn->found_n; i++) {
		if (sn->found[i] != self)
			return true;
	}
	return false;
}

enum sn_refusal sn_check(struct sim_sn *sn, struct sn_table *t,
			 const struct mst_slice *vals,
			 const struct sn_row *self, char *why, size_t why_n)
{
	for (size_t i = SN_C__N; i < t->n; i++) {
		struct sn_col *c = t->cols[i];

		if (!c->mandatory && !c->unique)
			continue;
		if (self && mst_slice_eq(vals[i], sn_get(self, i)))
			continue;
		if (c->mandatory && !vals[i].n) {
			(void)snprintf(why, why_n,
				       "Data Policy Exception: The following "
				       "fields are mandatory: %s",
				       c->label);
			return SN_MANDATORY;
		}
		if (c->unique && vals[i].n && taken(sn, t, i, vals[i], self)) {
			sn->stats.unique_refused++;
			(void)snprintf(
			    why, why_n,
			    "Unique Key violation detected by database "
			    "(Duplicate entry '%.*s' for key '%s.%s')",
			    (int)MST_MIN(vals[i].n, (size_t)255), vals[i].p,
			    t->name, c->name);
			return SN_NOT_UNIQUE;
		}
	}
	return SN_FINE;
}

void sn_defaults(struct sim_sn *sn, struct sn_table *t, struct mst_slice *vals)
{
	for (size_t i = 0; i < t->n; i++) {
		struct sn_col *c = t->cols[i];

		vals[i] = c->dflt		  ? sn_default_value(sn, t, i)
			  : c->kind == SN_BOOLEAN ? MST_SLICE_LIT("false")
						  : MST_SLICE_LIT("");
	}
}

/* A package's display column is one that the instance calculates. */
static struct mst_slice name_of(const struct sn_row *row)
{
	size_t name = sn_col_at(row->t, "name");

	return name == SN_NONE || !sn_get(row, name).n
		   ? mst_slice(row->id, SN_ID)
		   : sn_get(row, name);
}

struct mst_slice sn_title(struct sim_sn *sn, const struct sn_row *row)
{
	struct mst_slice title = MST_SLICE_LIT("");

	/* A display column may be a reference itself; one level is enough. */
	if (row->t->display != SN_NONE)
		title = sn_display(sn, row, row->t->display);
	return title.n ? title : name_of(row);
}

struct mst_slice sn_display(struct sim_sn *sn, const struct sn_row *row,
			    size_t col)
{
	struct sn_col *c = row->t->cols[col];
	struct mst_slice v = sn_get(row, col);
	const struct sn_choice *ch;
	const struct sn_row *to;

	if (c->kind == SN_CLASS)
		return mst_slice_str(row->t->label);
	if (!v.n)
		return v;
	if (c->kind == SN_REFERENCE) {
		to = mst_map_get(&sn->by_id, v);
		if (!to)
			return MST_SLICE_LIT("");
		v = to->t->display == SN_NONE ? MST_SLICE_LIT("")
					      : sn_get(to, to->t->display);
		return v.n ? v : name_of(to);
	}
	ch = c->choice ? sn_choice_find(sn, c, v) : NULL;
	return ch ? ch->label : v;
}

void sn_journal(struct sim_sn *sn, const struct sn_row *row, const char *col,
		struct mst_slice text, const char *user)
{
	struct sn_table *t = sn_table(sn, "sys_journal_field");
	struct mst_slice vals[SN_MAX_COLUMNS] = {0};

	if (!t || !text.n)
		return;
	vals[sn_col_at(t, "name")] = mst_slice_str(row->t->name);
	vals[sn_col_at(t, "element")] = mst_slice_str(col);
	vals[sn_col_at(t, "element_id")] = mst_slice(row->id, SN_ID);
	vals[sn_col_at(t, "value")] = text;
	sn_insert(sn, t, vals, NULL, user);
}

/* ---- deleting ------------------------------------------------------------ */

static bool cascade_column(struct sim_sn *sn, struct sn_col *c,
			   struct sn_row *row, const char *user, bool check,
			   char *why, size_t why_n)
{
	size_t n =
	    sn_search(sn, c->owner, c->name, mst_slice(row->id, SN_ID), false);
	struct sn_row **hits;
	bool ok = true;

	if (!n)
		return true;
	if (c->cascade == SN_RESTRICT) {
		(void)snprintf(why, why_n,
			       "Cannot delete: %zu record(s) of %s refer to it "
			       "by %s",
			       n, c->owner->name, c->name);
		return false;
	}
	hits = mst_alloc(n * sizeof(struct sn_row *));
	memcpy(hits, sn->found, n * sizeof(struct sn_row *));
	for (size_t i = 0; i < n && ok; i++) {
		if (hits[i] == row || hits[i]->dead)
			continue;
		if (c->cascade == SN_DELETE && check)
			continue;
		if (c->cascade == SN_DELETE)
			ok = sn_delete_cascade(sn, hits[i], user, why, why_n);
		else if (!check)
			sn_set(sn, hits[i], c->name, MST_SLICE_LIT(""), user);
	}
	free(hits);
	return ok;
}

/* First what forbids, then what follows. */
bool sn_delete_cascade(struct sim_sn *sn, struct sn_row *row, const char *user,
		       char *why, size_t why_n)
{
	for (int check = 1; check >= 0; check--) {
		for (size_t i = 0; i < sn->order_n; i++) {
			struct sn_table *t = sn->order[i];

			for (size_t k = 0; t->cascades && k < t->n; k++) {
				struct sn_col *c = t->cols[k];
				struct sn_table *ref;

				if (c->cascade == SN_KEEP || c->owner != t ||
				    !c->reference)
					continue;
				ref = sn_table(sn, c->reference);
				if (!ref || !sn_is_a(row->t, ref))
					continue;
				if (!cascade_column(sn, c, row, user, check,
						    why, why_n))
					return false;
			}
		}
	}
	sn_delete(sn, row);
	return true;
}

/* ---- properties ---------------------------------------------------------- */

static bool property(struct sim_sn *sn, const char *name, bool dflt)
{
	struct sn_row *row =
	    sn_first(sn, "sys_properties", "name", mst_slice_str(name));

	return row ? mst_slice_is(sn_get_named(row, "value"), "true") : dflt;
}

void sn_props(struct sim_sn *sn)
{
	struct sn_row **found = sn->found;
	size_t n = sn->found_n, cap = sn->found_cap;

	if (sn->props_seen == sn->property_gen + 1)
		return;
	sn->found = NULL;
	sn->found_n = sn->found_cap = 0;
	sn->prop_no_rows =
	    property(sn, "glide.invalid_query.returns_no_rows", false);
	sn->prop_any_choice =
	    property(sn, "glide.rest.choice.allow_non_existing_value", false);
	sn->prop_client_credentials = property(
	    sn, "glide.oauth.inbound.client.credential.grant_type.enabled",
	    false);
	sn->prop_skip_native = property(
	    sn, "glide.identification_engine.skip_sys_object_source_matching",
	    false);
	sn->prop_skip_dups =
	    property(sn, "glide.identification_engine.skip_duplicates", true);
	free(sn->found);
	sn->found = found;
	sn->found_n = n;
	sn->found_cap = cap;
	sn->props_seen = sn->property_gen + 1;
}
