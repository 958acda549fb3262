/* SPDX-License-Identifier: Apache-2.0
 *
 * Forwarding rules.
 */
#include "forward/rule.h"

#include <stdio.h>

#include "base/time.h"
#include "forward/item.h"

#define AT(member) offsetof(struct mst_alert_rule, member)

const struct mst_opt mst_alert_rule_opts[] = {
    {"enabled", MST_OPT_BOOL, AT(enabled), "yes", NULL, 0, 0, 0,
     "no: the rule takes nothing"},
    {"source", MST_OPT_TEXT, AT(source), NULL, NULL, 0, 0, MST_OPT_REQUIRED,
     "the connection that alerts come from"},
    {"severity", MST_OPT_CHOICE, AT(severity), "warning",
     "warning|minor|major|critical", 0, 0, 0,
     "alerts of this severity and above"},
    {"protocols", MST_OPT_LIST, AT(protocols), NULL, NULL, 0, 0, 0,
     "alerts of these protocols, '*' stands for any text; empty: of all"},
    {"engines", MST_OPT_LIST, AT(engines), NULL,
     "protocol_violation|policy_violation|malware|anomaly|operational", 0, 0, 0,
     "alerts of these engines; empty: of all"},
    {"system_notifications", MST_OPT_BOOL, AT(system_notifications), "no", NULL,
     0, 0, 0,
     "report what a sensor or console tells of itself: offline, online, a "
     "failed backup"},
    {"alert_notifications", MST_OPT_BOOL, AT(alert_notifications), "yes", NULL,
     0, 0, 0, "report alerts"},
    {"from", MST_OPT_TEXT, AT(from), NULL, NULL, 0, 0, 0,
     "also alerts that were raised since this time, UTC; without it those "
     "that are raised when the rule is there"},
    {"actions", MST_OPT_LIST, AT(actions), NULL, NULL, 0, 0, MST_OPT_REQUIRED,
     "what is done: names of forward_actions"},
    {"close_handled", MST_OPT_BOOL, AT(close_handled), "yes", NULL, 0, 0, 0,
     "close the incident when the alert is handled at its source"},
    {"poll", MST_OPT_CHOICE, AT(poll), "auto", "auto|yes|no", 0, 0, 0,
     "ask the source for alerts; no: the rule waits for what receivers get; "
     "auto: no when a receiver has the source's alerts"},
    {"poll_every", MST_OPT_DURATION, AT(poll_every), "1m", NULL, 10e3, 86400e3,
     0,
     "how often the source is asked; of several rules of a source the shortest "
     "counts"},
    {0},
};

/* ---- making one ---------------------------------------------------------- */

static int check_actions(const struct mst_conf_item *item,
			 const struct mst_opt_list *v, struct mst_err *err)
{
	if (v->n == 0)
		return mst_item_fail(item, "actions", err,
				     "is empty: name at least one of "
				     "forward_actions");
	if (v->n > MST_ALERT_RULE_ACTIONS)
		return mst_item_fail(item, "actions", err,
				     "has %zu actions, the most is %d", v->n,
				     MST_ALERT_RULE_ACTIONS);
	for (size_t i = 0; i < v->n; i++) {
		for (size_t k = 0; k < i; k++) {
			if (strcmp(v->v[k], v->v[i]) == 0)
				return mst_item_fail(item, "actions", err,
						     "names \"%.80s\" twice",
						     v->v[i]);
		}
	}
	return 0;
}

static int make_from(const struct mst_conf_item *item, int64_t created_us,
		     struct mst_alert_rule *r, struct mst_err *err)
{
	r->from_us = created_us;
	if (!r->from || !*r->from)
		return 0;
	if (mst_time_parse(mst_slice_str(r->from), &r->from_us) &&
	    r->from_us != MST_TIME_NONE)
		return 0;
	return mst_item_fail(item, "from", err,
			     "must be a time like 2026-11-01 or "
			     "2026-11-01T08:00:00Z, not \"%.80s\"",
			     r->from);
}

int mst_alert_rule_make(const struct mst_conf_item *item, int64_t created_us,
			struct mst_arena *arena, struct mst_alert_rule *rule_r,
			struct mst_err *err)
{
	struct mst_alert_rule r = {.name = item->name};
	int rc = mst_conf_apply(item, mst_alert_rule_opts, &r, arena, err);

	if (rc == 0)
		rc = check_actions(item, &r.actions, err);
	if (rc == 0)
		rc = make_from(item, created_us, &r, err);
	if (rc < 0)
		return rc;
	if (!r.system_notifications && !r.alert_notifications)
		return mst_item_fail(item, "alert_notifications", err,
				     "and system_notifications are both off: "
				     "such a rule takes nothing; use enabled: "
				     "no to switch it off");
	r.least = (enum mst_severity)(MST_SEVERITY_WARNING + r.severity);
	for (size_t i = 0; i < r.engines.n; i++)
		r.engine_bits |=
		    1u << mst_engine_parse(mst_slice_str(r.engines.v[i]));
	r.name = mst_arena_strdup(arena, item->name);
	*rule_r = r;
	return 0;
}

