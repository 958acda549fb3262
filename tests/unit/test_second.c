/* SPDX-License-Identifier: Apache-2.0
 *
 * What waits for a second person, by every way that leads there: the API's own
 * routes and commands of the CLI at a server. And who that person may not be.
 */
#include "access_fixture.h"

#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "state/task.h"

#define PLACES                                                                 \
	"connections:\n"                                                       \
	"  - name: defender\n    type: endpoint\n"                             \
	"    tenant_id: 11111111-2222-3333-4444-555555555555\n"                \
	"    client_id: 66666666-7777-8888-9999-aaaaaaaaaaaa\n"                \
	"    client_secret: env:FAKE\n    environments: [test, prod]\n"        \
	"  - name: cmdb\n    type: servicenow\n"                               \
	"    url: https://example.invalid\n    username: u\n"                  \
	"    password: env:FAKE\n    environment: prod\n"                      \
	"  - name: dev\n    type: servicenow\n"                                \
	"    url: https://dev.invalid\n    username: u\n"                      \
	"    password: env:FAKE\n    environment: test\n"                      \
	"  - name: vault\n    type: servicenow\n"                              \
	"    url: https://vault.invalid\n    username: u\n"                    \
	"    password: sealed:vault\n    environment: prod\n"                  \
	"  - name: shadow\n    type: servicenow\n"                             \
	"    url: https://example.invalid\n    username: u\n"                  \
	"    password: env:FAKE\n    environment: test\n"                      \
	"jobs:\n"                                                              \
	"  - name: main\n    source: defender\n    destination: cmdb\n"        \
	"  - name: trial\n    source: defender\n    destination: dev\n"        \
	"  - name: shadow\n    source: defender\n    destination: shadow\n"

static struct af af;

static int64_t add_run(const char *job)
{
	struct mst_run run = {
	    .job = job, .ended_us = MST_TIME_NONE, .error = "", .proof = ""};
	struct mst_err err = MST_ERR_INIT;

	t_ok(mst_state_run_begin(af.s, job, &run.id, &err), &err);
	t_ok(mst_state_run_end(af.s, &run, &err), &err);
	return run.id;
}

