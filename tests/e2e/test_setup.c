/* SPDX-License-Identifier: Apache-2.0
 *
 * muster connection test and setup of ServiceNow: all is well, each fault that
 * an administrator meets, and the one record that setup writes.
 */
#include "tests/e2e/setup_says.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "tests/lib/httpd.h"
#include "tests/lib/pki.h"

static struct rig rig;

/* Whatever proxy the machine has is none of these tests' business. */
static const char *const direct[] = {
    "https_proxy=", "HTTPS_PROXY=", "all_proxy=", "ALL_PROXY=", NULL};
static const char *const admin[] = {"ADMIN_PASSWORD=not-a-real-admin-password",
				    "SN_SECRET=" MST_SIM_SN_SECRET, NULL};

/* ---- the instance -------------------------------------------------------- */

static void patch(const char *table, const char *query, const char *body)
{
	struct mst_json rows = rig_rows(&rig, table, query, "sys_id"), row;
	struct mst_json_iter it = mst_json_iter(rows);
	char ids[8][33];
	char path[64];
	size_t n = 0;

	while (n < 8 && mst_json_next(&it, NULL, &row))
		(void)snprintf(
		    ids[n++], sizeof(ids[0]), "%.*s",
		    MST_SLICE_ARG(mst_json_str(mst_json_get(row, "sys_id"))));
	assert_true(n > 0);
	for (size_t i = 0; i < n; i++) {
		(void)snprintf(path, sizeof(path), "/_sim/sn/rows/%.32s",
			       ids[i]);
		rig_control(&rig, body ? "PATCH" : "DELETE", path, "%s",
			    body ? body : "");
	}
}

/* What an administrator does after the first look at a fresh instance. */
static void tune(void)
{
	patch("sysrule_quota", "name=REST Batch API request timeout",
	      "{\"maximum_duration\":\"60\"}");
	patch("sys_dictionary", "name=cmdb_ci_spkg^element=package_name",
	      "{\"display\":\"false\"}");
}

static void fresh(void)
{
	rig_fresh(&rig);
	tune();
}

static void roles(const char *list)
{
	rig_control(&rig, "POST", "/_sim/sn/roles",
		    "{\"user\":\"" MST_SIM_USER "\",\"roles\":[%s]}", list);
}

static void drop_choice(void)
{
	rig_control(&rig, "POST", "/_sim/sn/choices",
		    "{\"remove\":[{\"table\":\"cmdb_ci\",\"element\":"
		    "\"discovery_source\",\"value\":\"muster\"}]}");
}

static size_t choices(void)
{
	return rig_count(&rig, "sys_choice",
			 "name=cmdb_ci^element=discovery_source^value=muster");
}

/* ---- what it said -------------------------------------------------------- */

#define counted(what)		       says_counted(&rig, what)
#define shows(id, level, text, remedy) says_shows(&rig, id, level, text, remedy)
/* One thing is wrong, and one check says so. */
#define test_shows(status, id, text, remedy)                                   \
	says_fails(&rig, "cmdb", status, id, text, remedy)

/* ---- all is well --------------------------------------------------------- */

static void all_is_well(void **state)
{
	(void)state;
	fresh();
	rig_muster(&rig, "connection", "test", "cmdb", "--json");
	rig_status(&rig, 0);
	assert_int_equal(counted("ok"), 23);
	assert_int_equal(
	    counted("warnings") + counted("failed") + counted("skipped"), 0);
	/* no roles to be seen: what only a write proves */
	assert_int_equal(counted("notes"), 1);
	shows("writing", "Note", "not proven", "--limit 1");
	shows("jobs", "Ok", "main: devices, software_packages", "");
	shows("settings", "Ok", RIG_HOST(&rig, MST_SIM_SERVICENOW), "");
	/* the same for people, a line each */
	rig_muster(&rig, "connection", "test", "cmdb");
	rig_status(&rig, 0);
	assert_non_null(strstr(rig.out.p,
			       "Ok       log-in                 \"" MST_SIM_USER
			       "\" by Basic\n"));
	assert_non_null(strstr(rig.out.p, "\n23 ok, 1 note\n"));
	assert_null(strstr(rig.out.p, "\033"));
	/* and what it checked is what a run needs */
	(void)rig_sync(&rig, 0);
}

