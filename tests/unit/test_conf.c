/* SPDX-License-Identifier: Apache-2.0
 *
 * Configuration: reading with places, applying option tables, writing back.
 */
#include "tests/lib/t.h"

#include <stdlib.h>

#include "base/limits.h"
#include "conf/conf.h"

struct sample {
	const char *text, *secret, *url;
	bool flag;
	int64_t count, wait;
	double score, share;
	uint64_t size;
	int mode;
	struct mst_opt_list sets, any;
};

#define AT(f) offsetof(struct sample, f)

static const struct mst_opt opts[] = {
    {"text", MST_OPT_TEXT, AT(text), "hello", NULL, 0, 0, 0, "a text"},
    {"secret", MST_OPT_SECRET, AT(secret), NULL, NULL, 0, 0, 0, "a secret"},
    {"url", MST_OPT_URL, AT(url), NULL, NULL, 0, 0, 0, "a URL"},
    {"flag", MST_OPT_BOOL, AT(flag), "yes", NULL, 0, 0, 0, "a flag"},
    {"count", MST_OPT_INT, AT(count), "5", NULL, 1, 800, 0, "a number"},
    {"score", MST_OPT_DECIMAL, AT(score), NULL, NULL, 0, 10, 0, "a score"},
    {"guard.share", MST_OPT_PERCENT, AT(share), "20%", NULL, 0, 0, 0, "share"},
    {"guard.wait", MST_OPT_DURATION, AT(wait), "30s", NULL, 0, 60000, 0, "w"},
    {"size", MST_OPT_SIZE, AT(size), "16MiB", NULL, 0, 0, 0, "a size"},
    {"mode", MST_OPT_CHOICE, AT(mode), "files", "auto|files|json", 0, 0, 0,
     "how"},
    {"sets", MST_OPT_LIST, AT(sets), "devices|cves", "devices|software|cves", 0,
     0, 0, "what"},
    {"any", MST_OPT_LIST, AT(any), NULL, NULL, 0, 0, 0, "words"},
    {NULL},
};

static const struct mst_opt need[] = {
    {"text", MST_OPT_TEXT, AT(text), NULL, NULL, 0, 0, MST_OPT_REQUIRED,
     "the text that is needed"},
    {NULL},
};

static int read_text(const char *yaml, struct mst_conf *conf,
		     struct mst_err *err)
{
	return mst_conf_read(mst_slice_str(yaml), "m.yaml", conf, err);
}

/* ---- reading ----------------------------------------------------------- */

static void test_read(void **state)
{
	static const char yaml[] = "# a comment\n"
				   "connections:\n"
				   "  - name: defender\n"
				   "    type: endpoint\n"
				   "    tenant_id: \"08\"\n"
				   "    enrich: no\n"
				   "    client_secret: env:DEFENDER_SECRET\n"
				   "jobs:\n"
				   "  - name: main\n"
				   "    source: defender   # trailing\n"
				   "    guard:\n"
				   "      share: 30%\n"
				   "      deep:\n"
				   "        x: 1e3\n"
				   "    record_sets: [devices, 'a b']\n"
				   "    type: t\n";
	struct mst_err err = MST_ERR_INIT;
	const struct mst_conf_item *i;
	struct mst_conf conf;

	t_ok(read_text(yaml, &conf, &err), &err);
	assert_int_equal(conf.items_n, 2);
	i = &conf.items[0];
	assert_string_equal(i->kind, "connection");
	assert_string_equal(i->name, "defender");
	assert_string_equal(i->type, "endpoint");
	assert_string_equal(i->file, "m.yaml");
	assert_int_equal(i->line, 3);
	assert_int_equal(i->column, 5);
	assert_int_equal(i->values_n, 3);
	assert_string_equal(i->values[0].key, "tenant_id");
	assert_string_equal(i->values[0].texts[0], "08");
	assert_int_equal(i->values[0].line, 5);
	assert_int_equal(i->values[0].column, 16);
	assert_int_equal(i->values[0].key_column, 5);
	assert_string_equal(i->values[1].texts[0], "no");
	i = &conf.items[1];
	assert_string_equal(i->kind, "job");
	assert_string_equal(i->type, "");
	assert_int_equal(i->values_n, 5);
	assert_string_equal(i->values[0].texts[0], "defender");
	assert_string_equal(i->values[1].key, "guard.share");
	assert_string_equal(i->values[2].key, "guard.deep.x");
	assert_string_equal(i->values[2].texts[0], "1e3");
	assert_true(i->values[3].is_list);
	assert_int_equal(i->values[3].texts_n, 2);
	assert_string_equal(i->values[3].texts[1], "a b");
	assert_string_equal(i->values[4].key, "type");
	mst_conf_fini(&conf);
}

