/* SPDX-License-Identifier: Apache-2.0
 *
 * muster explain: the whole story of a record.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "cli/cli.h"
#include "sync/explain.h"
#include "sync/setting_show.h"

static const struct cli_command explain_cmd = {
    "explain", "JOB KEY",
    "Shows the source record, the desired record with the rule behind each "
    "column, what\nRecVer remembers, the last write and its request id, and "
    "what the next run would do.\nKEY is the id or name of a device or cloud "
    "app, a CVE id, a package, a user of a\ncloud app, or the key of a record.",
    cmd_explain};

struct printer {
	const struct mst_job *job;
	struct mst_buf out;
	struct mst_jout j;
};

static void value_text(const struct mst_value *v, struct mst_jout *j)
{
	struct mst_buf raw = MST_BUF_INIT(1u << 20);

	switch (v->type) {
	case MST_JSON_NULL:
		mst_jout_null(j);
		break;
	case MST_JSON_BOOL:
		mst_jout_bool(j, v->u.b);
		break;
	case MST_JSON_INT:
		mst_jout_i64(j, v->u.i);
		break;
	case MST_JSON_DOUBLE:
		mst_jout_dbl(j, v->u.d);
		break;
	case MST_JSON_STRING:
		mst_jout_slice(j, mst_slice(v->u.s.p, v->u.s.n));
		break;
	case MST_JSON_ARRAY:
	case MST_JSON_OBJECT:
		if (mst_json_write(v->u.j, &raw))
			mst_jout_raw(j, mst_buf_slice(&raw));
		else
			mst_jout_null(j);
		break;
	}
	mst_buf_fini(&raw);
}

static struct mst_slice field_name(const struct mst_field *f)
{
	const char *bar = f->name;

	while (*bar && *bar != '|')
		bar++;
	return mst_slice(f->name, (size_t)(bar - f->name));
}

static const char *keep_word(enum mst_keep keep)
{
	switch (keep) {
	case MST_KEEP:
		return "kept";
	case MST_DROP:
		return "left out";
	case MST_LEAVE:
		return "left as it is";
	case MST_KNOWN:
		return "updated only";
	case MST_SKIP:
		break;
	}
	return "skipped";
}

static const char *flag_words(unsigned flags)
{
	if ((flags & MST_COL_INSERT) && (flags & MST_COL_UPDATE))
		return " (never sent)";
	if (flags & MST_COL_INSERT)
		return " (on insert only)";
	if (flags & MST_COL_UPDATE)
		return " (on update only)";
	if (flags & MST_COL_VOLATILE)
		return " (never a reason to write)";
	return "";
}

/* The same for programs. */
static void flag_json(struct mst_jout *j, unsigned flags)
{
	bool insert = flags & MST_COL_INSERT, update = flags & MST_COL_UPDATE;

	mst_jout_kstr(j, "when",
		      insert && update ? "never"
		      : insert	       ? "insert"
		      : update	       ? "update"
				       : "always");
	mst_jout_kbool(j, "volatile", flags & MST_COL_VOLATILE);
}

static void json_record(struct printer *p, const struct mst_explained *e)
{
	struct mst_jout *j = &p->j;

	mst_jout_kstr(j, "feed", e->feed->name);
	mst_jout_kslice(j, "group", e->desired->group);
	mst_jout_kslice(j, "table", e->desired->table);
	mst_jout_kstr(j, "filter", keep_word(e->keep));
	if (e->keep != MST_KEEP)
		mst_jout_kslice(j, "why", e->why);
	mst_jout_key(j, "source");
	mst_jout_obj(j);
	for (size_t i = 0; i < e->feed->fields_n; i++) {
		mst_jout_key_slice(j, field_name(&e->feed->fields[i]));
		value_text(&e->values[i], j);
	}
	mst_jout_end_obj(j);
	mst_jout_key(j, "desired");
	mst_jout_arr(j);
	for (size_t i = 0; i < e->desired->cells_n; i++) {
		const struct mst_cell *c = &e->desired->cells[i];

		mst_jout_obj(j);
		mst_jout_kstr(j, "column", e->set->columns[c->column].name);
		mst_jout_kslice(j, "value", c->text);
		mst_jout_kstr(j, "rule",
			      e->mapping->rows[e->desired->rows[i]].rule);
		flag_json(j, e->set->columns[c->column].flags);
		mst_jout_key(j, "settings");
		mst_jout_arr(j);
		mst_rule_settings_json(
		    j, p->job, e->mapping->rows[e->desired->rows[i]].rule);
		mst_jout_end_arr(j);
		mst_jout_end_obj(j);
	}
	mst_jout_end_arr(j);
}

