/* SPDX-License-Identifier: Apache-2.0
 *
 * See remote.h.
 */
#include "cli/remote.h"

#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "api/remote.h"
#include "base/limits.h"
#include "base/secret.h"
#include "cli/ask.h"
#include "cli/remote_http.h"
#include "cli/remote_write.h"
#include "cli/worker.h"

#define BODY_MAX (16u << 20)
#define TASK_MAX (1u << 20)
#define LOOK_MS	 400	     /* between two looks at a task, after a while */
#define KEPT_MAX (64u << 20) /* of a task's output; more is not there */

struct remote {
	const char *server, *token_file, *ca_file;
	bool asked; /* by the option, not by the environment */
	struct mst_arena arena;
	struct cli_server *s;
	struct mst_remote_call call;
	struct mst_buf body;
	const char *out_file; /* what is printed goes there */
	bool json, quiet;
	int64_t task;
	bool cancelled;
	/* what was shown of its progress */
	char stage[64], what[96];
	struct mst_progress_now now;
	const struct mst_progress *progress;
};

/* ---- words --------------------------------------------------------------- */

static const struct {
	const char *name;
	size_t at;
} options[] = {
    {"--server", offsetof(struct remote, server)},
    {"--token-file", offsetof(struct remote, token_file)},
    {"--ca-file", offsetof(struct remote, ca_file)},
};

static const char **place(struct remote *m, size_t i)
{
	return (const char **)(void *)((char *)m + options[i].at);
}

/* The option's value behind '=' or in the next word; NULL: it is another one.
 * *used_r: how many words it takes. */
static const char *value_of(char *const *argv, int argc, int at,
			    const char *name, int *used_r)
{
	size_t n = strlen(name);

	if (strncmp(argv[at], name, n) != 0)
		return NULL;
	*used_r = 1;
	if (argv[at][n] == '=')
		return argv[at] + n + 1;
	if (argv[at][n])
		return NULL;
	*used_r = 2;
	return at + 1 < argc ? argv[at + 1] : "";
}

static void take_options(struct remote *m, int *argc, char **argv)
{
	int to = 1;
	bool ended = false;

	for (int i = 1; i < *argc;) {
		const char *value = NULL;
		int used = 0;

		ended = ended || strcmp(argv[i], "--") == 0;
		for (size_t k = 0; !ended && !value && k < MST_LEN(options);
		     k++) {
			value =
			    value_of(argv, *argc, i, options[k].name, &used);
			if (value)
				*place(m, k) = value;
		}
		if (!value)
			argv[to++] = argv[i++];
		else
			i += used;
	}
	*argc = to;
	argv[to] = NULL;
}

static bool wants_help(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--help") == 0 ||
		    strcmp(argv[i], "-h") == 0)
			return true;
	}
	return false;
}

/* ---- the task ------------------------------------------------------------ */

/* The stage that is shown, until another one begins. */
static void end_stage(struct remote *m)
{
	struct mst_progress_now now = m->now;

	now.stage = m->stage;
	now.what = m->what;
	now.end = true;
	if (*m->stage)
		mst_progress_tell(m->progress, &now);
	m->stage[0] = 0;
}

static void tell(struct remote *m, struct mst_json p)
{
	struct mst_slice stage = mst_json_str(mst_json_get(p, "stage"));
	struct mst_slice what = mst_json_str(mst_json_get(p, "what"));
	int64_t done = 0, total = 0, requests = 0;
	struct mst_progress_now now = {.stage = m->stage, .what = m->what};

	if (!mst_slice_is(stage, m->stage) || !mst_slice_is(what, m->what)) {
		end_stage(m);
		(void)snprintf(m->stage, sizeof(m->stage), "%.*s",
			       MST_SLICE_ARG(stage));
		(void)snprintf(m->what, sizeof(m->what), "%.*s",
			       MST_SLICE_ARG(what));
	}
	(void)mst_json_i64(mst_json_get(p, "done"), &done);
	(void)mst_json_i64(mst_json_get(p, "total"), &total);
	(void)mst_json_i64(mst_json_get(p, "requests"), &requests);
	(void)mst_json_bool(mst_json_get(p, "bytes"), &now.bytes);
	now.done = (uint64_t)done;
	now.total = (uint64_t)total;
	now.requests = (uint64_t)requests;
	m->now = now;
	mst_progress_tell(m->progress, &now);
}

