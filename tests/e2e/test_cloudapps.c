/* SPDX-License-Identifier: Apache-2.0
 *
 * Cloud apps and the people who use them from end to end. Each setting is put
 * on and taken off over one CMDB, and after every run it is compared with what
 * the truth of the simulators says for these settings; then stories of apps by
 * hand. After every step a further run writes nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/sync_rig.h"

#define APP   "cmdb_ci_business_app"
#define USES  "cmdb_rel_person"
#define USERS "    allow_user_synchronization: yes\n"
#define ALIVE "install_status=1^operational_status=1"
#define GONE  "install_status=7^operational_status=6"

static struct rig rig;

/* ---- settings against the truth ------------------------------------------ */

/* Lines of the source and of the destination, and the same for the truth. */
struct setting {
	const char *source, *dest, *truth;
};

/* The truth keeps what it was told last. */
static const char defaults[] =
    "{\"cloudapps\":{\"allow_user_synchronization\":true,"
    "\"max_risk_score\":10,\"report_time_frame\":30,\"streams\":[],"
    "\"tags\":[],\"tags_not\":[],\"correlation_prefix\":\"\","
    "\"description_max\":1000,\"description_cleared\":[],"
    "\"app_info\":true,\"user_match\":[\"email\"],\"user_domains\":[],"
    "\"user_domain_rewrite\":[],\"user_aliases\":[],"
    "\"user_relation_type\":\"Uses\"}}";

static void sync_and_verify(const struct setting *s)
{
	rig_control(&rig, "POST", "/_sim/truth", "%s", defaults);
	rig_control(&rig, "POST", "/_sim/truth", "{\"cloudapps\":{%s}}",
		    s->truth ? s->truth : "");
	(void)rig_sync(&rig, 0);
	if (rig_differences(&rig))
		fail_msg("%s%s: %s%.*s", s->source, s->dest ? s->dest : "",
			 rig.err.p, (int)rig.report.n, rig.report.p);
	rig_quiet(&rig);
}

#define GUARD "    guard:\n      count: 100000\n"

/* Settings that say nothing of users mean none. */
static void apply(const struct setting *s)
{
	rig_apply(&rig, s->source ? s->source : "", s->dest, GUARD);
}

static const struct setting plain = {USERS, NULL, NULL};

static void with(const struct setting *s)
{
	apply(s);
	sync_and_verify(s);
}

static void fresh(void)
{
	rig_fresh(&rig);
	apply(&plain);
}

static void by_truth(void **state MST_UNUSED)
{
	static const struct setting all[] = {
	    {USERS "    max_risk_score: 4\n", NULL, "\"max_risk_score\":4"},
	    {USERS "    max_risk_score: 8\n", NULL, "\"max_risk_score\":8"},
	    {USERS "    report_time_frame: 7\n", NULL,
	     "\"report_time_frame\":7"},
	    {USERS "    report_time_frame: 90\n", NULL,
	     "\"report_time_frame\":90"},
	    {USERS "    streams: [\"*endpoints\"]\n", NULL,
	     "\"streams\":[\"*endpoints\"]"},
	    {USERS "    tags: [Sanctioned, Monitored]\n", NULL,
	     "\"tags\":[\"Sanctioned\",\"Monitored\"]"},
	    {USERS "    tags_not: [unsanctioned]\n", NULL,
	     "\"tags_not\":[\"unsanctioned\"]"},
	    {USERS "    correlation_prefix: \"eu-\"\n", NULL,
	     "\"correlation_prefix\":\"eu-\""},
	    {USERS "    description_max: 300\n", NULL,
	     "\"description_max\":300"},
	    {USERS "    description_cleared: [\"isGdpr*\", vendor]\n", NULL,
	     "\"description_cleared\":[\"isGdpr*\",\"vendor\"]"},
	    {USERS "    user_match: [email, upn]\n", NULL,
	     "\"user_match\":[\"email\",\"upn\"]"},
	    {USERS "    user_match: [user_name, domain]\n"
		   "    user_domains: [CORP]\n"
		   "    user_domain_rewrite: [\"old.example.com=example.com\"]"
		   "\n",
	     NULL,
	     "\"user_match\":[\"user_name\",\"domain\"],"
	     "\"user_domains\":[\"CORP\"],"
	     "\"user_domain_rewrite\":[\"old.example.com=example.com\"]"},
	};

	fresh();
	sync_and_verify(&plain);
	for (size_t i = 0; i < MST_LEN(all); i++) {
		with(&all[i]);
		with(&plain);
	}
}

