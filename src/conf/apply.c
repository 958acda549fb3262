/* SPDX-License-Identifier: Apache-2.0
 *
 * Option tables: the texts of an item to the members of a struct, with types,
 * defaults and ranges.
 */
#include <math.h>
#include <stdio.h>

#include "base/limits.h"
#include "base/num.h"
#include "base/secret.h"
#include "conf/conf_private.h"
#include "conf/url.h"

struct target {
	const struct mst_conf_item *item;
	const struct mst_conf_value *value; /* NULL: the default */
	const struct mst_opt *opt;
	void *field;
	struct mst_arena *arena;
	struct mst_err *err;
};

/* Puts the place and the option in front of what is wrong. */
static int wrong(const struct target *t, const char *why)
{
	if (!t->value)
		return mst_err_set(t->err, MST_E_INTERNAL,
				   "the default of the option \"%s\" %s",
				   t->opt->key, why);
	return mst_conf_fail(t->err, t->item->file, t->value->line,
			     t->value->column, "\"%s\" %s", t->opt->key, why);
}

static int not_a(const struct target *t, const char *text, const char *what)
{
	char shown[80], why[256];

	(void)snprintf(why, sizeof(why), "must be %s, not \"%s\"", what,
		       mst_conf_show(text, shown));
	return wrong(t, why);
}

/* ---- types ------------------------------------------------------------- */

static int check_range(const struct target *t, double v)
{
	char least[32], most[32], why[160];

	if ((t->opt->min == 0 && t->opt->max == 0) ||
	    (v >= t->opt->min && v <= t->opt->max))
		return 0;
	mst_num_text(t->opt->min, least);
	mst_num_text(t->opt->max, most);
	(void)snprintf(why, sizeof(why), "must be from %s to %s%s", least, most,
		       t->opt->type == MST_OPT_DURATION ? " ms"
		       : t->opt->type == MST_OPT_SIZE	? " bytes"
							: "");
	return wrong(t, why);
}

bool mst_conf_bool(const char *text, bool *v_r)
{
	static const struct {
		const char *word;
		bool v;
	} words[] = {{"true", true},   {"yes", true}, {"on", true},
		     {"false", false}, {"no", false}, {"off", false}};

	for (size_t i = 0; i < MST_LEN(words); i++) {
		if (mst_slice_iis(mst_slice_str(text), words[i].word)) {
			*v_r = words[i].v;
			return true;
		}
	}
	return false;
}

static int set_bool(const struct target *t, const char *text)
{
	if (!mst_conf_bool(text, t->field))
		return not_a(t, text, "true or false");
	return 0;
}

static int set_int(const struct target *t, const char *text)
{
	int64_t v;
	int ret;

	if (!mst_num_i64(mst_slice_str(text), &v))
		return not_a(t, text, "a whole number");
	ret = check_range(t, (double)v);
	if (ret == 0)
		*(int64_t *)t->field = v;
	return ret;
}

static int set_decimal(const struct target *t, const char *text)
{
	double v;
	int ret;

	if (!mst_num_dbl(mst_slice_str(text), &v))
		return not_a(t, text, "a number");
	ret = check_range(t, v);
	if (ret == 0)
		*(double *)t->field = v;
	return ret;
}

static int set_percent(const struct target *t, const char *text)
{
	struct mst_slice s = mst_slice_str(text);
	bool sign = s.n > 0 && s.p[s.n - 1] == '%';
	double v;

	if (sign)
		s = mst_slice_trim(mst_slice(s.p, s.n - 1));
	if (!mst_num_dbl(s, &v))
		return not_a(t, text, "a share like 30% or 0.3");
	if (sign)
		v /= 100;
	if (!(v >= 0 && v <= 1))
		return not_a(t, text, "from 0% to 100%, or from 0 to 1");
	*(double *)t->field = v;
	return 0;
}

static int set_duration(const struct target *t, const char *text)
{
	int64_t v;
	int ret;

	if (!mst_num_duration_ms(mst_slice_str(text), &v))
		return not_a(t, text, "a time like 30s, 5m, 2h, 1d or 250ms");
	ret = check_range(t, (double)v);
	if (ret == 0)
		*(int64_t *)t->field = v;
	return ret;
}

static int set_size(const struct target *t, const char *text)
{
	uint64_t v;
	int ret;

	if (!mst_num_size(mst_slice_str(text), &v))
		return not_a(t, text, "a size like 4096, 16KiB or 2GiB");
	ret = check_range(t, (double)v);
	if (ret == 0)
		*(uint64_t *)t->field = v;
	return ret;
}

static int set_url(const struct target *t, const char *text)
{
	struct mst_slice clean;
	const char *why = mst_url_check(mst_slice_str(text), &clean);

	if (why)
		return wrong(t, why);
	*(const char **)t->field = mst_arena_dup(t->arena, clean).p;
	return 0;
}

