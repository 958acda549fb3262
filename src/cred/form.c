/* SPDX-License-Identifier: Apache-2.0
 *
 * Token requests and answers: what all OAuth log-ins have in common.
 */
#include <stdio.h>

#include "cred/private.h"
#include "net/url.h"

#define FORM_MAX (128u << 10)

void mst_form_init(struct mst_buf *form)
{
	mst_buf_init(form, FORM_MAX);
	/* Growing leaves copies of secrets behind: begin large enough. */
	(void)mst_buf_reserve(form, 16u << 10);
}

void mst_form_add(struct mst_buf *form, const char *key, struct mst_slice v)
{
	if (form->n)
		mst_buf_addc(form, '&');
	mst_buf_adds(form, key);
	mst_buf_addc(form, '=');
	mst_buf_add_uri(form, v);
}

int mst_form_req(struct mst_buf *form, const char *url, const char *what,
		 struct mst_req *req_r, struct mst_err *err)
{
	int rc = 1;

	if (form->overflow) {
		rc = mst_err_set(err, MST_E_INVALID,
				 "the log-in request is over %u bytes; check "
				 "the length of the secrets",
				 FORM_MAX);
	} else {
		mst_req_init(req_r, MST_HTTP_POST);
		req_r->repeat = MST_REPEAT_SAFE;
		req_r->url = mst_arena_strdup(&req_r->arena, url);
		req_r->what = mst_arena_strdup(&req_r->arena, what);
		req_r->body = mst_arena_dup(&req_r->arena, mst_buf_slice(form));
		req_r->max_bytes = MST_LOGIN_ANSWER;
		mst_req_header(req_r, "Content-Type",
			       "application/x-www-form-urlencoded");
	}
	mst_buf_wipe_fini(form);
	return rc;
}

int mst_form_header(const char *scheme, const struct mst_secret *value,
		    struct mst_buf *out, struct mst_err *err)
{
	if (!value)
		return mst_err_set(err, MST_E_INTERNAL,
				   "a header was asked for before the token");
	mst_buf_adds(out, "Authorization: ");
	mst_buf_adds(out, scheme);
	mst_buf_addc(out, ' ');
	mst_buf_add_slice(out, mst_secret_get(value));
	return 0;
}

int mst_form_url(const char *url, const char *key, char *host_r,
		 struct mst_err *err)
{
	struct mst_url u;

	if (!url || !*url)
		return mst_err_set(err, MST_E_INVALID, "%s is missing", key);
	if (mst_url_read(url, &u, err))
		return mst_err_prefix(err, "%s", key);
	if (!u.https && !mst_url_is_loopback(&u))
		return mst_err_set(err, MST_E_INVALID,
				   "%s: secrets are sent over https only, not "
				   "to 'http://%s'",
				   key, u.host);
	if (host_r)
		(void)snprintf(host_r, 256, "%s", u.host);
	return 0;
}

bool mst_answer_is_transient(int status)
{
	return status == 408 || status == 429 || status >= 500;
}

void mst_answer_line(struct mst_slice text, char *out, size_t out_n)
{
	size_t n = 0;

	for (; n < text.n && n + 1 < out_n; n++) {
		unsigned char c = (unsigned char)text.p[n];

		if (c == '\r' || c == '\n')
			break;
		out[n] = (char)(c < 0x20 || c == 0x7f ? '?' : c);
	}
	/* Not in the middle of a character. */
	while (n && n < text.n && ((unsigned char)text.p[n] & 0xc0) == 0x80)
		n--;
	out[n] = 0;
}

static const char *kind_of(struct mst_slice body)
{
	if (!body.n)
		return "nothing";
	return *body.p == '{' ? "damaged JSON" : "a text that is no JSON";
}

int mst_answer_json(struct mst_json_parser *p, const struct mst_resp *resp,
		    const char *host, const char *usual,
		    struct mst_json *root_r, struct mst_err *err)
{
	struct mst_err why = MST_ERR_INIT;
	struct mst_slice body = mst_slice_trim(resp->body);
	bool transient = mst_answer_is_transient(resp->status);
	char type[64];

	if (!mst_json_parse(p, body, root_r, &why) &&
	    mst_json_type(*root_r) == MST_JSON_OBJECT)
		return 0;
	/* JSON that breaks off was cut on the way. */
	if (body.n && *body.p == '{')
		transient = true;
	mst_answer_line(mst_slice_str(resp->content_type), type, sizeof(type));
	mst_err_set(err, transient ? MST_E_TRANSIENT : MST_E_AUTH,
		    "%s answered %d with %s (%s) where a token was expected; "
		    "%s",
		    host, resp->status, kind_of(body), *type ? type : "no type",
		    usual);
	err->status = resp->status;
	return -(int)err->code;
}

/* What stands in a header must not end it. */
static bool is_token_text(struct mst_slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 ||
		    (unsigned char)s.p[i] > 0x7e)
			return false;
	return s.n > 0;
}

int mst_answer_token(struct mst_json root, const char *host,
		     struct mst_answer *a_r, struct mst_err *err)
{
	struct mst_answer a = {
	    .access = mst_json_str(mst_json_get(root, "access_token")),
	    .refresh = mst_json_str(mst_json_get(root, "refresh_token")),
	};
	struct mst_slice type = mst_json_str(mst_json_get(root, "token_type"));
	char shown[41];
	double s = 0;

	if (!is_token_text(a.access))
		return mst_err_set(err, MST_E_AUTH,
				   "%s answered without a usable access token",
				   host);
	if (type.n && !mst_slice_iis(type, "bearer")) {
		mst_answer_line(type, shown, sizeof(shown));
		return mst_err_set(err, MST_E_AUTH,
				   "%s gave a token of the type '%s', not "
				   "'Bearer'",
				   host, shown);
	}
	/* A number or its text; v1 end points send texts. */
	if (!mst_json_dbl(mst_json_get(root, "expires_in"), &s) || s < 0 ||
	    s > 1e9)
		return mst_err_set(err, MST_E_AUTH,
				   "%s gave a token without a usable "
				   "'expires_in'",
				   host);
	a.ttl_ms = (int64_t)(s * 1000);
	*a_r = a;
	return 0;
}
