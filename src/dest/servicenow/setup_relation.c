/* SPDX-License-Identifier: Apache-2.0
 *
 * Are the types of relations there, of people to CIs and of CIs to each other?
 * A run would end without them. And the one record that makes a type.
 */
#include <stdio.h>

#include "dest/servicenow/setup.h"

static const struct words {
	const char *check;
	const char *what;
	const char *table;
	enum sn_fix_id fix;
	const char *other; /* another way out */
} words[] = {
    {"user_relation", "user relationship type", "cmdb_rel_user_type",
     SN_FIX_RELATION,
     "; or set user_relation_type to the name of one that is there"},
    {"ci_relation", "relation type", "cmdb_rel_type", SN_FIX_CI_RELATION, ""},
};

/* ---- which types --------------------------------------------------------- */

static void add_type(const struct words *w, const struct sn_type *t,
		     struct sn_type *types, size_t *n)
{
	if (strcmp(t->table, w->table) != 0 || *n == SN_TYPES_MAX)
		return;
	for (size_t i = 0; i < *n; i++) {
		if (strcmp(types[i].name, t->name) == 0)
			return;
	}
	types[(*n)++] = *t;
}

/* The types of that table which the wanted sets need. */
static size_t types_of(const struct sn_setup *s, const struct words *w,
		       struct sn_type types[SN_TYPES_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < s->env.uses_n; i++) {
		const struct mst_check_use *u = &s->env.uses[i];
		struct sn_type t;

		if (mst_sn_relation_type(s->d->conf, u->catalog, u->set, &t))
			add_type(w, &t, types, &n);
		if (mst_sn_owned(u->set, &t))
			add_type(w, &t, types, &n);
	}
	return n;
}

bool mst_sn_uses_relation(const struct sn_setup *s)
{
	struct sn_type types[SN_TYPES_MAX];

	return types_of(s, &words[0], types) > 0;
}

bool mst_sn_uses_ci_relation(const struct sn_setup *s)
{
	struct sn_type types[SN_TYPES_MAX];

	return types_of(s, &words[1], types) > 0;
}

static void ask(struct sn_setup *s, const struct words *w)
{
	struct sn_type types[SN_TYPES_MAX];
	size_t n = types_of(s, w, types);

	for (size_t i = 0; i < n; i++) {
		struct mst_buf url = MST_BUF_INIT(SN_MAX_URL);

		mst_sn_relation_url(&types[i], &url);
		(void)mst_sn_ask(s, MST_HTTP_GET, "type", "%s", url.p);
		mst_buf_fini(&url);
	}
	/* Whoever sees none at all may not look. */
	(void)mst_sn_ask_list(s, w->table, "ORDERBYsys_id", "sys_id,name", 1);
}

void mst_sn_ask_relation(struct sn_setup *s)
{
	ask(s, &words[0]);
}

void mst_sn_ask_ci_relation(struct sn_setup *s)
{
	ask(s, &words[1]);
}

/* ---- the record that makes one ------------------------------------------- */

/* "Owns::Owned by" in two; a user's relation has one name for both ends, but
 * for the usual one. */
static void descriptors(struct sn_setup *s, const struct sn_type *t,
			const char **parent_r, const char **child_r)
{
	const char *colons = strstr(t->name, "::");

	if (colons) {
		*parent_r = mst_arena_printf(&s->arena, "%.*s",
					     (int)(colons - t->name), t->name);
		*child_r = colons + 2;
		return;
	}
	/* What the application is to the person. */
	*parent_r = strcmp(t->name, "Uses") == 0 ? "Used by" : t->name;
	*child_r = t->name;
}

static void offer(struct sn_setup *s, const struct words *w,
		  const struct sn_type *t)
{
	const char *parent, *child;
	struct mst_check_fix f = {
	    .check = w->check,
	    .what = mst_arena_printf(
		&s->arena,
		"add the %s \"%s\"; the types that are there stay as they are",
		w->what, t->name),
	    .table = w->table,
	};

	descriptors(s, t, &parent, &child);
	f.values[0][0] = "name";
	f.values[0][1] = t->name;
	f.values[1][0] = "parent_descriptor";
	f.values[1][1] = parent;
	f.values[2][0] = "child_descriptor";
	f.values[2][1] = child;
	mst_sn_offer(s, w->fix, &f);
}

