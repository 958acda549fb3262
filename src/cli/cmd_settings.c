/* SPDX-License-Identifier: Apache-2.0
 *
 * muster settings: looking at them. What changes them is in settings_change.c.
 */
#include "cli/cmd_settings.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/time.h"
#include "cli/verbs.h"
#include "sync/setting_past.h"
#include "sync/setting_show.h"

#define OUT_MAX	   (16u << 20)
#define CELL	   34 /* bytes of a value in a table */
#define KEYS_MAX   256
#define TABLE_HELP "'muster settings get %s KEY' says more about one\n"

static const struct cli_command settings_cmd = {
    "settings",
    "get CONNECTION [KEY] | set CONNECTION KEY VALUE... |\n"
    "       unset CONNECTION KEY... | diff CONNECTION | promote CONNECTION |\n"
    "       undo CONNECTION | log CONNECTION",
    "Settings override rules, with a value of their own for TEST and for PROD. "
    "get shows them,\ndiff compares TEST with PROD. set and unset change one, "
    "promote makes the whole TEST\nset that of PROD and undo takes that back: "
    "each shows what changes first, and saves\nonly with --consent. log says "
    "who changed what, and when.",
    cmd_settings};

/* ---- connections --------------------------------------------------------- */

int cli_settings_env(const struct mst_connection *c, const char *word,
		     enum mst_env *env_r, struct mst_err *err)
{
	if (word && !mst_env_parse(word, env_r))
		return mst_err_set(err, MST_E_INVALID,
				   "--env is test or prod, not '%.40s'", word);
	if (!word && c->env == MST_ENV__MAX)
		return mst_err_set(err, MST_E_INVALID,
				   "connection '%s' may be used in test and "
				   "prod: say --env test or --env prod",
				   c->name);
	if (!word)
		*env_r = c->env;
	if (mst_connection_serves(c, *env_r))
		return 0;
	return mst_err_set(err, MST_E_INVALID,
			   "connection '%s' is for %s; settings for %s would "
			   "never be in force%s",
			   c->name, mst_connection_envs(c),
			   mst_env_name(*env_r),
			   c->dest ? "" : "; add it to its environments first");
}

const struct mst_opt *cli_settings_find(const struct mst_connection *c,
					const char *key, struct mst_err *err)
{
	const struct mst_opt *opt = mst_opt_find(c->opts, key);
	const char *keys[KEYS_MAX + 1];
	const char *near;
	size_t n = 0;

	if (opt && opt->rule)
		return opt;
	for (size_t i = 0; i < c->settings_n && n < KEYS_MAX; i++)
		keys[n++] = c->settings[i].opt->key;
	keys[n] = NULL;
	near = mst_nearest(key, keys);
	if (opt)
		(void)mst_err_set(err, MST_E_INVALID,
				  "'%s' is an option of the connection, not a "
				  "setting: it is the same in TEST and PROD; "
				  "'muster apply' changes it",
				  key);
	else
		(void)mst_err_set(err, MST_E_NOTFOUND,
				  "connection '%s' has no setting '%.60s'%s%s"
				  "%s",
				  c->name, key, near ? "; did you mean '" : "",
				  near ? near : "", near ? "'?" : "");
	return NULL;
}

int cli_settings_look(struct mst_state *state, struct mst_arena *arena,
		      const char *connection, const char *env_word,
		      struct cli_settings_view *v_r, struct mst_err *err)
{
	const struct mst_config config = {.state = state};
	struct mst_connection own;
	enum mst_env only = MST_ENV__MAX;

	if (mst_connection_get(&config, connection, MST_ENV__MAX, arena, &own,
			       err) < 0 ||
	    (env_word && cli_settings_env(&own, env_word, &only, err) < 0))
		return -(int)err->code;
	*v_r = (struct cli_settings_view){.any = NULL};
	for (unsigned i = 0; i < MST_ENV__MAX; i++) {
		enum mst_env env = (enum mst_env)i;

		if (!mst_connection_serves(&own, env) ||
		    (only != MST_ENV__MAX && only != env))
			continue;
		if (mst_connection_get(&config, connection, env, arena,
				       &v_r->c[i], err) < 0)
			return -(int)err->code;
		v_r->shown[i] = true;
		v_r->any = &v_r->c[i];
	}
	return 0;
}

