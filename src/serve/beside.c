/* SPDX-License-Identifier: Apache-2.0
 *
 * muster forward run, kept running. Where several nodes share the state store
 * a lease says which one does it: two would tell every alert twice.
 */
#include "serve/beside.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "conf/conf.h"
#include "serve/worker.h"

#define LOCK_NAME  "@forward" /* no job can have this name */
#define PAUSE_US   (INT64_C(1) * 1000000)
#define PAUSE_MOST (INT64_C(60) * 1000000)
#define WELL_US	   (INT64_C(60) * 1000000) /* so long: the pause is forgotten */

struct mst_beside {
	struct mst_state *state; /* the keeper's */
	struct mst_loop *loop;
	const char *dir, *program, *node;
	struct mst_state *own; /* has the lock */
	struct mst_state_lock *lock;
	struct mst_worker *worker;
	int64_t version; /* of the configuration that it has read */
	int64_t began_us, not_before_us, pause_us, mono_us;
	bool stopping, told_busy;
};

struct mst_beside *mst_beside_new(struct mst_state *state,
				  struct mst_loop *loop, const char *dir,
				  const char *program, const char *node)
{
	struct mst_beside *b = mst_alloc(sizeof(*b));

	b->state = state;
	b->loop = loop;
	b->dir = dir;
	b->program = program;
	b->node = node;
	b->version = -1;
	return b;
}

static void drop_lock(struct mst_beside *b)
{
	mst_state_unlock(&b->lock);
	mst_state_close(&b->own);
}

void mst_beside_free(struct mst_beside **b)
{
	if (!*b)
		return;
	drop_lock(*b);
	free(*b);
	*b = NULL;
}

bool mst_beside_runs(const struct mst_beside *b)
{
	return b->worker != NULL;
}

/* ---- the worker ---------------------------------------------------------- */

static void event(void *ctx, struct mst_slice line)
{
	(void)ctx;
	(void)line;
}

static void printed(void *ctx, bool log, struct mst_slice s)
{
	ssize_t n = write(log ? STDERR_FILENO : STDOUT_FILENO, s.p, s.n);

	(void)ctx;
	(void)n;
}

static void ended(void *ctx, int status, int sig)
{
	struct mst_beside *b = ctx;

	b->worker = NULL;
	if (b->mono_us - b->began_us > WELL_US)
		b->pause_us = 0;
	b->pause_us = MST_MIN(MST_MAX(2 * b->pause_us, PAUSE_US), PAUSE_MOST);
	b->not_before_us = b->mono_us + b->pause_us;
	drop_lock(b);
	if (b->stopping)
		return;
	if (sig)
		mst_error("the forwarder ended by signal %d; it is started "
			  "again in %lld s",
			  sig, (long long)(b->pause_us / 1000000));
	else if (status)
		mst_error("the forwarder ended with status %d; it is started "
			  "again in %lld s",
			  status, (long long)(b->pause_us / 1000000));
}

static const struct mst_worker_ops ops = {event, printed, ended};

static int start(struct mst_beside *b, struct mst_err *err)
{
	static const char *const argv[] = {"forward", "run", NULL};
	char *state = mst_asprintf("MUSTER_STATE=%s", mst_state_dir(b->state));
	const char *const env[] = {"MUSTER_WORKER=3", state,
				   "MUSTER_ACTOR=service",
				   "MUSTER_ACTOR_VIA=schedule", NULL};
	const struct mst_worker_conf conf = {.program = b->program,
					     .argv = argv,
					     .env = env,
					     .ops = &ops,
					     .ctx = b};
	int rc = mst_worker_start(b->loop, &conf, &b->worker, err);

	free(state);
	b->began_us = b->mono_us;
	return rc;
}

/* False: another node does it. */
static int take_lock(struct mst_beside *b, bool *have_r, struct mst_err *err)
{
	struct mst_err busy = MST_ERR_INIT;

	*have_r = true;
	if (!mst_state_is_shared(b->state))
		return 0;
	if (mst_state_open(b->dir, &b->own, err) < 0)
		return -(int)err->code;
	mst_state_node_set(b->own, b->node);
	if (mst_state_lock(b->own, LOCK_NAME, &b->lock, &busy) == 0) {
		b->told_busy = false;
		return 0;
	}
	mst_state_close(&b->own);
	*have_r = false;
	if (busy.code != MST_E_CONFLICT) {
		*err = busy;
		return -(int)err->code;
	}
	if (!b->told_busy)
		mst_info("another node forwards alerts");
	b->told_busy = true;
	return 0;
}

/* ---- whether it is to run ------------------------------------------------ */

static int count(void *ctx, const struct mst_state_item *item)
{
	(void)item;
	++*(size_t *)ctx;
	return 0;
}

static int changed(struct mst_beside *b, bool *changed_r, struct mst_err *err)
{
	unsigned char hash[MST_AUDIT_HASH];
	int64_t version = 0;

	if (mst_audit_head(b->state, &version, hash, err) < 0)
		return -(int)err->code;
	*changed_r = version != b->version;
	b->version = version;
	return 0;
}

int mst_beside_tend(struct mst_beside *b, int64_t mono_us, struct mst_err *err)
{
	size_t rules = 0;
	bool other = false, have = false;

	b->mono_us = mono_us;
	if (b->stopping || (!b->worker && mono_us < b->not_before_us))
		return 0;
	if (changed(b, &other, err) < 0 ||
	    mst_state_items(b->state, MST_FORWARD_RULE, count, &rules, err) < 0)
		return -(int)err->code;
	if (b->worker) {
		if (rules == 0)
			mst_worker_stop(b->worker);
		else if (other)
			mst_worker_signal(b->worker, SIGHUP);
		return 0;
	}
	if (rules == 0)
		return 0;
	if (take_lock(b, &have, err) < 0 || !have)
		return err->code ? -(int)err->code : 0;
	if (start(b, err) < 0) {
		drop_lock(b);
		return -(int)err->code;
	}
	return 0;
}

void mst_beside_reload(struct mst_beside *b)
{
	b->version = -1;
}

void mst_beside_stop(struct mst_beside *b)
{
	b->stopping = true;
	if (b->worker)
		mst_worker_stop(b->worker);
}
