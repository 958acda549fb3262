/* SPDX-License-Identifier: Apache-2.0
 *
 * The checks that every connection has: what is said of each step of the way
 * there, and of the jobs that use it.
 */
#include "tests/lib/t.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "checkup/checkup.h"

#define NOW    1795219200000000 /* 2026-11-21 00:00:00 */
#define DAY_US ((int64_t)86400 * 1000000)

static struct {
	struct mst_check c[32];
	char name[32][64];
	size_t n;
} seen;

static void on_check(void *ctx, const struct mst_check *c)
{
	(void)ctx;
	assert_true(seen.n < MST_LEN(seen.c));
	seen.c[seen.n] = *c;
	(void)snprintf(seen.name[seen.n], sizeof(seen.name[0]), "%s", c->name);
	seen.n++;
}

static const struct mst_checkup_conf conf = {.report = on_check};

static void shows(const char *name, enum mst_check_level level,
		  const char *text, const char *remedy)
{
	for (size_t i = 0; i < seen.n; i++) {
		const struct mst_check *c = &seen.c[i];

		if (strcmp(seen.name[i], name) != 0)
			continue;
		if (c->level != level || !strstr(c->text, text) ||
		    !strstr(c->remedy, remedy))
			fail_msg("%s: %s %s -> %s", name,
				 mst_check_level_name(c->level), c->text,
				 c->remedy);
		return;
	}
	fail_msg("no check %s", name);
}

/* ---- the way ------------------------------------------------------------- */

static struct mst_way way_to(enum mst_way_step at)
{
	struct mst_way w = {
	    .at = at,
	    .err = MST_ERR_INIT,
	    .host = "sn.example",
	    .port = 443,
	    .https = true,
	    .address = "203.0.113.7",
	    .has_cert = true,
	    .subject = "sn.example",
	    .issuer = "Example CA",
	    .names = "a.example, b.example",
	    .ends_first = "Example CA",
	    .from_us = NOW - DAY_US,
	    .until_us = NOW + 90 * DAY_US,
	};

	if (at != MST_WAY_THERE) {
		mst_err_set(&w.err, MST_E_TRANSIENT, "sn.example:443: broken");
		(void)snprintf(w.words, sizeof(w.words), "broken");
	}
	return w;
}

static void walk(const struct mst_way *w, bool several)
{
	const struct mst_address a = {several ? "api" : "",
				      "https://sn.example"};

	seen.n = 0;
	(void)mst_checkup_way(&conf, &a, several, w);
}

/* why NULL: it let us through. */
static void by_proxy(struct mst_way *w, enum mst_proxy_by by, const char *why,
		     const char *remedy)
{
	w->proxy.by = by;
	(void)snprintf(w->proxy.name, sizeof(w->proxy.name), "p.example:3128");
	w->proxy.blame = why != NULL;
	if (!why)
		return;
	w->proxy.code = MST_E_TRANSIENT;
	(void)snprintf(w->proxy.why, sizeof(w->proxy.why), "%s", why);
	(void)snprintf(w->proxy.remedy, sizeof(w->proxy.remedy), "%s", remedy);
}

static void test_steps(void **state)
{
	static const char *const names[] = {"proxy", "dns", "tcp", "tls"};
	static const char *const titles[] = {"proxy", "host name", "connection",
					     "TLS"};
	struct mst_way w;

	(void)state;
	t_clock_set(NOW);
	for (int at = MST_WAY_PROXY; at <= MST_WAY_THERE; at++) {
		const struct mst_address a = {"", "https://sn.example"};
		const char *failed;

		w = way_to((enum mst_way_step)at);
		if (at == MST_WAY_PROXY)
			by_proxy(&w, MST_PROXY_OPTION, "broken", "mend it");
		seen.n = 0;
		failed = mst_checkup_way(&conf, &a, false, &w);
		assert_int_equal(seen.n, 4);
		for (int i = 0; i < 4; i++) {
			assert_string_equal(seen.name[i], names[i]);
			assert_int_equal(seen.c[i].level,
					 i < at	   ? MST_CHECK_OK
					 : i == at ? MST_CHECK_FAILED
						   : MST_CHECK_SKIPPED);
		}
		if (at == MST_WAY_THERE)
			assert_null(failed);
		else
			assert_string_equal(failed, titles[at]);
	}
	t_clock_real();
}

