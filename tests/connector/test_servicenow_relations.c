/* SPDX-License-Identifier: Apache-2.0
 *
 * What people are to applications: rows of cmdb_rel_person, and their type.
 */
#include "sn_apps.h"

#include <stdio.h>
#include <string.h>

#define A1  "000000000000000000000000000000a1"
#define A2  "000000000000000000000000000000a2"
#define U1  "00000000000000000000000000000011"
#define U2  "00000000000000000000000000000012"
#define U3  "00000000000000000000000000000013"
#define GET "GET /api/now/table/cmdb_rel_person?"

/* ---- the type of relations ----------------------------------------------- */

static const char *type_of(struct fake *f, const char *name)
{
	return fake_get(fake_find(f, RELATION, "name", name), "sys_id");
}

static void test_the_type_is_there(void **state)
{
	struct fake *f = *state;

	fake_open(f);
	sn_apps_type(f, "Uses");
	t_ok(sn_apps_prepare(f), &f->err);
	assert_string_equal(f->notes, "");
	assert_int_equal(fake_asked(f, "GET /api/now/table/cmdb_rel_user_type"),
			 1);
	assert_int_equal(fake_asked(f, "GET /api/now/cmdb/meta/"
				       "cmdb_ci_business_app"),
			 1);
	assert_int_equal(fake_asked(f, "POST"), 0);
}

static void test_the_type_is_not_there(void **state)
{
	struct fake *f = *state;

	fake_open(f);
	sn_apps_type(f, "Owns");
	t_failed(sn_apps_prepare(f), &f->err, MST_E_UNSUPPORTED,
		 "no user relationship type \"Uses\"");
	assert_non_null(strstr(f->err.msg, "muster connection setup cmdb"));
	assert_int_equal(fake_asked(f, "POST"), 0);
}

/* Who does not relate people needs no type. */
static void test_apps_alone(void **state)
{
	static const char *const names[] = {APPS, NULL};
	struct fake *f = *state;

	fake_open(f);
	t_ok(mst_dest_servicenow.prepare(f->d, names, &f->err), &f->err);
	t_ok(fake_pump(f), &f->err);
	assert_int_equal(fake_asked(f, "GET /api/now/table/cmdb_rel"), 0);
}

static void test_the_type_in_another_case_and_twice(void **state)
{
	struct fake *f = *state;
	struct mst_sysid exact;
	uint64_t c;

	fake_open(f);
	sn_apps_type(f, "USES");
	exact = fake_id(sn_apps_type(f, "Uses"));
	sn_apps_type(f, "Uses");
	t_ok(sn_apps_prepare(f), &f->err);
	assert_non_null(strstr(f->notes, "3 records for \"Uses\""));
	fake_begin(f, USERS);
	c = fake_offer(f, USERS,
		       (struct fake_change){.action = MST_INSERT,
					    .key = U1,
					    .parent = fake_nr(0xa1)},
		       "user", U1, "type", "Uses", NULL);
	fake_end(f);
	fake_is(f, c, MST_VERDICT_APPLIED, NULL);
	assert_memory_equal(
	    &exact,
	    fake_id(fake_get(fake_find(f, PERSON, "user", U1), "type")).b,
	    sizeof(exact));
}

static bool on_type(struct fake *f, struct fake_sub *s)
{
	if (!mst_slice_ifind(s->url, RELATION))
		return false;
	if (f->n == 1) {
		s->status = 403;
		mst_buf_adds(&s->out,
			     "{\"error\":{\"message\":\"User Not Authorized\","
			     "\"detail\":\"Failed API level ACL\"}}");
	} else {
		s->status = 200;
		mst_buf_adds(&s->out, "{\"result\":[{\"sys_id\":\"" A1
				      "\",\"name\":\"Owns\"}]}");
	}
	return true;
}

static void test_the_type_cannot_be_read(void **state)
{
	struct fake *f = *state;

	fake_open(f);
	sn_apps_type(f, "Uses");
	f->on_sub = on_type;
	f->n = 1;
	t_failed(sn_apps_prepare(f), &f->err, MST_E_FORBIDDEN,
		 "let the user read that table");
}

