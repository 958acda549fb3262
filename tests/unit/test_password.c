/* SPDX-License-Identifier: Apache-2.0
 *
 * Passwords that may be had, tokens that are known by their form, addresses
 * that have to wait.
 */
#include "tests/lib/t.h"

#include <string.h>

#include "auth/auth.h"
#include "auth/password.h"
#include "auth/people.h"
#include "auth/token.h"
#include "auth/tries.h"
#include "base/time.h"

static void common(void **state)
{
	static const char *const bad[] = {
	    "password",
	    "Passw0rd",
	    "P4$$w0rd2024!",
	    "password123456",
	    "123456789012",
	    "qwertyuiop",
	    "qwertzuiop123",
	    "1q2w3e4r5t6y",
	    "abcdefghijkl",
	    "zyxwvutsrqpo",
	    "aaaaaaaaaaaa",
	    "abcabcabcabc",
	    "Summer2024!!!",
	    "Winter2025winter",
	    "WelcomeWelcome1",
	    "ServiceNow2026!",
	    "MusterMuster99",
	    "administrator1",
	    "letmeinplease!",
	    "1qaz2wsx3edc",
	    "asdfghjkl;'123",
	    "!!!!!!!!!!!!",
	    "defender-admin-2026",
	};
	static const char *const good[] = {
	    "copper kettle on a slow train",
	    "vT8#mqe2!Lfw",
	    "r7ph-2mke-qq9t",
	    "the passwordless thing we use",
	    "zwölf Äpfel im Keller",
	};

	(void)state;
	for (size_t i = 0; i < MST_LEN(bad); i++) {
		if (!mst_password_is_common(mst_slice_str(bad[i])))
			fail_msg("%s is not common", bad[i]);
	}
	for (size_t i = 0; i < MST_LEN(good); i++) {
		if (mst_password_is_common(mst_slice_str(good[i])))
			fail_msg("%s is common", good[i]);
	}
}

static void check(const char *password, const char *part)
{
	struct mst_err err = MST_ERR_INIT;
	int rc = mst_password_check(mst_slice_str(password), "ann.miller",
				    "Ann Miller", 12, &err);

	if (!part) {
		t_ok(rc, &err);
		return;
	}
	t_failed(rc, &err, MST_E_INVALID, part);
	assert_null(strstr(err.msg, password));
}

static void rules(void **state)
{
	struct mst_err err = MST_ERR_INIT;
	char longest[MST_PASSWORD_MOST + 2];

	(void)state;
	check("slow kettle", "too short");
	/* characters are counted, not bytes */
	check("äöüäöüäöüäö", "too short");
	check("slow kettles", NULL);
	check("so ANN.Miller went", "user's name");
	check("so ann miller went", "user's name");
	check("Password2026!", "tried first");
	for (size_t i = 0; i < sizeof(longest) - 1; i++)
		longest[i] = (char)('a' + (i * i + i / 7) % 26);
	longest[sizeof(longest) - 1] = 0;
	check(longest, "too long");
	t_failed(mst_password_check(MST_SLICE_LIT("abcdefg\0hijklmnop"), "x",
				    NULL, 12, &err),
		 &err, MST_E_INVALID, "zero byte");
}

static void hashes(void **state)
{
	struct mst_slice p = MST_SLICE_LIT("copper kettle on a slow train");
	struct mst_slice q = MST_SLICE_LIT("copper kettle on a slow Train");
	char hash[MST_PASSWORD_HASH], other[MST_PASSWORD_HASH];
	struct mst_err err = MST_ERR_INIT;
	bool anew = true;

	(void)state;
	mst_password_cost(1, 8192);
	t_ok(mst_password_hash(p, hash, &err), &err);
	t_ok(mst_password_hash(p, other, &err), &err);
	assert_string_not_equal(hash, other); /* salted */
	assert_true(strncmp(hash, "$argon2id$v=19$m=8,t=1,p=1$", 27) == 0);
	assert_true(mst_password_fits(hash, p, &anew));
	assert_false(anew);
	assert_false(mst_password_fits(hash, q, &anew));
	assert_false(mst_password_fits("", p, &anew));
	assert_false(mst_password_fits("no hash at all", p, &anew));
	/* made anew when the parameters are others */
	mst_password_cost(2, 16384);
	assert_true(mst_password_fits(hash, p, &anew));
	assert_true(anew);
	/* those of the program, as its documentation has them */
	mst_password_cost(MST_PASSWORD_OPS, MST_PASSWORD_MEM);
	t_ok(mst_password_hash(p, hash, &err), &err);
	assert_true(strncmp(hash, "$argon2id$v=19$m=65536,t=3,p=1$", 31) == 0);
	mst_password_cost(1, 8192);
}

static void once(void **state)
{
	char a[MST_PASSWORD_ONCE], b[MST_PASSWORD_ONCE];
	struct mst_err err = MST_ERR_INIT;

	(void)state;
	mst_password_make(a);
	mst_password_make(b);
	assert_int_equal(strlen(a), 24);
	assert_string_not_equal(a, b);
	t_ok(mst_password_check(mst_slice_str(a), "admin", "", 12, &err), &err);
}

