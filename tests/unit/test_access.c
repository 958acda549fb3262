/* SPDX-License-Identifier: Apache-2.0
 *
 * Who may do what, asked through the API as browsers and programs ask it.
 */
#include "access_fixture.h"

#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "state/task.h"

static struct af af;

static int begin(void **state)
{
	(void)t_log_watch(state);
	af_begin(&af, NULL);
	af_user(&af, "root", MST_ROLE_ADMINISTRATOR);
	af_user(&af, "olga", MST_ROLE_OPERATOR);
	af_user(&af, "vic", MST_ROLE_VIEWER);
	af_user(&af, "aud", MST_ROLE_AUDITOR);
	return 0;
}

static int end(void **state)
{
	af_end(&af);
	return t_log_check(state);
}

static struct af_browser in(const char *user)
{
	struct af_browser b;

	af_open(&b, &af);
	af_sign_in(&b, user, AF_PASSWORD);
	return b;
}

/* ---- sessions ------------------------------------------------------------ */

static void cookies(void **state)
{
	struct af_browser b;

	(void)state;
	af_open(&b, &af);
	af_must(&b, "POST", "/api/v1/session",
		"{\"user\":\"vic\",\"password\":\"" AF_PASSWORD "\"}", 204, "");
	/* on plain loopback no Secure, and so another name */
	assert_non_null(strstr(b.said.head.p, "Set-Cookie: muster="));
	assert_non_null(strstr(b.said.head.p, "; HttpOnly; SameSite=Strict"));
	assert_null(strstr(b.said.head.p, "Secure"));
	assert_null(strstr(b.said.head.p, "ETag"));
	assert_non_null(strstr(b.said.head.p, "Cache-Control: no-store"));
	af_must(&b, "GET", "/api/v1/me", NULL, 200, "\"name\":\"vic\"");
	/* which is nothing over TLS: it may have been planted */
	b.tls = true;
	b.extra[0] = mst_arena_printf(&af.arena, "Cookie: muster=%s", b.cookie);
	(void)snprintf(b.cookie, sizeof(b.cookie), "%s", "");
	af_must(&b, "GET", "/api/v1/me", NULL, 401, "sign in");
	b.extra[0] = NULL;
	af_must(&b, "POST", "/api/v1/session",
		"{\"user\":\"vic\",\"password\":\"" AF_PASSWORD "\"}", 204, "");
	assert_non_null(strstr(b.said.head.p, "Set-Cookie: __Host-muster="));
	assert_non_null(strstr(b.said.head.p,
			       "; Path=/; HttpOnly; SameSite=Strict; Secure"));
	af_close(&b);
}

static void signs_out(void **state)
{
	struct af_browser b = in("vic");
	const char *cookie = mst_arena_strdup(&af.arena, b.cookie);
	const char *csrf = mst_arena_strdup(&af.arena, b.csrf);

	(void)state;
	(void)snprintf(b.csrf, sizeof(b.csrf), "%s", "x");
	af_must(&b, "DELETE", "/api/v1/session", NULL, 403, "X-CSRF-Token");
	(void)snprintf(b.csrf, sizeof(b.csrf), "%s", csrf);
	b.extra[0] = "Sec-Fetch-Site: cross-site";
	af_must(&b, "DELETE", "/api/v1/session", NULL, 403, "another page");
	b.extra[0] = "Sec-Fetch-Site: same-origin";
	b.extra[1] = "Origin: http://cmdb.example";
	af_must(&b, "DELETE", "/api/v1/session", NULL, 200,
		"\"sign_out_url\":null");
	assert_string_equal(b.cookie, "");
	(void)snprintf(b.cookie, sizeof(b.cookie), "%s", cookie);
	af_must(&b, "GET", "/api/v1/me", NULL, 401, "sign in");
	af_close(&b);
}

static void many_sessions(void **state)
{
	struct af_browser a = in("vic"), b = in("vic"), c = in("vic"),
			  o = in("olga");
	const char *id;

	(void)state;
	af_must(&o, "GET", "/api/v1/me/sessions", NULL, 200,
		"\"current\":true");
	id = strstr(o.said.body.p, "\"id\":\"");
	id = mst_arena_printf(&af.arena, "/api/v1/me/sessions/%.64s", id + 6);
	/* another user's is not there */
	af_must(&a, "DELETE", id, NULL, 404, "no such session");
	af_must(&o, "DELETE", id, NULL, 204, "");
	af_must(&o, "GET", "/api/v1/me", NULL, 401, "");
	af_must(&a, "DELETE", "/api/v1/me/sessions", NULL, 204, "");
	af_must(&a, "GET", "/api/v1/me", NULL, 200, "");
	af_must(&b, "GET", "/api/v1/me", NULL, 401, "");
	af_must(&c, "GET", "/api/v1/me", NULL, 401, "");
	af_close(&a);
	af_close(&b);
	af_close(&c);
	af_close(&o);
}

