/* SPDX-License-Identifier: Apache-2.0
 *
 * Mirrors: everything once, then what changed; what is gone, what was not
 * complete, what is damaged, and what a killed run leaves behind.
 */
#include "sync_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "sync/mirror.h"
#include "sync/reader.h"

enum { F_THINGS, F_GONE, F_LINKS, F__N };

static const struct mst_field thing_fields[] = {{"u_id|id", ""}, {"text", ""}};
static const struct mst_field gone_fields[] = {{"u_id|id", ""}};
static const struct mst_field link_fields[] = {
    {"from", ""}, {"to", ""}, {"text", ""}};

static const struct mst_feed feeds[] = {
    {.name = "things",
     .title = "Things",
     .fields = thing_fields,
     .fields_n = MST_LEN(thing_fields),
     .envelope = "u_things",
     .key = {0},
     .key_n = 1,
     .gone = F_GONE},
    {.name = "gone",
     .title = "Gone things",
     .fields = gone_fields,
     .fields_n = MST_LEN(gone_fields)},
    {.name = "links",
     .title = "Links",
     .fields = link_fields,
     .fields_n = MST_LEN(link_fields),
     .key = {0, 1},
     .key_n = 2},
};

static const struct mst_catalog catalog = {.feeds = feeds,
					   .feeds_n = MST_LEN(feeds)};
static const struct mst_source_ops source = {.type = "changes",
					     .title = "Changes",
					     .catalog = &catalog,
					     .envelope = "value",
					     .more = "next"};

#define HOUR_US (3600 * INT64_C(1000000))
#define FULL_MS (24 * 3600 * INT64_C(1000))

static struct mst_err err;
static struct mst_mirror *m;
static struct mst_spool s;
static const char *home;
static int64_t now;

static int set_up(void **state)
{
	(void)t_log_watch(state);
	err = (struct mst_err)MST_ERR_INIT;
	home = fx_dir();
	now = INT64_C(1732060800000000);
	return 0;
}

static int tear_down(void **state)
{
	mst_mirror_close(&m);
	mst_spool_fini(&s);
	return t_log_check(state);
}

/* A run begins: an empty spool, everything is read to its end. */
static void begin_as(const char *what)
{
	mst_mirror_close(&m);
	mst_spool_fini(&s);
	t_ok(mst_mirror_open(home, "c", &source, what, &m, &err), &err);
	t_ok(mst_spool_make(&s, &source, fx_dir(), true, &err), &err);
	for (unsigned f = 0; f < F__N; f++) {
		s.feeds[f].present = true;
		s.feeds[f].proof.complete = true;
	}
}

static void begin(void)
{
	begin_as("here");
}

static void page(unsigned feed, const char *text)
{
	char name[32];

	(void)snprintf(name, sizeof(name), "p%zu.json", s.feeds[feed].parts_n);
	fx_add(&s, feed, name, text, MST_PART_PAGE, false);
}

static bool full(unsigned feed)
{
	return mst_mirror_since(m, feed, now, FULL_MS) == MST_TIME_NONE;
}

static void merge(unsigned feed)
{
	t_ok(mst_mirror_merge(m, &s, feed,
			      mst_mirror_since(m, feed, now, FULL_MS), now,
			      &err),
	     &err);
}

static void save(void)
{
	t_ok(mst_mirror_save(m, &err), &err);
}

static char seen[4096];

static int take(void *worker MST_UNUSED, const struct mst_value *v,
		struct mst_err *e MST_UNUSED)
{
	for (unsigned i = 0; i < 3; i++) {
		size_t n = strlen(seen);

		if (v[i].type == MST_JSON_STRING)
			(void)snprintf(seen + n, sizeof(seen) - n, "%.*s ",
				       (int)v[i].u.s.n, v[i].u.s.p);
		else if (v[i].type == MST_JSON_INT)
			(void)snprintf(seen + n, sizeof(seen) - n, "%d ",
				       (int)v[i].u.i);
	}
	(void)strcat(seen, ";");
	return 0;
}

/* What a run would compare. */
static void shows(unsigned feed, const char *want)
{
	void *workers[1] = {NULL};
	struct mst_read read = {.spool = &s,
				.catalog = &catalog,
				.feed = feed,
				.threads = 1,
				.workers = workers,
				.record = take};
	struct mst_read_stats stats;

	seen[0] = '\0';
	t_ok(mst_read_feed(&read, &stats, &err), &err);
	assert_string_equal(seen, want);
}

