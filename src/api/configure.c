/* SPDX-License-Identifier: Apache-2.0
 *
 * See configure.h. A change is made on the condition that what is stored still
 * is what it was decided on, by If-Match and by the store itself.
 */
#include "api/configure.h"

#include <string.h>

#include "api/prod.h"
#include "api/second.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/secret.h"
#include "conf/service.h"
#include "sync/connection.h"

#define REMOVE_MAX  8
#define SECRETS_MAX 64

/* ---- what is stored ------------------------------------------------------ */

int mst_api_stored(struct mst_state *state, const char *kind, const char *name,
		   struct mst_arena *arena, struct mst_api_stored *s_r,
		   struct mst_err *err)
{
	const struct mst_config config = {.state = state};
	struct mst_buf text = MST_BUF_INIT(MST_MAX_CONF);
	struct mst_api_stored s = {.item = NULL};
	bool found = false;
	int rc = mst_state_find(state, kind, name, &text, &found, err);

	if (rc == 0 && found) {
		s.text = mst_arena_dup(arena, mst_buf_slice(&text));
		rc = mst_config_find(&config, kind, name, arena, &s.item, err);
	}
	mst_buf_fini(&text);
	if (rc == 0)
		*s_r = s;
	return rc;
}

const char *mst_api_tag_text(struct mst_http_req *r, struct mst_slice text)
{
	char hex[33];

	mst_hash_hex(mst_hash128(text.p ? text.p : "", text.n, 0), hex);
	return mst_arena_printf(&r->arena, "\"%s\"", hex);
}

void mst_api_tag(struct mst_http_req *r, struct mst_http_resp *resp,
		 struct mst_slice text)
{
	size_t i = 0;

	while (resp->headers[i])
		i++;
	resp->no_etag = true;
	resp->headers[i] =
	    mst_arena_printf(&r->arena, "ETag: %s", mst_api_tag_text(r, text));
}

int mst_api_refuse(struct mst_http_req *r, struct mst_http_resp *resp,
		   struct mst_err *err)
{
	int code = -(int)err->code;

	if (err->code != MST_E_INVALID)
		return code;
	return mst_http_problem_as(r, resp, 422, "unprocessable", "%s",
				   err->msg);
}

static int not_there(struct mst_state *state, const char *kind,
		     const char *name, struct mst_arena *arena,
		     struct mst_err *err)
{
	const struct mst_config config = {.state = state};
	const struct mst_conf_item *item;

	return mst_config_get(&config, kind, name, arena, &item, err);
}

/* ---- looking ------------------------------------------------------------- */

int mst_api_show_item(struct mst_http_req *r, const struct mst_conf_item *item,
		      struct mst_arena *arena, struct mst_jout *j,
		      struct mst_err *err)
{
	(void)r;
	(void)arena;
	(void)err;
	if (!mst_conf_is_single(item->kind)) {
		mst_jout_kstr(j, "name", item->name);
		mst_jout_kstr(j, "type", item->type);
	}
	mst_jout_key(j, "values");
	mst_api_values_json(j, item, mst_api_opts(item->kind, item->type));
	return 0;
}

static int show(struct mst_http_req *r, const struct mst_conf_item *item,
		mst_api_show_fn fn, struct mst_arena *arena, struct mst_jout *j,
		struct mst_err *err)
{
	int rc;

	mst_jout_obj(j);
	rc = fn(r, item, arena, j, err);
	mst_jout_end_obj(j);
	return rc;
}

int mst_api_get_item(struct mst_http_req *r, struct mst_http_resp *resp,
		     const char *kind, const char *name, mst_api_show_fn fn,
		     struct mst_err *err)
{
	struct mst_state *state = mst_api_state(r);
	struct mst_api_stored s = {.item = NULL};
	struct mst_arena arena;
	struct mst_jout j;
	int rc;

