/* SPDX-License-Identifier: Apache-2.0
 *
 * Names in expressions: fields of the source record and columns of the same
 * destination record.
 */
#include <stdio.h>
#include <string.h>

#include "conf/conf.h"
#include "rules/expr_private.h"

static const struct mst_mapping *mapping_of(const struct expr_reader *rd)
{
	return &mst_derive_catalog(rd->all->d)->mappings[rd->mapping];
}

static const struct mst_feed *feed_of(const struct expr_reader *rd,
				      unsigned feed)
{
	return &mst_derive_catalog(rd->all->d)->feeds[feed];
}

static unsigned first_feed(const struct mst_mapping *m)
{
	return m->feeds ? (unsigned)__builtin_ctz(m->feeds) : 0;
}

/* ---- fields -------------------------------------------------------------- */

/* Field names are spelled in several ways, "vmMetadata|vm_metadata". */
static bool is_named(const struct mst_field *f, struct mst_slice name)
{
	for (const char *s = f->name;;) {
		const char *bar = strchrnul(s, '|');

		if (mst_slice_ieq(name, mst_slice(s, (size_t)(bar - s))))
			return true;
		if (!*bar)
			return false;
		s = bar + 1;
	}
}

static int find_field(const struct mst_feed *f, struct mst_slice name)
{
	for (size_t i = 0; i < f->fields_n; i++) {
		if (is_named(&f->fields[i], name))
			return (int)i;
	}
	return -1;
}

static int no_field(struct expr_reader *rd, struct mst_slice name, size_t at)
{
	const struct mst_feed *f = feed_of(rd, first_feed(mapping_of(rd)));
	const char *names[MST_MAX_FIELDS + 1];
	char word[80];
	const char *near;
	size_t n = 0;

	for (size_t i = 0; i < f->fields_n && n < MST_MAX_FIELDS; i++) {
		const char *s = f->fields[i].name;

		names[n++] =
		    mst_arena_dup(rd->arena, mst_slice(s, strcspn(s, "|"))).p;
	}
	names[n] = NULL;
	(void)snprintf(word, sizeof(word), "%.*s", MST_SLICE_ARG(name));
	near = mst_nearest(word, names);
	return expr_fail(rd, at,
			 "%s have no field '%s' that muster reads%s%s%s; one "
			 "that it does not read yet is written field('%s'), a "
			 "text is put in quotes",
			 f->title, word, near ? "; did you mean '" : "",
			 near ? near : "", near ? "'?" : "", word);
}

/* Another way to read a field joins the inputs that results depend on. */
static void use_field(struct expr_reader *rd, struct expr_node *n,
		      unsigned field)
{
	struct mst_expr *e = rd->expr;

	n->kind = EXPR_FIELD;
	n->field = field;
	for (size_t i = 0; i < e->inputs_n; i++) {
		if (e->inputs[i] == field)
			return;
	}
	if (e->inputs_n == EXPR_INPUTS)
		e->memo = false;
	else
		e->inputs[e->inputs_n++] = (uint8_t)field;
}

/* No value: the feed of a fallback is another one. */
static void use_nothing(struct expr_reader *rd, struct expr_node *n)
{
	rd->expr->lacks_field = true;
	n->kind = EXPR_TEXT;
	n->text = mst_slice(NULL, 0);
}

static void split_members(struct expr_reader *rd, struct expr_node *n,
			  struct mst_slice rest)
{
	const char **members;
	size_t dots = 0;
	char *p;

	if (!rest.n)
		return;
	p = (char *)(uintptr_t)mst_arena_dup(rd->arena, rest).p;
	for (size_t i = 0; i < rest.n; i++)
		dots += p[i] == '.';
	members = mst_arena_alloc(rd->arena, (dots + 2) * sizeof(*members));
	dots = 0;
	for (char *dot; p; p = dot) {
		dot = strchr(p, '.');
		if (dot)
			*dot++ = 0;
		members[dots++] = p;
	}
	n->members = members;
}

int expr_name_field(struct expr_reader *rd, struct mst_slice word,
		    struct expr_node *n)
{
	const struct mst_mapping *m = mapping_of(rd);
	const char *dot = memchr(word.p, '.', word.n);
	size_t head = dot ? (size_t)(dot - word.p) : word.n;
	int field =
	    find_field(feed_of(rd, first_feed(m)), mst_slice(word.p, head));

