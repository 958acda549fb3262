/* SPDX-License-Identifier: Apache-2.0
 *
 * What an answer means: texts of error bodies as one line, which errors end a
 * run, and what a person can do about them.
 */
#include <ctype.h>
#include <stdio.h>

#include "dest/servicenow/sn.h"

void mst_sn_one_line(char *out, size_t n, struct mst_slice s)
{
	s = mst_sn_cut(mst_slice_trim(s), n - 1);
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		out[i] = c < 0x20 || c == 0x7f ? ' ' : (char)c;
	}
	out[s.n] = 0;
}

bool mst_sn_error_text(struct mst_json root, char *out, size_t n)
{
	struct mst_json e = mst_json_get(root, "error");
	struct mst_slice message, detail;
	char a[SN_REASON / 2], b[SN_REASON / 2];

	/* The OAuth end point and some gateways write a plain text. */
	message = mst_json_str(e);
	if (!message.p)
		message = mst_json_str(mst_json_get(e, "message"));
	detail = mst_json_str(mst_json_get(e, "detail"));
	if (!message.n && !detail.n)
		return false;
	mst_sn_one_line(a, sizeof(a), message);
	mst_sn_one_line(b, sizeof(b), detail);
	if (*a && *b && strcmp(a, b) != 0)
		snprintf(out, n, "%s: %s", a, b);
	else
		snprintf(out, n, "%s", *a ? a : b);
	return true;
}

bool mst_sn_is_html(const struct mst_resp *resp)
{
	struct mst_slice body = mst_slice_trim(resp->body);

	if (resp->content_type &&
	    mst_slice_istarts(mst_slice_str(resp->content_type), "text/html"))
		return true;
	return body.n && body.p[0] == '<';
}

bool mst_sn_is_unique(int status, const char *text)
{
	struct mst_slice s = mst_slice_str(text);

	return status == 409 || mst_slice_ifind(s, "unique key") ||
	       mst_slice_ifind(s, "duplicate entry") ||
	       mst_slice_ifind(s, "unique constraint");
}

bool mst_sn_is_unscoped(const char *text)
{
	return mst_slice_ifind(mst_slice_str(text), "unscoped api");
}

bool mst_sn_is_cut_list(struct mst_json root)
{
	/* A list that ran out of time and happens to be valid JSON. */
	return mst_json_type(mst_json_get(root, "result")) != MST_JSON_NULL &&
	       mst_json_type(mst_json_get(root, "error")) != MST_JSON_NULL;
}

bool mst_sn_is_fatal(const struct mst_resp *resp)
{
	if (resp->outcome != MST_OUT_ANSWER)
		return resp->err.code == MST_E_AUTH ||
		       resp->err.code == MST_E_FORBIDDEN;
	switch (resp->status) {
	case 401:
	case 403:
	case 404:
	case 405:
	case 406:
	case 415:
		return true;
	default:
		return resp->status < 500 && resp->status != 400 &&
		       resp->status != 429 && mst_sn_is_html(resp);
	}
}

static const char *remedy(int status, const char *text)
{
	if (mst_sn_is_unscoped(text))
		return "the OAuth client lacks a REST API auth scope for this "
		       "API and method (no role helps): add the scope to the "
		       "application registry entry, or make it not securely "
		       "scoped";
	switch (status) {
	case 401:
		return "check the user or the OAuth client of this connection, "
		       "and that the user is active and may use web services";
	case 403:
		return "give the user the roles \"itil\" and \"asset\" and "
		       "check the REST API access policies";
	case 404:
		return "check the url of the connection, and that the REST API "
		       "is active on the instance";
	default:
		return "check the url of the connection and a proxy in between";
	}
}

int mst_sn_call_error(const struct mst_dest *d, const struct mst_resp *resp,
		      struct mst_json root, const char *what,
		      struct mst_err *err)
{
	char text[SN_REASON] = "";
	int status = resp->status, rc;

	if (resp->outcome != MST_OUT_ANSWER) {
		*err = resp->err;
		return mst_err_prefix(err, "%s: %s", d->env.connection, what);
	}
	if (mst_sn_is_html(resp) && status != 401 && status != 403)
		return mst_err_set(
		    err, MST_E_UNSUPPORTED,
		    "%s: %s: ServiceNow answered %d with a web page instead of "
		    "JSON: a developer instance may be asleep (wake it in the "
		    "browser), or the url leads to a login page or proxy",
		    d->env.connection, what, status);
	if (!mst_sn_error_text(root, text, sizeof(text)))
		snprintf(text, sizeof(text), "no reason given");
	/* A 202 or a broken 200 is no success either. */
	rc = mst_err_set(
	    err, status < 300 ? MST_E_TRANSIENT : mst_status_code(status),
	    "%s: %s: ServiceNow answered %d, \"%s\": %s", d->env.connection,
	    what, status, text, remedy(status, text));
	err->status = status;
	return rc;
}
