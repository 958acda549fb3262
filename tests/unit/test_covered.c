/* SPDX-License-Identifier: Apache-2.0
 *
 * Every setting has a story from end to end: each option that overrides a rule
 * is given some value in a program of tests/e2e, and each of its choices too.
 * That its default is told there, the same stories show: they begin with it.
 */
#include "tests/lib/t.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "sync/job.h"

#define TEXT_MAX (16u << 20)

static struct mst_buf stories;

/* Mixtures of everything tell no story of one setting. */
static bool is_story(const char *name)
{
	size_t n = strlen(name);

	return n > 2 && strcmp(name + n - 2, ".c") == 0 &&
	       strcmp(name, "test_matrix.c") != 0;
}

static int read_stories(void **state)
{
	struct mst_err err = MST_ERR_INIT;
	DIR *dir = opendir(E2E_DIR);
	struct dirent *e;

	(void)state;
	assert_non_null(dir);
	mst_buf_init(&stories, TEXT_MAX);
	while ((e = readdir(dir))) {
		struct mst_buf one = MST_BUF_INIT(TEXT_MAX);
		char path[4096];

		if (!is_story(e->d_name))
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", E2E_DIR, e->d_name);
		t_ok(mst_file_read(path, &one, &err), &err);
		(void)mst_buf_add_slice(&stories, mst_buf_slice(&one));
		mst_buf_fini(&one);
	}
	(void)closedir(dir);
	(void)mst_buf_addc(&stories, '\0');
	return 0;
}

static int free_stories(void **state)
{
	(void)state;
	mst_buf_fini(&stories);
	return 0;
}

/* "key: value" as lines of a connection have it; value "": any. */
static bool is_told(const char *key, const char *value)
{
	char want[128];
	size_t n = (size_t)snprintf(want, sizeof(want), " %s: %s", key, value);

	for (const char *p = stories.p; (p = strstr(p, want)); p++) {
		if (!*value || !(isalnum((unsigned char)p[n]) || p[n] == '_'))
			return true;
	}
	return false;
}

static size_t missing(const struct mst_opt *o)
{
	char *words = mst_strdup(o->type == MST_OPT_CHOICE ? o->choices : "");
	size_t n = !is_told(o->key, "");
	char *save = NULL;

	if (n)
		(void)fprintf(stderr, "no story of tests/e2e sets %s\n",
			      o->key);
	for (char *w = strtok_r(words, "|", &save); w;
	     w = strtok_r(NULL, "|", &save)) {
		if ((o->def && strcmp(w, o->def) == 0) || is_told(o->key, w))
			continue;
		(void)fprintf(stderr, "no story of tests/e2e sets %s: %s\n",
			      o->key, w);
		n++;
	}
	free(words);
	return n;
}

static size_t all_missing(const struct mst_opt *opts)
{
	size_t n = 0;

	for (const struct mst_opt *o = opts; o->key; o++)
		n += o->rule ? missing(o) : 0;
	return n;
}

static void settings(void **state)
{
	size_t n = 0;

	(void)state;
	for (size_t i = 0; mst_sources[i]; i++)
		n += all_missing(mst_sources[i]->opts);
	for (size_t i = 0; mst_dests[i]; i++)
		n += all_missing(mst_dests[i]->opts);
	assert_int_equal(n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(settings)};

	return cmocka_run_group_tests_name("covered", tests, read_stories,
					   free_stories);
}
