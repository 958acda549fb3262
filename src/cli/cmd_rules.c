/* SPDX-License-Identifier: Apache-2.0
 *
 * muster rules: the catalogue of rules, or the rule set of a connection with
 * what overrides it.
 */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "cli/cmd_settings.h"
#include "cli/rules_names.h"
#include "cli/rules_test.h"
#include "sync/setting_show.h"

#define OUT_MAX (16u << 20)
#define WIDTH	78

static const struct cli_command rules_cmd = {
    "rules", "[CONNECTION] | test CONNECTION FILE... | names [CONNECTION]",
    "Prints the rules: id, title, the default, and the settings that override "
    "it. Of a\nconnection with the values in force in TEST and PROD where "
    "these "
    "are not the default,\nwhere they come from, and the custom mappings. "
    "test shows what the settings and custom\nmappings of files would change: "
    "sample records before and after, and what the next\nrun would write; "
    "nothing is saved. FILE is - for standard input.\nnames shows the table of "
    "software names.",
    cmd_rules};

/* The rules of one connector; with a connection, what is in force there. */
struct view {
	const char *title;
	const struct mst_rule *rules;
	size_t rules_n;
	const struct mst_opt *opts;
	const struct mst_setting *settings;
	size_t settings_n;
	struct cli_settings_view in;
};

struct printer {
	struct mst_arena arena;
	struct mst_buf out;
	struct mst_jout j;
};

/* ---- text ---------------------------------------------------------------- */

/* Words in lines that begin with so many blanks. */
static void put_wrapped(struct mst_buf *out, int indent, const char *text)
{
	size_t at = 0; /* in the line; 0: there is none yet */

	while (*text) {
		size_t n = strcspn(text, " ");

		if (at == 0 || at + 1 + n > WIDTH) {
			(void)mst_buf_addf(out, "%s%*s", at ? "\n" : "", indent,
					   "");
			at = (size_t)indent;
		} else {
			(void)mst_buf_addc(out, ' ');
			at++;
		}
		(void)mst_buf_add(out, text, n);
		at += n;
		text += n + (text[n] == ' ');
	}
	(void)mst_buf_addc(out, '\n');
}

/* Is the default in force wherever it is shown, and nothing kept? */
static bool is_default(const struct view *v, size_t at)
{
	for (unsigned i = 0; i < MST_ENV__MAX; i++) {
		const struct mst_setting *s;

		if (!v->in.shown[i])
			continue; /* it has no settings here */
		s = &v->in.c[i].settings[at];
		if (s->stored || mst_setting_origin(s) != MST_ORIGIN_DEFAULT)
			return false;
	}
	return true;
}

static void setting_text(struct printer *p, const struct view *v, size_t at)
{
	struct mst_buf form = MST_BUF_INIT(OUT_MAX);

	(void)mst_buf_addf(&form, "%s: ", v->settings[at].opt->key);
	mst_setting_form(&form, v->settings[at].opt);
	put_wrapped(&p->out, 4, form.p);
	mst_buf_fini(&form);
	if (is_default(v, at))
		return;
	for (unsigned i = 0; i < MST_ENV__MAX; i++) {
		const struct mst_setting *s;

		if (!v->in.shown[i])
			continue;
		s = &v->in.c[i].settings[at];
		(void)mst_buf_addf(&p->out, "        %s  ",
				   mst_env_title((enum mst_env)i));
		mst_in_force_text(&p->out, s, (enum mst_env)i);
		if (s->stored && !s->override) {
			(void)mst_buf_adds(&p->out, "; kept, not in force: ");
			mst_setting_text(&p->out, s->opt, s->stored);
		}
		(void)mst_buf_addc(&p->out, '\n');
	}
}

static void mappings_text(struct printer *p, const struct view *v)
{
	for (unsigned i = 0; i < MST_ENV__MAX; i++) {
		struct mst_override *list;
		bool head = false;
		size_t n;

		if (!v->in.shown[i])
			continue;
		n = mst_overrides(v->in.c[i].overrides, &p->arena, &list);
		for (size_t k = 0; k < n; k++) {
			if (!list[k].custom)
				continue;
			if (!head)
				(void)mst_buf_addf(
				    &p->out, "custom mappings, %s\n",
				    mst_env_title((enum mst_env)i));
			head = true;
			(void)mst_buf_addf(&p->out, "    %s: ", list[k].key);
			mst_conf_value_text(&p->out, list[k].value);
			(void)mst_buf_addc(&p->out, '\n');
		}
	}
}