static void bad_sign_ins(void **state)
{
	static const char *const bodies[] = {
	    "{}",
	    "{\"user\":\"vic\"}",
	    "{\"user\":7,\"password\":\"x\"}",
	    "{\"user\":\"vic\",\"password\":\"x\",\"role\":\"administrator\"}",
	    "{\"user\":\"vic\\u0000\",\"password\":\"x\"}",
	};
	struct af_browser b;

	(void)state;
	af_open(&b, &af);
	for (size_t i = 0; i < MST_LEN(bodies); i++)
		af_must(&b, "POST", "/api/v1/session", bodies[i], 422,
			"pointer");
	af_must(&b, "POST", "/api/v1/session", "[]", 400, "");
	af_must(&b, "POST", "/api/v1/session", "{", 400, "");
	b.extra[0] = "Origin: https://evil.example";
	af_must(&b, "POST", "/api/v1/session",
		"{\"user\":\"vic\",\"password\":\"" AF_PASSWORD "\"}", 403,
		"another page");
	b.extra[0] = NULL;
	/* neither user nor address is told from another */
	af_must(&b, "POST", "/api/v1/session",
		"{\"user\":\"vic\",\"password\":\"wrong\"}", 401,
		"user name or password is wrong");
	af_must(&b, "POST", "/api/v1/session",
		"{\"user\":\"nobody\",\"password\":\"wrong\"}", 401,
		"user name or password is wrong");
	for (int i = 0; i < 10; i++)
		(void)af_ask(&b, "POST", "/api/v1/session",
			     "{\"user\":\"nobody\",\"password\":\"wrong\"}");
	af_must(&b, "POST", "/api/v1/session",
		"{\"user\":\"vic\",\"password\":\"" AF_PASSWORD "\"}", 429,
		"too many wrong sign-ins");
	assert_string_not_equal(af_header(&b, "Retry-After"), "");
	af_close(&b);
}

static void own_password(void **state)
{
	struct af_browser b = in("vic"), other = in("vic");

	(void)state;
	af_must(&b, "PUT", "/api/v1/me/password",
		"{\"current\":\"wrong\",\"password\":\"a new kettle for all\"}",
		422, "/current");
	af_must(&b, "PUT", "/api/v1/me/password",
		"{\"current\":\"" AF_PASSWORD "\",\"password\":\"short\"}", 422,
		"/password");
	af_must(&b, "PUT", "/api/v1/me/password",
		"{\"current\":\"" AF_PASSWORD
		"\",\"password\":\"a new kettle for all\"}",
		200, "\"must_change\":false");
	(void)snprintf(b.csrf, sizeof(b.csrf), "%s", af_text(&b, "csrf"));
	af_must(&b, "GET", "/api/v1/me", NULL, 200, "vic");
	af_must(&b, "DELETE", "/api/v1/session", NULL, 200, "");
	af_must(&other, "GET", "/api/v1/me", NULL, 401, "");
	af_close(&b);
	af_close(&other);
}

/* Lines that end where they must not. */
static void injections(void **state)
{
	struct af_browser b = in("root");
	const char *bodies[] = {
	    "{\"name\":\"a\\r\\nSet-Cookie: x=1\",\"role\":\"viewer\"}",
	    "{\"name\":\"a/../b\",\"role\":\"viewer\"}",
	    "{\"name\":\"<script>\",\"role\":\"viewer\"}",
	    "{\"name\":\"schedule\",\"role\":\"viewer\"}",
	};

	(void)state;
	for (size_t i = 0; i < MST_LEN(bodies); i++) {
		af_must(&b, "POST", "/api/v1/users", bodies[i], 422, "no name");
		assert_null(strstr(b.said.head.p, "x=1"));
	}
	af_must(
	    &b, "POST", "/api/v1/users",
	    "{\"name\":\"abc\",\"full_name\":\"a\\nb\",\"role\":\"viewer\"}",
	    422, "control characters");
	af_must(&b, "GET", "/api/v1/users/a%0d%0ab", NULL, 400, "");
	af_close(&b);
}

