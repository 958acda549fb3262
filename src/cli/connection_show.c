/* SPDX-License-Identifier: Apache-2.0
 *
 * muster connection show: what a connection is, and when its jobs ran last and
 * run next.
 */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/time.h"
#include "cli/cli.h"
#include "cli/connection_show.h"
#include "sync/due.h"

struct showing {
	struct mst_buf out;
	struct mst_jout j;
};

static void say(struct showing *s, const char *name, const char *key,
		const char *text)
{
	if (cli.json)
		mst_jout_kstr(&s->j, key, text);
	else
		(void)mst_buf_addf(&s->out, "%-14s %s\n", name, text);
}

static const char *value(const struct mst_connection *c, const char *key)
{
	for (size_t i = 0; i < c->item->values_n; i++) {
		if (strcmp(c->item->values[i].key, key) == 0 &&
		    c->item->values[i].texts_n == 1)
			return c->item->values[i].texts[0];
	}
	return NULL;
}

/* As the connection has it, with what is the section's. */
static const char *proxy_of(const struct mst_connection *c,
			    struct mst_arena *arena)
{
	const struct mst_opt *row = mst_opt_find(c->opts, "proxy");
	const void *conf =
	    c->source ? (const void *)c->source_conf : c->dest_conf;
	const struct mst_proxy *p;

	if (!row)
		return NULL;
	p = (const struct mst_proxy *)(const void *)((const char *)conf +
						     row->offset);
	if (!p->url)
		return "the environment's";
	return mst_arena_printf(arena, "%s%s", p->url,
				p->global ? " (section proxy)" : "");
}

static void say_sync(struct showing *s, const struct mst_connection *c)
{
	char text[64];

	if (!mst_opt_find(c->opts, "sync"))
		return;
	if (cli.json) {
		mst_jout_kbool(&s->j, "sync", c->source_conf->sync);
		mst_jout_ki64(&s->j, "sync_frequency",
			      c->source_conf->sync_minutes);
		return;
	}
	(void)snprintf(text, sizeof(text), "every %lld minutes",
		       (long long)c->source_conf->sync_minutes);
	say(s, "sync", "sync", c->source_conf->sync ? text : "no");
}

static void say_job(struct showing *s, const struct mst_due *d)
{
	char last[21] = "never", next[21] = "";

	if (d->run)
		mst_time_iso(d->last_us, last);
	if (d->on)
		mst_time_iso(d->due_us, next);
	if (cli.json) {
		mst_jout_obj(&s->j);
		mst_jout_kstr(&s->j, "job", d->job);
		mst_jout_kstr(&s->j, "last_sync", d->run ? last : "");
		mst_jout_ki64(&s->j, "run", d->run);
		mst_jout_kstr(&s->j, "status",
			      d->run ? mst_run_status_name(d->status) : "");
		mst_jout_kstr(&s->j, "next_sync", next);
		mst_jout_end_obj(&s->j);
		return;
	}
	(void)mst_buf_addf(&s->out, "job %-10s last sync %s", d->job, last);
	if (d->run)
		(void)mst_buf_addf(&s->out, " (run %lld, %s)",
				   (long long)d->run,
				   mst_run_status_name(d->status));
	(void)mst_buf_addf(&s->out, "%s%s\n", *next ? ", next " : "", next);
}

static int say_jobs(struct showing *s, struct mst_state *state,
		    const struct mst_connection *c, struct mst_arena *arena,
		    struct mst_err *err)
{
	struct mst_due *v;
	size_t n;

	if (!c->source)
		return 0;
	if (mst_due_list(state, arena, &v, &n, err) < 0)
		return -(int)err->code;
	if (cli.json) {
		mst_jout_key(&s->j, "jobs");
		mst_jout_arr(&s->j);
	}
	for (size_t i = 0; i < n; i++) {
		if (strcmp(v[i].connection, c->name) == 0)
			say_job(s, &v[i]);
	}
	if (cli.json)
		mst_jout_end_arr(&s->j);
	return 0;
}

int cli_connection_show(struct mst_state *state, const char *name,
			struct mst_err *err)
{
	struct showing s = {.out = MST_BUF_INIT(1u << 20)};
	struct mst_connection c;
	struct mst_arena arena;
	int rc;

	mst_arena_init(&arena, MST_MAX_ARENA);
	mst_jout_init(&s.j, &s.out);
	if (cli.json)
		mst_jout_obj(&s.j);
	rc = mst_connection_load(state, name, &arena, &c, err);
	if (rc == 0) {
		const char *url = value(&c, "url"), *proxy;

		say(&s, "connection", "name", c.name);
		say(&s, "type", "type", c.type);
		if (c.source && c.source->place)
			say(&s, "reads", "reads",
			    c.source->place(c.source_conf));
		if (url)
			say(&s, "address", "address", url);
		say(&s, "environments", "environments",
		    mst_connection_envs(&c));
		proxy = proxy_of(&c, &arena);
		if (proxy)
			say(&s, "proxy", "proxy", proxy);
		if (c.source)
			say_sync(&s, &c);
		rc = say_jobs(&s, state, &c, &arena, err);
	}
	if (cli.json) {
		mst_jout_end_obj(&s.j);
		(void)mst_buf_addc(&s.out, '\n');
	}
	if (rc == 0)
		cli_print(&s.out);
	mst_buf_fini(&s.out);
	mst_arena_fini(&arena);
	return rc;
}
