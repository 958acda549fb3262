/* SPDX-License-Identifier: Apache-2.0
 *
 * What a person must be told, from what happens to the mail and the webhook
 * that say it: every kind but a full disk, which no test fills.
 */
#include "tests/lib/sync_rig.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "base/time.h"
#include "forward/outbox.h"
#include "forwarder/forwarder.h"
#include "serve/busy.h"
#include "state/access.h"
#include "state/task.h"
#include "tests/lib/httpd.h"
#include "tests/lib/pki.h"
#include "tests/lib/sink.h"

#define NAP_MS 20
#define LOOKS  3000 /* a minute: how long anything may take */
#define S      INT64_C(1000000)
#define DAY    (86400 * S)

static struct rig rig;
static struct mst_state *store; /* as another process has it */
static struct t_sink *mails;
static struct t_httpd *hook;
static pid_t daemon_pid;
static struct mst_err err;

/* ---- who hears ----------------------------------------------------------- */

/* Both must hear it. */
static void hears(const char *what)
{
	for (int i = 0; i < LOOKS; i++) {
		bool mail = strstr(t_sink_text(mails, 0), what), post = false;

		for (size_t k = 0; k < t_httpd_count(hook) && !post; k++)
			post = strstr(t_httpd_request(hook, k)->body, what);
		if (mail && post)
			return;
		(void)poll(NULL, 0, NAP_MS);
	}
	fail_msg("nobody hears \"%s\"; by mail:\n%s", what,
		 t_sink_text(mails, 0));
}

/* ---- what happens -------------------------------------------------------- */

static void configure(void)
{
	struct t_pki pki = t_pki_make("ec", "muster", -60, 3 * 86400, NULL);
	char expires[21];
	char *cert = mst_strdup(t_path("old.pem"));
	char *key = mst_strdup(t_path("old.key"));
	char *source, *dest, *text, *yaml;

	t_write(cert, mst_slice_str(pki.cert));
	t_write(key, mst_slice_str(pki.key));
	mst_time_iso(mst_now_us() + 20 * DAY, expires);
	source = mst_asprintf("    secret_expires: %.10s\n", expires);
	dest = mst_asprintf("  - name: other\n    type: endpoint\n"
			    "    tenant_id: t\n    client_id: c\n"
			    "    certificate: %s\n    certificate_key: %s\n",
			    cert, key);
	yaml = rig_yaml(&rig, source, dest,
			"    guard:\n      share: 0%\n      count: 0\n");
	text = mst_asprintf("%s"
			    "forward_actions:\n"
			    "  - name: hook\n    type: webhook\n    url: %s\n"
			    "  - name: post\n    type: mail\n"
			    "    url: smtp://127.0.0.1:%d\n"
			    "    from: muster@example.com\n"
			    "    to: [ann@example.com]\n"
			    "service:\n  notify: [hook, post]\n",
			    yaml, t_httpd_url(hook, "/x"), t_sink_port(mails));
	rig_apply_text(&rig, text);
	free(text);
	free(yaml);
	free(dest);
	free(source);
	free(key);
	free(cert);
	t_pki_free(&pki);
}

static int take_id(void *ctx, const struct mst_task *t)
{
	*(int64_t *)ctx = t->id;
	return 0;
}

static int64_t put_run(void)
{
	const struct mst_task t = {.kind = "run",
				   .job = "main",
				   .connection = "",
				   .argv = "[\"run\",\"main\",\"--approve\"]",
				   .files = "",
				   .state = MST_TASK_QUEUED,
				   .repeat = true,
				   .asked_by = "schedule",
				   .asked_via = "schedule",
				   .approved_by = ""};
	int64_t id = 0;

	t_ok(mst_task_put(store, &t, &id, &err), &err);
	return id;
}

/* A run of the job finds it busy again and again. */
static int64_t run_waits(void)
{
	struct mst_buf progress = MST_BUF_INIT(4096);
	int64_t id = put_run(), got_id = 0;
	bool got;

	t_ok(mst_task_claim(store, "n1", mst_now_us(), NULL, take_id, &got_id,
			    &got, &err),
	     &err);
	assert_int_equal(got_id, id);
	mst_busy_json(&progress, "main", MST_BUSY_TOLD, "RecVer is in use", 0);
	t_ok(mst_task_defer(store, id, "n1", mst_now_us() + DAY, progress.p,
			    &err),
	     &err);
	mst_buf_fini(&progress);
	return id;
}