static void test_read_odd_but_right(void **state)
{
	static const struct {
		const char *yaml;
		size_t items;
	} rows[] = {
	    {"\xef\xbb\xbfjobs:\n- name: a\n", 1},
	    {"jobs:\r\n- name: a\r\n", 1},
	    {"---\njobs:\n- name: a\n...\n", 1},
	    {"%YAML 1.2\n---\njobs: [{name: a}, {name: b}]\n", 2},
	    {"jobs:\nconnections:\n", 0},
	    {"jobs: []\n", 0},
	    {"{\"jobs\": [{\"name\": \"a\", \"x\": 1}]}", 1},
	    {"jobs:\n  - name: a\n    guard: {}\n    l: []\n", 1},
	    {"jobs:\n  - name: a\n    t: a\tb\t# tabs\n", 1},
	    {"jobs:\n  - name: a\n    a.b: 1\n    a:\n      c: 2\n", 1},
	    {"jobs:\n  - name: a\n    t: |\n      two\n      lines\n", 1},
	};

	for (size_t i = 0; i < MST_LEN(rows); i++) {
		struct mst_err err = MST_ERR_INIT;
		struct mst_conf conf;

		t_ok(read_text(rows[i].yaml, &conf, &err), &err);
		assert_int_equal(conf.items_n, rows[i].items);
		mst_conf_fini(&conf);
	}
}