/* Each check stands in the manual by its name. */
static void all_are_documented(void **state)
{
	struct mst_buf page = MST_BUF_INIT(1u << 20);
	struct mst_err err = MST_ERR_INIT;
	struct mst_json_iter it;
	struct mst_json v;
	size_t n = 0;

	(void)state;
	fresh();
	/* every check that there is */
	rig_apply(&rig, NULL,
		  "    normalization: 0123456789abcdef0123456789abcdef\n",
		  NULL);
	t_ok(mst_file_read(MAN_DIR "/muster-servicenow.7", &page, &err), &err);
	rig_muster(&rig, "connection", "test", "cmdb", "--json");
	it = mst_json_iter(mst_json_get(rig_json(&rig), "checks"));
	while (mst_json_next(&it, NULL, &v)) {
		char line[96];

		(void)snprintf(
		    line, sizeof(line), "\n.It Li %.*s\n",
		    MST_SLICE_ARG(mst_json_str(mst_json_get(v, "id"))));
		if (!strstr(page.p, line))
			fail_msg("muster-servicenow(7) lacks %s", line);
		n++;
	}
	for (const char *p = page.p; (p = strstr(p, "\n.It Li ")); p++)
		n--;
	/* user_relation, ci_relation, users: nothing is related here */
	n += 3;
	assert_int_equal(n, 0); /* and none that is no check */
	mst_buf_fini(&page);
}

/* As it comes out of the box: it works, and could be better. */
static void a_fresh_instance(void **state)
{
	(void)state;
	rig_fresh(&rig);
	rig_muster(&rig, "connection", "test", "cmdb", "--json");
	rig_status(&rig, 0);
	assert_int_equal(counted("warnings"), 2);
	shows("batch_quota", "Warning", "30 s", "Maximum Duration");
	shows("package_display", "Warning", "ten times slower",
	      "untick Display");
	rig_muster(&rig, "connection", "test", "cmdb");
	assert_non_null(strstr(rig.out.p, "\n                                "
					  "-> untick Display in"));
	assert_non_null(strstr(rig.out.p, "\n21 ok, 2 warnings, 1 note\n"));
}

/* ---- one fault each ------------------------------------------------------ */

static void wrong_password(void **state)
{
	(void)state;
	fresh();
	rig.env = (const char *const[]){"MUSTER_SIM_PASSWORD=wrong", NULL};
	test_shows(4, "login", "does not let \"" MST_SIM_USER "\" in",
		   "check username and password");
	rig.env = NULL;
	shows("columns", "Skipped", "needs the check 'log-in'", "");
	assert_null(strstr(rig.out.p, "wrong\""));
}

static void missing_secret(void **state)
{
	(void)state;
	fresh();
	rig_apply(&rig, NULL, "    client_id: x\n", NULL);
	rig_apply_text(&rig, "connections:\n"
			     "  - name: lost\n"
			     "    type: servicenow\n"
			     "    url: https://sn.invalid\n"
			     "    username: u\n"
			     "    password: env:NOBODY_SET_THIS\n");
	rig_muster(&rig, "connection", "test", "lost", "--json");
	rig_status(&rig, 1);
	shows("settings", "Failed", "NOBODY_SET_THIS", "");
	assert_int_equal(counted("failed"), 1);
	rig_muster(&rig, "connection", "test", "nobody");
	rig_status(&rig, 1);
	rig_one_error(&rig);
}