static void print_json(struct printer *p, const struct mst_explained *e)
{
	struct mst_jout *j = &p->j;
	char hex[33] = "", at[21];

	mst_jout_obj(j);
	mst_jout_kstr(j, "record_set", e->set->name);
	mst_jout_kslice(j, "key", e->key);
	mst_jout_kbool(j, "shown", e->feed != NULL);
	if (e->feed)
		json_record(p, e);
	mst_jout_key(j, "recver");
	mst_jout_obj(j);
	mst_jout_kbool(j, "known", e->member_known);
	mst_jout_kbool(j, "same", e->stored);
	if (!mst_sysid_is_zero(&e->remote))
		mst_sysid_hex(&e->remote, hex);
	mst_jout_kstr(j, "sys_id", hex);
	mst_jout_end_obj(j);
	mst_jout_key(j, "last_write");
	if (e->write) {
		mst_time_iso(e->write->at_us, at);
		mst_jout_obj(j);
		mst_jout_ki64(j, "run", e->write->run);
		mst_jout_kstr(j, "at", at);
		mst_jout_kstr(j, "action", mst_action_name(e->write->action));
		mst_jout_kstr(j, "request_id", e->write->request_id);
		mst_jout_end_obj(j);
	} else {
		mst_jout_null(j);
	}
	mst_jout_kstr(j, "next_run", e->fate);
	mst_jout_end_obj(j);
}

static void print_source(struct printer *p, const struct mst_explained *e)
{
	for (size_t i = 0; i < e->feed->fields_n; i++) {
		struct mst_buf text = MST_BUF_INIT(1u << 20);
		struct mst_jout j;

		mst_jout_init(&j, &text);
		if (e->values[i].type == MST_JSON_NULL)
			continue;
		value_text(&e->values[i], &j);
		(void)mst_buf_addf(&p->out, "    %-30.*s %s\n",
				   (int)field_name(&e->feed->fields[i]).n,
				   e->feed->fields[i].name,
				   text.p ? text.p : "");
		mst_buf_fini(&text);
	}
}

/* Further lines of a text stand below its first one. */
static void add_lines(struct mst_buf *out, struct mst_slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		(void)mst_buf_addc(out, text.p[i]);
		if (text.p[i] == '\n')
			(void)mst_buf_addf(out, "%31s", "");
	}
}

static void print_record(struct printer *p, const struct mst_explained *e)
{
	(void)mst_buf_addf(&p->out, "  source record (%s):\n", e->feed->title);
	print_source(p, e);
	(void)mst_buf_addf(&p->out, "  filter: %s%s%.*s\n", keep_word(e->keep),
			   e->keep == MST_KEEP ? "" : ": ",
			   e->keep == MST_KEEP ? 0 : (int)e->why.n,
			   e->keep == MST_KEEP ? "" : e->why.p);
	if (e->desired->cells_n)
		(void)mst_buf_addf(&p->out, "  desired record (%.*s):\n",
				   MST_SLICE_ARG(e->desired->table));
	for (size_t i = 0; i < e->desired->cells_n; i++) {
		const struct mst_cell *c = &e->desired->cells[i];
		const struct mst_column *col = &e->set->columns[c->column];
		const char *rule = e->mapping->rows[e->desired->rows[i]].rule;

		(void)mst_buf_addf(&p->out, "    %-26s ", col->name);
		add_lines(&p->out, c->text);
		(void)mst_buf_addf(&p->out, "   [%s", rule);
		mst_rule_settings_text(&p->out, p->job, rule);
		(void)mst_buf_addf(&p->out, "]%s\n", flag_words(col->flags));
	}
}

