/* SPDX-License-Identifier: Apache-2.0
 *
 * The inverse writes, one set after the other, children first.
 */
#include "sync/undo.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "sync/job_schedule.h"
#include "sync/journal.h"
#include "sync/step.h"
#include "sync/undo_private.h"

#define BATCH 400

const char *mst_undo_kind_name(enum mst_undo_kind k)
{
	static const char *const names[] = {
	    [MST_UNDO_RESTORE] = "restore", [MST_UNDO_REMOVE] = "remove",
	    [MST_UNDO_RETIRE] = "retire",   [MST_UNDO_MAKE] = "make again",
	    [MST_UNDO_NOTHING] = "nothing", [MST_UNDO_REFUSED] = "refused",
	};

	return names[k];
}

/* ---- opening ----- */

struct finding {
	char job[MST_MAX_NAME + 1];
	bool dead;
};

static int take_run(void *ctx, const struct mst_run *run)
{
	struct finding *f = ctx;

	(void)snprintf(f->job, sizeof(f->job), "%s", run->job);
	f->dead = run->status == MST_RUN_DEAD;
	return 0;
}

int mst_undo_open(struct mst_undo *u, struct mst_state *state, int64_t run,
		  const atomic_bool *cancel, struct mst_err *err)
{
	struct mst_run_conf conf = {.cancel = cancel};
	struct finding f = {.job = ""};

	*u = (struct mst_undo){.run = run};
	mst_arena_init(&u->arena, 1u << 30);
	if (mst_state_run(state, run, take_run, &f, err) < 0)
		return -(int)err->code;
	u->dead = f.dead;
	conf.job = mst_arena_strdup(&u->arena, f.job);
	if (mst_session_open(&u->session, state, &conf, false, err) < 0 ||
	    mst_undo_load(u, err) < 0)
		return -(int)err->code;
	if (!u->session.job.dest->raw_write)
		return mst_err_set(err, MST_E_UNSUPPORTED,
				   "%s writes nothing back",
				   u->session.job.dest->title);
	if (mst_session_dest(&u->session, err) < 0)
		return -(int)err->code;
	return mst_undo_look(u, err);
}

/* ---- writing ----- */

static void take_verdict(void *ctx, uint64_t tag, const struct mst_raw *row,
			 const char *why)
{
	struct mst_undo *u = ctx;
	struct mst_undo_item *it = &u->items[tag];

	if (row) { /* made again: by another sys_id */
		if (it->kind == MST_UNDO_MAKE)
			it->id = row->id;
		return;
	}
	if (why) {
		it->why = mst_arena_strdup(&u->arena, why);
		u->counts[it->kind]--;
		it->kind = MST_UNDO_REFUSED;
		u->counts[it->kind]++;
		u->failed++;
		return;
	}
	it->done = true;
	u->done++;
}

static bool writes(const struct mst_undo_item *it)
{
	return it->kind != MST_UNDO_NOTHING && it->kind != MST_UNDO_REFUSED;
}

static int write_item(struct mst_undo *u, size_t i, struct mst_err *err)
{
	static const struct mst_sysid none;
	struct mst_session *s = &u->session;
	const struct mst_undo_item *it = &u->items[i];
	const char *names[MST_MAX_COLUMNS];
	struct mst_slice values[MST_MAX_COLUMNS];
	size_t n = 0;

	if (!writes(it))
		return 0;
	for (size_t k = 0; k < it->columns_n && n < MST_MAX_COLUMNS; k++) {
		names[n] = it->columns[k].name;
		values[n++] = it->columns[k].then;
	}
	return s->job.dest->raw_write(
	    s->dest, it->table, it->kind == MST_UNDO_MAKE ? &none : &it->id,
	    names, values, n, i, take_verdict, u, err);
}

/* ---- RecVer: what it must know before the first write ----- */

/* A record that the run retired is forgotten in RecVer: it has to know again
 * that it is ours, to retire it once more. */
static int remember(struct mst_undo *u, const struct mst_undo_item *it,
		    struct mst_err *err)
{
	struct mst_session *s = &u->session;
	struct mst_group_put put = {
	    .row = {.key = it->group_key,
		    .text = it->group,
		    .remote = it->id,
		    .first_delivered_us = mst_now_us(),
		    .last_changed_us = mst_now_us(),
		    .last_run = s->run,
		    .state = MST_GROUP_PENDING},
	};

