/* SPDX-License-Identifier: Apache-2.0
 *
 * A request becomes a task.
 */
#include "api/ask.h"

#include <inttypes.h>
#include <stdio.h>

#include "api/second.h"
#include "api/task.h"
#include "base/hash.h"
#include "base/time.h"

#define WORDS_MAX (1u << 20)
#define FILES_MAX (16u << 20)
#define KEY_MAX	  200

/* ---- words --------------------------------------------------------------- */

void mst_api_ask_init(struct mst_api_ask *a, const char *kind)
{
	*a = (struct mst_api_ask){.kind = kind};
	mst_buf_init(&a->argv, WORDS_MAX);
	mst_buf_init(&a->files, FILES_MAX);
	mst_jout_init(&a->words, &a->argv);
	mst_jout_arr(&a->words);
	mst_jout_init(&a->names, &a->files);
}

void mst_api_ask_fini(struct mst_api_ask *a)
{
	mst_buf_fini(&a->argv);
	mst_buf_fini(&a->files);
}

void mst_api_ask_word(struct mst_api_ask *a, const char *word)
{
	mst_jout_str(&a->words, word);
}

void mst_api_ask_option(struct mst_api_ask *a, const char *option,
			const char *value)
{
	struct mst_buf b = MST_BUF_INIT(WORDS_MAX);

	if (!value)
		return;
	/* The place of a file is a word of its own. */
	(void)mst_buf_addf(&b, "--%s", option);
	if (*value == '@') {
		mst_jout_slice(&a->words, mst_buf_slice(&b));
		mst_buf_reset(&b);
	} else {
		(void)mst_buf_addc(&b, '=');
	}
	(void)mst_buf_adds(&b, value);
	mst_jout_slice(&a->words, mst_buf_slice(&b));
	a->argv.overflow = a->argv.overflow || b.overflow;
	mst_buf_fini(&b);
}

void mst_api_ask_number(struct mst_api_ask *a, const char *option, int64_t v)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRId64, v);
	mst_api_ask_option(a, option, text);
}

void mst_api_ask_name(struct mst_api_ask *a, const char *name)
{
	if (!a->ended) {
		/* Who asks for a command says how it prints. */
		if (strcmp(a->kind, "command") != 0)
			mst_jout_str(&a->words, "--json");
		mst_jout_str(&a->words, "--");
	}
	a->ended = true;
	mst_jout_str(&a->words, name);
}

void mst_api_ask_file(struct mst_api_ask *a, const char *name,
		      struct mst_slice text)
{
	if (a->files.n == 0)
		mst_jout_obj(&a->names);
	mst_jout_kslice(&a->names, name, text);
}

/* ---- once ---------------------------------------------------------------- */

/* What the key stands for: everything that makes the request what it is. */
static struct mst_hash request_hash(const struct mst_http_req *r)
{
	struct mst_hash h = mst_hash128(r->path, strlen(r->path), 1);

	mst_hash_add(&h, mst_hash128(r->body.p, r->body.n, 2));
	return h;
}

/* *first_r: the task of the first time, 0: this is it. */
static int look_key(struct mst_http_req *r, const char *key, int64_t *first_r,
		    struct mst_err *err)
{
	size_t n = strlen(key);

	if (n == 0 || n > KEY_MAX)
		return mst_err_set(err, MST_E_INVALID,
				   "Idempotency-Key has 1 to %d characters",
				   KEY_MAX);
	return mst_request_key(mst_api_state(r), r->caller ? r->caller : "",
			       key, request_hash(r), mst_now_us(), first_r,
			       err);
}

/* Nothing came of it: it may come again. */
static void forget_key(struct mst_http_req *r, const char *key)
{
	struct mst_err ignored = MST_ERR_INIT;

	if (key)
		(void)mst_request_key_done(mst_api_state(r),
					   r->caller ? r->caller : "", key, 0,
					   &ignored);
}

/* The first answer, as it is now: the task, or the approval that it waits for.
 */
static int answer_again(struct mst_http_req *r, struct mst_http_resp *resp,
			int64_t task, struct mst_err *err)
{
	bool waits = false;
	int rc = mst_api_second_again(r, resp, task, &waits, err);

	return rc < 0 || waits ? rc : mst_api_task_answer(r, resp, task, err);
}

/* ---- putting ------------------------------------------------------------- */

static int put(struct mst_http_req *r, struct mst_http_resp *resp,
	       const struct mst_api_ask *a, struct mst_slice argv,
	       struct mst_slice files, const char *key, struct mst_err *err)
{
	const struct mst_who *who = mst_api_who(r);
	struct mst_arena *m = &r->arena;
	struct mst_task t = {
	    .kind = a->kind,
	    .job = a->job ? a->job : "",
	    .connection = a->connection ? a->connection : "",
	    .argv = mst_arena_dup(m, argv).p,
	    .files = files.n ? mst_arena_dup(m, files).p : "",
	    .state = MST_TASK_QUEUED,
	    .repeat = a->repeat,
	    .asked_by = who ? who->actor : "",
	    .asked_via = mst_api_via(r),
	    .exit_status = -1,
	};
	bool waits =
	    a->prod && (a->always ? mst_api_second_always(r)
				  : mst_api_second_wanted(r, a->change));
	int64_t id;
	int rc;

	if (waits)
		t.state = MST_TASK_WAITING;
	rc = mst_task_put(mst_api_state(r), &t, &id, err);
	if (rc < 0)
		forget_key(r, key);
	else if (key)
		rc = mst_request_key_done(
		    mst_api_state(r), r->caller ? r->caller : "", key, id, err);
	if (rc < 0)
		return rc;
	if (waits)
		return mst_api_second_ask(
		    r, resp, a->prod, a->needs ? a->needs : "operate", id, err);
	mst_api_wake(r);
	return mst_api_task_answer(r, resp, id, err);
}

int mst_api_ask_put(struct mst_http_req *r, struct mst_http_resp *resp,
		    const struct mst_api_ask *a, struct mst_err *err)
{
	const char *key = mst_http_header(r, "Idempotency-Key");
	struct mst_buf argv = MST_BUF_INIT(WORDS_MAX + 1);
	struct mst_buf files = MST_BUF_INIT(FILES_MAX + 1);
	int64_t first = 0;
	int rc = 0;

	if (a->argv.overflow || a->files.overflow)
		return mst_err_set(err, MST_E_INVALID,
				   "the request is too long for a command");
	(void)mst_buf_add_slice(&argv, mst_buf_slice(&a->argv));
	(void)mst_buf_addc(&argv, ']');
	if (a->files.n) {
		(void)mst_buf_add_slice(&files, mst_buf_slice(&a->files));
		(void)mst_buf_addc(&files, '}');
	}
	if (key)
		rc = look_key(r, key, &first, err);
	if (rc == -MST_E_CONFLICT)
		rc = mst_http_problem_as(r, resp, 422, "unprocessable", "%s",
					 err->msg);
	else if (rc == 0 && first)
		rc = answer_again(r, resp, first, err);
	else if (rc == 0)
		rc = put(r, resp, a, mst_buf_slice(&argv),
			 mst_buf_slice(&files), key, err);
	mst_buf_fini(&argv);
	mst_buf_fini(&files);
	return rc;
}