static void missing_role(void **state)
{
	(void)state;
	fresh();
	roles("\"itil\"");
	test_shows(4, "tables",
		   "u_muster_cve (vulnerabilities of job main), "
		   "u_muster_cve_instance",
		   "role \"asset\"");
	shows("columns", "Skipped", "'tables'", "");
	roles("\"asset\"");
	rig_muster(&rig, "connection", "test", "cmdb", "--json");
	rig_status(&rig, 0);
	shows("classes", "Warning", "may not read cmdb/meta", "role \"itil\"");
	shows("identification", "Skipped", "'classes'", "");
	roles("");
	rig_muster(&rig, "connection", "test", "cmdb", "--json");
	rig_status(&rig, 4);
	shows("api.ire", "Failed", "may not use the identification",
	      "\"itil\" and \"asset\"");
	shows("release", "Warning", "may not read sys_properties", "let the");
}

static void missing_table(void **state)
{
	(void)state;
	fresh();
	rig_control(&rig, "POST", "/_sim/sn/classes",
		    "{\"u_muster_cve_instance\":false}");
	test_shows(1, "tables",
		   "lacks u_muster_cve_instance (device_vulnerabilities of "
		   "job main)",
		   "muster update-set");
}

static void missing_column(void **state)
{
	(void)state;
	fresh();
	patch("sys_dictionary", "name=u_muster_cve^elementINu_epss,u_tags",
	      NULL);
	test_shows(1, "columns",
		   "missing: u_muster_cve.u_epss, u_muster_cve.u_tags",
		   "muster update-set");
}

static void older_update_set(void **state)
{
	(void)state;
	fresh();
	patch("sys_dictionary", "name=u_muster_cve^internal_type=collection",
	      "{\"comments\":\"CVEs; update set version 0.1.0\"}");
	rig_muster(&rig, "connection", "test", "cmdb", "--json");
	rig_status(&rig, 0);
	shows("update_set", "Warning", "version 0.1.0 is committed",
	      "commit the newer one");
}

static void missing_class(void **state)
{
	(void)state;
	fresh();
	rig_control(&rig, "POST", "/_sim/sn/classes",
		    "{\"cmdb_ci_win_server\":false}");
	test_shows(1, "classes", "cmdb_ci_win_server (devices of job main)",
		   "plug-in");
}

static void sleeping_instance(void **state)
{
	(void)state;
	fresh();
	rig_control(&rig, "POST", "/_sim/faults",
		    "{\"kind\":\"html\",\"host\":\"servicenow\"}");
	test_shows(1, "instance", "the instance sleeps", "wake it");
	shows("login", "Skipped", "needs the check 'instance'", "");
	rig_control(&rig, "DELETE", "/_sim/faults", "%s", "");
}

static void skewed_clock(void **state)
{
	(void)state;
	fresh();
	rig_control(&rig, "POST", "/_sim/time", "{\"skew_s\":-7300}");
	rig_muster(&rig, "connection", "test", "cmdb", "--json");
	rig_status(&rig, 0);
	shows("clock", "Warning", "2 h ahead of the instance", "clock");
	assert_int_equal(counted("warnings"), 1);
	rig_control(&rig, "POST", "/_sim/time", "{\"skew_s\":0}");
}

static void rate_limited(void **state)
{
	(void)state;
	fresh();
	rig_control(&rig, "POST", "/_sim/sn/insert",
		    "{\"table\":\"sys_rate_limit_rules\",\"values\":{"
		    "\"name\":\"Integrations\",\"request_limit\":\"500\"}}");
	rig_muster(&rig, "connection", "test", "cmdb", "--json");
	rig_status(&rig, 0);
	shows("rate_limits", "Warning",
	      "500 requests an hour (rule \"Integrations\")", "raise");
}

/* ---- the way there ------------------------------------------------------- */

static void apply_url(const char *url, const char *more)
{
	char *yaml = mst_asprintf("connections:\n"
				  "  - name: cmdb\n"
				  "    type: servicenow\n"
				  "    url: %s\n"
				  "    username: %s\n"
				  "    password: env:MUSTER_SIM_PASSWORD\n"
				  "%s",
				  url, MST_SIM_USER, more ? more : "");

	rig_apply_text(&rig, yaml);
	free(yaml);
}

