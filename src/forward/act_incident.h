/* SPDX-License-Identifier: Apache-2.0
 *
 * The action "incident": bodies of requests to the Table API for an incident or
 * a security incident. Bytes only; who sends them looks an alert that is in
 * doubt up first.
 *
 *   query   GET   /api/now/table/TABLE?…   is there one already?
 *   open    POST  /api/now/table/TABLE
 *   update  PATCH /api/now/table/TABLE/SYS_ID
 *   close   PATCH /api/now/table/TABLE/SYS_ID
 *
 * An update only adds work notes: what people have set stays as it is.
 */
#ifndef MST_FORWARD_ACT_INCIDENT_H
#define MST_FORWARD_ACT_INCIDENT_H

#include "alert/alert.h"
#include "base/buf.h"
#include "conf/conf.h"
#include "forward/act_text.h"

/* How close_notes begin of an incident that muster has closed. */
#define MST_INCIDENT_HANDLED "The alert was handled in Defender for IoT: "

/* 1 high, 2 medium, 3 low. */
struct mst_incident_level {
	int impact, urgency;
};

struct mst_incident_conf {
	/* Options. */
	const char *connection;
	const char *table; /* "incident", "sn_si_incident" … */
	const char *caller, *assignment_group; /* sys_ids */
	const char *category;
	struct mst_opt_list level_texts;
	const char *close_state, *close_code;
	int acknowledge; /* enum mst_acknowledge */
	/* Made of them. */
	struct mst_incident_level levels[MST_SEVERITY_CRITICAL + 1];
};

extern const struct mst_opt mst_incident_opts[];

/* Out of an item; texts live in arena. MST_E_INVALID with the place. */
int mst_incident_make(const struct mst_conf_item *item, struct mst_arena *arena,
		      struct mst_incident_conf *c_r, struct mst_err *err);

/* The query string that finds the alert's incidents, the newest first. */
void mst_incident_query(const char *source, struct mst_slice key,
			struct mst_buf *out);
/* ci: sys_id of the device in the CMDB; "" or NULL: it is not there. */
void mst_incident_open(const struct mst_incident_conf *c, const char *source,
		       struct mst_slice key, const struct mst_alert *a,
		       const char *ci, struct mst_buf *out);
/* mark: ends the note, so that one whose fate is not known is recognised. */
void mst_incident_update(const struct mst_alert *a, const char *mark,
			 struct mst_buf *out);
void mst_incident_close(const struct mst_incident_conf *c,
			const struct mst_alert *a, struct mst_buf *out);

#endif
