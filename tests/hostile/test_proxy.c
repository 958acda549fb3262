/* SPDX-License-Identifier: Apache-2.0
 *
 * Through a proxy, and what its faults are told as.
 */
#include "tests/lib/t.h"

#include <stdio.h>
#include <stdlib.h>

#include "net/way.h"
#include "tests/hostile/rig.h"
#include "tests/lib/pki.h"
#include "tests/lib/proxyd.h"

#define FAR    "https://sn.example/x"
#define SECRET "not-real-pw"

/* A far end that only the proxy knows how to reach. */
struct world {
	struct t_pki far, own; /* certificates: the far end's, the proxy's */
	struct t_httpd *h;
	struct t_proxyd *p;
	struct rig r;
};

static int make_world(void **state)
{
	static const struct t_answer script[] = {{.body = "far", .times = -1}};
	static const char *const env[] = {"https_proxy", "HTTPS_PROXY",
					  "all_proxy",	 "ALL_PROXY",
					  "no_proxy",	 "NO_PROXY"};
	struct world *w = mst_alloc(sizeof(*w));

	/* Whatever proxy the machine has is none of these tests' business. */
	for (size_t i = 0; i < MST_LEN(env); i++)
		unsetenv(env[i]);
	setenv("PROXY_PW", SECRET, 1);
	setenv("PROXY_PW_OLD", "not-real-old", 1);
	w->far = t_pki_make("ec", "sn.example", -60, 86400, NULL);
	w->own = t_pki_make("ec", "IP:127.0.0.1", -60, 86400, NULL);
	t_write(t_path("far.pem"), mst_slice_str(w->far.cert));
	t_write(t_path("own.pem"), mst_slice_str(w->own.cert));
	w->h = t_httpd_start_tls(script, 1, w->far.cert, w->far.key);
	*state = w;
	return 0;
}

static int end_world(void **state)
{
	struct world *w = *state;

	t_httpd_stop(&w->h);
	t_pki_free(&w->far);
	t_pki_free(&w->own);
	free(w);
	return 0;
}

/* A client of this proxy; url NULL: "http://" where p listens. */
static void up(struct world *w, const struct t_proxyd_conf *p,
	       struct mst_proxy conf)
{
	struct mst_client_conf c = {.name = "t",
				    .ca_file = t_path("far.pem"),
				    .retry_base_ms = 1,
				    .retry_cap_ms = 2,
				    .retry_max = 2,
				    .timeout_ms = 60000,
				    .connect_timeout_ms = 60000};
	struct mst_err err = MST_ERR_INIT;
	char url[64];

	if (p)
		w->p = t_proxyd_start(p);
	if (p && !conf.url) {
		(void)snprintf(url, sizeof(url), "http%s://127.0.0.1:%d",
			       p->cert ? "s" : "", t_proxyd_port(w->p));
		conf.url = url;
	}
	c.proxy = conf;
	w->r = (struct rig){.c = mst_client_new(&c, &err)};
	if (!w->r.c)
		fail_msg("%s", err.msg);
}

static void down(struct world *w)
{
	mst_client_free(&w->r.c);
	t_proxyd_stop(&w->p);
}

static void ask(struct world *w)
{
	rig_url(&w->r, MST_HTTP_POST, MST_REPEAT_UNSENT, FAR);
}

/* One line about this proxy, without its password. */
static void told(struct world *w, const char *why, const char *todo)
{
	char name[64];

	if (w->p) {
		(void)snprintf(name, sizeof(name),
			       "proxy 127.0.0.1:%d: ", t_proxyd_port(w->p));
		says(&w->r, name);
	}
	says(&w->r, why);
	says(&w->r, todo);
	assert_null(strstr(w->r.resp->err.msg, "not-real"));
	assert_null(strchr(w->r.resp->err.msg, '\n'));
}

static int far_port(const struct world *w)
{
	return t_httpd_port(w->h);
}

static const struct mst_proxy login = {.user = "muster",
				       .password = "env:PROXY_PW"};