/* ---- get: all ------------------------------------------------------------ */

static void put_cell(struct mst_buf *out, const struct mst_setting *s,
		     enum mst_env env)
{
	struct mst_buf cell = MST_BUF_INIT(OUT_MAX);

	mst_in_force_text(&cell, s, env);
	if (cell.n > CELL)
		(void)mst_buf_addf(out, " %.*s...", CELL - 3, cell.p);
	else
		(void)mst_buf_addf(out, " %-*s", CELL, cell.p ? cell.p : "");
	mst_buf_fini(&cell);
}

/* What custom mappings hold below a key. */
static void put_customs(struct cli_settings *s, const struct mst_connection *c,
			const char *below)
{
	struct mst_override *list;
	size_t n = mst_overrides(c->overrides, &s->arena, &list);
	size_t len = below ? strlen(below) : 0;

	for (size_t i = 0; i < n; i++) {
		if (!list[i].custom ||
		    (below && (strncmp(list[i].key, below, len) != 0 ||
			       (list[i].key[len] && list[i].key[len] != '.'))))
			continue;
		(void)mst_buf_addf(&s->out, "%-5s %s: ", mst_env_title(c->env),
				   list[i].key);
		mst_conf_value_text(&s->out, list[i].value);
		(void)mst_buf_addc(&s->out, '\n');
	}
}

static void end_line(struct mst_buf *out)
{
	while (out->n && out->p[out->n - 1] == ' ')
		out->n--;
	(void)mst_buf_addc(out, '\n');
}

static void get_all(struct cli_settings *s, const struct cli_settings_view *v)
{
	(void)mst_buf_addf(&s->out, "%-28s %-7s", "setting", "type");
	for (unsigned i = 0; i < MST_ENV__MAX; i++) {
		if (v->shown[i])
			(void)mst_buf_addf(&s->out, " %-*s", CELL,
					   mst_env_title((enum mst_env)i));
	}
	end_line(&s->out);
	for (size_t k = 0; k < v->any->settings_n; k++) {
		const struct mst_opt *opt = v->any->settings[k].opt;

		(void)mst_buf_addf(&s->out, "%-28s %-7s", opt->key,
				   mst_setting_control(opt));
		for (unsigned i = 0; i < MST_ENV__MAX; i++) {
			if (v->shown[i])
				put_cell(&s->out, &v->c[i].settings[k],
					 (enum mst_env)i);
		}
		end_line(&s->out);
	}
	for (unsigned i = 0; i < MST_ENV__MAX; i++) {
		if (v->shown[i])
			put_customs(s, &v->c[i], NULL);
	}
	(void)mst_buf_addf(&s->out, TABLE_HELP, v->any->name);
}

/* ---- get: one ------------------------------------------------------------ */

static void get_one(struct cli_settings *s, const struct cli_settings_view *v,
		    size_t at)
{
	const struct mst_opt *opt = v->any->settings[at].opt;
	const struct mst_rule *rule = mst_rule_find(opt->rule);

	(void)mst_buf_addf(&s->out, "%s: ", opt->key);
	mst_setting_form(&s->out, opt);
	(void)mst_buf_addf(&s->out, "\n  %s\n  overrides %s%s%s%s%s\n",
			   opt->help ? opt->help : "", opt->rule,
			   rule ? " (" : "", rule ? rule->title : "",
			   rule ? "): " : "", rule ? rule->text : "");
	for (unsigned i = 0; i < MST_ENV__MAX; i++) {
		const struct mst_setting *one;

		if (!v->shown[i])
			continue;
		one = &v->c[i].settings[at];
		(void)mst_buf_addf(&s->out,
				   "  %s: ", mst_env_title((enum mst_env)i));
		mst_in_force_text(&s->out, one, (enum mst_env)i);
		if (one->stored && !one->override) {
			(void)mst_buf_adds(&s->out, "; kept, not in force: ");
			mst_setting_text(&s->out, one->opt, one->stored);
		}
		(void)mst_buf_addc(&s->out, '\n');
	}
}

