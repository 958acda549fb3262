/* SPDX-License-Identifier: Apache-2.0
 *
 * Every setting at its default and overridden: what it does to the catalogue
 * and to records.
 */
#include "cloudapps_drive.h"

#include <stdio.h>
#include <stdlib.h>

static struct ruled r;

#define APP(more) "{'id':'7','displayName':'Box'," more "'x':1}"

static const struct mst_set *set_of(const char *name)
{
	return mst_catalog_set(r.catalog, name);
}

static enum mst_keep keeps(const char *json, const char *want)
{
	struct mst_slice why;
	enum mst_keep keep;

	ruled_record(&r, CA_APPS, json);
	keep = ruled_keep(&r, "cloud_apps", &why);
	if (want)
		t_is(why, want);
	return keep;
}

static void app(const char *json)
{
	ruled_record(&r, CA_APPS, json);
	ruled_apply(&r, "cloud_apps");
}

static const struct mst_column *column_of(const char *name)
{
	const struct mst_set *set = set_of("cloud_apps");

	for (size_t i = 0; i < set->columns_n; i++) {
		if (strcmp(set->columns[i].name, name) == 0)
			return &set->columns[i];
	}
	return NULL;
}

static void refused(const char *options, const char *part)
{
	struct mst_err err = MST_ERR_INIT;
	struct ruled own = {.ops = NULL};

	assert_true(ruled_try(&own, options, &err) < 0);
	assert_int_equal(err.code, MST_E_INVALID);
	if (!strstr(err.msg, part))
		fail_msg("%s", err.msg);
	mst_arena_fini(&own.arena);
}

/* ---- defaults ------------------------------------------------------------ */

/* Whatever the settings at their defaults touch is as the catalogue has it. */
static void test_defaults(void **state MST_UNUSED)
{
	ruled_open(&r);
	assert_int_equal(r.catalog->mappings_n, ca_catalog.mappings_n);
	for (size_t i = 0; i < r.catalog->mappings_n; i++) {
		const struct mst_mapping *a = &r.catalog->mappings[i];
		const struct mst_mapping *b = &ca_catalog.mappings[i];

		assert_int_equal(a->rows_n, b->rows_n);
		assert_memory_equal(a->rows, b->rows,
				    a->rows_n * sizeof(*a->rows));
		assert_int_equal(a->feeds, b->feeds);
	}
	for (size_t i = 0; i < r.catalog->sets_n; i++) {
		const struct mst_set *a = &r.catalog->sets[i];
		const struct mst_set *b = &ca_catalog.sets[i];

		assert_string_equal(a->table, b->table);
		assert_int_equal(a->columns_n, b->columns_n);
		for (size_t k = 0; k < a->columns_n; k++) {
			assert_string_equal(a->columns[k].name,
					    b->columns[k].name);
			assert_int_equal(a->columns[k].flags,
					 b->columns[k].flags);
			assert_int_equal(a->columns[k].max, b->columns[k].max);
		}
	}
	assert_int_equal(r.catalog->joins_n, ca_catalog.joins_n);
	assert_int_equal(r.catalog->lookups[0].asks_n, 1);
	assert_string_equal(r.catalog->lookups[0].asks[0].column, "email");
	ruled_close(&r);
}

static void test_users_offered(void **state MST_UNUSED)
{
	ruled_open(&r);
	assert_non_null(strstr(set_of("cloud_app_users")->off,
			       "allow_user_synchronization"));
	ruled_again(&r, "allow_user_synchronization: yes\n");
	assert_null(set_of("cloud_app_users")->off);
	assert_true(set_of("cloud_app_users")->relationship);
	ruled_close(&r);
}

/* ---- which apps ---------------------------------------------------------- */

static void test_risk(void **state MST_UNUSED)
{
	ruled_open(&r);
	assert_int_equal(keeps(APP("'riskScore':10,"), NULL), MST_KEEP);
	assert_int_equal(keeps(APP(""), NULL), MST_KEEP);
	ruled_again(&r, "max_risk_score: 4\n");
	assert_int_equal(keeps(APP("'riskScore':4,"), NULL), MST_KEEP);
	assert_int_equal(keeps(APP("'riskScore':5,"), "max_risk_score"),
			 MST_DROP);
	assert_int_equal(keeps(APP("'riskRating':'4.5',"), "max_risk_score"),
			 MST_DROP);
	assert_int_equal(keeps(APP("'riskScore':null,'riskRating':3,"), NULL),
			 MST_KEEP);
	assert_int_equal(keeps(APP("'riskScore':3,'riskRating':9,"), NULL),
			 MST_KEEP);
	/* nobody knows: what was delivered stays */
	assert_int_equal(keeps(APP(""), "max_risk_score"), MST_LEAVE);
	assert_int_equal(keeps(APP("'riskScore':'x',"), NULL), MST_LEAVE);
	ruled_again(&r, "max_risk_score: 0\n");
	assert_int_equal(keeps(APP("'riskScore':0,"), NULL), MST_KEEP);
	assert_int_equal(keeps(APP("'riskScore':1,"), NULL), MST_DROP);
	ruled_close(&r);
}