static void say_none(struct sn_setup *s, struct mst_check *c,
		     const struct words *w, const struct sn_type *t)
{
	const char *why = s->fixes[w->fix].why;

	offer(s, w, t);
	if (!*why) {
		mst_check_say(c, MST_CHECK_FAILED, "there is no %s \"%.100s\"",
			      w->what, t->name);
		mst_check_remedy(c, "`muster connection setup %.64s` adds it%s",
				 s->d->env.connection, w->other);
		return;
	}
	mst_check_say(c, MST_CHECK_FAILED,
		      "the %s \"%.100s\" could not be added: %.300s", w->what,
		      t->name, why);
	mst_check_remedy(c,
			 "with an administrator's log-in: `muster connection "
			 "setup %.64s --admin USER --admin-password env:NAME`; "
			 "or add it by hand to %s",
			 s->d->env.connection, w->table);
}

/* ---- what is there ------------------------------------------------------- */

static void say_unseen(struct mst_check *c, const struct words *w,
		       const struct sn_ask *a)
{
	bool told = *a->why;

	c->code = mst_sn_ask_ok(a) || a->status == 403 ? MST_E_FORBIDDEN
						       : MST_E_TRANSIENT;
	mst_check_say(c, MST_CHECK_FAILED,
		      "%s is not shown to the user%s%.300s", w->table,
		      told ? ": " : "", a->why);
	if (c->code == MST_E_FORBIDDEN)
		mst_check_remedy(c, "let the user read %s with its column name",
				 w->table);
	else
		mst_check_remedy(c, "try again later");
}

static bool is_empty(const struct sn_ask *a)
{
	return a->status == 404 &&
	       mst_slice_ifind(mst_slice_str(a->why), "No Record found");
}

/* What the answers say of all types together: the worst of each. */
struct seen {
	const struct sn_ask *hidden;
	const struct sn_type *none, *several;
	struct sn_relation r; /* of `several` */
	char good[300];
};

static void look(struct sn_setup *s, const struct sn_type *types, size_t n,
		 struct seen *v)
{
	char word[120];

	for (size_t i = 0; i < n; i++) {
		const struct sn_ask *a = mst_sn_asked(s, i);
		struct sn_relation r = {.n = 0};

		if (!is_empty(a) &&
		    (!mst_sn_ask_ok(a) ||
		     !mst_sn_relation_read(&types[i], mst_sn_ask_result(s, a),
					   &r)))
			v->hidden = v->hidden ? v->hidden : a;
		else if (!r.n)
			v->none = v->none ? v->none : &types[i];
		else if (r.n > 1 && !v->several) {
			v->several = &types[i];
			v->r = r;
		}
		(void)snprintf(word, sizeof(word), "\"%.100s\"", types[i].name);
		(void)mst_sn_add_word(v->good, sizeof(v->good), word);
	}
}

static bool judge(struct sn_setup *s, struct mst_check *c,
		  const struct words *w)
{
	struct sn_type types[SN_TYPES_MAX];
	size_t n = types_of(s, w, types);
	const struct sn_ask *any = mst_sn_asked(s, n);
	struct seen v = {.good = ""};
	char hex[33];

	s->fixes[w->fix].can = false;
	look(s, types, n, &v);
	if (v.hidden) {
		say_unseen(c, w, v.hidden);
	} else if (v.none && mst_sn_ask_ok(any) &&
		   mst_json_len(mst_sn_ask_result(s, any))) {
		say_none(s, c, w, v.none);
	} else if (v.none) {
		say_unseen(c, w, any);
	} else if (v.several) {
		mst_sysid_hex(&v.r.id, hex);
		mst_check_say(c, MST_CHECK_WARNING,
			      "%u records of %s are called \"%.100s\"; %s is "
			      "taken",
			      v.r.n, w->table, v.several->name, hex);
		mst_check_remedy(c, "delete the others");
	} else {
		mst_check_say(c, MST_CHECK_OK, "%s %s there", v.good,
			      n > 1 ? "are" : "is");
	}
	return true;
}

bool mst_sn_judge_relation(struct sn_setup *s, struct mst_check *c)
{
	return judge(s, c, &words[0]);
}

bool mst_sn_judge_ci_relation(struct sn_setup *s, struct mst_check *c)
{
	return judge(s, c, &words[1]);
}
