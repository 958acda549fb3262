/* SPDX-License-Identifier: Apache-2.0
 *
 * Sections 2 to 4 of docs/internals/cloudapps.md, written a second time: which
 * cloud apps count, which business application each of them is, and what it
 * holds. appInfo is in truth_apps_info.c, people in truth_apps_users.c.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"
#include "sim/truth_private.h"
#include "json/out.h"

#define ATTRIBUTES_MAX 4000

/* ---- settings ------------------------------------------------------------ */

void truth_apps_defaults(struct truth_apps_conf *c)
{
	*c = (struct truth_apps_conf){.prefix = "",
				      .type = "Uses",
				      .max_score = 10,
				      .period = 30,
				      .description_max = 1000,
				      .info = true,
				      .ways = {[TRUTH_BY_EMAIL] = true}};
}

static void take_texts(struct sim_truth *t, struct mst_json conf,
		       const char *name, struct truth_texts *l)
{
	struct mst_json list = mst_json_get(conf, name), v;
	struct mst_json_iter it = mst_json_iter(list);

	if (mst_json_type(list) != MST_JSON_ARRAY)
		return;
	l->n = 0;
	while (l->n < MST_LEN(l->v) && mst_json_next(&it, NULL, &v))
		l->v[l->n++] = truth_text(t, mst_json_str(v));
}

static void take_ways(struct truth_apps_conf *c, struct mst_json list)
{
	static const char *const names[TRUTH__WAYS] = {
	    "email", "upn", "user_name", "domain", "alias"};
	struct mst_json_iter it = mst_json_iter(list);
	struct mst_json v;

	if (mst_json_type(list) != MST_JSON_ARRAY)
		return;
	memset(c->ways, 0, sizeof(c->ways));
	while (mst_json_next(&it, NULL, &v))
		for (int w = 0; w < TRUTH__WAYS; w++)
			if (mst_json_is_str(v, names[w]))
				c->ways[w] = true;
}

static void take_text(struct sim_truth *t, struct mst_json conf,
		      const char *name, const char **v)
{
	struct mst_slice s = mst_json_str(mst_json_get(conf, name));

	if (s.p)
		*v = truth_text(t, s);
}

void truth_apps_configure(struct sim_truth *t, struct mst_json conf)
{
	struct truth_apps_conf *c = &t->apps_conf;

	take_text(t, conf, "correlation_prefix", &c->prefix);
	take_text(t, conf, "user_relation_type", &c->type);
	mst_json_i64(mst_json_get(conf, "max_risk_score"), &c->max_score);
	mst_json_i64(mst_json_get(conf, "report_time_frame"), &c->period);
	mst_json_i64(mst_json_get(conf, "description_max"),
		     &c->description_max);
	mst_json_bool(mst_json_get(conf, "allow_user_synchronization"),
		      &c->users);
	mst_json_bool(mst_json_get(conf, "app_info"), &c->info);
	take_ways(c, mst_json_get(conf, "user_match"));
	take_texts(t, conf, "streams", &c->streams);
	take_texts(t, conf, "tags", &c->tags);
	take_texts(t, conf, "tags_not", &c->tags_not);
	take_texts(t, conf, "user_domains", &c->domains);
	take_texts(t, conf, "user_domain_rewrite", &c->rewrite);
	take_texts(t, conf, "user_aliases", &c->aliases);
	take_texts(t, conf, "description_cleared", &c->cleared);
}

/* ---- which apps ---------------------------------------------------------- */

struct candidate {
	const struct sim_app *app;
	struct app_now now;
	uint64_t users;
	const char *id, *name, *slot;
	bool left; /* what was delivered of it stays */
};

static bool fits(const struct truth_texts *l, const char *text)
{
	for (unsigned i = 0; text && i < l->n; i++)
		if (mst_slice_fits(mst_slice_str(text), l->v[i]))
			return true;
	return false;
}

