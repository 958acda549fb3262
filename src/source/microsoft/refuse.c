/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers that are none: what a refusal means and what to do about it. Decided
 * by status and by the error code of the body; the message there is free text
 * and only quoted.
 */
#include "base/limits.h"
#include "source/microsoft/microsoft.h"

void ms_quote(struct mst_slice s, char *out, size_t max)
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

void ms_told_read(struct mst_json_parser *parser, const struct mst_resp *resp,
		  struct ms_told *t)
{
	struct mst_err ignored = MST_ERR_INIT;
	struct mst_json root, error;

	*t = (struct ms_told){.code = ""};
	if (!resp->body.n || resp->body.n > (1u << 20) ||
	    mst_json_parse(parser, resp->body, &root, &ignored) < 0)
		return;
	error = mst_json_iget(root, "error");
	ms_quote(mst_json_str(mst_json_iget(error, "code")), t->code,
		 sizeof(t->code));
	ms_quote(mst_json_str(mst_json_type(error) == MST_JSON_STRING
				  ? error
				  : mst_json_iget(error, "message")),
		 t->message, sizeof(t->message));
}

/* ---- refusals ------------------------------------------------------------ */

/* 401, also with the new token that the client asked for. */
static int not_taken(const struct ms_told *t, const struct ms_need *need,
		     enum mst_code code, const char *what, struct mst_err *err)
{
	return mst_err_set(
	    err, code,
	    "%s was refused (401%s%s%s), with a new access token too, though "
	    "the permission '%s' is granted: the token was revoked or is not "
	    "valid any more; check in Entra ID that the app registration is "
	    "enabled and no policy blocks it (its sign-in log says), and that "
	    "this machine's clock is right, then run again%s%s%s",
	    what, t->code[0] ? " '" : "", t->code, t->code[0] ? "'" : "",
	    need->permission, t->message[0] ? "; the answer said '" : "",
	    t->message, t->message[0] ? "'" : "");
}

static int no_access(const struct mst_resp *resp, const struct ms_told *t,
		     const struct ms_need *need, bool permitted, bool optional,
		     const char *what, struct mst_err *err)
{
	/* What only enriches can be left out, with a 401 too. */
	enum mst_code code =
	    resp->status == 401 && !optional ? MST_E_AUTH : MST_E_FORBIDDEN;

	if (mst_slice_iis(mst_slice_str(t->code), "DisabledFeature"))
		return mst_err_set(err, MST_E_FORBIDDEN,
				   "%s: the tenant's licence does not include "
				   "it (DisabledFeature)",
				   what);
	if (resp->status == 401 && permitted)
		return not_taken(t, need, code, what, err);
	/* A token without the permission is issued all the same, and may be
	 * answered with a 401. */
	return mst_err_set(
	    err, code,
	    "%s was refused (%d%s%s%s): the app registration needs the "
	    "application permission '%s' of %s with admin consent%s%s%s",
	    what, resp->status, t->code[0] ? " '" : "", t->code,
	    t->code[0] ? "'" : "", need->permission, need->resource,
	    t->message[0] ? "; the answer said '" : "", t->message,
	    t->message[0] ? "'" : "");
}

static int refused(const struct mst_resp *resp, const struct ms_told *t,
		   const char *what, struct mst_err *err)
{
	if (resp->status == 404)
		return mst_err_set(err, MST_E_NOTFOUND,
				   "%s was not found (404%s%s%s): check cloud "
				   "and licence of the connection",
				   what, t->message[0] ? ", '" : "", t->message,
				   t->message[0] ? "'" : "");
	if (resp->status == 429)
		return mst_err_set(err, MST_E_THROTTLED,
				   "%s: still throttled after %d attempts: the "
				   "tenant's quota is used up, run it later",
				   what, resp->attempts);
	return mst_err_set(
	    err,
	    resp->status < 300 ? MST_E_CORRUPT : mst_status_code(resp->status),
	    "%s: unexpected answer %d%s%s%s%s%s", what, resp->status,
	    t->code[0] ? " " : "", t->code, t->message[0] ? " '" : "",
	    t->message, t->message[0] ? "'" : "");
}

int ms_refuse(const struct mst_resp *resp, const struct ms_told *t,
	      const struct ms_need *need, bool permitted, bool optional,
	      const char *what, struct mst_err *err)
{
	int rc;

	if (resp->outcome != MST_OUT_ANSWER) {
		*err = resp->err;
		if (err->code == MST_OK)
			return mst_err_set(err, MST_E_TRANSIENT,
					   "%s: no answer", what);
		return mst_err_prefix(err, "%s", what);
	}
	if (resp->status == 401 || resp->status == 403)
		rc = no_access(resp, t, need, permitted, optional, what, err);
	else
		rc = refused(resp, t, what, err);
	err->status = resp->status;
	err->retry_after_ms = resp->retry_after_ms;
	return rc;
}

/* ---- bodies -------------------------------------------------------------- */

int ms_damaged(const struct mst_resp *resp, const char *title,
	       struct mst_err *err)
{
	const char *type = resp->content_type ? resp->content_type : "";

	if (mst_slice_istarts(mst_slice_str(type), "text/html"))
		return mst_err_set(err, MST_E_CORRUPT,
				   "%s: the answer is a web page, no JSON: is "
				   "there a proxy that asks for a login?",
				   title);
	return mst_err_prefix(err, "%s: damaged answer", title);
}

int ms_body_parse(struct mst_json_parser *parser, const struct mst_resp *resp,
		  struct mst_json *root_r, struct mst_err *err)
{
	struct mst_json error;

	if (!resp->body.n)
		return mst_err_set(err, MST_E_CORRUPT, "the body is empty");
	if (mst_json_parse(parser, resp->body, root_r, err) < 0)
		return -(int)err->code;
	error = mst_json_iget(*root_r, "error");
	if (mst_json_type(error) != MST_JSON_OBJECT)
		return 0;
	return mst_err_set(
	    err, MST_E_CORRUPT, "an error came with status 200: '%.*s'",
	    MST_SLICE_ARG(mst_json_str(mst_json_iget(error, "code"))));
}

int ms_next_link(struct mst_json root, const struct ms_sites *sites, bool graph,
		 const char *title, struct mst_slice *link_r,
		 struct mst_err *err)
{
	struct mst_slice link =
	    mst_json_str(mst_json_iget(root, "@odata.nextLink"));
	struct mst_slice host = {NULL, 0};
	char url[MST_MAX_URL];
	bool https;

	*link_r = link;
	if (!link.n)
		return 0;
	if (link.n >= sizeof(url) || memchr(link.p, 0, link.n))
		return mst_err_set(err, MST_E_CORRUPT,
				   "%s: the link to the next page is no "
				   "address",
				   title);
	memcpy(url, link.p, link.n);
	url[link.n] = '\0';
	if (ms_link_allowed(sites, graph, url))
		return 0;
	(void)ms_url_host(url, &host, &https);
	return mst_err_set(err, MST_E_INVALID,
			   "%s: the next page is said to be on '%.*s', "
			   "which is no host of this connection's "
			   "cloud; the token is not sent there",
			   title, MST_SLICE_ARG(host));
}
