/* SPDX-License-Identifier: Apache-2.0
 *
 * Which users have these addresses? Asked in lists, and believed only when the
 * answer fits the question.
 */
#include "sn_apps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define USER  "sys_user"
#define LISTS "GET /api/now/table/sys_user?"
#define MOST  2000

struct seen {
	struct mst_slice values[MOST];
	char texts[MOST][64];
	unsigned hits[MOST], active[MOST];
	struct mst_sysid id[MOST]; /* of the last hit */
	char made[MOST][24];
	bool odd[MOST];
	struct mst_find find;
};

static void on_hit(void *ctx, size_t value, const struct mst_sysid *id,
		   bool active, struct mst_slice made)
{
	struct seen *s = ctx;

	assert_true(value < s->find.values_n);
	s->hits[value]++;
	s->active[value] += active;
	s->id[value] = *id;
	snprintf(s->made[value], sizeof(s->made[value]), "%.*s",
		 MST_SLICE_ARG(made));
}

static void on_odd(void *ctx, size_t value, const char *why)
{
	struct seen *s = ctx;

	assert_true(value < s->find.values_n && !s->odd[value]);
	assert_non_null(strstr(why, "query"));
	s->odd[value] = true;
}

static struct seen *seen;

static void value(const char *text)
{
	size_t i = seen->find.values_n++;

	snprintf(seen->texts[i], sizeof(seen->texts[i]), "%s", text);
	seen->values[i] = mst_slice_str(seen->texts[i]);
}

static int setup(void **state)
{
	seen = calloc(1, sizeof(*seen));
	seen->find = (struct mst_find){.table = USER,
				       .column = "email",
				       .active = "active",
				       .values = seen->values,
				       .hit = on_hit,
				       .odd = on_odd,
				       .ctx = seen};
	return sn_apps_setup(state);
}

static int teardown(void **state)
{
	free(seen);
	return sn_apps_teardown(state);
}

static int run(struct fake *f)
{
	int rc = mst_dest_servicenow.find(f->d, &seen->find, &f->err);

	return rc < 0 ? rc : fake_pump(f);
}

static const char *person(struct fake *f, const char *email, const char *active)
{
	return fake_add(f, USER, "email", email, "active", active, NULL);
}

static void is_whole(struct fake *f)
{
	t_ok(run(f), &f->err);
	if (!seen->find.whole)
		fail_msg("not whole: %s", seen->find.why);
	assert_string_equal(seen->find.why, "");
}

static void is_not_whole(struct fake *f, const char *why)
{
	t_ok(run(f), &f->err);
	assert_false(seen->find.whole);
	if (!strstr(seen->find.why, why))
		fail_msg("'%s' does not say '%s'", seen->find.why, why);
	assert_null(strchr(seen->find.why, '\n'));
}

/* ---- what is found ------------------------------------------------------- */

static void test_users(void **state)
{
	struct fake *f = *state;
	struct mst_sysid a;

	fake_open(f);
	a = fake_id(person(f, "a@example.com", "true"));
	person(f, "b@example.com", "false");
	person(f, "twin@example.com", "true");
	person(f, "twin@example.com", "true");
	person(f, "twin@example.com", "false");
	person(f, "stranger@example.com", "true");
	value("a@example.com");
	value("b@example.com");
	value("twin@example.com");
	value("nobody@example.com");
	is_whole(f);
	assert_int_equal(seen->hits[0], 1);
	assert_int_equal(seen->active[0], 1);
	assert_memory_equal(&seen->id[0], &a, sizeof(a));
	assert_int_equal(strlen(seen->made[0]), 19);
	assert_int_equal(seen->hits[1], 1);
	assert_int_equal(seen->active[1], 0);
	assert_int_equal(seen->hits[2], 3);
	assert_int_equal(seen->active[2], 2);
	assert_int_equal(seen->hits[3], 0);
	assert_int_equal(f->requests_n, 1);
	fake_golden(f->subs[0], "find-users.txt");
}

/* Rows that access rules take out of an answer are counted before. */
static void test_hidden(void **state)
{
	struct fake *f = *state;

	fake_open(f);
	person(f, "a@example.com", "true");
	value("a@example.com");
	value("b@example.com");
	f->count = 3;
	is_whole(f);
	assert_int_equal(seen->hits[0], 1);
	assert_int_equal(seen->find.hidden, 2);
	f->count = 1;
	is_whole(f);
	assert_int_equal(seen->find.hidden, 0);
	f->count = 0; /* not told */
	is_whole(f);
	assert_int_equal(seen->find.hidden, 0);
}