/* ---- users --------------------------------------------------------------- */

static void users(void **state)
{
	struct af_browser b = in("root"), n;
	char once[64];

	(void)state;
	af_must(&b, "GET", "/api/v1/users", NULL, 200, "\"name\":\"olga\"");
	assert_null(strstr(b.said.body.p, "argon2"));
	af_must(&b, "POST", "/api/v1/users",
		"{\"name\":\"New.One\",\"role\":\"operator\"}", 201,
		"\"password\":\"");
	assert_string_equal(af_header(&b, "Location"), "/api/v1/users/New.One");
	(void)snprintf(once, sizeof(once), "%s", af_text(&b, "password"));
	af_must(&b, "POST", "/api/v1/users",
		"{\"name\":\"new.one\",\"role\":\"operator\"}", 409, "");
	af_must(&b, "POST", "/api/v1/users",
		"{\"name\":\"x\",\"role\":\"king\"}", 422, "/role");
	af_must(&b, "POST", "/api/v1/users",
		"{\"name\":\"x\",\"role\":\"viewer\",\"sign_in\":\"oidc\"}",
		422, "first sign-in");
	af_open(&n, &af);
	af_sign_in(&n, "new.one", once);
	af_must(&n, "GET", "/api/v1/jobs", NULL, 403, "must be changed");
	af_must(&n, "GET", "/api/v1/me", NULL, 200, "\"must_change\":true");
	af_must(&n, "PUT", "/api/v1/me/password",
		mst_arena_printf(
		    &af.arena, "{\"current\":\"%s\",\"password\":\"%05000d\"}",
		    once, 7),
		422, "is longer than 4096 bytes");
	af_must(&n, "PUT", "/api/v1/me/password",
		mst_arena_printf(&af.arena,
				 "{\"current\":\"%s\",\"password\":\"%s\"}",
				 once, AF_PASSWORD),
		200, "\"must_change\":false");
	af_must(&n, "GET", "/api/v1/tokens", NULL, 200, "");
	/* a role counts at once */
	af_must(&n, "GET", "/api/v1/users", NULL, 403, "administer");
	af_must(&b, "PUT", "/api/v1/users/new.one",
		"{\"role\":\"administrator\"}", 200, "administrator");
	af_must(&n, "GET", "/api/v1/users", NULL, 200, "");
	af_must(&b, "PUT", "/api/v1/users/new.one", "{\"disabled\":true}", 200,
		"disabled");
	af_must(&n, "GET", "/api/v1/me", NULL, 401, "");
	af_must(&b, "PUT", "/api/v1/users/root", "{\"role\":\"viewer\"}", 409,
		"last administrator");
	af_must(&b, "DELETE", "/api/v1/users/root", NULL, 409,
		"last administrator");
	af_must(&b, "POST", "/api/v1/users/olga/password", NULL, 200,
		"password");
	af_must(&b, "POST", "/api/v1/users/nobody/password", NULL, 404, "");
	af_must(&b, "DELETE", "/api/v1/users/new.one", NULL, 204, "");
	af_must(&b, "GET", "/api/v1/users/new.one", NULL, 404, "");
	af_close(&b);
	af_close(&n);
}

/* ---- tokens -------------------------------------------------------------- */

