/* SPDX-License-Identifier: Apache-2.0
 *
 * See store_show.h.
 */
#include "sync/store_show.h"

#include <string.h>

#include "recver/copy.h"
#include "sync/config.h"

bool mst_store_is_file(const struct mst_connection *source)
{
	const char *type = source->source_conf->recver.type;

	return type && strcmp(type, "sqlite") == 0;
}

static const char *place_of(struct mst_state *state,
			    const struct mst_connection *source,
			    struct mst_arena *arena)
{
	struct mst_recver_conf c;

	mst_store_conf(state, source->name, &source->source_conf->recver, arena,
		       &c);
	if (mst_store_is_file(source))
		return c.path;
	return mst_arena_printf(arena, "%s%s%s", c.server ? c.server : "",
				c.database ? "/" : "",
				c.database ? c.database : "");
}

void mst_store_place_json(struct mst_state *state,
			  const struct mst_connection *source,
			  struct mst_arena *arena, struct mst_jout *j)
{
	mst_jout_kstr(j, "connection", source->name);
	mst_jout_kstr(j, "type", source->source_conf->recver.type);
	mst_jout_kstr(j, "place", place_of(state, source, arena));
}

/* ---- looking ------------------------------------------------------------- */

struct looking {
	const struct mst_connection *source;
	struct mst_arena *arena;
	const struct mst_conf_item **jobs;
	size_t jobs_n;
	struct mst_recver *r;
	struct mst_recver_contents has;
};

static bool says(const struct mst_conf_item *job, const char *key,
		 const char *name)
{
	for (size_t i = 0; i < job->values_n; i++) {
		const struct mst_conf_value *v = &job->values[i];

		if (strcmp(v->key, key) == 0)
			return v->texts_n == 1 &&
			       strcmp(v->texts[0], name) == 0;
	}
	return false;
}

static const char *const *jobs_to(struct looking *l, const char *target)
{
	const char **names =
	    mst_arena_alloc(l->arena, (l->jobs_n + 1) * sizeof(*names));
	size_t n = 0;

	for (size_t i = 0; i < l->jobs_n; i++)
		if (says(l->jobs[i], "source", l->source->name) &&
		    says(l->jobs[i], "destination", target))
			names[n++] = l->jobs[i]->name;
	names[n] = NULL;
	return names;
}

static int look_at(struct looking *l, const char *target,
		   struct mst_store_target *t_r, struct mst_err *err)
{
	struct mst_store_set *sets =
	    mst_arena_alloc(l->arena, (l->has.sets_n + 1) * sizeof(*sets));
	int rc = 0;

	*t_r = (struct mst_store_target){
	    .name = mst_arena_strdup(l->arena, target),
	    .jobs = jobs_to(l, target),
	    .sets = sets,
	};
	for (size_t i = 0; i < l->has.sets_n && rc == 0; i++) {
		const struct mst_recver_set_name *s = &l->has.sets[i];

		if (strcmp(s->target, target) != 0)
			continue;
		sets[t_r->sets_n].name = mst_arena_strdup(l->arena, s->name);
		rc = l->r->ops->stats(l->r, target, s->name,
				      &sets[t_r->sets_n++].stats, err);
	}
	return rc;
}

static int look(struct looking *l, struct mst_store_held *h,
		struct mst_err *err)
{
	struct mst_recver_stats all = {0};
	struct mst_store_target *targets;
	int rc = mst_recver_contents(l->r, &l->has, err);

	if (rc == 0)
		rc = l->r->ops->stats(l->r, NULL, NULL, &all, err);
	targets = mst_arena_alloc(l->arena,
				  (l->has.targets_n + 1) * sizeof(*targets));
	for (size_t i = 0; i < l->has.targets_n && rc == 0; i++)
		rc = look_at(l, l->has.targets[i], &targets[i], err);
	*h = (struct mst_store_held){all.bytes, targets, l->has.targets_n};
	mst_recver_contents_fini(&l->has);
	return rc;
}

int mst_store_held(struct mst_state *state, const struct mst_connection *source,
		   struct mst_arena *arena, struct mst_store_held *h_r,
		   struct mst_err *err)
{
	const struct mst_config config = {.state = state};
	struct looking l = {.source = source, .arena = arena};
	struct mst_store_held h = {.n = 0};
	int rc =
	    mst_config_items(&config, "job", arena, &l.jobs, &l.jobs_n, err);

	if (rc == 0)
		rc = mst_store_open_any(state, source->name,
					&source->source_conf->recver, false,
					&l.r, err);
	if (rc == 0)
		rc = look(&l, &h, err);
	if (l.r)
		l.r->ops->close(&l.r);
	if (rc == -MST_E_NOTFOUND) {
		mst_err_clear(err);
		rc = 0;
	}
	if (rc == 0)
		*h_r = h;
	return rc;
}

/* ---- as JSON ------------------------------------------------------------- */

void mst_store_stats_json(const struct mst_recver_stats *s, struct mst_jout *j)
{
	mst_jout_ki64(j, "groups", (int64_t)s->groups);
	mst_jout_ki64(j, "members", (int64_t)s->members);
	mst_jout_ki64(j, "bytes", (int64_t)s->bytes);
	mst_jout_ki64(j, "dirty", (int64_t)s->dirty);
	mst_jout_ki64(j, "pending", (int64_t)s->pending);
}

static void set_json(const struct mst_store_set *s, struct mst_jout *j)
{
	mst_jout_obj(j);
	mst_jout_kstr(j, "name", s->name);
	mst_store_stats_json(&s->stats, j);
	mst_jout_end_obj(j);
}

void mst_store_targets_json(const struct mst_store_held *h, struct mst_jout *j)
{
	mst_jout_key(j, "targets");
	mst_jout_arr(j);
	for (size_t i = 0; i < h->n; i++) {
		const struct mst_store_target *t = &h->targets[i];

		mst_jout_obj(j);
		mst_jout_kstr(j, "destination", t->name);
		mst_jout_key(j, "jobs");
		mst_jout_arr(j);
		for (size_t k = 0; t->jobs[k]; k++)
			mst_jout_str(j, t->jobs[k]);
		mst_jout_end_arr(j);
		mst_jout_key(j, "record_sets");
		mst_jout_arr(j);
		for (size_t k = 0; k < t->sets_n; k++)
			set_json(&t->sets[k], j);
		mst_jout_end_arr(j);
		mst_jout_end_obj(j);
	}
	mst_jout_end_arr(j);
}
