/* SPDX-License-Identifier: Apache-2.0
 *
 * What stands between a command and its server: certificates, tokens, Ctrl-C,
 * a server that is killed. Each is one clear line.
 */
#include "tests/lib/serve_rig.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "auth/people.h"
#include "base/file.h"
#include "base/time.h"
#include "tests/lib/pki.h"

#define LOOKS 1000 /* of 10 ms */

static struct rig rig;
static struct serve sv;
static struct t_pki ours, others;
static char *ours_file, *others_file;

static char *write_pem(const char *name, const char *text)
{
	char *path = mst_asprintf("%s/%s", rig.dir, name);

	t_write(path, mst_slice_str(text));
	return path;
}

/* Behind TLS, with a certificate that nobody trusts unless they are told. */
static int start(void **state)
{
	char *key, *yaml;

	(void)state;
	rig_start(&rig, NULL);
	ours = t_pki_make("ec", "IP:127.0.0.1", -60, 3600, NULL);
	others = t_pki_make("ec", "IP:127.0.0.1", -60, 3600, NULL);
	ours_file = write_pem("ours.pem", ours.cert);
	others_file = write_pem("others.pem", others.cert);
	key = write_pem("ours.key", ours.key);
	yaml = mst_asprintf("service:\n  tls:\n    certificate: %s\n"
			    "    key: %s\n",
			    ours_file, key);
	rig_fresh(&rig);
	rig_apply_text(&rig, yaml);
	serve_start(&sv, &rig);
	free(yaml);
	free(key);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	serve_stop(&sv);
	rig_stop(&rig);
	t_pki_free(&ours);
	t_pki_free(&others);
	free(ours_file);
	free(others_file);
	return 0;
}

#define says(status, part)                                                     \
	do {                                                                   \
		rig_status(&rig, status);                                      \
		rig_says(&rig, part);                                          \
		rig_one_error(&rig);                                           \
	} while (0)

/* ---- certificates -------------------------------------------------------- */

static void certificates(void **state)
{
	(void)state;
	assert_int_equal(strncmp(sv.url, "https://", 8), 0);
	serve_muster(&sv, "jobs", "--ca-file", ours_file);
	rig_status(&rig, 0);
	serve_muster(&sv, "jobs");
	says(1, "certificate");
	serve_muster(&sv, "jobs", "--ca-file", others_file);
	says(1, "certificate");
	serve_muster(&sv, "jobs", "--ca-file", "/nowhere.pem");
	says(1, "/nowhere.pem");
}

/* ---- tokens -------------------------------------------------------------- */

/* Its place is taken by one with these scopes, that ended so long ago. */
static void give_token(const char *name, unsigned scopes, int64_t ended_us)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_state *state = NULL;
	char id[MST_TOKEN_ID], *text = sv.token[MST_ROLE_OPERATOR];
	struct mst_token t = {.id = id,
			      .name = name,
			      .user = "operator",
			      .scopes = scopes,
			      .seen_us = MST_TIME_NONE};

	mst_token_id(id);
	mst_token_make(text);
	mst_token_hash(mst_slice_str(text), t.hash);
	t.created_us = mst_now_us() - ended_us - 1000000;
	t.ends_us = ended_us ? mst_now_us() - ended_us : MST_TIME_NONE;
	t_ok(mst_state_open(rig.state, &state, &err), &err);
	t_ok(mst_token_add(state, &t, &err), &err);
	mst_state_close(&state);
}

static void tokens(void **state)
{
	(void)state;
	sv.as = MST_ROLE_OPERATOR;
	give_token("less", MST_MAY_READ, 0);
	serve_muster(&sv, "jobs", "--ca-file", ours_file);
	rig_status(&rig, 0);
	serve_muster(&sv, "run", "main", "--ca-file", ours_file);
	says(4, "'operator' may not do 'muster run'");
	give_token("old", MST_MAY_READ, 1000000);
	serve_muster(&sv, "jobs", "--ca-file", ours_file);
	says(4, "its time is over");
	sv.as = MST_ROLE_ADMINISTRATOR;
}

/* ---- interrupted --------------------------------------------------------- */

static bool is_running(void)
{
	serve_muster(&sv, "runs", "--json", "--ca-file", ours_file);
	rig_status(&rig, 0);
	return strstr(rig.out.p, "\"running\"") != NULL;
}

/* A run that takes its time, begun at the server. */
static pid_t begin_run(void)
{
	static const char *words[] = {"run", "main", "--ca-file", NULL, NULL};
	pid_t pid;

	words[3] = ours_file;
	rig_control(&rig, "POST", "/_sim/switches", "%s",
		    "{\"latency_ms\":700}");
	rig.output = "run.";
	pid = serve_spawn(&sv, words);
	rig.output = NULL;
	for (int i = 0; i < LOOKS && !is_running(); i++)
		(void)poll(NULL, 0, 10);
	return pid;
}

/* rig_wait reads what has no prefix. */
static void ends(pid_t pid, int status, const char *part)
{
	struct mst_err err = MST_ERR_INIT;
	char *path = mst_asprintf("%s/run.stderr", rig.dir);
	int how = 0;

	assert_int_equal(waitpid(pid, &how, 0), pid);
	mst_buf_reset(&rig.err);
	t_ok(mst_file_read(path, &rig.err, &err), &err);
	(void)mst_buf_addc(&rig.err, 0);
	if (!WIFEXITED(how) || WEXITSTATUS(how) != status ||
	    !strstr(rig.err.p, part))
		fail_msg("status %d, not %d with \"%s\": %s", how, status, part,
			 rig.err.p);
	free(path);
}

/* The task is cancelled, and its run ends as if it had been interrupted. */
static void ctrl_c(void **state)
{
	pid_t pid = begin_run();

	(void)state;
	(void)kill(pid, SIGINT);
	ends(pid, 130, "stopping");
	serve_muster(&sv, "runs", "--json", "--ca-file", ours_file);
	rig_status(&rig, 0);
	assert_non_null(strstr(rig.out.p, "\"cancelled\""));
	serve_muster(&sv, "audit", "--kind", "task", "--ca-file", ours_file);
	assert_non_null(strstr(rig.out.p, "cancel task"));
}

/* The server is killed: who waits is told, and may stop waiting. */
static void gone(void **state)
{
	pid_t pid = begin_run();
	int how;

	(void)state;
	(void)kill(sv.pid, SIGKILL);
	assert_int_equal(waitpid(sv.pid, &how, 0), sv.pid);
	sv.pid = 0;
	(void)poll(NULL, 0, 1500);
	(void)kill(pid, SIGINT);
	ends(pid, 1, "which goes on without this program");
	rig_says(&rig, "does not answer; it is tried for 30 seconds");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(certificates),
	    cmocka_unit_test(tokens),
	    cmocka_unit_test(ctrl_c),
	    cmocka_unit_test(gone),
	};

	return cmocka_run_group_tests_name("remote-way", tests, start, stop);
}
