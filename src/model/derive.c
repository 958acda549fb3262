/* SPDX-License-Identifier: Apache-2.0
 *
 * Copies what is changed, when it is changed: a job without settings shares
 * everything with the source's const tables.
 */
#include "model/derive.h"

#include <string.h>

#include "base/limits.h"

struct mst_derive {
	struct mst_arena *arena;
	struct mst_catalog catalog;
	struct mst_feed *feeds;
	struct mst_set *sets;
	struct mst_mapping *mappings;
	/* Of each set, mapping and feed: NULL until it is changed. */
	struct mst_column **columns;
	struct mst_map_row **rows;
	struct mst_field **fields;
};

static void *copy(struct mst_arena *a, const void *from, size_t n, size_t size)
{
	void *to = mst_arena_alloc(a, n * size + 1);

	if (n)
		memcpy(to, from, n * size);
	return to;
}

static void *slots(struct mst_arena *a, size_t n)
{
	return mst_arena_alloc(a, (n + 1) * sizeof(void *));
}

struct mst_derive *mst_derive_begin(const struct mst_catalog *base,
				    struct mst_arena *arena)
{
	struct mst_derive *d = mst_arena_alloc(arena, sizeof(*d));

	d->arena = arena;
	d->catalog = *base;
	d->feeds = copy(arena, base->feeds, base->feeds_n, sizeof(*d->feeds));
	d->sets = copy(arena, base->sets, base->sets_n, sizeof(*d->sets));
	d->mappings =
	    copy(arena, base->mappings, base->mappings_n, sizeof(*d->mappings));
	d->catalog.feeds = d->feeds;
	d->catalog.sets = d->sets;
	d->catalog.mappings = d->mappings;
	d->columns = slots(arena, base->sets_n);
	d->rows = slots(arena, base->mappings_n);
	d->fields = slots(arena, base->feeds_n);
	return d;
}

const struct mst_catalog *mst_derive_end(struct mst_derive *d)
{
	return &d->catalog;
}

struct mst_arena *mst_derive_arena(struct mst_derive *d)
{
	return d->arena;
}

const struct mst_catalog *mst_derive_catalog(const struct mst_derive *d)
{
	return &d->catalog;
}

struct mst_set *mst_derive_set(struct mst_derive *d, const char *set)
{
	for (size_t i = 0; i < d->catalog.sets_n; i++) {
		if (strcmp(d->sets[i].name, set) == 0)
			return &d->sets[i];
	}
	return NULL;
}

struct mst_mapping *mst_derive_mapping(struct mst_derive *d, size_t mapping)
{
	return &d->mappings[mapping];
}

/* The set's columns to write to; room for all that may come. */
static struct mst_column *own_columns(struct mst_derive *d, struct mst_set *s)
{
	struct mst_column **own = &d->columns[s - d->sets];

	if (!*own) {
		*own =
		    mst_arena_alloc(d->arena, MST_MAX_COLUMNS * sizeof(**own));
		memcpy(*own, s->columns, s->columns_n * sizeof(**own));
		s->columns = *own;
	}
	return *own;
}

struct mst_column *mst_derive_column(struct mst_derive *d, const char *set,
				     const char *column)
{
	struct mst_set *s = mst_derive_set(d, set);

	for (size_t i = 0; s && i < s->columns_n; i++) {
		if (strcmp(s->columns[i].name, column) == 0)
			return &own_columns(d, s)[i];
	}
	return NULL;
}

/* May both stand side by side: one for inserts, one for updates? */
static bool are_split(uint16_t a, uint16_t b)
{
	return ((a & MST_COL_INSERT) && (b & MST_COL_UPDATE)) ||
	       ((b & MST_COL_INSERT) && (a & MST_COL_UPDATE));
}

int mst_derive_add_column(struct mst_derive *d, const char *set,
			  const struct mst_column *column, struct mst_err *err)
{
	struct mst_set *s = mst_derive_set(d, set);
	struct mst_column *v;

	if (!s)
		return mst_err_set(err, MST_E_INVALID,
				   "there is no record set '%s'", set);
	for (size_t i = 0; i < s->columns_n; i++) {
		if (strcmp(s->columns[i].name, column->name) == 0 &&
		    !are_split(s->columns[i].flags, column->flags))
			return mst_err_set(err, MST_E_CONFLICT,
					   "record set '%s' has the column "
					   "'%s' already",
					   set, column->name);
	}
	if (s->columns_n == MST_MAX_COLUMNS)
		return mst_err_set(err, MST_E_INVALID,
				   "record set '%s' would have more than %d "
				   "columns",
				   set, MST_MAX_COLUMNS);
	v = own_columns(d, s) + s->columns_n++;
	*v = *column;
	v->name = mst_arena_strdup(d->arena, column->name);
	if (column->ref_set)
		v->ref_set = mst_arena_strdup(d->arena, column->ref_set);
	return 0;
}

