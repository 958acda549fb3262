/* SPDX-License-Identifier: Apache-2.0
 *
 * One more walk over the spool, on one thread, with everything switched on.
 */
#include "sync/explain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/choice.h"
#include "sync/delta_private.h"

struct explaining {
	struct mst_session *s;
	struct mst_rules *rules;
	struct mst_slice key;
	const char *set;
	uint64_t most, found;
	mst_explain_fn fn;
	void *ctx;
	unsigned feed;
	struct mst_desired desired;
	struct mst_value v[MST_MAX_FIELDS];
	struct mst_member *members; /* of one group */
	size_t members_n;
	struct mst_err *err;
};

static bool matches(const struct explaining *x, const struct mst_set *set,
		    const struct mst_desired *d)
{
	const char *connection = x->s->job.conf.source;

	if (mst_delta_is_key(connection, d->key, x->key) ||
	    mst_delta_is_key(connection, d->group, x->key))
		return true;
	for (size_t i = 0; i < d->cells_n; i++) {
		if ((set->columns[d->cells[i].column].flags & MST_COL_NAME) &&
		    mst_slice_ieq(d->cells[i].text, x->key))
			return true;
	}
	return false;
}

/* A user of an app is found by the name that the source has for it, whether or
 * not the destination knows who that is. */
static bool names_it(const struct explaining *x, const struct mst_set *set,
		     const struct mst_value *v)
{
	const struct mst_catalog *c = x->s->job.catalog;

	for (size_t i = 0; i < c->lookups_n; i++) {
		const struct mst_lookup *l = &c->lookups[i];
		const struct mst_value *name = &v[l->field];

		if (l->feed == x->feed && strcmp(l->set, set->name) == 0 &&
		    name->type == MST_JSON_STRING &&
		    mst_slice_ieq(
			mst_slice_trim(mst_slice(name->u.s.p, name->u.s.n)),
			x->key))
			return true;
	}
	return false;
}

static int take_members(void *ctx, const struct mst_hash *key,
			const struct mst_member *m, size_t n)
{
	struct explaining *x = ctx;

	(void)key;
	x->members = mst_alloc(n * sizeof(*m));
	if (n > 0) /* m may be NULL then */
		memcpy(x->members, m, n * sizeof(*m));
	x->members_n = n;
	return 0;
}

static int recver_state(struct explaining *x, struct mst_set_delta *sd,
			struct mst_explained *e)
{
	struct mst_recver *r = x->s->recver;
	uint32_t at = mst_groups_find(&sd->groups, e->desired->group);
	uint64_t key, value = e->desired->value.lo;

	if (at == UINT32_MAX)
		return 0;
	e->group = &sd->groups.v[at];
	e->remote = e->group->remote;
	if (!sd->set->parent) {
		e->member_known = e->group->flags & MST_G_STORED;
		e->stored = mst_hash_eq(e->group->stored, e->desired->value) &&
			    e->group->state == MST_GROUP_CLEAN;
		return 0;
	}
	free(x->members);
	x->members = NULL;
	x->members_n = 0;
	e->remote = (struct mst_sysid){{0}};
	if (r->ops->members(r, x->s->delta.target, sd->set->name,
			    &e->group->key, 1, take_members, x, x->err) < 0)
		return -(int)x->err->code;
	key = mst_rules_member_hash(x->rules, e->desired->key);
	for (size_t i = 0; i < x->members_n; i++) {
		if (x->members[i].key != key ||
		    x->members[i].value == MST_MEMBER_INTENDED)
			continue;
		e->member_known = true;
		e->stored = x->members[i].value == value;
		e->remote = x->members[i].remote;
	}
	return 0;
}

