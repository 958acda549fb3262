/* SPDX-License-Identifier: Apache-2.0
 *
 * Compiles a catalogue's mappings (names to column numbers, rows in column
 * order) and runs them. mst_rules_hash is the inner loop of a run: it makes
 * the canonical form in one buffer and hashes it once.
 */
#include "rules/rules.h"

#include <stdlib.h>

#include "base/limits.h"

/* A word of an mst_op_enum table, with its length. */
struct word {
	struct mst_slice from, to;
};

struct row {
	mst_op op;
	const struct word *words; /* of mst_op_enum, else NULL */
	uint32_t words_n;
	const void *arg;
	uint8_t field;
	uint8_t column;
	uint8_t source; /* its place in the mapping */
	uint16_t flags; /* of the column */
	uint32_t max;
};

struct mapping {
	const struct mst_mapping *decl;
	const struct mst_set *set;
	struct row rows[MST_MAX_COLUMNS];
	size_t rows_n;
	struct row hashed[MST_MAX_COLUMNS]; /* those that the checksum covers */
	size_t hashed_n;
};

/* What ops see. */
struct mst_rule_ctx {
	const struct mst_rules_env *env;
	struct mst_arena scratch;
	struct mst_json_parser *parser;
	struct mst_rule_own own;
};

struct mst_rules {
	struct mst_rules_env env;
	struct mst_rule_ctx ctx;
	struct mst_arena arena; /* of what was compiled */
	struct mst_hasher hasher;
	struct mapping *maps;
	const struct mst_value *v;
	char *canon;
	size_t canon_n, canon_cap;
};

/* Columns that can never be a reason to write. The parent is the group. */
#define UNHASHED (MST_COL_INSERT | MST_COL_VOLATILE | MST_COL_PARENT)

#define CANON_ROW (1 + 4) /* column number, length */

char *mst_rule_scratch(struct mst_rule_ctx *ctx, size_t n)
{
	/* Aligned, as ops also keep small arrays here. */
	return mst_arena_alloc(&ctx->scratch, n);
}

const void *mst_rule_conf(const struct mst_rule_ctx *ctx)
{
	return ctx->env->conf;
}

const char *mst_rule_connection(const struct mst_rule_ctx *ctx)
{
	return ctx->env->connection;
}

int64_t mst_rule_now(const struct mst_rule_ctx *ctx)
{
	return ctx->env->now_us;
}

bool mst_rule_has_class(const struct mst_rule_ctx *ctx, const char *table)
{
	return !ctx->env->has_class ||
	       ctx->env->has_class(ctx->env->has_class_ctx, table);
}

struct mst_json_parser *mst_rule_parser(struct mst_rule_ctx *ctx)
{
	if (!ctx->parser)
		ctx->parser = mst_json_parser_new(1u << 20);
	return ctx->parser;
}

struct mst_rule_own *mst_rule_own(struct mst_rule_ctx *ctx)
{
	return &ctx->own;
}

/* ---- compiling ---------------------------------------------------------- */

static int column_number(const struct mst_set *set,
			 const struct mst_map_row *row)
{
	for (size_t i = 0; i < set->columns_n; i++) {
		const struct mst_column *c = &set->columns[i];

		if (strcmp(c->name, row->column) == 0 &&
		    (!row->when || (c->flags & row->when)))
			return (int)i;
	}
	return -1;
}

/* By column; rows of one column keep their order: the first that has a value
 * counts. */
static int by_column(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->column != y->column)
		return x->column < y->column ? -1 : 1;
	return (int)x->source - (int)y->source;
}

static void compile_words(struct row *row, struct mst_arena *arena)
{
	const char *const(*map)[2] = row->arg;
	struct word *words;
	uint32_t n = 0;

	if (row->op != mst_op_enum)
		return;
	while (map[n][0])
		n++;
	words = mst_arena_alloc(arena, n * sizeof(*words));
	for (uint32_t i = 0; i < n; i++)
		words[i] = (struct word){mst_slice_str(map[i][0]),
					 mst_slice_str(map[i][1])};
	row->words = words;
	row->words_n = n;
}

