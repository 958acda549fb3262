/* SPDX-License-Identifier: Apache-2.0
 *
 * See setting_show.h.
 */
#include "sync/setting_show.h"

#include <string.h>

#include "base/num.h"

const char *mst_env_title(enum mst_env env)
{
	return env == MST_ENV_PROD ? "PROD" : "TEST";
}

const char *mst_setting_control(const struct mst_opt *opt)
{
	switch (opt->type) {
	case MST_OPT_BOOL:
		return "slider";
	case MST_OPT_CHOICE:
		return "choice";
	case MST_OPT_INT:
	case MST_OPT_DECIMAL:
	case MST_OPT_PERCENT:
	case MST_OPT_DURATION:
	case MST_OPT_SIZE:
		return "number";
	case MST_OPT_LIST:
		return "list";
	case MST_OPT_TEXT:
	case MST_OPT_SECRET:
	case MST_OPT_URL:
		break;
	}
	return "text";
}

/* "30d" of 2592000000 ms, as it would be typed. */
static void put_bound(struct mst_buf *out, const struct mst_opt *opt, double v)
{
	static const struct {
		double ms;
		const char *unit;
	} units[] = {{86400000, "d"},
		     {3600000, "h"},
		     {60000, "m"},
		     {1000, "s"},
		     {1, "ms"}};
	char text[32];
	size_t i = 0;

	if (opt->type == MST_OPT_DURATION && v > 0) {
		while (i + 1 < MST_LEN(units) &&
		       (v < units[i].ms ||
			v / units[i].ms != (double)(int64_t)(v / units[i].ms)))
			i++;
		mst_num_text(v / units[i].ms, text);
		(void)mst_buf_addf(out, "%s%s", text, units[i].unit);
		return;
	}
	mst_num_text(v, text);
	(void)mst_buf_adds(out, text);
}

static bool has_range(const struct mst_opt *opt)
{
	return opt->min != 0 || opt->max != 0;
}

/* "a, b or c" of "a|b|c" */
static void put_choices(struct mst_buf *out, const char *choices,
			const char *last)
{
	while (*choices) {
		size_t n = strcspn(choices, "|");
		const char *next = choices + n + (choices[n] == '|');

		(void)mst_buf_add(out, choices, n);
		if (*next)
			(void)mst_buf_adds(out,
					   strchr(next, '|') ? ", " : last);
		choices = next;
	}
}

void mst_setting_form(struct mst_buf *out, const struct mst_opt *opt)
{
	struct mst_arena arena;
	const struct mst_conf_value *def;

	mst_arena_init(&arena, 1u << 20);
	(void)mst_buf_adds(out, mst_setting_control(opt));
	if (opt->choices) {
		(void)mst_buf_adds(out,
				   opt->type == MST_OPT_LIST ? " of " : " ");
		put_choices(out, opt->choices,
			    opt->type == MST_OPT_LIST ? " and " : " or ");
	} else if (has_range(opt)) {
		(void)mst_buf_adds(out, " from ");
		put_bound(out, opt, opt->min);
		(void)mst_buf_adds(out, " to ");
		put_bound(out, opt, opt->max);
	} else if (opt->type == MST_OPT_PERCENT) {
		(void)mst_buf_adds(out, " from 0% to 100%");
	}
	def = mst_opt_default(opt, &arena);
	if (def && def->texts_n) {
		(void)mst_buf_adds(out, ", default ");
		mst_setting_text(out, opt, def);
	}
	mst_arena_fini(&arena);
}

/* ---- values -------------------------------------------------------------- */

/* A text on one line. */
static void put_text(struct mst_buf *out, const char *text)
{
	for (; *text; text++)
		(void)mst_buf_addc(out,
				   (unsigned char)*text < ' ' ? ' ' : *text);
}

void mst_conf_value_text(struct mst_buf *out, const struct mst_conf_value *v)
{
	if (!v) {
		(void)mst_buf_addc(out, '-');
		return;
	}
	if (v->texts_n == 0 || (v->texts_n == 1 && !*v->texts[0])) {
		(void)mst_buf_adds(out, "(none)");
		return;
	}
	for (size_t i = 0; i < v->texts_n; i++) {
		if (i)
			(void)mst_buf_adds(out, ", ");
		put_text(out, v->texts[i]);
	}
}