	if (field < 0 && !m->fallback)
		return no_field(rd, mst_slice(word.p, head), n->at);
	if (field < 0) {
		use_nothing(rd, n);
		return 0;
	}
	use_field(rd, n, (unsigned)field);
	if (dot)
		split_members(rd, n, mst_slice(dot + 1, word.n - head - 1));
	return 0;
}

/* In every feed of the mapping the field has the same number. */
static int add_field(struct expr_reader *rd, const char *name, size_t at,
		     unsigned *field_r)
{
	const struct mst_mapping *m = mapping_of(rd);
	unsigned field = 0;

	for (unsigned f = first_feed(m); f < 32; f++) {
		unsigned number;

		if (!(m->feeds & 1u << f))
			continue;
		if (mst_derive_field(rd->all->d, f, name, &number, rd->err) < 0)
			return -(int)rd->err->code;
		if (f == first_feed(m))
			field = number;
		else if (field != number)
			return expr_fail(rd, at,
					 "the field '%s' cannot be read here: "
					 "the lists that make '%s' differ",
					 name, m->set);
	}
	*field_r = field;
	return 0;
}

/* field('name'), also of one that the feed does not know yet */
static int prepare_field(struct expr_reader *rd, struct expr_node *n)
{
	const struct mst_mapping *m = mapping_of(rd);
	struct mst_slice name = n->args[0]->text;
	unsigned number = 0;
	int field = find_field(feed_of(rd, first_feed(m)), name);

	for (size_t i = 0; i < name.n; i++) {
		if ((unsigned char)name.p[i] < ' ' || name.p[i] == '|')
			return expr_fail(rd, n->args[0]->at,
					 "'%.*s' cannot be the name of a field",
					 MST_SLICE_ARG(name));
	}
	if (field < 0 && m->fallback) {
		use_nothing(rd, n);
		return 0;
	}
	if (field >= 0)
		number = (unsigned)field;
	else if (add_field(rd, name.p, n->at, &number) < 0)
		return -(int)rd->err->code;
	use_field(rd, n, number);
	return 0;
}

/* ---- columns ------------------------------------------------------------- */

static int no_column(struct expr_reader *rd, struct mst_slice name, size_t at)
{
	const char *names[MST_MAX_COLUMNS + 1];
	const struct mst_mapping *m = mapping_of(rd);
	const struct mst_map_row *rows = rd->all->rows[rd->mapping];
	const char *near;
	size_t n = 0;

	for (; n < rd->all->rows_n[rd->mapping] && n < MST_MAX_COLUMNS; n++)
		names[n] = rows[n].column;
	names[n] = NULL;
	near = mst_nearest(name.p, names);
	return expr_fail(rd, at, "no rule makes a column '%.*s' in '%s'%s%s%s",
			 MST_SLICE_ARG(name), m->set,
			 near ? "; did you mean '" : "", near ? near : "",
			 near ? "'?" : "");
}

/* column(name): what the rules make of it without custom mappings */
static int prepare_column(struct expr_reader *rd, struct expr_node *n)
{
	const struct mst_map_row *rows = rd->all->rows[rd->mapping];
	struct mst_slice name = n->args[0]->text;
	struct mst_map_row *own;
	size_t all = rd->all->rows_n[rd->mapping], k = 0;

	own = mst_arena_alloc(rd->arena, (all + 1) * sizeof(*own));
	for (size_t i = 0; i < all; i++) {
		if (mst_slice_is(name, rows[i].column))
			own[k++] = rows[i];
	}
	if (k == 0 && mapping_of(rd)->fallback) {
		use_nothing(rd, n);
		return 0;
	}
	if (k == 0)
		return no_column(rd, name, n->args[0]->at);
	n->kind = EXPR_ROWS;
	n->rows = own;
	n->rows_n = k;
	/* An op may look at any field of the record. */
	rd->expr->memo = false;
	return 0;
}

const struct expr_fn expr_sources[] = {
    {.name = "field",
     .usage = "field(name)",
     .least = 1,
     .most = 1,
     .flags = EXPR_NAME_FIRST | EXPR_RECORD,
     .prepare = prepare_field},
    {.name = "column",
     .usage = "column(name)",
     .least = 1,
     .most = 1,
     .flags = EXPR_NAME_FIRST | EXPR_RECORD,
     .prepare = prepare_column},
    {.name = NULL},
};
