/* SPDX-License-Identifier: Apache-2.0
 *
 * From the keys of a settings item to changed columns and rows. Checks what
 * can be checked before a run: names, flags, expressions.
 */
#include "rules/custom.h"

#include <string.h>

#include "base/limits.h"
#include "rules/expr.h"

/* What is written below one mappings.<set>.<column>. */
struct options {
	const char *value, *insert, *update;
	int when; /* enum when */
	bool drop, is_volatile;
	int64_t max;
};

enum when { ALWAYS, INSERT, UPDATE };

#define AT(f) offsetof(struct options, f)

static const struct mst_opt opts[] = {
    {"value", MST_OPT_TEXT, AT(value), NULL, NULL, 0, 0, 0,
     "expression that makes the column"},
    {"when", MST_OPT_CHOICE, AT(when), "always", "always|insert|update", 0, 0,
     0, "send it on inserts, on updates, or on both"},
    {"insert", MST_OPT_TEXT, AT(insert), NULL, NULL, 0, 0, 0,
     "expression for inserts alone"},
    {"update", MST_OPT_TEXT, AT(update), NULL, NULL, 0, 0, 0,
     "expression for updates alone"},
    {"drop", MST_OPT_BOOL, AT(drop), "no", NULL, 0, 0, 0,
     "do not write the column"},
    {"max", MST_OPT_INT, AT(max), "0", NULL, 0, 65535, 0,
     "longest text; longer is cut"},
    {"volatile", MST_OPT_BOOL, AT(is_volatile), "no", NULL, 0, 0, 0,
     "sent along, but never a reason to write"},
    {NULL},
};

#define NEW_MAX 255 /* of a column of which nothing else is said */

struct custom {
	struct mst_derive *d;
	struct mst_exprs *exprs;
	struct mst_arena *arena;
	const struct mst_conf_item *item;
	struct mst_err *err;
	/* The mapping that is worked on. */
	const char *set, *column, *rule;
	const struct mst_conf_value *first;
	struct options o;
	struct mst_conf_value *values; /* below it, keys without prefix */
	size_t values_n;
};

/* ---- errors -------------------------------------------------------------- */

/* Puts "file:line:column: what: " in front. */
static int at(struct custom *c, const struct mst_conf_value *v,
	      const char *what)
{
	if (v->line <= 0)
		return mst_err_prefix(c->err, "%s: %s", c->item->file, what);
	return mst_err_prefix(c->err, "%s:%d:%d: %s", c->item->file, v->line,
			      v->column, what);
}

static int at_column(struct custom *c, const struct mst_conf_value *v)
{
	return at(c, v, c->rule + strlen("custom."));
}

#define WRONG(c, ...)                                                          \
	(mst_err_set((c)->err, MST_E_INVALID, __VA_ARGS__),                    \
	 at_column((c), (c)->first))

static const struct mst_conf_value *given(const struct custom *c,
					  const char *key)
{
	for (size_t i = 0; i < c->values_n; i++) {
		if (strcmp(c->values[i].key, key) == 0)
			return &c->values[i];
	}
	return NULL;
}

/* ---- lookup tables ------------------------------------------------------- */

#define LOOKUP	 "lookup."
#define MAPPINGS "mappings."

static bool is_below(const char *key, const char *prefix)
{
	return strncmp(key, prefix, strlen(prefix)) == 0;
}

static int take_tables(struct custom *c)
{
	for (size_t i = 0; i < c->item->values_n; i++) {
		const struct mst_conf_value *v = &c->item->values[i];

		if (is_below(v->key, LOOKUP) &&
		    mst_exprs_table(c->exprs, v->key + strlen(LOOKUP), v->texts,
				    v->texts_n, c->err) < 0)
			return at(c, v, v->key);
	}
	return 0;
}

/* ---- names --------------------------------------------------------------- */

static int unknown_set(struct custom *c)
{
	const struct mst_catalog *cat = mst_derive_catalog(c->d);
	const char *names[MST_MAX_SETS + 1];
	const char *near;
	size_t n = 0;

	for (; n < cat->sets_n && n < MST_MAX_SETS; n++)
		names[n] = cat->sets[n].name;
	names[n] = NULL;
	near = mst_nearest(c->set, names);
	return WRONG(c,
		     "there is no record set '%s'%s%s%s; a mapping is named "
		     "<record set>.<column>",
		     c->set, near ? "; did you mean '" : "", near ? near : "",
		     near ? "'?" : "");
}

