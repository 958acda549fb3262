/* SPDX-License-Identifier: Apache-2.0
 *
 * Tables, columns and choices. The C structs are what the code works with;
 * sys_db_object, sys_dictionary and sys_documentation carry the same as rows,
 * for whoever reads them through the Table API. Choices exist only as rows of
 * sys_choice and are cached per column.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "sim/sn.h"

struct sn_table *sn_table_any(struct sim_sn *sn, const char *name)
{
	return mst_map_get(&sn->tables, mst_slice_str(name));
}

struct sn_table *sn_table(struct sim_sn *sn, const char *name)
{
	struct sn_table *t = sn_table_any(sn, name);

	return t && !t->off ? t : NULL;
}

size_t sn_col_at(const struct sn_table *t, const char *name)
{
	uintptr_t at = (uintptr_t)mst_map_get(&t->by_name, mst_slice_str(name));

	return at ? at - 1 : SN_NONE;
}

size_t sn_col_in(const struct sn_table *t, const struct sn_col *col)
{
	if (col->at < t->n && t->cols[col->at] == col)
		return col->at;
	return sn_col_at(t, col->name);
}

enum sn_kind sn_kind_of(const char *type)
{
	static const struct {
		const char *type;
		enum sn_kind kind;
	} kinds[] = {
	    {"integer", SN_INTEGER},	  {"longint", SN_INTEGER},
	    {"decimal", SN_DECIMAL},	  {"float", SN_DECIMAL},
	    {"boolean", SN_BOOLEAN},	  {"glide_date_time", SN_DATETIME},
	    {"due_date", SN_DATETIME},	  {"glide_date", SN_DATE},
	    {"reference", SN_REFERENCE},  {"journal_input", SN_JOURNAL},
	    {"sys_class_name", SN_CLASS},
	};

	for (size_t i = 0; i < MST_LEN(kinds); i++) {
		if (!strcmp(type, kinds[i].type))
			return kinds[i].kind;
	}
	return SN_STRING;
}

/* ---- the dictionary's own rows ------------------------------------------- */

static void put(const struct sn_table *t, struct mst_slice *vals,
		const char *col, const char *text)
{
	size_t at = sn_col_at(t, col);

	if (at != SN_NONE)
		vals[at] = mst_slice_str(text);
}

static void stable_id(const char *a, const char *b, const char *c,
		      char out[SN_ID + 1])
{
	char key[512];
	int n = snprintf(key, sizeof(key), "%s|%s|%s", a, b, c);

	mst_hash_hex(mst_hash128(key, (size_t)n, 0), out);
}

static void row_for_table(struct sim_sn *sn, struct sn_table *t)
{
	struct sn_table *d = sn_table_any(sn, "sys_db_object");
	struct mst_slice vals[SN_MAX_COLUMNS] = {0};
	char id[SN_ID + 1], super[SN_ID + 1] = "";

	if (!d)
		return;
	stable_id("sys_db_object", t->name, "", id);
	if (t->super)
		stable_id("sys_db_object", t->super->name, "", super);
	put(d, vals, "name", t->name);
	put(d, vals, "label", t->label);
	put(d, vals, "super_class", super);
	put(d, vals, "is_extendable",
	    t->super || t->class_col != SN_NONE ? "true" : "false");
	put(d, vals, "sys_scope", "global");
	if (!mst_map_has(&sn->by_id, mst_slice(id, SN_ID)))
		sn_insert(sn, d, vals, id, "system");
}

