/* SPDX-License-Identifier: Apache-2.0
 *
 * Companies and models: found exactly, found folded, made, not made.
 */
#include "sn_fake.h"

#include <stdio.h>
#include <string.h>

#define CO "core_company"
#define MO "cmdb_hardware_product_model"

static int setup(void **state)
{
	*state = fake_new();
	return t_log_watch(state);
}

static int teardown(void **state)
{
	fake_free(*state);
	return t_log_check(state);
}

static uint64_t device(struct fake *f, const char *key, const char *maker,
		       const char *model)
{
	return fake_offer(
	    f, "devices",
	    (struct fake_change){.action = MST_INSERT, .key = key}, "name", key,
	    "manufacturer", maker, "model_id", model, NULL);
}

static void run(struct fake *f, const char *key, const char *maker,
		const char *model)
{
	uint64_t c;

	fake_begin(f, "devices");
	c = device(f, key, maker, model);
	fake_end(f);
	fake_is(f, c, MST_VERDICT_APPLIED, NULL);
}

static const char *of(struct fake *f, const char *key, const char *column)
{
	return fake_get(fake_find(f, "cmdb_ci_computer", "name", key), column);
}

static void test_fold(void **state)
{
	static const char *const cases[][2] = {
	    {"Microsoft Corporation", "microsoft"},
	    {"microsoft", "microsoft"},
	    {"Dell, Inc.", "dell"},
	    {"DELL INC", "dell"},
	    {"Foo Co. Ltd.", "foo"},
	    {"Inc", "inc"},
	    {"Co Co", "co"},
	    {"Cisco", "cis"},
	    {"M\xc3\xbcller GmbH", "m\xc3\xbcller"},
	    {"7-Zip", "7zip"},
	    {"...", ""},
	};
	char buf[64];

	for (size_t i = 0; i < MST_LEN(cases); i++)
		t_is(mst_sn_fold(mst_slice_str(cases[i][0]), buf, sizeof(buf)),
		     cases[i][1]);
	(void)state;
}

static void test_exact_before_folded_before_new(void **state)
{
	struct fake *f = *state;
	const char *exact, *oldest;

	fake_open(f);
	fake_add(f, CO, "name", "HP Inc.", NULL);
	exact = fake_add(f, CO, "name", "HP", NULL);
	oldest = fake_add(f, CO, "name", "Dell Inc.", NULL);
	fake_add(f, CO, "name", "DELL", NULL);
	fake_add(f, CO, "name", "Dellwood", NULL);
	run(f, "a", "HP", "");
	run(f, "b", "Dell Corporation", "");
	run(f, "c", "Lenovo", "");
	t_is(mst_slice_str(of(f, "a", "manufacturer")), exact);
	t_is(mst_slice_str(of(f, "b", "manufacturer")), oldest);
	t_is(mst_slice_str(of(f, "c", "manufacturer")),
	     fake_get(fake_find(f, CO, "name", "Lenovo"), "sys_id"));
	assert_int_equal(fake_count(f, CO), 6);
}

static void test_one_look_up_for_many(void **state)
{
	struct fake *f = *state;
	char key[16];

	fake_open(f);
	fake_begin(f, "devices");
	for (unsigned i = 0; i < 300; i++) {
		snprintf(key, sizeof(key), "d%u", i);
		device(f, key, i % 2 ? "Acme Ltd" : "ACME", "X1");
	}
	fake_end(f);
	assert_int_equal(f->verdicts_n, 300);
	/* Two spellings are one company, with one model. */
	assert_int_equal(fake_count(f, CO), 1);
	assert_int_equal(fake_count(f, MO), 1);
	t_is(mst_slice_str(of(f, "d0", "manufacturer")),
	     of(f, "d1", "manufacturer"));
	t_is(mst_slice_str(of(f, "d0", "model_id")), of(f, "d1", "model_id"));
}

