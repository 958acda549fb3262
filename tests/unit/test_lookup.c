/* SPDX-License-Identifier: Apache-2.0
 *
 * What records get from elsewhere: from the part that they are in, from a
 * joined record that a text is made of, and from the destination, which is
 * asked about each distinct value once.
 */
#include "sync_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "rules/rules.h"
#include "sync/delta_private.h"

enum { F_APPS, F_INFO, F_USERS, F_TAGS, F__N };
enum { A_ID, A_TEXT, A_HIDDEN };
enum { U_APP, U_NAME, U_ID, U_WHY, U_HIDDEN };

static const struct mst_field app_fields[] = {
    {"id", ""}, {"made", "", MST_FROM_ENGINE}, {"hidden", ""}};
static const struct mst_field info_fields[] = {
    {"id", "", MST_FROM_PART}, {"one", ""}, {"two", ""}};
static const struct mst_field user_fields[] = {
    {"app", "", MST_FROM_PART},	     {"name", ""},
    {"person", "", MST_FROM_ENGINE}, {"nobody", "", MST_FROM_ENGINE},
    {"hidden", "", MST_FROM_ENGINE},
};

static const struct mst_field tag_fields[] = {
    {"id", "", MST_FROM_OUTER}, {".", ""}, {"kind", ""}};

static const struct mst_feed feeds[] = {
    {"apps", "Apps", app_fields, MST_LEN(app_fields), false},
    {"info", "Info", info_fields, MST_LEN(info_fields), true},
    {"users", "Users", user_fields, MST_LEN(user_fields), false},
    {.name = "tags",
     .title = "Tags",
     .fields = tag_fields,
     .fields_n = MST_LEN(tag_fields),
     .nested = "tags|labels",
     .outer = F_APPS},
};

static const struct mst_column app_columns[] = {{"text", 0, 100, NULL}};
static const struct mst_column user_columns[] = {
    {"ci", MST_COL_PARENT | MST_COL_REQUIRED, 0, NULL},
    {"user", MST_COL_KEY, 32, NULL},
};

static const struct mst_set sets[] = {
    {.name = "apps",
     .title = "Apps",
     .order = 1,
     .missing = MST_MISSING_RETIRE,
     .writer = MST_WRITE_CI,
     .table = "cmdb_ci",
     .columns = app_columns,
     .columns_n = MST_LEN(app_columns)},
    {.name = "users",
     .title = "Users",
     .parent = "apps",
     .order = 2,
     .missing = MST_MISSING_DELETE,
     .writer = MST_WRITE_LINK,
     .table = "cmdb_rel_person",
     .columns = user_columns,
     .columns_n = MST_LEN(user_columns),
     .relationship = true},
};

static int op_person(struct mst_rule_ctx *ctx, const struct mst_value *v,
		     unsigned field MST_UNUSED, const void *arg,
		     struct mst_slice *out_r)
{
	return mst_op_text(ctx, v, U_ID, arg, out_r);
}

/* "DOMAIN\name" */
static int op_behind(struct mst_rule_ctx *ctx, const struct mst_value *v,
		     unsigned field, const void *arg, struct mst_slice *out_r)
{
	const char *bar;

	if (mst_op_text(ctx, v, field, arg, out_r) != 1)
		return 0;
	bar = memchr(out_r->p, '\\', out_r->n);
	if (!bar)
		return 0;
	*out_r = mst_slice(bar + 1, (size_t)(out_r->p + out_r->n - bar - 1));
	return 1;
}

static int op_mail(struct mst_rule_ctx *ctx, const struct mst_value *v,
		   unsigned field, const void *arg, struct mst_slice *out_r)
{
	return mst_op_text(ctx, v, field, arg, out_r) == 1 &&
	       memchr(out_r->p, '@', out_r->n) != NULL;
}

static enum mst_keep keep_user(struct mst_rule_ctx *ctx MST_UNUSED,
			       const struct mst_value *v,
			       struct mst_slice *why_r MST_UNUSED)
{
	if (v[U_WHY].type != MST_JSON_STRING)
		return MST_KEEP;
	return v[U_ID].type == MST_JSON_STRING ? MST_LEAVE : MST_DROP;
}