static int compile(struct mapping *m, const struct mst_catalog *c,
		   const struct mst_mapping *decl, struct mst_arena *arena,
		   struct mst_err *err)
{
	m->decl = decl;
	m->set = mst_catalog_set(c, decl->set);
	if (!m->set)
		return mst_err_set(err, MST_E_INTERNAL,
				   "mapping to unknown set '%s'", decl->set);
	if (decl->rows_n > MST_MAX_COLUMNS ||
	    m->set->columns_n > MST_MAX_COLUMNS || !decl->key)
		return mst_err_set(err, MST_E_INTERNAL,
				   "mapping to set '%s' is not well made",
				   decl->set);
	for (size_t i = 0; i < decl->rows_n; i++) {
		const struct mst_map_row *r = &decl->rows[i];
		int col = column_number(m->set, r);
		const struct mst_column *column;

		if (col < 0)
			return mst_err_set(err, MST_E_INTERNAL,
					   "set '%s' has no column '%s'",
					   decl->set, r->column);
		column = &m->set->columns[col];
		m->rows[m->rows_n++] = (struct row){
		    .op = r->op,
		    .arg = r->arg,
		    .field = (uint8_t)r->field,
		    .column = (uint8_t)col,
		    .source = (uint8_t)i,
		    .flags = column->flags,
		    .max = column->max ? column->max : MST_MAX_TEXT,
		};
		compile_words(&m->rows[m->rows_n - 1], arena);
	}
	qsort(m->rows, m->rows_n, sizeof(m->rows[0]), by_column);
	for (size_t i = 0; i < m->rows_n; i++) {
		if (!(m->rows[i].flags & UNHASHED))
			m->hashed[m->hashed_n++] = m->rows[i];
	}
	return 0;
}

int mst_rules_new(const struct mst_rules_env *env, struct mst_rules **r_r,
		  struct mst_err *err)
{
	struct mst_rules *r = mst_alloc(sizeof(*r));
	int rc = 0;

	r->env = *env;
	r->ctx.env = &r->env;
	mst_arena_init(&r->ctx.scratch, MST_MAX_ARENA);
	mst_arena_init(&r->arena, MST_MAX_ARENA);
	mst_hasher_init(&r->hasher, env->seed);
	r->maps = mst_alloc(env->catalog->mappings_n * sizeof(*r->maps));
	for (size_t i = 0; i < env->catalog->mappings_n && rc == 0; i++)
		rc = compile(&r->maps[i], env->catalog,
			     &env->catalog->mappings[i], &r->arena, err);
	r->canon_cap = 64u << 10;
	r->canon = mst_alloc(r->canon_cap);
	if (rc < 0)
		mst_rules_free(&r);
	else
		*r_r = r;
	return rc;
}

void mst_rules_free(struct mst_rules **r)
{
	if (!r || !*r)
		return;
	if ((*r)->ctx.own.p)
		(*r)->ctx.own.fini((*r)->ctx.own.p);
	mst_json_parser_free(&(*r)->ctx.parser);
	mst_arena_fini(&(*r)->ctx.scratch);
	mst_arena_fini(&(*r)->arena);
	free((*r)->maps);
	free((*r)->canon);
	free(*r);
	*r = NULL;
}

/* ---- applying ----------------------------------------------------------- */

void mst_rules_record(struct mst_rules *r, const struct mst_value *v)
{
	r->v = v;
	r->ctx.own.record++;
	if (r->ctx.scratch.used)
		mst_arena_reset(&r->ctx.scratch);
}

enum mst_keep mst_rules_keep(struct mst_rules *r, unsigned m,
			     struct mst_slice *why_r)
{
	const struct mst_mapping *decl = r->maps[m].decl;

	return decl->filter ? decl->filter(&r->ctx, r->v, why_r) : MST_KEEP;
}