static void test_read_wrong(void **state)
{
	static const struct {
		const char *yaml, *want;
	} rows[] = {
	    {"", "m.yaml:1:1: the file is empty"},
	    {"# nothing\n", "m.yaml:1:1: the file is empty"},
	    {"\xef\xbb\xbf", "m.yaml:1:1: the file is empty"},
	    {"hello", "m.yaml:1:1: the file must begin with"},
	    {"- a\n", "m.yaml:1:1: the file must begin with"},
	    {"conections:\n- name: a\n",
	     "m.yaml:1:1: unknown section \"conections\"; did you mean "
	     "\"connections\""},
	    {"zebra: 1\n", "there are \"connections\", \"jobs\", \"settings\", "
			   "\"forward_rules\""},
	    {"outbox: 1\n", "m.yaml:1:9: \"outbox\" must be a mapping"},
	    {"proxy:\n- name: a\n", "m.yaml:2:1: \"proxy\" must be a mapping"},
	    {"forward_rules: {name: a}\n", "\"forward_rules\" must be a list"},
	    {"forward_actions:\n- name: a\n",
	     "m.yaml:2:3: a forwarding action needs a \"type\""},
	    {"exclusion_windows:\n- name: a\n- name: A\n",
	     "the exclusion window name \"A\" is given twice"},
	    {"jobs: x\n", "m.yaml:1:7: \"jobs\" must be a list"},
	    {"jobs: {a: b}\n", "m.yaml:1:7: \"jobs\" must be a list"},
	    {"jobs:\n- a\n", "m.yaml:2:3: a job must be a mapping"},
	    {"jobs:\n- x: a\n", "m.yaml:2:3: a job needs a \"name\""},
	    {"jobs:\n- name:\n", "\"name\" must be a word"},
	    {"jobs:\n- name: [a]\n", "m.yaml:2:9: \"name\" must be a word"},
	    {"jobs:\n- name: a/b\n", "m.yaml:2:9: \"name\" must be 1 to 64"},
	    {"jobs:\n- name: ..\n", "\"name\" must be 1 to 64"},
	    {"connections:\n- name: a\n", "a connection needs a \"type\""},
	    {"jobs:\n- name: a\n- name: A\n",
	     "m.yaml:3:9: the job name \"A\" is given twice; first in line 2"},
	    {"jobs:\n- name: a\n  k: 1\n  k: 2\n",
	     "m.yaml:4:3: the key \"k\" is given twice; first in line 3"},
	    {"jobs:\n- name: a\n  g.s: 1\n  g:\n    s: 2\n",
	     "m.yaml:5:5: the key \"g.s\" is given twice; first in line 3"},
	    {"jobs:\n- name: a\njobs:\n- name: b\n",
	     "m.yaml:3:1: the key \"jobs\" is given twice"},
	    {"jobs:\n- name: a\n  k:\n", "m.yaml:3:3: \"k\" has no value"},
	    {"jobs:\n- name: a\n  k: [[1]]\n", "a list holds texts only"},
	    {"jobs:\n- name: a\n  k: [a, ,]\n", "m.yaml:3:"},
	    {"jobs:\n- name: a\n  k: [{b: c}]\n", "a list holds texts only"},
	    {"jobs:\n- name: a\n\tk: 1\n",
	     "m.yaml:3:1: a tab in the indentation"},
	    {"jobs:\n- name: a\n---\njobs:\n- name: b\n",
	     "m.yaml:3:1: a second document begins here"},
	    {"jobs: &x\n- name: a\n", "anchors"},
	    {"jobs:\n- name: *x\n", "m.yaml:2:9: "},
	    {"jobs:\n- name: &x a\n", "m.yaml:2:"},
	    {"jobs:\n- name: !!str a\n", "tags"},
	    {"jobs:\n- {[a]: b, name: c}\n", "a key must be a plain word"},
	    {"jobs:\n- ? {a: b}\n  : c\n", "a key must be a plain word"},
	    {"jobs:\n- \"\": c\n", "a key is missing"},
	    {"jobs:\n- name: \"a\\0b\"\n", "zero byte"},
	    {"jobs:\n- name: a\n  x: \x01\n",
	     "m.yaml:3:6: the control character 0x01"},
	    {"jobs:\n- x: \"\\ud800\"\n", "m.yaml:2:7: this is not valid YAML"},
	    {"jobs:\n- x: >-\n    a\n    b\n", "folded texts"},
	    {"jobs:\n- name: \xff\n", "m.yaml:2:9: the file is not UTF-8"},
	    {"jobs:\n- name: \xc0\x80\n", "not UTF-8"},
	    {"jobs:\n- name: \xed\xa0\x80\n", "not UTF-8"},
	    {"jobs:\n- name: \"a\n", "m.yaml:2:"},
	    {"jobs:\n- name: a\n   x: 1\n", "m.yaml:2:"},
	    {"jobs:\n- name: a\n \t\n", "m.yaml:3:2: a tab in the"},
	    {"jobs: [\n", "not valid YAML"},
	    {"jobs: ]\n", "not valid YAML"},
	    {"jobs:\n- name: a\n  k: @x\n", "m.yaml:3:6: "},
	    {"jobs:\n- name: a\n  k: a: b\n", "m.yaml:3:"},
	};

	for (size_t i = 0; i < MST_LEN(rows); i++) {
		struct mst_err err = MST_ERR_INIT;
		struct mst_conf conf;
		int ret = read_text(rows[i].yaml, &conf, &err);

		t_failed(ret, &err, MST_E_INVALID, rows[i].want);
		assert_true(strncmp(err.msg, "m.yaml:", 7) == 0);
	}
}

static void read_built(struct mst_buf *b, const char *want)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_conf conf;
	int ret = mst_conf_read(mst_buf_slice(b), "m.yaml", &conf, &err);

	t_failed(ret, &err, MST_E_INVALID, want);
	mst_buf_fini(b);
}

