/* SPDX-License-Identifier: Apache-2.0
 *
 * Forwarding rules: which alerts go where. Conditions are joined by AND, the
 * values of one by OR; what is not given takes all. Matching is pure.
 *
 *   name: plant-a
 *   source: iot              # the connection that alerts come from
 *   severity: major          # and above
 *   protocols: [modbus, "s7*"]
 *   engines: [malware, anomaly]
 *   actions: [incidents, siem]   # names of forward_actions
 */
#ifndef MST_FORWARD_RULE_H
#define MST_FORWARD_RULE_H

#include "alert/alert.h"
#include "base/zone.h"
#include "conf/conf.h"
#include "json/out.h"

#define MST_ALERT_RULE_ACTIONS 16 /* of all rules that one alert fits */

enum mst_alert_rule_poll {
	MST_POLL_AUTO, /* unless a receiver has the source's alerts */
	MST_POLL_YES,
	MST_POLL_NO
};

struct mst_alert_rule {
	const char *name;
	/* Options. */
	bool enabled;
	const char *source;
	int severity; /* 0: Warning … 3: Critical */
	struct mst_opt_list protocols, engines;
	struct mst_opt_list actions; /* each once, at most 16 */
	bool system_notifications, alert_notifications;
	const char *from;
	bool close_handled;
	int poll;	    /* enum mst_alert_rule_poll */
	int64_t poll_every; /* ms */
	/* Made of them. */
	bool polls; /* by whoever knows the receivers (forwarder/conf.c) */
	enum mst_severity least;
	unsigned engine_bits; /* 1u << enum mst_engine; 0: all */
	int64_t from_us;
};

/* Why a rule does not take an alert; the first that holds. */
enum mst_alert_rule_no {
	MST_ALERT_RULE_TAKES,
	MST_ALERT_RULE_DISABLED,
	MST_ALERT_RULE_SOURCE,
	MST_ALERT_RULE_SYSTEM, /* a system notification, which it does not
				  report */
	MST_ALERT_RULE_ALERT,  /* an alert, which it does not report */
	MST_ALERT_RULE_BEFORE, /* raised before the rule existed, or `from` */
	MST_ALERT_RULE_SEVERITY,
	MST_ALERT_RULE_ENGINE,
	MST_ALERT_RULE_PROTOCOL
};

extern const struct mst_opt mst_alert_rule_opts[];

/* A rule out of its item. created_us: when it came to be; alerts that are older
 * are not its own unless `from` says so. Texts live in arena. MST_E_INVALID
 * with the place. */
int mst_alert_rule_make(const struct mst_conf_item *item, int64_t created_us,
			struct mst_arena *arena, struct mst_alert_rule *rule_r,
			struct mst_err *err);
/* source: the connection that the alert came from. An alert that does not say
 * its severity, engine or protocol only fits where all are taken; one without
 * a time was raised now. */
enum mst_alert_rule_no mst_alert_rule_match(const struct mst_alert_rule *rule,
					    const char *source,
					    const struct mst_alert *a,
					    int64_t now_us);
/* Its severity as the option has it: "minor". */
const char *mst_alert_rule_severity(const struct mst_alert_rule *r);
/* One as an object, for people who look how forwarding goes. */
void mst_alert_rule_json(struct mst_jout *j, const struct mst_alert_rule *r);
/* The reason as a sentence's end: "its severity Minor is below Major". */
const char *mst_alert_rule_why(enum mst_alert_rule_no no,
			       const struct mst_alert_rule *rule,
			       const char *source, const struct mst_alert *a,
			       char out[256]);

#endif