static void tokens(void **state)
{
	struct af_browser b = in("olga"), p, r = in("root"), w;
	const char *id;

	(void)state;
	af_must(&b, "POST", "/api/v1/tokens",
		"{\"name\":\"ci\",\"scopes\":[\"read\",\"configure\"]}", 403,
		"more scopes");
	af_must(&b, "POST", "/api/v1/tokens", "{\"name\":\"ci\",\"scopes\":[]}",
		422, "/scopes");
	af_must(&b, "POST", "/api/v1/tokens",
		"{\"name\":\"ci\",\"scopes\":[\"read\"],"
		"\"expires_at\":\"2020-01-01T00:00:00Z\"}",
		422, "/expires_at");
	af_must(&b, "POST", "/api/v1/tokens",
		"{\"name\":\"ci\",\"user\":\"root\",\"scopes\":[\"read\"]}",
		403, "for others");
	af_must(&b, "POST", "/api/v1/tokens",
		"{\"name\":\"ci\",\"scopes\":[\"read\"]}", 201,
		"\"token\":\"mst_");
	id = af_text(&b, "id");
	af_open(&p, &af);
	p.token = af_text(&b, "token");
	af_must(&b, "GET", "/api/v1/tokens", NULL, 200, id);
	assert_null(strstr(b.said.body.p, "mst_"));
	/* programs: no cookie, no CSRF token */
	af_must(&p, "GET", "/api/v1/me", NULL, 200, "\"may\":[\"read\"]");
	af_must(&p, "GET", "/api/v1/me", NULL, 200, "\"csrf\":null");
	af_must(&p, "POST", "/api/v1/tokens",
		"{\"name\":\"more\",\"scopes\":[\"read\"]}", 403,
		"makes no tokens");
	af_must(&p, "DELETE", "/api/v1/me/sessions", NULL, 403,
		"end its owner's sessions");
	af_must(&p, "PUT", "/api/v1/me/password",
		"{\"current\":\"" AF_PASSWORD
		"\",\"password\":\"a new kettle for all\"}",
		403, "a token cannot");
	af_must(&p, "DELETE", "/api/v1/session", NULL, 400, "no session");
	/* nor for somebody else */
	af_must(&r, "POST", "/api/v1/tokens",
		"{\"name\":\"adm\",\"scopes\":[\"read\",\"administer\"]}", 201,
		"mst_");
	af_open(&w, &af);
	w.token = af_text(&r, "token");
	af_must(&w, "POST", "/api/v1/tokens",
		"{\"name\":\"more\",\"user\":\"olga\","
		"\"scopes\":[\"read\",\"operate\"]}",
		403, "more scopes");
	af_must(&w, "POST", "/api/v1/tokens",
		"{\"name\":\"less\",\"user\":\"olga\",\"scopes\":[\"read\"]}",
		201, "mst_");
	/* others' are not there, but for administrators */
	af_must(&r, "GET", "/api/v1/tokens", NULL, 200, id);
	{
		struct af_browser v = in("vic");

		af_must(&v, "DELETE",
			mst_arena_printf(&af.arena, "/api/v1/tokens/%s", id),
			NULL, 404, "of yours");
		af_close(&v);
	}
	af_must(&r, "DELETE",
		mst_arena_printf(&af.arena, "/api/v1/tokens/%s", id), NULL, 204,
		"");
	af_must(&p, "GET", "/api/v1/me", NULL, 401, "token");
	af_close(&b);
	af_close(&p);
	af_close(&r);
	af_close(&w);
}

/* ---- a second person ----------------------------------------------------- */

#define NEW_USER "{\"name\":\"sock\",\"role\":\"administrator\"}"

static const char *approval(int64_t id, const char *what)
{
	return mst_arena_printf(&af.arena, "/api/v1/approvals/%lld%s%s",
				(long long)id, *what ? "/" : "", what);
}