static void test_limits(void **state)
{
	struct mst_buf b = MST_BUF_INIT(16u << 20);

	mst_buf_adds(&b, "jobs:\n- name: a\n  k: ");
	for (int i = 0; i < 100; i++)
		mst_buf_addc(&b, '[');
	read_built(&b, "nested too deeply");
	for (int i = 0; i < 100000; i++)
		mst_buf_addc(&b, '[');
	read_built(&b, "nested too deeply");
	mst_buf_adds(&b, "jobs:\n- name: a\n");
	for (int i = 0; i < 100; i++)
		mst_buf_addf(&b, "%*sk:\n", i + 2, "");
	read_built(&b, "nested too deeply");
	mst_buf_adds(&b, "jobs:\n- name: a\n");
	for (int i = 0; i <= MST_MAX_CONF_VALUES; i++)
		mst_buf_addf(&b, "  k%d: 1\n", i);
	read_built(&b, "too many options");
	mst_buf_adds(&b, "jobs:\n- name: a\n  k: [");
	for (int i = 0; i <= MST_MAX_CONF_LIST; i++)
		mst_buf_adds(&b, "a,");
	mst_buf_adds(&b, "]\n");
	read_built(&b, "the list is too long");
	for (int i = 0; i < MST_MAX_CONF_NODES + 5; i++)
		mst_buf_adds(&b, "- a\n");
	read_built(&b, "too many values");
	mst_buf_adds(&b, "jobs:\n- name: a\n  ");
	for (int i = 0; i < 200; i++)
		mst_buf_addc(&b, 'k');
	mst_buf_adds(&b, ": 1\n");
	read_built(&b, "a key is too long");
	mst_buf_adds(&b, "jobs:\n- name: a\n  k: ");
	for (int i = 0; i < MST_MAX_TEXT + 1; i++)
		mst_buf_addc(&b, 'k');
	read_built(&b, "a value is too long");
	for (unsigned i = 0; i < MST_MAX_CONF / 4 + 1; i++)
		mst_buf_adds(&b, "#aa\n");
	read_built(&b, "the file is larger");
}

static void test_load(void **state)
{
	struct mst_err err = MST_ERR_INIT;
	const char *path = t_path("c.yaml");
	struct mst_conf conf;

	t_failed(mst_conf_load(path, &conf, &err), &err, MST_E_NOTFOUND,
		 "c.yaml");
	t_write(path, MST_SLICE_LIT("jobs:\n- name: a\n"));
	t_ok(mst_conf_load(path, &conf, &err), &err);
	assert_int_equal(conf.items_n, 1);
	mst_conf_fini(&conf);
	t_failed(mst_conf_load(t_dir(), &conf, &err), &err, MST_E_IO, t_dir());
}

/* ---- applying ---------------------------------------------------------- */

/* Applies "jobs: - name: a" with the given lines (indented by two). */
static int apply(const char *lines, const struct mst_opt *table,
		 struct sample *s, struct mst_arena *arena, struct mst_err *err)
{
	char *yaml = mst_asprintf("jobs:\n- name: a\n%s", lines);
	struct mst_conf conf;
	int ret = read_text(yaml, &conf, err);

	free(yaml);
	if (ret < 0)
		return ret;
	assert_int_equal(conf.items_n, 1);
	memset(s, 0x5a, sizeof(*s)); /* what was there does not matter */
	ret = mst_conf_apply(&conf.items[0], table, s, arena, err);
	mst_conf_fini(&conf);
	return ret;
}

static void test_defaults(void **state)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_arena arena;
	struct sample s;

	mst_arena_init(&arena, 1 << 20);
	t_ok(apply("", opts, &s, &arena, &err), &err);
	assert_string_equal(s.text, "hello");
	assert_null(s.secret);
	assert_null(s.url);
	assert_true(s.flag);
	assert_int_equal(s.count, 5);
	assert_true(s.score == 0 && s.share == 0.2);
	assert_int_equal(s.wait, 30000);
	assert_int_equal(s.size, 16 << 20);
	assert_int_equal(s.mode, 1);
	assert_int_equal(s.sets.n, 2);
	assert_string_equal(s.sets.v[1], "cves");
	assert_int_equal(s.any.n, 0);
	mst_arena_fini(&arena);
}

