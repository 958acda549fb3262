/* SPDX-License-Identifier: Apache-2.0
 *
 * What is said of record sets when jobs are applied: installed software from
 * two sources, sets that need others.
 */
#include "tests/lib/t.h"

#include <stdio.h>

#include "base/limits.h"
#include "sync/choice.h"
#include "sync/single.h"

#define TENANT_A "11111111-1111-1111-1111-111111111111"
#define TENANT_B "22222222-2222-2222-2222-222222222222"

#define SOURCE(name, tenant)                                                   \
	"  - name: " name "\n"                                                 \
	"    type: endpoint\n"                                                 \
	"    tenant_id: " tenant "\n"                                          \
	"    client_id: c\n"                                                   \
	"    client_secret: env:X\n"
#define FOLDER(name)                                                           \
	"  - name: " name "\n"                                                 \
	"    type: endpoint\n"                                                 \
	"    read_from: /srv/import\n"
#define DEST(name, url)                                                        \
	"  - name: " name "\n"                                                 \
	"    type: servicenow\n"                                               \
	"    url: " url "\n"                                                   \
	"    username: u\n"                                                    \
	"    password: env:X\n"
#define JOB(name, source, dest)                                                \
	"  - name: " name "\n"                                                 \
	"    source: " source "\n"                                             \
	"    destination: " dest "\n"

#define SETS(list) "    record_sets: [" list "]\n"
#define ALLOWED	   "    allow_second_software_source: true\n"

/* Two ways to one tenant, one to another, a folder; two connections to one
 * instance and one to another. */
static const char world[] = "connections:\n" SOURCE("one", TENANT_A)
    SOURCE("again", TENANT_A) SOURCE("other", TENANT_B) SOURCE("domain",
							       "corp.example")
	FOLDER("folder") DEST("cmdb", "https://example.service-now.com")
	    DEST("cmdb2", "https://EXAMPLE.service-now.com/")
		DEST("elsewhere", "https://example2.service-now.com") "jobs:\n";

static struct mst_arena arena;
static struct mst_err err = MST_ERR_INIT;

static int set_up(void **state)
{
	mst_arena_init(&arena, MST_MAX_ARENA);
	err = (struct mst_err)MST_ERR_INIT;
	return t_log_watch(state);
}

static int tear_down(void **state)
{
	mst_arena_fini(&arena);
	return t_log_check(state);
}

static struct mst_config config(const char *jobs)
{
	struct mst_config c = {.state = NULL};
	struct mst_conf_item *items;
	char *yaml = mst_arena_printf(&arena, "%s%s", world, jobs);

	t_ok(mst_conf_read_in(mst_slice_str(yaml), "m.yaml", &arena, &items,
			      &c.front_n, &err),
	     &err);
	c.front = items;
	return c;
}

static void fine(const char *jobs)
{
	struct mst_config c = config(jobs);

	t_ok(mst_config_check(&c, &err), &err);
}

static void refused(const char *jobs, enum mst_code code, const char *part)
{
	struct mst_config c = config(jobs);

	t_failed(mst_config_check(&c, &err), &err, code, part);
	assert_memory_equal(err.msg, "m.yaml:", 7);
	mst_err_clear(&err);
}

static void test_two_sources(void **state MST_UNUSED)
{
	static const char said[] = "'b' delivers installed software to 'cmdb' "
				   "already, from 'again'";

	refused(JOB("a", "one", "cmdb") JOB("b", "again", "cmdb"),
		MST_E_CONFLICT, said);
	/* by another name of the instance */
	refused(JOB("a", "one", "cmdb2") JOB("b", "again", "cmdb"),
		MST_E_CONFLICT, said);
	/* who knows whose devices these are? */
	refused(JOB("a", "one", "cmdb") JOB("b", "folder", "cmdb"),
		MST_E_CONFLICT, "from 'folder'");
	refused(JOB("a", "domain", "cmdb") JOB("b", "other", "cmdb"),
		MST_E_CONFLICT, "from 'other'");
	refused(JOB("a", "one", "cmdb") SETS("devices, software_installs")
		    JOB("b", "again", "cmdb") SETS("software_installs"),
		MST_E_CONFLICT, "allow_second_software_source: true");
}

static void test_one_source(void **state MST_UNUSED)
{
	fine(JOB("a", "one", "cmdb"));
	fine(JOB("a", "one", "cmdb") JOB("b", "one", "cmdb"));
	fine(JOB("a", "one", "cmdb") JOB("b", "again", "elsewhere"));
	/* other tenants have other devices */
	fine(JOB("a", "one", "cmdb") JOB("b", "other", "cmdb"));
	fine(JOB("a", "one", "cmdb") JOB("b", "again", "cmdb")
		 SETS("devices, device_vulnerabilities"));
}

static void test_allowed(void **state MST_UNUSED)
{
	/* said at both jobs, whichever allows it */
	t_log_expect(MST_WARN, "job 'b' allows it", 2);
	fine(JOB("a", "one", "cmdb") JOB("b", "again", "cmdb") ALLOWED);
}

/* A console shows what its sensors show. */
#define PLANT(name, read, more)                                                \
	"  - name: " name "\n"                                                 \
	"    type: iot\n"                                                      \
	"    read: " read "\n"                                                 \
	"    url: https://" name ".example\n"                                  \
	"    token: env:X\n" more
