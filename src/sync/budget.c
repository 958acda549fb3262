/* SPDX-License-Identifier: Apache-2.0
 *
 * A budget of the state store.
 */
#include "sync/budget.h"

#include "base/log.h"
#include "base/time.h"
#include "state/task.h"
#include "sync/job_schedule.h"

static int take(void *ctx, uint64_t want, uint64_t *got_r, int64_t *until_us,
		struct mst_err *err)
{
	struct mst_run_budget *b = ctx;
	int64_t now = mst_now_us();
	char at[21];
	int rc;

	*got_r = 0;
	if (b->cancel && atomic_load(b->cancel))
		return mst_err_set(err, MST_E_CANCELLED,
				   "cancelled while it waited for requests of "
				   "'%s'",
				   b->connection);
	if (now < b->until_us) {
		*until_us = b->until_us;
		return 0;
	}
	rc = mst_budget_take(b->state, b->connection, b->per_hour, want, now,
			     got_r, until_us, err);
	if (rc < 0 || *got_r)
		return rc;
	b->until_us = *until_us;
	mst_time_iso(b->until_us, at);
	mst_info("connection %s: the %llu requests of this hour are used up "
		 "(requests_per_hour): it goes on at %s",
		 b->connection, (unsigned long long)b->per_hour, at);
	return 0;
}

static void give_back(void *ctx, uint64_t n)
{
	struct mst_run_budget *b = ctx;
	struct mst_err err = MST_ERR_INIT;

	if (mst_budget_give_back(b->state, b->connection, n, mst_now_us(),
				 &err) < 0)
		mst_debug("requests are not given back: %s", err.msg);
}

const struct mst_budget *mst_run_budget(struct mst_run_budget *b,
					struct mst_state *state,
					const struct mst_connection *c,
					const atomic_bool *cancel)
{
	*b = (struct mst_run_budget){.ask = {take, give_back, b},
				     .state = state,
				     .connection = c->name,
				     .per_hour = mst_connection_budget(c),
				     .cancel = cancel};
	return b->per_hour ? &b->ask : NULL;
}