static bool refuse(struct mst_rule_ctx *ctx MST_UNUSED,
		   const struct mst_value *v, struct mst_slice *why_r)
{
	*why_r = MST_SLICE_LIT("hidden");
	return v[U_HIDDEN].type == MST_JSON_BOOL && v[U_HIDDEN].u.b;
}

static void make(const struct mst_value *v, struct mst_buf *out)
{
	for (unsigned i = 1; i <= 2; i++) {
		if (v[i].type == MST_JSON_STRING)
			(void)mst_buf_addf(out, "%s: %.*s;",
					   info_fields[i].name, (int)v[i].u.s.n,
					   v[i].u.s.p);
	}
}

static const struct mst_map_row app_rows[] = {
    {"text", A_TEXT, mst_op_text, NULL, "r"}};
static const struct mst_map_row user_rows[] = {
    {"ci", U_APP, mst_op_lower, NULL, "r"},
    {"user", U_ID, mst_op_text, NULL, "r"},
};

static const struct mst_mapping mappings[] = {
    {.set = "apps",
     .feeds = 1u << F_APPS,
     .key = mst_op_lower,
     .rows = app_rows,
     .rows_n = MST_LEN(app_rows)},
    {.set = "users",
     .feeds = 1u << F_USERS,
     .key = op_person,
     .group = mst_op_lower,
     .filter = keep_user,
     .rows = user_rows,
     .rows_n = MST_LEN(user_rows)},
};

static const struct mst_join joins[] = {
    {.feed = F_APPS,
     .from = F_INFO,
     .key = A_ID,
     .from_key = 0,
     .make = make,
     .make_to = A_TEXT},
    {.feed = F_USERS,
     .from = F_APPS,
     .key = U_APP,
     .from_key = A_ID,
     .copy = {{U_HIDDEN, A_HIDDEN}},
     .copy_n = 1},
};

static const struct mst_ask asks[] = {
    {"email", "email", op_mail},
    {"user name", "user_name", op_behind},
};

static const struct mst_lookup lookups[] = {
    {.set = "users",
     .what = "user",
     .feed = F_USERS,
     .field = U_NAME,
     .to = U_ID,
     .why = U_WHY,
     .table = "sys_user",
     .active = "active",
     .asks = asks,
     .asks_n = MST_LEN(asks),
     .refuse = refuse},
};

static const struct mst_catalog catalog = {
    .feeds = feeds,
    .feeds_n = MST_LEN(feeds),
    .sets = sets,
    .sets_n = MST_LEN(sets),
    .mappings = mappings,
    .mappings_n = MST_LEN(mappings),
    .joins = joins,
    .joins_n = MST_LEN(joins),
    .lookups = lookups,
    .lookups_n = MST_LEN(lookups),
};

/* "ID" or "ID,2": what is in front of the comma. */
static bool given(unsigned feed MST_UNUSED, unsigned field, const char *name,
		  char *buf, size_t buf_n, struct mst_slice *out_r)
{
	assert_int_equal(field, 0);
	(void)snprintf(buf, buf_n, "%s", name);
	*out_r = mst_slice(buf, strcspn(buf, ","));
	return out_r->n > 0;
}

static const struct mst_source_ops source = {
    .type = "people",
    .title = "People",
    .catalog = &catalog,
    .given = given,
    .envelope = "value",
    .more = "@odata.nextLink",
};

/* ---- the directory ------------------------------------------------------- */

static const struct {
	const char *column, *value, *made;
	uint8_t id;
	bool active;
} people[] = {
    {"email", "ann@x.test", "2024-01-01 00:00:00", 1, true},
    {"email", "bob@x.test", "2024-01-01 00:00:00", 2, false},
    {"email", "twin@x.test", "2024-02-01 00:00:00", 3, true},
    {"email", "twin@x.test", "2024-01-01 00:00:00", 4, true},
    {"email", "back@x.test", "2023-01-01 00:00:00", 5, false},
    {"email", "back@x.test", "2024-01-01 00:00:00", 6, true},
    {"user_name", "dora", "2024-01-01 00:00:00", 7, true},
};