static void customs_json(struct cli_settings *s, const struct mst_connection *c)
{
	struct mst_override *list;
	size_t n = mst_overrides(c->overrides, &s->arena, &list);

	mst_jout_obj(&s->j);
	for (size_t i = 0; i < n; i++) {
		if (!list[i].custom)
			continue;
		mst_jout_key(&s->j, list[i].key);
		mst_conf_value_json(&s->j, NULL, list[i].value);
	}
	mst_jout_end_obj(&s->j);
}

static void one_json(struct cli_settings *s, const struct cli_settings_view *v,
		     size_t at)
{
	mst_jout_obj(&s->j);
	mst_setting_json(&s->j, v->any->settings[at].opt);
	for (unsigned i = 0; i < MST_ENV__MAX; i++) {
		if (!v->shown[i])
			continue;
		mst_jout_key(&s->j, mst_env_name((enum mst_env)i));
		mst_in_force_json(&s->j, &v->c[i].settings[at],
				  (enum mst_env)i);
	}
	mst_jout_end_obj(&s->j);
}

static void all_json(struct cli_settings *s, const struct cli_settings_view *v)
{
	mst_jout_obj(&s->j);
	mst_jout_kstr(&s->j, "connection", v->any->name);
	mst_jout_key(&s->j, "settings");
	mst_jout_arr(&s->j);
	for (size_t i = 0; i < v->any->settings_n; i++)
		one_json(s, v, i);
	mst_jout_end_arr(&s->j);
	mst_jout_key(&s->j, "mappings");
	mst_jout_obj(&s->j);
	for (unsigned i = 0; i < MST_ENV__MAX; i++) {
		if (!v->shown[i])
			continue;
		mst_jout_key(&s->j, mst_env_name((enum mst_env)i));
		customs_json(s, &v->c[i]);
	}
	mst_jout_end_obj(&s->j);
	mst_jout_end_obj(&s->j);
}

static bool is_custom(const char *key)
{
	return mst_is_custom_key(key) || strcmp(key, "mappings") == 0 ||
	       strcmp(key, "lookup") == 0;
}

static int get(struct cli_settings *s, struct mst_err *err)
{
	const char *key = s->argc > 2 ? s->argv[2] : NULL;
	const struct mst_opt *opt = NULL;
	struct cli_settings_view v;
	size_t at = 0;

	if (cli_settings_look(s->state, &s->arena, s->argv[1], s->env, &v,
			      err) < 0)
		return -(int)err->code;
	if (key && is_custom(key)) {
		for (unsigned i = 0; i < MST_ENV__MAX && !cli.json; i++) {
			if (v.shown[i])
				put_customs(s, &v.c[i], key);
		}
		if (cli.json)
			all_json(s, &v);
		return 0;
	}
	if (key) {
		opt = cli_settings_find(v.any, key, err);
		if (!opt)
			return -(int)err->code;
		while (v.any->settings[at].opt != opt)
			at++;
	}
	if (cli.json && key)
		one_json(s, &v, at);
	else if (cli.json)
		all_json(s, &v);
	else if (key)
		get_one(s, &v, at);
	else
		get_all(s, &v);
	return 0;
}

/* ---- diff ---------------------------------------------------------------- */