static void tokens(void **state)
{
	char a[MST_TOKEN_TEXT], b[MST_TOKEN_TEXT], id[MST_TOKEN_ID];
	unsigned char x[32], y[32];

	(void)state;
	mst_token_make(a);
	mst_token_make(b);
	assert_int_equal(strlen(a), 40);
	assert_memory_equal(a, "mst_", 4);
	assert_string_not_equal(a, b);
	assert_true(mst_token_ok(mst_slice_str(a)));
	for (size_t i = 0; i < 40; i++) {
		char was = a[i];

		a[i] = was == 'x' ? 'y' : 'x';
		assert_false(mst_token_ok(mst_slice_str(a)));
		a[i] = was;
	}
	assert_false(mst_token_ok(mst_slice(a, 39)));
	assert_false(mst_token_ok(MST_SLICE_LIT("")));
	mst_token_hash(mst_slice_str(a), x);
	mst_token_hash(mst_slice_str(b), y);
	assert_memory_not_equal(x, y, 32);
	mst_token_id(id);
	assert_int_equal(strlen(id), 16);
	assert_true(mst_text_same("abc", "abc"));
	assert_false(mst_text_same("abc", "abd"));
	assert_false(mst_text_same("abc", "ab"));
	assert_false(mst_text_same(NULL, NULL));
}

#define S 1000000LL

static void waits(void **state)
{
	struct mst_tries *t = mst_tries_new();
	struct mst_err err = MST_ERR_INIT;
	int64_t now = 1000 * S;

	(void)state;
	for (int i = 0; i < MST_TRIES_FREE; i++) {
		t_ok(mst_tries_ask(t, "192.0.2.1", now, &err), &err);
		mst_tries_wrong(t, "192.0.2.1", now);
	}
	t_ok(mst_tries_ask(t, "192.0.2.1", now, &err), &err);
	for (int64_t wait = 1; wait <= 512; wait *= 2) {
		mst_tries_wrong(t, "192.0.2.1", now);
		t_failed(mst_tries_ask(t, "192.0.2.1", now, &err), &err,
			 MST_E_THROTTLED, "wait");
		assert_int_equal(err.retry_after_ms, wait * 1000);
	}
	/* never longer than that */
	for (int i = 0; i < 40; i++)
		mst_tries_wrong(t, "192.0.2.1", now);
	(void)mst_tries_ask(t, "192.0.2.1", now, &err);
	assert_int_equal(err.retry_after_ms, MST_TRIES_WAIT_US / 1000);
	/* others are not asked to */
	t_ok(mst_tries_ask(t, "192.0.2.2", now, &err), &err);
	now += MST_TRIES_WAIT_US;
	t_ok(mst_tries_ask(t, "192.0.2.1", now, &err), &err);
	/* and it is forgiven in time */
	now += 3600 * S;
	mst_tries_wrong(t, "192.0.2.1", now);
	t_ok(mst_tries_ask(t, "192.0.2.1", now, &err), &err);
	/* an IPv6 network is one */
	for (int i = 0; i <= MST_TRIES_FREE; i++)
		mst_tries_wrong(t, i % 2 ? "2001:db8::1" : "2001:db8::2:3",
				now);
	t_failed(mst_tries_ask(t, "2001:db8::ffff", now, &err), &err,
		 MST_E_THROTTLED, "wait");
	t_ok(mst_tries_ask(t, "2001:db8:1::1", now, &err), &err);
	mst_tries_free(&t);
}

static void rights(void **state)
{
	struct mst_buf text = MST_BUF_INIT(256);
	unsigned may = 0;

	(void)state;
	assert_int_equal(mst_role_may(MST_ROLE_VIEWER), MST_MAY_READ);
	assert_int_equal(mst_role_may(MST_ROLE_AUDITOR),
			 MST_MAY_READ | MST_MAY_AUDIT);
	assert_int_equal(mst_role_may(MST_ROLE_OPERATOR),
			 MST_MAY_READ | MST_MAY_OPERATE);
	assert_int_equal(mst_role_may(MST_ROLE_ADMINISTRATOR), MST_MAY_ALL);
	mst_may_text(MST_MAY_READ | MST_MAY_AUDIT, &text);
	assert_string_equal(text.p, "read, audit");
	assert_true(mst_may_parse(mst_buf_slice(&text), &may));
	assert_int_equal(may, MST_MAY_READ | MST_MAY_AUDIT);
	assert_true(mst_may_parse(MST_SLICE_LIT("operate"), &may));
	assert_int_equal(may, MST_MAY_OPERATE);
	assert_false(mst_may_parse(MST_SLICE_LIT("read,everything"), &may));
	assert_false(mst_may_parse(MST_SLICE_LIT(""), &may));
	assert_false(mst_may_parse(MST_SLICE_LIT(" , "), &may));
	mst_buf_fini(&text);
}

static void names(void **state)
{
	char out[MST_MAX_USER + 1];

	(void)state;
	assert_true(mst_user_name_fold(MST_SLICE_LIT("Ann@Example.com"), out));
	assert_string_equal(out, "ann@example.com");
	assert_false(mst_user_name_fold(MST_SLICE_LIT(""), out));
	assert_false(mst_user_name_fold(MST_SLICE_LIT("-x"), out));
	assert_false(mst_user_name_fold(MST_SLICE_LIT("a b"), out));
	assert_false(mst_user_name_fold(MST_SLICE_LIT("a\nb"), out));
	assert_false(mst_user_name_fold(MST_SLICE_LIT("a\0b"), out));
	assert_false(mst_user_name_fold(MST_SLICE_LIT("a(token x)"), out));
	assert_false(mst_user_name_fold(MST_SLICE_LIT("Schedule"), out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(common), cmocka_unit_test(rules),
	    cmocka_unit_test(hashes), cmocka_unit_test(once),
	    cmocka_unit_test(tokens), cmocka_unit_test(waits),
	    cmocka_unit_test(rights), cmocka_unit_test(names),
	};

	return cmocka_run_group_tests_name("password", tests, NULL, NULL);
}
