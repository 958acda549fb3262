/* SPDX-License-Identifier: Apache-2.0
 *
 * See serve_rig.h.
 */
#include "tests/lib/serve_rig.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auth/people.h"
#include "base/file.h"
#include "base/secret.h"
#include "base/time.h"

#define LOOKS	5000 /* of 10 ms: how long anything may take */
#define LOOK_MS 10

/* ---- users --------------------------------------------------------------- */

static void make_users(struct serve *s)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_state *state = NULL;

	t_ok(mst_secret_setup(&err), &err);
	t_ok(mst_state_open(s->rig->state, &state, &err), &err);
	for (unsigned i = 0; i <= MST_ROLE__MAX; i++) {
		enum mst_role role = i == SERVE_SECOND ? MST_ROLE_ADMINISTRATOR
						       : (enum mst_role)i;
		const struct mst_user u = {
		    .name = i == SERVE_SECOND ? "second" : mst_role_name(role),
		    .full_name = "",
		    .role = role,
		    .hash = "",
		    .oidc_issuer = "",
		    .oidc_subject = "",
		    .locked_us = MST_TIME_NONE,
		};
		char id[MST_TOKEN_ID], text[MST_TOKEN_TEXT];

		t_ok(mst_user_add(state, &u, &err), &err);
		t_ok(mst_people_token(state, u.name, "test", 0, 1, id, text,
				      &err),
		     &err);
		(void)snprintf(s->token[i], sizeof(s->token[i]), "%s", text);
	}
	mst_state_close(&state);
}

/* ---- the daemon ---------------------------------------------------------- */

/* Where it listens stands in the note of its lock. */
static bool find_url(struct serve *s)
{
	struct mst_buf note = MST_BUF_INIT(4096);
	char *path = mst_asprintf("%s/serve.lock", s->rig->state);
	struct mst_err err = MST_ERR_INIT;
	const char *at = NULL;

	if (mst_file_read(path, &note, &err) == 0)
		at = strstr(note.p ? note.p : "", "http");
	if (at)
		(void)snprintf(s->url, sizeof(s->url), "%.*s",
			       (int)strcspn(at, "\n"), at);
	free(path);
	mst_buf_fini(&note);
	return at != NULL;
}

static void show_log(struct serve *s)
{
	struct mst_buf log = MST_BUF_INIT(16u << 20);
	char *path = mst_asprintf("%s/serve.stderr", s->rig->dir);
	struct mst_err err = MST_ERR_INIT;

	if (mst_file_read(path, &log, &err) == 0)
		(void)fprintf(stderr, "%s", log.p ? log.p : "");
	free(path);
	mst_buf_fini(&log);
}

void serve_start(struct serve *s, struct rig *r)
{
	static const char *const words[] = {"serve",  "--listen", "127.0.0.1:0",
					    "--node", "n1",	  NULL};
	int status;

	*s = (struct serve){.rig = r, .as = MST_ROLE_ADMINISTRATOR};
	mst_buf_init(&s->head, 1u << 20);
	mst_buf_init(&s->body, 256u << 20);
	s->parser = mst_json_parser_new(256u << 20);
	make_users(s);
	r->output = "serve.";
	s->pid = rig_spawn(r, words);
	r->output = NULL;
	for (int i = 0; i < LOOKS && !find_url(s); i++) {
		if (waitpid(s->pid, &status, WNOHANG) != 0)
			break;
		(void)poll(NULL, 0, LOOK_MS);
	}
	if (!s->url[0]) {
		show_log(s);
		fail_msg("the daemon does not listen");
	}
}

void serve_stop(struct serve *s)
{
	int status = 0;

	if (s->pid > 0) {
		(void)kill(s->pid, SIGTERM);
		if (waitpid(s->pid, &status, 0) != s->pid)
			fail_msg("the daemon is lost");
	}
	if (status)
		show_log(s);
	mst_buf_fini(&s->head);
	mst_buf_fini(&s->body);
	mst_json_parser_free(&s->parser);
	assert_int_equal(status, 0);
}

/* ---- asking -------------------------------------------------------------- */

static size_t take(char *p, size_t size, size_t n, void *ctx)
{
	return mst_buf_add(ctx, p, size * n) ? size * n : 0;
}