static unsigned files(void)
{
	char cmd[512], n[16] = "";
	FILE *f;

	(void)snprintf(cmd, sizeof(cmd), "ls '%s/mirror/c' | wc -l", home);
	f = popen(cmd, "r");
	assert_non_null(f);
	assert_non_null(fgets(n, sizeof(n), f));
	(void)pclose(f);
	return (unsigned)atoi(n);
}

static void first(void)
{
	begin();
	assert_true(full(F_THINGS));
	assert_true(full(F_GONE));
	page(F_THINGS, "{'u_count':3,'u_things':[{'u_id':1,'text':'a'},"
		       "{'u_id':2,'text':'b'}]}");
	page(F_THINGS, "{'u_things':[{'u_id':3,'text':'c'}]}");
	page(F_LINKS, "{'value':[{'from':1,'to':2,'text':'x'},"
		      "{'from':2,'to':1,'text':'y'}]}");
	merge(F_THINGS);
	merge(F_LINKS);
	shows(F_THINGS, "1 a ;2 b ;3 c ;");
	save();
	now += HOUR_US;
}

static void test_changes(void **state MST_UNUSED)
{
	first();
	begin();
	assert_int_equal(mst_mirror_since(m, F_THINGS, now, FULL_MS),
			 now - HOUR_US - 600 * INT64_C(1000000));
	assert_false(full(F_GONE));
	page(F_THINGS, "{'u_things':[{'u_id':2,'text':'old'},"
		       "{'u_id':'4','text':'d'},{'u_id':2,'text':'B'}]}");
	page(F_GONE, "[{'u_id':3},{'u_id':77}]");
	page(F_LINKS, "[{'from':2,'to':1,'text':'z'},{'from':1,'to':4}]");
	merge(F_THINGS);
	merge(F_LINKS);
	shows(F_THINGS, "1 a ;4 d ;2 B ;");
	shows(F_LINKS, "1 2 x ;2 1 z ;1 4 ;");
	assert_true(s.feeds[F_THINGS].proof.complete);
	assert_int_equal(s.feeds[F_THINGS].proof.records, 3);
	save();
	assert_int_equal(files(), 5); /* two feeds, and the note */

	/* nothing changed */
	now += HOUR_US;
	begin();
	merge(F_THINGS);
	merge(F_LINKS);
	shows(F_THINGS, "1 a ;4 d ;2 B ;");
	shows(F_LINKS, "1 2 x ;2 1 z ;1 4 ;");
	save();

	/* after a day everything is read again */
	now += 24 * HOUR_US;
	begin();
	assert_true(full(F_THINGS));
	page(F_THINGS, "{'u_things':[{'u_id':9,'text':'new'}]}");
	merge(F_THINGS);
	shows(F_THINGS, "9 new ;");
}

/* What was not read to its end is used, but proves nothing and is asked for
 * again. */
static void test_incomplete(void **state MST_UNUSED)
{
	int64_t since;

	first();
	begin();
	since = mst_mirror_since(m, F_THINGS, now, FULL_MS);
	s.feeds[F_THINGS].proof.complete = false;
	page(F_THINGS, "{'u_things':[{'u_id':2,'text':'B'}]}");
	merge(F_THINGS);
	shows(F_THINGS, "1 a ;3 c ;2 B ;");
	assert_false(s.feeds[F_THINGS].proof.complete);
	save();
	now += HOUR_US;
	begin();
	assert_int_equal(mst_mirror_since(m, F_THINGS, now, FULL_MS), since);
	page(F_THINGS, "{'u_things':[{'u_id':2,'text':'B'}]}");
	merge(F_THINGS);
	assert_false(s.feeds[F_THINGS].proof.complete);
	assert_non_null(strstr(s.feeds[F_THINGS].proof.why, "full read"));
	save();

	/* half of everything is no mirror */
	now += 24 * HOUR_US;
	begin();
	s.feeds[F_THINGS].proof.complete = false;
	page(F_THINGS, "{'u_things':[{'u_id':5,'text':'e'}]}");
	merge(F_THINGS);
	shows(F_THINGS, "5 e ;");
	save();
	begin();
	assert_true(full(F_THINGS));

	/* what is gone is a part of it */
	mst_mirror_close(&m);
	home = fx_dir();
	first();
	begin();
	s.feeds[F_GONE].proof.complete = false;
	merge(F_THINGS);
	assert_false(s.feeds[F_THINGS].proof.complete);
	assert_non_null(strstr(s.feeds[F_THINGS].proof.why, "Gone things"));
}

