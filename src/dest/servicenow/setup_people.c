/* SPDX-License-Identifier: Apache-2.0
 *
 * Before people are related to what they use: can they be looked up, and is
 * the type of the relations there? A run would end without the one or the
 * other. And the one record that makes the type.
 */
#include <stdio.h>

#include "dest/servicenow/setup.h"

#define TYPES "cmdb_rel_user_type"

/* ---- the type ------------------------------------------------------------ */

bool mst_sn_uses_relation(const struct sn_setup *s)
{
	for (size_t i = 0; i < s->env.uses_n; i++) {
		if (mst_sn_relation_column(s->env.uses[i].set))
			return true;
	}
	return false;
}

void mst_sn_ask_relation(struct sn_setup *s)
{
	struct mst_buf url = MST_BUF_INIT(SN_MAX_URL);

	mst_sn_relation_url(s->d->conf, &url);
	(void)mst_sn_ask(s, MST_HTTP_GET, "type", "%s", url.p);
	/* Whoever sees none at all may not look. */
	(void)mst_sn_ask_list(s, TYPES, "ORDERBYsys_id", "sys_id,name", 1);
	mst_buf_fini(&url);
}

static void offer(struct sn_setup *s)
{
	const char *name = s->d->conf->user_relation_type;
	/* What the application is to the person. */
	const char *back = strcmp(name, "Uses") == 0 ? "Used by" : name;
	struct mst_check_fix f = {
	    .check = "user_relation",
	    .what = mst_arena_printf(
		&s->arena,
		"add the user relationship type \"%s\"; the types that are "
		"there stay as they are",
		name),
	    .table = TYPES,
	    .values = {{"name", name},
		       {"parent_descriptor", back},
		       {"child_descriptor", name}},
	};

	mst_sn_offer(s, SN_FIX_RELATION, &f);
}

static void say_none(struct sn_setup *s, struct mst_check *c)
{
	const char *name = s->d->conf->user_relation_type;
	const char *why = s->fixes[SN_FIX_RELATION].why;

	offer(s);
	if (!*why) {
		mst_check_say(c, MST_CHECK_FAILED,
			      "there is no user relationship type \"%.100s\"",
			      name);
		mst_check_remedy(c,
				 "`muster connection setup %.64s` adds it; or "
				 "set user_relation_type to the name of one "
				 "that is there",
				 s->d->env.connection);
		return;
	}
	mst_check_say(c, MST_CHECK_FAILED,
		      "the user relationship type \"%.100s\" could not be "
		      "added: %.300s",
		      name, why);
	mst_check_remedy(c,
			 "with an administrator's log-in: `muster connection "
			 "setup %.64s --admin USER --admin-password env:NAME`; "
			 "or add it by hand to " TYPES,
			 s->d->env.connection);
}

static void say_unseen(struct mst_check *c, const struct sn_ask *a)
{
	bool told = *a->why;

	c->code = mst_sn_ask_ok(a) || a->status == 403 ? MST_E_FORBIDDEN
						       : MST_E_TRANSIENT;
	mst_check_say(c, MST_CHECK_FAILED,
		      TYPES " is not shown to the user%s%.300s",
		      told ? ": " : "", a->why);
	mst_check_remedy(c, c->code == MST_E_FORBIDDEN
				? "let the user read " TYPES " with its "
				  "column name"
				: "try again later");
}

static bool is_empty(const struct sn_ask *a)
{
	return a->status == 404 &&
	       mst_slice_ifind(mst_slice_str(a->why), "No Record found");
}

bool mst_sn_judge_relation(struct sn_setup *s, struct mst_check *c)
{
	const struct sn_ask *type = mst_sn_asked(s, 0);
	const struct sn_ask *any = mst_sn_asked(s, 1);
	const char *name = s->d->conf->user_relation_type;
	struct sn_relation r = {.n = 0};
	char hex[33];
	bool seen;

	s->fixes[SN_FIX_RELATION].can = false;
	seen =
	    is_empty(type) ||
	    (mst_sn_ask_ok(type) &&
	     mst_sn_relation_read(s->d->conf, mst_sn_ask_result(s, type), &r));
	mst_sysid_hex(&r.id, hex);
	if (!seen) {
		say_unseen(c, type);
	} else if (r.n == 1) {
		mst_check_say(c, MST_CHECK_OK, "\"%.100s\" is there", name);
	} else if (r.n) {
		mst_check_say(c, MST_CHECK_WARNING,
			      "%u records of " TYPES
			      " are called \"%.100s\"; %s is taken",
			      r.n, name, hex);
		mst_check_remedy(c, "delete the others");
	} else if (mst_sn_ask_ok(any) &&
		   mst_json_len(mst_sn_ask_result(s, any))) {
		say_none(s, c);
	} else {
		say_unseen(c, any);
	}
	return true;
}

