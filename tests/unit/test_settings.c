/* SPDX-License-Identifier: Apache-2.0
 *
 * Settings: what is refused and how, the value in force and where it comes
 * from, differences, and the way back to YAML.
 */
#include "tests/lib/t.h"

#include <stdlib.h>

#include "conf/settings.h"

struct sample {
	double min_cvss, share;
	const char *tenant, *prefix;
	bool enrich;
	int mode;
	int64_t days;
	struct mst_opt_list os;
};

#define AT(f) offsetof(struct sample, f)

static const struct mst_opt opts[] = {
    {"tenant_id", MST_OPT_TEXT, AT(tenant)},
    {"min_cvss", MST_OPT_DECIMAL, AT(min_cvss), "0", NULL, 0, 10,
     .rule = "t.cvss"},
    {"share", MST_OPT_PERCENT, AT(share), .rule = "t.share"},
    {"prefix", MST_OPT_TEXT, AT(prefix), .rule = "t.prefix"},
    {"enrich", MST_OPT_BOOL, AT(enrich), "true", .rule = "t.enrich"},
    {"status.mode", MST_OPT_CHOICE, AT(mode), NULL, "health|onboarding",
     .rule = "t.status"},
    {"status.days", MST_OPT_DURATION, AT(days), .rule = "t.status"},
    {"os", MST_OPT_LIST, AT(os), "windows|linux", "windows|linux|macos",
     .rule = "t.os"},
    {NULL},
};

static struct mst_arena arena;
static struct mst_conf conf;
static struct mst_err err = MST_ERR_INIT;

static int set_up(void **state)
{
	mst_arena_init(&arena, 1u << 20);
	return 0;
}

static int tear_down(void **state)
{
	mst_arena_fini(&arena);
	return 0;
}

/* The items of the document, in arena. */
static const struct mst_conf_item *items(const char *yaml)
{
	struct mst_conf_item *list;
	size_t n;

	t_ok(mst_conf_read_in(mst_slice_str(yaml), "m.yaml", &arena, &list, &n,
			      &err),
	     &err);
	return list;
}

#define TEST_OF "settings:\n- connection: defender\n  environment: test\n"

/* ---- reading ------------------------------------------------------------- */

static void test_read(void **state)
{
	const struct mst_conf_item *s =
	    items(TEST_OF "  min_cvss: {override: true, value: 7}\n"
			  "  lookup:\n"
			  "    sites: [\"A=B\"]\n"
			  "- connection: defender\n"
			  "  environment: PROD\n");

	assert_string_equal(s->kind, MST_SETTINGS);
	assert_string_equal(s->name, "defender/test");
	assert_string_equal(s->type, "");
	assert_int_equal(s->line, 2);
	assert_int_equal(s->values_n, 3);
	assert_string_equal(s->values[0].key, "min_cvss.override");
	assert_string_equal(s->values[2].key, "lookup.sites");
	assert_string_equal(s[1].name, "defender/prod");
	assert_int_equal(s[1].values_n, 0);
	assert_string_equal(mst_conf_section(MST_SETTINGS), "settings");
	assert_string_equal(mst_conf_section("job"), "jobs");
	assert_null(mst_conf_section("jobs"));
}

static void test_read_wrong(void **state)
{
	static const struct {
		const char *yaml, *want;
	} rows[] = {
	    {"settings: x\n", "m.yaml:1:11: \"settings\" must be a list: \"- "
			      "connection: …\""},
	    {"settings:\n- a\n", "m.yaml:2:3: a settings entry must be a "
				 "mapping that begins with \"- connection: …"},
	    {"settings:\n- environment: test\n",
	     "m.yaml:2:3: a settings entry needs a \"connection\""},
	    {"settings:\n- connection: a\n",
	     "m.yaml:2:3: a settings entry needs a \"environment\""},
	    {"settings:\n- connection: a/b\n  environment: test\n",
	     "m.yaml:2:15: \"connection\" must be 1 to 64"},
	    {"settings:\n- connection: a\n  environment: dev\n",
	     "m.yaml:3:16: \"environment\" must be test or prod"},
	    {TEST_OF "- connection: Defender\n  environment: test\n",
	     "m.yaml:4:15: the settings entry \"Defender/test\" is given "
	     "twice; first in line 2"},
	    {"setings:\n", "did you mean \"settings\""},
	};

	for (size_t i = 0; i < MST_LEN(rows); i++)
		t_failed(mst_conf_read(mst_slice_str(rows[i].yaml), "m.yaml",
				       &conf, &err),
			 &err, MST_E_INVALID, rows[i].want);
}

