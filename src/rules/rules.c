/* SPDX-License-Identifier: Apache-2.0
 *
 * Compiles a catalogue's mappings (names to column numbers, rows in column
 * order) and runs them. The first pass only asks for the hash: canon.c.
 */
#include <stdlib.h>

#include "base/cpu.h"
#include "mst_config.h"
#include "rules/canon.h"
#include "rules/names.h"

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

bool mst_rule_selected(const struct mst_rule_ctx *ctx, const char *type)
{
	for (size_t i = 0; i < ctx->env->types_n; i++) {
		if (strcmp(ctx->env->types[i], type) == 0)
			return true;
	}
	return ctx->env->types_n == 0;
}

bool mst_rule_has_class(const struct mst_rule_ctx *ctx, const char *table)
{
	return !ctx->env->has_class ||
	       ctx->env->has_class(ctx->env->has_class_ctx, table);
}

struct mst_slice mst_rule_winner(const struct mst_rule_ctx *ctx,
				 const char *set, struct mst_slice identity)
{
	if (!ctx->env->winner)
		return mst_slice(NULL, 0);
	return ctx->env->winner(ctx->env->winner_ctx, set, identity);
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

struct mst_rule_ctx *mst_rules_ctx(struct mst_rules *r)
{
	return &r->ctx;
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
	const struct mst_row *x = a, *y = b;

	if (x->column != y->column)
		return x->column < y->column ? -1 : 1;
	return (int)x->source - (int)y->source;
}

static void compile_words(struct mst_row *row, struct mst_arena *arena)
{
	const char *const(*map)[2] = row->arg;
	struct mst_word *words;
	uint32_t *tags;
	uint32_t n = 0;

	if (row->op != mst_op_enum)
		return;
	while (map[n][0])
		n++;
	words = mst_arena_alloc(arena, n * sizeof(*words));
	tags = mst_arena_alloc(arena, n * sizeof(*tags));
	for (uint32_t i = 0; i < n; i++) {
		words[i] = (struct mst_word){mst_slice_str(map[i][0]),
					     mst_slice_str(map[i][1])};
		tags[i] = mst_word_tag(words[i].from);
	}
	row->words = words;
	row->tags = tags;
	row->words_n = n;
}

static int compile(struct mst_compiled *m, const struct mst_catalog *c,
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
		m->rows[m->rows_n++] = (struct mst_row){
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
	for (size_t i = 0; i < m->rows_n && decl->identity_column; i++) {
		if (!m->names && m->rows[i].op == mst_op_expr &&
		    strcmp(m->set->columns[m->rows[i].column].name,
			   decl->identity_column) == 0)
			m->names = &m->rows[i];
	}
	for (size_t i = 0; i < m->rows_n; i++) {
		if (mst_col_hashed(m->rows[i].flags))
			m->hashed[m->hashed_n++] = m->rows[i];
	}
	m->custom_from = m->hashed_n;
	while (m->custom_from > 0 &&
	       m->hashed[m->custom_from - 1].op == mst_op_expr)
		m->custom_from--;
	/* Two rows of one column stay together. */
	while (m->custom_from > 0 && m->custom_from < m->hashed_n &&
	       m->hashed[m->custom_from - 1].column ==
		   m->hashed[m->custom_from].column)
		m->custom_from++;
	return 0;
}

static struct mst_hash (*which_hash(void))(struct mst_rules *, unsigned)
{
#ifdef MST_HAVE_WIDE
	if (mst_cpu_wide())
		return mst_canon_hash_wide;
#endif
	return mst_canon_hash;
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
	r->hash = which_hash();
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
	mst_names_memo_free(&(*r)->ctx.names);
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

bool mst_rules_key(struct mst_rules *r, unsigned m, struct mst_slice *key_r)
{
	return mst_run_op(r, r->maps[m].decl->key, key_r);
}

bool mst_rules_group(struct mst_rules *r, unsigned m, struct mst_slice *group_r)
{
	const struct mst_mapping *decl = r->maps[m].decl;

	return mst_run_op(r, decl->group ? decl->group : decl->key, group_r);
}

/* As the identity op, but with what an expression makes of the name. */
static bool custom_identity(struct mst_rules *r, const struct mst_compiled *map,
			    struct mst_slice *out_r)
{
	struct mst_slice table = mst_table_of(r, map), name;
	char *p;

	if (!map->names || !mst_value_of(r, map->names, &name))
		return false;
	p = mst_rule_scratch(&r->ctx, table.n + 1 + name.n);
	if (table.n)
		memcpy(p, table.p, table.n);
	p[table.n] = '\n';
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		p[table.n + 1 + i] =
		    (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
	}
	*out_r = mst_slice(p, table.n + 1 + name.n);
	return true;
}

bool mst_rules_identity(struct mst_rules *r, unsigned m,
			struct mst_slice *identity_r, struct mst_slice *rank_r)
{
	const struct mst_mapping *decl = r->maps[m].decl;

	if (!custom_identity(r, &r->maps[m], identity_r) &&
	    !mst_run_op(r, decl->identity, identity_r))
		return false;
	(void)mst_run_op(r, decl->rank, rank_r);
	return true;
}

uint64_t mst_rules_newest(struct mst_rules *r, unsigned m)
{
	struct mst_slice s;
	uint64_t n = 0;

	if (!mst_run_op(r, r->maps[m].decl->newest, &s))
		return 0;
	for (size_t i = 0; i < s.n && n < UINT64_MAX / 100; i++) {
		if (s.p[i] >= '0' && s.p[i] <= '9')
			n = n * 10 + (uint64_t)(s.p[i] - '0');
	}
	return n;
}

struct mst_slice mst_rules_table(struct mst_rules *r, unsigned m)
{
	return mst_table_of(r, &r->maps[m]);
}

struct mst_hash mst_rules_hash(struct mst_rules *r, unsigned m)
{
	return r->hash(r, m);
}

uint64_t mst_rules_rank(const struct mst_rules *r)
{
	return mst_hash64(r->canon, r->canon_n, 0);
}

bool mst_rules_apply(struct mst_rules *r, unsigned m, struct mst_desired *d_r)
{
	const struct mst_compiled *map = &r->maps[m];
	char *at = r->canon;
	struct mst_slice s;
	int done = -1;

	d_r->set = map->set;
	d_r->mapping = m;
	d_r->cells_n = 0;
	if (!mst_rules_key(r, m, &d_r->key) ||
	    !mst_rules_group(r, m, &d_r->group))
		return false;
	d_r->table = mst_table_of(r, map);
	if (map->decl->table)
		at = mst_canon_add(r, at, 0xff, d_r->table);
	for (size_t i = 0; i < map->rows_n; i++) {
		const struct mst_row *row = &map->rows[i];

		if (row->column == done || !mst_value_of(r, row, &s))
			continue;
		done = row->column;
		d_r->rows[d_r->cells_n] = row->source;
		d_r->cells[d_r->cells_n++] =
		    (struct mst_cell){.column = row->column, .text = s};
		if (mst_col_hashed(row->flags))
			at = mst_canon_add(r, at, row->column, s);
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
