/* SPDX-License-Identifier: Apache-2.0
 *
 * Configuration items: may we write them (a dry run tells), into which classes,
 * and how the instance tells them apart.
 */
#include <stdio.h>

#include "dest/servicenow/setup.h"

/* ---- which classes ------------------------------------------------------- */

static void add_class(struct sn_setup *s, const struct mst_set *set,
		      const char *name, bool optional)
{
	for (size_t i = 0; i < s->classes_n; i++) {
		if (strcmp(s->classes[i].name, name) == 0)
			return;
	}
	if (s->classes_n < MST_LEN(s->classes))
		s->classes[s->classes_n++] = (struct sn_setup_class){
		    .name = name, .set = set, .optional = optional};
}

static void add_searched(struct sn_setup *s, const struct mst_set *set,
			 const struct mst_class *c)
{
	for (const char *const *v = c->also_search; v && *v; v++)
		add_class(s, set, *v, false);
}

void mst_sn_setup_classes(struct sn_setup *s)
{
	for (size_t i = 0; i < s->env.uses_n; i++) {
		const struct mst_set *set = s->env.uses[i].set;

		if (set->writer != MST_WRITE_CI)
			continue;
		if (!set->classes_n)
			add_class(s, set, set->table, false);
		for (size_t k = 0; k < set->classes_n; k++)
			add_class(s, set, set->classes[k].table,
				  set->classes[k].optional);
		for (size_t k = 0; k < set->classes_n; k++)
			add_searched(s, set, &set->classes[k]);
	}
}

/* ---- IRE: rights by a dry run -------------------------------------------- */

static void ask_dry_run(struct sn_setup *s)
{
	struct mst_buf body = MST_BUF_INIT(64u << 10);
	struct mst_buf path = MST_BUF_INIT(1024);
	struct sn_ask *a;
	struct mst_jout j;
	char name[64];

	mst_jout_init(&j, &body);
	mst_jout_obj(&j);
	mst_jout_key(&j, "items");
	mst_jout_arr(&j);
	for (size_t i = 0; i < s->classes_n; i++) {
		/* Different names, so that no item is another's double. */
		(void)snprintf(name, sizeof(name), "muster-connection-test-%zu",
			       i + 1);
		mst_jout_obj(&j);
		mst_jout_kstr(&j, "className", s->classes[i].name);
		mst_jout_key(&j, "values");
		mst_jout_obj(&j);
		mst_jout_kstr(&j, "name", name);
		mst_jout_end_obj(&j);
		mst_jout_end_obj(&j);
	}
	mst_jout_end_arr(&j);
	mst_jout_end_obj(&j);
	mst_sn_ire_path(s->d, true, &path);
	a = mst_sn_ask(s, MST_HTTP_POST, "dry run", "%s", path.p);
	a->body = mst_arena_dup(&s->arena, mst_buf_slice(&body));
	mst_buf_fini(&path);
	mst_buf_fini(&body);
}

/* A commit of nothing: only the scope of its address can refuse it. */
static void ask_commit(struct sn_setup *s)
{
	struct mst_buf path = MST_BUF_INIT(1024);

	mst_sn_ire_path(s->d, false, &path);
	mst_sn_ask(s, MST_HTTP_POST, "commit", "%s", path.p)->body =
	    MST_SLICE_LIT("{\"items\":[]}");
	mst_buf_fini(&path);
}

void mst_sn_ask_ire(struct sn_setup *s)
{
	s->dry_run = false;
	s->bad_source[0] = 0;
	ask_dry_run(s);
	if (s->d->conf->auth != SN_BASIC)
		ask_commit(s);
}

/* The newest answer of this name. */
static const struct sn_ask *last(const struct sn_setup *s, const char *what)
{
	const struct sn_ask *a, *found = NULL;

	for (size_t i = 0; (a = mst_sn_asked(s, i)); i++) {
		if (strcmp(a->what, what) == 0)
			found = a;
	}
	return found;
}

