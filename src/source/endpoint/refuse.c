/* SPDX-License-Identifier: Apache-2.0
 *
 * Refusals that mean something of their own here: a tenant in which Defender
 * for Endpoint was never activated, which is told by a text alone, and one
 * without devices.
 */
#include "source/endpoint/endpoint_private.h"

bool ep_told_inactive(const struct ms_told *t)
{
	return mst_slice_ifind(mst_slice_str(t->message),
			       "account mode is inactive");
}

/* The permission is there: the token names it, or pages were given before. */
static bool permitted(struct mst_source *s)
{
	return s->tally.pages > 0 || ep_permitted(s, s->read.feed);
}

int ep_refuse(struct mst_source *s, const struct mst_resp *resp,
	      const char *what, struct mst_err *err)
{
	int status = resp->outcome == MST_OUT_ANSWER ? resp->status : 0;
	struct ms_told t = {.code = ""};
	int rc;

	if (status)
		ms_told_read(s->parser, resp, &t);
	if ((status == 401 || status == 403) && ep_told_inactive(&t))
		rc = mst_err_set(
		    err, MST_E_FORBIDDEN,
		    "%s: Defender for Endpoint is not active in this tenant "
		    "(account mode is inactive); no permission is missing: "
		    "activate it in the Defender portal or check the licence",
		    what);
	else if (status == 404 && s->read.feed == EP_MACHINES &&
		 !s->tally.pages)
		rc = mst_err_set(
		    err, MST_E_NOTFOUND,
		    "%s: nothing is readable (404): Defender was never used in "
		    "this tenant or saw no device lately; this is not taken "
		    "for an empty list",
		    what);
	else
		return ms_refuse(resp, &t, &ep_io[s->read.feed].need,
				 permitted(s), ep_feeds[s->read.feed].optional,
				 what, err);
	err->status = resp->status;
	err->retry_after_ms = resp->retry_after_ms;
	return rc;
}