static const char *fate(const struct explaining *x,
			const struct mst_set_delta *sd,
			const struct mst_explained *e)
{
	const struct mst_set_delta *parent =
	    sd->set->parent ? mst_delta_set(&x->s->delta, sd->set->parent)
			    : NULL;

	if (e->keep == MST_DROP)
		return "not delivered: a filter rule leaves it out";
	if (e->keep == MST_SKIP)
		return e->member_known
			   ? "nothing: it is skipped, and stays as delivered"
			   : "not delivered: skipped";
	if (e->keep == MST_LEAVE)
		return e->member_known
			   ? "nothing: a filter rule leaves it as it is"
			   : "not delivered: a filter rule leaves it out";
	if (e->keep == MST_KNOWN && !e->member_known)
		return "not delivered: a filter rule lets it be updated only";
	if (e->group && (e->group->flags & MST_G_SUPERSEDED))
		return "not delivered: another record of the same identity "
		       "is";
	if (parent) {
		uint32_t at = e->group ? mst_groups_find_key(&parent->groups,
							     e->group->key)
				       : UINT32_MAX;

		if (at == UINT32_MAX ||
		    (parent->selected &&
		     !(parent->groups.v[at].flags & MST_G_SEEN)))
			return "not delivered: its parent is not";
	}
	if (!sd->set->parent && e->group && (e->group->flags & MST_G_SEEN) &&
	    !mst_hash_eq(e->group->digest, e->desired->value))
		return "nothing by this one: the source shows the record "
		       "several times, and another one counts";
	if (e->stored)
		return "nothing: the destination was given exactly this";
	return e->member_known ? "update: it differs from what was delivered"
			       : "insert: it was never delivered";
}

static int last_write(struct explaining *x, struct mst_explained *e,
		      struct mst_slice group_text, struct mst_write_log *w,
		      struct mst_buf *id)
{
	struct mst_hash group = mst_rules_group_hash(x->rules, group_text);
	uint64_t member =
	    e->set->parent ? mst_rules_member_hash(x->rules, e->key) : 0;
	bool found = false;

	if (mst_state_last_write(x->s->state, x->s->job.name,
				 mst_push_log_key(e->set->name, group, member),
				 w, id, &found, x->err) < 0)
		return -(int)x->err->code;
	w->request_id = id->p ? id->p : "";
	if (found)
		e->write = w;
	return 0;
}

/* What is looked up and not found has no key, so it is no record. */
static int nobody(struct explaining *x, struct mst_explained *e, unsigned m)
{
	x->found++;
	if (x->found > x->most)
		return 0;
	x->desired.key = x->key;
	x->desired.group = x->desired.table = mst_slice("", 0);
	x->desired.cells_n = 0;
	e->keep = mst_rules_keep(x->rules, m, &e->why);
	e->desired = &x->desired;
	e->key = x->key;
	e->fate = "not delivered: nobody is meant by it";
	return x->fn(x->ctx, e);
}

static int one(struct explaining *x, unsigned m, const struct mst_value *v)
{
	const struct mst_catalog *c = x->s->job.catalog;
	struct mst_set_delta *sd =
	    mst_delta_set(&x->s->delta, c->mappings[m].set);
	struct mst_buf id = MST_BUF_INIT(1024);
	struct mst_write_log w;
	struct mst_explained e = {.set = sd->set,
				  .feed = &c->feeds[x->feed],
				  .values = v,
				  .mapping = &c->mappings[m]};
	bool named = names_it(x, sd->set, v);
	int rc;

	if (!mst_rules_apply(x->rules, m, &x->desired))
		return named ? nobody(x, &e, m) : 0;
	if (!named && !matches(x, sd->set, &x->desired))
		return 0;
	x->found++;
	if (x->found > x->most)
		return 0;
	e.keep = mst_rules_keep(x->rules, m, &e.why);
	e.desired = &x->desired;
	e.key = x->desired.key;
	rc = recver_state(x, sd, &e);
	if (rc == 0)
		rc = last_write(x, &e, x->desired.group, &w, &id);
	e.fate = fate(x, sd, &e);
	if (rc == 0)
		rc = x->fn(x->ctx, &e);
	mst_buf_fini(&id);
	return rc;
}