static void show_progress(struct remote *m, struct mst_json task)
{
	struct mst_json p = mst_json_get(task, "progress");

	if (mst_json_type(p) == MST_JSON_OBJECT)
		tell(m, p);
}

static bool has_ended(struct mst_json task)
{
	struct mst_json state = mst_json_get(task, "state");

	return mst_json_is_str(state, "done") ||
	       mst_json_is_str(state, "failed") ||
	       mst_json_is_str(state, "cancelled");
}

static int cancel(struct remote *m, struct mst_err *err)
{
	struct mst_buf out = MST_BUF_INIT(TASK_MAX);
	char path[48];
	int rc;

	(void)snprintf(path, sizeof(path), "/tasks/%lld", (long long)m->task);
	m->cancelled = true;
	rc = cli_server_again(m->s, err);
	if (rc == 0)
		rc = cli_server_ask(m->s, MST_HTTP_DELETE, path,
				    mst_slice(NULL, 0), NULL, &out, NULL, err);
	mst_buf_fini(&out);
	return rc;
}

/* Until it has ended; out is the task as it is then. */
static int follow(struct remote *m, struct mst_json_parser *parser,
		  struct mst_json *task_r, struct mst_err *err)
{
	struct mst_buf out = MST_BUF_INIT(TASK_MAX);
	char path[48];
	int wait = 25, rc;

	(void)snprintf(path, sizeof(path), "/tasks/%lld", (long long)m->task);
	for (;;) {
		mst_buf_reset(&out);
		rc = 0;
		if (atomic_load(&cli_cancel) && !m->cancelled)
			rc = cancel(m, err);
		if (rc == 0)
			rc = cli_server_ask(m->s, MST_HTTP_GET, path,
					    mst_slice(NULL, 0), NULL, &out,
					    NULL, err);
		if (rc == -MST_E_CANCELLED && atomic_load(&cli_cancel) &&
		    !m->cancelled)
			continue; /* while it waited for the answer */
		if (rc == 0)
			rc = mst_json_parse(parser, mst_buf_slice(&out), task_r,
					    err);
		if (rc == 0)
			show_progress(m, *task_r);
		if (rc < 0 || has_ended(*task_r))
			break;
		(void)poll(NULL, 0, wait);
		wait = MST_MIN(wait * 2, LOOK_MS);
	}
	end_stage(m);
	mst_buf_fini(&out);
	return rc < 0 ? mst_err_prefix(err,
				       "task %lld, which goes on without this "
				       "program",
				       (long long)m->task)
		      : 0;
}

static int get(struct remote *m, const char *what, struct mst_buf *out,
	       struct mst_err *err)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/tasks/%lld/%s", (long long)m->task,
		       what);
	return cli_server_ask(m->s, MST_HTTP_GET, path, mst_slice(NULL, 0),
			      NULL, out, NULL, err);
}

/* ---- what it printed ----------------------------------------------------- */

static int save(struct remote *m, struct mst_buf *out, struct mst_err *err)
{
	bool plan = cli_remote_is_plan(&m->call, m->out_file);
	int rc = cli_write_file(m->out_file, mst_buf_slice(out), 0600, err);

	if (rc == 0 && plan && !m->json)
		(void)printf("plan saved in %s\n", m->out_file);
	if (rc == 0 && plan && m->json)
		cli_print(out);
	return rc;
}

