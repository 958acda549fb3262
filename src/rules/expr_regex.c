/* SPDX-License-Identifier: Apache-2.0
 *
 * Patterns, by PCRE2. What a pattern may cost is bounded: a text that takes
 * more steps has no value, and is counted. Each thread compiles its own, with
 * code for the processor where the system lets it.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

#include "base/num.h"
#include "rules/expr_memo.h"

#define STEPS	    200000 /* of one match */
#define DEPTH	    1000   /* of backtracking */
#define HEAP_KIB    4096
#define PATTERN_MAX 1024
#define GROUPS	    32

/* Texts come from JSON, which holds nothing but UTF-8. What a pattern must not
 * do is to cut characters into bytes. */
#define FLAGS (PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C)

struct regex {
	struct mst_slice pattern;
	size_t number; /* among those of the catalogue */
	uint32_t group;
};

struct expr_patterns {
	pcre2_match_data *data;
	pcre2_match_context *limits;
	size_t n;
	bool *jit;		  /* compiled for the processor */
	const PCRE2_SIZE *groups; /* of the last match: from, to, ... */
	pcre2_code *codes[];
};

struct expr_patterns *expr_patterns_new(size_t n)
{
	struct expr_patterns *p =
	    mst_alloc(sizeof(*p) + n * sizeof(p->codes[0]));

	p->n = n;
	p->jit = mst_alloc(n * sizeof(*p->jit));
	p->data = pcre2_match_data_create(GROUPS, NULL);
	p->limits = pcre2_match_context_create(NULL);
	if (!p->data || !p->limits)
		mst_oom();
	p->groups = pcre2_get_ovector_pointer(p->data);
	(void)pcre2_set_match_limit(p->limits, STEPS);
	(void)pcre2_set_depth_limit(p->limits, DEPTH);
	(void)pcre2_set_heap_limit(p->limits, HEAP_KIB);
	return p;
}

void expr_patterns_free(struct expr_patterns *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n; i++)
		pcre2_code_free(p->codes[i]);
	pcre2_match_data_free(p->data);
	pcre2_match_context_free(p->limits);
	free(p->jit);
	free(p);
}

/* ---- reading ------------------------------------------------------------- */

static int bad_pattern(struct expr_reader *rd, const struct expr_node *at,
		       int code, size_t offset)
{
	char why[160] = "";

	(void)pcre2_get_error_message(code, (PCRE2_UCHAR *)why, sizeof(why));
	return expr_fail(rd, at->at, "the pattern is wrong at its byte %zu: %s",
			 offset + 1, why);
}

/* The group that is asked for: by default the first, else the whole. */
static int choose_group(struct expr_reader *rd, struct expr_node *n,
			const pcre2_code *code, struct regex *re)
{
	uint32_t groups = 0;
	struct mst_slice s;
	uint64_t group;

	(void)pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &groups);
	group = groups ? 1 : 0;
	if (n->args_n > 2) {
		if (!expr_constant(rd, n, 2, "the group", &s))
			return -(int)rd->err->code;
		if (!mst_num_u64(s, &group))
			return expr_fail(rd, n->args[2]->at,
					 "a group is a number: 0 is the whole "
					 "match, 1 the first parenthesis");
	}
	if (group > groups || group >= GROUPS)
		return expr_fail(rd, n->args[n->args_n - 1]->at,
				 "the pattern has %u group%s, there is no "
				 "group %llu",
				 groups, groups == 1 ? "" : "s",
				 (unsigned long long)group);
	re->group = (uint32_t)group;
	return 0;
}

static int prepare(struct expr_reader *rd, struct expr_node *n)
{
	struct regex *re = mst_arena_alloc(rd->arena, sizeof(*re));
	pcre2_code *code;
	size_t offset = 0;
	int error = 0, rc;

	if (!expr_constant(rd, n, 1, "the pattern", &re->pattern))
		return -(int)rd->err->code;
	if (!re->pattern.n || re->pattern.n > PATTERN_MAX)
		return expr_fail(rd, n->args[1]->at,
				 "a pattern has 1 to %d bytes", PATTERN_MAX);
	code = pcre2_compile((PCRE2_SPTR)re->pattern.p, re->pattern.n, FLAGS,
			     &error, &offset, NULL);
	if (!code)
		return bad_pattern(rd, n->args[1], error, offset);
	rc = choose_group(rd, n, code, re);
	pcre2_code_free(code);
	re->number = rd->all->regexes++;
	n->extra = re;
	return rc;
}

/* ---- running ------------------------------------------------------------- */

static pcre2_code *code_of(struct expr_patterns *p, const struct regex *re)
{
	pcre2_code **code = &p->codes[re->number];
	size_t offset;
	int error;

	if (MST_LIKELY(*code != NULL))
		return *code;
	/* It was compiled before: only memory can lack. */
	*code = pcre2_compile((PCRE2_SPTR)re->pattern.p, re->pattern.n, FLAGS,
			      &error, &offset, NULL);
	if (!*code)
		mst_oom();
	/* Where there is none, or none is allowed, it is interpreted. */
	p->jit[re->number] = pcre2_jit_compile(*code, PCRE2_JIT_COMPLETE) == 0;
	return *code;
}

/* The match, or NULL. */
static const PCRE2_SIZE *match(struct expr_run *r, const struct regex *re,
			       struct mst_slice s)
{
	struct expr_patterns *p = r->thread->patterns;
	const pcre2_code *code = code_of(p, re);
	/* The texts and options are known to be good: no checks before. */
	int rc = p->jit[re->number]
		     ? pcre2_jit_match(code, (PCRE2_SPTR)s.p, s.n, 0, 0,
				       p->data, p->limits)
		     : pcre2_match(code, (PCRE2_SPTR)s.p, s.n, 0, 0, p->data,
				   p->limits);

	if (MST_LIKELY(rc >= 0))
		return p->groups;
	if (rc != PCRE2_ERROR_NOMATCH)
		atomic_fetch_add(r->expr->limited, 1);
	return NULL;
}

static bool matches(struct expr_run *r, const struct expr_node *n,
		    struct mst_slice *out_r)
{
	struct mst_slice s;

	return expr_bool(expr_arg(r, n, 0, &s) && match(r, n->extra, s) != NULL,
			 out_r);
}

static bool capture(struct expr_run *r, const struct expr_node *n,
		    struct mst_slice *out_r)
{
	const struct regex *re = n->extra;
	const PCRE2_SIZE *at;
	struct mst_slice s;
	PCRE2_SIZE from, to;

	if (!expr_arg(r, n, 0, &s))
		return false;
	at = match(r, re, s);
	if (!at)
		return false;
	from = at[2 * re->group];
	to = at[2 * re->group + 1];
	/* A group that took no part; one that ends before it begins (\K). */
	if (from == PCRE2_UNSET || to > s.n || from >= to)
		return false;
	*out_r = mst_slice(s.p + from, to - from);
	return true;
}

const struct expr_fn expr_regexes[] = {
    {.name = "capture",
     .usage = "capture(text, pattern[, group])",
     .least = 2,
     .most = 3,
     .flags = EXPR_RECORD,
     .text = capture,
     .prepare = prepare},
    {.name = "matches",
     .usage = "matches(text, pattern)",
     .least = 2,
     .most = 2,
     .flags = EXPR_RECORD,
     .text = matches,
     .prepare = prepare},
    {.name = NULL},
};
