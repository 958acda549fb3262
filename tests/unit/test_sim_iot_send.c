/* SPDX-License-Identifier: Apache-2.0
 *
 * Senders of the simulated Defender for IoT: every form over every transport
 * arrives, and muster's own readers of forms understand it.
 */
#include "sim_fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "alert/form.h"
#include "tests/lib/httpd.h"
#include "tests/lib/pki.h"

static struct fx fx;

static int begin(void **state)
{
	static const struct mst_sim_conf conf = {
	    .devices = 5, .iot_devices = 200, .iot_alerts = 2};

	(void)state;
	fx_start(&fx, &conf);
	fx.bare = MST_SIM_IOT_TOKEN;
	return 0;
}

static int end(void **state)
{
	(void)state;
	fx_stop(&fx);
	return 0;
}

/* A socket on loopback, its port in *port_r. */
static int listener(int type, int *port_r)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, type, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 4), 0);
	*port_r = ntohs(a.sin_port);
	return fd;
}

static struct mst_json sender(size_t i)
{
	struct mst_json list = mst_json_get(
	    fx_control(&fx, "GET", "/_sim/iot/send", NULL), "senders");
	struct mst_json_iter it = mst_json_iter(list);
	struct mst_json v = {0};

	for (size_t k = 0; k <= i; k++)
		assert_true(mst_json_next(&it, NULL, &v));
	return v;
}

/* The first sender, when it has ended. */
static struct mst_json ended(void)
{
	bool done = false;
	struct mst_json v;

	for (;;) {
		v = sender(0);
		if (mst_json_bool(mst_json_get(v, "ended"), &done) && done)
			return v;
		(void)sched_yield();
	}
}

MST_PRINTF(1, 2) static void start(const char *fmt, ...)
{
	char body[4096];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(body, sizeof(body), fmt, ap);
	va_end(ap);
	fx_control(&fx, "POST", "/_sim/iot/send", body);
}

/* What the plant says of its nth alert is what the line says. */
static void check(struct mst_slice line, size_t n, bool uuid)
{
	struct mst_json_iter it;
	struct mst_json v = {0};
	struct mst_slice host, body;
	struct mst_alert a;
	struct mst_arena arena;
	struct mst_err err = MST_ERR_INIT;
	int64_t time_us;
	enum mst_form form;

	mst_arena_init(&arena, 1u << 20);
	body = mst_form_syslog(line, mst_now_us(), &host, &time_us);
	form = mst_form_of(body);
	if (mst_form_read(form, body, 0, &arena, &a, &err) < 0)
		fail_msg("%s: %.*s", err.msg, MST_SLICE_ARG(line));
	it = mst_json_iter(mst_json_get(
	    fx_control(&fx, "GET", "/_sim/iot/alerts", NULL), "raised"));
	for (size_t k = 0; k <= n; k++)
		assert_true(mst_json_next(&it, NULL, &v));
	assert_true(
	    mst_slice_eq(a.title, mst_json_str(mst_json_get(v, "title"))) ||
	    form == MST_FORM_TEXT);
	if (uuid)
		assert_true(mst_slice_eq(
		    a.uuid, mst_json_str(mst_json_get(v, "uuid"))));
	assert_int_not_equal(a.severity, MST_SEVERITY_NONE);
	assert_int_not_equal(a.engine, MST_ENGINE_NONE);
	mst_arena_fini(&arena);
}

/* ---- datagrams ----------------------------------------------------------- */

static void datagrams(void **state)
{
	static const char *const forms[] = {"text", "object", "cef", "leef"};
	int port, fd = listener(SOCK_DGRAM, &port);
	size_t alerts = 14; /* of the week before */
	char text[65536];

	(void)state;
	for (size_t i = 0; i < MST_LEN(forms); i++) {
		start("{\"form\":\"%s\",\"port\":%d,\"count\":20}", forms[i],
		      port);
		for (int k = 0; k < 20; k++) {
			ssize_t n = recv(fd, text, sizeof(text), 0);

			assert_true(n > 0);
			check(mst_slice(text, (size_t)n), alerts++,
			      strcmp(forms[i], "object") != 0);
		}
	}
	close(fd);
}

/* ---- streams ------------------------------------------------------------- */

