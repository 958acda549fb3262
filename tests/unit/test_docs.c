/* SPDX-License-Identifier: Apache-2.0
 *
 * The manual tells the truth: every option of the tables, with its default
 * and its choices, and every command and long option of the programs stands
 * in its page, and the pages name none that is not there.
 */
#include "tests/lib/t.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "conf/service.h"
#include "forward/action.h"
#include "forward/exclude.h"
#include "forward/outbox.h"
#include "forward/receiver.h"
#include "forward/rule.h"
#include "net/proxy.h"
#include "rules/expr_private.h"
#include "sync/job.h"

#define PAGE_MAX  (1u << 20)
#define NAMES_MAX 2048

/* ---- pages --------------------------------------------------------------- */

static void read_page(const char *name, struct mst_buf *out)
{
	struct mst_err err = MST_ERR_INIT;
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/%s", MAN_DIR, name);
	mst_buf_init(out, PAGE_MAX);
	t_ok(mst_file_read(path, out, &err), &err);
	(void)mst_buf_addc(out, '\n');
}

/* The part of a page below a heading: ".Sh HEADING" to the next ".Sh". */
static char *section(const struct mst_buf *page, const char *heading)
{
	char line[128];
	const char *from, *end;

	(void)snprintf(line, sizeof(line), "\n.Sh %s\n", heading);
	from = strstr(page->p, line);
	if (!from)
		fail_msg("no section %s", heading);
	from += strlen(line) - 1;
	end = strstr(from, "\n.Sh ");
	return mst_strndup(from, end ? (size_t)(end - from) : strlen(from));
}

/* The entry of a key in a section: its ".It Cm" line and what follows. */
static char *entry(const char *text, const char *key)
{
	char line[160];
	const char *from, *end;

	(void)snprintf(line, sizeof(line), "\n.It Cm %s : ", key);
	from = strstr(text, line);
	if (!from)
		return NULL;
	end = strstr(from + 1, "\n.It ");
	return mst_strndup(from, end ? (size_t)(end - from) : strlen(from));
}

/* ---- options of connections and jobs ------------------------------------- */

static void check_words(const struct mst_opt *opt, const char *text)
{
	char *words = mst_strdup(opt->choices ? opt->choices : "");
	char *save = NULL;

	for (char *w = strtok_r(words, "|", &save); w;
	     w = strtok_r(NULL, "|", &save)) {
		if (!strstr(text, w))
			fail_msg("muster.yaml(5): %s: the choice %s is not "
				 "named",
				 opt->key, w);
	}
	free(words);
	if (opt->def && !strstr(text, opt->def))
		fail_msg("muster.yaml(5): %s: the default %s is not named",
			 opt->key, opt->def);
	if ((opt->flags & MST_OPT_REQUIRED) && !strstr(text, "required"))
		fail_msg("muster.yaml(5): %s: not said to be required",
			 opt->key);
}

/* No entry without an option. */
static void check_entries(const struct mst_opt *opts, const char *text)
{
	for (const char *p = text; (p = strstr(p, "\n.It Cm "));) {
		bool found = false;
		size_t n;

		p += strlen("\n.It Cm ");
		n = strcspn(p, " \n");
		for (const struct mst_opt *o = opts; o->key; o++)
			found = found || (strlen(o->key) == n &&
					  strncmp(o->key, p, n) == 0);
		if (!found)
			fail_msg("muster.yaml(5): there is no option %.*s",
				 (int)n, p);
	}
}

static void check_table(const char *heading, const struct mst_opt *opts)
{
	struct mst_buf page;
	char *text;

	read_page("muster.yaml.5", &page);
	text = section(&page, heading);
	for (const struct mst_opt *o = opts; o->key; o++) {
		char *e = entry(text, o->key);

		if (!e)
			fail_msg("muster.yaml(5): %s: %s is missing", heading,
				 o->key);
		check_words(o, e);
		free(e);
	}
	check_entries(opts, text);
	free(text);
	mst_buf_fini(&page);
}

