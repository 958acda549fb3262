/* SPDX-License-Identifier: Apache-2.0
 *
 * What becomes of records by default: apps with all their columns, the lines
 * of the description, who a user could be.
 */
#include "cloudapps_drive.h"

#include <stdio.h>
#include <stdlib.h>

static struct ruled r;

static int open_rules(void **state)
{
	ruled_open(&r);
	return t_log_watch(state);
}

static int close_rules(void **state)
{
	ruled_close(&r);
	return t_log_check(state);
}

/* ---- apps ---------------------------------------------------------------- */

static void test_app(void **state MST_UNUSED)
{
	ruled_record(
	    &r, CA_APPS,
	    "{'id':15600,'displayName':' Box ','category':'cloudStorage',"
	    "'riskScore':8,'tags':['Sanctioned','Own'],'userCount':'17',"
	    "'domains':['*.box.example','box.example'],"
	    "'lastSeenDateTime':'2024-06-13','stream':'s1','appInfo':"
	    "'hostingCompany: Racks\\nlogonUrls: [\\\"https://a.example/\\\","
	    "\\\"https://b.example/\\\"]\\nvendor: Box, Inc.'}");
	ruled_apply(&r, "cloud_apps");
	t_is(r.d.key, "15600");
	t_is(r.d.table, "cmdb_ci_business_app");
	ruled_is(&r, "name", "Box");
	ruled_is(&r, "vendor", "Box, Inc.");
	ruled_is(&r, "category", "Cloud storage");
	ruled_is(&r, "url", "https://a.example/");
	ruled_is(&r, "active_user_count", "17");
	ruled_is(&r, "platform", "Racks");
	ruled_is(&r, "short_description",
		 "hostingCompany: Racks\nlogonUrls: [\"https://a.example/\","
		 "\"https://b.example/\"]\nvendor: Box, Inc.");
	ruled_is(&r, "attributes",
		 "domains: [\"*.box.example\",\"box.example\"]\nriskScore: 8\n"
		 "tags: [\"Sanctioned\",\"Own\"]");
	ruled_is(&r, "last_discovered", "2024-06-13 00:00:00");
	ruled_is(&r, "correlation_id", "15600");
	ruled_is(&r, "discovery_source", "muster");
	ruled_is(&r, "install_status", "1");
	ruled_is(&r, "operational_status", "1");
}

static void test_bare_app(void **state MST_UNUSED)
{
	ruled_record(&r, CA_APPS,
		     "{'ID':'A1','DISPLAYNAME':'x','tags':[],'domains':[],"
		     "'riskScore':null}");
	ruled_apply(&r, "cloud_apps");
	t_is(r.d.key, "a1");
	ruled_is(&r, "vendor", NULL);
	ruled_is(&r, "category", NULL);
	ruled_is(&r, "url", NULL);
	ruled_is(&r, "active_user_count", NULL);
	ruled_is(&r, "platform", NULL);
	ruled_is(&r, "short_description", NULL);
	ruled_is(&r, "attributes", NULL);
	ruled_is(&r, "correlation_id", "A1");
}

static void test_skipped_apps(void **state MST_UNUSED)
{
	struct mst_slice why;

	ruled_record(&r, CA_APPS, "{'displayName':'x'}");
	assert_int_equal(ruled_keep(&r, "cloud_apps", &why), MST_SKIP);
	t_is(why, "no id");
	ruled_record(&r, CA_APPS, "{'id':'1','displayName':' '}");
	assert_int_equal(ruled_keep(&r, "cloud_apps", &why), MST_SKIP);
	t_is(why, "no name (displayName is empty)");
}

