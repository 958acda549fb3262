/* SPDX-License-Identifier: Apache-2.0
 *
 * The list of set-up checks: which comes next, what it stands on, its requests
 * and their answers. Nothing is written but by a fix.
 */
#include "dest/servicenow/setup.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"

#define BIT(id) (1u << SN_CHECK_##id)

static bool uses_ci(const struct sn_setup *s)
{
	return mst_sn_uses_writer(s, MST_WRITE_CI);
}

static bool by_ire(const struct sn_setup *s)
{
	return uses_ci(s) && s->d->conf->write_mode == SN_WRITE_IRE;
}

static bool uses_own(const struct sn_setup *s)
{
	return mst_sn_uses_writer(s, MST_WRITE_ROW);
}

static bool uses_packages(const struct sn_setup *s)
{
	return mst_sn_uses_table(s, "cmdb_ci_spkg");
}

static bool writes_rows(const struct sn_setup *s)
{
	return mst_sn_uses_writer(s, MST_WRITE_ROW) ||
	       mst_sn_uses_writer(s, MST_WRITE_LINK) ||
	       (uses_ci(s) && s->d->conf->write_mode == SN_WRITE_TABLE);
}

static bool normalizes(const struct sn_setup *s)
{
	return uses_ci(s) && mst_sn_by_name(s->d);
}

static const struct kind {
	const char *name, *title;
	uint32_t stands_on;
	bool (*applies)(const struct sn_setup *s); /* NULL: always */
	void (*ask)(struct sn_setup *s);	   /* NULL: nothing to ask */
	bool (*judge)(struct sn_setup *s, struct mst_check *c);
} kinds[SN_CHECK__N] = {
    [SN_CHECK_INSTANCE] = {"instance", "instance", 0, NULL, mst_sn_ask_instance,
			   mst_sn_judge_instance},
    [SN_CHECK_CLOCK] = {"clock", "clock", BIT(INSTANCE), NULL, NULL,
			mst_sn_judge_clock},
    [SN_CHECK_LOGIN] = {"login", "log-in", BIT(INSTANCE), NULL,
			mst_sn_ask_login, mst_sn_judge_login},
    [SN_CHECK_TABLE_API] = {"api.table", "Table API", BIT(LOGIN), NULL,
			    mst_sn_ask_table_api, mst_sn_judge_table_api},
    [SN_CHECK_BATCH_API] = {"api.batch", "Batch API", BIT(LOGIN), NULL,
			    mst_sn_ask_batch_api, mst_sn_judge_batch_api},
    [SN_CHECK_IRE] = {"api.ire", "IRE", BIT(LOGIN), by_ire, mst_sn_ask_ire,
		      mst_sn_judge_ire},
    [SN_CHECK_RELEASE] = {"release", "release", BIT(TABLE_API), NULL,
			  mst_sn_ask_release, mst_sn_judge_release},
    [SN_CHECK_TABLES] = {"tables", "tables", BIT(TABLE_API), NULL,
			 mst_sn_ask_tables, mst_sn_judge_tables},
    [SN_CHECK_COLUMNS] = {"columns", "columns", BIT(TABLES), uses_own,
			  mst_sn_ask_columns, mst_sn_judge_columns},
    [SN_CHECK_UPDATE_SET] = {"update_set", "update set", BIT(TABLES), uses_own,
			     mst_sn_ask_update_set, mst_sn_judge_update_set},
    [SN_CHECK_CHOICES] = {"choices", "choices", BIT(TABLES), uses_own,
			  mst_sn_ask_choices, mst_sn_judge_choices},
    [SN_CHECK_SOURCE] = {"discovery_source", "discovery source", BIT(TABLE_API),
			 uses_ci, mst_sn_ask_source, mst_sn_judge_source},
    [SN_CHECK_RELATION] = {"user_relation", "user relation", BIT(TABLE_API),
			   mst_sn_uses_relation, mst_sn_ask_relation,
			   mst_sn_judge_relation},
    [SN_CHECK_CI_RELATION] = {"ci_relation", "relations", BIT(TABLE_API),
			      mst_sn_uses_ci_relation, mst_sn_ask_ci_relation,
			      mst_sn_judge_ci_relation},
    [SN_CHECK_USERS] = {"users", "users", BIT(TABLE_API), mst_sn_uses_lookups,
			mst_sn_ask_users, mst_sn_judge_users},
    [SN_CHECK_CLASSES] = {"classes", "classes", BIT(LOGIN), uses_ci,
			  mst_sn_ask_classes, mst_sn_judge_classes},
    [SN_CHECK_RULES] = {"identification", "identification", BIT(CLASSES),
			by_ire, NULL, mst_sn_judge_rules},
    [SN_CHECK_QUOTA] = {"batch_quota", "batch time quota", BIT(TABLE_API), NULL,
			mst_sn_ask_quota, mst_sn_judge_quota},
    [SN_CHECK_PACKAGE] = {"package_display", "package display", BIT(TABLE_API),
			  uses_packages, mst_sn_ask_package,
			  mst_sn_judge_package},
    [SN_CHECK_WRITING] = {"writing", "writing", BIT(TABLE_API), writes_rows,
			  mst_sn_ask_writing, mst_sn_judge_writing},
    [SN_CHECK_NORMALIZATION] = {"normalization", "normalization",
				BIT(TABLE_API), normalizes,
				mst_sn_ask_normalization,
				mst_sn_judge_normalization},
    [SN_CHECK_RATE] = {"rate_limits", "rate limits", BIT(LOGIN), NULL,
		       mst_sn_ask_rate, mst_sn_judge_rate},
    [SN_CHECK_FIX] = {"", "", 0, NULL, mst_sn_ask_fix, mst_sn_judge_fix},
};