static void second_person(void **state)
{
	struct af_browser a = in("root"), b, v = in("vic");
	int64_t id;

	(void)state;
	af_user(&af, "rita", MST_ROLE_ADMINISTRATOR);
	b = in("rita");
	af_must(&a, "PUT", "/api/v1/service",
		"{\"values\":{\"approval\":\"prod\"}}", 201, "prod");
	af_service(&af, "service:\n  approval: prod\n");
	/* what would make one person two waits */
	af_must(&a, "POST", "/api/v1/users", NEW_USER, 202,
		"\"state\":\"waiting\"");
	id = af_number(&a, "id");
	af_must(&a, "GET", "/api/v1/users/sock", NULL, 404, "");
	af_must(&a, "POST", "/api/v1/users/vic/password", NULL, 202, "waiting");
	af_must(&a, "PUT", "/api/v1/users/vic", "{\"role\":\"administrator\"}",
		202, "waiting");
	af_must(&a, "POST", "/api/v1/tokens",
		"{\"name\":\"x\",\"user\":\"rita\",\"scopes\":[\"read\"]}", 202,
		"waiting");
	af_must(&a, "PUT", "/api/v1/service",
		"{\"values\":{\"approval\":\"none\"}}", 202, "administer");
	/* a name alone makes nobody able to anything */
	af_must(&a, "PUT", "/api/v1/users/vic",
		"{\"full_name\":\"Vic\",\"role\":\"viewer\","
		"\"disabled\":false}",
		200, "Vic");
	/* not by oneself, not by those who may not do it themselves */
	af_must(&a, "POST", approval(id, "approve"), NULL, 409,
		"somebody else must decide");
	af_must(&v, "POST", approval(id, "approve"), NULL, 403, "administer");
	af_must(&v, "GET", "/api/v1/approvals?state=waiting", NULL, 200,
		"make the user sock");
	af_must(&v, "GET", approval(id, ""), NULL, 200, "\"request\":null");
	af_must(&a, "GET", approval(id, ""), NULL, 200, "\"body\":{\"name\"");
	af_must(&b, "POST", approval(id, "approve"), "{\"why\":\"fine\"}", 200,
		"\"state\":\"approved\"");
	assert_int_equal(af_number(&b, "status"), 201);
	assert_string_equal(af_text(&b, "result.name"), "sock");
	assert_string_not_equal(af_text(&b, "result.password"), "");
	af_must(&a, "GET", "/api/v1/users/sock", NULL, 200, "administrator");
	/* once */
	af_must(&b, "POST", approval(id, "approve"), NULL, 409, "approved");
	af_must(&b, "POST", approval(id, "reject"), "{\"why\":\"no\"}", 409,
		"approved");
	/* a no wants a reason */
	af_must(&b, "POST", approval(id + 1, "reject"), "{}", 422, "/why");
	af_must(&b, "POST", approval(id + 1, "reject"), "{\"why\":\"no\"}", 200,
		"rejected");
	/* who asked may take it back */
	af_must(&a, "POST", approval(id + 2, "reject"), "{\"why\":\"oh\"}", 200,
		"rejected");
	af_must(&b, "GET", approval(999, ""), NULL, 404, "");
	af_close(&a);
	af_close(&b);
	af_close(&v);
}

/* Time runs out; a role is lost meanwhile; what fails is told. */
static void second_thoughts(void **state)
{
	struct af_browser a = in("root"), b;
	struct mst_err err = MST_ERR_INIT;
	int64_t id;

	(void)state;
	af_user(&af, "rita", MST_ROLE_ADMINISTRATOR);
	b = in("rita");
	af_service(&af, "service:\n  approval: prod_runs\n");
	af_must(&a, "POST", "/api/v1/users", NEW_USER, 202, "waiting");
	id = af_number(&a, "id");
	af_must(&a, "POST", "/api/v1/users", NEW_USER, 202, "waiting");
	af_must(&a, "POST", "/api/v1/users", NEW_USER, 202, "waiting");
	af_must(&b, "POST", approval(id, "approve"), NULL, 200, "approved");
	/* the name is taken now */
	af_must(&b, "POST", approval(id + 1, "approve"), NULL, 200,
		"\"status\":409");
	/* nobody was asked by somebody who may not ask */
	t_ok(mst_people_change(af.s, "root", NULL, MST_ROLE_VIEWER, -1, &err),
	     &err);
	af_must(&b, "POST", approval(id + 2, "approve"), NULL, 409,
		"may not do it any more");
	t_ok(mst_people_change(af.s, "root", NULL, MST_ROLE_ADMINISTRATOR, -1,
			       &err),
	     &err);
	t_clock_set(mst_now_us() + 8 * 86400000000LL);
	(void)snprintf(b.cookie, sizeof(b.cookie), "%s", "");
	af_sign_in(&b, "rita", AF_PASSWORD);
	af_must(&b, "POST", approval(id + 2, "approve"), NULL, 409, "expired");
	af_must(&b, "GET", "/api/v1/approvals?state=expired", NULL, 200,
		"make the user sock");
	t_clock_real();
	af_close(&a);
	af_close(&b);
}

static int look_task(void *ctx, const struct mst_task *t)
{
	*(enum mst_task_state *)ctx = t->state;
	return 0;
}

static enum mst_task_state state_of(int64_t task)
{
	enum mst_task_state s = MST_TASK__MAX;
	struct mst_err err = MST_ERR_INIT;

	t_ok(mst_task(af.s, task, look_task, &s, &err), &err);
	return s;
}