/* A week of the estate, with what people do to users meanwhile. */
static void days(void **state MST_UNUSED)
{
	fresh();
	for (int day = 0; day < 6; day++) {
		if (day > 0)
			rig_control(&rig, "POST", "/_sim/day", "{\"day\":%d}",
				    day);
		sync_and_verify(&plain);
	}
}

/* ---- stories by hand ----------------------------------------------------- */

static void tell(const char *apps)
{
	rig_control(&rig, "POST", "/_sim/apps", "{\"apps\":[%s]}", apps);
}

static void has(const char *table, const char *query, size_t n)
{
	size_t is = rig_count(&rig, table, query);

	if (is != n)
		fail_msg("%s has %zu rows with %s, not %zu", table, is, query,
			 n);
}

static void step(const char *source, const char *dest)
{
	const struct setting s = {source, dest, NULL};

	apply(&s);
	(void)rig_sync(&rig, 0);
}

#define APP_1                                                                  \
	"{\"id\":\"1\",\"name\":\"Box\",\"score\":%s,\"users\":[%s],"          \
	"\"info\":{\"id\":\"1\",\"vendor\":\"Maker\",\"founded\":1999,"        \
	"\"dataTypes\":[\"documents\"],\"isDmca\":\"true\"}}"

static void tell_box(const char *score, const char *users)
{
	char *text = mst_asprintf(APP_1, score, users);

	tell(text);
	free(text);
}

/* Somebody of whom ServiceNow knows. */
static char *person(unsigned i)
{
	struct mst_json rows = rig_rows(
	    &rig, "sys_user",
	    "active=true^emailENDSWITH@example.com^ORDERBYemail", "email");
	struct mst_json_iter it = mst_json_iter(rows);
	struct mst_json row;
	struct mst_slice mail = {NULL, 0};

	for (unsigned k = 0; k <= i && mst_json_next(&it, NULL, &row); k++)
		mail = mst_json_str(mst_json_get(row, "email"));
	assert_true(mail.n > 0);
	return mst_strndup(mail.p, mail.n);
}

/* Another one, so that no list becomes empty, which would prove nothing. */
static void tell_other(void)
{
	char *mail = person(2);
	char *text = mst_asprintf("{\"id\":\"2\",\"name\":\"Other\","
				  "\"score\":1,\"users\":[\"%s\"]}",
				  mail);

	tell(text);
	free(text);
	free(mail);
}

static void columns(void **state MST_UNUSED)
{
	rig_fresh(&rig);
	tell_box("5", "");
	step(NULL, NULL);
	has(APP, "name=Box^" ALIVE "^active_user_count=0", 1);
	has(APP,
	    "name=Box^short_descriptionLIKEdataTypes: [\"documents\"]\n"
	    "founded: 1999\nisDmca: true\nvendor: Maker",
	    1);
	has(APP, "name=Box^vendor.name=Maker", 1);
	/* another column, which others do not write */
	step("    description_column: comments\n"
	     "    description_max: 4000\n",
	     NULL);
	has(APP, "name=Box^commentsLIKEfounded: 1999", 1);
	rig_quiet(&rig);
	/* without what is known of apps nothing is taken away */
	step("    app_info: no\n", NULL);
	has(APP, "name=Box^vendor.name=Maker", 1);
	rig_quiet(&rig);
}

static void has_count(int n)
{
	char *query = mst_asprintf("name=Box^active_user_count=%d", n);

	has(APP, n ? query : "name=Box^active_user_countISEMPTY", 1);
	free(query);
}

static void user_counts(void **state MST_UNUSED)
{
	static const char box[] =
	    "{\"id\":\"1\",\"name\":\"Box\",\"score\":%d,\"users\":[],"
	    "\"user_count\":%d}";
	static const struct {
		const char *setting;
		int count[3]; /* at first, another count, and another score */
	} all[] = {
	    {"    user_count: along\n", {4, 4, 9}},
	    {"    user_count: no\n", {0, 0, 0}},
	    {"", {4, 8, 9}},
	};
	static const int told[3][2] = {{5, 4}, {5, 8}, {6, 9}};

	for (size_t i = 0; i < MST_LEN(all); i++) {
		rig_fresh(&rig);
		for (size_t k = 0; k < 3; k++) {
			char *text = mst_asprintf(box, told[k][0], told[k][1]);

			tell(text);
			step(all[i].setting, NULL);
			has_count(all[i].count[k]);
			rig_quiet(&rig);
			free(text);
		}
	}
}

static void classes(void **state MST_UNUSED)
{
	rig_fresh(&rig);
	tell_box("5", "");
	step("    class_cloud_app: [cmdb_ci_spkg, cmdb_ci_business_app]\n",
	     NULL);
	has("cmdb_ci_spkg", "name=Box", 1);
	has(APP, "name=Box", 0);
	rig_quiet(&rig);
}

