/* SPDX-License-Identifier: Apache-2.0
 *
 * Actions out of items.
 */
#include "forward/action.h"

#include <stdio.h>
#include <string.h>

const char *const mst_action_types[] = {
    [MST_ACTION_INCIDENT] = "incident",
    [MST_ACTION_APPLICATION] = "application",
    [MST_ACTION_EVENT] = "event",
    [MST_ACTION_WEBHOOK] = "webhook",
    [MST_ACTION_SYSLOG] = "syslog",
    [MST_ACTION_MAIL] = "mail",
    NULL,
};

static const struct mst_opt *const tables[] = {
    [MST_ACTION_INCIDENT] = mst_incident_opts,
    [MST_ACTION_APPLICATION] = mst_application_opts,
    [MST_ACTION_EVENT] = mst_event_opts,
    [MST_ACTION_WEBHOOK] = mst_webhook_opts,
    [MST_ACTION_SYSLOG] = mst_syslog_opts,
    [MST_ACTION_MAIL] = mst_mail_opts,
};

static bool find(const char *type, enum mst_action_type *t_r)
{
	for (size_t i = 0; mst_action_types[i]; i++) {
		if (strcmp(mst_action_types[i], type) == 0) {
			*t_r = (enum mst_action_type)i;
			return true;
		}
	}
	return false;
}

const struct mst_opt *mst_action_opts(const char *type)
{
	enum mst_action_type t;

	return find(type, &t) ? tables[t] : NULL;
}

static int no_type(const struct mst_conf_item *item, struct mst_err *err)
{
	const char *near = mst_nearest(item->type, mst_action_types);
	char at[300] = "";

	if (item->line > 0)
		(void)snprintf(at, sizeof(at), "%.200s:%d:%d: ", item->file,
			       item->line, item->column);
	return mst_err_set(err, MST_E_INVALID,
			   "%saction '%s' has %s'%.60s'%s%s%s; types are "
			   "incident, application, event, webhook, syslog and "
			   "mail",
			   at, item->name,
			   *item->type ? "an unknown type " : "the type ",
			   item->type, near ? "; did you mean '" : "",
			   near ? near : "", near ? "'?" : "");
}

int mst_action_make(const struct mst_conf_item *item, struct mst_arena *arena,
		    struct mst_alert_action *a_r, struct mst_err *err)
{
	struct mst_alert_action a = {.name =
					 mst_arena_strdup(arena, item->name)};
	int rc;

	if (!find(item->type, &a.type))
		return no_type(item, err);
	switch (a.type) {
	case MST_ACTION_INCIDENT:
		rc = mst_incident_make(item, arena, &a.u.incident, err);
		a.connection = a.u.incident.connection;
		a.acknowledge = (enum mst_acknowledge)a.u.incident.acknowledge;
		break;
	case MST_ACTION_APPLICATION:
		rc = mst_conf_apply(item, mst_application_opts,
				    &a.u.application, arena, err);
		a.connection = a.u.application.connection;
		a.acknowledge =
		    (enum mst_acknowledge)a.u.application.acknowledge;
		break;
	case MST_ACTION_EVENT:
		rc = mst_conf_apply(item, mst_event_opts, &a.u.event, arena,
				    err);
		a.connection = a.u.event.connection;
		break;
	case MST_ACTION_WEBHOOK:
		rc = mst_webhook_make(item, arena, &a.u.webhook, err);
		break;
	case MST_ACTION_SYSLOG:
		rc = mst_syslog_make(item, arena, &a.u.syslog, err);
		break;
	case MST_ACTION_MAIL:
	default:
		rc = mst_mail_make(item, arena, &a.u.mail, err);
		break;
	}
	if (rc == 0)
		*a_r = a;
	return rc;
}

void mst_action_fini(struct mst_alert_action *a)
{
	if (a->type == MST_ACTION_SYSLOG)
		mst_syslog_fini(&a->u.syslog);
	if (a->type == MST_ACTION_MAIL)
		mst_mail_fini(&a->u.mail);
}
