/* SPDX-License-Identifier: Apache-2.0
 *
 * The door: who gets in, for how long, with what; and what does not get in.
 */
#include "tests/lib/t.h"

#include <stdio.h>
#include <string.h>

#include "auth/door.h"
#include "auth/people.h"
#include "base/limits.h"
#include "base/time.h"

#define SECOND	 1000000LL
#define MINUTE	 (60 * SECOND)
#define HOUR	 (60 * MINUTE)
#define PASSWORD "copper kettle on a slow train"

static struct {
	struct mst_state *s;
	struct mst_door *d;
	struct mst_arena arena;
	int n; /* of the state folder */
} fx;

static const struct mst_caller here = {"192.0.2.1", "a test"};

static void set_conf(const char *key, const char *value)
{
	const char *text[] = {value};
	const struct mst_conf_value v = {
	    .key = key, .texts = text, .texts_n = 1};
	const struct mst_conf_item item = {.kind = MST_SERVICE,
					   .name = MST_SERVICE,
					   .type = "",
					   .values = &v,
					   .values_n = key ? 1 : 0};
	const struct mst_proxy none = {NULL};
	struct mst_err err = MST_ERR_INIT;
	struct mst_service_conf conf;
	struct mst_arena arena;

	mst_arena_init(&arena, 1u << 20);
	t_ok(mst_conf_apply(&item, mst_service_opts, &conf, &arena, &err),
	     &err);
	mst_door_set(fx.d, &conf, &none, &arena);
}

static void add(const char *name, enum mst_role role)
{
	const struct mst_person p = {
	    .name = name,
	    .full_name = "",
	    .role = role,
	    .password = MST_SLICE_LIT(PASSWORD),
	    .min_length = 12,
	};
	char once[MST_PASSWORD_ONCE];
	struct mst_err err = MST_ERR_INIT;

	t_ok(mst_people_add(fx.s, &p, once, &err), &err);
}

static int begin(void **state)
{
	struct mst_err err = MST_ERR_INIT;

	(void)state;
	t_clock_set(1700000000 * SECOND);
	mst_password_cost(1, 8192);
	fx.d = mst_door_new();
	mst_arena_init(&fx.arena, 64u << 20);
	t_ok(mst_state_open(t_path("state%d", fx.n++), &fx.s, &err), &err);
	set_conf(NULL, NULL);
	add("root", MST_ROLE_ADMINISTRATOR);
	add("ann", MST_ROLE_OPERATOR);
	return 0;
}

static int end(void **state)
{
	(void)state;
	mst_state_close(&fx.s);
	mst_door_free(&fx.d);
	mst_arena_fini(&fx.arena);
	t_clock_real();
	return 0;
}

static int try(const char *user, const char *password, const char *old,
	       struct mst_door_session *out, struct mst_err *err)
{
	return mst_door_sign_in(fx.d, fx.s, user, mst_slice_str(password),
				&here, old, out, err);
}

static struct mst_door_session sign_in(const char *user)
{
	struct mst_door_session v;
	struct mst_err err = MST_ERR_INIT;

	t_ok(try(user, PASSWORD, NULL, &v, &err), &err);
	return v;
}

static struct mst_door_ask by_cookie(const struct mst_door_session *v)
{
	return (struct mst_door_ask){.cookie = v->cookie,
				     .host = "cmdb.example:8480",
				     .address = "192.0.2.1",
				     .safe = true};
}

static int ask(const struct mst_door_ask *a, struct mst_who *w,
	       struct mst_err *err)
{
	bool known = false;
	int rc = mst_door_ask(fx.d, fx.s, a, &fx.arena, w, &known, err);

	if (rc == 0 && !known)
		*w = (struct mst_who){.user = NULL};
	return rc;
}

static void no(const struct mst_door_ask *a, enum mst_code code,
	       const char *part)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_who w;

	t_failed(ask(a, &w, &err), &err, code, part);
}