/* ---- what is wanted ------------------------------------------------------ */

bool mst_sn_uses_writer(const struct sn_setup *s, enum mst_writer writer)
{
	for (size_t i = 0; i < s->env.uses_n; i++) {
		if (s->env.uses[i].set->writer == writer)
			return true;
	}
	return false;
}

bool mst_sn_uses_table(const struct sn_setup *s, const char *table)
{
	for (size_t i = 0; i < s->env.uses_n; i++) {
		if (strcmp(s->env.uses[i].set->table, table) == 0)
			return true;
	}
	return false;
}

bool mst_sn_add_word(char *list, size_t n, const char *word)
{
	size_t at = strlen(list);
	size_t need = strlen(word) + (at ? 2 : 0);

	/* Room is left to say that there are more. */
	if (at + need + 5 >= n) {
		if (at + 5 < n && (at < 3 || strcmp(list + at - 3, "…") != 0))
			(void)snprintf(list + at, n - at, "…");
		return false;
	}
	(void)snprintf(list + at, n - at, "%s%s", at ? ", " : "", word);
	return true;
}

void mst_sn_add_table(const struct sn_setup *s, char *list, size_t n,
		      const char *name, const char *table)
{
	char who[160] = "", word[320];
	const char *jobs = "";

	for (size_t i = 0; i < s->env.uses_n; i++) {
		const struct mst_check_use *u = &s->env.uses[i];

		if (strcmp(u->set->table, table) != 0)
			continue;
		(void)mst_sn_add_word(who, sizeof(who), u->set->name);
		jobs = u->jobs ? u->jobs : "";
	}
	if (*who)
		(void)snprintf(word, sizeof(word), "%.64s (%s%s%.64s)", name,
			       who, *jobs ? " of job " : "", jobs);
	(void)mst_sn_add_word(list, n, *who ? word : name);
}

/* ---- asking -------------------------------------------------------------- */

