/* SPDX-License-Identifier: Apache-2.0
 *
 * Signing in with OpenID Connect at the simulated Entra ID, from the console's
 * button to its first page; and every id token that must not be believed.
 */
#include "access_fixture.h"
#include "sim_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "lib/pki.h"

static struct fx fx;
static struct af af;

static void control(const char *body)
{
	(void)fx_control(&fx, "POST", "/_sim/sign_in", body);
}

static const char *service(const char *more)
{
	return mst_arena_printf(&af.arena,
				"service:\n  public_url: https://cmdb.example\n"
				"  oidc:\n    issuer: %s/" MST_SIM_TENANT
				"/v2.0\n"
				"    client_id: " MST_SIM_SIGN_IN "\n%s",
				mst_sim_url(fx.sim, MST_SIM_LOGIN), more);
}

#define SECRET "    client_secret: env:AF_SECRET\n"

static int begin(void **state)
{
	const struct mst_sim_conf conf = {
	    .empty = true, .apps = -1, .iot_devices = -1};

	(void)t_log_watch(state);
	(void)setenv("AF_SECRET", MST_SIM_SECRET, 1);
	fx_start(&fx, &conf);
	control("{\"issuer_here\":true}");
	af_begin(&af, NULL);
	af_service(&af, service(SECRET));
	return 0;
}

static int end(void **state)
{
	af_end(&af);
	fx_stop(&fx);
	return t_log_check(state);
}

/* ---- the way ------------------------------------------------------------- */

/* To the issuer's page. */
static const char *start(struct af_browser *b, const char *to)
{
	assert_int_equal(
	    af_ask(b, "GET",
		   mst_arena_printf(&af.arena, "/api/v1/oidc/start%s%s",
				    to ? "?to=" : "", to ? to : ""),
		   NULL),
	    302);
	return af_header(b, "Location");
}

/* Somebody chooses who they are; where the browser is sent back to, without
 * the host. */
static const char *choose(const char *url, const char *login)
{
	const char *back, *path;

	assert_int_equal(
	    fx_get(&fx, MST_SIM_LOGIN,
		   mst_arena_printf(&af.arena, "%s&login_hint=%s", url, login)),
	    302);
	back = mst_arena_strdup(&af.arena, fx_header(&fx, "Location"));
	path = strstr(back, "/api/v1/");
	assert_non_null(path);
	assert_int_equal(strncmp(back, "https://cmdb.example/", 21), 0);
	return path;
}

static void open_browser(struct af_browser *b)
{
	af_open(b, &af);
	b->tls = true;
}

static void refused(const char *login, const char *word, const char *why)
{
	struct af_browser b;
	const char *back;

	open_browser(&b);
	back = choose(start(&b, NULL), login);
	t_log_expect(MST_WARN, why, 1);
	assert_int_equal(af_ask(&b, "GET", back, NULL), 302);
	assert_string_equal(
	    af_header(&b, "Location"),
	    mst_arena_printf(&af.arena, "/?sign_in_error=%s", word));
	assert_string_equal(b.cookie, "");
	assert_string_equal(b.oidc, "");
	af_close(&b);
}

static void let_in(const char *login, const char *name, const char *role)
{
	struct af_browser b;

	open_browser(&b);
	assert_int_equal(
	    af_ask(&b, "GET", choose(start(&b, "/runs/7"), login), NULL), 200);
	assert_non_null(strstr(b.said.body.p, "content=\"0;url=/runs/7\""));
	assert_string_equal(b.oidc, "");
	af_must(&b, "GET", "/api/v1/me", NULL, 200, role);
	assert_string_equal(af_text(&b, "name"), name);
	assert_string_equal(af_text(&b, "role"), role);
	assert_string_equal(af_text(&b, "sign_in"), "oidc");
	(void)snprintf(b.csrf, sizeof(b.csrf), "%s", af_text(&b, "csrf"));
	af_must(&b, "DELETE", "/api/v1/session", NULL, 200,
		"/oauth2/v2.0/logout?post_logout_redirect_uri=https%3A%2F%2F"
		"cmdb.example&client_id=");
	af_close(&b);
}

/* ---- tests --------------------------------------------------------------- */

static void signs_in(void **state)
{
	struct af_browser b;

	(void)state;
	open_browser(&b);
	af_must(&b, "GET", "/api/v1", NULL, 200,
		"\"sign_in\":[\"password\",\"oidc\"]");
	af_close(&b);
	let_in("ada", "ada@simulated.example.com", "administrator");
	let_in("oscar", "oscar@simulated.example.com", "operator");
	let_in("vera", "vera@simulated.example.com", "viewer");
	let_in("audrey", "audrey@simulated.example.com", "auditor");
	let_in("ada", "ada@simulated.example.com", "administrator");
}

