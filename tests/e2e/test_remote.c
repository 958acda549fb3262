/* SPDX-License-Identifier: Apache-2.0
 *
 * Commands at a running daemon: MUSTER_SERVER and a token, what they print and
 * how they end as if they were done here; files that they read and write are
 * this machine's; and what is not done at a server.
 */
#include "tests/lib/serve_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

static struct rig rig;
static struct serve sv;

static int start(void **state)
{
	(void)state;
	rig_start(&rig, NULL);
	serve_start(&sv, &rig);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	serve_stop(&sv);
	rig_stop(&rig);
	return 0;
}

static void prints(const char *part)
{
	if (!strstr(rig.out.p, part))
		fail_msg("no \"%s\" in: %s%s", part, rig.out.p, rig.err.p);
}

/* Words with blanks between; the exit status, and something that it says. */
struct said {
	const char *words;
	int status;
	const char *part;
};

static void say(const struct said *s)
{
	char *text = mst_strdup(s->words), *save = NULL;
	const char *words[24] = {NULL};
	size_t n = 0;

	for (char *w = strtok_r(text, " ", &save); w;
	     w = strtok_r(NULL, " ", &save))
		words[n++] = w;
	(void)serve_run(&sv, words);
	if (rig.status != s->status ||
	    (!strstr(rig.out.p, s->part) && !strstr(rig.err.p, s->part)))
		fail_msg("muster %s: %d, not %d with \"%s\": %s%s", s->words,
			 rig.status, s->status, s->part, rig.out.p, rig.err.p);
	/* one line says why it went wrong */
	if (s->status == 1 || s->status == 4 || s->status == 5)
		rig_one_error(&rig);
	free(text);
}

static void say_all(const struct said *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		say(&s[i]);
}

/* A file of this test's; free() it. */
static char *file(const char *name)
{
	return mst_asprintf("%s/%s", rig.dir, name);
}

/* ---- the configuration --------------------------------------------------- */

static void apply(void **state)
{
	char *yaml = rig_yaml(&rig, NULL, NULL, NULL), *path = file("a.yaml");

	(void)state;
	t_write(path, mst_slice_str(yaml));
	serve_muster(&sv, "apply", "-f", path);
	rig_status(&rig, 0);
	prints("3 added, 0 changed, 0 unchanged");
	serve_muster(&sv, "export", "job");
	rig_status(&rig, 0);
	prints("jobs:\n  - name: main\n");
	/* what is wrong with a file is said of it */
	t_write(path, MST_SLICE_LIT("jobs:\n  - name: x\n    sourc: y\n"));
	serve_muster(&sv, "apply", path);
	rig_status(&rig, 1);
	rig_says(&rig, "unknown key \"sourc\"");
	t_write(path, MST_SLICE_LIT(
			  "connections:\n  - name: x\n    type: iot\n    url: "
			  "https://127.0.0.1\n    token: exec:/bin/false\n"));
	serve_muster(&sv, "apply", path);
	rig_says(&rig, "would have the server run a program");
	assert_int_not_equal(rig.status, 0);
	/* nor is it looked at, in whatever a file is named for */
	serve_muster(&sv, "connection", "test", "x", "--file", path);
	rig_says(&rig, "would have the server run a program");
	serve_muster(&sv, "rules", "test", "x", path);
	rig_says(&rig, "would have the server run a program");
	free(path);
	free(yaml);
}

static void settings(void **state)
{
	(void)state;
	serve_muster(&sv, "settings", "set", "defender", "min_cvss", "5",
		     "--env", "test");
	rig_status(&rig, 7);
	rig_says(&rig, "nothing was saved");
	serve_muster(&sv, "settings", "set", "defender", "min_cvss", "5",
		     "--env=test", "--consent");
	rig_status(&rig, 0);
	serve_muster(&sv, "settings", "get", "defender", "min_cvss", "--json");
	rig_status(&rig, 0);
	assert_int_equal(rig_num(rig_json(&rig), "test.value"), 5);
	serve_muster(&sv, "settings", "log", "defender");
	prints("by administrator (token test)");
	serve_muster(&sv, "rules", "defender");
	rig_status(&rig, 0);
	serve_muster(&sv, "rules", "names");
	rig_status(&rig, 0);
	serve_muster(&sv, "connection", "list");
	prints("defender");
	serve_muster(&sv, "connection", "test", "defender");
	rig_status(&rig, 0);
	prints("Ok ");
}

/* ---- work ---------------------------------------------------------------- */

