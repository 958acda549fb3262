/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the comparison share.
 */
#ifndef MST_SIM_VERIFY_PRIVATE_H
#define MST_SIM_VERIFY_PRIVATE_H

#include <curl/curl.h>

#include "sim/private.h"
#include "sim/truth.h"
#include "sim/verify.h"
#include "json/json.h"

#define VERIFY_COLUMNS 48

struct columns {
	const char *v[VERIFY_COLUMNS];
	unsigned n;
};

struct verify {
	struct mst_sim *sim;
	struct sim_truth *truth;
	struct mst_buf *report;
	uint64_t missing, extra, wrong, doubled, compared;
	unsigned lines;
	CURL *curl;
	struct mst_buf page;
	struct mst_json_parser *json;
	struct mst_arena arena;
	/* sys_id → key, for every set that others refer to */
	struct mst_map key_of[TRUTH__SETS];
	/* of the set at hand: key → index + 1; and which were seen */
	struct mst_map expected;
	bool *seen;
};

/* A line of the report; the first ones count. */
void verify_say(struct verify *v, const char *fmt, ...) MST_PRINTF(2, 3);
/* The rows of a table behind a sys_id ("": from the first). */
int verify_page(struct verify *v, const char *table, const struct columns *cols,
		const char *after, struct mst_json *list_r,
		struct mst_err *err);
/* A reference that comes with its link is its sys_id. */
struct mst_slice verify_text(struct mst_json row, const char *column);
void verify_column(struct columns *c, const char *name);
/* Did muster make the row? */
bool verify_ours(struct mst_json row);
/* Does the text agree with the field? refers: the key of what a reference is
 * to, or "?". */
bool verify_agrees(const struct truth_field *f, struct mst_slice is,
		   const char *refers);
void verify_wrong(struct verify *v, const char *table, const char *key,
		  const struct truth_field *f, struct mst_slice is,
		  const char *refers);

/* verify_incidents.c */
int verify_incidents(struct verify *v, const struct sim_incidents_of *of,
		     struct sim_incidents *n_r, struct mst_err *err);

/* verify_iot.c: what is there of Defender for IoT. */
int verify_iot(struct verify *v, struct mst_err *err);
/* Is a row that the other sources' truth does not expect one of those? */
bool verify_iot_owns(const struct verify *v, enum truth_set set,
		     const char *key, struct mst_json row);

#endif
