/* SPDX-License-Identifier: Apache-2.0
 *
 * The truth of cloud apps and of the people who use them, against values
 * worked out by hand from docs/internals/cloudapps.md.
 */
#include "lib/t.h"

#include <stdio.h>
#include <stdlib.h>

#include "sim/truth.h"

static struct sim_apps *a;
static struct sim_truth *t;
static struct truth_rec rec;
static const char *users = "{\"users\":[]}";

static int begin(void **state)
{
	(void)state;
	a = sim_apps_new(1, 0, 0, 0);
	t = sim_truth_new();
	users = "{\"users\":[]}";
	return 0;
}

static int end(void **state)
{
	(void)state;
	sim_apps_free(&a);
	sim_truth_free(&t);
	return 0;
}

static void hand(const char *json)
{
	struct mst_err err = MST_ERR_INIT;

	t_ok(sim_apps_hand(a, mst_slice_str(json), &err), &err);
}

static void gone(const char *json)
{
	struct mst_err err = MST_ERR_INIT;

	t_ok(sim_apps_remove(a, mst_slice_str(json), &err), &err);
}

static void set(const char *settings)
{
	struct mst_err err = MST_ERR_INIT;
	char *json = mst_asprintf("{\"cloudapps\":%s}", settings);

	t_ok(sim_truth_configure(t, mst_slice_str(json), &err), &err);
	free(json);
}

static void synced(void)
{
	struct mst_err err = MST_ERR_INIT;

	t_ok(sim_truth_apps_synced(t, a, mst_slice_str(users), &err), &err);
}

/* "-" absent, "+" present, NULL not said. */
static const char *col(enum truth_set s, size_t i, const char *column)
{
	assert_true(i < sim_truth_count(t, s));
	sim_truth_get(t, s, i, &rec);
	for (unsigned k = 0; k < rec.n; k++) {
		if (strcmp(rec.f[k].column, column) != 0)
			continue;
		if (rec.f[k].how == TRUTH_ABSENT)
			return "-";
		if (rec.f[k].how == TRUTH_PRESENT)
			return "+";
		return rec.f[k].text;
	}
	return NULL;
}

#define IS(i, column, text) assert_string_equal(col(TRUTH_APP, i, column), text)

static const char info[] =
    "{\"@odata.type\":\"#x\",\"id\":\"1\",\"vendor\":\" Blue Cloud Inc. \","
    "\"hostingCompany\":\"Nordic Racks\",\"isDmca\":\"unknown\","
    "\"isAdminAuditTrail\":true,\"founded\":2008,\"dataTypes\":[\"documents\","
    "\"a \\\"b\\\"\"],\"csaStarLevel\":null,\"holding\":\"\",\"logonUrls\":["
    "\"https://a.example/\",\"https://b.example\"],\"dataCenter\":\"S\xc3\xa3o "
    "Paulo\",\"dataRetentionPolicy\":\"one\\r\\ntwo\\nthree\","
    "\"latestBreachDateTime\":\"0001-01-01T00:00:00Z\","
    "\"domainRegistrationDateTime\":\"2019-05-01\",\"isGdprImpactAssessment\":"
    "\"true\",\"isGdprRightToDataPortability\":\"false\","
    "\"encryptionProtocol\":\"tls1_2\",\"isGdprRightsRelatedToAutomated"
    "DecisionMaking\":\"true\",\"isGdprRightToErasure\":\"true\","
    "\"fancyNewOne\":\"x\"}";

static const char golden[] =
    "dataCenter: S\xc3\xa3o Paulo\n"
    "dataRetentionPolicy: one two three\n"
    "dataTypes: [\"documents\",\"a \\\"b\\\"\"]\n"
    "domainRegistrationDateTime: 2019-05-01T00:00:00Z\n"
    "founded: 2008\n"
    "hostingCompany: Nordic Racks\n"
    "isAdminAuditTrail: true\n"
    "isDmca: unknown\n"
    "isGdprDataProtectionImpactAssessment: true\n"
    "isGdprRightToDataPortablility: false\n"
    "isGdprRightToErasure: true\n"
    "isGdprRightsRelatedToAutomatedDecisionMaking: true\n"
    "logonUrls: [\"https://a.example/\",\"https://b.example\"]\n"
    "tlsEncryptionProtocol: tls1_2\n"
    "vendor: Blue Cloud Inc.";

static void app(const char *form, const char *with)
{
	char *json = mst_asprintf(
	    "{\"apps\":[{\"id\":12345,\"name\":\" Example App \",\"category\":"
	    "\"%s\",\"score\":8,\"tags\":[\"Sanctioned\",\"EU\"],\"domains\":["
	    "\"*.example.com\",\"x.example\"],\"user_count\":3,\"info\":%s}]}",
	    form, with);

	hand(json);
	free(json);
}