/* ---- checking ------------------------------------------------------------ */

static void test_check(void **state)
{
	static const struct {
		const char *lines, *want; /* NULL: it is right */
	} rows[] = {
	    {"", NULL},
	    {"  min_cvss: {override: true, value: 7}\n", NULL},
	    {"  min_cvss: {value: 0, override: NO}\n", NULL},
	    {"  status.mode: {override: true, value: Onboarding}\n", NULL},
	    {"  status: {mode: {override: on, value: health}}\n", NULL},
	    {"  os: {override: true, value: [macos]}\n", NULL},
	    {"  os: {override: true, value: []}\n", NULL},
	    {"  mappings: {devices.u_x: {value: a, strange: b}}\n", NULL},
	    {"  lookup: {a: [b], c: d}\n", NULL},
	    {"  min_cvs: {override: true, value: 7}\n",
	     "m.yaml:4:13: unknown setting \"min_cvs\" of \"defender\"; did "
	     "you mean \"min_cvss\"?"},
	    {"  zebra: {override: true, value: 7}\n",
	     "there are: min_cvss, share, prefix"},
	    {"  zebra: 7\n", "m.yaml:4:3: unknown setting \"zebra\""},
	    {"  mapings: {a: b}\n",
	     "unknown setting \"mapings.a\" of \"defender\""},
	    {"  mappings: x\n", "m.yaml:4:3: \"mappings\" must be a mapping"},
	    {"  tenant_id: {override: true, value: x}\n",
	     "m.yaml:4:15: \"tenant_id\" is an option of the connection, not "
	     "a setting"},
	    {"  tenant_id: x\n", "not a setting: it is the same in TEST and "
				 "PROD and belongs to the connection "
				 "\"defender\""},
	    {"  min_cvss: 7\n", "m.yaml:4:3: \"min_cvss\" needs \"override\" "
				"and \"value\" below it"},
	    {"  min_cvss: {value: 7}\n",
	     "m.yaml:4:14: the setting \"min_cvss\" does not say "
	     "\"override\""},
	    {"  min_cvss: {override: true}\n",
	     "m.yaml:4:14: the setting \"min_cvss\" has no \"value\""},
	    {"  min_cvss: {override: true, valeu: 7}\n",
	     "the setting \"min_cvss\" has no \"value\""},
	    {"  min_cvss: {override: true, value: 7, x: 1}\n",
	     "m.yaml:4:40: unknown key \"x\" of the setting \"min_cvss\""},
	    {"  min_cvss: {override: maybe, value: 7}\n",
	     "m.yaml:4:24: \"override\" must be true or false, not \"maybe\""},
	    {"  min_cvss: {override: false, value: 11}\n",
	     "m.yaml:4:38: \"min_cvss\" must be from 0 to 10"},
	    {"  min_cvss: {override: true, value: high}\n",
	     "\"min_cvss\" must be a number, not \"high\""},
	    {"  min_cvss: {override: true, value: [1]}\n",
	     "\"min_cvss\" must be one value, not a list"},
	    {"  os: {override: true, value: [macos, windos]}\n",
	     "did you mean \"windows\"?"},
	};

	for (size_t i = 0; i < MST_LEN(rows); i++) {
		char *yaml = mst_asprintf("%s%s", TEST_OF, rows[i].lines);
		int ret = mst_settings_check(items(yaml), opts, &arena, &err);

		if (rows[i].want)
			t_failed(ret, &err, MST_E_INVALID, rows[i].want);
		else
			t_ok(ret, &err);
		free(yaml);
	}
}

/* ---- in force ------------------------------------------------------------ */

static const char *const world =
    "connections:\n"
    "- name: defender\n"
    "  type: endpoint\n"
    "  tenant_id: t\n"
    "  min_cvss: 4\n"
    "  prefix: own\n" TEST_OF "  min_cvss: {override: true, value: 7}\n"
    "  prefix: {override: false, value: kept}\n"
    "  status.days: {override: true, value: 30d}\n"
    "  os: {override: true, value: [macos]}\n"
    "  mappings.devices.name.drop: true\n";