static void test_apply(void **state)
{
	static const char lines[] = "  text: \"\"\n"
				    "  secret: file:/run/secret\n"
				    "  url: https://host.example/base//\n"
				    "  flag: OFF\n"
				    "  count: 0800\n"
				    "  score: 1e1\n"
				    "  guard: {share: 0.3, wait: 1m}\n"
				    "  size: 2GiB\n"
				    "  mode: JSON\n"
				    "  sets: Software\n"
				    "  any: [b, a, b]\n";
	struct mst_err err = MST_ERR_INIT;
	struct mst_arena arena;
	struct sample s;

	mst_arena_init(&arena, 1 << 20);
	t_ok(apply(lines, opts, &s, &arena, &err), &err);
	assert_string_equal(s.text, "");
	assert_string_equal(s.secret, "file:/run/secret");
	assert_string_equal(s.url, "https://host.example/base");
	assert_false(s.flag);
	assert_int_equal(s.count, 800);
	assert_true(s.score == 10 && s.share == 0.3);
	assert_int_equal(s.wait, 60000);
	assert_true(s.size == 2ull << 30);
	assert_int_equal(s.mode, 2);
	assert_int_equal(s.sets.n, 1);
	assert_string_equal(s.sets.v[0], "software");
	assert_int_equal(s.any.n, 3);
	mst_arena_fini(&arena);
}

static void test_apply_wrong(void **state)
{
	static const struct {
		const char *lines, *want;
	} rows[] = {
	    {"  cuont: 1\n", "m.yaml:3:3: unknown key \"cuont\" in job \"a\"; "
			     "did you mean \"count\"?"},
	    {"  share: 30%\n", "did you mean \"guard.share\"?"},
	    {"  guard:\n    shape: 30%\n",
	     "m.yaml:4:5: unknown key \"guard.shape\" in job \"a\"; did you "
	     "mean \"guard.share\"?"},
	    {"  zzzzzzzz: 1\n", "there are text, secret, url, flag"},
	    {"  count: abc\n",
	     "m.yaml:3:10: \"count\" must be a whole number, not \"abc\""},
	    {"  count: 1.0\n", "whole number"},
	    {"  count: \"\"\n", "whole number"},
	    {"  count: \" 1\"\n", "whole number"},
	    {"  count: 0x10\n", "whole number"},
	    {"  count: 99999999999999999999\n", "whole number"},
	    {"  count: 0\n", "\"count\" must be from 1 to 800"},
	    {"  count: 801\n", "\"count\" must be from 1 to 800"},
	    {"  count: [1]\n", "\"count\" must be one value, not a list"},
	    {"  score: 10.5\n", "must be from 0 to 10"},
	    {"  score: nan\n", "must be a number"},
	    {"  score: .5\n", "must be a number"},
	    {"  flag: 1\n", "must be true or false, not \"1\""},
	    {"  guard: {share: 30}\n", "from 0% to 100%"},
	    {"  guard: {share: 101%}\n", "from 0% to 100%"},
	    {"  guard: {share: -1%}\n", "from 0% to 100%"},
	    {"  guard: {share: %}\n", "m.yaml:3:"},
	    {"  guard: {share: x%}\n", "a share like 30%"},
	    {"  guard: {wait: 5 m}\n", "a time like"},
	    {"  guard: {wait: 2m}\n", "must be from 0 to 60000 ms"},
	    {"  guard: {wait: 9999999999999999d}\n", "a time like"},
	    {"  size: 16M\n", "a size like"},
	    {"  size: 99999999999TiB\n", "a size like"},
	    {"  mode: jason\n", "cannot be \"jason\"; did you mean \"json\"? "
				"it is one of auto, files, json"},
	    {"  sets: [devices, Devices]\n", "a list of different words"},
	    {"  sets: [devices, cvs]\n", "did you mean \"cves\""},
	    {"  text: [a, b]\n", "must be one value"},
	};

	for (size_t i = 0; i < MST_LEN(rows); i++) {
		struct mst_err err = MST_ERR_INIT;
		struct mst_arena arena;
		struct sample s;

		mst_arena_init(&arena, 1 << 20);
		t_failed(apply(rows[i].lines, opts, &s, &arena, &err), &err,
			 MST_E_INVALID, rows[i].want);
		mst_arena_fini(&arena);
	}
}