	mst_arena_init(&arena, MST_MAX_ARENA);
	mst_jout_init(&j, &resp->body);
	rc = mst_api_stored(state, kind, name, &arena, &s, err);
	if (rc == 0 && !s.item)
		rc = not_there(state, kind, name, &arena, err);
	if (rc == 0)
		rc = show(r, s.item, fn, &arena, &j, err);
	if (rc == 0)
		mst_api_tag(r, resp, s.text);
	mst_arena_fini(&arena);
	return rc;
}

int mst_api_list_items(struct mst_http_req *r, struct mst_http_resp *resp,
		       const char *kind, mst_api_show_fn fn,
		       struct mst_err *err)
{
	const struct mst_config config = {.state = mst_api_state(r)};
	const struct mst_conf_item **items = NULL;
	struct mst_arena arena;
	struct mst_jout j;
	size_t n = 0;
	int rc;

	mst_arena_init(&arena, MST_MAX_ARENA);
	mst_jout_init(&j, &resp->body);
	rc = mst_config_items(&config, kind, &arena, &items, &n, err);
	mst_api_all_begin(&j);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = show(r, items[i], fn, &arena, &j, err);
	mst_api_all_end(&j);
	mst_arena_fini(&arena);
	return rc;
}

/* ---- a second person ----------------------------------------------------- */

/* 1: the answer is an approval. */
static int wait_for_second(struct mst_http_req *r, struct mst_http_resp *resp,
			   const char *verb, const char *kind, const char *name,
			   size_t seals, struct mst_err *err)
{
	const char *what = mst_arena_printf(&r->arena, "%s %s %s", verb,
					    mst_conf_entry(kind), name);
	int rc;

	/* The request is kept as it came. */
	if (seals)
		return mst_err_set(err, MST_E_INVALID,
				   "a second person is to look at this, and a "
				   "secret may not wait in it: store it by PUT "
				   "/secrets/NAME, and refer to it as "
				   "\"sealed:NAME\"");
	rc = mst_api_second_ask(r, resp, what,
				strcmp(kind, MST_SERVICE) == 0 ? "administer"
							       : "configure",
				0, err);
	return rc < 0 ? rc : 1;
}

/* ---- putting ------------------------------------------------------------- */

static int seal(struct mst_state *state, const struct mst_api_item *v,
		struct mst_err *err)
{
	int rc = 0;

	for (size_t i = 0; i < v->seals_n && rc == 0; i++) {
		struct mst_secret *secret = mst_secret_new(v->seals[i].value);
		char *key = NULL;

		rc = mst_state_secret_set(state, v->seals[i].name, secret, &key,
					  err);
		mst_freep(&key);
		mst_secret_free(&secret);
	}
	return rc;
}

struct trials {
	struct mst_arena *arena;
	const char *head; /* "trial.defender." */
	const char *v[SECRETS_MAX];
	size_t n;
};

static int add_trial(void *ctx, const struct mst_state_secret *e)
{
	struct trials *t = ctx;

	if (strncmp(e->name, t->head, strlen(t->head)) == 0 &&
	    t->n < SECRETS_MAX)
		t->v[t->n++] = mst_arena_strdup(t->arena, e->name);
	return 0;
}

/* What trials of it sealed is of no use when it is saved, or gone. One that
 * stays is overwritten by the next trial. */
static void forget_trials(struct mst_state *state, const char *name,
			  struct mst_arena *arena)
{
	struct trials t = {.arena = arena};
	struct mst_err err = MST_ERR_INIT;

	t.head = mst_arena_printf(arena, MST_API_TRIAL "%s.", name);
	if (mst_state_secrets(state, add_trial, &t, &err) < 0)
		return;
	for (size_t i = 0; i < t.n; i++)
		(void)mst_state_secret_remove(state, t.v[i], &err);
}

/* Somebody was faster than the condition. */
static int overtaken(struct mst_http_req *r, struct mst_http_resp *resp,
		     const struct mst_err *err)
{
	return mst_http_problem_as(r, resp, 412, "changed", "%s", err->msg);
}