static int unknown_column(struct custom *c, const struct mst_set *set)
{
	const char *names[MST_MAX_COLUMNS + 1];
	const char *near;
	size_t n = 0;

	for (; n < set->columns_n; n++)
		names[n] = set->columns[n].name;
	names[n] = NULL;
	near = mst_nearest(c->column, names);
	return WRONG(c,
		     "muster does not write a column '%s' here, so there is "
		     "nothing to drop%s%s%s",
		     c->column, near ? "; did you mean '" : "",
		     near ? near : "", near ? "'?" : "");
}

/* As ServiceNow allows them for columns. */
static int check_new_name(struct custom *c)
{
	const char *s = c->column;
	size_t n = strlen(s);
	bool ok = n >= 1 && n <= 80 && *s >= 'a' && *s <= 'z';

	for (size_t i = 0; i < n && ok; i++)
		ok = (s[i] >= 'a' && s[i] <= 'z') ||
		     (s[i] >= '0' && s[i] <= '9') || s[i] == '_';
	if (!ok)
		return WRONG(c,
			     "'%s' cannot be a column of ServiceNow: up to 80 "
			     "lower-case letters, digits and '_', a letter "
			     "first; columns of your own begin with u_",
			     s);
	if (is_below(s, "sys_"))
		return WRONG(c, "'%s' is a column that ServiceNow keeps itself",
			     s);
	return 0;
}

static const char *kind_of(uint16_t flags)
{
	if (flags & MST_COL_KEY)
		return "the key of the record";
	if (flags & MST_COL_PARENT)
		return "the reference to its device";
	if (flags & MST_COL_MASTER)
		return "a reference to master data";
	if (flags & MST_COL_REF)
		return "a reference to another record";
	return NULL;
}

/* ---- columns ------------------------------------------------------------- */

/* Of two columns of the name the one with the flag; 0: the first. */
static struct mst_column *find(struct custom *c, struct mst_set *set,
			       uint16_t flag)
{
	/* Makes the columns ours to write to. */
	struct mst_column *first = mst_derive_column(c->d, c->set, c->column);

	if (!flag || !first)
		return first;
	for (size_t i = 0; i < set->columns_n; i++) {
		if (strcmp(set->columns[i].name, c->column) == 0 &&
		    (set->columns[i].flags & flag))
			return first + (&set->columns[i] - first);
	}
	return NULL;
}

static void set_options(struct custom *c, struct mst_column *col,
			uint16_t when_flag)
{
	col->flags &= (uint16_t) ~(MST_COL_INSERT | MST_COL_UPDATE);
	col->flags |= when_flag;
	if (given(c, "volatile")) {
		col->flags &= (uint16_t)~MST_COL_VOLATILE;
		if (c->o.is_volatile)
			col->flags |= MST_COL_VOLATILE;
	}
	if (c->o.max)
		col->max = (uint16_t)c->o.max;
}

/* The column with just this flag (INSERT, UPDATE or 0). other: it stands
 * beside one with the other flag. */
static int make_column(struct custom *c, struct mst_set *set, uint16_t flag,
		       bool other)
{
	struct mst_column *col = find(c, set, flag);
	struct mst_column fresh = {c->column, flag, NEW_MAX, NULL};

	if (!col && !other)
		col = find(c, set, 0);
	if (col) {
		set_options(c, col, flag);
		return 0;
	}
	if (find(c, set, 0))
		fresh = *find(c, set, 0);
	else if (check_new_name(c) < 0)
		return -(int)c->err->code;
	set_options(c, &fresh, flag);
	if (mst_derive_add_column(c->d, c->set, &fresh, c->err) < 0)
		return at_column(c, c->first);
	return 0;
}

/* ---- rows ---------------------------------------------------------------- */

/* Rows that the column had, by mapping: a fallback keeps them when the
 * expression asks for what its feed does not have. */
struct kept {
	struct mst_map_row *v;
	size_t n;
};

static struct kept *keep_rows(struct custom *c)
{
	const struct mst_catalog *cat = mst_derive_catalog(c->d);
	struct kept *k =
	    mst_arena_alloc(c->arena, cat->mappings_n * sizeof(*k));

	for (size_t m = 0; m < cat->mappings_n; m++) {
		const struct mst_mapping *map = &cat->mappings[m];

		k[m].v = mst_arena_alloc(c->arena,
					 (map->rows_n + 1) * sizeof(*k[m].v));
		for (size_t i = 0; i < map->rows_n; i++) {
			if (strcmp(map->rows[i].column, c->column) == 0)
				k[m].v[k[m].n++] = map->rows[i];
		}
	}
	return k;
}