static void test_nobody_is_asked_for(void **state)
{
	struct fake *f = *state;

	fake_open(f);
	is_whole(f);
	assert_int_equal(f->requests_n, 0);
}

/* Queries mind the case or not: both times the same people. */
static void test_case(void **state)
{
	struct fake *f = *state;

	for (int blind = 0; blind < 2; blind++) {
		memset(seen->hits, 0, sizeof(seen->hits));
		seen->find.values_n = 0;
		if (!blind)
			fake_open(f);
		f->case_blind = blind;
		if (!blind) {
			person(f, "LOUD@EXAMPLE.COM", "true");
			person(f, "quiet@example.com", "true");
			person(f, "As.It.Is@example.com", "1");
			person(f, " blank@example.com ", "true");
		}
		value("loud@example.com");
		value("QUIET@example.COM");
		value("As.It.Is@example.com");
		is_whole(f);
		for (size_t i = 0; i < 3; i++)
			assert_int_equal(seen->hits[i], 1);
	}
}

/* No more than a request for a hundred people, and the last of them too. */
static void test_many(void **state)
{
	struct fake *f = *state;
	char text[64];

	fake_open(f);
	for (unsigned i = 0; i < MOST; i++) {
		snprintf(text, sizeof(text), "person.number.%u@example.com", i);
		value(text);
		if (i % 3)
			person(f, text, "true");
	}
	is_whole(f);
	for (unsigned i = 0; i < MOST; i++)
		assert_int_equal(seen->hits[i], i % 3 ? 1 : 0);
	assert_int_equal(fake_asked(f, LISTS), MOST / 100);
	assert_true(f->requests_n <= MOST / 100);
	for (size_t i = 0; i < f->subs_n; i++)
		assert_true(strlen(f->subs[i]) < 9000);
}

/* Long names: fewer in a list. */
static void test_urls_are_bounded(void **state)
{
	struct fake *f = *state;
	char text[64];

	fake_open(f);
	for (unsigned i = 0; i < 300; i++) {
		snprintf(text, sizeof(text), "%055d.%03u@e", 0, i);
		value(text);
		person(f, text, "true");
	}
	is_whole(f);
	for (unsigned i = 0; i < 300; i++)
		assert_int_equal(seen->hits[i], 1);
	assert_true(fake_asked(f, LISTS) > 3);
	for (size_t i = 0; i < f->subs_n; i++)
		assert_true(strlen(f->subs[i]) < 9000);
}

static void test_pages(void **state)
{
	struct fake *f = *state;

	fake_open(f);
	for (unsigned i = 0; i < 1200; i++)
		person(f, "shared@example.com", i % 2 ? "true" : "false");
	value("shared@example.com");
	value("other@example.com");
	is_whole(f);
	assert_int_equal(seen->hits[0], 1200);
	assert_int_equal(seen->active[0], 600);
	/* the third page is short, and an empty one is the last */
	assert_int_equal(fake_asked(f, LISTS), 4);
}

static bool cut_short(struct fake *f, struct fake_sub *s)
{
	if (f->n-- <= 0)
		return false;
	s->status = 200;
	mst_buf_adds(&s->out, "{\"result\":[{\"sys_id\":\"1");
	return true;
}

/* A list that breaks off is asked for in smaller pages, to its end. */
static void test_broken_answers(void **state)
{
	struct fake *f = *state;
	char text[64];

	fake_open(f);
	for (unsigned i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "p%u@example.com", i);
		value(text);
		person(f, text, "true");
	}
	f->on_sub = cut_short;
	f->n = 3;
	is_whole(f);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(seen->hits[i], 1);
}

static void test_broken_for_good(void **state)
{
	struct fake *f = *state;

	fake_open(f);
	value("a@example.com");
	f->on_sub = cut_short;
	f->n = 1000;
	is_not_whole(f, "status 200");
}

/* ---- what may not be asked ----------------------------------------------- */

static void test_unsafe_values(void **state)
{
	static const char *const bad[] = {
	    "a^active=true",
	    "a,b@example.com",
	    "javascript:gs.now()",
	    "NULL",
	    "empty",
	    "line\nend@example.com",
	    "",
	    "x@^NQactive=true@x",
	};
	struct fake *f = *state;

	fake_open(f);
	person(f, "", "true");
	person(f, "good@example.com", "true");
	for (size_t i = 0; i < MST_LEN(bad); i++)
		value(bad[i]);
	value("good@example.com");
	value("o'neill+tag@example.com");
	is_whole(f);
	for (size_t i = 0; i < MST_LEN(bad); i++) {
		assert_true(seen->odd[i]);
		assert_int_equal(seen->hits[i], 0);
	}
	assert_false(seen->odd[MST_LEN(bad)]);
	assert_int_equal(seen->hits[MST_LEN(bad)], 1);
	assert_int_equal(f->subs_n, 1);
	assert_null(strstr(f->subs[0], "NQ"));
	assert_null(strstr(f->subs[0], "javascript"));
}

