/* SPDX-License-Identifier: Apache-2.0
 *
 * muster import-cyberx: the proxy of the legacy integration out of its
 * properties file.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/secret.h"
#include "cli/cli.h"
#include "conf/cyberx.h"
#include "sync/proxy.h"

#define OUT_MAX (64u << 20)

static const struct cli_command import_cmd = {
    "import-cyberx", "FILE",
    "Reads the properties file of a management console or sensor "
    "(global.properties) and\nsays of each line what it understood. Prints the "
    "section proxy as YAML, with what it\nsaid as comments; or stores it with "
    "--apply. Values of keys that are not documented\nare never shown.",
    cmd_import_cyberx};

struct importing {
	const char *file;
	struct mst_buf lines, yaml;
	struct mst_jout j;
	const char *margin; /* in front of each line */
	struct mst_cyberx found;
};

/* ---- what it says -------------------------------------------------------- */

static void take_line(void *ctx, const struct mst_cyberx_line *l)
{
	static const char *const words[] = {"understood", "ignored", "wrong"};
	struct importing *im = ctx;

	if (cli.json) {
		mst_jout_obj(&im->j);
		mst_jout_ki64(&im->j, "line", l->line);
		mst_jout_kstr(&im->j, "key", l->key);
		mst_jout_kstr(&im->j, "what", words[l->what]);
		mst_jout_kstr(&im->j, "text", l->text);
		mst_jout_end_obj(&im->j);
		return;
	}
	(void)mst_buf_adds(&im->lines, im->margin);
	if (l->line)
		(void)mst_buf_addf(&im->lines, "line %d: ", l->line);
	(void)mst_buf_addf(&im->lines, "%s: %s: %s\n", words[l->what], l->key,
			   l->text);
}

static void make_yaml(struct importing *im)
{
	if (!im->found.url[0])
		return;
	(void)mst_buf_addf(
	    &im->yaml,
	    "# The legacy integration knew no log-in, no TLS to the proxy and "
	    "no exceptions:\n"
	    "# where they are needed, add user, password, ca_file, no_proxy.\n"
	    "proxy:\n  url: \"%s\"\n",
	    im->found.url);
}

/* ---- keeping ------------------------------------------------------------- */

/* The proxy of the section that is stored; NULL: there is none. */
static int stored_url(const struct mst_config *config, struct mst_arena *arena,
		      const char **url_r, struct mst_err *err)
{
	const struct mst_conf_item *item = NULL;

	*url_r = NULL;
	if (mst_config_find(config, MST_PROXY, MST_PROXY, arena, &item, err) <
	    0)
		return -(int)err->code;
	for (size_t i = 0; item && i < item->values_n; i++) {
		if (strcmp(item->values[i].key, "url") == 0 &&
		    item->values[i].texts_n == 1)
			*url_r = item->values[i].texts[0];
	}
	if (item && !*url_r)
		*url_r = "";
	return 0;
}

static int put(struct mst_state *state, struct importing *im,
	       struct mst_arena *arena, bool *changed_r, struct mst_err *err)
{
	struct mst_config config = {.state = state};
	struct mst_conf_item *items = NULL;
	size_t n = 0, added = 0, changed = 0;
	const char *url;

	if (stored_url(&config, arena, &url, err) < 0)
		return -(int)err->code;
	if (url && strcmp(url, im->found.url) == 0)
		return 0;
	if (url)
		return mst_err_set(err, MST_E_CONFLICT,
				   "another proxy is stored already ('muster "
				   "export proxy' shows it), and nothing was "
				   "changed; to replace it, save what this "
				   "command prints and apply it with 'muster "
				   "apply -f'");
	if (mst_conf_read_in(mst_buf_slice(&im->yaml), im->file, arena, &items,
			     &n, err) < 0)
		return -(int)err->code;
	config.front = items;
	config.front_n = n;
	if (mst_config_check(&config, err) < 0 ||
	    mst_config_put(state, items, n, "import-cyberx", NULL, &added,
			   &changed, err) < 0)
		return -(int)err->code;
	*changed_r = added + changed > 0;
	return 0;
}

static int apply(struct importing *im, bool *changed_r, struct mst_err *err)
{
	struct mst_state *state = NULL;
	struct mst_arena arena;
	int rc;

	mst_arena_init(&arena, MST_MAX_ARENA);
	rc = cli_open_state(&state, err);
	if (rc == 0)
		rc = put(state, im, &arena, changed_r, err);
	mst_state_close(&state);
	mst_arena_fini(&arena);
	return rc;
}

