/* SPDX-License-Identifier: Apache-2.0
 *
 * The life of a token against an injected clock, and the hosts it may go to.
 */
#include "tests/lib/t.h"

#include "net/token.h"
#include "net/url.h"

#define S 1000000LL

static struct mst_err failure(enum mst_code code)
{
	struct mst_err err = MST_ERR_INIT;

	mst_err_set(&err, code, "why");
	return err;
}

static void test_one_fetch(void **state)
{
	struct mst_token t = {0};

	assert_int_equal(mst_token_need(&t, 0), MST_TOKEN_FETCH);
	mst_token_fetching(&t);
	assert_int_equal(mst_token_need(&t, 0), MST_TOKEN_WAIT);
	mst_token_fetched(&t, 3599000, 0);
	assert_int_equal(mst_token_need(&t, 0), MST_TOKEN_USE);
	assert_int_equal(mst_token_need(&t, 3538 * S), MST_TOKEN_USE);
}

static void test_renewed_early(void **state)
{
	struct mst_token t = {0};

	mst_token_fetched(&t, 3600000, 0);
	/* 60 s ahead; the old one goes on meanwhile. */
	assert_int_equal(mst_token_need(&t, 3540 * S - 1), MST_TOKEN_USE);
	assert_int_equal(mst_token_need(&t, 3540 * S), MST_TOKEN_RENEW);
	mst_token_fetching(&t);
	assert_int_equal(mst_token_need(&t, 3541 * S), MST_TOKEN_USE);
	assert_int_equal(mst_token_need(&t, 3600 * S), MST_TOKEN_WAIT);
	mst_token_fetched(&t, 3600000, 3601 * S);
	assert_int_equal(mst_token_need(&t, 3601 * S), MST_TOKEN_USE);
	/* A short life: a tenth ahead. */
	mst_token_fetched(&t, 30000, 0);
	assert_int_equal(mst_token_need(&t, 27 * S - 1), MST_TOKEN_USE);
	assert_int_equal(mst_token_need(&t, 27 * S), MST_TOKEN_RENEW);
}

static void test_no_life_does_not_spin(void **state)
{
	struct mst_token t = {0};

	mst_token_fetched(&t, 0, 0);
	assert_int_equal(mst_token_need(&t, 0), MST_TOKEN_USE);
	assert_int_equal(mst_token_need(&t, S), MST_TOKEN_FETCH);
	/* and a life without end is a day */
	mst_token_fetched(&t, INT64_MAX, 0);
	assert_int_equal(mst_token_need(&t, 86400 * S), MST_TOKEN_FETCH);
}

static void test_failed_renewal(void **state)
{
	struct mst_token t = {0};
	struct mst_err auth = failure(MST_E_AUTH);

	mst_token_fetched(&t, 600000, 0);
	mst_token_fetching(&t);
	mst_token_failed(&t, &auth, 545 * S);
	/* Good to its end, asked for again meanwhile. */
	assert_int_equal(mst_token_need(&t, 546 * S), MST_TOKEN_USE);
	assert_int_equal(mst_token_need(&t, 555 * S), MST_TOKEN_RENEW);
	assert_int_equal(mst_token_need(&t, 600 * S), MST_TOKEN_FETCH);
	mst_token_fetching(&t);
	mst_token_failed(&t, &auth, 601 * S);
	assert_int_equal(mst_token_need(&t, 602 * S), MST_TOKEN_DEAD);
	assert_string_equal(t.err.msg, "why");
}

static void test_transient_failure(void **state)
{
	struct mst_token t = {0};
	struct mst_err down = failure(MST_E_TRANSIENT);

	mst_token_fetching(&t);
	mst_token_failed(&t, &down, 0);
	assert_int_equal(mst_token_need(&t, 0), MST_TOKEN_FETCH);
}

static void test_fixed(void **state)
{
	struct mst_token t = {0};
	bool dropped;

	mst_token_is_fixed(&t);
	assert_int_equal(mst_token_need(&t, INT64_MAX / 2), MST_TOKEN_USE);
	/* The same password again would only lock the account. */
	assert_false(mst_token_refused(&t, t.generation, 0, &dropped));
	assert_int_equal(mst_token_need(&t, 0), MST_TOKEN_USE);
}