/* ---- the people ---------------------------------------------------------- */

/* The number i of the look-ups whose records are wanted, or NULL. */
static const struct mst_lookup *wanted(const struct sn_setup *s, size_t i)
{
	for (size_t n = 0; n < s->env.uses_n; n++) {
		const struct mst_check_use *u = &s->env.uses[n];

		for (size_t k = 0; u->catalog && k < u->catalog->lookups_n;
		     k++) {
			const struct mst_lookup *l = &u->catalog->lookups[k];

			if (strcmp(u->set->name, l->set) == 0 && i-- == 0)
				return l;
		}
	}
	return NULL;
}

bool mst_sn_uses_lookups(const struct sn_setup *s)
{
	return wanted(s, 0) != NULL;
}

void mst_sn_ask_users(struct sn_setup *s)
{
	const struct mst_lookup *l;

	for (size_t i = 0; (l = wanted(s, i)); i++) {
		struct mst_buf fields = MST_BUF_INIT(SN_MAX_URL);

		mst_buf_addf(&fields, "sys_id,%s", l->active);
		for (size_t k = 0; k < l->asks_n; k++)
			mst_buf_addf(&fields, ",%s", l->asks[k].column);
		(void)mst_sn_ask_list(s, l->table, "ORDERBYsys_id", fields.p,
				      1);
		mst_buf_fini(&fields);
	}
}

static void add_hidden(struct mst_json row, const struct mst_lookup *l,
		       const char *column, char *list, size_t n)
{
	char word[170];

	if (mst_sn_member(row, column).p)
		return;
	(void)snprintf(word, sizeof(word), "%.80s.%.80s", l->table, column);
	if (!strstr(list, word))
		(void)mst_sn_add_word(list, n, word);
}

static void hidden_columns(struct mst_json row, const struct mst_lookup *l,
			   char *list, size_t n)
{
	add_hidden(row, l, "sys_id", list, n);
	add_hidden(row, l, l->active, list, n);
	for (size_t i = 0; i < l->asks_n; i++)
		add_hidden(row, l, l->asks[i].column, list, n);
}

bool mst_sn_judge_users(struct sn_setup *s, struct mst_check *c)
{
	char hidden[300] = "", good[200] = "";
	const struct sn_ask *refused = NULL, *empty = NULL;
	const struct mst_lookup *l;

	for (size_t i = 0; (l = wanted(s, i)); i++) {
		const struct sn_ask *a = mst_sn_asked(s, i);
		struct mst_json_iter it;
		struct mst_json row;

		if (!mst_sn_ask_ok(a) && !is_empty(a)) {
			refused = refused ? refused : a;
			continue;
		}
		it = mst_json_iter(mst_sn_ask_result(s, a));
		if (!mst_json_next(&it, NULL, &row))
			empty = empty ? empty : a;
		else
			hidden_columns(row, l, hidden, sizeof(hidden));
		(void)mst_sn_add_word(good, sizeof(good), l->table);
	}
	if (refused) {
		c->code =
		    refused->status == 403 ? MST_E_FORBIDDEN : MST_E_TRANSIENT;
		mst_check_say(c, MST_CHECK_FAILED,
			      "%.80s cannot be read: %.300s", refused->what,
			      refused->why);
		mst_check_remedy(c,
				 refused->status == 403
				     ? "let the user read %.80s"
				     : "try again later; %.80s must be there",
				 refused->what);
	} else if (*hidden) {
		c->code = MST_E_FORBIDDEN;
		mst_check_say(c, MST_CHECK_FAILED,
			      "not shown to the user: %s; nobody can be looked "
			      "up, and a run would end",
			      hidden);
		mst_check_remedy(c, "let the user read these columns (an "
				    "access rule hides them)");
	} else if (empty) {
		mst_check_say(c, MST_CHECK_WARNING,
			      "no record of %.80s is shown to the user: nobody "
			      "will be found",
			      empty->what);
		mst_check_remedy(c, "let the user read %.80s", empty->what);
	} else {
		mst_check_say(c, MST_CHECK_OK, "can be looked up in %s", good);
	}
	return true;
}
