/* SPDX-License-Identifier: Apache-2.0
 *
 * A job with its two ends, ready to run: what `muster apply` stored, read back
 * through the option tables.
 */
#ifndef MST_SYNC_JOB_H
#define MST_SYNC_JOB_H

#include "sync/connection.h"

struct mst_job_conf {
	const char *source, *destination;
	struct mst_opt_list record_sets;   /* empty: all of the source */
	struct mst_opt_list relationships; /* empty: all that the settings
					    * offer; "none" */
	struct mst_opt_list asset_types;   /* as for record_sets */
	double guard_share;		   /* of a record set, 0..1 */
	int64_t guard_count;		   /* never trips at or below */
	int64_t threads;		   /* 0: one per core */
	uint64_t spool_max; /* bytes on disk; 0: no limit of ours */
	bool keep_spool;
	int64_t retry_base_ms;	/* the first wait is 0 to this */
	int64_t retry_total_ms; /* of one request, all attempts */
	bool source_limits;	/* keep to the source's documented rates */
	int64_t undo_days;	/* a run can be undone for; 0: never */
	bool second_software;	/* another job may write software there too */
	struct {
		const char *cron, *after, *time_zone; /* NULL */
		int64_t every_ms;		      /* 0 */
		struct mst_opt_list windows;
		int64_t jitter_ms;
		int missed; /* enum mst_missed */
		bool paused;
	} schedule; /* job_schedule.h */
};

#define MST_JOB_NONE "none" /* alone in relationships */

extern const struct mst_opt mst_job_opts[];

struct mst_job {
	struct mst_arena arena;
	const char *name;
	struct mst_job_conf conf;
	/* The destination's environment: its settings are in force on both
	 * ends. */
	enum mst_env env;
	struct mst_connection source_end, dest_end;
	/* of these ends, for short */
	const struct mst_source_ops *source;
	const struct mst_source_common *source_conf;
	/* The source's catalogue as the settings and custom mappings of this
	 * job's environment make it (model/derive.h); the engine uses no
	 * other. */
	const struct mst_catalog *catalog;
	const struct mst_dest_ops *dest;
	const void *dest_conf;
};

/* Reads the job and its connections from the state store. Errors name what is
 * missing or does not fit. */
int mst_job_load(struct mst_state *state, const char *name, struct mst_job *j_r,
		 struct mst_err *err);
/* The same of a configuration whose items in front outlive the job. */
int mst_job_get(const struct mst_config *c, const char *name,
		struct mst_job *j_r, struct mst_err *err);
void mst_job_fini(struct mst_job *j);
/* What the settings and custom mappings of both ends make of the source's
 * catalogue; it lives in arena. dest may be NULL: the source alone. */
int mst_job_catalog(const struct mst_connection *source,
		    const struct mst_connection *dest, struct mst_arena *arena,
		    const struct mst_catalog **catalog_r, struct mst_err *err);
/* The most records of so many that the guard lets go in one run. */
static inline double mst_guard_limit(const struct mst_job_conf *c,
				     uint64_t delivered)
{
	double share = c->guard_share * (double)delivered;

	return share > (double)c->guard_count ? share : (double)c->guard_count;
}
/* Does the job take the set? A derived set goes with its origin; what a setting
 * does not offer no job takes. */
bool mst_job_wants(const struct mst_job *j, const struct mst_set *set);
/* The feeds (bits) that the sets it takes need, with those that they refer to.
 * source: opened with the job's settings. */
uint32_t mst_job_feeds(const struct mst_job *j, struct mst_source *source);

#endif