/* A dropped clause brings types that nobody asked for. */
static void test_the_query_for_the_type_is_widened(void **state)
{
	struct fake *f = *state;

	fake_open(f);
	f->on_sub = on_type;
	t_failed(sn_apps_prepare(f), &f->err, MST_E_FORBIDDEN,
		 "cannot be asked for a name");
}

static void test_the_setting(void **state)
{
	struct fake *f = *state;
	const struct mst_mapping *m;

	fake_setting(f, "user_relation_type", "Owns");
	fake_open(f);
	m = &f->catalog->mappings[1];
	assert_int_equal(m->rows_n, 2);
	assert_string_equal(m->rows[1].column, "type");
	assert_string_equal(m->rows[1].rule, "servicenow.user_relation");
	assert_string_equal(m->rows[1].arg, "Owns");
	sn_apps_type(f, "Uses");
	t_failed(sn_apps_prepare(f), &f->err, MST_E_UNSUPPORTED, "\"Owns\"");
}

static void test_a_setting_that_is_syntax(void **state)
{
	struct fake *f = *state;
	struct mst_dest_env env = {.connection = "cmdb"};

	fake_setting(f, "user_relation_type", "Uses^x=1");
	t_failed(mst_dest_servicenow.open(&env, &f->conf, &f->d, &f->err),
		 &f->err, MST_E_INVALID, "user_relation_type");
	assert_null(f->d);
}

/* ---- who uses what ------------------------------------------------------- */

static uint64_t uses(struct fake *f, enum mst_action action, const char *app,
		     const char *user, bool may_exist)
{
	return fake_offer(f, USERS,
			  (struct fake_change){.action = action,
					       .key = user,
					       .parent = fake_id(app),
					       .may_exist = may_exist},
			  "user", user, "type", "Uses", NULL);
}

static const char *row(struct fake *f, const char *app, const char *user,
		       const char *type)
{
	return fake_add(f, PERSON, "ci", app, "user", user, "type",
			*type ? type_of(f, type) : "", NULL);
}

static void test_insert(void **state)
{
	struct fake *f = *state;
	uint64_t c;

	sn_apps_ready(f);
	fake_begin(f, USERS);
	c = uses(f, MST_INSERT, A1, U1, false);
	fake_end(f);
	fake_is(f, c, MST_VERDICT_APPLIED, NULL);
	assert_true(fake_verdict(f, c)->v.inserted);
	fake_golden(f->subs[0], "relation-insert.txt");
}

/* Another one's row about the same two does not count. */
static void test_rows_of_another_type(void **state)
{
	struct fake *f = *state;
	uint64_t there, owned, nothing, other_app;

	sn_apps_ready(f);
	row(f, A1, U1, "Uses");
	row(f, A1, U2, "Owns");
	row(f, A1, U3, "");
	row(f, A2, "00000000000000000000000000000014", "Uses");
	fake_begin(f, USERS);
	there = uses(f, MST_INSERT, A1, U1, true);
	owned = uses(f, MST_INSERT, A1, U2, true);
	nothing = uses(f, MST_INSERT, A1, U3, true);
	other_app =
	    uses(f, MST_INSERT, A1, "00000000000000000000000000000014", true);
	fake_end(f);
	fake_is(f, there, MST_VERDICT_UNCHANGED, NULL);
	fake_is(f, owned, MST_VERDICT_APPLIED, NULL);
	fake_is(f, nothing, MST_VERDICT_APPLIED, NULL);
	fake_is(f, other_app, MST_VERDICT_APPLIED, NULL);
	assert_true(fake_verdict(f, owned)->v.inserted);
	assert_int_equal(fake_count(f, PERSON), 7);
	fake_golden(f->subs[0], "relation-look.txt");
}