static int record(void *worker, const struct mst_value *v, struct mst_err *err)
{
	struct explaining *x = worker;
	const struct mst_catalog *c = x->s->job.catalog;

	x->err = err;
	memcpy(x->v, v, c->feeds[x->feed].fields_n * sizeof(*v));
	mst_enrich(&x->s->delta, x->feed, x->v);
	mst_rules_record(x->rules, x->v);
	for (unsigned m = 0; m < c->mappings_n; m++) {
		const struct mst_set_delta *sd =
		    mst_delta_set(&x->s->delta, c->mappings[m].set);
		int rc;

		if (c->mappings[m].fallback ||
		    !(c->mappings[m].feeds & 1u << x->feed) || !sd->selected ||
		    (x->set && strcmp(x->set, c->mappings[m].set) != 0))
			continue;
		rc = one(x, m, x->v);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* ---- what the source does not show any more ------------------------------ */

static const char *fate_of_gone(const struct mst_set_delta *sd)
{
	if (sd->set->missing == MST_MISSING_KEEP)
		return "nothing: the source does not show it any more, and "
		       "records of this set stay";
	if (!sd->proven)
		return "nothing: the source does not show it, but the read is "
		       "not proven complete";
	if (sd->held)
		return "nothing: the source does not show it any more, and the "
		       "guard holds that back";
	return sd->set->missing == MST_MISSING_RETIRE
		   ? "retire: the source does not show it any more"
		   : "delete: the source does not show it any more";
}

/* A record that is a group of its own has the key as its text, in one of the
 * two cases that keys are folded to. */
static uint32_t find_gone(struct explaining *x, struct mst_groups *g)
{
	uint32_t found = UINT32_MAX;

	for (int way = 0; way < 3 && found == UINT32_MAX; way++) {
		char *text = mst_strndup(x->key.p, x->key.n);

		for (char *p = text; way && *p; p++) {
			if (way == 1 && *p >= 'A' && *p <= 'Z')
				*p = (char)(*p + 'a' - 'A');
			if (way == 2 && *p >= 'a' && *p <= 'z')
				*p = (char)(*p + 'A' - 'a');
		}
		found = mst_groups_find(g, mst_slice_str(text));
		free(text);
	}
	return found;
}

static int gone(struct explaining *x, struct mst_set_delta *sd)
{
	uint32_t at = find_gone(x, &sd->groups);
	struct mst_buf id = MST_BUF_INIT(1024);
	struct mst_explained e = {.set = sd->set, .member_known = true};
	struct mst_write_log w;
	int rc;

	if (at == UINT32_MAX || !(sd->groups.v[at].flags & MST_G_STORED) ||
	    sd->groups.v[at].flags & MST_G_SEEN)
		return 0;
	x->found++;
	e.group = &sd->groups.v[at];
	e.key = e.group->text;
	e.remote = e.group->remote;
	e.fate = fate_of_gone(sd);
	rc = last_write(x, &e, e.group->text, &w, &id);
	if (rc == 0)
		rc = x->fn(x->ctx, &e);
	mst_buf_fini(&id);
	return rc;
}

static int all_gone(struct explaining *x, struct mst_err *err)
{
	struct mst_delta *d = &x->s->delta;
	int rc = 0;

	x->err = err;
	for (size_t i = 0; rc == 0 && i < d->sets_n; i++) {
		struct mst_set_delta *sd = &d->sets[i];

		if (sd->selected && !sd->set->parent &&
		    (!x->set || strcmp(x->set, sd->set->name) == 0))
			rc = gone(x, sd);
	}
	return rc;
}

int mst_explain(struct mst_session *s, const char *key, const char *set,
		uint64_t most, mst_explain_fn fn, void *ctx, uint64_t *found_r,
		struct mst_err *err)
{
	struct explaining *x = mst_alloc(sizeof(*x));
	void *workers[1] = {x};
	struct mst_read_stats stats;
	int rc;

	x->s = s;
	x->key = mst_slice_str(key);
	x->set = set;
	x->most = most;
	x->fn = fn;
	x->ctx = ctx;
	rc = set ? mst_choice_known(&s->job, set, err) : 0;
	if (rc == 0)
		rc = mst_session_rules(s, &x->rules, err);
	for (unsigned f = 0; rc == 0 && f < s->job.catalog->feeds_n; f++) {
		struct mst_read read = {.spool = &s->spool,
					.catalog = s->job.catalog,
					.feed = f,
					.threads = 1,
					.workers = workers,
					.record = record,
					.cancel = s->conf.cancel};

		x->feed = f;
		if (s->spool.feeds[f].present)
			rc = mst_read_feed(&read, &stats, err);
	}
	if (rc == 0 && x->found == 0)
		rc = all_gone(x, err);
	*found_r = x->found;
	mst_rules_free(&x->rules);
	free(x->members);
	free(x);
	return rc;
}