struct putting {
	struct mst_http_req *r;
	struct mst_http_resp *resp;
	struct mst_state *state;
	struct mst_arena arena;
	struct mst_api_stored now;
	struct mst_api_item v;
};

static int put(struct putting *p, const char *kind, const char *name,
	       bool *done_r, struct mst_err *err)
{
	const char *only_if;
	struct mst_slice now;
	struct mst_json body;
	size_t added = 0, changed = 0;

	if (mst_api_stored(p->state, kind, name, &p->arena, &p->now, err) < 0)
		return -(int)err->code;
	/* A section is there, with its defaults, before it was ever put. */
	now = p->now.text.p || !mst_conf_is_single(kind) ? p->now.text
							 : mst_slice("", 0);
	if (mst_http_match(p->r, now, err) < 0 ||
	    mst_http_json(p->r, &body, err) < 0)
		return -(int)err->code;
	if (mst_api_item_read(p->r, body, kind, name, p->now.item, &p->arena,
			      &p->v, err) < 0 ||
	    mst_api_item_check(p->r, p->state, &p->v, err) < 0)
		return mst_api_refuse(p->r, p->resp, err);
	if ((strcmp(kind, MST_SERVICE) == 0
		 ? mst_api_second_always(p->r)
		 : mst_api_second_wanted(p->r, true)) &&
	    (mst_api_is_prod(p->state, p->now.item, NULL, &p->arena) ||
	     mst_api_is_prod(p->state, &p->v.item, &p->v.item, &p->arena))) {
		int rc = wait_for_second(p->r, p->resp,
					 p->now.item ? "change" : "add", kind,
					 name, p->v.seals_n, err);

		return rc < 0 ? mst_api_refuse(p->r, p->resp, err) : 0;
	}
	if (seal(p->state, &p->v, err) < 0)
		return -(int)err->code;
	only_if = p->now.text.p ? p->now.text.p : "";
	if (mst_config_put(p->state, &p->v.item, 1, "set", &only_if, &added,
			   &changed, err) < 0)
		return err->code == MST_E_CONFLICT
			   ? overtaken(p->r, p->resp, err)
			   : -(int)err->code;
	*done_r = true;
	if (strcmp(kind, "connection") == 0)
		forget_trials(p->state, name, &p->arena);
	mst_api_wake(p->r);
	mst_api_changed(p->r, kind, name);
	return 0;
}

int mst_api_put_item(struct mst_http_req *r, struct mst_http_resp *resp,
		     const char *kind, const char *name, mst_api_show_fn fn,
		     struct mst_err *err)
{
	struct putting p = {.r = r, .resp = resp, .state = mst_api_state(r)};
	bool done = false;
	int rc;

	mst_arena_init(&p.arena, MST_MAX_ARENA);
	rc = put(&p, kind, name, &done, err);
	if (done && !p.now.item)
		resp->status = 201;
	mst_arena_fini(&p.arena);
	return done ? mst_api_get_item(r, resp, kind, name, fn, err) : rc;
}

/* ---- taking out ---------------------------------------------------------- */

/* Where items name others. */
static const struct {
	const char *of, *key, *names;
} uses[] = {
    {"job", "source", "connection"},
    {"job", "destination", "connection"},
    {"job", "schedule.after", "job"},
    {MST_FORWARD_RULE, "source", "connection"},
    {MST_FORWARD_RULE, "actions", MST_FORWARD_ACTION},
    {MST_FORWARD_ACTION, "connection", "connection"},
    {MST_FORWARD_RECEIVER, "connection", "connection"},
    {MST_SERVICE, "notify", MST_FORWARD_ACTION},
};

static bool names(const struct mst_conf_item *item, const char *key,
		  const char *name)
{
	for (size_t i = 0; i < item->values_n; i++) {
		const struct mst_conf_value *v = &item->values[i];

		for (size_t k = 0; strcmp(v->key, key) == 0 && k < v->texts_n;
		     k++) {
			if (strcmp(v->texts[k], name) == 0)
				return true;
		}
	}
	return false;
}