/* A run that writes to PROD waits as a task. */
static void runs(void **state)
{
	static const char conf[] =
	    "connections:\n"
	    "  - name: defender\n    type: endpoint\n"
	    "    tenant_id: 11111111-2222-3333-4444-555555555555\n"
	    "    client_id: 66666666-7777-8888-9999-aaaaaaaaaaaa\n"
	    "    client_secret: env:FAKE\n"
	    "  - name: cmdb\n    type: servicenow\n"
	    "    url: https://example.invalid\n    username: u\n"
	    "    password: env:FAKE\n    environment: prod\n"
	    "jobs:\n  - name: main\n    source: defender\n"
	    "    destination: cmdb\n"
	    "service:\n  approval: prod_runs\n";
	struct af_browser a = in("olga"), b, v = in("vic");
	int64_t id, task;

	(void)state;
	af_user(&af, "otto", MST_ROLE_OPERATOR);
	b = in("otto");
	af_service(&af, conf);
	af_must(&v, "POST", "/api/v1/jobs/main/runs", "{}", 403, "operate");
	a.extra[0] = "Idempotency-Key: once";
	af_must(&a, "POST", "/api/v1/jobs/main/runs", "{}", 202, "waiting");
	id = af_number(&a, "id");
	task = af_number(&a, "task");
	/* the same again is what it waits for */
	af_must(&a, "POST", "/api/v1/jobs/main/runs", "{}", 202, "waiting");
	assert_int_equal(af_number(&a, "id"), id);
	assert_int_equal(af_number(&a, "task"), task);
	a.extra[0] = NULL;
	assert_int_equal(state_of(task), MST_TASK_WAITING);
	af_must(&a, "POST", approval(id, "approve"), NULL, 409,
		"somebody else");
	af_must(&b, "POST", approval(id, "approve"), NULL, 200, "approved");
	assert_int_equal(state_of(task), MST_TASK_QUEUED);
	af_must(&a, "POST", "/api/v1/jobs/main/runs", "{}", 202, "waiting");
	id = af_number(&a, "id");
	task = af_number(&a, "task");
	af_must(&b, "POST", approval(id, "reject"), "{\"why\":\"not now\"}",
		200, "rejected");
	assert_int_equal(state_of(task), MST_TASK_CANCELLED);
	/* a plan writes nothing */
	af_must(&a, "POST", "/api/v1/jobs/main/plans", "{}", 202, "queued");
	af_close(&a);
	af_close(&b);
	af_close(&v);
}

/* The section service says who may sign in: no way to it needs less than PUT
 * /service does, or waits for nobody where that does. */
static void by_the_back_door(void **state)
{
	static const char apply[] =
	    "{\"argv\":[\"apply\",\"--file\",\"@a.yaml\"],"
	    "\"files\":{\"a.yaml\":\"service:\\n  approval: none\\n\"}}";
	static const char by_word[] =
	    "{\"argv\":[\"apply\",\"--\",\"@a.yaml\"],"
	    "\"files\":{\"a.yaml\":\"service:\\n  approval: none\\n\"}}";
	/* the last one is what the command applies */
	static const char twice[] =
	    "{\"argv\":[\"apply\",\"--file\",\"@b.yaml\",\"-f\",\"@a.yaml\"],"
	    "\"files\":{\"b.yaml\":\"outbox:\\n  keep: 20d\\n\","
	    "\"a.yaml\":\"service:\\n  approval: none\\n\"}}";
	static const char hidden[] =
	    "{\"argv\":[\"apply\",\"--file\",\"@a.yaml\"],"
	    "\"files\":{\"a.yaml\":\"outbox:\\n  keep: 20d\\n\","
	    "\"a.yaml\":\"service:\\n  approval: none\\n\"}}";
	static const char other[] =
	    "{\"argv\":[\"apply\",\"--file\",\"@a.yaml\"],"
	    "\"files\":{\"a.yaml\":\"outbox:\\n  keep: 20d\\n\"}}";
	struct af_browser a = in("root"), b, p;
	int64_t id;

	(void)state;
	af_must(&a, "POST", "/api/v1/tokens",
		"{\"name\":\"ci\",\"scopes\":[\"read\",\"configure\"]}", 201,
		"mst_");
	af_open(&p, &af);
	p.token = af_text(&a, "token");
	af_must(&p, "PUT", "/api/v1/service", "{\"values\":{}}", 403,
		"administer");
	af_must(&p, "POST", "/api/v1/apply", "service:\n  log: text\n", 403,
		"administer");
	af_must(&p, "POST", "/api/v1/commands", apply, 403, "");
	af_must(&p, "POST", "/api/v1/commands", by_word, 403, "");
	af_must(&p, "POST", "/api/v1/commands", twice, 403, "");
	af_must(&p, "POST", "/api/v1/commands", hidden, 422, "twice");
	af_must(&p, "POST", "/api/v1/apply", "outbox:\n  keep: 20d\n", 200,
		"added");
	/* what waits for a second person does so by every way */
	af_service(&af, "service:\n  approval: prod_runs\n");
	af_must(&a, "POST", "/api/v1/apply", "service:\n  approval: none\n",
		202, "administer");
	af_must(&a, "POST", "/api/v1/commands", apply, 202, "administer");
	af_must(&a, "POST", "/api/v1/commands", by_word, 202, "administer");
	af_must(&a, "POST", "/api/v1/commands", twice, 202, "administer");
	af_must(&a, "POST", "/api/v1/apply", "outbox:\n  keep: 21d\n", 200,
		"changed");
	af_service(&af, "service:\n  approval: prod_changes\n");
	af_must(&a, "POST", "/api/v1/apply", "outbox:\n  keep: 22d\n", 202,
		"configure");
	id = af_number(&a, "id");
	af_must(&a, "POST", "/api/v1/commands", other, 202, "configure");
	af_user(&af, "rita", MST_ROLE_ADMINISTRATOR);
	b = in("rita");
	af_must(&b, "POST", approval(id, "approve"), NULL, 200,
		"\"changed\":1");
	af_close(&b);
	af_close(&a);
	af_close(&p);
}

