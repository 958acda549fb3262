/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulator reads update sets: muster's own and the sample.
 */
#include "tests/unit/sn_fixture.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "servicenow/tables.h"
#include "servicenow/update_set.h"
#include "sim/sn_xml.h"

#define T "/api/now/table/"

static void test_own_tables(void **state)
{
	static const char *const rules[] = {"none", "clear", "cascade",
					    "restrict"};

	for (size_t i = 0; i < mst_sn_tables_n; i++) {
		const struct mst_sn_table *d = &mst_sn_tables[i];
		struct sn_table *t = sn_table(sn, d->name);

		assert_non_null(t);
		assert_string_equal(t->label, d->label);
		for (size_t k = 0; k < d->columns_n; k++) {
			const struct mst_sn_column *c = &d->columns[k];
			size_t at_ = sn_col_at(t, c->name);
			struct sn_col *s;

			assert_true(at_ != SN_NONE);
			s = t->cols[at_];
			assert_string_equal(s->label, c->label);
			assert_string_equal(s->type, c->type);
			assert_int_equal(s->max_length, c->max_length);
			assert_int_equal(s->unique, c->unique);
			assert_int_equal(s->mandatory, c->mandatory);
			assert_int_equal(s->display, c->display);
			if (c->reference)
				assert_string_equal(s->reference, c->reference);
			if (c->cascade)
				assert_string_equal(rules[s->cascade],
						    c->cascade);
			for (size_t n = 0; c->choices && c->choices[n].value;
			     n++) {
				const struct sn_choice *ch = sn_choice_find(
				    sn, s, mst_slice_str(c->choices[n].value));

				assert_non_null(ch);
				t_is(ch->label, c->choices[n].label);
			}
		}
	}
	(void)state;
}

static void test_version_is_readable(void **state)
{
	ask("GET",
	    T "sys_dictionary?sysparm_query=name=u_muster_cve^internal_type="
	      "collection&sysparm_fields=comments",
	    NULL);
	assert_non_null(
	    strstr(at("result.0.comments"), MST_UPDATE_SET_VERSION));
	ask("GET", T "sys_remote_update_set", NULL);
	assert_string_equal(at("result.0.state"), "committed");
	(void)state;
}

static void test_again(void **state)
{
	struct mst_buf xml = MST_BUF_INIT(4u << 20);
	struct mst_err err = MST_ERR_INIT;
	uint64_t acls = sn_table(sn, "sys_security_acl")->live;
	uint64_t cols = sn_table(sn, "sys_dictionary")->live;
	uint64_t choices = sn_table(sn, "sys_choice")->live;

	make("u_muster_cve", "{\"u_cve_id\":\"CVE-2024-1\"}");
	t_ok(mst_update_set_write("muster-cve", &xml, &err), &err);
	assert_int_equal(control("POST", "/_sim/sn/import", xml.p), 200);
	assert_int_equal(count_at("problems"), 0);
	assert_int_equal(sn_table(sn, "sys_security_acl")->live, acls);
	assert_int_equal(sn_table(sn, "sys_dictionary")->live, cols);
	assert_int_equal(sn_table(sn, "sys_choice")->live, choices);
	ask("GET", T "u_muster_cve", NULL);
	assert_int_equal(count_at("result"), 1);
	mst_buf_fini(&xml);
	(void)state;
}

static void test_sample(void **state)
{
	struct mst_buf xml = MST_BUF_INIT(4u << 20);
	struct mst_err err = MST_ERR_INIT;
	char body[200];

	if (!t_samples()) {
		print_message("no samples here\n");
		skip();
	}
	t_ok(mst_file_read(mst_arena_printf(
			       &sn->scratch,
			       "%s/servicenow/example-generated-update-set.xml",
			       t_samples()),
			   &xml, &err),
	     &err);
	assert_int_equal(control("POST", "/_sim/sn/import", xml.p), 200);
	assert_int_equal(count_at("problems"), 0);
	mst_buf_fini(&xml);
	snprintf(body, sizeof(body),
		 "{\"u_cve\":\"CVE-1\",\"u_severity\":\"high\","
		 "\"u_ci\":\"%s\"}",
		 make("cmdb_ci_computer", "{\"name\":\"pc\"}"));
	make("u_inv_vulnerability", body);
	assert_string_equal(at("result.u_severity"), "high");
	(void)state;
}