static uint32_t chosen_streams(const struct sim_truth *t,
			       const struct sim_apps *a)
{
	const struct truth_texts *l = &t->apps_conf.streams;
	uint32_t bits = 0;

	for (unsigned s = 0; s < a->streams_n; s++)
		if (!l->n || fits(l, a->streams[s].id) ||
		    fits(l, a->streams[s].name))
			bits |= 1u << s;
	return bits;
}

static bool tags_fit(const struct app_now *now, const struct truth_texts *l)
{
	for (unsigned i = 0; i < now->tags_n; i++)
		if (fits(l, now->tags[i]))
			return true;
	return false;
}

/* The most users that one of the streams counts. False: none shows it. */
static bool most_users(const struct sim_truth *t, const struct sim_apps *a,
		       const struct sim_app *app, uint32_t streams,
		       uint64_t *users_r)
{
	unsigned period = (unsigned)t->apps_conf.period;
	bool shown = false;

	*users_r = 0;
	for (unsigned s = 0; s < a->streams_n; s++) {
		uint64_t n;

		if (!(streams >> s & 1) || !sim_app_shown(a, app, s, period))
			continue;
		shown = true;
		n = sim_app_user_count(a, app, s, period);
		*users_r = MST_MAX(*users_r, n);
	}
	return shown;
}

static bool make_candidate(struct sim_truth *t, const struct sim_apps *a,
			   const struct sim_app *app, uint32_t streams,
			   struct candidate *c)
{
	const struct truth_apps_conf *conf = &t->apps_conf;

	*c = (struct candidate){.app = app};
	if (!app->id || !most_users(t, a, app, streams, &c->users))
		return false;
	sim_app_now(a, app, &c->now);
	if ((conf->tags.n && !tags_fit(&c->now, &conf->tags)) ||
	    tags_fit(&c->now, &conf->tags_not) ||
	    c->now.score > conf->max_score)
		return false;
	c->id = truth_lower(t, mst_slice_str(app->id));
	c->name = truth_cut(t, c->now.name, 255);
	c->left =
	    !c->name || (c->now.score == APP_NO_SCORE && conf->max_score < 10);
	if (c->name)
		c->slot = truth_lower(t, mst_slice_str(c->name));
	return true;
}

static bool sanctioned(const struct candidate *c)
{
	for (unsigned i = 0; i < c->now.tags_n; i++)
		if (mst_slice_iis(mst_slice_str(c->now.tags[i]), "sanctioned"))
			return true;
	return false;
}

/* Of two apps with one name. */
static bool beats(const struct candidate *a, const struct candidate *b)
{
	if (sanctioned(a) != sanctioned(b))
		return sanctioned(a);
	return strcmp(a->id, b->id) < 0;
}

/* ---- what it holds ------------------------------------------------------- */

/* "generativeAi" → "Generative AI" */
static const char *category_of(struct sim_truth *t, const char *s)
{
	static const char *const own[][2] = {{"generativeAi", "Generative AI"},
					     {"webemail", "Webmail"},
					     {"crm", "CRM"},
					     {"itServices", "IT services"}};
	char text[256];
	size_t n = 0;

	if (!s || !strcmp(s, "unknownFutureValue"))
		return NULL;
	for (size_t i = 0; i < MST_LEN(own); i++)
		if (!strcmp(s, own[i][0]))
			return own[i][1];
	for (size_t i = 0; s[i] && n + 2 < sizeof(text); i++) {
		bool big = s[i] >= 'A' && s[i] <= 'Z';

		if (big && i)
			text[n++] = ' ';
		text[n++] = (char)(big ? s[i] + 32 : s[i]);
	}
	text[n] = '\0';
	if (text[0] >= 'a' && text[0] <= 'z')
		text[0] = (char)(text[0] - 32);
	return truth_cut(t, text, 40);
}