static void row_for_col(struct sim_sn *sn, const struct sn_col *col)
{
	static const char *const rules[] = {"none", "clear", "cascade",
					    "restrict"};
	struct sn_table *d = sn_table_any(sn, "sys_dictionary");
	struct mst_slice vals[SN_MAX_COLUMNS] = {0};
	char id[SN_ID + 1], max[16], choice[16];
	struct sn_row *row;

	if (!d)
		return;
	stable_id("sys_dictionary", col->owner->name, col->name, id);
	(void)snprintf(max, sizeof(max), "%u", col->max_length);
	(void)snprintf(choice, sizeof(choice), "%d", col->choice);
	put(d, vals, "name", col->owner->name);
	put(d, vals, "element", col->name);
	put(d, vals, "column_label", col->label);
	put(d, vals, "internal_type", col->type);
	put(d, vals, "max_length", max);
	put(d, vals, "reference", col->reference ? col->reference : "");
	put(d, vals, "reference_cascade_rule",
	    col->reference ? rules[col->cascade] : "");
	put(d, vals, "mandatory", col->mandatory ? "true" : "false");
	put(d, vals, "unique", col->unique ? "true" : "false");
	put(d, vals, "display", col->display ? "true" : "false");
	put(d, vals, "active", "true");
	put(d, vals, "read_only", col->read_only ? "true" : "false");
	put(d, vals, "audit", "false");
	put(d, vals, "attributes", col->attributes ? col->attributes : "");
	put(d, vals, "choice", col->choice ? choice : "");
	put(d, vals, "default_value", col->dflt ? col->dflt : "");
	row = mst_map_get(&sn->by_id, mst_slice(id, SN_ID));
	if (row)
		sn_update(sn, row, vals, "system");
	else
		sn_insert(sn, d, vals, id, "system");
}

void sn_dict_rows(struct sim_sn *sn)
{
	for (size_t i = 0; i < sn->order_n; i++) {
		struct sn_table *t = sn->order[i];

		row_for_table(sn, t);
		for (size_t c = 0; c < t->n; c++) {
			if (t->cols[c]->owner == t)
				row_for_col(sn, t->cols[c]);
		}
	}
}

/* ---- making tables and columns ------------------------------------------- */

static bool name_ok(const char *name)
{
	size_t n = strlen(name);

	if (!n || n > 80 || !(name[0] >= 'a' && name[0] <= 'z'))
		return false;
	return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == n;
}

static bool col_append(struct sn_table *t, struct sn_col *col)
{
	if (t->n == SN_MAX_COLUMNS)
		return false;
	t->cols[t->n] = col;
	mst_map_put(&t->by_name, mst_slice_str(col->name),
		    (void *)(uintptr_t)(t->n + 1));
	if (col->display && t->display == SN_NONE)
		t->display = t->n;
	if (col->kind == SN_CLASS)
		t->class_col = t->n;
	t->cascades += col->cascade != SN_KEEP;
	t->n++;
	return true;
}

static void system_columns(struct sim_sn *sn, struct sn_table *t)
{
	static const struct sn_col protos[SN_C__N] = {
	    {.name = "sys_id",
	     .label = "Sys ID",
	     .type = "GUID",
	     .max_length = 32},
	    {.name = "sys_created_by",
	     .label = "Created by",
	     .type = "string",
	     .max_length = 40},
	    {.name = "sys_created_on",
	     .label = "Created",
	     .type = "glide_date_time",
	     .max_length = 40},
	    {.name = "sys_mod_count",
	     .label = "Updates",
	     .type = "integer",
	     .max_length = 40},
	    {.name = "sys_updated_by",
	     .label = "Updated by",
	     .type = "string",
	     .max_length = 40},
	    {.name = "sys_updated_on",
	     .label = "Updated",
	     .type = "glide_date_time",
	     .max_length = 40},
	};

	for (size_t i = 0; i < SN_C__N; i++) {
		struct sn_col *c = mst_arena_alloc(&sn->dict, sizeof(*c));

		*c = protos[i];
		c->kind = sn_kind_of(c->type);
		c->owner = t;
		c->at = i;
		c->system = true;
		col_append(t, c);
	}
}

static void inherit(struct sn_table *t, struct sn_table *super)
{
	t->super = super;
	t->root = super->root;
	t->depth = super->depth + 1;
	memcpy(t->anc, super->anc, sizeof(t->anc));
	for (size_t i = 0; i < super->n; i++)
		col_append(t, super->cols[i]);
	t->display = super->display;
}

struct sn_table *sn_table_add(struct sim_sn *sn, const char *name,
			      const char *label, const char *super,
			      struct mst_err *err)
{
	struct sn_table *t, *up = super ? sn_table_any(sn, super) : NULL;

