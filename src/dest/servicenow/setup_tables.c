/* SPDX-License-Identifier: Apache-2.0
 *
 * What records go into: are the tables there and may they be read, have
 * muster's own tables the columns, lengths, keys and choices of the definition
 * that their update set is written from, and which version of it is that.
 */
#include <stdio.h>

#include "base/num.h"
#include "dest/servicenow/setup.h"
#include "servicenow/tables.h"

/* Notes the update set of one of muster's tables, once. */
static void note_set(const char *table, char *sets, size_t n)
{
	const struct mst_sn_table *t = mst_sn_table_find(table);

	if (t && !strstr(sets, t->set))
		(void)mst_sn_add_word(sets, n, t->set);
}

static void say_import(struct mst_check *c, const char *what, const char *sets)
{
	bool several = strchr(sets, ',') != NULL;

	mst_check_remedy(c,
			 "%s: `muster update-set %s --out FILE`%s%s, then "
			 "Retrieved Update Sets > Import Update Set from XML > "
			 "Preview > Commit",
			 what, several ? "NAME" : sets,
			 several ? " for each of " : "", several ? sets : "");
}

/* Tables beside those of the record sets. Without them some comfort is
 * missing, no record. */
static const struct other {
	const char *table;
	const char *kind; /* of master data; NULL: any CI */
	const char *lost;
} others[] = {
    {"core_company", SN_KIND_COMPANY,
     "manufacturers and vendors will be left out"},
    {"cmdb_hardware_product_model", SN_KIND_MODEL, "models will be left out"},
    {"cmdb_model", SN_KIND_MODEL, "models will be left out"},
    {"cmdb_ci", NULL, "`muster check` and `explain` cannot read CIs back"},
    {"sys_object_source", NULL,
     "`muster check` and `explain` find CIs by sys_id only"},
};

static bool is_own(const char *table)
{
	return mst_sn_table_find(table) != NULL;
}

/* ---- tables -------------------------------------------------------------- */

static void ask_table(struct sn_setup *s, const char *table)
{
	const struct sn_ask *a;

	for (size_t i = 0; (a = mst_sn_asked(s, i)); i++) {
		if (strcmp(a->what, table) == 0)
			return;
	}
	(void)mst_sn_ask(s, MST_HTTP_GET, table,
			 "/api/now/table/%s?sysparm_fields=sys_id"
			 "&sysparm_limit=1",
			 table);
}

/* Is a column of this kind written at all? */
static bool wants_kind(const struct sn_setup *s, const char *kind)
{
	const uint16_t never = MST_COL_INSERT | MST_COL_UPDATE;

	for (size_t i = 0; i < s->env.uses_n; i++) {
		const struct mst_set *set = s->env.uses[i].set;

		for (size_t k = 0; k < set->columns_n; k++) {
			const struct mst_column *col = &set->columns[k];

			if ((col->flags & MST_COL_MASTER) &&
			    (col->flags & never) != never &&
			    strcmp(col->ref_set, kind) == 0)
				return true;
		}
	}
	return false;
}

static bool wants_other(const struct sn_setup *s, const struct other *o)
{
	bool any = s->d->conf->model_table == SN_ANY_MODEL;

	if (!o->kind)
		return mst_sn_uses_writer(s, MST_WRITE_CI);
	if (strcmp(o->kind, SN_KIND_MODEL) == 0 &&
	    any != (strcmp(o->table, "cmdb_model") == 0))
		return false;
	return wants_kind(s, o->kind);
}

void mst_sn_ask_tables(struct sn_setup *s)
{
	for (size_t i = 0; i < s->env.uses_n; i++) {
		const struct mst_set *set = s->env.uses[i].set;

		if (set->writer != MST_WRITE_CI)
			ask_table(s, set->table);
	}
	/* Without IRE, muster looks for CIs itself. */
	for (size_t i = 0;
	     s->d->conf->write_mode == SN_WRITE_TABLE && i < s->classes_n;
	     i++) {
		if (!s->classes[i].optional)
			ask_table(s, s->classes[i].name);
	}
	for (size_t i = 0; i < MST_LEN(others); i++) {
		if (wants_other(s, &others[i]))
			ask_table(s, others[i].table);
	}
}