static int print(struct remote *m, struct mst_json task, int *status_r,
		 struct mst_err *err)
{
	struct mst_buf out = MST_BUF_INIT(1u << 30),
		       log = MST_BUF_INIT(1u << 20);
	struct mst_slice why = mst_json_str(mst_json_get(task, "error"));
	int64_t status = -1;
	int rc = get(m, "log", &log, err);

	(void)mst_json_i64(mst_json_get(task, "exit_status"), &status);
	if (rc == 0)
		rc = get(m, "output", &out, err);
	cli_progress_end();
	if (rc == 0 && log.n && !m->quiet)
		(void)fwrite(log.p, 1, log.n, stderr);
	if (rc == 0 && out.n >= KEPT_MAX)
		rc = mst_err_set(err, MST_E_INVALID,
				 "what the command printed is larger than the "
				 "64 MiB that a server keeps");
	if (rc == 0 && m->out_file && (status == CLI_OK || status == CLI_DRIFT))
		rc = save(m, &out, err);
	else if (rc == 0)
		cli_print(&out);
	if (rc == 0 && status < 0)
		rc = mst_err_set(err, m->cancelled ? MST_E_CANCELLED : MST_E_IO,
				 "task %lld of the server did not come to its "
				 "end%s%.*s",
				 (long long)m->task, why.n ? ": " : "",
				 (int)MST_MIN(why.n, (size_t)800), why.p);
	*status_r = (int)status;
	mst_buf_fini(&out);
	mst_buf_fini(&log);
	return rc;
}

/* ---- all of it ----------------------------------------------------------- */

static void make_key(char out[33])
{
	static const char hex[] = "0123456789abcdef";
	unsigned char bytes[16];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		abort();
	for (size_t i = 0; i < sizeof(bytes); i++) {
		out[2 * i] = hex[bytes[i] >> 4];
		out[2 * i + 1] = hex[bytes[i] & 15];
	}
	out[32] = 0;
}

static int post(struct remote *m, struct mst_json_parser *parser, int *status_r,
		struct mst_err *err)
{
	struct mst_buf out = MST_BUF_INIT(TASK_MAX);
	struct mst_json root = {NULL, 0};
	char key[33];
	int rc;

	make_key(key);
	rc = cli_server_ask(m->s, MST_HTTP_POST, "/commands",
			    mst_buf_slice(&m->body), key, &out, NULL, err);
	if (rc == 0)
		rc = mst_json_parse(parser, mst_buf_slice(&out), &root, err);
	if (rc == 0 && !mst_json_i64(mst_json_get(root, "id"), &m->task))
		rc = mst_err_set(err, MST_E_CORRUPT,
				 "the server's answer is no task");
	if (rc == 0 &&
	    mst_json_type(mst_json_get(root, "decided_at")) == MST_JSON_NULL &&
	    mst_json_str(mst_json_get(root, "needs")).n) {
		(void)fprintf(stderr,
			      "muster: this waits for a second person: "
			      "approval %lld\n",
			      (long long)m->task);
		*status_r = CLI_GUARD;
		m->task = 0;
	}
	mst_buf_fini(&out);
	return rc;
}

static int ask(struct remote *m, int *status_r, struct mst_err *err)
{
	struct mst_json_parser *parser = mst_json_parser_new(TASK_MAX);
	struct mst_json task = {NULL, 0};
	int rc = post(m, parser, status_r, err);

	if (rc == 0 && m->task) {
		rc = follow(m, parser, &task, err);
		if (rc == 0)
			rc = print(m, task, status_r, err);
	}
	mst_json_parser_free(&parser);
	return rc;
}

static int open_server(struct remote *m, struct mst_err *err)
{
	const char *token = "env:MUSTER_TOKEN";

	if (m->token_file)
		token = mst_arena_printf(&m->arena, "file:%s", m->token_file);
	return cli_server_open(m->server, token, m->ca_file, &m->s, err);
}