/* Every change is in the audit, with who, and nothing secret. */
static int look_audit(void *ctx, const struct mst_audit_entry *e)
{
	struct mst_buf *b = ctx;

	(void)mst_buf_addf(b, "%s|%s|%s|%s|%s|%s\n", e->user, e->via, e->what,
			   e->kind, e->name, e->after);
	return 0;
}

static void audit(void **state)
{
	const struct mst_audit_filter all = {.n = 100};
	struct mst_buf text = MST_BUF_INIT(1u << 20);
	struct mst_err err = MST_ERR_INIT;
	struct af_browser b = in("root"), p;
	struct mst_audit_check c;
	const char *token, *once;

	(void)state;
	af_must(&b, "POST", "/api/v1/users",
		"{\"name\":\"neu\",\"role\":\"viewer\"}", 201, "");
	once = af_text(&b, "password");
	af_must(&b, "POST", "/api/v1/tokens",
		"{\"name\":\"ci\",\"scopes\":[\"administer\"]}", 201, "");
	token = af_text(&b, "token");
	af_open(&p, &af);
	p.token = token;
	{
		struct af_browser w;

		af_open(&w, &af);
		(void)af_ask(&w, "POST", "/api/v1/session",
			     "{\"user\":\"Ghost\",\"password\":\"wrong\"}");
		(void)af_ask(&w, "POST", "/api/v1/session",
			     "{\"user\":\"vic\",\"password\":\"wrong\"}");
		(void)af_ask(&w, "POST", "/api/v1/session",
			     "{\"user\":\"a\\nb\",\"password\":\"wrong\"}");
		af_close(&w);
	}
	af_must(&p, "PUT", "/api/v1/users/neu", "{\"role\":\"operator\"}", 200,
		"");
	t_ok(mst_state_audit(af.s, &all, look_audit, &text, &err), &err);
	assert_non_null(strstr(text.p, "root|console|add|user|neu"));
	assert_non_null(strstr(text.p, "root (token ci)|api|set|user|neu"));
	assert_non_null(strstr(text.p, "ghost|console|refused|session|ghost"));
	assert_non_null(strstr(text.p, "vic|console|refused|session|vic"));
	assert_null(strstr(text.p, "a\nb|"));
	assert_null(strstr(text.p, once));
	assert_null(strstr(text.p, token));
	assert_null(strstr(text.p, b.cookie));
	assert_null(strstr(text.p, "argon2"));
	t_ok(mst_audit_verify(af.s, NULL, &c, &err), &err);
	assert_int_equal(c.bad_id, 0);
	mst_buf_fini(&text);
	af_close(&b);
	af_close(&p);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(cookies),		T(signs_out),	 T(many_sessions),
	    T(bad_sign_ins),	T(own_password), T(injections),
	    T(users),		T(tokens),	 T(second_person),
	    T(second_thoughts), T(runs),	 T(by_the_back_door),
	    T(audit),
	};

	return cmocka_run_group_tests_name("access", tests, NULL, NULL);
}