static void test_proxies(void **state)
{
	static const struct {
		enum mst_proxy_by by;
		const char *text;
	} roads[] = {
	    {MST_PROXY_OPTION, "p.example:3128 (option proxy)"},
	    {MST_PROXY_SECTION, "p.example:3128 (section proxy)"},
	    {MST_PROXY_ENVIRONMENT,
	     "p.example:3128 (named by the environment)"},
	    {MST_PROXY_LOOPBACK, "none; loopback is never proxied"},
	    {MST_PROXY_NONE, "none; the configuration says direct"},
	    {MST_PROXY_PASSED_BY, "none; no_proxy names the host"},
	};
	struct mst_way w = way_to(MST_WAY_PROXY);

	(void)state;
	by_proxy(&w, MST_PROXY_OPTION, "broken", "mend it");
	walk(&w, false);
	shows("proxy", MST_CHECK_FAILED, "p.example:3128: broken", "mend it");
	shows("dns", MST_CHECK_SKIPPED, "needs the check 'proxy'", "");
	for (size_t i = 0; i < MST_LEN(roads); i++) {
		w = way_to(MST_WAY_THERE);
		w.proxy.by = roads[i].by;
		if (i < 3)
			by_proxy(&w, roads[i].by, NULL, NULL);
		walk(&w, false);
		shows("proxy", MST_CHECK_OK, roads[i].text, "");
		if (i < 3) {
			shows("dns", MST_CHECK_OK, "looked up by the proxy",
			      "");
			shows("tcp", MST_CHECK_OK, "through the proxy", "");
		}
	}
	w = way_to(MST_WAY_THERE);
	w.proxy.by = MST_PROXY_ENVIRONMENT;
	walk(&w, false);
	shows("proxy", MST_CHECK_OK, "none", "");
}

static void test_certificates(void **state)
{
	static const struct {
		enum mst_cert_fault fault;
		const char *text, *remedy;
	} faults[] = {
	    {MST_CERT_EXPIRED, "\"Example CA\" expired on 2026-11-19",
	     "renewed"},
	    {MST_CERT_NOT_YET, "not valid before 2026-11-20",
	     "this machine's clock"},
	    {MST_CERT_UNKNOWN,
	     "by \"Example CA\", whom this machine does not "
	     "know",
	     "ca_file"},
	    {MST_CERT_NAME, "for a.example, b.example, not for sn.example",
	     "somebody else answers"},
	    {MST_CERT_OTHER, "broken", "TLS 1.2"},
	    {MST_CERT_FINE, "broken", "TLS 1.2"},
	};
	static const struct {
		int64_t left_us;
		enum mst_check_level level;
		const char *text;
	} lives[] = {
	    {31 * DAY_US, MST_CHECK_OK,
	     "\"sn.example\" by \"Example CA\", valid until 2026-12-22"},
	    {30 * DAY_US, MST_CHECK_OK, "valid until 2026-12-21"},
	    {30 * DAY_US - 1, MST_CHECK_WARNING,
	     "certificate of \"Example CA\" expires in 29 days, on 2026-12-20"},
	    {DAY_US, MST_CHECK_WARNING, "expires in 1 day, on 2026-11-22"},
	    {1, MST_CHECK_WARNING, "expires in 0 days, on 2026-11-21"},
	};
	struct mst_way w;

	(void)state;
	t_clock_set(NOW);
	for (size_t i = 0; i < MST_LEN(faults); i++) {
		w = way_to(MST_WAY_TLS);
		w.fault = faults[i].fault;
		if (w.fault == MST_CERT_EXPIRED)
			w.until_us = NOW - 2 * DAY_US;
		walk(&w, false);
		shows("tls", MST_CHECK_FAILED, faults[i].text,
		      faults[i].remedy);
	}
	for (size_t i = 0; i < MST_LEN(lives); i++) {
		w = way_to(MST_WAY_THERE);
		w.until_us = NOW + lives[i].left_us;
		walk(&w, false);
		shows("tls", lives[i].level, lives[i].text, "");
	}
	w = way_to(MST_WAY_THERE);
	w.has_cert = false;
	walk(&w, false);
	shows("tls", MST_CHECK_OK, "accepted", "");
	t_clock_real();
}