/* An empty table reads as 404 in the first version of the API. */
static bool readable(const struct sn_ask *a)
{
	return mst_sn_ask_ok(a) ||
	       (a->status == 404 &&
		mst_slice_ifind(mst_slice_str(a->why), "No Record found"));
}

static const char *what_is_lost(const char *table)
{
	for (size_t i = 0; i < MST_LEN(others); i++) {
		if (strcmp(others[i].table, table) == 0)
			return others[i].lost;
	}
	return NULL;
}

/* Does every set that is in the table do without it? */
static bool may_lack(const struct sn_setup *s, const char *table)
{
	bool any = false;

	for (size_t i = 0; i < s->env.uses_n; i++) {
		const struct mst_set *set = s->env.uses[i].set;

		if (strcmp(set->table, table) != 0)
			continue;
		if (!mst_sn_may_lack(set))
			return false;
		any = true;
	}
	return any;
}

static void say_lacking(struct mst_check *c, const char *lacking)
{
	mst_check_say(c, MST_CHECK_WARNING,
		      "the instance lacks %s: such records are left out",
		      lacking);
	mst_check_remedy(c, "activate the plug-in that brings it, if they are "
			    "wanted");
}

static void say_absent(struct mst_check *c, const char *absent,
		       const char *sets)
{
	mst_check_say(c, MST_CHECK_FAILED, "the instance lacks %s", absent);
	if (*sets)
		say_import(c, "commit muster's update set", sets);
	else
		mst_check_remedy(c, "activate the plug-in that brings it, or "
				    "choose other record sets");
}

static void say_forbidden(struct mst_check *c, const char *forbidden,
			  const struct sn_ask *first)
{
	c->code = first->status == 403 ? MST_E_FORBIDDEN : MST_E_TRANSIENT;
	mst_check_say(c, MST_CHECK_FAILED, "cannot be read: %s: %.200s",
		      forbidden, first->why);
	if (first->status == 403)
		mst_check_remedy(c, "give the user the role \"%s\"",
				 MST_UPDATE_SET_ROLE);
	else
		mst_check_remedy(c, "try again later");
}

bool mst_sn_judge_tables(struct sn_setup *s, struct mst_check *c)
{
	char absent[400] = "", forbidden[400] = "", good[300] = "";
	const struct sn_ask *a, *hidden = NULL, *other = NULL;
	char sets[80] = "", lacking[200] = "";

	s->own_n = 0;
	for (size_t i = 0; (a = mst_sn_asked(s, i)); i++) {
		if (readable(a)) {
			(void)mst_sn_add_word(good, sizeof(good), a->what);
			if (is_own(a->what) && s->own_n < MST_LEN(s->own))
				s->own[s->own_n++] = a->what;
		} else if (mst_sn_ask_absent(a) && may_lack(s, a->what)) {
			mst_sn_add_table(s, lacking, sizeof(lacking), a->what,
					 a->what);
		} else if (what_is_lost(a->what)) {
			other = other ? other : a;
		} else if (mst_sn_ask_absent(a)) {
			note_set(a->what, sets, sizeof(sets));
			mst_sn_add_table(s, absent, sizeof(absent), a->what,
					 a->what);
		} else {
			hidden = hidden ? hidden : a;
			mst_sn_add_table(s, forbidden, sizeof(forbidden),
					 a->what, a->what);
		}
	}
	s->stands = s->own_n > 0;
	if (*absent)
		say_absent(c, absent, sets);
	else if (hidden)
		say_forbidden(c, forbidden, hidden);
	else if (other)
		mst_sn_unseen(c, other, other->what, what_is_lost(other->what));
	else if (*lacking)
		say_lacking(c, lacking);
	else
		mst_check_say(c, MST_CHECK_OK, "can be read: %s", good);
	return true;
}

/* ---- columns ------------------------------------------------------------- */