/* The name of one that was delivered. */
static const char *device(void)
{
	static char name[200];
	struct mst_json rows = rig_rows(&rig, "cmdb_ci_computer", "", "name"),
			row;
	struct mst_json_iter it = mst_json_iter(rows);

	if (!mst_json_next(&it, NULL, &row))
		fail_msg("no computer was delivered");
	(void)snprintf(name, sizeof(name), "%.*s",
		       MST_SLICE_ARG(mst_json_str(mst_json_get(row, "name"))));
	return name;
}

static void plan_and_run(void **state)
{
	char *plan = file("plan.json"), *report = file("report.csv");
	struct mst_buf text = MST_BUF_INIT(1u << 20);
	struct mst_err err = MST_ERR_INIT;

	(void)state;
	serve_muster(&sv, "plan", "main", "--out", plan);
	rig_status(&rig, 7);
	prints("plan saved in ");
	serve_muster(&sv, "run", "main", "--plan", plan);
	rig_status(&rig, 0);
	prints("devices");
	serve_muster(&sv, "run", "main", "--json");
	rig_status(&rig, 0);
	assert_int_equal(rig_num(rig_json(&rig), "writes"), 0);
	serve_muster(&sv, "runs");
	rig_status(&rig, 0);
	prints("main");
	serve_muster(&sv, "check", "main");
	rig_status(&rig, 0);
	serve_muster(&sv, "explain", "main", device(), "--count", "1");
	rig_status(&rig, 0);
	serve_muster(&sv, "recver", "stats", "main");
	rig_status(&rig, 0);
	serve_muster(&sv, "report", "noise", "main", "--format=csv", "--out",
		     report);
	rig_status(&rig, 0);
	t_ok(mst_file_read(report, &text, &err), &err);
	assert_non_null(strchr(text.p, ','));
	mst_buf_fini(&text);
	free(plan);
	free(report);
}

/* Every other command that only looks. */
static void looks(void **state)
{
	static const struct said all[] = {
	    {"jobs", 0, "main"},
	    {"jobs main --next 3", 0, "main"},
	    {"jobs nobody", 1, "nobody"},
	    {"notices", 0, ""},
	    {"notices --all --json", 0, "["},
	    {"runs 1", 0, "devices"},
	    {"runs 99", 1, "99"},
	    {"runs --job main --count 1 --json", 0, "\"job\":\"main\""},
	    {"audit", 0, "main"},
	    {"audit --kind task --count 3", 0, "task"},
	    {"audit list --kind settings", 0, "defender"},
	    {"audit verify", 0, "all as they were"},
	    {"cert list", 0, ""},
	    {"connection show defender", 0, "endpoint"},
	    {"connection setup cmdb", 0, ""},
	    {"settings diff defender", 7, "min_cvss"},
	    {"recver verify main", 0, ""},
	    {"recver script --type postgres --database m", 0, "CREATE"},
	    {"recver copy defender sqlite:path=x", 2, "not done at a server"},
	    {"forward run", 2, "not done at a server"},
	    {"user list", 2, "not done at a server"},
	    {"explain main nobody-has-this", 1, "nobody-has-this"},
	    {"report coverage main", 0, ""},
	    {"report coverage main --format json", 0, "{"},
	    {"report nothing main", 1, "nothing"},
	    {"check main --record-set devices", 0, ""},
	};
	char head[65], *words;

	(void)state;
	say_all(all, MST_LEN(all));
	say(&(struct said){"audit head", 0, ""});
	(void)snprintf(head, sizeof(head), "%.64s", rig.out.p);
	words = mst_asprintf("audit verify --head %s", head);
	say(&(struct said){words, 0, "all as they were"});
	free(words);
	say(&(struct said){"audit verify --head "
			   "ffffffffffffffffffffffffffffffffffffffffffffffffff"
			   "ffffffffffffff",
			   1, "chain"});
}

/* Settings to PROD and back; a run taken back; RecVer emptied. */
static void changes(void **state)
{
	static const struct said all[] = {
	    {"settings set defender min_cvss 6 --env test --plan", 7, ""},
	    {"settings promote defender --no-plan", 7, "nothing was saved"},
	    {"settings promote defender --no-plan --consent", 0, ""},
	    {"settings undo defender --no-plan --consent", 0, ""},
	    {"settings unset defender min_cvss --env test --consent", 0, ""},
	    {"settings set defender min_cvss x --env test --consent", 1,
	     "min_cvss"},
	    {"undo 1", 0, "remove"},
	    {"undo 1 --yes --all", 0, ""},
	    {"undo 99 --yes", 1, "99"},
	    {"recver reset main", 130, "nothing was reset"},
	    {"recver reset main --yes", 0, ""},
	    {"recver reset nobody --yes", 1, "nobody"},
	    {"ot rekey main --from defender --yes", 1, "defender"},
	};

	(void)state;
	say_all(all, MST_LEN(all));
	assert_int_equal(
	    rig_count(&rig, "cmdb_ci_computer", "install_status!=7"), 0);
}