/* What a person compares, and sets. */
static void test_keys(void **state)
{
#define KEY "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	struct mst_way w = way_to(MST_WAY_TLS);

	(void)state;
	t_clock_set(NOW);
	memcpy(w.pin, KEY, sizeof(KEY));
	w.fault = MST_CERT_UNKNOWN;
	walk(&w, false);
	shows("tls", MST_CHECK_FAILED, "does not know; its key is " KEY,
	      "ca_file");
	w.fault = MST_CERT_PIN;
	walk(&w, false);
	shows("tls", MST_CHECK_FAILED,
	      "has the key " KEY ", which is not the pinned one",
	      "somebody is in between");
	w.fault = MST_CERT_OTHER;
	w.pin[0] = '\0';
	walk(&w, false);
	shows("tls", MST_CHECK_FAILED, "broken", "TLS 1.2");

	w = way_to(MST_WAY_THERE);
	memcpy(w.pin, KEY, sizeof(KEY));
	w.pinned = true;
	walk(&w, false);
	shows("tls", MST_CHECK_OK, "valid until", "");
	w.until_us = NOW - DAY_US; /* nothing but the key counts */
	walk(&w, false);
	shows("tls", MST_CHECK_OK, "has the pinned key " KEY, "");
	w.pinned = false;
	w.unverified = true;
	walk(&w, false);
	shows("tls", MST_CHECK_WARNING,
	      "(insecure_tls); its key is " KEY ": whoever is in between",
	      "set the option pin");
	t_clock_real();
}

/* Of one address of several only the step that matters. */
static void test_several(void **state)
{
	struct mst_way w = way_to(MST_WAY_THERE);

	(void)state;
	t_clock_set(NOW);
	walk(&w, true);
	assert_int_equal(seen.n, 1);
	shows("reach:api", MST_CHECK_OK, "sn.example; \"sn.example\" by", "");
	w.until_us = NOW + 3 * DAY_US;
	walk(&w, true);
	shows("reach:api", MST_CHECK_WARNING, "expires in 3 days", "renewed");
	w = way_to(MST_WAY_NAME);
	walk(&w, true);
	assert_int_equal(seen.n, 1);
	shows("reach:api", MST_CHECK_FAILED, "no address is known",
	      "check the url");
	w = way_to(MST_WAY_THERE);
	w.https = false;
	walk(&w, true);
	shows("reach:api", MST_CHECK_OK, "sn.example port 443", "");
	t_clock_real();
}

/* ---- jobs ---------------------------------------------------------------- */

static struct mst_state *store(const struct mst_state_item *items, size_t n)
{
	static const char source[] = "  - name: defender\n"
				     "    type: endpoint\n"
				     "    tenant_id: t\n"
				     "    client_id: c\n"
				     "    client_secret: env:NOT_READ_HERE\n";
	static const char dest[] = "  - name: cmdb\n"
				   "    type: servicenow\n"
				   "    url: https://sn.example\n"
				   "    username: u\n"
				   "    password: env:NOT_READ_HERE\n";
	static unsigned stores;
	struct mst_state_item all[8] = {
	    {"connection", "defender", "endpoint", source},
	    {"connection", "cmdb", "servicenow", dest},
	};
	struct mst_err err = MST_ERR_INIT;
	struct mst_state *s = NULL;
	size_t added, changed;