static void test_delete(void **state)
{
	struct fake *f = *state;
	struct fake_change c = {.action = MST_DELETE, .parent = fake_id(A1)};
	uint64_t known, by_key, gone, owned;

	sn_apps_ready(f);
	c.remote = fake_id(row(f, A1, U1, "Uses"));
	row(f, A1, U2, "Owns");
	row(f, A1, U2, "Uses");
	row(f, A1, U3, "Owns");
	fake_begin(f, USERS);
	c.key = U1;
	known = fake_offer(f, USERS, c, NULL);
	c.remote = fake_nr(0);
	c.key = U2;
	by_key = fake_offer(f, USERS, c, NULL);
	c.key = U3;
	owned = fake_offer(f, USERS, c, NULL);
	c.key = "000000000000000000000000000000ff";
	c.remote = fake_nr(0x999);
	gone = fake_offer(f, USERS, c, NULL);
	fake_end(f);
	fake_is(f, known, MST_VERDICT_APPLIED, NULL);
	fake_is(f, by_key, MST_VERDICT_APPLIED, NULL);
	fake_is(f, owned, MST_VERDICT_UNCHANGED, NULL);
	fake_is(f, gone, MST_VERDICT_UNCHANGED, NULL);
	assert_int_equal(fake_count(f, PERSON), 2);
	assert_null(fake_find(f, PERSON, "type", type_of(f, "Uses")));
	/* There is no other table that such links could be in. */
	assert_int_equal(fake_asked(f, "DELETE /api/now/table/cmdb_software"),
			 0);
	assert_int_equal(fake_asked(f, "DELETE /api/now/table/cmdb_sam"), 0);
}

/* The setting named another type when it was delivered. */
static void test_the_type_changes(void **state)
{
	struct fake *f = *state;
	struct mst_sysid id;
	uint64_t c;

	fake_setting(f, "user_relation_type", "Owns");
	sn_apps_ready(f);
	id = fake_id(row(f, A1, U1, "Uses"));
	fake_begin(f, USERS);
	c = fake_offer(f, USERS,
		       (struct fake_change){.action = MST_UPDATE,
					    .key = U1,
					    .parent = fake_id(A1),
					    .remote = id},
		       "user", U1, "type", "Owns", NULL);
	fake_end(f);
	fake_is(f, c, MST_VERDICT_APPLIED, NULL);
	assert_int_equal(fake_count(f, PERSON), 1);
	t_is(mst_slice_str(fake_get(fake_find(f, PERSON, "user", U1), "type")),
	     type_of(f, "Owns"));
}

/* A row without a type would be nobody's. */
static void test_nothing_is_written_without_the_type(void **state)
{
	struct fake *f = *state;
	uint64_t c, bare;

	fake_open(f);
	fake_begin(f, USERS);
	c = uses(f, MST_INSERT, A1, U1, false);
	bare = fake_offer(f, USERS,
			  (struct fake_change){.action = MST_INSERT,
					       .key = U2,
					       .parent = fake_id(A1)},
			  "user", U2, NULL);
	fake_end(f);
	fake_is(f, c, MST_VERDICT_REFUSED, "user_relation_type \"Uses\"");
	fake_is(f, bare, MST_VERDICT_REFUSED, "user_relation_type");
	assert_int_equal(f->subs_n, 0);
}

/* A mapping of somebody's own names another type than the setting. */
static void test_a_type_that_was_not_looked_for(void **state)
{
	struct fake *f = *state;
	uint64_t c;

	sn_apps_ready(f);
	fake_begin(f, USERS);
	c = fake_offer(f, USERS,
		       (struct fake_change){.action = MST_INSERT,
					    .key = U1,
					    .parent = fake_id(A1)},
		       "user", U1, "type", "Owns", NULL);
	fake_end(f);
	fake_is(f, c, MST_VERDICT_REFUSED, "user_relation_type \"Owns\"");
	assert_int_equal(fake_count(f, PERSON), 0);
}

static bool commits_500(struct fake *f, struct fake_sub *s)
{
	if (strcmp(s->method, "POST") != 0 || f->n-- <= 0)
		return false;
	row(f, A1, U1, "Uses");
	s->status = 500;
	return true;
}