static void no_such_host(void **state)
{
	(void)state;
	fresh();
	apply_url("https://nowhere.invalid", NULL);
	rig.env = direct;
	test_shows(1, "dns", "no address is known for nowhere.invalid",
		   "check the url");
	shows("tcp", "Skipped", "'host name'", "");
	shows("rate_limits", "Skipped", "'host name'", "");
	assert_int_equal(counted("ok"), 3); /* settings, jobs, proxy */
	/* for people: what was skipped is one line */
	rig_muster(&rig, "connection", "test", "cmdb");
	assert_non_null(
	    strstr(rig.out.p, "\nSkipped  20 checks              needs the "
			      "check 'host name': connection, TLS, instance,"));
	rig.env = NULL;
}

static void refused(void **state)
{
	char url[64];

	(void)state;
	fresh();
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%d", t_free_port());
	apply_url(url, NULL);
	test_shows(1, "tcp", "Failed to connect to 127.0.0.1", "firewall");
	shows("tls", "Skipped", "'connection'", "");
}

/* Of the connection, of the section, and none. */
static void no_proxy(void **state)
{
	char more[200], section[200];
	int port = t_free_port();

	(void)state;
	fresh();
	(void)snprintf(more, sizeof(more),
		       "    proxy: http://127.0.0.1:%d\n"
		       "    proxy_user: me\n"
		       "    proxy_password: env:MUSTER_SIM_PASSWORD\n",
		       port);
	apply_url("https://sn.example", more);
	test_shows(1, "proxy", "127.0.0.1:", "check the option proxy");
	shows("dns", "Skipped", "'proxy'", "");
	(void)snprintf(section, sizeof(section),
		       "proxy:\n  url: http://127.0.0.1:%d\n", port);
	rig_apply_text(&rig, section);
	apply_url("https://nowhere.invalid", NULL);
	test_shows(1, "proxy", "cannot be reached",
		   "check url in the section proxy");
	apply_url("https://nowhere.invalid", "    no_proxy: .invalid\n");
	test_shows(1, "dns", "no address", "name service");
	shows("proxy", "Ok", "none; no_proxy names the host", "");
	apply_url("https://nowhere.invalid", "    proxy: direct\n");
	test_shows(1, "dns", "no address", "name service");
	shows("proxy", "Ok", "none; the configuration says direct", "");
}

static void certificates(void **state)
{
	static const struct {
		const char *host;
		long from_s, to_s;
		bool trusted;
		const char *level, *text, *remedy;
	} cases[] = {
	    {"IP:127.0.0.1", -60, 90 * 86400, true, "Ok", "valid until ", ""},
	    {"IP:127.0.0.1", -60, 10 * 86400 + 3600, true, "Warning",
	     "expires in 10 days", "renewed"},
	    {"IP:127.0.0.1", -86400, -3600, true, "Failed", "expired on ",
	     "renewed"},
	    {"IP:127.0.0.1", 3600, 86400, true, "Failed", "not valid before",
	     "this machine's clock"},
	    {"IP:127.0.0.1", -60, 90 * 86400, false, "Failed",
	     "whom this machine does not know", "ca_file"},
	    {"other.example", -60, 90 * 86400, true, "Failed",
	     "for other.example, not for 127.0.0.1", "check the url"},
	};
	static const struct t_answer script[] = {
	    {.status = 401,
	     .times = -1,
	     .headers = "Content-Type: application/json\r\n",
	     .body = "{\"error\":{\"message\":\"User Not Authenticated\"}}"}};

	(void)state;
	fresh();
	for (size_t i = 0; i < MST_LEN(cases); i++) {
		struct t_pki pki = t_pki_make(
		    "ec", cases[i].host, cases[i].from_s, cases[i].to_s, NULL);
		struct t_httpd *h =
		    t_httpd_start_tls(script, 1, pki.cert, pki.key);
		char *ca = mst_asprintf("%s/ca-%zu.pem", rig.dir, i);
		char *more = mst_asprintf("    ca_file: %s\n", ca);
		bool fails = strcmp(cases[i].level, "Failed") == 0;

		t_write(ca, mst_slice_str(pki.cert));
		apply_url(t_httpd_url(h, "%s", ""),
			  cases[i].trusted ? more : NULL);
		rig_muster(&rig, "connection", "test", "cmdb", "--json");
		shows("tls", cases[i].level, cases[i].text, cases[i].remedy);
		/* No password, no request over a bad one. */
		assert_int_equal(t_httpd_count(h) == 0, fails);
		if (fails)
			shows("instance", "Skipped", "'TLS'", "");
		else
			shows("login", "Failed", "does not let", "password");
		t_httpd_stop(&h);
		t_pki_free(&pki);
		free(more);
		free(ca);
	}
}