static bool is_yes(const char *text)
{
	static const char *const yes[] = {"true", "yes", "on"};
	bool is = false;

	for (size_t i = 0; i < MST_LEN(yes); i++)
		is = is || mst_slice_iis(mst_slice_str(text), yes[i]);
	return is;
}

void mst_setting_text(struct mst_buf *out, const struct mst_opt *opt,
		      const struct mst_conf_value *v)
{
	if (opt->type == MST_OPT_BOOL && v && v->texts_n == 1 && *v->texts[0])
		(void)mst_buf_adds(out, is_yes(v->texts[0]) ? "yes" : "no");
	else
		mst_conf_value_text(out, v);
}

static bool typed_json(struct mst_jout *j, enum mst_opt_type type,
		       const char *text)
{
	struct mst_slice s = mst_slice_str(text);
	int64_t i;
	double d;

	if (type == MST_OPT_BOOL) {
		mst_jout_bool(j, is_yes(text));
		return true;
	}
	if (type == MST_OPT_INT && mst_num_i64(s, &i)) {
		mst_jout_i64(j, i);
		return true;
	}
	if (type == MST_OPT_DECIMAL && mst_num_dbl(s, &d)) {
		mst_jout_dbl(j, d);
		return true;
	}
	return false;
}

void mst_conf_value_json(struct mst_jout *j, const struct mst_opt *opt,
			 const struct mst_conf_value *v)
{
	bool is_list = v && (v->is_list || (opt && opt->type == MST_OPT_LIST));

	if (!v || (!is_list && !v->texts_n)) {
		mst_jout_null(j);
		return;
	}
	if (is_list)
		mst_jout_arr(j);
	for (size_t i = 0; i < v->texts_n; i++) {
		if (!opt || !typed_json(j, opt->type, v->texts[i]))
			mst_jout_str(j, v->texts[i]);
	}
	if (is_list)
		mst_jout_end_arr(j);
}

/* ---- a setting ----------------------------------------------------------- */

const char *mst_origin_name(enum mst_origin origin, enum mst_env env)
{
	if (origin == MST_ORIGIN_ENV)
		return mst_env_name(env);
	return origin == MST_ORIGIN_CONNECTION ? "connection" : "default";
}

void mst_in_force_text(struct mst_buf *out, const struct mst_setting *s,
		       enum mst_env env)
{
	const struct mst_conf_value *value;
	struct mst_arena arena;

	mst_arena_init(&arena, 1u << 20);
	value = mst_setting_value(s, &arena);
	mst_setting_text(out, s->opt, value && value->texts_n ? value : NULL);
	(void)mst_buf_addf(out, " (%s)",
			   mst_origin_name(mst_setting_origin(s), env));
	mst_arena_fini(&arena);
}

void mst_in_force_json(struct mst_jout *j, const struct mst_setting *s,
		       enum mst_env env)
{
	struct mst_arena arena;

	mst_arena_init(&arena, 1u << 20);
	mst_jout_obj(j);
	mst_jout_key(j, "value");
	mst_conf_value_json(j, s->opt, mst_setting_value(s, &arena));
	mst_jout_kstr(j, "from", mst_origin_name(mst_setting_origin(s), env));
	mst_jout_key(j, "kept");
	mst_conf_value_json(j, s->opt, s->override ? NULL : s->stored);
	mst_jout_end_obj(j);
	mst_arena_fini(&arena);
}

static void choices_json(struct mst_jout *j, const char *choices)
{
	mst_jout_arr(j);
	while (*choices) {
		size_t n = strcspn(choices, "|");

		mst_jout_slice(j, mst_slice(choices, n));
		choices += n + (choices[n] == '|');
	}
	mst_jout_end_arr(j);
}

void mst_setting_json(struct mst_jout *j, const struct mst_opt *opt)
{
	struct mst_arena arena;

	mst_arena_init(&arena, 1u << 20);
	mst_jout_kstr(j, "key", opt->key);
	mst_jout_kstr(j, "type", mst_setting_control(opt));
	mst_jout_key(j, "default");
	mst_conf_value_json(j, opt, mst_opt_default(opt, &arena));
	if (has_range(opt)) {
		mst_jout_kdbl(j, "min", opt->min);
		mst_jout_kdbl(j, "max", opt->max);
	}
	if (opt->choices) {
		mst_jout_key(j, "choices");
		choices_json(j, opt->choices);
	}
	mst_jout_kstr(j, "help", opt->help);
	mst_jout_kstr(j, "rule", opt->rule);
	mst_arena_fini(&arena);
}

