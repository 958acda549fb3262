/* SPDX-License-Identifier: Apache-2.0
 *
 * Stands in for the web server: headers come from variables.
 */
#include "tests/unit/sn_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sim_sn *sn;
int64_t sn_clock;
const char *sn_auth_header, *sn_accept, *sn_content_type, *sn_cookie,
    *sn_no_body;
int sn_status;
struct mst_slice sn_text;
struct mst_json sn_json;

static struct sim_reply reply;
static struct mst_json_parser *parser;
static char texts[16][256];
static unsigned texts_n;

const char *sim_header(const struct sim_request *r, const char *name)
{
	(void)r;
	if (!strcasecmp(name, "Authorization"))
		return sn_auth_header;
	if (!strcasecmp(name, "Accept"))
		return sn_accept;
	if (!strcasecmp(name, "Content-Type"))
		return sn_content_type;
	if (!strcasecmp(name, "Cookie"))
		return sn_cookie;
	return strcasecmp(name, "X-no-response-body") ? NULL : sn_no_body;
}

void sim_reply_header(struct sim_reply *to, const char *name, const char *fmt,
		      ...)
{
	char text[4096];
	va_list ap;

	if (to->headers_n == MST_LEN(to->headers))
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	to->headers[to->headers_n].name = name;
	to->headers[to->headers_n++].value = mst_arena_strdup(&to->arena, text);
}

int sn_up(void **state)
{
	struct mst_sim_conf conf = {.seed = 7};
	struct mst_err err = MST_ERR_INIT;

	(void)state;
	sn = sim_sn_new(&conf, &err);
	if (!sn)
		fail_msg("%s", err.msg);
	sn_clock = (int64_t)1795000000 * 1000000; /* 2026-11-18 */
	sn_auth_header = BASIC_MUSTER;
	sn_accept = "application/json";
	sn_content_type = "application/json";
	sn_cookie = sn_no_body = NULL;
	mst_buf_init(&reply.body, 256u << 20);
	mst_arena_init(&reply.arena, 1u << 20);
	parser = mst_json_parser_new(256u << 20);
	return 0;
}

int sn_down(void **state)
{
	(void)state;
	sim_sn_free(&sn);
	mst_buf_fini(&reply.body);
	mst_arena_fini(&reply.arena);
	mst_json_parser_free(&parser);
	return 0;
}

static int call(const char *method, const char *url, const char *body,
		bool is_control)
{
	struct mst_err err = MST_ERR_INIT;
	size_t n = strcspn(url, "?");
	char *path = mst_alloc(n + 1);
	struct sim_request r = {.host = MST_SIM_SERVICENOW,
				.method = method,
				.path = path,
				.url = url,
				.body = mst_slice_str(body ? body : ""),
				.base = "http://sn.test",
				.now_us = sn_clock};

	sn_decode(mst_slice(url, n), false, path);
	mst_buf_reset(&reply.body);
	mst_arena_reset(&reply.arena);
	reply.headers_n = 0;
	reply.status = 0;
	reply.content_type = NULL;
	if (is_control)
		sim_sn_control(sn, &r, &reply);
	else
		sim_sn_serve(sn, &r, &reply);
	free(path);
	sn_status = reply.status;
	sn_text = mst_buf_slice(&reply.body);
	sn_json = (struct mst_json){0};
	if (sn_text.n && sn_text.p[0] == '{' &&
	    mst_json_parse(parser, sn_text, &sn_json, &err))
		fail_msg("%s %s: the answer is no JSON: %s", method, url,
			 err.msg);
	return sn_status;
}

int ask(const char *method, const char *url, const char *body)
{
	return call(method, url, body, false);
}

int askf(const char *method, const char *body, const char *fmt, ...)
{
	char url[4096];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(url, sizeof(url), fmt, ap);
	va_end(ap);
	return call(method, url, body, false);
}

int control(const char *method, const char *path, const char *body)
{
	return call(method, path, body, true);
}

const char *answer_header(const char *name)
{
	for (size_t i = 0; i < reply.headers_n; i++) {
		if (!strcasecmp(reply.headers[i].name, name))
			return reply.headers[i].value;
	}
	return NULL;
}

struct mst_json json_at(const char *path)
{
	struct mst_json v = sn_json;

	while (*path) {
		size_t n = strcspn(path, ".");
		char key[128];

		(void)snprintf(key, sizeof(key), "%.*s", (int)n, path);
		if (mst_json_type(v) == MST_JSON_ARRAY) {
			struct mst_json_iter it = mst_json_iter(v);

			for (int i = atoi(key); i >= 0; i--) {
				if (!mst_json_next(&it, NULL, &v))
					return (struct mst_json){0};
			}
		} else {
			v = mst_json_get(v, key);
		}
		path += n + (path[n] == '.');
	}
	return v;
}

const char *at(const char *path)
{
	struct mst_json v = json_at(path);
	char *out = texts[texts_n++ % MST_LEN(texts)];
	struct mst_slice s = mst_json_str(v);

	if (mst_json_type(v) != MST_JSON_STRING)
		fail_msg("%s is no text in %.*s", path,
			 (int)MST_MIN(sn_text.n, (size_t)2000), sn_text.p);
	(void)snprintf(out, sizeof(texts[0]), "%.*s", MST_SLICE_ARG(s));
	return out;
}

size_t count_at(const char *path)
{
	return mst_json_len(json_at(path));
}

const char *make(const char *table, const char *body)
{
	if (askf("POST", body, "/api/now/table/%s", table) != 201)
		fail_msg("POST %s %s: %d %.*s", table, body, sn_status,
			 MST_SLICE_ARG(sn_text));
	return at("result.sys_id");
}