/* Reads until there are n bytes or the far end closes. */
static size_t read_all(int fd, char *out, size_t max)
{
	size_t have = 0;

	for (;;) {
		ssize_t n = recv(fd, out + have, max - have, 0);

		if (n <= 0)
			return have;
		have += (size_t)n;
	}
}

static void stream(void **state)
{
	int port, fd = listener(SOCK_STREAM, &port), c;
	static char text[4 << 20];
	size_t n, lines = 0, from = 0;

	(void)state;
	start("{\"form\":\"cef\",\"transport\":\"tcp\",\"port\":%d,"
	      "\"count\":600}",
	      port);
	c = accept(fd, NULL, NULL);
	n = read_all(c, text, sizeof(text));
	for (size_t i = 0; i < n; i++) {
		if (text[i] != '\n')
			continue;
		if (lines % 100 == 0)
			check(mst_slice(text + from, i - from), 14 + lines,
			      true);
		from = i + 1;
		lines++;
	}
	assert_int_equal(lines, 600);
	assert_int_equal(from, n);
	assert_int_equal(fx_int(ended(), "sent"), 600);
	close(c);
	close(fd);
}

static void octets(void **state)
{
	int port, fd = listener(SOCK_STREAM, &port), c;
	static char text[1 << 20];
	size_t n, lines = 0, at = 0;

	(void)state;
	start("{\"form\":\"leef\",\"transport\":\"tcp\",\"port\":%d,"
	      "\"alerts\":\"existing\",\"framing\":\"octets\"}",
	      port);
	c = accept(fd, NULL, NULL);
	n = read_all(c, text, sizeof(text));
	while (at < n) {
		size_t len = 0;

		while (text[at] != ' ')
			len = len * 10 + (size_t)(text[at++] - '0');
		check(mst_slice(text + at + 1, len), lines++, true);
		at += len + 1;
	}
	assert_int_equal(lines, 14);
	close(c);
	close(fd);
}

/* What is raised by hand, in this severity and above. */
static void follows(void **state)
{
	int port, fd = listener(SOCK_DGRAM, &port);
	char text[65536];
	ssize_t n;

	(void)state;
	start("{\"form\":\"text\",\"port\":%d,\"alerts\":\"follow\","
	      "\"severity\":\"Major\"}",
	      port);
	fx_control(&fx, "POST", "/_sim/iot/alerts",
		   "{\"alerts\":[{\"title\":\"Controller Stop\"},"
		   "{\"title\":\"Port Scan Detected\"}]}");
	n = recv(fd, text, sizeof(text), 0);
	check(mst_slice(text, (size_t)n), 15, true);
	fx_control(&fx, "DELETE", "/_sim/iot/send", NULL);
	assert_int_equal(fx_int(ended(), "sent"), 1);
	close(fd);
}

/* Nobody listens: counted, said, and without retry the end. */
static void fails(void **state)
{
	struct mst_json v;

	(void)state;
	start("{\"form\":\"cef\",\"transport\":\"tcp\",\"port\":%d,"
	      "\"count\":3}",
	      t_free_port());
	v = ended();
	assert_int_equal(fx_int(v, "sent"), 0);
	assert_int_equal(fx_int(v, "failed"), 3);
	assert_true(mst_json_str(mst_json_get(v, "error")).n > 0);
}

/* ---- TLS, webhooks ---------------------------------------------------------
 */

/* A text as it stands within JSON. */
static const char *quoted(const char *pem)
{
	static char out[8192];
	size_t n = 0;

	for (; *pem && n + 3 < sizeof(out); pem++) {
		if (*pem == '\n')
			out[n++] = '\\';
		out[n++] = *pem == '\n' ? 'n' : *pem;
	}
	out[n] = '\0';
	return out;
}

static void tls(void **state)
{
	struct t_pki pki = t_pki_make("ec", "IP:127.0.0.1", -3600, 86400, NULL);
	static const struct t_answer any = {.status = 200, .times = -1};
	struct t_httpd *h = t_httpd_start_tls(&any, 1, pki.cert, pki.key);
	struct mst_json v;

	(void)state;
	start("{\"form\":\"cef\",\"transport\":\"tls\",\"port\":%d,"
	      "\"ca\":\"%s\"}",
	      t_httpd_port(h), quoted(pki.cert));
	v = ended();
	assert_int_equal(fx_int(v, "sent"), 1);
	start("{\"form\":\"webhook\",\"url\":\"https://127.0.0.1:%d/a\","
	      "\"ca\":\"%s\"}",
	      t_httpd_port(h), quoted(pki.cert));
	while (!t_httpd_count(h))
		(void)sched_yield();
	t_httpd_stop(&h);
	t_pki_free(&pki);
}

