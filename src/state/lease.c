/* SPDX-License-Identifier: Apache-2.0
 *
 * Leases on PostgreSQL. Only the server's clock says how long one is valid;
 * the holder's own only says when to give up hope: when nothing could be
 * renewed for as long as a lease is valid, another may have it.
 */
#include "lease.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/num.h"
#include "base/time.h"
#include "pg.h"
#include "state/task.h"

struct mst_lease {
	struct mst_pgc c;
	char *name, *what;
	int64_t token;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool started, stop; /* stop: under the lock */
	atomic_bool lost;
};

/* Set when any lease of the process is lost. */
static _Atomic(atomic_bool *) lost_flag;

void mst_state_lost_set(atomic_bool *flag)
{
	atomic_store(&lost_flag, flag);
}

void mst_lease_lose(struct mst_lease *l)
{
	atomic_bool *flag = atomic_load(&lost_flag);

	atomic_store(&l->lost, true);
	if (flag)
		atomic_store(flag, true);
}

bool mst_lease_is_lost(const struct mst_lease *l)
{
	return atomic_load(&l->lost);
}

int64_t mst_lease_token(const struct mst_lease *l)
{
	return l->token;
}

int mst_lease_lost_err(const struct mst_lease *l, struct mst_err *err)
{
	return mst_err_set(err, MST_E_CONFLICT,
			   "%s went to another process: this one stood still "
			   "or was cut off from the state store for more than "
			   "%d s; nothing more is stored of it",
			   l->what, (int)(mst_node_gone_us() / 1000000));
}

/* ---- statements ---------------------------------------------------------- */

/* Texts in, the last result out. */
static int ask(struct mst_lease *l, const char *sql, const char *const *v,
	       int n, PGresult **res_r, struct mst_err *err)
{
	if (!PQsendQueryParams(l->c.h, sql, n, NULL, v, NULL, NULL, 0))
		return mst_pgc_fail(&l->c, NULL, err);
	return mst_pgc_take(&l->c, res_r, err);
}

static int held_by(struct mst_lease *l, struct mst_err *err)
{
	static const char sql[] =
	    "SELECT holder, run FROM muster_state.lease WHERE name = $1";
	const char *const v[] = {l->name};
	const char *run;
	PGresult *res = NULL;
	int rc = ask(l, sql, v, 1, &res, err);

	if (rc < 0)
		return rc;
	run = PQntuples(res) ? PQgetvalue(res, 0, 1) : "0";
	rc = mst_err_set(
	    err, MST_E_CONFLICT,
	    "%s is in use by %s%s%s: wait for it to end, or stop it", l->what,
	    PQntuples(res) ? PQgetvalue(res, 0, 0) : "another process",
	    strcmp(run, "0") ? ", run " : "", strcmp(run, "0") ? run : "");
	PQclear(res);
	return rc;
}

static int take(struct mst_lease *l, const char *node, struct mst_err *err)
{
	static const char sql[] =
	    "INSERT INTO muster_state.lease AS l"
	    " (name, holder, token, until_us, run, node)"
	    " VALUES ($1, $2, 1, " MST_PG_NOW " + $3::bigint, 0, $4)"
	    " ON CONFLICT (name) DO UPDATE"
	    " SET holder = $2, token = l.token + 1,"
	    " until_us = " MST_PG_NOW " + $3::bigint, run = 0, node = $4"
	    " WHERE l.until_us < " MST_PG_NOW " RETURNING token";
	char host[65] = "", holder[128], valid[24];
	const char *const v[] = {l->name, holder, valid, node};
	PGresult *res = NULL;
	int rc;

	(void)gethostname(host, sizeof(host) - 1);
	(void)snprintf(holder, sizeof(holder), "process %ld on %s",
		       (long)getpid(), host);
	(void)snprintf(valid, sizeof(valid), "%lld",
		       (long long)mst_node_gone_us());
	rc = ask(l, sql, v, 4, &res, err);
	if (rc < 0)
		return rc;
	if (PQntuples(res) == 1 &&
	    mst_num_i64(mst_slice_str(PQgetvalue(res, 0, 0)), &l->token))
		rc = 0;
	else
		rc = held_by(l, err);
	PQclear(res);
	return rc;
}