/* Defender writes vendors in lower case; no query can fold. */
static void test_spellings_with_capitals_inside(void **state)
{
	struct fake *f = *state;
	const char *vmware, *jetbrains;
	uint64_t c;

	fake_open(f);
	vmware = fake_add(f, CO, "name", "VMware, Inc.", NULL);
	jetbrains = fake_add(f, CO, "name", "JetBrains", NULL);
	for (unsigned i = 0; i < 1300; i++)
		fake_add(f, CO, "name",
			 mst_arena_printf(&f->arena, "Vendor %u", i), NULL);
	fake_begin(f, "software_packages");
	for (unsigned i = 0; i < 120; i++) {
		char key[32];

		snprintf(key, sizeof(key), "k%u", i);
		c = fake_offer(
		    f, "software_packages",
		    (struct fake_change){.action = MST_INSERT, .key = key},
		    "name", key, "vendor",
		    i == 0   ? "vmware"
		    : i == 1 ? "jetbrains"
			     : mst_arena_printf(&f->arena, "vendor %u", i),
		    NULL);
		(void)c;
	}
	fake_end(f);
	t_is(mst_slice_str(fake_get(fake_find(f, "cmdb_ci_spkg", "name", "k0"),
				    "vendor")),
	     vmware);
	t_is(mst_slice_str(fake_get(fake_find(f, "cmdb_ci_spkg", "name", "k1"),
				    "vendor")),
	     jetbrains);
	assert_int_equal(fake_count(f, CO), 1302);
	/* Three lists of names, the letters v (3 pages and an empty one)
	 * and j (1 and an empty one). */
	assert_int_equal(fake_asked(f, "GET"), 3 + 4 + 2);
}

static void test_model(void **state)
{
	struct fake *f = *state;
	char longer[200];
	const char *dell, *hp, *x1;
	struct fake_row *row;

	fake_open(f);
	dell = fake_add(f, CO, "name", "Dell", NULL);
	hp = fake_add(f, CO, "name", "HP", NULL);
	fake_add(f, MO, "name", "X1", "manufacturer", hp, NULL);
	x1 = fake_add(f, MO, "name", "X1", "manufacturer", dell, NULL);
	memset(longer, 'm', 150);
	longer[150] = 0;
	run(f, "a", "Dell", "X1");
	run(f, "b", "Dell", longer);
	run(f, "c", "", "X1");
	t_is(mst_slice_str(of(f, "a", "model_id")), x1);
	row = fake_find(f, MO, "name", longer);
	assert_non_null(row);
	t_is(mst_slice_str(fake_get(row, "manufacturer")), dell);
	assert_int_equal(strlen(fake_get(row, "model_number")), 80);
	/* Only together with a manufacturer. */
	t_is(mst_slice_str(of(f, "c", "model_id")), "");
}

/* What could be syntax never goes into a query. */
static void test_names_that_are_syntax(void **state)
{
	struct fake *f = *state;
	const char *acme, *x;

	fake_open(f);
	acme = fake_add(f, CO, "name", "Acme, Inc.", NULL);
	x = fake_add(f, MO, "name", "X, 1^ORname=Y", "manufacturer", acme,
		     NULL);
	run(f, "a", "Acme, Inc.", "X, 1^ORname=Y");
	run(f, "b", "Beta, LLC", "^^");
	run(f, "c", "javascript:gs.sleep(1)", "");
	run(f, "d", "^^", "");
	run(f, "e", ",,", "");
	t_is(mst_slice_str(of(f, "a", "manufacturer")), acme);
	t_is(mst_slice_str(of(f, "a", "model_id")), x);
	assert_non_null(fake_find(f, CO, "name", "Beta, LLC"));
	assert_non_null(fake_find(f, MO, "name", "^^"));
	/* Made blindly they would be made anew by every run. */
	t_is(mst_slice_str(of(f, "d", "manufacturer")), "");
	t_is(mst_slice_str(of(f, "e", "manufacturer")), "");
	for (size_t i = 0; i < f->subs_n; i++) {
		if (strncmp(f->subs[i], "GET", 3) != 0)
			continue;
		assert_null(strstr(f->subs[i], "%2C"));
		assert_null(strstr(f->subs[i], "javascript%3A"));
		assert_null(strstr(f->subs[i], "ORname%3DY"));
	}
}