static void print_text(struct printer *p, const struct mst_explained *e)
{
	char hex[33] = "none yet", at[21];

	(void)mst_buf_addf(&p->out, "%s %.*s\n", e->set->name,
			   MST_SLICE_ARG(e->key));
	if (e->feed)
		print_record(p, e);
	else
		(void)mst_buf_adds(&p->out, "  source record: none\n");
	if (!mst_sysid_is_zero(&e->remote))
		mst_sysid_hex(&e->remote, hex);
	(void)mst_buf_addf(&p->out, "  RecVer: %s; sys_id %s\n",
			   !e->feed	     ? "delivered"
			   : e->stored	     ? "delivered as it is"
			   : e->member_known ? "delivered, but different"
					     : "not delivered",
			   hex);
	if (e->write) {
		mst_time_iso(e->write->at_us, at);
		(void)mst_buf_addf(&p->out,
				   "  last write: %s in run %lld, %s, request "
				   "%s\n",
				   mst_action_name(e->write->action),
				   (long long)e->write->run, at,
				   *e->write->request_id ? e->write->request_id
							 : "without an id");
	} else {
		(void)mst_buf_adds(&p->out, "  last write: none on record\n");
	}
	(void)mst_buf_addf(&p->out, "  next run: %s\n\n", e->fate);
}

static int print(void *ctx, const struct mst_explained *e)
{
	if (cli.json)
		print_json(ctx, e);
	else
		print_text(ctx, e);
	return 0;
}

static int explain(struct mst_session *s, const char *key, const char *set,
		   uint64_t most, struct mst_err *err)
{
	struct printer p = {.job = &s->job, .out = MST_BUF_INIT(256u << 20)};
	uint64_t found = 0;
	int rc;

	mst_jout_init(&p.j, &p.out);
	if (cli.json)
		mst_jout_arr(&p.j);
	rc = mst_explain(s, key, set, most, print, &p, &found, err);
	cli_progress_end();
	if (cli.json) {
		mst_jout_end_arr(&p.j);
		(void)mst_buf_addc(&p.out, '\n');
	} else if (found > most) {
		(void)mst_buf_addf(&p.out, "... and %llu more (--count)\n",
				   (unsigned long long)(found - most));
	}
	if (rc == 0 && found == 0)
		rc = mst_err_set(err, MST_E_NOTFOUND,
				 "neither the source nor RecVer has a record "
				 "'%s': give an id, a name, a key or a CVE id",
				 key);
	if (rc == 0)
		cli_print(&p.out);
	mst_buf_fini(&p.out);
	return rc;
}

int cmd_explain(int argc, char **argv)
{
	struct mst_run_conf conf = {.cancel = &cli_cancel, .every_group = true};
	const char *set = NULL;
	uint64_t count = 20;
	const struct cli_opt opts[] = {
	    {"record-set", "NAME", "only this record set", NULL, &set, NULL},
	    {"count", "N", "at most so many records (20)", NULL, NULL, &count},
	    {0},
	};
	struct mst_err err = MST_ERR_INIT;
	struct mst_state *state = NULL;
	struct mst_session *s;
	int status, rc;

	if (!cli_parse(&explain_cmd, opts, &argc, &argv, 2, 2, &status))
		return status;
	conf.job = argv[0];
	conf.progress = cli_progress();
	s = mst_alloc(sizeof(*s));
	rc = cli_open_state(&state, &err);
	if (rc == 0) {
		rc = mst_session_open(s, state, &conf, false, &err);
		if (rc == 0)
			rc = mst_session_read(s, &err);
		if (rc == 0)
			rc = mst_session_compare(s, &err);
		if (rc == 0)
			rc = explain(s, argv[1], set, count, &err);
		(void)mst_session_close(s, rc < 0 ? &err : NULL);
	}
	free(s);
	mst_state_close(&state);
	return rc < 0 ? cli_fail(&err) : CLI_OK;
}