int mst_api_users_of(struct mst_state *state, const char *kind,
		     const char *name, struct mst_arena *arena,
		     const char **text_r, struct mst_err *err)
{
	const struct mst_config config = {.state = state};
	struct mst_buf text = MST_BUF_INIT(1u << 16);
	int rc = 0;

	for (size_t u = 0; u < MST_LEN(uses) && rc == 0; u++) {
		const struct mst_conf_item **items = NULL;
		size_t n = 0;

		if (strcmp(uses[u].names, kind) != 0)
			continue;
		rc = mst_config_items(&config, uses[u].of, arena, &items, &n,
				      err);
		for (size_t i = 0; rc == 0 && i < n; i++) {
			if (names(items[i], uses[u].key, name))
				(void)mst_buf_addf(
				    &text, "%s%s %s", text.n ? ", " : "",
				    mst_conf_entry(uses[u].of),
				    mst_conf_is_single(uses[u].of)
					? "section"
					: items[i]->name);
		}
	}
	*text_r = mst_arena_strdup(arena, text.p ? text.p : "");
	mst_buf_fini(&text);
	return rc;
}

/* The item, and the settings of a connection. */
static int take_out(struct mst_state *state, const char *kind, const char *name,
		    const struct mst_api_stored *now, struct mst_arena *arena,
		    struct mst_err *err)
{
	struct mst_state_item rows[REMOVE_MAX];
	size_t added = 0, changed = 0, n = 0;

	rows[n++] = (struct mst_state_item){.kind = kind,
					    .name = name,
					    .type = "",
					    .what = "remove",
					    .only_if = now->text.p};
	for (unsigned env = 0;
	     strcmp(kind, "connection") == 0 && env < MST_ENV__MAX; env++)
		rows[n++] = (struct mst_state_item){
		    .kind = MST_SETTINGS,
		    .name = mst_settings_name(name, (enum mst_env)env, arena),
		    .type = "",
		    .what = "remove"};
	return mst_state_put_items(state, rows, n, &added, &changed, err);
}

static int remove_item(struct mst_http_req *r, struct mst_http_resp *resp,
		       const char *kind, const char *name,
		       struct mst_arena *arena, struct mst_err *err)
{
	struct mst_state *state = mst_api_state(r);
	struct mst_api_stored now = {.item = NULL};
	const char *users = "";

	if (mst_api_stored(state, kind, name, arena, &now, err) < 0)
		return -(int)err->code;
	if (!now.item)
		return not_there(state, kind, name, arena, err);
	if (mst_http_match(r, now.text, err) < 0 ||
	    mst_api_users_of(state, kind, name, arena, &users, err) < 0)
		return -(int)err->code;
	if (*users)
		return mst_err_set(err, MST_E_CONFLICT,
				   "the %s '%s' is used by %.600s; change or "
				   "remove that first",
				   mst_conf_entry(kind), name, users);
	if (mst_api_second_wanted(r, true) &&
	    mst_api_is_prod(state, now.item, NULL, arena)) {
		int rc = wait_for_second(r, resp, "remove", kind, name, 0, err);

		return rc < 0 ? rc : 0;
	}
	if (take_out(state, kind, name, &now, arena, err) < 0)
		return err->code == MST_E_CONFLICT ? overtaken(r, resp, err)
						   : -(int)err->code;
	if (strcmp(kind, "connection") == 0)
		forget_trials(state, name, arena);
	resp->status = 204;
	mst_api_wake(r);
	mst_api_changed(r, kind, name);
	return 0;
}

int mst_api_delete_item(struct mst_http_req *r, struct mst_http_resp *resp,
			const char *kind, const char *name, struct mst_err *err)
{
	struct mst_arena arena;
	int rc;

	mst_arena_init(&arena, MST_MAX_ARENA);
	rc = remove_item(r, resp, kind, name, &arena, err);
	mst_arena_fini(&arena);
	return rc;
}
