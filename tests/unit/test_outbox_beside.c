/* SPDX-License-Identifier: Apache-2.0
 *
 * What the outbox keeps beside alerts: what could not be read, cursors, counts;
 * and a file of the version before.
 */
#include "tests/lib/t.h"

#include <sqlite3.h>
#include <stdio.h>

#include "forward/outbox.h"

#define T0 INT64_C(1795168800000000)

static const struct mst_outbox_conf conf = {
    .max = 1000,
    .keep = 86400000,
    .aside_retry = 3600000,
    .retry_first = 5000,
    .retry_most = 900000,
};

static struct mst_err err;
static struct mst_outbox *o;
static const char *path;

static void reopen(void)
{
	mst_outbox_close(&o);
	t_ok(mst_outbox_open(path, MST_OUTBOX_OWN, &conf, T0, &o, &err), &err);
}

static int set_up(void **state MST_UNUSED)
{
	static unsigned n;

	path = t_path("beside-%u.db", n++);
	reopen();
	return 0;
}

static int tear_down(void **state MST_UNUSED)
{
	mst_outbox_close(&o);
	return 0;
}

static void put(const char *body)
{
	const struct mst_outbox_unread u = {
	    .receiver = "plant",
	    .peer = "10.1.2.3",
	    .why = "it is no alert",
	    .body = mst_slice_str(body),
	};

	t_ok(mst_outbox_unread_put(o, &u, 1, T0, &err), &err);
}

struct page {
	char text[1024];
	size_t n, stop;
	int64_t last;
};

static int add(void *ctx, const struct mst_outbox_unread *u)
{
	struct page *p = ctx;
	size_t at = strlen(p->text);

	(void)snprintf(p->text + at, sizeof(p->text) - at, "%s %s %s %.*s;",
		       u->receiver, u->peer, u->why, MST_SLICE_ARG(u->body));
	assert_true(u->at_us == T0);
	p->last = u->id;
	return ++p->n == p->stop ? 9 : 0;
}

static void test_unread(void **state MST_UNUSED)
{
	struct page p = {.stop = 0};

	put("one");
	put("two\nlines");
	put("");
	reopen();
	t_ok(mst_outbox_unread_page(o, 0, 2, add, &p, &err), &err);
	assert_string_equal(p.text,
			    "plant 10.1.2.3 it is no alert ;"
			    "plant 10.1.2.3 it is no alert two\nlines;");
	p = (struct page){.stop = 1, .last = p.last};
	assert_int_equal(mst_outbox_unread_page(o, p.last, 10, add, &p, &err),
			 9);
	assert_string_equal(p.text, "plant 10.1.2.3 it is no alert one;");
	t_ok(mst_outbox_unread_put(o, NULL, 0, T0, &err), &err);
}

static int count(void *ctx, const struct mst_outbox_unread *u MST_UNUSED)
{
	++*(size_t *)ctx;
	return 0;
}

/* The newest are kept. */
static void test_unread_bound(void **state MST_UNUSED)
{
	struct mst_outbox_unread many[MST_OUTBOX_UNREAD];
	struct page p = {.stop = 1};
	size_t n = 0;

	put("the first");
	for (size_t i = 0; i < MST_LEN(many); i++)
		many[i] = (struct mst_outbox_unread){
		    .receiver = "r", .peer = "", .why = "w"};
	t_ok(mst_outbox_unread_put(o, many, MST_LEN(many), T0, &err), &err);
	put("the last");
	t_ok(mst_outbox_unread_page(o, 0, 10000, count, &n, &err), &err);
	assert_int_equal(n, MST_OUTBOX_UNREAD);
	assert_int_equal(mst_outbox_unread_page(o, 0, 1, add, &p, &err), 9);
	assert_non_null(strstr(p.text, "the last"));
}

static void test_cursor(void **state MST_UNUSED)
{
	struct mst_outbox_cursor c;

	t_ok(mst_outbox_cursor(o, "iot", &c, &err), &err);
	assert_true(c.until_us == MST_TIME_NONE && c.wide_us == MST_TIME_NONE);
	c.wide_us = T0;
	t_ok(mst_outbox_cursor_put(o, "iot", &c, &err), &err);
	reopen();
	t_ok(mst_outbox_cursor(o, "iot", &c, &err), &err);
	assert_true(c.until_us == MST_TIME_NONE && c.wide_us == T0);
	c.until_us = T0 + 1;
	t_ok(mst_outbox_cursor_put(o, "iot", &c, &err), &err);
	t_ok(mst_outbox_cursor(o, "other", &c, &err), &err);
	assert_true(c.until_us == MST_TIME_NONE);
	t_ok(mst_outbox_cursor(o, "iot", &c, &err), &err);
	assert_true(c.until_us == T0 + 1);
}

static void add_tally(void *ctx, const struct mst_outbox_tally *t)
{
	char *text = ctx;
	size_t at = strlen(text);

	(void)snprintf(text + at, 256 - at, "%s %s %llu;", t->door, t->what,
		       (unsigned long long)t->n);
}

static void test_tally(void **state MST_UNUSED)
{
	const struct mst_outbox_tally v[] = {
	    {"plant", "received", 5}, {"plant", "accepted", 3}, {"a", "x", 1}};
	char text[256] = "";

	t_ok(mst_outbox_tally_add(o, v, 3, &err), &err);
	t_ok(mst_outbox_tally_add(o, v, 1, &err), &err);
	t_ok(mst_outbox_tally_add(o, v, 0, &err), &err);
	reopen();
	t_ok(mst_outbox_tallies(o, add_tally, text, &err), &err);
	assert_string_equal(text, "a x 1;plant accepted 3;plant received 10;");
}

static void test_upgrade(void **state MST_UNUSED)
{
	sqlite3 *h;

	mst_outbox_close(&o);
	assert_int_equal(sqlite3_open(path, &h), SQLITE_OK);
	assert_int_equal(sqlite3_exec(h,
				      "DROP TABLE unread; DROP TABLE cursor;"
				      " DROP TABLE tally; DROP TABLE owed;"
				      " PRAGMA user_version=1",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	sqlite3_close(h);
	reopen();
	put("it works");
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_unread), TEST(test_unread_bound), TEST(test_cursor),
	    TEST(test_tally),  TEST(test_upgrade),
	};

	return cmocka_run_group_tests_name("outbox_beside", tests, NULL, NULL);
}