static void test_categories(void **state MST_UNUSED)
{
	static const char *const words[][2] = {
	    {"cloudStorage", "Cloud storage"},
	    {"generativeAi", "Generative AI"},
	    {"webemail", "Webmail"},
	    {"crm", "CRM"},
	    {"itServices", "IT services"},
	    {"unknownFutureValue", NULL},
	    {"", NULL},
	    {"health", "Health"},
	    {"newsAndEntertainment", "News and entertainment"},
	    {"Generative AI", "Generative AI"},
	    {"CRM", "CRM"},
	};

	for (size_t i = 0; i < MST_LEN(words); i++) {
		char json[256];

		(void)snprintf(json, sizeof(json),
			       "{'id':'1','displayName':'x','category':'%s'}",
			       words[i][0]);
		ruled_record(&r, CA_APPS, json);
		ruled_apply(&r, "cloud_apps");
		ruled_is(&r, "category", words[i][1]);
	}
}

static void url_is(const char *members, const char *want)
{
	char json[512];

	(void)snprintf(json, sizeof(json), "{'id':'1','displayName':'x',%s}",
		       members);
	ruled_record(&r, CA_APPS, json);
	ruled_apply(&r, "cloud_apps");
	ruled_is(&r, "url", want);
}

static void test_urls(void **state MST_UNUSED)
{
	url_is("'appInfo':'logonUrls: https://one.example/'",
	       "https://one.example/");
	url_is("'appInfo':'logonUrls: [\\\" \\\",\\\"https://b/\\\"]'",
	       "https://b/");
	url_is("'appInfo':'logonUrls: javascript:alert(1)',"
	       "'domains':['d.example']",
	       "https://d.example");
	url_is("'appInfo':'logonUrls: one.example/in'",
	       "https://one.example/in");
	url_is("'appInfo':'logonUrls: [broken','domains':['d.example']",
	       "https://d.example");
	url_is("'domains':['*.d.example','e.example']", "https://d.example");
	url_is("'domains':['*.','e.example']", NULL);
	url_is("'domains':'d.example'", "https://d.example");
	url_is("'domains':[7,'d.example']", "https://d.example");
}

/* ---- one CI per name ----------------------------------------------------- */

static struct mst_slice rank_of(const char *json, char *keep)
{
	struct mst_slice identity, rank;

	ruled_record(&r, CA_APPS, json);
	assert_true(mst_rules_identity(r.rules, ruled_mapping(&r, "cloud_apps"),
				       &identity, &rank));
	t_is(identity, "cmdb_ci_business_app\nbox");
	memcpy(keep, rank.p, rank.n);
	return mst_slice(keep, rank.n);
}

static void test_identity(void **state MST_UNUSED)
{
	char a[64], b[64];

	/* the smaller id */
	assert_true(
	    mst_slice_cmp(rank_of("{'id':'10','displayName':'BOX'}", a),
			  rank_of("{'id':'11','displayName':'box'}", b)) > 0);
	assert_true(
	    mst_slice_cmp(rank_of("{'id':'1','displayName':'BOX'}", a),
			  rank_of("{'id':'11','displayName':'box'}", b)) > 0);
	/* sanctioned before everything */
	assert_true(mst_slice_cmp(rank_of("{'id':'1','displayName':'Box'}", a),
				  rank_of("{'id':'2','displayName':'Box',"
					  "'tags':['x','SANCTIONED']}",
					  b)) < 0);
	assert_true(mst_slice_cmp(rank_of("{'id':'1','displayName':'Box'}", a),
				  rank_of("{'id':'2','displayName':'Box',"
					  "'tags':'sanctioned'}",
					  b)) < 0);
}