static void test_merge(void **state)
{
	const struct mst_conf_item *w = items(world);
	struct mst_conf_item merged = mst_settings_merge(w, w + 1, &arena);
	struct sample s;

	t_ok(mst_settings_check(w + 1, opts, &arena, &err), &err);
	t_ok(mst_conf_apply(&merged, opts, &s, &arena, &err), &err);
	assert_true(s.min_cvss == 7);
	assert_string_equal(s.prefix, "own");
	assert_string_equal(s.tenant, "t");
	assert_true(s.days == 30 * 86400000ll);
	assert_int_equal(s.os.n, 1);
	assert_string_equal(s.os.v[0], "macos");
	assert_true(s.enrich);
	merged = mst_settings_merge(w, NULL, &arena);
	t_ok(mst_conf_apply(&merged, opts, &s, &arena, &err), &err);
	assert_true(s.min_cvss == 4);
	assert_int_equal(s.os.n, 2);
}

static void is_setting(const struct mst_setting *s, const char *key,
		       enum mst_origin origin, const char *value)
{
	const struct mst_conf_value *v = mst_setting_value(s, &arena);

	assert_string_equal(s->opt->key, key);
	assert_int_equal(mst_setting_origin(s), origin);
	if (!value) {
		assert_null(v);
		return;
	}
	assert_int_equal(v->is_list, s->opt->type == MST_OPT_LIST);
	assert_string_equal(v->texts[0], value);
}

static void test_list(void **state)
{
	const struct mst_conf_item *w = items(world);
	struct mst_setting *s;

	assert_int_equal(mst_settings_list(w, w + 1, opts, &arena, &s), 7);
	is_setting(&s[0], "min_cvss", MST_ORIGIN_ENV, "7");
	is_setting(&s[1], "share", MST_ORIGIN_DEFAULT, "0%");
	is_setting(&s[2], "prefix", MST_ORIGIN_CONNECTION, "own");
	assert_string_equal(s[2].stored->texts[0], "kept");
	assert_false(s[2].override);
	is_setting(&s[3], "enrich", MST_ORIGIN_DEFAULT, "true");
	is_setting(&s[4], "status.mode", MST_ORIGIN_DEFAULT, "health");
	is_setting(&s[5], "status.days", MST_ORIGIN_ENV, "30d");
	is_setting(&s[6], "os", MST_ORIGIN_ENV, "macos");
	assert_int_equal(mst_settings_list(NULL, NULL, opts, &arena, &s), 7);
	is_setting(&s[2], "prefix", MST_ORIGIN_DEFAULT, NULL);
	is_setting(&s[5], "status.days", MST_ORIGIN_DEFAULT, "0s");
	is_setting(&s[6], "os", MST_ORIGIN_DEFAULT, "windows");
	assert_string_equal(mst_setting_value(&s[6], &arena)->texts[1],
			    "linux");
}

/* ---- differences --------------------------------------------------------- */

static void test_diff(void **state)
{
	const struct mst_conf_item *s =
	    items(TEST_OF "  min_cvss: {override: true, value: 7}\n"
			  "  prefix: {override: true, value: a}\n"
			  "  os: {override: true, value: [macos, linux]}\n"
			  "  share: {override: true, value: 5%}\n"
			  "  lookup.sites: [A=B]\n"
			  "- connection: defender\n"
			  "  environment: prod\n"
			  "  os: {value: [macos, linux], override: yes}\n"
			  "  prefix: {override: false, value: a}\n"
			  "  min_cvss: {override: true, value: 8}\n"
			  "  enrich: {override: true, value: no}\n"
			  "  mappings.devices.name.drop: true\n");
	struct mst_override_change *c;

	assert_int_equal(mst_overrides_diff(s, s, &arena, &c), 0);
	assert_int_equal(mst_overrides_diff(NULL, NULL, &arena, &c), 0);
	assert_int_equal(mst_overrides_diff(NULL, s, &arena, &c), 5);
	assert_null(c[0].before);
	assert_int_equal(mst_overrides_diff(s, s + 1, &arena, &c), 6);
	assert_string_equal(c[0].key, "min_cvss");
	assert_string_equal(c[0].before->value->texts[0], "7");
	assert_string_equal(c[0].after->value->texts[0], "8");
	assert_string_equal(c[1].key, "prefix");
	assert_true(c[1].before->override);
	assert_false(c[1].after->override);
	assert_string_equal(c[2].key, "share");
	assert_null(c[2].after);
	assert_string_equal(c[3].key, "lookup.sites");
	assert_true(c[3].before->custom);
	assert_string_equal(c[4].key, "enrich");
	assert_null(c[4].before);
	assert_string_equal(c[5].key, "mappings.devices.name.drop");
}