static bool run(struct mst_rules *r, mst_op op, struct mst_slice *out_r)
{
	*out_r = (struct mst_slice){NULL, 0};
	return op && op(&r->ctx, r->v, 0, NULL, out_r) == 1 && out_r->n > 0;
}

bool mst_rules_key(struct mst_rules *r, unsigned m, struct mst_slice *key_r)
{
	return run(r, r->maps[m].decl->key, key_r);
}

bool mst_rules_group(struct mst_rules *r, unsigned m, struct mst_slice *group_r)
{
	const struct mst_mapping *decl = r->maps[m].decl;

	return run(r, decl->group ? decl->group : decl->key, group_r);
}

bool mst_rules_identity(struct mst_rules *r, unsigned m,
			struct mst_slice *identity_r, struct mst_slice *rank_r)
{
	const struct mst_mapping *decl = r->maps[m].decl;

	if (!run(r, decl->identity, identity_r))
		return false;
	(void)run(r, decl->rank, rank_r);
	return true;
}

uint64_t mst_rules_newest(struct mst_rules *r, unsigned m)
{
	struct mst_slice s;
	uint64_t n = 0;

	if (!run(r, r->maps[m].decl->newest, &s))
		return 0;
	for (size_t i = 0; i < s.n && n < UINT64_MAX / 100; i++) {
		if (s.p[i] >= '0' && s.p[i] <= '9')
			n = n * 10 + (uint64_t)(s.p[i] - '0');
	}
	return n;
}

static struct mst_slice table_of(struct mst_rules *r, const struct mapping *m)
{
	struct mst_slice table;

	if (run(r, m->decl->table, &table))
		return table;
	return mst_slice_str(m->set->table);
}

/* The longest prefix of at most max bytes that ends on a character. */
static size_t cut(struct mst_slice s, size_t max)
{
	size_t n = max;

	while (n > 0 && ((unsigned char)s.p[n] & 0xc0) == 0x80)
		n--;
	return n;
}

/* The word as the table spells it: nearly always. */
static inline bool word_of(const struct row *row, const struct mst_value *v,
			   struct mst_slice *out_r)
{
	for (uint32_t i = 0; i < row->words_n; i++) {
		const struct word *w = &row->words[i];

		if (w->from.n == v->u.s.n && w->from.p[0] == v->u.s.p[0] &&
		    memcmp(w->from.p, v->u.s.p, w->from.n) == 0) {
			*out_r = w->to;
			return true;
		}
	}
	return false;
}

/* Runs one row; false when it has no value. */
static inline bool value_of(struct mst_rules *r, const struct row *row,
			    struct mst_slice *out_r)
{
	const struct mst_value *v = &r->v[row->field];

	/* Most rows copy a clean text: save them the call. */
	if (row->op == mst_op_text && v->type == MST_JSON_STRING &&
	    v->u.s.n > 0 && (unsigned char)v->u.s.p[0] > ' ' &&
	    (unsigned char)v->u.s.p[v->u.s.n - 1] > ' ')
		*out_r = mst_slice(v->u.s.p, v->u.s.n);
	else if (row->words && v->type == MST_JSON_STRING && v->u.s.n > 0 &&
		 word_of(row, v, out_r))
		return out_r->n > 0;
	else if (row->op(&r->ctx, r->v, row->field, row->arg, out_r) != 1 ||
		 out_r->n == 0)
		return false;
	if (MST_UNLIKELY(out_r->n > row->max))
		out_r->n = cut(*out_r, row->max);
	return out_r->n > 0;
}

static char *canon_grow(struct mst_rules *r, char *at, size_t need)
{
	size_t used = (size_t)(at - r->canon);

	while (r->canon_cap - used < need)
		r->canon_cap *= 2;
	r->canon = mst_realloc(r->canon, r->canon_cap);
	return r->canon + used;
}

/* memcpy without the call for what columns usually hold: two moves that
 * overlap. */