void mst_sn_ask_columns(struct sn_setup *s)
{
	char query[160];

	for (size_t i = 0; i < s->own_n; i++) {
		(void)snprintf(query, sizeof(query),
			       "name=%s^elementISNOTEMPTY", s->own[i]);
		mst_sn_ask_list(s, "sys_dictionary", query,
				"name,element,max_length,unique", 500)
		    ->what = s->own[i];
	}
}

/* Columns that the wanted sets write, by the table's name. */
static bool is_written(const struct sn_setup *s, const char *table,
		       const char *column)
{
	for (size_t i = 0; i < s->env.uses_n; i++) {
		const struct mst_set *set = s->env.uses[i].set;

		if (strcmp(set->table, table) != 0)
			continue;
		for (size_t k = 0; k < set->columns_n; k++) {
			if (strcmp(set->columns[k].name, column) == 0)
				return true;
		}
	}
	return false;
}

struct comparing {
	struct sn_setup *s;
	char missing[300]; /* columns that are written */
	char others[200];  /* that people use */
	char shorter[200];
	char doubles[100]; /* keys that are not unique */
	char sets[80];	   /* that bring what is missing */
	bool unseen;	   /* of some table nothing was shown */
	const struct sn_ask *unseen_by;
	unsigned compared;
};

static struct mst_json entry_of(struct mst_json rows, const char *table,
				const char *column)
{
	struct mst_json_iter it = mst_json_iter(rows);
	struct mst_json row;

	while (mst_json_next(&it, NULL, &row)) {
		/* A dropped clause brings other tables' columns. */
		if (mst_slice_is(mst_sn_member(row, "name"), table) &&
		    mst_slice_is(mst_sn_member(row, "element"), column))
			return row;
	}
	return (struct mst_json){0};
}

static void compare_column(struct comparing *cmp, const char *table,
			   const struct mst_sn_column *col, struct mst_json row)
{
	char name[128];
	int64_t max;

	(void)snprintf(name, sizeof(name), "%s.%s", table, col->name);
	cmp->compared++;
	if (mst_json_type(row) == MST_JSON_NULL) {
		note_set(table, cmp->sets, sizeof(cmp->sets));
		if (is_written(cmp->s, table, col->name))
			(void)mst_sn_add_word(cmp->missing,
					      sizeof(cmp->missing), name);
		else
			(void)mst_sn_add_word(cmp->others, sizeof(cmp->others),
					      name);
		return;
	}
	if (strcmp(col->type, "string") == 0 &&
	    mst_num_i64(mst_sn_member(row, "max_length"), &max) && max > 0 &&
	    max < col->max_length)
		(void)mst_sn_add_word(cmp->shorter, sizeof(cmp->shorter), name);
	if (col->unique && mst_slice_iis(mst_sn_member(row, "unique"), "false"))
		(void)mst_sn_add_word(cmp->doubles, sizeof(cmp->doubles), name);
}

/* Columns that a rule of the connection adds are no part of the definition. */
static void compare_added(struct comparing *cmp, const struct mst_sn_table *t,
			  struct mst_json rows)
{
	for (size_t i = 0; i < cmp->s->env.uses_n; i++) {
		const struct mst_set *set = cmp->s->env.uses[i].set;

		for (size_t k = 0;
		     strcmp(set->table, t->name) == 0 && k < set->columns_n;
		     k++) {
			const char *name = set->columns[k].name;
			struct mst_sn_column col = {.name = name, .type = ""};

			if (!mst_sn_column_find(t, name))
				compare_column(cmp, t->name, &col,
					       entry_of(rows, t->name, name));
		}
	}
}

static void compare_table(struct comparing *cmp, const struct sn_ask *a)
{
	const struct mst_sn_table *t = mst_sn_table_find(a->what);
	struct mst_json rows = mst_sn_ask_result(cmp->s, a);

	if (!mst_sn_ask_ok(a) || !mst_json_len(rows)) {
		cmp->unseen = true;
		cmp->unseen_by = a;
		return;
	}
	for (size_t i = 0; i < t->columns_n; i++)
		compare_column(cmp, t->name, &t->columns[i],
			       entry_of(rows, t->name, t->columns[i].name));
	compare_added(cmp, t, rows);
}