static void jobs(void **state)
{
	(void)state;
	check_table("JOBS", mst_job_opts);
}

static void connections(void **state)
{
	char heading[96];

	(void)state;
	for (size_t i = 0; mst_sources[i]; i++) {
		(void)snprintf(heading, sizeof(heading),
			       "CONNECTIONS OF TYPE %s", mst_sources[i]->type);
		check_table(heading, mst_sources[i]->opts);
	}
	for (size_t i = 0; mst_dests[i]; i++) {
		(void)snprintf(heading, sizeof(heading),
			       "CONNECTIONS OF TYPE %s", mst_dests[i]->type);
		check_table(heading, mst_dests[i]->opts);
	}
}

static void forwarding(void **state)
{
	char heading[96];

	(void)state;
	for (size_t i = 0; mst_action_types[i]; i++) {
		(void)snprintf(heading, sizeof(heading),
			       "FORWARDING ACTIONS OF TYPE %s",
			       mst_action_types[i]);
		check_table(heading, mst_action_opts(mst_action_types[i]));
	}
	check_table("FORWARDING RULES", mst_alert_rule_opts);
	check_table("EXCLUSION WINDOWS", mst_exclude_opts);
	check_table("FORWARDING RECEIVERS", mst_receiver_opts);
	check_table("OUTBOX", mst_outbox_opts);
	check_table("PROXY", mst_proxy_opts);
	check_table("SERVICE", mst_service_opts);
}

static void record_sets(void **state)
{
	struct mst_buf page;
	char *text, *e, *related;

	(void)state;
	read_page("muster.yaml.5", &page);
	text = section(&page, "JOBS");
	e = entry(text, "record_sets");
	related = entry(text, "relationships");
	assert_non_null(e);
	assert_non_null(related);
	for (size_t i = 0; mst_sources[i]; i++) {
		const struct mst_catalog *c = mst_sources[i]->catalog;

		for (size_t k = 0; k < c->sets_n; k++) {
			const char *in = c->sets[k].relationship ? related : e;

			if (!c->sets[k].selected_by &&
			    !strstr(in, c->sets[k].name))
				fail_msg("muster.yaml(5): record set %s is "
					 "missing",
					 c->sets[k].name);
		}
	}
	free(e);
	free(related);
	free(text);
	mst_buf_fini(&page);
}

/* ---- examples ------------------------------------------------------------ */

static void check_example(const char *file, const char *from, const char *end)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_config config = {.state = NULL};
	struct mst_conf conf;

	assert_non_null(end);
	t_ok(mst_conf_read(mst_slice(from, (size_t)(end - from)), file, &conf,
			   &err),
	     &err);
	assert_true(conf.items_n > 0);
	config.front = conf.items;
	config.front_n = conf.items_n;
	t_ok(mst_config_check(&config, &err), &err);
	mst_conf_fini(&conf);
}

/* Whoever copies an example must be able to apply it. */
static void examples(void **state)
{
	static const char *const with_examples[] = {
	    "../../README.md", "../administration.md",
	    "../migrating-from-cyberx.md"};
	static const char fence[] = "\n```yaml\n", bd[] = "\n.Bd -literal";
	struct mst_buf page, all;
	size_t n = 0;
	const char *p;

	(void)state;
	for (size_t i = 0; i < MST_LEN(with_examples); i++) {
		n = 0;
		read_page(with_examples[i], &page);
		for (p = page.p; (p = strstr(p, fence)); n++) {
			p += strlen(fence);
			check_example(with_examples[i], p,
				      strstr(p, "\n```\n"));
		}
		assert_true(n >= 1);
		mst_buf_fini(&page);
	}
	/* those of the page are parts of one file */
	read_page("muster.yaml.5", &page);
	mst_buf_init(&all, PAGE_MAX);
	for (p = page.p; (p = strstr(p, bd));) {
		p = strchr(p + 1, '\n') + 1;
		(void)mst_buf_add(&all, p, (size_t)(strstr(p, "\n.Ed") - p));
		(void)mst_buf_addc(&all, '\n');
	}
	assert_true(all.n > 0);
	check_example("muster.yaml.5", all.p, all.p + all.n);
	mst_buf_fini(&all);
	mst_buf_fini(&page);
}