static void test_refused_once(void **state)
{
	struct mst_token t = {0};
	uint64_t first;
	bool dropped;

	mst_token_fetched(&t, 3600000, 0);
	first = t.generation;
	mst_token_accepted(&t, first);
	assert_true(mst_token_refused(&t, first, S, &dropped));
	assert_true(dropped);
	assert_int_equal(mst_token_need(&t, S), MST_TOKEN_FETCH);
	/* Others that were under way with it: no second drop. */
	assert_true(mst_token_refused(&t, first, S, &dropped));
	assert_false(dropped);
	mst_token_fetched(&t, 3600000, 2 * S);
	assert_true(mst_token_refused(&t, first, 2 * S, &dropped));
	assert_false(dropped);
	assert_int_equal(mst_token_need(&t, 2 * S), MST_TOKEN_USE);
	/* The new one is refused too: no third. */
	assert_false(mst_token_refused(&t, t.generation, 3 * S, &dropped));
	/* Taken at last: the next refusal counts from the start. */
	mst_token_accepted(&t, t.generation);
	assert_true(mst_token_refused(&t, t.generation, 4 * S, &dropped));
	assert_true(dropped);
}

static void test_refused_while_fetched(void **state)
{
	struct mst_token t = {0};
	uint64_t first;
	bool dropped;

	mst_token_fetched(&t, 3600000, 0);
	first = t.generation;
	mst_token_accepted(&t, first);
	assert_int_equal(mst_token_need(&t, 3541 * S), MST_TOKEN_RENEW);
	mst_token_fetching(&t);
	/* Dropped at once, and what is on its way is the new one. */
	assert_true(mst_token_refused(&t, first, 3542 * S, &dropped));
	assert_true(dropped);
	assert_int_equal(mst_token_need(&t, 3542 * S), MST_TOKEN_WAIT);
	assert_true(mst_token_refused(&t, first, 3542 * S, &dropped));
	assert_false(dropped);
	mst_token_fetched(&t, 3600000, 3543 * S);
	assert_int_equal(mst_token_need(&t, 3543 * S), MST_TOKEN_USE);
	assert_true(t.generation > first);
}

/* The renewal fails after the old one was refused: there is none left. */
static void test_refused_and_not_renewed(void **state)
{
	struct mst_token t = {0};
	struct mst_err auth = failure(MST_E_AUTH);
	bool dropped;

	mst_token_fetched(&t, 3600000, 0);
	mst_token_fetching(&t);
	assert_true(mst_token_refused(&t, t.generation, S, &dropped));
	mst_token_failed(&t, &auth, 2 * S);
	assert_int_equal(mst_token_need(&t, 2 * S), MST_TOKEN_DEAD);
}

static void test_no_flood(void **state)
{
	struct mst_token t = {0};
	int drops = 0;
	bool dropped;

	/* One path says 401, all others take every token. */
	for (int i = 0; i < 1000; i++) {
		if (!t.have)
			mst_token_fetched(&t, 3600000, i * S / 10);
		mst_token_accepted(&t, t.generation);
		mst_token_refused(&t, t.generation, i * S / 10, &dropped);
		drops += dropped;
	}
	assert_in_range(drops, 1, 7);
}

static bool allowed(const char *url, const char *const *hosts)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_url u;

	return !mst_url_read(url, &u, &err) && mst_url_allowed(&u, hosts);
}