static struct sn_ask *add(struct sn_setup *s, enum mst_method method,
			  const char *what)
{
	struct sn_ask *a = mst_arena_alloc(&s->arena, sizeof(*a));

	a->what = mst_arena_strdup(&s->arena, what);
	a->method = method;
	a->auth = s->d->auth_name;
	a->skew_us = MST_TIME_NONE;
	a->rate_limit = -1;
	a->rate_rule = "";
	if (s->asks_n < SETUP_ASKS) {
		s->asks[s->asks_n++] = a;
		return a;
	}
	/* Never asked: it reads as an answer that did not come. */
	a->outcome = MST_OUT_FAILED;
	a->answered = true;
	(void)snprintf(a->why, sizeof(a->why), "too many requests for a check");
	return a;
}

struct sn_ask *mst_sn_ask(struct sn_setup *s, enum mst_method method,
			  const char *what, const char *path, ...)
{
	struct sn_ask *a = add(s, method, what);
	char text[SN_MAX_URL];
	va_list ap;

	va_start(ap, path);
	(void)vsnprintf(text, sizeof(text), path, ap);
	va_end(ap);
	a->path = mst_arena_strdup(&s->arena, text);
	return a;
}

struct sn_ask *mst_sn_ask_list(struct sn_setup *s, const char *table,
			       const char *query, const char *fields,
			       unsigned limit)
{
	struct sn_ask *a = add(s, MST_HTTP_GET, table);
	struct mst_buf url = MST_BUF_INIT(SN_MAX_URL);

	mst_sn_list_url(&url, mst_slice_str(table), mst_slice_str(query),
			fields, limit);
	a->path = mst_arena_dup(&s->arena, mst_buf_slice(&url)).p;
	mst_buf_fini(&url);
	return a;
}

const struct sn_ask *mst_sn_asked(const struct sn_setup *s, size_t i)
{
	return s->first + i < s->asks_n ? s->asks[s->first + i] : NULL;
}

bool mst_sn_ask_ok(const struct sn_ask *a)
{
	return a->outcome == MST_OUT_ANSWER && a->status / 100 == 2 &&
	       a->status != 202 && !a->html && !*a->why;
}

struct mst_json mst_sn_ask_json(struct sn_setup *s, const struct sn_ask *a)
{
	struct mst_json root = {0};
	struct mst_err err = MST_ERR_INIT;

	if (!a->text.n || mst_json_parse(s->json, a->text, &root, &err) < 0)
		return (struct mst_json){0};
	return root;
}

struct mst_json mst_sn_ask_result(struct sn_setup *s, const struct sn_ask *a)
{
	return mst_json_get(mst_sn_ask_json(s, a), "result");
}

bool mst_sn_ask_absent(const struct sn_ask *a)
{
	return a->status == 400 &&
	       mst_slice_ifind(mst_slice_str(a->why), "invalid table");
}

void mst_sn_unseen(struct mst_check *c, const struct sn_ask *a,
		   const char *table, const char *lost)
{
	if (a->status == 401 || a->status == 403 || a->status == 404 ||
	    mst_sn_ask_ok(a)) {
		mst_check_say(c, MST_CHECK_WARNING,
			      "the user may not read %s, so %s", table, lost);
		mst_check_remedy(c,
				 "let the user read %s, or look there as an "
				 "administrator",
				 table);
	} else {
		mst_check_say(c, MST_CHECK_WARNING,
			      "%s could not be read (%.300s), so %s", table,
			      a->why, lost);
		mst_check_remedy(c, "try again later");
	}
}

void mst_sn_unscoped(struct mst_check *c, const char *api, const char *methods)
{
	c->code = MST_E_FORBIDDEN;
	mst_check_say(c, MST_CHECK_FAILED,
		      "the OAuth client has no scope for %s of the %s", methods,
		      api);
	mst_check_remedy(c,
			 "System OAuth > Application Registry: add an auth "
			 "scope for %s of the %s to the client, or make it not "
			 "securely scoped (no role helps)",
			 methods, api);
}

/* ---- requests and answers ------------------------------------------------ */