/* Rules, their test, the outbox; an alert that comes by standard input. */
static void forward(void **state)
{
	static const struct said all[] = {
	    {"forward list", 0, ""},
	    {"forward list --in aside --action tickets --json", 0, "[]"},
	    {"forward unread", 0, ""},
	    {"forward owed", 0, ""},
	    {"forward show 7", 1, "7"},
	    {"forward retry 7", 1, "7"},
	    {"forward retry --all", 0, ""},
	    {"forward drop 7", 1, "7"},
	    {"forward test all --dry-run", 0, "tickets"},
	    {"forward test nothing", 1, "nothing"},
	};
	char *yaml = mst_asprintf(
	    "connections:\n"
	    "  - name: plant\n    type: iot\n    url: %s\n"
	    "    token: env:MUSTER_SIM_IOT_TOKEN\n"
	    "forward_actions:\n"
	    "  - name: tickets\n    type: incident\n    connection: cmdb\n"
	    "forward_rules:\n"
	    "  - name: all\n    source: plant\n    actions: [tickets]\n"
	    "    severity: major\n    poll: no\n",
	    RIG_HOST(&rig, MST_SIM_IOT));

	(void)state;
	rig.input = yaml;
	say(&(struct said){"apply -f -", 0, "3 added"});
	rig.input = NULL;
	/* The daemon has begun to forward when there is an outbox. */
	for (int i = 0; i < 50 && (i == 0 || rig.status != 0); i++)
		serve_muster(&sv, "forward", "status");
	rig_status(&rig, 0);
	prints("all");
	say_all(all, MST_LEN(all));
	rig.input = "{\"id\": 7, \"severity\": \"Critical\", "
		    "\"title\": \"t\", \"message\": \"m\"}";
	say(&(struct said){"forward why --source plant", 0, "all"});
	rig.input = NULL;
	free(yaml);
}

/* The same words here and there, the same output. */
static void same(void **state)
{
	char *here;

	(void)state;
	rig_muster(&rig, "runs", "--json");
	here = mst_strdup(rig.out.p);
	serve_muster(&sv, "runs", "--json");
	assert_string_equal(rig.out.p, here);
	free(here);
}

/* A value does not pass through a task: standard input here, sealed there. */
static void secrets(void **state)
{
	(void)state;
	rig.input = "fake-secret-of-a-test";
	serve_muster(&sv, "secret", "set", "of-a-test");
	rig.input = NULL;
	rig_status(&rig, 0);
	serve_muster(&sv, "secret", "list");
	rig_status(&rig, 0);
	prints("of-a-test");
	(void)serve_ask(&sv, "GET", "/tasks?kind=command&limit=500", NULL, NULL,
			200);
	assert_null(strstr(sv.body.p, "fake-secret"));
	serve_muster(&sv, "secret", "remove", "of-a-test");
	rig_status(&rig, 0);
	serve_muster(&sv, "secret", "remove", "of-a-test");
	rig_status(&rig, 1);
	rig_one_error(&rig);
}

/* ---- what is refused ----------------------------------------------------- */

static void refused(void **state)
{
	char *token = file("token");

	(void)state;
	serve_muster(&sv, "serve");
	rig_status(&rig, 2);
	rig_says(&rig, "is not done at a server");
	serve_muster(&sv, "runs", "--state", "/tmp");
	rig_status(&rig, 2);
	serve_muster(&sv, "version");
	rig_status(&rig, 0);
	serve_muster(&sv, "run", "--help");
	rig_status(&rig, 0);
	serve_muster(&sv, "run", "nobody");
	rig_status(&rig, 1);
	rig_one_error(&rig);
	sv.as = MST_ROLE_VIEWER;
	serve_muster(&sv, "run", "main");
	rig_status(&rig, 4);
	rig_one_error(&rig);
	serve_muster(&sv, "runs");
	rig_status(&rig, 0);
	sv.as = MST_ROLE_ADMINISTRATOR;
	t_write(token, MST_SLICE_LIT("mst_not-a-real-token\n"));
	serve_muster(&sv, "runs", "--token-file", token);
	rig_status(&rig, 4);
	rig_says(&rig, "does not take the token");
	serve_muster(&sv, "runs", "--server", "http://example.com");
	rig_status(&rig, 1);
	rig_one_error(&rig);
	free(token);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(apply),	    cmocka_unit_test(settings),
	    cmocka_unit_test(plan_and_run), cmocka_unit_test(same),
	    cmocka_unit_test(looks),	    cmocka_unit_test(forward),
	    cmocka_unit_test(changes),	    cmocka_unit_test(secrets),
	    cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests_name("remote", tests, start, stop);
}