static int begin(void **state)
{
	(void)t_log_watch(state);
	af_begin(&af, PLACES);
	af_user(&af, "root", MST_ROLE_ADMINISTRATOR);
	af_user(&af, "rita", MST_ROLE_ADMINISTRATOR);
	af_user(&af, "vic", MST_ROLE_VIEWER);
	assert_int_equal(add_run("main"), 1);
	assert_int_equal(add_run("trial"), 2);
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

static void set_approval(const char *word)
{
	af_service(&af, mst_arena_printf(&af.arena,
					 "service:\n  approval: %s\n", word));
}

/* ---- what waits ---------------------------------------------------------- */

enum { NEVER = 0, CHANGES = 1, RUNS = 2, ALWAYS = 4 };

#define SET(value)                                                             \
	"{\"values\":{\"min_cvss\":{\"override\":true,\"value\":\"" value      \
	"\"}},\"consent\":true}"

/* uri NULL: body is the words of a command. */
static const struct {
	unsigned of;
	const char *method, *uri, *body;
} asks[] = {
    {RUNS, "POST", "/jobs/main/runs", "{}"},
    {RUNS, "POST", "/jobs/main/runs", "{\"approve\":true}"},
    {RUNS, "POST", "/runs/1/undo", "{\"write\":true}"},
    {RUNS, "POST", "/recver/defender/reset", "{\"consent\":\"defender\"}"},
    {RUNS, "POST", "/connections/cmdb/setups", "{\"write\":true}"},
    {RUNS, "POST", "/jobs/shadow/runs", "{}"},
    {RUNS, NULL, NULL, "\"run\",\"shadow\""},
    {RUNS, NULL, NULL, "\"run\",\"main\""},
    {RUNS, NULL, NULL, "\"run\",\"main\",\"--approve\""},
    {RUNS, NULL, NULL, "\"undo\",\"1\",\"--yes\""},
    {RUNS, NULL, NULL, "\"recver\",\"reset\",\"defender\",\"--yes\""},
    {RUNS, NULL, NULL, "\"connection\",\"setup\",\"cmdb\",\"--yes\""},
    {RUNS, NULL, NULL, "\"ot\",\"rekey\",\"main\",\"--from\",\"x\",\"--yes\""},
    {CHANGES, "PUT", "/connections/defender/settings/prod", SET("7")},
    {CHANGES, "POST", "/connections/defender/settings/promote",
     "{\"consent\":true}"},
    {CHANGES, "PUT", "/jobs/main",
     "{\"values\":{\"source\":\"defender\",\"destination\":\"cmdb\"}}"},
    {CHANGES, "DELETE", "/jobs/main", NULL},
    /* of TEST by its word, and where PROD is */
    {CHANGES, "PUT", "/connections/dev",
     "{\"type\":\"servicenow\",\"values\":{\"url\":"
     "\"https://EXAMPLE.invalid/\",\"username\":\"u\",\"password\":"
     "\"env:FAKE\",\"environment\":\"test\"}}"},
    {CHANGES, NULL, NULL,
     "\"settings\",\"set\",\"defender\",\"min_cvss\",\"7\",\"--env=prod\","
     "\"--consent\""},
    {CHANGES, NULL, NULL,
     "\"settings\",\"set\",\"defender\",\"min_cvss\",\"7\",\"--env=test\","
     "\"--env=prod\",\"--consent\""},
    {CHANGES, NULL, NULL,
     "\"settings\",\"promote\",\"defender\",\"--consent\""},
    {CHANGES, NULL, NULL, "\"settings\",\"undo\",\"defender\",\"--consent\""},
    {ALWAYS, "PUT", "/service", "{\"values\":{\"approval\":\"none\"}}"},
    {ALWAYS, "POST", "/users", "{\"name\":\"new\",\"role\":\"viewer\"}"},
    {ALWAYS, "PUT", "/users/vic", "{\"role\":\"administrator\"}"},
    {ALWAYS, "POST", "/users/vic/password", "{}"},
    {ALWAYS, "POST", "/tokens",
     "{\"name\":\"x\",\"user\":\"rita\",\"scopes\":[\"read\"]}"},
    {NEVER, "POST", "/jobs/trial/runs", "{}"},
    {NEVER, "POST", "/jobs/main/plans", "{}"},
    {NEVER, "POST", "/jobs/main/checks", "{}"},
    {NEVER, "POST", "/runs/1/undo", "{\"write\":false}"},
    {NEVER, "POST", "/runs/2/undo", "{\"write\":true}"},
    {NEVER, "PUT", "/connections/defender/settings/test", SET("6")},
    {NEVER, NULL, NULL, "\"run\",\"trial\""},
    {NEVER, NULL, NULL, "\"undo\",\"1\""},
    {NEVER, NULL, NULL, "\"undo\",\"2\",\"--yes\""},
    {NEVER, NULL, NULL,
     "\"settings\",\"set\",\"defender\",\"min_cvss\",\"7\",\"--env=test\","
     "\"--consent\""},
};

static bool waits(struct af_browser *b, size_t i)
{
	const char *uri = asks[i].uri ? asks[i].uri : "/commands";
	const char *body = asks[i].body;
	int status;

	if (!asks[i].uri)
		body = mst_arena_printf(&af.arena, "{\"argv\":[%s]}", body);
	status = af_ask(b, asks[i].method ? asks[i].method : "POST",
			mst_arena_printf(&af.arena, "/api/v1%s", uri), body);
	if (status != 202)
		fail_msg("%s %s: %d: %s", uri, body ? body : "", status,
			 b->said.body.p);
	return strstr(b->said.body.p, "\"needs\":") &&
	       strstr(b->said.body.p, "\"state\":\"waiting\"");
}

static void by_every_way(void **state)
{
	static const struct {
		const char *word;
		unsigned what;
	} all[] = {
	    {"prod_changes", CHANGES | ALWAYS},
	    {"prod_runs", RUNS | ALWAYS},
	    {"prod", CHANGES | RUNS | ALWAYS},
	};
	struct af_browser b = in("root");

	(void)state;
	for (size_t k = 0; k < MST_LEN(all); k++) {
		set_approval(all[k].word);
		for (size_t i = 0; i < MST_LEN(asks); i++) {
			/* what waits for nobody may be done for good */
			bool want = asks[i].of & all[k].what;

			if (!want && asks[i].uri && asks[i].of != NEVER)
				continue;
			if (asks[i].of == NEVER && asks[i].method &&
			    asks[i].method[1] == 'U')
				continue; /* no 202: see below */
			if (waits(&b, i) != want)
				fail_msg("%s: %s %s: %s", all[k].word,
					 asks[i].uri ? asks[i].uri : "",
					 asks[i].body ? asks[i].body : "",
					 b.said.body.p);
		}
		af_must(&b, "PUT", "/api/v1/connections/defender/settings/test",
			SET("6"), 200, "\"errors\":[]");
	}
	af_close(&b);
}

/* A secret's value may not wait, so it is not changed; another one is put
 * beside it. */
static void secrets_of_prod(void **state)
{
	static const char body[] = "{\"value\":\"not-a-real-secret\"}";
	struct af_browser b = in("root");

	(void)state;
	set_approval("prod_runs");
	af_must(&b, "PUT", "/api/v1/secrets/vault", body, 204, "");
	set_approval("prod_changes");
	af_must(&b, "PUT", "/api/v1/secrets/vault", body, 409,
		"the connection vault uses the secret 'vault' for PROD");
	af_must(&b, "DELETE", "/api/v1/secrets/vault", NULL, 409,
		"waits for a second person");
	af_must(&b, "PUT", "/api/v1/secrets/vault-2", body, 204, "");
	set_approval("none");
	af_must(&b, "DELETE", "/api/v1/secrets/vault", NULL, 204, "");
	af_close(&b);
}

/* ---- who ----------------------------------------------------------------- */

static int add_entry(void *ctx, const struct mst_audit_entry *e)
{
	(void)mst_buf_addf(ctx, "%s|%s|%s|%s\n", e->user, e->what, e->kind,
			   e->name);
	return 0;
}

static void is_in_audit(const char *const *lines, size_t n)
{
	const struct mst_audit_filter f = {.n = 100};
	struct mst_buf text = MST_BUF_INIT(1u << 20);
	struct mst_err err = MST_ERR_INIT;

	t_ok(mst_state_audit(af.s, &f, add_entry, &text, &err), &err);
	for (size_t i = 0; i < n; i++) {
		if (!strstr(text.p, lines[i]))
			fail_msg("no \"%s\" in %s", lines[i], text.p);
	}
	mst_buf_fini(&text);
}

static const char *to_approve(int64_t id)
{
	return mst_arena_printf(&af.arena, "/api/v1/approvals/%lld/approve",
				(long long)id);
}

/* Neither by oneself nor by one's own token, whichever of the two asked; what
 * waits does so when the program was begun again; the audit has both. */
static void not_by_oneself(void **state)
{
	static const char *const lines[] = {
	    "root|ask|approval|1\n",
	    "rita|approved|approval|1\n",
	    "root|run|task|1 run main\n",
	    "root, approved by rita|approve|task|1 run main\n",
	    "rita|rejected|approval|2\n",
	    "rita|cancel|task|2 run main\n"};
	struct af_browser b = in("root"), second = in("rita"), p;

	(void)state;
	set_approval("prod");
	af_must(&b, "POST", "/api/v1/tokens",
		"{\"name\":\"ci\",\"scopes\":[\"read\",\"operate\","
		"\"configure\",\"administer\"]}",
		201, "mst_");
	af_open(&p, &af);
	p.token = af_text(&b, "token");
	af_must(&b, "POST", "/api/v1/jobs/main/runs", "{}", 202, "waiting");
	af_must(&p, "POST", to_approve(1), NULL, 409, "somebody else");
	af_must(&b, "POST", to_approve(1), NULL, 409, "somebody else");
	af_must(&p, "POST", "/api/v1/jobs/main/runs", "{}", 202, "waiting");
	af_must(&b, "POST", to_approve(2), NULL, 409, "somebody else");
	af_must(&p, "POST", to_approve(2), NULL, 409, "somebody else");
	af_again(&af);
	af_must(&second, "GET", "/api/v1/approvals?state=waiting", NULL, 200,
		"run job main");
	af_must(&b, "POST", to_approve(1), NULL, 409, "somebody else");
	af_must(&second, "POST", to_approve(1), NULL, 200, "approved");
	af_must(&second, "GET", "/api/v1/tasks/1", NULL, 200,
		"\"approved_by\":\"rita\"");
	af_must(&second, "POST", "/api/v1/approvals/2/reject",
		"{\"why\":\"not now\"}", 200, "rejected");
	is_in_audit(lines, MST_LEN(lines));
	/* a task that was cancelled asks for nobody */
	af_must(&b, "POST", "/api/v1/jobs/main/runs", "{}", 202, "waiting");
	af_must(&b, "DELETE", "/api/v1/tasks/3", NULL, 202, "cancelled");
	af_must(&second, "POST", to_approve(3), NULL, 409, "rejected by root");
	af_must(&second, "GET", "/api/v1/approvals?state=waiting", NULL, 200,
		"\"items\":[]");
	af_close(&b);
	af_close(&second);
	af_close(&p);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(by_every_way),
	    T(secrets_of_prod),
	    T(not_by_oneself),
	};

	return cmocka_run_group_tests_name("second", tests, NULL, NULL);
}