static int64_t somebody_asks(void)
{
	const struct mst_approval a = {.state = "waiting",
				       .what = "run job main (PROD)",
				       .needs = "operate",
				       .request = "{}",
				       .asked_by = "ann",
				       .decided_by = "",
				       .why = "",
				       .asked_us = mst_now_us(),
				       .decided_us = MST_TIME_NONE,
				       .ends_us = mst_now_us() + DAY};
	int64_t id;

	t_ok(mst_approval_add(store, &a, &id, &err), &err);
	return id;
}

/* Nobody took the alert for twenty minutes. */
static void alert_stays(void)
{
	static const struct mst_outbox_conf conf = {.max = 1000};
	static const struct mst_route to = {"r", "nobody", false};
	struct mst_outbox_alert a = {.source = "iot",
				     .key = MST_SLICE_LIT("k"),
				     .device = MST_SLICE_LIT("d"),
				     .form = MST_FORM_CEF,
				     .body = MST_SLICE_LIT("x"),
				     .routes = &to,
				     .routes_n = 1};
	char *path = mst_forwarder_path(store);
	int64_t then = mst_now_us() - 1200 * S;
	struct mst_outbox *o;

	t_ok(mst_outbox_open(path, MST_OUTBOX_OWN, &conf, then, &o, &err),
	     &err);
	t_ok(mst_outbox_accept(o, &a, 1, then, &err), &err);
	mst_outbox_close(&o);
	free(path);
}

static void node_dies(void)
{
	t_clock_set(mst_now_us() - 60 * S);
	t_ok(mst_node_beat(store, "n2", 2, "1", "", &err), &err);
	t_clock_real();
}

static void start(void)
{
	static const char *const serve[] = {"serve",  "--listen", "127.0.0.1:0",
					    "--node", "n1",	  NULL};

	rig.output = "serve.";
	daemon_pid = rig_spawn(&rig, serve);
	rig.output = NULL;
}

static void stop(void)
{
	int status = -1;

	assert_int_equal(kill(daemon_pid, SIGTERM), 0);
	assert_int_equal(waitpid(daemon_pid, &status, 0), daemon_pid);
	assert_int_equal(status, 0);
}

/* ---- the test ------------------------------------------------------------ */

static void every_kind(void **state)
{
	enum mst_task_state was;
	int64_t asked, waits;

	(void)state;
	rig_fresh(&rig);
	configure();
	t_ok(mst_state_open(rig.state, &store, &err), &err);
	(void)rig_sync(&rig, 0);
	rig_control(&rig, "POST", "/_sim/day", "{\"day\":1}");
	(void)rig_sync(&rig, 6);
	waits = run_waits();
	asked = somebody_asks();
	alert_stays();
	node_dies();
	start();
	hears("muster: the guard holds back what run 2 of job main");
	hears("muster: connection defender: the client secret expires on 20");
	hears("muster: connection other: the certificate expires on 20");
	hears("muster: ann asks for a second person: run job main (PROD)");
	hears("muster: node n2 has not been heard of");
	hears("muster: alerts wait for more than 15 minutes");
	hears("muster: a run of job main has waited for 10 minutes: RecVer is "
	      "in use");

	rig_control(&rig, "POST", "/_sim/faults",
		    "{\"host\":\"servicenow\",\"kind\":\"revoked\"}");
	t_ok(mst_approval_decide(store, asked, "rejected", "bob", "no",
				 mst_now_us(), &err),
	     &err);
	t_ok(mst_task_cancel(store, waits, &was, &err), &err);
	(void)put_run();
	hears("muster: run 3 of job main failed: ");
	hears("muster, over: the guard holds back");
	hears("muster, over: ann asks");
	hears("muster, over: a run of job main has waited");
	rig_control(&rig, "DELETE", "/_sim/faults", "%s", "");
	(void)put_run();
	hears("muster, over: run 3 of job main failed");
	stop();
	/* each once, by both */
	assert_int_equal(t_httpd_count(hook), t_sink_mails(mails));
	assert_true(t_httpd_count(hook) <= 13); /* a disk may be full */
	mst_state_close(&store);
}

static int begin(void **state)
{
	static const struct mst_sim_conf conf = {
	    .devices = 20, .cve_rows = 300, .apps = -1, .iot_devices = -1};
	static const struct t_sink_conf smtp = {.kind = T_SINK_SMTP};
	static const struct t_answer taken = {.times = -1};

	(void)state;
	mails = t_sink_start(&smtp);
	hook = t_httpd_start(&taken, 1);
	rig_start(&rig, &conf);
	return 0;
}

static int finish(void **state)
{
	(void)state;
	rig_stop(&rig);
	t_httpd_stop(&hook);
	t_sink_stop(&mails);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_kind),
	};

	return cmocka_run_group_tests_name("notices", tests, begin, finish);
}