static void test_names_that_are_no_names(void **state)
{
	struct fake *f = *state;

	fake_open(f);
	value("a@example.com");
	seen->find.column = "email^active";
	t_failed(mst_dest_servicenow.find(f->d, &seen->find, &f->err), &f->err,
		 MST_E_INVALID, "cannot be asked for");
	seen->find.column = "email";
	seen->find.table = "sys_user?x";
	t_failed(mst_dest_servicenow.find(f->d, &seen->find, &f->err), &f->err,
		 MST_E_INVALID, "cannot be asked for");
}

/* ---- what is not believed ------------------------------------------------ */

static void test_a_widened_query(void **state)
{
	struct fake *f = *state;

	fake_open(f);
	person(f, "stranger@example.com", "true");
	person(f, "a@example.com", "true");
	value("a@example.com");
	f->drop_clauses = true;
	is_not_whole(f, "records that were not asked for");
	assert_int_equal(seen->hits[0], 0);
	assert_non_null(strstr(seen->find.why, "email and active of sys_user"));
}

/* All that there are were asked for, but not in one list: else each of them
 * would count once for every list. */
static void test_a_widened_query_among_friends(void **state)
{
	struct fake *f = *state;
	char text[64];

	fake_open(f);
	for (unsigned i = 0; i < 150; i++) {
		snprintf(text, sizeof(text), "p%u@example.com", i);
		value(text);
		person(f, text, "true");
	}
	f->drop_clauses = true;
	is_not_whole(f, "records that were not asked for");
}

static bool unsorted(struct fake *f, struct fake_sub *s)
{
	(void)f;
	s->status = 200;
	mst_buf_adds(&s->out,
		     "{\"result\":["
		     "{\"sys_id\":\"000000000000000000000000000000a2\","
		     "\"email\":\"a@example.com\",\"active\":\"true\"},"
		     "{\"sys_id\":\"000000000000000000000000000000a1\","
		     "\"email\":\"b@example.com\",\"active\":\"true\"}]}");
	return true;
}

static void test_pages_without_order(void **state)
{
	struct fake *f = *state;

	fake_open(f);
	f->on_sub = unsorted;
	value("a@example.com");
	value("b@example.com");
	is_not_whole(f, "not asked for");
	assert_int_equal(seen->hits[0] + seen->hits[1], 0);
}

static void test_hidden_columns(void **state)
{
	static const char *const columns[] = {"email", "active", "sys_id"};
	struct fake *f = *state;

	fake_open(f);
	person(f, "a@example.com", "true");
	value("a@example.com");
	for (size_t i = 0; i < MST_LEN(columns); i++) {
		f->hidden = columns[i];
		is_not_whole(f, "hides columns");
		assert_int_equal(seen->hits[0], 0);
	}
	/* When it was made only chooses between twins. */
	f->hidden = "sys_created_on";
	seen->find.why[0] = 0;
	is_whole(f);
	assert_int_equal(seen->hits[0], 1);
}

static bool takes_e_for_e(struct fake *f, struct fake_sub *s)
{
	(void)f;
	s->status = 200;
	mst_buf_adds(
	    &s->out,
	    "{\"result\":["
	    "{\"sys_id\":\"000000000000000000000000000000a1\","
	    "\"email\":\"ren\xc3\xa9@example.com\",\"active\":\"true\"},"
	    "{\"sys_id\":\"000000000000000000000000000000a2\","
	    "\"email\":\"rene@example.com\",\"active\":\"true\"}]}");
	return true;
}

/* A database that compares so is no reason to stop. */
static void test_accents(void **state)
{
	struct fake *f = *state;
	struct mst_sysid rene = fake_nr(0xa2);

	fake_open(f);
	f->on_sub = takes_e_for_e;
	value("rene@example.com");
	is_whole(f);
	assert_int_equal(seen->hits[0], 1);
	assert_memory_equal(&seen->id[0], &rene, sizeof(rene));
}

static bool forbids(struct fake *f, struct fake_sub *s)
{
	(void)f;
	s->status = 403;
	mst_buf_adds(&s->out, "{\"error\":{\"message\":\"User Not Authorized\","
			      "\"detail\":\"Failed API level ACL Validation\"},"
			      "\"status\":\"failure\"}");
	return true;
}

