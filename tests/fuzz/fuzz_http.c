/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as a request: the first line is method and address, the next ones
 * are headers up to an empty one, the rest is the body. It is answered with a
 * status that there is, headers of one line each, and JSON where that is said.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "http/http.h"
#include "tests/fuzz/fuzz.h"

#define HEADERS 16

static int show(struct mst_http_req *r, struct mst_http_resp *resp,
		struct mst_err *err)
{
	struct mst_jout j;
	size_t limit;
	int64_t after;
	int rc = mst_http_page(r, &limit, &after, err);

	if (rc < 0)
		return rc;
	mst_jout_init(&j, &resp->body);
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "name", mst_http_param(r, "name"));
	mst_jout_kstr(&j, "q", mst_http_query(r, "q"));
	mst_jout_kstr(&j, "cookie", mst_http_cookie(r, "c"));
	mst_jout_ki64(&j, "limit", (int64_t)limit);
	mst_jout_kstr(&j, "peer", r->peer);
	mst_jout_end_obj(&j);
	return 0;
}

static int one(struct mst_http_req *r, struct mst_http_resp *resp,
	       struct mst_err *err)
{
	int64_t id;

	resp->location = "/x";
	resp->status = 202;
	return mst_http_param_id(r, "id", &id, err);
}

static int change(struct mst_http_req *r, struct mst_http_resp *resp,
		  struct mst_err *err)
{
	struct mst_json root;
	int rc = mst_http_match(r, MST_SLICE_LIT("now"), err);

	if (rc == 0)
		rc = mst_http_json(r, &root, err);
	if (rc < 0)
		return rc;
	if (mst_json_type(mst_json_get(root, "wrong")) != MST_JSON_NULL) {
		mst_http_wrong(r, "/wrong", "is wrong");
		return mst_err_set(err, MST_E_INVALID, "see errors");
	}
	(void)mst_json_write(root, &resp->body);
	return 0;
}

static const struct mst_http_route routes[] = {
    {MST_ROUTE_GET, "/things/{name}", "show", "t", "", .run = show,
     .flags = MST_ROUTE_LIST,
     .query = {{"q", "", "string", NULL},
	       {"n", "", "integer", NULL},
	       {"b", "", "boolean", NULL},
	       {"c", "", "string", "a|b"}}},
    {MST_ROUTE_GET, "/things/first", "first", "t", "", .run = show},
    {MST_ROUTE_POST, "/things/{id}/runs", "one", "t", "", .run = one},
    {MST_ROUTE_PUT, "/things/{name}", "change", "t", "", .body = "any",
     .flags = MST_ROUTE_MATCH, .run = change},
    {0},
};

/* Up to the line end, which becomes a NUL; NULL behind the last. */
static char *line(char **at, const char *end)
{
	char *from = *at, *stop;

	if (from >= end)
		return NULL;
	stop = memchr(from, '\n', (size_t)(end - from));
	*at = stop ? stop + 1 : (char *)(uintptr_t)end;
	if (stop)
		*stop = 0;
	return from;
}

static void check(const struct mst_http_said *s)
{
	assert(s->status >= 200 && s->status < 500);
	assert(s->head.p && !strchr(s->head.p, '\r'));
	if (s->body.n && strstr(s->head.p, "application/problem+json\n") &&
	    !strstr(s->head.p, "Content-Encoding")) {
		struct mst_json_parser *p = mst_json_parser_new(1u << 24);
		struct mst_err err = MST_ERR_INIT;
		struct mst_json root;

		assert(mst_json_parse(p, mst_buf_slice(&s->body), &root,
				      &err) == 0);
		mst_json_parser_free(&p);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct mst_http_table table = {.base = "/v1",
						    .routes = routes};
	static const char *const proxies[] = {"10.0.0.0/8", "127.0.0.1", NULL};
	static struct mst_http *server;
	const struct mst_http_conf conf = {.tables = &table,
					   .tables_n = 1,
					   .address_rate = MST_HTTP_ANY,
					   .proxies = proxies};
	const char *headers[HEADERS + 1] = {NULL};
	struct mst_err err = MST_ERR_INIT;
	struct mst_http_said s;
	char *text, *at, *first, *uri, *h;
	size_t n = 0;

	if (size > 65536)
		return 0;
	if (!server && mst_http_open_none(&conf, &server, &err) < 0)
		abort();
	text = mst_strndup((const char *)data, size);
	at = text;
	first = line(&at, text + size);
	uri = first ? strchr(first, ' ') : NULL;
	if (uri) {
		*uri++ = 0;
		while ((h = line(&at, text + size)) && *h)
			if (n < HEADERS)
				headers[n++] = h;
		mst_http_ask(
		    server,
		    &(struct mst_http_direct){
			.method = first,
			.uri = uri,
			.headers = headers,
			.body = mst_slice(at, (size_t)(text + size - at))},
		    &s);
		check(&s);
		mst_http_said_fini(&s);
	}
	free(text);
	return 0;
}