static int set_secret(const struct target *t, const char *text)
{
	if (!mst_secret_ref_ok(text))
		return wrong(t, "must be a reference: " MST_SECRET_FORMS
				"; a plain secret is not accepted here");
	*(const char **)t->field = mst_arena_strdup(t->arena, text);
	return 0;
}

static int set_text(const struct target *t, const char *text)
{
	if ((t->opt->flags & MST_OPT_REQUIRED) && !*text)
		return wrong(t, "must not be empty");
	*(const char **)t->field = mst_arena_strdup(t->arena, text);
	return 0;
}

/* ---- words from a list ------------------------------------------------- */

#define WORDS_MAX 64

/* Splits "a|b|c"; NULL-terminated, in the arena. */
static const char *const *split(struct mst_arena *arena, const char *text,
				size_t *n_r)
{
	char *p = mst_arena_strdup(arena, text);
	const char **words =
	    mst_arena_alloc(arena, (WORDS_MAX + 1) * sizeof(*words));
	size_t n = 0;

	while (p && *p && n < WORDS_MAX) {
		char *bar = strchr(p, '|');

		words[n++] = p;
		if (bar)
			*bar++ = 0;
		p = bar;
	}
	*n_r = n;
	return words;
}

static int no_such_word(const struct target *t, const char *text,
			const char *const *words)
{
	const char *near = mst_nearest(text, words);
	char shown[80], why[600];
	size_t n;

	n = (size_t)snprintf(why, sizeof(why), "cannot be \"%s\"; ",
			     mst_conf_show(text, shown));
	if (near)
		n += (size_t)snprintf(why + n, sizeof(why) - n,
				      "did you mean \"%s\"? ", near);
	n += (size_t)snprintf(why + n, sizeof(why) - n, "it is one of");
	for (; *words && n < sizeof(why); words++)
		n += (size_t)snprintf(why + n, sizeof(why) - n, " %s%s", *words,
				      words[1] ? "," : "");
	return wrong(t, why);
}

static int find_word(const struct target *t, const char *text,
		     const char *const *words, size_t *i_r)
{
	for (size_t i = 0; words[i]; i++) {
		if (mst_slice_iis(mst_slice_str(text), words[i])) {
			*i_r = i;
			return 0;
		}
	}
	return no_such_word(t, text, words);
}

static int set_choice(const struct target *t, const char *text)
{
	size_t n, i = 0;
	const char *const *words = split(t->arena, t->opt->choices, &n);
	int ret = find_word(t, text, words, &i);

	if (ret == 0)
		*(int *)t->field = (int)i;
	return ret;
}

static int set_list(const struct target *t, const char *const *texts, size_t n)
{
	const char *const *words = NULL;
	struct mst_opt_list list;
	size_t words_n = 0, w = 0;

	if (t->opt->choices)
		words = split(t->arena, t->opt->choices, &words_n);
	list.v = mst_arena_alloc(t->arena, n * sizeof(*list.v));
	list.n = n;
	for (size_t i = 0; i < n; i++) {
		if (!words) {
			list.v[i] = mst_arena_strdup(t->arena, texts[i]);
			continue;
		}
		if (find_word(t, texts[i], words, &w) < 0)
			return -t->err->code;
		list.v[i] = words[w];
		for (size_t k = 0; k < i; k++) {
			if (list.v[k] == list.v[i])
				return not_a(t, texts[i],
					     "a list of different words");
		}
	}
	if (n == 0 && (t->opt->flags & MST_OPT_REQUIRED))
		return wrong(t, "must not be empty");
	*(struct mst_opt_list *)t->field = list;
	return 0;
}

/* ---- an option --------------------------------------------------------- */

static int set_one(const struct target *t, const char *text)
{
	switch (t->opt->type) {
	case MST_OPT_TEXT:
		return set_text(t, text);
	case MST_OPT_SECRET:
		return set_secret(t, text);
	case MST_OPT_BOOL:
		return set_bool(t, text);
	case MST_OPT_INT:
		return set_int(t, text);
	case MST_OPT_DECIMAL:
		return set_decimal(t, text);
	case MST_OPT_PERCENT:
		return set_percent(t, text);
	case MST_OPT_DURATION:
		return set_duration(t, text);
	case MST_OPT_SIZE:
		return set_size(t, text);
	case MST_OPT_CHOICE:
		return set_choice(t, text);
	case MST_OPT_URL:
		return set_url(t, text);
	case MST_OPT_LIST:
		break;
	}
	return wrong(t, "has no known type");
}