static void test_tags(void **state MST_UNUSED)
{
	ruled_open_with(&r, "tags: [sanctioned, own*]\n");
	assert_int_equal(keeps(APP("'tags':['Sanctioned'],"), NULL), MST_KEEP);
	assert_int_equal(keeps(APP("'tags':['x',' Own one '],"), NULL),
			 MST_KEEP);
	assert_int_equal(keeps(APP("'tags':'Sanctioned',"), NULL), MST_KEEP);
	assert_int_equal(keeps(APP("'tags':['Unsanctioned'],"), "tags"),
			 MST_DROP);
	assert_int_equal(keeps(APP(""), "tags"), MST_DROP);
	ruled_again(&r, "tags_not: [Unsanctioned]\n");
	assert_int_equal(keeps(APP("'tags':['unsanctioned'],"), "tags_not"),
			 MST_DROP);
	assert_int_equal(keeps(APP("'tags':['Sanctioned'],"), NULL), MST_KEEP);
	assert_int_equal(keeps(APP(""), NULL), MST_KEEP);
	ruled_close(&r);
}

static void test_streams(void **state MST_UNUSED)
{
	ruled_open_with(&r, "streams: ['proxy*', S2]\n");
	assert_int_equal(
	    keeps(APP("'stream':'s1','streamName':'Proxy A',"), NULL),
	    MST_KEEP);
	assert_int_equal(keeps(APP("'stream':'s2',"), NULL), MST_KEEP);
	assert_int_equal(
	    keeps(APP("'stream':'s1','streamName':'Other',"), "streams"),
	    MST_DROP);
	ruled_close(&r);
}

/* A folder has users of all streams. */
static void test_users_of_streams(void **state MST_UNUSED)
{
	static const char user[] =
	    "{'app':'1','stream':'s1','streamName':'Proxy','userIdentifier':"
	    "'a@b','person':'0123456789abcdef0123456789abcdef'}";
	struct mst_slice why;

	ruled_open_with(&r, "streams: [other]\n");
	ruled_record(&r, CA_USERS, user);
	assert_int_equal(ruled_keep(&r, "cloud_app_users", &why), MST_DROP);
	t_is(why, "streams");
	assert_true(ca_refuse_user(mst_rules_ctx(r.rules), r.v, &why));
	ruled_again(&r, "streams: [proxy]\n");
	ruled_record(&r, CA_USERS, user);
	assert_int_equal(ruled_keep(&r, "cloud_app_users", &why), MST_KEEP);
	assert_false(ca_refuse_user(mst_rules_ctx(r.rules), r.v, &why));
	ruled_close(&r);
}

static void test_classes(void **state MST_UNUSED)
{
	const struct mst_set *set;

	ruled_open_with(&r, "class_cloud_app: [u_app, cmdb_ci_business_app, "
			    "u_app]\n");
	set = set_of("cloud_apps");
	assert_string_equal(set->table, "u_app");
	assert_int_equal(set->classes_n, 1);
	assert_string_equal(set->classes[0].table, "u_app");
	assert_string_equal(set->classes[0].also_search[0],
			    "cmdb_ci_business_app");
	assert_null(set->classes[0].also_search[1]);
	app(APP(""));
	t_is(r.d.table, "u_app");
	/* the double's helper has all classes but this one */
	ruled_again(&r, "class_cloud_app: [cmdb_ci_handheld_computing]\n");
	r.handheld = false;
	assert_int_equal(keeps(APP(""), "the destination has no class "
					"'cmdb_ci_handheld_computing'"),
			 MST_SKIP);
	ruled_close(&r);
	refused("class_cloud_app: [Not A Table]\n", "class_cloud_app");
	refused("class_cloud_app: []\n", "class_cloud_app");
}

/* ---- what is said of them ------------------------------------------------ */