/* ---- changing ------------------------------------------------------------ */

static void is_yaml(const struct mst_conf_item *item, const char *want)
{
	struct mst_buf b = MST_BUF_INIT(4096);

	assert_true(mst_conf_write(item, &b));
	t_is(mst_buf_slice(&b), want);
	mst_buf_fini(&b);
}

static void test_put_and_drop(void **state)
{
	static const char *const seven[] = {"7"}, *const eight[] = {"8"};
	static const char *const words[] = {"macos", "linux"};
	const struct mst_conf_value v7 = {.texts = seven, .texts_n = 1};
	const struct mst_conf_value v8 = {.texts = eight, .texts_n = 1};
	const struct mst_conf_value vw = {
	    .texts = words, .texts_n = 2, .is_list = true};
	struct mst_conf_item s;

	s = mst_settings_put(NULL, "defender/prod", "min_cvss", &v7, true,
			     &arena);
	s = mst_settings_put(&s, s.name, "status.days", &v8, false, &arena);
	s = mst_settings_put(&s, s.name, "min_cvss", &v8, true, &arena);
	s = mst_settings_put(&s, s.name, "os", &vw, true, &arena);
	s = mst_settings_put(&s, s.name, "mappings.devices.value.drop", &v7,
			     true, &arena);
	t_ok(mst_settings_check(&s, opts, &arena, &err), &err);
	is_yaml(&s, "  - connection: defender\n"
		    "    environment: prod\n"
		    "    min_cvss:\n"
		    "      override: true\n"
		    "      value: 8\n"
		    "    status:\n"
		    "      days:\n"
		    "        override: false\n"
		    "        value: 8\n"
		    "    os:\n"
		    "      override: true\n"
		    "      value:\n"
		    "        - macos\n"
		    "        - linux\n"
		    "    mappings:\n"
		    "      devices:\n"
		    "        value:\n"
		    "          drop: 7\n");
	s = mst_settings_drop(&s, s.name, "status", &arena);
	assert_int_equal(s.values_n, 7);
	s = mst_settings_drop(&s, s.name, "status.days", &arena);
	s = mst_settings_drop(&s, s.name, "mappings.devices.value", &arena);
	s = mst_settings_drop(&s, s.name, "os", &arena);
	is_yaml(&s, "  - connection: defender\n"
		    "    environment: prod\n"
		    "    min_cvss:\n"
		    "      override: true\n"
		    "      value: 8\n");
	/* a value that no file holds: without a place */
	s = mst_settings_put(&s, s.name, "share", &v8, true, &arena);
	t_failed(mst_settings_check(&s, opts, &arena, &err), &err,
		 MST_E_INVALID, "\"share\" must be from 0% to 100%");
	assert_int_equal(err.msg[0], '"');
}

/* Keys that are also what the entry is named by. */
static void test_odd_keys(void **state)
{
	const struct mst_conf_item *s =
	    items(TEST_OF "  connection.value: 1\n"
			  "  environment.override: 2\n"
			  "  name: {value: 3}\n");

	assert_int_equal(s->values_n, 3);
	is_yaml(s, "  - connection: defender\n"
		   "    environment: test\n"
		   "    connection.value: 1\n"
		   "    environment.override: 2\n"
		   "    name:\n"
		   "      value: 3\n");
}

static void test_env(void **state)
{
	enum mst_env env = MST_ENV_PROD;

	assert_true(mst_env_parse("test", &env));
	assert_int_equal(env, MST_ENV_TEST);
	assert_true(mst_env_parse("PROD", &env));
	assert_int_equal(env, MST_ENV_PROD);
	assert_false(mst_env_parse("production", &env));
	assert_string_equal(mst_env_name(MST_ENV_PROD), "prod");
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_read),	  T(test_read_wrong), T(test_check),
	    T(test_merge),	  T(test_list),	      T(test_diff),
	    T(test_put_and_drop), T(test_odd_keys),   T(test_env),
	};

	return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
