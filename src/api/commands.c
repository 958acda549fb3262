/* SPDX-License-Identifier: Apache-2.0
 *
 * POST /commands: a command of the CLI becomes a task. Its words are taken
 * apart and put together again, so that nothing of them means a file of this
 * machine or an option that is not offered.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/ask.h"
#include "api/prod.h"
#include "api/remote.h"
#include "api/tables.h"
#include "auth/auth.h"
#include "base/num.h"
#include "base/secret.h"

struct asking {
	struct mst_http_req *r;
	struct mst_http_resp *resp;
	struct mst_json files; /* of the body */
	struct mst_remote_call call;
	struct mst_api_ask ask;
	bool service; /* it applies the section service */
};

static int wrong(struct asking *k, const char *pointer, const char *text)
{
	mst_http_wrong(k->r, pointer, "%s", text);
	return mst_http_problem_as(k->r, k->resp, 422, "unprocessable", "%s",
				   text);
}

/* ---- the body ------------------------------------------------------------ */

static int read_words(struct asking *k, struct mst_json argv,
		      const char *const **words_r, size_t *n_r)
{
	struct mst_json_iter it = mst_json_iter(argv);
	struct mst_arena *a = &k->r->arena;
	size_t n = mst_json_len(argv), i = 0;
	const char **words;
	struct mst_json one;

	if (mst_json_type(argv) != MST_JSON_ARRAY || n == 0 ||
	    n > MST_REMOTE_WORDS)
		return -1;
	words = mst_arena_alloc(a, n * sizeof(*words));
	while (mst_json_next(&it, NULL, &one)) {
		struct mst_slice s = mst_json_str(one);

		if (!s.p || memchr(s.p, 0, s.n))
			return -1;
		words[i++] = mst_arena_dup(a, s).p;
	}
	*words_r = words;
	*n_r = n;
	return 0;
}

/* What is looked at is the first of a name, what the command gets the last. */
static bool files_are_one_each(const struct asking *k)
{
	struct mst_json_iter it = mst_json_iter(k->files);
	struct mst_slice name;
	struct mst_json text;

	if (mst_json_type(k->files) != MST_JSON_OBJECT)
		return true;
	while (mst_json_next(&it, &name, &text)) {
		const char *key = mst_arena_dup(&k->r->arena, name).p;

		if (mst_json_str(mst_json_get(k->files, key)).p !=
		    mst_json_str(text).p)
			return false;
	}
	return true;
}

/* "@NAME" of a file that came with the request. */
static bool is_file(struct asking *k, const char *value)
{
	return value[0] == '@' && value[1] &&
	       mst_json_type(k->files) == MST_JSON_OBJECT &&
	       mst_json_type(mst_json_get(k->files, value + 1)) ==
		   MST_JSON_STRING;
}

/* ---- putting it together again ------------------------------------------- */

static const char *refused(struct asking *k, const struct mst_remote_part *p)
{
	bool file = p->kind == MST_REMOTE_READS || p->kind == MST_REMOTE_FILE;

	if (p->kind == MST_REMOTE_WRITES)
		return "files are written by who asks: leave the option out, "
		       "and write what is printed";
	if (file && !is_file(k, p->value))
		return "a file goes with the request: \"@NAME\", with NAME in "
		       "\"files\"";
	/* A program that the daemon would run. */
	if (p->name && strcmp(p->name, "admin-password") == 0 &&
	    (!mst_secret_ref_ok(p->value) || mst_secret_ref_runs(p->value)))
		return "--admin-password is a reference that the server can "
		       "read: env:, file:, credential: or sealed:";
	return NULL;
}

/* "recver copy" and the like take places in words; none of those is offered, so
 * a word is a name, a key or a value. */
static int put_together(struct asking *k)
{
	const struct mst_remote_call *c = &k->call;

	mst_api_ask_word(&k->ask, c->rule->command);
	if (c->rule->verb)
		mst_api_ask_word(&k->ask, c->rule->verb);
	for (size_t i = 0; i < c->n; i++) {
		const struct mst_remote_part *p = &c->parts[i];
		const char *why = refused(k, p);

		if (why)
			return wrong(k, "/argv", why) < 0 ? -1 : 1;
		if (p->kind == MST_REMOTE_SWITCH)
			mst_api_ask_word(
			    &k->ask,
			    mst_arena_printf(&k->r->arena, "--%s", p->name));
		else if (p->name)
			mst_api_ask_option(&k->ask, p->name, p->value);
	}
	for (size_t i = 0; i < c->n; i++) {
		if (!c->parts[i].name)
			mst_api_ask_name(&k->ask, c->parts[i].value);
	}
	return 0;
}