static struct mst_who yes(const struct mst_door_ask *a)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_who w;

	t_ok(ask(a, &w, &err), &err);
	return w;
}

/* ---- passwords ----------------------------------------------------------- */

static void signs_in(void **state)
{
	struct mst_door_session v = sign_in("Ann"), w = sign_in("ann");
	struct mst_door_ask a = by_cookie(&v);
	struct mst_who who = yes(&a);

	(void)state;
	assert_string_equal(who.user, "ann");
	assert_string_equal(who.actor, "ann");
	assert_null(who.token);
	assert_int_equal(who.may, MST_MAY_READ | MST_MAY_OPERATE);
	assert_string_equal(who.csrf, v.csrf);
	assert_string_not_equal(v.cookie, w.cookie);
	assert_string_not_equal(v.csrf, w.csrf);
	assert_string_not_equal(v.csrf, v.cookie);
}

/* Whoever is not there, is disabled, locked or has another password gets one
 * and the same answer. */
static void refuses_alike(void **state)
{
	struct mst_err err[4] = {MST_ERR_INIT, MST_ERR_INIT, MST_ERR_INIT,
				 MST_ERR_INIT};
	struct mst_door_session v;

	(void)state;
	add("gone", MST_ROLE_VIEWER);
	t_ok(mst_people_change(fx.s, "gone", NULL, MST_ROLE__MAX, 1, &err[0]),
	     &err[0]);
	assert_int_equal(try("ann", "wrong", NULL, &v, &err[0]), -MST_E_AUTH);
	assert_int_equal(try("nobody", PASSWORD, NULL, &v, &err[1]),
			 -MST_E_AUTH);
	assert_int_equal(try("gone", PASSWORD, NULL, &v, &err[2]), -MST_E_AUTH);
	assert_int_equal(try("a b\n", PASSWORD, NULL, &v, &err[3]),
			 -MST_E_AUTH);
	for (size_t i = 1; i < 4; i++) {
		assert_string_equal(err[i].msg, err[0].msg);
		assert_int_equal(err[i].retry_after_ms, err[0].retry_after_ms);
	}
}

static void locks(void **state)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_door_session v;
	char first[1024];

	(void)state;
	set_conf("password.tries", "3");
	for (int i = 0; i < 3; i++)
		assert_int_equal(try("ann", "wrong", NULL, &v, &err),
				 -MST_E_AUTH);
	(void)snprintf(first, sizeof(first), "%s", err.msg);
	/* locked: not even the right one, and the same answer */
	assert_int_equal(try("ann", PASSWORD, NULL, &v, &err), -MST_E_AUTH);
	assert_string_equal(err.msg, first);
	t_clock_add(MINUTE + SECOND);
	assert_int_equal(try("ann", "wrong", NULL, &v, &err), -MST_E_AUTH);
	/* the next lock is twice as long */
	t_clock_add(MINUTE + SECOND);
	assert_int_equal(try("ann", PASSWORD, NULL, &v, &err), -MST_E_AUTH);
	t_clock_add(MINUTE);
	t_ok(try("ann", PASSWORD, NULL, &v, &err), &err);
	/* and all is forgotten */
	for (int i = 0; i < 2; i++)
		assert_int_equal(try("ann", "wrong", NULL, &v, &err),
				 -MST_E_AUTH);
	t_ok(try("ann", PASSWORD, NULL, &v, &err), &err);
	/* an administrator opens it sooner */
	for (int i = 0; i < 3; i++)
		(void)try("ann", "wrong", NULL, &v, &err);
	assert_int_equal(try("ann", PASSWORD, NULL, &v, &err), -MST_E_AUTH);
	t_ok(mst_people_unlock(fx.s, "ann", &err), &err);
	t_ok(try("ann", PASSWORD, NULL, &v, &err), &err);
}

