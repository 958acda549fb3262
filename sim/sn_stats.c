/* SPDX-License-Identifier: Apache-2.0
 *
 * The Aggregate API: how many rows match a query, by groups of equal values.
 * Only counts (sysparm_count); no averages, sums, HAVING. Rows that row rules
 * hide from the user are counted too: the API goes by the rules of the table;
 * with the option stats_row_rules it answers 403 then, as older releases do.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/sn.h"

#define GROUP_BY_MAX 8

struct group {
	struct mst_slice values[GROUP_BY_MAX];
	uint64_t count;
};

struct stats {
	struct sim_sn *sn;
	struct sn_table *t;
	struct mst_slice by[GROUP_BY_MAX];
	size_t by_n;
	struct mst_map groups; /* joined values → group */
	struct group *first;
};

/* Columns of sysparm_group_by; unknown ones are passed over. */
static void read_by(struct stats *s, const char *list, struct sn_row *any)
{
	for (const char *p = list; p && s->by_n < GROUP_BY_MAX;) {
		size_t n = strcspn(p, ",");
		struct mst_slice f = mst_slice_trim(mst_slice(p, n));
		struct sn_row *last;
		size_t col;

		if (f.n && sn_walk(s->sn, s->t, any, f, &last, &col))
			s->by[s->by_n++] = f;
		p = p[n] ? p + n + 1 : NULL;
	}
}

static struct mst_slice value_of(struct stats *s, struct sn_row *row,
				 struct mst_slice path)
{
	struct sn_row *last = NULL;
	size_t col;

	if (!sn_walk(s->sn, s->t, row, path, &last, &col) || !last)
		return MST_SLICE_LIT("");
	return sn_get(last, col);
}

static void add_row(struct stats *s, struct sn_row *row)
{
	struct mst_buf key = MST_BUF_INIT(1u << 20);
	struct mst_slice v[GROUP_BY_MAX];
	struct group *g;

	for (size_t i = 0; i < s->by_n; i++) {
		v[i] = value_of(s, row, s->by[i]);
		mst_buf_addf(&key, "%zu:", v[i].n);
		mst_buf_add_slice(&key, v[i]);
	}
	g = mst_map_get(&s->groups, mst_buf_slice(&key));
	if (!g) {
		g = mst_arena_alloc(&s->sn->scratch, sizeof(*g));
		memcpy(g->values, v, s->by_n * sizeof(*v));
		mst_map_put(&s->groups,
			    mst_arena_dup(&s->sn->scratch, mst_buf_slice(&key)),
			    g);
	}
	g->count++;
	mst_buf_fini(&key);
}

static int by_values(const void *a, const void *b)
{
	const struct group *x = *(struct group *const *)a;
	const struct group *y = *(struct group *const *)b;

	for (size_t i = 0; i < GROUP_BY_MAX; i++) {
		int c = mst_slice_cmp(x->values[i], y->values[i]);

		if (c)
			return c;
	}
	return 0;
}

static void write_group(struct stats *s, struct mst_jout *j,
			const struct group *g)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%llu",
		       (unsigned long long)g->count);
	mst_jout_obj(j);
	mst_jout_key(j, "stats");
	mst_jout_obj(j);
	mst_jout_kstr(j, "count", text);
	mst_jout_end_obj(j);
	if (s->by_n) {
		mst_jout_key(j, "groupby_fields");
		mst_jout_arr(j);
		for (size_t i = 0; i < s->by_n; i++) {
			mst_jout_obj(j);
			mst_jout_kslice(j, "field", s->by[i]);
			mst_jout_kslice(j, "value", g->values[i]);
			mst_jout_end_obj(j);
		}
		mst_jout_end_arr(j);
	}
	mst_jout_end_obj(j);
}

static void write_groups(struct stats *s, struct mst_jout *j)
{
	struct group **all =
	    mst_alloc((s->groups.n + 1) * sizeof(struct group *));
	size_t n = 0, at = 0;
	void *g;

	while (mst_map_next(&s->groups, &at, NULL, &g))
		all[n++] = g;
	if (n > 1)
		qsort(all, n, sizeof(*all), by_values);
	mst_jout_arr(j);
	for (size_t i = 0; i < n; i++)
		write_group(s, j, all[i]);
	mst_jout_end_arr(j);
	free(all);
}

static bool may_count(struct sim_sn *sn, const struct sn_req *r,
		      const struct sn_table *t)
{
	if (sn->opt_stats_off || !sn_may(r->user, t, SN_READ))
		return false;
	for (size_t i = 0; sn->opt_stats_row_rules && i < sn->found_n; i++) {
		if (sn->found[i]->hidden && !sn_has_role(r->user, "admin"))
			return false;
	}
	return true;
}

void sn_stats_api(struct sim_sn *sn, const struct sn_req *r, const char *table,
		  struct sim_reply *reply)
{
	struct stats s = {.sn = sn, .t = sn_table(sn, table)};
	struct group all = {.count = 0};
	struct mst_jout j;

	if (!s.t) {
		sn_error(reply, 400,
			 mst_arena_printf(&sn->scratch, "Invalid table %.80s",
					  table),
			 "%s", "");
		return;
	}
	sn_query_run(
	    sn,
	    sn_query_parse(sn, s.t, sn_param(sn, r->query, "sysparm_query")),
	    SIZE_MAX);
	if (!may_count(sn, r, s.t)) {
		sn->stats.forbidden++;
		sn_error(reply, 403, "User Not Authorized",
			 "Failed API level ACL Validation");
		return;
	}
	s.t->reads++;
	all.count = sn->found_n;
	if (sn->found_n)
		read_by(&s, sn_param(sn, r->query, "sysparm_group_by"),
			sn->found[0]);
	for (size_t i = 0; s.by_n && i < sn->found_n; i++)
		add_row(&s, sn->found[i]);
	mst_jout_init(&j, &reply->body);
	mst_jout_obj(&j);
	if (sn_param_true(sn, r, "sysparm_count")) {
		mst_jout_key(&j, "result");
		if (s.by_n || (!sn->found_n &&
			       sn_param(sn, r->query, "sysparm_group_by")))
			write_groups(&s, &j);
		else
			write_group(&s, &j, &all);
	}
	mst_jout_end_obj(&j);
	mst_map_fini(&s.groups);
}