static void add_files(struct asking *k)
{
	struct mst_json_iter it = mst_json_iter(k->files);
	struct mst_slice name;
	struct mst_json text;

	if (mst_json_type(k->files) != MST_JSON_OBJECT)
		return;
	while (mst_json_next(&it, &name, &text))
		mst_api_ask_file(&k->ask, mst_arena_dup(&k->r->arena, name).p,
				 mst_json_str(text));
}

/* ---- what it touches ----------------------------------------------------- */

static const char *first_word(const struct mst_remote_call *c)
{
	for (size_t i = 0; i < c->n; i++) {
		if (c->parts[i].kind == MST_REMOTE_WORD)
			return c->parts[i].value;
	}
	return NULL;
}

/* Looking alone needs nobody else. */
static bool only_looks(const struct mst_remote_call *c)
{
	static const struct {
		const char *command, *verb, *unless;
	} looks[] = {
	    {"undo", NULL, "yes"},
	    {"connection", "setup", "yes"},
	    {"recver", "reset", "yes"},
	    {"settings", "set", "consent"},
	    {"settings", "unset", "consent"},
	    {"settings", "promote", "consent"},
	    {"settings", "undo", "consent"},
	};

	for (size_t i = 0; i < MST_LEN(looks); i++) {
		if (strcmp(looks[i].command, c->rule->command) == 0 &&
		    (!looks[i].verb ||
		     strcmp(looks[i].verb, c->rule->verb) == 0))
			return !mst_remote_value(c, looks[i].unless);
	}
	return false;
}

/* Every time that it is given: the command takes the last one. */
static bool env_is_test(const struct mst_remote_call *c)
{
	size_t test = 0, other = 0;

	for (size_t i = 0; i < c->n; i++) {
		const struct mst_remote_part *p = &c->parts[i];

		if (!p->name || !p->value || strcmp(p->name, "env") != 0)
			continue;
		if (strcmp(p->value, "test") == 0)
			test++;
		else
			other++;
	}
	return test && !other;
}

static int take_job(void *ctx, const struct mst_run *run)
{
	*(char **)ctx = mst_strdup(run->job);
	return 0;
}

/* Does it surely leave PROD alone? The way by which a page asks for the same
 * waits for nobody then either. */
static bool is_of_test(struct asking *k, const char *word)
{
	const struct mst_remote_call *c = &k->call;
	struct mst_err err = MST_ERR_INIT;
	char *name = NULL;
	int64_t run = 0;
	bool test = false;

	if (strcmp(c->rule->command, "settings") == 0)
		return env_is_test(c);
	if (strcmp(c->rule->command, "undo") != 0 || !word ||
	    !mst_num_i64(mst_slice_str(word), &run))
		return false;
	if (mst_state_run(mst_api_state(k->r), run, take_job, &name, &err) == 0)
		test = !mst_api_job_is_prod(mst_api_state(k->r), name, true);
	free(name);
	return test;
}

static void set_meaning(struct asking *k)
{
	const struct mst_remote *rule = k->call.rule;
	const char *word = first_word(&k->call);
	bool of_job = rule->flags & MST_REMOTE_JOB;
	bool of_connection = strcmp(rule->command, "connection") == 0;

	k->ask.repeat = rule->flags & MST_REMOTE_REPEAT;
	if (of_job)
		k->ask.job = word;
	if (of_connection)
		k->ask.connection = word;
	if (((rule->flags & MST_REMOTE_PROD) && !only_looks(&k->call) &&
	     !is_of_test(k, word)) ||
	    (of_job && word &&
	     mst_api_job_is_prod(mst_api_state(k->r), word, false)))
		k->ask.prod = mst_arena_printf(
		    &k->r->arena, "muster %s%s%s%s%.80s", rule->command,
		    rule->verb ? " " : "", rule->verb ? rule->verb : "",
		    word ? " " : "", word ? word : "");
	k->ask.change = rule->flags & MST_REMOTE_CONF;
	k->ask.always = k->service;
	k->ask.needs = k->service			? "administer"
		       : rule->may == MST_MAY_CONFIGURE ? "configure"
							: "operate";
}