static void attributes(void **state)
{
	char list[2048];

	(void)state;
	app("cloudStorage", info);
	synced();
	assert_int_equal(sim_truth_count(t, TRUTH_APP), 1);
	IS(0, "name", "Example App");
	IS(0, "category", "Cloud storage");
	IS(0, "vendor", "bluecloud");
	IS(0, "platform", "Nordic Racks");
	IS(0, "url", "https://a.example/");
	IS(0, "active_user_count", "3");
	IS(0, "attributes",
	   "domains: [\"*.example.com\",\"x.example\"]\nriskScore: 8\n"
	   "tags: [\"Sanctioned\",\"EU\"]");
	IS(0, "correlation_id", "12345");
	IS(0, "install_status", "1");
	IS(0, "operational_status", "1");
	IS(0, "short_description", golden);
	(void)snprintf(list, sizeof(list), "{\"value\":[%s]}", info);
	app("generativeAi", list);
	synced();
	IS(0, "short_description", golden);
	IS(0, "category", "Generative AI");
	/* whole lines only, and nothing behind the first that is too long */
	set("{\"description_max\":70}");
	synced();
	IS(0, "short_description",
	   "dataCenter: S\xc3\xa3o Paulo\n"
	   "dataRetentionPolicy: one two three");
	set("{\"description_max\":1000,\"description_cleared\":[\"data*\","
	    "\"is*\",\"vendor\"]}");
	synced();
	IS(0, "short_description",
	   "domainRegistrationDateTime: 2019-05-01T00:00:00Z\n"
	   "founded: 2008\nhostingCompany: Nordic Racks\n"
	   "logonUrls: [\"https://a.example/\",\"https://b.example\"]\n"
	   "tlsEncryptionProtocol: tls1_2");
}

static void little(void **state)
{
	(void)state;
	app("unknownFutureValue", "null");
	synced();
	IS(0, "category", "-");
	IS(0, "vendor", "-");
	IS(0, "url", "https://example.com");
	IS(0, "short_description", "-");
	/* what is gone is not cleared */
	app("itServices", "{\"vendor\":\"V\",\"logonUrls\":\"https://l/\"}");
	synced();
	IS(0, "category", "IT services");
	IS(0, "url", "https://l/");
	app("unknownFutureValue", "null");
	synced();
	IS(0, "category", "IT services");
	IS(0, "vendor", "v");
	IS(0, "short_description", "logonUrls: https://l/\nvendor: V");
}

static void score(int value)
{
	char *json = mst_asprintf("{\"apps\":[{\"id\":\"1\",\"name\":\"A\","
				  "\"score\":%d},{\"id\":\"2\",\"name\":\"B\","
				  "\"rating\":true}]}",
				  value);

	hand(json);
	free(json);
}

static void risk(void **state)
{
	(void)state;
	score(6);
	synced();
	assert_int_equal(sim_truth_count(t, TRUTH_APP), 2);
	set("{\"max_risk_score\":4}");
	hand("{\"apps\":[{\"id\":\"3\",\"name\":\"C\"}]}");
	synced();
	/* without a score: what is there stays, a new one is left out */
	assert_int_equal(sim_truth_count(t, TRUTH_APP), 2);
	IS(0, "install_status", "7");
	IS(0, "operational_status", "6");
	IS(1, "install_status", "1");
	score(4);
	synced();
	IS(0, "install_status", "1");
	score(5);
	synced();
	IS(0, "install_status", "7");
	set("{\"max_risk_score\":10}");
	synced();
	assert_int_equal(sim_truth_count(t, TRUTH_APP), 3);
	IS(0, "install_status", "1");
	IS(0, "attributes", "riskScore: 5");
	gone("{\"ids\":[\"2\"]}");
	synced();
	IS(1, "install_status", "7");
}

