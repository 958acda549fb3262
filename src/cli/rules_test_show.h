/* SPDX-License-Identifier: Apache-2.0
 *
 * What a trial of rules found, as text or JSON: counts by column, samples by
 * field, the two deltas side by side.
 */
#ifndef MST_CLI_RULES_TEST_SHOW_H
#define MST_CLI_RULES_TEST_SHOW_H

#include "sync/trial.h"
#include "json/out.h"

#define CLI_TRIAL_SAMPLES 1000 /* more are for no person */

struct cli_trial_column {
	const char *name, *rule; /* the candidate's, else the one before */
	uint16_t flags;
	uint64_t records; /* that differ in it */
};

struct cli_trial_set {
	const struct mst_set *set;
	uint64_t records, differ, gained, lost, left;
	uint64_t shown; /* samples */
	struct cli_trial_column columns[2 * MST_MAX_COLUMNS];
	size_t columns_n;
	struct mst_buf samples; /* text, or members of a JSON array */
	struct mst_jout j;
};

struct cli_trial_show {
	struct mst_trial *trial;
	const char *connection;
	enum mst_env env;
	const struct mst_conf_item *settings; /* the candidate */
	uint64_t samples;		      /* at most CLI_TRIAL_SAMPLES */
	struct cli_trial_set *sets;
	size_t sets_n;
};

void cli_trial_begin(struct cli_trial_show *s);
/* For mst_trial_records. */
int cli_trial_record(void *show, const struct mst_trial_record *r);
/* ", on inserts only" and the like; "" of an ordinary column. */
const char *cli_trial_flags(uint16_t flags);
void cli_trial_print(struct cli_trial_show *s);
void cli_trial_end(struct cli_trial_show *s);

#endif