#define UPDATE(name, payload)                                                  \
	"<sys_update_xml><name>" name "</name><payload><![CDATA[<record_"      \
	"update>" payload "</record_update>]]></payload></sys_update_xml>"
#define SET(updates)                                                           \
	"<unload><sys_remote_update_set><sys_id>"                              \
	"0123456789abcdef0123456789abcdef</sys_id><name>x</name>"              \
	"</sys_remote_update_set>" updates "</unload>"

static void test_preview(void **state)
{
	static const char xml[] = SET(
	    UPDATE("a", "<sys_db_object><name>u_x</name><label>X</label>"
			"<super_class name=\"u_none\"/></sys_db_object>")
		UPDATE("b",
		       "<sys_dictionary element=\"u_r\" table=\"u_x\">"
		       "<name>u_x</name><element>u_r</element>"
		       "<internal_type>reference</internal_type>"
		       "<reference>sn_vul_entry</reference></sys_dictionary>")
		    UPDATE("c", "<sys_dictionary><name>u_gone</name><element>"
				"u_r</element></sys_dictionary>")
			UPDATE("d", "<sys_security_acl_role><sys_user_role "
				    "name=\"nobody\"/></sys_security_acl_role>")
			    UPDATE("e", "<sys_magic/>"));

	assert_int_equal(control("POST", "/_sim/sn/import", xml), 200);
	assert_int_equal(count_at("problems"), 6);
	assert_non_null(strstr(at("problems.0"), "u_none"));
	assert_non_null(strstr(at("problems.1"), "sn_vul_entry"));
	assert_null(sn_table(sn, "u_x"));
	ask("GET", T "sys_remote_update_set?sysparm_query=name=x", NULL);
	assert_string_equal(at("result.0.state"), "previewed");
	assert_int_equal(control("POST", "/_sim/sn/import", "<unload>"), 400);
	assert_int_equal(control("POST", "/_sim/sn/import", "<a/>"), 400);
	(void)state;
}

static void test_xml(void **state)
{
	static const struct {
		const char *xml;
		bool ok;
	} rows[] = {
	    {"<a/>", true},
	    {"<?xml version=\"1.0\"?>\n<!-- x --><a b='c' d=\"&lt;\">t</a>\n",
	     true},
	    {"<a><![CDATA[<&]]></a>", true},
	    {"<a>&#65;&#x42;&amp;</a>", true},
	    {"", false},
	    {"<a>", false},
	    {"<a></b>", false},
	    {"<a b></a>", false},
	    {"<a b=c></a>", false},
	    {"<a>&nothing;</a>", false},
	    {"<a>&#0;</a>", false},
	    {"<a/><b/>", false},
	    {"<a><![CDATA[</a>", false},
	    {"<!DOCTYPE a><a/>", false},
	};
	struct mst_err err = MST_ERR_INIT;
	struct mst_arena a;

	mst_arena_init(&a, 1u << 20);
	for (size_t i = 0; i < MST_LEN(rows); i++) {
		struct sn_xml *x =
		    sn_xml_parse(&a, mst_slice_str(rows[i].xml), &err);

		if (!!x != rows[i].ok)
			fail_msg("%s: %s", rows[i].xml, err.msg);
	}
	t_is(sn_xml_parse(&a, MST_SLICE_LIT("<a>x&#x20ac;<b/>y</a>"), &err)
		 ->text,
	     "x\xe2\x82\xacy");
	mst_arena_fini(&a);
	(void)state;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, sn_up, sn_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_own_tables), TEST(test_version_is_readable),
	    TEST(test_again),	   TEST(test_sample),
	    TEST(test_preview),	   TEST(test_xml),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
