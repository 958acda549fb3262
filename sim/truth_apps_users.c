/* SPDX-License-Identifier: Apache-2.0
 *
 * Section 5 of docs/internals/cloudapps.md, written a second time: whom an
 * identifier means, and who is related to an app.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sim/truth_private.h"

struct user {
	const char *id, *created;
	bool active;
	struct user *same_email, *same_name; /* the next one */
};

struct truth_directory {
	struct sim_truth *t;
	struct mst_arena arena;
	struct mst_map by_email, by_name; /* folded */
	struct mst_map known;		  /* identifier → struct hit */
};

/* ---- the directory ------------------------------------------------------- */

static bool older(const struct user *a, const struct user *b)
{
	int c = strcmp(a->created, b->created);

	return c < 0 || (c == 0 && strcmp(a->id, b->id) < 0);
}

static struct mst_slice key_of(struct truth_directory *d, struct mst_json v,
			       const char *name)
{
	struct mst_slice s = mst_json_str(mst_json_get(v, name));

	return mst_slice_str(truth_lower(d->t, s));
}

static void add_user(struct truth_directory *d, struct mst_json v)
{
	struct sim_truth *t = d->t;
	struct user *u = mst_arena_alloc(&d->arena, sizeof(*u));
	struct mst_slice email = key_of(d, v, "email");
	struct mst_slice name = key_of(d, v, "user_name");

	u->id = truth_text(t, mst_json_str(mst_json_get(v, "sys_id")));
	u->created = truth_text(t, mst_json_str(mst_json_get(v, "created")));
	u->active = mst_json_is_str(mst_json_get(v, "active"), "true");
	if (email.n)
		u->same_email = mst_map_put(&d->by_email, email, u);
	if (name.n)
		u->same_name = mst_map_put(&d->by_name, name, u);
}

struct truth_directory *truth_directory_new(struct sim_truth *t,
					    struct mst_json users)
{
	struct truth_directory *d = mst_alloc(sizeof(*d));
	struct mst_json_iter it = mst_json_iter(users);
	struct mst_json v;

	d->t = t;
	mst_arena_init(&d->arena, 1u << 30);
	while (mst_json_next(&it, NULL, &v))
		add_user(d, v);
	return d;
}

void truth_directory_free(struct truth_directory **dp)
{
	struct truth_directory *d = *dp;

	if (!d)
		return;
	mst_map_fini(&d->by_email);
	mst_map_fini(&d->by_name);
	mst_map_fini(&d->known);
	mst_arena_fini(&d->arena);
	free(d);
	*dp = NULL;
}

/* ---- whom an identifier means -------------------------------------------- */

struct hit {
	const char *user; /* NULL: nobody */
	bool sure;	  /* exactly one, and active: the relation is made */
};

/* The oldest of the active ones, else of the others. */
static struct hit pick(const struct user *list, bool by_email)
{
	const struct user *best = NULL;
	unsigned active = 0;

	for (const struct user *u = list; u;
	     u = by_email ? u->same_email : u->same_name) {
		active += u->active;
		if (!best || (u->active && !best->active) ||
		    (u->active == best->active && older(u, best)))
			best = u;
	}
	return (struct hit){best ? best->id : NULL, active == 1};
}

static struct hit find(const struct truth_directory *d, bool by_email,
		       struct mst_slice text)
{
	const char *key = truth_lower(d->t, text);

	return pick(mst_map_get(by_email ? &d->by_email : &d->by_name,
				mst_slice_str(key)),
		    by_email);
}

/* What stands behind "OLD=" in a list, for this OLD. */
static struct mst_slice behind(const struct truth_texts *l, struct mst_slice s)
{
	for (unsigned i = 0; i < l->n; i++) {
		const char *eq = strrchr(l->v[i], '=');

		if (eq && mst_slice_ieq(
			      mst_slice(l->v[i], (size_t)(eq - l->v[i])), s))
			return mst_slice_str(eq + 1);
	}
	return mst_slice(NULL, 0);
}

static bool is_domain(const struct truth_texts *l, struct mst_slice s)
{
	for (unsigned i = 0; i < l->n; i++)
		if (mst_slice_iis(s, l->v[i]))
			return true;
	return false;
}

static bool anonymised(struct mst_slice s)
{
	if (mst_slice_is(s, "AnonymousUser"))
		return true;
	if (s.n < 20)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
		      (c >= 'A' && c <= 'Z') || c == '+' || c == '/' ||
		      c == '='))
			return false;
	}
	return true;
}