bool mst_sn_judge_columns(struct sn_setup *s, struct mst_check *c)
{
	struct comparing cmp = {.s = s};
	const struct sn_ask *a;

	for (size_t i = 0; (a = mst_sn_asked(s, i)); i++)
		compare_table(&cmp, a);
	if (*cmp.missing) {
		mst_check_say(c, MST_CHECK_FAILED, "missing: %s", cmp.missing);
		say_import(c, "commit this muster's update set", cmp.sets);
	} else if (cmp.unseen) {
		mst_sn_unseen(c, cmp.unseen_by, "sys_dictionary",
			      "columns were not compared; a missing one shows "
			      "at the first record");
	} else if (*cmp.doubles) {
		mst_check_say(c, MST_CHECK_WARNING,
			      "not unique: %s; doubled records are possible",
			      cmp.doubles);
		mst_check_remedy(c, "tick Unique in the dictionary entry");
	} else if (*cmp.others) {
		mst_check_say(c, MST_CHECK_WARNING,
			      "missing, but not written by muster: %s",
			      cmp.others);
		say_import(c, "commit this muster's update set", cmp.sets);
	} else if (*cmp.shorter) {
		mst_check_say(c, MST_CHECK_WARNING,
			      "too short, longer texts are cut: %s",
			      cmp.shorter);
		mst_check_remedy(c, "raise Max length in the dictionary "
				    "entries");
	} else {
		mst_check_say(c, MST_CHECK_OK, "all %u are there",
			      cmp.compared);
	}
	return true;
}

/* ---- version ------------------------------------------------------------- */

void mst_sn_ask_update_set(struct sn_setup *s)
{
	char query[160];

	for (size_t i = 0; i < s->own_n; i++) {
		(void)snprintf(query, sizeof(query),
			       "name=%s^internal_type=collection", s->own[i]);
		mst_sn_ask_list(s, "sys_dictionary", query, "name,comments", 5)
		    ->what = s->own[i];
	}
}

/* "…; update set version 1.2.3" → 1.2.3 */
static bool version_in(struct mst_slice text, unsigned v[3])
{
	char line[512];
	const char *at;

	(void)snprintf(line, sizeof(line), "%.*s", MST_SLICE_ARG(text));
	at = strstr(line, "update set version ");
	return at && sscanf(at, "update set version %u.%u.%u", &v[0], &v[1],
			    &v[2]) == 3;
}

static int compare_versions(const unsigned a[3], const unsigned b[3])
{
	for (int i = 0; i < 3; i++) {
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	}
	return 0;
}

/* The oldest of the tables' versions, and whose it is; NULL: none is shown. */
static const char *oldest(struct sn_setup *s, unsigned v[3])
{
	const char *found = NULL;
	const struct sn_ask *a;

	for (size_t i = 0; (a = mst_sn_asked(s, i)); i++) {
		struct mst_json_iter it;
		struct mst_json row;
		unsigned one[3];

		if (!mst_sn_ask_ok(a))
			continue;
		it = mst_json_iter(mst_sn_ask_result(s, a));
		while (mst_json_next(&it, NULL, &row)) {
			if (!mst_slice_is(mst_sn_member(row, "name"),
					  a->what) ||
			    !version_in(mst_sn_member(row, "comments"), one) ||
			    (found && compare_versions(one, v) >= 0))
				continue;
			memcpy(v, one, sizeof(one));
			found = a->what;
		}
	}
	return found;
}

bool mst_sn_judge_update_set(struct sn_setup *s, struct mst_check *c)
{
	unsigned have[3] = {0}, ours[3] = {0};
	char sets[80] = "";
	const char *table;
	int order;

	(void)sscanf(MST_UPDATE_SET_VERSION, "%u.%u.%u", &ours[0], &ours[1],
		     &ours[2]);
	table = oldest(s, have);
	if (!table) {
		mst_sn_unseen(c, mst_sn_asked(s, 0), "sys_dictionary",
			      "the version of the update set is not known");
		return true;
	}
	order = compare_versions(have, ours);
	mst_check_say(c, order == 0 ? MST_CHECK_OK : MST_CHECK_WARNING,
		      order == 0  ? "version %u.%u.%u"
		      : order < 0 ? "version %u.%u.%u is committed; this "
				    "muster brings " MST_UPDATE_SET_VERSION
				  : "version %u.%u.%u is committed; this "
				    "muster only knows " MST_UPDATE_SET_VERSION,
		      have[0], have[1], have[2]);
	note_set(table, sets, sizeof(sets));
	if (order < 0)
		say_import(c, "commit the newer one over it", sets);
	else if (order > 0)
		mst_check_remedy(c, "install the muster that the update set "
				    "came from");
	return true;
}

