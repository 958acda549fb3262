/* SPDX-License-Identifier: Apache-2.0
 *
 * Users, sessions, tokens and approvals in the state store, and their audit.
 */
#include "state_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#define MINUTE 60000000ll

struct list {
	char text[4096];
};

MST_PRINTF(2, 3) static void add(struct list *l, const char *fmt, ...)
{
	size_t n = strlen(l->text);
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(l->text + n, sizeof(l->text) - n, fmt, ap);
	va_end(ap);
}

static int add_entry(void *ctx, const struct mst_audit_entry *e)
{
	add(ctx, "%s %s %s %s;", e->user, e->kind, e->name, e->what);
	assert_null(strstr(e->before, "not-a-real-hash"));
	assert_null(strstr(e->after, "not-a-real-hash"));
	return 0;
}

static void assert_audit(const char *want)
{
	const struct mst_audit_filter f = {.n = 100};
	struct mst_audit_check c;
	struct list l = {""};

	t_ok(mst_state_audit(s, &f, add_entry, &l, &err), &err);
	assert_string_equal(l.text, want);
	t_ok(mst_audit_verify(s, NULL, &c, &err), &err);
	assert_int_equal(c.bad_id, 0);
}

static int add_user(void *ctx, const struct mst_user *u)
{
	add(ctx, "%s %s %s%s %d%s%s;", u->name, u->full_name,
	    mst_role_name(u->role), u->disabled ? " disabled" : "", u->failures,
	    u->locked_us == MST_TIME_NONE ? "" : " locked",
	    u->seen_us == MST_TIME_NONE ? "" : " seen");
	return 0;
}

static void assert_users(const char *want)
{
	struct list l = {""};

	t_ok(mst_users(s, add_user, &l, &err), &err);
	assert_string_equal(l.text, want);
}

static struct mst_user user(const char *name, enum mst_role role)
{
	return (struct mst_user){.name = name,
				 .full_name = "Full",
				 .role = role,
				 .hash = "not-a-real-hash",
				 .locked_us = MST_TIME_NONE,
				 .changed_us = T0,
				 .seen_us = MST_TIME_NONE};
}

static void add_one(const char *name, enum mst_role role)
{
	const struct mst_user u = user(name, role);

	t_ok(mst_user_add(s, &u, &err), &err);
}

static void test_roles(void **state)
{
	enum mst_role r = MST_ROLE__MAX;

	assert_true(mst_role_parse(mst_slice_str("auditor"), &r));
	assert_int_equal(r, MST_ROLE_AUDITOR);
	assert_false(mst_role_parse(mst_slice_str("root"), &r));
	assert_string_equal(mst_role_name(MST_ROLE_OPERATOR), "operator");
}

static void test_users(void **state)
{
	struct mst_user u = user("ann", MST_ROLE_ADMINISTRATOR);
	struct list l = {""};
	struct mst_user was;
	bool found = false;
	int n = 0;

	mst_state_actor_set(s, "setup", "cli", "");
	t_ok(mst_user_add(s, &u, &err), &err);
	t_failed(mst_user_add(s, &u, &err), &err, MST_E_CONFLICT,
		 "there is a user 'ann' already");
	add_one("bob", MST_ROLE_VIEWER);
	assert_users("ann Full administrator 0;bob Full viewer 0;");
	t_ok(mst_user_administrators(s, &n, &err), &err);
	assert_int_equal(n, 1);
	u.seen_us = T0;
	t_ok(mst_user_put(s, &u, NULL, &err), &err); /* not in the audit */
	u.full_name = "Ann A.";
	t_ok(mst_user_put(s, &u, NULL, &err), &err);
	u.hash = "not-a-real-hash-2";
	t_ok(mst_user_put(s, &u, NULL, &err), &err);
	assert_users("ann Ann A. administrator 0 seen;bob Full viewer 0;");
	was = u;
	u.hash = "not-a-real-hash-3";
	t_ok(mst_user_put(s, &u, &was, &err), &err);
	u.role = MST_ROLE_VIEWER; /* who read it before that */
	t_failed(mst_user_put(s, &u, &was, &err), &err, MST_E_CONFLICT,
		 "the user 'ann' was changed meanwhile");
	u.role = MST_ROLE_ADMINISTRATOR;
	u.name = "eve";
	t_failed(mst_user_put(s, &u, NULL, &err), &err, MST_E_NOTFOUND,
		 "there is no user 'eve'");
	t_ok(mst_user_find(s, "bob", add_user, &l, &found, &err), &err);
	assert_true(found);
	assert_string_equal(l.text, "bob Full viewer 0;");
	t_ok(mst_user_find(s, "eve", add_user, &l, &found, &err), &err);
	assert_false(found);
	t_failed(mst_user_remove(s, "ann", &err), &err, MST_E_CONFLICT,
		 "'ann' is the last administrator");
	t_failed(mst_user_remove(s, "eve", &err), &err, MST_E_NOTFOUND, "eve");
	t_ok(mst_user_remove(s, "bob", &err), &err);
	assert_users("ann Ann A. administrator 0 seen;");
	assert_audit("setup user bob remove;setup user ann password;setup user "
		     "ann password;"
		     "setup user ann set;setup user bob add;"
		     "setup user ann add;");
}