/* ---- matching ------------------------------------------------------------ */

static bool takes_protocol(const struct mst_alert_rule *r,
			   struct mst_slice protocol)
{
	if (r->protocols.n == 0)
		return true;
	for (size_t i = 0; protocol.n && i < r->protocols.n; i++) {
		if (mst_slice_fits(protocol, r->protocols.v[i]))
			return true;
	}
	return false;
}

static bool takes_severity(const struct mst_alert_rule *r, enum mst_severity s)
{
	return s >= r->least || r->least == MST_SEVERITY_WARNING;
}

static bool is_before(const struct mst_alert_rule *r, const struct mst_alert *a,
		      int64_t now_us)
{
	int64_t at = a->time_us == MST_TIME_NONE ? now_us : a->time_us;

	return r->from_us != MST_TIME_NONE && at < r->from_us;
}

enum mst_alert_rule_no mst_alert_rule_match(const struct mst_alert_rule *r,
					    const char *source,
					    const struct mst_alert *a,
					    int64_t now_us)
{
	if (!r->enabled)
		return MST_ALERT_RULE_DISABLED;
	if (strcmp(r->source, source) != 0)
		return MST_ALERT_RULE_SOURCE;
	if (a->system && !r->system_notifications)
		return MST_ALERT_RULE_SYSTEM;
	if (!a->system && !r->alert_notifications)
		return MST_ALERT_RULE_ALERT;
	if (is_before(r, a, now_us))
		return MST_ALERT_RULE_BEFORE;
	if (!takes_severity(r, a->severity))
		return MST_ALERT_RULE_SEVERITY;
	/* A notification of a sensor is of no protocol, and of the engine
	 * Operational or none: its own switch decides. */
	if (a->system)
		return MST_ALERT_RULE_TAKES;
	if (r->engine_bits && !(r->engine_bits & 1u << a->engine))
		return MST_ALERT_RULE_ENGINE;
	if (!takes_protocol(r, a->protocol))
		return MST_ALERT_RULE_PROTOCOL;
	return MST_ALERT_RULE_TAKES;
}

static const char *or_none(const char *name)
{
	return *name ? name : "that is not said";
}

const char *mst_alert_rule_why(enum mst_alert_rule_no no,
			       const struct mst_alert_rule *rule,
			       const char *source, const struct mst_alert *a,
			       char out[256])
{
	char iso[21] = "";

	switch (no) {
	case MST_ALERT_RULE_TAKES:
		(void)snprintf(out, 256, "all conditions fit");
		break;
	case MST_ALERT_RULE_DISABLED:
		(void)snprintf(out, 256, "the rule is disabled");
		break;
	case MST_ALERT_RULE_SOURCE:
		(void)snprintf(out, 256, "it comes from %.64s, not from %.64s",
			       source, rule->source);
		break;
	case MST_ALERT_RULE_SYSTEM:
		(void)snprintf(out, 256,
			       "it is a system notification, and "
			       "system_notifications is off");
		break;
	case MST_ALERT_RULE_ALERT:
		(void)snprintf(
		    out, 256, "it is an alert, and alert_notifications is off");
		break;
	case MST_ALERT_RULE_BEFORE:
		mst_time_iso(rule->from_us, iso);
		(void)snprintf(out, 256,
			       "it was raised before %s; `from` takes older "
			       "ones",
			       iso);
		break;
	case MST_ALERT_RULE_SEVERITY:
		(void)snprintf(out, 256, "its severity %s is below %s",
			       or_none(mst_severity_name(a->severity)),
			       mst_severity_name(rule->least));
		break;
	case MST_ALERT_RULE_ENGINE:
		(void)snprintf(out, 256,
			       "its engine %s is none of the rule's engines",
			       or_none(mst_engine_name(a->engine)));
		break;
	case MST_ALERT_RULE_PROTOCOL:
		(void)snprintf(out, 256,
			       "its protocol %.*s%s is none of the rule's "
			       "protocols",
			       (int)MST_MIN(a->protocol.n, (size_t)64),
			       a->protocol.n ? a->protocol.p : "",
			       a->protocol.n ? "" : "that is not said");
		break;
	}
	return out;
}

/* ---- for people ---------------------------------------------------------- */

const char *mst_alert_rule_severity(const struct mst_alert_rule *r)
{
	static const char *const words[] = {"warning", "minor", "major",
					    "critical"};

	return words[r->severity];
}

void mst_alert_rule_json(struct mst_jout *j, const struct mst_alert_rule *r)
{
	mst_jout_obj(j);
	mst_jout_kstr(j, "rule", r->name);
	mst_jout_kbool(j, "enabled", r->enabled);
	mst_jout_kstr(j, "source", r->source);
	mst_jout_kstr(j, "severity", mst_alert_rule_severity(r));
	mst_jout_key(j, "actions");
	mst_jout_arr(j);
	for (size_t i = 0; i < r->actions.n; i++)
		mst_jout_str(j, r->actions.v[i]);
	mst_jout_end_arr(j);
	mst_jout_end_obj(j);
}
