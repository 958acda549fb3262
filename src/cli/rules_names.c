/* SPDX-License-Identifier: Apache-2.0
 *
 * See rules_names.h.
 */
#include "cli/rules_names.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "cli/cmd_settings.h"
#include "rules/names.h"
#include "sync/setting_show.h"

#define OUT_MAX (16u << 20)

struct printer {
	const struct cli_rules_names *in;
	struct mst_arena arena;
	struct mst_buf out;
	struct mst_jout j;
};

/* The table of one environment; of none when it is the built-in one. */
struct table {
	const struct mst_names *names;
	const struct mst_connection *c; /* or NULL */
	enum mst_env env;
};

/* Where the own entries come from: "test", "connection". */
static const char *origin_of(const struct table *t,
			     const struct mst_name_entry *e)
{
	if (!e->own)
		return "built in";
	for (size_t i = 0; i < t->c->settings_n; i++) {
		const struct mst_setting *s = &t->c->settings[i];

		if (strcmp(s->opt->key, "software_names") == 0)
			return mst_origin_name(mst_setting_origin(s), t->env);
	}
	return "connection";
}

/* ---- all entries --------------------------------------------------------- */

static void list_text(struct printer *p, const struct table *t)
{
	size_t n;
	const struct mst_name_entry *list = mst_names_list(t->names, &n);

	for (size_t i = 0; i < n; i++) {
		(void)mst_buf_addf(&p->out, "  %-10s  %s",
				   origin_of(t, &list[i]), list[i].text);
		if (list[i].off)
			(void)mst_buf_addf(&p->out, "   not in force: %s",
					   list[i].off);
		(void)mst_buf_addc(&p->out, '\n');
	}
}

static void list_json(struct printer *p, const struct table *t)
{
	size_t n;
	const struct mst_name_entry *list = mst_names_list(t->names, &n);

	mst_jout_key(&p->j, "entries");
	mst_jout_arr(&p->j);
	for (size_t i = 0; i < n; i++) {
		mst_jout_obj(&p->j);
		mst_jout_kstr(&p->j, "entry", list[i].text);
		mst_jout_kstr(&p->j, "from", origin_of(t, &list[i]));
		mst_jout_kbool(&p->j, "in_force", !list[i].off);
		mst_jout_kstr(&p->j, "off_by", list[i].off ? list[i].off : "");
		mst_jout_end_obj(&p->j);
	}
	mst_jout_end_arr(&p->j);
}

/* ---- one name ------------------------------------------------------------ */

struct tried {
	struct mst_slice vendor, name; /* as given */
	struct mst_slice to_vendor, to_name;
	const struct mst_name_entry *by[MST_NAME_STEPS];
	size_t by_n;
};

static void try_name(const struct printer *p, const struct table *t,
		     struct tried *x)
{
	struct mst_slice text = mst_slice_str(p->in->name);
	const char *bar = strchr(p->in->name, '|');
	size_t n = bar ? (size_t)(bar - p->in->name) : 0;

	x->vendor = mst_slice_trim(mst_slice(text.p, n));
	x->name =
	    mst_slice_trim(bar ? mst_slice(bar + 1, text.n - n - 1) : text);
	x->to_vendor = x->vendor;
	x->to_name = x->name;
	x->by_n = mst_names_find(t->names, &x->to_vendor, &x->to_name, x->by);
}

static void put_product(struct mst_buf *out, struct mst_slice vendor,
			struct mst_slice name)
{
	if (vendor.n)
		(void)mst_buf_addf(out, "%.*s|", MST_SLICE_ARG(vendor));
	(void)mst_buf_add_slice(out, name);
}

static void try_text(struct printer *p, const struct table *t)
{
	struct tried x;

	try_name(p, t, &x);
	(void)mst_buf_adds(&p->out, "  ");
	put_product(&p->out, x.vendor, x.name);
	if (mst_slice_eq(x.vendor, x.to_vendor) &&
	    mst_slice_eq(x.name, x.to_name)) {
		(void)mst_buf_adds(&p->out, " stays as it is\n");
		return;
	}
	(void)mst_buf_adds(&p->out, " -> ");
	put_product(&p->out, x.to_vendor, x.to_name);
	(void)mst_buf_addc(&p->out, '\n');
	for (size_t i = 0; i < x.by_n; i++)
		(void)mst_buf_addf(&p->out, "    by %s [%s]\n", x.by[i]->text,
				   origin_of(t, x.by[i]));
}