/* ---- rules --------------------------------------------------------------- */

static const struct mst_rule *find_in(const struct mst_rule *rules, size_t n,
				      const char *id)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(rules[i].id, id) == 0)
			return &rules[i];
	}
	return NULL;
}

const struct mst_rule *mst_rule_find(const char *id)
{
	const struct mst_rule *found = NULL;

	for (size_t i = 0; mst_sources[i] && !found; i++)
		found = find_in(mst_sources[i]->catalog->rules,
				mst_sources[i]->catalog->rules_n, id);
	for (size_t i = 0; mst_dests[i] && !found; i++)
		found = find_in(mst_dests[i]->rules, mst_dests[i]->rules_n, id);
	return found;
}

/* The next setting of the job that overrides the rule; *i counts on. */
static const struct mst_setting *next_of(const struct mst_job *job,
					 const char *rule, size_t *i)
{
	const struct mst_connection *ends[] = {&job->source_end,
					       &job->dest_end};

	for (;;) {
		size_t at = (*i)++, end = 0;
		const struct mst_setting *s;

		while (end < MST_LEN(ends) && at >= ends[end]->settings_n)
			at -= ends[end++]->settings_n;
		if (end == MST_LEN(ends))
			return NULL;
		s = &ends[end]->settings[at];
		if (strcmp(s->opt->rule, rule) == 0 &&
		    mst_setting_origin(s) != MST_ORIGIN_DEFAULT)
			return s;
	}
}

void mst_rule_settings_text(struct mst_buf *out, const struct mst_job *job,
			    const char *rule)
{
	const struct mst_setting *s;
	size_t i = 0;

	while ((s = next_of(job, rule, &i))) {
		(void)mst_buf_addf(out, ", %s ", s->opt->key);
		mst_in_force_text(out, s, job->env);
	}
}

void mst_rule_settings_json(struct mst_jout *j, const struct mst_job *job,
			    const char *rule)
{
	const struct mst_setting *s;
	size_t i = 0;

	while ((s = next_of(job, rule, &i))) {
		mst_jout_obj(j);
		mst_jout_kstr(j, "key", s->opt->key);
		mst_jout_key(j, "value");
		mst_conf_value_json(j, s->opt,
				    s->override ? s->stored : s->own);
		mst_jout_kstr(j, "from",
			      mst_origin_name(mst_setting_origin(s), job->env));
		mst_jout_end_obj(j);
	}
}

/* ---- differences --------------------------------------------------------- */

static void put_side(struct mst_buf *out, const struct mst_override *o)
{
	mst_conf_value_text(out, o ? o->value : NULL);
	if (o && !o->override)
		(void)mst_buf_adds(out, " (kept, not in force)");
}

void mst_overrides_text(struct mst_buf *out,
			const struct mst_override_change *c, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		(void)mst_buf_addf(out, "  %-32s ", c[i].key);
		put_side(out, c[i].before);
		(void)mst_buf_adds(out, " -> ");
		put_side(out, c[i].after);
		(void)mst_buf_addc(out, '\n');
	}
}

static void side_json(struct mst_jout *j, const struct mst_opt *opt,
		      const struct mst_override *o)
{
	if (!o) {
		mst_jout_null(j);
		return;
	}
	mst_jout_obj(j);
	mst_jout_key(j, "value");
	mst_conf_value_json(j, opt, o->value);
	mst_jout_kbool(j, "override", o->override);
	mst_jout_end_obj(j);
}

void mst_overrides_json(struct mst_jout *j, const struct mst_opt *opts,
			const struct mst_override_change *c, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct mst_opt *opt =
		    opts ? mst_opt_find(opts, c[i].key) : NULL;

		mst_jout_obj(j);
		mst_jout_kstr(j, "key", c[i].key);
		mst_jout_key(j, "before");
		side_json(j, opt, c[i].before);
		mst_jout_key(j, "after");
		side_json(j, opt, c[i].after);
		mst_jout_end_obj(j);
	}
}