static void waits(void **state)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_door_session v;
	const struct mst_caller there = {"192.0.2.2", NULL};
	char name[32];

	(void)state;
	for (int i = 0; i < 11; i++) {
		(void)snprintf(name, sizeof(name), "name%d", i);
		assert_int_equal(try(name, "wrong", NULL, &v, &err),
				 -MST_E_AUTH);
	}
	t_failed(try("ann", PASSWORD, NULL, &v, &err), &err, MST_E_THROTTLED,
		 "this address");
	assert_true(err.retry_after_ms > 0);
	t_ok(mst_door_sign_in(fx.d, fx.s, "ann", MST_SLICE_LIT(PASSWORD),
			      &there, NULL, &v, &err),
	     &err);
}

static int copy_hash(void *ctx, const struct mst_user *u)
{
	(void)snprintf(ctx, MST_PASSWORD_HASH, "%s", u->hash);
	return 0;
}

static void hashes_anew(void **state)
{
	char before[MST_PASSWORD_HASH], after[MST_PASSWORD_HASH];
	struct mst_err err = MST_ERR_INIT;
	bool found;

	(void)state;
	t_ok(mst_user_find(fx.s, "ann", copy_hash, before, &found, &err), &err);
	mst_password_cost(2, 16384);
	(void)sign_in("ann");
	t_ok(mst_user_find(fx.s, "ann", copy_hash, after, &found, &err), &err);
	assert_string_not_equal(before, after);
	assert_non_null(strstr(after, "$m=16,t=2,p=1$"));
	(void)sign_in("ann");
}

/* ---- sessions ------------------------------------------------------------ */

static void ends(void **state)
{
	struct mst_door_session v = sign_in("ann"), w;
	struct mst_door_ask a = by_cookie(&v), b;
	struct mst_err err = MST_ERR_INIT;

	(void)state;
	/* idle */
	t_clock_add(59 * MINUTE);
	(void)yes(&a);
	t_clock_add(59 * MINUTE);
	(void)yes(&a);
	t_clock_add(61 * MINUTE);
	no(&a, MST_E_AUTH, "sign in");
	/* and stays ended */
	t_clock_add(-60 * MINUTE);
	no(&a, MST_E_AUTH, "sign in");
	/* absolute */
	v = sign_in("ann");
	for (int i = 0; i < 23; i++) {
		t_clock_add(30 * MINUTE);
		(void)yes(&a);
	}
	t_clock_add(31 * MINUTE);
	no(&a, MST_E_AUTH, "sign in");
	/* what the section says today counts */
	v = sign_in("ann");
	t_clock_add(20 * MINUTE);
	(void)yes(&a);
	set_conf("session.idle", "5m");
	t_clock_add(6 * MINUTE);
	no(&a, MST_E_AUTH, "sign in");
	/* signing out */
	w = sign_in("ann");
	b = by_cookie(&w);
	(void)yes(&b);
	t_ok(mst_door_end(fx.s, w.cookie, &err), &err);
	no(&b, MST_E_AUTH, "sign in");
}

/* A cookie that was there before is worth nothing afterwards, and one that
 * somebody else made up never becomes a session. */
static void fixation(void **state)
{
	struct mst_door_session v = sign_in("ann"), w;
	struct mst_door_ask a = by_cookie(&v);
	struct mst_err err = MST_ERR_INIT;

	(void)state;
	t_ok(try("ann", PASSWORD, v.cookie, &w, &err), &err);
	no(&a, MST_E_AUTH, "sign in");
	a.cookie = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
	t_ok(try("ann", PASSWORD, a.cookie, &w, &err), &err);
	assert_string_not_equal(w.cookie, a.cookie);
	no(&a, MST_E_AUTH, "sign in");
	/* the state store has no cookie, only its hash */
	a.cookie = w.csrf;
	no(&a, MST_E_AUTH, "sign in");
}