/* ---- OAuth --------------------------------------------------------------- */

static void scopes(void **state)
{
	char more[256];

	(void)state;
	fresh();
	rig.env = admin;
	(void)snprintf(more, sizeof(more),
		       "    auth: password\n    client_id: %s\n"
		       "    client_secret: env:SN_SECRET\n",
		       MST_SIM_SN_CLIENT);
	apply_url(RIG_HOST(&rig, MST_SIM_SERVICENOW), more);
	rig_muster(&rig, "connection", "test", "cmdb", "--json");
	rig_status(&rig, 0);
	shows("api.table", "Ok", "in scope: GET, POST, PUT, DELETE", "");
	rig_control(&rig, "POST", "/_sim/sn/scopes",
		    "{\"scopes\":{\"table\":[\"GET\"],\"batch\":[\"POST\"],"
		    "\"identifyreconcile\":[\"POST\"],\"meta\":[\"GET\"]}}");
	test_shows(4, "api.table", "no scope for POST, PUT, DELETE",
		   "no role helps");
	rig_control(&rig, "POST", "/_sim/sn/scopes",
		    "{\"scopes\":{\"table\":[\"GET\",\"POST\",\"PUT\","
		    "\"DELETE\"],\"meta\":[\"GET\"],"
		    "\"identifyreconcile\":[\"POST\"]}}");
	test_shows(4, "api.batch", "no scope for POST of the Batch API",
		   "Application Registry");
	rig_control(&rig, "POST", "/_sim/sn/scopes", "{\"scopes\":null}");
	rig.env = (const char *const[]){"SN_SECRET=wrong", NULL};
	test_shows(4, "login", "client_id or client_secret is wrong",
		   "check client_id");
	assert_null(strstr(rig.out.p, "=wrong"));
	rig.env = NULL;
}

/* ---- setup --------------------------------------------------------------- */

/* Nobody to ask: nothing is written, and it says how. */
static void setup_without_a_terminal(void **state)
{
	int64_t writes;

	(void)state;
	fresh();
	drop_choice();
	writes = rig_sn_writes(&rig);
	test_shows(1, "discovery_source", "\"muster\" is no choice",
		   "muster connection setup cmdb");
	rig_muster(&rig, "connection", "setup", "cmdb");
	rig_status(&rig, 1);
	assert_non_null(strstr(rig.out.p, "one new record in sys_choice"));
	assert_non_null(
	    strstr(rig.out.p, "\n    element      discovery_source\n"));
	assert_non_null(strstr(rig.out.p, "Nothing was written. There is "
					  "nobody to ask here: run it in a "
					  "terminal, or with --yes."));
	assert_int_equal(rig_sn_writes(&rig), writes);
	rig_muster(&rig, "connection", "setup", "cmdb", "--json");
	rig_status(&rig, 1);
	rig_json(&rig);
	assert_int_equal(mst_json_len(mst_json_get(rig.root, "writes")), 1);
	assert_int_equal(rig_sn_writes(&rig), writes);
}