static int add_row(struct custom *c, size_t m, const struct kept *kept,
		   const char *key, const char *text, uint16_t flag)
{
	const struct mst_conf_value *v = given(c, key);
	const struct mst_expr *e;
	struct mst_map_row row = {
	    .column = c->column,
	    .op = mst_op_expr,
	    .rule = c->rule,
	    .when = flag,
	};
	int rc = 0;

	if (mst_expr_compile(c->exprs, m, text, &e, c->err) < 0)
		return at_column(c, v);
	row.arg = e;
	if (!mst_expr_lacks_field(e))
		rc = mst_derive_add_row(c->d, m, &row, false, c->err);
	for (size_t i = 0; rc == 0 && mst_expr_lacks_field(e) && i < kept->n;
	     i++) {
		row = kept->v[i];
		row.when = flag;
		rc = mst_derive_add_row(c->d, m, &row, false, c->err);
	}
	return rc < 0 ? at_column(c, v) : 0;
}

static int make_rows(struct custom *c, const struct kept *kept, const char *key,
		     const char *text, uint16_t flag)
{
	const struct mst_catalog *cat = mst_derive_catalog(c->d);

	for (size_t m = 0; m < cat->mappings_n; m++) {
		/* One that a setting switched off reads no feed. */
		if (strcmp(cat->mappings[m].set, c->set) == 0 &&
		    cat->mappings[m].feeds &&
		    add_row(c, m, &kept[m], key, text, flag) < 0)
			return -(int)c->err->code;
	}
	return 0;
}

/* ---- a mapping ----------------------------------------------------------- */

static int drop(struct custom *c, const struct mst_set *set)
{
	const struct mst_column *col =
	    mst_derive_column(c->d, c->set, c->column);

	if (!col)
		return unknown_column(c, set);
	if (col->flags & (MST_COL_KEY | MST_COL_PARENT | MST_COL_REQUIRED))
		return WRONG(c,
			     "the column cannot be dropped: it is %s, without "
			     "which there is no record",
			     kind_of(col->flags));
	if (set->writer == MST_WRITE_CI && strcmp(c->column, "name") == 0)
		return WRONG(c, "the column cannot be dropped: ServiceNow "
				"identifies configuration items by it");
	(void)mst_derive_drop(c->d, c->set, c->column);
	return 0;
}

static int check_options(struct custom *c)
{
	bool split = c->o.insert || c->o.update;

	if (c->o.drop && (c->o.value || split))
		return WRONG(c, "\"drop\" goes with nothing else; take it or "
				"the expression out");
	if (c->o.value && split)
		return WRONG(c, "\"value\" does not go with \"insert\" and "
				"\"update\"; it stands for both");
	if (split && given(c, "when"))
		return WRONG(c, "\"when\" goes with \"value\" only");
	if (!c->o.drop && !c->o.value && !split)
		return WRONG(c, "there is no expression; write \"value: …\" "
				"or \"drop: yes\"");
	if (c->o.is_volatile && (c->o.when == INSERT || split))
		return WRONG(c, "\"volatile\" is for columns that updates "
				"write always");
	return 0;
}

static int set_column(struct custom *c, struct mst_set *set)
{
	static const uint16_t flags[] = {0, MST_COL_INSERT, MST_COL_UPDATE};
	struct options *o = &c->o;
	const struct mst_column *col =
	    mst_derive_column(c->d, c->set, c->column);
	const char *kind = col ? kind_of(col->flags) : NULL;
	struct kept *kept = keep_rows(c);

	if (kind)
		return WRONG(c,
			     "the column cannot be set by an expression: it is "
			     "%s, which muster must find in ServiceNow",
			     kind);
	(void)mst_derive_drop(c->d, c->set, c->column);
	if (o->value) {
		uint16_t flag = flags[o->when];

		return make_column(c, set, flag, false) < 0
			   ? -(int)c->err->code
			   : make_rows(c, kept, "value", o->value, flag);
	}
	if (o->insert &&
	    (make_column(c, set, MST_COL_INSERT, false) < 0 ||
	     make_rows(c, kept, "insert", o->insert, MST_COL_INSERT) < 0))
		return -(int)c->err->code;
	if (o->update &&
	    (make_column(c, set, MST_COL_UPDATE, o->insert != NULL) < 0 ||
	     make_rows(c, kept, "update", o->update, MST_COL_UPDATE) < 0))
		return -(int)c->err->code;
	return 0;
}