static bool take_results(struct sn_setup *s, const struct sn_ask *a)
{
	struct sn_ire_result r[SETUP_CLASSES];

	if (!mst_sn_ire_results(mst_sn_ask_json(s, a), r, s->classes_n))
		return false;
	s->dry_run = true;
	for (size_t i = 0; i < s->classes_n; i++) {
		(void)snprintf(s->classes[i].error, sizeof(s->classes[i].error),
			       "%s", r[i].error);
		if (mst_slice_ifind(mst_slice_str(r[i].message),
				    "invalid data source"))
			(void)snprintf(s->bad_source, sizeof(s->bad_source),
				       "%s", r[i].message);
	}
	return true;
}

static void say_no_ire(const struct sn_ask *a, struct mst_check *c)
{
	if (a->status == 403 && mst_sn_is_unscoped(a->why)) {
		mst_sn_unscoped(c, "Identification and Reconciliation API",
				"POST");
		return;
	}
	c->code = a->status == 403 ? MST_E_FORBIDDEN : MST_E_TRANSIENT;
	mst_check_say(c, MST_CHECK_FAILED,
		      a->status == 403
			  ? "the user may not use the identification and "
			    "reconciliation engine: %.300s"
			  : "the identification and reconciliation engine did "
			    "not answer a dry run: %.300s",
		      *a->why ? a->why : "no items");
	mst_check_remedy(c, a->status == 403
				? "give the user the roles \"itil\" and "
				  "\"asset\""
				: "try again later; look at the system log of "
				  "the instance");
}

bool mst_sn_judge_ire(struct sn_setup *s, struct mst_check *c)
{
	const struct sn_ask *dry = last(s, "dry run");
	const struct sn_ask *commit = last(s, "commit");

	if (take_results(s, dry)) {
		if (commit && commit->status == 403 &&
		    mst_sn_is_unscoped(commit->why))
			say_no_ire(commit, c);
		else
			mst_check_say(c, MST_CHECK_OK,
				      commit ? "in scope: POST; a dry run is "
					       "allowed"
					     : "a dry run is allowed");
		return true;
	}
	if (s->d->skip_option &&
	    mst_slice_ifind(mst_slice_str(dry->why), "not a valid entry")) {
		/* An option that this release does not know. */
		s->d->skip_option = false;
		ask_dry_run(s);
		return false;
	}
	say_no_ire(dry, c);
	return true;
}

/* ---- classes ------------------------------------------------------------- */

void mst_sn_ask_classes(struct sn_setup *s)
{
	for (size_t i = 0; i < s->classes_n; i++)
		(void)mst_sn_ask(s, MST_HTTP_GET, s->classes[i].name,
				 "/api/now/cmdb/meta/%s", s->classes[i].name);
}

static bool class_absent(const struct sn_setup_class *k, const struct sn_ask *a)
{
	if (mst_sn_ask_ok(a))
		return false;
	return a->status == 404 || mst_sn_ask_absent(a) ||
	       strcmp(k->error, "IDENTIFICATION_RULE_MISSING") == 0;
}

/* Columns that a rule of the connection adds and the class does not have. */
static void lacking_columns(struct sn_setup *s, const struct sn_ask *a,
			    const struct mst_set *set, char *list, size_t n)
{
	struct mst_json attributes =
	    mst_json_get(mst_sn_ask_result(s, a), "attributes");
	struct mst_json v;
	char name[128];

	if (!mst_json_len(attributes))
		return;
	for (size_t i = 0; i < set->columns_n; i++) {
		struct mst_json_iter it = mst_json_iter(attributes);
		bool found = false;

		while (!found && mst_json_next(&it, NULL, &v))
			found = mst_slice_is(mst_sn_member(v, "element"),
					     set->columns[i].name);
		if (found)
			continue;
		(void)snprintf(name, sizeof(name), "%s.%s", set->table,
			       set->columns[i].name);
		(void)mst_sn_add_word(list, n, name);
	}
}