static void one_name(void **state)
{
	(void)state;
	hand("{\"apps\":[{\"id\":\"20\",\"name\":\"Box\",\"score\":1},"
	     "{\"id\":\"10\",\"name\":\"BOX\",\"score\":2},"
	     "{\"id\":\"30\",\"name\":\" \"},{\"id\":\"40\"}]}");
	synced();
	assert_int_equal(sim_truth_count(t, TRUTH_APP), 1);
	IS(0, "name", "BOX");
	IS(0, "attributes", "riskScore: 2");
	/* the CI is found by its name and keeps what it was made with */
	hand("{\"apps\":[{\"id\":\"20\",\"name\":\"Box\",\"score\":1,\"tags\":"
	     "[\"sanctioned\"]}]}");
	synced();
	assert_int_equal(sim_truth_count(t, TRUTH_APP), 1);
	IS(0, "name", "Box");
	IS(0, "correlation_id", "10");
	IS(0, "install_status", "1");
	gone("{\"ids\":[\"10\"]}");
	hand("{\"apps\":[{\"id\":\"20\",\"name\":\"Crate\"}]}");
	synced();
	assert_int_equal(sim_truth_count(t, TRUTH_APP), 1);
	IS(0, "name", "Crate");
}

static void streams(void **state)
{
	(void)state;
	hand("{\"streams\":[{\"id\":\"s1\",\"name\":\"Global\"},{\"id\":"
	     "\"s2\",\"name\":\"Branch\"}],\"apps\":[{\"id\":\"1\",\"name\":"
	     "\"A\",\"tags\":[\"Monitored\"],\"streams\":[\"s1\",\"s2\"],"
	     "\"user_count\":{\"s1\":5,\"s2\":7}},{\"id\":\"2\",\"name\":"
	     "\"B\",\"streams\":[\"s2\"]}]}");
	set("{\"streams\":[\"glob*\"]}");
	synced();
	assert_int_equal(sim_truth_count(t, TRUTH_APP), 1);
	IS(0, "active_user_count", "5");
	set("{\"streams\":[],\"tags\":[\"*tored\"]}");
	synced();
	assert_int_equal(sim_truth_count(t, TRUTH_APP), 1);
	IS(0, "active_user_count", "7");
	set("{\"tags\":[],\"tags_not\":[\"monitored\"]}");
	synced();
	assert_int_equal(sim_truth_count(t, TRUTH_APP), 2);
	IS(0, "install_status", "7");
}

/* ---- people -------------------------------------------------------------- */

#define USER(id, mail, name, active)                                           \
	"{\"sys_id\":\"" id "\",\"email\":\"" mail "\",\"user_name\":\"" name  \
	"\",\"active\":\"" active "\",\"created\":\"2020-01-01 00:00:00\"}"

static const char people[] =
    "{\"users\":[" USER("u1", "Kim@x.example", "kim", "true") "," USER("u2", "old@x.example", "old", "false") "," USER(
	"u4", "twin@x.example", "twin.b",
	"true") "," USER("u3", "twin@x.example", "twin.a",
			 "true") "," USER("u5", "back@x.example", "back",
					  "false") "," USER("u6",
							    "back@x.example",
							    "back2",
							    "true") "," USER("u"
									     "7",
									     "",
									     "n"
									     "o"
									     "m"
									     "a"
									     "i"
									     "l",
									     "t"
									     "r"
									     "u"
									     "e") "," USER("u8",
											   "new@x.example",
											   "upn@id.example",
											   "true") "]}";

static void uses(const char *list)
{
	char *json = mst_asprintf(
	    "{\"streams\":[{\"id\":\"s1\",\"name\":\"One\"},{\"id\":\"s2\","
	    "\"name\":\"Two\",\"anonymous\":true}],\"apps\":[{\"id\":\"1\","
	    "\"name\":\"A\",\"streams\":[\"s1\",\"s2\"],\"users\":{\"s1\":[%s],"
	    "\"s2\":[\"old@x.example\"]}}]}",
	    list);

	hand(json);
	free(json);
}

/* The live users, in the order of their making. */
static const char *live(void)
{
	static char text[256];

	text[0] = '\0';
	for (size_t i = 0; i < sim_truth_count(t, TRUTH_USE); i++) {
		const char *user = col(TRUTH_USE, i, "user");

		assert_string_equal(col(TRUTH_USE, i, "type.name"), "Uses");
		if (!rec.gone)
			(void)snprintf(text + strlen(text),
				       sizeof(text) - strlen(text), "%s ",
				       user);
	}
	return text;
}

