/* SPDX-License-Identifier: Apache-2.0
 *
 * Everything that is wrong with an item, for a form that shows it all at once.
 */
#include "base/limits.h"
#include "conf/conf_private.h"

struct wrongs {
	void (*fn)(void *ctx, const struct mst_conf_value *v, const char *key,
		   const char *text);
	void *ctx;
	size_t n;
};

static void tell(struct wrongs *w, const struct mst_conf_value *v,
		 const char *key, const struct mst_err *err)
{
	w->fn(w->ctx, v, key, err->msg);
	w->n++;
}

static bool has(const struct mst_conf_item *item, const char *key)
{
	for (size_t i = 0; i < item->values_n; i++) {
		if (strcmp(item->values[i].key, key) == 0)
			return true;
	}
	return false;
}

size_t mst_conf_wrong(const struct mst_conf_item *item,
		      const struct mst_opt *opts,
		      void (*fn)(void *ctx, const struct mst_conf_value *v,
				 const char *key, const char *text),
		      void *ctx)
{
	struct wrongs w = {.fn = fn, .ctx = ctx};
	struct mst_conf_item bare = *item;
	struct mst_arena arena;

	bare.line = 0; /* errors without a place */
	mst_arena_init(&arena, MST_MAX_ARENA);
	for (size_t i = 0; i < item->values_n; i++) {
		struct mst_conf_value v = item->values[i];
		const struct mst_opt *opt = mst_opt_find(opts, v.key);
		struct mst_err err = MST_ERR_INIT;

		v.line = v.key_line = 0;
		if (opt ? mst_conf_check_value(&bare, &v, opt, &arena, &err) < 0
			: mst_conf_unknown(&bare, &v, opts, &arena, &err) < 0)
			tell(&w, &item->values[i], v.key, &err);
	}
	for (const struct mst_opt *o = opts; o->key; o++) {
		struct mst_err err = MST_ERR_INIT;

		if (!(o->flags & MST_OPT_REQUIRED) || o->def ||
		    has(item, o->key))
			continue;
		(void)mst_conf_missing(&bare, o, &err);
		tell(&w, NULL, o->key, &err);
	}
	mst_arena_fini(&arena);
	return w.n;
}
