/* SPDX-License-Identifier: Apache-2.0
 *
 * Java's properties files, and what the legacy integration's say.
 */
#include "tests/lib/t.h"

#include <stdio.h>

#include "conf/cyberx.h"
#include "conf/properties.h"

/* ---- properties ---------------------------------------------------------- */

static void reads(const char *text, const char *key, const char *value,
		  int line)
{
	struct mst_properties props;
	struct mst_property p;

	mst_properties_init(&props, mst_slice_str(text));
	assert_true(mst_properties_next(&props, &p));
	t_is(p.key, key);
	t_is(p.value, value);
	assert_int_equal(p.line, line);
	assert_null(p.wrong);
	assert_false(mst_properties_next(&props, &p));
	mst_properties_fini(&props);
}

/* As java.util.Properties documents it. */
static void forms(void **state)
{
	(void)state;
	reads("Truth = Beauty", "Truth", "Beauty", 1);
	reads(" Truth:Beauty\n", "Truth", "Beauty", 1);
	reads("Truth                    :Beauty", "Truth", "Beauty", 1);
	reads("fruits     apple, banana, pear, \\\r\n"
	      "           cantaloupe, watermelon, \\\r"
	      "           kiwi, mango\n",
	      "fruits",
	      "apple, banana, pear, cantaloupe, watermelon, kiwi, "
	      "mango",
	      1);
	reads("cheeses", "cheeses", "", 1);
	reads("a\\:b\\=c\\ d=e", "a:b=c d", "e", 1);
	reads("a==b", "a", "=b", 1);
	reads("a = :b", "a", ":b", 1);
	reads("a\\\n  b=c", "ab", "c", 1);
	reads("# x = y\\\n\n ! z\n\t\f a=b ", "a", "b ", 4);
	reads("a=b#c", "a", "b#c", 1);
	reads("a=\\\n# no comment", "a", "# no comment", 1);
	reads("a=x\\", "a", "x", 1);
	reads("a=x\\\\", "a", "x\\", 1);
	reads("=v", "", "v", 1);
	reads("a=\\t\\n\\r\\f\\z\\\"", "a", "\t\n\r\fz\"", 1);
	reads("a=\\u0041\\u00e9\\u20AC\\ud83d\\ude00", "a", "Aé€😀", 1);
	reads("a=caf\xc3\xa9", "a", "café", 1);
	reads("a=caf\xe9", "a", "café", 1);
}

static void wrong_escapes(void **state)
{
	static const struct {
		const char *text, *wrong;
	} cases[] = {
	    {"a=\\u12", "four hex digits"},
	    {"a=\\u12x4", "four hex digits"},
	    {"a=\\ud83d", "no character"},
	    {"a=\\ud83dx\\ude00", "no character"},
	    {"a=\\ude00", "no character"},
	    {"a=\\u0000", "no character"},
	};

	(void)state;
	for (size_t i = 0; i < MST_LEN(cases); i++) {
		struct mst_properties props;
		struct mst_property p;

		mst_properties_init(&props, mst_slice_str(cases[i].text));
		assert_true(mst_properties_next(&props, &p));
		assert_non_null(p.wrong);
		assert_non_null(strstr(p.wrong, cases[i].wrong));
		mst_properties_fini(&props);
	}
}

static void lines_are_counted(void **state)
{
	static const int lines[] = {2, 3, 6, 8};
	struct mst_properties props;
	struct mst_property p;
	size_t n = 0;

	(void)state;
	mst_properties_init(&props,
			    mst_slice_str("#\nb=1\r\nc=2\\\n x\\\n y\nd=3\r"
					  "\re\n\n"));
	while (mst_properties_next(&props, &p))
		assert_int_equal(p.line, lines[n++]);
	assert_int_equal(n, MST_LEN(lines));
	mst_properties_fini(&props);
}

/* ---- the legacy integration ---------------------------------------------- */

static char said[4096];

static void note(void *ctx, const struct mst_cyberx_line *l)
{
	static const char *const words[] = {"+", "-", "!"};
	size_t n = strlen(said);

	(void)ctx;
	(void)snprintf(said + n, sizeof(said) - n, "%d%s%s: %s\n", l->line,
		       words[l->what], l->key, l->text);
}

static struct mst_cyberx read_it(const char *text)
{
	struct mst_cyberx c;

	said[0] = 0;
	mst_cyberx_read(mst_slice_str(text), note, NULL, &c);
	return c;
}

