/* SPDX-License-Identifier: Apache-2.0
 *
 * What records go into: are the tables there, and may they be read?
 */
#include <stdio.h>

#include "dest/servicenow/setup.h"
#include "servicenow/tables.h"

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
		mst_sn_say_import(c, "commit muster's update set", sets);
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
			mst_sn_note_set(a->what, sets, sizeof(sets));
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
