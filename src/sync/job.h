/* SPDX-License-Identifier: Apache-2.0
 *
 * A job with its two ends, ready to run: what `muster apply` stored, read back
 * through the option tables.
 */
#ifndef MST_SYNC_JOB_H
#define MST_SYNC_JOB_H

#include "dest/dest.h"
#include "source/source.h"
#include "state/state.h"

struct mst_job_conf {
	const char *source, *destination;
	struct mst_opt_list record_sets; /* empty: all of the source */
	double guard_share;		 /* of a record set, 0..1 */
	int64_t guard_count;		 /* never trips at or below */
	int64_t threads;		 /* 0: one per core */
	uint64_t spool_max; /* bytes on disk; 0: no limit of ours */
	bool keep_spool;
	int64_t retry_base_ms;	/* the first wait is 0 to this */
	int64_t retry_total_ms; /* of one request, all attempts */
	bool source_limits;	/* keep to the source's documented rates */
};

extern const struct mst_opt mst_job_opts[];

struct mst_job {
	struct mst_arena arena;
	const char *name;
	struct mst_job_conf conf;
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
void mst_job_fini(struct mst_job *j);
/* One connection alone: *ops_r and *conf_r of a source or a destination; the
 * other pair is NULL. Texts live in arena. */
struct mst_connection {
	const char *name, *type;
	const struct mst_source_ops *source;
	const struct mst_source_common *source_conf;
	const struct mst_dest_ops *dest;
	const void *dest_conf;
};
int mst_connection_load(struct mst_state *state, const char *name,
			struct mst_arena *arena, struct mst_connection *c_r,
			struct mst_err *err);
/* Checks an item before it is stored: types, options, references. items: all
 * that will be there. */
int mst_item_check(const struct mst_conf_item *item, struct mst_err *err);
/* Does the job take the set? A derived set goes with its origin. */
bool mst_job_wants(const struct mst_job *j, const struct mst_set *set);

#endif