	return s->recver->ops->put(s->recver, s->job.conf.destination,
				   it->set->name, &put, 1, err);
}

struct members {
	struct mst_member *v;
	size_t n;
};

static int take_members(void *ctx, const struct mst_hash *key MST_UNUSED,
			const struct mst_member *m, size_t n)
{
	struct members *to = ctx;

	to->v = mst_realloc(to->v, (n + BATCH) * sizeof(*m));
	if (n)
		memcpy(to->v, m, n * sizeof(*m));
	to->n = n;
	return 0;
}

static void add_member(struct members *m, const struct mst_member *one)
{
	for (size_t i = 0; i < m->n; i++) {
		if (m->v[i].key == one->key) {
			m->v[i] = *one;
			return;
		}
	}
	m->v[m->n++] = *one;
}

static int member_order(const void *a, const void *b)
{
	const struct mst_member *x = a, *y = b;

	return x->key < y->key ? -1 : x->key > y->key;
}

/* The parent as the record named it. */
static struct mst_sysid parent_of(const struct mst_undo_item *it)
{
	struct mst_sysid id = {{0}};

	for (size_t i = 0; i < it->set->columns_n; i++) {
		if (!(it->set->columns[i].flags & MST_COL_PARENT))
			continue;
		for (size_t k = 0; k < it->before_n; k++) {
			if (strcmp(it->before[k].name,
				   it->set->columns[i].name) == 0)
				(void)mst_sysid_parse(it->before[k].value, &id);
		}
	}
	return id;
}

/* Members of one group that come back: as a push that died would have left
 * them, so that the next run looks for them below their parent. */
static int remember_members(struct mst_undo *u,
			    const struct mst_undo_item *const *items, size_t n,
			    struct mst_err *err)
{
	struct mst_session *s = &u->session;
	const struct mst_undo_item *it = items[0];
	struct members m = {mst_alloc(BATCH * sizeof(*m.v)), 0};
	struct mst_group_put put = {
	    .row = {.key = it->group_key,
		    .text = it->group,
		    .remote = parent_of(it),
		    .first_delivered_us = mst_now_us(),
		    .last_changed_us = mst_now_us(),
		    .last_run = s->run,
		    .state = MST_GROUP_PENDING},
	    .with_remote = true,
	};
	int rc = s->recver->ops->members(s->recver, s->job.conf.destination,
					 it->set->name, &it->group_key, 1,
					 take_members, &m, err);

	for (size_t i = 0; i < n; i++) {
		struct mst_member one = {.key = items[i]->member,
					 .value = MST_MEMBER_INTENDED,
					 .remote = put.row.remote};

		add_member(&m, &one);
	}
	qsort(m.v, m.n, sizeof(*m.v), member_order);
	put.row.members = (uint32_t)m.n;
	put.members = m.v;
	if (rc == 0)
		rc = s->recver->ops->put(s->recver, s->job.conf.destination,
					 it->set->name, &put, 1, err);
	free(m.v);
	return rc;
}

static int by_group(const void *a, const void *b)
{
	const struct mst_undo_item *x = *(const struct mst_undo_item *const *)a;
	const struct mst_undo_item *y = *(const struct mst_undo_item *const *)b;

	return memcmp(&x->group_key, &y->group_key, sizeof(x->group_key));
}

static int remember_all(struct mst_undo *u, const struct mst_undo_item **back,
			size_t n, struct mst_err *err)
{
	size_t to;

	if (n)
		qsort(back, n, sizeof(*back), by_group);
	for (size_t i = 0; i < n; i = to) {
		to = i + 1;
		while (to < n && by_group(&back[i], &back[to]) == 0)
			to++;
		if ((back[i]->set->parent
			 ? remember_members(u, back + i, to - i, err)
			 : remember(u, back[i], err)) < 0)
			return -(int)err->code;
	}
	return 0;
}

/* RecVer no longer vouches for these, from before the first write on. */
static int mark_batch(struct mst_undo *u, size_t from, size_t to,
		      struct mst_err *err)
{
	struct mst_session *s = &u->session;
	const struct mst_undo_item *back[BATCH];
	struct mst_group_row rows[BATCH];
	size_t n = 0, back_n = 0;

