/* SPDX-License-Identifier: Apache-2.0
 *
 * Words and files of a task.
 */
#include "serve/words.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "json/json.h"

#define WORDS_MOST 256
#define TEXT_MOST  (64u << 20)

/* A name that cannot lead out of the folder. */
static bool fit(struct mst_slice name)
{
	if (name.n == 0 || name.n > 64 || name.p[0] == '.')
		return false;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		      (c >= '0' && c <= '9') || c == '.' || c == '-' ||
		      c == '_'))
			return false;
	}
	return true;
}

static int write_files(struct mst_words *w, struct mst_json files,
		       const char *below, struct mst_err *err)
{
	struct mst_json_iter it = mst_json_iter(files);
	struct mst_slice name;
	struct mst_json text;

	if (mst_json_len(files) == 0)
		return 0;
	if (mst_dir_make(below, err) < 0)
		return -(int)err->code;
	w->dir = mst_asprintf("%s/task-XXXXXX", below);
	if (!mkdtemp(w->dir)) {
		int rc = mst_err_os(err, "folder '%s' cannot be made", w->dir);

		free(w->dir);
		w->dir = NULL;
		return rc;
	}
	while (mst_json_next(&it, &name, &text)) {
		char *path;
		int rc;

		if (!fit(name) || mst_json_type(text) != MST_JSON_STRING)
			return mst_err_set(err, MST_E_INVALID,
					   "'%.*s' is no name of a file of a "
					   "task: letters, digits, '.', '-', "
					   "'_'",
					   MST_SLICE_ARG(name));
		path = mst_asprintf("%s/%.*s", w->dir, MST_SLICE_ARG(name));
		rc = mst_file_write(path, mst_json_str(text), 0600, err);
		free(path);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int parse(struct mst_json_parser *p, const char *text,
		 struct mst_json *v_r, struct mst_err *err)
{
	return mst_json_parse(p, mst_slice_str(text), v_r, err) < 0
		   ? mst_err_prefix(err, "words of the task")
		   : 0;
}

/* "@NAME" of a file that there is; any other word stays as it is. */
static const char *word_of(struct mst_words *w, struct mst_slice s)
{
	const char *path;

	if (!w->dir || s.n < 2 || s.p[0] != '@' ||
	    !fit(mst_slice(s.p + 1, s.n - 1)))
		return mst_arena_dup(&w->arena, s).p;
	path = mst_arena_printf(&w->arena, "%s/%.*s", w->dir, (int)s.n - 1,
				s.p + 1);
	return mst_file_exists(path) ? path : mst_arena_dup(&w->arena, s).p;
}

static int read_argv(struct mst_words *w, struct mst_json argv, bool json,
		     struct mst_err *err)
{
	struct mst_json_iter it = mst_json_iter(argv);
	struct mst_json v;
	size_t n = 0;

	if (mst_json_type(argv) != MST_JSON_ARRAY || mst_json_len(argv) == 0 ||
	    mst_json_len(argv) > WORDS_MOST)
		return mst_err_set(err, MST_E_INVALID,
				   "words of the task: wanted are 1 to %d "
				   "texts",
				   WORDS_MOST);
	w->argv = mst_arena_alloc(&w->arena,
				  (mst_json_len(argv) + 2) * sizeof(*w->argv));
	while (mst_json_next(&it, NULL, &v)) {
		struct mst_slice s = mst_json_str(v);

		/* A word with a NUL would be cut there. */
		if (!s.p || memchr(s.p, 0, s.n))
			return mst_err_set(err, MST_E_INVALID,
					   "words of the task: one is no "
					   "text");
		w->argv[n++] = word_of(w, s);
		json = json && !mst_slice_is(s, "--json");
	}
	if (json)
		w->argv[n++] = "--json";
	return 0;
}

int mst_words_read(const char *argv, const char *files, const char *below,
		   bool json, struct mst_words *w_r, struct mst_err *err)
{
	struct mst_json_parser *p = mst_json_parser_new(TEXT_MOST);
	struct mst_words w = {.argv = NULL};
	struct mst_json v;
	int rc = 0;

	mst_arena_init(&w.arena, 2u * TEXT_MOST);
	if (files && *files) {
		rc = parse(p, files, &v, err);
		if (rc == 0)
			rc = write_files(&w, v, below, err);
	}
	if (rc == 0)
		rc = parse(p, argv, &v, err);
	if (rc == 0)
		rc = read_argv(&w, v, json, err);
	mst_json_parser_free(&p);
	if (rc < 0)
		mst_words_fini(&w);
	else
		*w_r = w;
	return rc;
}

void mst_words_fini(struct mst_words *w)
{
	struct mst_err ignored = MST_ERR_INIT;

	if (w->dir)
		(void)mst_dir_remove(w->dir, &ignored);
	free(w->dir);
	mst_arena_fini(&w->arena);
	*w = (struct mst_words){.argv = NULL};
}