/* ---- choices of its columns ---------------------------------------------- */

static bool has_choices(const struct mst_sn_table *t)
{
	for (size_t i = 0; i < t->columns_n; i++) {
		if (t->columns[i].choices)
			return true;
	}
	return false;
}

void mst_sn_ask_choices(struct sn_setup *s)
{
	char query[160];

	for (size_t i = 0; i < s->own_n; i++) {
		if (!has_choices(mst_sn_table_find(s->own[i])))
			continue;
		(void)snprintf(query, sizeof(query), "name=%s", s->own[i]);
		mst_sn_ask_list(s, "sys_choice", query,
				"name,element,value,inactive", 500)
		    ->what = s->own[i];
	}
}

static bool has_choice(struct mst_json rows, const char *table,
		       const char *column, const char *value)
{
	struct mst_json_iter it = mst_json_iter(rows);
	struct mst_json row;

	while (mst_json_next(&it, NULL, &row)) {
		if (mst_slice_is(mst_sn_member(row, "name"), table) &&
		    mst_slice_is(mst_sn_member(row, "element"), column) &&
		    mst_slice_is(mst_sn_member(row, "value"), value) &&
		    !mst_slice_iis(mst_sn_member(row, "inactive"), "true"))
			return true;
	}
	return false;
}

/* Adds "u_muster_cve.u_severity (none)" for each column that lacks some. */
static unsigned lacking_choices(struct sn_setup *s, const struct sn_ask *a,
				char *list, size_t n)
{
	const struct mst_sn_table *t = mst_sn_table_find(a->what);
	struct mst_json rows = mst_sn_ask_result(s, a);
	unsigned known = 0;

	for (size_t i = 0; i < t->columns_n; i++) {
		const struct mst_sn_column *col = &t->columns[i];
		const struct mst_sn_choice *ch = col->choices;
		char values[120] = "", word[300];

		for (; ch && ch->value; ch++) {
			known++;
			if (!has_choice(rows, t->name, col->name, ch->value))
				(void)mst_sn_add_word(values, sizeof(values),
						      ch->value);
		}
		if (!*values)
			continue;
		(void)snprintf(word, sizeof(word), "%s.%s (%s)", t->name,
			       col->name, values);
		(void)mst_sn_add_word(list, n, word);
	}
	return known;
}

bool mst_sn_judge_choices(struct sn_setup *s, struct mst_check *c)
{
	const struct sn_ask *a, *unseen = NULL;
	char lacking[400] = "", sets[80] = "";
	unsigned known = 0;

	for (size_t i = 0; (a = mst_sn_asked(s, i)); i++) {
		size_t before = strlen(lacking);

		if (!mst_sn_ask_ok(a) ||
		    !mst_json_len(mst_sn_ask_result(s, a))) {
			unseen = a;
			continue;
		}
		known += lacking_choices(s, a, lacking, sizeof(lacking));
		if (strlen(lacking) > before)
			note_set(a->what, sets, sizeof(sets));
	}
	if (*lacking) {
		mst_check_say(c, MST_CHECK_FAILED,
			      "missing: %s; ServiceNow ignores values that are "
			      "no choice",
			      lacking);
		say_import(c, "commit this muster's update set", sets);
	} else if (unseen) {
		mst_sn_unseen(c, unseen, "sys_choice",
			      "choices of muster's tables were not compared");
	} else {
		mst_check_say(c, MST_CHECK_OK, "all %u are there", known);
	}
	return true;
}