static void test_hosts(void **state)
{
	static const char *const hosts[] = {"api.security.microsoft.com",
					    ".securitycenter.windows.com",
					    "127.0.0.1:8080", "[::1]:9", NULL};

	assert_true(allowed("https://api.security.microsoft.com/x", hosts));
	assert_true(allowed("https://API.Security.Microsoft.COM:443/", hosts));
	assert_true(allowed("https://eu.securitycenter.windows.com/", hosts));
	assert_true(allowed("https://127.0.0.1:8080/a", hosts));
	assert_true(allowed("http://127.0.0.1:8080/a", hosts));
	assert_true(allowed("http://[::1]:9/a", hosts));
	assert_false(allowed("https://securitycenter.windows.com/", hosts));
	assert_false(allowed("https://evilsecuritycenter.windows.com", hosts));
	assert_false(allowed("https://127.0.0.1/", hosts));
	assert_false(allowed("https://127.0.0.1:8081/", hosts));
	assert_false(allowed("https://[::1]/", hosts));
	assert_false(
	    allowed("https://evil.example/?api.security.microsoft.com", hosts));
	assert_false(
	    allowed("https://api.security.microsoft.com.evil.example/", hosts));
	assert_false(
	    allowed("https://evil.example#api.security.microsoft.com", hosts));
	assert_false(
	    allowed("https://api.security.microsoft.com@evil.example/", hosts));
	assert_false(allowed(
	    "https://evil.example\\@api.security.microsoft.com/", hosts));
	assert_false(allowed("https://api.security.microsoft.com./", hosts));
	assert_false(allowed("https://api.security.microsoft.com/", NULL));
}

static void test_urls(void **state)
{
	static const char *const wrong[] = {"",
					    "api/machines",
					    "ftp://x/",
					    "file:///etc/passwd",
					    "https://",
					    "https://u:p@h/",
					    "https://h/a\r\nX: y",
					    "https://h\t/",
					    "javascript:1",
					    "https://h:99999/",
					    "https://\xc3\xbc/"};
	struct mst_err err = MST_ERR_INIT;
	struct mst_arena a;
	struct mst_url u;

	for (size_t i = 0; i < MST_LEN(wrong); i++)
		assert_int_equal(mst_url_read(wrong[i], &u, &err),
				 -MST_E_INVALID);
	assert_int_equal(mst_url_read("https://Host.Example/a b", &u, &err), 0);
	assert_string_equal(u.host, "host.example");
	assert_int_equal(u.port, 443);
	mst_arena_init(&a, 10000);
	assert_string_equal(mst_url_wire(&a, "https://h/a b?f=lastSeen gt 1"),
			    "https://h/a%20b?f=lastSeen%20gt%201");
	assert_string_equal(mst_url_wire(&a, "https://h/\xc3\xbc"),
			    "https://h/%C3%BC");
	assert_string_equal(mst_url_wire(&a, "https://h/%20?$top=1&a='b'"),
			    "https://h/%20?$top=1&a='b'");
	mst_arena_fini(&a);
}

static void test_loopback(void **state)
{
	static const char *const yes[] = {
	    "http://127.0.0.1/", "http://127.9.9.9:1/", "http://localhost:2/",
	    "http://[::1]/"};
	static const char *const no[] = {"http://127.0.0.1.evil.example/",
					 "http://128.0.0.1/",
					 "http://localhost.evil.example/",
					 "http://[::2]/", "http://0.0.0.0/"};
	struct mst_err err = MST_ERR_INIT;
	struct mst_url u;

	for (size_t i = 0; i < MST_LEN(yes); i++) {
		t_ok(mst_url_read(yes[i], &u, &err), &err);
		assert_true(mst_url_is_loopback(&u));
	}
	for (size_t i = 0; i < MST_LEN(no); i++) {
		t_ok(mst_url_read(no[i], &u, &err), &err);
		assert_false(mst_url_is_loopback(&u));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one_fetch),
	    cmocka_unit_test(test_renewed_early),
	    cmocka_unit_test(test_no_life_does_not_spin),
	    cmocka_unit_test(test_failed_renewal),
	    cmocka_unit_test(test_transient_failure),
	    cmocka_unit_test(test_fixed),
	    cmocka_unit_test(test_refused_once),
	    cmocka_unit_test(test_refused_while_fetched),
	    cmocka_unit_test(test_refused_and_not_renewed),
	    cmocka_unit_test(test_no_flood),
	    cmocka_unit_test(test_hosts),
	    cmocka_unit_test(test_urls),
	    cmocka_unit_test(test_loopback),
	};

	return cmocka_run_group_tests_name("token", tests, NULL, NULL);
}
