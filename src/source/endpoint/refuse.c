/* SPDX-License-Identifier: Apache-2.0
 *
 * What a refusal means and what to do about it. Decided by status and by the
 * error code of the body; the message there is free text and only quoted, with
 * one exception: an account that was never activated is told by its text.
 */
#include "source/endpoint/endpoint_private.h"

void ep_quote(struct mst_slice s, char *out, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n && n + 1 < max; i++) {
		unsigned char c = (unsigned char)s.p[i];

		out[n++] = c < ' ' || c == 127 || c == '\'' ? ' ' : (char)c;
	}
	/* no half of a character at the end */
	while (n > 0 && n + 1 == max && ((unsigned char)out[n - 1] & 0x80))
		n--;
	out[n] = 0;
}

void ep_told_read(struct mst_source *s, const struct mst_resp *resp,
		  struct ep_told *t)
{
	struct mst_err ignored = MST_ERR_INIT;
	struct mst_json root, error;

	*t = (struct ep_told){.code = ""};
	if (!resp->body.n || resp->body.n > (1u << 20) ||
	    mst_json_parse(s->parser, resp->body, &root, &ignored) < 0)
		return;
	error = mst_json_iget(root, "error");
	ep_quote(mst_json_str(mst_json_iget(error, "code")), t->code,
		 sizeof(t->code));
	ep_quote(mst_json_str(mst_json_iget(error, "message")), t->message,
		 sizeof(t->message));
}

bool ep_told_inactive(const struct ep_told *t)
{
	return mst_slice_ifind(mst_slice_str(t->message),
			       "account mode is inactive");
}

/* The permission is there: the token names it, or pages were given before. */
static bool permitted(struct mst_source *s)
{
	return s->tally.pages > 0 || ep_permitted(s, s->read.feed);
}

/* 401, also with the new token that the client asked for. */
static int not_taken(struct mst_source *s, const struct ep_told *t,
		     enum mst_code code, const char *what, struct mst_err *err)
{
	const struct ep_io *io = &ep_io[s->read.feed];

	return mst_err_set(
	    err, code,
	    "%s was refused (401%s%s%s), with a new access token too, though "
	    "the permission '%s' is granted: the token was revoked or is not "
	    "valid any more; check in Entra ID that the app registration is "
	    "enabled and no policy blocks it (its sign-in log says), and that "
	    "this machine's clock is right, then run again%s%s%s",
	    what, t->code[0] ? " '" : "", t->code, t->code[0] ? "'" : "",
	    io->permission, t->message[0] ? "; the answer said '" : "",
	    t->message, t->message[0] ? "'" : "");
}

static int no_access(struct mst_source *s, const struct ep_told *t, int status,
		     const char *what, struct mst_err *err)
{
	const struct ep_io *io = &ep_io[s->read.feed];
	/* What only enriches can be left out, with a 401 too. */
	enum mst_code code = status == 401 && !ep_feeds[s->read.feed].optional
				 ? MST_E_AUTH
				 : MST_E_FORBIDDEN;

	if (ep_told_inactive(t))
		return mst_err_set(
		    err, MST_E_FORBIDDEN,
		    "%s: Defender for Endpoint is not active in this tenant "
		    "(account mode is inactive); no permission is missing: "
		    "activate it in the Defender portal or check the licence",
		    what);
	if (mst_slice_iis(mst_slice_str(t->code), "DisabledFeature"))
		return mst_err_set(err, MST_E_FORBIDDEN,
				   "%s: the tenant's licence does not include "
				   "it (DisabledFeature)",
				   what);
	if (status == 401 && permitted(s))
		return not_taken(s, t, code, what, err);
	/* A token without the permission is issued all the same, and may be
	 * answered with a 401. */
	return mst_err_set(
	    err, code,
	    "%s was refused (%d%s%s%s): the app registration needs the "
	    "application permission '%s' of %s with admin consent%s%s%s",
	    what, status, t->code[0] ? " '" : "", t->code,
	    t->code[0] ? "'" : "", io->permission, io->resource,
	    t->message[0] ? "; the answer said '" : "", t->message,
	    t->message[0] ? "'" : "");
}

static int not_found(struct mst_source *s, const struct ep_told *t,
		     const char *what, struct mst_err *err)
{
	if (s->read.feed == EP_MACHINES && !s->tally.pages)
		return mst_err_set(
		    err, MST_E_NOTFOUND,
		    "%s: nothing is readable (404): Defender was never used in "
		    "this tenant or saw no device lately; this is not taken "
		    "for an empty list",
		    what);
	return mst_err_set(err, MST_E_NOTFOUND,
			   "%s was not found (404%s%s%s): check cloud and "
			   "licence of the connection",
			   what, t->message[0] ? ", '" : "", t->message,
			   t->message[0] ? "'" : "");
}

int ep_refuse(struct mst_source *s, const struct mst_resp *resp,
	      const char *what, struct mst_err *err)
{
	struct ep_told t;
	int rc;

	if (resp->outcome != MST_OUT_ANSWER) {
		*err = resp->err;
		if (err->code == MST_OK)
			return mst_err_set(err, MST_E_TRANSIENT,
					   "%s: no answer", what);
		return mst_err_prefix(err, "%s", what);
	}
	ep_told_read(s, resp, &t);
	if (resp->status == 401 || resp->status == 403)
		rc = no_access(s, &t, resp->status, what, err);
	else if (resp->status == 404)
		rc = not_found(s, &t, what, err);
	else if (resp->status == 429)
		rc = mst_err_set(err, MST_E_THROTTLED,
				 "%s: still throttled after %d attempts: the "
				 "tenant's quota is used up, run it later",
				 what, resp->attempts);
	else
		rc = mst_err_set(
		    err,
		    resp->status < 300 ? MST_E_CORRUPT
				       : mst_status_code(resp->status),
		    "%s: unexpected answer %d%s%s%s%s%s", what, resp->status,
		    t.code[0] ? " " : "", t.code, t.message[0] ? " '" : "",
		    t.message, t.message[0] ? "'" : "");
	err->status = resp->status;
	err->retry_after_ms = resp->retry_after_ms;
	return rc;
}
