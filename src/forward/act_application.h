/* SPDX-License-Identifier: Apache-2.0
 *
 * The action "application": the whole alert as a row of the update set's own
 * table. Its key is that of the record set ot_alerts, and so are its values:
 * an alert that was forwarded first and read later is one record.
 */
#ifndef MST_FORWARD_ACT_APPLICATION_H
#define MST_FORWARD_ACT_APPLICATION_H

#include "alert/alert.h"
#include "base/buf.h"
#include "conf/conf.h"
#include "forward/act_text.h"

#define MST_APPLICATION_TABLE "u_muster_ot_alert"

struct mst_application_conf {
	const char *connection;
	int acknowledge; /* enum mst_acknowledge */
};

extern const struct mst_opt mst_application_opts[];

/* What ServiceNow knows the alert's devices as: sys_ids, "" for none. */
struct mst_application_refs {
	const char *source_device, *destination_device;
	const char *ci; /* of the source device */
};

/* Value of u_key; not cut. */
void mst_application_key(const char *source, struct mst_slice key,
			 struct mst_buf *out);
/* The row, for POST and for PATCH. Columns of people are not in it, nor are
 * references that are not known: what is there stays. */
void mst_application_body(const char *source, struct mst_slice key,
			  const struct mst_alert *a,
			  const struct mst_application_refs *refs,
			  struct mst_buf *out);

#endif