/* *is_r false: another one has it. */
static int renew(struct mst_lease *l, const char *until, bool *is_r,
		 struct mst_err *err)
{
	char *sql = mst_asprintf("UPDATE muster_state.lease SET until_us = %s"
				 " WHERE name = $1 AND token = $2",
				 until);
	char token[24];
	const char *const v[] = {l->name, token};
	PGresult *res = NULL;
	int rc = 0;

	(void)snprintf(token, sizeof(token), "%lld", (long long)l->token);
	/* One that has died since it was last used is only noticed now. */
	for (int i = 0; i < 2 && (i == 0 || mst_pgc_lost(&l->c)); i++) {
		rc = mst_pgc_ready(&l->c, err);
		if (rc == 0)
			rc = ask(l, sql, v, 2, &res, err);
		if (rc == 0)
			break;
	}
	free(sql);
	if (rc < 0)
		return rc;
	*is_r = strcmp(PQcmdTuples(res), "1") == 0;
	PQclear(res);
	return 0;
}

/* ---- the thread ---------------------------------------------------------- */

/* False: it shall end. */
static bool pause_for(struct mst_lease *l, int64_t us)
{
	struct timespec at;
	int64_t ns;
	bool on;

	(void)clock_gettime(CLOCK_MONOTONIC, &at);
	ns = at.tv_nsec + us * 1000;
	at.tv_sec += ns / 1000000000;
	at.tv_nsec = ns % 1000000000;
	(void)pthread_mutex_lock(&l->lock);
	while (!l->stop && pthread_cond_timedwait(&l->wake, &l->lock, &at) == 0)
		;
	on = !l->stop;
	(void)pthread_mutex_unlock(&l->lock);
	return on;
}

static void *keep(void *arg)
{
	struct mst_lease *l = arg;
	const int64_t valid_us = mst_node_gone_us();
	int64_t good_us = mst_pgc_mono_us();
	char until[80];

	(void)snprintf(until, sizeof(until), MST_PG_NOW " + %lld",
		       (long long)valid_us);
	while (pause_for(l, valid_us / 5)) {
		struct mst_err err = MST_ERR_INIT;
		int64_t asked_us = mst_pgc_mono_us();
		bool is = false;
		int rc = renew(l, until, &is, &err);

		if (rc == 0 && is) {
			good_us = asked_us;
			continue;
		}
		if (rc < 0 && mst_pgc_mono_us() - good_us < valid_us)
			continue;
		mst_lease_lose(l);
		break;
	}
	return NULL;
}

static int start(struct mst_lease *l, struct mst_err *err)
{
	pthread_condattr_t attr;
	int rc;

	(void)pthread_mutex_init(&l->lock, NULL);
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&l->wake, &attr);
	(void)pthread_condattr_destroy(&attr);
	rc = pthread_create(&l->thread, NULL, keep, l);
	l->started = rc == 0;
	if (rc == 0)
		return 0;
	errno = rc;
	return mst_err_os(err, "%s: no thread for its lease", l->what);
}

int mst_lease_take(const char *url, const char *name, const char *what,
		   const char *node, struct mst_lease **l_r,
		   struct mst_err *err)
{
	struct mst_lease *l = mst_alloc(sizeof(*l));
	int rc = mst_pgc_init(&l->c, url, err);

	l->name = mst_strdup(name);
	l->what = mst_strdup(what);
	l->c.quick = true;
	if (rc == 0)
		rc = mst_pgc_ready(&l->c, err);
	if (rc == 0)
		rc = take(l, node, err);
	if (rc == 0)
		rc = start(l, err);
	if (rc < 0)
		mst_lease_drop(&l);
	else
		*l_r = l;
	return rc;
}

void mst_lease_drop(struct mst_lease **lp)
{
	struct mst_lease *l = *lp;
	struct mst_err err = MST_ERR_INIT;
	bool was;

	if (!l)
		return;
	if (l->started) {
		(void)pthread_mutex_lock(&l->lock);
		l->stop = true;
		(void)pthread_cond_signal(&l->wake);
		(void)pthread_mutex_unlock(&l->lock);
		(void)pthread_join(l->thread, NULL);
		(void)pthread_cond_destroy(&l->wake);
		(void)pthread_mutex_destroy(&l->lock);
	}
	/* If that fails it runs out by itself. */
	if (l->token && !mst_lease_is_lost(l))
		(void)renew(l, "0", &was, &err);
	mst_pgc_fini(&l->c);
	free(l->name);
	free(l->what);
	free(l);
	*lp = NULL;
}