	if (!name_ok(name) || sn_table_any(sn, name)) {
		mst_err_set(err, MST_E_INVALID, "table \"%s\": the name is %s",
			    name, name_ok(name) ? "taken" : "not allowed");
		return NULL;
	}
	if (super && (!up || up->depth + 1 == SN_MAX_DEPTH)) {
		mst_err_set(err, MST_E_INVALID,
			    "table \"%s\" cannot extend \"%s\"", name, super);
		return NULL;
	}
	t = mst_alloc(sizeof(*t));
	t->name = mst_arena_strdup(&sn->dict, name);
	t->label = mst_arena_strdup(&sn->dict, label);
	t->display = t->class_col = SN_NONE;
	if (up) {
		inherit(t, up);
	} else {
		t->root = t;
		system_columns(sn, t);
	}
	t->anc[t->depth] = t;
	t->system = sn->booting;
	sn_index_columns(t);
	mst_map_put(&sn->tables, mst_slice_str(t->name), t);
	if (sn->order_n == sn->order_cap) {
		sn->order_cap = sn->order_cap ? sn->order_cap * 2 : 64;
		sn->order =
		    mst_realloc(sn->order, sn->order_cap * sizeof(*sn->order));
	}
	sn->order[sn->order_n++] = t;
	if (!sn->booting) {
		row_for_table(sn, t);
		for (size_t i = 0; i < t->n; i++) {
			if (t->cols[i]->owner == t)
				row_for_col(sn, t->cols[i]);
		}
	}
	return t;
}

static const char *dup(struct sim_sn *sn, const char *s)
{
	return s && *s ? mst_arena_strdup(&sn->dict, s) : NULL;
}

/* A second import: lengths grow, never shrink; types stay as they are. */
static void col_change(struct sim_sn *sn, struct sn_col *c,
		       const struct sn_col *proto)
{
	if (proto->max_length > c->max_length)
		c->max_length = proto->max_length;
	if (proto->label && *proto->label)
		c->label = dup(sn, proto->label);
	c->mandatory = proto->mandatory;
	c->choice = proto->choice;
	c->cascade = proto->cascade;
	c->dflt = dup(sn, proto->dflt);
	c->read_only = proto->read_only;
	c->display = proto->display;
	c->attributes = dup(sn, proto->attributes);
}

/* The display column may be another one from now on. */
static void display_set(struct sim_sn *sn, const struct sn_col *c)
{
	for (size_t i = 0; c->display && i < sn->order_n; i++) {
		if (sn_is_a(sn->order[i], c->owner))
			sn->order[i]->display = sn_col_in(sn->order[i], c);
	}
}

static bool has_room(struct sim_sn *sn, const struct sn_table *t)
{
	for (size_t i = 0; i < sn->order_n; i++) {
		if (sn_is_a(sn->order[i], t) &&
		    sn->order[i]->n == SN_MAX_COLUMNS)
			return false;
	}
	return true;
}

struct sn_col *sn_col_add(struct sim_sn *sn, struct sn_table *t,
			  const struct sn_col *proto)
{
	size_t at = sn_col_at(t, proto->name);
	struct sn_col *c;

	if (at != SN_NONE) {
		c = t->cols[at];
		if (c->owner == t)
			col_change(sn, c, proto);
	} else {
		if (!has_room(sn, t) || !name_ok(proto->name))
			return NULL;
		c = mst_arena_alloc(&sn->dict, sizeof(*c));
		*c = *proto;
		c->name = mst_arena_strdup(&sn->dict, proto->name);
		c->label = dup(sn, proto->label);
		if (!c->label)
			c->label = c->name;
		c->type = mst_arena_strdup(&sn->dict, proto->type);
		c->reference = dup(sn, proto->reference);
		c->dflt = dup(sn, proto->dflt);
		c->attributes = dup(sn, proto->attributes);
		c->kind = sn_kind_of(c->type);
		if (!c->max_length)
			c->max_length = c->kind == SN_REFERENCE ? 32 : 40;
		c->owner = t;
		c->at = t->n;
		for (size_t i = 0; i < sn->order_n; i++) {
			struct sn_table *k = sn->order[i];

			if (sn_is_a(k, t) && !col_append(k, c))
				return NULL;
			sn_index_columns(k);
		}
	}
	display_set(sn, c);
	if (!sn->booting)
		row_for_col(sn, c);
	return c;
}

void sn_label_set(struct sim_sn *sn, struct sn_table *t, struct sn_col *col,
		  const char *label)
{
	if (!label || !*label)
		return;
	if (col) {
		col->label = mst_arena_strdup(&sn->dict, label);
		row_for_col(sn, col);
		return;
	}
	t->label = mst_arena_strdup(&sn->dict, label);
}