static int take_mapping(struct custom *c)
{
	struct mst_conf_item sub = *c->item;
	struct mst_set *set;
	struct mst_rule rule;

	sub.values = c->values;
	sub.values_n = c->values_n;
	sub.kind = "mapping";
	sub.name = c->rule + strlen("custom.");
	if (mst_conf_apply(&sub, opts, &c->o, c->arena, c->err) < 0)
		return -(int)c->err->code;
	set = mst_derive_set(c->d, c->set);
	if (!set)
		return unknown_set(c);
	if (check_options(c) < 0 ||
	    (c->o.drop ? drop(c, set) : set_column(c, set)) < 0)
		return -(int)c->err->code;
	rule = (struct mst_rule){
	    .id = c->rule,
	    .title = mst_arena_printf(c->arena, "Custom mapping of %s.%s",
				      c->set, c->column),
	    .text = c->o.drop ? "The column is not written."
		    : c->o.value
			? c->o.value
			: mst_arena_printf(c->arena, "insert: %s; update: %s",
					   c->o.insert ? c->o.insert : "-",
					   c->o.update ? c->o.update : "-"),
	};
	mst_derive_add_rule(c->d, &rule);
	return 0;
}

/* ---- the item ------------------------------------------------------------ */

/* "mappings.<set>.<column>[.<option>]"; lengths of the first two parts behind
 * the prefix. False when there is no column. */
static bool parts_of(const char *key, size_t *set_r, size_t *column_r)
{
	const char *dot;

	if (!is_below(key, MAPPINGS))
		return false;
	key += strlen(MAPPINGS);
	dot = strchr(key, '.');
	*set_r = dot ? (size_t)(dot - key) : strlen(key);
	*column_r = dot ? strcspn(dot + 1, ".") : 0;
	return true;
}

/* Collects the options of the mapping that value i is the first of. */
static void collect(struct custom *c, size_t i, size_t set, size_t column)
{
	const char *head = c->item->values[i].key + strlen(MAPPINGS);
	size_t n = set + 1 + column;

	c->first = &c->item->values[i];
	c->set = mst_arena_dup(c->arena, mst_slice(head, set)).p;
	c->column =
	    mst_arena_dup(c->arena, mst_slice(head + set + 1, column)).p;
	c->rule = mst_arena_printf(c->arena, "custom.%s.%s", c->set, c->column);
	c->values_n = 0;
	c->values = mst_arena_alloc(c->arena, (c->item->values_n - i) *
						  sizeof(*c->values));
	for (; i < c->item->values_n; i++) {
		const struct mst_conf_value *v = &c->item->values[i];
		const char *rest = v->key + strlen(MAPPINGS) + n;

		if (!is_below(v->key, MAPPINGS) ||
		    strncmp(v->key + strlen(MAPPINGS), head, n) != 0 ||
		    (*rest && *rest != '.'))
			continue;
		c->values[c->values_n] = *v;
		/* "devices.u_site: EXPRESSION" is short for its value. */
		c->values[c->values_n++].key = *rest ? rest + 1 : "value";
	}
}

/* Was the mapping of value i taken with an earlier one? */
static bool is_taken(const struct mst_conf_item *item, size_t i, size_t n)
{
	const char *key = item->values[i].key;

	for (size_t k = 0; k < i; k++) {
		const char *other = item->values[k].key;

		if (strncmp(key, other, n) == 0 &&
		    (!other[n] || other[n] == '.'))
			return true;
	}
	return false;
}

int mst_custom_apply(struct mst_derive *d, const struct mst_conf_item *item,
		     struct mst_err *err)
{
	struct custom c = {.d = d, .item = item, .err = err};
	size_t set, column;

	if (!item)
		return 0;
	c.arena = mst_derive_arena(d);
	c.exprs = mst_exprs_new(d);
	if (take_tables(&c) < 0)
		return -(int)err->code;
	for (size_t i = 0; i < item->values_n; i++) {
		const char *key = item->values[i].key;

		if (!parts_of(key, &set, &column) ||
		    (column &&
		     is_taken(item, i, strlen(MAPPINGS) + set + 1 + column)))
			continue;
		if (!column) {
			(void)mst_err_set(err, MST_E_INVALID,
					  "a mapping is named <record set>."
					  "<column>, as devices.u_site");
			return at(&c, &item->values[i], key);
		}
		collect(&c, i, set, column);
		if (take_mapping(&c) < 0)
			return -(int)err->code;
	}
	return 0;
}

void mst_custom_limited(const struct mst_catalog *c, mst_custom_limited_fn fn,
			void *ctx)
{
	for (size_t m = 0; m < c->mappings_n; m++) {
		const struct mst_mapping *map = &c->mappings[m];

		for (size_t i = 0; i < map->rows_n; i++) {
			uint64_t n = map->rows[i].op == mst_op_expr
					 ? mst_expr_limited(map->rows[i].arg)
					 : 0;

			if (n)
				fn(ctx, map->set, map->rows[i].column, n);
		}
	}
}