static void test_required(void **state)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_arena arena;
	struct sample s;

	mst_arena_init(&arena, 1 << 20);
	t_failed(apply("", need, &s, &arena, &err), &err, MST_E_INVALID,
		 "m.yaml:2:3: the job \"a\" lacks \"text\" (the text that is "
		 "needed)");
	t_failed(apply("  text: \"\"\n", need, &s, &arena, &err), &err,
		 MST_E_INVALID, "\"text\" must not be empty");
	t_failed(apply("  txet: x\n", need, &s, &arena, &err), &err,
		 MST_E_INVALID, "did you mean \"text\"");
	t_ok(apply("  text: x\n", need, &s, &arena, &err), &err);
	mst_arena_fini(&arena);
}

/* Whatever is wrong with it: a secret is never part of the text. */
static void test_secret_not_shown(void **state)
{
	static const char *const values[] = {
	    "hunter2hunter2",	   "\"env:hunter2 hunter2\"",
	    "\"file:hunter2\"",	   "credential:../hunter2",
	    "\"hunter2\\nenv:A\"", "\"\"",
	    "[hunter2]",
	};

	for (size_t i = 0; i < MST_LEN(values); i++) {
		char *line = mst_asprintf("  secret: %s\n", values[i]);
		struct mst_err err = MST_ERR_INIT;
		struct mst_arena arena;
		struct sample s;

		mst_arena_init(&arena, 1 << 20);
		t_failed(apply(line, opts, &s, &arena, &err), &err,
			 MST_E_INVALID, "m.yaml:3:11: \"secret\" must be ");
		assert_null(strstr(err.msg, "hunter2"));
		mst_arena_fini(&arena);
		free(line);
	}
}

static void test_url(void **state)
{
	static const struct {
		const char *url, *want; /* or NULL: refused */
	} rows[] = {
	    {"https://a.example", "https://a.example"},
	    {"https://a.example/", "https://a.example"},
	    {"https://a.example:8443/x/y/", "https://a.example:8443/x/y"},
	    {"HTTPS://a.example", "HTTPS://a.example"},
	    {"https://[2001:db8::1]:443/", "https://[2001:db8::1]:443"},
	    {"http://127.0.0.1:8080/", "http://127.0.0.1:8080"},
	    {"http://127.8.9.1", "http://127.8.9.1"},
	    {"http://localhost:1", "http://localhost:1"},
	    {"http://[::1]:65535", "http://[::1]:65535"},
	    {"http://a.example", NULL},
	    {"http://127.0.0.1.evil.example", NULL},
	    {"http://localhost.evil.example", NULL},
	    {"http://127.1", NULL},
	    {"http://user@127.0.0.1", NULL},
	    {"http://127.0.0.1@evil.example", NULL},
	    {"https://user:hunter2@a.example", NULL},
	    {"https://a.example/?sig=hunter2", NULL},
	    {"https://a.example/#x", NULL},
	    {"https://", NULL},
	    {"https:///x", NULL},
	    {"https://a.example:0", NULL},
	    {"https://a.example:65536", NULL},
	    {"https://a.example:", NULL},
	    {"https://a.example:1:2", NULL},
	    {"https://a b.example", NULL},
	    {"https://a.example/\\\\x", NULL},
	    {"https://[::1", NULL},
	    {"https://[::1]x", NULL},
	    {"https://-a.example", NULL},
	    {"ftp://a.example", NULL},
	    {"a.example", NULL},
	    {"https:a.example", NULL},
	    {"", NULL},
	};

	for (size_t i = 0; i < MST_LEN(rows); i++) {
		char *line = mst_asprintf("  url: \"%s\"\n", rows[i].url);
		struct mst_err err = MST_ERR_INIT;
		struct mst_arena arena;
		struct sample s;
		int ret;

		mst_arena_init(&arena, 1 << 20);
		ret = apply(line, opts, &s, &arena, &err);
		if (rows[i].want) {
			t_ok(ret, &err);
			assert_string_equal(s.url, rows[i].want);
		} else {
			t_failed(ret, &err, MST_E_INVALID,
				 "m.yaml:3:8: \"url\" ");
			assert_null(strstr(err.msg, "hunter2"));
		}
		mst_arena_fini(&arena);
		free(line);
	}
}