/* ---- through ------------------------------------------------------------- */

static void test_without_a_log_in(void **state)
{
	struct world *w = *state;

	up(w, &(struct t_proxyd_conf){.to = far_port(w)},
	   (struct mst_proxy){NULL});
	ask(w);
	expect(&w->r, MST_OUT_ANSWER, 200, 1, MST_OK);
	t_is(w->r.resp->body, "far");
	assert_non_null(strstr(t_proxyd_last(w->p), "CONNECT sn.example:443 "));
	assert_null(strstr(t_proxyd_last(w->p), "Proxy-Authorization"));
	ask(w); /* by the same connection */
	assert_int_equal(t_proxyd_count(w->p), 1);
	down(w);
}

static void test_with_a_log_in(void **state)
{
	struct world *w = *state;
	size_t n = t_httpd_count(w->h);

	up(w,
	   &(struct t_proxyd_conf){.to = far_port(w),
				   .login = "muster:" SECRET},
	   login);
	ask(w);
	expect(&w->r, MST_OUT_ANSWER, 200, 1, MST_OK);
	/* The log-in is the proxy's alone. */
	assert_null(t_header(t_httpd_request(w->h, n), "Proxy-Authorization"));
	down(w);
}

static void test_by_tls(void **state)
{
	struct world *w = *state;
	struct t_proxyd_conf p = {.to = far_port(w),
				  .login = "muster:" SECRET,
				  .cert = w->own.cert,
				  .key = w->own.key};
	struct mst_proxy conf = login;

	conf.ca_file = t_path("own.pem");
	up(w, &p, conf);
	ask(w);
	expect(&w->r, MST_OUT_ANSWER, 200, 1, MST_OK);
	down(w);
}

/* ---- not through --------------------------------------------------------- */

static void test_log_in_refused(void **state)
{
	static const struct {
		struct mst_proxy conf;
		const char *offers, *why, *todo;
	} cases[] = {
	    {{NULL},
	     NULL,
	     "wants a log-in",
	     "set proxy_user and proxy_password"},
	    {{.user = "muster", .password = "env:PROXY_PW_OLD"},
	     NULL,
	     "refuses the log-in",
	     "check proxy_user and proxy_password"},
	    {{.user = "muster", .password = "env:PROXY_PW_OLD", .global = true},
	     NULL,
	     "refuses the log-in",
	     "check user and password in the section proxy"},
	    {{NULL},
	     "Negotiate",
	     "wants a log-in by Negotiate",
	     "let the proxy take Basic"},
	};
	struct world *w = *state;
	size_t n = t_httpd_count(w->h);

	for (size_t i = 0; i < MST_LEN(cases); i++) {
		up(w,
		   &(struct t_proxyd_conf){.to = far_port(w),
					   .login = "muster:" SECRET,
					   .offers = cases[i].offers},
		   cases[i].conf);
		ask(w);
		/* Once: a wrong password must not lock the account. */
		expect(&w->r, MST_OUT_FAILED, 0, 1, MST_E_AUTH);
		told(w, cases[i].why, cases[i].todo);
		assert_int_equal(t_proxyd_count(w->p), 1);
		down(w);
	}
	assert_int_equal(t_httpd_count(w->h), n);
}

static void test_way_refused(void **state)
{
	static const struct {
		int status, attempts;
		enum mst_code code;
		const char *why;
	} cases[] = {
	    {403, 1, MST_E_FORBIDDEN, "refuses the way to sn.example port 443"},
	    {405, 1, MST_E_FORBIDDEN, "it answered 405"},
	    {502, 2, MST_E_TRANSIENT, "finds no way to sn.example port 443"},
	    {503, 2, MST_E_TRANSIENT, "it answered 503"},
	};
	struct world *w = *state;

	for (size_t i = 0; i < MST_LEN(cases); i++) {
		up(w,
		   &(struct t_proxyd_conf){.to = far_port(w),
					   .refuse = cases[i].status},
		   (struct mst_proxy){NULL});
		ask(w);
		/* A write that no far end ever saw is not in doubt. */
		expect(&w->r, MST_OUT_FAILED, 0, cases[i].attempts,
		       cases[i].code);
		told(w, cases[i].why, "or name the host in no_proxy");
		down(w);
	}
}

