/* SPDX-License-Identifier: Apache-2.0
 *
 * What no dry run can show. Rights to write rows by the Table API: a check
 * writes nothing, so it looks at the account's roles and says what stays
 * unproven. And the Field Normalization record that a setting names.
 */
#include <stdio.h>

#include "dest/servicenow/setup.h"
#include "servicenow/tables.h"

#define ROLE_USER "user.user_name"
#define ROLE_NAME "role.name"

/* ---- writing ------------------------------------------------------------- */

static const char *account(const struct sn_setup *s)
{
	const char *name = s->d->conf->username;

	return name && *name && mst_sn_query_safe(mst_slice_str(name)) ? name
								       : NULL;
}

void mst_sn_ask_writing(struct sn_setup *s)
{
	struct mst_buf query = MST_BUF_INIT(1024);

	if (account(s)) {
		mst_buf_addf(&query, ROLE_USER "=%s", account(s));
		(void)mst_sn_ask_list(s, "sys_user_has_role", query.p,
				      ROLE_USER "," ROLE_NAME, 500);
	}
	mst_buf_fini(&query);
}

/* What goes by the Table API, each table once. */
static void written_tables(const struct sn_setup *s, char *list, size_t n)
{
	bool table_mode = s->d->conf->write_mode == SN_WRITE_TABLE;

	for (size_t i = 0; i < s->env.uses_n; i++) {
		const struct mst_set *set = s->env.uses[i].set;
		bool before = false;

		for (size_t k = 0; k < i; k++)
			before = before || strcmp(s->env.uses[k].set->table,
						  set->table) == 0;
		if (!before && (table_mode || set->writer != MST_WRITE_CI))
			(void)mst_sn_add_word(list, n, set->table);
	}
}

/* The account's roles, inherited ones too; false when they are not shown. */
static bool roles_of(struct sn_setup *s, char *list, size_t n, bool *may_r)
{
	const struct sn_ask *a = mst_sn_asked(s, 0);
	struct mst_json_iter it;
	struct mst_json row;

	*may_r = false;
	if (!a || !mst_sn_ask_ok(a))
		return false;
	it = mst_json_iter(mst_sn_ask_result(s, a));
	while (mst_json_next(&it, NULL, &row)) {
		struct mst_slice role = mst_sn_member(row, ROLE_NAME);
		char name[64];

		/* A dropped clause brings other users' roles. */
		if (!mst_slice_is(mst_sn_member(row, ROLE_USER), account(s)))
			return false;
		(void)snprintf(name, sizeof(name), "%.*s", MST_SLICE_ARG(role));
		if (!*name)
			continue;
		*may_r = *may_r || mst_slice_is(role, MST_UPDATE_SET_ROLE) ||
			 mst_slice_is(role, "admin");
		(void)mst_sn_add_word(list, n, name);
	}
	return *list;
}

bool mst_sn_judge_writing(struct sn_setup *s, struct mst_check *c)
{
	char tables[300] = "", roles[200] = "";
	bool may;

	written_tables(s, tables, sizeof(tables));
	if (!roles_of(s, roles, sizeof(roles), &may)) {
		mst_check_say(c, MST_CHECK_NOTE,
			      "not proven, because a check writes nothing: "
			      "that the user may write %s",
			      tables);
		mst_check_remedy(c,
				 "the user needs the role \"%s\" there; "
				 "`muster run JOB --limit 1` proves it with "
				 "one record",
				 MST_UPDATE_SET_ROLE);
	} else if (!may) {
		mst_check_say(c, MST_CHECK_WARNING,
			      "the user lacks the role \"%s\", which may write "
			      "%s; it has: %s",
			      MST_UPDATE_SET_ROLE, tables, roles);
		mst_check_remedy(c,
				 "give the user the role \"%s\", unless "
				 "access rules of your own let it write",
				 MST_UPDATE_SET_ROLE);
	} else {
		mst_check_say(c, MST_CHECK_OK,
			      "by its roles (%s) the user may write %s; not "
			      "tried, because a check writes nothing",
			      roles, tables);
	}
	return true;
}

/* ---- field normalization ------------------------------------------------- */

/* Its tables; the documentation does not name the one of its records. */
void mst_sn_ask_normalization(struct sn_setup *s)
{
	(void)mst_sn_ask_list(s, "sys_db_object", "nameSTARTSWITHfn_", "name",
			      50);
}

/* In every one of them. False: there is none that may be seen. */
static bool ask_tables(struct sn_setup *s, const struct sn_ask *list)
{
	char query[80], names[50][81];
	struct mst_json_iter it;
	struct mst_json row;
	size_t n = 0;

	if (!mst_sn_ask_ok(list))
		return false;
	it = mst_json_iter(mst_sn_ask_result(s, list));
	while (n < MST_LEN(names) && mst_json_next(&it, NULL, &row)) {
		struct mst_slice name = mst_sn_member(row, "name");

		if (mst_slice_istarts(name, "fn_") && mst_sn_name_ok(name))
			(void)snprintf(names[n++], sizeof(names[0]), "%.*s",
				       MST_SLICE_ARG(name));
	}
	(void)snprintf(query, sizeof(query), "sys_id=%.32s",
		       s->d->conf->normalization);
	for (size_t i = 0; i < n; i++)
		(void)mst_sn_ask_list(s, names[i], query, "sys_id,name", 2);
	return n > 0;
}

static const struct sn_ask *holder(struct sn_setup *s, struct mst_slice *name_r,
				   bool *unseen_r)
{
	const struct sn_ask *a;

	*unseen_r = false;
	for (size_t i = 1; (a = mst_sn_asked(s, i)); i++) {
		struct mst_json_iter it =
		    mst_json_iter(mst_sn_ask_result(s, a));
		struct mst_json row;

		*unseen_r = *unseen_r || !mst_sn_ask_ok(a);
		while (mst_sn_ask_ok(a) && mst_json_next(&it, NULL, &row)) {
			*name_r = mst_sn_member(row, "name");
			if (mst_slice_iis(mst_sn_member(row, "sys_id"),
					  s->d->conf->normalization))
				return a;
		}
	}
	return NULL;
}

bool mst_sn_judge_normalization(struct sn_setup *s, struct mst_check *c)
{
	const struct sn_ask *list = mst_sn_asked(s, 0), *found;
	const char *id = s->d->conf->normalization;
	struct mst_slice name = {NULL, 0};
	bool unseen;

	if (!mst_sn_asked(s, 1) && ask_tables(s, list))
		return false;
	if (!mst_sn_asked(s, 1)) {
		mst_sn_unseen(c, list, "the tables of Field Normalization",
			      "its record was not looked up");
		mst_check_remedy(c, "activate the plug-in Field Normalization, "
				    "or clear the setting normalization");
		return true;
	}
	found = holder(s, &name, &unseen);
	if (found) {
		name = mst_sn_cut(name, 80);
		mst_check_say(c, MST_CHECK_OK, "\"%.*s\" in %s",
			      MST_SLICE_ARG(name), found->what);
	} else {
		mst_check_say(c, MST_CHECK_WARNING,
			      unseen ? "no record %.32s of Field Normalization "
				       "that this user may see"
				     : "there is no record %.32s of Field "
				       "Normalization",
			      id);
		mst_check_remedy(c, "Field Normalization > Configurations > "
				    "Normalizations: copy the sys_id of the "
				    "one for Company, Name");
	}
	return true;
}