/* Does the YAML of a file say who may sign in? What cannot be read is refused
 * by the command. */
static bool has_service(struct asking *k, const char *file)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_conf conf;
	bool has = false;

	if (!is_file(k, file) ||
	    mst_conf_read(mst_json_str(mst_json_get(k->files, file + 1)), file,
			  &conf, &err) < 0)
		return false;
	for (size_t i = 0; i < conf.items_n; i++)
		has = has || strcmp(conf.items[i].kind, MST_SERVICE) == 0;
	mst_conf_fini(&conf);
	return has;
}

/* Any of the files that it may read: named by an option, once or twice, or by a
 * word. */
static bool applies_service(struct asking *k)
{
	const struct mst_remote_call *c = &k->call;

	if (strcmp(c->rule->command, "apply") != 0)
		return false;
	for (size_t i = 0; i < c->n; i++) {
		const struct mst_remote_part *p = &c->parts[i];

		if ((p->kind == MST_REMOTE_READS ||
		     p->kind == MST_REMOTE_FILE) &&
		    has_service(k, p->value))
			return true;
	}
	return false;
}

/* ---- the handler --------------------------------------------------------- */

static int may(struct asking *k, struct mst_err *err)
{
	const struct mst_who *who = mst_api_who(k->r);
	unsigned need = k->call.rule->may;
	/* A file's connection may lead a credential anywhere. */
	if (mst_remote_value(&k->call, "file"))
		need = MST_MAY_CONFIGURE;
	k->service = applies_service(k);
	if (k->service)
		need |= MST_MAY_ADMINISTER;
	if (who && (who->may & need) == need)
		return 0;
	return mst_err_set(err, MST_E_FORBIDDEN,
			   "'%s' may not do 'muster %s%s%s'",
			   who ? who->user : "", k->call.rule->command,
			   k->call.rule->verb ? " " : "",
			   k->call.rule->verb ? k->call.rule->verb : "");
}

static int post(struct mst_http_req *r, struct mst_http_resp *resp,
		struct mst_err *err)
{
	struct asking k = {.r = r, .resp = resp};
	const char *const *words = NULL;
	struct mst_json body;
	size_t n = 0;
	int rc;

	if (mst_http_json(r, &body, err) < 0)
		return -(int)err->code;
	k.files = mst_json_get(body, "files");
	if (read_words(&k, mst_json_get(body, "argv"), &words, &n) < 0)
		return wrong(&k, "/argv",
			     "is a list of texts: the words of a "
			     "command");
	if (!files_are_one_each(&k))
		return wrong(&k, "/files", "names a file twice");
	rc = mst_remote_read(words, n, &r->arena, &k.call, err);
	if (rc == -MST_E_INVALID)
		return wrong(&k, "/argv",
			     mst_arena_strdup(&r->arena, err->msg));
	if (rc < 0 || may(&k, err) < 0)
		return -(int)err->code;
	mst_api_ask_init(&k.ask, "command");
	set_meaning(&k);
	rc = put_together(&k);
	if (rc == 0) {
		add_files(&k);
		rc = mst_api_ask_put(r, resp, &k.ask, err);
	} else {
		rc = 0; /* the answer is a problem already */
	}
	mst_api_ask_fini(&k.ask);
	return rc;
}

const struct mst_http_route mst_api_commands[] = {
    {MST_ROUTE_POST, "/commands", "run_command", "commands",
     "Does a command of the CLI; what it prints is the task's output, its "
     "events tell it live.",
     MST_MAY_READ, MST_ROUTE_TASK, "command_body", "task", .run = post},
    {0},
};

static const struct mst_api_field body_fields[] = {
    {"argv", "string[]", "words behind \"muster\""},
    {"files?", "{string}", "texts that words name as \"@NAME\""},
    {0},
};

const struct mst_api_schema mst_api_command_schemas[] = {
    {"command_body", "A command of the CLI.", body_fields},
    {0},
};