static void csrf(void **state)
{
	struct mst_door_session v = sign_in("ann"), w = sign_in("root");
	struct mst_door_ask a = by_cookie(&v);

	(void)state;
	a.safe = false;
	no(&a, MST_E_FORBIDDEN, "X-CSRF-Token");
	a.csrf = w.csrf; /* of another session */
	no(&a, MST_E_FORBIDDEN, "X-CSRF-Token");
	a.csrf = "";
	no(&a, MST_E_FORBIDDEN, "X-CSRF-Token");
	a.csrf = v.csrf;
	(void)yes(&a);
	/* browsers say whose page it was */
	a.origin = "http://cmdb.example:8480";
	(void)yes(&a);
	a.fetch_site = "same-origin";
	(void)yes(&a);
	a.fetch_site = "same-site";
	no(&a, MST_E_FORBIDDEN, "another page");
	a.fetch_site = "cross-site";
	no(&a, MST_E_FORBIDDEN, "another page");
	a.fetch_site = NULL;
	a.origin = "http://evil.example";
	no(&a, MST_E_FORBIDDEN, "another page");
	a.origin = "http://cmdb.example";
	no(&a, MST_E_FORBIDDEN, "another page");
	a.origin = "null";
	no(&a, MST_E_FORBIDDEN, "another page");
	a.origin = "https://cmdb.example:8480";
	no(&a, MST_E_FORBIDDEN, "another page");
	a.tls = true;
	(void)yes(&a);
	a.origin = "https://muster.example.com";
	no(&a, MST_E_FORBIDDEN, "another page");
	set_conf("public_url", "https://muster.example.com");
	(void)yes(&a);
	/* nor may another page sign anybody in */
	a = (struct mst_door_ask){.is_open = true,
				  .host = "cmdb.example",
				  .address = "192.0.2.1",
				  .origin = "https://evil.example"};
	no(&a, MST_E_FORBIDDEN, "another page");
	a.safe = true;
	(void)yes(&a);
}

static void cookies(void **state)
{
	struct mst_arena *m = &fx.arena;

	(void)state;
	assert_string_equal(mst_door_set_cookie("X", true, m),
			    "Set-Cookie: __Host-muster=X; Path=/; HttpOnly; "
			    "SameSite=Strict; Secure");
	assert_string_equal(mst_door_set_cookie("X", false, m),
			    "Set-Cookie: muster=X; Path=/; HttpOnly; "
			    "SameSite=Strict");
	assert_string_equal(mst_door_set_cookie(NULL, true, m),
			    "Set-Cookie: __Host-muster=; Path=/; HttpOnly; "
			    "SameSite=Strict; Secure; Max-Age=0");
}

/* ---- what is changed while somebody is in -------------------------------- */

static void roles_change(void **state)
{
	struct mst_door_session v = sign_in("ann");
	struct mst_door_ask a = by_cookie(&v);
	struct mst_err err = MST_ERR_INIT;

	(void)state;
	a.need = MST_MAY_OPERATE;
	(void)yes(&a);
	t_ok(mst_people_change(fx.s, "ann", NULL, MST_ROLE_VIEWER, -1, &err),
	     &err);
	no(&a, MST_E_FORBIDDEN, "operate");
	a.need = MST_MAY_READ;
	(void)yes(&a);
	t_ok(mst_people_change(fx.s, "ann", NULL, MST_ROLE__MAX, 1, &err),
	     &err);
	no(&a, MST_E_AUTH, "sign in");
	t_ok(mst_people_change(fx.s, "ann", NULL, MST_ROLE__MAX, 0, &err),
	     &err);
	no(&a, MST_E_AUTH, "sign in"); /* the session does not come back */
}