#define RESTS "    sync: no\n"

static struct mst_config plant(const char *sources)
{
	struct mst_config c = {.state = NULL};
	struct mst_conf_item *items;
	char *yaml = mst_arena_printf(
	    &arena, "connections:\n%s%s%s%sjobs:\n%s%s%s", sources,
	    DEST("cmdb", "https://example.service-now.com"),
	    DEST("cmdb2", "https://EXAMPLE.service-now.com/"),
	    DEST("elsewhere", "https://example2.service-now.com"),
	    JOB("a", "console", "cmdb"), JOB("b", "s1", "cmdb2"),
	    JOB("c", "s2", "elsewhere"));

	t_ok(mst_conf_read_in(mst_slice_str(yaml), "m.yaml", &arena, &items,
			      &c.front_n, &err),
	     &err);
	c.front = items;
	return c;
}

static int check_run(const struct mst_config *c, const char *name)
{
	struct mst_job job;
	int rc;

	mst_err_clear(&err);
	t_ok(mst_job_get(c, name, &job, &err), &err);
	rc = mst_single_check(c, &job, true, &err);
	mst_job_fini(&job);
	return rc;
}

static void test_console_and_sensor(void **state MST_UNUSED)
{
	struct mst_config c = plant(PLANT("console", "console", "") PLANT(
	    "s1", "sensor", "") PLANT("s2", "sensor", ""));

	t_failed(mst_config_check(&c, &err), &err, MST_E_CONFLICT,
		 "it reads a management console, 'console', and job 'b' reads "
		 "a sensor, 's1', for the same instance");
	assert_memory_equal(err.msg, "m.yaml:", 7);
	assert_int_equal(check_run(&c, "a"), -MST_E_CONFLICT);
	assert_int_equal(check_run(&c, "b"), -MST_E_CONFLICT);
	assert_int_equal(check_run(&c, "c"), 0);

	/* One of them rests: the other one may be run, it may not. */
	c = plant(PLANT("console", "console", "") PLANT("s1", "sensor", RESTS)
		      PLANT("s2", "sensor", ""));
	mst_err_clear(&err);
	t_ok(mst_config_check(&c, &err), &err);
	assert_int_equal(check_run(&c, "a"), 0);
	assert_int_equal(check_run(&c, "b"), -MST_E_CONFLICT);
	t_failed(-(int)err.code, &err, MST_E_CONFLICT, "set 'sync: no'");
	mst_err_clear(&err);

	/* Two sensors, or two consoles, are two plants. */
	c = plant(PLANT("console", "sensor", "") PLANT("s1", "sensor", "")
		      PLANT("s2", "sensor", ""));
	t_ok(mst_config_check(&c, &err), &err);
	c = plant(PLANT("console", "console", "") PLANT("s1", "console", "")
		      PLANT("s2", "sensor", RESTS));
	t_ok(mst_config_check(&c, &err), &err);
}

/* Is the job of the second address one of the first address's instance? */
static bool same(const char *a, const char *b)
{
	struct mst_config c = {.state = NULL};
	struct mst_conf_item *items;
	struct mst_job x, y;
	char *yaml = mst_arena_printf(
	    &arena,
	    "connections:\n%s"
	    "  - {name: i, type: servicenow, url: \"%s\", username: u, "
	    "password: env:X}\n"
	    "  - {name: j, type: servicenow, url: \"%s\", username: u, "
	    "password: env:X}\n"
	    "jobs:\n%s%s",
	    PLANT("s1", "sensor", ""), a, b, JOB("a", "s1", "i"),
	    JOB("b", "s1", "j"));
	bool is;

	t_ok(mst_conf_read_in(mst_slice_str(yaml), "m.yaml", &arena, &items,
			      &c.front_n, &err),
	     &err);
	c.front = items;
	t_ok(mst_job_get(&c, "a", &x, &err), &err);
	t_ok(mst_job_get(&c, "b", &y, &err), &err);
	is = mst_single_instance(&x, &y);
	mst_job_fini(&x);
	mst_job_fini(&y);
	return is;
}

static void test_ports(void **state MST_UNUSED)
{
	assert_true(same("https://x.example", "https://X.example:443/"));
	assert_true(same("http://127.0.0.1", "http://127.0.0.1:80"));
	assert_false(same("https://x.example", "https://x.example:444"));
	assert_false(same("https://x.example", "https://y.example:443"));
	assert_false(same("http://127.0.0.1:443", "https://127.0.0.1"));
}

static void test_choices(void **state MST_UNUSED)
{
	t_log_expect(MST_WARN,
		     "'vulnerabilities' without 'device_vulnerabilities' adds "
		     "nothing",
		     1);
	fine(JOB("a", "one", "cmdb") SETS("vulnerabilities"));
	fine(JOB("a", "one", "cmdb") SETS("devices, vulnerabilities, "
					  "device_vulnerabilities"));
	refused(JOB("a", "one", "cmdb") SETS("devices, software_packages"),
		MST_E_INVALID, "needs 'software_installs'");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    T(test_two_sources),	T(test_one_source), T(test_allowed),
	    T(test_console_and_sensor), T(test_ports),	    T(test_choices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