static int diff(struct cli_settings *s, struct mst_err *err)
{
	const struct mst_conf_item *test = NULL, *prod = NULL;
	struct mst_override_change *list;
	struct cli_settings_pair p;
	size_t n;

	if (cli_settings_pair(s, &p, err) < 0)
		return -(int)err->code;
	test = p.from.overrides;
	prod = p.to.overrides;
	n = mst_overrides_diff(test, prod, &s->arena, &list);
	if (cli.json) {
		mst_jout_obj(&s->j);
		mst_jout_kstr(&s->j, "test", p.from.name);
		mst_jout_kstr(&s->j, "prod", p.to.name);
		mst_jout_key(&s->j, "differences");
		mst_jout_arr(&s->j);
		mst_overrides_json(&s->j, p.to.opts, list, n);
		mst_jout_end_arr(&s->j);
		mst_jout_end_obj(&s->j);
	} else {
		(void)mst_buf_addf(&s->out, "TEST of %s -> PROD of %s%s\n",
				   p.from.name, p.to.name,
				   n ? ":" : ": no difference");
		mst_overrides_text(&s->out, list, n);
	}
	s->status = n ? CLI_DRIFT : CLI_OK;
	return 0;
}

/* ---- log ----------------------------------------------------------------- */

struct logging {
	struct cli_settings *s;
	const char *names[MST_ENV__MAX]; /* "defender/test", "defender/prod" */
	const struct mst_opt *opts;
	uint64_t left;
	struct mst_arena arena; /* of one entry */
};

static void log_text(struct logging *l, const struct mst_audit_entry *e,
		     unsigned env, const struct mst_override_change *list,
		     size_t n)
{
	char at[21];

	mst_time_iso(e->at_us, at);
	(void)mst_buf_addf(
	    &l->s->out, "%s %-8s %s by %s\n", at, *e->what ? e->what : "apply",
	    mst_env_title((enum mst_env)env), *e->user ? e->user : "?");
	mst_overrides_text(&l->s->out, list, n);
}

static void log_json(struct logging *l, const struct mst_audit_entry *e,
		     unsigned env, const struct mst_override_change *list,
		     size_t n)
{
	struct mst_jout *j = &l->s->j;
	char at[21];

	mst_time_iso(e->at_us, at);
	mst_jout_obj(j);
	mst_jout_ki64(j, "id", e->id);
	mst_jout_kstr(j, "at", at);
	mst_jout_kstr(j, "user", e->user);
	mst_jout_ki64(j, "uid", e->uid);
	mst_jout_kstr(j, "what", *e->what ? e->what : "apply");
	mst_jout_kstr(j, "environment", mst_env_name((enum mst_env)env));
	mst_jout_key(j, "changes");
	mst_jout_arr(j);
	mst_overrides_json(j, l->opts, list, n);
	mst_jout_end_arr(j);
	mst_jout_kstr(j, "before", e->before);
	mst_jout_kstr(j, "after", e->after);
	mst_jout_end_obj(j);
}

static int log_one(void *ctx, const struct mst_audit_entry *e)
{
	struct logging *l = ctx;
	struct mst_override_change *list;
	struct mst_err err = MST_ERR_INIT;
	const struct mst_conf_item *before = NULL, *after = NULL;
	unsigned env = 0;
	size_t n;

	while (env < MST_ENV__MAX && strcmp(e->name, l->names[env]) != 0)
		env++;
	if (env == MST_ENV__MAX || strcmp(e->kind, MST_SETTINGS) != 0)
		return 0;
	mst_arena_reset(&l->arena);
	/* what cannot be read any more is shown as empty */
	(void)mst_settings_past_read(e->before, &l->arena, &before, &err);
	(void)mst_settings_past_read(e->after, &l->arena, &after, &err);
	n = mst_overrides_diff(before, after, &l->arena, &list);
	if (cli.json)
		log_json(l, e, env, list, n);
	else
		log_text(l, e, env, list, n);
	return --l->left == 0;
}

