/* SPDX-License-Identifier: Apache-2.0
 *
 * The options of a proxy: what may be written, the section and connections,
 * and which hosts are gone to without it.
 */
#include "tests/lib/t.h"

#include <stdio.h>

#include "base/limits.h"
#include "sync/connection.h"
#include "sync/proxy.h"

#define CONNECTION                                                             \
	"connections:\n"                                                       \
	"  - name: cmdb\n"                                                     \
	"    type: servicenow\n"                                               \
	"    url: https://sn.example\n"                                        \
	"    username: u\n"                                                    \
	"    password: env:X\n"

struct opened {
	struct mst_arena arena;
	struct mst_config config;
};

static struct opened read_yaml(const char *yaml)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_conf_item *items;
	struct opened o = {.config = {.state = NULL}};

	mst_arena_init(&o.arena, MST_MAX_ARENA);
	t_ok(mst_conf_read_in(mst_slice_str(yaml), "m.yaml", &o.arena, &items,
			      &o.config.front_n, &err),
	     &err);
	o.config.front = items;
	return o;
}

/* The proxy that the connection has in the end. */
static struct mst_proxy proxy_of(struct opened *o)
{
	struct mst_client_conf client = {.name = NULL};
	struct mst_err err = MST_ERR_INIT;
	struct mst_connection c;

	t_ok(mst_connection_get(&o->config, "cmdb", MST_ENV__MAX, &o->arena, &c,
				&err),
	     &err);
	c.dest->client(c.dest_conf, &client);
	return client.proxy;
}

static void section_and_connection(void **state)
{
	static const char section[] = "proxy:\n"
				      "  url: https://p.example:3129\n"
				      "  user: muster\n"
				      "  password: env:PW\n"
				      "  ca_file: /ca.pem\n"
				      "  no_proxy: [.plant.example]\n";
	char yaml[1024];
	struct mst_proxy p;
	struct opened o;

	(void)state;
	o = read_yaml(CONNECTION);
	p = proxy_of(&o);
	assert_null(p.url);
	mst_arena_fini(&o.arena);

	(void)snprintf(yaml, sizeof(yaml), "%s%s", CONNECTION, section);
	o = read_yaml(yaml);
	p = proxy_of(&o);
	assert_string_equal(p.url, "https://p.example:3129");
	assert_string_equal(p.user, "muster");
	assert_string_equal(p.password, "env:PW");
	assert_string_equal(p.ca_file, "/ca.pem");
	assert_true(p.global);
	assert_true(mst_proxy_passes_by(&p.bypass, "a.plant.example"));
	mst_arena_fini(&o.arena);

	(void)snprintf(yaml, sizeof(yaml), "%s    no_proxy: 10.0.0.0/8\n%s",
		       CONNECTION, section);
	o = read_yaml(yaml);
	p = proxy_of(&o);
	assert_int_equal(p.bypass.n, 2);
	assert_true(mst_proxy_passes_by(&p.bypass, "10.1.2.3"));
	assert_true(mst_proxy_passes_by(&p.bypass, "a.plant.example"));
	mst_arena_fini(&o.arena);

	/* Its own, and nothing of the section's with it. */
	(void)snprintf(yaml, sizeof(yaml), "%s    proxy: http://own:8080\n%s",
		       CONNECTION, section);
	o = read_yaml(yaml);
	p = proxy_of(&o);
	assert_string_equal(p.url, "http://own:8080");
	assert_null(p.user);
	assert_null(p.ca_file);
	assert_int_equal(p.bypass.n, 0);
	assert_false(p.global);
	mst_arena_fini(&o.arena);

	(void)snprintf(yaml, sizeof(yaml), "%s    proxy: direct\n%s",
		       CONNECTION, section);
	o = read_yaml(yaml);
	p = proxy_of(&o);
	assert_string_equal(p.url, "direct");
	mst_arena_fini(&o.arena);
}

/* ---- what is wrong ------------------------------------------------------- */