static void test_tls_that_fails(void **state)
{
	struct world *w = *state;
	struct t_proxyd_conf p = {
	    .to = far_port(w), .cert = w->own.cert, .key = w->own.key};
	char url[64];

	up(w, &p, (struct mst_proxy){NULL});
	ask(w);
	expect(&w->r, MST_OUT_FAILED, 0, 1, MST_E_INVALID);
	told(w, "its certificate is not accepted", "proxy_ca_file");
	assert_int_equal(t_proxyd_count(w->p), 0);
	down(w);

	/* The far end's authority is not the proxy's. */
	up(w, &p, (struct mst_proxy){.ca_file = t_path("far.pem")});
	ask(w);
	expect(&w->r, MST_OUT_FAILED, 0, 1, MST_E_INVALID);
	told(w, "its certificate is not accepted", "proxy_ca_file");
	down(w);

	/* No TLS is spoken there. */
	w->p = t_proxyd_start(&(struct t_proxyd_conf){.to = far_port(w)});
	(void)snprintf(url, sizeof(url), "https://127.0.0.1:%d",
		       t_proxyd_port(w->p));
	up(w, NULL, (struct mst_proxy){.url = url});
	ask(w);
	expect(&w->r, MST_OUT_FAILED, 0, 2, MST_E_TRANSIENT);
	told(w, "TLS to it fails", "begin its address with http://");
	down(w);
}

static void test_not_there(void **state)
{
	struct world *w = *state;
	char url[64];

	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%d", t_free_port());
	up(w, NULL, (struct mst_proxy){.url = url});
	ask(w);
	expect(&w->r, MST_OUT_FAILED, 0, 2, MST_E_TRANSIENT);
	told(w, "cannot be reached", "check the option proxy");
	down(w);

	up(w, NULL,
	   (struct mst_proxy){.url = "http://nowhere.invalid:3128",
			      .global = true});
	ask(w);
	expect(&w->r, MST_OUT_FAILED, 0, 2, MST_E_TRANSIENT);
	told(w, "proxy nowhere.invalid:3128: no address",
	     "check url in the section proxy");
	down(w);
}

/* What fails behind the proxy is not told as the proxy's. */
static void test_far_end_that_fails(void **state)
{
	struct world *w = *state;

	up(w, &(struct t_proxyd_conf){.to = far_port(w)},
	   (struct mst_proxy){NULL});
	rig_url(&w->r, MST_HTTP_GET, MST_REPEAT_SAFE, "https://other.example/");
	expect(&w->r, MST_OUT_FAILED, 0, 1, MST_E_INVALID);
	says(&w->r, "other.example");
	says(&w->r, "ca_file");
	assert_null(strstr(w->r.resp->err.msg, "proxy 127"));
	down(w);
}

/* ---- without it ---------------------------------------------------------- */