static void clear(const struct mst_opt *o, void *field)
{
	switch (o->type) {
	case MST_OPT_TEXT:
	case MST_OPT_SECRET:
	case MST_OPT_URL:
		*(const char **)field = NULL;
		break;
	case MST_OPT_BOOL:
		*(bool *)field = false;
		break;
	case MST_OPT_INT:
	case MST_OPT_DURATION:
		*(int64_t *)field = 0;
		break;
	case MST_OPT_SIZE:
		*(uint64_t *)field = 0;
		break;
	case MST_OPT_DECIMAL:
	case MST_OPT_PERCENT:
		*(double *)field = 0;
		break;
	case MST_OPT_CHOICE:
		*(int *)field = 0;
		break;
	case MST_OPT_LIST:
		*(struct mst_opt_list *)field = (struct mst_opt_list){NULL, 0};
		break;
	}
}

static int set_default(const struct target *t)
{
	const char *const *words;
	size_t n;

	clear(t->opt, t->field);
	if (!t->opt->def)
		return 0;
	if (t->opt->type != MST_OPT_LIST)
		return set_one(t, t->opt->def);
	words = split(t->arena, t->opt->def, &n);
	return set_list(t, words, n);
}

static int set_value(const struct target *t)
{
	const struct mst_conf_value *v = t->value;

	if (t->opt->type == MST_OPT_LIST)
		return set_list(t, v->texts, v->texts_n);
	if (v->is_list || v->texts_n != 1)
		return wrong(t, "must be one value, not a list");
	return set_one(t, v->texts[0]);
}

/* ---- an item ----------------------------------------------------------- */

const struct mst_opt *mst_opt_find(const struct mst_opt *opts, const char *key)
{
	for (; opts->key; opts++) {
		if (strcmp(opts->key, key) == 0)
			return opts;
	}
	return NULL;
}

static const struct mst_conf_value *find_value(const struct mst_conf_item *item,
					       const char *key)
{
	for (size_t i = 0; i < item->values_n; i++) {
		if (strcmp(item->values[i].key, key) == 0)
			return &item->values[i];
	}
	return NULL;
}

int mst_conf_unknown(const struct mst_conf_item *item,
		     const struct mst_conf_value *v, const struct mst_opt *opts,
		     struct mst_arena *arena, struct mst_err *err)
{
	char shown[80], known[500];
	const char **keys, *near;
	size_t n = 0, at = 0;

	while (opts[n].key)
		n++;
	keys = mst_arena_alloc(arena, (n + 1) * sizeof(*keys));
	known[0] = 0;
	for (size_t i = 0; i < n; i++) {
		keys[i] = opts[i].key;
		if (at < sizeof(known))
			at += (size_t)snprintf(known + at, sizeof(known) - at,
					       "%s%s", i ? ", " : "", keys[i]);
	}
	near = mst_nearest(v->key, keys);
	return mst_conf_fail(
	    err, item->file, v->key_line ? v->key_line : v->line,
	    v->key_line ? v->key_column : v->column,
	    "unknown key \"%s\" in %s \"%s\"; %s%s%s",
	    mst_conf_show(v->key, shown), item->kind, item->name,
	    near ? "did you mean \"" : "there are ", near ? near : known,
	    near ? "\"?" : "");
}

int mst_conf_missing(const struct mst_conf_item *item, const struct mst_opt *o,
		     struct mst_err *err)
{
	return mst_conf_fail(
	    err, item->file, item->line, MST_MAX(item->column, 1),
	    "the %s \"%s\" lacks \"%s\"%s%s%s", item->kind, item->name, o->key,
	    o->help ? " (" : "", o->help ? o->help : "", o->help ? ")" : "");
}

int mst_conf_check_value(const struct mst_conf_item *item,
			 const struct mst_conf_value *value,
			 const struct mst_opt *opt, struct mst_arena *arena,
			 struct mst_err *err)
{
	union { /* of every type that a field has */
		const char *text;
		bool flag;
		int64_t number;
		uint64_t size;
		double decimal;
		int choice;
		struct mst_opt_list list;
	} scratch;
	const struct target t = {
	    .item = item,
	    .value = value,
	    .opt = opt,
	    .field = &scratch,
	    .arena = arena,
	    .err = err,
	};

	return set_value(&t);
}

int mst_conf_apply(const struct mst_conf_item *item, const struct mst_opt *opts,
		   void *out, struct mst_arena *arena, struct mst_err *err)
{
	/* what is there but unknown comes before what is missing: a key with
	 * a slip is both */
	for (size_t i = 0; i < item->values_n; i++) {
		if (!mst_opt_find(opts, item->values[i].key))
			return mst_conf_unknown(item, &item->values[i], opts,
						arena, err);
	}
	for (const struct mst_opt *o = opts; o->key; o++) {
		struct target t = {
		    .item = item,
		    .opt = o,
		    .field = (char *)out + o->offset,
		    .arena = arena,
		    .err = err,
		};
		int ret = set_default(&t);

		t.value = find_value(item, o->key);
		if (ret == 0 && t.value)
			ret = set_value(&t);
		else if (ret == 0 && (o->flags & MST_OPT_REQUIRED) && !o->def)
			ret = mst_conf_missing(item, o, err);
		if (ret < 0)
			return ret;
	}
	return 0;
}