static bool may_not_create(struct fake *f, struct fake_sub *s)
{
	if (strcmp(s->method, "POST") != 0)
		return false;
	s->status = 403;
	mst_buf_adds(&s->out,
		     "{\"error\":{\"message\":\"Operation Failed\",\"detail\":"
		     "\"ACL Exception Insert Failed due to security "
		     "constraints\"}}");
	return true;
}

static void test_without_the_right_to_create(void **state)
{
	struct fake *f = *state;
	uint64_t a, b;

	fake_open(f);
	f->on_sub = may_not_create;
	fake_begin(f, "devices");
	a = device(f, "a", "Lenovo", "X1");
	b = device(f, "b", "Lenovo", "X1");
	fake_end(f);
	/* Delivered, without the reference and with a note. */
	fake_is(f, a, MST_VERDICT_APPLIED, "ACL Exception");
	fake_is(f, b, MST_VERDICT_APPLIED, "company \"Lenovo\"");
	t_is(mst_slice_str(of(f, "a", "manufacturer")), "");
	assert_int_equal(fake_asked(f, "POST"), 1);
}

/* Stored, but answered 500: looked up before it is made again. */
static bool create_commits_500(struct fake *f, struct fake_sub *s)
{
	if (strcmp(s->method, "POST") != 0 || f->n-- <= 0)
		return false;
	fake_add(f, CO, "name", "Lenovo", NULL);
	s->status = 500;
	return true;
}

static void test_uncertain_create(void **state)
{
	struct fake *f = *state;

	fake_open(f);
	f->on_sub = create_commits_500;
	f->n = 1;
	run(f, "a", "Lenovo", "");
	assert_int_equal(fake_count(f, CO), 1);
	t_is(mst_slice_str(of(f, "a", "manufacturer")),
	     fake_get(fake_find(f, CO, "name", "Lenovo"), "sys_id"));
}

static bool always_500(struct fake *f, struct fake_sub *s)
{
	s->status = 500;
	return true;
}

static void test_look_up_that_fails(void **state)
{
	struct fake *f = *state;
	uint64_t c;

	fake_open(f);
	f->on_sub = always_500;
	fake_begin(f, "devices");
	c = device(f, "a", "Lenovo", "");
	fake_end(f);
	/* Not delivered without: it might exist. */
	fake_is(f, c, MST_VERDICT_FAILED, "company \"Lenovo\"");
	assert_int_equal(fake_count(f, "cmdb_ci_computer"), 0);
}

/* The clause was dropped: strangers come and are not taken. */
static bool strangers(struct fake *f, struct fake_sub *s)
{
	if (strcmp(s->method, "GET") != 0 || f->n++)
		return false;
	s->status = 200;
	mst_buf_adds(&s->out,
		     "{\"result\":[{\"sys_id\":"
		     "\"000000000000000000000000000000ff\",\"name\":\"3Com\","
		     "\"sys_created_on\":\"2010-01-01 00:00:00\"}]}");
	return true;
}

static void test_strangers_are_not_taken(void **state)
{
	struct fake *f = *state;

	fake_open(f);
	f->on_sub = strangers;
	run(f, "a", "Lenovo", "");
	t_is(mst_slice_str(of(f, "a", "manufacturer")),
	     fake_get(fake_find(f, CO, "name", "Lenovo"), "sys_id"));
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_fold),
	    T(test_exact_before_folded_before_new),
	    T(test_one_look_up_for_many),
	    T(test_spellings_with_capitals_inside),
	    T(test_model),
	    T(test_names_that_are_syntax),
	    T(test_without_the_right_to_create),
	    T(test_uncertain_create),
	    T(test_look_up_that_fails),
	    T(test_strangers_are_not_taken),
	};

	return cmocka_run_group_tests_name("servicenow master", tests, NULL,
					   NULL);
}