/* ---- links, tables --------------------------------------------------------
 */

static void check_links(const char *dir, const char *name, size_t *n)
{
	char page_path[512], path[8192];
	struct mst_buf page;

	(void)snprintf(page_path, sizeof(page_path), "%s/%s", dir, name);
	read_page(page_path, &page);
	for (const char *p = page.p; (p = strstr(p, "]("));) {
		size_t len;

		p += 2;
		len = strcspn(p, ")#\n ");
		if (len == 0 || strncmp(p, "http", 4) == 0)
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s/%.*s", MAN_DIR, dir,
			       (int)len, p);
		if (!mst_file_exists(path))
			fail_msg("%s: there is no %.*s", page_path, (int)len,
				 p);
		(*n)++;
	}
	mst_buf_fini(&page);
}

/* No page points to one that is not there. */
static void links(void **state)
{
	static const char *const dirs[] = {"../..", "..", "../internals"};
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < MST_LEN(dirs); i++) {
		char path[4096];
		struct dirent *e;
		DIR *dir;

		(void)snprintf(path, sizeof(path), "%s/%s", MAN_DIR, dirs[i]);
		dir = opendir(path);
		assert_non_null(dir);
		while ((e = readdir(dir))) {
			const char *end = strrchr(e->d_name, '.');

			if (end && strcmp(end, ".md") == 0)
				check_links(dirs[i], e->d_name, &n);
		}
		(void)closedir(dir);
	}
	assert_true(n > 50);
}

/* What an auditor asks: what each table of the state store holds. */
static void tables(void **state)
{
	static const char make[] = "CREATE TABLE IF NOT EXISTS muster_state.";
	struct mst_buf sql, page;
	size_t n = 0;

	(void)state;
	read_page("../../sql/state/create.sql", &sql);
	read_page("../internals/state.md", &page);
	for (const char *p = sql.p; (p = strstr(p, make)); n++) {
		char word[64];

		p += strlen(make);
		(void)snprintf(word, sizeof(word), "`%.*s`",
			       (int)strcspn(p, " ("), p);
		if (!strstr(page.p, word))
			fail_msg("docs/internals/state.md has no table %s",
				 word);
	}
	assert_true(n > 20);
	mst_buf_fini(&sql);
	mst_buf_fini(&page);
}

/* ---- functions of expressions -------------------------------------------- */

static void functions(void **state)
{
	static const struct expr_fn *const families[] = {
	    expr_sources, expr_texts, expr_choices,
	    expr_formats, expr_lists, expr_regexes,
	};
	struct mst_buf page;
	char want[128];

	(void)state;
	read_page("muster-mappings.7", &page);
	for (size_t i = 0; i < MST_LEN(families); i++) {
		for (const struct expr_fn *f = families[i]; f->name; f++) {
			(void)snprintf(want, sizeof(want), "Li %s", f->usage);
			if (!strstr(page.p, want))
				fail_msg("muster-mappings.7 has no %s",
					 f->usage);
		}
	}
	mst_buf_fini(&page);
}

/* ---- commands and their options ------------------------------------------ */

/* What "<program> <words>" prints. */
static void output(const char *words, struct mst_buf *out)
{
	char command[4096], chunk[4096];
	size_t n;
	FILE *f;

	(void)snprintf(command, sizeof(command), "'%s' %s", MUSTER, words);
	mst_buf_init(out, PAGE_MAX);
	f = popen(command, "r"); /* words are this file's own */
	assert_non_null(f);
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		(void)mst_buf_add(out, chunk, n);
	(void)mst_buf_addc(out, '\0');
	assert_int_equal(pclose(f), 0);
}

static bool word_char(char c)
{
	return isalnum((unsigned char)c) || c == '-';
}