static const char *in_mirror(const char *name)
{
	return t_path("%s/mirror/c/%s", home + strlen(t_dir()) + 1, name);
}

static void test_damage(void **state MST_UNUSED)
{
	t_log_expect(MST_WARN, "the mirror of Things is not whole", 1);
	first();
	assert_int_equal(truncate(in_mirror("things.1.ndjson"), 3), 0);
	begin();
	assert_true(full(F_THINGS));
	assert_false(full(F_LINKS));

	t_write(in_mirror("mirror.json"), MST_SLICE_LIT("{\"mirror\":1,"));
	begin();
	assert_true(full(F_LINKS));
	assert_int_equal(files(), 1); /* what no note names goes */

	first();
	begin_as("another address");
	assert_true(full(F_THINGS));

	/* a clock that was set back */
	mst_mirror_close(&m);
	home = fx_dir();
	first();
	now -= 5 * HOUR_US;
	begin();
	assert_true(full(F_THINGS));
}

/* Of the right size, and other bytes: it is never compared. */
static void test_other_bytes(void **state MST_UNUSED)
{
	static const char *const names[] = {"things.1.ndjson", "things.1.keys"};

	for (size_t i = 0; i < MST_LEN(names); i++) {
		FILE *f;

		mst_mirror_close(&m);
		home = fx_dir();
		first();
		f = fopen(in_mirror(names[i]), "r+");
		assert_non_null(f);
		assert_int_equal(fputc('?', f), '?');
		assert_int_equal(fclose(f), 0);
		begin();
		assert_false(full(F_THINGS));
		page(F_THINGS, "{'u_things':[{'u_id':2,'text':'B'}]}");
		t_failed(mst_mirror_merge(
			     m, &s, F_THINGS,
			     mst_mirror_since(m, F_THINGS, now, FULL_MS), now,
			     &err),
			 &err, MST_E_CORRUPT, "things.1.ndjson: it is damaged");
		mst_err_clear(&err);
		assert_true(mst_mirror_spoilt(m));
		assert_false(mst_mirror_spoilt(m));
		assert_true(full(F_THINGS));
		assert_true(full(F_GONE));
		assert_false(full(F_LINKS));
		merge(F_THINGS);
		shows(F_THINGS, "2 B ;");
		save();
		begin();
		assert_false(full(F_THINGS));
	}
}

/* A mirror of other sensors is none; a source may want none for now. */
static void test_scope(void **state MST_UNUSED)
{
	first();
	begin();
	mst_mirror_scope(m, F_THINGS, "sensors 1 2");
	assert_true(full(F_THINGS));
	assert_true(full(F_GONE)); /* what is gone of it */
	assert_false(full(F_LINKS));
	page(F_THINGS, "{'u_things':[{'u_id':1,'text':'a'}]}");
	merge(F_THINGS);
	shows(F_THINGS, "1 a ;");
	save();
	begin();
	assert_true(full(F_THINGS));
	mst_mirror_scope(m, F_THINGS, "sensors 1 2");
	assert_false(full(F_THINGS));

	mst_mirror_scope(m, F_THINGS, NULL);
	assert_true(full(F_THINGS));
	page(F_THINGS, "{'u_things':[{'u_id':7,'text':'g'}]}");
	merge(F_THINGS);
	shows(F_THINGS, "7 g ;");
	save();
	begin();
	mst_mirror_scope(m, F_THINGS, "sensors 1 2");
	assert_false(full(F_THINGS)); /* the older one is still there */
}

/* Killed between the files and the note: the older files count. */
static void test_killed(void **state MST_UNUSED)
{
	first();
	begin();
	page(F_THINGS, "{'u_things':[{'u_id':2,'text':'B'}]}");
	merge(F_THINGS);
	assert_int_equal(files(), 7);
	begin();
	assert_int_equal(files(), 5);
	merge(F_THINGS);
	shows(F_THINGS, "1 a ;2 b ;3 c ;");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    T(test_changes),	 T(test_incomplete), T(test_damage),
	    T(test_other_bytes), T(test_scope),	     T(test_killed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