static void test_subject(void **state)
{
	struct mst_user u = user("ann", MST_ROLE_VIEWER);
	struct list l = {""};
	bool found = false;

	u.oidc_issuer = "https://issuer.example";
	u.oidc_subject = "s1";
	t_ok(mst_user_add(s, &u, &err), &err);
	add_one("bob", MST_ROLE_VIEWER);
	add_one("cid", MST_ROLE_VIEWER);
	t_ok(mst_user_find_subject(s, "https://issuer.example", "s1", add_user,
				   &l, &found, &err),
	     &err);
	assert_true(found);
	assert_string_equal(l.text, "ann Full viewer 0;");
	t_ok(mst_user_find_subject(s, "https://other.example", "s1", add_user,
				   &l, &found, &err),
	     &err);
	assert_false(found);
}

static void test_tried(void **state)
{
	add_one("ann", MST_ROLE_ADMINISTRATOR);
	for (int i = 0; i < 2; i++)
		t_ok(mst_user_tried(s, "ann", false, T0, 3, MINUTE, &err),
		     &err);
	assert_users("ann Full administrator 2;");
	t_ok(mst_user_tried(s, "ann", false, T0, 3, MINUTE, &err), &err);
	assert_users("ann Full administrator 3 locked;");
	t_ok(mst_user_tried(s, "ann", true, T0 + 2 * MINUTE, 3, MINUTE, &err),
	     &err);
	assert_users("ann Full administrator 0 seen;");
	t_failed(mst_user_tried(s, "eve", false, T0, 3, MINUTE, &err), &err,
		 MST_E_NOTFOUND, "eve");
	t_failed(mst_user_tried(s, "eve", true, T0, 3, MINUTE, &err), &err,
		 MST_E_NOTFOUND, "eve");
}

/* ---- sessions ------------------------------------------------------------ */

static int add_session(void *ctx, const struct mst_user_session *v)
{
	add(ctx, "%u %s %s %s %lld;", v->id[0], v->user, v->csrf, v->address,
	    (long long)(v->ends_us - T0) / MINUTE);
	return 0;
}

static void assert_sessions(const char *user_name, const char *want)
{
	struct list l = {""};

	t_ok(mst_sessions(s, user_name, add_session, &l, &err), &err);
	assert_string_equal(l.text, want);
}

static void begin_session(unsigned char id, const char *who)
{
	struct mst_user_session v = {.id = {id},
				     .user = who,
				     .csrf = "c",
				     .address = "10.0.0.1",
				     .agent = "browser",
				     .created_us = mst_now_us(),
				     .seen_us = mst_now_us(),
				     .ends_us = mst_now_us() + 30 * MINUTE};

	t_ok(mst_session_put(s, &v, &err), &err);
}

