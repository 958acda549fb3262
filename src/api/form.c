/* SPDX-License-Identifier: Apache-2.0
 *
 * Option tables and the values of items as JSON: what a form shows.
 */
#include <string.h>

#include "api/item.h"
#include "conf/settings.h"

const char *mst_api_kind(const struct mst_opt *opt)
{
	static const char *const names[] = {
	    [MST_OPT_TEXT] = "text",	     [MST_OPT_SECRET] = "secret",
	    [MST_OPT_BOOL] = "bool",	     [MST_OPT_INT] = "int",
	    [MST_OPT_DECIMAL] = "decimal",   [MST_OPT_PERCENT] = "percent",
	    [MST_OPT_DURATION] = "duration", [MST_OPT_SIZE] = "size",
	    [MST_OPT_CHOICE] = "choice",     [MST_OPT_LIST] = "list",
	    [MST_OPT_URL] = "url",
	};

	return names[opt->type];
}

void mst_api_value_json(struct mst_jout *j, const struct mst_opt *opt,
			const struct mst_conf_value *v)
{
	bool list = v && (v->is_list || (opt && opt->type == MST_OPT_LIST));

	if (!v || (!list && !v->texts_n)) {
		mst_jout_null(j);
		return;
	}
	if (list)
		mst_jout_arr(j);
	for (size_t i = 0; i < v->texts_n; i++)
		mst_jout_str(j, v->texts[i]);
	if (list)
		mst_jout_end_arr(j);
}

static void secret_json(struct mst_jout *j, const struct mst_conf_value *v)
{
	mst_jout_obj(j);
	mst_jout_kbool(j, "set", true);
	mst_jout_kstr(j, "ref", v->texts_n ? v->texts[0] : "");
	mst_jout_end_obj(j);
}

void mst_api_values_json(struct mst_jout *j, const struct mst_conf_item *item,
			 const struct mst_opt *opts)
{
	mst_jout_obj(j);
	for (size_t i = 0; i < item->values_n; i++) {
		const struct mst_conf_value *v = &item->values[i];
		const struct mst_opt *opt =
		    opts ? mst_opt_find(opts, v->key) : NULL;

		mst_jout_key(j, v->key);
		if (opt && opt->type == MST_OPT_SECRET)
			secret_json(j, v);
		else
			mst_api_value_json(j, opt, v);
	}
	mst_jout_end_obj(j);
}

void mst_api_choices_json(struct mst_jout *j, const char *choices)
{
	mst_jout_arr(j);
	while (choices && *choices) {
		size_t n = strcspn(choices, "|");

		mst_jout_slice(j, mst_slice(choices, n));
		choices += n + (choices[n] == '|');
	}
	mst_jout_end_arr(j);
}

void mst_api_range_json(struct mst_jout *j, const struct mst_opt *opt)
{
	bool percent = opt->type == MST_OPT_PERCENT;

	mst_jout_key(j, "min");
	if (opt->min != 0 || opt->max != 0 || percent)
		mst_jout_dbl(j, opt->min);
	else
		mst_jout_null(j);
	mst_jout_key(j, "max");
	if (opt->min != 0 || opt->max != 0)
		mst_jout_dbl(j, opt->max);
	else if (percent)
		mst_jout_dbl(j, 1);
	else
		mst_jout_null(j);
}

static void option_json(struct mst_jout *j, const struct mst_opt *opt,
			struct mst_arena *arena)
{
	mst_jout_obj(j);
	mst_jout_kstr(j, "key", opt->key);
	mst_jout_kstr(j, "kind", mst_api_kind(opt));
	mst_jout_kbool(j, "required",
		       (opt->flags & MST_OPT_REQUIRED) && !opt->def);
	mst_jout_key(j, "default");
	mst_api_value_json(j, opt, mst_opt_default(opt, arena));
	mst_jout_key(j, "choices");
	mst_api_choices_json(j, opt->choices);
	mst_api_range_json(j, opt);
	mst_jout_kstr(j, "help", opt->help);
	mst_jout_kbool(j, "setting", opt->rule != NULL);
	mst_jout_kstr(j, "rule", opt->rule);
	mst_jout_end_obj(j);
}

void mst_api_form_json(struct mst_jout *j, const struct mst_opt *opts)
{
	struct mst_arena arena;

	mst_arena_init(&arena, 16u << 20);
	mst_jout_arr(j);
	for (; opts->key; opts++)
		option_json(j, opts, &arena);
	mst_jout_end_arr(j);
	mst_arena_fini(&arena);
}