static void test_refused(void **state)
{
	struct fake *f = *state;

	fake_open(f);
	value("a@example.com");
	f->on_sub = forbids;
	is_not_whole(f, "let the user read sys_user");
	assert_non_null(strstr(seen->find.why, "403"));
	f->on_sub = NULL;
	f->absent[0] = USER;
	is_not_whole(f, "no table sys_user");
}

static bool first_version(struct fake *f, struct fake_sub *s)
{
	(void)f;
	s->status = 404;
	mst_buf_adds(&s->out,
		     "{\"error\":{\"message\":\"No Record found\",\"detail\":"
		     "\"Record doesn't exist or ACL restricts the record "
		     "retrieval\"},\"status\":\"failure\"}");
	return true;
}

static void test_an_empty_list_of_the_first_version(void **state)
{
	struct fake *f = *state;

	fake_open(f);
	value("a@example.com");
	f->on_sub = first_version;
	is_whole(f);
}

/* One list of many is refused: the others prove nothing. */
static bool forbids_the_third(struct fake *f, struct fake_sub *s)
{
	return ++f->n == 3 && forbids(f, s);
}

static void test_one_list_is_refused(void **state)
{
	struct fake *f = *state;
	char text[64];

	fake_open(f);
	for (unsigned i = 0; i < MOST; i++) {
		snprintf(text, sizeof(text), "p%u@example.com", i);
		value(text);
		person(f, text, "true");
	}
	f->on_sub = forbids_the_third;
	is_not_whole(f, "403");
}

static bool too_many_requests(struct fake *f, struct fake_sub *s)
{
	if (f->n-- <= 0)
		return false;
	s->status = 429;
	return true;
}

static void test_throttled(void **state)
{
	struct fake *f = *state;

	fake_open(f);
	person(f, "a@example.com", "true");
	value("a@example.com");
	f->on_sub = too_many_requests;
	f->n = 3;
	is_whole(f);
	assert_int_equal(seen->hits[0], 1);
	f->n = 1000;
	is_not_whole(f, "attempts");
}

static bool cancels(struct fake *f, unsigned call, const struct mst_req *q,
		    struct mst_resp *r, struct mst_buf *out)
{
	(void)f;
	(void)call;
	(void)q;
	(void)out;
	r->outcome = MST_OUT_FAILED;
	mst_err_set(&r->err, MST_E_CANCELLED, "cancelled");
	return true;
}

static void test_cancelled(void **state)
{
	struct fake *f = *state;
	char text[64];

	fake_open(f);
	for (unsigned i = 0; i < MOST; i++) {
		snprintf(text, sizeof(text), "p%u@example.com", i);
		value(text);
	}
	f->on_call = cancels;
	t_failed(run(f), &f->err, MST_E_CANCELLED, "looking up sys_user");
	assert_false(seen->find.whole);
}

static bool shuts_out(struct fake *f, unsigned call, const struct mst_req *q,
		      struct mst_resp *r, struct mst_buf *out)
{
	(void)f;
	(void)call;
	(void)q;
	r->status = 401;
	mst_buf_adds(out, "{\"error\":{\"message\":\"User Not "
			  "Authenticated\",\"detail\":\"\"}}");
	return true;
}

static void test_the_log_in_ends(void **state)
{
	struct fake *f = *state;

	fake_open(f);
	value("a@example.com");
	f->on_call = shuts_out;
	t_failed(run(f), &f->err, MST_E_AUTH, "User Not Authenticated");
	t_failed(mst_dest_servicenow.find(f->d, &seen->find, &f->err), &f->err,
		 MST_E_AUTH, "User Not Authenticated");
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_users),
	    T(test_hidden),
	    T(test_nobody_is_asked_for),
	    T(test_case),
	    T(test_many),
	    T(test_urls_are_bounded),
	    T(test_pages),
	    T(test_broken_answers),
	    T(test_broken_for_good),
	    T(test_unsafe_values),
	    T(test_names_that_are_no_names),
	    T(test_a_widened_query),
	    T(test_a_widened_query_among_friends),
	    T(test_pages_without_order),
	    T(test_hidden_columns),
	    T(test_accents),
	    T(test_refused),
	    T(test_an_empty_list_of_the_first_version),
	    T(test_one_list_is_refused),
	    T(test_throttled),
	    T(test_cancelled),
	    T(test_the_log_in_ends),
	};

	return cmocka_run_group_tests_name("servicenow find", tests, NULL,
					   NULL);
}
