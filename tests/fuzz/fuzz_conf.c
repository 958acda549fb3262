/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as a configuration: read or refused with a place; what was read
 * can be applied or is refused, and survives being written and read again.
 * Settings that pass their check never fail later.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "conf/settings.h"
#include "tests/fuzz/fuzz.h"

/* libfyaml 0.7.12 loses a buffer on some errors inside a long quoted key. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libfyaml";
}

struct sample {
	const char *text, *secret, *url;
	bool flag;
	int64_t count, wait;
	double score, share;
	uint64_t size;
	int mode;
	struct mst_opt_list sets;
};

#define AT(f) offsetof(struct sample, f)

static const struct mst_opt opts[] = {
    {"text", MST_OPT_TEXT, AT(text)},
    {"secret", MST_OPT_SECRET, AT(secret)},
    {"url", MST_OPT_URL, AT(url)},
    {"flag", MST_OPT_BOOL, AT(flag), "yes", .rule = "r.flag"},
    {"count", MST_OPT_INT, AT(count), "5", NULL, 1, 800, .rule = "r.count"},
    {"score", MST_OPT_DECIMAL, AT(score)},
    {"guard.share", MST_OPT_PERCENT, AT(share), "20%", .rule = "r.share"},
    {"guard.wait", MST_OPT_DURATION, AT(wait), "30s"},
    {"size", MST_OPT_SIZE, AT(size), "16MiB"},
    {"mode", MST_OPT_CHOICE, AT(mode), "files", "auto|files|json"},
    {"sets", MST_OPT_LIST, AT(sets), "a|b", "a|b|c", .rule = "r.sets"},
    {NULL},
};

static void within(const struct sample *s)
{
	assert(s->count >= 1 && s->count <= 800);
	assert(s->share >= 0 && s->share <= 1);
}

static void apply(const struct mst_conf_item *item)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_arena arena;
	struct sample s;
	int ret;

	mst_arena_init(&arena, 64u << 20);
	ret = mst_conf_apply(item, opts, &s, &arena, &err);
	assert(ret == 0 || (ret == -MST_E_INVALID && err.msg[0]));
	if (ret == 0)
		within(&s);
	mst_arena_fini(&arena);
}

/* Settings that are right can be laid over a connection, always. */
static void settings(const struct mst_conf_item *item)
{
	static const struct mst_conf_item connection = {.kind = "connection",
							.name = "c"};
	struct mst_override_change *changes;
	struct mst_err err = MST_ERR_INIT;
	struct mst_conf_item merged;
	struct mst_setting *list;
	struct mst_arena arena;
	struct sample s;
	int ret;

	mst_arena_init(&arena, 64u << 20);
	ret = mst_settings_check(item, opts, &arena, &err);
	assert(ret == 0 || (ret == -MST_E_INVALID && err.msg[0]));
	if (ret == 0) {
		merged = mst_settings_merge(&connection, item, &arena);
		assert(mst_conf_apply(&merged, opts, &s, &arena, &err) == 0);
		within(&s);
	}
	assert(mst_settings_list(NULL, item, opts, &arena, &list) == 4);
	assert(mst_overrides_diff(item, item, &arena, &changes) == 0);
	mst_arena_fini(&arena);
}

_Noreturn static void fail(const char *why, const char *text)
{
	(void)fprintf(stderr, "%s\n%s\n", why, text);
	abort();
}

static void same(const struct mst_conf_item *a, const struct mst_conf_item *b)
{
	assert(strcmp(a->name, b->name) == 0 && strcmp(a->type, b->type) == 0);
	assert(a->values_n == b->values_n);
	for (size_t i = 0; i < a->values_n; i++) {
		const struct mst_conf_value *x = &a->values[i];
		const struct mst_conf_value *y = &b->values[i];

		assert(strcmp(x->key, y->key) == 0);
		assert(x->is_list == y->is_list && x->texts_n == y->texts_n);
		for (size_t k = 0; k < x->texts_n; k++)
			assert(strcmp(x->texts[k], y->texts[k]) == 0);
	}
}

static void round_trip(const struct mst_conf_item *item)
{
	struct mst_buf b = MST_BUF_INIT(64u << 20);
	struct mst_err err = MST_ERR_INIT;
	struct mst_conf back;

	(void)mst_buf_addf(&b, "%s:\n", mst_conf_section(item->kind));
	if (!mst_conf_write(item, &b))
		fail("cannot be written", item->name);
	/* escapes may make it larger than a file may be */
	if (b.n <= (4u << 20)) {
		if (mst_conf_read(mst_buf_slice(&b), "back", &back, &err) < 0)
			fail(err.msg, b.p);
		assert(back.items_n == 1);
		same(item, &back.items[0]);
		mst_conf_fini(&back);
	}
	mst_buf_fini(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_conf conf;
	int ret = mst_conf_read(mst_slice((const char *)data, size), "f", &conf,
				&err);

	if (ret < 0) {
		assert(ret == -MST_E_INVALID);
		assert(strncmp(err.msg, "f:", 2) == 0);
		return 0;
	}
	for (size_t i = 0; i < conf.items_n; i++) {
		if (mst_is_settings(&conf.items[i]))
			settings(&conf.items[i]);
		else
			apply(&conf.items[i]);
		round_trip(&conf.items[i]);
	}
	mst_conf_fini(&conf);
	return 0;
}