/* The log-in name in it; none: {NULL, 0}. *local_r: of one computer only. */
static struct mst_slice login_name(const struct truth_apps_conf *c,
				   struct mst_slice s, bool *local_r)
{
	const char *slash = memchr(s.p, '\\', s.n);
	const char *at = memchr(s.p, '@', s.n);
	struct mst_slice front, back;

	*local_r = false;
	if (!slash)
		return at ? mst_slice(s.p, (size_t)(at - s.p))
			  : mst_slice(NULL, 0);
	front = mst_slice(s.p, (size_t)(slash - s.p));
	back = mst_slice(slash + 1, s.n - front.n - 1);
	if (is_domain(&c->domains, front))
		return back;
	if (is_domain(&c->domains, back))
		return front;
	*local_r = true;
	return mst_slice(NULL, 0);
}

static struct hit rewritten(const struct truth_directory *d, struct mst_slice s,
			    const char *at)
{
	struct mst_slice domain =
	    mst_slice(at + 1, s.n - (size_t)(at + 1 - s.p));
	struct mst_slice to = behind(&d->t->apps_conf.rewrite, domain);
	char text[600];

	if (!to.n)
		return (struct hit){NULL, false};
	(void)snprintf(text, sizeof(text), "%.*s@%.*s", (int)(at - s.p), s.p,
		       MST_SLICE_ARG(to));
	return find(d, true, mst_slice_str(text));
}

static struct hit by_way(const struct truth_directory *d, int way,
			 struct mst_slice s, struct mst_slice login)
{
	const char *at = memchr(s.p, '@', s.n);
	struct mst_slice alias;

	if (way == TRUTH_BY_EMAIL)
		return find(d, true, s);
	if (way == TRUTH_BY_UPN && at)
		return find(d, false, s);
	if (way == TRUTH_BY_USER_NAME && login.n)
		return find(d, false, login);
	if (way == TRUTH_BY_DOMAIN && at)
		return rewritten(d, s, at);
	if (way == TRUTH_BY_ALIAS) {
		alias = behind(&d->t->apps_conf.aliases, s);
		if (alias.n)
			return find(d, true, alias);
	}
	return (struct hit){NULL, false};
}

static struct hit search(const struct truth_directory *d,
			 const char *identifier)
{
	const struct truth_apps_conf *c = &d->t->apps_conf;
	struct mst_slice s = mst_slice_trim(mst_slice_str(identifier));
	struct hit hit = {NULL, false};
	struct mst_slice login;
	bool local;

	if (!s.n || anonymised(s))
		return hit;
	login = login_name(c, s, &local);
	for (int w = 0; w < TRUTH__WAYS && !local && !hit.user; w++)
		if (c->ways[w])
			hit = by_way(d, w, s, login);
	return hit;
}

/* The same person uses many apps. */
static struct hit who(struct truth_directory *d, const char *identifier)
{
	struct mst_slice key = mst_slice_str(identifier);
	struct hit *hit = mst_map_get(&d->known, key);

	if (!hit) {
		hit = mst_arena_alloc(&d->arena, sizeof(*hit));
		*hit = search(d, identifier);
		mst_map_put(&d->known, mst_arena_dup(&d->arena, key), hit);
	}
	return *hit;
}

/* ---- relations ----------------------------------------------------------- */

struct pass {
	struct truth_directory *d;
	uint32_t app;
};

static bool take(void *ctx, const char *identifier)
{
	const struct pass *p = ctx;
	struct sim_truth *t = p->d->t;
	struct hit hit = who(p->d, identifier);
	struct truth_use *u;
	char key[256];

	if (!hit.user)
		return true;
	(void)snprintf(key, sizeof(key), "%u|%s|%s", p->app, hit.user,
		       t->apps_conf.type);
	u = truth_find(&t->uses, key);
	if (!u) {
		if (!hit.sure)
			return true;
		u = mst_arena_alloc(&t->arena, sizeof(*u));
		u->app = p->app;
		u->user = hit.user;
		u->type = t->apps_conf.type;
		truth_add(&t->uses, truth_text(t, mst_slice_str(key)), u);
	}
	u->live = u->live || hit.sure;
	if (u->live)
		u->seen = t->apps_sync;
	return true;
}

void truth_app_uses(struct truth_directory *d, const struct sim_apps *a,
		    const struct sim_app *app, uint32_t streams, uint32_t index)
{
	unsigned period = (unsigned)d->t->apps_conf.period;
	struct pass p = {d, index};

	for (unsigned s = 0; s < a->streams_n; s++)
		if ((streams >> s & 1) && !a->streams[s].anonymous &&
		    sim_app_shown(a, app, s, period))
			sim_app_users(a, app, s, period, take, &p);
}