static void test_correlation(void **state MST_UNUSED)
{
	ruled_open_with(&r, "correlation_prefix: a-\n");
	app(APP(""));
	ruled_is(&r, "correlation_id", "a-7");
	t_is(r.d.key, "7");
	ruled_close(&r);
}

static void test_app_info(void **state MST_UNUSED)
{
	ruled_open_with(&r, "app_info: no\n");
	assert_int_equal(r.catalog->joins_n, ca_catalog.joins_n - 1);
	for (size_t i = 0; i < r.catalog->joins_n; i++)
		assert_true(r.catalog->joins[i].from != CA_INFO);
	ruled_close(&r);
}

static void test_description(void **state MST_UNUSED)
{
	static const char lines[] =
	    APP("'appInfo':'aaa: 1\\nbbb: 2\\nisDmca: true\\nvendor: V',");

	ruled_open_with(&r, "description_max: 13\n");
	assert_int_equal(column_of("short_description")->max, 13);
	app(lines);
	ruled_is(&r, "short_description", "aaa: 1\nbbb: 2");
	ruled_again(&r, "description_max: 12\n");
	app(lines);
	ruled_is(&r, "short_description", "aaa: 1");
	ruled_again(&r, "description_cleared: [BBB, is*]\n");
	app(lines);
	ruled_is(&r, "short_description", "aaa: 1\nvendor: V");
	ruled_is(&r, "vendor", "V"); /* a column of its own */
	ruled_again(&r, "description_column: comments\n"
			"description_max: 4000\n");
	assert_int_equal(column_of("comments")->max, 4000);
	app(lines);
	ruled_is(&r, "short_description", NULL);
	ruled_is(&r, "comments", "aaa: 1\nbbb: 2\nisDmca: true\nvendor: V");
	ruled_close(&r);
	refused("description_column: attributes\n", "filled by another rule");
	refused("description_column: Not One\n", "there is no column");
}

static void test_user_count(void **state MST_UNUSED)
{
	struct mst_hash one;

	ruled_open_with(&r, "user_count: along\n");
	app(APP("'userCount':1,"));
	one = r.d.value;
	ruled_is(&r, "active_user_count", "1");
	app(APP("'userCount':2,"));
	assert_true(mst_hash_eq(one, r.d.value));
	ruled_again(&r, "user_count: no\n");
	app(APP("'userCount':1,"));
	ruled_is(&r, "active_user_count", NULL);
	ruled_again(&r, "");
	app(APP("'userCount':1,"));
	one = r.d.value;
	app(APP("'userCount':2,"));
	assert_false(mst_hash_eq(one, r.d.value));
	ruled_close(&r);
}

/* ---- who a user is ------------------------------------------------------- */

static void test_user_match(void **state MST_UNUSED)
{
	static const char *const columns[] = {"email", "user_name", "user_name",
					      "email", "email"};
	const struct mst_lookup *l;

	/* always in this order */
	ruled_open_with(&r, "user_match: [alias, domain, user_name, upn, "
			    "email]\n");
	l = &r.catalog->lookups[0];
	assert_int_equal(l->asks_n, CA__WAYS);
	for (size_t i = 0; i < CA__WAYS; i++) {
		assert_string_equal(l->asks[i].column, columns[i]);
		assert_ptr_equal(l->asks[i].value, ca_asks[i].value);
	}
	ruled_again(&r, "user_match: [upn]\n");
	l = &r.catalog->lookups[0];
	assert_int_equal(l->asks_n, 1);
	assert_ptr_equal(l->asks[0].value, ca_op_upn);
	assert_ptr_equal(l->refuse, ca_refuse_user);
	ruled_close(&r);
	refused("user_domain_rewrite: [nothing]\n", "OLD=NEW");
	refused("user_domain_rewrite: ['=x']\n", "OLD=NEW");
	refused("user_aliases: ['x=']\n", "IDENTIFIER=EMAIL");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_defaults),
	    cmocka_unit_test(test_users_offered),
	    cmocka_unit_test(test_risk),
	    cmocka_unit_test(test_tags),
	    cmocka_unit_test(test_streams),
	    cmocka_unit_test(test_users_of_streams),
	    cmocka_unit_test(test_classes),
	    cmocka_unit_test(test_correlation),
	    cmocka_unit_test(test_app_info),
	    cmocka_unit_test(test_description),
	    cmocka_unit_test(test_user_count),
	    cmocka_unit_test(test_user_match),
	};

	return cmocka_run_group_tests(tests, t_log_watch, t_log_check);
}