#define COPY_TWO(to, from, n, w)                                               \
	do {                                                                   \
		char head_[w], tail_[w];                                       \
		memcpy(head_, from, w);                                        \
		memcpy(tail_, (from) + (n) - (w), w);                          \
		memcpy(to, head_, w);                                          \
		memcpy((to) + (n) - (w), tail_, w);                            \
	} while (0)

static inline void copy_text(char *to, const char *from, size_t n)
{
	if (n > 64)
		memcpy(to, from, n);
	else if (n >= 32)
		COPY_TWO(to, from, n, 32);
	else if (n >= 16)
		COPY_TWO(to, from, n, 16);
	else if (n >= 8)
		COPY_TWO(to, from, n, 8);
	else if (n >= 4)
		COPY_TWO(to, from, n, 4);
	else if (n >= 2)
		COPY_TWO(to, from, n, 2);
	else
		to[0] = from[0]; /* texts are never empty here */
}

struct mst_slice mst_rules_table(struct mst_rules *r, unsigned m)
{
	return table_of(r, &r->maps[m]);
}

static inline char *canon_add(struct mst_rules *r, char *at, uint8_t number,
			      struct mst_slice s)
{
	uint32_t n = (uint32_t)s.n;

	if (MST_UNLIKELY(r->canon_cap - (size_t)(at - r->canon) <
			 s.n + CANON_ROW))
		at = canon_grow(r, at, s.n + CANON_ROW);
	*at = (char)number;
	memcpy(at + 1, &n, sizeof(n));
	copy_text(at + CANON_ROW, s.p, s.n);
	return at + CANON_ROW + s.n;
}

struct mst_hash mst_rules_hash(struct mst_rules *r, unsigned m)
{
	const struct mapping *map = &r->maps[m];
	char *at = r->canon;
	struct mst_slice s;
	int done = -1;

	if (map->decl->table)
		at = canon_add(r, at, 0xff, table_of(r, map));
	for (size_t i = 0; i < map->hashed_n; i++) {
		const struct row *row = &map->hashed[i];

		if (row->column == done || !value_of(r, row, &s))
			continue;
		at = canon_add(r, at, row->column, s);
		done = row->column;
	}
	r->canon_n = (size_t)(at - r->canon);
	return mst_hasher_128(&r->hasher, r->canon, r->canon_n);
}

uint64_t mst_rules_rank(const struct mst_rules *r)
{
	return mst_hash64(r->canon, r->canon_n, 0);
}

bool mst_rules_apply(struct mst_rules *r, unsigned m, struct mst_desired *d_r)
{
	const struct mapping *map = &r->maps[m];
	char *at = r->canon;
	struct mst_slice s;
	int done = -1;

	d_r->set = map->set;
	d_r->mapping = m;
	d_r->cells_n = 0;
	if (!mst_rules_key(r, m, &d_r->key) ||
	    !mst_rules_group(r, m, &d_r->group))
		return false;
	d_r->table = table_of(r, map);
	if (map->decl->table)
		at = canon_add(r, at, 0xff, d_r->table);
	for (size_t i = 0; i < map->rows_n; i++) {
		const struct row *row = &map->rows[i];

		if (row->column == done || !value_of(r, row, &s))
			continue;
		done = row->column;
		d_r->rows[d_r->cells_n] = row->source;
		d_r->cells[d_r->cells_n++] =
		    (struct mst_cell){.column = row->column, .text = s};
		if (!(row->flags & UNHASHED))
			at = canon_add(r, at, row->column, s);
	}
	r->canon_n = (size_t)(at - r->canon);
	d_r->value = mst_hasher_128(&r->hasher, r->canon, r->canon_n);
	return true;
}

struct mst_hash mst_rules_group_hash(const struct mst_rules *r,
				     struct mst_slice group)
{
	return mst_hash128(group.p, group.n, r->env.seed);
}

uint64_t mst_rules_member_hash(const struct mst_rules *r, struct mst_slice key)
{
	return mst_hash64(key.p, key.n, r->env.seed);
}