static unsigned asked, questions;
static bool cut_off;
static uint64_t hidden;

static int find(void *ctx MST_UNUSED, struct mst_find *f,
		struct mst_err *err MST_UNUSED)
{
	assert_string_equal(f->table, "sys_user");
	assert_string_equal(f->active, "active");
	questions++;
	for (size_t i = 0; i < f->values_n; i++) {
		asked++;
		for (size_t k = 0; k < i; k++)
			assert_false(mst_slice_ieq(f->values[i], f->values[k]));
		if (mst_slice_is(f->values[i], "o^dd@x.test"))
			f->odd(f->ctx, i, "cannot be asked for");
		for (size_t p = 0; p < MST_LEN(people); p++) {
			struct mst_sysid id = {{0}};

			id.b[15] = people[p].id;
			if (strcmp(people[p].column, f->column) == 0 &&
			    mst_slice_iis(f->values[i], people[p].value))
				f->hit(f->ctx, i, &id, people[p].active,
				       mst_slice_str(people[p].made));
		}
	}
	f->whole = !cut_off;
	f->hidden = hidden;
	(void)snprintf(f->why, sizeof(f->why), "an ACL hides sys_user");
	return 0;
}

/* ---- a run --------------------------------------------------------------- */

static struct mst_recver *recver;
static struct mst_spool s;
static struct mst_job job;
static struct mst_delta *d;
static struct mst_err err;
static char told[4096];

static void take_skip(void *ctx MST_UNUSED, const char *set,
		      struct mst_slice key, struct mst_slice why)
{
	size_t n = strlen(told);

	assert_string_equal(set, "users");
	(void)snprintf(told + n, sizeof(told) - n, "%.*s: %.*s\n",
		       MST_SLICE_ARG(key), MST_SLICE_ARG(why));
}

static int set_up(void **state MST_UNUSED)
{
	err = (struct mst_err)MST_ERR_INIT;
	t_ok(mst_recver_mem.open(&(struct mst_recver_conf){0}, "here", true,
				 &recver, &err),
	     &err);
	job = (struct mst_job){
	    .name = "job", .source = &source, .catalog = &catalog};
	asked = questions = 0;
	cut_off = false;
	hidden = 0;
	told[0] = '\0';
	t_ok(mst_spool_make(&s, &source, fx_dir(), true, &err), &err);
	for (unsigned f = 0; f < F__N; f++) {
		s.feeds[f].present = true;
		s.feeds[f].proof.complete = true;
	}
	return 0;
}

static int tear_down(void **state MST_UNUSED)
{
	if (d)
		mst_delta_fini(d);
	free(d);
	d = NULL;
	mst_spool_fini(&s);
	mst_recver_mem.close(&recver);
	return 0;
}

static int run(unsigned threads)
{
	d = mst_alloc(sizeof(*d));
	*d = (struct mst_delta){
	    .job = &job,
	    .spool = &s,
	    .recver = recver,
	    .target = "t",
	    .threads = threads,
	    .dir = t_dir(),
	    .skip = take_skip,
	    .find = find,
	    .rules = {.catalog = job.catalog,
		      .connection = "here",
		      .now_us = 1732060800000000,
		      .seed = 7},
	};
	return mst_delta_run(d, &err);
}

static void page(unsigned feed, const char *name, const char *text)
{
	fx_add(&s, feed, name, text, MST_PART_PAGE, false);
}

static void users(const char *name, const char *text)
{
	page(F_USERS, name, text);
}

/* The records of a set that are to be made, "key=cells" a line each. */
static const char *inserts(const char *set)
{
	static char text[4096];
	const struct mst_set_delta *sd = mst_delta_set(d, set);

	(void)snprintf(text, sizeof(text), "%llu of %llu",
		       (unsigned long long)sd->inserts,
		       (unsigned long long)sd->read);
	return text;
}

