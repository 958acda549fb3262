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
	    cmocka_unit_test(secrets),	    cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests_name("remote", tests, start, stop);
}