/* Names that the column cuts to one are one. */
static void test_long_names(void **state MST_UNUSED)
{
	struct mst_slice one, two, rank;
	unsigned m;
	char json[700], kept[512];
	size_t n;

	n = (size_t)snprintf(json, sizeof(json), "{'id':'1','displayName':'");
	memset(json + n, 'n', 254);
	(void)snprintf(json + n + 254, sizeof(json) - n - 254,
		       "\xc3\xa4 one'}");
	ruled_record(&r, CA_APPS, json);
	m = ruled_mapping(&r, "cloud_apps");
	assert_true(mst_rules_identity(r.rules, m, &one, &rank));
	assert_int_equal(one.n, strlen("cmdb_ci_business_app\n") + 254);
	memcpy(kept, one.p, one.n);
	one.p = kept;
	(void)snprintf(json + n + 254, sizeof(json) - n - 254,
		       "\xc3\xa4 two'}");
	ruled_record(&r, CA_APPS, json);
	assert_true(mst_rules_identity(r.rules, m, &two, &rank));
	assert_true(mst_slice_eq(one, two));
	ruled_apply(&r, "cloud_apps");
	assert_int_equal(ruled_col(&r, "name").n, 254);
}

/* Of several streams the one with the most users. */
static void test_most_users(void **state MST_UNUSED)
{
	unsigned m;
	uint64_t few, many;

	ruled_record(&r, CA_APPS, "{'id':'1','userCount':9}");
	m = ruled_mapping(&r, "cloud_apps");
	few = mst_rules_newest(r.rules, m);
	ruled_record(&r, CA_APPS, "{'id':'1','userCount':'10'}");
	many = mst_rules_newest(r.rules, m);
	assert_true(many > few);
}

/* ---- the description ----------------------------------------------------- */

static const char *lines_of(const char *json)
{
	static struct mst_buf out = MST_BUF_INIT(MST_MAX_TEXT);

	mst_buf_reset(&out);
	ruled_record(&r, CA_INFO, json);
	ca_make_lines(r.v, &out);
	return out.n ? out.p : "";
}

static const char golden_json[] =
    "{'@odata.type':'#microsoft.graph.security.discoveredCloudAppInfo',"
    "'id':'93b60b3e-3a28-bf33-2d73-3cb0199c5f7a','vendor':'Box, Inc.',"
    "'tlsEncryptionProtocol':'tls1_2','founded':2005,"
    "'headquarters':'Redwood City\\r\\nUSA','holding':'public',"
    "'hostingCompany':'unknown','isAdminAuditTrail':'true',"
    "'isDmca':false,'isFileSharing':'unknown','isGaapCompliant':true,"
    "'isGdprRightToDataPortability':'false','isGdprImpactAssessment':'true',"
    "'isGdprRightToRestrictionOfProcessing':'true',"
    "'isGdprRightsRelatedToAutomatedDecisionMaking':'false',"
    "'isHipaaCompliant':1,'isHitrustCsfCompliant':0,'isSoxCompliant':null,"
    "'dataTypes':['documents'],'dataCenter':'','pciDssVersion':[],"
    "'csaStarLevel':' certification ','dataRetentionPolicy':{'a':1},"
    "'domainRegistrationDateTime':'1998-05-01T10:11:12.1234567Z',"
    "'latestBreachDateTime':'2019-05-01','fedRampLevel':2.5,"
    "'isSoc2Compliant':'true','logonUrls':['https://a/','https://b/'],"
    "'somethingNew':'x'}";

static const char golden_lines[] =
    "csaStarLevel: certification\n"
    "dataRetentionPolicy: {\"a\":1}\n"
    "dataTypes: [\"documents\"]\n"
    "domainRegistrationDateTime: 1998-05-01T10:11:12Z\n"
    "fedRampLevel: 2.5\n"
    "founded: 2005\n"
    "headquarters: Redwood City USA\n"
    "holding: public\n"
    "hostingCompany: unknown\n"
    "isAdminAuditTrail: true\n"
    "isDmca: false\n"
    "isFileSharing: unknown\n"
    "isGaapCompliant: true\n"
    "isGdprDataProtectionImpactAssessment: true\n"
    "isGdprRightToDataPortablility: false\n"
    "isGdprRightToRestrictionOfProcessing: true\n"
    "isGdprRightsRelatedToAutomatedDecisionMaking: false\n"
    "isHipaaCompliant: true\n"
    "isHitrustCsfCompliant: false\n"
    "isSoc2Compliant: true\n"
    "latestBreachDateTime: 2019-05-01T00:00:00Z\n"
    "logonUrls: [\"https://a/\",\"https://b/\"]\n"
    "tlsEncryptionProtocol: tls1_2\n"
    "vendor: Box, Inc.";

