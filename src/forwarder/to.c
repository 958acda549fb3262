/* SPDX-License-Identifier: Apache-2.0
 *
 * Far ends by type of action, and verdicts.
 */
#include "forwarder/to.h"

#include <stdarg.h>
#include <stdio.h>

const struct mst_to_ops *mst_to_find(enum mst_action_type type)
{
	static const struct mst_to_ops *const all[] = {
	    [MST_ACTION_INCIDENT] = &mst_to_servicenow,
	    [MST_ACTION_APPLICATION] = &mst_to_servicenow,
	    [MST_ACTION_EVENT] = &mst_to_event,
	    [MST_ACTION_WEBHOOK] = &mst_to_http,
	    [MST_ACTION_SYSLOG] = &mst_to_syslog,
	    [MST_ACTION_MAIL] = &mst_to_mail,
	};

	return all[type];
}

void mst_to_done(struct mst_sending *s, const char *remote)
{
	if (s->settled)
		return;
	s->settled = true;
	s->what = MST_DELIVERED_DONE;
	(void)snprintf(s->remote, sizeof(s->remote), "%s",
		       remote ? remote : "");
}

void mst_to_settle(struct mst_sending *s, enum mst_delivered what,
		   const char *fmt, ...)
{
	va_list ap;

	if (s->settled)
		return;
	s->settled = true;
	s->what = what;
	va_start(ap, fmt);
	(void)vsnprintf(s->why, sizeof(s->why), fmt, ap);
	va_end(ap);
}

void mst_to_settle_rest(struct mst_sending *s, size_t n,
			enum mst_delivered what, const char *why)
{
	for (size_t i = 0; i < n; i++)
		mst_to_settle(&s[i], what, "%.470s", why);
}

int mst_to_end(struct mst_sending *s, size_t n, const struct mst_err *away,
	       struct mst_err *err)
{
	mst_to_settle_rest(s, n, MST_DELIVERED_LATER,
			   away->code ? away->msg : "muster was told to stop");
	if (!away->code)
		return 0;
	*err = *away;
	return -(int)err->code;
}