static void test_uncertain_post_is_looked_up(void **state)
{
	struct fake *f = *state;
	uint64_t c;

	sn_apps_ready(f);
	row(f, A1, U1, "Owns");
	f->on_sub = commits_500;
	f->n = 1;
	fake_begin(f, USERS);
	c = uses(f, MST_INSERT, A1, U1, false);
	fake_end(f);
	fake_is(f, c, MST_VERDICT_APPLIED, NULL);
	assert_true(fake_verdict(f, c)->v.inserted);
	assert_int_equal(fake_asked(f, "POST"), 1);
	assert_int_equal(fake_count(f, PERSON), 2);
}

/* What rights hide must not be made a second time. */
static void test_hidden_columns(void **state)
{
	static const char *const columns[] = {"user", "type", "ci"};
	struct fake *f = *state;
	uint64_t c;

	sn_apps_ready(f);
	row(f, A1, U1, "Uses");
	for (size_t i = 0; i < MST_LEN(columns); i++) {
		f->hidden = columns[i];
		fake_begin(f, USERS);
		c = uses(f, MST_INSERT, A1, U1, true);
		fake_end(f);
		fake_is(f, c, MST_VERDICT_REFUSED, "hidden by an ACL");
	}
	f->hidden = NULL;
	assert_int_equal(fake_count(f, PERSON), 1);
	assert_int_equal(fake_asked(f, "POST"), 0);
}

/* An application that thousands use, of whom a few change. */
static void test_many_users(void **state)
{
	struct fake *f = *state;
	char hex[33];
	uint64_t c[120];

	sn_apps_ready(f);
	for (unsigned i = 0; i < 3000; i++) {
		snprintf(hex, sizeof(hex), "%032x", 0x10000 + i);
		row(f, A1, hex, "Uses");
	}
	fake_begin(f, USERS);
	for (unsigned i = 0; i < 120; i++) {
		snprintf(hex, sizeof(hex), "%032x", 0x10000 + 2940 + i);
		c[i] = uses(f, MST_INSERT, A1, hex, true);
	}
	fake_end(f);
	for (unsigned i = 0; i < 120; i++)
		fake_is(f, c[i],
			i < 60 ? MST_VERDICT_UNCHANGED : MST_VERDICT_APPLIED,
			NULL);
	assert_int_equal(fake_count(f, PERSON), 3060);
	/* a hundred in a list, a second page where somebody was found */
	assert_true(fake_asked(f, GET) <= 4);
}

struct child {
	unsigned n;
	char keys[256];
	char why[200];
};

static void on_child(void *ctx, uint64_t tag, const struct mst_sysid *id,
		     struct mst_slice key, const char *why)
{
	struct child *c = ctx;
	size_t n = strlen(c->keys);

	assert_int_equal(tag, 7);
	if (id) {
		c->n++;
		snprintf(c->keys + n, sizeof(c->keys) - n, "%.*s ",
			 MST_SLICE_ARG(key));
	} else if (why) {
		snprintf(c->why, sizeof(c->why), "%s", why);
	}
}

static void test_children(void **state)
{
	struct fake *f = *state;
	const struct mst_set *set;
	struct mst_sysid parent = fake_id(A1);
	struct child c = {0};

	sn_apps_ready(f);
	set = mst_catalog_set(f->catalog, USERS);
	row(f, A1, U1, "Uses");
	row(f, A1, U2, "Owns");
	row(f, A2, U2, "Uses");
	row(f, A1, U3, "Uses");
	t_ok(mst_dest_servicenow.children(f->d, set, 7, mst_slice(NULL, 0),
					  &parent, on_child, &c, &f->err),
	     &f->err);
	t_ok(fake_pump(f), &f->err);
	assert_int_equal(c.n, 2);
	assert_string_equal(c.keys, U1 " " U3 " ");
	assert_string_equal(c.why, "");
	f->hidden = "type";
	c = (struct child){0};
	t_ok(mst_dest_servicenow.children(f->d, set, 7, mst_slice(NULL, 0),
					  &parent, on_child, &c, &f->err),
	     &f->err);
	t_ok(fake_pump(f), &f->err);
	assert_int_equal(c.n, 0);
	assert_non_null(strstr(c.why, "hidden by an ACL"));
}

