/* SPDX-License-Identifier: Apache-2.0
 *
 * What the settings make of the catalogue. A setting at its default changes
 * nothing here.
 */
#include "source/cloudapps/ops.h"

static const char apps[] = "cloud_apps";
static const char users[] = "cloud_app_users";
static const char description[] = "short_description";

static int adapt_class(const struct ca_conf *conf, struct mst_derive *d,
		       struct mst_err *err)
{
	struct mst_set *set = mst_derive_set(d, apps);
	struct mst_class *c;

	for (size_t i = 0; i < conf->classes.n; i++) {
		if (!ms_is_table(conf->classes.v[i]))
			return mst_err_set(
			    err, MST_E_INVALID,
			    "setting class_cloud_app: there is no class "
			    "'%.80s'; write its name as in "
			    "cmdb_ci_business_app",
			    conf->classes.v[i]);
	}
	if (!conf->classes.n)
		return mst_err_set(err, MST_E_INVALID,
				   "setting class_cloud_app: name a class, as "
				   "in cmdb_ci_business_app");
	c = mst_arena_alloc(mst_derive_arena(d), sizeof(*c));
	c->table = conf->classes.v[0];
	ms_class_search(c, &conf->classes, mst_derive_arena(d));
	set->table = c->table;
	set->classes = c;
	set->classes_n = 1;
	return 0;
}

/* Another column in the place of the usual one. */
static int move_description(const struct ca_conf *conf, struct mst_derive *d,
			    struct mst_err *err)
{
	const struct mst_column column = {.name = conf->description_column,
					  .max =
					      (uint16_t)conf->description_max};
	const struct mst_map_row row = {.column = conf->description_column,
					.field = CF_INFO,
					.op = ca_op_description,
					.rule = "cloudapps.description"};

	if (mst_derive_column(d, apps, conf->description_column))
		return mst_err_set(err, MST_E_INVALID,
				   "setting description_column: '%s' is filled "
				   "by another rule",
				   conf->description_column);
	(void)mst_derive_drop(d, apps, description);
	if (mst_derive_add_column(d, apps, &column, err) < 0)
		return -(int)err->code;
	return mst_derive_add_row(d, 0, &row, false, err);
}

static int adapt_description(const struct ca_conf *conf, struct mst_derive *d,
			     struct mst_err *err)
{
	if (!ms_is_table(conf->description_column))
		return mst_err_set(err, MST_E_INVALID,
				   "setting description_column: there is no "
				   "column '%.80s'; write its name as in "
				   "comments",
				   conf->description_column);
	if (strcmp(conf->description_column, description) != 0)
		return move_description(conf, d, err);
	mst_derive_column(d, apps, description)->max =
	    (uint16_t)conf->description_max;
	return 0;
}

static void adapt_count(const struct ca_conf *conf, struct mst_derive *d)
{
	static const char column[] = "active_user_count";

	if (conf->user_count == CA_COUNT_NO)
		(void)mst_derive_drop(d, apps, column);
	if (conf->user_count == CA_COUNT_ALONG)
		mst_derive_column(d, apps, column)->flags |= MST_COL_VOLATILE;
}

static void adapt_users(const struct ca_conf *conf, struct mst_derive *d)
{
	static const char *const words[CA__WAYS] = {
	    [CA_EMAIL] = "email",	  [CA_UPN] = "upn",
	    [CA_USER_NAME] = "user_name", [CA_DOMAIN] = "domain",
	    [CA_ALIAS] = "alias",
	};
	struct mst_arena *arena = mst_derive_arena(d);
	struct mst_lookup *l = mst_arena_alloc(arena, sizeof(*l));
	struct mst_ask *asks = mst_arena_alloc(arena, CA__WAYS * sizeof(*asks));
	size_t n = 0;

	if (conf->users)
		mst_derive_set(d, users)->off = NULL;
	if (conf->streams.n)
		mst_derive_mapping(d, 1)->filter = ca_keep_chosen_user;
	for (int i = 0; i < CA__WAYS; i++) {
		if (ms_in_list(&conf->user_match, words[i]))
			asks[n++] = ca_asks[i];
	}
	*l = mst_derive_catalog(d)->lookups[0];
	l->asks = asks;
	l->asks_n = n;
	mst_derive_lookups(d, l, 1);
}

int ca_adapt(const void *conf, struct mst_derive *d, struct mst_err *err)
{
	const struct mst_catalog *cat = mst_derive_catalog(d);
	const struct ca_conf *c = conf;
	int rc = ca_users_check(c, err);

	if (rc == 0)
		rc = adapt_class(c, d, err);
	if (rc == 0)
		rc = adapt_description(c, d, err);
	if (rc < 0)
		return rc;
	adapt_count(c, d);
	adapt_users(c, d);
	if (!c->app_info)
		mst_derive_joins(d, cat->joins, cat->joins_n - 1);
	return 0;
}