static void send(struct sn_setup *s, struct sn_ask *a, struct mst_req *req_r)
{
	a->id = ++s->d->last_id;
	a->sent = true;
	s->under_way++;
	mst_req_init(req_r, a->method);
	req_r->id = a->id;
	req_r->url =
	    mst_arena_printf(&req_r->arena, "%s%s", s->d->url, a->path);
	req_r->auth = a->auth;
	req_r->timeout_ms = s->d->conf->timeout_ms;
	req_r->max_bytes = SETUP_ANSWER;
	req_r->what = mst_arena_printf(&req_r->arena, "%s",
				       kinds[s->todo[s->at].id].title);
	mst_req_header(req_r, "Accept", "application/json");
	if (a->method == MST_HTTP_GET)
		return;
	mst_req_header(req_r, "Content-Type", "application/json");
	req_r->body = mst_arena_dup(&req_r->arena,
				    a->body.n ? a->body : MST_SLICE_LIT("{}"));
}

/* What the answer says that is not a success, as one line. */
static void read_why(struct sn_setup *s, struct sn_ask *a,
		     const struct mst_resp *resp)
{
	struct mst_json root = {0};
	struct mst_err err = MST_ERR_INIT;
	bool parsed;

	if (resp->outcome != MST_OUT_ANSWER) {
		/* Which check it was stands beside it, and there is only one
		 * credential. */
		const char *from = strstr(resp->err.msg, "credential '");

		from = from ? strstr(from, "': ") : NULL;
		(void)snprintf(a->why, sizeof(a->why), "%.470s",
			       from ? from + 3 : resp->err.msg);
		return;
	}
	parsed = resp->body.n &&
		 mst_json_parse(s->json, resp->body, &root, &err) == MST_OK;
	if (parsed && mst_sn_error_text(root, a->why, sizeof(a->why)))
		return;
	if (a->html)
		(void)snprintf(a->why, sizeof(a->why),
			       "status %d with a web page", a->status);
	else if (a->status / 100 != 2 || a->status == 202)
		(void)snprintf(a->why, sizeof(a->why), "status %d", a->status);
	else if (!parsed)
		(void)snprintf(a->why, sizeof(a->why),
			       "status %d with a broken body", a->status);
}

static void keep(struct sn_setup *s, struct sn_ask *a,
		 const struct mst_resp *resp)
{
	a->answered = true;
	a->outcome = resp->outcome;
	a->status = resp->status;
	a->code = resp->err.code;
	a->html = resp->outcome == MST_OUT_ANSWER && mst_sn_is_html(resp);
	a->text = mst_arena_dup(&s->arena, resp->body);
	a->rate_limit = resp->rate_limit;
	a->rate_rule =
	    mst_arena_strdup(&s->arena, resp->rate_rule ? resp->rate_rule : "");
	if (resp->date_us != MST_TIME_NONE)
		a->skew_us = mst_now_us() - resp->date_us;
	read_why(s, a, resp);
	if (a->skew_us != MST_TIME_NONE)
		s->skew_us = a->skew_us;
	if (a->rate_limit >= 0) {
		s->rate_limit = a->rate_limit;
		s->rate_rule = a->rate_rule;
	}
}

static int accept(struct mst_checks *base, const struct mst_req *req,
		  const struct mst_resp *resp, struct mst_err *err)
{
	struct sn_setup *s = mst_sn_setup_of(base);

	for (size_t i = s->first; i < s->asks_n; i++) {
		struct sn_ask *a = s->asks[i];

		if (!a->sent || a->answered || a->id != req->id)
			continue;
		s->under_way--;
		keep(s, a, resp);
		return MST_OK;
	}
	return mst_err_set(err, MST_E_INTERNAL, "an answer to no check of '%s'",
			   s->d->env.connection);
}

/* ---- one check after the other ------------------------------------------- */

static void report(struct sn_setup *s, const struct mst_check *c)
{
	if (!s->todo[s->at].quiet)
		s->env.report(s->env.ctx, c);
}

/* The check that took the ground away, or SN_CHECK__N. */
static enum sn_check_id blocked_by(const struct sn_setup *s,
				   const struct kind *k)
{
	for (unsigned i = 0; i < SN_CHECK__N; i++) {
		if ((k->stands_on & 1u << i) && s->gone[i])
			return s->blame[i];
	}
	return SN_CHECK__N;
}