static void test_golden(void **state MST_UNUSED)
{
	char *wrapped, *listed;

	assert_string_equal(lines_of(golden_json), golden_lines);
	wrapped =
	    mst_asprintf("{'@odata.context':'x','value':%s}", golden_json);
	assert_string_equal(lines_of(wrapped), golden_lines);
	listed = mst_asprintf("{'value':[%s]}", golden_json);
	assert_string_equal(lines_of(listed), golden_lines);
	free(wrapped);
	free(listed);
	assert_string_equal(lines_of("{'value':[]}"), "");
	assert_string_equal(lines_of("{'value':'x'}"), "");
	assert_string_equal(lines_of("{}"), "");
}

static void test_older_names(void **state MST_UNUSED)
{
	/* the newer one counts, wherever it stands */
	assert_string_equal(
	    lines_of("{'encryptionProtocol':'old','TlsEncryptionProtocol':"
		     "'new','isGdprSecureCrossBorderDataControl':'true'}"),
	    "isGdprDataProtectionSecureCrossBorderDataTransfer: true\n"
	    "tlsEncryptionProtocol: new");
	assert_string_equal(lines_of("{'tlsEncryptionProtocol':'new',"
				     "'encryptionProtocol':'old'}"),
			    "tlsEncryptionProtocol: new");
	assert_string_equal(lines_of("{'tlsEncryptionProtocol':null,"
				     "'encryptionProtocol':'old'}"),
			    "tlsEncryptionProtocol: old");
}

static void test_times(void **state MST_UNUSED)
{
	assert_string_equal(
	    lines_of("{'latestBreachDateTime':'0001-01-01T00:00:00Z'}"), "");
	assert_string_equal(
	    lines_of("{'latestBreachDateTime':'2020-01-01T01:00:00+01:00'}"),
	    "latestBreachDateTime: 2020-01-01T00:00:00Z");
	assert_string_equal(lines_of("{'latestBreachDateTime':'never'}"),
			    "latestBreachDateTime: never");
}

static void test_ordinal(void **state MST_UNUSED)
{
	for (size_t i = 1; i < CA_ATTRIBUTES; i++)
		assert_true(strcmp(ca_attributes[i - 1].name,
				   ca_attributes[i].name) < 0);
	for (size_t i = 0; i < CA_OLDER; i++)
		assert_true(ca_older[i].attribute < CA_ATTRIBUTES);
	/* the fields of the feed are these, in this order */
	for (size_t i = 0; i < CA_ATTRIBUTES; i++)
		assert_string_equal(
		    ca_feeds[CA_INFO].fields[CI_ATTRIBUTES + i].name,
		    ca_attributes[i].name);
	for (size_t i = 0; i < CA_OLDER; i++)
		assert_string_equal(
		    ca_feeds[CA_INFO]
			.fields[CI_ATTRIBUTES + CA_ATTRIBUTES + i]
			.name,
		    ca_older[i].name);
}