static bool holds(const char *set, const char *what)
{
	const struct mst_set_delta *sd = mst_delta_set(d, set);
	char *p = mst_alloc(1u << 16);
	ssize_t n = pread(sd->changes.payload_fd, p, (1u << 16) - 1, 0);
	bool yes = n > 0 && memmem(p, (size_t)n, what, strlen(what));

	free(p);
	return yes;
}

/* ---- tests --------------------------------------------------------------- */

static void test_given_and_made(void **state MST_UNUSED)
{
	page(F_APPS, "x.json", "{'value':[{'id':1},{'id':'2'},{'id':3}]}");
	page(F_INFO, "1.json", "{'one':'a','two':'b','id':'2'}");
	page(F_INFO, "2,again.json", "{'value':[{'two':'c'}]}");
	t_ok(run(1), &err);
	assert_string_equal(inserts("apps"), "3 of 3");
	assert_true(holds("apps", "one: a;two: b;"));
	assert_true(holds("apps", "two: c;"));
	assert_int_equal(questions, 0);
}

static void test_people(void **state MST_UNUSED)
{
	page(F_APPS, "x.json",
	     "{'value':[{'id':'A'},{'id':'B'},{'id':'H','hidden':true}]}");
	users("A.json", "{'value':[{'name':'ann@x.test'},{'name':'Ann@X.test'},"
			"{'name':'bob@x.test'},{'name':'who@x.test'}]}");
	users("A,2.json", "{'value':[{'name':'TWIN@x.test'},"
			  "{'name':'back@x.test'},{'name':'pc\\\\dora'},"
			  "{'name':'plain'},{'name':null},{}]}");
	users("B.json", "{'value':[{'name':'ann@x.test'},{'name':'who@x.test'},"
			"{'name':'o^dd@x.test'}]}");
	users("H.json", "{'value':[{'name':'secret@x.test'},"
			"{'name':'ann@x.test'}]}");
	t_ok(run(3), &err);
	/* ann, back and dora in A, ann in B and H */
	assert_string_equal(inserts("users"), "5 of 15");
	assert_true(holds("users", "00000000000000000000000000000007"));
	assert_true(holds("users", "00000000000000000000000000000006"));
	assert_false(holds("users", "00000000000000000000000000000004"));
	assert_int_equal(questions, 2);
	assert_int_equal(asked, 7); /* six addresses, one name */
	assert_int_equal(mst_delta_set(d, "users")->skipped, 6);
	assert_non_null(strstr(told, "TWIN@x.test: 2 active users have this "
				     "email\n"));
	assert_non_null(strstr(told, "bob@x.test: the user with this email is "
				     "not active\n"));
	assert_non_null(strstr(told, "who@x.test: no user has it\n"));
	assert_non_null(strstr(told, "plain: no way of matching is for such a "
				     "name\n"));
	assert_non_null(strstr(told, "secret@x.test: hidden\n"));
	assert_non_null(strstr(told, "o^dd@x.test: cannot be asked for\n"));
	assert_null(strstr(told, "ann@"));
}

static void test_cut_off(void **state MST_UNUSED)
{
	page(F_APPS, "x.json", "{'value':[{'id':'A'}]}");
	users("A.json", "{'value':[{'name':'ann@x.test'}]}");
	cut_off = true;
	assert_int_equal(run(1), -MST_E_INCOMPLETE);
	assert_string_equal(err.msg,
			    "the users of the source cannot be looked up by "
			    "sys_user.email: an ACL hides sys_user; nothing "
			    "was written");
}

/* Who is not found may be one of them: nothing is missing then. */
static void test_hidden(void **state MST_UNUSED)
{
	page(F_APPS, "x.json", "{'value':[{'id':'A'}]}");
	users("A.json", "{'value':[{'name':'ann@x.test'}]}");
	hidden = 2;
	t_ok(run(1), &err);
	assert_false(mst_delta_set(d, "users")->proven);
	assert_true(mst_delta_set(d, "apps")->proven);
	assert_non_null(strstr(mst_delta_set(d, "users")->why,
			       "2 records of sys_user that fit by"));
}