/* ---- writing ----------------------------------------------------------- */

static void assert_same_item(const struct mst_conf_item *a,
			     const struct mst_conf_item *b)
{
	assert_string_equal(a->kind, b->kind);
	assert_string_equal(a->name, b->name);
	assert_string_equal(a->type, b->type);
	assert_int_equal(a->values_n, b->values_n);
	for (size_t i = 0; i < a->values_n; i++) {
		const struct mst_conf_value *x = &a->values[i];
		const struct mst_conf_value *y = &b->values[i];

		assert_string_equal(x->key, y->key);
		assert_int_equal(x->is_list, y->is_list);
		assert_int_equal(x->texts_n, y->texts_n);
		for (size_t k = 0; k < x->texts_n; k++)
			assert_string_equal(x->texts[k], y->texts[k]);
	}
}

static void round_trip(const struct mst_conf_item *item)
{
	struct mst_buf b = MST_BUF_INIT(1 << 20);
	struct mst_err err = MST_ERR_INIT;
	struct mst_conf conf;

	mst_buf_addf(&b, "%s:\n", mst_conf_section(item->kind));
	assert_true(mst_conf_write(item, &b));
	if (mst_conf_read(mst_buf_slice(&b), "back", &conf, &err) < 0)
		fail_msg("%s in:\n%s", err.msg, b.p);
	assert_int_equal(conf.items_n, 1);
	assert_same_item(item, &conf.items[0]);
	mst_conf_fini(&conf);
	mst_buf_fini(&b);
}

static void test_write(void **state)
{
	static const char *const sets[] = {"devices", "- x"};
	static const char *const share[] = {"30%"}, *const odd[] = {"a: b #c"};
	static const struct mst_conf_value values[] = {
	    {"guard.share", share, 1},	  {"guard.deep.odd", odd, 1},
	    {"guard.deep.other", odd, 1}, {"record_sets", sets, 2, true},
	    {"none", NULL, 0, true},	  {"guard.late", share, 1},
	};
	static const struct mst_conf_item item = {
	    .kind = "connection",
	    .name = "main",
	    .type = "endpoint",
	    .values = values,
	    .values_n = MST_LEN(values),
	};
	struct mst_buf b = MST_BUF_INIT(4096), small = MST_BUF_INIT(20);

	assert_true(mst_conf_write(&item, &b));
	t_is(mst_buf_slice(&b), "  - name: main\n"
				"    type: endpoint\n"
				"    guard:\n"
				"      share: 30%\n"
				"      deep:\n"
				"        odd: \"a: b #c\"\n"
				"        other: \"a: b #c\"\n"
				"    record_sets:\n"
				"      - devices\n"
				"      - \"- x\"\n"
				"    none: []\n"
				"    guard.late: 30%\n");
	round_trip(&item);
	assert_false(mst_conf_write(&item, &small));
	mst_buf_fini(&small);
	mst_buf_fini(&b);
}

static void test_write_texts(void **state)
{
	static const char *const texts[] = {
	    "",
	    " ",
	    "a ",
	    " a",
	    "a  b",
	    "a: b",
	    "a:",
	    ": a",
	    "#a",
	    "a #b",
	    "a#b",
	    "- a",
	    "-",
	    "--",
	    "---",
	    "...",
	    "-5",
	    "?",
	    "? a",
	    "!a",
	    "&a",
	    "*a",
	    "%a",
	    "@a",
	    "`a",
	    "|",
	    ">",
	    "'a'",
	    "\"a\"",
	    "a\"b",
	    "a\\b",
	    "C:\\x\\",
	    "[a]",
	    "{a}",
	    "a,b",
	    "[",
	    "]",
	    "{",
	    "}",
	    ",",
	    "null",
	    "~",
	    "true",
	    "no",
	    "08",
	    "1e3",
	    "0x1",
	    "a\nb",
	    "\n",
	    "a\n\n",
	    "\tx",
	    "a\tb",
	    "a\rb",
	    "\x01\x1f",
	    "\x7f",
	    "\xc2\x85",
	    "\xe2\x80\xa8",
	    "\xef\xbb\xbf",
	    "\xef\xbf\xbd",
	    "\xc3\xa4\xc3\xb6",
	    "\xf0\x9f\x98\x80",
	    "=",
	    "<<",
	    "https://a.example/x?y",
	    "env:A",
	    "30%",
	    "a:b",
	    "2026-01-01T00:00:00Z",
	};

	for (size_t i = 0; i < MST_LEN(texts); i++) {
		const struct mst_conf_value values[] = {
		    {"k", &texts[i], 1},
		    {"g.k", &texts[i], 1},
		    {"l", &texts[i], 1, true},
		};
		const struct mst_conf_item item = {
		    .kind = "job",
		    .name = "main",
		    .type = "",
		    .values = values,
		    .values_n = MST_LEN(values),
		};

		round_trip(&item);
	}
}