#define ON   "servicenow.http_proxy.enabled=1\n"
#define IP   "servicenow.http_proxy.ip=10.1.2.3\n"
#define PORT "servicenow.http_proxy.port=8080\n"

static void has(const char *part)
{
	if (!strstr(said, part))
		fail_msg("wanted \"%s\" in: %s", part, said);
}

static void a_proxy(void **state)
{
	struct mst_cyberx c = read_it(ON IP PORT);

	(void)state;
	assert_string_equal(c.url, "http://10.1.2.3:8080");
	assert_int_equal(c.understood, 3);
	assert_int_equal(c.ours, 3);
	has("1+servicenow.http_proxy.enabled: the proxy is switched on");
	has("2+servicenow.http_proxy.ip: the host of the proxy is 10.1.2.3");
	has("3+servicenow.http_proxy.port: the port of the proxy is 8080");
	c = read_it(ON PORT "servicenow.http_proxy.ip = fd00::9 \n");
	assert_string_equal(c.url, "http://[fd00::9]:8080");
	c = read_it(ON PORT "servicenow.http_proxy.ip: Proxy-1.example\n");
	assert_string_equal(c.url, "http://Proxy-1.example:8080");
	c = read_it(ON IP PORT "servicenow.http_proxy.port=3128\n");
	assert_string_equal(c.url, "http://10.1.2.3:3128");
	has("is 3128, and not what line 3 says: the last one counts");
}

static void no_proxy(void **state)
{
	static const struct {
		const char *text, *says;
		unsigned wrong;
	} cases[] = {
	    {"servicenow.http_proxy.enabled=0\n" IP PORT, "switched off", 0},
	    {"servicenow.http_proxy.enabled=false\n", "switched off", 0},
	    {IP PORT,
	     "0+servicenow.http_proxy.enabled: is missing: the proxy is "
	     "switched off",
	     0},
	    {ON IP, "0!servicenow.http_proxy.port: is missing", 1},
	    {ON PORT, "0!servicenow.http_proxy.ip: is missing", 1},
	    {"servicenow.http_proxy.enabled=maybe\n" IP PORT,
	     "1!servicenow.http_proxy.enabled: must be 1 or 0", 1},
	    {ON PORT "servicenow.http_proxy.ip=10.1.2\n",
	     "3!servicenow.http_proxy.ip: must be an address", 1},
	    {ON PORT "servicenow.http_proxy.ip=http://p\n",
	     "must be an address", 1},
	    {ON PORT "servicenow.http_proxy.ip=\n", "must be an address", 1},
	    {ON IP "servicenow.http_proxy.port=65536\n", "a port from 1", 1},
	    {ON IP "servicenow.http_proxy.port=\\u00\n", "four hex digits", 1},
	    {"", "", 0},
	};

	(void)state;
	for (size_t i = 0; i < MST_LEN(cases); i++) {
		struct mst_cyberx c = read_it(cases[i].text);

		assert_string_equal(c.url, "");
		assert_int_equal(c.wrong, cases[i].wrong);
		has(cases[i].says);
	}
}

static void others(void **state)
{
	struct mst_cyberx c = read_it("servicenow.client_secret=not-real-1\n"
				      "servicenow.sync.frequency=60\n"
				      "servicenow.colour=not-real-2\n"
				      "db.password=not-real-3\n"
				      "a\\nb\x1b=not-real-4\n");

	(void)state;
	assert_int_equal(c.ignored, 5);
	assert_int_equal(c.ours, 3);
	assert_null(strstr(said, "not-real"));
	has("1-servicenow.client_secret: not documented, nothing is made of "
	    "it; if it is what it is called, its place is the option "
	    "client_secret");
	has("2-servicenow.sync.frequency: not documented, nothing is made of "
	    "it; if it is what it is called, its place is the option "
	    "sync_frequency");
	has("3-servicenow.colour: not documented, nothing is made of it\n");
	has("4-db.password: not of the integration with ServiceNow");
	has("5-a?b?: not of");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(forms),
	    cmocka_unit_test(wrong_escapes),
	    cmocka_unit_test(lines_are_counted),
	    cmocka_unit_test(a_proxy),
	    cmocka_unit_test(no_proxy),
	    cmocka_unit_test(others),
	};

	return cmocka_run_group_tests_name("cyberx", tests, NULL, NULL);
}