static void last_one(void **state)
{
	struct mst_err err = MST_ERR_INIT;

	(void)state;
	t_failed(
	    mst_people_change(fx.s, "root", NULL, MST_ROLE_VIEWER, -1, &err),
	    &err, MST_E_CONFLICT, "last administrator");
	t_failed(mst_people_change(fx.s, "root", NULL, MST_ROLE__MAX, 1, &err),
		 &err, MST_E_CONFLICT, "last administrator");
	t_failed(mst_user_remove(fx.s, "root", &err), &err, MST_E_CONFLICT,
		 "last administrator");
	add("second", MST_ROLE_ADMINISTRATOR);
	t_ok(mst_people_change(fx.s, "root", NULL, MST_ROLE_VIEWER, -1, &err),
	     &err);
	t_failed(mst_user_remove(fx.s, "second", &err), &err, MST_E_CONFLICT,
		 "last administrator");
}

static void first_one(void **state)
{
	struct mst_err err = MST_ERR_INIT;
	char once[MST_PASSWORD_ONCE];
	struct mst_door_session v, w;
	struct mst_state *s = NULL;
	struct mst_door_ask a;
	struct mst_who who;
	bool made = false;

	(void)state;
	t_ok(mst_auth_first(fx.s, once, &made, &err), &err);
	assert_false(made);
	t_ok(mst_state_open(t_path("first"), &s, &err), &err);
	mst_state_close(&fx.s);
	fx.s = s;
	t_ok(mst_auth_first(fx.s, once, &made, &err), &err);
	assert_true(made);
	t_ok(try(MST_FIRST_USER, once, NULL, &v, &err), &err);
	a = by_cookie(&v);
	who = yes(&a);
	assert_true(who.must_change);
	a.need = MST_MAY_READ;
	no(&a, MST_E_FORBIDDEN, "must be changed");
	t_failed(mst_door_password(fx.d, fx.s, &who, MST_SLICE_LIT("wrong"),
				   MST_SLICE_LIT(PASSWORD), &here, &w, &err),
		 &err, MST_E_AUTH, "old password");
	t_failed(mst_door_password(fx.d, fx.s, &who, mst_slice_str(once),
				   mst_slice_str(once), &here, &w, &err),
		 &err, MST_E_INVALID, "is the old one");
	t_failed(mst_door_password(fx.d, fx.s, &who, mst_slice_str(once),
				   MST_SLICE_LIT("administrator"), &here, &w,
				   &err),
		 &err, MST_E_INVALID, "name");
	t_ok(mst_door_password(fx.d, fx.s, &who, mst_slice_str(once),
			       MST_SLICE_LIT(PASSWORD), &here, &w, &err),
	     &err);
	no(&a, MST_E_AUTH, "sign in"); /* another cookie from here on */
	a = by_cookie(&w);
	a.need = MST_MAY_ADMINISTER;
	who = yes(&a);
	assert_false(who.must_change);
	assert_int_equal(try(MST_FIRST_USER, once, NULL, &v, &err),
			 -MST_E_AUTH);
	t_ok(mst_auth_first(fx.s, once, &made, &err), &err);
	assert_false(made);
}

/* ---- tokens -------------------------------------------------------------- */

static const char *token(const char *user, const char *name, unsigned scopes,
			 int64_t days, char id[MST_TOKEN_ID])
{
	char text[MST_TOKEN_TEXT];
	struct mst_err err = MST_ERR_INIT;

	t_ok(mst_people_token(fx.s, user, name, scopes, days, id, text, &err),
	     &err);
	return mst_arena_printf(&fx.arena, "Bearer %s", text);
}

