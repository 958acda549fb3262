/* SPDX-License-Identifier: Apache-2.0
 *
 * Receivers against the simulated console's senders: each form over each
 * transport, TLS with certificates of both ends, webhooks that try again; and
 * kill -9 while they send: what was acknowledged is there, nothing twice.
 */
#include "forward_fixture.h"

#include <curl/curl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/httpd.h"
#include "lib/pki.h"
#include "sim_fixture.h"

static struct ff ff;
static struct fx fx;

static int begin(void **state)
{
	static const struct mst_sim_conf conf = {
	    .devices = 5, .iot_devices = 200, .iot_alerts = -1};

	fx_start(&fx, &conf);
	fx.bare = MST_SIM_IOT_TOKEN;
	fx_control(&fx, "POST", "/_sim/iot/switches", "{\"uuids\":true}");
	return t_log_watch(state);
}

static int end(void **state)
{
	fx_stop(&fx);
	ff_close(&ff);
	return t_log_check(state);
}

MST_PRINTF(1, 2) static void start(const char *fmt, ...)
{
	char body[16384];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(body, sizeof(body), fmt, ap);
	va_end(ap);
	fx_control(&fx, "POST", "/_sim/iot/send", body);
}

/* The last sender, when it has ended: how many it sent. */
static int64_t sent(void)
{
	for (;;) {
		struct mst_json_iter it = mst_json_iter(mst_json_get(
		    fx_control(&fx, "GET", "/_sim/iot/send", NULL), "senders"));
		struct mst_json v = {0};
		bool done = false;

		while (mst_json_next(&it, NULL, &v))
			;
		if (mst_json_bool(mst_json_get(v, "ended"), &done) && done)
			return fx_int(v, "sent");
		(void)sched_yield();
	}
}

#define RECEIVER(name, rest)                                                   \
	"  - name: " name "\n    connection: iot\n"                            \
	"    listen: 127.0.0.1:0\n" rest

/* ---- forms and transports ------------------------------------------------ */

static void test_forms(void **state MST_UNUSED)
{
	static const char *const forms[] = {"text", "object", "cef", "leef"};
	uint64_t n = 0;

	ff_open(&ff,
		"forward_receivers:\n" RECEIVER("udp", "    type: syslog\n")
		    RECEIVER("tcp", "    type: syslog\n"
				    "    transport: tcp\n")
			RECEIVER("hook", "    type: webhook\n"));
	ff_receive(&ff);
	for (size_t i = 0; i < MST_LEN(forms); i++) {
		start("{\"form\":\"%s\",\"port\":%d,\"count\":20}", forms[i],
		      ff_port(&ff, "udp"));
		ff_until(&ff, n += 20);
		start("{\"form\":\"%s\",\"transport\":\"tcp\",\"port\":%d,"
		      "\"framing\":\"%s\",\"count\":200}",
		      forms[i], ff_port(&ff, "tcp"), i % 2 ? "octets" : "lf");
		ff_until(&ff, n += 200);
	}
	start("{\"form\":\"webhook\",\"url\":\"http://127.0.0.1:%d/a\","
	      "\"count\":20}",
	      ff_port(&ff, "hook"));
	ff_until(&ff, n += 20);
	start("{\"form\":\"webhook-extended\",\"url\":\"http://127.0.0.1:%d/\","
	      "\"count\":20}",
	      ff_port(&ff, "hook"));
	ff_until(&ff, n += 20);
	assert_int_equal(ff_unread(&ff, NULL, NULL), 0);
}

/* ---- TLS ----------------------------------------------------------------- */

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

static const char *keep(const char *name, const char *pem)
{
	const char *path = t_path("%s", name);

	t_write(path, mst_slice_str(pem));
	return path;
}

static void test_tls(void **state MST_UNUSED)
{
	struct t_pki pki = t_pki_make("ec", "IP:127.0.0.1", -3600, 86400, NULL);
	char yaml[2048];
	int fd;

	(void)snprintf(
	    yaml, sizeof(yaml),
	    "forward_receivers:\n" RECEIVER(
		"tls", "    type: syslog\n    transport: tls\n"
		       "    certificate: %s\n    key: %s\n")
		RECEIVER("hook", "    type: webhook\n"
				 "    certificate: %s\n"
				 "    key: %s\n")
		    RECEIVER("known", "    type: syslog\n"
				      "    transport: tls\n"
				      "    certificate: %s\n    key: %s\n"
				      "    client_ca: %s\n"),
	    keep("a.pem", pki.cert), keep("a.key", pki.key), t_path("a.pem"),
	    t_path("a.key"), t_path("a.pem"), t_path("a.key"), t_path("a.pem"));
	ff_open(&ff, yaml);
	ff_receive(&ff);
	start("{\"form\":\"cef\",\"transport\":\"tls\",\"port\":%d,"
	      "\"count\":300,\"ca\":\"%s\"}",
	      ff_port(&ff, "tls"), quoted(pki.cert));
	ff_until(&ff, 300);
	start("{\"form\":\"webhook\",\"url\":\"https://127.0.0.1:%d/a\","
	      "\"ca\":\"%s\",\"count\":5}",
	      ff_port(&ff, "hook"), quoted(pki.cert));
	ff_until(&ff, 305);
	/* No certificate of its own; no TLS at all. */
	t_log_expect(MST_WARN,
		     "receiver 'known': 127.0.0.1: TLS was not agreed", 1);
	t_log_expect(MST_WARN, "receiver 'tls': 127.0.0.1: TLS was not agreed",
		     1);
	start("{\"form\":\"cef\",\"transport\":\"tls\",\"port\":%d,"
	      "\"ca\":\"%s\"}",
	      ff_port(&ff, "known"), quoted(pki.cert));
	fd = ff_connect(ff_port(&ff, "tls"), SOCK_STREAM);
	ff_say(fd, "<14>plain text\n", 15);
	while (ff_count(&ff, "tls", "no TLS") == 0 ||
	       ff_count(&ff, "known", "no TLS") == 0)
		(void)sched_yield();
	assert_int_equal(ff_waiting(&ff), 305);
	close(fd);
	t_pki_free(&pki);
}