static void say_classes(const struct sn_setup *s, struct mst_check *c,
			const char *absent, const char *optional,
			const char *columns)
{
	char there[300] = "";

	if (*absent) {
		mst_check_say(c, MST_CHECK_FAILED, "the instance lacks %s",
			      absent);
		mst_check_remedy(c, "activate the plug-in that brings it, or "
				    "choose other record sets or classes");
	} else if (*columns) {
		mst_check_say(c, MST_CHECK_WARNING,
			      "columns that are not there and will not be "
			      "written: %s",
			      columns);
		mst_check_remedy(c, "add the column, or take it out of the "
				    "mapping");
	} else if (*optional) {
		mst_check_say(c, MST_CHECK_WARNING,
			      "the instance lacks %s: such devices %s",
			      optional,
			      s->more_general ? "get a more general class"
					      : "are skipped");
		mst_check_remedy(c, "install the store app CMDB CI Class "
				    "Models, if they are wanted");
	} else {
		for (size_t i = 0; i < s->classes_n; i++)
			(void)mst_sn_add_word(there, sizeof(there),
					      s->classes[i].name);
		mst_check_say(c, MST_CHECK_OK, "%s", there);
	}
}

static void say_unseen(struct mst_check *c, const struct sn_ask *a)
{
	mst_sn_unseen(c, a, "cmdb/meta",
		      "classes and their rules were not looked at");
	if (a->status == 403)
		mst_check_remedy(c, "give the user the role \"itil\"");
}

/* Does a record of the set get another class where its own is not there? */
static bool has_general(const struct mst_set *set)
{
	size_t optional = 0;
	bool usual = false;

	for (size_t i = 0; i < set->classes_n; i++) {
		const struct mst_class *k = &set->classes[i];

		optional += k->optional;
		usual =
		    usual || (k->optional && strcmp(k->table, set->table) == 0);
	}
	/* One that may be absent is a kind of its own (phones), unless it is
	 * the usual one; many are a map from the special to the general. */
	return (usual || optional > 1) && optional < set->classes_n;
}

bool mst_sn_judge_classes(struct sn_setup *s, struct mst_check *c)
{
	char absent[400] = "", optional[200] = "", columns[300] = "";
	const struct sn_ask *unseen = NULL;
	bool seen = false;

	s->more_general = true;

	for (size_t i = 0; i < s->classes_n; i++) {
		struct sn_setup_class *k = &s->classes[i];
		const struct sn_ask *a = mst_sn_asked(s, i);

		k->absent = class_absent(k, a);
		if (k->absent && k->optional)
			s->more_general =
			    s->more_general && has_general(k->set);
		if (k->absent && k->optional)
			(void)mst_sn_add_word(optional, sizeof(optional),
					      k->name);
		else if (k->absent)
			mst_sn_add_table(s, absent, sizeof(absent), k->name,
					 k->set->table);
		else if (!mst_sn_ask_ok(a))
			unseen = a;
		else
			seen = true;
		if (mst_sn_ask_ok(a) && strcmp(k->name, k->set->table) == 0)
			lacking_columns(s, a, k->set, columns, sizeof(columns));
	}
	s->stands = seen;
	s->falls = !seen;
	if (unseen && !*absent && mst_sn_is_unscoped(unseen->why))
		mst_sn_unscoped(c, "CMDB Meta API", "GET");
	else if (unseen && !*absent)
		say_unseen(c, unseen);
	else
		say_classes(s, c, absent, optional, columns);
	return true;
}

/* ---- identification rules ------------------------------------------------ */

/* The answer about a class, from the check before this one. */
static const struct sn_ask *meta_of(const struct sn_setup *s, const char *name)
{
	for (size_t i = s->asks_n; i > 0; i--) {
		const struct sn_ask *a = s->asks[i - 1];

		if (strcmp(a->what, name) == 0 &&
		    mst_slice_istarts(mst_slice_str(a->path),
				      "/api/now/cmdb/meta/"))
			return a;
	}
	return NULL;
}

static bool flag(struct mst_json v, const char *name, bool dflt)
{
	bool on = dflt;

	(void)mst_json_bool(mst_json_get(v, name), &on);
	return on;
}

