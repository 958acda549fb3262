/* SPDX-License-Identifier: Apache-2.0
 *
 * See sim_fixture.h.
 */
#include "sim_fixture.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

void fx_start(struct fx *fx, const struct mst_sim_conf *conf)
{
	struct mst_err err = MST_ERR_INIT;

	*fx = (struct fx){0};
	mst_buf_init(&fx->body, 1u << 30);
	fx->json = mst_json_parser_new(512u << 20);
	t_ok(mst_sim_start(conf, &fx->sim, &err), &err);
	assert_int_equal(fx_token(fx, FX_MDE, MST_SIM_SECRET), 200);
}

void fx_stop(struct fx *fx)
{
	mst_sim_stop(&fx->sim);
	mst_buf_fini(&fx->body);
	mst_json_parser_free(&fx->json);
}

static size_t take_body(char *p, size_t size, size_t n, void *ctx)
{
	(void)size;
	return mst_buf_add(ctx, p, n) ? n : 0;
}

static size_t take_header(char *p, size_t size, size_t n, void *ctx)
{
	struct fx *fx = ctx;
	size_t have = strlen(fx->header);

	(void)size;
	snprintf(fx->header + have, sizeof(fx->header) - have, "%.*s", (int)n,
		 p);
	return n;
}

long fx_send(struct fx *fx, enum mst_sim_host host, const char *method,
	     const char *path, const char *body, const char *type)
{
	CURL *c = curl_easy_init();
	struct curl_slist *list = NULL;
	char text[8192];
	CURLcode rc;

	if (path[0] == '/')
		snprintf(text, sizeof(text), "%s%s", mst_sim_url(fx->sim, host),
			 path);
	else
		snprintf(text, sizeof(text), "%s", path);
	curl_easy_setopt(c, CURLOPT_URL, text);
	curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, method);
	if (body)
		curl_easy_setopt(c, CURLOPT_COPYPOSTFIELDS, body);
	snprintf(text, sizeof(text), "Content-Type: %s",
		 type ? type : "application/json");
	list = curl_slist_append(list, text);
	list = curl_slist_append(list, "Accept: application/json");
	if (fx->bare) {
		snprintf(text, sizeof(text), "Authorization: %s", fx->bare);
		list = curl_slist_append(list, text);
	} else if (fx->token[0]) {
		snprintf(text, sizeof(text), "Authorization: Bearer %s",
			 fx->token);
		list = curl_slist_append(list, text);
	}
	if (fx->basic)
		curl_easy_setopt(c, CURLOPT_USERPWD,
				 MST_SIM_USER ":" MST_SIM_PASSWORD);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, list);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, &fx->body);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, fx);
	curl_easy_setopt(c, CURLOPT_PROXY, "");
	mst_buf_reset(&fx->body);
	fx->header[0] = '\0';
	fx->status = 0;
	rc = curl_easy_perform(c);
	if (rc == CURLE_OK)
		curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &fx->status);
	curl_easy_cleanup(c);
	curl_slist_free_all(list);
	return fx->status;
}

long fx_get(struct fx *fx, enum mst_sim_host host, const char *path)
{
	return fx_send(fx, host, "GET", path, NULL, NULL);
}

struct mst_json fx_json(struct fx *fx)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_json root = {0};

	t_ok(mst_json_parse(fx->json, mst_buf_slice(&fx->body), &root, &err),
	     &err);
	return root;
}

struct mst_json fx_control(struct fx *fx, const char *method, const char *path,
			   const char *body)
{
	int status;

	mst_buf_reset(&fx->body);
	status = mst_sim_control(fx->sim, method, path,
				 mst_slice_str(body ? body : ""), &fx->body);
	if (status / 100 != 2)
		fail_msg("%s %s: %d %s", method, path, status, fx->body.p);
	return fx_json(fx);
}

long fx_token(struct fx *fx, const char *scope, const char *secret)
{
	struct mst_buf form;
	struct mst_slice token;

	mst_buf_init(&form, 8192);
	mst_buf_adds(&form,
		     "grant_type=client_credentials&client_id=" MST_SIM_CLIENT
		     "&scope=");
	mst_buf_add_uri(&form, mst_slice_str(scope));
	mst_buf_adds(&form, "&client_secret=");
	mst_buf_add_uri(&form, mst_slice_str(secret));
	fx->token[0] = '\0';
	fx_send(fx, MST_SIM_LOGIN, "POST",
		"/" MST_SIM_TENANT "/oauth2/v2.0/token", form.p,
		"application/x-www-form-urlencoded");
	mst_buf_fini(&form);
	if (fx->status == 200) {
		token = mst_json_str(mst_json_get(fx_json(fx), "access_token"));
		snprintf(fx->token, sizeof(fx->token), "%.*s",
			 MST_SLICE_ARG(token));
	}
	return fx->status;
}

int64_t fx_int(struct mst_json o, const char *key)
{
	int64_t n = INT64_MIN;

	mst_json_i64(mst_json_get(o, key), &n);
	return n;
}

const char *fx_header(struct fx *fx, const char *name)
{
	static char value[1024];
	const char *hit = mst_slice_ifind(mst_slice_str(fx->header), name);
	size_t n;

	value[0] = '\0';
	if (!hit)
		return value;
	hit += strlen(name);
	hit += strspn(hit, ": ");
	n = strcspn(hit, "\r\n");
	snprintf(value, sizeof(value), "%.*s", (int)n, hit);
	return value;
}