	for (size_t i = from; i < to; i++) {
		const struct mst_undo_item *it = &u->items[i];

		if (!writes(it))
			continue;
		rows[n++] = (struct mst_group_row){.key = it->group_key,
						   .text = it->group,
						   .state = MST_GROUP_PENDING};
		if (it->gone)
			back[back_n++] = it;
	}
	if (n == 0)
		return 0;
	if (s->recver->ops->mark(s->recver, s->job.conf.destination,
				 u->items[from].set->name, rows, n, err) < 0 ||
	    remember_all(u, back, back_n, err) < 0)
		return -(int)err->code;
	mst_step();
	return 0;
}

/* ---- one batch ----- */

static int log_batch(struct mst_undo *u, size_t from, size_t to,
		     struct mst_err *err)
{
	static const enum mst_action actions[] = {
	    [MST_UNDO_RESTORE] = MST_UPDATE,
	    [MST_UNDO_REMOVE] = MST_DELETE,
	    [MST_UNDO_RETIRE] = MST_RETIRE,
	    [MST_UNDO_MAKE] = MST_INSERT,
	};
	struct mst_session *s = &u->session;
	struct mst_write_log log[BATCH];
	size_t n = 0;

	for (size_t i = from; i < to; i++) {
		const struct mst_undo_item *it = &u->items[i];

		if (it->done)
			log[n++] = (struct mst_write_log){
			    .key = it->log,
			    .run = s->run,
			    .action = actions[it->kind],
			    .verdict = MST_VERDICT_APPLIED,
			    .at_us = mst_now_us(),
			    .request_id = "",
			    .remote = it->id,
			};
	}
	return n ? mst_state_write_log(s->state, s->job.name, log, n, err) : 0;
}

static int cancelled(const struct mst_undo *u, struct mst_err *err)
{
	const atomic_bool *cancel = u->session.conf.cancel;
	int64_t until_us = u->session.until_us;

	if (until_us && mst_now_us() >= until_us)
		return mst_err_set(err, MST_E_CANCELLED,
				   "the window of the job has ended; what was "
				   "under way is finished; undo the same run "
				   "again in the next one to go on");

	if (!cancel || !atomic_load(cancel))
		return 0;
	return mst_err_set(err, MST_E_CANCELLED,
			   "cancelled; what was under way is finished; undo "
			   "the run again for the rest");
}

static int undo_batch(struct mst_undo *u, size_t from, size_t to,
		      struct mst_err *err)
{
	struct mst_session *s = &u->session;
	struct mst_err ignored = MST_ERR_INIT;
	int rc = mark_batch(u, from, to, err);

	for (size_t i = from; i < to && rc == 0; i++)
		rc = write_item(u, i, err);
	if (rc == 0)
		rc = mst_dest_pump(s->job.dest, s->dest, s->dest_client, err);
	/* What is done is noted whatever became of the rest: nothing is made
	 * twice when the undo is gone on with. */
	if (log_batch(u, from, to, rc == 0 ? err : &ignored) < 0 && rc == 0)
		rc = -(int)err->code;
	return rc;
}

int mst_undo_run(struct mst_undo *u, struct mst_err *err)
{
	struct mst_session *s = &u->session;
	size_t to;
	int rc = mst_job_window(&s->job, mst_now_us(), &s->until_us, err);

	if (rc == 0)
		rc = mst_state_run_begin(s->state, s->job.name, &s->run, err);

	(void)snprintf(s->run_text, sizeof(s->run_text), "%lld",
		       (long long)s->run);
	if (rc == 0)
		rc = mst_journal_undo(s->state, s->run, u->run, err);
	for (size_t from = 0; from < u->items_n && rc == 0; from = to) {
		to = from + 1;
		while (to < u->items_n && to - from < BATCH &&
		       u->items[to].set == u->items[from].set)
			to++;
		rc = undo_batch(u, from, to, err);
		if (rc == 0)
			rc = cancelled(u, err);
	}
	s->push.applied = u->done;
	s->push.refused = u->counts[MST_UNDO_REFUSED];
	return rc;
}

void mst_undo_close(struct mst_undo *u, const struct mst_err *failed)
{
	(void)mst_session_close(&u->session, failed);
	free(u->items);
	mst_arena_fini(&u->arena);
	*u = (struct mst_undo){0};
}
