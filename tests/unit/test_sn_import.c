/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulator reads update sets: muster's own and the sample.
 */
#include "tests/unit/sn_fixture.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "servicenow/layout.h"
#include "servicenow/tables.h"
#include "servicenow/update_set.h"
#include "sim/sn_xml.h"

#define T "/api/now/table/"

static void test_own_tables(void **state)
{
	static const char *const rules[] = {"none", "clear", "cascade",
					    "restrict"};

	for (size_t i = 0; i < mst_sn_tables_n; i++) {
		const struct mst_sn_table *d = mst_sn_tables[i];
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
			assert_int_equal(s->read_only, c->read_only);
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

/* Rows of a table whose column has that value, as the administrator sees it. */
static size_t rows(const char *table, const char *column, const char *value)
{
	return sn_search(sn, sn_table(sn, table), column, mst_slice_str(value),
			 false);
}

static void import(const char *set, const char *how, size_t problems)
{
	struct mst_buf xml = MST_BUF_INIT(4u << 20);
	struct mst_err err = MST_ERR_INIT;
	char path[80];

	t_ok(mst_update_set_write(set, &xml, &err), &err);
	snprintf(path, sizeof(path), "/_sim/sn/import%s", how);
	assert_int_equal(control("POST", path, xml.p), 200);
	if (count_at("problems") != problems)
		fail_msg("%zu problems: %.*s", count_at("problems"),
			 MST_SLICE_ARG(sn_text));
	mst_buf_fini(&xml);
}

static bool committed(void)
{
	bool yes = false;

	assert_true(mst_json_bool(json_at("committed"), &yes));
	return yes;
}

static void test_again(void **state)
{
	static const char *const tables[] = {
	    "sys_security_acl", "sys_security_acl_role", "sys_dictionary",
	    "sys_choice",	"sys_ui_list_element",	 "sys_ui_element",
	    "sys_app_module",	"sys_update_xml",	 "sys_update_set"};
	uint64_t before[MST_LEN(tables)];

	for (size_t i = 0; i < MST_LEN(tables); i++) {
		before[i] = sn_table(sn, tables[i])->live;
		assert_true(before[i] > 0);
	}
	make("u_muster_cve", "{\"u_cve_id\":\"CVE-2024-1\"}");
	import("muster-cve", "", 0);
	assert_true(committed());
	for (size_t i = 0; i < MST_LEN(tables); i++)
		assert_int_equal(sn_table(sn, tables[i])->live, before[i]);
	ask("GET", T "u_muster_cve", NULL);
	assert_int_equal(count_at("result"), 1);
	(void)state;
}

static size_t names(const char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

static void test_layouts(void **state)
{
	for (size_t i = 0; i < mst_sn_layouts_n; i++) {
		const struct mst_sn_layout *l = mst_sn_layouts[i];
		struct sn_row *row = sn_first(sn, "sys_ui_list", "name",
					      mst_slice_str(l->table));

		assert_non_null(row);
		assert_int_equal(
		    rows("sys_ui_list_element", "list_id", row->id),
		    names(l->list));
		row = sn_first(sn, "sys_ui_form", "name",
			       mst_slice_str(l->table));
		assert_int_equal(
		    rows("sys_ui_form_section", "sys_ui_form", row->id),
		    l->sections_n);
		assert_int_equal(rows("sys_ui_section", "name", l->table),
				 l->sections_n);
	}
	for (size_t i = 0; i < mst_sn_menus_n; i++) {
		const struct mst_sn_menu *m = mst_sn_menus[i];
		struct sn_row *row = sn_first(sn, "sys_app_application",
					      "title", mst_slice_str(m->title));

		assert_non_null(row);
		assert_int_equal(rows("sys_app_module", "application", row->id),
				 m->modules_n);
	}
	assert_int_equal(
	    rows("sys_ui_formatter", "table", "u_muster_cve_instance"), 1);
	assert_int_equal(rows("sys_security_acl", "operation", "delete"),
			 mst_sn_tables_n);
	(void)state;
}

/* A CVE and a computer; the body of a finding of the one on the other. */
static const char *finding(const char *key)
{
	static char body[256], ci[33], cve[33];

	if (!*ci || !sn_find(sn, "cmdb_ci", mst_slice_str(ci))) {
		snprintf(ci, sizeof(ci), "%s",
			 make("cmdb_ci_computer", "{\"name\":\"pc\"}"));
		snprintf(cve, sizeof(cve), "%s",
			 make("u_muster_cve", "{\"u_cve_id\":\"CVE-2024-1\"}"));
	}
	snprintf(body, sizeof(body),
		 "{\"u_key\":\"%s\",\"u_cmdb_ci\":\"%s\",\"u_cve\":\"%s\"}",
		 key, ci, cve);
	return body;
}

static void test_numbers(void **state)
{
	struct mst_buf saved = MST_BUF_INIT(64u << 20);

	make("u_muster_cve_instance", finding("k1"));
	assert_string_equal(at("result.u_number"), "CVI0001001");
	assert_string_equal(at("result.u_status"), "unresolved");
	make("u_muster_cve_instance", finding("k2"));
	assert_string_equal(at("result.u_number"), "CVI0001002");
	/* It goes on where it was. */
	assert_true(sim_sn_save(sn, &saved));
	assert_int_equal(control("POST", "/_sim/sn/state", saved.p), 200);
	make("u_muster_cve_instance", finding("k3"));
	assert_string_equal(at("result.u_number"), "CVI0001003");
	mst_buf_fini(&saved);
	(void)state;
}

static void test_related_set(void **state)
{
	uint64_t entries = sn_table(sn, "sys_ui_related_list_entry")->live;
	uint64_t lists = sn_table(sn, "sys_ui_related_list")->live;
	size_t own = 0;

	for (size_t i = 0; i < mst_sn_layouts_n; i++)
		own += names(mst_sn_layouts[i]->related);
	assert_int_equal(entries, 5 + own);
	import("muster-cve-related-lists", "", 0);
	assert_true(committed());
	/* Nothing happens before a person runs the script. */
	assert_int_equal(sn_table(sn, "sys_ui_related_list_entry")->live,
			 entries);
	assert_int_equal(sn_table(sn, "sys_ui_related_list")->live, lists);
	assert_int_equal(sn_table(sn, "sys_script_fix")->live, 2);
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
	assert_int_equal(
	    rows("sys_ui_related_list", "name", "cmdb_ci_computer"), 1);
	assert_int_equal(
	    rows("sys_ui_related_list_entry", "list_id", sn->found[0]->id), 3);
	assert_int_equal(control("POST", "/_sim/sn/import", xml.p), 200);
	assert_int_equal(count_at("problems"), 0);
	mst_buf_fini(&xml);
	/* It holds a layout of computers, and that replaces the one there. */
	assert_int_equal(
	    rows("sys_ui_related_list", "name", "cmdb_ci_computer"), 1);
	assert_int_equal(
	    rows("sys_ui_related_list_entry", "list_id", sn->found[0]->id), 1);
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
	assert_string_equal(
	    at("problems.0"),
	    "a: Could not find a record in sys_db_object for column "
	    "super_class referenced in this update (u_none)");
	assert_non_null(strstr(at("problems.1"), "sn_vul_entry"));
	assert_non_null(strstr(at("problems.3"), "sys_user_role"));
	assert_false(committed());
	assert_null(sn_table(sn, "u_x"));
	sn_auth_header = BASIC_ADMIN;
	ask("GET", T "sys_remote_update_set?sysparm_query=name=x", NULL);
	assert_string_equal(at("result.0.state"), "previewed");
	ask("GET",
	    T "sys_update_preview_problem?sysparm_query=missing_item=u_none",
	    NULL);
	assert_string_equal(at("result.0.type"), "error");
	/* Previewed again: the same ones, not twice as many. */
	assert_int_equal(control("POST", "/_sim/sn/import", xml), 200);
	assert_int_equal(sn_table(sn, "sys_update_preview_problem")->live, 6);
	assert_int_equal(control("POST", "/_sim/sn/import", "<unload>"), 400);
	assert_int_equal(control("POST", "/_sim/sn/import", "<a/>"), 400);
	(void)state;
}

static void test_preview_of_layouts(void **state)
{
	static const char xml[] = SET(
	    UPDATE("a",
		   "<sys_ui_list table=\"u_muster_cve\"><sys_ui_list_element>"
		   "<element>u_gone</element></sys_ui_list_element>"
		   "<sys_ui_list_element><element>u_name</element>"
		   "</sys_ui_list_element><sys_ui_list><name>u_muster_cve"
		   "</name></sys_ui_list></sys_ui_list>")
		UPDATE("b", "<sys_ui_section table=\"u_none\"><sys_ui_section>"
			    "</sys_ui_section></sys_ui_section>")
		    UPDATE("c",
			   "<sys_ui_section table=\"u_muster_cve\">"
			   "<sys_ui_element><element>activity.xml</element>"
			   "<sys_ui_formatter>"
			   "0123456789abcdef0123456789abcdee"
			   "</sys_ui_formatter></sys_ui_element>"
			   "<sys_ui_element><element>.split</element>"
			   "</sys_ui_element><sys_ui_section><name>u_muster_cve"
			   "</name></sys_ui_section></sys_ui_section>")
			UPDATE("d", "<sys_number><category>u_none</category>"
				    "</sys_number>")
			    UPDATE("e", "<sys_app_module><name>u_muster_cve"
					"</name><application>"
					"0123456789abcdef0123456789abcdee"
					"</application></sys_app_module>"));
	static const char *const parts[] = {
	    "a: Could not find a table field (u_gone)",
	    "b: Could not find a table", "for column sys_ui_formatter",
	    "d: Could not find a table", "for column application"};

	assert_int_equal(control("POST", "/_sim/sn/import", xml), 200);
	assert_int_equal(count_at("problems"), MST_LEN(parts));
	for (size_t i = 0; i < MST_LEN(parts); i++) {
		char path[40];

		snprintf(path, sizeof(path), "problems.%zu", i);
		assert_non_null(strstr(at(path), parts[i]));
	}
	(void)state;
}

static void test_other_scope(void **state)
{
	static const char xml[] =
	    "<unload><sys_remote_update_set><application>global</application>"
	    "<sys_id>0123456789abcdef0123456789abcdef</sys_id><name>x</name>"
	    "</sys_remote_update_set><sys_update_xml><application>other"
	    "</application><name>a</name><payload><![CDATA[<record_update>"
	    "<sys_user_role><sys_id>0123456789abcdef0123456789abcdee</sys_id>"
	    "<name>r</name></sys_user_role></record_update>]]></payload>"
	    "</sys_update_xml></unload>";

	assert_int_equal(control("POST", "/_sim/sn/import", xml), 200);
	assert_int_equal(count_at("problems"), 1);
	assert_non_null(
	    strstr(at("problems.0"),
		   "Cannot commit Update Set 'x' because: Update scope id "
		   "'other' is different than update set scope id 'global'"));
	assert_null(sn_first(sn, "sys_user_role", "name", MST_SLICE_LIT("r")));
	(void)state;
}

/* ---- what people changed in the meantime --------------------------------- */

/* The label of a choice and a place in a list, at that time. */
static void people_change(int64_t s)
{
	struct sn_row *list;
	char path[80];

	sn_clock = s * 1000000;
	rows("sys_choice", "value", "unresolved");
	snprintf(path, sizeof(path), "/_sim/sn/rows/%s", sn->found[0]->id);
	assert_int_equal(control("PATCH", path, "{\"label\":\"Open\"}"), 200);
	list =
	    sn_first(sn, "sys_ui_list", "name", MST_SLICE_LIT("u_muster_cve"));
	rows("sys_ui_list_element", "list_id", list->id);
	snprintf(path, sizeof(path), "/_sim/sn/rows/%s", sn->found[0]->id);
	assert_int_equal(control("PATCH", path, "{\"position\":\"99\"}"), 200);
}

static const char *label_of_unresolved(void)
{
	rows("sys_choice", "value", "unresolved");
	return mst_arena_dup(&sn->scratch, sn_get_named(sn->found[0], "label"))
	    .p;
}

static void test_older_change(void **state)
{
	people_change(1795000000); /* 2026-11-18, before the set's date */
	import("muster-cve", "", 0);
	assert_string_equal(label_of_unresolved(), "Unresolved");
	(void)state;
}

static void test_newer_change(void **state)
{
	people_change(1798000000); /* 2026-12-23 */
	import("muster-cve", "", 2);
	assert_non_null(strstr(at("problems.1"), "sys_ui_list_u_muster_cve_"));
	assert_string_equal(at("problems.0"),
			    "sys_choice_u_muster_cve_instance_u_status: Found "
			    "a local update that is newer than this one");
	assert_false(committed());
	assert_string_equal(label_of_unresolved(), "Open");
	import("muster-cve", "?skip=true", 2);
	assert_true(committed());
	assert_string_equal(label_of_unresolved(), "Open");
	import("muster-cve", "?force=true", 2);
	assert_string_equal(label_of_unresolved(), "Unresolved");
	/* That commit was no change of anybody. */
	import("muster-cve", "", 0);
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
	    TEST(test_own_tables),
	    TEST(test_version_is_readable),
	    TEST(test_again),
	    TEST(test_layouts),
	    TEST(test_numbers),
	    TEST(test_related_set),
	    TEST(test_sample),
	    TEST(test_preview),
	    TEST(test_preview_of_layouts),
	    TEST(test_other_scope),
	    TEST(test_older_change),
	    TEST(test_newer_change),
	    TEST(test_xml),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