static void view_text(struct printer *p, const struct view *v)
{
	(void)mst_buf_addf(&p->out, "%s\n\n", v->title);
	for (size_t i = 0; i < v->rules_n; i++) {
		(void)mst_buf_addf(&p->out, "%s  %s\n", v->rules[i].id,
				   v->rules[i].title);
		put_wrapped(&p->out, 4, v->rules[i].text);
		for (size_t k = 0; k < v->settings_n; k++) {
			if (strcmp(v->settings[k].opt->rule, v->rules[i].id) ==
			    0)
				setting_text(p, v, k);
		}
	}
	mappings_text(p, v);
	(void)mst_buf_addc(&p->out, '\n');
}

/* ---- JSON ---------------------------------------------------------------- */

static void setting_json(struct printer *p, const struct view *v, size_t at)
{
	mst_jout_obj(&p->j);
	mst_setting_json(&p->j, v->settings[at].opt);
	for (unsigned i = 0; i < MST_ENV__MAX; i++) {
		if (!v->in.shown[i])
			continue;
		mst_jout_key(&p->j, mst_env_name((enum mst_env)i));
		mst_in_force_json(&p->j, &v->in.c[i].settings[at],
				  (enum mst_env)i);
	}
	mst_jout_end_obj(&p->j);
}

static void mappings_json(struct printer *p, const struct view *v)
{
	mst_jout_obj(&p->j);
	for (unsigned i = 0; i < MST_ENV__MAX; i++) {
		struct mst_override *list;
		size_t n;

		if (!v->in.shown[i])
			continue;
		n = mst_overrides(v->in.c[i].overrides, &p->arena, &list);
		mst_jout_key(&p->j, mst_env_name((enum mst_env)i));
		mst_jout_obj(&p->j);
		for (size_t k = 0; k < n; k++) {
			if (!list[k].custom)
				continue;
			mst_jout_key(&p->j, list[k].key);
			mst_conf_value_json(&p->j, NULL, list[k].value);
		}
		mst_jout_end_obj(&p->j);
	}
	mst_jout_end_obj(&p->j);
}

static void view_json(struct printer *p, const struct view *v, const char *type)
{
	mst_jout_obj(&p->j);
	mst_jout_kstr(&p->j, "type", type);
	mst_jout_kstr(&p->j, "title", v->title);
	mst_jout_key(&p->j, "rules");
	mst_jout_arr(&p->j);
	for (size_t i = 0; i < v->rules_n; i++) {
		mst_jout_obj(&p->j);
		mst_jout_kstr(&p->j, "id", v->rules[i].id);
		mst_jout_kstr(&p->j, "title", v->rules[i].title);
		mst_jout_kstr(&p->j, "default", v->rules[i].text);
		mst_jout_key(&p->j, "settings");
		mst_jout_arr(&p->j);
		for (size_t k = 0; k < v->settings_n; k++) {
			if (strcmp(v->settings[k].opt->rule, v->rules[i].id) ==
			    0)
				setting_json(p, v, k);
		}
		mst_jout_end_arr(&p->j);
		mst_jout_end_obj(&p->j);
	}
	mst_jout_end_arr(&p->j);
	mst_jout_key(&p->j, "mappings");
	mappings_json(p, v);
	mst_jout_end_obj(&p->j);
}

/* ---- what is shown ------------------------------------------------------- */

static void show(struct printer *p, struct view *v, const char *type)
{
	struct mst_setting *defaults;

	if (!v->settings) {
		v->settings_n = mst_settings_list(NULL, NULL, v->opts,
						  &p->arena, &defaults);
		v->settings = defaults;
	}
	if (cli.json)
		view_json(p, v, type);
	else
		view_text(p, v);
}

static void show_all(struct printer *p)
{
	if (cli.json)
		mst_jout_arr(&p->j);
	for (size_t i = 0; mst_sources[i]; i++) {
		struct view v = {.title = mst_sources[i]->title,
				 .rules = mst_sources[i]->catalog->rules,
				 .rules_n = mst_sources[i]->catalog->rules_n,
				 .opts = mst_sources[i]->opts};

		show(p, &v, mst_sources[i]->type);
	}
	for (size_t i = 0; mst_dests[i]; i++) {
		struct view v = {.title = mst_dests[i]->title,
				 .rules = mst_dests[i]->rules,
				 .rules_n = mst_dests[i]->rules_n,
				 .opts = mst_dests[i]->opts};

		show(p, &v, mst_dests[i]->type);
	}
	if (cli.json)
		mst_jout_end_arr(&p->j);
}