static bool skip(struct sn_setup *s, const struct kind *k, struct mst_check *c)
{
	enum sn_check_id by = blocked_by(s, k);

	if (s->env.skip)
		mst_check_say(c, MST_CHECK_SKIPPED, "%s", s->env.skip);
	else if (by != SN_CHECK__N)
		mst_check_say(c, MST_CHECK_SKIPPED, "needs the check '%s'",
			      kinds[by].title);
	else
		return false;
	s->gone[s->todo[s->at].id] = true;
	s->blame[s->todo[s->at].id] = by;
	return true;
}

/* Goes as far as it can without an answer. False: all are done. */
static bool step(struct sn_setup *s)
{
	enum sn_check_id id;
	const struct kind *k;
	struct mst_check c;

	if (s->at == s->todo_n)
		return false;
	id = s->todo[s->at].id;
	k = &kinds[id];
	c = (struct mst_check){.name = k->name, .title = k->title};
	if (!s->asked) {
		if (k->applies && !k->applies(s)) {
			s->at++;
			return true;
		}
		if (skip(s, k, &c)) {
			report(s, &c);
			s->at++;
			return true;
		}
		s->asked = true;
		s->first = s->asks_n;
		if (k->ask)
			k->ask(s);
		return true;
	}
	s->stands = s->falls = false;
	if (!k->judge(s, &c))
		return true; /* it asked for more */
	if (c.level == MST_CHECK_FAILED && !c.code)
		c.code = MST_E_UNSUPPORTED;
	s->gone[id] = s->falls || (c.level == MST_CHECK_FAILED && !s->stands);
	s->blame[id] = id;
	report(s, &c);
	s->asked = false;
	s->at++;
	return true;
}

static struct sn_ask *unsent(struct sn_setup *s)
{
	for (size_t i = s->first; s->asked && i < s->asks_n; i++) {
		if (!s->asks[i]->sent && !s->asks[i]->answered)
			return s->asks[i];
	}
	return NULL;
}

static int next(struct mst_checks *base, struct mst_req *req_r,
		struct mst_err *err)
{
	struct sn_setup *s = mst_sn_setup_of(base);

	for (;;) {
		struct sn_ask *a = unsent(s);

		if (a && s->under_way < (size_t)s->d->conf->workers) {
			send(s, a, req_r);
			return MST_CHECKS_REQUEST;
		}
		if (s->under_way)
			return MST_CHECKS_WAIT;
		if (!step(s))
			return MST_CHECKS_END;
	}
}

/* ---- life ---------------------------------------------------------------- */

static void setup_free(struct mst_checks **c)
{
	struct sn_setup *s;

	if (!*c)
		return;
	s = mst_sn_setup_of(*c);
	mst_json_parser_free(&s->json);
	mst_arena_fini(&s->arena);
	free(s);
	*c = NULL;
}

static const struct mst_checks_ops ops = {
    .next = next,
    .accept = accept,
    .fixes = mst_sn_fixes,
    .fix = mst_sn_fix,
    .free = setup_free,
};

int mst_sn_checks(struct mst_dest *d, const struct mst_checks_env *env,
		  struct mst_checks **c_r, struct mst_err *err)
{
	struct sn_setup *s = mst_alloc(sizeof(*s));

	s->base.ops = &ops;
	s->env = *env;
	s->d = d;
	s->skew_us = MST_TIME_NONE;
	s->rate_limit = -1;
	s->rate_rule = "";
	mst_arena_init(&s->arena, SETUP_ARENA);
	s->json = mst_json_parser_new(SETUP_ANSWER);
	d->skip_option = true;
	mst_sn_setup_classes(s);
	for (unsigned id = 0; id < SN_CHECK_FIX; id++)
		s->todo[s->todo_n++].id = (enum sn_check_id)id;
	*c_r = &s->base;
	return MST_OK;
}