static void product_json(struct mst_jout *j, const char *key,
			 struct mst_slice vendor, struct mst_slice name)
{
	mst_jout_key(j, key);
	mst_jout_obj(j);
	mst_jout_kslice(j, "vendor", vendor);
	mst_jout_kslice(j, "name", name);
	mst_jout_end_obj(j);
}

static void try_json(struct printer *p, const struct table *t)
{
	struct tried x;

	try_name(p, t, &x);
	product_json(&p->j, "product", x.vendor, x.name);
	product_json(&p->j, "becomes", x.to_vendor, x.to_name);
	mst_jout_key(&p->j, "by");
	mst_jout_arr(&p->j);
	for (size_t i = 0; i < x.by_n; i++) {
		mst_jout_obj(&p->j);
		mst_jout_kstr(&p->j, "entry", x.by[i]->text);
		mst_jout_kstr(&p->j, "from", origin_of(t, x.by[i]));
		mst_jout_end_obj(&p->j);
	}
	mst_jout_end_arr(&p->j);
}

/* ---- tables -------------------------------------------------------------- */

static void show(struct printer *p, const struct table *t)
{
	const char *of = t->c ? p->in->connection : "built in";

	if (cli.json) {
		mst_jout_obj(&p->j);
		mst_jout_kstr(&p->j, "connection",
			      t->c ? p->in->connection : "");
		mst_jout_kstr(&p->j, "environment",
			      t->c ? mst_env_name(t->env) : "");
		(p->in->name ? try_json : list_json)(p, t);
		mst_jout_end_obj(&p->j);
		return;
	}
	(void)mst_buf_addf(&p->out, "names of software, %s%s%s:\n", of,
			   t->c ? ", " : "", t->c ? mst_env_title(t->env) : "");
	(p->in->name ? try_text : list_text)(p, t);
}

static int show_builtin(struct printer *p, struct mst_err *err)
{
	struct table t = {.c = NULL};

	if (mst_names_make(&p->arena, true, NULL, 0, &t.names, err) < 0)
		return -(int)err->code;
	show(p, &t);
	return 0;
}

static int show_connection(struct printer *p, struct mst_state *state,
			   struct mst_err *err)
{
	struct cli_settings_view v;

	if (cli_settings_look(state, &p->arena, p->in->connection, p->in->env,
			      &v, err) < 0)
		return -(int)err->code;
	for (unsigned i = 0; i < MST_ENV__MAX; i++) {
		struct table t = {.c = &v.c[i], .env = (enum mst_env)i};
		const struct mst_catalog *catalog;

		if (!v.shown[i])
			continue;
		if (!t.c->source)
			return mst_err_set(err, MST_E_INVALID,
					   "connection '%s' is a destination; "
					   "names of software are a source's",
					   p->in->connection);
		if (mst_job_catalog(t.c, NULL, &p->arena, &catalog, err) < 0)
			return -(int)err->code;
		t.names = catalog->names;
		if (!t.names)
			return mst_err_set(err, MST_E_INVALID,
					   "the source of connection '%s' "
					   "delivers no software, so it has no "
					   "names of it",
					   p->in->connection);
		show(p, &t);
	}
	return 0;
}

int cli_rules_names(const struct cli_rules_names *in)
{
	struct printer p = {.in = in, .out = MST_BUF_INIT(OUT_MAX)};
	struct mst_err err = MST_ERR_INIT;
	struct mst_state *state = NULL;
	int rc;

	mst_arena_init(&p.arena, MST_MAX_ARENA);
	mst_jout_init(&p.j, &p.out);
	if (cli.json)
		mst_jout_arr(&p.j);
	rc = in->connection ? cli_open_state(&state, &err)
			    : show_builtin(&p, &err);
	if (rc == 0 && in->connection)
		rc = show_connection(&p, state, &err);
	if (cli.json) {
		mst_jout_end_arr(&p.j);
		(void)mst_buf_addc(&p.out, '\n');
	}
	if (rc == 0)
		cli_print(&p.out);
	mst_buf_fini(&p.out);
	mst_arena_fini(&p.arena);
	mst_state_close(&state);
	return rc < 0 ? cli_fail(&err) : CLI_OK;
}
