/* SPDX-License-Identifier: Apache-2.0
 *
 * Receivers as items: what each option takes, who may send.
 */
#include "tests/lib/t.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

#include "forward/receiver.h"

static struct mst_arena arena;
static struct mst_conf conf;
static struct mst_receiver r;
static struct mst_err err;

static int set_up(void **state MST_UNUSED)
{
	mst_arena_init(&arena, 1u << 20);
	return 0;
}

static int tear_down(void **state MST_UNUSED)
{
	mst_receiver_fini(&r);
	mst_arena_fini(&arena);
	mst_conf_fini(&conf);
	return 0;
}

static int make(const char *type, const char *options)
{
	char yaml[2048];

	mst_receiver_fini(&r);
	mst_conf_fini(&conf);
	(void)snprintf(yaml, sizeof(yaml),
		       "forward_receivers:\n  - name: plant\n    type: %s\n"
		       "    connection: iot\n%s",
		       type, options);
	mst_err_clear(&err);
	t_ok(mst_conf_read(mst_slice_str(yaml), "f.yaml", &conf, &err), &err);
	return mst_receiver_make(&conf.items[0], &arena, &r, &err);
}

#define HERE "    listen: 127.0.0.1:514\n"

static void refuses(const char *type, const char *options, const char *part)
{
	t_failed(make(type, options), &err, MST_E_INVALID, part);
	assert_true(strncmp(err.msg, "f.yaml:", 7) == 0);
}

static bool allows(const char *ip)
{
	struct sockaddr_in6 six = {.sin6_family = AF_INET6};
	struct sockaddr_in four = {.sin_family = AF_INET};

	if (inet_pton(AF_INET, ip, &four.sin_addr) == 1)
		return mst_receiver_allows(&r, (struct sockaddr *)&four);
	assert_int_equal(inet_pton(AF_INET6, ip, &six.sin6_addr), 1);
	return mst_receiver_allows(&r, (struct sockaddr *)&six);
}

static void test_defaults(void **state MST_UNUSED)
{
	const struct sockaddr_in *at = (const struct sockaddr_in *)&r.at;

	t_ok(make("syslog", HERE), &err);
	assert_int_equal(r.type, MST_RECEIVER_SYSLOG);
	assert_int_equal(r.transport, MST_TRANSPORT_UDP);
	assert_true(r.enabled);
	assert_null(r.zone);
	assert_int_equal(r.max_connections, 64);
	assert_int_equal(r.half_ms, 30000);
	assert_int_equal(ntohs(at->sin_port), 514);
	assert_true(allows("203.0.113.9"));
	t_ok(make("webhook", HERE), &err);
	assert_int_equal(r.type, MST_RECEIVER_WEBHOOK);
	assert_string_equal(r.secret_header, "X-Muster-Secret");
}

static void test_listen(void **state MST_UNUSED)
{
	static const char *const wrong[] = {
	    "514",
	    "127.0.0.1",
	    ":514",
	    "localhost:514",
	    "127.0.0.1:",
	    "127.0.0.1:x",
	    "127.0.0.1:65536",
	    "::1:514",
	    "[::1]",
	    "[127.0.0.1]:514",
	    "1.2.3:514",
	};
	char text[128];

	for (size_t i = 0; i < MST_LEN(wrong); i++) {
		(void)snprintf(text, sizeof(text), "    listen: \"%s\"\n",
			       wrong[i]);
		refuses("syslog", text, "must be an IP address and a port");
	}
	t_ok(make("syslog", "    listen: \"[::1]:0\"\n"), &err);
	assert_int_equal(((struct sockaddr *)&r.at)->sa_family, AF_INET6);
	refuses("syslog", "", "listen");
}

/* Nobody opens a port to everybody by leaving something out. */
static void test_allow(void **state MST_UNUSED)
{
	refuses("syslog", "    listen: 0.0.0.0:514\n",
		"\"allow\" is missing: whoever reaches the port");
	refuses("webhook", "    listen: \"[::]:443\"\n",
		"\"allow\" is missing");
	t_ok(make("webhook", "    listen: 0.0.0.0:443\n"
			     "    secret: env:HOOK\n"),
	     &err);
	t_ok(make("syslog", "    listen: 0.0.0.0:514\n"
			    "    allow: [10.1.0.0/16, \"2001:db8::/32\"]\n"),
	     &err);
	assert_true(allows("10.1.2.3"));
	assert_true(allows("::ffff:10.1.2.3"));
	assert_true(allows("2001:db8::9"));
	assert_false(allows("10.2.0.1"));
	assert_false(allows("2001:db9::1"));
	refuses("syslog", HERE "    allow: [plant]\n",
		"\"plant\" is no IP address and no subnet");
	refuses("syslog", HERE "    allow: [\"00:1b:1b:00:00:01\"]\n",
		"is no IP address");
}

static void test_tls(void **state MST_UNUSED)
{
	refuses("syslog", HERE "    transport: tls\n",
		"\"certificate\" is missing");
	refuses("syslog", HERE "    transport: tls\n    certificate: a.pem\n",
		"\"key\" is missing");
	refuses("syslog", HERE "    transport: tcp\n    certificate: a.pem\n",
		"says nothing without transport: tls");
	refuses("syslog", HERE "    client_ca: a.pem\n", "says nothing");
	refuses("webhook", HERE "    key: a.key\n", "is missing");
	refuses("webhook", HERE "    client_ca: a.pem\n", "is missing");
	t_ok(make("syslog", "    listen: 0.0.0.0:6514\n    transport: tls\n"
			    "    certificate: a.pem\n    key: a.key\n"
			    "    client_ca: c.pem\n"),
	     &err);
	t_ok(make("webhook", HERE "    certificate: a.pem\n    key: a.key\n"),
	     &err);
}

static void test_refused(void **state MST_UNUSED)
{
	refuses("sylog", HERE, "did you mean \"syslog\"?");
	refuses("snmp", HERE, "types are syslog and webhook");
	refuses("webhook", HERE "    transport: udp\n",
		"is an option of receivers of type syslog");
	refuses("syslog", HERE "    secret: env:X\n",
		"is an option of receivers of type webhook");
	refuses("syslog", HERE "    zone: Mars/Base\n", "\"zone\" is wrong");
	refuses("syslog", HERE "    max_connections: 0\n", "max_connections");
	refuses("webhook", HERE "    secret: hunter2\n", "secret");
	assert_null(strstr(err.msg, "hunter2"));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_defaults), TEST(test_listen),  TEST(test_allow),
	    TEST(test_tls),	 TEST(test_refused),
	};

	return cmocka_run_group_tests_name("forward_receiver", tests, NULL,
					   NULL);
}