static int show_log(struct cli_settings *s, struct mst_err *err)
{
	const struct mst_config config = {.state = s->state, .bare = true};
	const char *name = s->argv[1];
	struct logging l = {.s = s, .left = s->count ? s->count : 1};
	struct mst_connection c;
	int rc;

	if (mst_connection_get(&config, name, MST_ENV__MAX, &s->arena, &c,
			       err) < 0)
		return -(int)err->code;
	l.opts = c.opts;
	for (unsigned i = 0; i < MST_ENV__MAX; i++)
		l.names[i] =
		    mst_settings_name(name, (enum mst_env)i, &s->arena);
	mst_arena_init(&l.arena, MST_MAX_ARENA);
	if (cli.json)
		mst_jout_arr(&s->j);
	rc =
	    mst_state_audit(s->state, &(struct mst_audit_filter){.n = SIZE_MAX},
			    log_one, &l, err);
	if (cli.json)
		mst_jout_end_arr(&s->j);
	mst_arena_fini(&l.arena);
	return rc < 0 ? rc : 0;
}

/* ---- the command --------------------------------------------------------- */

static const struct cli_verb verbs[] = {
    {"get", 0, 1, 2, "CONNECTION [KEY]"},
    {"set", 0, 3, CLI_WORDS_MAX, "CONNECTION KEY VALUE"},
    {"unset", 0, 2, CLI_WORDS_MAX, "CONNECTION KEY"},
    {"diff", 0, 1, 1, "CONNECTION"},
    {"promote", 0, 1, 1, "CONNECTION"},
    {"undo", 0, 1, 1, "CONNECTION"},
    {"log", 0, 1, 1, "CONNECTION"},
    {NULL, 0, 0, 0, NULL},
};

/* In the order of the verbs. */
static int (*const runs[])(struct cli_settings *s, struct mst_err *err) = {
    get,      cli_settings_set,	    cli_settings_unset,
    diff,     cli_settings_promote, cli_settings_undo,
    show_log,
};

static int run(struct cli_settings *s, const struct cli_verb *verb)
{
	struct mst_err err = MST_ERR_INIT;
	int rc = cli_open_state(&s->state, &err);

	mst_arena_init(&s->arena, MST_MAX_ARENA);
	mst_buf_init(&s->out, OUT_MAX);
	mst_jout_init(&s->j, &s->out);
	if (rc == 0)
		rc = runs[verb - verbs](s, &err);
	if (rc == 0 && cli.json && s->out.n)
		(void)mst_buf_addc(&s->out, '\n');
	if (rc == 0)
		cli_print(&s->out);
	mst_buf_fini(&s->out);
	mst_arena_fini(&s->arena);
	mst_state_close(&s->state);
	return rc < 0 ? cli_fail(&err) : s->status;
}

int cmd_settings(int argc, char **argv)
{
	struct cli_settings s = {.count = 20};
	const struct cli_opt opts[] = {
	    {"consent", NULL, "save: it changes what jobs write", &s.consent,
	     NULL, NULL},
	    {"env", "test|prod",
	     "get, set, unset: this environment; needed where there are two",
	     NULL, &s.env, NULL},
	    {"no-override", NULL, "set: keep the value, but out of force",
	     &s.no_override, NULL, NULL},
	    {"to", "CONNECTION",
	     "diff, promote: PROD is that of this connection", NULL, &s.to,
	     NULL},
	    {"plan", NULL, "set, unset: show what jobs would write", &s.plan,
	     NULL, NULL},
	    {"no-plan", NULL, "promote, undo: do not", &s.no_plan, NULL, NULL},
	    {"count", "N", "log: at most so many entries (20)", NULL, NULL,
	     &s.count},
	    {0},
	};
	const struct cli_verb *verb;
	int status;

	if (!cli_parse(&settings_cmd, opts, &argc, &argv, 1, CLI_WORDS_MAX + 1,
		       &status))
		return status;
	verb = cli_verb_find("settings", verbs, NULL, argc, argv);
	if (!verb)
		return CLI_USAGE;
	s.argc = argc;
	s.argv = argv;
	return run(&s, verb);
}
