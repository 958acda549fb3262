/* SPDX-License-Identifier: Apache-2.0
 *
 * Before people are related to what they use: can they be looked up? A run
 * would end without it.
 */
#include <stdio.h>

#include "dest/servicenow/setup.h"

static bool is_empty(const struct sn_ask *a)
{
	return a->status == 404 &&
	       mst_slice_ifind(mst_slice_str(a->why), "No Record found");
}

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