static void algorithms(void **state)
{
	(void)state;
	control("{\"alg\":\"PS256\"}");
	let_in("vera", "vera@simulated.example.com", "viewer");
	/* the key is another one, which is not known yet */
	t_clock_set(mst_now_us());
	t_clock_add(61 * 1000000LL);
	control("{\"alg\":\"ES256\"}");
	let_in("vera", "vera@simulated.example.com", "viewer");
	t_clock_add(61 * 1000000LL);
	control("{\"rotate\":true}");
	let_in("vera", "vera@simulated.example.com", "viewer");
	t_clock_real();
}

static void faults(void **state)
{
	static const struct {
		const char *fault, *word, *why;
	} tries[] = {
	    {"nonce", "failed", "nonce"},
	    {"expired", "failed", "has ended"},
	    {"early", "failed", "not valid yet"},
	    {"audience", "failed", "another application"},
	    {"issuer", "failed", "another issuer"},
	    {"tenant", "failed", "another tenant"},
	    {"alg_none", "failed", "algorithm"},
	    {"hs256", "failed", "algorithm"},
	    {"unpublished", "failed", "does not publish"},
	    {"signature", "failed", "signature"},
	    {"groups", "no_role", "so many groups"},
	};

	(void)state;
	for (size_t i = 0; i < MST_LEN(tries); i++) {
		control(mst_arena_printf(&af.arena, "{\"fault\":\"%s\"}",
					 tries[i].fault));
		refused("ada", tries[i].word, tries[i].why);
	}
	control("{\"fault\":\"none\"}");
	let_in("ada", "ada@simulated.example.com", "administrator");
}

static void nobody(void **state)
{
	struct af_browser b;

	(void)state;
	refused("norman", "no_role", "no role");
	refused("deny", "denied", "access_denied");
	/* whoever loses the role loses the sessions */
	open_browser(&b);
	assert_int_equal(
	    af_ask(&b, "GET", choose(start(&b, NULL), "oscar"), NULL), 200);
	af_must(&b, "GET", "/api/v1/me", NULL, 200, "operator");
	af_service(&af, service(SECRET "    operator: another\n"));
	af_must(&b, "GET", "/api/v1/me", NULL, 200, "operator");
	refused("oscar", "no_role", "no role");
	af_must(&b, "GET", "/api/v1/me", NULL, 401, "sign in");
	/* and a role that changes counts at the next sign-in */
	af_service(&af, service(SECRET "    operator: another\n"
				       "    viewer: muster.operator\n"));
	let_in("oscar", "oscar@simulated.example.com", "viewer");
	af_close(&b);
}

/* What comes back has to come back to the browser that began, once, soon. */
static void states(void **state)
{
	struct af_browser b, other;
	const char *back;

	(void)state;
	open_browser(&b);
	open_browser(&other);
	back = choose(start(&b, NULL), "ada");
	/* another browser: somebody is made to sign in as the attacker */
	t_log_expect(MST_WARN, "not begun in this browser", 1);
	assert_int_equal(af_ask(&other, "GET", back, NULL), 302);
	assert_string_equal(af_header(&other, "Location"),
			    "/?sign_in_error=expired");
	(void)start(&other, NULL);
	t_log_expect(MST_WARN, "not begun in this browser", 1);
	assert_int_equal(af_ask(&other, "GET", back, NULL), 302);
	assert_string_equal(other.cookie, "");
	/* once: the cookie is gone, and so is the code */
	assert_int_equal(af_ask(&b, "GET", back, NULL), 200);
	t_log_expect(MST_WARN, "not begun in this browser", 1);
	assert_int_equal(af_ask(&b, "GET", back, NULL), 302);
	/* a code of somebody else's sign-in does not fit the verifier */
	back = choose(start(&other, NULL), "ada");
	(void)start(&b, NULL);
	{
		const char *mine =
		    strstr(choose(start(&b, NULL), "vera"), "&state=");
		const char *theirs = strstr(back, "&state=");

		back = mst_arena_printf(&af.arena, "%.*s%s",
					(int)(theirs - back), back, mine);
	}
	t_log_expect(MST_WARN, "refused the code", 1);
	assert_int_equal(af_ask(&b, "GET", back, NULL), 302);
	/* too late */
	back = choose(start(&b, NULL), "ada");
	t_clock_set(mst_now_us());
	t_clock_add(601 * 1000000LL);
	t_log_expect(MST_WARN, "too long ago", 1);
	assert_int_equal(af_ask(&b, "GET", back, NULL), 302);
	t_clock_real();
	/* the issuer says who it is */
	back = mst_arena_printf(&af.arena, "%s&iss=https://evil.example",
				choose(start(&b, NULL), "ada"));
	t_log_expect(MST_WARN, "another issuer", 1);
	assert_int_equal(af_ask(&b, "GET", back, NULL), 302);
	af_close(&b);
	af_close(&other);
}