static void tokens(void **state)
{
	char id[MST_TOKEN_ID], text[MST_TOKEN_TEXT];
	struct mst_err err = MST_ERR_INIT;
	struct mst_door_ask a = {.address = "192.0.2.1"};
	struct mst_who w;

	(void)state;
	a.authorization = token("ann", "ci", MST_MAY_READ, 30, id);
	w = yes(&a);
	assert_string_equal(w.user, "ann");
	assert_string_equal(w.token, "ci");
	assert_string_equal(w.actor, "ann (token ci)");
	assert_int_equal(w.may, MST_MAY_READ);
	assert_null(w.csrf);
	a.need = MST_MAY_OPERATE; /* which ann herself may */
	no(&a, MST_E_FORBIDDEN, "operate");
	a.need = MST_MAY_READ;
	a.origin = "https://evil.example"; /* a program says what it likes */
	(void)yes(&a);
	/* never more than the owner */
	t_failed(mst_people_token(fx.s, "ann", "x",
				  MST_MAY_READ | MST_MAY_CONFIGURE, 30, id,
				  text, &err),
		 &err, MST_E_FORBIDDEN, "configure");
	a.authorization = token("root", "all", MST_MAY_ALL, 30, id);
	a.need = MST_MAY_ADMINISTER;
	(void)yes(&a);
	add("second", MST_ROLE_ADMINISTRATOR);
	t_ok(mst_people_change(fx.s, "root", NULL, MST_ROLE_AUDITOR, -1, &err),
	     &err);
	no(&a, MST_E_FORBIDDEN, "administer");
	a.need = MST_MAY_AUDIT;
	(void)yes(&a);
	/* revoked */
	t_ok(mst_token_remove(fx.s, id, &err), &err);
	no(&a, MST_E_AUTH, "token");
	/* ended */
	a.authorization = token("root", "day", MST_MAY_READ, 1, id);
	a.need = MST_MAY_READ;
	(void)yes(&a);
	t_clock_add(24 * HOUR);
	no(&a, MST_E_AUTH, "token");
	/* its owner disabled, then removed */
	a.authorization = token("ann", "own", 0, 30, id);
	(void)yes(&a);
	t_ok(mst_people_change(fx.s, "ann", NULL, MST_ROLE__MAX, 1, &err),
	     &err);
	no(&a, MST_E_AUTH, "token");
	t_ok(mst_people_change(fx.s, "ann", NULL, MST_ROLE__MAX, 0, &err),
	     &err);
	(void)yes(&a);
	t_ok(mst_user_remove(fx.s, "ann", &err), &err);
	no(&a, MST_E_AUTH, "token");
	add("ann", MST_ROLE_OPERATOR);
	no(&a, MST_E_AUTH, "token");
}

static void no_tokens(void **state)
{
	static const char *const texts[] = {
	    "",
	    "Bearer",
	    "Bearer ",
	    "Basic cm9vdDpyb290",
	    "Bearer mst_000000000000000000000000000000000000",
	    "bearer x",
	    "Bearer  ",
	};
	struct mst_door_ask a = {.address = "192.0.2.9"};
	char id[MST_TOKEN_ID];

	(void)state;
	for (size_t i = 0; i < MST_LEN(texts); i++) {
		a.authorization = texts[i];
		no(&a, MST_E_AUTH, "");
	}
	/* a cookie does not help a wrong token */
	a.authorization = "Bearer x";
	a.cookie = sign_in("ann").cookie;
	no(&a, MST_E_AUTH, "token");
	for (int i = 0; i < 12; i++) {
		struct mst_err err = MST_ERR_INIT;
		struct mst_who w;

		(void)ask(&a, &w, &err);
	}
	no(&a, MST_E_THROTTLED, "this address");
	/* but for who has a right one */
	a.authorization = token("ann", "right", 0, 30, id);
	(void)yes(&a);
	a.authorization = "Bearer x";
	no(&a, MST_E_THROTTLED, "this address");
}

static void nobody(void **state)
{
	struct mst_door_ask a = {.address = "192.0.2.1", .safe = true};
	struct mst_who w;

	(void)state;
	no(&a, MST_E_AUTH, "sign in");
	a.is_open = true;
	w = yes(&a);
	assert_null(w.user);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(signs_in),    T(refuses_alike), T(locks),	   T(waits),
	    T(hashes_anew), T(ends),	      T(fixation), T(csrf),
	    T(cookies),	    T(roles_change),  T(last_one), T(first_one),
	    T(tokens),	    T(no_tokens),     T(nobody),
	};

	return cmocka_run_group_tests_name("door", tests, NULL, NULL);
}