	for (size_t i = 0; i < n; i++)
		all[i + 2] = items[i];
	t_ok(mst_state_open(t_path("state-%u", stores++), &s, &err), &err);
	t_ok(mst_state_put_items(s, all, n + 2, &added, &changed, &err), &err);
	return s;
}

static void look(struct mst_state *s, const char *name,
		 struct mst_checkup_jobs *jobs)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_connection c;
	struct mst_arena arena;

	mst_arena_init(&arena, 64u << 20);
	t_ok(mst_connection_load(s, name, &arena, &c, &err), &err);
	seen.n = 0;
	t_ok(mst_checkup_jobs(s, &c, &conf, jobs, &err), &err);
	assert_int_equal(seen.n, 1);
	mst_arena_fini(&arena);
}

#define JOB(name, more)                                                        \
	{                                                                      \
		"job", name, "",                                               \
		    "  - name: " name "\n    source: defender\n"               \
		    "    destination: cmdb\n" more                             \
	}

static void test_no_job(void **state)
{
	struct mst_checkup_jobs jobs;
	struct mst_state *s = store(NULL, 0);

	(void)state;
	look(s, "cmdb", &jobs);
	shows("jobs", MST_CHECK_NOTE, "no job uses this connection yet", "");
	assert_true(jobs.uses_n >= 5);
	assert_string_equal(jobs.uses[0].jobs, "");
	mst_checkup_jobs_fini(&jobs);
	mst_state_close(&s);
}

/* What several jobs take is taken together; who takes it is told. */
static void test_jobs(void **state)
{
	static const struct mst_state_item items[] = {
	    JOB("daily", "    record_sets: [devices]\n"),
	    JOB("weekly", "    record_sets: [devices, software_installs]\n"),
	};
	struct mst_state *s = store(items, MST_LEN(items));
	struct mst_checkup_jobs jobs;
	size_t found = 0;

	(void)state;
	look(s, "defender", &jobs);
	shows("jobs", MST_CHECK_OK,
	      "daily, weekly: devices, software_packages, software_installs "
	      "(not looked at for ",
	      "");
	assert_int_equal(jobs.jobs_n, 2);
	for (size_t i = 0; i < jobs.uses_n; i++) {
		const char *name = jobs.uses[i].set->name;

		if (strcmp(name, "devices") == 0)
			assert_string_equal(jobs.uses[i].jobs, "daily, weekly");
		else
			assert_string_equal(jobs.uses[i].jobs, "weekly");
		found++;
	}
	assert_int_equal(found, 3);
	for (size_t i = 0; i < jobs.unused_n; i++)
		assert_non_null(strstr(jobs.unused[i].set->name, "vuln"));
	mst_checkup_jobs_fini(&jobs);
	mst_state_close(&s);
}

/* A job that cannot be read is said, and left out. */
static void test_broken_job(void **state)
{
	static const struct mst_state_item items[] = {
	    JOB("bad", "    record_sets: [no_such_set]\n"),
	    JOB("good", "    record_sets: [devices]\n"),
	};
	struct mst_state *s = store(items, MST_LEN(items));
	struct mst_checkup_jobs jobs;

	(void)state;
	look(s, "cmdb", &jobs);
	shows("jobs", MST_CHECK_WARNING, "no_such_set", "mend the job");
	assert_int_equal(jobs.jobs_n, 1);
	assert_string_equal(jobs.uses[0].jobs, "good");
	mst_checkup_jobs_fini(&jobs);
	mst_state_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_steps),
	    cmocka_unit_test(test_proxies),
	    cmocka_unit_test(test_certificates),
	    cmocka_unit_test(test_several),
	    cmocka_unit_test(test_keys),
	    cmocka_unit_test(test_no_job),
	    cmocka_unit_test(test_jobs),
	    cmocka_unit_test(test_broken_job),
	};

	return cmocka_run_group_tests_name("checkup", tests, t_log_watch,
					   t_log_check);
}
