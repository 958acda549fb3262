/* SPDX-License-Identifier: Apache-2.0
 *
 * Cloud discovery's answers as files, in the layout of docs/internals/
 * cloudapps.md: a folder per feed, a file per part, named for what its records
 * do not say.
 */
#include <stdio.h>

#include "base/file.h"
#include "sim/apps.h"
#include "sim/private.h"

struct folder {
	const struct mst_sim_folder *f;
	const struct sim_apps *a;
	struct mst_sim_saved *saved;
	struct mst_err *err;
	struct mst_buf body;
	unsigned period;
	uint64_t page;
};

/* "Ab-1_" stays, everything else is %XX. */
static void add_name(struct mst_buf *b, const char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
		    (c >= 'A' && c <= 'Z') || c == '-' || c == '_')
			mst_buf_addc(b, (char)c);
		else
			mst_buf_addf(b, "%%%02X", c);
	}
}

/* feed/FIRST[,SECOND][,PAGE].json, with what is in body. No fsync: thousands
 * of files that can be made again. */
static int put(struct folder *d, const char *feed, const char *first,
	       const char *second, uint64_t page)
{
	struct mst_buf path;
	FILE *out;
	bool bad;

	mst_buf_init(&path, 8192);
	mst_buf_addf(&path, "%s/%s/", d->f->dir, feed);
	add_name(&path, first);
	if (second) {
		mst_buf_addc(&path, ',');
		add_name(&path, second);
	}
	if (page > 1)
		mst_buf_addf(&path, ",%llu", (unsigned long long)page);
	mst_buf_adds(&path, ".json");
	out = mst_file_stream(path.p, "w", d->err);
	if (out) {
		bad = fwrite(d->body.p, 1, d->body.n, out) != d->body.n;
		if (fclose(out) != 0 || bad)
			(void)mst_err_os(d->err, "%s", path.p);
		d->saved->files++;
		d->saved->bytes += d->body.n;
	}
	mst_buf_fini(&path);
	mst_buf_reset(&d->body);
	return d->err->code ? -(int)d->err->code : 0;
}

static int put_apps(struct folder *d, unsigned stream)
{
	struct app_page p = {.top = d->page, .no_next = true};
	const char *id = d->a->streams[stream].id;
	bool more = true;
	int ret = 0;

	for (uint64_t n = 1; more && ret == 0; n++, p.skip += p.top) {
		more =
		    sim_apps_page_apps(d->a, stream, d->period, &p, &d->body);
		ret = put(d, "apps", id, NULL, n);
	}
	return ret;
}

static int put_users(struct folder *d, const struct sim_app *app,
		     unsigned stream)
{
	struct app_page p = {.top = d->page, .no_next = true};
	const char *id = d->a->streams[stream].id;
	bool more = true;
	int ret = 0;

	d->saved->users += sim_app_user_count(d->a, app, stream, d->period);
	for (uint64_t n = 1; more && ret == 0; n++, p.skip += p.top) {
		more = sim_apps_page_users(d->a, app, stream, d->period, &p,
					   &d->body);
		ret = put(d, "app_users", id, app->id, n);
	}
	return ret;
}

static int put_app(struct folder *d, const struct sim_app *app)
{
	bool first = true;
	int ret = 0;

	for (unsigned s = 0; s < d->a->streams_n && ret == 0; s++) {
		if (!sim_app_shown(d->a, app, s, d->period))
			continue;
		if (first && sim_apps_page_info(d->a, app, &d->body))
			ret = put(d, "app_info", app->id, NULL, 1);
		d->saved->apps += first;
		first = false;
		if (ret == 0)
			ret = put_users(d, app, s);
	}
	return ret;
}

static int put_all(struct folder *d)
{
	static const char *const feeds[] = {"streams", "apps", "app_info",
					    "app_users"};
	struct app_page p = {.top = APP_MAX_STREAMS, .no_next = true};
	char *dir;
	int ret = 0;

	for (size_t i = 0; i < MST_LEN(feeds) && ret == 0; i++) {
		dir = mst_asprintf("%s/%s", d->f->dir, feeds[i]);
		ret = mst_dir_make(dir, d->err);
		mst_freep(&dir);
	}
	sim_apps_page_streams(d->a, &p, &d->body);
	if (ret == 0)
		ret = put(d, "streams", "streams", NULL, 1);
	for (unsigned s = 0; s < d->a->streams_n && ret == 0; s++)
		ret = put_apps(d, s);
	for (size_t i = 0; i < d->a->apps_n && ret == 0; i++)
		if (d->a->apps[i]->id)
			ret = put_app(d, d->a->apps[i]);
	return ret;
}

int mst_sim_save_apps(const struct mst_sim_conf *conf,
		      const struct mst_sim_folder *f,
		      struct mst_sim_saved *saved_r, struct mst_err *err)
{
	struct mst_sim_conf c = *conf;
	struct folder d = {.f = f,
			   .saved = saved_r,
			   .err = err,
			   .period = f->period ? f->period : 30,
			   .page = f->page ? f->page : UINT32_MAX};
	struct sim_apps *a;
	int ret;

	sim_conf_fill(&c);
	*saved_r = (struct mst_sim_saved){0};
	a = sim_apps_new(c.seed, (uint32_t)c.apps, (uint32_t)c.people,
			 (uint64_t)c.app_links);
	sim_apps_day(a, f->day);
	if (f->streams)
		a->streams_n = MST_MIN(a->streams_n, f->streams);
	d.a = a;
	mst_buf_init(&d.body, SIM_MAX_REPLY);
	ret = put_all(&d);
	mst_buf_fini(&d.body);
	sim_apps_free(&a);
	return ret;
}
