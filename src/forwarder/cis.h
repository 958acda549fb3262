/* SPDX-License-Identifier: Apache-2.0
 *
 * Which device and which CI of ServiceNow an alert speaks of, by the rows of
 * u_muster_ot_device. Rather none than a wrong one. Answers are kept for some
 * minutes.
 */
#ifndef MST_FORWARDER_CIS_H
#define MST_FORWARDER_CIS_H

#include "alert/alert.h"
#include "forwarder/instance.h"

struct mst_cis;

struct mst_ci {
	char device[33]; /* sys_id of the row; "": not known */
	char ci[33];	 /* of its CI */
};

struct mst_cis *mst_cis_new(void);
void mst_cis_free(struct mst_cis **c);
/* Notes that this device of the source connection will be asked for. */
void mst_cis_want(struct mst_cis *c, const char *source,
		  const struct mst_party *p, int64_t now_us);
/* Asks for what is wanted and not known. <0: the instance is away. That it has
 * no such table, or does not show it, is no error: nothing is found then, and
 * *note_r says why, once. */
int mst_cis_fill(struct mst_cis *c, struct mst_instance *i,
		 const atomic_bool *stop, char note_r[480],
		 struct mst_err *err);
/* Lent until the next want; never NULL. */
const struct mst_ci *mst_cis_get(const struct mst_cis *c, const char *source,
				 const struct mst_party *p);

#endif