static void test_passed_by(void **state)
{
	const char *hosts[] = {".example"};
	struct world *w = *state;
	char url[64];

	up(w, &(struct t_proxyd_conf){.to = far_port(w)},
	   (struct mst_proxy){.bypass = {hosts, 1}});
	ask(w);
	expect(&w->r, MST_OUT_FAILED, 0, 2, MST_E_TRANSIENT);
	says(&w->r, "check the host name");
	assert_int_equal(t_proxyd_count(w->p), 0);
	down(w);

	/* "direct" counts against the environment, too. */
	w->p = t_proxyd_start(&(struct t_proxyd_conf){.to = far_port(w)});
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%d",
		       t_proxyd_port(w->p));
	setenv("https_proxy", url, 1);
	up(w, NULL, (struct mst_proxy){.url = "direct"});
	ask(w);
	assert_int_equal(t_proxyd_count(w->p), 0);
	mst_client_free(&w->r.c);
	/* A list without a proxy is for the environment's. */
	up(w, NULL, (struct mst_proxy){.bypass = {hosts, 1}});
	ask(w);
	assert_int_equal(t_proxyd_count(w->p), 0);
	mst_client_free(&w->r.c);
	up(w, NULL, (struct mst_proxy){NULL});
	ask(w);
	expect(&w->r, MST_OUT_ANSWER, 200, 1, MST_OK);
	assert_int_equal(t_proxyd_count(w->p), 1);
	/* no_proxy of the environment is not for ours */
	mst_client_free(&w->r.c);
	setenv("no_proxy", "sn.example", 1);
	up(w, NULL, (struct mst_proxy){.url = url});
	ask(w);
	assert_int_equal(t_proxyd_count(w->p), 2);
	unsetenv("https_proxy");
	unsetenv("no_proxy");
	down(w);
}

static void test_wrong_files(void **state)
{
	static const struct {
		struct mst_proxy conf;
		const char *words;
	} cases[] = {
	    {{.url = "http://p:1",
	      .user = "u",
	      .password = "env:NO_SUCH_THING"},
	     "t: proxy_password: "},
	    {{.url = "http://p:1",
	      .user = "u",
	      .password = "env:NO_SUCH_THING",
	      .global = true},
	     "t: section proxy: password: "},
	    {{.url = "https://p:1", .ca_file = "/nowhere.pem"},
	     "t: proxy_ca_file: "},
	};

	for (size_t i = 0; i < MST_LEN(cases); i++) {
		struct mst_client_conf c = {.name = "t",
					    .proxy = cases[i].conf};
		struct mst_err err = MST_ERR_INIT;

		assert_null(mst_client_new(&c, &err));
		t_failed(-(int)err.code, &err, err.code, cases[i].words);
	}
}

/* ---- the way, looked at -------------------------------------------------- */

static struct mst_way look(struct world *w)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_way way;

	t_ok(mst_client_way(w->r.c, FAR, NULL, &way, &err), &err);
	return way;
}

static void test_the_way(void **state)
{
	struct world *w = *state;
	struct t_proxyd_conf p = {.to = far_port(w),
				  .login = "muster:" SECRET,
				  .cert = w->own.cert,
				  .key = w->own.key};
	struct mst_proxy conf = login;
	struct mst_way way;

	conf.ca_file = t_path("own.pem");
	conf.global = true;
	up(w, &p, conf);
	way = look(w);
	assert_int_equal(way.at, MST_WAY_THERE);
	assert_int_equal(way.proxy.by, MST_PROXY_SECTION);
	assert_string_equal(way.subject, "sn.example");
	down(w);

	up(w, &p, login);
	way = look(w);
	assert_int_equal(way.at, MST_WAY_PROXY);
	assert_int_equal(way.fault, MST_CERT_FINE);
	assert_non_null(strstr(way.proxy.remedy, "proxy_ca_file"));
	assert_int_equal(way.err.code, MST_E_INVALID);
	down(w);

	p = (struct t_proxyd_conf){.to = 0};
	up(w, &p, (struct mst_proxy){NULL});
	way = look(w);
	assert_int_equal(way.at, MST_WAY_PROXY);
	assert_int_equal(way.proxy.status, 502);
	assert_non_null(strstr(way.err.msg, "finds no way to sn.example"));
	down(w);
}

#define T(name) cmocka_unit_test(name)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_without_a_log_in), T(test_with_a_log_in),
	    T(test_by_tls),	      T(test_log_in_refused),
	    T(test_way_refused),      T(test_tls_that_fails),
	    T(test_not_there),	      T(test_far_end_that_fails),
	    T(test_passed_by),	      T(test_wrong_files),
	    T(test_the_way),
	};

	return cmocka_run_group_tests_name("proxy", tests, make_world,
					   end_world);
}