/* Codes that are made up keep nobody busy. */
static void made_up(void **state)
{
	struct af_browser b;
	const char *back = NULL;

	(void)state;
	open_browser(&b);
	t_log_expect(MST_WARN, "refused the code", 11);
	for (int i = 0; i < 12; i++) {
		const char *state_at =
		    strstr(choose(start(&b, NULL), "ada"), "&state=");

		back = mst_arena_printf(
		    &af.arena, "/api/v1/oidc/callback?code=x%s", state_at);
		if (af_ask(&b, "GET", back, NULL) == 503)
			break;
	}
	assert_int_equal(b.said.status, 503);
	assert_non_null(strstr(b.said.body.p, "too many wrong sign-ins"));
	af_close(&b);
}

/* Only pages of the console. */
static void where_to(void **state)
{
	static const char *const bad[] = {
	    "//evil.example", "https://evil.example", "/%5C/evil.example",
	    "/a%20b",	      "javascript:alert(1)",
	};
	struct af_browser b;

	(void)state;
	for (size_t i = 0; i < MST_LEN(bad); i++) {
		open_browser(&b);
		assert_int_equal(
		    af_ask(&b, "GET", choose(start(&b, bad[i]), "ada"), NULL),
		    200);
		assert_non_null(strstr(b.said.body.p, "content=\"0;url=/\""));
		af_close(&b);
	}
	open_browser(&b);
	assert_int_equal(
	    af_ask(&b, "GET", choose(start(&b, "/x?%22%3E%3Cscript%3E"), "ada"),
		   NULL),
	    200);
	assert_null(strstr(b.said.body.p, "<script"));
	af_close(&b);
}

static void cookies(void **state)
{
	struct af_browser b;

	(void)state;
	open_browser(&b);
	(void)start(&b, NULL);
	assert_non_null(
	    strstr(b.said.head.p, "Set-Cookie: __Host-muster-oidc="));
	assert_non_null(strstr(b.said.head.p,
			       "; Path=/; HttpOnly; SameSite=Lax; "
			       "Max-Age=600; Secure"));
	af_close(&b);
}

/* A local user of the same name is somebody else. */
static void taken(void **state)
{
	struct mst_err err = MST_ERR_INIT;

	(void)state;
	af_user(&af, "root", MST_ROLE_ADMINISTRATOR);
	af_user(&af, "vera@simulated.example.com", MST_ROLE_ADMINISTRATOR);
	refused("vera", "failed", "another user");
	t_ok(mst_user_remove(af.s, "vera@simulated.example.com", &err), &err);
	let_in("vera", "vera@simulated.example.com", "viewer");
	t_ok(mst_people_change(af.s, "vera@simulated.example.com", NULL,
			       MST_ROLE__MAX, 1, &err),
	     &err);
	refused("vera", "no_role", "disabled");
}

static void settings(void **state)
{
	struct t_pki pki = t_pki_make("rsa2048", "muster", -60, 86400, NULL);
	struct mst_buf json = MST_BUF_INIT(65536);
	struct af_browser b;
	struct mst_jout j;

	(void)state;
	/* another secret */
	(void)setenv("AF_SECRET", "not-the-secret", 1);
	refused("ada", "failed", "AADSTS7000215");
	/* a certificate in its place */
	t_write(t_path("sign-in.pem"), mst_slice_str(pki.cert));
	t_write(t_path("sign-in.key"), mst_slice_str(pki.key));
	mst_jout_init(&j, &json);
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "pem", pki.cert);
	mst_jout_end_obj(&j);
	(void)fx_control(&fx, "POST", "/_sim/app", json.p);
	af_service(&af, service(mst_arena_printf(
			    &af.arena,
			    "    certificate: %s\n    certificate_key: %s\n",
			    t_path("sign-in.pem"), t_path("sign-in.key"))));
	let_in("ada", "ada@simulated.example.com", "administrator");
	/* an issuer that calls itself something else */
	control("{\"issuer_here\":false}");
	open_browser(&b);
	af_service(&af, service(SECRET "  listen: 127.0.0.1:1\n"));
	t_clock_set(mst_now_us());
	t_clock_add(3601 * 1000000LL);
	t_log_expect(MST_WARN, "calls itself", 1);
	assert_int_equal(af_ask(&b, "GET", "/api/v1/oidc/start", NULL), 302);
	assert_string_equal(af_header(&b, "Location"),
			    "/?sign_in_error=failed");
	t_clock_real();
	/* none at all */
	af_service(&af, "service:\n  log: text\n");
	t_log_expect(MST_WARN, "not set up", 1);
	assert_int_equal(af_ask(&b, "GET", "/api/v1/oidc/start", NULL), 302);
	af_must(&b, "GET", "/api/v1", NULL, 200, "\"sign_in\":[\"password\"]");
	af_close(&b);
	mst_buf_fini(&json);
	t_pki_free(&pki);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(signs_in), T(algorithms), T(faults),  T(nobody), T(states),
	    T(made_up),	 T(where_to),	T(cookies), T(taken),  T(settings),
	};

	return cmocka_run_group_tests_name("oidc", tests, NULL, NULL);
}