static void wrong_options(void **state)
{
	static const struct {
		const char *lines, *says;
	} cases[] = {
	    {"    proxy: p.example:3128\n",
	     "m.yaml:7:12: connection 'cmdb': \"proxy\" must be http://"},
	    {"    proxy: socks5://p.example:1080\n", "must be http://HOST"},
	    {"    proxy: http://p.example\n", "must end with the port"},
	    {"    proxy: http://p.example:3128/x\n", "without a path"},
	    {"    proxy: http://p.example:3128?x\n", "without a path"},
	    {"    proxy: http://p.example:0x\n", "no valid host or port"},
	    {"    proxy: http://me:not-real@p.example:3128\n",
	     "must not hold a user"},
	    {"    proxy_user: u\n",
	     "m.yaml:7:17: connection 'cmdb': \"proxy_user\" needs a proxy to "
	     "be used for: set \"proxy\" too"},
	    {"    proxy: direct\n    proxy_ca_file: /x\n",
	     "\"proxy_ca_file\" needs a proxy"},
	    {"    proxy: direct\n    no_proxy: a.example\n",
	     "means nothing without a proxy"},
	    {"    proxy: http://p:1\n    proxy_user: u\n",
	     "\"proxy_user\" needs \"proxy_password\""},
	    {"    proxy: http://p:1\n    proxy_password: env:X\n",
	     "\"proxy_password\" needs \"proxy_user\""},
	    {"    proxy: http://p:1\n    proxy_password: not-real\n",
	     "proxy_password"},
	    {"    proxy: http://p:1\n    proxy_user: 'a:b'\n"
	     "    proxy_password: env:X\n",
	     "must not hold a colon"},
	    {"    proxy: http://p:1\n    proxy_ca_file: /x\n",
	     "whose \"proxy\" begins with https://"},
	    {"    no_proxy: [a.example, 10.0.0.0/33]\n",
	     "m.yaml:7:15: connection 'cmdb': \"no_proxy\" takes names, "
	     ".domains, addresses and subnets like 10.0.0.0/8, not "
	     "\"10.0.0.0/33\""},
	    {"    no_proxy: '*'\n", "not \"*\""},
	    {"    no_proxy: 'a.example:443'\n", "not \"a.example:443\""},
	    {"    no_proxy: ''\n", "not \"\""},
	    {"proxy:\n  url: p\n",
	     "m.yaml:8:8: section proxy: \"url\" must be http://"},
	    {"proxy:\n  url: http://p:1\n  user: u\n",
	     "section proxy: \"user\" needs \"password\""},
	    {"proxy:\n  user: u\n", "url"},
	    {"proxy:\n  url: http://p:1\n  no_proxy: '..x'\n",
	     "section proxy: \"no_proxy\" takes"},
	};

	(void)state;
	for (size_t i = 0; i < MST_LEN(cases); i++) {
		struct mst_err err = MST_ERR_INIT;
		char yaml[1024];
		struct opened o;

		(void)snprintf(yaml, sizeof(yaml), "%s%s", CONNECTION,
			       cases[i].lines);
		o = read_yaml(yaml);
		t_failed(mst_config_check(&o.config, &err), &err, MST_E_INVALID,
			 cases[i].says);
		assert_null(strstr(err.msg, "not-real"));
		mst_arena_fini(&o.arena);
	}
}

/* The section alone is checked as well: it may be all that a file has. */
static void section_alone(void **state)
{
	struct opened o = read_yaml("proxy:\n  url: http://p\n");
	struct mst_err err = MST_ERR_INIT;

	(void)state;
	t_failed(mst_config_check(&o.config, &err), &err, MST_E_INVALID,
		 "m.yaml:2:8: section proxy");
	mst_arena_fini(&o.arena);
}

/* ---- hosts without it ---------------------------------------------------- */

static void passed_by(void **state)
{
	static const struct {
		const char *entry, *host;
		bool fits;
	} cases[] = {
	    {"a.example", "a.example", true},
	    {"A.Example", "a.example", true},
	    {"a.example", "b.a.example", false},
	    {"a.example", "ba.example", false},
	    {".example", "a.example", true},
	    {".a.example", "a.example", true},
	    {".a.example", "ba.example", false},
	    {".a.example", "x.y.a.example", true},
	    {"10.1.2.3", "10.1.2.3", true},
	    {"10.1.2.3", "10.1.2.30", false},
	    {"10.0.0.0/8", "10.255.0.1", true},
	    {"10.0.0.0/8", "11.0.0.1", false},
	    {"10.128.0.0/9", "10.128.0.1", true},
	    {"10.128.0.0/9", "10.127.0.1", false},
	    {"0.0.0.0/0", "192.0.2.1", true},
	    {"0.0.0.0/0", "a.example", false},
	    {"0.0.0.0/0", "[2001:db8::1]", false},
	    {"fd00::/8", "[fd12::1]", true},
	    {"fd00::/8", "[fe80::1]", false},
	    {"::1", "[::1]", true},
	    {"[2001:db8::1]", "[2001:db8:0::1]", true},
	    {"10.0.0.0/8", "10.example", false},
	};

	(void)state;
	for (size_t i = 0; i < MST_LEN(cases); i++) {
		const char *v[] = {"other.example", cases[i].entry};
		const struct mst_opt_list list = {v, 2};

		if (mst_proxy_passes_by(&list, cases[i].host) != cases[i].fits)
			fail_msg("%s and %s", cases[i].entry, cases[i].host);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(section_and_connection),
	    cmocka_unit_test(wrong_options),
	    cmocka_unit_test(section_alone),
	    cmocka_unit_test(passed_by),
	};

	return cmocka_run_group_tests_name("proxy", tests, NULL, NULL);
}