/* The text ends with the last line that fits. */
static void test_whole_lines(void **state MST_UNUSED)
{
	char json[2500], want[1001];
	size_t n;

	n = (size_t)snprintf(json, sizeof(json),
			     "{'id':'1','displayName':'x','appInfo':'a: ");
	memset(json + n, 'x', 994);
	(void)snprintf(json + n + 994, sizeof(json) - n - 994, "\\nb: y'}");
	ruled_record(&r, CA_APPS, json);
	ruled_apply(&r, "cloud_apps");
	(void)snprintf(want, sizeof(want), "a: ");
	memset(want + 3, 'x', 994);
	want[997] = '\0';
	ruled_is(&r, "short_description", want);
	/* exactly full */
	n = (size_t)snprintf(json, sizeof(json),
			     "{'id':'1','displayName':'x','appInfo':'a: ");
	memset(json + n, 'x', 992);
	(void)snprintf(json + n + 992, sizeof(json) - n - 992, "\\nb: y'}");
	ruled_record(&r, CA_APPS, json);
	ruled_apply(&r, "cloud_apps");
	assert_int_equal(ruled_col(&r, "short_description").n, 1000);
	/* not even one */
	n = (size_t)snprintf(json, sizeof(json),
			     "{'id':'1','displayName':'x','appInfo':'a: ");
	memset(json + n, 'x', 998);
	(void)snprintf(json + n + 998, sizeof(json) - n - 998, "'}");
	ruled_record(&r, CA_APPS, json);
	ruled_apply(&r, "cloud_apps");
	ruled_is(&r, "short_description", NULL);
}

/* ---- users --------------------------------------------------------------- */

static void test_user(void **state MST_UNUSED)
{
	static const char id[] = "0123456789abcdef0123456789abcdef";
	struct mst_slice why;

	ruled_record(&r, CA_USERS,
		     "{'app':'A1','stream':'s','userIdentifier':'a@b',"
		     "'person':'0123456789abcdef0123456789abcdef'}");
	ruled_apply(&r, "cloud_app_users");
	t_is(r.d.key, id);
	t_is(r.d.group, "a1");
	t_is(r.d.table, "cmdb_rel_person");
	ruled_is(&r, "user", id);
	ruled_is(&r, "type", NULL); /* the destination's */
	/* several of one address: the oldest one's relation stays */
	ruled_record(&r, CA_USERS,
		     "{'app':'1','userIdentifier':'a@b','whyNot':'two',"
		     "'person':'0123456789abcdef0123456789abcdef'}");
	assert_int_equal(ruled_keep(&r, "cloud_app_users", &why), MST_LEAVE);
	t_is(why, "two");
	ruled_record(&r, CA_USERS, "{'app':'1','userIdentifier':'a@b'}");
	assert_int_equal(ruled_keep(&r, "cloud_app_users", &why), MST_LEAVE);
	ruled_record(&r, CA_USERS, "{'userIdentifier':'a@b'}");
	assert_int_equal(ruled_keep(&r, "cloud_app_users", &why), MST_SKIP);
}

/* Why nobody asks for it; NULL: it is asked for. */
static void refused(const char *identifier, bool hidden, const char *want)
{
	struct mst_slice why = {NULL, 0};
	char json[512];
	bool is;

	(void)snprintf(json, sizeof(json),
		       "{'app':'1','userIdentifier':'%s',"
		       "'anonymizeUserData':%d}",
		       identifier, hidden);
	ruled_record(&r, CA_USERS, json);
	is = r.catalog->lookups[0].refuse(mst_rules_ctx(r.rules), r.v, &why);
	if (is != (want != NULL))
		fail_msg("%s: %s", identifier, is ? "refused" : "asked for");
	if (want)
		assert_true(mst_slice_ifind(why, want));
}

static void test_refused(void **state MST_UNUSED)
{
	refused("jane@corp.example", false, NULL);
	refused("jane@corp.example", true, "anonymised");
	refused("AnonymousUser", false, "anonymised");
	refused("dGhpcyBpcyBub3QgYSBuYW1l", false, "anonymised");
	refused("0123456789abcdef0123", false, "anonymised");
	refused("0123456789abcdef012", false, NULL); /* too short */
	refused("0123456789abcdef.0123", false, NULL);
	refused("Jane Doe of Long Name", false, NULL);
	refused("jane\\\\DESKTOP-1", false, "local account");
	refused("CORP\\\\jane", false, "local account");
}