static void perform(struct serve *s, CURL *c)
{
	long status = 0;
	CURLcode rc = curl_easy_perform(c);
	const char *at;

	if (rc != CURLE_OK)
		fail_msg("the daemon does not answer: %s",
			 curl_easy_strerror(rc));
	(void)curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	s->status = (int)status;
	(void)mst_buf_addc(&s->head, 0);
	(void)mst_buf_addc(&s->body, 0);
	s->head.n--;
	s->body.n--;
	s->tag[0] = 0;
	at = strcasestr(s->head.p, "\netag: ");
	if (at)
		(void)snprintf(s->tag, sizeof(s->tag), "If-Match: %.*s",
			       (int)strcspn(at + 7, "\r\n"), at + 7);
}

static void ask(struct serve *s, const char *method, const char *path,
		const char *header, const char *body)
{
	char *url = mst_asprintf("%s/api/v1%s", s->url, path);
	char *token = mst_asprintf("Authorization: Bearer %s", s->token[s->as]);
	struct curl_slist *headers = curl_slist_append(NULL, token);
	CURL *c = curl_easy_init();

	mst_buf_reset(&s->head);
	mst_buf_reset(&s->body);
	if (body)
		headers = curl_slist_append(headers,
					    "Content-Type: application/json");
	if (header)
		headers = curl_slist_append(headers, header);
	(void)curl_easy_setopt(c, CURLOPT_URL, url);
	(void)curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, method);
	(void)curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	(void)curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
	(void)curl_easy_setopt(c, CURLOPT_TIMEOUT, 120L);
	(void)curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
	(void)curl_easy_setopt(c, CURLOPT_WRITEDATA, &s->body);
	(void)curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take);
	(void)curl_easy_setopt(c, CURLOPT_HEADERDATA, &s->head);
	if (body)
		(void)curl_easy_setopt(c, CURLOPT_COPYPOSTFIELDS, body);
	perform(s, c);
	curl_easy_cleanup(c);
	curl_slist_free_all(headers);
	free(token);
	free(url);
}

const char *serve_ask(struct serve *s, const char *method, const char *path,
		      const char *header, const char *body, int status)
{
	ask(s, method, path, header, body);
	if (s->status != status)
		fail_msg("%s %s: %d, not %d: %s", method, path, s->status,
			 status, s->body.p);
	return s->body.p;
}

struct mst_json serve_json(struct serve *s)
{
	struct mst_err err = MST_ERR_INIT;

	if (mst_json_parse(s->parser, mst_buf_slice(&s->body), &s->root, &err) <
	    0)
		fail_msg("no JSON: %s", s->body.p);
	return s->root;
}

static bool has_ended(struct mst_json task)
{
	struct mst_json state = mst_json_get(task, "state");

	return !mst_json_is_str(state, "queued") &&
	       !mst_json_is_str(state, "running");
}

int serve_task(struct serve *s, const char *path, const char *body)
{
	int64_t id = 0, status = -1;
	char at[64];

	(void)serve_ask(s, "POST", path, NULL, body, 202);
	if (!mst_json_i64(mst_json_get(serve_json(s), "id"), &id))
		fail_msg("no task: %s", s->body.p);
	(void)snprintf(at, sizeof(at), "/tasks/%lld", (long long)id);
	for (int i = 0; i < LOOKS; i++) {
		(void)serve_ask(s, "GET", at, NULL, NULL, 200);
		if (has_ended(serve_json(s)))
			break;
		(void)poll(NULL, 0, LOOK_MS);
	}
	(void)mst_json_i64(mst_json_get(s->root, "exit_status"), &status);
	if (status < 0) {
		show_log(s);
		fail_msg("the task has no end: %s", s->body.p);
	}
	(void)strcat(at, "/output");
	(void)serve_ask(s, "GET", at, NULL, NULL, 200);
	return (int)status;
}

/* ---- commands ------------------------------------------------------------ */

pid_t serve_spawn(struct serve *s, const char *const *words)
{
	char *server = mst_asprintf("MUSTER_SERVER=%s", s->url);
	char *token = mst_asprintf("MUSTER_TOKEN=%s", s->token[s->as]);
	const char *const env[] = {server, token, NULL};
	const char *const *was = s->rig->env;
	pid_t pid;

	s->rig->env = env;
	s->rig->elsewhere = true;
	pid = rig_spawn(s->rig, words);
	s->rig->elsewhere = false;
	s->rig->env = was;
	free(token);
	free(server);
	return pid;
}

int serve_run(struct serve *s, const char *const *words)
{
	return rig_wait(s->rig, serve_spawn(s, words));
}