static void who(void **state)
{
	(void)state;
	users = people;
	uses("\"KIM@X.EXAMPLE\",\"old@x.example\",\"twin@x.example\","
	     "\"back@x.example\",\"nomail@x.example\",\"upn@id.example\","
	     "\"kim\\\\PC1\",\"CORP\\\\kim\",\"new@old.example\",\"kimi\","
	     "\"AnonymousUser\",\"Kim Example\"");
	synced();
	assert_int_equal(sim_truth_count(t, TRUTH_USE), 0);
	set("{\"allow_user_synchronization\":true}");
	synced();
	assert_string_equal(live(), "u1 u6 ");
	set("{\"user_match\":[\"email\",\"upn\",\"user_name\",\"domain\","
	    "\"alias\"],\"user_domains\":[\"corp\"],\"user_domain_rewrite\":["
	    "\"old.example=x.example\"],\"user_aliases\":["
	    "\"kimi=kim@x.example\"]}");
	synced();
	assert_string_equal(live(), "u1 u6 u7 u8 ");
	uses("\"kimi\",\"new@old.example\"");
	synced();
	assert_string_equal(live(), "u1 u8 ");
	gone("{\"ids\":[\"1\"]}");
	synced();
	assert_string_equal(live(), "");
	uses("\"nomail\\\\Corp\"");
	synced();
	assert_string_equal(live(), "u7 ");
}

/* Who leaves the company, or gets a twin, stays as long as the source shows
 * the identifier. */
static void stays(void **state)
{
	(void)state;
	set("{\"allow_user_synchronization\":true}");
	uses("\"kim@x.example\",\"lee@x.example\"");
	users =
	    "{\"users\":[" USER("u1", "kim@x.example", "kim", "true") "," USER(
		"u2", "lee@x.example", "lee", "true") "]}";
	synced();
	assert_string_equal(live(), "u1 u2 ");
	users =
	    "{\"users\":[" USER("u1", "kim@x.example", "kim", "false") "," USER(
		"u9", "lee@x.example", "lee2",
		"true") "," USER("u2", "lee@x.example", "lee", "true") "]}";
	synced();
	assert_string_equal(live(), "u1 u2 ");
	uses("\"lee@x.example\"");
	users = "{\"users\":[" USER("u9", "lee@x.example", "lee2", "true") "]}";
	synced();
	assert_string_equal(live(), "u9 ");
	/* not asked for: nothing is touched */
	set("{\"allow_user_synchronization\":false}");
	uses("");
	synced();
	assert_string_equal(live(), "u9 ");
}

/* ---- the estate of a seed ------------------------------------------------ */

/* Index of the application, or -1. */
static int find(const char *column, const char *text)
{
	for (size_t i = 0; i < sim_truth_count(t, TRUTH_APP); i++) {
		const char *is = col(TRUTH_APP, i, column);

		if (is && !strcmp(is, text))
			return (int)i;
	}
	return -1;
}

static size_t retired(void)
{
	size_t n = 0;

	for (size_t i = 0; i < sim_truth_count(t, TRUTH_APP); i++)
		n += !strcmp(col(TRUTH_APP, i, "install_status"), "7");
	return n;
}

static void estate(void **state)
{
	size_t first;

	(void)state;
	sim_apps_free(&a);
	a = sim_apps_new(1, 60, 100, 2400);
	synced();
	first = sim_truth_count(t, TRUTH_APP);
	assert_in_range(first, 50, 57);
	/* one name: the sanctioned one, else the smallest id */
	assert_int_equal(find("correlation_id", "10063"), -1);
	assert_int_not_equal(find("correlation_id", "10070"), -1);
	assert_int_not_equal(find("correlation_id", "10105"), -1);
	assert_int_equal(find("correlation_id", "10112"), -1);
	assert_int_not_equal(find("name", "Zürich Bücherei Ätna"), -1);
	IS((size_t)find("correlation_id", "10119"), "name",
	   "Zürich Bücherei Ätna");
	assert_int_equal(
	    strlen(col(TRUTH_APP, (size_t)find("correlation_id", "10126"),
		       "name")),
	    254);
	assert_int_equal(retired(), 0);
	sim_apps_day(a, 1);
	synced();
	assert_true(sim_truth_count(t, TRUTH_APP) > first);
	assert_true(retired() >= 1);
	IS((size_t)find("correlation_id", "10042"), "install_status", "7");
	assert_null(
	    strstr(col(TRUTH_APP, (size_t)find("correlation_id", "10049"),
		       "attributes"),
		   "riskScore"));
	set("{\"max_risk_score\":3}");
	synced();
	assert_true(retired() > first / 3);
	IS((size_t)find("correlation_id", "10049"), "install_status", "1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(attributes, begin, end),
	    cmocka_unit_test_setup_teardown(little, begin, end),
	    cmocka_unit_test_setup_teardown(risk, begin, end),
	    cmocka_unit_test_setup_teardown(one_name, begin, end),
	    cmocka_unit_test_setup_teardown(streams, begin, end),
	    cmocka_unit_test_setup_teardown(who, begin, end),
	    cmocka_unit_test_setup_teardown(stays, begin, end),
	    cmocka_unit_test_setup_teardown(estate, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