static void test_sessions(void **state)
{
	const unsigned char one[32] = {1}, two[32] = {2}, three[32] = {3};
	struct list l = {""};
	bool found = false;

	add_one("ann", MST_ROLE_ADMINISTRATOR);
	begin_session(1, "ann");
	begin_session(2, "ann");
	begin_session(3, "ann");
	begin_session(4, "bob");
	t_ok(mst_session_find(s, one, add_session, &l, &found, &err), &err);
	assert_true(found);
	assert_string_equal(l.text, "1 ann c 10.0.0.1 30;");
	t_ok(mst_session_seen(s, one, T0 + MINUTE, T0 + 31 * MINUTE, &err),
	     &err);
	assert_sessions("ann", "1 ann c 10.0.0.1 31;2 ann c 10.0.0.1 30;"
			       "3 ann c 10.0.0.1 30;");
	mst_state_actor_set(s, "ann", "console", "10.0.0.1");
	t_ok(mst_session_remove(s, one, "ann", NULL, &err), &err);
	t_ok(mst_session_find(s, one, add_session, &l, &found, &err), &err);
	assert_false(found);
	t_ok(mst_session_remove(s, NULL, "ann", two, &err), &err);
	assert_sessions("ann", "2 ann c 10.0.0.1 30;");
	t_ok(mst_session_remove(s, three, "ann", NULL, &err), &err);
	t_ok(mst_session_remove(s, NULL, "ann", NULL, &err), &err);
	assert_sessions("ann", "");
	assert_sessions("bob", "4 bob c 10.0.0.1 30;");
	/* What has ended goes when another begins. */
	t_clock_set(T0 + 40 * MINUTE);
	begin_session(5, "bob");
	assert_sessions("bob", "5 bob c 10.0.0.1 70;");
}

static void test_sessions_audit(void **state)
{
	const unsigned char one[32] = {1};

	mst_state_actor_set(s, "setup", "cli", "");
	add_one("ann", MST_ROLE_ADMINISTRATOR);
	t_ok(mst_user_tried(s, "ann", false, T0, 3, MINUTE, &err), &err);
	begin_session(1, "ann");
	t_ok(mst_session_remove(s, one, "ann", NULL, &err), &err);
	assert_audit("setup session ann sign-out;ann session ann sign-in;"
		     "ann session ann refused;setup user ann add;");
}

/* ---- tokens -------------------------------------------------------------- */

static int add_token(void *ctx, const struct mst_token *t)
{
	add(ctx, "%s %s %s %u %u%s%s;", t->id, t->name, t->user, t->hash[0],
	    t->scopes, t->ends_us == MST_TIME_NONE ? "" : " ends",
	    t->seen_us == MST_TIME_NONE ? "" : " seen");
	return 0;
}

static void assert_tokens(const char *user_name, const char *want)
{
	struct list l = {""};

	t_ok(mst_tokens(s, user_name, add_token, &l, &err), &err);
	assert_string_equal(l.text, want);
}

