/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of this far end share.
 */
#ifndef MST_FORWARDER_TO_SERVICENOW_H
#define MST_FORWARDER_TO_SERVICENOW_H

#include "forwarder/cis.h"
#include "forwarder/to.h"

struct to_sn {
	struct mst_to base;
	struct mst_instance *instance;
	struct mst_cis *cis;
	const char *table;
	bool rows; /* of the application; else incidents */
	struct mst_arena arena;
};

/* What is asked next. */
enum sn_step {
	SN_FIND,  /* GET by correlation id or key */
	SN_NOTES, /* GET the work notes: is the update among them? */
	SN_MAKE,  /* POST */
	SN_CHANGE /* PATCH */
};

struct sn_job {
	struct mst_sending *s;
	enum sn_step step;
	char sys_id[33];
	bool violated; /* the unique key said once that it is there */
	/* Refused for a reason that may be everybody's. */
	bool held;
	struct mst_bundle_answer why;
};

/* The next request of a delivery; texts live in the far end's arena. */
struct mst_bundle_req mst_to_sn_request(struct to_sn *t,
					const struct sn_job *j);
/* Ends a note, so that one whose answer was lost is found among the others. */
void mst_to_sn_mark(const struct mst_delivery *d, char out[64]);

#endif