/* With the check of certificates on and an unknown one, nothing is sent. */
static void tls_unknown(void **state)
{
	struct t_pki pki = t_pki_make("ec", "IP:127.0.0.1", -3600, 86400, NULL);
	static const struct t_answer any = {.status = 200, .times = -1};
	struct t_httpd *h = t_httpd_start_tls(&any, 1, pki.cert, pki.key);

	(void)state;
	start("{\"form\":\"cef\",\"transport\":\"tls\",\"port\":%d}",
	      t_httpd_port(h));
	assert_int_equal(fx_int(ended(), "failed"), 1);
	t_httpd_stop(&h);
	t_pki_free(&pki);
}

static void webhooks(void **state)
{
	static const struct t_answer some[] = {
	    {.status = 200, .times = 1},
	    {.status = 503, .times = 1},
	    {.status = 200, .times = 3},
	};
	struct t_httpd *h = t_httpd_start(some, MST_LEN(some));
	const struct t_request *r;
	struct mst_err err = MST_ERR_INIT;
	struct mst_json v;

	(void)state;
	start("{\"form\":\"webhook-extended\",\"url\":\"%s\",\"count\":3,"
	      "\"retry\":true,\"headers\":{\"X-Key\":\"not-a-real-key\"}}",
	      t_httpd_url(h, "/hook"));
	assert_int_equal(fx_int(ended(), "sent"), 3);
	assert_int_equal(t_httpd_count(h), 4);
	r = t_httpd_request(h, 1);
	assert_string_equal(r->method, "POST");
	assert_string_equal(r->path, "/hook");
	assert_string_equal(t_header(r, "X-Key"), "not-a-real-key");
	/* the one that was refused came again */
	assert_string_equal(r->body, t_httpd_request(h, 2)->body);
	t_ok(mst_json_parse(fx.json, mst_slice(r->body, r->body_n), &v, &err),
	     &err);
	assert_true(fx_int(v, "sensorID") > 0);
	assert_int_equal(mst_json_type(mst_json_get(v, "remediationSteps")),
			 MST_JSON_ARRAY);
	t_httpd_stop(&h);
}

static void refused(const char *body, const char *why)
{
	struct mst_buf out = MST_BUF_INIT(65536);

	assert_int_equal(mst_sim_control(fx.sim, "POST", "/_sim/iot/send",
					 mst_slice_str(body), &out),
			 400);
	if (!strstr(out.p, why))
		fail_msg("%s", out.p);
	mst_buf_fini(&out);
}

static void only_here(void **state)
{
	(void)state;
	refused("{\"form\":\"cef\",\"port\":514,\"host\":\"192.0.2.1\"}",
		"on this machine");
	refused("{\"form\":\"cef\",\"host\":\"127.0.0.1\"}", "port");
	refused("{\"form\":\"webhook\",\"url\":\"http://192.0.2.1/\"}",
		"on this machine");
	refused("{\"form\":\"webhook\",\"url\":\"file:///etc/passwd\"}",
		"on this machine");
	refused("{\"form\":\"xml\",\"port\":514}", "form");
	refused("{\"form\":\"cef\",\"port\":514,\"transport\":\"x\"}",
		"transport");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(datagrams, begin, end),
	    cmocka_unit_test_setup_teardown(stream, begin, end),
	    cmocka_unit_test_setup_teardown(octets, begin, end),
	    cmocka_unit_test_setup_teardown(follows, begin, end),
	    cmocka_unit_test_setup_teardown(fails, begin, end),
	    cmocka_unit_test_setup_teardown(tls, begin, end),
	    cmocka_unit_test_setup_teardown(tls_unknown, begin, end),
	    cmocka_unit_test_setup_teardown(webhooks, begin, end),
	    cmocka_unit_test_setup_teardown(only_here, begin, end),
	};

	/* the server of TLS may answer a sender that has gone */
	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