static void test_tokens(void **state)
{
	struct mst_token t = {.id = "tok_1",
			      .name = "ci",
			      .user = "ann",
			      .hash = {7},
			      .scopes = 3,
			      .ends_us = T0 + MINUTE,
			      .seen_us = MST_TIME_NONE};
	const unsigned char seven[32] = {7}, nine[32] = {9};
	struct list l = {""};
	bool found = false;

	mst_state_actor_set(s, "ann", "console", "");
	add_one("ann", MST_ROLE_ADMINISTRATOR);
	add_one("bob", MST_ROLE_ADMINISTRATOR);
	t_ok(mst_token_add(s, &t, &err), &err);
	t.hash[0] = 8;
	t.id = "tok_2";
	t_failed(mst_token_add(s, &t, &err), &err, MST_E_CONFLICT,
		 "'ann' has a token 'ci' already");
	t.user = "bob";
	t.ends_us = MST_TIME_NONE;
	t_ok(mst_token_add(s, &t, &err), &err);
	t_ok(mst_token_seen(s, "tok_2", T0, &err), &err);
	assert_tokens(NULL, "tok_1 ci ann 7 3 ends;tok_2 ci bob 8 3 seen;");
	assert_tokens("ann", "tok_1 ci ann 7 3 ends;");
	t_ok(mst_token_find(s, seven, add_token, &l, &found, &err), &err);
	assert_true(found);
	assert_string_equal(l.text, "tok_1 ci ann 7 3 ends;");
	t_ok(mst_token_find(s, nine, add_token, &l, &found, &err), &err);
	assert_false(found);
	t_ok(mst_token_remove(s, "tok_1", &err), &err);
	t_failed(mst_token_remove(s, "tok_1", &err), &err, MST_E_NOTFOUND,
		 "there is no token 'tok_1'");
	/* With the user go the tokens and sessions. */
	begin_session(1, "bob");
	t_ok(mst_user_remove(s, "bob", &err), &err);
	assert_tokens(NULL, "");
	assert_sessions("bob", "");
	assert_audit("ann user bob remove;bob session bob sign-in;"
		     "ann token ann/ci remove;ann token bob/ci add;"
		     "ann token ann/ci add;ann user bob add;ann user ann add;");
}

/* ---- approvals ----------------------------------------------------------- */

static int add_approval(void *ctx, const struct mst_approval *a)
{
	add(ctx, "%lld %s %s %s %s %s %s %lld;", (long long)a->id, a->state,
	    a->what, a->needs, a->asked_by, a->decided_by, a->why,
	    (long long)a->task);
	return 0;
}

static void assert_approvals(const char *state, const char *want)
{
	struct list l = {""};

	t_ok(mst_approvals(s, state, 0, 10, add_approval, &l, &err), &err);
	assert_string_equal(l.text, want);
}

static void test_approvals(void **state)
{
	const struct mst_approval a = {.what = "run main",
				       .needs = "operate",
				       .request = "{}",
				       .asked_by = "ann",
				       .task = 4,
				       .ends_us = T0 + MINUTE};
	struct list l = {""};
	int64_t id = 0;

	mst_state_actor_set(s, "ann", "console", "");
	t_ok(mst_approval_add(s, &a, &id, &err), &err);
	t_failed(mst_approval_decide(s, id, "approved", "ann", "", T0, &err),
		 &err, MST_E_CONFLICT, "'ann' asked for this");
	t_ok(mst_approval_decide(s, id, "approved", "bob", "fine", T0, &err),
	     &err);
	t_failed(mst_approval_decide(s, id, "rejected", "cid", "", T0, &err),
		 &err, MST_E_CONFLICT, "it is approved by bob");
	t_ok(mst_approval_add(s, &a, &id, &err), &err);
	assert_approvals("waiting", "2 waiting run main operate ann   4;");
	/* Who asked may take it back. */
	t_ok(mst_approval_decide(s, id, "rejected", "ann", "no", T0, &err),
	     &err);
	t_ok(mst_approval_add(s, &a, &id, &err), &err);
	t_ok(mst_approval_decide(s, id, "expired", "", "", T0, &err), &err);
	assert_approvals(NULL, "3 expired run main operate ann   4;"
			       "2 rejected run main operate ann ann no 4;"
			       "1 approved run main operate ann bob fine 4;");
	t_ok(mst_approval(s, 1, add_approval, &l, &err), &err);
	t_failed(mst_approval_decide(s, 9, "approved", "bob", "", T0, &err),
		 &err, MST_E_NOTFOUND, "approval 9");
	assert_audit("ann approval 3 expired;ann approval 3 ask;"
		     "ann approval 2 rejected;ann approval 2 ask;"
		     "bob approval 1 approved;ann approval 1 ask;");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, state_set_up, state_tear_down)
	const struct CMUnitTest tests[] = {
	    T(test_roles),  T(test_users),     T(test_subject),
	    T(test_tried),  T(test_sessions),  T(test_sessions_audit),
	    T(test_tokens), T(test_approvals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