static struct mst_map_row *own_rows(struct mst_derive *d, size_t mapping)
{
	struct mst_mapping *m = &d->mappings[mapping];
	struct mst_map_row **own = &d->rows[mapping];

	if (!*own) {
		*own =
		    mst_arena_alloc(d->arena, MST_MAX_COLUMNS * sizeof(**own));
		memcpy(*own, m->rows, m->rows_n * sizeof(**own));
		m->rows = *own;
	}
	return *own;
}

static struct mst_field *own_fields(struct mst_derive *d, unsigned feed)
{
	struct mst_feed *f = &d->feeds[feed];
	struct mst_field **own = &d->fields[feed];

	if (!*own) {
		*own =
		    mst_arena_alloc(d->arena, MST_MAX_FIELDS * sizeof(**own));
		memcpy(*own, f->fields, f->fields_n * sizeof(**own));
		f->fields = *own;
	}
	return *own;
}

size_t mst_derive_drop(struct mst_derive *d, const char *set,
		       const char *column)
{
	size_t dropped = 0;

	for (size_t k = 0; k < d->catalog.mappings_n; k++) {
		struct mst_mapping *m = &d->mappings[k];
		struct mst_map_row *v;
		size_t kept = 0;

		if (strcmp(m->set, set) != 0)
			continue;
		v = own_rows(d, k);
		for (size_t i = 0; i < m->rows_n; i++) {
			if (strcmp(v[i].column, column) != 0)
				v[kept++] = v[i];
		}
		dropped += m->rows_n - kept;
		m->rows_n = kept;
	}
	return dropped;
}

int mst_derive_add_row(struct mst_derive *d, size_t mapping,
		       const struct mst_map_row *row, bool first,
		       struct mst_err *err)
{
	struct mst_mapping *m = &d->mappings[mapping];
	struct mst_map_row *v = own_rows(d, mapping);

	if (m->rows_n == MST_MAX_COLUMNS)
		return mst_err_set(err, MST_E_INVALID,
				   "record set '%s' would have more than %d "
				   "mapping rows",
				   m->set, MST_MAX_COLUMNS);
	if (first)
		memmove(v + 1, v, m->rows_n * sizeof(*v));
	v[first ? 0 : m->rows_n] = *row;
	m->rows_n++;
	return 0;
}

void mst_derive_add_rule(struct mst_derive *d, const struct mst_rule *rule)
{
	size_t n = d->catalog.rules_n;
	struct mst_rule *v = mst_arena_alloc(d->arena, (n + 1) * sizeof(*v));

	if (n)
		memcpy(v, d->catalog.rules, n * sizeof(*v));
	v[n] = *rule;
	d->catalog.rules = v;
	d->catalog.rules_n = n + 1;
}

void mst_derive_joins(struct mst_derive *d, const struct mst_join *joins,
		      size_t n)
{
	d->catalog.joins = joins;
	d->catalog.joins_n = n;
}

void mst_derive_lookups(struct mst_derive *d, const struct mst_lookup *lookups,
			size_t n)
{
	d->catalog.lookups = lookups;
	d->catalog.lookups_n = n;
}

void mst_derive_names(struct mst_derive *d, const struct mst_names *names)
{
	d->catalog.names = names;
}

int mst_derive_field(struct mst_derive *d, unsigned feed, const char *name,
		     unsigned *field_r, struct mst_err *err)
{
	struct mst_feed *f = &d->feeds[feed];

	for (size_t i = 0; i < f->fields_n; i++) {
		if (strcmp(f->fields[i].name, name) == 0) {
			*field_r = (unsigned)i;
			return 0;
		}
	}
	if (f->fields_n == MST_MAX_FIELDS)
		return mst_err_set(err, MST_E_INVALID,
				   "%s would have more than %d fields",
				   f->title, MST_MAX_FIELDS);
	own_fields(d, feed)[f->fields_n].name =
	    mst_arena_strdup(d->arena, name);
	*field_r = (unsigned)f->fields_n++;
	return 0;
}