static void setup_with_yes(void **state)
{
	struct mst_json_iter it;
	struct mst_json v;
	bool sent = false;

	(void)state;
	fresh();
	drop_choice();
	/* muster's own user may not */
	rig_muster(&rig, "connection", "setup", "cmdb", "--yes", "--json");
	rig_status(&rig, 1);
	shows("discovery_source", "Failed",
	      "could not be added: Operation "
	      "Failed: ACL Exception",
	      "--admin USER --admin-password");
	assert_int_equal(choices(), 0);
	/* an administrator may, for once */
	rig.env = admin;
	rig_muster(&rig, "connection", "setup", "cmdb", "--yes", "--json",
		   "--admin", "admin", "--admin-password",
		   "env:ADMIN_PASSWORD");
	rig_status(&rig, 0);
	shows("discovery_source", "Ok", "\"muster\" is taken by IRE", "");
	it = mst_json_iter(mst_json_get(rig.root, "writes"));
	assert_true(mst_json_next(&it, NULL, &v));
	assert_true(mst_json_bool(mst_json_get(v, "sent"), &sent) && sent);
	assert_true(mst_json_is_str(mst_json_get(v, "table"), "sys_choice"));
	assert_true(mst_json_is_str(
	    mst_json_get(mst_json_get(v, "values"), "value"), "muster"));
	assert_int_equal(counted("failed"), 0);
	assert_int_equal(choices(), 1);
	/* stored nowhere */
	rig_muster(&rig, "export");
	assert_null(strstr(rig.out.p, "ADMIN_PASSWORD"));
	/* again: there is nothing to do, and nothing is doubled */
	rig_muster(&rig, "connection", "setup", "cmdb", "--yes", "--admin",
		   "admin", "--admin-password", "env:ADMIN_PASSWORD");
	rig_status(&rig, 0);
	assert_non_null(
	    strstr(rig.out.p, "There is nothing that setup could write."));
	rig.env = NULL;
	assert_int_equal(choices(), 1);
	(void)rig_sync(&rig, 0);
	rig_verify(&rig);
}

/* The write arrives and its answer does not: it is looked for, and found. */
static void setup_with_a_lost_answer(void **state)
{
	(void)state;
	fresh();
	drop_choice();
	rig_control(&rig, "POST", "/_sim/sn/access",
		    "{\"table\":\"sys_choice\",\"access\":{"
		    "\"create\":[\"asset\"]}}");
	rig_control(&rig, "POST", "/_sim/faults",
		    "{\"kind\":\"drop_after\",\"host\":\"servicenow\","
		    "\"method\":\"POST\",\"path\":\"sys_choice\","
		    "\"count\":1}");
	rig_muster(&rig, "connection", "setup", "cmdb", "--yes", "--json");
	rig_status(&rig, 0);
	shows("discovery_source", "Ok", "is taken by IRE", "");
	assert_int_equal(choices(), 1);
	rig_control(&rig, "DELETE", "/_sim/faults", "%s", "");
}

/* Runs "connection setup cmdb" on a terminal of 90 columns, says the words
 * when it asks, and returns what was shown. free() it. */
static char *on_a_terminal(const char *answer, int *status_r)
{
	struct winsize size = {.ws_row = 40, .ws_col = 90};
	struct mst_buf out = MST_BUF_INIT(1u << 20);
	int master = posix_openpt(O_RDWR | O_NOCTTY), status;
	char chunk[4096];
	bool asked = false;
	ssize_t n;
	pid_t pid;

	assert_true(master >= 0 && grantpt(master) == 0 &&
		    unlockpt(master) == 0);
	(void)ioctl(master, TIOCSWINSZ, &size);
	pid = fork();
	if (pid == 0) {
		int slave = open(ptsname(master), O_RDWR);

		(void)setsid();
		(void)setenv("MUSTER_SIM_PASSWORD", MST_SIM_PASSWORD, 1);
		(void)dup2(slave, 0);
		(void)dup2(slave, 1);
		(void)dup2(slave, 2);
		(void)close(master);
		(void)execl(MUSTER, "muster", "connection", "setup", "cmdb",
			    "--state", rig.state, (char *)NULL);
		_exit(127);
	}
	/* Its end reads as an error here. */
	while ((n = read(master, chunk, sizeof(chunk))) > 0) {
		(void)mst_buf_add(&out, chunk, (size_t)n);
		if (asked || !strstr(out.p, "Type yes to write it: "))
			continue;
		asked = true;
		assert_int_equal(write(master, answer, strlen(answer)),
				 strlen(answer));
	}
	assert_true(asked);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	*status_r = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	(void)close(master);
	return mst_buf_steal(&out);
}