static bool has_word(struct mst_slice list, const char *word)
{
	while (list.n) {
		const char *comma = memchr(list.p, ',', list.n);
		size_t n = comma ? (size_t)(comma - list.p) : list.n;

		if (mst_slice_is(mst_slice_trim(mst_slice(list.p, n)), word))
			return true;
		list.p += n + (comma != NULL);
		list.n -= n + (comma != NULL);
	}
	return false;
}

/* "serial number (looked up), serial number, name": how the class tells its
 * items apart. False when nothing of it fits what muster sends. */
static bool read_rule(struct mst_json rule, char *list, size_t n)
{
	struct mst_json_iter it =
	    mst_json_iter(mst_json_get(rule, "identifiers"));
	struct mst_json v;
	bool by_name = false;
	char text[160];

	while (mst_json_next(&it, NULL, &v)) {
		struct mst_slice attributes = mst_sn_member(v, "attributes");
		struct mst_slice table = mst_sn_member(v, "table");
		bool lookup = table.n > 0;

		if (!flag(v, "active", true))
			continue;
		(void)snprintf(text, sizeof(text), "%.*s%s%.*s",
			       MST_SLICE_ARG(mst_sn_cut(attributes, 60)),
			       lookup ? " in " : "",
			       MST_SLICE_ARG(mst_sn_cut(table, 60)));
		for (char *p = text; *p; p++)
			*p = *p == ',' ? '+' : *p;
		(void)mst_sn_add_word(list, n, text);
		by_name =
		    by_name || (!lookup && (has_word(attributes, "name") ||
					    has_word(attributes, "key")));
	}
	return by_name;
}

struct rules_seen {
	char none[200];	    /* classes without an active rule */
	char nameless[200]; /* whose rule does not look at the name */
	char first[400];    /* the rule of the first class */
	unsigned looked;
};

static void look_at_rule(struct sn_setup *s, struct sn_setup_class *k,
			 struct rules_seen *seen)
{
	const struct sn_ask *a = meta_of(s, k->name);
	struct mst_json rule;
	char list[400] = "";
	bool by_name;

	if (k->absent || !a || !mst_sn_ask_ok(a))
		return;
	rule = mst_json_get(mst_sn_ask_result(s, a), "identification_rules");
	/* A release that does not show them at all is no finding. */
	if (mst_json_type(rule) == MST_JSON_NULL && !*k->error)
		return;
	seen->looked++;
	by_name = read_rule(rule, list, sizeof(list));
	if (!flag(rule, "active", true) || !*list ||
	    strcmp(k->error, "IDENTIFICATION_RULE_MISSING") == 0)
		(void)mst_sn_add_word(seen->none, sizeof(seen->none), k->name);
	else if (!by_name && !mst_sn_owned(k->set, NULL))
		(void)mst_sn_add_word(seen->nameless, sizeof(seen->nameless),
				      k->name);
	if (!*seen->first)
		(void)snprintf(seen->first, sizeof(seen->first), "%s by %s",
			       k->name, list);
}

bool mst_sn_judge_rules(struct sn_setup *s, struct mst_check *c)
{
	struct rules_seen seen = {.looked = 0};

	for (size_t i = 0; i < s->classes_n; i++)
		look_at_rule(s, &s->classes[i], &seen);
	if (*seen.none) {
		mst_check_say(c, MST_CHECK_FAILED,
			      "no active identification rule: %s; IRE refuses "
			      "such items",
			      seen.none);
		mst_check_remedy(c, "CI Class Manager > the class > "
				    "Identification Rule: activate or add one");
	} else if (*seen.nameless) {
		mst_check_say(c, MST_CHECK_WARNING,
			      "the rule does not look at the name: %s; items "
			      "without a serial number cannot be told apart",
			      seen.nameless);
		mst_check_remedy(c, "CI Class Manager > the class > "
				    "Identification Rule: add an identifier "
				    "entry for name");
	} else if (!seen.looked) {
		mst_check_say(c, MST_CHECK_WARNING,
			      "the instance does not show its identification "
			      "rules");
		mst_check_remedy(c, "look at CI Class Manager > "
				    "Identification Rule as an administrator");
	} else {
		mst_check_say(c, MST_CHECK_OK, "%s", seen.first);
	}
	return true;
}
