/* SPDX-License-Identifier: Apache-2.0
 *
 * The jobs that read a connection: what its RecVer's targets are, and which
 * record sets each of them has.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/recver.h"

int recver_jobs_load(struct recver_jobs *jobs, struct mst_state *state,
		     const struct mst_connection *connection,
		     struct mst_arena *arena, struct mst_err *err)
{
	const struct mst_config config = {.state = state};
	const char *const *names;
	size_t n = 0;
	int rc = mst_config_jobs(&config, arena, &names, err);

	*jobs = (struct recver_jobs){
	    .state = state, .connection = connection, .arena = arena};
	if (rc < 0)
		return rc;
	while (names[n])
		n++;
	jobs->v = mst_alloc((n + 1) * sizeof(*jobs->v));
	for (size_t i = 0; i < n; i++) {
		struct mst_job *job = &jobs->v[jobs->n];
		struct mst_err bad = MST_ERR_INIT;

		/* One that is wrong delivers nothing. */
		if (mst_job_load(state, names[i], job, &bad) == 0 &&
		    strcmp(job->conf.source, connection->name) == 0)
			jobs->n++;
		else
			mst_job_fini(job);
	}
	return 0;
}

void recver_jobs_fini(struct recver_jobs *jobs)
{
	for (size_t i = 0; i < jobs->n; i++)
		mst_job_fini(&jobs->v[i]);
	free(jobs->v);
	*jobs = (struct recver_jobs){.n = 0};
}

void recver_jobs_target(const struct recver_jobs *jobs, const char *name,
			struct mst_recver_target *t_r)
{
	const struct mst_config config = {.state = jobs->state};
	const struct mst_conf_item *item = NULL;
	struct mst_err err = MST_ERR_INIT;

	*t_r = (struct mst_recver_target){
	    .catalog = jobs->connection->source->catalog,
	};
	if (mst_config_find(&config, "connection", name, jobs->arena, &item,
			    &err) == 0 &&
	    item)
		t_r->is_destination = true;
	for (size_t i = 0; i < jobs->n; i++) {
		if (strcmp(jobs->v[i].conf.destination, name) != 0)
			continue;
		t_r->catalog = jobs->v[i].catalog;
		t_r->job = jobs->v[i].name;
		return;
	}
}
