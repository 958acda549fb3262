/* SPDX-License-Identifier: Apache-2.0
 *
 * Actions: what is done with an alert that a rule takes. An item with a name
 * and a type; rules name it.
 *
 *   forward_actions:
 *     - name: tickets
 *       type: incident          # or application, event: ServiceNow's
 *       connection: cmdb
 *     - name: siem
 *       type: syslog            # or webhook, mail
 *       address: siem.example.com:6514
 */
#ifndef MST_FORWARD_ACTION_H
#define MST_FORWARD_ACTION_H

#include "forward/act_application.h"
#include "forward/act_event.h"
#include "forward/act_incident.h"
#include "forward/act_mail.h"
#include "forward/act_syslog.h"
#include "forward/act_webhook.h"

enum mst_action_type {
	MST_ACTION_INCIDENT,
	MST_ACTION_APPLICATION,
	MST_ACTION_EVENT,
	MST_ACTION_WEBHOOK,
	MST_ACTION_SYSLOG,
	MST_ACTION_MAIL
};

struct mst_alert_action {
	const char *name;
	enum mst_action_type type;
	/* Of type servicenow; NULL: the action has an address of its own. */
	const char *connection;
	enum mst_acknowledge acknowledge;
	union {
		struct mst_incident_conf incident;
		struct mst_application_conf application;
		struct mst_event_conf event;
		struct mst_webhook_conf webhook;
		struct mst_syslog_conf syslog;
		struct mst_mail_conf mail;
	} u;
};

/* "incident", …, NULL ended; by enum mst_action_type. */
extern const char *const mst_action_types[];

/* Its option table; NULL: there is no such type. */
const struct mst_opt *mst_action_opts(const char *type);
/* Out of an item; texts live in arena, the rest until fini. MST_E_INVALID with
 * the place, for an unknown type with the nearest one. Reads no secret and
 * looks at no other item. */
int mst_action_make(const struct mst_conf_item *item, struct mst_arena *arena,
		    struct mst_alert_action *a_r, struct mst_err *err);
void mst_action_fini(struct mst_alert_action *a);

#endif
