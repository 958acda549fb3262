/* SPDX-License-Identifier: Apache-2.0
 *
 * What the update sets bring, on the instance: the columns of muster's tables,
 * the version that is committed, their choices.
 */
#include <stdio.h>

#include "base/num.h"
#include "dest/servicenow/setup.h"
#include "servicenow/tables.h"

void mst_sn_note_set(const char *table, char *sets, size_t n)
{
	const struct mst_sn_table *t = mst_sn_table_find(table);

	if (t && !strstr(sets, t->set))
		(void)mst_sn_add_word(sets, n, t->set);
}

void mst_sn_say_import(struct mst_check *c, const char *what, const char *sets)
{
	bool several = strchr(sets, ',') != NULL;

	mst_check_remedy(c,
			 "%s: `muster update-set %s --out FILE`%s%s, then "
			 "Retrieved Update Sets > Import Update Set from XML > "
			 "Preview > Commit",
			 what, several ? "NAME" : sets,
			 several ? " for each of " : "", several ? sets : "");
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
		mst_sn_note_set(table, cmp->sets, sizeof(cmp->sets));
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
		mst_sn_say_import(c, "commit this muster's update set",
				  cmp.sets);
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
		mst_sn_say_import(c, "commit this muster's update set",
				  cmp.sets);
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
	mst_sn_note_set(table, sets, sizeof(sets));
	if (order < 0)
		mst_sn_say_import(c, "commit the newer one over it", sets);
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
			mst_sn_note_set(a->what, sets, sizeof(sets));
	}
	if (*lacking) {
		mst_check_say(c, MST_CHECK_FAILED,
			      "missing: %s; ServiceNow ignores values that are "
			      "no choice",
			      lacking);
		mst_sn_say_import(c, "commit this muster's update set", sets);
	} else if (unseen) {
		mst_sn_unseen(c, unseen, "sys_choice",
			      "choices of muster's tables were not compared");
	} else {
		mst_check_say(c, MST_CHECK_OK, "all %u are there", known);
	}
	return true;
}