void sn_dict_free(struct sim_sn *sn)
{
	for (size_t i = 0; i < sn->order_n; i++) {
		struct sn_table *t = sn->order[i];

		for (size_t c = 0; c < t->n; c++) {
			if (t->cols[c]->owner == t) {
				free(t->cols[c]->choices);
				t->cols[c]->choices = NULL;
			}
		}
		for (size_t k = 0; k < t->index_n; k++)
			sn_index_free(&t->index[k]);
		for (size_t k = 0; k < t->rows_n; k++)
			sn_free_row(t->rows[k]);
		free(t->rows);
		free(t->sorted);
		mst_map_fini(&t->by_name);
		free(t);
	}
	free(sn->order);
	sn->order = NULL;
	sn->order_n = sn->order_cap = 0;
	mst_map_fini(&sn->tables);
	mst_map_fini(&sn->by_id);
	mst_arena_fini(&sn->dict);
}

/* ---- choices ------------------------------------------------------------- */

void sn_choice_add(struct sim_sn *sn, const char *table, const char *element,
		   const char *value, const char *label, int sequence)
{
	struct sn_table *d = sn_table_any(sn, "sys_choice");
	struct mst_slice vals[SN_MAX_COLUMNS] = {0};
	char id[SN_ID + 1], seq[16], key[256];

	(void)snprintf(key, sizeof(key), "%s|%s", element, value);
	stable_id("sys_choice", table, key, id);
	(void)snprintf(seq, sizeof(seq), "%d", sequence);
	put(d, vals, "name", table);
	put(d, vals, "element", element);
	put(d, vals, "value", value);
	put(d, vals, "label", label);
	put(d, vals, "language", "en");
	put(d, vals, "sequence", seq);
	put(d, vals, "inactive", "false");
	if (!mst_map_has(&sn->by_id, mst_slice(id, SN_ID)))
		sn_insert(sn, d, vals, id, "system");
}

/* Rows of sys_choice belong to a column by the name of its table, or of one
 * that the table extends. */
static void choices_load(struct sim_sn *sn, struct sn_col *col)
{
	struct sn_table *d = sn_table_any(sn, "sys_choice");
	size_t n, cap = 0;

	col->choices_n = 0;
	col->choices_gen = sn->choice_gen;
	n = sn_search(sn, d, "element", mst_slice_str(col->name), false);
	for (size_t i = 0; i < n; i++) {
		struct sn_row *row = sn->found[i];

		if (!mst_slice_is(sn_get_named(row, "name"),
				  col->owner->name) ||
		    mst_slice_is(sn_get_named(row, "inactive"), "true"))
			continue;
		if (col->choices_n == cap) {
			cap = cap ? cap * 2 : 8;
			col->choices = mst_realloc(col->choices,
						   cap * sizeof(*col->choices));
		}
		col->choices[col->choices_n++] = (struct sn_choice){
		    sn_get_named(row, "value"), sn_get_named(row, "label")};
	}
}

/* sys_choice is not searched while the caller walks sn->found: the result of
 * an outer search is kept. */
static void choices_ready(struct sim_sn *sn, struct sn_col *col)
{
	struct sn_row **found = sn->found;
	size_t n = sn->found_n, cap = sn->found_cap;

	if (col->choices_gen == sn->choice_gen + 1)
		return;
	sn->found = NULL;
	sn->found_n = sn->found_cap = 0;
	choices_load(sn, col);
	col->choices_gen = sn->choice_gen + 1;
	free(sn->found);
	sn->found = found;
	sn->found_n = n;
	sn->found_cap = cap;
}

bool sn_has_choices(struct sim_sn *sn, struct sn_col *col)
{
	if (!col->choice)
		return false;
	choices_ready(sn, col);
	return col->choices_n > 0;
}

const struct sn_choice *sn_choice_find(struct sim_sn *sn, struct sn_col *col,
				       struct mst_slice value)
{
	choices_ready(sn, col);
	for (size_t i = 0; i < col->choices_n; i++) {
		if (mst_slice_eq(col->choices[i].value, value))
			return &col->choices[i];
	}
	return NULL;
}

const struct sn_choice *sn_choice_label(struct sim_sn *sn, struct sn_col *col,
					struct mst_slice label)
{
	choices_ready(sn, col);
	for (size_t i = 0; i < col->choices_n; i++) {
		if (mst_slice_eq(col->choices[i].label, label))
			return &col->choices[i];
	}
	return NULL;
}