/* The status of a POST with this client's certificate; NULL: it has none. */
static long post_as(int port, const char *cert, const char *key)
{
	CURL *c = curl_easy_init();
	FILE *out = fopen("/dev/null", "w");
	char url[64];
	long status = 0;

	(void)snprintf(url, sizeof(url), "https://127.0.0.1:%d/", port);
	assert_non_null(c);
	assert_non_null(out);
	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl_easy_setopt(c, CURLOPT_CAINFO, t_path("a.pem"));
	curl_easy_setopt(c, CURLOPT_SSLCERT, cert);
	curl_easy_setopt(c, CURLOPT_SSLKEY, key);
	curl_easy_setopt(c, CURLOPT_POSTFIELDS, ff_json(1));
	curl_easy_setopt(c, CURLOPT_WRITEDATA, out);
	assert_int_equal(curl_easy_perform(c), CURLE_OK);
	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_cleanup(c);
	(void)fclose(out);
	return status;
}

/* A webhook with client_ca hears those whom it issued, nobody else. */
static void test_client_ca(void **state MST_UNUSED)
{
	struct t_pki pki = t_pki_make("ec", "IP:127.0.0.1", -3600, 86400, NULL);
	struct t_pki ca = t_pki_make("ec", "plant", -3600, 86400, NULL);
	/* Calls itself what the right one is called. */
	struct t_pki fake = t_pki_make("ec", "plant", -3600, 86400, NULL);
	struct t_pki_conf conf = {
	    .kind = "ec", .host = "sensor", .from_s = -3600, .to_s = 86400};
	struct t_pki right, foreign, old;
	char yaml[1024];
	int port;

	conf.issuer = &ca;
	right = t_pki_make_as(&conf);
	conf.issuer = &fake;
	foreign = t_pki_make_as(&conf);
	conf.issuer = &ca;
	conf.to_s = -60;
	old = t_pki_make_as(&conf);
	(void)snprintf(yaml, sizeof(yaml),
		       "forward_receivers:\n" RECEIVER(
			   "hook", "    type: webhook\n"
				   "    certificate: %s\n"
				   "    key: %s\n    client_ca: %s\n"),
		       keep("a.pem", pki.cert), keep("a.key", pki.key),
		       keep("ca.pem", ca.cert));
	ff_open(&ff, yaml);
	ff_receive(&ff);
	port = ff_port(&ff, "hook");
	t_log_expect(MST_WARN, "127.0.0.1 has no certificate that one of", 1);
	assert_int_equal(post_as(port, NULL, NULL), 403);
	assert_int_equal(post_as(port, keep("f.pem", foreign.cert),
				 keep("f.key", foreign.key)),
			 403);
	assert_int_equal(
	    post_as(port, keep("o.pem", old.cert), keep("o.key", old.key)),
	    403);
	assert_int_equal(ff_waiting(&ff), 0);
	assert_int_equal(ff_unread(&ff, NULL, NULL), 0);
	assert_int_equal(ff_count(&ff, "hook", "certificate not known"), 3);
	assert_int_equal(
	    post_as(port, keep("r.pem", right.cert), keep("r.key", right.key)),
	    200);
	assert_int_equal(ff_waiting(&ff), 1);
	t_pki_free(&pki);
	t_pki_free(&ca);
	t_pki_free(&fake);
	t_pki_free(&right);
	t_pki_free(&foreign);
	t_pki_free(&old);
}

/* ---- killed -------------------------------------------------------------- */

#define KILLED (T_SANITIZED ? 400 : 1500)

/* The child receives at a port that is known to both. */
static pid_t receive_in_child(int port)
{
	int ready[2];
	char c;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)close(ready[0]);
		(void)alarm(120); /* not for ever without its parent */
		ff_open_again(&ff);
		ff_receive(&ff);
		c = 1;
		(void)!write(ready[1], &c, 1);
		for (;;)
			(void)pause();
	}
	(void)close(ready[1]);
	if (read(ready[0], &c, 1) != 1)
		fail_msg("the receiver at port %d did not start", port);
	(void)close(ready[0]);
	return pid;
}

static void kill_child(pid_t pid)
{
	int status;

	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
}

/* A sender that tries again until it is told that the alert is there: after
 * every kill all of them are, once each. */
static void test_killed(void **state MST_UNUSED)
{
	int port = t_free_port();
	char yaml[512];
	pid_t pid;

	(void)snprintf(yaml, sizeof(yaml),
		       "forward_receivers:\n  - name: hook\n"
		       "    connection: iot\n    type: webhook\n"
		       "    listen: 127.0.0.1:%d\n",
		       port);
	ff_open(&ff, yaml);
	ff_close(&ff);
	pid = receive_in_child(port);
	start("{\"form\":\"webhook\",\"url\":\"http://127.0.0.1:%d/a\","
	      "\"count\":%d,\"retry\":true}",
	      port, KILLED);
	for (unsigned i = 1; i <= 4; i++) {
		while (ff_looked(&ff) < i * KILLED / 5)
			(void)sched_yield();
		kill_child(pid);
		pid = receive_in_child(port);
	}
	assert_int_equal(sent(), KILLED);
	kill_child(pid);
	assert_int_equal(ff_looked(&ff), KILLED);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_forms),
	    TEST(test_tls),
	    TEST(test_client_ca),
	    TEST(test_killed),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("receive_sim", tests, NULL, NULL);
}
