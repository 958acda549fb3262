/* SPDX-License-Identifier: Apache-2.0
 *
 * Words of a command, taken apart, as the request that has a server do it: the
 * texts of the files that they name go along.
 */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/remote_write.h"

#define FILE_MAX (15u << 20)

static int add_file(struct mst_jout *files, const char *name, const char *path,
		    struct mst_err *err)
{
	struct mst_buf b = MST_BUF_INIT(FILE_MAX);
	int rc = cli_read_file(path, &b, err);

	if (rc == 0)
		mst_jout_kslice(files, name, mst_buf_slice(&b));
	mst_buf_wipe_fini(&b);
	return rc;
}

struct writing {
	const struct mst_remote_call *call;
	struct mst_arena *arena;
	const char *out_file; /* what is printed goes there */
	struct mst_buf argv, files;
	struct mst_jout words, names;
	unsigned n; /* files */
};

/* "--name", "--name=value", "--name=@file1". */
static void add_option(struct writing *w, const char *name, const char *equals,
		       const char *value)
{
	mst_jout_str(&w->words, mst_arena_printf(w->arena, "--%s%s%s", name,
						 equals, value));
}

static int add_part(struct writing *w, const struct mst_remote_part *p,
		    struct mst_err *err)
{
	bool file = p->kind == MST_REMOTE_READS || p->kind == MST_REMOTE_FILE;
	char name[16];

	if (p->kind == MST_REMOTE_WRITES) {
		w->out_file = p->value;
		return 0;
	}
	if (p->kind == MST_REMOTE_SWITCH) {
		add_option(w, p->name, "", "");
		return 0;
	}
	if (!file && p->name)
		add_option(w, p->name, "=", p->value);
	if (!file)
		return 0;
	(void)snprintf(name, sizeof(name), "file%u", ++w->n);
	if (p->name)
		add_option(w, p->name, "=@", name);
	return add_file(&w->names, name, p->value, err);
}

/* Words that are no options, behind them. */
static void add_words(struct writing *w)
{
	const struct mst_remote_call *c = w->call;
	unsigned file = 0;

	mst_jout_str(&w->words, "--");
	for (size_t i = 0; i < c->n; i++) {
		const struct mst_remote_part *p = &c->parts[i];
		char name[24];

		if (p->kind == MST_REMOTE_READS)
			file++;
		if (p->kind == MST_REMOTE_WORD)
			mst_jout_str(&w->words, p->value);
		if (p->kind != MST_REMOTE_FILE)
			continue;
		(void)snprintf(name, sizeof(name), "@file%u", ++file);
		mst_jout_str(&w->words, name);
	}
}

static int write_parts(struct writing *w, bool json, struct mst_err *err)
{
	const struct mst_remote *rule = w->call->rule;

	mst_jout_str(&w->words, rule->command);
	if (rule->verb)
		mst_jout_str(&w->words, rule->verb);
	for (size_t i = 0; i < w->call->n; i++) {
		if (add_part(w, &w->call->parts[i], err) < 0)
			return -(int)err->code;
	}
	if (cli_remote_is_plan(w->call, w->out_file) && !json)
		mst_jout_str(&w->words, "--json");
	add_words(w);
	/* A look at an alert without a file reads what comes in here. */
	if (strcmp(rule->command, "forward") == 0 &&
	    strcmp(rule->verb, "why") == 0 && w->n == 0) {
		mst_jout_str(&w->words, "@file1");
		return add_file(&w->names, "file1", NULL, err);
	}
	return 0;
}

bool cli_remote_is_plan(const struct mst_remote_call *call,
			const char *out_file)
{
	return out_file && strcmp(call->rule->command, "plan") == 0;
}

int cli_remote_write(const struct mst_remote_call *call, bool json,
		     struct mst_arena *arena, struct mst_buf *body,
		     const char **out_file_r, struct mst_err *err)
{
	struct writing w = {.call = call,
			    .arena = arena,
			    .argv = MST_BUF_INIT(body->max),
			    .files = MST_BUF_INIT(body->max)};
	struct mst_jout j;
	int rc;

	mst_jout_init(&w.words, &w.argv);
	mst_jout_arr(&w.words);
	mst_jout_init(&w.names, &w.files);
	mst_jout_obj(&w.names);
	rc = write_parts(&w, json, err);
	mst_jout_end_arr(&w.words);
	mst_jout_end_obj(&w.names);
	mst_jout_init(&j, body);
	mst_jout_obj(&j);
	mst_jout_key(&j, "argv");
	mst_jout_raw(&j, mst_buf_slice(&w.argv));
	mst_jout_key(&j, "files");
	mst_jout_raw(&j, mst_buf_slice(&w.files));
	mst_jout_end_obj(&j);
	if (rc == 0 && (body->overflow || w.argv.overflow || w.files.overflow))
		rc = mst_err_set(err, MST_E_INVALID,
				 "the files are too large for a server: at "
				 "most 15 MiB together");
	mst_buf_fini(&w.argv);
	mst_buf_fini(&w.files);
	*out_file_r = w.out_file;
	return rc;
}