/* ---- all of it ----------------------------------------------------------- */

struct wishes {
	const char *out;
	bool apply;
};

static int read_file(struct importing *im, struct mst_err *err)
{
	struct mst_buf text = MST_BUF_INIT(MST_MAX_CONF);
	int rc = mst_file_read(im->file, &text, err);

	if (rc == 0)
		mst_cyberx_read(mst_buf_slice(&text), take_line, im,
				&im->found);
	mst_buf_wipe_fini(&text);
	return rc;
}

static int keep(struct importing *im, const struct wishes *w, bool *changed_r,
		struct mst_err *err)
{
	const struct mst_cyberx *f = &im->found;

	if (f->wrong)
		return mst_err_set(err, MST_E_INVALID,
				   "%s: %u line%s of the proxy %s wrong, so no "
				   "section was made; mend the file, or write "
				   "the section proxy by hand (muster.yaml(5))",
				   im->file, f->wrong, f->wrong == 1 ? "" : "s",
				   f->wrong == 1 ? "is" : "are");
	if (!f->ours)
		return mst_err_set(err, MST_E_NOTFOUND,
				   "%s: no key begins with \"servicenow.\"; is "
				   "it global.properties of the management "
				   "console or sensor that had the "
				   "integration?",
				   im->file);
	if (!f->url[0])
		return 0;
	if (w->out &&
	    cli_write_file(w->out, mst_buf_slice(&im->yaml), 0644, err) < 0)
		return -(int)err->code;
	return w->apply ? apply(im, changed_r, err) : 0;
}

static void finish(struct importing *im, const struct wishes *w, bool changed)
{
	const char *url = im->found.url;

	if (cli.json) {
		mst_jout_end_arr(&im->j);
		mst_jout_kstr(&im->j, "proxy", url);
		mst_jout_kbool(&im->j, "stored", changed);
		mst_jout_end_obj(&im->j);
		(void)mst_buf_addc(&im->lines, '\n');
	} else if (!url[0]) {
		(void)mst_buf_addf(&im->lines,
				   "%sno proxy is in use: nothing to import\n",
				   im->margin);
	} else if (!w->out && !w->apply) {
		(void)mst_buf_add(&im->lines, im->yaml.p, im->yaml.n);
	} else {
		(void)mst_buf_addf(
		    &im->lines, "%ssection proxy, %s: %s%s%s%s\n", im->margin,
		    url, w->out ? "written to " : "", w->out ? w->out : "",
		    w->out && w->apply ? ", " : "",
		    !w->apply ? ""
		    : changed ? "stored"
			      : "stored already");
	}
}

static int import(struct importing *im, const struct wishes *w)
{
	struct mst_err err = MST_ERR_INIT;
	bool changed = false;
	int rc;

	mst_jout_init(&im->j, &im->lines);
	if (cli.json) {
		mst_jout_obj(&im->j);
		mst_jout_key(&im->j, "lines");
		mst_jout_arr(&im->j);
	}
	rc = read_file(im, &err);
	if (rc == 0) {
		make_yaml(im);
		rc = keep(im, w, &changed, &err);
	}
	if (rc == 0)
		finish(im, w, changed);
	else if (cli.json)
		mst_buf_reset(&im->lines);
	cli_print(&im->lines);
	return rc < 0 ? cli_fail(&err) : CLI_OK;
}

int cmd_import_cyberx(int argc, char **argv)
{
	struct wishes w = {.apply = false};
	const struct cli_opt opts[] = {
	    {"out", "FILE", "write the YAML to this file", NULL, &w.out, NULL},
	    {"apply", NULL, "store the section proxy", &w.apply, NULL, NULL},
	    {0},
	};
	struct importing im = {.lines = MST_BUF_INIT(OUT_MAX),
			       .yaml = MST_BUF_INIT(4096)};
	int status;

	if (!cli_parse(&import_cmd, opts, &argc, &argv, 1, 1, &status))
		return status;
	im.file = argv[0];
	im.margin = w.out || w.apply ? "" : "# ";
	status = import(&im, &w);
	mst_buf_fini(&im.lines);
	mst_buf_fini(&im.yaml);
	return status;
}