/* What is asked for by each way; NULL: nothing. */
static void ways(const char *identifier, const char *const want[CA__WAYS])
{
	char json[512];

	(void)snprintf(json, sizeof(json), "{'app':'1','userIdentifier':'%s'}",
		       identifier);
	for (int i = 0; i < CA__WAYS; i++) {
		struct mst_slice s = {NULL, 0};
		int rc;

		ruled_record(&r, CA_USERS, json);
		rc = ca_asks[i].value(mst_rules_ctx(r.rules), r.v, CU_NAME,
				      NULL, &s);
		if (rc != (want[i] != NULL))
			fail_msg("%s by %s: %d", identifier, ca_asks[i].name,
				 rc);
		if (want[i])
			t_is(s, want[i]);
	}
}

static void test_ways(void **state MST_UNUSED)
{
	static const char *const mail[] = {"jane@old.example",
					   "jane@old.example", "jane",
					   "jane@new.example", NULL};
	static const char *const other[] = {"jane@x.example", "jane@x.example",
					    "jane", NULL, "j.doe@new.example"};
	static const char *const domain[] = {NULL, NULL, "jane", NULL, NULL};
	static const char *const plain[] = {NULL, NULL, "jane", NULL, NULL};
	static const char *const none[CA__WAYS] = {NULL};

	ruled_again(&r,
		    "user_match: [email, upn, user_name, domain, alias]\n"
		    "user_domains: [corp]\n"
		    "user_domain_rewrite: [old.example=new.example]\n"
		    "user_aliases: [\"Jane@X.example=j.doe@new.example\"]\n");
	ways(" jane@old.example ", mail);
	ways("jane@x.example", other);
	ways("CORP\\\\jane", domain);
	ways("jane\\\\CORP", domain);
	ways("jane", plain);
	ways("jane\\\\PC-1", none);
	ways("Jane Doe", none);
	ways("@x", none);
	refused("CORP\\\\jane", false, NULL);
	refused("jane\\\\PC-1", false, "local account");
}

/* A person said whose a local account is. */
static void test_alias_of_local(void **state MST_UNUSED)
{
	ruled_again(&r, "user_match: [email, alias]\n"
			"user_aliases: ['ADMIN\\pc-1=jane@x.example']\n");
	refused("admin\\\\PC-1", false, NULL);
	ruled_again(&r, "user_aliases: ['ADMIN\\pc-1=jane@x.example']\n");
	refused("admin\\\\PC-1", false, "local account");
}

/* ---- catalogue ----------------------------------------------------------- */

static void test_rules_have_texts(void **state MST_UNUSED)
{
	for (const struct mst_opt *o = ca_opts; o->key; o++) {
		bool found = !o->rule;

		for (size_t i = 0; i < CA_RULES; i++)
			found = found || strcmp(ca_rules[i].id, o->rule) == 0;
		if (!found)
			fail_msg("%s: there is no rule %s", o->key, o->rule);
	}
	for (size_t i = 0; i < CA_RULES; i++)
		assert_true(*ca_rules[i].title && *ca_rules[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_app),
	    cmocka_unit_test(test_bare_app),
	    cmocka_unit_test(test_skipped_apps),
	    cmocka_unit_test(test_categories),
	    cmocka_unit_test(test_urls),
	    cmocka_unit_test(test_identity),
	    cmocka_unit_test(test_long_names),
	    cmocka_unit_test(test_most_users),
	    cmocka_unit_test(test_golden),
	    cmocka_unit_test(test_older_names),
	    cmocka_unit_test(test_times),
	    cmocka_unit_test(test_ordinal),
	    cmocka_unit_test(test_whole_lines),
	    cmocka_unit_test(test_user),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_ways),
	    cmocka_unit_test(test_alias_of_local),
	    cmocka_unit_test(test_rules_have_texts),
	};

	return cmocka_run_group_tests_name("cloudapps-rules", tests, open_rules,
					   close_rules);
}
