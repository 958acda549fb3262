/* SPDX-License-Identifier: Apache-2.0
 *
 * See access_fixture.h.
 */
#include "access_fixture.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "api/gate.h"
#include "sync/config.h"

void af_service(struct af *af, const char *yaml)
{
	struct mst_err err = MST_ERR_INIT;
	size_t added, changed;
	struct mst_conf conf;

	t_ok(mst_conf_read(mst_slice_str(yaml), "service.yaml", &conf, &err),
	     &err);
	t_ok(mst_config_put(af->s, conf.items, conf.items_n, NULL, NULL, &added,
			    &changed, &err),
	     &err);
	mst_conf_fini(&conf);
	t_ok(mst_auth_load(af->door, af->s, &err), &err);
}

static void open_all(struct af *af, const char *service)
{
	static const char *const proxies[] = {"10.9.8.7", NULL};
	struct mst_err err = MST_ERR_INIT;
	struct mst_api_conf conf = {.state_dir = af->dir, .node = "n1"};

	af->door = mst_door_new();
	t_ok(mst_state_open(af->dir, &af->s, &err), &err);
	if (service)
		af_service(af, service);
	conf.door = af->door;
	conf.http.proxies = proxies;
	t_ok(mst_api_open_none(&conf, &af->api, &err), &err);
}

static void close_all(struct af *af)
{
	mst_api_close(&af->api, 0);
	mst_door_free(&af->door);
	mst_state_close(&af->s);
}

void af_begin(struct af *af, const char *service)
{
	static int n;

	*af = (struct af){.dir = t_path("af%d", n++)};
	mst_password_cost(1, 8192);
	mst_arena_init(&af->arena, 64u << 20);
	af->json = mst_json_parser_new(16u << 20);
	open_all(af, service);
}

void af_again(struct af *af)
{
	close_all(af);
	open_all(af, NULL);
}

void af_end(struct af *af)
{
	close_all(af);
	mst_json_parser_free(&af->json);
	mst_arena_fini(&af->arena);
}

void af_user(struct af *af, const char *name, enum mst_role role)
{
	const struct mst_person p = {
	    .name = name,
	    .full_name = "",
	    .role = role,
	    .password = MST_SLICE_LIT(AF_PASSWORD),
	    .min_length = 12,
	};
	char once[MST_PASSWORD_ONCE];
	struct mst_err err = MST_ERR_INIT;

	t_ok(mst_people_add(af->s, &p, once, &err), &err);
}

/* ---- browsers ------------------------------------------------------------ */

void af_open(struct af_browser *b, struct af *af)
{
	*b = (struct af_browser){.af = af};
}

void af_close(struct af_browser *b)
{
	mst_http_said_fini(&b->said);
}

/* "Set-Cookie: NAME=VALUE; …" into the jar. */
static void take_cookie(struct af_browser *b, const char *line)
{
	const char *eq = strchr(line, '=');
	size_t n = strcspn(line, ";");
	bool oidc = eq && memmem(line, (size_t)(eq - line), "oidc", 4);

	assert_non_null(eq);
	n -= (size_t)(eq + 1 - line);
	if (oidc)
		(void)snprintf(b->oidc, sizeof(b->oidc), "%.*s", (int)n,
			       eq + 1);
	else
		(void)snprintf(b->cookie, sizeof(b->cookie), "%.*s", (int)n,
			       eq + 1);
}

static void take_cookies(struct af_browser *b)
{
	static const char name[] = "Set-Cookie: ";

	for (const char *p = b->said.head.p; p && (p = strstr(p, name));)
		take_cookie(b, p += strlen(name));
}

int af_ask(struct af_browser *b, const char *method, const char *uri,
	   const char *body)
{
	char cookie[1400], csrf[128], bearer[128];
	const char *headers[12];
	struct mst_http_direct q = {
	    .method = method,
	    .uri = uri,
	    .headers = headers,
	    .body = mst_slice_str(body),
	    .peer = b->tls ? "10.9.8.7" : "127.0.0.1",
	};
	size_t n = 0;

	headers[n++] = "Host: cmdb.example";
	if (body)
		headers[n++] = "Content-Type: application/json";
	if (b->tls)
		headers[n++] = "X-Forwarded-Proto: https";
	(void)snprintf(cookie, sizeof(cookie),
		       "Cookie: other=1; %s=%s; %s-oidc=%s",
		       mst_door_cookie_name(b->tls), b->cookie,
		       mst_door_cookie_name(b->tls), b->oidc);
	(void)snprintf(csrf, sizeof(csrf), "X-CSRF-Token: %s", b->csrf);
	(void)snprintf(bearer, sizeof(bearer), "Authorization: Bearer %s",
		       b->token ? b->token : "");
	if (b->token)
		headers[n++] = bearer;
	else if (*b->cookie || *b->oidc)
		headers[n++] = cookie;
	if (*b->csrf && !b->token)
		headers[n++] = csrf;
	for (size_t i = 0; i < MST_LEN(b->extra) && b->extra[i]; i++)
		headers[n++] = b->extra[i];
	headers[n] = NULL;
	mst_http_said_fini(&b->said);
	b->said = (struct mst_http_said){0};
	mst_http_ask(mst_api_http(b->af->api), &q, &b->said);
	take_cookies(b);
	return b->said.status;
}

void af_must(struct af_browser *b, const char *method, const char *uri,
	     const char *body, int status, const char *part)
{
	int got = af_ask(b, method, uri, body);
	const char *text = b->said.body.p ? b->said.body.p : "";

	if (got != status || !strstr(text, part))
		fail_msg("%s %s: %d (not %d, \"%s\"): %s", method, uri, got,
			 status, part, text);
}

void af_sign_in(struct af_browser *b, const char *user, const char *password)
{
	char body[256];

	(void)snprintf(body, sizeof(body),
		       "{\"user\":\"%s\",\"password\":\"%s\"}", user, password);
	af_must(b, "POST", "/api/v1/session", body, 204, "");
	af_must(b, "GET", "/api/v1/me", NULL, 200, "csrf");
	(void)snprintf(b->csrf, sizeof(b->csrf), "%s", af_text(b, "csrf"));
}

static struct mst_json at(struct af_browser *b, const char *path)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_json v;
	char name[64];

	t_ok(
	    mst_json_parse(b->af->json, mst_buf_slice(&b->said.body), &v, &err),
	    &err);
	while (*path) {
		size_t n = strcspn(path, ".");

		(void)snprintf(name, sizeof(name), "%.*s", (int)n, path);
		v = mst_json_get(v, name);
		path += n + (path[n] == '.');
	}
	return v;
}

const char *af_text(struct af_browser *b, const char *path)
{
	struct mst_slice s = mst_json_str(at(b, path));

	return mst_arena_dup(&b->af->arena, s.n ? s : mst_slice("", 0)).p;
}

int64_t af_number(struct af_browser *b, const char *path)
{
	int64_t v = -1;

	(void)mst_json_i64(at(b, path), &v);
	return v;
}

const char *af_header(struct af_browser *b, const char *name)
{
	const char *p = b->said.head.p ? b->said.head.p : "";
	size_t n = strlen(name);

	while (*p) {
		size_t line = strcspn(p, "\r\n");

		if (line > n + 1 && strncasecmp(p, name, n) == 0 && p[n] == ':')
			return mst_arena_dup(&b->af->arena,
					     mst_slice_trim(mst_slice(
						 p + n + 1, line - n - 1)))
			    .p;
		p += line;
		p += strspn(p, "\r\n");
	}
	return "";
}