static void setup_asks(void **state)
{
	int status;
	char *text;

	(void)state;
	fresh();
	drop_choice();
	rig_control(&rig, "POST", "/_sim/sn/access",
		    "{\"table\":\"sys_choice\",\"access\":{"
		    "\"create\":[\"asset\"]}}");
	text = on_a_terminal("no\n", &status);
	assert_int_equal(status, 1);
	assert_non_null(strstr(text, "Nothing was written."));
	assert_int_equal(choices(), 0);
	/* colours, and no line wider than the terminal */
	assert_non_null(strstr(text, "\033[31mFailed\033[0m"));
	for (const char *p = text; *p; p += strcspn(p, "\n") + 1) {
		size_t wide = 0;

		for (const char *q = p; *q && *q != '\n' && *q != '\r'; q++)
			wide += *q == '\033' ? 0 : 1;
		assert_true(wide <= 90 + 9); /* with a colour's bytes */
		if (!p[strcspn(p, "\n")])
			break;
	}
	free(text);
	text = on_a_terminal("yes\n", &status);
	assert_int_equal(status, 0);
	assert_non_null(strstr(text, "is taken by IRE"));
	assert_int_equal(choices(), 1);
	free(text);
}

static void wrong_usage(void **state)
{
	(void)state;
	fresh();
	rig_muster(&rig, "connection", "test", "cmdb", "--yes");
	rig_status(&rig, 2);
	rig_muster(&rig, "connection", "setup");
	rig_status(&rig, 2);
	rig_muster(&rig, "connection", "setup", "cmdb", "--admin", "admin");
	rig_status(&rig, 2);
	rig_muster(&rig, "connection", "mend", "cmdb");
	rig_status(&rig, 2);
	/* a password is a reference, never the thing itself */
	rig_muster(&rig, "connection", "setup", "cmdb", "--admin", "admin",
		   "--admin-password", "plain-secret");
	rig_status(&rig, 1);
	assert_null(strstr(rig.err.p, "plain-secret"));
}

static int set_up(void **state)
{
	(void)state;
	/* The TLS server is in this process, and its clients hang up. */
	(void)signal(SIGPIPE, SIG_IGN);
	rig_start(&rig, NULL);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	rig_stop(&rig);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_is_well),
	    cmocka_unit_test(all_are_documented),
	    cmocka_unit_test(a_fresh_instance),
	    cmocka_unit_test(wrong_password),
	    cmocka_unit_test(missing_secret),
	    cmocka_unit_test(missing_role),
	    cmocka_unit_test(missing_table),
	    cmocka_unit_test(missing_column),
	    cmocka_unit_test(older_update_set),
	    cmocka_unit_test(missing_class),
	    cmocka_unit_test(sleeping_instance),
	    cmocka_unit_test(skewed_clock),
	    cmocka_unit_test(rate_limited),
	    cmocka_unit_test(no_such_host),
	    cmocka_unit_test(refused),
	    cmocka_unit_test(no_proxy),
	    cmocka_unit_test(certificates),
	    cmocka_unit_test(scopes),
	    cmocka_unit_test(setup_without_a_terminal),
	    cmocka_unit_test(setup_with_yes),
	    cmocka_unit_test(setup_with_a_lost_answer),
	    cmocka_unit_test(setup_asks),
	    cmocka_unit_test(wrong_usage),
	};

	return cmocka_run_group_tests_name("setup", tests, set_up, tear_down);
}