static void test_write_keys(void **state)
{
	static const char *const one[] = {"1"};
	static const char *const keys[][4] = {
	    {"a.b", "a.c", "a", "a.d"},
	    {"a", "a.b", "c.a", "a.c"},
	    {"a.b.c", "a.b.d", "a.e", "a.b.f"},
	    {"a..b", ".a", "a.", "..."},
	    {"x.a.", "x.a.b", "x.a..b", "x"},
	    {"a b.c d", "a b.e", "# .x", "-"},
	    {"null.~", "true", "no.no", "<<"},
	    {"ab.c", "a.c", "abc.d", "ab.d"},
	    {"name.x", "type.x", "names", "typed"},
	    {"a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w.x.y.z.a.b.c.d.e",
	     "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w.x.y.z.a.b.c.d.f",
	     "a.z", "b"},
	};

	for (size_t i = 0; i < MST_LEN(keys); i++) {
		struct mst_conf_value values[4];
		const struct mst_conf_item item = {
		    .kind = "job",
		    .name = "main",
		    .type = "",
		    .values = values,
		    .values_n = 4,
		};

		for (size_t k = 0; k < 4; k++)
			values[k] = (struct mst_conf_value){keys[i][k], one, 1};
		round_trip(&item);
	}
}

static void test_write_refused(void **state)
{
	static const char *const bad[] = {"\xff"};
	static const struct mst_conf_value value = {"k", bad, 1};
	static const struct mst_conf_item item = {
	    .kind = "job", .name = "a", .values = &value, .values_n = 1};
	struct mst_buf b = MST_BUF_INIT(4096);

	assert_false(mst_conf_write(&item, &b));
	mst_buf_fini(&b);
}

static void test_nearest(void **state)
{
	static const char *const words[] = {"client_id", "client_secret",
					    "guard.share", "x", NULL};
	static const struct {
		const char *word, *want;
	} rows[] = {
	    {"client_id", "client_id"},
	    {"clientid", "client_id"},
	    {"cleint_id", "client_id"},
	    {"CLIENT_SECRET", "client_secret"},
	    {"share", "guard.share"},
	    {"y", NULL},
	    {"", NULL},
	    {"completely_else", NULL},
	    {"guard.shares", "guard.share"},
	};
	char big[300];

	for (size_t i = 0; i < MST_LEN(rows); i++) {
		const char *got = mst_nearest(rows[i].word, words);

		if (!rows[i].want)
			assert_null(got);
		else
			assert_string_equal(got, rows[i].want);
	}
	memset(big, 'a', sizeof(big) - 1);
	big[sizeof(big) - 1] = 0;
	assert_null(mst_nearest(big, words));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_read),
	    cmocka_unit_test(test_read_odd_but_right),
	    cmocka_unit_test(test_read_wrong),
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_load),
	    cmocka_unit_test(test_defaults),
	    cmocka_unit_test(test_apply),
	    cmocka_unit_test(test_apply_wrong),
	    cmocka_unit_test(test_required),
	    cmocka_unit_test(test_secret_not_shown),
	    cmocka_unit_test(test_url),
	    cmocka_unit_test(test_write),
	    cmocka_unit_test(test_write_texts),
	    cmocka_unit_test(test_write_keys),
	    cmocka_unit_test(test_write_refused),
	    cmocka_unit_test(test_nearest),
	};

	return cmocka_run_group_tests(tests, t_log_watch, t_log_check);
}