static int show_connection(struct printer *p, struct mst_state *state,
			   const char *name, const char *env,
			   struct mst_err *err)
{
	struct view v = {.settings = NULL};
	const struct mst_connection *c;

	if (cli_settings_look(state, &p->arena, name, env, &v.in, err) < 0)
		return -(int)err->code;
	c = v.in.any;
	v.rules = mst_connection_rules(c, &v.rules_n);
	v.title =
	    mst_arena_printf(&p->arena, "%s: %s", name,
			     c->source ? c->source->title : c->dest->title);
	v.opts = c->opts;
	v.settings = c->settings;
	v.settings_n = c->settings_n;
	show(p, &v, c->type);
	return 0;
}

static int show_rules(const char *connection, const char *env)
{
	struct printer p = {.out = MST_BUF_INIT(OUT_MAX)};
	struct mst_err err = MST_ERR_INIT;
	struct mst_state *state = NULL;
	int rc = 0;

	mst_arena_init(&p.arena, MST_MAX_ARENA);
	mst_jout_init(&p.j, &p.out);
	if (!connection) {
		show_all(&p);
	} else {
		rc = cli_open_state(&state, &err);
		if (rc == 0)
			rc = show_connection(&p, state, connection, env, &err);
	}
	if (cli.json)
		(void)mst_buf_addc(&p.out, '\n');
	if (rc == 0)
		cli_print(&p.out);
	mst_buf_fini(&p.out);
	mst_arena_fini(&p.arena);
	mst_state_close(&state);
	return rc < 0 ? cli_fail(&err) : CLI_OK;
}

static const char misused[] =
    "one connection, or test CONNECTION FILE..., or names [CONNECTION]; --job, "
    "--from and --sample go with test, --try with names";

/* Words and options of the three forms; false: they do not fit together. */
static bool fits(int argc, char *const *argv, const struct cli_rules_test *test,
		 const struct cli_rules_names *names)
{
	bool tests = argc > 0 && strcmp(argv[0], "test") == 0;
	bool lists = argc > 0 && strcmp(argv[0], "names") == 0;
	bool alone = !test->job && !test->from && test->samples == UINT64_MAX;

	if (tests)
		return argc > 2 && !names->name;
	if (lists)
		return argc <= 2 && alone;
	return argc <= 1 && alone && !names->name;
}

int cmd_rules(int argc, char **argv)
{
	struct cli_rules_test test = {.samples = UINT64_MAX};
	struct cli_rules_names names = {.connection = NULL};
	const char *env = NULL;
	const struct cli_opt opts[] = {
	    {"env", "test|prod", "only this environment", NULL, &env, NULL},
	    {"job", "NAME", "test: the job whose records are tried", NULL,
	     &test.job, NULL},
	    {"from", "DIR", "test: records that 'muster fetch' saved", NULL,
	     &test.from, NULL},
	    {"sample", "N", "test: show so many records of each set (3)", NULL,
	     NULL, &test.samples},
	    {"try", "NAME", "names: what this becomes; NAME or VENDOR|NAME",
	     NULL, &names.name, NULL},
	    {0},
	};
	int status;

	if (!cli_parse(&rules_cmd, opts, &argc, &argv, 0, 32, &status))
		return status;
	if (!fits(argc, argv, &test, &names)) {
		(void)fprintf(stderr, "muster: rules: %s\n", misused);
		return CLI_USAGE;
	}
	if (argc > 0 && strcmp(argv[0], "names") == 0) {
		names.connection = argc > 1 ? argv[1] : NULL;
		names.env = env;
		return cli_rules_names(&names);
	}
	if (argc < 2)
		return show_rules(argc ? argv[0] : NULL, env);
	test.connection = argv[1];
	test.files = argv + 2;
	test.files_n = argc - 2;
	test.env = env;
	if (test.samples == UINT64_MAX)
		test.samples = 3;
	return cli_rules_test(&test);
}