/* Does the page hold the macro with exactly this word? */
static bool names(const char *page, const char *macro, const char *word,
		  size_t n)
{
	char want[128];

	(void)snprintf(want, sizeof(want), "%s %.*s", macro, (int)n, word);
	for (const char *p = page; (p = strstr(p, want)); p++) {
		if (!word_char(p[strlen(want)]))
			return true;
	}
	return false;
}

struct known {
	char v[NAMES_MAX][48];
	size_t n;
};

static void learn(struct known *k, const char *word, size_t n)
{
	assert_true(k->n < NAMES_MAX && n < sizeof(k->v[0]));
	(void)snprintf(k->v[k->n++], sizeof(k->v[0]), "%.*s", (int)n, word);
}

/* All "--option" of a help text must be in the page. */
static void check_help(const char *command, const char *help, const char *page,
		       struct known *k)
{
	for (const char *p = help; (p = strstr(p, " --"));) {
		char dashed[64];
		size_t n = 0;

		p += 3;
		while (word_char(p[n]))
			n++;
		if (n == 0)
			continue;
		learn(k, p, n);
		/* In mdoc "Fl -name": one of the dashes is the macro's. */
		(void)snprintf(dashed, sizeof(dashed), "-%.*s", (int)n, p);
		if (!names(page, "Fl", dashed, n + 1))
			fail_msg("the manual lacks --%.*s of %s", (int)n, p,
				 command);
	}
}

/* No option in the page that no command has. */
static void check_flags(const char *page, const struct known *k)
{
	for (const char *p = page; (p = strstr(p, "Fl -"));) {
		bool found = false;
		size_t n = 0;

		p += strlen("Fl -");
		while (word_char(p[n]))
			n++;
		for (size_t i = 0; i < k->n; i++)
			found = found || (strlen(k->v[i]) == n &&
					  strncmp(k->v[i], p, n) == 0);
		if (!found)
			fail_msg("the manual has --%.*s, which no command has",
				 (int)n, p);
	}
}

static void commands(void **state)
{
	struct known k = {.n = 0};
	struct mst_buf list, page;
	char words[64];
	size_t found = 0;

	(void)state;
	read_page("muster.1", &page);
	learn(&k, "version", 7); /* of the program itself */
	learn(&k, "yaml", 4);	 /* of sim, which has a page of its own */
	output("--help", &list);
	for (const char *p = strstr(list.p, "commands:\n");
	     p && (p = strstr(p, "\n  ")); p++) {
		const char *name = p + 3;
		size_t n = strcspn(name, " \n");
		struct mst_buf help;

		if (n == 0)
			continue;
		found++;
		if (!names(page.p, "Cm", name, n))
			fail_msg("muster(1) lacks the command %.*s", (int)n,
				 name);
		if (n == 3 && strncmp(name, "sim", 3) == 0)
			continue;
		(void)snprintf(words, sizeof(words), "%.*s --help", (int)n,
			       name);
		output(words, &help);
		check_help(words, help.p, page.p, &k);
		mst_buf_fini(&help);
	}
	assert_true(found > 10);
	check_flags(page.p, &k);
	mst_buf_fini(&list);
	mst_buf_fini(&page);
}

static void simulators(void **state)
{
	struct known k = {.n = 0};
	struct mst_buf help, page;

	(void)state;
	read_page("muster-sim.1", &page);
	output("sim --help", &help);
	check_help("muster-sim", help.p, page.p, &k);
	assert_true(k.n > 10);
	check_flags(page.p, &k);
	mst_buf_fini(&help);
	mst_buf_fini(&page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(jobs),	   cmocka_unit_test(connections),
	    cmocka_unit_test(record_sets), cmocka_unit_test(examples),
	    cmocka_unit_test(commands),	   cmocka_unit_test(simulators),
	    cmocka_unit_test(functions),   cmocka_unit_test(forwarding),
	    cmocka_unit_test(links),	   cmocka_unit_test(tables),
	};

	return cmocka_run_group_tests_name("docs", tests, NULL, NULL);
}