/* The score is lowered, lost and raised; the relation goes and comes with the
 * application. */
static void threshold(void **state MST_UNUSED)
{
	static const char low[] = USERS "    max_risk_score: 4\n";
	char *mail, *users;

	rig_fresh(&rig);
	tell_other();
	mail = person(0);
	users = mst_asprintf("\"%s\"", mail);
	tell_box("7", users);
	step(USERS, NULL);
	has(APP, "name=Box^" ALIVE, 1);
	has(USES, "ci.name=Box", 1);
	step(low, NULL);
	has(APP, "name=Box^" GONE, 1);
	has(USES, "ci.name=Box", 0);
	rig_quiet(&rig);
	tell_box("4", users); /* at the threshold counts */
	(void)rig_sync(&rig, 0);
	has(APP, "name=Box^" ALIVE, 1);
	has(USES, "ci.name=Box", 1);
	tell_box("null", users); /* what is delivered stays */
	(void)rig_sync(&rig, 0);
	has(APP, "name=Box^" ALIVE, 1);
	has(USES, "ci.name=Box", 1);
	rig_quiet(&rig);
	free(users);
	free(mail);
}

/* One joins, one leaves; who is nobody, two people, or not here any more is
 * told once, and what is there of him stays. */
static void people(void **state MST_UNUSED)
{
	char *a, *b, *both, *one, *many;

	rig_fresh(&rig);
	a = person(0);
	b = person(1);
	one = mst_asprintf("\"%s\"", a);
	both = mst_asprintf("\"%s\",\"%s\"", a, b);
	many = mst_asprintf("\"%s\",\"guest@else.test\",\"x\\\\PC-1\","
			    "\"AnonymousUser\"",
			    b);
	tell_box("5", one);
	step(USERS, NULL);
	has(USES, "ci.name=Box", 1);
	tell_box("5", both);
	(void)rig_sync(&rig, 0);
	has(USES, "ci.name=Box", 2);
	tell_box("5", many);
	(void)rig_sync(&rig, 0);
	has(USES, "ci.name=Box", 1);
	rig_quiet(&rig);
	rig_muster(&rig, "report", "unmatched", "main");
	rig_status(&rig, 0);
	for (size_t i = 0; i < 3; i++) {
		static const char *const told[] = {"guest@else.test", "x\\PC-1",
						   "AnonymousUser"};

		if (!strstr(rig.out.p, told[i]))
			fail_msg("%s is not told:\n%s", told[i], rig.out.p);
	}
	assert_null(strstr(rig.out.p, b));
	free(a);
	free(b);
	free(one);
	free(both);
	free(many);
}

static void aliases(void **state MST_UNUSED)
{
	char *mail, *lines;

	rig_fresh(&rig);
	mail = person(0);
	lines = mst_asprintf(USERS "    user_match: [email, alias]\n"
				   "    user_aliases: [\"Boss=%s\"]\n",
			     mail);
	tell_box("5", "\"boss\"");
	step(USERS, NULL);
	has(USES, "ci.name=Box", 0);
	step(lines, NULL);
	has(USES, "ci.name=Box", 1);
	rig_quiet(&rig);
	free(lines);
	free(mail);
}

/* What people say of an application and its users is theirs: a relation of
 * another type stays, whatever becomes of ours. */
static void of_another_type(void **state MST_UNUSED)
{
	char *mail, *users;

	rig_fresh(&rig);
	tell_other();
	mail = person(0);
	users = mst_asprintf("\"%s\"", mail);
	tell_box("5", users);
	step(USERS, NULL);
	step(USERS, "    user_relation_type: Owns\n");
	has(USES, "ci.name=Box^type.name=Owns", 1);
	has(USES, "ci.name=Box", 1);
	rig_quiet(&rig);
	tell_box("5", "");
	(void)rig_sync(&rig, 0);
	has(USES, "ci.name=Box", 0);
	free(users);
	free(mail);
}

/* ---- jobs and environments ----------------------------------------------- */

static void jobs(const char *source, const char *job)
{
	char *yaml = rig_yaml(&rig, source, NULL, job);
	char *path = mst_asprintf("%s/jobs.yaml", rig.dir);

	t_write(path, mst_slice_str(yaml));
	rig_muster(&rig, "apply", "-f", path);
	free(path);
	free(yaml);
}