struct read_back {
	bool found[4];
	char texts[4][400];
};

static void on_row(void *ctx, uint64_t tag, bool found,
		   const struct mst_sysid *id, const struct mst_slice *columns)
{
	struct read_back *r = ctx;
	size_t n = 0;

	(void)id;
	r->found[tag] = found;
	for (size_t i = 0; found && i < 3; i++)
		n += (size_t)snprintf(r->texts[tag] + n,
				      sizeof(r->texts[tag]) - n, "%.*s ",
				      MST_SLICE_ARG(columns[i]));
}

static void test_reading_back(void **state)
{
	const struct mst_dest_ops *ops = &mst_dest_servicenow;
	struct fake *f = *state;
	const struct mst_set *set;
	struct mst_sysid parent = fake_id(A1), none = fake_nr(0), id;
	struct read_back r = {0};

	sn_apps_ready(f);
	set = mst_catalog_set(f->catalog, USERS);
	row(f, A1, U1, "Owns");
	row(f, A1, U1, "Uses");
	row(f, A1, U2, "Owns");
	row(f, A2, U3, "Uses");
	id = fake_id(row(f, A1, "00000000000000000000000000000014", "Owns"));
	ops->on_row(f->d, on_row, &r);
	t_ok(ops->read(f->d, set, 0, &none, mst_slice(NULL, 0),
		       MST_SLICE_LIT(U1), &parent, &f->err),
	     &f->err);
	t_ok(ops->read(f->d, set, 1, &none, mst_slice(NULL, 0),
		       MST_SLICE_LIT(U2), &parent, &f->err),
	     &f->err);
	t_ok(ops->read(f->d, set, 2, &none, mst_slice(NULL, 0),
		       MST_SLICE_LIT(U3), &parent, &f->err),
	     &f->err);
	t_ok(ops->read(f->d, set, 3, &id, mst_slice(NULL, 0),
		       MST_SLICE_LIT("00000000000000000000000000000014"),
		       &parent, &f->err),
	     &f->err);
	t_ok(fake_pump(f), &f->err);
	assert_true(r.found[0]);
	assert_string_equal(r.texts[0], A1 " " U1 " Uses ");
	assert_false(r.found[1]);
	assert_false(r.found[2]);
	/* Ours by its sys_id: somebody gave it another type. */
	assert_true(r.found[3]);
	assert_false(ops->same(f->d, &set->columns[2], MST_SLICE_LIT("Uses"),
			       MST_SLICE_LIT("Owns")));
	assert_true(ops->same(f->d, &set->columns[2], MST_SLICE_LIT("Uses"),
			      MST_SLICE_LIT("uses")));
}

#define T(fn)                                                                  \
	cmocka_unit_test_setup_teardown(fn, sn_apps_setup, sn_apps_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_the_type_is_there),
	    T(test_the_type_is_not_there),
	    T(test_apps_alone),
	    T(test_the_type_in_another_case_and_twice),
	    T(test_the_type_cannot_be_read),
	    T(test_the_query_for_the_type_is_widened),
	    T(test_the_setting),
	    T(test_a_setting_that_is_syntax),
	    T(test_insert),
	    T(test_rows_of_another_type),
	    T(test_delete),
	    T(test_the_type_changes),
	    T(test_nothing_is_written_without_the_type),
	    T(test_a_type_that_was_not_looked_for),
	    T(test_uncertain_post_is_looked_up),
	    T(test_hidden_columns),
	    T(test_many_users),
	    T(test_children),
	    T(test_reading_back),
	};

	return cmocka_run_group_tests_name("servicenow relations", tests, NULL,
					   NULL);
}