static int run(struct remote *m, int argc, char **argv, int *status_r,
	       struct mst_err *err)
{
	if (mst_remote_read((const char *const *)(void *)(argv + 1),
			    (size_t)argc - 1, &m->arena, &m->call, err) < 0) {
		*status_r = CLI_USAGE;
		return -(int)err->code;
	}
	m->json = mst_remote_value(&m->call, "json") != NULL;
	m->quiet = mst_remote_value(&m->call, "quiet") != NULL;
	cli.quiet = m->quiet;
	m->progress = cli_progress();
	if (cli_remote_write(&m->call, m->json, &m->arena, &m->body,
			     &m->out_file, err) < 0 ||
	    open_server(m, err) < 0)
		return -(int)err->code;
	return ask(m, status_r, err);
}

/* ---- secrets ------------------------------------------------------------- */

/* A value does not go through a task, which would keep it. */
static bool is_secret(int argc, char **argv)
{
	return argc > 2 && strcmp(argv[1], "secret") == 0 &&
	       (strcmp(argv[2], "set") == 0 || strcmp(argv[2], "remove") == 0);
}

static int put_secret(struct remote *m, const char *path, struct mst_err *err)
{
	struct mst_secret *value = NULL;
	struct mst_jout j;
	int rc = cli_ask_secret(&value, err);

	if (rc < 0)
		return rc;
	/* The buffer is wiped at the end. */
	(void)mst_buf_reserve(&m->body, 6 * CLI_VALUE_MAX + 64);
	mst_jout_init(&j, &m->body);
	mst_jout_obj(&j);
	mst_jout_kslice(&j, "value", mst_secret_get(value));
	mst_jout_end_obj(&j);
	mst_secret_free(&value);
	return cli_server_ask(m->s, MST_HTTP_PUT, path, mst_buf_slice(&m->body),
			      NULL, NULL, NULL, err);
}

static int do_secret(struct remote *m, int argc, char **argv,
		     struct mst_err *err)
{
	struct mst_buf path = MST_BUF_INIT(1024);
	int rc;

	if (argc != 4 || argv[3][0] == '-')
		return mst_err_set(err, MST_E_INVALID, "secret %s wants a name",
				   argv[2]);
	(void)mst_buf_adds(&path, "/secrets/");
	(void)mst_buf_add_uri(&path, mst_slice_str(argv[3]));
	rc = strcmp(argv[2], "set") == 0
		 ? put_secret(m, path.p, err)
		 : cli_server_ask(m->s, MST_HTTP_DELETE, path.p,
				  mst_slice(NULL, 0), NULL, NULL, NULL, err);
	mst_buf_fini(&path);
	return rc;
}

static bool stays_here(struct remote *m, int argc, char **argv)
{
	const char *env = getenv("MUSTER_SERVER");

	m->asked = m->server != NULL;
	if (!m->server && env && *env)
		m->server = env;
	return !m->server || argc < 2 || argv[1][0] == '-' ||
	       strcmp(argv[1], "help") == 0 || wants_help(argc, argv) ||
	       mst_remote_is_local(argv[1]);
}

bool cli_remote(int *argc, char **argv, int *status_r)
{
	struct remote m = {.body = MST_BUF_INIT(BODY_MAX)};
	struct mst_err err = MST_ERR_INIT;
	int status = CLI_OK, rc;

	if (cli_worker())
		return false;
	take_options(&m, argc, argv);
	if (stays_here(&m, *argc, argv))
		return false;
	mst_arena_init(&m.arena, MST_MAX_ARENA);
	if (!is_secret(*argc, argv)) {
		rc = run(&m, *argc, argv, &status, &err);
	} else {
		rc = open_server(&m, &err);
		if (rc == 0)
			rc = do_secret(&m, *argc, argv, &err);
	}
	if (rc < 0)
		status = status == CLI_USAGE ? (cli_fail(&err), CLI_USAGE)
					     : cli_fail(&err);
	cli_server_close(&m.s);
	mst_buf_wipe_fini(&m.body);
	mst_arena_fini(&m.arena);
	*status_r = cli_printed(status);
	return true;
}
