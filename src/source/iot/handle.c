/* SPDX-License-Identifier: Apache-2.0
 *
 * Acknowledging alerts at the console. It answers 200 with a sentence when the
 * alert is handled now, whoever did it, and 500 with a reason when not; there
 * is no 404.
 */
#include "source/iot/handle.h"

#include <stdio.h>

#include "source/iot/iot_private.h"
#include "source/microsoft/microsoft.h"

#define UUID_MAX 128

static bool is_uuid(struct mst_slice uuid)
{
	for (size_t i = 0; i < uuid.n; i++) {
		if (uuid.p[i] <= ' ' || uuid.p[i] > '~')
			return false;
	}
	return uuid.n > 0 && uuid.n <= UUID_MAX;
}

int mst_iot_handle(const struct mst_source *s, struct mst_slice uuid,
		   enum mst_iot_action action, struct mst_req *req_r,
		   struct mst_err *err)
{
	const char *body = action == MST_IOT_HANDLE_AND_LEARN
			       ? "{\"action\":\"handleAndLearn\"}"
			       : "{\"action\":\"handle\"}";
	struct mst_buf url = MST_BUF_INIT(MST_MAX_URL);

	if (!s->auth || !ot_console(s))
		return mst_err_set(err, MST_E_UNSUPPORTED,
				   "connection '%s': only a management console "
				   "takes acknowledgements (read: console)",
				   s->connection);
	if (!is_uuid(uuid))
		return mst_err_set(err, MST_E_INVALID,
				   uuid.n ? "the alert's UUID is none"
					  : "the alert has no UUID: the "
					    "console's lists do not tell it, "
					    "its syslog and webhooks do");
	mst_buf_addf(&url, "%s/external/v1/alerts/", s->base);
	mst_buf_add_uri(&url, uuid);
	mst_req_init(req_r, MST_HTTP_PUT);
	/* A 500 is an answer here; the caller decides on another try. */
	req_r->repeat = MST_REPEAT_UNSENT;
	req_r->url = mst_arena_strdup(&req_r->arena, url.p);
	req_r->auth = OT_AUTH;
	req_r->body = mst_slice_str(body);
	req_r->what = "acknowledging an alert";
	mst_req_header(req_r, "Accept", "application/json");
	mst_buf_fini(&url);
	return 0;
}

static bool says(const char *text, const char *part)
{
	return mst_slice_ifind(mst_slice_str(text), part) != NULL;
}

static enum mst_iot_handled taken(struct mst_json_parser *parser,
				  const struct mst_resp *resp, char *why,
				  size_t n)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_json root = {NULL, 0};

	if (mst_json_parse(parser, resp->body, &root, &err) == 0)
		ms_quote(mst_json_str(mst_json_iget(root, "content")), why, n);
	if (!*why) {
		(void)snprintf(why, n, "the answer says nothing");
		return MST_IOT_LATER;
	}
	/* "already handled, handle and learn was performed": it was done */
	return says(why, "already") && !says(why, "performed") ? MST_IOT_ALREADY
							       : MST_IOT_DONE;
}

static enum mst_iot_handled refused(struct mst_json_parser *parser,
				    const struct mst_resp *resp, char *why,
				    size_t n)
{
	ot_told(parser, resp, why, n);
	if (says(why, "no alert was found"))
		return MST_IOT_UNKNOWN;
	if (says(why, "invalid action"))
		return MST_IOT_REFUSED;
	if (!*why)
		(void)snprintf(why, n, "%s",
			       *resp->err.msg ? resp->err.msg : "no answer");
	if (resp->status == 400 || resp->status == 404 || resp->status == 405)
		return MST_IOT_REFUSED;
	return MST_IOT_LATER;
}

enum mst_iot_handled mst_iot_handle_answer(const struct mst_resp *resp,
					   char *why_r, size_t why_n)
{
	struct mst_json_parser *parser = mst_json_parser_new(1u << 20);
	enum mst_iot_handled rc;

	*why_r = '\0';
	if (resp->outcome == MST_OUT_ANSWER && resp->status == 200)
		rc = taken(parser, resp, why_r, why_n);
	else
		rc = refused(parser, resp, why_r, why_n);
	mst_json_parser_free(&parser);
	return rc;
}