/* The relation is only offered where its setting allows it. */
static void offered(void **state MST_UNUSED)
{
	rig_fresh(&rig);
	jobs("", "    relationships: [cloud_app_users]\n");
	rig_status(&rig, 1);
	rig_says(&rig, "allow_user_synchronization");
	rig_one_error(&rig);
	jobs(USERS, "    record_sets: [cloud_app_users]\n");
	rig_status(&rig, 1);
	rig_says(&rig, "is a relationship: name it in relationships");
	jobs(USERS, "    relationships: [cloud_app_user]\n");
	rig_status(&rig, 1);
	rig_says(&rig, "did you mean 'cloud_app_users'?");
	jobs(USERS, "    relationships: none\n");
	rig_status(&rig, 0);
	(void)rig_sync(&rig, 0);
	has(USES, "sys_created_by=" MST_SIM_USER, 0);
	jobs(USERS, "    relationships: [cloud_app_users]\n");
	rig_status(&rig, 0);
	(void)rig_sync(&rig, 0);
	assert_true(rig_count(&rig, USES, "sys_created_by=" MST_SIM_USER) > 10);
	jobs("", "");
	rig_status(&rig, 0);
	rig_quiet(&rig); /* what was delivered stays */
	rig_muster(&rig, "run", "main", "--record-set", "cloud_app_users");
	rig_status(&rig, 1);
	rig_says(&rig, "does not offer 'cloud_app_users'");
}

/* TEST and PROD have values of their own. */
static void environments(void **state MST_UNUSED)
{
	char *yaml;

	rig_fresh(&rig);
	yaml = mst_asprintf("settings:\n"
			    "  - connection: apps\n"
			    "    environment: test\n"
			    "    max_risk_score:\n"
			    "      override: true\n"
			    "      value: 3\n"
			    "  - connection: apps\n"
			    "    environment: prod\n"
			    "    max_risk_score:\n"
			    "      override: true\n"
			    "      value: 6\n");
	for (size_t i = 0; i < 2; i++) {
		static const char *const env[] = {"test", "prod"};
		static const int score[] = {3, 6};
		char *dest = mst_asprintf("    environment: %s\n", env[i]);
		char *truth = mst_asprintf("\"max_risk_score\":%d", score[i]);
		struct setting s = {USERS, dest, truth};
		char *path = mst_asprintf("%s/set.yaml", rig.dir);

		rig_fresh(&rig);
		apply(&s);
		t_write(path, mst_slice_str(yaml));
		rig_muster(&rig, "apply", "-f", path, "--consent");
		rig_status(&rig, 0);
		sync_and_verify(&s);
		free(path);
		free(truth);
		free(dest);
	}
	free(yaml);
}

/* ---- saved answers ------------------------------------------------------- */

static void folder(void **state MST_UNUSED)
{
	char *dir = mst_asprintf("%s/saved", rig.dir), *lines;

	fresh();
	sync_and_verify(&plain);
	rig_muster(&rig, "fetch", "apps", "--to", dir);
	rig_status(&rig, 0);
	lines = mst_asprintf(USERS "    read_from: %s\n", dir);
	step(lines, NULL);
	rig_verify(&rig);
	rig_quiet(&rig);
	free(lines);
	free(dir);
}

/* No apps but those by hand. */
static int set_up(void **state)
{
	static const struct mst_sim_conf conf = {
	    .devices = 1, .cve_rows = 1, .apps = -1, .people = 15};

	(void)state;
	rig_start_source(&rig, RIG_CLOUDAPPS, &conf);
	return 0;
}

static int set_up_estate(void **state)
{
	static const struct mst_sim_conf conf = {.devices = 1,
						 .cve_rows = 1,
						 .apps = 26,
						 .people = 40,
						 .app_links = 500};

	(void)state;
	rig_start_source(&rig, RIG_CLOUDAPPS, &conf);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	rig_stop(&rig);
	return 0;
}

int main(void)
{
	const struct CMUnitTest estate[] = {
	    cmocka_unit_test(by_truth),	    cmocka_unit_test(days),
	    cmocka_unit_test(environments), cmocka_unit_test(offered),
	    cmocka_unit_test(folder),
	};
	const struct CMUnitTest hand[] = {
	    cmocka_unit_test(columns),	       cmocka_unit_test(user_counts),
	    cmocka_unit_test(classes),	       cmocka_unit_test(threshold),
	    cmocka_unit_test(people),	       cmocka_unit_test(aliases),
	    cmocka_unit_test(of_another_type),
	};
	int rc = cmocka_run_group_tests_name("cloudapps", estate, set_up_estate,
					     tear_down);

	return rc +
	       cmocka_run_group_tests_name("by_hand", hand, set_up, tear_down);
}