static char seen[1024];

static int take_tag(void *worker MST_UNUSED, const struct mst_value *v,
		    struct mst_err *e MST_UNUSED)
{
	size_t n = strlen(seen);

	(void)snprintf(seen + n, sizeof(seen) - n, "%.*s",
		       v[0].type == MST_JSON_STRING ? (int)v[0].u.s.n : 0,
		       v[0].u.s.p);
	for (unsigned i = 1; i < 3; i++) {
		n = strlen(seen);
		if (v[i].type == MST_JSON_STRING)
			(void)snprintf(seen + n, sizeof(seen) - n, " %.*s",
				       (int)v[i].u.s.n, v[i].u.s.p);
		else if (v[i].type == MST_JSON_INT)
			(void)snprintf(seen + n, sizeof(seen) - n, " %d",
				       (int)v[i].u.i);
		else
			(void)snprintf(seen + n, sizeof(seen) - n, " -");
	}
	n = strlen(seen);
	(void)snprintf(seen + n, sizeof(seen) - n, ";");
	return 0;
}

/* Records in a list of other records: objects and texts, in pages and lines. */
static void test_nested(void **state MST_UNUSED)
{
	static const char *const want =
	    "a x -;a 5 -;a - one;b - -;b y -;f - two;";
	struct mst_read_stats stats;
	void *workers[1] = {NULL};
	struct mst_read read = {
	    .spool = &s,
	    .catalog = &catalog,
	    .feed = F_TAGS,
	    .threads = 1,
	    .workers = workers,
	    .record = take_tag,
	};

	for (int lines = 0; lines < 2; lines++) {
		seen[0] = '\0';
		mst_spool_drop(&s, F_APPS);
		if (lines)
			fx_add(&s, F_APPS, "x.json",
			       "{'id':'a','tags':['x',5,{'kind':'one'}]}\n"
			       "{'labels':[null,'y'],'id':'b'}\n"
			       "{'id':'c'}\n{'id':'d','tags':'x'}\n"
			       "{'id':'e','tags':[]}\n"
			       "{'tags':[{'id':'g','kind':'two'}],'id':'f'}\n",
			       MST_PART_LINES, true);
		else
			page(F_APPS, "x.json",
			     "{'value':["
			     "{'id':'a','tags':['x',5,{'kind':'one'}]},"
			     "{'labels':[null,'y'],'id':'b'},"
			     "{'id':'c'},{'id':'d','tags':'x'},"
			     "{'id':'e','tags':[]},"
			     "{'tags':[{'id':'g','kind':'two'}],'id':'f'}]}");
		mst_spool_nest(&s);
		assert_true(s.feeds[F_TAGS].present);
		t_ok(mst_read_feed(&read, &stats, &err), &err);
		assert_string_equal(seen, want);
		assert_int_equal(stats.records, 6);
	}
}

/* A set that nobody wants needs no answers. */
static void test_not_wanted(void **state MST_UNUSED)
{
	const char *only[] = {"none"};

	job.conf.relationships = (struct mst_opt_list){only, 1};
	page(F_APPS, "x.json", "{'value':[{'id':'A'}]}");
	users("A.json", "{'value':[{'name':'ann@x.test'}]}");
	t_ok(run(1), &err);
	assert_int_equal(questions, 0);
	assert_false(mst_delta_set(d, "users")->selected);
}

static void test_too_much(void **state MST_UNUSED)
{
	size_t kept = mst_enrich_bytes;

	page(F_APPS, "x.json", "{'value':[{'id':'A'}]}");
	users("A.json", "{'value':[{'name':'ann@x.test'},"
			"{'name':'bob@x.test'},{'name':'c@x.test'}]}");
	mst_enrich_bytes = 300;
	assert_int_equal(run(1), -MST_E_INVALID);
	mst_enrich_bytes = kept;
	assert_non_null(strstr(err.msg, "distinct names"));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    T(test_given_and_made), T(test_people),	T(test_cut_off),
	    T(test_hidden),	    T(test_not_wanted), T(test_too_much),
	    T(test_nested),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
