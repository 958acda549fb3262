/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers that are none: what a refusal means and what to do about it. The
 * documents give no status for a token that is not taken; 401 and 403 are
 * understood as that.
 */
#include "source/iot/iot_private.h"
#include "source/microsoft/microsoft.h"

const char ot_tokens_where[] = "System settings > Integrations > Access tokens";

void ot_told(struct mst_json_parser *parser, const struct mst_resp *resp,
	     char *out, size_t n)
{
	static const char *const inside[] = {"userDisplayErrorMessage",
					     "internalSystemErrorMessage"};
	struct mst_err ignored = MST_ERR_INIT;
	struct mst_json root, error;

	*out = '\0';
	if (!resp->body.n || resp->body.n > (1u << 20) ||
	    mst_json_parse(parser, resp->body, &root, &ignored) < 0)
		return;
	error = mst_json_iget(root, "error");
	for (size_t i = 0; i < MST_LEN(inside) && !mst_json_str(error).n; i++) {
		struct mst_json e = mst_json_iget(error, inside[i]);

		if (mst_json_str(e).n)
			error = e;
	}
	ms_quote(mst_json_str(error), out, n);
}

static int not_taken(const struct mst_source *s, int status, const char *told,
		     const char *what, struct mst_err *err)
{
	const char *here = ot_console(s) ? "console" : "sensor";
	const char *other = ot_console(s) ? "sensor" : "console";

	return mst_err_set(
	    err, MST_E_AUTH,
	    "%s was refused (%d%s%s%s): the token is not one of this %s; make "
	    "one there (%s) and give it to the option token of connection "
	    "'%s'. A %s's token is not taken here",
	    what, status, *told ? ", '" : "", told, *told ? "'" : "", here,
	    ot_tokens_where, s->connection, other);
}

static int absent(const struct mst_source *s, unsigned feed, const char *told,
		  const char *what, struct mst_err *err)
{
	bool v3 = feed != OT_APPLIANCES && feed != OT_DEVICE_FLAGS &&
		  feed != OT_ALERTS;

	return mst_err_set(
	    err, MST_E_NOTFOUND, "%s was not found (404%s%s%s): %s", what,
	    *told ? ", '" : "", told, *told ? "'" : "",
	    !ot_console(s) ? "is url the address of a sensor? A management "
			     "console is read with 'read: console'"
	    : v3 ? "is url the address of a management console of 10.5.3 or "
		   "later? A sensor is read with 'read: sensor'"
		 : "this console does not have it");
}

int ot_refuse(const struct mst_source *s, unsigned feed, const char *what,
	      const struct mst_resp *resp, struct mst_err *err)
{
	char told[200];
	int rc;

	if (resp->outcome != MST_OUT_ANSWER) {
		*err = resp->err;
		if (err->code == MST_OK)
			return mst_err_set(err, MST_E_TRANSIENT,
					   "%s: no answer", what);
		return mst_err_prefix(err, "%s", what);
	}
	ot_told(s->parser, resp, told, sizeof(told));
	if (resp->status == 401 || resp->status == 403)
		rc = not_taken(s, resp->status, told, what, err);
	else if (resp->status == 404)
		rc = absent(s, feed, told, what, err);
	else
		rc = mst_err_set(
		    err,
		    resp->status < 300 ? MST_E_CORRUPT
				       : mst_status_code(resp->status),
		    "%s: unexpected answer %d%s%s%s", what, resp->status,
		    *told ? " '" : "", told, *told ? "'" : "");
	err->status = resp->status;
	err->retry_after_ms = resp->retry_after_ms;
	return rc;
}