static void list_line(struct mst_buf *b, const char *name, const char *const *v,
		      unsigned n)
{
	struct mst_buf list;
	struct mst_jout j;

	if (!n)
		return;
	mst_buf_init(&list, 65536);
	mst_jout_init(&j, &list);
	mst_jout_arr(&j);
	for (unsigned i = 0; i < n; i++)
		mst_jout_str(&j, v[i]);
	mst_jout_end_arr(&j);
	(void)truth_line(b, ATTRIBUTES_MAX, name, mst_buf_slice(&list));
	mst_buf_fini(&list);
}

static const char *attributes_of(struct sim_truth *t, const struct candidate *c)
{
	const char *text = NULL;
	struct mst_buf b;
	char score[16];

	mst_buf_init(&b, 65536);
	list_line(&b, "domains", c->app->domains, c->app->domains_n);
	if (c->now.score != APP_NO_SCORE) {
		(void)snprintf(score, sizeof(score), "%d", c->now.score);
		(void)truth_line(&b, ATTRIBUTES_MAX, "riskScore",
				 mst_slice_str(score));
	}
	list_line(&b, "tags", c->now.tags, c->now.tags_n);
	if (b.n)
		text = truth_text(t, mst_buf_slice(&b));
	mst_buf_fini(&b);
	return text;
}

static const char *url_of(struct sim_truth *t, const struct sim_app *app,
			  const struct truth_info *info)
{
	const char *domain = app->domains_n ? app->domains[0] : NULL;
	char text[1200];

	if (info->url)
		return info->url;
	if (!domain)
		return NULL;
	if (!strncmp(domain, "*.", 2))
		domain += 2;
	(void)snprintf(text, sizeof(text), "https://%s", domain);
	return truth_cut(t, text, 1024);
}

static void set_attributes(struct sim_truth *t, const struct sim_apps *a,
			   struct truth_app *ci, const struct candidate *c)
{
	struct truth_info info = {0};
	char count[24];

	if (t->apps_conf.info)
		truth_app_info(t, a, c->app, &info);
	ci->name = c->name;
	truth_set(&ci->vendor, info.vendor);
	if (info.vendor)
		truth_company(t, info.vendor);
	truth_set(&ci->category, category_of(t, c->now.category));
	truth_set(&ci->url, url_of(t, c->app, &info));
	truth_set(&ci->platform, info.platform);
	truth_set(&ci->description, info.description);
	truth_set(&ci->attributes, attributes_of(t, c));
	(void)snprintf(count, sizeof(count), "%llu",
		       (unsigned long long)c->users);
	ci->count = truth_text(t, mst_slice_str(count));
	ci->retired = false;
}

/* ---- the CMDB's side ----------------------------------------------------- */

static struct truth_app *new_app(struct sim_truth *t, const struct candidate *c)
{
	struct truth_app *ci = mst_arena_alloc(&t->arena, sizeof(*ci));
	char text[640];

	(void)snprintf(text, sizeof(text), "%s%s", t->apps_conf.prefix, c->id);
	ci->correlation = truth_cut(t, text, 512);
	/* the list's own map is not used: names change */
	(void)snprintf(text, sizeof(text), "#%zu", t->apps.n);
	truth_add(&t->apps, truth_text(t, mst_slice_str(text)), ci);
	return ci;
}

static uint32_t index_of(const struct sim_truth *t, const struct truth_app *ci)
{
	uint32_t i = 0;

	while (t->apps.v[i] != ci)
		i++;
	return i;
}

/* As ServiceNow identifies: native key, then name. */
static struct truth_app_id *identify(struct sim_truth *t,
				     const struct candidate *c)
{
	struct truth_app_id *m = truth_find(&t->app_ids, c->id);
	struct truth_app *ci;

	if (m)
		return m;
	ci = mst_map_get(&t->app_by_name, mst_slice_str(c->slot));
	m = mst_arena_alloc(&t->arena, sizeof(*m));
	m->id = c->id;
	m->app = index_of(t, ci ? ci : new_app(t, c));
	truth_add(&t->app_ids, m->id, m);
	return m;
}

static void put_winner(struct sim_truth *t, const struct sim_apps *a,
		       const struct candidate *c)
{
	struct truth_app_id *m = identify(t, c);
	struct truth_app *ci = t->apps.v[m->app];

	m->seen = t->apps_sync;
	m->delivered = true;
	ci->owner_seen = t->apps_sync;
	set_attributes(t, a, ci, c);
	if (ci->slot && strcmp(ci->slot, c->slot) != 0 &&
	    mst_map_get(&t->app_by_name, mst_slice_str(ci->slot)) == ci)
		mst_map_del(&t->app_by_name, mst_slice_str(ci->slot));
	ci->slot = c->slot;
	mst_map_put(&t->app_by_name, mst_slice_str(c->slot), ci);
}

/* A record that is left is neither changed nor missing. */
static void leave(struct sim_truth *t, const struct candidate *c)
{
	struct truth_app_id *m = truth_find(&t->app_ids, c->id);
	struct truth_app *ci;

	if (!m || !m->delivered)
		return;
	m->seen = t->apps_sync;
	ci = t->apps.v[m->app];
	ci->owner_seen = ci->left_seen = t->apps_sync;
}

static void retire_missing(struct sim_truth *t)
{
	for (size_t i = 0; i < t->app_ids.n; i++) {
		struct truth_app_id *m = t->app_ids.v[i];
		struct truth_app *ci = t->apps.v[m->app];

		if (!m->delivered || m->seen == t->apps_sync)
			continue;
		m->delivered = false;
		if (ci->owner_seen != t->apps_sync)
			ci->retired = true;
	}
}

static void drop_uses(struct sim_truth *t)
{
	for (size_t i = 0; i < t->uses.n; i++) {
		struct truth_use *u = t->uses.v[i];
		const struct truth_app *app = t->apps.v[u->app];

		if (app->left_seen != t->apps_sync && u->seen != t->apps_sync)
			u->live = false;
	}
}

static void fold_in(struct sim_truth *t, const struct sim_apps *a,
		    struct truth_directory *d)
{
	struct candidate *all = mst_alloc((a->apps_n + 1) * sizeof(*all));
	uint32_t streams = chosen_streams(t, a);
	struct mst_map best = {0};
	size_t n = 0;

	t->apps_sync++;
	for (size_t i = 0; i < a->apps_n; i++) {
		struct candidate *c = &all[n], *other;

		if (!make_candidate(t, a, a->apps[i], streams, c))
			continue;
		n++;
		if (c->left) {
			leave(t, c);
			continue;
		}
		other = mst_map_get(&best, mst_slice_str(c->slot));
		if (!other || beats(c, other))
			mst_map_put(&best, mst_slice_str(c->slot), c);
	}
	for (size_t i = 0; i < n; i++) {
		const struct candidate *c = &all[i];

		if (c->left || mst_map_get(&best, mst_slice_str(c->slot)) != c)
			continue;
		put_winner(t, a, c);
		if (d)
			truth_app_uses(d, a, c->app, streams,
				       ((const struct truth_app_id *)truth_find(
					    &t->app_ids, c->id))
					   ->app);
	}
	retire_missing(t);
	if (d)
		drop_uses(t);
	mst_map_fini(&best);
	free(all);
}

int sim_truth_apps_synced(struct sim_truth *t, const struct sim_apps *a,
			  struct mst_slice json, struct mst_err *err)
{
	struct mst_json_parser *p = mst_json_parser_new(512u << 20);
	struct truth_directory *d = NULL;
	struct mst_json root;
	int ret = mst_json_parse(p, json, &root, err);

	if (ret == 0) {
		if (t->apps_conf.users)
			d = truth_directory_new(t, mst_json_get(root, "users"));
		fold_in(t, a, d);
		truth_directory_free(&d);
	}
	mst_json_parser_free(&p);
	return ret;
}
